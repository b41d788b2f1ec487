from alphamill.core.market import Bars
from alphamill.strategies.reversion.atr_buy_dip import ATR_BUY_DIP

from ..markets import drawn
from ..worksheet import bars_to_forget, spoken

SHORT = {"atr_period": 2, "smoothing_period": 2, "ema_period": 3}


def one_beyond(close: list[float]) -> Bars:
    return drawn(close, [c + 1 for c in close], [c - 1 for c in close], close)


def test_atr_buy_dip_worked_by_hand():
    # Highs and lows lie 1 beyond the close; Wilder's average of 2, seeded with 2, then halfway.
    # bar   close  true range   ATR    close - ATR   mean of 2
    #  2     20       2         2         18           18
    #  3     11      10         6          5           11.5     11 lies below
    #  4     13       3         4.5        8.5          6.75    13 > 12, the high before
    said = spoken(ATR_BUY_DIP, one_beyond([20.0, 20.0, 20.0, 11.0, 13.0]), **SHORT)

    assert said == {"long": [3], "short": [], "leave_long": [4], "leave_short": []}


def test_atr_buy_dip_with_its_filter_buys_above_the_trend_only():
    # ema of 3 at bar 3: 20 + (11 - 20) / 2 = 15.5, above the close.
    said = spoken(ATR_BUY_DIP, one_beyond([20, 20, 20, 11, 13]), **SHORT, use_ema_filter=True)

    assert said["long"] == []


def test_atr_buy_dip_with_its_filter_buys_a_dip_above_the_trend():
    # No depth: below the mean of the last two closes. Bar 4: 15 < 15.5; ema 10 13 14 lies below.
    # Bar 5: 13 < 14, but the ema is 13.5.
    bars = one_beyond([10.0, 10.0, 10.0, 16.0, 15.0, 13.0])
    flat = {**SHORT, "atr_multiplier": 0.0}

    assert spoken(ATR_BUY_DIP, bars, **flat, use_ema_filter=True)["long"] == [4]
    assert spoken(ATR_BUY_DIP, bars, **flat)["long"] == [4, 5]


def test_atr_buy_dip_without_its_filter_has_one_set_for_all_spans():
    unread = ATR_BUY_DIP.params({"ema_period": 100})
    read = ATR_BUY_DIP.params({"ema_period": 100, "use_ema_filter": True})

    assert ATR_BUY_DIP.canonical(unread) == ATR_BUY_DIP.params()
    assert ATR_BUY_DIP.canonical(read) == read


def test_atr_buy_dip_declares_the_bars_that_its_averages_need_to_forget():
    for cell in ATR_BUY_DIP.cells():
        line = bars_to_forget(1 / int(cell["atr_period"])) + int(cell["smoothing_period"]) - 1
        trend = bars_to_forget(2 / (int(cell["ema_period"]) + 1))

        assert ATR_BUY_DIP.warmup(cell) > max(line, trend if cell["use_ema_filter"] else 0)
