"""What insiders bought and sold in the open market, counted from when it was public."""

from functools import partial

from alphamill.factors.library.factor import Factor

dealt = partial(Factor, family="insider", table="insider", source="specs/factors 2.6")

INSIDER = (
    dealt(
        name="insider_net_notional_60d",
        meaning="bought less sold, currency, disclosed in the last 60 days",
        formula="insider_bought_60d - insider_sold_60d",
    ),
    dealt(
        name="insider_buy_count_60d",
        meaning="purchases disclosed in the last 60 days",
        formula="insider_buys_60d",
    ),
    dealt(
        name="insider_sell_count_60d",
        meaning="sales disclosed in the last 60 days",
        formula="insider_sells_60d",
    ),
    dealt(
        name="insider_buy_sell_ratio_60d",
        meaning="(buys - sells) / (buys + sells) of the last 60 days, -1 to 1; unknown without any",
        formula="(insider_buys_60d - insider_sells_60d) / (insider_buys_60d + insider_sells_60d)",
        source="specs/factors 2.6, as a balance: a plain ratio is infinite without sales",
        version=2,
    ),
    dealt(
        name="insider_net_notional_normalized_60d",
        meaning="bought less sold over the mean daily traded value of 20 sessions",
        formula="(insider_bought_60d - insider_sold_60d) / adv20",
    ),
)
