# SPDX-License-Identifier: Apache-2.0
"""Data sources and the context in the database as values: what needs no server."""
import inspect
import pickle
import warnings

import pytest

import errand

ODBC = "Driver={PostgreSQL Unicode};Server=db,5433;Database=air;UID=ada;PWD={hun;ter2}"


@pytest.mark.parametrize("make", [
    lambda: errand.RxSqlServerData(ODBC, table="flights"),
    lambda: errand.RxOdbcData(ODBC, sql_query="select 1"),
    lambda: errand.RxInSqlServer(ODBC, num_tasks=3),
    lambda: errand.RxInSqlServer("postgresql://ada@db:5433/air", password="hunter2"),
])
def test_a_password_is_in_nothing_that_can_be_written(make):
    value = make()
    again = pickle.loads(pickle.dumps(value))
    for text in (repr(value), repr(again), str(vars(value)), repr(pickle.dumps(value))):
        assert "ter2" not in text
    assert value.connection_string == again.connection_string == "postgresql://ada@db:5433/air"


def test_a_password_that_came_by_another_way_is_not_written_either():
    for place in ("postgresql://ada:hunter2@db/air?sslmode=require", "host=db dbname=air user=ada password=hunter2",
                  "Server=db;Database=air;UID=ada;PWD=hunter2"):
        job = errand.Job("rxJob_0123456789abcdefghjkmnpqrs", place)
        assert job.place == "postgresql://ada@db/air"
        context = errand.RxLocalParallel(share_dir=place)
        for value in (job, context):
            assert "ter2" not in repr(vars(value)) and b"ter2" not in pickle.dumps(value)
    for unreadable in ("postgresql://ada:hun@ter2@db/air", "Server=db;PWD={hunter2"):
        for make in (lambda: errand.Job("rxJob_0123456789abcdefghjkmnpqrs", unreadable),
                     lambda: errand.RxLocalParallel(share_dir=unreadable), lambda: errand.RxComputeContext(unreadable)):
            with pytest.raises(errand.ErrandError) as refused:
                make()
            assert "ter2" not in str(refused.value)


def test_a_password_that_is_assigned_later_is_not_written_either():
    source = errand.RxSqlServerData(table="flights")
    source.connection_string = ODBC
    again = pickle.loads(pickle.dumps(source))
    for text in (repr(source), str(vars(source)), repr(pickle.dumps(source)), repr(again)):
        assert "ter2" not in text
    assert source.connection_string == again.connection_string == "postgresql://ada@db:5433/air"
    for refused in ("Server=db;PWD={hunter2", 5):
        with pytest.raises(errand.ErrandError) as raised:
            source.connection_string = refused
        assert "ter2" not in str(raised.value) and source.connection_string == again.connection_string
    source.connection_string = None
    assert source.connection_string == ""


def test_the_options_of_a_connection_travel_with_the_context():
    context = errand.RxInSqlServer("Server=db;Database=air;UID=ada;PWD=hunter2;Encrypt=yes")
    again = pickle.loads(pickle.dumps(context))
    assert context.connection_string == again.connection_string == "postgresql://ada@db/air?sslmode=verify-full"


def test_a_context_of_another_kind_becomes_one_in_the_database():
    local = errand.RxLocalParallel(wait=False, cores=3, share_dir="/scratch/jobs")
    for context in (errand.RxInSqlServer(local), errand.RxInSqlServer(local, connection_string="postgresql://")):
        assert (context.engine, context.connection_string) == ("database", "postgresql:///")
        assert (context.wait, context.num_tasks) == (False, 3)
    context = errand.RxInSqlServer(local, server="db", user="ada", num_tasks=2)
    assert (context.engine, context.connection_string, context.num_tasks) == ("database", "postgresql://ada@db/", 2)
    named = errand.RxInSqlServer(errand.RxLocalSeq(share_dir="postgresql://ada@db/air"))
    assert (named.engine, named.sequential, named.connection_string) == ("database", False, "postgresql://ada@db/air")
    assert local.engine == "local"


