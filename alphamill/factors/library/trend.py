"""Where the price stands against its own average, in average true ranges."""

from alphamill.factors.library.factor import Factor

TREND = tuple(
    Factor(
        name=f"trend_strength_{n}",
        family="trend",
        meaning=f"close less its mean of {n} sessions, in average true ranges of 20 sessions",
        formula=f"(close - ts_mean(close, {n})) / atr20",
        closes_only=f"(close - ts_mean(close, {n})) / atr20_of_closes",
        source="specs/factors 2.2",
    )
    for n in (20, 50, 200)
)
