"""Metadata of discussed DOIs, and publishers' notices, from the loopback's registries into a store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import pytest

from hotpapers.base.errors import NetError
from hotpapers.base.model import (
    DAY,
    HOUR,
    INFERRED,
    TAKEN_BACK,
    Announcement,
    Item,
    Mention,
    Notice,
    Paper,
    Post,
    Verdict,
)
from hotpapers.base.papers.mentions.paper_index import MAX_UNCERTAIN, NO_NAMES, PaperIndex
from hotpapers.base.text.timestamps import day_of
from hotpapers.jobs.connection import Connection
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobContext
from hotpapers.record import Record
from hotpapers.record.paper_names import load_names
from hotpapers.wings.preprints.queries import TURNS, discussed_papers
from hotpapers.wings.preprints.registry_job import RegistryJob
from hotpapers.wings.preprints.settings import RegistrySettings
from tests.loopback import hosts, preprints
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.network_state import Reply, json
from tests.loopback.reading import client
from tests.loopback.servers import Loopback
from tests.loopback.world import World

NOW = moment("2026-03-12T12:00")
ARTICLE = f"10.5555/made-up.{NOW // DAY - 4}.0"
SERVERS = frozenset(("biorxiv", "zenodo", "doi"))


def post_about(paper: str, number: int, at: int) -> list[Item]:
    key = f"bluesky:at://did:plc:somebody{number}/app.bsky.feed.post/3k{number}"
    post = Post(post=key, network="bluesky", account=f"bluesky:did:plc:somebody{number}", created_at=at, observed_at=at)
    return [post, Mention(post=key, paper=paper, form="doi", found_in="link", observed_at=at)]


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with Loopback(World(1, "2026-03-02", post_rate=0.1), SteppedClock(NOW)) as network:
        yield network


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    with Record(str(tmp_path / "store.db")) as store:
        yield store


def run(record: Record, loopback: Loopback, times: int = 1, names: PaperIndex = NO_NAMES, *, once: bool = True) -> None:
    with client(loopback) as http:
        connection = Connection(http, http.traffic.totals, lambda: None, lambda: None)
        indexes = loopback.bases["indexes"]
        settings = RegistrySettings(
            api=loopback.bases["crossref"], datacite=loopback.bases["datacite"],
            europepmc=indexes, hal=indexes, doi=indexes,
        )  # fmt: skip
        job = RegistryJob(settings, SERVERS, names, connection)
        clock = Clock(http.now, lambda seconds: None)
        with Leases(partial(Record, record.database.where), "tests") as leases:
            assert leases.take(record, job.name)
            for _ in range(times):
                job.run_once(JobContext(record, job.name, clock, leases), once=once)


def test_discussed_papers_are_described_once(record: Record, loopback: Loopback) -> None:
    [preprint] = [work for work in preprints.new_works("biorxiv", NOW // DAY - 1)][:1]
    posted_at = NOW - 5 * HOUR
    keys = [f"doi:{preprint.doi}", f"doi:{ARTICLE}", "doi:10.5281/zenodo.123456", "doi:10.5555/unknown.1"]
    record.append([item for n, key in enumerate(keys) for item in post_about(key, n, posted_at)], source="bluesky")
    run(record, loopback, times=2)
    view = record.view()
    papers = {paper.paper: paper for paper in view.items(Paper)}
    assert papers.keys() == set(keys[:3])
    assert papers[keys[0]].title == preprint.title and papers[keys[0]].categories[0].startswith("biorxiv.")
    assert papers[keys[2]].authors == ("Ada Amberfield",)
    announcements = {item.paper: item for item in view.items(Announcement)}
    assert announcements[keys[0]].day == preprint.day and announcements[keys[0]].type == "new"
    assert announcements[keys[1]].announced_at == posted_at and announcements[keys[1]].type == INFERRED
    assert announcements[keys[2]].day == "2026-03-10"
    assert record.count(Paper) == 3, "each is asked for once"


def test_a_work_registered_by_its_versions_alone(
    record: Record, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "SERVERS", frozenset(("researchsquare", "preprints")))
    works = [preprints.new_works(server, NOW // DAY - 1)[0] for server in SERVERS]
    for number, work in enumerate(works):
        record.append(post_about(f"doi:{work.doi}", number, NOW - HOUR), source="bluesky")
    run(record, loopback, times=2)
    assert {paper.paper: paper.doi for paper in record.view().items(Paper)} == {
        f"doi:{work.doi}": preprints.article_of(work) for work in works
    }


ODD = {
    "10.5555/odd.1": {"DOI": "10.5555/odd.1", "title": ["<b></b>"]},
    "10.5555/odd.2": {"DOI": "10.5555/odd.2", "title": "not a list"},
    "10.5555/odd.3": {"title": ["No DOI"]},
    "10.5555/odd.4": {"DOI": "10.5555/odd.4", "title": ["Odd Dates"], "posted": "yesterday", "author": [7]},
}
"""Works that Crossref would hardly return."""


def test_odd_answers_cost_no_other_paper(record: Record, loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_work(doi: str, now: int) -> Reply:
        return json({"status": "ok", "message": ODD[doi]} if doi in ODD else [])

    monkeypatch.setattr(preprints, "_one_work", one_work)
    for number, doi in enumerate((*ODD, "10.5555/odd.5")):
        record.append(post_about(f"doi:{doi}", number, NOW - HOUR), source="bluesky")
    run(record, loopback, times=2)
    assert [(paper.paper, paper.title) for paper in record.view().items(Paper)] == [("doi:10.5555/odd.4", "Odd Dates")]


def test_papers_of_other_servers_are_not_asked_for(record: Record, loopback: Loopback) -> None:
    record.append(post_about("doi:10.26434/chemrxiv-2026-abcde", 1, NOW - HOUR), source="bluesky")
    run(record, loopback)
    assert record.count(Paper) == 0


def test_notices_about_preprints_that_became_articles(record: Record, loopback: Loopback) -> None:
    works = preprints.new_works("biorxiv", NOW // DAY - 9)
    for number, work in enumerate(works):
        record.append(post_about(f"doi:{work.doi}", number, work.at + HOUR), source="bluesky")
    run(record, loopback, times=3)
    expected = {
        f"doi:{work.doi}": preprints.notice_of(work)
        for work in works
        if preprints.article_of(work) and preprints.notice_of(work) != "new_version"
    }
    view = record.view()
    names = {"expression_of_concern": "concern", "erratum": "correction", "addendum": "update"}
    notices = list(view.items(Notice))
    assert {notice.paper: notice.type for notice in notices} == {
        paper: names.get(type, type) for paper, type in expected.items()
    }
    assert {notice.day for notice in notices} == {day_of((NOW // DAY - 1) * DAY)}
    assert all(notice.notice == notice.notice.lower() for notice in notices)
    articles = {paper.paper: paper.doi for paper in map(lambda key: view.item(Paper, key), expected) if paper}
    assert articles == {
        f"doi:{work.doi}": preprints.article_of(work) for work in works if f"doi:{work.doi}" in expected
    }
    taken_back = {notice.paper for notice in notices if notice.type in TAKEN_BACK}
    assert taken_back == {paper for paper, type in expected.items() if type in ("retraction", "withdrawal")}
    assert len(notices) == len(expected), "each notice is stored once"


def test_notices_about_articles_of_papers_on_arxiv(
    record: Record, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only notices: the rest of their metadata is arXiv's."""
    updates = {"10.5555/many.1": "retraction", "10.5555/many.2": "correction"}

    def one_work(doi: str, now: int) -> Reply:
        update = {"DOI": f"{doi}.notice", "type": updates[doi], "updated": {"date-parts": [[2026, 3, 9]]}}
        return json({"status": "ok", "message": {"DOI": doi, "container-title": ["X"], "updated-by": [update]}})

    monkeypatch.setattr(preprints, "_one_work", one_work)
    papers = [
        Paper(
            paper="arxiv:2603.00001", title="Two", doi="10.5555/MANY.1, 10.5555/many.2", journal="J", observed_at=NOW
        ),
        Paper(paper="arxiv:2603.00002", title="None", observed_at=NOW),
        Paper(paper="arxiv:2603.00003", title="No DOI", doi="to appear", observed_at=NOW),
    ]
    for number, paper in enumerate(papers):
        announcement = Announcement(
            paper=paper.paper, day="2026-03-10", category="cs.LG", type="new", announced_at=NOW - DAY, observed_at=NOW
        )
        record.append([paper, announcement, *post_about(paper.paper, number, NOW - HOUR)], source="arxiv")
    run(record, loopback, times=2)
    view = record.view()
    assert [(notice.paper, notice.type, notice.day) for notice in view.notices()] == [
        ("arxiv:2603.00001", "retraction", "2026-03-09"), ("arxiv:2603.00001", "correction", "2026-03-09"),
    ]  # fmt: skip
    assert [view.item(Paper, paper.paper) for paper in papers] == papers


