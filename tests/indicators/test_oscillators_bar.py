import numpy as np
import pytest
import talib

from alphamill.indicators.oscillators_bar import (
    bop,
    demarker,
    intraday_momentum,
    relative_vigor,
    ultimate,
)

from . import readable_oscillators as readable
from .oracles import half_units_off, oracle
from .readable_averages import weighted
from .samples import prices

OHLC = ("open", "high", "low", "close")


def assert_same(ours: np.ndarray, theirs: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=0.0, atol=1e-9)


def test_bop_equals_talib_and_is_0_without_a_range():
    columns = prices()

    ours = bop(*columns)

    assert_same(ours, talib.BOP(*columns))
    assert (ours[300:340] == 0.0).all()


def test_bop_equals_the_reference_file(shared):
    ours = bop(*(oracle(shared, "spy_bop.txt", name) for name in OHLC))

    assert half_units_off(ours, shared, "spy_bop.txt", "BOP") < 1.0


@pytest.mark.parametrize("n_bars", [(7, 14, 28), (1, 3, 2)])
def test_ultimate_equals_its_readable_twin_and_knows_nothing_without_a_range(n_bars):
    _, high, low, close = prices()

    ours = ultimate(high, low, close, *n_bars)

    assert_same(ours, readable.ultimate(high, low, close, n_bars))
    assert np.isnan(ours[: max(n_bars)]).all()
    assert not np.isnan(ours[max(n_bars)])
    assert np.isnan(ours[330:340]).all()


def test_ultimate_equals_the_reference_file(shared):
    ours = ultimate(*(oracle(shared, "spy_ultosc.txt", name) for name in OHLC[1:]))

    assert half_units_off(ours, shared, "spy_ultosc.txt", "ULTOSC_7_14_28") < 1.0


@pytest.mark.parametrize("n_bars", [1, 10])
def test_relative_vigor_equals_its_readable_twin(n_bars):
    columns = prices()

    line, signal = relative_vigor(*columns, n_bars)

    assert_same(line, readable.vigor(*columns, n_bars))
    assert_same(signal, weighted(line, [1, 2, 2, 1]))
    assert [int(np.isnan(x).argmin()) for x in (line, signal)] == [n_bars + 2, n_bars + 5]


def test_relative_vigor_equals_the_reference_file(shared):
    # The file's own first rows knew bars it does not show.
    file = "spy_rvi.txt"

    line, signal = relative_vigor(*(oracle(shared, file, name) for name in OHLC))

    assert half_units_off(line, shared, file, "RVI", first_row=12) < 1.0
    assert half_units_off(signal, shared, file, "RVI_S", first_row=15) < 1.0


@pytest.mark.parametrize("n_bars", [1, 14])
def test_demarker_equals_its_readable_twin(n_bars):
    _, high, low, _ = prices()

    ours = demarker(high, low, n_bars)

    assert_same(ours, readable.demarker(high, low, n_bars))
    assert np.isnan(ours[301 + n_bars : 340]).all()


def test_demarker_equals_the_reference_file(shared):
    # The file counts its first bar, which has no bar before it, as one without new ground.
    file = "eurusd60_dem.txt"

    ours = demarker(*(oracle(shared, file, name) for name in ("High", "Low")))

    assert half_units_off(ours, shared, file, "DeM", first_row=14) < 1.0


@pytest.mark.parametrize("n_bars", [1, 14])
def test_intraday_momentum_equals_its_readable_twin(n_bars):
    open_, _, _, close = prices()

    ours = intraday_momentum(open_, close, n_bars)

    assert_same(ours, readable.intraday_momentum(open_, close, n_bars))
    assert np.isnan(ours[300 + n_bars : 340]).all()
