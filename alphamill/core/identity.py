"""Content identity: the same content has the same name on every machine."""

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np


def digest(*parts: Any) -> str:
    """Return the SHA-256 of ``parts`` as 64 hexadecimal digits.

    Arrays count by dtype, shape and bytes; mappings by their sorted items, so the order of keys
    does not matter; floats by ``repr``, so -0.0 and 0.0 differ and NaN equals NaN. Strings and
    bytes are tagged, so ``digest("1")`` differs from ``digest(1)``.

    Raises
    ------
    TypeError
        For a value whose content has no stable form.

    Examples
    --------
    >>> digest({"a": 1, "b": 2.0}) == digest({"b": 2.0, "a": 1})
    True
    >>> digest(1) == digest("1")
    False
    """
    h = hashlib.sha256()
    for part in parts:
        _feed(h, part)
    return h.hexdigest()


def code_digest(*functions: Callable[..., Any]) -> str:
    """Return the identity of the source text of ``functions``, comments included."""
    return digest(*(inspect.getsource(inspect.unwrap(f)) for f in functions))


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys and no spaces: one text for one value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _feed(h: "hashlib._Hash", part: Any) -> None:
    if part is None or isinstance(part, (bool, int, float, np.number, np.bool_)):
        value = part.item() if isinstance(part, np.generic) else part
        _tagged(h, type(value).__name__, repr(value).encode())
    elif isinstance(part, str):
        _tagged(h, "str", part.encode())
    elif isinstance(part, bytes):
        _tagged(h, "bytes", part)
    elif isinstance(part, np.ndarray) and not part.dtype.hasobject:
        kind = part.dtype.str if part.dtype.names is None else part.dtype.descr
        _tagged(h, f"array {kind} {part.shape}", np.ascontiguousarray(part).tobytes())
    elif isinstance(part, Mapping):
        _tagged(h, "mapping", str(len(part)).encode())
        for key in sorted(part):
            _feed(h, key)
            _feed(h, part[key])
    elif isinstance(part, (tuple, list)):
        _tagged(h, "sequence", str(len(part)).encode())
        for item in part:
            _feed(h, item)
    else:
        raise TypeError(f"no stable content for a {type(part).__name__}: {part!r}")


def _tagged(h: "hashlib._Hash", tag: str, body: bytes) -> None:
    h.update(f"{tag}:{len(body)}:".encode())
    h.update(body)


def source_digest(*folders: Path) -> str:
    """Return the identity of all Python sources below ``folders``."""
    return digest(
        {
            f"{folder.name}/{source.relative_to(folder).as_posix()}": source.read_bytes()
            for folder in folders
            for source in folder.rglob("*.py")
        }
    )
