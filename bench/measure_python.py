#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Python package beside what Python people would use instead, in one run. bench/run calls it.

Prints one JSON object per figure. A peer that is not installed is skipped with a line.
"""
import argparse
import concurrent.futures
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PEERS = ["concurrent.futures", "joblib", "dask.distributed", "submitit", "ray"]
WORKERS = 2


def trivial(x):
    return x


def large(n):
    import numpy

    return numpy.arange(n, dtype=float)


def seconds(call):
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def median(call, times):
    return statistics.median(seconds(call) for _ in range(times))


def report(figure, value, unit, target=None, reached=None, floor=None, floor_name=None):
    line = {"figure": "Python: " + figure, "value": value, "unit": unit}
    if target is not None:
        line.update(target=target, met=bool(reached))
    if floor is not None:
        line.update(floor=floor, floor_name=floor_name)
    print(json.dumps(line), flush=True)


def skip(figure, peer, why):
    print(f"Python: {figure}: {peer} is skipped: {why}", file=sys.stderr, flush=True)


def durable_ms(folder):
    """The least that one durable submission can cost: see bench/measure_round_trip.cc."""
    def once():
        path = os.path.join(folder, "floor")
        descriptor = os.open(path + ".new", os.O_CREAT | os.O_WRONLY)
        os.write(descriptor, b"x" * 100)
        os.fsync(descriptor)
        os.close(descriptor)
        os.rename(path + ".new", path)
        directory = os.open(folder, os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)
    return median(once, 50) * 1e3


class Peer:
    """One peer, warm: map of many, one call, and its end."""

    def __init__(self, name, folder):
        self.name = name
        getattr(self, "open_" + name.replace(".", "_"))(folder)

    def open_concurrent_futures(self, _):
        pool = concurrent.futures.ProcessPoolExecutor(WORKERS)
        self.submit, self.get, self.close = pool.submit, lambda f: f.result(), pool.shutdown
        self.map = lambda n: list(pool.map(trivial, range(n), chunksize=max(n // 8, 1)))

    def open_joblib(self, _):
        import joblib

        pool = joblib.Parallel(n_jobs=WORKERS)
        self.submit = lambda f, *a: pool([joblib.delayed(f)(*a)])[0]
        self.get, self.close = (lambda value: value), (lambda: None)
        self.map = lambda n: pool(joblib.delayed(trivial)(i) for i in range(n))

    def open_dask_distributed(self, _):
        import dask.distributed

        cluster = dask.distributed.LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None)
        client = dask.distributed.Client(cluster)
        self.submit = lambda f, *a: client.submit(f, *a, pure=False)
        self.get = lambda future: future.result()
        self.close = lambda: (client.close(), cluster.close())
        self.map = lambda n: client.gather(client.map(trivial, range(n), pure=False, batch_size=n))

    def open_submitit(self, folder):
        import submitit

        executor = submitit.LocalExecutor(folder=os.path.join(folder, "submitit"))
        self.submit, self.get, self.close = executor.submit, lambda job: job.result(), lambda: None
        self.map = None

    def open_ray(self, _):
        import ray

        ray.init(num_cpus=WORKERS, include_dashboard=False, logging_level="error", log_to_driver=False)
        remote = {function: ray.remote(function) for function in (trivial, large)}
        self.submit = lambda f, *a: remote[f].remote(*a)
        self.get, self.close = ray.get, ray.shutdown
        self.map = lambda n: ray.get([remote[trivial].remote(i) for i in range(n)])


def each_peer(options, folder, figure):
    """Every peer that can be had, warm."""
    for name in PEERS:
        try:
            peer = Peer(name, folder)
            peer.get(peer.submit(trivial, 1))
        except Exception as refused:
            skip(figure, name, f"{type(refused).__name__}: {str(refused).splitlines()[0] if str(refused) else ''}")
            continue
        try:
            yield peer
        except Exception as refused:
            skip(figure, name, repr(refused))
        finally:
            peer.close()


def measure_round_trip(errand, context, folder, quick):
    def once():
        errand.submit(trivial, {"x": 1}, context=context).results()

    for _ in range(3 if quick else 30):
        once()  # both workers' interpreters are up then
    value = median(once, 10 if quick else 200) * 1e3
    floor = durable_ms(folder)
    report("round trip, warm agent, artifacts removed", value, "ms", "<= 4 ms (where fsync takes 0.1 ms)", value <= 4,
           floor, "create + fsync + rename + fsync of the directory")


def measure_cold(quick):
    """A place without an agent, from a process that has the modules loaded."""
    import errand

    values = []
    for _ in range(3 if quick else 7):
        place = tempfile.mkdtemp(dir=os.environ["ERRAND_SHARE_DIR"] + "-cold")
        context = errand.RxLocalParallel(cores=WORKERS, share_dir=place)
        values.append(seconds(lambda: errand.submit(trivial, {"x": 1}, context=context).results()) * 1e3)
        end_agents(place)
    value = statistics.median(values)
    report("round trip, no agent yet", value, "ms", "<= 150 ms", value <= 150)


def measure_many(errand, context, quick):
    values = list(range(10_000))
    rates = [10_000 / seconds(lambda: errand.rx_exec(trivial, x=values, compute_context=context))
             for _ in range(3 if quick else 15)]
    value = statistics.median(rates)
    report("10,000 trivial tasks, one list argument", value, "tasks/s", ">= 300000 tasks/s", value >= 300_000,
           floor_name="a loop in this process", floor=10_000 / seconds(lambda: [trivial(x) for x in values]))


def measure_million(quick):
    """In a process of its own: its peak is the client's."""
    n = 100_000 if quick else 1_000_000
    script = ("import errand, time, resource, sys; n = int(sys.argv[1]); f = lambda x: x; values = list(range(n));"
              "context = errand.RxLocalParallel(cores=2); errand.rx_exec(f, x=[1], compute_context=context);"
              "t = time.perf_counter(); r = errand.rx_exec(f, x=values, compute_context=context);"
              "t = time.perf_counter() - t; assert r == values;"
              "print(n / t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)")
    answers = [subprocess.run([sys.executable, "-c", script, str(n)], capture_output=True, text=True, check=True)
               .stdout.split() for _ in range(1 if quick else 3)]
    rate = statistics.median(float(answer[0]) for answer in answers)
    peak = max(float(answer[1]) for answer in answers)
    report(f"{n:,} trivial tasks", rate, "tasks/s", ">= 500000 tasks/s", rate >= 500_000)
    report(f"{n:,} trivial tasks: client peak", peak, "MiB", "<= 400 MiB", peak <= 400)


