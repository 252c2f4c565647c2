"""Reddit: a subreddit's feed, without counts; with a key, its listing and posts by name. There is one subreddit.

https://www.reddit.com/dev/api
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile, islice
from typing import Any
from xml.sax.saxutils import escape

from tests.loopback import ids, message_text
from tests.loopback.network_state import NetworkState, Reply, Request, iso, json, not_found
from tests.loopback.script import SECOND, Message, account_exists, counts, find_message, latest_messages
from tests.loopback.threads import answers

CLIENT, SECRET, TOKEN = "loopback", "made-up-secret", "made-up-token"
FEED_TOKEN, FEED_USER = "0123made0up0feed0token4567", "loopback"
"""What the address of one's own feeds has."""
FEED_POSTS, MAX_POSTS, LISTING_LIMIT = 25, 100, 1000
HOME = "MachineLearning"
_THREAD = re.compile(r"/comments/([0-9a-z]{1,13})(/\.rss)?")
_NEW = re.compile(r"/r/(\w+)/new(/\.rss)?")


def answer(state: NetworkState, request: Request) -> Reply:
    """Feeds need no key; the token requires the application's secret, everything else the token."""
    if request.path == "/api/v1/access_token":
        return _token(request)
    listing_path, thread_path = _NEW.fullmatch(request.path), _THREAD.fullmatch(request.path)
    account = (request.param("feed"), request.param("user"))
    if request.path.endswith(".rss") and account not in (("", ""), (FEED_TOKEN, FEED_USER)):
        return json({"message": "Forbidden", "error": 403}, 403)
    if listing_path and listing_path[2]:
        return _feed(state, listing_path[1])
    if thread_path and thread_path[2]:
        return _thread(state, f"t3_{thread_path[1]}")
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        return json({"message": "Unauthorized", "error": 401}, 401)
    if thread_path:
        return _comments(state, f"t3_{thread_path[1]}")
    if listing_path:
        return _new(state, request, listing_path[1])
    return _info(state, request) if request.path == "/api/info" else not_found()


def _token(request: Request) -> Reply:
    credentials = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
    if request.method != "POST" or request.headers.get("authorization") != credentials:
        return json({"message": "Unauthorized", "error": 401}, 401)
    return json({"access_token": TOKEN, "token_type": "bearer", "expires_in": 86400, "scope": "*"})


def _new(state: NetworkState, request: Request, subreddit: str) -> Reply:
    """The newest posts, page by page, at most a thousand; removed ones are not listed."""
    posts = islice(_newest(state), LISTING_LIMIT)
    after, limit = request.param("after"), request.number("limit", 25, MAX_POSTS)
    if after:
        posts = islice(dropwhile(lambda message: message.id != after, posts), 1, None)
    page = list(islice(posts, limit + 1))
    return _listing(state, page[:limit], page[limit - 1].id if len(page) > limit else None, subreddit)


def _newest(state: NetworkState) -> Iterator[Message]:
    latest = latest_messages(state.script, "reddit", state.now, 60)
    return (message for message in latest if not message.parent and is_listed(message, state.now))


def _info(state: NetworkState, request: Request) -> Reply:
    """Posts by name; deleted or removed ones say so."""
    messages = []
    for name in request.param("id").split(",")[:MAX_POSTS]:
        message = _find_created(state, name)
        messages += [message] if message else []
    return _listing(state, messages, None, HOME)


def _find_created(state: NetworkState, name: str) -> Message | None:
    at = ids.creation_time("reddit", name)
    message = find_message(state.script, "reddit", name, at) if at is not None else None
    return message if message and message.at <= state.now else None


def is_listed(message: Message, now: int) -> bool:
    """Whether a post is in the list of new ones."""
    return message.at <= now < message.gone_at and account_exists(message.author, now)


def _listing(state: NetworkState, posts: list[Message], after: str | None, subreddit: str) -> Reply:
    children = [{"kind": "t3", "data": _t3(state, message, subreddit)} for message in posts]
    data = {"after": after, "children": state.reorder(children)}
    limits = {"x_ratelimit_used": "1", "x_ratelimit_remaining": "599.0", "x_ratelimit_reset": "300"}
    return json({"kind": "Listing", "data": data}, 200, **limits)


def score(message: Message, now: int) -> int:
    """A post's score: its likes and one from its submitter."""
    return 1 + counts(message, now).likes


def target(message: Message) -> str:
    """Where a post's title links to; empty for a post that is only text."""
    return next(iter(message_text.targets(message)), "")


