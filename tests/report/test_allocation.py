"""The allocation page: the verdict first, every figure of the table, nothing from elsewhere."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from alphamill.portfolio.allocate.caps import Limits
from alphamill.portfolio.allocate.clusters import tree
from alphamill.portfolio.allocate.plan import Plan
from alphamill.portfolio.allocate.standing import Luck
from alphamill.portfolio.allocate.study import Study
from alphamill.report.allocation import (
    falls,
    luck_sentence,
    told_fallbacks,
    verdict,
    write_allocation,
)
from alphamill.report.figures_tree import Leaves, correlations

from .reading import body_of, section_of, words_of

HOSTILE = "<b>&\"x'"
STUDY = Study(
    classes={"AA": "stocks", "BB": "stocks", HOSTILE: "bonds"},
    allocators=("inverse_volatility", "hrp"),
    benchmarks={"60/40": {"AA": 0.6, HOSTILE: 0.4}},
    limits=Limits(per_name=0.3),
    plan=Plan(every="quarterly", window=120, n_groups=3, n_test_groups=1, draws=200),
)


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(1)
    days = pd.bdate_range("2018-01-01", periods=520)
    moves = rng.normal(0.0004, 0.01, (520, 3)) @ np.array([[1, 0.9, 0], [0, 0.4, 0], [0, 0, 0.3]])
    return STUDY.run(STUDY.universe_of_returns(pd.DataFrame(moves, days, list(STUDY.classes))))


@pytest.fixture(scope="module")
def page(found, tmp_path_factory) -> Path:
    return write_allocation(found, "three names", tmp_path_factory.mktemp("p") / "page.html")


@pytest.mark.parametrize(
    ("p", "difference", "words"),
    [
        (0.02, 0.4, "hrp beat equal weight by more than luck"),
        (0.40, 0.4, "Nothing beat equal weight by more than luck"),
        (0.02, -0.1, "Nothing beat equal weight by more than luck"),
    ],
)
def test_the_verdict_asks_luck_first(found, p, difference, words):
    judged = replace(found, luck=Luck(8, "hrp", difference, 0.21, p))

    assert verdict(judged) == words
    assert luck_sentence(judged).startswith("The best of 8 compared, hrp, has a Sharpe ratio ")
    assert f"+0.21 on average when none is better (p {p:.3f})" in luck_sentence(judged)


def test_without_another_there_is_nothing_to_charge(found):
    alone = replace(found, luck=None)

    assert verdict(alone) == "Nothing was compared with equal weight"
    assert "nothing to charge" in luck_sentence(alone)


def test_every_row_stands_with_its_figures(found, page):
    text = section_of(page, "Every allocator Walk-forward")

    for row in found.rows:
        f = row.figures
        said = row.name.replace("_", " ")
        assert said in text
        for figure in (f"{f.sharpe:.2f}", f"{f.turnover:.2f}", f"{f.max_drawdown:.1%}"):
            assert figure.replace("-", "−") in text
    assert "fixed, not charged" in text
    assert text.count("benchmark") == 2


def test_fallbacks_are_told_with_their_reason_and_count(found, page):
    told = told_fallbacks(found)

    n = found.rows[0].walk.decided.size
    reason = "the caps hold 90% of equity, not 100%; the rest is cash"
    assert [(name, words, count) for name, words, count, _ in told] == [
        (name, reason, n) for name in ("equal", "inverse_volatility", "hrp")
    ]
    assert reason in section_of(page, "Where the answer was another")


def test_falls_are_those_of_equal_weight_and_do_not_overlap(found):
    deepest = falls(found)

    wealth = np.cumprod(1 + found.row("equal").walk.net)
    assert deepest[0].returns[0] == pytest.approx(-found.row("equal").figures.max_drawdown)
    assert [f.returns[0] for f in deepest] == sorted(f.returns[0] for f in deepest)
    spans = sorted((f.first, f.last) for f in deepest)
    assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False))
    assert len(deepest) == min(5, len(deepest)) > 1
    assert wealth.size == found.sessions.size


def test_weights_and_risks_of_the_last_decision_are_shown(found, page):
    text = words_of(page).partition("What would be held now")[2]

    assert "cash – 10.0% 10.0% 10.0% 0.0%" in text
    assert "diversification ratio" in text
    assert "60.0%" in text


def test_names_are_escaped_and_nothing_comes_from_elsewhere(page):
    body = body_of(page)

    assert HOSTILE not in body
    assert HOSTILE in unescape(body)
    assert not re.findall(r'(?:src|href)="(?!data:)', page.read_text("utf-8"))
    assert "nan" not in words_of(page).lower()


def test_every_picture_is_sound_and_says_what_it_shows(page):
    pictures = re.findall(r"<svg.*?</svg>", page.read_text("utf-8"), re.S)
    labels = [ElementTree.fromstring(svg).attrib["aria-label"] for svg in pictures]

    assert len(pictures) == 6
    assert any(label.startswith("Correlations of daily returns") for label in labels)
    assert any("best by luck" in svg for svg in pictures)


def test_correlations_stand_in_the_order_of_the_tree():
    rng = np.random.default_rng(7)
    common = rng.standard_normal((300, 2))
    returns = common[:, [0, 1, 0, 1]] + 0.3 * rng.standard_normal((300, 4))
    grown = tree(returns)

    svg = str(correlations(Leaves(grown, ("a1", "b1", "a2", "b2"), ("a", "b", "a", "b")), "x"))

    rows = re.findall(r'text-anchor="end">(\w\d) ', svg)
    assert {frozenset(rows[:2]), frozenset(rows[2:])} == {
        frozenset({"a1", "a2"}),
        frozenset({"b1", "b2"}),
    }
    assert svg.count("<rect") == 16
    assert svg.count('class="held"') == 9
    assert "a1 with a1: 1.00" in svg
