# SPDX-License-Identifier: Apache-2.0
"""A job as an object: a name for artifacts on disk, nothing more. Any process of the same user can make one."""
import html
import sys
import warnings
from typing import Any, Callable, Dict, Generator, Iterator, List, Optional, Tuple, Union

from ._native import core
from .contexts import RxComputeContext, wrap
from .errors import ArgumentError, ErrandError, ErrandWarning, JobFailed, JobMissing, TaskError, in_python_words
from .status import Progress, RxRemoteJobStatus, StatusReport, report_of

# A callback is a function of this process: it waits here for the job that it was given with.
_callbacks: Dict[str, Callable[[Any], Any]] = {}


class Job:
    """A submitted job. Small, picklable, and usable from any process of the same user.

    Args:
        job: an id, a unique part of one (4 characters or more), "last", or a compute context (then `job_id`
            names the job, as with revoscalepy's RxRemoteJob; without it the object stands for all jobs of
            the context).
        job_id: the id, if `job` is a context.

    Raises:
        JobMissing: no such job.
        ArgumentError: the name is ambiguous, or none.

    >>> import errand
    >>> job = errand.submit(lambda: 6 * 7)
    >>> job.wait().word
    'finished'
    >>> job.results()
    [42]
    """

    def __init__(self, job: Any, place: Optional[str] = None, job_id: Optional[str] = None) -> None:
        self.compute_context: Optional[RxComputeContext] = None
        if isinstance(job, RxComputeContext):
            self.compute_context = job
            self.id, self.place = job_id or place or "", core.resolve_share_dir(job._core)
        elif isinstance(job, str) and place is not None:
            self.id, self.place = job, core.place_name(place)
        else:
            self.id, self.place = _find(job)

    # What it is doing.

    def report(self) -> StatusReport:
        """Status, reason and progress of one moment."""
        return report_of(core.get_status(self.id, self.place))

    @property
    def status(self) -> RxRemoteJobStatus:
        """One of revoscalepy's six words, asked afresh."""
        return self.report().status

    @property
    def reason(self) -> str:
        """The status in plain words: why, and since when."""
        return self.report().reason

    @property
    def progress(self) -> Progress:
        """How many tasks succeeded, failed, run and wait."""
        return self.report().progress

    @property
    def info(self) -> "JobInfo":
        """Everything recorded about the submission, and the workers. Raises JobMissing."""
        return JobInfo(core.get_info(self.id, self.place))

    # What came of it.

    def results(self, console_output: Optional[bool] = None, auto_cleanup: Optional[bool] = None,
                timeout: Optional[float] = None) -> List[Any]:
        """Waits for the job and returns one entry per task, in task order.

        A task without a value has a TaskError at its place, and one ErrandWarning counts them. With
        `auto_cleanup` (see the context) the artifacts are removed once everything is in memory and every
        task succeeded.

        Raises:
            JobFailed, JobCanceled, JobMissing: there are no results. WaitTimeout. DecodeError: a value cannot
            be read here; nothing was removed.
        """
        report = self.wait(timeout=timeout)
        del report
        return self._fetch(console_output, auto_cleanup)

    def _fetch(self, console_output: Optional[bool], auto_cleanup: Optional[bool]) -> List[Any]:
        try:
            values, warning = core.get_results(self.id, self.place, console_output, auto_cleanup, _print_console)
        except JobFailed as failed:
            raise failed from self._first_failure()
        if console_output is not False:
            sys.stdout.flush()
        if warning:
            warnings.warn(in_python_words(warning), ErrandWarning, stacklevel=3)
        _callbacks.pop(self.id, None)
        return values

    def _first_failure(self) -> Optional[TaskError]:
        try:
            return next((outcome for _, outcome in self.partial_results() if isinstance(outcome, TaskError)), None)
        except ErrandError:
            return None

    def partial_results(self) -> List[Tuple[int, Any]]:
        """(index, value or TaskError) of the tasks that have ended, while the job runs or after.

        Until the job is finished one may still be superseded: a lost worker's task is run again.
        """
        return core.get_partial_results(self.id, self.place)

    def as_completed(self, timeout: Optional[float] = None) -> Iterator[Tuple[int, Any]]:
        """(index, value or TaskError) of every task as it ends, each once.

        Raises JobFailed or JobCanceled if the job ends with tasks undone, WaitTimeout.

        >>> import errand
        >>> job = errand.submit(lambda x: x * x, fan_out={"x": [1, 2, 3]})
        >>> sorted(job.as_completed())
        [(0, 1), (1, 4), (2, 9)]
        """
        from .arrivals import arrivals

        return arrivals(self, timeout)

    def output(self, task: Optional[int] = None) -> str:
        """What the tasks (or one) have printed so far, in task order."""
        return core.get_output(self.id, self.place, task).decode("utf-8", "replace")

    # What can be done with it.

    def wait(self, timeout: Optional[float] = None, progress: Optional[bool] = None) -> StatusReport:
        """Returns when the job has ended (or was never there), with its last report.

        Args:
            timeout: seconds; then WaitTimeout is raised and the job goes on.
            progress: a tqdm bar; None means on a terminal and in a notebook, if tqdm is installed.

        Ctrl-C raises KeyboardInterrupt, leaves the job running and says how to return to it.
        """
        from .waiting import wait_for

        callback = _callbacks.get(self.id)
        if callback is not None:
            from .arrivals import deliver

            deliver(self, callback, timeout)
            _callbacks.pop(self.id, None)
        return wait_for(self, timeout, progress)

    def __await__(self) -> Generator[Any, None, List[Any]]:
        """`await job` gives its results without blocking the event loop."""
        from .waiting import wait_async

        return wait_async(self).__await__()

    def cancel(self) -> bool:
        """True if this call canceled it, False if it had ended or is missing.

        When it returns True everything that the job had started is dead.
        """
        canceled, message, output = core.cancel(self.id, self.place)
        if output:
            _print_console(output)
        del message
        return bool(canceled)

    def retry(self) -> int:
        """Runs the tasks without a value again, under the same id; how many those are.

        Raises ArgumentError: it is running, canceled or missing.
        """
        tasks, _ = core.retry(self.id, self.place)
        return int(tasks)

    def cleanup(self, force: bool = False) -> None:
        """Removes the artifacts of a failed or canceled job; with `force` of any, stopping it first."""
        clean_up([self], force, verbose=False)

    # revoscalepy's RxRemoteJob.

    def close(self) -> None:
        """Removes everything that belongs to the job, whatever it is doing (or to all jobs of the context)."""
        clean_up([self] if self.id else list(self.deserialize_jobs()), True, verbose=False)

    def deserialize_job(self, job_id: str) -> "Job":
        """The job of that id. Raises JobMissing."""
        return Job(*core.find_job(job_id, self.place, False))

    def deserialize_jobs(self) -> "JobList":
        """The jobs of this place that were not cleaned up."""
        context = self.compute_context or self.resolve_context() or RxComputeContext("local", share_dir=self.place)
        return list_jobs(context)

    def resolve_context(self) -> Optional[RxComputeContext]:
        """The context that the job was submitted with, or None if there is no such job any more."""
        if not self.id:
            return self.compute_context
        try:
            return wrap(core.get_info(self.id, self.place)["context"])
        except JobMissing:
            return None

    # How it looks.

    def __repr__(self) -> str:
        return f"Job({self.id!r})"

    def __str__(self) -> str:
        report = self.report()
        return f"{self.id}: {report.reason} ({report.progress.done} of {report.progress.total} tasks)"

    def _repr_html_(self) -> str:
        report = self.report()
        done, total = report.progress.done, report.progress.total
        failed = f", {report.progress.failed} failed" if report.progress.failed else ""
        return (f"<div><b>{html.escape(self.id)}</b> &mdash; {html.escape(report.reason)}<br>"
                f"<progress value='{done}' max='{max(total, 1)}'></progress> {done} of {total} tasks{failed}</div>")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and (self.id, self.place) == (other.id, other.place)

    def __hash__(self) -> int:
        return hash(self.id)

    def __reduce__(self) -> Tuple[Any, ...]:
        if self.compute_context is not None:
            return (Job, (self.compute_context, self.id))
        return (Job, (self.id, self.place))


