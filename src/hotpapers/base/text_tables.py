"""Formats rows of cells as text tables: in Markdown, and plain for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    all_lines = [heads, ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in all_lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def plain_table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table with aligned columns."""
    all_lines = [tuple(heads), *map(tuple, lines)]
    widths = [max(len(line[n]) for line in all_lines) for n in range(len(heads))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in all_lines)
