"""arXiv's formats with papers and announcements: daily feeds, API, OAI-PMH; our own for facts from its pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Literal, NamedTuple
from xml.etree.ElementTree import Element

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.model import Announcement, AnnouncementType, Coverage, CoverageState, Item, Paper, RawPayload
from hotpapers.base.papers import arxiv
from hotpapers.base.papers.arxiv import ArxivId
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.base.papers.categories import archive_of
from hotpapers.collect.sources.arxiv import paper_items, xml
from hotpapers.collect.sources.arxiv.cursor_state import id_rank

# ---- daily feeds --------------------------------------------------------------------------------------

# arXiv's daily feeds, RSS or Atom: what was announced in an archive or a category on one day.
#
# https://info.arxiv.org/help/rss_specifications.html. An item's type is relative to the feed: `cross` means newly
# listed *there*. Feeds leave out replacements from the sixth version on, and changes to the abstract alone. They end
# silently after 2,000 items, replacements last. On days without an announcement, the feed is dated and empty.

FULL_FEED = 2000
"""Most items of a feed: one with this many may have been cut."""

TYPES: dict[str, AnnouncementType] = {
    "new": "new",
    "cross": "cross",
    "replace": "replacement",
    "replace-cross": "replacement",
}


class DailyFeed(NamedTuple):
    """One day's feed: its date in New York, its items, and the raw items that could not be read. `name`: of its archive
    or category; `at`: when it was read."""

    date: date
    items: tuple[DailyFeedEntry, ...]
    unreadable: tuple[bytes, ...]
    name: str = ""
    at: int = 0


class DailyFeedEntry(NamedTuple):
    """An item: its announcement, and its raw body."""

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


def parse_feed(data: bytes) -> DailyFeed:
    """Split a feed into its items. Raises InputError, also for a feed that reports an error."""
    channel, bodies = xml.split_pieces(data, "item")
    if channel.tag == "feed":
        channel, bodies = xml.split_pieces(data, "entry")
    elif channel.tag != "rss":
        raise InputError(f"not arXiv's feed: <{channel.tag[:40]}>")
    if _text(channel, "title").startswith("Feed error"):
        raise InputError(f"arXiv's feed: {_text(channel, 'description') or _text(channel, 'subtitle')}"[:300])
    published_on = paper_items.day_of(_text(channel, "pubDate") or _text(channel, "updated"))
    items = []
    unreadable = []
    for body in bodies:
        try:
            item = xml.parse(body)
            arxiv_id, kind = _announced_id(item)
            items.append(DailyFeedEntry(arxiv_id.id, arxiv_id.version, kind, _feed_categories(item), _day(item), body))
        except InputError:
            unreadable.append(body)
    return DailyFeed(published_on, tuple(items), tuple(unreadable))


def _text(tree: Element, name: str) -> str:
    """The text of an RSS channel's or an Atom feed's own element."""
    return xml.text_at(tree, f"channel/{name}") or xml.text_at(tree, name)


def _announced_id(item: Element) -> tuple[ArxivId, AnnouncementType]:
    kind = TYPES.get(xml.text_at(item, "announce_type"))
    if kind is None:
        raise InputError(f"arXiv's feed: unknown type {xml.text_at(item, 'announce_type')[:40]!r}")
    text = xml.text_at(item, "guid")
    return paper_items.parse_identifier(text or xml.text_at(item, "id")), kind


def _feed_categories(item: Element) -> tuple[str, ...]:
    """The primary category first."""
    return tuple((element.get("term") or element.text or "").strip() for element in item.iterfind("category"))


def _day(item: Element) -> str:
    text = xml.text_at(item, "pubDate")
    return days.label_of(paper_items.day_of(text or xml.text_at(item, "published")))


def read_feed_item(item: Element, feed: str, at: int) -> list[Item]:
    """An item's paper, and its announcement in the archive or category of the feed. Raises InputError."""
    arxiv_id, kind = _announced_id(item)
    summary = item.findtext("description") or item.findtext("summary") or ""
    paper = paper_items.build_paper(
        arxiv_id,
        at,
        title=xml.text_at(item, "title"),
        authors=paper_items.author_names(item.findtext("creator") or ""),
        categories=_feed_categories(item),
        abstract=summary.partition("\nAbstract: ")[2] or summary,
        doi=item.findtext("DOI"),
        journal=item.findtext("journal_reference"),
    )
    return [paper, build_announcement(arxiv_id, feed, _day(item), kind, at)]


def build_announcement(arxiv_id: ArxivId, category: str, day: str, kind: AnnouncementType, at: int) -> Announcement:
    """A paper in arXiv's listing of a day."""
    paper = arxiv.key(arxiv_id.id)
    return Announcement(
        paper=paper,
        day=day,
        category=category,
        type=kind,
        announced_at=days.announced_at(day),
        version=arxiv_id.version,
        observed_at=at,
    )


# ---- the API ------------------------------------------------------------------------------------------

