"""Mastodon's formats, as far as needed, and those of compatible servers where they differ; reads them into items.

https://docs.joinmastodon.org/entities/Status/ · https://docs.joinmastodon.org/entities/Quote/
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.keys import handle_key, is_at_home, own_id
from hotpapers.base.model import Account, Item, Post, RawPayload, Snapshot
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.base.text import timestamps
from hotpapers.base.text.html_text import html_to_text
from hotpapers.collect.sources.decoding import Count, Flag, decode_entry
from hotpapers.collect.sources.paper_mentions import gone_post, mentions_of, title_verdicts
from hotpapers.collect.sources.thread_payloads import REPLY, absent_post
from hotpapers.wings.mastodon.author_addresses import address_host, author_address

NETWORK = "mastodon"
_PUBLIC = ("public", "unlisted")
HOME = re.compile(r"(https?://[\w.:-]+)/(?:users/[^/?#]+|ap/users/[0-9]+)/statuses/([0-9]{1,19})")
"""Only Mastodon's own addresses contain the post id that its API uses: elsewhere a 404 would mean nothing."""


def is_public(visibility: str, local_only: object) -> bool:
    """Whether everybody may see a post; Hometown and glitch-soc have posts for their own server alone."""
    return visibility in _PUBLIC and not local_only


class ProfileField(msgspec.Struct):
    """A line of the table in an account's profile."""

    name: str | None = ""
    value: str | None = ""


class MastodonAccount(msgspec.Struct):
    """A status's author."""

    url: str | None = ""
    uri: str | None = ""
    acct: str = ""
    display_name: str | None = ""
    note: str | None = ""
    fields: list[ProfileField] | None = None
    bot: Flag = False
    noindex: Flag = False
    limited: Flag = False
    suspended: Flag = False


class Card(msgspec.Struct):
    """The preview of a linked page."""

    url: str | None = ""


class QuotedStatus(msgspec.Struct):
    """The part of a status that identifies it."""

    uri: str = ""


class Quote(msgspec.Struct):
    """Mastodon's quote, which has the quoted status; or that status itself, on Akkoma and Fedibird."""

    quoted_status: QuotedStatus | None = None
    uri: str = ""


class PleromaPart(msgspec.Struct):
    """The fields added by Pleroma."""

    quote: QuotedStatus | None = None
    quote_url: str | None = ""


class Status(msgspec.Struct):
    """A post as a server shows it."""

    uri: str
    account: MastodonAccount
    content: str | None
    created_at: Any = None
    visibility: Any = "public"
    local_only: Flag = False
    sensitive: Flag = False
    spoiler_text: Flag = ""
    language: str | None = None
    replies_count: Count | None = None
    reblogs_count: Count | None = None
    favourites_count: Count | None = None
    quotes_count: Count | None = None
    card: Card | None = None
    quote: Quote | None = None
    pleroma: PleromaPart | None = None

    @property
    def quoted(self) -> str:
        """The address of the quoted status, in whichever form the server sends it; empty without one."""
        quote = self.quote or Quote()
        added = self.pleroma or PleromaPart()
        status = quote.quoted_status or added.quote
        return (status.uri if status else "") or quote.uri or added.quote_url or ""

    @property
    def limits(self) -> tuple[str, ...]:
        """The reasons that its author or server gives against quoting it: see `network_terms.admissible_items`."""
        account = self.account
        lines = [text for field in account.fields or () for text in (field.name, field.value)]
        texts = [html_to_text(line or "")[0] for line in (account.display_name, account.note, *lines)]
        profile = unicodedata.normalize("NFKC", " ".join(texts))
        limits = {
            "sensitive": self.sensitive,
            "content warning": bool(self.spoiler_text),
            "noindex": account.noindex,
            "limited": account.limited,
            "suspended": account.suspended,
            "nobot": "#nobot" in profile.casefold(),
        }
        return tuple(name for name, holds in limits.items() if holds)


class PlacedStatus(msgspec.Struct):
    """A status, and the address of the one that it answers, if that is known. `is_home`: its home server says so, which
    knows its counts."""

    status: msgspec.Raw
    parent: str = ""
    is_home: bool = False


