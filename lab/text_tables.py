"""Formats rows of cells as tables: in Markdown, or aligned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hotpapers.base.text.text_tables import align_lines


def markdown_table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    escaped = ([cell.replace("|", "\\|") for cell in line] for line in (heads, ["---"] * len(heads), *lines))
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)


def plain_table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table with aligned columns."""
    return "\n".join(align_lines([heads, *lines]))
