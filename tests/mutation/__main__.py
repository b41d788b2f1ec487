"""`python -m tests.mutation`: how many small faults in kernel, exits and costs the tests catch."""

import argparse
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from .hunt import FILES, TESTS, Outcome, hunt, mutants_of_tree
from .mutants import Mutant, sample

GOAL = 0.85
JUDGED = Path(__file__).with_name("judged.toml")


def main(argv: Sequence[str] | None = None) -> int:
    """Hunt, print what survived, and return 1 below the goal or where a survivor is unjudged."""
    args = _parser().parse_args(argv)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    judged = judgements()
    every = mutants_of_tree(args.files)
    chosen = every
    if args.sample:
        # A sample asks whether the tests still bite; what nothing can tell apart says nothing.
        worth_it = (mutant for mutant in every if mutant.name not in judged)
        chosen = sample(worth_it, args.sample, args.seed)
    outcomes = hunt(
        chosen,
        args.tests,
        n_workers=args.workers,
        deadline_s=60 * args.minutes,
        told=lambda outcome: None if args.json else _tell(console, outcome),
    )
    survivors = [outcome.mutant for outcome in outcomes if not outcome.caught]
    share = 1 - len(survivors) / max(1, len(outcomes))
    unjudged = [mutant for mutant in survivors if mutant.name not in judged]
    if args.json:
        counted = {"n_mutants": len(outcomes), "n_caught": len(outcomes) - len(survivors)}
        console.print(json.dumps(counted | {"unjudged": [mutant.name for mutant in unjudged]}))
    else:
        _print(console, outcomes, judged, len(chosen))
        stale = set(judged) - {mutant.name for mutant in every}
        for name in sorted(stale) if args.files == list(FILES) else ():
            console.print(f"judged, but no longer a mutant: {name}")
    return int(share < GOAL or bool(unjudged))


def judgements() -> dict[str, str]:
    """Return the name of every judged mutant with its verdict and the reason."""
    found = {}
    for one in tomllib.loads(JUDGED.read_text(encoding="utf-8"))["judged"]:
        for name in one["mutants"]:
            found[name] = f"{one['verdict']}: {one['why']}"
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=main.__doc__)
    parser.add_argument("--files", nargs="+", default=list(FILES), help="what is mutated")
    parser.add_argument("--tests", nargs="+", default=list(TESTS), help="what must notice")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants only")
    parser.add_argument("--seed", type=int, default=0, help="which ones the sample takes")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--minutes", type=float, default=60.0, help="no mutant begins later")
    parser.add_argument("--json", action="store_true", help="counts and names only")
    return parser


def _tell(console: Console, outcome: Outcome) -> None:
    if not outcome.caught:
        console.print(f"survived: {outcome.mutant.name}", style="dim")


def _print(
    console: Console, outcomes: Sequence[Outcome], judged: Mapping[str, str], n_chosen: int
) -> None:
    for path in dict.fromkeys(outcome.mutant.path for outcome in outcomes):
        of_file = [outcome for outcome in outcomes if outcome.mutant.path == path]
        n_caught = sum(outcome.caught for outcome in of_file)
        console.print(
            f"\n{path}: {n_caught} of {len(of_file)} caught ({n_caught / len(of_file):.1%})"
        )
        for outcome in of_file:
            if not outcome.caught:
                _print_survivor(console, outcome.mutant, judged)
    n_caught = sum(outcome.caught for outcome in outcomes)
    n_late = sum(outcome.verdict == "timeout" for outcome in outcomes)
    survived = [outcome.mutant.name for outcome in outcomes if not outcome.caught]
    n_same = sum(judged.get(name, "").startswith("equivalent") for name in survived)
    told_apart = max(1, len(outcomes) - n_same)
    console.print(
        f"\n{n_caught} of {len(outcomes)} mutants caught ({n_caught / len(outcomes):.1%}, goal "
        f"{GOAL:.0%}), {n_late} of them by the time limit; {n_same} survivors are equivalent, "
        f"without them {n_caught / told_apart:.1%}; {n_chosen - len(outcomes)} not run for want of "
        "time"
    )


def _print_survivor(console: Console, mutant: Mutant, judged: Mapping[str, str]) -> None:
    console.print(f"  line {mutant.line}: {mutant.name}")
    console.print(f"    {judged.get(mutant.name, 'NOT JUDGED: add it to judged.toml, or a test')}")


if __name__ == "__main__":
    raise SystemExit(main())
