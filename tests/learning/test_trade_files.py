"""Files of held-out predictions: what they say, and which contradictions are refused."""

import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.learning.trade_files import implied_prices, read_trades, scale_error

HEADER = "Date,y_true,y_pred_proba,y_pred_binary,y_return,y_pnl_usd"
# ES at 5,000: 0.1% is 5 points of 50 dollars, 250 before fees of 2.
ROWS = (
    "2021-01-08 09:15:00,1,0.60,1,0.001,248.0",
    "2021-01-08 23:30:00,0,0.50,1,-0.001,-252.0",
    "2021-07-09 09:15:00,0,0.49,0,0.0,-2.0",
)


def written(folder, *rows: str, header: str = HEADER, name: str = "ES_Rule.csv"):
    path = folder / name
    path.write_text("\n".join((header, *(rows or ROWS))) + "\n")
    return path


def test_a_file_is_read_into_moments_dates_and_numbers(tmp_path):
    trades = read_trades(written(tmp_path))

    assert (trades.name, trades.instrument.symbol, len(trades)) == ("ES_Rule", "ES", 3)
    # Chicago is six hours behind in winter and five in summer.
    moments = trades.entry_ns.view("M8[ns]").astype("M8[s]").astype(str).tolist()
    assert moments == ["2021-01-08T15:15:00", "2021-01-09T05:30:00", "2021-07-09T14:15:00"]
    assert trades.day.tolist() == [20210108, 20210108, 20210709]
    assert trades.won.tolist() == [True, False, False]
    assert trades.score.tolist() == [0.6, 0.5, 0.49]
    assert trades.returns.tolist() == [0.001, -0.001, 0.0]
    assert trades.pnl.tolist() == [248.0, -252.0, -2.0]


def test_the_seeds_ending_of_the_name_is_no_part_of_the_key(tmp_path):
    path = written(tmp_path, name="ES_Rule_held_out_predictions.csv")

    assert read_trades(path).name == "ES_Rule"


def test_further_columns_and_another_order_change_nothing(tmp_path):
    turned = [",".join(reversed(row.split(","))) + ",x" for row in ROWS]
    header = ",".join(reversed(HEADER.split(","))) + ",Exit Date/Time"

    trades = read_trades(written(tmp_path, *turned, header=header))

    assert trades.pnl.tolist() == [248.0, -252.0, -2.0]


