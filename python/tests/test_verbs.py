# SPDX-License-Identifier: Apache-2.0
"""revoscalepy's verbs: their answers, and their rules for cleaning up and canceling."""
import datetime
import os
import subprocess
import sys

import pytest

import errand
from errand import (RxJobMessage, RxRemoteJobStatus, rx_cancel_job, rx_cleanup_jobs, rx_exec, rx_get_job_info,
                    rx_get_job_output, rx_get_job_results, rx_get_job_status, rx_get_jobs, rx_retry_job,
                    rx_wait_for_job)


def slow():
    import time

    print("began", flush=True)
    time.sleep(300)


def failing(x):
    raise ValueError(f"no {x}")


def until_running(job):
    import time

    while job.status is RxRemoteJobStatus.QUEUED or "began" not in job.output():
        time.sleep(0.01)


def test_messages_instead_of_results(background):
    job = rx_exec(slow, compute_context=background)
    until_running(job)
    message = rx_get_job_results(job)
    assert isinstance(message, RxJobMessage) and isinstance(message, str)
    assert message.code == "not_finished" and "0 of 1 tasks have ended" in message and "rx_wait_for_job" in message
    assert rx_cancel_job(job)
    assert rx_get_job_results(job).code == "job_canceled"
    failed = rx_exec(failing, x=1, compute_context=background)
    rx_wait_for_job(failed)
    assert rx_get_job_results(failed).code == "job_failed"
    assert "ValueError: no 1" in rx_get_job_results(failed)
    rx_cleanup_jobs(failed, verbose=False)
    assert rx_get_job_results(failed).code == "job_missing"
    assert "deleted" in rx_get_job_results(failed)
    assert rx_get_job_results("rxJob_00000000000000000000000000").code == "job_missing"


