# SPDX-License-Identifier: Apache-2.0
"""Waiting for a job: with a bar, with Ctrl-C, in asyncio."""
import sys
import time
from typing import TYPE_CHECKING, Any, List, Optional

from ._native import core
from .errors import WaitTimeout
from .status import StatusReport, report_of

if TYPE_CHECKING:
    from .job import Job

# A bar that is gone before anybody has read it only flickers.
_BAR_AFTER_SECONDS = 0.5
# How soon a canceled `await` lets go of its thread.
_LOOK_AGAIN_SECONDS = 0.5


class Bar:
    """A tqdm bar that appears when the wait turns out to be one."""

    def __init__(self, job: "Job") -> None:
        self._id = job.id
        self._begin = time.monotonic()
        self._bar: Any = None

    def __call__(self, answer: Any) -> None:
        report = report_of(answer)
        if self._bar is None:
            if time.monotonic() - self._begin < _BAR_AFTER_SECONDS or report.settled:
                return
            from tqdm.auto import tqdm

            self._bar = tqdm(total=report.progress.total, desc=self._id[-6:], unit="task")
        self._bar.total = report.progress.total
        self._bar.n = report.progress.done
        if report.progress.failed:
            self._bar.set_postfix(failed=report.progress.failed, refresh=False)
        self._bar.refresh()

    def close(self) -> None:
        """Leaves the last line standing."""
        if self._bar is not None:
            self._bar.close()


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    instance = shell.get_ipython() if shell is not None else None
    return type(instance).__name__ == "ZMQInteractiveShell"


def _bar_is_wanted() -> bool:
    if not (_in_notebook() or (sys.stderr is not None and sys.stderr.isatty())):
        return False
    from importlib.util import find_spec

    return find_spec("tqdm") is not None


def say_how_to_return(job: "Job") -> None:
    """After Ctrl-C."""
    print(f"\nThe job goes on: {job.id}\n"
          f"Return to it with errand.Job({job.id!r}), here, in another process, or with: errand wait {job.id[-6:]}",
          file=sys.stderr)


def wait_for(job: "Job", timeout: Optional[float], progress: Optional[bool]) -> StatusReport:
    """See Job.wait."""
    bar = Bar(job) if progress or (progress is None and _bar_is_wanted()) else None
    try:
        return report_of(core.wait(job.id, job.place, timeout, bar))
    except KeyboardInterrupt:
        say_how_to_return(job)
        raise
    finally:
        if bar is not None:
            bar.close()


async def wait_async(job: "Job") -> List[Any]:
    """The job's results, waited for in a thread."""
    import asyncio

    loop = asyncio.get_running_loop()
    while True:
        try:
            await loop.run_in_executor(None, core.wait, job.id, job.place, _LOOK_AGAIN_SECONDS, None)
            break
        except WaitTimeout:
            continue
    return await loop.run_in_executor(None, job.results)
