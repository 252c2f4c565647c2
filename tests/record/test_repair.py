"""Items without a key: never accepted, reported in stores of older versions, and closed by a command."""

from __future__ import annotations

import json

import msgspec
import pytest

from hotpapers.base import model
from hotpapers.base.errors import NotExchange
from hotpapers.keep.transfer.jsonl import exporter, importer
from hotpapers.record import Record, item_checks
from hotpapers.record.verify import close_unusable, unusable_rows
from tests.record import made
from tests.record.made import AT

PAPER = model.Paper(paper="", title="A Teapot without a Number", observed_at=AT)
POST = model.Post(post="", network="x", account="x:@tansy", created_at=AT, text="Which one?", observed_at=AT)
MENTION = model.Mention(post="x:1", paper="", form="abs", observed_at=AT)
OLD = (PAPER, POST, MENTION)
"""Items that older versions accepted."""


def test_each_kind_needs_what_it_is_found_by(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        made.talked(record)
        items = {type(item): item for item in made.everything(record)}
    assert len(items) > 8
    for kind, item in items.items():
        item_checks.check_item(item)
        assert item_checks.needed_fields(kind)
        for name in item_checks.needed_fields(kind):
            with pytest.raises(ValueError, match=f"{name} is empty"):
                item_checks.check_item(msgspec.structs.replace(item, **{name: ""}))


@pytest.mark.parametrize("item", OLD, ids=model.kind_of)
def test_imports_refuse_it_by_line(sqlite_url: str, item: model.Item) -> None:
    header = {"kind": "header", "format": "hotpapers-record", "version": 1, "full": False}
    with Record(sqlite_url) as record:
        with pytest.raises(NotExchange, match=r"old\.jsonl:2: (paper|post) is empty"):
            importer.import_lines(record, "old.jsonl", [json.dumps(header).encode(), msgspec.json.encode(item)])
        assert record.head.position == 0


def test_an_older_store_is_told_of_it_and_repaired(store_url: str, sqlite_url: str) -> None:
    with Record(store_url) as record:
        made.talked(record)
        record.append(OLD, source="older", at=AT)
        before = record.view()
        assert sorted(finding.name.partition(" (row ")[0] for finding in made.verified(record).findings) == [
            "mention x:1 ", "paper ", "post ",
        ]  # fmt: skip
        assert all("`hotpapers repair` closes it" in str(finding) for finding in made.verified(record).findings)
        with pytest.raises(NotExchange, match="is empty"), Record(f"{sqlite_url}.copy") as copy:
            importer.import_lines(copy, "full", list(exporter.record_lines(record)))
        assert [type(row.item) for row in close_unusable(record, at=AT + 1)] == [model.Paper, model.Post, model.Mention]
        assert not made.verified(record).findings and not unusable_rows(record.database)
        assert before.latest_row(model.Paper, "") is not None, "it was there then"
        assert record.view().latest_row(model.Paper, "") is None
        position = record.head.position
        assert close_unusable(record) == [] and record.head.position == position


def test_a_repaired_store_is_exported_and_taken_whole(sqlite_url: str) -> None:
    with Record(sqlite_url) as record, Record(f"{sqlite_url}.copy") as copy:
        record.append(OLD, source="older", at=AT)
        close_unusable(record, at=AT + 1)
        importer.import_lines(copy, "full", list(exporter.record_lines(record)))
        assert copy.head == record.head and not made.verified(copy).findings
