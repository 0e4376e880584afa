# SPDX-License-Identifier: Apache-2.0
"""Data sources read into data frames, in the process that asks: a task's, or the client's."""
import math
import sys
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple, Union

from ._native import core
from .data_frames import frame_of, load_pandas
from .data_sources import RxDataSource, names_of, refuse_unknown
from .errors import ArgumentError, ErrandWarning

_Names = Union[None, str, Iterable[str]]
_Transform = Optional[Callable[..., Any]]


def rx_import(input_data: Any, output_file: Any = None, vars_to_keep: _Names = None, vars_to_drop: _Names = None,
              row_selection: Optional[str] = None, transforms: Any = None,
              transform_objects: Optional[Dict[str, Any]] = None, transform_function: _Transform = None,
              transform_variables: _Names = None, transform_packages: _Names = None, append: Optional[str] = None,
              overwrite: bool = False, number_rows: Optional[int] = None, strings_as_factors: Optional[bool] = None,
              column_classes: Optional[Dict[str, str]] = None,
              column_info: Optional[Dict[str, Dict[str, Any]]] = None, rows_per_read: Optional[int] = None,
              type: Optional[str] = None, max_rows_by_columns: Optional[int] = None,
              report_progress: Optional[int] = None, verbose: Optional[int] = None,
              xdf_compression_level: Optional[int] = None, create_composite_set: Optional[bool] = None,
              blocks_per_composite_file: Optional[int] = None) -> Any:
    """A data source as a DataFrame, with revoscalepy's signature.

    It is read by the process that calls: inside a task in the database, next to the data.

    Args:
        input_data: RxSqlServerData, RxOdbcData or a DataFrame.
        vars_to_keep, vars_to_drop: the columns, by their names in the source; one of the two.
        row_selection: an expression of the columns, as DataFrame.eval takes it, after the transform function;
            "dep_delay > 60".
        transform_function: called with each block of rows_per_read rows (a DataFrame) and with
            transform_objects as keywords; gives the DataFrame to go on with, or None for no rows.
        transform_variables: columns that are read for the function only.
        transform_packages: modules that are imported first.
        number_rows: the most rows; None or -1 is all.
        strings_as_factors, column_classes, column_info, rows_per_read: over the source's own.
        max_rows_by_columns: the largest result in rows times columns, if a data source is read: the rows behind it are
            left out, with a warning, and reading stops. None or a negative number: any.
        report_progress: 1 and more prints how many rows were read.
        output_file, append, overwrite and what else is about .xdf files: there are none; output_file is refused.
    """
    refuse_output(output_file, transforms)
    source = input_data
    if isinstance(source, RxDataSource):
        source = source._changed(string_as_factors=strings_as_factors, column_classes=column_classes,
                                 column_info=column_info, rows_per_read=rows_per_read)
    step = _Step(vars_to_keep, vars_to_drop, row_selection, transform_function, transform_objects,
                 transform_variables, transform_packages, bool(report_progress))
    most = None if number_rows is None or number_rows < 0 else number_rows
    return step.run(source, 0, most, _limit(max_rows_by_columns))


def rx_data_step(input_data: Any = None, output_file: Any = None, vars_to_keep: _Names = None,
                 vars_to_drop: _Names = None, row_selection: Optional[str] = None, transforms: Any = None,
                 transform_objects: Optional[Dict[str, Any]] = None, transform_function: _Transform = None,
                 transform_variables: _Names = None, transform_packages: _Names = None, append: Any = None,
                 overwrite: bool = False, row_variable_name: Optional[str] = None,
                 remove_missings_on_read: bool = False, remove_missings: bool = False,
                 compute_low_high: bool = True, max_rows_by_cols: Optional[int] = 3000000, rows_per_read: int = -1,
                 start_row: int = 1, number_rows_read: int = -1, return_transform_objects: bool = False,
                 blocks_per_read: Optional[int] = None, report_progress: Optional[int] = None,
                 xdf_compression_level: int = 0, strings_as_factors: Optional[bool] = None, **kwargs: Any) -> Any:
    """The rows of a data source, transformed, as a DataFrame, with revoscalepy's signature.

    As rx_import, and:

    Args:
        remove_missings_on_read, remove_missings: rows with missing values are left out, before or after the
            transform function.
        start_row, number_rows_read: the rows to read, counted from 1; -1 is all.
        row_variable_name: the column that becomes the frame's index.
        max_rows_by_cols: rx_import's max_rows_by_columns; without effect with return_transform_objects.
        return_transform_objects: gives transform_objects back instead of rows: what the function computed.
        column_classes, column_info (keywords): over the source's own.
    """
    refuse_output(output_file, transforms)
    if start_row < 1:
        raise ArgumentError(f"start_row cannot be {start_row!r}", "rows are counted from 1")
    source = input_data
    overrides = {name: kwargs.pop(name, None) for name in ("column_classes", "column_info")}
    refuse_unknown("rx_data_step", kwargs)
    if isinstance(source, RxDataSource):
        source = source._changed(string_as_factors=strings_as_factors,
                                 rows_per_read=rows_per_read if rows_per_read > 0 else None, **overrides)
    step = _Step(vars_to_keep, vars_to_drop, row_selection, transform_function, transform_objects,
                 transform_variables, transform_packages, bool(report_progress), remove_missings_on_read,
                 remove_missings)
    frame = step.run(source, start_row - 1, None if number_rows_read < 0 else number_rows_read,
                     None if return_transform_objects else _limit(max_rows_by_cols))
    if return_transform_objects:
        return transform_objects
    return frame.set_index(row_variable_name) if row_variable_name in frame.columns else frame


