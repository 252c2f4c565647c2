"""An observation with fewer fields never hides known facts of a paper: a week of arXiv, read into a real record."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from hotpapers.base.errors import NetError, RetryLater
from hotpapers.base.model import HOUR, Announcement, Paper, PayloadPage
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.collect.sources.arxiv import ArxivSettings, ArxivSource, cursor_state
from hotpapers.record import Record
from hotpapers.record.batches import cursor_of
from tests.collect.sources.fake_arxiv import FakeArxiv, FakePaper, papers_between
from tests.collect.sources.net import Reply, ScriptedClient
from tests.parsing import parse_all

FIRST, LAST = "2026-11-02", "2026-11-06"
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = "2026-11-03", "2026-11-04", "2026-11-05", "2026-11-06"
SETTINGS = ArxivSettings(archives=("cs", "math"), since="2026-10-19", batch=5)
FACTS = ("title", "authors", "abstract", "categories", "version", "comment", "published_at", "updated_at")


def papers() -> list[FakePaper]:
    """Four new papers a day, plus second versions of two papers from three announcements earlier."""
    papers = papers_between("2026-10-19", "2026-11-14", per_day=4)
    by_day: dict[str, list[FakePaper]] = {}
    for paper in papers:
        by_day.setdefault(paper.day, []).append(paper)
    labels = sorted(by_day)
    for earlier_day, day in zip(labels, labels[3:], strict=False):
        revised = by_day[earlier_day][:2]
        papers += [
            paper._replace(day=day, type="replace", version=2, submitted_at=paper.submitted_at + 60 * HOUR)
            for paper in revised
        ]
    return papers


class Site:
    """A source and its record, as the runner keeps them. After each page, checks that no known fact of a paper is
    lost."""

    def __init__(self, arxiv: FakeArxiv, store: Path, outages: list[tuple[str, int, str, int]] | None = None) -> None:
        self.arxiv, self.source, self.outages = arxiv, ArxivSource(SETTINGS), outages or []
        self.http = ScriptedClient(self.answer, now=days.closes_at(FIRST) - HOUR, pace=3)
        self.record = Record(str(store / "hotpapers.db"))
        self.facts: dict[str, set[str]] = {}

    def answer(self, url: str) -> Reply:
        """arXiv's answer; while the API is down, a rate limit error."""
        at = self.http.now()
        down = any(
            days.closes_at(a) + x * HOUR <= at < days.closes_at(b) + y * HOUR for a, x, b, y in self.outages
        )  # fmt: skip
        return RetryLater(60, "Rate exceeded.") if down and "/api/" in url else self.arxiv.answer(url, at)

    def run_week(self, random: Random | None = None) -> None:
        """Runs rounds when they are due, for the whole week; with `random`, kills some of them after a page."""
        while self.http.now() < days.closes_at(LAST) + 23 * HOUR:
            due: int | None = None
            try:
                for page in self.source.pages(self.http, cursor_of(self.record.database, "arxiv")):
                    self.store(page)
                    due = page.next_at
                    if random and random.random() < 0.03:
                        break
            except NetError:
                pass
            wait = (due - self.http.now()) / 1e6 if due else 600
            self.http.advance(max(wait, 1))

    def store(self, page: PayloadPage) -> None:
        at = self.http.now()
        self.record.ingest(parse_all(self.source.read, page.payloads), source="arxiv", cursor=page.cursor, at=at)
        for paper in self.papers():
            names = {name for name in FACTS if getattr(paper, name)}
            missing = self.facts.get(paper.paper, set()) - names
            assert not missing, f"{paper.paper}: {', '.join(missing)} was known, and is hidden"
            self.facts[paper.paper] = names

    def papers(self) -> Iterator[Paper]:
        """The latest observation of each paper."""
        for row in self.record.view().latest(Paper):
            assert isinstance(row.item, Paper)
            yield row.item

    def announcements(self) -> set[tuple[str, str, str]]:
        rows = (row.item for row in self.record.view().latest(Announcement))
        return {(item.paper, item.day, item.type) for item in rows}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path


def expected_announcements(arxiv: FakeArxiv) -> set[tuple[str, str, str]]:
    """The week's announcements, each in its paper's own archive."""
    types = {"new": "new", "replace": "replacement"}
    return {
        (f"arxiv:{p.id}", day, types[p.type]) for day in arxiv.labels if FIRST <= day <= LAST for p in arxiv.days[day]
    }


