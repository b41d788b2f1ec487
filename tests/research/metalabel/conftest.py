"""A workspace with a finished run: two instruments, one rule with entries and one without."""

import json
import shutil

import pytest

from tests.research.grounds import plan
from tests.research.test_pipeline import WINDOWS, Tampered, ran

ORDER = plan(
    ("ES", "NQ"),
    (21, 71),
    windows=WINDOWS,
    train_quarters=8,
    carry_unproven=True,
    max_memory_mb=500,
    sides="both",
)
RSI, PAIRS = "RSI2_MeanReversion", "PairsZScore"


def swept(folder, order=ORDER, **tampered):
    ran(folder, order, Tampered(**tampered))
    return folder


def row(folder, strategy=RSI, symbol="ES"):
    """Return a row of a workspace's manifest."""
    told = json.loads((folder / "winners_manifest.json").read_text())["winners"]
    return next(r for r in told if (r["symbol"], r["strategy_name"]) == (symbol, strategy))


@pytest.fixture(scope="package")
def workspace(tmp_path_factory):
    return swept(tmp_path_factory.mktemp("metalabel"))


@pytest.fixture
def copied(workspace, tmp_path):
    """Return a copy of the workspace to spoil."""
    folder = tmp_path / "own"
    shutil.copytree(workspace, folder)
    return folder
