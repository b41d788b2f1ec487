"""The look itself: how often luck and an edge pass a first one, and which sessions it judges."""

from dataclasses import replace

import numpy as np

from alphamill.backtest.exits import ExitStack
from alphamill.core.market import Instrument
from alphamill.data.sources.synthetic import Process
from alphamill.data.sources.synthetic import bars as synthetic
from alphamill.research.sealed import look
from alphamill.research.sweep import Task, run_task
from tests.research.grounds import ground, plan

FREE = Instrument("ES", "no costs", "equity", "XNYS", 0.0, 1.0, notional=1e5, slippage_bps=0.0)
STACK = (ExitStack(stop_loss_atr=None, take_profit_atr=None, max_bars_held=5),)


def first_look(seed, edge):
    """Return the verdict on years six to eight of a market, and of a rule chosen before them."""
    bars = synthetic("ES", "1d", Process(edge_sharpe=edge), n_bars=2_000, seed=seed)
    whole, seen = (
        replace(ground(0, exits=STACK, bars=b), instrument=FREE) for b in (bars, bars.head(1_000))
    )
    order = plan(("ES",), (21,))
    sets = next(iter(order.strategies[0].cells()))
    part = run_task({"ES": seen}, Task(0, "ES", "RSI2_MeanReversion", (sets,)))
    first = int(bars.session[1_500])
    return look(order, {"ES": seen}, {"ES": whole}, part, 0, 1, first), bars, first


def test_noise_passes_a_first_look_half_of_the_time_and_an_edge_nearly_always():
    noise = [first_look(seed, 0.0)[0] for seed in range(80)]
    edge = [first_look(seed, 4.0)[0] for seed in range(25)]

    # 99 % of binomial draws of 80 at one half.
    assert 28 <= sum(v.passed for v in noise) <= 52
    assert sum(v.passed for v in edge) >= 23


def test_nothing_before_the_first_sealed_session_counts():
    verdict, bars, first = first_look(1, 0.0)

    assert verdict.detail.startswith(f"{np.count_nonzero(bars.session >= first)} sealed sessions")
