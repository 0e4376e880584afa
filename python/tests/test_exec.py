# SPDX-License-Identifier: Apache-2.0
"""How arguments become tasks, and what rx_exec gives back."""
import warnings

import pytest

import errand
from errand import RxLocalParallel, RxLocalSeq, rx_exec

CONTEXTS = [RxLocalSeq(), RxLocalParallel(cores=2)]


@pytest.fixture(params=CONTEXTS, ids=["in-process", "job"])
def context(request):
    return request.param


def add(x, y=1):
    return x + y


def test_one_task_without_lists(context):
    assert rx_exec(add, x=5, y=4, compute_context=context) == [9]


def test_a_list_fans_out_and_a_scalar_is_repeated(context):
    assert rx_exec(add, x=[1, 2, 3, 4, 5], y=6, compute_context=context) == [7, 8, 9, 10, 11]


def test_two_lists_fan_out_together(context):
    assert rx_exec(add, x=[1, 2, 3], y=[4, 5, 6], compute_context=context) == [5, 7, 9]


def test_a_one_element_list_is_repeated(context):
    assert rx_exec(add, x=[1, 2, 3], y=[10], compute_context=context) == [11, 12, 13]


def test_a_wrapped_list_is_an_argument(context):
    assert rx_exec(sum_of, the_list=[[0, 1, 2, 3]], compute_context=context) == [6]
    assert rx_exec(sum_of, the_list=[[0, 1, 2], [3, 4, 5], [6, 7, 8]], compute_context=context) == [3, 12, 21]


def sum_of(the_list):
    assert isinstance(the_list, list)
    return sum(the_list)


def test_only_lists_fan_out(context):
    assert rx_exec(type_name, x=(1, 2), compute_context=context) == ["tuple"]
    assert rx_exec(type_name, x=range(3), compute_context=context) == ["range"]
    assert rx_exec(type_name, x={"a": [1]}, compute_context=context) == ["dict"]


def type_name(x):
    return type(x).__name__


def test_args_as_a_dict_is_passed_as_it_is(context):
    assert rx_exec(type_name, args={"x": [1, 2, 3]}, compute_context=context) == ["list"]


def test_args_as_dicts(context):
    dicts = [{"x": 1, "y": 2}, {"x": 3, "y": 4}]
    assert rx_exec(add, args=dicts, compute_context=context) == [3, 7]


def test_args_as_dicts_of_different_names(context):
    assert rx_exec(add, [{"x": 1}, {"x": 3, "y": 4}], compute_context=context) == [2, 7]


def test_args_as_dicts_beside_a_keyword(context):
    assert rx_exec(add, [{"x": 1}, {"x": 2}], y=5, compute_context=context) == [6, 7]
    assert rx_exec(add3, [{"x": 1}, {"x": 2, "z": 1}], y=[5, 6], compute_context=context) == [6, 9]


def add3(x, y, z=0):
    return x + y + z


def test_times_to_run(context):
    assert rx_exec(lambda: 1, times_to_run=3, compute_context=context) == [1, 1, 1]
    assert rx_exec(add, args=[{"x": 1}], times_to_run=2, compute_context=context) == [2, 2]
    assert rx_exec(add, x=[1, 2], times_to_run=2, compute_context=context) == [2, 3]


def test_an_empty_list_is_an_empty_list_at_once(context):
    assert rx_exec(add, x=[], compute_context=context) == []
    assert rx_exec(add, args=[], compute_context=context) == []


def test_no_tasks_without_waiting_is_a_finished_job(background):
    job = rx_exec(add, x=[], compute_context=background)
    assert job.status is errand.RxRemoteJobStatus.FINISHED
    assert job.results() == []


def test_a_failed_task_has_its_error_at_its_place(context):
    def check(id_param):
        if id_param == 13:
            raise Exception("Ensure to fail")
        return id_param

    with pytest.warns(errand.ErrandWarning, match="1 of 20 tasks failed; the first, task 13: .*Ensure to fail") as said:
        results = rx_exec(check, [{"id_param": i} for i in range(20)], compute_context=context)
    assert len(said) == 1
    assert [r for r in results if not isinstance(r, Exception)] == [i for i in range(20) if i != 13]
    error = results[13]
    assert isinstance(error, errand.TaskError)
    assert (error.task, error.cause, error.type) == (13, "user_error", "Exception")
    assert "in check" in error.traceback and 'raise Exception("Ensure to fail")' in error.traceback
    assert str(error.exception) == "Ensure to fail"


def test_without_continue_on_failure_a_job_ends_with_a_message(waiting):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = rx_exec(add, x=["a"], continue_on_failure=False, compute_context=waiting)
    assert isinstance(answer, errand.RxJobMessage)
    assert answer.code == "job_failed"
    assert "TypeError" in answer


def test_without_continue_on_failure_a_loop_raises():
    with pytest.raises(TypeError):
        rx_exec(add, x=["a"], continue_on_failure=False)


