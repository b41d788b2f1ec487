"""Each operator against its slow twin, by hand, and against its own future."""

import ast

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError
from alphamill.core.market import Floats
from alphamill.factors.compute import compute
from alphamill.factors.expression import Expression, parse
from alphamill.factors.operators import windows
from alphamill.factors.operators.table import OPERATORS
from alphamill.factors.panel import Panel
from tests.factors.panels import closes, grid, random_panel, with_other_future
from tests.factors.readable import TWINS

every_operator = pytest.mark.parametrize("name", [row.name for row in OPERATORS])
WINDOWS = [row.name for row in OPERATORS if row.kind == "window"]
# x and y share levels, so that ties occur; z is 0 at times.
ROUNDED = {
    "x": lambda p: np.round(p.fields["close"] / 4.0) - 12.0,
    "y": lambda p: np.round(p.fields["open"] / 6.0) - 8.0,
    "z": lambda p: np.round(p.fields["volume"] / 2e5) % 2.0,
    "g": lambda p: p.fields["sector"],
}


def rich_panel(n_dates: int = 40, leavers: bool = False) -> Panel:
    panel = random_panel(n_dates=n_dates, n_symbols=6, gaps=0.04, leavers=leavers)
    return panel.with_fields({name: make(panel) for name, make in ROUNDED.items()})


def formula(name: str) -> Expression:
    return parse(f"{name}({TWINS[name][0]})")


def value(panel: Panel, text: str, **options: int) -> Floats:
    return compute(panel, {"f": parse(text)}, **options)["f"]


@every_operator
def test_it_equals_its_slow_twin(name):
    panel = rich_panel()
    given = ast.parse(f"f({TWINS[name][0]})", mode="eval").body.args
    inputs = [
        pd.DataFrame(panel.fields[a.id]) if isinstance(a, ast.Name) else a.value for a in given
    ]

    with np.errstate(all="ignore"):
        twin = TWINS[name][1](*inputs).to_numpy(dtype=np.float64)

    np.testing.assert_allclose(
        compute(panel, {"f": formula(name)})["f"], twin, rtol=1e-9, atol=1e-12
    )


@every_operator
@pytest.mark.parametrize("first", [23])
def test_it_never_reads_the_future(name, first):
    panel = rich_panel(leavers=True)

    whole = compute(panel, {"f": formula(name)})["f"]
    cut = compute(panel.rows(0, first), {"f": formula(name)})["f"]
    other = compute(with_other_future(panel, first, seed=1), {"f": formula(name)})["f"]

    assert np.array_equal(whole[:first], cut, equal_nan=True)
    assert np.array_equal(whole[:first], other[:first], equal_nan=True)


@every_operator
def test_its_declared_memory_is_enough(name):
    panel = rich_panel()
    e = formula(name)
    whole = compute(panel, {"f": e})["f"]

    rows = range(e.rows_before, 40, 7)
    last = [compute(panel.rows(t - e.rows_before, t + 1), {"f": e})["f"][-1] for t in rows]

    np.testing.assert_allclose(last, whole[list(rows)], rtol=1e-12, atol=1e-13)


@every_operator
def test_its_digits_do_not_depend_on_how_the_dates_are_cut(name):
    panel = rich_panel(n_dates=150)
    ranked = parse(f"rank({name}({TWINS[name][0]}))")

    whole = compute(panel, {"f": ranked})["f"]

    assert np.array_equal(whole, compute(panel, {"f": ranked}, cap_bytes=1)["f"], equal_nan=True)


@every_operator
def test_it_never_gives_an_infinity(name):
    panel = rich_panel()
    panel = panel.with_fields({"x": panel.fields["x"] * 1e3, "y": panel.fields["y"] * 0.0})

    assert not np.isinf(compute(panel, {"f": formula(name)})["f"]).any()


def test_every_operator_has_a_twin():
    assert sorted(TWINS) == sorted(row.name for row in OPERATORS)


@pytest.mark.parametrize("name", [n for n in WINDOWS if n not in ("delay", "ts_last", "ts_count")])
def test_a_gap_leaves_no_trace_behind_its_window(name):
    panel = rich_panel()
    e = formula(name)
    whole = panel.fields["x"].copy()
    whole[np.isnan(whole)] = 1.0
    broken = whole.copy()
    broken[20] = np.nan

    one = compute(panel.with_fields({"x": whole, "y": whole[::-1].copy()}), {"f": e})["f"]
    other = compute(panel.with_fields({"x": broken, "y": whole[::-1].copy()}), {"f": e})["f"]

    after = 20 + e.rows_before + 1
    np.testing.assert_allclose(other[after:], one[after:], rtol=1e-12, atol=1e-12)


