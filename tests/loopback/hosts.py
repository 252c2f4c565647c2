"""All hosts of the loopback internet, and what each answers at a moment, with or without a fault."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from hotpapers.errors import InputError
from tests.loopback import arxiv, bluesky, feeds, hackernews, mastodon, reddit, small, x
from tests.loopback.faults import STATUSES, Fault
from tests.loopback.scene import HTML, Play, Reply, Request, Scene, not_found
from tests.loopback.script import Nothing

TRAP = "trap"
"""An internal address that no setting names: requests to it come from following a redirect."""
STREAMS = ("/subscribe", "/xrpc/com.atproto.sync.subscribeRepos")


def _no_stream(scene: Scene, asked: Request) -> Reply:
    return Reply(426, b"a websocket is spoken here", HTML)


PLAYS: dict[str, Play] = {
    "arxiv": arxiv.answer,
    "bluesky.view": bluesky.answer,
    "bluesky.stream1": _no_stream,
    "bluesky.stream2": _no_stream,
    "bluesky.relay": _no_stream,
    "feeds": feeds.answer,
    "hackernews": hackernews.answer,
    "huggingface": small.huggingface,
    "lobsters": small.lobsters,
    "mastodon.one": mastodon.answer,
    "mastodon.two": mastodon.answer,
    "reddit": reddit.answer,
    "x": x.answer,
    TRAP: lambda scene, asked: not_found(),
}
"""The answering function of each host, in the order of their ports."""
HOSTS = tuple(PLAYS)
TAGGED = ("feeds", "reddit")
"""Hosts that send an ETag, and answer 304 to a request with the same one."""


def known(fault: Fault) -> Fault:
    """Check that a fault's host exists; the fault. Raises InputError."""
    if not any(fault.hits(host, f"/{fault.where.partition('/')[2]}", fault.start) for host in HOSTS):
        raise InputError(f"no such host: {fault.where}; choose from {', '.join(HOSTS)}")
    return fault


class Played(NamedTuple):
    """An answer, and the fault of the connection on its way."""

    reply: Reply
    wire: Fault | None = None


def addresses(ports: Mapping[str, int]) -> dict[str, str]:
    """The base address of each host."""
    return {name: f"{'ws' if _speaks_websocket(name) else 'http'}://127.0.0.1:{port}" for name, port in ports.items()}


def _speaks_websocket(host: str) -> bool:
    return PLAYS[host] is _no_stream


def staged(scene: Scene, fault: Fault | None) -> Scene:
    """A scene as changed by a fault: emptied, earlier, with a wrong clock, or out of order."""
    if fault is None:
        return scene
    if fault.kind in ("empty", "blind"):
        return scene._replace(script=Nothing())
    if fault.kind == "replayed":
        return scene._replace(now=scene.now - round(fault.value * 1e6))
    if fault.kind == "skewed":
        return scene._replace(skew=round(fault.value * 1e6))
    return scene._replace(order=fault.kind) if fault.kind in ("reversed", "doubled") else scene


def played(scene: Scene, asked: Request, fault: Fault | None) -> Played:
    """What a host answers, including what goes wrong."""
    instead = refusal(scene, fault)
    if instead is not None:
        return Played(instead)
    reply = _with_etag(scene.host, asked, PLAYS[scene.host](staged(scene, fault), asked))
    if fault is not None and fault.kind == "malformed":
        return Played(reply._replace(body=mangled(reply.body)))
    return Played(reply, fault)


def refusal(scene: Scene, fault: Fault | None) -> Reply | None:
    """What is answered instead of the content: a status, a web page, a redirect."""
    if fault is None:
        return None
    if fault.kind in STATUSES:
        wait = {"retry-after": f"{fault.value:.0f}"} if fault.value else {}
        return Reply(int(fault.kind), b'{"error":"as planned"}', headers=wait)
    if fault.kind == "html":
        return Reply(200, b"<!doctype html><title>Sorry</title><p>We are back soon.</p>", HTML)
    if fault.kind == "redirect":
        return Reply(302, b"", HTML, {"location": f"{scene.bases.get(TRAP, 'http://127.0.0.1:1')}/inside"})
    return None


def mangled(body: bytes) -> bytes:
    """A body with a hole in the middle, filled with bytes that no format allows."""
    middle = len(body) // 2
    return body[:middle] + b'\x00<{"' + body[middle + 8 :]


def _with_etag(host: str, asked: Request, reply: Reply) -> Reply:
    if host not in TAGGED or reply.status != 200:
        return reply
    etag = f'"{hashlib.sha256(reply.body).hexdigest()[:16]}"'
    headers = {**reply.headers, "etag": etag}
    if asked.headers.get("if-none-match") == etag:
        return Reply(304, b"", reply.type, headers)
    return reply._replace(headers=headers)
