"""37 Double7s, as Connors states it: buy a 7-bar low in a rising market, sell a 7-bar high.

The registry asks whether the close's percentile in the window is below ``entry_pct``. In a window
of w closes a rank moves in steps of 100 / (w - 1), from 0 (no other close is lower: a w-bar low)
to 100 (no other is higher), so at most ``entry_pct`` means the low itself for every percent below
the first step. All nine pairs of percents in the grid then say "the low" and "the high" for each
of its windows: ``canonical`` keeps one. In longer windows the percents are real choices.
"""

from alphamill.core.market import Bars, Signals
from alphamill.core.params import Int, Params, Space, Value
from alphamill.core.strategy import Strategy
from alphamill.indicators.rolling import percentile_rank
from alphamill.indicators.trend import sma
from alphamill.strategies.says import both_sides

TREND_BARS = 200


def rule(bars: Bars, percentile_window: int, entry_pct: int, exit_pct: int) -> Signals:
    trend = sma(bars.close, TREND_BARS)
    below = percentile_rank(bars.close, percentile_window)
    above = percentile_rank(-bars.close, percentile_window)
    return both_sides(
        long=(below <= entry_pct) & (bars.close > trend),
        short=(above <= entry_pct) & (bars.close < trend),
        leave_long=above <= 100 - exit_pct,
        leave_short=below <= 100 - exit_pct,
    )


def canonical(params: Params) -> dict[str, Value]:
    n_steps = int(params["percentile_window"]) - 1
    enter, leave = int(params["entry_pct"]), 100 - int(params["exit_pct"])
    usual_enter, usual_leave = int(SPACE["entry_pct"].default), 100 - int(SPACE["exit_pct"].default)
    return {
        **params,
        "entry_pct": stands_for(enter, usual_enter, n_steps),
        "exit_pct": 100 - stands_for(leave, usual_leave, n_steps),
    }


def stands_for(percent: int, usual: int, n_steps: int) -> int:
    """Return ``usual`` where it reaches as many steps as ``percent``, else the least that does."""
    step = percent * n_steps // 100
    return usual if usual * n_steps // 100 == step else -(-100 * step // n_steps)


SPACE: Space = {
    "percentile_window": Int(7, 2, 250, (5, 7, 10), "closes compared, the present included"),
    "entry_pct": Int(5, 0, 49, (3, 5, 10), "enter at or below this percentile"),
    "exit_pct": Int(95, 51, 100, (90, 95, 97), "leave at or above this percentile"),
}

DOUBLE7S = Strategy(
    number=37,
    name="Double7s",
    archetype="mean reversion",
    idea="In a rising market a week's low is a pause, and a week's high the end of the bounce.",
    rule=rule,
    space=SPACE,
    warmup=lambda p: max(TREND_BARS, int(p["percentile_window"])),
    sides="both",
    canonical=canonical,
)
