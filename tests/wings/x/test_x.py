"""X: reading its answers; requests for posts and for their counts. For its cost, see test_x_money."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import pytest

from hotpapers.base.errors import NetError, RequestRefused, RetryLater
from hotpapers.base.model import (
    DAY,
    HOUR,
    Mention,
    MeteredSource,
    PayloadPage,
    Post,
    RawPayload,
    Response,
    Snapshot,
)
from hotpapers.base.text.timestamps import X_EPOCH_MS as EPOCH
from hotpapers.wings.x.source import FIELDS, MIN_PAGE, PAGE, UNSURE_AGAIN, XSettings, XSource
from tests.collect.sources.cases import AT, cases, check
from tests.collect.sources.net import START, Reply, ScriptedClient, reply

SETTINGS = XSettings(token="t0ken", budget=1000.0, price=0.01, author_price=0.02, counts=0.5)
NOW = START + 20 * DAY
SEARCH_URL = "https://api.x.com/2/tweets/search/recent?" + urlencode(
    {"query": SETTINGS.query, "max_results": PAGE, "tweet.fields": FIELDS, "expansions": "author_id"}
    | {"user.fields": "username,name,protected"}
)


@pytest.mark.parametrize("case", cases("x"))
def test_x_reads(case: str) -> None:
    check("x", case, XSource(XSettings()).read, key_of)


def key_of(_: str, body: bytes) -> str:
    content = json.loads(body)
    return str(content.get("value") or content.get("tweet", content)["id"])


def id_at(at: int, n: int = 0) -> str:
    return str(((at // 1000 - EPOCH) << 22) + n)


def tweet(id: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "text": "https://arxiv.org/abs/2609.01234", "author_id": "7", **more}


@pytest.mark.parametrize("created_at", [{}, {"created_at": "Wed Jun 02 08:00:00 +0000 2021"}, {"created_at": None}])
def test_a_post_without_a_readable_time_has_that_of_its_id(created_at: dict[str, object]) -> None:
    at = START - 900 * DAY
    [post] = posts_read(tweet(id_at(at), **created_at))
    assert post.created_at == at // 1000 * 1000


def test_numbers_that_are_texts_and_ids_that_are_numbers_are_read() -> None:
    metrics = {"retweet_count": "1", "like_count": "2"}
    body = {"tweet": tweet(id_at(START), author_id=5, public_metrics=metrics), "author": None}
    items = XSource(XSettings()).read(RawPayload("post", id_at(START), json.dumps(body).encode(), NOW))
    assert [item.account for item in items if isinstance(item, Post)] == ["x:5"]
    assert [(item.reposts, item.likes) for item in items if isinstance(item, Snapshot)] == [(1, 2)]


def posts_read(own: dict[str, Any]) -> list[Post]:
    body = json.dumps({"tweet": own, "author": None}).encode()
    items = XSource(XSettings()).read(RawPayload("post", own["id"], body, NOW))
    return [item for item in items if isinstance(item, Post)]


def answer(*tweets: Any, next_token: str = "", **more: Any) -> bytes:
    meta = {"result_count": len(tweets)} | ({"next_token": next_token} if next_token else {})
    users = [{"id": "7", "username": "wool", "name": "W"}, {"name": "nobody"}]
    return json.dumps(
        ({"data": tweets, "includes": {"users": users}} if tweets else {}) | {"meta": meta} | more
    ).encode()


def query(http: ScriptedClient, n: int = -1) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(http.requests[n].url).query).items()}


def cursor(page: PayloadPage) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(page.cursor or "null")
    return state


# ---- requests ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [XSettings(), XSettings(token="t"), XSettings(token="t", budget=5, price=0)])
def test_without_key_and_budget_nothing_is_asked(settings: XSettings) -> None:
    http = ScriptedClient({})
    with pytest.raises(RequestRefused, match=r"set source\.x"):
        list(XSource(settings).pages(http, None))
    assert http.requests == []


def test_the_token_goes_into_a_header_and_nowhere_else() -> None:
    http = ScriptedClient(lambda url: answer(tweet(id_at(START))), now=NOW)
    pages = list(XSource(SETTINGS).pages(http, None))
    assert http.requests[0].headers == {"authorization": "Bearer t0ken"}
    assert "t0ken" not in repr(pages) + http.requests[0].url


RESERVED = 3 * PAGE * 30_000
"""Reserved for a search: three tries, each of a hundred posts with their authors."""


def test_pages_follow_each_other_and_the_cursor_moves_at_the_end() -> None:
    new_id, old_id, end_id = id_at(NOW, 5), id_at(NOW - HOUR), id_at(NOW, 2**22 - 1)
    replies = iter([answer(tweet(new_id), next_token="more"), answer(tweet(old_id))])
    http = ScriptedClient(lambda url: next(replies), now=NOW)
    pages = list(XSource(SETTINGS).pages(http, None))
    assert [cursor(page).get("since", "") for page in pages] == ["", "", "", end_id]
    cost = 10_000 + 2 * 20_000
    assert [cursor(page)["spent"] for page in pages] == [RESERVED, cost, cost + RESERVED, 2 * cost]
    assert query(http, 1)["next_token"] == "more" and "since_id" not in query(http, 0)
    next_http = ScriptedClient(lambda url: answer(), now=NOW)
    last_page = list(XSource(SETTINGS).pages(next_http, pages[-1].cursor))[-1]
    assert query(next_http)["since_id"] == end_id and cursor(last_page) == cursor(pages[-1])


def test_a_cursor_older_than_the_networks_memory_is_not_sent() -> None:
    http = ScriptedClient(lambda url: answer(), now=NOW)
    list(XSource(SETTINGS).pages(http, json.dumps({"since": id_at(NOW - 8 * DAY), "month": "2025-12", "spent": 3})))
    assert "since_id" not in query(http)


@pytest.mark.parametrize(
    ("response", "error"),
    [(reply(429, retry_after="60"), RetryLater), (reply(401), RequestRefused), (reply(403), RequestRefused)],
)
def test_what_is_refused_costs_nothing(response: Response, error: type[NetError]) -> None:
    pages: list[PayloadPage] = []
    with pytest.raises(error, match="/2/tweets/search/recent: answered"):
        collect(XSource(SETTINGS).pages(ScriptedClient({SEARCH_URL: response}, now=NOW), None), pages)
    assert [cursor(page).get("spent", 0) for page in pages] == [RESERVED, 0] and "asking" not in cursor(pages[-1])


def collect(pages: Iterator[PayloadPage], into: list[PayloadPage]) -> None:
    """Takes pages one by one, as the runner does; keeps those before an error."""
    into.extend(pages)


@pytest.mark.parametrize("result", [NetError("broke off"), b"<html>", reply(500), reply(503, retry_after="5")])
def test_a_request_that_breaks_off_stays_paid_and_the_next_one_is_small(result: Reply) -> None:
    pages: list[PayloadPage] = []
    with pytest.raises(RetryLater) as excinfo:
        collect(XSource(SETTINGS).pages(ScriptedClient({SEARCH_URL: result}, now=NOW), None), pages)
    cost = RESERVED if not isinstance(result, Response) else RESERVED // 3  # a status proves that it was requested once
    assert cursor(pages[-1]) == {"month": "2026-01", "spent": cost, "asking": True}
    assert excinfo.value.seconds == (5 if isinstance(result, Response) and result.status == 503 else UNSURE_AGAIN)
    http = ScriptedClient(lambda url: answer(), now=NOW)
    page = list(XSource(SETTINGS).pages(http, pages[-1].cursor))[-1]
    assert query(http)["max_results"] == str(MIN_PAGE) and cursor(page) == {"month": "2026-01", "spent": cost}


def test_what_reached_nobody_costs_nothing_and_is_an_error_like_any_other() -> None:
    error = NetError("refused")
    error.tries = 0
    pages: list[PayloadPage] = []
    with pytest.raises(NetError) as excinfo:
        collect(XSource(SETTINGS).pages(ScriptedClient({SEARCH_URL: error}, now=NOW), None), pages)
    assert excinfo.value is error and cursor(pages[-1]) == {"month": "2026-01"}


def test_tries_before_the_one_that_answered_are_paid_for() -> None:
    http = ScriptedClient(lambda url: reply(200, answer(tweet(id_at(NOW))))._replace(tries=2), now=NOW)
    page = list(XSource(SETTINGS).pages(http, None))[-1]
    assert cursor(page)["spent"] == PAGE * 30_000 + 10_000 + 2 * 20_000


def test_what_does_not_say_its_id_goes_to_quarantine_not_to_nowhere() -> None:
    http = ScriptedClient(lambda url: answer(tweet(id_at(START)), {"id": "none"}), now=NOW)
    payloads = [payload for page in XSource(SETTINGS).pages(http, None) for payload in page.payloads]
    assert [payload.key[:10] for payload in payloads] == [id_at(START)[:10], "unreadable"]
    with pytest.raises(msgspec.ValidationError):
        list(XSource(SETTINGS).read(payloads[1]))


def test_an_edit_is_the_same_post_later() -> None:
    first, second = id_at(START), id_at(START + HOUR)
    http = ScriptedClient(lambda url: answer(tweet(second, edit_history_tweet_ids=[first, second])), now=NOW)
    [payload] = [payload for page in XSource(SETTINGS).pages(http, None) for payload in page.payloads]
    posts = [item for item in XSource(SETTINGS).read(payload) if isinstance(item, Post)]
    assert payload.key == first and [post.post for post in posts] == [f"x:{first}"] and posts[0].handle == "wool"


def test_an_edit_of_a_known_post_is_told_as_such_also_where_it_names_nothing_any_more() -> None:
    first, second = id_at(START), id_at(START + HOUR)
    edit = tweet(second, edit_history_tweet_ids=[first, second], text="no paper")
    for tracked, kind, count in ((set[str](), "post", 0), ({f"x:{first}"}, "edit", 1)):
        source = XSource(SETTINGS, known=tracked)
        pages = list(source.pages(ScriptedClient(lambda url: answer(edit, tweet(first)), now=NOW), None))
        payloads = [payload for page in pages for payload in page.payloads]
        assert [payload.kind for payload in payloads] == [kind, "post"]
        items = list(source.read(payloads[0]))
        assert [item.text for item in items if isinstance(item, Post)] == ["no paper"] * count
        assert not [item for item in items if isinstance(item, Mention)]


# ---- counts, and deleted posts -------------------------------------------------------------------------

RICH = XSettings(token="t0ken", budget=10_000.0)


def problem(id: str, type: str, title: str, resource: str = "tweet") -> dict[str, str]:
    return {"value": id, "resource_type": resource, "title": title, "type": f"https://api.x.com/2/problems/{type}"}


def items_of(source: XSource, pages: list[PayloadPage]) -> list[Any]:
    return [item for page in pages for payload in page.payloads for item in source.read(payload)]


def test_counts_are_asked_for_a_hundred_at_a_time_and_cost_what_came() -> None:
    def respond(url: str) -> bytes:
        ids = parse_qs(urlsplit(url).query)["ids"][0].split(",")
        return json.dumps(
            {"data": [{"id": id, "text": "", "public_metrics": {"like_count": 3}} for id in ids]}
        ).encode()

    http, source = ScriptedClient(respond, now=NOW), XSource(RICH)
    pages = list(source.counts_from(http, [f"x:{n}" for n in range(1000)], None))
    assert len(http.requests) == 10 and http.requests[0].headers == {"authorization": "Bearer t0ken"}
    assert {item.likes for item in items_of(source, pages)} == {3} and len(items_of(source, pages)) == 1000
    assert cursor(pages[-1])["spent"] == 1000 * 5000 and len(pages) == 20


def test_a_post_that_is_gone_says_why() -> None:
    answer = json.dumps({
        "data": [{"id": "1", "text": "", "public_metrics": {"like_count": 3}}],
        "errors": [
            problem("2", "resource-not-found", "Not Found Error"),
            problem("3", "resource-not-found", "Forbidden"),
            problem("4", "not-authorized-for-resource", "Authorization Error"),
            problem("5", "rate-limit-exceeded", "Too Many Requests"),
            problem("6", "resource-not-found", "Not Found Error", "user"),
            problem("8", "resource-not-found", "Not Found Error"),
            {"value": 7}, 3,
        ],
    }).encode()  # fmt: skip
    source = XSource(RICH)
    keys = [f"x:{n}" for n in range(1, 8)]
    items = items_of(source, list(source.counts_from(ScriptedClient(lambda url: answer, now=NOW), keys, None)))
    gone = {item.post: item.gone for item in items if isinstance(item, Post)}
    assert gone == {"x:2": "deleted", "x:3": "suspended", "x:4": "protected"}  # 8 was not requested
    assert [item.post for item in items if isinstance(item, Snapshot)] == ["x:1"]


def test_what_an_answer_does_not_mention_is_not_gone() -> None:
    source = XSource(RICH)
    assert items_of(source, list(source.counts_from(ScriptedClient(lambda url: b"{}", now=NOW), ["x:1"], None))) == []


def test_an_edited_post_is_counted_under_its_first_identifier() -> None:
    body = {"data": [{"id": "5", "edit_history_tweet_ids": ["5", "9"], "public_metrics": {"like_count": 1}}, {"a": 1}]}
    source = XSource(RICH)
    pages = list(source.counts_from(ScriptedClient(lambda url: json.dumps(body).encode(), now=NOW), ["x:5"], None))
    payloads = [payload for page in pages for payload in page.payloads]
    assert [payload.key[:10] for payload in payloads] == ["5", "unreadable"]


def test_keys_that_can_be_no_identifier_are_not_asked_for() -> None:
    http = ScriptedClient(lambda url: b"{}", now=NOW)
    list(XSource(RICH).counts_from(http, ["x:~18e1", "x:@wool", "x:1", "bluesky:at://x", "x:1", "x:" + "9" * 20], None))
    assert query(http)["ids"] == "1"
    assert list(XSource(RICH).counts_from(ScriptedClient({}), ["x:~18e1"], None)) == []


def test_without_their_cursor_counts_are_not_asked_for() -> None:
    assert isinstance(XSource(RICH), MeteredSource)
    with pytest.raises(RequestRefused, match="it is unknown how much was spent"):
        XSource(RICH).counts(ScriptedClient({}), ["x:1"])
    with pytest.raises(RequestRefused, match="no token"):
        list(XSource(XSettings()).counts_from(ScriptedClient({}), ["x:1"], None))


# ---- recordings ----------------------------------------------------------------------------------------

NOT_READ = {
    "from-docs/error_400_invalid_request.json": "an error; its status counts",
    "from-docs/error_401_unauthorized.json": "an error; its status counts",
    "from-docs/error_429_too_many_requests.json": "an error; its status counts",
    "from-docs/error_429_usage_capped.json": "an error; its status counts",
    "nitter_like_antibot_interstitial.html": "a page of another site",
    "oembed.json": "HTML for showing a post, which is not requested",
    "v11_rate_limit_status.json": "limits of the old API",
    "v11_retweet_response_with_retweeted_status.json": "the old API, which is not requested",
    "v11_retweets_of_status.json": "the old API, which is not requested",
    "v11_search_tweets.json": "the old API, which is not requested",
    "v11_status_show.json": "the old API, which is not requested",
    "v11_unretweet_response.json": "the old API, which is not requested",
    "v11_user_timeline.json": "the old API, which is not requested",
    "v2_archive_counts.jsonl": "counts of posts by day, not posts",
    "v2_counts_recent.json": "counts of posts by day, not posts",
    "v2_compliance_tweets.jsonl": "only ids, for an import",
    "v2_compliance_users.jsonl": "only ids, for an import",
    "v2_retweeted_by.json": "accounts, not posts",
}


def tweets_in(body: Any) -> Iterator[dict[str, Any]]:
    """The posts in a response, or in a line of an archive, each with its author."""
    posts = body.get("data", body if "text" in body else [])
    users = {user["id"]: user for user in body.get("includes", {}).get("users", [])}
    for tweet in posts if isinstance(posts, list) else [posts]:
        yield {"tweet": tweet, "author": users.get(tweet.get("author_id"))}


def test_every_recording_of_x_is_read(shared: Path) -> None:
    folder, source = shared / "recordings" / "x", XSource(XSettings())
    papers: set[str] = set()
    posts = snapshots = reposts = 0
    for file in (f for f in sorted(folder.rglob("*.*")) if not f.name.endswith(".headers.txt")):
        if file.relative_to(folder).as_posix() in NOT_READ:
            continue
        lines = file.read_text("utf-8").splitlines() if file.suffix == ".jsonl" else [file.read_text("utf-8")]
        count = 0
        for line in lines:
            try:
                body = json.loads(line)
            except json.JSONDecodeError:
                assert file.name == "v2_stream_with_error.jsonl"  # it ends where the connection broke off
                continue
            for tweet in tweets_in(body):
                count += 1
                tweet["tweet"]["text"] += " arxiv.org/abs/2609.01234"
                items = list(source.read(RawPayload("post", tweet["tweet"]["id"], json.dumps(tweet).encode(), AT)))
                papers |= {item.paper for item in items if isinstance(item, Mention)}
                snapshots += sum(isinstance(item, Snapshot) for item in items)
                reposts += not items
                posts += 1
                for post in items:
                    if isinstance(post, Post):
                        assert all(post.text[k.start : k.end] and k.target for k in post.links)
        assert count, file.name
    assert papers >= {"arxiv:2609.01234"}
    assert (posts, snapshots, reposts) == (120, 43, 24)


def test_the_recorded_answers_of_the_search_are_pages(shared: Path) -> None:
    folder = shared / "recordings" / "x"
    for name in (
        "v2_search_recent_minimal.json",
        "v2_search_recent_minimal_b.json",
        "from-docs/partial_errors_200.json",
    ):
        body = json.loads((folder / name).read_bytes()) | {"meta": {}}
        pages = XSource(SETTINGS).pages(ScriptedClient({SEARCH_URL: json.dumps(body).encode()}, now=NOW), None)
        assert [payload.key for page in pages for payload in page.payloads] == [
            payload["id"] for payload in body["data"]
        ]


def test_the_recorded_partial_errors_are_understood(shared: Path) -> None:
    body = (shared / "recordings" / "x" / "from-docs" / "partial_errors_200.json").read_bytes()
    source, present, missing = XSource(RICH), "1261326399320715264", "1276230436478386177"
    http = ScriptedClient(lambda url: body, now=NOW)
    pages = list(source.counts_from(http, [f"x:{present}", f"x:{missing}"], None))
    assert [(payload.kind, payload.key) for page in pages for payload in page.payloads] == [
        ("counts", present),
        ("gone", missing),
    ]
    assert [item.gone for item in items_of(source, pages)] == ["deleted"]
