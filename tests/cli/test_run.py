from pathlib import Path

import pytest

PROJECT = """
project: small
data: {symbols: [NASDAQ, SP500_CLOSE]}
strategies: {use: [17, 21]}
sweep: {exits: {stop_loss_atr: [1.0], take_profit_atr: [2.0]}, permutations: 1}
winners: {carry_unproven: true}
run: {workspace: mine, workers: 1}
"""


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.yml").write_text(PROJECT)


def test_a_run_ends_with_three_lines_and_the_path_of_its_page(say, tmp_path):
    told = say("run", "--project", "p.yml")

    assert told.code == 0, told.err
    *lines, page = told.out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "What survived",
        "What to expect",
        "What it took",
    ]
    assert Path(page).is_relative_to(tmp_path / "mine" / "runs")
    assert "small" in Path(page).read_text()


def test_a_second_run_computes_nothing_anew_and_says_the_same(say):
    first = say("run", "--project", "p.yml", "--json").json
    second = say("run", "--project", "p.yml", "--json").json

    assert first["run_id"] == second["run_id"]
    assert first["winners"] == second["winners"]
    assert (first["trials"]["new"], second["trials"]["new"]) == (104, 0)


def test_the_flag_names_another_workspace_than_the_project_file(say, tmp_path):
    told = say("run", "--project", "p.yml", "--workspace", "yours", "--json").json

    assert Path(told["page"]).is_relative_to(tmp_path / "yours")
    assert not (tmp_path / "mine").exists()
