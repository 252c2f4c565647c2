"""Reads RSS, Atom and JSON feeds of any version, broken ones too, into entries. The only file that uses feedparser."""

from __future__ import annotations

import hashlib
import html
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin
from xml.parsers import expat

import feedparser
import msgspec

from hotpapers.base.errors import InputError, NetError
from hotpapers.base.model import storable_text
from hotpapers.base.text import timestamps
from hotpapers.base.untrusted_json import decode_json
from hotpapers.collect.sources.decoding import decode_or_none, refuse_page

MAX_ENTRIES = 500
MAX_FEED_BYTES = 10_000_000
"""Most bytes of a feed; larger ones are refused."""
MAX_BROKEN_FEED_BYTES = 300_000
"""Most bytes of a feed that is not well-formed XML: the time to repair it grows with the square of its length."""
MAX_CONTENT_CHARS = 200_000
"""Characters of an entry's content that are kept."""
MAX_OTHER_ADDRESSES = 20
"""Addresses per entry that are kept beside its own."""
MAX_FIELD_CHARS = 5_000
"""Characters of an entry's address, title and author that are kept."""

_SURROGATE = re.compile(
    rb"&#(?:x0*+d[89a-f][0-9a-f]{2}|0*+(?:5529[6-9]|55[3-9]\d\d|56\d{3}|57[0-2]\d\d|573[0-3]\d|5734[0-3]));?", re.I
)
"""References to lone surrogates, which make feedparser give up on the whole feed."""
_DATES = ("published", "updated")
_RELATIONS = ("enclosure", "related", "via", "alternate")
"""Links of an Atom entry to its subject, its source, its files. RSS's `<enclosure>` is among them."""


_DAY_IN_PATH = re.compile(r"/((?:19|20)\d\d)/(\d\d)/(\d\d)/")
_MAIL_ADDRESS = re.compile(r"[(<]?@?[^\s<>()@,]+@[^\s<>()@,]+[)>]?")
_IN_BRACKETS = re.compile(r"\((.*)\)")
_TEXT_TYPES = ("text/", "application/xhtml", "application/xml", "html", "xhtml")
_HAS_ELEMENT = re.compile(
    r"</?(?:a|abbr|article|aside|b|blockquote|body|br|center|cite|code|dd|del|details|div|dl|dt|em|figure|figcaption|font"
    r"|footer|h[1-6]|head|header|hr|html|i|iframe|img|ins|kbd|li|main|mark|math|nav|ol|p|picture|pre|q|s|section|small"
    r"|span|strong|style|sub|summary|sup|svg|table|tbody|td|th|thead|time|tr|tt|u|ul|var|video|wbr)(?:\s[^<>]*)?/?>|<!--",
    re.IGNORECASE,
)
"""An element of HTML: a text without any, such as `m<M and p>q`, is plain."""


class FeedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a feed. `id`: the feed's own, or made from link and title if it gives none. `published`: µs UTC.
    `elsewhere`: what the entry is about or brings along: the page that an entry of a link blog points to, enclosures.
    `base`: what addresses in its content are relative to, if the feed says so.

    `title` and `content` are HTML. A feed's dates are only its author's claims.
    """

    id: str
    link: str = ""
    title: str = ""
    author: str = ""
    content: str = ""
    published: int | None = None
    language: str = "und"
    elsewhere: tuple[str, ...] = ()
    base: str = ""


def feed_entries(body: bytes, headers: Mapping[str, str], url: str) -> Iterator[FeedEntry]:
    """The entries of a feed, in its order. Raises NetError if it is not a feed at all."""
    if len(body) > MAX_FEED_BYTES:
        raise NetError(f"{url}: a feed of {len(body):,} bytes; at most {MAX_FEED_BYTES:,} are read")
    refuse_page(body, url, "not a feed")
    if body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        try:
            # as text, or invalid UTF-8 would only cost the fields with it
            feed = decode_json(body.removeprefix(b"\xef\xbb\xbf").decode(), _JsonFeed)
        except (InputError, UnicodeError) as problem:
            raise NetError(f"{url}: not a JSON feed: {problem}") from problem
        items = (decode_or_none(raw, _JsonItem) for raw in feed.items)
        yield from _latest(_json_entry(item, feed, url) for item in items if item)
        return
    document = _parse(body, headers, url)
    if not document.get("version") and not document.entries:
        raise NetError(f"{url}: not a feed")
    language = str(document.feed.get("language") or "und")
    if str(document.get("version")).startswith("atom"):
        authors = _authors(document.feed)
    else:
        authors = ""
    yield from _latest(_entry(entry, url, language, authors) for entry in document.entries)


def _latest(entries: Iterable[FeedEntry]) -> list[FeedEntry]:
    """The latest entries, as some feeds begin with the oldest; in the feed's order if it has not too many."""
    entries = list(entries)
    if len(entries) > MAX_ENTRIES:
        entries.sort(key=lambda entry: entry.published or 0, reverse=True)
    return entries[:MAX_ENTRIES]


