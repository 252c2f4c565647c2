"""One request to X, paid for: booked before it is made, settled after it, whatever comes of it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from hotpapers.errors import NetError, Refused, Wait
from hotpapers.model import Answer, Net, Page
from hotpapers.net import manners
from hotpapers.sources.matching import decoded
from hotpapers.sources.x import money
from hotpapers.sources.x.money import Account
from hotpapers.sources.x.wire import Said

UNSURE_AGAIN = 6 * 3600
"""Seconds until it is asked again after a request that broke off, which may have been charged."""
ERRORS = range(400, 600)


class Wish(NamedTuple):
    """What to ask for: the address, who asks, and the most that one try costs, in millionths."""

    url: str
    params: Mapping[str, str]
    token: str
    most: int


class Bought(NamedTuple):
    """An answer, and when it came; `lost`: what the tries before it may have cost."""

    said: Said
    at: int
    lost: int


def buy(net: Net, account: Account, wish: Wish) -> Generator[Page, None, Bought]:
    """Asks, once the booking is stored; the caller settles what came. What fails is settled here and told.

    Every status is taken as it comes, so that none is asked for twice.
    """
    yield Page((), money.text(money.booked(account, wish.most)))
    try:
        headers = {"authorization": f"Bearer {wish.token}"}
        answer = net.get(wish.url, params=wish.params, headers=headers, accept=ERRORS)
        if answer.status not in ERRORS:
            return Bought(decoded(answer, Said), answer.at, (answer.tries - 1) * wish.most)
        failed = refusal(answer, net.now())
    except NetError as problem:
        failed = problem
    tries = money.TRIES if failed.tries is None else failed.tries
    yield Page((), money.text(money.broken(account, tries * wish.most)))
    if not tries or isinstance(failed, Wait | Refused):
        raise failed
    raise Wait(UNSURE_AGAIN, f"{failed}; what it cost is not known") from failed


def refusal(answer: Answer, now: int) -> NetError:
    """What a status from 400 on means. Where the server refused it charged nothing, where it failed it may have."""
    parts = urlsplit(answer.url)
    place = f"{parts.netloc}{parts.path}"
    found: NetError
    try:
        trouble = manners.settled(answer.status, answer.headers, (), now)
        found = NetError(f"{place}: {trouble.reason if trouble else answer.status}")
    except Wait as no:
        found = Wait(no.seconds, f"{place}: {no.reason}")
    except Refused as no:
        found = Refused(f"{place}: {no.reason}", no.status)
    found.tries = answer.tries - (answer.status < 500)
    return found
