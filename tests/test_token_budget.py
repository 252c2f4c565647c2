"""What counts as code."""

from __future__ import annotations

import pytest

from tools.token_budget import tokens_of


@pytest.mark.parametrize(
    ("source", "tokens"),
    [
        ('"""Docs."""\n# a comment\nx = 1\n', 3),
        ('def f():\n    """Docs\n    of two lines."""\n    return "a"\n', 7),
        ('x = f("""a\nb""")\n', 6),
        ('f(\n    "a",\n    "b",\n)\n', 7),
        ("\n\n", 0),
    ],
)
def test_code_is_what_python_reads(source: str, tokens: int) -> None:
    assert tokens_of(source) == tokens
