"""Answers about the conversations on a paper: each as a list of posts with their depth, if not all fit, those nearest
to its root."""

from __future__ import annotations

from collections.abc import Iterator

from hotpapers.base import model
from hotpapers.base.model import Conversation, ThreadNode, ThreadPost
from hotpapers.publish.query import conversation_schemas
from hotpapers.publish.query.conversation_schemas import PaperConversationDetails
from hotpapers.publish.query.issues import as_post
from hotpapers.publish.query.papers import known_paper, own_voices
from hotpapers.publish.query.request_params import ConversationParams
from hotpapers.publish.query.session import QuerySession
from hotpapers.publish.view import site_paths
from hotpapers.publish.view.conversation_views import facts_sentence, nearest_posts
from hotpapers.record import current_time

MAX_CONVERSATIONS = 100
"""Most conversations in an answer."""


def conversations_about(session: QuerySession, params: ConversationParams) -> PaperConversationDetails:
    """What people say about a paper: who answered whom, as trees, with the words that may be shown."""
    key = known_paper(session, params.paper)
    view = session.record.view(current_time())  # who has standing depends on the moment
    paper = view.item(model.Paper, key) or model.Paper(paper=key, title="", observed_at=0)
    reader = session.issue_reader().conversation_reader(view, own_voices(session))
    about = reader.read({key: paper}).get(key, model.PaperConversations())
    left = params.posts
    details = []
    for conversation in about.conversations[:MAX_CONVERSATIONS]:
        chosen = nearest_posts(conversation.root, left)
        left -= len(chosen)
        details.append(_details(conversation, chosen))
    critic, question, answer = (post.key if post else "" for post in about.landmarks[:3])
    return PaperConversationDetails(
        paper=key,
        sentence=facts_sentence(about) if about.threads else "",
        people=about.people,
        authors=about.authors,
        answered_posts=about.answered_posts,
        answered=about.answered,
        critic=critic,
        question=question,
        answer=answer,
        conversations=tuple(details),
    )


def _details(conversation: Conversation, chosen: set[str]) -> conversation_schemas.ConversationDetails:
    return conversation_schemas.ConversationDetails(
        networks=conversation.networks,
        people=conversation.people,
        posts=conversation.posts,
        counted=conversation.counted,
        author_answers=conversation.author_answers,
        began_at=conversation.began_at,
        ended_at=conversation.ended_at,
        thread=tuple(_thread(conversation.root, chosen)),
    )


def _thread(root: ThreadNode, chosen: set[str]) -> Iterator[conversation_schemas.ThreadPostDetails]:
    """The chosen posts of a tree, each before those that answer it."""
    stack = [(0, root)] if root.key in chosen else []
    while stack:
        depth, node = stack.pop()
        yield _post(depth, node, node.post)
        stack += [(depth + 1, reply) for reply in reversed(node.replies) if reply.key in chosen]


def _post(depth: int, node: ThreadNode, post: ThreadPost | None) -> conversation_schemas.ThreadPostDetails:
    return conversation_schemas.ThreadPostDetails(
        depth=depth,
        post=as_post(post.post, post.shown or "link") if post else None,
        unread=node.is_unread,
        reactions=node.reactions,
        author=post.is_author if post else False,
        regular=post.is_regular if post else False,
        also=tuple(site_paths.post_url(copy.post.post, copy.post.links) for copy in node.copies),
    )
