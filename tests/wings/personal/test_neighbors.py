"""Which papers are near to each other: blocks, the days that count, pages, and groups within an issue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Event, Semaphore

import msgspec
import pytest

from hotpapers.base.model import HOUR, AnnouncedPaper, NeighborPaper, Paper, Publication, PublishedIssue
from hotpapers.issues.freeze import freeze_issue
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.keep.transfer import streams
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.record import Record
from hotpapers.serve.backend import Backend
from hotpapers.serve.http_messages import Refused
from hotpapers.wings.personal import kept, neighbors, preparing
from hotpapers.wings.personal.blocks import SAVING, DatedPaper, VectorBlock, block_of, nearest_in
from hotpapers.wings.personal.kept import PREPARING, cached_value, saved_or_made, store_of
from hotpapers.wings.personal.neighbors import Neighbors
from hotpapers.wings.personal.topic_groups import topic_groups
from hotpapers.wings.personal.vectors import MAX_RELATED, vector_closeness, vector_of, weigh_vector
from lab.outcomes.files import json_rows
from lab.reader_trials import PaperText, in_order
from lab.related_papers import measure_related
from tests.issues.made import moment
from tests.publish.render.build import LISTED, OWN, FullEntry, PlainIssueReader, issue, listing_entry, paper
from tests.wings.personal.test_vectors import METADATA, made_up
from tests.wings.topics.made import FRIDAYS, PUBLICATION, fill

LATEST = date(2026, 11, 20)
MAX_SECTION_BYTES = 2_500
"""What a paper's page may grow by."""
ABSTRACT = "Equivariant networks for molecules on lattices, with spin glasses."


def day(back: int) -> str:
    return (LATEST - timedelta(back)).isoformat()


def entry(place: int, metadata: Paper) -> FullEntry:
    return listing_entry(place, metadata, 1, 1_000 + place, place, 400)


def reader_of(
    issues: Mapping[str, Sequence[Paper]], announced: Mapping[str, Sequence[Paper]], publication: Publication = OWN
) -> PlainIssueReader:
    return PlainIssueReader(
        [publication],
        [
            issue(publication, day, [entry(n, paper) for n, paper in enumerate(papers, 1)])
            for day, papers in issues.items()
        ],
        announced={
            day: [AnnouncedPaper(paper, "new", "cs.LG") for paper in papers] for day, papers in announced.items()
        },
    )


def about(number: int, text: str = ABSTRACT) -> Paper:
    """A paper by its number from 0; ids on arXiv begin with 1."""
    return paper(f"2611.{number + 1:05}", f"Paper {number}", text)


def test_a_block_names_the_papers_that_comparing_each_would() -> None:
    vectors = {f"arxiv:{n}": vector_of(*text) for n, text in enumerate([("", ""), *made_up(300)])}
    block = block_of((DatedPaper(key, "", ""), vector) for key, vector in vectors.items())
    for vector in map(weigh_vector, list(vectors.values())[1:30]):
        every = sorted((vector_closeness(vector, weigh_vector(other)) for other in vectors.values()), reverse=True)
        near = list(nearest_in(block, vector, 10, least=1))
        assert [value for value, _ in near] == every[:10]
        assert all(vector_closeness(vector, weigh_vector(vectors[paper.paper])) == value for value, paper in near)
        assert [value for value, _ in nearest_in(block, vector, 400, every[5])] == [v for v in every if v >= every[5]]


def test_equally_near_papers_do_not_depend_on_their_order() -> None:
    """Databases return rows in different orders."""
    [text, *_] = made_up(1)
    papers = [(DatedPaper(f"arxiv:{n:02}", "", day(0)), vector_of(*text)) for n in range(20)]
    vector = weigh_vector(papers[0][1])
    near = [
        nearest_in(block_of(some), vector, 7, least=1) for some in (papers, papers[::-1], papers[10:] + papers[:10])
    ]
    assert [[paper.paper for _, paper in some] for some in near] == [[f"arxiv:{n:02}" for n in range(7)]] * 3


