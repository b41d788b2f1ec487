"""`alphamill holdout`: the sealed end of history, opened once for one judged candidate."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphamill.cli.clock import WallClock
from alphamill.cli.console import answer, shown
from alphamill.cli.options import WORKSPACE, AsJson, Workspace

if TYPE_CHECKING:
    from alphamill.research.holdout import Opened


def holdout(  # noqa: PLR0913  (a flag is an argument)
    symbol: Annotated[str, typer.Argument(help="An instrument that a run judged.")],
    strategy: Annotated[str, typer.Argument(help="A strategy's name or number.")],
    run: Annotated[
        str | None, typer.Option(help="A run's id; the one that judged it last otherwise.")
    ] = None,
    who: Annotated[
        str | None, typer.Option(help="Who looks, for the log; your account's name otherwise.")
    ] = None,
    why: Annotated[str, typer.Option(help="What for, for the log.")] = "",
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Look though a gate that decides has not been passed.")
    ] = False,
    workspace: Workspace = WORKSPACE,
    as_json: AsJson = False,
) -> None:
    """Open the sealed end of history for a candidate. Each look is logged and charged, for ever."""
    from alphamill.research.holdout import Asker
    from alphamill.research.holdout import holdout as open_for

    asker = Asker(_account() if who is None else who, why, anyway)
    opened = open_for(workspace, symbol, strategy, asker, WallClock(), run)
    answer(_payload(opened), as_json, lambda: _told(opened))


def _account() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        # Nobody the system knows: the log then asks for a name.
        return ""


def _payload(opened: "Opened") -> dict[str, Any]:
    who, said = opened.candidate, opened.verdict
    return {
        "symbol": who.symbol,
        "timeframe": who.timeframe,
        "strategy_id": who.strategy_id,
        "strategy_name": who.strategy_name,
        "run_id": opened.run_id,
        "cell": who.cell,
        "verdict": said,
        "passed": said.passed,
        "sharpe_ratio": said.score,
        "needed_sharpe": said.threshold,
        "stamp": opened.stamp,
        "failed_gate": who.failed_gate,
        "waits_for": who.waits_for,
        "new_look": opened.is_new,
        "looks": opened.n_looks,
        "looks_left": opened.n_left,
        "first_sealed_session": opened.sealed[0],
        "last_sealed_session": opened.sealed[1],
    }


def _told(opened: "Opened") -> str:
    who, said = opened.candidate, opened.verdict
    word = ("passed" if said.passed else "failed") if said.asked else "not judged"
    again = "" if opened.is_new else " (no new look: it was judged there before)"
    return "\n".join(
        (
            f"{who.strategy_name} on {who.symbol}, run {opened.run_id}: holdout {word}{again}",
            f"annual Sharpe {shown(said.score)}, had to exceed {shown(said.threshold)}; "
            f"{said.detail}",
            f"stamp: {_stamp(opened)}",
            f"looks at the sealed bars of {who.symbol}, {opened.sealed[0]} to {opened.sealed[1]}: "
            f"{opened.n_looks} by now, {opened.n_left} more make sense",
        )
    )


def _stamp(opened: "Opened") -> str:
    who = opened.candidate
    stamp = opened.stamp or f"{who.stamp}, not carried"
    if who.failed_gate:
        return f"{stamp} ({who.failed_gate} said no)"
    return f"{stamp} (waits for {who.waits_for})" if who.waits_for else stamp
