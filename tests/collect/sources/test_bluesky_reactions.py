"""Bluesky: reactions to tracked posts and their withdrawal, also across a restart; edited posts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from hotpapers.base.model import Item, Mention, Post, PostTracker, RawPayload, Reaction
from hotpapers.base.papers.mentions.paper_index import NO_NAMES
from hotpapers.collect.sources.bluesky import BlueskySettings, BlueskySource, schemas
from hotpapers.collect.sources.bluesky.stream_filter import EventFilter
from hotpapers.record import Record, reaction_marks
from tests.collect.sources.bluesky_events import ANNA, BERT, at_uri, create, post, reaction_event, tid
from tests.record import made

AT = 1_790_000_000_000_000
LIKE = "app.bsky.feed.like"
POST_1, POST_2, OTHER_POST = (at_uri(ANNA, AT + n) for n in range(3))
READER = BlueskySource(BlueskySettings())


class FakeTracker(set[str]):
    """Tracked keys, and the post of each remembered reaction."""

    def __init__(self, keys: Iterable[str] = (), posts: Mapping[str, str] | None = None) -> None:
        super().__init__(keys)
        self.posts = dict(posts or {})
        self.lookups: list[str] = []

    def post_of(self, reaction: str, /) -> str | None:
        self.lookups.append(reaction)
        return self.posts.get(reaction)

    def holds(self, key: str, /) -> bool:
        return key in self

    def posts_of(self, account: str, /) -> list[str]:
        prefix = account.replace(":", ":at://", 1)
        return [key for key in self if key.startswith(f"{prefix}/")]


def tracker(*uris: str, posts: Mapping[str, str] | None = None) -> FakeTracker:
    return FakeTracker([f"bluesky:{uri}" for uri in uris], posts)


def filtered(tracker: set[str], *events: bytes, reactions: bool = True, remembers: int = 100) -> list[RawPayload]:
    event_filter = EventFilter(tracker, reactions=reactions, remembers=remembers, names=NO_NAMES)
    return [payload for body in events for payload in event_filter.payloads(schemas.read_event(body), body, AT)]


def items(payloads: Iterable[RawPayload]) -> list[Item]:
    return [item for payload in payloads for item in READER.read(payload)]


def reactions_in(payloads: Iterable[RawPayload]) -> list[tuple[str, str, bool]]:
    """The reactions: type, post, whether withdrawn."""
    return [(item.type, item.post[8:], item.withdrawn) for item in items(payloads) if isinstance(item, Reaction)]


def reply_event(time: int, *, reply: str = "", quote: str = "", text: str = "well", **more: Any) -> bytes:
    """A reply or quote. `operation` defaults to create."""
    record = post(text)
    if reply:
        record["reply"] = {"parent": {"uri": reply}, "root": {"uri": reply}}
    if quote:
        record["embed"] = {"$type": "app.bsky.embed.record", "record": {"uri": quote}}
    event = json.loads(create(BERT, record, time=time))
    event["commit"] |= more
    return json.dumps(event).encode()


def deletion(time: int, collection: str = "app.bsky.feed.post") -> bytes:
    return create(BERT, None, collection=collection, rkey=tid(time), time=time + 9)


# ---- withdrawn after a restart -----------------------------------------------------------------------


def test_what_only_the_record_remembers_is_withdrawn_too() -> None:
    like, repost = at_uri(BERT, AT, LIKE), at_uri(BERT, AT + 1, "app.bsky.feed.repost")
    tracked = tracker(POST_1, posts={like: f"bluesky:{POST_1}", repost: f"bluesky:{POST_1}"})
    assert isinstance(tracked, PostTracker)
    payloads = filtered(tracked, deletion(AT, LIKE), deletion(AT + 1, "app.bsky.feed.repost"), deletion(AT + 2, LIKE))
    assert reactions_in(payloads) == [("like", POST_1, True), ("repost", POST_1, True)]
    [reaction, _] = items(payloads)
    assert isinstance(reaction, Reaction) and reaction.account == f"bluesky:{BERT}"


def test_the_record_is_not_asked_about_what_was_just_heard() -> None:
    tracked = tracker(POST_1)
    payloads = filtered(tracked, reaction_event(BERT, POST_1, time=AT), deletion(AT, LIKE))
    assert reactions_in(payloads) == [("like", POST_1, False), ("like", POST_1, True)] and not tracked.lookups


def test_a_withdrawal_that_was_lost_on_its_way_is_understood_when_it_is_heard_again() -> None:
    payloads = filtered(
        {f"bluesky:{POST_1}"}, reaction_event(BERT, POST_1, time=AT), deletion(AT, LIKE), deletion(AT, LIKE)
    )
    assert reactions_in(payloads) == [("like", POST_1, False), ("like", POST_1, True), ("like", POST_1, True)]


def test_without_a_record_an_old_reaction_is_not_understood() -> None:
    keys: object = set()
    assert not isinstance(keys, PostTracker)
    assert filtered({f"bluesky:{POST_1}"}, deletion(AT, LIKE)) == []


class RecordTracker(FakeTracker):
    """Finds reactions in the record, as a runner's tracker does."""

    def __init__(self, record: Record, *uris: str) -> None:
        super().__init__(f"bluesky:{uri}" for uri in uris)
        self.record = record

    def post_of(self, reaction: str, /) -> str | None:
        return reaction_marks.post_of_reaction(self.record, reaction)


