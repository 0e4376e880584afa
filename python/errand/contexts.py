# SPDX-License-Identifier: Apache-2.0
"""Compute contexts: where and how jobs run. Plain values."""
from typing import Any, Dict, List, Optional, Union

from ._native import core
from .errors import ArgumentError, JobMissing

# Fields of the core's context that have the same name here.
_FIELDS = [
    "engine", "sequential", "wait", "console_output", "auto_cleanup", "share_dir", "working_directory", "cores",
    "environment", "packages_to_load", "task_time_limit", "task_memory_limit", "console_limit", "lost_task_retries",
    "trusted_owners",
]
_LOCAL = {"RxLocalSeq": True, "RxLocalParallel": False}  # sequential?
# Settings of this package, kept among the core's engine options so that they travel with the job.
_OWN = {"rng_seed": "python.rng_seed", "fork": "python.fork"}


class RxComputeContext:
    """A compute context, or the one that a name means.

    `RxComputeContext("localpar")`, `RxComputeContext("RxLocalParallel", wait=False)`,
    `RxComputeContext(other, wait=False)` (a copy of `other` with one field changed). Names: "local" or
    "RxLocalSeq", "localpar" or "RxLocalParallel", "slurm" or "RxSlurm", "RxHpcServer", "RxGridEngine",
    "RxLsfCluster", "RxInSqlServer", and those of config.toml.

    Args:
        wait: rx_exec returns results (True) or a Job at once (False).
        console_output: the tasks' console text is printed before results are returned.
        auto_cleanup: the job's artifacts are removed once all its results are in the caller's hands.
        share_dir: where artifacts live; "" means $ERRAND_SHARE_DIR, else the user's state directory.
        working_directory: where the tasks run; "" means the submitter's directory.
        packages_to_load: modules that are imported before the first task.
        environment: variables for the tasks: "NAME" (the submitter's value) or "NAME=value".
        cores: how many tasks run at once; 0 means as many as the machine has cores.
        task_time_limit: seconds that one task may take; 0 means any.
        task_memory_limit: bytes of private memory that one task may have; 0 means any.
        console_limit: bytes of console text kept of one task.
        lost_task_retries: how often a task whose worker was killed is started again.
        rng_seed: a seed for `random`, NumPy and errand.rng(), or "auto"; each task has its own stream.
        fork: False starts an interpreter for every worker instead of forking a warm one.

    Raises:
        ArgumentError: an unknown name or field; the message names the known ones.

    >>> from errand import RxComputeContext
    >>> context = RxComputeContext("localpar", wait=False)
    >>> RxComputeContext(context, cores=2)
    RxLocalParallel(wait=False, cores=2)
    """

    _name = "RxComputeContext"
    _defaults: Dict[str, Any] = {}
    _core: Any

    def __new__(cls, description: Any = None, *args: Any, **fields: Any) -> "RxComputeContext":
        if cls is RxComputeContext and isinstance(description, str):
            cls = _class_of(description)
        elif cls is RxComputeContext and isinstance(description, RxComputeContext):
            cls = type(description)
        return object.__new__(cls)

    def __init__(self, description: Any = None, *args: Any, **fields: Any) -> None:
        if isinstance(description, RxComputeContext):
            self._core = description._core.copy()
            if self._name in _LOCAL and not isinstance(description, type(self)):
                self._become("local", _LOCAL[self._name])
        elif isinstance(description, core.ComputeContext):
            self._core = description.copy()
        else:
            self._core = _named(description if isinstance(description, str) else self._name)
            self._set(self._defaults)
        self._set(fields)

    def _become(self, engine: str, sequential: bool) -> None:
        """Makes this a context of that engine; the options of one are none of another's."""
        if self._core.engine != engine:
            options = self._core.engine_options
            self._core.engine_options = {name: value for name, value in options.items() if "." in name}
        self._core.engine = engine
        self._core.sequential = sequential

    def _set(self, fields: Dict[str, Any]) -> None:
        for name, value in fields.items():
            if name not in _FIELDS and name not in _OWN:
                raise ArgumentError(f"{self._name} has no setting {name!r}",
                                    "there are " + ", ".join([*_FIELDS, *_OWN]))
            if value is not None:
                setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if name in _FIELDS:
            return getattr(self.__dict__["_core"], name)
        if name in _OWN:
            return _parse(self.__dict__["_core"].engine_options.get(_OWN[name]))
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIELDS:
            try:
                setattr(self._core, name, list(value) if isinstance(value, tuple) else value)
            except TypeError as refused:
                raise ArgumentError(f"{name} cannot be {value!r}", "give a value of its type: "
                                    f"{type(getattr(self._core, name)).__name__}") from refused
        elif name in _OWN:
            options = self._core.engine_options
            if value is None:
                options.pop(_OWN[name], None)
            else:
                options[_OWN[name]] = _check_own(name, value)
            self._core.engine_options = options
        else:
            object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RxComputeContext) and bool(self._core == other._core)

    def __hash__(self) -> int:
        return hash((self.engine, self.share_dir))

    def __getstate__(self) -> Dict[str, Any]:
        state = {name: getattr(self._core, name) for name in _FIELDS}
        state["engine_options"] = self._core.engine_options
        return state

    def __setstate__(self, state: Dict[str, Any]) -> None:
        object.__setattr__(self, "_core", core.ComputeContext())
        for name, value in state.items():
            setattr(self._core, name, value)

    def _shown(self) -> List[str]:
        """Names of what a representation may show."""
        return [*_FIELDS, *_OWN]

    def __repr__(self) -> str:
        plain = type(self)()
        differing = [f"{name}={getattr(self, name)!r}" for name in self._shown()
                     if getattr(self, name) != getattr(plain, name)]
        return f"{type(self).__name__}({', '.join(differing)})"


