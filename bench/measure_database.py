#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Python functions as jobs in a database, over TCP: one, and 100,000. bench/run calls it, with a launchpad up.

ERRAND_DATABASE names the folder of tests/database/place-up, BENCH_PROGRAMS that of bench/measure_database, which knows
what the same costs by plain tables.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path


def trivial(x):
    return x


def floor_of(what, quick):
    """Seconds of plain tables."""
    program = Path(os.environ["BENCH_PROGRAMS"]) / "measure_database"
    words = [program, "--floor", what, *(["--quick"] if quick else [])]
    return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share-dir")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    import errand

    uri = (Path(os.environ["ERRAND_DATABASE"]) / "alice.uri").read_text().strip()
    context = errand.InDatabase(uri, wait=False)

    def once():
        begin = time.perf_counter()
        if errand.submit(trivial, {"x": 1}, context=context).results() != [1]:
            sys.exit("a wrong result")
        return time.perf_counter() - begin

    def many(tasks):
        begin = time.perf_counter()
        if errand.submit(trivial, fan_out={"x": range(tasks)}, context=context).results() != list(range(tasks)):
            sys.exit("results are missing")
        return tasks / (time.perf_counter() - begin)

    for _ in range(5):
        once()
    value = statistics.median(once() for _ in range(5 if options.quick else 200)) * 1e3
    print(json.dumps({"figure": "database, Python: round trip, warm launchpad", "value": value, "unit": "ms",
                      "floor": floor_of("protocol", options.quick) * 1e3,
                      "floor_name": "submitted, claimed, done and read by plain tables",
                      "target": "<= 10 ms", "met": value <= 10}), flush=True)
    tasks = 1000 if options.quick else 100_000
    rate = statistics.median(many(tasks) for _ in range(1 if options.quick else 5))
    print(json.dumps({"figure": "database, Python: 100,000 trivial tasks, submit to results", "value": rate,
                      "unit": "tasks/s", "floor": tasks / floor_of(str(tasks), options.quick),
                      "floor_name": "a row of 32 bytes a task for each 10,000, inserted and read",
                      "target": ">= 100,000 tasks/s", "met": rate >= 100_000}), flush=True)


if __name__ == "__main__":
    main()
