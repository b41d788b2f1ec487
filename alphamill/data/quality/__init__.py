"""Is this series fit to trade on? Refused, or mended and counted; never waved through."""

from alphamill.data.quality.admission import admit, inspect
from alphamill.data.quality.limits import LIMITS, Limits

__all__ = ["LIMITS", "Limits", "admit", "inspect"]
