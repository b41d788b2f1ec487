"""Where the close stands between Bollinger's bands, and how far they are apart."""

from functools import partial

from alphamill.core.market import Bars, Floats
from alphamill.features.feature import Feature
from alphamill.features.measures import difference, of_price
from alphamill.indicators.statistics import zscore
from alphamill.indicators.volatility import bollinger

SIGMAS = 2.0


def _percent_b(bars: Bars, n_bars: int) -> Floats:
    return 0.5 + zscore(bars.close, n_bars, 0) / (2.0 * SIGMAS)


def _bandwidth(bars: Bars, n_bars: int) -> Floats:
    band = bollinger(bars.close, n_bars, SIGMAS, 0)
    return of_price(bars, difference(band.upper, band.lower))


band = partial(Feature, family="bands", params={"n_bars": 20}, n_bars=20, source="Bollinger (2001)")
BANDS = (
    band(name="bb_pct_b", meaning="0 at the lower band, 1 at the upper", function=_percent_b),
    band(
        name="bb_bandwidth",
        meaning="upper less lower band, fraction of the price",
        function=_bandwidth,
    ),
)
