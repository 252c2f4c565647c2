"""The names given in files of code, for the rules of `test_house`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools.script_tokens import script_tokens

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def names_given(tree: ast.AST) -> Iterator[str]:
    """The variables, arguments, attributes, functions and classes of a file; not fields, which are named by formats."""
    fields = {id(node.target) for node in ast.walk(tree) if isinstance(node, ast.AnnAssign)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in fields:
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def names_in_script(source: str) -> Iterator[str]:
    """The names in a script: not properties of something, nor keys, nor those of what is kept in browsers."""
    for before, name, after in zip(tokens := ["", *script_tokens(source), ""], tokens[1:], tokens[2:], strict=False):
        is_property = before in (".", "?.") or after == ":"
        if re.fullmatch(r"[A-Za-z_$][\w$]*", name) and not is_property and name not in KEPT_BY_READERS:
            yield name


KEPT_BY_READERS = {"seen"}
_IN_TEMPLATE = re.compile(r"\{%-? *(?:set|macro|for) +([\w, ]+?) *(?: in\b|[(=%])")


def names_in_template(source: str) -> Iterator[str]:
    """The variables and macros of a template."""
    for names in _IN_TEMPLATE.findall(source):
        yield from re.findall(r"\w+", names)


def all_names(file: Path) -> Iterator[str]:
    """The names given in a file of code."""
    source = file.read_text("utf-8")
    if file.suffix == ".py":
        yield from names_given(ast.parse(source))
    elif file.suffix == ".js":
        yield from names_in_script(source)
    elif file.suffix == ".html":
        yield from names_in_template(source)
    else:
        yield from re.findall(r"--([\w-]+):", source)
