"""The posts that an entry shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from hotpapers.base.model import MAX_INTEGER, Place, Post, Publication
from hotpapers.issues import queries, quotations
from hotpapers.issues.quotations import CandidatePost, QuotationRule
from hotpapers.record.as_of import AsOfView
from hotpapers.record.database import slices
from hotpapers.record.item_rows import SPECS, StoredRow, read_with_commitments


def listed_under(view: AsOfView, places: Sequence[Place]) -> dict[str, list[StoredRow]]:
    """The posts that a listing shows, by paper. Only posts observed no earlier than the place count, as a corrected
    listing may show fewer."""
    if not places:
        return {}
    listed_posts = queries.listed_posts(view, places[0].publication, places[0].day)
    return {
        place.paper: [row for row in listed_posts.get(place.place, ()) if row.item.observed_at >= place.observed_at]
        for place in places
    }


def leading(
    view: AsOfView,
    publication: Publication,
    papers: Sequence[str],
    own_voices: Sequence[int],
    period: tuple[int, int] = (0, MAX_INTEGER),
    quoting: QuotationRule = quotations.BY_REACTIONS_ALONE,
) -> dict[str, list[CandidatePost]]:
    """The leading posts about each paper at the cut, made in a period: those with the most reactions, chosen
    by the quotation rule; one per account and text, and none that may not be quoted."""
    candidates: dict[str, list[CandidatePost]] = defaultdict(list)
    for batch in slices(papers):
        sql, params = queries.leading_posts_sql(view, publication, batch, own_voices, period)
        for paper, weight, voice, *row in view.database.iterate(sql, params):
            candidates[paper].append(CandidatePost(weight, voice, read_with_commitments(SPECS[Post], row)))
    return {paper: quoting.choose(paper, posts, publication.posts) for paper, posts in candidates.items()}
