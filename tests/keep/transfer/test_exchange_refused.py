"""Bad and hostile exports are refused with file and line; the store stays as it was, and sound."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from hotpapers.base import model
from hotpapers.base.errors import NotExchange
from hotpapers.base.model import MAX_INTEGER
from hotpapers.keep.transfer.jsonl import exporter, importer
from hotpapers.record import Record
from hotpapers.record.manifest import BatchStamp, build_manifest, chain_value, genesis_value
from tests.record import made
from tests.record.made import AT

HEADER = {"kind": "header", "format": "hotpapers-record", "version": 1, "full": False}
TALLY = {
    "kind": "tally", "observed_at": AT, "paper": "arxiv:2103.00001", "network": "x", "method": "m", "reposts": 1,
    "likes": 2,
}  # fmt: skip
POST = {
    "kind": "post", "observed_at": AT, "post": "x:1", "network": "x", "account": "x:@ada", "created_at": AT,
    "text": "ä tea", "links": [],
}  # fmt: skip
PUBLICATION = {"kind": "publication", "observed_at": AT, "publication": "tea", "title": "Tea"}
COVERAGE = {"kind": "coverage", "observed_at": AT, "network": "arxiv", "from_at": 0, "until_at": 1, "state": "complete"}
LISTING = {
    "kind": "listing", "observed_at": AT, "publication": "tea", "day": "2021-03-02", "made": "", "lead": 0, "places": 0,
    "file": "",
}  # fmt: skip
ISSUE = {"kind": "issue", "observed_at": AT, "publication": "tea", "day": "2021-03-02", "edition": 1, "digest": ""}


def refused(store: str, lines: list[bytes]) -> NotExchange:
    """Why an import is refused. Checks that the store's content is sound."""
    with Record(store) as record:
        with pytest.raises(NotExchange) as problem:
            importer.import_lines(record, "theirs.jsonl", lines)
        assert not made.verified(record).findings
    assert problem.value.file == "theirs.jsonl"
    assert str(problem.value).isprintable() and len(str(problem.value)) < 400
    return problem.value


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (b"", "not a header"),
        (b"# 1. A Teapot That Learns", "not JSON"),
        (b"[]", "not an object with a kind"),
        (b'{"kind": 7}', "not an object with a kind"),
        (json.dumps(TALLY).encode(), "the first line is not a header"),
        (json.dumps({**HEADER, "format": "other"}).encode(), "the first line is not a header"),
        (json.dumps({**HEADER, "version": 2}).encode(), "version 2 of the format is not supported, only version 1"),
        (json.dumps({**HEADER, "version": "\x1b[31m" * 99}).encode(), "of the format"),
        (json.dumps({**HEADER, "full": "yes"}).encode(), "Expected `bool`"),
        (json.dumps({**HEADER, "full": True}).encode(), "without its secret"),
        (json.dumps({**HEADER, "full": True, "secret": "xyz"}).encode(), "without its secret"),
        (json.dumps({**HEADER, "full": True, "secret": "ab" * 31}).encode(), "without its secret"),
    ],
)
def test_the_first_line(sqlite_url: str, first: bytes, reason: str) -> None:
    problem = refused(sqlite_url, [first] if first else [])
    assert reason in problem.reason and problem.line == 1


