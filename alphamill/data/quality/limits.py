"""Every threshold of the quality rules, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Thresholds by rule of specs reliability B1; shares are fractions.

    Attributes
    ----------
    max_wick_ticks, max_wick_frac : float
        D08: an open or close this far beyond high or low is rounding and widens the bar. The
        share of price counts where prices were adjusted by ratio or no tick is known.
    warn_missing_frac, refuse_missing_frac : float
        D17: sessions of the calendar without a bar, as a share of those expected.
    long_gap_days : int
        D17: calendar days without a bar that are named; the longest closure of a US exchange
        since 1933 was 7 days.
    inner_gap_bars : int
        D17: missing bars in a row within one local day that are named, unless the same break
        comes back on ``regular_break_frac`` of days.
    min_step_frac : float
        D18: a tenth of a file in which fewer steps than this equal the timeframe is another
        timeframe.
    split_ratios, split_tolerance : float
        D20: ratios of splits, and how near (in log price) a step must be.
    split_window : int
        D20: bars on both sides whose medians say whether price stayed at the new level.
    scale_tolerance_frac : float
        D22: how near (in log10) a step or a median must be to a power of ten.
    stale_bars_daily, stale_bars_intraday : int
        D23: identical bars in a row that are named.
    refuse_below_bars, warn_below_bars : int
        D24: bars under which nothing can be judged, and under which little can.
    same_open_frac, same_open_min : float, int
        open_is_previous_close: over this share of days, and at least this many.
    same_open_excess : float
        ... and this many times the days whose open misses the close by one tick: a coarse tick
        makes both common, a made-up open only the first.
    """

    max_wick_ticks: float = 1.0
    max_wick_frac: float = 1e-5
    warn_missing_frac: float = 0.01
    refuse_missing_frac: float = 0.10
    long_gap_days: int = 10
    inner_gap_bars: int = 10
    regular_break_frac: float = 0.20
    min_step_frac: float = 0.05
    split_ratios: tuple[float, ...] = (2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50)
    split_tolerance: float = 0.05
    split_window: int = 5
    scale_tolerance_frac: float = 0.02
    stale_bars_daily: int = 5
    stale_bars_intraday: int = 120
    refuse_below_bars: int = 2
    warn_below_bars: int = 60
    same_open_frac: float = 0.05
    same_open_min: int = 5
    same_open_excess: float = 3.0


LIMITS = Limits()

# Judgements, not facts: the operator who knows better may accept these for one series.
ACCEPTABLE = frozenset({"D17", "D20", "D22"})
