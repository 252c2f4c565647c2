"""One paid request to X: its cost is booked before it is sent and settled afterwards, whatever the outcome."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from hotpapers.base.errors import NetError, RequestRefused, RetryLater
from hotpapers.base.http import retry_policy
from hotpapers.base.model import HttpClient, PayloadPage, Response
from hotpapers.collect.sources.decoding import decode_response
from hotpapers.wings.x import spending
from hotpapers.wings.x.objects import XResponse
from hotpapers.wings.x.spending import BudgetState

UNSURE_AGAIN = 6 * 3600
"""Seconds until the next request after an interrupted one that may have been charged."""
ERRORS = range(400, 600)


class BilledResponse(NamedTuple):
    """A response, and when it came; `earlier_cost`: what earlier tries may have cost."""

    response: XResponse
    at: int
    earlier_cost: int


def send_billed(
    http: HttpClient, account: BudgetState, url: str, params: Mapping[str, str], token: str, max_cost: int
) -> Generator[PayloadPage, None, BilledResponse]:
    """Send a request once its booking is stored. The caller settles a response; failures are settled here and raised.
    `max_cost`: the most that one try costs, in millionths.

    Every status is accepted, so the client does not retry on its own.
    """
    yield PayloadPage((), spending.encode(spending.book(account, max_cost)))
    try:
        headers = {"authorization": f"Bearer {token}"}
        response = http.get(url, params=params, headers=headers, accept=ERRORS)
        if response.status not in ERRORS:
            return BilledResponse(decode_response(response, XResponse), response.at, (response.tries - 1) * max_cost)
        error = refusal(response, http.now())
    except NetError as problem:
        error = problem
    tries = spending.TRIES if error.tries is None else error.tries
    yield PayloadPage((), spending.encode(spending.settle_failure(account, tries * max_cost)))
    if not tries or isinstance(error, RetryLater | RequestRefused):
        raise error
    raise RetryLater(UNSURE_AGAIN, f"{error}; its cost is unknown") from error


def refusal(response: Response, now: int) -> NetError:
    """The error for a status of 400 or more. A server that refused charged nothing; one that failed may have."""
    parts = urlsplit(response.url)
    place = f"{parts.netloc}{parts.path}"
    error: NetError
    try:
        retryable = retry_policy.check_status(response.status, response.headers, (), now)
        error = NetError(f"{place}: {retryable.reason if retryable else response.status}")
    except RetryLater as problem:
        error = type(problem)(problem.seconds, f"{place}: {problem.reason}")
    except RequestRefused as problem:
        error = RequestRefused(f"{place}: {problem.reason}", problem.status)
    error.tries = response.tries - (response.status < 500)
    return error
