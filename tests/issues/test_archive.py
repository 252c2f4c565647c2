"""All listings of the old publication, frozen: classic/1 keeps the printed order, and every score is recomputed from
the archive's raw figures."""

from __future__ import annotations

import csv
import datetime
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from hotpapers.base.model import DAY, HOUR, Issue, IssueContent
from hotpapers.base.papers.categories import group_of
from hotpapers.issues import freeze
from hotpapers.issues import queries as issues_queries
from hotpapers.issues.ranking.rarity_1 import rarity_millipoints
from hotpapers.record.record import Record, current_time
from hotpapers.record.verify import check_record
from hotpapers.wings.tables.commands import write_tables
from tests.wings.classic import classic_issues
from tests.wings.tables.recounts import ask, recounted

pytestmark = pytest.mark.long


class Figure(NamedTuple):
    """A row of the archive's table."""

    paper: str
    day: str
    place: int
    retweets: int
    favorites: int
    at: int
    archive: str


@pytest.fixture(scope="module")
def figures(shared: Path) -> list[Figure]:
    with (shared / "data" / "archive-attention.csv").open(encoding="utf-8", newline="") as table:
        return [
            Figure(
                paper=f"arxiv:{row['arxiv_id']}", day=row["issue"], place=int(row["rank"]),
                retweets=int(row["retweets"]), favorites=int(row["favorites"]),
                at=_utc(row["observed_at_tz_unknown"]), archive=row["categories"].split()[0].partition(".")[0],
            )
            for row in csv.DictReader(table)
        ]  # fmt: skip


def _utc(japan: str) -> int:
    moment = datetime.datetime.fromisoformat(japan).replace(tzinfo=datetime.UTC)
    return int(moment.timestamp()) * 1_000_000 - 9 * HOUR


@pytest.fixture(scope="module")
def record(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    files = [*sorted((shared / "archive" / "posts").iterdir()), *sorted((shared / "seeds" / "as-given").iterdir())]
    with Record(str(tmp_path_factory.mktemp("archive") / "hotpapers.db")) as opened:
        opened.database.run("PRAGMA synchronous = OFF")
        for file in files:
            classic_issues.import_file(opened, file.name, file.read_bytes())
        publication = freeze.publication_of(opened, None)
        for day in issues_queries.listed_days(opened, publication.publication):
            freeze.freeze_issue(opened, publication, day)
        yield opened


@pytest.fixture(scope="module")
def contents(record: Record) -> list[IssueContent]:
    days = issues_queries.frozen_days(record, "hot-papers")
    return [freeze.list_editions(record, "hot-papers", day)[-1].content for day in days]


@pytest.mark.long
def test_all_are_there_and_verify(record: Record) -> None:
    items = [row.item for row in record.view().latest(Issue)]
    assert len(items) == 234
    assert [str(finding) for item in items for finding in freeze.check_issue(record, item)] == []
    assert check_record(record.database, record.hasher).findings == ()


def test_by_the_classic_rule_they_stand_as_they_were_printed(
    contents: list[IssueContent], figures: list[Figure]
) -> None:
    printed: dict[str, list[str]] = defaultdict(list)
    for figure in sorted(figures, key=lambda figure: (figure.day, figure.place)):
        printed[figure.day].append(figure.paper)
    for content in contents:
        entries = sorted(content.entries, key=lambda entry: entry.classic_rank)
        assert [entry.paper for entry in entries] == printed[content.day], content.day
        assert [entry.order for entry in entries] == list(range(1, len(entries) + 1))


def test_every_score_from_the_bare_figures(contents: list[IssueContent], figures: list[Figure]) -> None:
    days = {content.day for content in contents}
    rows = [figure for figure in figures if figure.day in days]
    by_place = {(figure.day, figure.paper): figure for figure in rows}
    compared = 0
    for content in contents:
        latest = standing(rows, content.as_of)
        for entry in content.entries:
            figure = by_place[content.day, entry.paper]
            assert (entry.counts[0].reposts, entry.counts[0].likes) == (figure.retweets, figure.favorites)
            assert entry.score == score(figure, latest), (content.day, entry.paper)
            compared += 1
        order = sorted(content.entries, key=lambda entry: (-entry.score, -entry.voices, entry.paper))
        assert [entry.place for entry in order] == list(range(1, len(order) + 1))
    assert compared == len(rows) > 2500


def standing(rows: list[Figure], cut: int) -> dict[str, Figure]:
    """The papers listed in the 90 days up to a moment, each with its latest figures."""
    latest: dict[str, Figure] = {}
    for figure in sorted(rows, key=lambda figure: figure.at):
        if cut - 90 * DAY < figure.at <= cut and figure.retweets + figure.favorites >= 50:
            latest[figure.paper] = figure
    return latest


def score(figure: Figure, latest: dict[str, Figure]) -> int:
    """Its rarity among the others of its archive, its archive's group, or all papers."""
    rest = [other for other in latest.values() if other.paper != figure.paper]
    archive = latest[figure.paper].archive
    alike = [other for other in rest if other.archive == archive]
    group = [other for other in rest if group_of(other.archive) == group_of(archive)]
    peers = next((choice for choice in (alike, group) if len(choice) >= 500), rest)
    if figure.favorites < 3:
        return 0
    return rarity_millipoints(len(peers), sum(other.favorites >= figure.favorites for other in peers))


def test_the_tables_for_research_have_every_count(record: Record, contents: list[IssueContent], tmp_path: Path) -> None:
    rows = {file.table.name: file.rows for file in write_tables(record, tmp_path, current_time()).files}
    assert rows["entry_counts"] == sum(len(content.entries) for content in contents) > 2500
    counts = list(recounted(tmp_path))
    assert len(counts) == 4 * rows["entry_counts"]
    assert [count for count in counts if count.printed != count.recounted] == []
    printed = [
        (c.day, e.place, e.counts[0].voices, e.counts[0].reposts, e.counts[0].likes)
        for c in contents
        for e in c.entries
    ]
    assert sorted(printed) == ask(
        tmp_path, "SELECT day::VARCHAR, place, voices, reposts, likes FROM entry_counts ORDER BY ALL"
    )
