"""Formats rows of cells as text tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence


def align_lines(lines: Sequence[Sequence[str]]) -> list[str]:
    """Lines whose cells are aligned."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
