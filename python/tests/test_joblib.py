# SPDX-License-Identifier: Apache-2.0
"""joblib on errand."""
import operator

import pytest

joblib = pytest.importorskip("joblib")
import errand.joblib_backend  # noqa: E402, F401


def test_parallel():
    with joblib.parallel_backend("errand"):
        assert joblib.Parallel(n_jobs=2)(joblib.delayed(lambda x: x * x)(i) for i in range(50)) == [
            i * i for i in range(50)]


def test_parallel_config_and_arguments():
    with joblib.parallel_config("errand", context="localpar", n_jobs=2):
        assert joblib.Parallel()(joblib.delayed(operator.add)(i, 1) for i in range(10)) == list(range(1, 11))


def test_an_exception_comes_through():
    with joblib.parallel_backend("errand", n_jobs=2):
        with pytest.raises(ZeroDivisionError):
            joblib.Parallel()(joblib.delayed(operator.truediv)(1, i) for i in (1, 0, 2))
        assert joblib.Parallel()(joblib.delayed(abs)(-i) for i in range(3)) == [0, 1, 2]


def test_results_as_they_come():
    with joblib.parallel_backend("errand", n_jobs=2):
        found = joblib.Parallel(return_as="generator")(joblib.delayed(abs)(-i) for i in range(10))
        assert list(found) == list(range(10))
