"""Reddit: reading its answers; requests with a key and without."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotpapers.base.errors import NetError, PartiallyRead, RequestRefused, RetryLater
from hotpapers.base.model import Account, Mention, PayloadPage, Post, RawPayload, Snapshot
from hotpapers.wings.feeds.feed_parser import feed_entries
from hotpapers.wings.reddit.source import BATCH, OVERLAP, RedditSettings, RedditSource
from tests.collect.sources.cases import AT, cases, check, objects_in
from tests.collect.sources.net import START, Reply, ScriptedClient, reply

KEY = RedditSettings(subreddits=("one", "two"), client_id="the-id", client_secret="s3cret")
ONE_WITH_KEY = msgspec.structs.replace(KEY, subreddits=("one",))
FEEDS = RedditSettings(subreddits=("one", "two"))
TOKEN_URL = "https://www.reddit.com/api/v1/access_token"
TOKEN = b'{"access_token":"t0ken","token_type":"bearer","expires_in":86400}'
NOW = START // 1_000_000


def key_of(name: str, body: bytes) -> str:
    content = json.loads(body)
    return str((content or {}).get("name") or (content or {}).get("id") or "t3_qq7aa9")


@pytest.mark.parametrize("case", cases("reddit"))
def test_reddit_reads(case: str) -> None:
    check("reddit", case, RedditSource(RedditSettings()).read, key_of)


def test_what_is_read_does_not_hang_on_what_is_known() -> None:
    payload = RawPayload("post", "t3_a", b'{"name":"t3_a","removed_by_category":"moderator"}', AT)
    assert list(RedditSource(KEY, known={"reddit:t3_a"}).read(payload)) == list(RedditSource(KEY).read(payload)) == []


# ---- with a key ----------------------------------------------------------------------------------------


def listing(*posts: dict[str, Any] | Any, after: str | None = None) -> bytes:
    return json.dumps({"data": {"after": after, "children": [{"kind": "t3", "data": p} for p in posts]}}).encode()


def post(name: str, at: float = NOW, **more: Any) -> dict[str, Any]:
    return {"name": name, "created_utc": at, "author": "a", **more}


def listing_url(subreddit: str, after: str = "") -> str:
    tail = f"&after={after}" if after else ""
    return f"https://oauth.reddit.com/r/{subreddit}/new?limit=100&raw_json=1{tail}"


def keys(pages: list[PayloadPage]) -> list[str]:
    return [payload.key for page in pages for payload in page.payloads]


def test_the_secrets_go_into_headers_and_nowhere_else() -> None:
    http = ScriptedClient(
        {TOKEN_URL: TOKEN, listing_url("one"): listing(post("t3_a")), listing_url("two"): listing(post("t3_b"))}
    )
    pages = list(RedditSource(KEY).pages(http, None))
    token_request, *later_requests = http.requests
    basic = base64.b64encode(b"the-id:s3cret").decode()
    assert token_request.method == "POST" and token_request.headers == {"authorization": f"Basic {basic}"}
    assert [request.headers for request in later_requests] == [{"authorization": "Bearer t0ken"}] * 2
    text = repr([(pages, request.url, request.form) for request in http.requests])
    assert not [secret for secret in ("s3cret", "t0ken", basic) if secret in text]


def test_the_first_round_reads_the_newest_hundred_and_the_next_one_goes_back_to_them() -> None:
    settings = msgspec.structs.replace(KEY, subreddits=("one",))
    first_pages = list(
        RedditSource(settings).pages(
            ScriptedClient({TOKEN_URL: TOKEN, listing_url("one"): listing(post("t3_a"), after="t3_a")}), None
        )
    )
    assert keys(first_pages) == ["t3_a"] and json.loads(first_pages[-1].cursor or "") == {"one": NOW}
    http = ScriptedClient({
        TOKEN_URL: TOKEN,
        listing_url("one"): listing(post("t3_d", NOW + 9000), post("t3_c", NOW + 8000), after="t3_c"),
        listing_url("one", "t3_c"): listing(post("t3_b", NOW + 5), post("t3_a", NOW), after="t3_a"),
        listing_url("one", "t3_a"): listing(post("t3_9", NOW - OVERLAP - 1), after="t3_9"),
    })  # fmt: skip
    pages = list(RedditSource(settings).pages(http, first_pages[-1].cursor))
    assert keys(pages) == ["t3_d", "t3_c", "t3_b", "t3_a", "t3_9"]
    assert [json.loads(page.cursor or "")["one"] for page in pages] == [NOW, NOW, NOW + 9000], (
        "the cursor moves once everything is read"
    )


def endless_list() -> ScriptedClient:
    """A post on each page, a second before the last page's."""
    count = iter(range(100))

    def respond(url: str) -> bytes:
        return TOKEN if url == TOKEN_URL else listing(post(f"t3_{(n := next(count))}", NOW - n), after=f"t3_{n}")

    return ScriptedClient(respond)


