"""Three strategies, three markets, three engines: equal trades, and every difference explained.

Where a peer has another convention, a twin of our timeline with that one line changed must give
the peer's trades exactly: then the explained difference is the only one (docs/fills.md).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alphamill.backtest.exits import ExitStack
from alphamill.core.market import Bars

from ..backtest.sabotage import sabotaged
from .engines import ONE_UNIT, Fill, by_alphamill, by_backtesting, by_backtrader
from .lean_data import adjusted_daily
from .rules import RULES, bars_of

pytest.importorskip("backtesting", reason="install alphamill[peers]")
pytest.importorskip("backtrader", reason="install alphamill[peers]")

# What a peer's own code warns of is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")

# A line of the twin as the peer has it.
ENTRY_BAR_IS_UNPROTECTED = (
    "if not held:\n            return\n        noise",
    "if not held or j == held.entry_bar:\n            return\n        noise",
)
SLOW = pytest.mark.slow
MARKETS = ["GOOG", pytest.param("EURUSD", marks=SLOW), pytest.param("SPY", marks=SLOW)]
FEW, MANY = ["sma_cross", "channel_breakout"], ["rsi2_reversion"]


@pytest.fixture(scope="module")
def market(request: pytest.FixtureRequest, shared: Path) -> Bars:
    import backtesting.test as samples

    if request.param == "SPY":
        spy = adjusted_daily(shared, "spy", 19980101, 20210331)
        days = pd.to_datetime(pd.Series(spy.date.astype(str)))
        return bars_of("SPY", "1d", nanoseconds(days), np.array(spy[1:]))
    frame = getattr(samples, request.param)
    prices = frame[["Open", "High", "Low", "Close"]].to_numpy().T
    timeframe = "1h" if request.param == "EURUSD" else "1d"
    return bars_of(request.param, timeframe, nanoseconds(frame.index.to_series()), prices)


def nanoseconds(stamps: "pd.Series[Any]") -> Any:
    return stamps.to_numpy().astype("datetime64[ns]").astype(np.int64)


every_market = pytest.mark.parametrize("market", MARKETS, indirect=True)


@every_market
@pytest.mark.parametrize("rule", FEW)
@pytest.mark.parametrize("peer", [by_backtesting, by_backtrader])
def test_market_orders_fill_as_in_the_peer(
    market: Bars, rule: str, peer: Callable[..., list[Fill]]
) -> None:
    signals, levels = RULES[rule].signals(market), RULES[rule].levels

    ours, theirs = (run(market, signals, levels) for run in (by_alphamill, peer))

    assert len(ours) > 30
    assert_equal_before_the_last_bar(market, ours, theirs)


@every_market
@pytest.mark.parametrize("rule", MANY)
def test_resting_orders_fill_as_in_backtesting(market: Bars, rule: str) -> None:
    signals, levels = RULES[rule].signals(market), RULES[rule].levels

    ours, theirs = (run(market, signals, levels) for run in (by_alphamill, by_backtesting))

    assert len(theirs) > 500
    assert_equal_before_the_last_bar(market, ours, theirs)


@every_market
@pytest.mark.parametrize("rule", MANY)
def test_resting_orders_differ_from_backtrader_by_one_line_only(market: Bars, rule: str) -> None:
    signals, levels = RULES[rule].signals(market), RULES[rule].levels

    theirs = by_backtrader(market, signals, levels)

    assert len(theirs) > 500
    changed = by_changed_twin(market, rule, ENTRY_BAR_IS_UNPROTECTED)
    assert_equal_before_the_last_bar(market, changed, theirs)
    with pytest.raises(AssertionError):
        assert_equal_before_the_last_bar(market, by_alphamill(market, signals, levels), theirs)


@every_market
def test_open_position_at_the_end_is_closed_at_close_open_or_never(market: Bars) -> None:
    rule, last = RULES["sma_cross"], len(market) - 1
    signals = rule.signals(market)

    ours, bars_own, never = (
        run(market, signals, rule.levels)[-1]
        for run in (by_alphamill, by_backtesting, by_backtrader)
    )

    assert (ours.exit_bar, ours.exit_price) == (last, market.close[-1])
    assert (bars_own.exit_bar, bars_own.exit_price) == (last, market.open[-1])
    assert never.exit_bar == -1


def by_changed_twin(bars: Bars, rule: str, changed: tuple[str, str]) -> list[Fill]:
    trades, _ = sabotaged(*changed)(
        bars,
        RULES[rule].signals(bars),
        ExitStack(None, None, None),
        ONE_UNIT,
        levels=RULES[rule].levels,
    )
    names = ("entry_bar", "exit_bar", "side", "units", "entry_price", "exit_price")
    return [Fill(*(trade[name] for name in names)) for trade in trades]


def assert_equal_before_the_last_bar(bars: Bars, ours: list[Fill], theirs: list[Fill]) -> None:
    """Compare the trades that were over before the last bar; the end has a test of its own."""
    last = len(bars) - 1
    before = [[f for f in fills if 0 <= f.exit_bar < last] for fills in (ours, theirs)]
    assert [f[:4] for f in before[0]] == [f[:4] for f in before[1]]
    prices = [np.array([f[4:] for f in fills]) for fills in before]
    np.testing.assert_allclose(*prices, rtol=0, atol=1e-9)
