"""Conversations from the record, in both databases: as known then, and as far as they may be shown now."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from hotpapers.base import network_terms
from hotpapers.base.model import DAY, HOUR, Alias, Item, Mention, Paper, PaperConversations, Post, Snapshot
from hotpapers.discussion.conversations.queries import posts_in_reach
from hotpapers.discussion.conversations.reading import ConversationReader
from hotpapers.discussion.engagement.standing import queries as standing_queries
from hotpapers.discussion.moderation.quotation_policy import Blocklist, save_blocklist
from hotpapers.issues.quotations import count_own_words
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record
from tests.issues.made import judged, write

KEY = "arxiv:2311.00001"

T = 1_700_000_000_000_000
PAPER = Paper(paper=KEY, title="Elevators", authors=("Lin Ng", "Ada Quill"), observed_at=T)


def message(key: str, after: int, text: str, reply_to: str = "", **fields: object) -> Post:
    network, _, id = key.partition(":")
    values = {
        "account": f"{network}:by-{id}", "handle": f"h{id}", "created_at": T + after * HOUR,
        "observed_at": T + after * HOUR, "text": text, "reply_to": reply_to, **fields,
    }  # fmt: skip
    return msgspec.convert({"kind": "post", "post": key, "network": network, **values}, Post)


def items() -> Iterator[Item]:
    """A root, an author's answer, an answer to it, a quotation, and a reply in a thread about something else."""
    yield PAPER
    yield message("bluesky:1", 1, "I doubt Lemma 4: the lifts all stop at noon")
    yield Mention(post="bluesky:1", paper=KEY, form="abs", observed_at=T + HOUR)
    yield Snapshot(post="bluesky:1", likes=7, replies=2, observed_at=T + 9 * HOUR)
    yield message("bluesky:2", 2, "You are right, we withdraw it", "bluesky:1", name="Ada Quill")
    yield message("bluesky:3", 3, "Thank you!", "bluesky:2")
    yield message("bluesky:4", 4, "Lovely", quotes="bluesky:1")
    yield message("bluesky:5", 5, "This one? It names a paper", "bluesky:elsewhere")
    yield Mention(post="bluesky:5", paper=KEY, form="abs", observed_at=T + 5 * HOUR)
    yield message("bluesky:6", 6, "Another answer there", "bluesky:elsewhere")


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    with Record(store_url) as record:
        write(record, items())
        yield record


def read(record: Record, at: int = 2**53 - 1, allowed: network_terms.Table = network_terms.TERMS) -> PaperConversations:
    reader = ConversationReader(record.view(at), record.view(), allowed, count_own_words=count_own_words)
    return reader.read({PAPER.paper: PAPER}).get(PAPER.paper, PaperConversations())


def outline(facts: PaperConversations) -> list[tuple[str, str]]:
    """The key and the words of every post, trees one after the other; `…` for what may not be shown."""
    nodes = (node for conversation in facts.conversations for node in conversation.root.walk())
    return [(node.key.partition(":")[2], node.post.post.text if node.post else "…") for node in nodes]


def test_the_tree_of_a_paper(record: Record) -> None:
    facts = read(record)
    assert [name for name, _ in outline(facts)] == ["1", "2", "3", "4", "elsewhere", "5"]
    assert outline(facts)[4] == ("elsewhere", "…")
    thread = facts.conversations[0]
    assert (thread.people, thread.posts, thread.reactions, thread.author_answers) == (4, 4, 7, 1)
    assert facts.landmarks.critic and facts.landmarks.critic.key == "bluesky:1"
    assert (facts.people, facts.authors) == (4, 1)


