"""Seeded markets: reproducible, on the grid and the calendar, and of the nature they claim."""

import time

import numpy as np
import pytest

from alphamill.core.errors import SettingsError
from alphamill.core.market import bar_columns
from alphamill.data.calendar import schedule, to_bars
from alphamill.data.instruments import FACTORY_SYMBOLS, instrument
from alphamill.data.raw import Source
from alphamill.data.sources.synthetic import Process, Synthetic, bars

KINDS = ["iid", "garch", "t4", "drift", "season", "regime"]


def same(left, right):
    return all(np.array_equal(getattr(left, c), getattr(right, c)) for c in bar_columns())


def returns(series):
    return np.diff(series.close) / series.close[:-1]


def annual_sharpe(pnl, session):
    """Return the annual Sharpe ratio of daily sums."""
    daily = np.add.reduceat(pnl, np.flatnonzero(np.append(True, np.diff(session) > 0)))
    return daily.mean() / daily.std() * np.sqrt(252)


def long_after_a_fall(series, horizon):
    """Return the Sharpe ratio of: long while the change over the horizon is negative."""
    change = series.close[horizon:] - series.close[:-horizon]
    opens = series.open[horizon + 1 :]
    # Decided at close t, filled at open t+1, marked from open to open.
    pnl = (change[:-2] < 0) * (opens[1:] / opens[:-1] - 1.0)
    return annual_sharpe(pnl, series.session[horizon + 1 : -1])


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_bytes_and_another_another_path(kind):
    first = bars("GC", "15m", kind, n_bars=3_000, seed=7)

    assert same(first, bars("GC", "15m", kind, n_bars=3_000, seed=7))
    assert not np.array_equal(first.close, bars("GC", "15m", kind, n_bars=3_000, seed=8).close)


@pytest.mark.parametrize("kind", KINDS)
def test_fewer_bars_are_the_beginning_of_more(kind):
    whole = bars("CL", "15m", Process(kind, edge_sharpe=1.0), n_bars=5_000)

    assert same(bars("CL", "15m", Process(kind, edge_sharpe=1.0), n_bars=3_000), whole.head(3_000))


def test_symbols_differ_under_one_seed():
    es, nq = (returns(bars(s, "1d", n_bars=2_000)) for s in ("ES", "NQ"))

    # Independent: the correlation of 2,000 pairs has a deviation of 0.022.
    assert abs(np.corrcoef(es, nq)[0, 1]) < 0.09


@pytest.mark.parametrize("symbol", FACTORY_SYMBOLS)
def test_every_future_trades_on_its_tick_and_its_calendar(symbol):
    row = instrument(symbol)
    made = bars(symbol, "1h", start=20151201, end=20160401)
    plan = schedule(row.calendar, 20151201, 20160401)

    for name in ("open", "high", "low", "close"):
        ticks = getattr(made, name) / row.ticks(made.session)
        assert np.abs(ticks - np.rint(ticks)).max() < 1e-6
    assert np.array_equal(np.unique(made.session), plan.session)
    assert made.session_end.sum() == len(plan)
    assert (made.high > made.low).mean() > 0.95


def test_fifteen_futures_of_489_000_bars_take_seconds():
    started = time.perf_counter()
    for symbol in FACTORY_SYMBOLS[:3]:
        assert len(bars(symbol, "15m", n_bars=489_000)) == 489_000

    # A fifth of the fifteen within a fifth of a minute.
    assert time.perf_counter() - started < 12


def test_equal_normal_returns_have_the_stated_deviation_and_no_memory():
    made = returns(bars("ES", "1d", "iid", start=20000103, end=20191231))

    # 18 % a year; 5,100 returns: relative error of a deviation 1 %, of kurtosis 0.07.
    assert made.std() * np.sqrt(252) == pytest.approx(0.18, rel=0.04)
    assert np.mean((made / made.std()) ** 4) == pytest.approx(3.0, abs=0.3)
    assert abs(np.corrcoef(np.abs(made[1:]), np.abs(made[:-1]))[0, 1]) < 0.06


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_the_same_annual_deviation(kind):
    made = [returns(bars(s, "1d", kind, start=20000103, end=20191231)) for s in ("ES", "6E", "CL")]

    # 18, 9 and 32 % a year; clusters make the estimate coarser than that of equal returns.
    ratio = [r.std() * np.sqrt(252) / a for r, a in zip(made, (0.18, 0.09, 0.32), strict=True)]
    assert np.mean(ratio) == pytest.approx(1.0, abs=0.09)


def test_student_returns_have_fat_tails_and_garch_and_regimes_have_clusters():
    def shape(kind):
        made = [returns(bars(s, "1d", kind, start=20000103, end=20191231)) for s in ("ES", "GC")]
        size = [np.abs(r) for r in made]
        tails = np.mean([np.mean((r / r.std()) ** 4) for r in made])
        return tails, np.mean([np.corrcoef(s[1:], s[:-1])[0, 1] for s in size])

    assert shape("t4")[0] > 5
    assert shape("garch")[1] > 0.08
    assert shape("regime")[1] > 0.12


