"""K11, K12, K15 and K19: the probe, the planted leaks, the costs and the count of trials."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from alphamill.backtest.engine import backtest
from alphamill.backtest.exits import ExitStack
from alphamill.core.clock import ReplayClock
from alphamill.core.market import Bars, Signals
from alphamill.data.instruments import instrument
from alphamill.data.sources.synthetic import bars
from alphamill.research.audits import identity_probe_catches, planted_leaks
from alphamill.research.ml_leaks.proof import planted_ml_leaks
from alphamill.research.selftest.experiments import (
    Experiment,
    Judged,
    Record,
    Repeats,
    generator,
    share,
)
from alphamill.research.selftest.markets import (
    SYMBOL,
    ground_of,
    noise_market,
    plan_for,
    search,
)
from alphamill.research.sweep import sweep
from alphamill.validation.ledger import Ledger
from alphamill.workshop.parallel import executor
from alphamill.workshop.progress import Silent

HALF_A_CENT = 0.005


def one_probe(number: int) -> Record:
    """Return whether the probe names all disguised labels and no honest feature."""
    return [float(identity_probe_catches(seed=number, n_rows=2_000))]


def judge_probe(records: Sequence[Record], whole: bool) -> Judged:
    hits = int(np.sum(records))
    return share(hits, len(records), least=1.0, what=" sets of features told apart")


def one_cost(number: int) -> Record:
    """Return by how much a future and an index miss the costs of their trades, account currency.

    On a market that stands still the net loss is the costs; on one that moves, the net of the
    same trades without costs less the costs.
    """
    rng = generator("K15", number)
    missed = [_missed_by_future(rng, number, still) for still in (True, False)]
    return [*missed, _missed_by_index(rng, number)]


def judge_cost(records: Sequence[Record], whole: bool) -> Judged:
    worst = float(np.max(np.abs(records)))
    told = f"largest miss {worst:.2g} of account currency over {3 * len(records)} runs"
    return Judged(worst, told, worst < HALF_A_CENT)


def one_count(number: int) -> Record:
    """Return the cells of two plans, and what the ledger counts on the way.

    One plan, its results deleted, the same plan again, another plan.
    """
    market = noise_market("iid", number)
    floor = ground_of(market)
    first, other, _ = search()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ledger = Ledger(folder / "ledger.db", ReplayClock(1))
        counted = []
        for strategy in (first, first, other):
            plan = plan_for(market, strategies=(strategy,))
            with executor(1) as work:
                run = sweep(plan, {SYMBOL: floor}, folder / "runs", ledger, work, Silent())
            for part in run.folder.rglob("*.parquet"):
                part.unlink()
            counted.append(float(ledger.count()))
        ledger.close()
    return [float(sum(1 for _ in s.cells())) for s in (first, other)] + counted


def judge_count(records: Sequence[Record], whole: bool) -> Judged:
    right = [
        once == first and again == first and both == first + second
        for first, second, once, again, both in records
    ]
    first, _, once, again, both = records[0]
    told = f"{once:.0f}, {again:.0f} after deletion and the same run, {both:.0f} after another"
    return Judged(float(both), told, all(right))


def one_leak(number: int) -> Record:
    """Return leaks caught, leaks planted and twins accused: of rules, then of models."""
    return [float(n) for n in (*planted_leaks(), *planted_ml_leaks())]


def judge_leak(records: Sequence[Record], whole: bool) -> Judged:
    caught, planted, accused, *of_models = (int(x) for x in records[0])
    caught_ml, planted_ml, accused_ml = of_models
    told = (
        f"{caught} of {planted} leaks caught, {accused} of {planted} clean twins accused; of "
        f"models {caught_ml} of {planted_ml} and {accused_ml} of {planted_ml}"
    )
    all_caught = caught == planted >= 12 and caught_ml == planted_ml >= 6
    return Judged(float(caught + caught_ml), told, all_caught and accused == accused_ml == 0)


def _missed_by_future(rng: np.random.Generator, number: int, still: bool) -> float:
    what = instrument("ES")
    made = bars("ES", "1d", "iid", n_bars=500, seed=number)
    made = _still(made) if still else made
    said = _coin_flips(rng, made)
    free = replace(what, commission_per_side=0.0, slippage_ticks=0.0)
    net, gross = (backtest(made, said, _HELD, each).trades for each in (what, free))
    ticks = what.ticks(made.session)
    slipped = (what.slippage_ticks or 0.0) * what.point_value
    # A tick against us at either fill, and the commission of either side.
    costs = 2.0 * what.commission_per_side * len(net) + slipped * float(
        (ticks[net.entry_bar] + ticks[net.exit_bar]).sum()
    )
    earned = 0.0 if still else float(gross.pnl.sum())
    return float(net.pnl.sum()) - (earned - costs)


def _missed_by_index(rng: np.random.Generator, number: int) -> float:
    what = instrument(SYMBOL)
    made = _still(bars(SYMBOL, "1d", "iid", n_bars=500, seed=number))
    said = _coin_flips(rng, made)
    trades = backtest(made, said, _HELD, what).trades
    notional, slip = what.notional or 0.0, (what.slippage_bps or 0.0) / 1e4
    bought, sold = 1.0 + slip, 1.0 - slip
    # A long buys dear and sells cheap; a short's notional is what it sold for.
    entry = np.where(trades.side > 0, bought, sold)
    exit_ = np.where(trades.side > 0, sold, bought)
    moved = trades.side * (exit_ / entry - 1.0)
    fees = what.commission_bps / 1e4 * (1.0 + exit_ / entry)
    return float(trades.pnl.sum() - notional * (moved - fees).sum())


def _still(made: Bars) -> Bars:
    price = np.full(len(made), made.close[0])
    return replace(made, open=price, high=price, low=price, close=price, raw_close=price)


def _coin_flips(rng: np.random.Generator, made: Bars) -> Signals:
    """Return entries on either side that know nothing, of a turnover that is drawn too."""
    often = rng.uniform(0.05, 0.6)
    drawn = rng.random(len(made)) < often
    enter = np.where(drawn, rng.choice([-1, 1], len(made)), 0)
    # None is left open at the end, where no slippage is paid.
    enter[-10:] = 0
    never = np.zeros(len(made), dtype=np.bool_)
    return Signals(enter.astype(np.int8), never, never)


_HELD = ExitStack(stop_loss_atr=None, take_profit_atr=None, max_bars_held=3)

PROBE = Experiment(
    "K11",
    "labels disguised as features",
    "every one named, no honest feature",
    Repeats(2, 20, 100),
    one_probe,
    judge_probe,
    5,
)
LEAKS = Experiment(
    "K12",
    "planted leaks of strategies and of models, and their clean twins",
    "all caught (12 and 6 or more), none accused",
    Repeats(1, 1, 1),
    one_leak,
    judge_leak,
)
ENGINE = (
    Experiment(
        "K15",
        "costs of rules without an edge",
        "net loss equals costs to the cent",
        Repeats(2, 20, 200),
        one_cost,
        judge_cost,
        10,
    ),
)
LEDGER = Experiment(
    "K19",
    "trials after results were deleted",
    "every distinct cell counted once",
    Repeats(1, 1, 3),
    one_count,
    judge_count,
)
