"""Indicator files of other houses in ../shared/data, and how exactly each of them speaks."""

import csv
import math
from functools import cache
from pathlib import Path

import numpy as np

from alphamill.core.market import Floats

UNKNOWN = {"", "nan", "null", "none"}


def oracle(shared: Path, file: str, column: str) -> Floats:
    """Return a column of numbers, NaN where the cell is blank; case and spaces do not count."""
    return np.array([_number(cell) for cell in _cells(shared, file, column)])


def half_unit(shared: Path, file: str, column: str) -> Floats:
    """Return half a unit of the last printed digit of each row.

    A column prints at most so many decimals and at most so many significant digits, as its longest
    numbers show; trailing zeros that were dropped count as printed.
    """
    size = np.abs(oracle(shared, file, column))
    printed = np.array([_digits(cell) for cell in _cells(shared, file, column)])
    n_decimals, n_significant = printed[~np.isnan(size)].max(axis=0)
    first_digit = np.floor(np.log10(size, where=size > 0.0, out=np.full(size.size, -np.inf)))
    return 0.5 * np.maximum(10.0 ** -float(n_decimals), 10.0 ** (first_digit - n_significant + 1))


def half_units_off(ours: Floats, shared: Path, file: str, column: str, first_row: int = 0) -> float:
    """Return the largest difference from a file in half units of its last printed digit.

    Rows before ``first_row`` and rows the file leaves blank are passed over; NaN if we are silent
    where the file speaks. A column that prints doubles whole is judged by the twelfth digit of its
    largest number: beyond it the two only round differently.
    """
    theirs, unit = oracle(shared, file, column), half_unit(shared, file, column)
    said = ~np.isnan(theirs) & (np.arange(theirs.size) >= first_row)
    assert said.sum() > 10, f"{file} says too little in {column!r}"
    rounding = 1e-12 * np.max(np.abs(theirs[said]))
    return float(np.max((np.abs(ours - theirs) / np.maximum(unit, rounding))[said]))


def _cells(shared: Path, file: str, column: str) -> list[str]:
    header, *rows = _table(shared / "data" / "indicator-oracles" / file)
    names = [" ".join(name.lower().split()) for name in header]
    place = names.index(" ".join(column.lower().split()))
    return [row[place].strip().rstrip("%") if place < len(row) else "" for row in rows]


@cache
def _table(path: Path) -> list[list[str]]:
    text = path.read_text(encoding="utf-8-sig")
    first_line = text.partition("\n")[0]
    separator = max(",;\t", key=first_line.count)
    return [row for row in csv.reader(text.splitlines(), delimiter=separator) if row]


def _number(cell: str) -> float:
    return math.nan if cell.lower() in UNKNOWN else float(cell)


def _digits(cell: str) -> tuple[int, int]:
    """Return the decimals and the significant digits of a printed number.

    Its sixteenth digit is the double's, not the printer's: 14.984770000000001 has seven.
    """
    short = min(cell.lower(), f"{_number(cell):.15g}", key=len)
    mantissa, _, exponent = short.lstrip("+-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    significant = (whole + fraction).strip("0")
    return max(len(fraction) - int(exponent or 0), 0), len(significant)
