"""One request to X, paid for: booked before it is made, settled after it, whatever comes of it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from hotpapers.errors import NetError, RequestRefused, RetryLater
from hotpapers.http import retry_policy
from hotpapers.model import HttpClient, PayloadPage, Response
from hotpapers.sources.paper_matching import decode_response
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
    max_cost: int


class BilledResponse(NamedTuple):
    """An answer, and when it came; `earlier_cost`: what the tries before it may have cost."""

    response: XResponse
    at: int
    earlier_cost: int


def send_billed(
    http: HttpClient, account: BudgetState, request: BilledRequest
) -> Generator[PayloadPage, None, BilledResponse]:
    """Asks, once the booking is stored; the caller settles what came. What fails is settled here and told.

    Every status is taken as it comes, so that none is asked for twice.
    """
    yield PayloadPage((), spending.encode(spending.book(account, request.max_cost)))
    try:
        headers = {"authorization": f"Bearer {request.token}"}
        response = http.get(request.url, params=request.params, headers=headers, accept=ERRORS)
        if response.status not in ERRORS:
            return BilledResponse(
                decode_response(response, XResponse), response.at, (response.tries - 1) * request.max_cost
            )
        failed = refusal(response, http.now())
    except NetError as problem:
        failed = problem
    tries = spending.TRIES if failed.tries is None else failed.tries
    yield PayloadPage((), spending.encode(spending.settle_failure(account, tries * request.max_cost)))
    if not tries or isinstance(failed, RetryLater | RequestRefused):
        raise failed
    raise RetryLater(UNSURE_AGAIN, f"{failed}; what it cost is not known") from failed


def refusal(response: Response, now: int) -> NetError:
    """What a status from 400 on means. Where the server refused it charged nothing, where it failed it may have."""
    parts = urlsplit(response.url)
    place = f"{parts.netloc}{parts.path}"
    error: NetError
    try:
        retryable = retry_policy.check_status(response.status, response.headers, (), now)
        error = NetError(f"{place}: {retryable.reason if retryable else response.status}")
    except RetryLater as no:
        error = RetryLater(no.seconds, f"{place}: {no.reason}")
    except RequestRefused as no:
        error = RequestRefused(f"{place}: {no.reason}", no.status)
    error.tries = response.tries - (response.status < 500)
    return error
