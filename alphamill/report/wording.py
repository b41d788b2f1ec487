"""How numbers, dates and parameters are written, on pages and in pictures alike."""

from collections.abc import Mapping
from math import isfinite

UNKNOWN = "–"
_MINUS = "\u2212"


def number(value: float | None, digits: int = 2) -> str:
    """Return a figure with thousands commas and a true minus; a dash where it is not known.

    Examples
    --------
    >>> number(-1234.5, 1)
    '−1,234.5'
    >>> number(float("nan"))
    '–'
    """
    if value is None or value != value:
        return UNKNOWN
    if not isfinite(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    text = f"{value:,.{digits}f}"
    if text.startswith("-"):
        text = text[1:] if float(text.replace(",", "")) == 0 else _MINUS + text[1:]
    return text


def signed(value: float | None, digits: int = 2) -> str:
    """Return a figure with its sign, plus included."""
    text = number(value, digits)
    return f"+{text}" if value is not None and value > 0 and text != UNKNOWN else text


def percent(fraction: float | None, digits: int = 1) -> str:
    """Return a fraction as percent.

    Examples
    --------
    >>> percent(0.1234)
    '12.3%'
    """
    if fraction is None or fraction != fraction:
        return UNKNOWN
    return f"{number(fraction * 100.0, digits)}%"


def sort_key(value: float | None) -> str:
    """Return what a table sorts by: empty where not known, a huge figure for an infinite one."""
    if value is None or value != value:
        return ""
    return f"{min(max(value, -1e300), 1e300):.10g}"


def money(value: float | None) -> str:
    """Return an amount of account currency: whole units from 100 on, cents below."""
    if value is None or value != value:
        return UNKNOWN
    return number(value, 0 if abs(value) >= 100 or value == 0 else 2)


def price(value: float | None) -> str:
    """Return a price with the digits it needs: 0.0000005 and 2,500.25 alike."""
    if value is None or value != value or not isfinite(value):
        return UNKNOWN
    magnitude = abs(value)
    digits = 2 if magnitude >= 20 else 4 if magnitude >= 0.1 else 8
    return number(value, digits)


def short(value: float) -> str:
    """Return a figure for an axis.

    Examples
    --------
    >>> short(12500.0), short(-2e6), short(0.25), short(0.0)
    ('12.5k', '−2M', '0.25', '0')
    """
    for limit, unit in ((1e9, "bn"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            divisor = 1e3 if unit == "k" else limit
            return f"{_plain(value / divisor)}{unit}"
    return _plain(value)


def _plain(value: float) -> str:
    text = f"{value:,.10f}".rstrip("0").rstrip(".") if abs(value) < 1000 else f"{value:,.0f}"
    return text.replace("-", _MINUS)


def date(session: int) -> str:
    """Return a trade date yyyymmdd as ISO.

    Examples
    --------
    >>> date(20180205)
    '2018-02-05'
    """
    text = f"{int(session):08d}"
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"


def plain_value(value: object) -> str:
    """Return one parameter's value in words of the field."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _plain(float(value)) if isinstance(value, (int, float)) else str(value)


def params(values: Mapping[str, object]) -> str:
    """Return a parameter set on one line; exits that are off are left out.

    Examples
    --------
    >>> params({"length": 3, "trail_atr": None})
    'length 3'
    """
    return " · ".join(
        f"{name} {plain_value(value)}" for name, value in values.items() if value is not None
    )


def plural(count: int, noun: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "candidate"), plural(70, "candidate"), plural(2, "new try")
    ('1 candidate', '70 candidates', '2 new tries')
    """
    if count == 1:
        return f"1 {noun}"
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {many}"
