import numpy as np
import pytest

from .oracles import half_unit, half_units_off, oracle

# A mark at the start, spaces in names, percent signs, blanks, and a row cut short.
FILE = """\ufeffDate;Close ; Rate of  Change;Whole
1/2/2013;10.50;1.25%;0.1
1/3/2013;11.00;;0.30000000000000004
1/4/2013;12.25;-12.5%;NaN
1/5/2013;9.75
"""


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "data" / "indicator-oracles"
    place.mkdir(parents=True)
    (place / "small.txt").write_text(FILE, encoding="utf-8")
    return tmp_path


def test_a_column_is_found_by_its_name_and_blank_cells_are_unknown(folder):
    assert oracle(folder, "small.txt", "close").tolist() == [10.5, 11.0, 12.25, 9.75]
    assert oracle(folder, "small.txt", "RATE OF CHANGE").tolist()[::2] == [1.25, -12.5]
    assert np.isnan(oracle(folder, "small.txt", "rate of change")).tolist() == [False, True] * 2
    assert np.isnan(oracle(folder, "small.txt", "whole")).tolist() == [False, False, True, True]


def test_a_dropped_zero_counts_as_printed_and_so_do_all_significant_digits(folder):
    # At most two decimals, and at most three digits: 12.5 may as well be 12.54.
    half = half_unit(folder, "small.txt", "rate of change")

    assert half[[0, 2]].tolist() == [0.005, 0.05]
    assert (half_unit(folder, "small.txt", "close") == 0.005).all()


def test_the_sixteenth_digit_is_the_doubles(folder):
    assert half_unit(folder, "small.txt", "whole")[:2] == pytest.approx([0.05, 0.05])


def test_a_difference_is_counted_in_half_units_and_silence_is_not_agreement(folder):
    theirs = np.arange(20.0) + 0.5
    (folder / "data" / "indicator-oracles" / "long.txt").write_text(
        "Date,X\n" + "".join(f"d,{v}\n" for v in theirs)
    )
    off, silent = theirs.copy(), theirs.copy()
    off[4] += 0.1
    silent[9] = np.nan

    assert half_units_off(off, folder, "long.txt", "X") == pytest.approx(2.0)
    assert half_units_off(off, folder, "long.txt", "X", first_row=5) == 0.0
    assert np.isnan(half_units_off(silent, folder, "long.txt", "X"))
