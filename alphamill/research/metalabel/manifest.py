"""The winners that a meta-labelling run works on, read from a manifest."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alphamill.core.errors import DataError, SettingsError
from alphamill.strategies import plain

REMEDY = "`alphamill winners` writes one."


@dataclass(frozen=True)
class Wanted:
    """A winner to work on: its row in the manifest, and the name that its files bear."""

    key: str
    row: Mapping[str, Any]

    @property
    def symbol(self) -> str:
        return str(self.row["symbol"])

    @property
    def strategy(self) -> str:
        return str(self.row["strategy_name"])


def read_manifest(
    path: Path, strategies: Sequence[str] = (), symbols: Sequence[str] = ()
) -> tuple[Wanted, ...]:
    """Return the winners of a manifest in their order.

    Parameters
    ----------
    path : Path
    strategies, symbols : sequence of str
        Only these, by name or number; all otherwise.

    Raises
    ------
    SettingsError
        For a missing file, a strategy or instrument that it does not hold, or two winners that
        would share their files.
    DataError
        For a file that is no manifest.
    """
    rows = _rows(path)
    for asked, of_row in ((strategies, _strategy_names), (symbols, _symbol_names)):
        known = {name for row in rows for name in of_row(row)}
        wrong = [name for name in asked if plain(str(name)) not in known]
        if wrong:
            raise SettingsError(
                f"{path}: holds no winner of {wrong[0]!r}; it has {sorted(known)}. Name one of "
                "these, or write the manifest again."
            )
        wanted = {plain(str(name)) for name in asked}
        rows = [row for row in rows if not wanted or wanted & of_row(row)]
    pairs = Counter((row["symbol"], row["strategy_name"]) for row in rows)
    found = tuple(Wanted(_key(row, pairs), row) for row in rows)
    twice = [key for key, n in Counter(one.key for one in found).items() if n > 1]
    if twice:
        raise SettingsError(
            f"{path}: holds {twice[0]} twice, and their models would share a folder. Keep one of "
            "them, or give the other timeframe another manifest."
        )
    return found


def _key(row: Mapping[str, Any], pairs: Mapping[tuple[str, str], int]) -> str:
    pair = row["symbol"], row["strategy_name"]
    key = "_".join(pair).replace("/", "-")
    return key if pairs[pair] == 1 else f"{key}_{row.get('timeframe', '')}"


def _rows(path: Path) -> list[Mapping[str, Any]]:
    try:
        held = json.loads(path.read_bytes())
    except OSError as e:
        raise SettingsError(
            f"{path}: the manifest of winners cannot be read ({e.strerror}). {REMEDY}"
        ) from e
    except ValueError as e:
        raise DataError(f"{path}: must be a manifest of winners, and is no JSON. {REMEDY}") from e
    try:
        rows = held["winners"] if "winners" in held else _by_instrument(held)
        for row in rows:
            _ = str(row["symbol"]), str(row["strategy_name"])
    except (KeyError, TypeError) as e:
        raise DataError(
            f"{path}: must hold winners with symbol, strategy_name and params ({e!r}). {REMEDY}"
        ) from e
    if not rows:
        raise DataError(
            f"{path}: holds no winner, so there is nothing to learn. Nothing survived the gates; "
            "winners.carry_unproven carries what failed, stamped."
        )
    return list(rows)


def _by_instrument(held: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = held["winners_by_instrument"]
    return [{"symbol": symbol, **row} for symbol, rows in listed.items() for row in rows]


def _strategy_names(row: Mapping[str, Any]) -> set[str]:
    return {plain(str(row["strategy_name"])), plain(str(row.get("strategy_id", "")))}


def _symbol_names(row: Mapping[str, Any]) -> set[str]:
    return {plain(str(row["symbol"]))}
