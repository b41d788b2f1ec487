"""Training sets of winners: their rows by other ways, their windows, and nothing from later."""

import numpy as np
import pandas as pd
import pytest

from alphamill.backtest.metrics import daily_pnl
from alphamill.core.errors import DataError, GateError, SettingsError
from alphamill.core.identity import digest
from alphamill.data.catalog import Catalog
from alphamill.features.compute import features, last_row
from alphamill.features.identity import definition_hash
from alphamill.research.metalabel import extract
from alphamill.research.metalabel.extract import Besides, training, validation
from alphamill.research.metalabel.primary import chosen
from tests.learning.test_dataset_files import same
from tests.research.metalabel.conftest import RSI, row, swept

NAMES = ("rsi_14", "returns_3", "atr_pct", "NQ_z_score", "NQ_daily_return")


def who(folder):
    return chosen(folder, row(folder))


@pytest.fixture(scope="module")
def winner(workspace):
    return who(workspace)


@pytest.fixture(scope="module")
def besides(winner):
    return Besides(winner.catalog)


@pytest.fixture(scope="module")
def trained(winner, besides):
    return training(winner, besides)


@pytest.fixture(scope="module")
def judged(winner, besides, trained):
    return validation(winner, besides, trained.names)


# --- what stands in them --------------------------------------------------------------------------


def test_the_trades_that_are_taken_are_those_its_run_judged(winner, trained):
    trades, result = trained.trades, winner.again.result

    assert np.array_equal(trades.decided[trades.taken], result.trades.decided)
    assert np.array_equal(trades.pnl[trades.taken], result.trades.pnl)
    assert 0.3 * len(trained) < trades.taken.sum() < 0.9 * len(trained)
    booked = pd.Series(trades.pnl[trades.taken]).groupby(trained.session[trades.taken]).sum()
    assert booked.sum() == pytest.approx(daily_pnl(result)[1].sum())


def test_its_facts_are_those_of_the_winner_and_its_window(winner, trained):
    window = winner.windows.discovery

    assert trained.primary == winner.primary
    assert (trained.first, trained.last) == (window.first, window.last)
    assert np.array_equal(trained.sessions, winner.again.ground.sessions)
    assert trained.features_hash == definition_hash(trained.names)
    hashes = {s: winner.again.meta["series"][s]["data_hash"] for s in ("ES", "NQ")}
    assert trained.bars_hash == digest(hashes)


def test_features_are_all_that_both_instruments_tell(winner, trained):
    catalog = winner.catalog
    first, last = trained.first, trained.last
    others = {"NQ": catalog.read("NQ", "1d", first, last)}

    whole = features(winner.again.ground.bars, others)

    assert trained.names == whole.names
    assert np.array_equal(trained.x, whole.values[trained.trades.decided], equal_nan=True)
    assert sum(name.startswith("NQ_") for name in trained.names) > 3


def test_a_live_feed_gives_the_same_row(winner, trained):
    bars, nq = winner.again.ground.bars, winner.catalog.read("NQ", "1d", trained.first)
    for k in (0, 100, len(trained) - 1):
        at = int(trained.trades.decided[k]) + 1
        closed = int(np.searchsorted(nq.close_ns, bars.close_ns[at - 1], side="right"))
        live = last_row(bars.head(at), {"NQ": nq.head(closed)}, trained.names)
        usual = np.nanstd(trained.x, axis=0) + np.abs(np.nanmean(trained.x, axis=0))

        assert np.array_equal(np.isnan(live), np.isnan(trained.x[k]))
        known = ~np.isnan(live)
        assert (np.abs(live - trained.x[k])[known] <= 1e-11 * (1.0 + usual[known])).all()


def test_only_the_names_that_are_asked_for_are_made(winner, besides, trained):
    few = training(winner, besides, NAMES)

    at = [trained.names.index(name) for name in NAMES]
    assert np.array_equal(few.x, trained.x[:, at], equal_nan=True)
    assert few.labels_hash == trained.labels_hash
    own = training(winner, besides, NAMES[:3])
    assert own.bars_hash == digest({"ES": winner.again.meta["series"]["ES"]["data_hash"]})


# --- the window that judges -----------------------------------------------------------------------


def test_validation_holds_the_signals_decided_in_its_window(winner, trained, judged):
    window = winner.windows.ml_validation

    assert len(judged) > 20
    assert (judged.first, judged.last) == (window.first, window.last)
    assert judged.decided_ns.min() > trained.exit_ns.max()
    assert judged.sessions.min() >= window.first
    assert judged.session.max() <= window.last
    assert judged.names == trained.names


def test_validation_is_as_warm_as_a_history_from_the_beginning(winner, trained, judged):
    bars = winner.catalog.read("ES", "1d", trained.first, judged.last)
    said = winner.signals(bars)
    at = np.flatnonzero(np.isin(bars.close_ns, judged.decided_ns))

    assert np.array_equal(judged.trades.decided, at)
    assert np.array_equal(judged.trades.side, said.enter[at])
    own = [k for k, name in enumerate(judged.names) if not name.startswith("NQ_")]
    whole = features(bars, None, [judged.names[k] for k in own])
    assert np.array_equal(judged.x[:, own], whole.values[at], equal_nan=True)


def test_every_signal_of_the_window_has_a_row_or_is_unknown(winner, judged):
    bars = winner.catalog.read("ES", "1d", winner.windows.discovery.first, judged.last)
    inside = winner.windows.ml_validation.holds(bars.session)
    asks = np.flatnonzero((winner.signals(bars).enter != 0) & inside)
    told = np.sort(np.concatenate([judged.trades.decided, judged.trades.unknown]))

    # The last bar can be asked at and decides nothing.
    assert set(asks.tolist()) - set(told.tolist()) <= {len(bars) - 1}


