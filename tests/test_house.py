"""The rules of the house: what a guide asks for is forgotten, what a test asks for is kept."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "alphamill"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base", "stuff"}
# The one place where bytes of our own making are read back by our own workers.
SEAM = PACKAGE / "workshop" / "parallel.py"
TEXTS = {".py", ".md", ".toml", ".yml", ".yaml", ".txt", ".cfg", ".ini", ".json", ".html", ".css"}


def id_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- lengths and names -------------------------------------------------------------------------


def limit(path: Path) -> int:
    is_strategy = path.parent.parent.name == "strategies"
    return 80 if is_strategy else 400


def test_no_file_is_too_long_to_read_at_once():
    lengths = {path: len(path.read_text().splitlines()) for path in [*SOURCES, *TESTS]}

    assert {id_of(p): n for p, n in lengths.items() if n > limit(p)} == {}


def test_every_file_is_named_for_the_one_thing_in_it():
    names = {path: set(re.split(r"[_\W]+", path.stem)) for path in [*SOURCES, *TESTS]}

    assert [id_of(p) for p, words in names.items() if words & VAGUE] == []


# --- tables equal their folders ----------------------------------------------------------------


def strategy_files() -> list[Path]:
    return [p for p in (PACKAGE / "strategies").glob("*/*.py") if p.stem != "__init__"]


def test_the_table_of_strategies_holds_each_file_once():
    from alphamill.strategies import STRATEGIES

    rows = sorted(s.rule.__module__ for s in STRATEGIES)
    files = [".".join(p.relative_to(ROOT).with_suffix("").parts) for p in strategy_files()]

    assert rows == sorted(files)


def test_a_strategy_is_named_as_its_file():
    from alphamill.strategies import STRATEGIES, plain

    files = {s.name: s.rule.__module__.rpartition(".")[2] for s in STRATEGIES}

    assert {n: f for n, f in files.items() if plain(n) != plain(f)} == {}


def test_the_table_of_sources_equals_its_folder():
    from alphamill.data.sources import SOURCES as TABLE

    files = {path.stem for path in (PACKAGE / "data" / "sources").glob("*.py")} - {"__init__"}

    assert set(TABLE) == files


def test_the_table_of_commands_equals_its_folder():
    from alphamill.cli.main import COMMANDS

    shared = {"__init__", "main", "arguments", "clock", "console", "options", "series"}
    files = {path.stem for path in (PACKAGE / "cli").glob("*.py")} - shared

    assert {_module_of(row.call) for row in COMMANDS} == files
    assert len({row.name for row in COMMANDS}) == len(COMMANDS)


def _module_of(call: object) -> str:
    import typer

    if isinstance(call, typer.Typer):
        call = (call.registered_callback or call.registered_commands[0]).callback
    return call.__module__.rpartition(".")[2]


# --- forbidden lines ---------------------------------------------------------------------------


def forbidden(tree: ast.AST, allow_seam: bool = False) -> Iterator[str]:
    """Yield what the tree does that nobody may."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)) and not allow_seam:
            names = [a.name for a in node.names] + [getattr(node, "module", "") or ""]
            yield from (f"import {n}" for n in names if n in {"pickle", "cloudpickle", "marshal"})
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            keywords = {k.arg: ast.unparse(k.value) for k in node.keywords}
            if called in {"eval", "exec", "os.system", "yaml.load", "tempfile.mktemp"}:
                yield called
            if called.endswith("read_pickle") or (called == "joblib.load" and not allow_seam):
                yield called
            if keywords.get("shell") == "True" or keywords.get("allow_pickle") == "True":
                yield f"{called} with {keywords}"


def prints(tree: ast.AST) -> list[int]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [c.lineno for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]


@pytest.mark.parametrize("path", SOURCES, ids=id_of)
def test_no_file_runs_code_that_came_as_data(path):
    assert list(forbidden(ast.parse(path.read_text()), allow_seam=path == SEAM)) == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "import joblib; joblib.load(p)",
        "eval('1')",
        "exec(code)",
        "yaml.load(text)",
        "subprocess.run(line, shell=True)",
        "np.load(p, allow_pickle=True)",
        "pd.read_pickle(p)",
        "os.system('ls')",
    ],
)
def test_the_search_for_forbidden_lines_finds_them(line):
    assert list(forbidden(ast.parse(line)))


