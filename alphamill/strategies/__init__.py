"""The table of strategies, by number; a test compares it with the folders."""

import re
from difflib import get_close_matches

from alphamill.core.errors import SettingsError
from alphamill.core.strategy import Strategy
from alphamill.strategies.breakout.breakout import BREAKOUT
from alphamill.strategies.breakout.inside_bar_breakout import INSIDE_BAR_BREAKOUT
from alphamill.strategies.breakout.keltner_channel_breakout import KELTNER_CHANNEL_BREAKOUT
from alphamill.strategies.breakout.opening_range_breakout import OPENING_RANGE_BREAKOUT
from alphamill.strategies.breakout.price_channel_breakout import PRICE_CHANNEL_BREAKOUT
from alphamill.strategies.breakout.ten_bar_high_breakout import TEN_BAR_HIGH_BREAKOUT
from alphamill.strategies.breakout.volume_breakout import VOLUME_BREAKOUT
from alphamill.strategies.cross_asset.kalman_spread import KALMAN_SPREAD
from alphamill.strategies.cross_asset.pairs_zscore import PAIRS_ZSCORE
from alphamill.strategies.momentum.cci_strategy import CCI_STRATEGY
from alphamill.strategies.momentum.chande_momentum import CHANDE_MOMENTUM
from alphamill.strategies.momentum.kst import KST
from alphamill.strategies.momentum.macd import MACD
from alphamill.strategies.momentum.stochastic_rsi import STOCHASTIC_RSI
from alphamill.strategies.momentum.volume_weighted_macd import VOLUME_WEIGHTED_MACD
from alphamill.strategies.momentum.wave_trend import WAVE_TREND
from alphamill.strategies.momentum.williams_percent_r import WILLIAMS_PERCENT_R
from alphamill.strategies.multi_timeframe.daily_trend_pullback import DAILY_TREND_PULLBACK
from alphamill.strategies.patterns.doji_reversal import DOJI_REVERSAL
from alphamill.strategies.patterns.engulfing_pattern import ENGULFING_PATTERN
from alphamill.strategies.patterns.hammer_shooting_star import HAMMER_SHOOTING_STAR
from alphamill.strategies.patterns.three_bar_reversal import THREE_BAR_REVERSAL
from alphamill.strategies.reversion.atr_buy_dip import ATR_BUY_DIP
from alphamill.strategies.reversion.avg_hl_range_ibs import AVG_HL_RANGE_IBS
from alphamill.strategies.reversion.bb_ibs_reversal import BB_IBS_REVERSAL
from alphamill.strategies.reversion.bollinger_bands import BOLLINGER_BANDS
from alphamill.strategies.reversion.buy_on_5_bar_low import BUY_ON_5_BAR_LOW
from alphamill.strategies.reversion.connors_rsi import CONNORS_RSI
from alphamill.strategies.reversion.consecutive_bars_ema import CONSECUTIVE_BARS_EMA
from alphamill.strategies.reversion.consecutive_bearish_candle import CONSECUTIVE_BEARISH_CANDLE
from alphamill.strategies.reversion.consecutive_close_low import CONSECUTIVE_CLOSE_LOW
from alphamill.strategies.reversion.cumulative_rsi import CUMULATIVE_RSI
from alphamill.strategies.reversion.double7s import DOUBLE7S
from alphamill.strategies.reversion.fibonacci_retracement import FIBONACCI_RETRACEMENT
from alphamill.strategies.reversion.four_bar_momentum_reversal import FOUR_BAR_MOMENTUM_REVERSAL
from alphamill.strategies.reversion.gap_down_reversal import GAP_DOWN_REVERSAL
from alphamill.strategies.reversion.gap_fill import GAP_FILL
from alphamill.strategies.reversion.ibs import IBS
from alphamill.strategies.reversion.ibs_extreme import IBS_EXTREME
from alphamill.strategies.reversion.ibs_strategy import IBS_STRATEGY
from alphamill.strategies.reversion.linear_regression_channel import LINEAR_REGRESSION_CHANNEL
from alphamill.strategies.reversion.mean_reversion_bands import MEAN_REVERSION_BANDS
from alphamill.strategies.reversion.momentum_fade import MOMENTUM_FADE
from alphamill.strategies.reversion.money_flow_index import MONEY_FLOW_INDEX
from alphamill.strategies.reversion.moving_average_envelope import MOVING_AVERAGE_ENVELOPE
from alphamill.strategies.reversion.overnight_gap_strategy import OVERNIGHT_GAP_STRATEGY
from alphamill.strategies.reversion.pivot_point_reversal import PIVOT_POINT_REVERSAL
from alphamill.strategies.reversion.psychological_line import PSYCHOLOGICAL_LINE
from alphamill.strategies.reversion.rsi2_mean_reversion import RSI2_MEAN_REVERSION
from alphamill.strategies.reversion.rsi2_sma_filter import RSI2_SMA_FILTER
from alphamill.strategies.reversion.rsi2_two_down_days import RSI2_TWO_DOWN_DAYS
from alphamill.strategies.reversion.rsi_divergence import RSI_DIVERGENCE
from alphamill.strategies.reversion.support_resistance_bounce import SUPPORT_RESISTANCE_BOUNCE
from alphamill.strategies.reversion.three_bar_low import THREE_BAR_LOW
from alphamill.strategies.reversion.three_down_three_up import THREE_DOWN_THREE_UP
from alphamill.strategies.reversion.vwap_reversion import VWAP_REVERSION
from alphamill.strategies.seasonal.time_of_day_reversal import TIME_OF_DAY_REVERSAL
from alphamill.strategies.seasonal.turn_of_month import TURN_OF_MONTH
from alphamill.strategies.trend.adx_trend_strength import ADX_TREND_STRENGTH
from alphamill.strategies.trend.aroon_indicator import AROON_INDICATOR
from alphamill.strategies.trend.atr_trailing_stop import ATR_TRAILING_STOP
from alphamill.strategies.trend.chaikin_oscillator import CHAIKIN_OSCILLATOR
from alphamill.strategies.trend.ema_ribbon import EMA_RIBBON
from alphamill.strategies.trend.ichimoku_cloud import ICHIMOKU_CLOUD
from alphamill.strategies.trend.ma_cross import MA_CROSS
from alphamill.strategies.trend.parabolic_sar import PARABOLIC_SAR
from alphamill.strategies.trend.price_volume_trend import PRICE_VOLUME_TREND
from alphamill.strategies.trend.roc_strategy import ROC_STRATEGY
from alphamill.strategies.trend.supertrend import SUPERTREND
from alphamill.strategies.trend.triple_ma import TRIPLE_MA
from alphamill.strategies.trend.turtle_trading import TURTLE_TRADING
from alphamill.strategies.volatility.volatility_expansion import VOLATILITY_EXPANSION