def test_recent_announcements_and_the_entries_of_all_issues_count() -> None:
    own, new, far, old, older, later = map(about, range(6))
    issues = {day(0): [own], day(1): [], day(179): [], day(181): [old], day(400): [older], day(-1): []}
    announced = {day(1): [new], day(179): [far], day(181): [about(6)], day(400): [about(7)], day(-1): [later]}
    near = Neighbors(reader_of(issues, announced), OWN.publication).near(own, day(0))
    assert {place.paper: place.day for place in near} == {
        new.paper: day(1), far.paper: day(179), old.paper: day(181), older.paper: day(400),
    }  # fmt: skip
    assert near[0].closeness in (10_000, 10_001) and near[0].title == "Paper 1"


def test_the_ten_nearest_are_named_and_nothing_far() -> None:
    words = ABSTRACT.rstrip(".").split()
    papers = [about(n, " ".join(words[: 3 + n % 7])) for n in range(1, 30)]
    reader = reader_of({day(0): [about(0)]}, {day(0): [*papers, about(30, "Tea leaves and kettles.")]})
    near = Neighbors(reader, OWN.publication).near(about(0), day(0))
    assert len(near) == MAX_RELATED and near == sorted(near, key=lambda place: (-place.closeness, place.paper))
    assert Neighbors(reader, OWN.publication).near(about(31, "Quark"), day(0)) == []
    assert Neighbors(reader, OWN.publication).near(about(31, "∅"), day(0)) == []


def test_months_of_a_listing_name_the_papers_that_its_days_would() -> None:
    words, days = ABSTRACT.rstrip(".").split(), [day(back) for back in range(0, 250, 3)]
    issues = {
        day: [about(0), about(1), about(n + 2, " ".join(words[: 2 + n % 5] + ["kettles"] * (n % 3)))]
        for n, day in enumerate(days)
    }
    by_day, by_month = (Neighbors(reader_of(issues, {}, kind), kind.publication) for kind in (OWN, LISTED))
    for own in (about(0), about(5), about(40, words[0])):
        for until in (days[0], days[7], days[-9]):
            assert by_month.near(own, until) == by_day.near(own, until)
    assert len(by_month.near(about(0), days[0])) == MAX_RELATED


def test_what_is_made_of_an_issue_is_kept_until_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "store_of", lambda reader: f"store {id(reader)}")
    reader = reader_of({day(0): [about(0)]}, {})
    values: list[int] = cached_value(reader, "list", OWN.publication, [day(0)], list)
    assert cached_value(reader, "list", OWN.publication, [day(0)], list) is values
    assert cached_value(reader, "other", OWN.publication, [day(0)], list) is not values
    assert cached_value(reader_of({day(0): [about(0)]}, {}), "list", OWN.publication, [day(0)], list) is not values
    assert [cached_value(reader, "few", OWN.publication, [day(0)], partial(int, n), most=1) for n in range(2)] == [0, 0]
    again = reader_of({day(0): [], day(1): []}, {})
    assert [cached_value(again, "few", OWN.publication, [day(n)], partial(int, n), most=1) for n in (0, 1, 0)] == [
        0,
        1,
        0,
    ]


def test_blocks_are_saved_beside_the_store_and_made_again_if_damaged(tmp_path: Path) -> None:
    calls = list[int]()

    def make() -> VectorBlock:
        calls.append(1)
        texts = made_up(100)
        return block_of((DatedPaper(f"arxiv:{n}", "", day(0)), vector_of(*text)) for n, text in enumerate(texts))

    def block(*key: str) -> VectorBlock:
        return saved_or_made(tmp_path / "store.db.vectors", ("day", "daily", *key), make, SAVING)

    first = block(day(0), "digest")
    assert block(day(0), "digest") == first and len(calls) == 1
    (file,) = (tmp_path / "store.db.vectors").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    for damaged in (file.read_bytes()[:-9], file.read_bytes()[:40] + b"x" * 99, b""):
        file.write_bytes(damaged)
        assert block(day(0), "digest") == first
    assert len(calls) == 4
    assert block(day(0), "corrected") == first and len(calls) == 5 and len(list(file.parent.iterdir())) == 1
    (tmp_path / "taken").write_bytes(b"")
    assert saved_or_made(tmp_path / "taken", ("day", "daily", day(0)), make, SAVING) == first


