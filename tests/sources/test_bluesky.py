"""Bluesky: reading posts, counts, and malformed input."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hotpapers.errors import InputError, NetError, RequestRefused, RetryLater
from hotpapers.model import Account, Mention, Post, RawPayload
from hotpapers.sources import SOURCES
from hotpapers.sources.bluesky import BlueskySettings, BlueskySource, schemas
from hotpapers.sources.bluesky.parser import code_points, creation_time, links_of, tid_time
from hotpapers.sources.bluesky.stream_filter import names_paper, post_record
from tests.sources.bluesky_made import ANNA, at_uri, create, post, tid
from tests.sources.cases import AT, cases, check
from tests.sources.net import ScriptedClient, reply

BLUESKY = BlueskySource(BlueskySettings())
DAY = 86_400_000_000


def key_of(_: str, body: bytes) -> str:
    said = json.loads(body)
    if "uri" in said:
        return str(said["uri"])
    said = said.get("event", said)
    commit = said.get("commit")
    return f"at://{said['did']}/{commit['collection']}/{commit['rkey']}" if commit else str(said["did"])


@pytest.mark.parametrize("case", cases("bluesky"))
def test_bluesky_reads(case: str) -> None:
    check("bluesky", case, BLUESKY.read, key_of)


@pytest.mark.parametrize("case", [case for case in cases("bluesky") if ".post." in case])
def test_the_stream_keeps_just_the_posts_that_give_items(case: str) -> None:
    from tests.conftest import data

    body = data(f"sources/bluesky/{case}").read_bytes()
    commit = schemas.event(body).commit
    assert commit is not None
    assert names_paper(commit.record, post_record(commit.record)) == bool(
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
def test_places_in_bytes_become_code_points(text: str, given_data: Any) -> None:
    places = [len(text[:n].encode()) for n in range(len(text) + 1)]
    assert code_points(text, places) == {place: n for n, place in enumerate(places)}
    inside = set(range(-2, len(text.encode()) + 3)) - set(places)
    assert code_points(text, inside) == {}
    if given_data is not None:
        start, end = sorted(given_data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
        index = schemas.ByteSlice(places[start], places[end])
        record = schemas.PostRecord(text, facets=[schemas.Facet(index, [schemas.FacetFeature("https://example.org/")])])
        assert [(link.start, link.end) for link in links_of(record)] == ([(start, end)] if start < end else [])


@given(st.text(), st.lists(st.tuples(st.integers(-3, 40), st.integers(-3, 40)), max_size=8))
def test_links_lie_in_the_text_and_never_overlap(text: str, stretches: list[tuple[int, int]]) -> None:
    facets = [
        schemas.Facet(schemas.ByteSlice(*time_range), [schemas.FacetFeature("https://example.org/")])
        for time_range in stretches
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
    for odd in ("self", "", "zzzzzzzzzzzzz", "3n2pto6bdq22", "3n2pto6bdq221", "3N2PTO6BDQ22D"):
        assert tid_time(odd) is None


@pytest.mark.parametrize(
    ("rkey", "claimed", "expected"),
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
def test_a_claimed_moment_is_believed_when_it_can_be_true(rkey: str, claimed: str, expected: int) -> None:
    assert creation_time(rkey, claimed, AT, DAY) == expected


@pytest.mark.parametrize("time_us", [-5, AT + DAY, 2**70])
def test_no_event_makes_a_post_of_the_future_or_of_before_time(time_us: int) -> None:
    body = create(ANNA, post("arXiv:2609.01234", createdAt="x"), rkey="self", time=time_us)
    [made] = [item for item in BLUESKY.read(RawPayload("post", "", body, AT)) if isinstance(item, Post)]
    assert 0 <= made.created_at <= AT


# ---- counts --------------------------------------------------------------------------------------------

VIEW = "https://public.api.bsky.app/xrpc/app.bsky.feed.getPosts?"


def asked(uris: list[str]) -> str:
    return VIEW + urlencode([("uris", uri) for uri in uris])


def a_view(uri: str) -> dict[str, Any]:
    return {"uri": uri, "author": {"did": ANNA, "handle": "anna.example"}, "record": post("x"), "likeCount": 1}


def test_counts_are_asked_25_at_once_and_what_is_left_out_is_gone() -> None:
    uris = [at_uri(ANNA, AT + n) for n in range(30)]
    http = ScriptedClient({
        asked(uris[:25]): json.dumps({"posts": [a_view(uri) for uri in uris[1:25]]}).encode(),
        asked(uris[25:]): json.dumps({"posts": [a_view(uri) for uri in reversed(uris[25:])]}).encode(),
    })  # fmt: skip
    pages = list(BLUESKY.counts(http, [f"bluesky:{uri}" for uri in uris]))
    seen = [seen for page in pages for seen in page.payloads]
    told = {one.key: one for one in seen}
    assert [one.kind for one in seen].count("counts") == 29 and list(sorted(told)) == sorted(uris)
    [gone] = BLUESKY.read(told.pop(uris[0]))
    assert isinstance(gone, Post) and (gone.post, gone.gone) == (f"bluesky:{uris[0]}", "deleted")
    assert all(len(list(BLUESKY.read(one))) == 3 for one in told.values())


def test_one_address_that_cannot_be_asked_spoils_no_batch() -> None:
    good, bad = at_uri(ANNA, AT), "at://nonsense"
    no = reply(400, b'{"error":"InvalidRequest"}')
    http = ScriptedClient({
        asked([bad, good]): no, asked([bad]): no, asked([good]): json.dumps({"posts": [a_view(good)]}).encode(),
    })  # fmt: skip
    [page] = BLUESKY.counts(http, [f"bluesky:{bad}", f"bluesky:{good}"])
    assert [(seen.kind, seen.key) for seen in page.payloads] == [("counts", good)]


@pytest.mark.parametrize("said", [b"<html>", b"{}", b"[" * 100_000, b'{"posts":7}'])
def test_a_view_that_answers_nonsense_says_nothing_of_any_post(said: bytes) -> None:
    with pytest.raises(NetError, match="not the expected response"):
        list(BLUESKY.counts(ScriptedClient(lambda _: said), [f"bluesky:{at_uri(ANNA, AT)}"]))


def test_a_view_that_tells_of_one_post_in_nonsense_does_not_make_the_others_gone() -> None:
    uris = [at_uri(ANNA, AT + n) for n in range(3)]
    said = json.dumps({"posts": [{"author": 7}, a_view(uris[1])]}).encode()
    [page] = BLUESKY.counts(ScriptedClient(lambda _: said), [f"bluesky:{uri}" for uri in uris])
    assert [(seen.kind, seen.key[:10]) for seen in page.payloads] == [
        ("counts", uris[1][:10]),
        ("counts", "unreadable"),
    ]
    with pytest.raises(msgspec.ValidationError):
        list(BLUESKY.read(page.payloads[1]))


def test_a_changed_handle_and_new_labels_are_told_with_the_counts() -> None:
    uri = at_uri(ANNA, AT)
    view = a_view(uri) | {"labels": [{"val": "porn"}, {"val": "spam", "neg": True}]}
    view["author"] = {"did": ANNA, "handle": "anna-moved.example", "labels": [{"val": "!hide"}, {"val": "rude"}]}
    items = list(BLUESKY.read(RawPayload("counts", uri, json.dumps(view).encode(), AT)))
    assert [(item.account, item.handle) for item in items if isinstance(item, Account)] == [
        (f"bluesky:{ANNA}", "anna-moved.example")
    ]
    assert [(item.handle, item.limits) for item in items if isinstance(item, Post)] == [
        ("anna-moved.example", ("!hide", "porn"))
    ]


@pytest.mark.parametrize("said", [RetryLater(60, "busy"), RequestRefused("no", 403)])
def test_a_view_that_says_no_is_the_runners_affair(said: RetryLater | RequestRefused) -> None:
    with pytest.raises(type(said)):
        list(BLUESKY.counts(ScriptedClient(lambda _: said), ["bluesky:at://x"]))
