"""Bluesky: reading posts, counts, and malformed input."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hotpapers.base.errors import InputError, NetError, PartiallyRead, RequestRefused, RetryLater
from hotpapers.base.model import Account, Mention, Post, RawPayload
from hotpapers.base.papers.mentions.paper_index import NO_NAMES
from hotpapers.collect.sources import SOURCES
from hotpapers.collect.sources.bluesky import BlueskySettings, BlueskySource, schemas
from hotpapers.collect.sources.bluesky.parser import FIRST_ACCOUNT, code_points, creation_time, links_of, tid_time
from hotpapers.collect.sources.bluesky.stream_filter import names_paper, post_record
from tests.collect.sources.bluesky_events import ANNA, at_uri, create, post, tid
from tests.collect.sources.cases import AT, cases, check
from tests.collect.sources.net import ScriptedClient, reply

BLUESKY = BlueskySource(BlueskySettings())
DAY = 86_400_000_000


def key_of(_: str, body: bytes) -> str:
    content = json.loads(body)
    if "uri" in content:
        return str(content["uri"])
    content = content.get("event", content)
    commit = content.get("commit")
    return f"at://{content['did']}/{commit['collection']}/{commit['rkey']}" if commit else str(content["did"])


@pytest.mark.parametrize("case", cases("bluesky"))
def test_bluesky_reads(case: str) -> None:
    check("bluesky", case, BLUESKY.read, key_of)


@pytest.mark.parametrize("case", [case for case in cases("bluesky") if ".post." in case])
def test_the_stream_keeps_just_the_posts_that_give_items(case: str) -> None:
    from tests.conftest import data

    body = data(f"sources/bluesky/{case}").read_bytes()
    commit = schemas.read_event(body).commit
    assert commit is not None
    assert names_paper(commit.record, post_record(commit.record), names=NO_NAMES) == bool(
        list(BLUESKY.read(RawPayload("post", "", body, AT)))
    )


def test_it_stands_in_the_table() -> None:
    make, settings = SOURCES["bluesky"]
    assert make(settings(), known=set()).name == "bluesky"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("post", b"{"),
        ("post", b'{"did":"did:plc:a","time_us":1,"kind":"identity"}'),
        ("post", create(ANNA, {"text": ["arXiv:2609.01234"]})),
        ("reaction", create(ANNA, {}, collection="app.bsky.feed.like")),
        ("reaction", create(ANNA, {"subject": {"uri": ""}}, collection="app.bsky.feed.like")),
        ("reaction", create(ANNA, {"subject": {"uri": "at://x"}}, collection="app.bsky.graph.follow")),
        ("reaction", create(ANNA, post("hm", reply={"parent": {"uri": "at://x"}}))),
        ("reaction", b'{"did":"d","time_us":1}'),
        ("withdrawn", b'{"post":"at://x","event":' + create(ANNA, None) + b"}"),
        ("withdrawn", b'{"post":"at://x","event":{"did":"d","time_us":1}}'),
        ("account", create(ANNA, {})),
        ("counts", b'{"uri":"at://x"}'),
        ("unreadable", b"\xff"),
        ("unheard-of", create(ANNA, {})),
    ],
)
def test_what_cannot_be_read_is_said(kind: str, body: bytes) -> None:
    with pytest.raises((InputError, msgspec.MsgspecError)):
        list(BLUESKY.read(RawPayload(kind, "at://x", body, AT)))


# ---- facets --------------------------------------------------------------------------------------------


@given(st.text(st.characters(exclude_categories=["Cs"])), st.data())
@example("a", None)
def test_places_in_bytes_become_code_points(text: str, draw_data: Any) -> None:
    places = [len(text[:n].encode()) for n in range(len(text) + 1)]
    assert code_points(text, places) == {place: n for n, place in enumerate(places)}
    offsets = set(range(-2, len(text.encode()) + 3)) - set(places)
    assert code_points(text, offsets) == {}
    if draw_data is not None:
        start, end = sorted(draw_data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
        index = schemas.ByteSlice(places[start], places[end])
        record = schemas.PostRecord(text, facets=[schemas.Facet(index, [schemas.FacetFeature("https://example.org/")])])
        assert [(link.start, link.end) for link in links_of(record)] == ([(start, end)] if start < end else [])


@given(st.text(), st.lists(st.tuples(st.integers(-3, 40), st.integers(-3, 40)), max_size=8))
def test_links_lie_in_the_text_and_never_overlap(text: str, ranges: list[tuple[int, int]]) -> None:
    facets = [
        schemas.Facet(schemas.ByteSlice(*time_range), [schemas.FacetFeature("https://example.org/")])
        for time_range in ranges
    ]
    end = 0
    for link in links_of(schemas.PostRecord(text, facets=facets)):
        assert end <= link.start < link.end <= len(text)
        end = link.end


def test_a_link_that_is_broken_still_names_its_paper() -> None:
    facets = [{"index": {"byteStart": 5, "byteEnd": 2}, "features": [{"uri": "https://arxiv.org/abs/2609.01234"}]}]
    items = list(BLUESKY.read(RawPayload("post", "", create(ANNA, post("look", facets=facets)), AT)))
    assert [item.paper for item in items if isinstance(item, Mention)] == ["arxiv:2609.01234"]
    assert [item.links for item in items if isinstance(item, Post)] == [()]


# ---- moments -------------------------------------------------------------------------------------------


def test_a_key_tells_its_moment() -> None:
    assert tid_time("3n2pto6bdq22d") == 1_795_152_050_104_000
    for when in (0, 1, AT, 2**53 - 1):
        assert tid_time(tid(when)) == when
    for key in ("self", "", "zzzzzzzzzzzzz", "3n2pto6bdq22", "3n2pto6bdq221", "3N2PTO6BDQ22D"):
        assert tid_time(key) is None


@pytest.mark.parametrize(
    ("rkey", "date", "expected"),
    [
        (tid(AT - 5), "2001-01-01T00:00:00Z", AT - 5),
        ("self", "2026-09-21T14:13:19Z", AT - 1_000_000),
        ("self", "2026-09-21T14:13:19", AT - 1_000_000),
        ("self", "2026-09-21T16:13:19+02:00", AT - 1_000_000),
        (tid(AT + 1), "2099-01-01T00:00:00Z", AT),
        (tid(AT - 2 * DAY), "2001-12-17T00:00:00Z", AT),
        ("self", "yesterday", AT),
        ("self", "", AT),
        ("self", "0001-01-01T00:00:00+23:59", AT),
    ],
)
def test_a_claimed_moment_is_believed_when_it_can_be_true(rkey: str, date: str, expected: int) -> None:
    assert creation_time(rkey, date, AT, DAY) == expected


def created_at(kind: str, body: bytes) -> int:
    """The moment of a post, as it is read."""
    [result] = [item for item in BLUESKY.read(RawPayload(kind, "", body, AT)) if isinstance(item, Post)]
    return result.created_at


@given(st.integers(FIRST_ACCOUNT, AT), st.integers(0, AT - FIRST_ACCOUNT), st.sampled_from(["create", "update"]))
@example(1_687_000_000_000_000, AT, "create")
def test_every_old_post_is_of_its_own_day_whenever_it_was_collected(created: int, later: int, operation: str) -> None:
    """An archive stamps a record with the day on which it was collected, whatever the author's clock says."""
    collected = min(created + later, AT)
    event = json.loads(create(ANNA, post("arXiv:2609.01234"), rkey=tid(created), time=collected))
    event["commit"]["operation"] = operation
    assert created_at("post", json.dumps(event).encode()) == created


