"""Items that a network no longer lists stay missing: a later successful round doesn't make coverage complete."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from urllib.parse import parse_qs, urlsplit

import pytest

from hotpapers.base.classic.timestamps import TWITTER_EPOCH_MS as EPOCH
from hotpapers.base.errors import PartiallyRead, Stopped
from hotpapers.base.ids.timestamps import as_utc
from hotpapers.base.model import HOUR, Coverage, HttpClient, PayloadPage
from hotpapers.collect.sources.feeds import FeedsSettings, FeedsSource
from hotpapers.collect.sources.hackernews import HackerNewsSettings, HackerNewsSource
from hotpapers.collect.sources.reddit import RedditSettings, RedditSource
from hotpapers.collect.sources.x import XSettings, XSource
from hotpapers.issues.coverage import reading_of
from hotpapers.record.batches import cursor_of
from tests.ingest.job_setup import JobSetup, collect_setup
from tests.sources.net import START, Reply

MINUTE = 60 * 1_000_000


def run_rounds(setup: JobSetup, *hours: float) -> None:
    """Runs a round at each of these hours after the start."""
    for hour in hours:
        setup.http.sleep((START + hour * HOUR - setup.http.now()) / 1e6)
        setup.loop.attempt()


def state(setup: JobSetup, network: str, start: float, end: float) -> str:
    """A network's coverage between two hours after the start, by the whole record."""
    spans = [row.item for row in setup.record.view().latest(Coverage) if isinstance(row.item, Coverage)]
    return reading_of(network, spans, round(START + start * HOUR), round(START + end * HOUR)).state


def full_feed(newest: int) -> bytes:
    """The newest posts of a subreddit, a minute apart."""
    entries = "".join(
        f"<entry><id>t3_{n}</id><title>wool</title>"
        f"<published>{as_utc(newest - n * MINUTE).isoformat()}</published></entry>"
        for n in range(25)
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{entries}</feed>".encode()


def test_posts_that_a_subreddit_no_longer_lists_stay_missing(sqlite_url: str) -> None:
    source = RedditSource(RedditSettings(subreddits=("one",)))
    hours = (0, 0.3, 6, 6.3, 6.6)
    answers = [full_feed(round(START + hour * HOUR)) for hour in hours]
    with collect_setup(sqlite_url, lambda url: answers.pop(0), source=source) as setup:
        run_rounds(setup, *hours)
        assert state(setup, "reddit", 1, 5) == "partial"
        assert state(setup, "reddit", 5.8, 6.5) == "complete"


@pytest.mark.parametrize(("urls", "outage"), [(("https://a.example/feed",), 6), (("https://a.example/feed",), 0.5),
                                              (("https://a.example/feed", "https://b.example/feed"), 6)])  # fmt: skip
def test_a_feed_that_turned_over_while_nothing_was_read_is_read_in_part(
    sqlite_url: str, urls: tuple[str, ...], outage: float
) -> None:
    """Its 25 entries, a minute apart, reach back 25 minutes. A shorter outage loses nothing."""

    def respond(url: str) -> Reply:
        return full_feed(setup.http.now() - MINUTE)

    with collect_setup(sqlite_url, respond, source=FeedsSource(FeedsSettings(urls=urls))) as setup:
        run_rounds(setup, 0, 0.3, outage + 0.1, outage + 0.4, outage + 0.7)
        assert state(setup, "feeds", 0, 0.3) == "complete"
        assert state(setup, "feeds", 0.3, outage) == ("partial" if outage == 6 else "complete")
        assert state(setup, "feeds", outage, outage + 0.6) == "complete"
        assert "example" not in (cursor_of(setup.record.database, "feeds") or "example")


def test_while_the_search_of_hacker_news_lags_it_is_read_in_part(sqlite_url: str) -> None:
    """From hour 4 to hour 8 the search shows nothing new; once it catches up, coverage is complete."""

    def respond(url: str) -> Reply:
        hour = (setup.http.now() - START) / HOUR
        newest = START + 4 * HOUR if 4 < hour < 8 else setup.http.now()
        return json.dumps({"hits": [{"objectID": "1", "created_at_i": newest // 1_000_000}]}).encode()

    with collect_setup(sqlite_url, respond, source=HackerNewsSource(HackerNewsSettings(terms=("a",)))) as setup:
        run_rounds(setup, 0, 2, 4, 5, 7)
        assert state(setup, "hackernews", 0, 4) == "complete"
        assert state(setup, "hackernews", 4, 7) == "partial"
        cursor = json.loads(cursor_of(setup.record.database, "hackernews") or "")
        assert cursor["read"] == START // 1_000_000 + 4 * 3600
        run_rounds(setup, 8.1)
        assert state(setup, "hackernews", 0, 8) == "complete"


class KilledSource(XSource):
    """The program is killed when the last page within the budget is stored."""

    def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
        try:
            yield from super().pages(http, cursor)
        except PartiallyRead:
            raise Stopped("killed") from None


@pytest.mark.parametrize("kind", [XSource, KilledSource])
@pytest.mark.parametrize("hour", [2, 23.5])
def test_posts_of_x_that_were_not_paid_for_stay_missing(sqlite_url: str, hour: float, kind: type[XSource]) -> None:
    """Also when the day's money runs out shortly before the next day."""
    spending_hour, known = 9 * 24 + hour, set[str]()

    def respond(url: str) -> Reply:
        now = setup.http.now()
        is_busy = abs(now - START - spending_hour * HOUR) < HOUR
        params = parse_qs(urlsplit(url).query)
        limit, since = int(params["max_results"][0]), int(params.get("since_id", ["0"])[0])
        posts = [{"id": str((now // 1000 - n * 30_000 - EPOCH) << 22), "text": ""} for n in range(limit * is_busy)]
        known.update(post["id"] for post in posts)
        if not is_busy:
            posts = [{"id": id, "text": ""} for id in known if int(id) > since][:limit]
        return json.dumps({"data": posts, "meta": {"next_token": "more"} if is_busy else {}}).encode()

    source = kind(XSettings(token="t", budget=31.0, counts=0.0, price=0.1, author_price=0.0))
    with collect_setup(sqlite_url, respond, source=source) as setup:
        run_rounds(setup, spending_hour - 24, spending_hour - 23)
        with nullcontext() if kind is XSource else pytest.raises(Stopped):
            run_rounds(setup, spending_hour)
        run_rounds(setup, spending_hour + 24, spending_hour + 25)
        assert state(setup, "x", spending_hour - 23, spending_hour - 2) == "partial"
        assert state(setup, "x", spending_hour, spending_hour + 24) == "complete"
