from alphamill.strategies.reversion.support_resistance_bounce import SUPPORT_RESISTANCE_BOUNCE

from ..markets import drawn
from ..worksheet import spoken


def test_support_resistance_bounce_worked_by_hand():
    # Levels of the two bars before; touched within 1 %, left by more than 1 % of the close.
    # bar   low    high   close  support  resistance  middle
    #  2   100.5   104    102     100       110        105     low within 101.02 of support: touch
    #  3   102     106    105     100.5     108        104.25  105 > 101.55: bounced off it
    #  4   103     105.5  104     100.5     106        103.25  high within 104.96: touch
    #  5   100     104    102     102       106        104     102 < 104.98: thrown back
    #  6    99     103    101     100       105.5      102.75  low below support: touch
    #  7    99.5   101     99.9    99       104        101.5   99.9 is not above 99.999
    high = [110.0, 108.0, 104.0, 106.0, 105.5, 104.0, 103.0, 101.0]
    low = [100.0, 101.0, 100.5, 102.0, 103.0, 100.0, 99.0, 99.5]
    close = [105.0, 104.0, 102.0, 105.0, 104.0, 102.0, 101.0, 99.9]
    given = {"sr_lookback": 2, "sr_touch_pct": 1.0, "sr_bounce_pct": 1.0}

    said = spoken(SUPPORT_RESISTANCE_BOUNCE, drawn(close, high, low, close), **given)

    # Bar 3 itself, 2 below resistance, has not touched it.
    assert said == {
        "long": [3],
        "short": [5],
        "leave_long": [3, 4],
        "leave_short": [2, 5, 6, 7],
    }
