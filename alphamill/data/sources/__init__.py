"""The table of sources: who can deliver bars, and how to open it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, Final

from alphamill.core.errors import SettingsError
from alphamill.data.raw import Source


@dataclass(frozen=True)
class Vendor:
    """A row of the table; calling it with the source's options opens the source."""

    about: str
    load: Callable[[], Callable[..., Source]]

    def __call__(self, **options: Any) -> Source:
        build = self.load()
        try:
            signature(build).bind(**options)
        except TypeError as e:
            raise SettingsError(
                f"{build.__name__}: {e}, received {sorted(options)}; the options of this source "
                f"are {list(signature(build).parameters)}. Correct data.options."
            ) from e
        return build(**options)


def _sample() -> Callable[..., Source]:
    from alphamill.data.sources import sample

    return sample.SampleSource


def _csv() -> Callable[..., Source]:
    from alphamill.data.sources import csv

    return csv.CsvSource


def _lean() -> Callable[..., Source]:
    from alphamill.data.sources import lean

    return lean.LeanSource


def _synthetic() -> Callable[..., Source]:
    from alphamill.data.sources import synthetic

    return synthetic.Synthetic


SOURCES: Final[Mapping[str, Vendor]] = {
    "sample": Vendor("real daily series that come with the packages arch and skfolio", _sample),
    "csv": Vendor("a delimited text file, or a folder of one file a symbol", _csv),
    "lean": Vendor("a LEAN data folder: equities, forex, crypto and futures", _lean),
    "synthetic": Vendor("seeded random markets, with or without a planted edge", _synthetic),
}
