# SPDX-License-Identifier: Apache-2.0
"""Values come back as exactly what they were."""
import datetime
import math

import numpy as np
import pandas as pd
import pytest

import errand
from errand import rx_exec

SCALARS = [
    None, True, False, 0, 1, -1, 31, 32, 127, 128, -31, -32, -33, -128, -129, 255, 256, 65535, 65536, -32768, -32769,
    2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63),
    -(2**63) - 1, 10**40, 0.0, -0.0, 1.5, math.pi, 1e308, 5e-324, math.inf, -math.inf, "", "a", "x" * 31, "x" * 32,
    "x" * 255, "x" * 256, "x" * 4096, "x" * 4097, "x" * 100_000, "grüße \U0001f600", "\ud800", b"", b"\0\xff",
    b"x" * 255, b"x" * 256, b"x" * 4096, b"x" * 4097, b"x" * 65536, b"y" * 1_000_000,
]
OBJECTS = [
    (), (1,), [], [1, [2, [3, [4, [5]]]]], {}, {"a": 1, 2: b"b"}, {1, 2}, frozenset([3]), 1 + 2j, ..., range(3),
    datetime.date(2026, 1, 2), np.float64(1.5), np.int32(7), np.bool_(True), [None, (True, 1.0)], bytearray(b"ba"),
    list(range(5000)), Exception("returned, not raised"), int, math.sin,
]


def identity(x):
    return x


def same(a, b):
    return type(a) is type(b) and (a == b or repr(a) == repr(b))


@pytest.mark.parametrize("way", ["fanned out", "shared", "returned"])
def test_round_trip(waiting, way):
    values = SCALARS + OBJECTS
    if way == "fanned out":
        back = rx_exec(identity, x=values, compute_context=waiting)
    elif way == "shared":
        back = rx_exec(lambda all, i: all[i], all=tuple(values), i=list(range(len(values))), compute_context=waiting)
    else:
        back = rx_exec(lambda i: values[i], i=list(range(len(values))), compute_context=waiting)
    for before, after in zip(values, back):
        assert same(before, after), (before, after)


def test_nan(waiting):
    assert math.isnan(rx_exec(identity, x=[math.nan, 1], compute_context=waiting)[0])


def test_identity_inside_a_value_is_kept(waiting):
    def twice():
        box = []
        return [box, box], {"a": box}

    (pair, _) = rx_exec(twice, compute_context=waiting)[0]
    assert pair[0] is pair[1]
    loop = rx_exec(lambda: (lambda a: a.append(a) or a)([]), compute_context=waiting)[0]
    assert loop[0] is loop


def test_a_large_array_comes_back_mapped_and_writable(waiting):
    array = rx_exec(lambda n: np.arange(n, dtype=float), n=1_000_000, compute_context=waiting)[0]
    assert array.dtype == float and array[-1] == 999_999.0
    assert not array.flags.owndata
    array[0] = 5.0
    assert array[0] == 5.0
    maps = open("/proc/self/maps").read()
    assert "/jobs/" in maps or "(deleted)" in maps


def test_small_and_odd_arrays(waiting):
    arrays = [np.zeros(0), np.arange(10), np.arange(12.0).reshape(3, 4).T, np.arange(100_000.0)[::3],
              np.asfortranarray(np.ones((300, 400))), np.array(["a", None], dtype=object), np.float32([1, 2])]
    back = rx_exec(identity, x=arrays, compute_context=waiting)
    for before, after in zip(arrays, back):
        assert before.dtype == after.dtype and np.array_equal(before, after)


def test_several_arrays_in_one_value(waiting):
    value = rx_exec(lambda: {"a": np.full(100_000, 1.0), "b": np.full(100_000, 2.0), "c": 3},
                    compute_context=waiting)[0]
    assert value["a"].sum() == 100_000 and value["b"].sum() == 200_000 and value["c"] == 3


def test_a_data_frame(waiting):
    frame = pd.DataFrame({"n": np.arange(50_000), "x": np.random.rand(50_000), "s": ["t"] * 50_000})
    back = rx_exec(lambda f: f.assign(y=f.x * 2), f=frame, compute_context=waiting)[0]
    assert back.shape == (50_000, 4)
    assert np.array_equal(back.y, frame.x * 2)


def test_a_large_shared_array_is_read_in_place(waiting):
    array = np.arange(1_000_000, dtype=float)

    def look(a, i):
        return float(a[i]), bool(a.flags.owndata), bool(a.flags.writeable)

    assert rx_exec(look, a=array, i=[3, 5], compute_context=waiting) == [(3.0, False, False), (5.0, False, False)]


def test_raw_and_msgpack_are_readable_by_every_language(waiting):
    job = errand.submit(lambda: errand.MessagePack({"a": [1, 2.5, None, "x", b"y"], "t": (True,)}))
    assert job.results() == [{"a": [1, 2.5, None, "x", b"y"], "t": [True]}]
    assert errand.submit(lambda: errand.Raw(np.arange(3, dtype="u1"))).results() == [b"\0\1\2"]
    with pytest.raises(errand.JobFailed, match="MessagePack has no place for a set"):
        errand.submit(lambda: errand.MessagePack({1, 2})).results()


def test_results_of_programs(background):
    import subprocess

    from errand._native import COMMAND

    said = subprocess.run([COMMAND, "exec", "--tasks", "2", "--quiet", "--", "sh", "-c", "exit {index}"],
                          capture_output=True, text=True, check=False).stdout.split()
    job = errand.Job(said[-1])
    with pytest.warns(errand.ErrandWarning, match="exit code 1"):
        results = job.results()
    assert results[0] == errand.ProgramResult(exit_code=0, signal=0)
    assert isinstance(results[1], errand.TaskError) and "exit code 1" in results[1].message


def test_the_command_line_reads_scalars(background):
    import subprocess

    from errand._native import COMMAND

    job = errand.submit(lambda x: x * 2, fan_out={"x": [1, 2.5, "ab"]}, context=background)
    job.wait()
    text = subprocess.run([COMMAND, "results", job.id], capture_output=True, text=True, check=True).stdout
    assert [word for word in ("2", "5.0", "abab") if word.rstrip(".0") in text] == ["2", "5.0", "abab"]
