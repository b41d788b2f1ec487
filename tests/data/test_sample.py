"""The sample's series are those of the packages that ship them."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.data.calendar import to_bars
from alphamill.data.instruments import INSTRUMENTS, instrument
from alphamill.data.quality import admit
from alphamill.data.sources import SOURCES, sample
from alphamill.data.sources.sample import SHIPPED, SampleSource, read_shipped

SOURCE = SampleSource()


@pytest.mark.parametrize("symbol", ["SP500", "NASDAQ", "WTI", "VIX"])
def test_files_read_in_place_equal_the_loaders_of_arch(symbol):
    dataset = pytest.importorskip(f"arch.data.{symbol.lower()}")

    pd.testing.assert_frame_equal(read_shipped(SHIPPED[symbol]), dataset.load())


@pytest.mark.parametrize(
    ("symbol", "loader"),
    [
        ("AAPL", "load_sp500_dataset"),
        ("SP500_CLOSE", "load_sp500_index"),
        ("MTUM", "load_factors_dataset"),
    ],
)
def test_files_read_in_place_equal_the_loaders_of_skfolio(symbol, loader):
    datasets = pytest.importorskip("skfolio.datasets")

    pd.testing.assert_frame_equal(read_shipped(SHIPPED[symbol]), getattr(datasets, loader)())


def test_reading_a_series_imports_neither_package():
    code = (
        "import sys\nfrom alphamill.data.sources.sample import SampleSource\n"
        "for symbol in ('SP500', 'AAPL'): SampleSource().fetch(symbol, '1d')\n"
        "sys.exit(' '.join({'arch', 'skfolio', 'scipy', 'sklearn'} & set(sys.modules)) or 0)"
    )

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True)

    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_first_bar_of_the_index_is_the_one_printed_in_the_file():
    raw = SOURCE.fetch("SP500", "1d")

    first = raw.frame.loc["1999-01-04", ["open", "high", "low", "close", "volume"]]
    assert first.tolist() == [1229.22998, 1248.810059, 1219.099976, 1228.099976, 877e6]
    assert (raw.closes_only, raw.adjusted, raw.stamps) == (False, "none", "session")
    assert raw.where.startswith("arch/data/sp500/sp500.csv.gz [arch ")


@pytest.mark.parametrize(("symbol", "n_unpriced"), [("WTI", 290), ("VIX", 46)])
def test_days_without_a_price_are_dropped_and_counted(symbol, n_unpriced):
    raw = SOURCE.fetch(symbol, "1d")

    assert raw.repairs == {"D06": n_unpriced}
    assert raw.closes_only
    assert not raw.frame["close"].isna().any()
    assert len(raw.frame) + n_unpriced == len(read_shipped(SHIPPED[symbol]))


def test_a_row_names_its_line_in_the_file_past_dropped_ones():
    raw = SOURCE.fetch("VIX", "1d")

    # 2014-01-20, the 12th line of prices, has none: line 13 is the missing one.
    assert raw.frame.loc["2014-01-17", "line"] == 12
    assert raw.frame.loc["2014-01-21", "line"] == 14


def test_adjusted_closes_say_so_and_that_raw_ones_are_unknown():
    raw = SOURCE.fetch("AAPL", "1d")

    assert (raw.adjusted, raw.closes_only) == ("ratio", True)
    assert "raw closes are not known" in raw.where
    assert np.array_equal(raw.frame["raw_close"], raw.frame["close"])
    assert raw.frame["volume"].isna().all()


def test_the_level_of_an_index_is_not_an_adjusted_price():
    assert SOURCE.fetch("SP500_CLOSE", "1d").adjusted == "none"


@pytest.mark.parametrize("symbol", [s for s in SHIPPED if s in INSTRUMENTS])
def test_every_series_passes_the_quality_rules_and_lies_in_its_calendar(symbol):
    mended, _ = admit(SOURCE.fetch(symbol, "1d"), instrument(symbol))

    bars = to_bars(mended, instrument(symbol), drop_outside=True)

    assert len(bars) >= 0.99 * len(mended.frame)
    assert bars.closes_only or symbol == "NASDAQ"


def test_an_unknown_symbol_names_the_nearest():
    with pytest.raises(SettingsError, match=r"has no 'APPL'; nearest are \['AAPL'"):
        SOURCE.fetch("APPL", "1d")


def test_another_timeframe_is_refused():
    with pytest.raises(SettingsError, match="has daily bars, received a request for '15m'"):
        SOURCE.fetch("SP500", "15m")


def test_an_absent_package_names_the_extra(monkeypatch):
    monkeypatch.setattr(sample, "find_spec", lambda name: None)

    with pytest.raises(SettingsError, match=r'arch.*pip install "alphamill\[sample\]"'):
        SOURCE.fetch("SP500", "1d")


def test_a_package_that_moved_its_file_is_a_fault_of_the_data(monkeypatch):
    moved = sample.Shipped("arch", "data/sp500/moved.csv.gz", "Close")
    monkeypatch.setattr(sample, "SHIPPED", {"SP500": moved})

    with pytest.raises(DataError, match=r"arch/data/sp500/moved\.csv\.gz: must be .* Reinstall"):
        SOURCE.fetch("SP500", "1d")


def test_every_row_of_the_table_describes_and_opens_its_source(tmp_path):
    options = {"csv": {"path": tmp_path}, "lean": {"root": tmp_path}}

    for name in ("sample", "csv", "lean"):
        assert SOURCES[name](**options.get(name, {})).name == name
        assert len(SOURCES[name].about.split()) > 5
