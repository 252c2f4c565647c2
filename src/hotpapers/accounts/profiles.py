"""What an account says of itself now: asked of Bluesky's public view, or of the Mastodon server that is its home.

Bluesky's `app.bsky.actor.getProfile`; https://docs.joinmastodon.org/methods/accounts/#lookup. Only accounts that the
record knows are asked for, so that nobody makes this program ask a host of their choice; what comes back must name the
very account.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec

from hotpapers.errors import InputError, NetError, RequestRefused
from hotpapers.ids.html_text import plain
from hotpapers.model import HttpClient, keys
from hotpapers.untrusted_json import decode_json

T = TypeVar("T")
NOT_THERE = (400, 401, 403, 404, 410)
"""How networks say that there is no such account, or that they do not show it."""


class KnownAccount(NamedTuple):
    """An account that the record knows: its key, and the handle it was seen with last."""

    account: str
    handle: str = ""

    @property
    def network(self) -> str:
        return keys.network_of(self.account)

    @property
    def own(self) -> str:
        """What its network calls it."""
        return keys.own_id(self.account)


class _Bluesky(msgspec.Struct):
    did: str
    description: str = ""


class _Mastodon(msgspec.Struct):
    url: str | None = ""
    uri: str | None = ""
    note: str | None = ""


def server_of(view: str, known: KnownAccount, named: Collection[str] = ()) -> str:
    """Which server is asked: Bluesky's public view, or an account's own. `named`: base addresses in settings. Others
    are asked over TLS alone, whatever the account's key says: what anybody on the way can write proves nothing."""
    if known.network == "bluesky":
        return view
    home = urlsplit(known.own)
    at = f"{home.scheme}://{home.netloc}"
    return at if at in (address.rstrip("/") for address in named) else f"https://{home.netloc}"


def fetch_description(http: HttpClient, server: str, known: KnownAccount) -> str:
    """The text of an account's profile. `server`: its own. Raises RequestRefused where it is not shown, RetryLater and
    NetError where nobody could be asked."""
    return _on_bluesky(http, server, known) if known.network == "bluesky" else _on_mastodon(http, server, known)


def _on_bluesky(http: HttpClient, view: str, known: KnownAccount) -> str:
    address = f"{view}/xrpc/app.bsky.actor.getProfile"
    bluesky = _query(http, address, {"actor": known.own}, _Bluesky)
    if bluesky.did != known.own:
        raise RequestRefused("Bluesky answered with another account")
    return bluesky.description


def _on_mastodon(http: HttpClient, server: str, known: KnownAccount) -> str:
    name = known.handle.partition("@")[0] or urlsplit(known.own).path.rpartition("/")[2]
    mastodon = _query(http, f"{server}/api/v1/accounts/lookup", {"acct": name}, _Mastodon)
    if known.own not in (mastodon.uri, mastodon.url):
        raise RequestRefused(f"{urlsplit(server).netloc} answered with another account")
    return plain(mastodon.note or "")[0]


def _query(http: HttpClient, address: str, params: dict[str, str], kind: type[T]) -> T:
    response = http.get(address, params=params, accept=NOT_THERE)
    host = urlsplit(address).netloc
    if urlsplit(response.url).netloc != host:
        raise RequestRefused(f"{host} sends us on to another server")
    if response.status in NOT_THERE:
        raise RequestRefused(f"{host} shows no such account", response.status)
    try:
        return decode_json(response.body, kind)
    except InputError:
        raise NetError(f"{host} answered what cannot be read") from None
