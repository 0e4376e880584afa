# SPDX-License-Identifier: Apache-2.0
"""rx_exec: revoscalepy's rules for arguments."""
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

from .calls import check_chunk_size, check_function, check_names, common_length, submit_tasks
from .contexts import RxComputeContext, as_context
from .errors import ArgumentError
from .job import Job, _callbacks
from .results import RxJobMessage

Columns = Dict[str, Sequence[Any]]


def rx_exec(function: Callable[..., Any], args: Union[None, Dict[str, Any], List[Dict[str, Any]]] = None,
            times_to_run: int = -1, task_chunk_size: Optional[int] = None,
            compute_context: Union[None, str, RxComputeContext] = None, local_state: Dict[str, Any] = {},  # noqa: B006
            callback: Optional[Callable[[Any], Any]] = None, continue_on_failure: bool = True,
            **kwargs: Any) -> Union[List[Any], RxJobMessage, Job]:
    """Runs a function as the tasks of one job.

    Args:
        function: travels by value: lambdas, closures and functions of a notebook are fine.
        args: a dict of arguments that are the same for every task; or a list of dicts, one per task.
        times_to_run: number of tasks; -1: as many as `args` or the lists say, else 1. A single dict or
            one-element lists are repeated so often.
        task_chunk_size: tasks handed to a worker at a time; None lets errand choose.
        compute_context: a context or a name; None is the active one.
        local_state: variables that the function finds among its globals.
        callback: called in this process with each result (or TaskError) as it arrives.
        continue_on_failure: False ends the job with the first task that fails.
        **kwargs: arguments by name. A list makes one task per element; everything else is the same for
            every task. A list as an argument is wrapped in another list.

    Returns:
        In a waiting context a list with one entry per task, in task order; a task that failed has a
        TaskError at its place. If the job as a whole failed: an RxJobMessage. In a non-waiting context: a Job.

    Raises:
        ArgumentError: lists of different lengths, times_to_run that contradicts them, names that the
            function does not have, a function or an argument that cannot be pickled. Nothing was left behind.

    >>> from errand import RxLocalParallel, rx_exec, rx_set_compute_context
    >>> before = rx_set_compute_context(RxLocalParallel())
    >>> rx_exec(lambda x, y: x * y, x=[1, 2, 3], y=10)
    [10, 20, 30]
    >>> rx_exec(lambda the_list: sum(the_list), the_list=[[0, 1, 2], [3, 4, 5]])
    [3, 12]
    >>> rx_exec(lambda: "again", times_to_run=2)
    ['again', 'again']
    >>> _ = rx_set_compute_context(before)
    """
    check_function(function)
    context = as_context(compute_context)
    check_times(times_to_run)
    check_chunk_size(task_chunk_size)
    if callback is not None and not callable(callback):
        raise ArgumentError(f"the callback ({type(callback).__name__}) cannot be called", "give a function")
    if local_state is not None and not isinstance(local_state, dict):
        raise ArgumentError(f"local_state cannot be of type {type(local_state).__name__}", "give a dict of variables")
    columns, shared, splat, length = spread(function, args, kwargs)
    tasks = count_tasks(times_to_run, length)
    if tasks == 0 and context.wait:
        return []
    options = {"task_chunk_size": task_chunk_size, "continue_on_failure": bool(continue_on_failure)}
    if context.wait and context.sequential:
        from .in_process import run_here

        return run_here(function, columns, shared, splat, tasks, context, local_state or {}, callback,
                        bool(continue_on_failure))
    job = submit_tasks(function, context, columns, shared, tasks, options, local_state, splat)
    if callback is not None:
        _callbacks[job.id] = callback
    return wait_for_results(job) if context.wait else job


def wait_for_results(job: Job) -> Union[List[Any], RxJobMessage]:
    """The end of a call in a waiting context."""
    from .verbs import rx_get_job_results

    job.wait()
    return rx_get_job_results(job)


def check_times(times: Any) -> None:
    """Refuses a times_to_run that is no number of tasks."""
    if isinstance(times, bool) or not isinstance(times, int) or (times < 1 and times != -1):
        raise ArgumentError(f"times_to_run cannot be {times!r}", "give a whole number of 1 or more, or -1")


def count_tasks(times: int, length: Optional[int]) -> int:
    """How many tasks a call makes; `length`: of what fans out, None if nothing does."""
    if times == -1:
        return 1 if length is None else length
    if length not in (None, 1, times):
        raise ArgumentError(f"times_to_run is {times}, the arguments make {length} tasks",
                            "leave times_to_run out, or give as many elements")
    return times


def spread(function: Callable[..., Any], args: Any,
           kwargs: Dict[str, Any]) -> Tuple[Columns, Dict[str, Any], bool, Optional[int]]:
    """(columns, shared arguments, whether the column holds dicts of keywords, common length)."""
    lists: Columns = {name: value for name, value in kwargs.items() if isinstance(value, list)}
    columns, length = common_length(lists)
    shared = {name: value[0] if name in lists else value for name, value in kwargs.items() if name not in columns}
    if args is None:
        check_names(function, [*columns, *shared])
        return columns, shared, False, length
    if isinstance(args, dict):
        check_keys(args)
        refuse_twice(args, kwargs)
        check_names(function, [*columns, *shared, *args])
        return columns, {**shared, **args}, False, length
    return spread_dicts(function, args, columns, shared, length)


def spread_dicts(function: Callable[..., Any], args: Any, columns: Columns, shared: Dict[str, Any],
                 length: Optional[int]) -> Tuple[Columns, Dict[str, Any], bool, Optional[int]]:
    """`args` as a list of dicts: columns of its own if all have the same keys."""
    if not isinstance(args, (list, tuple)) or not all(isinstance(one, dict) for one in args):
        raise ArgumentError(f"args cannot be of type {type(args).__name__}" if not isinstance(args, (list, tuple)) else
                            "args is a list of something else than dicts",
                            "give a dict of arguments by name, or a list of such dicts, one per task")
    if length not in (None, 1) and len(args) not in (1, length):
        raise ArgumentError(f"args has {len(args)} elements, the lists have {length}", "give as many of both")
    for one in args:
        check_keys(one)
        refuse_twice(one, {**columns, **shared})
    kinds = {tuple(sorted(one)) for one in args}
    for names in kinds:
        check_names(function, [*names, *columns, *shared])
    if len(args) == 1:
        return columns, {**shared, **args[0]}, False, 1 if length is None else length
    if len(kinds) <= 1:
        own = {name: [one[name] for one in args] for name in (args[0] if args else ())}
        if own or not args:
            return {**columns, **own}, shared, False, len(args)
    rows = [{**{n: c[i] for n, c in columns.items()}, **one} for i, one in enumerate(args)]
    return {"args": rows}, shared, True, len(args)


def check_keys(one: Dict[str, Any]) -> None:
    """Keywords are strings."""
    for name in one:
        if not isinstance(name, str):
            raise ArgumentError(f"args names an argument {name!r}", "name arguments by strings")


def refuse_twice(one: Dict[str, Any], others: Dict[str, Any]) -> None:
    """An argument given by args and by keyword."""
    for name in one:
        if name in others:
            raise ArgumentError(f"the argument {name!r} is given twice: in args and by keyword",
                                "give it in one of the two")
