"""The page over all winners: the count, the three lists, and luck's share of them."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from alphamill.report.meta_overview import (
    missed_counts,
    overview_headline,
    ranked,
    write_meta_overview,
)

from . import meta_samples as samples
from .reading import body_of, section_of, words_of
from .samples import HOSTILE


def one_enhanced():
    whole = samples.overview()
    return replace(whole, lines=whole.lines[:3])


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (samples.overview, "2 of 5 winners are better with a model"),
        (one_enhanced, "1 of 3 winners is better with a model"),
        (samples.nothing_enhanced, "ML adds nothing, and that is a result"),
        (samples.nobody, "No winner could be asked"),
    ],
)
def test_the_headline_counts_the_enhanced(made, said: str, tmp_path: Path):
    page = write_meta_overview(made(), tmp_path / "new folder" / "o.html")

    assert overview_headline(made()) == said
    assert words_of(page).index(f"{said}.") < words_of(page).index("What to trade")


def test_each_winner_stands_in_the_list_of_its_answer_the_best_first(tmp_path: Path):
    page = write_meta_overview(samples.overview(), tmp_path / "o.html")
    words = words_of(page)

    lists = re.split(r"Enhanced Every|Rules kept without a model They|Dropped Neither", words)[1:]
    names = [re.findall(r"(\w+ on [A-Z0-9]{2}) no\. 21", part) for part in lists]
    assert names == [
        ["ibs on GC", "rsi2 on ES"],
        ["macd on 6E", "turtle on NQ"],
        ["gap_fill on CL"],
    ]


def test_a_dropped_winner_and_one_that_was_not_judged_stand_with_their_reason(tmp_path: Path):
    words = section_of(
        write_meta_overview(samples.overview(), tmp_path / "o.html"), "Dropped Neith"
    )

    assert "Trade neither the rule nor the model: from 2022-01-03" in words
    assert "doji on HG skipped 41 signals in training, needs 300" in words


def test_the_share_of_luck_is_said(tmp_path: Path):
    words = words_of(write_meta_overview(samples.overview(), tmp_path / "o.html"))

    assert "Of 5 winners asked, 0.25 would reach p 0.05 by luck alone; 2 did." in words
    assert "2 winners with a model, 2 winners as the rule alone, 1 winner not at all." in words
    assert "2 winners could not be judged" in words


def test_how_often_each_criterion_refused_is_counted():
    counts = dict((name, (asked, n)) for name, asked, n in missed_counts(samples.overview().lines))

    assert list(counts)[0] == "Sharpe"
    assert counts["Sharpe"] == (5, 3)
    assert counts["trades"] == (5, 2)
    assert counts["cross-validation"] == (5, 0)


def test_winners_with_a_model_come_before_rules_with_a_better_figure():
    lines = samples.overview().lines

    order = [w.primary.symbol for w in ranked(lines)]

    assert order == ["GC", "ES", "6E", "NQ", "CL"]


def test_each_winner_leads_to_its_page(tmp_path: Path):
    body = body_of(write_meta_overview(samples.overview(), tmp_path / "o.html"))

    assert re.findall(r'<a href="([^"]*)"', body)[:2] == ["GC_ibs.html", "ES_rsi2.html"]
    assert re.findall(r'src="[^"]*"', body) == []


@pytest.mark.parametrize("made", [samples.overview, samples.nothing_enhanced, samples.nobody])
def test_markup_in_words_is_words(made, tmp_path: Path):
    whole = replace(made(), project=HOSTILE, run_id=HOSTILE, identity={"x": HOSTILE})

    page = write_meta_overview(whole, tmp_path / "o.html").read_text("utf-8")

    assert HOSTILE not in page
    assert page.count("<script>") == 1


def test_nothing_enhanced_looks_as_complete_as_a_success(tmp_path: Path):
    words = words_of(write_meta_overview(samples.nothing_enhanced(), tmp_path / "o.html"))

    assert "2 winners as the rule alone, 1 winner not at all." in words
    assert "None. Most rules have nothing that a model could tell apart" in words
