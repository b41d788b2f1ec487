import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

QUICK = ("--every", "quarterly", "--allocators", "inverse_volatility", "sector_rotation")


@pytest.fixture
def closes(tmp_path) -> Path:
    rng = np.random.default_rng(5)
    days = pd.bdate_range("2018-01-01", periods=520, name="Date")
    moves = rng.normal(0.0003, [0.01, 0.02, 0.005], (520, 3))
    path = tmp_path / "closes.csv"
    pd.DataFrame(100 * np.exp(moves.cumsum(axis=0)), days, ["AA", "BB", "CC"]).to_csv(path)
    return path


def test_allocate_writes_a_page_with_its_json_beside_it(say, closes, tmp_path):
    classes, out = tmp_path / "classes.csv", tmp_path / "deep" / "page.html"
    classes.write_text("name,class\nAA,x\nBB,x\nCC,y\n")

    told = say(
        "portfolio", "allocate", "--prices", closes, "--classes", classes, *QUICK, "--output", out
    )

    assert told.code == 0, told.err
    values = json.loads(out.with_suffix(".json").read_text())
    assert [row["allocator"] for row in values["rows"]] == ["equal", *QUICK[3:]]
    assert values["classes"] == {"AA": "x", "BB": "x", "CC": "y"}
    assert "The best of 2 compared" in told.out
    assert told.out.splitlines()[-1] == str(out)
    assert "quarterly" in out.read_text("utf-8")


def test_json_on_standard_output_is_the_file_and_its_paths(say, closes, tmp_path):
    out = tmp_path / "page.html"

    told = say("portfolio", "allocate", "--prices", closes, *QUICK, "--output", out, "--json")

    values = told.json
    assert (values.pop("page"), values.pop("json")) == (str(out), str(out.with_suffix(".json")))
    assert values == json.loads(out.with_suffix(".json").read_text())


def test_series_of_the_workspace_are_taken_up_to_their_seal(say, tmp_path):
    out = tmp_path / "page.html"
    where = ("--workspace", tmp_path / "workspace", "--output", out)

    told = say("portfolio", "allocate", "--symbols", "MTUM", "USMV", *QUICK[:4], *where)

    assert told.code == 0, told.err
    assert json.loads(out.with_suffix(".json").read_text())["names"] == ["MTUM", "USMV"]


def test_returns_of_streams_are_taken_as_they_are(say, closes, tmp_path):
    streams = tmp_path / "streams.csv"
    pd.read_csv(closes, index_col=0).pct_change().iloc[1:].to_csv(streams)
    outs = [tmp_path / "a.html", tmp_path / "b.html"]

    for flag, given, out in zip(("--prices", "--returns"), (closes, streams), outs, strict=True):
        assert say("portfolio", "allocate", flag, given, *QUICK, "--output", out).code == 0

    one, other = (json.loads(out.with_suffix(".json").read_text()) for out in outs)
    assert [r["sharpe"] for r in one["rows"]] == pytest.approx([r["sharpe"] for r in other["rows"]])


def test_a_new_study_is_written_once_and_asks_for_its_funds(say, closes, tmp_path):
    path = tmp_path / "study.yml"

    first = say("portfolio", "allocate", "--new-study", path)
    again = say("portfolio", "allocate", "--new-study", path)
    without = say("portfolio", "allocate", "--study", path, "--prices", closes)

    assert (first.code, again.code, without.code) == (0, 2, 2)
    assert f"--study {path}" in first.out
    assert "exists" in again.err
    assert "the data lack ['SPY', 'QQQ'" in without.err


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        ((), 2, "at least two names"),
        (("--returns", "x.csv", "--prices", "x.csv"), 2, "not both"),
        (("--output", "page.json"), 2, "must be an .html file"),
        (("--prices", "none.csv"), 2, "none.csv"),
        (("--study", "none.yml"), 2, "cannot be read"),
    ],
)
def test_what_cannot_be_run_is_answered_without_a_traceback(say, flags, code, words, tmp_path):
    told = say("portfolio", "allocate", *flags, "--workspace", tmp_path)

    assert told.code == code
    assert words in told.err
    assert "Traceback" not in told.err


def test_classes_that_are_no_pairs_are_told_by_line(say, closes, tmp_path):
    path = tmp_path / "classes.csv"
    path.write_text("AA,x\nBB\n")

    told = say("portfolio", "allocate", "--prices", closes, "--classes", path)

    assert told.code == 3
    assert "lines that are not: [2]" in told.err
