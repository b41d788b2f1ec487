import numpy as np
import pytest

from alphamill.indicators.flow import (
    ease_of_movement,
    force_index,
    klinger,
    negative_volume_index,
    positive_volume_index,
    relative_session_volume,
    rolling_vwap,
    smoothed_obv,
    volume_oscillator,
)

from . import readable
from .oracles import half_units_off, oracle
from .samples import prices

OPEN, HIGH, LOW, CLOSE = prices()
VOLUME = np.random.default_rng(5).integers(0, 900, CLOSE.size).astype(np.float64)


def columns_of(shared, file, *names):
    return [oracle(shared, file, name) for name in names]


def test_a_moving_vwap_equals_the_reference_file(shared):
    # Its last bar was still open.
    file = "spy_with_vwap.txt"
    bars = columns_of(shared, file, "open", "high", "low", "close", "volume")
    theirs = oracle(shared, file, "moving vwap 50")

    ours = rolling_vwap(*bars, 50)

    known = ~np.isnan(theirs)
    assert known.sum() > 400
    # Printed to four decimals; its own running products add a little: 5.6e-5.
    assert np.max(np.abs(ours - theirs)[known]) < 6e-5


def test_a_moving_vwap_passes_over_bars_without_trade_and_knows_none_without_any():
    price = np.array([4.0, 8.0, 100.0, 100.0])

    ours = rolling_vwap(price, price, price, price, np.array([3.0, 1.0, 0.0, 0.0]), 2)

    np.testing.assert_array_equal(ours, [np.nan, 5.0, 8.0, np.nan])


def test_smoothed_volume_equals_the_reference_file(shared):
    file = "spy_with_sobv.csv"

    ours = smoothed_obv(*columns_of(shared, file, "close", "volume"), 20)

    assert half_units_off(ours, shared, file, "sobv20") <= 1.0


def test_the_force_index_equals_the_reference_file(shared):
    file = "spy_with_ForceIndex.csv"

    ours = force_index(*columns_of(shared, file, "close", "volume"), 20)

    assert half_units_off(ours, shared, file, "forceindex20") <= 1.0


def test_the_klinger_oscillator_equals_the_reference_file(shared):
    file = "spy_with_kvo.csv"
    bars = columns_of(shared, file, "high", "low", "close", "volume")

    line, signal = klinger(*bars, 5, 10, 13)

    assert half_units_off(line, shared, file, "kvo5_10") <= 1.0
    wanted = readable.ema_from_mean(line, 13)
    np.testing.assert_allclose(signal, wanted, rtol=0.0, atol=1e-5)


def test_the_klinger_force_worked_by_hand():
    # Bar 1 rises, DM 2, CM 2. Bar 2 rises: CM = 2 + 1, force 100 x 5 x |2 (1/3 - 1)| = 666.67.
    # Bar 3 falls: CM = DM before + DM = 1 + 4, force = -100 x 6 x |2 (4/5 - 1)| = -240.
    high, low = np.array([2.0, 4.0, 5.0, 4.0]), np.array([1.0, 2.0, 4.0, 0.0])

    fast, _ = klinger(high, low, high, np.array([9.0, 9.0, 5.0, 6.0]), 2, 3, 2)
    # Two bars seed the fast average; the slow one never begins.
    assert np.isnan(fast).all()
    longer = [np.append(x, x[-1:]) for x in (high, low, high)]
    line, _ = klinger(*longer, np.array([9.0, 9.0, 5.0, 6.0, 7.0]), 2, 3, 2)

    # Bar 4 stands still, counted as falling: CM = 5 + 4, force = -100 x 7 x |2 (4/9 - 1)|.
    force = [2000 / 3, -240.0, -700.0 * 10 / 9]
    seed = sum(force[:2]) / 2
    fast_average = seed + (force[2] - seed) * 2 / 3
    assert line[4] == pytest.approx(fast_average - sum(force) / 3)


