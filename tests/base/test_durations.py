"""Durations in words, and no raw number of seconds in what users read."""

from __future__ import annotations

import ast
import re

import pytest

from hotpapers.base.durations import format_duration
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"), (0, "0 s"), (0.2, "0.2 s"), (119, "119 s"), (120, "2 min"), (600, "10 min"), (7_199, "120 min"),
        (9_000, "2 h"), (86_200, "24 h"), (172_800, "2 days"), (179_580, "2 days"), (10**9, "11,574 days"),
    ],
)  # fmt: skip
def test_spans_are_readable(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


RAW = re.compile(r"\{[^{}]*\} (?:s|seconds|sec|µs|ms)\b")


def test_no_message_has_a_raw_number_of_seconds() -> None:
    """Limits that are constants of a few seconds may be named; what is computed is said by `format_duration`."""
    matches = []
    for file in (ROOT / "src" / "hotpapers").rglob("*.py"):
        if file.name in ("durations.py", "timestamps.py"):  # the second names a moment, for programmers
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr) and (found_text := RAW.search(ast.unparse(node))):
                matches += [(file.name, found_text[0])] if not re.match(r"\{[A-Z_]+\}", found_text[0]) else []
    assert matches == []
