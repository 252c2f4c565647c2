"""Reads statuses into items."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from hotpapers.base.errors import InputError
from hotpapers.base.ids.html_text import plain
from hotpapers.base.ids.mentions.paper_index import PaperIndex
from hotpapers.base.model import Account, Item, Post, RawPayload, Snapshot
from hotpapers.base.model.keys import own_id
from hotpapers.collect.sources.decoding import decode_entry, microseconds_of
from hotpapers.collect.sources.paper_mentions import gone_post, mentions_of, title_verdicts
from hotpapers.wings.mastodon.entities import Status, TimelineEntry

NETWORK = "mastodon"
PUBLIC = ("public", "unlisted")
HOME = re.compile(r"(https?://[\w.:-]+)/(?:users/[^/?#]+|ap/users/[0-9]+)/statuses/([0-9]{1,19})")
"""Only Mastodon's own addresses contain the post id that its API uses: elsewhere a 404 would mean nothing."""
_ACTOR = re.compile(
    r"(https?://[\w.:-]+/(?:(?:users/[^/?#]+|ap/users/[0-9]+)(?=/statuses/)|[^/?#]+(?=/p/)|@[^/?#]+/(?=posts/))).*"
)
"""The author's own address in a status's: on Mastodon and GoToSocial; snac; Takahē."""
_BRIDGED = re.compile(r"https://bsky\.brid\.gy/convert/ap/at://(did:[^/?#]+)/.*")
"""The address of a status that Bridgy Fed made from a post on Bluesky."""


def read_payload(payload: RawPayload, names: PaperIndex) -> list[Item]:
    """Reads a public post with its papers, and its counts if they come from its home server; or that it is gone.

    A post without papers yields nothing unless it is known: then an edit removed them. Counts are kept only of posts
    that are counted again.
    """
    known = payload.kind in ("counts", "edit")
    if payload.kind == "gone":
        return [gone_post(NETWORK, f"{NETWORK}:{payload.key}", payload.at, "deleted")]
    status = decode_entry(payload.body, Status)
    if status.uri != payload.key:
        raise InputError(f"expected {payload.key[:200]}, found {status.uri[:200]}")
    key = f"{NETWORK}:{status.uri}"
    # only the server's claim: it could say 2099
    created_at = min(microseconds_of(status.created_at), payload.at)
    if not isinstance(status.visibility, str):
        raise InputError(f"{status.uri[:200]}: its visibility cannot be read")  # it may not be public
    if status.visibility not in PUBLIC:
        return [gone_post(NETWORK, key, payload.at, "withdrawn", created_at)] if known else []
    text, links = plain(status.content or "")
    card = [status.card.url] if status.card and status.card.url else []
    mentions = mentions_of(key, payload.at, text, [*links, *card], names)
    if not (mentions or known):
        return []
    author_account = _account(status, payload.at)
    if known and HOME.fullmatch(status.uri) and host(own_id(author_account.account)) != host(status.uri):
        raise InputError(f"{status.uri[:200]}: its account is of another server")  # no other server checked that
    post = Post(
        post=key,
        network=NETWORK,
        account=author_account.account,
        created_at=created_at,
        text=text,
        links=links,
        lang=status.language or "und",
        handle=author_account.handle,
        name=author_account.name,
        quotes=status.quoted and f"{NETWORK}:{status.quoted}",
        limits=_limits(status),
        observed_at=payload.at,
    )
    has_counts = payload.kind in ("home", "counts") and HOME.fullmatch(status.uri)
    counts = [_snapshot(key, status, payload.at)] if has_counts else []
    return [
        post,
        author_account,
        *mentions,
        *title_verdicts(mentions, text, names, was_edited=payload.kind == "edit"),
        *counts,
    ]


def host(address: str) -> str:
    """The host and port in an address; empty if it is not one: other servers can send any text."""
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


def edits(entry: TimelineEntry | None, payload: RawPayload) -> list[RawPayload]:
    """A second payload of kind `edit` for an edited tracked post: papers it no longer names were edited out."""
    return [payload._replace(kind="edit")] if entry and entry.edited_at and payload.kind != "gone" else []


def _account(status: Status, at: int) -> Account:
    """The author. A name without a server belongs to the server of the account's own address."""
    account = status.account
    address = account.uri or _actor(status) or account.url
    if not address:
        raise InputError("an account without an address")
    handle = account.acct if "@" in account.acct else f"{account.acct}@{urlsplit(address).netloc}"
    return Account(
        account=f"{NETWORK}:{address}",
        handle=handle,
        name=account.display_name or "",
        automated=bool(account.bot),
        observed_at=at,
    )


def _actor(status: Status) -> str:
    """The author's own address as part of the status's, where a server leaves it out: the address of the profile is
    another one. Empty if the profile is not on the same server, or the address of no known form."""
    if bridged := _BRIDGED.fullmatch(status.uri):
        return f"https://bsky.brid.gy/ap/{bridged[1]}"
    match, profile = _ACTOR.fullmatch(status.uri), status.account.url
    return match[1] if match and profile and host(profile) == host(status.uri) else ""


def _limits(status: Status) -> tuple[str, ...]:
    """Why a post may not be quoted, according to its author or servers."""
    account = status.account
    limits = {
        "sensitive": status.sensitive,
        "content warning": bool(status.spoiler_text),
        "noindex": account.noindex,
        "limited": account.limited,
        "suspended": account.suspended,
        "nobot": "#nobot" in plain(account.note or "")[0].casefold(),
    }
    return tuple(name for name, holds in limits.items() if holds)


def _snapshot(key: str, status: Status, at: int) -> Snapshot:
    return Snapshot(
        post=key,
        reposts=status.reblogs_count,
        likes=status.favourites_count,
        replies=status.replies_count,
        quotes=status.quotes_count,
        observed_at=at,
    )
