# SPDX-License-Identifier: Apache-2.0
"""Tables and queries of a database as values: they say what to read, and are read where they are used."""
from typing import Any, Dict, Iterable, List, Optional, Union

from ._native import core
from .errors import ArgumentError

# The originals' names of types, and the core's.
_TYPES = {
    "bool": "boolean", "boolean": "boolean", "logical": "boolean",
    "int16": "int16", "uint16": "int32", "integer": "int32", "int": "int32", "int32": "int32", "int64": "int64",
    "float32": "float32", "numeric": "float64", "float": "float64", "float64": "float64", "double": "float64",
    "character": "text", "string": "text", "str": "text", "raw": "bytes", "bytes": "bytes",
    "date": "date", "posixct": "timestamp_tz", "datetime": "timestamp",
    "factor": "factor", "ordered": "factor", "factorindex": "factor",
}
_INFORMATION = {
    "type": "type", "newname": "new_name", "new_name": "new_name", "description": "description",
    "levels": "levels", "newlevels": "new_levels", "new_levels": "new_levels", "low": "low", "high": "high",
}
_Names = Union[None, str, Iterable[str]]


class RxDataSource:
    """A table or a query of a database, and how its columns are wanted; use RxSqlServerData or RxOdbcData.

    A source is a value: nothing is read before rx_import, rx_data_step, rx_get_info or rx_get_var_info get it.
    It can be an argument of rx_exec, or used inside the function by its name: a task that runs in the same
    database (RxInSqlServer) reads it there, as its submitter. Its password stays in the process that made it:
    it is in no attribute, no representation, no pickle. A task that runs elsewhere connects without it, by
    what libpq finds there (~/.pgpass, PGSERVICEFILE, peer authentication).
    """

    _server: str = ""

    def __init__(self, connection_string: Optional[str], table: Optional[str], sql_query: Optional[str],
                 string_as_factors: bool, column_classes: Optional[Dict[str, str]],
                 column_info: Optional[Dict[str, Dict[str, Any]]], rows_per_read: int, server: Optional[str],
                 database_name: Optional[str], user: Optional[str], password: Optional[str]) -> None:
        if (table is None) == (sql_query is None):
            raise ArgumentError("a data source has a table or an sql_query, one of them")
        if isinstance(rows_per_read, bool) or not isinstance(rows_per_read, int) or rows_per_read < 1:
            raise ArgumentError(f"rows_per_read cannot be {rows_per_read!r}", "give a number of rows")
        self.__dict__["connection_string"] = _remember(connection_string, server, database_name, user, password)
        self.table = table
        self.sql_query = sql_query
        self.string_as_factors = bool(string_as_factors)
        self.column_classes = dict(column_classes or {})
        self.column_info = {name: _information(name, info) for name, info in (column_info or {}).items()}
        self.rows_per_read = rows_per_read
        self._requests()  # refuses what cannot be meant now, not in a task

    @property
    def connection_string(self) -> str:
        """The connection as a URI, without its password; "" is libpq's defaults. Another one may be assigned."""
        return str(self.__dict__["connection_string"])

    @connection_string.setter
    def connection_string(self, text: Optional[str]) -> None:
        self.__dict__["connection_string"] = _remember(text, None, None, None, None)

    def __repr__(self) -> str:
        what = f"table={self.table!r}" if self.table is not None else f"sql_query={self.sql_query!r}"
        return f"{type(self).__name__}({self.connection_string!r}, {what})"

    def _requests(self) -> List[Dict[str, Any]]:
        """What the core is asked for, column by column."""
        asked: Dict[str, Dict[str, Any]] = {
            name: {"type": type_name} for name, type_name in self.column_classes.items()}
        for name, info in self.column_info.items():
            asked[name] = {**asked.get(name, {}), **info}
        return [_request(name, info) for name, info in asked.items()]

    def _fields(self, keep: _Names = None, drop: _Names = None, skip: int = 0,
                most: Optional[int] = None) -> Dict[str, Any]:
        """The source as the core takes it."""
        kept, dropped = names_of(keep), names_of(drop)
        if kept and dropped:
            raise ArgumentError("vars_to_keep and vars_to_drop cannot be used together")
        wanted = [request for request in self._requests()
                  if (not kept or request["name"] in kept) and request["name"] not in dropped]
        return {"connection": self.connection_string, "table": self.table or "", "query": self.sql_query or "",
                "keep": kept, "drop": dropped, "columns": wanted, "text_as_factors": self.string_as_factors,
                "skip": skip, "most": most}

    def _changed(self, **fields: Any) -> "RxDataSource":
        """A copy with what is not None put in place."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        for name, value in fields.items():
            if value is None:
                continue
            if name == "column_info":
                value = {**self.column_info, **{column: _information(column, info) for column, info in value.items()}}
            if name == "column_classes":
                value = {**self.column_classes, **value}
            copy.__dict__[name] = value
        copy._requests()
        return copy


class RxSqlServerData(RxDataSource):
    """A table or query of a database, with revoscalepy's signature. The database is PostgreSQL.

    Args:
        connection_string: an ODBC string, a libpq URI or libpq's keywords; None is libpq's defaults, which
            lead a task in the database to that database.
        table: name or schema.name.
        sql_query: one statement that answers rows; instead of `table`.
        string_as_factors: text columns become categorical, their levels in the order of their coming.
        column_classes: types by column name: "bool", "integer", "float32", "numeric", "character", "factor",
            "ordered", "int16", "uint16", "Date", "POSIXct"; the server casts.
        column_info: by column name a dictionary of type, newName, description, levels, newLevels, low, high;
            wins over column_classes. A value that is none of the levels is missing.
        rows_per_read: rows of a block, what a transform function gets at once.
        server, database_name, user, password: win over the connection string.
        row_buffering, return_data_frame, verbose, use_fast_read, write_factors_as_indexes: of the original,
            kept and without effect.

    >>> from errand import RxSqlServerData
    >>> RxSqlServerData("Server=db;Database=air;UID=ada;PWD=secret", table="flights")
    RxSqlServerData('postgresql://ada@db/air', table='flights')
    """

    def __init__(self, connection_string: Optional[str] = None, table: Optional[str] = None,
                 sql_query: Optional[str] = None, row_buffering: bool = True, return_data_frame: bool = True,
                 string_as_factors: bool = False, column_classes: Optional[Dict[str, str]] = None,
                 column_info: Optional[Dict[str, Dict[str, Any]]] = None, rows_per_read: int = 50000,
                 verbose: bool = False, use_fast_read: bool = True, server: Optional[str] = None,
                 database_name: Optional[str] = None, user: Optional[str] = None, password: Optional[str] = None,
                 write_factors_as_indexes: bool = False, **kwargs: Any) -> None:
        refuse_unknown("RxSqlServerData", kwargs)
        super().__init__(connection_string, table, sql_query, string_as_factors, column_classes, column_info,
                         rows_per_read, server, database_name, user, password)
        self.row_buffering = row_buffering
        self.return_data_frame = return_data_frame
        self.verbose = verbose
        self.use_fast_read = use_fast_read
        self.write_factors_as_indexes = write_factors_as_indexes


class RxOdbcData(RxDataSource):
    """A table or query by an ODBC connection string that leads to PostgreSQL, with revoscalepy's signature.

    No ODBC driver is used: the string is read and the server asked directly. Arguments as RxSqlServerData's;
    dbms_name, use_fast_read, trim_space (columns of type char never keep blanks at their end), row_buffering,
    return_data_frame, verbose and write_factors_as_indexes are kept and without effect.
    """

    def __init__(self, connection_string: Optional[str] = None, table: Optional[str] = None,
                 sql_query: Optional[str] = None, dbms_name: Optional[str] = None,
                 database_name: Optional[str] = None, use_fast_read: bool = True, trim_space: bool = True,
                 row_buffering: bool = True, return_data_frame: bool = True, string_as_factors: bool = False,
                 column_classes: Optional[Dict[str, str]] = None,
                 column_info: Optional[Dict[str, Dict[str, Any]]] = None, rows_per_read: int = 500000,
                 verbose: int = 0, write_factors_as_indexes: bool = False, **kwargs: Any) -> None:
        refuse_unknown("RxOdbcData", kwargs)
        super().__init__(connection_string, table, sql_query, string_as_factors, column_classes, column_info,
                         rows_per_read, None, database_name, None, None)
        self.dbms_name = dbms_name
        self.use_fast_read = use_fast_read
        self.trim_space = trim_space
        self.row_buffering = row_buffering
        self.return_data_frame = return_data_frame
        self.verbose = verbose
        self.write_factors_as_indexes = write_factors_as_indexes


def refuse_unknown(what: str, arguments: Dict[str, Any]) -> None:
    """An argument that nothing honours is refused, not ignored."""
    if arguments:
        raise ArgumentError(f"{what} has no argument {next(iter(arguments))!r}")


def names_of(names: _Names) -> List[str]:
    """Column names as a list; one name may stand for itself."""
    if names is None:
        return []
    return [names] if isinstance(names, str) else [str(name) for name in names]


def _remember(connection_string: Optional[str], server: Optional[str], database_name: Optional[str],
              user: Optional[str], password: Optional[str]) -> str:
    parts = [connection_string or "", server or "", database_name or "", user or "", password or ""]
    for part in parts:
        if not isinstance(part, str):
            raise ArgumentError(f"a connection is told by strings, not by a value of type {type(part).__name__}")
    return core.remember_connection(*parts) if any(parts) else ""


def _information(column: str, info: Dict[str, Any]) -> Dict[str, Any]:
    """One entry of column_info with its keys as Python writes them."""
    if not isinstance(info, dict):
        raise ArgumentError(f"the column_info of {column!r} is no dictionary")
    known = {}
    for key, value in info.items():
        name = _INFORMATION.get(str(key).lower())
        if name is None:
            raise ArgumentError(f"the column_info of {column!r} has {key!r}, which nothing reads",
                                "there are type, newName, description, levels, newLevels, low, high")
        known[name] = value
    return known


def _request(column: str, info: Dict[str, Any]) -> Dict[str, Any]:
    type_name = info.get("type")
    levels = [str(level) for level in info.get("levels") or []]
    new_levels = [str(level) for level in info.get("new_levels") or []]
    if type_name is None and levels:
        type_name = "factor"
    if type_name is not None and str(type_name).lower() not in _TYPES:
        raise ArgumentError(f"column {column!r} cannot be of type {type_name!r}",
                            "there are bool, integer, int16, uint16, float32, numeric, character, factor, ordered, "
                            "Date, POSIXct")
    if type_name is not None and str(type_name).lower() == "factorindex":
        # The column holds the levels' numbers, counted from 0.
        new_levels, levels = new_levels or levels, [str(index) for index in range(len(levels))]
    return {"name": column, "new_name": str(info.get("new_name") or ""),
            "type": None if type_name is None else _TYPES[str(type_name).lower()],
            "levels": levels, "new_levels": new_levels}


def is_type(info: Dict[str, Any], name: str) -> bool:
    """True if the entry of column_info asks for that type of the originals."""
    return str(info.get("type", "")).lower() == name
