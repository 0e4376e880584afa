# SPDX-License-Identifier: Apache-2.0
"""joblib on errand: `import errand.joblib_backend`, then `joblib.parallel_backend("errand")`.

Each Parallel call is one growing job; joblib's own batching makes its tasks.
"""
from typing import Any, Callable, Optional

from joblib import register_parallel_backend
from joblib._parallel_backends import AutoBatchingMixin, ParallelBackendBase

from .contexts import as_context
from .executor import Executor, TaskFuture


class ErrandBackend(AutoBatchingMixin, ParallelBackendBase):  # type: ignore[misc]
    """joblib's view of an Executor. `context`: a compute context or its name."""

    supports_retrieve_callback = True
    supports_return_generator = True
    supports_timeout = True
    uses_threads = False

    def __init__(self, context: Any = None, **settings: Any) -> None:
        super().__init__(**settings)
        self._context = as_context("localpar" if context is None else context)
        self._executor: Optional[Executor] = None

    def effective_n_jobs(self, n_jobs: Optional[int]) -> int:
        """How many tasks run at once."""
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        import os

        cores = self._context.cores or len(os.sched_getaffinity(0))
        if n_jobs is None:
            return int(cores)
        return int(max(cores + 1 + n_jobs, 1) if n_jobs < 0 else n_jobs)

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        """Opens the job of one Parallel call."""
        n_jobs = self.effective_n_jobs(n_jobs)
        self.parallel = parallel
        self._n_jobs = n_jobs
        self._executor = Executor(self._context, max_workers=n_jobs)
        return n_jobs

    def submit(self, func: Callable[[], Any], callback: Optional[Callable[[Any], Any]] = None) -> TaskFuture:
        """One batch of calls as one task."""
        assert self._executor is not None
        future = self._executor.submit(func)
        future.get = future.result  # type: ignore[attr-defined]
        if callback is not None:
            future.add_done_callback(callback)
        return future

    def apply_async(self, func: Callable[[], Any], callback: Optional[Callable[[Any], Any]] = None) -> TaskFuture:
        """The name of submit before joblib 1.5."""
        return self.submit(func, callback)

    def retrieve_result_callback(self, out: TaskFuture) -> Any:
        """The values of a batch, or what it raised."""
        return out.result()

    def terminate(self) -> None:
        """The Parallel call is over."""
        if self._executor is not None:
            self._executor.shutdown(wait=False)
            self._executor = None
        self.reset_batch_stats()

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """A call failed: what has not started does not start."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None
        if ensure_ready:
            self.configure(self._n_jobs, self.parallel)


register_parallel_backend("errand", ErrandBackend)
