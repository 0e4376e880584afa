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
import random
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


def out_of_step():
    """Slurm looks at its queue about once a second, and jobs one right after the other fall into step with that."""
    time.sleep(random.uniform(0, 1))


def in_turn(context, home, tasks, times):
    """A job; and what Slurm itself takes for an array that asks for the same, each element a bare interpreter."""
    jobs, arrays = [], []
    for _ in range(times):
        out_of_step()
        jobs.append(as_job(context, tasks))
        out_of_step()
        arrays.append(as_elements(home, ELEMENTS))
    return statistics.median(jobs), statistics.median(arrays)


def on_this_machine(errand, home, tasks, times):
    """The same job here: where nothing of errand is up yet, as on a node; and with an agent and warm interpreters."""
    cold = statistics.median(as_job(errand.RxLocalParallel(cores=ELEMENTS, share_dir=f"{home}/cold.{i}"), tasks)
                             for i in range(times))
    warm = errand.RxLocalParallel(cores=ELEMENTS)
    as_job(warm, 10)
    return cold, statistics.median(as_job(warm, tasks) for _ in range(times))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share-dir", required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    home = tempfile.mkdtemp(prefix="bench-", dir=options.share_dir)
    os.environ.update(ERRAND_SHARE_DIR=home + "/share", XDG_STATE_HOME=home + "/state",
                      XDG_CONFIG_HOME=home + "/config")
    import errand

    tasks, elements, times = (200, 4, 1) if options.quick else (10_000, 200, 25)
    os.environ["ERRAND_AGENT_IDLE"] = "5"
    cold, warm = on_this_machine(errand, home, tasks, 1 if options.quick else 5)
    cluster = errand.RxSlurm(cores=ELEMENTS, time=10)
    value, of_slurm = in_turn(cluster, home, tasks, times)
    each = as_elements(home, elements) / elements * tasks
    what = f"{tasks:,} trivial tasks"
    report(f"{what}, submit to results", value, "s", floor=cold + of_slurm,
           floor_name="the local engine, nothing up yet + an array of 2 interpreters",
           target="<= 1.5 x local + the scheduler's latency", met=value <= 1.5 * cold + of_slurm)
    report(f"{what}, the local engine, nothing up yet", cold, "s")
    report(f"{what}, the local engine, warm", warm, "s")
    report("an array of 2 interpreters", of_slurm, "s")
    report(f"{what}, times faster than one element per task", each / value, "x", target=">= 20 x",
           met=each / value >= 20)
    report(f"{what}, one element per task, scaled from {elements}", each, "s")
    shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
