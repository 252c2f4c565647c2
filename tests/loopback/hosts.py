"""All hosts of the loopback internet, and what each of them answers at a moment, with or without a fault."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from hotpapers.base.errors import InputError
from tests.loopback import arxiv, bluesky, feeds, hackernews, lobsters_huggingface, mastodon, preprints, reddit, x
from tests.loopback.faults import STATUSES, Fault
from tests.loopback.network_state import HTML, Handler, NetworkState, Reply, Request, not_found
from tests.loopback.script import EmptyScript

TRAP = "trap"
"""An internal address that no setting names; only a client that follows a redirect sends requests to it."""
STREAM = "/subscribe"


def _no_stream(state: NetworkState, request: Request) -> Reply:
    return Reply(426, b"this address is a websocket", HTML)


HANDLERS: dict[str, Handler] = {
    "arxiv": arxiv.answer,
    "bluesky.view": bluesky.answer,
    "bluesky.stream1": _no_stream,
    "bluesky.stream2": _no_stream,
    "feeds": feeds.answer,
    "hackernews": hackernews.answer,
    "huggingface": lobsters_huggingface.huggingface,
    "lobsters": lobsters_huggingface.lobsters,
    "mastodon.one": mastodon.answer,
    "mastodon.two": mastodon.answer,
    "mastodon.gotosocial": mastodon.answer,
    "mastodon.snac": mastodon.answer,
    "mastodon.takahe": mastodon.answer,
    "mastodon.akkoma": mastodon.answer,
    "reddit": reddit.answer,
    "x": x.answer,
    "openrxiv": preprints.openrxiv,
    "crossref": preprints.crossref,
    "datacite": preprints.datacite,
    "indexes": preprints.indexes,
    TRAP: lambda state, request: not_found(),
}
"""The function that answers for each host, in the order of their ports."""
HOSTS = tuple(HANDLERS)
TAGGED = ("feeds", "reddit")
"""Hosts that send an ETag, and answer 304 to a request with the same one."""


def check_host(fault: Fault) -> Fault:
    """Return a fault if its host exists. Raises InputError."""
    if not any(fault.affects(host, f"/{fault.target.partition('/')[2]}", fault.start) for host in HOSTS):
        raise InputError(f"no such host: {fault.target}; choose from {', '.join(HOSTS)}")
    return fault


class Answer(NamedTuple):
    """An answer, and the fault of the connection that carries it."""

    reply: Reply
    wire: Fault | None = None


def addresses(ports: Mapping[str, int]) -> dict[str, str]:
    """The base address of each host."""
    return {name: f"{'ws' if _speaks_websocket(name) else 'http'}://127.0.0.1:{port}" for name, port in ports.items()}


def _speaks_websocket(host: str) -> bool:
    return HANDLERS[host] is _no_stream


def with_fault(state: NetworkState, fault: Fault | None) -> NetworkState:
    """The state as a fault changes it: empty, earlier, with a wrong clock, or out of order."""
    if fault is None:
        return state
    if fault.kind in ("empty", "blind"):
        return state._replace(script=EmptyScript())
    if fault.kind == "replayed":
        return state._replace(now=state.now - round(fault.value * 1e6))
    if fault.kind == "skewed":
        return state._replace(skew=round(fault.value * 1e6))
    return state._replace(order=fault.kind) if fault.kind in ("reversed", "doubled") else state


def answer_request(state: NetworkState, request: Request, fault: Fault | None) -> Answer:
    """What a host answers, including what goes wrong."""
    replacement = refusal(state, fault)
    if replacement is not None:
        return Answer(replacement)
    reply = _with_etag(state.host, request, HANDLERS[state.host](with_fault(state, fault), request))
    if fault is not None and fault.kind == "malformed":
        return Answer(reply._replace(body=with_hole(reply.body)))
    return Answer(reply, fault)


def refusal(state: NetworkState, fault: Fault | None) -> Reply | None:
    """The reply in place of the content: an error status, a web page, a redirect."""
    if fault is None:
        return None
    if fault.kind in STATUSES:
        wait = {"retry-after": f"{fault.value:.0f}"} if fault.value else {}
        return Reply(int(fault.kind), b'{"error":"as planned"}', headers=wait)
    if fault.kind == "html":
        return Reply(200, b"<!doctype html><title>Sorry</title><p>We are back soon.</p>", HTML)
    if fault.kind == "redirect":
        return Reply(302, b"", HTML, {"location": f"{state.bases.get(TRAP, 'http://127.0.0.1:1')}/inside"})
    return None


def with_hole(body: bytes) -> bytes:
    """A body with a hole in the middle, filled with bytes that no format allows."""
    middle = len(body) // 2
    return body[:middle] + b'\x00<{"' + body[middle + 8 :]


def _with_etag(host: str, request: Request, reply: Reply) -> Reply:
    if host not in TAGGED or reply.status != 200:
        return reply
    etag = f'"{hashlib.sha256(reply.body).hexdigest()[:16]}"'
    headers = {**reply.headers, "etag": etag}
    if request.headers.get("if-none-match") == etag:
        return Reply(304, b"", reply.type, headers)
    return reply._replace(headers=headers)
