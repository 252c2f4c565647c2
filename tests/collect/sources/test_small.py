"""Hacker News and Hugging Face: reading their answers, and their requests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hotpapers.base.errors import NetError, PartiallyRead, RequestRefused, RetryLater
from hotpapers.base.model import DAY, Mention, Post, RawPayload, Snapshot
from hotpapers.base.text.timestamps import day_of
from hotpapers.collect.sources.hackernews import MAX_HITS, OVERLAP, HackerNewsSettings, HackerNewsSource
from hotpapers.collect.sources.huggingface import HuggingFaceSettings, HuggingFaceSource
from tests.collect.sources.cases import AT, cases, check
from tests.collect.sources.net import START, Reply, ScriptedClient, reply

HN = HackerNewsSource(HackerNewsSettings(terms=("arxiv.org",)))
HF = HuggingFaceSource(HuggingFaceSettings(days=2))


def hn_key(_: str, body: bytes) -> str:
    item = json.loads(body)
    return str((item or {}).get("objectID") or (item or {}).get("id") or 48000009)


def hf_key(_: str, body: bytes) -> str:
    item = json.loads(body)
    return str(item.get("paper", item).get("id", "2609.01234"))


@pytest.mark.parametrize("case", cases("hackernews"))
def test_hacker_news_reads(case: str) -> None:
    check("hackernews", case, HN.read, hn_key)


@pytest.mark.parametrize("case", cases("huggingface"))
def test_hugging_face_reads(case: str) -> None:
    check("huggingface", case, HF.read, hf_key)


# ---- requests ------------------------------------------------------------------------------------------


def hits(*items: tuple[int, int]) -> bytes:
    return json.dumps({"hits": [{"objectID": str(i), "created_at_i": at, "author": "a"} for i, at in items]}).encode()


def test_hacker_news_asks_again_from_a_little_before_its_cursor() -> None:
    http = ScriptedClient(lambda url: hits((1, START // 1_000_000)))
    pages = list(HN.pages(http, "1767200000"))
    assert f"created_at_i%3E%3D{1767200000 - OVERLAP}" in http.requests[1].url
    assert [payload.key for page in pages for payload in page.payloads] == ["1"]
    assert len(http.requests) == 2
    assert json.loads(pages[-1].cursor or "") == {
        "read": START // 1_000_000,
        "newest": {"arxiv.org": START // 1_000_000},
    }
    assert "query" not in http.requests[0].url, "the first request asks how far the search index goes"


def test_hacker_news_reads_a_long_time_in_slices() -> None:
    now = START // 1_000_000
    full = hits(*((n, now - n) for n in range(MAX_HITS)))
    answers: Iterator[bytes] = iter([hits((1, now)), full, hits((5000, now - 5000))])
    http = ScriptedClient(lambda url: next(answers))
    pages = list(HN.pages(http, None))
    assert len(http.requests) == 3 and f"%2Ccreated_at_i%3C%3D{now - MAX_HITS + 1}" in http.requests[2].url
    assert sum(len(page.payloads) for page in pages) == MAX_HITS + 1


def test_hacker_news_counts_ask_for_each_item() -> None:
    http = ScriptedClient({"https://hacker-news.firebaseio.com/v0/item/7.json": b'{"id":7,"score":3,"descendants":1}'})
    [page] = HN.counts(http, ["hackernews:7"])
    [snapshot] = HN.read(page.payloads[0])
    assert isinstance(snapshot, Snapshot) and (snapshot.post, snapshot.likes) == ("hackernews:7", 3)


FIREBASE, ALGOLIA = "https://hacker-news.firebaseio.com/v0/item/7.json", "https://hn.algolia.com/api/v1/items/7"


@pytest.mark.parametrize(
    ("item", "search", "reasons"),
    [
        (b'{"id":7,"deleted":true}', b"", ["deleted"]),
        (b'{"id":7,"dead":true}', b"", ["removed"]),
        (b"null", reply(404, b'{"status":404}'), ["deleted"]),
        (b"null\n", b'{"id":7}', []),
        (b'{"id":7,"type":"comment"}', b"", []),
    ],
)
def test_what_hacker_news_no_longer_has_is_gone(item: bytes, search: Reply, reasons: list[str]) -> None:
    """`null` alone proves nothing: Firebase answers it for new items, and now and then for existing ones."""
    source = HackerNewsSource(HN.settings)

    def respond(url: str) -> Reply:
        if "search_by_date" in url:
            return hits((8, START // 1_000_000))
        return {FIREBASE: item, ALGOLIA: search}.get(url, b'{"id":8,"type":"comment"}')

    pages = list(source.counts(ScriptedClient(respond), ["hackernews:7"]))
    items = [item for page in pages for payload in page.payloads for item in HN.read(payload)]
    assert [item.gone for item in items if isinstance(item, Post)] == reasons == [i.gone for i in items]  # type: ignore[attr-defined]


def test_an_item_of_hacker_news_that_fails_spoils_no_other() -> None:
    def respond(url: str) -> Reply:
        item = int(url.rpartition("/")[2].removesuffix(".json"))
        faults: dict[int, Reply] = {3: NetError("reset"), 4: b"<html>", 5: b'{"id":6}', 6: RequestRefused("no", 401)}
        return faults.get(item % 10) or json.dumps({"id": item, "score": item}).encode()

    pages = list(HN.counts(ScriptedClient(respond), ["hackernews:~1c", *(f"hackernews:{n}" for n in range(1000))]))
    likes = [
        item.likes
        for page in pages
        for payload in page.payloads
        for item in HN.read(payload)
        if isinstance(item, Snapshot)
    ]
    assert likes == [n for n in range(1000) if n % 10 not in (3, 4, 5, 6)] and len(pages) == 600


def test_a_score_may_fall() -> None:
    http = ScriptedClient({FIREBASE: [b'{"id":7,"score":9}', b'{"id":7,"score":4}', b'{"id":7,"score":-1}']})
    pages = [page for _ in range(3) for page in HN.counts(http, ["hackernews:7"])]
    items = [item for page in pages for payload in page.payloads for item in HN.read(payload)]
    assert [item.likes for item in items if isinstance(item, Snapshot)] == [9, 4, 0]


def test_a_paper_that_fails_spoils_no_other() -> None:
    def respond(url: str) -> Reply:
        number = int(url.rpartition("/")[2].removeprefix("2601."))
        faults: dict[int, Reply] = {1: NetError("reset"), 2: b'{"id":"x"}', 3: RequestRefused("no", 403)}
        return faults.get(number % 10) or json.dumps({"id": f"2601.{number:05d}"}).encode()

    keys = [f"huggingface:2601.{n:05d}" for n in range(1000)]
    pages = list(HF.counts(ScriptedClient(respond), [*keys[:5], "huggingface:~1c", *keys[5:]]))
    items = [item for page in pages for payload in page.payloads for item in HF.read(payload)]
    assert len(items) == len(pages) == 700 and all(isinstance(item, Snapshot) for item in items)


def huggingface_without(paper: str, status: int, url: str) -> Reply:
    """A site with one other paper."""
    if "daily_papers" in url:
        return b'[{"paper":{"id":"2601.00002"}}]'
    return reply(status, b"Not Found") if url.endswith(paper) else b'{"id":"2601.00002"}'


def test_a_paper_whose_page_vanished_is_gone() -> None:
    for status in (404, 410):
        http = ScriptedClient(partial(huggingface_without, "2601.00001", status))
        pages = list(HuggingFaceSource(HF.settings).counts(http, ["huggingface:2601.00001"]))
        [post] = HF.read(next(payload for page in pages for payload in page.payloads))
        assert isinstance(post, Post) and post.gone == "deleted"


def test_hugging_face_reads_the_last_days_and_passes_over_days_that_have_no_list() -> None:
    papers = b'[{"paper":{"id":"2601.00001","title":"t"}}]'
    base = "https://huggingface.co/api/daily_papers?date=2025-12-31&limit=100"
    http = ScriptedClient({base: papers, f"{base}&p=1": b"[]",
                       base.replace("2025-12-31", "2026-01-01"): reply(400, b"{}"),
                       "https://huggingface.co/api/papers/2601.00001": b'{"id":"2601.00001","upvotes":4}'})  # fmt: skip
    assert [payload.key for page in HF.pages(http, None) for payload in page.payloads] == ["2601.00001"]
    [page] = HF.counts(http, ["huggingface:2601.00001"])
    assert [item.likes for item in HF.read(page.payloads[0]) if isinstance(item, Snapshot)] == [4]


def test_a_long_list_of_a_day_is_read_to_its_end() -> None:
    def respond(url: str) -> bytes:
        page = int((re.findall(r"&p=([0-9]+)", url) or ["0"])[0])
        rest = 130 - page * 100 if "date=2025-12-31" in url else 0
        return json.dumps([{"paper": {"id": f"2601.{page * 100 + n:05d}"}} for n in range(min(rest, 100))]).encode()

    pages = list(HF.pages(ScriptedClient(respond), None))
    assert len({payload.key for page in pages for payload in page.payloads}) == 130


def test_the_lists_of_two_days_go_back_a_day() -> None:
    http = ScriptedClient(lambda url: b'[{"paper":{"id":"2601.00001"}}]')
    list(HF.pages(http, None))
    date = re.findall(r"date=([-0-9]+)", http.requests[0].url)[0]
    assert date == "2025-12-31"


@pytest.mark.parametrize(("days", "first"), [(0, "2025-12-31"), (5, "2025-12-27"), (400, "2025-12-03")])
def test_after_a_pause_the_lists_are_read_from_the_last_one_on(days: int, first: str) -> None:
    """As far back as a month: what was longer ago is out of reach."""
    http = ScriptedClient(lambda url: b'[{"paper":{"id":"2601.00001"}}]')
    list(HF.pages(http, day_of(START - days * DAY)))
    dates = sorted({re.findall(r"date=([-0-9]+)", request.url)[0] for request in http.requests})
    assert dates[0] == first and dates[-1] == "2026-01-01" and HF.reach == 29 * DAY


def test_days_without_a_list_are_believed_where_a_day_of_the_week_before_has_one() -> None:
    def respond(url: str, last: str) -> Reply:
        return b"[]" if f"date={last}&" in url else reply(404, b"{}")

    http = ScriptedClient(lambda url: respond(url, "2025-12-27"))
    assert not any(page.payloads for page in HF.pages(http, None))
    days = [re.findall(r"date=([-0-9]+)", request.url)[0] for request in http.requests]
    assert days == ["2025-12-31", "2026-01-01", "2025-12-30", "2025-12-29", "2025-12-28", "2025-12-27"]
    with pytest.raises(NetError, match="404"):
        list(HF.pages(ScriptedClient(lambda url: respond(url, "2025-12-01")), None))
    with pytest.raises(NetError, match="404"):
        list(HF.pages_since(ScriptedClient(lambda url: respond(url, "2025-12-01")), None, START - DAY))


@pytest.mark.parametrize("moment", [-(10**17), 10**17])
def test_an_impossible_moment_of_hacker_news_counts_for_nothing(moment: int) -> None:
    http = ScriptedClient(lambda url: b'{"hits":[{"objectID":"1","created_at_i":%d}]}' % moment)
    with pytest.raises(PartiallyRead, match="the search returned no items"):
        list(HN.pages(http, None))


def test_a_request_to_wait_goes_to_the_runner() -> None:
    with pytest.raises(RetryLater):
        list(HN.pages(ScriptedClient(lambda url: RetryLater(60, "busy")), None))


# ---- recordings ----------------------------------------------------------------------------------------

NOT_READ = {
    "hackernews/algolia_2019_items_17.json": "an item's whole tree, which is not requested",
    "hackernews/algolia_2019_users_pg.json": "a user's page, which is not requested",
    "hackernews/firebase_topstories_first20.json": "only ids",
    "hackernews/from-docs/firebase_maxitem.json": "only an id",
    "hackernews/from-docs/firebase_updates.json": "only ids",
    "huggingface/models_2026-08-02.json": "models, not papers",
    "lobsters/arxiv_stories_observed_2021-2023.jsonl": "derived rows, not the site's own stories",
}


def recordings(shared: Path, name: str) -> Iterator[tuple[str, Any]]:
    for file in sorted((shared / "recordings" / name).rglob("*.json*")):
        path = file.relative_to(shared / "recordings").as_posix()
        if not path.endswith(".headers.txt") and path not in NOT_READ:
            yield path, json.loads(file.read_bytes())


def payload(kind: str, key: str, body: Any) -> RawPayload:
    return RawPayload(kind, key, json.dumps(body).encode(), AT)


def test_every_recording_of_hacker_news_is_read(shared: Path) -> None:
    papers, count = set(), 0
    for path, body in recordings(shared, "hackernews"):
        if "algolia" in path:
            for hit in body.get("hits", [body]):
                items_of_hit = list(HN.read(payload("post", hit["objectID"], hit)))
                papers |= {item.paper for item in items_of_hit if isinstance(item, Mention)}
        else:
            count += len(list(HN.read(payload("counts", str((body or {}).get("id")), body))))
    assert "arxiv:2608.13122" in papers and len(papers) == 2
    assert count > 5


def test_every_recording_of_hugging_face_is_read(shared: Path) -> None:
    papers = set()
    for path, body in recordings(shared, "huggingface"):
        for entry in body if isinstance(body, list) else []:
            papers |= {i.paper for i in HF.read(payload("post", entry["paper"]["id"], entry)) if isinstance(i, Mention)}
        if path.endswith("paper_single.json"):
            assert list(HF.read(payload("counts", body["id"], body)))
    assert len(papers) == 70
