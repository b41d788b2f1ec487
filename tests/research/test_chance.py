"""The chance test: noise looks like noise, an edge in the path does not."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.clock import ReplayClock
from alphamill.research.chance import chance_test
from alphamill.research.factory import judge
from alphamill.research.permuted import last_training_bar, permuted
from alphamill.research.sweep import sweep
from alphamill.validation.ledger import Ledger
from alphamill.workshop.parallel import Serial
from alphamill.workshop.progress import Silent
from tests.research.grounds import ground, plan

ORDER = plan(("A",), (45,), permutations=19)


def with_reversal(bars, strength):
    """Return bars whose close moves are pulled back by a share of the move before."""
    move = np.diff(np.log(bars.close), prepend=np.log(bars.close[0]))
    pulled = move - strength * np.append(0.0, move[:-1])
    shift = np.exp(np.cumsum(pulled - move))
    names = ("open", "high", "low", "close", "raw_close")
    columns = {n: getattr(bars, n) * shift for n in names}
    columns["open"] = np.append(columns["open"][0], columns["close"][:-1])
    columns["high"] = np.maximum(columns["high"], columns["open"])
    columns["low"] = np.minimum(columns["low"], columns["open"])
    return replace(bars, **columns)


def verdict_on(folder, floor, order=ORDER):
    ledger = Ledger(folder / "ledger.db", ReplayClock(1))
    run = sweep(order, {"A": floor}, folder / "runs", ledger, Serial(), Silent())
    ledger.close()
    (who,) = judge(order, run, {"A": floor}, 1, Serial(), Silent())
    standing = [replace(who, verdicts=())]
    (asked,) = chance_test(order, run, {"A": floor}, standing, Serial(), Silent())
    return asked.verdicts[-1]


def test_an_edge_in_the_path_is_told_from_noise(tmp_path):
    noise = ground(4)
    edge = replace(noise, bars=with_reversal(noise.bars, 0.35), data_hash="edge")

    on_noise, on_edge = verdict_on(tmp_path / "a", noise), verdict_on(tmp_path / "b", edge)

    assert on_edge.gate == "chance"
    assert on_edge.passed
    assert on_edge.score == 1.0 - 1 / 20
    assert not on_noise.passed


@pytest.mark.parametrize(("null", "tells"), [("slots", True), ("test", True), ("blocks", False)])
def test_a_null_tells_an_edge_that_it_destroys(tmp_path, null, tells):
    # A pull back from one day to the next survives where two weeks stay together.
    order = replace(ORDER, null=null, decides=("chance",), gate_preset="seed")
    noise = ground(4)
    edge = replace(noise, bars=with_reversal(noise.bars, 0.35), data_hash="edge")

    on_noise = verdict_on(tmp_path / "a", noise, order)
    on_edge = verdict_on(tmp_path / "b", edge, order)

    assert on_edge.passed == tells
    assert on_edge.decides
    assert not on_noise.passed


def test_the_training_window_stays_as_it_was_where_only_the_test_is_permuted():
    floor = ground(1)
    first = last_training_bar(floor.bars, floor.sessions, floor.blocks, 8)

    drawn = permuted(floor.bars, np.random.default_rng(3), "test", first)

    np.testing.assert_allclose(drawn.close[: first + 1], floor.bars.close[: first + 1])
    assert floor.bars.session[first + 1] // 100 % 100 % 3 == 1  # the first month of a quarter
    assert (drawn.close[first + 1 : -1] != floor.bars.close[first + 1 : -1]).mean() > 0.99


def test_blocks_keep_neighbours_together_and_bars_do_not():
    bars = ground(1).bars

    kept = {}
    for null in ("bars", "blocks"):
        drawn = permuted(bars, np.random.default_rng(3), null)
        inner = np.round(np.log(drawn.close / drawn.open), 9)
        old = np.round(np.log(bars.close / bars.open), 9)
        pairs = set(zip(old.tolist(), old[1:].tolist(), strict=False))
        drawn_pairs = zip(inner.tolist(), inner[1:].tolist(), strict=False)
        kept[null] = np.mean([pair in pairs for pair in drawn_pairs])

    assert kept["blocks"] > 0.85
    assert kept["bars"] < 0.05


def test_who_failed_a_gate_that_decides_is_not_asked(tmp_path):
    limits = {"basic": {"min_trades": 10_000}}
    order, grounds = plan(("A",), (45,), permutations=2, gates=limits), {"A": ground(1)}
    ledger = Ledger(tmp_path / "ledger.db", ReplayClock(1))
    run = sweep(order, grounds, tmp_path / "runs", ledger, Serial(), Silent())
    (who,) = judge(order, run, grounds, 1, Serial(), Silent())

    (told,) = chance_test(order, run, grounds, [who], Serial(), Silent())

    said = next(v for v in told.verdicts if v.gate == "chance")
    assert who.failed_gate == "basic"
    assert not said.asked
    assert said.detail.startswith(f"{who.failed_gate} said no")


def test_permuted_bars_keep_calendar_start_end_and_volume_of_their_bar():
    bars = ground(1).bars

    drawn = permuted(bars, np.random.default_rng(3))

    assert drawn.session.tolist() == bars.session.tolist()
    assert not np.array_equal(drawn.close, bars.close)
    np.testing.assert_allclose(drawn.close[[0, -1]], bars.close[[0, -1]], rtol=1e-12)
    assert sorted(drawn.volume) == sorted(bars.volume)


def test_what_an_adjustment_multiplied_by_stays_where_it_was():
    bars = ground(1).bars
    scaled = replace(
        bars, adjusted="ratio", raw_close=bars.close * np.linspace(2.0, 1.0, len(bars))
    )

    drawn = permuted(scaled, np.random.default_rng(3))

    np.testing.assert_allclose(drawn.raw_close / drawn.close, scaled.raw_close / scaled.close)
    assert drawn.raw_close[700] != scaled.raw_close[700]


def test_what_an_adjustment_added_stays_where_it_was():
    bars = ground(1).bars
    added = replace(bars, adjusted="add", raw_close=bars.close - np.linspace(50.0, 0.0, len(bars)))

    drawn = permuted(added, np.random.default_rng(3))

    np.testing.assert_allclose(
        drawn.raw_close - drawn.close, added.raw_close - added.close, atol=1e-9
    )


def test_the_whole_grid_is_charged_and_not_its_first_part(tmp_path, monkeypatch):
    order, grounds, drawn = plan(("A",), (21,), permutations=2), {"A": ground(1)}, []
    ledger = Ledger(tmp_path / "ledger.db", ReplayClock(1))
    run = sweep(order, grounds, tmp_path / "runs", ledger, Serial(), Silent())
    ledger.close()
    standing = [replace(c, verdicts=()) for c in judge(order, run, grounds, 1, Serial(), Silent())]
    monkeypatch.setattr(
        "alphamill.research.chance.best_on_noise",
        lambda grounds, draw: drawn.append(draw) or {"RSI2_MeanReversion": 0.0},
    )

    chance_test(order, run, grounds, standing, Serial(), Silent())

    assert [len(d.grids["RSI2_MeanReversion"].params) for d in drawn] == [36, 36]
    assert len({d.seed for d in drawn}) == 2
