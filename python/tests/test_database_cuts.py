# SPDX-License-Identifier: Apache-2.0
"""The connection of a client in Python is cut at every message of a story: nothing is lost, and what failed says so."""
import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from database_place import FOLDER, Launchpad, eventually, uri, workers_can_run_python

import errand

PROGRAMS = os.environ.get("ERRAND_TEST_PROGRAMS")  # of the C++ build
pytestmark = [pytest.mark.skipif(FOLDER is None, reason="no database: see tests/database/place-up"),
              pytest.mark.skipif(PROGRAMS is None, reason="ERRAND_TEST_PROGRAMS names no folder with cutting_proxy")]


@pytest.fixture(scope="module")
def launchpad():
    if not workers_can_run_python():
        pytest.skip("the user errand-w1 cannot run this interpreter")
    pad = Launchpad(workers=1, identities=1)
    pad.start()
    yield
    pad.remove()


class Way:
    """A way to the server on which one message is cut (tests/programs/cutting_proxy.cc)."""

    def __init__(self, folder):
        host, _, rest = uri("administrator").rpartition("@")[2].partition(":")
        socket = ".s.PGSQL." + rest.partition("/")[0]
        self.server = Path(unquote(host), socket)
        self.socket = Path(folder, socket)
        self.mark = Path(folder, "cut")
        self.uri = f"{uri().rpartition('@')[0]}@{quote(folder, safe='')}:{rest}"


@contextmanager
def cut(where, number):
    with tempfile.TemporaryDirectory(prefix="errand-cut-") as folder:
        way = Way(folder)
        words = [f"{PROGRAMS}/cutting_proxy", way.socket, way.server, where, str(number), way.mark]
        with subprocess.Popen(words, stdin=subprocess.PIPE) as proxy:
            try:
                assert eventually(way.socket.exists)
                yield way
            finally:
                proxy.kill()


def patiently(verb, *arguments, **named):
    """What a client does whose connection could not be made: it asks again."""
    try:
        return verb(*arguments, **named)
    except errand.ErrandError as error:
        assert error.transient and "no connection to" in str(error)
        return verb(*arguments, **named)


def story(context):
    job = patiently(errand.rx_exec, lambda x: 10 * x, x=[1, 2], compute_context=context)
    patiently(errand.rx_wait_for_job, job)
    assert patiently(errand.rx_get_job_status, job) == errand.RxRemoteJobStatus.FINISHED
    assert job.id in patiently(errand.rx_get_jobs, context, verbose=False).ids
    assert patiently(errand.rx_get_job_results, job) == [10, 20]
    patiently(errand.rx_cleanup_jobs, job, force=True, verbose=False)
    assert patiently(errand.rx_get_job_status, job) == errand.RxRemoteJobStatus.UNDETERMINED


@pytest.mark.parametrize("where", ["before", "behind", "half"])
def test_a_story_ends_well_whatever_message_is_cut(launchpad, where):
    number, has_cut = 1, True
    while has_cut:
        with cut(where, number) as way:
            story(errand.InDatabase(way.uri, wait=False, auto_cleanup=False))
            has_cut = way.mark.exists()
            number += has_cut
    assert number > 20
    # Of submissions whose answer never came.
    context = errand.InDatabase(uri())
    errand.rx_cleanup_jobs(errand.rx_get_jobs(context, verbose=False), force=True, verbose=False)
