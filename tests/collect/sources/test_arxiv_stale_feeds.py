"""Feeds with items that are not the day's: another day's, or withdrawn again; and incomplete entries of the API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import NetError, RequestRefused, RetryLater
from hotpapers.base.model import HOUR, AnnouncementType, Paper
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.collect.sources.arxiv import ArxivSettings, formats, xml
from hotpapers.collect.sources.arxiv.formats import DailyFeedEntry
from hotpapers.collect.sources.arxiv.listing import MIN_NEW_PAPERS, FeedComparison, ListingCount, compare_feed
from tests.collect.sources.fake_arxiv import FakeArxiv, FakePaper, papers_between
from tests.collect.sources.net import reply
from tests.collect.sources.test_arxiv_rounds import CS_AND_MATH, DAY, FEED_CS, LIST_CS, ArxivRun, papers_on
from tests.conftest import SHARED

BEFORE, AFTER = "2026-11-10", "2026-11-12"
STALE = ("partial", "cs: arXiv's feed has another day's items")


def papers(*, per_day: int = 24) -> list[FakePaper]:
    """New papers, and second versions of two papers from the days before."""
    papers = papers_between("2026-10-19", "2026-12-01", per_day=per_day)
    by_day: dict[str, list[FakePaper]] = {}
    for paper in papers:
        by_day.setdefault(paper.day, []).append(paper)
    labels = sorted(by_day)
    for earlier_day, day in zip(labels, labels[3:], strict=False):
        revised = [paper for paper in by_day[earlier_day] if paper.archives == ("cs",)][:2]
        papers += [paper._replace(day=day, type="replace", version=2) for paper in revised]
    return papers


def stale_arxiv(hours: float, **faults: object) -> FakeArxiv:
    """The feed of `cs` has the items of the day before for some hours after midnight."""
    return FakeArxiv(papers(), stale={("cs", DAY): (BEFORE, round(hours * HOUR))}, **faults)  # type: ignore[arg-type]


def caught_up(arxiv: FakeArxiv, settings: ArxivSettings = CS_AND_MATH) -> ArxivRun:
    """A run that has read the day before, an hour after midnight of the day."""
    run = ArxivRun(arxiv, settings, day=BEFORE)
    run.round()
    return run.advance_to(DAY)


def wrong(run: ArxivRun) -> set[tuple[str, str]]:
    """Announcements on days on which they were not."""
    known = {(paper.id, day) for day, papers in run.arxiv.days.items() for paper in papers}
    kinds = ("new", "cross", "replacement")
    return {announcement for kind in kinds for announcement in run.announcements(kind)} - known


def all_of_day(run: ArxivRun, day: str = DAY) -> set[tuple[str, str]]:
    return {a for kind in ("new", "cross", "replacement") for a in run.announcements(kind) if a[1] == day}


# ---- a stale feed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [CS_AND_MATH, ArxivSettings(archives=("cs",))])
def test_a_stale_feed_is_said_and_read_again_until_it_is_right(settings: ArxivSettings) -> None:
    run = caught_up(stale_arxiv(5), settings)
    run.round()
    assert not wrong(run) and run.coverage(DAY) == STALE
    assert run.state.day == DAY and list(run.state.stale) == ["cs"]
    new = {(paper.id, DAY) for paper in run.arxiv.days[DAY] if paper.type == "new" and "cs" in paper.archives}
    assert new <= all_of_day(run)  # by the listing
    assert run.next_at is not None and run.next_at < run.http.now() + HOUR
    run.round()
    assert run.coverage(DAY) == STALE and not wrong(run)
    run.advance_to(DAY, hour=6).round()
    assert run.coverage(DAY) == ("complete", "") and not wrong(run)
    assert all_of_day(run) >= {a for a in papers_on(run.arxiv, DAY) if "cs" in run.arxiv.by_id[a[0]].archives}
    assert list(run.state.stale) == [] and list(run.state.lacks) == []
    assert run.round() == ["rss.arxiv.org/rss/cs"]
    run.advance_to(AFTER).round()
    assert run.coverage(AFTER) == ("complete", "") and run.coverage(DAY) == ("complete", "")


def test_a_feed_that_stays_stale_is_given_up_with_its_day() -> None:
    run = caught_up(stale_arxiv(100))
    run.round()
    run.advance_to(DAY, hour=20).round()
    run.advance_to(AFTER).round()
    assert run.coverage(DAY) == STALE and run.coverage(AFTER) == ("complete", "")
    assert list(run.state.stale) == [] and not wrong(run)
    assert all_of_day(run, AFTER) == papers_on(run.arxiv, AFTER)


@pytest.mark.parametrize("problem", [RetryLater(60, "busy"), NetError("down"), RequestRefused("no", 403)])
def test_a_stale_feed_is_known_by_its_numbers_while_the_listing_fails(problem: NetError) -> None:
    run = caught_up(stale_arxiv(3))
    run.faults[LIST_CS] = [problem]
    try:
        run.round()
    except NetError:
        assert run.coverage(DAY)[0] == "partial"
        run.round()
    assert not wrong(run) and "another day's items" in run.coverage(DAY)[1]
    run.advance_to(DAY, hour=4).round()
    assert not wrong(run) and all_of_day(run) == papers_on(run.arxiv, DAY)


def test_without_listings_a_stale_feed_is_known_by_its_numbers() -> None:
    run = caught_up(stale_arxiv(3), ArxivSettings(archives=("cs",), listing=""))
    run.round()
    assert not wrong(run) and not all_of_day(run) and run.state.day == BEFORE
    run.advance_to(DAY, hour=4).round()
    cs = {(paper.id, DAY) for paper in run.arxiv.days[DAY] if "cs" in paper.archives}
    assert not wrong(run) and all_of_day(run) == cs
    assert run.coverage(DAY) == ("partial", "not compared with arXiv's listing")


def test_a_listing_that_has_not_come_to_the_day_shows_a_stale_feed() -> None:
    run = caught_up(stale_arxiv(5))
    now = run.http.now()
    run.faults[LIST_CS] = [reply(200, run.arxiv.listing("cs", 0, 2000, days.closes_at(BEFORE) + HOUR))]
    run.round()
    assert run.http.now() > now and not wrong(run) and run.coverage(DAY) == STALE
    run.advance_to(DAY, hour=6).round()
    assert run.coverage(DAY) == ("complete", "") and all_of_day(run) == papers_on(run.arxiv, DAY)


def test_a_round_that_was_killed_does_not_forget_that_a_feed_was_stale() -> None:
    run = caught_up(stale_arxiv(5))
    for page in run.source.pages(run.http, run.cursor):
        run.cursor = page.cursor or run.cursor
        if run.state.fed == ("cs",):
            break
    assert list(run.state.stale) == ["cs"]
    run.round()
    assert run.coverage(DAY) == STALE and not wrong(run)


# ---- single items ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("repeats", [{DAY: BEFORE}, {DAY: "2026-11-09"}])
def test_another_days_items_beside_the_days_are_left_out(repeats: Mapping[str, str]) -> None:
    run = caught_up(FakeArxiv(papers(), repeats=repeats))
    run.round()
    assert not wrong(run) and all_of_day(run) == papers_on(run.arxiv, DAY)
    assert run.coverage(DAY) == ("complete", "")


def test_if_replacements_cannot_be_told_apart_that_is_said() -> None:
    run = caught_up(FakeArxiv(papers(), repeats={DAY: BEFORE}))
    run.faults["https://arxiv.org/list/cs/new"] = [RequestRefused("no", 403)]
    run.round()
    assert run.coverage(DAY) == STALE and all_of_day(run) >= papers_on(run.arxiv, DAY)
    assert run.announcements("new") == papers_on(run.arxiv, DAY, BEFORE) & run.announcements("new")


@pytest.mark.parametrize("kind", ["new", "cross"])
def test_what_was_withdrawn_again_was_not_announced(kind: str) -> None:
    extra = FakePaper("2611.09999", DAY, 0, ("cs",) if kind != "cross" else ("math", "cs"), type="new")
    run = caught_up(FakeArxiv([*papers(), extra]))
    withdrawn_listing = FakeArxiv(papers())
    for archive in ("cs", "math"):
        url = f"https://arxiv.org/list/{archive}/recent?skip=0&show=2000"
        run.faults[url] = [reply(200, withdrawn_listing.listing(archive, 0, 2000, run.http.now()))]
    run.round()
    assert all_of_day(run) == papers_on(withdrawn_listing, DAY) and run.coverage(DAY) == ("complete", "")


def test_a_cross_list_within_an_archive_stays() -> None:
    """The listing has each paper once, so it may have it on the day on which it was new."""
    run = caught_up(FakeArxiv(papers()))
    old = run.arxiv.days[BEFORE][0]
    assert old.archives == ("cs",)
    item = (
        f"<item><guid>oai:arXiv.org:{old.id}v1</guid><title>x</title><category>cs</category><pubDate>Wed, 11 Nov 2026 "
        "00:00:00 -0500</pubDate><arxiv:announce_type>cross</arxiv:announce_type></item><item>"
    )
    feed = run.arxiv.feed("cs", run.http.now())
    run.faults[FEED_CS] = [reply(200, feed.replace(b"<item>", item.encode(), 1))]
    run.round()
    assert (old.id, DAY) in run.announcements("cross") and run.coverage(DAY) == ("complete", "")


# ---- the comparison ----------------------------------------------------------------------------------------


def entry(number: int, kind: AnnouncementType, category: str = "cs.LG") -> DailyFeedEntry:
    return DailyFeedEntry(f"2611.{number:05d}", 1, kind, (category,), DAY, b"")


Kind = tuple[AnnouncementType, str]
KINDS: list[Kind] = [("new", "cs.LG"), ("cross", "math.CO"), ("replacement", "cs.LG")]
DAYS = st.lists(st.sampled_from(KINDS), min_size=1, max_size=15)


def batch(kinds: Iterable[Kind], first: int) -> list[DailyFeedEntry]:
    return [entry(first + n, kind, category) for n, (kind, category) in enumerate(kinds)]


def listed(items: Iterable[DailyFeedEntry]) -> ListingCount:
    named = {item.id: item.type for item in items if item.type != "replacement"}
    return ListingCount(len(named), named)


def ids(items: Iterable[DailyFeedEntry]) -> set[tuple[str, AnnouncementType]]:
    return {(item.id, item.type) for item in items}


def compared(
    feed: list[DailyFeedEntry], listing: Mapping[str, ListingCount], replaced: frozenset[str] | None
) -> FeedComparison:
    return compare_feed(feed, "cs", DAY, listing, "2611.00100", lambda: replaced)


@given(DAYS, DAYS, st.data())
def test_only_the_days_items_are_accepted_and_all_of_them(
    today_kinds: list[Kind],
    other_kinds: list[Kind],
    data: st.DataObject,
) -> None:
    today, other = batch(today_kinds, 200), batch(other_kinds, 50)
    feed = data.draw(st.lists(st.sampled_from([*today, *other]), unique_by=lambda item: item.id))
    replaced = frozenset(item.id for item in today if item.type == "replacement")
    listing = {BEFORE: listed(other), DAY: listed(today)}
    result = compared(feed, listing, replaced)
    announced = {item for item in ids(feed) if item[1] != "replacement"}
    assert {item for item in result.accepted if item[1] != "replacement"} == announced & ids(today)
    if announced - ids(today):
        assert result.accepted == ids(feed) & ids(today)
    assert compared(feed, listing, None).accepted >= {
        item for item in ids(feed) & ids(today) if item[1] != "replacement"
    }


@given(DAYS)
def test_a_right_feed_is_accepted_whole_whatever_else_is_known(kinds: list[Kind]) -> None:
    today, other = batch(kinds, 200), batch(kinds, 50)
    for listing in ({DAY: listed(today)}, {BEFORE: listed(other), DAY: listed(today)}, {BEFORE: listed(other)}, {}):
        assert compared(today, listing, None) == FeedComparison(frozenset(ids(today)))


@given(DAYS)
def test_a_stale_feed_is_noticed(kinds: list[Kind]) -> None:
    today, other = batch([*KINDS, *kinds], 200), batch([*KINDS, *kinds], 50)
    for listing in ({BEFORE: listed(other), DAY: listed(today)}, {BEFORE: listed(other)}, {DAY: listed(today)}):
        assert compared(other, listing, None) == FeedComparison(frozenset(), is_stale=True)
    new_count = sum(kind == "new" for kind, _ in kinds) + 1
    assert compared(other, {}, None).is_stale == (new_count >= MIN_NEW_PAPERS)


RECORDED = sorted((SHARED / "recordings" / "arxiv").glob("feed_*2024*.xml"))


@pytest.mark.skipif(not RECORDED, reason="needs the folder shared")
def test_no_item_of_a_recorded_feed_is_lost() -> None:
    for file in RECORDED:
        feed = formats.parse_feed(file.read_bytes())
        day, archive = feed.date.isoformat(), file.name.split("_")[2].split(".")[0]
        for listing in ({day: listed(feed.items)}, {}):
            result = compare_feed(feed.items, archive, day, listing, "", lambda: None)
            assert result == FeedComparison(frozenset(ids(feed.items))), file.name


# ---- incomplete entries of the API ---------------------------------------------------------------------------


ENTRY = (
    "<id>http://arxiv.org/abs/2611.00001v1</id><title>On sheep</title><summary>Made up.</summary>"
    "<author><name>Ada Made</name></author><primary_category term='cs.LG'/><category term='cs.LG'/>"
)


@pytest.mark.parametrize("part", ["title", "summary", "author", "primary_category", ""])
@pytest.mark.parametrize("instead", ["", "<{0}/>", "<{0}><name> : </name></{0}>"])
def test_an_entry_is_incomplete_without_what_every_paper_has(part: str, instead: str) -> None:
    entry = re.sub(f"<{part}>.*</{part}>|<{part} .*/>", instead.format(part), ENTRY) if part else ENTRY
    [paper] = formats.parse_api(f"<feed xmlns='http://www.w3.org/2005/Atom'><entry>{entry}</entry></feed>".encode())
    assert paper.is_complete == (not part)
    read = formats.read_api(xml.parse(paper.body), 0)
    assert read.title == ("arXiv:2611.00001" if part == "title" else "On sheep")
    assert read.authors == (() if part == "author" else ("Ada Made",))


def observed(run: ArxivRun, id: str) -> list[Paper]:
    return [item for item in run.items if isinstance(item, Paper) and item.paper == f"arxiv:{id}"]


def test_what_the_api_gives_without_a_title_is_described_by_the_feed_and_asked_for_again() -> None:
    arxiv = FakeArxiv(papers())
    id = next(paper.id for paper in arxiv.days[DAY] if paper.archives == ("cs",))
    arxiv.titles[id] = ""
    run = caught_up(arxiv)
    run.round()
    assert [item.title for item in run.items if isinstance(item, Paper) and item.paper == f"arxiv:{id}"] == [
        f"Paper {id}"
    ]
    assert list(run.state.owed) == [f"{id}v1"] and run.coverage(DAY) == ("complete", "")
    del arxiv.titles[id]
    run.http.advance(2 * 3600)
    run.round()
    assert observed(run, id)[-1].comment and list(run.state.owed) == []


def test_what_only_the_listing_has_and_the_api_gives_incompletely_is_asked_for_again() -> None:
    arxiv = FakeArxiv(papers())
    id = next(paper.id for paper in arxiv.days[DAY] if paper.archives == ("cs",))
    arxiv.titles[id] = ""
    arxiv.not_in_feeds.add(id)
    run = caught_up(arxiv)
    run.round()
    assert run.coverage(DAY) == ("partial", f"cs: {id} missing")
    arxiv.titles[id] = "At last"
    run.http.advance(2 * 3600)
    run.round()
    assert [paper.title for paper in observed(run, id)] == ["At last"]
    assert list(run.state.owed) == []


def test_a_later_version_without_a_title_does_not_hide_the_first() -> None:
    arxiv = FakeArxiv(papers())
    id = next(paper.id for paper in arxiv.days[DAY] if paper.type == "replace")
    arxiv.titles[id] = ""
    run = caught_up(arxiv)
    run.round()
    assert not observed(run, id)
    assert (id, DAY) in run.announcements("replacement") and list(run.state.owed) == [f"{id}v2"]