def asked_for(loopback: Loopback) -> list[str]:
    """The DOIs of made-up articles that Crossref was asked for so far, each once."""
    paths = (unquote(request.path) for request in loopback.requests)
    return list(dict.fromkeys(doi for path in paths for doi in re.findall(r"10\.5555/many\.[0-9]+", path)))


@pytest.mark.parametrize(("once", "at_most"), [(True, 100), (False, 40)])
def test_no_paper_waits_for_ever_for_its_notices(record: Record, loopback: Loopback, once: bool, at_most: int) -> None:
    """Each day's only round goes on where the last one ended, and then begins again."""
    keys = [f"doi:10.5555/many.{number:04}" for number in range(2 * at_most + 10)]
    items: list[Item] = []
    for number, key in enumerate(keys):
        paper = Paper(paper=key, title=f"Paper {number}", observed_at=NOW - DAY)
        day = day_of(NOW - DAY)
        announced = Announcement(
            paper=key, day=day, category="doi", type=INFERRED, announced_at=NOW - DAY, observed_at=NOW - DAY
        )
        items += [paper, announced, *post_about(key, number, NOW - HOUR)]
    record.append(items, source="bluesky")
    assert isinstance(loopback.clock, SteppedClock)
    of_rounds = []
    for day_after in range(4):
        loopback.clock.set(NOW + day_after * DAY)
        loopback.requests.clear()
        run(record, loopback, once=once)
        of_rounds.append([f"doi:{doi}" for doi in asked_for(loopback)])
    assert of_rounds == [keys[:at_most], keys[at_most : 2 * at_most], keys[2 * at_most :], keys[:at_most]]


