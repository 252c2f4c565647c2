"""Readers' reports, in both databases: stored once, limited, closed, forgotten; only backups contain them."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from hotpapers.base.errors import NotFound
from hotpapers.base.model import HOUR, Post
from hotpapers.keep.privacy.forget import forget
from hotpapers.keep.transfer.backup import backup, restore
from hotpapers.record import Record
from hotpapers.record.statistics import status
from hotpapers.wings.forms import queries as reader_reports
from hotpapers.wings.forms.queries import ReaderReport, close, is_full, note, waiting

AT = 1_800_000_000_000_000
ENTRY = ReaderReport(0, AT, "entry", "d" * 64, "arxiv:2405.00001", "", "It names\nanother paper.")
QUOTED = ENTRY._replace(kind="quotation", subject="bluesky:at://did:plc:moss/1", text="Unkind.")


def test_a_report_is_kept_once_until_it_is_closed(store_url: str) -> None:
    with Record(store_url) as record:
        database = record.database
        assert [note(database, r) for r in (ENTRY, QUOTED, ENTRY._replace(at=AT + 1))] == ["kept", "kept", "known"]
        assert waiting(database) == [ENTRY._replace(id=1), QUOTED._replace(id=2)] and status(record).reports == 2
        with pytest.raises(NotFound, match="3: no such open report"):
            close(database, [1, 3], AT)
        assert status(record).reports == 2, "all or none"
        close(database, [2], AT + 5)
        assert waiting(database) == [ENTRY._replace(id=1)]
        row = "SELECT text, subject, closed_at FROM report WHERE id = 2"
        assert [tuple(columns) for columns in database.rows(row)] == [("", "", AT + 5)]
        assert note(database, QUOTED) == "kept" and waiting(database)[-1].id == 3, "no number means two things"


def test_only_so_many_are_taken(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_reports, "MAX_REPORTS_AN_HOUR", 2)
    monkeypatch.setattr(reader_reports, "MAX_OPEN_REPORTS", 3)
    with Record(store_url) as record:
        reports = [ENTRY._replace(at=AT + n, text=f"{n}" * 3000) for n in range(3)]
        assert [note(record.database, report) for report in reports] == ["kept", "kept", "full"]
        assert len(waiting(record.database)[0].text) == reader_reports.MAX_REPORT_CHARS
        later = ENTRY._replace(at=AT + HOUR + 2)
        assert not is_full(record.database, later.at, "entry") and note(record.database, later) == "kept"
        assert is_full(record.database, AT + 9 * HOUR, "quotation"), "too many wait for the operator"
        close(record.database, [1, 2], AT + 9 * HOUR)
        assert not is_full(record.database, AT + 9 * HOUR, "quotation")


def test_reports_do_not_crowd_out_contests(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports are easier to send in bulk than contests, which need proof. Nor do contests crowd out reports."""
    monkeypatch.setattr(reader_reports, "MAX_REPORTS_AN_HOUR", 2)
    monkeypatch.setattr(reader_reports, "MAX_OPEN_REPORTS", 2)
    contest = ReaderReport(0, AT, "contest", subject="bluesky:did:plc:moss")
    with Record(store_url) as record:
        reports = [
            ENTRY,
            QUOTED,
            ENTRY._replace(text="More"),
            contest,
            contest._replace(text="2"),
            contest._replace(text="3"),
        ]
        outcomes = ["kept", "kept", "full", "kept", "kept", "full"]
        assert [note(record.database, report) for report in reports] == outcomes
        close(record.database, [1, 2], AT + 2 * HOUR)
        full = [is_full(record.database, AT + 2 * HOUR, kind) for kind in get_args(reader_reports.Kind)]
        assert dict(zip(get_args(reader_reports.Kind), full, strict=True)) == {
            "quotation": False,
            "entry": False,
            "contest": True,
        }


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
            note(record.database, report)
        forget(record, "bluesky:did:plc:moss", at=AT + 1)
        assert waiting(record.database) == [ENTRY._replace(id=1)]
        assert record.database.rows("SELECT id FROM report WHERE subject <> '' OR text <> ''") == [(1,)]
        note(record.database, QUOTED._replace(subject="bluesky:other"))
        assert waiting(record.database)[-1].id == 5, "an operator may still have the forgotten report's number"


def test_reports_are_in_backups(store_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with Record(store_url) as record:
        note(record.database, ENTRY)
        backup(record, copy)
        note(record.database, QUOTED)
    restore(copy, store_url, replace=True)
    with Record(store_url) as record:
        assert waiting(record.database) == [ENTRY._replace(id=1)]
        assert note(record.database, QUOTED) == "kept" and waiting(record.database)[-1].id == 2
