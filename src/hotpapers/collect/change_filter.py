"""Compares observations with the record: tracked posts, the names of papers, new values."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import chain
from typing import Any, TypeGuard

import msgspec

from hotpapers.base.model import (
    COUNTS,
    DAY,
    HOUR,
    Account,
    Announcement,
    Item,
    Mention,
    Paper,
    Post,
    Reaction,
    Snapshot,
    Verdict,
    typed_key,
)
from hotpapers.base.papers.mentions.paper_index import PaperAlias, PaperIndex
from hotpapers.base.text.timestamps import is_over
from hotpapers.collect import queries
from hotpapers.collect.sources.paper_mentions import EDIT_RULE, TITLE_RULE, edit_verdicts
from hotpapers.discussion.engagement import queries as engagement_queries
from hotpapers.record import AsOfView, Record, item_rows, reaction_marks
from hotpapers.record.batches import BatchWriter
from hotpapers.record.database import sql_placeholders, statement_slices
from hotpapers.record.identities import IdentityCache, is_pseudonym
from hotpapers.record.paper_names import aliases_between, last_numbers, load_names, named_by
from hotpapers.record.tombstones import NOTHING_FORGOTTEN, Tombstones, without_references

TRACKED_FOR = 30 * DAY
CUT_SIGNS = " …[].\n"
"""Signs at the end of a text that was cut."""
LASTING = (Account, Announcement, Mention, Paper, Post, Reaction, Snapshot, Verdict)
"""Kinds whose items are stored only if they say something new, however often a list repeats them."""


class TrackedPosts(set[str]):
    """The keys of a network's posts in the record that are young enough to be tracked, and of their accounts, against
    which event streams are matched. For one thread.

    Posts that leave the window are dropped by the next `look`, and an account with its last post, so memory does not
    grow with running time.
    """

    def __init__(self, record: Record, network: str, at: int) -> None:
        super().__init__()
        self._network = network
        self._position = 0
        self._from = at - TRACKED_FOR
        self._account: dict[str, str] = {}
        self._posts = Counter[str]()
        self._by_age: list[tuple[int, str]] = []
        self.look(record, at)

    def look(self, record: Record, at: int) -> None:
        """Adds everything stored since the last look, by any process, and drops posts outside the window. Later
        questions go to this record."""
        self._record = record
        head = record.head.position
        if head < self._position or at - TRACKED_FOR < self._from:  # a backup was restored, or the clock was ahead
            self._position = 0
        self._from = at - TRACKED_FOR
        for post, account, created_at in queries.living_posts(record, self._network, self._position, self._from):
            self._track(post, account, created_at)
        for post in queries.gone_posts(record, self._network, self._position) if self._position else ():
            self._untrack(post)
        while self._by_age and self._by_age[0][0] <= self._from:
            self._untrack(heappop(self._by_age)[1])
        self._position = head

    def learn(self, items: Sequence[Item]) -> None:
        """Adds posts and their accounts as they are read, and drops posts that are gone."""
        for item in items:
            if isinstance(item, Post) and item.gone:
                self._untrack(item.post)
            elif isinstance(item, Post) and item.created_at > self._from:
                self._track(item.post, item.account, item.created_at)

    def _track(self, post: str, account: str, created_at: int) -> None:
        if post not in self._account:
            self._account[post] = account
            self._posts[account] += 1
            heappush(self._by_age, (created_at, post))
            self.update((post, account))

    def _untrack(self, post: str) -> None:
        account = self._account.pop(post, None)
        if account is None:
            return
        self.discard(post)
        self._posts[account] -= 1
        if not self._posts[account]:
            del self._posts[account]
            self.discard(account)

    def holds(self, key: str, /) -> bool:
        """Whether the record has a post or an account, however old. If another process has just stored it, it is
        tracked from now on. Raises StoreError."""
        if key in self:
            return True
        is_recorded = engagement_queries.is_recorded(self._record, key)
        if is_recorded:
            self.look(self._record, self._from + TRACKED_FOR)
        return is_recorded

    def post_of(self, reaction: str, /) -> str | None:
        """The key of the post to which a reaction belonged, by the reaction's own address. Raises StoreError."""
        return reaction_marks.post_of_reaction(self._record, reaction)

    def posts_of(self, account: str, /) -> Collection[str]:
        """The keys of an account's posts in the record that are not gone. Raises StoreError."""
        return queries.posts_of_account(self._record, account)


