"""Conversations about a paper in words: a sentence of facts, the first critic, question and answer, a line for each
conversation, and its tree, cut to what a page can hold; then remarks that nobody answered.

A tree shows the posts nearest to its root, the most liked first; what is left out is counted, with a link to where it
can be read. Each post has its rank in both orders, so that styles alone can change the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from hotpapers.base.durations import format_duration
from hotpapers.base.grouping import lists_by_key
from hotpapers.base.model import Conversation, Landmarks, Paper, PaperConversations, ThreadNode, ThreadPost
from hotpapers.base.network_terms import cut_excerpt
from hotpapers.base.networks import icon_of, is_blogs
from hotpapers.base.text.clean_text import one_line
from hotpapers.base.text.timestamps import SECOND
from hotpapers.base.text.words import count_noun
from hotpapers.discussion.conversations.trees import likes_first, newest_first
from hotpapers.issues.quotations import remark_words
from hotpapers.issues.ranking.words import people_phrase
from hotpapers.publish.view import phrases
from hotpapers.publish.view.best_sentence import sentence_of
from hotpapers.publish.view.post_views import LinkedPiece, linked_pieces, post_byline

MAX_CONVERSATIONS = 30
"""Most conversations listed on a page."""
MAX_POSTS = 150
"""Most posts shown of all conversations."""
MAX_POSTS_OF_ONE = 40
"""Most posts shown of each."""
MAX_REMARKS = 20
"""Most posts shown that nobody answered."""
MAX_CHARS = 1_000
"""Most code points shown of a post."""
REPLIES_AT_ONCE = 3
"""Answers to a post that are shown at once; the others unfold."""
MAX_RANK = 30
"""Ranks in the order *newest* that styles know; the rest come last."""
MAX_LANDMARK_CHARS = 200
"""Code points of the first critic's, question's and answer's words."""
WITHHELD = "A post that may not be shown."
UNREAD = "A post that was not read."


class NodeView(NamedTuple):
    """A post in a tree. `note`: what is there instead of a post. `copies`: who said the same words where, with links;
    `reactions`: those to all of them. `newest`: its rank in that order. `rest`: how many answers are left out;
    `rest_url`: where they are."""

    post: ThreadPost | None
    pieces: tuple[LinkedPiece, ...]
    source: Mapping[str, str]
    note: str
    copies: tuple[LinkedPiece, ...]
    reactions: int
    replies: tuple[NodeView, ...]
    rest: int
    rest_url: str
    newest: int = 0

    @property
    def more(self) -> int:
        """How many replies unfold."""
        return max(len(self.replies) - REPLIES_AT_ONCE, 0)


class LandmarkView(NamedTuple):
    """A first critic, question or answer. `text`: its first words, unchanged; `to`: who asked, if it answers another
    question than the first."""

    label: str
    text: str
    source: Mapping[str, str]
    is_author: bool
    to: str


class ConversationView(NamedTuple):
    """A conversation in a line, and its tree. `best`: what its best post says, with its source; empty for none."""

    mark: str
    networks: str
    beginning: str
    facts: str
    best: Mapping[str, str]
    root: NodeView
    newest: int


class ConversationsView(NamedTuple):
    """The conversations about a paper. `sentence`: empty if nobody answered anybody. `singles`: how many posts have no
    answer here, in words, by network; `remarks`: those of them that are worth quoting."""

    sentence: str
    landmarks: tuple[LandmarkView, ...]
    conversations: tuple[ConversationView, ...]
    more: int
    singles: tuple[str, ...]
    remarks: tuple[NodeView, ...]

    @property
    def is_ordered(self) -> bool:
        """Whether the order makes a difference: somewhere, two posts are beside each other."""
        roots = [conversation.root for conversation in self.conversations]
        return len(roots) > 1 or len(self.remarks) > 1 or any(map(_branches, roots))


