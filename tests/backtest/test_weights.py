"""Target weights over a panel: worked by hand, and against a plain twin on random panels."""

import math
from dataclasses import fields

import numpy as np
import pytest

from alphamill.backtest import weights as loop
from alphamill.backtest.weights import Charges, order_fee, run_weights, sized
from alphamill.core.errors import DataError, SettingsError

NAN = math.nan
PLAIN = getattr(loop._follow, "py_func", loop._follow)


def one(open_, close, weights, **given):
    """Run one asset; columns are given as rows."""
    panel = [np.array(column, dtype=np.float64)[:, None] for column in (open_, close, weights)]
    return run_weights(*panel, **{"cash": 1_000.0, **given})


def test_an_order_is_sized_at_the_close_and_filled_at_the_next_open():
    # 1,000 / 100 = 10 units, bought at 110: cash -100. At the close of 121: 1,110.
    # Bought at the same close it would be 1,210; sized at the open, 9.09 units.
    result = one([100, 110], [100, 121], [1, NAN])

    assert result.units[:, 0].tolist() == [0.0, 10.0]
    assert result.equity.tolist() == [1_000.0, 1_110.0]
    assert result.traded.tolist() == [0.0, 1_100.0]
    assert result.n_fills.tolist() == [0, 1]


def test_a_holding_drifts_until_the_next_decision():
    # Half in at 100: 5 units. Left alone while the price doubles; then back to half of 1,500.
    result = one([100, 100, 200, 200], [100, 200, 200, 200], [0.5, NAN, 0.5, NAN])

    assert result.units[:, 0].tolist() == [0.0, 5.0, 5.0, 3.75]
    assert result.equity.tolist() == [1_000.0, 1_500.0, 1_500.0, 1_500.0]
    assert result.n_fills.tolist() == [0, 1, 0, 1]


def test_a_weight_of_zero_sells_and_an_unknown_one_does_not():
    result = one([100, 100, 120, 120], [100, 110, 120, 130], [1, 0, NAN, NAN])

    assert result.units[:, 0].tolist() == [0.0, 10.0, 0.0, 0.0]
    # Sold at 120, the next open, not at 110.
    assert result.equity.tolist() == [1_000.0, 1_100.0, 1_200.0, 1_200.0]


def test_an_order_waits_where_there_is_no_open():
    result = one([100, NAN, 105, 110], [100, NAN, 105, 110], [1, NAN, NAN, NAN])

    assert result.units[:, 0].tolist() == [0.0, 0.0, 10.0, 10.0]
    assert result.equity.tolist() == [1_000.0, 1_000.0, 1_000.0, 1_050.0]
    assert result.n_fills.tolist() == [0, 0, 1, 0]


def test_nothing_is_decided_where_there_is_no_close():
    result = one([100, 100, 100], [100, NAN, 100], [NAN, 1, NAN])

    assert result.units.ravel().tolist() == [0.0, 0.0, 0.0]


def test_a_later_decision_replaces_a_waiting_order():
    # The first order never finds an open; the second is of half.
    result = one([100, NAN, 100, 100], [100, 100, 100, 100], [1, 0.5, NAN, NAN])

    assert result.units[:, 0].tolist() == [0.0, 0.0, 5.0, 5.0]


def test_a_holding_keeps_its_last_value_where_there_is_no_close():
    result = one([100, 100, NAN, 90], [100, 110, NAN, 90], [1, NAN, NAN, NAN])

    assert result.equity.tolist() == [1_000.0, 1_100.0, 1_100.0, 900.0]


def test_no_order_is_placed_on_the_last_date():
    result = one([100, 100], [100, 100], [NAN, 1])

    assert result.n_fills.tolist() == [0, 0]
    assert result.units.ravel().tolist() == [0.0, 0.0]


def test_a_short_earns_what_the_price_loses():
    # -5 units at 100: cash 1,500; bought back at 80.
    result = one([100, 100, 80], [100, 90, 80], [-0.5, 0, NAN])

    assert result.units[:, 0].tolist() == [0.0, -5.0, 0.0]
    assert result.equity.tolist() == [1_000.0, 1_050.0, 1_100.0]


