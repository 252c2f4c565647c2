"""What a network had and no later round can have stays missing: a round that goes well does not make it complete."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from hotpapers.ids.timestamps import as_utc
from hotpapers.issues.coverage import reading_of
from hotpapers.model import HOUR, Coverage
from hotpapers.sources.reddit import RedditSettings, RedditSource
from hotpapers.sources.x import EPOCH, XSettings, XSource
from tests.ingest.made import Made, reading
from tests.sources.net import START, Reply

MINUTE = 60 * 1_000_000


def rounds(made: Made, *hours: float) -> None:
    """A round at each of these hours after the start."""
    for hour in hours:
        made.http.sleep((START + hour * HOUR - made.http.now()) / 1e6)
        made.rounds.attempt()


def state(made: Made, network: str, start: float, end: float) -> str:
    """How a network was read between two hours after the start, by all that is written down."""
    spans = [row.item for row in made.record.view().latest(Coverage) if isinstance(row.item, Coverage)]
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
    with reading(sqlite_url, lambda url: answers.pop(0), source=source) as made:
        rounds(made, *hours)
        assert state(made, "reddit", 1, 5) == "partial"
        assert state(made, "reddit", 5.8, 6.5) == "complete"


@pytest.mark.parametrize("hour", [2, 23.5])
def test_posts_of_x_that_were_not_paid_for_stay_missing(sqlite_url: str, hour: float) -> None:
    """Also where the day's money is spent shortly before the next day begins."""
    spent_at = 9 * 24 + hour

    def answer(url: str) -> Reply:
        now = made.http.now()
        busy = abs(now - START - spent_at * HOUR) < HOUR
        most = int(parse_qs(urlsplit(url).query)["max_results"][0])
        posts = [{"id": str((now // 1000 - n * 30_000 - EPOCH) << 22), "text": ""} for n in range(most * busy)]
        return json.dumps({"data": posts, "meta": {"next_token": "more"} if busy else {}}).encode()

    source = XSource(XSettings(token="t", budget=31.0, counts=0.0, price=0.1, author_price=0.0))
    with reading(sqlite_url, answer, source=source) as made:
        rounds(made, spent_at - 24, spent_at - 23, spent_at, spent_at + 24, spent_at + 25)
        assert state(made, "x", spent_at - 23, spent_at - 2) == "partial"
        assert state(made, "x", spent_at, spent_at + 24) == "complete"
