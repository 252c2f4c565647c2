"""Conversations in generated worlds, whose truth is known: who is shown below whom, and every number."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from hotpapers.base import network_terms
from hotpapers.base.model import PaperConversations, ThreadNode
from hotpapers.discussion.conversations.reading import ConversationReader
from hotpapers.issues.quotations import count_own_words
from hotpapers.publish.query.conversations import conversations_about
from hotpapers.publish.query.request_params import ConversationParams
from hotpapers.publish.query.session import QuerySession
from hotpapers.publish.render.templating import load_macro
from hotpapers.publish.view.conversation_views import conversations_view
from hotpapers.record import Record
from tests.conftest import needs_wings
from tests.discussion.conversations.made_world import PAPERS, QUESTION, World
from tests.seeds import generator

SIZES = (3, 12, 30, 80)


class ReadWorld(NamedTuple):
    world: World
    record: Record
    about: Mapping[str, PaperConversations]


@pytest.fixture(params=range(12))
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReadWorld]:
    world = World(generator(request.param), SIZES[request.param % len(SIZES)])
    with Record(str(tmp_path / "world.db")) as record:
        world.write(record)
        yield ReadWorld(world, record, reader(record).read({paper.paper: paper for paper in PAPERS}))


def reader(record: Record) -> ConversationReader:
    return ConversationReader(record.view(), record.view(), network_terms.TERMS, count_own_words=count_own_words)


def places(about: PaperConversations) -> Iterator[tuple[ThreadNode, ThreadNode | None]]:
    """All posts, with what they answer."""
    for conversation in about.conversations:
        yield conversation.root, None
        for node in conversation.root.walk():
            yield from ((reply, node) for reply in node.replies)


def test_everything_that_may_be_shown_is_shown_once_in_its_place(read: ReadWorld) -> None:
    world = read.world
    for paper, about in read.about.items():
        around = world.around(paper)
        shown = sorted(node.key for node, _ in places(about) if node.post)
        assert shown == sorted(key for key in around if world.may_be_shown(key))
        for node, above in places(about):
            if node.key in world.posts:
                parent = world.parent(node.key, around)
                assert parent == (above.key if above else "") or (not above and world.is_in_circle(node.key, around))
            assert not (node.is_unread and node.key in world.posts) and node.key not in world.forgotten


def test_words_are_those_of_the_stored_post(read: ReadWorld) -> None:
    for about in read.about.values():
        for node, _ in places(about):
            for post in node.posts:
                assert post.post.text.removesuffix(" …") in read.world.last(post.key).text


def test_the_facts_are_those_of_the_world(read: ReadWorld) -> None:
    world = read.world
    for about in read.about.values():
        shown = {node.key for node, _ in places(about) if node.post}
        authors = world.authors(shown)
        threads = {node.key for thread in about.threads for node in thread.root.walk() if node.post}
        answers = [
            (above.key, node.key)
            for node, above in places(about)
            if node.key in threads and above and world.voice(node.key) in authors
            if above.post or (above.key in world.posts and world.voice(above.key))
            if world.voice(above.key) != world.voice(node.key) and not (node.post and node.post.is_quote)
        ]  # fmt: skip
        answered = {above for above, _ in answers}
        with_words = {key for key in shown if not key.startswith("reddit:")}
        questions = {key for key in answered & with_words if world.last(key).text.endswith(QUESTION)}
        assert about.people == len({world.voice(key) for key in threads})
        assert about.authors == len({world.last(key).name or world.voice(key) for _, key in answers})
        assert about.answered_posts == len(answered)
        assert about.answered == len({key for key in questions if world.voice(key) not in authors})
        assert sum(thread.author_answers for thread in about.threads) == len(answers)
        assert sum(thread.posts for thread in about.threads) == len(threads)
        assert all(thread.counted >= thread.posts and thread.began_at <= thread.ended_at for thread in about.threads)


def test_a_paper_s_conversations_do_not_depend_on_the_papers_read_with_it(read: ReadWorld) -> None:
    for paper in PAPERS:
        alone = reader(read.record).read({paper.paper: paper})
        assert alone.get(paper.paper) == read.about.get(paper.paper)
        has_answers = bool(alone and alone[paper.paper].authors)
        assert (paper.paper in reader(read.record).answered({paper.paper: paper})) == has_answers


def test_the_page_and_the_api_say_the_same_and_show_nothing_else(read: ReadWorld) -> None:
    render = load_macro("conversations.html", "conversations")
    for paper in PAPERS:
        about = read.about.get(paper.paper, PaperConversations())
        view = conversations_view(about, paper)
        details = conversations_about(QuerySession(read.record), ConversationParams(paper=paper.paper, posts=500))
        assert details.sentence == (view.sentence if view else "")
        assert (details.people, details.authors, details.answered) == (about.people, about.authors, about.answered)
        for conversation in details.conversations:
            assert conversation.posts == sum(row.post is not None for row in conversation.thread)
        page = str(render(view)) if view else ""
        assert "<script" not in page
        answer = msgspec.json.encode(details).decode()
        for number, key in enumerate(read.world.posts):
            is_linked = network_terms.TERMS[read.world.posts[key].network].shown == "link"
            if is_linked or not read.world.may_be_shown(key):
                assert f"zq{number}q" not in page + answer


@needs_wings
def test_the_public_export_has_no_words_that_may_not_be_shown(read: ReadWorld) -> None:
    """But for those of programs, which are nobody's."""
    from hotpapers.wings.download.public_lines import public_lines

    world = read.world
    lines = b"".join(public_lines(QuerySession(read.record))).decode()
    bots = {world.stable_account(account) for account in world.bots}
    for number, key in enumerate(world.posts):
        if not world.may_be_shown(key) and world.voice(key) not in bots:
            assert f"zq{number}q" not in lines


@pytest.mark.parametrize("text", ["wow", PAPERS[0].title, "The very same long text of several people", "{}…"])
def test_thousands_of_posts_that_begin_alike_are_compared_in_no_time(text: str) -> None:
    """Comparisons are counted, not seconds."""
    from hotpapers.discussion.conversations import copies
    from lab.generated_conversations import thread_post

    counted = 0

    def count(first: copies.ComparedText, other: copies.ComparedText) -> bool:
        nonlocal counted
        counted += 1
        return is_copy(first, other)

    is_copy = copies.is_copy
    rng = random.Random(1)
    posts = [
        thread_post(
            f"{rng.choice(('bluesky', 'mastodon'))}:{n}", text=text.format("a" * (n // 4 + 1)), voice=n // 2 + 1
        )
        for n in range(2_000)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copies, "is_copy", count)
        copies.leading_copies(posts, PAPERS[0].title)
    assert counted < 500_000
