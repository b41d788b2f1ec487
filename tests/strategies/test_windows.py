import numpy as np
import pytest

from alphamill.strategies.windows import within, within_any

# Midnight, 00:01, 09:29, 09:30, 15:59, 16:00, 23:59.
MINUTE = np.array([0, 1, 569, 570, 959, 960, 1439])


@pytest.mark.parametrize(
    ("start", "end", "inside"),
    [
        ("0930", "1600", [3, 4]),
        ("0000", "0001", [0]),
        ("1600", "2400", [5, 6]),
        ("1600", "0000", [5, 6]),
        ("1600", "0001", [0, 5, 6]),
        ("0000", "2400", [0, 1, 2, 3, 4, 5, 6]),
        ("0930", "0930", [0, 1, 2, 3, 4, 5, 6]),
    ],
)
def test_a_window_holds_its_start_and_not_its_end(start, end, inside):
    assert np.flatnonzero(within(MINUTE, start, end)).tolist() == inside


def test_a_bar_may_open_in_any_of_the_windows_and_always_where_there_is_none():
    either = within_any(MINUTE, [("0000", "0001"), ("1600", "2400")])

    assert np.flatnonzero(either).tolist() == [0, 5, 6]
    assert within_any(MINUTE, []).tolist() == [True] * 7
