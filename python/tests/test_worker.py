# SPDX-License-Identifier: Apache-2.0
"""What a task may do to its worker, and what becomes of it."""
import os
import signal
import subprocess
import sys
import time

import pytest

import errand
from errand import rx_exec

pytestmark = pytest.mark.filterwarnings("ignore::errand.ErrandWarning")


@pytest.fixture(params=[True, False], ids=["forked", "spawned"])
def context(request):
    return errand.RxLocalParallel(wait=False, cores=2, auto_cleanup=False, fork=request.param)


def only_error(job):
    with pytest.raises(errand.JobFailed) as failed:
        job.results()
    ((_, result),) = job.partial_results()
    assert isinstance(failed.value.__cause__, errand.TaskError)
    assert isinstance(result, errand.TaskError), result
    return result


def test_everything_printed_is_captured(context):
    def talk():
        import ctypes
        import logging
        import subprocess
        import warnings

        print("from print")
        sys.stderr.write("from stderr\n")
        warnings.warn("from warnings")
        logging.getLogger("x").warning("from logging")
        ctypes.CDLL(None).puts(b"from C")
        os.write(1, b"from a descriptor\n")
        subprocess.run(["echo", "from a child"], check=True)
        print("no newline at the end", end="")

    job = errand.submit(talk, context=context)
    job.wait()
    text = job.output()
    for part in ("from print", "from stderr", "from warnings", "from logging", "from C", "from a descriptor",
                 "from a child", "no newline at the end"):
        assert part in text, text


def test_output_is_in_task_order(context):
    job = errand.submit(lambda i: print("line", i), fan_out={"i": range(20)}, context=context)
    job.wait()
    assert job.output() == "".join(f"line {i}\n" for i in range(20))
    assert job.output(task=7) == "line 7\n"


def test_a_task_that_replaces_stdout_disturbs_nobody(context):
    def replace(i):
        import io

        if i == 0:
            sys.stdout = io.StringIO()
        print("task", i)
        sys.stdout = sys.__stdout__

    job = errand.submit(replace, fan_out={"i": range(3)}, context=context, task_chunk_size=3)
    job.wait()
    assert job.output() == "task 1\ntask 2\n"


@pytest.mark.parametrize("leave, type, said", [
    (lambda: sys.exit(3), "SystemExit", "sys.exit(3)"),
    (lambda: sys.exit("gone"), "SystemExit", "sys.exit('gone')"),
    (lambda: (_ for _ in ()).throw(KeyboardInterrupt()), "KeyboardInterrupt", "KeyboardInterrupt"),
    (lambda: 1 / 0, "ZeroDivisionError", "division by zero"),
])
def test_exceptions_that_end_processes_end_only_the_task(context, leave, type, said):
    error = only_error(errand.submit(leave, context=context))
    assert (error.cause, error.type) == ("user_error", type)
    assert said in error.message


@pytest.mark.parametrize("die, cause, said", [
    (lambda: os._exit(7), "user_error", "exit code 7"),
    (lambda: os.kill(os.getpid(), signal.SIGKILL), "given_up", "9"),
    (lambda: os.kill(os.getpid(), signal.SIGSEGV), "given_up", "11"),
    (lambda: os.abort(), "given_up", "6"),
])
def test_a_dead_worker_costs_its_task_and_no_other(context, die, cause, said):
    def poison(i):
        if i == 1:
            die()
        return i

    job = errand.submit(poison, fan_out={"i": range(4)}, context=context)
    results = job.results()
    assert [results[0], results[2], results[3]] == [0, 2, 3]
    assert isinstance(results[1], errand.TaskError) and results[1].cause == cause
    assert said in results[1].message


def test_a_segfault_leaves_python_traceback_in_the_output(context):
    def crash():
        import ctypes

        ctypes.string_at(0)

    job = errand.submit(crash, context=context)
    assert only_error(job).cause == "given_up"
    assert "Segmentation fault" in job.output() and "in crash" in job.output()


