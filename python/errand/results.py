# SPDX-License-Identifier: Apache-2.0
"""Shapes of results beside plain Python values."""
from typing import Any, List, NamedTuple, Sequence, Union

from .encoding import MSGPACK, RAW


class RxJobMessage(str):
    """What rx_get_job_results returns when there are no results: why, as a string.

    `isinstance(results, RxJobMessage)` tells it from results; `code` says which case it is.
    """

    code: str = ""

    def __repr__(self) -> str:
        return f"RxJobMessage({str(self)!r})"


class ProgramResult(NamedTuple):
    """The end of one program of an `errand exec` job."""

    exit_code: int
    signal: int


def make_program_result(pair: Sequence[int]) -> ProgramResult:
    """Called by the extension module."""
    return ProgramResult(*pair)


class Raw:
    """Return Raw(buffer) from a function and its bytes are stored as they are: any language reads them.

    The caller gets `bytes`.
    """

    def __init__(self, data: Union[bytes, bytearray, memoryview, Any]) -> None:
        self.data = data

    def __errand_encode__(self) -> List[Any]:
        return [RAW, memoryview(self.data).cast("B")]


class MessagePack:
    """Return MessagePack(value) and it is stored as MessagePack: any language reads it.

    `value`: None, bool, int of 64 bits, float, str, bytes, and lists, tuples (which become lists) and dicts
    of these.
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def __errand_encode__(self) -> List[Any]:
        from ._native import core

        return [MSGPACK, core.pack(self.value)]
