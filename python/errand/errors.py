# SPDX-License-Identifier: Apache-2.0
"""What goes wrong, as exceptions. Each says what to do next."""
import pickle
from typing import NoReturn, Optional


class ErrandError(Exception):
    """The base of errand's errors.

    `code` is the word of the C++ library ("not_finished"), `hint` what to do next, `transient` whether the
    same call may succeed later.
    """

    code: str = "system"
    hint: str = ""
    transient: bool = False

    def __init__(self, message: str, hint: str = "", code: str = "", transient: bool = False) -> None:
        super().__init__(message, hint, code, transient)
        self.message = message
        self.hint = hint
        if code:
            self.code = code
        self.transient = transient

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class ArgumentError(ErrandError, ValueError):
    """Arguments that cannot be meant: unequal lengths, unknown names, no callable."""

    code = "invalid_argument"


class JobMissing(ErrandError, LookupError):
    """There is no such job, or it was removed."""

    code = "job_missing"


class NotFinished(ErrandError):
    """Results were asked of a job that has not ended."""

    code = "not_finished"


class JobFailed(ErrandError):
    """Results were asked of a failed job."""

    code = "job_failed"


class JobCanceled(ErrandError):
    """Results were asked of a canceled job."""

    code = "job_canceled"


class WaitTimeout(ErrandError, TimeoutError):
    """The time given ran out; the job goes on."""

    code = "timeout"


class DecodeError(ErrandError):
    """A value cannot be read here. Nothing was removed."""

    code = "type_mismatch"


class PlaceError(ErrandError, OSError):
    """The share directory cannot be read or written, is full, or belongs to someone else."""

    code = "place_unreadable"


class ErrandWarning(UserWarning):
    """Given once by a call whose answer is usable but not all that was hoped for."""


class RemoteTraceback(Exception):
    """Shows where in the worker an exception came from: its text is the worker's traceback."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return '\n"""\n' + self.text + '"""'


class TaskError(ErrandError):
    """Stands at the place of a task that has no value.

    Attributes:
        task: the task's 0-based index.
        cause: "user_error", "given_up", "time_limit", "memory_limit", "not_startable" or "canceled".
        type: the name of the exception's type in the worker.
        traceback: the worker's traceback as text; may be empty.
        attempt: which start of the task it was.
    """

    code = "task_failed"

    def __init__(self, task: int, cause: str, type: str, message: str, traceback: str = "", attempt: int = 0,
                 native: Optional[bytes] = None) -> None:
        super().__init__(message)
        self.args = (task, cause, type, message, traceback, attempt, native)
        self.task = task
        self.cause = cause
        self.type = type
        self.traceback = traceback
        self.attempt = attempt
        self._native = native
        if traceback:
            self.__cause__ = RemoteTraceback(traceback)

    @property
    def exception(self) -> Optional[BaseException]:
        """The exception that the function raised, if it could be brought here."""
        if self._native is None:
            return None
        try:
            original = pickle.loads(self._native)
        except Exception:  # a class that is not to be had here, or whose constructor refuses
            return None
        if not isinstance(original, BaseException):
            return None
        original.__cause__ = RemoteTraceback(self.traceback)
        return original

    def __str__(self) -> str:
        return f"task {self.task}: {self.message}"

    def __repr__(self) -> str:
        return f"TaskError(task={self.task}, cause={self.cause!r}, message={self.message!r})"


_CLASSES = {
    "invalid_argument": ArgumentError,
    "not_found": JobMissing,
    "ambiguous": ArgumentError,
    "place_unreadable": PlaceError,
    "place_unwritable": PlaceError,
    "no_space": PlaceError,
    "foreign_owner": PlaceError,
    "corrupt": DecodeError,
    "version_mismatch": DecodeError,
    "type_mismatch": DecodeError,
    "unsupported_codec": DecodeError,
    "not_finished": NotFinished,
    "job_failed": JobFailed,
    "job_canceled": JobCanceled,
    "job_missing": JobMissing,
    "timeout": WaitTimeout,
}


# The core's hints name its own verbs.
_PYTHON_WORDS = [
    ("retry_job (errand retry)", "rx_retry_job (job.retry)"),
    ("get_partial_results", "rx_get_job_results(partial=True)"),
    ("get_jobs (errand jobs)", "rx_get_jobs"),
    ("wait_for_job", "rx_wait_for_job"),
    ("retry_job", "rx_retry_job"),
]


def in_python_words(text: str) -> str:
    """The core's sentences with the names that its verbs have here."""
    for core_name, name in _PYTHON_WORDS:
        if name not in text:
            text = text.replace(core_name, name)
    return text


def from_core(code: str, message: str, hint: str, transient: bool, os_error: int) -> ErrandError:
    """The exception for an error of the core. Called by the extension module."""
    error = _CLASSES.get(code, ErrandError)(in_python_words(message), in_python_words(hint), code, transient)
    if isinstance(error, OSError) and os_error:
        error.errno = os_error
    return error


def make_task_error(task: int, cause: str, type: bytes, message: bytes, traceback: bytes, attempt: int,
                    native: Optional[bytes]) -> TaskError:
    """Called by the extension module; its texts may hold any bytes."""
    def text(data: bytes) -> str:
        return data.decode("utf-8", "replace")

    return TaskError(task, cause, text(type), text(message), text(traceback), attempt, native)


def raise_undecodable(task: int, cause: BaseException) -> NoReturn:
    """Called by the extension module when a value cannot be decoded."""
    if not isinstance(cause, Exception):
        raise cause
    hint = cause.hint if isinstance(cause, ErrandError) else (
        "make what its class needs importable here and fetch again: nothing was removed")
    raise DecodeError(f"the result of task {task} cannot be read: {describe(cause)}", hint) from cause


def describe(error: BaseException) -> str:
    """An exception in one line."""
    name = type(error).__name__
    try:
        text = error.message if isinstance(error, ErrandError) else str(error)
    except Exception:
        text = "(its text cannot be had)"
    return f"{name}: {text}" if text else name

