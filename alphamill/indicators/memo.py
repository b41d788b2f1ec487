"""A bounded memo: a sweep whose grids share an RSI computes it once.

Off by default, so that a plain call is pure. ``with memo(cap_bytes):`` remembers results of the
functions marked ``@memoised`` by function, identity of the read-only inputs, and parameters. The
identity of an array is its ``id``, which is sound only while the array lives and cannot change: the
memo keeps its inputs alive and passes over an array somebody could still write to.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

P = ParamSpec("P")
R = TypeVar("R")


class Entry(NamedTuple):
    """A result, the arguments whose ids are its key, and whose memory both keep alive."""

    result: Any
    given: tuple[Any, ...]
    owners: tuple[NDArray[Any], ...]


class Memo:
    """Results of one sweep, the least recently used forgotten first.

    Attributes
    ----------
    held_bytes : int
        Memory that only this memo may keep alive: results and inputs, each array once.
    hits, misses : int
        How often a remembered result was returned, and how often one had to be computed.
    """

    def __init__(self, cap_bytes: int) -> None:
        self.cap_bytes = cap_bytes
        self.held_bytes = self.hits = self.misses = 0
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._users: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def recall(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Return ``function(*args, **kwargs)``, remembered where it can be."""
        given = (*args, *kwargs.values())
        if not all(_is_steady(value) for value in given):
            return sealed(function(*args, **kwargs))
        names = tuple(kwargs)
        key = (function, names, tuple(map(_identity, given)))
        found = self._entries.get(key)
        if found is not None:
            self.hits += 1
            self._entries.move_to_end(key)
            return found.result
        self.misses += 1
        result = sealed(function(*args, **kwargs))
        self._keep(key, Entry(result, given, _owners((*given, result))))
        return result

    def _keep(self, key: Hashable, entry: Entry) -> None:
        if sum(owner.nbytes for owner in entry.owners) > self.cap_bytes:
            return
        self._entries[key] = entry
        for owner in entry.owners:
            users = self._users.get(id(owner), 0)
            self._users[id(owner)] = users + 1
            self.held_bytes += 0 if users else owner.nbytes
        while self.held_bytes > self.cap_bytes:
            self._forget(self._entries.popitem(last=False)[1])

    def _forget(self, entry: Entry) -> None:
        for owner in entry.owners:
            self._users[id(owner)] -= 1
            if not self._users[id(owner)]:
                del self._users[id(owner)]
                self.held_bytes -= owner.nbytes


_ACTIVE: ContextVar[Memo | None] = ContextVar("memo", default=None)


@contextmanager
def memo(cap_bytes: int) -> Iterator[Memo]:
    """Remember indicator results of this thread until the block ends, within ``cap_bytes``.

    Examples
    --------
    >>> from alphamill.indicators.trend import sma
    >>> close = np.array([1.0, 2.0, 6.0])
    >>> close.flags.writeable = False
    >>> with memo(1_000_000) as remembered:
    ...     sma(close, 2) is sma(close, 2), remembered.hits
    (True, 1)
    >>> sma(close, 2) is sma(close, 2)
    False
    """
    remembered = Memo(cap_bytes)
    token = _ACTIVE.set(remembered)
    try:
        yield remembered
    finally:
        _ACTIVE.reset(token)


def memoised(function: Callable[P, R]) -> Callable[P, R]:
    """Let an active memo remember the results of ``function``; they are read-only either way.

    ``function`` must be pure and return a new array or a tuple of arrays.
    """

    @wraps(function)
    def remembered(*args: P.args, **kwargs: P.kwargs) -> R:
        active = _ACTIVE.get()
        if active is None:
            return sealed(function(*args, **kwargs))
        return active.recall(function, args, kwargs)  # type: ignore[no-any-return]

    return remembered


def sealed(result: R) -> R:
    """Make the arrays of ``result`` read-only: who shares one must not find it changed."""
    for array in _arrays(result):
        array.flags.writeable = False
    return result


def _arrays(value: Any) -> Iterator[NDArray[Any]]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _arrays(part)


def _is_steady(value: Any) -> bool:
    # A read-only view of a writable array may change under the same address.
    while isinstance(value, np.ndarray):
        if value.flags.writeable:
            return False
        value = value.base
    return True


def _identity(value: Any) -> Hashable:
    # The type counts: 1 and True are equal keys, but not equal parameters.
    return (type(value), id(value) if isinstance(value, np.ndarray) else value)


def _owners(values: tuple[Any, ...]) -> tuple[NDArray[Any], ...]:
    """Return the arrays that own the memory of ``values``, each once."""
    found: dict[int, NDArray[Any]] = {}
    for array in _arrays(values):
        owner = array
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        found[id(owner)] = owner
    return tuple(found.values())