def conversations_view(about: PaperConversations, paper: Paper) -> ConversationsView | None:
    """The conversations and remarks of a page; None if nobody said anything of their own."""
    threads = about.threads
    unanswered = [conversation.root for conversation in about.conversations if not conversation.has_replies]
    unanswered.sort(key=likes_first)
    remarks = list(islice((root for root in unanswered if _is_remark(root, paper)), MAX_REMARKS))
    if not threads and not remarks:
        return None
    shown = threads[:MAX_CONVERSATIONS]
    ranks = _ranks([conversation.root for conversation in shown])
    left = MAX_POSTS - len(shown)  # one is kept for each conversation
    views = []
    for conversation in shown:
        chosen = nearest_posts(conversation.root, min(left + 1, MAX_POSTS_OF_ONE))
        left -= len(chosen) - 1
        views.append(_conversation(conversation, paper, chosen, ranks[conversation.root.key]))
    return ConversationsView(
        sentence=facts_sentence(about) if threads else "",
        landmarks=tuple(_landmarks(about.landmarks)),
        conversations=tuple(views),
        more=len(threads) - len(shown),
        singles=tuple(_singles(about.conversations)),
        remarks=_TreeView(set(), "").replies(remarks),
    )


def _is_remark(root: ThreadNode, paper: Paper) -> bool:
    """Whether a post is worth quoting by itself: it answers none, and says something of its own."""
    post = root.post
    return bool(post and post.shown != "link" and remark_words(post.post.text, paper))


def _branches(node: NodeView) -> bool:
    return len(node.replies) > 1 or any(map(_branches, node.replies))


# ---- sentences -------------------------------------------------------------------------------------------


def facts_sentence(about: PaperConversations) -> str:
    """`31 people in 4 conversations; 2 authors answered 9 posts, 7 of them questions; the longest is on Lobsters.`"""
    threads = about.threads
    number = count_noun(len(threads), "conversation")
    parts = [f"{people_phrase(about.people)} in {number}"]
    if about.authors:
        who = "an author" if about.authors == 1 else count_noun(about.authors, "author")
        parts.append(f"{who} answered {_answered(about.answered_posts, about.answered)}")
    longest, *others = sorted(threads, key=lambda conversation: -conversation.posts)
    if others and longest.posts > others[0].posts:
        parts.append(f"the longest is on {_where(longest.networks)}")
    return "; ".join(parts) + "."


def _answered(posts: int, questions: int) -> str:
    """`9 questions`, `2 posts`, `9 posts, 1 of them a question`."""
    if questions == posts:
        return count_noun(questions, "question")
    among = "1 of them a question" if questions == 1 else f"{questions} of them questions"
    return count_noun(posts, "post") + (f", {among}" if questions else "")


def _network_names(networks: Sequence[str]) -> str:
    return " and ".join(map(phrases.network_name, networks))


def _where(networks: Sequence[str]) -> str:
    names = ("blogs" if is_blogs(network) else phrases.network_name(network) for network in networks)
    return " and ".join(names)


def _facts(conversation: Conversation) -> str:
    """`7 people, 12 posts in 9 h · 2 answers by authors · Bluesky counts 40 posts`."""
    seconds = (conversation.ended_at - conversation.began_at) / SECOND
    lasted = f" in {format_duration(seconds)}" if seconds else ""
    people = people_phrase(conversation.people)
    parts = [f"{people}, {count_noun(conversation.posts, 'post')}{lasted}"]
    if conversation.author_answers:
        parts.append(f"{count_noun(conversation.author_answers, 'answer')} by authors")
    if conversation.counted > conversation.posts:
        verb = "counts" if len(conversation.networks) == 1 else "count"
        names = _network_names(conversation.networks)
        parts.append(f"{names} {verb} {count_noun(conversation.counted, 'post')}")
    return " · ".join(parts)


def _singles(conversations: Sequence[Conversation]) -> Iterator[str]:
    """`12 posts on Bluesky (3 answers there)`, of posts without an answer here, and how many their networks count."""
    answers = lists_by_key(
        (conversation.networks, conversation.counted - conversation.posts)
        for conversation in conversations
        if not conversation.has_replies
    )
    for networks, counted in sorted(answers.items()):
        there = f" ({count_noun(sum(counted), 'answer')} there)" if sum(counted) else ""
        yield f"{count_noun(len(counted), 'post')} on {_where(networks)}{there}"


