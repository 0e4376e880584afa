# SPDX-License-Identifier: Apache-2.0
"""The words of a job's life."""
from enum import Enum
from typing import Any, Dict, NamedTuple, Tuple


class RxRemoteJobStatus(Enum):
    """revoscalepy's six words. A job that was cleaned up is UNDETERMINED here; `Job.reason` says more.

        >>> from errand import RxRemoteJobStatus
        >>> print(RxRemoteJobStatus.FINISHED)
        RxRemoteJobStatus.FINISHED
    """

    FINISHED = "finished"
    FAILED = "failed"
    CANCELED = "canceled"
    UNDETERMINED = "undetermined"
    RUNNING = "running"
    QUEUED = "queued"

    def __str__(self) -> str:
        return f"RxRemoteJobStatus.{self.name}"


class Progress(NamedTuple):
    """How far a job is, in tasks."""

    succeeded: int = 0
    failed: int = 0
    running: int = 0
    waiting: int = 0
    total: int = 0

    @property
    def done(self) -> int:
        """Tasks that have ended, well or not."""
        return self.succeeded + self.failed


class StatusReport(NamedTuple):
    """A status with its reason. `word` is one of the seven words of every front end ("missing" too)."""

    status: RxRemoteJobStatus
    word: str
    reason: str
    progress: Progress

    @property
    def settled(self) -> bool:
        """Nothing changes any more unless someone asks."""
        return self.word in ("finished", "failed", "canceled", "missing")


def report_of(answer: Tuple[str, str, Dict[str, Any]]) -> StatusReport:
    """The core's answer as a report."""
    word, reason, counts = answer
    known = word if word != "missing" else "undetermined"
    return StatusReport(RxRemoteJobStatus(known), word, reason, Progress(**counts))
