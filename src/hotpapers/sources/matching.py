"""What sources share: which papers a message speaks of, with the evidence; what a server said, decoded; moments."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from hotpapers import arxiv_id, mentions
from hotpapers.errors import NetError
from hotpapers.model import Answer, Link, Mention, Post

LONGEST = 100_000
"""Characters of a text that are searched."""

T = TypeVar("T")


def mentions_of(post: str, at: int, text: str, links: Iterable[Link | str] = ()) -> list[Mention]:
    """One mention for each paper that a post names: in its links (facets, cards, anchors) or else in its text."""
    found: dict[str, Mention] = {}
    targets = [link if isinstance(link, str) else link.target for link in links]
    for place, searched in [*(("link", target) for target in targets), ("text", text[:LONGEST])]:
        for one in mentions.find(searched):
            paper = arxiv_id.key(one.id)
            mention = Mention(
                post=post, paper=paper, form=one.form, found_in=place, version=one.version, observed_at=at
            )  # fmt: skip
            found.setdefault(paper, mention)
    return list(found.values())


def gone_post(network: str, key: str, at: int, reason: str, created_at: int = 0) -> Post:
    """A post that is no longer there, as an observation: nothing of it but that."""
    return Post(post=key, network=network, account="", created_at=created_at, gone=reason, observed_at=at)


def moment(said: datetime.datetime) -> int:
    """Whole seconds as µs UTC. A moment without a zone is taken as UTC, never as the machine's own time."""
    if said.tzinfo is None:
        said = said.replace(tzinfo=datetime.UTC)
    return int(said.timestamp()) * 1_000_000


def decoded(answer: Answer, type: type[T]) -> T:
    """A server's JSON. Raises NetError when it is none of that shape: a page in HTML, say, where JSON is expected."""
    try:
        return msgspec.json.decode(answer.body, type=type)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        parts = urlsplit(answer.url)
        raise NetError(f"{parts.netloc}{parts.path}: not what is expected there: {problem}") from problem


def own_id(raw: bytes | msgspec.Raw, type: type[T]) -> T | None:
    """The part of an entry that says which it is; None for an entry that does not say it."""
    try:
        return msgspec.json.decode(raw, type=type)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def unreadable(raw: bytes | msgspec.Raw) -> str:
    """A key for an entry that does not say which it is. It is handed on all the same: to quarantine, not to nowhere."""
    return "unreadable-" + hashlib.sha256(bytes(raw)).hexdigest()[:16]
