from dataclasses import replace

import numpy as np

from alphamill.strategies.contract_markets import daily
from alphamill.strategies.cross_asset.pairs_zscore import PAIRS_ZSCORE

from ..markets import drawn

# Powers of two, so that log prices are whole numbers and the base of the logarithm drops out.
OWN = [0, 1, 2, 1, 1, 1, 0, 0, 1]
PARTNER = [0, 1, 2, 1, 0, 1, 1, 0, 1]
GIVEN = {"pz_length": 5, "pz_entry": 1.5, "pz_exit": 0.5}
NAN = float("nan")


def powers(exponents, symbol):
    close = [2.0**k for k in exponents]
    return drawn(close, close, close, close, symbol)


def test_pairs_zscore_worked_by_hand():
    # Over bars t-4 .. t, with x the partner's: slope xy / xx, what is left yy - xy^2 / xx, the last
    # residual, its score by sqrt(left / 4):
    # bar  mean y, x     yy    xx    xy   slope   left    last    score
    #  4   1.0  0.8     2.0   2.8   2.0   5/7     4/7     4/7     1.512   sell one, buy 5/7
    #  5   1.2  1.0     0.8   2.0   1.0   1/2     0.3    -0.2    -0.730   home from above: leave
    #  6   1.0  1.0     2.0   2.0   1.0   1/2     1.5    -1.0    -1.633   buy one, sell 1/2
    #  7   0.6  0.6     1.2   1.2   0.2   1/6     7/6    -0.5    -0.926   stays
    #  8   0.6  0.6     1.2   1.2   0.2   1/6     7/6     1/3     0.617   home from below: leave
    wanted = PAIRS_ZSCORE.targets(
        powers(OWN, "OWN"), [powers(PARTNER, "PAR")], PAIRS_ZSCORE.params(GIVEN), "both"
    )

    expected = [[NAN, NAN]] * 4
    expected += [[-1, 5 / 7], [0, 0], [1, -1 / 2], [NAN, NAN], [0, 0]]
    np.testing.assert_allclose(wanted, expected, atol=1e-12)


def test_pairs_zscore_long_only_is_flat_where_it_would_be_short():
    wanted = PAIRS_ZSCORE.targets(
        powers(OWN, "OWN"), [powers(PARTNER, "PAR")], PAIRS_ZSCORE.params(GIVEN)
    )

    assert wanted[4:7].round(12).tolist() == [[0, 0], [0, 0], [1, -0.5]]


def test_pairs_zscore_knows_no_bar_of_its_partner_that_closes_later():
    bars, partner = daily(400, 1), daily(400, 2)
    for cut in range(30, 400, 37):
        prices = {n: getattr(partner, n).copy() for n in ("open", "high", "low", "close")}
        for column in prices.values():
            column[cut:] *= 1.5
        other = replace(partner, raw_close=prices["close"], **prices)

        before = PAIRS_ZSCORE.rule(bars, partner, **PAIRS_ZSCORE.params())[:cut]
        after = PAIRS_ZSCORE.rule(bars, other, **PAIRS_ZSCORE.params())
        shorter = PAIRS_ZSCORE.rule(bars.head(cut), partner.head(cut), **PAIRS_ZSCORE.params())

        np.testing.assert_array_equal(after[:cut], before)
        np.testing.assert_array_equal(shorter, before)
        assert not np.array_equal(after[cut:], np.full_like(after[cut:], NAN))


def test_pairs_zscore_needs_no_more_bars_than_it_declares():
    bars, partner = daily(400, 1), daily(400, 2)
    for cell in PAIRS_ZSCORE.cells():
        whole, n_needed = PAIRS_ZSCORE.rule(bars, partner, **cell), PAIRS_ZSCORE.warmup(cell)
        for stop in range(n_needed, 400, 13):
            window = slice(stop - n_needed, stop)
            parts = (series.slice(window.start, window.stop) for series in (bars, partner))

            last = PAIRS_ZSCORE.rule(*parts, **cell)[-1]

            np.testing.assert_allclose(last, whole[stop - 1], rtol=1e-9)
