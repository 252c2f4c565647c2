"""Names in other people's texts: found only where they are names, in time proportional to the text."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base import model
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record, tombstones
from hotpapers.record.item_rows import KeyedHasher
from hotpapers.record.tombstones import ForgottenNames, Tombstones, found_in, names_of, redact_item
from tests.record.made import AT


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("x:@Made_Up_Ada", ["made_up_ada"]),
        ("x:@x", ["x"]),
        ("x:1366659539260149761", ["1366659539260149761"]),
        ("hackernews:8863", []),
        ("bluesky:did:plc:abc123", ["did:plc:abc123"]),
        ("bluesky:at://did:plc:abc/app.post/3kabc12345", ["at://did:plc:abc/app.post/3kabc12345", "3kabc12345"]),
        ("mastodon:https://tea.example/@ada/1234567", ["https://tea.example/@ada/1234567", "1234567"]),
        ("mastodon:@ada@tea.example", ["ada@tea.example", "tea.example/@ada", "tea.example/users/ada"]),
        (
            "mastodon:https://Tea.example/users/Ada",
            ["tea.example/users/ada", "https://tea.example/users/ada"],
        ),
        (
            "mastodon:https://tea.example/ap/users/1164",
            ["tea.example/ap/users/1164", "https://tea.example/ap/users/1164"],
        ),
        ("reddit:@-ada-", ["-ada-"]),
        ("huggingface:2101.04869", []),
    ],
)  # fmt: skip
def test_the_names_of_a_key(key: str, names: list[str]) -> None:
    assert list(names_of(key)) == names


FORGOTTEN = ForgottenNames(
    frozenset(("made_up_ada", "1366659539260149761", "did:plc:abc123", "ada@tea.example", "tea", "steeping", "a1"))
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("with @made_up_ada.", ["made_up_ada"]),
        ("with MADE_UP_ADA, and made_up_ada's", ["MADE_UP_ADA", "made_up_ada"]),
        ("@made_up_adaさん、@made_up_ada。", ["made_up_ada", "made_up_ada"]),
        ("see:made_up_ada!", ["made_up_ada"]),
        ("https://x.com/made_up_ada/status/1366659539260149761?s=20", ["made_up_ada", "1366659539260149761"]),
        ("https://bsky.app/profile/did:plc:abc123/post/1", ["did:plc:abc123"]),
        ("@ada@tea.example and ada@tea.example", ["ada@tea.example", "ada@tea.example"]),
        ("made_up_ada2 xmade_up_ada made_up_adas 13666595392601497610", []),
        ("a cup of tea, @tea, x.com/tea and ?by=tea", ["tea", "tea", "tea"]),
        ("steeping takes time", ["steeping"]),
        ("a1 A1 b1", ["a1", "A1"]),
        ("no names at all, 2101.04869 excepted", []),
        ("", []),
    ],
)
def test_where_names_stand(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in found_in(text, FORGOTTEN)] == expected
    assert FORGOTTEN.stand_in(text) == bool(expected)


FEDIVERSE = ForgottenNames(frozenset(names_of("mastodon:@bo@tea.example")) | {"tea.example/ap/users/1164", "-ada-"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://tea.example/@bo, or tea.example/users/Bo/outbox", ["tea.example/@bo", "tea.example/users/Bo"]),
        ("https://tea.example/ap/users/1164/statuses/5", ["tea.example/ap/users/1164"]),
        ("https://tea.example/@bob https://cup.example/@bo @bo https://mytea.example/@bo", []),
        ("https://cup.example/@bo@tea.example", ["bo@tea.example"]),
        ("u/-ada- wrote; @-ada- too, and /u/-ada-/comments", ["-ada-", "-ada-", "-ada-"]),
        ("-ada and ada- are others", []),
    ],
)
def test_where_short_names_and_names_with_hyphens_stand(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in found_in(text, FEDIVERSE)] == expected
    assert FEDIVERSE.stand_in(text) == bool(expected)


def test_a_mention_goes_with_its_link() -> None:
    """Mastodon shows `@bo`; only the link says on which server."""
    text = "@bo and @bo, look at what they wrote"
    links = (
        model.TextLink(0, 3, "https://tea.example/@bo"), model.TextLink(8, 11, "https://cup.example/@bo"),
        model.TextLink(21, 36, "https://tea.example/@bo/1"),
    )  # fmt: skip
    post = model.Post(
        post="mastodon:1", network="mastodon", account="mastodon:2", created_at=AT, text=text, links=links,
        observed_at=AT,
    )  # fmt: skip
    left = redact_item(post, FEDIVERSE)
    assert isinstance(left, model.Post)
    assert left.text == "@██ and @bo, look at what they wrote" and left.links == (links[1],)


def test_in_originals_every_word_may_be_a_name() -> None:
    assert FORGOTTEN.named_in("7", b'{"handle": "tea"}') and FORGOTTEN.named_in("made_up_ada", b"")
    assert not FORGOTTEN.named_in("7", b'{"handle": "teapot", "\xff": 1}')


@given(st.text(st.sampled_from("a1_.@:-/= あ"), max_size=60), st.text("a1_.@:-", min_size=1, max_size=6))
def test_what_is_blackened_keeps_its_length_and_holds_the_name_no_more(text: str, name: str) -> None:
    names = ForgottenNames(frozenset([name]))
    post = model.Post(post="x:1", network="x", account="x:2", created_at=AT, text=text, observed_at=AT)
    left = redact_item(post, names)
    assert isinstance(left, model.Post) and len(left.text) == len(text)
    assert redact_item(left, names) == left
    spans = list(found_in(text, names))
    for start, end in spans:
        assert text[start:end] == name and left.text[start:end] == tombstones.BLACK * len(name)
    signs = [sign for n, sign in enumerate(left.text) if not any(start <= n < end for start, end in spans)]
    assert "".join(signs) == "".join(
        sign for n, sign in enumerate(text) if not any(start <= n < end for start, end in spans)
    )


@pytest.mark.parametrize(
    "text", ["a." * 50_000, "@" * 100_000, "a" * 100_000, "a@b:c-" * 20_000, "." * 100_000, "a.a/@a." * 15_000]
)
def test_hostile_texts_take_no_longer_than_their_length(text: str) -> None:
    calls = 0

    def known(name: str) -> bool:
        nonlocal calls
        calls += 1
        return False

    assert list(found_in(text, known, anywhere=True)) == []
    assert calls <= 13 * len(text)


def test_tombstones_refuse_and_redact_by_marks_alone() -> None:
    hasher = KeyedHasher(b"secret" * 5)
    known_tombstones = Tombstones(
        hasher, frozenset(tombstones.marks_of(hasher, ["x:@made_up_ada", "x:7"], ["made_up_ada"], ["x:@lonely"]))
    )
    assert bool(known_tombstones) and not Tombstones(hasher, frozenset())
    post = model.Post(post="x:1", network="x", account="x:2", created_at=AT, handle="ok", observed_at=AT)
    for refused in (
        msgspec.structs.replace(post, post="x:7"),
        msgspec.structs.replace(post, account="x:@made_up_ada"),
        msgspec.structs.replace(post, handle="Made_Up_Ada"),
        msgspec.structs.replace(post, reply_to="x:7"),
        model.Account(account="x:9", handle="made_up_ADA", observed_at=AT),
        model.Account(account="x:@lonely", handle="lonely", observed_at=AT),
        model.Snapshot(post="x:7", observed_at=AT),
        model.Reaction(post="x:8", account="x:@made_up_ada", type="like", observed_at=AT),
    ):
        assert known_tombstones.refuses(refused), refused
    for fine in (
        post,
        msgspec.structs.replace(post, account="x:@lonely"),
        msgspec.structs.replace(post, network="bluesky", account="bluesky:did:1", handle="made_up_ada"),
        model.Tally(paper="arxiv:2103.00001", network="x", method="m", reposts=0, likes=0, observed_at=AT),
    ):
        assert not known_tombstones.refuses(fine), fine
    mention = msgspec.structs.replace(post, text="@made_up_ada", name="made_up_ada fan")
    left = known_tombstones.redacted(mention)
    assert isinstance(left, model.Post) and (left.text, left.name) == ("@" + "█" * 11, "█" * 11 + " fan")
    assert known_tombstones.redacted(post) is post


def test_each_key_of_a_batch_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    post = model.Post(
        post="x:7", network="x", account="x:8", handle="ann", text="see: this", created_at=AT, observed_at=AT
    )
    hashed_keys, tombstone = list[str](), KeyedHasher.tombstone

    def counting_tombstone(hasher: KeyedHasher, key: str) -> str:
        hashed_keys.append(key)
        return tombstone(hasher, key)

    with Record(str(tmp_path / "hotpapers.db")) as record:
        record.append([msgspec.structs.replace(post, post="x:1", account="x:2")], source="made-up", at=AT)
        forget_key(record, "x:1")
        monkeypatch.setattr(KeyedHasher, "tombstone", counting_tombstone)
        record.append([post, model.Snapshot(post="x:7", likes=3, observed_at=AT)], source="made-up", at=AT)
    assert sorted(hashed_keys) == ["x:7", "x:8", "x:@ann"]
