# SPDX-License-Identifier: Apache-2.0
"""The retired product's stories in the database, with only the connection string changed, on a real server."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from database_place import FOLDER, Launchpad, eventually, is_alive, odbc, uri, workers_can_run_python

import errand

pytestmark = pytest.mark.skipif(FOLDER is None, reason="no database: see tests/database/place-up")
pytest.importorskip("revoscalepy")
from revoscalepy import (  # noqa: E402
    RxInSqlServer, RxRemoteJobStatus, RxSqlServerData, rx_cancel_job, rx_cleanup_jobs, rx_exec, rx_get_job_output,
    rx_get_job_results, rx_get_job_status, rx_get_jobs, rx_wait_for_job)

ANSWER = "We just ran Python code asynchronously!"


@pytest.fixture(scope="module")
def module_launchpad():
    if not workers_can_run_python():
        pytest.skip("the user errand-w1 cannot run this interpreter")
    # What a run that was killed has left would keep the only worker busy.
    left = rx_get_jobs(context(), states=["queued", "running"], verbose=False)
    rx_cleanup_jobs(left, force=True, verbose=False)
    pad = Launchpad(workers=1, identities=1)
    yield pad
    pad.remove()


@pytest.fixture
def launchpad(module_launchpad):
    """One that serves, a single task at once."""
    module_launchpad.start()
    return module_launchpad


@pytest.fixture
def gate(module_launchpad):
    """A file that tasks wait for; made at the end of the test whatever becomes of it."""
    folder = Path(tempfile.mkdtemp(dir=module_launchpad.folder))
    folder.chmod(0o755)
    yield folder / "gate"
    (folder / "gate").touch()


def context(**settings):
    return RxInSqlServer(connection_string=odbc(), **{"num_tasks": 1, "wait": False, **settings})


def hello_function():
    """Within a function, so that it travels by value: the tasks' user need not see this file."""
    def hello_from_a_job(gate=None):
        import os
        import time

        print("Hello from a job", flush=True)
        for _ in range(6000):
            if gate is None or os.path.exists(gate):
                break
            time.sleep(0.02)
        return "We just ran Python code asynchronously!"

    return hello_from_a_job


def running_task():
    """A job whose task stays, and the task's process."""
    def print_the_pid_and_stay():
        import os
        import time

        print(os.getpid(), flush=True)
        time.sleep(300)

    job = rx_exec(function=print_the_pid_and_stay, compute_context=context())
    assert eventually(lambda: rx_get_job_output(job).endswith("\n"))
    assert rx_get_job_status(job) == RxRemoteJobStatus.RUNNING
    pid = int(rx_get_job_output(job))
    assert is_alive(pid)
    return job, pid


def finished_job(**settings):
    job = rx_exec(function=hello_function(), compute_context=context(**settings))
    rx_wait_for_job(job)
    assert rx_get_job_status(job) == RxRemoteJobStatus.FINISHED
    return job


def listed():
    return rx_get_jobs(context(), verbose=False).ids


@pytest.mark.parametrize("console_output", [True, False])
def test_hello_on_the_clients_console(launchpad, run_python, console_output):
    client = run_python(f"""
from revoscalepy import RxInSqlServer, rx_exec

def hello_from_a_job():
    print("Hello from a job")
    return "We just ran Python code!"

compute_context = RxInSqlServer(connection_string={odbc()!r}, num_tasks=1, auto_cleanup=True,
                                console_output={console_output}, execution_timeout_seconds=0, wait=True)
print(rx_exec(function=hello_from_a_job, compute_context=compute_context))
""", timeout=100)
    text = "Hello from a job\n" if console_output else ""
    assert client.stdout == text + "['We just ran Python code!']\n", client.stderr


def test_a_source_among_args(launchpad):
    def remote_call(dataset):
        from revoscalepy import rx_data_step

        return len(rx_data_step(dataset))

    source = RxSqlServerData(sql_query="select * from generate_series(1, 100) i", connection_string=odbc())
    assert rx_exec(remote_call, args={"dataset": source}, compute_context=context(wait=True)) == [100]


