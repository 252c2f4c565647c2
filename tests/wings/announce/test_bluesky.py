"""Threads on Bluesky: whole records, each post sent exactly once despite interruptions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import NetError, RequestRefused, RetryLater, SettingsError
from hotpapers.base.http import PoliteHttpClient
from hotpapers.base.settings.announce import BlueskyAccount
from hotpapers.base.text.timestamps import make_tid
from hotpapers.publish.deliver.send import SenderDestination, SendResult, send_issue
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from hotpapers.record import Record
from hotpapers.wings.announce.atproto import RecordDraft
from hotpapers.wings.announce.bluesky import MAX_POST_CHARS, BlueskySender, Thread, build_thread
from tests.base.http.server import Handler, Play, answer, client
from tests.deliveries import deliveries, receipts
from tests.publish.render.sample import LISTED_READER, OWN_READER
from tests.wings.announce.pds import COLLECTION, DID, PASSWORD, Pds, running_pds
from tests.wings.announce.samples import DAY, FULL, FULL_READER, HOSTILE_READER, SITE_CONFIG, matches

FOUR = 4
"""Posts in the thread of the sample's issue: a first post and three papers."""


@pytest.fixture
def pds() -> Iterator[Pds]:
    with running_pds() as running_server:
        yield running_server


@pytest.fixture
def http(pds: Pds) -> Iterator[PoliteHttpClient]:
    with client(pds.server, secrets=[PASSWORD]) as http_client:
        yield http_client


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened_record:
        yield opened_record


def sender(host: str, password: str = PASSWORD) -> BlueskySender:
    settings = BlueskyAccount(publication="daily", account=DID, password=password, host=host)
    return BlueskySender(settings, "bluesky 1", SITE_CONFIG)


def send(record: Record, account_sender: BlueskySender, http: PoliteHttpClient) -> SendResult:
    return send_issue(record, SenderDestination(account_sender, http), OWN_READER, "daily", DAY)


# ---- the thread: pure --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected_thread"),
    [
        ("daily", build_thread(OWN_READER.issue("daily", DAY), SITE_CONFIG)),
        ("empty", build_thread(OWN_READER.issue("daily", "2021-01-13"), SITE_CONFIG)),
        ("full", build_thread(FULL_READER.issue("daily", FULL), NOBODY)),
        ("corrected", build_thread(LISTED_READER.issue("hot-papers", DAY), SITE_CONFIG)),
    ],
)
def test_threads_are_as_expected(name: str, expected_thread: Thread) -> None:
    posts = [{"rkey": post.rkey, "record": post.content} for post in expected_thread.posts]
    matches(f"thread-{name}.json", json.dumps(posts, indent=1, ensure_ascii=False))
    matches(f"thread-{name}.txt", str(expected_thread))


def every_post() -> Iterator[RecordDraft]:
    for site_config in (SITE_CONFIG, NOBODY, SiteConfig("", f"https://{'papers.' * 20}example/{'daily/' * 20}")):
        for issue_reader, publication in ((OWN_READER, "daily"), (FULL_READER, "daily"), (HOSTILE_READER, "daily")):
            for day in issue_reader.days(publication):
                draft_thread = build_thread(issue_reader.issue(publication, day), site_config)
                assert 1 <= len(draft_thread.posts) <= 6
                yield from draft_thread.posts


def test_posts_are_short_and_their_links_are_where_they_say() -> None:
    for post in every_post():
        text = post.content["text"]
        assert len(text) <= MAX_POST_CHARS and len(text.encode()) <= 3000
        for facet in post.content.get("facets", ()):
            index = facet["index"]
            link_text = text.encode()[index["byteStart"] : index["byteEnd"]].decode()
            [feature] = facet["features"]
            address_start = link_text.removesuffix("…")
            assert feature["uri"].partition("://")[2].startswith(address_start) and text.count(link_text) == 1
            assert feature["uri"] == post.content["embed"]["external"]["uri"]
            assert feature["uri"].startswith(("https://papers.", "https://arxiv.org/abs/"))


@given(st.integers(0, 2**53 - 1), st.integers(0, 2**53 - 1), st.integers(0, 1023))
def test_keys_are_in_the_order_of_time(a: int, b: int, clock: int) -> None:
    assert (make_tid(a, clock) < make_tid(b, clock)) == (a < b)
    assert len(make_tid(a, clock)) == 13 and set(make_tid(a, clock)) <= set("234567abcdefghijklmnopqrstuvwxyz")


def test_a_key_is_the_one_of_the_specification() -> None:
    """Timestamp and clock id of 3jzfcijpj2z2a, the example of https://atproto.com/specs/tid, decoded by hand."""
    digits = "234567abcdefghijklmnopqrstuvwxyz"
    number = 0
    for digit in "3jzfcijpj2z2a":
        number = number * 32 + digits.index(digit)
    assert make_tid(number >> 10, number & 1023) == "3jzfcijpj2z2a"


def test_publications_and_editions_have_keys_of_their_own() -> None:
    keys = [post.rkey for post in every_post()]
    assert len(set(keys)) == len(keys) // 3  # the same for each site


# ---- sending -----------------------------------------------------------------------------------------------


