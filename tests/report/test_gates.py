"""What every gate said over all candidates, and the p-values' histogram."""

import re
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np

from alphamill.report.figures_bands import Span, p_values, spans_in_rows
from alphamill.report.gates import family_p_values, gate_rows
from alphamill.report.page import write_page
from alphamill.validation.discovery import p_histogram
from alphamill.validation.gates import Verdict

from .passport_samples import judged
from .reading import words_of
from .samples import candidate, success


def with_p(*values: float):
    said = [Verdict("fdr", p <= 0.05, 1 - p, 0.95, "", p_value=p) for p in values]
    return [candidate("SPX", i, f"s{i}", (0.5, 0.1), (v,)) for i, v in enumerate(said)]


def test_gates_are_counted_and_those_that_inform_remove_nobody():
    none = (Verdict("basic", False, 1.0, 5.0, "too few"), *judged().verdicts[1:])
    everyone = [judged(), judged(luck=True), replace(judged(luck=True), verdicts=none)]

    rows = {row.gate: row for row in gate_rows(everyone)}

    assert {gate: astuple(row)[1:] for gate, row in rows.items()} == {
        "basic": (True, 2, 1, 0, 1, 2),
        "regime": (False, 0, 3, 0, 0, None),
        "chance": (False, 0, 0, 3, 0, None),
        "luck": (True, 1, 2, 0, 1, 1),
        "cost_stress": (False, 3, 0, 0, 0, None),
        "holdout": (True, 0, 0, 3, 0, 1),
    }


def test_the_estimate_of_false_finds_is_storeys():
    # 4 of 10 at most 5%; 2 above a half, so (1 + 2) / 5 are null; 0.6 x 10 x 0.05 / 4 false.
    found = family_p_values(with_p(0.01, 0.02, 0.03, 0.05, 0.2, 0.3, 0.4, 0.45, 0.7, 0.9))

    assert found is not None
    assert "4 of 10 p-values lie at or below 5%; 0.5 would by luck alone." in found.words
    assert "nothing to find: 60%; of false ones among the 4 found: 8%" in found.words


def test_where_nothing_is_found_no_share_of_it_is_false():
    found = family_p_values(with_p(0.2, 0.6, 0.9))

    assert found is not None
    assert "of false ones among the 0 found: –" in found.words


def test_p_values_that_were_not_asked_are_left_out():
    asked, silent = with_p(0.01, 0.9)
    silent = replace(silent, verdicts=(replace(silent.verdicts[0], asked=False),))

    found = family_p_values([asked, silent])

    assert found is not None
    assert "1 of 1 p-values lie" in found.words
    assert family_p_values([silent]) is None


def test_the_histogram_has_a_bar_for_each_bin_and_the_first_stands_out():
    svg = str(p_values(p_histogram(np.array([0.01, 0.02, 0.5, 0.99])), "p"))

    bars = re.findall(r'<rect class="(\S+)" [^>]*height="([\d.]+)"', svg)
    assert [kind for kind, _ in bars] == ["pos", "bar-all", "bar-all"]
    heights = [float(height) for _, height in bars]
    assert heights[0] == max(heights)
    assert abs(heights[0] - 2 * heights[1]) < 0.2
    assert "p 0 to 0.05: 2 candidates" in svg


def test_a_figure_lies_in_its_band_where_it_should():
    svg = str(
        spans_in_rows(
            [Span("one", 0.25, 0.75, 0.5, "0.50"), Span("none", np.nan, np.nan, np.nan, "–")],
            "spans",
            between=(0.0, 1.0),
        )
    )

    # The axis runs from 118 to 428.
    band = re.findall(r'class="band" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)
    assert band == [("195.5", "155")]
    assert re.findall(r'class="point" cx="([\d.]+)"', svg) == ["273"]
    assert "nan" not in svg


def test_the_page_of_a_run_tells_gates_and_p_values(tmp_path: Path):
    good = success()
    everyone = (judged(), judged(luck=True), *with_p(0.04))

    words = words_of(write_page(replace(good, candidates=everyone), tmp_path / "p.html"))

    assert "luck decides 1 1 1 1 2" in words
    assert "regime informs 0 2 1 – –" in words
    assert "1 of 1 p-values lie at or below 5%;" in words


def test_a_run_without_the_luck_test_says_so(tmp_path: Path):
    words = words_of(write_page(success(), tmp_path / "p.html"))

    assert "The luck test was not asked, so there are none." in words
