# SPDX-License-Identifier: Apache-2.0
"""Python objects to bytes: pickle protocol 5, by value where names would not do, large buffers uncopied.

Scalars never come here: the extension module writes and reads them as MessagePack.
"""
import functools
import io
import pickle
import types
from collections import ChainMap
from typing import Any, List, Optional, Tuple

PROTOCOL = 5
RAW, MSGPACK, PICKLE = 1, 2, 3
# Buffers of this many bytes and more stay outside the pickle: written from where they lie, mapped by the reader.
OUT_OF_BAND = 64 << 10


def _collector() -> Tuple[List[Any], Any]:
    buffers: List[Any] = []

    def keep(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < OUT_OF_BAND:
            return True  # inside the pickle
        buffers.append(raw)
        return False

    return buffers, keep


@functools.lru_cache(maxsize=None)
def _pickler() -> Any:
    """cloudpickle's, but that a function keeps the name of its file, by which a traceback finds its lines.

    cloudpickle 3.1.3 and later leave it out, so that the same function always makes the same bytes.
    """
    import cloudpickle

    table = cloudpickle.CloudPickler.dispatch_table
    left_out = "<dynamic-code>"

    def reduce_code(code: types.CodeType) -> Any:
        make, values, *rest = table[types.CodeType](code)
        kept = tuple(code.co_filename if value == left_out else value for value in values)
        return (make, kept, *rest)

    class Pickler(cloudpickle.CloudPickler):  # type: ignore[misc]
        dispatch_table = ChainMap({types.CodeType: reduce_code}, table)

    return Pickler


def _dump_by_value(value: Any, keep: Optional[Any] = None) -> bytes:
    with io.BytesIO() as file:
        _pickler()(file, protocol=PROTOCOL, buffer_callback=keep).dump(value)
        return file.getvalue()


def dump_value(value: Any) -> List[Any]:
    """[codec, bytes, buffer...] of a task's result. Raises what pickling raises."""
    encode = getattr(type(value), "__errand_encode__", None)
    if encode is not None:
        return encode(value)  # type: ignore[no-any-return]
    buffers, keep = _collector()
    try:
        first = pickle.dumps(value, PROTOCOL, buffer_callback=keep)
    except Exception:
        buffers, keep = _collector()
        first = _dump_by_value(value, keep)
    return [PICKLE, first, *buffers]


def load_value(first: Any, buffers: List[Any]) -> Any:
    """The value again; arrays use the buffers' memory."""
    return pickle.loads(first, buffers=buffers)


def dump_plain(value: Any) -> bytes:
    """One object that consists of builtin types alone: several times as quick as dump_call."""
    return pickle.dumps(value, PROTOCOL)


def dump_call(value: Any) -> bytes:
    """One object by value, for a worker."""
    return _dump_by_value(value)


def dump_shared(value: Any) -> List[Any]:
    """[bytes, buffer...] of what all tasks of a job get."""
    buffers, keep = _collector()
    first = _dump_by_value(value, keep)
    return [first, *buffers]