RxRemoteJob = Job


class JobInfo(Dict[str, Any]):
    """What is recorded about a job, by name; also as attributes: `info.seed`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __repr__(self) -> str:
        return f"JobInfo({self['id']}: {self['reason']}; {self['function']}, {self['signature']})"


class JobList(List[Job]):
    """Jobs, oldest first; `jobs["rxJob_..."]` is the one of that id."""

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return super().__getitem__(key)
        for job in self:
            if job.id == key:
                return job
        raise KeyError(key)

    @property
    def ids(self) -> List[str]:
        """The ids, in order."""
        return [job.id for job in self]


def _find(job: Any) -> Tuple[str, str]:
    if isinstance(job, Job):
        return job.id, job.place
    if isinstance(job, JobInfo):
        return job["id"], job["place"]
    if isinstance(job, str) and job:
        id, place = core.find_job(job, "", False)
        return id, place
    raise ArgumentError(f"a {type(job).__name__} is no job", "give a Job, or a job's id as a string")


def as_job(job: Any) -> Job:
    """The job that an argument means, without asking whether it exists if it says where it is."""
    if isinstance(job, Job):
        return job
    if isinstance(job, str) and len(job) == 32 and job.startswith("rxJob_"):
        try:
            return Job(job)
        except JobMissing:
            return Job(job, "")
    return Job(job)


def _print_console(text: bytes) -> None:
    sys.stdout.write(text.decode("utf-8", "replace"))


def clean_up(jobs: List[Job], force: bool, verbose: bool) -> None:
    """See rx_cleanup_jobs."""
    removed, kept, directories = core.clean_up([(job.id, job.place) for job in jobs], force)
    del removed
    if verbose and directories:
        print(directories, end="")
    for text in kept:
        warnings.warn(in_python_words(text), ErrandWarning, stacklevel=3)


def list_jobs(context: Union[RxComputeContext], exact_match: bool = False, start_ns: Optional[int] = None,
              end_ns: Optional[int] = None, states: Optional[List[str]] = None) -> JobList:
    """The jobs of the context's place, without printing."""
    found = core.list_jobs(context._core, exact_match, start_ns, end_ns, states or [])
    jobs = JobList()
    for fields in found:
        job = Job(fields["id"], fields["place"])
        job.__dict__["_listed"] = fields
        jobs.append(job)
    return jobs
