import json
from pathlib import Path


def test_it_writes_a_page_with_its_json_beside_it_and_says_where(say, stocked):
    told = say("passport", "NASDAQ", "21", "--workspace", stocked / "workspace")

    assert told.code == 0, told.err
    page = Path(told.out.splitlines()[-1])
    assert page.name == "NASDAQ_RSI2_MeanReversion.html"
    assert page.parent.name == "passports"
    assert page.is_relative_to(stocked / "workspace" / "runs")
    values = json.loads(page.with_suffix(".json").read_text())
    assert "RSI2_MeanReversion on NASDAQ" in page.read_text("utf-8")
    # Every gate has its line between the sentence and the path.
    lines = [line.split() for line in told.out.splitlines()]
    said = {line[0]: " ".join(line[1:]) for line in lines if line}
    for verdict in values["verdicts"]:
        words = said[verdict["gate"]]
        assert ("not asked" in words) == (not verdict["asked"])
        assert ("decides" in words) == verdict["decides"]


def test_json_on_standard_output_is_the_file_and_its_paths(say, stocked, tmp_path):
    out = tmp_path / "deep" / "best.html"

    told = say(
        "passport", "NASDAQ", "17", "--output", out, "--json", "--workspace", stocked / "workspace"
    )

    values = told.json
    assert (values.pop("page"), values.pop("json")) == (str(out), str(out.with_suffix(".json")))
    assert values == json.loads(out.with_suffix(".json").read_text())
    assert values["strategy_id"] == 17
    assert out.exists()


def test_what_is_not_there_is_answered_without_a_traceback(say, stocked):
    where = ("--workspace", stocked / "workspace")

    symbol = say("passport", "NASDAK", "21", *where)
    strategy = say("passport", "NASDAQ", "RSI2_MeanRevert", *where)
    run = say("passport", "NASDAQ", "21", "--run", "x", *where)
    name = say("passport", "NASDAQ", "21", "--output", "best.json", *where)

    assert {one.code for one in (symbol, strategy, run, name)} == {2}
    assert "'NASDAQ'" in symbol.err
    assert "'RSI2_MeanReversion'" in strategy.err
    assert "no finished run 'x'" in run.err
    assert "must be an .html file" in name.err
    assert "Traceback" not in "".join(one.err for one in (symbol, strategy, run, name))


def test_a_workspace_without_a_run_says_what_to_do(say, tmp_path):
    told = say("passport", "NASDAQ", "21", "--workspace", tmp_path)

    assert told.code == 3
    assert "alphamill run" in told.err
