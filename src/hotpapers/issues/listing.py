"""Imported listings: the papers they name, with their counts and order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from hotpapers.base.errors import IssueError
from hotpapers.base.model import Attention, Candidate, Place, Publication, RankingInput, Tally, VoiceHistogram
from hotpapers.base.papers.categories import archive_of
from hotpapers.discussion.engagement import queries as engagement_queries
from hotpapers.issues import queries
from hotpapers.record import AsOfView


def listing_cut(view: AsOfView, publication: str, day: str) -> int:
    """The latest observation in a day's listing: of the listing itself, its places or the posts it shows."""
    places = (row.item.observed_at for row in queries.listed_places(view, publication, day))
    listing = queries.listing_of(view, publication, day)
    return max(queries.listed_posts_observed(view, publication, day), listing.observed_at, *places)


def tally_of(view: AsOfView, place: Place) -> Tally:
    """A place's counts: the last ones observed by the time the place was. Raises IssueError if there are none."""
    tally = view._replace(as_of=place.observed_at).item(Tally, place.paper, place.network, place.method)
    if tally is None:
        description = f"{place.publication} {place.day} #{place.place}"
        raise IssueError(f"{description}: the record has no counts for {place.paper}")
    return tally


def listing_input(view: AsOfView, publication: Publication, places: Sequence[Place]) -> RankingInput:
    """The listing's papers with their tallies, and all papers the publication listed in the 90 days before the cut."""
    listed_papers = list(engagement_queries.listed_peers(view, publication.publication, publication.networks))
    counts: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for network, archive, _, likes in listed_papers:
        counts[network, archive][likes] += 1
    peers = (
        VoiceHistogram(network=network, age=0, archive=archive, counts=tuple(sorted(counter.items())))
        for (network, archive), counter in sorted(counts.items())
    )
    standing = {(network, paper): (archive, likes) for network, archive, paper, likes in listed_papers}
    candidates = (_candidate(place, tally_of(view, place), standing) for place in places)
    return RankingInput(candidates=tuple(candidates), peers=tuple(peers))


def _candidate(place: Place, tally: Tally, standing: Mapping[tuple[str, str], tuple[str, int | None]]) -> Candidate:
    """A place as a candidate, with the archive under which the paper is counted among the listed ones."""
    printed_archive = archive_of(place.categories[0]) if place.categories else ""
    archive, own = standing.get((tally.network, place.paper), (printed_archive, None))
    attention = Attention(
        network=tally.network,
        until=tally.observed_at,
        age=0,
        voices=tally.likes,
        reposts=tally.reposts,
        likes=tally.likes,
        method=tally.method,
        own=own,
    )
    return Candidate(paper=place.paper, archive=archive, announced_at=0, order=place.place, attention=(attention,))
