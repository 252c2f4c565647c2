"""Bluesky: reactions to tracked posts and their withdrawal, also across a restart; edited posts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from hotpapers.model import Item, Mention, Post, PostTracker, RawPayload, Reaction
from hotpapers.sources.bluesky import BlueskySettings, BlueskySource, schemas
from hotpapers.sources.bluesky.stream_filter import EventFilter
from hotpapers.store import Record, reaction_marks
from tests.sources.bluesky_made import ANNA, BERT, at_uri, create, pointing, post, tid

AT = 1_790_000_000_000_000
LIKE = "app.bsky.feed.like"
ONE, TWO, OTHER = (at_uri(ANNA, AT + n) for n in range(3))
READER = BlueskySource(BlueskySettings())


class Remembered(set[str]):
    """Tracked keys, and the post of each remembered reaction."""

    def __init__(self, keys: Iterable[str] = (), posts: Mapping[str, str] | None = None) -> None:
        super().__init__(keys)
        self.posts = dict(posts or {})
        self.asked: list[str] = []

    def post_of(self, reaction: str, /) -> str | None:
        self.asked.append(reaction)
        return self.posts.get(reaction)

    def holds(self, key: str, /) -> bool:
        return key in self


def tracking(*uris: str, posts: Mapping[str, str] | None = None) -> Remembered:
    return Remembered([f"bluesky:{uri}" for uri in uris], posts)


def sifted(known: set[str], *events: bytes, reactions: bool = True, remembers: int = 100) -> list[RawPayload]:
    event_filter = EventFilter(known, reactions=reactions, remembers=remembers)
    return [seen for body in events for seen in event_filter.payloads(schemas.event(body), body, AT)]


def items(seen: Iterable[RawPayload]) -> list[Item]:
    return [item for one in seen for item in READER.read(one)]


def told(seen: Iterable[RawPayload]) -> list[tuple[str, str, bool]]:
    """The reactions: type, post, whether withdrawn."""
    return [(i.type, i.post[8:], i.withdrawn) for i in items(seen) if isinstance(i, Reaction)]


def answer(time: int, *, reply: str = "", quote: str = "", text: str = "well", **more: Any) -> bytes:
    """A reply or quote. `operation` defaults to create."""
    record = post(text)
    if reply:
        record["reply"] = {"parent": {"uri": reply}, "root": {"uri": reply}}
    if quote:
        record["embed"] = {"$type": "app.bsky.embed.record", "record": {"uri": quote}}
    event = json.loads(create(BERT, record, time=time))
    event["commit"] |= more
    return json.dumps(event).encode()


def gone(time: int, collection: str = "app.bsky.feed.post") -> bytes:
    return create(BERT, None, collection=collection, rkey=tid(time), time=time + 9)


# ---- withdrawn after a restart -----------------------------------------------------------------------


def test_what_only_the_record_remembers_is_withdrawn_too() -> None:
    like, repost = at_uri(BERT, AT, LIKE), at_uri(BERT, AT + 1, "app.bsky.feed.repost")
    known = tracking(ONE, posts={like: f"bluesky:{ONE}", repost: f"bluesky:{ONE}"})
    assert isinstance(known, PostTracker)
    seen = sifted(known, gone(AT, LIKE), gone(AT + 1, "app.bsky.feed.repost"), gone(AT + 2, LIKE))
    assert told(seen) == [("like", ONE, True), ("repost", ONE, True)]
    [first, _] = items(seen)
    assert isinstance(first, Reaction) and first.account == f"bluesky:{BERT}"


def test_the_record_is_not_asked_about_what_was_just_heard() -> None:
    known = tracking(ONE)
    seen = sifted(known, pointing(BERT, ONE, time=AT), gone(AT, LIKE))
    assert told(seen) == [("like", ONE, False), ("like", ONE, True)] and not known.asked


def test_a_withdrawal_that_was_lost_on_its_way_is_understood_when_it_is_heard_again() -> None:
    seen = sifted({f"bluesky:{ONE}"}, pointing(BERT, ONE, time=AT), gone(AT, LIKE), gone(AT, LIKE))
    assert told(seen) == [("like", ONE, False), ("like", ONE, True), ("like", ONE, True)]


def test_without_a_record_an_old_reaction_is_not_understood() -> None:
    plain: object = set()
    assert not isinstance(plain, PostTracker)
    assert sifted({f"bluesky:{ONE}"}, gone(AT, LIKE)) == []


class OverTheRecord(Remembered):
    """What a runner provides: the reactions in the record."""

    def __init__(self, record: Record, *uris: str) -> None:
        super().__init__(f"bluesky:{uri}" for uri in uris)
        self.record = record

    def post_of(self, reaction: str, /) -> str | None:
        return reaction_marks.post_of_reaction(self.record, reaction)


def test_a_restart_between_a_like_and_its_withdrawal(store_url: str) -> None:
    with Record(store_url) as record:
        seen = sifted(OverTheRecord(record, ONE, TWO), pointing(BERT, ONE, time=AT), answer(AT + 5, reply=TWO))
        pairs = [(one.key, item.post) for one in seen for item in READER.read(one) if isinstance(item, Reaction)]
        reaction_marks.remember_reactions(record, pairs, AT)
    with Record(store_url) as record:
        seen = sifted(OverTheRecord(record, ONE, TWO), gone(AT, LIKE), gone(AT + 5))
    assert told(seen) == [("like", ONE, True), ("reply", TWO, True)]


# ---- replies and quotes --------------------------------------------------------------------------------


@pytest.mark.parametrize("reactions", [False, True])
def test_replies_and_quotes_are_reactions_in_both_modes(reactions: bool) -> None:
    said = [answer(AT, reply=ONE), answer(AT + 1, quote=TWO), answer(AT + 2, reply=OTHER, quote=OTHER)]
    seen = sifted(tracking(ONE, TWO), *said, reactions=reactions)
    assert told(seen) == [("reply", ONE, False), ("quote", TWO, False)]
    assert [one.key for one in seen] == [f"{at_uri(BERT, AT)}#reply", f"{at_uri(BERT, AT + 1)}#quote"]
    assert [type(item) for item in items(seen)] == [Reaction, Reaction]


def test_an_answer_that_names_a_paper_is_a_post_too() -> None:
    seen = sifted(tracking(ONE, TWO), answer(AT, reply=ONE, quote=TWO, text="like arXiv:2609.01234"))
    assert [one.kind for one in seen] == ["post", "reaction", "reaction"]
    assert told(seen) == [("reply", ONE, False), ("quote", TWO, False)]
    [made] = [item for item in items(seen) if isinstance(item, Post)]
    assert (made.reply_to, made.quotes) == (f"bluesky:{ONE}", f"bluesky:{TWO}")


def test_an_account_is_no_post_even_if_somebody_likes_or_answers_it() -> None:
    """Accounts of tracked posts are tracked too, and a record may name anything in place of a post."""
    known = Remembered([f"bluesky:{ONE}", f"bluesky:{ANNA}"])
    assert sifted(known, pointing(BERT, ANNA, time=AT), answer(AT + 1, reply=ANNA, quote=ANNA)) == []
    assert [one.kind for one in sifted(known, answer(AT, reply=ANNA, text="arXiv:2609.01234"))] == ["post"]


def test_a_deleted_answer_is_taken_back_from_all_that_it_answered() -> None:
    seen = sifted(tracking(ONE, TWO), answer(AT, reply=ONE, quote=TWO), gone(AT))
    assert told(seen)[2:] == [("reply", ONE, True), ("quote", TWO, True)]
    seen = sifted(tracking(ONE), answer(AT, reply=ONE, text="arXiv:2609.01234"), gone(AT))
    assert [one.kind for one in seen] == ["post", "reaction", "gone", "withdrawn"]


def test_an_answer_that_is_edited_to_answer_nobody_is_taken_back() -> None:
    known = tracking(ONE, TWO)
    said = [answer(AT, reply=ONE, quote=TWO), answer(AT, reply=ONE, operation="update")]
    assert told(sifted(known, *said))[2:] == [("quote", TWO, True), ("reply", ONE, False)]
    assert sifted(known, answer(AT, text="good morning", operation="update")) == []


def test_an_answer_that_is_edited_to_answer_another_post_is_taken_back_from_the_first() -> None:
    said = [answer(AT, quote=ONE), answer(AT, quote=TWO, operation="update")]
    moved = [("quote", ONE, True), ("quote", TWO, False)]
    assert told(sifted(tracking(ONE, TWO), *said))[1:] == moved
    recorded = tracking(ONE, TWO, posts={f"{at_uri(BERT, AT)}#quote": f"bluesky:{ONE}"})
    assert told(sifted(recorded, said[1])) == moved
    assert told(sifted(recorded, said[1], said[1])) == moved * 2, "the first page may have been lost"


def test_a_like_that_is_changed_to_another_post_is_taken_back_from_the_first() -> None:
    changed = [json.loads(pointing(BERT, uri, time=AT)) for uri in (TWO, OTHER, ONE)]
    for event in changed:
        event["commit"]["operation"] = "update"
    to_two, to_other, to_the_same = [json.dumps(event).encode() for event in changed]
    like, known = pointing(BERT, ONE, time=AT), tracking(ONE, TWO)
    assert told(sifted(known, like, to_two))[1:] == [("like", ONE, True), ("like", TWO, False)]
    assert told(sifted(known, like, to_other))[1:] == [("like", ONE, True)]
    assert told(sifted(known, like, to_the_same))[1:] == [("like", ONE, False)]


def test_the_record_is_asked_about_deleted_posts_and_about_no_others() -> None:
    known = tracking(ONE)
    sifted(known, answer(AT, reply=OTHER), answer(AT + 1, text="arXiv:2609.01234"), pointing(BERT, OTHER, time=AT))
    assert known.asked == []
    sifted(known, gone(AT))
    assert known.asked == [f"{at_uri(BERT, AT)}#reply", f"{at_uri(BERT, AT)}#quote"]


# ---- edits ---------------------------------------------------------------------------------------------


def edited(text: str, time: int = AT) -> list[RawPayload]:
    event = json.loads(create(ANNA, post(text), rkey=ONE.rpartition("/")[2], time=time))
    event["commit"]["operation"] = "update"
    return sifted(tracking(ONE), json.dumps(event).encode())


def test_a_tracked_post_that_names_no_paper_any_more_is_told_all_the_same() -> None:
    [seen] = edited("never mind")
    [found] = items([seen])
    assert seen.kind == "edit" and isinstance(found, Post)
    assert (found.post, found.text, found.gone) == (f"bluesky:{ONE}", "never mind", "")


def test_an_edited_post_comes_with_all_that_it_names_now() -> None:
    [seen] = edited("rather arXiv:2609.04321")
    assert seen.kind == "edit"
    assert [i.paper for i in items([seen]) if isinstance(i, Mention)] == ["arxiv:2609.04321"]


def test_what_is_not_tracked_is_edited_unheard_unless_it_names_a_paper() -> None:
    assert sifted(tracking(), answer(AT, text="never mind", operation="update")) == []
    [seen] = sifted(tracking(), answer(AT, text="arXiv:2609.01234", operation="update"))
    assert seen.kind == "post"


def test_an_edit_does_not_make_a_post_younger() -> None:
    week = 7 * 86_400_000_000
    [found] = items(edited("never mind", time=AT + week))
    assert isinstance(found, Post) and found.created_at == AT
