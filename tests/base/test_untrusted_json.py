"""JSON from outside is either decoded or refused, whatever it contains."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import InputError, NetError, UsageError
from hotpapers.base.untrusted_json import decode_json
from hotpapers.publish.query.request_params import key_of
from hotpapers.wings.feeds import feed_parser
from hotpapers.wings.summaries.llm_client import sentence_of

DEEP = b"[" * 100_000
BROKEN_UTF8 = b'{"choices": [{"message": {"content": "\xff\xfe"}}]}'


class SampleStruct(msgspec.Struct):
    value: Any = None


@given(st.one_of(st.binary(), st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_bytes_are_decoded_or_refused(body: bytes) -> None:
    for kind in (Any, SampleStruct, list[int]):
        try:
            decode_json(body, kind)
        except InputError:
            continue


texts = st.text(st.one_of(st.characters(), st.sampled_from('\ud83d\ude00\udfff\\"u')))  # with surrogates of all kinds
values = st.recursive(texts, lambda inner: st.one_of(st.lists(inner), st.dictionaries(texts, inner)))


@given(values)
def test_escapes_of_lone_surrogates_become_replacement_characters(value: Any) -> None:
    """RFC 8259 allows them; cut texts have them."""
    body = json.dumps(value)
    expected = re.sub("[\ud800-\udfff]", "\ufffd", json.dumps(json.loads(body), ensure_ascii=False))
    decoded = decode_json(body.encode(), Any)
    assert json.loads(expected) == decoded == decode_json(body, Any)
    assert decode_json(b'{"value":%b}' % body.encode(), SampleStruct).value == decoded


@pytest.mark.parametrize("body", [rb'"\ud8"]"', rb'"\ud83"', rb'"\udcx0"', rb'"\ud83d'])
def test_half_an_escape_is_not_json(body: bytes) -> None:
    with pytest.raises(InputError):
        decode_json(body, Any)


@pytest.mark.parametrize("body", [DEEP, b'{"value":' * 100_000, b'{"other":' + DEEP, b'{"value": "\xff"}'])
def test_json_nested_too_deep_or_not_in_utf_8_is_refused(body: bytes) -> None:
    with pytest.raises(InputError):
        decode_json(body, SampleStruct)


def test_a_feed_that_is_nested_too_deep_is_no_feed() -> None:
    item = b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(NetError, match="not a JSON feed"):
        list(feed_parser.feed_entries(b'{"version": "1", "items": [' + item + b"]}", {}, "https://feed.example/"))


def test_a_models_answer_in_broken_utf_8_is_no_answer() -> None:
    with pytest.raises(InputError, match="not a chat API response"):
        sentence_of(BROKEN_UTF8, "Moss", "On moss")


@pytest.mark.parametrize("cursor", ["Iv8i", "W1tb" * 20_000])  # broken UTF-8; nested lists
def test_a_cursor_that_was_never_issued_is_refused(cursor: str) -> None:
    with pytest.raises(UsageError, match="cursor"):
        key_of(cursor, "papers", str)
