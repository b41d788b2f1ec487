import math

import numpy as np
import pandas as pd
import pytest

from alphamill.indicators.persistence import (
    autocorrelation,
    efficiency_ratio,
    half_life,
    variance_ratio,
    vertical_horizontal_filter,
)

from . import readable
from .oracles import half_units_off, oracle
from .samples import closes

CLOSE = closes()


def test_the_efficiency_ratio_equals_the_reference_file(shared):
    # The file began ten bars earlier.
    file = "spy_ker.txt"

    ours = efficiency_ratio(oracle(shared, file, "close"), 10)

    assert half_units_off(ours, shared, file, "ker", first_row=10) <= 1.0


def test_the_efficiency_of_a_straight_line_is_exactly_1_and_unknown_at_rest():
    ours = efficiency_ratio(0.1 * np.arange(30.0), 10)

    assert (ours[10:] <= 1.0).all()
    assert ours[10:] == pytest.approx(1.0)
    assert np.isnan(efficiency_ratio(np.full(30, 0.1), 10)).all()


def test_the_vertical_horizontal_filter_equals_its_readable_twin():
    def share(window):
        walked = sum(abs(b - a) for a, b in zip(window, window[1:], strict=False))
        return (max(window) - min(window)) / walked if walked else math.nan

    ours = vertical_horizontal_filter(CLOSE, 12)

    np.testing.assert_allclose(ours, readable.windowed(share, CLOSE, 13), rtol=0.0, atol=1e-9)


def test_the_variance_ratio_equals_numpy():
    ours = variance_ratio(CLOSE[:300], 40, 4)

    for t in range(43, 300):
        one, many = (
            np.array([CLOSE[u] - CLOSE[u - k] for u in range(t - 39, t + 1)]) for k in (1, 4)
        )
        assert ours[t] == pytest.approx(np.var(many) / np.var(one) / 4, abs=1e-9)
    assert np.isnan(ours[:43]).all()


def test_the_variance_ratio_tells_a_walk_from_what_turns_and_from_what_runs_on():
    noise = np.random.default_rng(3).standard_normal(20_000)
    turning, running = noise.copy(), noise.copy()
    for t in range(1, noise.size):
        turning[t] += 0.5 * turning[t - 1]
        running[t] += 0.5 * running[t - 1]

    said = [
        variance_ratio(x, 19_000, 5)[-1] for x in (np.cumsum(noise), turning, np.cumsum(running))
    ]

    assert said[0] == pytest.approx(1.0, abs=0.05)
    assert said[1] < 0.6
    assert said[2] > 1.8


def test_the_variance_ratio_of_even_steps_is_unknown():
    assert np.isnan(variance_ratio(0.1 * np.arange(60.0), 20, 3)).all()


@pytest.mark.parametrize("lag", [1, 4])
def test_an_autocorrelation_equals_pandas(lag):
    change = pd.Series(np.diff(CLOSE[:300]))

    ours = autocorrelation(change.to_numpy(), 50, lag)

    np.testing.assert_allclose(ours, change.rolling(50).corr(change.shift(lag)), atol=1e-9)


def test_a_half_life_equals_numpys_line():
    ours = half_life(CLOSE[:300], 60)

    for t in range(60, 300):
        phi, _ = np.polyfit(CLOSE[t - 60 : t], CLOSE[t - 59 : t + 1], 1)
        wanted = math.log(0.5) / math.log(phi) if 0.0 < phi < 1.0 else math.nan
        assert ours[t] == pytest.approx(wanted, rel=1e-6, nan_ok=True)


def test_a_half_life_is_that_of_the_process_and_unknown_without_a_return():
    noise = np.random.default_rng(8).standard_normal(50_000)
    x = noise.copy()
    for t in range(1, x.size):
        x[t] = 0.9 * x[t - 1] + noise[t]

    assert half_life(x, 49_000)[-1] == pytest.approx(math.log(0.5) / math.log(0.9), rel=0.05)
    assert np.isnan(half_life(1.01 ** np.arange(100.0), 50)).all()
