"""How much prices move."""

from alphamill.factors.library.factor import Factor

VOLATILITY = (
    *(
        Factor(
            name=f"rv_{n}",
            family="volatility",
            meaning=f"sample deviation of {n} sessions' log returns, annual",
            formula=f"sqrt(252) * ts_std(log_return, {n})",
            source="specs/factors 2.3",
        )
        for n in (20, 60)
    ),
    *(
        Factor(
            name=f"vov_{n}_60",
            family="volatility",
            meaning=f"sample deviation of rv_{n} over 60 sessions, annual",
            formula=f"ts_std(sqrt(252) * ts_std(log_return, {n}), 60)",
            source="specs/factors 2.3",
        )
        for n in (20, 60)
    ),
)
RV_20 = VOLATILITY[0]
