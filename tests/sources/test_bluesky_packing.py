"""Jetstream's compression, with a dictionary trained on made-up events, as Jetstream's own was on real ones."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.errors import InputError, SettingsError, Stopped
from hotpapers.sources.bluesky import BlueskySettings, BlueskySource
from hotpapers.sources.bluesky.compression import LONGEST, decompress, load_decompressor
from tests.sources.bluesky_events import ANNA, BERT, create, post, reaction_event
from tests.sources.net import START, ScriptedClient

HOST = "wss://one.example"
EVENTS = [create(ANNA if n % 3 else BERT, post(f"moss, part {n}"), time=START + n) for n in range(400)]
DICTIONARY = zstandard.train_dictionary(4096, [*EVENTS])
COMPRESS = zstandard.ZstdCompressor(dict_data=DICTIONARY).compress
DECOMPRESSOR = zstandard.ZstdDecompressor(dict_data=DICTIONARY)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "zstd_dictionary"
    path.write_bytes(DICTIONARY.as_bytes())
    return str(path)


def test_a_stream_is_asked_for_and_read_packed(file: str) -> None:
    paper = create(ANNA, post("arXiv:2609.01234"), time=START)
    messages = [
        COMPRESS(paper),
        COMPRESS(EVENTS[0]),
        paper.replace(b"01234", b"04321"),
        COMPRESS(b"{"),
        None,
        Stopped(),
    ]
    http = ScriptedClient(lambda _: messages)
    source = BlueskySource(BlueskySettings(jetstream=(HOST,), dictionary=file))
    pages = []
    with pytest.raises(Stopped):
        for page in source.pages(http, None):
            pages.append(page)
    payloads = [payload for page in pages for payload in page.payloads]
    assert [payload.kind for payload in payloads] == ["post", "post", "unreadable"]
    assert payloads[0].body == paper, "it is stored as it was before compression"
    assert http.requests[0].headers == {"socket-encoding": "zstd"} and len(COMPRESS(paper)) < len(paper) / 2


def test_without_a_dictionary_nothing_is_asked_to_be_packed() -> None:
    http = ScriptedClient(lambda _: [Stopped()])
    with pytest.raises(Stopped):
        list(BlueskySource(BlueskySettings(jetstream=(HOST,))).pages(http, None))
    assert http.requests[0].headers == {}


def test_a_dictionary_that_is_not_there_is_a_setting_to_be_mended(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"source\.bluesky\.dictionary.*name Jetstream's"):
        load_decompressor(str(tmp_path / "nowhere"))


@given(st.binary(max_size=300))
def test_what_is_packed_comes_back(data: bytes) -> None:
    assert decompress(DECOMPRESSOR, COMPRESS(data)) == data
    assert decompress(DECOMPRESSOR, b"{" + data) == b"{" + data


@given(st.binary(max_size=300), st.integers(4, 40), st.integers(1, 255))
def test_what_is_damaged_is_an_error_of_ours_or_at_least_short(data: bytes, place: int, change: int) -> None:
    body = bytearray(COMPRESS(reaction_event(ANNA, "at://x", time=5) + data))
    body[min(place, len(body) - 1)] ^= change
    with suppress(InputError):
        assert len(decompress(DECOMPRESSOR, bytes(body))) <= LONGEST


@pytest.mark.parametrize("size", [LONGEST + 1, 2**40])
def test_a_bomb_is_noticed_before_it_goes_off(size: int) -> None:
    header = b"\x28\xb5\x2f\xfd" + bytes([0b11100000]) + size.to_bytes(8, "little")
    with pytest.raises(InputError, match="more than 8,000,000 bytes"):
        decompress(DECOMPRESSOR, header)
    body = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(LONGEST + 1))
    with pytest.raises(InputError, match="cannot be decompressed"):
        decompress(DECOMPRESSOR, body)


def test_another_dictionary_is_noticed() -> None:
    dictionary = zstandard.train_dictionary(2048, [reaction_event(BERT, f"at://{n}", time=n) for n in range(500)])
    with pytest.raises(InputError, match="cannot be decompressed"):
        decompress(zstandard.ZstdDecompressor(dict_data=dictionary), COMPRESS(EVENTS[3]))
