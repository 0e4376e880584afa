# SPDX-License-Identifier: Apache-2.0
"""Data sources, and jobs in the database, on the real server that ERRAND_DATABASE names (tests/database/place-up)."""
import os
from pathlib import Path

import pytest
from database_place import FOLDER, Launchpad, uri, workers_can_run_python

import errand
from errand import RxSqlServerData, rx_data_step, rx_exec, rx_get_info, rx_get_var_info, rx_import
from errand.data_frames import frame_of

pytestmark = pytest.mark.skipif(FOLDER is None, reason="no database: see tests/database/place-up")
pandas = pytest.importorskip("pandas")
numpy = pytest.importorskip("numpy")


def query(text, **settings):
    return RxSqlServerData(uri(), sql_query=text, **settings)


def test_every_type_has_its_dtype():
    frame = rx_import(query(
        "select true as b, 1::int2 as i2, 2 as i4, 3::int8 as i8, 1.5::float4 as f4, 2.5::float8 as f8, 0.1 as n, "
        "'Ä' as t, 'c'::char(4) as c, '\\x01'::bytea as raw, date '2013-01-02' as d, "
        "timestamp '2013-01-02 03:04:05.5' as ts, timestamptz '2013-01-02 03:04:05+01' as tz"))
    assert [str(dtype) for dtype in frame.dtypes][:7] == [
        "bool", "int16", "int32", "int64", "float32", "float64", "float64"]
    row = frame.iloc[0]
    assert (row["t"], row["c"], row["raw"]) == ("Ä", "c", b"\x01")
    assert row["d"] == pandas.Timestamp("2013-01-02")
    assert row["ts"] == pandas.Timestamp("2013-01-02 03:04:05.5")
    assert row["tz"] == pandas.Timestamp("2013-01-02 02:04:05", tz="UTC")
    assert row["n"] == 0.1


def test_missing_values():
    frame = rx_import(query("select nullif(i, 2) as i, nullif(i = 1, false) as b, nullif(i::text, '2') as t, "
                            "nullif(date '2020-01-01' + i, date '2020-01-03') as d from generate_series(1, 2) i"))
    assert frame["i"].tolist()[0] == 1 and numpy.isnan(frame["i"][1])
    assert frame["b"].tolist() == [True, None]
    assert frame["t"][0] == "1" and frame["t"].isna().tolist() == [False, True]
    assert frame["d"].isna().tolist() == [False, True]


def test_the_numbers_are_writable_and_are_not_copied(monkeypatch):
    taken = {}

    def keeping_what_was_read(columns, source=None):
        columns = list(columns)
        taken.update((name, numpy.frombuffer(values, numpy.uint8)) for name, _, values, _, _ in columns)
        return frame_of(columns, source)

    monkeypatch.setattr("errand.data_steps.frame_of", keeping_what_was_read)
    frame = rx_import(query("select i, i::float8 as f, i::int8 as l from generate_series(1, 1000) i"))
    assert sorted(taken) == ["f", "i", "l"]
    for name, bytes_read in taken.items():
        assert numpy.shares_memory(frame[name].to_numpy(), bytes_read), name
    frame.loc[0, "i"] = 7
    assert frame["i"].sum() == 500500 + 6


def test_column_info():
    source = query("select i, i::text as t, 'x' || i % 3 as f, i % 2 as k from generate_series(0, 5) i",
                   string_as_factors=True, column_classes={"i": "numeric", "t": "character"},
                   column_info={"f": {"type": "factor", "newName": "g", "levels": ["x2", "x0"],
                                      "newLevels": ["two", "none"], "description": "what"},
                                "k": {"type": "factorIndex", "levels": ["even", "odd"]}, "i": {"low": 0, "high": 9}})
    frame = rx_import(source)
    assert frame["i"].dtype == "float64" and frame["t"].tolist() == list("012345")
    assert frame["g"].cat.categories.tolist() == ["two", "none"]
    assert frame["g"].cat.codes.tolist() == [1, -1, 0, 1, -1, 0]
    assert frame["k"].tolist() == ["even", "odd"] * 3
    info = rx_get_var_info(source)
    assert info["g"]["levels"] == ["two", "none"] and info["g"]["description"] == "what"
    assert (info["i"]["low"], info["i"]["high"], info["i"]["varType"]) == (0, 9, "numeric")


def test_a_step_by_blocks():
    sizes = []

    def label(data, limit):
        sizes.append(len(data))
        data["late"] = (data["i"] > limit) & (data["helper"] > 0)
        return data

    source = query("select i, i % 5 as helper, i * 2 as other, ('l' || i / 1000)::text as level "
                   "from generate_series(1, 2500) i order by i",
                   rows_per_read=1000, column_info={"level": {"type": "factor"}})
    frame = rx_data_step(source, vars_to_keep=["i", "level"], transform_variables=["helper"],
                         transform_function=label, transform_objects={"limit": 100})
    assert sizes == [1000, 1000, 500]
    assert list(frame.columns) == ["i", "level", "late"]
    assert frame["i"].tolist() == list(range(1, 2501))
    assert frame["level"].tolist() == [f"l{i // 1000}" for i in range(1, 2501)]
    assert frame["level"].cat.categories.tolist() == ["l0", "l1", "l2"]


def test_rows_and_selections(capsys):
    source = query("select i from generate_series(1, 100) i order by i")
    assert rx_data_step(source, start_row=11, number_rows_read=2)["i"].tolist() == [11, 12]
    assert rx_import(source, row_selection="i > 98", report_progress=1)["i"].tolist() == [99, 100]
    assert "Rows read: 100" in capsys.readouterr().out
    with pytest.warns(errand.ErrandWarning, match="first 10 rows"):
        assert len(rx_import(source, max_rows_by_columns=10)) == 10
    total = {"sum": 0}

    def add(data, sum):
        total["sum"] += int(data["i"].sum())

    assert rx_data_step(source, transform_function=add, transform_objects=total, return_transform_objects=True) == \
        {"sum": 5050}


