# SPDX-License-Identifier: Apache-2.0
"""What a data source holds, without reading it: its columns, their types, how many rows."""
from typing import Any, Dict, Iterable, List, Optional, Union

from ._native import core
from .data_sources import RxDataSource, names_of
from .data_steps import rx_import, split_columns

_Names = Union[None, str, Iterable[str]]

# The core's types in the originals' words: type and storage.
_WORDS = {
    "boolean": ("logical", "uchar"), "int16": ("integer", "int16"), "int32": ("integer", "int32"),
    "int64": ("integer", "int64"), "float32": ("numeric", "float32"), "float64": ("numeric", "float64"),
    "text": ("character", "string"), "bytes": ("raw", "string"), "date": ("Date", "int32"),
    "timestamp": ("POSIXct", "int64"), "timestamp_tz": ("POSIXct", "int64"), "factor": ("factor", "uint32"),
}
_OF_DTYPES = {"b": "boolean", "i": "int64", "u": "int64", "f": "float64", "M": "timestamp"}


class VariableInfo(Dict[str, Dict[str, Any]]):
    """Information on variables by name; prints one variable a line."""

    def __str__(self) -> str:
        return "\n".join(_line(number, name, info) for number, (name, info) in enumerate(self.items(), 1))


class DataInfo(Dict[str, Any]):
    """Information on a data source: num_rows, num_vars, and if asked for var_info and data."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __str__(self) -> str:
        lines = [f"{self['source']}", f"Number of observations: {self['num_rows']}",
                 f"Number of variables: {self['num_vars']}"]
        if "var_info" in self:
            lines += ["Variable information:", str(self["var_info"])]
        if "data" in self:
            lines += [f"Data ({len(self['data'])} rows):", str(self["data"])]
        return "\n".join(lines)


def rx_get_var_info(data: Any, get_value_labels: bool = True, vars_to_keep: _Names = None,
                    vars_to_drop: _Names = None, compute_info: bool = False, all_nodes: bool = False) -> VariableInfo:
    """The variables of a data source or DataFrame by name, with revoscalepy's signature.

    Each is a dictionary of varType, storage and what is known of description, low, high, levels.

    Args:
        get_value_labels: False leaves the levels of factors out.
        vars_to_keep, vars_to_drop: the columns, one of the two.
        compute_info: True reads the data for low, high and levels.
        all_nodes: of the original, without effect: there is one database.
    """
    info = _of_source(data, vars_to_keep, vars_to_drop) if isinstance(data, RxDataSource) \
        else _of_frame(data, vars_to_keep, vars_to_drop)
    if compute_info:
        frame = data
        if isinstance(data, RxDataSource):
            frame = rx_import(data, vars_to_keep=vars_to_keep, vars_to_drop=vars_to_drop)
        _compute(info, frame)
    if not get_value_labels:
        for one in info.values():
            one.pop("levels", None)
    return info


def rx_get_info(data: Any, get_var_info: bool = False, get_block_sizes: bool = False,
                get_value_labels: Optional[bool] = None, vars_to_keep: _Names = None, vars_to_drop: _Names = None,
                start_row: int = 1, num_rows: int = 0, compute_info: bool = False, all_nodes: bool = False,
                verbose: int = 0) -> DataInfo:
    """What a data source or DataFrame holds, with revoscalepy's signature: num_rows, num_vars.

    The rows are counted by the server.

    Args:
        get_var_info: True adds var_info, see rx_get_var_info.
        start_row, num_rows: rows to give as `data`, counted from 1.
        compute_info: as rx_get_var_info's.
        get_block_sizes, all_nodes, verbose: of the original, without effect.
    """
    variables = rx_get_var_info(data, get_value_labels is not False, vars_to_keep, vars_to_drop, compute_info)
    info = DataInfo(source=repr(data) if isinstance(data, RxDataSource) else type(data).__name__)
    if isinstance(data, RxDataSource):
        info["num_rows"] = core.open_data(data._fields()).count_rows()
    else:
        info["num_rows"] = len(data)
    info["num_vars"] = len(variables)
    if get_var_info:
        info["var_info"] = variables
    if num_rows > 0:
        from .data_steps import rx_data_step

        info["data"] = rx_data_step(data, vars_to_keep=vars_to_keep, vars_to_drop=vars_to_drop,
                                    start_row=start_row, number_rows_read=num_rows, max_rows_by_cols=None)
    return info


def _of_source(source: RxDataSource, keep: _Names, drop: _Names) -> VariableInfo:
    variables = VariableInfo()
    for name, source_name, sql_type, kind in core.open_data(source._fields(keep, drop)).columns():
        asked = source.column_info.get(source_name, {})
        var_type, storage = _WORDS[kind]
        one: Dict[str, Any] = {"varType": var_type, "storage": storage, "sql_type": sql_type}
        for key in ("description", "low", "high"):
            if asked.get(key) is not None:
                one[key] = asked[key]
        levels = asked.get("new_levels") or asked.get("levels")
        if kind == "factor" and levels:
            one["levels"] = [str(level) for level in levels]
        variables[name] = one
    return variables


def _of_frame(frame: Any, keep: _Names, drop: _Names) -> VariableInfo:
    kept, dropped = split_columns(frame, keep, drop)
    variables = VariableInfo()
    for name in frame.columns:
        if (kept and name not in kept) or name in dropped:
            continue
        column = frame[name]
        if column.dtype.name == "category":
            variables[name] = {"varType": "factor", "storage": "uint32",
                               "levels": [str(level) for level in column.cat.categories]}
        else:
            kind = _OF_DTYPES.get(column.dtype.kind, "text")
            kind = column.dtype.name if column.dtype.name in _WORDS else kind
            variables[name] = dict(zip(("varType", "storage"), _WORDS[kind]))
    return variables


def _compute(info: VariableInfo, frame: Any) -> None:
    for name, one in info.items():
        column = frame[name]
        if one["varType"] == "factor":
            one["levels"] = [str(level) for level in column.cat.categories]
        elif one["varType"] in ("logical", "integer", "numeric") and column.notna().any():
            one["low"], one["high"] = float(column.min()), float(column.max())


def _line(number: int, name: str, info: Dict[str, Any]) -> str:
    described = f", {info['description']}" if "description" in info else ""
    if info["varType"] == "factor":
        levels: List[str] = info.get("levels", [])
        return f"Var {number}: {name}{described}\n\t{len(levels)} factor levels: {levels}"
    text = f"Var {number}: {name}{described}, Type: {info['varType']}, Storage: {info['storage']}"
    if "low" in info and "high" in info:
        text += f", Low/High: ({info['low']:.4f}, {info['high']:.4f})"
    return text
