"""Users' strategies: Python files by path, loaded under private names, refused in words.

A file stands alone: it may import alphamill and what is installed, its neighbours not. Another
process loads the same path; the identity of the text tells whether it is still the same file.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Set
from importlib.abc import SourceLoader
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_file_location
from keyword import iskeyword
from pathlib import Path
from string import Template
from traceback import extract_tb
from types import ModuleType
from typing import Any, Final, get_args

from alphamill.core.errors import SettingsError
from alphamill.core.identity import digest
from alphamill.core.params import Param
from alphamill.core.strategy import Levels, Need, Sides, Strategy
from alphamill.strategies import STRATEGIES, plain

# Numbers below are for the table.
FIRST_NUMBER: Final = 1000
LISTED: Final = "STRATEGIES"


def load(path: Path) -> tuple[Strategy, ...]:
    """Return the strategies of a Python file: those in ``STRATEGIES``, or all at its top level.

    The file is run once for each content it has; the same content gives the same objects.
    Strategies that it imports from the table count only where ``STRATEGIES`` lists them.

    Raises
    ------
    SettingsError
        When the file cannot be read or run, holds no strategy, or holds one that is not sound or
        whose name or number is taken.
    """
    text = _read(path)
    found = _strategies(path, text, module_of(path, text))
    lines = _lines(text)
    for place, (name, strategy) in enumerate(found):
        where = _at(path, lines.get(name))
        for must, is_so in _declared(strategy):
            if not is_so:
                raise SettingsError(f"{where}: {must}. Correct the declaration.")
        _require_free(where, strategy, [earlier for _, earlier in found[:place]], "this file")
    return tuple(strategy for _, strategy in found)


def load_all(paths: Iterable[Path]) -> dict[Path, tuple[Strategy, ...]]:
    """Return the strategies of several files, no two with one name or number.

    Raises
    ------
    SettingsError
        As `load` does, and when two files share a name or a number.
    """
    loaded: dict[Path, tuple[Strategy, ...]] = {}
    for path in paths:
        if path.resolve() in {earlier.resolve() for earlier in loaded}:
            continue
        loaded[path] = load(path)
        for other, earlier in list(loaded.items())[:-1]:
            for strategy in loaded[path]:
                _require_free(path.name, strategy, earlier, other.name)
    return loaded


def source_of(path: Path) -> str:
    """Return the identity of a file's text, for the names of runs."""
    return digest(_read(path))


def draft(name: str, folder: Path) -> str:
    """Return the text of a new file: a documented strategy with a number not taken in ``folder``.

    Raises
    ------
    SettingsError
        When ``name`` is not in snake case or is taken by the table.
    """
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise SettingsError(
            f"a strategy's name must be in snake case, received {name!r}. Write it as "
            f"{_snake(name)!r}."
        )
    if iskeyword(name):
        raise SettingsError(f"{name} is a word of Python. Take another.")
    for strategy in STRATEGIES:
        if plain(strategy.name) == plain(name):
            raise SettingsError(f"{name} is number {strategy.number} of the table. Take another.")
    used = [int(n) for path in folder.glob("*.py") if path.is_file() for n in _numbers(path)]
    number = max([FIRST_NUMBER - 1, *used]) + 1
    text = files("alphamill.strategies").joinpath("template.txt").read_text(encoding="utf-8")
    return Template(text).substitute(name=name, constant=name.upper(), number=number)


