"""Odd but readable answers of arXiv: none hides the others or stops the reading for good."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import pytest

from hotpapers.base.errors import NetError, RequestRefused, RetryLater
from hotpapers.base.model import HOUR
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.collect.sources.arxiv import ArxivSettings
from tests.collect.sources.fake_arxiv import FakeArxiv, FakePaper, papers_between
from tests.collect.sources.net import Reply, reply
from tests.collect.sources.test_arxiv_rounds import DAY, FEED_CS, FEED_MATH, OAI, ArxivRun, fake_arxiv, papers_on


@pytest.mark.long
def test_an_unreadable_item_does_not_hide_that_a_feed_is_full() -> None:
    papers = [FakePaper(f"2611.{n:05d}", DAY, 0) for n in range(1, 2000)]
    replacements = [FakePaper(f"2601.{n:05d}", DAY, 0, ("cs.AI",), type="replace") for n in range(1, 4)]
    run = ArxivRun(FakeArxiv([*papers, *replacements]), ArxivSettings(archives=("cs",), listing=""))
    feed = run.arxiv.feed("cs", run.http.now()).replace(b"<item>", b"<item><guid>odd</guid></item><item>", 1)
    run.faults[FEED_CS] = [reply(200, feed)]
    payloads = [payload for page in run.source.pages(run.http, None) for payload in page.payloads]
    assert {payload.key for payload in payloads if payload.key.startswith("cs.AI/")} >= {
        f"cs.AI/{DAY}/{paper.id}" for paper in replacements
    }


@pytest.mark.parametrize("future_day", ["2026-11-12", "2062-11-13"])
def test_a_feed_from_the_future_is_not_believed(future_day: str) -> None:
    """Otherwise the days up to its date would be skipped."""
    run = ArxivRun(arxiv := fake_arxiv())
    future_arxiv = FakeArxiv([paper._replace(day=future_day) for paper in arxiv.days[DAY]])
    at = days.closes_at(future_day) + HOUR
    run.faults |= {
        FEED_CS: [reply(200, future_arxiv.feed("cs", at))],
        FEED_MATH: [reply(200, future_arxiv.feed("math", at))],
    }
    with pytest.raises(NetError, match="from the future"):
        run.round()
    run.faults.clear()
    run.round()
    run.advance_to("2026-11-12").round()
    assert run.announcements() == papers_on(arxiv, DAY, "2026-11-12")
    assert run.state.day == "2026-11-12"


@pytest.mark.parametrize("tokens", [["0", "0"], ["0", "1", "0"]])
def test_a_token_that_comes_again_ends_the_round(tokens: list[str]) -> None:
    run = ArxivRun(FakeArxiv(papers_between("2026-10-01", "2026-12-20")))
    run.round()
    run.advance_to("2026-12-02")
    part = "<OAI-PMH><ListRecords><resumptionToken>2026-11-12/{}</resumptionToken></ListRecords></OAI-PMH>"
    run.faults[OAI] = [reply(200, part.format(token).encode()) for token in tokens * 10]
    with pytest.raises(RequestRefused, match="sends a part of its list again"):
        run.round()
    assert len([url for url in run.http.urls if url.startswith(OAI)]) == len(tokens)
    run.faults.clear()
    run.round()
    assert run.state.day == "2026-12-02" and not run.state.stamp


def test_a_harvest_of_days_does_not_keep_a_day_from_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed is up for a day, and a harvest since the beginning takes longer than that."""
    run = ArxivRun(arxiv := fake_arxiv(), ArxivSettings(archives=("cs", "math"), since="2026-10-05"))
    harvest = arxiv.oai

    def slow_harvest(params: Mapping[str, str], at: int) -> Reply:
        run.http.advance(3600)
        return harvest(params, at)

    monkeypatch.setattr(arxiv, "oai", slow_harvest)
    with pytest.raises(RetryLater, match="a new day"):
        run.round()
    assert run.state.stamp and run.http.now() < days.closes_at("2026-11-12") + 2 * HOUR
    while run.state.stamp:
        run.http.advance(1800)
        with suppress(RetryLater):
            run.round()
        assert run.state.day == days.latest_label(run.http.now())
    assert run.announcements() >= papers_on(arxiv, DAY, "2026-11-12")
