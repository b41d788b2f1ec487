"""Pictures of a model: places follow the figures, and what is coloured is what is meant."""

import re

import numpy as np
import pytest

from alphamill.learning.reliability import Bin
from alphamill.report.meta_pictures import (
    Dots,
    Named,
    calibration,
    dots_in_rows,
    named_bars,
    null_histogram,
)


def marks(svg: str, tag: str, kind: str) -> list[dict[str, float]]:
    found = re.findall(rf'<{tag} class="{kind}"([^>]*)>', svg)
    return [{k: float(v) for k, v in re.findall(r'([a-z]+)="(-?[\d.]+)"', one)} for one in found]


def test_gains_lie_right_of_losses_and_the_stroke_on_the_middle():
    svg = dots_in_rows([Dots("a", (-1.0, 0.5, 2.0)), Dots("all", (1.0,), of_all=True)], "d")

    lost, gained = marks(svg, "circle", "neg faint"), marks(svg, "circle", "pos faint")
    assert 150 < lost[0]["cx"] < gained[0]["cx"] < gained[1]["cx"] < 456
    assert len(marks(svg, "circle", "pos")) == 1
    middle = float(re.findall(r'class="line c-all" d="M([\d.]+)', svg)[0])
    assert middle == gained[0]["cx"]
    assert ">+0.50</text>" in svg


def test_a_fold_that_is_not_known_is_not_drawn():
    svg = dots_in_rows([Dots("a", (np.nan, 1.0)), Dots("b", (np.nan,))], "d")

    assert svg.count("<circle") == 1
    assert ">–</text>" in svg


def test_an_honest_score_lies_on_the_diagonal():
    bins = [Bin(0.2, 0.2, 50, 0.1, 0.3), Bin(0.8, 0.8, 50, 0.7, 0.9)]

    svg = calibration(bins, 0.5, "c")

    x1, y1, x2, y2 = (
        float(v) for v in re.search(r'class="mean" d="M(\S+) (\S+)L(\S+) (\S+)"', svg).groups()
    )
    for point in marks(svg, "circle", "point"):
        along = (point["cx"] - x1) / (x2 - x1)
        assert point["cy"] == pytest.approx(y1 + along * (y2 - y1), abs=0.2)
    assert "won 80.0% of 50 signals (95%: 70.0% to 90.0%)" in svg


def test_intervals_and_threshold_stand_where_they_belong():
    svg = calibration([Bin(0.4, 0.5, 9, 0.3, 0.7)], 0.6, "c")

    point = marks(svg, "circle", "point")[0]
    low, high = re.search(r'class="held" d="M\S+ ([\d.]+)L\S+ ([\d.]+)"', svg).groups()
    threshold = float(re.search(r'class="line thin c-0" d="M([\d.]+)', svg)[1])
    assert float(low) > point["cy"] > float(high)
    assert threshold > point["cx"]
    assert "trades from 0.60" in svg


def test_bars_have_lengths_in_proportion_and_say_which_way():
    svg = named_bars([Named("up", 0.4, 1), Named("down", 0.1, -1), Named("none", 0.2, 0)], "b")

    sizes = [marks(svg, "rect", f"{k} faint")[0]["width"] for k in ("pos", "neg", "tick")]
    assert sizes == pytest.approx([sizes[0], sizes[0] / 4, sizes[0] / 2], abs=0.1)
    assert "higher → less likely" in svg


def test_a_name_too_long_for_the_picture_is_cut():
    svg = named_bars([Named("x" * 90, 0.4, 1)], "b")

    assert f">{'x' * 39}…</text>" in svg


@pytest.mark.parametrize("observed", [-1.5, 0.3, 9.0])
def test_what_is_coloured_is_exactly_what_reached_the_model(observed: float):
    draws = np.random.default_rng(1).normal(0.0, 1.0, 500)

    svg = null_histogram(draws, observed, "n")

    def drawn(kind: str) -> int:
        titles = re.findall(rf'<rect class="{kind}"[^>]*><title>[^:]*: ([\d,]+) draw', svg)
        return sum(int(t.replace(",", "")) for t in titles)

    assert drawn("neg") == int((draws >= observed).sum())
    assert drawn("neg") + drawn("bar-all") == 500


@pytest.mark.parametrize("observed", [0.0, 1.0])
def test_draws_that_are_all_alike_are_drawn(observed: float):
    svg = null_histogram(np.zeros(7), observed, "n")

    assert ": 7 draws</title>" in svg


def test_what_cannot_be_drawn_says_so():
    assert "too few signals to move" in null_histogram(np.empty(0), 0.4, "n")
    assert "too few signals to move" in null_histogram(np.zeros(3), np.nan, "n")
    assert "no scored rows" in calibration([], 0.5, "c")
    assert "nothing to explain" in named_bars([], "b")
    assert "no folds" in dots_in_rows([], "d")
