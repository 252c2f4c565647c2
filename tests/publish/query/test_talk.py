"""Posts about a paper and their counts: what may be shown now, page by page, in both databases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from hotpapers.base import network_terms
from hotpapers.base.model import COUNTS, HOUR, Alias, Item, Mention, Post, Snapshot
from hotpapers.discussion.moderation import quotation_policy
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.jsonl.exporter import record_lines
from hotpapers.keep.transfer.jsonl.importer import import_lines
from hotpapers.publish.query import QuerySession
from hotpapers.publish.query.schemas import PostCounts
from hotpapers.record import Record
from tests.issues.made import judged, key, post, write
from tests.publish.query.query_stores import DAILY, ID, TODAY, add_talk, ask

LATER = TODAY + 10**12
SHOWN_POSTS = ["x:7", "bluesky:robot", "bluesky:again", "bluesky:1"]


def posts(session: QuerySession, **params: object) -> list[str]:
    return [post.post for post in ask(session, "posts", paper=ID, **params).posts]


def snapshot_posts(session: QuerySession, **params: object) -> list[str]:
    return [snapshot.post for snapshot in ask(session, "snapshots", paper=ID, **params).snapshots]


def test_counts_of_posts_are_in_the_order_of_the_record() -> None:
    assert PostCounts.__struct_fields__ == ("post", "network", "observed_at", *COUNTS)


def test_the_posts_about_a_paper_come_the_latest_first(talk_session: QuerySession) -> None:
    assert posts(talk_session) == SHOWN_POSTS
    assert posts(talk_session, network="bluesky") == SHOWN_POSTS[1:]
    assert posts(talk_session, network="mastodon") == []


@pytest.mark.parametrize("sign", ["a", "é", "\x01"])
def test_a_post_with_a_long_key_ends_no_list(any_session: QuerySession, sign: str) -> None:
    """Servers choose the keys of their posts."""
    long_key = f"mastodon:https://other.example/{sign * 2_000}"
    keys = (long_key, "mastodon:zebra")
    counts = [Snapshot(post=name, likes=likes, observed_at=TODAY + likes) for likes in (1, 2) for name in keys]
    write(any_session.record, *(post(1, name, TODAY) for name in keys), counts)
    for name, members in (("posts", posts), ("snapshots", snapshot_posts)):
        all_keys = members(any_session)
        assert long_key in all_keys
        paged_keys, cursor = list[str](), ""
        for _ in all_keys:
            paged_keys += members(any_session, limit=1, cursor=cursor)
            cursor = ask(any_session, name, paper=ID, limit=1, cursor=cursor).next or ""
        assert paged_keys == all_keys and not cursor


def test_posts_of_bots_are_marked_and_our_own_left_out(talk_session: QuerySession) -> None:
    items = ask(talk_session, "posts", paper=ID).posts
    assert [post.post for post in items if post.automated] == ["bluesky:robot"]
    assert "bluesky:ours" not in posts(talk_session)


def test_how_much_is_shown_are_the_networks_terms(talk_session: QuerySession) -> None:
    x_post, _, second_post, _ = ask(talk_session, "posts", paper=ID).posts
    assert (x_post.shown, x_post.text, x_post.name, x_post.handle, x_post.url) == (
        "link",
        "",
        "",
        "",
        "https://x.com/i/status/7",
    )
    assert (second_post.shown, second_post.text, second_post.handle) == (
        "text",
        "Once more, on the same paper.",
        "again",
    )
    other_terms = network_terms.reviewed_terms({"x": network_terms.TermsOverride(shown="text")})
    full_post = ask(QuerySession(talk_session.record, other_terms), "posts", paper=ID).posts[0]
    assert (full_post.shown, full_post.text, full_post.name, full_post.lang) == (
        "text",
        "Words that stay on X.",
        "Quill",
        "en",
    )


@pytest.mark.parametrize("name", ["posts", "snapshots"])
@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages_follow_each_other(talk_session: QuerySession, name: str, limit: int) -> None:
    expected = members(ask(talk_session, name, paper=ID, limit=100))
    items: list[object] = []
    cursor: str | None = ""
    while cursor is not None:
        page = ask(talk_session, name, paper=ID, limit=limit, cursor=cursor)
        assert len(members(page)) <= limit and (page.next is None or len(members(page)) == limit)
        items += members(page)
        cursor = page.next
    assert items == expected and len(expected) == 4


def members(page: msgspec.Struct) -> list[object]:
    return [item for name in ("posts", "snapshots") for item in getattr(page, name, ())]


def test_a_page_stays_where_it_was_when_more_comes_in(any_session: QuerySession) -> None:
    first_page = ask(any_session, "posts", paper=ID, limit=2)
    write(any_session.record, post(1, "bluesky:new", LATER))
    assert posts(any_session, limit=2, cursor=first_page.next) == SHOWN_POSTS[2:]
    assert posts(any_session)[0] == "bluesky:new"


def test_counts_come_in_the_order_of_their_moments(talk_session: QuerySession) -> None:
    snapshots = ask(talk_session, "snapshots", paper=ID).snapshots
    assert [(row.post, (row.observed_at - TODAY) // HOUR, row.reposts, row.likes) for row in snapshots] == [
        ("bluesky:1", 0, 0, 39), ("bluesky:1", 23, 8, 90), ("x:7", 31, 0, 5), ("bluesky:1", 100, 9, 120),
    ]  # fmt: skip
    assert (snapshots[0].replies, snapshots[0].quotes, snapshots[0].views) == (None, None, None)
    assert snapshot_posts(talk_session, network="x") == ["x:7"]


# ---- what may not be shown -----------------------------------------------------------------------------


def judgement(subject: str, verdict: str = "hidden", about: str = "") -> Item:
    return msgspec.structs.replace(judged(subject, "hidden", about, rule="hide", at=LATER), judgement=verdict)


CAUSES: dict[str, Sequence[Item]] = {
    "gone": post(1, "bluesky:1", LATER, gone="deleted")[:1],
    "no quoting": post(1, "bluesky:1", LATER, limits=("no-quote",))[:1],
    "hidden": [judgement("bluesky:1")],
    "hidden account": [judgement("bluesky:by-1")],
    "hidden by its handle": [
        judgement("bluesky:@one"), Alias(account="bluesky:@one", stable="bluesky:by-1", observed_at=LATER),
    ],
    "in doubt": [judgement("bluesky:1", "doubtful", key(1))],
}  # fmt: skip


@pytest.mark.parametrize("cause", CAUSES)
def test_what_may_not_be_shown_is_in_no_answer(any_session: QuerySession, cause: str) -> None:
    assert "bluesky:1" in posts(any_session) and "bluesky:1" in snapshot_posts(any_session)
    write(any_session.record, CAUSES[cause])
    assert "bluesky:1" not in posts(any_session) and "bluesky:1" not in snapshot_posts(any_session)
    assert "bluesky:1" not in [post.post for entry in ask(any_session, "issue").entries for post in entry.posts]


def test_what_was_forgotten_is_in_no_answer(any_session: QuerySession) -> None:
    forget_key(any_session.record, "bluesky:1")
    assert posts(any_session) == SHOWN_POSTS[:3] and snapshot_posts(any_session) == ["x:7"]
    assert "~" not in msgspec.json.encode(ask(any_session, "issue")).decode()


def test_a_post_that_came_without_its_words_is_a_link(session: QuerySession, tmp_path: Path) -> None:
    """A store made from an export in which the words were withheld."""
    export_lines = list(record_lines(session.record, ids_only=("bluesky",)))
    with Record(f"{tmp_path}/copy.db") as copy:
        import_lines(copy, "copy.jsonl", export_lines)
        items = ask(QuerySession(copy), "posts", paper=ID, network="bluesky").posts
    assert [(post.post, post.shown, post.text, post.handle) for post in items if post.post != "bluesky:1"] == [
        ("bluesky:robot", "link", "", ""), ("bluesky:again", "link", "", ""),
    ]  # fmt: skip


def test_a_paper_that_is_known_by_talk_alone(any_session: QuerySession) -> None:
    write(any_session.record, Post(
        post="bluesky:far", network="bluesky", account="bluesky:far", created_at=TODAY, observed_at=TODAY
    ), Mention(post="bluesky:far", paper="arxiv:1912.00001", form="abs", observed_at=TODAY))  # fmt: skip
    assert [item.post for item in ask(any_session, "posts", paper="1912.00001").posts] == ["bluesky:far"]
    details = ask(any_session, "paper", paper="1912.00001")
    assert (details.title, details.observed_at, details.appearances) == ("", 0, ())
    [attention] = details.attention
    assert [(mark.age, mark.voices) for mark in attention.marks] == [(None, 1)]


def test_two_publications_have_their_own_accounts(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        add_talk(record)
        write(record, msgspec.structs.replace(DAILY, publication="other", own=("bluesky:machine",)))
        assert posts(QuerySession(record)) == ["x:7", "bluesky:again", "bluesky:1"]


def test_posts_that_the_operator_blocks_are_not_listed(talk_session: QuerySession) -> None:
    """By account or by words; their counts stay."""
    counted = snapshot_posts(talk_session)
    blocked = quotation_policy.Blocklist(accounts=("bluesky:by-1",), words=("a new paper",))
    quotation_policy.save_blocklist(talk_session.record.database, blocked)
    assert posts(talk_session) == ["x:7"] and snapshot_posts(talk_session) == counted
