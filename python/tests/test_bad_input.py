# SPDX-License-Identifier: Apache-2.0
"""What cannot be meant is refused with a sentence that says what to do, and nothing is left behind."""
import os
import pickle
import shutil
import sys
import threading
import venv

import pytest

import errand
from errand import rx_exec


def f(x, y=1):
    return x + y


@pytest.fixture(params=["in-process", "job"])
def context(request, share):
    kind = errand.RxLocalSeq if request.param == "in-process" else errand.RxLocalParallel
    yield kind(share_dir=share)
    assert not os.path.isdir(share + "/jobs") or os.listdir(share + "/jobs") == []


@pytest.mark.parametrize("arguments, said", [
    (dict(x=[1, 2], y=[1, 2, 3]), r"different lengths \(x: 2, y: 3\); .*wrap a list"),
    (dict(x=[1, 2], times_to_run=3), "times_to_run is 3, the arguments make 2 tasks; leave"),
    (dict(args=[{"x": 1}, {"x": 2}], times_to_run=5), "times_to_run is 5, the arguments make 2 tasks"),
    (dict(args=[{"x": 1}, {"x": 2}], y=[1, 2, 3]), "args has 2 elements, the lists have 3"),
    (dict(x=1, times_to_run=0), "times_to_run cannot be 0; give a whole number"),
    (dict(x=1, times_to_run=-2), "times_to_run cannot be -2"),
    (dict(x=1, times_to_run=1.5), "times_to_run cannot be 1.5"),
    (dict(x=1, task_chunk_size=0), "task_chunk_size cannot be 0"),
    (dict(x=1, z=2), r"f\(x, y=1\) cannot be called with these arguments: .*'z'; name"),
    (dict(y=2), "missing a required argument: 'x'"),
    (dict(args={"x": 1}, x=2), "'x' is given twice"),
    (dict(args={"x": 1, 5: 2}), "names an argument 5"),
    (dict(args=[{"x": 1}, 5]), "list of something else than dicts; give"),
    (dict(args="x"), "args cannot be of type str; give a dict"),
    (dict(x=1, callback="print"), r"callback \(str\) cannot be called"),
    (dict(x=1, local_state=[1]), "local_state cannot be of type list; give a dict"),
])
def test_arguments(context, arguments, said):
    with pytest.raises(errand.ArgumentError, match=said):
        rx_exec(f, compute_context=context, **arguments)


def test_a_function_that_is_none(context):
    with pytest.raises(errand.ArgumentError, match=r"the function \(int\) cannot be called; give the function"):
        rx_exec(f(1), compute_context=context)


def test_argument_errors_are_value_errors():
    with pytest.raises(ValueError):
        rx_exec(f, x=[1], times_to_run=0)


def test_a_context_that_is_none():
    with pytest.raises(errand.ArgumentError, match="compute_context cannot be of type int; give a context"):
        rx_exec(f, x=1, compute_context=3)
    with pytest.raises(errand.ArgumentError, match="nowhere"):
        rx_exec(f, x=1, compute_context="nowhere")


@pytest.fixture
def parallel(share):
    context = errand.RxLocalParallel(share_dir=share)
    yield context
    assert not os.path.isdir(share + "/jobs") or os.listdir(share + "/jobs") == []


def test_a_function_that_cannot_be_pickled(parallel):
    lock = threading.Lock()
    with pytest.raises(errand.ArgumentError, match="cannot be sent to workers: TypeError.*lock.*make them inside"):
        rx_exec(lambda: lock, compute_context=parallel)


def test_arguments_that_cannot_be_pickled(parallel):
    with pytest.raises(errand.ArgumentError, match=r"fanned-out argument \(x\) cannot be sent.*lock"):
        rx_exec(f, x=[1, 2, threading.Lock()], compute_context=parallel)
    with pytest.raises(errand.ArgumentError, match="the arguments of f cannot be sent.*lock"):
        rx_exec(f, x=threading.Lock(), compute_context=parallel)


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(errand.ErrandError, match=str(tmp_path / "file")):
        rx_exec(f, x=1, compute_context=errand.RxLocalParallel(share_dir=str(tmp_path / "file")))


def test_sql_server_itself_is_refused_with_a_sentence():
    with pytest.raises(errand.ErrandError, match="SQL Server is not supported.*PostgreSQL"):
        errand.RxInSqlServer("Driver=SQL Server;Server=.", num_tasks=2, wait=False)


def test_a_database_that_is_not_there(share):
    context = errand.RxInSqlServer("postgresql://u:hunter2@127.0.0.1:1/nowhere")
    with pytest.raises(errand.ErrandError) as raised:
        rx_exec(f, x=1, compute_context=context)
    assert "hunter2" not in str(raised.value)


