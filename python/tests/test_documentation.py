# SPDX-License-Identifier: Apache-2.0
"""The examples of the documents do what they say."""
import doctest
import re
import sys
import types
import warnings
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize("page", ["python.md", "revoscalepy.md"])
def test_page(page, monkeypatch):
    blocks = re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text(), re.M | re.S)
    assert blocks
    main = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    with warnings.catch_warnings():
        for number, block in enumerate(blocks):
            test = doctest.DocTestParser().get_doctest(block, {}, f"{page}, block {number}", page, 0)
            test.globs = main.__dict__  # what one block defines the next ones use
            runner.run(test, clear_globs=False)
    assert runner.failures == 0
