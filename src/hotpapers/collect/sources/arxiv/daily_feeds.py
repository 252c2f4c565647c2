"""arXiv's daily feeds, RSS or Atom: what was announced in an archive or a category on one day.

https://info.arxiv.org/help/rss_specifications.html. An item's type is relative to the feed: `cross` means newly listed
*there*. Feeds leave out replacements from the sixth version on, and changes to the abstract alone. They end silently
after 2,000 items, replacements last. On days without an announcement, the feed is dated and empty.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from xml.etree.ElementTree import Element

from hotpapers.base import announcement_days as days
from hotpapers.base.errors import InputError
from hotpapers.base.ids import arxiv
from hotpapers.base.ids.arxiv import ArxivId
from hotpapers.base.model import Announcement, AnnouncementType, Item
from hotpapers.collect.sources.arxiv import paper_items, xml

FULL = 2000
"""Most items of a feed: one with this many may have been cut."""

TYPES: dict[str, AnnouncementType] = {
    "new": "new",
    "cross": "cross",
    "replace": "replacement",
    "replace-cross": "replacement",
}


class DailyFeed(NamedTuple):
    """One day's feed: its date in New York, its items, and the raw items that could not be read."""

    date: date
    items: tuple[DailyFeedEntry, ...]
    unreadable: tuple[bytes, ...]


class DailyFeedEntry(NamedTuple):
    """An item: what it announces, and its raw body."""

    id: str
    version: int | None
    type: AnnouncementType
    categories: tuple[str, ...]
    day: str
    body: bytes

    @property
    def versioned_id(self) -> str:
        """The announced version: `2101.04869v2`."""
        return f"{self.id}v{self.version}"


def parse(data: bytes) -> DailyFeed:
    """Split a feed into its items. Raises InputError, also for a feed that reports an error."""
    channel, bodies = xml.pieces(data, "item")
    if channel.tag == "feed":
        channel, bodies = xml.pieces(data, "entry")
    elif channel.tag != "rss":
        raise InputError(f"not arXiv's feed: <{channel.tag[:40]}>")
    if _text(channel, "title").startswith("Feed error"):
        raise InputError(f"arXiv's feed: {_text(channel, 'description') or _text(channel, 'subtitle')}"[:300])
    published_on = paper_items.day_of(_text(channel, "pubDate") or _text(channel, "updated"))
    items: list[DailyFeedEntry] = []
    unreadable: list[bytes] = []
    for body in bodies:
        try:
            item = xml.parse(body)
            arxiv_id, kind = _announced_id(item)
            items.append(DailyFeedEntry(arxiv_id.id, arxiv_id.version, kind, _categories(item), _day(item), body))
        except InputError:
            unreadable.append(body)
    return DailyFeed(published_on, tuple(items), tuple(unreadable))


def _text(tree: Element, name: str) -> str:
    """The text of an RSS channel's or an Atom feed's own element."""
    return xml.text(tree, f"channel/{name}") or xml.text(tree, name)


def _announced_id(item: Element) -> tuple[ArxivId, AnnouncementType]:
    kind = TYPES.get(xml.text(item, "announce_type"))
    if kind is None:
        raise InputError(f"arXiv's feed: unknown type {xml.text(item, 'announce_type')[:40]!r}")
    return paper_items.identifier(xml.text(item, "guid") or xml.text(item, "id")), kind


def _categories(item: Element) -> tuple[str, ...]:
    """The primary category first."""
    return tuple((element.get("term") or element.text or "").strip() for element in item.iterfind("category"))


def _day(item: Element) -> str:
    return days.label(paper_items.day_of(xml.text(item, "pubDate") or xml.text(item, "published")))


def read(item: Element, feed: str, at: int) -> list[Item]:
    """An item's paper, and its announcement in the archive or category of the feed. Raises InputError."""
    arxiv_id, kind = _announced_id(item)
    summary = item.findtext("description") or item.findtext("summary") or ""
    paper = paper_items.paper(
        arxiv_id,
        at,
        title=xml.text(item, "title"),
        authors=paper_items.author_names(item.findtext("creator") or ""),
        categories=_categories(item),
        abstract=summary.partition("\nAbstract: ")[2] or summary,
        doi=item.findtext("DOI"),
        journal=item.findtext("journal_reference"),
    )
    return [paper, announcement(arxiv_id, feed, _day(item), kind, at)]


def announcement(arxiv_id: ArxivId, category: str, day: str, kind: AnnouncementType, at: int) -> Announcement:
    """A paper in arXiv's listing of a day."""
    return Announcement(
        paper=arxiv.key(arxiv_id.id),
        day=day,
        category=category,
        type=kind,
        announced_at=days.announced_at(day),
        version=arxiv_id.version,
        observed_at=at,
    )
