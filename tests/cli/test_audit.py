"""A user asks whether the library, or a file of their own, reads the future."""

import json
import re
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest

from alphamill.cli.audit import NO_LINE
from alphamill.features.feature import Feature
from alphamill.features.table import CROSSING, FEATURES
from alphamill.indicators.table import INDICATORS
from alphamill.research import audits
from alphamill.strategies import STRATEGIES
from alphamill.validation.audit_subject import HOWS, LENGTHS

ROOT = Path(__file__).resolve().parents[2]
LEAKS = """\
import numpy as np
import pandas as pd


def scaled(close):
    top = close.max()
    return close / top


def sound(close):
    return pd.Series(close).rolling(3).mean()
"""
SCALED = "scaled = table.x / table.x.std(axis=0)"
RANDOM = """\
import numpy as np


def draws(close):
    return close + np.random.default_rng().standard_normal(close.size)
"""


@pytest.fixture
def write(tmp_path):
    def write(text: str, name: str = "mine.py") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_names_of_the_library_are_audited_and_found_sound(say):
    told = say("audit", "--strategies", "21", "40", "--indicators", "sma", "rsi", "--quick")

    assert told.code == 0
    rows = [line.split() for line in told.out.splitlines()]
    assert ["strategy", "2", "2"] in [row[:3] for row in rows]
    assert ["indicator", "2", "2"] in [row[:3] for row in rows]
    assert "What was found" not in told.out
    assert "audit: 4 of 4 (100%)" in told.err
    assert "RSI2_MeanReversion, BuyOn5BarLow: NaN is tried on volumes only" in told.err


def test_a_leak_is_shown_with_column_bar_time_and_line(say, write):
    told = say("audit", write(LEAKS))

    assert told.code == 4
    row = next(line for line in told.out.splitlines() if line.startswith("scaled"))
    assert re.search(
        r"value +missing, noise, constant, nan +\d+ of DAY 1d +2018-\d\d-\d\d 16:00", row
    )
    assert "mine.py:7 return close / top" in row
    assert "top, line 6)" in told.out
    assert "sound" not in told.out
    assert "gate: 1 failed the audit (scaled). Row t may read rows up to t only" in told.err


def test_everything_is_also_for_machines(say, write):
    told = say("audit", write(LEAKS), "--json")

    scaled, sound = told.json
    assert told.code == 4
    assert (scaled["passed"], sound["passed"]) == (False, True)
    assert {f["check"] for f in scaled["findings"]} == {"missing", "noise", "constant", "nan"}
    first = scaled["findings"][0]
    assert first["line"] == {"file": "mine.py", "number": 7, "text": "return close / top"}
    assert first["reads"] == ["top, line 6"]
    assert first["hits"] <= first["tried"] == 120
    assert first["closed_utc"].startswith("2018-01-")
    assert sound["findings"] == sound["start_up"] == []


def test_the_start_up_of_an_indicator_is_measured(say):
    (row,) = say("audit", "--indicators", "rsi", "--json").json

    off = {point["bars"]: point["difference"] for point in row["start_up"]}
    assert list(off) == sorted({*LENGTHS, 393, 394})
    assert off[199] > off[393] > off[499]
    assert off[393] < 1e-6


def test_what_draws_at_random_is_told_so_and_has_no_line(say, write):
    told = say("audit", write(RANDOM), "--quick")

    assert told.code == 4
    assert NO_LINE in " ".join(told.out.split())
    assert "Two calls must say the same" in told.err
    assert "Row t may read" not in told.err


def test_what_cannot_be_asked_is_no_success(say, write):
    told = say("audit", write("def weekly(close):\n    return close[::5]\n"), "--quick")

    assert told.code == 4
    assert "1 could not be asked (weekly)." in told.err
    assert "weekly: not audited on DAY 1d: value must have one row a bar (400), received 80" in (
        told.err
    )


def test_features_are_audited_by_name_those_of_other_instruments_too(say):
    told = say("audit", "--features", "gap_pct", "ES_hourly_return", "--quick", "--json")

    assert told.code == 0
    assert [(row["kind"], row["name"], row["passed"]) for row in told.json] == [
        ("feature", "gap_pct", True),
        ("feature", "ES_hourly_return", True),
    ]
    assert all(row["values_compared"] > 20_000 for row in told.json)


