"""The argument line as users write it, turned into what Typer reads."""

from collections.abc import Sequence
from typing import Any


def spread(argv: Sequence[str], command: Any) -> list[str]:
    """Return ``argv`` with ``--list a b c`` written as ``--list a --list b --list c``.

    ``command`` is Typer's command tree; an option that may be repeated is a list option. A list
    ends at the next word that starts with a dash; ``--`` ends all options, and what follows it is
    left alone.
    """
    out: list[str] = []
    lists = _lists(command)
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*out, word, *rest]
        name, equals, first = word.partition("=")
        if name in lists:
            values = [first] if equals else []
            while rest and not _is_option(rest[0]):
                values.append(rest.pop(0))
            # Without a value the bare option goes on, and Typer says what is missing.
            out += [part for value in values for part in (name, value)] or [word]
            continue
        out.append(word)
        inner = getattr(command, "commands", {}).get(word)
        if inner is not None:
            command, lists = inner, _lists(inner)
    return out


def _lists(command: Any) -> set[str]:
    return {name for p in command.params if getattr(p, "multiple", False) for name in p.opts}


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"
