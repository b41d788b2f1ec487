"""A manifest's row of a candidate that has been told more: brought up to date, or left alone."""

import json
from dataclasses import replace

import pytest

from alphamill.core.errors import DataError
from alphamill.research.winners import (
    cell_name,
    looked_before,
    restamp,
    store,
    winners,
    write_manifest,
)
from alphamill.validation.gates import Verdict
from tests.research.test_winners import AT, candidate, identity


def test_a_manifest_of_another_run_or_none_stays_as_it_is(tmp_path):
    path = tmp_path / "manifest.json"
    who = candidate(failed=["chance"])
    assert not restamp(path, "run-ES", who, AT)
    write_manifest(path, winners([candidate()], True, identity("ES")), AT)
    before = path.read_bytes()

    assert not restamp(path, "run-2", who, AT)
    assert path.read_bytes() == before
    assert restamp(path, "run-ES", who, AT)
    assert json.loads(path.read_text())["winners"][0]["failed_gate"] == "chance"

    path.write_text("{}")
    with pytest.raises(DataError, match="alphamill winners"):
        restamp(path, "run-ES", who, AT)


def test_judging_again_does_not_forget_a_look(tmp_path):
    looked = Verdict("holdout", False, -0.2, 0.0, "300 sealed sessions")
    waits = replace(looked, asked=False)
    seen, unseen = (candidate(strategy_id=k) for k in (1, 2))
    told = seen.told(looked), unseen.told(waits)
    store(tmp_path, winners(told, True, identity("ES")), told, AT)

    found = looked_before(tmp_path)

    assert found == {cell_name(seen): looked}
    other = replace(seen, params={**seen.params, "entry_pct": 99.0})
    assert cell_name(other) not in found
    assert looked_before(tmp_path / "not judged yet") == {}
