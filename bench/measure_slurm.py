#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""10,000 trivial Python tasks on a real Slurm, beside one array element per task and beside the local engine.

bench/run calls it, with a cluster up. One element per task is how most tools do it: each is a Python process that reads
its pickled call and writes its pickled result. It is measured with fewer elements and scaled, which is in its favour:
nothing of it gets slower with their number here.
"""
import argparse
import json
import os
import pickle
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ELEMENT = """#!/bin/sh
#SBATCH --array=0-{last} --output=/dev/null --time=10
exec {python} -c 'import pickle, sys
f, x = pickle.load(open("{folder}/call", "rb"))
pickle.dump(f(x), open("{folder}/new." + sys.argv[1], "wb"))
import os; os.rename("{folder}/new." + sys.argv[1], "{folder}/result." + sys.argv[1])' "$SLURM_ARRAY_TASK_ID"
"""


ELEMENTS = 2  # one for each node


def trivial(x):
    return x


def seconds(call):
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def report(figure, value, unit, **more):
    print(json.dumps({"figure": "Slurm, Python: " + figure, "value": value, "unit": unit, **more}), flush=True)


def as_job(context, tasks):
    import errand

    def run():
        if errand.submit(trivial, fan_out={"x": range(tasks)}, context=context).results() != list(range(tasks)):
            sys.exit("results are missing")
    return seconds(run)


def as_elements(home, tasks):
    """Submission to the last result, one element per task."""
    folder = tempfile.mkdtemp(dir=home)
    with open(folder + "/call", "wb") as file:
        pickle.dump((abs, 1), file)
    script = ELEMENT.format(last=tasks - 1, python=sys.executable, folder=folder)

    def run():
        subprocess.run(["sbatch", "--parsable"], input=script, text=True, check=True, stdout=subprocess.DEVNULL)
        while sum(name.startswith("result.") for name in os.listdir(folder)) < tasks:
            time.sleep(0.1)
    return seconds(run)


def latency(home, times):
    """What Slurm itself takes for an array of as many elements as the job has, each a bare interpreter."""
    return statistics.median(as_elements(home, ELEMENTS) for _ in range(times))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share-dir", required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    home = tempfile.mkdtemp(prefix="bench-", dir=options.share_dir)
    os.environ.update(ERRAND_SHARE_DIR=home + "/share", XDG_STATE_HOME=home + "/state",
                      XDG_CONFIG_HOME=home + "/config")
    import errand

    tasks, elements, times = (200, 4, 1) if options.quick else (10_000, 200, 5)
    local = errand.RxLocalParallel(cores=ELEMENTS)
    cluster = errand.RxSlurm(cores=ELEMENTS, time=10)
    as_job(local, 10)
    own = statistics.median(as_job(local, tasks) for _ in range(times))
    of_slurm = latency(home, times)
    value = statistics.median(as_job(cluster, tasks) for _ in range(times))
    each = as_elements(home, elements) / elements * tasks
    what = f"{tasks:,} trivial tasks"
    report(f"{what}, submit to results", value, "s", floor=own + of_slurm,
           floor_name="the local engine + an array of 2 interpreters",
           target="<= 1.5 x local + the scheduler's latency", met=value <= 1.5 * own + of_slurm)
    report(f"{what}, times faster than one element per task", each / value, "x", target=">= 20 x",
           met=each / value >= 20)
    report(f"{what}, one element per task, scaled from {elements}", each, "s")
    shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
