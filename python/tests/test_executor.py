# SPDX-License-Identifier: Apache-2.0
"""errand.Executor: what concurrent.futures promises, and what only a job can."""
import concurrent.futures
import math
import operator
import threading
import time

import pytest

import errand


@pytest.fixture
def executor():
    with errand.Executor(max_workers=2) as executor:
        yield executor


def test_submit(executor):
    future = executor.submit(pow, 2, exp=10)
    assert future.result(timeout=60) == 1024
    assert future.done() and not future.running() and not future.cancelled() and future.exception() is None
    assert executor.submit(lambda *a, **k: (a, k), 1, 2, z=3).result() == ((1, 2), {"z": 3})


def test_exceptions_come_as_they_are(executor):
    future = executor.submit(operator.truediv, 1, 0)
    with pytest.raises(ZeroDivisionError) as caught:
        future.result(timeout=60)
    assert "Traceback" in str(caught.value.__cause__)
    assert isinstance(future.exception(), ZeroDivisionError)


def test_a_returned_exception_is_a_value(executor):
    assert str(executor.submit(lambda: ValueError("fine")).result()) == "fine"


def test_map(executor):
    assert list(executor.map(operator.add, range(5), range(10, 15))) == [10, 12, 14, 16, 18]
    assert list(executor.map(lambda x, y: x * y, range(100), range(100), chunksize=7)) == [i * i for i in range(100)]
    assert list(executor.map(abs, [])) == []
    with pytest.raises(ZeroDivisionError):
        list(executor.map(lambda x: 1 / x, [1, 0, 2]))
    with pytest.raises(ValueError):
        executor.map(abs, [1], chunksize=0)


def test_waiting_for_futures(executor):
    futures = [executor.submit(abs, -i) for i in range(20)]
    assert sorted(f.result() for f in errand.as_completed(futures, timeout=60)) == list(range(20))
    done, pending = errand.wait(futures, timeout=60, return_when=concurrent.futures.ALL_COMPLETED)
    assert len(done) == 20 and not pending


def test_callbacks_and_threads(executor):
    seen = []
    lock = threading.Lock()

    def submit_some(base):
        for i in range(50):
            future = executor.submit(abs, -(base + i))
            future.add_done_callback(lambda f: (lock.acquire(), seen.append(f.result()), lock.release()))

    threads = [threading.Thread(target=submit_some, args=(100 * i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    executor.shutdown()
    assert sorted(seen) == sorted(100 * t + i for t in range(4) for i in range(50))


def test_shutdown_refuses_and_waits(tmp_path):
    executor = errand.Executor(max_workers=1)
    future = executor.submit(time.sleep, 0.2)
    executor.shutdown(wait=True)
    assert future.done()
    with pytest.raises(RuntimeError, match="shutdown"):
        executor.submit(abs, 1)
    assert executor.job.status is errand.RxRemoteJobStatus.UNDETERMINED  # its artifacts are gone
    errand.Executor().shutdown()


def hold(path):
    import os
    import time

    while not os.path.exists(path):
        time.sleep(0.01)
    return "held"


def test_cancel(tmp_path, caplog):
    gate = tmp_path / "gate"
    with errand.Executor(max_workers=1) as executor:
        first = executor.submit(hold, str(gate))
        later = [executor.submit(abs, i) for i in range(3)]
        while not first.running():
            time.sleep(0.01)
        assert first.cancel() is False
        assert later[1].cancel() is True and later[1].cancelled() and later[1].cancel() is True
        gate.touch()
        assert first.result(timeout=60) == "held"
        assert [later[0].result(timeout=60), later[2].result(timeout=60)] == [0, 2]
        with pytest.raises(concurrent.futures.CancelledError):
            later[1].result()
        assert first.cancel() is False
    assert not caplog.records, "the cancel was announced more than once"


def test_shutdown_can_cancel_what_waits(tmp_path):
    gate = tmp_path / "gate"
    executor = errand.Executor(max_workers=1)
    first = executor.submit(hold, str(gate))
    while not first.running():
        time.sleep(0.01)
    later = [executor.submit(abs, i) for i in range(3)]
    executor.shutdown(wait=False, cancel_futures=True)
    assert all(future.cancelled() for future in later)
    gate.touch()
    assert first.result(timeout=60) == "held"


def test_a_canceled_job_breaks_its_futures():
    executor = errand.Executor(max_workers=1)
    future = executor.submit(time.sleep, 300)
    executor.job.cancel()
    with pytest.raises(errand.JobCanceled):
        future.result(timeout=60)
    executor.shutdown()


def test_what_cannot_be_pickled(executor):
    with pytest.raises(errand.ArgumentError, match="cannot be sent to workers"):
        executor.submit(abs, threading.Lock())
    with pytest.raises(errand.ArgumentError, match="cannot be called"):
        executor.submit("abs", 1)
    assert executor.submit(abs, -1).result() == 1


def test_a_job_left_behind_is_taken_up_by_its_id(run_python, tmp_path):
    gate = tmp_path / "gate"
    ended = run_python("""
import errand, os, sys
executor = errand.Executor(max_workers=2)
for i in range(6):
    executor.submit(lambda i, gate: __import__("time").sleep(0.01) or i * i, i, sys.argv[1])
executor._appender.flush()
print(executor.job.id, flush=True)
os._exit(9)
""", str(gate))
    executor = errand.Executor.resume(ended.stdout.strip())
    assert [future.result(timeout=60) for future in executor.futures] == [0, 1, 4, 9, 16, 25]
    assert executor.submit(abs, -7).result(timeout=60) == 7
    executor.shutdown()


def test_only_one_process_may_append(executor):
    with pytest.raises(errand.ErrandError, match="open for appending"):
        errand.Executor.resume(executor.job)


def test_an_executor_that_is_never_shut_down_ends_with_its_process(run_python):
    ended = run_python("""
import errand, sys
executor = errand.Executor()
print(executor.submit(abs, -3).result())
executor.submit(__import__("time").sleep, 0.1)
""")
    assert (ended.stdout, ended.returncode) == ("3\n", 0), ended.stderr
    assert ended.stderr == ""


def test_seeded_tasks_draw_the_same():
    import random

    def draws():
        with errand.Executor(seed=3) as executor:
            return [executor.submit(random.random).result() for _ in range(3)]

    assert draws() == draws()


def test_many(executor):
    assert [f.result() for f in [executor.submit(math.sqrt, i) for i in range(2000)]] == [math.sqrt(i) for i in range(2000)]


def test_libraries_that_take_an_executor(executor):
    import asyncio

    async def in_loop():
        loop = asyncio.get_running_loop()
        return await asyncio.gather(*(loop.run_in_executor(executor, abs, -i) for i in range(5)))

    assert asyncio.run(in_loop()) == [0, 1, 2, 3, 4]
