#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rows of a database read into DataFrames, beside libpq's binary COPY of the same. bench/run calls it.

ERRAND_DATABASE names the folder of a server that has bench/measure_data_source's table; BENCH_PROGRAMS that program's.
"""
import argparse
import json
import os
import statistics
import subprocess
import time
from pathlib import Path

RUNS = 7
MILLION = "select a, b, c from errand_bench_million"


def floor_of(query):
    """Seconds of the COPY alone."""
    program = Path(os.environ["BENCH_PROGRAMS"]) / "measure_data_source"
    return float(subprocess.run([program, "--floor", query], capture_output=True, text=True, check=True).stdout)


def seconds_of(source):
    import errand

    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        errand.rx_import(source)
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share-dir")
    parser.add_argument("--quick", action="store_true")
    quick = ["--quick"] if parser.parse_args().quick else []
    import errand

    uri = (Path(os.environ["ERRAND_DATABASE"]) / "administrator.uri").read_text().strip()
    program = Path(os.environ["BENCH_PROGRAMS"]) / "measure_data_source"
    subprocess.run([program, *quick], stdout=subprocess.DEVNULL, check=True)  # makes the table
    value = seconds_of(errand.RxSqlServerData(uri, sql_query=MILLION))
    floor = floor_of(MILLION)
    print(json.dumps({"figure": "rx_import of 1,000,000 rows x 3 columns", "value": value, "unit": "s", "floor": floor,
                      "floor_name": "libpq's binary COPY of the same, thrown away", "target": "<= 1.5 x floor",
                      "met": value <= 1.5 * floor}))


if __name__ == "__main__":
    main()
