"""The answer about a paper's conversations, in both databases."""

from __future__ import annotations

import msgspec
import pytest

from hotpapers.base.model import DAY, HOUR, Post
from hotpapers.discussion.engagement.standing import queries as standing_queries
from hotpapers.publish.query import QuerySession
from hotpapers.publish.query.conversation_schemas import PaperConversationDetails
from hotpapers.record import current_time
from tests.issues.made import post, write
from tests.publish.query.query_stores import ID, TODAY, ask


def reply(number: int, parent: str, text: str, **fields: object) -> Post:
    post = Post(
        post=f"bluesky:reply-{number}", network="bluesky", account=f"bluesky:person-{number}",
        created_at=TODAY + number * HOUR, text=text, reply_to=parent, observed_at=TODAY + number * HOUR,
    )  # fmt: skip
    return msgspec.structs.replace(post, **fields)


def outline(details: PaperConversationDetails) -> list[tuple[int, str]]:
    [thread, *_] = details.conversations
    return [(row.depth, row.post.text if row.post else "…") for row in thread.thread]


def test_a_conversation_is_a_list_with_depths(any_session: QuerySession) -> None:
    root = "bluesky:1"
    write(
        any_session.record,
        [
            reply(1, root, "Which one?"), reply(2, "bluesky:reply-1", "This one.", name="Ada"),
            reply(3, "bluesky:reply-2", "Oh."), reply(4, root, "Removed", gone="deleted", account=""),
        ],
    )  # fmt: skip
    details = ask(any_session, "conversation", paper=ID)
    [first, *others] = outline(details)
    assert first[0] == 0 and others == [(1, "Which one?"), (2, "This one."), (3, "Oh.")]
    assert details.sentence == "4 people in 1 conversation."
    assert (details.question, details.answer) == ("bluesky:reply-1", "bluesky:reply-2")
    assert details.conversations[0].posts == 4 and details.conversations[0].networks == ("bluesky",)
    cut = ask(any_session, "conversation", paper=ID, posts=2)
    assert outline(cut) == [first, (1, "Which one?")]
    assert all(not conversation.thread for conversation in cut.conversations[1:])


def test_posts_without_answers_are_no_conversation(any_session: QuerySession) -> None:
    details = ask(any_session, "conversation", paper=ID)
    assert details.sentence == "" and details.people == 0
    assert all(len(conversation.thread) == 1 for conversation in details.conversations)


@pytest.mark.parametrize(("days", "is_regular"), [(1, False), (60, True)])
def test_regulars_are_those_of_today(
    any_session: QuerySession, monkeypatch: pytest.MonkeyPatch, days: int, is_regular: bool
) -> None:
    """Somebody whose first post was seen yesterday is none, though the record has three of them."""
    monkeypatch.setattr(standing_queries, "ENOUGH_KNOWN", 1)
    at = current_time() - days * DAY
    of_one = [item for n in (1, 2, 3) for item in post(n, f"bluesky:lin-{n}", at, account="bluesky:lin")]
    write(any_session.record, of_one)
    standing_queries.learn_standing(any_session.record.database)
    details = ask(any_session, "conversation", paper=ID)
    rows = [row for conversation in details.conversations for row in conversation.thread]
    assert sum(row.regular for row in rows) == is_regular