# --- nothing from later ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tampered(winner, tmp_path_factory):
    """Return the same market with other prices from the portfolio window on."""
    session = winner.windows.portfolio.first
    day = pd.Timestamp(str(session))
    return who(swept(tmp_path_factory.mktemp("tampered"), first_changed=day))


def test_other_prices_after_the_window_change_not_a_bit(winner, tampered, trained, judged):
    besides = Besides(tampered.catalog)
    later = winner.windows.portfolio
    read = (c.read("ES", "1d", later.first, later.last) for c in (winner.catalog, tampered.catalog))

    assert len({bars.close[0] for bars in read}) == 2
    assert same(training(tampered, besides), trained)
    assert same(validation(tampered, besides, trained.names), judged)


def test_no_bar_after_a_window_is_read(winner, monkeypatch):
    read = []
    whole = Catalog.read

    def noted(catalog, *given, **named):
        assert not named
        bars = whole(catalog, *given)
        read.append((bars.symbol, int(bars.session[-1])))
        return bars

    monkeypatch.setattr(Catalog, "read", noted)
    last = winner.windows.ml_validation.last
    data = training(winner, Besides(winner.catalog), NAMES)
    assert {s for _, s in read} <= {data.last}
    validation(winner, Besides(winner.catalog), NAMES)

    assert max(session for _, session in read) == last
    assert {symbol for symbol, _ in read} == {"ES", "NQ"}


def test_a_feature_that_knows_the_outcome_is_refused(winner, trained, monkeypatch):
    def leaking(bars, others, names, rows):
        frame = features(bars, others, names, rows)
        frame.values[:, 0] = trained.trades.pnl[np.searchsorted(trained.trades.decided, rows)]
        return frame

    monkeypatch.setattr(extract, "features", leaking)

    with pytest.raises(GateError, match=f"ES {RSI}: .* rsi_14 is the label in disguise"):
        training(winner, Besides(winner.catalog), NAMES[:3])


def test_a_validation_window_that_another_project_sealed_is_refused(copied):
    winner = who(copied)
    winner.catalog.seal("ES", "1d", winner.windows.ml_validation.last)

    with pytest.raises(SettingsError, match="an earlier project sealed its bars from"):
        validation(winner, Besides(winner.catalog), NAMES)


def test_another_instrument_that_ends_too_early_is_left_out_or_missed(copied, trained):
    winner = who(copied)
    winner.catalog.seal("NQ", "1d", winner.windows.discovery.last - 10_000)

    own = training(winner, Besides(winner.catalog))

    assert own.names == tuple(n for n in trained.names if not n.startswith("NQ_"))
    with pytest.raises(DataError, match="its model reads NQ, whose unsealed bars must reach"):
        validation(winner, Besides(winner.catalog), NAMES)


def test_a_series_that_is_not_of_the_run_is_not_read(winner, besides):
    with pytest.raises(SettingsError, match=r"features of \['CL'\] need their bars"):
        training(winner, besides, ("CL_z_score",))


# --- what others offer is computed once -----------------------------------------------------------


def test_each_instrument_is_computed_once_for_all_winners(winner, monkeypatch):
    computed = []
    once = extract.beside
    monkeypatch.setattr(extract, "beside", lambda bars: computed.append(bars.symbol) or once(bars))
    besides = Besides(winner.catalog)

    for _ in range(3):
        training(winner, besides, NAMES)

    assert computed == ["NQ"]


def parts(offered):
    columns = offered.beside.columns
    return [offered.data_hash, offered.session.tolist(), offered.beside.close_ns.tolist()] + [
        (name, columns[name].tobytes()) for name in sorted(columns)
    ]


def test_the_beginning_of_a_longer_history_is_what_a_shorter_one_tells(winner):
    spans = [(20080101, 20161231), (20080101, 20131130)]
    alone = [Besides(winner.catalog).of("NQ", "1d", *span) for span in spans]
    falling, rising = Besides(winner.catalog), Besides(winner.catalog)

    for one, other in zip(alone, [falling.of("NQ", "1d", *span) for span in spans], strict=True):
        assert parts(one) == parts(other)
    found = [rising.of("NQ", "1d", *span) for span in reversed(spans)]
    assert [parts(one) for one in reversed(found)] == [parts(one) for one in alone]


def test_what_was_not_read_for_longest_is_forgotten(winner):
    spans = [(first, 20121231) for first in (20080101, 20090101, 20100101)]
    sizes = [Besides(winner.catalog).of("NQ", "1d", *span).n_bytes for span in spans]
    small = Besides(winner.catalog, max_bytes=sum(sizes) - 1)

    found = [small.of("NQ", "1d", *span) for span in (*spans[:2], spans[0], spans[2])]

    assert small.n_bytes == sizes[0] + sizes[2]
    assert small.of("NQ", "1d", *spans[0]) is found[0]
    assert Besides(winner.catalog, max_bytes=1).of("NQ", "1d", *spans[0]).n_bytes == sizes[0]


def test_sealed_bars_are_not_offered(winner):
    sealed = winner.catalog.entry("NQ", "1d").first_sealed_session

    known = Besides(winner.catalog).of("NQ", "1d", 20080101, 20991231)

    bars = winner.catalog.read("NQ", "1d")
    assert known.beside.close_ns[-1] == bars.close_ns[-1]
    assert int(bars.session[-1]) < sealed
    assert Besides(winner.catalog).of("NQ", "1d", sealed, 20991231) is None
