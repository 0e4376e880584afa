# SPDX-License-Identifier: Apache-2.0
"""The server that ERRAND_DATABASE names (tests/database/place-up), and launchpads on it, for the tests of both."""
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

FOLDER = os.environ.get("ERRAND_DATABASE")
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
# The launchpad of a test that has just ended needs a moment to give the workers' users up; somebody else's needs more.
_PATIENCE_SECONDS = 30


def uri(role="alice"):
    return (Path(FOLDER) / f"{role}.uri").read_text().strip()


def odbc(role="alice"):
    """The same as the retired product's scripts have it."""
    parts = urlsplit(uri(role))
    return (f"Driver={{PostgreSQL Unicode}};Server={parts.hostname},{parts.port};Database={parts.path[1:]};"
            f"UID={parts.username};PWD={parts.password}")


def eventually(condition):
    """Whether it came true; far later than it should the answer is no."""
    for _ in range(3000):
        if condition():
            return True
        time.sleep(0.02)
    return False


def workers_can_run_python():
    """False where the interpreter lies in a folder that is its owner's alone."""
    if os.geteuid() != 0:
        return True
    ended = []

    def ended_by_itself():
        # A launchpad that gives the user back just now ends all of his processes.
        ended.append(subprocess.run([sys.executable, "-c", "import errand, pandas"], user="errand-w1", cwd="/",
                                    capture_output=True, check=False).returncode)
        return ended[-1] >= 0

    try:
        return eventually(ended_by_itself) and ended[-1] == 0
    except OSError:
        return False


def is_alive(pid):
    """Not of a process that only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Launchpad:
    """`errand launchpad`: as root with worker identities, else for alice alone.

    It ends with the process of the tests, however that ends: one that stayed would keep the workers' users from
    every test after it.
    """

    def __init__(self, workers=2, identities=2):
        self.folder = Path(tempfile.mkdtemp(prefix="errand-launchpad-"))
        self.folder.chmod(0o755)  # its workers are other users
        self._log = self.folder / "log"
        self._words = ["--scratch", str(self.folder / "jobs"), "--workers", str(workers)]
        # Only so many identities: others stay for a launchpad that somebody else runs here.
        self._words += ["--identities", str(identities)] if os.geteuid() == 0 else ["--role", "alice"]
        self._process = None

    def start(self):
        """Returns when it serves."""
        if self._process is not None:
            return
        last_try = time.monotonic() + _PATIENCE_SECONDS
        self._spawn()
        while not self._serves():
            self._process = None
            said = self._log.read_text()
            if "is there and free" not in said or time.monotonic() > last_try:
                raise AssertionError("no launchpad serves: " + said)
            time.sleep(0.2)
            self._spawn()

    def stop(self):
        """Returns when it has ended: its jobs are handed back."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            self._process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _spawn(self):
        from errand._native import COMMAND

        caller = os.getpid()

        def end_with_the_caller():
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != caller:
                os.kill(os.getpid(), signal.SIGTERM)

        with open(self._log, "w") as output:
            self._process = subprocess.Popen([COMMAND, "launchpad", "--database", uri("launchpad"), *self._words],
                                             stdout=output, stderr=output, preexec_fn=end_with_the_caller)

    def _serves(self):
        """False: it has ended."""
        begun = eventually(lambda: "serves" in self._log.read_text() or self._process.poll() is not None)
        assert begun, "the launchpad says nothing: " + self._log.read_text()
        return self._process.poll() is None
