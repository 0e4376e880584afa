#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rx_import of a million rows by a task next to them, beside libpq's binary COPY of the same in the same task.

bench/run calls it, with a launchpad up. ERRAND_DATABASE names the folder of tests/database/place-up, BENCH_PROGRAMS
that of bench/measure_data_source.
"""
import argparse
import json
import os
import shutil
import subprocess
from pathlib import Path

MILLION = "select a, b, c from errand_bench_million"


def seconds_of_import_and_copy(query, program):
    """In the task, in turn, as its submitter and by the connection that the launchpad gives it; the medians."""
    import statistics
    import subprocess
    import time

    from errand import RxSqlServerData, rx_import

    imported, copied = [], []
    for _ in range(7):
        begin = time.perf_counter()
        frame = rx_import(RxSqlServerData(sql_query=query))
        imported.append(time.perf_counter() - begin)
        # The median of as many COPYs.
        copied.append(float(subprocess.run([program, "--floor", query], capture_output=True, text=True,
                                           check=True).stdout))
    return statistics.median(imported), statistics.median(copied), len(frame)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share-dir")
    parser.add_argument("--quick", action="store_true")
    quick = ["--quick"] if parser.parse_args().quick else []
    import errand

    program = Path(os.environ["BENCH_PROGRAMS"]) / "measure_data_source"
    rows = subprocess.run([program, "--make", *quick], capture_output=True, text=True, check=True).stdout.strip()
    home = Path(os.environ["ERRAND_DATABASE"])
    # The tasks' user may not be able to enter the build folder.
    within_reach = shutil.copy(program, home / "measure_data_source")
    context = errand.InDatabase((home / "alice.uri").read_text().strip(), wait=False)
    job = errand.submit(seconds_of_import_and_copy, {"query": MILLION, "program": str(within_reach)}, context=context)
    (value, floor, count), = job.results()
    if count != (1000 if quick else 1_000_000):
        raise SystemExit("rows are missing")
    print(json.dumps({"figure": f"database, Python: rx_import of 1,000,000 rows x 3 columns ({rows}) in a task",
                      "value": value, "unit": "s", "floor": floor,
                      "floor_name": "libpq's binary COPY of the same in the same task, thrown away",
                      "target": "<= 1.5 x floor", "met": value <= 1.5 * floor}))


if __name__ == "__main__":
    main()
