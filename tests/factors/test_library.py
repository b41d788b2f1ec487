"""Every factor of the table: hand-worked numbers, its past, its future, its sets."""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.errors import SettingsError
from alphamill.factors.compute import compute
from alphamill.factors.events import Events
from alphamill.factors.library.table import (
    BY_NAME,
    FACTORS,
    PARTS,
    SETS,
    as_markdown,
    expressions,
    factor_set,
    formula_id,
)
from alphamill.factors.panel import Panel
from tests.factors.markets import made_up, with_all
from tests.factors.panels import closes, grid, random_panel, with_other_future

every_factor = pytest.mark.parametrize("name", [row.name for row in FACTORS])
CUTS = (300, 417, 555)


def computed(panel: Panel) -> dict[str, np.ndarray]:
    return compute(panel, expressions(FACTORS))


@pytest.fixture(scope="module")
def whole():
    return computed(with_all(*made_up()))


@pytest.fixture(scope="module")
def cut():
    panel, events = made_up()
    return {t: computed(with_all(panel.rows(0, t), known(events, panel, t))) for t in CUTS}


@pytest.fixture(scope="module")
def other():
    panel, events = made_up()
    changed = with_other_future(panel, CUTS[0], seed=2)
    return computed(with_all(changed, known(events, panel, CUTS[0], scale=3.0)))


def known(events, panel, n_rows, scale=None) -> dict[str, Events]:
    """Return the events public by a row; with ``scale`` all, the later ones' numbers changed."""
    last = panel.close_ns[n_rows - 1]
    return {kind: changed(table, last, scale) for kind, table in events.items()}


def changed(table: Events, last: int, scale: float | None) -> Events:
    is_later = table.known_ns > last
    kept = ~is_later if scale is None else np.ones(len(table), dtype=np.bool_)
    rows = np.flatnonzero(kept)
    factor = np.where(is_later, -(scale or 1.0), 1.0)
    return replace(
        table,
        symbol=tuple(table.symbol[i] for i in rows),
        event_ns=table.event_ns[rows],
        known_ns=table.known_ns[rows],
        numbers={n: (v * factor)[rows] for n, v in table.numbers.items()},
        text={n: tuple(v[i] for i in rows) for n, v in table.text.items()},
    )


@every_factor
def test_a_shorter_history_gives_the_same_values(name, whole, cut):
    for t in CUTS:
        assert np.array_equal(whole[name][:t], cut[t][name], equal_nan=True), t


@every_factor
def test_another_future_changes_nothing(name, whole, other):
    first = CUTS[0]

    assert np.array_equal(whole[name][:first], other[name][:first], equal_nan=True)


@every_factor
def test_it_has_values_and_tells_apart(name, whole):
    values = whole[name][260:]

    assert np.isnan(values).mean() < 0.4
    assert np.isfinite(values[~np.isnan(values)]).all()
    assert np.nanstd(values) > 0.0 or name.startswith("macro_")


@every_factor
def test_its_newest_date_is_known(name, whole):
    # What is missing in the newest rows cannot be traded: F1, F6.
    assert not np.isnan(whole[name][-5:]).all()


@every_factor
def test_the_sessions_it_declares_before_are_enough(name):
    panel = with_all(*made_up())
    e = expressions([BY_NAME[name]])[name]
    whole = compute(panel, {name: e})[name]

    late = compute(panel.rows(300 - e.rows_before, 302), {name: e})[name][-2:]

    np.testing.assert_allclose(late, whole[300:302], rtol=1e-9, atol=1e-12)


def factor(panel: Panel, name: str) -> np.ndarray:
    return compute(panel, expressions([BY_NAME[name]], has_ranges=panel.has_ranges))[name]


@pytest.mark.parametrize(
    ("name", "expected", "n_before"),
    [
        ("returns_1m", 0.021, 21),
        ("returns_3m", 0.063, 63),
        ("returns_6m", 0.126, 126),
        ("returns_12m", 0.252, 252),
        ("momentum_12m_excl_1m", 0.231, 252),
        ("rv_20", 0.0, 20),
    ],
)
def test_steady_growth_gives_the_specifications_numbers(name, expected, n_before):
    panel = closes(list(100.0 * np.exp(0.001 * np.arange(300))))

    told = factor(panel, name)[:, 0]

    assert np.isnan(told[:n_before]).all()
    assert told[n_before:] == pytest.approx(np.full(300 - n_before, expected), abs=1e-12)


def test_a_rise_to_come_is_not_in_trailing_returns():
    panel = closes([100.0] * 30 + [200.0] * 30)

    told = factor(panel, "returns_1m")[:, 0]

    # Shifted the other way (F1), the rise would show from row 9 on.
    assert told[21:30].tolist() == [0.0] * 9
    assert told[30] == pytest.approx(np.log(2.0))