def test_the_originals_signatures():
    context = inspect.signature(errand.RxInSqlServer).parameters
    assert list(context)[:7] == ["connection_string", "num_tasks", "auto_cleanup", "console_output",
                                 "execution_timeout_seconds", "wait", "packages_to_load"]
    assert context["num_tasks"].default == 1
    source = inspect.signature(errand.RxSqlServerData).parameters
    assert list(source)[:9] == ["connection_string", "table", "sql_query", "row_buffering", "return_data_frame",
                                "string_as_factors", "column_classes", "column_info", "rows_per_read"]
    assert source["rows_per_read"].default == 50000
    assert inspect.signature(errand.RxOdbcData).parameters["rows_per_read"].default == 500000


def test_the_context_and_its_names():
    context = errand.RxInSqlServer(ODBC, 4, False, True, 60, False, ["numpy"])
    assert (context.engine, context.num_tasks, context.wait) == ("database", 4, False)
    assert (context.auto_cleanup, context.console_output, context.packages_to_load) == (False, True, ["numpy"])
    assert context.execution_timeout_seconds == 60
    assert errand.InDatabase is errand.RxInSqlServer
    for name in ("RxInSqlServer", "sqlserver", "InDatabase"):
        same = errand.RxComputeContext(name, connection_string=ODBC, num_tasks=4)
        assert (type(same), same.num_tasks) == (errand.RxInSqlServer, 4)
    context.num_tasks = 4
    changed = errand.RxComputeContext(context, num_tasks=2, wait=True)
    assert (changed.num_tasks, changed.wait, changed.connection_string) == (2, True, context.connection_string)
    errand.rx_set_compute_context(context)
    assert isinstance(errand.rx_get_compute_context(), errand.RxInSqlServer)


def test_share_dir_is_said_to_be_without_use():
    with pytest.warns(errand.ErrandWarning, match="share_dir"):
        errand.RxInSqlServer(ODBC, share_dir="C:\\AllShare")


def test_connection_strings_are_refused_with_a_sentence():
    for text, words in [("Server=a\\b;Database=x", "instance"), ("postgresql://a,b/x", "several servers"),
                        ("Server=h;PWD={x", "brace"), ("Driver=FreeTDS;Server=h", "SQL Server")]:
        with pytest.raises(errand.ErrandError, match=words):
            errand.RxSqlServerData(text, table="t")


@pytest.mark.parametrize("arguments, words", [
    ({}, "table or an sql_query"),
    ({"table": "a", "sql_query": "b"}, "table or an sql_query"),
    ({"table": "a", "rows_per_read": 0}, "rows_per_read"),
    ({"table": "a", "column_info": {"x": {"type": "complex"}}}, "complex"),
    ({"table": "a", "column_info": {"x": {"width": 3}}}, "width"),
    ({"table": "a", "column_classes": {"x": "y"}}, "cannot be of type"),
    ({"table": "a", "nonsense": 1}, "nonsense"),
])
def test_what_a_source_cannot_be(arguments, words):
    with pytest.raises(errand.ErrandError, match=words):
        errand.RxSqlServerData(ODBC, **arguments)


def test_a_step_on_a_data_frame():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2, 3], "b": [4.0, None, 6.0]})

    def twice(data, factor):
        data["c"] = data["a"] * factor
        return data

    step = errand.rx_data_step(frame, transform_function=twice, transform_objects={"factor": 2},
                               row_selection="a > 1", remove_missings=True)
    assert step.to_dict("list") == {"a": [3], "b": [6.0], "c": [6]}
    assert list(frame.columns) == ["a", "b"]
    assert errand.rx_import(frame, vars_to_drop="b", number_rows=2)["a"].tolist() == [1, 2]
    info = errand.rx_get_info(frame, get_var_info=True, compute_info=True)
    assert (info.num_rows, info.num_vars) == (3, 2)
    assert str(info["var_info"]).startswith("Var 1: a, Type: integer, Storage: int64, Low/High: (1.0000, 3.0000)")


def test_data_files_are_refused_with_a_sentence():
    for call in (errand.rx_import, errand.rx_data_step):
        with pytest.raises(errand.ArgumentError, match="data files"):
            call("claims.xdf")
        with pytest.raises(errand.ArgumentError, match="output_file"):
            call(errand.RxSqlServerData(ODBC, table="a"), "claims.xdf")


def test_a_source_without_pandas_needs_none():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert errand.RxSqlServerData(table="t").connection_string == ""
