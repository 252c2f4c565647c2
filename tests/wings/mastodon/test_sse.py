"""Parsing server-sent events from lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hotpapers.wings.mastodon.source import MAX_EVENT_BYTES, ServerEvent, stream_events

NAME = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1, max_size=9)
DATA = st.lists(st.binary(max_size=9).map(lambda data: data.replace(b"\n", b"").replace(b"\r", b"")), min_size=1)


@given(st.lists(st.tuples(NAME, DATA, st.booleans())))
def test_what_is_written_as_the_standard_says_is_read(fields: list[tuple[str, list[bytes], bool]]) -> None:
    lines: list[bytes | None] = []
    for name, data, blank in fields:
        lines += [b"event: " + name.encode(), *((b"data: " if blank else b"data:") + line for line in data), b""]
    expected = [
        ServerEvent(name, b"\n".join(line if blank else line.removeprefix(b" ") for line in data))
        for name, data, blank in fields
    ]
    assert list(stream_events(lines)) == expected


@given(st.lists(st.none() | st.binary(max_size=20)))
def test_no_line_makes_it_fail(lines: list[bytes | None]) -> None:
    results = list(stream_events(lines))
    assert sum(event is None for event in results) == sum(line is None or line.startswith(b":") for line in lines)


def test_comments_silence_and_what_is_not_ended_are_no_events() -> None:
    lines = [
        b":)",
        b"data: one",
        b"",
        b":thump",
        None,
        b"event: x",
        b"",
        b"id: 7",
        b"retry",
        b"data",
        b"",
        b"data: cut",
    ]
    assert list(stream_events(lines)) == [None, ServerEvent("message", b"one"), None, None, ServerEvent("message", b"")]


def test_silence_in_the_middle_parts_nothing() -> None:
    assert list(stream_events([b"event: e", None, b"data: d", b""])) == [None, ServerEvent("e", b"d")]


def test_an_event_without_end_is_passed_over_and_not_kept() -> None:
    lines = [*[b"data: " + bytes(MAX_EVENT_BYTES // 4)] * 5, b"", b"data: next", b""]
    assert list(stream_events(lines)) == [ServerEvent("message", b"next")]