def test_nobody_prints_but_the_command_line():
    elsewhere = [path for path in SOURCES if path.parent.name != "cli"]

    assert [id_of(p) for p in elsewhere if prints(ast.parse(p.read_text()))] == []
    assert prints(ast.parse("x = 1\nprint(x)")) == [2]


# --- what must not be committed ----------------------------------------------------------------


def committed() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout: nothing says which files are committed")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def machine_paths(text: str) -> list[str]:
    return re.findall(r"(?<![\w.~/-])/(?:home|root|work|Users|mnt)/[\w.-]+", text)


def test_no_file_names_a_path_of_one_machine():
    texts = [path for path in committed() if path.suffix in TEXTS and path.is_file()]

    found = {id_of(p): machine_paths(p.read_text(errors="replace")) for p in texts}
    assert {name: paths for name, paths in found.items() if paths} == {}
    assert machine_paths("see " + "/".join(["", "home", "ada", "x"])) != []


def test_no_lock_file_names_a_registry():
    locks = [p for p in committed() if p.name == "constraints.txt" or p.suffix == ".lock"]

    assert [id_of(p) for p in locks if "://" in p.read_text()] == []
    assert [p for p in locks if p.name == "constraints.txt"]


# --- what is installed, and when it is imported ------------------------------------------------


# Part of the public face of the package that brings it.
COMES_WITH = {"llvmlite": "numba", "markupsafe": "jinja2"}


def declared() -> tuple[set[str], dict[str, set[str]]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    core = {canonicalize_name(Requirement(r).name) for r in project["dependencies"]}
    extras = {
        extra: {canonicalize_name(Requirement(r).name) for r in requirements}
        for extra, requirements in project["optional-dependencies"].items()
    }
    return core, extras


def imported(tree: ast.Module, anywhere: bool) -> set[str]:
    """Return top-level names of imported packages, of the whole file or run at import only."""
    nodes = ast.walk(tree) if anywhere else iter(tree.body)
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").split(".")[0])
    return names - set(sys.stdlib_module_names) - {"alphamill", "__future__"}


@lru_cache(maxsize=1)
def installed() -> dict[str, str]:
    return {name: found[0] for name, found in packages_distributions().items()}


def distributions(names: set[str]) -> set[str]:
    found = {canonicalize_name(installed().get(name, name)) for name in names}
    return {COMES_WITH.get(name, name) for name in found}


@pytest.mark.parametrize("path", SOURCES, ids=id_of)
def test_every_import_is_declared_and_optional_ones_wait_inside_functions(path):
    core, extras = declared()
    tree = ast.parse(path.read_text())

    at_import = distributions(imported(tree, anywhere=False))
    anywhere = distributions(imported(tree, anywhere=True))

    assert at_import <= core
    assert anywhere <= core.union(*extras.values())


def test_every_core_dependency_is_used():
    core, _ = declared()
    used = {name for path in SOURCES for name in imported(ast.parse(path.read_text()), True)}
    # pandas reads and writes Parquet through pyarrow without our importing it.
    assert core - distributions(used) <= {"pyarrow"}


def test_constraints_pin_every_declared_package_within_its_limits():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = {}
    for line in lines:
        if line.strip() and not line.startswith("#"):
            pinned = Requirement(line)
            pins[canonicalize_name(pinned.name)] = str(pinned.specifier).removeprefix("==")
    wanted = [
        Requirement(text)
        for texts in (project["dependencies"], *project["optional-dependencies"].values())
        for text in texts
    ]

    assert [r.name for r in wanted if canonicalize_name(r.name) not in pins] == []
    assert [
        f"{r} against {pins[canonicalize_name(r.name)]}"
        for r in wanted
        if not r.specifier.contains(pins[canonicalize_name(r.name)])
    ] == []


HEAVY = ("numba", "scipy", "pandas", "pyarrow", "sqlalchemy", "matplotlib", "pydantic", "joblib")


@pytest.mark.parametrize(
    "line",
    ["import alphamill", "from alphamill.cli.main import main; main(['--help'])"],
    ids=["import", "help"],
)
def test_a_first_look_loads_nothing_heavy(line):
    code = f"import sys\n{line}\nprint('loaded', [name for name in {HEAVY} if name in sys.modules])"

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert ran.stdout.splitlines()[-1] == "loaded []"
    assert ran.stderr == ""
