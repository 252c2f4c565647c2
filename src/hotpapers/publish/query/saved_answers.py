"""Compares a saved answer about an issue with the answer that its content gives.

The content is proved by its digest, the metadata by its hashes in the content. The answer is built again from both, and
everything is compared but what comes from elsewhere: `frozen_at`, other editions' digests, the words and names of
posts, whether papers are withdrawn, and of a listing's papers the summary, and the abstract if the listing printed
none. Answers of older versions may lack fields. Sentences are compared as this version writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, get_type_hints

import msgspec

from hotpapers.base import model
from hotpapers.base.model import IssueContent, Paper, Place
from hotpapers.base.model.keys import network_of
from hotpapers.base.untrusted_json import BROKEN
from hotpapers.issues.repository import as_printed
from hotpapers.publish.query import schemas
from hotpapers.publish.query.issues import as_issue
from hotpapers.publish.view import site_paths
from hotpapers.record.commitments import canonical_json

LANES = ("entries", "ongoing")
PROVED_BY_HASHES = frozenset(("content", "metadata", "proof"))
FROM_ELSEWHERE = {
    "frozen_at": int,
    "editions": tuple[str, ...],
    "posts": tuple[dict[str, Any], ...],
    "withdrawn": bool,
}
"""Fields that content and metadata do not give, and their types."""
POST_FIELDS = get_type_hints(schemas.PostDetails)

Json = Mapping[str, Any]


class SavedAnswer(NamedTuple):
    """An API response: all that it shows, its content as JSON, the content's digest, and its metadata by paper."""

    shown: Mapping[str, Any]
    content: object
    digest: str
    metadata: Mapping[str, Paper | Place]


def differences(saved: SavedAnswer) -> Iterator[str]:
    """Where an answer differs from the one that its content and metadata give."""
    try:
        content = msgspec.convert(saved.content, IssueContent)
        expected = msgspec.to_builtins(as_issue(_issue_of(content, saved)))
    except (*BROKEN, ValueError, LookupError, ArithmeticError) as problem:  # dates and times that cannot be
        yield f"the response's content is not an issue that this version can show ({problem})"
        return
    shown = {lane: () for lane in LANES} | dict(saved.shown)
    if different := [name for name in shown if name not in LANES and _differs(name, shown, expected)]:
        yield f"the response shows another {', '.join(different)}"
    if not _are_editions(shown.get("editions"), content, saved.digest):
        yield "the response shows other editions"
    for lane in LANES:
        if len(shown[lane]) != len(expected[lane]):
            yield f"the response shows {len(shown[lane])} papers in {lane}, but the issue has {len(expected[lane])}"
        for entry, expected_entry, item in zip(shown[lane], expected[lane], getattr(content, lane), strict=False):
            yield from _entry_differences(entry, expected_entry, item, saved.metadata)
    if unknown := shown.keys() - expected.keys() - PROVED_BY_HASHES:
        yield _unproved(unknown)


def _issue_of(content: IssueContent, saved: SavedAnswer) -> model.PublishedIssue:
    """The issue as far as content and metadata give it."""
    name, day = content.publication.publication, content.day
    is_listed = content.publication.window == "listing"
    listing = model.Listing(publication=name, day=day, made="", lead=0, places=0, file="", observed_at=0)
    papers = {entry.paper: _paper(entry.paper, saved.metadata) for entry in (*content.entries, *content.ongoing)}
    return model.PublishedIssue(
        content=content,
        digest=saved.digest,
        frozen_at=0,
        papers=papers,
        posts={},
        listing=listing if is_listed else None,
        places={},
        editions=(),
    )


def _paper(key: str, metadata: Mapping[str, Paper | Place]) -> Paper:
    item = metadata.get(key)
    return as_printed(None, item, key) if isinstance(item, Place) else as_printed(item, None, key)


def _entry_differences(
    shown: Json, expected: Json, entry: model.Entry, metadata: Mapping[str, Paper | Place]
) -> Iterator[str]:
    item, skipped = metadata.get(entry.paper), set[str]()
    if entry.metadata and item is None:
        yield f"{entry.paper}: nothing in the response proves title, authors and abstract"
        skipped = {"title", "authors", "categories", "summary", "abstract"}
    elif isinstance(item, Place):
        skipped = {"summary"} if item.abstract.strip() else {"summary", "abstract"}
    different = [name for name in ("place", "paper") if name not in shown]
    different += [name for name in shown if name not in skipped and _differs(name, shown, expected)]
    if "posts" not in different and not _are_posts(shown.get("posts", ()), entry):
        different.append("posts")
    if different:
        yield f"{entry.paper}: the response shows another {', '.join(different)}"
    different_kinds = [
        name for name in sorted(skipped & shown.keys()) if not _has_type(shown[name], type(expected[name]))
    ]
    if unknown := (shown.keys() - expected.keys()) | set(different_kinds):
        yield f"{entry.paper}: {_unproved(unknown)}"


def _differs(name: str, shown: Json, expected: Json) -> bool:
    """Whether a known field has another value, or for one from elsewhere another type. Compared as JSON, so 1 is not
    true."""
    if name in FROM_ELSEWHERE:
        return not _has_type(shown[name], FROM_ELSEWHERE[name])
    return name in expected and canonical_json(shown[name]) != canonical_json(expected[name])


def _are_editions(digests: Any, content: IssueContent, digest: str) -> bool:
    """Whether the editions' digests have the issue's own at its place, and the one that it replaces before it."""
    if not isinstance(digests, list):
        return digests is None
    known = [content.replaces, digest] if content.replaces else [digest]
    return digests[max(content.edition - len(known), 0) : content.edition] == known


def _are_posts(posts: Any, entry: model.Entry) -> bool:
    """Whether posts may be the entry's: no more than it has, each with its own address and no further fields."""
    return len(posts) <= len(entry.posts) and all(map(_is_post, posts))


def _is_post(post: Json) -> bool:
    if not all(name in POST_FIELDS and _has_type(value, POST_FIELDS[name]) for name, value in post.items()):
        return False
    key = post.get("post", "")
    if not key:
        return False
    links = msgspec.convert(post.get("links", ()), tuple[model.TextLink, ...])
    expected = {"url": site_paths.post_url(key, links), "network": network_of(key)}
    return all(post.get(name, value) == value for name, value in expected.items())


def _has_type(value: Any, type: Any) -> bool:
    """Whether a value is exactly of a type, its structs without further fields."""
    try:
        return bool(canonical_json(msgspec.to_builtins(msgspec.convert(value, type))) == canonical_json(value))
    except BROKEN:
        return False


def _unproved(names: set[str]) -> str:
    return f"the response has fields that nothing proves: {', '.join(sorted(names))}"
