"""Checks every link of a site: of pages, styles, feeds and sitemaps, with their anchors.

A site is a function from an address to its content; `folder_site` makes one of a published folder as a static host
serves it, below any path.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

ORIGIN = "https://papers.example"


class Answer(NamedTuple):
    """What an address answers: `status`, `type` by the ending of its file, content."""

    status: int
    type: str
    body: bytes


Site = Callable[[str], Answer]
NOT_FOUND = Answer(404, "html", b"")


class _Page(HTMLParser):
    """The links and anchors of a page; `base` elements are not allowed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        assert tag != "base"
        self.anchors.update(values[name] for name in ("id", "name") if name in values)
        self.links += [values[name] for name in ("href", "src", "data", "poster") if values.get(name)]
        if tag == "form" and values.get("method", "get").lower() == "get":
            self.links.append(values.get("action", ""))
        if values.get("property", "").startswith("og:") and values.get("content", "").startswith("http"):
            self.links.append(values["content"])


def links_of(answer: Answer) -> Iterator[str]:
    """The links of a page, a style, a feed or a sitemap."""
    text = answer.body.decode("utf-8", "replace")
    if answer.type == "html":
        yield from _Page(text).links
    elif answer.type == "css":
        yield from re.findall(r"url\(['\"]?([^)'\"]+)", text)
    elif answer.type == "json" and '"https://jsonfeed.org/' in text:
        yield from _links_of_json(json.loads(text))
    elif answer.type in ("atom", "rss", "xml"):
        yield from _links_of_xml(ET.fromstring(answer.body))


def _links_of_json(feed: dict[str, object]) -> Iterator[str]:
    items = feed["items"]
    assert isinstance(items, list)
    for part in (feed, *items):
        yield from (part[name] for name in ("home_page_url", "feed_url", "url") if part.get(name))
        yield from _Page(part.get("content_html", "")).links


def _links_of_xml(root: ET.Element) -> Iterator[str]:
    for element in root.iter():
        name, text = element.tag.rpartition("}")[2], element.text or ""
        if name in ("link", "loc"):
            yield element.get("href") or text
        elif name in ("content", "encoded", "description", "summary"):
            yield from _Page(text).links


def anchors_of(answer: Answer) -> set[str]:
    return _Page(answer.body.decode("utf-8", "replace")).anchors if answer.type == "html" else set()


def broken_links(site: Site, starts: Iterable[str], own: tuple[str, ...] = (ORIGIN,)) -> tuple[list[str], set[str]]:
    """Follows all links from some addresses within a site, whose addresses begin like one of `own`. Returns those that
    lead nowhere, and all addresses that were found."""
    waiting, broken = list(starts), list[str]()
    anchors = dict[str, set[str]]()
    fragments = list[tuple[str, str, str]]()
    while waiting:
        address = waiting.pop()
        if address in anchors:
            continue
        answer = site(address)
        anchors[address] = anchors_of(answer)
        if answer.status != 200:
            broken.append(f"{address}: {answer.status}")
            continue
        for link in links_of(answer):
            target, anchor = urldefrag(urljoin(address, link))
            if urlsplit(target).scheme not in ("http", "https", "mailto"):
                broken.append(f"{address} links to {link}")
            elif target.startswith(own):
                fragments.append((address, target, unquote(anchor)))
                waiting.append(target)
    broken += [f"{address} links to {target}#{anchor}" for address, target, anchor in fragments if anchor and anchor not in anchors[target]]  # fmt: skip # noqa: E501
    return broken, set(anchors)


def folder_site(folder: Path, below: str = "/") -> Site:
    """A folder as a static host serves it below a path: folders by their index.html, anything else by 404.html."""

    def answer(address: str) -> Answer:
        path = unquote(urlsplit(address).path)
        file = folder / path.removeprefix(below)
        if not path.startswith(below) or (file.is_dir() and not path.endswith("/")):
            return NOT_FOUND
        file = file / "index.html" if file.is_dir() else file
        return Answer(200, file.suffix[1:], file.read_bytes()) if file.is_file() else NOT_FOUND

    return answer


def broken_in_folder(folder: Path, below: str = "/") -> list[str]:
    """What is broken in a published folder: every file is read, and 404.html as shown at three depths."""
    site = folder_site(folder, below)

    def with_missing(address: str) -> Answer:
        if address.endswith("/no-such-page"):
            return Answer(200, "html", (folder / "404.html").read_bytes())
        return site(address)

    files = [f"{ORIGIN}{below}{path.relative_to(folder)}" for path in sorted(folder.rglob("*")) if path.is_file()]
    missing = [f"{ORIGIN}{below}{depth}no-such-page" for depth in ("", "2021-01-14/", "a/b/c/")]
    starts = [f"{ORIGIN}{below}", *(file for file in files if not file.endswith("/404.html"))]
    return broken_links(with_missing, starts + missing * (folder / "404.html").is_file())[0]
