"""Mastodon: home servers that fail, hang, answer slowly or lie, and servers whose copies of a post differ."""

from __future__ import annotations

import json

import pytest

from hotpapers.base.errors import InputError, NetError, PartiallyRead, RequestRefused
from hotpapers.base.model import HOUR, PayloadPage, Post, RawPayload
from hotpapers.base.network_terms import TERMS
from hotpapers.collect.change_filter import SharedPaperIndex, TrackedPosts
from hotpapers.collect.collect_job import CollectJob
from hotpapers.jobs.connection import Connection
from hotpapers.record import Record
from hotpapers.wings.mastodon.settings import MastodonServer, MastodonSettings
from hotpapers.wings.mastodon.source import MastodonSource
from tests.collect.job_setup import loop_of
from tests.collect.sources.cases import AT
from tests.collect.sources.net import START, ScriptedClient
from tests.wings.mastodon.test_mastodon import OTHER, SOURCE, collect, home_url, keys, post_key, response, status


def test_a_home_server_that_fails_is_not_asked_again_and_the_others_are() -> None:
    remote_uri = f"{OTHER}/ap/users/3/statuses/{status(3)['id']}"
    http = ScriptedClient({home_url(1): RequestRefused("no", 401), f"{OTHER}/api/v1/statuses/{status(3)['id']}": b"{}"})
    pages: list[PayloadPage] = []
    with pytest.raises(PartiallyRead, match="1 of 2 could not be read; no"):
        collect(SOURCE.counts(http, [post_key(1), post_key(2), f"mastodon:{remote_uri}"]), pages)
    assert len(http.requests) == 2 and keys(pages) == [remote_uri]


def test_home_servers_that_hang_do_not_delay_all_others() -> None:
    """A round ends when its time is up; the next one asks the other posts first."""

    def respond(url: str) -> bytes:
        if "hangs" in url:
            http.advance(300)
            raise NetError("timed out")
        return b"{}"

    uris = [f"https://{host}.example/users/a/statuses/7" for host in ("a", "hangs1", "hangs2", "hangs3", "b", "hangs4")]
    post_keys = [f"mastodon:{uri}" for uri in uris]
    source, http, pages = MastodonSource(MastodonSettings()), ScriptedClient(respond), list[PayloadPage]()
    with pytest.raises(PartiallyRead) as excinfo:
        collect(source.counts(http, post_keys), pages)
    assert keys(pages) == uris[:1] and set(excinfo.value.unasked) == {post_keys[4], post_keys[5]}
    with pytest.raises(PartiallyRead):
        collect(source.counts(http, post_keys), pages)
    assert keys(pages) == [uris[0], uris[0], uris[4]]


def test_home_servers_that_answer_slowly_do_not_delay_all_others() -> None:
    def respond(url: str) -> bytes:
        http.advance(100 if "slow" in url else 1)
        return b"{}"

    uris = [f"https://slow.example/users/a/statuses/{n}" for n in range(100)]
    fast_uri = "https://fast.example/users/a/statuses/7"
    source, http, pages = MastodonSource(MastodonSettings()), ScriptedClient(respond), list[PayloadPage]()
    for _ in range(2):
        with pytest.raises(PartiallyRead) as excinfo:
            collect(source.counts(http, [f"mastodon:{uri}" for uri in (*uris, fast_uri)]), pages)
        assert len(excinfo.value.unasked) > 90
    assert keys(pages)[9] == fast_uri, "asked first in the second round"


def test_a_round_ends_although_every_home_server_so_far_hangs() -> None:
    def respond(url: str) -> bytes:
        http.advance(300)
        raise NetError("timed out")

    http = ScriptedClient(respond)
    with pytest.raises(NetError, match="timed out"):
        list(SOURCE.counts(http, [f"mastodon:https://h{n}.example/users/a/statuses/7" for n in range(20)]))
    assert len(http.requests) == 3


def test_a_server_cannot_speak_for_another_ones_post() -> None:
    body = json.dumps(status(1, uri=f"{OTHER}/users/b/statuses/5")).encode()
    [page] = SOURCE.counts(ScriptedClient({home_url(): body}), [post_key()])
    with pytest.raises(InputError, match=r"^expected "):
        list(SOURCE.read(page.payloads[0]))


@pytest.mark.parametrize("kind", ["counts", "edit"])
def test_a_home_server_cannot_speak_for_an_account_of_another_one(kind: str) -> None:
    """It could give any account a voice."""
    account = {"acct": "ada", "url": f"{OTHER}/@ada", "uri": f"{OTHER}/users/ada"}
    post_data = status(1, account=account)
    with pytest.raises(InputError, match="its account is of another server"):
        list(SOURCE.read(RawPayload(kind, post_data["uri"], json.dumps(post_data).encode(), AT)))


def test_copies_of_a_post_that_differ_are_not_recorded_in_turn(store_url: str) -> None:
    """The home server cannot be asked. Only one of two other servers limits the account."""
    account = {"acct": "w@other.example", "uri": f"{OTHER}/users/w"}
    edit = {"content": "now arxiv.org/abs/2609.01235", "edited_at": "2026-01-01T01:00:00Z"}

    def respond(url: str) -> bytes:
        more = edit if http.now() > START + HOUR // 2 else {}
        return response(status(1, uri=f"{OTHER}/objects/5", account={**account, "limited": "two" in url}, **more))

    http = ScriptedClient(respond)
    servers = tuple(MastodonServer(base=f"https://{name}.example") for name in ("one", "two"))
    with Record(store_url) as record:
        tracked = TrackedPosts(record, "mastodon", http.now())
        source = MastodonSource(MastodonSettings(servers=servers), tracked)
        loop = loop_of(
            CollectJob(source, Connection(http), tracked, TERMS["mastodon"], names=SharedPaperIndex()),
            store_url,
            http,
            "one",
        )
        for _ in range(4):
            attempt = loop.attempt()
            assert attempt is not None and attempt.state == "idle"
            http.sleep(900)
        posts = [row.item for row in record.view().observations(Post, "t.until = 0 ORDER BY t.id", ())]
        assert [(post.text[:3], post.limits) for post in posts] == [("arx", ()), ("now", ())]
        loop._close_store()