def _landmarks(landmarks: Landmarks) -> Iterator[LandmarkView]:
    labels = ("First critic", "First question", "First answer")
    answered = landmarks.answered if landmarks.answered != landmarks.question else None
    for label, post in zip(labels, landmarks[:3], strict=True):
        if post:
            text = phrases.cut_text(one_line(post.post.text), MAX_LANDMARK_CHARS)
            to = post_byline(answered.post)["author"] if answered and post is landmarks.answer else ""
            yield LandmarkView(label, text, post_byline(post.post), post.is_author, to)


# ---- trees -----------------------------------------------------------------------------------------------


def _conversation(conversation: Conversation, paper: Paper, chosen: set[str], newest: int) -> ConversationView:
    root = conversation.root
    best = conversation.best
    first = root.post or next(node.post for node in root.walk() if node.post)
    source = post_byline(first.post)
    beginning = f"begun by {source['author']}" if root.post and first.shown != "link" else "begun"
    return ConversationView(
        mark=icon_of(conversation.networks[0]),
        networks=_network_names(conversation.networks),
        beginning=f"{beginning} on {phrases.date_name(conversation.began_at)}",
        facts=_facts(conversation),
        best=post_byline(best.post) | {"text": sentence_of(best.post, paper)} if best else {},
        root=_TreeView(chosen, source["url"]).node(root),
        newest=newest,
    )


class _TreeView:
    """Makes views of trees, of their chosen posts. `url`: where the others are."""

    def __init__(self, chosen: set[str], url: str) -> None:
        self._chosen = chosen
        self._url = url

    def node(self, node: ThreadNode) -> NodeView:
        """The view of a post with the answers to it."""
        post = node.post
        source = post_byline(post.post) if post else {}
        return NodeView(
            post=post,
            pieces=linked_pieces(cut_excerpt(post.post, MAX_CHARS)) if post else (),
            source=source,
            note="" if post else UNREAD if node.is_unread else WITHHELD,
            copies=tuple(_copy(copy, post) for copy in node.copies if post),
            reactions=node.reactions,
            replies=self.replies([reply for reply in node.replies if reply.key in self._chosen]),
            rest=_left_out(node, self._chosen),
            rest_url=source.get("url") or self._url,
        )

    def replies(self, children: Sequence[ThreadNode]) -> tuple[NodeView, ...]:
        """The views of posts beside each other, with their ranks."""
        ranks = _ranks(children)
        return tuple(self.node(child)._replace(newest=min(ranks[child.key], MAX_RANK)) for child in children)


def nearest_posts(root: ThreadNode, most: int) -> set[str]:
    """The keys of the posts nearest to a root, the most liked first."""
    chosen = set[str]()
    level = [root]
    while level and len(chosen) < most:
        first = level[: most - len(chosen)]
        chosen |= {node.key for node in first}
        level = [reply for node in first for reply in node.replies]
    return chosen


def _left_out(node: ThreadNode, chosen: set[str]) -> int:
    """How many answers to a post are not shown, with the answers to them."""
    hidden = (reply for reply in node.replies if reply.key not in chosen)
    return sum(1 for reply in hidden for other in reply.walk() if other.post)


def _ranks(nodes: Sequence[ThreadNode]) -> dict[str, int]:
    """The ranks of posts in the order *newest*, from 1."""
    ordered = sorted(nodes, key=newest_first) if len(nodes) > 1 else nodes
    return {node.key: rank for rank, node in enumerate(ordered, 1)}


def _copy(copy: ThreadPost, of: ThreadPost) -> LinkedPiece:
    """`also on Mastodon`, `also by Ann Lee on Mastodon`."""
    source = post_byline(copy.post)
    by = "" if copy.voice and copy.voice == of.voice else f" by {source['author']}"
    return LinkedPiece(f"also{by} on {source['network']}", source["url"])
