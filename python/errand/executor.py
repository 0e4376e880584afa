# SPDX-License-Identifier: Apache-2.0
"""A concurrent.futures.Executor over one growing job, for every library that takes an executor."""
import atexit
import itertools
import threading
import weakref
from concurrent import futures
from concurrent.futures import as_completed, wait
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Set, Tuple, Union

from . import worker
from ._native import core
from .calls import describe_call
from .contexts import RxComputeContext, as_context
from .errors import ArgumentError, ErrandError, TaskError
from .job import Job, clean_up

__all__ = ["Executor", "TaskFuture", "as_completed", "wait"]

# The collecting thread looks this often whether the interpreter ends.
_PATIENCE_SECONDS = 0.25


class TaskFuture(futures.Future):  # type: ignore[type-arg]
    """The future of one task. `index` is the task's index in the executor's job."""

    def __init__(self, executor: "Executor") -> None:
        super().__init__()
        self._executor = executor
        self._unannounced = [True]  # who pops it tells the waiters of a cancel: once
        self.index = -1

    def cancel(self) -> bool:
        """Cancels the task if it has not started. False: it runs or has ended."""
        if self.done():
            return self.cancelled()
        if self.running():
            return False
        self._executor._cancel_task(self.index)
        return self._settle_canceled()

    def _settle_canceled(self) -> bool:
        """False: it has ended otherwise. Both the caller of cancel and the collecting thread come here."""
        if not super().cancel():
            return self.cancelled()
        try:
            self._unannounced.pop()
        except IndexError:
            return True
        self.set_running_or_notify_cancel()
        return True

    def running(self) -> bool:
        """True while a worker has the task in hand."""
        return not self.done() and self.index in self._executor._tasks_in_hand()


