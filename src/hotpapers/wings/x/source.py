"""The connector, and its settings.

https://docs.x.com/x-api/posts/search-recent-posts, https://docs.x.com/x-api/posts/lookup
"""

from __future__ import annotations

import re
from collections.abc import Container, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Annotated

import msgspec

from hotpapers.base.errors import PartiallyRead, RequestRefused, RetryLater
from hotpapers.base.ids import timestamps
from hotpapers.base.ids.mentions.paper_index import NO_NAMES, PaperIndex
from hotpapers.base.model import DAY, HttpClient, Item, PayloadPage, RawPayload
from hotpapers.base.settings.limits import AtLeastOne
from hotpapers.collect.sources.batched_requests import ids_in
from hotpapers.collect.sources.list_checks import no_overlap
from hotpapers.collect.sources.removals import RemovalCheck
from hotpapers.wings.x import post_parser, spending
from hotpapers.wings.x.billing import BilledResponse, send_billed
from hotpapers.wings.x.objects import XResponse
from hotpapers.wings.x.post_parser import NETWORK
from hotpapers.wings.x.spending import Budget, BudgetState

PAGE, MIN_PAGE = 100, 10
"""Most and least posts that one search may return; `PAGE` is also the most of a lookup."""
SEARCH = "/tweets/search/recent"
MEMORY = 6 * DAY
"""A search may start from the newest post read if it is no older than this: the search covers seven days."""
FIELDS = (
    "created_at,lang,public_metrics,entities,author_id,referenced_tweets,edit_history_tweet_ids,possibly_sensitive,"
    "note_tweet"
)
COUNTED = "public_metrics,edit_history_tweet_ids"
Amount = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
_KEY = re.compile(rf"{NETWORK}:([0-9]{{1,19}})", re.ASCII)


class XSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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


