"""Reddit: comments, which operators read who may show them."""

from __future__ import annotations

import json
from typing import Any

from hotpapers.base.model import Mention, Post, RawPayload, Snapshot
from hotpapers.wings.reddit.source import RedditSource
from tests.collect.sources.net import ScriptedClient, reply
from tests.wings.reddit.test_reddit import FEEDS, KEY, NOW, TOKEN, TOKEN_URL, post

THREAD_URL = "https://oauth.reddit.com/comments/a?limit=500&sort=top&raw_json=1"


def comment(name: str, parent: str, body: str | None, *below: dict[str, Any]) -> dict[str, Any]:
    answers = {"kind": "Listing", "data": {"children": list(below)}} if below else ""
    data = {"name": name, "parent_id": parent, "body": body, "created_utc": NOW, "score": 3, "replies": answers}
    return {"kind": "t1", "data": data | {"author": "[deleted]" if body == "[deleted]" else "wool"}}


def thread(*comments: dict[str, Any]) -> bytes:
    listings = [[{"kind": "t3", "data": post("t3_a")}], list(comments)]
    return json.dumps([{"kind": "Listing", "data": {"children": children}} for children in listings]).encode()


def test_comments_are_read_with_what_they_answer() -> None:
    below = comment("t1_c", "t1_b", "The one on p. 3")
    body = thread(
        comment("t1_b", "t3_a", "[deleted]", below), comment("t1_d", "t3_a", "Compare arxiv.org/abs/2603.00002")
    )
    source = RedditSource(KEY)
    page = source.thread(ScriptedClient({TOKEN_URL: TOKEN, THREAD_URL: body}), "reddit:t3_a")
    items = [item for payload in page if isinstance(payload, RawPayload) for item in source.read(payload)]
    posts = {item.post: item for item in items if isinstance(item, Post)}
    assert None not in page and {key: item.reply_to for key, item in posts.items()} == {
        "reddit:t1_b": "reddit:t3_a",
        "reddit:t1_c": "reddit:t1_b",
        "reddit:t1_d": "reddit:t3_a",
    }
    assert posts["reddit:t1_b"].gone and posts["reddit:t1_b"].text == posts["reddit:t1_b"].handle == ""
    assert posts["reddit:t1_c"].text == "The one on p. 3" and posts["reddit:t1_c"].account == "reddit:@wool"
    assert [item.paper for item in items if isinstance(item, Mention)] == ["arxiv:2603.00002"]
    assert [item.likes for item in items if isinstance(item, Snapshot)] == [3, 3]


def test_a_thread_with_more_comments_than_are_returned_is_not_complete() -> None:
    more = {"kind": "more", "data": {"name": "t1_e", "parent_id": "t3_a", "children": ["e", "f"], "count": 2}}
    body = thread(comment("t1_b", "t3_a", "Fine"), more)
    page = RedditSource(KEY).thread(ScriptedClient({TOKEN_URL: TOKEN, THREAD_URL: body}), "reddit:t3_a")
    assert [isinstance(payload, RawPayload) and payload.key for payload in page] == ["t1_b", False] and page[1] is None


def test_without_a_key_and_for_comments_nothing_is_requested() -> None:
    http = ScriptedClient({})
    assert RedditSource(FEEDS).thread(http, "reddit:t3_a") == RedditSource(KEY).thread(http, "reddit:t1_b")
    assert http.requests == []


def test_a_thread_that_is_gone_says_nothing_about_its_comments() -> None:
    http = ScriptedClient({TOKEN_URL: TOKEN, THREAD_URL: reply(404)})
    page = RedditSource(KEY).thread(http, "reddit:t3_a")
    assert page == [None]
