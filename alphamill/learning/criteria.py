"""When a model may decide trades: every criterion with its threshold, and the answer in words.

The seed documents ask for a Sharpe ratio, an improvement, trades, and years. Two questions of our
own stand beside theirs, and they decide as well: on noise the best of many models passes the
seeds' too often.
"""

import math
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Literal, NamedTuple

import numpy as np

from alphamill.core.errors import SettingsError
from alphamill.learning.uplift import Figures, Uplift
from alphamill.validation.gates import Bound, Condition

Answer = Literal["use ML", "ML adds nothing: trade the rule", "drop"]
USE_ML: Answer = "use ML"
TRADE_THE_RULE: Answer = "ML adds nothing: trade the rule"
DROP: Answer = "drop"

# Under 30 trades neither a win rate nor a profit factor says anything (specs, statistics C8).
FEWEST_TRADES = 30


def _limit(value: float, name: str, bound: Bound, asker: str, question: str) -> Any:
    said = {"name": name, "bound": bound, "asker": asker, "question": question}
    return field(default=value, metadata=said)


@dataclass(frozen=True)
class Limits:
    """The thresholds, in the order in which they are asked; the seeds' first, then ours."""

    min_sharpe: float = _limit(
        2.0, "Sharpe", "at least", "seeds", "annual Sharpe ratio with the model, validation window"
    )
    min_improvement: float = _limit(
        1.5,
        "improvement",
        "at least",
        "seeds",
        "Sharpe ratio with the model over that of the rule alone; where the rule alone has none "
        "above 0, the Sharpe ratio asked for is enough",
    )
    min_trades: float = _limit(
        100.0, "trades", "at least", "seeds", "trades with the model in the validation window"
    )
    min_year_profit: float = _limit(
        0.0, "every year", "above", "seeds", "net profit of the worst year that counts"
    )
    max_year_share: float = _limit(
        0.6,
        "no single year",
        "at most",
        "seeds",
        "largest share of the profit that one year made; asked where two years count or more",
    )
    max_p: float = _limit(
        0.05,
        "permutation",
        "at most",
        "ours",
        "chance that a score which knows nothing, keeping as many signals, adds as much",
    )
    min_cpcv_uplift: float = _limit(
        0.0,
        "cross-validation",
        "above",
        "ours",
        "middle Sharpe ratio added, over every group x split of the training window",
    )
    # Not a criterion: which years the two on years look at.
    min_year_sessions: float = 60.0


class Row(NamedTuple):
    """One criterion as it is asked: who asks it is "seeds" or "ours"."""

    key: str
    name: str
    bound: Bound
    threshold: float
    asker: str
    question: str


def table(limits: Limits | None = None) -> tuple[Row, ...]:
    """Return the criteria in the order of asking, with the thresholds of ``limits``."""
    asked = limits or Limits()
    return tuple(_row(asked, f) for f in fields(Limits) if f.metadata)


def limits_with(given: Mapping[str, float]) -> Limits:
    """Return the thresholds with those of ``given`` in their place.

    Raises
    ------
    SettingsError
        For a name that is none, or a value that is no number.
    """
    known = [f.name for f in fields(Limits)]
    for name, value in given.items():
        if name not in known:
            near = get_close_matches(name, known, 1)
            meant = f"; did you mean {near[0]}?" if near else "."
            raise SettingsError(
                f"criteria of the meta-label must be among {known}, received {name!r}{meant}"
            )
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
            raise SettingsError(f"{name} must be a number, received {value!r}.")
    return Limits(**dict(given))


@dataclass(frozen=True)
class Criterion:
    """One criterion answered.

    ``value`` is NaN where there is no figure; ``asked`` is False where there was nothing to ask,
    which neither passes nor stands in the way. ``told`` says it in words.
    """

    name: str
    value: float
    threshold: float
    passed: bool
    told: str
    bound: Bound = "at least"
    asker: str = "seeds"
    asked: bool = True


