"""X: what it says, read; and that no month ever costs more than its budget, whatever happens in between."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.errors import HotPapersError, NetError, Refused, Wait
from hotpapers.model import DAY, HOUR, Mention, Page, Post, Seen, Snapshot
from hotpapers.sources.x import EPOCH, FIELDS, PAGE, SMALLEST, UNSURE_AGAIN, X, XSettings
from tests.sources.cases import AT, cases, check
from tests.sources.net import START, ScriptedNet

SETTINGS = XSettings(token="t0ken", budget=10.0, price=0.01)
ASKED = "https://api.x.com/2/tweets/search/recent?" + urlencode(
    {"query": SETTINGS.query, "max_results": PAGE, "tweet.fields": FIELDS, "expansions": "author_id"}
    | {"user.fields": "username,name,protected"}
)


@pytest.mark.parametrize("case", cases("x"))
def test_x_reads(case: str) -> None:
    check("x", case, X(XSettings()).read, lambda name, body: str(json.loads(body)["tweet"]["id"]))


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


def asked(net: ScriptedNet, n: int = -1) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(net.requests[n].url).query).items()}


def cursor(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.cursor or "null")
    return found


# ---- how it is asked -----------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [XSettings(), XSettings(token="t"), XSettings(token="t", budget=5, price=0)])
def test_without_key_and_budget_nothing_is_asked(settings: XSettings) -> None:
    net = ScriptedNet({})
    with pytest.raises(Refused, match=r"set source\.x"):
        list(X(settings).pages(net, None))
    assert net.requests == []


def test_the_token_goes_into_a_header_and_nowhere_else() -> None:
    net = ScriptedNet(lambda url: answer(tweet(id_at(START))))
    pages = list(X(SETTINGS).pages(net, None))
    assert net.requests[0].headers == {"authorization": "Bearer t0ken"}
    assert "t0ken" not in repr(pages) + net.requests[0].url


def test_pages_follow_each_other_and_the_cursor_moves_at_the_end() -> None:
    new, old = id_at(START, 5), id_at(START - HOUR)
    replies = iter([answer(tweet(new), next_token="more"), answer(tweet(old))])
    net = ScriptedNet(lambda url: next(replies))
    pages = list(X(SETTINGS).pages(net, None))
    assert [cursor(page)["since"] for page in pages] == ["", "", "", new]
    assert [cursor(page)["posts"] for page in pages] == [PAGE, 1, 1 + PAGE, 2]
    assert asked(net, 1)["next_token"] == "more" and "since_id" not in asked(net, 0)
    following = ScriptedNet(lambda url: answer())
    last = list(X(SETTINGS).pages(following, pages[-1].cursor))[-1]
    assert asked(following)["since_id"] == new and cursor(last) == cursor(pages[-1])


def test_a_cursor_older_than_the_networks_memory_is_not_sent() -> None:
    net = ScriptedNet(lambda url: answer())
    said = json.dumps({"since": id_at(START - 8 * DAY), "month": "2025-12", "posts": 3})
    list(X(SETTINGS).pages(net, said))
    assert "since_id" not in asked(net)


def test_what_is_refused_costs_nothing() -> None:
    for problem in (Wait(60, "busy"), Refused("no", 401)):
        pages: list[Page] = []
        with pytest.raises(type(problem)):
            collect(X(SETTINGS).pages(ScriptedNet({ASKED: problem}), None), pages)
        assert [cursor(page)["posts"] for page in pages] == [PAGE, 0]


def collect(pages: Iterator[Page], into: list[Page]) -> None:
    """Takes pages as the runner does, one by one; those before an error are kept."""
    into.extend(pages)


def test_a_request_that_breaks_off_stays_paid_and_the_next_one_is_small() -> None:
    pages: list[Page] = []
    for problem in (NetError("broke off"), b"<html>"):
        with pytest.raises(Wait) as told:
            collect(X(SETTINGS).pages(ScriptedNet({ASKED: problem}), None), pages)
        assert told.value.seconds == UNSURE_AGAIN and cursor(pages[-1])["posts"] == PAGE
    net = ScriptedNet(lambda url: answer())
    last = list(X(SETTINGS).pages(net, pages[-1].cursor))[-1]
    assert asked(net)["max_results"] == str(SMALLEST) and not cursor(last).get("asking")
    assert cursor(last)["posts"] == PAGE


def test_what_does_not_say_its_id_goes_to_quarantine_not_to_nowhere() -> None:
    net = ScriptedNet(lambda url: answer(tweet(id_at(START)), {"id": "none"}))
    seen = [one for page in X(SETTINGS).pages(net, None) for one in page.seen]
    assert [one.key[:10] for one in seen] == [id_at(START)[:10], "unreadable"]
    with pytest.raises(msgspec.ValidationError):
        list(X(SETTINGS).read(seen[1]))


def test_an_edit_is_the_same_post_later() -> None:
    first, second = id_at(START), id_at(START + HOUR)
    net = ScriptedNet(lambda url: answer(tweet(second, edit_history_tweet_ids=[first, second])))
    [seen] = [one for page in X(SETTINGS).pages(net, None) for one in page.seen]
    posts = [item for item in X(SETTINGS).read(seen) if isinstance(item, Post)]
    assert seen.key == first and [post.post for post in posts] == [f"x:{first}"] and posts[0].handle == "wool"


def test_counts_are_not_paid_for_again() -> None:
    assert list(X(SETTINGS).counts(ScriptedNet({}), ["x:1"])) == []


# ---- months --------------------------------------------------------------------------------------------


class Bill:
    """The network's own account: a post that is returned is charged to the month, once a day."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.paid: dict[str, set[tuple[int, str]]] = {}
        self.net = ScriptedNet(self.said, pace=30)

    def said(self, url: str) -> bytes | HotPapersError:
        if self.random.random() < 0.1:
            return self.random.choice([Wait(60, "busy"), Refused("no", 401)])
        most, now = int(parse_qs(urlsplit(url).query)["max_results"][0]), self.net.now()
        ids = [id_at(now, n) for n in range(self.random.randint(0, most))]
        day = datetime.date(1970, 1, 1) + datetime.timedelta(days=now // DAY)
        self.paid.setdefault(day.isoformat()[:7], set()).update((now // DAY, id) for id in ids)
        if self.random.random() < 0.05:
            return NetError("broke off")
        return answer(*map(tweet, ids), next_token="more" if self.random.random() < 0.6 else "")


@pytest.mark.parametrize("budget", [0.09, 0.1, 3.0, 10.0, 25.01])
@pytest.mark.parametrize("seed", range(4))
def test_no_month_costs_more_than_its_budget(budget: float, seed: int) -> None:
    """Four months of rounds, with failures, repeated tries, and a kill before or after any page is stored."""
    random, settings = Random(seed), msgspec.structs.replace(SETTINGS, budget=budget)
    bill = Bill(random)
    stored: str | None = None
    while bill.net.now() < START + 120 * DAY:
        try:
            for page in X(settings).pages(bill.net, stored):
                if random.random() < 0.03:
                    break  # killed before this page is stored
                stored = page.cursor or stored
                if random.random() < 0.03:
                    break  # killed after it
        except NetError as problem:
            bill.net.advance(problem.seconds if isinstance(problem, Wait) else 3600)
        bill.net.advance(random.choice([60, 3600, 40_000]))
    affordable = X(settings)._affordable()
    assert all(len(paid) <= affordable for paid in bill.paid.values())
    assert len(bill.paid) >= (3 if affordable >= SMALLEST else 0)
    assert affordable >= SMALLEST or not bill.paid


def test_a_month_that_turns_while_pages_are_read_pays_for_its_own() -> None:
    now = 1_769_904_000_000_000 - 90_000_000  # a minute and a half before February 2026
    replies = iter(
        [answer(tweet(id_at(now)), next_token="b"), answer(tweet(id_at(now)), next_token="c"), answer(tweet("5"))]
    )
    net = ScriptedNet(lambda url: next(replies), now=now, pace=60)
    pages = list(X(SETTINGS).pages(net, None))
    assert [(cursor(page)["month"], cursor(page)["posts"]) for page in pages[1::2]] == [
        ("2026-01", 1), ("2026-02", 1), ("2026-02", 2),
    ]  # fmt: skip


def test_a_clock_that_is_set_back_begins_no_new_month() -> None:
    net = ScriptedNet(lambda url: answer())
    last = list(X(SETTINGS).pages(net, '{"since":"","month":"2026-05","posts":400}'))[-1]
    assert (cursor(last)["month"], cursor(last)["posts"]) == ("2026-05", 400)


def test_a_spent_budget_waits() -> None:
    net = ScriptedNet({})
    with pytest.raises(Wait, match="budget of 10 is spent"):
        list(X(SETTINGS).pages(net, '{"since":"","month":"2026-01","posts":991}'))


@given(st.integers(1, 10**6), st.integers(1, 10**4))
def test_what_a_budget_pays_for_is_exact(cents: int, mills: int) -> None:
    source = X(XSettings(token="t", budget=cents / 100, price=mills / 1000))
    assert source._affordable() == cents * 10 // mills


# ---- what was recorded ---------------------------------------------------------------------------------

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
    folder, source = shared / "recordings" / "x", X(XSettings())
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
                assert file.name == "v2_stream_with_error.jsonl"  # it ends where the connection broke
                continue
            for one in told(said):
                count += 1
                one["tweet"]["text"] += " arxiv.org/abs/2609.01234"
                items = list(source.read(Seen("post", one["tweet"]["id"], json.dumps(one).encode(), AT)))
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
        pages = X(SETTINGS).pages(ScriptedNet({ASKED: json.dumps(said).encode()}), None)
        assert [one.key for page in pages for one in page.seen] == [one["id"] for one in said["data"]]