def test_a_large_gap_says_nothing_about_the_rest_of_the_bar():
    # Fat tails must not make a rule out of the open: correlation of gap and move is 0 +- 0.013.
    made = bars("ES", "1d", "t4", start=20000103, end=20231231)
    gap = made.open[1:] / made.close[:-1] - 1
    move = made.close[1:] / made.open[1:] - 1

    assert abs(np.corrcoef(np.sign(gap) * np.sqrt(np.abs(gap)), move)[0, 1]) < 0.05


def test_a_season_is_loud_at_both_ends_of_the_session():
    made = bars("ES", "1h", "season", start=20160101, end=20191231)
    place = (made.minute - 1020) % 1440 // 60
    size = np.abs(np.log(made.close / made.open))

    loud = [size[place == p].mean() for p in (1, 11, 21)]
    volume = [made.volume[place == p].mean() for p in (1, 11, 21)]

    # Factor 0.5 + 1.5 u^2: 1.74 near the ends against 0.5 in the middle.
    assert loud[0] / loud[1] == pytest.approx(1.74 / 0.5, rel=0.12)
    assert loud[2] / loud[1] == pytest.approx(1.74 / 0.5, rel=0.12)
    assert min(volume[0], volume[2]) > 3 * volume[1]


def test_drift_pays_the_holder_its_sharpe_ratio():
    process = Process("drift", drift_sharpe=1.0)
    held = [
        annual_sharpe(
            returns(b := bars(s, "1d", process, start=20000103, end=20191231)), b.session[1:]
        )
        for s in FACTORY_SYMBOLS
    ]

    # 15 markets of 20 years: standard error 1 / sqrt(300) = 0.058.
    assert np.mean(held) == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize(("timeframe", "horizon"), [("1d", 5), ("1h", 115)])
@pytest.mark.parametrize(
    ("planted", "low", "high"), [(0.0, -0.2, 0.2), (1.0, 0.8, 1.2), (2.0, 1.55, 2.1)]
)
def test_the_plain_rule_earns_about_the_planted_sharpe(timeframe, horizon, planted, low, high):
    process = Process(edge_sharpe=planted, horizon_bars=horizon)
    made = [bars(s, timeframe, process, start=20000103, end=20191231) for s in FACTORY_SYMBOLS]

    earned = np.mean([long_after_a_fall(b, horizon) for b in made])
    held = np.mean([annual_sharpe(returns(b), b.session[1:]) for b in made])

    # Standard error 0.058 for each mean; the bands are more than three of them.
    assert low < earned < high
    assert abs(held) < 0.2


def test_neighbours_of_the_rule_share_the_planted_edge():
    process = Process(edge_sharpe=2.0, horizon_bars=5)
    made = [bars(s, "1d", process, start=20000103, end=20191231) for s in FACTORY_SYMBOLS]

    earned = {h: np.mean([long_after_a_fall(b, h) for b in made]) for h in (3, 5, 8)}

    assert earned[5] > max(earned[3], earned[8])
    assert min(earned[3], earned[8]) > 0.7


def test_planting_leaves_the_noise_as_it_was():
    plain, planted = (bars("ES", "1d", Process(edge_sharpe=s), n_bars=500) for s in (0.0, 1.0))

    assert np.array_equal(plain.close[:5], planted.close[:5])
    assert np.corrcoef(returns(plain), returns(planted))[0, 1] > 0.95


@pytest.mark.parametrize(("symbol", "timeframe"), [("ES", "1d"), ("CL", "15m"), ("SPY", "1h")])
def test_the_source_hands_over_what_the_calendar_turns_into_the_same_bars(symbol, timeframe):
    source: Source = Synthetic(kind="garch", seed=3, start=20250601, end=20250731, symbols=[symbol])

    raw = source.fetch(symbol, timeframe)

    assert list(source.symbols()) == [symbol]
    direct = bars(symbol, timeframe, "garch", start=20250601, end=20250731, seed=3)
    assert same(to_bars(raw, instrument(symbol)), direct)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bars("ES"), "exactly one of end and n_bars"),
        (lambda: bars("ES", n_bars=5, end=20240101), "exactly one of end and n_bars"),
        (lambda: bars("ES", "15m", "brownian", n_bars=5), "received 'brownian'"),
        (lambda: bars("XX", n_bars=5), "received 'XX'"),
        (lambda: bars("SPY", "1d", start=20250705, end=20250706), "must be a session of 'XNYS'"),
        (lambda: Process(horizon_bars=0), "at least 1, received 0"),
        (lambda: Synthetic(seed="7"), "seed must be a whole number.*'7'"),
        (lambda: Synthetic(edge_sharpe="high"), "edge_sharpe must be a number, received 'high'"),
    ],
)
def test_wrong_wishes_are_the_operator_s_error(call, message):
    with pytest.raises(SettingsError, match=message):
        call()