def test_a_round_ends_after_ten_pages() -> None:
    pages: list[PayloadPage] = []
    with pytest.raises(PartiallyRead, match="more posts than the 1000 newest since it was last read"):
        collect(RedditSource(ONE_WITH_KEY).pages(endless_list(), '{"one":1}'), pages)
    assert len(keys(pages)) == 10 and pages[-1].cursor == json.dumps({"one": float(NOW)}, separators=(",", ":"))


def test_nothing_is_lost_if_the_newest_posts_reach_back_to_the_last_reading() -> None:
    """Though not through all of the hours before it, which are read again."""
    pages = list(RedditSource(ONE_WITH_KEY).pages(endless_list(), json.dumps({"one": NOW - 8})))
    assert len(keys(pages)) == 10 and pages[-1].cursor == json.dumps({"one": float(NOW)}, separators=(",", ":"))


def test_a_subreddit_that_fails_does_not_keep_the_others_from_being_read() -> None:
    for problem in (RequestRefused("private", 403), b"<html>"):
        http = ScriptedClient(
            {TOKEN_URL: TOKEN, listing_url("one"): problem, listing_url("two"): listing(post("t3_b"))}
        )
        pages: list[PayloadPage] = []
        with pytest.raises(NetError):
            collect(RedditSource(KEY).pages(http, None), pages)
        assert keys(pages) == ["t3_b"] and json.loads(pages[-1].cursor or "") == {"two": NOW}


def collect(pages: Iterator[PayloadPage], into: list[PayloadPage]) -> None:
    """Takes pages one by one, as the runner does; keeps those before an error."""
    into.extend(pages)


def test_a_key_that_is_refused_stops_the_round() -> None:
    with pytest.raises(RequestRefused):
        list(RedditSource(KEY).pages(ScriptedClient({TOKEN_URL: RequestRefused("401", 401)}), None))
    with pytest.raises(NetError):
        list(RedditSource(KEY).pages(ScriptedClient({TOKEN_URL: b'{"error":"x"}'}), None))


def test_what_does_not_say_its_name_goes_to_quarantine_not_to_nowhere() -> None:
    http = ScriptedClient(
        {
            TOKEN_URL: TOKEN,
            listing_url("one"): listing(3, post("t3_a"), {"name": "t1_comment"}),
            listing_url("two"): listing(),
        }
    )
    payloads = [payload for page in RedditSource(KEY).pages(http, None) for payload in page.payloads]
    assert [payload.key[:11] for payload in payloads] == ["unreadable-", "t3_a"]
    with pytest.raises(msgspec.ValidationError):
        list(RedditSource(KEY).read(payloads[0]))


