"""Bluesky's stream as others archived it: Jetstream events, one per line.

Imported as if it came now, in order of time: posts that name papers, and events about posts that the record tracks at
that time. The record keeps which reaction was for which post, so a withdrawal is understood in whatever file it comes,
and after an interrupted import.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO, cast

import msgspec

from hotpapers.base.model import DAY, HOUR, Item, Post, RawPayload, Reaction, typed_key
from hotpapers.collect.change_filter import TRACKED_FOR
from hotpapers.collect.queries import posts_of_account
from hotpapers.collect.sources.batched_requests import EDIT
from hotpapers.collect.sources.bluesky import BlueskySettings, BlueskySource, schemas
from hotpapers.collect.sources.bluesky.parser import (
    FIRST_ACCOUNT,
    REACTIONS,
    answer_key,
    author_of,
    key_of,
    record_address,
)
from hotpapers.collect.sources.bluesky.stream_filter import EventFilter
from hotpapers.discussion.engagement.queries import is_recorded
from hotpapers.keep.transfer.packed import ChunkStream
from hotpapers.record import AsOfView, Record, reaction_marks
from hotpapers.wings.archives import queries
from hotpapers.wings.archives.event_lines import COLLECTIONS, check_moment, event_of
from hotpapers.wings.archives.format import UNREADABLE, ArchiveFormat, ImportTarget, timely_items
from hotpapers.wings.archives.framing import ArchiveBlock, line_blocks
from hotpapers.wings.archives.repository import event_lines

NEVER = (2**63, 0)


class TrackedAt:
    """The posts that the record tracked at a moment of the archive: known before and young enough. What the record has
    of that same moment is ignored, as it may come from the very event that is read again.

    `held`: posts too old to be tracked, before the record has them. `reactions`: for which post each reaction was, by
    the reaction's address, before the record has it."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._at = self._from = self._until = 0
        self._posts: dict[str, tuple[int, int]] = {}
        self.reactions: dict[str, str] = {}
        self._dropped = set[str]()
        self.held = set[str]()
        self._absent = set[str]()

    def __contains__(self, key: object) -> bool:
        since, until = self._posts.get(cast("str", key), NEVER)
        return since < self._at < until

    def ask_about(self, keys: Collection[str], reactions: Collection[str]) -> None:
        """Looks up together whether the record has these posts and accounts, and for which posts these reactions were.
        What is missing is not looked up again until a batch is written."""
        known_identities = queries.known_identities(self._record, keys)
        known = known_identities, queries.known_reactions(self._record, reactions)
        self._absent = {*keys, *reactions}.difference(*known)

    def look(self, at: int) -> None:
        """Moves to a moment, and loads the posts for its day if the day changed."""
        self._at = at
        if self._from <= at < self._until:
            return
        self._from = at - at % DAY
        self._until = self._from + DAY
        born = (self._from - TRACKED_FOR, self._until)
        self._posts = {}
        for post, created_at, since in queries.tracked_posts(self._record, at, born):
            if post not in self._dropped:
                self._posts.setdefault(post, (since, created_at + TRACKED_FOR))

    def learn(self, items: Iterable[Item]) -> None:
        """Starts tracking posts, and stops tracking those that are gone. A post keeps the age that it had when it first
        came."""
        for item in items:
            if isinstance(item, Post) and item.gone:
                self._posts.pop(item.post, None)
            elif isinstance(item, Post):
                default = (0, item.created_at + TRACKED_FOR)
                _, until = self._posts.get(item.post, default)
                self._posts[item.post] = (0, until)

    def drop(self, post: str) -> None:
        """Stops tracking a post."""
        self._posts.pop(post, None)
        self._dropped.add(post)

    def holds(self, key: str, /) -> bool:
        """Whether the record had a post or an account before, however old."""
        if key in self.held:
            return True
        return key not in self._absent and queries.was_held(self._record, key, self._at)

    def post_of(self, reaction: str, /) -> str | None:
        """The key of the post to which a reaction belonged, if the record had the reaction before; the address may have
        been reused for another post since."""
        if (post := self.reactions.get(reaction)) or reaction in self._absent:
            return post
        if not (post := reaction_marks.post_of_reaction(self._record, reaction)):
            return None
        whole, _, kind = reaction.partition("#")
        kind = kind or REACTIONS[whole.split("/")[3]]
        if queries.had_reaction(self._record, post, key_of(author_of(whole)), kind, self._at):
            return post
        return None

    def posts_of(self, account: str, /) -> Collection[str]:
        """The keys of an account's posts in the record that are not gone."""
        return posts_of_account(self._record, account)

    def keep(self, now: int) -> None:
        """Stores the reactions remembered since the last call in the record."""
        if self.reactions:
            with self._record.batch() as batch:
                reaction_marks.remember_reactions(batch, self.reactions.items(), now)
        for noted in (self.reactions, self._dropped, self.held, self._absent):
            noted.clear()


def withdrawn_addresses(line: bytes) -> Sequence[str]:
    """The addresses of the reactions that a line withdraws, if it deletes anything."""
    return _removed(line)[1]


