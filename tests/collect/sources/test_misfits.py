"""Optional fields of another type than a network's own, as compatible servers and programs write them, lose no post."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from hotpapers.base.errors import InputError
from hotpapers.base.model import MAX_INTEGER, Item, Mention, Post, RawPayload
from hotpapers.collect.sources.decoding import Count, decode_entry
from hotpapers.record.item_checks import check_item, clean_item
from tests.collect.sources.cases import AT, FOLDER
from tests.collect.sources.test_contract import SETTINGS, keys, source_of
from tests.conftest import data, needs_wings

ODD: tuple[Any, ...] = (True, False, 7, "odd", [], ["odd"], {}, {"odd": 1})
"""Values of each type of JSON."""
IMPOSSIBLE = (0.5, MAX_INTEGER + 1, 2**70)
FLAGS = frozenset((
    "visibility", "sensitive", "spoiler_text", "bot", "noindex", "limited", "suspended", "over_18", "deleted", "dead",
    "protected", "possibly_sensitive", "neg",
))  # fmt: skip
"""Fields that keep posts from being shown: whatever they are, it is not as good as missing."""
READ_FROM_JSON = sorted(SETTINGS.keys() - {"feeds"})
"""All sources of posts but one, whose entries come from a library."""
KINDS = ("post", "home", "edit", "counts")
CASES = [
    (source, file.name)
    for source in READ_FROM_JSON
    for file in sorted((FOLDER / source).glob("*.json"))
    if file.name.split(".")[1] in KINDS and not file.name.startswith("odd-") and file.read_bytes().strip() != b"null"
]


def read(source: str, kind: str, body: Any) -> list[Item]:
    """The items; empty if the payload is refused, and so goes to quarantine."""
    key = str(body.get("uri", "")) if source == "mastodon" else "t3_odd1"
    try:
        items = list(source_of(source).read(RawPayload(kind, key, json.dumps(body).encode(), AT)))
        for item in items:
            check_item(clean_item(item))
    except (InputError, ValueError):
        return []
    return items


def essence(items: list[Item]) -> list[Item]:
    """The posts, without what keeps them from being quoted, and their papers."""
    posts = [msgspec.structs.replace(item, limits=()) for item in items if isinstance(item, Post)]
    return [*posts, *(item for item in items if isinstance(item, Mention))]


def paths(body: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key in keys(body):
        yield (*above, key)
        if isinstance(body[key], dict | list):
            yield from paths(body[key], (*above, key))


def at_path(body: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        body = body[key]
    return body


def replaced(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    other = copy.deepcopy(body)
    at_path(other, path[:-1])[path[-1]] = value
    return other


def is_of_another_type(odd: Any, value: Any) -> bool:
    """Whether a network never has `odd` where it has `value`. In place of null, it may have a text, number or list."""
    if value is None:
        return isinstance(odd, bool | dict)
    return type(odd) is not type(value) and not (isinstance(odd, int) and isinstance(value, float))


def removable(body: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Each path in a payload that is not a flag, and the payload without it."""
    for path in paths(body):
        if path[-1] not in FLAGS and path[-1] not in ("submitter_user", "author_id"):  # of two types
            without = copy.deepcopy(body)
            del at_path(without, path[:-1])[path[-1]]
            yield path, without


@pytest.mark.parametrize(("source", "name"), CASES)
def test_a_field_of_another_type_is_as_good_as_missing(source: str, name: str) -> None:
    body = json.loads((FOLDER / source / name).read_bytes())
    kind = name.split(".")[1]
    for path, without in removable(body):
        expected = essence(read(source, kind, without))
        for odd in [odd for odd in ODD if is_of_another_type(odd, at_path(body, path))]:
            assert essence(read(source, kind, replaced(body, path, odd))) == expected, (path, odd)


@pytest.mark.parametrize(("source", "name"), CASES)
def test_an_impossible_number_loses_no_post(source: str, name: str) -> None:
    body = json.loads((FOLDER / source / name).read_bytes())
    kind = name.split(".")[1]
    for path, without in removable(body):
        if type(at_path(body, path)) is int:
            least = len(essence(read(source, kind, without)))
            assert all(len(essence(read(source, kind, replaced(body, path, odd)))) >= least for odd in IMPOSSIBLE), path


@needs_wings
@pytest.mark.parametrize("odd", [False, 5, {}, []])
def test_a_post_that_may_not_be_public_is_refused(odd: Any) -> None:
    body = json.loads(data("sources/mastodon/card.post.json").read_bytes()) | {"visibility": odd}
    with pytest.raises(InputError, match="visibility"):
        list(source_of("mastodon").read(RawPayload("counts", body["uri"], json.dumps(body).encode(), AT)))


@pytest.mark.parametrize(
    ("source", "path", "limit"),
    [
        ("mastodon", ("sensitive",), "sensitive"),
        ("mastodon", ("spoiler_text",), "content warning"),
        ("mastodon", ("account", "noindex"), "noindex"),
        ("x", ("tweet", "possibly_sensitive"), "sensitive"),
        ("x", ("author", "protected"), "protected"),
        ("reddit", ("over_18",), "over_18"),
    ],
)
def test_in_doubt_a_limit_holds(source: str, path: tuple[str, ...], limit: str) -> None:
    name = {"mastodon": "card.post.json", "x": "link.post.json", "reddit": "link.post.json"}[source]
    body = json.loads(data(f"sources/{source}/{name}").read_bytes())
    for odd, holds in ((True, True), ("yes", True), (1, True), (["x"], True), (False, False), (None, False)):
        [post] = [item for item in read(source, "post", replaced(body, path, odd)) if isinstance(item, Post)]
        assert (limit in post.limits) == holds, odd


class _Inner(msgspec.Struct):
    id: str
    size: Count | None = None


class _Outer(msgspec.Struct):
    id: str
    inner: _Inner | None = None
    many: list[_Inner] = []
    either: str | _Inner = ""
    raw: msgspec.Raw = msgspec.Raw(b"null")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('{"id":"a","inner":7}', _Outer("a")),
        ('{"id":"a","inner":{"id":"b","size":"1"}}', _Outer("a", _Inner("b"))),
        ('{"id":"a","inner":{"size":1}}', _Outer("a")),
        ('{"id":"a","many":[{"id":"b","size":-1},7,{"id":3}]}', _Outer("a", many=[_Inner("b")])),
        ('{"id":"a","many":{"0":{"id":"b"}},"other":[{}]}', _Outer("a")),
        ('{"id":"a","either":{"id":"b","size":[]}}', _Outer("a", either=_Inner("b"))),
        ('{"id":"a","either":5,"raw":{"x": 1}}', _Outer("a", raw=msgspec.Raw(b'{"x": 1}'))),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_left_out_and_the_rest_stays(given: str, expected: _Outer) -> None:
    assert decode_entry(given.encode(), _Outer) == expected


@pytest.mark.parametrize("given", ["7", "{}", '{"id":5}', '{"id":"a"', "[" * 5000])
def test_what_lacks_something_required_is_refused(given: str) -> None:
    with pytest.raises((msgspec.MsgspecError, RecursionError)):
        decode_entry(given.encode(), _Outer)
