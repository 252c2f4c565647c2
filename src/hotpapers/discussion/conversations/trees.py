"""From posts to conversations: trees by who answers whom. Pure, and indifferent to the order of the posts.

Copies of a text become one post, with the answers to all of them. A post that may not be shown leaves its place if
somebody answered it, and so does one that was not read. In a circle of answers, the earliest post is the root.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from hotpapers.base.model import Conversation, PaperConversations, ThreadNode, ThreadPost
from hotpapers.discussion.conversations import copies
from hotpapers.discussion.conversations.landmarks import first_posts, is_question

SaysMore = Callable[[str], bool]
"""Whether a text says more than the paper's title."""


def likes_first(node: ThreadNode) -> tuple[Any, ...]:
    """The order *most liked*: more reactions first, then the earlier post."""
    return (-sum([post.reactions for post in node.posts]), began_at(node), node.key)


def newest_first(node: ThreadNode) -> tuple[Any, ...]:
    """The order *newest*: the latest post first."""
    return (-began_at(node), node.key)


def began_at(node: ThreadNode) -> int:
    """When a post was made; of one that cannot be seen, its first answer. µs UTC."""
    if node.post:
        return node.post.post.created_at
    return min((other.post.post.created_at for other in node.walk() if other.post), default=0)


def conversations_of(posts: Iterable[ThreadPost], title: str = "", says_more: SaysMore = bool) -> PaperConversations:
    """All conversations among the posts about a paper. `title`: the paper's."""
    walked = [list(root.walk()) for root in trees_of(posts, title)]
    ordered = sorted((_conversation(nodes, says_more) for nodes in walked), key=_most_people_first)
    in_threads = {conversation.root.key for conversation in ordered if conversation.has_replies}
    threads = [nodes for nodes in walked if nodes[0].key in in_threads]
    return PaperConversations(
        conversations=tuple(ordered),
        people=len({post.voice for nodes in threads for node in nodes for post in node.posts}),
        authors=len({post.voice for nodes in threads for post in _author_answers(nodes)}),
        answered=sum(_is_answered(node) for nodes in threads for node in nodes),
        landmarks=first_posts(node for nodes in walked for node in nodes),
    )


def _most_people_first(conversation: Conversation) -> tuple[Any, ...]:
    is_single = not conversation.has_replies
    return (is_single, -conversation.people, -conversation.reactions, conversation.began_at, conversation.root.key)


# ---- trees -----------------------------------------------------------------------------------------------


def trees_of(posts: Iterable[ThreadPost], title: str = "") -> tuple[ThreadNode, ...]:
    """The roots of all trees, each with those that answer it, most liked first."""
    in_order = sorted(posts, key=lambda post: post.key)
    by_key = {post.key: post for post in in_order}
    answered = {post.key: post.parent for post in in_order if post.parent}
    parents = _without_circles(answered, by_key)
    children: dict[str, list[str]] = defaultdict(list)
    for key in (*by_key, *sorted(set(parents.values()) - by_key.keys())):
        children[parents.get(key, "")].append(key)
    members, answers = _merged(children, by_key, title)
    nodes: dict[str, ThreadNode] = {}
    for key in reversed(members):
        replies = [nodes[reply] for reply in answers.get(key, ()) if reply in nodes]
        if len(replies) > 1:
            replies.sort(key=likes_first)
        united = [by_key[member] for member in members[key] if member in by_key]
        node = _node(key, united, tuple(replies))
        if node.post or node.replies:
            nodes[key] = node
    roots = [nodes[key] for key in answers[""] if key in nodes]
    return tuple(sorted(roots, key=likes_first))


def _node(key: str, posts: Sequence[ThreadPost], replies: tuple[ThreadNode, ...]) -> ThreadNode:
    shown = tuple([post for post in posts if post.shown])
    first = shown[0] if shown else None
    return ThreadNode(key, first, shown[1:], replies, not posts)


def _without_circles(parents: Mapping[str, str], by_key: Mapping[str, ThreadPost]) -> dict[str, str]:
    """The parents of posts, without that of the earliest post of each circle."""
    result = dict(parents)
    finished: set[str] = set()
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
    answers: dict[str, list[str]] = {}
    waiting = [("", list(children.get("", ())))]
    for parent, keys in waiting:
        copied = copies.leading_copies([by_key[key] for key in keys if key in by_key], title) if len(keys) > 1 else {}
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
    united = [node.posts for node in nodes]
    posts = [post for some in united for post in some]
    moments = [post.post.created_at for post in posts]
    first = nodes[0].posts or next(node.posts for node in nodes if node.posts)
    return Conversation(
        root=nodes[0],
        networks=tuple(dict.fromkeys(post.post.network for post in first)),
        people=len({post.voice for post in posts}),
        posts=len(posts),
        counted=max(len(posts), 1 + sum([post.answers for post in posts])),
        reactions=sum([post.reactions for post in posts]),
        began_at=min(moments),
        ended_at=max(moments),
        author_answers=sum(1 for _ in _author_answers(nodes)),
        best=_best(posts, says_more),
        has_replies=len(list(filter(None, united))) > 1,
    )


def _best(posts: Sequence[ThreadPost], says_more: SaysMore) -> ThreadPost | None:
    with_words = [post for post in posts if post.shown != "link"]
    with_words.sort(key=lambda post: (post.is_author, -post.reactions, post.post.created_at, post.key))
    return next((post for post in with_words if says_more(post.post.text)), None)


def _author_answers(nodes: Iterable[ThreadNode]) -> Iterator[ThreadPost]:
    """The posts by authors that answer somebody else."""
    for node in nodes:
        for reply in node.replies:
            post = reply.post
            if post and post.is_author and all(post.voice != other.voice for other in node.posts):
                yield post


def _is_answered(node: ThreadNode) -> bool:
    """Whether a question was answered by an author."""
    post = node.post
    if post is None or post.is_author:
        return False
    return any(reply.post and reply.post.is_author for reply in node.replies) and is_question(post)
