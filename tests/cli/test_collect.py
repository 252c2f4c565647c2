"""`hotpapers collect` against a real server on this machine; only the addresses differ from the networks'."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import hotpapers
from hotpapers.base.model import Mention
from hotpapers.record import Record
from tests.base.http.server import Server, answer, serving
from tests.cli.run import good, misuse, run

LINK = "https://arxiv.org/abs/2609.01234"
HIT = {
    "objectID": "91",
    "author": "teapot",
    "title": "On moss",
    "url": LINK,
    "points": 5,
    "num_comments": 1,
}
STORY = {
    "short_id": "aa",
    "created_at": "2026-09-20T10:00:00.000-05:00",
    "title": "On moss",
    "url": LINK,
    "score": 4,
    "comment_count": 0,
    "submitter_user": "fernleaf",
}
DAILY = {"paper": {"id": "2609.01234", "title": "On moss", "upvotes": 7}, "title": "On moss"}


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        hit = HIT | {"created_at_i": int(time.time()) - 60}
        server.on("/hn/search_by_date", answer(200, json.dumps({"hits": [hit]}).encode()))
        server.on("/lobsters/domains/arxiv.org.json", answer(200, json.dumps([STORY]).encode()))
        server.on("/hf/api/daily_papers", answer(200, json.dumps([DAILY]).encode()))
        yield server


@pytest.fixture
def config(tmp_path: Path, server: Server) -> Path:
    file = tmp_path / "hotpapers.toml"
    file.write_text(
        f"""
contact = "https://library.example/"
[source.arxiv]
on = false
[source.bluesky]
on = false
[source.hackernews]
algolia = "{server.base}/hn"
terms = ["arxiv.org"]
[source.lobsters]
base = "{server.base}/lobsters"
[source.huggingface]
base = "{server.base}/hf"
days = 2
"""
    )
    return file


@pytest.mark.long
def test_a_round_of_each_source_comes_into_the_record(config: Path, server: Server) -> None:
    output = good("collect", "--once", "--config", config)
    assert [line.split()[0] for line in output.splitlines()] == ["hackernews", "huggingface", "lobsters"]
    with Record(str(config.parent / "hotpapers.db")) as record:
        mentions = [row.item for row in record.view().latest(Mention)]
        assert {item.paper for item in mentions} == {"arxiv:2609.01234"} and len(mentions) == 3
        posts = {item.post for item in mentions}
        rows = record.database.rows("SELECT key FROM identity WHERE id IN (SELECT post FROM snapshot)")
        assert len(posts) == 3 and {post for (post,) in rows} == posts
    assert {request.headers["user-agent"] for request in server.requests} == {
        f"hotpapers/{hotpapers.__version__} (+https://library.example/)"
    }
    good("collect", "lobsters", "--once", "--config", config)
    assert "verified" in good("verify", "--all", "--store", config.parent / "hotpapers.db")


@pytest.mark.long
def test_a_source_that_fails_is_named_and_stops_no_other(config: Path, server: Server) -> None:
    server.on("/lobsters/domains/arxiv.org.json", answer(403))
    result = run("collect", "--once", "--config", config)
    assert result.status == 1 and "lobsters           refused since " in result.out
    assert "hackernews         4 items so far" in result.out and "  failing  job=lobsters  state=refused" in result.err


def test_misuse_of_sources_is_named(config: Path) -> None:
    assert "myspace: no such source; known sources: arxiv, bluesky" in misuse("collect", "myspace", "--config", config)
    config.write_text("[source.lobsters]\nbase = 5\n")
    assert "hotpapers.toml: source.lobsters.base: must be text" in misuse("collect", "--once", "--config", config)
    names = ("arxiv", "bluesky", "hackernews", "huggingface", "lobsters")
    config.write_text("".join(f"[source.{name}]\non = false\n" for name in names))
    assert "no source enabled" in misuse("collect", "--once", "--config", config)
    config.write_text('[terms.lobsters]\nread = "no"\n')
    assert "the terms of lobsters do not allow reading it" in misuse("collect", "--once", "--config", config)
