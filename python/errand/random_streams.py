# SPDX-License-Identifier: Apache-2.0
"""Per-task random streams: from (seed, index), whatever runs where. docs/random-numbers.md has vectors.

The numbers are those of numpy.random.SeedSequence(seed, spawn_key=(index,)), computed here without NumPy if
it is not installed.
"""
import random
from typing import TYPE_CHECKING, Any, Callable, List, Optional, Tuple

if TYPE_CHECKING:
    import numpy

_MASK = 0xFFFFFFFF
_POOL = 4

_current: Optional[Tuple[int, int]] = None
_generator: Any = None


def _words(number: int) -> List[int]:
    words = [number & _MASK]
    while number := number >> 32:
        words.append(number & _MASK)
    return words


class _Hash:
    """One of SeedSequence's two hashes: its constant changes with every use."""

    def __init__(self, constant: int, factor: int) -> None:
        self.constant = constant
        self.factor = factor

    def __call__(self, value: int) -> int:
        value ^= self.constant
        self.constant = self.constant * self.factor & _MASK
        value = value * self.constant & _MASK
        return value ^ value >> 16


def _mix(x: int, y: int) -> int:
    result = (0xCA01F9DD * x - 0x4973F715 * y) & _MASK
    return result ^ result >> 16


def state_words(seed: int, index: int) -> List[int]:
    """SeedSequence(seed, spawn_key=(index,)).generate_state(4)."""
    entropy = _words(seed)
    entropy += [0] * (_POOL - len(entropy)) + _words(index)
    into = _Hash(0x43B0D7E5, 0x931E8875)
    pool = [into(word) for word in entropy[:_POOL]]
    for source in range(_POOL):
        for target in range(_POOL):
            if source != target:
                pool[target] = _mix(pool[target], into(pool[source]))
    for word in entropy[_POOL:]:
        for target in range(_POOL):
            pool[target] = _mix(pool[target], into(word))
    out = _Hash(0x8B51F9DD, 0x58F38DED)
    return [out(word) for word in pool]


def seed_number(seed: int, index: int) -> int:
    """The 128 bits that `random` is seeded with."""
    return sum(word << 32 * place for place, word in enumerate(state_words(seed, index)))


def seeder(seed: int) -> Callable[[int], None]:
    """What seeds `random`, NumPy (if it is installed) and rng() for a task."""
    try:
        import numpy
    except ImportError:
        numpy = None  # type: ignore[assignment]

    def start_task(index: int) -> None:
        global _current, _generator
        _current, _generator = (seed, index), None
        words = state_words(seed, index)
        random.seed(sum(word << 32 * place for place, word in enumerate(words)))
        if numpy is not None:
            numpy.random.seed(numpy.array(words, dtype=numpy.uint32))

    return start_task


def end_task() -> None:
    """Forgets the task: for loops in the caller's own process."""
    global _current, _generator
    _current, _generator = None, None


def rng() -> "numpy.random.Generator":
    """Inside a task of a seeded job: its own generator, the same draws whatever runs where.

    Elsewhere: a generator seeded from the operating system. Needs NumPy.
    """
    global _generator
    if _generator is None:
        import numpy

        source = None if _current is None else numpy.random.SeedSequence(_current[0], spawn_key=(_current[1],))
        _generator = numpy.random.Generator(numpy.random.PCG64(source))
    return _generator  # type: ignore[no-any-return]
