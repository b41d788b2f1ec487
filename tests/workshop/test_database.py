import importlib.util
import multiprocessing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from alphamill.core.errors import SettingsError
from alphamill.workshop.database import engine, writing
from tests.postgresql import own_database


def pragma(database: sa.Engine, name: str) -> object:
    with database.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.fixture
def database(tmp_path):
    made = engine(tmp_path / "deep" / "folder" / "store.db")
    with writing(made) as connection:
        connection.exec_driver_sql("CREATE TABLE counter (n INTEGER)")
        connection.exec_driver_sql("INSERT INTO counter VALUES (0)")
    yield made
    made.dispose()


@pytest.mark.parametrize(
    ("name", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 30_000)],
)
def test_sqlite_is_durable_and_patient(database, name, value):
    assert pragma(database, name) == value


def test_a_path_a_string_and_a_url_mean_the_same_file(tmp_path, database):
    path = tmp_path / "deep" / "folder" / "store.db"

    for name in (path, str(path), f"sqlite:///{path}"):
        again = engine(name)
        with again.connect() as connection:
            assert connection.exec_driver_sql("SELECT n FROM counter").scalar() == 0
        again.dispose()


def test_a_failed_transaction_takes_its_tables_back(database):
    with pytest.raises(ZeroDivisionError):
        change_then_fail(database)

    with database.connect() as connection:
        assert connection.exec_driver_sql("SELECT n FROM counter").scalar() == 0
        assert not sa.inspect(connection).has_table("other")


def change_then_fail(database: sa.Engine) -> None:
    with writing(database) as connection:
        connection.exec_driver_sql("CREATE TABLE other (n INTEGER)")
        connection.exec_driver_sql("UPDATE counter SET n = 9")
        raise ZeroDivisionError


def count_up(path: str, n_times: int) -> None:
    database = engine(path)
    for _ in range(n_times):
        with writing(database) as connection:
            n = connection.exec_driver_sql("SELECT n FROM counter").scalar_one()
            connection.exec_driver_sql(f"UPDATE counter SET n = {n + 1}")


def count_up_twice(path: str) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=count_up, args=(path, 50)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def test_two_processes_that_read_before_they_write_lose_no_count(database):
    count_up_twice(str(database.url.database))

    with database.connect() as connection:
        assert connection.exec_driver_sql("SELECT n FROM counter").scalar() == 100


def test_many_processes_may_make_the_same_new_file_at_once(tmp_path):
    path = tmp_path / "new.db"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=engine, args=(path,)) for _ in range(4)]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]


def test_a_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / "prices.db"
    path.write_text("date,close\n" * 100)

    with pytest.raises(SettingsError, match=r"prices\.db.*cannot be opened.*not a database"):
        engine(path)


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "workspace").write_text("")

    with pytest.raises(SettingsError, match="the folder .*workspace"):
        engine(tmp_path / "workspace" / "ledger.db")


@pytest.mark.parametrize("url", ["mysql://u:secret@host/db", "postgresql://u:secret@host:x/db"])
def test_a_wrong_url_is_refused_without_showing_the_password(url):
    with pytest.raises(SettingsError, match="postgresql://") as caught:
        engine(url)

    assert "secret" not in str(caught.value)


def test_postgresql_without_its_driver_names_the_extra(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(SettingsError, match=r"alphamill\[pg\]") as caught:
        engine("postgresql://u:secret@localhost/db")

    assert "secret" not in str(caught.value)


@pytest.fixture
def postgresql():
    with own_database() as url:
        yield url


def test_postgresql_commits_what_was_written_and_takes_back_what_failed(postgresql):
    database = engine(postgresql)
    with writing(database) as connection:
        connection.exec_driver_sql("CREATE TABLE counter (n INTEGER)")
        connection.exec_driver_sql("INSERT INTO counter VALUES (0)")
    with pytest.raises(ZeroDivisionError):
        change_then_fail(database)
    database.dispose()

    again = engine(postgresql)
    with again.connect() as connection:
        assert connection.exec_driver_sql("SELECT n FROM counter").scalar() == 0
        assert not sa.inspect(connection).has_table("other")
    again.dispose()


def test_two_processes_that_read_before_they_write_lose_no_count_on_postgresql(postgresql):
    database = engine(postgresql)
    with writing(database) as connection:
        connection.exec_driver_sql("CREATE TABLE counter (n INTEGER)")
        connection.exec_driver_sql("INSERT INTO counter VALUES (0)")

    count_up_twice(postgresql)

    with database.connect() as connection:
        assert connection.exec_driver_sql("SELECT n FROM counter").scalar() == 100
    database.dispose()


def test_a_writer_that_never_ends_is_not_waited_for_for_ever(postgresql, monkeypatch):
    monkeypatch.setattr("alphamill.workshop.database.BUSY_TIMEOUT_MS", 100)
    database = engine(postgresql)

    with writing(database), pytest.raises(OperationalError, match="lock timeout"):
        enter_writing(database)
    enter_writing(database)
    database.dispose()


def enter_writing(database: sa.Engine) -> None:
    with writing(database):
        pass


def test_a_server_that_is_away_is_named_without_the_password():
    pytest.importorskip("psycopg", reason="install alphamill[pg]")

    with pytest.raises(SettingsError, match=r"127\.0\.0\.1:1/db.*cannot be opened") as caught:
        engine("postgresql://u:secret@127.0.0.1:1/db")

    assert "secret" not in str(caught.value)


def test_the_folder_of_the_file_is_made(tmp_path):
    engine(tmp_path / "a" / "b" / "c.db").dispose()

    assert Path(tmp_path / "a" / "b" / "c.db").exists()
