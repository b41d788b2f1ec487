"""Shared parts once, memory within its cap, results where they are wanted."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import SettingsError
from alphamill.factors.compute import compute, plan
from alphamill.factors.expression import parse
from alphamill.factors.library.factor import NAMES
from alphamill.factors.library.table import expressions, factor_set
from alphamill.factors.panel_files import mapped_columns
from tests.factors.panels import random_panel

# After Kakushadze (2016), from the paper's text: numbers 1, 3, 4, 6, 12, 13, 33, 40, 41 (vwap is
# not known here: the mean of high, low and close stands in), 53, 54 and 101.
ALPHAS = {
    "alpha_1": "rank(ts_argmax(signed_power(where(returns < 0, ts_std(returns, 20), close), 2), 5))"
    " - 0.5",
    "alpha_3": "-1 * correlation(rank(open), rank(volume), 10)",
    "alpha_4": "-1 * ts_rank(rank(low), 9)",
    "alpha_6": "-1 * correlation(open, volume, 10)",
    "alpha_12": "sign(delta(volume, 1)) * (-1 * delta(close, 1))",
    "alpha_13": "-1 * rank(covariance(rank(close), rank(volume), 5))",
    "alpha_33": "rank(-1 * (1 - open / close))",
    "alpha_40": "-1 * rank(ts_std(high, 10)) * correlation(high, volume, 10)",
    "alpha_41": "sqrt(high * low) - (high + low + close) / 3",
    "alpha_53": "-1 * delta(((close - low) - (high - close)) / (close - low), 9)",
    "alpha_54": "-1 * (low - close) * open ** 5 / ((low - high) * close ** 5)",
    "alpha_101": "(close - open) / ((high - low) + 0.001)",
}


def read(name):
    return parse(ALPHAS[name], NAMES)


@pytest.mark.parametrize("name", ALPHAS)
def test_published_formulas_are_written_in_one_line_and_read_no_future(name):
    panel = random_panel(n_dates=80)

    whole = compute(panel, {"a": read(name)})["a"]

    assert np.isfinite(whole[~np.isnan(whole)]).all()
    assert (~np.isnan(whole[40:])).mean() > 0.3
    assert np.array_equal(whole[:50], compute(panel.rows(0, 50), {"a": read(name)})["a"], True)


def test_a_nested_formula_equals_its_pandas_twin():
    panel = random_panel(n_dates=60, gaps=0.02)
    close, volume = (
        pd.DataFrame(np.where(panel.member, panel.fields[n], np.nan)) for n in ("close", "volume")
    )
    ranks = [x.rank(axis=1, pct=True) for x in (close, volume)]
    twin = ranks[0].rolling(5).cov(ranks[1]) * -ranks[0].rolling(9).rank(pct=True)

    text = "-1 * ts_rank(rank(close), 9) * covariance(rank(close), rank(volume), 5)"
    told = compute(panel, {"a": parse(text)})["a"]

    np.testing.assert_allclose(told, twin.where(panel.member), atol=1e-12)


def test_what_several_factors_share_is_one_step():
    told = expressions(factor_set("core").factors)

    steps = [e.text for e in plan(told.values()).steps]

    assert len(steps) == len(set(steps))
    assert steps.count("log(close)") == 1
    # Three trends, one true range.
    assert sum(text.startswith("ts_mean(max(") for text in steps) == 1


def test_a_part_is_let_go_after_its_last_use():
    chain = "close"
    for _ in range(30):
        chain = f"abs({chain})"

    assert plan([parse(chain)]).most_held == 2


def test_memory_between_fields_and_results_keeps_to_the_cap():
    panel = random_panel(n_dates=1500, n_symbols=90, gaps=0.0, leavers=False)
    e = {"f": parse("rank(ts_mean(abs(delta(close, 1)), 20) / ts_std(close, 20)) * rank(open)")}
    out = {"f": np.empty(panel.shape)}
    compute(panel, e, out=out)

    tracemalloc.start()
    compute(panel, e, out=out, cap_bytes=1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    # One whole series of this panel is 1.1 MB, and up to five live at once.
    assert peak < 1_500_000


def test_results_go_into_mapped_files(tmp_path):
    panel = random_panel()
    told = expressions(factor_set("core").factors)
    files = mapped_columns(tmp_path / "x", list(told), panel.shape)

    compute(panel, told, out=files)

    plain = compute(panel, told)
    assert all(np.array_equal(files[n], plain[n], equal_nan=True) for n in told)
    assert (tmp_path / "x" / "rv_20.npy").stat().st_size > panel.shape[0] * panel.shape[1] * 8


def test_what_else_is_computed_changes_no_digit():
    panel = random_panel()
    told = expressions(factor_set("core").factors)

    alone = compute(panel, {"rv_20": told["rv_20"]})["rv_20"]

    assert np.array_equal(alone, compute(panel, told)["rv_20"], equal_nan=True)


def test_the_order_of_symbols_changes_no_value():
    panel = random_panel(gaps=0.0, leavers=False)
    mirrored = panel.with_fields({n: v[:, ::-1] for n, v in panel.fields.items()})
    e = {"f": parse("rank(ts_std(close, 9)) + ts_rank(volume, 5)")}

    assert np.array_equal(
        compute(panel, e)["f"], compute(mirrored, e)["f"][:, ::-1], equal_nan=True
    )


def test_a_symbol_alone_has_the_middle_of_nothing():
    panel = random_panel(n_symbols=1, gaps=0.0, leavers=False)

    told = compute(panel, {n: parse(f"{n}(close)") for n in ("rank", "zscore", "demean")})

    assert np.unique(told["rank"]).tolist() == [1.0]
    assert np.isnan(told["zscore"]).all()
    assert np.abs(told["demean"]).max() == 0.0


def test_a_field_that_is_not_there_is_refused():
    with pytest.raises(SettingsError, match=r"factor 'f' reads \['vwap'\].*it has \['close'"):
        compute(random_panel(), {"f": parse("rank(vwap)")})
    with pytest.raises(SettingsError, match="must read a field, received '3'"):
        compute(random_panel(), {"f": parse("3")})
    with pytest.raises(SettingsError, match=r"out must have an array of shape \(150, 7\) for 'f'"):
        compute(random_panel(), {"f": parse("close")}, out={})


def test_who_is_no_member_has_no_value_of_any_factor():
    panel = random_panel()

    told = compute(panel, expressions(factor_set("core").factors))

    assert all(np.isnan(values[~panel.member]).all() for values in told.values())
