"""Readers' reports, in both databases: stored once, limited, closed, forgotten; only backups contain them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import NotFound
from hotpapers.base.model import HOUR, Post
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.backup import back_up_store, restore_backup
from hotpapers.record import Record
from hotpapers.record.statistics import store_statistics
from hotpapers.wings.forms import queries as reader_reports
from hotpapers.wings.forms.queries import Kind, ReaderReport, alarms, close_reports, is_full, open_reports, store_report

AT = 1_800_000_000_000_000
ENTRY = ReaderReport(0, AT, "entry", "d" * 64, "arxiv:2405.00001", "", "It names\nanother paper.")
QUOTED = ENTRY._replace(kind="quotation", subject="bluesky:at://did:plc:moss/1", text="Unkind.")


def test_a_report_is_kept_once_until_it_is_closed(store_url: str) -> None:
    with Record(store_url) as record:
        database = record.database
        assert [store_report(database, r) for r in (ENTRY, QUOTED, ENTRY._replace(at=AT + 1))] == [
            "kept",
            "kept",
            "known",
        ]
        assert (
            open_reports(database) == [ENTRY._replace(id=1), QUOTED._replace(id=2)]
            and store_statistics(record).reports == 2
        )
        with pytest.raises(NotFound, match="3: no such open report"):
            close_reports(database, [1, 3], AT)
        assert store_statistics(record).reports == 2, "all or none"
        close_reports(database, [2], AT + 5)
        assert open_reports(database) == [ENTRY._replace(id=1)]
        row = "SELECT text, subject, closed_at FROM report WHERE id = 2"
        assert [tuple(columns) for columns in database.rows(row)] == [("", "", AT + 5)]
        assert store_report(database, QUOTED) == "kept" and open_reports(database)[-1].id == 3, (
            "no number means two things"
        )


def test_only_so_many_are_taken(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_reports, "MAX_REPORTS_AN_HOUR", 2)
    monkeypatch.setattr(reader_reports, "MAX_OPEN_REPORTS", 3)
    with Record(store_url) as record:
        reports = [ENTRY._replace(at=AT + n, text=f"{n}" * 3000) for n in range(3)]
        assert [store_report(record.database, report) for report in reports] == ["kept", "kept", "full"]
        assert len(open_reports(record.database)[0].text) == reader_reports.MAX_REPORT_CHARS
        assert not is_full(record.database, ENTRY._replace(at=AT - HOUR)), "the clock was ahead, and was set back"
        later = ENTRY._replace(at=AT + HOUR + 2)
        assert not is_full(record.database, later) and store_report(record.database, later) == "kept"
        much_later = ENTRY._replace(at=AT + 9 * HOUR)
        assert is_full(record.database, much_later), "too many wait for the operator"
        close_reports(record.database, [1, 2], AT + 9 * HOUR)
        assert not is_full(record.database, much_later)


FLOOD_OF: dict[Kind, ReaderReport] = {
    "entry": ENTRY,
    "quotation": QUOTED,
    "contest": ReaderReport(0, AT, "contest", subject="bluesky:did:plc:moss"),
}


@given(st.lists(st.tuples(st.sampled_from(get_args(Kind)), st.integers(0, 9), st.integers(0, 3 * 60)), max_size=150))
def test_no_flood_closes_a_form_for_others(flood: list[tuple[Kind, int, int]]) -> None:
    """Whatever is reported within three hours: no kind closes the form of another, and no report the form for the first
    one about a post."""
    with small_limits(), TemporaryDirectory() as folder, Record(f"{folder}/hotpapers.db") as record:
        for kind, target, minute in sorted(flood, key=lambda report: report[2]):
            store_report(record.database, report_of(kind, target, AT + minute * HOUR // 60, f"{target} {minute}"))
        stored = open_reports(record.database)
        at, of_kind = AT + 3 * HOUR, Counter(report.kind for report in stored)
        for kind in get_args(Kind):
            refused = is_full(record.database, report_of(kind, 10, at))
            recent = sum(report.kind == kind and report.at > at - HOUR for report in stored)
            times = 2 if kind == "quotation" else 1
            assert refused == (recent >= times * 6 or of_kind[kind] >= times * 15)
            assert (kind in str([*alarms(record.database, at)])) == (recent >= 0.8 * 6 or of_kind[kind] >= 0.8 * 15)
        assert max(Counter((report.kind, report.paper, report.subject) for report in stored).values(), default=0) <= 4


def test_sixty_reports_about_a_few_posts_leave_the_form_open_for_others(store_url: str) -> None:
    with Record(store_url) as record:
        for n in range(100):
            store_report(record.database, report_of("quotation", n % 5, AT, f"{n}"))
            store_report(record.database, report_of("entry", n, AT, f"{n}"))
        assert Counter(report.kind for report in open_reports(record.database)) == {"quotation": 60, "entry": 60}
        assert store_report(record.database, report_of("quotation", 5, AT)) == "kept"
        assert store_report(record.database, report_of("quotation", 4, AT)) == "full"


def report_of(kind: Kind, target: int, at: int, text: str = "") -> ReaderReport:
    """A report about the post, entry or account of a number."""
    report = FLOOD_OF[kind]._replace(at=at, text=text)
    return report._replace(paper=f"arxiv:2405.{target:05}") if kind == "entry" else report._replace(subject=f"{target}")


@contextmanager
def small_limits() -> Iterator[None]:
    """Six reports an hour, fifteen open, four about one target."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader_reports, "MAX_REPORTS_AN_HOUR", 6)
        patch.setattr(reader_reports, "MAX_OPEN_REPORTS", 15)
        patch.setattr(reader_reports, "MAX_OPEN_OF_TARGET", 4)
        yield


def test_what_is_forgotten_leaves_reports_too(store_url: str) -> None:
    """Both reports about a forgotten key and reports whose text names it."""
    post = Post(
        post=QUOTED.subject, network="bluesky", account="bluesky:did:plc:moss", created_at=AT, text="Hm",
        handle="mossy.owls.example", observed_at=AT,
    )  # fmt: skip
    with Record(store_url) as record:
        record.append([post], source="made-up", at=AT)
        contest = ReaderReport(0, AT, "contest", subject="bluesky:did:plc:moss", text="I am a person.")
        named = ENTRY._replace(text="See what @mossy.owls.example says of it.")
        for report in (ENTRY, QUOTED, contest, named):
            store_report(record.database, report)
        forget_key(record, "bluesky:did:plc:moss", at=AT + 1)
        assert open_reports(record.database) == [ENTRY._replace(id=1)]
        assert record.database.rows("SELECT id FROM report WHERE subject <> '' OR text <> ''") == [(1,)]
        store_report(record.database, QUOTED._replace(subject="bluesky:other"))
        assert open_reports(record.database)[-1].id == 5, "an operator may still have the forgotten report's number"


def test_reports_are_in_backups(store_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with Record(store_url) as record:
        store_report(record.database, ENTRY)
        back_up_store(record, copy)
        store_report(record.database, QUOTED)
    restore_backup(copy, store_url, replace=True)
    with Record(store_url) as record:
        assert open_reports(record.database) == [ENTRY._replace(id=1)]
        assert store_report(record.database, QUOTED) == "kept" and open_reports(record.database)[-1].id == 2
