"""Mastodon's formats, as far as needed, and those of compatible servers where they differ.

https://docs.joinmastodon.org/entities/Status/ · https://docs.joinmastodon.org/entities/Quote/
"""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from hotpapers.collect.sources.decoding import Count, Flag


class MastodonAccount(msgspec.Struct):
    """A status's author."""

    url: str | None = ""
    uri: str | None = ""
    acct: str = ""
    display_name: str | None = ""
    note: str | None = ""
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
    """What Pleroma adds."""

    quote: QuotedStatus | None = None
    quote_url: str | None = ""


class Status(msgspec.Struct):
    """A post as a server shows it."""

    uri: str
    created_at: datetime.datetime
    account: MastodonAccount
    content: str | None
    visibility: Any = "public"
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
        """The address of the quoted status, in whichever form the server tells it; empty without one."""
        quote, added = self.quote or Quote(), self.pleroma or PleromaPart()
        status = quote.quoted_status or added.quote
        return (status.uri if status else "") or quote.uri or added.quote_url or ""


class TimelineEntry(msgspec.Struct):
    """The part of a timeline's entry that says which one it is."""

    id: str
    uri: str
    visibility: Any = "public"
    created_at: datetime.datetime | None = None
    edited_at: str | None = None
    reblog: msgspec.Raw = msgspec.Raw(b"null")

    @property
    def boosted(self) -> bytes:
        """The status that it boosts; empty if it is none. Some servers write `false` for that."""
        original = bytes(self.reblog)
        return original if original.startswith(b"{") else b""
