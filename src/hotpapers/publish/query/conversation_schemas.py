"""Answers about conversations, as immutable values."""

from __future__ import annotations

from hotpapers.publish.query.schemas import PostDetails, Schema


class ThreadPostDetails(Schema):
    """A post in a conversation. `depth`: 0 for the first; each answers the last one before it that is a level higher.
    `post`: null if it may not be shown or was not read (`unread`). `author`, `regular`: by an author of the paper, by
    an account that the record has long known. `also`: the same words elsewhere."""

    depth: int
    post: PostDetails | None
    unread: bool
    reactions: int
    author: bool
    regular: bool
    also: tuple[str, ...]


class ConversationDetails(Schema):
    """A conversation. `people`, `posts`: how many wrote, and how many posts may be shown, copies once; `counted`: how
    many its network counts; `author_answers`: posts in which authors of the paper answered others. `thread`: its first
    posts."""

    networks: tuple[str, ...]
    people: int
    posts: int
    counted: int
    author_answers: int
    began_at: int
    ended_at: int
    thread: tuple[ThreadPostDetails, ...]


class PaperConversationDetails(Schema):
    """The conversations about a paper, those with the most people first; posts that nobody answered come last.
    `sentence`: the facts in words, empty if nobody answered anybody. `people`: how many wrote in those with answers;
    `authors`: how many authors of the paper answered others; `answered_posts`: what they answered; `answered`: how many
    of these are questions. `critic`, `question`, `answer`: the keys of the
    first of each, by plain rules; empty if there is none."""

    paper: str
    sentence: str
    people: int
    authors: int
    answered_posts: int
    answered: int
    critic: str
    question: str
    answer: str
    conversations: tuple[ConversationDetails, ...]
