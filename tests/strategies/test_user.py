"""A user's file is loaded as it is now, under a private name, and refused with its line."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from alphamill.core.errors import SettingsError
from alphamill.core.identity import code_digest, digest
from alphamill.strategies import BY_NAME
from alphamill.strategies.contract_markets import daily
from alphamill.strategies.user import draft, load, load_all, source_of

HEAD = """\
from dataclasses import replace

import numpy as np

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int
from alphamill.core.strategy import Strategy


def rule(bars: Bars, length: int) -> Signals:
    never = np.zeros(len(bars), dtype=np.bool_)
    return Signals((bars.close > 1.0).astype(np.int8), never, never)


"""
GIVEN = {
    "number": "1000",
    "name": "'mine'",
    "archetype": "'trend'",
    "idea": "'It pays.'",
    "rule": "rule",
    "space": "{'length': Int(5, 2, 50)}",
    "warmup": "lambda p: 1",
}
# The line of the declaration below HEAD.
LINE = HEAD.count("\n") + 1


def declared(constant: str = "MINE", **given: str) -> str:
    fields = ", ".join(f"{name}={value}" for name, value in (GIVEN | given).items())
    return f"{constant} = Strategy({fields})\n"


@pytest.fixture
def write(tmp_path):
    def write(text: str, name: str = "my.py") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def refusal(path: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        load(path)
    return str(caught.value)


# --- what is loaded ----------------------------------------------------------------------------


def test_the_strategies_of_the_top_level_are_loaded_in_order(write):
    two = declared("B", name="'b'", number="1001") + declared("A", name="'a'", number="1002")

    found = load(write(HEAD + two + "AGAIN = A\n"))

    assert [(s.name, s.number) for s in found] == [("b", 1001), ("a", 1002)]
    assert found[0].signals(daily(5), {"length": 5}).enter.tolist() == [1] * 5


def test_a_list_chooses_among_them(write):
    two = declared("B", name="'b'", number="1001") + declared("A", name="'a'", number="1002")

    assert [s.name for s in load(write(HEAD + two + "STRATEGIES = [A]\n"))] == ["a"]


def test_a_list_may_be_made_in_a_loop(write):
    text = (
        HEAD
        + declared()
        + ("STRATEGIES = tuple(replace(MINE, number=n, name=f'mine{n}') for n in (1001, 1002))\n")
    )

    assert [s.name for s in load(write(text))] == ["mine1001", "mine1002"]


def test_a_strategy_imported_from_the_table_is_not_the_files_own(write):
    imported = "from alphamill.strategies.reversion.ibs_strategy import IBS_STRATEGY\n"
    changed = "MINE = replace(IBS_STRATEGY, number=1000, name='mine')\n"

    assert [s.name for s in load(write(imported + HEAD + changed))] == ["mine"]


def test_the_same_content_gives_the_same_objects_and_another_is_read_at_once(write):
    path = write(HEAD + declared(number="1000"))
    first, again = load(path), load(path)
    # As long and within the same tick of a coarse clock: nothing but the text tells them apart.
    path.write_text(HEAD + declared(number="2000"))

    assert first[0] is again[0]
    assert [s.number for s in load(path)] == [2000]
    path.write_text(HEAD + declared(number="1000"))
    assert load(path)[0] is first[0]


def test_nothing_is_left_beside_the_file_or_on_the_path(write):
    before = list(sys.path)
    path = write(HEAD + declared(), "alphamill_probe.py")

    load(path)

    assert [p.name for p in path.parent.iterdir()] == ["alphamill_probe.py"]
    assert sys.path == before
    assert "alphamill_probe" not in sys.modules


def test_a_file_may_declare_dataclasses_under_its_private_name(write):
    lazy = "from __future__ import annotations\n"
    extra = "from dataclasses import dataclass\n@dataclass\nclass Pair:\n    a: int = 0\n"

    assert len(load(write(lazy + HEAD + extra + declared()))) == 1


def test_another_process_finds_the_same_rule_by_the_same_path(write):
    path = write(HEAD + declared())
    code = (
        "import sys; from pathlib import Path\n"
        "from alphamill.core.identity import code_digest\n"
        "from alphamill.strategies.user import load, source_of\n"
        "path = Path(sys.argv[1]); rule = load(path)[0].rule\n"
        "print(code_digest(rule), source_of(path))"
    )

    ran = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, check=True, text=True
    )

    rule = load(path)[0].rule
    assert ran.stdout.split() == [code_digest(rule), source_of(path)]


def test_the_identity_of_a_file_is_that_of_its_text(write):
    path = write(HEAD + declared())

    assert source_of(path) == digest((HEAD + declared()).encode())
    path.write_text(HEAD + declared() + "# a remark\n")
    assert source_of(path) != digest((HEAD + declared()).encode())


def test_a_rule_that_raises_is_named_with_the_line_of_the_file(write):
    path = write(HEAD.replace("bars.close > 1.0", "bars.close > bars.closing") + declared())

    with pytest.raises(Exception, match=r"'closing' \(my\.py line 12\)\. Mend the rule"):
        load(path)[0].signals(daily(5), {"length": 5})


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = (1,\n", "my.py line 1: '(' was never closed. Correct the line."),
        ("x = 1\n y = 2\n", "my.py line 2: unexpected indent. Correct the line."),
        (
            "import os\nimport no_such_module\n",
            "my.py line 2: No module named 'no_such_module'. Install it, or correct the name; a "
            "file of strategies may import alphamill and what is installed, not its neighbours.",
        ),
        (
            "from alphamill.indicators.trend import smaa\n",
            "my.py line 1: cannot import name 'smaa' from 'alphamill.indicators.trend'",
        ),
        (
            "def f():\n    return 1 / 0\nf()\n",
            "my.py line 2: running the file raised ZeroDivisionError: division by zero. Correct "
            "the line.",
        ),
        ("raise SystemExit(3)\n", "my.py line 1: running the file raised SystemExit: 3."),
        ("import json\njson.loads('{')\n", "my.py line 2: running the file raised JSONDecodeError"),
        (HEAD + declared(nubmer="3"), f"my.py line {LINE}: running the file raised TypeError"),
        (
            HEAD,
            "my.py holds no Strategy at its top level. Begin with a file that `alphamill strategy "
            "new NAME` writes.",
        ),
        (HEAD + "MINE = Strategy\n", "my.py holds no Strategy at its top level."),
        (
            HEAD + "STRATEGIES = (rule,)\n",
            f"my.py line {LINE}: STRATEGIES must hold strategies, received <function rule at",
        ),
        (HEAD + "STRATEGIES = ()\n", f"my.py line {LINE}: STRATEGIES must be a tuple of strat"),
        (HEAD + "STRATEGIES: dict = {}\n", f"my.py line {LINE}: STRATEGIES must be a tuple of st"),
        (
            HEAD + declared(number="21"),
            f"my.py line {LINE}: mine has the number 21, which is RSI2_MeanReversion's in the "
            "table. Take another, from 1000 up.",
        ),
        (
            HEAD + declared(name="'rsi2_mean_reversion'"),
            f"my.py line {LINE}: rsi2_mean_reversion is called as number 21 of the table is "
            "(RSI2_MeanReversion). Take another name.",
        ),
        (
            HEAD + declared("A") + "\n" + declared("B", name="'other'"),
            f"my.py line {LINE + 2}: other has the number 1000, which is mine's in this file.",
        ),
        (
            HEAD + declared("A") + "\n" + declared("B", number="1001", name="'Mi_ne'"),
            f"my.py line {LINE + 2}: Mi_ne is called as number 1000 of this file is (mine).",
        ),
    ],
)  # fmt: skip
def test_a_file_that_is_not_sound_is_refused_with_its_line(text, words, write):
    assert refusal(write(text)).startswith(words)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("number", "'1000'", "number must be a whole number above 0, received '1000'"),
        ("number", "0", "number must be a whole number above 0, received 0"),
        ("number", "True", "number must be a whole number above 0, received True"),
        ("name", "'../x'", "name must be a word of letters, digits and underscores, received '.."),
        ("name", "'7'", "name must be a word"),
        ("name", "7", "name must be a word"),
        ("archetype", "None", "mine: archetype must be text, received None"),
        ("idea", "3", "mine: idea must be text, received 3"),
        ("rule", "'rule'", "mine: rule must be a function, received 'rule'"),
        ("warmup", "20", "mine: warmup must be a function, received 20"),
        ("canonical", "None", "mine: canonical must be a function, received None"),
        ("space", "[]", "mine: space must map names to Int, Float, Bool, Choice or Time, received"),
        ("space", "{'length': 5}", "mine: space must map names to Int"),
        ("needs", "'ohlc'", "mine: needs must be a set of ['ohlc', 'volume', 'intraday'], recei"),
        ("needs", "{'high'}", "mine: needs must be a set of"),
        ("sides", "'short'", "mine: sides must be one of ['long', 'both'], received 'short'"),
        ("levels", "'open'", "mine: levels must be one of ['close', 'touch'], received 'open'"),
        ("others", "'partner'", "mine: others must be a tuple of words, received 'partner'"),
    ],
)
def test_a_field_of_the_wrong_kind_is_refused(field, value, words, write):
    said = refusal(write(HEAD + declared(**{field: value})))

    assert said.startswith(f"my.py line {LINE}: {words}")
    assert said.endswith(". Correct the declaration.")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"no\.py: this file of strategies cannot be read \(No"):
        load(tmp_path / "no.py")


def test_a_file_that_failed_is_run_again(write):
    path = write("import no_such_module\n")

    assert refusal(path) == refusal(path)


def test_an_interrupt_while_the_file_runs_passes_through(write):
    with pytest.raises(KeyboardInterrupt):
        load(write("raise KeyboardInterrupt\n"))


def test_two_files_may_not_share_a_number_or_a_name(write):
    one = write(HEAD + declared(), "one.py")
    same_number = write(HEAD + declared(name="'other'"), "two.py")
    same_name = write(HEAD + declared(number="1001"), "three.py")
    sound = write(HEAD + declared(number="1001", name="'other'"), "four.py")

    with pytest.raises(SettingsError, match=r"two\.py: other has the number 1000, which is mine's"):
        load_all([one, same_number])
    with pytest.raises(SettingsError, match=r"three\.py: mine is called as number 1000 of one\.py"):
        load_all([one, same_name])
    assert [s.name for found in load_all([one, sound, one]).values() for s in found] == [
        "mine",
        "other",
    ]


# --- the draft ---------------------------------------------------------------------------------


def test_a_draft_takes_the_first_number_that_its_folder_leaves_free(write, tmp_path):
    assert 'number=1000,\n    name="my_idea",' in draft("my_idea", tmp_path)
    write("A = Strategy(number=1004)\nB = Strategy(number = 1002)\nnumber = 21\n", "a.py")

    assert "number=1005," in draft("my_idea", tmp_path)


def test_a_draft_is_a_sound_file(write, tmp_path):
    found = load(write(draft("my_idea", tmp_path), "my_idea.py"))

    assert [(s.name, s.number) for s in found] == [("my_idea", 1000)]
    assert np.unique(found[0].rule(daily(300), **found[0].params()).enter).tolist() == [-1, 0, 1]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("MyIdea", "'MyIdea'. Write it as 'my_idea'."),
        ("my idea", "'my idea'. Write it as 'my_idea'."),
        ("../x", "'../x'. Write it as 'x'."),
        ("7days", "'7days'. Write it as 'my_7days'."),
        ("my_idée", "'my_idée'. Write it as"),
        ("class", "class is a word of Python. Take another."),
        ("ma_cross", "ma_cross is number 17 of the table. Take another."),
    ],
)
def test_a_name_that_no_draft_can_have_is_refused(name, words, tmp_path):
    with pytest.raises(SettingsError) as caught:
        draft(name, tmp_path)

    assert words in str(caught.value)
    assert BY_NAME["MACross"].number == 17
