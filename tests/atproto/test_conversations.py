"""Conversations on a real AT Protocol network: the record has the trees that the network's own view shows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from hotpapers.base import network_terms
from hotpapers.base.http import PoliteHttpClient
from hotpapers.base.model import HOUR, Mention, Paper, PayloadPage, ThreadNode
from hotpapers.collect.sources.bluesky import BlueskySettings, BlueskySource
from hotpapers.collect.thread_reading import ThreadReader
from hotpapers.discussion.conversations.reading import ConversationReader
from hotpapers.discussion.engagement.recounts import queries as recount_queries
from hotpapers.issues.quotations import count_own_words
from hotpapers.record import Record
from tests.atproto.conftest import MakeSite
from tests.atproto.network import POST, Network, Person, Ref, call, moment, post_record
from tests.atproto.site import Site
from tests.parsing import parse_all

PAPER = Paper(paper="arxiv:2210.03629", title="A Made-Up Title", observed_at=0)
Outline = list[tuple[int, str]]
"""Depth and words of each post; `…` for one that is not shown."""


@pytest.fixture
def people(network: Network) -> list[Person]:
    return [network.person() for _ in range(4)]


@pytest.fixture
def site(network: Network, site_of: MakeSite) -> Site:
    return site_of(network, mode="poll")


@pytest.fixture
def root(site: Site, people: list[Person]) -> Ref:
    """The post of the first person, which the site has read."""
    with site.collecting():
        return people[0].post("Read arXiv:2210.03629")


def answer(person: Person, root: Ref, parent: Ref, text: str) -> Ref:
    """A reply below another reply."""
    reply = {"root": root._asdict(), "parent": parent._asdict()}
    return person.create(POST, post_record(text) | {"reply": reply}, parent)


def block(person: Person, other: Person) -> None:
    record = {"$type": "app.bsky.graph.block", "subject": other.did, "createdAt": moment()}
    person.create("app.bsky.graph.block", record)


def set_threadgate(person: Person, post: Ref, **rules: Any) -> None:
    """Say who may reply to a post, or which replies are hidden."""
    collection = "app.bsky.feed.threadgate"
    record = {"$type": collection, "post": post.uri, "createdAt": moment(), **rules}
    rkey = post.uri.rpartition("/")[2]
    person.ask("com.atproto.repo.putRecord", repo=person.did, collection=collection, rkey=rkey, record=record)


# ---- two views ---------------------------------------------------------------------------------------------


def read_threads(site: Site, hours: int) -> None:
    """Read the counts of posts about papers some hours from now, then the threads that are due."""
    site.network.settle()
    source = BlueskySource(BlueskySettings(view=site.view))
    at = time.time_ns() // 1000 + hours * HOUR
    http = PoliteHttpClient("hotpapers", base_addresses=[site.view], pace={"127.0.0.1": 0.0}, clock=lambda: at)
    with Record(site.store) as record, http:

        def store(page: PayloadPage) -> None:
            record.ingest(parse_all(source.read, page.payloads, 0), source="bluesky")

        recount_queries.follow_new_posts(record.database, "bluesky", 0, at)
        for page in source.counts(http, [mention.post for mention in record.view().items(Mention)]):
            store(page)
        ThreadReader(source, "bluesky", http).read(record, store)


def in_record(site: Site) -> Outline:
    """The only conversation that the record has."""
    with Record(site.store) as record:
        view = record.view()
        reader = ConversationReader(view, view, network_terms.TERMS, count_own_words=count_own_words)
        [conversation] = reader.read({PAPER.paper: PAPER})[PAPER.paper].conversations
        return list(_rows(conversation.root, 0))


def _rows(node: ThreadNode, depth: int) -> Iterator[tuple[int, str]]:
    yield depth, node.post.post.text if node.post else "…"
    for reply in sorted(node.replies, key=lambda reply: reply.began_at):
        yield from _rows(reply, depth + 1)


def on_network(network: Network, root: Ref) -> Outline:
    """The thread as the view shows it to somebody who is not logged in, without hidden replies."""
    thread: dict[str, Any] = call(f"{network.view}/xrpc/app.bsky.feed.getPostThread?uri={root.uri}&depth=40")["thread"]
    rules = thread["post"].get("threadgate", {}).get("record", {})
    return list(_shown(thread, 0, frozenset(rules.get("hiddenReplies", ()))))


def _shown(node: dict[str, Any], depth: int, hidden: frozenset[str]) -> Iterator[tuple[int, str]]:
    post = node.get("post")
    replies = [reply for reply in node.get("replies", ()) if reply.get("post")]
    words = post["record"]["text"] if post and post["uri"] not in hidden else "…"
    if words != "…" or replies:
        yield depth, words
    for reply in sorted(replies, key=lambda reply: str(reply["post"]["record"]["createdAt"])):
        yield from _shown(reply, depth + 1, hidden)


# ---- what people do ----------------------------------------------------------------------------------------


def test_a_thread_is_the_same_tree(network: Network, site: Site, root: Ref, people: list[Person]) -> None:
    anna, bert, cleo, dora = people
    first = bert.reply(root, "Which part?")
    second = answer(anna, root, first, "The second one.")
    answer(cleo, root, second, "I see.")
    dora.reply(root, "Thank you")
    read_threads(site, 7)
    expected = [
        (0, "Read arXiv:2210.03629"), (1, "Which part?"), (2, "The second one."), (3, "I see."), (1, "Thank you"),
    ]  # fmt: skip
    assert in_record(site) == on_network(network, root) == expected


def test_a_deleted_reply_loses_its_words(network: Network, site: Site, root: Ref, people: list[Person]) -> None:
    _, bert, cleo, dora = people
    first = bert.reply(root, "Never mind")
    last = dora.reply(root, "Read it twice")
    read_threads(site, 7)
    assert len(in_record(site)) == 3
    bert.delete(first)
    answer(cleo, root, last, "So did I")
    read_threads(site, 25)
    expected = [(0, "Read arXiv:2210.03629"), (1, "Read it twice"), (2, "So did I")]
    assert in_record(site) == on_network(network, root) == expected


def test_hidden_replies_are_not_shown(network: Network, site: Site, root: Ref, people: list[Person]) -> None:
    anna, bert, cleo, dora = people
    bert.reply(root, "Fine")
    rude = cleo.reply(root, "Something rude")
    answer(dora, root, rude, "Come on")
    read_threads(site, 7)
    assert (1, "Something rude") in in_record(site)
    set_threadgate(anna, root, hiddenReplies=[rude.uri])
    read_threads(site, 25)
    expected = [(0, "Read arXiv:2210.03629"), (1, "Fine"), (1, "…"), (2, "Come on")]
    assert in_record(site) == on_network(network, root) == expected


def test_replies_against_a_gate_are_not_there(network: Network, site: Site, root: Ref, people: list[Person]) -> None:
    anna, bert, *_ = people
    set_threadgate(anna, root, allow=[])
    network.settle()
    bert.reply(root, "May I?")
    answer(anna, root, root, "Table 2 is new")
    read_threads(site, 7)
    assert in_record(site) == on_network(network, root) == [(0, "Read arXiv:2210.03629"), (1, "Table 2 is new")]


def test_replies_between_people_who_block_each_other(
    network: Network, site: Site, root: Ref, people: list[Person]
) -> None:
    anna, bert, cleo, _ = people
    cleo.reply(root, "I did")
    bert.reply(root, "So will I")
    read_threads(site, 7)
    assert len(in_record(site)) == 3
    block(anna, bert)
    read_threads(site, 25)
    assert in_record(site) == on_network(network, root) == [(0, "Read arXiv:2210.03629"), (1, "I did")]


def test_what_an_account_taken_down_said(network: Network, site: Site, root: Ref, people: list[Person]) -> None:
    _, bert, cleo, _ = people
    reply = bert.reply(root, "Buy this")
    answer(cleo, root, reply, "No")
    read_threads(site, 7)
    assert len(in_record(site)) == 3
    network.take_down(bert.did)
    read_threads(site, 25)
    assert in_record(site) == on_network(network, root) == [(0, "Read arXiv:2210.03629")]


def test_quotations_are_below(network: Network, site: Site, root: Ref, people: list[Person]) -> None:
    """Also those that name no paper."""
    _, bert, cleo, _ = people
    with site.collecting():
        bert.quote(root, "Not convinced by arXiv:2210.03629")
    cleo.quote(root, "Look at this")
    read_threads(site, 7)
    shown = call(f"{network.view}/xrpc/app.bsky.feed.getQuotes?uri={root.uri}")["posts"]
    quotations = sorted((1, post["record"]["text"]) for post in shown)
    assert quotations == [(1, "Look at this"), (1, "Not convinced by arXiv:2210.03629")]
    assert sorted(in_record(site)) == [(0, "Read arXiv:2210.03629"), *quotations]
