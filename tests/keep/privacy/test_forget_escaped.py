"""Names that others wrote escaped: a URL inside a URL, or JSON as some servers write it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base import model
from hotpapers.base.model import RawPayload, TextLink
from hotpapers.jobs.job_state import JobState
from hotpapers.jobs.queries import all_states, save_state
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record
from hotpapers.record.tombstones import BLACK, ForgottenNames, found_in, names_of, redact_item
from tests.keep.privacy import traces
from tests.parsing import parse_all
from tests.record import made
from tests.record.made import AT

DID, HANDLE, NUMBER = "did:plc:madeupadaofthetea", "ada.tea.example", "3kadaspost001"
ADA, POST = f"bluesky:{DID}", f"bluesky:at://{DID}/app.bsky.feed.post/{NUMBER}"
SHARE_URL = f"https://share.example/?u=https%3A%2F%2Fbsky.app%2Fprofile%2F{HANDLE}%2Fpost%2F{NUMBER}"
BY_DID = f"https://bsky.app/profile/{DID.replace(':', '%3A')}"
NESTED_URL = "https://a.example/?to=" + SHARE_URL.replace("%", "%25").replace(":", "%3A")
RAW_PAYLOADS = (
    rb'{"name":"\u0040ada.tea.example"}',
    rb'{"html":"\u003cspan\u003eada.tea.example\u003c/span\u003e"}',
    rb'{"u":"https%3A%2F%2Fbsky.app%2Fprofile%2Fada.tea.example"}',
    rb'{"u":"https:\/\/bsky.app\/profile\/ada.tea.example"}',
)


OTHERS = ("See %s and more", "%s said so", "100%% sure: %s", "Tea of %s leaves")
TARGETS = (SHARE_URL, BY_DID, NESTED_URL, "https://tea.example/100%25")
ESCAPED = (SHARE_URL, f"%40{HANDLE}", NESTED_URL, "100%25")


def _post(key: str, account: str, text: str, link: str) -> model.Post:
    return model.Post(
        post=key, network="bluesky", account=account, created_at=AT, text=text, links=(TextLink(0, 3, link),),
        handle=HANDLE if account == ADA else "", observed_at=AT,
    )  # fmt: skip


def _items() -> list[model.Item]:
    other_posts = [
        _post(f"bluesky:at://did:plc:o/app.bsky.feed.post/3kothers000{n}", "bluesky:did:plc:o", text % name, link)
        for n, (text, name, link) in enumerate(zip(OTHERS, ESCAPED, TARGETS, strict=True))
    ]
    account = model.Account(account=ADA, handle=HANDLE, name="Ada", observed_at=AT)
    return [account, _post(POST, ADA, "Our pot is out", "https://tea.example/"), *other_posts]


def _parser(number: int) -> Callable[[RawPayload], list[model.Item]]:
    return lambda payload: [model.Snapshot(post="x:1341202937956233217", likes=number, observed_at=AT + number)]


def test_no_escaped_name_is_left(store_url: str, tmp_path: Path) -> None:
    with Record(store_url) as record:
        made.rich(record)
        record.append(_items(), source="test")
        for number, body in enumerate(RAW_PAYLOADS):
            record.ingest(parse_all(_parser(number), [RawPayload("post", f"{900 + number}", body, AT)]), source="net")
        words = (HANDLE, NUMBER, DID.rpartition(":")[2])
        assert {word for word, _ in traces.where_found(traces.store_bytes(record), words)} == set(words)
        assert forget_key(record, ADA).raw_payloads == len(RAW_PAYLOADS)
        places = {**traces.store_bytes(record), **traces.exports_of(record, tmp_path)}
        assert not traces.where_found(places, words)
        posts = [post for post in record.view().items(model.Post) if "/3kothers" in post.post]
        black_texts = [text % (BLACK * len(name)) for text, name in zip(OTHERS[:3], ESCAPED, strict=False)]
        assert [(post.text, len(post.links)) for post in posts] == [
            *((text, 0) for text in black_texts), ("Tea of 100%25 leaves", 1)
        ]  # fmt: skip
        assert not made.verified(record).findings


def test_reasons_of_failures_no_longer_name_a_forgotten_account(store_url: str) -> None:
    with Record(store_url) as record:
        record.append(_items(), source="test")
        reasons = {"bluesky/counts": f"https://api.example/{NUMBER}.json: answered 500", "x": "answered 403"}
        for source, reason in reasons.items():
            save_state(record, JobState(source=source, reason=reason, items=7))
        forget_key(record, ADA)
        states = {status.source: (status.reason, status.items) for status in all_states(record)}
        assert states == {"bluesky/counts": ("", 7), "x": ("answered 403", 7)}


WRITTEN = {
    "ada.tea.example": (
        "&#64;ada.tea.example", "&#x40;ada&#46;tea&#x2e;example", "&commat;ada&period;tea&period;example",
        "&amp;#64;ada.tea.example", "＠ａｄａ．ｔｅａ．ｅｘａｍｐｌｅ",
        "@ada.te\u200ba.example", "@a\u00adda.tea.example", "𝐚𝐝𝐚.tea.example",
        "@ADA.ＴＥＡ.example", "見て@ada.tea.exampleさん", r"\u0040ada.tea.example", r"\u0061da.tea.example",
        "%26%2364%3Bada.tea.example", "https://bsky.app/profile/ada%E2%80%8B.tea.example", "@ada.tea\ufe0f.example",
    ),
    "größe": (
        "@größe", "@GRÖSSE", "@gro\u0308ße", "@gr&ouml;&szlig;e", "@gr%C3%B6%C3%9Fe", r"@gr\u00f6\u00dfe", "@größeの茶",
        "x.example/größe",
    ),
    "ada@bücher.example": (
        "@ada@bücher.example", "@ada@xn--bcher-kva.example", "https://bücher.example/@ada",
        "https://xn--bcher-kva.example/users/ada", "@ada@BÜCHER.example", "@ada@b&#252;cher.example",
        "@ada@bu\u0308cher.example",
        "https://b%C3%BCcher.example/@ada", r"https:\/\/b\u00fccher.example\/@ada",
    ),
    "ada@xn--bcher-kva.example": ("@ada@bücher.example", "@ada@xn--bcher-kva.example", "https://bücher.example/@ada"),
    "ада_чай": ("@ада_чай", "@АДА_ЧАЙ", "@%D0%B0%D0%B4%D0%B0_чай"),
    "日本茶": ("@日本茶", "@&#26085;本茶"),
}  # fmt: skip
"""Handles, and how others may write them."""
HANDLES = [(handle, text) for handle, texts in WRITTEN.items() for text in texts]


@pytest.mark.parametrize("many", [0, 200], ids=["alone", "with others"])
@pytest.mark.parametrize(("handle", "text"), HANDLES, ids=[f"{handle} {n}" for n, (handle, _) in enumerate(HANDLES)])
def test_a_handle_is_found_however_it_is_written(handle: str, text: str, many: int) -> None:
    others = (f"other{n}.tea.example" for n in range(many))
    known = ForgottenNames(frozenset([*names_of(f"mastodon:@{handle}"), *others]))
    post = _post(
        "bluesky:at://did:plc:o/app.bsky.feed.post/3kothers0001",
        "bluesky:did:plc:o",
        f"See {text} and more",
        "https://a.example/",
    )
    left = redact_item(post, known)
    assert isinstance(left, model.Post) and BLACK in left.text and known.stand_in(post.text)
    assert left.text.startswith("See ") and left.text.endswith(" and more") and len(left.text) == len(post.text)
    assert not known.stand_in(left.text) and redact_item(left, known) == left
    assert known.named_in("1", json.dumps({"text": text}).encode()), "escaped as JSON"
    assert known.named_in("1", json.dumps({"text": text}, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    "text",
    [
        "Eine Frage der Größe",
        "groß",
        "@größer",
        "@ада_чайник",
        "日本のお茶",
        "ada bücher.example",
        "@ada@buecher.example",
    ],
)
def test_other_words_stay(text: str) -> None:
    known = ForgottenNames(frozenset(name for handle in WRITTEN for name in names_of(f"mastodon:@{handle}")))
    assert list(found_in(text, known)) == []


@given(st.text())
def test_any_text_is_searched_and_nothing_is_found_where_nothing_is_known(text: str) -> None:
    assert list(found_in(text, frozenset[str]().__contains__)) == []
    spans = list(found_in(text, lambda name: True))
    assert all(0 <= start < end <= len(text) for start, end in spans)


def test_no_handle_in_other_letters_is_left(store_url: str, tmp_path: Path) -> None:
    handle, words = "ada@bücher.example", ("bücher", "bcher-kva", "b&#252;cher", "cher.example")
    account = model.Account(account="mastodon:@ada@bücher.example", handle=handle, name="Ada", observed_at=AT)
    posts = [
        _post(
            f"bluesky:at://did:plc:o/app.bsky.feed.post/3kothers000{n}",
            "bluesky:did:plc:o",
            f"See {text}",
            "https://a.example/",
        )
        for n, text in enumerate(WRITTEN[handle])
    ]
    with Record(store_url) as record:
        made.rich(record)
        record.append([account, *posts], source="test")
        for number, text in enumerate(WRITTEN[handle]):
            body = json.dumps({"text": text}).encode()
            record.ingest(parse_all(_parser(number), [RawPayload("post", f"{900 + number}", body, AT)]), source="net")
        assert forget_key(record, account.account).raw_payloads == len(WRITTEN[handle])
        places = {**traces.store_bytes(record), **traces.exports_of(record, tmp_path)}
        assert not traces.where_found(places, words)
        later = msgspec.structs.replace(posts[1], post="bluesky:at://did:plc:o/app.bsky.feed.post/3kothers0099")
        record.append([later], source="test")
        assert not traces.where_found(traces.store_bytes(record), words)
        assert not made.verified(record).findings


@pytest.mark.parametrize(
    "text",
    [
        "&" * 50_000,
        "&#" * 50_000,
        "&#64;" * 50_000,
        r"\u0040" * 30_000,
        "xn--" * 10_000,
        "ａ" * 100_000,
        "@" * 100_000 + "é",
        "e\u0301" * 50_000,
    ],
)
def test_long_texts_of_escapes_are_searched(text: str) -> None:
    assert list(found_in(text, {"ada.tea.example"}.__contains__)) == []


@pytest.mark.parametrize("text", ["%", "100% tea", "%zz%40", "%40" * 50_000, "a" * 200_000 + "%", "%25" * 50_000])
def test_signs_that_only_look_escaped(text: str) -> None:
    assert list(found_in(text, {"ada.tea.example"}.__contains__)) == []
