"""Compares a saved answer about an issue with the answer that its content gives.

The content is proved by its digest, the metadata by its hashes in the content. The answer is built again from both and
from a store that has the issue, and everything is compared. What may have changed since is as the answer has it, if the
store allows that: later editions, later versions and withdrawals of papers, and posts that were forgotten. Without a
store, `NEEDS_STORE` is not compared. Never compared: of a listing's papers the summary, and the abstract if the listing
printed none. Answers of older versions may lack fields. Sentences are compared as this version writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from hotpapers.base import errors, model, terms, untrusted_json
from hotpapers.base.model import IssueContent, Paper, Place, Post, PublishedIssue, Quotation, Showing
from hotpapers.issues.repository import as_printed
from hotpapers.publish.query import issues, schemas
from hotpapers.publish.query.session import QuerySession
from hotpapers.record.commitments import canonical_json

LANES = ("entries", "ongoing")
PROVED_BY_HASHES = frozenset(("content", "metadata", "proof"))
NEEDS_STORE = frozenset(("frozen_at", "editions", "posts", "code", "withdrawn", "later_version", "notices"))
"""Fields that content and metadata do not give."""

POST_FIELDS = frozenset(schemas.PostDetails.__struct_fields__)

Json = Mapping[str, Any]


class AnsweredPost(msgspec.Struct, frozen=True):
    """Which post an answer shows, and how."""

    post: str
    shown: Showing = "text"


class AnsweredEntry(msgspec.Struct, frozen=True):
    """The parts of an answer's entry that may have changed since."""

    posts: tuple[AnsweredPost, ...] = ()
    withdrawn: bool = False
    later_version: int | None = None
    notices: tuple[dict[str, str], ...] = ()


class AnswerParts(msgspec.Struct, frozen=True):
    """The parts of an answer from which it is built again, or that may be others today."""

    content: IssueContent
    digest: str
    entries: tuple[AnsweredEntry, ...]
    ongoing: tuple[AnsweredEntry, ...] = ()
    metadata: dict[str, Paper | Place] = {}
    editions: tuple[str, ...] = ()


class SavedAnswer(NamedTuple):
    """An API response: all that it shows, and its parts. `digest`: of its content."""

    shown: Json
    parts: AnswerParts
    digest: str


class StoredIssue(NamedTuple):
    """An issue as a store has it. `posts`: those it shows, by hash, without the forgotten ones."""

    issue: PublishedIssue
    posts: Mapping[str, Post]


def read_answer(shown: Json, digest: str) -> SavedAnswer:
    """An API response from its JSON. Raises InputError if it has not the shape of one."""
    try:
        return SavedAnswer(shown, msgspec.convert(shown, AnswerParts), digest)
    except untrusted_json.BROKEN as problem:
        raise errors.InputError(f"has more than is proved, and is not an API response: {problem}") from problem


def stored_issue(session: QuerySession, publication: str, day: str, edition: int, digest: str) -> StoredIssue | None:
    """An issue by its digest, from a store; None if the store does not have it."""
    reader = session.issue_reader()
    try:
        issue = reader.issue(publication, day, edition)
    except errors.NotFound:
        return None
    return StoredIssue(issue, reader.frozen_posts(issue)) if issue.digest == digest else None


def answer_differences(saved: SavedAnswer, stored: StoredIssue | None = None) -> Iterator[str]:
    """Where an answer differs from the one that its content and metadata give. `stored`: the same issue as a store has
    it, to compare what they do not give."""
    shown = {lane: () for lane in LANES} | dict(saved.shown)
    issue = _proved_issue(saved)
    try:
        expected = msgspec.to_builtins(issues.as_issue(_as_then(issue, saved.parts, stored) if stored else issue))
    except (
        *untrusted_json.BROKEN,
        ValueError,
        LookupError,
        ArithmeticError,
    ) as problem:  # dates and times that cannot be
        yield f"the response's content is not an issue that this version can show ({problem})"
        return
    if different := _different(shown, expected, {*LANES, *(() if stored else NEEDS_STORE)}):
        yield f"the response shows another {', '.join(different)}"
    for lane in LANES:
        if len(shown[lane]) != len(expected[lane]):
            yield f"the response shows {len(shown[lane])} papers in {lane}, but the issue has {len(expected[lane])}"
        for raw, row, entry in zip(shown[lane], expected[lane], getattr(issue.content, lane), strict=False):
            item = saved.parts.metadata.get(entry.paper)
            yield from _entry_differences(entry, raw, row, item, stored)
    if unknown := shown.keys() - expected.keys() - PROVED_BY_HASHES:
        yield _unproved(unknown)


