"""Panels on disk, one file a field, under the name of their content; read as mapped memory."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib.format import open_memmap

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.identity import digest
from alphamill.core.market import Floats
from alphamill.factors.panel import Panel
from alphamill.workshop.files import write_atomic

MANIFEST: Final = "panel.json"
_GRID: Final = ("session", "close_ns", "member")


def save_panel(panel: Panel, root: Path) -> Path:
    """Store a panel below ``root`` and return its folder; one that is there stays as it is.

    The manifest comes last: a folder without it was never finished and is written again.
    """
    folder = root / panel.identity
    if (folder / MANIFEST).exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {name: getattr(panel, name) for name in _GRID} | dict(panel.fields)
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values, allow_pickle=False)
    about = {
        "identity": panel.identity,
        "freq": panel.freq,
        "calendar": panel.calendar,
        "symbols": list(panel.symbols),
        "fields": list(panel.fields),
        "universe": panel.universe,
        "is_survivorship_biased": panel.is_survivorship_biased,
        "notes": list(panel.notes),
    }
    text = {"about": about, "sha256": digest(json.dumps(about, sort_keys=True))}
    write_atomic(folder / MANIFEST, json.dumps(text, indent=1, sort_keys=True) + "\n")
    return folder


def load_panel(folder: Path, *, verify: bool = False) -> Panel:
    """Return a stored panel whose arrays are mapped files: workers share them without a copy.

    ``verify`` reads everything and compares it with the name of the folder.

    Raises
    ------
    SettingsError
        When there is no panel.
    DataError
        When it is damaged.
    """
    if not (folder / MANIFEST).exists():
        raise SettingsError(f"there is no panel in {folder}. Save one with save_panel().")
    try:
        text: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        about = text["about"]
        if text["sha256"] != digest(json.dumps(about, sort_keys=True)):
            raise _damaged(folder, "its manifest does not match its hash")
        arrays = {name: _mapped(folder, name) for name in (*_GRID, *about["fields"])}
    except (OSError, ValueError, LookupError, TypeError) as e:
        raise _damaged(folder, repr(e)) from e
    panel = Panel(
        freq=about["freq"],
        calendar=about["calendar"],
        session=arrays["session"],
        close_ns=arrays["close_ns"],
        symbols=tuple(about["symbols"]),
        fields={name: arrays[name] for name in about["fields"]},
        member=arrays["member"],
        universe=about["universe"],
        is_survivorship_biased=about["is_survivorship_biased"],
        notes=tuple(about["notes"]),
    )
    if verify and panel.identity != about["identity"]:
        raise _damaged(folder, f"its content is {panel.identity[:16]}")
    return panel


def mapped_columns(folder: Path, names: list[str], shape: tuple[int, int]) -> dict[str, Floats]:
    """Return new mapped arrays of these names, to be filled: results larger than the memory."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        name: open_memmap(folder / f"{name}.npy", mode="w+", dtype=np.float64, shape=shape)
        for name in names
    }


def _mapped(folder: Path, name: str) -> Any:
    return np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)


def _damaged(folder: Path, what: str) -> DataError:
    return DataError(
        f"panel {folder.name[:16]}: its files must be as they were written; {what}. Delete the "
        "folder and build the panel again."
    )
