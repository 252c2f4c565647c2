"""Mastodon's event streams: a server's timeline, as lines. https://docs.joinmastodon.org/methods/streaming/"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from hotpapers.model import DAY
from tests.loopback import mastodon
from tests.loopback.scene import Reply, Request, Scene, json
from tests.loopback.script import LASTS, NEVER, Said, there

PATH = "/api/v1/streaming/"


class Told(NamedTuple):
    """An event: when, which one (update, status.update, delete), and of which post."""

    time: int
    name: str
    said: Said


def refused(asked: Request) -> Reply | None:
    """The answer to a request without a valid token."""
    if asked.headers.get("authorization") == f"Bearer {mastodon.TOKEN}":
        return None
    return json({"error": "The access token is invalid"}, 401)


class Lines:
    """One connection: the events from its beginning on. Each call gives those since the last one."""

    def __init__(self, scene: Scene, asked: Request) -> None:
        self._tag = asked.one("tag") if asked.path.endswith("/hashtag") else ""
        self.position = scene.now + 1

    def until(self, scene: Scene) -> Iterator[bytes]:
        """The lines since the last call."""
        since, self.position = self.position, scene.now + 1
        for told in scene.listed(self._told(scene, since, scene.now)):
            yield f"event: {told.name}".encode()
            yield b"data: " + _data(scene, told)
            yield b""

    def next_at(self, scene: Scene, until: int) -> int | None:
        """When the next event happens, if it does by a moment."""
        return next((told.time for told in self._told(scene, scene.now + 1, until)), None)

    def _told(self, scene: Scene, since: int, until: int) -> list[Told]:
        found = []
        for day in range(since // DAY - LASTS, until // DAY + 1):
            for said in scene.script.said("mastodon", day):
                if self._wants(scene, said):
                    found += [told for told in _life(scene, said) if since <= told.time <= until]
        return sorted(found, key=lambda told: told.time)

    def _wants(self, scene: Scene, said: Said) -> bool:
        tagged = not self._tag or (self._tag == mastodon.TAG and mastodon.tagged(said))
        return tagged and mastodon.reaches(said, mastodon.server(scene))


def _life(scene: Scene, said: Said) -> Iterator[Told]:
    """A server's events about one post: it arrived, it was edited, it was deleted."""
    came = mastodon.arrives_at(scene, said)
    if there(said, came):
        yield Told(came, "update", said)
        if came < said.edited_at < said.gone_at:
            yield Told(said.edited_at, "status.update", said)
        if said.gone_at < NEVER:
            yield Told(said.gone_at, "delete", said)


def _data(scene: Scene, told: Told) -> bytes:
    if told.name == "delete":
        return str(mastodon.number(scene, told.said)).encode()
    return msgspec.json.encode(mastodon.shown(scene._replace(now=told.time), told.said))
