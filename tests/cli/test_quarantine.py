"""`quarantine`, `reprocess` and `repair`."""

from __future__ import annotations

import os
import pty
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from hotpapers import cli
from hotpapers.base.model import DAY, Item, Paper, RawPayload
from hotpapers.collect.sources import CORE
from hotpapers.record import Record
from hotpapers.wings.lobsters.source import LobstersSettings, LobstersSource
from tests.cli.run import good, misuse, run
from tests.parsing import parse_all

AT = 1_773_324_000_000_000
"""2026-03-12 14:00 UTC, µs."""
STORY = {"short_id": "a11001", "created_at": "2026-03-12T09:00:00.000-05:00", "title": "Kettles",
         "url": "https://arxiv.org/abs/2603.01001", "score": 3, "submitter_user": "tansy"}  # fmt: skip


def fail_to_read(_: RawPayload) -> Iterable[Item]:
    raise ValueError("what is\n\x1b[31mthis?")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with three raw payloads in quarantine, one of which can now be read."""
    file = tmp_path / "hotpapers.db"
    with Record(str(file)) as record:
        payloads = [
            RawPayload("post", "a11001", msgspec.json.encode(STORY), AT),
            RawPayload("post", "\x1b]0;", b"\xff\x1b[2J!", AT),
        ]
        record.ingest(parse_all(fail_to_read, payloads, 9 * DAY), source="lobsters")
        record.ingest(parse_all(fail_to_read, [RawPayload("entry", "e", b"x" * 5000, AT)], 9 * DAY), source="feeds")
    return file


# ---- quarantine ------------------------------------------------------------------------------------------


def test_the_latest_are_listed_with_their_reasons(store: Path) -> None:
    reason = "ValueError: what is \ufffd[31mthis?"
    assert good("quarantine", "--store", store) == (
        f"     3  2026-03-12 14:00 UTC  feeds entry e: {reason}\n"
        f"     2  2026-03-12 14:00 UTC  lobsters post \ufffd]0;: {reason}\n"
        f"     1  2026-03-12 14:00 UTC  lobsters post a11001: {reason}\n"
        "3 payloads. By source: 1 of feeds, 2 of lobsters. `hotpapers quarantine NUMBER` shows one.\n"
    )
    text = good("quarantine", "--source", "lobsters", "--last", "1", "--store", store)
    assert text.splitlines()[-1].startswith("2 payloads, the latest 1 shown. By source: ")
    listing = run("quarantine", "--json", "--store", store).json
    assert listing["sources"] == {"feeds": 1, "lobsters": 2}
    assert [row["number"] for row in listing["quarantine"]] == [3, 2, 1]


def test_one_is_shown_with_nothing_in_it_that_a_terminal_would_obey(store: Path) -> None:
    output = good("quarantine", "2", "--store", store)
    assert "\x1b" not in output and output.splitlines()[-1] == r"\xff" + "\ufffd[2J!"
    assert "kept until 2026-03-21 14:00 UTC" in output
    assert "payload    5 kB, its first 4,000 characters:" in good("quarantine", "3", "--store", store)
    assert run("quarantine", "3", "--json", "--store", store).json["body"] == "x" * 5000


def test_what_is_not_there(store: Path, tmp_path: Path) -> None:
    message = "9: no such payload in quarantine; `hotpapers quarantine` lists them"
    assert misuse("quarantine", "9", "--store", store) == message
    with Record(str(tmp_path / "empty.db")):
        pass
    assert good("quarantine", "--store", tmp_path / "empty.db") == "quarantine is empty\n"
    other = good("quarantine", "--source", "reddit", "--store", store)
    assert other == "nothing of reddit in quarantine, only of feeds, lobsters\n"
    assert "is not in the range" in run("quarantine", "9" * 20, "--store", store).err


# ---- reprocess -------------------------------------------------------------------------------------------


def test_what_would_change_is_said_and_done(store: Path) -> None:
    plan = (
        "lobsters: 0 payloads kept, 2 in quarantine\n"
        "would close    0 rows\n"
        "would add      4 rows: 1 post, 1 account, 1 snapshot, 1 mention\n"
        "can be read    1 of 2 in quarantine\n"
    )
    assert good("reprocess", "lobsters", "--yes", "--store", store) == f"{plan}done: 0 rows closed, 4 added\n"
    assert good("reprocess", "lobsters", "--store", store) == (
        "lobsters: 1 payload kept, 1 in quarantine\nnothing to change\n"
    )
    assert run("reprocess", "lobsters", "--json", "--store", store).json["done"] is False
    assert "verified" in good("verify", "--all", "--store", store)


def test_nobody_is_there_to_be_asked(store: Path) -> None:
    result = run("reprocess", "lobsters", "--store", store)
    assert result.status == 2 and result.err.endswith("not a terminal; pass --yes to change the record\n")
    assert "would add      4 rows" in result.out, "the planned changes are printed nevertheless"
    assert len(run("quarantine", "--json", "--store", store).json["quarantine"]) == 3


@pytest.mark.parametrize(("answer", "status"), [(b"yes\n", 0), (b"no\n", 1)])
def test_a_person_is_asked(
    store: Path, answer: bytes, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    primary, secondary = pty.openpty()
    os.write(primary, answer)
    with os.fdopen(secondary, "r") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        assert cli.run_command(["reprocess", "lobsters", "--store", str(store)]) == status
    os.close(primary)
    output = capsys.readouterr()
    assert output.err.startswith("Apply these changes? [y/N]: ")
    assert ("nothing was changed" in output.err) == (status == 1)
    with Record(str(store)) as record:
        assert (record.head.position == 0) == (status == 1)


def test_what_can_no_longer_be_read_is_told_and_stays(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class WorseSource(LobstersSource):
        def read(self, payload: RawPayload) -> Iterable[Item]:
            raise ValueError("not today")

    good("reprocess", "lobsters", "--yes", "--store", store)
    monkeypatch.setitem(CORE, "lobsters", (WorseSource, LobstersSettings))
    assert good("reprocess", "lobsters", "--store", store).splitlines()[1:] == [
        "can no longer be read: 1 payload; their rows stay", "nothing to change",
    ]  # fmt: skip


def test_a_source_that_there_is_not(store: Path) -> None:
    assert misuse("reprocess", "telegraph", "--store", store).startswith(
        "telegraph: no such source; known sources: arxiv,"
    )


# ---- repair ----------------------------------------------------------------------------------------------


def test_rows_without_a_key_are_named_and_closed(store: Path) -> None:
    assert good("repair", "--store", store) == "nothing to repair\n"
    with Record(str(store)) as record:
        record.append([Paper(paper="", title="A Teapot without a Number", observed_at=AT)], source="older")
    finding = "unusable: paper  (row 1 lacks its key; `hotpapers repair` closes it)"
    for command in ("status", "verify"):
        result = run(command, *(["--all"] if command == "verify" else []), "--store", store)
        assert result.status == 1 and finding in result.out + result.err
    assert run("repair", "--json", "--store", store).json == {"closed": [{"kind": "paper", "number": 1}]}
    assert good("repair", "--store", store) == "nothing to repair\n"
    assert run("status", "--store", store).status == 0