def test_old_papers_are_asked_for_in_turn_beside_recent_ones(record: Record, loopback: Loopback) -> None:
    """Most articles are retracted years later: each check asks for the recent papers and for a part of the others."""
    keys = [f"doi:10.5555/many.{number:04}" for number in range(100)]
    for number, key in enumerate(keys):
        at = NOW - (DAY if number < 10 else 400 * DAY + number * DAY)
        paper = Paper(paper=key, title=f"Paper {number}", observed_at=at)
        announced = Announcement(
            paper=key, day=day_of(at), category="doi", type=INFERRED, announced_at=at, observed_at=at
        )
        record.append([paper, announced, *post_about(key, number, at)], source="bluesky")
    assert isinstance(loopback.clock, SteppedClock)
    old: list[str] = []
    for day_after in range(TURNS):
        loopback.clock.set(NOW + day_after * DAY)
        loopback.requests.clear()
        run(record, loopback)
        of_day = [f"doi:{doi}" for doi in asked_for(loopback)]
        assert of_day[:10] == keys[:10] and len(of_day) <= 10 + 2 * 90 / TURNS
        old += of_day[10:]
    assert sorted(old) == keys[10:], "each once"


@pytest.mark.parametrize("turn", [0, 5, TURNS + 5])
def test_both_databases_select_the_papers_of_a_turn(store_url: str, turn: int) -> None:
    keys = [f"doi:10.5555/many.{number:04}" for number in range(2 * TURNS)]
    with Record(store_url) as record:
        for number, key in enumerate(keys):
            announced = Announcement(
                paper=key, day=day_of(NOW), category="doi", type=INFERRED, announced_at=NOW, observed_at=NOW
            )
            record.append([announced, *post_about(key, number, NOW)], source="bluesky")
        view = record.view()
        assert discussed_papers(view, NOW, turn) == [(key, "") for key in keys]
        turns = [[key for key, _ in discussed_papers(view, NOW + 1, turn + later)] for later in range(TURNS)]
        assert sorted(key for papers in turns for key in papers) == keys and all(turns)


def test_what_most_people_discuss_is_described_first(record: Record, loopback: Loopback) -> None:
    keys = [f"doi:10.5555/many.{number:04}" for number in range(50)]
    for number, key in enumerate((*keys, keys[7], keys[7])):
        record.append(post_about(key, number, NOW - HOUR + number), source="bluesky")
    run(record, loopback, once=False)
    assert asked_for(loopback)[0] == "10.5555/many.0007" and len(asked_for(loopback)) == 40


PREPRINT = "10.64898/2026.03.01.700001"
PAIR: dict[str, dict[str, object]] = {
    ARTICLE: {"DOI": ARTICLE, "title": ["Kettles in Mice"], "created": {"date-time": "2026-03-10T00:00:00Z"}},
    PREPRINT: {
        "DOI": PREPRINT,
        "title": ["Kettles in Mice"],
        "posted": {"date-parts": [[2026, 3, 1]]},
        "institution": [{"name": "bioRxiv"}],
        "relation": {"is-preprint-of": [{"id-type": "doi", "id": ARTICLE.upper(), "asserted-by": "subject"}]},
    },
}