STRATEGIES: tuple[Strategy, ...] = (
    BOLLINGER_BANDS,
    KELTNER_CHANNEL_BREAKOUT,
    THREE_BAR_REVERSAL,
    SUPPORT_RESISTANCE_BOUNCE,
    ENGULFING_PATTERN,
    HAMMER_SHOOTING_STAR,
    MOVING_AVERAGE_ENVELOPE,
    PARABOLIC_SAR,
    ADX_TREND_STRENGTH,
    ICHIMOKU_CLOUD,
    STOCHASTIC_RSI,
    WILLIAMS_PERCENT_R,
    CCI_STRATEGY,
    DOJI_REVERSAL,
    PRICE_CHANNEL_BREAKOUT,
    TURTLE_TRADING,
    MA_CROSS,
    EMA_RIBBON,
    MACD,
    FIBONACCI_RETRACEMENT,
    RSI2_MEAN_REVERSION,
    RSI_DIVERGENCE,
    GAP_FILL,
    VWAP_REVERSION,
    OPENING_RANGE_BREAKOUT,
    INSIDE_BAR_BREAKOUT,
    MEAN_REVERSION_BANDS,
    ATR_TRAILING_STOP,
    VOLUME_BREAKOUT,
    MOMENTUM_FADE,
    PIVOT_POINT_REVERSAL,
    ROC_STRATEGY,
    AROON_INDICATOR,
    MONEY_FLOW_INDEX,
    CHAIKIN_OSCILLATOR,
    RSI2_SMA_FILTER,
    DOUBLE7S,
    OVERNIGHT_GAP_STRATEGY,
    TIME_OF_DAY_REVERSAL,
    BUY_ON_5_BAR_LOW,
    THREE_BAR_LOW,
    GAP_DOWN_REVERSAL,
    TURN_OF_MONTH,
    BB_IBS_REVERSAL,
    IBS_STRATEGY,
    FOUR_BAR_MOMENTUM_REVERSAL,
    CONSECUTIVE_BEARISH_CANDLE,
    CONSECUTIVE_BARS_EMA,
    AVG_HL_RANGE_IBS,
    THREE_DOWN_THREE_UP,
    CONSECUTIVE_CLOSE_LOW,
    ATR_BUY_DIP,
    IBS_EXTREME,
    TEN_BAR_HIGH_BREAKOUT,
    SUPERTREND,
    CHANDE_MOMENTUM,
    CONNORS_RSI,
    WAVE_TREND,
    KST,
    PRICE_VOLUME_TREND,
    TRIPLE_MA,
    LINEAR_REGRESSION_CHANNEL,
    RSI2_TWO_DOWN_DAYS,
    CUMULATIVE_RSI,
    VOLATILITY_EXPANSION,
    PSYCHOLOGICAL_LINE,
    VOLUME_WEIGHTED_MACD,
    DAILY_TREND_PULLBACK,
    IBS,
    BREAKOUT,
    PAIRS_ZSCORE,
    KALMAN_SPREAD,
)
BY_NAME = {strategy.name: strategy for strategy in STRATEGIES}
BY_NUMBER = {strategy.number: strategy for strategy in STRATEGIES}


