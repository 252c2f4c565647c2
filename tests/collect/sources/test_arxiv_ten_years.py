"""Ten years of arXiv, simulated: clock changes, expected and unexpected holidays, outages, repeated feeds, crashes.

The record must match the script: no paper lost, none announced as new twice, every label a weekday.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest

from hotpapers.base.model import HOUR, Announcement, Coverage, Item, Paper, PayloadPage
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.collect.sources.arxiv import ArxivSettings, ArxivSource, cursor_state, formats
from tests.collect.sources.fake_arxiv import FakeArxiv, FakePaper, papers_between
from tests.collect.sources.net import ScriptedClient

pytestmark = pytest.mark.long

FIRST, LAST = "2024-01-02", "2034-01-03"
ZURICH = ZoneInfo("Europe/Zurich")
# Evenings that arXiv skipped contrary to its rules, as around New Year; and batches that came hours late.
SKIPPED_DAYS = {f"{year}-12-{day}" for year in range(2027, 2034) for day in (29, 30)}
DELAYS = {"2025-03-11": 3 * HOUR, "2027-06-02": 7 * HOUR, "2029-10-30": 11 * HOUR, "2031-04-02": 2 * HOUR}
# The program was off between these moments: for a day, some days, a week, two months.
OUTAGES = [
    ("2024-03-05", "2024-03-07"), ("2024-11-27", "2024-12-03"), ("2025-03-07", "2025-03-11"),
    ("2026-10-30", "2026-11-12"), ("2028-02-01", "2028-04-05"), ("2030-12-20", "2031-01-07"),
    ("2032-05-31", "2032-06-02"),
]  # fmt: skip


class FakeRecord:
    """What the record would hold: every item, and the cursor after each page."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.cursor: str | None = None

    def store(self, source: ArxivSource, page: PayloadPage) -> None:
        for payload in page.payloads:
            self.items += source.read(payload)
        self.cursor = page.cursor or self.cursor


def run_years(arxiv: FakeArxiv, source: ArxivSource, seed: int) -> tuple[FakeRecord, ScriptedClient]:
    """Ten years of rounds, each run when due; some are interrupted, some are repeated from an old cursor."""
    random = Random(seed)
    http = ScriptedClient(lambda url: arxiv.answer(url, http.now()), now=days.closes_at(FIRST) - HOUR, pace=3)
    record = FakeRecord()
    end, outages = days.closes_at(LAST), [(days.closes_at(a), days.closes_at(b) + 9 * HOUR) for a, b in OUTAGES]
    while http.now() < end:
        old_cursor = record.cursor
        for page in round_pages(source, http, record.cursor, random):
            record.store(source, page)
        if random.random() < 0.02:  # the same feeds again
            for page in source.pages(http, old_cursor):
                record.store(source, page)
        due = source.next_due(http.now(), cursor_state.parse_cursor(record.cursor))
        moment = next((stop for start, stop in outages if start <= due < stop), due)
        http.advance((moment - http.now()) / 1_000_000)
    return record, http


def round_pages(source: ArxivSource, http: ScriptedClient, cursor: str | None, random: Random) -> Iterator[PayloadPage]:
    """The pages of a round; one round in twenty is killed after a page and restarted from its cursor."""
    pages = source.pages(http, cursor)
    if random.random() < 0.05:
        for page, _ in zip(pages, range(random.randrange(1, 6)), strict=False):
            cursor = page.cursor
            yield page
        pages = source.pages(http, cursor)
    yield from pages


@pytest.fixture(scope="module", params=[True, False], ids=["with listings", "by OAI-PMH alone"])
def history(request: pytest.FixtureRequest) -> tuple[FakeArxiv, FakeRecord, ScriptedClient, ArxivSource]:
    papers = papers_between(FIRST, LAST, SKIPPED_DAYS)
    not_in_feeds = [paper.id for paper in papers[10::97]] if request.param else []
    arxiv = FakeArxiv(
        papers,
        delays=DELAYS,
        not_in_feeds=not_in_feeds,
        not_served=[paper.id for paper in papers[55::1999]] if request.param else [],
    )
    listing = ArxivSettings().listing if request.param else ""
    source = ArxivSource(ArxivSettings(archives=("cs", "math"), listing=listing))
    return arxiv, *run_years(arxiv, source, 7), source


def announcements(items: Iterable[Item]) -> list[Announcement]:
    return [item for item in items if isinstance(item, Announcement)]


@pytest.mark.long
def test_no_paper_is_lost_and_none_is_new_twice(
    history: tuple[FakeArxiv, FakeRecord, ScriptedClient, ArxivSource],
) -> None:
    arxiv, record, _, _ = history
    by_paper: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for item in announcements(record.items):
        if item.type == "new":
            by_paper[item.paper].add((item.day, item.category))
    expected = {f"arxiv:{paper.id}": {(paper.day, paper.archives[0])} for paper in arxiv.by_id.values()}
    assert by_paper.keys() == expected.keys()
    mistakes = {paper: (records, expected[paper]) for paper, records in by_paper.items() if records != expected[paper]}
    estimates = {
        paper: (records, actual)
        for paper, (records, actual) in mistakes.items()
        if len(records) == 1 and in_one_gap(records, actual)
    }
    assert mistakes == estimates
    # only a held-back paper, on a day known from OAI-PMH alone, may be recorded on another missed day
    assert all(
        days.announced_for(arxiv.by_id[paper.removeprefix("arxiv:")].submitted_at) < min(expected[paper])[0]
        for paper in mistakes
    )
    assert len(mistakes) < len(expected) / 200


