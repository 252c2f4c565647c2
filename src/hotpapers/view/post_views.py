"""Posts as pages show them: quoted with author, network and date, or as a link."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from hotpapers.ids import timestamps
from hotpapers.model import Post, Quotation
from hotpapers.ranking import words
from hotpapers.view import phrases, site_paths

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
# Outdated codes that networks still use, and their replacements (IANA language subtag registry).
_NEW_CODES = {"in": "id", "iw": "he", "ji": "yi"}
# The host of an address, with or without the scheme, as posts write links.
_HOST = re.compile(r"(?:https?://)?((?:[\w-]+\.)+[^\W\d]{2,})(?=[/:?#]|\Z|…)", re.IGNORECASE)


class LinkedPiece(NamedTuple):
    """A piece of text and its link target; `url` is empty for plain text."""

    text: str
    url: str


class PostView(NamedTuple):
    """A post as a quotation. `key`: the post's key, used to report it."""

    key: str
    pieces: tuple[LinkedPiece, ...]
    lang: str
    dir: str
    author: str
    handle: str
    network: str
    day: str
    moment: str
    url: str


class PostLink(NamedTuple):
    """A link to a post on its own network; `url` is empty if its address is unknown."""

    text: str
    url: str
    day: str


class ElsewhereView(NamedTuple):
    """Posts of one network that can only be read there."""

    head: str
    posts: tuple[PostLink, ...]


def quotations(rows: Sequence[Quotation]) -> tuple[PostView, ...]:
    """The posts that have words to show."""
    posts = [quotation.post for quotation in phrases.with_words(rows)]
    return tuple(PostView(key=phrases.one_line(post.post), pieces=pieces(post), **byline(post)) for post in posts)


def elsewhere(rows: Sequence[Quotation]) -> tuple[ElsewhereView, ...]:
    """The other posts, by network."""
    return tuple(_elsewhere(network, posts) for network, posts in phrases.elsewhere(rows).items())


def byline(post: Post) -> dict[str, str]:
    """A post's author, network, date, language and text direction."""
    handle = phrases.one_line(words.handle_text(post.handle))
    return {
        "lang": language(post.lang),
        "dir": "rtl" if post.rtl else "auto",
        "author": phrases.one_line(post.name) or handle or "A post",
        "handle": handle if post.name else "",
        "network": phrases.one_line(words.network_name(post.network)),
        "day": phrases.day_name(timestamps.day_of(post.created_at)),
        "moment": timestamps.rfc3339(post.created_at),
        "url": site_paths.post_page(post.post),
    }


def _elsewhere(network: str, posts: Sequence[Post]) -> ElsewhereView:
    links = [
        PostLink(
            phrases.READ_THERE if len(posts) == 1 else str(number), site_paths.post_page(post.post),
            phrases.day_name(timestamps.day_of(post.created_at)),
        )
        for number, post in enumerate(posts, 1)
    ]  # fmt: skip
    return ElsewhereView(phrases.elsewhere_head(network, posts), tuple(links))


def language(code: str) -> str:
    """A network's language code as HTML expects it: `in` → `id`; `und` for anything invalid."""
    new_code = _NEW_CODES.get(code.lower(), code)
    return new_code if _LANGUAGE.fullmatch(new_code) else "und"


def pieces(post: Post) -> tuple[LinkedPiece, ...]:
    """The text of a post split at its links. Links that are unsafe or overlap an earlier one become plain text."""
    result, end = [], 0
    for link in sorted(post.links, key=lambda link: link.start):
        if end <= link.start < link.end <= len(post.text) and site_paths.outside(link.target):
            label = post.text[link.start : link.end]
            result += [
                LinkedPiece(post.text[end : link.start], ""),
                LinkedPiece(label + disguise(label, link.target), link.target),
            ]
            end = link.end
    result.append(LinkedPiece(post.text[end:], ""))
    return tuple(LinkedPiece(phrases.shown(text), url) for text, url in result if text)


def disguise(text: str, target: str) -> str:
    """For a link whose text names another host than its target: the target's host, to append. Empty otherwise."""
    text_host, target_host = _HOST.match(text.strip()), _HOST.match(target)
    if text_host is None or target_host is None or _bare_host(text_host[1]) == _bare_host(target_host[1]):
        return ""
    return f" [{target_host[1].lower()}]"


def _bare_host(host: str) -> str:
    return host.lower().removeprefix("www.")
