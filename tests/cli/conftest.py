"""A workspace with two real series in it, and a way to run a command line."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from alphamill.cli.main import main


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def say(capsys) -> Callable[..., Said]:
    def run(*argv: object) -> Said:
        capsys.readouterr()
        code = main([str(word) for word in argv])
        told = capsys.readouterr()
        return Said(code, told.out, told.err)

    return run


@pytest.fixture(scope="session")
def stocked(tmp_path_factory) -> Path:
    """Return a folder whose workspace holds two sample series and one finished sweep."""
    folder = tmp_path_factory.mktemp("stocked")
    where = ["--workspace", str(folder / "workspace")]
    assert main(["ingest", "--source", "sample", "--symbols", "NASDAQ", "SP500_CLOSE", *where]) == 0
    project = folder / "carry.yml"
    project.write_text("winners: {carry_unproven: true}")
    sweep = ["sweep", "--symbols", "NASDAQ", "SP500_CLOSE", "--strategies", "17", "21"]
    assert main([*sweep, "--workers", "1", "--project", str(project), *where]) == 0
    return folder
