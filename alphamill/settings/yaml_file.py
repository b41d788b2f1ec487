"""Read a YAML file as plain values, remembering the line of each; refuse what could surprise."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from alphamill.core.errors import SettingsError

Where = tuple[str | int, ...]
MAX_BYTES = 1_000_000
MAX_DEPTH = 20

_OPENS = (MappingStartEvent, SequenceStartEvent)
_CLOSES = (MappingEndEvent, SequenceEndEvent)
_TEXT = "tag:yaml.org,2002:str"
_VARIABLE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{[^}]*\}?")


@dataclass(frozen=True)
class Document:
    """Values of a YAML file; ``lines`` and ``written`` say where and as what each one stands.

    ``written`` holds the strings that contained a ``${NAME}``, as written: an error shows those
    and never what the environment put in, for that may be a secret.
    """

    name: str
    values: dict[str, Any] = field(repr=False)
    lines: Mapping[Where, int]
    written: Mapping[Where, str]

    def line(self, where: Where) -> int:
        """Return the line of ``where``, or of the nearest block around it."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)


def read_yaml(content: bytes, name: str, environ: Mapping[str, str]) -> Document:
    """Return the document in ``content`` with ``${NAME}`` expanded from ``environ``.

    Raises
    ------
    SettingsError
        For bad YAML, a file above 1 MB, tags, anchors, directives, duplicate keys, several
        documents, deep nesting, or an environment variable that is not set; naming the line.
    """
    text = _decoded(content, name)
    try:
        _refuse_tricks(text, name)
        values = _safe().load(text)
        root = _safe().compose(text)
    except MarkedYAMLError as e:
        line = e.problem_mark.line + 1 if e.problem_mark else 1
        raise SettingsError(f"{name} line {line}: {_problem(e)}. Correct this line.") from e
    except (YAMLError, ValueError) as e:
        what = str(e).splitlines()[0]
        raise SettingsError(f"{name}: it must be YAML: {what}. Correct the file.") from e
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise SettingsError(
            f"{name}: it must be a mapping of blocks, received a {type(values).__name__}. "
            "`alphamill init` writes one to start from."
        )
    lines = {} if root is None else dict(_lines(root, (), name))
    written = {where: text for where, text in _texts(values, ()) if "${" in text}
    document = Document(name, values, lines, written)
    return replace(document, values=_expanded(values, (), document, environ))


def _safe() -> YAML:
    # pure: the C parser reads YAML 1.1, which turns the ticker ON into true.
    return YAML(typ="safe", pure=True)


def _decoded(content: bytes, name: str) -> str:
    if len(content) > MAX_BYTES:
        raise SettingsError(
            f"{name}: it must be smaller than {MAX_BYTES} bytes, received {len(content)}. "
            "Is this the project file?"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise SettingsError(
            f"{name}: it must be UTF-8 text; byte {e.start} is {content[e.start]:#04x}. "
            "Save it as UTF-8."
        ) from e


def _refuse_tricks(text: str, name: str) -> None:
    depth = n_documents = 0
    for event in _safe().parse(text):
        line = event.start_mark.line + 1
        if isinstance(event, DocumentStartEvent):
            n_documents += 1
            _refuse(n_documents > 1, name, line, "a second document", "Keep one")
            _refuse(bool(event.version or event.tags), name, line, "a % directive", "Remove it")
        elif isinstance(event, NodeEvent):
            alias = isinstance(event, AliasEvent) or event.anchor is not None
            _refuse(alias, name, line, "an anchor or alias", "Write the value out")
            tag = getattr(event, "tag", None)
            _refuse(tag is not None, name, line, f"the tag {str(tag)!r}", "Remove it")
        depth += isinstance(event, _OPENS) - isinstance(event, _CLOSES)
        _refuse(depth > MAX_DEPTH, name, line, f"nesting above {MAX_DEPTH}", "Flatten it")


def _refuse(found: bool, name: str, line: int, what: str, remedy: str) -> None:
    if found:
        raise SettingsError(f"{name} line {line}: a project file must not hold {what}. {remedy}.")


def _problem(e: MarkedYAMLError) -> str:
    problem = str(e.problem or e.context or "it must be YAML").strip()
    if "'\\t'" in problem:
        return "a tab must not indent; use spaces"
    if "duplicate key" in problem:
        return problem.split(" with value")[0].replace("found duplicate", "a repeated")
    return f"it must be YAML: {problem}"


def _lines(node: Node, where: Where, name: str) -> Iterator[tuple[Where, int]]:
    yield where, node.start_mark.line + 1
    if isinstance(node, MappingNode):
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag != _TEXT:
                raise SettingsError(
                    f"{name} line {line}: a key must be text, received {key.value!r}. Quote it."
                )
            yield from _lines(value, (*where, key.value), name)
            yield (*where, key.value), line
    elif isinstance(node, SequenceNode):
        for i, value in enumerate(node.value):
            yield from _lines(value, (*where, i), name)


def _texts(value: Any, where: Where) -> Iterator[tuple[Where, str]]:
    if isinstance(value, str):
        yield where, value
    for key, item in _items(value):
        yield from _texts(item, (*where, key))


def _items(value: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _expanded(value: Any, where: Where, document: Document, environ: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {k: _expanded(v, (*where, k), document, environ) for k, v in value.items()}
    if isinstance(value, list):
        return [_expanded(v, (*where, i), document, environ) for i, v in enumerate(value)]
    if where not in document.written:
        return value
    at = f"{document.name} line {document.line(where)}"
    return _VARIABLE.sub(lambda found: _variable(found, at, environ), value)


def _variable(found: re.Match[str], at: str, environ: Mapping[str, str]) -> str:
    name, default = found.groups()
    if found.group() == "$${":
        return "${"
    if name is None:
        raise SettingsError(
            f"{at}: a variable must be ${{NAME}} or ${{NAME:-default}}, received "
            f"{found.group()!r}. Write $${{ for a plain ${{."
        )
    if name not in environ and default is None:
        raise SettingsError(
            f"{at}: the environment variable {name} is not set. "
            f"Set it, or write ${{{name}:-default}}."
        )
    return environ.get(name) or default or ""
