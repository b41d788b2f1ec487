import numpy as np
import pytest
import talib

from alphamill.indicators.adaptive import frama, go, hurry, kama, mama, mcginley, vidya
from alphamill.indicators.rolling import column

from . import readable_averages
from .oracles import half_units_off, oracle
from .samples import closes, prices


@pytest.mark.parametrize("params", [(10, 2, 30), (2, 5, 9), (1, 1, 3)])
def test_kama_equals_its_readable_twin(params):
    close = closes()

    np.testing.assert_allclose(
        kama(close, *params), readable_averages.kama(close, *params), rtol=1e-12
    )


def test_kama_equals_talib_at_rest_too():
    close = closes()

    np.testing.assert_allclose(kama(close, 10), talib.KAMA(close, 10), rtol=1e-12)


def test_kama_passes_over_leading_nan():
    close = closes(90)

    late = kama(np.append(np.full(5, np.nan), close), 10)

    np.testing.assert_array_equal(late[5:], kama(close, 10))


@pytest.mark.parametrize("params", [(12, 9), (3, 1), (1, 4)])
def test_vidya_equals_its_readable_twin(params):
    close = closes()

    ours = vidya(close, *params)

    np.testing.assert_allclose(ours, readable_averages.vidya(close, *params), rtol=1e-12)


def test_vidya_with_wilders_momentum_is_the_reference_file(shared):
    # The file takes the momentum as TA-Lib smooths it, where Chande sums; all else is the same.
    close = oracle(shared, "spy_vidya.txt", "close")
    share = 0.2 * np.abs(talib.CMO(close, 9)) / 100.0
    ours = np.full(close.size, np.nan)

    go(column(close), column(share), 9, float(close[8]), ours)

    # Two rows of 1,022 lie 4e-6 of 2,886,269 off, on the other side of a half.
    assert half_units_off(ours, shared, "spy_vidya.txt", "VIDYA_9", first_row=9) < 1.01
    first = vidya(close, 9, 9)[9]
    assert first == pytest.approx(oracle(shared, "spy_vidya.txt", "VIDYA_9")[9], abs=5e-4)


@pytest.mark.parametrize("n_bars", [2, 4, 16])
def test_frama_equals_its_readable_twin(n_bars):
    _, high, low, _ = prices()

    ours = frama(high, low, n_bars)

    np.testing.assert_allclose(ours, readable_averages.frama(high, low, n_bars), rtol=1e-11)


def test_frama_is_the_price_on_a_line_and_all_but_still_in_a_box():
    line = np.arange(60.0)
    box = np.where(np.arange(60) % 2, 10.0, 20.0)

    # On a line two halves make the whole: D = 1, all the way. To and fro each half is as high as
    # the whole: D = 2, exp(-4.6) = 0.01005 of the way.
    assert frama(line, line, 8)[7:].tolist() == line[7:].tolist()
    moved = np.diff(frama(box, box, 8)) / (box[1:] - frama(box, box, 8)[:-1])
    assert moved[8:] == pytest.approx(np.exp(-4.6), rel=1e-9)


@pytest.mark.parametrize("n_bars", [2, 5, 14])
def test_mcginley_equals_its_readable_twin(n_bars):
    close = closes()

    np.testing.assert_allclose(
        mcginley(close, n_bars), readable_averages.mcginley(close, n_bars), rtol=1e-12
    )


def test_mcginley_equals_the_reference_file(shared):
    file = "spy_with_McGinleyDynamic.csv"

    ours = mcginley(oracle(shared, file, "Close"), 14)

    assert half_units_off(ours, shared, file, "McGinleyDynamic14") < 1.0


def test_mcginley_never_steps_beyond_a_price_that_crashed():
    close = np.append(np.full(20, 100.0), [10.0, 10.0, 12.0])

    ours = mcginley(close, 14)

    # The formula's own step would be 7 times the way: to -543.
    assert ours[20:22].tolist() == [10.0, 10.0]
    assert readable_averages.mcginley(close, 14)[20] < -500.0


def test_mcginley_knows_nothing_from_the_first_price_not_above_0():
    close = closes(60)
    close[30] = 0.0

    assert np.isnan(mcginley(close, 5)).tolist() == [True] * 4 + [False] * 26 + [True] * 30
    assert np.isnan(mcginley(close[25:], 14)).all()


def test_mama_equals_the_reference_file_once_its_start_is_forgotten(shared):
    # The file starts both lines from 0, and shows the follower 5 % too low at first.
    high, low = (oracle(shared, "spy_mama.csv", name) for name in ("high", "low"))

    ours = mama((high + low) / 2.0)

    assert half_units_off(ours.mama, shared, "spy_mama.csv", "mama", first_row=300) < 1.0
    assert half_units_off(ours.fama, shared, "spy_mama.csv", "fama", first_row=300) < 1.0


def test_mama_lies_among_the_prices_from_its_first_row():
    close = closes(200)

    for ours, theirs in zip(mama(close), talib.MAMA(close, 0.5, 0.05), strict=True):
        lowest, highest = np.minimum.accumulate(close), np.maximum.accumulate(close)
        assert ((ours >= lowest) & (ours <= highest))[32:].all()
        np.testing.assert_allclose(ours[150:], theirs[150:], rtol=1e-3)
    assert talib.MAMA(close, 0.5, 0.05)[1][32] < close[:33].min()


def test_adaptive_averages_stand_still_at_rest_to_the_last_bit():
    rest = np.full(80, 0.1)

    for ours in (
        kama(rest, 10),
        vidya(rest, 5, 9),
        frama(rest, rest, 8),
        mcginley(rest, 7),
        *mama(rest),
    ):
        assert (ours[40:] == 0.1).all()


def test_too_few_prices_are_unknown():
    for n_rows in (0, 1, 3):
        close = closes(5)[:n_rows]
        known = [kama(close, 4), vidya(close, 4, 4), frama(close, close, 4), mcginley(close, 4)]
        assert [x.size for x in known] == [n_rows] * 4
        assert np.isnan(known).all()
        assert [x.size for x in mama(close)] == [n_rows] * 2


def test_compiled_steps_equal_uncompiled():
    x, share = column(closes(200)), column(np.linspace(0.0, 1.0, 200))
    fast, slow = np.zeros((2, 200)), np.zeros((2, 200))

    go(x, share, 3, 100.0, fast[0])
    hurry(x, 5, 100.0, fast[1])
    getattr(go, "py_func", go)(x, share, 3, 100.0, slow[0])
    getattr(hurry, "py_func", hurry)(x, 5, 100.0, slow[1])

    np.testing.assert_allclose(fast, slow, rtol=1e-13)
