"""Records and lists: what validation said comes back as it was, and winners stand in their list."""

import json

import numpy as np
import pytest

from alphamill.core.errors import DataError
from alphamill.learning.result_fields import FIELDS, fields_without
from alphamill.research.metalabel.layout import Layout
from alphamill.research.metalabel.lists import records_in, write_lists, write_results
from alphamill.research.metalabel.record import Record, read_record, write_record
from tests.report import meta_samples


def record(key, page):
    row = {name: None for name in FIELDS} | {
        "status": "completed",
        "answer": page.verdict.answer,
        "ml_sharpe": page.uplift.filtered.sharpe,
        "baseline_sharpe": page.uplift.baseline.sharpe,
    }
    return Record(key, row, page.primary, page.verdict, page.uplift, {"p_value": None})


ENHANCED = record("A", meta_samples.enhanced())
KEPT = record("B", meta_samples.rule_kept())
DROPPED = record("C", meta_samples.dropped())
SKIPPED = Record("D", fields_without(KEPT.primary, "skipped", "too few"), KEPT.primary)


@pytest.mark.parametrize("one", [ENHANCED, KEPT, DROPPED], ids=lambda r: r.key)
def test_a_record_comes_back_as_it_was(tmp_path, one):
    write_record(one, tmp_path / "r.json")

    back = read_record(tmp_path / "r.json")

    assert repr(back.verdict) == repr(one.verdict)
    assert back.primary == one.primary
    assert back.uplift is not None
    assert one.uplift is not None
    assert np.array_equal(back.uplift.filtered.daily, one.uplift.filtered.daily)
    assert back.uplift.filtered.pnl_by_year == one.uplift.filtered.pnl_by_year
    assert back.row == one.row


def test_a_damaged_record_is_refused_with_the_cure(tmp_path):
    (tmp_path / "r.json").write_text('{"key": 1')

    with pytest.raises(DataError, match="meta validate"):
        read_record(tmp_path / "r.json")


def test_only_winners_that_meet_all_criteria_are_enhanced_and_rules_stand_apart(tmp_path):
    layout = Layout(tmp_path)
    for one in (SKIPPED, DROPPED, KEPT, ENHANCED):
        write_record(one, layout.validation(one.key))

    write_lists(layout, records_in(layout))

    lists = json.loads(layout.enhanced.read_text())
    names = [row["strategy_name"] for row in lists["enhanced_strategies"]]
    assert names == [f"{ENHANCED.primary.strategy}_ML"]
    assert [row["reason"] for row in lists["rules_without_ml"]] == [
        "ML adds nothing: trade the rule",
        "too few",
    ]


def test_results_are_an_array_with_the_seeds_fields_in_the_runs_order(tmp_path):
    layout = Layout(tmp_path)

    name = write_results(layout, [SKIPPED, ENHANCED], 1_763_979_123 * 10**9)

    rows = json.loads((tmp_path / "reports" / name).read_text())
    assert name == "ml_pipeline_results_20251124_101203.json"
    assert [row["status"] for row in rows] == ["skipped", "completed"]
    assert set(rows[0]) == set(FIELDS)
