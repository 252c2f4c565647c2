"""What counts as dense."""

from __future__ import annotations

import ast

import pytest

from tools.density import Density, aliases_in, density_of, is_packed, simple_statements, size_of


@pytest.mark.parametrize(
    ("source", "sizes"),
    [
        ('"""Docs."""\nx = 1\n', [4]),
        ("def f():\n    return x\n", [3]),
        ("if f(x):\n    pass\nfor a in b:\n    del a\n", [3]),
        ("x: int = 1\nx += 1\nassert x\nraise x\nf(x)\n", [6, 5, 3, 3, 6]),
    ],
)
def test_the_nodes_of_simple_statements_are_counted(source: str, sizes: list[int]) -> None:
    assert [size_of(statement) for statement in simple_statements(ast.parse(source))] == sizes


@pytest.mark.parametrize(
    ("source", "packed"), [("a, b = x, y", True), ("a, b = f()", False), ("a = x, y", False), ("a, b = b, a", True)]
)
def test_packed_is_a_tuple_from_a_tuple(source: str, packed: bool) -> None:
    assert [is_packed(statement) for statement in ast.parse(source).body] == [packed]


def test_aliases_of_one_letter_are_counted_within_formatted_strings_too() -> None:
    sql = 'f"SELECT {x} FROM post AS p JOIN {y} AS q ON q.b = p.b JOIN mention AS mention, a AS A"'
    assert aliases_in(ast.parse(sql)) == 2


def test_figures_of_modules() -> None:
    statements = "x = 1\n" * 9 + "a, b = x, f('post AS p')\n"
    assert density_of([ast.parse(statements)]) == Density(mean_nodes=5.1, p90_nodes=15, packed=1, aliases=1)
    assert density_of([]) == Density(0, 0, 0, 0)
