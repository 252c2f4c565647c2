"""Every text in a store that a source can write: `forget_key` finds a name there, or it is never written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from hotpapers.base import model
from hotpapers.base.model import RawPayload
from hotpapers.collect.collect_job import TimeRange
from hotpapers.jobs.job_state import JobState
from hotpapers.jobs.queries import save_state
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record, schema
from hotpapers.record.tombstones import ForgottenNames, names_of_all
from hotpapers.wings.forms.queries import ReaderReport, store_report
from tests.keep.privacy import traces
from tests.keep.privacy.test_forget_escaped import (
    ADA,
    DID,
    HANDLE,
    HANDLES,
    NESTED_URL,
    NUMBER,
    POST,
    SHARE_URL,
    _items,
)
from tests.parsing import parse_all
from tests.record import made
from tests.record.made import AT

ERRORS = (
    "https://api.example/{}: answered 404", "https://api.example/x/{}/feed?a=b: timed out",
    "counts: https://a.example/{} through the proxy http://p.example:80: refused", "the server says: {} is suspended",
    "2 of 5 servers: social.example: no account ({}); again in 30s", "account {}, answered 403", "'{}' is not a list",
    "unknown: {}.", "at://{}/app.bsky.feed.post/1 is gone", "wss://stream.example/?did={}", "list “{}” is empty",
)  # fmt: skip
"""How errors say what was asked for, and what a server answered."""


def _refuse(reason: str) -> Callable[[RawPayload], list[model.Item]]:
    """A parser that cannot read a payload."""

    def parse(payload: RawPayload) -> list[model.Item]:
        raise ValueError(reason)

    return parse


def reason_of(error: str) -> str:
    """What the record keeps of an error as coverage."""
    return TimeRange("bluesky", AT, AT + 1, AT + 1).read("refused", error).reason


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(("handle", "written"), HANDLES, ids=range(len(HANDLES)))
def test_no_coverage_names_an_account(handle: str, written: str, error: str) -> None:
    known = ForgottenNames(names_of_all([f"mastodon:@{handle}"]))
    assert known.stand_in(error.format(written)) and not known.stand_in(reason_of(error.format(written)))


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("written", [DID, HANDLE, POST, ADA, NUMBER, SHARE_URL, NESTED_URL, DID.replace(":", "%3A")])
def test_no_coverage_names_a_key_or_a_post(written: str, error: str) -> None:
    names = names_of_all([ADA, POST, f"bluesky:@{HANDLE}"])
    assert not ForgottenNames(names).stand_in(reason_of(error.format(written)))


@pytest.mark.parametrize(
    "error",
    [
        "https://social.example: answered 503 Service Unavailable; again in 30s",
        "2 of 5 servers could not be read: social.example: timed out; other.example: more than 40 pages",
        "what was said before it could be read is no longer to be had",
        "counts: https://api.example:8443: Connection refused",
        model.BEGAN, model.READ_BACK,
    ],
)  # fmt: skip
def test_coverage_still_says_what_failed(error: str) -> None:
    assert reason_of(error) == error


HASHED = {
    "batch", "cursor", "paper", "announcement", "listing", "place", "shown", "tally", "verdict", "publication", "issue",
    "delivery", "measurement", "notice", "alias", "mention", "reaction", "snapshot", "coverage",
}  # fmt: skip
"""Rows that batches prove, and whose texts name no account: they are ours, or about papers, or, in coverage, as above.
Accounts and posts are in them as numbers."""
FROM_US = {
    "meta", "tombstone", "copy", "lease", "pace", "search_state", "search_paper", "search_entry", "search_word",
    "subscriber", "delivery_state",
}  # fmt: skip
"""Texts that no source writes."""


def test_every_table_with_texts_is_looked_at(tmp_path: Path) -> None:
    with Record(str(tmp_path / "s.db")) as record:
        rows = record.database.rows("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
    with_texts = {name for name, sql in rows if re.search(r"\bTEXT\b|\bBLOB\b", sql or "") and "fts" not in name}
    planted = {"raw", "quarantine", "job_state", "report", "reaction_post", "post", "account", "identity", "recount"}
    assert with_texts <= HASHED | FROM_US | planted, schema.FORMAT


def test_a_name_in_every_text_that_a_source_writes_is_gone(store_url: str, tmp_path: Path) -> None:
    words = (HANDLE, NUMBER, DID.rpartition(":")[2])
    texts = (f"@{HANDLE}", f"https://bsky.app/profile/{DID}", SHARE_URL, f"number {NUMBER}")
    with Record(store_url) as record:
        made.rich(record)
        record.append(_items(), source="test")
        for at, text in enumerate(texts):
            save_state(record, JobState(source=f"source{at}", reason=f"{text}: answered 500"))
            store_report(record.database, ReaderReport(0, AT, "entry", "d", "arxiv:2405.00001", "", f"See {text}"))
            record.append(
                [TimeRange("bluesky", AT + at, AT + at + 1, AT).read("refused", f"{text}: 404")], source="test"
            )
            body = f'{{"n": {at}}}'.encode()
            record.ingest(parse_all(_refuse(text), [RawPayload("post", f"{at}", body, AT)]), source="net")
            record.ingest(parse_all(_refuse("unreadable"), [RawPayload("post", text, body, AT)]), source="net")
            record.ingest(
                parse_all(_refuse("unreadable"), [RawPayload("post", f"b{at}", text.encode(), AT)]), source="net"
            )
        assert {word for word, _ in traces.where_found(traces.store_bytes(record), words)} == set(words)
        forget_key(record, ADA)
        places = {**traces.store_bytes(record), **traces.exports_of(record, tmp_path)}
        assert not traces.where_found(places, words)
        assert not made.verified(record).findings