def test_a_reversal_is_one_order_for_the_whole_change():
    result = one([100, 100, 100], [100, 100, 100], [1, -1, NAN], charges=Charges(minimum=7))

    assert result.units[:, 0].tolist() == [0.0, 10.0, pytest.approx(-9.93)]
    assert result.fees.tolist() == [0.0, 7.0, 7.0]
    assert result.traded.tolist() == [0.0, 1_000.0, pytest.approx(1_993.0)]


@pytest.mark.parametrize(
    ("weight", "price", "equity"),
    # 10 units at 101: cash -10 and 1,000 of value. Sold short at 99: cash 1,990, owing 1,000.
    [(1, 101.0, 990.0), (-1, 99.0, 990.0)],
)
def test_slippage_worsens_the_open_on_either_side(weight, price, equity):
    result = one([100, 100], [100, 100], [weight, NAN], charges=Charges(slip_frac=0.01))

    assert result.traded[1] == pytest.approx(10 * price)
    assert result.equity[1] == pytest.approx(equity)


def test_a_sale_of_what_is_held_slips_downward():
    result = one([100, 100, 100], [100, 100, 100], [0.5, 0, NAN], charges=Charges(slip_frac=0.01))

    # Bought at 101, sold at 99: 5 units lose 2 each.
    assert result.equity.tolist() == pytest.approx([1_000.0, 995.0, 990.0])


@pytest.mark.parametrize(
    ("charges", "fee"),
    [
        (Charges(per_unit=0.5), 5.0),
        (Charges(per_unit=0.5, minimum=8.0), 8.0),
        (Charges(per_unit=0.5, cap_frac=0.002), 2.0),
        # The cap is on the smallest fee too: 0.2 % of 1,000.
        (Charges(per_unit=0.5, minimum=8.0, cap_frac=0.002), 2.0),
        # A tax on the value comes on top and is not capped.
        (Charges(per_unit=0.5, cap_frac=0.002, fee_frac=0.003), 5.0),
        (Charges(), 0.0),
    ],
)
@pytest.mark.parametrize("change", [10.0, -10.0])
def test_fee_of_an_order_for_10_units_at_100(charges, fee, change):
    assert order_fee(change, 100.0, charges) == pytest.approx(fee)


def test_the_fee_is_of_the_slipped_price():
    charges = Charges(fee_frac=0.01, slip_frac=0.1)

    result = one([100, 100], [100, 100], [0.5, NAN], charges=charges)

    # 5 units at 110: 1 % of 550; equity 1,000 - 50 of slippage - 5.50.
    assert result.fees[1] == pytest.approx(5.5)
    assert result.equity[1] == pytest.approx(944.5)


WHOLE = [
    # 999 / 100, and no more than fits: 9 units.
    (999.0, 100.0, Charges(), 9),
    (-999.0, 100.0, Charges(), -9),
    (1_000.0, 100.0, Charges(), 10),
    # 10 units and their fee of 1 do not fit into 1,000; into 1,001 they do.
    (1_000.0, 100.0, Charges(minimum=1.0), 9),
    (1_001.0, 100.0, Charges(minimum=1.0), 10),
    (-1_000.0, 100.0, Charges(minimum=1.0), -9),
    # Fees of 30 a unit: 130 n <= 1,000.
    (1_000.0, 100.0, Charges(per_unit=30.0), 7),
    (99.0, 100.0, Charges(), 0),
    # A single unit whose fee is more than what is left.
    (100.0, 100.0, Charges(minimum=1.0), 0),
    (0.0, 100.0, Charges(minimum=1.0), 0),
]


@pytest.mark.parametrize(("value", "price", "charges", "units"), WHOLE)
def test_whole_units_and_their_fee_fit_the_weight(value, price, charges, units):
    assert sized(value, price, charges, True) == units


def test_parts_of_units_are_bought_unless_whole_ones_are_asked_for():
    assert sized(999.0, 100.0, Charges(minimum=1.0), False) == 9.99
    assert one([300] * 2, [300] * 2, [1, NAN], whole_units=True).units[1, 0] == 3.0
    assert one([400] * 2, [400] * 2, [1, NAN]).units[1, 0] == 2.5


