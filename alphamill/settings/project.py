"""The project file: typed, frozen, read once at the edge; strangers are refused."""

import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from alphamill.core.errors import SettingsError
from alphamill.core.market import Instrument
from alphamill.data.instruments import PARTNERS, instrument
from alphamill.data.raw import Source
from alphamill.features.table import distinct
from alphamill.learning.criteria import limits_with
from alphamill.learning.search import Budget
from alphamill.research.metalabel.order import Order
from alphamill.research.plan import Plan
from alphamill.settings.blocks import (
    Block,
    DataBlock,
    GatesBlock,
    MetaBlock,
    RunBlock,
    StrategiesBlock,
    SweepBlock,
    WindowsBlock,
    WinnersBlock,
)
from alphamill.settings.choice import chosen, nearest
from alphamill.settings.template import template
from alphamill.settings.yaml_file import Document, Where, read_yaml
from alphamill.validation.thresholds import thresholds


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
    meta: MetaBlock = MetaBlock()
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
        thresholds(self.gates.preset, 1, 1.0, self.gates.thresholds, self.gates.decides)
        for symbol in {*self.strategies.partners, *self.strategies.partners.values()}:
            instrument(symbol, self.instruments.get(symbol))
        choice, stacks = chosen(self.strategies), self.sweep.exits.combinations()
        return Plan(
            symbols=self.symbols(),
            timeframe=self.data.timeframe,
            strategies=choice.strategies,
            exits=tuple(dict.fromkeys(stacks)),
            sides=self.strategies.sides,
            windows=self.windows.model_dump(),
            gates=self.gates.thresholds,
            gate_preset=self.gates.preset,
            decides=self.gates.decides,
            draws=self.gates.draws,
            train_quarters=self.gates.train_quarters,
            test_quarters=self.gates.test_quarters,
            top_n=self.winners.top_n,
            carry_unproven=self.winners.carry_unproven,
            permutations=self.sweep.permutations,
            null=self.sweep.permute,
            max_cells=self.sweep.max_cells,
            max_memory_mb=self.sweep.max_memory_mb,
            instruments=self.instruments,
            seed=self.sweep.seed,
            project=self.project,
            machine=self.run.machine,
            partners={**PARTNERS, **self.strategies.partners},
            files=choice.files,
            n_exits_declared=len(stacks),
        )

    def order(self) -> Order:
        """Return the checked order for meta-labelling."""
        meta = self.meta
        names = None if meta.features == "all" else tuple(meta.features)
        distinct(names or ())
        return Order(
            budget=Budget(
                n_random=meta.random_trials,
                n_bayes=meta.bayes_trials,
                families=meta.families,
                seed=self.sweep.seed,
            ),
            names=names,
            n_features=meta.n_features,
            embargo_days=meta.embargo_days,
            limits=limits_with(meta.criteria),
            n_draws=meta.draws,
            expires_days=meta.expires_days,
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
    return parse_project(content, path.name, environ, path.parent)


def sample_project() -> Project:
    """Return the project that `alphamill run` uses without a file: the template itself."""
    return parse_project(template().encode(), "the built-in sample project", {})


def parse_project(
    content: bytes, name: str, environ: Mapping[str, str], folder: Path | None = None
) -> Project:
    """Return the project in ``content``; ``name`` is what errors call it.

    Files of strategies lie relative to ``folder``; without one they are not looked for.
    """
    document = read_yaml(content, name, environ)
    try:
        project = Project.model_validate(document.values)
    except ValidationError as e:
        raise SettingsError("\n".join(_faults(e, document))) from e
    _require_known_instrument_keys(project, document)
    return project if folder is None else _with_files_of(folder, project, document)


def _with_files_of(folder: Path, project: Project, document: Document) -> Project:
    found = tuple(folder / path for path in project.strategies.files)
    for at, path in enumerate(found):
        if not path.is_file():
            raise SettingsError(
                f"{document.name} line {document.line(('strategies', 'files', at))}: "
                f"strategies.files: there is no file {str(project.strategies.files[at])!r} in the "
                "folder of the project file. Correct this line; `alphamill strategy new` writes "
                "one to start from."
            )
    if not found:
        return project
    block = project.strategies.model_copy(update={"files": found})
    return project.model_copy(update={"strategies": block})


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
        inner = model.model_fields[part].annotation if isinstance(part, str) else get_args(model)[0]
        model = inner
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
