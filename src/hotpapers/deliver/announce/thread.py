"""An issue as a thread on Bluesky: a first post and at most five papers. Pure; the same issue gives the same records.

Each record's key depends only on the issue (a TID, https://atproto.com/specs/tid), so an existing post is found again,
and none is made twice. Texts have at most 300 code points, and so at most 300 graphemes. Only facets become links,
mentions or tags on Bluesky (app.bsky.richtext.facet: offsets are bytes of UTF-8).
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any, NamedTuple

from hotpapers.deliver.announce.announcement import AnnouncementText, EntryLine, announcement
from hotpapers.ids.timestamps import as_utc, tid
from hotpapers.model import PublishedIssue
from hotpapers.view import phrases
from hotpapers.view.site_config import SiteConfig

COLLECTION = "app.bsky.feed.post"
LONGEST = 300
"""Code points of a post."""
LONGEST_ADDRESS = 60


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
    posts = [_head(content), *map(_paper, content.lines)]
    return Thread(tuple(_draft(issue, n, text, url, card) for n, (text, url, card) in enumerate(posts)))


def _draft(issue: PublishedIssue, n: int, text: str, url: str, card: dict[str, str]) -> PostDraft:
    """The n-th post. The TID's clock ID distinguishes publications of one account frozen at the same moment."""
    content = issue.content
    seed = f"{content.publication.publication} {content.day} {content.edition}"
    clock = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:2], "big")
    moment = as_utc(issue.frozen_at) + timedelta(milliseconds=n)
    record: dict[str, Any] = {
        "$type": COLLECTION, "text": text, "langs": ["en"],
        "createdAt": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }  # fmt: skip
    if url:
        record["facets"] = [_link(text, url)]
        record["embed"] = {"$type": "app.bsky.embed.external", "external": {"uri": url, **card}}
    return PostDraft(tid(issue.frozen_at + n, clock), record)


def _link(text: str, url: str) -> dict[str, Any]:
    """The link facet for the address at the end of a text."""
    end = len(text.encode())
    return {
        "index": {"byteStart": end - len(_short_url(url).encode()), "byteEnd": end},
        "features": [{"$type": "app.bsky.richtext.facet#link", "uri": url}],
    }


def _short_url(url: str) -> str:
    """An address as shown to readers."""
    return phrases.cut(url.partition("://")[2].removesuffix("/"), LONGEST_ADDRESS)


PostParts = tuple[str, str, dict[str, str]]
"""Text, link, and the card below it."""


def _head(content: AnnouncementText) -> PostParts:
    summary = " ".join(part for part in (f"{content.papers}.", content.provisional, content.unknown) if part)
    title = f"{phrases.cut(content.publication, 60)}, {content.day}"
    text = _fit([title, phrases.cut(summary, 140), content.correction or content.empty], 2, content.url)
    titles = " · ".join(phrases.cut(line.title, 80) for line in content.lines[:3])
    return text, content.url, {"title": title, "description": titles or content.empty}


def _paper(line: EntryLine) -> PostParts:
    author = phrases.cut(line.author, 60)
    text = _fit([f"{line.place}. {line.title}", author, phrases.cut(line.reason, 110)], 0, line.url)
    return text, line.url, {"title": phrases.cut(line.title, LONGEST), "description": author}


def _fit(lines: list[str], longest: int, url: str) -> str:
    """Lines and the address in at most LONGEST code points; the line with index `longest` is cut to fit."""
    end = f"\n\n{_short_url(url)}" if url else ""
    used_length = sum(len(line) + 1 for n, line in enumerate(lines) if line and n != longest)
    room = LONGEST - len(end) - used_length
    fitted = [phrases.cut(line, room) if n == longest else line for n, line in enumerate(lines)]
    return "\n".join(line for line in fitted if line) + end