def test_a_thread_is_made(pds: Pds, http: PoliteHttpClient, record: Record) -> None:
    account_sender = sender(pds.host)
    assert send(record, account_sender, http).sent == 1
    head, *replies = pds.records.values()
    assert "reply" not in head and len(replies) == FOUR - 1
    uris = [f"at://{DID}/{COLLECTION}/{rkey}" for rkey in pds.records]
    assert [post["reply"]["root"]["uri"] for post in replies] == [uris[0]] * 3
    assert [post["reply"]["parent"]["uri"] for post in replies] == uris[:-1]
    assert (deliveries(record, "bluesky"), receipts(record, "bluesky")) == ({DID: "sent"}, {DID: uris[0]})
    assert send(record, account_sender, http)[:3] == (0, 0, ())
    assert pds.methods.count("createRecord") == FOUR and pds.methods.count("createSession") == 1


def test_an_account_announces_only_its_own_publication(pds: Pds) -> None:
    assert list(sender(pds.host).messages(LISTED_READER, "hot-papers", DAY)) == []


class Killed(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("n", range(FOUR))
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_anywhere_each_post_is_there_once(
    pds: Pds, http: PoliteHttpClient, record: Record, monkeypatch: pytest.MonkeyPatch, n: int, moment: str
) -> None:
    account_sender = sender(pds.host)
    put, count = account_sender.account.put, [0]

    def put_and_die(*args: Any, **options: Any) -> Any:
        count[0] += 1
        if (count[0], moment) == (n + 1, "before"):
            raise Killed
        result = put(*args, **options)
        if (count[0], moment) == (n + 1, "after"):
            raise Killed
        return result

    monkeypatch.setattr(account_sender.account, "put", put_and_die)
    with pytest.raises(Killed):
        send(record, account_sender, http)
    assert send(record, sender(pds.host), http).sent == 1
    assert len(pds.records) == FOUR and pds.methods.count("createRecord") == FOUR
    assert sum("reply" in post for post in pds.records.values()) == FOUR - 1


def test_an_answer_that_was_lost_doubles_nothing(pds: Pds, http: PoliteHttpClient, record: Record) -> None:
    def lose_reply(handler: Handler) -> None:
        pds._createRecord(json.loads(pds.server.requests[-1].body), pds.server.requests[-1].headers["authorization"])
        handler.hang_up()

    pds.script("repo.createRecord", lose_reply, pds.usual_reply("repo.createRecord"))
    [(target, _)] = send(record, sender(pds.host), http).problems
    assert target == DID
    assert send(record, sender(pds.host), http).sent == 1 and len(pds.records) == FOUR


@pytest.mark.parametrize("play", [answer(429, retry_after="30"), answer(502)])
def test_a_busy_server_is_tried_again(pds: Pds, http: PoliteHttpClient, record: Record, play: Play) -> None:
    pds.script("repo.createRecord", pds.usual_reply("repo.createRecord"), play, pds.usual_reply("repo.createRecord"))
    account_sender = sender(pds.host)
    assert send(record, account_sender, http).sent == 0
    assert send(record, account_sender, http).sent == 1 and len(pds.records) == FOUR


def test_a_refused_record_is_not_tried_again(pds: Pds, http: PoliteHttpClient, record: Record) -> None:
    error_body = b'{"error": "InvalidRequest", "message": "Invalid app.bsky.feed.post\\u0007 record"}'
    pds.script("repo.createRecord", answer(400, error_body))
    [(_, reason)] = send(record, sender(pds.host), http).problems
    assert reason == f"{pds.host}: InvalidRequest: Invalid app.bsky.feed.post record"
    assert send(record, sender(pds.host), http)[:3] == (0, 0, ())


# ---- sessions ----------------------------------------------------------------------------------------------


def test_a_session_that_has_run_out_is_replaced(pds: Pds, http: PoliteHttpClient) -> None:
    account = sender(pds.host).account
    assert account.find(http, COLLECTION, "a") is None
    pds.tokens.clear()
    assert account.find(http, COLLECTION, "a") is None
    assert pds.methods == ["createSession", "getRecord", "getRecord", "createSession", "getRecord"]


def test_a_wrong_password_is_reported_and_does_not_refuse_the_issue(
    pds: Pds, http: PoliteHttpClient, record: Record
) -> None:
    [(_, reason)] = send(record, sender(pds.host, "hush-hush"), http).problems
    assert reason == (f"{pds.host} refused to sign in {DID}: AuthenticationRequired: Invalid identifier or password")
    assert send(record, sender(pds.host), http).sent == 1


def test_another_account_is_not_posted_with(pds: Pds, http: PoliteHttpClient, record: Record) -> None:
    pds.did = "did:plc:somebodyelse"
    [(_, reason)] = send(record, sender(pds.host), http).problems
    assert reason == f"{pds.host} signed in to an account other than {DID}" and not pds.records


@pytest.mark.parametrize("body", [b"nonsense", b"[]", b"\xff", b'{"uri": 1}', b"[" * 100_000])
def test_nonsense_is_an_error_of_the_network(pds: Pds, http: PoliteHttpClient, body: bytes) -> None:
    pds.script("repo.getRecord", answer(200, body), answer(403))
    account = sender(pds.host).account
    with pytest.raises(NetError, match="not the expected response"):
        account.find(http, COLLECTION, "a")
    with pytest.raises(RequestRefused):
        account.find(http, COLLECTION, "a")
    pds.script("repo.getRecord", answer(401, body))
    with pytest.raises(RequestRefused, match="status 401"):
        account.find(http, COLLECTION, "a")
    pds.script("server.createSession", answer(429))
    with pytest.raises(RetryLater):
        sender(pds.host).account.find(http, COLLECTION, "a")


def test_a_password_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAPERS_PASSWORD", raising=False)
    with pytest.raises(SettingsError, match="bluesky 1: password: the environment variable PAPERS_PASSWORD is not set"):
        sender("https://pds.example", "env:PAPERS_PASSWORD")
