import math

import numpy as np
import pandas as pd
import pytest
import talib

from alphamill.indicators.ranges import (
    average_range,
    chaikin_volatility,
    choppiness,
    garman_klass,
    natr,
    parkinson,
    price_spike,
    realised_volatility,
    rogers_satchell,
    ulcer_index,
    yang_zhang,
)

from . import readable
from .oracles import half_units_off, oracle
from .samples import prices

OPEN, HIGH, LOW, CLOSE = prices()


def bars_of(shared, file):
    return [oracle(shared, file, name) for name in ("open", "high", "low", "close")]


def test_the_average_range_equals_the_reference_file(shared):
    file = "spy_adr.csv"
    _, high, low, _ = bars_of(shared, file)

    assert half_units_off(average_range(high, low, 20), shared, file, "adr") <= 1.0


def test_choppiness_equals_the_reference_file(shared):
    file = "spy_with_chop.csv"
    _, high, low, close = bars_of(shared, file)

    assert half_units_off(choppiness(high, low, close, 14), shared, file, "chop14") <= 1.0


def test_choppiness_is_0_for_one_way_and_100_for_bars_on_the_spot():
    # Contiguous bars, each as wide as its step: the way walked is the ground covered.
    top = np.arange(1.0, 12.0)

    assert choppiness(top, top - 1, top, 10)[9:] == pytest.approx(0.0, abs=1e-12)
    assert choppiness(0 * top + 1, 0 * top, 0 * top, 10)[9:] == pytest.approx(100.0)
    assert np.isnan(choppiness(0 * top, 0 * top, 0 * top, 10)).all()


def test_the_range_in_percent_equals_talib_once_the_first_bar_is_forgotten():
    ours, theirs = natr(HIGH, LOW, CLOSE, 14), talib.NATR(HIGH, LOW, CLOSE, 14)

    np.testing.assert_allclose(ours[450:], theirs[450:], rtol=0.0, atol=1e-10)


@pytest.mark.parametrize("ddof", [0, 1])
def test_realised_volatility_is_the_deviation_of_logarithmic_returns(ddof):
    ours = realised_volatility(CLOSE, 20, ddof)

    wanted = pd.Series(CLOSE).apply(np.log).diff().rolling(20).std(ddof=ddof)
    np.testing.assert_allclose(ours, wanted, rtol=0.0, atol=1e-9)


def test_a_price_spike_equals_the_reference_file(shared):
    # The file writes 0 until it knows.
    file = "spy_aps.txt"

    ours = price_spike(oracle(shared, file, "close"), 20)

    assert half_units_off(ours, shared, file, "aps", first_row=21) <= 1.0
    assert np.isnan(ours[:21]).all()


def by_bar(term, n_bars):
    """Return the root of the windowed mean of ``term``, worked out a bar at a time."""
    bars = zip(OPEN, HIGH, LOW, CLOSE, strict=True)
    terms = np.array([term(*(math.log(p) for p in bar)) for bar in bars])
    return np.sqrt(readable.windowed(readable.mean, terms, n_bars))


def parkinson_term(_o, h, low, _c):
    return (h - low) ** 2 / math.log(16.0)


def garman_klass_term(o, h, low, c):
    return (h - low) ** 2 / 2.0 - (math.log(4.0) - 1.0) * (c - o) ** 2


def rogers_satchell_term(o, h, low, c):
    return (h - c) * (h - o) + (low - c) * (low - o)


def test_volatilities_of_ranges_equal_their_readable_twins():
    bars = (OPEN, HIGH, LOW, CLOSE)

    for ours, term in [
        (parkinson(HIGH, LOW, 12), parkinson_term),
        (garman_klass(*bars, 12), garman_klass_term),
        (rogers_satchell(*bars, 12), rogers_satchell_term),
    ]:
        np.testing.assert_allclose(ours, by_bar(term, 12), rtol=0.0, atol=1e-9)


def test_yang_zhang_equals_its_readable_twin():
    n_bars = 10
    k = 0.34 / (1.34 + 11 / 9)
    log = np.log(np.column_stack([OPEN, CLOSE]))
    gaps, bodies = np.append(np.nan, log[1:, 0] - log[:-1, 1]), log[:, 1] - log[:, 0]
    gap, body = (
        readable.windowed(lambda w: readable.deviation(w, 1) ** 2, x, n_bars)
        for x in (gaps, bodies)
    )

    ours = yang_zhang(OPEN, HIGH, LOW, CLOSE, n_bars)

    reach = by_bar(rogers_satchell_term, n_bars) ** 2
    np.testing.assert_allclose(ours, np.sqrt(gap + k * body + (1 - k) * reach), atol=1e-9)


def test_every_estimator_finds_the_volatility_of_a_walk_and_two_of_them_under_a_drift():
    # 400 steps a bar of 1 % volatility; a bar's range is seen a little short (discrete steps).
    rng = np.random.default_rng(7)
    steps = 0.01 / 20.0 * rng.standard_normal((4000, 400))
    for drift, right in ((0.0, 5), (0.02, 2)):
        walk = np.cumsum((steps + drift / 400.0).ravel()).reshape(steps.shape)
        open_ = np.append(0.0, walk[:-1, -1])
        high = np.exp(np.maximum(walk.max(axis=1), open_))
        low = np.exp(np.minimum(walk.min(axis=1), open_))
        bars = (np.exp(open_), high, low, np.exp(walk[:, -1]))

        said = [
            yang_zhang(*bars, 3999)[-1],
            rogers_satchell(*bars, 4000)[-1],
            garman_klass(*bars, 4000)[-1],
            parkinson(high, low, 4000)[-1],
            realised_volatility(bars[3], 3999)[-1],
        ]

        assert said[:right] == pytest.approx([0.01] * right, rel=0.08)
        assert drift == 0.0 or min(said[2:4]) > 0.011


def test_volatilities_know_nothing_of_prices_at_or_below_zero():
    sunk = CLOSE - CLOSE[50]

    assert np.isnan(realised_volatility(sunk, 5)[51:56]).all()
    assert np.isnan(parkinson(HIGH - 1e3, LOW - 1e3, 5)).all()


def test_chaikin_volatility_is_the_growth_of_the_average_range():
    ours = chaikin_volatility(HIGH[:300], LOW[:300], 10, 7)

    usual = readable.ema((HIGH - LOW)[:300], 10)
    np.testing.assert_allclose(ours[7:], 100.0 * (usual[7:] / usual[:-7] - 1.0), atol=1e-8)


def test_the_ulcer_index_equals_its_readable_twin():
    ours = ulcer_index(CLOSE, 14)

    highest = readable.windowed(max, CLOSE, 14)
    depth = 100.0 * (CLOSE / highest - 1.0)
    wanted = readable.windowed(lambda w: math.sqrt(readable.mean([v * v for v in w])), depth, 14)
    np.testing.assert_allclose(ours, wanted, rtol=0.0, atol=1e-9)
