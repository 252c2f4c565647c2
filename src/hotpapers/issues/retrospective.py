"""What was not known of a day's talk when its issue would have appeared: told by issues that are made afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hotpapers.engagement.measurement import REFERENCE_DAYS
from hotpapers.engagement.standing.queries import known_accounts
from hotpapers.issues import queries
from hotpapers.issues.ranking_input import networks_of
from hotpapers.model import DAY, NETWORKS, Publication, RankingInput, Retrospective
from hotpapers.store.as_of import AsOfView


def look_back(
    view: AsOfView, publication: Publication, start: int, talk: RankingInput, papers: Sequence[str]
) -> Retrospective:
    """Of an issue as of a view that considers the papers announced from `start` on, and holds some of them. Who has
    standing must have been learned up to the view's position."""
    posts = queries.posts_by_then(view, start, publication.networks)
    inferred = queries.count_inferred(view, min(start, view.as_of - REFERENCE_DAYS * DAY))
    known = known_accounts(view)
    return Retrospective(
        **posts._asdict(),
        described_later=len(queries.described_later(view, papers)),
        absent=tuple(sorted({*(publication.networks or NETWORKS)} - networks_of(talk))),
        bots=queries.count_bots(view),
        known=None if known is None else len(known),
        inferred=inferred or msgspec.UNSET,
    )
