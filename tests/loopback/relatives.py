"""Servers that speak Mastodon's API without being Mastodon, each with its own habits: GoToSocial, snac, Takahē, Akkoma.

                identifiers           listed by    `min_id` of a purged post    addresses of posts
    gotosocial  ULIDs                 creation     works                        /users/NAME/statuses/ULID
    snac        seconds and a hash    arrival      an empty list                /NAME/p/SECONDS.MICROSECONDS
    takahe      its own snowflakes    arrival      works                        /@NAME@HOST/posts/ID/
    akkoma      base62                arrival      works                        /objects/HASH

All leave out `account.uri`, list at most 20 posts, and get all posts of other servers ten minutes late.
https://docs.gotosocial.org/en/latest/api/swagger/ · https://codeberg.org/grunfink/snac2 ·
https://github.com/jointakahe/takahe · https://docs.akkoma.dev/stable/development/API/differences_in_mastoapi_responses/
"""

from __future__ import annotations

import hashlib
import string
from collections.abc import Iterator, Mapping
from typing import Any

from hotpapers.base.model import DAY
from tests.loopback.network_state import NetworkState, Request
from tests.loopback.script import MINUTE, SECOND, Message, is_visible

RELATIVES = ("gotosocial", "snac", "takahe", "akkoma")
DELIVERY_DELAY = 10 * MINUTE
MOST_STATUSES = 20
HISTORY_DAYS = 14
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE62 = f"{string.digits}{string.ascii_uppercase}{string.ascii_lowercase}"
_TAKAHE_EPOCH_MS = 1_640_995_200_000
"""2022-01-01."""


def status_id(name: str, message: Message) -> str:
    """A post's identifier on one of these servers."""
    arrival = arrives_at(name, message)
    digest = hashlib.md5(message.id.encode(), usedforsecurity=False).hexdigest()
    if name == "gotosocial":
        return _digits(message.at // 1000, 10, _CROCKFORD) + _digits(int(digest, 16), 16, _CROCKFORD)
    if name == "snac":
        return f"{arrival // SECOND}{digest}"
    if name == "akkoma":
        return _digits(arrival // 1000 << 64 | int(digest, 16) >> 64, 18, _BASE62)
    return str((arrival // 1000 - _TAKAHE_EPOCH_MS) << 22 | int(digest, 16) >> 106)


def _digits(number: int, length: int, alphabet: str) -> str:
    """A number's last digits, the most significant one first."""
    size = len(alphabet)
    return "".join(alphabet[number // size**n % size] for n in reversed(range(length)))


def arrives_at(name: str, message: Message) -> int:
    """When a post reaches one of these servers."""
    return message.at if message.author.home == name else message.at + DELIVERY_DELAY


def uri(bases: Mapping[str, str], message: Message) -> str:
    """A post's own address, at its home server."""
    name, home = message.author.name, message.author.home
    base = bases[f"mastodon.{home}"]
    if home == "gotosocial":
        return f"{base}/users/{name}/statuses/{status_id(home, message)}"
    if home == "snac":
        return f"{base}/{name}/p/{message.at // SECOND}.{message.at % SECOND:06}"
    if home == "akkoma":
        return f"{base}/objects/{hashlib.md5(message.id.encode(), usedforsecurity=False).hexdigest()}"
    return f"{base}/@{name}@{base.split('/')[2]}/posts/{status_id(home, message)}/"


def account_uri(bases: Mapping[str, str], name: str, home: str) -> str:
    """An account's own address."""
    base = bases[f"mastodon.{home}"]
    if home == "takahe":
        return f"{base}/@{name}@{base.split('/')[2]}/"
    return f"{base}/{name}" if home == "snac" else f"{base}/users/{name}"


def page_of(bases: Mapping[str, str], name: str, home: str) -> str:
    """The address of an account's page."""
    base = bases[f"mastodon.{home}"]
    if home == "takahe":
        return f"{base}/@{name}/"
    return f"{base}/@{name}" if home == "gotosocial" else account_uri(bases, name, home)


def as_shown(name: str, status: dict[str, Any], message: Message) -> dict[str, Any]:
    """A status of Mastodon as one of these servers shows it."""
    account = {key: value for key, value in status["account"].items() if key != "uri"}
    return status | {"id": status_id(name, message), "account": account}


def page(state: NetworkState, request: Request, messages: Iterator[Message]) -> list[Message]:
    """A page of a timeline, newest first: the oldest posts after `min_id`, or the newest before `max_id`."""
    name = state.host.rpartition(".")[2]
    rows = sorted((status_id(name, message), message) for message in messages)
    after, before = request.param("min_id"), request.param("max_id", "~")
    if name == "snac" and after and after not in {id for id, _ in rows}:
        return []
    listed = [(id, message) for id, message in rows if after < id < before]
    size = request.number("limit", 20, MOST_STATUSES)
    return [message for _, message in reversed(listed[:size] if after else listed[-size:])]


def messages(state: NetworkState) -> Iterator[Message]:
    """The posts that one of these servers has."""
    name = state.host.rpartition(".")[2]
    for day in range(state.now // DAY - HISTORY_DAYS, state.now // DAY + 1):
        for message in state.script.messages("mastodon", day):
            if is_visible(message, state.now) and arrives_at(name, message) <= state.now:
                yield message
