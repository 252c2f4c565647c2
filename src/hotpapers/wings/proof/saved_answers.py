"""Compares a saved answer about an issue with the answer that its content gives.

The content is proved by its digest, the metadata by its hashes in the content. The answer is built again from both, and
everything is compared. What they do not give is compared with a store that has the issue. Without one it must only be
possible: `frozen_at`, other editions' digests, the words, names and times of posts, whether papers are withdrawn or
have a later version, and its comment. Never compared: of a listing's papers the summary, and the abstract if the
listing printed none. Answers of older versions may lack fields. Sentences are compared as this version writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_type_hints

import msgspec

from hotpapers.base import model, terms
from hotpapers.base.errors import NotFound
from hotpapers.base.model import IssueContent, Paper, Place, Post
from hotpapers.base.model.keys import network_of
from hotpapers.base.untrusted_json import BROKEN
from hotpapers.issues.repository import as_printed
from hotpapers.publish.query import schemas
from hotpapers.publish.query.issues import as_issue, as_post
from hotpapers.publish.query.session import QuerySession
from hotpapers.publish.view import site_paths
from hotpapers.record.commitments import canonical_json

LANES = ("entries", "ongoing")
PROVED_BY_HASHES = frozenset(("content", "metadata", "proof"))
FROM_ELSEWHERE = {
    "frozen_at": int,
    "editions": tuple[str, ...],
    "posts": tuple[dict[str, Any], ...],
    "withdrawn": bool,
    "later_version": int | None,
}
"""Fields that content and metadata do not give, and their types."""

Json = Mapping[str, Any]


class SavedAnswer(NamedTuple):
    """An API response: all that it shows, its content as JSON, the content's digest, and its metadata by paper."""

    shown: Mapping[str, Any]
    content: object
    digest: str
    metadata: Mapping[str, Paper | Place]


def differences(saved: SavedAnswer, stored: StoredIssue | None = None) -> Iterator[str]:
    """Where an answer differs from the one that its content and metadata give. `stored`: the same issue as a store has
    it, to compare what they do not give."""
    try:
        content = msgspec.convert(saved.content, IssueContent)
        expected = msgspec.to_builtins(as_issue(_issue_of(content, saved)))
    except (*BROKEN, ValueError, LookupError, ArithmeticError) as problem:  # dates and times that cannot be
        yield f"the response's content is not an issue that this version can show ({problem})"
        return
    if stored:
        expected |= stored.facts
    shown = {lane: () for lane in LANES} | dict(saved.shown)
    if different := [name for name in shown if name not in LANES and _differs(name, shown, expected)]:
        yield f"the response shows another {', '.join(different)}"
    if stored and shown.get("frozen_at", stored.frozen_at) != stored.frozen_at:
        yield "the response shows another frozen_at"
    if not _are_editions(shown.get("editions"), content, saved.digest, stored.editions if stored else ()):
        yield "the response shows other editions"
    for lane in LANES:
        if len(shown[lane]) != len(expected[lane]):
            yield f"the response shows {len(shown[lane])} papers in {lane}, but the issue has {len(expected[lane])}"
        for entry, expected_entry, item in zip(shown[lane], expected[lane], getattr(content, lane), strict=False):
            yield from _entry_differences(entry, expected_entry, item, EntryContext(content, saved.metadata, stored))
    if unknown := shown.keys() - expected.keys() - PROVED_BY_HASHES:
        yield _unproved(unknown)


class EntryContext(NamedTuple):
    """What an entry is compared with besides itself."""

    content: IssueContent
    metadata: Mapping[str, Paper | Place]
    stored: StoredIssue | None


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


def _entry_differences(shown: Json, expected: Json, entry: model.Entry, context: EntryContext) -> Iterator[str]:
    item, skipped = context.metadata.get(entry.paper), set[str]()
    if entry.metadata and item is None:
        yield f"{entry.paper}: nothing in the response proves title, authors and abstract"
        skipped = {"title", "authors", "categories", "summary", "abstract"}
    elif isinstance(item, Place):
        skipped = {"summary"} if item.abstract.strip() else {"summary", "abstract"}
    posts_are_right = are_posts(shown.get("posts", ()), entry, context.content, context.stored)
    if posts_are_right and item is not None:
        addresses = [link["target"] for post in shown.get("posts", ()) for link in post.get("links", ())]
        expected = {**expected, "code": site_paths.code_url(_paper(entry.paper, context.metadata), addresses)}
    if is_revised := _is_revised(shown, entry, context):
        skipped |= {"comment"} if context.stored is None else set()
        expected = {**expected, **(context.stored.revision(entry.paper) if context.stored else {})}
    different = [name for name in ("place", "paper") if name not in shown]
    different += [name for name in shown if name not in skipped and _differs(name, shown, expected)]
    different += [] if posts_are_right or "posts" in different else ["posts"]
    if not is_revised and shown.get("later_version") is not None and "later_version" not in different:
        different.append("later_version")
    if context.stored and shown.get("withdrawn") is True and entry.paper not in context.stored.withdrawn:
        different.append("withdrawn")
    if different:
        yield f"{entry.paper}: the response shows another {', '.join(different)}"
    different_kinds = [
        name for name in sorted(skipped & shown.keys()) if not has_type(shown[name], type(expected[name]))
    ]
    if unknown := (shown.keys() - expected.keys()) | set(different_kinds):
        yield f"{entry.paper}: {_unproved(unknown)}"


def _is_revised(shown: Json, entry: model.Entry, context: EntryContext) -> bool:
    """Whether an answer may name a later version of a paper, whose comment it then shows."""
    version, item = shown.get("later_version"), context.metadata.get(entry.paper)
    if type(version) is not int or not isinstance(item, Paper) or not item.version:
        return False
    known = context.stored.revision(entry.paper).get("later_version") if context.stored else version
    return item.version < version and version == known and shown.get("withdrawn") is not True


