# SPDX-License-Identifier: Apache-2.0
"""RxLocalSeq, waiting: a plain loop in this process, as revoscalepy's. No job, no capture."""
import random
import warnings
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence

from .calls import seed_of
from .contexts import RxComputeContext
from .errors import ErrandWarning, TaskError


def run_here(function: Callable[..., Any], columns: Dict[str, Sequence[Any]], shared: Dict[str, Any], splat: bool,
             tasks: int, context: RxComputeContext, local_state: Dict[str, Any],
             callback: Optional[Callable[[Any], Any]], continue_on_failure: bool) -> List[Any]:
    """One entry per task. With continue_on_failure False the first error is raised as it is."""
    for name in context.packages_to_load:
        __import__(name)
    results: List[Any] = []
    with _Variables(function, local_state), _Streams(seed_of(context.rng_seed)) as streams:
        for index, arguments in enumerate(_rows(columns, shared, splat, tasks)):
            streams.start_task(index)
            try:
                outcome = function(**arguments)
            except Exception as error:
                if not continue_on_failure:
                    raise
                outcome = _task_error(index, error)
            results.append(outcome)
            if callback is not None:
                callback(outcome)
    _warn(results)
    return results


def _rows(columns: Dict[str, Sequence[Any]], shared: Dict[str, Any], splat: bool, tasks: int) -> Iterator[Any]:
    for index in range(tasks):
        own = columns["args"][index] if splat else {name: column[index] for name, column in columns.items()}
        yield {**shared, **own}


def _task_error(index: int, error: Exception) -> TaskError:
    from .worker import describe_failure

    _, kind, message, trace, native = describe_failure(error)
    return TaskError(index, "user_error", kind, message, trace, 0, native or None)


def _warn(results: List[Any]) -> None:
    failed = [result for result in results if isinstance(result, TaskError)]
    if failed:
        warnings.warn(f"{len(failed)} of {len(results)} tasks failed; the first, {failed[0]}", ErrandWarning,
                      stacklevel=4)


class _Variables:
    """local_state among the function's globals, for a while."""

    def __init__(self, function: Callable[..., Any], state: Dict[str, Any]) -> None:
        self._globals = getattr(getattr(function, "__func__", function), "__globals__", {})
        self._state = state
        self._before: Dict[str, Any] = {}

    def __enter__(self) -> None:
        self._before = {name: self._globals[name] for name in self._state if name in self._globals}
        self._globals.update(self._state)

    def __exit__(self, *_: Any) -> None:
        for name in self._state:
            self._globals.pop(name, None)
        self._globals.update(self._before)


class _Streams:
    """The tasks' random streams, for a while; the caller's generators go on afterwards where they were."""

    def __init__(self, seed: Optional[int]) -> None:
        self._seed = seed
        self.start_task: Callable[[int], None] = lambda index: None
        self._restore: List[Callable[[], None]] = []

    def __enter__(self) -> "_Streams":
        if self._seed is not None:
            from .random_streams import end_task, seeder

            self.start_task = seeder(self._seed)
            state = random.getstate()
            self._restore = [lambda: random.setstate(state), end_task]
            try:
                import numpy

                numbers = numpy.random.get_state()
                self._restore.append(lambda: numpy.random.set_state(numbers))
            except ImportError:
                pass
        return self

    def __exit__(self, *_: Any) -> None:
        for restore in self._restore:
            restore()
