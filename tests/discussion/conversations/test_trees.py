"""Trees from posts: roots and parents of generated networks, circles, what may not be shown, and the facts."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import PaperConversations, ThreadNode, ThreadPost
from hotpapers.discussion.conversations.landmarks import (
    OBJECTIONS,
    OBJECTIONS_WITHOUT_SPACES,
    first_objection,
    is_question,
)
from hotpapers.discussion.conversations.trees import conversations_of, likes_first, newest_first, trees_of
from lab.generated_conversations import network, thread_post


def places(roots: tuple[ThreadNode, ...]) -> dict[str, tuple[str, str]]:
    """The root and the parent under which each post is shown."""
    return {
        post.key: (root.key, parent)
        for root in roots
        for node, parent in with_parents(root)
        for post in node.posts
    }  # fmt: skip


def with_parents(root: ThreadNode) -> list[tuple[ThreadNode, str]]:
    return [(root, ""), *((reply, node.key) for node in root.walk() for reply in node.replies)]


@pytest.mark.parametrize("seed", range(20))
def test_roots_and_parents_of_a_generated_network(seed: int) -> None:
    generated = network(seed, 300)
    shown = places(trees_of(generated.posts))
    assert shown.keys() == {post.key for post in generated.posts if post.shown}
    assert all(shown[key] == (generated.roots[key], generated.parents[key]) for key in shown)


@pytest.mark.parametrize("seed", range(20))
def test_no_reply_is_under_a_wrong_parent_if_posts_are_simply_missing(seed: int) -> None:
    generated = network(seed, 300, is_listed=False)
    shown = places(trees_of(generated.posts))
    assert all(parent == generated.parents[key] for key, (_, parent) in shown.items())


@given(st.integers(0, 10_000), st.integers(1, 40))
def test_the_order_of_the_input_does_not_matter(seed: int, size: int) -> None:
    posts = list(network(seed, size).posts)
    expected = conversations_of(posts)
    random.Random(seed).shuffle(posts)
    assert conversations_of(posts) == expected


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.booleans()), max_size=13))
def test_any_answers_make_a_tree(answers: list[tuple[int, int, bool]]) -> None:
    """Also circles, replies to oneself and quotations of what is not here."""
    posts = [
        thread_post(
            f"bluesky:{n}", text=f"text {n}", at=at, reply_to="" if quotes else f"bluesky:{parent}",
            quotes=f"bluesky:{parent}" if quotes else "",
        )
        for n, (parent, at, quotes) in enumerate(answers)
    ]  # fmt: skip
    shown = [post.key for root in trees_of(posts) for node in root.walk() for post in node.posts]
    assert sorted(shown) == sorted(post.key for post in posts)


def test_a_deep_thread_is_no_problem() -> None:
    posts = [
        thread_post(f"bluesky:{n}", text=f"text {n}", reply_to=f"bluesky:{n - 1}" if n else "") for n in range(5_000)
    ]
    [root] = trees_of(posts)
    assert sum(1 for _ in root.walk()) == 5_000


def test_a_removed_post_keeps_its_place_only_if_it_was_answered() -> None:
    root = thread_post("bluesky:1", text="a root", reactions=3)
    removed = thread_post("bluesky:2", reply_to="bluesky:1", shown=None)
    answer = thread_post("bluesky:3", text="an answer", reply_to="bluesky:2")
    assert [node.key for node in trees_of([root, removed])[0].walk()] == ["bluesky:1"]
    [tree] = trees_of([root, removed, answer])
    [place] = tree.replies
    assert place.post is None and not place.is_unread and place.replies[0].post == answer
    [unread] = trees_of([answer])
    assert unread.is_unread and unread.key == "bluesky:2"
    assert trees_of([removed]) == ()


def test_answers_to_copies_meet() -> None:
    text = "The lifts are assumed to be independent, but they all stop at noon."
    posts = [
        thread_post("bluesky:1", text=text, at=1, voice=1), thread_post("mastodon:1", text=text, at=2, voice=1),
        thread_post("bluesky:2", text="Why at noon?", reply_to="bluesky:1", at=3, voice=2),
        thread_post("mastodon:2", text="The canteen.", reply_to="mastodon:1", at=4, voice=3),
    ]  # fmt: skip
    [root] = trees_of(posts)
    assert [post.key for post in root.copies] == ["mastodon:1"]
    assert [reply.key for reply in root.replies] == ["bluesky:2", "mastodon:2"]
    [conversation] = conversations_of(posts).conversations
    assert (conversation.networks, conversation.people, conversation.posts) == (("bluesky", "mastodon"), 3, 3)


def example() -> PaperConversations:
    """An objection, a question that its author answers, and a single post elsewhere."""
    return conversations_of(
        [
            thread_post("bluesky:1", text="I doubt Lemma 4.", at=1, voice=1, reactions=5, answers=4),
            thread_post("bluesky:2", text="Does it hold at noon?", reply_to="bluesky:1", at=2, voice=2, reactions=1),
            thread_post("bluesky:3", text="It does not.", reply_to="bluesky:2", at=3, voice=3, is_author=True),
            thread_post("bluesky:4", text="Thanks!", reply_to="bluesky:3", at=4, voice=2, reactions=9),
            thread_post("lobsters:1", text="A title", at=5, voice=4, reactions=90),
        ],
        says_more=lambda text: len(text) > 8,
    )


def test_two_accounts_of_an_author_are_one_author_and_to_quote_is_not_to_answer() -> None:
    posts = [
        thread_post("bluesky:1", text="Does it hold at noon?", at=1, voice=1),
        thread_post("bluesky:2", reply_to="bluesky:1", at=2, voice=2, is_author=True)._replace(author=3),
        thread_post("bluesky:3", reply_to="bluesky:1", at=3, voice=3, is_author=True)._replace(author=3),
        thread_post("bluesky:4", reply_to="bluesky:1", at=4, voice=4, is_author=True),
    ]
    assert conversations_of(posts).authors == 2
    renamed = [*posts[:3], thread_post("bluesky:5", reply_to="bluesky:1", at=5, voice=3, is_author=True)]
    assert conversations_of(renamed).authors == 1
    own = thread_post("bluesky:6", reply_to="bluesky:2", at=6, voice=6, is_author=True)._replace(author=3)
    assert conversations_of([posts[0], posts[1], own]).answered_posts == 1
    quoted = conversations_of([post._replace(is_quote=post.key != "bluesky:1") for post in posts])
    assert (quoted.authors, quoted.landmarks.answer, quoted.threads[0].author_answers) == (0, None, 0)


def test_the_facts() -> None:
    facts = example()
    thread, single = facts.conversations
    assert (facts.people, facts.authors, facts.answered, facts.threads) == (3, 1, 1, (thread,))
    assert (thread.people, thread.posts, thread.counted, thread.author_answers) == (3, 4, 5, 1)
    assert thread.best and thread.best.key == "bluesky:1" and single.best is None
    critic, question, answer, answered = facts.landmarks
    assert answered == question
    assert critic and critic.key == "bluesky:1"
    assert question and question.key == "bluesky:2"
    assert answer and answer.key == "bluesky:3"


@pytest.mark.parametrize(
    "text",
    [
        "Why?",
        "Why? 🤔",
        "Why?🤔",
        "Why?!",
        "Why…?",
        "Why, @ada?",
        "Is this #maths?",
        "Why? #maths https://x.example/?a",
        "Why? x.example/abs/2603.00042",
        "Why? www.x.example/abs/260… #maths",
        "Why? arXiv:2603.00042",
        "Is it 3.14/2?",
        "「なぜ？」",
        "Is it “so”?\n\n@ada",
    ],
)
def test_questions_end_with_a_question_mark(text: str) -> None:
    assert is_question(thread_post("bluesky:1", text=text))


@pytest.mark.parametrize("text", ["", "Why? Because.", "https://x.example/?", "?a"])
def test_other_posts_are_no_questions(text: str) -> None:
    assert not is_question(thread_post("bluesky:1", text=text))


@pytest.mark.parametrize("pattern", [*OBJECTIONS, *OBJECTIONS_WITHOUT_SPACES])
def test_each_word_of_objection_is_noticed(pattern: str) -> None:
    pattern = pattern.replace("[a-z]+", "could")
    for text in (pattern.replace("['’]", "’").replace("?", ""), pattern.replace("['’]", "'").replace("s?", "")):
        assert first_objection([thread_post("bluesky:1", text=f"Well, this {text.upper()} …")]), text


@pytest.mark.parametrize("verb", ["reproduce", "replicate"])
def test_each_way_to_say_that_it_failed_is_an_objection(verb: str) -> None:
    for not_ in ("could not", "couldn’t", "cannot", "can't", "did not", "didn't", "does not", "doesn’t", "won't"):
        assert first_objection([thread_post("bluesky:1", text=f"Two groups {not_} {verb} it")]), not_
        assert not first_objection([thread_post("bluesky:1", text=f"Two groups {verb} it, with error bars")])


@pytest.mark.parametrize(
    "text",
    ["The test error decreases", "Enfin des barres d'erreur honnêtes", "Mit mittlerem Fehler", "Con barras de error"],
)
def test_what_is_measured_is_no_objection(text: str) -> None:
    assert not first_objection([thread_post("bluesky:1", text=text)])


@pytest.mark.parametrize(
    ("text", "is_objection"),
    [
        ("Nothing is wrong with it", False), ("There is nothing really wrong here", False), ("No doubt, fine", False),
        ("It isn’t misleading at all", False), ("not a mistake", False), ("No mistake, but Lemma 2 is wrong", True),
        ("Not only wrong but misleading", True), ("I am not convinced", True), ("I do not like it. It is wrong", True),
        ("Does this not contradict it? It contradicts", True), ("Nothing works: the proof is wrong", True),
    ],
)  # fmt: skip
def test_an_objection_that_is_denied_is_none(text: str, is_objection: bool) -> None:
    assert bool(first_objection([thread_post("bluesky:1", text=text)])) == is_objection


def test_objections() -> None:
    post = thread_post("bluesky:1", text="I couldn’t reproduce Table 2")
    assert first_objection([post]) == post and not first_objection([post._replace(is_author=True)])
    assert not first_objection([thread_post("bluesky:1", text="Undoubtedly the best, without flaws")])


@given(st.lists(st.integers(0, 30), min_size=2, max_size=12), st.integers(0, 11))
def test_one_more_reaction_moves_a_post_past_equals_only(reactions: list[int], chosen: int) -> None:
    posts = [
        thread_post(f"bluesky:{n}", text=f"text {n}", at=n, voice=n + 1, reactions=count)
        for n, count in enumerate(reactions)
    ]
    chosen %= len(posts)
    before = [root.key for root in trees_of(posts)]
    liked = posts[chosen]._replace(reactions=reactions[chosen] + 1)
    after = [root.key for root in trees_of([*posts[:chosen], liked, *posts[chosen + 1 :]])]
    key = f"bluesky:{chosen}"
    passed = before[after.index(key) : before.index(key)]
    assert [other for other in before if other != key] == [other for other in after if other != key]
    assert all(reactions[int(other.partition(":")[2])] <= reactions[chosen] + 1 for other in passed)


def test_two_orders() -> None:
    posts: list[ThreadPost] = [thread_post(f"bluesky:{n}", text=f"text {n}", at=n, reactions=9 - n) for n in range(3)]
    roots = trees_of(posts)
    assert [node.key for node in sorted(roots, key=likes_first)] == ["bluesky:0", "bluesky:1", "bluesky:2"]
    assert [node.key for node in sorted(roots, key=newest_first)] == ["bluesky:2", "bluesky:1", "bluesky:0"]
