"""Lines of archives that contain several entries: an unreadable entry costs neither the others nor time."""

from __future__ import annotations

import json

import pytest

from hotpapers.store import Record
from tests.conftest import data
from tests.ingest.archive_helpers import PAPER_URL, import_one, lines


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("hackernews", "hackernews-shapes"),
        ("reddit", "reddit-dump"),
        ("x", "x-second"),
        ("eventdata", "eventdata-kettles"),
    ],
)
def test_lists_in_lists_take_no_longer_than_their_length(record: Record, kind: str, file: str) -> None:
    nested_line = b"[" * 50 + b"5" + b"]" * 50
    assert import_one(
        record, kind, data(f"archives/{file}.jsonl").read_bytes() + b"\n" + nested_line + b"\n"
    ).quarantined


def test_a_problem_without_an_id_does_not_cost_a_page_of_x_its_posts(record: Record) -> None:
    post = {"id": "1341202937956233217", "author_id": "7", "text": PAPER_URL.format(1001)}
    problem = {"value": "", "resource_type": "tweet", "type": "https://api.twitter.com/2/problems/resource-not-found"}
    result = import_one(record, "x", json.dumps({"data": [post], "errors": [problem]}).encode())
    assert (result.posts, result.quarantined) == (1, 1)


def test_a_post_of_x_from_the_future_is_set_apart(record: Record) -> None:
    post = {"author_id": "7", "text": PAPER_URL.format(1001)}
    result = import_one(
        record, "x", lines(json.dumps(post | {"id": id}).encode() for id in ("1341202937956233217", str(2**63 - 1)))
    )
    assert (result.posts, result.quarantined) == (1, 1)
