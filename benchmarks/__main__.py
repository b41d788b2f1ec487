"""`python -m benchmarks`: one table of how fast Alphamill is on this machine."""

import argparse
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.measure import CLOCK, Findings, machine
from benchmarks.noise import measure_luck, measure_noise
from benchmarks.peers import measure_peers
from benchmarks.roofline import N_NUMBERS, measure_roofline
from benchmarks.showcase import measure_showcase
from benchmarks.single import measure_single
from benchmarks.speed import SMALL_BARS, measure_parts, measure_sweep
from benchmarks.start import measure_compile, measure_imports
from benchmarks.whole import measure_whole

GROUPS = ("start", "parts", "sweep", "roofline", "single", "showcase", "peers", "noise", "whole")
FULL_BARS, PEER_BARS, DAYS, SYMBOLS, MARKETS = 489_234, 325_000, 2_148, 15, 1_000
QUICK_BARS, QUICK_DAYS, QUICK_SYMBOLS, QUICK_MARKETS = 20_000, 500, 2, 8


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what is asked for and print it."""
    args = _parser().parse_args(argv)
    if args.quick:
        args.repeats, args.bars, args.peer_bars = 1, QUICK_BARS, QUICK_BARS
        args.days, args.symbols, args.markets = QUICK_DAYS, QUICK_SYMBOLS, QUICK_MARKETS
    CLOCK.use(args.clock)
    findings = Findings(args.clock)
    console = Console(stderr=True)
    for group in args.only or GROUPS:
        console.print(f"measuring {group} ...", style="dim")
        _measure(group, findings, args)
    if args.json:
        print(findings.as_json())
    else:
        _show(findings)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="20,000 bars, 2 futures, once")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: seconds this process got, for one-core figures on a machine others use",
    )
    parser.add_argument("--repeats", type=int, default=3, help="how often each figure is taken")
    parser.add_argument("--bars", type=int, default=FULL_BARS, help="bars of the sweep")
    parser.add_argument("--peer-bars", type=int, default=PEER_BARS, help="bars beside the peers")
    parser.add_argument("--days", type=int, default=DAYS, help="daily bars of the showcase")
    parser.add_argument("--symbols", type=int, default=SYMBOLS, help="futures of the whole sweep")
    parser.add_argument("--markets", type=int, default=MARKETS, help="noise markets")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="processes")
    parser.add_argument("--only", nargs="+", choices=GROUPS, help="leave the other groups out")
    return parser


def _measure(group: str, findings: Findings, args: argparse.Namespace) -> None:
    n_bars, n_repeats = args.bars, args.repeats
    if group == "start":
        measure_imports(findings, n_repeats)
        measure_compile(findings, min(SMALL_BARS, n_bars), n_repeats)
    elif group == "whole":
        measure_whole(findings, n_bars, n_repeats, max(args.workers), args.symbols)
    elif group == "noise":
        measure_noise(findings, args.markets, 1, max(args.workers))
        measure_luck(findings, n_repeats)
    elif group == "sweep":
        measure_sweep(findings, n_bars, n_repeats, tuple(args.workers))
    elif group == "roofline":
        measure_roofline(findings, n_bars, n_repeats, min(N_NUMBERS, 100 * n_bars))
    else:
        size, measure = {
            "parts": (n_bars, measure_parts),
            "peers": (args.peer_bars, measure_peers),
            "showcase": (args.days, measure_showcase),
            "single": (min(QUICK_BARS, args.peer_bars), measure_single),
        }[group]
        measure(findings, size, n_repeats)


def _show(findings: Findings) -> None:
    console = Console(width=150)
    table = Table(title=f"Alphamill benchmarks: median (lowest - highest), {findings.clock} clock")
    for heading in ("", "what", "median", "range", "unit", "n", "note"):
        table.add_column(
            heading, justify="right" if heading in ("median", "range", "n") else "left"
        )
    before = ""
    for figure in findings.figures:
        table.add_row(
            figure.group if figure.group != before else "",
            figure.name,
            _told(figure.median),
            f"{_told(figure.low)} - {_told(figure.high)}",
            figure.unit,
            str(figure.n_repeats),
            figure.note,
        )
        before = figure.group
    console.print(table)
    for check in findings.checks:
        console.print(f"equal trades: {check}", highlight=False)
    for why in findings.skipped:
        console.print(f"skipped: {why}", highlight=False)
    console.print(", ".join(f"{k} {v}" for k, v in machine().items()), highlight=False)


def _told(value: float) -> str:
    return f"{value:,.0f}" if value >= 1e4 else f"{value:,.4g}"


if __name__ == "__main__":
    raise SystemExit(main())
