"""`alphamill gates`: every threshold, which gates decide, and what that does to size and power."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphamill.cli.console import answer, table
from alphamill.cli.options import AsJson

if TYPE_CHECKING:
    from alphamill.validation.calibration import Rate

NOT_MEASURED = (
    "no calibration is shipped yet for the thresholds of this preset, so size and power of these "
    "gates are not known"
)


def gates(
    preset: Annotated[str, typer.Option(help="seed or calibrated.")] = "calibrated",
    decide: Annotated[
        list[str] | None,
        typer.Option(help="Gates that decide: --decide basic luck; those of the preset otherwise."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the gates' thresholds, and how often noise and real edges pass those that decide."""
    from alphamill.validation.calibration import load
    from alphamill.validation.thresholds import DECIDES, GATES, TABLE, thresholds

    # Refuses what is no preset and no gate; which gates decide does not hang on a length.
    deciding = thresholds(preset, 1, 1.0, decides=decide).decides
    measured = load()
    known = deciding & set(measured.gates)
    rates = measured.size_and_power(known, preset) if known else ()
    is_beside = decide and DECIDES[preset] <= set(measured.gates)
    usual = measured.size_and_power(DECIDES[preset], preset) if is_beside else ()
    rows = [{**row._asdict(), "decides": row.gate in deciding} for row in TABLE]
    payload = {
        "preset": preset,
        "decides": [gate for gate in GATES if gate in deciding],
        "not_measured": [gate for gate in GATES if rates and gate in deciding - known],
        "gates": rows,
        "size_and_power": [_row(rate) for rate in rates],
        "of_the_preset": [_row(rate) for rate in usual],
    }
    answer(payload, as_json, lambda: _shown(payload, rates, usual))


def _row(rate: "Rate") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        **asdict(rate.setting),
        "n_markets": rate.n_markets,
        "n_survived": rate.n_survived,
        "share": rate.share,
        "low": rate.interval.low,
        "high": rate.interval.high,
    }


def _shown(payload: dict[str, Any], rates: "Sequence[Rate]", usual: "Sequence[Rate]") -> Any:
    from rich.console import Group

    columns = ("gate", "decides", "threshold", "seed", "calibrated", "meaning")
    limits = [
        (
            row["gate"],
            row["decides"],
            row["threshold"],
            _limit(row["seed"]),
            _limit(row["calibrated"]),
            row["meaning"],
        )
        for row in payload["gates"]
    ]
    title = f"preset {payload['preset']}; {', '.join(payload['decides'])} decide, the others inform"
    first = table(title, columns, limits)
    if not rates:
        return Group(first, "", NOT_MEASURED)
    unknown = ", ".join(payload["not_measured"])
    remark = [f"not measured: {unknown}; the shares are at most these"] if unknown else []
    return Group(first, "", _rates(rates, usual), *remark)


def _rates(rates: "Sequence[Rate]", usual: "Sequence[Rate]") -> Any:
    columns = ["id", "market", "planted Sharpe", "markets", "survivor in", "99% bounds"]
    rows: list[list[Any]] = [
        [
            rate.setting.id,
            " ".join(part for part in (rate.setting.kind, rate.setting.detail) if part),
            rate.setting.edge_sharpe or None,
            rate.n_markets,
            f"{rate.share:.1%}",
            f"{rate.interval.low:.1%} to {rate.interval.high:.1%}",
        ]
        for rate in rates
    ]
    if usual:
        columns.append("with the preset's gates")
        for row, rate in zip(rows, usual, strict=True):
            row.append(f"{rate.share:.1%}")
    title = "How often these gates together let something through: size on noise, power on edges"
    return table(title, columns, rows)


def _limit(value: float) -> str:
    return f"{value:,g}" if math.isfinite(value) else "none"
