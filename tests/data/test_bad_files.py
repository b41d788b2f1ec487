"""Every bad file is refused, or mended and counted, in words; nothing else ever comes out."""

import contextlib
import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from alphamill.core.errors import DataError, MillError, SettingsError
from alphamill.core.market import Instrument
from alphamill.data.quality import admit
from alphamill.data.raw import Finding, RawSeries
from alphamill.data.sources.csv import CsvSource
from tests.data.bad_files import bad_files
from tests.data.file_cases import (
    DAILY,
    INTRADAY,
    BadFile,
    as_text,
    good_daily,
    good_intraday,
    zipped,
)

SHARE = Instrument("X", "a share", "equity", "XNYS", 0.01, 1.0, slippage_bps=1.0)
CORPUS = list(bad_files())
REMEDY = re.compile(
    r"\b(correct|delete|fetch|write|save|export|declare|rename|check|ask|run|use|unpack|say|give|"
    r"name|add|divide|download|pack|trust|feature)\b",
    re.IGNORECASE,
)


def admitted(bad: BadFile, folder: Path) -> tuple[RawSeries, list[Finding]]:
    source = CsvSource(bad.make(folder), **bad.options)
    return admit(source.fetch("X", bad.timeframe), SHARE, **bad.admit)


def of(verdict: str) -> "pytest.MarkDecorator":
    cases = [pytest.param(bad, id=bad.name) for bad in CORPUS if bad.verdict == verdict]
    return pytest.mark.parametrize("bad", cases)


def test_the_corpus_holds_at_least_two_hundred_different_files() -> None:
    assert len({bad.name for bad in CORPUS}) == len(CORPUS) >= 200


@of("refuse")
def test_a_bad_file_is_refused_in_words_that_help(bad: BadFile, tmp_path: Path) -> None:
    with pytest.raises((DataError, SettingsError)) as caught:
        admitted(bad, tmp_path)
    said = str(caught.value)
    assert [word for word in bad.words if word.lower() not in said.lower()] == [], said
    assert REMEDY.search(said), said
    assert "\n" not in said


@of("repair")
def test_what_is_mended_is_counted(bad: BadFile, tmp_path: Path) -> None:
    raw, findings = admitted(bad, tmp_path)
    assert raw.repairs == {bad.rule: bad.count}
    assert [f.rule for f in findings if f.severity == "repair"] == [bad.rule]
    require_sound(raw)


@of("warn")
def test_what_is_only_doubtful_is_named(bad: BadFile, tmp_path: Path) -> None:
    _, findings = admitted(bad, tmp_path)
    assert [f.count for f in findings if f.rule == bad.rule] == [bad.count]


@pytest.mark.parametrize("timeframe", ["1d", "15m"])
def test_the_good_files_pass_without_a_word(timeframe: str, tmp_path: Path) -> None:
    rows, options = (good_daily(), DAILY) if timeframe == "1d" else (good_intraday(), INTRADAY)
    (tmp_path / "X.csv").write_text(as_text(rows))
    raw, findings = admit(CsvSource(tmp_path / "X.csv", **options).fetch("X", timeframe), SHARE)
    assert (findings, dict(raw.repairs)) == ([], {})
    require_sound(raw)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("form", ["csv", "csv.gz", "zip"])
def test_damaged_bytes_never_raise_anything_unforeseen(
    seed: int, form: str, tmp_path: Path
) -> None:
    plain = as_text(good_intraday() if seed % 2 else good_daily()).encode()
    whole = {
        "csv": plain,
        "csv.gz": gzip.compress(plain, mtime=0),
        "zip": zipped(("X.csv", plain)),
    }[form]
    path = tmp_path / f"X.{form}"
    path.write_bytes(damaged(whole, np.random.default_rng(seed)))
    options, timeframe = (INTRADAY, "15m") if seed % 2 else (DAILY, "1d")
    with contextlib.suppress(MillError):
        require_sound(admit(CsvSource(path, **options).fetch("X", timeframe), SHARE)[0])


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Flip bits, cut a piece out, or repeat one."""
    at, size = int(rng.integers(len(data))), int(rng.integers(1, 60))
    way = int(rng.integers(3))
    if way == 0:
        out = bytearray(data)
        for where in rng.integers(len(data), size=int(rng.integers(1, 6))):
            out[where] ^= 1 << int(rng.integers(8))
        return bytes(out)
    if way == 1:
        return data[:at] + data[at + size :]
    return data[: at + size] + data[at:]


def require_sound(raw: RawSeries) -> None:
    frame = raw.frame
    assert frame.index.is_monotonic_increasing
    assert frame.index.is_unique
    assert np.isfinite(frame[["open", "high", "low", "close"]].to_numpy()).all()
    assert (frame["high"] >= frame[["open", "close", "low"]].max(axis=1)).all()
    assert (frame["low"] <= frame[["open", "close"]].min(axis=1)).all()
    assert "line" not in frame.columns
