"""Measures how much one statement says, and holds it to limits: `python -m tools.density`, part of `make check`.

Counted over src/hotpapers:

* Nodes: the AST nodes of each simple statement, as `ast.walk` gives them, the statement itself included; their mean and
  their 90th percentile. A simple statement is an assignment of any kind, an expression other than a docstring, a
  return, raise, assert or delete. What a compound statement tests or iterates over is not counted.
* Packed assignments: those whose target and value are both tuples, as in `a, b = x, y`. `a, b = f()` is none.
* One-letter aliases: each `AS a` in a string that is not a docstring, with a single lower-case letter.

The limits may only fall. `python -m tools.density 100` prints the hundred statements with the most nodes.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SRC = Path(__file__).parents[1] / "src" / "hotpapers"
SIMPLE = (
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Expr,
    ast.Return,
    ast.Raise,
    ast.Assert,
    ast.Delete,
)
ALIAS = re.compile(r"\bAS [a-z]\b")


class Density(NamedTuple):
    """Figures of some code, or the limits for them."""

    mean_nodes: float
    p90_nodes: int
    packed: int
    aliases: int


LIMITS = Density(mean_nodes=14.3, p90_nodes=24, packed=90, aliases=60)


def is_docstring(node: ast.AST) -> bool:
    """Whether a node is a string that stands as a statement."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def size_of(node: ast.AST) -> int:
    """The nodes in a node, itself included."""
    return sum(1 for _ in ast.walk(node))


def simple_statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """The simple statements of some code, without docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, SIMPLE) and not is_docstring(node):
            yield node


def is_packed(statement: ast.AST) -> bool:
    """Whether a statement assigns a tuple to a tuple."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Tuple):
        return False
    return any(isinstance(target, ast.Tuple) for target in statement.targets)


def aliases_in(statement: ast.AST) -> int:
    """The one-letter aliases in the strings of a statement."""
    texts = (node.value for node in ast.walk(statement) if isinstance(node, ast.Constant))
    return sum(len(ALIAS.findall(text)) for text in texts if isinstance(text, str))


def density_of(trees: list[ast.Module]) -> Density:
    """The figures of some modules."""
    statements = [statement for tree in trees for statement in simple_statements(tree)]
    sizes = sorted(map(size_of, statements))
    if not sizes:
        return Density(0, 0, 0, 0)
    packed = sum(map(is_packed, statements))
    aliases = sum(map(aliases_in, statements))
    return Density(round(sum(sizes) / len(sizes), 2), sizes[len(sizes) * 9 // 10], packed, aliases)


def print_largest(files: list[Path], count: int) -> None:
    """Prints the statements with the most nodes, with the file and line of each."""
    sized = [
        (size_of(statement), f"{file.relative_to(SRC.parents[1])}:{statement.lineno}")
        for file in files
        for statement in simple_statements(ast.parse(file.read_text("utf-8")))
    ]
    for size, place in sorted(sized, reverse=True)[:count]:
        print(size, place)


def main() -> None:
    """Prints the figures; exits with status 1 if one is above its limit."""
    files = sorted(SRC.rglob("*.py"))
    if len(sys.argv) > 1:
        print_largest(files, int(sys.argv[1]))
        return
    figures = density_of([ast.parse(file.read_text("utf-8")) for file in files])
    for name, figure, limit in zip(Density._fields, figures, LIMITS, strict=True):
        print(f"{name}: {figure:g} (limit {limit:g})")
    if any(figure > limit for figure, limit in zip(figures, LIMITS, strict=True)):
        sys.exit("above a limit: split the largest statements, which `python -m tools.density 100` lists")


if __name__ == "__main__":
    main()