@pytest.mark.parametrize(
    ("row", "column", "must"),
    [
        ("2021-01-09 00:00:00,2,0.6,1,0.001,248", "y_true", "must be 0 or 1"),
        ("2021-01-09 00:00:00,0,0.6,1,0.001,248", "y_true", "exactly where y_pnl_usd is above 0"),
        ("2021-01-09 00:00:00,1,0.6,1,0.001,0", "y_true", "exactly where y_pnl_usd is above 0"),
        ("2021-01-09 00:00:00,1,1.1,1,0.001,248", "y_pred_proba", "a probability from 0 to 1"),
        ("2021-01-09 00:00:00,1,0.4,1,0.001,248", "y_pred_binary", "where y_pred_proba is 0.5"),
        ("2021-01-09 00:00:00,0,0.4,0,-1.0,-248", "y_return", "must be above -1"),
        ("2021-01-09 00:00:00,1,0.4,0,-0.001,248", "y_pnl_usd", "must have the sign of y_return"),
        ("2021-01-09 00:00:00,1,0.4,0,,248", "y_return", "must not be empty"),
        ("2021-01-09 00:00:00,1,nan,0,0.001,248", "y_pred_proba", "must be a finite number"),
        ("2021-01-08 23:30:00,1,0.6,1,0.001,248", "Date", "entries must rise"),
        ("2021-13-08 23:30:00,1,0.6,1,0.001,248", "Date", "must be a date of the calendar"),
        ("2021-03-14 02:30:00,1,0.6,1,0.001,248", "Date", "does not exist in America/Chicago"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused_by_row_and_column(tmp_path, row, column, must):
    path = written(tmp_path, *ROWS[:2], row)

    with pytest.raises(DataError, match=must) as refused:
        read_trades(path)

    assert str(refused.value).startswith(f"ES_Rule.csv: row 4, column '{column}': ")
    assert str(refused.value).endswith(".")


def test_a_header_without_a_column_is_refused_by_its_name(tmp_path):
    path = written(tmp_path, header=HEADER.replace("y_pnl_usd", "pnl"))

    with pytest.raises(SettingsError, match=r"row 1: .*\['y_pnl_usd'\] stand there not once"):
        read_trades(path)


def test_a_file_that_is_not_there_and_a_symbol_without_a_row_are_the_operators(tmp_path):
    with pytest.raises(SettingsError, match=r"absent\.csv: must be a readable file"):
        read_trades(tmp_path / "absent.csv")
    with pytest.raises(SettingsError, match="instrument must be in the table, received 'XX'"):
        read_trades(written(tmp_path, name="XX_Rule.csv"))


# --- scale -------------------------------------------------------------------------------------


def test_prices_follow_from_returns_and_what_they_paid(tmp_path):
    prices = implied_prices(read_trades(written(tmp_path)))

    assert prices[:2] == pytest.approx([5_000.0, 5_000.0])
    assert np.isnan(prices[2])


@pytest.mark.parametrize("factor", [0.01, 1.0, 10.0, 100.0])
def test_pnl_a_power_of_ten_off_is_flagged_with_the_factor(tmp_path, factor):
    row = f"2021-01-08 09:15:00,1,0.6,1,0.001,{250 * factor - 0.0:.4f}"

    trades = read_trades(written(tmp_path, row), fees=0.0)

    assert scale_error(trades) == scale_error(trades, price=4_800.0) == pytest.approx(factor)
    assert bool(trades.warnings) == (factor != 1.0)


def test_without_a_margin_a_price_must_tell(tmp_path):
    # Platinum has no margin in the table: 1,000 dollars, 50 a point, 0.1% is 50 dollars.
    path = written(tmp_path, "2021-01-08 09:15:00,1,0.6,1,0.001,48", name="PL_Rule.csv")

    assert "scale of the P&L is not checked" in read_trades(path).warnings[0]
    assert read_trades(path, price=900.0).warnings == ()
    assert "P&L is 100 times" in read_trades(path, price=9.0).warnings[0]


def test_trades_that_never_moved_have_no_scale_and_no_numpy_warning(tmp_path):
    trades = read_trades(written(tmp_path, "2021-01-08 09:15:00,0,0.6,1,0.0,-2"))

    assert np.isnan(scale_error(trades))
    assert "no trade moved" in trades.warnings[0]


def test_of_the_four_files_only_the_yens_scale_is_wrong(shared):
    folder = shared / "data" / "meta-label-trades"

    flagged = {path.name: read_trades(path).warnings for path in folder.glob("*.csv")}

    assert {name for name, warnings in flagged.items() if warnings} == {"6J_ATRBuyDip.csv"}
    assert len(flagged) == 4
    assert "P&L is 100 times that of the instrument table" in flagged["6J_ATRBuyDip.csv"][0]
    assert (
        "imply an entry price of 0.842. Divide y_pnl_usd by 100" in flagged["6J_ATRBuyDip.csv"][0]
    )


def test_a_price_of_the_yen_shows_the_same_factor(shared):
    trades = read_trades(shared / "data" / "meta-label-trades" / "6J_ATRBuyDip.csv")

    assert scale_error(trades, price=0.0084) == 100.0
    # What a point would have to be worth for that price: 100 times the table's 12.5 million.
    assert trades.instrument.point_value == 12_500_000
    implied = np.nanmedian(implied_prices(trades)) * 12_500_000 / 0.0084
    assert implied == pytest.approx(1.25e9, rel=0.01)
