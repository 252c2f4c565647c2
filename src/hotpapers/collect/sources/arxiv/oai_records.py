"""arXiv's OAI-PMH: records by the date of their last change, with the submission time of every version.

https://info.arxiv.org/help/oa/index.html, https://www.openarchives.org/OAI/openarchivesprotocol.html. The datestamp is
not the announcement day: an old paper appears again when its journal is added. So the day is estimated from the time of
the first submission. Whether the paper belongs to the missed days follows from its identifier, as arXiv assigns numbers
in rising order at the announcement (`MissedDays`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from xml.etree.ElementTree import Element

from hotpapers.base import announcement_days as days
from hotpapers.base.categories import archive_of
from hotpapers.base.errors import InputError
from hotpapers.base.ids.arxiv import ArxivId
from hotpapers.base.model import Announcement, Item
from hotpapers.collect.sources.arxiv import daily_feeds, paper_items, xml
from hotpapers.collect.sources.arxiv.cursor_state import rank

NOTHING, STALE = "noRecordsMatch", "badResumptionToken"
"""Error codes that are not failures: nothing changed that day; start the day over."""


class OaiRecords(NamedTuple):
    """Part of a list: raw records with their identifiers; the token to continue; or arXiv's error and its message."""

    records: tuple[tuple[str, bytes], ...] = ()
    token: str = ""
    error: str = ""
    message: str = ""


def parse(data: bytes) -> OaiRecords:
    """Split a response into its records. Raises InputError."""
    response, bodies = xml.pieces(data, "record")
    if response.tag != "OAI-PMH":
        raise InputError(f"not OAI-PMH: <{response.tag[:40]}>")
    error = response.find("error")
    if error is not None:
        return OaiRecords(error=error.get("code", "unknown"), message=(error.text or "").strip()[:200])
    token = next((xml.text(element, ".") for element in response.iter("resumptionToken")), "")
    return OaiRecords(tuple((xml.text(xml.parse(body), "header/identifier"), body) for body in bodies), token)


# ---- one record ------------------------------------------------------------------------------------------


class MissedDays(NamedTuple):
    """Missed announcement days, from `first` to `last`; new papers have numbers after `after` and before `before`
    (identifiers of the days around them, empty if unknown). `holidays`: additional ones, separated by commas."""

    first: str
    last: str
    after: str = ""
    before: str = ""
    holidays: str = ""

    def day_of(self, arxiv_id: ArxivId, submitted: int) -> str:
        """The missed day on which a paper was probably announced; empty if it was on another day."""
        if (self.after and rank(arxiv_id.id) <= rank(self.after)) or (
            self.before and rank(arxiv_id.id) >= rank(self.before)
        ):
            return ""
        day = days.announced_for(submitted, self.holidays.split(","))
        if self.after:
            day = max(day, self.first)  # arXiv held it back
        return day if self.first <= day <= self.last else ""


def read(record: Element, context: Mapping[str, str], at: int) -> list[Item]:
    """A record's paper, and its announcements in a gap (`context`: the gap's fields). Raises InputError."""
    header = record.find("header")
    if header is not None and header.get("status") == "deleted":
        return []
    metadata = record.find("metadata")
    if metadata is None or len(metadata) != 1 or metadata[0].tag not in ("arXiv", "arXivRaw", "arXivOld"):
        raise InputError("OAI-PMH: a record in an unknown format")
    tree = metadata[0]
    version = paper_items.latest_version([element.get("version", "") for element in tree.iterfind("version")])
    arxiv_id = ArxivId(paper_items.identifier(xml.text(tree, "id")).id, version)
    moments = _moments(tree)
    paper = paper_items.paper(
        arxiv_id,
        at,
        title=xml.text(tree, "title"),
        authors=_authors(tree),
        categories=xml.text(tree, "categories").split(),
        abstract=tree.findtext("abstract"),
        comment=xml.text(tree, "comments"),
        is_withdrawn=_is_withdrawn(tree),
        doi=tree.findtext("doi"),
        journal=tree.findtext("journal-ref"),
        published_at=moments[0] if moments else None,
        updated_at=moments[-1] if moments else None,
    )
    return [paper, *(_announcements(arxiv_id, paper.categories, moments, context, at) if context and moments else ())]


def _moments(tree: Element) -> list[int]:
    """When each version was submitted; in format arXiv, the days of the first and the last one."""
    texts = [xml.text(element, "date") for element in tree.iterfind("version")] or [
        xml.text(tree, "created"),
        xml.text(tree, "updated"),
    ]
    return [at for at in map(paper_items.moment, texts) if at is not None]


def _authors(tree: Element) -> Iterator[str]:
    if tree.find("authors/author") is None:
        yield from paper_items.author_names(xml.text(tree, "authors"))
    for author in tree.iterfind("authors/author"):
        yield " ".join(filter(None, (xml.text(author, part) for part in ("forenames", "keyname", "suffix"))))


def _is_withdrawn(tree: Element) -> bool:
    """Whether the last version is empty, as only a withdrawn paper's is."""
    versions = tree.findall("version")
    # a version made of HTML pages has no size either
    return bool(versions) and xml.text(versions[-1], "size") == "0kb" and not xml.text(versions[-1], "source_type")


def _announcements(
    arxiv_id: ArxivId, categories: tuple[str, ...], moments: list[int], context: Mapping[str, str], at: int
) -> Iterator[Announcement]:
    """Announcements in the primary archive: new on the estimated day, and each later version as a replacement."""
    gap = MissedDays(**context)
    archive = archive_of(categories[0]) if categories else ""
    new = gap.day_of(arxiv_id, moments[0])
    if new:
        yield daily_feeds.announcement(ArxivId(arxiv_id.id, 1), archive, new, "new", at)
    for number, submitted in enumerate(moments[1:], 2):
        day = days.announced_for(submitted, gap.holidays.split(","))
        if gap.first <= day <= gap.last and day != new:
            version = number if arxiv_id.version else None  # not every format numbers them
            yield daily_feeds.announcement(ArxivId(arxiv_id.id, version), archive, day, "replacement", at)
