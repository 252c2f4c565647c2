"""What the record knows already: which posts are tracked, and what of an observation is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, TypeGuard

import msgspec

from hotpapers.model import DAY, Item, Mention, Post, Snapshot, Verdict
from hotpapers.record import Record, View, reacted
from hotpapers.record.items import Row
from hotpapers.sources.matching import EDITED, edited

TRACKED_FOR = 30 * DAY


class Known(set[str]):
    """The keys of the posts that the record tracks, and of their accounts: what streams of events are compared with."""

    def learn(self, items: Sequence[Item]) -> None:
        """Takes in posts and their accounts as they come; posts that are gone are dropped."""
        for item in items:
            if isinstance(item, Post) and item.gone:
                self.discard(item.post)
            elif isinstance(item, Post):
                self.update((item.post, item.account))


class KnownPosts(Known):
    """The posts of a network that are young enough to be followed, as the record has them. For one thread."""

    def __init__(self, record: Record, network: str, at: int) -> None:
        super().__init__()
        self._network, self._position = network, 0
        self.look(record, at)

    def look(self, record: Record, at: int) -> None:
        """Takes in what came into the record since the last look, by whomever; asks this record from now on."""
        self._record = record
        head = record.head.position
        sql = """SELECT DISTINCT post, account FROM post
            WHERE network = ? AND since > ? AND created_at > ? AND gone = '' AND until = 0"""
        rows = record.database.rows(sql, (self._network, self._position, at - TRACKED_FOR))
        self.update(key for row in rows for key in row)
        self._position = head

    def holds(self, key: str, /) -> bool:
        """Whether the record has a post or an account, however old. Raises StoreError."""
        return key in self or is_held(self._record, key)

    def post_of(self, reaction: str, /) -> str | None:
        """The key of the post that a reaction was for, by the reaction's own address. Raises StoreError."""
        return reacted.post_of(self._record, reaction)


def is_held(record: Record, key: str) -> bool:
    """Whether the record has a post or an account, however old. Raises StoreError."""
    sql = "SELECT EXISTS (SELECT 1 FROM post WHERE post = ?) OR EXISTS (SELECT 1 FROM post WHERE account = ?)"
    return bool(record.database.rows(sql, (key, key))[0][0])


def still_new(record: Record, then: View) -> Callable[[Item], bool]:
    """Whether what was new in a view still is, of each item in turn, inside the batch that writes them: another job may
    have said the same meanwhile."""

    @cache
    def said_since() -> Words | None:
        view = record.view()
        return None if view.position == then.position else Words(view)

    return lambda item: (words := said_since()) is None or words.is_new(item)


class Words:
    """The last word on each key: what a page has said so far, else the record's. One for each page."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._said: dict[tuple[Any, ...], Item] = {}
        self._finders: dict[type[Item], Callable[..., Row | None]] = {}

    def is_new(self, item: Item) -> bool:
        """Whether an item says something else than the last word on its key, but for the moment. Now it is said."""
        key = (type(item), *(getattr(item, name) for name in item.key))
        last = self._said.get(key) or self._recorded(*key)
        self._said[key] = item
        return last is None or msgspec.structs.replace(last, observed_at=item.observed_at) != item

    def when_there(self, post: str) -> Post | None:
        """A post as it was before it was said to be gone; None where it is not, or never was anything else."""
        view = self._view
        while row := view.one(Post, post):
            if not (isinstance(row.item, Post) and row.item.gone):
                return row.item if view is not self._view and isinstance(row.item, Post) else None
            view = view._replace(cut=row.item.observed_at - 1)
        return None

    def named(self, post: str) -> set[str]:
        """The papers that a post named so far."""
        found = {row.item.paper for row in self._view.latest(Mention, "t.post = ?", (post,)) if is_mention(row.item)}
        return found | {item.paper for item in self._said.values() if is_mention(item) and item.post == post}

    def doubted(self, post: str) -> set[str]:
        """The papers of which the last word is that an edit took them out of a post."""
        rows = self._view.latest(Verdict, "t.subject = ? AND t.rule = ?", (post, EDITED))
        words = [row.item for row in rows] + [i for i in self._said.values() if is_edit(i) and i.subject == post]
        last = {word.about: word.judgement for word in words if is_edit(word)}
        return {about for about, judgement in last.items() if judgement == "doubtful"}

    def _recorded(self, cls: type[Item], *key: Any) -> Item | None:
        find = self._finders.get(cls) or self._finders.setdefault(cls, self._view.finder(cls))
        row = find(*key)
        return row.item if row else None


def back_again(words: Words, items: Sequence[Item]) -> Iterator[Post]:
    """Posts that were said to be gone and are counted, so that they are there: as they were."""
    told = {item.post for item in items if isinstance(item, Post)}
    for item in items:
        post = words.when_there(item.post) if isinstance(item, Snapshot) and item.post not in told else None
        if post is not None:
            yield msgspec.structs.replace(post, observed_at=item.observed_at)


def is_mention(item: Item) -> TypeGuard[Mention]:
    """Whether an item is a mention."""
    return isinstance(item, Mention)


def is_edit(item: Item) -> TypeGuard[Verdict]:
    """Whether an item is a verdict on what an edit took out of a post."""
    return isinstance(item, Verdict) and item.rule == EDITED


def edits(words: Words, items: Sequence[Item]) -> Iterator[Verdict]:
    """What posts that were edited no longer name, or name again. `items`: all that they say now."""
    for post in items:
        if isinstance(post, Post) and not post.gone:
            now = [item for item in items if is_mention(item) and item.post == post.post]
            yield from edited(post.post, words.named(post.post), words.doubted(post.post), now, post.observed_at)
