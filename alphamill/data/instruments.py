"""One table of what is traded and what it costs; every room reads it and nothing else.

Point values, ticks and margins are those of the contract specifications (specs/factory.md 2.4,
with 6C and 6M put right). Costs are assumptions to override in the project file: futures pay one
tick of slippage and 1.25 a side per contract; equities, ETFs and indices 2 bps of slippage and
1 bp of commission on 100,000 a trade; spot FX 1 bp of slippage; crypto 5 bps and 10 bps. A margin
of 0 means that none is recorded. ``VIX`` is the index that data sets call by that name; its future
(the row called VIX in the factory specification) is ``VX``.
"""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from math import isfinite
from typing import Any, Final, Literal, get_args
from zoneinfo import available_timezones

from alphamill.core.errors import SettingsError
from alphamill.core.market import Instrument

AssetClass = Literal["future", "equity", "index", "fx", "crypto", "rate"]
_NUMBERS: Final = (
    *("tick", "point_value", "notional", "lot", "margin"),
    *("commission_per_side", "commission_bps", "slippage_ticks", "slippage_bps"),
)
_Ticks = tuple[tuple[int, float], ...]

_CLASS_DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "future": {"commission_per_side": 1.25, "slippage_ticks": 1.0},
    "equity": {
        "calendar": "XNYS",
        "tick": 0.01,
        "point_value": 1.0,
        "notional": 100_000.0,
        "commission_bps": 1.0,
        "slippage_bps": 2.0,
    },
    "fx": {
        "calendar": "24/5",
        "tick": 0.00001,
        "point_value": 1.0,
        "notional": 100_000.0,
        "slippage_bps": 1.0,
        "cash_open": "00:00",
        "timezone": "UTC",
    },
    "crypto": {
        "calendar": "24/7",
        "tick": 0.01,
        "point_value": 1.0,
        "lot": 1e-8,
        "notional": 100_000.0,
        "commission_bps": 10.0,
        "slippage_bps": 5.0,
        "cash_open": "00:00",
        "timezone": "UTC",
    },
}
_SAME_AS: Final = {"index": "equity", "rate": "equity"}


def _merged(base: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    out = {**base, **given}
    if given.get("slippage_bps") is not None and given.get("slippage_ticks") is None:
        out["slippage_ticks"] = None
    if given.get("slippage_ticks") is not None and given.get("slippage_bps") is None:
        out["slippage_bps"] = None
    if "tick" in given and "tick_history" not in given:
        out["tick_history"] = ()
    out["tick_history"] = tuple(tuple(pair) for pair in out.get("tick_history", ()))
    return out


def _require_fields(symbol: str, given: Mapping[str, Any]) -> None:
    """Refuse names and types that an Instrument does not have."""
    known = {f.name for f in fields(Instrument)} - {"symbol"}
    for name, value in given.items():
        if name not in known:
            near = get_close_matches(name, sorted(known), n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {sorted(known)}."
            raise SettingsError(f"instruments.{symbol} has no field {name!r}; {hint}")
        sound, what = _sound(name, value)
        if not sound:
            raise SettingsError(
                f"instruments.{symbol}.{name} must be {what}, received {value!r}. Correct the "
                "project file."
            )


def _sound(name: str, value: object) -> tuple[bool, str]:
    if name == "tick_history":
        pairs = isinstance(value, (list, tuple)) and all(
            isinstance(pair, (list, tuple)) and len(pair) == 2 and all(map(_is_number, pair))
            for pair in value
        )
        return pairs, "pairs of a trade date (yyyymmdd) and a tick"
    if name == "asset_class":
        return value in get_args(AssetClass), f"one of {list(get_args(AssetClass))}"
    if name == "cash_open":
        clock = isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value)
        return bool(clock), "a local time such as '09:30'"
    if name == "timezone":
        return value in available_timezones(), "an IANA zone such as 'America/New_York'"
    if name not in _NUMBERS:
        return isinstance(value, str), "text"
    may_lack = value is None and name in ("notional", "slippage_ticks", "slippage_bps")
    return may_lack or _is_number(value), "a finite number, at least 0"


def _is_number(value: object) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and isfinite(value)
        and value >= 0
    )


def declare(symbol: str, asset_class: AssetClass, **given: Any) -> Instrument:
    """Return an instrument that the table lacks: ``given`` fields over the class's defaults.

    A future has no default tick, point value or calendar.

    Raises
    ------
    SettingsError
        For an unknown field or class, a wrong type, or a field that must be given.

    Examples
    --------
    >>> declare("NVDA", "equity").slippage_bps
    2.0
    """
    _require_fields(symbol, {"asset_class": asset_class} | given)
    merged = _merged(_CLASS_DEFAULTS[_SAME_AS.get(asset_class, asset_class)], given)
    lacking = [name for name in ("calendar", "tick", "point_value") if name not in merged]
    if lacking:
        raise SettingsError(
            f"instruments.{symbol}: a {asset_class} must declare {lacking}, received "
            f"{sorted(given)}. Take them from the contract specification."
        )
    values = {"name": symbol} | merged
    return Instrument(symbol=symbol, asset_class=asset_class, **values)