@pytest.mark.parametrize("created", [AT + 1, FIRST_ACCOUNT - 1, FIRST_ACCOUNT - 3650 * DAY])
def test_a_key_of_the_future_or_older_than_every_account_says_nothing(created: int) -> None:
    body = create(ANNA, post("arXiv:2609.01234", createdAt="2012-05-01T00:00:00Z"), rkey=tid(created), time=AT - 5)
    assert created_at("post", body) == AT - 5


@given(st.integers(FIRST_ACCOUNT, AT), st.integers(FIRST_ACCOUNT // 1_000, AT // 1_000))
def test_a_post_is_not_older_than_its_account_where_that_is_known(created: int, joined: int) -> None:
    """The view says it. What a program brings along from elsewhere counts from when it came."""
    stamp = datetime.fromtimestamp(joined / 1_000, UTC).isoformat(timespec="milliseconds")
    author = {"did": ANNA, "createdAt": stamp.replace("+00:00", "Z")}
    view = {"uri": at_uri(ANNA, created), "author": author, "record": post("x", createdAt="2022-11-18T00:00:00Z")}
    claimed = 1_668_729_600_000_000
    expected = created if created >= joined * 1_000 else claimed if claimed >= joined * 1_000 else AT
    assert created_at("counts", json.dumps(view).encode()) == expected


@pytest.mark.parametrize("joined", ["", "yesterday", 7, None, "9999-12-31T00:00:00Z"])
def test_an_account_of_any_age_has_readable_posts(joined: object) -> None:
    author = {"did": ANNA, "createdAt": joined}
    view = json.dumps({"uri": at_uri(ANNA, AT - DAY), "author": author, "record": post("x")}).encode()
    assert created_at("counts", view) == (AT if str(joined).startswith("9999") else AT - DAY)


@pytest.mark.parametrize("time_us", [-5, AT + DAY, 2**70])
def test_no_event_makes_a_post_of_the_future_or_of_before_time(time_us: int) -> None:
    body = create(ANNA, post("arXiv:2609.01234", createdAt="x"), rkey="self", time=time_us)
    [result] = [item for item in BLUESKY.read(RawPayload("post", "", body, AT)) if isinstance(item, Post)]
    assert 0 <= result.created_at <= AT


# ---- counts --------------------------------------------------------------------------------------------

VIEW = "https://public.api.bsky.app/xrpc/app.bsky.feed.getPosts?"


def view_url(uris: list[str]) -> str:
    return VIEW + urlencode([("uris", uri) for uri in uris])


def post_view(uri: str) -> dict[str, Any]:
    return {"uri": uri, "author": {"did": ANNA, "handle": "anna.example"}, "record": post("x"), "likeCount": 1}


def test_counts_are_asked_25_at_once_and_what_is_left_out_is_gone() -> None:
    uris = [at_uri(ANNA, AT + n) for n in range(30)]
    http = ScriptedClient({
        view_url(uris[:25]): json.dumps({"posts": [post_view(uri) for uri in uris[1:25]]}).encode(),
        view_url(uris[25:]): json.dumps({"posts": [post_view(uri) for uri in reversed(uris[25:])]}).encode(),
    })  # fmt: skip
    pages = list(BLUESKY.counts(http, [f"bluesky:{uri}" for uri in uris]))
    payloads = [payload for page in pages for payload in page.payloads]
    by_uri = {payload.key: payload for payload in payloads}
    assert [payload.kind for payload in payloads].count("counts") == 29 and list(sorted(by_uri)) == sorted(uris)
    [deleted_post] = BLUESKY.read(by_uri.pop(uris[0]))
    assert isinstance(deleted_post, Post) and (deleted_post.post, deleted_post.gone) == (
        f"bluesky:{uris[0]}",
        "deleted",
    )
    assert all(len(list(BLUESKY.read(payload))) == 3 for payload in by_uri.values())


def view_of(known: Collection[str]) -> ScriptedClient:
    """A view that knows some posts."""

    def answer(url: str) -> bytes:
        uris = parse_qs(urlsplit(url).query)["uris"]
        return json.dumps({"posts": [post_view(uri) for uri in uris if uri in known]}).encode()

    return ScriptedClient(answer)


def counted(source: BlueskySource, http: ScriptedClient, uris: Sequence[str]) -> list[tuple[str, str]]:
    """(kind, address) of everything that a source says of posts."""
    pages = source.counts(http, [f"bluesky:{uri}" for uri in uris])
    return [(payload.kind, payload.key) for page in pages for payload in page.payloads]


URIS = [at_uri(ANNA, AT + n) for n in range(35)]


def test_a_view_that_knows_none_of_many_posts_is_not_believed() -> None:
    source = BlueskySource(BlueskySettings())
    assert counted(source, view_of([]), URIS[:4]) == [("gone", uri) for uri in URIS[:4]]
    pages = source.counts(view_of([]), [f"bluesky:{uri}" for uri in URIS])
    assert not next(pages).payloads and not next(pages).payloads, "the others are still asked for"
    with pytest.raises(PartiallyRead, match="any posts; 35 are"):
        next(pages)
    believed = counted(source, view_of(URIS[25:]), URIS)
    assert believed == [*(("gone", uri) for uri in URIS[:25]), *(("counts", uri) for uri in URIS[25:])]


def test_a_view_that_forgot_what_it_knew_before_is_not_believed_about_a_single_post() -> None:
    source, known = BlueskySource(BlueskySettings()), set(URIS)
    http = view_of(known)
    assert counted(source, http, URIS[:2]) == [("counts", uri) for uri in URIS[:2]]
    known.clear()
    with pytest.raises(PartiallyRead, match="any posts; 1 are"):
        counted(source, http, URIS[5:6])
    known.add(URIS[1])
    assert counted(source, http, URIS[5:30]) == [("gone", uri) for uri in URIS[5:30]], "it knows its last post again"


@pytest.mark.parametrize("status", [400, 414, 431])
def test_one_address_that_cannot_be_asked_spoils_no_batch(status: int) -> None:
    """Or one that makes the whole request too long."""
    uri, bad_uri = at_uri(ANNA, AT), f"at://{'nonsense' * 200}"
    refusal = reply(status, b'{"error":"InvalidRequest"}')
    http = ScriptedClient({
        view_url([bad_uri, uri]): refusal, view_url([bad_uri]): refusal,
        view_url([uri]): json.dumps({"posts": [post_view(uri)]}).encode(),
    })  # fmt: skip
    [page] = BLUESKY.counts(http, [f"bluesky:{bad_uri}", f"bluesky:{uri}"])
    assert [(payload.kind, payload.key) for payload in page.payloads] == [("counts", uri)]


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[" * 100_000, b'{"posts":7}'])
def test_a_view_that_answers_nonsense_says_nothing_of_any_post(body: bytes) -> None:
    with pytest.raises(NetError, match="not the expected response"):
        list(BLUESKY.counts(ScriptedClient(lambda _: body), [f"bluesky:{at_uri(ANNA, AT)}"]))


def test_a_view_that_tells_of_one_post_in_nonsense_does_not_make_the_others_gone() -> None:
    uris = [at_uri(ANNA, AT + n) for n in range(3)]
    body = json.dumps({"posts": [{"author": 7}, post_view(uris[1])]}).encode()
    [page] = BLUESKY.counts(ScriptedClient(lambda _: body), [f"bluesky:{uri}" for uri in uris])
    assert [(payload.kind, payload.key[:10]) for payload in page.payloads] == [
        ("counts", uris[1][:10]),
        ("counts", "unreadable"),
    ]
    with pytest.raises(msgspec.ValidationError):
        list(BLUESKY.read(page.payloads[1]))


def test_a_changed_handle_and_new_labels_are_told_with_the_counts() -> None:
    uri = at_uri(ANNA, AT)
    view = post_view(uri) | {"labels": [{"val": "porn"}, {"val": "spam", "neg": True}]}
    view["author"] = {"did": ANNA, "handle": "anna-moved.example", "labels": [{"val": "!hide"}, {"val": "rude"}]}
    items = list(BLUESKY.read(RawPayload("counts", uri, json.dumps(view).encode(), AT)))
    assert [(item.account, item.handle) for item in items if isinstance(item, Account)] == [
        (f"bluesky:{ANNA}", "anna-moved.example")
    ]
    assert [(item.handle, item.limits) for item in items if isinstance(item, Post)] == [
        ("anna-moved.example", ("!hide", "porn"))
    ]


@pytest.mark.parametrize("error", [RetryLater(60, "busy"), RequestRefused("no", 403)])
def test_a_view_that_says_no_is_the_runners_affair(error: RetryLater | RequestRefused) -> None:
    with pytest.raises(type(error)):
        list(BLUESKY.counts(ScriptedClient(lambda _: error), ["bluesky:at://x"]))