def test_partial_results(background):
    job = rx_exec(lambda i: 10 // i, i=[1, 0, 2], compute_context=background)
    rx_wait_for_job(job)
    partial = rx_get_job_results(job, partial=True)
    assert partial[0] == (0, 10) and partial[2] == (2, 5)
    assert partial[1][0] == 1 and partial[1][1].type == "ZeroDivisionError"


def test_cancel_prints_what_was_printed(background, capsys):
    job = rx_exec(slow, compute_context=background)
    until_running(job)
    assert rx_cancel_job(job, console_output=True) is True
    assert capsys.readouterr().out == "began\n"
    assert rx_get_job_status(job) is RxRemoteJobStatus.CANCELED


def test_cancel_is_false_for_what_had_ended(background):
    job = rx_exec(lambda: 1, compute_context=background)
    rx_wait_for_job(job)
    assert rx_cancel_job(job) is False
    assert rx_get_job_results(job) == [1]
    assert rx_cancel_job(job) is False
    assert rx_cancel_job("rxJob_00000000000000000000000000") is False


def test_cleanup_of_a_finished_job_needs_force(background, capsys):
    job = rx_exec(lambda: 1, compute_context=background)
    rx_wait_for_job(job)
    with pytest.warns(errand.ErrandWarning, match="force"):
        rx_cleanup_jobs(job)
    assert rx_get_job_status(job) is RxRemoteJobStatus.FINISHED
    assert capsys.readouterr().out == ""
    rx_cleanup_jobs(job, force=True)
    assert job.id in capsys.readouterr().out
    assert rx_get_job_status(job) is RxRemoteJobStatus.UNDETERMINED


def test_cleanup_of_a_running_job_needs_force(background):
    job = rx_exec(slow, compute_context=background)
    until_running(job)
    with pytest.warns(errand.ErrandWarning):
        rx_cleanup_jobs(job)
    assert rx_get_job_status(job) is RxRemoteJobStatus.RUNNING
    rx_cleanup_jobs(job, force=True, verbose=False)
    assert rx_get_job_status(job) is RxRemoteJobStatus.UNDETERMINED


def test_cleanup_of_a_list_tries_every_job(background):
    finished = rx_exec(lambda: 1, compute_context=background)
    failed = rx_exec(failing, x=1, compute_context=background)
    rx_wait_for_job(finished)
    rx_wait_for_job(failed)
    with pytest.warns(errand.ErrandWarning) as said:
        rx_cleanup_jobs([finished, failed], verbose=False)
    assert len(said) == 1
    assert rx_get_job_status(finished) is RxRemoteJobStatus.FINISHED
    assert rx_get_job_status(failed) is RxRemoteJobStatus.UNDETERMINED


def test_jobs(share, capsys):
    context = errand.RxLocalParallel(wait=False, share_dir=share)
    before = datetime.datetime.now()
    jobs = [rx_exec(lambda: 1, compute_context=context), rx_exec(failing, x=1, compute_context=context)]
    for job in jobs:
        rx_wait_for_job(job)
    after = datetime.datetime.now()
    found = rx_get_jobs(context)
    lines = capsys.readouterr().out.splitlines()
    assert found == jobs and found[jobs[1].id] == jobs[1] and found.ids == [job.id for job in jobs]
    assert [line.split()[0] for line in lines] == ["finished", "failed"]
    assert all(line.endswith(job.id) for line, job in zip(lines, jobs))

    def listed(**filters):
        return [jobs.index(job) for job in rx_get_jobs(context, verbose=False, **filters)]

    assert listed(states=["failed"]) == listed(states=["FAILED", "none"]) == [1]
    assert listed(states="finished") == [0]
    assert listed(states=[RxRemoteJobStatus.FINISHED]) == [0]
    assert listed(start_time=before, end_time=after) == [0, 1]
    assert listed(start_time=after) == listed(end_time=before) == []
    assert listed(end_time=after.astimezone(datetime.timezone.utc)) == [0, 1]
    assert listed(exact_match=True) == [0, 1]
    assert rx_get_jobs(errand.RxComputeContext(context, cores=1), exact_match=True, verbose=False) == []
    assert capsys.readouterr().out == ""
    with pytest.raises(errand.ArgumentError, match="finished"):
        rx_get_jobs(context, states=["done"])
    with pytest.raises(errand.ArgumentError, match="start_time"):
        rx_get_jobs(context, start_time="yesterday")


def test_job_info(background):
    job = errand.submit(failing, fan_out={"x": [1, 2]}, context=background, seed=7, task_chunk_size=2)
    info = rx_get_job_info(job)
    assert (info.function, info.seed, info.chunk_size) == ("failing", 7, 2)
    assert info["signature"].startswith("python 3.")
    assert rx_get_job_info(job.id).id == job.id
    assert rx_wait_for_job(info) is None
    for nothing in (None, 5, "nothing", [job], RxJobMessage("x")):
        assert rx_get_job_info(nothing) is None


def test_retry(background):
    job = rx_exec(failing, x=[1, 2], compute_context=background)
    rx_wait_for_job(job)
    assert rx_retry_job(job) == 2
    rx_wait_for_job(job)
    assert {error.attempt for _, error in rx_get_job_results(job, partial=True)} != {0}


def test_output(background):
    job = rx_exec(lambda i: print("task", i), i=[0, 1], compute_context=background)
    rx_wait_for_job(job)
    assert rx_get_job_output(job) == "task 0\ntask 1\n"


def test_wait_with_a_timeout(background):
    job = rx_exec(slow, compute_context=background)
    with pytest.raises(errand.WaitTimeout):
        rx_wait_for_job(job, timeout=0.05)
    rx_cancel_job(job)


def test_contexts(tmp_path):
    before = errand.rx_set_compute_context("localpar")
    assert isinstance(before, errand.RxLocalSeq)
    assert isinstance(errand.rx_get_compute_context(), errand.RxLocalParallel)
    errand.RxOptions.set_option("computeContext", errand.RxLocalParallel(cores=1))
    assert errand.RxOptions.get_option("compute_context").cores == 1
    assert errand.RxOptions.get_option("fileSystem") is None
    copy = errand.RxComputeContext(errand.RxLocalParallel(cores=2), wait=False)
    assert copy == errand.RxLocalParallel(cores=2, wait=False)
    assert errand.RxLocalParallel() != errand.RxLocalSeq()
    with pytest.raises(errand.ArgumentError, match="no setting 'coers'.*cores"):
        errand.RxLocalParallel(coers=2)
    with pytest.raises(errand.ArgumentError, match="nonsense"):
        errand.RxComputeContext("nonsense")
    with pytest.raises(errand.ArgumentError, match="cores cannot be"):
        errand.RxLocalParallel(cores="two")
    with pytest.raises(errand.ArgumentError, match="compute_context cannot be"):
        errand.rx_set_compute_context(3)


def test_a_context_in_force_that_is_none_is_an_error():
    program = "import errand; errand.rx_get_compute_context()"
    ran = subprocess.run([sys.executable, "-c", program], env={**os.environ, "ERRAND_CONTEXT": "nosuch"},
                         capture_output=True, text=True, check=False)
    assert ran.returncode != 0 and "there is no compute context 'nosuch'" in ran.stderr


def test_contexts_travel():
    import pickle

    context = errand.RxLocalParallel(cores=3, environment=["A=1"], rng_seed=5, fork=False)
    back = pickle.loads(pickle.dumps(context))
    assert back == context and (back.rng_seed, back.fork, back.environment) == (5, False, ["A=1"])


def test_named_contexts_come_from_the_configuration(tmp_path, monkeypatch):
    (tmp_path / "errand").mkdir()
    (tmp_path / "errand" / "config.toml").write_text('[contexts.small]\ninherits = "localpar"\ncores = 1\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    context = errand.RxComputeContext("small")
    assert context.cores == 1


def test_the_context_of_submission_counts(background):
    job = rx_exec(lambda: 1, compute_context=background)
    errand.rx_set_compute_context("local")
    assert job.resolve_context().cores == 2
    assert job.results() == [1]
