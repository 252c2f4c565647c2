"""The contract of every source, checked for each."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from types import ModuleType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import InputError, NetError
from hotpapers.base.model import Item, Post, RawPayload, Source, ThreadSource, kind_of
from hotpapers.base.networks import readable_networks, row_of
from hotpapers.collect.sources import SOURCES
from hotpapers.record.item_checks import check_item, clean_item
from tests.collect.sources.cases import AT, FOLDER
from tests.collect.sources.net import ScriptedClient, reply
from tests.conftest import ROOT

NAMES = sorted(SOURCES)
KINDS = [
    "post", "edit", "home", "feed", "thread", "counts", "gone", "paper", "reaction", "account", "item", "story",
    "reply", "gap", "whatever",
]  # fmt: skip
PAGES = ROOT / "docs" / "reference" / "sources"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def source_of(name: str) -> Source:
    make, settings = SOURCES[name]
    return make(settings())


def fixture_bodies(name: str) -> list[Any]:
    """The source's own fixtures, to be damaged."""
    files = sorted(f for f in (FOLDER / name).glob("*.json") if not f.name.endswith(".items.json"))
    return [json.loads(file.read_bytes()) for file in files] or [{}]


@st.composite
def broken_body(draw: st.DrawFn, bodies: list[Any]) -> bytes:
    """A real body with some values replaced; or any JSON; or not JSON at all."""
    body = json.loads(json.dumps(draw(st.sampled_from(bodies))))
    for _ in range(draw(st.integers(0, 3))):
        paths = [(container, key) for container in containers(body) for key in keys(container)]
        if paths:
            container, key = draw(st.sampled_from(paths))
            container[key] = draw(
                JSON | st.sampled_from([1e300, -1, 2**70, "0001-01-01T00:00:00", "https://arxiv.org/abs/2609.01234"])
            )
    text = json.dumps(body).encode()
    return draw(st.sampled_from([text, text, text, text[: len(text) // 2], text.replace(b"a", b"\xff")]))


def containers(body: Any) -> Iterator[Any]:
    if isinstance(body, dict | list):
        yield body
        for value in body.values() if isinstance(body, dict) else body:
            yield from containers(value)


def keys(container: Any) -> list[Any]:
    return list(container) if isinstance(container, dict) else list(range(len(container)))


def read(source: Source, payload: RawPayload) -> list[Item] | str:
    """The items, or the name of the error, which must be one that means unreadable input."""
    try:
        return list(source.read(payload))
    except (InputError, ValueError, KeyError, TypeError) as problem:
        return type(problem).__name__


# ---- names and settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_source_bears_its_networks_name(name: str) -> None:
    assert source_of(name).name == name and name in readable_networks()


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_has_a_default_and_a_wrong_one_is_noticed(name: str) -> None:
    settings = SOURCES[name][1]
    assert msgspec.convert({}, settings) == settings() and settings.__struct_config__.frozen
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"no-such-setting": 1}, settings)


@pytest.mark.parametrize("name", NAMES)
def test_every_source_has_a_page_that_names_each_setting(name: str) -> None:
    """Except `every`, which all sources share."""
    table = (PAGES / "README.md").read_text("utf-8")
    if row_of(name).has_papers and name != "arxiv":  # one page for all such servers
        [servers] = re.findall(r"^\* \[servers of papers [^*]*", table, re.M)
        assert f"`{name}`" in servers
        [link] = re.findall(r"\(([^)]*)\)", servers)
    else:
        [link] = re.findall(rf"\[{name}\]\(([^)]*/{name}\.md|{name}\.md)\)", table)
    page = (PAGES / link).read_text("utf-8")
    assert "`every`" in table
    described = set(re.findall(r"`(\w+)`|^(\w+) = ", page, re.M))
    assert names_of(SOURCES[name][1]) - {"every"} <= {word for pair in described for word in pair}


def names_of(settings: type[msgspec.Struct]) -> set[str]:
    """The field names of a settings struct, including nested structs."""
    names = set()
    for field in msgspec.structs.fields(settings):
        names.add(field.encode_name)
        for struct in getattr(field.type, "__args__", ()):
            if isinstance(struct, type) and issubclass(struct, msgspec.Struct):
                names |= names_of(struct)
    return names


# ---- reading ---------------------------------------------------------------------------------------------


def check_reading(name: str, payload: RawPayload) -> None:
    source = source_of(name)
    items = read(source, payload)
    assert items == read(source, payload) == read(source_of(name), payload)
    if isinstance(items, str):
        return
    assert all(item.observed_at == payload.at for item in items)
    posts = [item for item in items if isinstance(item, Post)]
    assert all(post.network == name and post.post.startswith(f"{name}:") for post in posts)
    for item in items:
        with suppress(InputError, ValueError):  # goes to quarantine
            check_item(clean_item(item))


@pytest.mark.parametrize("name", NAMES)
@given(st.data())
def test_junk_is_read_or_refused_and_always_the_same(name: str, data: st.DataObject) -> None:
    body = data.draw(JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
    check_reading(name, RawPayload(data.draw(st.sampled_from(KINDS)), data.draw(st.text(max_size=20)), body, AT))


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
@given(st.data())
def test_what_is_almost_right_is_read_or_refused_and_always_the_same(name: str, data: st.DataObject) -> None:
    bodies = _bodies.setdefault(name, fixture_bodies(name))
    body = data.draw(broken_body(bodies))
    check_reading(name, RawPayload(data.draw(st.sampled_from(KINDS)), data.draw(st.sampled_from(KEYS)), body, AT))


_bodies: dict[str, list[Any]] = {}
KEYS = ["2609.01234", "t3_qq7aa1", "1", "https://home.example/users/wool/statuses/117000000000000001"]


# ---- requests --------------------------------------------------------------------------------------------

SETTINGS: dict[str, dict[str, Any]] = {
    "bluesky": {"jetstream": ["wss://one.example"]},
    "feeds": {"urls": ["https://blog.example/feed"]},
    "hackernews": {},
    "huggingface": {},
    "lobsters": {},
    "mastodon": {"servers": [{"base": "https://home.example", "public": True}]},
    "reddit": {"client_id": "a", "client_secret": "b"},
    "x": {"token": "t", "budget": 1000},
}
"""Settings that make a source send requests, where its defaults send none."""

POST_KEYS = {
    "bluesky": ["bluesky:at://a/app.bsky.feed.post/1"],
    "feeds": ["feeds:1"],
    "hackernews": ["hackernews:1"],
    "huggingface": ["huggingface:2609.00001"],
    "lobsters": ["lobsters:aa"],
    "mastodon": ["mastodon:https://home.example/users/a/statuses/1"],
    "reddit": ["reddit:t3_a"],
    "x": ["x:1"],
}

ANSWERS = st.one_of(
    st.binary(max_size=40),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.just(b'{"access_token":"t"}'),
    st.just(b'{"posts":[{"uri":"at://a/app.bsky.feed.post/1"},7]}'),
    st.just(b'{"did":"a","time_us":1,"commit":{"operation":"create","collection":"app.bsky.feed.post","rkey":"1"}}'),
    st.just(b'{"data":[{"id":"5"},3]}'),
    st.just(b'{"data":{"children":[{"data":{"name":"t3_a"}},{"data":4}]}}'),
    st.just(b'[{"id":"1","uri":"u"},5]'),
    st.just(b'{"hits":[{"objectID":"1","created_at_i":5},7]}'),
    st.just(b'[{"short_id":"aa"},{"paper":{"id":"2609.00001"}},5]'),
    st.just(b'{"short_id":"aa","comments":[{"short_id":"ab","created_at":"2026-09-01T00:00:00Z"},7]}'),
    st.just(
        b'[7,{"data":{"children":[{"data":{"name":"t1_a","parent_id":"t3_a","body":"a","replies":7}},{"data":4}]}}]'
    ),
)


def test_every_source_of_posts_sends_requests_here() -> None:
    assert {name for name in NAMES if not row_of(name).has_papers} == set(SETTINGS) == set(POST_KEYS)


@pytest.mark.parametrize("name", sorted(SETTINGS))
@given(st.lists(ANSWERS, min_size=1, max_size=6))
def test_whatever_a_server_answers_is_pages_or_a_net_error(name: str, bodies: list[bytes]) -> None:
    make, settings = SOURCES[name]
    source = make(msgspec.convert(SETTINGS[name], settings))
    for keys in (None, POST_KEYS[name]):
        answers = iter(bodies)
        http = ScriptedClient(partial(_next, answers))
        try:
            pages = list(source.pages(http, None) if keys is None else source.counts(http, keys))
        except NetError:
            continue
        assert all(payload.key and payload.at for page in pages for payload in page.payloads)


@pytest.mark.parametrize("name", sorted(name for name in SETTINGS if isinstance(source_of(name), ThreadSource)))
@given(st.lists(ANSWERS, min_size=1, max_size=3))
def test_whatever_a_server_answers_is_a_thread_or_a_net_error(name: str, bodies: list[bytes]) -> None:
    make, settings = SOURCES[name]
    source = make(msgspec.convert(SETTINGS[name], settings))
    assert isinstance(source, ThreadSource)
    with suppress(NetError):
        page = source.thread(ScriptedClient(partial(_next, iter(bodies))), POST_KEYS[name][0])
        payloads = [payload for payload in page if isinstance(payload, RawPayload)]
        assert all(payload.key and payload.at and payload.kind in ("reply", "gap") for payload in payloads)


def _next(answers: Iterator[bytes], url: str) -> bytes:
    return next(answers, b"[]")


# ---- the example -----------------------------------------------------------------------------------------


def test_the_example_of_the_docs_is_a_source() -> None:
    note = {"id": 42, "by": "ada", "made": 1790000000, "words": "see arxiv.org/abs/2609.01234", "pins": 3}
    code = (ROOT / "docs" / "examples" / "corkboard" / "corkboard" / "source.py").read_text("utf-8")
    module = ModuleType("corkboard")
    sys.modules["corkboard"] = module  # msgspec looks up annotations there
    exec(code, module.__dict__)
    source: Source = module.Corkboard(module.CorkboardSettings())
    base = "https://corkboard.example/api/notes"
    body = json.dumps({"notes": [note, {"id": "none"}]}).encode()
    http = ScriptedClient({f"{base}?board=maths&since=0": body, f"{base}/42": reply(404)})
    [result] = source.pages(http, None)
    assert result.cursor == '{"maths":42}' and [payload.key[:10] for payload in result.payloads] == ["42", "unreadable"]
    kinds = [kind_of(item) for item in source.read(result.payloads[0])]
    assert kinds == ["post", "account", "snapshot", "mention"] and read(source, result.payloads[1]) == "ValidationError"
    [deleted_post] = [
        item for count_page in source.counts(http, ["corkboard:42"]) for item in source.read(count_page.payloads[0])
    ]
    assert isinstance(deleted_post, Post) and deleted_post.gone == "deleted"
    del sys.modules["corkboard"]


@pytest.mark.parametrize("name", SOURCES)
def test_rounds_without_a_pause_are_refused(name: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=">= 1"):
        msgspec.convert({"every": 0}, SOURCES[name][1])
