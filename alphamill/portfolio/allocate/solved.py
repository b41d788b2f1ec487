"""Weights that a solver finds, through skfolio: the only file that knows it."""

import warnings
from typing import Any

import numpy as np

from alphamill.core.errors import SettingsError
from alphamill.core.market import Floats
from alphamill.portfolio.allocate.caps import capped
from alphamill.portfolio.allocate.plain import require_days
from alphamill.portfolio.allocate.sight import CannotAllocateError, Sight

TAIL_LEVEL = 0.95
# A solver leaves this of a name that it does not hold.
_DUST = 1e-6


def minimum_variance(sight: Sight) -> Floats:
    """Return the weights of least variance, covariance shrunk as Ledoit and Wolf.

    Raises
    ------
    CannotAllocateError
        For fewer than 20 days, or a solver that fails.

    References
    ----------
    Markowitz (1952); Ledoit and Wolf (2004), A well-conditioned estimator for large-dimensional
    covariance matrices, Journal of Multivariate Analysis 88(2).
    """
    optimization = _skfolio()
    return _solved(sight, optimization.MeanRisk, objective_function=_least_risk(optimization))


def risk_parity(sight: Sight) -> Floats:
    """Return the weights with which every name adds as much to the variance.

    Equal contributions hold where no cap binds. Raises as `minimum_variance`.

    References
    ----------
    Maillard, Roncalli and Teiletche (2010), The properties of equally weighted risk contribution
    portfolios, Journal of Portfolio Management 36(4).
    """
    return _solved(sight, _skfolio().RiskBudgeting)


def maximum_diversification(sight: Sight) -> Floats:
    """Return the weights with the largest weighted mean volatility over the volatility held.

    Raises as `minimum_variance`.

    References
    ----------
    Choueifaty and Coignard (2008), Toward Maximum Diversification, Journal of Portfolio
    Management 35(1).
    """
    return _solved(sight, _skfolio().MaximumDiversification)


def least_cvar(sight: Sight) -> Floats:
    """Return the weights with the mildest mean of the worst 5 % of days, days as they were.

    Raises as `minimum_variance`.

    References
    ----------
    Rockafellar and Uryasev (2000), Optimization of conditional value-at-risk, Journal of Risk 2.
    """
    from skfolio import RiskMeasure

    optimization = _skfolio()
    return _solved(
        sight,
        optimization.MeanRisk,
        objective_function=_least_risk(optimization),
        risk_measure=RiskMeasure.CVAR,
        cvar_beta=TAIL_LEVEL,
    )


def _skfolio() -> Any:
    try:
        from skfolio import optimization
    except ImportError as e:
        raise SettingsError(
            "this allocator needs the package skfolio, which is not installed. "
            'Run `pip install "alphamill[sample]"`, or choose one that needs no solver.'
        ) from e
    return optimization


def _least_risk(optimization: Any) -> Any:
    return optimization.ObjectiveFunction.MINIMIZE_RISK


def _solved(sight: Sight, kind: Any, **options: Any) -> Floats:
    from skfolio.exceptions import SkfolioError
    from skfolio.moments import LedoitWolf
    from skfolio.prior import EmpiricalPrior

    require_days(sight)
    n, limits = len(sight.classes), sight.limits
    if n == 1:
        return capped(np.ones(1), sight.classes, limits)
    of = np.array(sight.classes, dtype=object)
    # Risk budgeting spends everything, so all are solved for a budget of 1 and scaled after.
    bound = {
        name: most / limits.budget
        for name, most in limits.per_class.items()
        if (of == name).any() and most < limits.budget
    }
    estimator = kind(
        prior_estimator=EmpiricalPrior(covariance_estimator=LedoitWolf()),
        min_weights=0.0,
        max_weights=min(limits.per_name / limits.budget, 1.0),
        left_inequality=np.array([of == name for name in bound], dtype=float) if bound else None,
        right_inequality=np.array(list(bound.values())) if bound else None,
        **options,
    )
    # A solver's "may be inaccurate" is an answer that nobody should hold.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message=".*inaccurate.*")
        try:
            estimator.fit(sight.returns)
        except (SkfolioError, ArithmeticError, ValueError, UserWarning) as e:
            raise CannotAllocateError(f"the solver failed: {_first_line(e)}") from e
    found = np.asarray(estimator.weights_, dtype=np.float64)
    return capped(np.where(found > _DUST, found, 0.0), sight.classes, limits)


def _first_line(e: BaseException) -> str:
    return (str(e).strip().splitlines() or [type(e).__name__])[0][:160].rstrip(".")
