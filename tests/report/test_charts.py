"""Pictures along time: what is drawn is where and what the arrays say."""

import re
from dataclasses import replace

import numpy as np
import pytest

from alphamill.report.charts import (
    Curve,
    dumbbell,
    equity_with_drawdown,
    price_detail,
    price_overview,
    sparkline,
    trade_words,
)
from alphamill.report.svg import WIDE

from .samples import daily_bars, no_trades, result


def _points(svg: str, kind: str) -> list[tuple[float, float]]:
    path = re.search(rf'<path class="{kind}" d="([^"]*)"', svg)
    assert path
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path[1])]


def test_a_rising_curve_rises_and_has_no_drawdown():
    curve = Curve("a", np.arange(5), np.arange(5.0), "c-0")

    svg = equity_with_drawdown([curve], "equity", WIDE)

    heights = [y for _, y in _points(svg, "line c-0")]
    assert heights == sorted(heights, reverse=True)
    assert len({y for _, y in _points(svg, "under")}) == 1


def test_drawdown_is_the_first_curves():
    calm = Curve("calm", np.arange(4), np.zeros(4), "c-0")
    wild = Curve("wild", np.arange(4), np.array([0.0, 9.0, 0.0, 9.0]), "c-1")

    depths = {
        first.name: {y for _, y in _points(equity_with_drawdown(both, "e", WIDE), "under")}
        for first, both in ((calm, [calm, wild]), (wild, [wild, calm]))
    }

    assert len(depths["calm"]) == 1
    assert len(depths["wild"]) == 2


def test_days_without_bars_take_their_room():
    gap = Curve("gap", np.array([0, 1, 11]), np.zeros(3), "c-0")

    xs = [x for x, _ in _points(equity_with_drawdown([gap], "e", WIDE), "line c-0")]

    assert xs[2] - xs[1] == pytest.approx(10 * (xs[1] - xs[0]), abs=0.8)


def test_marks_at_line_ends_do_not_overlap():
    curves = [Curve(str(i), np.arange(3), np.ones(3), f"c-{i}", str(i)) for i in range(5)]

    svg = equity_with_drawdown(curves, "e", WIDE).split('"narrow"')[0]

    heights = [float(y) for y in re.findall(r'class="lbl ink-c-\d" x="[\d.]+" y="([\d.]+)"', svg)]
    assert len(heights) == 5
    assert np.diff(sorted(heights)).min() >= 11.9


def test_the_detail_shows_the_last_trades_with_side_result_and_reason():
    run = result(400, 40)

    svg = price_detail(run.bars, run.trades, "detail", WIDE).split('<div class="narrow">')[0]

    last = trade_words(run.bars, run.trades, len(run.trades) - 1)
    assert last in svg
    n_shown = int((run.trades.exit_bar >= run.trades.exit_bar[-1] + 12 - 250).sum())
    assert svg.count("<circle") == n_shown
    assert n_shown < len(run.trades)


def test_trade_words_hold_dates_prices_reason_and_result():
    run = result(400, 40)
    trades = replace(
        run.trades,
        side=np.full(len(run.trades), -1),
        entry_price=np.full(len(run.trades), 1234.5),
        pnl=np.full(len(run.trades), -77.25),
    )

    words = trade_words(run.bars, trades, 0)

    assert words.startswith("Short 2009-03-02 at 1,234.50, out 2009-03-")
    assert words.endswith("): −77.25")


def test_closes_only_bars_are_a_line_without_candles():
    closes = result(400, 40, closes_only=True)
    candles = result(400, 40)

    assert "wick" not in price_detail(closes.bars, closes.trades, "d", WIDE)
    assert "wick" in price_detail(candles.bars, candles.trades, "d", WIDE)


def test_overview_strokes_are_coloured_by_result():
    run = result(400, 40)

    svg = price_overview(run.bars, run.trades, "o", WIDE).split('"narrow"')[0]

    strokes = {
        kind: (re.search(rf'class="stroke-{kind}" d="([^"]*)"', svg) or [""])[0].count("M")
        for kind in ("pos", "neg")
    }
    won = int((run.trades.pnl > 0).sum())
    assert strokes == {"pos": won, "neg": len(run.trades) - won}


def test_empty_series_are_pictures_too():
    idle = no_trades()

    assert "no bars" in price_overview(daily_bars(0), idle.trades, "o", WIDE)
    assert "no bars" in price_detail(daily_bars(0), idle.trades, "d", WIDE)
    assert "no days" in equity_with_drawdown([], "e", WIDE)
    assert "<circle" not in price_detail(idle.bars, idle.trades, "d", WIDE)


def test_a_sparkline_ends_in_the_colour_of_its_result():
    assert 'class="pos"' in sparkline(np.array([1.0, -2.0, 3.0]), "s")
    assert 'class="neg"' in sparkline(np.array([1.0, 2.0, -4.0]), "s")


def test_a_dumbbell_keeps_the_tables_axis():
    high, low = dumbbell(2.0, 0.5, -1.0, 2.0), dumbbell(2.0, -1.0, -1.0, 2.0)

    hollow = [re.search(r'class="hollow" cx="([\d.]+)"', svg) for svg in (high, low)]
    assert hollow[0]
    assert hollow[1]
    assert hollow[0][1] == hollow[1][1]


def test_exits_are_coloured_by_result():
    run = result(200, 40)

    svg = price_detail(run.bars, run.trades, "d", WIDE).split('<div class="narrow">')[0]

    won = int((run.trades.pnl > 0).sum())
    assert svg.count('class="exit pos"') == won
    assert svg.count('class="exit neg"') == len(run.trades) - won
