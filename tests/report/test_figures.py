"""Pictures of counts: places and words follow the numbers."""

import re

import numpy as np
import pytest

from alphamill.report.figures import (
    Pair,
    Row,
    Step,
    against_luck,
    bars_in_rows,
    funnel,
    heatmap,
    histogram,
    scatter,
)
from alphamill.report.svg import WIDE


def _rects(svg: str, kind: str) -> list[dict[str, float]]:
    found = re.findall(rf'<rect class="{kind}"([^>]*)>', svg)
    return [{k: float(v) for k, v in re.findall(r'([a-z-]+)="([\d.]+)"', one)} for one in found]


def test_funnel_heights_are_proportional_among_candidates():
    steps = [
        Step("all", 40, "candidates", 1.0, None),
        Step("gate", 10, "candidates", 0.25, 30),
        Step("winners", 0, "candidates", 0.0, 10),
    ]

    wide = funnel(steps, "funnel", WIDE).split('<div class="narrow">')[0]

    tall = [r["height"] for r in _rects(wide, "station")]
    assert tall == [pytest.approx(120.0), pytest.approx(30.0)]
    assert len(_rects(wide, "station none")) == 1
    assert ">−30</text>" in wide


def test_heatmap_frames_the_best_and_leaves_holes():
    grid = np.array([[0.5, np.nan], [-0.5, 1.0]])

    svg = heatmap(grid, ("fast", (1, 2)), ("slow", (10, 20)), "map")

    frame, best = _rects(svg, "frame")[0], _rects(svg, "pos")[1]
    assert frame["x"] == pytest.approx(best["x"] + 0.5)
    assert frame["y"] == pytest.approx(best["y"] + 0.5)
    assert best["fill-opacity"] > _rects(svg, "pos")[0]["fill-opacity"]
    assert len(_rects(svg, "neg")) == 1
    assert len(_rects(svg, "empty")) == 1


def test_a_heatmap_without_any_cell_is_drawn():
    svg = heatmap(np.full((2, 2), np.nan), ("a", (1, 2)), ("b", (1, 2)), "map")

    assert len(_rects(svg, "empty")) == 4
    assert not _rects(svg, "frame")


def test_luck_is_shaded_up_to_its_value():
    svg = against_luck([Pair("a", 2.0, -1.0)], 1.0, "luck", WIDE).split('"narrow"')[0]

    shade = _rects(svg, "luck")[0]
    hollow, solid = (
        float(x) for x in re.findall(r'<circle class="(?:hollow|neg)" cx="([\d.]+)"', svg)
    )
    # 0 and 1 bound the shade; -1 and 2 lie one shade's width on either side of it.
    assert solid == pytest.approx(shade["x"] - shade["width"], abs=0.2)
    assert hollow == pytest.approx(shade["x"] + 2 * shade["width"], abs=0.2)
    assert ">2.00 → −1.00</text>" in svg


def test_unknown_sharpes_are_dashes_without_dots():
    svg = against_luck([Pair("a", np.nan, np.nan)], np.nan, "luck", WIDE)

    assert "– → –" in svg
    assert "<circle" not in svg
    assert "nan" not in svg


def test_rows_start_where_they_should():
    svg = bars_in_rows([Row("gross", 100.0, "a"), Row("fees", 90.0, "b", 100.0)], "costs")

    gross, fees = _rects(svg, "a")[0], _rects(svg, "b")[0]
    assert fees["width"] == pytest.approx(gross["width"] / 10, abs=0.2)
    assert fees["x"] + fees["width"] == pytest.approx(gross["x"] + gross["width"], abs=0.2)


def test_histogram_counts_every_trade_once_and_parts_at_zero():
    values = np.array([-2.0, -1.0, -1.0, 0.5, 3.0, 400.0])

    svg = histogram(values, "spread")

    counts = [int(n) for n in re.findall(r": (\d+) trades?</title>", svg)]
    assert sum(counts) == 6
    edges = re.findall(r"<title>(\S+) to (\S+):", svg)
    assert not any(low.startswith("−") and high[0].isdigit() and high != "0" for low, high in edges)


def test_scatter_puts_a_worse_trade_further_left():
    worst, best = np.array([-100.0, -1.0]), np.array([5.0, 50.0])

    svg = scatter(worst, best, np.array([-90.0, 40.0]), "excursions")

    lost = re.search(r'class="faint neg" cx="([\d.]+)" cy="([\d.]+)"', svg)
    won = re.search(r'class="faint pos" cx="([\d.]+)" cy="([\d.]+)"', svg)
    assert lost
    assert won
    assert float(lost[1]) < float(won[1])
    assert float(lost[2]) > float(won[2])


def test_no_trades_are_said_not_drawn():
    nothing = np.array([])

    assert "no trades" in histogram(nothing, "spread")
    assert "no trades" in scatter(nothing, nothing, nothing, "excursions")