def _index(symbol: str, name: str, calendar: str = "XNYS") -> Instrument:
    return declare(symbol, "index", name=name, calendar=calendar)


def _fx(symbol: str, tick: float = 0.00001) -> Instrument:
    # P&L falls due in the quote currency, whatever the account's is.
    name = f"{symbol[:3]}/{symbol[3:]} spot"
    return declare(symbol, "fx", name=name, tick=tick, currency=symbol[3:])


def _future(symbol: str, name: str, tick: float, point_value: float, **given: Any) -> Instrument:
    given["tick_history"] = _TICK_HISTORY.get(symbol, ())
    return declare(symbol, "future", name=name, tick=tick, point_value=point_value, **given)


_INDEX: Final = {"calendar": "CMES", "cash_open": "08:30", "timezone": "America/Chicago"}
_ENERGY: Final = {"calendar": "CMES_ENERGY_METALS", "exchange": "NYMEX", "cash_open": "09:00"}
_COMEX: Final = {"calendar": "CMES_ENERGY_METALS", "exchange": "COMEX"}
_MONEY: Final = {
    "calendar": "CMES_FX_RATES",
    "exchange": "CME",
    "cash_open": "07:20",
    "timezone": "America/Chicago",
}
_BOND: Final = _MONEY | {"exchange": "CBOT"}
_GRAIN: Final = {
    "calendar": "CMES_GRAINS",
    "exchange": "CBOT",
    "cash_open": "08:30",
    "timezone": "America/Chicago",
}
_CFE: Final = {"calendar": "XCBF", "exchange": "CFE", "timezone": "America/Chicago"}

# 6E from the exchange's special executive report S-7425; 6C from its page on minimum price
# increments; 6A from the press; 6S from a data vendor's notice of the exchange's advisory. 6J was
# halved in 2014 and 6M made finer by 2015, on days not known to us, so their older ticks, and
# costs, are understated; 6N stands at the specification's tick.
_TICK_HISTORY: Final[Mapping[str, _Ticks]] = {
    "6A": ((0, 0.0001), (20201123, 0.00005)),
    "6C": ((0, 0.0001), (20160711, 0.00005)),
    "6E": ((0, 0.0001), (20160111, 0.00005)),
    "6S": ((0, 0.0001), (20220502, 0.00005)),
}
_FUTURES: Final = (
    _future("ES", "E-mini S&P 500", 0.25, 50.0, margin=13_200.0, exchange="CME", **_INDEX),
    _future("NQ", "E-mini Nasdaq-100", 0.25, 20.0, margin=17_600.0, exchange="CME", **_INDEX),
    _future("RTY", "E-mini Russell 2000", 0.10, 50.0, margin=8_800.0, exchange="CME", **_INDEX),
    _future("YM", "E-mini Dow", 1.0, 5.0, margin=9_350.0, exchange="CBOT", **_INDEX),
    _future("GC", "Gold", 0.10, 100.0, margin=11_000.0, cash_open="08:20", **_COMEX),
    _future("SI", "Silver", 0.005, 5_000.0, margin=14_300.0, cash_open="08:25", **_COMEX),
    _future("HG", "Copper", 0.0005, 25_000.0, margin=4_400.0, cash_open="08:10", **_COMEX),
    _future("PL", "Platinum", 0.10, 50.0, **(_ENERGY | {"cash_open": "08:20"})),
    _future("CL", "Crude oil", 0.01, 1_000.0, margin=5_500.0, **_ENERGY),
    _future("NG", "Natural gas", 0.001, 10_000.0, margin=3_300.0, **_ENERGY),
    _future("6A", "Australian dollar", 0.00005, 100_000.0, margin=2_200.0, **_MONEY),
    _future("6B", "British pound", 0.0001, 62_500.0, margin=2_750.0, **_MONEY),
    _future("6C", "Canadian dollar", 0.00005, 100_000.0, margin=2_200.0, **_MONEY),
    _future("6E", "Euro", 0.00005, 125_000.0, margin=2_750.0, **_MONEY),
    _future("6J", "Japanese yen", 0.0000005, 12_500_000.0, margin=3_300.0, **_MONEY),
    _future("6M", "Mexican peso", 0.00001, 500_000.0, margin=3_850.0, **_MONEY),
    _future("6N", "New Zealand dollar", 0.0001, 100_000.0, margin=1_980.0, **_MONEY),
    _future("6S", "Swiss franc", 0.00005, 125_000.0, margin=2_420.0, **_MONEY),
    _future("ZB", "30-year Treasury bond", 1 / 32, 1_000.0, margin=3_300.0, **_BOND),
    # Grains are quoted in cents a bushel: 5,000 bushels make a point worth 50 dollars.
    _future("ZC", "Corn", 0.25, 50.0, margin=1_650.0, **_GRAIN),
    _future("ZS", "Soybeans", 0.25, 50.0, margin=2_200.0, **_GRAIN),
    _future("ZW", "Wheat", 0.25, 50.0, margin=2_750.0, **_GRAIN),
    _future("MBT", "Micro bitcoin", 5.0, 0.1, exchange="CME", **_INDEX),
    # Regular hours only; the calendar library does not know the extended ones.
    _future("VX", "VIX future", 0.05, 1_000.0, cash_open="08:30", **_CFE),
)

