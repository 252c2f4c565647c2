"""Names that others wrote escaped: a URL inside a URL, or JSON as some servers write it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hotpapers import model
from hotpapers.jobs.job_state import JobState
from hotpapers.jobs.queries import all_states, save_state
from hotpapers.model import RawPayload, TextLink
from hotpapers.privacy.forget import forget
from hotpapers.store import Record
from hotpapers.store.tombstones import BLACK, found_in
from tests.parsing import parse_all
from tests.privacy import traces
from tests.store import made
from tests.store.made import AT

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
        assert forget(record, ADA).raw_payloads == len(RAW_PAYLOADS)
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
        forget(record, ADA)
        states = {status.source: (status.reason, status.items) for status in all_states(record)}
        assert states == {"bluesky/counts": ("", 7), "x": ("answered 403", 7)}


@pytest.mark.parametrize("text", ["%", "100% tea", "%zz%40", "%40" * 50_000, "a" * 200_000 + "%", "%25" * 50_000])
def test_signs_that_only_look_escaped(text: str) -> None:
    assert list(found_in(text, {"ada.tea.example"}.__contains__)) == []
