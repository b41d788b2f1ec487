from datetime import date, timedelta

import numpy as np
import pytest

from alphamill.indicators.session import (
    average_since,
    bars_into_cash,
    bars_into_session,
    extremes_since,
    prior_session,
    session_extremes,
    session_open,
    session_starts,
    session_vwap,
    weekday_of_month,
)

from . import readable_sessions as readable
from .samples import prices, reference

N_BARS = 400
OPEN, HIGH, LOW, CLOSE = (column[:N_BARS] for column in prices())
RNG = np.random.default_rng(5)
# Sessions of 1 to 40 bars, their cash market open from the fourth bar on, some bars missing.
LENGTHS = RNG.integers(1, 41, 60)
SESSION = np.repeat(20240101 + np.arange(60), LENGTHS)[:N_BARS]
PLACE = np.concatenate([np.arange(n) for n in LENGTHS])[:N_BARS]
CASH = 15 * (PLACE - 3) + np.where(PLACE > 3, 15 * (SESSION % 2), 0)
VOLUME = RNG.integers(0, 4, N_BARS).astype(np.float64)
TYPICAL = (HIGH + LOW + CLOSE) / 3.0

MEASURES = [
    lambda n: bars_into_session(SESSION[:n]),
    lambda n: bars_into_cash(SESSION[:n], CASH[:n]),
    lambda n: session_open(SESSION[:n], OPEN[:n]),
    lambda n: np.column_stack(prior_session(SESSION[:n], HIGH[:n], LOW[:n], CLOSE[:n])),
    lambda n: session_vwap(SESSION[:n], HIGH[:n], LOW[:n], CLOSE[:n], VOLUME[:n]),
    lambda n: np.column_stack(session_extremes(SESSION[:n], HIGH[:n], LOW[:n])),
    lambda n: weekday_of_month(SESSION[:n]),
]
TWINS = [
    readable.bars_into_session(SESSION),
    readable.bars_into_cash(SESSION, CASH),
    readable.session_open(SESSION, OPEN),
    np.column_stack(readable.prior_session(SESSION, HIGH, LOW, CLOSE)),
    readable.session_vwap(SESSION, TYPICAL, VOLUME),
    np.column_stack(readable.session_extremes(SESSION, HIGH, LOW)),
]


@pytest.mark.parametrize(("measure", "twin"), list(zip(MEASURES[:6], TWINS, strict=True)))
def test_a_session_measure_equals_its_readable_twin(measure, twin):
    np.testing.assert_allclose(measure(N_BARS), twin, rtol=1e-12, atol=0.0)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_session_measure_says_at_each_bar_what_it_says_later(measure):
    whole = measure(N_BARS)

    for n_seen in range(N_BARS):
        np.testing.assert_array_equal(measure(n_seen), whole[:n_seen])


def test_a_session_starts_where_its_date_changes_and_not_where_the_data_begin():
    assert session_starts(SESSION)[0] == np.False_
    assert (
        np.flatnonzero(session_starts(SESSION)).tolist()
        == np.cumsum(LENGTHS)[np.cumsum(LENGTHS) < N_BARS].tolist()
    )


def test_an_average_begins_anew_after_a_session_whose_volume_was_unknown():
    session, price = np.array([1, 2, 2, 2, 3]), np.array([1.0, 2.0, 3.0, 4.0, 5.0])

    vwap = session_vwap(session, price, price, price, np.array([1.0, 1.0, np.nan, 1.0, 1.0]))

    np.testing.assert_array_equal(vwap, [np.nan, 2.0, np.nan, np.nan, 5.0])


def test_an_average_price_equals_the_reference_file(shared):
    # The file moves a window of 50 bars: each is a session to us, after a bar of another. It weighs
    # (open + high + low + close) / 4, which we hand over as a price that did not move within its
    # bar. Four digits are printed, and the file's own rounding of its parts adds a little.
    file = reference(shared, "spy_with_vwap.txt")
    price = sum(file[name] for name in ("open", "high", "low", "close")) / 4.0
    theirs, session = file["moving vwap 50"], np.append(0, np.ones(50, dtype=np.int64))

    for row in range(50, theirs.size, 7):
        window = slice(row - 50, row + 1)
        ours = session_vwap(session, *[price[window]] * 3, file["volume"][window])
        assert ours[-1] == pytest.approx(theirs[row], abs=6e-5)


def test_a_weekday_has_its_place_in_the_month_and_a_weekend_that_of_its_friday():
    day, place, month = date(2023, 12, 30), 0, None
    for _ in range(800):
        place = (0 if day.month != month else place) + (day.weekday() < 5)
        if month is not None and day >= date(2024, 1, 1):
            code = int(day.strftime("%Y%m%d"))
            assert weekday_of_month(np.array([code])).tolist() == [place], code
        month, day = day.month, day + timedelta(days=1)


def test_compiled_equals_uncompiled():
    fast, slow = np.full(N_BARS, np.nan), np.full(N_BARS, np.nan)
    starts = session_starts(SESSION)

    average_since(starts, TYPICAL, VOLUME, fast)
    getattr(average_since, "py_func", average_since)(starts, TYPICAL, VOLUME, slow)

    np.testing.assert_allclose(fast, slow, rtol=1e-13, atol=0.0)
    fast, slow = np.zeros((2, N_BARS)), np.zeros((2, N_BARS))
    extremes_since(starts, HIGH, LOW, *fast)
    getattr(extremes_since, "py_func", extremes_since)(starts, HIGH, LOW, *slow)
    np.testing.assert_array_equal(fast, slow)