def measure_futures(errand, context, quick):
    n = 1_000 if quick else 10_000

    def once():
        with errand.Executor(context) as executor:
            futures = [executor.submit(trivial, i) for i in range(n)]
            assert [future.result() for future in futures] == list(range(n))

    once()
    value = n / median(once, 1 if quick else 3)
    report(f"{n:,} futures through Executor.submit, durable", value, "futures/s", ">= 3000 futures/s", value >= 3000)


def measure_jobs(errand, context, quick):
    n = 100 if quick else 1_000
    background = errand.RxComputeContext(context, wait=False)

    def once():
        jobs = [errand.rx_exec(trivial, x=i, compute_context=background) for i in range(n)]
        assert [job.results() for job in jobs] == [[i] for i in range(n)]

    value = n / seconds(once)
    report(f"{n:,} one-task jobs through rx_exec", value, "jobs/s", ">= 200 jobs/s", value >= 200)


def written_mb_s(folder, size):
    """Writing as many bytes and bringing them to disk."""
    block = os.urandom(1 << 20)

    def once():
        with open(os.path.join(folder, "floor"), "wb", buffering=0) as file:
            for _ in range(int(size * 1e6) >> 20):
                file.write(block)
            os.fdatasync(file.fileno())

    return size / median(once, 3)


def settle(folder):
    """Until what was fetched before is unlinked and its blocks are given back: that is not part of the next trip."""
    trash = os.path.join(folder, "share", "trash")
    while os.listdir(trash):
        time.sleep(0.01)
    os.sync()
    time.sleep(0.3)


