"""SIGKILL at random instants: nothing acknowledged is lost, the resumed result is the same."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alphamill.core.clock import ReplayClock
from alphamill.validation.ledger import Ledger
from tests.research import victim

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    # The first run may have to compile; timed, it would let the later ones end before their kill.
    start(tmp_path_factory.mktemp("warm"), 1).communicate()
    folder = tmp_path_factory.mktemp("unbroken")
    process = start(folder, 1)
    process.stdout.readline()
    begun = time.monotonic()
    process.communicate()
    return state_of(folder), time.monotonic() - begun


@pytest.mark.parametrize("n_workers", [1, 2])
def test_killed_sweeps_resume_to_the_unbroken_result(tmp_path, unbroken, n_workers):
    assert killed_and_resumed(tmp_path, n_workers, n_kills=3, unbroken=unbroken, seed=1) == 3


@pytest.mark.slow
@pytest.mark.parametrize("n_workers", [1, 2])
def test_twenty_five_kills_change_nothing(tmp_path, unbroken, n_workers):
    n_kills = 0
    for k in range(10):
        if n_kills < 25:
            n_kills += killed_and_resumed(tmp_path / str(k), n_workers, 5, unbroken, seed=k)

    assert n_kills >= 25


def killed_and_resumed(folder, n_workers, n_kills, unbroken, seed):
    """Kill up to ``n_kills`` times, let the last run finish, and compare; return the kills."""
    expected, seconds = unbroken
    rng, killed = random.Random(seed), 0
    folder.mkdir(exist_ok=True)
    for _ in range(n_kills):
        process = start(folder, n_workers)
        process.stdout.readline()
        time.sleep(rng.uniform(0.0, seconds / n_kills))
        seen = parts_of(folder)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        assert all(part.exists() for part in seen), "a finished part was lost"
    process = start(folder, n_workers)
    process.communicate()
    assert process.returncode == 0
    assert state_of(folder) == expected
    return killed


def start(folder, n_workers):
    command = [sys.executable, "-m", victim.__name__, str(folder), str(n_workers)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def parts_of(folder):
    return list(folder.glob("runs/*/parts/*.parquet"))


def state_of(folder):
    ledger = Ledger(folder / "ledger.db", ReplayClock(1))
    counted, broken = ledger.count(), ledger.verify()
    ledger.close()
    assert broken == []
    return {p.name: p.read_bytes() for p in parts_of(folder)}, counted
