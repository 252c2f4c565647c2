"""What a record that has read the loopback internet must contain, derived from the script alone. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from hotpapers.base.model import DAY, AnnouncementType
from hotpapers.base.papers import arxiv
from hotpapers.collect.sources.hackernews import HackerNewsSettings
from tests.loopback import bluesky, feeds, hackernews, lobsters_huggingface, mastodon, message_text, reddit, x
from tests.loopback.network_state import NetworkState
from tests.loopback.script import EmptyScript, Message, Script, counts, is_visible

NETWORKS = ("bluesky", "mastodon", "hackernews", "lobsters", "huggingface", "reddit", "x", "feeds")


class ExpectedAnnouncement(NamedTuple):
    """A paper in arXiv's listing of a day, with the fields of the record's item."""

    paper: str
    day: str
    category: str
    type: AnnouncementType
    version: int | None


class Figures(NamedTuple):
    """A post's counts as in a snapshot; None for those that the network does not report."""

    reposts: int | None = None
    likes: int | None = None
    replies: int | None = None
    quotes: int | None = None
    views: int | None = None


def announcements(script: Script, label: str) -> set[ExpectedAnnouncement]:
    """What arXiv announces on a day, archive by archive."""
    expected = set()
    for paper in script.papers(label):
        for n, archive in enumerate(paper.archives):
            expected.add(ExpectedAnnouncement(arxiv.key(paper.id), label, archive, "cross" if n else "new", 1))
    for paper, version in script.replacements(label):
        for archive in paper.archives:
            expected.add(ExpectedAnnouncement(arxiv.key(paper.id), label, archive, "replacement", version))
    return expected


def key(message: Message, bases: Mapping[str, str]) -> str:
    """A post's key in the record."""
    if message.network == "bluesky":
        return f"bluesky:{bluesky.uri(message)}"
    if message.network == "mastodon":
        return f"mastodon:{mastodon.uri(NetworkState(EmptyScript(), 0, 'mastodon.one', bases), message)}"
    if message.network == "feeds":
        url = bases["feeds"] + feeds.PATHS[int(message.author.id)]
        identity = f"{url}\n{feeds.guid(message)}"
        return f"feeds:{hashlib.sha256(identity.encode()).hexdigest()[:32]}"
    return f"{message.network}:{message.id}"


def papers(message: Message) -> frozenset[str]:
    """The keys of the papers that a post names."""
    return frozenset(map(arxiv.key, message.papers))


def messages_with_papers(script: Script, network: str, since: int, until: int) -> Iterator[Message]:
    """Messages that name a paper, were posted between two moments, and still exist at the later one."""
    for day in range(since // DAY, until // DAY + 1):
        for message in script.messages(network, day):
            if message.references and since <= message.at <= until and is_visible(message, until):
                yield message


def is_findable(message: Message) -> bool:
    """Whether a source with default settings finds a message if it reads the network while the message exists."""
    if message.network == "hackernews":
        return any(term in message_text.text(message, message.at) for term in HackerNewsSettings().terms)
    if message.network == "x":
        from hotpapers.wings.x.source import XSettings  # a wing, which may be absent

        return x.matches(message, XSettings().query)
    return message.network != "mastodon" or mastodon.has_tag(message) or message.author.home == "two"


def figures(message: Message, now: int, *, in_list: bool = False) -> Figures | None:
    """A post's counts at a moment as its network reports them; None if it reports none. `in_list`: as in its lists."""
    current = counts(message, now)
    if message.network in ("bluesky", "mastodon"):
        return Figures(current.reposts, current.likes, current.replies, current.quotes)
    if message.network == "x":
        return Figures(current.reposts, current.likes, current.replies, current.quotes, current.views)
    if message.network == "huggingface":
        return Figures(likes=current.likes, replies=current.replies if in_list else None)
    if message.network == "feeds" or message.story:
        return None
    score = {"hackernews": hackernews.score, "lobsters": lobsters_huggingface.score, "reddit": reddit.score}[
        message.network
    ]
    return Figures(likes=score(message, now), replies=current.replies)


def gone_reason(message: Message, now: int) -> str:
    """Why a post does not exist at a moment, as its source learns when it requests counts.

    Empty while it exists, and if the source cannot know.
    """
    if message.at <= now and (is_visible(message, now) or message.network in ("x", "feeds")):
        return ""
    if message.network == "hackernews":
        return "removed" if hackernews.was_removed(message, now) else "deleted"
    return "removed" if message.network == "reddit" and reddit.was_removed(message, now) else "deleted"
