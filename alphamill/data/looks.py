"""The log of looks at sealed bars: a line a look, appended, never rewritten, chained by hashes."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.identity import canonical_json
from alphamill.workshop.files import append_line

_START = "0" * 64


@dataclass(frozen=True)
class Look:
    """Who opened which sealed bars, when and why.

    ``first_session`` to ``last_session`` (yyyymmdd) were sealed; ``content_hash`` names the series
    as it was; ``previous`` is the SHA-256 of the line before, so that none can be taken out.
    """

    number: int
    at_ns: int
    symbol: str
    timeframe: str
    first_session: int
    last_session: int
    content_hash: str
    who: str
    why: str
    previous: str = _START

    def line(self) -> str:
        """Return the look as it stands in the log."""
        return canonical_json(asdict(self))


@dataclass(frozen=True)
class SealToken:
    """The right to read a series past its seal; ``Catalog.open_seal`` gives it for a look."""

    look: Look


def read_looks(path: Path) -> list[Look]:
    """Return all looks, oldest first; a line that a kill cut short was never granted.

    Raises
    ------
    DataError
        When a line was changed, taken out or put in.
    """
    if not path.exists():
        return []
    looks: list[Look] = []
    previous = _START
    for n, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
        try:
            look = Look(**json.loads(line))
        except (ValueError, TypeError) as e:
            raise _tampered(path, n, f"it cannot be read ({e})") from e
        if (look.number, look.previous) != (n, previous):
            raise _tampered(path, n, "it does not follow from the line before")
        previous = hashlib.sha256(line).hexdigest()
        looks.append(look)
    return looks


def append_look(path: Path, **facts: str | int) -> Look:
    """Add a look to the log and return it when it is on the disk; hold the catalog's lock."""
    for name in ("who", "why"):
        if not str(facts[name]).strip():
            raise SettingsError(
                f"a look at sealed bars must say {name}, received {facts[name]!r}. Every look is "
                "logged and charged."
            )
    looks = read_looks(path)
    previous = hashlib.sha256(looks[-1].line().encode()).hexdigest() if looks else _START
    look = Look(number=len(looks) + 1, previous=previous, **facts)  # type: ignore[arg-type]
    append_line(path, look.line())
    return look


def _tampered(path: Path, n: int, what: str) -> DataError:
    return DataError(
        f"{path.name}: row {n} of the log of looks must be as it was written; {what}. Restore the "
        "file from a copy: without it nobody can say how often the sealed bars were seen."
    )
