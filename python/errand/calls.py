# SPDX-License-Identifier: Apache-2.0
"""From a function and its arguments to a submitted job."""
import os
import sys
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

from . import encoding
from ._native import core
from .contexts import RxComputeContext, as_context
from .errors import ArgumentError, describe
from .job import Job

_SLOW_TO_IMPORT = ("numpy", "pandas")
# What can be handed to every task without a copy of its own.
_IMMUTABLE = (int, float, bool, str, bytes, complex, type(None))


def worker_command() -> List[str]:
    """The interpreter that submits, as the command of a worker."""
    if not sys.executable:
        raise ArgumentError("this interpreter does not know its own program (sys.executable is empty)",
                            "submit from a python that does")
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    start = (f"import sys, typing; sys.path.insert(0, {home!r}); import errand; del sys.path[0]; "
             "from errand.worker import main; main()")  # this copy of errand, but nothing else from its folder
    # A package that was installed anew gets new warm parents: they are known by their command.
    return [os.path.abspath(sys.executable), "-c", start, str(os.stat(core.__file__).st_mtime_ns), *rehearsed()]


def rehearsed() -> List[str]:
    """Modules that take long to import and that this process uses: its tasks will, too (see worker.load_named)."""
    files = ((name, getattr(sys.modules.get(name), "__file__", None)) for name in _SLOW_TO_IMPORT)
    return [f"{name}={file}" for name, file in files if file]


def signature() -> str:
    """Language and version that write a job's bytes; the worker compares."""
    return "python {}.{}.{}, pickle protocol {}".format(*sys.version_info[:3], encoding.PROTOCOL)


def import_path() -> List[str]:
    """sys.path with absolute folders: modules beside the submitter's script are found by the workers."""
    return [os.path.abspath(folder) for folder in sys.path if isinstance(folder, str)]


def name_of(function: Callable[..., Any]) -> str:
    """A name for people."""
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return str(name)


def pickled(function: Callable[..., Any]) -> bytes:
    """The function by value. Raises ArgumentError naming what cannot be pickled."""
    try:
        return encoding.dump_call(function)
    except Exception as refused:
        raise ArgumentError(
            f"the function {name_of(function)} cannot be sent to workers: {describe(refused)}",
            "leave open files, locks, connections and the like out of it: make them inside the function",
        ) from refused


def describe_call(function: Callable[..., Any], context: RxComputeContext, names: Optional[Sequence[str]],
                  shared: Dict[str, Any], local_state: Optional[Dict[str, Any]] = None,
                  splat: bool = False) -> Dict[str, Any]:
    """What the extension module needs to know of a call.

    `names`: of the fanned-out arguments, None if they are positional; `splat`: the one fanned-out argument
    is a dict of keywords.
    """
    values = tuple(shared.values())
    constant = all(type(value) in _IMMUTABLE for value in values)
    plan = {
        "names": None if names is None else tuple(names),
        "shared": tuple(shared),
        "constant": constant,
        "splat": splat,
        "sys_path": import_path(),
    }
    try:
        state = encoding.dump_call(local_state) if local_state else encoding.dump_plain({})
        parts = [signature().encode(), encoding.dump_plain(plan), state]
        parts += [encoding.dump_plain(values)] if constant else encoding.dump_shared(values)
    except Exception as refused:
        raise ArgumentError(f"the arguments of {name_of(function)} cannot be sent to workers: {describe(refused)}",
                            "give values that can be pickled") from refused
    return {
        "worker": worker_command(),
        "fork": context.fork is not False,
        "name": name_of(function),
        "signature": signature(),
        "function": pickled(function),
        "arguments": parts,
    }


def seed_of(seed: Union[None, int, str]) -> Optional[int]:
    """The number that a seed argument means."""
    if seed == "auto":
        return int(core.random_seed())
    if seed is None:
        return None
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 1 << 64:
        raise ArgumentError(f"seed cannot be {seed!r}", 'give a whole number from 0 to 2**64 - 1, or "auto"')
    return seed


def check_chunk_size(size: Optional[int]) -> Optional[int]:
    """task_chunk_size, if it can be meant."""
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
        raise ArgumentError(f"task_chunk_size cannot be {size!r}", "give a whole number of 1 or more, or None")
    return size


def submit_tasks(function: Callable[..., Any], context: RxComputeContext, columns: Dict[str, Sequence[Any]],
                 shared: Dict[str, Any], tasks: int, options: Dict[str, Any],
                 local_state: Optional[Dict[str, Any]] = None, splat: bool = False) -> Job:
    """Submits `tasks` tasks; `columns` has one sequence of that length for each fanned-out argument."""
    options = dict(options)
    options["seed"] = seed_of(options.get("seed") if options.get("seed") is not None else context.rng_seed)
    described = describe_call(function, context, None if splat else list(columns), shared, local_state, splat)
    lists = [column if isinstance(column, (list, tuple)) else list(column) for column in columns.values()]
    try:
        return Job(*core.submit(context._core, described, lists, tasks, options))
    except (TypeError, AttributeError, ValueError, RecursionError, ImportError) as refused:
        if isinstance(refused, ArgumentError):
            raise
        raise _explain(refused, columns) from refused
    except Exception as refused:
        if type(refused).__name__ != "PicklingError":
            raise
        raise _explain(refused, columns) from refused


