"""The file that says what a run was asked: the latest run is found by it, a torn one is named."""

import json

import pytest

from alphamill.core.errors import DataError
from alphamill.research import results


def begun(runs, name, at_ns):
    (runs / name).mkdir(parents=True)
    results.write_meta(runs / name, {"begun_ns": at_ns, "run_id": name})


def test_the_latest_run_is_the_one_begun_last(tmp_path):
    begun(tmp_path, "b", 3)
    begun(tmp_path, "a", 5)
    begun(tmp_path, "c", 4)
    (tmp_path / "unfinished" / "parts").mkdir(parents=True)

    assert results.latest(tmp_path) == tmp_path / "a"


def test_no_run_at_all_tells_the_next_step(tmp_path):
    with pytest.raises(DataError) as caught:
        results.latest(tmp_path / "runs")

    assert str(caught.value) == ("no run lies in runs. Run `alphamill run` or `alphamill sweep`.")


def test_the_time_of_the_first_start_stays(tmp_path):
    begun(tmp_path, "a", 3)

    results.write_meta(tmp_path / "a", {"begun_ns": 9, "run_id": "a", "seed": 7})

    assert json.loads((tmp_path / "a" / results.META).read_text()) == {
        "begun_ns": 3,
        "run_id": "a",
        "seed": 7,
    }


@pytest.mark.parametrize("text", ["{", "{}", "[1]"])
def test_a_torn_run_file_is_refused_by_name(tmp_path, text):
    begun(tmp_path, "a", 3)
    (tmp_path / "a" / results.META).write_text(text)

    with pytest.raises(DataError, match="a cannot be read"):
        results.latest(tmp_path)


def test_a_torn_run_file_is_mended_by_sweeping_again(tmp_path):
    begun(tmp_path, "a", 3)
    (tmp_path / "a" / results.META).write_text("{")

    results.write_meta(tmp_path / "a", {"begun_ns": 9, "run_id": "a"})

    assert results.latest(tmp_path) == tmp_path / "a"
