"""Hacker News: Algolia's search by date, and Firebase's items."""

from __future__ import annotations

import html
import re
from typing import Any

from hotpapers.base.model import DAY
from tests.loopback import ids, message_text
from tests.loopback.network_state import NetworkState, Reply, Request, iso, json, not_found
from tests.loopback.script import (
    MINUTE,
    SECOND,
    Message,
    account_exists,
    counts,
    find_message,
    is_visible,
    messages_between,
)
from tests.loopback.threads import answers

INDEX_DELAY = 3 * MINUTE
"""How long after its creation the search finds an item."""
MOST_HITS = 1000
_ITEM, _HIT = re.compile(r"/v0/item/(\d{1,15})\.json"), re.compile(r"/api/v1/items/(\d{1,15})")
_FILTER = re.compile(r"created_at_i(>=|<=|>|<)(\d{1,12})")


def answer(state: NetworkState, request: Request) -> Reply:
    """The search and single items; the search finds only items that still exist."""
    if request.path == "/api/v1/search_by_date":
        return _search(state, request)
    item_path, hit_path = _ITEM.fullmatch(request.path), _HIT.fullmatch(request.path)
    if item_path:
        return json(_item(state, item_path[1]))
    message = _find_created(state, hit_path[1]) if hit_path else None
    return json(_tree(state, message)) if message and is_visible(message, state.now) else not_found()


def score(message: Message, now: int) -> int:
    """A story's points: its likes and one from its submitter."""
    return 1 + counts(message, now).likes


def _search(state: NetworkState, request: Request) -> Reply:
    """Hits that contain the words searched for, newest first; never more than a thousand."""
    since, until = _span(state, request.param("numericFilters"))
    words = request.param("query").strip('"')
    size, page_number = request.number("hitsPerPage", 20, MOST_HITS), request.number("page", 0, MOST_HITS)
    newest = min(until, state.now - INDEX_DELAY)
    if not words:  # everything that people wrote about anything: something is always new
        return json({"hits": [{"objectID": "1", "created_at_i": newest // SECOND}]})
    messages = [
        message
        for message in messages_between(state.script, "hackernews", since, newest)
        if is_visible(message, state.now)
    ]
    hits = [message for message in reversed(messages) if words in _indexed_text(message, state.now)]
    page_hits = hits[page_number * size : (page_number + 1) * size]
    return json({
        "hits": state.reorder(_hit(state, message) for message in page_hits), "nbHits": len(hits), "page": page_number,
        "nbPages": -(-len(hits) // max(size, 1)), "hitsPerPage": size, "exhaustiveNbHits": False,
    })  # fmt: skip


def _span(state: NetworkState, filters: str) -> tuple[int, int]:
    """The period that filters such as created_at_i>=1 leave; both moments are included."""
    since, until = state.now - 400 * DAY, state.now
    for sign, second in _FILTER.findall(filters):
        at = int(second) * SECOND
        if sign[0] == ">":
            since = max(since, at + SECOND * (sign == ">"))
        else:
            until = min(until, at - SECOND * (sign == "<"))
    return since, until


def _indexed_text(message: Message, now: int) -> str:
    """What the search indexes: words and the addresses of links."""
    return " ".join([message.title, message.words_at(now), *message_text.targets(message)])


def _url(message: Message) -> str | None:
    """A story's address: the first one that it links to."""
    return next(iter(message_text.targets(message)), None) if not message.story else None


def _html(message: Message, now: int) -> str:
    """A message as HTML. Slashes in addresses are escaped, as on the real site."""
    parts = []
    for piece in message_text.pieces(message, now):
        target = html.escape(piece.target).replace("/", "&#x2F;")
        shown = html.escape(piece.text)
        parts.append(f'<a href="{target}" rel="nofollow">{shown}</a>' if target else shown)
    return "".join(parts)


def _hit(state: NetworkState, message: Message) -> dict[str, Any]:
    at = state.network_time(message.at)
    hit: dict[str, Any] = {
        "objectID": message.id, "created_at": iso(at), "created_at_i": at // SECOND, "author": message.author.name,
        "title": None, "url": None, "points": None, "num_comments": None, "story_text": None, "comment_text": None,
    }  # fmt: skip
    if message.story:
        story_fields = {
            "story_id": int(message.story),
            "parent_id": int(message.parent or message.story),
            "story_title": "Something else",
        }
        return (
            hit
            | story_fields
            | {"comment_text": _html(message, state.now), "_tags": ["comment", f"story_{message.story}"]}
        )
    text = "" if _url(message) else _html(message, state.now)
    totals = counts(message, state.now)
    return hit | {
        "title": message.title, "url": _url(message), "points": score(message, state.now),
        "num_comments": totals.replies, "story_text": text or None, "_tags": ["story", f"story_{message.id}"],
    }  # fmt: skip


def _tree(state: NetworkState, message: Message) -> dict[str, Any]:
    """An item with the comments below it; a missing comment has no author and no text."""
    children = [_tree(state, answer) for answer in answers(state.script, message, state.now)]
    at = state.network_time(message.at)
    is_shown = is_visible(message, state.now)
    return {
        "id": int(message.id), "created_at_i": at // SECOND, "type": "comment" if message.story else "story",
        "author": message.author.name if is_shown else None, "title": message.title or None,
        "text": _html(message, state.now) if is_shown else None, "points": None, "children": children,
        "parent_id": int(message.parent or message.story or 0) or None, "story_id": int(message.story or message.id),
    }  # fmt: skip


def _find_created(state: NetworkState, id: str) -> Message | None:
    at = ids.creation_time("hackernews", id)
    message = find_message(state.script, "hackernews", id, at) if at is not None else None
    return message if message and message.at <= state.now else None


def _item(state: NetworkState, id: str) -> dict[str, Any] | None:
    """An item as it is now; null if it is not known yet."""
    message = _find_created(state, id)
    if message is None:
        return None
    kind = "comment" if message.story else "story"
    base = {"id": int(id), "time": state.network_time(message.at) // SECOND, "type": kind}
    if not is_visible(message, state.now):
        return base | _missing_fields(message, state.now)
    if message.story:
        return base | {
            "by": message.author.name,
            "parent": int(message.parent or message.story),
            "text": _html(message, state.now),
        }
    totals = counts(message, state.now)
    return base | {
        "by": message.author.name, "title": message.title, "url": _url(message) or "",
        "score": score(message, state.now), "descendants": totals.replies,
    }  # fmt: skip


def _missing_fields(message: Message, now: int) -> dict[str, Any]:
    if was_removed(message, now):
        return {"dead": True, "by": message.author.name, "text": "[dead]"}
    return {"deleted": True}


def was_removed(message: Message, now: int) -> bool:
    """Whether somebody other than its author removed a missing item."""
    return message.gone_reason == "removed" or not account_exists(message.author, now)
