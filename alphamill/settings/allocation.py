"""The study file of `alphamill portfolio allocate`: typed, frozen; strangers are refused."""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from alphamill.core.errors import SettingsError
from alphamill.portfolio.allocate.allocator import FALLBACKS
from alphamill.portfolio.allocate.caps import Limits
from alphamill.portfolio.allocate.hold import Terms
from alphamill.portfolio.allocate.plan import Plan
from alphamill.portfolio.allocate.study import Study
from alphamill.portfolio.allocate.table import COMPARED
from alphamill.settings.blocks import Block, Positive
from alphamill.settings.yaml_file import Document, Where, read_yaml

Share = Annotated[float, Field(gt=0.0, le=1.0)]


class LimitsBlock(Block):
    per_name: Share = 0.4
    per_class: Mapping[str, Share] = {}
    budget: Share = 1.0


class ScheduleBlock(Block):
    every: str = "monthly"
    window_days: Annotated[int, Field(ge=2)] = 252
    expanding: bool = False
    lag_sessions: Annotated[int, Field(ge=0)] = 1
    drift_band: Annotated[float | None, Field(gt=0.0)] = None


class ValidationBlock(Block):
    groups: Positive = 6
    test_groups: Positive = 2
    embargo_days: Annotated[int, Field(ge=0)] = 5
    draws: Annotated[int, Field(ge=100)] = 1_000
    seed: int = 7
    level: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.9


class StudyFile(Block):
    """One study file; ``order()`` is what the room below takes."""

    study: str = "allocation"
    classes: Mapping[str, tuple[str, ...]] = {}
    cash: str = ""
    allocators: tuple[str, ...] = COMPARED
    benchmarks: Mapping[str, Mapping[str, float]] = {}
    limits: LimitsBlock = LimitsBlock()
    fallbacks: tuple[str, ...] = FALLBACKS
    schedule: ScheduleBlock = ScheduleBlock()
    costs_bps: Annotated[float, Field(ge=0.0)] = 10.0
    validation: ValidationBlock = ValidationBlock()

    @model_validator(mode="after")
    def _each_name_once(self) -> "StudyFile":
        names = [name for members in self.classes.values() for name in members]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"a name must stand in one class, twice or more: {twice}")
        return self

    def order(self) -> Study:
        """Return the checked study."""
        when, how = self.schedule, self.validation
        return Study(
            title=self.study,
            classes={name: of for of, members in self.classes.items() for name in members},
            cash=self.cash,
            allocators=self.allocators,
            benchmarks=self.benchmarks,
            limits=Limits(self.limits.budget, self.limits.per_name, self.limits.per_class),
            fallbacks=self.fallbacks,
            plan=Plan(
                every=when.every,
                window=when.window_days,
                expanding=when.expanding,
                terms=Terms(self.costs_bps, when.drift_band, when.lag_sessions),
                n_groups=how.groups,
                n_test_groups=how.test_groups,
                embargo=how.embargo_days,
                draws=how.draws,
                seed=how.seed,
                level=how.level,
            ),
        )


def eleven_assets() -> str:
    """Return the commented study of eleven funds in four classes, every key explained."""
    return files("alphamill.settings").joinpath("allocation.yml").read_text(encoding="utf-8")


def load_study(path: Path, environ: Mapping[str, str] = os.environ) -> Study:
    """Return the study of the file at ``path``.

    Raises
    ------
    SettingsError
        For a missing file, bad YAML, an unknown key, or a value out of its limits; with the line.
    """
    try:
        content = path.read_bytes()
    except OSError as e:
        raise SettingsError(
            f"{path}: the study file cannot be read ({e.strerror}). "
            "`alphamill portfolio allocate --new-study FILE` writes one to start from."
        ) from e
    return parse_study(content, path.name, environ)


def parse_study(content: bytes, name: str, environ: Mapping[str, str]) -> Study:
    """Return the study in ``content``; ``name`` is what errors call it."""
    document = read_yaml(content, name, environ)
    try:
        return StudyFile.model_validate(document.values).order()
    except ValidationError as e:
        raise SettingsError("\n".join(_told(fault, document) for fault in e.errors())) from e


def _told(fault: Any, document: Document) -> str:
    where: Where = ()
    for part in fault["loc"]:
        where = (*where, part) if (*where, part) in document.lines else where
    at, key = f"{document.name} line {document.line(where)}", ".".join(map(str, where))
    if fault["type"] == "extra_forbidden":
        near = get_close_matches(str(where[-1]), _keys(), n=1)
        return f"{at}: unknown key {key!r}." + (f" Did you mean {near[0]!r}?" if near else "")
    must = fault["msg"].removeprefix("Value error, ").replace("Input should", "must")
    received = document.written.get(where, fault["input"])
    return f"{at}: {key or 'the study'}: {must}; received {received!r}. Correct this line."


def _keys() -> list[str]:
    blocks = (StudyFile, LimitsBlock, ScheduleBlock, ValidationBlock)
    return sorted({key for block in blocks for key in block.model_fields})
