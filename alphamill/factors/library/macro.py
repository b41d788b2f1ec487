"""The state of the economy as last released: one value a date, the same for every symbol."""

from functools import partial

from alphamill.factors.library.factor import Factor

released = partial(
    Factor, family="macro", table="macro", source="specs/factors 2.8", is_per_date=True
)

MACRO = (
    released(
        name="macro_growth_regime",
        meaning="1 growth, 0 between, -1 contraction",
        formula="macro_growth",
    ),
    released(
        name="macro_inflation_regime",
        meaning="1 high inflation, 0 between, -1 low",
        formula="macro_inflation",
    ),
    released(
        name="macro_risk_aversion_proxy",
        meaning="1 tight money or fear, 0 between, -1 easy",
        formula="macro_risk_aversion",
    ),
)
