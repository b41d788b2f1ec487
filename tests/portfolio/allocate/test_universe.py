"""What comes from files: gaps, holes, strangers and prices that are none are refused."""

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.portfolio.allocate.universe import read_table, returns_of, universe

from .markets import CLASSES, returns


def prices(n_days=40):
    return 100.0 * (1.0 + returns(n_days)).cumprod()


def test_returns_begin_with_the_first_price_and_skip_days_without_one():
    given = prices()
    given.iloc[:10, 0], given.iloc[20, 1] = np.nan, np.nan

    found, notes = returns_of(given)

    assert len(found) == 38
    assert found["A"].isna().sum() == 10
    two_days = (given["C"].iloc[21] / given["C"].iloc[19]) - 1.0
    assert found["C"].loc[given.index[21]] == pytest.approx(two_days)
    assert notes == ("days left out for all because a listed name had no price: 1",)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda p: p.assign(A=0.0), "A: prices must be above 0"),
        (lambda p: p.assign(A=np.nan), "no price at all"),
        (lambda p: p.assign(A=p["A"].where(p.index < p.index[-8])), "'A': 8"),
    ],
)
def test_prices_that_are_none_or_stop_are_refused(spoil, words):
    with pytest.raises(DataError, match=words):
        returns_of(spoil(prices()))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"classes": {"A": "x"}}, SettingsError, "without a class"),
        ({"classes": {**CLASSES, "Z": "x"}}, SettingsError, r"unknown \['Z'\]"),
        ({"cash": "Z"}, SettingsError, r"unknown \['Z'\]"),
        ({"signals": returns(40) * 0 + 2.0}, DataError, "between -1 and 1"),
        ({"returns": returns(40).iloc[::-1]}, DataError, "dates must rise"),
    ],
)
def test_a_universe_is_checked(change, error, words):
    with pytest.raises(error, match=words):
        universe(**{"returns": returns(40), **change})


def test_a_stream_with_a_hole_is_refused():
    frame = returns(40)
    frame.iloc[5, 2] = np.nan

    with pytest.raises(DataError, match="C: a listed name needs a return on every day"):
        universe(frame)


def test_signals_are_taken_by_date_and_name():
    given = pd.DataFrame({"B": [0.5]}, index=[returns(40).index[7]])

    found = universe(returns(40), signals=given)

    assert found.signals.at[found.returns.index[7], "B"] == 0.5
    assert found.signals.notna().sum().sum() == 1
    assert found.signals_are == "the user's"


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_tables_are_read_with_their_dates(kind, tmp_path):
    path = tmp_path / f"closes.{kind}"
    given = prices().rename_axis("Date")
    given.to_csv(path) if kind == "csv" else given.to_parquet(path)

    pd.testing.assert_frame_equal(read_table(path), given, check_freq=False, check_names=False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Date,A\n2020-01-02,1\n2020-01-01,2\n", "dates must rise"),
        ("Date,A\n2020-01-01,x\n", "one column of numbers a name"),
        ("Date,A\nhello,1\n", "dates in its first column"),
    ],
)
def test_what_is_no_table_is_refused(text, words, tmp_path):
    path = tmp_path / "closes.csv"
    path.write_text(text)

    with pytest.raises(DataError, match=words):
        read_table(path)
