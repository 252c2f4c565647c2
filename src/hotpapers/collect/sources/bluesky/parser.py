"""Reads Bluesky's formats into items. Pure, so it can be run again at any time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.model import (
    Account,
    Item,
    Mention,
    Post,
    RawPayload,
    Reaction,
    ReactionType,
    Snapshot,
    TextLink,
    Verdict,
    storable_text,
)
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.base.text import timestamps
from hotpapers.collect.sources.bluesky import schemas
from hotpapers.collect.sources.paper_mentions import gone_post, mentions_by_id, mentions_by_name, title_verdicts
from hotpapers.collect.sources.thread_payloads import read_gap

NETWORK = "bluesky"
LIMITS = frozenset(("!hide", "!takedown", "!no-unauthenticated", "porn", "sexual", "nudity", "graphic-media", "spam"))
"""Labels that keep a post from being quoted: on the post, on its author, or by its author."""
MAX_LINKS = 200
"""Most links of a post that are considered."""
FIRST_ACCOUNT = 1_668_643_200_000_000
"""17 November 2022 in µs UTC, when the directory of accounts begins (https://plc.directory/export)."""
REACTIONS: dict[str, ReactionType] = {schemas.LIKE: "like", schemas.REPOST: "repost"}
_TID = re.compile(r"[2-7a-j][2-7a-z]{12}")
_DIGITS = str.maketrans("234567abcdefghijklmnopqrstuvwxyz", "0123456789abcdefghijklmnopqrstuv")
"""The digits of TIDs as Python writes those of base 32."""


def key_of(id: str) -> str:
    """Our key for a post (from its at:// address) or for an account (from its DID)."""
    return f"{NETWORK}:{id}"


def record_address(did: str, collection: str, rkey: str) -> str:
    """A record's address."""
    return f"at://{did}/{collection}/{rkey}"


def answer_key(uri: str, kind: str) -> str:
    """The address of a post's reaction to another post: it may reply to one and quote another."""
    return f"{uri}#{kind}"


def read_payload(payload: RawPayload, names: PaperIndex) -> Iterable[Item]:
    """The items in a payload. Raises InputError and msgspec's errors if it cannot be read."""
    match payload.kind:
        case "post" | "edit":
            return _read_post(payload, names)
        case "counts" | "reply":
            return _read_view(payload, names)
        case "gap":
            return [read_gap(NETWORK, payload)]
        case "reaction":
            return [_read_reaction(payload, schemas.read_event(payload.body))]
        case "withdrawn":
            withdrawal = schemas.withdrawal(payload.body)
            return [_read_reaction(payload, withdrawal.event, withdrawal)]
        case "account":
            return [_read_account(payload)]
        case "gone":
            created_at = tid_time(payload.key.rpartition("/")[2]) or 0
            created_before = min(created_at, payload.at)
            return [gone_post(NETWORK, key_of(payload.key), payload.at, "deleted", created_before)]
    schemas.read_event(payload.body)  # raises again for a message that could not be read when it came
    raise InputError(f"Bluesky has no payloads of kind {payload.kind}")


# ---- posts -------------------------------------------------------------------------------------------


def _read_post(payload: RawPayload, names: PaperIndex) -> list[Item]:
    """A post with its papers. Without papers it yields nothing unless it was edited: then that removed them."""
    event = schemas.read_event(payload.body)
    if event.commit is None:
        raise InputError("a post without a commit")
    record = schemas.post_record(event.commit.record)
    uri = record_address(event.did, event.commit.collection, event.commit.rkey)
    post_mentions = list_mentions(key_of(uri), record, payload.at, names)
    learned_at = max(min(event.time_us, payload.at), 0)
    created_at = creation_time(event.commit.rkey, record.created_at, learned_at, learned_at - FIRST_ACCOUNT)
    was_edited = payload.kind == "edit"
    if not (post_mentions or was_edited):
        return []
    doubts = title_verdicts(post_mentions, record.text, names, was_edited=was_edited)
    return [_post(uri, record, created_at, payload.at), *post_mentions, *doubts]


def author_of(uri: str) -> str:
    """The DID in a record's address, `at://did:plc:…/collection/key`. Raises InputError."""
    parts = uri.split("/")
    if len(parts) < 3 or not parts[2]:
        raise InputError(f"{uri[:60]!r} is not a record's address")
    return parts[2]


def _post(
    uri: str,
    record: schemas.PostRecord,
    created_at: int,
    at: int,
    author: schemas.AppViewAuthor | None = None,
    labels: Sequence[schemas.LabelValue] = (),
) -> Post:
    all_labels = [*labels, *(author.labels if author else ()), *(record.labels.values if record.labels else ())]
    quoted = record.embed.quoted() if record.embed else ""
    all_langs = record.langs or ()
    langs = [lang for lang in all_langs if 0 < len(lang) <= 35]
    return Post(
        post=key_of(storable_text(uri)),
        network=NETWORK,
        account=key_of(author_of(uri)),
        created_at=created_at,
        text=storable_text(record.text),
        links=links_of(record),
        lang=storable_text(langs[0]) if langs else "und",
        handle=storable_text(author.valid_handle()) if author else "",
        name=storable_text(author.display_name) if author else "",
        reply_to=key_of(storable_text(record.reply.parent.uri)) if record.reply and record.reply.parent.uri else "",
        quotes=key_of(storable_text(quoted)) if quoted else "",
        limits=tuple(sorted({label.val for label in all_labels if not label.neg and label.val in LIMITS})),
        observed_at=at,
    )


def list_mentions(post: str, record: schemas.PostRecord, at: int, names: PaperIndex) -> list[Mention]:
    """One mention for each paper that a post names: in a link of its text, in a card, or in its words."""
    cards = record.embed.cards() if record.embed else []
    links = record.facet_targets()[:MAX_LINKS]
    by_card = [_in_embed(mention) for mention in mentions_by_id(post, at, "", cards, names)]
    original, original_links = record.whole()
    all_links = [*links, *original_links][: 2 * MAX_LINKS]
    by_link = mentions_by_id(post, at, original, all_links, names)
    by_paper = {
        mention.paper: mention for mention in [*mentions_by_id(post, at, record.text, (), names), *by_card, *by_link]
    }
    for mention in [
        *map(_in_embed, mentions_by_name(post, at, "", cards, names)),
        *mentions_by_name(post, at, record.text, links, names),
    ]:
        by_paper.setdefault(mention.paper, mention)
    return list(by_paper.values())


def _in_embed(mention: Mention) -> Mention:
    return msgspec.structs.replace(mention, found_in="embed")


def links_of(record: schemas.PostRecord) -> tuple[TextLink, ...]:
    """The links in a post's text, in code points. Facets that split a character or overlap are skipped."""
    candidates = [
        (facet.index.byte_start, facet.index.byte_end, feature.target)
        for facet in record.facets or ()
        for feature in facet.features
        if facet.index and feature.target
    ][:MAX_LINKS]
    places = code_points(record.text, {place for start, end, _ in candidates for place in (start, end)})
    links: list[TextLink] = []
    for start, end, target in sorted(candidates):
        if start < end and start in places and end in places and (not links or places[start] >= links[-1].end):
            text_link = TextLink(places[start], places[end], storable_text(target))
            links.append(text_link)
    return tuple(links)


def code_points(text: str, places: Iterable[int]) -> dict[int, int]:
    """Byte offsets in a text's UTF-8 as code points; those outside the text or inside a character are left out."""
    encoded = text.encode("utf-8", "surrogatepass")
    result = {}
    counted_bytes = code_point = 0
    for place in sorted(places):
        if 0 <= place <= len(encoded) and (place == len(encoded) or encoded[place] & 0xC0 != 0x80):
            first_bytes = (byte & 0xC0 != 0x80 for byte in encoded[counted_bytes:place])
            code_point += sum(first_bytes)
            counted_bytes = place
            result[place] = code_point
    return result


# ---- moments -----------------------------------------------------------------------------------------


def creation_time(rkey: str, claimed: str, bound: int, oldest: int) -> int:
    """When a post was created: the time in its key, else the claimed one, if it is at most `oldest` before `bound`;
    else `bound`. Both are the author's claims, and a program can write anything there: so not before their account was
    created, as far as that is known, and not in the future. When the network learned of a post says little about its
    age: an archive stamps every old one with the day on which it was collected."""
    for moment in (tid_time(rkey), timestamps.parse_iso(claimed)):
        if moment is not None and bound - oldest <= moment <= bound:
            return moment
    return bound


def tid_time(rkey: str) -> int | None:
    """The time in a record's key, if the key is a TID (https://atproto.com/specs/tid). Returns None for other keys. µs
    UTC."""
    return int(rkey.translate(_DIGITS), 32) >> 10 if _TID.fullmatch(rkey) else None


# ---- everything else ---------------------------------------------------------------------------------


def _read_view(payload: RawPayload, names: PaperIndex) -> list[Item]:
    view = schemas.view(payload.body)
    key = key_of(storable_text(view.uri))
    author = view.author
    joined_at = max(timestamps.parse_iso(author.created_at) or 0, FIRST_ACCOUNT)
    created_at = creation_time(view.uri.rpartition("/")[2], view.record.created_at, payload.at, payload.at - joined_at)
    snapshot = Snapshot(
        post=key,
        reposts=view.repost_count,
        likes=view.like_count,
        replies=view.reply_count,
        quotes=view.quote_count,
        observed_at=payload.at,
    )
    account = Account(
        account=key_of(author.did),
        handle=storable_text(author.handle),
        name=storable_text(author.display_name),
        automated=any(label.val == "bot" and not label.neg for label in author.labels),
        observed_at=payload.at,
    )
    post_mentions = list_mentions(key, view.record, payload.at, names)
    return [
        _post(view.uri, view.record, created_at, payload.at, author, view.labels),
        *([account] if author.valid_handle() else []),
        *post_mentions,
        *title_verdicts(post_mentions, view.record.text, names),
        snapshot,
    ]


def _read_reaction(
    payload: RawPayload, event: schemas.StreamEvent, withdrawal: schemas.WithdrawnReaction | None = None
) -> Reaction:
    """A like, repost, reply or quote, or that it was withdrawn."""
    if event.commit is None:
        raise InputError(f"a {'withdrawal' if withdrawal else 'reaction'} without a commit")
    kind = REACTIONS.get(event.commit.collection)
    if event.commit.collection == schemas.POST:  # it may reply to one post and quote another
        kind = next((kind for kind in schemas.ANSWERS if payload.key.endswith(answer_key("", kind))), None)
    if kind is None:
        raise InputError("not a like, repost, reply or quote")
    if withdrawal:
        post = withdrawal.post
    elif kind in schemas.ANSWERS:
        post = schemas.post_record(event.commit.record).answers().get(kind, "")
    else:
        post = schemas.like_or_repost(event.commit.record).subject.uri
    if not (post or withdrawal):
        raise InputError(f"a {kind} without a post")
    account = key_of(storable_text(event.did))
    post_key = key_of(storable_text(post))
    return Reaction(
        post=post_key,
        account=account,
        type=kind,
        withdrawn=withdrawal is not None,
        observed_at=payload.at,
    )


def _read_account(payload: RawPayload) -> Verdict:
    """A verdict that hides all posts of an inactive account until it is active again."""
    event = schemas.read_event(payload.body)
    if event.account is None:
        raise InputError("an account event without an account")
    active = event.account.active
    status = event.account.status
    reason = "active" if active else (isinstance(status, str) and storable_text(status)) or "inactive"
    return Verdict(
        subject=key_of(storable_text(event.did)),
        about="",
        rule="network",
        judgement="shown" if active else "hidden",
        version=1,
        reason=reason,
        observed_at=payload.at,
    )
