"""`alphamill backtest`: one strategy, one instrument, one parameter set, one tearsheet."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphamill.cli.console import answer, note, table
from alphamill.cli.options import AsJson, End, ProjectWorkspace, Start, Symbol, day

if TYPE_CHECKING:
    from alphamill.backtest.engine import Result
    from alphamill.backtest.exits import ExitStack
    from alphamill.backtest.legacy import Quirks
    from alphamill.cli.series import Series
    from alphamill.core.params import Params, Value
    from alphamill.core.strategy import Strategy
    from alphamill.settings.project import Project

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


LEGACY = "The older systems' fills, to compare with; not tradeable"


def backtest(  # noqa: PLR0913  (a flag is an argument)
    symbol: Symbol,
    strategy: Annotated[
        str | None, typer.Option(help="Name or number; an ending _bt is ignored.")
    ] = None,
    strategy_file: Annotated[
        Path | None, typer.Option(help="A Python file of your own strategies.")
    ] = None,
    start: Start = None,
    end: End = None,
    strategy_params: Annotated[
        str, typer.Option(help="JSON; exits may stand among them. Defaults otherwise.")
    ] = "{}",
    sides: Annotated[str, typer.Option(help="long or both.")] = "long",
    partner: Annotated[
        str | None, typer.Option(help="The other series of a rule over two; the project's.")
    ] = None,
    timeframe: Annotated[
        str | None, typer.Option(help="1m, 5m, 15m, 1h or 1d; the only one the catalog holds.")
    ] = None,
    fill: Annotated[
        str, typer.Option(help="next_open or same_close.", rich_help_panel=LEGACY)
    ] = "next_open",
    stop: Annotated[
        str, typer.Option(help="touch or close_only.", rich_help_panel=LEGACY)
    ] = "touch",
    rsi: Annotated[
        str, typer.Option(help="wilder or cutler; strategy 21 only.", rich_help_panel=LEGACY)
    ] = "wilder",
    output: Annotated[Path | None, typer.Option(help="Where to write the tearsheet.")] = None,
    project: Annotated[
        Path | None, typer.Option(help="Project file: its instruments, costs and workspace.")
    ] = None,
    workspace: ProjectWorkspace = None,
    as_json: AsJson = False,
) -> None:
    """Run one cell and write its tearsheet, an HTML page."""
    from alphamill.backtest.metrics import summary
    from alphamill.cli.options import timeframe_of
    from alphamill.cli.series import find_series
    from alphamill.report.tearsheet import write_tearsheet
    from alphamill.settings.project import Project, load_project

    base = Project() if project is None else load_project(project)
    folder = workspace or base.run.workspace
    wanted_sides = _sides(sides)
    chosen = strategy_asked(base, strategy, strategy_file)
    params, stack = parsed_params(chosen, strategy_params)
    quirks, stack = quirks_asked(fill, stop, rsi, stack, strategy_params)
    others = others_named(chosen, symbol, partner, base)
    span = day("--start", start), day("--end", end)
    frame = None if timeframe is None else timeframe_of(timeframe)
    found = [find_series(folder, symbol, frame, span, base.instruments)]
    frame = found[0].bars.timeframe
    for other in others.values():
        found.append(find_series(folder, other, frame, span, base.instruments))
    where = "; ".join(series.where for series in found)
    note(where)
    result = _run(chosen, params, stack, found, wanted_sides, quirks)
    metrics = summary(result)
    title = f"{chosen.name} on {' and '.join([symbol, *others.values()])}"
    name = f"{symbol}-{chosen.name}"
    notes = {
        "data": where,
        "parameters": json.dumps(params | others),
        "exits": json.dumps(result.stack.as_params()),
        "sides": sides,
    }
    stamp = None if quirks.is_honest else quirks.stamp
    if stamp:
        title, name = f"{title}: {stamp}", f"{name}-legacy"
    path = output or folder / "backtests" / f"{name}.html"
    path = write_tearsheet(result, title, notes, path)
    payload = {
        "symbol": symbol,
        "timeframe": frame,
        "strategy_id": chosen.number,
        "strategy_name": chosen.name,
        "params": params | others | result.stack.as_params(),
        "start_date": int(result.bars.session[0]),
        "end_date": int(result.bars.session[-1]),
        **asdict(metrics),
        "stamp": stamp,
        "tearsheet": path,
    }
    answer(payload, as_json, lambda: _shown(title, payload, path))


def strategy_asked(base: "Project", name: str | None, file: Path | None) -> "Strategy":
    """Return the strategy of this name or number; the only one of ``file`` where none is named."""
    from alphamill.core.errors import SettingsError
    from alphamill.settings.choice import find_in, users

    own = users((*base.strategies.files, *([] if file is None else [file])))
    if name is not None:
        return find_in(own, name)
    if file is None:
        raise SettingsError(
            "Missing option '--strategy': give a name or number, or a --strategy-file."
        )
    held = [strategy for strategy, path in own.values() if path.resolve() == file.resolve()]
    if len(held) > 1:
        raise SettingsError(
            f"{file.name} holds {[s.name for s in held]}; choose one with --strategy."
        )
    return held[0]


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
    if exits and strategy.others:
        raise SettingsError(
            f"{strategy.name} says itself when to leave; --strategy-params holds the exits "
            f"{sorted(exits)}. Remove them."
        )
    rest = {k: v for k, v in given.items() if k not in exits}
    return strategy.params(rest), ExitStack.from_params(exits)


def quirks_asked(
    fill: str, stop: str, rsi: str, stack: "ExitStack", text: str
) -> tuple["Quirks", "ExitStack"]:
    """Return the older systems' ways that are asked for, and the stack without what they replace.

    Judged at closes only, a closing time among the parameters is the clock's, as it was then.
    """
    from alphamill.backtest.legacy import Quirks

    quirks = Quirks(fill, stop, rsi)
    clock = json.loads(text).get("auto_close_time")
    if stop == "close_only" and clock is not None:
        return replace(quirks, auto_close=str(clock)), replace(stack, session_exit=False)
    return quirks, stack


def others_named(
    strategy: "Strategy", symbol: str, partner: str | None, base: "Project"
) -> dict[str, str]:
    """Return the other series that a rule reads, by role: the flag's, or the project's."""
    from alphamill.core.errors import SettingsError
    from alphamill.data.instruments import PARTNERS

    if not strategy.others:
        if partner is not None:
            raise SettingsError(f"{strategy.name} reads one series; leave --partner out.")
        return {}
    named = partner or {**PARTNERS, **base.strategies.partners}.get(symbol)
    if named is None or len(strategy.others) > 1:
        raise SettingsError(
            f"{strategy.name} reads {' and '.join(strategy.others)} beside {symbol}, and none is "
            "named. Name it with --partner, or under strategies.partners in the project file."
        )
    return {strategy.others[0]: named}


def _run(
    strategy: "Strategy",
    params: "Params",
    stack: "ExitStack",
    found: "Sequence[Series]",
    sides: Any,
    quirks: "Quirks",
) -> "Result":
    from alphamill.backtest.engine import backtest as run
    from alphamill.backtest.legs import backtest_legs, legs_of

    if not quirks.is_honest:
        return _run_legacy(strategy, params, stack, found[0], sides, quirks)
    first, others = found[0], [series.bars for series in found[1:]]
    if others:
        targets = strategy.targets(first.bars, others, params, sides)
        return backtest_legs(legs_of([(s.bars, s.instrument) for s in found]), targets)
    signals = strategy.signals(first.bars, params, sides)
    return run(first.bars, signals, stack, first.instrument, levels=strategy.levels)


def _run_legacy(
    strategy: "Strategy",
    params: "Params",
    stack: "ExitStack",
    series: "Series",
    sides: Any,
    quirks: "Quirks",
) -> "Result":
    from alphamill.backtest.legacy import backtest_legacy, cutler_rule
    from alphamill.core.errors import SettingsError

    if strategy.others:
        raise SettingsError(
            f"{strategy.name} reads several series, and the older systems read one. Leave --fill, "
            "--stop and --rsi out."
        )
    if quirks.rsi == "cutler":
        if strategy.name != "RSI2_MeanReversion":
            raise SettingsError(
                f"--rsi cutler is how strategy 21 once read strength; received {strategy.name}. "
                "Leave --rsi out."
            )
        strategy = replace(strategy, rule=cutler_rule)
    signals = strategy.signals(series.bars, params, sides)
    return backtest_legacy(
        series.bars, signals, stack, series.instrument, quirks, levels=strategy.levels
    )


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
