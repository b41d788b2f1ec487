"""The page of a run says what the outcome holds, whatever its strings are."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alphamill.report.page import write_page
from alphamill.research.outcome import RunOutcome

from .reading import body_of, section_of, words_of
from .samples import (
    HOSTILE,
    candidate,
    hostile,
    nothing_ran,
    nothing_survived,
    result,
    success,
    verdicts,
)

every_outcome = pytest.mark.parametrize(
    "outcome",
    [success(), nothing_survived(), hostile(), nothing_ran()],
    ids=["success", "nothing survived", "hostile", "nothing ran"],
)


def test_a_success_counts_the_proven_only(tmp_path: Path):
    words = words_of(write_page(success(), tmp_path / "page.html"))

    assert "2 of 24 candidates passed every gate." in words
    assert "momentum_roc on SPX and ibs on NDX." in words


def test_what_to_expect_is_reckoned_from_the_out_of_sample_curve(tmp_path: Path):
    good = success()
    # 500 up, 800 down, 100 up: the drawdown is 800 from a peak of 100,500.
    best = replace(
        good.candidates[0], oos_pnl=np.array([500.0, -800.0, 100.0]),
        sessions=np.array([20120301, 20120302, 20120305]), oos_sharpe=-1.25,
    )  # fmt: skip

    words = words_of(write_page(replace(good, best=best), tmp_path / "page.html"))

    assert "Sharpe −1.25 after 1.10 in sample, drawdown 800 (0.8% of the account)" in words


def test_every_name_of_an_unproven_winner_bears_its_gate(tmp_path: Path):
    words = words_of(write_page(success(), tmp_path / "page.html"))

    after = [words[m.end() : m.end() + 26] for m in re.finditer("donchian on WTI", words)]
    assert len(after) >= 4
    assert all("unproven: permutation" in near for near in after)


def test_pictures_name_the_unproven_too(tmp_path: Path):
    labels = re.findall(r'aria-label="([^"]*)"', body_of(write_page(success(), tmp_path / "p")))

    named = [label for label in labels if "donchian on WTI" in label and "," in label]
    assert named
    assert all("unproven: permutation" in label for label in named if "equity of" not in label)


def test_trials_of_run_ledger_and_noise_are_shown(tmp_path: Path):
    words = section_of(write_page(success(), tmp_path / "page.html"), "Against luck")

    assert "17,280 trials in this run 9,000 new to the ledger 43,111 ever tried 1.05" in words
    assert "0.41 deflated Sharpe" in words


def test_nothing_survived_names_the_nearest_and_why(tmp_path: Path):
    page = write_page(nothing_survived(), tmp_path / "page.html")

    words = words_of(page)
    assert "Nothing survived, and that is a result." in words
    assert "Nearest was momentum_roc on SPX, refused by permutation." in words
    assert "basic refused 19; walk forward refused 3; permutation refused 2" in words
    assert "permutation says 0.2" in section_of(page, "Why the nearest failed")


def test_nothing_survived_stamps_nobody_proven_and_sums_nobody(tmp_path: Path):
    body = body_of(write_page(nothing_survived(), tmp_path / "page.html"))

    assert 'class="stamp proven"' not in body
    assert "Σ" not in body


def test_carried_winners_alone_are_no_success(tmp_path: Path):
    good = success()
    carried = replace(good, winners=good.winners[2:], best=good.winners[2].candidate)

    words = words_of(write_page(carried, tmp_path / "page.html"))

    assert "Nothing survived, and that is a result." in words
    assert "Carried on, unproven" in words


def test_a_run_without_candidates_is_still_a_page(tmp_path: Path):
    words = words_of(write_page(nothing_ran(), tmp_path / "page.html"))

    assert "Nothing could be run, so nothing was asked." in words
    assert "ibs needs open, high and low; WTI has closes only" in words


@every_outcome
def test_no_string_becomes_markup(outcome: RunOutcome, tmp_path: Path):
    page = write_page(outcome, tmp_path / "page.html").read_text("utf-8")

    assert "<script>alert" not in page
    assert page.count("<script") == 1
    assert (HOSTILE in words_of(tmp_path / "page.html")) == (outcome.project == HOSTILE)


@every_outcome
def test_nothing_is_fetched_from_a_network(outcome: RunOutcome, tmp_path: Path):
    page = write_page(outcome, tmp_path / "page.html").read_text("utf-8")

    assert re.findall(r'(?:src|href|action)\s*=\s*"([^"]*)"', page) == ["data:,"]
    assert not re.search(r"https?://|url\(|@import", page)


@every_outcome
def test_the_same_outcome_is_the_same_bytes(outcome: RunOutcome, tmp_path: Path):
    first = write_page(outcome, tmp_path / "a.html").read_bytes()

    assert write_page(outcome, tmp_path / "b.html").read_bytes() == first


def test_the_sealed_window_is_marked_as_never_read(tmp_path: Path):
    words = section_of(write_page(success(), tmp_path / "page.html"), "Which dates were used")

    assert "sealed: never read" in words
    assert "discovery: never read" not in words
    assert "2017-01-03 to 2018-12-31" in words


def test_a_long_history_with_many_candidates_stays_small(tmp_path: Path):
    many = [
        candidate(f"S{i}", i, "momentum_roc", (0.4, 0.1), verdicts(0.9, 0.2)) for i in range(400)
    ]
    big = replace(
        nothing_survived(), candidates=tuple(many), best=many[0], best_result=result(20_000, 20)
    )

    page = write_page(big, tmp_path / "page.html")

    assert page.stat().st_size < 1_500_000


def test_every_candidate_is_listed_with_its_first_failed_gate(tmp_path: Path):
    body = body_of(write_page(nothing_survived(), tmp_path / "page.html"))
    table = body[body.index("All candidates, those that came furthest first") :]

    assert table.count('<span class="neg-ink">basic</span>') == 19
    assert table.count('<span class="neg-ink">walk forward</span>') == 3


def test_many_carried_winners_fill_tables_but_not_the_picture(tmp_path: Path):
    good = success()
    crowd = [
        candidate(f"S{i}", i, "momentum_roc", (0.4, 0.1), verdicts(0.9, 0.2)) for i in range(60)
    ]
    carried = tuple(
        replace(good.winners[2], rank=i, candidate=c) for i, c in enumerate(crowd, start=1)
    )

    page = write_page(
        replace(good, candidates=tuple(crowd), winners=carried, best=crowd[0]), tmp_path / "p.html"
    )

    words = words_of(page)
    assert "50 more are in the table of every candidate" in words
    assert "The first 6 are drawn." in words
    assert body_of(page).count("unproven: walk forward") >= 70


def test_only_the_proven_are_summed(tmp_path: Path):
    good = success()
    both = sum(w.candidate.oos_pnl.sum() for w in good.winners[:2])

    body = body_of(write_page(good, tmp_path / "page.html"))

    assert f"at the end: the survivors together {both:,.0f}," in body
    assert "the 2 survivors together, one unit each" in body


def test_costs_lead_from_gross_to_net(tmp_path: Path):
    t = result().trades
    fees, slippage, net = t.fees.sum(), t.slippage.sum(), t.pnl.sum()

    body = body_of(write_page(success(), tmp_path / "page.html"))

    words = f"before costs {net + fees + slippage:,.0f}, fees −{fees:,.0f}, "
    assert f"Costs: {words}slippage −{slippage:,.0f}, net {net:,.0f}" in body
    svg = body[body.index("Costs: ") :].split("</svg>")[0]
    (fees_at, _), (slip_at, slip_wide) = (
        (float(x), float(w))
        for x, w in re.findall(r'class="neg" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)
    )
    assert slip_at + slip_wide == pytest.approx(fees_at, abs=0.2)


def test_the_cell_that_would_run_is_dotted_on_the_map(tmp_path: Path):
    good = success()
    best = replace(good.candidates[0], params={"length": 42, "entry": 25})

    body = body_of(write_page(replace(good, best=best), tmp_path / "page.html"))

    # Column 5 of six and row 1 of four; the columns are 75.3 wide from 64, the rows 30 from 40.
    assert re.search(r'class="chosen" cx="509" cy="77"', body)
