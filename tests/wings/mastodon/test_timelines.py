"""Mastodon's timelines: which pages a round asks for, and what the cursor keeps."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from hotpapers.base.errors import PartiallyRead
from hotpapers.base.model import DAY, HOUR, PayloadPage
from hotpapers.base.text.timestamps import SECOND
from hotpapers.wings.mastodon.timelines import MAX_PAGES, OVERLAP, PAGE
from tests.collect.sources.net import START, ScriptedClient
from tests.wings.mastodon.test_mastodon import BASE, SOURCE, collect, keys, moment_of, response, status, tag


def test_the_first_round_reads_the_newest_page() -> None:
    statuses = [status(n) for n in reversed(range(PAGE))]
    pages = list(SOURCE.pages(ScriptedClient({tag(): response(*statuses)}), None))
    assert keys(pages) == [post_data["uri"] for post_data in statuses]
    assert json.loads(pages[-1].cursor or "") == {f"{BASE}/tag/arxiv": moment_of(statuses[0]["id"])}


def test_later_rounds_read_on_page_by_page_from_an_hour_before() -> None:
    cursor_id = status(0)["id"]
    min_id = int(cursor_id) - OVERLAP
    full_page = [status(n) for n in reversed(range(1, PAGE + 1))]
    pages_by_place = {
        min_id: response(*full_page),
        full_page[0]["id"]: response(status(99)),
        status(99)["id"]: response(),
    }
    http = ScriptedClient({tag(min_id=min_id_of_page): page for min_id_of_page, page in pages_by_place.items()})
    pages = list(SOURCE.pages(http, json.dumps({f"{BASE}/tag/arxiv": cursor_id})))
    assert len(keys(pages)) == PAGE + 1
    cursors = [list(json.loads(page.cursor or "").values()) for page in pages]
    newest = [moment_of(status(99)["id"])]
    assert cursors == [[moment_of(full_page[0]["id"])], newest, newest]


def test_what_is_read_again_moves_no_cursor_back() -> None:
    cursor = json.dumps({f"{BASE}/tag/arxiv": moment_of(status(50)["id"])})
    min_id = int(moment_of(status(50)["id"])) - OVERLAP
    http = ScriptedClient({tag(min_id=min_id): response(status(7)), tag(min_id=status(7)["id"]): response()})
    pages = list(SOURCE.pages(http, cursor))
    assert keys(pages) == [status(7)["uri"]] and json.loads(pages[-1].cursor or "") == json.loads(cursor)


def test_a_server_that_does_not_page_is_asked_once() -> None:
    body = response(*(status(n) for n in range(PAGE)))
    requests = 0

    def respond(url: str) -> bytes:
        nonlocal requests
        requests += 1
        return body

    list(SOURCE.pages(ScriptedClient(respond), json.dumps({f"{BASE}/tag/arxiv": status(PAGE - 1)["id"]})))
    assert requests <= 2


def test_a_round_ends_after_so_many_pages_and_says_that_there_are_more() -> None:
    count = iter(range(10_000))
    http = ScriptedClient(lambda url: response(*(status(next(count)) for _ in range(PAGE))))
    pages: list[PayloadPage] = []
    with pytest.raises(PartiallyRead) as excinfo:
        collect(SOURCE.pages(http, json.dumps({f"{BASE}/tag/arxiv": status(0)["id"]})), pages)
    assert len(pages) == MAX_PAGES and excinfo.value.lost_until is None


def test_a_server_with_smaller_pages_is_read_to_the_end() -> None:
    """Otherwise nothing but one busy hour, which is read again each time, would ever be read."""
    timeline = [status(n * 60_000) for n in range(120)]

    def respond(url: str) -> bytes:
        after = int(parse_qs(urlsplit(url).query)["min_id"][0])
        return response(*reversed([post_data for post_data in timeline if int(post_data["id"]) > after][:15]))

    pages = list(SOURCE.pages(ScriptedClient(respond), json.dumps({f"{BASE}/tag/arxiv": timeline[80]["id"]})))
    assert timeline[119]["uri"] in keys(pages) and len(keys(pages)) == 99


def test_an_hour_with_more_posts_than_a_round_reads_is_left_behind() -> None:
    timeline = [status(n * 1000) for n in range(3600)]  # a post each second

    def respond(url: str) -> bytes:
        after = int(parse_qs(urlsplit(url).query)["min_id"][0])
        return response(*reversed([post_data for post_data in timeline if int(post_data["id"]) > after][:PAGE]))

    pages = list(SOURCE.pages(ScriptedClient(respond), json.dumps({f"{BASE}/tag/arxiv": timeline[3500]["id"]})))
    assert {post_data["uri"] for post_data in timeline[3501:]} <= set(keys(pages))


def test_nothing_is_lost_if_all_pages_since_the_newest_post_were_read() -> None:
    """On a server that pages back alone, with more posts in the hour that is read again than a round reads."""
    dates = [datetime.fromtimestamp(START // SECOND + second, UTC).isoformat() for second in range(3600)]
    timeline = [status(n, id=f"{n:025}", created_at=date) for n, date in enumerate(dates)]

    def respond(url: str) -> bytes:
        before = parse_qs(urlsplit(url).query).get("max_id", ["9"])[0]
        return response(*reversed([post_data for post_data in timeline if post_data["id"] < before][-PAGE:]))

    http = ScriptedClient(respond, now=START + DAY)
    pages = list(SOURCE.pages(http, json.dumps({f"{BASE}/tag/arxiv": str(START + 3500 * SECOND)})))
    assert {post_data["uri"] for post_data in timeline[3500:]} <= set(keys(pages))
    with pytest.raises(PartiallyRead) as excinfo:
        list(SOURCE.pages(http, json.dumps({f"{BASE}/tag/arxiv": str(START + 1500 * SECOND)})))
    assert excinfo.value.lost_until == START + (3600 - MAX_PAGES * PAGE) * SECOND


def test_of_identifiers_of_another_make_the_cursor_keeps_the_moment() -> None:
    """They say nothing of when a post was created. Earlier versions kept the identifier."""
    name = f"{BASE}/tag/arxiv"
    ids = [f"{1795154402 + n}0d482186e6f7d3bb22b8318e4c1e2f63" for n in range(3)]
    dates = [f"2026-01-01T{hour:02}:00:00Z" for hour in (3, 4, 5)]
    posts = [status(n, id=id, created_at=at) for n, (id, at) in enumerate(zip(ids, dates, strict=True))]
    http = ScriptedClient({tag(): response(*reversed(posts)), tag() + f"&max_id={ids[0]}": response()}, now=START + DAY)
    for cursor in (ids[1], str(START + 4 * HOUR), str(START + 6 * HOUR), ids[0][:-1]):
        pages = list(SOURCE.pages(http, json.dumps({name: cursor})))
        newest = max(int(cursor) if len(cursor) == 16 else 0, START + 5 * HOUR)
        assert json.loads(pages[-1].cursor or "") == {name: str(newest)} and set(keys(pages)) >= {posts[2]["uri"]}
