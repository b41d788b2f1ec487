"""Bundles on disk: ``{SYMBOL}_best.json`` and the ``{SYMBOL}_rf_model.<hash>.npz`` that it names.

The JSON holds the hash of the model file and a seal over itself, and must stand there as we would
write it, so a change of any byte of either file is found. It is written last: a kill at any
moment leaves the old bundle or the new one. A seal finds damage, not forgery; whoever may write
the folder may write a new seal.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.identity import canonical_json
from alphamill.learning.bundle import OWN, Bundle, Identity, Replay, require_symbol
from alphamill.learning.bundle_models import arrays_of, kind_of, model_of
from alphamill.workshop.files import locked, write_atomic

SCHEMA: Final = 1
BEST: Final = "_best.json"
# What the file says beside the bundle's metadata.
FRAME: Final = ("Schema_Version", "Identity", "Model", "Seal")
ROWS, SCORES = "replay_rows", "replay_scores"


class MissingBundleError(SettingsError, FileNotFoundError):
    """No bundle of that symbol is there."""


def load_model_bundle(symbol: str, base_dir: str | Path = "models") -> Bundle:
    """Return the bundle of ``symbol`` in ``base_dir``, or else in one of its winner folders.

    Parameters
    ----------
    symbol : str
    base_dir : path
        Holds ``{symbol}_best.json``; where it does not, one folder in it must.

    Raises
    ------
    MissingBundleError
        (a FileNotFoundError) when no bundle of the symbol is there.
    SettingsError
        When several folders have one: name a winner's as ``base_dir``. For the seeds' bundles,
        whose model is a pickle, and for those of a later alphamill.
    DataError
        When a byte of the bundle has changed, or a file of it is lost.
    """
    require_symbol(symbol)
    base = Path(base_dir)
    folders = sorted(base.iterdir()) if base.is_dir() else []
    if (base / f"{symbol}{BEST}").is_file():
        folders = [base]
    found = [path for folder in folders if (path := folder / f"{symbol}{BEST}").is_file()]
    if not found:
        raise MissingBundleError(
            f"{base}: must hold {symbol}{BEST}, itself or in the folder of a winner, and holds "
            f"none. Train a bundle for {symbol}, or name the folder that has one."
        )
    if len(found) > 1:
        names = [str(path.parent) for path in found]
        raise SettingsError(
            f"{base}: holds {len(found)} bundles of {symbol}. Name one of {names} as base_dir."
        )
    return _read(found[0], symbol)


def save_bundle(bundle: Bundle, folder: Path) -> Path:
    """Write a bundle into ``folder``, whole or not at all; return the path of its JSON.

    A bundle of the same symbol there is replaced.

    Raises
    ------
    SettingsError
        When metadata hold what JSON cannot (NaN, infinity, arrays) or names of the file's own,
        or the folder cannot be written.
    """
    arrays = arrays_of(bundle.model) | dict(zip((ROWS, SCORES), bundle.replay, strict=True))
    out = BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    data = out.getvalue()
    sha256 = hashlib.sha256(data).hexdigest()
    name = _model_name(bundle.symbol, sha256)
    text = _sealed(
        bundle,
        {
            "Schema_Version": SCHEMA,
            **bundle.metadata,
            "Identity": _identity_as_json(bundle.identity),
            "Model": {"Kind": kind_of(bundle.model), "File": name, "Sha256": sha256},
        },
    )
    path = folder / f"{bundle.symbol}{BEST}"
    with locked(folder / f".{bundle.symbol}.lock"):
        write_atomic(folder / name, data)
        write_atomic(path, text)
        for old in folder.glob(_model_name(bundle.symbol, "*")):
            if old.name != name:
                old.unlink(missing_ok=True)
    return path


def export_flat(bundles: Iterable[Bundle], models_path: Path) -> list[Path]:
    """Write bundles side by side into one folder, as the seeds keep them.

    Raises
    ------
    SettingsError
        When two winners would share one symbol, among ``bundles`` or with what is there already;
        nothing is written then.
    """
    chosen: dict[str, Bundle] = {}
    for bundle in bundles:
        there = models_path / f"{bundle.symbol}{BEST}"
        other = chosen.get(bundle.symbol) or (
            _read(there, bundle.symbol) if there.is_file() else bundle
        )
        if other.strategy != bundle.strategy or bundle.symbol in chosen:
            raise SettingsError(
                f"{models_path}: a flat folder holds one winner a symbol, received "
                f"{other.strategy!r} and {bundle.strategy!r} for {bundle.symbol}. Choose one, or "
                "another folder."
            )
        chosen[bundle.symbol] = bundle
    return [save_bundle(bundle, models_path) for bundle in chosen.values()]


def _read(path: Path, symbol: str) -> Bundle:
    content = _opened(path)
    try:
        entry = content["Model"]
        if content["Symbol"] != symbol or entry["File"] != _model_name(symbol, entry["Sha256"]):
            raise _damaged(path, f"it speaks of {content['Symbol']!r} and {entry['File']!r}")
        arrays = _arrays(path.parent / entry["File"], entry["Sha256"])
        replay = Replay(arrays.pop(ROWS), arrays.pop(SCORES))
        return Bundle(
            symbol=symbol,
            strategy=content["Strategy"],
            model=model_of(entry["Kind"], arrays),
            features=tuple(content["Features"]),
            threshold=content["Prod_Threshold"],
            identity=Identity(**content["Identity"]),
            replay=replay,
            metadata={k: v for k, v in content.items() if k not in (*FRAME, *OWN)},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        raise _damaged(path, f"{e!r} while it was read") from e


def _opened(path: Path) -> dict[str, Any]:
    """Return the content of the JSON, once it is of our schema and its seal holds."""
    raw = path.read_bytes()
    try:
        content = json.loads(raw.decode())
    except ValueError as e:
        raise _damaged(path, "it is no JSON") from e
    if not isinstance(content, dict):
        raise _damaged(path, "it is no JSON object")
    version = content.get("Schema_Version")
    if version is None and "Seal" not in content:
        raise SettingsError(
            f"{path}: must say its Schema_Version, and says none: bundles of the seeds keep their "
            "model in a pickle, which runs code when read. Train the winner again, or take it over "
            "with alphamill.learning.bundle_foreign.adopt if you trust its writer."
        )
    if isinstance(version, int) and version > SCHEMA:
        raise SettingsError(
            f"{path}: must be of schema {SCHEMA} or older, received {version}: a later alphamill "
            "wrote it. Update alphamill, or train the winner again."
        )
    if version != SCHEMA or not _is_as_written(content, raw):
        raise _damaged(path, "its seal does not fit its content")
    return content


def _arrays(path: Path, sha256: str) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as e:
        raise DataError(
            f"{path}: the bundle's model must be readable, received {e.strerror or e!r}. Restore "
            "the file or train the winner again."
        ) from e
    if hashlib.sha256(data).hexdigest() != sha256:
        raise _damaged(path, f"its hash is not {sha256}")
    try:
        with np.load(BytesIO(data), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (ValueError, OSError, zipfile.BadZipFile) as e:
        raise _damaged(path, repr(e)) from e


def _sealed(bundle: Bundle, content: dict[str, Any]) -> bytes:
    taken = sorted(set(bundle.metadata) & set(FRAME))
    if taken:
        raise SettingsError(
            f"bundle of {bundle.symbol}: metadata must leave {list(FRAME)} to the file, received "
            f"{taken}. Name them otherwise."
        )
    try:
        return _rendered(content | {"Seal": _seal(content)})
    except (TypeError, ValueError) as e:
        raise SettingsError(
            f"bundle of {bundle.symbol}: metadata must be plain JSON, received a value that is "
            f"not ({e}). Write unknown figures as None."
        ) from e


def _is_as_written(content: Mapping[str, Any], raw: bytes) -> bool:
    try:
        return _rendered(content) == raw and _seal(content) == content.get("Seal")
    except ValueError:
        return False  # NaN or infinity, which we never write


def _seal(content: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in content.items() if name != "Seal"}
    return hashlib.sha256(canonical_json(rest).encode()).hexdigest()


def _rendered(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, allow_nan=False) + "\n").encode()


def _model_name(symbol: str, sha256: str) -> str:
    return f"{symbol}_rf_model.{sha256[:12]}.npz"


def _identity_as_json(identity: Identity) -> dict[str, Any]:
    windows = {name: list(window) for name, window in identity.windows.items()}
    return vars(identity) | {"windows": windows, "versions": dict(identity.versions)}


def _damaged(path: Path, why: str) -> DataError:
    return DataError(
        f"{path}: the bundle must be as it was written, and {why}: the file is damaged. Restore it "
        "from a copy, or train the winner again; nothing trades on it."
    )
