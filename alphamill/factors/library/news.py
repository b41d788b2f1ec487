"""What was written, of each symbol and of the market apart.

A session's score is the mean of the days that became known since the session before; what is older
than 5 sessions is not carried.
"""

from alphamill.factors.library.factor import Factor


def _rows(prefix: str, whose: str, is_per_date: bool) -> tuple[Factor, ...]:
    score, volume = f"{prefix}_score", f"{prefix}_articles"
    last = f"ts_last({score}, 5)"
    change = f"({last} - delay({last}, 1))"
    told = (
        (
            "sentiment_mean_20d",
            f"mean score of {whose} over 20 sessions",
            f"ts_mean({score}, 20, 1)",
        ),
        (
            "sentiment_trend_20d",
            f"least-squares slope of {whose}'s score a session, 20 sessions, at least 10 with news",
            f"ts_slope({score}, 20, 10)",
        ),
        (
            "sentiment_shock_flag",
            f"1 where {whose}'s score changed by more than 1.5 deviations of its 40 sessions "
            "before (at least 20 with news), else 0",
            f"1.5 * delay(ts_std({score}, 40, 20), 1) < abs({change})",
        ),
    )
    return (
        *(
            Factor(
                name=f"{prefix}_{name}",
                family="news",
                meaning=meaning,
                formula=f"where(0 < ts_count({score}, 5), {formula}, unknown)",
                table="sentiment",
                source="specs/factors 2.7",
                is_per_date=is_per_date,
            )
            for name, meaning, formula in told
        ),
        Factor(
            name=f"{prefix}_sentiment_volume_20d",
            family="news",
            meaning=f"articles on {whose} a session, mean of 20 sessions",
            formula=f"ts_mean({volume}, 20)",
            table="sentiment",
            source="specs/factors 2.7",
            is_per_date=is_per_date,
        ),
    )


NEWS = (
    *_rows("news", "the symbol", is_per_date=False),
    *_rows("news_market", "the market", is_per_date=True),
)
