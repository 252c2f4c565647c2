"""An observation with fewer fields never hides known facts of a paper: a week of arXiv, read into a real record."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from hotpapers import announcement_days as days
from hotpapers.errors import NetError, RetryLater
from hotpapers.model import HOUR, Announcement, Paper, PayloadPage
from hotpapers.sources.arxiv import ArxivSettings, ArxivSource, cursor_state
from hotpapers.store import Record
from hotpapers.store.batches import cursor_of
from tests.parsing import parse_all
from tests.sources.arxiv_world import Made, World, papers_of
from tests.sources.net import Reply, ScriptedClient

FIRST, LAST = "2026-11-02", "2026-11-06"
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = "2026-11-03", "2026-11-04", "2026-11-05", "2026-11-06"
SETTINGS = ArxivSettings(archives=("cs", "math"), since="2026-10-19", batch=5)
FACTS = ("title", "authors", "abstract", "categories", "version", "comment", "published_at", "updated_at")


def papers() -> list[Made]:
    """Four new papers a day, plus second versions of two papers from three announcements earlier."""
    made = papers_of("2026-10-19", "2026-11-14", each=4)
    by_day: dict[str, list[Made]] = {}
    for paper in made:
        by_day.setdefault(paper.day, []).append(paper)
    labels = sorted(by_day)
    for before, day in zip(labels, labels[3:], strict=False):
        again = by_day[before][:2]
        made += [one._replace(day=day, type="replace", version=2, submitted=one.submitted + 60 * HOUR) for one in again]
    return made


class Site:
    """A source and its record, as the runner keeps them. After each page, checks that no known fact of a paper is
    lost."""

    def __init__(self, world: World, store: Path, down: list[tuple[str, int, str, int]] | None = None) -> None:
        self.world, self.source, self.down = world, ArxivSource(SETTINGS), down or []
        self.http = ScriptedClient(self.say, now=days.closes_at(FIRST) - HOUR, pace=3)
        self.record = Record(str(store / "hotpapers.db"))
        self.known: dict[str, set[str]] = {}

    def say(self, url: str) -> Reply:
        """arXiv's answer; while the API is down, a rate limit error."""
        at = self.http.now()
        down = any(
            days.closes_at(a) + x * HOUR <= at < days.closes_at(b) + y * HOUR for a, x, b, y in self.down
        )  # fmt: skip
        return RetryLater(60, "Rate exceeded.") if down and "/api/" in url else self.world.answer(url, at)

    def live(self, random: Random | None = None) -> None:
        """Runs rounds when they are due, for the whole week; with `random`, kills some of them after a page."""
        while self.http.now() < days.closes_at(LAST) + 23 * HOUR:
            due: int | None = None
            try:
                for page in self.source.pages(self.http, cursor_of(self.record.database, "arxiv")):
                    self.keep(page)
                    due = page.next_at
                    if random and random.random() < 0.03:
                        break
            except NetError:
                pass
            wait = (due - self.http.now()) / 1e6 if due else 600
            self.http.advance(max(wait, 1))

    def keep(self, page: PayloadPage) -> None:
        at = self.http.now()
        self.record.ingest(parse_all(self.source.read, page.payloads), source="arxiv", cursor=page.cursor, at=at)
        for paper in self.papers():
            facts = {name for name in FACTS if getattr(paper, name)}
            lost = self.known.get(paper.paper, set()) - facts
            assert not lost, f"{paper.paper}: {', '.join(lost)} was known, and is hidden"
            self.known[paper.paper] = facts

    def papers(self) -> Iterator[Paper]:
        """The latest observation of each paper."""
        for row in self.record.view().latest(Paper):
            assert isinstance(row.item, Paper)
            yield row.item

    def announced(self) -> set[tuple[str, str, str]]:
        rows = (row.item for row in self.record.view().latest(Announcement))
        return {(one.paper, one.day, one.type) for one in rows if isinstance(one, Announcement)}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path


def wanted(world: World) -> set[tuple[str, str, str]]:
    """The week's announcements, each in its paper's own archive."""
    types = {"new": "new", "replace": "replacement"}
    return {
        (f"arxiv:{p.id}", day, types[p.type]) for day in world.labels if FIRST <= day <= LAST for p in world.days[day]
    }