def test_in_a_good_week_everything_is_known_of_every_paper(store: Path) -> None:
    site = Site(FakeArxiv(papers()), store)
    site.run_week()
    assert expected_announcements(site.arxiv) <= site.announcements()
    assert all(site.facts[paper] == set(FACTS) for paper in {paper for paper, _, _ in site.announcements()})
    latest = {paper.paper: paper for paper in site.papers()}
    for paper, _, type in expected_announcements(site.arxiv):
        assert type == "new" or (latest[paper].version, latest[paper].comment) == (2, "2 made-up pages")
    assert cursor_state.parse_cursor(cursor_of(site.record.database, "arxiv")).owed == ()


@pytest.mark.parametrize("seed", range(3))
def test_in_a_bad_week_nothing_that_was_known_is_hidden(store: Path, seed: int) -> None:
    """The API lags by a day, then is down for a day and a half; feeds repeat a day's papers; rounds are killed. All
    announcements are still recorded, and described as soon as the API is back."""
    arxiv = FakeArxiv(papers(), api_delays={TUESDAY: 25 * HOUR}, repeats={THURSDAY: WEDNESDAY, FRIDAY: THURSDAY})
    site = Site(arxiv, store, outages=[(WEDNESDAY, 0, THURSDAY, 12), (FRIDAY, 0, FRIDAY, 6)])
    site.run_week(Random(seed))
    assert expected_announcements(arxiv) <= site.announcements()
    assert all(site.facts[paper] == set(FACTS) for paper in {paper for paper, _, _ in expected_announcements(arxiv)})


@pytest.mark.long
def test_without_the_api_what_is_new_is_known_by_its_feed(store: Path) -> None:
    site = Site(FakeArxiv(papers()), store, outages=[(FIRST, -24, LAST, 24)])
    site.run_week()
    assert expected_announcements(site.arxiv) <= site.announcements()
    papers_of_week = {paper for paper, _, type in expected_announcements(site.arxiv) if type == "new"}
    assert all(
        {"title", "authors", "abstract", "categories", "version"} <= site.facts[paper] for paper in papers_of_week
    )


# ---- owed metadata --------------------------------------------------------------------------------------


def test_what_the_api_does_not_have_is_asked_for_again_for_two_days(store: Path) -> None:
    arxiv = FakeArxiv(papers(), api_delays={FIRST: 1000 * HOUR})
    site = Site(arxiv, store)
    site.run_week()
    ids = {paper.id for paper in arxiv.days[FIRST] if len(arxiv.versions[paper.id]) == 1}
    times = [r.at for r in site.http.requests if "/api/" in r.url and any(id in r.url for id in ids)]
    assert min(times) < days.closes_at(FIRST) + HOUR
    # for the last time before the second day's feeds
    assert days.closes_at(WEDNESDAY) < max(times) < days.closes_at(WEDNESDAY) + HOUR
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert max(gaps) <= 2 * HOUR + HOUR / 10


def test_while_the_api_does_not_answer_nothing_is_given_up() -> None:
    start = cursor_state.ArxivCursor(day=FIRST, owed=("b",), overdue=("a",))
    assert start.open_day(TUESDAY).overdue == ("b",)
    cursor = start.open_day(TUESDAY, api_answers=False)
    assert (cursor.owed, cursor.overdue) == ((), ("a", "b"))
    assert cursor.open_day(TUESDAY) == cursor  # the same day again
    full_cursor = cursor_state.ArxivCursor(
        day=FIRST, owed=tuple(map(str, range(9000))), overdue=tuple(map(str, range(9000, 18000)))
    )
    assert len(full_cursor.open_day(TUESDAY, api_answers=False).overdue) == cursor_state.MAX_OVERDUE_VERSIONS


def test_a_later_version_is_as_good_as_the_one_that_was_announced() -> None:
    start = cursor_state.ArxivCursor(day="2026-11-02", owed=("2611.00001v1", "2611.00002v2"), overdue=("2610.00009v1",))
    assert start.mark_described(["2611.00003v1"], {"2611.00002v2", "2610.00009v1"}) == cursor_state.ArxivCursor(
        day="2026-11-02", owed=("2611.00001v1", "2611.00003v1")
    )
    assert start.mark_described(["2610.00009v1"], set()) == start


def test_a_round_says_when_the_next_one_is_worth_while(store: Path) -> None:
    site = Site(FakeArxiv(papers()), store)
    site.http.advance(HOUR / 1e6 * 2)
    page = list(site.source.pages(site.http, None))[-1]
    assert (page.payloads, page.cursor, page.next_at) == ((), None, days.closes_at(TUESDAY) + 300_000_000)
    cursor = cursor_state.ArxivCursor(day=FIRST, owed=("2611.00001v1",))
    assert site.source.next_due(site.http.now(), cursor) == site.http.now() + 2 * HOUR
