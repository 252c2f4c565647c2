"""Posts as pages show them: quoted with author, network and date, or as a link."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit

from hotpapers.base.grouping import group_by
from hotpapers.base.model import LanePaper, Paper, Post, PublishedIssue, Quotation
from hotpapers.base.networks import icon_of, is_blogs
from hotpapers.base.text import timestamps
from hotpapers.base.text.clean_text import one_line
from hotpapers.base.text.words import count_noun, handle_text
from hotpapers.publish.view import phrases, site_paths
from hotpapers.publish.view.best_sentence import best_sentence

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


class QuoteView(NamedTuple):
    """The best sentence about a paper, and who said it where. `key`: the post's key, used to report it."""

    key: str
    text: str
    lang: str
    dir: str
    author: str
    network: str
    day: str
    url: str


class ElsewhereView(NamedTuple):
    """Posts of one network that can only be read there. `posts`: the text of a link to each, its address, empty if
    unknown, and its day."""

    network: str
    head: str
    posts: tuple[tuple[str, str, str], ...]


class ThreadView(NamedTuple):
    """A post of a discussion, without its words. `author`: `A post` if its network's terms allow no name; `blog`:
    empty on other networks; `url`: empty if its address is unknown."""

    author: str
    blog: str
    day: str
    moment: str
    url: str
    reactions: str


class DiscussionView(NamedTuple):
    """The posts about a paper on one network, those with the most reactions first."""

    name: str
    mark: str
    threads: tuple[ThreadView, ...]


def quotation_views(rows: Sequence[Quotation]) -> tuple[PostView, ...]:
    """The posts that have words to show."""
    posts = [quotation.post for quotation in phrases.with_words(rows)]
    return tuple(PostView(key=one_line(post.post), pieces=linked_pieces(post), **post_byline(post)) for post in posts)


def best_quote(rows: Sequence[Quotation], paper: Paper) -> QuoteView | None:
    """The best sentence about a paper; None if nobody said anything beyond its title that may be shown."""
    best = best_sentence(phrases.with_words(rows), paper)
    if best is None:
        return None
    post = best.quotation.post
    source = post_byline(best.quotation.post)
    author = source["author"] + (", author" if best.is_author else "")
    return QuoteView(
        key=one_line(post.post),
        text=best.text,
        lang=source["lang"],
        dir=source["dir"],
        author=author,
        network=source["network"],
        day=source["day"],
        url=source["url"],
    )


def other_posts(rows: Sequence[Quotation]) -> tuple[ElsewhereView, ...]:
    """The other posts, each once, by network."""
    by_network = defaultdict[str, dict[str, Post]](dict)
    for quotation in rows:
        if not phrases.has_words(quotation):
            by_network[quotation.post.network].setdefault(quotation.post.post, quotation.post)
    return tuple(_elsewhere(network, list(posts.values())) for network, posts in by_network.items())


def _elsewhere(network: str, posts: Sequence[Post]) -> ElsewhereView:
    """`A post on X from 14 January 2021`, `3 posts on X`, and a link to each."""
    where = "blogs" if is_blogs(network) else phrases.network_name(network)
    days = [phrases.date_name(post.created_at) for post in posts]
    is_single = len(posts) == 1
    if is_single:
        head = f"A post on {where} from {days[0]}"
    else:
        head = f"{count_noun(len(posts), 'post')} on {where}"
    links = [
        ("read it there" if is_single else str(number), site_paths.post_page(post.post), day)
        for number, (post, day) in enumerate(zip(posts, days, strict=True), 1)
    ]
    return ElsewhereView(network, head, tuple(links))


def post_byline(post: Post) -> dict[str, str]:
    """A post's author, network, date, language and text direction."""
    blog = blog_name(post)
    handle = "" if is_blogs(post.network) else one_line(handle_text(post.handle))
    return {
        "lang": html_language(post.lang),
        "dir": "rtl" if post.rtl else "auto",
        "author": one_line(post.name) or handle or "A post",
        "handle": handle if post.name else "",
        "network": blog or phrases.network_name(post.network),
        "day": phrases.date_name(post.created_at),
        "moment": timestamps.format_rfc3339(post.created_at),
        "url": site_paths.post_url(post.post, post.links),
    }


