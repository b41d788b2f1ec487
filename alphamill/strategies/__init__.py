"""The table of strategies, by number; a test compares it with the folders."""

import re
from difflib import get_close_matches

from alphamill.core.errors import SettingsError
from alphamill.core.strategy import Strategy
from alphamill.strategies.breakout.keltner_channel_breakout import KELTNER_CHANNEL_BREAKOUT
from alphamill.strategies.momentum.macd import MACD
from alphamill.strategies.patterns.engulfing_pattern import ENGULFING_PATTERN
from alphamill.strategies.reversion.atr_buy_dip import ATR_BUY_DIP
from alphamill.strategies.reversion.bollinger_bands import BOLLINGER_BANDS
from alphamill.strategies.reversion.buy_on_5_bar_low import BUY_ON_5_BAR_LOW
from alphamill.strategies.reversion.double7s import DOUBLE7S
from alphamill.strategies.reversion.ibs_strategy import IBS_STRATEGY
from alphamill.strategies.reversion.rsi2_mean_reversion import RSI2_MEAN_REVERSION
from alphamill.strategies.trend.ma_cross import MA_CROSS

STRATEGIES: tuple[Strategy, ...] = (
    BOLLINGER_BANDS,
    KELTNER_CHANNEL_BREAKOUT,
    ENGULFING_PATTERN,
    MA_CROSS,
    MACD,
    RSI2_MEAN_REVERSION,
    DOUBLE7S,
    BUY_ON_5_BAR_LOW,
    IBS_STRATEGY,
    ATR_BUY_DIP,
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
        raise SettingsError(f"no strategy has the number {text}; the table holds {[*BY_NUMBER]}.")
    by_plain = {plain(name): strategy for name, strategy in BY_NAME.items()}
    wanted = plain(re.sub("_bt$", "", text, flags=re.IGNORECASE))
    if wanted in by_plain:
        return by_plain[wanted]
    near = [name for name in by_plain if wanted and wanted in name]
    near = near or get_close_matches(wanted, by_plain, n=3, cutoff=0.4)
    offered = [by_plain[name].name for name in near]
    raise SettingsError(
        f"no strategy is called {key!r}; "
        + (f"the nearest are {offered}." if near else f"the table holds {[*BY_NAME]}.")
    )


def plain(name: str) -> str:
    """Return ``name`` without capitals, underscores and blanks: the form in which names compare.

    Examples
    --------
    >>> plain("BuyOn5BarLow") == plain("buy_on_5_bar_low")
    True
    """
    return re.sub(r"[\W_]+", "", name).lower()