AGAIN = 6 * HOUR
"""Microseconds between full reloads, which drop old papers."""
MAX_NEW_ROWS = 10_000
"""Rows that others may add between two looks for their names to be learned immediately. After more, as during an
import, these wait for the next reload."""


class SharedPaperIndex:
    """The names of the last half year's papers, for all threads. `read_at`: when `names` was loaded, if it was."""

    def __init__(self, names: PaperIndex | None = None, read_at: int | None = None) -> None:
        self.names = PaperIndex() if names is None else names
        self._read_at = read_at
        self._lock = threading.Lock()
        self._new_aliases: list[PaperAlias] = []
        self._last_rows: tuple[int, ...] = ()

    def look(self, record: Record, at: int) -> None:
        """Adds the names that other processes have stored since the last look. Reloads all names from the record if the
        last load is too old; the first caller does it, the others wait."""
        with self._lock:
            last_rows = last_numbers(record)
            if self._read_at is None or is_over(self._read_at, AGAIN, at):
                self._new_aliases.clear()
                self.names.replace(load_names(record, at))
                self.names.learn(self._new_aliases)  # names added meanwhile may not have been in the record yet
                self._read_at = at
                self._last_rows = last_rows
            elif self._last_rows and 0 < sum(last_rows) - sum(self._last_rows) <= MAX_NEW_ROWS:
                self._learn(aliases_between(record, self._last_rows, last_rows))
                self._last_rows = last_rows

    def learn(self, items: Iterable[Item]) -> None:
        """Adds names that were just read."""
        self._learn(named_by(items))

    def _learn(self, new_aliases: Iterable[PaperAlias]) -> None:
        aliases = list(new_aliases)
        if aliases:
            self._new_aliases += aliases
            self.names.learn(aliases)