def test_a_result_that_is_too_large_is_cut():
    blocks = []

    def twice(data):
        blocks.append(len(data))
        data["twice"] = 2 * data["i"]
        return data

    source = query("select i from generate_series(1, 1000) i order by i", rows_per_read=100)
    with pytest.warns(errand.ErrandWarning, match="first 150 rows") as warned:
        frame = rx_data_step(source, transform_function=twice, max_rows_by_cols=301)
    assert frame["twice"].tolist() == list(range(2, 302, 2)) and blocks == [100, 100]
    assert warned[0].filename == __file__
    for call, limit in ((rx_data_step, "max_rows_by_cols"), (rx_import, "max_rows_by_columns")):
        with pytest.warns(errand.ErrandWarning, match="first 10 rows"):
            assert call(source, row_selection="i > 550", **{limit: 10})["i"].tolist() == list(range(551, 561))


def test_a_result_that_fits_is_not_cut(recwarn):
    source = query("select i from generate_series(1, 1000) i order by i", rows_per_read=100)
    for limit in (1000, -1, None):
        assert rx_data_step(source, max_rows_by_cols=limit)["i"].tolist() == list(range(1, 1001))
    assert rx_data_step(source, row_selection="i > 990", max_rows_by_cols=10)["i"].tolist() == list(range(991, 1001))
    assert len(rx_get_info(source, num_rows=1000).data) == 1000
    rows = []
    rx_data_step(source, transform_function=lambda data, rows: rows.append(len(data)),
                 transform_objects={"rows": rows}, return_transform_objects=True, max_rows_by_cols=1)
    assert sum(rows) == 1000
    assert list(rx_data_step(query("select 1 as a, 'x' as b where false")).columns) == ["a", "b"]
    assert not recwarn.list


def test_a_failing_transform_fails_the_step():
    def fail(data):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        rx_import(query("select 1 as a"), transform_function=fail)


def test_information():
    source = query("select i, 'a' as t from generate_series(1, 10) i")
    info = rx_get_info(source, get_var_info=True, num_rows=3, compute_info=True)
    assert (info.num_rows, info.num_vars, info.data["i"].tolist()) == (10, 2, [1, 2, 3])
    assert (info["var_info"]["i"]["low"], info["var_info"]["i"]["high"]) == (1, 10)
    assert "Number of observations: 10" in str(info)


def test_refusals_have_the_servers_words():
    for source, words in [(query("select nothing"), "nothing"), (query("select '1 s'::interval as gap"), "interval"),
                          (RxSqlServerData(uri(), table="no.such"), "no.such")]:
        with pytest.raises(errand.ErrandError, match=words) as raised:
            rx_import(source)
        assert "alice-secret" not in str(raised.value)


def test_the_originals_example_of_a_source_as_an_argument(background):
    """In a local job the password does not travel; the sentence says so. With libpq's own it is read."""
    def rows(source):
        from errand import rx_import

        return len(rx_import(source))

    source = query("select * from generate_series(1, 50) i")
    failed = rx_exec(rows, source=source, compute_context=background)
    failed.wait()
    with pytest.raises(errand.ErrandError, match="does not travel"):
        failed.results()
    passfile = str(Path(FOLDER) / "alice.passfile")
    user, password = uri().split("//")[1].split("@")[0].split(":")
    with open(os.open(passfile, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"*:*:*:{user}:{password}\n")
    context = errand.RxComputeContext(background, environment=["PGPASSFILE=" + passfile])
    job = rx_exec(rows, source=source, compute_context=context)
    job.wait()
    assert job.results() == [50]


@pytest.fixture(scope="module")
def launchpad():
    if not workers_can_run_python():
        pytest.skip("the user errand-w1 cannot run this interpreter")
    pad = Launchpad()
    try:
        pad.start()
        yield pad
    finally:
        pad.remove()


def test_a_source_is_read_next_to_the_data(launchpad):
    def average(source, column):
        from errand import rx_import

        frame = rx_import(source)
        return float(frame[column].mean()), len(frame)

    context = errand.RxInSqlServer(uri(), num_tasks=2)
    source = query("select i::float8 as x from generate_series(1, 1000) i")
    assert rx_exec(average, source=source, column="x", compute_context=context) == [(500.5, 1000)]


def test_modules_and_a_time_limit_in_the_database(launchpad):
    def nap(seconds):
        import sys
        import time

        time.sleep(seconds)
        return "colorsys" in sys.modules

    context = errand.RxInSqlServer(uri(), packages_to_load=["colorsys"], execution_timeout_seconds=5)
    with pytest.warns(errand.ErrandWarning, match="limit"):
        loaded, stopped = rx_exec(nap, seconds=[0, 300], compute_context=context)
    assert loaded is True and stopped.cause == "time_limit"


@pytest.mark.parametrize("role", ["alice", "bob"])
def test_a_task_is_its_submitter(launchpad, role):
    if role == "bob" and os.geteuid() != 0:
        pytest.skip("a launchpad that is not root's serves one role")

    def who(password_of):
        import os

        from errand import RxSqlServerData, rx_import

        user = rx_import(RxSqlServerData(sql_query="select current_user::text as u"))["u"][0]
        return user, any(password_of in value for value in os.environ.values())

    found = rx_exec(who, password_of=role + "-sec", compute_context=errand.RxInSqlServer(uri(role)))
    assert found == [(role, False)]