def test_related_papers_are_found_once_until_an_earlier_issue_or_the_paper_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches = list[Paper]()
    find = Neighbors._find

    def counted(self: Neighbors, paper: Paper, until: str) -> list[NeighborPaper]:
        searches.append(paper)
        return find(self, paper, until)

    monkeypatch.setattr(Neighbors, "_find", counted)
    with Record(str(tmp_path / "papers.db")) as record:
        fill(record)

        def near(paper: Paper) -> list[NeighborPaper]:
            return Neighbors(RecordIssueReader(record), "daily").near(paper, FRIDAYS[-1])

        first, *_, second = RecordIssueReader(record).issue("daily", FRIDAYS[-1]).papers.values()
        related = near(first)
        assert related and near(first) == related and len(searches) == 1
        assert near(second) != related and near(first) == related and len(searches) == 2
        near(msgspec.structs.replace(first, title="Quarks"))
        at = moment(FRIDAYS[-1]) + 90 * HOUR
        freeze_issue(record, PUBLICATION, FRIDAYS[-2], again=True, reason="a cup was blue", at=at)
        assert near(first) == related and len(searches) == 4


def test_an_app_prepares_its_lists_when_it_starts(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "MAX_WAIT", 0)
    steps, ended = Semaphore(0), Event()
    prepare = Neighbors.prepare

    def stepwise(self: Neighbors) -> Iterator[None]:
        for step in prepare(self):
            yield step
            steps.acquire()
        ended.set()

    monkeypatch.setattr(Neighbors, "prepare", stepwise)
    with Record(str(demo)) as record, closing(Backend(partial(Record, str(demo), create=False))) as backend:
        reader = RecordIssueReader(record)
        name = reader.publications()[0].publication
        shown = next(iter(reader.issue(name, reader.days(name)[-1]).papers.values()))
        preparing.prepare(backend)
        while store_of(reader) not in PREPARING:
            pass
        with pytest.raises(Refused, match="being prepared"):
            Neighbors(reader, name).near(shown, reader.days(name)[-1])
        steps.release(1000)
        ended.wait()
        while store_of(reader) in PREPARING:
            pass
        monkeypatch.setattr(neighbors, "block_of", None)  # nothing is left to be made
        assert Neighbors(reader, name).near(shown, reader.days(name)[-1])


def test_headers_are_read_once_for_all_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "store_of", lambda reader: f"headers {id(reader)}")
    reader = reader_of({day(back): [about(back)] for back in range(9)}, {})
    requests = Counter[str]()
    header = reader.issue_header

    def counted(publication: str, day: str, edition: int | None = None) -> PublishedIssue:
        requests[day] += 1
        return header(publication, day, edition)

    reader.issue_header = counted  # type: ignore[method-assign]
    near = Neighbors(reader, OWN.publication)
    assert [len(near.near(about(n), day(0))) for n in range(9)] == [8] * 9
    assert set(requests.values()) == {1} and len(requests) == 9


def test_papers_on_the_same_topic_are_told() -> None:
    tea, molecules = "Brewing tea leaves in kettles.", "Equivariant networks of molecules."
    titles = [
        "Equivariant Networks for Molecules", "Brewing Tea in Kettles", "Quarks", "Molecules by Equivariant Networks",
        "Kettles for Tea", "Equivariant Molecules", "Graphs of Cities", "Bees", "Old Bridges",
    ]  # fmt: skip
    abstracts = [molecules, tea, "Quarks decay.", molecules, tea + " Steam.", molecules, "Roads.", "Honey.", "Iron."]
    papers = [
        paper(f"2611.{n + 1:05}", title, abstract)
        for n, (title, abstract) in enumerate(zip(titles, abstracts, strict=True))
    ]
    reader = reader_of({day(0): papers}, {})
    first, second = sorted(Neighbors(reader, OWN.publication).alike(papers))
    assert first.places == (0, 3, 5) and set(first.words) == {"Equivariant", "Molecules", "Networks"}
    assert second.places == (1, 4) and set(second.words) == {"Brewing", "Tea", "Kettles"}
    page = (SitePages(reader, OWN.publication).page(f"{day(0)}/index.html") or b"").decode()
    assert f'On {", ".join(first.words)}: <a href="#2611.00001">1</a>, <a href="#2611.00004">4</a> and <a' in page
    assert page.index("On Equivariant") > page.index('class="glance"') and page.count('class="facts alike"') == 2


