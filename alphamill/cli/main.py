"""The command line: a table of commands, and errors by class turned into exit codes."""

import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple

import typer

from alphamill import __version__
from alphamill.cli import (
    audit,
    backtest,
    data,
    features,
    gates,
    holdout,
    indicators,
    ingest,
    init,
    ledger,
    meta,
    passport,
    portfolio,
    run,
    seeds,
    selftest,
    strategies,
    strategy,
    sweep,
    winners,
)
from alphamill.cli.arguments import spread
from alphamill.cli.console import note
from alphamill.core.errors import MillError

INTERRUPTED = 130

SEEDS = "The seed documents' scripts"


class Row(NamedTuple):
    """A command: its name, a function or a Typer group, and its heading in the help."""

    name: str
    call: Callable[..., None] | typer.Typer
    panel: str = "Commands"


COMMANDS = (
    Row("run", run.run),
    Row("init", init.init),
    Row("ingest", ingest.ingest),
    Row("data", data.app),
    Row("strategies", strategies.strategies),
    Row("strategy", strategy.app),
    Row("audit", audit.audit),
    Row("indicators", indicators.indicators),
    Row("features", features.features),
    Row("backtest", backtest.backtest),
    Row("sweep", sweep.app),
    Row("winners", winners.winners),
    Row("holdout", holdout.holdout),
    Row("passport", passport.passport),
    Row("meta", meta.app),
    Row("portfolio", portfolio.app),
    Row("ledger", ledger.app),
    Row("gates", gates.gates),
    Row("selftest", selftest.selftest),
    Row("backtest_runner", backtest.backtest, SEEDS),
    Row("phase1", seeds.phase1, SEEDS),
    Row("run_ml_pipeline", meta.run, SEEDS),
    Row("extract_winners", seeds.extract_winners, SEEDS),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    command: Any = typer.main.get_command(application())
    given = spread(sys.argv[1:] if argv is None else argv, command)
    try:
        command(args=given, prog_name="alphamill")
    except MillError as e:
        note(f"{type(e).__name__.removesuffix('Error').lower()}: {e}")
        return e.exit_code
    except OSError as e:
        note(
            f"settings: {e.filename or 'a file'}: {e.strerror or e}. Check the path and its rights."
        )
        return 2
    except SystemExit as e:
        if e.code == INTERRUPTED:
            note("interrupted; resume with the same command")
        return e.code if isinstance(e.code, int) else 0
    return 0


def application() -> typer.Typer:
    """Return the Typer application of the table."""
    app = typer.Typer(
        name="alphamill",
        help="From raw market bars to a report on which strategies survive honest tests.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_root)
    for name, call, panel in COMMANDS:
        if isinstance(call, typer.Typer):
            app.add_typer(call, name=name, rich_help_panel=panel)
        else:
            app.command(name, rich_help_panel=panel)(call)
    return app


def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        sys.stdout.write(f"alphamill {__version__}\n")
        raise typer.Exit


if __name__ == "__main__":
    sys.exit(main())
