import json

import pytest

from alphamill.cli.main import main

QUICK = ("--random", "2", "--bayes", "1", "--workers", "1")


@pytest.fixture(scope="module")
def manifest(stocked, tmp_path_factory):
    path = tmp_path_factory.mktemp("ml_pipeline") / "winners_manifest.json"
    where = ["--workspace", str(stocked / "workspace")]
    assert main(["winners", "--output", str(path), *where]) == 0
    return path


def test_a_run_answers_for_every_winner_of_the_manifest_and_report_says_it_again(
    say, stocked, manifest
):
    output = manifest.parent
    where = ("--workspace", stocked / "workspace", "--output-dir", output)

    told = say("meta", "run", "--manifest", manifest, *QUICK, *where, "--json")

    assert told.code == 0, told.err
    rows = told.json["rows"]
    wanted = [
        (w["symbol"], w["strategy_name"]) for w in json.loads(manifest.read_text())["winners"]
    ]
    assert [(row["symbol"], row["strategy_name"]) for row in rows] == wanted
    assert (
        json.loads((output / "reports" / told.json["results"].split("/")[-1]).read_text()) == rows
    )
    n_enhanced = sum(row["enhanced"] for row in rows)
    again = say("meta", "report", *where)
    assert f"enhanced {n_enhanced} of {len(rows)}" in again.out
    for row in rows:
        assert row["strategy_name"] in again.out


def test_mistakes_are_answered_without_a_traceback(say, stocked, manifest, tmp_path):
    where = ("--workspace", stocked / "workspace", "--output-dir", tmp_path)

    no_manifest = say("meta", "run", "--manifest", tmp_path / "no.json", *where)
    unknown = say("meta", "run", "--manifest", manifest, "--strategies", "99", *where)
    nothing = say("meta", "report", *where)
    untrained = say("meta", "export", "--models-path", tmp_path, "--strategy", "rsi2", *where)

    assert (no_manifest.code, unknown.code, nothing.code, untrained.code) == (2, 2, 3, 2)
    assert "`alphamill winners` writes one" in no_manifest.err
    assert "no winner of '99'" in unknown.err
    assert "Run `alphamill meta run` first" in nothing.err
    assert "holds no bundle of 'rsi2'" in untrained.err
    assert "Traceback" not in "".join(x.err for x in (no_manifest, unknown, nothing, untrained))


def test_validating_what_was_not_trained_is_a_failed_winner_with_the_cure(
    say, stocked, manifest, tmp_path
):
    where = ("--workspace", stocked / "workspace", "--output-dir", tmp_path, "--workers", "1")

    told = say("meta", "validate", "--manifest", manifest, *where, "--json")

    assert told.code == 0
    assert {row["status"] for row in told.json["rows"]} == {"failed"}
    assert all("meta train" in row["reason"] for row in told.json["rows"])