def test_all_features_are_asked_for_in_a_word(say, monkeypatch):
    asked = []
    monkeypatch.setattr(audits, "feature_subjects", lambda names: asked.append(names) or [])

    told = say("audit", "--features", "all")

    assert (told.code, asked) == (0, [None])


def test_nothing_named_asks_everything(say, monkeypatch):
    asked = []
    monkeypatch.setattr(
        audits, "audited", lambda subjects, *_: asked.extend(s.kind for s in subjects) or []
    )

    assert say("audit", "--quick").code == 0
    assert [asked.count(kind) for kind in ("strategy", "indicator", "feature")] == [
        len(STRATEGIES),
        len(INDICATORS),
        len(FEATURES) + len(CROSSING),
    ]


def test_a_feature_that_reads_ahead_fails_with_its_line(say, monkeypatch):
    def next_return(bars):
        return np.append(np.diff(bars.close), np.nan)

    row = Feature("peek", "planted", "", next_return, n_bars=2)
    monkeypatch.setattr(audits, "split", lambda name: ("", row))

    told = say("audit", "--features", "peek", "--quick", "--json")

    assert told.code == 4
    lines = [f["line"] for row in told.json for f in row["findings"] if f["check"] in HOWS]
    assert {line["text"] for line in lines} == {"return np.append(np.diff(bars.close), np.nan)"}


def test_a_file_with_nothing_to_audit_is_refused_with_an_example(say, write):
    told = say("audit", write("def f(x):\n    return x\n"))

    assert told.code == 2
    assert "mine.py holds no strategy, and no function whose arguments are names" in told.err
    assert "Name them so: def indicator(close, high)" in told.err


def test_a_file_that_cannot_be_run_is_one_message_with_its_line(say, write):
    told = say("audit", write("x = 1\ny = 1 / 0\n"))

    assert told.code == 2
    assert "mine.py line 2: running the file raised ZeroDivisionError" in told.err
    assert "Traceback" not in told.err


def test_a_file_and_names_together_are_refused(say, write):
    told = say("audit", write(LEAKS), "--strategies", "21")

    assert told.code == 2
    assert "give a file or names of the library" in told.err


def test_a_name_nobody_knows_is_answered_with_the_nearest(say):
    assert "the nearest are ['RSI2_MeanReversion'" in say("audit", "--strategies", "rsi2_mean").err
    assert "the nearest are ['rsi_14'" in say("audit", "--features", "rsi_144").err
    assert "'supertrend'" in say("audit", "--indicators", "supertrendd").err


def examples():
    page = (ROOT / "docs" / "audit.md").read_text()
    return re.findall(r"```python\n(.*?)```", page, re.DOTALL)


def test_the_model_of_the_page_is_found_as_the_page_says(write, capsys):
    run_path(str(write(examples()[1])))

    scores, folds = capsys.readouterr().out.splitlines()
    lines = json.loads(scores.removeprefix("scores ").replace("'", '"'))
    assert {line.partition(" ")[2] for line in lines} == {SCALED}
    assert folds == "folds []"


def test_the_example_of_the_page_is_found_as_the_page_says(say, write):
    told = say("audit", write(examples()[0]), "--json", "--quick")

    found = {f["column"]: f["line"]["text"] for row in told.json for f in row["findings"]}
    assert list(found) == ["score"]
    assert found["score"].startswith('out["score"] = (df.close - df.close.mean())')
    assert np.isin(["mean", "features"], [row["name"] for row in told.json]).all()


def test_a_strategy_file_is_audited_with_its_functions(say, tmp_path):
    assert say("strategy", "new", "my_idea", "--folder", tmp_path).code == 0
    path = tmp_path / "my_idea.py"
    path.write_text(
        path.read_text() + "\n\ndef ahead(bars):\n    return bars.close[::-1].cumsum()[::-1]\n"
    )

    told = say("audit", path, "--quick", "--json")

    assert told.code == 4
    assert [(row["kind"], row["name"], row["passed"]) for row in told.json] == [
        ("strategy", "my_idea", True),
        ("feature", "ahead", False),
    ]