def test_a_lively_past_leaves_no_trace_in_a_flat_window():
    panel = closes([1e9, 1e-3, 7.1, 7.1, 7.1, 7.1, 7.1, 7.1])

    assert value(panel, "ts_mean(close, 3)")[4:, 0].tolist() == [7.1] * 4
    assert value(panel, "ts_std(close, 3)")[4:, 0].tolist() == [0.0] * 4
    assert np.isnan(value(panel, "correlation(close, close, 3)")[4:, 0]).all()


def test_windows_by_hand():
    panel = closes([3.0, 1.0, 2.0, 5.0])

    told = {
        text: value(panel, text)[3, 0]
        for text in (
            "decay_linear(close, 3)",
            "ts_rank(close, 4)",
            "ts_argmax(close, 4)",
            "ts_argmin(close, 4)",
            "ts_slope(close, 3)",
            "delta(close, 2)",
        )
    }

    # (1 + 2*2 + 3*5) / 6; 5 is the highest of 4; oldest row is 1; slope of 1, 2, 5 is 2.
    assert list(told.values()) == pytest.approx([20 / 6, 1.0, 4.0, 2.0, 2.0, 4.0])


def test_ranks_of_equal_values_are_equal_and_the_unknown_have_none():
    panel = closes([1.0], [4.0], [4.0], [9.0])
    panel = panel.with_fields({"x": np.array([[1.0, 4.0, 4.0, np.nan]])})

    # Ranks 1, 2.5, 2.5 of 3.
    assert value(panel, "rank(x)")[0, :3].tolist() == pytest.approx([1 / 3, 2.5 / 3, 2.5 / 3])
    assert np.isnan(value(panel, "rank(x)")[0, 3])


def test_the_z_scores_of_one_to_five_are_the_specifications():
    panel = closes([1.0], [2.0], [3.0], [4.0], [5.0])

    z = value(panel, "zscore(close)")[0]

    assert z.tolist() == pytest.approx([-1.414214, -0.707107, 0.0, 0.707107, 1.414214], abs=1e-6)
    assert value(panel, "winsorize(close)")[0, [0, 4]].tolist() == pytest.approx([1.04, 4.96])


def test_who_is_no_member_has_no_rank_and_moves_nobodys():
    panel = closes([1.0], [2.0], [3.0])
    member = np.array([[True, False, True]])

    ranks = value(grid(dict(panel.fields), member), "rank(close)")[0]

    assert np.array_equal(ranks, [0.5, np.nan, 1.0], equal_nan=True)


def test_prices_before_membership_fill_the_windows_of_a_new_member():
    panel = closes([1.0, 2.0, 3.0, 4.0])
    member = np.array([[False], [False], [True], [True]])

    means = value(grid(dict(panel.fields), member), "ts_mean(close, 3)")[:, 0]

    assert np.array_equal(means, [np.nan, np.nan, 2.0, 3.0], equal_nan=True)


def test_limits_of_a_date_are_its_own():
    panel = closes([1.0, 1000.0], [2.0, 2000.0], [3.0, 3000.0])

    # One wild date clips no other: F9.
    assert value(panel, "winsorize(close, 0.25, 0.75)")[0].tolist() == [1.5, 2.0, 2.5]


def test_neutralising_really_takes_the_groups_means_away():
    panel = random_panel(gaps=0.0, leavers=False)

    left = value(panel, "neutralise(close, sector)")

    for group in range(3):
        assert np.abs(left[:, panel.fields["sector"][0] == group].mean(axis=1)).max() < 1e-12


def test_groups_that_are_no_whole_numbers_are_refused():
    with pytest.raises(DataError, match="whole numbers from 0 to 99999, received 50"):
        value(closes([50.5], [60.5]), "neutralise(close, close)")


def test_a_residual_is_not_correlated_with_what_was_taken_out():
    panel = random_panel(gaps=0.0, leavers=False)

    left = value(panel, "residual(close, volume)")

    off = panel.fields["volume"] - panel.fields["volume"].mean(axis=1, keepdims=True)
    assert np.abs((left * off).sum(axis=1) / np.abs(off).sum(axis=1)).max() < 1e-10


def test_compiled_windows_equal_their_plain_python():
    x = np.random.default_rng(0).standard_normal((20, 3))
    out = np.empty_like(x)

    kernel = windows.sums.window_mean
    getattr(kernel, "py_func", kernel)(x, 4, 4, 3, out)

    np.testing.assert_allclose(out, windows.ts_mean(x, 4, 4, first_row=3), rtol=1e-14)
