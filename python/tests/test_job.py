# SPDX-License-Identifier: Apache-2.0
"""The Job object."""
import asyncio
import os
import pickle
import re
import signal
import subprocess
import sys
import time

import pytest

import errand
from errand import Job, RxRemoteJobStatus


@pytest.fixture
def gate(tmp_path):
    """A task that waits for a file, and the file."""
    path = tmp_path / "gate"

    def hold(i, path):
        import os
        import time

        while not os.path.exists(path):
            time.sleep(0.01)
        return i

    hold.path = path
    yield hold
    path.touch()


def held(gate, context, n=1):
    return errand.submit(gate, {"path": str(gate.path)}, fan_out={"i": list(range(n))} if n > 1 else {"i": [0]},
                         context=context)


def test_life_of_a_job(background, gate):
    job = held(gate, background, 3)
    assert job.status in (RxRemoteJobStatus.QUEUED, RxRemoteJobStatus.RUNNING)
    assert job.progress.total == 3 and job.progress.done == 0
    with pytest.raises(errand.WaitTimeout):
        job.wait(timeout=0.05)
    with pytest.raises(TimeoutError):
        job.results(timeout=0.05)
    assert job.partial_results() == []
    gate.path.touch()
    report = job.wait()
    assert (report.word, report.status) == ("finished", RxRemoteJobStatus.FINISHED)
    assert report.progress == errand.Progress(succeeded=3, total=3)
    assert job.partial_results() == [(0, 0), (1, 1), (2, 2)]
    assert job.results() == [0, 1, 2]
    assert job.status is RxRemoteJobStatus.UNDETERMINED
    assert job.reason.startswith("missing: deleted")
    with pytest.raises(errand.JobMissing, match="deleted"):
        job.results()


def test_any_process_can_go_on_with_it(background, run_python):
    job = errand.submit(lambda: {"answer": 42}, context=background)
    ended = run_python(f"import errand\nprint(errand.Job({job.id!r}).results())")
    assert ended.stdout == "[{'answer': 42}]\n", ended.stderr


def test_any_process_can_submit_for_us(run_python):
    ended = run_python("import errand\nprint(errand.submit(lambda: 42).id)")
    assert Job(ended.stdout.strip()).results() == [42]


def test_names_of_a_job(background):
    job = errand.submit(lambda: 1, context=background)
    assert Job(job.id) == Job(job.id[-8:]) == Job("last") == errand.rxg_last_pending_job() == job
    assert hash(Job(job.id)) == hash(job)
    with pytest.raises(errand.JobMissing):
        Job("rxJob_00000000000000000000000000")
    with pytest.raises(errand.ErrandError):
        Job("no such job")
    with pytest.raises(errand.ArgumentError, match="is no job"):
        Job(17)


def test_pickling_is_small(background):
    job = errand.submit(lambda: 1, context=background)
    data = pickle.dumps(job)
    assert pickle.loads(data) == job
    assert len(data) < 400


def test_representations(background, gate):
    job = held(gate, background, 2)
    assert repr(job) == f"Job('{job.id}')"
    assert re.fullmatch(rf"{job.id}: (queued|running).* \(0 of 2 tasks\)", str(job))
    assert job.id in job._repr_html_() and "<progress value='0' max='2'>" in job._repr_html_()
    assert repr(eval(repr(job), {"Job": Job})) == repr(job)


def test_awaiting(background):
    async def several():
        jobs = [errand.submit(lambda x: x * x, fan_out={"x": [i, i + 1]}, context=background) for i in range(3)]
        return await asyncio.gather(*jobs)

    assert asyncio.run(several()) == [[0, 1], [1, 4], [4, 9]]


def test_awaiting_with_a_timeout(background, gate):
    async def wait_a_little(job):
        async def results():
            return await job

        await asyncio.wait_for(results(), 0.1)

    job = held(gate, background)
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(wait_a_little(job))
    gate.path.touch()
    assert job.results() == [0]


def test_as_completed_gives_each_once(background):
    job = errand.submit(lambda x: x * 2, fan_out={"x": range(200)}, context=background)
    assert sorted(job.as_completed()) == [(i, 2 * i) for i in range(200)]
    with pytest.raises(errand.WaitTimeout):
        list(_never(background).as_completed(timeout=0.2))


