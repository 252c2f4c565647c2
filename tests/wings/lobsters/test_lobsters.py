"""Lobsters: reading its answers, and its requests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from hotpapers.base.errors import NetError, PartiallyRead, RequestRefused
from hotpapers.base.model import DAY, Mention, PayloadPage, Post, Response, Snapshot
from hotpapers.base.text.timestamps import as_utc
from hotpapers.collect.sources.hackernews import HackerNewsSettings, HackerNewsSource
from hotpapers.wings.lobsters.source import LobstersSettings, LobstersSource
from tests.collect.sources.cases import cases, check
from tests.collect.sources.net import START, Reply, ScriptedClient, reply
from tests.collect.sources.test_small import payload, recordings

LOBSTERS = LobstersSource(LobstersSettings())


def lobsters_key(_: str, body: bytes) -> str:
    return str(json.loads(body).get("short_id", "qx7abc"))


@pytest.mark.parametrize("case", cases("lobsters"))
def test_lobsters_reads(case: str) -> None:
    check("lobsters", case, LOBSTERS.read, lobsters_key)


def test_lobsters_is_asked_at_most_once_an_hour_and_its_stories_may_be_gone() -> None:
    assert LobstersSource(LobstersSettings(every=60)).every == 3600
    story = b'{"short_id":"aa","created_at":"2026-01-01T00:00:00.000-06:00"}'
    http = ScriptedClient(
        {
            "https://lobste.rs/domains/arxiv.org.json": b"[" + story + b"]",
            "https://lobste.rs/s/aa.json": story,
            "https://lobste.rs/s/bb.json": reply(404, b""),
        }
    )
    source = LobstersSource(LobstersSettings())
    assert [payload.key for page in source.pages(http, None) for payload in page.payloads] == ["aa"]
    payloads = [payload for page in source.counts(http, ["lobsters:bb"]) for payload in page.payloads]
    [post] = source.read(payloads[0])
    assert isinstance(post, Post) and post.gone == "deleted"


def redirect(url: str) -> Response:
    return reply(200, b"<html>")._replace(url=url)


@pytest.mark.parametrize(
    ("answer", "reasons"),
    [
        (reply(404, b"<h1>gone</h1>"), ["deleted"]),
        (reply(410), ["deleted"]),
        (redirect("https://lobste.rs/s/bb/the_other_story"), ["merged"]),
        (redirect("https://lobste.rs/s/bb.json"), ["merged"]),
        (reply(200, b'{"short_id":"aa","created_at":"2026-01-01T00:00:00Z","score":-3}'), []),
    ],
)
def test_a_story_of_lobsters_may_be_gone_or_merged(answer: Response, reasons: list[str]) -> None:
    story = b'{"short_id":"cc","created_at":"2026-01-01T00:00:00Z"}'
    http = ScriptedClient({"https://lobste.rs/s/aa.json": answer, "https://lobste.rs/s/cc.json": story,
                       "https://lobste.rs/domains/arxiv.org.json": b"[" + story + b"]"})  # fmt: skip
    pages = list(LobstersSource(LobstersSettings()).counts(http, ["lobsters:aa"]))
    items = [item for page in pages for payload in page.payloads for item in LOBSTERS.read(payload)]
    assert [item.gone for item in items if isinstance(item, Post)] == reasons
    assert [item.likes for item in items if isinstance(item, Snapshot)] == ([] if reasons else [0])


def test_a_story_that_fails_spoils_no_other() -> None:
    def respond(url: str) -> Reply:
        number = int(url.rpartition("/")[2].removesuffix(".json"))
        story = json.dumps({"short_id": str(number), "created_at": "2026-01-01T00:00:00Z"}).encode()
        faults: dict[int, Reply] = {1: NetError("reset"), 2: b'{"short_id":"x"}', 3: RequestRefused("no", 403)}
        return faults.get(number % 10) or story

    keys = [f"lobsters:{n}" for n in range(1000)]
    pages = list(LOBSTERS.counts(ScriptedClient(respond), [*keys[:5], "lobsters:~1c", *keys[5:]]))
    items = [item for page in pages for payload in page.payloads for item in LOBSTERS.read(payload)]
    assert len(items) == len(pages) == 700 and all(isinstance(item, Snapshot) for item in items)


HITS = json.dumps({"hits": [{"objectID": "1", "created_at_i": START // 1_000_000, "title": "x"}], "nbHits": 1}).encode()


def lobsters_pages(stories: int) -> Callable[[str], bytes]:
    """Stories a day apart, ending now, 25 per page."""

    def respond(url: str) -> bytes:
        first = 25 * (int((re.findall(r"/page/([0-9]+)", url) or ["1"])[0]) - 1)
        dates = [as_utc(START - n * DAY).isoformat() for n in range(first, min(first + 25, stories))]
        return json.dumps([{"short_id": f"s{first + n}", "created_at": at} for n, at in enumerate(dates)]).encode()

    return respond


def test_lobsters_is_read_back_to_its_last_round_however_long_ago() -> None:
    http = ScriptedClient(lobsters_pages(90))
    pages = list(LOBSTERS.pages(http, str(START - 60 * DAY)))
    assert len(http.requests) == 3 and json.loads(pages[-1].cursor or "")["read"] == START
    for cursor in (None, str(START)):
        http = ScriptedClient(lobsters_pages(90))
        list(LOBSTERS.pages(http, cursor))
        assert len(http.requests) == 1


def test_stories_that_lobsters_is_not_asked_for_are_lost_and_it_is_said() -> None:
    pages: list[PayloadPage] = []
    with pytest.raises(PartiallyRead) as excinfo:
        pages.extend(LOBSTERS.pages(ScriptedClient(lobsters_pages(400)), str(START - 365 * DAY)))
    assert excinfo.value.lost_until == START - 249 * DAY


def test_stories_that_were_read_before_are_not_lost() -> None:
    """A round reads a day again, here one more than ten pages have."""
    pages = list(LOBSTERS.pages(ScriptedClient(lobsters_pages(400)), str(START - 249 * DAY)))
    assert json.loads(pages[-1].cursor or "")["read"] == START


def test_a_domain_that_lists_none_of_its_stories_is_doubted() -> None:
    """Also while another has some; not one whose only story is gone."""
    source = LobstersSource(LobstersSettings(domains=("arxiv.org", "a.example", "b.example")))
    counts = {"arxiv.org": 3, "a.example": 1, "b.example": 2}

    def respond(url: str) -> bytes:
        return lobsters_pages(counts[re.findall("/domains/([^/]+).json", url)[0]])(url)

    *_, last = source.pages(ScriptedClient(respond), None)
    counts["a.example"] = 0
    *_, last = source.pages(ScriptedClient(respond), last.cursor)
    counts["arxiv.org"] = 0
    pages = source.pages(ScriptedClient(respond), last.cursor)
    with pytest.raises(PartiallyRead, match=r"^arxiv\.org: lists nothing of what it listed before"):
        list(pages)


@pytest.mark.parametrize(
    ("source", "body"),
    [
        (LobstersSource(LobstersSettings(), {"lobsters:s0"}), lobsters_pages(1)("")),
        (HackerNewsSource(HackerNewsSettings(terms=("x",)), {"hackernews:1"}), HITS),
    ],
)
def test_a_known_story_may_have_been_edited(source: LobstersSource | HackerNewsSource, body: bytes) -> None:
    """These networks do not say so."""
    pages = source.pages(ScriptedClient(lambda url: body), None)
    assert {payload.kind for page in pages for payload in page.payloads} == {"again"}


def test_every_recording_of_lobsters_is_read(shared: Path) -> None:
    stories = [story for _, body in recordings(shared, "lobsters") for story in body]
    mentions = [m for s in stories for m in LOBSTERS.read(payload("post", s["short_id"], s)) if isinstance(m, Mention)]
    assert len(stories) > 300 and len({m.paper for m in mentions}) >= 2
    assert all(LOBSTERS.read(payload("counts", s["short_id"], s)) for s in stories)
