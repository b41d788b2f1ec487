from dataclasses import replace

import numpy as np

from alphamill.core.strategy import WHOLE_HISTORY
from alphamill.strategies.contract_markets import daily
from alphamill.strategies.cross_asset.kalman_spread import KALMAN_SPREAD

from ..markets import drawn

NAN = float("nan")


def test_kalman_spread_worked_by_hand():
    # The partner stands still at 50, that is 100: the forecast is s = 100 x slope + level. With a
    # wander of 1 / 10001 its variance V grows by 1 a bar (100^2 + 1 of them) and, seen with a noise
    # of 1, is V / (V + 1) after the bar: the share g of the error that is believed.
    # bar  price   V before   g       s before   error    sqrt(V + 1)   score
    #  0   100     1          1/2     100         0       1.414          0       home: leave
    #  1   102     3/2        3/5     100         2       1.581          1.265   sell
    #  2   101     8/5        8/13    101.2      -0.2     1.612         -0.124   crossed zero: leave
    #  3    99     21/13      21/34   101.0769   -2.0769  1.617         -1.284   buy
    #  4    99.5   55/34      55/89    99.7941   -0.2941  1.618         -0.182   stays
    #  5   100     144/89              99.6124    0.3876  1.618          0.240   crossed zero: leave
    # The slope takes 100 / 10001 of what s takes: 1 + 1.2 / 100.01 after bar 1 and
    # 1 + (1.2 - 0.2 x 8/13 - 2.0769 x 21/34) / 100.01 = 1 - 0.2059 / 100.01 after bar 3.
    own, partner = [100.0, 102.0, 101.0, 99.0, 99.5, 100.0], [50.0] * 6
    bars, other = (drawn(c, c, c, c) for c in (own, partner))
    given = {"kf_delta": 1 / 10_002, "kf_noise": 1.0, "kf_entry": 1.0}

    wanted = KALMAN_SPREAD.targets(bars, [other], KALMAN_SPREAD.params(given), "both")

    sold, bought = (1 + 1.2 / 100.01) * 100 / 102, (1 - 0.20588 / 100.01) * 100 / 99
    expected = [[0, 0], [-1, sold], [0, 0], [1, -bought], [NAN, NAN], [0, 0]]
    np.testing.assert_allclose(wanted, expected, rtol=1e-6)


def test_kalman_spread_never_reads_a_later_bar_of_either_series():
    bars, partner = daily(300, 1), daily(300, 2)
    whole = KALMAN_SPREAD.rule(bars, partner, **KALMAN_SPREAD.params())
    for cut in range(20, 300, 37):
        prices = {n: getattr(partner, n).copy() for n in ("open", "high", "low", "close")}
        for column in prices.values():
            column[cut:] *= 1.5
        other = replace(partner, raw_close=prices["close"], **prices)

        after = KALMAN_SPREAD.rule(bars, other, **KALMAN_SPREAD.params())
        shorter = KALMAN_SPREAD.rule(bars.head(cut), partner.head(cut), **KALMAN_SPREAD.params())

        np.testing.assert_array_equal(after[:cut], whole[:cut])
        np.testing.assert_array_equal(shorter, whole[:cut])
        assert not np.array_equal(after[cut:], whole[cut:])


def test_kalman_spread_starts_without_a_shock():
    bars, partner = daily(300, 1), daily(300, 2)

    first = KALMAN_SPREAD.rule(bars, partner, **KALMAN_SPREAD.params())[0]

    assert first.tolist() == [0.0, 0.0]


def test_kalman_spread_depends_on_its_first_bar_for_ever():
    assert {KALMAN_SPREAD.warmup(cell) for cell in KALMAN_SPREAD.cells()} == {WHOLE_HISTORY}
