"""Which items of a day's feed are that day's, by the listing. arXiv has served feeds with the items of the day before
under the day's date; and items are withdrawn again, or are of another archive. Pure.

arXiv's feeds and listings come from the same table. Only two things are in a feed and rightly not in the listing's
section of the day: replacements; and cross-lists within an archive of papers that the listing has on an earlier day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from hotpapers.base.model import AnnouncementType
from hotpapers.collect.sources.arxiv.cursor_state import rank
from hotpapers.collect.sources.arxiv.daily_feeds import DailyFeedEntry
from hotpapers.collect.sources.arxiv.listing import ListingCount

MIN_NEW_PAPERS = 5
"""As many new papers, none with a number newer than those of the days before, are a feed of an earlier day: one of them
alone may have been held back."""

ItemId = tuple[str, AnnouncementType]


class FeedComparison(NamedTuple):
    """`accepted`: the items that are the day's. `is_stale`: the feed is another day's, at least in part, and lacks some
    of the day. `is_unsure`: the day's replacements could not be told from another day's."""

    accepted: frozenset[ItemId]
    is_stale: bool = False
    is_unsure: bool = False

    def accepts(self, item: DailyFeedEntry) -> bool:
        return (item.id, item.type) in self.accepted


def compare(
    items: Sequence[DailyFeedEntry],
    archive: str,
    day: str,
    listing: Mapping[str, ListingCount],
    last: str,
    replaced: Callable[[], frozenset[str] | None],
) -> FeedComparison:
    """Compare an archive's feed with its listing by day, which is empty if there is none. `last`: the greatest
    identifier announced before. `replaced`: asks for the papers that arXiv lists as replaced that day, None if it
    does not say; only called if the feed has items of another day."""
    every = frozenset((item.id, item.type) for item in items)
    announced = frozenset(item.id for item in items if item.type != "replacement")
    own_crosses = frozenset(item.id for item in items if item.type == "cross" and _is_within(item, archive))
    listed = listing.get(day)
    others = _others(announced, day, listing) - own_crosses
    lacks = listed is not None and not announced.issuperset(listed.papers)
    is_stale = bool(others) and (lacks or others == announced - own_crosses)
    if listed is None and not others:
        is_stale = _is_old(items, last)
        others = announced if is_stale else others
    elif lacks and not announced:
        is_stale = bool(items)
    if not others and not is_stale:
        return FeedComparison(every)
    in_listing = frozenset(listed.papers) if listed else frozenset[str]()
    others |= own_crosses - in_listing if is_stale else frozenset()
    confirmed = replaced()
    accepted = frozenset(
        (id, kind)
        for id, kind in every
        if (id not in others if kind != "replacement" else _is_replaced(id, confirmed, is_stale))
    )
    return FeedComparison(accepted, is_stale, is_unsure=confirmed is None and not is_stale)


def _others(announced: frozenset[str], day: str, listing: Mapping[str, ListingCount]) -> frozenset[str]:
    """The papers that the listing does not have on a day; if it has not come so far or names only some, those that it
    has on other days."""
    listed = listing.get(day)
    if listed is not None and listed.total <= len(listed.papers):
        return announced.difference(listed.papers)
    named = frozenset(listed.papers) if listed else frozenset[str]()
    elsewhere = frozenset(id for label, part in listing.items() if label != day for id in part.papers)
    return (announced & elsewhere) - named


def _is_within(item: DailyFeedEntry, archive: str) -> bool:
    primary = item.categories[0] if item.categories else ""
    return primary == archive or primary.startswith(f"{archive}.")


def _is_old(items: Sequence[DailyFeedEntry], last: str) -> bool:
    """Whether many papers are new, but none has a new number."""
    new = [item.id for item in items if item.type == "new"]
    return bool(last) and len(new) >= MIN_NEW_PAPERS and all(rank(id) <= rank(last) for id in new)


def _is_replaced(id: str, confirmed: frozenset[str] | None, is_stale: bool) -> bool:
    return not is_stale if confirmed is None else id in confirmed
