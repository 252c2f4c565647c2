"""Rounds of reading arXiv: the order of requests, the effect of faults, and where the next round resumes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from hotpapers.base.errors import InputError, NetError, RequestRefused, RetryLater, SettingsError
from hotpapers.base.model import HOUR, Announcement, Coverage, Item, Paper
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.collect.sources import SOURCES
from hotpapers.collect.sources.arxiv import ARCHIVES, ArxivSettings, ArxivSource, cursor_state
from tests.collect.sources.fake_arxiv import FakeArxiv, FakePaper, papers_between
from tests.collect.sources.net import Reply, Script, ScriptedClient, reply

CS_AND_MATH = ArxivSettings(archives=("cs", "math"))
DAY = "2026-11-11"
FEED_CS, FEED_MATH = "https://rss.arxiv.org/rss/cs", "https://rss.arxiv.org/rss/math"
LIST_CS, LIST_MATH = (f"https://arxiv.org/list/{archive}/recent?skip=0&show=2000" for archive in ("cs", "math"))
API, OAI = "https://export.arxiv.org/api/query", "https://oaipmh.arxiv.org/oai"


def fake_arxiv(**faults: Iterable[str]) -> FakeArxiv:
    return FakeArxiv(papers_between("2026-10-01", "2026-12-20"), **faults)  # type: ignore[arg-type]


class ArxivRun:
    """A source, its network, and the results of its pages. `faults`: one-off answers by URL that replace the normal
    ones."""

    def __init__(
        self, arxiv: FakeArxiv, settings: ArxivSettings = CS_AND_MATH, *, day: str = DAY, hour: int = 1
    ) -> None:
        self.source = ArxivSource(settings)
        self.arxiv, self.faults = arxiv, dict[str, list[Reply]]()
        self.http = ScriptedClient(self._answer, now=days.closes_at(day) + hour * HOUR, pace=3)
        self.items: list[Item] = []
        self.cursor: str | None = None
        self.next_at: int | None = None

    def _answer(self, url: str) -> Script:
        faults = self.faults.get(url.partition("?")[0]) or self.faults.get(url)
        return faults.pop(0) if faults else self.arxiv.answer(url, self.http.now())

    def round(self) -> list[str]:
        """Runs one round; returns the requested URLs, shortened."""
        count = len(self.http.requests)
        try:
            for page in self.source.pages(self.http, self.cursor):
                self.items += [item for payload in page.payloads for item in self.source.read(payload)]
                self.cursor = page.cursor or self.cursor
                self.next_at = page.next_at
        finally:
            self.urls = [url.removeprefix("https://").partition("&")[0] for url in self.http.urls[count:]]
        return self.urls

    def advance_to(self, day: str, hour: int = 1) -> ArxivRun:
        self.http.advance((days.closes_at(day) + hour * HOUR - self.http.now()) / 1e6)
        return self

    @property
    def state(self) -> cursor_state.ArxivCursor:
        return cursor_state.parse_cursor(self.cursor)

    def announcements(self, kind: str = "new") -> set[tuple[str, str]]:
        announcements = [item for item in self.items if isinstance(item, Announcement) and item.type == kind]
        return {(announcement.paper.removeprefix("arxiv:"), announcement.day) for announcement in announcements}

    def coverage(self, day: str) -> tuple[str, str]:
        """The latest coverage of a day."""
        reports = [i for i in self.items if isinstance(i, Coverage) and i.from_at == days.announced_at(day)]
        return (reports[-1].state, reports[-1].reason) if reports else ("", "")


def papers_on(arxiv: FakeArxiv, *dates: str) -> set[tuple[str, str]]:
    return {(paper.id, date) for date in dates for paper in arxiv.days[date]}


# ---- a good day --------------------------------------------------------------------------------------------


def test_the_first_round_reads_today_and_compares_it() -> None:
    run = ArxivRun(arxiv := fake_arxiv())
    cs, math = ("%2C".join(p.id for p in arxiv.days[DAY] if archive in p.archives) for archive in ("cs", "math"))
    assert run.round() == [
        "rss.arxiv.org/rss/cs", "arxiv.org/list/cs/recent?skip=0", f"export.arxiv.org/api/query?id_list={cs}",
        "rss.arxiv.org/rss/math", "arxiv.org/list/math/recent?skip=0",
        f"export.arxiv.org/api/query?id_list={math.partition('%2C')[0]}",
    ]  # fmt: skip
    assert run.announcements() == papers_on(arxiv, DAY)
    assert run.coverage(DAY) == ("complete", "")
    assert run.state == cursor_state.ArxivCursor(day=DAY, last=max(paper.id for paper in arxiv.days[DAY]))


def test_a_paper_in_two_feeds_is_described_once() -> None:
    run = ArxivRun(arxiv := fake_arxiv())
    run.round()
    assert len([item for item in run.items if isinstance(item, Paper)]) == len(arxiv.days[DAY])
    assert {id for id, _ in run.announcements("cross")} == {p.id for p in arxiv.days[DAY] if len(p.archives) == 2}


def test_a_closed_day_is_left_alone() -> None:
    run = ArxivRun(fake_arxiv())
    run.round()
    cursor, count = run.cursor, len(run.items)
    assert run.round() == ["rss.arxiv.org/rss/cs"]
    assert (run.cursor, len(run.items)) == (cursor, count)


def test_on_a_weekend_there_is_nothing_to_read() -> None:
    run = ArxivRun(fake_arxiv(), day="2026-11-13")
    run.round()
    run.http.advance(24 * 3600)
    assert run.round() == ["rss.arxiv.org/rss/cs"]
    assert run.state.day == "2026-11-13"


def test_all_archives_are_read_by_default() -> None:
    run = ArxivRun(FakeArxiv([]), ArxivSettings(), day="2026-11-27")  # the day after Thanksgiving
    assert [url for url in run.round() if "rss" in url] == [f"rss.arxiv.org/rss/{archive}" for archive in ARCHIVES]
    assert len(ARCHIVES) == 20
    assert run.coverage("2026-11-27") == ("complete", "nothing was announced")


def test_without_listings_nothing_is_compared() -> None:
    run = ArxivRun(fake_arxiv(), ArxivSettings(archives=("cs", "math"), listing=""))
    assert not [url for url in run.round() if "/list/" in url]
    assert run.coverage(DAY) == ("partial", "not compared with arXiv's listing")


# ---- completeness ------------------------------------------------------------------------------------------


def test_what_a_feed_left_out_is_fetched() -> None:
    arxiv = fake_arxiv()
    ids = [paper.id for paper in arxiv.days[DAY]][:2]
    run = ArxivRun(fake_arxiv(not_in_feeds=ids))
    assert f"export.arxiv.org/api/query?id_list={ids[0]}" in run.round()
    assert run.announcements() == papers_on(arxiv, DAY)
    assert {f"arxiv:{id}" for id in ids} <= {item.paper for item in run.items if isinstance(item, Paper)}
    assert run.coverage(DAY) == ("complete", "")


def test_what_stays_missing_is_named() -> None:
    id = fake_arxiv().days[DAY][0].id
    run = ArxivRun(fake_arxiv(not_served=[id]))
    run.round()
    assert run.coverage(DAY) == ("partial", f"cs: {id} missing")


def test_many_missing_papers_are_counted() -> None:
    papers = [FakePaper(f"2611.{n:05d}", DAY, 0) for n in range(1, 301)]
    run = ArxivRun(FakeArxiv(papers, not_served=[paper.id for paper in papers[:250]]))
    run.round()
    assert (
        len([url for url in run.urls if "api" in url]) == 1 + 3
    )  # for the paper in the feed, and for the one missing from it
    state, reason = run.coverage(DAY)
    assert state == "partial"
    assert "2611.00001, " in reason and "and 230 more missing" in reason


def test_papers_without_a_name_are_counted() -> None:
    run = ArxivRun(fake_arxiv())
    page = run.arxiv.listing("cs", 0, 2000, run.http.now()).replace(b"of 2 entries", b"of 5 entries", 1)
    run.faults[LIST_CS] = [reply(200, page)]
    run.round()
    assert run.coverage(DAY) == ("partial", "cs: 3 listed without a name")


def test_a_listing_that_lags_behind_is_said() -> None:
    run = ArxivRun(fake_arxiv())
    run.faults[LIST_MATH] = [reply(200, b"<dl id='articles'><h3>Tue, 10 Nov 2026 (showing 0 of 0 entries)</h3></dl>")]
    run.round()
    assert run.coverage(DAY) == ("partial", "math: arXiv's listing has not come so far")


@pytest.mark.long
def test_a_listing_of_several_pages_is_read_as_far_as_needed() -> None:
    papers = [FakePaper(f"2611.{n:05d}", DAY, 0) for n in range(1, 2501)]
    run = ArxivRun(FakeArxiv(papers, not_in_feeds=[papers[0].id, papers[-1].id]), ArxivSettings(archives=("cs",)))
    assert [url for url in run.round() if "/list/" in url] == [f"arxiv.org/list/cs/recent?skip={n}" for n in (0, 2000)]
    assert run.announcements() == {(paper.id, DAY) for paper in papers}


@pytest.mark.long
def test_a_full_feed_is_completed_from_those_of_its_categories() -> None:
    papers = [FakePaper(f"2611.{n:05d}", DAY, 0) for n in range(1, 2001)]
    replacements = [FakePaper(f"2601.{n:05d}", DAY, 0, ("cs.AI",), type="replace") for n in range(1, 4)]
    run = ArxivRun(FakeArxiv([*papers, *replacements]), ArxivSettings(archives=("cs",), listing=""))
    assert len([url for url in run.round() if "rss" in url]) == 1 + 40
    assert run.announcements("replacement") == {(paper.id, DAY) for paper in replacements}
    assert len(run.announcements()) == 2000


# ---- faults ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", [RetryLater(10, "busy"), RequestRefused("no", 403), NetError("down")])
def test_a_feed_that_fails_is_asked_again_and_the_others_are_not(problem: NetError) -> None:
    run = ArxivRun(fake_arxiv())
    run.faults[FEED_MATH] = [problem]
    with pytest.raises(type(problem)):
        run.round()
    assert run.state.fed == ("cs",)
    assert run.round()[0] == "rss.arxiv.org/rss/math"
    assert run.announcements() == papers_on(run.arxiv, DAY)
    assert run.coverage(DAY) == ("complete", "")


@pytest.mark.parametrize("body", [b"<html><body>Down for repair</body></html>", b"", b"Rate exceeded.", b"<rss/>"])
def test_nonsense_is_the_networks_mistake(body: bytes) -> None:
    run = ArxivRun(fake_arxiv())
    run.faults[FEED_CS] = [reply(200, body)]
    with pytest.raises(NetError, match="rss/cs"):
        run.round()
    assert run.cursor is None


def test_an_item_that_cannot_be_read_is_handed_on_alone() -> None:
    run = ArxivRun(fake_arxiv())
    feed = run.arxiv.feed("cs", run.http.now())
    run.faults[FEED_CS] = [reply(200, feed.replace(b"<item>", b"<item><guid>odd</guid></item><item>", 1))]
    pages = list(run.source.pages(run.http, None))
    payloads = [payload for page in pages for payload in page.payloads]
    (bad_payload,) = [payload for payload in payloads if payload.key == "cs/unread"]
    with pytest.raises(InputError):
        list(run.source.read(bad_payload))
    assert (
        len([payload for payload in payloads if payload.kind == "listed"]) == len(run.arxiv.days[DAY]) + 1
    )  # one of them is in both archives


def test_a_refused_listing_is_said_and_holds_up_nothing() -> None:
    run = ArxivRun(fake_arxiv())
    run.faults[LIST_CS] = [RequestRefused("403", 403)]
    run.round()
    assert run.state.day == DAY
    assert run.coverage(DAY) == ("partial", "cs: not compared with arXiv's listing (403)")


def test_a_listing_that_asks_to_wait_is_compared_later() -> None:
    arxiv = fake_arxiv()
    id = next(paper.id for paper in arxiv.days[DAY] if paper.archives == ("math",))
    run = ArxivRun(fake_arxiv(not_in_feeds=[id]))
    run.faults[LIST_MATH] = [RetryLater(60, "busy")]
    with pytest.raises(RetryLater):
        run.round()
    assert run.coverage(DAY) == ("partial", "not compared with arXiv's listing")
    assert run.round()[:2] == ["rss.arxiv.org/rss/math", "arxiv.org/list/math/recent?skip=0"]
    assert run.coverage(DAY) == ("complete", "")
    assert run.announcements() == papers_on(arxiv, DAY)


def test_a_refused_api_leaves_papers_missing() -> None:
    id = fake_arxiv().days[DAY][0].id
    run = ArxivRun(fake_arxiv(not_in_feeds=[id]))
    run.faults[API] = [RequestRefused("403", 403)] * 2  # for the paper in the feed, and for the one missing from it
    run.round()
    assert run.coverage(DAY) == ("partial", f"cs: {id} missing")


def test_midnight_in_the_middle_of_a_round() -> None:
    run = ArxivRun(fake_arxiv(), hour=0)
    run.http.advance(24 * 3600 - 2)  # the first feed is today's, the second one tomorrow's
    feeds = [url for url in run.round() if "rss" in url]
    assert feeds == ["rss.arxiv.org/rss/cs", "rss.arxiv.org/rss/math"]
    assert (run.state.open, run.state.fed) == (DAY, ("cs",))
    run.round()
    assert run.state.day == "2026-11-12"
    assert run.announcements() == papers_on(run.arxiv, DAY, "2026-11-12")


# ---- days without an announcement ----------------------------------------------------------------------------


def test_an_empty_feed_is_not_believed_at_once() -> None:
    run = ArxivRun(FakeArxiv(papers_between("2026-10-01", "2026-12-20", skipped_days=[DAY])))
    run.round()
    assert run.state.day == "2026-11-10"
    assert run.coverage(DAY) == ("", "")
    run.http.advance(4 * 3600)
    run.round()
    assert run.state == cursor_state.ArxivCursor(day=DAY, doubt=DAY)
    assert run.coverage(DAY) == ("complete", "nothing was announced")


def test_an_announcement_that_comes_late_is_read_when_it_comes() -> None:
    run = ArxivRun(fake_arxiv(delays={DAY: 2 * HOUR}))
    run.round()
    assert run.announcements() == set()
    run.http.advance(3600)
    run.round()
    assert run.announcements() == papers_on(run.arxiv, DAY)
    assert run.coverage(DAY) == ("complete", "")


def test_an_announcement_after_its_day_was_given_up_is_told_by_the_next() -> None:
    run = ArxivRun(fake_arxiv(delays={DAY: 10 * HOUR}), hour=6)
    run.round()
    assert run.coverage(DAY) == ("complete", "nothing was announced")
    run.advance_to("2026-11-12").round()
    assert run.announcements() == papers_on(run.arxiv, DAY, "2026-11-12")
    assert run.coverage(DAY) == ("complete", "")


# ---- missed days ---------------------------------------------------------------------------------------------


def test_some_missed_days_are_told_by_the_listings() -> None:
    run = ArxivRun(arxiv := fake_arxiv())
    run.round()
    run.advance_to("2026-11-16").round()
    assert not [url for url in run.urls if "oai" in url]
    assert run.announcements() == papers_on(arxiv, DAY, "2026-11-12", "2026-11-13", "2026-11-16")
    assert run.coverage("2026-11-12") == run.coverage("2026-11-13") == ("complete", "")
    assert run.state.gap == ("", "")


def test_many_missed_days_are_harvested() -> None:
    run = ArxivRun(arxiv := fake_arxiv())
    run.round()
    run.advance_to("2026-12-02").round()
    gap = list(days.labels_between(DAY, "2026-12-02", extra_holidays=()))
    assert {id for id, _ in run.announcements()} == {id for id, _ in papers_on(arxiv, DAY, *gap, "2026-12-02")}
    assert run.coverage("2026-11-13") == ("partial", "harvested later: days of announcement are estimates")
    assert run.coverage("2026-11-30") == ("complete", "")  # from the listing
    assert run.state == cursor_state.ArxivCursor(
        day="2026-12-02", last=max(paper.id for paper in arxiv.days["2026-12-02"])
    )


def test_a_harvest_goes_on_where_it_was_stopped() -> None:
    run = ArxivRun(arxiv := FakeArxiv(papers_between("2026-10-01", "2026-12-20", per_day=70)))
    run.round()
    run.advance_to("2026-12-02")
    run.faults[OAI] = [
        run.arxiv.answer(f"{OAI}?verb=ListRecords&from=2026-11-12", run.http.now()),
        RetryLater(5, "503"),
    ]
    with pytest.raises(RetryLater):
        run.round()
    assert (run.state.stamp, run.state.token) == ("2026-11-12", "2026-11-12/40")
    assert run.round()[:2] == ["rss.arxiv.org/rss/cs", "oaipmh.arxiv.org/oai?verb=ListRecords"]
    assert "resumptionToken=2026-11-12%2F40" in run.http.urls[-len(run.urls) + 1]
    assert {id for id, _ in run.announcements()} >= {paper.id for paper in arxiv.days["2026-11-12"]}


def test_a_stale_token_begins_its_day_anew() -> None:
    run = ArxivRun(FakeArxiv(papers_between("2026-10-01", "2026-12-20", per_day=70)))
    run.round()
    run.advance_to("2026-12-02")
    part = run.arxiv.answer(f"{OAI}?verb=ListRecords&from=2026-11-12", run.http.now())
    error = reply(200, b'<OAI-PMH><error code="badResumptionToken">expired</error></OAI-PMH>')
    run.faults[OAI] = [part, error]
    run.round()
    urls = [url for url in run.http.urls if url.startswith(OAI)]
    assert urls[0] == urls[2] == f"{OAI}?verb=ListRecords&metadataPrefix=arXivRaw&from=2026-11-12&until=2026-11-12"
    assert run.state.day == "2026-12-02" and not run.state.stamp


def test_tokens_that_are_always_stale_end_the_round() -> None:
    run = ArxivRun(FakeArxiv(papers_between("2026-10-01", "2026-12-20", per_day=70)))
    run.round()
    run.advance_to("2026-12-02")
    part = run.arxiv.answer(f"{OAI}?verb=ListRecords&from=2026-11-12", run.http.now())
    error = reply(200, b'<OAI-PMH><error code="badResumptionToken">expired</error></OAI-PMH>')
    run.faults[OAI] = [part, error] * 20
    with pytest.raises(RequestRefused, match="badResumptionToken: expired"):
        run.round()
    assert len([url for url in run.http.urls if url.startswith(OAI)]) == 4


def test_an_error_of_the_harvest_is_told() -> None:
    run = ArxivRun(fake_arxiv())
    run.round()
    run.advance_to("2026-12-02")
    run.faults[OAI] = [reply(200, b'<OAI-PMH><error code="badArgument">what</error></OAI-PMH>')]
    with pytest.raises(RequestRefused, match="badArgument: what"):
        run.round()
    assert run.state.day == "2026-12-02"


def test_missed_days_whose_papers_the_api_refuses_are_harvested() -> None:
    run = ArxivRun(arxiv := fake_arxiv())
    run.round()
    run.advance_to("2026-11-16")
    run.faults[API] = [RequestRefused("403", 403)] * 3
    run.round()
    assert [url for url in run.urls if "oai" in url]
    ids = {item.paper.removeprefix("arxiv:") for item in run.items if isinstance(item, Paper)}
    assert ids >= {paper.id for day in ("2026-11-12", "2026-11-13") for paper in arxiv.days[day]}


def test_a_new_record_may_reach_back() -> None:
    settings = ArxivSettings(archives=("cs", "math"), since="2026-10-05")
    run = ArxivRun(arxiv := fake_arxiv(), settings)
    run.round()
    expected = {paper.id for day, papers in arxiv.days.items() if "2026-10-05" <= day <= DAY for paper in papers}
    late_ids = {p.id for p in arxiv.days["2026-10-05"] if days.announced_for(p.submitted_at) < "2026-10-05"}
    assert expected - late_ids <= {id for id, _ in run.announcements()} <= expected
    assert run.state.stamp == ""


def test_another_day_begins_before_the_harvest_has_ended() -> None:
    run = ArxivRun(arxiv := fake_arxiv())
    run.round()
    run.advance_to("2026-12-02")
    run.faults[OAI] = [RetryLater(5, "503")]
    with pytest.raises(RetryLater):
        run.round()
    run.advance_to("2026-12-03").round()
    ids = {id for id, _ in run.announcements()}
    assert {
        paper.id for day in days.labels_between(DAY, "2026-12-04", extra_holidays=()) for paper in arxiv.days[day]
    } <= ids
    assert run.state.day == "2026-12-03" and run.state.gap == ("", "")


# ---- schedule and settings -------------------------------------------------------------------------------------


def test_when_the_next_round_is_due() -> None:
    source, noon = ArxivSource(ArxivSettings()), days.closes_at(DAY) + 12 * HOUR
    closed_cursor = cursor_state.ArxivCursor(day=DAY)
    assert source.next_due(noon, closed_cursor) == days.closes_at("2026-11-12") + HOUR // 12
    friday_cursor = cursor_state.ArxivCursor(day="2026-11-13")
    assert source.next_due(noon + 72 * HOUR, friday_cursor) == days.closes_at("2026-11-16") + HOUR // 12
    for open_cursor in (
        cursor_state.ArxivCursor(),
        cursor_state.ArxivCursor(day=DAY, open="2026-11-12"),
        cursor_state.ArxivCursor(day="2026-11-09"),
    ):
        assert source.next_due(noon, open_cursor) == noon + HOUR // 2
    thanksgiving_cursor = cursor_state.ArxivCursor(day="2026-11-26")
    assert source.next_due(noon, thanksgiving_cursor) == days.closes_at("2026-11-27") + HOUR // 12  # it may be mistaken


def test_a_cursor_that_is_not_ours_is_refused() -> None:
    with pytest.raises(InputError, match="arXiv's cursor"):
        list(ArxivSource(ArxivSettings()).pages(ScriptedClient({}), "yesterday"))


@pytest.mark.parametrize(
    ("make_settings", "message"),
    [
        (lambda: ArxivSettings(archives=("cs", "cs.XX")), "cs.XX"),
        (lambda: ArxivSettings(archives=()), "at least one"),
        (lambda: ArxivSettings(since="yesterday"), "since: 'yesterday' is not a date"),
        (lambda: ArxivSettings(since="20261130"), "since: '20261130' is not a date"),
        (lambda: ArxivSettings(holidays=("12-24",)), "holidays: '12-24' is not a date"),
        (lambda: ArxivSettings(batch=0), "batch"),
    ],
)
def test_settings_that_cannot_be_used_say_what_to_do(make_settings: Callable[[], ArxivSettings], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        ArxivSource(make_settings())


def test_it_stands_in_the_table() -> None:
    make, settings = SOURCES["arxiv"]
    source = make(settings())
    assert source.name == "arxiv"
    assert isinstance(source, ArxivSource) and source.every == 1800