def in_one_gap(records: set[tuple[str, str]], actual: set[tuple[str, str]]) -> bool:
    (day, category), (actual_day, archive) = *records, *actual
    return category == archive and any(a <= day <= b and a <= actual_day <= b for a, b in OUTAGES)


def test_every_paper_has_its_metadata(history: tuple[FakeArxiv, FakeRecord, ScriptedClient, ArxivSource]) -> None:
    arxiv, record, _, _ = history
    papers = {item.paper for item in record.items if isinstance(item, Paper)}
    assert papers == {f"arxiv:{id}" for id in arxiv.by_id if id not in arxiv.not_served}


def test_what_stays_missing_is_named(history: tuple[FakeArxiv, FakeRecord, ScriptedClient, ArxivSource]) -> None:
    arxiv, record, _, _ = history
    coverage = latest_coverage(record)
    for id in arxiv.not_served:
        report = coverage[days.announced_at(arxiv.by_id[id].day)]
        assert report.state == "partial"
        assert id in report.reason


def test_every_label_is_a_day_of_announcements(
    history: tuple[FakeArxiv, FakeRecord, ScriptedClient, ArxivSource],
) -> None:
    arxiv, record, _, _ = history
    labels = {item.day for item in announcements(record.items)}
    assert labels == set(arxiv.labels)
    assert {date.fromisoformat(day).weekday() for day in labels} == {0, 1, 2, 3, 4}


def test_cross_lists_are_announced_where_they_are_listed(
    history: tuple[FakeArxiv, FakeRecord, ScriptedClient, ArxivSource],
) -> None:
    arxiv, record, _, source = history
    cross_lists = {
        (item.paper, item.day, item.category) for item in announcements(record.items) if item.type == "cross"
    }
    expected = {
        (f"arxiv:{paper.id}", paper.day, archive) for paper in arxiv.by_id.values() for archive in paper.archives[1:]
    }
    assert cross_lists <= expected
    # OAI-PMH doesn't say on which day a paper was cross-listed
    gaps = [*OUTAGES, *((day, day) for day in DELAYS)] if not source.settings.listing else OUTAGES
    assert all(any(a <= day <= b for a, b in gaps) for _, day, _ in expected - cross_lists)


def test_every_day_says_how_completely_it_was_read(
    history: tuple[FakeArxiv, FakeRecord, ScriptedClient, ArxivSource],
) -> None:
    arxiv, record, _, source = history
    coverage = latest_coverage(record)
    for day in arxiv.labels[:-1]:
        report = coverage[days.announced_at(day)]
        assert report.reason != days.NOTHING, day
        if source.settings.listing and report.state != "complete":
            assert report.reason == formats.ESTIMATED or "missing" in report.reason, (day, report)


def latest_coverage(record: FakeRecord) -> dict[int, Coverage]:
    reports = sorted((item for item in record.items if isinstance(item, Coverage)), key=lambda item: item.observed_at)
    return {item.from_at: item for item in reports}


def test_in_the_morning_in_zurich_the_day_is_known(
    history: tuple[FakeArxiv, FakeRecord, ScriptedClient, ArxivSource],
) -> None:
    """By 08:00, across both zones' clock changes, the day's announcements are known; by 14:00, that there were none."""
    arxiv, record, _, _ = history
    announced_at: dict[str, int] = {}
    empty_at: dict[str, int] = {}
    for item in record.items:
        if isinstance(item, Coverage):
            day = days.date_at(item.until_at).isoformat()
            (empty_at if item.reason == days.NOTHING else announced_at).setdefault(day, item.observed_at)
    day, hours = FIRST, set()
    while day < LAST:
        hours.add(datetime.fromtimestamp(days.closes_at(day) / 1e6, UTC).astimezone(ZURICH).hour)
        is_off = any(a <= day <= b for a, b in OUTAGES) or day in DELAYS
        if not is_off and day in arxiv.days:
            assert announced_at[day] <= in_zurich(8, day), day
        elif not is_off:
            assert day not in announced_at or announced_at[day] > in_zurich(8, day), day
            assert not days.has_announcement(day) or empty_at[day] <= in_zurich(14, day), day
        day = days.next_label(day)
    # midnight in New York is 06:00 in Zurich, or 05:00 while only one of them has changed its clocks
    assert hours == {5, 6}


def in_zurich(hour: int, day: str) -> int:
    """The moment of an hour in Zurich on a day."""
    return round(datetime.fromisoformat(f"{day}T{hour:02}:00").replace(tzinfo=ZURICH).timestamp()) * 1_000_000


def test_it_asks_politely(history: tuple[FakeArxiv, FakeRecord, ScriptedClient, ArxivSource]) -> None:
    """About two feeds and two listing pages a day."""
    arxiv, _, http, _ = history
    assert len(http.requests) < 6.5 * len(arxiv.days)
    assert all(
        later.at - earlier.at >= 3_000_000 for earlier, later in zip(http.requests, http.requests[1:], strict=False)
    )


def test_the_made_up_papers_are_as_arxiv_numbers_them() -> None:
    papers = papers_between("2026-01-05", "2026-03-05")
    assert [cursor_state.id_rank(paper.id) for paper in papers] == sorted(
        cursor_state.id_rank(paper.id) for paper in papers
    )
    assert all(days.announced_for(p.submitted_at) <= p.day for p in papers)
    assert any(days.announced_for(p.submitted_at) < p.day for p in papers)  # held back
    assert isinstance(papers[0], FakePaper)
