"""Measures: the arithmetic of a short account, by hand."""

import numpy as np
import pytest

from alphamill.backtest.metrics import sharpe
from alphamill.portfolio.outcome import Measures, Run, Taken, measures

NOTHING = Taken(*(np.zeros(0, dtype=np.int64) for _ in Taken._fields))


def run_of(equity: list[float], worst: list[float]) -> Run:
    n = len(equity)
    return Run(
        np.array([20240102, 20240103, 20240104, 20240105, 20240108][:n]),
        1000.0,
        np.array(equity),
        np.array(worst),
        np.zeros(n, dtype=np.int8),
        np.arange(n) == 1,
        np.zeros(n, dtype=np.int64),
        np.zeros(0, dtype=np.int8),
        NOTHING,
    )


def test_a_drawdown_reads_session_closes_and_the_deepest_reads_the_worst_within():
    # Peak 1,100; closes 100 and 150 below it; the worst within lies 260 below.
    run = run_of([1100.0, 1000.0, 950.0, 1200.0], [990.0, 940.0, 840.0, 950.0])

    found = measures(run, breach=100.0)

    assert (found.total, found.drawdown, found.deepest, found.worst_day) == (200, 150, 260, -100)
    assert (found.breach_events, found.breach_sessions, found.daily_stops) == (1, 2, 1)
    assert found.sharpe == pytest.approx(sharpe(np.array([100.0, -100, -50, 250]), 252.0))


def test_a_fall_from_the_start_counts_from_the_capital():
    found = measures(run_of([900.0, 1000.0], [850.0, 900.0]))

    assert (found.drawdown, found.deepest) == (100.0, 150.0)


def test_the_worst_before_a_new_peak_is_measured_from_the_peak_before_it():
    found = measures(run_of([1000.0, 2000.0], [1000.0, 980.0]))

    assert (found.drawdown, found.deepest) == (0.0, 20.0)


def test_a_second_breach_is_a_second_event():
    found = measures(run_of([800.0, 1000.0, 700.0, 690.0, 1000.0], [0.0] * 5), breach=200.0)

    assert (found.breach_events, found.breach_sessions) == (2, 3)


def test_no_sessions_measure_nothing():
    assert measures(run_of([], [])) == Measures(0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0)
