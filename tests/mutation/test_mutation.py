"""The mutation check itself, and a dozen mutants that the fast tests must catch."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from .__main__ import GOAL, judgements
from .hunt import FILES, mutants_of_tree
from .mutants import mutants_of, sample

ROOT = Path(__file__).resolve().parents[2]


def names(source: str) -> list[str]:
    found = [mutant.name.partition(": ")[2] for mutant in mutants_of("rooms/file.py", source)]
    return [name.partition(" -> ")[2] for name in found]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x = a < b", ["x = a <= b", "x = a >= b"]),
        ("x = a == b", ["x = a != b"]),
        (
            "x = a < b <= c",
            ["x = a <= b <= c", "x = a >= b <= c", "x = a < b < c", "x = a < b > c"],
        ),
        ("x = a - b", ["x = a + b"]),
        ("x *= a", ["x /= a"]),
        ("x = -a", ["x = a"]),
        ("x = not a", ["x = a"]),
        ("x = a and b", ["x = a or b"]),
        ("x = max(a, b)", ["x = min(a, b)"]),
        ("x = math.ceil(a)", ["x = math.floor(a)"]),
        ("x = a if b else c", ["x = c if b else a"]),
        ("x = True", ["x = False"]),
        ("x = 0.5", ["x = 1.5", "x = -0.5"]),
        ("if a:\n    return b", ["if False:"]),
        ("elif_ = wish.floor", []),
        ("x: Literal[3] = a", []),
        ("raise E(f'{a + 1}' + 'x')", []),
        ("'words'", []),
    ],
)
def test_each_kind_of_fault_is_made_once(line, expected):
    body = "\n".join("    " + part for part in line.splitlines())

    assert names(f"def f():\n{body}") == expected


def test_a_mutant_differs_from_the_source_in_one_place_and_says_where():
    source = "class A:\n    def f(self, x: int = 3) -> int:\n        y = x\n        return y + x\n"

    mutants = mutants_of("rooms/file.py", source)

    assert [(m.line, m.name.partition(":")[0]) for m in mutants] == [
        (2, "file.A.f"),
        (2, "file.A.f"),
        (4, "file.A.f"),
    ]
    assert mutants[2].source == source.replace("y + x", "(y - x)")


def test_a_mutant_of_a_line_with_foreign_letters_is_cut_at_the_right_place():
    source = "def f(x):\n    return 'Größe', -x"

    assert [m.source for m in mutants_of("f.py", source)] == [source.replace("-x", "(x)")]


@pytest.mark.parametrize("path", FILES)
def test_every_mutant_can_be_read(path):
    mutants = mutants_of_tree((path,))

    right = ast.dump(ast.parse((ROOT / path).read_text(encoding="utf-8")))
    assert all(ast.dump(ast.parse(mutant.source)) != right for mutant in mutants)


def test_equal_faults_in_one_function_have_names_of_their_own():
    found = mutants_of("f.py", "def f(x):\n    x = x + 1\n    x = x + 1")

    assert len({m.name for m in found}) == len(found) == 6


def test_the_sample_stays_as_it_is_when_other_lines_change():
    before = mutants_of("f.py", "def f(x):\n    return x > 2\ndef g(x):\n    return x + 1")
    after = mutants_of("f.py", "def new(x):\n    pass\n\ndef f(x):\n    return x > 2")

    kept = [m.name for m in sample(before, 7, seed=5) if m.name.startswith("f.f")]

    assert kept == [m.name for m in sample(after, 4, seed=5)]
    assert kept != [m.name for m in sample(after, 4, seed=7)]


def test_every_judgement_has_a_verdict_and_a_reason():
    verdicts = [text.partition(": ") for text in judgements().values()]

    assert {verdict for verdict, _, _ in verdicts} <= {"equivalent", "hole"}
    assert all(len(why) > 20 for _, _, why in verdicts)


def test_kernel_exits_and_costs_are_hunted_in():
    counts = {path: 0 for path in FILES}
    for mutant in mutants_of_tree():
        counts[mutant.path] += 1

    assert all(n > 30 for n in counts.values()), counts


def hunted(*options: str) -> tuple[int, dict]:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.mutation", "--json", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout, ran.stderr
    return ran.returncode, json.loads(ran.stdout)


def test_the_fast_tests_catch_a_dozen_mutants():
    code, told = hunted("--sample", "12")

    assert told["n_mutants"] == 12
    assert told["n_caught"] >= GOAL * 12, told["unjudged"]
    assert code == bool(told["unjudged"])


def test_tests_that_look_elsewhere_catch_nothing_and_the_hunt_says_so():
    code, told = hunted(
        *("--files", "alphamill/backtest/kernel.py", "--sample", "2"),
        *(
            "--tests",
            "tests/mutation/test_mutation.py::test_equal_faults_in_one_function_have_names_of_their_own",
        ),
    )

    assert (code, told["n_caught"], len(told["unjudged"])) == (1, 0, 2)
