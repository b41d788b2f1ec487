"""What every rule owes, built-in or a user's: a suite that says in words what is broken.

Each check is a promise, what to do when it is broken, and a function that takes a strategy and
yields how it breaks it. The tests cross ``CHECKS`` with the table; ``alphamill strategy check``
runs them on a file.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alphamill.core.errors import MillError
from alphamill.core.strategy import Strategy
from alphamill.strategies import contract_clauses as clauses
from alphamill.strategies.user import line_of


@dataclass(frozen=True)
class Check:
    """A promise; ``is_advice`` where breaking it may be meant."""

    promise: str
    remedy: str
    faults: Callable[[Strategy], Iterator[str]]
    is_advice: bool = False


@dataclass(frozen=True)
class Answer:
    """What a check found first and what to do about it, or None."""

    check: Check
    said: str | None

    @property
    def is_broken(self) -> bool:
        return self.said is not None and not self.check.is_advice

    def __str__(self) -> str:
        if self.said is None:
            return f"ok      {self.check.promise}"
        mark = "BROKEN" if self.is_broken else "note"
        return f"{mark:8}{self.check.promise}: {self.said}"


def broken(strategy: Strategy) -> Iterator[str]:
    """Yield what the strategy breaks and what to do about it: a sentence or two each."""
    for answer in answers(strategy):
        if answer.is_broken:
            yield f"{answer.check.promise}: {answer.said}"


def answers(strategy: Strategy) -> Iterator[Answer]:
    """Yield the answer to every check in order.

    The first three are the ground on which the others stand: where one of them is broken, nothing
    more is asked.
    """
    for place, check in enumerate(CHECKS):
        answer = Answer(check, _first_fault(check, strategy))
        yield answer
        if answer.is_broken and place < N_GROUNDS:
            return


PAST_ONLY: Final = (
    "Row t may read bars up to t only: no negative shift, no mean or extreme of a whole column."
)
CHECKS: Final = (
    Check(
        "its parameters lie within their limits and each set stands once",
        "Correct space, canonical or warmup.",
        clauses.parameters,
    ),
    Check(
        "it gives one row a bar, of the declared types",
        "Return Signals with enter as int8 and leaves as bool; `alphamill.strategies.says` makes "
        "them.",
        clauses.shapes,
    ),
    Check(
        "it changes nothing and remembers nothing",
        "A rule is a pure function: copy before you write, keep no state between calls.",
        clauses.purity,
    ),
    Check(
        "it wants every side it declares",
        "Loosen the defaults, or declare fewer sides; what is never said cannot be checked.",
        clauses.wants,
    ),
    Check(
        "it leaves every side it declares",
        "Nothing is wrong if the exit stack alone shall end its trades.",
        clauses.leaves,
        is_advice=True,
    ),
    Check(
        "it says the same when later bars are missing",
        PAST_ONLY,
        clauses.truncation,
    ),
    Check(
        "it says the same when later bars are different",
        PAST_ONLY,
        clauses.disturbance,
    ),
    Check(
        "its warm-up is long enough",
        "Declare more bars: a look at the bar before costs one, an exponential average 14 spans, "
        "Wilder's 28 lengths; WHOLE_HISTORY where nothing is forgotten.",
        clauses.warm_up,
    ),
    Check(
        "its warm-up is short enough to be tried",
        "Try it on longer bars of your own, or forget sooner.",
        clauses.long_warm_up,
        is_advice=True,
    ),
    Check(
        "it does not enter on a first bar",
        "Write conditions that NaN does not meet: `close > mean`, not `~(close <= mean)`.",
        clauses.first_bar,
    ),
    Check(
        "it keeps silent when its indicators are unknown",
        "Write conditions that NaN does not meet; nothing is wrong where none is needed.",
        clauses.silence,
        is_advice=True,
    ),
    Check(
        "it reads no column that it does not declare",
        "Add the word to needs, or do not read the column.",
        clauses.needs,
    ),
    Check(
        "it reads every column that it declares",
        "Take the word out of needs; it would refuse good data.",
        clauses.uses_needs,
    ),
    Check(
        "sets that stand for others say what they say",
        "Correct canonical.",
        clauses.equal_sets,
    ),
    Check(
        "it says why it should pay and what its parameters are",
        "Say it in the declaration.",
        clauses.idea,
        is_advice=True,
    ),
)
N_GROUNDS: Final = 3


def _first_fault(check: Check, strategy: Strategy) -> str | None:
    try:
        fault = next(check.faults(strategy), None)
    except MillError as e:
        return str(e)
    except MemoryError:
        raise
    except Exception as e:
        # Of what a check calls, only canonical and warmup are not guarded by ``Strategy``.
        file = Path(getattr(sys.modules[strategy.rule.__module__], "__file__", None) or "")
        line = line_of(e, file)
        if line is None:
            raise
        return f"{type(e).__name__}: {e} ({file.name} line {line}). {check.remedy}"
    return None if fault is None else f"{fault} {check.remedy}"