def test_a_listed_post_that_is_gone_is_told_if_it_is_known() -> None:
    posts = [post("t3_a", removed_by_category="moderator"), post("t3_b", author="[deleted]")]
    http = ScriptedClient({TOKEN_URL: TOKEN, listing_url("one"): listing(*posts), listing_url("two"): listing()})
    source = RedditSource(KEY, known={"reddit:t3_a"})
    payloads = [payload for page in source.pages(http, None) for payload in page.payloads]
    items = [item for payload in payloads for item in source.read(payload)]
    assert [(item.post, item.gone) for item in items if isinstance(item, Post)] == [("reddit:t3_a", "removed")]


def test_an_edit_of_a_known_post_is_told_as_such_also_where_it_names_nothing_any_more() -> None:
    edit = post("t3_a", title="no paper", edited=float(NOW))
    table = {
        TOKEN_URL: TOKEN,
        listing_url("one"): listing(edit, post("t3_b", edited=1.5), post("t3_c")),
        listing_url("two"): listing(),
    }
    source = RedditSource(KEY, known={"reddit:t3_a", "reddit:t3_c"})
    payloads = [payload for page in source.pages(ScriptedClient(table), None) for payload in page.payloads]
    assert [(payload.kind, payload.key) for payload in payloads] == [
        ("post", "t3_a"), ("edit", "t3_a"), ("post", "t3_b"), ("post", "t3_c"),
    ]  # fmt: skip
    urls = [f"https://oauth.reddit.com/api/info?limit=100&raw_json=1&id={name}" for name in ("t3_a", "t3_b")]
    http = ScriptedClient({TOKEN_URL: TOKEN, urls[0]: listing(edit), urls[1]: listing(post("t3_b"))})
    results = [
        payload
        for key in ("reddit:t3_a", "reddit:t3_b")
        for page in source.counts(http, [key])
        for payload in page.payloads
    ]
    assert [(payload.kind, payload.key) for payload in results] == [
        ("counts", "t3_a"),
        ("edit", "t3_a"),
        ("counts", "t3_b"),
    ]
    items = [item for payload in results for item in source.read(payload)]
    assert [item.text for item in items if isinstance(item, Post)] == ["no paper"]


def test_counts_are_asked_for_a_hundred_at_a_time_and_missing_names_are_gone() -> None:
    batches: list[list[str]] = []

    def respond(url: str) -> bytes:
        if url == TOKEN_URL:
            return TOKEN
        names = url.split("id=")[1].split("%2C")
        batches.append(names)
        return listing(*(post(name, score=7, num_comments=1) for name in names if name != "t3_5"))

    source = RedditSource(KEY)
    pages = list(source.counts(ScriptedClient(respond), [f"reddit:t3_{n}" for n in range(BATCH + 3)]))
    items = [item for page in pages for payload in page.payloads for item in source.read(payload)]
    assert [len(names) for names in batches] == [BATCH, 3]
    assert [item.post for item in items if isinstance(item, Post) and item.gone == "deleted"] == ["reddit:t3_5"]
    assert sum(isinstance(item, Snapshot) and item.likes == 7 for item in items) == BATCH + 2


def test_without_keys_to_ask_about_no_token_is_asked_for() -> None:
    assert list(RedditSource(KEY).counts(ScriptedClient({}), [])) == []


# ---- without a key -------------------------------------------------------------------------------------


def feed_url(subreddit: str) -> str:
    return f"https://www.reddit.com/r/{subreddit}/new/.rss"


ATOM = (
    b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>t3_a</id><title>Sheep</title><author><name>/u/Wool</name></author>"
    b"<published>2026-01-01T00:00:00+00:00</published><content type='html'>&lt;a href='https://arxiv.org/abs/2609.01234'"
    b"&gt;[link]&lt;/a&gt;</content></entry><entry><id>t5_x</id><title>a subreddit</title></entry></feed>"
)


