"""Mastodon: reading servers' answers; requests to timelines and home servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotpapers.base.errors import InputError, PartiallyRead, RequestRefused, RetryLater
from hotpapers.base.model import Account, Item, Mention, PayloadPage, Post, RawPayload, Snapshot
from hotpapers.collect.sources.decoding import decode_entry
from hotpapers.wings.mastodon import status_parser
from hotpapers.wings.mastodon.settings import MastodonServer, MastodonSettings
from hotpapers.wings.mastodon.source import MastodonSource
from hotpapers.wings.mastodon.timelines import PAGE
from tests.collect.sources.cases import AT, cases, check, objects_in
from tests.collect.sources.net import START, ScriptedClient, reply

BASE = "https://home.example"
OTHER = "https://other.example"
URI = f"{BASE}/users/wool/statuses/117000000000000001"
SOURCE = MastodonSource(MastodonSettings(servers=(MastodonServer(base=BASE),)))
TWO_SERVERS = MastodonSource(
    MastodonSettings(
        servers=(
            MastodonServer(base=BASE, tags=("arxiv", "maths")),
            MastodonServer(base=OTHER, tags=(), public=True, token="t0ken"),
        )
    )
)


def key_of(name: str, body: bytes) -> str:
    return str(json.loads(body).get("uri", URI))


@pytest.mark.parametrize("case", cases("mastodon"))
def test_mastodon_reads(case: str) -> None:
    check("mastodon", case, SOURCE.read, key_of)


def status(n: int, **more: Any) -> dict[str, Any]:
    """A post whose ID encodes its time: n milliseconds after the start."""
    id = str(((START // 1000 + n) << 16) + 1)
    account = {"acct": "wool", "url": f"{BASE}/@wool", "uri": f"{BASE}/users/wool"}
    uri = f"{BASE}/users/wool/statuses/{id}"
    return {"id": id, "uri": uri, "created_at": "2026-01-01T00:00:00Z", "account": account,
            "content": "arxiv.org/abs/2609.01234", "favourites_count": 5, **more}  # fmt: skip


def response(*statuses: Any) -> bytes:
    return json.dumps(statuses).encode()


def tag(name: str = "arxiv", min_id: object = "", base: str = BASE) -> str:
    return f"{base}/api/v1/timelines/tag/{name}?limit={PAGE}" + (f"&min_id={min_id}" if min_id else "")


def keys(pages: list[PayloadPage]) -> list[str]:
    return [payload.key for page in pages for payload in page.payloads]


def items(source: MastodonSource, pages: list[PayloadPage]) -> list[Item]:
    return [item for page in pages for payload in page.payloads for item in source.read(payload)]


def collect(pages: Iterator[PayloadPage], into: list[PayloadPage]) -> None:
    """Takes pages one by one, as the runner does; keeps those before an error."""
    into.extend(pages)


# ---- timelines -----------------------------------------------------------------------------------------


def moment_of(id: str) -> str:
    """The part of an ID that a cursor keeps: its milliseconds, without the bits that distinguish posts."""
    return str(int(id) >> 16 << 16)


def test_a_timeline_that_fails_does_not_keep_the_others_from_being_read() -> None:
    public = f"{OTHER}/api/v1/timelines/public?limit={PAGE}"
    for problem in (RequestRefused("no", 401), RetryLater(9, "busy"), b"<html>", b"{}", b"[" * 100_000):
        http = ScriptedClient({tag(): problem, tag("maths"): response(status(1)), public: response(status(2))})
        pages: list[PayloadPage] = []
        with pytest.raises(PartiallyRead, match="1 of 3 could not be read"):
            collect(MastodonSource(TWO_SERVERS.settings).pages(http, None), pages)
        assert keys(pages) == [status(1)["uri"], status(2)["uri"]]
        assert set(json.loads(pages[-1].cursor or "")) >= {f"{BASE}/tag/maths", f"{OTHER}/public"}


def test_a_token_goes_to_its_own_server_in_a_header_and_nowhere_else() -> None:
    http = ScriptedClient(lambda url: response(status(1)))
    pages = list(MastodonSource(TWO_SERVERS.settings).pages(http, None))
    assert [request.headers for request in http.requests] == [{}, {}, {"authorization": "Bearer t0ken"}]
    assert "t0ken" not in repr(pages) + repr(http.urls)
    home = ScriptedClient(lambda url: response())
    list(TWO_SERVERS.counts(home, [f"mastodon:{URI}"]))
    assert home.requests[0].headers == {}


def test_of_a_boost_the_original_is_read_once() -> None:
    original = status(1, uri=f"{OTHER}/users/b/statuses/5", favourites_count=9)
    boost = status(2, content="", reblog=original, favourites_count=0)
    pages = list(SOURCE.pages(ScriptedClient({tag(): response(boost, original)}), None))
    posts = {item.post for item in items(SOURCE, pages) if isinstance(item, Post)}
    assert posts == {f"mastodon:{OTHER}/users/b/statuses/5"}
    assert len({(payload.key, payload.body) for page in pages for payload in page.payloads}) == 1


def test_counts_are_believed_of_the_home_server_alone() -> None:
    remote_post = status(1, uri=f"{OTHER}/users/b/statuses/5")
    pages = list(SOURCE.pages(ScriptedClient({tag(): response(status(2), remote_post)}), None))
    snapshots = [item for item in items(SOURCE, pages) if isinstance(item, Snapshot)]
    assert [snapshot.post for snapshot in snapshots] == [f"mastodon:{status(2)['uri']}"] and snapshots[0].likes == 5


@pytest.mark.parametrize("visibility", ["private", "direct", "mutuals_only"])
def test_what_is_not_public_is_not_even_handed_on(visibility: str) -> None:
    private_post = status(1, visibility=visibility)
    http = ScriptedClient({tag(): response(private_post, status(2, reblog=private_post))})
    assert keys(list(SOURCE.pages(http, None))) == []


def test_what_does_not_say_its_name_goes_to_quarantine_not_to_nowhere() -> None:
    pages = list(SOURCE.pages(ScriptedClient({tag(): response(7, status(1), status(2, reblog={"id": 3}))}), None))
    payloads = [payload for page in pages for payload in page.payloads]
    assert [payload.key[:10] for payload in payloads] == ["unreadable", status(1)["uri"][:10], "unreadable"]
    for payload in (payloads[0], payloads[2]):
        with pytest.raises(msgspec.ValidationError):
            list(SOURCE.read(payload))


def test_a_post_at_something_that_is_no_address_does_not_end_the_round() -> None:
    pages = list(SOURCE.pages(ScriptedClient({tag(): response(status(1, uri="http://[::1"), status(2))}), None))
    assert keys(pages) == ["http://[::1", status(2)["uri"]]


# ---- home servers --------------------------------------------------------------------------------------


def home_url(n: int = 1) -> str:
    return f"{BASE}/api/v1/statuses/{status(n)['id']}"


def post_key(n: int = 1) -> str:
    return f"mastodon:{status(n)['uri']}"


def test_the_home_server_tells_counts_and_edits() -> None:
    edit = status(1, content="now arxiv.org/abs/2609.01234v2", favourites_count=8, reblogs_count=2)
    http = ScriptedClient({home_url(): json.dumps(edit).encode()})
    read_items = items(SOURCE, list(SOURCE.counts(http, [post_key()])))
    assert [item.likes for item in read_items if isinstance(item, Snapshot)] == [8]
    assert [item.text[:3] for item in read_items if isinstance(item, Post)] == ["now"]
    assert [item.version for item in read_items if isinstance(item, Mention)] == [2]


@pytest.mark.parametrize("code", [404, 410])
def test_what_is_deleted_is_gone(code: int) -> None:
    own_posts = f"{BASE}/api/v1/timelines/public?local=true&limit=3"
    for others in (response(status(2)), reply(401), reply(403), reply(422)):
        source = MastodonSource(SOURCE.settings)
        http = ScriptedClient(
            {
                home_url(): reply(code, "見つかりません".encode()),
                own_posts: others,
                home_url(2): json.dumps(status(2)).encode(),
            }
        )
        [post] = items(source, list(source.counts(http, [post_key()])))
    assert isinstance(post, Post) and (post.post, post.gone, post.text) == (post_key(), "deleted", "")


@pytest.mark.parametrize(
    "uri",
    [
        "https://small.example/wool/p/1795154402.131372", "https://p.example/objects/0b1c", "https://m.example/notes/9abc",
        "https://h.example/users/a/statuses/01HXYZ", "https://me@h.example/users/a/statuses/1", "ftp://h.example/users/a/statuses/1",
    ],
)  # fmt: skip
def test_only_mastodons_own_addresses_are_asked_for(uri: str) -> None:
    assert list(SOURCE.counts(ScriptedClient({}), [f"mastodon:{uri}"])) == []


def test_an_account_without_an_address_is_unreadable() -> None:
    post_data = status(1, account={"acct": "x"})
    with pytest.raises(InputError, match="without an address"):
        list(SOURCE.read(RawPayload("post", post_data["uri"], json.dumps(post_data).encode(), AT)))


def test_moments_do_not_hang_on_the_machines_zone() -> None:
    post_data = status(1, created_at="2026-01-01T00:00:00")
    [post] = [
        item
        for item in SOURCE.read(RawPayload("post", post_data["uri"], json.dumps(post_data).encode(), AT))
        if isinstance(item, Post)
    ]
    assert post.created_at == START


# ---- edits and limits ----------------------------------------------------------------------------------

EDITED = {"edited_at": "2026-01-02T00:00:00Z", "content": "<p>never mind</p>"}
REMOTE_URI = f"{OTHER}/objects/5"


def tracking_source(*uris: str) -> MastodonSource:
    return MastodonSource(SOURCE.settings, {f"mastodon:{uri}" for uri in uris})


def test_the_home_server_tells_that_a_paper_was_edited_out() -> None:
    http = ScriptedClient({home_url(): json.dumps(status(1, **EDITED)).encode()})
    [page] = SOURCE.counts(http, [post_key()])
    assert [payload.kind for payload in page.payloads] == ["counts", "edit"]
    for payload in page.payloads:
        read_items = list(SOURCE.read(payload))
        assert not any(isinstance(item, Mention) for item in read_items)
        assert [item.text for item in read_items if isinstance(item, Post)] == ["never mind"]
    assert [item.likes for item in SOURCE.read(page.payloads[0]) if isinstance(item, Snapshot)] == [5]
    assert not [item for item in SOURCE.read(page.payloads[1]) if isinstance(item, Snapshot)]


def test_counts_are_told_also_where_only_another_server_shows_the_card_that_names_the_paper() -> None:
    http = ScriptedClient({home_url(): json.dumps(status(1, content="look")).encode()})
    [page] = SOURCE.counts(http, [post_key()])
    assert [payload.kind for payload in page.payloads] == ["counts"]
    assert [item.likes for item in items(SOURCE, [page]) if isinstance(item, Snapshot)] == [5]


@pytest.mark.parametrize(
    ("post_data", "is_tracked", "kinds"),
    [
        (status(1, **EDITED), True, ["home", "edit"]),
        (status(1, **EDITED), False, ["home"]),
        (status(1), True, ["home"]),
        (status(1, uri=REMOTE_URI, **EDITED), True, ["post", "edit"]),
        (status(1, uri=f"{OTHER}/users/b/statuses/5", **EDITED), True, []),
        (status(1, uri=f"{OTHER}/users/b/statuses/5"), False, ["post"]),
    ],
)
def test_timelines_tell_the_edits_of_tracked_posts_where_nobody_else_will(
    post_data: dict[str, Any], is_tracked: bool, kinds: list[str]
) -> None:
    source = tracking_source(post_data["uri"]) if is_tracked else SOURCE
    [page] = source.pages(ScriptedClient({tag(): response(post_data)}), None)
    assert [payload.kind for payload in page.payloads] == kinds


def test_what_is_no_longer_public_is_gone() -> None:
    http = ScriptedClient({home_url(): json.dumps(status(1, visibility="private")).encode()})
    [post] = items(SOURCE, list(SOURCE.counts(http, [post_key()])))
    assert isinstance(post, Post) and (post.post, post.gone, post.text) == (post_key(), "withdrawn", "")


def test_what_only_its_own_server_may_see_is_not_read() -> None:
    local_status = status(1, local_only=True)
    payload = RawPayload("post", local_status["uri"], json.dumps(local_status).encode(), AT)
    assert list(SOURCE.read(payload)) == []
    [page] = tracking_source().pages(ScriptedClient({tag(): response(local_status)}), None)
    assert page.payloads == []


@pytest.mark.parametrize(
    ("limit", "of_post", "of_account"),
    [
        ("sensitive", {"sensitive": True}, {}),
        ("content warning", {"spoiler_text": "proofs"}, {}),
        ("noindex", {}, {"noindex": True}),
        ("limited", {}, {"limited": True}),
        ("suspended", {}, {"suspended": True}),
        ("nobot", {}, {"note": '<p>moss <a href="https://home.example/tags/NoBot">#<span>NoBot</span></a></p>'}),
        ("nobot", {}, {"display_name": "Moss #nobot"}),
        ("nobot", {}, {"fields": [{"name": "Bots", "value": "<p>\uff03NoBot</p>"}, {"name": None}]}),
        ("", {"spoiler_text": "", "sensitive": None}, {"note": "a bot, nobot at all", "noindex": None}),
    ],
)
def test_each_wish_of_an_author_or_a_server_is_a_limit(
    limit: str, of_post: dict[str, Any], of_account: dict[str, Any]
) -> None:
    post_data = status(1)
    post_data |= of_post | {"account": post_data["account"] | of_account}
    for kind in ("post", "home", "counts", "edit"):
        read_items = list(SOURCE.read(RawPayload(kind, post_data["uri"], json.dumps(post_data).encode(), AT)))
        assert [item.limits for item in read_items if isinstance(item, Post)] == [(limit,) if limit else ()]


# ---- recordings ----------------------------------------------------------------------------------------

NOT_READ = {
    "delete_status_response.json": "a post that the operator deleted, without its content",
    "error_400_oauth_invalid_grant.json": "an error; its status counts",
    "error_401_home.json": "an error; its status counts",
    "error_401_revoked_token_japanese.json": "an error; its status counts",
    "error_403_action_not_allowed.json": "an error; its status counts",
    "error_404_status.json": "an error; its status counts",
    "error_404_timeline_link.json": "an error; its status counts",
    "error_422_empty_status_japanese.json": "an error; its status counts",
    "error_422_lang_german.json": "an error; its status counts",
    "error_422_validation_details.json": "an error; its status counts",
    "from-docs/error_404_record_not_found.json": "an error; its status counts",
    "from-docs/error_429.json": "an error; its status counts",
    "snac/error_404_html_for_missing_endpoint.html": "an error; its status counts",
    "snac/error_404_html_unknown_status.html": "an error; its status counts",
    "snac/error_unauthenticated_home.json": "an error; its status counts",
    "instance_v1.json": "what a server says of itself",
    "instance_v1_mastodon.social.json": "what a server says of itself",
    "instance_v2.json": "what a server says of itself",
    "instance_v2_mastodon.social.json": "what a server says of itself",
    "snac/instance_v1.json": "what a server says of itself",
    "search_v2_accounts.json": "accounts, not posts",
    "status_reblogged_by.json": "accounts, not posts",
    "snac/status_favourited_by.json": "accounts, not posts",
    "snac/status_reblogged_by.json": "accounts, not posts",
    "snac/verify_credentials.json": "an account",
    "snac/notifications.json": "empty",
    "snac/search_v2.json": "empty",
    "snac/status_context.json": "empty",
    "snac/timeline_public.json": "empty",
    "search_v2_statuses_empty.json": "empty",
    "trending_statuses_empty.json": "empty",
    "status_edit_history.json": "earlier wordings, without an address",
    "status_history_mastodon.social.json": "earlier wordings, without an address",
    "status_source.json": "a source text, without an address",
    "trends_tags_mastodon.social.json": "hashtags, not posts",
    "timeline_tag_page4.json": "the empty page at the end: see test_recorded_timelines_are_pages",
}


def statuses(value: Any) -> Iterator[dict[str, Any]]:
    """Every post in an answer."""
    return (item for item in objects_in(value) if "content" in item and "uri" in item)


def test_every_recording_of_mastodon_is_read(shared: Path) -> None:
    folder = shared / "recordings" / "mastodon"
    papers: dict[str, set[str]] = {}
    count, accounts = 0, set()
    for file in (f for f in sorted(folder.rglob("*.*")) if not f.name.endswith((".headers.txt", ".sse"))):
        name = file.relative_to(folder).as_posix()
        if name in NOT_READ:
            continue
        for post_data in statuses(json.loads(file.read_bytes())):
            count += 1
            read_items = list(SOURCE.read(RawPayload("home", post_data["uri"], json.dumps(post_data).encode(), AT)))
            papers.setdefault(name, set()).update(item.paper for item in read_items if isinstance(item, Mention))
            post_data["content"] = (post_data["content"] or "") + "<p>arxiv.org/abs/2609.01234</p>"
            items_with_paper = list(
                SOURCE.read(RawPayload("home", post_data["uri"], json.dumps(post_data).encode(), AT))
            )
            assert bool(items_with_paper) == (post_data["visibility"] in ("public", "unlisted"))
            accounts |= {item.handle for item in items_with_paper if isinstance(item, Account)}
        assert name in papers, f"{name}: no post in it"
    assert {name: len(ids) for name, ids in papers.items() if ids} == {
        "from-docs/statuses_with_arxiv_links.json": 2,
        "snac/account_statuses.json": 2,
        "snac/post_reply.json": 1,
        "snac/post_with_arxiv_link.json": 1,
        "snac/status_after_interactions.json": 1,
        "snac/timeline_home_alice.json": 2,
        "snac/timeline_home_bob.json": 1,
    }
    assert (count, len(accounts)) == (86, 7)


def test_recorded_timelines_are_pages(shared: Path) -> None:
    for n, size in ((1, 10), (2, 10), (3, 10), (4, 0)):
        body = (shared / "recordings" / "mastodon" / f"timeline_tag_page{n}.json").read_bytes()
        [page] = SOURCE.pages(ScriptedClient({tag(): body}), None)
        assert len(page.payloads) == size


DATES = [
    "2021-01-14T12:00:00.000Z",
    "2021-01-14T12:00Z",
    "2021-01-14T12:00",
    "2021-01-14 12:00:00",
    1610625600,
    "1610625600",
]


@pytest.mark.parametrize("date", DATES)
def test_a_date_in_any_form_is_that_moment(date: str | int) -> None:
    assert status_parser.moment_of(date) == 1_610_625_600_000_000


@pytest.mark.parametrize("date", ["", None, False, [], {}, "yesterday", -1, 10**30, float(10**300)])
@pytest.mark.parametrize("id", ["113", 113])
def test_a_post_without_a_date_or_with_a_number_as_its_id_is_read(date: object, id: object) -> None:
    body = json.dumps({**status(1), "id": id, "created_at": date}).encode()
    entry = decode_entry(body, status_parser.TimelineEntry)
    assert entry.id == "113" and status_parser.moment_of(date) is None
    read = decode_entry(body, status_parser.Status)
    assert read.uri == entry.uri
