"""The answers to a post, as its home server has them.

https://docs.joinmastodon.org/methods/statuses/#context
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

import msgspec

from hotpapers.base.model import RawPayload
from hotpapers.collect.sources.decoding import decode_or_none
from hotpapers.collect.sources.thread_payloads import MAX_REPLIES, REPLY, gap_payload
from hotpapers.wings.mastodon.author_addresses import address_host
from hotpapers.wings.mastodon.status_parser import PUBLIC, PlacedStatus

MAX_ANSWERS = 60
"""Answers that a server shows to those who have no account there."""


class Context(msgspec.Struct):
    """The answers to a post."""

    descendants: list[msgspec.Raw] = []


class _Answer(msgspec.Struct):
    number_or_id: str | int = msgspec.field(name="id")
    uri: str
    in_reply_to_id: str | int | None = None
    visibility: str = "public"


def reply_payloads(
    answers: Sequence[msgspec.Raw], home: re.Match[str], at: int, hosts: Collection[str] | None
) -> Iterator[RawPayload]:
    """The answers, those that can be seen by everybody. `hosts`: those whose posts are believed; None for all. An
    answer to one that is not among them is placed below a gap."""
    decoded = ((raw, decode_or_none(raw, _Answer)) for raw in answers[:MAX_REPLIES])
    listed = [(raw, answer) for raw, answer in decoded if answer]
    uris = {str(answer.number_or_id): answer.uri for _, answer in listed} | {home[2]: home[0]}
    for raw, answer in listed:
        parent = uris.get(str(answer.in_reply_to_id), "")
        if not parent:
            parent = f"{home[1]}/statuses/{answer.in_reply_to_id}"
            yield gap_payload(parent, home[0], at)
        if answer.visibility not in PUBLIC or (hosts is not None and address_host(answer.uri) not in hosts):
            yield gap_payload(answer.uri, parent, at)
        else:
            is_local = address_host(answer.uri) == address_host(home[1])
            placed = PlacedStatus(raw, parent, is_local)
            yield RawPayload(REPLY, answer.uri, msgspec.json.encode(placed), at)
