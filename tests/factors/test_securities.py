"""The security master."""

import pandas as pd
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.factors.securities import read_securities, with_groups
from tests.factors.panels import closes

ROW = {"region": "US", "currency": "USD", "asset_type": "equity"}


def master(tmp_path, *rows):
    path = tmp_path / "securities.csv"
    pd.DataFrame([ROW | row for row in rows]).to_csv(path, index=False)
    return read_securities(path)


def test_groups_are_numbered_by_name(tmp_path):
    told = master(tmp_path, {"symbol": "s00", "sector": "Tech"}, {"symbol": "S01", "sector": "Oil"})

    panel = with_groups(closes([1.0], [2.0]), told, "sector", "region")

    assert panel.fields["sector"].tolist() == [[1.0, 0.0]]
    assert panel.fields["region"].tolist() == [[0.0, 0.0]]


def test_who_is_not_in_the_master_is_refused(tmp_path):
    told = master(tmp_path, {"symbol": "S00", "sector": None}, {"symbol": "X", "sector": "Oil"})

    with pytest.raises(DataError, match="S01 is not in the security master"):
        told.value("S01", "sector")
    with pytest.raises(DataError, match="S00 has no sector"):
        told.value("S00", "sector")
    with pytest.raises(SettingsError, match="received 'colour'"):
        told.value("X", "colour")


def test_a_broken_master_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"\['sector'\] are missing"):
        master(tmp_path, {"symbol": "A"})
    with pytest.raises(DataError, match="row 1, column symbol: .*'A' again"):
        master(tmp_path, {"symbol": "A", "sector": "x"}, {"symbol": "a", "sector": "y"})
    with pytest.raises(SettingsError, match=r"received gone\.csv"):
        read_securities(tmp_path / "gone.csv")