def test_in_a_good_week_everything_is_known_of_every_paper(store: Path) -> None:
    site = Site(World(papers()), store)
    site.live()
    assert wanted(site.world) <= site.announced()
    assert all(site.known[paper] == set(FACTS) for paper in {paper for paper, _, _ in site.announced()})
    latest = {paper.paper: paper for paper in site.papers()}
    for paper, _, type in wanted(site.world):
        assert type == "new" or (latest[paper].version, latest[paper].comment) == (2, "2 made-up pages")
    assert cursor_state.parse(cursor_of(site.record.database, "arxiv")).owed == ()


@pytest.mark.parametrize("seed", range(3))
def test_in_a_bad_week_nothing_that_was_known_is_hidden(store: Path, seed: int) -> None:
    """The API lags by a day, then is down for a day and a half; feeds repeat a day's papers; rounds are killed. All
    announcements are still recorded, and described as soon as the API is back."""
    world = World(papers(), lag={TUESDAY: 25 * HOUR}, doubled={THURSDAY: WEDNESDAY, FRIDAY: THURSDAY})
    site = Site(world, store, down=[(WEDNESDAY, 0, THURSDAY, 12), (FRIDAY, 0, FRIDAY, 6)])
    site.live(Random(seed))
    assert wanted(world) <= site.announced()
    assert all(site.known[paper] == set(FACTS) for paper in {paper for paper, _, _ in wanted(world)})


@pytest.mark.long
def test_without_the_api_what_is_new_is_known_by_its_feed(store: Path) -> None:
    site = Site(World(papers()), store, down=[(FIRST, -24, LAST, 24)])
    site.live()
    assert wanted(site.world) <= site.announced()
    new = {paper for paper, _, type in wanted(site.world) if type == "new"}
    assert all({"title", "authors", "abstract", "categories", "version"} <= site.known[paper] for paper in new)


# ---- owed metadata --------------------------------------------------------------------------------------


def test_what_the_api_does_not_have_is_asked_for_again_for_two_days(store: Path) -> None:
    world = World(papers(), lag={FIRST: 1000 * HOUR})
    site = Site(world, store)
    site.live()
    ids = {paper.id for paper in world.days[FIRST] if len(world.versions[paper.id]) == 1}
    asked = [r.at for r in site.http.requests if "/api/" in r.url and any(id in r.url for id in ids)]
    assert min(asked) < days.closes_at(FIRST) + HOUR
    # for the last time before the second day's feeds
    assert days.closes_at(WEDNESDAY) < max(asked) < days.closes_at(WEDNESDAY) + HOUR
    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert max(gaps) <= 2 * HOUR + HOUR / 10


def test_while_the_api_does_not_answer_nothing_is_given_up() -> None:
    start = cursor_state.ArxivCursor(day=FIRST, owed=("b",), overdue=("a",))
    assert cursor_state.open_day(start, TUESDAY).overdue == ("b",)
    unheard = cursor_state.open_day(start, TUESDAY, api_answers=False)
    assert (unheard.owed, unheard.overdue) == ((), ("a", "b"))
    assert cursor_state.open_day(unheard, TUESDAY) == unheard  # the same day again
    many = cursor_state.ArxivCursor(
        day=FIRST, owed=tuple(map(str, range(9000))), overdue=tuple(map(str, range(9000, 18000)))
    )
    assert len(cursor_state.open_day(many, TUESDAY, api_answers=False).overdue) == cursor_state.MOST_OWED


def test_a_later_version_is_as_good_as_the_one_that_was_announced() -> None:
    start = cursor_state.ArxivCursor(day="2026-11-02", owed=("2611.00001v1", "2611.00002v2"), overdue=("2610.00009v1",))
    assert cursor_state.mark_described(
        start, ["2611.00003v1"], {"2611.00002v2", "2610.00009v1"}
    ) == cursor_state.ArxivCursor(day="2026-11-02", owed=("2611.00001v1", "2611.00003v1"))
    assert cursor_state.mark_described(start, ["2610.00009v1"], set()) == start


def test_a_round_says_when_the_next_one_is_worth_while(store: Path) -> None:
    site = Site(World(papers()), store)
    site.http.advance(HOUR / 1e6 * 2)
    last = list(site.source.pages(site.http, None))[-1]
    assert (last.payloads, last.cursor, last.next_at) == ((), None, days.closes_at(TUESDAY) + 300_000_000)
    owing = cursor_state.encode(cursor_state.ArxivCursor(day=FIRST, owed=("2611.00001v1",)))
    assert site.source.next_due(site.http.now(), owing) == site.http.now() + 2 * HOUR
