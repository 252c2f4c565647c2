"""The exchange format: exporting, and importing into empty, interrupted and filled stores."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import zstandard

from hotpapers.base import model
from hotpapers.base.errors import BusyStore, FullStore, NotExchange, StoreError
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.keep.transfer import queries
from hotpapers.keep.transfer.jsonl import exporter, importer
from hotpapers.keep.transfer.jsonl.importer import ImportResult
from hotpapers.record import Record, batches
from hotpapers.record.batches import load_manifest
from tests.conftest import ROOT
from tests.parsing import parse_all
from tests.record import made
from tests.record.made import AT


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    with Record(store_url) as record:
        made.rich(record)
        observed = [item for item in made.EVERY if not isinstance(item, model.Issue | model.Delivery)]
        record.append(observed, source="test")
        record.append([made.with_other_words(item) for item in observed], source="test")
        yield record


def kinds(lines: list[bytes]) -> list[str]:
    return [msgspec.json.decode(line)["kind"] for line in lines]


# ---- a full export ---------------------------------------------------------------------------------------


def test_a_full_export_comes_back_as_it_was(record: Record, other_url: str) -> None:
    exported = list(exporter.record_lines(record))
    with Record(other_url) as other:
        result = importer.import_lines(other, "export", exported)
        assert result == ImportResult(restored=record.head.position)
        assert other.head == record.head and other.secret() == record.secret()
        assert list(exporter.record_lines(other)) == exported
        assert made.everything(other) == made.everything(record)
        assert made.all_rows(other, model.Issue) == made.all_rows(record, model.Issue) != []
        assert made.verified(other) == made.verified(record) and not made.verified(other).findings
        assert importer.import_lines(other, "export", exported) == ImportResult(present=record.head.position)
        assert list(exporter.record_lines(other)) == exported
        name, day = "hot-papers", "2021-03-02"
        issues = [RecordIssueReader(source).issue(name, day) for source in (record, other)]
        assert issues[0] == issues[1] and issues[0].printed


def test_lines_are_in_the_order_of_batches_and_manifests(record: Record) -> None:
    lines = list(exporter.record_lines(record))
    docs = [msgspec.json.decode(line) for line in lines]
    assert (docs[0]["kind"], docs[-1]) == ("header", {"kind": "end"})
    positions = [row["position"] for row in docs if row["kind"] == "batch"]
    assert positions == list(range(1, record.head.position + 1))
    sizes = [row.get("identities", 0) + row["items"] for row in docs if row["kind"] == "batch"]
    assert len(lines) == 2 + len(positions) + sum(sizes)
    for position, listed in zip(positions, map(partial(load_manifest, record.database), positions), strict=True):
        first = docs.index(next(row for row in docs if row.get("position") == position and row["kind"] == "batch")) + 1
        count = docs[first - 1].get("identities", 0)
        assert {row["kind"] for row in docs[first : first + count]} <= {"identity"}
        rows = docs[first + count : first + sizes[position - 1]]
        assert [row["kind"] for row in rows] == [kind for kind, _ in listed.rows()]
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)


def test_an_interrupted_import_goes_on_where_it_ended(record: Record, other_url: str) -> None:
    exported = list(exporter.record_lines(record))
    with Record(other_url) as other:
        for upto in (1, 2, len(exported) // 3, len(exported) // 2):
            with pytest.raises(NotExchange):
                importer.import_lines(other, "export", exported[:upto])
        assert 0 < other.head.position < record.head.position
        importer.import_lines(other, "export", exported)
        assert list(exporter.record_lines(other)) == exported and not made.verified(other).findings


def test_into_a_store_with_content_items_come_as_new_batches_and_issues_stay_out(
    record: Record, other_url: str
) -> None:
    exported = list(exporter.record_lines(record))
    issues = len(made.all_rows(record, model.Issue))
    with Record(other_url) as other:
        other.append([made.later(made.EVERY[5], 77)], source="here")
        secret = other.secret()
        result = importer.import_lines(other, "export", exported)
        assert (result.restored, result.issues_left) == (0, issues)
        assert result.added > 100 and other.secret() == secret
        assert made.all_rows(other, model.Issue) == [] and not made.verified(other).findings
        observed = [kind for kind in model.KINDS if kind not in (model.Issue, model.Delivery, model.Shown)]
        for kind in observed:
            assert set(made.all_rows(record, kind)) <= set(made.all_rows(other, kind)), kind
        again = importer.import_lines(other, "export", exported)
        assert (again.added, again.later) == (0, 0)
        publication = freeze.publication_of(other, "hot-papers")
        frozen = freeze.freeze_issue(other, publication, "2021-03-02")
        assert frozen.content.entries[0].counts == _entries(record)[0].counts


def _entries(record: Record) -> tuple[model.Entry, ...]:
    return RecordIssueReader(record).issue("hot-papers", "2021-03-02").content.entries


def test_a_store_that_went_another_way_takes_the_rest_as_new(record: Record, other_url: str) -> None:
    exported = list(exporter.record_lines(record))
    with Record(other_url) as other:
        with pytest.raises(NotExchange):
            importer.import_lines(other, "export", exported[: len(exported) // 2])
        restored = other.head.position
        other.append([made.later(made.EVERY[5], 77)], source="here")
        result = importer.import_lines(other, "export", exported)
        assert (result.restored, result.present) == (0, restored) and result.added > 0
        assert not made.verified(other).findings


def test_what_goes_on_under_another_secret_comes_as_new(store_url: str, other_url: str) -> None:
    with Record(store_url) as record, Record(other_url) as other:
        made.listings(record)
        exported = list(exporter.record_lines(record))
        second = next(n for n, line in enumerate(exported) if b'"kind":"batch","position":2' in line)
        with pytest.raises(NotExchange, match="truncated"):
            importer.import_lines(other, "export", exported[:second])
        exported[0] = exported[0].replace(record.secret().encode(), b"ab" * 32)
        result = importer.import_lines(other, "export", exported)
        assert (result.restored, result.present) == (0, 1) and result.added > 0 and other.secret() == record.secret()
        assert not made.verified(other).findings


def test_what_a_better_reading_closed_is_closed_again(store_url: str, other_url: str) -> None:
    """The new row has the same key as the row that its batch closes: it must not count as already present."""
    with Record(store_url) as record, Record(other_url) as other:
        payload = model.RawPayload("counts", "k", b'{"post": "x:7", "likes": 3, "reposts": 9}', AT)
        record.ingest(parse_all(made.counts_of, [payload]), source="s")
        record.reprocess("s", made.better_counts_of)
        exported = list(exporter.record_lines(record))
        importer.import_lines(other, "export", exported)
        assert made.everything(other) == made.everything(record)
        rows = "SELECT likes, reposts, since, until FROM snapshot ORDER BY id"
        assert other.database.rows(rows) == record.database.rows(rows) == [(3, None, 1, 2), (3, 9, 2, 0)]
        with Record(f"{store_url}2" if "sqlite" in store_url else f"{other_url}2") as third:
            third.append([made.EVERY[0]], source="here")
            result = importer.import_lines(third, "export", exported)
            assert (result.added, result.later) == (1, 0), "what is superseded does not come along"


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("changed count", "the item differs from what was written"),
        ("changed count and check", "batch 1 differs from what was written"),
        ("line removed", "a batch begins before the previous one is complete"),
        ("line twice", "differs from what was written"),
        ("changed header", "batch 1 differs from what was written"),
        ("batch removed", "expected a batch"),
        ("first batch removed with its items", "batch 2 follows batch 0"),
    ],
)
def test_a_changed_line_is_refused_and_named(sqlite_url: str, tmp_path: Path, what: str, reason: str) -> None:
    with Record(sqlite_url) as record:
        made.listings(record)
        lines = list(exporter.record_lines(record))
    first = next(n for n, kind in enumerate(kinds(lines)) if kind == "tally")
    batch = max(n for n, kind in enumerate(kinds(lines)) if kind == "batch" and n < first)
    header = json.loads(lines[batch])
    after = batch + 1 + header["identities"] + header["items"]
    number = {"line removed": after, "line twice": None}.get(what, batch + 1)
    if what == "changed count":
        lines[first] = lines[first].replace(b'"reposts":', b'"reposts":1')
        number = first + 1
    elif what == "changed count and check":
        tally = json.loads(lines[first])
        lines[first] = json.dumps({**tally, "likes": 99, "row": {}}).encode()
    elif what == "line removed":
        del lines[first]
    elif what == "line twice":
        lines.insert(first, lines[first])
    elif what == "changed header":
        lines[batch] = lines[batch].replace(b'"source":"classic"', b'"source":"me"')
    elif what == "batch removed":
        del lines[batch]
    else:
        del lines[batch:after]
    with Record(str(tmp_path / "other.db")) as other:
        with pytest.raises(NotExchange, match=reason) as refused:
            importer.import_lines(other, "export.jsonl", lines)
        assert refused.value.file == "export.jsonl"
        assert number is None or refused.value.line == number
        assert not made.verified(other).findings, "the batches before it are whole"


# ---- records only ----------------------------------------------------------------------------------------


def test_records_are_what_was_observed_and_nothing_secret(record: Record, other_url: str) -> None:
    lines = list(exporter.record_lines(record, records_only=True))
    assert record.secret().encode() not in b"".join(lines) and b'"row"' not in b"".join(lines)
    sequence = kinds(lines)
    order = ["header", *(model.kind_of(kind) for kind in model.KINDS), "end"]
    assert sequence == sorted(sequence, key=order.index)
    assert not {"issue", "delivery", "batch"} & set(sequence)
    with Record(other_url) as other:
        result = importer.import_lines(other, "records", lines)
        assert result.added == len(lines) - 2 and result.restored == 0
        assert list(exporter.record_lines(other, records_only=True)) == lines
        assert importer.import_lines(other, "records", lines).known == len(lines) - 2
        assert not made.verified(other).findings


def test_one_changed_count_changes_the_order_of_the_listing(store_url: str, other_url: str) -> None:
    with Record(store_url) as record:
        made.listings(record)
        lines = list(exporter.record_lines(record, records_only=True))
    [at] = [n for n, line in enumerate(lines) if b'"kind":"tally"' in line and b"2103.99902" in line]
    lines[at] = lines[at].replace(b'"likes":0', b'"likes":9000')
    with Record(other_url) as other:
        importer.import_lines(other, "records", lines)
        freeze.freeze_issue(other, freeze.publication_of(other, None), "2021-03-02")
        entries = RecordIssueReader(other).issue("hot-papers", "2021-03-02").content.entries
    counted = {entry.paper: (entry.classic_rank, entry.counts[0].reposts, entry.counts[0].likes) for entry in entries}
    assert counted == {"arxiv:2103.99902": (1, 51, 9000), "arxiv:2103.99901": (2, 812, 1204)}


def test_chunks_and_temporary_files_make_no_difference(
    record: Record, other_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "CHUNK", 7)
    monkeypatch.setattr(importer, "IN_MEMORY", 100)
    lines = list(exporter.record_lines(record, records_only=True))
    with Record(other_url) as other:
        importer.import_lines(other, "records", lines)
        assert other.head.position == -(-(len(lines) - 2) // 7)
        assert list(exporter.record_lines(other, records_only=True)) == lines


@pytest.mark.parametrize("records", [False, True])
@pytest.mark.parametrize("kind", [FullStore, BusyStore])
def test_an_import_that_cannot_go_on_says_that_a_part_is_there(
    record: Record, other_url: str, records: bool, kind: type[StoreError], monkeypatch: pytest.MonkeyPatch
) -> None:
    exported = list(exporter.record_lines(record, records_only=records))
    with monkeypatch.context() as full, Record(other_url) as other:
        full.setattr(importer, "CHUNK", 5)
        tries, save = count(), batches.save_batch

        def save_until_full(*args: Any) -> bytes:
            if next(tries) == most:
                raise kind("it: no room left on the disk; nothing was changed. Free some and try again.")
            return save(*args)

        full.setattr(batches, "save_batch", save_until_full)
        most = 0
        with pytest.raises(kind, match=r"nothing was changed\. Free some and try again\.$"):
            importer.import_lines(other, "export", exported)
        tries, most = count(), 1
        with pytest.raises(kind, match=r"a part of export is imported.* Run the same import again to continue"):
            importer.import_lines(other, "export", exported)
    with Record(other_url) as other:
        importer.import_lines(other, "export", exported)
        assert list(exporter.record_lines(other, records_only=True)) == list(
            exporter.record_lines(record, records_only=True)
        )


def test_packed_streams(record: Record, other_url: str) -> None:
    packed = zstandard.compress(b"".join(exporter.record_lines(record)))

    def lines(data: bytes) -> Iterator[bytes]:
        yield from io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)))

    with Record(other_url) as other:
        for cut_off in (packed[:-3], packed[: len(packed) // 2]):
            with pytest.raises(NotExchange):
                importer.import_lines(other, "export.zst", lines(cut_off))
        damaged = packed[:40] + bytes([packed[40] ^ 255]) + packed[41:]
        with pytest.raises(NotExchange):
            importer.import_lines(other, "export.zst", lines(damaged))
        importer.import_lines(other, "export.zst", lines(packed))
        assert not made.verified(other).findings


def test_lines_by_other_programs_need_no_end_and_no_order(sqlite_url: str) -> None:
    header = b'{"kind": "header", "format": "hotpapers-record", "version": 1, "full": false}\n'
    tally = {"kind": "tally", "paper": "arxiv:2103.00001", "network": "x", "method": "m", "reposts": 1, "likes": 2}
    with Record(sqlite_url) as record:
        lines = [header, b"\n", b"  \r\n", json.dumps({"observed_at": AT, **tally}).encode()]
        assert importer.import_lines(record, "theirs", lines).added == 1


def test_an_export_is_one_moment_of_a_store_that_goes_on(store_url: str) -> None:
    with Record(store_url) as record, Record(store_url) as other:
        made.listings(record)
        lines = exporter.record_lines(record)
        first_lines = [next(lines), next(lines)]
        other.append([made.EVERY[0]], source="later")
        assert b"Kettles" not in b"".join([*first_lines, *lines])
        lines = exporter.record_lines(record)
        next(lines)
        del lines  # an abandoned export leaves nothing open
        record.append([made.EVERY[1]], source="later")


@pytest.mark.long
def test_every_line_fits_the_published_schema(record: Record) -> None:
    path = ROOT / "docs" / "reference" / "exchange.schema.json"
    validator = jsonschema.Draft202012Validator(json.loads(path.read_text("utf-8")))
    for records_only in (False, True):
        for line in exporter.record_lines(record, records_only=records_only):
            validator.validate(json.loads(line))


def test_listings_in_either_order_give_the_same_records(sqlite_url: str, postgres_url: str) -> None:
    exported = []
    for url, order in ((sqlite_url, made.LISTINGS), (postgres_url, made.LISTINGS[::-1])):
        with Record(url) as record:
            record.append([made.listing_publication(at=AT)], source="test")
            for name in order:
                made.listing(record, name)
            exported.append(list(exporter.record_lines(record, records_only=True)))
    assert exported[0] == exported[1]


# ---- delivery states -------------------------------------------------------------------------------------

DELIVERED = [
    ("tea", "2021-03-02", 1, "chat", "lab", "sending", "", AT),
    ("tea", "2021-03-02", 1, "site", "file:site?store=hotpapers.db", "sent", "0f" * 32, AT),
    ("tea", "2021-03-02", 2, "chat", "lab", "failed", "no\u200b such\nroom", AT + 2),
]
"""Rows, in order."""


def test_deliveries_come_back_where_the_record_does_and_the_newer_stay(record: Record, other_url: str) -> None:
    with record.database.write():
        queries.merge_delivery_states(record.database, DELIVERED)
        whatever_edition = ("tea", "2021-03-02", 0, "mailing", "ab" * 16, "sent", "250", AT, 1, 0)
        queries.merge_delivery_states(record.database, [whatever_edition])
    exported = list(exporter.record_lines(record))
    assert kinds(exported)[-4:] == ["delivery_state"] * 3 + ["end"]
    assert "delivery_state" not in kinds(list(exporter.record_lines(record, records_only=True)))
    with Record(other_url) as other:
        for cut in (exported[:-1], exported[:-3]):
            with pytest.raises(NotExchange, match="truncated"):
                importer.import_lines(other, "export", cut)
            assert not queries.delivery_states(other.database), "all of them or none"
        importer.import_lines(other, "export", exported)
        assert queries.delivery_states(other.database) == DELIVERED and list(exporter.record_lines(other)) == exported
        newer = [(*DELIVERED[0][:5], "sent", "fine", AT + 1), (*DELIVERED[2][:5], "sending", "", AT + 1)]
        with other.database.write():
            queries.merge_delivery_states(other.database, newer)
        importer.import_lines(other, "export", exported)
        assert queries.delivery_states(other.database) == [newer[0], *DELIVERED[1:]]


def test_what_no_database_can_hold_is_mended_in_deliveries_too(store_url: str) -> None:
    line = {
        "kind": "delivery_state", "publication": "tea", "day": "2021-03-02", "edition": 1, "channel": "chat",
        "target": "l\0ab", "state": "sent", "receipt": "fi\0ne", "at": AT,
    }  # fmt: skip
    with Record(store_url) as record:
        header, end = exporter.record_lines(record)
        importer.import_lines(record, "export", [header, msgspec.json.encode(line), end])
        [row] = queries.delivery_states(record.database)
        assert (row[4], row[6]) == ("l\ufffdab", "fi\ufffdne")


def test_deliveries_of_another_record_stay_out(record: Record, other_url: str) -> None:
    with record.database.write():
        queries.merge_delivery_states(record.database, DELIVERED)
    with Record(other_url) as other:
        other.append([made.later(made.EVERY[5], 77)], source="here")
        assert importer.import_lines(other, "export", exporter.record_lines(record)).added
        assert not queries.delivery_states(other.database)
