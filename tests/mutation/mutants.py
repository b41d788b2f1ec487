"""Small faults in a source text: one operator, sign, constant or branch changed at a time."""

import ast
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_SIGNS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
_CALLS = {"min": "max", "max": "min", "ceil": "floor", "floor": "ceil", "any": "all", "all": "any"}
# Types are checked by mypy, and the words of an error by whoever reads them.
_UNTOUCHED = {"annotation", "returns", "decorator_list"}


@dataclass(frozen=True)
class Mutant:
    """One fault; ``source`` is the whole text with it.

    ``name`` speaks of function and statement and not of lines, so that a judgement survives edits
    elsewhere in the file.
    """

    path: str
    line: int
    name: str
    source: str


@dataclass(frozen=True)
class _Site:
    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST
    statement: ast.stmt
    scope: str

    def head_with(self, changed: ast.AST) -> str:
        """Return the statement's first line with ``changed`` in the place of the node."""
        if isinstance(changed, ast.stmt):
            return _head(changed)
        self._put(changed)
        head = _head(self.statement)
        self._put(self.node)
        return head

    def _put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def mutants_of(path: str, source: str) -> list[Mutant]:
    r"""Return every mutant of a file, from top to bottom.

    Examples
    --------
    >>> [mutant.name for mutant in mutants_of("a/b.py", "def f(x):\n    return -x")]
    ['b.f: return -x -> return x']
    """
    tree, text = ast.parse(source), source.encode()
    starts = [0, *accumulate(len(line) for line in text.splitlines(keepends=True))]
    stem = path.rpartition("/")[2].removesuffix(".py")
    seen: Counter[str] = Counter()
    found = []
    for site in list(_sites(tree, "", None)):
        node: Any = site.node
        for changed in (*_variants(node), *_dropped(site)):
            name = f"{stem}.{site.scope}: {_head(site.statement)} -> {site.head_with(changed)}"
            seen[name] += 1
            if seen[name] > 1:
                name += f" ({seen[name]})"
            first = starts[node.lineno - 1] + node.col_offset
            last = starts[node.end_lineno - 1] + node.end_col_offset
            put = ast.unparse(ast.fix_missing_locations(changed))
            if isinstance(node, ast.expr):
                put = f"({put})"
            mutated = text[:first] + put.encode() + text[last:]
            found.append(Mutant(path, node.lineno, name, mutated.decode()))
    return found


def sample(mutants: Iterable[Mutant], n: int, seed: int) -> list[Mutant]:
    """Return ``n`` mutants by the hash of seed and name: an edit elsewhere leaves the choice."""
    return sorted(mutants, key=lambda m: hashlib.sha256(f"{seed} {m.name}".encode()).digest())[:n]


def _sites(node: ast.AST, scope: str, statement: ast.stmt | None) -> Iterator[_Site]:
    """Yield all that may be changed below ``node``, with the statement and function it is in."""
    for field, value in ast.iter_fields(node):
        if field in _UNTOUCHED:
            continue
        many = isinstance(value, list)
        for index, child in enumerate(value if many else [value]):
            if not isinstance(child, ast.AST) or isinstance(child, (ast.Raise, ast.JoinedStr)):
                continue
            inside = child if isinstance(child, ast.stmt) else statement
            named = isinstance(child, (ast.FunctionDef, ast.ClassDef))
            within = f"{scope}.{child.name}".lstrip(".") if named else scope
            if inside is not None:
                yield _Site(node, field, index if many else None, child, inside, within)
            yield from _sites(child, within, inside)


def _variants(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        yield from _other_comparisons(node)
    elif isinstance(node, ast.Call):
        yield from _other_calls(node)
    elif isinstance(node, ast.Constant):
        yield from map(ast.Constant, _other_values(node.value))
    else:
        yield from _other_signs(node)


def _dropped(site: _Site) -> Iterator[ast.AST]:
    """Yield a test that never holds, for a branch that returns."""
    of = site.parent
    if isinstance(of, ast.If) and site.field == "test" and _returns(of):
        yield ast.Constant(False)


def _returns(branch: ast.If) -> bool:
    return any(isinstance(last, ast.Return) for last in branch.body)


def _other_comparisons(node: ast.Compare) -> Iterator[ast.Compare]:
    for at, op in enumerate(node.ops):
        for other in _COMPARISONS.get(type(op), ()):
            ops = [*node.ops[:at], other(), *node.ops[at + 1 :]]
            yield ast.Compare(node.left, ops, node.comparators)


def _other_calls(node: ast.Call) -> Iterator[ast.Call]:
    match node.func:
        case ast.Name(name) if name in _CALLS:
            yield ast.Call(ast.Name(_CALLS[name]), node.args, node.keywords)
        case ast.Attribute(owner, name) if name in _CALLS:
            yield ast.Call(ast.Attribute(owner, _CALLS[name]), node.args, node.keywords)


def _other_signs(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(left, op, right) if type(op) in _SIGNS:
            yield ast.BinOp(left, _SIGNS[type(op)](), right)
        case ast.AugAssign(target, op, value) if type(op) in _SIGNS:
            yield ast.AugAssign(target, _SIGNS[type(op)](), value)
        case ast.UnaryOp(ast.USub() | ast.Not(), operand):
            yield operand
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)


def _other_values(value: Any) -> tuple[Any, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, (int, float)):
        return value + 1, value - 1
    return ()


def _head(statement: ast.stmt) -> str:
    return ast.unparse(statement).splitlines()[0]
