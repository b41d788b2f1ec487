"""Factors in one line: ``rank(delta(close, 5)) * -1`` as a value that can be computed and named.

An expression is a tree of operators (`operators.table`) over the fields of a panel. Two that say
the same are equal and have the same text, so a part that several factors share is computed once.
Text is read by Python's own grammar and nothing of it is ever run.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Final, NoReturn

from alphamill.core.errors import SettingsError
from alphamill.factors.operators.operator import Number, Operator, Parameter
from alphamill.factors.operators.table import BY_SYMBOL, find

_BINARY: Final[Mapping[type[ast.AST], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.Lt: "<",
    ast.LtE: "<=",
}
_TURNED: Final[Mapping[type[ast.AST], str]] = {ast.Gt: "<", ast.GtE: "<="}


@dataclass(frozen=True, eq=False)
class Expression:
    """A field, a number, or an operator over other expressions; equal where its text is.

    ``head`` is the field's name, the number, or the operator; ``numbers`` are the operator's
    parameters, all of them, in the order of its row.
    """

    head: str | Number | Operator
    inputs: tuple["Expression", ...] = ()
    numbers: tuple[Number, ...] = ()

    @cached_property
    def text(self) -> str:
        """Return the expression as a call: one text for one meaning."""
        if not isinstance(self.head, Operator):
            return str(self.head)
        inside = [*(part.text for part in self.inputs), *map(repr, self.numbers)]
        return f"{self.head.name}({', '.join(inside)})"

    @cached_property
    def rows_before(self) -> int:
        """Return how many rows before its own decide a value."""
        deepest = max((part.rows_before for part in self.inputs), default=0)
        own = self.head.rows_before(*self.numbers) if isinstance(self.head, Operator) else 0
        return deepest + own

    @cached_property
    def fields(self) -> frozenset[str]:
        """Return the names of the fields it reads."""
        if isinstance(self.head, str):
            return frozenset({self.head})
        return frozenset().union(*(part.fields for part in self.inputs))

    @cached_property
    def reads_section(self) -> bool:
        """Return whether it reads other symbols of its date."""
        here = isinstance(self.head, Operator) and self.head.kind == "section"
        return here or any(part.reads_section for part in self.inputs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text

    def __add__(self, other: "Expression | Number") -> "Expression":
        return _between("+", self, other)

    def __radd__(self, other: Number) -> "Expression":
        return _between("+", other, self)

    def __sub__(self, other: "Expression | Number") -> "Expression":
        return _between("-", self, other)

    def __rsub__(self, other: Number) -> "Expression":
        return _between("-", other, self)

    def __mul__(self, other: "Expression | Number") -> "Expression":
        return _between("*", self, other)

    def __rmul__(self, other: Number) -> "Expression":
        return _between("*", other, self)

    def __truediv__(self, other: "Expression | Number") -> "Expression":
        return _between("/", self, other)

    def __rtruediv__(self, other: Number) -> "Expression":
        return _between("/", other, self)

    def __neg__(self) -> "Expression":
        return call("negative", self)

    def __lt__(self, other: "Expression | Number") -> "Expression":
        return _between("<", self, other)

    def __gt__(self, other: "Expression | Number") -> "Expression":
        return _between("<", other, self)


def field(name: str) -> Expression:
    """Return a field of the panel, such as ``close``."""
    if not name.isidentifier():
        raise SettingsError(f"a field must be a name such as 'close', received {name!r}.")
    return Expression(name)


def call(name: str, *given: Expression | Number, **named: Number) -> Expression:
    """Return an operator over expressions and numbers, all checked against its row.

    Raises
    ------
    SettingsError
        For an unknown operator or parameter, one missing or outside its limits.

    Examples
    --------
    >>> call("ts_mean", field("close"), 20).text
    'ts_mean(close, 20, 20)'
    """
    row = find(name)
    inputs = tuple(_lifted(value) for value in given[: row.n_inputs])
    if len(inputs) < row.n_inputs:
        raise SettingsError(
            f"{name} takes {row.n_inputs} series, received {[str(i) for i in inputs]}. {row.name}: "
            f"{row.meaning}."
        )
    if row.kind != "cell" and not all(part.fields for part in inputs):
        raise SettingsError(
            f"{name} must read a series, received {[str(i) for i in inputs]}. Give it a field."
        )
    return Expression(row, inputs, _numbers(row, given[row.n_inputs :], named))


def parse(text: str, names: Mapping[str, str] | None = None) -> Expression:
    """Return the expression that a line of text says.

    Parameters
    ----------
    text : str
        Calls of operators, ``+ - * / **``, ``< <= > >=``, numbers and names.
    names : mapping, optional
        Name -> text of what it stands for; every other name is a field.

    Raises
    ------
    SettingsError
        Naming the text, the place, and what is offered.

    Examples
    --------
    >>> parse("rank(delta(close, 5)) * -1").text
    'multiply(rank(delta(close, 5)), -1)'
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError) as e:
        raise SettingsError(
            f"formula {text!r}: must be one expression such as 'rank(delta(close, 5))', received "
            f"{getattr(e, 'msg', e)}. Correct it."
        ) from e
    return _Reader(text, names or {}, ()).read(tree.body)


