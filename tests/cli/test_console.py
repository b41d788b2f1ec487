import math

import pytest

from alphamill.cli.console import plain, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.nan, "-"),
        (None, "-"),
        (True, "yes"),
        (12345, "12,345"),
        (-1234.5, "-1,234.50"),
        (0.00012345, "0.000123"),
        (math.inf, "inf"),
        ("x", "x"),
    ],
)
def test_a_cell_is_shown_as_a_reader_wants_it(value, text):
    assert shown(value) == text


def test_numbers_that_json_lacks_become_null():
    assert plain({"a": [math.nan, -math.inf, 1.5], 2: (True, None)}) == {
        "a": [None, None, 1.5],
        "2": [True, None],
    }
