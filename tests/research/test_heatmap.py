"""The parameter map: the two axes that vary most, the best of what lies behind each field."""

import numpy as np
import pytest

from alphamill.backtest.exits import ExitStack
from alphamill.research.heatmap import heatmap
from tests.research.test_cells import made

ONE = (ExitStack(1.0, 2.0, 20),)
N_SESSIONS, PER_YEAR = 101, 252.0


def part_with(params, stacks, ratios, untraded=()):
    """Return a part whose cells have these per-session Sharpe ratios."""
    part = made(params, stacks, n_blocks=1)
    # Mean r and deviation 1 over n sessions: sum n r, squares (n - 1) + n r^2.
    r = np.array(ratios)
    part.blocks[:, 0, 0] = N_SESSIONS * r
    part.blocks[:, 0, 1] = (N_SESSIONS - 1) + N_SESSIONS * r**2
    part.cells["total_trades"] = 10
    part.cells["total_trades"][list(untraded)] = 0
    return part


def drawn(*given, **more):
    found = heatmap(part_with(*given, **more), N_SESSIONS, PER_YEAR)
    return found, np.round(found.sharpe / PER_YEAR**0.5, 9).tolist()


def sets(**axes):
    names = list(axes)
    points = [{}]
    for name in names:
        points = [{**p, name: v} for p in points for v in axes[name]]
    return points


def test_every_field_is_the_annualised_sharpe_of_its_cell():
    found, ratios = drawn(sets(a=[1, 2], b=[10, 20, 30]), ONE, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])

    assert (found.x_name, found.x_values) == ("b", (10, 20, 30))
    assert (found.y_name, found.y_values) == ("a", (1, 2))
    assert ratios == [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]
    assert found.sharpe[1, 2] == pytest.approx(0.6 * 252**0.5)


def test_the_best_stands_for_what_lies_behind():
    # c is the third axis, stacks a fourth: the greatest of each four.
    stacks = (*ONE, ExitStack(2.0, 2.0, 20))
    params = sets(a=[1, 2, 3], b=[1, 2, 3], c=[0, 1])
    ratios = np.random.default_rng(2).permutation(36) / 100 - 0.2

    found, fields = drawn(params, stacks, ratios)

    assert {found.x_name, found.y_name} == {"a", "b"}
    best = np.round(ratios, 9).reshape(3, 3, 4).max(axis=2)
    assert fields == (best.T if found.x_name == "a" else best).tolist()


def test_a_rules_own_parameters_come_before_more_numerous_exits():
    stacks = tuple(ExitStack(stop, 2.0, 20) for stop in (1.0, 2.0, 3.0))

    found, _ = drawn(sets(a=[1, 2], b=[5, 6]), stacks, np.zeros(12) + 0.1)

    assert {found.x_name, found.y_name} == {"a", "b"}


def test_exits_are_axes_where_the_rule_has_too_few():
    stacks = tuple(ExitStack(stop, 2.0, 20) for stop in (None, 3.0, 1.5))

    found, ratios = drawn(sets(a=[1, 2]), stacks, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])

    assert (found.x_name, found.y_name) == ("a", "stop_loss_atr")
    # Rising, and "no stop" last.
    assert found.y_values == (1.5, 3.0, None)
    assert ratios == [[0.3, 0.6], [0.2, 0.5], [0.1, 0.4]]


def test_two_axes_of_exits_serve_a_rule_without_parameters():
    stacks = tuple(ExitStack(stop, t, 20) for stop in (1.0, 2.0) for t in (1.0, 2.0, 3.0))

    found, _ = drawn([{}], stacks, np.arange(6) / 10)

    assert (found.x_name, found.y_name) == ("take_profit_atr", "stop_loss_atr")


@pytest.mark.parametrize(
    ("params", "stacks"),
    [
        (sets(a=[1, 2, 3], b=[7]), ONE),
        (sets(a=[1]), (*ONE, ExitStack(2.0, 2.0, 20))),
        ([{}], ONE),
    ],
)
def test_fewer_than_two_axes_are_no_map(params, stacks):
    ratios = np.zeros(len(params) * len(stacks))

    assert heatmap(part_with(params, stacks, ratios), N_SESSIONS, PER_YEAR) is None


def test_values_that_were_never_tried_or_never_traded_are_unknown():
    # (2, 20) is no cell; (1, 20) never traded, though its P&L of nothing is a ratio of 0.
    params = [{"a": 1, "b": 10}, {"a": 1, "b": 20}, {"a": 2, "b": 10}]

    found, _ = drawn(params, ONE, [0.1, 0.0, -0.3], untraded=[1])

    assert (found.x_name, found.y_name) == ("a", "b")
    assert np.isnan(found.sharpe).tolist() == [[False, False], [True, True]]


def test_a_losing_cell_is_better_than_one_that_never_traded():
    stacks = (*ONE, ExitStack(2.0, 2.0, 20))
    params = sets(a=[1, 2, 3], b=[1, 2, 3])

    found, ratios = drawn(params, stacks, [-0.1, 0.0] * 9, untraded=range(1, 18, 2))

    assert ratios == [[-0.1] * 3] * 3
    assert found.sharpe.shape == (3, 3)


def test_words_and_switches_are_axes_too():
    params = sets(kind=["sma", "ema"], filtered=[True, False])

    found, ratios = drawn(params, ONE, [0.1, 0.2, 0.3, 0.4])

    assert (found.x_values, found.y_values) == (("ema", "sma"), (False, True))
    assert ratios == [[0.4, 0.2], [0.3, 0.1]]


def test_exits_in_several_units_are_axes_with_a_hole_where_another_unit_stands():
    stacks = (ExitStack(None, None, 20, stop_loss_pct=2.0), ExitStack(1.0, None, 20))

    found, ratios = drawn(sets(a=[1, 2]), stacks, [0.1, 0.2, 0.3, 0.4])

    assert (found.x_name, found.x_values) == ("a", (1, 2))
    assert found.y_name in ("stop_loss_pct", "stop_loss_atr")
    assert set(found.y_values) in ({2.0, None}, {1.0, None})
    assert sorted(sum(ratios, [])) == [0.1, 0.2, 0.3, 0.4]
