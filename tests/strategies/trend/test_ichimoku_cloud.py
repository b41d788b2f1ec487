import pytest

from alphamill.core.market import Bars
from alphamill.strategies.trend.ichimoku_cloud import ICHIMOKU_CLOUD

from ..markets import drawn
from ..worksheet import spoken

# The second span asks for 52 bars: as many at 10 come before the bars of interest.
PLATEAU = [10.0] * 52


def one_beyond(close: list[float]) -> Bars:
    return drawn(close, [c + 1 for c in close], [c - 1 for c in close], close)


def test_ichimoku_cloud_worked_by_hand():
    # Highs and lows lie 1 beyond the close, so the line of 1 is the close, that of 2 the mean of
    # the last two. The spans are those of two bars ago.
    # bar   close   kijun    span A   span B   close 2 ago
    #  53     9      9.5     10       10          10        crosses below, under the cloud
    #  54     9      9       10       10          10
    #  55    11     10        9.25     9.5         9        crosses above, over the cloud
    #  56    12     11.5      9        9.5         9
    #  57    12     12       10.5     10          11
    #  58    10     11       11.75    10.5        12        crosses below, under the cloud
    #  59     6      8       12       10.5        12
    bars = one_beyond([*PLATEAU, 10, 9, 9, 11, 12, 12, 10, 6])

    assert spoken(ICHIMOKU_CLOUD, bars, ich_tenkan=1, ich_kijun=2) == {
        "long": [55],
        "short": [53, 58],
        "leave_long": [53, 54, 58, 59],
        "leave_short": [55, 56, 57],
    }


@pytest.mark.parametrize(
    "close",
    [
        # 9 crosses its mean 8.5, but lies under the cloud of 10.
        [8.0, 8.0, 9.0],
        # 13.5 crosses 13.2 over the cloud of 13, but two bars ago the close was 14.
        [10.0, 14.0, 12.9, 13.5],
    ],
)
def test_ichimoku_cloud_does_not_buy_under_the_cloud_or_below_the_close_it_came_from(close):
    said = spoken(ICHIMOKU_CLOUD, one_beyond([*PLATEAU, *close]), ich_tenkan=1, ich_kijun=2)

    assert max(said["long"], default=0) < 52 + len(close) - 1


def test_ichimoku_cloud_drops_sets_whose_fast_line_is_not_the_faster():
    assert ICHIMOKU_CLOUD.canonical({"ich_tenkan": 26, "ich_kijun": 26}) is None
