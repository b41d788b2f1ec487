from typing import NamedTuple

import numpy as np
import pytest

from alphamill.core.market import Floats
from alphamill.indicators.memo import memo, memoised
from alphamill.indicators.momentum import macd, rsi
from alphamill.indicators.trend import sma
from alphamill.indicators.volatility import bollinger, keltner

from .samples import closes, prices

N_ROWS = 100
N_BYTES = 8 * N_ROWS


class Pair(NamedTuple):
    half: Floats
    double: Floats


calls: list[float] = []


@memoised
def scaled(x: Floats, factor: float) -> Floats:
    calls.append(factor)
    return x * factor


@memoised
def pair(x: Floats) -> Pair:
    calls.append(0.0)
    return Pair(scaled(x, 0.5), scaled(x, 2.0))


@pytest.fixture(autouse=True)
def _no_calls_yet():
    calls.clear()


def column(value: float = 1.0) -> Floats:
    out = np.full(N_ROWS, value)
    out.flags.writeable = False
    return out


def test_without_a_memo_every_call_computes_anew():
    x = column()

    assert scaled(x, 2.0) is not scaled(x, 2.0)
    assert calls == [2.0, 2.0]


def test_a_memo_computes_once_for_the_same_array_and_parameters():
    x = column()

    with memo(10 * N_BYTES) as remembered:
        assert scaled(x, 2.0) is scaled(x, 2.0)
        assert scaled(x, 3.0)[0] == 3.0

    assert calls == [2.0, 3.0]
    assert (remembered.hits, remembered.misses, len(remembered)) == (1, 2, 2)


@pytest.mark.parametrize(("first", "second"), [(1, True), (2, 2.0)])
def test_parameters_that_compare_equal_but_differ_in_type_are_kept_apart(first, second):
    x = column()

    with memo(10 * N_BYTES):
        scaled(x, first)
        scaled(x, second)

    assert len(calls) == 2


def test_a_keyword_is_no_positional_of_the_same_value():
    x = column(4.0)

    with memo(10 * N_BYTES):
        assert scaled(x, factor=2.0).tolist() == scaled(x, 2.0).tolist()


def test_an_equal_array_at_another_place_is_another_array():
    with memo(10 * N_BYTES):
        scaled(column(), 2.0)
        scaled(column(), 2.0)

    assert calls == [2.0, 2.0]


def test_an_array_somebody_may_write_to_is_never_remembered():
    base = np.ones(N_ROWS)
    view = base.view()
    view.flags.writeable = False

    with memo(10 * N_BYTES) as remembered:
        before = scaled(view, 2.0)
        base[:] = 5.0
        after = scaled(view, 2.0)

    assert (before[0], after[0]) == (2.0, 10.0)
    assert (len(remembered), remembered.hits) == (0, 0)


def test_a_dead_array_does_not_lend_its_identity_to_the_next():
    # CPython gives a new array the address of the one just freed: the memo must keep it alive.
    with memo(1000 * N_BYTES):
        firsts = [scaled(column(float(value)), 2.0)[0] for value in range(50)]

    assert firsts == [2.0 * value for value in range(50)]


def test_a_dead_view_does_not_lend_its_identity_to_the_next():
    x = np.arange(float(N_ROWS))
    x.flags.writeable = False

    with memo(1000 * N_BYTES):
        firsts = [scaled(x[at:], 2.0)[0] for at in range(50)]

    assert firsts == [2.0 * at for at in range(50)]


@pytest.mark.parametrize("cap_bytes", [1_000_000, None])
def test_results_are_read_only_with_and_without_a_memo(cap_bytes):
    with memo(cap_bytes or 0):
        result = pair(column())

    for array in result:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def test_the_least_recently_used_result_goes_first():
    x = column()

    # Room for the input and two results.
    with memo(3 * N_BYTES) as remembered:
        for factor in (1.0, 2.0, 1.0, 3.0, 1.0, 2.0):
            scaled(x, factor)
            assert remembered.held_bytes <= 3 * N_BYTES

    # 3 drove out 2, for 1 had just been used; 2 is computed again and drives out 3.
    assert calls == [1.0, 2.0, 3.0, 2.0]
    assert (len(remembered), remembered.held_bytes) == (2, 3 * N_BYTES)


def test_a_shared_array_is_counted_once_and_freed_with_its_last_user():
    x = column()

    with memo(4 * N_BYTES) as remembered:
        pair(x)
        # The input, half and double: three arrays, though three results hold them.
        assert (remembered.held_bytes, len(remembered)) == (3 * N_BYTES, 3)
        for value in (7.0, 8.0):
            scaled(column(value), 1.0)

    assert remembered.held_bytes <= 4 * N_BYTES
    assert calls == [0.0, 0.5, 2.0, 1.0, 1.0]


def test_a_result_larger_than_the_cap_is_returned_but_not_kept():
    with memo(N_BYTES) as remembered:
        assert scaled(column(), 2.0)[0] == 2.0

    assert (len(remembered), remembered.held_bytes) == (0, 0)


def test_memos_nest_and_end_with_their_block():
    x = column()

    with memo(10 * N_BYTES) as outer:
        scaled(x, 2.0)
        with memo(10 * N_BYTES) as inner:
            scaled(x, 2.0)
        scaled(x, 2.0)
    scaled(x, 2.0)

    assert (outer.hits, inner.hits, len(calls)) == (1, 0, 3)


def test_an_error_ends_the_memo_too():
    x = column()

    with pytest.raises(ZeroDivisionError), memo(10 * N_BYTES):
        raise ZeroDivisionError
    scaled(x, 2.0)
    scaled(x, 2.0)

    assert len(calls) == 2


@pytest.mark.parametrize("cap_bytes", [0, 5_000, 40_000, 10_000_000])
def test_remembered_indicators_equal_plain_ones(cap_bytes):
    _, high, low, close = prices()
    for x in (high, low, close):
        x.flags.writeable = False
    grid = [(12, 26, 9), (12, 26, 7), (8, 26, 9), (12, 26, 9)]
    asked = (
        [lambda p=p: macd(close, *p) for p in grid]
        + [lambda k=k: bollinger(close, 20, k) for k in (1.0, 2.0, 1.0)]
        + [lambda n=n: keltner(high, low, close, 20, n, 2.0) for n in (10, 14, 10)]
    )

    with memo(cap_bytes) as remembered:
        ours = [ask() for ask in asked]

    for mine, plain in zip(ours, [ask() for ask in asked], strict=True):
        np.testing.assert_array_equal(np.array(mine), np.array(plain))
    assert remembered.held_bytes <= cap_bytes


def test_a_grid_that_shares_an_indicator_computes_it_once():
    close = closes()
    close.flags.writeable = False

    with memo(10_000_000) as remembered:
        for n_sigmas in (1.5, 2.0, 2.5, 3.0):
            bollinger(close, 20, n_sigmas)
        sma(close, 20)
        rsi(close, 2)

    # Four bands, one average, one deviation, one index; the average was asked for five times.
    assert remembered.misses == 7
    assert remembered.hits == 3 + 3 + 1