@dataclass(frozen=True)
class MetaVerdict:
    """The answer about one winner; ``told`` says what to do and why, for its owner."""

    answer: Answer
    criteria: tuple[Criterion, ...]
    told: str

    @property
    def enhanced(self) -> bool:
        """Whether the winner goes on with its model."""
        return self.answer == USE_ML

    @property
    def missed(self) -> tuple[Criterion, ...]:
        """Criteria that were asked and are not met."""
        return tuple(c for c in self.criteria if c.asked and not c.passed)


def judged(
    uplift: Uplift, p_value: float, cpcv_uplift: float, limits: Limits | None = None
) -> MetaVerdict:
    """Return what to do with a winner's model.

    Parameters
    ----------
    uplift : Uplift
        Of the validation window, on which nothing was chosen.
    p_value : float
        Of the Sharpe ratio added, against scores that know nothing (`UpliftNull.p_sharpe`); NaN
        where it was not asked.
    cpcv_uplift : float
        Middle Sharpe ratio added in cross-validation (`PathUplifts.median_sharpe`).
    limits : Limits, optional

    Returns
    -------
    MetaVerdict
        "use ML" when every criterion that can be asked is met. Otherwise the rule is traded without
        a model if it earned by itself in the validation window, and dropped if it did not.

    Notes
    -----
    What is not known (NaN) is not met. Years are calendar years of trade dates with at least
    ``min_year_sessions`` sessions. With exactly two of them "no year above 60%" asks that the
    profit be parted no more unevenly than 60 to 40; with one it is not asked.
    """
    asked = limits or Limits()
    alone, kept = uplift.baseline, uplift.filtered
    years = _years(kept, asked.min_year_sessions)
    said = {
        "min_sharpe": _Said(
            kept.sharpe, f"Sharpe {kept.sharpe:.2f} with the model, {alone.sharpe:.2f} without"
        ),
        "min_improvement": _improvement(uplift, asked.min_sharpe),
        "min_trades": _Said(float(kept.n_trades), _trades(kept.n_trades)),
        "min_year_profit": _worst_year(years, asked.min_year_sessions),
        "max_year_share": _largest_share(years, kept),
        "max_p": _Said(p_value, _known("p {:.4f}", p_value)),
        "min_cpcv_uplift": _Said(cpcv_uplift, _known("Sharpe {:+.2f} in the middle", cpcv_uplift)),
    }
    criteria = tuple(_answered(row, said[row.key]) for row in table(asked))
    answer = _answer(criteria, alone)
    return MetaVerdict(answer, criteria, _told(answer, criteria, uplift))


class _Said(NamedTuple):
    """A figure in words; ``met`` None leaves it to the threshold."""

    value: float
    words: str
    met: bool | None = None
    asked: bool = True


class _Year(NamedTuple):
    year: int
    profit: float
    n_sessions: int
    counts: bool


def _row(asked: Limits, limit: Field[Any]) -> Row:
    said = limit.metadata
    return Row(
        limit.name,
        said["name"],
        said["bound"],
        getattr(asked, limit.name),
        said["asker"],
        said["question"],
    )