def test_a_regular_is_one_with_every_account(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standing belongs to accounts, posts to the people whose they are."""
    monkeypatch.setattr(standing_queries, "ENOUGH_KNOWN", 1)
    for number, days in ((1, 60), (2, 50), (3, 40)):
        at = T - days * DAY
        post = message(f"mastodon:{number}", 0, "?", account="mastodon:lin", created_at=at, observed_at=at)
        write(record, [post, Mention(post=post.post, paper=f"arxiv:2309.0000{number}", form="abs", observed_at=at)])
    write(record, [Alias(account="mastodon:lin", stable="bluesky:by-3", observed_at=T - DAY)])
    standing_queries.learn_standing(record.database)
    nodes = (node for conversation in read(record).conversations for node in conversation.root.walk())
    assert [node.key for node in nodes if node.post and node.post.is_regular] == ["bluesky:3"]


def test_as_known_then(record: Record) -> None:
    assert [name for name, _ in outline(read(record, T + 2 * HOUR))] == ["1", "2"]


def test_a_deleted_root_leaves_its_place(record: Record) -> None:
    write(
        record,
        [
            Post(
                post="bluesky:1", network="bluesky", account="", created_at=0, gone="deleted", observed_at=T + 10 * HOUR
            )
        ],
    )
    for at in (T + 6 * HOUR, 2**53 - 1):
        assert outline(read(record, at))[:3] == [
            ("1", "…"),
            ("2", "You are right, we withdraw it"),
            ("3", "Thank you!"),
        ]


def test_a_thread_may_be_hundreds_of_answers_deep(record: Record) -> None:
    chain = [
        message(f"bluesky:deep{n}", 7, f"Answer number {n}", f"bluesky:deep{n - 1}" if n else "bluesky:3")
        for n in range(300)
    ]
    write(record, chain)
    facts = read(record)
    assert facts.conversations[0].posts == 304 and len(outline(facts)) == 306


def test_one_answer_to_a_post_that_may_not_be_shown_is_a_conversation(record: Record) -> None:
    """But one answer to a post that was not read may be about anything."""
    write(
        record,
        [
            message("bluesky:7", 7, "A root", limits=("!no-unauthenticated",)),
            message("bluesky:8", 8, "Why?", "bluesky:7"),
        ],
    )
    write(record, [Mention(post="bluesky:7", paper=KEY, form="abs", observed_at=T + 7 * HOUR)])
    threads = {conversation.root.key: conversation.has_replies for conversation in read(record).conversations}
    assert threads == {"bluesky:1": True, "bluesky:7": True, "bluesky:elsewhere": False}


def test_a_deleted_answer_keeps_its_place_too(record: Record) -> None:
    write(
        record,
        [
            Post(
                post="bluesky:2", network="bluesky", account="", created_at=0, gone="deleted", observed_at=T + 10 * HOUR
            )
        ],
    )
    assert [name for name, _ in outline(read(record))][:3] == ["1", "2", "3"]


@pytest.mark.parametrize("limits", [("!no-unauthenticated",), ("nobot",)])
def test_limited_hidden_and_blocked_posts_are_not_shown(record: Record, limits: tuple[str, ...]) -> None:
    write(
        record,
        [
            message("bluesky:2", 11, "You are right, we withdraw it", "bluesky:1", limits=limits),
            judged("bluesky:by-4", "hidden", at=T + 11 * HOUR),
        ],
    )
    save_blocklist(record.database, Blocklist(words=("thank you",)))
    assert [words for _, words in outline(read(record))] == [
        "I doubt Lemma 4: the lifts all stop at noon", "…", "This one? It names a paper",
    ]  # fmt: skip


def test_a_forgotten_account_leaves_no_words(record: Record) -> None:
    """Nor the answers to it: where it was is forgotten, too."""
    forget_key(record, "bluesky:by-2")
    words = [text for _, text in outline(read(record))]
    assert words == ["I doubt Lemma 4: the lifts all stop at noon", "Lovely", "…", "This one? It names a paper"]
    assert "bluesky:2" not in str(read(record))


def test_words_are_shown_as_the_terms_say(record: Record) -> None:
    table = network_terms.reviewed_terms({"bluesky": network_terms.TermsOverride(shown="link")})
    facts = read(record, allowed=table)
    assert {text for _, text in outline(facts)} == {"", "…"}
    assert "Ada" not in str(facts) and facts.conversations[0].best is None


def test_the_papers_in_whose_conversations_a_post_is(record: Record) -> None:
    assert set(posts_in_reach(record.view(), ["bluesky:3"])) == {"bluesky:1", "bluesky:2", "bluesky:3"}
    assert set(posts_in_reach(record.view(), ["bluesky:4", "x:7"])) == {"bluesky:1", "bluesky:4"}
