"""X: empty answers, which may be wrong, and whose check costs money."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hotpapers.base.errors import PartiallyRead
from hotpapers.base.model import HOUR
from hotpapers.wings.x.source import XSource
from tests.collect.sources.net import ScriptedClient
from tests.wings.x.test_x import NOW, SETTINGS, answer, id_at, tweet

COST = 50_000
"""What an answer with one post costs, in millionths: it comes with two authors."""


def not_found(id: str) -> dict[str, Any]:
    problem = "https://api.twitter.com/2/problems/resource-not-found"
    return {"value": id, "resource_type": "tweet", "title": "Not Found Error", "type": problem}


def silent_search(cursor: str | None, hours: Sequence[int], listed: Callable[[str], list[str]]) -> list[str]:
    """The cursors after rounds so many hours later. `listed`: the posts in the answer to a request."""
    source, cursors = XSource(SETTINGS), list[str]()
    for hour in hours:
        http = ScriptedClient(lambda url: answer(*map(tweet, listed(url))), now=NOW + hour * HOUR)
        for page in source.pages(http, cursor):
            cursor = page.cursor or cursor
        cursors.append(cursor or "")
    return cursors


def posts_paid(cursors: Sequence[str]) -> list[int]:
    return [(json.loads(cursor).get("spent", 0)) // COST for cursor in cursors]


def test_after_an_empty_answer_the_newest_known_post_must_be_found_again() -> None:
    """Which is paid for whenever the silence has doubled, not each hour."""
    newest = id_at(NOW)
    [cursor] = silent_search(None, [0], lambda url: [newest])
    assert posts_paid([cursor]) == [1]
    cursors = silent_search(cursor, range(1, 18), lambda url: [newest] if f"since_id={int(newest) - 1}" in url else [])
    assert posts_paid(cursors) == [1, 1, *[2] * 4, *[3] * 8, *[4] * 3]


def test_a_search_that_finds_no_known_post_is_doubted_at_no_cost_and_read_later() -> None:
    newest, missed = id_at(NOW), id_at(NOW + 3 * HOUR)
    [cursor] = silent_search(None, [0], lambda url: [newest])
    for hour in (3, 12, 30):
        with pytest.raises(PartiallyRead, match="the search: lists nothing of what it listed before"):
            silent_search(cursor, [hour], lambda url: [])
    [later] = silent_search(cursor, [31], lambda url: [missed])
    assert json.loads(later)["since"] > json.loads(cursor)["since"]
    silent_search(cursor, [24 * 7], lambda url: [])


def test_a_search_whose_newest_known_post_was_deleted_must_find_another() -> None:
    newest, earlier = id_at(NOW), id_at(NOW - HOUR)
    [cursor] = silent_search(None, [0], lambda url: [newest])
    [later] = silent_search(cursor, [3], lambda url: [] if "since_id" in url else [earlier])
    assert json.loads(later)["since"] == json.loads(cursor)["since"]


def test_a_search_that_never_found_anything_is_believed() -> None:
    assert posts_paid(silent_search(None, [0, 2, 12, 30], lambda url: [])) == [0, 0, 0, 0]


def test_lookups_that_find_no_post_are_believed_only_if_the_last_one_found_is_found_again() -> None:
    source = XSource(SETTINGS)

    def gone_after(existing: set[str], *ids: str) -> list[str]:
        def respond(url: str) -> bytes:
            if "/search/" in url:
                return answer(*map(tweet, sorted(existing)))
            asked_for = parse_qs(urlsplit(url).query)["ids"][0].split(",")
            errors = [not_found(id) for id in asked_for if id not in existing]
            return answer(*[tweet(id) for id in asked_for if id in existing], errors=errors)

        pages = list(source.counts_from(ScriptedClient(respond, now=NOW), [f"x:{id}" for id in ids], None))
        return [payload.key for page in pages for payload in page.payloads if payload.kind == "gone"]

    assert gone_after({"11", "12"}, "11", "13") == ["13"]
    assert gone_after({"11"}, "14") == ["14"]
    with pytest.raises(PartiallyRead, match="no longer knows any posts; 1 are"):
        gone_after(set(), "15")
    assert gone_after({"11"}, "15") == ["15"]
    source = XSource(SETTINGS)
    assert gone_after({"11"}, "15") == ["15"], "a new process asks for one that the search finds"
    source = XSource(SETTINGS)
    with pytest.raises(PartiallyRead, match="no longer knows any posts; 1 are"):
        gone_after(set(), "15")
