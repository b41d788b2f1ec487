"""Which column of a table is the stamp, the open, the close ..., by any reasonable name."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from alphamill.core.errors import DataError, SettingsError

# Names a column may have, lower case without punctuation, the preferred one first.
NAMES: Mapping[str, tuple[str, ...]] = {
    "datetime": ("datetime", "timestamp", "dateandtime", "datetimeutc", "timestamputc", "ts"),
    "date": ("date", "tradedate", "tradingdate", "tradingday", "day", "session", "dt"),
    "time": ("time", "timeofday", "bartime", "gmttime", "utctime"),
    "opentime": ("opentime", "baropen", "barstart", "starttime"),
    "closetime": ("closetime", "barclose", "barend", "endtime"),
    "epoch": ("unix", "epoch", "unixtime", "unixtimestamp", "epochtime"),
    "open": ("open", "o", "openprice", "bidopen"),
    "high": ("high", "h", "highprice", "bidhigh"),
    "low": ("low", "l", "lowprice", "bidlow"),
    "close": (
        *("close", "c", "closeprice", "last", "lastprice", "closelast", "price", "pxlast"),
        *("settle", "settlement", "settlementprice", "bidclose", "adjclose", "adjustedclose"),
    ),
    "volume": ("volume", "vol", "v", "totalvolume", "tickvolume", "tickvol"),
    "raw_close": ("rawclose", "unadjustedclose", "closeunadj"),
    "symbol": ("symbol", "ticker", "sym"),
}
STAMPS = ("datetime", "date", "time", "opentime", "closetime", "epoch")
PRICES = ("open", "high", "low", "close")
_ADJUSTED = ("adjclose", "adjustedclose")


@dataclass(frozen=True)
class Roles:
    """Positions of the columns that will be read, by role, and the names of those that will not."""

    at: Mapping[str, int]
    ignored: tuple[str, ...]
    close_is_adjusted: bool

    @property
    def stamps(self) -> list[int]:
        """Positions whose texts, joined by a space, are the stamp."""
        return [self.at[role] for role in STAMPS if role in self.at]

    @property
    def moment(self) -> Literal["open", "close"] | None:
        """What the stamp column's own name says about its stamps."""
        if "opentime" in self.at:
            return "open"
        return "close" if "closetime" in self.at else None


def fold(name: str) -> str:
    """Return a column's name without case, punctuation and leading number.

    Examples
    --------
    >>> fold("Adj Close"), fold("<OPEN>"), fold("1. open")
    ('adjclose', 'open', 'open')
    """
    return re.sub(r"^\d+(?=[a-z])", "", re.sub(r"[\W_]+", "", name.casefold()))


def require_known(columns: Mapping[str, str]) -> None:
    """Raise SettingsError for a role that no column can have."""
    for role in columns:
        if role not in NAMES:
            raise SettingsError(f"--columns knows {sorted(NAMES)}, received {role!r}.")


def assign(
    where: str,
    names: Sequence[str],
    declared: Mapping[str, str],
    *,
    closes_only: bool,
    prefer_close_time: bool,
) -> Roles:
    """Return the role of each column.

    Raises
    ------
    DataError
        When a needed column is missing or misspelt, or two columns have one name after folding.
    SettingsError
        When a declared column is not in the file.
    """
    folded = [fold(name) for name in names]
    for name, n in Counter(filter(None, folded)).items():
        if n > 1:
            same = [names[i] for i, f in enumerate(folded) if f == name]
            raise DataError(
                f"{where}: column names must differ in more than case and punctuation, received "
                f"{same!r}. Rename or delete one."
            )
    found = dict(_by_name(folded))
    if folded[0] == "" and not set(found) & set(STAMPS):
        found["datetime"] = 0  # an unnamed first column is how tables print their index
    chosen = dict(_by_declaration(where, names, folded, declared))
    if set(chosen) & set(STAMPS):
        found = {role: i for role, i in found.items() if role not in STAMPS}
    found = {role: i for role, i in found.items() if i not in chosen.values()} | chosen
    at = _one_stamp(found, prefer_close_time=prefer_close_time)
    if closes_only:
        at = {role: i for role, i in at.items() if role not in ("open", "high", "low")}
    ignored = tuple(n for i, n in enumerate(names) if i not in at.values())
    _require_complete(where, at, names, ignored, closes_only=closes_only)
    return Roles(at, ignored, close_is_adjusted=folded[at["close"]] in _ADJUSTED)


def _by_name(folded: Sequence[str]) -> Iterator[tuple[str, int]]:
    for role, candidates in NAMES.items():
        for candidate in candidates:
            if candidate in folded:
                yield role, folded.index(candidate)
                break


def _by_declaration(
    where: str, names: Sequence[str], folded: Sequence[str], declared: Mapping[str, str]
) -> Iterator[tuple[str, int]]:
    for role, name in declared.items():
        if name in names:
            yield role, list(names).index(name)
        elif fold(name) in folded:
            yield role, folded.index(fold(name))
        else:
            raise SettingsError(
                f"{where}: --columns {role}={name} must name a column of the file, which has "
                f"{list(names)!r}."
            )


def _one_stamp(found: Mapping[str, int], *, prefer_close_time: bool) -> dict[str, int]:
    """Keep one way of saying when: a full stamp, date and time, a bar's end or start, an epoch."""
    ends = ("closetime", "opentime") if prefer_close_time else ("opentime", "closetime")
    ways: tuple[tuple[str, ...], ...] = (
        ("datetime",),
        ("date", "time"),
        ("date",),
        *((end,) for end in ends),
        ("epoch",),
        ("time",),
    )
    way = next((w for w in ways if all(role in found for role in w)), ())
    return {role: i for role, i in found.items() if role not in STAMPS or role in way}


def _require_complete(
    where: str,
    at: Mapping[str, int],
    names: Sequence[str],
    ignored: Sequence[str],
    *,
    closes_only: bool,
) -> None:
    missing = [] if set(at) & set(STAMPS) else ["date"]
    missing += [role for role in PRICES if role not in at]
    near = {
        role: hit[0]
        for role in missing
        if (hit := get_close_matches(role, [fold(n) for n in ignored], n=1, cutoff=0.6))
    }
    all_but_close = {"open", "high", "low"} == set(missing)
    if all_but_close and (closes_only or not near):
        return
    if missing:
        guess = f" {min(near.values())!r} looks like a misspelling." if near else ""
        raise DataError(
            f"{where}: column {missing[0]!r} must be there (missing: {', '.join(missing)}), "
            f"received {list(names)!r}.{guess} Rename the column, or declare it with "
            f"`--columns {missing[0]}=NAME`."
        )