@pytest.mark.parametrize("order", [(PREPRINT, ARTICLE), (ARTICLE, PREPRINT), (ARTICLE, PREPRINT, ARTICLE)])
def test_a_preprint_and_its_article_are_one_paper(
    record: Record, loopback: Loopback, monkeypatch: pytest.MonkeyPatch, order: tuple[str, ...]
) -> None:
    monkeypatch.setattr(preprints, "_one_work", lambda doi, now: json({"status": "ok", "message": PAIR[doi]}))
    for number, doi in enumerate(order):
        names = PaperIndex(servers=SERVERS)
        names.replace(load_names(record, NOW))
        for mention in names.named_by_ids(f"https://doi.org/{doi}"):
            record.append(post_about(mention.id, number, NOW - HOUR), source="bluesky")
        run(record, loopback, times=2)
    view = record.view()
    doubted = {(verdict.subject, verdict.about) for verdict in view.items(Verdict)}
    counted = {(item.post, item.paper) for item in view.items(Mention)} - doubted
    assert [paper for _, paper in sorted(counted)] == [f"doi:{PREPRINT}"] * len(order)
    names = PaperIndex(servers=SERVERS)
    names.replace(load_names(record, NOW))
    for text in (f"https://doi.org/{PREPRINT}", f"https://doi.org/{ARTICLE}"):
        assert [mention.id for mention in names.named_by_ids(text)] == [f"doi:{PREPRINT}"]


def update(number: int, type: str) -> dict[str, object]:
    return {"DOI": f"10.5555/notice.{number}", "type": type, "updated": {"date-time": "2026-03-11T00:00:00Z"}}


RETRACTED, CORRECTED = update(1, "retraction"), update(2, "correction")
ANSWERS: list[tuple[list[dict[str, object]] | None, list[dict[str, object]] | None, set[str]]] = [
    ([CORRECTED], [RETRACTED], {"correction", "retraction"}),
    ([], [RETRACTED], {"retraction"}),
    ([CORRECTED], [], {"correction"}),
    ([], None, {"correction"}),
    (None, [], {"correction"}),
    ([], [], set()),
    ([], [update(1, "withdrawal")], {"withdrawal"}),
    ([], [RETRACTED], {"retraction"}),
    ([CORRECTED], [RETRACTED], {"correction", "retraction"}),
]
"""Each day's notices in the answers about the preprint and its article, None without an answer; what then stands."""


