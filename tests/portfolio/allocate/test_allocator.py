"""Every rule: long, capped, spent as stated, and best at what it is named for."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.portfolio.allocate.allocator import Allocator, Fallback
from alphamill.portfolio.allocate.caps import Limits, keeps_to
from alphamill.portfolio.allocate.contributions import risk_of
from alphamill.portfolio.allocate.fixed import Fixed
from alphamill.portfolio.allocate.sight import Sight
from alphamill.portfolio.allocate.standing import mean_tail_loss
from alphamill.portfolio.allocate.table import COMPARED, RULES

from .markets import CLASSES, returns

SIGNALS = {"A": 0.1, "B": 0.3, "C": 0.2, "D": 0.6, "E": -0.4}
SOLVED = [name for name, rule in RULES.items() if rule.needs_solver]


@pytest.fixture(scope="module")
def free():
    """Return the weights of every rule without caps, by name."""
    return {
        name: Allocator(name).fit(returns(), classes=CLASSES, signals=SIGNALS).weights_
        for name in RULES
    }


def shrunk_variance(weights):
    from sklearn.covariance import LedoitWolf

    covariance = LedoitWolf().fit(returns().to_numpy()).covariance_
    return float(weights @ covariance @ weights)


@pytest.mark.parametrize("name", list(RULES))
def test_weights_keep_to_caps_classes_and_budget(name):
    fitted = Allocator(name, per_name=0.35, per_class={"bonds": 0.4}, budget=0.9)

    found = fitted.fit(returns(), classes=CLASSES, signals=SIGNALS).weights_

    assert np.all(found >= 0.0)
    assert np.all(found <= 0.35 + 1e-9)
    assert found[2:4].sum() <= 0.4 + 1e-9
    short = {"sector_rotation", "rotation_by_volatility"} & {name}
    assert found.sum() < 0.9 if short else found.sum() == pytest.approx(0.9, abs=1e-9)
    assert fitted.fallback_ is None


def test_minimum_variance_has_the_least_variance_of_all(free):
    found = {name: shrunk_variance(weights) for name, weights in free.items()}

    assert min(found, key=found.get) == "minimum_variance"
    assert found["minimum_variance"] < 0.5 * found["equal"]


def test_within_caps_no_small_shift_lowers_the_variance():
    limits = Limits(per_name=0.35, per_class={"bonds": 0.4}, budget=0.9)
    found = Allocator("minimum_variance", per_name=0.35, per_class={"bonds": 0.4}, budget=0.9)
    weights = found.fit(returns(), classes=CLASSES).weights_

    classes = [CLASSES[name] for name in "ABCDE"]
    shifts = [weights + 1e-4 * (np.eye(5)[i] - np.eye(5)[j]) for i, j in permutations(range(5), 2)]
    allowed = [moved for moved in shifts if keeps_to(moved, classes, limits)]
    assert len(allowed) >= 4
    assert min(shrunk_variance(moved) for moved in allowed) > shrunk_variance(weights)


def test_risk_parity_takes_as_much_risk_from_every_name(free):
    from sklearn.covariance import LedoitWolf

    covariance = LedoitWolf().fit(returns().to_numpy()).covariance_
    added = free["risk_parity"] * (covariance @ free["risk_parity"])

    np.testing.assert_allclose(added / added.sum(), np.full(5, 0.2), atol=1e-4)


def test_maximum_diversification_has_the_largest_ratio(free):
    found = {n: risk_of(w, returns().to_numpy()).diversification for n, w in free.items()}

    # The rule sees a shrunk covariance, the ratio here the sample's.
    assert found["maximum_diversification"] >= max(found.values()) - 0.005


def test_cvar_has_the_mildest_worst_days(free):
    found = {name: mean_tail_loss(returns().to_numpy() @ w) for name, w in free.items()}

    assert min(found, key=found.get) == "cvar"


def test_hrp_is_what_skfolio_says():
    from skfolio.optimization import HierarchicalRiskParity

    frame = returns(400, seed=8, names="ABCDEFGHIJK")

    ours = Allocator("hrp").fit(frame).weights_

    np.testing.assert_allclose(ours, HierarchicalRiskParity().fit(frame).weights_, atol=1e-9)


def test_inverse_volatility_is_risk_parity_only_where_correlations_are_equal():
    rng = np.random.default_rng(5)
    drawn = rng.standard_normal((400, 3))
    unrelated, _ = np.linalg.qr(drawn - drawn.mean(axis=0))
    frame = pd.DataFrame(unrelated * [0.1, 0.2, 0.4], columns=list("ABC"))

    by_risk, by_spread = (
        risk_of(Allocator(n).fit(f).weights_, f.to_numpy()).contributions
        for n, f in (("inverse_volatility", frame), ("inverse_volatility", returns()))
    )

    np.testing.assert_allclose(by_risk, np.full(3, 1 / 3), atol=1e-9)
    assert np.ptp(by_spread) > 0.02


@pytest.mark.parametrize("name", ["inverse_volatility", "minimum_variance"])
def test_a_name_like_cash_takes_nearly_all_unless_it_is_named_so(name):
    frame = returns()
    frame["E"] *= 0.01

    greedy = Allocator(name).fit(frame).weights_[4]
    fitted = Allocator(name, cash_like=("E",)).fit(frame)

    assert greedy > 0.9
    assert fitted.weights_[4] == 0.0
    assert fitted.weights_.sum() == pytest.approx(1.0)


# --- where there is no answer ------------------------------------------------------------------


@pytest.mark.parametrize("name", SOLVED)
def test_caps_that_hold_less_than_the_budget_say_so_and_leave_cash(name):
    fitted = Allocator(name, per_name=0.15).fit(returns(), classes=CLASSES)

    np.testing.assert_allclose(fitted.weights_, np.full(5, 0.15))
    assert fitted.fallback_ == Fallback(
        name, name, "the caps hold 75% of equity, not 100%; the rest is cash"
    )


@pytest.mark.parametrize("name", SOLVED)
def test_a_solver_that_fails_is_named_and_replaced(name, monkeypatch):
    import cvxpy

    def fails(*args, **kwargs):
        raise cvxpy.SolverError("no progress.")

    monkeypatch.setattr(cvxpy.Problem, "solve", fails)
    fitted = Allocator(name).fit(returns())

    assert (fitted.fallback_.wanted, fitted.fallback_.used) == (name, "inverse_volatility")
    assert fitted.fallback_.reason.startswith(f"{name}: the solver failed: ")
    assert (
        fitted.weights_.tolist() == Allocator("inverse_volatility").fit(returns()).weights_.tolist()
    )


def test_an_answer_that_breaks_the_limits_is_not_held(monkeypatch):
    row = RULES["hrp"]._replace(weigh=lambda sight: np.full(5, np.nan))
    monkeypatch.setitem(RULES, "hrp", row)

    fitted = Allocator("hrp", fallbacks=("equal",)).fit(returns())

    assert fitted.fallback_.used == "equal"
    assert "break the limits" in fitted.fallback_.reason


def test_the_chain_goes_on_to_cash_with_every_reason():
    fitted = Allocator("minimum_variance", fallbacks=("hrp",)).fit(returns(10))

    assert not fitted.weights_.any()
    few = "a risk needs at least 20 days, received 10"
    assert str(fitted.fallback_) == f"minimum_variance -> cash: minimum_variance: {few}; hrp: {few}"


def test_names_not_yet_listed_and_idle_ones_are_left_out():
    frame = returns()
    frame.loc[frame.index[0], "A"], frame["B"] = np.nan, 0.0

    fitted = Allocator("minimum_variance").fit(frame)

    assert fitted.left_out_ == ("A",)
    assert fitted.weights_[:2].tolist() == [0.0, 0.0]
    assert fitted.fallback_ is None
    assert Allocator("equal").fit(frame).weights_.tolist() == [0.0, 0.25, 0.25, 0.25, 0.25]


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (lambda f: f.assign(A=np.inf), DataError, "finite fractions above -1"),
        (lambda f: f.assign(A=-1.0), DataError, "and not prices"),
        (lambda f: f.set_axis(list("AACDE"), axis=1), DataError, "names of their own"),
    ],
)
def test_what_is_no_return_is_refused(spoil, error, words):
    with pytest.raises(error, match=words):
        Allocator().fit(spoil(returns()))


def test_an_unknown_rule_names_the_nearest():
    with pytest.raises(SettingsError, match="Did you mean 'minimum_variance'"):
        Allocator("min_variance").fit(returns())
    with pytest.raises(SettingsError, match="'equl'"):
        Allocator("equal", fallbacks=("equl",)).fit(returns())


# --- as an estimator ---------------------------------------------------------------------------


def test_scikit_learn_clones_it_and_searches_over_it():
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

    made = Allocator("hrp", per_name=0.3, per_class={"bonds": 0.4})
    other = clone(made)
    search = GridSearchCV(made, {"per_name": [0.25, 0.5]}, cv=TimeSeriesSplit(3))
    search.fit(returns())

    assert other is not made
    assert other.get_params() == made.get_params()
    assert search.best_params_["per_name"] in (0.25, 0.5)
    assert search.best_estimator_.weights_.max() <= search.best_params_["per_name"] + 1e-9


def test_parameters_are_set_by_name_and_strangers_refused():
    made = Allocator().set_params(rule="hrp", budget=0.5)

    assert repr(made).startswith("Allocator(rule='hrp', per_name=1.0,")
    with pytest.raises(SettingsError, match="no parameter 'cap'"):
        made.set_params(cap=0.5)


def test_it_predicts_what_its_weights_earn():
    fitted = Allocator("inverse_volatility").fit(returns())

    earned = fitted.predict(returns(50, seed=9))

    np.testing.assert_allclose(earned, returns(50, seed=9).to_numpy() @ fitted.weights_)
    assert fitted.score(returns()) == pytest.approx(
        fitted.predict(returns()).mean() / fitted.predict(returns()).std(ddof=1)
    )


def test_an_array_is_taken_too():
    fitted = Allocator("equal").fit(returns().to_numpy())

    assert fitted.feature_names_in_.tolist() == ["x0", "x1", "x2", "x3", "x4"]
    assert fitted.n_features_in_ == 5


def test_fixed_weights_are_what_was_written_and_say_what_is_not_listed():
    frame = returns()
    frame.loc[frame.index[0], "A"] = np.nan

    fitted = Fixed({"A": 0.6, "C": 0.4}).fit(frame)

    assert fitted.weights_.tolist() == [0.0, 0.0, 0.4, 0.0, 0.0]
    assert "['A']" in fitted.fallback_.reason
    for wrong in ({"Z": 1.0}, {"A": 0.9, "B": 0.2}, {"A": -0.1}):
        with pytest.raises(SettingsError, match="at most 1"):
            Fixed(wrong).fit(frame)


def test_the_comparison_is_of_rows_of_the_table():
    assert set(COMPARED) <= set(RULES)
    assert RULES["hrp"].weigh(
        Sight(returns(names="A").to_numpy(), ("",), np.array([np.nan]), Limits())
    ).tolist() == [1.0]
