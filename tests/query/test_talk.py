"""Posts about a paper and their counts: what may be shown now, page by page, in both databases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from hotpapers import terms
from hotpapers.model import HOUR, Alias, Item, Mention, Post, Snapshot
from hotpapers.privacy.forget import forget
from hotpapers.query import QuerySession
from hotpapers.store import Record
from hotpapers.transfer.jsonl.exporter import lines
from hotpapers.transfer.jsonl.importer import import_lines
from tests.issues.made import judged, key, post, write
from tests.query.made import DAILY, ID, TODAY, ask, talked

LATER = TODAY + 10**12
SHOWN = ["x:7", "bluesky:robot", "bluesky:again", "bluesky:1"]


def posts(session: QuerySession, **given: object) -> list[str]:
    return [post.post for post in ask(session, "posts", paper=ID, **given).posts]


def counted(session: QuerySession, **given: object) -> list[str]:
    return [one.post for one in ask(session, "snapshots", paper=ID, **given).snapshots]


def test_the_posts_about_a_paper_come_the_latest_first(talk_desk: QuerySession) -> None:
    assert posts(talk_desk) == SHOWN
    assert posts(talk_desk, network="bluesky") == SHOWN[1:]
    assert posts(talk_desk, network="mastodon") == []


@pytest.mark.parametrize("sign", ["a", "é", "\x01"])
def test_a_post_with_a_long_key_ends_no_list(any_desk: QuerySession, sign: str) -> None:
    """Servers choose the keys of their posts."""
    long_key = f"mastodon:https://other.example/{sign * 2_000}"
    keys = (long_key, "mastodon:zebra")
    counts = [Snapshot(post=name, likes=likes, observed_at=TODAY + likes) for likes in (1, 2) for name in keys]
    write(any_desk.record, *(post(1, name, TODAY) for name in keys), counts)
    for name, members in (("posts", posts), ("snapshots", counted)):
        everything = members(any_desk)
        assert long_key in everything
        one_by_one, cursor = list[str](), ""
        for _ in everything:
            one_by_one += members(any_desk, limit=1, cursor=cursor)
            cursor = ask(any_desk, name, paper=ID, limit=1, cursor=cursor).next or ""
        assert one_by_one == everything and not cursor


def test_posts_of_bots_are_marked_and_our_own_left_out(talk_desk: QuerySession) -> None:
    found = ask(talk_desk, "posts", paper=ID).posts
    assert [post.post for post in found if post.automated] == ["bluesky:robot"]
    assert "bluesky:ours" not in posts(talk_desk)


def test_how_much_is_shown_are_the_networks_terms(talk_desk: QuerySession) -> None:
    on_x, _, again, _ = ask(talk_desk, "posts", paper=ID).posts
    assert (on_x.shown, on_x.text, on_x.name, on_x.handle, on_x.url) == ("link", "", "", "", "https://x.com/i/status/7")
    assert (again.shown, again.text, again.handle) == ("text", "Once more, on the same paper.", "again")
    answered_for = terms.table({"x": terms.TermsOverride(shown="text")})
    whole = ask(QuerySession(talk_desk.record, answered_for), "posts", paper=ID).posts[0]
    assert (whole.shown, whole.text, whole.name, whole.lang) == ("text", "Words that stay on X.", "Quill", "en")


@pytest.mark.parametrize("name", ["posts", "snapshots"])
@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages_follow_each_other(talk_desk: QuerySession, name: str, limit: int) -> None:
    whole = members(ask(talk_desk, name, paper=ID, limit=100))
    found: list[object] = []
    cursor: str | None = ""
    while cursor is not None:
        page = ask(talk_desk, name, paper=ID, limit=limit, cursor=cursor)
        assert len(members(page)) <= limit and (page.next is None or len(members(page)) == limit)
        found += members(page)
        cursor = page.next
    assert found == whole and len(whole) == 4


def members(page: msgspec.Struct) -> list[object]:
    return [one for name in ("posts", "snapshots") for one in getattr(page, name, ())]


def test_a_page_stays_where_it_was_when_more_comes_in(any_desk: QuerySession) -> None:
    first = ask(any_desk, "posts", paper=ID, limit=2)
    write(any_desk.record, post(1, "bluesky:new", LATER))
    assert posts(any_desk, limit=2, cursor=first.next) == SHOWN[2:]
    assert posts(any_desk)[0] == "bluesky:new"


def test_counts_come_in_the_order_of_their_moments(talk_desk: QuerySession) -> None:
    found = ask(talk_desk, "snapshots", paper=ID).snapshots
    assert [(one.post, (one.observed_at - TODAY) // HOUR, one.reposts, one.likes) for one in found] == [
        ("bluesky:1", 0, 0, 39), ("bluesky:1", 23, 8, 90), ("x:7", 31, 0, 5), ("bluesky:1", 100, 9, 120),
    ]  # fmt: skip
    assert (found[0].replies, found[0].quotes, found[0].views) == (None, None, None)
    assert counted(talk_desk, network="x") == ["x:7"]


# ---- what may not be shown -----------------------------------------------------------------------------


def judgement(subject: str, said: str = "hidden", about: str = "") -> Item:
    return msgspec.structs.replace(judged(subject, "hidden", about, rule="hide", at=LATER), judgement=said)


WHY: dict[str, Sequence[Item]] = {
    "gone": post(1, "bluesky:1", LATER, gone="deleted")[:1],
    "no quoting": post(1, "bluesky:1", LATER, limits=("no-quote",))[:1],
    "hidden": [judgement("bluesky:1")],
    "hidden account": [judgement("bluesky:by-1")],
    "hidden by its handle": [
        judgement("bluesky:@one"), Alias(account="bluesky:@one", stable="bluesky:by-1", observed_at=LATER),
    ],
    "in doubt": [judgement("bluesky:1", "doubtful", key(1))],
}  # fmt: skip


@pytest.mark.parametrize("why", WHY)
def test_what_may_not_be_shown_is_in_no_answer(any_desk: QuerySession, why: str) -> None:
    assert "bluesky:1" in posts(any_desk) and "bluesky:1" in counted(any_desk)
    write(any_desk.record, WHY[why])
    assert "bluesky:1" not in posts(any_desk) and "bluesky:1" not in counted(any_desk)
    assert "bluesky:1" not in [post.post for entry in ask(any_desk, "issue").entries for post in entry.posts]
    assert any_desk.issue_reader().withheld().isdisjoint(posts(any_desk))


def test_what_was_forgotten_is_in_no_answer(any_desk: QuerySession) -> None:
    forget(any_desk.record, "bluesky:1")
    assert posts(any_desk) == SHOWN[:3] and counted(any_desk) == ["x:7"]
    assert "~" not in msgspec.json.encode(ask(any_desk, "issue")).decode()


def test_a_post_that_came_without_its_words_is_a_link(session: QuerySession, tmp_path: Path) -> None:
    """A store made from an export in which the words were withheld."""
    told = list(lines(session.record, ids_only=("bluesky",)))
    with Record(f"{tmp_path}/copy.db") as copy:
        import_lines(copy, "copy.jsonl", told)
        found = ask(QuerySession(copy), "posts", paper=ID, network="bluesky").posts
    assert [(post.post, post.shown, post.text, post.handle) for post in found if post.post != "bluesky:1"] == [
        ("bluesky:robot", "link", "", ""), ("bluesky:again", "link", "", ""),
    ]  # fmt: skip


def test_a_paper_that_is_known_by_talk_alone(any_desk: QuerySession) -> None:
    write(any_desk.record, Post(
        post="bluesky:far", network="bluesky", account="bluesky:far", created_at=TODAY, observed_at=TODAY
    ), Mention(post="bluesky:far", paper="arxiv:1912.00001", form="abs", observed_at=TODAY))  # fmt: skip
    assert [one.post for one in ask(any_desk, "posts", paper="1912.00001").posts] == ["bluesky:far"]
    found = ask(any_desk, "paper", paper="1912.00001")
    assert (found.title, found.observed_at, found.appearances) == ("", 0, ())
    [attention] = found.attention
    assert [(mark.age, mark.voices) for mark in attention.marks] == [(None, 1)]


def test_two_publications_have_their_own_accounts(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        talked(record)
        write(record, msgspec.structs.replace(DAILY, publication="other", own=("bluesky:machine",)))
        assert posts(QuerySession(record)) == ["x:7", "bluesky:again", "bluesky:1"]