@dataclass(frozen=True)
class _Reader:
    """Reads one text; ``inside`` are the names whose text is being read."""

    text: str
    names: Mapping[str, str]
    inside: tuple[str, ...]

    def read(self, node: ast.expr) -> Expression:
        readers: Mapping[type[ast.expr], Callable[..., Expression]] = {
            ast.Constant: self._number,
            ast.Name: self._name,
            ast.Call: self._call,
            ast.BinOp: self._binary,
            ast.UnaryOp: self._unary,
            ast.Compare: self._compare,
        }
        reader = readers.get(type(node))
        if reader is None:
            self._refuse(node)
        return reader(node)

    def _number(self, node: ast.Constant) -> Expression:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self._refuse(node)
        return Expression(value)

    def _name(self, node: ast.Name) -> Expression:
        meant = self.names.get(node.id)
        if meant is None:
            return field(node.id)
        if node.id in self.inside:
            raise SettingsError(f"name {node.id!r} stands for itself: {self.inside}. Rename one.")
        inner = _Reader(meant, self.names, (*self.inside, node.id))
        return inner.read(ast.parse(meant, mode="eval").body)

    def _call(self, node: ast.Call) -> Expression:
        if not isinstance(node.func, ast.Name) or any(k.arg is None for k in node.keywords):
            self._refuse(node)
        named = {str(k.arg): self._plain(k.value) for k in node.keywords}
        row = find(node.func.id)
        inputs = [self.read(value) for value in node.args[: row.n_inputs]]
        numbers = [self._plain(value) for value in node.args[row.n_inputs :]]
        return call(row.name, *inputs, *numbers, **named)

    def _binary(self, node: ast.BinOp) -> Expression:
        symbol = _BINARY.get(type(node.op))
        if symbol is None:
            self._refuse(node)
        return _between(symbol, self.read(node.left), self.read(node.right))

    def _unary(self, node: ast.UnaryOp) -> Expression:
        if not isinstance(node.op, ast.USub):
            self._refuse(node)
        inner = self.read(node.operand)
        is_number = not isinstance(inner.head, (str, Operator))
        return Expression(-inner.head) if is_number else -inner  # type: ignore[operator]

    def _compare(self, node: ast.Compare) -> Expression:
        kind = type(node.ops[0])
        if len(node.ops) > 1 or kind not in _BINARY and kind not in _TURNED:
            self._refuse(node)
        left, right = self.read(node.left), self.read(node.comparators[0])
        if kind in _TURNED:
            return _between(_TURNED[kind], right, left)
        return _between(_BINARY[kind], left, right)

    def _plain(self, node: ast.expr) -> Number:
        value = self.read(node)
        if isinstance(value.head, (str, Operator)):
            self._refuse(node)
        return value.head

    def _refuse(self, node: ast.expr) -> NoReturn:
        said = ast.get_source_segment(self.text, node) or ast.unparse(node)
        raise SettingsError(
            f"formula {self.text!r}: {said!r} at column {node.col_offset + 1} is not a series, a "
            "number or a call of an operator. Write it with operators only."
        )


def _between(symbol: str, left: Expression | Number, right: Expression | Number) -> Expression:
    return Expression(BY_SYMBOL[symbol], (_lifted(left), _lifted(right)))


def _lifted(value: Expression | Number) -> Expression:
    return value if isinstance(value, Expression) else Expression(value)


def _numbers(
    row: Operator, given: tuple[Expression | Number, ...], named: Mapping[str, Number]
) -> tuple[Number, ...]:
    known = [p.name for p in row.parameters]
    if len(given) > len(known) or set(named) - set(known[len(given) :]):
        odd = sorted(set(named) - set(known)) or [str(value) for value in given]
        near = get_close_matches(odd[0], known, n=1)
        raise SettingsError(
            f"{row.name} takes {row.n_inputs} series and the numbers {known}, received {odd}"
            f"{f'; nearest is {near[0]!r}' if near else ''}. {row.name}: {row.meaning}."
        )
    values: dict[str, Number] = {}
    for i, p in enumerate(row.parameters):
        value = given[i] if i < len(given) else named.get(p.name, values.get(p.follows, p.default))
        values[p.name] = _checked(row, p, value)
        # No window may ask for more rows than it has.
        if p.follows and values[p.name] > values[p.follows]:
            raise SettingsError(
                f"{row.name}.{p.name} must not lie above {p.follows} = {values[p.follows]}, "
                f"received {values[p.name]}."
            )
    return tuple(values.values())


def _checked(row: Operator, p: Parameter, value: object) -> Number:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or (p.is_whole and value != int(value)):  # type: ignore[call-overload]
        kind = "a whole number" if p.is_whole else "a number"
        came = str(value) if isinstance(value, Expression) else repr(value)
        raise SettingsError(f"{row.name}.{p.name} must be {kind}, received {came}.")
    assert isinstance(value, (int, float))
    if not p.low <= value <= p.high:
        hint = " A negative one would read the future." if value < 0 else ""
        raise SettingsError(
            f"{row.name}.{p.name} must lie in [{p.low}, {p.high}], received {value!r}.{hint}"
        )
    return int(value) if p.is_whole else float(value)
