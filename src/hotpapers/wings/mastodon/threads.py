"""The answers to a post, as its home server has them.

https://docs.joinmastodon.org/methods/statuses/#context
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

import msgspec

from hotpapers.base.model import RawPayload
from hotpapers.collect.sources.decoding import Flag, decode_or_none
from hotpapers.collect.sources.thread_payloads import MAX_REPLIES, REPLY, gap_payload
from hotpapers.wings.mastodon.author_addresses import address_host
from hotpapers.wings.mastodon.status_parser import PlacedStatus, is_public

MAX_ANSWERS = 60
"""Answers that a server shows to those who have no account there."""
MAX_DEPTH = 19
"""How far below the post the last of these are."""


class Context(msgspec.Struct):
    """The answers to a post."""

    descendants: list[msgspec.Raw] = []


class _Answer(msgspec.Struct):
    number_or_id: str | int = msgspec.field(name="id")
    uri: str
    in_reply_to_id: str | int | None = None
    visibility: str = "public"
    local_only: Flag = False


def reply_payloads(
    answers: Sequence[msgspec.Raw], home: re.Match[str], at: int, hosts: Collection[str] | None
) -> Iterator[RawPayload | str | None]:
    """The answers, those that can be seen by everybody. `hosts`: those whose posts are believed; None for all. An
    answer to one that is not among them is placed below a gap. If some are believed and the list is whole, ends with
    how the ids on the home server begin."""
    decoded = ((raw, decode_or_none(raw, _Answer)) for raw in answers[:MAX_REPLIES])
    listed = [(raw, answer) for raw, answer in decoded if answer]
    uris = {str(answer.number_or_id): answer.uri for _, answer in listed} | {home[2]: home[0]}
    depths = {home[2]: 0}
    for raw, answer in listed:
        above = str(answer.in_reply_to_id)
        depths[str(answer.number_or_id)] = depths.get(above, 0) + 1
        parent = uris.get(above, "")
        if not parent:
            parent = f"{home[1]}/statuses/{answer.in_reply_to_id}"
            yield gap_payload(parent, home[0], at)
        is_believed = hosts is None or address_host(answer.uri) in hosts
        if not (is_public(answer.visibility, answer.local_only) and is_believed):
            yield gap_payload(answer.uri, parent, at)
        else:
            is_local = address_host(answer.uri) == address_host(home[1])
            placed = PlacedStatus(raw, parent, is_local)
            yield RawPayload(REPLY, answer.uri, msgspec.json.encode(placed), at)
    if len(answers) >= MAX_ANSWERS or len(listed) < len(answers) or max(depths.values()) >= MAX_DEPTH:
        yield None
    elif hosts is not None:
        yield f"{home[1]}/"
