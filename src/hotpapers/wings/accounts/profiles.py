"""An account's current profile text, from Bluesky's public view or from the account's home server on Mastodon.

Bluesky's `app.bsky.actor.getProfile`; https://docs.joinmastodon.org/methods/accounts/#lookup. Only accounts in the
record are looked up, so nobody can make this program contact a host of their choice. The response must name the same
account.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec

from hotpapers.base import keys
from hotpapers.base.errors import RequestRefused
from hotpapers.base.model import HttpClient
from hotpapers.base.text.html_text import html_to_text
from hotpapers.collect.sources.decoding import decode_response

T = TypeVar("T")
NOT_THERE = (400, 401, 403, 404, 410)
"""Statuses that mean the account does not exist or is not shown."""


class KnownAccount(NamedTuple):
    """An account in the record: its key, and its last known handle."""

    account: str
    handle: str = ""

    @property
    def network(self) -> str:
        return keys.network_of(self.account)

    @property
    def own(self) -> str:
        """Its network's own id for it."""
        return keys.own_id(self.account)


class _Bluesky(msgspec.Struct):
    did: str
    description: str = ""


class _Mastodon(msgspec.Struct):
    url: str | None = ""
    uri: str | None = ""
    note: str | None = ""


def server_of(view: str, account: KnownAccount, base_addresses: Collection[str] = ()) -> str:
    """The server to ask: Bluesky's public view, or the account's own server. `base_addresses`: those in the settings.
    All others are contacted over TLS only, whatever the account's key says: a response that can be forged in transit
    proves nothing."""
    if account.network == "bluesky":
        return view
    home = urlsplit(account.own)
    at = f"{home.scheme}://{home.netloc}"
    if at in (address.rstrip("/") for address in base_addresses):
        return at
    return f"https://{home.netloc}"


def fetch_description(http: HttpClient, server: str, account: KnownAccount) -> str:
    """The text of an account's profile, from its `server`. Raises RequestRefused if it is not shown, RetryLater and
    NetError if the server could not be reached."""
    if account.network == "bluesky":
        bluesky = _query(http, f"{server}/xrpc/app.bsky.actor.getProfile", {"actor": account.own}, _Bluesky)
        if bluesky.did != account.own:
            raise RequestRefused("Bluesky answered with a different account")
        return bluesky.description
    name = account.handle.partition("@")[0] or urlsplit(account.own).path.rpartition("/")[2]
    mastodon = _query(http, f"{server}/api/v1/accounts/lookup", {"acct": name}, _Mastodon)
    if account.own not in (mastodon.uri, mastodon.url):
        raise RequestRefused(f"{urlsplit(server).netloc} answered with a different account")
    return html_to_text(mastodon.note or "")[0]


def _query(http: HttpClient, address: str, params: dict[str, str], kind: type[T]) -> T:
    response = http.get(address, params=params, accept=NOT_THERE)
    host = urlsplit(address).netloc
    if urlsplit(response.url).netloc != host:
        raise RequestRefused(f"{host} redirects to another server")
    if response.status in NOT_THERE:
        raise RequestRefused(f"{host} shows no such account", response.status)
    return decode_response(response, kind)
