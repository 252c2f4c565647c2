"""X: no month ever exceeds its budget, even if the server charges for every try, whether or not the response arrives;
if jobs are killed before and after any page; and with two jobs that each keep their own cursor."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotpapers.base.errors import NetError, PartiallyRead, RequestRefused, RetryLater
from hotpapers.base.http import ClientLimits
from hotpapers.base.model import DAY, HOUR, HttpClient, PayloadPage, Post, Response
from hotpapers.base.text.timestamps import X_EPOCH_MS as EPOCH
from hotpapers.record.batches import cursor_of
from hotpapers.wings.x import spending
from hotpapers.wings.x.source import XSettings, XSource
from hotpapers.wings.x.spending import Budget, BudgetState
from tests.base.http.server import FakeTime, Handler, Server, client, serving
from tests.collect.job_setup import recount_setup
from tests.collect.sources.net import START, ScriptedClient, reply

PRICE, AUTHOR = 5_000, 10_000
"""The network's prices in millionths; the defaults of the settings."""
BUDGETS = [0.05, 0.2, 3.0, 10.0, 250.0]


def id_at(at: int, n: int = 0) -> str:
    return str(((at // 1000 - EPOCH) << 22) + n)


class Billing:
    """The network's own bill, by month and job. It charges for every response, including repeats."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.charges: Counter[tuple[str, str]] = Counter()
        self.read = 0

    def months(self) -> Counter[str]:
        """The total cost of each month."""
        sums: Counter[str] = Counter()
        for (month, _), charge in self.charges.items():
            sums[month] += charge
        return sums

    def answer(self, path: str, params: dict[str, str], at: int) -> bytes:
        """Makes a response and charges for it."""
        if path.endswith("/search/recent"):
            limit = int(params["max_results"])
            number = self.random.choice([limit, self.random.randint(0, limit)])
            data: list[Any] = [{"id": id_at(at, n), "text": "arxiv.org/abs/2609.01234"} for n in range(number)]
            users = [{"id": str(n)} for n in range(self.random.choice([number, self.random.randint(0, number)]))]
        else:
            data = [{"id": id, "text": ""} for id in params["ids"].split(",") if self.random.random() < 0.9]
            users = []
        job = "x" if path.endswith("/search/recent") else "x/counts"
        month = f"{datetime.fromtimestamp(at / 1e6, UTC):%Y-%m}"
        self.charges[month, job] += len(data) * PRICE + len(users) * AUTHOR
        meta = {"next_token": "more"} if self.random.random() < 0.5 else {}
        return json.dumps({"data": data, "includes": {"users": users}, "meta": meta}).encode()


class Jobs:
    """Both jobs of a site and the cursors recorded for them. They are killed now and then."""

    def __init__(self, settings: XSettings, http: HttpClient, billing: Billing) -> None:
        self.settings, self.http, self.billing = settings, http, billing
        self.cursors: dict[str, str | None] = {"x": None, "x/counts": None}

    def run(self, until: int, advance: Callable[[float], object]) -> None:
        """Runs rounds of either job until a moment."""
        random = self.billing.random
        while self.http.now() < until:
            job = random.choice(["x", "x", "x/counts"])
            try:
                self.store(job, self.pages(job))
            except NetError as problem:
                advance(problem.seconds if isinstance(problem, RetryLater) else 900)
            self.check()
            advance(random.choice([60, 3600, 40_000]))

    def check(self) -> None:
        """A job's account is never below the bill: costs are booked before the request."""
        for job, cursor in self.cursors.items():
            account = BudgetState.of(cursor)
            assert account.spent >= self.billing.charges[account.month, job]

    def pages(self, job: str) -> Iterable[PayloadPage]:
        source, keys = XSource(self.settings), [f"x:{n}" for n in range(self.billing.random.randint(0, 250))]
        if job == "x":
            return source.pages(self.http, self.cursors[job])
        return source.counts_from(self.http, keys, self.cursors[job])

    def store(self, job: str, pages: Iterable[PayloadPage]) -> None:
        for page in pages:
            if self.billing.random.random() < 0.03:
                return  # killed before this page is stored
            self.billing.read += len(page.payloads)
            self.cursors[job] = page.cursor or self.cursors[job]
            self.check()
            if self.billing.random.random() < 0.03:
                return  # killed after it is stored


def check(billing: Billing, budget: float) -> None:
    assert all(charge <= budget * 1_000_000 for charge in billing.months().values()), billing.charges


# ---- random faults ---------------------------------------------------------------------------------------


class FaultyNet(ScriptedClient):
    """A client that tries three times, as the real one does; its server fails in every way."""

    def __init__(self, billing: Billing, faults: float) -> None:
        super().__init__({}, pace=5)
        self.billing, self.faults = billing, faults

    def get(
        self, url: str, *, params: Any = None, headers: Any = None, accept: Sequence[int] = (), **_: Any
    ) -> Response:
        tries = 0
        for n in range(spending.TRIES):
            self.advance(2.0 * n + self.billing.random.choice([0.2, 3, 90]))
            fault = self.billing.random.random() < self.faults
            kind = self.billing.random.choice(["unreached", "lost", "failed", "refused"]) if fault else "answered"
            if kind == "unreached":
                continue
            tries += 1
            if kind == "refused":
                return self.status(self.billing.random.choice([429, 401]), url, tries)
            body = self.billing.answer(urlsplit(url).path, params, self.now())
            if kind == "failed":
                return self.status(500, url, tries)
            if kind == "answered":
                return reply(200, body)._replace(url=url, at=self.now(), tries=tries)
        problem = NetError("broke off")
        problem.tries = tries
        raise problem

    def status(self, status: int, url: str, tries: int) -> Response:
        return reply(status)._replace(url=url, at=self.now(), tries=tries)


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32), st.sampled_from(BUDGETS), st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from([0, 0.1, 0.6])
)
def test_no_month_costs_more_than_its_budget(seed: int, budget: float, share: float, faults: float) -> None:
    """Three months of rounds of both jobs, with charged but lost responses and kills at any page."""
    billing = Billing(Random(seed))
    http = FaultyNet(billing, faults)
    Jobs(XSettings(token="t", budget=budget, counts=share), http, billing).run(START + 90 * DAY, http.advance)
    check(billing, budget)
    assert billing.read or budget < 3.0 or faults


def test_the_budget_is_put_to_use() -> None:
    """Without faults and kills, most of it is spent, spread over the month."""
    billing = Billing(Random(1))
    http = FaultyNet(billing, 0)
    source, cursor, days = XSource(XSettings(token="t", budget=30.0, counts=0.0)), None, set()
    while http.now() < START + 31 * DAY - HOUR:
        try:
            for page in source.pages(http, cursor):
                cursor = page.cursor or cursor
                days |= {http.now() // DAY} if page.payloads else set()
        except RetryLater as problem:
            http.advance(problem.seconds)
        except PartiallyRead as problem:
            http.advance(problem.again or 0)
        http.advance(3600)
    assert 25e6 < billing.charges["2026-01", "x"] <= 30e6 and len(days) > 25


# ---- a real server and the real client -------------------------------------------------------------------


def faulty_play(billing: Billing, time: FakeTime) -> Callable[[Handler], None]:
    """Responds and charges; now and then the response is lost or truncated."""

    def play(handler: Handler) -> None:
        fault = billing.random.choice(["", "", "", "", "hung up", "429", "401", "500", "reset", "truncated", "html"])
        if fault == "hung up":
            return handler.hang_up()
        if fault in ("429", "401"):
            return handler.raw(f"HTTP/1.1 {fault} No\r\nContent-Length: 0\r\n\r\n".encode())
        parts = urlsplit(handler.path)
        params = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = billing.answer(parts.path, params, time.now())
        body = b"<html>" if fault == "html" else body
        status = 500 if fault == "500" else 200
        length = len(body) + 100 * (fault in ("reset", "truncated"))
        handler.raw(f"HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n\r\n".encode() + body)
        if fault in ("reset", "truncated"):
            handler.hang_up(rudely=fault == "reset")

    return play


@pytest.mark.parametrize("seed", range(3))
def test_a_server_that_charges_for_every_try_never_charges_more_than_the_budget(seed: int) -> None:
    """Two months of the real client and a real server: 5xx, resets after the body, truncated bodies, HTML pages."""
    billing, time = Billing(Random(seed)), FakeTime(START / 1e6)
    with serving() as server, client(server, time) as http:
        for path in ("/2/tweets/search/recent", "/2/tweets"):
            server.on(path, faulty_play(billing, time))
        settings = XSettings(token="t", budget=20.0, base=f"{server.base}/2")
        Jobs(settings, http, billing).run(START + 60 * DAY, time.sleep)
        assert len(server.requests) > 50
    check(billing, 20.0)
    assert billing.read > 100 and len(billing.months()) > 1


def test_the_client_says_how_often_it_asked(server: Server) -> None:
    """The account relies on this: it counts tries that a server may have acted on, never more than were booked."""
    assert ClientLimits().tries == spending.TRIES
    hung_up = lambda handler: handler.hang_up()  # noqa: E731
    server.on("/", hung_up, hung_up, lambda handler: handler.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    with client(server) as http:
        assert http.get(server.base + "/").tries == 3 and http.get(server.base + "/").tries == 1
        server.on("/", hung_up)
        with pytest.raises(NetError) as excinfo:
            http.get(server.base + "/")
        assert excinfo.value.tries == 3
    with client(base_addresses=["http://127.0.0.1:9"]) as http, pytest.raises(NetError) as excinfo:
        http.get("http://127.0.0.1:9/")
    assert excinfo.value.tries == 0


@pytest.fixture
def server() -> Iterable[Server]:
    """A real server on 127.0.0.1."""
    with serving() as result:
        yield result


def test_the_job_that_asks_again_keeps_its_own_account_and_notices_what_is_gone(tmp_path: Path) -> None:
    """The runner's own job with a real record: after a restart it knows what it spent."""
    problem = {"value": "2", "resource_type": "tweet", "title": "Not Found Error", "type": "/resource-not-found"}
    body = {"data": [{"id": "1", "text": "", "public_metrics": {"like_count": 8}}], "errors": [problem]}
    http, store = ScriptedClient(lambda url: json.dumps(body).encode()), str(tmp_path / "hotpapers.db")
    for run in (1, 2):
        with recount_setup(store, XSource(RICH), http) as setup:
            if run == 1:
                posts = [
                    Post(post=f"x:{n}", network="x", account="x:9", created_at=START, observed_at=START) for n in "12"
                ]
                setup.record.append(posts, source="test")
            http.advance(7 * 3600 if run == 1 else 20 * 3600)
            setup.loop.attempt()
            spent = BudgetState.of(cursor_of(setup.record.database, "x/counts")).spent
            assert spent == run * PRICE and cursor_of(setup.record.database, "x") is None
            latest = setup.record.view().latest_row(Post, "x:2")
            assert latest is not None and latest.item.gone == "deleted"
    assert len(http.requests) == 2


# ---- months and days -----------------------------------------------------------------------------------

FEBRUARY = 1_769_904_000_000_000
ENOUGH = Budget(limit=31_000_000, post=PRICE, author=AUTHOR)


@pytest.mark.parametrize("minutes", [-59, -1, 0, 59])
def test_around_the_turn_of_a_month_nothing_is_asked(minutes: int) -> None:
    http = ScriptedClient({}, now=FEBRUARY + minutes * 60_000_000)
    for pages in (XSource(RICH).pages(http, None), XSource(RICH).counts_from(http, ["x:1"], None)):
        with pytest.raises(RetryLater, match="turn of the month") as excinfo:
            list(pages)
        assert excinfo.value.seconds == min(60 - minutes, 60) * 60


RICH = XSettings(token="t", budget=100.0)


def test_a_new_month_begins_with_nothing_spent() -> None:
    state = BudgetState(since="7", month="2026-01", spent=400, asking=True)
    assert state.this_month(FEBRUARY + HOUR) == BudgetState(since="7", month="2026-02", asking=True)
    assert state.this_month(FEBRUARY - HOUR - 1) == state


def test_a_clock_that_is_set_back_begins_no_new_month() -> None:
    state = BudgetState(month="2026-05", spent=400)
    assert state.this_month(START + 3 * DAY) == state


def test_money_becomes_free_day_by_day() -> None:
    days = [BudgetState().affordable(ENOUGH, START + day * DAY) for day in (0, 1, 30)]
    assert days == [22, 44, 688]  # a million a day; three times fifteen thousand a post
    assert BudgetState(spent=999_999_999).affordable(ENOUGH, START) == 0


def test_what_is_spent_today_waits_for_tomorrow() -> None:
    cursor = '{"month":"2026-01","spent":69700000}'
    with pytest.raises(RetryLater, match="part of the monthly budget that is available by today is spent") as excinfo:
        list(XSource(RICH).pages(ScriptedClient({}, now=START + 30 * DAY + HOUR), cursor))
    assert excinfo.value.seconds == 23 * 3600


def test_a_round_that_spends_the_last_of_a_day_says_when_to_come_again_and_leaves_what_it_cannot_pay_for() -> None:
    id = id_at(START)
    body = {"data": [{"id": id, "text": ""}] * 60, "meta": {"next_token": "more"}}
    http = ScriptedClient(lambda url: json.dumps(body).encode(), now=START + HOUR)
    pages: list[PayloadPage] = []
    with pytest.raises(PartiallyRead) as excinfo:
        pages.extend(XSource(msgspec.structs.replace(RICH, budget=62.0)).pages(http, None))
    assert excinfo.value.lost_until == START and excinfo.value.again == (START + DAY - http.now()) / 1e6
    assert pages[-1].next_at == START + DAY and len(http.requests) > 1
    assert json.loads(pages[-1].cursor or "")["since"] == id_at(START, 2**22 - 1)
    assert {page.next_at for page in pages[:-1]} == {None}


@given(st.integers(1, 10**6), st.integers(0, 100), st.integers(1, 10**4))
def test_the_parts_of_a_budget_are_the_budget(cents: int, percent: int, mills: int) -> None:
    source = XSource(XSettings(token="t", budget=cents / 100, price=mills / 1000, counts=percent / 100))
    assert source.for_search.limit + source.for_counts.limit == cents * 10_000
    assert source.for_counts.max_post_cost == mills * 1000 and source.for_search.max_post_cost == mills * 1000 + AUTHOR


def test_amounts_are_exact() -> None:
    assert spending.to_millionths(0.0000011) == 2 and spending.to_millionths(0.0000019, up=False) == 1
    assert spending.to_millionths(0.1) == 100_000 and spending.to_millionths(0.29) == 290_000
    for values in ({"budget": -1}, {"price": -0.1}, {"author_price": -1}, {"counts": 1.1}, {"budget": inf}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(values, XSettings)


def test_nothing_is_asked_without_a_price() -> None:
    for incomplete in (XSettings(), XSettings(token="t"), XSettings(token="t", budget=5, price=0)):
        for pages in (
            XSource(incomplete).pages(ScriptedClient({}), None),
            XSource(incomplete).counts_from(ScriptedClient({}), ["x:1"], None),
        ):
            with pytest.raises(RequestRefused, match=r"set source\.x"):
                list(pages)
