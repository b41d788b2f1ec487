from dataclasses import replace

import numpy as np

from alphamill.strategies.contract_markets import BARS_A_SESSION, daily, quarter_hours
from alphamill.strategies.multi_timeframe.daily_trend_pullback import DAILY_TREND_PULLBACK

from ..markets import drawn
from ..worksheet import bars_to_forget, spoken

GIVEN = {"dtp_trend_sessions": 2, "dtp_rsi_length": 2, "dtp_oversold": 12, "dtp_overbought": 65}
# Averages of gains and losses by Wilder: halfway to the new one each bar, from the first two.
#     close  session  ends   gain     loss     strength   trend: close over mean of two sessions
ROWS = [
    (10, 1, False),  # 0
    (10, 1, False),  # 1
    (10, 1, True),  # 2       0        0        50        the first session may have begun before
    (11, 2, False),  # 3      0.5      0        100
    (12, 2, False),  # 4      0.75     0        100
    (13, 2, True),  # 5       0.875    0        100       one session: no mean yet
    (14, 3, False),  # 6      0.9375   0        100
    (13, 3, False),  # 7      0.4688   0.5      48.4
    (15, 3, True),  # 8       1.2344   0.25     83.2      15 over 14: up
    (14, 4, False),  # 9      0.6172   0.625    49.7      up
    (10, 4, False),  # 10     0.3086   2.3125   11.8      up: buy (10 is under the mean already)
    (9, 4, True),  # 11       0.1543   1.6563   8.5       9 under 12: down, so no more
    (14, 5, False),  # 12     2.5771   0.8281   75.7      down
    (18, 5, False),  # 13     3.2886   0.4141   88.8      down: sell above 88
    (17, 5, True),  # 14      1.6443   0.7070   69.9      17 over 13: up
    (16, 6, False),  # 15     0.8221   0.8535   49.1      up
    (10, 6, False),  # 16     0.4111   3.4268   10.7      up: buy; the session's last bar is missing
    (
        9,
        7,
        False,
    ),  # 17      0.2055   2.2134   8.5       the next one has begun: 10 under 13.5, down
]
CLOSE, SESSION, ENDS = (list(column) for column in zip(*ROWS, strict=True))
BARS = replace(
    drawn(*[[float(c) for c in CLOSE]] * 4),
    timeframe="15m",
    session=np.array(SESSION),
    session_end=np.array(ENDS),
)


def test_daily_trend_pullback_worked_by_hand():
    assert spoken(DAILY_TREND_PULLBACK, BARS, **GIVEN) == {
        "long": [10, 16],
        "short": [13],
        "leave_long": [3, 4, 5, 6, 8, 12, 13, 14],
        "leave_short": [10, 11, 16, 17],
    }


def test_daily_trend_pullback_is_refused_on_daily_bars():
    assert (
        DAILY_TREND_PULLBACK.lacks(daily(9)) == "DailyTrendPullback needs intraday bars; DAY has 1d"
    )
    assert DAILY_TREND_PULLBACK.lacks(BARS) is None


def test_daily_trend_pullback_knows_its_trend_from_whole_sessions_before_the_warm_up_ends():
    # The markets of the contract are too short for sessions of 1,440 bars; theirs have 26.
    bars = quarter_hours(3200, seed=8)
    for cell in DAILY_TREND_PULLBACK.cells():
        n_sessions = int(cell["dtp_trend_sessions"]) + 1
        n_bars = max(n_sessions * BARS_A_SESSION, 28 * int(cell["dtp_rsi_length"]) + 1)
        whole = DAILY_TREND_PULLBACK.rule(bars, **cell)
        for stop in range(n_bars, len(bars) + 1, 211):
            last = DAILY_TREND_PULLBACK.rule(bars.slice(stop - n_bars, stop), **cell)

            assert [column[-1] for column in last[:3]] == [c[stop - 1] for c in whole[:3]]


def test_daily_trend_pullback_declares_so_many_sessions_of_any_length():
    for cell in DAILY_TREND_PULLBACK.cells():
        n_bars = DAILY_TREND_PULLBACK.warmup(cell)
        assert n_bars == (int(cell["dtp_trend_sessions"]) + 1) * 1440
        assert n_bars > bars_to_forget(1 / int(cell["dtp_rsi_length"]))
