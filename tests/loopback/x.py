"""X: recent search and lookup, with the operator's token. https://docs.x.com/x-api/posts/search-recent-posts"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hotpapers.base.model import DAY, HOUR
from tests.loopback import ids, message_text
from tests.loopback.network_state import NetworkState, Reply, Request, iso, json, not_found
from tests.loopback.script import (
    SECOND,
    Message,
    account_exists,
    counts,
    final_counts,
    find_message,
    is_visible,
    latest_messages,
    reaction_time,
)

TOKEN = "made-up-bearer"
MEMORY_DAYS = 7
PROBLEMS = "https://api.twitter.com/2/problems"
_URL = re.compile(r'url:"([^"]{1,100})"')


def answer(state: NetworkState, request: Request) -> Reply:
    """Search and lookup, for requests with the token."""
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        return json({"title": "Unauthorized", "status": 401, "detail": "Unauthorized"}, 401)
    if request.path == "/2/tweets/search/recent":
        return _search(state, request)
    return _lookup(state, request) if request.path == "/2/tweets" else not_found()


def matches(message: Message, query: str) -> bool:
    """Whether a message links to one of the addresses in a query."""
    return any(part in target for part in _URL.findall(query) for target in message_text.targets(message))


def _search(state: NetworkState, request: Request) -> Reply:
    """The matching posts of the last seven days, after `since_id` and before `until_id`, newest first, page by page."""
    since, until = request.number("since_id", 0, 2**63), request.number("until_id", 0, 2**63)
    size = request.number("max_results", 10, 100)
    earliest = state.now - MEMORY_DAYS * DAY
    if any(id and (ids.creation_time("x", str(id)) or 0) < earliest for id in (since, until)):
        return _invalid("since_id and until_id must be of the last seven days")
    if size < 10:
        return _invalid("max_results is 10 to 100")
    rows = _rows(state, request.param("query"))
    rows = [row for row in rows if since < int(row["id"]) < (until or 2**63)]
    start = request.number("next_token", 0, 100_000)
    page = rows[start : start + size]
    meta: dict[str, Any] = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}
    if start + size < len(rows):
        meta["next_token"] = str(start + size)
    return _reply(state, state.reorder(page), meta)


def _rows(state: NetworkState, query: str) -> list[dict[str, Any]]:
    """Matching posts and, unless left out, reposts of them, newest first."""
    tweets = []
    for message in latest_messages(state.script, "x", state.now, MEMORY_DAYS + 1):
        if message.at > state.now - MEMORY_DAYS * DAY and is_visible(message, state.now) and matches(message, query):
            tweets.append(_tweet(state, message))
            tweets += [] if "-is:retweet" in query else _retweet(state, message)
    return sorted(tweets, key=lambda row: -int(row["id"]))


def _lookup(state: NetworkState, request: Request) -> Reply:
    """Posts by id; missing ones are listed as errors."""
    tweets, errors = [], []
    for id in request.param("ids").split(",")[:100]:
        at = ids.creation_time("x", id)
        message = find_message(state.script, "x", id, at) if at is not None else None
        if message and is_visible(message, state.now):
            tweets.append(_tweet(state, message))
        else:
            errors.append(_problem(message, id, state.now))
    return _reply(state, tweets, None, errors)


def _problem(message: Message | None, id: str, now: int) -> dict[str, Any]:
    """The error for a post that is not shown."""
    is_suspended = message is not None and message.at <= now and not account_exists(message.author, now)
    return {
        "value": id, "resource_id": id, "resource_type": "tweet", "parameter": "ids",
        "title": "Forbidden" if is_suspended else "Not Found Error", "type": f"{PROBLEMS}/resource-not-found",
    }  # fmt: skip


def _reply(state: NetworkState, rows: Sequence[dict[str, Any]], meta: Any, errors: Sequence[Any] = ()) -> Reply:
    accounts = {account.id: account for account in state.script.accounts("x")}
    author_ids = dict.fromkeys(row["author_id"] for row in rows)
    users = [
        {"id": id, "username": accounts[id].name, "name": accounts[id].display_name, "protected": False}
        for id in author_ids
    ]
    body: dict[str, Any] = {"data": rows, "includes": {"users": users}} if rows else {}
    body |= {"meta": meta} if meta is not None else {}
    reset = str(state.network_time(state.now) // SECOND + 900)
    limits = {"x_rate_limit_limit": "450", "x_rate_limit_remaining": "449", "x_rate_limit_reset": reset}
    return json(body | ({"errors": errors} if errors else {}), 200, **limits)


def _invalid(reason: str) -> Reply:
    return json({"errors": [{"message": reason}], "title": "Invalid Request", "type": "invalid-request"}, 400)


def _tweet(state: NetworkState, message: Message) -> dict[str, Any]:
    """A post as it is now; an edit has its own id."""
    is_edited = message.edited_at <= state.now
    history = [message.id, *([str(int(ids.message_id("x", message.edited_at)) + 2)] if is_edited else [])]
    text, urls = _text(state, message)
    totals = counts(message, state.now)
    return {
        "id": history[-1], "edit_history_tweet_ids": history, "author_id": message.author.id, "text": text,
        "created_at": iso(state.network_time(message.edited_at if is_edited else message.at)), "lang": message.lang,
        "entities": {"urls": urls}, "possibly_sensitive": "sensitive" in message.limits,
        "public_metrics": {
            "retweet_count": totals.reposts, "reply_count": totals.replies, "like_count": totals.likes,
            "quote_count": totals.quotes, "bookmark_count": 0, "impression_count": totals.views,
        },
    }  # fmt: skip


def _text(state: NetworkState, message: Message) -> tuple[str, list[dict[str, Any]]]:
    """The text with shortened addresses, and the list of what they stand for."""
    text, urls = "", []
    for piece in message_text.pieces(message, state.now):
        start = len(text)
        text += f"https://t.co/{message.id[-10:]}" if piece.target else piece.text
        if piece.target:
            urls.append({
                "start": start, "end": len(text), "url": text[start:], "expanded_url": piece.target,
                "display_url": piece.text,
            })  # fmt: skip
    return text, urls


def _retweet(state: NetworkState, message: Message) -> list[dict[str, Any]]:
    """A repost of a post: with shortened text, the original's count of reposts, and no likes."""
    shares = final_counts(message).reposts
    at = reaction_time(message, 2, shares) // SECOND * SECOND if shares >= 2 else state.now + HOUR
    if at > state.now:
        return []
    original = _tweet(state, message)
    metrics = {"retweet_count": original["public_metrics"]["retweet_count"], "like_count": 0, "reply_count": 0}
    id = str(int(ids.message_id("x", at)) + 1)
    return [original | {
        "id": id, "edit_history_tweet_ids": [id], "text": f"RT @{message.author.name}: {original['text'][:60]}…",
        "referenced_tweets": [{"type": "retweeted", "id": message.id}], "public_metrics": metrics,
    }]  # fmt: skip
