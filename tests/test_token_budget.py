"""What counts as code."""

from __future__ import annotations

import pytest

from tools.script_tokens import script_tokens
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


@pytest.mark.parametrize(
    ("source", "tokens"),
    [
        ("// a comment\n/* and\nanother */ x = 1;", ["x", "=", "1", ";"]),
        ("a / b / c", ["a", "/", "b", "/", "c"]),
        ("x = /a[/]b\\/c/giu.test(y)", ["x", "=", "/a[/]b\\/c/giu", ".", "test", "(", "y", ")"]),
        ("return /a/", ["return", "/a/"]),
        ("f() / 2; [1] / 2; `` / 2", [*"f()/2;[1]/2;", "``", "/", "2"]),
        ("a?.b ?? c?.5:1e3", ["a", "?.", "b", "??", "c", "?", ".5", ":", "1e3"]),
        ("x ||= y >>> 2 ** z++", ["x", "||=", "y", ">>>", "2", "**", "z", "++"]),
        ("""'it\\'s' + "// no comment" """, ["'it\\'s'", "+", '"// no comment"']),
        ("`a ${f({ b: `$${c}` })} \\` d`", ["`a ${", *"f({b:", "`$${", "c", "}`", *"})", "} \\` d`"]),
        ("`${/}/}`", ["`${", "/}/", "}`"]),
        ("", []),
    ],
)
def test_scripts_are_read_as_browsers_read_them(source: str, tokens: list[str]) -> None:
    assert list(script_tokens(source)) == tokens


@pytest.mark.parametrize("source", ["'open", "x = \\", '"two\nlines"'])
def test_what_is_no_script_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="no token of a script"):
        list(script_tokens(source))