class RxLocalSeq(RxComputeContext):
    """One task at a time. Waiting (the default): a plain loop in this process, no job, no capture.

    >>> from errand import RxLocalSeq, rx_exec
    >>> rx_exec(pow, args=[{"base": 2, "exp": 3}, {"base": 3, "exp": 2}], compute_context=RxLocalSeq())
    [8, 9]
    """

    _name = "RxLocalSeq"


class RxLocalParallel(RxComputeContext):
    """This machine's cores, or `cores` of them.

    >>> from errand import RxLocalParallel, rx_exec
    >>> rx_exec(lambda x, y: x + y, x=[1, 2, 3], y=10, compute_context=RxLocalParallel())
    [11, 12, 13]
    """

    _name = "RxLocalParallel"


_CLASSES = {"rxlocalseq": RxLocalSeq, "local": RxLocalSeq, "localseq": RxLocalSeq,
            "rxlocalparallel": RxLocalParallel, "localpar": RxLocalParallel}


def _class_of(name: str) -> type:
    if name.lower() in _CLASSES:
        return _CLASSES[name.lower()]
    from . import cluster_contexts, database_context

    for classes in (cluster_contexts.CLASSES, database_context.CLASSES):
        if name.lower() in classes:
            return classes[name.lower()]
    named = _named(name)
    if named.engine == "database":
        return database_context.RxInSqlServer
    return cluster_contexts.class_of_engine(named) or RxComputeContext


def _named(name: str) -> Any:
    if name == "RxComputeContext":
        return core.ComputeContext()
    try:
        return core.make_compute_context(name)
    except JobMissing as unknown:
        raise ArgumentError(unknown.message, unknown.hint) from None


def _check_own(name: str, value: Any) -> str:
    if name == "fork" and not isinstance(value, bool):
        raise ArgumentError(f"fork cannot be {value!r}", "give True or False")
    if name == "rng_seed" and value != "auto" and (
            isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 64):
        raise ArgumentError(f"rng_seed cannot be {value!r}", 'give a whole number from 0 to 2**64 - 1, or "auto"')
    return str(value)


def _parse(text: Optional[str]) -> Any:
    words = {None: None, "True": True, "False": False, "auto": "auto"}
    return words[text] if text in words else int(text)  # type: ignore[arg-type]


def wrap(context: Any) -> RxComputeContext:
    """The core's context as the class that it is an instance of."""
    from .cluster_contexts import class_of_engine

    cluster = class_of_engine(context)
    if cluster is not None:
        found: RxComputeContext = object.__new__(cluster)
    elif context.engine == "database":
        from .database_context import RxInSqlServer

        found = object.__new__(RxInSqlServer)
    else:
        found = object.__new__(RxLocalSeq if context.sequential else RxLocalParallel)
    object.__setattr__(found, "_core", context)
    return found


def as_context(context: Union[None, str, RxComputeContext]) -> RxComputeContext:
    """The context meant by an argument: None is the active one."""
    if context is None:
        return rx_get_compute_context()
    if isinstance(context, RxComputeContext):
        return context
    if isinstance(context, str):
        return RxComputeContext(context)
    raise ArgumentError(f"compute_context cannot be of type {type(context).__name__}",
                        "give a context such as RxLocalParallel(), or a name such as 'localpar'")


def rx_set_compute_context(compute_context: Union[str, RxComputeContext], **fields: Any) -> RxComputeContext:
    """Puts a context in force for later calls and returns the one before.

    Args:
        compute_context: a context or a name ("localpar"); further settings change a copy of it.

    >>> from errand import RxLocalParallel, rx_get_compute_context, rx_set_compute_context
    >>> before = rx_set_compute_context(RxLocalParallel(wait=False))
    >>> rx_get_compute_context()
    RxLocalParallel(wait=False)
    >>> rx_set_compute_context(before)
    RxLocalParallel(wait=False)
    """
    context = as_context(compute_context)
    if fields:
        context = RxComputeContext(context, **fields)
    return wrap(core.set_compute_context(context._core))


def rx_get_compute_context() -> RxComputeContext:
    """The context in force: RxLocalSeq until one is set."""
    return wrap(core.get_compute_context())