def test_local_state_is_among_the_globals(context):
    assert rx_exec(lambda x: x * factor, x=[1, 2], local_state={"factor": 5},  # noqa: F821
                   compute_context=context) == [5, 10]
    assert "factor" not in globals()


def test_callback_gets_each_result(context):
    seen = []
    results = rx_exec(add, x=list(range(50)), callback=seen.append, compute_context=context)
    assert sorted(seen) == results == list(range(1, 51))


def test_callback_without_waiting_is_called_by_the_wait(background):
    seen = []
    job = rx_exec(add, x=[1, 2, 3], callback=seen.append, compute_context=background)
    job.wait()
    assert sorted(seen) == [2, 3, 4]
    assert job.results() == [2, 3, 4]
    assert len(seen) == 3


def test_callback_gets_results_while_others_still_run(background, tmp_path):
    gate = tmp_path / "gate"

    def second_waits(i, gate):
        import os
        import time

        while i == 1 and not os.path.exists(gate):
            time.sleep(0.01)
        return i

    rx_exec(second_waits, i=[0, 1], gate=str(gate), task_chunk_size=1, callback=lambda i: gate.touch(),
            compute_context=errand.RxLocalParallel(cores=2))


def test_functions_travel_by_value(waiting):
    offset = 7

    class Scale:
        def __init__(self, by):
            self.by = by

        def __call__(self, x):
            return x * self.by + offset

        def method(self, x):
            return x - self.by

    scale = Scale(3)
    assert rx_exec(scale, x=[1, 2], compute_context=waiting) == [10, 13]
    assert rx_exec(scale.method, x=[1, 2], compute_context=waiting) == [-2, -1]
    made = rx_exec(lambda by: Scale(by), by=[4], compute_context=waiting)
    assert isinstance(made[0], Scale) and made[0].by == 4


def test_builtins_and_partials(waiting):
    from functools import partial

    assert rx_exec(pow, base=[2, 3], exp=2, compute_context=waiting) == [4, 9]
    assert rx_exec(partial(add, y=10), x=[1], compute_context=waiting) == [11]


def test_shared_arguments_are_fresh_for_every_task(waiting):
    def grow(box):
        box.append(1)
        return len(box)

    assert rx_exec(grow, args={"box": []}, times_to_run=20, compute_context=waiting) == [1] * 20


def test_modules_beside_the_script_are_found(run_python, tmp_path):
    (tmp_path / "beside.py").write_text("def triple(x):\n    return 3 * x\n")
    ended = run_python("""
import errand, beside
print(errand.rx_exec(beside.triple, x=[1, 2], compute_context="localpar"))
""")
    assert ended.stdout == "[3, 6]\n", ended.stderr


def test_a_module_can_be_sent(tmp_path, monkeypatch, waiting):
    import sys

    (tmp_path / "elsewhere_module.py").write_text("BASE = 100\ndef plus(x):\n    return BASE + x\n")
    sys.path.insert(0, str(tmp_path))
    import elsewhere_module

    sys.path.remove(str(tmp_path))
    refused = rx_exec(elsewhere_module.plus, x=[1], compute_context=waiting)
    assert "send_module('elsewhere_module')" in refused
    errand.send_module("elsewhere_module")
    try:
        assert rx_exec(elsewhere_module.plus, x=[1], compute_context=waiting) == [101]
    finally:
        import cloudpickle

        cloudpickle.unregister_pickle_by_value(elsewhere_module)


def test_packages_to_load(waiting):
    context = errand.RxComputeContext(waiting, packages_to_load=["colorsys"])

    def loaded():
        import sys

        return "colorsys" in sys.modules

    assert rx_exec(loaded, compute_context=context) == [True]
    assert rx_exec(loaded, compute_context=waiting) == [False]


def test_a_script_without_a_main_guard_runs_once(run_python):
    ended = run_python("""
import errand
print("top level")
def f(x):
    return -x
print(errand.rx_exec(f, x=[1, 2, 3], compute_context="localpar"))
""")
    assert ended.stdout == "top level\n[-1, -2, -3]\n", ended.stderr


def test_submit_is_the_job_first_form():
    job = errand.submit(add, {"y": 10}, fan_out={"x": range(3)})
    assert job.results() == [10, 11, 12]
    assert errand.submit(add, {"x": [1], "y": [2]}).results() == [[1, 2]]
    assert errand.submit(lambda: 1, times=3).results() == [1, 1, 1]


def test_the_working_directory_and_environment_are_the_submitters(waiting, tmp_path, monkeypatch):
    import os

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ERRAND_TEST_COLOUR", "green")
    context = errand.RxComputeContext(waiting, environment=["ERRAND_TEST_COLOUR", "SHAPE=round"])

    def where():
        return os.getcwd(), os.environ.get("ERRAND_TEST_COLOUR"), os.environ.get("SHAPE"), os.environ["ERRAND_TASK"]

    assert rx_exec(where, compute_context=context) == [(str(tmp_path), "green", "round", "0")]
