"""The connector, and its settings. Each request's cost is booked before it is sent and settled afterwards, whatever the
outcome.

https://docs.x.com/x-api/posts/search-recent-posts, https://docs.x.com/x-api/posts/lookup
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from hotpapers.base.errors import NetError, PartiallyRead, RequestRefused, RetryLater
from hotpapers.base.http import bearer_header
from hotpapers.base.http.retry_policy import Retryable, check_status
from hotpapers.base.model import DAY, HttpClient, Item, Pages, PayloadPage, RawPayload, Response
from hotpapers.base.settings.limits import AtLeastOne
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.text import timestamps
from hotpapers.collect.sources.batched_requests import PostSource, ids_in, no_overlap
from hotpapers.collect.sources.decoding import decode_response
from hotpapers.wings.x import objects, spending
from hotpapers.wings.x.objects import NETWORK, XResponse
from hotpapers.wings.x.spending import Budget, BudgetState

PAGE = 100
MIN_PAGE = 10
"""Most and least posts that one search may return; `PAGE` is also the most of a lookup."""
SEARCH = "/tweets/search/recent"
MEMORY = 6 * DAY
"""A search may start from the newest post read if it is no older than this: the search covers seven days."""
FIELDS = (
    "created_at,lang,public_metrics,entities,author_id,referenced_tweets,edit_history_tweet_ids,possibly_sensitive,"
    "note_tweet"
)
COUNTED = "public_metrics,edit_history_tweet_ids"
UNSURE_AGAIN = 6 * 3600
"""Seconds until the next request after an interrupted one that may have been charged."""
ERRORS = range(400, 600)
SPENT = "the part of the monthly budget that is available by today is spent"
"""A reason for issues, which are public: without the amount."""
Amount = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
_KEY = re.compile(rf"{NETWORK}:([0-9]{{1,19}})", re.ASCII)


class XSettings(SettingsStruct):
    """`token`: the operator's bearer token; without one, nothing is read. `budget`: money per month (UTC). `price`,
    `author_price`: the cost of a returned post, and of an author returned with it, in the same currency. `counts`: the
    share of the budget for recounting known posts. `query`: what is searched, never with reposts. `base`: base address.
    `every`: seconds between rounds."""

    token: str = ""
    budget: Amount = 0.0
    price: Amount = 0.005
    author_price: Amount = 0.010
    counts: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.3
    query: str = '(url:"arxiv.org" OR url:"alphaxiv.org" OR url:"huggingface.co/papers") -is:retweet'
    base: str = "https://api.x.com/2"
    every: AtLeastOne = 3600


class _PaidRequests:
    """The requests of one reading, within a budget. `account`: what was spent, to be stored with each page."""

    def __init__(self, http: HttpClient, settings: XSettings, limits: Budget, cursor: str | None) -> None:
        if not settings.token:
            raise RequestRefused("no token: set source.x.token")
        if settings.budget <= 0 or settings.price <= 0:
            raise RequestRefused("no budget: set source.x.budget, and source.x.price if it is not 0.005")
        self.http = http
        self._settings = settings
        self._limits = limits
        self.account = BudgetState.of(cursor)

    @property
    def affordable(self) -> int:
        """How many posts a request may return."""
        return self.account.affordable(self._limits, self.http.now())

    def next_size(self, least: int) -> int:
        """How many posts the next request is for: few after an interrupted one. Raises RetryLater if fewer than `least`
        are affordable."""
        self.account = self.account.this_month(self.http.now())
        size = min(MIN_PAGE if self.account.asking else PAGE, self.affordable)
        if size < least:
            raise RetryLater(_until_tomorrow(self.http.now()), SPENT)
        return size

    def ask(
        self, path: str, params: Mapping[str, str], size: int
    ) -> Generator[PayloadPage, None, tuple[XResponse, int]]:
        """Sends a request for so many posts at most, once its booking is stored. Returns the response, and when it
        came. Failures are settled and raised.

        Every status is accepted, so the client does not retry on its own.
        """
        max_cost = size * self._limits.max_post_cost
        headers = bearer_header(self._settings.token)
        yield PayloadPage((), self.account.charged(spending.TRIES * max_cost, asking=True).cursor)
        try:
            response = self.http.get(f"{self._settings.base}{path}", params=params, headers=headers, accept=ERRORS)
            if response.status not in ERRORS:
                answer = decode_response(response, XResponse)
                # earlier tries may have cost it all
                cost = (response.tries - 1) * max_cost + self._limits.cost(answer)
                self.account = self.account.charged(cost)
                return answer, response.at
            error = _refusal(response, self.http.now())
        except NetError as problem:
            error = problem
        tries = spending.TRIES if error.tries is None else error.tries
        # after a request that may have cost something, the next one is small
        charged = self.account.charged(tries * max_cost, asking=tries > 0)
        yield PayloadPage((), charged.cursor)
        if not tries or isinstance(error, RetryLater | RequestRefused):
            raise error
        raise RetryLater(UNSURE_AGAIN, f"{error}; its cost is unknown") from error


def _refusal(response: Response, now: int) -> NetError:
    """The error for a status of 400 or more. A server that refused charged nothing; one that failed may have."""
    parts = urlsplit(response.url)
    place = f"{parts.netloc}{parts.path}"
    error = NetError(f"{place}: {response.status}")
    try:
        check_status(response.status, response.headers, (), now)
    except Retryable as problem:
        error = NetError(f"{place}: {problem}")
    except RetryLater as problem:
        error = type(problem)(problem.seconds, f"{place}: {problem.reason}")
    except RequestRefused as problem:
        error = RequestRefused(f"{place}: {problem.reason}", problem.status)
    error.tries = response.tries - (response.status < 500)
    return error


class XSource(PostSource[XSettings]):
    """The connector."""

    name = NETWORK
    reach = 7 * DAY
    remembered = 1

    def _set_up(self) -> None:
        settings = self.settings
        budget = spending.to_millionths(settings.budget, up=False)
        for_counts = int(budget * settings.counts)
        self.for_search = Budget.from_prices(budget - for_counts, settings.price, settings.author_price)
        self.for_counts = Budget.from_prices(for_counts, settings.price)

    def pages(self, http: HttpClient, cursor: str | None) -> Pages:
        """Yields the posts since the cursor, as far as the month's budget goes. Each page's cursor must be stored
        before asking for the next page: it includes the next request's maximum cost."""
        paid = _PaidRequests(http, self.settings, self.for_search, cursor)
        if paid.account.until:
            yield from self._search_pages(paid)
        yield from self._search_pages(paid)

    def _search_pages(self, paid: _PaidRequests) -> Pages:
        """A search, or what an interrupted one has not read yet."""
        http = paid.http
        until = paid.account.until
        next_token = ""
        if until and not _is_searchable(until, http.now()):
            paid.account = paid.account.after_page((), is_last=True)
            return
        while True:
            size = paid.next_size(MIN_PAGE)
            response, at = yield from paid.ask(
                SEARCH, self._search(paid.account.since, until, next_token, size, http.now()), size
            )
            if not (response.ids or until or next_token):
                yield from self._check_search(paid)
            next_token = response.next_token
            is_spent = paid.affordable < MIN_PAGE
            is_over = is_spent or not next_token  # unaffordable older posts are skipped, so nothing is paid for twice
            paid.account = paid.account.after_page(response.ids, is_last=is_over)
            next_at = spending.next_day(http.now()) if is_spent else None
            leaves = None
            if is_spent and next_token:  # results come newest first, so older posts stay unread
                oldest = min(response.ids, key=int, default="")
                leaves = PartiallyRead(
                    f"{SPENT}; older posts were not read",
                    again=_until_tomorrow(http.now()),
                    lost_until=timestamps.of_x_post(oldest) if oldest else http.now(),
                )
            payloads = objects.search_payloads(response, self.known, at)
            yield PayloadPage(payloads, paid.account.cursor, next_at=next_at, leaves=leaves)
            if leaves:
                raise leaves
            if not next_token:
                return

    def _check_search(self, paid: _PaidRequests) -> Pages:
        """After an empty answer: sees whether the search still finds the newest known post or, if that was deleted, any
        other. Raises PartiallyRead if it finds none."""
        now = paid.http.now
        newest = paid.account.since
        if not newest or not _is_searchable(newest, now()) or not paid.account.is_check_due(now()):
            return
        for since in (spending.id_before(newest), ""):
            paid.next_size(MIN_PAGE)
            response, at = yield from paid.ask(SEARCH, self._search(since, "", "", MIN_PAGE, now()), MIN_PAGE)
            if response.ids:
                paid.account = msgspec.structs.replace(paid.account, confirmed=now())
            payloads = objects.search_payloads(response, self.known, at)
            yield PayloadPage(payloads, paid.account.cursor)
            if payloads:
                return
        raise no_overlap("the search")

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Pages:
        """Raises RequestRefused: without a cursor it is unknown what may be spent. See `counts_from`."""
        raise RequestRefused("counts cost money, and it is unknown how much was spent on them")

    def counts_from(self, http: HttpClient, keys: Sequence[str], cursor: str | None) -> Pages:
        """Current counts of known posts, or that they are gone, as far as the month's budget for counts goes."""
        paid = _PaidRequests(http, self.settings, self.for_counts, cursor)
        check = self._removal_check
        last_seen = check.last_seen
        check.release()  # those of a round that failed are requested again
        yield from self._look_up(paid, ids_in(keys, _KEY))
        if check.held:
            count = len(check.held)
            if not last_seen:
                paid.next_size(MIN_PAGE)
                params = {"query": self.settings.query, "max_results": str(MIN_PAGE)}
                response, _ = yield from paid.ask(SEARCH, params, MIN_PAGE)
                yield PayloadPage((), paid.account.cursor)
                last_seen = response.ids[:1]
            yield from self._look_up(paid, last_seen)
            del check.held[count:]  # what is said of that post itself was not asked for
        if check.held:
            yield PayloadPage(check.settle(lambda ids: (), list))

    def _look_up(self, paid: _PaidRequests, ids: Sequence[str]) -> Pages:
        """Posts by their ids, in batches."""
        while ids:
            size = min(paid.next_size(1), len(ids))
            batch = ids[:size]
            ids = ids[size:]
            params = {"ids": ",".join(batch), "tweet.fields": COUNTED}
            response, at = yield from paid.ask("/tweets", params, size)
            payloads = self._removal_check.believed(objects.count_payloads(response, batch, at))
            yield PayloadPage(payloads, paid.account.cursor)

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a post with its papers and counts; or a known post's new wording, its counts, or that it is gone."""
        return objects.read_post(payload, self.names)

    def _search(self, since: str, until: str, next_token: str, size: int, now: int) -> dict[str, str]:
        params = {
            "query": self.settings.query,
            "max_results": str(size),
            "tweet.fields": FIELDS,
            "expansions": "author_id",
            "user.fields": "username,name,protected",
        }
        params |= {"since_id": since} if since and _is_searchable(since, now) else {}
        params |= {"until_id": until} if until else {}
        return params | ({"next_token": next_token} if next_token else {})


def _is_searchable(id: str, now: int) -> bool:
    return now - timestamps.of_x_post(id) < MEMORY


def _until_tomorrow(now: int) -> float:
    return (spending.next_day(now) - now) / 1e6