def test_notices_that_are_no_longer_listed_are_gone(
    record: Record, loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistaken deposit that its publisher takes back accuses nobody for ever, but no answer is no denial."""
    monkeypatch.setattr(preprints, "_one_work", lambda doi, now: json({"status": "ok", "message": PAIR[doi]}))
    record.append(post_about(f"doi:{PREPRINT}", 1, NOW - HOUR), source="bluesky")
    run(record, loopback, times=2)
    assert isinstance(loopback.clock, SteppedClock)
    for day_after, (of_preprint, of_article, standing) in enumerate(ANSWERS, 1):
        updates = {PREPRINT: of_preprint, ARTICLE: of_article}

        def one_work(doi: str, now: int, updates: dict[str, list[dict[str, object]] | None] = updates) -> Reply:
            if updates[doi] is None:
                return Reply(404, b"Resource not found.")
            return json({"status": "ok", "message": {**PAIR[doi], "updated-by": updates[doi]}})

        monkeypatch.setattr(preprints, "_one_work", one_work)
        loopback.clock.set(NOW + day_after * DAY)
        run(record, loopback)
        rows = record.count(Notice)
        run(record, loopback)
        assert {notice.type for notice in record.view().notices()} == standing, day_after
        assert record.count(Notice) == rows, "nothing is said twice"


# ---- names that have to be looked up -------------------------------------------------------------------------


def looked_up_names() -> dict[str, str]:
    """Addresses that do not tell which paper they name, and the papers; empty for those that nobody knows."""
    on_osf = preprints.new_works("psyarxiv", NOW // DAY - 1)[0]
    return {
        "https://pubmed.ncbi.nlm.nih.gov/31804775/": "doi:10.5555/made-up.pmid.1",
        "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC7489890/": "doi:10.5555/made-up.pmc.1",
        "https://europepmc.org/article/PPR/PPR123456": "doi:10.1101/2024.01.02.573921",
        "https://hal.science/hal-03300796v2": "arxiv:2107.01234",
        "https://doi.org/abcde": "doi:10.5555/made-up.short.1",
        f"https://osf.io/{on_osf.doi.rpartition('/')[2]}": "",  # PsyArXiv is not among the servers
        "https://www.biorxiv.org/content/early/2025/11/20/2025.11.20.123456": f"doi:{preprints.EARLIER}",
        "https://www.biorxiv.org/content/early/2025/11/20/2025.11.20.123457": "",
        "https://pubmed.ncbi.nlm.nih.gov/1/": "",
        "https://hal.science/hal-03300797": "",
        "https://hal.science/hal-03300798": "",
        "https://doi.org/zzzzz": "",
    }


def papers_named(names: PaperIndex) -> dict[str, str]:
    return {url: next((mention.id for mention in names.named_by_ids(url)), "") for url in looked_up_names()}


def test_names_are_looked_up_once_and_then_name_their_papers(record: Record, loopback: Loopback) -> None:
    names = PaperIndex(servers=SERVERS)
    assert set(papers_named(names).values()) == {""}
    run(record, loopback, 1, names)
    assert papers_named(names) == looked_up_names()
    requests = len(loopback.requests)
    run(record, loopback, 2, names)
    assert len(loopback.requests) == requests, "what is known or unknown is not asked for again"


def test_looked_up_names_outlive_the_process(record: Record, loopback: Loopback) -> None:
    """Networks are read first, so a process that runs each job once must know them before its own lookups."""
    names = PaperIndex(servers=SERVERS)
    papers_named(names)
    run(record, loopback, 1, names)
    later = PaperIndex(servers=SERVERS)
    later.replace(load_names(record, NOW))
    assert papers_named(later) == looked_up_names()


def test_a_name_that_nobody_knows_is_looked_up_again_a_month_later(record: Record, loopback: Loopback) -> None:
    names = PaperIndex(servers=SERVERS)
    assert names.named_by_ids("https://pubmed.ncbi.nlm.nih.gov/31804775/") == []
    known = preprints.INDEXED.pop("EXT_ID:31804775 AND SRC:MED")
    run(record, loopback, 1, names)
    preprints.INDEXED["EXT_ID:31804775 AND SRC:MED"] = known
    run(record, loopback, 1, names)
    assert names.named_by_ids("https://pubmed.ncbi.nlm.nih.gov/31804775/") == []
    assert isinstance(loopback.clock, SteppedClock)
    loopback.clock.set(NOW + 31 * DAY)
    run(record, loopback, 1, names)
    assert [mention.id for mention in names.named_by_ids("https://pubmed.ncbi.nlm.nih.gov/31804775/")]


@pytest.mark.parametrize("answer", [b"[]", b"{}", b"null", b'{"resultList": 7}'])
def test_odd_answers_name_nothing(
    record: Record, loopback: Loopback, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    names = PaperIndex(servers=SERVERS)
    papers_named(names)
    monkeypatch.setitem(hosts.HANDLERS, "indexes", lambda state, request: Reply(200, answer))
    run(record, loopback, 1, names)
    assert {key for key in papers_named(names).values() if key} == {f"doi:{preprints.EARLIER}"}, "Crossref answered"


@pytest.mark.parametrize(
    "answer", [b"", b"\xff", b'{"message": {"DOI": "10.5555/ma', b"<!DOCTYPE html><title>Busy</title>"]
)
def test_a_broken_answer_does_not_make_a_doi_unknown(
    record: Record, loopback: Loopback, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    record.append(post_about(f"doi:{ARTICLE}", 1, NOW - HOUR), source="bluesky")
    with monkeypatch.context() as broken, pytest.raises(NetError):
        broken.setattr(preprints, "_one_work", lambda doi, now: Reply(200, answer))
        run(record, loopback)
    run(record, loopback)
    assert [paper.paper for paper in record.view().items(Paper)] == [f"doi:{ARTICLE}"]


def test_what_is_named_most_is_looked_up_first_and_no_flood_stops_that() -> None:
    names = PaperIndex(servers=SERVERS)
    for number in range(1, MAX_UNCERTAIN + 100):
        names.named_by_ids(f"https://pubmed.ncbi.nlm.nih.gov/{number}/")
    for _ in range(2):
        names.named_by_ids("https://pubmed.ncbi.nlm.nih.gov/31804775/")
    waiting = names.uncertain_names()
    assert waiting[0] == ("pmid:31804775",) and len(waiting) <= MAX_UNCERTAIN
