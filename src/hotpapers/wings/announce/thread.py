"""An issue as a thread on Bluesky: a first post and at most five papers. Pure; the same issue gives the same records.

Each record's key depends only on the issue (a TID, https://atproto.com/specs/tid), so an existing post is found again,
and none is made twice. Texts have at most 300 code points, and so at most 300 graphemes. Only facets become links,
mentions or tags on Bluesky (app.bsky.richtext.facet: offsets are bytes of UTF-8).
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any, NamedTuple

from hotpapers.base.ids.timestamps import as_utc, tid
from hotpapers.base.model import PublishedIssue
from hotpapers.publish.view import phrases
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.wings.announce.announcement import EntryLine, announcement

COLLECTION = "app.bsky.feed.post"
MAX_POST_CHARS = 300
"""Code points of a post."""
MAX_ADDRESS_CHARS = 60


class PostDraft(NamedTuple):
    """A post to create: its record key, and its record without the reply reference."""

    rkey: str
    record: dict[str, Any]


class Thread(NamedTuple):
    """The posts of a thread in order. `str` gives the texts that readers see."""

    posts: tuple[PostDraft, ...]

    def __str__(self) -> str:
        return "\n\n---\n\n".join(post.record["text"] for post in self.posts)


def thread(issue: PublishedIssue, site_config: SiteConfig) -> Thread:
    """The thread of an issue."""
    content = announcement(issue, site_config)
    # The first titles; how the issue was made is on the card below
    title = f"{phrases.cut(content.publication, 60)}, {content.day}"
    text = _fit([content.introduction, title, phrases.cut(content.correction, 140)], 0, [content.url])
    facts = " ".join(part for part in (f"{content.papers}.", content.provisional, content.unknown) if part)
    posts = [(text, content.url, {"title": title, "description": facts}), *map(_paper, content.lines)]
    return Thread(tuple(_draft(issue, n, text, url, card) for n, (text, url, card) in enumerate(posts)))


def _draft(issue: PublishedIssue, n: int, text: str, url: str, card: dict[str, str]) -> PostDraft:
    """The n-th post. The TID's clock ID distinguishes publications of one account frozen at the same moment."""
    content = issue.content
    seed = f"{content.publication.publication} {content.day} {content.edition}"
    clock = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:2], "big")
    moment = as_utc(issue.frozen_at) + timedelta(milliseconds=n)
    record: dict[str, Any] = {
        "$type": COLLECTION,
        "text": text,
        "langs": ["en"],
        "createdAt": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    if url:
        # The link facet for the address in a text: the last place where it stands
        shown = _short_url(url)
        start = len(text[: text.rindex(shown)].encode())
        record["facets"] = [
            {
                "index": {"byteStart": start, "byteEnd": start + len(shown.encode())},
                "features": [{"$type": "app.bsky.richtext.facet#link", "uri": url}],
            }
        ]
        record["embed"] = {"$type": "app.bsky.embed.external", "external": {"uri": url, **card}}
    return PostDraft(tid(issue.frozen_at + n, clock), record)


def _short_url(url: str) -> str:
    """An address as shown to readers."""
    return phrases.cut(url.partition("://")[2].removesuffix("/"), MAX_ADDRESS_CHARS)


PostParts = tuple[str, str, dict[str, str]]
"""Text, link, and the card below it."""


def _paper(line: EntryLine) -> PostParts:
    """Title, lead, link, and the figures last."""
    title = phrases.cut(f"{line.place}. {line.title}", 180)
    text = _fit([title, line.lead], 1, [line.url, phrases.cut(line.counts, 100)])
    return (
        text,
        line.url,
        {"title": phrases.cut(line.title, MAX_POST_CHARS), "description": phrases.cut(line.author, 60)},
    )


def _fit(lines: list[str], longest: int, end: list[str]) -> str:
    """Lines, an address and what follows it within MAX_POST_CHARS: the line with index `longest` is cut."""
    url, *after = end
    tail = "\n".join(filter(None, [_short_url(url) if url else "", *after]))
    others = [line for n, line in enumerate(lines) if line and n != longest] + [tail] * bool(tail)
    room = MAX_POST_CHARS - sum(len(line) + 2 for line in others)
    fitted = [phrases.cut(line, room) if n == longest else line for n, line in enumerate(lines)]
    return "\n\n".join(filter(None, [*fitted, tail]))
