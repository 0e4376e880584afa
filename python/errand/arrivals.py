# SPDX-License-Identifier: Apache-2.0
"""Outcomes as they come: as_completed and callbacks."""
import time
from typing import TYPE_CHECKING, Any, Callable, Iterator, Optional, Tuple

from ._native import core
from .errors import WaitTimeout

if TYPE_CHECKING:
    from .job import Job

# Signals are looked at this often.
_PATIENCE_SECONDS = 1.0


def arrivals(job: "Job", timeout: Optional[float]) -> Iterator[Tuple[int, Any]]:
    """See Job.as_completed."""
    deadline = None if timeout is None else time.monotonic() + timeout
    stream = core.follow_outcomes(job.id, job.place)
    while True:
        left = _PATIENCE_SECONDS if deadline is None else min(_PATIENCE_SECONDS, deadline - time.monotonic())
        if left < 0:
            raise WaitTimeout(f"job {job.id} did not end within {timeout} s", "it goes on")
        more, outcomes = stream.next(left)
        yield from outcomes
        if not more and stream.done:
            return


def deliver(job: "Job", callback: Callable[[Any], Any], timeout: Optional[float]) -> None:
    """Calls `callback` with every outcome as it comes."""
    from .errors import JobCanceled, JobFailed, JobMissing
    from .waiting import say_how_to_return

    try:
        for _, outcome in arrivals(job, timeout):
            callback(outcome)
    except (JobCanceled, JobFailed, JobMissing):
        return  # what the job itself has to say about that is said by whoever asks for the results
    except KeyboardInterrupt:
        say_how_to_return(job)
        raise
