"""The page that compares fields: the same as the tables say, there where it can tell anything, and right about it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotpapers.base.model import HOUR, Announcement, Item, Paper
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.record import Record
from hotpapers.wings.tables.commands import write_tables
from hotpapers.wings.tables.field_pages import DATA, PAGE, FieldFacts, rows_of
from tests.issues.made import DAILY, issue, moment, paper, posts_about, read, write
from tests.publish.render.html import Page
from tests.publish.render.sample import LISTED_READER
from tests.wings.tables.test_questions import answer

DAYS = ("2024-05-07", "2024-05-08", "2024-05-09", "2024-05-20")
PUBLICATION = msgspec.structs.replace(DAILY, threshold=1)
MATH = msgspec.structs.replace(PUBLICATION, publication="math", categories=("math", "stat.ML"))
MOSS = msgspec.structs.replace(PUBLICATION, publication="moss", categories=("biorxiv", "arxiv"))
WORDS = msgspec.structs.replace(PUBLICATION, publication="words", include=("paper",))
WEEKLY = msgspec.structs.replace(PUBLICATION, publication="weekly", window="weekly")
CATEGORIES = ("cs.LG", "cs.CL", "math.AG", "stat.ML", "hep-th")


def papers_of(chance: random.Random) -> Iterator[Iterable[Item]]:
    """Sixty papers a day, some without people, some without categories, old ones, replacements and cross-lists."""
    for n in range(240):
        day, category = DAYS[n // 60], chance.choice(CATEGORIES)
        described, announced = paper(n + 1, day, category)
        yield [announced] if n % 40 == 7 else [described, announced]
        voices = chance.choice((0, 0, 1, 2, 5, 9))
        if voices:
            yield posts_about(n + 1, voices, moment(day) + HOUR)
        if voices > 2 and n % 2:
            yield posts_about(n + 1, voices, moment(day) + 2 * HOUR, "mastodon")
    yield paper(900, "2023-12-04", "math.AG")
    yield paper(900, DAYS[0], "math.AG", type="cross")
    yield paper(901, DAYS[1], "math.AG", type="replacement")
    yield paper(902, "2024-05-18", "math.AG")  # a day without an issue
    for n, day in enumerate(("2024-05-06", "2024-05-07", "2024-05-10", "2024-05-17", "2024-05-18", "2024-05-19")):
        key = f"doi:10.1101/2024.05.0{n}.59000{n}"
        described = Paper(paper=key, title=f"Moss {n}", categories=("biorxiv.ecology",), observed_at=moment(day))
        announced = Announcement(
            paper=key, day=day, category="biorxiv.ecology", type="new", announced_at=moment(day),
            observed_at=moment(day),
        )  # fmt: skip
        yield [described, announced]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Record, Path]]:
    """A record of four days, of which Mastodon was read in full only for two, and its tables."""
    folder = tmp_path_factory.mktemp("fields")
    with Record(str(folder / "papers.db")) as record:
        for publication in (PUBLICATION, MATH, MOSS, WORDS, WEEKLY):
            write(record, publication)
        write(record, *papers_of(random.Random(5)))
        write(record, read("bluesky", moment("2024-05-01"), moment("2024-05-20")))
        write(record, read("mastodon", moment("2024-05-01"), moment("2024-05-16T12:00")))
        for publication in (PUBLICATION, MATH, MOSS, WORDS):
            for day in DAYS:
                issue(record, publication, day)
        freeze.freeze_issue(record, WEEKLY, "2024-05-13", at=moment("2024-05-20"))
        write_tables(record, folder / "tables", moment(DAYS[-1]) + 48 * HOUR)
        yield record, folder / "tables"


def data(record: Record, name: str) -> dict[str, Any] | None:
    page = SitePages(RecordIssueReader(record), name).page(DATA)
    return json.loads(page) if page else None


@pytest.mark.parametrize("name", ["daily", "math"])
def test_page_and_tables_agree(world: tuple[Record, Path], name: str) -> None:
    record, tables = world
    compared = data(record, name)
    assert compared is not None
    by_sql = [row for row in answer(tables, "fields") if row.pop("publication") == name]
    [all_fields] = {row.pop("all_fields") for row in by_sql}
    assert all_fields == pytest.approx(compared["per_thousand"], abs=0.06)
    assert len(by_sql) == len(compared["fields"]) >= 2
    for row in by_sql:
        [of_page] = [of_page for of_page in compared["fields"] if of_page["field"] == row["field"]]
        for column, value in row.items():
            exact = value if isinstance(value, (str, int)) else pytest.approx(value, abs=0.06 if value > 1 else 6e-4)
            assert of_page[column] == exact, (row["field"], column)
    assert all(0 < row["read_in_full"] < 0.9 and 0 < row["three_people"] < row["anybody"] < 1 for row in by_sql)
    assert sum(row["papers"] for row in by_sql) == compared["papers"] < 240
    assert 0 < sum(row["places"] for row in by_sql) == compared["places"]


def test_papers_that_other_servers_posted_on_days_without_an_issue_are_of_the_next(world: tuple[Record, Path]) -> None:
    record, tables = world
    compared = data(record, "moss")
    rows = [row for row in answer(tables, "fields") if (row["publication"], row["field"]) == ("moss", "biorxiv")]
    assert compared is not None
    assert [row["papers"] for row in compared["fields"] if row["field"] == "biorxiv"] == [5]
    assert [row["papers"] for row in rows] == [5]


def test_a_publication_of_some_fields_is_about_their_papers(world: tuple[Record, Path]) -> None:
    compared = data(world[0], "math")
    assert compared is not None and {row["field"] for row in compared["fields"]} == {"math", "stat"}


def test_the_page_says_it_to_readers_who_find_it_from_method_and_about(world: tuple[Record, Path]) -> None:
    pages = SitePages(RecordIssueReader(world[0]), "daily")
    assert {PAGE, DATA} <= set(pages.paths([]))
    html = pages.page(PAGE)
    assert html is not None
    assert "No field has more or fewer places than its papers explain, beyond chance." in Page(html).text
    assert "Mathematics" in Page(html).text and "High Energy Physics, Theory" in Page(html).text
    for path in ("method/index.html", "about/index.html"):
        page = pages.page(path)
        assert page is not None and "Fields compared" in Page(page).text


@pytest.mark.parametrize("name", ["words", "weekly"])
def test_there_is_none_where_the_papers_are_not_known(world: tuple[Record, Path], name: str) -> None:
    pages = SitePages(RecordIssueReader(world[0]), name)
    assert pages.page(PAGE) is None and pages.page(DATA) is None and PAGE not in set(pages.paths())
    assert b"Fields compared" not in (pages.page("method/index.html") or b"")


def test_there_is_none_without_a_record() -> None:
    assert SitePages(LISTED_READER, "hot-papers").page(PAGE) is None


@pytest.mark.parametrize("numbers", [range(1, 80), range(1, 200)])
def test_there_is_none_while_there_is_nothing_to_tell(tmp_path: Path, numbers: range) -> None:
    """Of a few papers, or of many of which hardly any has a place: no field could be noticed to have none."""
    places = 20 if len(numbers) < 100 else 1
    with Record(str(tmp_path / "papers.db")) as record:
        write(record, PUBLICATION, read("bluesky", moment("2024-05-01"), moment("2024-05-20")))
        write(record, *(paper(n, category=CATEGORIES[n % 2 * 2]) for n in numbers))
        write(record, *(posts_about(n, 5, moment(DAYS[0]) + HOUR) for n in range(1, places + 1)))
        issue(record, PUBLICATION)
        assert data(record, "daily") is None


# ---- what it notices -------------------------------------------------------------------------------------


def noticed(chance: random.Random, rates: dict[str, float]) -> dict[str, str]:
    """What a made-up quarter says of fields of 100 to 3,000 papers, which get places at some rates."""
    fields = {f"{field}{n}": field for field in rates for n in range(chance.randint(100, 3000))}
    placed = {paper for paper, field in fields.items() if chance.random() < rates[field]}
    of_all = 1000 * len(placed) / len(fields)
    return {row.field: row.places_than(of_all) for row in rows_of(FieldFacts(fields, placed, {}))}


FIELDS = ("astro-ph", "cs", "hep-th", "math", "q-bio", "quant-ph", "stat")


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.4])
def test_equal_fields_are_rarely_noticed(rate: float) -> None:
    chance = random.Random(11)
    worlds = [noticed(chance, dict.fromkeys(FIELDS, rate)) for _ in range(60)]
    assert sum(bool(verdict) for world in worlds for verdict in world.values()) <= 0.05 * 60 * len(FIELDS)


@pytest.mark.parametrize(("rate", "verdict"), [(0.01, "fewer"), (0.35, "more")])
def test_a_muted_field_and_a_favored_one_are_noticed(rate: float, verdict: str) -> None:
    chance = random.Random(12)
    worlds = [noticed(chance, {**dict.fromkeys(FIELDS, 0.1), "math": rate}) for _ in range(20)]
    assert {world["math"] for world in worlds} == {verdict}


def test_nothing_is_said_of_people_where_nothing_was_read() -> None:
    [row] = rows_of(FieldFacts({"a": "cs", "b": "cs"}, frozenset(), {}))
    assert (row.anybody, row.three_people, row.read_in_full) == (None, None, 0)
