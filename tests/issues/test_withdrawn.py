"""Withdrawn papers: recognized, left out of later issues, and marked in earlier ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotpapers.base.model import HOUR, Issue, Notice, NoticeType, Paper
from hotpapers.base.text.timestamps import format_rfc3339
from hotpapers.issues import build, freeze, selection
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver.export_site import export_site
from hotpapers.publish.query.issues import as_issue
from hotpapers.publish.render.feeds import FeedMaker
from hotpapers.publish.schedule.publishing import changed_issues
from hotpapers.publish.schedule.queries import revised_papers
from hotpapers.publish.view.issue_view import issue_view
from hotpapers.publish.view.post_views import LinkedPiece
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.record.batches import last_written_at
from hotpapers.record.database import Params
from hotpapers.record.record import Record
from hotpapers.record.sqlite import SqliteDatabase
from hotpapers.wings.announce.announcement import entry_line
from hotpapers.wings.mail.issue_text import as_html, as_text, message_view
from tests.cli.rebuild_program import load_program, rebuilt_differently
from tests.issues.made import DAILY, DAY, frozen, issue, key, moment, numbers, paper, posts_about, write

TODAY = moment(DAY)
EVERY = msgspec.structs.replace(DAILY, threshold=1)


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    with Record(store_url) as opened:
        for number in range(1, 9):
            write(opened, paper(number), posts_about(number, number, TODAY + HOUR))
        yield opened


def change(record: Record, number: int, at: int, **changes: object) -> None:
    known = record.view().item(Paper, key(number))
    assert isinstance(known, Paper)
    write(record, msgspec.structs.replace(known, observed_at=at, **changes))


def withdraw(record: Record, number: int, at: int) -> None:
    change(record, number, at, withdrawn=True)


def test_a_paper_withdrawn_before_an_issue_closes_is_not_in_it(record: Record) -> None:
    withdraw(record, 7, TODAY + 2 * HOUR)
    content = issue(record, EVERY)
    assert numbers(content.entries)[:2] == [8, 6] and 7 not in numbers(content.entries)
    assert (content.choice, content.considered) == ("least/5", 8)


@pytest.mark.parametrize("type", ["retraction", "removal"])
def test_a_paper_that_a_notice_took_back_before_an_issue_closes_is_not_in_it(record: Record, type: NoticeType) -> None:
    def notice(number: int, at: int, type: NoticeType = type, day: str = DAY) -> Notice:
        return Notice(paper=key(number), notice="10.1234/moths", type=type, day=day, observed_at=at)

    write(record, notice(8, TODAY + 2 * HOUR), notice(7, TODAY + 30 * HOUR), notice(6, TODAY + HOUR, "concern"))
    write(record, notice(5, TODAY + HOUR), notice(5, TODAY + 2 * HOUR, day=""))
    content = issue(record, EVERY)
    assert numbers(content.entries)[:3] == [7, 6, 5]
    assert rebuilt_differently(load_program(), record, content) == []


def test_an_issue_frozen_by_the_earlier_rule_keeps_it(record: Record) -> None:
    withdraw(record, 7, TODAY + 2 * HOUR)
    write(record, EVERY)
    recipe = build.IssueRecipe(EVERY, DAY, 1, record.head.position, choice=selection.LEAST_1)
    saved = freeze.save_issue(record, build.build_issue(record, recipe), TODAY + 24 * HOUR)
    assert numbers(saved.content.entries)[:2] == [8, 7]
    [item] = record.view().items(Issue)
    assert list(freeze.check_issue(record, item)) == []


def test_a_paper_withdrawn_later_is_marked_everywhere(record: Record, tmp_path: Path) -> None:
    write(record, EVERY)
    frozen_issue = frozen(record, EVERY)
    assert 7 in numbers(frozen_issue.content.entries)
    before = record.head.position
    withdraw(record, 7, TODAY + 40 * HOUR)
    assert changed_issues(record, before) == {("daily", DAY)}
    assert changed_issues(record, record.head.position) == frozenset()
    reader = RecordIssueReader(record)
    shown = reader.issue("daily", DAY)
    [entry] = [entry for entry in shown.content.entries if entry.paper == key(7)]
    title = "[withdrawn] "
    assert entry_line(shown, entry, NOBODY).title.startswith(title)
    assert [details.paper for details in as_issue(shown).entries if details.withdrawn] == [key(7)]
    assert [summary.paper for summary in reader.entry_summaries("daily") if summary.withdrawn] == [key(7)]
    assert [line.paper.paper for line in reader.announced("daily", DAY) if line.withdrawn] == [key(7)]
    feed = json.loads(FeedMaker(reader, "daily", NOBODY).feed("feeds/papers.json") or b"")
    known_at = {item["title"]: item["date_modified"] for item in feed["items"] if title in item["title"]}
    assert known_at == {title + shown.papers[key(7)].title: format_rfc3339(last_written_at(record.database))}
    assert last_written_at(record.database) > shown.frozen_at
    mail = message_view(shown, NOBODY, 9)
    assert all(f"[withdrawn] {shown.papers[key(7)].title}" in text for text in (as_text(mail), as_html(mail)))
    export_site(record, "daily", [DAY], "site", tmp_path / "site")
    export_site(record, "daily", [DAY], "markdown", tmp_path / "markdown")
    badge = '<span class="badge">withdrawn</span>'
    assert (tmp_path / "site" / DAY / "index.html").read_text().count(badge) == 2  # in the list of titles, too
    assert (tmp_path / "site" / DAY / "all" / "index.html").read_text().count(badge) == 1
    assert badge in next((tmp_path / "site" / "paper").rglob(f"{key(7).removeprefix('arxiv:')}/index.html")).read_text()
    assert "\\[withdrawn\\] " in (tmp_path / "markdown" / f"{DAY}.md").read_text()
    [item] = record.view().items(Issue)
    assert list(freeze.check_issue(record, item)) == []


def test_a_later_version_and_its_comment_are_shown_with_what_was_frozen(record: Record) -> None:
    write(record, EVERY)
    for number in (7, 8):
        change(record, number, TODAY + HOUR, version=1)
    frozen_issue, before = frozen(record, EVERY), record.head.position
    change(record, 8, TODAY + 40 * HOUR, comment="no new version")
    assert changed_issues(record, before) == frozenset()
    change(record, 7, TODAY + 40 * HOUR, version=3, comment="5 pages; kettle recounted")
    assert changed_issues(record, before) == {("daily", DAY)}
    shown = RecordIssueReader(record).issue("daily", DAY)
    assert shown.digest == frozen_issue.digest and set(shown.later) == {key(7)}
    newer = [[link for link in entry.links if "v3" in link.url] for entry in issue_view(shown).entries]
    link = LinkedPiece("new version since: v3", f"https://arxiv.org/abs/{key(7).removeprefix('arxiv:')}v3")
    assert [links for links in newer if links] == [[link]]
    assert {entry.comment for entry in issue_view(shown).entries} == {"", "5 pages; kettle recounted"}
    [answer] = [entry for entry in as_issue(shown).entries if entry.paper == key(7)]
    assert (answer.later_version, answer.comment, answer.code) == (3, "5 pages; kettle recounted", "")
    withdraw(record, 7, TODAY + 41 * HOUR)
    marked = issue_view(RecordIssueReader(record).issue("daily", DAY)).entries.of(key(7))[0]
    assert marked.withdrawn and marked.comment and link not in marked.links, "withdrawn says enough"


def test_not_all_papers_are_read_to_find_the_withdrawn_ones(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[str] = []
    rows, iterate = SqliteDatabase.rows, SqliteDatabase.iterate

    def note_plan(database: SqliteDatabase, sql: str, params: Params) -> None:
        if "withdrawn = 1" in sql:
            plans.append(" ".join(row[3] for row in rows(database, f"EXPLAIN QUERY PLAN {sql}", params)))

    def noted_rows(self: SqliteDatabase, sql: str, params: Params = ()) -> list[tuple[Any, ...]]:
        note_plan(self, sql, params)
        return rows(self, sql, params)

    def noted_iterate(self: SqliteDatabase, sql: str, params: Params = ()) -> Iterator[tuple[Any, ...]]:
        note_plan(self, sql, params)
        return iterate(self, sql, params)

    with Record(sqlite_url) as record:
        write(record, paper(1), posts_about(1, 1, TODAY + HOUR))
        withdraw(record, 1, TODAY + 2 * HOUR)
        monkeypatch.setattr(SqliteDatabase, "rows", noted_rows)
        monkeypatch.setattr(SqliteDatabase, "iterate", noted_iterate)
        assert revised_papers(record, 0) == [*RecordIssueReader(record).taken_back] == [key(1)]
    assert len(plans) == 2 and "INDEX paper_withdrawn" in plans[1] and "SCAN" not in plans[0], plans


@pytest.mark.parametrize(("type", "is_known"), [("retraction", True), ("correction", False)])
def test_only_notices_that_take_a_paper_back_say_since_when(record: Record, type: NoticeType, is_known: bool) -> None:
    assert RecordIssueReader(record).taken_back_at(key(7)) == 0
    write(record, Notice(paper=key(7), notice="doi:10.1000/notice", type=type, day=DAY, observed_at=TODAY))
    known_at = last_written_at(record.database)
    assert record.view(position=record.head.position - 1).taken_back_at(key(7)) == 0
    write(record, paper(9))
    reader = RecordIssueReader(record)
    assert (reader.taken_back_at(key(7)), reader.taken_back_at(key(8))) == (known_at if is_known else 0, 0)
