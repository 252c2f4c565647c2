"""Mastodon's event streams: a server's timeline, as lines. https://docs.joinmastodon.org/methods/streaming/"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from hotpapers.base.model import DAY
from tests.loopback import mastodon
from tests.loopback.network_state import NetworkState, Reply, Request, json
from tests.loopback.script import CHANGE_DAYS, NEVER, Message, is_visible

PATH = "/api/v1/streaming/"


class Event(NamedTuple):
    """An event: when, its name (update, status.update, delete), and the post."""

    time: int
    name: str
    message: Message


def refusal(request: Request) -> Reply | None:
    """The answer to a request without a valid token."""
    if request.headers.get("authorization") == f"Bearer {mastodon.TOKEN}":
        return None
    return json({"error": "The access token is invalid"}, 401)


class Lines:
    """One connection: the events from its beginning on. Each call yields those since the last call."""

    def __init__(self, state: NetworkState, request: Request) -> None:
        self._tag = request.param("tag") if request.path.endswith("/hashtag") else ""
        self.position = state.now + 1

    def until(self, state: NetworkState) -> Iterator[bytes]:
        """The lines since the last call."""
        since, self.position = self.position, state.now + 1
        for event in state.reorder(self._events(state, since, state.now)):
            yield f"event: {event.name}".encode()
            yield b"data: " + _data(state, event)
            yield b""

    def next_at(self, state: NetworkState, until: int) -> int | None:
        """When the next event happens, if it does by a moment."""
        return next((event.time for event in self._events(state, state.now + 1, until)), None)

    def _events(self, state: NetworkState, since: int, until: int) -> list[Event]:
        events = []
        for day in range(since // DAY - CHANGE_DAYS, until // DAY + 1):
            for message in state.script.messages("mastodon", day):
                if self._wants(state, message):
                    events += [event for event in _life(state, message) if since <= event.time <= until]
        return sorted(events, key=lambda event: event.time)

    def _wants(self, state: NetworkState, message: Message) -> bool:
        matches_tag = not self._tag or (self._tag == mastodon.TAG and mastodon.has_tag(message))
        return matches_tag and mastodon.reaches(message, mastodon.server(state))


def _life(state: NetworkState, message: Message) -> Iterator[Event]:
    """A server's events about one post: it arrived, it was edited, it was deleted."""
    arrival = mastodon.arrives_at(state, message)
    if is_visible(message, arrival):
        yield Event(arrival, "update", message)
        if arrival < message.edited_at < message.gone_at:
            yield Event(message.edited_at, "status.update", message)
        if message.gone_at < NEVER:
            yield Event(message.gone_at, "delete", message)


def _data(state: NetworkState, event: Event) -> bytes:
    if event.name == "delete":
        return str(mastodon.number(state, event.message)).encode()
    return msgspec.json.encode(mastodon.status_json(state._replace(now=event.time), event.message))