def _differs(name: str, shown: Json, expected: Json) -> bool:
    """Whether a known field has another value, or for one from elsewhere another type. Compared as JSON, so 1 is not
    true."""
    if name in FROM_ELSEWHERE:
        return not has_type(shown[name], FROM_ELSEWHERE[name])
    return name in expected and canonical_json(shown[name]) != canonical_json(expected[name])


def _are_editions(digests: Any, content: IssueContent, digest: str, stored: tuple[str, ...]) -> bool:
    """Whether the editions' digests have the issue's own at its place, and the one that it replaces before it; and
    whether they are those of the store, except for later ones."""
    if not isinstance(digests, list):
        return digests is None
    last = [content.replaces, digest] if content.replaces else [digest]
    is_possible = digests[max(content.edition - len(last), 0) : content.edition] == last
    return is_possible and all(shown == known for shown, known in zip(digests, stored or digests, strict=False))


def _unproved(names: set[str]) -> str:
    return f"the response has fields that nothing proves: {', '.join(sorted(names))}"


# ---- its posts -------------------------------------------------------------------------------------------
# An issue's content has only the posts' hashes, which hide the words, so that people can be forgotten. Without a store,
# posts must be possible: no more than the issue has, each once, on a network that the publication reads, not written
# after its end, at its own address. A store that has the issue also gives key, account, words and time of each; only
# posts that it has forgotten since remain unproved, and no more of them than it has forgotten.

POST_FIELDS = get_type_hints(schemas.PostDetails)


class StoredIssue(NamedTuple):
    """An issue as a store has it. `posts`: those it shows, by hash, without the forgotten ones. `facts`: fields of the
    answer that content and metadata do not give. `later`: later versions of papers, as known now."""

    editions: tuple[str, ...]
    frozen_at: int
    posts: Mapping[str, Post]
    facts: Json
    withdrawn: frozenset[str]
    later: Mapping[str, model.Paper]

    def revision(self, paper: str) -> dict[str, object]:
        """The fields of an entry that depend on a later version of its paper; empty if there is none."""
        later = self.later.get(paper)
        return {"later_version": later.version, "comment": later.comment} if later else {}


def stored_issue(session: QuerySession, publication: str, day: str, edition: int, digest: str) -> StoredIssue | None:
    """An issue by its digest, from a store; None if the store does not have it."""
    reader = session.issue_reader()
    try:
        issue = reader.issue(publication, day, edition)
    except NotFound:
        return None
    if issue.digest != digest:
        return None
    facts = {"lanes": msgspec.to_builtins(as_issue(issue).lanes)}
    return StoredIssue(
        issue.editions, issue.frozen_at, reader.frozen_posts(issue), facts, frozenset(issue.withdrawn), issue.later
    )


def are_posts(posts: Any, entry: model.Entry, content: IssueContent, stored: StoredIssue | None) -> bool:
    """Whether posts are those of an entry: no more than it has, each once and possible; and as the store has them."""
    if not isinstance(posts, list | tuple) or len(posts) > len(entry.posts):
        return False
    if not all(isinstance(post, dict) and _is_possible(post, content) for post in posts):
        return False
    keys = [post["post"] for post in posts]
    if len(set(keys)) < len(keys):
        return False
    return stored is None or _are_stored(posts, entry, stored)


def _are_stored(posts: Sequence[Json], entry: model.Entry, stored: StoredIssue) -> bool:
    known = {post.post: post for hash in entry.posts if (post := stored.posts.get(hash))}
    unknown = [post for post in posts if post["post"] not in known]
    if len(unknown) > sum(hash not in stored.posts for hash in entry.posts):
        return False
    order = list(known)
    places = [order.index(post["post"]) for post in posts if post["post"] in known]
    return places == sorted(places) and all(
        _is_shown(post, known[post["post"]]) for post in posts if post["post"] in known
    )


def _is_shown(shown: Json, post: Post) -> bool:
    """Whether a post is shown as it was, whole or as far as it says."""
    mode = shown.get("shown", "text")
    expected = msgspec.to_builtins(as_post(terms.as_shown(post, mode), mode))
    return all(canonical_json(value) == canonical_json(expected[name]) for name, value in shown.items())


def _is_possible(post: Json, content: IssueContent) -> bool:
    if not all(name in POST_FIELDS and has_type(value, POST_FIELDS[name]) for name, value in post.items()):
        return False
    key = post.get("post", "")
    return bool(key) and all(_conditions(key, post, content))


def _conditions(key: str, post: Json, content: IssueContent) -> Iterator[bool]:
    """What must be true of any post in an answer to an issue's request."""
    network, text = network_of(key), post.get("text", "")
    links = msgspec.convert(post.get("links", ()), tuple[model.TextLink, ...])
    expected = {"url": site_paths.post_url(key, links), "network": network, "automated": False}
    yield all(post.get(name, value) == value for name, value in expected.items())
    yield not content.publication.networks or network in content.publication.networks
    yield content.publication.window == "listing" or post.get("created_at", 0) <= content.as_of
    yield all(0 <= link.start < link.end <= len(text) for link in links)
    if post.get("shown") == "link":
        yield not any(post.get(name) for name in ("text", "handle", "name", "links"))


def has_type(value: Any, type: Any) -> bool:
    """Whether a value is exactly of a type, its structs without further fields."""
    try:
        return bool(canonical_json(msgspec.to_builtins(msgspec.convert(value, type))) == canonical_json(value))
    except BROKEN:
        return False