def test_from_queued_over_running_to_finished(module_launchpad, gate, capsys):
    module_launchpad.stop()
    job = rx_exec(function=hello_function(), gate=str(gate), compute_context=context(console_output=True))
    assert isinstance(job, errand.Job)
    assert rx_get_job_status(job) == RxRemoteJobStatus.QUEUED
    assert rx_get_job_output(job) == ""
    assert "queued" in rx_get_job_results(job)
    module_launchpad.start()
    assert eventually(lambda: rx_get_job_status(job) != RxRemoteJobStatus.QUEUED)
    assert rx_get_job_status(job) == RxRemoteJobStatus.RUNNING
    assert eventually(lambda: rx_get_job_output(job) == "Hello from a job\n")
    assert isinstance(rx_get_job_results(job), errand.RxJobMessage)
    gate.touch()
    rx_wait_for_job(job)
    assert rx_get_job_status(job) == RxRemoteJobStatus.FINISHED
    assert rx_get_job_output(job) == "Hello from a job\n"
    assert capsys.readouterr().out == ""
    assert rx_get_job_results(job) == [ANSWER]
    assert capsys.readouterr().out == "Hello from a job\n"


def test_queued_while_the_only_worker_is_busy(launchpad, gate):
    first = rx_exec(function=hello_function(), gate=str(gate), compute_context=context())
    assert eventually(lambda: rx_get_job_status(first) == RxRemoteJobStatus.RUNNING)
    second = rx_exec(function=hello_function(), compute_context=context())
    assert rx_get_job_status(second) == RxRemoteJobStatus.QUEUED
    gate.touch()
    for job in (first, second):
        rx_wait_for_job(job)
        assert rx_get_job_results(job) == [ANSWER]


def test_what_auto_cleanup_leaves(launchpad):
    job = finished_job(auto_cleanup=True)
    assert job.id in listed()
    assert rx_get_job_results(job) == [ANSWER]
    assert job.id not in listed()
    assert rx_get_job_status(job) == RxRemoteJobStatus.UNDETERMINED
    assert job.report().word == "missing"
    assert "deleted" in rx_get_job_results(job)


def test_what_stays_without_auto_cleanup(launchpad, capsys):
    job = finished_job(auto_cleanup=False)
    assert rx_get_job_results(job) == rx_get_job_results(job) == [ANSWER]
    assert rx_get_job_output(job) == "Hello from a job\n"
    assert rx_get_job_status(job) == RxRemoteJobStatus.FINISHED
    assert job.id in listed()
    assert capsys.readouterr().out == ""
    assert rx_get_job_results(job, console_output=True, auto_cleanup=True) == [ANSWER]
    assert capsys.readouterr().out == "Hello from a job\n"
    assert job.id not in listed()


def test_a_running_job_is_canceled_and_cleaned_up(launchpad, capsys):
    job, pid = running_task()
    assert rx_cancel_job(job, console_output=True) is True
    assert not is_alive(pid)
    assert capsys.readouterr().out == f"{pid}\n"
    assert rx_get_job_status(job) == RxRemoteJobStatus.CANCELED
    assert "canceled" in rx_get_job_results(job)
    assert rx_cancel_job(job) is False
    rx_cleanup_jobs(job)
    assert job.id in capsys.readouterr().out
    assert rx_get_job_status(job) == RxRemoteJobStatus.UNDETERMINED
    assert job.id not in listed()


def test_a_queued_job_is_canceled_though_nobody_serves(module_launchpad):
    def leave_a_mark(folder):
        import os

        open(os.path.join(folder, "mark"), "w").close()

    folder = Path(tempfile.mkdtemp(dir=module_launchpad.folder))
    folder.chmod(0o777)
    module_launchpad.stop()
    job = rx_exec(function=leave_a_mark, folder=str(folder), compute_context=context())
    assert rx_cancel_job(job) is True
    assert rx_get_job_status(job) == RxRemoteJobStatus.CANCELED
    with pytest.raises(errand.JobCanceled, match="removed"):
        rx_get_job_output(job)
    module_launchpad.start()
    rx_get_job_results(finished_job())
    assert not (folder / "mark").exists()
    assert rx_get_job_status(job) == RxRemoteJobStatus.CANCELED
    rx_cleanup_jobs(job, verbose=False)
    assert job.id not in listed()


