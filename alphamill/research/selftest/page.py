"""The full table as a page of the documentation, and the trade-off between size and power."""

from collections.abc import Sequence

from alphamill.core.errors import SettingsError
from alphamill.research.selftest.experiments import Record
from alphamill.research.selftest.experiments_chain import MEASURED, NEEDED_P, PATTERNS
from alphamill.research.selftest.markets import SEARCHED_YEARS
from alphamill.research.selftest.runner import Found, Outcome
from alphamill.validation.calibration import Calibration, Setting

ALPHAS = (0.01, 0.025, 0.05, 0.10, 0.20)
HEAD = """# Calibration

What the shipped gates do on {n_markets:,} simulated markets, and what every statistic does where
the truth is known. `make calibration` writes this page; [The self-test](selftest.md) says how to
read it. Intervals are exact binomial ones at 99 %.
"""
TRADE_OFF = """
## Size against power

The share of markets with a survivor when the luck test is asked at another level and all other
deciding gates stay. The shipped level is 0.05.
"""


def page(found: Found) -> str:
    """Return the page in Markdown."""
    n_markets = sum(len(records) for name, records in found.records.items() if _is_chain(name))
    lines = [HEAD.format(n_markets=n_markets)]
    lines += ["| | Experiment | Must be | Found | |", "|---|---|---|---|---|"]
    lines += [
        f"| {one.id} | {one.name} | {one.bound} | {one.told} | {mark(one)} |"
        for one in found.experiments
    ]
    curves = {name: records for name, records in found.records.items() if _is_chain(name)}
    if curves:
        lines += [TRADE_OFF, *_trade_off(curves)]
    lines += ["", f"Code `{found.code}`, level {found.level}.", ""]
    return "\n".join(lines)


def calibration(found: Found) -> Calibration:
    """Return the patterns of all markets that were judged, as `alphamill gates` reads them.

    Raises
    ------
    SettingsError
        When no experiment ran the chain.
    """
    markets = {
        _setting(name): [[int(passed) for passed in record[PATTERNS:]] for record in records]
        for name, records in found.records.items()
        if _is_chain(name)
    }
    if not markets:
        raise SettingsError(
            "a calibration needs markets that the chain has judged, and none of K1 to K3 was run. "
            "Leave --only out, or add K1 K2 K3 and --full."
        )
    return Calibration.from_patterns(MEASURED, markets)


def mark(one: Outcome) -> str:
    """Return whether an experiment passed, in a word.

    Examples
    --------
    >>> mark(Outcome("K5", "", 0.0, "", None, ""))
    'not run'
    """
    if one.passed is None:
        return "shown" if one.n else "not run"
    return "passed" if one.passed else "FAILED"


def survivors_at(records: Sequence[Record], alpha: float) -> float:
    """Return the share of markets with a survivor when luck is asked at ``alpha``."""
    return sum(record[NEEDED_P] <= alpha for record in records) / len(records)


def _is_chain(name: str) -> bool:
    return name.partition("-")[0] in ("K1", "K2", "K3")


def _trade_off(curves: dict[str, list[Record]]) -> list[str]:
    rows = [
        f"| {name} | "
        + " | ".join(f"{survivors_at(records, alpha):.1%}" for alpha in ALPHAS)
        + " |"
        for name, records in curves.items()
    ]
    head = "| Level of the luck test | " + " | ".join(f"{a:g}" for a in ALPHAS) + " |"
    return [head, "|---" * (1 + len(ALPHAS)) + "|", *rows]


def _setting(name: str) -> Setting:
    """Return what was simulated in an experiment of the chain, from its identity."""
    identity, *words = name.split("-")
    preset = "seed" if "seed" in words else "calibrated"
    told = next((word for word in words if word != "seed"), "")
    edge = float(told) if identity == "K3" else 0.0
    kind = "iid" if identity in ("K1", "K3") else told
    detail = f"{SEARCHED_YEARS:g} years, 100 cells, 3 strategies on one instrument"
    return Setting(name, kind, edge, preset, detail)
