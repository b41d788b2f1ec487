"""The page of a winner's model: the answer first, every criterion, every figure, and no markup."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from alphamill.report.meta import family_rows, figure_words, headline, side_by_side, write_meta

from . import meta_samples as samples
from .reading import body_of, section_of, words_of
from .samples import HOSTILE

every_page = pytest.mark.parametrize(
    "made",
    [samples.enhanced, samples.rule_kept, samples.dropped, samples.hostile, samples.bare],
    ids=["enhanced", "rule_kept", "dropped", "hostile", "bare"],
)


@pytest.mark.parametrize(
    ("made", "said", "stamped"),
    [
        (samples.enhanced, "Trade rsi2_ML on ES: the model earns its place.", "enhanced"),
        (
            samples.rule_kept,
            "ML adds nothing: trade rsi2 on ES as it is.",
            "rule kept without a model",
        ),
        (samples.dropped, "Drop rsi2 on ES: neither the rule nor its model held.", "dropped"),
    ],
)
def test_the_answer_is_the_headline_and_its_reasons_follow(made, said, stamped, tmp_path: Path):
    found = made()

    words = words_of(write_meta(found, tmp_path / "new folder" / "m.html"))

    assert f"{headline(found.primary, found.verdict.answer)}." == said
    assert words.index(f"{said} {stamped} {found.verdict.told}") < words.index("Every criterion")


@pytest.mark.parametrize(
    ("made", "good"),
    [(samples.enhanced, True), (samples.rule_kept, True), (samples.dropped, False)],
)
def test_a_rule_without_a_model_is_stamped_as_well_as_one_with(made, good, tmp_path: Path):
    body = body_of(write_meta(made(), tmp_path / "m.html"))

    assert ('class="stamp proven"' in body) == good


def test_every_criterion_stands_with_its_figure_its_need_and_who_asks_it(tmp_path: Path):
    rows = _rows(write_meta(samples.dropped(), tmp_path / "m.html"), "In the order of asking")

    assert [row[:5] for row in rows] == [
        ["Sharpe", "✗ no", "−0.20", "at least 2", "seeds"],
        ["improvement", "✗ no", "–", "at least 1.50", "seeds"],
        ["trades", "✗ no", "12", "at least 100", "seeds"],
        ["every year", "✗ no", "−2,081", "above 0", "seeds"],
        ["no single year", "✗ no", "–", "at most 0.60", "seeds"],
        ["permutation", "✗ no", "0.21", "at most 0.050", "ours"],
        ["cross-validation", "✓ yes", "0.33", "above 0", "ours"],
    ]
    assert rows[2][5].startswith("12 trades: fewer than 30 say nothing")


def test_a_criterion_that_was_not_asked_is_neither_met_nor_missed(tmp_path: Path):
    found = samples.enhanced()
    first, *others = found.verdict.criteria
    silent = replace(first, asked=False, passed=False)
    shown = replace(found, verdict=replace(found.verdict, criteria=(silent, *others)))

    rows = _rows(write_meta(shown, tmp_path / "m.html"), "In the order of asking")

    assert rows[0][1] == "– not asked"


def test_rule_and_model_stand_side_by_side(tmp_path: Path):
    found = samples.enhanced()
    alone, kept = found.uplift.baseline, found.uplift.filtered

    rows = _rows(write_meta(found, tmp_path / "m.html"), "Validation window")

    assert rows[0] == ["Sharpe ratio", "1.10", "2.60", "+1.50"]
    assert rows[2] == ["trades", "1,234", "487", "39% of them"]
    assert [row[0] for row in rows[-2:]] == ["profit 2022", "profit 2023"]
    assert rows[1][3] == f"+{kept.net_profit - alone.net_profit:,.0f}"


def test_a_year_of_one_side_only_is_a_zero_on_the_other():
    uplift = samples.enhanced().uplift
    short = replace(uplift.filtered, pnl_by_year={2022: 10.0})

    rows = side_by_side(replace(uplift, filtered=short))

    assert (rows[-1].name, rows[-1].kept) == ("profit 2023", "0")


def test_both_curves_end_at_their_profit(tmp_path: Path):
    found = samples.enhanced()

    labels = _labels(write_meta(found, tmp_path / "m.html"))

    kept, alone = found.uplift.filtered.net_profit, found.uplift.baseline.net_profit
    assert labels[0] == (
        f"Profit and loss of the validation window: with the model {kept:,.0f}, the rule alone "
        f"{alone:,.0f}; below, the drawdown with the model"
    )


def test_luck_folds_and_paths_are_told_in_figures(tmp_path: Path):
    page = write_meta(samples.enhanced(), tmp_path / "m.html")
    found = samples.paths()

    luck = section_of(page, "Against luck")
    assert "487 of 1,234 signals are kept, here and in each of 1,000 draws" in luck
    assert "Sharpe ratio: p 0.0010; of as much added profit: p 0.0010." in luck
    middle, low = np.quantile(found.group_sharpe, (0.5, 0.05))
    assert f"In the middle +{middle:.2f}, from −{-low:.2f} to" in luck
    words = "; ".join(_labels(page))
    first = ", ".join(f"{v:+.2f}".replace("-", "−") for v in found.group_sharpe[:, 0])
    assert f"2010-01 to 2011-12: {first}; 2012-01" in words
    assert "whole paths: " in words
    assert "path 4 " in words


def test_the_model_is_told_in_figures(tmp_path: Path):
    page = write_meta(samples.enhanced(), tmp_path / "m.html")

    told = section_of(page, "Do scores mean what they say?")
    assert re.search(r"Mean distance from the dashed line 0\.0\d\d, by chance alone 0\.0\d\d", told)
    assert "These scores may be read as probabilities." in told
    assert "feature_number_0_of_a_long_name 0.0400" in "; ".join(_labels(page))
    assert "0.55 Median of the thresholds that ten outer splits chose" in words_of(page)
    assert "20 features that the model reads feature_number_0" in words_of(page)


def test_every_trial_counts_also_one_that_was_given_up(tmp_path: Path):
    rows = _rows(write_meta(samples.enhanced(), tmp_path / "m.html"), "Every trial counts")

    assert rows == [
        ["random forest", "4", "2", "1", "1", "40", "1.40"],
        ["logistic", "1", "1", "0", "0", "10", "0.90"],
        ["boosted", "1", "0", "1", "0", "4", "–"],
    ]
    assert family_rows([]) == []


def test_what_was_left_out_and_what_it_rests_on_are_listed(tmp_path: Path):
    words = words_of(write_meta(samples.enhanced(), tmp_path / "m.html"))

    for said in (
        "trials 6 of them given up early 2 models fitted 54",
        "deflated Sharpe 0.87 (probability above luck)",
        "independent trials 212",
        "vix_close not computable live",
        f"labels {'ee' * 32}",
    ):
        assert said in words


@pytest.mark.parametrize(
    ("value", "words"),
    [(100.0, "100"), (2.0, "2"), (0.0012, "0.001"), (2.345, "2.35"), (-5079.8, "−5,080")],
)
def test_a_figure_has_the_digits_it_needs(value: float, words: str):
    assert figure_words(value) == words
    assert (figure_words(np.nan), figure_words(-np.inf)) == ("–", "−∞")


@every_page
def test_a_page_is_whole_by_itself_and_lets_no_markup_through(made, tmp_path: Path):
    path = write_meta(made(), tmp_path / "m.html")
    page = path.read_text("utf-8")

    assert HOSTILE not in page
    assert re.findall(r'(?:src|href)="(?!data:,|#)[^"]*"', page) == []
    assert page.count("<script>") == 1
    assert "nan" not in words_of(path).lower().replace("provenance", "")


@every_page
def test_every_picture_keeps_its_words_inside(made, tmp_path: Path):
    body = body_of(write_meta(made(), tmp_path / "m.html"))

    assert 3 <= body.count("<svg ") == body.count('role="img" aria-label="') <= 9
    assert "nan" not in "".join(re.findall(r"<(?:path|rect|circle)[^>]*>", body))


def test_a_model_of_which_little_is_known_has_a_page_all_the_same(tmp_path: Path):
    words = words_of(write_meta(samples.bare(), tmp_path / "m.html"))

    for said in (
        "The model let no trade through.",
        "Not asked: there were no scores to move.",
        "Cross-validation left no whole path.",
        "Too few scored rows for a curve.",
        "No trial was made.",
        "times as much: no ratio to a loss",
    ):
        assert said in words


def _labels(path: Path) -> list[str]:
    return [
        unescape(label) for label in re.findall(r'role="img" aria-label="([^"]*)"', body_of(path))
    ]


def _rows(path: Path, caption: str) -> list[list[str]]:
    """Return the words of every cell of the table whose caption begins so."""
    tables = re.findall(r"<table.*?</table>", body_of(path), re.S)
    found = next(t for t in tables if f"<caption>{caption}" in t)
    body = found.split("<tbody>")[1]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.S)
    strip = re.compile(r"<[^>]+>")
    return [
        [unescape(strip.sub("", cell)).strip() for cell in re.findall(r"<td.*?</td>", row, re.S)]
        for row in rows
    ]
