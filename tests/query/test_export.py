"""The public export: what it withholds, and that it can be imported."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotpapers.model import NETWORKS, Account, Alias, Item
from hotpapers.moderation import blocklist
from hotpapers.query import QuerySession, request_params
from hotpapers.query.export import CHUNK, export
from hotpapers.store import Record
from hotpapers.transfer.jsonl.exporter import lines
from hotpapers.transfer.jsonl.importer import import_lines
from tests.issues.made import judged, post, write
from tests.query.made import TODAY, talked

LATER = TODAY + 10**12


def taken(session: QuerySession) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(export(session, request_params.ExportParams())).splitlines()]


def post_in(found: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    return [line for line in found if line.get("post") == key and line["kind"] == "post"]


def hidden(subject: str) -> Item:
    return msgspec.structs.replace(judged(subject, "hidden", rule="hide", at=LATER), reason="a private matter")


def test_it_is_what_was_observed_but_for_the_words_on_x(any_desk: QuerySession) -> None:
    whole = [json.loads(line) for line in lines(any_desk.record, records_only=True)]
    found = taken(any_desk)
    assert found[0] == {**whole[0], "withheld": sorted(NETWORKS)}
    assert found[-1] == {"kind": "end"}
    changed = [(ours, theirs) for ours, theirs in zip(found[1:], whole[1:], strict=True) if ours != theirs]
    [(ours, theirs)] = changed
    assert ours == {**theirs, "text": "", "links": [], "handle": "", "name": ""} and ours["post"] == "x:7"


def test_neither_issues_nor_secret_nor_salts(any_desk: QuerySession) -> None:
    text = b"".join(export(any_desk, request_params.ExportParams())).decode()
    assert any_desk.record.secret() not in text
    assert '"salt"' not in text and '"kind":"issue"' not in text and '"kind":"delivery"' not in text


def gone() -> Iterator[Item]:
    yield from post(1, "bluesky:again", LATER, gone="deleted", account="bluesky:by-1")[:1]


@pytest.mark.parametrize(
    "why",
    [
        list(gone()),
        post(1, "bluesky:again", LATER, limits=("no-quote",))[:1],
        [hidden("bluesky:again")],
        [hidden("bluesky:by-1")],
        [hidden("bluesky:@one"), Alias(account="bluesky:@one", stable="bluesky:by-1", observed_at=LATER)],
    ],
    ids=["gone", "no quoting", "hidden", "hidden account", "hidden by its handle"],
)
def test_words_that_may_not_be_shown_now_stay_here(session: QuerySession, why: list[Item]) -> None:
    """Even in observations made earlier."""
    write(session.record, why, Account(account="bluesky:by-1", handle="one", name="One Sparrow", observed_at=TODAY))
    found = taken(session)
    again = post_in(found, "bluesky:again")
    assert len(again) >= 1 and all((one["text"], one["handle"], one["name"]) == ("", "", "") for one in again)
    assert post_in(found, "bluesky:robot")[0]["text"] == "A new paper."
    by_one = [line for line in found if line["kind"] == "account"]
    is_hidden = isinstance(why[0], type(hidden(""))) and why[0] != hidden("bluesky:again")
    assert [(one["handle"], one["name"]) for one in by_one] == [("", "") if is_hidden else ("one", "One Sparrow")]


def test_no_handle_of_a_hidden_account_is_told(session: QuerySession) -> None:
    """Whichever of its handles was hidden, and however the handles are sorted."""
    aliases = [Alias(account=f"bluesky:@{name}", stable="bluesky:by-1", observed_at=LATER) for name in ("ada", "one")]
    other = Alias(account="bluesky:@two", stable="bluesky:by-2", observed_at=LATER)
    ada = Account(account="bluesky:@ada", handle="ada", name="Ada", observed_at=TODAY)
    write(session.record, [*aliases, other], ada)
    assert [line["account"] for line in taken(session) if line["kind"] == "alias"] == [
        "bluesky:@ada", "bluesky:@one", "bluesky:@two",
    ]  # fmt: skip
    write(session.record, [hidden("bluesky:@one")])
    found = taken(session)
    assert [line["account"] for line in found if line["kind"] == "alias"] == ["bluesky:@two"]
    assert [line["name"] for line in found if line["kind"] == "account"] == [""]


def test_words_that_do_not_pass_the_gate_stay_here(session: QuerySession) -> None:
    """A reply to somebody, and words on the operator's blocklist."""
    write(session.record, post(1, "bluesky:reply", LATER, text="No, you.", reply_to="bluesky:somebody"))
    blocklist.save_blocklist(session.record.database, blocklist.Blocklist(words=("once more",)))
    found = taken(session)
    texts = {one["post"]: one["text"] for one in found if one["kind"] == "post" and one["network"] == "bluesky"}
    assert (texts["bluesky:reply"], texts["bluesky:again"], texts["bluesky:robot"]) == ("", "", "A new paper.")


def test_what_was_hidden_and_why_is_not_told(session: QuerySession) -> None:
    write(session.record, hidden("bluesky:again"))
    found = taken(session)
    assert "a private matter" not in json.dumps(found)
    assert [line["judgement"] for line in found if line["kind"] == "verdict"] == ["bot"]


def test_a_mirror_takes_it_in_and_again(session: QuerySession, tmp_path: Path) -> None:
    """A store that already has the words keeps them, and counts no line as new."""
    write(session.record, hidden("bluesky:again"))
    told = [line + b"\n" for line in b"".join(export(session, request_params.ExportParams())).splitlines()]
    with Record(f"{tmp_path}/mirror.db") as mirror:
        import_lines(mirror, "export.jsonl", told)
        assert [line for line in taken(QuerySession(mirror))[1:]] == [json.loads(line) for line in told[1:]]
        assert import_lines(mirror, "export.jsonl", told).added == 0
    assert import_lines(session.record, "export.jsonl", told).added == 0


def test_it_comes_in_chunks(sampled: QuerySession) -> None:
    chunks = list(export(sampled, request_params.ExportParams()))
    assert all(CHUNK <= len(chunk) < 2 * CHUNK for chunk in chunks[:-1]) and len(chunks) > 5


def test_entries_as_a_table_and_as_references(sampled: QuerySession) -> None:
    table = b"".join(export(sampled, request_params.ExportParams(format="csv"))).decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == 81 and rows[0]["publication"] == "hot-papers"
    references = b"".join(export(sampled, request_params.ExportParams(format="bibtex"))).decode()
    assert references.count("@misc{") == 81


def test_two_exports_of_the_same_moment_are_the_same(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        talked(record)
        assert taken(QuerySession(record)) == taken(QuerySession(record))
