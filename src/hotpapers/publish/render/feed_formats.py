"""A feed as Atom, RSS 2.0 or JSON Feed. Pure; text is escaped as each format requires."""

from __future__ import annotations

import html
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any, NamedTuple

from hotpapers import __version__
from hotpapers.base.ids import timestamps
from hotpapers.base.ids.timestamps import rfc3339

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
ET.register_namespace("atom", ATOM)
ET.register_namespace("dc", DC)
ET.register_namespace("content", CONTENT)

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not allow (§2.2)."""


class FeedItem(NamedTuple):
    """One entry. Times in µs UTC; `html` is safe to embed; `url` may be empty. `page`: the page's path on the site."""

    id: str
    title: str
    url: str
    published: int
    updated: int
    html: str
    text: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    page: str = ""


class FeedDocument(NamedTuple):
    """A feed. `home`: the site's address, `own`: the feed's; both may be empty. `updated`: µs UTC, 0 for never.
    `note`: a notice for readers of the whole feed. `to_root`: the path from the feed to the site's folder."""

    id: str
    title: str
    home: str
    own: str
    updated: int
    contact: str
    items: tuple[FeedItem, ...]
    note: str = ""
    to_root: str = ""


def atom(feed: FeedDocument) -> bytes:
    """RFC 4287. Without the site's address, links are relative (§4.2.7.1): for an entry without any link, readers take
    its id as one."""
    root = ET.Element("feed", xmlns=ATOM)
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    if feed.note:
        _add(root, "subtitle", feed.note)
    _add(root, "updated", rfc3339(feed.updated))
    _add(_add(root, "author"), "name", feed.title)
    _add(root, "generator", "Hot Papers", version=__version__)
    _links(
        root,
        ("self", feed.own, "application/atom+xml"),
        ("alternate", feed.home or f"{feed.to_root}index.html", "text/html"),
    )
    for item in feed.items:
        _atom_entry(_add(root, "entry"), item, feed.to_root)
    return _xml(root)


def _atom_entry(entry: ET.Element, item: FeedItem, to_root: str) -> None:
    _add(entry, "id", item.id)
    _add(entry, "title", item.title)
    _add(entry, "published", rfc3339(item.published))
    _add(entry, "updated", rfc3339(item.updated))
    _links(entry, ("alternate", item.url or f"{to_root}{item.page}", "text/html"))
    for author in item.authors:
        _add(_add(entry, "author"), "name", author)
    for category in item.categories:
        _add(entry, "category", term=category)
    if item.text:
        _add(entry, "summary", item.text)
    _add(entry, "content", item.html, type="html")


def rss(feed: FeedDocument) -> bytes:
    """RSS 2.0, with authors as Dublin Core creators and full texts as content:encoded."""
    root = ET.Element("rss", version="2.0")
    channel = _add(root, "channel")
    _add(channel, "title", feed.title)
    _add(channel, "link", feed.home or feed.own or "https://arxiv.org/")
    _add(channel, "description", _as_html(feed.note or feed.title))
    _add(channel, "generator", f"Hot Papers {__version__}")
    _add(channel, "lastBuildDate", _rfc822(feed.updated))
    if feed.own:
        _add(channel, f"{{{ATOM}}}link", rel="self", href=feed.own, type="application/rss+xml")
    for item in feed.items:
        entry = _add(channel, "item")
        _add(entry, "title", item.title)
        if item.url:
            _add(entry, "link", item.url)
        _add(entry, "guid", item.id, isPermaLink="false")
        _add(entry, "pubDate", _rfc822(item.published))
        for author in item.authors:
            _add(entry, f"{{{DC}}}creator", author)
        for category in item.categories:
            _add(entry, "category", category)
        _add(entry, "description", _as_html(item.text or item.title))
        _add(entry, f"{{{CONTENT}}}encoded", item.html)
    return _xml(root)


def _as_html(text: str) -> str:
    """Plain text for a description, which feed readers treat as HTML."""
    return html.escape(text, quote=False)


def json_feed(feed: FeedDocument) -> bytes:
    """JSON Feed 1.1 (jsonfeed.org/version/1.1)."""
    document: dict[str, Any] = {"version": "https://jsonfeed.org/version/1.1", "title": feed.title, "language": "en"}
    optional = (("home_page_url", feed.home), ("feed_url", feed.own), ("description", feed.note))
    document |= {name: value for name, value in optional if value}
    document["items"] = [_json_item(item) for item in feed.items]
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _json_item(item: FeedItem) -> dict[str, Any]:
    item_document: dict[str, Any] = {
        "id": item.id,
        "title": item.title,
        "content_html": item.html,
        "date_published": rfc3339(item.published),
        "date_modified": rfc3339(item.updated),
    }
    optional = {
        "url": item.url,
        "summary": item.text,
        "tags": list(item.categories),
        "authors": [{"name": author} for author in item.authors],
    }
    return item_document | {name: value for name, value in optional.items() if value}


FORMATS: dict[str, Callable[[FeedDocument], bytes]] = {"atom": atom, "rss": rss, "json": json_feed}
"""By file extension."""


# ---- XML -------------------------------------------------------------------------------------------------


def _add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, tag, {name: _clean(value) for name, value in attributes.items()})
    if text:
        child.text = _clean(text)
    return child


def _links(parent: ET.Element, *links: tuple[str, str, str]) -> None:
    for rel, href, type in links:
        if href:
            _add(parent, "link", rel=rel, href=href, type=type)


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _xml(root: ET.Element) -> bytes:
    ET.indent(root, " ")
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def _rfc822(at: int) -> str:
    return format_datetime(timestamps.as_utc(at))