def test_a_cancel_that_comes_too_late_takes_nothing(launchpad):
    job = finished_job()
    assert rx_cancel_job(job) is False
    assert rx_get_job_status(job) == RxRemoteJobStatus.FINISHED
    assert rx_get_job_results(job) == [ANSWER]
    assert rx_cancel_job(job) is False


def test_unread_results_are_kept_unless_forced(launchpad, capsys):
    job = finished_job()
    with pytest.warns(errand.ErrandWarning, match="force") as kept:
        rx_cleanup_jobs(job)
    assert job.id in str(kept[0].message) and "auto_cleanup" in str(kept[0].message)
    assert rx_get_job_status(job) == RxRemoteJobStatus.FINISHED
    assert capsys.readouterr().out == ""
    rx_cleanup_jobs(job, force=True, verbose=True)
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 1 and job.id in printed[0] and "alice-secret" not in printed[0]
    assert rx_get_job_status(job) == RxRemoteJobStatus.UNDETERMINED


def test_a_running_job_is_kept_unless_forced(launchpad, capsys):
    job, pid = running_task()
    with pytest.warns(errand.ErrandWarning, match="running"):
        rx_cleanup_jobs(job)
    assert rx_get_job_status(job) == RxRemoteJobStatus.RUNNING and is_alive(pid)
    rx_cleanup_jobs(job, force=True, verbose=False)
    assert not is_alive(pid)
    assert job.report().word == "missing"
    assert capsys.readouterr().out == ""


def test_of_a_list_every_job_is_tried(launchpad):
    unread, failed = finished_job(), rx_exec(lambda: 1 / 0, compute_context=context(), continue_on_failure=False)
    rx_wait_for_job(failed)
    assert rx_get_job_status(failed) == RxRemoteJobStatus.FAILED
    assert "ZeroDivisionError" in rx_get_job_results(failed)
    with pytest.warns(errand.ErrandWarning, match=unread.id):
        rx_cleanup_jobs([unread, failed], verbose=False)
    assert unread.id in listed() and failed.id not in listed()
    rx_cleanup_jobs([unread], force=True, verbose=False)
    assert unread.id not in listed()


def test_the_list_of_jobs(launchpad, capsys):
    begin = datetime.now() - timedelta(seconds=1)
    jobs = {"finished": finished_job(), "canceled": running_task()[0]}
    rx_cancel_job(jobs["canceled"])
    both = [job.id for job in jobs.values()]

    def found(where=None, **arguments):
        return [id for id in rx_get_jobs(where or context(), verbose=False, **arguments).ids if id in both]

    assert found() == found(start_time=begin, end_time=datetime.now() + timedelta(seconds=1)) == both
    assert found(start_time=datetime.now() + timedelta(days=1)) == found(end_time=begin) == []
    assert found(states=["Finished"]) == both[:1] and found(states=["canceled", "missing"]) == both[1:]
    assert found(exact_match=True) == both
    assert found(context(num_tasks=3)) == both and found(context(num_tasks=3), exact_match=True) == []
    capsys.readouterr()
    rx_get_jobs(context())
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [(line[0], line[-1]) for line in lines if line[-1] in both] == list(zip(jobs, both))
    rx_cleanup_jobs([rx_get_jobs(context(), verbose=False)[id] for id in both], force=True, verbose=False)
    assert found() == []


@pytest.fixture
def orphan(launchpad, gate):
    """The id of a job whose client was killed as soon as it had said that id."""
    script = f"""
import time
from revoscalepy import RxInSqlServer, rx_exec

def hello_from_a_job(gate):
    import os
    import time

    print("Hello from a job")
    for _ in range(6000):
        if os.path.exists(gate):
            break
        time.sleep(0.02)
    return "We just ran Python code asynchronously!"

compute_context = RxInSqlServer(connection_string={odbc()!r}, num_tasks=1, console_output=True, wait=False)
print(rx_exec(function=hello_from_a_job, gate={str(gate)!r}, compute_context=compute_context).id, flush=True)
time.sleep(300)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as client:
        id = client.stdout.readline().strip()
        client.kill()
    assert client.returncode == -signal.SIGKILL and id.startswith("rxJob_")
    gate.touch()
    return id


@pytest.fixture
def stranger(tmp_path):
    """The environment of a process that knows nothing of what this one has done."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("ERRAND_")}
    return {**known, "XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")}


