"""One request to X, paid for: booked before it is made, settled after it, whatever comes of it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from hotpapers.errors import NetError, RequestRefused, RetryLater
from hotpapers.http import retry_policy
from hotpapers.model import HttpClient, PayloadPage, Response
from hotpapers.sources.paper_matching import decoded
from hotpapers.sources.x import spending
from hotpapers.sources.x.schemas import XResponse
from hotpapers.sources.x.spending import BudgetState

UNSURE_AGAIN = 6 * 3600
"""Seconds until it is asked again after a request that broke off, which may have been charged."""
ERRORS = range(400, 600)


class BilledRequest(NamedTuple):
    """What to ask for: the address, who asks, and the most that one try costs, in millionths."""

    url: str
    params: Mapping[str, str]
    token: str
    most: int


class BilledResponse(NamedTuple):
    """An answer, and when it came; `lost`: what the tries before it may have cost."""

    response: XResponse
    at: int
    lost: int


def buy(http: HttpClient, account: BudgetState, wish: BilledRequest) -> Generator[PayloadPage, None, BilledResponse]:
    """Asks, once the booking is stored; the caller settles what came. What fails is settled here and told.

    Every status is taken as it comes, so that none is asked for twice.
    """
    yield PayloadPage((), spending.text(spending.booked(account, wish.most)))
    try:
        headers = {"authorization": f"Bearer {wish.token}"}
        answer = http.get(wish.url, params=wish.params, headers=headers, accept=ERRORS)
        if answer.status not in ERRORS:
            return BilledResponse(decoded(answer, XResponse), answer.at, (answer.tries - 1) * wish.most)
        failed = refusal(answer, http.now())
    except NetError as problem:
        failed = problem
    tries = spending.TRIES if failed.tries is None else failed.tries
    yield PayloadPage((), spending.text(spending.broken(account, tries * wish.most)))
    if not tries or isinstance(failed, RetryLater | RequestRefused):
        raise failed
    raise RetryLater(UNSURE_AGAIN, f"{failed}; what it cost is not known") from failed


def refusal(answer: Response, now: int) -> NetError:
    """What a status from 400 on means. Where the server refused it charged nothing, where it failed it may have."""
    parts = urlsplit(answer.url)
    place = f"{parts.netloc}{parts.path}"
    error: NetError
    try:
        trouble = retry_policy.check_status(answer.status, answer.headers, (), now)
        error = NetError(f"{place}: {trouble.reason if trouble else answer.status}")
    except RetryLater as no:
        error = RetryLater(no.seconds, f"{place}: {no.reason}")
    except RequestRefused as no:
        error = RequestRefused(f"{place}: {no.reason}", no.status)
    error.tries = answer.tries - (answer.status < 500)
    return error