class ChangeFilter:
    """The latest observation for each key: the page's latest so far, or else the record's. One per page. `items`: the
    page's items, and `edited`, the posts that it reports as edited, to look up in the record together. `known`: the
    tombstones; items are stored without the forgotten parts. `lookup`: finds the identities of their keys.
    `believes_dates`: whether known posts may have other dates, as in archives, which are read in any order.
    """

    def __init__(
        self,
        view: AsOfView,
        items: Iterable[Item] = (),
        edited: Collection[str] = (),
        known: Tombstones = NOTHING_FORGOTTEN,
        lookup: IdentityCache | None = None,
        *,
        believes_dates: bool = False,
    ) -> None:
        self._view = view
        self._believes_dates = believes_dates
        self._known = known
        self._lookup = lookup or IdentityCache(view.database)
        self._new_items: dict[tuple[Any, ...], Item] = {}
        self._new_by_post = defaultdict[str, list[Mention | Verdict]](list)
        self._recorded_by_post: dict[str, list[Mention | Verdict]] = {}
        lasting = [item for item in items if isinstance(item, LASTING)]
        self._recorded = _last_items(view, lasting, self._lookup) if lasting else {}
        if edited:
            self._look_up_edited(edited)

    @classmethod
    def inside(cls, batch: BatchWriter, items: Iterable[Item], edited: Collection[str]) -> ChangeFilter:
        """A filter that compares with the record as it is when a batch begins."""
        return cls(batch.view, items, edited, batch.forgotten, batch.identities)

    def is_new(self, item: Item) -> bool:
        """Whether an item differs from the latest observation for its key in more than its moment. If so, it becomes
        the latest. Items of kinds that are not in `LASTING` are always new."""
        if not isinstance(item, LASTING):
            return True
        item, key = self._known.redacted(item), typed_key(item)
        last = self._last(key)
        earlier_items = [last]
        if last is not None and last.observed_at > item.observed_at:  # another job read later but wrote sooner
            view = self._view._replace(as_of=item.observed_at)
            earlier_items.append(view.item(*key))
        if any(_repeats(item, earlier) for earlier in earlier_items if earlier):
            return False
        self._add(item)
        return True

    def learn(self, items: Iterable[Item]) -> None:
        """Adds items that are not in the record yet."""
        for item in items:
            self._add(item)

    def _add(self, item: Item) -> None:
        self._new_items[typed_key(item)] = item
        if is_mention(item):
            self._new_by_post[item.post].append(item)
        elif is_edit(item):
            self._new_by_post[item.subject].append(item)

    def believably_dated(self, item: Item) -> Item:
        """An item. A known post keeps its date if it has a later one now: such as a feed's entry without a date of its
        own, or one of a feed that is rebuilt."""
        if isinstance(item, Post) and not self._believes_dates:
            last = self._last(typed_key(item))
            if isinstance(last, Post) and 0 < last.created_at < item.created_at:
                return msgspec.structs.replace(item, created_at=last.created_at)
        return created_when_seen(item)

    def were_edited(self, items: Iterable[Item]) -> bool:
        """Whether the words or links of posts differ from the recorded ones by more than a cut at the end."""
        return any(isinstance(item, Post) and _differ(item, self.recorded(item)) for item in items)

    def completed(self, post: Post) -> Post:
        """A post that may be known already. If a payload contains only its author's words, the author's names stay as
        last seen, and so do the limits, as others may have set them. A post reduced by its network's terms stays as it
        is."""
        last = self._last(typed_key(post))
        is_reduced = bool(post.limits) and not post.text
        if post.handle or is_reduced or not isinstance(last, Post) or not last.handle or last.account != post.account:
            return post
        limits = tuple(sorted({*last.limits, *post.limits}))
        return msgspec.structs.replace(post, handle=last.handle, name=last.name, limits=limits)

    def completed_paper(self, paper: Paper) -> Paper:
        """A paper that may be known already: an older version never replaces a newer one, and what one reader knows of
        its publication stays if another one's format lacks it."""
        last = self._last(typed_key(paper))
        if not isinstance(last, Paper):
            return paper
        if paper.version and last.version and paper.version < last.version:
            return _with_publication(last, paper, paper.observed_at)
        return _with_publication(paper, last, paper.observed_at)

    def recorded(self, post: Post) -> Post | None:
        """Returns a post as last recorded. Returns None if it is not in the record."""
        last = self._last_recorded(typed_key(post))
        return last if isinstance(last, Post) else None

    def last_present(self, post: str) -> Post | None:
        """A post as it was before it was reported gone. None if it is not gone or was never seen otherwise."""
        last = self._last_recorded((Post, post))
        if not (isinstance(last, Post) and last.gone):
            return None
        while isinstance(last, Post) and last.gone:
            as_of = last.observed_at - 1
            last = self._view._replace(as_of=as_of).item(Post, post)
        return last if isinstance(last, Post) else None

    def named_papers(self, post: str) -> set[str]:
        """The papers that a post has named so far."""
        return {item.paper for item in self._said_of(post) if is_mention(item)}

    def removed_papers(self, post: str) -> set[str]:
        """The papers that an edit removed from a post, by the latest verdict on each."""
        items = self._said_of(post)
        last_judgements = {item.about: item.judgement for item in items if is_edit(item)}
        return {about for about, judgement in last_judgements.items() if judgement == "doubtful"}

    def _said_of(self, post: str) -> Iterator[Mention | Verdict]:
        """The record's mentions of a post and verdicts on its edits, then those of the page so far."""
        if post not in self._recorded_by_post:
            self._look_up_edited([post])
        return chain(self._recorded_by_post[post], self._new_by_post[post])

    def _look_up_edited(self, posts: Collection[str]) -> None:
        """Looks up the mentions of posts and the verdicts on their edits: two statements for several hundred posts."""
        self._recorded_by_post |= {post: [] for post in posts}
        numbers = [identity.number for identity in self._lookup(posts).values()]
        for chunk in statement_slices(numbers):
            marks = sql_placeholders(chunk)
            mentions = self._view.latest(Mention, f"t.post IN ({marks})", chunk, "t.id")
            where = f"t.subject IN ({marks}) AND t.rule = ?"
            verdicts = self._view.latest(Verdict, where, [*chunk, EDIT_RULE], "t.id")
            for item in (row.item for row in (*mentions, *verdicts)):
                if is_mention(item):
                    self._recorded_by_post[item.post].append(item)
                    self._recorded.setdefault((Verdict, item.post, item.paper, EDIT_RULE), None)
                elif is_edit(item):
                    self._recorded_by_post[item.subject].append(item)
                    self._recorded[typed_key(item)] = item

    def _last(self, key: tuple[Any, ...]) -> Item | None:
        return self._new_items.get(key) or self._last_recorded(key)

    def _last_recorded(self, key: tuple[Any, ...]) -> Item | None:
        if key not in self._recorded:
            self._recorded[key] = self._view.item(*key)
        return self._recorded[key]


