"""A PostgreSQL database of a test's own, made and dropped; skipped where no server answers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
import sqlalchemy as sa

from alphamill.core.errors import SettingsError
from alphamill.workshop.database import engine

VARIABLE = "ALPHAMILL_TEST_POSTGRESQL"
USUAL = "postgresql://postgres@127.0.0.1:5432/test"


@contextmanager
def own_database() -> Iterator[str]:
    """Yield the URL of a new database on the test server; drop it afterwards."""
    pytest.importorskip("psycopg", reason="install alphamill[pg]")
    url = sa.make_url(os.environ.get(VARIABLE, USUAL))
    try:
        server = engine(url.render_as_string(hide_password=False))
    except SettingsError:
        if VARIABLE in os.environ:
            raise
        pytest.skip(f"no PostgreSQL at {USUAL}: start one or set {VARIABLE} to a database's URL")
    name = f"alphamill_test_{uuid4().hex}"
    plain = server.execution_options(isolation_level="AUTOCOMMIT")
    with plain.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with plain.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()
