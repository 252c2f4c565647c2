"""Empty lists: doubted where there were entries, believed of what never had any."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from hotpapers.base.errors import PartiallyRead
from hotpapers.base.model import DAY, Source
from hotpapers.base.text.timestamps import as_utc
from hotpapers.collect.sources import SOURCES
from hotpapers.collect.sources.batched_requests import DOUBTED_FOR
from tests.collect.sources.net import START, Reply, ScriptedClient, reply
from tests.conftest import needs_wings
from tests.loopback.reading import cursor_in

FEED = "https://blog.example/feed"
SETTINGS: dict[str, dict[str, Any]] = {
    "feeds": {"urls": [FEED]},
    "hackernews": {"terms": ["arxiv.org", "scirate.com"]},
    "huggingface": {},
    "lobsters": {},
    "reddit": {"client_id": "a", "client_secret": "b"},
    "reddit feeds": {},
}


def make(name: str) -> Source:
    source, settings = SOURCES[name.split(maxsplit=1)[0]]
    return source(msgspec.convert(SETTINGS[name], settings))


def answers(name: str, created_at: int | None) -> bytes:
    """A list with one entry, created at a moment, or an empty one."""
    seconds, date = (created_at or 0) // 1_000_000, as_utc(created_at or 0).isoformat()
    by_name: dict[str, dict[str, Any]] = {
        "hackernews": {"objectID": "1", "created_at_i": seconds, "author": "a"},
        "huggingface": {"paper": {"id": "2601.00001"}},
        "lobsters": {"short_id": "a", "created_at": date},
        "reddit": {"data": {"name": "t3_a", "created_utc": seconds}},
    }
    entries = [by_name.get(name, {})] if created_at is not None else []
    if name == "reddit":
        return json.dumps({"access_token": "t", "data": {"children": entries}}).encode()
    if name == "hackernews":
        return json.dumps({"hits": entries}).encode()
    if name in ("feeds", "reddit feeds"):
        ids = ("t3_a", "t3_b") if name == "feeds" else ("t3_a",)
        dated = f"<title>t</title><published>{date}</published>"
        atom = "".join(f"<entry><id>{id}</id>{dated}</entry>" for id in ids if entries)
        return f"<feed xmlns='http://www.w3.org/2005/Atom'>{atom}</feed>".encode()
    return json.dumps(entries).encode()


def client(name: str, created_at: int | None, now: int = START) -> ScriptedClient:
    def respond(url: str) -> Reply:
        is_any_item = name == "hackernews" and "query" not in url
        return answers(name, now if is_any_item else created_at)

    return ScriptedClient(respond, now=now)


@pytest.mark.parametrize("name", SETTINGS)
def test_an_empty_list_is_doubted_where_there_were_entries_and_is_read_again(name: str) -> None:
    source = make(name)
    cursor = cursor_in(source.pages(client(name, START), None))
    for now in (START + DAY // 8, START + DAY):
        pages = source.pages(client(name, None, now), cursor)
        with pytest.raises(PartiallyRead, match="lists nothing of what it listed before") as problem:
            for page in pages:
                assert page.cursor in (None, cursor) and not page.payloads
        assert problem.value.lost_until is None, "a later round can still read it"
    assert any(page.payloads for page in source.pages(client(name, START, START + DAY), cursor))


@pytest.mark.parametrize("name", SETTINGS)
def test_an_empty_list_is_believed_where_nothing_is_known(name: str) -> None:
    source, cursor = make(name), None
    for now in (START, START + DAY):
        pages = list(source.pages(client(name, None, now), cursor))
        cursor = cursor_in(pages) or cursor
        assert not any(page.payloads for page in pages)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_quiet_list_is_believed(name: str) -> None:
    """It shows its old entry."""
    source = make(name)
    cursor = cursor_in(source.pages(client(name, START), None))
    for days in (1, 2):
        pages = list(source.pages(client(name, START, START + days * DAY), cursor))
        cursor = cursor_in(pages) or cursor


@pytest.mark.parametrize("name", ["feeds", "lobsters", "reddit", "reddit feeds"])
def test_a_list_that_was_cleared_is_believed_in_the_end(name: str) -> None:
    source = make(name)
    cursor = cursor_in(source.pages(client(name, START), None))
    list(source.pages(client(name, None, START + DOUBTED_FOR + DAY), cursor))


@pytest.mark.parametrize("name", ["feeds", "reddit feeds"])
def test_an_empty_feed_that_did_not_change_is_still_empty(name: str) -> None:
    source = make(name)
    cursor = cursor_in(source.pages(client(name, START), None))
    for body in (answers(name, None), reply(304), reply(304)):
        with pytest.raises(PartiallyRead):
            list(source.pages(ScriptedClient(lambda url, body=body: body, now=START + DAY), cursor))  # type: ignore[misc]
    assert any(page.payloads for page in source.pages(client(name, START, START + DAY), cursor))
    list(source.pages(ScriptedClient(lambda url: reply(304), now=START + DAY), cursor))


def test_one_term_whose_items_vanished_is_doubted_and_the_others_are_read() -> None:
    source = make("hackernews")
    cursor = cursor_in(source.pages(client("hackernews", START), None))

    def respond(url: str) -> Reply:
        return answers("hackernews", None if "scirate" in url else START)

    keys = list[str]()
    with pytest.raises(PartiallyRead, match=r"the search for scirate\.com: lists nothing"):
        for page in source.pages(ScriptedClient(respond), cursor):
            keys += [payload.key for payload in page.payloads]
    assert keys == ["1"]


def test_a_term_whose_newest_item_was_deleted_is_not_doubted() -> None:
    """Its window is empty then, but the search has earlier ones."""
    source = make("hackernews")
    cursor = cursor_in(source.pages(client("hackernews", START), None))

    def respond(url: str) -> Reply:
        is_window = "hitsPerPage=1000" in url
        return answers("hackernews", None if is_window else START - (DAY if "query" in url else 0))

    pages = list(source.pages(ScriptedClient(respond), cursor))
    assert json.loads(cursor_in(pages) or "")["newest"] == dict.fromkeys(
        SETTINGS["hackernews"]["terms"], (START - DAY) // 1_000_000
    )


@pytest.mark.parametrize("name", ["reddit", "reddit feeds"])
def test_a_list_without_any_known_post_is_doubted_too(name: str) -> None:
    source = make(name)
    cursor = cursor_in(source.pages(client(name, START), None))
    keys = list[str]()
    with pytest.raises(PartiallyRead, match="r/MachineLearning: lists nothing"):
        for page in source.pages(client(name, START + DAY // 4, START + DAY), cursor):
            keys += [payload.key for payload in page.payloads]
            assert page.cursor in (None, cursor)
    assert keys == ["t3_a"], "what it does list is kept"


@needs_wings
def test_a_feed_whose_single_entry_was_deleted_is_empty_and_starts_over() -> None:
    source, cursor = make("feeds"), None
    entry = "<entry><id>1</id><title>t</title><published>{}</published></entry>"
    for day in range(4):
        now, is_empty = START + day * DAY, day in (1, 2)
        entries = "" if is_empty else entry.format(as_utc(now).isoformat())
        body = f"<feed xmlns='http://www.w3.org/2005/Atom'>{entries}</feed>".encode()
        pages = list(source.pages(ScriptedClient({FEED: body}, now=now), cursor))
        cursor = cursor_in(pages) or cursor
        assert any(page.payloads for page in pages) != is_empty
