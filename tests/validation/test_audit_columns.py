"""Whatever a function returns becomes columns, and columns are compared as readers compare them."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError
from alphamill.validation.audit_columns import as_numbers, differing, flattened, named_columns


class Two(NamedTuple):
    up: np.ndarray
    down: np.ndarray | None = None


X = np.array([1.0, 2.0])


@pytest.mark.parametrize(
    ("said", "names"),
    [
        (X, ["value"]),
        (np.eye(2), ["value[0]", "value[1]"]),
        (pd.Series(X), ["value"]),
        (pd.DataFrame({"a": X, "b": X}), ["a", "b"]),
        (Two(X), ["up"]),
        (Two(X, pd.DataFrame({"c": X})), ["up", "down.c"]),
        ((X, X), ["value[0]", "value[1]"]),
        ({"a": X, 3: (X,)}, ["a", "3[0]"]),
        ([1, 2], ["value"]),
    ],
)
def test_columns_are_named(said, names):
    found = named_columns(said, 2)

    assert list(found) == names
    assert all(column.shape == (2,) for column in found.values())


def test_two_columns_of_one_name_are_both_seen():
    table = pd.DataFrame(np.array([[1.0, 2.0], [3.0, 4.0]]), columns=["a", "a"])

    assert [x.tolist() for _, x in flattened(table)] == [[1.0, 3.0], [2.0, 4.0]]


def test_a_mapping_that_holds_itself_ends():
    loop = {"x": X}
    loop["loop"] = loop

    assert list(dict(flattened(loop))) == ["x", "loop.x", "loop.loop.x"]


@pytest.mark.parametrize("said", [None, 1.0, "text", (), {}, np.zeros((2, 2, 2))])
def test_what_is_no_column_is_refused(said):
    with pytest.raises(DataError, match="must return columns of 2 rows"):
        named_columns(said, 2)


def test_a_column_of_other_rows_is_refused_by_name():
    with pytest.raises(DataError, match=r"b must have one row a bar \(2\), received 3"):
        named_columns({"a": X, "b": np.zeros(3)}, 2)


@pytest.mark.parametrize(
    ("some", "other", "rows"),
    [
        ([1.0, np.nan], [1.0, np.nan], [False, False]),
        ([1.0, np.nan], [np.nan, np.nan], [True, False]),
        ([0.0, 1.0], [-0.0, np.nextafter(1.0, 2.0)], [False, True]),
        ([True, False], [1, 0], [False, False]),
        ([2**60, 1], [2**60 + 1, 1], [True, False]),
        (["a", "b"], ["a", "c"], [False, True]),
        ([1.0, None], [1.0, float("nan")], [False, True]),
        ([1.0 + 1.0j, 2.0], [1.0 + 2.0j, 2.0], [True, False]),
    ],
)
def test_rows_are_compared(some, other, rows):
    assert differing(np.array(some), np.array(other)).tolist() == rows


def test_moments_are_compared_and_no_moment_equals_itself():
    some = np.array(["2020-01-01", "NaT"], dtype="datetime64[ns]")

    assert differing(some, some.copy()).tolist() == [False, False]
    assert differing(some, some + np.timedelta64(1, "ns")).tolist() == [True, False]


def test_a_tolerance_forgives_rounding_only():
    some = np.array([1e6, 1e6, np.inf, np.inf, 1.0])

    found = differing(some, np.array([1e6 + 1e-5, 1e6 + 1.0, np.inf, 1.0, np.nan]), rtol=1e-9)

    assert found.tolist() == [False, True, False, True, True]


def test_what_is_unknown_to_pandas_is_compared():
    some = pd.Series([1, None, 3], dtype="Int64").to_numpy()
    other = pd.Series([1, None, None], dtype="Int64").to_numpy()

    assert differing(some, other).tolist() == [False, False, True]
    assert differing(some, np.array([1, 2, 3])).tolist() == [False, True, False]


def test_text_becomes_a_number_that_names_it_in_any_history():
    up, down, again = as_numbers(np.array(["up", "down", "up"]))

    assert up == again != down
    assert as_numbers(np.array(["down"])).tolist() == [down]
    assert as_numbers(np.array([True, False])).tolist() == [1.0, 0.0]
    assert as_numbers(np.array([1, 2.5], dtype=object)).tolist() == [1.0, 2.5]