def blog_name(post: Post) -> str:
    """The host of the feed in which a post appeared, as the name of its blog; empty for other posts. Not the feed's
    whole address, which may have a password."""
    if not is_blogs(post.network):
        return ""
    with suppress(ValueError):
        return one_line(_bare_host(urlsplit(post.handle).hostname or ""))
    return ""


def discussion_views(posts: Sequence[Quotation]) -> tuple[DiscussionView, ...]:
    """Where a paper is discussed: its posts by network, those with the most reactions first."""
    best_first = sorted(posts, key=lambda quotation: -quotation.reactions)
    by_network = group_by(best_first, lambda quotation: quotation.post.network)
    ordered = sorted(by_network.items(), key=lambda item: -sum(quotation.reactions for quotation in item[1]))
    return tuple(
        DiscussionView(phrases.network_name(network), icon_of(network), tuple(map(_thread, quotations)))
        for network, quotations in ordered
    )


def _thread(quotation: Quotation) -> ThreadView:
    source = post_byline(quotation.post)
    reactions = quotation.reactions
    shown = {name: source[name] for name in ("author", "day", "moment", "url")}
    reaction_count = count_noun(reactions, "reaction") if reactions else ""
    return ThreadView(blog=blog_name(quotation.post), reactions=reaction_count, **shown)


def html_language(code: str) -> str:
    """A network's language code as HTML expects it: `in` → `id`; `und` for anything invalid."""
    new_code = _NEW_CODES.get(code.lower(), code)
    return new_code if _LANGUAGE.fullmatch(new_code) else "und"


def linked_pieces(post: Post) -> tuple[LinkedPiece, ...]:
    """The text of a post split at its links. Links that are unsafe or overlap an earlier one become plain text."""
    result = []
    end = 0
    for link in sorted(post.links, key=lambda link: link.start):
        if end <= link.start < link.end <= len(post.text) and site_paths.outside_address(link.target):
            label = post.text[link.start : link.end]
            result += [(post.text[end : link.start], ""), (label + disguised_host(label, link.target), link.target)]
            end = link.end
    return tuple(LinkedPiece(phrases.shown(text), url) for text, url in (*result, (post.text[end:], "")) if text)


def disguised_host(text: str, target: str) -> str:
    """For a link whose text names another host than its target: the target's host, to append. Empty otherwise."""
    match = _HOST.match(text.strip())
    text_host = match
    target_host = _HOST.match(target)
    if text_host is None or target_host is None or _bare_host(text_host[1]) == _bare_host(target_host[1]):
        return ""
    return f" [{target_host[1].lower()}]"


def _bare_host(host: str) -> str:
    return host.lower().removeprefix("www.")


MAX_POSTS = 5
"""Posts of a paper that are linked."""


class LaneLine(NamedTuple):
    """A paper. `paper`: its key; `title`: as written; `withdrawn`: how it was taken back; `posts`: each with its author
    and network; `more`: those left out, in words."""

    paper: str
    title: str
    withdrawn: str
    url: str
    posts: tuple[LinkedPiece, ...]
    more: str


class LaneView(NamedTuple):
    """A lane."""

    title: str
    lines: tuple[LaneLine, ...]


def lane_views(issue: PublishedIssue) -> tuple[LaneView, ...]:
    """The lanes of an issue."""
    return tuple(
        LaneView(one_line(lane.title), tuple(_line(issue, lane_paper) for lane_paper in lane.papers))
        for lane in issue.lanes
    )


def _line(issue: PublishedIssue, lane_paper: LanePaper) -> LaneLine:
    paper, posts = lane_paper
    withdrawn = issue.withdrawn.get(paper.paper, "")
    title = one_line(paper.title) or phrases.paper_name(paper.paper)
    omitted = len(posts) - MAX_POSTS
    more = f"and {omitted} more" if omitted > 0 else ""
    url = site_paths.abs_url(paper.paper)
    sources = tuple(map(_source, posts[:MAX_POSTS]))
    return LaneLine(paper.paper, title, withdrawn, url, sources, more)


def _source(quotation: Quotation) -> LinkedPiece:
    source = post_byline(quotation.post)
    return LinkedPiece(f"{source['author']}, {source['network']}", source["url"])
