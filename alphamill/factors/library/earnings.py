"""What companies reported, from when it was public; expires after 65 sessions.

No report known is not a surprise of 0: flags are unknown then. The drift after a report is an
outcome (`fwd_return_20d`), no factor.
"""

from functools import partial

from alphamill.factors.library.factor import Factor

reported = partial(Factor, family="earnings", table="earnings", source="specs/factors 2.5")

EARNINGS = (
    reported(
        name="earnings_eps_surprise_last",
        meaning="last report's earnings a share against the estimate, percent of its size",
        formula="earnings_eps_surprise",
    ),
    reported(
        name="earnings_revenue_surprise_last",
        meaning="last report's revenue against the estimate, percent of its size",
        formula="earnings_revenue_surprise",
    ),
    reported(
        name="earnings_positive_surprise_flag",
        meaning="1 where the last surprise was above 0, else 0",
        formula="0 < earnings_eps_surprise",
    ),
    reported(
        name="earnings_negative_surprise_flag",
        meaning="1 where the last surprise was below 0, else 0",
        formula="earnings_eps_surprise < 0",
    ),
    reported(
        name="earnings_eps_surprise_to_price",
        meaning="last report's earnings a share less the estimate, fraction of the price",
        formula="earnings_eps_gap / raw_close",
        source="specs/factors 2.5; a small estimate does not make it explode",
    ),
)
