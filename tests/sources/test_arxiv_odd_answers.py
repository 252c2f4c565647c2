"""arXiv's answers that are odd but not unreadable: none hides the others or ends the reading for good."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import pytest

from hotpapers import announcement_days as days
from hotpapers.errors import NetError, RequestRefused, RetryLater
from hotpapers.model import HOUR
from hotpapers.sources.arxiv import ArxivSettings
from tests.sources.arxiv_world import Made, World, papers_of
from tests.sources.net import Reply, reply
from tests.sources.test_arxiv_rounds import DAY, FEED_CS, FEED_MATH, OAI, Life, made_on, world_of


@pytest.mark.long
def test_an_unreadable_item_does_not_hide_that_a_feed_is_full() -> None:
    many = [Made(f"2611.{n:05d}", DAY, 0) for n in range(1, 2000)]
    rest = [Made(f"2601.{n:05d}", DAY, 0, ("cs.AI",), type="replace") for n in range(1, 4)]
    life = Life(World([*many, *rest]), ArxivSettings(archives=("cs",), listing=""))
    odd = life.world.feed("cs", life.http.now()).replace(b"<item>", b"<item><guid>odd</guid></item><item>", 1)
    life.faults[FEED_CS] = [reply(200, odd)]
    seen = [one for page in life.source.pages(life.http, None) for one in page.payloads]
    assert {one.key for one in seen if one.key.startswith("cs.AI/")} >= {f"cs.AI/{DAY}/{paper.id}" for paper in rest}


@pytest.mark.parametrize("ahead", ["2026-11-12", "2062-11-13"])
def test_a_feed_from_the_future_is_not_believed(ahead: str) -> None:
    """Otherwise the days up to its date would be passed over."""
    life = Life(world := world_of())
    wrong = World([paper._replace(day=ahead) for paper in world.days[DAY]])
    at = days.closes_at(ahead) + HOUR
    life.faults |= {FEED_CS: [reply(200, wrong.feed("cs", at))], FEED_MATH: [reply(200, wrong.feed("math", at))]}
    with pytest.raises(NetError, match="from the future"):
        life.round()
    life.faults.clear()
    life.round()
    life.to("2026-11-12").round()
    assert life.announced() == made_on(world, DAY, "2026-11-12")
    assert life.state.day == "2026-11-12"


@pytest.mark.parametrize("tokens", [["0", "0"], ["0", "1", "0"]])
def test_a_token_that_comes_again_ends_the_round(tokens: list[str]) -> None:
    life = Life(World(papers_of("2026-10-01", "2026-12-20")))
    life.round()
    life.to("2026-12-02")
    part = "<OAI-PMH><ListRecords><resumptionToken>2026-11-12/{}</resumptionToken></ListRecords></OAI-PMH>"
    life.faults[OAI] = [reply(200, part.format(token).encode()) for token in tokens * 10]
    with pytest.raises(RequestRefused, match="sends a part of its list again"):
        life.round()
    assert len([url for url in life.http.asked if url.startswith(OAI)]) == len(tokens)
    life.faults.clear()
    life.round()
    assert life.state.day == "2026-12-02" and not life.state.stamp


def test_a_harvest_of_days_does_not_keep_a_day_from_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed is up for a day, and a harvest since the beginning takes longer than that."""
    life = Life(world := world_of(), ArxivSettings(archives=("cs", "math"), since="2026-10-05"))
    harvest = world.oai

    def slow(asked: Mapping[str, str], at: int) -> Reply:
        life.http.advance(3600)
        return harvest(asked, at)

    monkeypatch.setattr(world, "oai", slow)
    with pytest.raises(RetryLater, match="a new day"):
        life.round()
    assert life.state.stamp and life.http.now() < days.closes_at("2026-11-12") + 2 * HOUR
    while life.state.stamp:
        life.http.advance(1800)
        with suppress(RetryLater):
            life.round()
        assert life.state.day == days.current(life.http.now())
    assert life.announced() >= made_on(world, DAY, "2026-11-12")
