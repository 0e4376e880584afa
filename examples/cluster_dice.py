# SPDX-License-Identifier: Apache-2.0
"""cluster_dice.R in Python: the same arguments in snake_case.

    python cluster_dice.py SHARE_DIR             submits, waits, prints how the games went
    python cluster_dice.py SHARE_DIR submit      submits and prints the job's id
    python cluster_dice.py SHARE_DIR fetch ID    at any later time, a job of any language
"""
import os
import sys
import time

from errand import RxHpcServer, RxRemoteJobStatus, rx_exec, rx_get_job_results, rx_get_job_status, rx_set_compute_context


def play_dice():
    import random

    point = None
    while True:
        roll = random.randint(1, 6) + random.randint(1, 6)
        if point is None and roll in (7, 11) or roll == point:
            return "Win"
        if point is None and roll in (2, 3, 12) or point is not None and roll == 7:
            return "Loss"
        point = point or roll


share_dir = sys.argv[1]
rx_set_compute_context(RxHpcServer(
    head_node="cluster-head",
    share_dir=share_dir,
    working_dir=os.path.dirname(share_dir),
    wait=False,
))
if sys.argv[2:3] == ["fetch"]:
    job = sys.argv[3]
else:
    job = rx_exec(play_dice, times_to_run=100, task_chunk_size=25)
if sys.argv[2:] == ["submit"]:
    print(job.id)
else:
    while rx_get_job_status(job) in (RxRemoteJobStatus.QUEUED, RxRemoteJobStatus.RUNNING):
        time.sleep(0.2)
    games = rx_get_job_results(job)
    print(f"{games.count('Loss')} lost, {games.count('Win')} won of {len(games)}")
