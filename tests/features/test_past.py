"""No feature reads the future, each remembers what it declares, and live equals history."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from alphamill.core.market import Bars, Floats
from alphamill.core.strategy import WHOLE_HISTORY
from alphamill.features.compute import beside, features, first_needed, last_row, window_start
from alphamill.features.feature import Feature
from alphamill.features.returns import HOUR_BARS
from alphamill.features.table import BY_NAME, FEATURES, cross_names, own_names
from alphamill.research.audits import BarsGround, feature_subject
from alphamill.strategies.contract_markets import dated
from alphamill.validation.audit import audit
from alphamill.validation.audit_subject import QUICK, Effort, Subject

from .markets import EVERY, FOURS, MARKETS, OTHERS, four_a_session, usual_size, values

BARS = pytest.mark.parametrize("bars", MARKETS.values(), ids=MARKETS)
ROWS = pytest.mark.parametrize("row", FEATURES, ids=lambda row: row.name)
# A yes or no, a rank and a run that is seldom long may not show what they forgot too soon.
DULL = ("is_", "above_", "atr_percentile", "daily_atr_percentile", "bear_streak", "bull_streak")


def same(ours: Floats, theirs: Floats) -> bool:
    return np.array_equal(ours, theirs, equal_nan=True)


# --- the past does not change ------------------------------------------------------------------


@BARS
def test_a_prefix_of_the_bars_gives_a_prefix_of_the_values(bars):
    whole = values(bars)

    for n_kept in (0, 1, 2, 5, 27, 101, 333, 700, 1201):
        assert same(values(bars.head(n_kept)), whole[:n_kept]), n_kept


def test_no_feature_notices_another_future():
    ground = BarsGround((four_a_session(420), *OTHERS.values()))
    subject = Subject(
        kind="feature",
        name="all",
        call=lambda s: dict(zip(EVERY, features(s[0], pair(s), EVERY).values.T, strict=True)),
        grounds=(ground,),
    )

    report = audit(subject, Effort(n_cuts=24))

    assert [(f.check, f.column, f.said) for f in report.findings] == []
    assert report.n_compared > 1_000_000


def pair(series: tuple[Bars, ...]) -> dict[str, Bars]:
    return dict(zip(OTHERS, series[1:], strict=True))


def test_a_feature_that_reads_ahead_is_caught():
    def next_return(bars: Bars) -> Floats:
        return np.append(np.diff(bars.close), np.nan)

    def last_return(bars: Bars) -> Floats:
        return np.append(np.nan, np.diff(bars.close))

    ahead, honest = (Feature("x", "planted", "", f, n_bars=2) for f in (next_return, last_return))

    assert {f.column for f in audit(feature_subject(ahead), QUICK).findings} == {"x"}
    assert audit(feature_subject(honest), QUICK).findings == ()


@pytest.mark.parametrize("name", ["rsi_14", "daily_ibs", "gap_filled", "obv", "volatility_20"])
def test_a_row_passes_the_audit_as_a_subject(name):
    report = audit(feature_subject(BY_NAME[name]), QUICK)

    assert report.findings == ()
    assert report.n_compared > 10_000


# --- the memory --------------------------------------------------------------------------------


def ends(bars: Bars) -> list[int]:
    """Return lengths of history all over the second half, among them ends of sessions."""
    half = len(bars) // 2
    last_bars = np.flatnonzero(np.diff(bars.session)) + 1
    return [*range(half, len(bars), 97), *last_bars[last_bars > half][::40].tolist(), len(bars)]


def differences(row: Feature, declared: Feature, bars: Bars) -> list[float]:
    """Return by how much windows of a declared memory differ from the whole, in usual sizes."""
    whole = row.column(bars)
    size = usual_size(whole)
    found = []
    for stop in ends(bars):
        start = first_needed(bars.head(stop), [declared])
        seen, known = row.column(bars.slice(start, stop))[-1], whole[stop - 1]
        off = 0.0 if np.isnan(seen) and np.isnan(known) else abs(seen - known) / size
        found.append(np.inf if np.isnan(off) else off)
    return found


@ROWS
def test_the_declared_memory_is_enough_for_the_last_value(row):
    worst = max(max(differences(row, row, bars)) for bars in MARKETS.values())

    assert worst <= (1e-12 if row.fades else 0.0)


SHORTENED = [
    replace(
        row,
        n_bars=row.n_bars // 2 if row.fades else row.n_bars - (not row.n_sessions),
        n_sessions=max(row.n_sessions - 1, 0),
    )
    for row in FEATURES
    if row.n_bars != WHOLE_HISTORY and (row.n_bars > 1 or row.n_sessions)
    if not row.name.startswith(DULL) and row.n_bars != HOUR_BARS
]


@pytest.mark.parametrize("shorter", SHORTENED, ids=lambda row: row.name)
def test_a_shorter_memory_is_not_enough(shorter):
    row = BY_NAME[shorter.name]

    worst = max(max(differences(row, shorter, bars)) for bars in MARKETS.values())

    assert worst > (1e-12 if row.fades else 0.0)


def test_a_long_run_is_remembered_to_its_cap():
    top = FOURS.high + 1.0
    fell = replace(FOURS, open=top, high=top, close=FOURS.low, raw_close=FOURS.low)
    row = BY_NAME["bear_streak"]

    assert row.column(fell)[-1] == 20.0
    assert max(differences(row, row, fell)) == 0.0
    assert max(differences(row, replace(row, n_bars=19), fell)) > 0.0


def test_an_hour_is_remembered_in_bars_of_a_minute():
    like = FOURS.head(400)
    prices = {name: getattr(like, name) for name in ("open", "high", "low", "close")}
    quarters = dated("MIN", "1m", prices, like.volume, np.arange(400), 400)
    minutes = replace(quarters, close_ns=like.close_ns[0] + 60_000_000_000 * np.arange(400))
    row = BY_NAME["hourly_return"]

    assert max(differences(row, row, minutes)) == 0.0
    assert max(differences(row, replace(row, n_bars=HOUR_BARS - 1), minutes)) > 0.0


# --- live --------------------------------------------------------------------------------------


@BARS
def test_the_last_bar_live_equals_the_history(bars):
    names = tuple(name for name in EVERY if name != "obv")
    fades = np.array([name in BY_NAME and BY_NAME[name].fades for name in names])
    whole = values(bars, names)
    sizes = np.array([usual_size(column) for column in whole.T])

    for stop in ends(bars)[::2]:
        live, known = last_row(bars.head(stop), OTHERS, names), whole[stop - 1]
        assert same(live[~fades], known[~fades])
        assert same(np.isnan(live), np.isnan(known))
        assert np.nanmax(np.abs(live - known) / sizes) <= 1e-12


def test_the_last_bar_live_reads_no_more_than_its_window(monkeypatch):
    read = []
    monkeypatch.setattr(
        "alphamill.features.compute.features",
        lambda bars, others, names, rows: (
            read.append((len(bars), *map(len, others.values()))) or features(bars, others, names)
        ),
    )

    last_row(FOURS, OTHERS, ("returns_5", "A_z_score_100"))

    assert read == [(6, 100)]


def test_a_feed_that_begins_at_the_window_gives_the_last_bar():
    names = tuple(name for name in own_names() if BY_NAME[name].n_bars < 750)
    start = window_start(FOURS, names)
    held = FOURS.slice(start, len(FOURS))

    assert len(names) > 150
    assert 0 < start < len(FOURS) - 700
    shown, known = last_row(held, None, names), values(FOURS, names)[-1]
    assert np.nanmax(np.abs(shown - known) / (np.abs(known) + 1.0)) < 1e-12
    assert same(np.isnan(shown), np.isnan(known))


def test_the_whole_history_is_held_for_what_never_forgets():
    assert window_start(FOURS, ("obv",)) == 0
    assert window_start(FOURS, ()) == len(FOURS) - 1
    assert window_start(FOURS.head(0), own_names()) == 0


def test_a_market_at_rest_does_not_use_up_a_fading_memory():
    quiet = {name: np.repeat(getattr(FOURS, name)[:700], 2) for name in ("open", "high", "low")}
    close = np.repeat(FOURS.close[:700], 2)
    rested = replace(FOURS, **_still(quiet, close), close=close, raw_close=close)
    row = BY_NAME["rsi_5"]

    assert len(rested) - first_needed(rested, [row]) > 1.5 * row.n_bars
    assert max(differences(row, row, rested)) <= 1e-12


def _still(prices: dict[str, Floats], close: Floats) -> dict[str, Floats]:
    """Return prices of which every second bar repeats the close before it."""
    moves = np.arange(close.size) % 2 == 0
    return {name: np.where(moves, x, close) for name, x in prices.items()}


# --- other instruments -------------------------------------------------------------------------


def test_another_instrument_is_read_at_its_last_closed_bar():
    other = OTHERS["A"]
    late = replace(other, close_ns=other.close_ns + 60_000_000_000)
    name = "A_returns_1"
    column = BY_NAME["returns_1"].column(other)

    at_once = features(FOURS, {"A": other}, (name,)).column(name)
    later = features(FOURS, {"A": late}, (name,)).column(name)

    for row in range(0, len(FOURS), 37):
        closed = [i for i in range(len(other)) if other.close_ns[i] <= FOURS.close_ns[row]]
        assert same(at_once[row], column[closed[-1]] if closed else np.nan)
        closed = [i for i in range(len(other)) if late.close_ns[i] <= FOURS.close_ns[row]]
        assert same(later[row], column[closed[-1]] if closed else np.nan)
    assert not same(at_once, later)


def test_what_was_computed_beside_is_what_is_read_of_bars():
    names = cross_names(OTHERS)
    computed = {symbol: beside(bars) for symbol, bars in OTHERS.items()}

    assert same(features(FOURS, computed, names).values, features(FOURS, OTHERS, names).values)
    assert same(last_row(FOURS, computed, names), last_row(FOURS, OTHERS, names))


def test_rows_are_the_same_whether_all_are_asked_or_some():
    rows = np.array([3, 700, 1399])
    some = partial(features, FOURS, OTHERS, EVERY)

    assert same(some(rows=rows).values, some().values[rows])
