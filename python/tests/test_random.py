# SPDX-License-Identifier: Apache-2.0
"""Random streams: per task, reproducible with a seed, different without."""
import random

import numpy as np
import pytest

import errand
from errand import random_streams, rx_exec


def draw():
    return random.random(), float(np.random.random()), float(errand.rng().random())


def expected(seed, index):
    sequence = np.random.SeedSequence(seed, spawn_key=(index,))
    words = sequence.generate_state(4)
    return (random.Random(int.from_bytes(words.tobytes(), "little")).random(), np.random.RandomState(words).random_sample(),
            float(np.random.Generator(np.random.PCG64(sequence)).random()))


@pytest.mark.parametrize("seed", [0, 42, 2**32, 2**64 - 1])
@pytest.mark.parametrize("index", [0, 1, 10_000_000, 2**40])
def test_our_words_are_those_of_numpy(seed, index):
    words = np.random.SeedSequence(seed, spawn_key=(index,)).generate_state(4)
    assert random_streams.state_words(seed, index) == list(words)
    assert random_streams.seed_number(seed, index) == int.from_bytes(words.tobytes(), "little")


@pytest.mark.parametrize("chunk", [None, 1, 3])
@pytest.mark.parametrize("cores", [1, 2])
def test_the_same_whatever_runs_where(chunk, cores):
    context = errand.RxLocalParallel(cores=cores, rng_seed=42)
    results = rx_exec(draw, times_to_run=7, task_chunk_size=chunk, compute_context=context)
    assert results == [expected(42, i) for i in range(7)]


def test_the_same_in_a_loop_and_the_callers_generators_go_on():
    random.seed(1)
    np.random.seed(1)
    before = random.Random(1).random(), np.random.RandomState(1).random_sample()
    results = rx_exec(draw, times_to_run=3, compute_context=errand.RxLocalSeq(rng_seed=42))
    assert results == [expected(42, i) for i in range(3)]
    assert (random.random(), np.random.random()) == before


def test_a_drawn_seed_is_recorded():
    job = errand.submit(draw, times=2, seed="auto")
    seed = job.info.seed
    assert job.results() == [expected(seed, 0), expected(seed, 1)]


def test_unseeded_tasks_all_draw_differently():
    results = rx_exec(draw, times_to_run=1000, task_chunk_size=10, compute_context=errand.RxLocalParallel())
    for values in zip(*results):
        assert len(set(values)) == 1000


def test_unseeded_jobs_draw_differently():
    firsts = {rx_exec(draw, compute_context=errand.RxLocalParallel())[0] for _ in range(8)}
    assert len(firsts) == 8


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, True, "x"])
def test_what_is_no_seed(seed):
    with pytest.raises(errand.ArgumentError, match="seed cannot be"):
        errand.submit(draw, seed=seed)


def test_vectors_of_the_documentation():
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "random-numbers.md").read_text()
    for index in (0, 1, 10_000_000):
        assert f"{random_streams.seed_number(42, index):032x}" in page
        assert repr(expected(42, index)[0]) in page