def _parse(body: bytes, headers: Mapping[str, str], url: str) -> Any:
    """Run feedparser. It gets a stream: bytes that happen to be a file's name would be opened."""
    body = shorten_runs(body)
    try:
        truncated = cut_document(body)
    except InputError as problem:
        raise NetError(f"{url}: this feed cannot be read: {problem}") from problem
    if truncated is None and (len(body) > MAX_BROKEN_FEED_BYTES or not is_small(body)):
        raise NetError(f"{url}: {len(body):,} bytes of broken XML; at most {MAX_BROKEN_FEED_BYTES:,} are repaired")
    known_headers = {"content-type": headers["content-type"]} if "content-type" in headers else {}
    # without an address, or it would turn short ids such as t3_x into addresses
    stream = io.BytesIO(_SURROGATE.sub(b"&#xfffd;", body if truncated is None else truncated))
    try:
        return feedparser.parse(
            stream, response_headers=known_headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as problem:  # a broken feed can make feedparser raise anything
        raise NetError(f"{url}: this feed cannot be read: {type(problem).__name__}") from problem


def _entry(entry: Any, url: str, language: str, authors: str) -> FeedEntry:
    """An entry of a feed. `authors`: of those that name none (RFC 4287 §4.2.1)."""
    parts = [*entry.get("content", ()), entry.get("summary_detail")]
    contents = _contents(parts)
    base = next((_text_of(part.get("base")) for part in parts if part), "")
    link = _own_link(entry)
    title = _html(entry.get("title_detail"))[:MAX_FIELD_CHARS]
    return FeedEntry(
        id=_text_of(entry.get("id")) or made_id(link, title, contents[0]),
        link=urljoin_or_not(url, link),
        title=title,
        author=_authors(entry) or _authors(entry.get("source") or {}) or authors,
        content="\n".join(contents)[:MAX_CONTENT_CHARS],
        published=_first_date((*(_date(entry, name) for name in _DATES), _day_in(link))),
        language=_text_of(entry.get("language")) or language,
        elsewhere=_elsewhere(
            url, link, (part.get("href") for part in entry.get("links", ()) if part.get("rel") in _RELATIONS)
        ),
        base=urljoin_or_not(url, base),
    )


def _date(entry: Any, name: str) -> int | None:
    """A date by our own reading: feedparser takes 2020/03/11 for November, and the 30th of February for March."""
    return timestamps.parse_claimed(_text_of(dict.get(entry, name)))  # its own `get` takes one date for another


def _day_in(link: str) -> int | None:
    """The day in an address such as https://b.example/2020/03/01/note, of an entry without a date."""
    day = _DAY_IN_PATH.search(link)
    return timestamps.parse_iso("-".join(day.groups())) if day else None


def _elsewhere(url: str, link: str, addresses: Iterable[object]) -> tuple[str, ...]:
    """Addresses beside an entry's own link."""
    texts = filter(None, map(_text_of, addresses))
    others = dict.fromkeys(address for text in texts if (address := urljoin_or_not(url, text)) != link)
    return tuple(others)[:MAX_OTHER_ADDRESSES]


def _contents(parts: Iterable[Any]) -> list[str]:
    """The parts of an entry that are text, each once: content, and also the summary beside it. A part that is a
    reference (`src`) or in base64 has none."""
    readable = (part for part in parts if part and str(part.get("type") or "text/html").startswith(_TEXT_TYPES))
    texts = dict.fromkeys(map(_html, readable))
    return list(filter(None, texts)) or [""]


def _own_link(entry: Any) -> str:
    """The first alternate address: feedparser gives the last one."""
    links = (part for part in entry.get("links", ()) if part.get("rel") == "alternate" and part.get("href"))
    pages = sorted(links, key=lambda part: not str(part.get("type") or "text/html").startswith("text/html"))
    return _text_of(pages[0]["href"]) if pages else _text_of(entry.get("link"))


def _authors(entry: Any) -> str:
    """All authors of an entry, of whatever elements."""
    authors = [author for author in entry.get("authors", ()) if isinstance(author, dict)]
    names = [_text_of(author.get("name")) for author in authors]
    text = _text_of(entry.get("author"))
    if authors and authors[-1].get("email"):
        names[-1] = text  # feedparser cuts domains that end in more than four letters
    return _joined(names) or _joined([text])


def _joined(names: Iterable[str]) -> str:
    shown_names = dict.fromkeys(filter(None, map(_without_address, names)))
    return ", ".join(shown_names)[:MAX_FIELD_CHARS]


def _without_address(name: str) -> str:
    """`ada@moth.museum (Ada)` and `Ada <ada@moth.museum>` as Ada; an address alone stays."""
    if "@" not in name:
        return name
    parts = (part.strip(' "') for part in _MAIL_ADDRESS.sub(" ", name).split(","))
    return ", ".join(_IN_BRACKETS.sub(r"\1", part) if part.startswith("(") else part for part in parts if part) or name


def _first_date(moments: Iterable[int | None]) -> int | None:
    """The first date in whole seconds; programs write years up to 1970 if they know no date."""
    return next((timestamps.whole_seconds(at) for at in moments if at is not None and 0 < at <= timestamps.LAST), None)


def _text_of(value: object) -> str:
    return storable_text(value.strip()[:MAX_FIELD_CHARS]) if isinstance(value, str) else ""


def _html(part: Any) -> str:
    """A title or content as HTML; plain text is escaped to show the same."""
    text = str((part or {}).get("value") or "")
    value = storable_text(text)[:MAX_CONTENT_CHARS]
    if (part or {}).get("type") == "text/plain":
        return html.escape(value)
    return value if _HAS_ELEMENT.search(value) else value.replace("<", "&lt;")


def urljoin_or_not(url: str, link: str) -> str:
    """A link resolved against the feed's own address; unchanged if it cannot be an address."""
    try:
        return urljoin(url, link) if link else ""
    except ValueError:
        return link


def made_id(link: str, title: str, content: str) -> str:
    """An id for an entry without one, from its link and title, or from its content if both are empty."""
    text = f"{link}\n{title}" if link or title else content
    return "made:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


# ---- JSON Feed -----------------------------------------------------------------------------------------


class _JsonFeed(msgspec.Struct):
    version: str
    items: list[msgspec.Raw]
    language: Any = ""
    author: Any = None
    authors: Any = None


class _JsonItem(msgspec.Struct):
    id: Any = None
    url: str = ""
    external_url: str = ""
    title: str = ""
    content_html: str = ""
    content_text: str = ""
    summary: str = ""
    date_published: str | int | float = ""
    date_modified: str | int | float = ""
    author: Any = None
    authors: Any = None
    attachments: Any = None
    language: str = ""


def _json_entry(item: _JsonItem, feed: _JsonFeed, url: str) -> FeedEntry:
    title = html.escape(_text_of(item.title))
    link = urljoin_or_not(url, _text_of(item.url) or _text_of(item.external_url))
    parts = [item.content_html, html.escape(item.content_text), html.escape(item.summary)]
    content = "\n".join(dict.fromkeys(filter(None, parts)))
    files = [file.get("url") for file in _objects(_list_of(item.attachments))]
    id = item.id
    return FeedEntry(
        id=_text_of(str(id)) if isinstance(id, str | int | float) and id != "" else made_id(link, title, content),
        link=link,
        title=title,
        author=_json_authors(item) or _json_authors(feed),
        content=storable_text(content[:MAX_CONTENT_CHARS]),
        published=_first_date(
            timestamps.parse_claimed(str(date)[:MAX_FIELD_CHARS].strip())
            for date in (item.date_published, item.date_modified)
        ),
        language=_text_of(item.language) or _text_of(feed.language) or "und",
        elsewhere=_elsewhere(url, link, [item.external_url, *files]),
    )


def _json_authors(part: _JsonItem | _JsonFeed) -> str:
    authors = _objects([*_list_of(part.authors), part.author])
    return _joined(_text_of(author.get("name")) for author in authors)


MAX_LISTED = 100
"""Authors and files of an entry of a JSON feed that are read."""


def _list_of(value: object) -> list[Any]:
    return value[:MAX_LISTED] if isinstance(value, list) else []


def _objects(values: Iterable[object]) -> Iterator[dict[str, Any]]:
    return (value for value in values if isinstance(value, dict))


# ---- XML, cut down ------------------------------------------------------------------------------------

# Untrusted XML, before it reaches a parser that takes quadratic time for some input. Expat, always linear, goes
# first. Where a feed exceeds the limits, everything before the entry that exceeds them is kept, and the open elements
# are closed.

MAX_XML_PARTS = 30_000
"""Most elements and attributes of a feed that are read: 500 entries of 60."""
MAX_ATTRIBUTES = 200
MAX_XML_DEPTH = 100
MAX_TEXT_CHARS = 1_000_000
"""Most characters in an element without another element in between."""
MAX_ENTRY_OFFSET = 5_000_000
"""An entry must begin within this many bytes to be read."""
MAX_ENTITIES = 300
ENTRIES = ("item", "entry")

# Only from the start of a run: from every place in it, runs that are just too short would take a minute.
_BLANKS = re.compile(rb"(?<!\s)\s{1000,}")
_WORD = re.compile(rb"(?<![\w.+-])([\w.+-]{2000})[\w.+-]+", re.ASCII)
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def shorten_runs(body: bytes) -> bytes:
    """Shorten runs of thousands of spaces or letters, on which feedparser's regular expressions take quadratic time.

    UTF-16 is converted to UTF-8 first, to find these runs.
    """
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        body = _XML_DECLARATION.sub("", body.decode("utf-16", "replace")).encode("utf-8", "replace")
    return _WORD.sub(rb"\1", _BLANKS.sub(b" ", body)).lstrip()


def is_small(body: bytes) -> bool:
    """Whether broken markup has few enough parts to repair quickly."""
    return body.count(b"<") + body.count(b"=") <= MAX_XML_PARTS


def cut_document(body: bytes) -> bytes | None:
    """The document, cut where it exceeds the limits; None if it is not well-formed. Raises InputError if that is
    before the end of the first entry."""
    size_check = _SizeCheck()
    try:
        size_check.parser.Parse(body, True)
    except _TooMuch:
        return size_check.truncated(body)
    except (expat.ExpatError, ValueError, LookupError):
        return None
    return body


class _TooMuch(Exception):
    """A limit is exceeded at this place."""


class _Entry(NamedTuple):
    """Where an entry begins, and the elements around it."""

    start: int
    within: tuple[str, ...]


class _SizeCheck:
    """Goes through a document and stops where a limit is exceeded."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._entry: _Entry | None = None
        self._entries = self._parts = self._text = self._entities = 0
        self.parser: Any = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._check_text
        self.parser.AttlistDeclHandler = _refuse
        self.parser.EntityDeclHandler = self._check_entities

    def truncated(self, body: bytes) -> bytes:
        """Everything before the entry in which it stopped, with end tags for all elements open there."""
        if self._entry is None or not self._entries:
            raise InputError("too much data in or before the first entry")
        names = reversed(self._entry.within)
        ends = "".join(f"</{name}>" for name in names)
        return body[: self._entry.start] + ends.encode()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        is_in_entry = self._entry is not None and len(self._open) > len(self._entry.within)
        if name.rpartition(":")[2].lower() in ENTRIES and not is_in_entry:
            self._entry = _Entry(self.parser.CurrentByteIndex, tuple(self._open))
            self._stop_if(self._entry.start > MAX_ENTRY_OFFSET)
        self._open.append(name)
        self._parts += 1 + len(attributes)
        self._text = 0
        self._stop_if(
            self._parts > MAX_XML_PARTS or len(attributes) > MAX_ATTRIBUTES or len(self._open) > MAX_XML_DEPTH
        )

    def _end(self, name: str) -> None:
        self._open.pop()
        self._text = 0
        if self._entry and len(self._open) == len(self._entry.within):
            self._entries += 1

    def _check_text(self, text: str) -> None:
        self._text += len(text)
        self._stop_if(self._text > MAX_TEXT_CHARS)

    def _check_entities(self, *declared: object) -> None:
        self._entities += 1
        self._stop_if(self._entities > MAX_ENTITIES)

    def _stop_if(self, is_too_much: bool) -> None:
        if is_too_much:
            raise _TooMuch


def _refuse(*declared: object) -> None:
    raise _TooMuch