def _explain(refused: Exception, columns: Dict[str, Sequence[Any]]) -> ArgumentError:
    names = ", ".join(columns) or "none"
    return ArgumentError(f"a fanned-out argument ({names}) cannot be sent to workers: {describe(refused)}",
                         "give values that can be pickled; nothing was submitted")


def check_names(function: Callable[..., Any], names: Sequence[str]) -> None:
    """Refuses keywords that the function does not take, or lacks."""
    import inspect

    try:
        parameters = inspect.signature(function)
    except (TypeError, ValueError):
        return  # a builtin without a signature
    try:
        parameters.bind(**dict.fromkeys(names))
    except TypeError as refused:
        raise ArgumentError(f"{name_of(function)}{parameters} cannot be called with these arguments: {refused}",
                            "name each argument as the function does") from None


def check_function(function: Any) -> None:
    """Refuses what cannot be called."""
    if not callable(function):
        raise ArgumentError(f"the function ({type(function).__name__}) cannot be called",
                            "give the function itself, without brackets behind its name")


def common_length(columns: Dict[str, Sequence[Any]]) -> Tuple[Dict[str, Sequence[Any]], Optional[int]]:
    """The columns longer than one, and their length; one-element columns mean the same for every task.

    The length is None if nothing fans out. Raises ArgumentError for unequal lengths.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    several = {length for length in lengths.values() if length != 1}
    if len(several) > 1:
        said = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        raise ArgumentError(f"the lists have different lengths ({said})",
                            "give lists of one length; wrap a list that is itself an argument in another list")
    if not lengths:
        return {}, None
    return {n: c for n, c in columns.items() if lengths[n] != 1}, several.pop() if several else 1


def submit(function: Callable[..., Any], args: Optional[Dict[str, Any]] = None, *,
           fan_out: Optional[Dict[str, Sequence[Any]]] = None, times: Optional[int] = None,
           context: Union[None, str, RxComputeContext] = None, seed: Union[None, int, str] = None,
           task_chunk_size: Optional[int] = None, continue_on_failure: bool = True,
           console_output: Optional[bool] = None, auto_cleanup: Optional[bool] = None) -> Job:
    """Submits a job and returns it at once, whatever the context says about waiting.

    Args:
        function: called once for each task; travels by value.
        args: keyword arguments that are the same for every task. Lists are passed as they are.
        fan_out: keyword arguments of which each task gets one element; the lengths must agree.
        times: number of tasks, if nothing fans out (default 1).
        context: a compute context or its name; None is the active one.
        seed: every task gets a random stream of its own from (seed, index); "auto" draws and records one.
        task_chunk_size: tasks handed to a worker at a time; None lets errand choose.
        continue_on_failure: False ends the job with the first task that fails.
        console_output, auto_cleanup: override the context.

    Raises:
        ArgumentError: something of this cannot be meant, or cannot be pickled; nothing was left behind.

    >>> import errand
    >>> job = errand.submit(lambda x, k: x * k, {"k": 10}, fan_out={"x": range(3)})
    >>> job.results()
    [0, 10, 20]
    """
    check_function(function)
    columns, length = common_length(dict(fan_out or {}))
    shared = dict(args or {})
    shared.update({name: column[0] for name, column in (fan_out or {}).items() if name not in columns})
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        raise ArgumentError(f"times cannot be {times!r}", "give a whole number of 1 or more")
    if times is not None and length not in (None, 1, times):
        raise ArgumentError(f"times is {times}, the fanned-out arguments have {length} elements",
                            "leave times out")
    tasks = length if length is not None and length != 1 else (times or 1)
    check_names(function, [*columns, *shared])
    options = {"seed": seed, "task_chunk_size": check_chunk_size(task_chunk_size),
               "continue_on_failure": continue_on_failure, "console_output": console_output,
               "auto_cleanup": auto_cleanup}
    return submit_tasks(function, as_context(context), columns, shared, tasks, options)


def send_module(module: Union[str, Any]) -> None:
    """From now on the functions and classes of this module travel by value.

    For modules that the workers cannot import: not installed, and in no folder that they see. Its
    submodules are included. (Modules in folders of sys.path are found by workers of this machine anyway.)

    Raises:
        ArgumentError: the module is not imported.
    """
    import cloudpickle

    if isinstance(module, str):
        if module not in sys.modules:
            raise ArgumentError(f"the module {module!r} is not imported", "import it first")
        module = sys.modules[module]
    cloudpickle.register_pickle_by_value(module)