# Listings move between exchanges, so none is recorded.
_EQUITIES: Final = {
    "AAPL": "Apple",
    "AMD": "Advanced Micro Devices",
    "BAC": "Bank of America",
    "BBY": "Best Buy",
    "BNO": "United States Brent Oil Fund",
    "CVX": "Chevron",
    "EEM": "iShares MSCI Emerging Markets",
    "FB": "Facebook",
    "FXE": "Invesco CurrencyShares Euro",
    "GE": "General Electric",
    "HD": "Home Depot",
    "IBM": "International Business Machines",
    "IWM": "iShares Russell 2000",
    "JNJ": "Johnson & Johnson",
    "JPM": "JPMorgan Chase",
    "KO": "Coca-Cola",
    "LLY": "Eli Lilly",
    "MRK": "Merck",
    "MSFT": "Microsoft",
    "MTUM": "iShares MSCI USA Momentum",
    "PEP": "PepsiCo",
    "PFE": "Pfizer",
    "PG": "Procter & Gamble",
    "QQQ": "Invesco QQQ",
    "QUAL": "iShares MSCI USA Quality",
    "RRC": "Range Resources",
    "SIZE": "iShares MSCI USA Size",
    "SPY": "SPDR S&P 500",
    "TLT": "iShares 20+ Year Treasury",
    "UNH": "UnitedHealth",
    "USMV": "iShares MSCI USA Minimum Volatility",
    "USO": "United States Oil Fund",
    "UUP": "Invesco DB US Dollar Bullish",
    "VLUE": "iShares MSCI USA Value",
    "WM": "Waste Management",
    "WMT": "Walmart",
    "XOM": "Exxon Mobil",
}
_SHARES: Final = tuple(declare(s, "equity", name=name) for s, name in _EQUITIES.items())
_INDICES: Final = (
    _index("NASDAQ", "Nasdaq Composite index"),
    _index("SP500", "S&P 500 index"),
    _index("SP500_CLOSE", "S&P 500 index, closes of the longer sample"),
    _index("VIX", "CBOE volatility index"),
    # Spot prices are also published on days on which the stock exchange is closed.
    _index("WTI", "West Texas Intermediate, spot", "24/5"),
)
_SPOT: Final = (
    *(_fx(s) for s in ("AUDUSD", "EURGBP", "EURUSD", "GBPUSD", "NZDUSD", "USDCAD", "USDCHF")),
    _fx("USDJPY", tick=0.001),
    declare("BTCUSD", "crypto", name="Bitcoin"),
    declare("ETHUSD", "crypto", name="Ether"),
)

INSTRUMENTS: Final[Mapping[str, Instrument]] = {
    i.symbol: i for i in (*_FUTURES, *_SHARES, *_INDICES, *_SPOT)
}
# What is compared with what, for rules that read two series: the pair map of specs/factory.md 2.4.
PARTNERS: Final[Mapping[str, str]] = {
    "ES": "NQ",
    "NQ": "ES",
    "RTY": "YM",
    "YM": "RTY",
    "GC": "SI",
    "SI": "GC",
    "HG": "SI",
    "CL": "NG",
    "NG": "CL",
    "6A": "6E",
    "6B": "6E",
    "6E": "6A",
}
# The factory's universe of specs/factory.md 2.4, in its order.
FACTORY_SYMBOLS: Final = (
    *("ES", "NQ", "YM", "RTY", "GC", "SI", "HG", "CL", "NG"),
    *("6A", "6B", "6E", "6J", "6N", "6S"),
)


def instrument(symbol: str, overrides: Mapping[str, Any] | None = None) -> Instrument:
    """Return the instrument of the table, with the project file's fields laid over it.

    Setting ``slippage_bps`` drops ``slippage_ticks`` and the other way round; setting ``tick``
    drops the dated ticks. A symbol outside the table is declared by overrides that hold
    ``asset_class``.

    Raises
    ------
    SettingsError
        For an unknown symbol or field: nothing is traded at a guessed tick.

    Examples
    --------
    >>> instrument("6C").point_value
    100000.0
    >>> instrument("ES", {"slippage_bps": 0.5}).slippage_ticks is None
    True
    """
    given = dict(overrides or {})
    if symbol in INSTRUMENTS:
        known = INSTRUMENTS[symbol]
        _require_fields(symbol, given)
        return replace(
            known, **_merged({f.name: getattr(known, f.name) for f in fields(known)}, given)
        )
    if "asset_class" in given:
        return declare(symbol, given.pop("asset_class"), **given)
    near = get_close_matches(symbol.upper(), INSTRUMENTS, n=3, cutoff=0.5)
    hint = f"nearest are {near}" if near else "nothing is spelt alike"
    raise SettingsError(
        f"instrument must be in the table, received {symbol!r}; {hint}. Declare it in the project "
        f"file, for example `instruments: {{{symbol}: {{asset_class: equity}}}}`."
    )