def test_another_process_finishes_the_story(orphan, stranger, run_python):
    ended = run_python(f"""
from revoscalepy import *
from errand import Job

rx_set_compute_context(RxInSqlServer(connection_string={odbc()!r}))
job = Job({orphan!r})
rx_wait_for_job(job)
print(rx_get_job_status(job), repr(rx_get_job_output(job)))
print(rx_get_job_results(job))
print(job.report().word)
""", env=stranger, timeout=100)
    assert ended.stdout.splitlines() == [
        "RxRemoteJobStatus.FINISHED 'Hello from a job\\n'", "Hello from a job", f"['{ANSWER}']", "missing"], ended


def test_the_command_line_finishes_the_story(orphan, stranger, tmp_path):
    from errand._native import COMMAND

    def say(*words):
        return subprocess.run([COMMAND, *words], env=stranger, cwd="/", capture_output=True, text=True, check=False)

    waited = say("wait", orphan, "--context", uri())
    assert (waited.returncode, "finished: 1 of 1 done" in waited.stdout) == (0, True), waited
    assert say("output", orphan, "--context", uri()).stdout == "Hello from a job\n"
    assert say("output", orphan, "--share-dir", uri()).stdout == "Hello from a job\n"
    # By the name of a context, the password where libpq looks.
    config = tmp_path / "config" / "errand" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[contexts.db]\nengine = "database"\nshare_dir = "{context().connection_string}"\n')
    stranger["PGPASSWORD"] = uri().split("//")[1].split("@")[0].split(":")[1]
    assert say("output", orphan[-6:], "--context", "db").stdout == "Hello from a job\n"
    results = say("results", orphan, "--context", "db", "--cleanup")
    assert results.returncode == 0 and "asynchronously" in results.stdout, results
    assert say("status", orphan, "--context", "db").returncode == 3


@pytest.fixture
def run_r(stranger, tmp_path):
    """Runs R code as a process of its own; its lines."""
    rscript = shutil.which("Rscript") or pytest.skip("there is no R")
    if subprocess.run([rscript, "-e", "library(errand)"], capture_output=True, check=False).returncode != 0:
        pytest.skip("R has no package errand")

    def run(code):
        script = tmp_path / "finish.R"
        script.write_text(f'library(errand)\nrxSetComputeContext(RxInSqlServer(connectionString = "{odbc()}"))\n{code}')
        ended = subprocess.run([rscript, "--no-init-file", str(script)], env=stranger, capture_output=True, text=True,
                               check=False)
        assert ended.returncode == 0, ended
        return [line.strip() for line in ended.stdout.splitlines()]

    return run


def test_r_finishes_the_story(orphan, run_r):
    told = run_r(f"""
job <- "{orphan}"
cat(rxWaitForJob(job), "\n")
print(rxGetJobOutput(job))
results <- rxGetJobResults(job)
cat(results[[1]], "\n")
cat(rxGetJobStatus(job), "\n")
""")
    assert told == ["finished", "Hello from a job", "Hello from a job", ANSWER, "missing"]


def test_r_leaves_a_value_that_only_python_reads(launchpad, run_r):
    job = rx_exec(lambda: print("Hello from a job") or {1, 2}, compute_context=context())
    told = run_r(f"""
job <- "{job.id}"
cat(rxWaitForJob(job), "\n")
print(rxGetJobOutput(job))
tryCatch(rxGetJobResults(job), error = function(e) cat(conditionMessage(e), "\n"))
cat(rxGetJobStatus(job), "\n")
""")
    assert told[:2] == ["finished", "Hello from a job"] and told[-1] == "finished"
    assert "Python" in " ".join(told[2:-1])
    assert rx_get_job_results(job) == [{1, 2}]
