"""When posts are requested again."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import (
    DAY,
    HOUR,
    Announcement,
    Issue,
    Item,
    Judgement,
    Mention,
    Post,
    Shown,
    Snapshot,
    Verdict,
)
from hotpapers.collect.queries import living_posts
from hotpapers.discussion.engagement.measurement import NEVER, SHOWN_FOR, next_recount_at
from hotpapers.discussion.engagement.recounts import queries as recount_queries
from hotpapers.discussion.moderation.bots.review import withdraw_rows
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record
from hotpapers.record.identities import key_of

START = 1_767_225_600_000_000
FOLLOWED_POSTS = f"SELECT {key_of('recount.post')} FROM recount"


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    with Record(store_url) as record:
        yield record


def post(number: int, created_at: int = START, likes: int | None = None, paper: str = "") -> list[Item]:
    key = f"x:{number}"
    items: list[Item] = [Post(post=key, network="x", account="x:a", created_at=created_at, observed_at=created_at)]
    if likes is not None:
        items.append(Snapshot(post=key, likes=likes, observed_at=created_at))
    if paper:
        items.append(Mention(post=key, paper=paper, form="id", observed_at=created_at))
    return items


def issue_with(number: int, observed_at: int) -> list[Item]:
    return [
        Issue(publication="daily", day="2026-01-02", edition=1, digest="d", content="{}", observed_at=observed_at),
        Shown(publication="daily", day="2026-01-02", edition=1, place=1, n=1, post=f"x:{number}", observed_at=START),
    ]


@given(st.integers(0, 60 * 24), st.booleans())
def test_at_four_ages_and_daily_while_shown(minutes: int, is_shown: bool) -> None:
    request_time = START + minutes * 60_000_000
    due_time = next_recount_at(START, request_time, START + SHOWN_FOR if is_shown else 0)
    assert due_time > request_time
    assert (
        due_time == NEVER or (due_time - START) in (6 * HOUR, DAY, 3 * DAY, 7 * DAY) or due_time == request_time + DAY
    )
    assert not is_shown or due_time <= request_time + DAY


def test_marks_end_after_a_week_and_the_daily_question_after_a_month() -> None:
    assert next_recount_at(START, 0, 0) == START + 6 * HOUR
    assert next_recount_at(START, START + 8 * DAY, 0) == NEVER
    assert next_recount_at(START, START + 29 * DAY, START + 30 * DAY) == START + 30 * DAY
    assert next_recount_at(START, START + 30 * DAY, START + 30 * DAY) == NEVER


def test_what_is_worth_most_is_asked_first(record: Record) -> None:
    announcement = Announcement(
        paper="arxiv:2601.00001", day="2026-01-01", category="cs.LG", type="new", announced_at=START, observed_at=START
    )
    items = [
        *post(1),
        *post(2, likes=9),
        *post(3, likes=50),
        *post(4, paper="arxiv:2601.00001"),
        *issue_with(1, START),
        announcement,
    ]
    record.append(items, source="test")
    position = recount_queries.follow_new_posts(record.database, "x", 0, START)
    assert recount_queries.follow_new_posts(record.database, "x", position, START) == position == record.head.position
    assert recount_queries.follow_shown_posts(record.database, "x", START) == 1
    assert recount_queries.follow_shown_posts(record.database, "x", START) == 0
    now = START + 6 * HOUR
    assert recount_queries.due_posts(record.database, "x", START + HOUR, 9) == ["x:1"]  # shown, and never requested
    assert recount_queries.due_posts(record.database, "x", now, 9) == ["x:1", "x:4", "x:3", "x:2"]
    assert recount_queries.due_posts(record.database, "x", now, 1) == ["x:1"]
    assert recount_queries.due_posts(record.database, "y", now, 9) == []
    recount_queries.note_answered(record.database, ["x:1", "x:4", "x:3"], now)
    assert recount_queries.due_posts(record.database, "x", now, 9) == ["x:2"]
    assert recount_queries.due_posts(record.database, "x", START + DAY, 9) == ["x:1", "x:4", "x:3", "x:2"]


def test_old_posts_and_those_that_are_gone_are_not_followed(record: Record) -> None:
    deletion = Post(post="x:2", network="x", account="", created_at=START, gone="deleted", observed_at=START)
    record.append([*post(1, created_at=START - 31 * DAY), deletion, *post(3)], source="test")
    recount_queries.follow_new_posts(record.database, "x", 0, START)
    assert record.database.rows(FOLLOWED_POSTS) == [("x:3",)]


def test_who_is_pardoned_is_followed_again(record: Record) -> None:
    """Including earlier posts, whether the operator overrides a verdict or withdraws one."""

    def verdict(judgement: Judgement, at: int) -> Verdict:
        return Verdict(
            subject="x:a", about="", rule="operator", judgement=judgement, version=1, reason="made up", observed_at=at
        )  # fmt: skip

    database = record.database
    record.append([*post(1), verdict("bot", START)], source="test")
    position = recount_queries.follow_new_posts(database, "x", 0, START)
    assert database.rows(FOLLOWED_POSTS) == []
    record.append([verdict("human", START + 1)], source="test")
    next_position = recount_queries.follow_new_posts(database, "x", position, START)
    assert database.rows(FOLLOWED_POSTS) == [("x:1",)]
    assert (
        recount_queries.follow_new_posts(database, "x", next_position, START) == next_position == record.head.position
    )
    record.append([*post(2), verdict("bot", START + 2)], source="test")
    position = recount_queries.follow_new_posts(database, "x", next_position, START)
    assert database.rows(FOLLOWED_POSTS) == [("x:1",)]
    withdraw_rows(record, record.view().latest(Verdict), at=START + 3)
    recount_queries.follow_new_posts(database, "x", position, START)
    assert sorted(database.rows(FOLLOWED_POSTS)) == [("x:1",), ("x:2",)]


def test_what_an_issue_is_about_to_show_is_asked_for_at_once(record: Record) -> None:
    record.append([*post(1), *post(2)], source="test")
    recount_queries.follow_new_posts(record.database, "x", 0, START)
    recount_queries.ask_again_at_once(record.database, ["x:2"], START + HOUR)
    assert recount_queries.due_posts(record.database, "x", START + HOUR, 9) == ["x:2"]


def test_what_was_asked_for_while_the_clock_was_ahead_is_asked_for_again(record: Record) -> None:
    now, ahead = START + 7 * HOUR, START + 365 * DAY
    answer = Post(
        post="x:9", network="x", account="x:b", created_at=START, observed_at=START, reply_to="x:1", text="Thyme."
    )
    record.append([*post(1, now, likes=1, paper="2601.00001"), answer], source="test")
    recount_queries.follow_new_posts(record.database, "x", 0, now)
    recount_queries.note_answered(record.database, ["x:1"], ahead)
    recount_queries.note_threads(record.database, ["x:1"], ahead)
    recount_queries.note_checked(record.database, "x:1", ahead)
    late = now + 30 * HOUR
    assert recount_queries.due_posts(record.database, "x", late, 9) == []
    assert recount_queries.due_threads(record.database, "x", late, 9) == []
    assert recount_queries.correct_moments_ahead(record.database, late) == 1
    assert recount_queries.due_posts(record.database, "x", late, 9) == ["x:1"]
    assert recount_queries.due_threads(record.database, "x", late, 9) == ["x:1"]
    assert recount_queries.correct_moments_ahead(record.database, late) == 0


def test_what_an_issue_is_about_to_show_overtakes_any_backlog(record: Record) -> None:
    now = START + 7 * HOUR
    record.append([item for number in range(1, 31) for item in post(number)], source="test")
    record.append(post(31, now - 5 * HOUR), source="test")
    recount_queries.follow_new_posts(record.database, "x", 0, now)
    recount_queries.ask_again_at_once(record.database, ["x:31"], now)
    assert recount_queries.due_posts(record.database, "x", now, 2)[0] == "x:31"


def test_an_outage_does_not_end_the_daily_recounts_of_a_post_that_an_issue_shows(record: Record) -> None:
    """It may be deleted afterwards, also if it is more than a month old."""
    record.append([*post(1), *post(2), *issue_with(2, START + 20 * DAY)], source="test")
    recount_queries.follow_new_posts(record.database, "x", 0, START)
    recount_queries.follow_shown_posts(record.database, "x", START + 20 * DAY)
    recount_queries.note_unanswered(record.database, ["x:1", "x:2"], START + 31 * DAY)
    assert recount_queries.due_posts(record.database, "x", START + 32 * DAY, 9) == ["x:2"]
    recount_queries.note_unanswered(record.database, ["x:2"], START + 50 * DAY)
    assert recount_queries.due_posts(record.database, "x", START + 51 * DAY, 9) == []


def test_after_a_restored_backup_its_posts_are_followed(record: Record) -> None:
    """The program may have been running meanwhile: it knew of later batches."""
    record.append(post(1), source="test")
    later = record.head.position + 100
    position = recount_queries.follow_new_posts(record.database, "x", later, START)
    assert position == record.head.position and record.database.rows(FOLLOWED_POSTS) == [("x:1",)]


def test_who_is_forgotten_is_not_followed(record: Record) -> None:
    record.append([*post(1), *post(2)], source="test")
    recount_queries.follow_new_posts(record.database, "x", 0, START)
    with record.database.write():
        record.database.run("INSERT INTO reaction_post VALUES (7, 'x:1', 0)")
    forget_key(record, "x:1")
    assert record.database.rows(FOLLOWED_POSTS) == [("x:2",)]
    assert record.database.rows("SELECT post FROM reaction_post") == []


def test_what_was_forgotten_is_not_asked_for_again(record: Record) -> None:
    """Networks don't know a post by its pseudonym, so it isn't requested, even after all posts are scanned again."""
    record.append([*post(1), *post(2)], source="test")
    recount_queries.follow_new_posts(record.database, "x", 0, START)
    forget_key(record, "x:1")
    recount_queries.follow_new_posts(record.database, "x", 0, START)
    assert record.database.rows(FOLLOWED_POSTS) == [("x:2",)]
    assert recount_queries.due_posts(record.database, "x", START + DAY, 9) == ["x:2"]
    assert living_posts(record, "x", 0, 0) == [("x:2", "x:a", START)]
    forget_key(record, "x:a")
    recount_queries.follow_new_posts(record.database, "x", 0, START)
    assert recount_queries.due_posts(record.database, "x", START + DAY, 9) == []
    assert living_posts(record, "x", 0, 0) == []


def test_the_posts_of_bots_are_not_asked_for(record: Record) -> None:
    """Unless the operator says that they are people."""
    bot_post = Post(post="x:2", network="x", account="x:program", created_at=START, observed_at=START)
    verdict = Verdict(
        subject="x:program", about="", rule="rate", judgement="bot", version=1, reason="-", observed_at=START
    )
    record.append([*post(1), bot_post, verdict], source="test")
    recount_queries.follow_new_posts(record.database, "x", 0, START)
    assert record.database.rows(FOLLOWED_POSTS) == [("x:1",)]
    human_verdict = msgspec.structs.replace(verdict, rule="operator", judgement="human", observed_at=START + 1)
    record.append([human_verdict], source="operator")
    recount_queries.follow_new_posts(record.database, "x", 0, START)
    assert record.database.rows(f"{FOLLOWED_POSTS} ORDER BY 1") == [("x:1",), ("x:2",)]


def test_what_nobody_will_ask_for_any_more_is_dropped_and_stays_away(record: Record) -> None:
    at = START + 100 * DAY
    record.append([*post(1), *post(2), *post(3, at - DAY), *issue_with(2, at - DAY)], source="test")
    recount_queries.follow_new_posts(record.database, "x", 0, START)
    recount_queries.follow_shown_posts(record.database, "x", at)
    assert recount_queries.drop_unfollowed(record.database, at) == 1
    recount_queries.follow_new_posts(record.database, "x", 0, at)
    rows = record.database.rows(f"{FOLLOWED_POSTS} ORDER BY 1")
    assert rows == [("x:2",), ("x:3",)], "one is shown, one is recent"
    assert recount_queries.drop_unfollowed(record.database, at + 30 * DAY) == 1