def refuse_output(output_file: Any, transforms: Any) -> None:
    """What errand does not have, said at once."""
    if output_file is not None:
        raise ArgumentError("output_file was given, and there is nothing that writes a data source or an .xdf file",
                            "take the DataFrame that is returned")
    if transforms is not None:
        raise ArgumentError("transforms was given, which revoscalepy never had", "use transform_function")


class _Step:
    """What happens to each block of rows between the source and the frame."""

    def __init__(self, keep: _Names, drop: _Names, row_selection: Optional[str], function: _Transform,
                 objects: Optional[Dict[str, Any]], variables: _Names, packages: _Names, report: bool,
                 complete_before: bool = False, complete_after: bool = False) -> None:
        if function is not None and not callable(function):
            raise ArgumentError("transform_function cannot be called")
        for package in names_of(packages):
            __import__(package)
        self._keep, self._drop = names_of(keep), names_of(drop)
        # Columns for the function only.
        self._helpers = [name for name in names_of(variables) if self._keep and name not in self._keep]
        self._row_selection = row_selection
        self._function = function
        self._objects = objects or {}
        self._report = report
        self._complete_before = complete_before
        self._complete_after = complete_after

    def run(self, source: Any, skip: int, most: Optional[int], most_values: Optional[int]) -> Any:
        if isinstance(source, RxDataSource):
            return self._run_source(source, skip, most, most_values)
        if source.__class__.__module__.partition(".")[0] != "pandas":
            raise ArgumentError(f"data cannot be of type {type(source).__name__}",
                                "give RxSqlServerData, RxOdbcData or a DataFrame; there are no data files")
        frame = source.iloc[skip:None if most is None else skip + most]
        if self._keep:
            frame = frame[[name for name in frame.columns if name in self._keep + self._helpers]]
        return self._apply(frame.drop(columns=self._drop).copy())

    def _run_source(self, source: RxDataSource, skip: int, most: Optional[int], most_values: Optional[int]) -> Any:
        keep = self._keep + self._helpers if self._keep else []
        reader = core.open_data(source._fields(keep, self._drop, skip, most))
        if self._function is None and not self._report and most_values is None:
            return self._apply(frame_of(reader.read_all(), source))
        return self._run_blocks(source, reader, most_values)

    def _run_blocks(self, source: RxDataSource, reader: Any, most_values: Optional[int]) -> Any:
        frames: List[Any] = []
        rows = 0

        def take(columns: List[Any]) -> None:
            nonlocal rows
            frame = frame_of(columns, source)
            rows += len(frame)
            kept = self._apply(frame)
            if self._report:
                print(f"Rows read: {rows}", file=sys.stdout)
            if kept is not None:
                frames.append(kept)
                if sum(map(len, frames)) > _rows_that_fit(kept, most_values):
                    raise _Enough

        try:
            reader.read_blocks(source.rows_per_read, take)
        except _Enough:
            pass
        return _cut(_joined(frames), most_values)

    def _apply(self, frame: Any) -> Any:
        if self._complete_before:
            frame = frame.dropna().reset_index(drop=True)
        if self._function is not None:
            frame = self._function(frame, **self._objects)
            if frame is None:
                return None
            if frame.__class__.__module__.partition(".")[0] != "pandas":
                frame = load_pandas().DataFrame(frame)
        if self._row_selection is not None:
            frame = frame[frame.eval(self._row_selection)].reset_index(drop=True)
        frame = frame.drop(columns=[name for name in self._helpers if name in frame.columns])
        return frame.dropna().reset_index(drop=True) if self._complete_after else frame


class _Enough(Exception):
    """Ends the reading of a source: there are more rows already than the result may have."""


def _limit(most_values: Optional[int]) -> Optional[int]:
    return None if most_values is None or most_values < 0 else most_values


def _rows_that_fit(frame: Any, most_values: Optional[int]) -> float:
    return math.inf if most_values is None else max(1, most_values // max(1, len(frame.columns)))


def _cut(frame: Any, most_values: Optional[int]) -> Any:
    """The first rows of a frame with more values than that, and a warning."""
    limit = _rows_that_fit(frame, most_values)
    if len(frame) <= limit:
        return frame
    _warn(f"more than {most_values} values: the result has only the first {limit} rows")
    return frame.iloc[:int(limit)].copy()


def _joined(frames: List[Any]) -> Any:
    """Blocks one below the other; categories that grew from block to block are those of all."""
    pandas = load_pandas()
    if not frames:
        return pandas.DataFrame()
    if len(frames) == 1:
        return frames[0]
    for name in frames[0].columns:
        parts = [frame[name] for frame in frames if name in frame.columns]
        if len(parts) == len(frames) and all(isinstance(part.dtype, pandas.CategoricalDtype) for part in parts):
            united = pandas.api.types.union_categoricals(parts, ignore_order=True)
            dtype = pandas.CategoricalDtype(united.categories, ordered=parts[0].cat.ordered)
            for frame in frames:
                frame[name] = frame[name].astype(dtype)
    return pandas.concat(frames, ignore_index=True)


def _warn(text: str) -> None:
    import warnings

    # Behind the step's own functions and rx_import or rx_data_step.
    warnings.warn(text, ErrandWarning, stacklevel=7)


def split_columns(data: Any, keep: _Names, drop: _Names) -> Tuple[List[str], List[str]]:
    """The two lists, checked against a DataFrame's columns."""
    kept, dropped = names_of(keep), names_of(drop)
    for name in kept + dropped:
        if name not in data.columns:
            raise ArgumentError(f"the data frame has no column {name!r}")
    return kept, dropped