def measure_large(errand, context, folder, quick):
    n = 1_310_720 if quick else 13_107_200
    size = n * 8 / 1e6
    in_hand, fetch = [], []
    for _ in range(2 if quick else 9):
        settle(folder)
        begin = time.perf_counter()
        job = errand.submit(large, {"n": n}, context=context)
        job.wait()
        ended = time.perf_counter()
        (array,) = job.results()
        done = time.perf_counter()
        assert len(array) == n
        in_hand.append(size / (done - begin))
        fetch.append(size / (done - ended))
        del array
    report(f"float64 array of {size:.0f} MB: submit to in hand", statistics.median(in_hand), "MB/s", ">= 800 MB/s",
           statistics.median(in_hand) >= 800, written_mb_s(folder, size), "write + fdatasync")
    report(f"float64 array of {size:.0f} MB: fetch", statistics.median(fetch), "MB/s", ">= 3000 MB/s",
           statistics.median(fetch) >= 3000)
    spawned = errand.RxComputeContext(context, cores=1)
    job = errand.submit(worker_peaks, {"n": n, "large": large}, fan_out={"step": [0, 1]}, context=spawned,
                        task_chunk_size=2)
    (first, peak) = job.results()
    before = first[1]
    ratio = (peak - before) * 1024 / (n * 8)
    report(f"float64 array of {size:.0f} MB: worker's peak beyond the interpreter", ratio, "x its size", "<= 1.3",
           ratio <= 1.3)


def worker_peaks(n, large, step):
    """Step 0 returns the array and the memory before it; step 1, in the same worker, the peak by then."""
    import resource

    import numpy  # noqa: F401

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if step else (large(n), used)


def measure_import(quick):
    def start(code):
        return median(lambda: subprocess.run([sys.executable, "-c", code], check=True), 5 if quick else 21) * 1e3

    bare = start("pass")
    value = start("import errand") - bare
    report("import errand beyond bare python", value, "ms", "<= 60 ms", value <= 60, bare, "python -c pass")


def measure_peers(options, folder, quick):
    for peer in each_peer(options, folder, "peers"):
        slow = peer.name == "submitit"
        times = 3 if slow else 10 if quick else 50
        report(f"round trip: {peer.name}", median(lambda: peer.get(peer.submit(trivial, 1)), times) * 1e3, "ms")
        if peer.map:
            n = 1_000 if quick else 10_000
            peer.map(n)
            report(f"{n:,} trivial tasks: {peer.name}", n / seconds(lambda: peer.map(n)), "tasks/s")
        if peer.name != "joblib":
            n = 5 if slow else 200 if quick else 2_000
            rate = n / seconds(lambda: [peer.get(f) for f in [peer.submit(trivial, i) for i in range(n)]])
            report(f"{n:,} futures: {peer.name}", rate, "futures/s")
        n = 1_310_720 if quick else 13_107_200
        rate = n * 8 / 1e6 / median(lambda: peer.get(peer.submit(large, n)), 1 if quick or slow else 3)
        report(f"float64 array of {n * 8 / 1e6:.0f} MB: {peer.name}", rate, "MB/s")


def end_agents(place):
    import glob
    import signal

    for path in glob.glob(place + "/agents/*/info"):
        try:
            os.kill(int(open(path).read().split()[0]), signal.SIGTERM)
        except (OSError, ValueError, IndexError):
            continue


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share-dir", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="python-", dir=options.share_dir)
    os.environ.update(ERRAND_SHARE_DIR=folder + "/share", XDG_STATE_HOME=folder + "/state",
                      XDG_CONFIG_HOME=folder + "/config")
    os.mkdir(folder + "/share-cold")
    import errand

    context = errand.RxLocalParallel(cores=WORKERS)
    try:
        measure_round_trip(errand, context, folder, options.quick)
        measure_cold(options.quick)
        measure_many(errand, context, options.quick)
        measure_million(options.quick)
        measure_futures(errand, context, options.quick)
        measure_jobs(errand, context, options.quick)
        measure_large(errand, context, folder, options.quick)
        measure_import(options.quick)
        if not options.no_peers:
            measure_peers(options, folder, options.quick)
    finally:
        end_agents(folder + "/share")
        time.sleep(0.2)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