def test_ease_of_movement_equals_the_reference_file(shared):
    file = "spy_emv.txt"

    ours = ease_of_movement(*columns_of(shared, file, "high", "low", "volume"), 1)

    assert half_units_off(ours, shared, file, "emv") <= 1.0


def test_ease_of_movement_is_a_mean_and_unknown_beside_a_bar_without_volume():
    ours = ease_of_movement(HIGH, LOW, VOLUME, 5)

    one = ease_of_movement(HIGH, LOW, VOLUME, 1)
    np.testing.assert_allclose(ours, readable.windowed(readable.mean, one, 5), atol=1e-9)
    assert np.isnan(one[1:]).tolist() == (VOLUME[1:] == 0.0).tolist()


def test_the_volume_oscillator_compares_two_averages():
    ours = volume_oscillator(VOLUME, 5, 20)

    fast, slow = (readable.windowed(readable.mean, VOLUME, n) for n in (5, 20))
    np.testing.assert_allclose(ours, 100.0 * (fast / slow - 1.0), rtol=0.0, atol=1e-9)


@pytest.mark.parametrize(
    ("index", "counts"),
    [(negative_volume_index, np.less), (positive_volume_index, np.greater)],
)
def test_an_index_of_volume_moves_on_its_own_bars_only(index, counts):
    level, wanted = 1000.0, [1000.0]
    for t in range(1, CLOSE.size):
        level *= CLOSE[t] / CLOSE[t - 1] if counts(VOLUME[t], VOLUME[t - 1]) else 1.0
        wanted.append(level)

    np.testing.assert_allclose(index(CLOSE, VOLUME), wanted, rtol=1e-12)


def test_the_indices_of_volume_stand_still_beside_an_unknown_volume():
    close, volume = np.array([4.0, 5.0, 6.0, 7.0]), np.array([1.0, np.nan, 3.0, 2.0])

    assert negative_volume_index(close, volume).tolist() == [1000.0, 1000.0, 1000.0, 7000.0 / 6.0]
    assert positive_volume_index(close, volume).tolist() == [1000.0] * 4


def test_relative_volume_equals_the_reference_file(shared):
    # Seven hourly bars a session from its first on; the file knows after two sessions, we after
    # three, for the first of the data might have begun before it.
    file = "spy_rdv.txt"
    volume, theirs = columns_of(shared, file, "volume", "rdv")
    session, hour = np.divmod(np.arange(volume.size), 7)

    ours = relative_session_volume(session, 60 * hour, volume, 2)

    assert np.isnan(ours[:21]).all()
    assert half_units_off(ours, shared, file, "rdv", first_row=21) <= 1.0


def test_relative_volume_compares_the_same_time_of_day_where_bars_are_missing():
    rng = np.random.default_rng(2)
    lengths = rng.integers(3, 12, 40)
    session = np.repeat(np.arange(40), lengths)
    minute = np.concatenate([np.sort(rng.choice(30, n, replace=False)) - 5 for n in lengths])
    volume = rng.integers(0, 9, session.size).astype(np.float64)

    ours = relative_session_volume(session, minute, volume, 3)

    def traded(date, until):
        return float(volume[(session == date) & (minute <= until)].sum())

    for t, (date, now) in enumerate(zip(session, minute, strict=True)):
        usual = sum(traded(date - k, now) for k in (1, 2, 3)) / 3.0
        known = date > 3 and usual > 0.0
        wanted = traded(date, now) / usual if known else np.nan
        assert ours[t] == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize("n_bars", [0, 1, 2])
def test_lines_of_hardly_a_bar_are_unknown(n_bars):
    high, low, close, volume = (x[:n_bars] for x in (HIGH, LOW, CLOSE, VOLUME))
    minute = np.zeros(n_bars, dtype=np.int64)

    lines = [
        *klinger(high, low, close, volume, 3, 5),
        force_index(close, volume, 3),
        ease_of_movement(high, low, volume, 3),
        relative_session_volume(minute, minute, volume, 2),
    ]

    assert all(np.isnan(line).all() and line.size == n_bars for line in lines)