def test_a_restart_between_a_like_and_its_withdrawal(store_url: str) -> None:
    with Record(store_url) as record:
        payloads = filtered(
            RecordTracker(record, POST_1, POST_2),
            reaction_event(BERT, POST_1, time=AT),
            reply_event(AT + 5, reply=POST_2),
        )
        pairs = [
            (payload.key, item.post)
            for payload in payloads
            for item in READER.read(payload)
            if isinstance(item, Reaction)
        ]
        made.remember(record, pairs, AT)
    with Record(store_url) as record:
        payloads = filtered(RecordTracker(record, POST_1, POST_2), deletion(AT, LIKE), deletion(AT + 5))
    assert reactions_in(payloads) == [("like", POST_1, True), ("reply", POST_2, True)]


# ---- replies and quotes --------------------------------------------------------------------------------


@pytest.mark.parametrize("reactions", [False, True])
def test_replies_and_quotes_are_reactions_in_both_modes(reactions: bool) -> None:
    events = [
        reply_event(AT, reply=POST_1),
        reply_event(AT + 1, quote=POST_2),
        reply_event(AT + 2, reply=OTHER_POST, quote=OTHER_POST),
    ]
    payloads = filtered(tracker(POST_1, POST_2), *events, reactions=reactions)
    assert reactions_in(payloads) == [("reply", POST_1, False), ("quote", POST_2, False)]
    assert [payload.key for payload in payloads] == [f"{at_uri(BERT, AT)}#reply", f"{at_uri(BERT, AT + 1)}#quote"]
    assert [type(item) for item in items(payloads)] == [Reaction, Reaction]


def test_an_answer_that_names_a_paper_is_a_post_too() -> None:
    payloads = filtered(
        tracker(POST_1, POST_2), reply_event(AT, reply=POST_1, quote=POST_2, text="like arXiv:2609.01234")
    )
    assert [payload.kind for payload in payloads] == ["post", "reaction", "reaction"]
    assert reactions_in(payloads) == [("reply", POST_1, False), ("quote", POST_2, False)]
    [result] = [item for item in items(payloads) if isinstance(item, Post)]
    assert (result.reply_to, result.quotes) == (f"bluesky:{POST_1}", f"bluesky:{POST_2}")


def test_an_account_is_no_post_even_if_somebody_likes_or_answers_it() -> None:
    """Accounts of tracked posts are tracked too, and a record may name anything in place of a post."""
    tracked = FakeTracker([f"bluesky:{POST_1}", f"bluesky:{ANNA}"])
    assert filtered(tracked, reaction_event(BERT, ANNA, time=AT), reply_event(AT + 1, reply=ANNA, quote=ANNA)) == []
    assert [payload.kind for payload in filtered(tracked, reply_event(AT, reply=ANNA, text="arXiv:2609.01234"))] == [
        "post"
    ]


def test_a_deleted_answer_is_taken_back_from_all_that_it_answered() -> None:
    payloads = filtered(tracker(POST_1, POST_2), reply_event(AT, reply=POST_1, quote=POST_2), deletion(AT))
    assert reactions_in(payloads)[2:] == [("reply", POST_1, True), ("quote", POST_2, True)]
    payloads = filtered(tracker(POST_1), reply_event(AT, reply=POST_1, text="arXiv:2609.01234"), deletion(AT))
    assert [payload.kind for payload in payloads] == ["post", "reaction", "gone", "withdrawn"]


