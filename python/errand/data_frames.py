# SPDX-License-Identifier: Apache-2.0
"""Columns of the core as columns of a pandas DataFrame; numbers without a copy."""
from typing import Any, Dict, Iterable, List, Optional

from .data_sources import RxDataSource, is_type
from .errors import ErrandError

_DTYPES = {"boolean": "bool", "int16": "int16", "int32": "int32", "int64": "int64", "float32": "float32",
           "float64": "float64", "date": "int32", "timestamp": "datetime64[us]", "timestamp_tz": "datetime64[us]",
           "factor": "int32"}
_WHOLE = ("int16", "int32", "int64")


def load_pandas() -> Any:
    """The module; it is needed only where frames are."""
    try:
        import pandas
    except ImportError:
        raise ErrandError("data frames need pandas, which is not installed here", "install pandas",
                          code="not_supported") from None
    return pandas


def frame_of(columns: Iterable[Any], source: Optional[RxDataSource] = None) -> Any:
    """A block of the core's columns as a DataFrame."""
    pandas = load_pandas()
    data: Dict[str, Any] = {}
    for name, kind, values, missing, levels in columns:
        if kind in ("text", "bytes"):
            data[name] = _objects(values)
        elif kind == "factor":
            data[name] = _categories(name, values, levels, source)
        else:
            data[name] = _numbers(kind, values, missing)
    frame = pandas.DataFrame(data, copy=False)
    return _as_unsigned(frame, source)


def _array(values: Any, dtype: str) -> Any:
    import numpy

    return numpy.frombuffer(values, dtype=dtype) if len(values) else numpy.empty(0, dtype)


def _objects(values: List[Any]) -> Any:
    import numpy

    objects = numpy.empty(len(values), dtype=object)
    objects[:] = values
    return objects


def _numbers(kind: str, values: Any, missing: Any) -> Any:
    array = _array(values, _DTYPES[kind])
    if kind == "date":
        array = array.astype("datetime64[D]").astype("datetime64[us]")
    if missing is not None:
        array = _with_gaps(kind, array, _array(missing, "bool"))
    if kind == "timestamp_tz":
        return load_pandas().DatetimeIndex(array).tz_localize("UTC")
    return array


def _with_gaps(kind: str, array: Any, missing: Any) -> Any:
    """Whole numbers with missing values are floating point, as pandas reads them; truth values are objects."""
    if kind in _WHOLE:
        array = array.astype("float64")
        array[missing] = float("nan")
    elif kind == "boolean":
        array = array.astype(object)
        array[missing] = None
    elif array.dtype.kind == "M":
        array[missing] = "NaT"
    return array


def _categories(name: str, values: Any, levels: List[str], source: Optional[RxDataSource]) -> Any:
    info = _information_of(name, source)
    return load_pandas().Categorical.from_codes(_array(values, "int32"), categories=levels,
                                                ordered=is_type(info, "ordered"))


def _information_of(name: str, source: Optional[RxDataSource]) -> Dict[str, Any]:
    """What the source says of the column that has this name in the frame."""
    if source is None:
        return {}
    for column, info in source.column_info.items():
        if info.get("new_name", column) == name:
            return info
    return {"type": source.column_classes[name]} if name in source.column_classes else {}


def _as_unsigned(frame: Any, source: Optional[RxDataSource]) -> Any:
    for name in frame.columns:
        if is_type(_information_of(name, source), "uint16") and frame[name].dtype.kind == "i":
            frame[name] = frame[name].astype("uint16")
    return frame