def _proved_issue(saved: SavedAnswer) -> PublishedIssue:
    """The issue as far as content and metadata give it."""
    content = saved.parts.content
    name = content.publication.publication
    day = content.day
    is_listed = content.publication.window == "listing"
    listing = model.Listing(publication=name, day=day, made="", lead=0, places=0, file="", observed_at=0)
    papers = {entry.paper: saved.parts.metadata.get(entry.paper) for entry in content.all_entries}
    return PublishedIssue(
        content=content,
        digest=saved.digest,
        frozen_at=0,
        papers={
            key: as_printed(None, item, key) if isinstance(item, Place) else as_printed(item, None, key)
            for key, item in papers.items()
        },
        posts={},
        listing=listing if is_listed else None,
        places={},
        editions=(),
    )


def _as_then(issue: PublishedIssue, parts: AnswerParts, stored: StoredIssue) -> PublishedIssue:
    """The issue with what the store adds, as it can have been when the answer was made."""
    now = stored.issue
    content = issue.content
    pairs = [*zip(content.entries, parts.entries, strict=False), *zip(content.ongoing, parts.ongoing, strict=False)]
    editions = now.editions[: max(len(parts.editions), content.edition)]
    revised = {entry.paper for entry, shown in pairs if shown.withdrawn or shown.later_version is not None}
    withdrawn = {entry.paper for entry, shown in pairs if shown.withdrawn}
    return replace(
        issue,
        frozen_at=now.frozen_at,
        editions=(*editions, *parts.editions[len(now.editions) :]),  # a store may have been put back
        posts={entry.paper: tuple(_posts_then(entry, shown, stored)) for entry, shown in pairs},
        withdrawn={paper: how for paper, how in now.withdrawn.items() if paper in withdrawn},
        notices={e.paper: now.notices.get(e.paper, ()) for e, shown in pairs if shown.notices},
        later={paper: later for paper, later in now.later.items() if paper in revised},
        lanes=now.lanes,
    )


def _posts_then(entry: model.Entry, shown: AnsweredEntry, stored: StoredIssue) -> Iterator[Quotation]:
    """The entry's posts that an answer shows, as it shows them, without those forgotten since."""
    modes = {post.post: post.shown for post in shown.posts}
    for hash in entry.posts:
        post = stored.posts.get(hash)
        if post and (mode := modes.get(post.post)):
            yield Quotation(post=terms.as_shown(post, mode), hash=hash, shown=mode)


def _entry_differences(
    entry: model.Entry, shown: Json, expected: Json, item: Paper | Place | None, stored: StoredIssue | None
) -> Iterator[str]:
    free = set[str]()  # fields that are not compared
    posts = shown.get("posts", ())
    if stored is None:
        free |= NEEDS_STORE - ({"posts"} if len(posts) > len(entry.posts) else set())
        if shown.get("withdrawn") or shown.get("later_version") is not None:
            free.add("comment")
    else:
        if _are_posts(posts, expected["posts"], sum(hash not in stored.posts for hash in entry.posts)):
            free.add("posts")
        if len(posts) > len(expected["posts"]):  # a forgotten one may have linked to it
            free.add("code")
    if entry.metadata and item is None:
        yield f"{entry.paper}: nothing in the response proves title, authors and abstract"
        free |= {"title", "authors", "categories", "summary", "abstract"}
    elif isinstance(item, Place):
        free |= {"summary"} if item.abstract.strip() else {"summary", "abstract"}
    names = [name for name in ("place", "paper") if name not in shown]
    different = names + _different(shown, expected, free)
    if different:
        yield f"{entry.paper}: the response shows another {', '.join(different)}"
    of_posts = {name for post in posts for name in post.keys() - POST_FIELDS}
    if unknown := (shown.keys() - expected.keys()) | of_posts:
        yield f"{entry.paper}: {_unproved(unknown)}"


def _are_posts(shown: Sequence[Json], expected: Sequence[Json], forgotten: int) -> bool:
    """Whether an answer shows the expected posts, as far as it says, in order, and at most as many others as were
    forgotten since."""
    fields = {post["post"]: post.keys() for post in shown}
    known = {post["post"] for post in expected}
    as_said = [{name: post[name] for name in post if name in fields[post["post"]]} for post in expected]
    listed = [post for post in shown if post["post"] in known]
    if len(shown) - len(listed) > forgotten:
        return False
    return canonical_json(listed) == canonical_json(as_said)


def _different(shown: Json, expected: Json, free: set[str]) -> list[str]:
    """The known fields that have another value. Compared as JSON, so 1 is not true."""
    names = [name for name in shown if name in expected and name not in free]
    return [name for name in names if canonical_json(shown[name]) != canonical_json(expected[name])]


def _unproved(names: set[str]) -> str:
    return f"the response has fields that nothing proves: {', '.join(sorted(names))}"
