"""`alphamill backtest`: one strategy, one instrument, one parameter set, one tearsheet."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphamill.cli.console import answer, note, table
from alphamill.cli.options import AsJson, End, ProjectWorkspace, Start, Symbol, day

if TYPE_CHECKING:
    from alphamill.backtest.exits import ExitStack
    from alphamill.core.params import Value
    from alphamill.core.strategy import Strategy

SHOWN = (
    "total_trades",
    "win_rate",
    "total_pnl",
    "sharpe_ratio",
    "sortino_ratio",
    "max_drawdown",
    "profit_factor",
    "expectancy",
    "exposure",
    "cost_share",
    "avg_bars_held",
)


def backtest(  # noqa: PLR0913  (a flag is an argument)
    symbol: Symbol,
    strategy: Annotated[str, typer.Option(help="Name or number; an ending _bt is ignored.")],
    start: Start = None,
    end: End = None,
    strategy_params: Annotated[
        str, typer.Option(help="JSON; exits may stand among them. Defaults otherwise.")
    ] = "{}",
    sides: Annotated[str, typer.Option(help="long or both.")] = "long",
    timeframe: Annotated[
        str | None, typer.Option(help="1m, 5m, 15m, 1h or 1d; the only one the catalog holds.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Where to write the tearsheet.")] = None,
    project: Annotated[
        Path | None, typer.Option(help="Project file: its instruments, costs and workspace.")
    ] = None,
    workspace: ProjectWorkspace = None,
    as_json: AsJson = False,
) -> None:
    """Run one cell and write its tearsheet, an HTML page."""
    from alphamill.backtest.engine import backtest as run
    from alphamill.backtest.metrics import summary
    from alphamill.cli.options import timeframe_of
    from alphamill.cli.series import find_series
    from alphamill.report.tearsheet import write_tearsheet
    from alphamill.settings.project import Project, load_project
    from alphamill.strategies import find

    base = Project() if project is None else load_project(project)
    folder = workspace or base.run.workspace
    wanted_sides = _sides(sides)
    chosen = find(strategy)
    params, stack = parsed_params(chosen, strategy_params)
    found = find_series(
        folder,
        symbol,
        None if timeframe is None else timeframe_of(timeframe),
        (day("--start", start), day("--end", end)),
        base.instruments,
    )
    note(found.where)
    signals = chosen.signals(found.bars, params, wanted_sides)
    result = run(found.bars, signals, stack, found.instrument, levels=chosen.levels)
    metrics = summary(result)
    title = f"{chosen.name} on {symbol}"
    notes = {
        "data": found.where,
        "parameters": json.dumps(params),
        "exits": json.dumps(stack.as_params()),
        "sides": sides,
    }
    path = output or folder / "backtests" / f"{symbol}-{chosen.name}.html"
    path = write_tearsheet(result, title, notes, path)
    payload = {
        "symbol": symbol,
        "timeframe": found.bars.timeframe,
        "strategy_id": chosen.number,
        "strategy_name": chosen.name,
        "params": params | stack.as_params(),
        "start_date": int(found.bars.session[0]),
        "end_date": int(found.bars.session[-1]),
        **asdict(metrics),
        "tearsheet": path,
    }
    answer(payload, as_json, lambda: _shown(title, payload, path))


def parsed_params(strategy: "Strategy", text: str) -> tuple[dict[str, "Value"], "ExitStack"]:
    """Return the rule's parameters and the exit stack of one JSON object, both checked."""
    from alphamill.backtest.exits import ExitStack
    from alphamill.core.errors import SettingsError

    try:
        given = json.loads(text)
    except json.JSONDecodeError as e:
        raise SettingsError(
            f"--strategy-params must be JSON, received {text!r}: {e.msg} at column {e.colno}. "
            """Write it as '{"rsi_length": 2}', in single quotes."""
        ) from e
    if not isinstance(given, Mapping):
        raise SettingsError(
            f"--strategy-params must be a JSON object, received {text!r}. "
            """Write it as '{"rsi_length": 2}', in single quotes."""
        )
    exits = {k: v for k, v in given.items() if k in _exit_names() and k not in strategy.space}
    for name, value in exits.items():
        if isinstance(value, (str, bool, list, dict)) and name not in _WORDS:
            raise SettingsError(
                f"--strategy-params: {name} must be a number or null, got {value!r}."
            )
    rest = {k: v for k, v in given.items() if k not in exits}
    return strategy.params(rest), ExitStack.from_params(exits)


# The seeds write a clock time here; the calendar knows when the session ends.
_WORDS = ("auto_close_time", "session_exit")


def _exit_names() -> set[str]:
    from alphamill.backtest.exits import ExitStack

    return {*ExitStack.__dataclass_fields__, *_WORDS}


def _sides(text: str) -> Any:
    from alphamill.core.errors import SettingsError

    if text not in ("long", "both"):
        raise SettingsError(f"--sides must be long or both, received {text!r}.")
    return text


def _shown(title: str, payload: Mapping[str, Any], path: Path) -> Any:
    from rich.console import Group

    rows = [(name, payload[name]) for name in SHOWN]
    first, last = payload["start_date"], payload["end_date"]
    return Group(
        table(f"{title}, {payload['timeframe']} bars {first} to {last}", ("", ""), rows),
        f"tearsheet: {path}",
    )
