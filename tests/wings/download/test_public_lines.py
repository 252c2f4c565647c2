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

from hotpapers.base.model import Account, Alias, Item
from hotpapers.base.networks import network_names
from hotpapers.discussion.moderation import quotation_policy
from hotpapers.keep.transfer.jsonl.exporter import record_lines
from hotpapers.keep.transfer.jsonl.importer import import_lines
from hotpapers.publish.query import QuerySession
from hotpapers.record import Record
from hotpapers.wings.download.public_lines import CHUNK, ExportParams, export_chunks
from tests.issues.made import judged, post, write
from tests.publish.query.query_stores import TODAY, add_talk

LATER = TODAY + 10**12


def exported_lines(session: QuerySession) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(export_chunks(session, ExportParams())).splitlines()]


def posts_in(records: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    return [line for line in records if line.get("post") == key and line["kind"] == "post"]


def hidden_verdict(subject: str) -> Item:
    return msgspec.structs.replace(judged(subject, "hidden", rule="hide", at=LATER), reason="a private matter")


def test_it_is_what_was_observed_but_for_the_words_on_x(any_session: QuerySession) -> None:
    observations = [json.loads(line) for line in record_lines(any_session.record, records_only=True)]
    records = exported_lines(any_session)
    assert records[0] == {**observations[0], "withheld": sorted(network_names())}
    assert records[-1] == {"kind": "end"}
    differences = [
        (exported, original)
        for exported, original in zip(records[1:], observations[1:], strict=True)
        if exported != original
    ]
    [(exported, original)] = differences
    assert exported == {**original, "text": "", "links": [], "handle": "", "name": ""} and exported["post"] == "x:7"


def test_neither_issues_nor_secret_nor_salts(any_session: QuerySession) -> None:
    text = b"".join(export_chunks(any_session, ExportParams())).decode()
    assert any_session.record.secret() not in text
    assert '"salt"' not in text and '"kind":"issue"' not in text and '"kind":"delivery"' not in text


def deletion() -> Iterator[Item]:
    yield from post(1, "bluesky:again", LATER, gone="deleted", account="bluesky:by-1")[:1]


@pytest.mark.parametrize(
    "changes",
    [
        list(deletion()),
        post(1, "bluesky:again", LATER, limits=("no-quote",))[:1],
        [hidden_verdict("bluesky:again")],
        [hidden_verdict("bluesky:by-1")],
        [hidden_verdict("bluesky:@one"), Alias(account="bluesky:@one", stable="bluesky:by-1", observed_at=LATER)],
    ],
    ids=["gone", "no quoting", "hidden", "hidden account", "hidden by its handle"],
)
def test_words_that_may_not_be_shown_now_stay_here(session: QuerySession, changes: list[Item]) -> None:
    """Even in observations made earlier."""
    write(session.record, changes, Account(account="bluesky:by-1", handle="one", name="One Sparrow", observed_at=TODAY))
    records = exported_lines(session)
    posts = posts_in(records, "bluesky:again")
    assert len(posts) >= 1 and all((item["text"], item["handle"], item["name"]) == ("", "", "") for item in posts)
    assert posts_in(records, "bluesky:robot")[0]["text"] == "A new paper."
    accounts = [line for line in records if line["kind"] == "account"]
    is_hidden = isinstance(changes[0], type(hidden_verdict(""))) and changes[0] != hidden_verdict("bluesky:again")
    assert [(account["handle"], account["name"]) for account in accounts] == [
        ("", "") if is_hidden else ("one", "One Sparrow")
    ]


def test_no_handle_of_a_hidden_account_is_told(session: QuerySession) -> None:
    """Whichever of its handles was hidden, and however the handles are sorted."""
    aliases = [Alias(account=f"bluesky:@{name}", stable="bluesky:by-1", observed_at=LATER) for name in ("ada", "one")]
    other_alias = Alias(account="bluesky:@two", stable="bluesky:by-2", observed_at=LATER)
    ada = Account(account="bluesky:@ada", handle="ada", name="Ada", observed_at=TODAY)
    write(session.record, [*aliases, other_alias], ada)
    assert [line["account"] for line in exported_lines(session) if line["kind"] == "alias"] == [
        "bluesky:@ada", "bluesky:@one", "bluesky:@two",
    ]  # fmt: skip
    write(session.record, [hidden_verdict("bluesky:@one")])
    records = exported_lines(session)
    assert [line["account"] for line in records if line["kind"] == "alias"] == ["bluesky:@two"]
    assert [line["name"] for line in records if line["kind"] == "account"] == [""]


def test_words_that_do_not_pass_the_gate_stay_here(session: QuerySession) -> None:
    """A reply to somebody, and words on the operator's blocklist."""
    write(session.record, post(1, "bluesky:reply", LATER, text="No, you.", reply_to="bluesky:somebody"))
    quotation_policy.save_blocklist(session.record.database, quotation_policy.Blocklist(words=("once more",)))
    records = exported_lines(session)
    texts = {line["post"]: line["text"] for line in records if line["kind"] == "post" and line["network"] == "bluesky"}
    assert (texts["bluesky:reply"], texts["bluesky:again"], texts["bluesky:robot"]) == ("", "", "A new paper.")


@pytest.mark.parametrize("handle", ["one.example", "renamed.example"])
def test_no_words_of_an_account_are_told_that_has_or_had_a_blocked_handle(session: QuerySession, handle: str) -> None:
    """Posts from a stream have no handle, and people rename themselves."""
    post_again = post(1, "bluesky:stream", LATER, account="bluesky:by-1", handle="")
    names = [
        Account(account="bluesky:by-1", handle=name, name="One Sparrow", observed_at=TODAY + n)
        for n, name in enumerate(("one.example", "renamed.example"))
    ]
    write(session.record, post_again, names)
    blocked = quotation_policy.Blocklist(accounts=(f"bluesky:@{handle}",))
    quotation_policy.save_blocklist(session.record.database, blocked)
    records = exported_lines(session)
    assert [line["text"] for line in posts_in(records, "bluesky:stream")] == [""]
    assert {line["text"] for line in posts_in(records, "bluesky:again")} == {""}
    assert posts_in(records, "bluesky:robot")[0]["text"]


@pytest.mark.parametrize(("word", "is_shown"), [("never", True), ("edited", False)])
def test_words_that_were_edited_away_stay_here(session: QuerySession, word: str, is_shown: bool) -> None:
    """The current ones are told unless they are blocked, as elsewhere."""
    write(session.record, post(1, "bluesky:edited", LATER, text="Words that its author regrets")[0])
    write(session.record, post(1, "bluesky:edited", LATER, text="Words as edited", observed_at=LATER + 1)[0])
    quotation_policy.save_blocklist(session.record.database, quotation_policy.Blocklist(words=(word,)))
    texts = [line["text"] for line in posts_in(exported_lines(session), "bluesky:edited")]
    assert texts == ["", "Words as edited" if is_shown else ""]


def test_what_was_hidden_and_why_is_not_told(session: QuerySession) -> None:
    write(session.record, hidden_verdict("bluesky:again"))
    records = exported_lines(session)
    assert "a private matter" not in json.dumps(records)
    assert [line["judgement"] for line in records if line["kind"] == "verdict"] == ["bot"]


def test_a_mirror_takes_it_in_and_again(session: QuerySession, tmp_path: Path) -> None:
    """A store that already has the words keeps them, and counts no line as new."""
    write(session.record, hidden_verdict("bluesky:again"))
    export_lines = [line + b"\n" for line in b"".join(export_chunks(session, ExportParams())).splitlines()]
    with Record(f"{tmp_path}/mirror.db") as mirror:
        import_lines(mirror, "export.jsonl", export_lines)
        assert [line for line in exported_lines(QuerySession(mirror))[1:]] == [
            json.loads(line) for line in export_lines[1:]
        ]
        assert import_lines(mirror, "export.jsonl", export_lines).added == 0
    assert import_lines(session.record, "export.jsonl", export_lines).added == 0


def test_it_comes_in_chunks(sample_session: QuerySession) -> None:
    chunks = list(export_chunks(sample_session, ExportParams()))
    assert all(CHUNK <= len(chunk) < 2 * CHUNK for chunk in chunks[:-1]) and len(chunks) > 5


def test_entries_as_a_table_and_as_references(sample_session: QuerySession) -> None:
    table = b"".join(export_chunks(sample_session, ExportParams(format="csv"))).decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == 81 and rows[0]["publication"] == "hot-papers"
    references = b"".join(export_chunks(sample_session, ExportParams(format="bibtex"))).decode()
    assert references.count("@misc{") == 81


def test_two_exports_of_the_same_moment_are_the_same(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        add_talk(record)
        assert exported_lines(QuerySession(record)) == exported_lines(QuerySession(record))
