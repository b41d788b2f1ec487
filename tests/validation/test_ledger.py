import csv
import json
import multiprocessing
import os
import random
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from alphamill.core.clock import ReplayClock
from alphamill.core.errors import DataError, SettingsError
from alphamill.validation.ledger import Ledger, Stacks, TrialSet
from alphamill.workshop.database import engine, writing
from tests.postgresql import own_database

STACKS = [{"stop": 1.0, "target": 2.0}, {"stop": 2.0, "target": None}, {"stop": 1.0, "target": 1.0}]
RSI = TrialSet(
    symbol="ES",
    timeframe="15m",
    first_session=20100104,
    last_session=20191231,
    strategy="rsi2",
    params={"length": 2, "oversold": 10.0},
    stacks=Stacks(STACKS),
    sides="long",
    code_version="c0de",
    run_id="run-1",
)


@pytest.fixture
def ledger(tmp_path):
    opened = Ledger(tmp_path / "ledger.db", ReplayClock(1_000), machine="m1")
    yield opened
    opened.close()


@pytest.fixture
def postgresql():
    with own_database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """Return where a ledger may be: a path or a URL."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.db")
    return request.getfixturevalue("postgresql")


def test_a_parameter_set_counts_once_for_each_exit_stack(ledger):
    assert ledger.append([RSI, replace(RSI, params={"length": 3, "oversold": 10.0})]) == 2
    assert ledger.count() == 6


def test_a_second_run_adds_no_record_and_no_trial(ledger):
    ledger.append([RSI])

    assert ledger.append([replace(RSI, run_id="run-2"), RSI]) == 0
    assert ledger.count() == 3


def test_the_order_of_stacks_and_parameters_does_not_make_a_new_trial(ledger):
    ledger.append([RSI])
    turned = {"oversold": 10.0, "length": 2}

    assert (
        ledger.append([replace(RSI, params=turned, stacks=Stacks(STACKS[::-1] + STACKS[:1]))]) == 0
    )


@pytest.mark.parametrize(
    "other",
    [
        {"symbol": "NQ"},
        {"timeframe": "1h"},
        {"strategy": "rsi3"},
        {"params": {"length": 4, "oversold": 10.0}},
        {"sides": "short"},
        {"code_version": "c0de2"},
    ],
)
def test_whatever_names_a_cell_makes_a_new_trial(ledger, other):
    ledger.append([RSI, replace(RSI, **other)])

    assert ledger.count() == 6


def test_a_longer_stretch_of_the_same_history_adds_no_trial(ledger):
    ledger.append([RSI, replace(RSI, last_session=20211231)])

    assert ledger.count() == 3


def test_years_apart_are_two_trials_and_a_run_that_joins_them_takes_none_away(ledger):
    early = replace(RSI, first_session=20000103, last_session=20051230)
    bridge = replace(RSI, first_session=20050103, last_session=20100104)

    ledger.append([bridge, early])
    assert ledger.count() == 3
    ledger.append([RSI])
    assert ledger.count() == 6
    ledger.append([replace(RSI, first_session=19990104, last_session=20201231)])
    assert ledger.count() == 6


def test_a_span_inside_a_longer_one_adds_nothing_two_apart_inside_it_are_two_looks(ledger):
    ledger.append([RSI, replace(RSI, first_session=20110103, last_session=20111230)])
    assert ledger.count() == 3
    ledger.append([replace(RSI, first_session=20150102, last_session=20151230)])
    assert ledger.count() == 6


def test_only_new_stacks_of_a_known_parameter_set_are_counted(ledger):
    ledger.append(
        [replace(RSI, stacks=Stacks(STACKS[:2])), replace(RSI, stacks=Stacks(STACKS[1:]))]
    )

    assert ledger.count() == 3


def test_the_count_can_ask_for_symbol_strategy_and_range(ledger):
    ledger.append([RSI, replace(RSI, symbol="NQ"), replace(RSI, strategy="macd")])

    assert ledger.count(symbol="ES") == 6
    assert ledger.count(symbol="ES", strategy="macd") == 3
    assert ledger.count(first=20200101) == 0
    assert ledger.count(last=20100103) == 0
    assert ledger.count(first=20191231, last=20251231) == 9
    assert ledger.count(symbol="CL") == 0


@pytest.mark.parametrize("verb", ["UPDATE trials SET n_cells = 1", "DELETE FROM trials"])
def test_the_database_itself_refuses_to_change_or_remove_a_row(ledger, tmp_path, verb):
    ledger.append([RSI])

    with (
        sqlite3.connect(tmp_path / "ledger.db") as other,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        other.execute(verb)
    other.close()
    assert ledger.count() == 3


def test_the_database_refuses_to_replace_a_row(ledger, tmp_path):
    ledger.append([RSI])

    other = sqlite3.connect(tmp_path / "ledger.db")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        other.execute("INSERT OR REPLACE INTO trials SELECT * FROM trials")
    other.close()


def three_rows(ledger) -> None:
    ledger.append([replace(RSI, params={"length": n}) for n in (2, 3, 4)])


def test_a_whole_chain_verifies(ledger):
    three_rows(ledger)
    ledger.append([replace(RSI, symbol="NQ")])

    assert ledger.verify() == []


@pytest.mark.parametrize(
    ("forgery", "complaint"),
    [
        ("UPDATE trials SET n_cells = 1 WHERE position = 2", "altered"),
        ("UPDATE trials SET at_ns = 2 WHERE position = 2", "altered"),
        ("UPDATE trials SET code_version = 'x' WHERE position = 2", "altered"),
        ("DELETE FROM trials WHERE position = 2", "missing before it"),
        ("DELETE FROM trials WHERE position = 1", "missing before it"),
    ],
)
def test_a_forged_chain_names_the_row(ledger, tmp_path, forgery, complaint):
    three_rows(ledger)
    forge(tmp_path / "ledger.db", forgery)

    broken = ledger.verify()

    assert any(complaint in line and "machine m1, position" in line for line in broken)


def test_a_removed_row_whose_neighbours_were_renumbered_still_shows(ledger, tmp_path):
    three_rows(ledger)
    forge(
        tmp_path / "ledger.db",
        "DELETE FROM trials WHERE position = 2; UPDATE trials SET position = 2 WHERE position = 3",
    )

    assert "does not continue" in ledger.verify()[0]


def forge(path: Path, statements: str) -> None:
    other = sqlite3.connect(path)
    other.execute("DROP TRIGGER trials_refuse_update")
    other.execute("DROP TRIGGER trials_refuse_delete")
    other.executescript(statements)
    other.close()


def test_rows_cut_off_at_the_end_change_the_head(ledger, tmp_path):
    three_rows(ledger)
    head = ledger.head()

    forge(tmp_path / "ledger.db", "DELETE FROM trials WHERE position = 3")

    assert ledger.verify() == []
    assert ledger.head() != head


def test_the_chain_goes_on_after_a_restart_and_machines_have_their_own(ledger, tmp_path):
    ledger.append([RSI])
    again = Ledger(tmp_path / "ledger.db", ReplayClock(2_000), machine="m1")
    second = Ledger(tmp_path / "ledger.db", ReplayClock(2_000), machine="m2")

    assert again.append([RSI, replace(RSI, symbol="NQ")]) == 1
    assert second.append([RSI]) == 1

    assert ledger.verify() == []
    assert ledger.count() == 6


def test_the_same_trials_give_the_same_chain_on_another_disk(tmp_path):
    ledgers = [Ledger(tmp_path / f"{n}.db", ReplayClock(5), machine="m") for n in (1, 2)]

    for one in ledgers:
        three_rows(one)

    assert ledgers[0].head() == ledgers[1].head() != "0" * 64


def test_a_refused_record_leaves_nothing_of_its_batch(ledger):
    with pytest.raises(TypeError):
        ledger.append([RSI, replace(RSI, params={"length": {2, 3}})])

    assert ledger.count() == 0


def test_sessions_in_the_wrong_order_are_refused():
    with pytest.raises(DataError, match="first not after last, received 20200101 to 20190101"):
        replace(RSI, first_session=20200101, last_session=20190101)


def test_the_export_holds_every_row(ledger, tmp_path):
    three_rows(ledger)

    ledger.export(tmp_path / "trials.csv")
    ledger.export(tmp_path / "trials.jsonl")

    with (tmp_path / "trials.csv").open() as file:
        table = list(csv.DictReader(file))
    lines = [json.loads(line) for line in (tmp_path / "trials.jsonl").read_text().splitlines()]
    assert [row["params_json"] for row in table] == ['{"length":2}', '{"length":3}', '{"length":4}']
    assert [row["hash"] for row in lines] == [row["hash"] for row in table]
    with pytest.raises(SettingsError, match=r"\.csv or \.jsonl"):
        ledger.export(tmp_path / "trials.xml")


def append_many(path: str, symbol: str) -> None:
    ledger = Ledger(path, ReplayClock(0), machine="m1")
    for n in range(30):
        ledger.append([replace(RSI, symbol=symbol, params={"length": n})])


def test_two_processes_make_a_ledger_at_once_and_share_one_chain(place):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=append_many, args=(place, s)) for s in ("ES", "NQ")]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    ledger = Ledger(place, ReplayClock(0))
    assert ledger.verify() == []
    assert ledger.count() == 2 * 30 * 3
    ledger.close()


WRITER = """
import sys
from dataclasses import replace
sys.path.insert(0, sys.argv[2])
from tests.validation.test_ledger import RSI, Ledger, ReplayClock