@pytest.mark.parametrize(("n", "expected"), [(20, 2.375), (50, 6.125), (200, 24.875)])
def test_a_straight_line_has_the_specifications_trend_strength(n, expected):
    close = (100.0 + 0.5 * np.arange(260.0))[:, None]
    panel = grid({"close": close, "high": close + 1.0, "low": close - 1.0})

    told = factor(panel, f"trend_strength_{n}")[:, 0]

    assert np.isnan(told[: n - 1]).all()
    assert told[max(n, 20) :] == pytest.approx(np.full(260 - n, expected))


def test_without_highs_and_lows_the_range_comes_from_closes():
    close = 100.0 * np.cumprod(1.0 + 0.01 * np.where(np.arange(40) % 2, 1.0, -1.0))
    panel = closes(list(close))

    told = factor(panel, "trend_strength_20")[-1, 0]

    moves = close[-20:] / close[-21:-1] - 1.0
    assert told == pytest.approx((close[-1] - close[-20:].mean()) / (moves.std(ddof=1) * close[-1]))


def test_a_reversal_is_measured_against_the_days_before_alone():
    rng = np.random.default_rng(1)
    moves = 0.01 * rng.standard_normal(80)
    moves[-1] = 0.2
    panel = closes(list(100.0 * np.cumprod(1.0 + moves)))

    told = factor(panel, "reversal_1d")[-1, 0]

    before = moves[-61:-1]
    # With the day itself in its window no value could exceed 7.6.
    assert told == pytest.approx((0.2 - before.mean()) / before.std(ddof=1))
    assert told > 10.0


def test_a_price_at_rest_has_no_reversal():
    told = factor(closes(list(100.0 * 1.001 ** np.arange(80)), [5.0] * 80), "reversal_1d")

    assert np.isnan(told[:, 1]).all()


def test_the_volumes_reference_does_not_hold_the_day_itself():
    panel = random_panel(n_dates=80, gaps=0.0)
    volume = np.log(panel.fields["volume"][:, 2])

    told = factor(panel, "volume_zscore")[-1, 2]

    before = volume[-61:-1]
    assert told == pytest.approx((volume[-1] - before.mean()) / before.std(ddof=1))


def test_volatility_is_annual_and_its_volatility_too():
    panel = random_panel(n_dates=120, gaps=0.0, leavers=False)
    log_return = np.diff(np.log(panel.fields["close"][:, 0]), prepend=np.nan)

    rv = [log_return[t - 19 : t + 1].std(ddof=1) * np.sqrt(252) for t in range(60, 120)]

    assert factor(panel, "rv_20")[60:, 0] == pytest.approx(np.array(rv))
    assert factor(panel, "vov_20_60")[-1, 0] == pytest.approx(np.std(rv, ddof=1))


def test_the_spread_of_bouncing_closes_is_found():
    rng = np.random.default_rng(0)
    middle = 100.0 * np.exp(np.cumsum(0.001 * rng.standard_normal((400, 60)), axis=0))
    close = middle * np.exp(0.01 * rng.choice([-0.5, 0.5], middle.shape))
    panel = grid({"close": close, "high": middle * 1.0051, "low": middle / 1.0051})

    told = factor(panel, "spread_abdi_ranaldo_20")

    assert np.nanmean(told) == pytest.approx(0.01, rel=0.05)


def test_an_unknown_set_is_refused_and_the_nearest_is_named():
    with pytest.raises(SettingsError, match=r"received 'core\+alts'.*nearest.*core\+alt"):
        factor_set("core+alts")


def test_each_set_is_the_sum_of_its_parts():
    assert {row.name for row in factor_set("core+alt_full").factors} == {
        row.name for part in ("core", "alt", "alt_news") for row in PARTS[part]
    }
    assert factor_set("ml_alpha_only").factors == ()
    assert [factor_set(name).takes_ml for name in ("core", "core+ml", "ml_alpha_only")] == [
        False,
        True,
        True,
    ]


def test_every_set_with_core_has_what_bundles_ask_of_it():
    for name in (n for n in SETS if n.split("+")[0] == "core"):
        names = [row.name for row in factor_set(name).factors]
        assert "rv_20" in names
        assert len(names) == len(set(names))


def test_no_factor_is_an_outcome_and_none_is_named_like_one():
    assert [r.name for r in FACTORS if r.name.startswith(("fwd_", "post_", "ml_"))] == []


def test_a_formulas_identity_follows_the_formula():
    row = BY_NAME["returns_1m"]

    assert formula_id(row) != formula_id(replace(row, formula="delta(log(close), 22)"))
    assert formula_id(row) == formula_id(replace(row, formula="delta(log(close),21)"))


def test_the_page_has_every_factor():
    assert [row.name for row in FACTORS if f"`{row.name}`" not in as_markdown()] == []
