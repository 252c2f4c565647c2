"""Posts as pages show them: quoted with who, where and when; or as a link to where they are to be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from hotpapers.ids import timestamps
from hotpapers.model import Post, Quotation
from hotpapers.ranking import words
from hotpapers.view import phrases, site_paths

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
# Codes that networks still use and their names of today (IANA language subtag registry).
_NEW_CODES = {"in": "id", "iw": "he", "ji": "yi"}
# The host of an address, with or without the scheme: how posts write links.
_HOST = re.compile(r"(?:https?://)?((?:[\w-]+\.)+[^\W\d]{2,})(?=[/:?#]|\Z|…)", re.IGNORECASE)


class LinkedPiece(NamedTuple):
    """A piece of text, and where it leads; `url` is empty for plain text."""

    text: str
    url: str


class PostView(NamedTuple):
    """A post as a quotation. `key`: its own, by which it is reported."""

    key: str
    pieces: tuple[LinkedPiece, ...]
    lang: str
    dir: str
    who: str
    handle: str
    network: str
    day: str
    moment: str
    url: str


class PostLink(NamedTuple):
    """What leads to a post on its own network; `url` is empty where its address is not known."""

    text: str
    url: str
    day: str


class ElsewhereView(NamedTuple):
    """Posts of one network that are to be seen there alone."""

    head: str
    posts: tuple[PostLink, ...]


def quotations(rows: Sequence[Quotation]) -> tuple[PostView, ...]:
    """Those of some posts that have words to show."""
    return tuple(_post(quotation) for quotation in phrases.with_words(rows))


def elsewhere(rows: Sequence[Quotation]) -> tuple[ElsewhereView, ...]:
    """The others, by network."""
    return tuple(_elsewhere(network, posts) for network, posts in phrases.elsewhere(rows).items())


def _post(quotation: Quotation) -> PostView:
    post = quotation.post
    return PostView(key=phrases.one_line(post.post), pieces=pieces(post), **byline(post))


def byline(post: Post) -> dict[str, str]:
    """Who wrote a post, where and when, and how its words are written."""
    return {
        "lang": language(post.lang),
        "dir": "rtl" if post.rtl else "auto",
        "who": phrases.one_line(post.name or (f"@{post.handle}" if post.handle else "A post")),
        "handle": phrases.one_line(post.handle) if post.name else "",
        "network": phrases.one_line(words.network_name(post.network)),
        "day": phrases.day_name(timestamps.day_of(post.created_at)),
        "moment": timestamps.rfc3339(post.created_at),
        "url": site_paths.post_url(post),
    }


def _elsewhere(network: str, posts: Sequence[Post]) -> ElsewhereView:
    links = [
        PostLink(
            phrases.READ_THERE if len(posts) == 1 else str(number), site_paths.post_url(post),
            phrases.day_name(timestamps.day_of(post.created_at)),
        )
        for number, post in enumerate(posts, 1)
    ]  # fmt: skip
    return ElsewhereView(phrases.elsewhere_head(network, posts), tuple(links))


def language(code: str) -> str:
    """A network's language code as HTML wants it: `in` → `id`; `und` for what is none."""
    new_code = _NEW_CODES.get(code.lower(), code)
    return new_code if _LANGUAGE.fullmatch(new_code) else "und"


def pieces(post: Post) -> tuple[LinkedPiece, ...]:
    """The text of a post cut at its links; a link that leads nowhere safe, or overlaps one before it, is plain text."""
    result, at = [], 0
    for link in sorted(post.links, key=lambda link: link.start):
        if at <= link.start < link.end <= len(post.text) and site_paths.outside(link.target):
            label = post.text[link.start : link.end]
            result += [
                LinkedPiece(post.text[at : link.start], ""),
                LinkedPiece(label + disguise(label, link.target), link.target),
            ]
            at = link.end
    result.append(LinkedPiece(post.text[at:], ""))
    return tuple(LinkedPiece(phrases.shown(text), url) for text, url in result if text)


def disguise(text: str, target: str) -> str:
    """For a link whose words are the address of another host than it leads to: that host, to stand behind them."""
    text_host, target_host = _HOST.match(text.strip()), _HOST.match(target)
    if text_host is None or target_host is None or _bare_host(text_host[1]) == _bare_host(target_host[1]):
        return ""
    return f" [{target_host[1].lower()}]"


def _bare_host(host: str) -> str:
    return host.lower().removeprefix("www.")
