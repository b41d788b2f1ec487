"""How far prices have come: trailing log returns, never forward ones."""

from functools import partial

from alphamill.factors.library.factor import Factor

trailing = partial(Factor, family="returns", source="specs/factors 2.2")

RETURNS = (
    *(
        trailing(
            name=f"returns_{months}m",
            meaning=f"log return of the last {n} sessions",
            formula=f"delta(log(close), {n})",
        )
        for months, n in ((1, 21), (3, 63), (6, 126), (12, 252))
    ),
    trailing(
        name="momentum_12m_excl_1m",
        family="momentum",
        meaning="log return of the 231 sessions that ended 21 sessions ago",
        formula="delay(log(close), 21) - delay(log(close), 252)",
        source="specs/factors 2.2; Jegadeesh and Titman (1993)",
    ),
)
