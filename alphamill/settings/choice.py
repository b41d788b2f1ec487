"""Which strategies a project runs: rows of the table and rules of the user's own files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from alphamill.core.errors import SettingsError
from alphamill.core.params import Value
from alphamill.core.strategy import Strategy
from alphamill.settings.blocks import StrategiesBlock


@dataclass(frozen=True)
class Choice:
    """What is run, in order; ``files`` says where the users' own come from, by name."""

    strategies: tuple[Strategy, ...]
    files: Mapping[str, Path]


def chosen(block: StrategiesBlock) -> Choice:
    """Return the strategies of the block in order, each with the grid the file gives it."""
    from alphamill.strategies import STRATEGIES

    own = users(block.files)
    everything = (*STRATEGIES, *(strategy for strategy, _ in own.values()))
    use = everything if block.use == "all" else tuple(find_in(own, who) for who in block.use)
    grids = {find_in(own, who).name: (who, axes) for who, axes in block.grids.items()}
    idle = [who for name, (who, _) in grids.items() if name not in {s.name for s in use}]
    if idle:
        raise SettingsError(
            f"strategies.grids names {idle[0]!r}, which strategies.use does not hold. "
            "Add it there or remove its grid."
        )
    once = {s.name: s for s in use}.values()
    return Choice(
        tuple(with_grid(s, grids[s.name][1]) if s.name in grids else s for s in once),
        {s.name: own[s.name][1] for s in once if s.name in own},
    )


def narrowed(block: StrategiesBlock, names: Sequence[str]) -> StrategiesBlock:
    """Return the block with only these strategies, and the grids that it gives them."""
    own = users(block.files)
    kept = {find_in(own, who).name for who in names}
    grids = {who: axes for who, axes in block.grids.items() if find_in(own, who).name in kept}
    return block.model_copy(update={"use": tuple(names), "grids": grids})


def users(files: Sequence[Path]) -> dict[str, tuple[Strategy, Path]]:
    """Return the strategies of users' files by name, each with its file."""
    from alphamill.strategies.user import load_all

    return {s.name: (s, path) for path, found in load_all(files).items() for s in found}


def find_in(own: Mapping[str, tuple[Strategy, Path]], key: str | int) -> Strategy:
    """Return a strategy by name or number: the user's own first, then the table's."""
    from alphamill.strategies import find, plain

    for strategy, _ in own.values():
        if str(key).strip() == str(strategy.number) or plain(str(key)) == plain(strategy.name):
            return strategy
    return find(key)


def with_grid(strategy: Strategy, axes: Mapping[str, Sequence[Value]]) -> Strategy:
    """Return ``strategy`` with other grids; every value must lie within the declared limits."""
    space = dict(strategy.space)
    for name, values in axes.items():
        if name not in space:
            raise SettingsError(
                f"strategies.grids: {strategy.name} has no parameter {name!r}; it has "
                f"{sorted(space)}.{nearest(name, space)}"
            )
        owner = f"strategies.grids.{strategy.name}.{name}"
        param: Any = space[name]
        space[name] = replace(param, grid=tuple(param.check(owner, v) for v in values))
    return replace(strategy, space=space)


def nearest(name: str, known: Mapping[str, Any] | Sequence[str]) -> str:
    """Return a closing sentence that offers the nearest known name, or nothing."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""
