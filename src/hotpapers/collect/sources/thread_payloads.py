"""Shared by sources: the answers to a post as payloads. One that its network does not show is a gap, of which only the
place is known; others are of kind `reply`."""

from __future__ import annotations

import msgspec

from hotpapers.base.model import Post, RawPayload, storable_text
from hotpapers.collect.sources.decoding import decode_entry
from hotpapers.collect.sources.paper_mentions import gone_post

REPLY = "reply"
GAP = "gap"
MAX_REPLIES = 1_000
"""Most answers that are read of a thread."""
HIDDEN = "not shown in its thread"
"""Why a post in a gap is not available."""


class _Gap(msgspec.Struct):
    parent: str


def gap_payload(id: str, parent: str, at: int) -> RawPayload:
    """The place of an answer that is not shown. `parent`: the network's id of the post that it answers."""
    return RawPayload(GAP, id, msgspec.json.encode(_Gap(parent)), at)


def absent_post(network: str, payload: RawPayload) -> Post | None:
    """A deleted post, or the place of one that is not shown, without words; None for a payload of any other kind."""
    if payload.kind == "gone":
        return gone_post(network, f"{network}:{payload.key}", payload.at, "deleted")
    return read_gap(network, payload) if payload.kind == GAP else None


def read_gap(network: str, payload: RawPayload) -> Post:
    """The place as a post without words."""
    parent = decode_entry(payload.body, _Gap).parent
    return Post(
        post=f"{network}:{storable_text(payload.key)}",
        network=network,
        account="",
        created_at=0,
        reply_to=f"{network}:{storable_text(parent)}",
        gone=HIDDEN,
        observed_at=payload.at,
    )
