"""Cursors decode to what was encoded; anything else is rejected."""

from __future__ import annotations

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import UsageError
from hotpapers.base.model import MAX_INTEGER
from hotpapers.publish.query.request_params import MAX_CURSOR_CHARS, cursor_of, key_of

MOMENTS = st.integers(-MAX_INTEGER, MAX_INTEGER)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


@given(MOMENTS, TEXTS)
def test_a_key_comes_back(at: int, key: str) -> None:
    cursor = cursor_of("posts", at, key)
    assert key_of(cursor, "posts", int, str) == (at, key)
    assert cursor.isascii() and not set(cursor) & set("=&?/+ ")


def test_no_cursor_is_no_key() -> None:
    assert key_of("", "posts", int, str) is None


@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_what_nobody_gave_out_is_refused(text: str) -> None:
    if text:
        with pytest.raises(UsageError, match=r"^cursor: invalid; use `next`"):
            key_of(text, "posts", int, str)


@pytest.mark.parametrize(
    "key",
    [
        ["issues", 1, "a"], ["posts", "1", "a"], ["posts", 1], ["posts", 1, "a", 2], ["posts", True, "a"],
        ["posts", 1.5, "a"], ["posts", 2**63, "a"], ["posts", -(2**63), "a"], ["posts", 1, "a\0"], {"posts": 1},
        "posts", None,
    ],
)  # fmt: skip
def test_keys_of_another_form_are_refused(key: object) -> None:
    cursor = base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()
    with pytest.raises(UsageError):
        key_of(cursor, "posts", int, str)


def test_another_way_to_write_a_cursor_is_refused() -> None:
    cursor = base64.urlsafe_b64encode(b'["posts", 1, "a"]').rstrip(b"=").decode()
    for cursor_text in (cursor, cursor_of("posts", 1, "a") + "=", cursor_of("posts", 1, "a") + "\n"):
        with pytest.raises(UsageError):
            key_of(cursor_text, "posts", int, str)


def test_the_longest_keys_fit() -> None:
    assert len(cursor_of("snapshots", -MAX_INTEGER, "bluesky:at://did:web:" + "a" * 300)) <= MAX_CURSOR_CHARS