def _t3(state: NetworkState, message: Message, subreddit: str) -> dict[str, Any]:
    """A post. A deleted one has no author; a removed one names the kind of account that removed it."""
    totals = counts(message, state.now)
    permalink = f"{state.base}/r/{subreddit}/comments/{message.id[3:]}/"
    words = message.words_at(state.now) if target(message) else message_text.text(message, state.now)
    post: dict[str, Any] = {
        "name": message.id, "id": message.id[3:], "created_utc": float(state.network_time(message.at) // SECOND),
        "title": message.title, "author": message.author.name, "author_fullname": message.author.id,
        "subreddit": subreddit, "url": target(message) or permalink,
        "selftext": words, "score": score(message, state.now), "num_comments": totals.replies, "over_18": False,
        "edited": state.network_time(message.edited_at) / SECOND if message.edited_at <= state.now else False,
        "removed_by_category": None, "permalink": permalink,
    }  # fmt: skip
    if is_listed(message, state.now):
        return post
    if was_removed(message, state.now):
        return post | {"removed_by_category": "moderator", "selftext": "[removed]"}
    return post | {"author": "[deleted]", "author_fullname": None, "selftext": "[deleted]"}


def was_removed(message: Message, now: int) -> bool:
    """Whether somebody other than its author removed a missing post."""
    return message.gone_at <= now and message.gone_reason == "removed"


def _comments(state: NetworkState, name: str) -> Reply:
    """A post and the tree of its comments. Without the post, there is none."""
    message = _find_created(state, name)
    if message is None or not is_listed(message, state.now):
        return not_found()
    post = {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": _t3(state, message, HOME)}]}}
    return json([post, _tree(state, message, name)])


def _tree(state: NetworkState, message: Message, name: str) -> Any:
    """The answers to a message as a list; an empty text for none. Of a comment that is gone, the place is left if
    somebody answered it."""
    children = []
    for answer in answers(state.script, message, state.now):
        own_name = f"t1_{answer.id[3:]}"
        below = _tree(state, answer, own_name)
        shown: dict[str, Any] = {
            "name": own_name, "parent_id": name, "replies": below, "created_utc": float(answer.at // SECOND),
            "author": answer.author.name, "author_fullname": answer.author.id, "body": answer.words_at(state.now),
            "score": score(answer, state.now), "score_hidden": False,
        }  # fmt: skip
        if not is_listed(answer, state.now):
            shown |= {"author": "[deleted]", "author_fullname": None, "body": "[deleted]"}
        if below or is_listed(answer, state.now):
            children.append({"kind": "t1", "data": shown})
    if message.parent and not children:
        return ""
    return {"kind": "Listing", "data": {"after": None, "children": children}}


def _feed(state: NetworkState, subreddit: str) -> Reply:
    return _atom(state, list(islice(_newest(state), FEED_POSTS)), subreddit)


def _thread(state: NetworkState, name: str) -> Reply:
    """A post's own feed: the post, without its comments, which are not read from there."""
    message = _find_created(state, name)
    return _atom(state, [message], HOME) if message and is_listed(message, state.now) else not_found()


def _atom(state: NetworkState, posts: Sequence[Message], subreddit: str) -> Reply:
    entries = "".join(state.reorder(_entry(state, message, subreddit) for message in posts))
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<updated>{iso(state.network_time(state.now))}</updated><id>/r/{subreddit}/new/.rss</id>"
        f"<title>newest submissions : {subreddit}</title>{entries}</feed>"
    )
    return Reply(200, body.encode(), "application/atom+xml; charset=UTF-8")


def _entry(state: NetworkState, message: Message, subreddit: str) -> str:
    permalink = f"{state.base}/r/{subreddit}/comments/{message.id[3:]}/"
    words = message.words_at(state.now) if target(message) else message_text.text(message, state.now)
    content = (
        f'<!-- SC_OFF --><div class="md"><p>{html.escape(words)}</p></div><!-- SC_ON -->'
        f' submitted by /u/{message.author.name} <span><a href="{target(message) or permalink}">[link]</a></span>'
        f' <span><a href="{permalink}">[comments]</a></span>'
    )
    moment = iso(state.network_time(message.at))
    return (
        f'<entry><author><name>/u/{message.author.name}</name></author><category term="{subreddit}"/>'
        f'<content type="html">{escape(content)}</content><id>{message.id}</id><link href="{permalink}"/>'
        f"<updated>{moment}</updated><published>{moment}</published><title>{escape(message.title)}</title></entry>"
    )
