"""The chance test: noise looks like noise, an edge in the path does not."""

from dataclasses import replace

import numpy as np

from alphamill.core.clock import ReplayClock
from alphamill.research.chance import chance_test, permuted
from alphamill.research.factory import judge
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


def verdict_on(folder, floor):
    ledger = Ledger(folder / "ledger.db", ReplayClock(1))
    run = sweep(ORDER, {"A": floor}, folder / "runs", ledger, Serial(), Silent())
    ledger.close()
    candidates = judge(ORDER, run, {"A": floor}, Silent())
    (asked,) = chance_test(ORDER, run, {"A": floor}, candidates, Serial(), Silent())
    return asked.verdicts[-1]


def test_an_edge_in_the_path_is_told_from_noise(tmp_path):
    noise = ground(4)
    edge = replace(noise, bars=with_reversal(noise.bars, 0.35), data_hash="edge")

    on_noise, on_edge = verdict_on(tmp_path / "a", noise), verdict_on(tmp_path / "b", edge)

    assert on_edge.gate == "chance"
    assert on_edge.passed
    assert on_edge.score == 1.0 - 1 / 20
    assert not on_noise.passed


def test_permuted_bars_keep_calendar_start_end_and_volume_of_their_bar():
    bars = ground(1).bars

    drawn = permuted(bars, np.random.default_rng(3))

    assert drawn.session.tolist() == bars.session.tolist()
    assert not np.array_equal(drawn.close, bars.close)
    np.testing.assert_allclose(drawn.close[[0, -1]], bars.close[[0, -1]], rtol=1e-12)
    assert sorted(drawn.volume) == sorted(bars.volume)