def test_without_a_key_the_feeds_are_read() -> None:
    http = ScriptedClient({feed_url("one"): ATOM, feed_url("two"): ATOM.replace(b"t3_a", b"t3_b")})
    source = RedditSource(FEEDS)
    payloads = [payload for page in source.pages(http, None) for payload in page.payloads]
    items = [item for payload in payloads for item in source.read(payload)]
    assert [payload.key for payload in payloads] == ["t3_a", "t3_b"]
    assert {item.paper for item in items if isinstance(item, Mention)} == {"arxiv:2609.01234"}
    assert {item.account for item in items if isinstance(item, Account)} == {"reddit:@wool"}
    assert not [item for item in items if isinstance(item, Snapshot)] and http.requests[0].headers == {}


def test_a_feed_that_fails_does_not_keep_the_others_from_being_read() -> None:
    pages: list[PayloadPage] = []
    with pytest.raises(PartiallyRead, match="1 of 2 could not be read; busy"):
        collect(
            RedditSource(FEEDS).pages(
                ScriptedClient({feed_url("one"): RetryLater(9, "busy"), feed_url("two"): ATOM}), None
            ),
            pages,
        )
    assert keys(pages) == ["t3_a"]


def test_a_feed_that_is_as_before_says_nothing_new() -> None:
    assert keys(
        list(RedditSource(FEEDS).pages(ScriptedClient({feed_url("one"): reply(304), feed_url("two"): ATOM}), None))
    ) == ["t3_a"]


def test_a_feed_says_that_a_known_post_is_gone() -> None:
    feed = ATOM.replace(b"/u/Wool", b"/u/[deleted]")
    for tracked, reasons in ((set[str](), []), ({"reddit:t3_a"}, ["deleted"])):
        source = RedditSource(FEEDS, known=tracked)
        pages = source.pages(ScriptedClient({feed_url("one"): feed, feed_url("two"): reply(304)}), None)
        items = [item for page in pages for payload in page.payloads for item in source.read(payload)]
        assert [item.gone for item in items if isinstance(item, Post)] == reasons


def feed_of(*ages: float) -> bytes:
    """A feed of posts with the given ages in seconds."""
    dates = [datetime.fromtimestamp(NOW - age, UTC).isoformat() for age in ages]
    posts = "".join(
        f"<entry><id>t3_{n}</id><title>t</title><published>{date}</published></entry>" for n, date in enumerate(dates)
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{posts}</feed>".encode()


ONE_SUBREDDIT = RedditSettings(subreddits=("one",))


def test_posts_that_a_feed_no_longer_had_are_missed_and_it_is_said() -> None:
    feed = feed_of(*range(0, 250, 10))
    first_page = next(iter(RedditSource(ONE_SUBREDDIT).pages(ScriptedClient({feed_url("one"): feed}), None)))
    assert json.loads(first_page.cursor or "") == {"one": NOW}
    for newest, is_missed in ((NOW - 240, False), (NOW - 241, True)):
        pages: list[PayloadPage] = []
        message = ""
        try:
            collect(
                RedditSource(ONE_SUBREDDIT).pages(ScriptedClient({feed_url("one"): feed}), json.dumps({"one": newest})),
                pages,
            )
        except PartiallyRead as error:
            message = str(error)
        assert len(keys(pages)) == 25 and message == (
            "r/one: more posts than the 25 newest since it was last read" * is_missed
        )


@pytest.mark.parametrize(("span", "pause"), [(1000, 500), (100, 300), (100_000, None)])
def test_a_feed_that_fills_fast_is_asked_sooner(span: int, pause: int | None) -> None:
    feed = feed_of(*(span * n / 24 for n in range(25)))
    http = ScriptedClient({feed_url("one"): [feed, reply(304)], feed_url("two"): reply(304)})
    source = RedditSource(FEEDS)
    for _ in range(2):  # the second time nothing is new, and it fills up just as fast
        times = [page.next_at for page in source.pages(http, None) if page.next_at]
        assert times == ([] if pause is None else [http.now() + pause * 1_000_000])


def test_a_feed_with_few_posts_is_asked_no_sooner() -> None:
    pages = list(RedditSource(ONE_SUBREDDIT).pages(ScriptedClient({feed_url("one"): feed_of(0, 10)}), None))
    assert [page.next_at for page in pages] == [None]


def test_an_empty_feed_says_nothing_of_when_to_come_again() -> None:
    pages = list(RedditSource(ONE_SUBREDDIT).pages(ScriptedClient({feed_url("one"): feed_of()}), None))
    assert [page.next_at for page in pages] == [None] and pages[0].cursor == "{}"


# ---- known posts, without a key ------------------------------------------------------------------------


def thread_url(name: str) -> str:
    return f"https://www.reddit.com/comments/{name}/.rss"


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (ATOM, None),
        (ATOM.replace(b"/u/Wool", b"/u/[deleted]"), "deleted"),
        (ATOM.replace(b"Sheep", b"[ Removed by Reddit ]"), "removed"),
        (reply(404, b"<h1>gone</h1>"), "deleted"),
        (reply(410), "deleted"),
    ],
)
def test_a_post_is_looked_for_in_its_own_feed(response: Reply, reason: str | None) -> None:
    source = RedditSource(FEEDS)
    newest = feed_of(0)
    http = ScriptedClient({thread_url("a"): response, feed_url("one"): newest, thread_url("0"): newest})
    pages = list(source.counts(http, ["reddit:t3_a"]))
    items = [item for page in pages for payload in page.payloads for item in source.read(payload)]
    assert [item.gone for item in items if isinstance(item, Post)] == [reason or ""]
    assert not [item for item in items if isinstance(item, Snapshot)]


