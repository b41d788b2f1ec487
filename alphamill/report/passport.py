"""The passport's page: the verdict first, then everything it rests on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from markupsafe import Markup

from alphamill.backtest.metrics import STARTING_EQUITY
from alphamill.report.charts import Curve, equity_with_drawdown, price_detail, price_overview
from alphamill.report.figures import Row, bars_in_rows
from alphamill.report.figures_bands import Span, spans_in_rows
from alphamill.report.page import cost_bars, landscape
from alphamill.report.scales import days_of
from alphamill.report.story import gate_words, name_of, trades_a_year
from alphamill.report.svg import WIDE
from alphamill.report.tearsheet import span_words
from alphamill.report.templating import rendered
from alphamill.report.wording import UNKNOWN, date, money, number, percent, plural
from alphamill.research.evidence import Evidence, WindowRow
from alphamill.research.outcome import Candidate
from alphamill.research.passport import Passport
from alphamill.validation.drawdown import DrawdownBands
from alphamill.validation.gates import Verdict
from alphamill.validation.walk import NO_CELL
from alphamill.workshop.files import write_atomic


def write_passport(found: Passport, path: Path) -> Path:
    """Write one self-contained page about one candidate; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, rendered("passport.html.j2", passport_context(found)))
    return path


def passport_context(found: Passport) -> dict[str, object]:
    """Return what the template shows."""
    who, evidence = found.candidate, found.evidence
    return {
        "p": found,
        "c": who,
        "e": evidence,
        "name": name_of(who),
        "verdict": headline(found),
        "stamp": stamp(found),
        "sentence": sentence(who),
        "span": span_words(found.result.bars),
        "rate": trades_a_year(found.result),
        "account": number(STARTING_EQUITY, 0),
        "gates": who.verdicts,
        "gate_words": gate_words,
        "equity": _equity(who),
        "windows": [_window(row) for row in evidence.windows],
        "heatmap": landscape(found.heatmap, who),
        "plateau": _plateau(evidence),
        "regimes": _regimes(evidence),
        "luck": _luck(evidence),
        "recognised": power_sentence(evidence),
        "power": _power(evidence),
        "overfitting": _overfitting(evidence),
        "p_values": _p_values(found),
        "record": _track_record(evidence),
        "drawdowns": _drawdowns(evidence),
        "noise": _noise(found),
        "stress": _stress(evidence),
        "costs": cost_bars(found.result),
        "overview": price_overview(
            found.result.bars,
            found.result.trades,
            f"{who.symbol} close with {plural(len(found.result.trades), 'trade')} below",
            WIDE,
        ),
        "detail": price_detail(
            found.result.bars,
            found.result.trades,
            f"The last trades on {who.symbol}, bar by bar",
            WIDE,
        ),
        "n_trades": len(found.result.trades),
    }


def headline(found: Passport) -> str:
    """Return the verdict in a few words."""
    who = found.candidate
    if who.failed_gate:
        return f"Refused by {gate_words(who.failed_gate)}"
    if who.waits_for:
        return f"Provisional, waiting for {gate_words(who.waits_for)}"
    return "Proven"


def stamp(found: Passport) -> str:
    """Return how its run stamped the candidate, with the gate that refused it or that it awaits."""
    who = found.candidate
    if who.failed_gate:
        return f"{found.stamp or 'failed'}: {gate_words(who.failed_gate)}"
    return who.stamp if found.stamp else f"{who.stamp}, not carried"


def sentence(who: Candidate) -> str:
    """Return the verdict in words: what decided it, and how the gates voted."""
    first = next((v for v in who.verdicts if v.gate == who.failed_gate), None)
    if first is not None:
        said = f"was refused first by {gate_words(first.gate)}: {first.detail}"
    elif who.waits_for:
        said = f"was refused by no gate and waits for {gate_words(who.waits_for)}"
    else:
        said = "was refused by no gate that decides"
    votes = [
        f"of the gates that {role} it passed {_votes(those)}"
        for role, those in (
            ("decide", [v for v in who.verdicts if v.decides]),
            ("inform", [v for v in who.verdicts if not v.decides]),
        )
        if those
    ]
    told = ", ".join(votes)
    return f"{name_of(who)} {said}. {told[:1].upper()}{told[1:]}."