def _with_publication(paper: Paper, other: Paper, at: int) -> Paper:
    """A paper as observed at a moment, with what only another observation says of its publication."""
    return msgspec.structs.replace(
        paper,
        published_at=other.published_at if paper.published_at is None else paper.published_at,
        doi=paper.doi or other.doi,
        journal=paper.journal or other.journal,
        observed_at=at,
    )


def _repeats(item: Item, earlier: Item) -> bool:
    """Whether an item says no more than an earlier one with the same key, apart from its moment. A count that is
    missing from a list says nothing, nor does a forgotten reference."""
    earlier = without_references(earlier, is_pseudonym)
    if isinstance(item, Snapshot):
        missing_counts = {name: getattr(earlier, name) for name in COUNTS if getattr(item, name) is None}
        item = msgspec.structs.replace(item, **missing_counts)
    return item == msgspec.structs.replace(earlier, observed_at=item.observed_at)


def _last_items(view: AsOfView, items: Sequence[Item], lookup: IdentityCache) -> dict[tuple[Any, ...], Item | None]:
    """The record's latest observation for the key of each item, and of each counted post: one statement per kind, or
    none if the record knows none of the keys."""
    counted_posts = ((Post, item.post) for item in items if isinstance(item, Snapshot))  # they may have been gone
    last_items: dict[tuple[Any, ...], Item | None] = dict.fromkeys((*map(typed_key, items), *counted_posts))
    known = lookup(item_rows.keys_in(items))
    for cls in {cls for cls, *_ in last_items}:
        for row in view.of_keys(cls, [key[1:] for key in last_items if key[0] is cls], known):
            last_items[typed_key(row.item)] = row.item
    return last_items


def restored_posts(changes: ChangeFilter, items: Sequence[Item]) -> Iterator[Post]:
    """Posts that were reported gone but have counts, so they still exist: as they were before."""
    posts = {item.post for item in items if isinstance(item, Post)}
    for item in items:
        if isinstance(item, Snapshot) and item.post not in posts:
            post = changes.last_present(item.post)
        else:
            post = None
        if post is not None:
            yield msgspec.structs.replace(post, observed_at=item.observed_at)


def _differ(post: Post, recorded: Post | None) -> bool:
    if recorded is None:
        return True
    if post.text == recorded.text:
        return post.links != recorded.links
    return not recorded.text.startswith(post.text.rstrip(CUT_SIGNS))


def without_edit(items: Sequence[Item]) -> list[Item]:
    """The items of a post that was read again without being edited: nothing that an edit says, and nothing at all if it
    names no paper by the names known now."""
    if not any(map(is_mention, items)):
        return []
    return [item for item in items if not is_pardon(item)]


def is_pardon(item: Item) -> bool:
    """Whether an item is a verdict that, after an edit, a post's words no longer make its mention doubtful."""
    return isinstance(item, Verdict) and item.rule == TITLE_RULE and item.judgement == "sound"


def created_when_seen(item: Item) -> Item:
    """An item; a post dated later than it was seen counts as created when seen."""
    if isinstance(item, Post) and item.created_at > item.observed_at:
        return msgspec.structs.replace(item, created_at=item.observed_at)
    return item


def is_mention(item: Item) -> TypeGuard[Mention]:
    """Whether an item is a mention."""
    return isinstance(item, Mention)


def is_edit(item: Item) -> TypeGuard[Verdict]:
    """Whether an item is a verdict on a mention that an edit removed or restored."""
    return isinstance(item, Verdict) and item.rule == EDIT_RULE


def verdicts_on_edits(changes: ChangeFilter, items: Sequence[Item]) -> Iterator[Verdict]:
    """Verdicts on papers that edited posts no longer name, or name again. `items`: everything that the posts say
    now."""
    for post in items:
        if isinstance(post, Post) and not post.gone:
            post_mentions = [item for item in items if is_mention(item) and item.post == post.post]
            named_papers = changes.named_papers(post.post)
            removed_papers = changes.removed_papers(post.post)
            yield from edit_verdicts(
                post.post,
                named_papers,
                removed_papers,
                post_mentions,
                post.observed_at,
            )
