"""A training set: what stands in its rows, whose they are, and what may not be a feature."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.backtest.exits import ExitStack
from alphamill.core.errors import DataError, GateError, SettingsError
from alphamill.core.market import Instrument
from alphamill.data.calendar import to_bars
from alphamill.data.instruments import instrument
from alphamill.data.sources.sample import SampleSource
from alphamill.features.compute import FeatureFrame, features
from alphamill.features.identity import definition_hash
from alphamill.features.table import cross_names, own_names
from alphamill.learning.dataset import (
    LABEL_PREFIX,
    NEVER_FEATURES,
    Primary,
    dataset,
    disguises,
    refuse_disguises,
)
from alphamill.learning.labels import SignalTrades, signal_trades
from alphamill.strategies import find
from alphamill.strategies.contract_markets import disturbed, quarter_hours
from alphamill.validation.audit_probe import identity_probe
from alphamill.validation.uniqueness import average_uniqueness

COSTS = Instrument("QTR", "q", "future", "XNYS", 0.25, 50.0, 2.0, slippage_ticks=1.0)
COSTS = replace(COSTS, commission_per_side=2.0)
BARS, RULE, STACK = quarter_hours(3_000), find(21), ExitStack(2.0, 2.0, 12)
PRIMARY = Primary("QTR", "15m", RULE.name, 21, {**RULE.params(), **STACK.as_params()})
NAMES = ("rsi_14", "returns_3", "atr_pct", "hour")
FIRST, LAST = 20180115, 20180601
HASH = "ab" * 32


def labelled(bars=BARS, rule=RULE, stack=STACK, what=COSTS):
    return signal_trades(bars, rule.signals(bars, rule.params()), stack, what)


def made(bars=BARS, names=NAMES, window=(FIRST, LAST), trades=None, values=None):
    trades = labelled(bars) if trades is None else trades
    known = features(bars, None, names, trades.decided).values if values is None else values
    return dataset(PRIMARY, bars, trades, FeatureFrame(names, known), window, HASH)


MADE = made()


def with_columns(data, **columns):
    """Return the set with further features."""
    x = np.column_stack([data.x, *columns.values()])
    return replace(data, x=x, names=(*data.names, *columns))


def test_a_row_holds_what_was_known_at_its_decision_and_what_came_of_it():
    trades, whole = MADE.trades, features(BARS, None, NAMES)

    assert len(MADE) == len(trades) > 100
    assert np.array_equal(MADE.x, whole.values[trades.decided], equal_nan=True)
    assert np.array_equal(MADE.decided_ns, BARS.close_ns[trades.decided])
    assert np.array_equal(MADE.entry_ns, BARS.close_ns[trades.entry_bar])
    assert np.array_equal(MADE.exit_ns, BARS.close_ns[trades.exit_bar])
    assert np.array_equal(MADE.session, BARS.session[trades.exit_bar])
    assert (MADE.decided_ns < MADE.entry_ns).all()
    assert (MADE.y == (trades.pnl > 0)).all()
    assert set(MADE.y.tolist()) == {0, 1}


def test_returns_are_in_the_trades_favour():
    trades = replace(
        MADE.trades.rows(np.arange(2)),
        side=np.array([1, -1]),
        entry_price=np.array([100.0, 200.0]),
        exit_price=np.array([110.0, 180.0]),
    )
    row = {n: getattr(MADE, n)[:2] for n in ("x", "decided_ns", "entry_ns", "exit_ns", "session")}

    two = replace(MADE, trades=trades, **row, weight=MADE.weight[:2])

    assert two.returns.tolist() == [0.1, 0.1]


def test_the_label_is_net_of_costs():
    # Up by less than its fees.
    trades = replace(MADE.trades, pnl=np.where(MADE.returns > 0.0, -1.0, MADE.trades.pnl))

    assert MADE.y.sum() > 0
    assert replace(MADE, trades=trades).y.sum() == 0


def test_rows_are_those_decided_in_the_window_and_ended_in_it():
    every = labelled()
    session = BARS.session[every.decided]
    inside = (session >= FIRST) & (session <= LAST)
    ended = BARS.session[every.exit_bar] <= LAST

    assert MADE.trades.decided.tolist() == every.decided[inside & ended].tolist()
    assert 0 < inside.sum() < len(every)


def test_a_trade_that_ends_after_the_window_is_unknown():
    every = labelled()
    overnight = BARS.session[every.exit_bar] > BARS.session[every.decided]
    last = int(BARS.session[every.decided[overnight][-1]])

    data = made(window=(FIRST, last))

    late = every.decided[overnight & (BARS.session[every.decided] == last)]
    assert data.trades.unknown.tolist() == late.tolist() != []
    assert not np.isin(late, data.trades.decided).any()
    assert int(data.session.max()) <= last


def test_the_account_is_flat_at_the_beginning_of_the_window():
    every = labelled()
    skipped = every.decided[~every.taken]
    first = int(BARS.session[skipped[np.argmax(BARS.session[skipped] > FIRST)]])

    data = made(window=(first, LAST))

    assert data.trades.taken[0]
    assert data.trades.taken.tolist() == data.trades.rows(np.arange(len(data))).taken.tolist()


def test_sessions_are_all_of_the_window_idle_ones_too():
    days = np.unique(BARS.session)

    assert MADE.sessions.tolist() == days[(days >= FIRST) & (days <= LAST)].tolist()
    assert MADE.sessions.size > np.unique(MADE.session).size
    assert np.isin(MADE.session, MADE.sessions).all()


def test_the_weight_is_the_uniqueness_of_the_bars_after_the_decision():
    trades = MADE.trades

    assert np.array_equal(MADE.weight, average_uniqueness(trades.decided + 1, trades.exit_bar))
    assert 0.0 < MADE.weight.min() < MADE.weight.max() <= 1.0


def test_hashes_tell_what_changed():
    other = made(trades=replace(labelled(), pnl=labelled().pnl + 1.0))

    assert MADE.features_hash == definition_hash(NAMES) != made(names=NAMES[:2]).features_hash
    assert made().labels_hash == MADE.labels_hash != other.labels_hash
    assert made(names=NAMES[:2]).labels_hash == MADE.labels_hash
    assert MADE.bars_hash == HASH


def test_nobody_can_change_it():
    for column in (MADE.x, MADE.weight, MADE.sessions, MADE.trades.pnl, MADE.trades.unknown):
        with pytest.raises(ValueError, match="read-only"):
            column[:1] = 0


def test_later_bars_change_no_earlier_row():
    n_kept = 2_000
    seen = np.flatnonzero(MADE.exit_ns <= BARS.close_ns[n_kept - 1])

    late = made(bars=disturbed((BARS,), n_kept)[0])

    assert 100 < seen.size < len(MADE)
    assert np.array_equal(late.x[seen], MADE.x[seen], equal_nan=True)
    for name in (*SignalTrades.columns(), "y"):
        owner, now = (MADE, late) if name == "y" else (MADE.trades, late.trades)
        assert np.array_equal(getattr(now, name)[seen], getattr(owner, name)[seen])


# --- what may not be a feature --------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["bars_held", "pnl", "exit_price", "y_return", "Exit_Date", "fees"]
)
def test_a_column_of_the_trade_is_refused_by_name(name):
    with pytest.raises(SettingsError, match=f"'{name}'.* columns of the trade or its label"):
        made(names=(name,), values=labelled().pnl[:, None])


def test_no_feature_of_the_table_has_a_refused_name():
    every = (*own_names(on_request=True), *cross_names(["ES"]))

    assert [n for n in every if n in NEVER_FEATURES or n.startswith(LABEL_PREFIX)] == []


def test_features_of_other_rows_are_refused():
    with pytest.raises(DataError, match="one row a signal"):
        made(values=np.zeros((3, len(NAMES))))


def noise(share):
    pnl = MADE.trades.pnl
    return pnl + share * pnl.std() * np.random.default_rng(1).standard_normal(pnl.size)


@pytest.mark.parametrize(
    ("column", "shift"),
    [
        (MADE.y.astype(float), 0),
        (-MADE.trades.pnl, 0),
        (noise(0.7), 0),
        (np.roll(MADE.trades.pnl, -1), 1),
        (np.roll(MADE.y, -4).astype(float), 4),
        (np.roll(MADE.y, 1).astype(float), -1),
    ],
    ids=["label", "against it", "with noise", "next", "fourth next", "last, still open"],
)
def test_the_label_in_disguise_is_refused(column, shift):
    data = with_columns(MADE, disguise=column)

    assert [(one.feature, one.shift) for one in disguises(data)] == [("disguise", shift)]
    with pytest.raises(GateError, match="QTR RSI2_MeanReversion: .*disguise is the label"):
        refuse_disguises(data)


def test_the_pnl_with_as_much_noise_is_caught_where_its_sign_would_pass():
    # A Gaussian's sign has an AUC of 5/6 with it, its thirds 0.916.
    rng = np.random.default_rng(4)
    pnl, more = rng.standard_normal((2, len(MADE)))
    data = with_columns(replace(MADE, trades=replace(MADE.trades, pnl=pnl)), noisy=pnl + more)

    by_sign = identity_probe({"noisy": pnl + more}, data.y, max_shift=0)

    assert by_sign == ()
    assert [one.feature for one in disguises(data)] == ["noisy"]


def test_what_trades_that_have_ended_came_to_is_an_honest_feature():
    trades = MADE.trades
    ended = np.searchsorted(np.sort(trades.exit_bar), trades.decided, side="right") - 1
    last = np.argsort(trades.exit_bar, kind="stable")[np.maximum(ended, 0)]

    refuse_disguises(with_columns(MADE, last_pnl=trades.pnl[last]))


def test_how_an_open_trade_fares_so_far_is_an_honest_feature():
    # A trade of twelve bars at every bar: the moves so far of the one eleven bars old are nearly
    # its label.
    rule = find(15)
    stack = ExitStack(None, None, 12)
    said = rule.signals(BARS, rule.params())
    said = said._replace(
        enter=np.ones(len(BARS), dtype=np.int8), leave_long=said.leave_long * False
    )
    trades = signal_trades(BARS, said, stack, COSTS)
    data = made(names=("returns_10", "returns_20", "returns_3", "rsi_14"), trades=trades)

    columns = dict(zip(data.names, data.x.T, strict=True))
    by_rows = identity_probe(columns, data.trades.pnl, horizon=13)

    assert [one.feature for one in by_rows] == ["returns_10", "returns_20", "rsi_14"]
    refuse_disguises(data)


@pytest.mark.parametrize(("symbol", "number"), [("SP500", 21), ("NASDAQ", 45)])
def test_honest_features_of_real_markets_pass(symbol, number):
    what, rule = instrument(symbol), find(number)
    bars = to_bars(SampleSource().fetch(symbol, "1d"), what)
    trades = labelled(bars, rule, ExitStack(), what)
    frame = features(bars, None, None, trades.decided)

    data = dataset(PRIMARY, bars, trades, frame, (19000101, 20991231), HASH)

    assert len(data) > 500
    assert disguises(data) == ()


def test_too_few_of_a_class_tell_nothing():
    few = np.flatnonzero(MADE.y == 0)[:19].tolist() + np.flatnonzero(MADE.y)[:60].tolist()
    trades = MADE.trades.rows(np.sort(few))
    data = dataset(
        PRIMARY,
        BARS,
        trades,
        FeatureFrame(("hour",), (trades.pnl > 0)[:, None].astype(float)),
        (FIRST, LAST),
        HASH,
    )

    refuse_disguises(data)
