"""From posts to conversations: trees by who answers whom. Pure, and indifferent to the order of the posts.

Copies of a text become one post, with the answers to all of them. A post that may not be shown leaves its place if
somebody answered it, and so does one that was not read. In a circle of answers, the earliest post is the root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from hotpapers.base.grouping import group_by
from hotpapers.base.model import Conversation, PaperConversations, ThreadNode, ThreadPost
from hotpapers.discussion.conversations import copies
from hotpapers.discussion.conversations.landmarks import first_posts, is_question

SaysMore = Callable[[str], bool]
"""Whether a text says more than the paper's title."""


def likes_first(node: ThreadNode) -> tuple[Any, ...]:
    """The order *most liked*: more reactions first, then the earlier post."""
    return (-node.reactions, node.began_at, node.key)


def newest_first(node: ThreadNode) -> tuple[Any, ...]:
    """The order *newest*: the latest post first."""
    return (-node.began_at, node.key)


def conversations_of(posts: Iterable[ThreadPost], title: str = "", says_more: SaysMore = bool) -> PaperConversations:
    """All conversations among the posts about a paper. `title`: the paper's."""
    walked = [list(root.walk()) for root in trees_of(posts, title)]
    ordered = sorted((_conversation(nodes, says_more) for nodes in walked), key=_most_people_first)
    in_threads = {conversation.root.key for conversation in ordered if conversation.has_replies}
    threads = [nodes for nodes in walked if nodes[0].key in in_threads]
    answers = [answer for nodes in threads for answer in _author_answers(nodes)]
    answered = {node.key: node.post for node, _ in answers}
    author_of = {post.voice: post.author for _, post in answers if post.author}
    authors = {author_of.get(post.voice) or f"voice {post.voice}" for _, post in answers}
    return PaperConversations(
        conversations=tuple(ordered),
        people=len({post.voice for nodes in threads for node in nodes for post in node.posts}),
        authors=len(authors),
        answered_posts=len(answered),
        answered=sum(not post.is_author and is_question(post) for post in answered.values() if post),
        landmarks=first_posts(node for nodes in walked for node in nodes),
    )


def _most_people_first(conversation: Conversation) -> tuple[Any, ...]:
    is_single = not conversation.has_replies
    return (is_single, -conversation.people, -conversation.reactions, conversation.began_at, conversation.root.key)


# ---- trees -----------------------------------------------------------------------------------------------


def trees_of(posts: Iterable[ThreadPost], title: str = "") -> tuple[ThreadNode, ...]:
    """The roots of all trees, each with those that answer it, most liked first."""
    by_key = {post.key: post for post in posts}
    in_order = sorted(by_key)
    answered = {key: parent for key in in_order if (parent := by_key[key].parent)}
    parents = _without_circles(answered, by_key)
    unknown = sorted(set(parents.values()) - by_key.keys())
    children = group_by((*in_order, *unknown), lambda key: parents.get(key, ""))
    members, answers = _merged(children, by_key, title)
    nodes: dict[str, ThreadNode] = {}
    for key in reversed(members):
        replies = sorted([nodes[reply] for reply in answers.get(key, ()) if reply in nodes], key=likes_first)
        united = [by_key[member] for member in members[key] if member in by_key]
        node = _node(key, united, tuple(replies))
        if node.post or node.replies:
            nodes[key] = node
    roots = [nodes[key] for key in answers[""] if key in nodes]
    return tuple(sorted(roots, key=likes_first))


def _node(key: str, posts: Sequence[ThreadPost], replies: tuple[ThreadNode, ...]) -> ThreadNode:
    shown = tuple([post for post in posts if post.shown])
    first = shown[0] if shown else None
    began_at = first.post.created_at if first else min([reply.began_at for reply in replies], default=0)
    return ThreadNode(key, first, shown[1:], replies, not posts, began_at, tuple([post.voice for post in posts]))


def _without_circles(parents: Mapping[str, str], by_key: Mapping[str, ThreadPost]) -> dict[str, str]:
    """The parents of posts, without that of the earliest post of each circle."""
    result = dict(parents)
    finished = set[str]()
    for start in parents:
        path: dict[str, None] = {}
        key = start
        while key in result and key not in finished and key not in path:
            path[key] = None
            key = result[key]
        if key in path:
            names = list(path)
            circle = names[names.index(key) :]
            del result[min(circle, key=lambda name: (by_key[name].post.created_at, name))]
        finished.update(path)
    return result


def _merged(
    children: Mapping[str, Sequence[str]], by_key: Mapping[str, ThreadPost], title: str
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The posts that each node unites, the first of them first, with each node before its answers; and the nodes that
    answer each node."""
    members: dict[str, list[str]] = {}
    answers = {}
    waiting = [("", list(children.get("", ())))]
    for parent, keys in waiting:  # which grows meanwhile, by the answers to each
        siblings = [by_key[key] for key in keys if key in by_key]
        copied = copies.leading_copies(siblings, title) if len(siblings) > 1 else {}
        united = {key: [key] for key in keys if key not in copied}
        for key, first in copied.items():
            united[first].append(key)
        answers[parent] = list(united)
        members |= united
        for key, some in united.items():
            below = [child for member in some if member in children for child in children[member]]
            if below:
                waiting.append((key, below))
    return members, answers


# ---- facts -----------------------------------------------------------------------------------------------


def _conversation(nodes: Sequence[ThreadNode], says_more: SaysMore) -> Conversation:
    united = [node.posts for node in nodes if node.post]
    posts = [post for some in united for post in some]
    moments = [post.post.created_at for post in posts]
    first = nodes[0].posts
    listed = len(first or (None,)) + sum([post.answers for post in posts])
    merged = len(posts) - len(united)
    return Conversation(
        root=nodes[0],
        networks=tuple(dict.fromkeys([post.post.network for post in first or united[0]])),
        people=len({post.voice for post in posts}),
        posts=len(united),
        counted=max(len(posts), listed) - merged,
        reactions=sum([post.reactions for post in posts]),
        began_at=min(moments),
        ended_at=max(moments),
        author_answers=len(list(_author_answers(nodes))),
        best=_best(posts, says_more),
        has_replies=len([node for node in nodes if not node.is_unread]) > 1,
    )


def _best(posts: Sequence[ThreadPost], says_more: SaysMore) -> ThreadPost | None:
    with_words = [post for post in posts if post.shown != "link"]
    with_words.sort(key=lambda post: (post.is_author, -post.reactions, post.post.created_at, post.key))
    return next((post for post in with_words if says_more(post.post.text)), None)


def _author_answers(nodes: Iterable[ThreadNode]) -> Iterator[tuple[ThreadNode, ThreadPost]]:
    """The replies of authors to somebody else, with what they reply to. Whose post it was that was not read is not
    known: authors often begin threads with other posts."""
    for node in nodes:
        for reply in node.replies if node.post or any(node.voices) else ():
            post = reply.post
            if post and post.is_author and not post.is_quote and not _is_to_oneself(post, node):
                yield node, post


def _is_to_oneself(post: ThreadPost, node: ThreadNode) -> bool:
    """Whether a reply is to a post by the same account, or by another one of the same author."""
    is_by_author = node.post is not None and node.post.author == post.author > 0
    return post.voice in node.voices or is_by_author
