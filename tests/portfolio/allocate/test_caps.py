"""Caps hold, the budget is spent as far as they let it, and proportions survive."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphamill.core.errors import SettingsError
from alphamill.portfolio.allocate.caps import Limits, capped, keeps_to, reachable

CASES = st.lists(st.tuples(st.floats(0.0, 10.0), st.sampled_from("ab")), min_size=1, max_size=8)
CAPS = st.floats(0.05, 1.0)


def poured_slowly(raw, classes, limits):
    """Raise one scale by halving; a class at its limit halves a scale of its own."""

    def at(scale):
        weights = np.minimum(limits.per_name, raw * scale)
        for name, most in limits.per_class.items():
            of = np.array(classes) == name
            if weights[of].sum() > most:
                low, high = 0.0, scale
                for _ in range(60):
                    mid = (low + high) / 2
                    total = np.minimum(limits.per_name, raw[of] * mid).sum()
                    low, high = (mid, high) if total < most else (low, mid)
                weights[of] = np.minimum(limits.per_name, raw[of] * low)
        return weights

    low, high = 0.0, 1e4
    for _ in range(60):
        mid = (low + high) / 2
        low, high = (mid, high) if at(mid).sum() < limits.budget else (low, mid)
    return at(low)


@settings(max_examples=40, deadline=None)
@given(CASES, CAPS, CAPS, CAPS)
def test_weights_equal_the_slow_pouring_and_keep_every_limit(case, budget, name, of_a):
    raw, classes = np.array([max(r, 1e-3) for r, _ in case]), [c for _, c in case]
    limits = Limits(budget, name, {"a": of_a})

    weights = capped(raw, classes, limits)

    np.testing.assert_allclose(weights, poured_slowly(raw, classes, limits), atol=1e-7)
    assert keeps_to(weights, classes, limits)
    assert weights.sum() == pytest.approx(min(budget, reachable(classes, limits)))


def test_what_a_cap_cuts_off_goes_to_the_others_in_their_proportions():
    weights = capped(np.array([8.0, 2.0, 1.0]), ["", "", ""], Limits(per_name=0.4))

    np.testing.assert_allclose(weights, [0.4, 0.4, 0.2])


def test_caps_too_tight_for_the_budget_leave_cash():
    weights = capped(np.ones(3), ["a", "a", "b"], Limits(per_name=0.3, per_class={"a": 0.4}))

    np.testing.assert_allclose(weights, [0.2, 0.2, 0.3])


def test_a_name_of_no_interest_stays_at_nothing():
    assert capped(np.array([1.0, 0.0]), ["", ""], Limits(per_name=0.6)).tolist() == [0.6, 0.0]
    assert capped(np.zeros(2), ["", ""], Limits()).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("weights", "holds"),
    [
        ([0.4, 0.4], True),
        ([0.5, 0.3], False),
        ([0.4, -0.1], False),
        ([0.4, np.nan], False),
        ([0.4, 0.45], False),
    ],
)
def test_every_limit_is_looked_at(weights, holds):
    limits = Limits(0.8, 0.45, {"a": 0.45})

    assert keeps_to(np.array(weights), ["a", "b"], limits) == holds


@pytest.mark.parametrize("given", [{"budget": 1.5}, {"per_name": 0.0}, {"per_class": {"a": -1}}])
def test_limits_outside_of_the_account_are_refused(given):
    with pytest.raises(SettingsError, match="above 0 and at most at 1"):
        Limits(**given)
