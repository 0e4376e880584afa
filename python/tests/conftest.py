# SPDX-License-Identifier: Apache-2.0
"""Every test run has places of its own and ends the agents that it started."""
import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest

_home = tempfile.TemporaryDirectory(prefix="errand-python-")
os.environ.update(
    ERRAND_SHARE_DIR=_home.name + "/share",
    XDG_STATE_HOME=_home.name + "/state",
    XDG_CONFIG_HOME=_home.name + "/config",
    ERRAND_AGENT_IDLE="20",
)
os.environ.pop("ERRAND_CONTEXT", None)
os.environ.pop("ERRAND_COMMAND", None)

import errand  # noqa: E402


def end_agents(share: Path) -> None:
    for info in share.glob("agents/*/info"):
        try:
            os.kill(int(info.read_text().split()[0]), signal.SIGTERM)
        except (OSError, ValueError, IndexError):
            pass


def pytest_sessionfinish() -> None:
    end_agents(Path(_home.name) / "share")


@pytest.fixture(autouse=True)
def default_context():
    """Each test begins with the built-in context."""
    errand.rx_set_compute_context("local")
    yield
    errand.rx_set_compute_context("local")


@pytest.fixture
def background():
    """A non-waiting context on two cores."""
    return errand.RxLocalParallel(wait=False, cores=2)


@pytest.fixture
def waiting():
    return errand.RxLocalParallel(cores=2)


@pytest.fixture
def share(tmp_path):
    """A place of this test's own, whose agent ends with it."""
    yield str(tmp_path / "share")
    end_agents(tmp_path / "share")


@pytest.fixture
def run_python(tmp_path):
    """Runs a script as a process of its own; gives the ended process."""
    import subprocess

    def run(text, *arguments, name="script.py", **settings):
        script = tmp_path / name
        script.write_text(text)
        settings.setdefault("timeout", 60)
        return subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True,
                              check=False, **settings)

    return run
