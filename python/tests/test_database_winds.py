# SPDX-License-Identifier: Apache-2.0
"""Real data, 1,387,584 rows of monthly winds, read next to where they lie; and how many tasks read at once."""
import subprocess
from pathlib import Path

import pytest
from database_place import FOLDER, Launchpad, uri, workers_can_run_python

from errand import RxInSqlServer, RxSqlServerData, rx_exec, rx_import

pytestmark = pytest.mark.skipif(FOLDER is None, reason="no database: see tests/database/place-up")
pytest.importorskip("pandas")

LOAD = Path(__file__).resolve().parents[2] / "tests" / "database" / "load-winds"
TABLE = "winds_in_python"
ROWS = 132 * 73 * 144
# Counted and averaged from the file itself, without a database: m/s to the east at a latitude.
ZONAL_MEANS = {-50: 8.648331, 0: -1.394435, 20: -3.301237, 50: 2.062776}


@pytest.fixture(scope="module")
def winds():
    loaded = subprocess.run([LOAD, FOLDER, TABLE], capture_output=True, text=True, check=False)
    if loaded.returncode == 3:
        pytest.skip(loaded.stderr.strip())
    assert loaded.returncode == 0, loaded.stderr


@pytest.fixture(scope="module")
def launchpad():
    if not workers_can_run_python():
        pytest.skip("the user errand-w1 cannot run this interpreter")
    pad = Launchpad(workers=4, identities=1)
    try:
        pad.start()
        yield pad
    finally:
        pad.remove()


def test_the_winds_next_to_the_data(winds, launchpad):
    def zonal_means(source, latitudes):
        from errand import rx_import

        frame = rx_import(source)
        means = frame.astype("float64").groupby("latitude")["zonal"].mean()
        return len(frame), [float(means[latitude]) for latitude in latitudes]

    source = RxSqlServerData(sql_query=f"select latitude, zonal from {TABLE}")
    (rows, means), = rx_exec(zonal_means, source=source, latitudes=[list(ZONAL_MEANS)],
                             compute_context=RxInSqlServer(uri(), num_tasks=1))
    assert rows == ROWS
    assert means == pytest.approx(list(ZONAL_MEANS.values()), abs=1e-4)


def test_the_winds_in_the_client(winds):
    frame = rx_import(RxSqlServerData(uri(), table=TABLE))
    assert len(frame) == ROWS
    assert [str(dtype) for dtype in frame.dtypes[1:]] == ["float32"] * 4
    assert not frame.isna().any().any()
    assert (frame["month"].min().year, frame["month"].max().year) == (1982, 1992)


def test_num_tasks_is_how_many_run_at_once(launchpad):
    """Each ends when as many have begun as are to run at once, and stays a while yet: one too many would be seen."""
    def note(number, log, wanted):
        import time

        def add(sign):
            with open(log, "a", encoding="ascii") as file:
                file.write(sign)

        add("+")
        for _ in range(3000):
            if open(log, encoding="ascii").read().count("+") >= wanted:
                break
            time.sleep(0.01)
        time.sleep(0.1)
        add("-")
        return number

    for wanted in (1, 3):
        log = launchpad.folder / f"log{wanted}"
        log.touch()
        log.chmod(0o666)
        assert rx_exec(note, number=list(range(6)), log=str(log), wanted=wanted,
                       compute_context=RxInSqlServer(uri(), num_tasks=wanted)) == list(range(6))
        running = [0]
        for sign in log.read_text():
            running.append(running[-1] + (1 if sign == "+" else -1))
        assert max(running) == wanted
