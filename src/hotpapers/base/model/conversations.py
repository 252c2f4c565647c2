"""Conversations about a paper, as values: posts, trees of posts, and facts about them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from hotpapers.base.model.items import Post

Showing = Literal["text", "excerpt", "link"]
"""How a post is shown: in full, by its first words, or only with its link and time."""


class ThreadPost(NamedTuple):
    """A post in a conversation, as far as it may be shown.

    `parent`: the key of the post that it replies to, or of the one that it quotes if only that is here; empty for none.
    `voice`: the number of the account as whose voice it counts. `reactions`: its reposts and likes; `answers`: the
    replies that its network counts. `shown`: how it is shown; None if it may not be. `is_author`: by an author of the
    paper; `is_regular`: by an account with standing. `author`: which of the paper's authors, from 1; 0 if
    that is not known. `is_quote`: it quotes its parent, and does not answer it.
    """

    post: Post
    parent: str
    voice: int
    reactions: int
    answers: int
    shown: Showing | None
    is_author: bool
    is_regular: bool
    author: int
    is_quote: bool

    @property
    def key(self) -> str:
        """The post's key."""
        return self.post.post


class ThreadNode(NamedTuple):
    """A post with the posts that answer it. `post`: None if it may not be shown, or was not read (`is_unread`).
    `copies`: the same text elsewhere, and twins made by a bridge. `began_at`: when it was made; if it cannot be seen,
    when its first answer was, in µs UTC. `voices`: whose posts it unites, also those that may not be shown."""

    key: str
    post: ThreadPost | None
    copies: tuple[ThreadPost, ...]
    replies: tuple[ThreadNode, ...]
    is_unread: bool
    began_at: int
    voices: tuple[int, ...]

    @property
    def posts(self) -> tuple[ThreadPost, ...]:
        """The post and its copies; empty for a post that may not be shown."""
        return (self.post, *self.copies) if self.post else ()

    @property
    def reactions(self) -> int:
        """Those to the post and its copies."""
        return sum([post.reactions for post in self.posts])

    def walk(self) -> Iterator[ThreadNode]:
        """This node and all below it, each before its replies."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack += reversed(node.replies)


class Conversation(NamedTuple):
    """A tree of posts about a paper. `people`: how many wrote in it; `posts`: how many can be seen, without copies;
    `counted`: how many its networks count, at least those seen. `began_at`, `ended_at`: its first and last post, in µs
    UTC. `author_answers`: posts by authors of the paper in answer to others. `best`: the post with the most reactions
    that says more than the title, if any does. `has_replies`: somebody answered, so that it is more than a post."""

    root: ThreadNode
    networks: tuple[str, ...]
    people: int
    posts: int
    counted: int
    reactions: int
    began_at: int
    ended_at: int
    author_answers: int
    best: ThreadPost | None
    has_replies: bool


class Landmarks(NamedTuple):
    """The first posts of three kinds, if there are any: an objection, a question, and an answer to a question, perhaps
    to another one (`answered`)."""

    critic: ThreadPost | None = None
    question: ThreadPost | None = None
    answer: ThreadPost | None = None
    answered: ThreadPost | None = None


class PaperConversations(NamedTuple):
    """All conversations about a paper: those with the most people first, then single posts. `people`: how many wrote in
    those that have answers; `authors`: authors who answered others; `answered_posts`: how many posts they answered, and
    `answered`: how many of these are questions."""

    conversations: tuple[Conversation, ...] = ()
    people: int = 0
    authors: int = 0
    answered_posts: int = 0
    answered: int = 0
    landmarks: Landmarks = Landmarks()

    @property
    def threads(self) -> tuple[Conversation, ...]:
        """The conversations in which somebody answered."""
        return tuple(conversation for conversation in self.conversations if conversation.has_replies)
