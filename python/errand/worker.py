# SPDX-License-Identifier: Apache-2.0
"""The worker: what a job means to this interpreter. The loop itself is the core's.

`python -m errand.worker` becomes a warm parent, from which workers are forked, or one worker. It has one
thread and imports only what every task needs.
"""
import os
import pickle
import sys
from typing import Any, Callable, Dict, List, NoReturn, Optional, Tuple

import cloudpickle  # what unpickles functions; loaded before the forks

from . import encoding  # likewise
from . import _core

USER_ERROR = 1
MEMORY_LIMIT = 4

_memory_limit = 0


class Plan:
    """How to call the job's function; read by the extension module, once."""

    def __init__(self, function: Callable[..., Any], names: Optional[Tuple[str, ...]],
                 shared_names: Tuple[str, ...], shared_values: Optional[Tuple[Any, ...]],
                 make_shared: Optional[Callable[[], Tuple[Any, ...]]],
                 before_task: Optional[Callable[[int], None]]) -> None:
        self.function = function
        self.names = names
        self.shared_values = () if shared_values is None else shared_values
        self.make_shared = make_shared
        self.keywords = (names or ()) + shared_names
        self.before_task = before_task
        self.environment = getattr(os.environ, "_data", {})


class VersionMismatch(Exception):
    """The job's bytes are of another Python."""


def prepare(job: str, code: bytes, parts: List[Any], seed: Optional[int], packages: List[str],
            memory_limit: int) -> Plan:
    """Makes this process ready for a job. Called by the extension module before the first task.

    What it raises becomes the reason why no task could be started.
    """
    global _memory_limit
    _memory_limit = memory_limit
    os.environ["ERRAND_JOB"] = job
    if len(parts) < 4:
        raise ValueError("the job was not submitted by this version of errand's Python package")
    check_version(bytes(parts[0]).decode())
    plan = pickle.loads(parts[1])
    sys.path[:] = plan["sys_path"] + [folder for folder in sys.path if folder not in plan["sys_path"]]
    import_packages(packages)
    function = load_function(code)
    if plan["splat"]:
        function = splatted(function)
    inject(function, pickle.loads(parts[2]))
    make_shared, values = shared_arguments(parts[3:], plan["constant"])
    before_task = None
    if seed is not None:
        from .random_streams import seeder

        before_task = seeder(seed)
    return Plan(function, plan["names"], plan["shared"], values, make_shared, before_task)


def check_version(signature: str) -> None:
    """Functions travel as bytecode, which one minor version of Python alone can run."""
    theirs = signature.split(",")[0].replace("python ", "")
    ours = "{}.{}.{}".format(*sys.version_info[:3])
    if theirs.split(".")[:2] != ours.split(".")[:2]:
        raise VersionMismatch(f"the job was submitted by Python {theirs} and its worker {sys.executable} is "
                              f"Python {ours}: submit it again with an interpreter of one version")


def import_packages(packages: List[str]) -> None:
    """packages_to_load."""
    from importlib import import_module

    for name in packages:
        import_module(name)


def load_function(code: bytes) -> Callable[..., Any]:
    """The function again; a module that is missing here is named with the ways out."""
    try:
        function: Callable[..., Any] = pickle.loads(code)
        return function
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f"{missing}: install it for {sys.executable}, or have the submitter call "
            f"errand.send_module({missing.name!r})", name=missing.name) from None