def test_a_result_that_unpickles_only_in_the_worker(background):
    class OnlyThere:
        def __reduce__(self):
            return (eval, ("__import__('os').environ['ERRAND_TASK']",))

    def give(i):
        return OnlyThere() if i == 1 else i

    job = errand.submit(give, fan_out={"i": [0, 1]}, context=background)
    job.wait()
    with pytest.raises(errand.DecodeError, match="the result of task 1 cannot be read: KeyError.*nothing was removed"):
        job.results()
    assert job.status is errand.RxRemoteJobStatus.FINISHED
    os.environ["ERRAND_TASK"] = "here now"
    try:
        assert job.results() == [0, "here now"]
    finally:
        del os.environ["ERRAND_TASK"]


def test_a_value_of_r_names_the_language():
    message = "read it in R"
    from errand import _core

    assert message in open(_core.__file__, "rb").read().decode("latin-1")


def test_a_missing_id():
    for verb in (errand.Job,):
        with pytest.raises(errand.JobMissing, match="rxJob_00000000000000000000000000"):
            verb("rxJob_00000000000000000000000000")
    assert errand.rx_get_job_status("rxJob_00000000000000000000000000") is errand.RxRemoteJobStatus.UNDETERMINED


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_foreign_job_is_never_unpickled(share, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "exploded"),))

    def make():
        return [Bomb()]

    shutil.rmtree(tmp_path / "exploded", ignore_errors=True)
    context = errand.RxLocalParallel(wait=False, share_dir=share, auto_cleanup=False)
    job = errand.submit(make, context=context)
    job.wait()
    for folder, _, files in os.walk(f"{share}/jobs/{job.id}"):
        os.chown(folder, 12345, 12345)
        for name in files:
            os.chown(os.path.join(folder, name), 12345, 12345)
    for ask in (job.results, job.partial_results, lambda: list(job.as_completed(timeout=5))):
        with pytest.raises(errand.ErrandError):
            ask()
        assert not (tmp_path / "exploded").exists()


def test_a_damaged_job_is_an_error_and_no_crash(share):
    context = errand.RxLocalParallel(wait=False, share_dir=share, auto_cleanup=False)
    job = errand.submit(lambda i: "x" * i, fan_out={"i": range(100)}, context=context)
    job.wait()
    folder = f"{share}/jobs/{job.id}"
    for name in os.listdir(folder):
        if name.startswith("log"):
            path = f"{folder}/{name}"
            data = bytearray(open(path, "rb").read())
            data[len(data) // 2] ^= 0xFF
            open(path, "wb").write(bytes(data))
    with pytest.raises(errand.ErrandError):
        job.results()


def fake_python(tmp_path, version):
    """A worker that says it is another Python."""
    path = tmp_path / "python-of-another-version"
    home = os.path.dirname(os.path.dirname(errand.__file__))
    path.write_text(f"""#!{sys.executable}
import sys
sys.path.insert(0, {home!r})
sys.version_info = ({version}, 0, "final", 0)
from errand.worker import main
main()
""")
    path.chmod(0o755)
    return str(path)


def test_a_worker_of_another_version_names_both(share, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", fake_python(tmp_path, "3, 99"))
    answer = rx_exec(f, x=1, compute_context=errand.RxLocalParallel(share_dir=share))
    ours = "{}.{}.{}".format(*sys.version_info[:3])
    assert isinstance(answer, errand.RxJobMessage)
    assert f"submitted by Python {ours}" in answer and "is Python 3.99.0" in answer


def test_an_interpreter_that_is_gone(share, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    with pytest.raises(errand.ErrandError, match="no-python"):
        rx_exec(f, x=1, compute_context=errand.RxLocalParallel(share_dir=share))
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(errand.ArgumentError, match="sys.executable is empty"):
        rx_exec(f, x=1, compute_context=errand.RxLocalParallel(share_dir=share))


def test_a_virtual_environments_own_interpreter_works(tmp_path, run_python):
    import subprocess

    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    home = os.path.dirname(os.path.dirname(errand.__file__))
    site = os.path.dirname(os.path.dirname(__import__("cloudpickle").__file__))
    script = "import errand, sys; print(errand.rx_exec(lambda: __import__('sys').prefix, compute_context='localpar'))"
    ended = subprocess.run([tmp_path / "venv/bin/python", "-c", script], capture_output=True, text=True, check=False,
                           env={**os.environ, "PYTHONPATH": f"{home}:{site}"}, timeout=60)
    assert ended.stdout == f"['{tmp_path}/venv']\n", ended.stderr


def test_errors_can_be_pickled():
    error = errand.TaskError(3, "user_error", "ValueError", "ValueError: x", "trace", 1, pickle.dumps(ValueError("x")))
    back = pickle.loads(pickle.dumps(error))
    assert (back.task, str(back), back.attempt, str(back.exception)) == (3, "task 3: ValueError: x", 1, "x")
    for kind in (errand.ArgumentError, errand.JobMissing, errand.WaitTimeout, errand.NotFinished):
        back = pickle.loads(pickle.dumps(kind("message", "hint", "code", True)))
        assert type(back) is kind and (str(back), back.code, back.transient) == ("message; hint", "code", True)
