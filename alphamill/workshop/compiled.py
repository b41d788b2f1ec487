"""Compiled functions, cached on disk: a second run starts hot, a stale helper cannot survive.

Numba's cache watches only the file of the caller: after an edit to a helper in another file a
cached kernel goes on returning the old number. So all compiled functions of one room share one
cache folder named by a hash of the room's sources, Numba, NumPy and the processor.
"""

import contextlib
import hashlib
import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import llvmlite.binding
import numba
import numpy as np

F = TypeVar("F", bound=Callable[..., Any])


def compiler(file: str, *, nogil: bool = False) -> Callable[[F], F]:
    """Return the decorator that compiles the functions of the room ``file`` lies in.

    Use it once at the top of a kernel file: ``jit = compiler(__file__)``. The plain function
    stays reachable as ``kernel.py_func``. ``NUMBA_DISABLE_JIT=1`` leaves functions uncompiled.
    Without any writable folder the functions are compiled anew in each process. Functions that
    are ``nogil`` let other threads of Python run meanwhile.
    """
    folder = cache_folder(Path(file).parent)

    njit: Any = numba.njit
    settings: Any = numba.config

    def decorate(function: F) -> F:
        if folder is None:
            return njit(nogil=nogil)(function)  # type: ignore[no-any-return]
        before = settings.CACHE_DIR
        settings.CACHE_DIR = str(folder)
        try:
            return njit(cache=True, nogil=nogil)(function)  # type: ignore[no-any-return]
        finally:
            settings.CACHE_DIR = before

    return decorate


def cache_folder(room: Path) -> Path | None:
    """Return the cache folder of a room's present sources, or None when nowhere is writable."""
    h = hashlib.sha256()
    for source in sorted(room.rglob("*.py")):
        h.update(str(source.relative_to(room)).encode() + b"\0" + source.read_bytes())
    h.update(f"{numba.__version__} {np.__version__} {platform.machine()}".encode())
    h.update(llvmlite.binding.get_host_cpu_name().encode())
    name = f"{room.name}-{h.hexdigest()[:16]}"
    return next((f for root in _roots() if (f := _writable(root / name))), None)


def _roots() -> list[Path]:
    given = os.environ.get("ALPHAMILL_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    roots = [*([Path(given)] if given else []), Path(home) / "alphamill"]
    with contextlib.suppress(FileNotFoundError):  # no usable temporary folder at all
        whose = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
        roots.append(Path(tempfile.gettempdir()) / f"alphamill-{whose}")
    return roots


def _writable(folder: Path) -> Path | None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Numba's index is a pickle: a folder that others could have filled is not read.
        if _is_ours(folder) and _is_ours(folder.parent):
            with tempfile.TemporaryFile(dir=folder):
                return folder
    except OSError:
        pass
    return None


def _is_ours(folder: Path) -> bool:
    if not hasattr(os, "getuid"):
        return True
    found = folder.stat()
    return found.st_uid == os.getuid() and not found.st_mode & 0o022
