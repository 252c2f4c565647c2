"""Random events: people post, like, withdraw, edit and delete, and react to posts that don't exist yet.
`ExpectedRecord` works out in memory, as simply as possible, what a record should hold."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from tests.collect.sources import bluesky_events as bluesky

START = 1_783_036_800_000_000
POST, LIKE, REPOST = "app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.feed.repost"
KINDS = {LIKE: "like", REPOST: "repost"}
SECOND = 1_000_000


class Event(NamedTuple):
    """A change to a record in a repository. `paper`: the paper a post names, or 0; `references`: (relation,
    URI) of each post it refers to."""

    at: int
    did: str
    operation: str
    collection: str
    rkey: str
    paper: int = 0
    references: tuple[tuple[str, str], ...] = ()

    @property
    def uri(self) -> str:
        """The URI of the changed record."""
        return f"at://{self.did}/{self.collection}/{self.rkey}"

    def line(self) -> bytes:
        """The event as Jetstream writes it."""
        commit: dict[str, Any] = {
            "rev": bluesky.tid(self.at), "operation": self.operation, "collection": self.collection, "rkey": self.rkey,
        }  # fmt: skip
        if self.operation != "delete":
            commit |= {"record": self._record(), "cid": "bafyrei"}
        event = {"did": self.did, "time_us": self.at, "kind": "commit", "commit": commit}
        return json.dumps(event, separators=(",", ":")).encode() + b"\n"

    def _record(self) -> dict[str, Any]:
        references = {relation: {"uri": uri, "cid": "bafyrei"} for relation, uri in self.references}
        if self.collection != POST:
            return {"$type": self.collection, "subject": references["subject"], "createdAt": "2026-07-03T00:00:00Z"}
        fields: dict[str, Any] = (
            {"reply": {"parent": references["reply"], "root": references["reply"]}} if "reply" in references else {}
        )
        fields |= (
            {"embed": {"$type": "app.bsky.embed.record", "record": references["quote"]}}
            if "quote" in references
            else {}
        )
        text = f"Look at arxiv.org/abs/2606.0{self.paper}" if self.paper else "The weather & the kettle"
        return bluesky.post(text, **fields)


def make_events(seed: int, count: int = 150) -> list[Event]:
    """`count` events in order of time, over a few minutes, a few hours or more than a month."""
    rng = random.Random(seed)
    people = [f"did:plc:madeup{n:018}" for n in range(6)]
    at, step = START, rng.choice([2, 90, 25_000]) * SECOND
    slots = [START + step * n + rng.randrange(step // 2) for n in range(count)]
    uris = [f"at://{rng.choice(people)}/{POST}/{bluesky.tid(at)}" for at in rng.sample(slots, count // 5)]
    events: list[Event] = []
    for at in slots:
        own_uri = next((uri for uri in uris if uri.endswith(bluesky.tid(at))), None)
        events.append(_post(rng, at, own_uri, uris) if own_uri else _reaction_or_change(rng, at, people, uris, events))
    return events


def _post(rng: random.Random, at: int, uri: str, uris: Sequence[str], operation: str = "create") -> Event:
    _, _, did, _, rkey = uri.split("/")
    references = tuple((relation, rng.choice(uris)) for relation in ("reply", "quote") if rng.random() < 0.25)
    return Event(at, did, operation, POST, rkey, rng.choice([0, 1001, 1002]), references)


def _reaction_or_change(
    rng: random.Random, at: int, people: Sequence[str], uris: Sequence[str], events: Sequence[Event]
) -> Event:
    """A reaction, possibly to a post that doesn't exist yet; or a change to anything that exists."""
    creations = [event for event in events if event.operation == "create"]
    chance = rng.random()
    if chance < 0.25 and creations:
        target = rng.choice([event for event in creations if event.collection != POST] or creations)
        return Event(at, target.did, "delete", target.collection, target.rkey)
    deleted_uris = {event.uri for event in events if event.operation == "delete"}
    posts = [event for event in creations if event.collection == POST and event.uri not in deleted_uris]
    if chance < 0.35 and posts:
        return _post(rng, at, rng.choice(posts).uri, uris, "update")
    if chance < 0.40 and posts:
        target = rng.choice(posts)
        return Event(at, target.did, "delete", POST, target.rkey)
    kind = rng.choice([LIKE, LIKE, REPOST])
    return Event(at, rng.choice(people), "create", kind, bluesky.tid(at), references=(("subject", rng.choice(uris)),))


class ExpectedRecord:
    """A simple reader of events in order of time. `reactions`: those that change anything, as (moment, post, account,
    kind, withdrawn); `deletions`: (moment, post)."""

    def __init__(self) -> None:
        self.reactions: set[tuple[int, str, str, str, bool]] = set()
        self.deletions: set[tuple[int, str]] = set()
        self._created: dict[str, int] = {}
        self._posted_at: dict[str, int] = {}
        self._deleted: set[str] = set()
        self._targets: dict[str, str] = {}
        self._states: dict[tuple[str, str, str], bool] = {}

    def read(self, events: Iterable[Event]) -> ExpectedRecord:
        for event in events:
            (self._post if event.collection == POST else self._reaction)(event)
        return self

    def _is_tracked(self, uri: str, at: int) -> bool:
        """Whether a post named a paper, still exists, and is less than 30 days old."""
        return uri in self._posted_at and uri not in self._deleted and at < self._posted_at[uri] + 30 * 86_400 * SECOND

    def _react(self, event: Event, key: str, kind: str, post: str | None) -> None:
        previous = self._targets.pop(key, None)
        if previous is not None and previous != post:
            self._note(event, previous, kind, withdrawn=True)
        if post is not None:
            self._targets[key] = post
            self._note(event, post, kind, withdrawn=False)

    def _note(self, event: Event, post: str, kind: str, *, withdrawn: bool) -> None:
        if self._states.get((post, event.did, kind)) != withdrawn:
            self._states[post, event.did, kind] = withdrawn
            self.reactions.add((event.at, post, event.did, kind, withdrawn))

    def _reaction(self, event: Event) -> None:
        if event.operation == "delete":
            self._react(event, event.uri, KINDS[event.collection], None)
        elif self._is_tracked(event.references[0][1], event.at):
            self._react(event, event.uri, KINDS[event.collection], event.references[0][1])

    def _post(self, event: Event) -> None:
        if event.operation == "delete":
            if event.uri in self._posted_at:
                if event.uri not in self._deleted:
                    self.deletions.add((event.at, event.uri))
                self._deleted.add(event.uri)
            references: dict[str, str] = {}
        else:
            self._created.setdefault(event.uri, event.at)
            if event.paper and event.uri not in self._posted_at:
                self._posted_at[event.uri] = self._created[event.uri]
            references = {relation: uri for relation, uri in event.references if self._is_tracked(uri, event.at)}
        for relation in ("reply", "quote"):
            key = f"{event.uri}#{relation}"
            if event.operation != "create" and relation not in references:
                self._react(event, key, relation, None)
            elif relation in references:
                self._react(event, key, relation, references[relation])
