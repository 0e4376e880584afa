# SPDX-License-Identifier: Apache-2.0
"""The compute context in a database: jobs kept in PostgreSQL, run on its host, next to the data."""
import inspect
import warnings
from typing import Any, Dict, List, Optional

from ._native import core
from .contexts import RxComputeContext
from .errors import ErrandWarning

# The original's names of settings that every context has.
_WORDS = {"num_tasks": "cores", "execution_timeout_seconds": "task_time_limit"}
_PARTS = ("server", "database_name", "user", "password")


class RxInSqlServer(RxComputeContext):
    """revoscalepy's context in the database, with its signature; the database is PostgreSQL.

    Its jobs are kept in the database and run on its host by `errand launchpad`, as the role that submits.
    Nothing but the connection string is needed here, no connection has to stay open, and whoever has that role
    can take the job up anywhere. `InDatabase` is the same under a name of our own.

    Args:
        connection_string: an ODBC string, a libpq URI or libpq's keywords. Its password stays in this process;
            without one libpq looks for it (PGPASSWORD, ~/.pgpass).
        num_tasks: how many tasks run at once.
        auto_cleanup, console_output, wait, packages_to_load: as every context's.
        execution_timeout_seconds: seconds that one task may take; None or 0 means any.
        server, database_name, user, password: win over the connection string.

    Further settings as RxComputeContext's. share_dir, which the original used on the client, has no use here.

    >>> from errand import RxInSqlServer
    >>> RxInSqlServer("Driver={PostgreSQL Unicode};Server=db;Database=air;UID=ada;PWD=secret", num_tasks=4)
    RxInSqlServer('postgresql://ada@db/air', num_tasks=4)
    """

    _name = "RxInSqlServer"

    def __init__(self, *arguments: Any, **fields: Any) -> None:
        # By hand: the first argument may also be a context or a context's name, with the string behind it.
        first = arguments[0] if arguments else None
        if isinstance(first, (RxComputeContext, core.ComputeContext)) or _is_context_name(first):
            super().__init__(first)
            self._move_into_database(fields)
        else:
            if isinstance(first, str) and first.lower() in CLASSES:
                arguments = arguments[1:]
            super().__init__("RxLocalParallel", cores=1)
            fields = {**inspect.signature(_original).bind(*arguments, **fields).arguments, **fields}
            fields.update(fields.pop("further", {}))
            self._connect(fields.pop("connection_string", "") or "postgresql://", fields)
        self._set_original(fields)

    def _move_into_database(self, fields: Dict[str, Any]) -> None:
        """A context of another kind keeps its settings, and gets the database that its place or `fields` name."""
        if self._core.engine == "database":
            return
        self._become("database", False)
        before = self._core.share_dir
        fields.setdefault("connection_string", before if "://" in before else "postgresql://")

    def _connect(self, connection_string: str, fields: Dict[str, Any]) -> None:
        parts = [str(fields.pop(name, None) or "") for name in _PARTS]
        uri = core.remember_connection(str(connection_string), *parts)
        object.__setattr__(self, "_core", core.in_database(uri, self._core))

    def _set_original(self, fields: Dict[str, Any]) -> None:
        """The original's names of settings, and all others."""
        if any(name in fields for name in ("connection_string", *_PARTS)):
            self._connect(fields.pop("connection_string", self.connection_string), fields)
        share_dir = fields.pop("share_dir", None)
        if share_dir is not None and share_dir != self._core.share_dir:
            warnings.warn("share_dir is not used: jobs are kept in the database", ErrandWarning, stacklevel=4)
        self._set({_WORDS.get(name, name): value for name, value in fields.items()})

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(_WORDS.get(name, name), value)

    @property
    def connection_string(self) -> str:
        """The database as a URI, without a password."""
        return str(self._core.share_dir)

    @property
    def num_tasks(self) -> int:
        """How many tasks run at once."""
        return int(self._core.cores)

    @property
    def execution_timeout_seconds(self) -> float:
        """Seconds that one task may take; 0 means any."""
        return float(self._core.task_time_limit)

    def __repr__(self) -> str:
        plain = type(self)()
        words = {ours: theirs for theirs, ours in _WORDS.items()}
        differing = [f"{words.get(name, name)}={getattr(self, name)!r}" for name in self._shown()
                     if name not in ("share_dir", "engine") and getattr(self, name) != getattr(plain, name)]
        return f"RxInSqlServer({', '.join([repr(self.connection_string), *differing])})"


def _is_context_name(text: Any) -> bool:
    """A context of config.toml; a connection string has an = or a scheme."""
    return isinstance(text, str) and text.lower() not in CLASSES and not any(sign in text for sign in "=:") \
        and text.strip() != ""


def _original(connection_string: str = "", num_tasks: int = 1, auto_cleanup: bool = True,
              console_output: Optional[bool] = None, execution_timeout_seconds: Optional[int] = None,
              wait: bool = True, packages_to_load: Optional[List[str]] = None, **further: Any) -> None:
    """The original's arguments, in its order."""


RxInSqlServer.__signature__ = inspect.signature(_original)  # type: ignore[attr-defined]
InDatabase = RxInSqlServer
CLASSES = {name: RxInSqlServer for name in ("rxinsqlserver", "sqlserver", "indatabase", "database")}