# arXiv's query API: the metadata of papers by identifier.
#
# https://info.arxiv.org/help/api/user-manual.html. The API silently leaves out unknown identifiers, so results are
# compared with what was asked for. It answers a single malformed one with an entry titled Error.

API_ERROR = "api/errors#"


class ApiPaper(NamedTuple):
    """A paper from the API: its identifier, its raw entry, the version that the entry describes, and whether it has all
    that every paper has: at times the API leaves out a title or more."""

    id: str
    body: bytes
    version: int | None
    is_complete: bool


def api_params(ids: Collection[str]) -> dict[str, str]:
    """The parameters of a request for papers."""
    return {"id_list": ",".join(ids), "max_results": str(len(ids))}


def parse_api(data: bytes) -> list[ApiPaper]:
    """Split a response into its entries. Raises InputError, also for an entry that reports an error."""
    feed, bodies = xml.split_pieces(data, "entry")
    if feed.tag != "feed":
        raise InputError(f"not arXiv's API: <{feed.tag[:40]}>")
    papers = []
    for body in bodies:
        entry = xml.parse(body)
        arxiv_id = _api_id(entry)
        texts = (xml.text_at(entry, "title"), xml.text_at(entry, "summary"))
        has_texts = all(map(paper_items.clean_text, texts))
        is_complete = has_texts and bool(_api_categories(entry))
        is_complete = is_complete and any(map(paper_items.is_name, _api_authors(entry)))
        papers.append(ApiPaper(arxiv_id.id, body, arxiv_id.version, is_complete))
    return papers


def _api_id(entry: Element) -> ArxivId:
    address = xml.text_at(entry, "id")
    if API_ERROR in address:
        raise InputError(f"arXiv's API: {xml.text_at(entry, 'summary')[:200]}")
    return paper_items.parse_identifier(address)


def read_api(entry: Element, at: int) -> Paper:
    """An entry's paper: the current version unless another was requested. Without a title, it is called by its
    identifier. Raises InputError."""
    arxiv_id = _api_id(entry)
    return paper_items.build_paper(
        arxiv_id,
        at,
        title=paper_items.clean_text(xml.text_at(entry, "title")) or f"arXiv:{arxiv_id.id}",
        authors=_api_authors(entry),
        categories=_api_categories(entry),
        abstract=entry.findtext("summary"),
        comment=entry.findtext("comment"),
        doi=entry.findtext("doi"),
        journal=entry.findtext("journal_ref"),
        published_at=paper_items.parse_moment(entry.findtext("published")),
        updated_at=paper_items.parse_moment(entry.findtext("updated")),
    )


def _api_authors(entry: Element) -> list[str]:
    return [xml.text_at(author, "name") for author in entry.iterfind("author")]


def _api_categories(entry: Element) -> list[str]:
    """The primary category first."""
    elements = [*entry.iterfind("primary_category"), *entry.iterfind("category")]
    return [term for element in elements if (term := element.get("term", ""))]


# ---- OAI-PMH ------------------------------------------------------------------------------------------

# arXiv's OAI-PMH: records by the date of their last change, with the submission time of every version.
#
# https://info.arxiv.org/help/oa/index.html, https://www.openarchives.org/OAI/openarchivesprotocol.html. The datestamp
# is not the announcement day: an old paper appears again when its journal is added. So the day is estimated from the
# time of the first submission. Whether the paper belongs to the missed days follows from its identifier, as arXiv
# assigns numbers in rising order at the announcement (`MissedDays`).

NOTHING = "noRecordsMatch"
STALE = "badResumptionToken"
"""Error codes that are not failures: nothing changed that day; start the day over."""


class OaiRecords(NamedTuple):
    """Part of a list: raw records with their identifiers; the token to continue; or arXiv's error and its message."""

    records: tuple[tuple[str, bytes], ...] = ()
    token: str = ""
    error: str = ""
    message: str = ""


def parse_oai(data: bytes) -> OaiRecords:
    """Split a response into its records. Raises InputError."""
    response, bodies = xml.split_pieces(data, "record")
    if response.tag != "OAI-PMH":
        raise InputError(f"not OAI-PMH: <{response.tag[:40]}>")
    error = response.find("error")
    if error is not None:
        message = (error.text or "").strip()[:200]
        return OaiRecords(error=error.get("code", "unknown"), message=message)
    texts = (xml.text_at(element, ".") for element in response.iter("resumptionToken"))
    token = next(texts, "")
    return OaiRecords(tuple((xml.text_at(xml.parse(body), "header/identifier"), body) for body in bodies), token)


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
        if (self.after and id_rank(arxiv_id.id) <= id_rank(self.after)) or (
            self.before and id_rank(arxiv_id.id) >= id_rank(self.before)
        ):
            return ""
        day = days.announced_for(submitted, self.holidays.split(","))
        if self.after:
            day = max(day, self.first)  # arXiv held it back
        return day if self.first <= day <= self.last else ""


