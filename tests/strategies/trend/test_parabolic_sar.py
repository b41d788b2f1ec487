from alphamill.core.strategy import WHOLE_HISTORY
from alphamill.strategies.trend.parabolic_sar import PARABOLIC_SAR

from ..markets import drawn
from ..worksheet import spoken


def test_parabolic_sar_worked_by_hand():
    # Highs and lows lie 0.5 beyond the close; the factor begins at 0.1 and grows by 0.02.
    # bar   close   SAR      extreme  factor   next SAR
    #  1     11     9.5        11.5    0.10    9.5    + 0.10 x 2
    #  2     13     9.7        13.5    0.12    9.7    + 0.12 x 3.8
    #  3     12    10.156      13.5    0.12   10.156  + 0.12 x 3.344
    #  4      9    13.5         8.5    0.10   13.5    - 0.10 x 5      its low passed 10.557: a turn
    #  5     10    13           8.5    0.10   13      - 0.10 x 4.5
    #  6      8    12.55        7.5    0.12   12.55   - 0.12 x 5.05
    #  7      9    11.944       7.5    0.12   11.944  - 0.12 x 4.444
    #  8     13     7.5                       its high passed 11.411: a turn
    close = [10.0, 11.0, 13.0, 12.0, 9.0, 10.0, 8.0, 9.0, 13.0]
    bars = drawn(close, [c + 0.5 for c in close], [c - 0.5 for c in close], close)

    assert spoken(PARABOLIC_SAR, bars, psar_af_start=0.1) == {
        "long": [8],
        "short": [4],
        "leave_long": [4, 5, 6, 7],
        "leave_short": [1, 2, 3, 8],
    }


def test_parabolic_sar_depends_on_its_first_bar_for_ever():
    assert {PARABOLIC_SAR.warmup(cell) for cell in PARABOLIC_SAR.cells()} == {WHOLE_HISTORY}