def test_an_answer_that_is_edited_to_answer_nobody_is_taken_back() -> None:
    tracked = tracker(POST_1, POST_2)
    events = [reply_event(AT, reply=POST_1, quote=POST_2), reply_event(AT, reply=POST_1, operation="update")]
    assert reactions_in(filtered(tracked, *events))[2:] == [("quote", POST_2, True), ("reply", POST_1, False)]
    assert filtered(tracked, reply_event(AT, text="good morning", operation="update")) == []


def test_an_answer_that_is_edited_to_answer_another_post_is_taken_back_from_the_first() -> None:
    events = [reply_event(AT, quote=POST_1), reply_event(AT, quote=POST_2, operation="update")]
    expected = [("quote", POST_1, True), ("quote", POST_2, False)]
    assert reactions_in(filtered(tracker(POST_1, POST_2), *events))[1:] == expected
    record_tracker = tracker(POST_1, POST_2, posts={f"{at_uri(BERT, AT)}#quote": f"bluesky:{POST_1}"})
    assert reactions_in(filtered(record_tracker, events[1])) == expected
    assert reactions_in(filtered(record_tracker, events[1], events[1])) == expected * 2, (
        "the first page may have been lost"
    )


def test_a_like_that_is_changed_to_another_post_is_taken_back_from_the_first() -> None:
    events = [json.loads(reaction_event(BERT, uri, time=AT)) for uri in (POST_2, OTHER_POST, POST_1)]
    for event in events:
        event["commit"]["operation"] = "update"
    to_two, to_other, to_the_same = [json.dumps(event).encode() for event in events]
    like, tracked = reaction_event(BERT, POST_1, time=AT), tracker(POST_1, POST_2)
    assert reactions_in(filtered(tracked, like, to_two))[1:] == [("like", POST_1, True), ("like", POST_2, False)]
    assert reactions_in(filtered(tracked, like, to_other))[1:] == [("like", POST_1, True)]
    assert reactions_in(filtered(tracked, like, to_the_same))[1:] == [("like", POST_1, False)]


def test_the_record_is_asked_about_deleted_posts_and_about_no_others() -> None:
    tracked = tracker(POST_1)
    filtered(
        tracked,
        reply_event(AT, reply=OTHER_POST),
        reply_event(AT + 1, text="arXiv:2609.01234"),
        reaction_event(BERT, OTHER_POST, time=AT),
    )
    assert tracked.lookups == []
    filtered(tracked, deletion(AT))
    assert tracked.lookups == [f"{at_uri(BERT, AT)}#reply", f"{at_uri(BERT, AT)}#quote"]


# ---- edits ---------------------------------------------------------------------------------------------


def edit_payloads(text: str, time: int = AT) -> list[RawPayload]:
    event = json.loads(create(ANNA, post(text), rkey=POST_1.rpartition("/")[2], time=time))
    event["commit"]["operation"] = "update"
    return filtered(tracker(POST_1), json.dumps(event).encode())


def test_a_tracked_post_that_names_no_paper_any_more_is_told_all_the_same() -> None:
    [payload] = edit_payloads("never mind")
    [result] = items([payload])
    assert payload.kind == "edit" and isinstance(result, Post)
    assert (result.post, result.text, result.gone) == (f"bluesky:{POST_1}", "never mind", "")


def test_an_edited_post_comes_with_all_that_it_names_now() -> None:
    [payload] = edit_payloads("rather arXiv:2609.04321")
    assert payload.kind == "edit"
    assert [item.paper for item in items([payload]) if isinstance(item, Mention)] == ["arxiv:2609.04321"]


def test_what_is_not_tracked_is_edited_unheard_unless_it_names_a_paper() -> None:
    assert filtered(tracker(), reply_event(AT, text="never mind", operation="update")) == []
    [payload] = filtered(tracker(), reply_event(AT, text="arXiv:2609.01234", operation="update"))
    assert payload.kind == "post"


def test_an_edit_does_not_make_a_post_younger() -> None:
    week = 7 * 86_400_000_000
    [result] = items(edit_payloads("never mind", time=AT + week))
    assert isinstance(result, Post) and result.created_at == AT