def read_oai(record: Element, context: Mapping[str, str], at: int) -> list[Item]:
    """A record's paper, and its announcements in a gap (`context`: the gap's fields). Raises InputError."""
    header = record.find("header")
    if header is not None and header.get("status") == "deleted":
        return []
    metadata = record.find("metadata")
    if metadata is None or len(metadata) != 1 or metadata[0].tag not in ("arXiv", "arXivRaw", "arXivOld"):
        raise InputError("OAI-PMH: a record in an unknown format")
    tree = metadata[0]
    versions = tree.findall("version")
    version = paper_items.latest_version([element.get("version", "") for element in versions])
    arxiv_id = ArxivId(paper_items.parse_identifier(xml.text_at(tree, "id")).id, version)
    # when each version was submitted; in format arXiv, the days of the first and the last one
    texts = [xml.text_at(element, "date") for element in versions]
    dates = texts or [
        xml.text_at(tree, "created"),
        xml.text_at(tree, "updated"),
    ]
    moments = [at for at in map(paper_items.parse_moment, dates) if at is not None]
    # the last version is empty, as only a withdrawn paper's is; a version made of HTML pages has no size either
    is_withdrawn = (
        bool(versions) and xml.text_at(versions[-1], "size") == "0kb" and not xml.text_at(versions[-1], "source_type")
    )
    paper = paper_items.build_paper(
        arxiv_id,
        at,
        title=xml.text_at(tree, "title"),
        authors=_authors(tree),
        categories=xml.text_at(tree, "categories").split(),
        abstract=tree.findtext("abstract"),
        comment=xml.text_at(tree, "comments"),
        is_withdrawn=is_withdrawn,
        doi=tree.findtext("doi"),
        journal=tree.findtext("journal-ref"),
        published_at=moments[0] if moments else None,
        updated_at=moments[-1] if moments else None,
    )
    return [paper, *(_announcements(arxiv_id, paper.categories, moments, context, at) if context and moments else ())]


def _authors(tree: Element) -> Iterator[str]:
    if tree.find("authors/author") is None:
        yield from paper_items.author_names(xml.text_at(tree, "authors"))
    for author in tree.iterfind("authors/author"):
        texts = (xml.text_at(author, part) for part in ("forenames", "keyname", "suffix"))
        yield " ".join(filter(None, texts))


def _announcements(
    arxiv_id: ArxivId, categories: tuple[str, ...], moments: list[int], context: Mapping[str, str], at: int
) -> Iterator[Announcement]:
    """Announcements in the primary archive: new on the estimated day, and each later version as a replacement."""
    gap = MissedDays(**context)
    archive = archive_of(categories[0]) if categories else ""
    new = gap.day_of(arxiv_id, moments[0])
    if new:
        yield build_announcement(ArxivId(arxiv_id.id, 1), archive, new, "new", at)
    for number, submitted in enumerate(moments[1:], 2):
        day = days.announced_for(submitted, gap.holidays.split(","))
        if gap.first <= day <= gap.last and day != new:
            version = number if arxiv_id.version else None  # not every format numbers them
            yield build_announcement(ArxivId(arxiv_id.id, version), archive, day, "replacement", at)


# ---- facts from pages ---------------------------------------------------------------------------------

# Facts from arXiv's pages that have no XML element of their own to keep: stored as our own JSON.

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
    body = msgspec.json.encode(fact)
    key = f"{fact.category}/{fact.day}/{fact.paper}"
    return RawPayload("listed", key, body, at)


def day_payload(day: str, state: State, lacks: Iterable[str], at: int) -> RawPayload:
    """A day's completeness as a payload."""
    day_fact = DayFact(day=day, state=state, lacks=tuple(lacks))
    return RawPayload("day", day, msgspec.json.encode(day_fact), at)


def read_announcement(body: bytes, at: int) -> Announcement:
    """The announcement in a ListedFact. Raises ValueError."""
    fact = msgspec.json.decode(body, type=ListedFact)
    arxiv_id = ArxivId(fact.paper, fact.version)
    return build_announcement(arxiv_id, fact.category, fact.day, fact.type, at)


def read_coverage(body: bytes, at: int) -> Coverage:
    """How a day's announcement was read, naming what is missing. Its span is the evening of the announcement, so
    `from_at` is announcement_days.announced_at(day). Raises ValueError."""
    fact = msgspec.json.decode(body, type=DayFact)
    states = {"read": NOT_COMPARED, "empty": days.NOTHING, "harvested": ESTIMATED}
    reasons = [*([states[fact.state]] if fact.state in states else []), *fact.lacks]
    state: CoverageState = "partial" if fact.lacks or fact.state in ("read", "harvested") else "complete"
    reason = "; ".join(reasons)[:500]
    from_at = days.announced_at(fact.day)
    until_at = days.closes_at(fact.day)
    return Coverage(
        network=NETWORK,
        from_at=from_at,
        until_at=until_at,
        state=state,
        reason=reason,
        observed_at=at,
    )
