import numpy as np
import pytest
import talib

from alphamill.indicators.directional import (
    aroon,
    aroon_oscillator,
    directional,
    follow,
    ichimoku,
    parabolic_sar,
    vortex,
)
from alphamill.indicators.rolling import column

from . import readable_moves as readable
from .oracles import half_units_off, oracle
from .samples import prices

_, HIGH, LOW, CLOSE = prices()
# TA-Lib and the twins have no answer where a whole window stands still.
LIVELY = slice(0, 300)


@pytest.mark.parametrize("n_bars", [2, 14])
def test_directional_lines_equal_their_readable_twins(n_bars):
    ours = directional(HIGH[LIVELY], LOW[LIVELY], CLOSE[LIVELY], n_bars)

    theirs = readable.directional(HIGH[LIVELY], LOW[LIVELY], CLOSE[LIVELY], n_bars)
    for mine, twin in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, twin, rtol=0.0, atol=1e-9)
    assert [int(np.isnan(x).sum()) for x in ours] == [n_bars, n_bars, 2 * n_bars - 1]


def test_directional_lines_equal_talib_once_the_seeds_are_forgotten():
    high, low, close = HIGH[340:], LOW[340:], CLOSE[340:]

    plus, minus, adx = directional(high, low, close, 5)

    late = slice(300, None)
    np.testing.assert_allclose(plus[late], talib.PLUS_DI(high, low, close, 5)[late], atol=1e-9)
    np.testing.assert_allclose(minus[late], talib.MINUS_DI(high, low, close, 5)[late], atol=1e-9)
    np.testing.assert_allclose(adx[late], talib.ADX(high, low, close, 5)[late], atol=1e-9)


def test_a_market_without_any_range_has_no_direction():
    still = np.full(9, 0.1)

    assert [x[6:].tolist() for x in directional(still, still, still, 3)] == [[0.0] * 3] * 3


@pytest.mark.parametrize("n_bars", [2, 14, 25, 49])
def test_aroon_equals_its_readable_twin_to_the_last_bit(n_bars):
    ours = aroon(HIGH, LOW, n_bars)

    for mine, twin in zip(ours, readable.aroon(HIGH, LOW, n_bars), strict=True):
        np.testing.assert_array_equal(mine, twin)


def test_aroon_is_100_where_the_extreme_is_the_present_bar():
    # The registry's source had it the other way round.
    rising = np.arange(1.0, 9.0)

    up, down = aroon(rising, rising - 1, 4)

    assert (up[4:].tolist(), down[4:].tolist()) == ([100.0] * 4, [0.0] * 4)


def test_the_aroon_oscillator_equals_talib():
    theirs = talib.AROONOSC(HIGH, LOW, 14)

    np.testing.assert_allclose(aroon_oscillator(HIGH, LOW, 14), theirs, rtol=0.0, atol=1e-10)


def test_the_vortex_equals_the_reference_file(shared):
    file = "spy_with_vtx.csv"

    ours = vortex(*(oracle(shared, file, name) for name in ("high", "low", "close")), 14)

    assert half_units_off(ours.plus, shared, file, "plus_vtx") <= 1.0
    assert half_units_off(ours.minus, shared, file, "minus_vtx") <= 1.0


def test_the_vortex_of_a_market_without_any_range_is_unknown():
    still = np.full(9, 0.1)

    assert np.isnan(np.array(vortex(still, still, still, 3))).all()


def test_ichimoku_equals_its_readable_twin():
    tenkan, kijun, span_a, span_b = ichimoku(HIGH, LOW, 9, 26)

    fast, slow = (readable.middle(HIGH, LOW, n) for n in (9, 26))
    np.testing.assert_array_equal(tenkan, fast)
    np.testing.assert_array_equal(kijun, slow)
    np.testing.assert_array_equal(span_a[26:], ((fast + slow) / 2)[:-26])
    np.testing.assert_array_equal(span_b[26:], readable.middle(HIGH, LOW, 52)[:-26])
    assert [int(np.isnan(x).sum()) for x in (span_a, span_b)] == [51, 77]


@pytest.mark.parametrize(("start", "limit"), [(0.02, 0.2), (0.03, 0.3)])
def test_parabolic_sar_equals_talib(start, limit):
    theirs = talib.SAREXT(HIGH, LOW, 0, 0, start, 0.02, limit, start, 0.02, limit)

    ours = parabolic_sar(HIGH, LOW, start, 0.02, limit)

    np.testing.assert_allclose(ours, np.abs(theirs), rtol=0.0, atol=1e-9)
    assert 20 < np.count_nonzero(np.diff(np.sign(theirs[1:]))) < 200


def test_parabolic_sar_bears_prices_below_zero():
    ours = parabolic_sar(HIGH - 500.0, LOW - 500.0, 0.02, 0.02, 0.2)

    np.testing.assert_allclose(ours, parabolic_sar(HIGH, LOW, 0.02, 0.02, 0.2) - 500.0, atol=1e-9)


def test_parabolic_sar_worked_by_hand():
    # Bar 1: long from 9, extreme 11, factor 0.1:  9    + 0.1 x 2    =  9.2
    # Bar 2: extreme 13, factor 0.2:               9.2  + 0.2 x 3.8  =  9.96
    # Bar 3: no new extreme:                       9.96 + 0.2 x 3.04 = 10.568
    # Bar 4: its low 9 touches: short from 13, extreme 9: 13 - 0.1 x 4 = 12.6 for bar 5.
    high, low = np.array([10.0, 11, 13, 12, 11, 12]), np.array([9.0, 10, 12, 11, 9, 10])

    ours = parabolic_sar(high, low, 0.1, 0.1, 0.2)

    assert ours[1:] == pytest.approx([9.0, 9.2, 9.96, 13.0, 12.6])


@pytest.mark.parametrize("n_bars", [0, 1, 2])
def test_lines_of_hardly_a_bar_are_unknown(n_bars):
    high, low, close = HIGH[:n_bars], LOW[:n_bars], CLOSE[:n_bars]

    lines = [*directional(high, low, close, 5), *aroon(high, low, 5), *ichimoku(high, low, 9, 26)]

    assert all(np.isnan(line).all() and line.size == n_bars for line in lines)
    assert np.isfinite(parabolic_sar(high, low, 0.02, 0.02, 0.2)).sum() == max(0, n_bars - 1)


def test_compiled_equals_uncompiled():
    fast, slow = np.zeros(HIGH.size), np.zeros(HIGH.size)

    follow(column(HIGH), column(LOW), 0.02, 0.02, 0.2, fast)
    getattr(follow, "py_func", follow)(HIGH, LOW, 0.02, 0.02, 0.2, slow)

    np.testing.assert_allclose(fast, slow, rtol=0.0, atol=1e-12)
