"""The project file: typed, frozen, read once at the edge; strangers are refused."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from alphamill.core.errors import SettingsError
from alphamill.core.market import Instrument
from alphamill.core.params import Value
from alphamill.core.strategy import Strategy
from alphamill.data.raw import Source
from alphamill.research.plan import Plan
from alphamill.settings.blocks import (
    Block,
    DataBlock,
    GatesBlock,
    RunBlock,
    StrategiesBlock,
    SweepBlock,
    WindowsBlock,
    WinnersBlock,
)
from alphamill.settings.template import template
from alphamill.settings.yaml_file import Document, Where, read_yaml
from alphamill.validation.gates import thresholds


class Project(Block):
    """One project file; ``plan()`` and ``source()`` are what the rooms below take."""

    project: str = "project"
    data: DataBlock = DataBlock()
    instruments: Mapping[str, Mapping[str, Any]] = {}
    strategies: StrategiesBlock = StrategiesBlock()
    sweep: SweepBlock = SweepBlock()
    windows: WindowsBlock = WindowsBlock()
    gates: GatesBlock = GatesBlock()
    winners: WinnersBlock = WinnersBlock()
    run: RunBlock = RunBlock()

    def source(self) -> Source:
        """Return the source of bars the file names."""
        from alphamill.data.sources import SOURCES

        opened = SOURCES.get(self.data.source)
        if opened is None:
            raise SettingsError(
                f"data.source must be one of {sorted(SOURCES)}, received {self.data.source!r}."
                f"{nearest(self.data.source, SOURCES)}"
            )
        return opened(**self.data.options)

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols to run: those listed, or all that the source has."""
        if self.data.symbols == "all":
            return tuple(self.source().symbols())
        return tuple(dict.fromkeys(self.data.symbols))

    def plan(self) -> Plan:
        """Return the checked order for the research path."""
        # A gate that does not exist should not be found out after an hour of sweeping.
        thresholds(self.gates.preset, 1, 1.0, self.gates.thresholds)
        return Plan(
            symbols=self.symbols(),
            timeframe=self.data.timeframe,
            strategies=chosen(self.strategies),
            exits=self.sweep.exits.stacks(),
            sides=self.strategies.sides,
            windows=self.windows.model_dump(),
            gates=self.gates.thresholds,
            gate_preset=self.gates.preset,
            train_quarters=self.gates.train_quarters,
            test_quarters=self.gates.test_quarters,
            top_n=self.winners.top_n,
            carry_unproven=self.winners.carry_unproven,
            permutations=self.sweep.permutations,
            max_cells=self.sweep.max_cells,
            max_memory_mb=self.sweep.max_memory_mb,
            instruments=self.instruments,
            seed=self.sweep.seed,
            project=self.project,
        )


def load_project(path: Path, environ: Mapping[str, str] = os.environ) -> Project:
    """Return the project of the file at ``path``.

    Raises
    ------
    SettingsError
        For a missing file, bad YAML, an unknown key (naming the nearest known one), a value out
        of its limits, or an environment variable that is not set; with the line.
    """
    try:
        content = path.read_bytes()
    except OSError as e:
        raise SettingsError(
            f"{path}: the project file cannot be read ({e.strerror}). "
            "`alphamill init` writes one to start from."
        ) from e
    return parse_project(content, path.name, environ)


def sample_project() -> Project:
    """Return the project that `alphamill run` uses without a file: the template itself."""
    return parse_project(template().encode(), "the built-in sample project", {})


def parse_project(content: bytes, name: str, environ: Mapping[str, str]) -> Project:
    """Return the project in ``content``; ``name`` is what errors call it."""
    document = read_yaml(content, name, environ)
    try:
        project = Project.model_validate(document.values)
    except ValidationError as e:
        raise SettingsError("\n".join(_faults(e, document))) from e
    _require_known_instrument_keys(project, document)
    return project


def chosen(block: StrategiesBlock) -> tuple[Strategy, ...]:
    """Return the strategies of the block in order, each with the grid the file gives it."""
    from alphamill.strategies import STRATEGIES, find

    use = STRATEGIES if block.use == "all" else tuple(find(who) for who in block.use)
    grids = {find(who).name: (who, axes) for who, axes in block.grids.items()}
    idle = [who for name, (who, _) in grids.items() if name not in {s.name for s in use}]
    if idle:
        raise SettingsError(
            f"strategies.grids names {idle[0]!r}, which strategies.use does not hold. "
            "Add it there or remove its grid."
        )
    once = {s.number: s for s in use}.values()
    return tuple(with_grid(s, grids[s.name][1]) if s.name in grids else s for s in once)


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


def _faults(error: ValidationError, document: Document) -> list[str]:
    told: dict[Where, str] = {}
    for fault in error.errors():
        where = _place(fault["loc"], document)
        told = {w: text for w, text in told.items() if where[: len(w)] != w}
        told[where] = _fault(fault, where, document)
    return list(told.values())


def _place(loc: Where, document: Document) -> Where:
    # pydantic names the branch of a union in the path; the file knows no such key.
    where: Where = ()
    for part in loc:
        where = (*where, part) if (*where, part) in document.lines else where
    return where


def _fault(fault: Mapping[str, Any], where: Where, document: Document) -> str:
    at = f"{document.name} line {document.line(where)}"
    if fault["type"] == "extra_forbidden":
        block = ".".join(map(str, where[:-1])) or "the file"
        known = sorted(_fields_at(where[:-1]))
        return (
            f"{at}: unknown key {where[-1]!r} in {block}; it takes {known}."
            f"{nearest(str(where[-1]), known)}"
        )
    must = fault["msg"].removeprefix("Value error, ").replace("Input should", "must")
    received = document.written.get(where, fault["input"])
    key = ".".join(map(str, where))
    return (
        f"{at}: {key}: {must.replace('tuple', 'list')}; received {received!r}. Correct this line."
    )


def _fields_at(where: Where) -> Mapping[str, Any]:
    model: Any = Project
    for part in where:
        model = model.model_fields[str(part)].annotation
    return dict(model.model_fields)


def _require_known_instrument_keys(project: Project, document: Document) -> None:
    known = {f.name for f in fields(Instrument)} - {"symbol"}
    for symbol, overrides in project.instruments.items():
        for key in overrides:
            if key not in known:
                raise SettingsError(
                    f"{document.name} line {document.line(('instruments', symbol, key))}: unknown "
                    f"key {key!r} in instruments.{symbol}; it takes {sorted(known)}."
                    f"{nearest(key, sorted(known))}"
                )