def _removed(line: bytes) -> tuple[str, Sequence[str]]:
    """The post that a line deletes or the account that it is about, else an empty string; and the addresses of the
    reactions that it withdraws. Nothing for unreadable lines."""
    if b'"delete"' in line or b'"account"' in line:
        with suppress(*UNREADABLE):
            event = schemas.read_event(line)
            if (commit := event.commit) is None:
                return event.did, ()
            uri = record_address(event.did, commit.collection, commit.rkey)
            if commit.operation == "delete" and commit.collection == schemas.POST:
                return uri, [answer_key(uri, kind) for kind in schemas.ANSWERS]
            if commit.operation == "delete":
                return "", [uri]
    return "", ()


class JetstreamArchive(ArchiveFormat):
    """JSON, one event per line. Each has its own moment; the file's does not matter. `in_lines`: whether files have
    such lines, and can be split anywhere."""

    network = "bluesky"
    in_lines = True

    @staticmethod
    def blocks(stream: BinaryIO) -> Iterator[ArchiveBlock]:
        """The lines of a stream. Raises InputError after yielding what could be read."""
        return line_blocks(stream)

    def __init__(self, target: ImportTarget) -> None:
        super().__init__(target)
        settings = BlueskySettings(mode="stream")
        self._known = TrackedAt(target.record)
        self._event_filter = EventFilter(self._known, reactions=True, remembers=settings.remembers, names=target.names)
        self._source = BlueskySource(settings, self._known, target.names)
        self._new_keys = set[object]()

    def prepare(self, lines: Sequence[bytes]) -> None:
        """Looks up together the recorded items that these lines delete, and accounts."""
        removed = list(map(_removed, lines))
        reactions = {reaction for _, reactions in removed for reaction in reactions}
        keys = {key_of(id) for id, _ in removed if id}
        self._known.ask_about(keys, reactions)

    def take(self, line: bytes) -> Sequence[RawPayload]:
        """The relevant content of an event."""
        event = event_of(line)
        at = check_moment(event.time_us, self._target.now + HOUR)
        self._known.look(at)
        payloads = self._event_filter.payloads(event, line, at)
        return list(map(self._noted, payloads))

    def _noted(self, payload: RawPayload) -> RawPayload:
        """A payload, after updating what is tracked: a post that is gone is dropped immediately, not only after the
        batch; a post that was too old when the network learned of it, or when an edit first named a paper, is never
        tracked."""
        post = key_of(payload.key)
        if payload.kind == "gone":
            self._known.drop(post)
            self._event_filter.fresh.discard(post)
        if payload.kind == "post" and self._is_old(payload):
            self._known.held.add(post)
            self._event_filter.fresh.discard(post)
        return payload._replace(body=payload.body.strip())

    def _is_old(self, payload: RawPayload) -> bool:
        try:
            items = list(self._source.read(payload))
        except UNREADABLE:  # reported when the batch is parsed
            return False
        return any(isinstance(item, Post) and item.created_at + TRACKED_FOR <= payload.at for item in items)

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """As the source reads it. New posts are tracked from now on."""
        items = timely_items(self._source.read(payload))
        if payload.kind != EDIT:  # an edited post is already tracked, or too old
            self._known.learn(items)
        if payload.kind == "reaction":
            self._known.reactions.update((payload.key, item.post) for item in items if isinstance(item, Reaction))
        return items

    def learned(self) -> None:
        """Everything taken so far was parsed."""
        self._known.keep(self._target.now)
        self._event_filter.fresh.clear()
        self._new_keys.clear()


# ---- history ---------------------------------------------------------------------------------------------


class HistoryArchive(JetstreamArchive):
    """The rest of a time, with what was deleted since. Whatever the record says already, from any source, stays as it
    is: live reading saw when it happened."""

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """The items that the source parses, if they are new, or something new was read about the same before."""
        view = self._target.record.view()
        known = self._new_keys
        items = [item for item in super().read(payload) if typed_key(item) in known or not _says(view, item)]
        known.update(map(typed_key, items))
        return items


def _says(view: AsOfView, item: Item) -> bool:
    """Whether the record's latest row for an item's key says the same."""
    row = view.latest_row(*typed_key(item))
    if row is None:
        return False
    known = row.item
    if isinstance(item, Post) and isinstance(known, Post):  # handles, names and labels come with counts
        return bool(known.gone) == bool(item.gone) and (bool(item.gone) or known.text == item.text)
    return bool(msgspec.structs.replace(known, observed_at=item.observed_at) == item)


# ---- repositories ----------------------------------------------------------------------------------------
# What somebody posted, reposted and liked, if it still exists. A repository is read as a whole, since its tree may be
# anywhere in it, and becomes one event per record. From there on it is handled like any archive of events.


class CarArchive(JetstreamArchive):
    """Records, each at its own moment. What the record has already, from any source, stays as it is: a repository does
    not contain what a post said before an edit."""

    in_lines = False

    @staticmethod
    def blocks(stream: BinaryIO) -> Iterator[ArchiveBlock]:
        """The events of a stream, as lines. Raises InputError after yielding what could be read."""
        return line_blocks(ChunkStream.buffered(event_lines(stream, COLLECTIONS, FIRST_ACCOUNT)))

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """The items that the source parses, if they are new."""
        items = super().read(payload)  # also tracks a known post, whenever the record learned of it
        key = payload.key
        record = self._target.record
        is_known = key in self._new_keys or (
            is_recorded(record, key_of(key))
            if payload.kind == "post"
            else reaction_marks.post_of_reaction(record, key) is not None
        )
        self._new_keys.add(key)
        return () if is_known else items
