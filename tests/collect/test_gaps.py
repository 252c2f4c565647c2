"""Items that a network no longer lists stay missing: a later successful round doesn't make coverage complete."""

from __future__ import annotations

import json

from hotpapers.base.model import HOUR, Coverage
from hotpapers.collect.sources.hackernews import HackerNewsSettings, HackerNewsSource
from hotpapers.issues.coverage import reading_of
from hotpapers.record.batches import cursor_of
from tests.collect.job_setup import JobSetup, collect_setup
from tests.collect.sources.net import START, Reply


def run_rounds(setup: JobSetup, *hours: float) -> None:
    """Runs a round at each of these hours after the start."""
    for hour in hours:
        setup.http.sleep((START + hour * HOUR - setup.http.now()) / 1e6)
        setup.loop.attempt()


def state(setup: JobSetup, network: str, start: float, end: float) -> str:
    """A network's coverage between two hours after the start, by the whole record."""
    spans = [row.item for row in setup.record.view().latest(Coverage)]
    return reading_of(network, spans, round(START + start * HOUR), round(START + end * HOUR)).state


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
