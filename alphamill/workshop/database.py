"""Database engines: SQLite embedded by default, PostgreSQL by URL, the same tables on both."""

import contextlib
import importlib.util
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from alphamill.core.errors import SettingsError

BUSY_TIMEOUT_MS = 30_000
CONNECT_TIMEOUT_S = 10
# The name of our write lock in a PostgreSQL database: the text "mill" as a number.
WRITE_LOCK = int.from_bytes(b"mill", "big")


def engine(url_or_path: str | Path) -> Engine:
    """Return an engine for a SQLite file or a database URL, after connecting once.

    SQLite runs in WAL mode with ``synchronous=FULL``: what a commit returned is on the disk, also
    after a power cut. The folder of the file is created. A transaction takes the write lock at its
    first write; use `writing` where it reads before it writes.

    Raises
    ------
    SettingsError
        For a URL of another database, a file that is no database, a server that cannot be
        reached, or PostgreSQL without its driver.
    """
    url = _url(url_or_path)
    if url.get_backend_name() == "sqlite":
        made = _sqlite(url)
    elif url.get_backend_name() == "postgresql":
        made = _postgresql(url)
    else:
        raise SettingsError(
            f"database {_shown(url)}: alphamill keeps its tables in SQLite or PostgreSQL, received "
            f"{url.get_backend_name()!r}; give a file path or a postgresql:// URL."
        )
    try:
        with made.connect():
            pass
    except (DBAPIError, sqlite3.Error, OSError) as e:
        made.dispose()
        reason = str(getattr(e, "orig", e)).strip()
        raise SettingsError(
            f"database {_shown(url)} cannot be opened: {reason}. Check the path or URL and its "
            "permissions; a damaged file must be restored from a copy or moved away."
        ) from e
    return made


@contextlib.contextmanager
def writing(database: Engine) -> Iterator[Connection]:
    """Open a transaction that holds the write lock from its start; commit at the end.

    Another writer waits (up to 30 s) instead of failing halfway, so what was read inside still
    holds when it is written. On PostgreSQL the lock is an advisory one of the database: it needs
    no right on any table, and whoever writes past this function does not see it.
    """
    with database.connect() as plain:
        connection = plain.execution_options(sqlite_begin="IMMEDIATE")
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {BUSY_TIMEOUT_MS}")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")
            yield connection


def _url(url_or_path: str | Path) -> URL:
    text = str(url_or_path)
    if isinstance(url_or_path, Path) or "://" not in text:
        return URL.create("sqlite+pysqlite", database=text)
    try:
        return make_url(text)
    except (ArgumentError, ValueError) as e:
        # The text may hold a password: it is not shown.
        raise SettingsError(
            "the database URL cannot be read; write postgresql://user:password@host:5432/name "
            "with special characters of the password percent-encoded, or a file path."
        ) from e


def _shown(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return repr(url.database)
    return url.render_as_string(hide_password=True)


def _sqlite(url: URL) -> Engine:
    in_memory = url.database in (None, "", ":memory:")
    if not in_memory:
        folder = Path(str(url.database)).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise SettingsError(
                f"the folder {str(folder)!r} for the database cannot be made: {e}. Choose another "
                "workspace or mend its permissions."
            ) from e
    made = sa.create_engine(url)
    sa.event.listen(made, "connect", _prepare_sqlite)
    sa.event.listen(made, "begin", _begin_sqlite)
    return made


def _prepare_sqlite(connection: Any, record: object) -> None:
    # The driver's own BEGIN would leave DDL outside transactions; `_begin_sqlite` sends ours.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    _enter_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # Without it INSERT OR REPLACE deletes rows past their triggers.
    connection.execute("PRAGMA recursive_triggers = ON")


def _enter_wal(connection: Any) -> None:
    # The switch of a new file to WAL needs the file alone, and SQLite does not wait for that one.
    for attempt in range(100):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as e:
            if "locked" not in str(e) or attempt == 99:
                raise
            time.sleep(0.05)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {kind}")


def _postgresql(url: URL) -> Engine:
    if importlib.util.find_spec("psycopg") is None:
        raise SettingsError(
            f"database {_shown(url)}: PostgreSQL needs its driver; install alphamill[pg], or give "
            "a file path to use SQLite."
        )
    # The driver's own patience with a silent host is minutes.
    patience = {"connect_timeout": str(CONNECT_TIMEOUT_S), **url.query}
    # SQLAlchemy 2.0 would take psycopg2 for a bare postgresql:// URL.
    url = url.set(drivername="postgresql+psycopg", query=patience)
    return sa.create_engine(url, pool_pre_ping=True)