def _years(figures: Figures, fewest: float) -> tuple[_Year, ...]:
    year, n_sessions = np.unique(figures.sessions // 10_000, return_counts=True)
    return tuple(
        _Year(y, figures.pnl_by_year[y], n, n >= fewest)
        for y, n in zip(year.tolist(), n_sessions.tolist(), strict=True)
    )


def _improvement(uplift: Uplift, enough: float) -> _Said:
    alone, kept = uplift.baseline.sharpe, uplift.filtered.sharpe
    if alone > 0:
        return _Said(uplift.improvement, f"{uplift.improvement:.2f} times the rule's {alone:.2f}")
    reached = "reaches" if kept >= enough else "does not reach"
    words = (
        f"the rule alone has Sharpe {alone:.2f}, and no ratio to a loss says anything; the "
        f"{kept:.2f} with the model {reached} the {enough:g} that is enough then"
    )
    return _Said(math.nan, words, met=kept >= enough)


def _trades(n: int) -> str:
    if n >= FEWEST_TRADES:
        return f"{n} trades"
    return f"{n} trades: fewer than {FEWEST_TRADES} say nothing, neither for the model nor against"


def _worst_year(years: tuple[_Year, ...], fewest: float) -> _Said:
    counted = [y for y in years if y.counts]
    if not counted:
        return _Said(math.nan, f"no year has the {fewest:g} sessions that it needs to count")
    words = ", ".join(f"{y.year}: {y.profit:,.0f}" for y in counted)
    left_out = ", ".join(f"{y.year} ({y.n_sessions} sessions)" for y in years if not y.counts)
    if left_out:
        words += f"; too short to count: {left_out}"
    return _Said(min(y.profit for y in counted), words)


def _largest_share(years: tuple[_Year, ...], figures: Figures) -> _Said:
    n_counted = sum(y.counts for y in years)
    if n_counted < 2:
        return _Said(math.nan, "fewer than two years count: there is none to compare", asked=False)
    if not figures.net_profit > 0:
        return _Said(math.nan, "there is no profit to share")
    # Years too short to count may still have made it all.
    best = max(years, key=lambda y: y.profit)
    share = best.profit / figures.net_profit
    return _Said(share, f"{best.year} made {share:.0%} of the profit")


def _known(words: str, value: float) -> str:
    return words.format(value) if math.isfinite(value) else "not known"


def _answered(row: Row, said: _Said) -> Criterion:
    condition = Condition(row.name, said.value, row.bound, row.threshold)
    if not (said.asked and condition.is_asked):
        return _criterion(row, said, passed=False, asked=False, words=f"not asked; {said.words}")
    passed = condition.holds if said.met is None else said.met
    words = f"{said.words}; needs {row.bound} {row.threshold:g}"
    return _criterion(row, said, passed=passed, asked=True, words=words)


def _criterion(row: Row, said: _Said, *, passed: bool, asked: bool, words: str) -> Criterion:
    return Criterion(
        row.name, said.value, row.threshold, passed, words, row.bound, row.asker, asked
    )


def _answer(criteria: tuple[Criterion, ...], alone: Figures) -> Answer:
    if all(c.passed for c in criteria if c.asked):
        return USE_ML
    return TRADE_THE_RULE if alone.net_profit > 0 and alone.sharpe > 0 else DROP


def _told(answer: Answer, criteria: tuple[Criterion, ...], uplift: Uplift) -> str:
    alone, kept = uplift.baseline, uplift.filtered
    first = {
        USE_ML: "Trade it with the model",
        TRADE_THE_RULE: "Trade the rule without the model",
        DROP: "Trade neither the rule nor the model",
    }[answer]
    said = [
        f"{first}: from {_date(alone.sessions[0])} to {_date(alone.sessions[-1])} the rule alone "
        f"made {alone.net_profit:,.0f} in {_counted(alone)} (Sharpe {alone.sharpe:.2f}), with the "
        f"model {kept.net_profit:,.0f} in {_counted(kept)} (Sharpe {kept.sharpe:.2f})."
    ]
    asked = [c for c in criteria if c.asked]
    missed = [c.name for c in asked if not c.passed]
    n_met = len(asked) - len(missed)
    said.append(
        f"{n_met} of {len(asked)} criteria {'is' if n_met == 1 else 'are'} met, not: "
        f"{', '.join(missed)}."
        if missed
        else f"All {len(asked)} criteria are met."
    )
    if kept.n_trades == 0:
        said.append("The model let no trade through.")
    elif kept.n_trades < FEWEST_TRADES:
        said.append(
            f"Fewer than {FEWEST_TRADES} trades with the model say nothing, neither for it nor "
            "against."
        )
    if answer == TRADE_THE_RULE and alone.n_trades < FEWEST_TRADES:
        said.append(f"Nor do fewer than {FEWEST_TRADES} trades say much of the rule.")
    return " ".join(said)


def _counted(figures: Figures) -> str:
    return "1 trade" if figures.n_trades == 1 else f"{figures.n_trades:,} trades"


def _date(session: int) -> str:
    text = f"{int(session):08d}"
    return f"{text[:4]}-{text[4:6]}-{text[6:]}"
