import numpy as np
import pytest
import talib

from alphamill.indicators.momentum import macd
from alphamill.indicators.oscillators_average import (
    accelerator,
    apo,
    awesome,
    dpo,
    elder_ray,
    mass_index,
    ppo,
    stc,
    trix,
)

from . import readable
from . import readable_oscillators as twins
from .oracles import half_units_off, oracle
from .samples import closes, prices


def assert_same(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=0.0, atol=1e-9)


def test_price_oscillators_equal_talib():
    close = closes()

    assert_same(apo(close, 5, 10), talib.APO(close, 5, 10, 0))
    assert_same(ppo(close, 5, 10), talib.PPO(close, 5, 10, 0))


def test_price_oscillators_equal_the_reference_files(shared):
    absolute, percent = (oracle(shared, f"spy_{name}.txt", "close") for name in ("apo", "ppo"))

    assert half_units_off(apo(absolute, 5, 10), shared, "spy_apo.txt", "APO_5_10") < 1.0
    assert half_units_off(ppo(percent, 5, 10), shared, "spy_ppo.txt", "PPO_5_10") < 1.0


def test_percentage_of_an_average_not_above_0_is_unknown():
    assert np.isnan(ppo(np.array([2.0, -2.0, -4.0, 6.0]), 1, 2)).tolist() == [True] * 3 + [False]


def test_dpo_equals_the_reference_file(shared):
    ours = dpo(oracle(shared, "spy_dpo.csv", "Close"), 21)

    assert half_units_off(ours, shared, "spy_dpo.csv", "DPO") < 1.0


@pytest.mark.parametrize(("n_bars", "lag"), [(3, 2), (4, 3), (21, 11)])
def test_dpo_looks_back_half_its_window_and_one_bar(n_bars, lag):
    close = closes()

    ours = dpo(close, n_bars)

    before = np.append(np.full(lag, np.nan), close[:-lag])
    assert_same(ours, before - twins.sma(close, n_bars))
    assert np.isnan(ours).sum() == n_bars - 1


def test_awesome_equals_the_reference_file(shared):
    high, low = (oracle(shared, "spy_ao.txt", name) for name in ("high", "low"))

    assert half_units_off(awesome(high, low), shared, "spy_ao.txt", "AO") < 1.0


def test_accelerator_is_what_awesome_gains_on_its_average():
    _, high, low, _ = prices()

    line = twins.sma((high + low) / 2.0, 5) - twins.sma((high + low) / 2.0, 34)

    assert_same(accelerator(high, low), line - twins.sma(line, 5))


@pytest.mark.parametrize("n_bars", [2, 15])
def test_trix_equals_its_readable_twin_and_talib(n_bars):
    close = closes()

    ours = trix(close, n_bars)

    assert_same(ours, twins.trix(close, n_bars))
    assert_same(ours, talib.TRIX(close, n_bars))
    assert np.isnan(ours).sum() == 3 * n_bars - 2


def test_trix_of_an_average_not_above_0_is_unknown():
    assert np.isnan(trix(closes() - 300.0, 5)).all()


def test_elder_ray_is_what_reaches_beyond_the_average():
    _, high, low, close = prices()

    bull, bear = elder_ray(high, low, close, 13)

    assert_same(bull, high - readable.ema(close, 13))
    assert_same(bear, low - readable.ema(close, 13))
    assert_same(bull[400:], (high - talib.EMA(close, 13))[400:])


@pytest.mark.parametrize("params", [(9, 25), (2, 3)])
def test_mass_index_equals_its_readable_twin(params):
    _, high, low, _ = prices()

    ours = mass_index(high, low, *params)

    assert_same(ours, twins.mass_index(high, low, *params))
    assert np.isnan(ours).sum() == 2 * params[0] + params[1] - 3


def test_mass_index_equals_the_reference_file_once_its_start_is_forgotten(shared):
    # The file begins at row 94 and forgets 4/5 of another start with each bar.
    file = "spy_mass_index_25.txt"

    ours = mass_index(*(oracle(shared, file, name) for name in ("High", "Low")))

    assert half_units_off(ours, shared, file, "MassIndex", first_row=150) < 1.0


def test_mass_index_of_bars_without_range_is_unknown():
    assert np.isnan(mass_index(closes(), closes())).all()


@pytest.mark.parametrize("params", [(23, 50, 10), (2, 3, 2)])
def test_stc_equals_its_readable_twin_before_the_quiet_stretch(params):
    # Where the price rests, the twin places what rounding leaves.
    close = closes()[:300]

    ours = stc(close, *params)

    np.testing.assert_allclose(ours, twins.stc(close, *params), rtol=0.0, atol=1e-7)
    assert np.isnan(ours).sum() == params[1] + 2 * params[2] + 1


def test_stc_equals_the_reference_file_once_its_start_is_forgotten(shared):
    # The file counts all before its first spread as 0, and halves that with each bar.
    ours = stc(oracle(shared, "spy_stc.txt", "close"))

    assert half_units_off(ours, shared, "spy_stc.txt", "STC", first_row=120) < 1.0


def test_stc_keeps_its_place_where_nothing_moves():
    # The spread of the averages widens on the rise and shrinks in the rest, to nothing in the end.
    rising = np.append(closes(80)[:80], 90.0 + np.arange(60.0) ** 1.5)
    close = np.append(rising, np.full(900, rising[-1]))

    ours = stc(close, 5, 10, 4)

    assert ours[120:140] == pytest.approx(100.0, abs=1e-3)
    assert ours[-800:] == pytest.approx(0.0, abs=1e-9)
    assert (stc(np.full(90, 7.0), 5, 10, 4)[19:] == 50.0).all()


@pytest.mark.parametrize("scale", [1e-8, 1e6])
def test_stc_does_not_depend_on_the_size_of_prices(scale):
    close = closes()[:300]

    np.testing.assert_allclose(stc(scale * close), stc(close), rtol=0.0, atol=1e-5)


def test_macd_is_not_apo():
    # One is exponential, the other plain: whoever wants the first must ask for it.
    close = closes()

    assert abs(apo(close, 12, 26) - macd(close, 12, 26, 9).line)[30:300].max() > 0.1
