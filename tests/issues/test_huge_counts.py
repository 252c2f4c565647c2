"""Counts of 2^53 - 1 from a hostile network or site: sums stay within what every number of the record may be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.model import HOUR, MAX_INTEGER, Issue, Item, Measurement, Tally
from hotpapers.issues import freeze
from hotpapers.issues.ranking import RANKINGS
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.keep.transfer.jsonl import exporter, importer
from hotpapers.publish.query import QuerySession, issues, papers
from hotpapers.publish.query.request_params import EntryParams, IssueParams, PaperParams
from hotpapers.publish.render.html.pages import SiteChannel
from hotpapers.publish.render.markdown import MarkdownChannel
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record
from hotpapers.wings.classic.channel import ClassicChannel
from hotpapers.wings.peers.following.file_intake import IntakeResult
from hotpapers.wings.peers.following.follow_job import save_measurements
from hotpapers.wings.tables.commands import write_tables
from tests.issues.made import DAILY, DAY, background, counts, frozen, key, moment, paper, post, write
from tests.wings.tables.recounts import recounted

TODAY = moment(DAY)
POSTS = 1_100
"""So many of the largest counts do not fit into 64 bits."""


def huge_posts(number: int, network: str) -> Iterator[Item]:
    for n in range(POSTS):
        name = f"{network}:{number}-{n}"
        yield from post(number, name, TODAY + HOUR)
        yield counts(name, MAX_INTEGER, TODAY + 2 * HOUR, MAX_INTEGER)


def whole_numbers(value: object) -> Iterator[int]:
    """All numbers in JSON."""
    if isinstance(value, int):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        yield from whole_numbers(part)


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    with Record(store_url) as opened:
        write(opened, background(networks=("bluesky", "mastodon")), paper(1), paper(2), paper(3))
        write(opened, huge_posts(1, "bluesky"), huge_posts(1, "mastodon"), huge_posts(2, "mastodon"))
        write(
            opened,
            Tally(
                paper=key(1), network="x", method="weekly/1", reposts=MAX_INTEGER, likes=MAX_INTEGER, observed_at=TODAY
            ),
        )
        yield opened


@pytest.mark.parametrize("ranking", RANKINGS)
def test_an_issue_holds_only_numbers_that_every_program_can_read(record: Record, ranking: str) -> None:
    publication = msgspec.structs.replace(DAILY, ranking=ranking, threshold=1)
    write(record, publication)
    issue = frozen(record, publication)
    first = issue.content.entries[0]
    assert first.voices == MAX_INTEGER and {count.likes for count in first.counts} == {MAX_INTEGER}
    assert all(abs(number) <= MAX_INTEGER for number in whole_numbers(msgspec.to_builtins(issue.content)))
    reader = RecordIssueReader(record)
    for channel in (SiteChannel(SiteConfig("")), MarkdownChannel(SiteConfig("")), ClassicChannel()):
        assert list(channel.render(reader, publication.publication, [DAY]))
    session = QuerySession(record)
    answers = (
        issues.issue(session, IssueParams(publication=publication.publication, day=DAY)),
        papers.paper(session, PaperParams(paper=key(1))),
        issues.explanation(session, EntryParams(publication=publication.publication, day=DAY, paper=key(1))),
    )
    assert all(abs(number) <= MAX_INTEGER for number in whole_numbers(msgspec.to_builtins(answers)))


def test_an_export_comes_back_and_tables_are_recounted(record: Record, other_url: str, tmp_path: Path) -> None:
    frozen(record)
    exported = list(exporter.record_lines(record))
    with Record(other_url) as other:
        importer.import_lines(other, "export", exported)
        assert list(exporter.record_lines(other)) == exported
        [item] = other.view().items(Issue)
        assert not list(freeze.check_issue(other, item))
    write_tables(record, tmp_path / "tables", TODAY + 72 * HOUR)
    counts_again = list(recounted(tmp_path / "tables"))
    assert MAX_INTEGER in {count.recounted for count in counts_again}
    assert [count for count in counts_again if count.printed != count.recounted] == []


def test_the_counts_of_a_followed_site_are_kept_and_come_back(record: Record, sqlite_url: str, other_url: str) -> None:
    with Record(sqlite_url) as own:
        intake_result = IntakeResult(1, 1, 0, 0, TODAY + 48 * HOUR, (), (), others=())
        assert save_measurements(own, "neighbor", record, intake_result, 0, TODAY + 48 * HOUR)
        measurements = [item for item in own.view().items(Measurement) if item.paper == key(1)]
        assert {(item.voices, item.reposts, item.likes) for item in measurements} == {
            (MAX_INTEGER, MAX_INTEGER, MAX_INTEGER)
        }
        exported = list(exporter.record_lines(own))
        with Record(other_url) as other:
            importer.import_lines(other, "export", exported)
            assert list(exporter.record_lines(other)) == exported