def test_a_killed_worker_is_started_again(context, tmp_path):
    def once(i, marks):
        mark = f"{marks}/{i}"
        if i == 2 and not os.path.exists(mark):
            open(mark, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return i

    job = errand.submit(once, {"marks": str(tmp_path)}, fan_out={"i": range(5)}, context=context)
    assert job.results() == [0, 1, 2, 3, 4]


def test_results_that_cannot_be_pickled(context):
    error = only_error(errand.submit(lambda: (i for i in range(3)), context=context))
    assert error.cause == "user_error"
    assert "cannot pickle 'generator' object" in error.message


def test_memory_limit(context):
    limited = errand.RxComputeContext(context, task_memory_limit=300 << 20)
    error = only_error(errand.submit(lambda: bytes(1 << 30), context=limited))
    assert error.cause == "memory_limit"
    assert "task_memory_limit" in error.message
    assert errand.submit(lambda: len(bytes(1 << 20)), context=limited).results() == [1 << 20]


def test_time_limit(context):
    limited = errand.RxComputeContext(context, task_time_limit=0.5)
    assert only_error(errand.submit(lambda: __import__("time").sleep(60), context=limited)).cause == "time_limit"


def test_exceptions_with_classes_of_the_callers_own(context):
    class Mine(Exception):
        def __init__(self, code, more):
            super().__init__(f"code {code}")
            self.code = code
            self.more = more

    def fail():
        raise Mine(5, more="x")

    error = only_error(errand.submit(fail, context=context))
    assert "Mine: code 5" in error.message
    assert error.exception is None  # its constructor takes two arguments; the message and the traceback stay


def test_chained_exceptions_keep_their_causes(context):
    def fail():
        try:
            {}["key"]
        except KeyError as missing:
            raise ValueError("no such thing") from missing

    error = only_error(errand.submit(fail, context=context))
    assert "KeyError: 'key'" in error.traceback and "direct cause" in error.traceback


def test_threads_of_a_task_go_on_between_tasks(context, tmp_path):
    def start(i, path):
        import threading
        import time

        if i == 0:
            threading.Thread(target=lambda: open(path, "w").write("done"), daemon=True).start()
            return None
        deadline = time.monotonic() + 20
        while not os.path.exists(path) and time.monotonic() < deadline:
            time.sleep(0.01)
        return open(path).read() == "done" or os.path.exists(path)

    job = errand.submit(start, {"path": str(tmp_path / "t")}, fan_out={"i": range(2)}, context=context,
                        task_chunk_size=2)
    assert job.results()[1]


def test_multiprocessing_inside_a_task(context):
    def pool():
        import multiprocessing

        with multiprocessing.get_context("fork").Pool(2) as pool:
            return pool.map(abs, [-1, -2, -3])

    assert errand.submit(pool, context=context).results() == [[1, 2, 3]]


def test_threads_work_after_the_fork(context):
    def threads():
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(abs, range(-8, 0)))

    assert errand.submit(threads, context=context).results() == [[8, 7, 6, 5, 4, 3, 2, 1]]


def test_forking_can_be_turned_off():
    def parent():
        return open(f"/proc/{os.getppid()}/cmdline").read()

    forked, spawned = (rx_exec(parent, compute_context=errand.RxLocalParallel(fork=fork))[0] for fork in (True, False))
    assert "errand.worker" in forked
    assert "errand.worker" not in spawned


def test_what_runs_in_the_main_module_stays_there(run_python):
    ended = run_python("""
import errand
class Point:
    def __init__(self, x): self.x = x
    def __eq__(self, other): return self.x == other.x
def move(p): return Point(p.x + 1)
back = errand.rx_exec(move, p=[Point(1), Point(2)], compute_context="localpar")
assert all(type(p) is Point for p in back), back
print([p.x for p in back])
""")
    assert ended.stdout == "[2, 3]\n", ended.stderr


def test_waiting_workers_import_what_the_submitter_uses():
    pytest.importorskip("numpy")
    context = errand.RxLocalParallel(wait=False, cores=1)

    def is_loaded():
        import sys

        return "numpy" in sys.modules

    for _ in range(100):
        if errand.submit(is_loaded, context=context).results() == [True]:
            return
        time.sleep(0.1)
    pytest.fail("no worker had NumPy before its task")


def test_a_rehearsal_leaves_no_trace():
    code = """
import os, sys
from errand import worker
before = dict(os.environ), list(sys.path), sorted(vars(sys.modules["__main__"]))
worker.rehearse(*worker.job_of_no_meaning())
assert (dict(os.environ), list(sys.path), sorted(vars(sys.modules["__main__"]))) == before
"""
    subprocess.run([sys.executable, "-c", "before = None\n" + code], check=True)