class Executor(futures.Executor):
    """Runs callables as the tasks of one job that grows.

    Tasks are recorded as they are submitted and durable within a millisecond; they and their outcomes
    outlive this process: `Executor.resume(id)` takes the job up again. Functions, arguments and results
    travel as in rx_exec, exceptions as they are.

    Args:
        context: a compute context or its name; None is RxLocalParallel().
        max_workers: how many tasks run at once; None: as the context says.
        seed: every task gets a random stream of its own from (seed, index).

    >>> import errand
    >>> with errand.Executor() as executor:
    ...     future = executor.submit(pow, 2, 10)
    ...     squares = list(executor.map(lambda x: x * x, range(4), chunksize=2))
    >>> future.result(), squares
    (1024, [0, 1, 4, 9])
    """

    def __init__(self, context: Union[None, str, RxComputeContext] = None, max_workers: Optional[int] = None,
                 seed: Optional[int] = None) -> None:
        chosen = as_context("localpar" if context is None else context)
        if max_workers is not None:
            if isinstance(max_workers, bool) or not isinstance(max_workers, int) or max_workers < 1:
                raise ArgumentError(f"max_workers cannot be {max_workers!r}", "give a whole number of 1 or more")
            chosen = RxComputeContext(chosen, cores=max_workers)
        described = describe_call(worker.run_call, chosen, None, {})
        options = {"seed": seed if seed is not None else chosen.rng_seed}
        self._begin(core.open_growing(chosen._core, described, options), chosen.auto_cleanup)

    @classmethod
    def resume(cls, job: Union[str, Job]) -> "Executor":
        """Takes up the job of an executor whose process is gone.

        `futures` then has a future for every task that was submitted; outcomes are handed out from the
        first again, and further tasks can be submitted unless the job was closed.

        Raises:
            ErrandError: another process appends to it, or it is no executor's job.
        """
        named = job if isinstance(job, Job) else Job(job)
        executor = cls.__new__(cls)
        total = named.progress.total
        executor._begin(core.reopen_growing(named.id, named.place), bool(named.info["context"].auto_cleanup))
        executor._kept = [TaskFuture(executor) for _ in range(total)]
        for index, future in enumerate(executor._kept):
            executor._add(index, future)
        return executor

    def _begin(self, appender: Any, auto_cleanup: bool) -> None:
        self._appender = appender
        self.job = Job(*appender.job)
        self._auto_cleanup = auto_cleanup
        self._state = threading.Condition()
        self._pending: Dict[int, TaskFuture] = {}
        self._early: Dict[int, Any] = {}
        self._closed = False
        self._ending = False
        self._undelivered = 0
        self._thread: Optional[threading.Thread] = None
        self._futures: List["weakref.ref[TaskFuture]"] = []
        self._kept: List[TaskFuture] = []  # of a resumed job: nobody else may hold them
        _open_executors.add(self)

    @property
    def futures(self) -> List[TaskFuture]:
        """The futures not yet forgotten by everybody, by task."""
        return [future for future in (ref() for ref in self._futures) if future is not None]

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> TaskFuture:
        """Adds a task: fn(*args, **kwargs). Its future gives the value or raises what fn raised.

        Raises:
            ArgumentError: fn or an argument cannot be pickled. RuntimeError: after shutdown.
        """
        if not callable(fn):
            raise ArgumentError(f"the function ({type(fn).__name__}) cannot be called", "give a function")
        future = TaskFuture(self)
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        try:
            index = self._appender.append(((fn, args, kwargs),))
        except ErrandError:
            raise
        except Exception as refused:
            raise ArgumentError(f"the call cannot be sent to workers: {refused}",
                                "give a function and arguments that can be pickled") from refused
        self._add(index, future)
        return future

    def _add(self, index: int, future: TaskFuture) -> None:
        future.index = index
        with self._state:
            self._futures.append(weakref.ref(future))
            if index in self._early:
                _settle(future, self._early.pop(index))
                return
            self._pending[index] = future
            if self._thread is None:
                self._thread = threading.Thread(target=self._collect, name="errand-futures", daemon=True)
                self._thread.start()
            elif len(self._pending) == 1:
                self._state.notify_all()

    def map(self, fn: Callable[..., Any], *iterables: Iterable[Any], timeout: Optional[float] = None,
            chunksize: int = 1, **ignored: Any) -> Iterator[Any]:
        """fn of the elements, in order. With chunksize above 1 one task does so many calls."""
        if chunksize < 1:
            raise ValueError("chunksize must be >= 1.")
        if chunksize == 1:
            return super().map(fn, *iterables, timeout=timeout)
        rows = zip(*iterables)
        batches = iter(lambda: list(itertools.islice(rows, chunksize)), [])
        results = super().map(_Batch(fn), batches, timeout=timeout)
        return itertools.chain.from_iterable(results)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """No more tasks: the job can finish. With `wait` returns when every future is done.

        With auto_cleanup the job's artifacts are removed once every outcome is in its future.
        """
        if cancel_futures:
            for future in list(self._pending.values()):
                future.cancel()
        with self._state:
            first = not self._closed
            self._closed = True
            self._state.notify_all()
        if first:
            self._appender.close()
        if self._thread is None:
            if first:
                self._finish()
        elif wait and threading.current_thread() is not self._thread:
            self._thread.join()

    # The collecting thread.

    def _collect(self) -> None:
        while True:
            with self._state:
                while not self._pending and not self._closed and not self._ending:
                    self._state.wait()
                if self._ending or not self._pending:
                    break
            try:
                _, outcomes = self._appender.next(_PATIENCE_SECONDS)
            except BaseException as ended:
                self._give_up(ended)
                break
            self._deliver(outcomes)
        if not self._ending:
            self._finish()

    def _deliver(self, outcomes: List[Tuple[int, Any]]) -> None:
        ready = []
        with self._state:
            for index, outcome in outcomes:
                future = self._pending.pop(index, None)
                if future is None:
                    self._early[index] = outcome
                else:
                    ready.append((future, outcome))
        for future, outcome in ready:
            _settle(future, outcome)

    def _give_up(self, error: BaseException) -> None:
        with self._state:
            lost, self._pending = self._pending, {}
            self._undelivered += len(lost)
        for future in lost.values():
            _break(future, error)

    def _finish(self) -> None:
        _open_executors.discard(self)
        if self._auto_cleanup and self._undelivered == 0:
            try:
                self.job.wait(timeout=10)
                clean_up([self.job], True, verbose=False)
            except ErrandError:
                return  # it stays, and get_jobs shows it

    def _end(self) -> None:
        """The interpreter ends: no thread of ours may outlive it. The job goes on."""
        with self._state:
            self._ending = True
            first, self._closed = not self._closed, True
            self._state.notify_all()
        if first:
            self._appender.close()
        if self._thread is not None:
            self._thread.join()

    # What futures ask.

    def _cancel_task(self, index: int) -> None:
        self._appender.cancel_task(index)

    def _tasks_in_hand(self) -> Set[int]:
        return {one["current_task"] for one in core.get_info(self.job.id, self.job.place)["workers"] if one["alive"]}

    def __repr__(self) -> str:
        return f"Executor({self.job.id!r}, {len(self._pending)} pending)"


class _Batch:
    """A chunk of map as one call."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __reduce__(self) -> Tuple[Any, ...]:
        from functools import partial

        return (partial, (worker.run_calls, self._function))

    def __call__(self, batch: List[Tuple[Any, ...]]) -> List[Any]:
        return worker.run_calls(self._function, batch)


def _settle(future: TaskFuture, outcome: Any) -> None:
    """An outcome that comes after its future was canceled is nobody's."""
    try:
        if isinstance(outcome, TaskError):
            if outcome.cause == "canceled":
                future._settle_canceled()
            else:
                original = outcome.exception if outcome.cause == "user_error" else None
                future.set_exception(original if original is not None else outcome)
        else:
            future.set_result(outcome)
    except (futures.InvalidStateError, RuntimeError):
        return


def _break(future: TaskFuture, error: BaseException) -> None:
    """There will be no outcome."""
    try:
        future.set_exception(error)
    except futures.InvalidStateError:
        return


_open_executors: "weakref.WeakSet[Executor]" = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    for executor in list(_open_executors):
        executor._end()