def splatted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Takes one dict of keywords."""
    return lambda keywords, **shared: function(**{**shared, **keywords})


def inject(function: Callable[..., Any], state: Dict[str, Any]) -> None:
    """local_state: variables that the function finds among its globals."""
    if not state:
        return
    import __main__

    vars(__main__).update(state)
    inner = getattr(function, "__func__", function)
    for cell in getattr(inner, "__closure__", None) or ():
        if callable(cell.cell_contents):
            getattr(cell.cell_contents, "__globals__", {}).update(state)
    getattr(inner, "__globals__", {}).update(state)


def shared_arguments(parts: List[Any], constant: bool) -> Tuple[Optional[Callable[[], Tuple[Any, ...]]],
                                                              Optional[Tuple[Any, ...]]]:
    """What all tasks get: made anew for each unless it cannot be changed. Arrays stay where they lie, read-only."""
    first, buffers = parts[0], parts[1:]
    if constant:
        return None, pickle.loads(first)

    def load() -> Tuple[Any, ...]:
        values: Tuple[Any, ...] = pickle.loads(first, buffers=buffers)
        return values

    return load, None


def describe_failure(error: BaseException) -> Tuple[int, str, str, str, bytes]:
    """(cause, type, message, traceback, pickled exception) of what a task raised."""
    import traceback

    cause = MEMORY_LIMIT if isinstance(error, MemoryError) and _memory_limit else USER_ERROR
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    try:
        native = encoding.dump_value(error)[1]
        pickle.loads(native)
    except Exception:
        native = b""
    return cause, _type_name(error), _one_line(error), text, native


def _type_name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _one_line(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"SystemExit: the function called sys.exit({'' if error.code is None else repr(error.code)})"
    if isinstance(error, MemoryError) and _memory_limit:
        return (f"MemoryError: the task needs more than the {_memory_limit} bytes of task_memory_limit "
                "(its result counts, too)")
    name = _type_name(error)
    text = " ".join(str(error).split())
    return f"{name}: {text}" if text else name


def run_call(call: Tuple[Callable[..., Any], Tuple[Any, ...], Dict[str, Any]]) -> Any:
    """The function of an executor's job: each task brings its own."""
    function, args, kwargs = call
    return function(*args, **kwargs)


def run_calls(function: Callable[..., Any], batch: List[Tuple[Any, ...]]) -> List[Any]:
    """A chunk of Executor.map."""
    return [function(*args) for args in batch]


def job_of_no_meaning() -> Tuple[bytes, List[bytes]]:
    """The code and the parts of a job that does nothing, for rehearse."""
    plan = {"sys_path": list(sys.path), "splat": False, "constant": True, "names": None, "shared": ()}
    signature = "python {}.{}.{}".format(*sys.version_info[:3])
    parts = [signature.encode(), *(encoding.dump_plain(part) for part in (plan, {}, ()))]
    return cloudpickle.dumps(lambda x: x), parts


def rehearse(code: bytes, parts: List[bytes]) -> None:
    """Does with a job of no meaning what a worker does with one, so that the pages it writes to are its own by
    the time a job comes."""
    plan = prepare("", code, parts, None, [], 0)
    encoding.dump_value(plan.function("rehearsed"))
    os.environ.pop("ERRAND_JOB", None)


def prepare_rehearsal() -> Callable[[], None]:
    """Rehearses once, which loads what is loaded at the first time only; gives what does so again. An interpreter that
    cannot is no worse a worker for it, and what is wrong with it is a real job's to say."""
    try:
        code, parts = job_of_no_meaning()
        rehearse(code, parts)
    except Exception:
        return lambda: None
    return lambda: rehearse(code, parts)


def load_named() -> None:
    """While a worker waits: imports what its command names as "module=file", if this interpreter means the same file.

    The warm parent must not (a worker is never forked, and these modules start threads); a job need not wait for it.
    """
    from importlib import import_module
    from importlib.util import find_spec

    for word in sys.argv[1:]:
        name, given, origin = word.partition("=")
        spec = find_spec(name) if given else None
        if spec is not None and spec.origin == origin:
            import_module(name)


def main() -> NoReturn:
    """The life of the process."""
    import faulthandler
    import gc
    import traceback  # noqa: F401  (loaded before the forks)

    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore
    rehearsal = prepare_rehearsal()
    gc.collect()
    gc.freeze()  # what is here now is in every fork: the collector need not write to its pages
    faulthandler.enable()  # a segfault says in the job's output where it happened
    os._exit(_core.run_workers(load_named, rehearsal))


if __name__ == "__main__":
    from errand.worker import main as _main  # one copy of this module, not a second called __main__

    _main()
