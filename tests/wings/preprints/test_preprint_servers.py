"""bioRxiv, medRxiv, ChemRxiv and PsyArXiv as the loopback has them: every work of a day, once, with its own day."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from hotpapers.base.errors import NetError, PartiallyRead
from hotpapers.base.model import DAY, Announcement, Item, Paper, ReadingBackSource
from hotpapers.base.papers import paper_servers
from hotpapers.base.text.timestamps import day_of
from hotpapers.collect.sources.decoding import decode_entry
from hotpapers.wings.preprints import crossref_works
from hotpapers.wings.preprints.crossref_works import CrossrefWork
from tests.base.papers.known_fields import known_fields
from tests.loopback import preprints
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.faults import Plan, parse
from tests.loopback.reading import client, cursor_in, items_in, items_of_type, make_source
from tests.loopback.servers import Loopback
from tests.loopback.world import World

NOW = moment("2026-03-12T23:30")
TODAY = NOW // DAY
SERVERS = ("biorxiv", "medrxiv", "chemrxiv", "psyarxiv")


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    with Loopback(World(1, "2026-03-02", post_rate=0.1), SteppedClock(NOW)) as network:
        yield network


def read(loopback: Loopback, server: str, cursor: str | None = None) -> tuple[list[Item], str | None]:
    source = make_source(server, loopback.bases)
    with client(loopback) as http:
        pages = list(source.pages(http, cursor))
    return items_in(source, pages), cursor_in(pages)


@pytest.mark.parametrize("server", SERVERS)
def test_every_work_is_announced_on_its_own_day(loopback: Loopback, server: str) -> None:
    items, cursor = read(loopback, server)
    assert cursor == day_of(NOW)
    days = {announcement.paper: announcement.day for announcement in items_of_type(Announcement, items)}
    works = preprints.posted_between(server, TODAY - 2, TODAY, NOW)
    assert days == {f"doi:{work.doi}": work.day for work in works if work.version == 1}
    papers = {paper.paper: paper for paper in items_of_type(Paper, items)}
    assert papers.keys() == {f"doi:{work.doi}" for work in works}
    assert all(paper_servers.server_of(key).name == server for key in papers)
    for work in works:
        paper = papers[f"doi:{work.doi}"]
        assert (paper.title, paper.abstract) == (work.title, " ".join(work.abstract.split()))
        assert paper.authors[: len(work.authors)] == work.authors


@pytest.mark.parametrize("server", SERVERS[:3])
def test_a_new_version_is_no_announcement(loopback: Loopback, server: str) -> None:
    day = next(day for day in range(TODAY - 1, TODAY - 9, -1) if day % 7 == 0)
    items, _ = read(loopback, server, day_of((day + 1) * DAY))
    revised = {f"doi:{work.doi}" for work in preprints.posted(server, day) if work.version == 2}
    assert len(revised) == 3
    assert not revised & {announcement.paper for announcement in items_of_type(Announcement, items)}
    versions = {paper.paper: paper for paper in items_of_type(Paper, items) if paper.paper in revised}
    assert versions.keys() == revised
    assert {paper.version for paper in versions.values()} == {2}
    assert {paper.published_at for paper in versions.values()} == {None}


def test_categories_have_one_spelling(loopback: Loopback) -> None:
    categories = {paper.categories[0] for paper in items_of_type(Paper, read(loopback, "medrxiv")[0])}
    assert categories == {"medrxiv.infectious-diseases", "medrxiv.epidemiology", "medrxiv.public-and-global-health"}
    assert {paper.categories for paper in items_of_type(Paper, read(loopback, "chemrxiv")[0])} == {("chemrxiv",)}


@pytest.mark.parametrize("server", ["biorxiv", "medrxiv"])
def test_crossref_spells_categories_as_the_server_does(loopback: Loopback, server: str) -> None:
    """Both describe the same papers: the server's own list, and Crossref where only posts name them."""
    papers = {paper.paper: paper.categories for paper in items_of_type(Paper, read(loopback, server)[0])}
    works = preprints.posted_between(server, TODAY - 2, TODAY, NOW)
    bodies = {work.doi: msgspec.json.encode(preprints._work(work)) for work in works}
    answers = {doi: decode_entry(body, CrossrefWork) for doi, body in bodies.items()}
    described = {f"doi:{doi}": crossref_works.posted_version(work) for doi, work in answers.items()}
    assert {key: (posted.category,) for key, posted in described.items()} == papers
    assert all(categories[0] in known_fields() for categories in papers.values())