def find(key: str | int) -> Strategy:
    """Return a strategy by number or name.

    Capitals and underscores do not matter and a trailing ``_bt`` is ignored, so the seeds'
    ``rsi2_mean_reversion_bt`` is ``RSI2_MeanReversion``.

    Raises
    ------
    SettingsError
        For an unknown one, with the nearest names.

    Examples
    --------
    >>> find(21) is find("21") is find("rsi2_mean_reversion_bt") is BY_NAME["RSI2_MeanReversion"]
    True
    """
    text = str(key).strip()
    if text.isdecimal():
        if int(text) in BY_NUMBER:
            return BY_NUMBER[int(text)]
        raise SettingsError(
            f"no strategy has the number {text}; the table holds {min(BY_NUMBER)} to "
            f"{max(BY_NUMBER)}. `alphamill strategies` lists them."
        )
    by_plain = {plain(name): strategy for name, strategy in BY_NAME.items()}
    wanted = plain(re.sub("_bt$", "", text, flags=re.IGNORECASE))
    if wanted in by_plain:
        return by_plain[wanted]
    near = [name for name in by_plain if wanted and wanted in name]
    near = near or get_close_matches(wanted, by_plain, n=3, cutoff=0.4)
    offered = [by_plain[name].name for name in near]
    raise SettingsError(
        f"no strategy is called {key!r}; "
        + (f"the nearest are {offered}. " if near else "none has a name like it. ")
        + "`alphamill strategies` lists them."
    )


def plain(name: str) -> str:
    """Return ``name`` without capitals, underscores and blanks: the form in which names compare.

    Examples
    --------
    >>> plain("BuyOn5BarLow") == plain("buy_on_5_bar_low")
    True
    """
    return re.sub(r"[\W_]+", "", name).lower()
