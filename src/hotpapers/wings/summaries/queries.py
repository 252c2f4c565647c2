"""Queries of the wing: papers with summaries."""

from __future__ import annotations

from collections.abc import Iterator

from hotpapers.base.model import Paper
from hotpapers.record import NUMBER, AsOfView


def summarized_papers(view: AsOfView, paper: str) -> Iterator[Paper]:
    """All observations of a paper that have a summary, newest first."""
    where = f"t.paper = {NUMBER} AND t.summary <> '' AND {view.visible('t')} ORDER BY t.observed_at DESC"
    return (row.item for row in view.observations(Paper, where, (paper,)))
