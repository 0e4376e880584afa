#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A walk through the Python package with real work: every step is shown, run, and its answer checked.

Works in a share directory of its own, which is gone at the end. Exit code 1 if anything is not as it
should be.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

HOME = tempfile.mkdtemp(prefix="errand-python-tour.")
os.environ.update(ERRAND_SHARE_DIR=HOME + "/share", XDG_STATE_HOME=HOME + "/state", XDG_CONFIG_HOME=HOME + "/config")
COMMAND = Path(sys.executable).with_name("errand")


def chapter(text):
    print(f"\n--- {text}", flush=True)


def python(code):
    """Runs code as a process of its own; gives what it printed."""
    code = textwrap.dedent(code).strip()
    print(textwrap.indent(code, "    "), flush=True)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    print(ended.stdout, end="", flush=True)
    expect(ended.returncode == 0, ended.stderr)
    return ended.stdout


def expect(fulfilled, why):
    if not fulfilled:
        sys.exit(f"\nNot as it should be: {why}")


def submit_and_leave():
    chapter("A process submits 200 tasks, prints the job's id and ends.")
    said = python("""
        import errand

        def pi(n, seed):
            import random
            hits = sum(random.random() ** 2 + random.random() ** 2 < 1 for _ in range(n))
            return 4 * hits / n

        job = errand.submit(pi, {"n": 20_000}, fan_out={"seed": range(200)}, seed=42, context="localpar")
        print(job.id)
    """)
    return said.strip()


def come_back(job):
    chapter("Another process comes back for it.")
    said = python(f"""
        import errand
        job = errand.Job("{job}")
        report = job.wait()
        print(report.reason)
        results = job.results()
        print(sum(results) / len(results))
    """)
    expect("finished: 200 tasks" in said and "3.14" in said, said)


def old_script():
    chapter("A script of revoscalepy's days, unchanged: python/compat brings the module of that name.")
    said = python("""
        import time
        from revoscalepy import RxLocalParallel, rx_exec, rx_get_job_results, rx_get_job_status, rx_wait_for_job

        compute_context = RxLocalParallel(console_output=True, wait=False)

        def hello():
            import time
            print("Hello from a job")
            time.sleep(1)
            return "We just ran Python code asynchronously!"

        job = rx_exec(function=hello, compute_context=compute_context)
        print(rx_get_job_status(job))
        rx_wait_for_job(job)
        print(rx_get_job_status(job))
        print(rx_get_job_results(job))
    """)
    expect("RxRemoteJobStatus.FINISHED\nHello from a job\n['We just ran" in said, said)


def failures():
    chapter("One task of twenty fails; it has its error at its place, and only it is run again.")
    said = python("""
        import errand, warnings
        warnings.simplefilter("ignore")

        def check(i):
            if i == 13:
                raise Exception("Ensure to fail")
            return i

        job = errand.submit(check, fan_out={"i": range(20)})
        results = job.results()
        print(results[12:15])
        print(results[13].traceback)
        print("tasks run again:", job.retry())
    """)
    expect("TaskError(task=13" in said and "tasks run again: 1" in said, said)


def executor_survives():
    chapter("An executor whose process is gone without a word: another process takes its job up, nothing is lost.")
    said = python("""
        import errand, os, time
        executor = errand.Executor(max_workers=2)
        futures = [executor.submit(pow, 2, n) for n in range(8)]
        print(executor.job.id, futures[0].result(), flush=True)
        time.sleep(0.1)  # what was submitted a millisecond ago is durable
        os._exit(0)      # no shutdown, no goodbye
    """)
    job = said.split()[0]
    said = python(f"""
        import errand
        with errand.Executor.resume("{job}") as executor:
            print([future.result() for future in executor.futures])
    """)
    expect("[1, 2, 4, 8, 16, 32, 64, 128]" in said, said)


def large_arrays():
    chapter("80 MB of float64 come back mapped, without a copy; 100,000 small tasks.")
    python("""
        import errand, numpy, time
        errand.rx_set_compute_context("localpar")
        begin = time.perf_counter()
        (array,) = errand.rx_exec(lambda n: numpy.arange(n, dtype=float), n=10_000_000)
        print(f"{array.nbytes / 1e6:.0f} MB in {time.perf_counter() - begin:.2f} s")
        values = list(range(100_000))
        begin = time.perf_counter()
        squares = errand.rx_exec(lambda x: x * x, x=values)
        assert squares == [x * x for x in values]
        print(f"{len(values) / (time.perf_counter() - begin):,.0f} tasks/s")
    """)


def command_line():
    chapter("The same jobs from the command line.")
    python('import errand; errand.submit(lambda x: {"x": x}, fan_out={"x": [1, 2]}, auto_cleanup=False).wait()')
    print("    errand jobs", flush=True)
    said = subprocess.run([COMMAND, "jobs"], capture_output=True, text=True, check=True).stdout
    print(said, end="")
    expect("finished" in said, said)


def leave():
    for info in Path(HOME, "share", "agents").glob("*/info"):
        try:
            os.kill(int(info.read_text().split()[0]), signal.SIGTERM)
        except (OSError, ValueError):
            pass
    time.sleep(0.2)
    shutil.rmtree(HOME, ignore_errors=True)


def main():
    try:
        come_back(submit_and_leave())
        old_script()
        failures()
        executor_survives()
        large_arrays()
        command_line()
    finally:
        leave()
    print("\nAll of it was as it should be. docs/python.md goes on from here.")


if __name__ == "__main__":
    main()