ledger = Ledger(sys.argv[1], ReplayClock(0), machine="m1")
for n in range(int(sys.argv[3]), 1_000_000):
    ledger.append([replace(RSI, params={"length": n, "part": p}) for p in range(5)])
    print(n, flush=True)
"""


def test_what_append_returned_survives_a_kill(place):
    here = str(Path(__file__).parents[2])
    rng, n_done = random.Random(11), 0

    for _ in range(5):
        command = [sys.executable, "-c", WRITER, place, here, str(n_done)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            lines = [writer.stdout.readline() for _ in range(rng.randint(1, 60))]
            os.kill(writer.pid, signal.SIGKILL)
            n_done = int([*lines, *writer.stdout.read().splitlines()][-1]) + 1

        ledger = Ledger(place, ReplayClock(0), machine="m1")
        assert ledger.verify() == []
        assert ledger.count() in (n_done * 15, (n_done + 1) * 15)
        ledger.close()


def test_twenty_thousand_parameter_sets_are_appended_in_seconds(ledger):
    plan = [replace(RSI, params={"length": n}) for n in range(20_000)]

    assert ledger.append(plan) == 20_000
    assert ledger.append(plan) == 0
    assert ledger.count() == 60_000


# --- PostgreSQL --------------------------------------------------------------------------------


def test_the_same_trials_give_the_same_chain_on_both_databases(ledger, postgresql):
    other = Ledger(postgresql, ReplayClock(1_000), machine="m1")
    for one in (ledger, other):
        three_rows(one)
        one.append([replace(RSI, symbol="NQ"), replace(RSI, last_session=20211231)])

    assert other.head() == ledger.head() != "0" * 64
    assert (other.count(), other.count("NQ"), other.verify()) == (15, 3, [])
    assert other.append([RSI, replace(RSI, symbol="NQ")]) == 1
    other.close()


@pytest.mark.parametrize(
    "verb",
    [
        "UPDATE trials SET n_cells = 1",
        "DELETE FROM trials",
        "TRUNCATE trials",
        "SET session_replication_role = replica; DELETE FROM trials",
        "INSERT INTO trials SELECT * FROM trials ON CONFLICT (seq) DO UPDATE SET n_cells = 1",
    ],
)
def test_postgresql_refuses_to_change_or_remove_a_row(postgresql, verb):
    ledger = Ledger(postgresql, ReplayClock(0), machine="m1")
    ledger.append([RSI])

    with pytest.raises(DBAPIError, match="append-only"):
        run_on(postgresql, verb)
    assert ledger.count() == 3
    ledger.close()


def test_a_chain_forged_on_postgresql_names_the_row(postgresql):
    ledger = Ledger(postgresql, ReplayClock(0), machine="m1")
    three_rows(ledger)

    run_on(postgresql, "ALTER TABLE trials DISABLE TRIGGER ALL; DELETE FROM trials WHERE seq = 2")

    assert "machine m1, position 3" in ledger.verify()[0]
    ledger.close()


def test_a_role_that_may_only_append_is_enough_and_can_do_no_more(postgresql):
    Ledger(postgresql, ReplayClock(0)).close()
    role = "writer_" + sa.make_url(postgresql).database[-12:]
    run_on(
        postgresql,
        f"CREATE ROLE {role} LOGIN; GRANT SELECT, INSERT ON trials TO {role}; "
        f"GRANT USAGE ON trials_seq_seq TO {role}",
    )
    url = sa.make_url(postgresql).set(username=role).render_as_string(hide_password=False)
    try:
        writer = Ledger(url, ReplayClock(0), machine="m1")
        assert (writer.append([RSI]), writer.count(), writer.verify()) == (1, 3, [])
        writer.close()
        with pytest.raises(DBAPIError, match="permission denied|must be owner"):
            run_on(url, "ALTER TABLE trials DISABLE TRIGGER ALL")
    finally:
        run_on(postgresql, f"DROP OWNED BY {role}; DROP ROLE {role}")


def run_on(url: str, statements: str) -> None:
    database = engine(url)
    try:
        with writing(database) as connection:
            connection.exec_driver_sql(statements)
    finally:
        database.dispose()