def test_two_assets_share_one_account():
    # Half each of 1,000; the first gains 50, the second loses 25; then all of 1,025 in the second.
    open_ = np.array([[100.0, 50.0], [100.0, 50.0], [110.0, 47.5]])
    weights = np.array([[0.5, 0.5], [0.0, 1.0], [NAN, NAN]])

    result = run_weights(open_, open_ + [[0, 0], [10, -2.5], [0, 0]], weights, cash=1_000.0)

    assert result.equity.tolist() == pytest.approx([1_000.0, 1_025.0, 1_025.0])
    assert result.units[1].tolist() == [5.0, 10.0]
    assert result.units[2].tolist() == pytest.approx([0.0, 1_025 / 47.5])
    assert result.n_fills.tolist() == [0, 2, 2]


def test_rebalancing_to_constant_weights_without_costs_earns_the_weighted_return():
    # Opens at the last close, so that an order is filled at the price it was sized at.
    rng = np.random.default_rng(4)
    close = 50.0 * np.exp(np.cumsum(rng.normal(0.0, 0.02, (300, 3)), axis=0))
    open_ = np.vstack([close[:1], close[:-1]])
    kept = np.array([0.6, 0.7, -0.4])

    result = run_weights(open_, close, np.tile(kept, (300, 1)), cash=5_000.0)

    earned = (close[1:] / close[:-1] - 1.0) @ kept
    np.testing.assert_allclose(result.equity[1:], 5_000.0 * np.cumprod(1.0 + earned), rtol=1e-12)
    assert result.fees.sum() == 0.0


# --- twins -------------------------------------------------------------------------------------


def random_panel(seed: int):
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(2, 60)), int(rng.integers(1, 6)))
    close = 40.0 * np.exp(np.cumsum(rng.normal(0.0, 0.03, shape), axis=0))
    open_ = close * np.exp(rng.normal(0.0, 0.01, shape))
    for column in (open_, close):
        column[rng.random(shape) < 0.1] = NAN
    weights = rng.uniform(-0.6, 0.8, shape)
    weights[rng.random(shape) < 0.5] = NAN
    weights[rng.random(shape) < 0.1] = 0.0
    cap = float(rng.choice([0.005, math.inf]))
    charges = Charges(0.01, 1.0, cap, 0.0005, 0.001) if rng.random() < 0.8 else Charges()
    return (open_, close, weights), charges, bool(rng.random() < 0.5)


def plainly(open_, close, weights, cash, charges, whole_units):
    """Follow the weights with dictionaries and words: the readable twin."""
    held, waiting, last_close, days = {}, {}, {}, []
    for t, (opens, closes) in enumerate(zip(open_, close, strict=True)):
        fees, traded, fills = 0.0, 0.0, 0
        for k in [k for k in waiting if not math.isnan(opens[k])]:
            change = waiting.pop(k) - held.get(k, 0.0)
            price = opens[k] * (1 + charges.slip_frac * (1 if change > 0 else -1))
            paid = fee_of(change, price, charges) if change else 0.0
            cash -= change * price + paid
            held[k] = held.get(k, 0.0) + change
            fees, traded, fills = fees + paid, traded + abs(change * price), fills + (change != 0)
        last_close |= {k: p for k, p in enumerate(closes) if not math.isnan(p)}
        equity = cash + sum(n * last_close[k] for k, n in held.items() if n)
        days.append((equity, fees, traded, fills, [held.get(k, 0.0) for k in range(len(opens))]))
        if t < len(open_) - 1:
            for k in range(len(opens)):
                if not math.isnan(weights[t][k] * closes[k]):
                    asked = weights[t][k] * equity / closes[k]
                    waiting[k] = whole(asked, closes[k], charges) if whole_units else asked
    return days


def fee_of(change, price, charges):
    value = abs(change) * price
    fixed = min(max(charges.minimum, charges.per_unit * abs(change)), charges.cap_frac * value)
    return fixed + charges.fee_frac * value


def whole(asked, price, charges):
    n = int(abs(asked))
    while n and n * price + fee_of(n, price, charges) > abs(asked) * price:
        n -= 1
    return math.copysign(n, asked)


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_a_plain_twin_keeps_the_same_account(first):
    for seed in range(first, first + 50):
        panel, charges, whole_units = random_panel(seed)
        result = run_weights(*panel, cash=10_000.0, charges=charges, whole_units=whole_units)

        days = plainly(*panel, 10_000.0, charges, whole_units)

        for name, column in zip(
            ("equity", "fees", "traded", "n_fills", "units"), zip(*days, strict=True), strict=True
        ):
            np.testing.assert_allclose(getattr(result, name), column, rtol=1e-9, atol=1e-9)


