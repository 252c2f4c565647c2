"""The attention that papers had hour by hour, as it was known when an issue was frozen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from hotpapers.engagement import attention, measurement
from hotpapers.issues.ranking_input import attention_of
from hotpapers.model import Attention, Publication
from hotpapers.store.as_of import AsOfView

HOURS = (1, 2, 3, 4, 6, 9, 12, 18, 24, 36, 48, 72, 96, 120, 144, 168)
"""Hours after the announcement at which attention is told; among them all at which papers are compared."""


def history(
    view: AsOfView, publication: Publication, papers: Sequence[str], own_voices: tuple[int, ...]
) -> dict[str, tuple[Attention, ...]]:
    """Each paper's attention at the hours that it has reached, by hour and network; none for papers that were not
    announced in the 90 days before. `own_voices`: numbers of the publication's own accounts."""
    result: dict[str, list[Attention]] = defaultdict(list)
    if papers:
        window = measurement.MeasurementWindow(
            ages=HOURS, networks=publication.networks, own_voices=own_voices, papers=tuple(papers)
        )  # fmt: skip
        for engagement in attention.read_engagement(view, window):
            if engagement.peer:
                result[engagement.paper].append(attention_of(engagement))
    return {paper: tuple(sorted(rows, key=lambda row: (row.age, row.network))) for paper, rows in result.items()}