@pytest.mark.parametrize(
    "response", [reply(403), reply(429), reply(500), b"<html>a login</html>", RequestRefused("blocked", 403)]
)
def test_who_is_refused_learns_nothing_of_a_post(response: Reply) -> None:
    pages: list[PayloadPage] = []
    with pytest.raises(NetError):
        pages.extend(RedditSource(FEEDS).counts(ScriptedClient({thread_url("a"): response}), ["reddit:t3_a"]))
    assert pages == []


def test_a_thread_without_its_own_post_says_nothing() -> None:
    [page] = RedditSource(FEEDS).counts(ScriptedClient({thread_url("b"): ATOM}), ["reddit:t3_b"])
    assert page.payloads == []


@pytest.mark.long
def test_a_post_that_fails_spoils_no_other() -> None:
    def respond(url: str) -> Reply:
        name = url.split("/")[-2]
        return NetError("reset") if int(name) % 5 == 3 else ATOM.replace(b"t3_a", f"t3_{name}".encode())

    names = [f"reddit:t3_{n}" for n in range(1000)]
    pages = list(
        RedditSource(FEEDS).counts(ScriptedClient(respond), [*names[:7], "reddit:~1c", "reddit:t1_x", *names[7:]])
    )
    assert len(keys(pages)) == len(pages) == 800


# ---- known posts, with a key ---------------------------------------------------------------------------


def info(answers: dict[str, Reply]) -> Callable[[str], Reply]:
    """The answer to each batch, by its first ID."""
    return lambda url: TOKEN if url == TOKEN_URL else answers[url.split("id=")[1].split("%2C")[0]]


def test_a_batch_that_fails_spoils_no_other() -> None:
    respond = info({"t3_0": RequestRefused("400", 400), "t3_100": listing(*(post(f"t3_{n}") for n in range(100, 200)))})
    pages = list(RedditSource(KEY).counts(ScriptedClient(respond), [f"reddit:t3_{n}" for n in range(200)]))
    assert len(keys(pages)) == 100