def test_random_panels_hold_what_they_should():
    ran = [
        run_weights(*panel, cash=10_000.0, charges=charges, whole_units=whole_units)
        for panel, charges, whole_units in map(random_panel, range(50))
    ]

    assert sum(result.n_fills.sum() for result in ran) > 2_000
    assert any((result.units < 0).any() for result in ran)


def test_compiled_equals_uncompiled(monkeypatch):
    panels = [random_panel(seed) for seed in range(60)]
    fast = [run_weights(*p, cash=10_000.0, charges=c, whole_units=w) for p, c, w in panels]

    monkeypatch.setattr(loop, "_follow", PLAIN)
    slow = [run_weights(*p, cash=10_000.0, charges=c, whole_units=w) for p, c, w in panels]

    for one_, other in zip(fast, slow, strict=True):
        for f in fields(one_):
            np.testing.assert_allclose(getattr(one_, f.name), getattr(other, f.name), rtol=1e-12)


# --- what is refused ---------------------------------------------------------------------------

SOUND = np.full((3, 2), 100.0)


@pytest.mark.parametrize(
    ("panel", "received"),
    [
        ((SOUND, SOUND, SOUND[:2]), "[(3, 2), (3, 2), (2, 2)]"),
        ((SOUND, SOUND[:, :1], SOUND), "[(3, 2), (3, 1), (3, 2)]"),
        ((SOUND[0], SOUND[0], SOUND[0]), "[(2,), (2,), (2,)]"),
    ],
)
def test_other_shapes_are_refused(panel, received):
    with pytest.raises(DataError) as caught:
        run_weights(*panel, cash=1.0)

    assert str(caught.value) == (
        "open, close and weights must share one shape (n_dates, n_assets), received "
        f"{received}. Align them to one panel."
    )


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("price", [0.0, -1.0])
def test_a_price_that_is_not_positive_is_refused(which, price):
    panel = [SOUND.copy(), SOUND.copy(), SOUND]
    panel[which][1, 1] = price

    with pytest.raises(DataError, match=r"prices of a weights backtest must be positive; use NaN"):
        run_weights(*panel, cash=1.0)


@pytest.mark.parametrize(
    ("which", "value", "words"),
    [
        (0, math.inf, "open"),
        (1, math.inf, "close"),
        (2, math.inf, "weights"),
        (0, -1.0, r"open.*date 1, asset 1 holds -1\.0"),
    ],
)
def test_the_place_of_a_bad_number_is_named(which, value, words):
    panel = [SOUND.copy(), SOUND.copy(), SOUND / 100]
    panel[which][1, 1] = value

    with pytest.raises(DataError, match=words):
        run_weights(*panel, cash=1.0)


@pytest.mark.parametrize("cash", [0.0, -1.0, NAN])
def test_an_account_starts_with_something(cash):
    with pytest.raises(SettingsError, match=rf"cash must be above 0, received {cash!r}\."):
        run_weights(SOUND, SOUND, SOUND, cash=cash)


def test_whole_numbers_are_taken_as_real_ones():
    ones = np.full((3, 2), 100)

    result = run_weights(ones, ones, np.ones((3, 2), dtype=np.int64), cash=10)

    assert result.equity.dtype == np.float64
    assert result.units[1].tolist() == [0.1, 0.1]


@pytest.mark.skipif(PLAIN is loop._follow, reason="nothing is compiled under NUMBA_DISABLE_JIT")
def test_whole_number_charges_do_not_compile_the_loop_again():
    run_weights(SOUND, SOUND, SOUND / 100, cash=10)
    before = len(loop._follow.signatures)

    run_weights(SOUND, SOUND, SOUND / 100, cash=10, charges=Charges(per_unit=1, minimum=1))

    assert len(loop._follow.signatures) == before


def test_an_empty_panel_is_an_empty_account():
    empty = np.empty((0, 2))

    result = run_weights(empty, empty, empty, cash=1.0)

    assert (result.equity.size, result.units.shape, result.n_fills.size) == (0, (0, 2), 0)


def test_what_is_given_is_left_alone():
    panel, charges, _ = random_panel(3)
    before = [column.copy() for column in panel]

    run_weights(*panel, cash=10_000.0, charges=charges)

    for was, column in zip(before, panel, strict=True):
        np.testing.assert_array_equal(was, column)
