"""No regular expression of the package may take more than linear time for what somebody sends."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotpapers.base.text.patterns import LazyPattern
from tests.regular_expressions import in_script, overlapping
from tests.test_house import MODULES, PROJECT, SRC, dotted_name, name_of, trees


def patterns_in(value: object) -> Iterator[re.Pattern[Any] | LazyPattern]:
    """The compiled patterns in a value of a module, and those that compile themselves."""
    if isinstance(value, re.Pattern | LazyPattern):
        yield value
    elif isinstance(value, dict | tuple | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from patterns_in(part)


def patterns_of(file: Path) -> Iterator[tuple[str, int]]:
    """The patterns of a module with their flags: compiled ones, and those given to functions of `re`."""
    values = vars(importlib.import_module(dotted_name(file))) if file.name != "__main__.py" else {}
    for pattern in patterns_in([value for name, value in values.items() if not name.startswith("__")]):
        text = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
        yield text, pattern.flags & ~re.DEBUG
    for node in ast.walk(trees()[name_of(file)]):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and node.args:
            given = node.args[0]
            yield from [(given.value, 0)] if isinstance(given, ast.Constant) and isinstance(given.value, str) else []


def test_no_regular_expression_repeats_a_repetition() -> None:
    """Such a text of some kilobytes, from anybody, would take minutes: adjacent unbounded repetitions of overlapping
    sets. Use possessive ones, or sets that differ."""
    slow = {name_of(file): [text for text, flags in patterns_of(file) if overlapping(text, flags)] for file in MODULES}
    scripts = [file for file in PROJECT if file.suffix == ".js" and SRC in file.parents]
    slow |= {file.name: list(filter(overlapping, in_script(file.read_text("utf-8")))) for file in scripts}
    assert {name: texts for name, texts in slow.items() if texts} == {}


@pytest.mark.parametrize(
    ("pattern", "is_slow"),
    [
        (r"a*a*", True), (r"[ \t]*\n?[ \t]*", True), (r"\s*\n+\s*", True), (r"(?:a+)*", True), (r"(?:a|a+b?)*", True),
        (r"(?:.*\n?)*", True), (r"x\w+(?:-|y*)\d+z", True), (r"(\s*)(?=b)(\s*)", True), (r"(?i)[A-Z]+k*", True),
        (r"a*+a*", False), (r"[ \t]*(?:\n[ \t]*)?", False), (r"(?>a*)a*", False), (r"\w+\s\w+", False),
        (r"a{1,9}a*", False),
        (r"(?:[\w-]+\.)+[a-z]+", False), (r"(?:[^{}]|\{[^{}]*\})*\}", False), (r"(?:ab)*a*b", False), (r"a*b*", False),
    ],
)  # fmt: skip
def test_repeated_repetitions_are_noticed(pattern: str, is_slow: bool) -> None:
    assert overlapping(pattern) == is_slow


def test_regular_expressions_of_scripts_are_noticed() -> None:
    script = (
        "// /a*a*/\nconst A = /\\s*\\n+[^]*/g, B = [/(?<name>[/]+)\\/\\p{L}/u];\nnew RegExp(`^${A}\\\\d*[0-9]*`, 'i')"
    )
    assert [*in_script(script)] == [r"\s*\n+[\s\S]*", r"(?P<name>[/]+)/\w", r"^x\d*[0-9]*"]
    assert [*map(overlapping, in_script(script))] == [True, False, True]
