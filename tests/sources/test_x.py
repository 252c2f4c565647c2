"""X: reading its answers; requests for posts and for their counts. For its cost, see test_x_money."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import pytest

from hotpapers.errors import NetError, RequestRefused, RetryLater
from hotpapers.model import (
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
from hotpapers.sources.x import EPOCH, FIELDS, PAGE, SMALLEST, XSettings, XSource
from hotpapers.sources.x.billing import UNSURE_AGAIN
from tests.sources.cases import AT, cases, check
from tests.sources.net import START, Reply, ScriptedClient, reply

SETTINGS = XSettings(token="t0ken", budget=1000.0, price=0.01, author_price=0.02, counts=0.5)
LATE = START + 20 * DAY
ASKED = "https://api.x.com/2/tweets/search/recent?" + urlencode(
    {"query": SETTINGS.query, "max_results": PAGE, "tweet.fields": FIELDS, "expansions": "author_id"}
    | {"user.fields": "username,name,protected"}
)


@pytest.mark.parametrize("case", cases("x"))
def test_x_reads(case: str) -> None:
    check("x", case, XSource(XSettings()).read, key_of)


def key_of(_: str, body: bytes) -> str:
    said = json.loads(body)
    return str(said.get("value") or said.get("tweet", said)["id"])


def id_at(at: int, n: int = 0) -> str:
    return str(((at // 1000 - EPOCH) << 22) + n)


def tweet(id: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "text": "https://arxiv.org/abs/2609.01234", "author_id": "7", **more}


def answer(*tweets: Any, next_token: str = "", **more: Any) -> bytes:
    meta = {"result_count": len(tweets)} | ({"next_token": next_token} if next_token else {})
    users = [{"id": "7", "username": "wool", "name": "W"}, {"name": "nobody"}]
    return json.dumps(
        ({"data": tweets, "includes": {"users": users}} if tweets else {}) | {"meta": meta} | more
    ).encode()


def asked(http: ScriptedClient, n: int = -1) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(http.requests[n].url).query).items()}


def cursor(page: PayloadPage) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.cursor or "null")
    return found


# ---- requests ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [XSettings(), XSettings(token="t"), XSettings(token="t", budget=5, price=0)])
def test_without_key_and_budget_nothing_is_asked(settings: XSettings) -> None:
    http = ScriptedClient({})
    with pytest.raises(RequestRefused, match=r"set source\.x"):
        list(XSource(settings).pages(http, None))
    assert http.requests == []


def test_the_token_goes_into_a_header_and_nowhere_else() -> None:
    http = ScriptedClient(lambda url: answer(tweet(id_at(START))), now=LATE)
    pages = list(XSource(SETTINGS).pages(http, None))
    assert http.requests[0].headers == {"authorization": "Bearer t0ken"}
    assert "t0ken" not in repr(pages) + http.requests[0].url


BOOKED = 3 * PAGE * 30_000
"""Booked for a search: three tries, each of a hundred posts with their authors."""


def test_pages_follow_each_other_and_the_cursor_moves_at_the_end() -> None:
    new, old, end = id_at(LATE, 5), id_at(LATE - HOUR), id_at(LATE, 2**22 - 1)
    replies = iter([answer(tweet(new), next_token="more"), answer(tweet(old))])
    http = ScriptedClient(lambda url: next(replies), now=LATE)
    pages = list(XSource(SETTINGS).pages(http, None))
    assert [cursor(page).get("since", "") for page in pages] == ["", "", "", end]
    one = 10_000 + 2 * 20_000
    assert [cursor(page)["spent"] for page in pages] == [BOOKED, one, one + BOOKED, 2 * one]
    assert asked(http, 1)["next_token"] == "more" and "since_id" not in asked(http, 0)
    following = ScriptedClient(lambda url: answer(), now=LATE)
    last = list(XSource(SETTINGS).pages(following, pages[-1].cursor))[-1]
    assert asked(following)["since_id"] == end and cursor(last) == cursor(pages[-1])


def test_a_cursor_older_than_the_networks_memory_is_not_sent() -> None:
    http = ScriptedClient(lambda url: answer(), now=LATE)
    list(XSource(SETTINGS).pages(http, json.dumps({"since": id_at(LATE - 8 * DAY), "month": "2025-12", "spent": 3})))
    assert "since_id" not in asked(http)


@pytest.mark.parametrize(
    ("said", "raised"),
    [(reply(429, retry_after="60"), RetryLater), (reply(401), RequestRefused), (reply(403), RequestRefused)],
)
def test_what_is_refused_costs_nothing(said: Response, raised: type[NetError]) -> None:
    pages: list[PayloadPage] = []
    with pytest.raises(raised, match="/2/tweets/search/recent: answered"):
        collect(XSource(SETTINGS).pages(ScriptedClient({ASKED: said}, now=LATE), None), pages)
    assert [cursor(page).get("spent", 0) for page in pages] == [BOOKED, 0] and "asking" not in cursor(pages[-1])


def collect(pages: Iterator[PayloadPage], into: list[PayloadPage]) -> None:
    """Takes pages one by one, as the runner does; keeps those before an error."""
    into.extend(pages)


@pytest.mark.parametrize("said", [NetError("broke off"), b"<html>", reply(500), reply(503, retry_after="5")])
def test_a_request_that_breaks_off_stays_paid_and_the_next_one_is_small(said: Reply) -> None:
    pages: list[PayloadPage] = []
    with pytest.raises(RetryLater) as told:
        collect(XSource(SETTINGS).pages(ScriptedClient({ASKED: said}, now=LATE), None), pages)
    lost = BOOKED if not isinstance(said, Response) else BOOKED // 3  # a status proves that it was requested once
    assert cursor(pages[-1]) == {"month": "2026-01", "spent": lost, "asking": True}
    assert told.value.seconds == (5 if isinstance(said, Response) and said.status == 503 else UNSURE_AGAIN)
    http = ScriptedClient(lambda url: answer(), now=LATE)
    last = list(XSource(SETTINGS).pages(http, pages[-1].cursor))[-1]
    assert asked(http)["max_results"] == str(SMALLEST) and cursor(last) == {"month": "2026-01", "spent": lost}


def test_what_reached_nobody_costs_nothing_and_is_an_error_like_any_other() -> None:
    unreached = NetError("refused")
    unreached.tries = 0
    pages: list[PayloadPage] = []
    with pytest.raises(NetError) as told:
        collect(XSource(SETTINGS).pages(ScriptedClient({ASKED: unreached}, now=LATE), None), pages)
    assert told.value is unreached and cursor(pages[-1]) == {"month": "2026-01"}


def test_tries_before_the_one_that_answered_are_paid_for() -> None:
    http = ScriptedClient(lambda url: reply(200, answer(tweet(id_at(LATE))))._replace(tries=2), now=LATE)
    last = list(XSource(SETTINGS).pages(http, None))[-1]
    assert cursor(last)["spent"] == PAGE * 30_000 + 10_000 + 2 * 20_000


def test_what_does_not_say_its_id_goes_to_quarantine_not_to_nowhere() -> None:
    http = ScriptedClient(lambda url: answer(tweet(id_at(START)), {"id": "none"}), now=LATE)
    seen = [one for page in XSource(SETTINGS).pages(http, None) for one in page.payloads]
    assert [one.key[:10] for one in seen] == [id_at(START)[:10], "unreadable"]
    with pytest.raises(msgspec.ValidationError):
        list(XSource(SETTINGS).read(seen[1]))


def test_an_edit_is_the_same_post_later() -> None:
    first, second = id_at(START), id_at(START + HOUR)
    http = ScriptedClient(lambda url: answer(tweet(second, edit_history_tweet_ids=[first, second])), now=LATE)
    [seen] = [one for page in XSource(SETTINGS).pages(http, None) for one in page.payloads]
    posts = [item for item in XSource(SETTINGS).read(seen) if isinstance(item, Post)]
    assert seen.key == first and [post.post for post in posts] == [f"x:{first}"] and posts[0].handle == "wool"


def test_an_edit_of_a_known_post_is_told_as_such_also_where_it_names_nothing_any_more() -> None:
    first, second = id_at(START), id_at(START + HOUR)
    edited = tweet(second, edit_history_tweet_ids=[first, second], text="no paper")
    for known, kind, posts in ((set[str](), "post", 0), ({f"x:{first}"}, "edit", 1)):
        source = XSource(SETTINGS, known=known)
        pages = list(source.pages(ScriptedClient(lambda url: answer(edited, tweet(first)), now=LATE), None))
        seen = [one for page in pages for one in page.payloads]
        assert [one.kind for one in seen] == [kind, "post"]
        items = list(source.read(seen[0]))
        assert [item.text for item in items if isinstance(item, Post)] == ["no paper"] * posts
        assert not [item for item in items if isinstance(item, Mention)]


# ---- counts, and deleted posts -------------------------------------------------------------------------

RICH = XSettings(token="t0ken", budget=10_000.0)


def problem(id: str, type: str, title: str, resource: str = "tweet") -> dict[str, str]:
    return {"value": id, "resource_type": resource, "title": title, "type": f"https://api.x.com/2/problems/{type}"}


def counted(source: XSource, pages: list[PayloadPage]) -> list[Any]:
    return [item for page in pages for seen in page.payloads for item in source.read(seen)]


def test_counts_are_asked_for_a_hundred_at_a_time_and_cost_what_came() -> None:
    def said(url: str) -> bytes:
        ids = parse_qs(urlsplit(url).query)["ids"][0].split(",")
        return json.dumps(
            {"data": [{"id": id, "text": "", "public_metrics": {"like_count": 3}} for id in ids]}
        ).encode()

    http, source = ScriptedClient(said, now=LATE), XSource(RICH)
    pages = list(source.counts_from(http, [f"x:{n}" for n in range(1000)], None))
    assert len(http.requests) == 10 and http.requests[0].headers == {"authorization": "Bearer t0ken"}
    assert {item.likes for item in counted(source, pages)} == {3} and len(counted(source, pages)) == 1000
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
    items = counted(source, list(source.counts_from(ScriptedClient(lambda url: answer, now=LATE), keys, None)))
    gone = {item.post: item.gone for item in items if isinstance(item, Post)}
    assert gone == {"x:2": "deleted", "x:3": "suspended", "x:4": "protected"}  # 8 was not requested
    assert [item.post for item in items if isinstance(item, Snapshot)] == ["x:1"]


def test_what_an_answer_does_not_mention_is_not_gone() -> None:
    source = XSource(RICH)
    assert counted(source, list(source.counts_from(ScriptedClient(lambda url: b"{}", now=LATE), ["x:1"], None))) == []


def test_an_edited_post_is_counted_under_its_first_identifier() -> None:
    said = {"data": [{"id": "5", "edit_history_tweet_ids": ["5", "9"], "public_metrics": {"like_count": 1}}, {"a": 1}]}
    source = XSource(RICH)
    pages = list(source.counts_from(ScriptedClient(lambda url: json.dumps(said).encode(), now=LATE), ["x:5"], None))
    seen = [one for page in pages for one in page.payloads]
    assert [one.key[:10] for one in seen] == ["5", "unreadable"]


def test_keys_that_can_be_no_identifier_are_not_asked_for() -> None:
    http = ScriptedClient(lambda url: b"{}", now=LATE)
    list(XSource(RICH).counts_from(http, ["x:~18e1", "x:@wool", "x:1", "bluesky:at://x", "x:1", "x:" + "9" * 20], None))
    assert asked(http)["ids"] == "1"
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
    "oembed.json": "HTML for showing a post, which is not asked for",
    "v11_rate_limit_status.json": "limits of the old API",
    "v11_retweet_response_with_retweeted_status.json": "the old API, which is not asked for",
    "v11_retweets_of_status.json": "the old API, which is not asked for",
    "v11_search_tweets.json": "the old API, which is not asked for",
    "v11_status_show.json": "the old API, which is not asked for",
    "v11_unretweet_response.json": "the old API, which is not asked for",
    "v11_user_timeline.json": "the old API, which is not asked for",
    "v2_archive_counts.jsonl": "counts of posts by day, no posts",
    "v2_counts_recent.json": "counts of posts by day, no posts",
    "v2_compliance_tweets.jsonl": "ids alone, of an import",
    "v2_compliance_users.jsonl": "ids alone, of an import",
    "v2_retweeted_by.json": "accounts, no posts",
}


def told(said: Any) -> Iterator[dict[str, Any]]:
    """The posts of an answer, or of a line of an archive, each with its author."""
    data = said.get("data", said if "text" in said else [])
    users = {user["id"]: user for user in said.get("includes", {}).get("users", [])}
    for one in data if isinstance(data, list) else [data]:
        yield {"tweet": one, "author": users.get(one.get("author_id"))}


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
                said = json.loads(line)
            except json.JSONDecodeError:
                assert file.name == "v2_stream_with_error.jsonl"  # it ends where the connection broke off
                continue
            for one in told(said):
                count += 1
                one["tweet"]["text"] += " arxiv.org/abs/2609.01234"
                items = list(source.read(RawPayload("post", one["tweet"]["id"], json.dumps(one).encode(), AT)))
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
        said = json.loads((folder / name).read_bytes()) | {"meta": {}}
        pages = XSource(SETTINGS).pages(ScriptedClient({ASKED: json.dumps(said).encode()}, now=LATE), None)
        assert [one.key for page in pages for one in page.payloads] == [one["id"] for one in said["data"]]


def test_the_recorded_partial_errors_are_understood(shared: Path) -> None:
    said = (shared / "recordings" / "x" / "from-docs" / "partial_errors_200.json").read_bytes()
    source, there, missing = XSource(RICH), "1261326399320715264", "1276230436478386177"
    http = ScriptedClient(lambda url: said, now=LATE)
    pages = list(source.counts_from(http, [f"x:{there}", f"x:{missing}"], None))
    assert [(one.kind, one.key) for page in pages for one in page.payloads] == [("counts", there), ("gone", missing)]
    assert [item.gone for item in counted(source, pages)] == ["deleted"]
