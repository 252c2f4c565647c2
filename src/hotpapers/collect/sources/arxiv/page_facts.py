"""Facts from arXiv's pages that have no XML element of their own to keep: stored as our own JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from hotpapers.base import announcement_days as days
from hotpapers.base.ids.arxiv import ArxivId
from hotpapers.base.model import Announcement, AnnouncementType, Coverage, CoverageState, RawPayload
from hotpapers.collect.sources.arxiv import daily_feeds

NETWORK = "arxiv"
NOT_COMPARED = "not compared with arXiv's listing"
STALE_FEED = "arXiv's feed has another day's items"
ESTIMATED = "harvested later: days of announcement are estimates"


State = Literal["read", "checked", "empty", "harvested"]


class ListedFact(msgspec.Struct, frozen=True, kw_only=True):
    """A paper that is in a listing, or in another feed."""

    paper: str
    version: int | None = None
    category: str
    day: str
    type: AnnouncementType


class DayFact(msgspec.Struct, frozen=True, kw_only=True):
    """How completely a day was read: all its feeds are read; compared with the listing; empty; or harvested later.
    `lacks`: what is still missing, a line per archive."""

    day: str
    state: State
    lacks: tuple[str, ...] = ()


def listing_payload(fact: ListedFact, at: int) -> RawPayload:
    """A listed paper as a payload."""
    return RawPayload("listed", f"{fact.category}/{fact.day}/{fact.paper}", msgspec.json.encode(fact), at)


def day_payload(day: str, state: State, lacks: Iterable[str], at: int) -> RawPayload:
    """A day's completeness as a payload."""
    return RawPayload("day", day, msgspec.json.encode(DayFact(day=day, state=state, lacks=tuple(lacks))), at)


def read_announcement(body: bytes, at: int) -> Announcement:
    """The announcement in a ListedFact. Raises ValueError."""
    fact = msgspec.json.decode(body, type=ListedFact)
    return daily_feeds.announcement(ArxivId(fact.paper, fact.version), fact.category, fact.day, fact.type, at)


def read_coverage(body: bytes, at: int) -> Coverage:
    """How a day's announcement was read, naming what is missing. Its span is the evening of the announcement, so
    `from_at` is announcement_days.announced_at(day). Raises ValueError."""
    fact = msgspec.json.decode(body, type=DayFact)
    states = {"read": NOT_COMPARED, "empty": days.NOTHING, "harvested": ESTIMATED}
    reasons = [*([states[fact.state]] if fact.state in states else []), *fact.lacks]
    state: CoverageState = "partial" if fact.lacks or fact.state in ("read", "harvested") else "complete"
    return Coverage(
        network=NETWORK,
        from_at=days.announced_at(fact.day),
        until_at=days.closes_at(fact.day),
        state=state,
        reason="; ".join(reasons)[:500],
        observed_at=at,
    )