def _never(context):
    def sleep():
        import time

        time.sleep(300)

    job = errand.submit(sleep, context=context)
    _sleepers.append(job)
    return job


_sleepers = []


@pytest.fixture(autouse=True)
def stop_sleepers():
    yield
    while _sleepers:
        _sleepers.pop().cancel()


def test_cancel(background):
    job = _never(background)
    assert job.cancel() is True
    assert job.status is RxRemoteJobStatus.CANCELED
    assert job.cancel() is False
    with pytest.raises(errand.JobCanceled):
        job.results()
    with pytest.raises(errand.ArgumentError):
        job.retry()


def test_retry_runs_only_what_failed(background, tmp_path):
    def fails_first(i, folder):
        import os

        count = len([name for name in os.listdir(folder) if name.startswith(f"{i}-")])
        open(f"{folder}/{i}-{count}", "w").close()
        if i == 1 and count == 0:
            raise RuntimeError("not yet")
        return i

    job = errand.submit(fails_first, {"folder": str(tmp_path)}, fan_out={"i": [0, 1, 2]}, context=background)
    with pytest.warns(errand.ErrandWarning, match="retry"):
        assert isinstance(job.results()[1], errand.TaskError)
    assert job.retry() == 1
    assert job.results() == [0, 1, 2]
    assert sorted(os.listdir(tmp_path)) == ["0-0", "1-0", "1-1", "2-0"]


def test_revoscalepys_remote_job(share):
    context = errand.RxLocalParallel(wait=False, share_dir=share)
    jobs = [errand.submit(lambda: 1, context=context) for _ in range(2)]
    found = errand.RxRemoteJob(context, jobs[0].id)
    assert found.id == jobs[0].id
    assert found.deserialize_job(jobs[1].id) == jobs[1]
    assert found.deserialize_jobs().ids == [job.id for job in jobs]
    assert found.resolve_context() == found.compute_context == context
    assert jobs[1].resolve_context().wait is False
    for job in jobs:
        job.wait()
    found.close()
    assert jobs[0].resolve_context() is None
    assert jobs[1].status is RxRemoteJobStatus.FINISHED
    errand.RxRemoteJob(context).close()
    assert jobs[1].status is RxRemoteJobStatus.UNDETERMINED


def test_ctrl_c_leaves_the_job_running(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("""
import errand, sys, time
def slow(gate):
    import os, time
    open(gate + ".reached", "w").close()
    while not os.path.exists(gate): time.sleep(0.01)
    return "went on"
context = errand.RxLocalParallel()
try:
    errand.rx_exec(slow, gate=sys.argv[1], compute_context=context)
except KeyboardInterrupt:
    print(errand.rxg_last_pending_job().id, flush=True)
    raise SystemExit(130)
""")
    # Whoever runs these tests in the background of a script has the interrupt ignored, which children inherit.
    process = subprocess.Popen([sys.executable, str(script), str(tmp_path / "gate")], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    while not (tmp_path / "gate.reached").exists() and process.poll() is None:
        time.sleep(0.01)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    id = said.split()[-1]
    assert f"The job goes on: {id}" in errors and f"errand.Job('{id}')" in errors
    (tmp_path / "gate").touch()
    assert Job(id).results() == ["went on"]


def test_progress_bar(background, capsys, gate):
    job = held(gate, background, 2)

    import threading

    threading.Timer(1.2, gate.path.touch).start()
    job.wait(progress=True)
    assert "2/2" in capsys.readouterr().err


def test_results_print_the_console_first(background, capsys):
    context = errand.RxComputeContext(background, console_output=True)
    job = errand.submit(lambda: print("said by a task"), context=context)
    assert job.results() == [None]
    assert capsys.readouterr().out == "said by a task\n"


def test_results_stay_without_auto_cleanup(background):
    context = errand.RxComputeContext(background, auto_cleanup=False)
    job = errand.submit(lambda: 5, context=context)
    assert job.results() == [5] == job.results(auto_cleanup=False)
    assert job.results(auto_cleanup=True) == [5]
    with pytest.raises(errand.JobMissing):
        job.results()