def line_of(error: BaseException, path: Path) -> int | None:
    """Return the innermost line of ``path`` that led to an error, or None."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename == str(path)]
    return frames[-1].lineno if frames else None


class _Text(SourceLoader):
    """Runs the text that was read, past every cache of compiled files."""

    def __init__(self, path: Path, text: bytes) -> None:
        self.path, self.text = path, text

    def get_filename(self, fullname: str) -> str:
        return str(self.path)

    def get_data(self, path: Any) -> bytes:
        return self.text


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise SettingsError(
            f"{path}: this file of strategies cannot be read ({e.strerror}). Correct the path."
        ) from e


def module_of(path: Path, text: bytes | None = None) -> ModuleType:
    """Run a user's file and return its module; a content that ran before is not run again.

    Raises
    ------
    SettingsError
        When the file cannot be read or run, with its line.
    """
    text = _read(path) if text is None else text
    name = f"_alphamill_user_{digest(str(path.resolve()), text)[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, path, loader=_Text(path, text))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException as e:
        del sys.modules[name]
        if isinstance(e, (KeyboardInterrupt, MemoryError)):
            raise
        raise SettingsError(f"{_at(path, line_of(e, path))}: {_what(e)}") from e
    return module


def _what(error: BaseException) -> str:
    if isinstance(error, ImportError):
        return (
            f"{error}. Install it, or correct the name; a file of strategies may import alphamill "
            "and what is installed, not its neighbours."
        )
    if isinstance(error, SyntaxError):
        return f"{error.msg}. Correct the line."
    return f"running the file raised {type(error).__name__}: {error}. Correct the line."


def _strategies(path: Path, text: bytes, module: ModuleType) -> list[tuple[str, Strategy]]:
    """Return what the file declares, each with the variable that holds it."""
    variables = vars(module)
    named = [(name, value) for name, value in variables.items() if isinstance(value, Strategy)]
    if LISTED not in variables:
        seen = {id(strategy) for strategy in STRATEGIES}
        found = []
        for name, strategy in named:
            if id(strategy) not in seen:
                seen.add(id(strategy))
                found.append((name, strategy))
        if not found:
            raise SettingsError(
                f"{path.name} holds no Strategy at its top level. Begin with a file that "
                "`alphamill strategy new NAME` writes."
            )
        return found
    where, listed = _at(path, _lines(text).get(LISTED)), variables[LISTED]
    if not isinstance(listed, (tuple, list)) or not listed:
        raise SettingsError(
            f"{where}: {LISTED} must be a tuple of strategies, received {listed!r}. Correct it."
        )
    for value in listed:
        if not isinstance(value, Strategy):
            raise SettingsError(
                f"{where}: {LISTED} must hold strategies, received {value!r}. Correct it."
            )
    by_identity = {id(strategy): name for name, strategy in named}
    return [(by_identity.get(id(strategy), LISTED), strategy) for strategy in listed]


def _declared(strategy: Strategy) -> Iterator[tuple[str, bool]]:
    """Yield what must hold of a declaration, and whether it does."""
    name, number = strategy.name, strategy.number
    yield (
        f"number must be a whole number above 0, received {number!r}",
        isinstance(number, int) and not isinstance(number, bool) and number > 0,
    )
    yield (
        f"name must be a word of letters, digits and underscores, received {name!r}",
        isinstance(name, str) and re.fullmatch(r"[A-Za-z]\w*", name) is not None,
    )
    for field in ("archetype", "idea"):
        value = getattr(strategy, field)
        yield f"{name}: {field} must be text, received {value!r}", isinstance(value, str)
    for field in ("rule", "warmup", "canonical"):
        value = getattr(strategy, field)
        yield f"{name}: {field} must be a function, received {value!r}", callable(value)
    yield (
        f"{name}: space must map names to Int, Float, Bool, Choice or Time, received "
        f"{strategy.space!r}",
        isinstance(strategy.space, Mapping)
        and all(isinstance(param, Param) for param in strategy.space.values()),
    )
    yield (
        f"{name}: needs must be a set of {list(get_args(Need))}, received {strategy.needs!r}",
        isinstance(strategy.needs, Set) and strategy.needs <= set(get_args(Need)),
    )
    for field, words in (("sides", get_args(Sides)), ("levels", get_args(Levels))):
        value = getattr(strategy, field)
        yield f"{name}: {field} must be one of {list(words)}, received {value!r}", value in words
    yield (
        f"{name}: others must be a tuple of words, received {strategy.others!r}",
        isinstance(strategy.others, tuple)
        and all(isinstance(word, str) for word in strategy.others),
    )


def _require_free(where: str, strategy: Strategy, others: Iterable[Strategy], whose: str) -> None:
    for taken, of in (*((s, "the table") for s in STRATEGIES), *((s, whose) for s in others)):
        if taken.number == strategy.number:
            raise SettingsError(
                f"{where}: {strategy.name} has the number {strategy.number}, which is "
                f"{taken.name}'s in {of}. Take another, from {FIRST_NUMBER} up."
            )
        if plain(taken.name) == plain(strategy.name):
            raise SettingsError(
                f"{where}: {strategy.name} is called as number {taken.number} of {of} is "
                f"({taken.name}). Take another name."
            )


def _lines(text: bytes) -> dict[str, int]:
    """Return the line at which each variable of the top level is set last."""
    lines = {}
    for node in ast.parse(text).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        lines.update({t.id: node.lineno for t in targets if isinstance(t, ast.Name)})
    return lines


def _at(path: Path, line: int | None) -> str:
    return path.name if line is None else f"{path.name} line {line}"


def _numbers(path: Path) -> list[str]:
    return re.findall(r"\bnumber\s*=\s*(\d{4,9})\b", path.read_text(errors="replace"))


def _snake(name: str) -> str:
    words = re.sub("(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", name).lower().strip("_")
    return words if re.match("[a-z]", words) else f"my_{words}".rstrip("_")
