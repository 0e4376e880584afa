# SPDX-License-Identifier: Apache-2.0
"""The package itself: its names, its import, its command, its types."""
import doctest
import importlib
import os
import pkgutil
import subprocess
import sys

import pytest

import errand

MODULES = sorted(name for _, name, _ in pkgutil.iter_modules(errand.__path__) if name not in ("_core", "_command"))


def test_import_is_lazy(run_python):
    ended = run_python("""
import sys
before = set(sys.modules)
import errand
print(sorted(name for name in set(sys.modules) - before if name.partition(".")[0] not in ("errand", "typing")))
""")
    loaded = set(eval(ended.stdout))
    assert not loaded & {"cloudpickle", "numpy", "asyncio", "inspect", "concurrent.futures", "errand._core", "tqdm"}


def test_every_name_is_there():
    assert set(errand.__all__) == set(dir(errand))
    for name in errand.__all__:
        assert getattr(errand, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        errand.nonsense


def test_every_public_name_is_documented():
    for name in errand.__all__:
        if name != "__version__":
            assert getattr(errand, name).__doc__, name


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name, monkeypatch):
    if name == "joblib_backend":
        pytest.importorskip("joblib")
    module = importlib.import_module("errand." + name)
    monkeypatch.setitem(sys.modules, "__main__", module)
    failures, _ = doctest.testmod(module)
    assert failures == 0


def test_the_package_docstring():
    assert doctest.testmod(errand).failed == 0


def test_the_command():
    ended = subprocess.run([sys.executable, "-c", "import sys; sys.argv[1:] = ['--version']; "
                            "from errand._command import main; main()"], capture_output=True, text=True, check=True)
    assert errand.__version__ in ended.stdout


def test_the_worker_is_a_module():
    ended = subprocess.run([sys.executable, "-m", "errand.worker"], capture_output=True, text=True, check=False,
                           stdin=subprocess.DEVNULL, timeout=60)
    assert ended.returncode != 0  # no supervisor there


def test_types_are_delivered():
    folder = os.path.dirname(errand.__file__)
    assert os.path.exists(folder + "/py.typed") and os.path.exists(folder + "/_core.pyi")


def test_stubs_have_every_name_of_the_extension():
    import ast

    from errand import _core

    tree = ast.parse(open(os.path.dirname(errand.__file__) + "/_core.pyi").read())
    stubbed = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    stubbed |= {node.target.id for node in tree.body if isinstance(node, ast.AnnAssign)}
    assert stubbed == {name for name in dir(_core) if not name.startswith("_")}


def test_the_types_are_consistent(tmp_path):
    pytest.importorskip("mypy")
    ended = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", "--cache-dir",
                            str(tmp_path), "--no-incremental", "-p", "errand"],
                           cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_revoscalepys_name():
    compat = importlib.import_module("revoscalepy")
    for name in compat.__all__:
        assert getattr(compat, name) is getattr(errand, name)
    with pytest.raises(AttributeError, match="rx_btrees has nothing to do with jobs"):
        compat.rx_btrees
