# SPDX-License-Identifier: Apache-2.0
"""revoscalepy's functions on jobs, by their names. Each takes a Job, a JobInfo, an id, or a part of one."""
import warnings
from datetime import datetime
from typing import Any, List, Optional, Union

from ._native import core
from .contexts import RxComputeContext, as_context
from .errors import ArgumentError, ErrandError, ErrandWarning, JobCanceled, JobFailed, JobMissing, NotFinished
from .job import Job, JobInfo, JobList, as_job, clean_up, list_jobs
from .results import RxJobMessage
from .status import RxRemoteJobStatus


def rx_get_job_status(job_info: Any) -> RxRemoteJobStatus:
    """What the job is doing. A job that is gone (or never was) is UNDETERMINED.

    >>> import errand
    >>> job = errand.submit(lambda: 1)
    >>> errand.rx_wait_for_job(job)
    >>> print(errand.rx_get_job_status(job))
    RxRemoteJobStatus.FINISHED
    """
    return as_job(job_info).status


def rx_get_job_results(job_info: Any, console_output: Optional[bool] = None, auto_cleanup: Optional[bool] = None,
                       partial: bool = False) -> Union[List[Any], RxJobMessage]:
    """The results of a finished job: a list with one entry per task, in task order.

    A task that failed has a TaskError at its place, and one warning counts them. If there are no results the
    answer is a message, an RxJobMessage: not finished, failed, canceled, deleted.

    Args:
        job_info: the job.
        console_output: True prints what the tasks printed, first; None: as at submission.
        auto_cleanup: True removes the job's artifacts once everything is in memory and every task
            succeeded; None: as at submission.
        partial: True gives [(index, outcome), ...] of the tasks that have ended, while the job runs.

    Raises:
        DecodeError: a value cannot be read here; nothing was removed.

    >>> import errand
    >>> job = errand.submit(lambda: 6 * 7)
    >>> errand.rx_wait_for_job(job)
    >>> errand.rx_get_job_results(job)
    [42]
    >>> print(errand.rx_get_job_results(job))  # doctest: +ELLIPSIS
    job rxJob_... is missing: deleted ...
    """
    job = as_job(job_info)
    try:
        if partial:
            return job.partial_results()
        return job._fetch(console_output, auto_cleanup)
    except (NotFinished, JobFailed, JobCanceled, JobMissing) as reason:
        message = RxJobMessage(reason)
        message.code = reason.code
        return message


def rx_get_job_output(job_info: Any) -> str:
    """What the tasks have printed, as one text in task order; works while the job runs, removes nothing.

    >>> import errand
    >>> job = errand.submit(lambda: print("hello"))
    >>> errand.rx_wait_for_job(job)
    >>> errand.rx_get_job_output(job)
    'hello\\n'
    """
    return as_job(job_info).output()


def rx_get_jobs(compute_context: Union[None, str, RxComputeContext] = None, exact_match: bool = False,
                start_time: Optional[datetime] = None, end_time: Optional[datetime] = None,
                states: Optional[List[str]] = None, verbose: bool = True) -> JobList:
    """The jobs of the context's place, oldest first: a list, which an id indexes, too.

    Args:
        compute_context: its share directory is compared; with `exact_match` every field.
        start_time, end_time: bounds of the creation time, both included; naive times are local ones.
        states: status words to keep, "none" and "missing" accepted, case ignored.
        verbose: prints one line per job: status, when it was modified, id.

    Raises:
        ArgumentError: an unknown state.
    """
    states = [states] if isinstance(states, str) else states
    words = [state.value if isinstance(state, RxRemoteJobStatus) else str(state) for state in states or []]
    jobs = list_jobs(as_context(compute_context), exact_match, _nanoseconds("start_time", start_time),
                     _nanoseconds("end_time", end_time), words)
    if verbose:
        for job in jobs:
            listed = job.__dict__["_listed"]
            modified = datetime.fromtimestamp(listed["modified_ns"] // 10**9)
            print(f"{listed['status']:<12} {modified:%Y-%m-%d %H:%M:%S} {job.id}")
    return jobs


def _nanoseconds(name: str, moment: Optional[datetime]) -> Optional[int]:
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        raise ArgumentError(f"{name} cannot be {moment!r}", "give a datetime; a naive one is local time")
    seconds = int(moment.replace(microsecond=0).timestamp())
    return seconds * 10**9 + moment.microsecond * 1000


def rx_get_job_info(job: Any) -> Optional[JobInfo]:
    """What is recorded about the job that an object names, or None if it names none.

    >>> import errand
    >>> errand.rx_get_job_info([1, 2, 3])
    >>> errand.rx_get_job_info(errand.submit(pow, {"base": 2, "exp": 3})).function
    'pow'
    """
    if isinstance(job, RxJobMessage) or not isinstance(job, (Job, JobInfo, str)):
        return None
    try:
        return as_job(job).info
    except ErrandError:
        return None


def rx_wait_for_job(job_info: Any, timeout: Optional[float] = None) -> None:
    """Returns when the job is finished, failed, canceled or gone.

    Raises:
        WaitTimeout: `timeout` seconds are over; the job goes on.
    """
    as_job(job_info).wait(timeout=timeout)


def rx_cancel_job(job_info: Any, console_output: Optional[bool] = None) -> bool:
    """True if this call canceled the job, False if it had ended or is missing.

    Everything that the job had started is dead when it returns True; its results, output, function and
    arguments are removed. A small record stays until rx_cleanup_jobs.

    Args:
        job_info: the job.
        console_output: True prints what had been printed; None: as at submission.
    """
    job = as_job(job_info)
    text = ""
    if console_output:
        try:
            text = job.output()
        except ErrandError:
            text = ""
    canceled, message, output = core.cancel(job.id, job.place)
    if console_output is None:
        text = output.decode("utf-8", "replace")
    if text and console_output is not False:
        print(text, end="")
    if not canceled and "still" in message:
        warnings.warn(message, ErrandWarning, stacklevel=2)
    return bool(canceled)


def rx_retry_job(job_info: Any) -> int:
    """Runs the tasks that have no value again, under the same id. Returns how many those are.

    Raises:
        ArgumentError: the job is running, canceled or missing.
    """
    return as_job(job_info).retry()


def rx_cleanup_jobs(job_info_list: Any, force: bool = False, verbose: bool = True) -> None:
    """Removes the artifacts of a job or of each job of a list.

    Failed and canceled jobs are removed. Any other stays, with a warning that names the ways out, unless
    `force` is True; a live one is then canceled and stopped first.

    Args:
        job_info_list: a job or a list of jobs.
        force: whatever the state.
        verbose: prints every directory that is deleted.

    >>> import errand
    >>> job = errand.submit(lambda: 1 / 0, auto_cleanup=False)
    >>> errand.rx_cleanup_jobs(job, force=True, verbose=False)
    >>> print(job.status)
    RxRemoteJobStatus.UNDETERMINED
    """
    several = isinstance(job_info_list, (list, tuple)) and not isinstance(job_info_list, str)
    clean_up([as_job(job) for job in (job_info_list if several else [job_info_list])], force, verbose)


def rxg_last_pending_job() -> Job:
    """The last job that this process submitted. Raises JobMissing if there is none."""
    return Job(*core.last_pending_job())
