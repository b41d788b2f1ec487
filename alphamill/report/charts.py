"""Pictures along time: equity over drawdown, price with its trades, and the small sparkline."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from alphamill.backtest.state import REASONS
from alphamill.core.market import Bars, Floats, Ints, Trades
from alphamill.report.scales import (
    Scale,
    bar_ticks,
    date_ticks,
    drawdown,
    fitted,
    round_ticks,
    thin,
)
from alphamill.report.svg import (
    NARROW,
    both,
    box,
    curve,
    dot,
    finite_range,
    line,
    picture,
    text,
    time_axis,
    triangle,
    value_axis,
)
from alphamill.report.wording import date, price, signed

_LEFT, _RIGHT = 52.0, 22.0
N_DETAIL_BARS = 250


@dataclass(frozen=True)
class Curve:
    """One cumulative P&L: ``days`` since 1970 rising, ``pnl`` in account currency, both (n,)."""

    name: str
    days: Ints
    pnl: Floats
    kind: str  # the style-sheet class that colours it
    mark: str = ""  # written at the end of the line


def equity_with_drawdown(curves: Sequence[Curve], label: str, wide: float) -> Markup:
    """Return cumulative P&L over time and below it the drawdown of the first curve."""
    return both(_equity(curves, label, wide, 360.0), _equity(curves, label, NARROW, 330.0))


def _equity(curves: Sequence[Curve], label: str, width: float, height: float) -> Markup:
    drawn = [c for c in curves if c.days.size]
    if not drawn:
        return picture(width, 60, label, [text(width / 2, 34, "no days to draw", "lbl", "middle")])
    top, split, bottom = 12.0, height * 0.68, height - 22.0
    first, last = min(int(c.days[0]) for c in drawn), max(int(c.days[-1]) for c in drawn)
    x = fitted(first, last, _LEFT, width - _RIGHT, 0.0)
    low, high = finite_range(*(c.pnl for c in drawn), np.zeros(1))
    y = fitted(low, high, split - 14, top)
    depth = drawdown(drawn[0].pnl)
    below = fitted(min(float(depth.min()), -1e-9), 0.0, bottom, split + 6, 0.0)
    parts = [
        time_axis(x, date_ticks(first, last, int(width / 90)), top, bottom),
        value_axis(y, round_ticks(y.low, y.high, 5), _LEFT, width - _RIGHT),
        value_axis(below, round_ticks(below.low, 0.0, 2), _LEFT, width - _RIGHT),
        text(_LEFT + 4, bottom - 5, "drawdown", "lbl note"),
    ]
    kept = thin(depth, int(width / 2))
    parts.append(curve(x.many(drawn[0].days[kept]), below.many(depth[kept]), "under", below(0.0)))
    # The first curve is drawn last, on top of the others.
    for c in reversed(drawn):
        kept = thin(c.pnl, int(width / 2))
        parts.append(curve(x.many(c.days[kept]), y.many(c.pnl[kept]), f"line {c.kind}"))
    parts.extend(_end_marks(drawn, x, y))
    return picture(width, height, label, parts)


def _end_marks(curves: Sequence[Curve], x: Scale, y: Scale) -> list[str]:
    ends = sorted(
        ((y(float(c.pnl[-1])), c) for c in curves if c.mark), key=lambda end: (end[0], end[1].mark)
    )
    parts, free_from = [], -np.inf
    for at, c in ends:
        free_from = max(at, free_from)
        parts.append(text(x.stop + 4, free_from + 3.5, c.mark, f"lbl ink-{c.kind}"))
        free_from += 12.0
    return parts


def price_overview(bars: Bars, trades: Trades, label: str, wide: float) -> Markup:
    """Return the whole history as one line, each trade a stroke below it, coloured by result."""
    return both(
        _overview(bars, trades, label, wide, 200.0), _overview(bars, trades, label, NARROW, 200.0)
    )


def _overview(bars: Bars, trades: Trades, label: str, width: float, height: float) -> Markup:
    if not len(bars):
        return picture(width, 60, label, [text(width / 2, 34, "no bars to draw", "lbl", "middle")])
    top, bottom, rug = 10.0, height - 40.0, height - 36.0
    x = Scale(0.0, max(len(bars) - 1, 1), _LEFT, width - _RIGHT)
    y = fitted(float(bars.close.min()), float(bars.close.max()), bottom, top)
    kept = thin(bars.close, int(width / 2))
    ticks = bar_ticks(bars.session, int(width / 90))
    won = trades.pnl > 0
    return picture(
        width,
        height,
        label,
        [
            time_axis(x, ticks, top, rug + 14),
            value_axis(y, round_ticks(y.low, y.high, 4), _LEFT, width - _RIGHT),
            curve(x.many(kept), y.many(bars.close[kept]), "line c-price"),
            _strokes(x.many(trades.entry_bar[~won]), rug, "stroke-neg"),
            _strokes(x.many(trades.entry_bar[won]), rug, "stroke-pos"),
        ],
    )


def _strokes(at: Floats, top: float, kind: str) -> str:
    # Trades that share a half pixel are one stroke: the eye could not part them.
    columns = np.unique(np.round(at * 2.0) / 2.0)
    path = "".join(f"M{c:g} {top:g}v12" for c in columns.tolist())
    return f'<path class="{kind}" d="{path}"/>' if path else ""


def price_detail(bars: Bars, trades: Trades, label: str, wide: float) -> Markup:
    """Return the last bars that hold trades, with every entry, exit and what it made."""
    last = min(len(bars), int(trades.exit_bar[-1]) + 12) if len(trades) else len(bars)
    return both(
        _detail(bars, trades, label, (max(0, last - N_DETAIL_BARS), last), wide),
        _detail(bars, trades, label, (max(0, last - N_DETAIL_BARS // 2), last), NARROW),
    )


def _detail(bars: Bars, trades: Trades, label: str, span: tuple[int, int], width: float) -> Markup:
    first, last = span
    height = 340.0 if width > NARROW else 300.0
    shown = bars.slice(first, last)
    if not len(shown):
        return picture(width, 60, label, [text(width / 2, 34, "no bars to draw", "lbl", "middle")])
    top, bottom = 16.0, height - 24.0
    x = Scale(first - 1.0, float(last), _LEFT, width - _RIGHT)
    y = fitted(float(shown.low.min()), float(shown.high.max()), bottom, top, 0.07)
    ticks = [(first + at, word) for at, word in bar_ticks(shown.session, int(width / 90))]
    parts = [
        time_axis(x, ticks, top, bottom),
        value_axis(y, round_ticks(y.low, y.high, 6), _LEFT, width - _RIGHT),
    ]
    at = x.many(np.arange(first, last))
    parts.append(
        curve(at, y.many(shown.close), "line c-price")
        if bars.closes_only
        else _candles(shown, at, y)
    )
    for i in np.flatnonzero(trades.exit_bar >= first).tolist():
        parts.append(_trade_mark(bars, trades, i, x, y))
    return picture(width, height, label, parts)


def _candles(bars: Bars, at: Floats, y: Scale) -> str:
    half = max(0.7, float(at[1] - at[0]) * 0.33) if at.size > 1 else 2.0
    wicks: list[str] = []
    up: list[str] = []
    down: list[str] = []
    tops, lows = y.many(bars.high).tolist(), y.many(bars.low).tolist()
    opens, closes = y.many(bars.open).tolist(), y.many(bars.close).tolist()
    for i, c in enumerate(at.tolist()):
        wicks.append(f"M{c:.1f} {tops[i]:.1f}V{lows[i]:.1f}")
        body = f"M{c - half:.1f} {opens[i]:.1f}V{closes[i]:.1f}h{2 * half:.1f}V{opens[i]:.1f}Z"
        (up if closes[i] <= opens[i] else down).append(body)
    return (
        f'<path class="wick" d="{"".join(wicks)}"/><path class="body-up" d="{"".join(up)}"/>'
        f'<path class="body-down" d="{"".join(down)}"/>'
    )


def _trade_mark(bars: Bars, trades: Trades, i: int, x: Scale, y: Scale) -> str:
    entry, leave = int(trades.entry_bar[i]), int(trades.exit_bar[i])
    paid, got = float(trades.entry_price[i]), float(trades.exit_price[i])
    kind = "pos" if trades.pnl[i] > 0 else "neg"
    is_long = trades.side[i] > 0
    title = trade_words(bars, trades, i)
    parts = [line(x(leave), y(got), x(leave), y(got), "held")]
    if x(entry) >= x.start:
        parts = [
            line(x(entry), y(paid), x(leave), y(got), f"held stroke-{kind}"),
            triangle(x(entry), y(paid), 4.5, bool(is_long), "entry", title),
        ]
    parts.append(dot(x(leave), y(got), 4.0, f"exit {kind}", title))
    return "".join(parts)


def trade_words(bars: Bars, trades: Trades, i: int) -> str:
    """Return one trade in words: what the mark says on hover."""
    side = "Long" if trades.side[i] > 0 else "Short"
    entered = date(bars.session[trades.entry_bar[i]])
    left = date(bars.session[trades.exit_bar[i]])
    return (
        f"{side} {entered} at {price(trades.entry_price[i])}, out {left} at "
        f"{price(trades.exit_price[i])} ({reason(trades.reason[i])}): {signed(trades.pnl[i])}"
    )


def reason(code: int) -> str:
    """Return an exit reason in plain words."""
    return REASONS[int(code)].replace("_", " ")


def sparkline(pnl: Floats, label: str) -> Markup:
    """Return cumulative P&L as a line the size of a word."""
    width, height = 96.0, 22.0
    if pnl.size < 2:
        return picture(width, height, label, [])
    total = np.cumsum(pnl)
    kept = thin(total, int(width / 2))
    x = Scale(0.0, float(total.size - 1), 1.0, width - 3.0)
    low, high = finite_range(total, np.zeros(1))
    y = fitted(low, high, height - 2, 2.0)
    end = "pos" if total[-1] > 0 else "neg"
    return picture(
        width,
        height,
        label,
        [
            line(0, y(0.0), width, y(0.0), "zero"),
            curve(x.many(kept), y.many(total[kept]), f"line thin stroke-{end}"),
            dot(x(total.size - 1.0), y(float(total[-1])), 2.0, end),
        ],
    )


def dumbbell(in_sample: float, out_of_sample: float, low: float, high: float) -> Markup:
    """Return a hollow in-sample dot and a solid out-of-sample one on the table's common axis."""
    width, height = 110.0, 22.0
    label = f"Sharpe in sample {in_sample:.2f}, out of sample {out_of_sample:.2f}"
    x = fitted(min(low, 0.0), max(high, 0.0), 4.0, width - 4.0)
    mid = height / 2
    parts = [box(x(0.0) - 0.25, 3, 0.5, height - 6, "tick")]
    if np.isfinite(in_sample) and np.isfinite(out_of_sample):
        kind = "pos" if out_of_sample > 0 else "neg"
        parts += [
            line(x(in_sample), mid, x(out_of_sample), mid, "held"),
            dot(x(in_sample), mid, 3.5, "hollow"),
            dot(x(out_of_sample), mid, 4.0, kind),
        ]
    return picture(width, height, label, parts)
