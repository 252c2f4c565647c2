"""How much of an issue's points comes from people whom nobody can name, since networks give only their numbers."""

from __future__ import annotations

from hotpapers.base.model import IssueContent


def unnamed_percent(content: IssueContent) -> int | None:
    """Percent of the points of an issue's papers that come from the likes or reposts of a post; Returns None if it has
    no points, or does not name their unit."""
    parts = [part for entry in content.listed for part in entry.parts if part.score > 0 and part.counted_as]
    points = sum(part.score for part in parts)
    unnamed = sum(part.score for part in parts if part.counted_as != "voices")
    return round(100 * unnamed / points) if points else None


def unnamed_sentence(content: IssueContent) -> str:
    """The same in a sentence; empty if unknown or none."""
    percent = unnamed_percent(content)
    if not percent:
        return ""
    return f"{percent} % of the points here come from people whom nobody can name: networks give only their numbers."