class XSource:
    """The connector."""

    name = NETWORK

    def __init__(self, settings: XSettings, known: Container[str] = (), names: PaperIndex = NO_NAMES) -> None:
        self.settings, self.known, self.names = settings, known, names
        self.every = settings.every
        self.reach: int | None = 7 * DAY
        budget = spending.millionths(settings.budget, up=False)
        for_counts = int(budget * settings.counts)
        self.for_search = Budget.from_prices(budget - for_counts, settings.price, settings.author_price)
        self.for_counts = Budget.from_prices(for_counts, settings.price)
        self._removal_check = RemovalCheck(1)

    def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
        """What was posted since the cursor, as far as the month's budget goes. Each page's cursor must be stored before
        asking for the next page: it includes what the next request may cost."""
        account = self._open_budget(cursor)
        if account.until:
            account = yield from self._search_pages(http, account)
        yield from self._search_pages(http, account)

    def _search_pages(self, http: HttpClient, account: BudgetState) -> Generator[PayloadPage, None, BudgetState]:
        """A search, or what an interrupted one has not read yet; the account after it."""
        limits, until, next_token = self.for_search, account.until, ""
        if until and not _is_searchable(until, http.now()):
            return spending.search_finished(account, ())
        while True:
            account, size = self._prepare(account, limits, http.now(), least=MIN_PAGE)
            params = self._search(account.since, until, next_token, size, http.now())
            account, billed = yield from self._ask(http, account, limits, SEARCH, params, size)
            if not (billed.response.ids or until or next_token):
                account = yield from self._check_search(http, account)
            next_token = billed.response.next_token
            is_spent = spending.affordable(account, limits, http.now()) < MIN_PAGE
            is_over = is_spent or not next_token  # unaffordable older posts are skipped, so nothing is paid for twice
            note = spending.search_finished if is_over else spending.search_interrupted
            account = note(account, billed.response.ids)
            next_at = spending.tomorrow(http.now()) if is_spent else None
            leaves = self._unpaid(billed.response, http.now()) if is_spent and next_token else None
            payloads = post_parser.search_payloads(billed.response, self.known, billed.at)
            yield PayloadPage(payloads, spending.encode(account), next_at=next_at, leaves=leaves)
            if leaves:
                raise leaves
            if not next_token:
                return account

    def _check_search(self, http: HttpClient, account: BudgetState) -> Generator[PayloadPage, None, BudgetState]:
        """After an empty answer: sees whether the search still finds the newest known post or, if that was deleted, any
        other. Returns the account after it. Raises PartiallyRead if it finds none."""
        limits = self.for_search
        if not account.since or not _is_searchable(account.since, http.now()):
            return account
        if not spending.is_check_due(account, http.now()):
            return account
        for since in (spending.before(account.since), ""):
            account, _ = self._prepare(account, limits, http.now(), least=MIN_PAGE)
            params = self._search(since, "", "", MIN_PAGE, http.now())
            account, billed = yield from self._ask(http, account, limits, SEARCH, params, MIN_PAGE)
            if billed.response.ids:
                account = msgspec.structs.replace(account, confirmed=http.now())
            payloads = post_parser.search_payloads(billed.response, self.known, billed.at)
            yield PayloadPage(payloads, spending.encode(account))
            if payloads:
                return account
        raise no_overlap("the search")

    def _unpaid(self, response: XResponse, now: int) -> PartiallyRead:
        """The error for a search that ran out of budget: results come newest first, so older posts stay unread."""
        oldest = min(response.ids, key=int, default="")
        return PartiallyRead(
            f"{self._spent_reason()}; older posts were not read",
            again=_until_tomorrow(now),
            lost_until=timestamps.of_x_post(oldest) if oldest else now,
        )

    def _spent_reason(self) -> str:
        return f"the part of the monthly budget of {self.settings.budget:g} that is available by today is spent"

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Iterator[PayloadPage]:
        """Raises RequestRefused: without a cursor it is unknown what may be spent. See `counts_from`."""
        raise RequestRefused("counts cost money, and it is unknown how much was spent on them")

    def counts_from(self, http: HttpClient, keys: Sequence[str], cursor: str | None) -> Iterator[PayloadPage]:
        """Current counts of known posts, or that they are gone, as far as the month's budget for counts goes."""
        account, check, last_seen = self._open_budget(cursor), self._removal_check, self._removal_check.last_seen
        check.release()  # those of a round that failed are requested again
        account = yield from self._look_up(http, account, ids_in(keys, _KEY))
        if check.held:
            count = len(check.held)
            if not last_seen:
                account, last_seen = yield from self._find_one(http, account)
            yield from self._look_up(http, account, last_seen)
            del check.held[count:]  # what is said of that post itself was not asked for
        if check.held:
            yield PayloadPage(check.settle(lambda ids: (), list))

    def _find_one(
        self, http: HttpClient, account: BudgetState
    ) -> Generator[PayloadPage, None, tuple[BudgetState, list[str]]]:
        """The account after a search, and the newest post that it found, if any."""
        limits = self.for_counts
        account, _ = self._prepare(account, limits, http.now(), least=MIN_PAGE)
        params = {"query": self.settings.query, "max_results": str(MIN_PAGE)}
        account, billed = yield from self._ask(http, account, limits, SEARCH, params, MIN_PAGE)
        yield PayloadPage((), spending.encode(account))
        return account, billed.response.ids[:1]

    def _look_up(
        self, http: HttpClient, account: BudgetState, ids: Sequence[str]
    ) -> Generator[PayloadPage, None, BudgetState]:
        """Posts by their ids, in batches; the account after it."""
        limits = self.for_counts
        while ids:
            account, size = self._prepare(account, limits, http.now(), least=1)
            size = min(size, len(ids))
            batch, ids = ids[:size], ids[size:]
            params = {"ids": ",".join(batch), "tweet.fields": COUNTED}
            account, billed = yield from self._ask(http, account, limits, "/tweets", params, size)
            payloads = post_parser.count_payloads(billed.response, batch, billed.at)
            yield PayloadPage(self._removal_check.believed(payloads), spending.encode(account))
        return account

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Reads a post with its papers and counts; or a known post's new wording, its counts, or that it is gone."""
        key = f"{NETWORK}:{payload.key}"
        if payload.kind == "counts":
            return post_parser.read_counts(key, payload.body, payload.at)
        if payload.kind == "gone":
            return post_parser.read_gone(key, payload.body, payload.at)
        return post_parser.read_post(payload.body, payload.at, self.names, edited=payload.kind == "edit")

    # ---- requests --------------------------------------------------------------------------------------

    def _open_budget(self, cursor: str | None) -> BudgetState:
        if not self.settings.token:
            raise RequestRefused("no token: set source.x.token")
        if self.settings.budget <= 0 or self.settings.price <= 0:
            raise RequestRefused("no budget: set source.x.budget, and source.x.price if it is not 0.005")
        return spending.parse(cursor)

    def _prepare(self, account: BudgetState, limits: Budget, now: int, *, least: int) -> tuple[BudgetState, int]:
        """This month's account, and how many posts the next request may return: few after an interrupted one.

        Raises RetryLater if too few are affordable.
        """
        account = spending.this_month(account, now)
        size = min(MIN_PAGE if account.asking else PAGE, spending.affordable(account, limits, now))
        if size < least:
            raise RetryLater(_until_tomorrow(now), self._spent_reason())
        return account, size

    def _ask(
        self, http: HttpClient, account: BudgetState, limits: Budget, path: str, params: Mapping[str, str], size: int
    ) -> Generator[PayloadPage, None, tuple[BudgetState, BilledResponse]]:
        """A request for so many posts at most; the account after it."""
        address, max_cost = f"{self.settings.base}{path}", size * limits.max_post_cost
        billed = yield from send_billed(http, account, address, params, self.settings.token, max_cost)
        return spending.settle(account, billed.earlier_cost + limits.cost(billed.response)), billed

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
    return (spending.tomorrow(now) - now) / 1e6
