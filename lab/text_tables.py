"""Formats rows of cells as tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    escaped = ([cell.replace("|", "\\|") for cell in line] for line in (heads, ["---"] * len(heads), *lines))
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)