def _votes(verdicts: Sequence[Verdict]) -> str:
    n_asked, n_passed = sum(v.asked for v in verdicts), sum(v.passed for v in verdicts)
    silent = f" ({len(verdicts) - n_asked} not asked)" if n_asked < len(verdicts) else ""
    return f"{n_passed} of {n_asked}{silent}"


def power_sentence(evidence: Evidence) -> str:
    """Return how often an edge would be seen at all with this much data and so many trials."""
    record, trials = evidence.track_record, evidence.deflated.trials.larger
    first, *others = evidence.power
    rest = "".join(f", of {number(p.sharpe, 1)} {percent(p.recognised, 0)}" for p in others)
    return (
        f"With {number(record.years, 1)} years and {plural(round(trials), 'independent trial')} an "
        f"edge of Sharpe {number(first.sharpe, 1)} would be chosen and recognised "
        f"{percent(first.recognised, 0)} of the time{rest}."
    )


def _equity(who: Candidate) -> Markup:
    pnl = np.cumsum(who.oos_pnl)
    end = money(float(pnl[-1])) if pnl.size else UNKNOWN
    curve = Curve("out of sample", days_of(who.sessions), pnl, "c-0")
    label = f"Stitched out-of-sample profit and loss with drawdown; at the end {end}"
    return equity_with_drawdown([curve], label, WIDE)


def _window(row: WindowRow) -> dict[str, object]:
    return {
        "dates": f"{date(row.first)} to {date(row.last)}",
        "cell": f"no. {row.cell}" if row.cell != NO_CELL else "none traded enough",
        "train": row.train_sharpe,
        "test": row.test_sharpe,
    }


def _plateau(evidence: Evidence) -> list[tuple[str, str]]:
    found = evidence.plateau
    return [
        ("neighbours within one step", number(found.n_neighbours, 0)),
        ("of them above half its Sharpe", percent(found.share, 0)),
        ("their median over its Sharpe", percent(found.median_ratio, 0)),
        ("the worst over its Sharpe", percent(found.worst_ratio, 0)),
        ("at the edge of the grid", ", ".join(found.edges) or "nowhere"),
    ]


def _regimes(evidence: Evidence) -> Markup:
    rows = [
        Row(r.name, _drawable(r.sharpe), _tone(r.sharpe), words=number(r.sharpe))
        for r in evidence.regimes
    ]
    words = ", ".join(f"{r.label} {r.words}" for r in rows)
    return bars_in_rows(rows, f"Annualised Sharpe by regime: {words}")


def _luck(evidence: Evidence) -> Markup:
    found, luck = evidence.sharpe, evidence.deflated.luck_sharpe
    low, high = found.interval
    spans = [Span("Sharpe ratio", low, high, found.value, number(found.value))]
    words = (
        f"Sharpe {number(found.value)}, 90% interval {number(low)} to {number(high)}, against "
        f"{number(luck)} that luck alone reaches"
    )
    return spans_in_rows(spans, words, (luck, f"best of luck: {number(luck)}"))


def _power(evidence: Evidence) -> Markup:
    rows = [
        Row(f"Sharpe {number(p.sharpe, 1)}", p.recognised, "bar-all", words=percent(p.recognised))
        for p in evidence.power
    ]
    words = ", ".join(f"{r.label} {r.words}" for r in rows)
    return bars_in_rows(rows, f"How often a true edge is recognised: {words}")


