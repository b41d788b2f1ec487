"""How much is traded, and what it seems to cost."""

from functools import partial

from alphamill.factors.library.factor import Factor

traded = partial(Factor, family="liquidity", source="specs/factors 2.3")

# Eta is the middle of a session's log range; of Abdi and Ranaldo's equation 5 the two closes are
# taken as the one before and the present: what it reads is known at the close.
_ETA = "(log(high) + log(low)) / 2"
_BEFORE = f"(delay(log(close), 1) - delay({_ETA}, 1))"
_NOW = f"(delay(log(close), 1) - {_ETA})"

LIQUIDITY = (
    traded(
        name="volume_zscore",
        meaning="log volume in deviations from its mean, both of the 60 sessions before this one",
        formula="(log(volume) - delay(ts_mean(log(volume), 60), 1)) "
        "/ delay(ts_std(log(volume), 60), 1)",
    ),
    traded(
        name="range_ratio",
        meaning="high less low over close: a range, not a spread",
        formula="(high - low) / close",
    ),
    traded(
        name="spread_abdi_ranaldo_20",
        meaning="effective spread estimated from closes and middle prices of 20 sessions, fraction",
        formula=f"sqrt(max(4 * ts_mean({_BEFORE} * {_NOW}, 20), 0))",
        source="Abdi and Ranaldo (2017), Review of Financial Studies 30, equation 5",
    ),
    traded(
        name="amihud_20",
        meaning="mean size of the return a million traded, 20 sessions",
        formula="ts_mean(abs(returns) / dollar_volume, 20) * 1000000",
        source="Amihud (2002), Journal of Financial Markets 5",
    ),
    traded(
        name="turnover",
        meaning="volume over free float",
        formula="volume / freefloat",
    ),
)
