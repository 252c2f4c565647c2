"""Reads messages back: their words and links, from the text and from the HTML, with an independent parser."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import NamedTuple

VOID = {"meta", "hr", "br"}
ALLOWED = {
    "html": {"lang"}, "head": set(), "meta": {"charset", "name", "content"}, "title": set(), "body": {"style"},
    "div": {"style"}, "h1": {"style"}, "h2": {"style"}, "p": {"style"}, "a": {"href"}, "hr": set(), "style": set(),
}  # fmt: skip
"""The elements and attributes allowed in a message."""


class Content(NamedTuple):
    """The content of one form of a message: its words in order, without dots between them, and its link targets without
    fragments."""

    words: list[str]
    links: set[str]


def read(data: bytes) -> EmailMessage:
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def part(message: EmailMessage, subtype: str) -> str:
    body = message.get_body((subtype,))
    assert body is not None
    text = body.get_payload(decode=True)
    assert isinstance(text, bytes)
    return text.decode().replace("\r\n", "\n")


def _content(words: str, links: Iterable[str]) -> Content:
    return Content([word for word in words.split() if word != "·"], {link.partition("#")[0] for link in links})


def of_text(text: str) -> Content:
    """Addresses are in angle brackets after the text they belong to."""
    links = re.findall(r"<((?:https?|mailto):[^<>\s]+)>", text)
    return _content(re.sub(r"<(?:https?|mailto):[^<>\s]+>", " ", text), links)


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.hidden: list[str] = []
        self.links: set[str] = set()
        self.open: list[str] = []
        self.is_hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, tag
        assert {name for name, _ in attrs} <= ALLOWED[tag], (tag, attrs)
        for name, value in attrs:
            if name == "href":
                self.links.add(value or "")
            if name == "style":
                assert not re.search(r"url\(|expression|@import|color", value or ""), value
        if tag not in VOID:
            self.open.append(tag)
            self.is_hidden = self.is_hidden or "display:none" in (dict(attrs).get("style") or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.is_hidden = self.is_hidden and tag != "div"

    def handle_data(self, data: str) -> None:
        if "body" in self.open:
            (self.hidden if self.is_hidden else self.words).append(data)
        elif "style" in self.open:
            assert not re.search(r"url\(|expression|@import|#fff|white", data), data

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    handle_comment = handle_pi = unknown_decl


def preheader(html: str) -> str:
    """What mail programs show beside the subject, and nobody sees in the message."""
    page = _Html()
    page.feed(html)
    return "".join(page.hidden).strip()


def of_html(html: str) -> Content:
    """What is seen. Strict: anything a message may not contain fails."""
    page = _Html()
    page.feed(html)
    page.close()
    assert not page.open
    return _content(" ".join(page.words), page.links)