def test_a_topic_never_swallows_an_issue() -> None:
    """Of 238 alike papers, at most two groups of five are named; of six, groups have two; a chain is no topic."""
    many = [paper(f"2611.{n:05}", f"Shifting Sand {n}", "Sand shifts by some percent.") for n in range(238)]
    groups = topic_groups(many)
    assert len(groups) <= 2 and all(2 <= len(group.places) <= 5 for group in groups)
    assert all(len(group.places) == 2 for group in topic_groups(many[:6]))


def test_a_word_that_many_papers_have_names_no_topic() -> None:
    titles = ["Sand in Shoes", "Quarks and Charm", "Tea at Noon", "Bees in Towns", "Old Iron Bridges", "Wind"]
    abstracts = ["It fell by some percent."] * 6
    papers = [
        paper(f"2611.{n + 1:05}", title, abstract)
        for n, (title, abstract) in enumerate(zip(titles, abstracts, strict=True))
    ]
    assert topic_groups(papers) == []


@pytest.mark.parametrize("word", ["and", "And", "without", "under", "beyond"])
def test_no_function_word_names_a_topic(word: str) -> None:
    """However few papers have it: the two papers here are close, and it is in both titles."""
    titles = [f"Brewing Tea {word} Honey", f"Kettles {word} Leaves", "Quarks", "Bees", "Old Iron", "Wind"]
    abstracts = ["Tea leaves in kettles, brewed slowly.", "Tea leaves in kettles, brewed twice.", *"defg"]
    papers = [
        paper(f"2611.{n + 1:05}", title, f"{abstract} {word}" if n < 2 else abstract)
        for n, (title, abstract) in enumerate(zip(titles, abstracts, strict=True))
    ]
    groups = topic_groups(papers)
    assert [group.places for group in groups] in ([(0, 1)], [])
    assert word.lower() not in {name.lower() for group in groups for name in group.words}


def test_a_page_names_related_papers_in_few_bytes() -> None:
    long = "Equivariant Molecules in Lattices of Spin Glasses & Other Kettles, Again and Again"
    shown = [paper(f"2611.{n + 1:05}", long, ABSTRACT) for n in range(6)]
    unshown = [paper(f"2611.{n + 1:05}", long, ABSTRACT) for n in range(6, 20)]
    reader = reader_of({day(0): shown}, {day(0): unshown})
    page = (SitePages(reader, OWN.publication).page("paper/2611.00001/index.html") or b"").decode()
    start = page.index('<h2 id="related">')
    section = page[start : page.index("</ul>", start)]
    assert len(section) + len("</ul>\n") <= MAX_SECTION_BYTES and section.count("<li ") == MAX_RELATED
    assert '<a href="../../paper/2611.00002/index.html">Equivariant Molecules in' in section
    assert "closeness 1.00 · 20 November 2026 · 1,002 people" in section
    assert "https://arxiv.org/abs/2611.0001" in section


@pytest.mark.long
def test_related_papers_share_a_category_as_often_as_those_of_tf_idf() -> None:
    pytest.importorskip("sklearn", reason="needs requirements/lab.txt")
    if not METADATA.exists():
        pytest.skip("needs the shared data")
    papers = islice((p for p in json_rows(streams.open_input, str(METADATA), PaperText) if p.is_recent), 3_000)
    shares = measure_related(in_order(papers), 150, 2)
    assert shares.queries == 150 and shares.share > 0.3 and shares.is_met
