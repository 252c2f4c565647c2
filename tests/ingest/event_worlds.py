"""Made-up worlds of events: people post, like, withdraw, edit and delete, and react to posts that don't exist yet.
`Model` works out in memory, as simply as possible, what a record should hold."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from tests.sources import bluesky_events as made

START = 1_783_036_800_000_000
POST, LIKE, REPOST = "app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.feed.repost"
KINDS = {LIKE: "like", REPOST: "repost"}
SECOND = 1_000_000


class Event(NamedTuple):
    """A change to a record in a repository. `paper`: the paper a post names, or 0; `refers`: (how, address) of each
    post it refers to."""

    at: int
    did: str
    operation: str
    collection: str
    rkey: str
    paper: int = 0
    refers: tuple[tuple[str, str], ...] = ()

    @property
    def uri(self) -> str:
        """The address of the changed record."""
        return f"at://{self.did}/{self.collection}/{self.rkey}"

    def line(self) -> bytes:
        """The event as Jetstream writes it."""
        commit: dict[str, Any] = {
            "rev": made.tid(self.at), "operation": self.operation, "collection": self.collection, "rkey": self.rkey,
        }  # fmt: skip
        if self.operation != "delete":
            commit |= {"record": self._record(), "cid": "bafyrei"}
        event = {"did": self.did, "time_us": self.at, "kind": "commit", "commit": commit}
        return json.dumps(event, separators=(",", ":")).encode() + b"\n"

    def _record(self) -> dict[str, Any]:
        refers = {how: {"uri": uri, "cid": "bafyrei"} for how, uri in self.refers}
        if self.collection != POST:
            return {"$type": self.collection, "subject": refers["subject"], "createdAt": "2026-07-03T00:00:00Z"}
        more: dict[str, Any] = (
            {"reply": {"parent": refers["reply"], "root": refers["reply"]}} if "reply" in refers else {}
        )
        more |= {"embed": {"$type": "app.bsky.embed.record", "record": refers["quote"]}} if "quote" in refers else {}
        text = f"Look at arxiv.org/abs/2606.0{self.paper}" if self.paper else "The weather & the kettle"
        return made.post(text, **more)


def world(seed: int, count: int = 150) -> list[Event]:
    """`count` events in order of time, over a few minutes, a few hours or more than a month."""
    dice = random.Random(seed)
    people = [f"did:plc:madeup{n:018}" for n in range(6)]
    at, step = START, dice.choice([2, 90, 25_000]) * SECOND
    slots = [START + step * n + dice.randrange(step // 2) for n in range(count)]
    uris = [f"at://{dice.choice(people)}/{POST}/{made.tid(at)}" for at in dice.sample(slots, count // 5)]
    events: list[Event] = []
    for at in slots:
        own = next((uri for uri in uris if uri.endswith(made.tid(at))), None)
        events.append(_post(dice, at, own, uris) if own else _deed(dice, at, people, uris, events))
    return events


def _post(dice: random.Random, at: int, uri: str, uris: Sequence[str], operation: str = "create") -> Event:
    _, _, did, _, rkey = uri.split("/")
    refers = tuple((how, dice.choice(uris)) for how in ("reply", "quote") if dice.random() < 0.25)
    return Event(at, did, operation, POST, rkey, dice.choice([0, 1001, 1002]), refers)


def _deed(dice: random.Random, at: int, people: Sequence[str], uris: Sequence[str], events: Sequence[Event]) -> Event:
    """A reaction, possibly to a post still to come; or a change to anything that exists."""
    past = [event for event in events if event.operation == "create"]
    deed = dice.random()
    if deed < 0.25 and past:
        gone = dice.choice([event for event in past if event.collection != POST] or past)
        return Event(at, gone.did, "delete", gone.collection, gone.rkey)
    lost = {event.uri for event in events if event.operation == "delete"}
    posts = [event for event in past if event.collection == POST and event.uri not in lost]
    if deed < 0.35 and posts:
        return _post(dice, at, dice.choice(posts).uri, uris, "update")
    if deed < 0.40 and posts:
        gone = dice.choice(posts)
        return Event(at, gone.did, "delete", POST, gone.rkey)
    kind = dice.choice([LIKE, LIKE, REPOST])
    return Event(at, dice.choice(people), "create", kind, made.tid(at), refers=(("subject", dice.choice(uris)),))


class Model:
    """A simple reader of events in order of time. `words`: the reactions that change anything, as (moment, post,
    account, kind, withdrawn); `gone`: (moment, post)."""

    def __init__(self) -> None:
        self.words: set[tuple[int, str, str, str, bool]] = set()
        self.gone: set[tuple[int, str]] = set()
        self._created: dict[str, int] = {}
        self._made: dict[str, int] = {}
        self._gone: set[str] = set()
        self._answers: dict[str, str] = {}
        self._last: dict[tuple[str, str, str], bool] = {}

    def read(self, events: Iterable[Event]) -> Model:
        for event in events:
            (self._post if event.collection == POST else self._reaction)(event)
        return self

    def _is_followed(self, uri: str, at: int) -> bool:
        """Whether a post named a paper, still exists, and is less than 30 days old."""
        return uri in self._made and uri not in self._gone and at < self._made[uri] + 30 * 86_400 * SECOND

    def _say(self, event: Event, address: str, kind: str, post: str | None) -> None:
        before = self._answers.pop(address, None)
        if before is not None and before != post:
            self._note(event, before, kind, withdrawn=True)
        if post is not None:
            self._answers[address] = post
            self._note(event, post, kind, withdrawn=False)

    def _note(self, event: Event, post: str, kind: str, *, withdrawn: bool) -> None:
        if self._last.get((post, event.did, kind)) != withdrawn:
            self._last[post, event.did, kind] = withdrawn
            self.words.add((event.at, post, event.did, kind, withdrawn))

    def _reaction(self, event: Event) -> None:
        if event.operation == "delete":
            self._say(event, event.uri, KINDS[event.collection], None)
        elif self._is_followed(event.refers[0][1], event.at):
            self._say(event, event.uri, KINDS[event.collection], event.refers[0][1])

    def _post(self, event: Event) -> None:
        if event.operation == "delete":
            if event.uri in self._made:
                if event.uri not in self._gone:
                    self.gone.add((event.at, event.uri))
                self._gone.add(event.uri)
            refers: dict[str, str] = {}
        else:
            self._created.setdefault(event.uri, event.at)
            if event.paper and event.uri not in self._made:
                self._made[event.uri] = self._created[event.uri]
            refers = {how: uri for how, uri in event.refers if self._is_followed(uri, event.at)}
        for how in ("reply", "quote"):
            address = f"{event.uri}#{how}"
            if event.operation != "create" and how not in refers:
                self._say(event, address, how, None)
            elif how in refers:
                self._say(event, address, how, refers[how])
