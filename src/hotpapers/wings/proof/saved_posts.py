"""Compares the posts of a saved answer with the posts of the issue.

An issue's content has only the posts' hashes, which hide the words, so that people can be forgotten. Without a store,
posts must be possible: no more than the issue has, each once, on a network that the publication reads, not written
after its end, at its own address. A store that has the issue also gives key, account, words and time of each; only
posts that it has forgotten since remain unproved, and no more of them than it has forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_type_hints

import msgspec

from hotpapers.base import model, terms
from hotpapers.base.errors import NotFound
from hotpapers.base.model import IssueContent, Post
from hotpapers.base.model.keys import network_of
from hotpapers.base.untrusted_json import BROKEN
from hotpapers.publish.query import schemas
from hotpapers.publish.query.issues import as_issue, as_post
from hotpapers.publish.query.session import QuerySession
from hotpapers.publish.view import site_paths
from hotpapers.record.commitments import canonical_json

POST_FIELDS = get_type_hints(schemas.PostDetails)

Json = Mapping[str, Any]


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