def test_a_post_that_reddit_does_not_list_is_gone_if_others_are_there() -> None:
    answers = info({"t3_0": listing(), "t3_9": listing(post("t3_9"))})

    def respond(newest: bytes) -> ScriptedClient:
        return ScriptedClient(lambda url: newest if "/new?" in url else answers(url))

    pages = list(RedditSource(KEY).counts(respond(listing(post("t3_9"))), ["reddit:t3_0"]))
    assert [(payload.kind, payload.key) for page in pages for payload in page.payloads] == [("gone", "t3_0")]
    with pytest.raises(PartiallyRead, match="no longer knows any posts; 1 are"):
        list(RedditSource(KEY).counts(respond(listing()), ["reddit:t3_0"]))


def test_where_one_post_does_not_say_which_it_is_none_is_gone() -> None:
    [page] = RedditSource(KEY).counts(ScriptedClient(info({"t3_0": listing(3)})), ["reddit:t3_0"])
    assert [payload.key[:11] for payload in page.payloads] == ["unreadable-"]


# ---- recordings ----------------------------------------------------------------------------------------

NOT_READ = {
    "blocked_network_policy_403.html": "what a refused client gets",
    "blocked_over18_interstitial.html": "what a refused client gets",
    "shreddit_shell_without_content.html": "a page for browsers",
    "error_401.json": "an error; its status counts", "error_403.json": "an error; its status counts",
    "error_404.json": "an error; its status counts", "error_500.json": "an error; its status counts",
    "oauth_token_response.json": "a token: see test_the_recorded_token_is_understood",
}  # fmt: skip


def posts_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every t3 in an answer."""
    return (item for item in objects_in(value) if str(item.get("name", "")).startswith("t3_") and "subreddit" in item)


def test_every_recording_of_reddit_is_read(shared: Path) -> None:
    folder, source = shared / "recordings" / "reddit", RedditSource(RedditSettings())
    papers: set[str] = set()
    by_file: dict[str, str] = {}
    posts = snapshots = feeds = 0
    for file in (f for f in sorted(folder.rglob("*.*")) if not f.name.endswith(".headers.txt")):
        if file.relative_to(folder).as_posix() in NOT_READ:
            continue
        if file.suffix == ".rss":
            for entry in feed_entries(file.read_bytes(), {}, "https://www.reddit.com/"):
                feeds += 1
                assert list(source.read(RawPayload("feed", entry.id, msgspec.json.encode(entry), AT))) == []
            continue
        for post_data in posts_in(json.loads(file.read_bytes())):
            posts += 1
            body = json.dumps(post_data).encode()
            papers |= {
                mention.paper
                for mention in source.read(RawPayload("post", post_data["name"], body, AT))
                if isinstance(mention, Mention)
            }
            for item in source.read(RawPayload("counts", post_data["name"], body, AT)):
                snapshots += isinstance(item, Snapshot)
                if isinstance(item, Post):
                    by_file[file.name] = item.gone
    assert papers == {"arxiv:2401.12345"} and (posts, snapshots, feeds) == (67, 63, 110)
    assert by_file == {
        "api_info_mixed_first20.json": "deleted",
        "listing_t3_removed_and_crosspost.json": "removed",
        "submission_deleted_by_author.json": "deleted",
        "submission_removed_by_reddit_2025.json": "removed",
    }


def test_the_recorded_token_is_understood(shared: Path) -> None:
    token = (shared / "recordings" / "reddit" / "oauth_token_response.json").read_bytes()
    http = ScriptedClient({TOKEN_URL: token, listing_url("one"): listing(), listing_url("two"): listing()})
    list(RedditSource(KEY).pages(http, None))
    assert http.requests[1].headers == {"authorization": f"Bearer {json.loads(token)['access_token']}"}


def test_pages_that_block_are_an_error(shared: Path) -> None:
    for name in NOT_READ:
        if name.endswith(".html"):
            with pytest.raises(NetError):
                list(
                    feed_entries((shared / "recordings" / "reddit" / name).read_bytes(), {}, "https://www.reddit.com/")
                )
