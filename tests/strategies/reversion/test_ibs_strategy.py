from alphamill.strategies.reversion.ibs_strategy import IBS_STRATEGY

from ..markets import drawn
from ..worksheet import spoken


def test_ibs_strategy_worked_by_hand():
    # Low 0 and high 10: the strength is a tenth of the close. Bar 5 has no range: 0.5.
    # 0.1 below 0.2; 0.2 not; 0.9 above 0.8; 0.8 not; 0.5; 0.5; 0.
    close = [1.0, 2.0, 9.0, 8.0, 5.0, 5.0, 0.0]
    high = [10.0] * 5 + [5.0, 10.0]
    low = [0.0] * 5 + [5.0, 0.0]

    assert spoken(IBS_STRATEGY, drawn(close, high, low, close)) == {
        "long": [0, 6],
        "short": [2],
        "leave_long": [2],
        "leave_short": [0, 6],
    }


def test_ibs_strategy_tells_the_two_thresholds_apart():
    close = [1.0, 6.0, 8.0]

    said = spoken(
        IBS_STRATEGY,
        drawn(close, [10.0] * 3, [0.0] * 3, close),
        ibs_buy_threshold=0.15,
        ibs_sell_threshold=0.55,
    )

    assert said == {"long": [0], "short": [], "leave_long": [1, 2], "leave_short": [0]}
