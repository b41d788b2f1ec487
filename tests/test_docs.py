"""Every command line in the docs is run: a page that cannot fail is already wrong."""

import re
import shlex
from inspect import signature
from pathlib import Path
from runpy import run_path

import pytest

from alphamill.cli.main import COMMANDS, SEEDS, main
from alphamill.data.sources import SOURCES
from alphamill.settings.project import parse_project

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
# In the order of reading, for a page may use what an earlier one left in the workspace.
PAGES = (
    "getting-started.md",
    "data.md",
    "backtest.md",
    "strategies.md",
    "audit.md",
    "sweep-and-gates.md",
    "gates.md",
    "selftest.md",
    "passport.md",
    "holdout.md",
    "ledger.md",
    "project-file.md",
    "results.md",
    "indicators.md",
    "features.md",
    "meta.md",
    "allocation.md",
    "seed-commands.md",
    "lesson-fills.md",
)
# The sample run is shown on two pages and would take most of the time of this file.
SMALL = """
project: small
data: {symbols: [SP500, WTI]}
strategies: {use: [17, 21]}
sweep: {exits: {stop_loss_atr: [1.0], take_profit_atr: [2.0]}, permutations: 1}
winners: {carry_unproven: true}
run: {workers: 1}
"""


def lines_of(page: str, language: str) -> list[str]:
    blocks = re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def commands_of(page: str) -> list[list[str]]:
    lines = lines_of(page, "console")
    assert [line for line in lines if not line.startswith("$ alphamill ")] == []
    return [shlex.split(line.removeprefix("$ alphamill ")) for line in lines]


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.fixture
def small_sample(monkeypatch):
    small = parse_project(SMALL.encode(), "small.yml", {})
    monkeypatch.setattr("alphamill.settings.project.sample_project", lambda: small)
    monkeypatch.setattr("alphamill.settings.template.template", lambda: SMALL)


def test_every_command_of_every_page_runs(tmp_path, small_sample, monkeypatch, capsys):
    # One test, for a page may use what an earlier one left, and workers may split a file's tests.
    monkeypatch.chdir(tmp_path)
    failed = {}

    for page in PAGES:
        for argv in commands_of(page):
            code = main(argv)
            told = capsys.readouterr()
            if code:
                failed[f"{page}: {shlex.join(argv)}"] = told.err
    # It reads a bundle that a command of its page has written.
    run_path(str(written(tmp_path / "example.py", "\n".join(lines_of("meta.md", "python")))))

    assert failed == {}


def test_every_page_is_run_or_holds_no_command():
    others = {path.name for path in DOCS.glob("*.md")} - set(PAGES)

    assert {page for page in others if commands_of(page)} == set()


def test_every_command_of_the_table_is_shown_on_some_page():
    shown = {argv[0] for page in PAGES for argv in commands_of(page)}

    assert {row.name for row in COMMANDS} - shown == set()


@pytest.mark.parametrize("page", ["data.md", "project-file.md", "strategies.md"])
def test_every_example_of_a_project_file_is_one(page):
    blocks = re.findall(r"```yaml\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)

    assert blocks
    for block in blocks:
        parse_project(block.encode(), page, {})


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def test_every_link_of_the_docs_leads_somewhere():
    dead = []
    for page in [*DOCS.glob("*.md"), *ROOT.glob("*.md")]:
        for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", page.read_text()):
            there = page.parent / target if target else page
            is_alive = there.exists() and (not anchor or anchor in anchors_of(there))
            if "://" not in target and not is_alive:
                dead.append(f"{page.name}: {target}#{anchor}")

    assert dead == []


def test_the_index_lists_every_page_once():
    listed = re.findall(r"\]\(([\w-]+\.md)\)", (DOCS / "index.md").read_text())

    assert sorted(listed) == sorted({p.name for p in DOCS.glob("*.md")} - {"index.md"})


def test_every_seed_line_stands_in_both_spellings():
    argvs = commands_of("seed-commands.md")
    seeds = {row.name for row in COMMANDS if row.panel == SEEDS}
    equivalent = {
        "phase1": "sweep",
        "extract_winners": "winners",
        "backtest_runner": "backtest",
        "run_ml_pipeline": "meta",
    }

    assert set(equivalent) == seeds
    assert [equivalent[a[0]] for a in argvs if a[0] in seeds] == [
        a[0] for a in argvs if a[0] in equivalent.values()
    ]


def test_the_table_of_sources_names_every_source_and_option():
    rows = re.findall(
        r"^\| `(\w+)` \|.*\| ([^|]*) \|$", (DOCS / "data.md").read_text(), re.MULTILINE
    )
    said = {name: set(re.findall(r"`(\w+)`", options)) for name, options in rows}

    taken = {name: set(signature(vendor.load()).parameters) for name, vendor in SOURCES.items()}
    assert {name: said.get(name) for name in taken} == taken


def test_every_quality_rule_is_explained():
    explained = set(re.findall(r"^\| `(\w+)` \|", (DOCS / "data.md").read_text(), re.MULTILINE))
    rooms = [*(ROOT / "alphamill" / "data").rglob("*.py")]
    raised = {rule for room in rooms for rule in re.findall(r'"(D\d\d)"', room.read_text())}

    assert raised - explained == set()


def test_seed_scripts_that_have_not_arrived_have_no_command():
    text = (DOCS / "seed-commands.md").read_text()
    rows = [line for line in text.splitlines() if re.match(r"\| `.*arrives with", line)]
    stems = {stem for row in rows for stem in re.findall(r"`(\w+)\.py`", row.split("|")[1])}

    assert {"optimize_portfolio_positions", "portfolio_simulator", "train_ml_models"} <= stems
    assert stems & {row.name for row in COMMANDS} == set()


def test_the_readme_and_the_makefile_name_the_same_commands():
    makefile = (ROOT / "Makefile").read_text()
    named = re.findall(r"^make (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE)

    assert named == ["run", "test"]
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)
