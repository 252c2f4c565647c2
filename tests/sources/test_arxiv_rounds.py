"""Rounds of reading arXiv: the order of requests, the effect of faults, and where the next round resumes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from hotpapers import announcement_days as days
from hotpapers.errors import InputError, NetError, RequestRefused, RetryLater, SettingsError
from hotpapers.model import HOUR, Announcement, Coverage, Item, Paper
from hotpapers.sources import SOURCES
from hotpapers.sources.arxiv import ARCHIVES, ArxivSettings, ArxivSource, cursor_state
from tests.sources.arxiv_world import Made, World, papers_of
from tests.sources.net import Reply, Script, ScriptedClient, reply

TWO = ArxivSettings(archives=("cs", "math"))
DAY = "2026-11-11"
FEED_CS, FEED_MATH = "https://rss.arxiv.org/rss/cs", "https://rss.arxiv.org/rss/math"
LIST_CS, LIST_MATH = (f"https://arxiv.org/list/{of}/recent?skip=0&show=2000" for of in ("cs", "math"))
API, OAI = "https://export.arxiv.org/api/query", "https://oaipmh.arxiv.org/oai"


def world_of(**faults: Iterable[str]) -> World:
    return World(papers_of("2026-10-01", "2026-12-20"), **faults)  # type: ignore[arg-type]


class Life:
    """A source, its network, and the results of its pages. `faults`: one-off answers by URL that replace the normal
    ones."""

    def __init__(self, world: World, settings: ArxivSettings = TWO, *, day: str = DAY, hour: int = 1) -> None:
        self.source = ArxivSource(settings)
        self.world, self.faults = world, dict[str, list[Reply]]()
        self.http = ScriptedClient(self._say, now=days.closes_at(day) + hour * HOUR, pace=3)
        self.items: list[Item] = []
        self.cursor: str | None = None
        self.next_at: int | None = None

    def _say(self, url: str) -> Script:
        faults = self.faults.get(url.partition("?")[0]) or self.faults.get(url)
        return faults.pop(0) if faults else self.world.answer(url, self.http.now())

    def round(self) -> list[str]:
        """Runs one round; returns the requested URLs, shortened."""
        before = len(self.http.requests)
        try:
            for page in self.source.pages(self.http, self.cursor):
                self.items += [item for seen in page.payloads for item in self.source.read(seen)]
                self.cursor = page.cursor or self.cursor
                self.next_at = page.next_at
        finally:
            self.asked = [url.removeprefix("https://").partition("&")[0] for url in self.http.asked[before:]]
        return self.asked

    def to(self, day: str, hour: int = 1) -> Life:
        self.http.advance((days.closes_at(day) + hour * HOUR - self.http.now()) / 1e6)
        return self

    @property
    def state(self) -> cursor_state.ArxivCursor:
        return cursor_state.parse(self.cursor)

    def announced(self, kind: str = "new") -> set[tuple[str, str]]:
        found = [item for item in self.items if isinstance(item, Announcement) and item.type == kind]
        return {(one.paper.removeprefix("arxiv:"), one.day) for one in found}

    def coverage(self, day: str) -> tuple[str, str]:
        """The latest coverage of a day."""
        said = [i for i in self.items if isinstance(i, Coverage) and i.from_at == days.announced_at(day)]
        return (said[-1].state, said[-1].reason) if said else ("", "")


def made_on(world: World, *on: str) -> set[tuple[str, str]]:
    return {(paper.id, day) for day in on for paper in world.days[day]}


# ---- a good day --------------------------------------------------------------------------------------------


def test_the_first_round_reads_today_and_compares_it() -> None:
    life = Life(world := world_of())
    cs, math = ("%2C".join(p.id for p in world.days[DAY] if at in p.archives) for at in ("cs", "math"))
    assert life.round() == [
        "rss.arxiv.org/rss/cs", f"export.arxiv.org/api/query?id_list={cs}", "rss.arxiv.org/rss/math",
        f"export.arxiv.org/api/query?id_list={math.partition('%2C')[0]}", "arxiv.org/list/cs/recent?skip=0",
        "arxiv.org/list/math/recent?skip=0",
    ]  # fmt: skip
    assert life.announced() == made_on(world, DAY)
    assert life.coverage(DAY) == ("complete", "")
    assert life.state == cursor_state.ArxivCursor(day=DAY, last=max(paper.id for paper in world.days[DAY]))


def test_a_paper_in_two_feeds_is_described_once() -> None:
    life = Life(world := world_of())
    life.round()
    assert len([item for item in life.items if isinstance(item, Paper)]) == len(world.days[DAY])
    assert {id for id, _ in life.announced("cross")} == {p.id for p in world.days[DAY] if len(p.archives) == 2}


def test_a_closed_day_is_left_alone() -> None:
    life = Life(world_of())
    life.round()
    cursor, count = life.cursor, len(life.items)
    assert life.round() == ["rss.arxiv.org/rss/cs"]
    assert (life.cursor, len(life.items)) == (cursor, count)


def test_on_a_weekend_there_is_nothing_to_read() -> None:
    life = Life(world_of(), day="2026-11-13")
    life.round()
    life.http.advance(24 * 3600)
    assert life.round() == ["rss.arxiv.org/rss/cs"]
    assert life.state.day == "2026-11-13"


def test_all_archives_are_read_by_default() -> None:
    life = Life(World([]), ArxivSettings(), day="2026-11-27")  # the day after Thanksgiving
    assert [url for url in life.round() if "rss" in url] == [f"rss.arxiv.org/rss/{archive}" for archive in ARCHIVES]
    assert len(ARCHIVES) == 20
    assert life.coverage("2026-11-27") == ("complete", "nothing was announced")


def test_without_listings_nothing_is_compared() -> None:
    life = Life(world_of(), ArxivSettings(archives=("cs", "math"), listing=""))
    assert not [url for url in life.round() if "/list/" in url]
    assert life.coverage(DAY) == ("partial", "not compared with arXiv's listing")


# ---- completeness ------------------------------------------------------------------------------------------


def test_what_a_feed_left_out_is_fetched() -> None:
    world = world_of()
    lost = [paper.id for paper in world.days[DAY]][:2]
    life = Life(world_of(unfed=lost))
    assert f"export.arxiv.org/api/query?id_list={lost[0]}" in life.round()
    assert life.announced() == made_on(world, DAY)
    assert {f"arxiv:{id}" for id in lost} <= {item.paper for item in life.items if isinstance(item, Paper)}
    assert life.coverage(DAY) == ("complete", "")


def test_what_stays_missing_is_named() -> None:
    lost = world_of().days[DAY][0].id
    life = Life(world_of(unknown=[lost]))
    life.round()
    assert life.coverage(DAY) == ("partial", f"cs: {lost} missing")


def test_many_missing_papers_are_counted() -> None:
    many = [Made(f"2611.{n:05d}", DAY, 0) for n in range(1, 301)]
    life = Life(World(many, unknown=[paper.id for paper in many[:250]]))
    life.round()
    assert (
        len([url for url in life.asked if "api" in url]) == 1 + 3
    )  # for the paper in the feed, and for the one missing from it
    state, reason = life.coverage(DAY)
    assert state == "partial"
    assert "2611.00001, " in reason and "and 230 more missing" in reason


def test_papers_without_a_name_are_counted() -> None:
    life = Life(world_of())
    page = life.world.listing("cs", 0, 2000, life.http.now()).replace(b"of 2 entries", b"of 5 entries", 1)
    life.faults[LIST_CS] = [reply(200, page)]
    life.round()
    assert life.coverage(DAY) == ("partial", "cs: 3 listed without a name")


def test_a_listing_that_lags_behind_is_said() -> None:
    life = Life(world_of())
    life.faults[LIST_MATH] = [reply(200, b"<dl id='articles'><h3>Tue, 10 Nov 2026 (showing 0 of 0 entries)</h3></dl>")]
    life.round()
    assert life.coverage(DAY) == ("partial", "math: arXiv's listing has not come so far")


@pytest.mark.long
def test_a_listing_of_several_pages_is_read_as_far_as_needed() -> None:
    many = [Made(f"2611.{n:05d}", DAY, 0) for n in range(1, 2501)]
    life = Life(World(many, unfed=[many[0].id, many[-1].id]), ArxivSettings(archives=("cs",)))
    assert [url for url in life.round() if "/list/" in url] == [f"arxiv.org/list/cs/recent?skip={n}" for n in (0, 2000)]
    assert life.announced() == {(paper.id, DAY) for paper in many}


@pytest.mark.long
def test_a_full_feed_is_completed_from_those_of_its_categories() -> None:
    many = [Made(f"2611.{n:05d}", DAY, 0) for n in range(1, 2001)]
    rest = [Made(f"2601.{n:05d}", DAY, 0, ("cs.AI",), type="replace") for n in range(1, 4)]
    life = Life(World([*many, *rest]), ArxivSettings(archives=("cs",), listing=""))
    assert len([url for url in life.round() if "rss" in url]) == 1 + 40
    assert life.announced("replacement") == {(paper.id, DAY) for paper in rest}
    assert len(life.announced()) == 2000


# ---- faults ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", [RetryLater(10, "busy"), RequestRefused("no", 403), NetError("down")])
def test_a_feed_that_fails_is_asked_again_and_the_others_are_not(problem: NetError) -> None:
    life = Life(world_of())
    life.faults[FEED_MATH] = [problem]
    with pytest.raises(type(problem)):
        life.round()
    assert life.state.fed == ("cs",)
    assert life.round()[0] == "rss.arxiv.org/rss/math"
    assert life.announced() == made_on(life.world, DAY)
    assert life.coverage(DAY) == ("complete", "")


@pytest.mark.parametrize("body", [b"<html><body>Down for repair</body></html>", b"", b"Rate exceeded.", b"<rss/>"])
def test_nonsense_is_the_networks_mistake(body: bytes) -> None:
    life = Life(world_of())
    life.faults[FEED_CS] = [reply(200, body)]
    with pytest.raises(NetError, match="rss/cs"):
        life.round()
    assert life.cursor is None


def test_an_item_that_cannot_be_read_is_handed_on_alone() -> None:
    life = Life(world_of())
    good = life.world.feed("cs", life.http.now())
    life.faults[FEED_CS] = [reply(200, good.replace(b"<item>", b"<item><guid>odd</guid></item><item>", 1))]
    pages = list(life.source.pages(life.http, None))
    seen = [one for page in pages for one in page.payloads]
    (unread,) = [one for one in seen if one.key == "cs/unread"]
    with pytest.raises(InputError):
        list(life.source.read(unread))
    assert (
        len([one for one in seen if one.kind == "listed"]) == len(life.world.days[DAY]) + 1
    )  # one of them is in both archives


def test_a_refused_listing_is_said_and_holds_up_nothing() -> None:
    life = Life(world_of())
    life.faults[LIST_CS] = [RequestRefused("403", 403)]
    life.round()
    assert life.state.day == DAY
    assert life.coverage(DAY) == ("partial", "cs: not compared with arXiv's listing (403)")


def test_a_listing_that_asks_to_wait_is_compared_later() -> None:
    world = world_of()
    lost = next(paper.id for paper in world.days[DAY] if paper.archives == ("math",))
    life = Life(world_of(unfed=[lost]))
    life.faults[LIST_MATH] = [RetryLater(60, "busy")]
    with pytest.raises(RetryLater):
        life.round()
    assert life.coverage(DAY) == ("partial", "not compared with arXiv's listing")
    assert life.round()[:2] == ["rss.arxiv.org/rss/math", "arxiv.org/list/math/recent?skip=0"]
    assert life.coverage(DAY) == ("complete", "")
    assert life.announced() == made_on(world, DAY)


def test_a_refused_api_leaves_papers_missing() -> None:
    lost = world_of().days[DAY][0].id
    life = Life(world_of(unfed=[lost]))
    life.faults[API] = [RequestRefused("403", 403)] * 2  # for the paper in the feed, and for the one missing from it
    life.round()
    assert life.coverage(DAY) == ("partial", f"cs: {lost} missing")


def test_midnight_in_the_middle_of_a_round() -> None:
    life = Life(world_of(), hour=0)
    life.http.advance(24 * 3600 - 2)  # the first feed is today's, the second one tomorrow's
    with_two = [url for url in life.round() if "rss" in url]
    assert with_two == ["rss.arxiv.org/rss/cs", "rss.arxiv.org/rss/math"]
    assert (life.state.open, life.state.fed) == (DAY, ("cs",))
    life.round()
    assert life.state.day == "2026-11-12"
    assert life.announced() == made_on(life.world, DAY, "2026-11-12")


# ---- days without an announcement ----------------------------------------------------------------------------


def test_an_empty_feed_is_not_believed_at_once() -> None:
    life = Life(World(papers_of("2026-10-01", "2026-12-20", skipped=[DAY])))
    life.round()
    assert life.state.day == "2026-11-10"
    assert life.coverage(DAY) == ("", "")
    life.http.advance(4 * 3600)
    life.round()
    assert life.state == cursor_state.ArxivCursor(day=DAY, doubt=DAY)
    assert life.coverage(DAY) == ("complete", "nothing was announced")


def test_an_announcement_that_comes_late_is_read_when_it_comes() -> None:
    life = Life(world_of(late={DAY: 2 * HOUR}))
    life.round()
    assert life.announced() == set()
    life.http.advance(3600)
    life.round()
    assert life.announced() == made_on(life.world, DAY)
    assert life.coverage(DAY) == ("complete", "")


def test_an_announcement_after_its_day_was_given_up_is_told_by_the_next() -> None:
    life = Life(world_of(late={DAY: 10 * HOUR}), hour=6)
    life.round()
    assert life.coverage(DAY) == ("complete", "nothing was announced")
    life.to("2026-11-12").round()
    assert life.announced() == made_on(life.world, DAY, "2026-11-12")
    assert life.coverage(DAY) == ("complete", "")


# ---- missed days ---------------------------------------------------------------------------------------------


def test_some_missed_days_are_told_by_the_listings() -> None:
    life = Life(world := world_of())
    life.round()
    life.to("2026-11-16").round()
    assert not [url for url in life.asked if "oai" in url]
    assert life.announced() == made_on(world, DAY, "2026-11-12", "2026-11-13", "2026-11-16")
    assert life.coverage("2026-11-12") == life.coverage("2026-11-13") == ("complete", "")
    assert life.state.gap == ("", "")


def test_many_missed_days_are_harvested() -> None:
    life = Life(world := world_of())
    life.round()
    life.to("2026-12-02").round()
    missed = list(days.between(DAY, "2026-12-02"))
    assert {id for id, _ in life.announced()} == {id for id, _ in made_on(world, DAY, *missed, "2026-12-02")}
    assert life.coverage("2026-11-13") == ("partial", "harvested later: days of announcement are estimates")
    assert life.coverage("2026-11-30") == ("complete", "")  # from the listing
    assert life.state == cursor_state.ArxivCursor(
        day="2026-12-02", last=max(paper.id for paper in world.days["2026-12-02"])
    )


def test_a_harvest_goes_on_where_it_was_stopped() -> None:
    life = Life(world := World(papers_of("2026-10-01", "2026-12-20", each=70)))
    life.round()
    life.to("2026-12-02")
    life.faults[OAI] = [
        life.world.answer(f"{OAI}?verb=ListRecords&from=2026-11-12", life.http.now()),
        RetryLater(5, "503"),
    ]
    with pytest.raises(RetryLater):
        life.round()
    assert (life.state.stamp, life.state.token) == ("2026-11-12", "2026-11-12/40")
    assert life.round()[:2] == ["rss.arxiv.org/rss/cs", "oaipmh.arxiv.org/oai?verb=ListRecords"]
    assert "resumptionToken=2026-11-12%2F40" in life.http.asked[-len(life.asked) + 1]
    assert {id for id, _ in life.announced()} >= {paper.id for paper in world.days["2026-11-12"]}


def test_a_stale_token_begins_its_day_anew() -> None:
    life = Life(World(papers_of("2026-10-01", "2026-12-20", each=70)))
    life.round()
    life.to("2026-12-02")
    first = life.world.answer(f"{OAI}?verb=ListRecords&from=2026-11-12", life.http.now())
    stale = reply(200, b'<OAI-PMH><error code="badResumptionToken">expired</error></OAI-PMH>')
    life.faults[OAI] = [first, stale]
    life.round()
    asked = [url for url in life.http.asked if url.startswith(OAI)]
    assert asked[0] == asked[2] == f"{OAI}?verb=ListRecords&metadataPrefix=arXivRaw&from=2026-11-12&until=2026-11-12"
    assert life.state.day == "2026-12-02" and not life.state.stamp


def test_tokens_that_are_always_stale_end_the_round() -> None:
    life = Life(World(papers_of("2026-10-01", "2026-12-20", each=70)))
    life.round()
    life.to("2026-12-02")
    first = life.world.answer(f"{OAI}?verb=ListRecords&from=2026-11-12", life.http.now())
    stale = reply(200, b'<OAI-PMH><error code="badResumptionToken">expired</error></OAI-PMH>')
    life.faults[OAI] = [first, stale] * 20
    with pytest.raises(RequestRefused, match="badResumptionToken: expired"):
        life.round()
    assert len([url for url in life.http.asked if url.startswith(OAI)]) == 4


def test_an_error_of_the_harvest_is_told() -> None:
    life = Life(world_of())
    life.round()
    life.to("2026-12-02")
    life.faults[OAI] = [reply(200, b'<OAI-PMH><error code="badArgument">what</error></OAI-PMH>')]
    with pytest.raises(RequestRefused, match="badArgument: what"):
        life.round()
    assert life.state.day == "2026-12-02"


def test_missed_days_whose_papers_the_api_refuses_are_harvested() -> None:
    life = Life(world := world_of())
    life.round()
    life.to("2026-11-16")
    life.faults[API] = [RequestRefused("403", 403)] * 3
    life.round()
    assert [url for url in life.asked if "oai" in url]
    described = {item.paper.removeprefix("arxiv:") for item in life.items if isinstance(item, Paper)}
    assert described >= {paper.id for day in ("2026-11-12", "2026-11-13") for paper in world.days[day]}


def test_a_new_record_may_reach_back() -> None:
    settings = ArxivSettings(archives=("cs", "math"), since="2026-10-05")
    life = Life(world := world_of(), settings)
    life.round()
    wanted = {paper.id for day, papers in world.days.items() if "2026-10-05" <= day <= DAY for paper in papers}
    held = {p.id for p in world.days["2026-10-05"] if days.announced_for(p.submitted) < "2026-10-05"}
    assert wanted - held <= {id for id, _ in life.announced()} <= wanted
    assert life.state.stamp == ""


def test_another_day_begins_before_the_harvest_has_ended() -> None:
    life = Life(world := world_of())
    life.round()
    life.to("2026-12-02")
    life.faults[OAI] = [RetryLater(5, "503")]
    with pytest.raises(RetryLater):
        life.round()
    life.to("2026-12-03").round()
    ids = {id for id, _ in life.announced()}
    assert {paper.id for day in days.between(DAY, "2026-12-04") for paper in world.days[day]} <= ids
    assert life.state.day == "2026-12-03" and life.state.gap == ("", "")


# ---- schedule and settings -------------------------------------------------------------------------------------


def test_when_the_next_round_is_due() -> None:
    source, noon = ArxivSource(), days.closes_at(DAY) + 12 * HOUR
    closed = cursor_state.encode(cursor_state.ArxivCursor(day=DAY))
    assert source.next_due(noon, closed) == days.closes_at("2026-11-12") + HOUR // 12
    friday = cursor_state.encode(cursor_state.ArxivCursor(day="2026-11-13"))
    assert source.next_due(noon + 72 * HOUR, friday) == days.closes_at("2026-11-16") + HOUR // 12
    for soon in (
        None,
        cursor_state.encode(cursor_state.ArxivCursor(day=DAY, open="2026-11-12")),
        cursor_state.encode(cursor_state.ArxivCursor(day="2026-11-09")),
    ):
        assert source.next_due(noon, soon) == noon + HOUR // 2
    before_thanksgiving = cursor_state.encode(cursor_state.ArxivCursor(day="2026-11-26"))
    assert source.next_due(noon, before_thanksgiving) == days.closes_at("2026-11-27") + HOUR // 12  # it may be mistaken


def test_a_cursor_that_is_not_ours_is_refused() -> None:
    with pytest.raises(InputError, match="arXiv's cursor"):
        list(ArxivSource().pages(ScriptedClient({}), "yesterday"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: ArxivSettings(archives=("cs", "cs.XX")), "cs.XX"),
        (lambda: ArxivSettings(archives=()), "at least one"),
        (lambda: ArxivSettings(since="yesterday"), "since: 'yesterday' is not a date"),
        (lambda: ArxivSettings(since="20261130"), "since: '20261130' is not a date"),
        (lambda: ArxivSettings(holidays=("12-24",)), "holidays: '12-24' is not a date"),
        (lambda: ArxivSettings(batch=0), "batch"),
    ],
)
def test_settings_that_cannot_be_used_say_what_to_do(wrong: Callable[[], ArxivSettings], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        ArxivSource(wrong())


def test_it_stands_in_the_table() -> None:
    make, settings = SOURCES["arxiv"]
    source = make(settings())
    assert source.name == "arxiv"
    assert isinstance(source, ArxivSource) and source.every == 1800
