"""Conversations in words, and cut to what a page can hold."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import HOUR, Paper, PaperConversations, ThreadPost
from hotpapers.discussion.conversations.trees import conversations_of
from hotpapers.publish.render.templating import load_macro
from hotpapers.publish.view.conversation_views import (
    MAX_POSTS,
    MAX_POSTS_OF_ONE,
    UNREAD,
    WITHHELD,
    ConversationsView,
    NodeView,
    conversations_view,
    facts_sentence,
)
from lab.generated_conversations import network, thread_post, words

PAPER = Paper(paper="arxiv:2405.00001", title="Every Elevator Is Eventually Yours", observed_at=0)


def view_of(*posts: ThreadPost) -> ConversationsView:
    view = conversations_view(conversations_of(posts, PAPER.title, lambda text: len(text) > 12), PAPER)
    assert view is not None
    return view


def html_of(view: ConversationsView) -> str:
    return str(load_macro("conversations.html", "conversations")(view))


def nodes(node: NodeView) -> Iterator[NodeView]:
    yield node
    for reply in node.replies:
        yield from nodes(reply)


ROOT = thread_post("bluesky:1", text="I doubt Lemma 4 at noon.", at=HOUR, voice=1, reactions=5, answers=9)
QUESTION = thread_post("bluesky:2", text="Does it hold?", reply_to="bluesky:1", at=2 * HOUR, voice=2)
ANSWER = thread_post("bluesky:3", text="It does not.", reply_to="bluesky:2", at=5 * HOUR, voice=3, is_author=True)
STORY = thread_post("lobsters:1", text="A title", at=HOUR, voice=4)


def test_the_sentence_and_the_lines() -> None:
    view = view_of(ROOT, QUESTION, ANSWER, STORY)
    assert view.sentence == "3 people in 1 conversation; an author answered 1 question."
    assert [(first.label, first.text, first.is_author) for first in view.landmarks] == [
        ("First critic", "I doubt Lemma 4 at noon.", False), ("First question", "Does it hold?", False),
        ("First answer", "It does not.", True),
    ]  # fmt: skip
    [line] = view.conversations
    assert line.facts == "3 people, 3 posts in 4 h · 1 answer by authors · Bluesky counts 10 posts"
    assert (line.networks, line.beginning, line.best["text"]) == (
        "Bluesky",
        "begun by A post on 1 January 1970",
        ROOT.post.text,
    )
    assert view.singles == ("1 post on Lobsters",) and not view.is_ordered


@pytest.mark.parametrize(
    ("authors", "posts", "questions", "expected"),
    [
        (0, 0, 0, "31 people in 1 conversation."),
        (2, 9, 9, "31 people in 1 conversation; 2 authors answered 9 questions."),
        (1, 1, 0, "31 people in 1 conversation; an author answered 1 post."),
        (2, 2, 1, "31 people in 1 conversation; 2 authors answered 2 posts, 1 of them a question."),
        (2, 7, 3, "31 people in 1 conversation; 2 authors answered 7 posts, 3 of them questions."),
    ],
)
def test_the_sentence(authors: int, posts: int, questions: int, expected: str) -> None:
    facts = conversations_of([ROOT, QUESTION])
    facts = facts._replace(people=31, authors=authors, answered_posts=posts, answered=questions)
    assert facts_sentence(facts) == expected


def test_the_longest_conversation_is_named_only_if_no_other_is_as_long() -> None:
    comment = thread_post("lobsters:2", text="Not here.", reply_to="lobsters:1", at=HOUR, voice=5)
    assert view_of(ROOT, QUESTION, STORY, comment).sentence == "4 people in 2 conversations."
    longer = view_of(ROOT, QUESTION, ANSWER, STORY, comment).sentence
    assert longer.endswith("; the longest is on Bluesky.")


def test_an_answer_to_another_question_than_the_first_says_to_whom() -> None:
    first = thread_post("lobsters:2", text="Who reads this?", reply_to="lobsters:1", at=HOUR, voice=5)
    assert [landmark.to for landmark in view_of(ROOT, QUESTION, ANSWER).landmarks] == ["", "", ""]
    question = QUESTION._replace(post=msgspec.structs.replace(QUESTION.post, name="Ann Lee"))
    view = view_of(ROOT, question, ANSWER, STORY, first)
    assert [landmark.to for landmark in view.landmarks] == ["", "", "Ann Lee"] and "to <bdi>Ann Lee" in html_of(view)


def test_copies_are_named_and_their_reactions_added() -> None:
    root = ROOT._replace(post=msgspec.structs.replace(ROOT.post, text="The lifts are not independent at noon."))
    twin = root._replace(post=msgspec.structs.replace(root.post, post="mastodon:9", network="mastodon"), reactions=4)
    other = twin._replace(post=msgspec.structs.replace(twin.post, post="mastodon:8", name="Ann Lee"), voice=9)
    [line] = view_of(root, twin, other, QUESTION).conversations
    assert sorted(copy.text for copy in line.root.copies) == ["also by Ann Lee on Mastodon", "also on Mastodon"]
    assert line.root.reactions == 13 and line.facts.startswith("3 people, 2 posts in")


REMARKS = [
    thread_post(f"bluesky:{n}", text=f"Counting {noun} twice spoils table {n}", at=n * HOUR, voice=n, reactions=9 - n)
    for n, noun in enumerate(("buttons", "doors", "ropes", "floors", "pulleys", "mirrors"), 1)
]


def test_posts_that_nobody_answered_are_shown_if_they_are_worth_quoting() -> None:
    link = STORY._replace(
        post=msgspec.structs.replace(REMARKS[0].post, post="lobsters:2", network="lobsters"), shown="link"
    )
    reply = thread_post("bluesky:9", text="Counting answers by themselves spoils everything", reply_to="bluesky:8")
    view = view_of(*REMARKS, STORY, link, reply._replace(voice=9))
    assert [remark.post and remark.post.key for remark in view.remarks] == [post.key for post in REMARKS]
    assert not view.sentence and view.singles == ("7 posts on Bluesky", "2 posts on Lobsters") and view.is_ordered
    html = html_of(view)
    assert html.index("buttons") < html.index("doors") and "1 more" in html and "in 0 conversations" not in html
    assert [remark.newest for remark in view.remarks] == [6, 5, 4, 3, 2, 1]
    [remark] = view_of(ROOT, QUESTION, REMARKS[2]).remarks
    assert remark.post and remark.post.key == "bluesky:3"


def test_nothing_is_said_of_posts_without_words_of_their_own() -> None:
    assert conversations_view(conversations_of([STORY]), PAPER) is None
    assert conversations_view(PaperConversations(), PAPER) is None


def test_notes_stand_where_posts_are_missing() -> None:
    removed = QUESTION._replace(shown=None)
    [line] = view_of(ROOT, removed, ANSWER).conversations
    assert [node.note for node in nodes(line.root)] == ["", WITHHELD, ""]
    later = thread_post("bluesky:4", text="Me too.", reply_to="bluesky:2", at=9 * HOUR, voice=5)
    [line] = view_of(ANSWER, later).conversations
    assert line.root.note == UNREAD and "begun on" in line.beginning


@given(st.integers(0, 1_000), st.integers(2, 400))
def test_a_page_holds_so_many_posts(seed: int, size: int) -> None:
    facts = conversations_of(network(seed, size).posts)
    view = conversations_view(facts, PAPER)
    sizes = [sum(1 for _ in nodes(line.root)) for line in view.conversations] if view else []
    assert max(sizes, default=0) <= MAX_POSTS_OF_ONE and sum(sizes) <= MAX_POSTS
    for line, conversation in zip(view.conversations if view else (), facts.threads, strict=False):
        shown = list(nodes(line.root))
        assert sum(not node.note for node in shown) + sum(node.rest for node in shown) == conversation.posts


@pytest.mark.parametrize("least", [0, 10_000])
def test_a_page_of_two_thousand_posts_is_small(least: int) -> None:
    """However long its posts are."""
    rng = random.Random(5)
    posts = [
        post._replace(post=msgspec.structs.replace(post.post, text=words(rng, least // 6, least // 5 + 20)))
        for post in network(3, 2_000).posts
    ]
    view = conversations_view(conversations_of(posts), PAPER)
    assert view and len(gzip.compress(html_of(view).encode())) < 60_000


def test_each_conversation_of_a_page_shows_its_root() -> None:
    """Also those for whose answers there is no room, which are counted."""
    posts = [
        thread_post(f"bluesky:{root}-{n}", text=f"{root} {n}", reply_to=(n and f"bluesky:{root}-0") or "", voice=n)
        for root in range(9)
        for n in range(60)
    ]
    lines = view_of(*posts).conversations
    assert len(lines) == 9 and all(line.root.post for line in lines)
    assert [len(list(nodes(line.root))) + line.root.rest for line in lines] == [60] * 9


def test_both_orders_are_in_the_page() -> None:
    answers = [
        thread_post(f"bluesky:{n}", text=f"answer {n}", reply_to="bluesky:1", at=n * HOUR, voice=n, reactions=9 - n)
        for n in range(2, 8)
    ]
    view = view_of(ROOT, *answers)
    [line] = view.conversations
    assert view.is_ordered and line.root.more == 3
    assert [reply.newest for reply in line.root.replies] == [6, 5, 4, 3, 2, 1]
    text = html_of(view)
    assert re.findall('<li class="(n[^"]*)">', text) == [
        "n1", "n6 more-new", "n5 more-new", "n4 more-new", "n3 more-liked", "n2 more-liked", "n1 more-liked",
    ]  # fmt: skip
    assert "3 more" in text and 'value="newest"' in text


@given(st.text(max_size=60), st.text(max_size=20))
def test_hostile_words_are_escaped(text: str, name: str) -> None:
    post = thread_post("bluesky:2", text=f"<script>{text}", reply_to="bluesky:1", voice=2)
    page = html_of(view_of(ROOT, post))
    assert "<script" not in page