class TimelineEntry(msgspec.Struct):
    """The part of a timeline's entry that says which one it is. Some servers write its id as a number."""

    number_or_id: str | int = msgspec.field(name="id")
    uri: str
    visibility: Any = "public"
    local_only: Flag = False
    created_at: Any = None
    edited_at: str | None = None
    reblog: msgspec.Raw = msgspec.Raw(b"null")

    @property
    def id(self) -> str:
        return str(self.number_or_id)

    @property
    def boosted(self) -> bytes:
        """The status that it boosts; empty if it is none. Some servers write `false` for that."""
        original = bytes(self.reblog)
        return original if original.startswith(b"{") else b""


# ---- into items ---------------------------------------------------------------------------------------


def read_payload(payload: RawPayload, names: PaperIndex) -> list[Item]:
    """Reads a public post with its papers, and its counts if they come from its home server; or that it is gone.

    A post without papers yields nothing unless it is known: then an edit removed them. Counts are kept only of posts
    that are counted again.
    """
    known = payload.kind in ("counts", "edit", REPLY)
    if absent := absent_post(NETWORK, payload):
        return [absent]
    placed = (
        decode_entry(payload.body, PlacedStatus) if payload.kind == REPLY else PlacedStatus(msgspec.Raw(payload.body))
    )
    status = decode_entry(placed.status, Status)
    if status.uri != payload.key:
        raise InputError(f"expected {payload.key[:200]}, found {status.uri[:200]}")
    key = f"{NETWORK}:{status.uri}"
    created_at = moment_of(status.created_at) or payload.at
    if not isinstance(status.visibility, str):
        raise InputError(f"{status.uri[:200]}: its visibility cannot be read")  # it may not be public
    if not is_public(status.visibility, status.local_only):
        return [gone_post(NETWORK, key, payload.at, "withdrawn", created_at)] if known else []
    text, links = html_to_text(status.content or "")
    card = (status.card.url if status.card else "") or ""
    mentions = mentions_of(key, payload.at, text, [*links, card], names)
    if not (mentions or known):
        return []
    author_account = _account(status, payload.at)
    if (
        known
        and HOME.fullmatch(status.uri)
        and address_host(own_id(author_account.account)) != address_host(status.uri)
    ):
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
        reply_to=placed.parent and f"{NETWORK}:{placed.parent}",
        quotes=status.quoted and f"{NETWORK}:{status.quoted}",
        limits=status.limits,
        observed_at=payload.at,
    )
    doubts = title_verdicts(mentions, text, names, was_edited=payload.kind == "edit")
    if not (placed.is_home or payload.kind in ("home", "counts")) or not HOME.fullmatch(status.uri):
        return [post, author_account, *mentions, *doubts]
    return [post, author_account, *mentions, *doubts, _counts_of(status, key, payload.at)]


def _counts_of(status: Status, key: str, at: int) -> Snapshot:
    """A post's counts as its server shows them."""
    return Snapshot(
        post=key,
        reposts=status.reblogs_count,
        likes=status.favourites_count,
        replies=status.replies_count,
        quotes=status.quotes_count,
        observed_at=at,
    )


def moment_of(date: object) -> int | None:
    """A server's date as whole seconds in µs UTC, in whatever form; None if it is none."""
    if isinstance(date, bool) or not isinstance(date, str | int | float):
        return None
    text = date if isinstance(date, str) else str(int(date))
    at = timestamps.parse_claimed(text)
    if at is not None and 0 < at <= timestamps.LAST:
        return timestamps.whole_seconds(at)
    return None


def edit_payloads(entry: TimelineEntry | None, payload: RawPayload) -> list[RawPayload]:
    """A second payload of kind `edit` for an edited tracked post: papers it no longer names were edited out."""
    if entry and entry.edited_at and payload.kind != "gone":
        return [payload._replace(kind="edit")]
    return []


def _account(status: Status, at: int) -> Account:
    """The author, by the account's own address, or by the handle if no server and no form of address shows that one.

    A name without a server belongs to the server of the address.
    """
    account = status.account
    profile = status.account.url or ""
    address = account.uri or author_address(status.uri, profile)
    if not (address or profile):
        raise InputError("an account without an address")
    if "@" in account.acct:
        handle = account.acct
    else:
        handle = f"{account.acct}@{address_host(address or profile)}"
    key = f"{NETWORK}:{address or profile}"
    is_by_handle = not address and address_host(profile) == address_host(status.uri) and is_at_home(key, handle)
    return Account(
        account=handle_key(NETWORK, handle) if is_by_handle else key,
        handle=handle,
        name=account.display_name or "",
        automated=bool(account.bot),
        observed_at=at,
    )
