"""Which strategies a project runs: the table's, the user's, and only those that are asked for."""

import pytest

from alphamill.core.errors import SettingsError
from alphamill.settings.choice import chosen, narrowed
from alphamill.settings.project import Project, load_project
from alphamill.strategies import STRATEGIES

RULE = """
import numpy as np
from alphamill.core.market import Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy

def rule(bars, every):
    flags = np.arange(len(bars)) % every == 0
    return Signals(flags.astype(np.int8), ~flags, ~flags)

MINE = Strategy({number}, "{name}", "test", "It pays.", rule, {{"every": Int(4, 2, 9, (4, 5))}},
                lambda p: 9)
"""


@pytest.fixture
def written(tmp_path):
    def write(text: str, **files: tuple[int, str]) -> Project:
        for stem, (number, name) in files.items():
            text_of = RULE.format(number=number, name=name)
            (tmp_path / f"{stem}.py").write_text(text_of)
        path = tmp_path / "alphamill.yml"
        path.write_text(text)
        return load_project(path, {})

    return write


def test_all_holds_the_users_own_after_the_tables(written, tmp_path):
    project = written("strategies: {files: [mine.py]}", mine=(1001, "my_rule"))

    choice = chosen(project.strategies)

    assert [s.number for s in choice.strategies] == [*(s.number for s in STRATEGIES), 1001]
    assert choice.files == {"my_rule": tmp_path / "mine.py"}


@pytest.mark.parametrize("who", ["my_rule", "MyRule", 1001, "1001"])
def test_the_users_own_is_used_by_name_and_number_with_its_grid(written, who):
    project = written(
        f"strategies: {{files: [mine.py], use: [21, {who}], grids: {{my_rule: {{every: [7]}}}}}}",
        mine=(1001, "my_rule"),
    )

    choice = chosen(project.strategies)

    assert [s.name for s in choice.strategies] == ["RSI2_MeanReversion", "my_rule"]
    assert list(choice.strategies[1].cells()) == [{"every": 7}]


def test_a_file_whose_rules_are_not_used_is_no_part_of_the_plan(written):
    project = written("strategies: {files: [mine.py], use: [21]}", mine=(1001, "my_rule"))

    assert chosen(project.strategies).files == {}
    assert project.plan().files == {}


def test_a_file_that_is_not_there_is_named_with_its_line(written):
    text = "strategies:\n  files:\n    - mine.py\n    - yours.py\n"

    with pytest.raises(
        SettingsError, match=r"alphamill\.yml line 4: strategies\.files: there is no"
    ):
        written(text, mine=(1001, "my_rule"))


@pytest.mark.parametrize(
    ("number", "name"), [(21, "my_rule"), (1001, "macd"), (1002, "my_rule"), (1001, "other")]
)
def test_a_name_or_a_number_that_is_taken_is_refused(written, number, name):
    project = written(
        "strategies: {files: [mine.py, yours.py]}", mine=(1001, "my_rule"), yours=(number, name)
    )

    with pytest.raises(SettingsError, match=r"^yours\.py"):
        project.plan()


def test_a_file_that_cannot_be_run_is_refused_with_its_line(written, tmp_path):
    project = written("strategies: {files: [mine.py]}", mine=(1001, "my_rule"))
    (tmp_path / "mine.py").write_text("import numpy\nnumpy.absent\n")

    with pytest.raises(SettingsError, match=r"mine\.py line 2: running the file raised Attribute"):
        project.plan()


def test_an_unknown_name_is_refused_with_the_nearest(written):
    project = written("strategies: {files: [mine.py], use: [rsi3]}", mine=(1001, "my_rule"))

    with pytest.raises(SettingsError, match="no strategy is called 'rsi3'"):
        project.plan()


def test_a_narrower_choice_keeps_the_grids_of_what_it_holds(written):
    project = written(
        "strategies: {files: [mine.py], grids: {my_rule: {every: [7]}, MACD: {macd_fast: [3]}}}",
        mine=(1001, "my_rule"),
    )

    choice = chosen(narrowed(project.strategies, ["1001", "21", "my_rule"]))

    assert [s.number for s in choice.strategies] == [1001, 21]
    assert list(choice.strategies[0].cells()) == [{"every": 7}]
