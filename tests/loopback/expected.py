"""What a record that has read the loopback internet must contain, derived from the script alone. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from hotpapers.ids import arxiv
from hotpapers.model import DAY, AnnouncementType
from hotpapers.sources.hackernews import HackerNewsSettings
from hotpapers.sources.x import XSettings
from tests.loopback import bluesky, feeds, hackernews, mastodon, naming, reddit, small, x
from tests.loopback.scene import Scene
from tests.loopback.script import Nothing, Said, Script, counts, there

NETWORKS = ("bluesky", "mastodon", "hackernews", "lobsters", "huggingface", "reddit", "x", "feeds")


class Announced(NamedTuple):
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


def announced(script: Script, label: str) -> set[Announced]:
    """What arXiv announces on a day, archive by archive."""
    found = set()
    for paper in script.papers(label):
        for n, archive in enumerate(paper.archives):
            found.add(Announced(arxiv.key(paper.id), label, archive, "cross" if n else "new", 1))
    for paper, version in script.replaced(label):
        for archive in paper.archives:
            found.add(Announced(arxiv.key(paper.id), label, archive, "replacement", version))
    return found


def key(said: Said, bases: Mapping[str, str]) -> str:
    """A post's key in the record."""
    if said.network == "bluesky":
        return f"bluesky:{bluesky.uri(said)}"
    if said.network == "mastodon":
        return f"mastodon:{mastodon.uri(Scene(Nothing(), 0, 'mastodon.one', bases), said)}"
    if said.network == "feeds":
        url = bases["feeds"] + feeds.PATHS[int(said.by.id)]
        named = f"{url}\n{feeds.guid(said)}"
        return f"feeds:{hashlib.sha256(named.encode()).hexdigest()[:32]}"
    return f"{said.network}:{said.id}"


def papers(said: Said) -> frozenset[str]:
    """The keys of the papers that a post names."""
    return frozenset(map(arxiv.key, said.papers))


def naming_papers(script: Script, network: str, since: int, until: int) -> Iterator[Said]:
    """Messages that name a paper, were posted between two moments, and still exist at the second."""
    for day in range(since // DAY, until // DAY + 1):
        for said in script.said(network, day):
            if said.names and since <= said.at <= until and there(said, until):
                yield said


def surely_found(said: Said) -> bool:
    """Whether a source with default settings finds a message if it asks while the message exists."""
    if said.network == "hackernews":
        return any(term in naming.text(said, said.at) for term in HackerNewsSettings().terms)
    if said.network == "x":
        return x.matches(said, XSettings().query)
    return said.network != "mastodon" or mastodon.tagged(said) or said.by.home == "two"


def figures(said: Said, now: int, *, listed: bool = False) -> Figures | None:
    """A post's counts at a moment as its network reports them; None if it reports none. `listed`: as in a list."""
    told = counts(said, now)
    if said.network in ("bluesky", "mastodon"):
        return Figures(told.reposts, told.likes, told.replies, told.quotes)
    if said.network == "x":
        return Figures(told.reposts, told.likes, told.replies, told.quotes, told.views)
    if said.network == "huggingface":
        return Figures(likes=told.likes, replies=told.replies if listed else None)
    if said.network == "feeds" or said.story:
        return None
    score = {"hackernews": hackernews.score, "lobsters": small.score, "reddit": reddit.score}[said.network]
    return Figures(likes=score(said, now), replies=told.replies)


def gone(said: Said, now: int) -> str:
    """Why a post does not exist at a moment, as its source finds out when it asks for counts.

    Empty while it exists, and if the source cannot know.
    """
    if said.at <= now and (there(said, now) or said.network in ("x", "feeds")):
        return ""
    if said.network == "hackernews":
        return "removed" if hackernews.removed(said, now) else "deleted"
    return "removed" if said.network == "reddit" and reddit.removed(said, now) else "deleted"