def test_a_day_takes_few_requests() -> None:
    """400 rows of a day in at most 20 requests."""
    daily = preprints.DAILY | {"biorxiv": 400}
    preprints.new_works.cache_clear()
    with pytest.MonkeyPatch.context() as patch, Loopback(World(1, "2026-03-02"), SteppedClock(NOW)) as network:
        patch.setattr(preprints, "DAILY", daily)
        source = make_source("biorxiv", network.bases)
        with client(network) as http:
            assert isinstance(source, ReadingBackSource)
            pages = list(source.pages_since(http, None, TODAY * DAY))
            requests = http.traffic.totals().requests
        works = {item.paper for item in items_of_type(Announcement, items_in(source, pages))}
        assert works == {f"doi:{work.doi}" for work in preprints.new_works("biorxiv", TODAY) if work.at <= NOW}
        assert len(works) > 300 and requests <= 20
    preprints.new_works.cache_clear()


def test_a_break_of_months_is_read_month_by_month() -> None:
    """So that a failure, or more pages than a round reads, does not begin it anew each time."""
    with Loopback(World(1, "2026-03-02"), SteppedClock(NOW)) as network, client(network) as http:
        pages = list(make_source("biorxiv", network.bases).pages(http, "2025-12-20"))
        cursors = [page.cursor for page in pages if page.cursor]
        assert cursors == ["2026-01-17", "2026-02-16", "2026-03-12"]


@pytest.mark.parametrize("server", SERVERS)
def test_an_empty_answer_with_status_200_is_no_empty_day(server: str) -> None:
    host, reason = ("openrxiv", "no posts found") if server in SERVERS[:2] else ("crossref", "0 of 0 works")
    plan = Plan([parse(f"{host}=empty@2026-03-12T00:00/2d")])
    with Loopback(World(1, "2026-03-02"), SteppedClock(NOW), plan) as network:
        source = make_source(server, network.bases)
        with client(network) as http, pytest.raises(PartiallyRead, match=reason):
            list(source.pages(http, None))


@pytest.mark.parametrize("quiet_days", [5, 50, 500])
def test_a_quiet_server_has_no_papers_rather_than_an_outage(quiet_days: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small server may have no paper for days; it is asked once more, about the two months before."""
    days_with_works = preprints.new_works
    quiet_since = TODAY - quiet_days
    monkeypatch.setattr(
        preprints, "new_works", lambda server, day: () if day > quiet_since else days_with_works(server, day)
    )
    with Loopback(World(1, "2026-03-02"), SteppedClock(NOW)) as network, client(network) as http:
        source = make_source("psyarxiv", network.bases)
        if quiet_days > 60:
            with pytest.raises(PartiallyRead, match="0 of 0 works"):
                list(source.pages(http, None))
        else:
            assert items_in(source, source.pages(http, None)) == []


@pytest.mark.parametrize("server", SERVERS)
def test_a_broken_answer_is_no_reading(server: str) -> None:
    host = "openrxiv" if server.endswith("rxiv") and server[0] in "bm" else "crossref"
    for kind in ("html", "malformed", "500"):
        plan = Plan([parse(f"{host}={kind}@2026-03-12T00:00/2d")])
        with Loopback(World(1, "2026-03-02"), SteppedClock(NOW), plan) as network:
            source = make_source(server, network.bases)
            with client(network) as http, pytest.raises(NetError):
                list(source.pages(http, None))
