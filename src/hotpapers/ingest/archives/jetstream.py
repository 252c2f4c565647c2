"""Bluesky's stream as others kept it: Jetstream's events, one a line, or the relay's frames.

Sifted as if it came now, in the order of the archive: posts that name papers, and what befalls the posts that the
record tracks at that time. Which reaction was for which post stands in the record, so that a withdrawal is understood
in whatever file it comes, and after an import was broken off.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from hotpapers.engagement.queries import is_held
from hotpapers.errors import InputError, NetError
from hotpapers.ingest import queries
from hotpapers.ingest.archives.format import FIRST, UNREADABLE, ImportTarget, timely
from hotpapers.ingest.change_filter import TRACKED_FOR, TrackedKeys
from hotpapers.model import DAY, HOUR, Item, RawPayload, Reaction
from hotpapers.sources.bluesky import BlueskySettings, BlueskySource, firehose, schemas
from hotpapers.sources.bluesky.parser import address, answer_key, key_of
from hotpapers.sources.bluesky.stream_filter import EventFilter
from hotpapers.store import Record, reaction_marks

COLLECTIONS = frozenset((schemas.POST, schemas.LIKE, schemas.REPOST))


class TrackedAt(TrackedKeys):
    """The posts that the record tracked at a moment of the archive, and their accounts."""

    def __init__(self, record: Record) -> None:
        super().__init__()
        self._record = record
        self._from = self._until = 0
        self._reactions: dict[str, str] = {}
        self._dropped: set[str] = set()
        self._absent: set[str] = set()

    def ask_about(self, keys: Collection[str], reactions: Collection[str]) -> None:
        """Asks the record at once whether it has these posts and accounts, and for which posts these reactions were;
        what it has nothing of is not asked for again until a batch is written."""
        known = set(queries.known_identities(self._record, keys))
        known.update(reaction_marks.known_reactions(self._record, reactions))
        self._absent = {*keys, *reactions} - known

    def look(self, at: int) -> None:
        """Takes in what the record has for the day of a moment, if that is another day than before.

        Whole days, so that an import that goes on in the middle of one knows what it would have known.
        """
        if self._from - HOUR <= at < self._until:
            return
        self._from = at - at % DAY
        self._until = self._from + DAY
        self.clear()
        born = (self._from - TRACKED_FOR, self._until)
        for post, account, gone in queries.tracked_posts(self._record, at, born):
            self.update((account,) if gone else (post, account))
        self.difference_update(self._dropped)

    def drop(self, post: str) -> None:
        """Follows a post no more."""
        self.discard(post)
        self._dropped.add(post)

    def holds(self, key: str, /) -> bool:
        """Whether the record has a post or an account, however old."""
        return key not in self._absent and is_held(self._record, key)

    def remember(self, reactions: Iterable[tuple[str, str]]) -> None:
        """Keeps for which post each reaction was, by its address."""
        self._reactions.update(reactions)

    def post_of(self, reaction: str, /) -> str | None:
        """The key of the post that a reaction was for."""
        if (post := self._reactions.get(reaction)) or reaction in self._absent:
            return post
        return reaction_marks.post_of_reaction(self._record, reaction)

    def keep(self, now: int) -> None:
        """Hands the reactions that came since the last time to the record."""
        reaction_marks.remember_reactions(self._record, self._reactions.items(), now)
        self._reactions.clear()
        self._dropped.clear()
        self._absent.clear()


def _deletion_or_account(line: bytes) -> schemas.StreamEvent | None:
    """An event of these kinds; None for others, and for what cannot be read."""
    if b'"delete"' not in line and b'"account"' not in line:
        return None
    try:
        event = schemas.event(line)
    except UNREADABLE:
        return None
    return event if event.commit is None or event.commit.operation == "delete" else None


class JetstreamArchive:
    """JSON, one event a line."""

    network = "bluesky"
    only_known: frozenset[str] = frozenset()

    def __init__(self, place: ImportTarget) -> None:
        settings = BlueskySettings(mode="stream")
        self._known = TrackedAt(place.record)
        self._sieve = EventFilter(self._known, reactions=True, remembers=settings.remembers, names=place.names)
        self._source = BlueskySource(settings, self._known, place.names)
        self._now, self._latest = place.now, place.now + HOUR

    def begin(self, place: ImportTarget) -> None:
        """Every event has a moment of its own: the file's does not matter."""

    def prepare(self, lines: Sequence[bytes]) -> None:
        """Asks for what is deleted, and for accounts."""
        keys, reactions = set[str](), set[str]()
        for event in filter(None, map(_deletion_or_account, lines)):
            commit = event.commit
            if commit is None:
                keys.add(key_of(event.did))
                continue
            uri = address(event.did, commit.collection, commit.rkey)
            if commit.collection == schemas.POST:
                keys.add(key_of(uri))
                reactions.update(answer_key(uri, kind) for kind in schemas.ANSWERS)
            else:
                reactions.add(uri)
        self._known.ask_about(keys, reactions)

    def take(self, line: bytes) -> Sequence[RawPayload]:
        """What an event says that concerns us."""
        event = schemas.event(line)
        at = event.time_us
        if not FIRST <= at <= self._latest:
            raise InputError(f"an event at {at}, which cannot be")
        self._known.look(at)
        payloads = self._sieve.seen(event, line, at)
        return [self._noted(payload) for payload in payloads] if payloads else payloads

    def _noted(self, payload: RawPayload) -> RawPayload:
        """What is gone is followed no more from this line on, not only after the batch."""
        if payload.kind == "gone":
            post = f"{self.network}:{payload.key}"
            self._known.drop(post)
            self._sieve.fresh.discard(post)
        return payload._replace(body=payload.body.strip())

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """As the source reads it; what it brings is tracked from now on."""
        items = timely(self._source.read(payload))
        self._known.learn(items)
        if payload.kind == "reaction":
            self._known.remember((payload.key, item.post) for item in items if isinstance(item, Reaction))
        return items

    def learned(self) -> None:
        """All that was taken was read."""
        self._known.keep(self._now)
        self._sieve.fresh.clear()


class FirehoseArchive(JetstreamArchive):
    """The relay's own frames, in CBOR."""

    def prepare(self, lines: Sequence[bytes]) -> None:
        """Each is looked up by itself."""

    def take(self, line: bytes) -> Sequence[RawPayload]:
        """What a frame's events say that concerns us."""
        return [payload for body in frame_events(line) for payload in super(FirehoseArchive, self).take(body)]


def frame_events(frame: bytes) -> Sequence[bytes]:
    """A frame's events, each as a line of Jetstream's. Raises what decoders raise for nonsense."""
    try:
        return firehose.events(firehose.frame(frame), COLLECTIONS)
    except NetError:
        return ()  # what the relay told whoever listened, not what happened on the network