def _overfitting(evidence: Evidence) -> Markup:
    found = evidence.overfitting
    spans = [
        Span("PBO", found.band.low, found.band.high, found.pbo, number(found.pbo)),
        Span(
            "loss after choice", *_NOWHERE, found.loss_probability, number(found.loss_probability)
        ),
    ]
    words = (
        f"PBO {number(found.pbo)}, noise {number(found.band.low)} to {number(found.band.high)}; "
        f"probability of a loss {number(found.loss_probability)}"
    )
    return spans_in_rows(spans, words, between=(0.0, 1.0))


_NOWHERE = (float("nan"), float("nan"))


def _p_values(found: Passport) -> list[tuple[str, float, str]]:
    """Return (name, p, what it asks) of every test that has one."""
    rows = [
        (gate_words(v.gate), v.p_value, v.detail)
        for v in found.candidate.verdicts
        if v.asked and np.isfinite(v.p_value)
    ]
    low, high = found.evidence.trade_mean.interval
    mean = (
        f"whether its trades make money, had the rule been chosen beforehand; mean of a trade "
        f"{money(low)} to {money(high)} in 90% of resamplings"
    )
    n, known = f"{number(found.nulls.n_draws, 0)}", "had the rule been chosen beforehand"
    when = f"whether its positions beat themselves at other times ({n} shifts), {known}"
    entry = f"whether its entries beat as many at random, held as long ({n} draws), {known}"
    return [
        *rows,
        ("mean trade", found.evidence.trade_mean.p_value, mean),
        ("circular shift", found.nulls.shift_p, when),
        ("random entries", found.nulls.random_entry_p, entry),
    ]


def _track_record(evidence: Evidence) -> list[tuple[str, str]]:
    record, deflated = evidence.track_record, evidence.deflated
    return [
        ("deflated Sharpe", f"{number(deflated.probability)} (probability above luck)"),
        ("trials ever", number(deflated.n_ever, 0)),
        (
            "of them independent",
            f"{number(deflated.trials.larger, 0)} (mean correlation "
            f"{number(deflated.mean_correlation)})",
        ),
        ("years seen", number(record.years, 1)),
        ("years until it beats 0", _years(record.against_zero)),
        ("years until it beats luck", _years(record.against_luck)),
        ("Sharpe corrected for autocorrelation", number(evidence.sharpe.corrected)),
    ]


def _years(years: float) -> str:
    return number(years, 1) if np.isfinite(years) else "never"


def _drawdowns(evidence: Evidence) -> Markup:
    spans = [
        _fall("trades reordered", evidence.by_trade_order),
        _fall("history in blocks", evidence.by_blocks),
    ]
    words = "; ".join(f"{s.label}: {s.words}" for s in spans)
    return spans_in_rows(spans, f"Drawdowns that other orders give, half to 95%: {words}")


def _fall(label: str, bands: DrawdownBands) -> Span:
    depth = bands.depth.tolist()
    words = f"95%: {money(depth[-1])}"
    return Span(label, depth[0], depth[-1], bands.observed, words, tuple(depth))


def _noise(found: Passport) -> Markup:
    spans = [
        Span(f"{percent(r.noise_frac, 0)} of a move", r.low, r.high, r.median, number(r.median))
        for r in found.nulls.noise
    ]
    words = "; ".join(
        f"{span.label}: {span.words}, 90% of runs {number(span.low)} to {number(span.high)}"
        for span in spans
    )
    plain = found.evidence.sharpe.value
    return spans_in_rows(
        spans, f"Sharpe on noisy prices: {words}", (plain, f"as it was: {number(plain)}")
    )


def _stress(evidence: Evidence) -> Markup:
    rows = [Row(r.name, r.sharpe, _tone(r.sharpe), words=number(r.sharpe)) for r in evidence.stress]
    words = ", ".join(f"{r.label} {r.words}" for r in rows)
    return bars_in_rows(rows, f"Annualised Sharpe under higher costs: {words}")


def _tone(value: float) -> str:
    return "pos" if value > 0 else "neg"


def _drawable(value: float) -> float:
    return value if np.isfinite(value) else 0.0
