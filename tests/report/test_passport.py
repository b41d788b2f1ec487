"""The passport's page: the verdict first, every gate, every figure, and nothing from elsewhere."""

import re
from html import unescape
from pathlib import Path

import pytest

from alphamill.report.passport import headline, power_sentence, sentence, stamp, write_passport
from alphamill.research.passport import Passport

from . import passport_samples as samples
from .reading import body_of, section_of, words_of
from .samples import HOSTILE

every_passport = pytest.mark.parametrize(
    "made",
    [samples.refused, samples.provisional, samples.proven, samples.hostile, samples.idle],
    ids=["refused", "provisional", "proven", "hostile", "idle"],
)


def test_the_verdict_names_the_first_gate_that_decides_and_said_no():
    found = samples.refused()

    assert headline(found) == "Refused by luck"
    assert sentence(found.candidate) == (
        "momentum_roc on SPX was refused first by luck: p 0.3000 of 1,120 cells. Of the gates that "
        "decide it passed 1 of 2 (1 not asked), of the gates that inform it passed 1 of 2 (1 not "
        "asked)."
    )


@pytest.mark.parametrize(
    ("made", "verdict", "stamped"),
    [
        (samples.refused, "Refused by luck", "failed: luck"),
        (samples.carried, "Refused by luck", "unproven: luck"),
        (samples.provisional, "Provisional, waiting for holdout", "provisional"),
        (samples.proven, "Proven", "proven"),
    ],
)
def test_each_standing_has_its_words(made, verdict, stamped, tmp_path: Path):
    found = made()

    assert (headline(found), stamp(found)) == (verdict, stamped)
    page = write_passport(found, tmp_path / "p.html")
    assert words_of(page).index(f"{verdict}.") < words_of(page).index("Hypothesis")
    assert ('class="stamp proven"' in body_of(page)) == (stamped == "proven")


def test_every_gate_stands_with_its_role_score_and_need(tmp_path: Path):
    rows = _rows(write_passport(samples.refused(), tmp_path / "p.html"), "Score and what it must")

    assert [row[:6] for row in rows] == [
        ["basic", "✓ yes", "decides", "5.00", "5.00", "–"],
        ["regime", "✗ no", "informs", "1.00", "2.00", "–"],
        ["chance", "– not asked", "informs", "–", "–", "–"],
        ["luck", "✗ no", "decides", "0.70", "0.95", "0.300"],
        ["cost stress", "✓ yes", "informs", "0.40", "0.00", "–"],
        ["holdout", "– not asked", "decides", "0.10", "0.00", "–"],
    ]


def test_every_figure_of_the_evidence_is_on_the_page(tmp_path: Path):
    page = write_passport(samples.refused(), tmp_path / "p.html")

    luck = section_of(page, "Against luck")
    for words in (
        "best of luck: 0.93",
        "deflated Sharpe 0.64 (probability above luck)",
        "trials ever 43,111",
        "of them independent 30,609 (mean correlation 0.29)",
        "years seen 9.5",
        "years until it beats 0 2.3",
        "years until it beats luck never",
        "autocorrelation 1.02",
    ):
        assert words in luck
    labels = "; ".join(_labels(page))
    assert "PBO 0.15, noise 0.18 to 0.85; probability of a loss 0.04" in labels
    assert "Sharpe 1.10, 90% interval 0.41 to 1.73, against 0.93 that luck alone" in labels
    assert "as charged 1.10, costs x2 0.61, costs x3 −0.12, one more tick 0.97" in labels
    assert "trades reordered: 95%: 9,331; history in blocks: 95%: 10,277" in labels
    assert (
        "noisy prices: 10% of a move: 1.05, 90% of runs 0.88 to 1.21; 25% of a move: 0.72" in labels
    )
    assert "up calm 1.43, up wild −0.16, down calm –, down wild 1.48" in labels
    words = words_of(page)
    assert "touched in 3.4% of the bars in a position" in words
    assert "at the edge of the grid length=14 (highest)" in words
    assert "What rises goes on rising." in words


def test_the_power_is_said_as_a_sentence(tmp_path: Path):
    assert power_sentence(samples.evidence()) == (
        "With 9.5 years and 30,609 independent trials an edge of Sharpe 0.5 would be chosen and "
        "recognised 0% of the time, of 1.0 9%, of 1.5 59%, of 2.0 97%."
    )


def test_every_p_value_says_of_what(tmp_path: Path):
    page = write_passport(samples.refused(), tmp_path / "p.html")

    assert [row[:2] for row in _rows(page, "Every p-value, of what")] == [
        ["luck", "0.3000"],
        ["mean trade", "0.0123"],
        ["circular shift", "0.0340"],
        ["random entries", "0.0520"],
    ]


def test_windows_without_a_cell_say_so(tmp_path: Path):
    rows = _rows(write_passport(samples.refused(), tmp_path / "p.html"), "Annualised Sharpe of the")

    assert rows == [
        ["2012-03-01 to 2013-02-28", "no. 35", "1.42", "0.19"],
        ["2013-03-01 to 2014-02-28", "none traded enough", "–", "0.00"],
    ]


def test_the_chosen_cell_is_dotted_on_the_map(tmp_path: Path):
    body = body_of(write_passport(samples.refused(), tmp_path / "p.html"))

    # Length 14 is column 2 of six and entry 30 row 2 of four: 75.3 wide from 64, 30 high from 40.
    assert re.search(r'class="chosen" cx="283" cy="107"', body)


@every_passport
def test_nothing_is_fetched_and_no_string_becomes_markup(made, tmp_path: Path):
    page = write_passport(made(), tmp_path / "p.html").read_text("utf-8")

    assert re.findall(r'(?:src|href|action)\s*=\s*"([^"]*)"', page) == ["data:,"]
    assert not re.search(r"https?://|url\(|@import", page)
    assert page.count("<script") == 1
    assert "<script>alert" not in page
    assert (HOSTILE in words_of(tmp_path / "p.html")) == (made is samples.hostile)


@every_passport
def test_the_same_passport_is_the_same_bytes(made, tmp_path: Path):
    first = write_passport(made(), tmp_path / "a.html").read_bytes()

    assert write_passport(made(), tmp_path / "b.html").read_bytes() == first
    assert b"nan" not in re.sub(rb"[a-z]nan|nan[a-z]", b"", first)


def _labels(page: Path) -> list[str]:
    return [unescape(label) for label in re.findall(r'aria-label="([^"]*)"', body_of(page))]


def _rows(page: Path, caption: str) -> list[list[str]]:
    """Return the cells of the body of the table with this caption."""
    body = body_of(page)
    table = body[body.index(caption) :].split("</table>")[0].split("<tbody>")[1]
    return [
        [
            re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", cell))).strip()
            for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)
        ]
        for row in table.split("</tr>")
        if "<td" in row
    ]


def test_an_idle_candidate_is_still_a_page(tmp_path: Path):
    found: Passport = samples.idle()

    words = words_of(write_passport(found, tmp_path / "p.html"))

    assert "No gate was asked." in words
    assert "there is no map to draw" in words