BAD: list[tuple[Any, str]] = [
    (b"{", "not JSON"),
    (b"\xff\xfe", "not JSON"),
    (b'{"kind": "tally", "likes": NaN}', "not JSON"),
    (b"[" * 100_000, "not JSON"),
    (b"null", "not an object"),
    ({"kind": "teapot"}, "'teapot' is not a kind of item"),
    ({"kind": "teapot" * 99_999}, "is not a kind of item"),
    ({**TALLY, "colour": 1}, "colour"),
    ({**TALLY, "\x1b[2J\n": 1}, "unknown field"),
    ({k: v for k, v in TALLY.items() if k != "likes"}, "missing required field `likes`"),
    ({**TALLY, "likes": "2"}, "Expected `int`, got `str`"),
    ({**TALLY, "likes": 2.0}, "Expected `int`, got `float`"),
    ({**TALLY, "likes": True}, "Expected `int`, got `bool`"),
    ({**TALLY, "likes": None}, "Expected `int`, got `null`"),
    ({**TALLY, "likes": -1}, "likes is negative"),
    ({**TALLY, "reposts": MAX_INTEGER + 1}, "reposts 9007199254740992 is larger than 2^53 - 1"),
    ({**TALLY, "likes": 10**400}, "likes"),
    ({**TALLY, "observed_at": -MAX_INTEGER - 1}, "observed_at -9007199254740992 is too small"),
    ({**TALLY, "paper": "2103.00001"}, "is not a paper's key"),
    ({**TALLY, "paper": "arxiv:2113.00001"}, "is not a paper's key"),
    ({**TALLY, "network": "telegraph"}, "network 'telegraph' is not one of bluesky"),
    ({**TALLY, "row": 7}, "Expected `object`, got `int`"),
    ({**TALLY, "row": {"colour": 1}}, "colour"),
    ({**POST, "post": "1"}, "post '1' is not the key"),
    ({**POST, "network": "bluesky"}, "is not from the network 'bluesky'"),
    ({**POST, "account": "x:"}, "account 'x:' is not the key"),
    ({**POST, "reply_to": "fax:1"}, "reply_to 'fax:1' is not the key"),
    ({**POST, "links": [{"start": 0, "end": 6, "target": "https://a"}]}, "a link is outside the text"),
    ({**POST, "links": [{"start": 3, "end": 2, "target": "https://a"}]}, "a link is outside the text"),
    ({**POST, "links": [{"start": -1, "end": 2, "target": "https://a"}]}, "a link is outside the text"),
    ({**PUBLICATION, "publication": "../../etc"}, "a name consists of letters, digits and hyphens"),
    ({**PUBLICATION, "hour": 24}, "hour 24 is not between"),
    ({**PUBLICATION, "zone": "Mars/Olympus"}, "zone 'Mars/Olympus' is unknown"),
    ({**PUBLICATION, "zone": "../passwd"}, "ZoneInfo keys"),
    ({**PUBLICATION, "window": "yearly"}, "Invalid enum value 'yearly'"),
    ({**LISTING, "day": "2021-02-29"}, "'2021-02-29' is not a date"),
    ({**LISTING, "day": "20210302"}, "'20210302' is not a date"),
    ({**LISTING, "lead": -1}, "lead is negative"),
    ({**COVERAGE, "until_at": -1}, "coverage ends before it begins"),
    ({**ISSUE, "content": "{"}, "not the content of an issue: Input data was truncated"),
    ({**ISSUE, "content": "[" * 100_000}, "not the content of an issue: "),
    ({**ISSUE, "content": '{"entries": 7}'}, "Expected `array`, got `int` - at `$.entries`"),
    ({"kind": "end"}, "a line after the end"),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_a_bad_line_is_named_and_nothing_is_taken(sqlite_url: str, bad: Any, reason: str) -> None:
    line = bad if isinstance(bad, bytes) else json.dumps(bad).encode()
    good = json.dumps(TALLY).encode()
    problem = refused(sqlite_url, [json.dumps(HEADER).encode(), b"", good, line, good])
    assert reason in problem.reason, problem.reason
    assert problem.line == (5 if bad == {"kind": "end"} else 4)
    with Record(sqlite_url) as record:
        assert made.everything(record) == []


def test_what_is_odd_but_sound_is_taken(sqlite_url: str) -> None:
    odd = [
        {**TALLY, "likes": MAX_INTEGER, "observed_at": -1},
        {**TALLY, "method": "\0 and \x1b and \ud83d"},
        {**POST, "links": [{"start": 5, "end": 5, "target": ""}]},
        COVERAGE,
        {"kind": "paper", "observed_at": AT, "paper": "arxiv:hep-th/9901001", "title": "", "categories": ["so.CK"]},
    ]
    with Record(sqlite_url) as record:
        result = importer.import_lines(record, "odd", [json.dumps(line).encode() for line in [HEADER, *odd]])
        assert result.added == len(odd)
        methods = {item.method for item in made.all_rows(record, model.Tally) if isinstance(item, model.Tally)}
        assert methods == {"m", "\ufffd and \x1b and \ufffd"}


def test_a_line_without_end_is_not_read_to_its_end(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotpapers.keep.transfer.jsonl.lines.MAX_LINE_BYTES", 1000)
    problem = refused(sqlite_url, [json.dumps(HEADER).encode(), b"x" * 1001, b"x" * 500])
    assert problem.reason == "a line longer than 1,000 bytes" and problem.line == 2


def test_a_file_that_was_cut_off_is_noticed(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        record.append(made.EVERY[:9], source="test")
        for records_only in (False, True):
            lines = list(exporter.record_lines(record, records_only=records_only))
            with pytest.raises(NotExchange, match="truncated") as problem:
                importer.import_lines(record, "cut", lines[:-1])
            assert problem.value.line == len(lines)


# ---- hostile full exports with a valid chain -------------------------------------------------------------

SECRET = "ab" * 32
FULL = {**HEADER, "full": True, "secret": SECRET}
KEPT = {"salt": "00" * 16}
LOST = {"redacted": {"text": "ab"}}
WHO = [{"kind": "identity", "key": key, "salt": "00" * 16} for key in ("x:1", "x:@ada")]


def chained(lines: list[dict[str, Any]], hashes: Sequence[bytes] = (), **batch: Any) -> list[bytes]:
    """A full export of one batch, with a valid chain."""
    lists = ("closed", "pruned", "forgotten", "erased", "tombstones")
    header = {"position": 1, "at": AT, "source": "s", "cursor": None, **dict.fromkeys(lists, ()),
            "identities": sum(line["kind"] == "identity" for line in lines), **batch}  # fmt: skip
    listed = build_manifest([], hashes, **{name: header[name] for name in lists})
    stamp = BatchStamp(header["at"], header["source"], header["cursor"])
    chain = chain_value(genesis_value(bytes.fromhex(SECRET)), header["position"], stamp, listed).hex()
    fields = {name: header[name] for name in header if header[name] or name not in (*lists[2:], "identities")}
    made_up = [FULL, {"kind": "batch", "items": len(lines) - header["identities"], "chain": chain, **fields}, *lines]
    return [json.dumps(line).encode() for line in made_up]


def delivered(**changes: Any) -> list[bytes]:
    """A full export without batches, with one delivery state."""
    state = {
        "kind": "delivery_state", "publication": "tea", "day": "2021-03-02", "edition": 1, "channel": "chat",
        "target": "lab", "state": "sent", "receipt": "" if changes else 7, "at": AT,
    }  # fmt: skip
    return [json.dumps(line).encode() for line in (FULL, state | changes)]


HOSTILE: list[tuple[list[bytes], str]] = [
    (chained([], closed=[[1, 0]]), "closes a row of batch 1"),
    (chained([], closed=[[0, 0]]), "closes a row of batch 0"),
    (chained([], items=-1), "Expected `int` >= 0"),
    (chained([], items=10**30), "Expected `int`"),
    (chained([], at=2**60), "Expected `int` <= 9007199254740991"),
    (chained([], pruned=[[1, -1]]), "Expected `int` >= 0"),
    (chained([], tombstones="ab"), "Expected `array`"),
    (chained([], tombstones=["ab"]), "Expected `str` matching regex '^[0-9a-f]{32}$'"),
    (chained([], source="s\0"), "Expected `str` matching regex"),
    (chained([], cursor="\0"), "Expected `str` matching regex"),
    (chained([], colour=1), "colour"),
    (chained([{"kind": "pruned", "was": "", "hash": "00" * 32}], [bytes(32)]), "not the kind and hash"),
    (chained([{"kind": "pruned", "was": "tally", "hash": "00" * 32}], [bytes(32)]), "not the kind and hash"),
    (chained([{"kind": "pruned", "was": "snapshot", "hash": "00"}], [bytes(1)]), "not the kind and hash"),
    (chained([{"kind": "pruned", "was": ["snapshot"], "hash": "00" * 32}], [bytes(32)]), "Expected `str`"),
    (chained([*WHO, {**POST, "row": {"salt": "00"}}]), "the item's row does not fit"),
    (chained([*WHO, {**POST, "row": {**KEPT, "redacted": {"network": "ab"}}}]), "the item's row does not fit"),
    (chained([*WHO, {**POST, "row": {**KEPT, **LOST, "derived": ["x:@ada"]}}]), "the item's row does not fit"),
    (chained([*WHO, {**POST, "row": {**KEPT, **LOST, "derived": [1, 1]}}]), "the item's row does not fit"),
    (chained([*WHO, {**POST, "row": {**KEPT, **LOST, "derived": ["x:@ada", "a"]}}]), "the item's row does not fit"),
    (chained([*WHO, {**POST, "row": {**KEPT, **LOST, "derived": ["x:@ada", 2**63]}}]), "the item's row does not fit"),
    (chained([*WHO, {**POST, "row": {**KEPT, **LOST, "derived": ["x:@bo", 1]}}]), "no earlier line adds 'x:@bo'"),
    (chained([*WHO, {**POST, "row": KEPT}]), "differs from what was written"),
    (chained([{**POST, "row": KEPT}]), "no earlier line adds 'x:"),
    (chained([WHO[0], {**POST, "row": KEPT}]), "no earlier line adds 'x:@ada'"),
    (chained([WHO[0], WHO[0]]), "adds an identity that already exists"),
    (chained(WHO, identities=-1), "Expected `int` >= 0"),
    (chained(WHO, identities=3, items=0), "differs from what was written"),
    (chained(WHO, identities=1), "is not a kind of item"),
    (chained([{**WHO[0], "colour": 1}]), "colour"),
    (chained([{**WHO[0], "key": ""}]), "not an identity"),
    (chained([{**WHO[0], "key": "arxiv:2103.00001"}]), "not an identity"),
    (chained([{**WHO[0], "key": "arxiv:~ab"}]), "not an identity"),
    (chained([{**WHO[0], "salt": "00" * 15}]), "not an identity"),
    (chained([{**WHO[0], "salt": ""}]), "not an identity"),
    (chained([{**WHO[0], "commitment": "ab" * 32}]), "not an identity"),
    (chained([{**WHO[0], "salt": "", "commitment": "ab" * 31}]), "not an identity"),
    (chained([], erased=[[0, 0]]), "Expected `array` of length 3"),
    ([json.dumps(FULL).encode(), json.dumps(TALLY).encode()], "expected a batch"),
    (delivered(), "Expected `str`"),
    (delivered(state="lost"), "Invalid enum value 'lost'"),
    (delivered(edition=-1), "Expected `int` >= 0"),
    (delivered(at=2**60), "Expected `int` <= 9007199254740991"),
    (delivered(day="yesterday"), "'yesterday' is not a date"),
    (delivered(publication="../../etc"), "publication '../../etc'"),
    (delivered(target=""), "target is empty"),
    (delivered(colour=1), "colour"),
    ([*delivered(at=1), *chained([])[1:]], "Invalid value 'batch'"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "reason"), HOSTILE, ids=[f"{n} {reason}" for n, (_, reason) in enumerate(HOSTILE)])
def test_a_hostile_full_export(sqlite_url: str, lines: list[bytes], reason: str) -> None:
    problem = refused(sqlite_url, lines)
    assert reason in problem.reason, problem.reason
    with Record(sqlite_url) as record:
        assert record.head.position == 0


def test_an_item_twice_in_a_batch_is_no_item(sqlite_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with Record(str(tmp_path_factory.mktemp("one") / "s.db")) as record:
        record.append([made.EVERY[-8]], source="s")
        tally = json.loads(list(exporter.record_lines(record))[2])
        one_hash = record.view().latest(type(made.EVERY[-8]))[0].hash
    problem = refused(sqlite_url, chained([tally, tally], [one_hash] * 2))
    assert "has the same tally twice" in problem.reason


def test_a_row_can_be_closed_once_and_only_a_snapshot_pruned(
    sqlite_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Record(str(tmp_path_factory.mktemp("one") / "s.db")) as record:
        record.append([made.EVERY[-8]], source="s")
        first = record.head.chain
        lines = list(exporter.record_lines(record))[:-1]
    lines[0] = json.dumps({**json.loads(lines[0]), "end": False}).encode()
    for closed, pruned in (([(1, 0), (1, 0)], []), ([(1, 7)], []), ([], [(1, 0)]), ([], [(1, 7)])):
        listed = build_manifest([], [], closed=closed, pruned=pruned)
        batch = {
            "kind": "batch", "position": 2, "at": AT, "source": "s", "cursor": None, "items": 0, "closed": closed,
            "pruned": pruned, "chain": chain_value(first, 2, BatchStamp(AT, "s"), listed).hex(),
        }  # fmt: skip
        problem = refused(sqlite_url, [*lines, json.dumps(batch).encode()])
        assert "which does not exist" in problem.reason
