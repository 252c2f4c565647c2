"""X: recent search and lookup, with the operator's token. https://docs.x.com/x-api/posts/search-recent-posts"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hotpapers.model import DAY, HOUR
from tests.loopback import ids, naming
from tests.loopback.scene import Reply, Request, Scene, iso, json, not_found
from tests.loopback.script import SECOND, Said, comes_at, counts, finals, find, latest, present, there

TOKEN = "made-up-bearer"
MEMORY_DAYS = 7
PROBLEMS = "https://api.twitter.com/2/problems"
_URL = re.compile(r'url:"([^"]{1,100})"')


def answer(scene: Scene, asked: Request) -> Reply:
    """Search and lookup, for requests with the token."""
    if asked.headers.get("authorization") != f"Bearer {TOKEN}":
        return json({"title": "Unauthorized", "status": 401, "detail": "Unauthorized"}, 401)
    if asked.path == "/2/tweets/search/recent":
        return _search(scene, asked)
    return _lookup(scene, asked) if asked.path == "/2/tweets" else not_found()


def matches(said: Said, query: str) -> bool:
    """Whether a message links to one of the addresses in a query."""
    return any(part in target for part in _URL.findall(query) for target in naming.targets(said))


def _search(scene: Scene, asked: Request) -> Reply:
    """The matching posts of the last seven days and after `since_id`, newest first, page by page."""
    since, size = asked.number("since_id", 0, 2**63), asked.number("max_results", 10, 100)
    made = ids.made_at("x", str(since)) or 0
    if since and made < scene.now - MEMORY_DAYS * DAY:
        return _invalid("since_id must be of the last seven days")
    if size < 10:
        return _invalid("max_results is 10 to 100")
    rows = [row for row in _rows(scene, asked.one("query")) if int(row["id"]) > since]
    start = asked.number("next_token", 0, 100_000)
    page = rows[start : start + size]
    meta: dict[str, Any] = {"result_count": len(page)}
    if page:
        meta |= {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}
    if start + size < len(rows):
        meta["next_token"] = str(start + size)
    return _reply(scene, scene.listed(page), meta)


def _rows(scene: Scene, query: str) -> list[dict[str, Any]]:
    """Matching posts and, unless left out, reposts of them, newest first."""
    found = []
    for said in latest(scene.script, "x", scene.now, MEMORY_DAYS + 1):
        if said.at > scene.now - MEMORY_DAYS * DAY and there(said, scene.now) and matches(said, query):
            found.append(_tweet(scene, said))
            found += [] if "-is:retweet" in query else _shared(scene, said)
    return sorted(found, key=lambda row: -int(row["id"]))


def _lookup(scene: Scene, asked: Request) -> Reply:
    """Posts by id; missing ones are listed as errors."""
    found, errors = [], []
    for id in asked.one("ids").split(",")[:100]:
        at = ids.made_at("x", id)
        said = find(scene.script, "x", id, at) if at is not None else None
        if said and there(said, scene.now):
            found.append(_tweet(scene, said))
        else:
            errors.append(_problem(said, id, scene.now))
    return _reply(scene, found, None, errors)


def _problem(said: Said | None, id: str, now: int) -> dict[str, Any]:
    """The error for a post that is not shown."""
    away = said is not None and said.at <= now and not present(said.by, now)
    return {
        "value": id, "resource_id": id, "resource_type": "tweet", "parameter": "ids",
        "title": "Forbidden" if away else "Not Found Error", "type": f"{PROBLEMS}/resource-not-found",
    }  # fmt: skip


def _reply(scene: Scene, rows: Sequence[dict[str, Any]], meta: Any, errors: Sequence[Any] = ()) -> Reply:
    people = {one.id: one for one in scene.script.accounts("x")}
    named = dict.fromkeys(row["author_id"] for row in rows)
    users = [{"id": id, "username": people[id].name, "name": people[id].shown, "protected": False} for id in named]
    said: dict[str, Any] = {"data": rows, "includes": {"users": users}} if rows else {}
    said |= {"meta": meta} if meta is not None else {}
    reset = str(scene.claims(scene.now) // SECOND + 900)
    limits = {"x_rate_limit_limit": "450", "x_rate_limit_remaining": "449", "x_rate_limit_reset": reset}
    return json(said | ({"errors": errors} if errors else {}), 200, **limits)


def _invalid(why: str) -> Reply:
    return json({"errors": [{"message": why}], "title": "Invalid Request", "type": "invalid-request"}, 400)


def _tweet(scene: Scene, said: Said) -> dict[str, Any]:
    """A post as it is now; an edit has its own id."""
    edited = said.edited_at <= scene.now
    history = [said.id, *([str(int(ids.made("x", said.edited_at)) + 2)] if edited else [])]
    text, urls = _text(scene, said)
    now = counts(said, scene.now)
    return {
        "id": history[-1], "edit_history_tweet_ids": history, "author_id": said.by.id, "text": text,
        "created_at": iso(scene.claims(said.edited_at if edited else said.at)), "lang": said.lang,
        "entities": {"urls": urls}, "possibly_sensitive": "sensitive" in said.limits,
        "public_metrics": {
            "retweet_count": now.reposts, "reply_count": now.replies, "like_count": now.likes,
            "quote_count": now.quotes, "bookmark_count": 0, "impression_count": now.views,
        },
    }  # fmt: skip


def _text(scene: Scene, said: Said) -> tuple[str, list[dict[str, Any]]]:
    """The text with shortened addresses, and the list of what they stand for."""
    text, urls = "", []
    for piece in naming.pieces(said, scene.now):
        start = len(text)
        text += f"https://t.co/{said.id[-10:]}" if piece.target else piece.text
        if piece.target:
            urls.append({
                "start": start, "end": len(text), "url": text[start:], "expanded_url": piece.target,
                "display_url": piece.text,
            })  # fmt: skip
    return text, urls


def _shared(scene: Scene, said: Said) -> list[dict[str, Any]]:
    """A repost of a post: with shortened text, the original's count of reposts, and no likes."""
    shares = finals(said).reposts
    at = comes_at(said, 2, shares) // SECOND * SECOND if shares >= 2 else scene.now + HOUR
    if at > scene.now:
        return []
    original = _tweet(scene, said)
    metrics = {"retweet_count": original["public_metrics"]["retweet_count"], "like_count": 0, "reply_count": 0}
    id = str(int(ids.made("x", at)) + 1)
    return [original | {
        "id": id, "edit_history_tweet_ids": [id], "text": f"RT @{said.by.name}: {original['text'][:60]}…",
        "referenced_tweets": [{"type": "retweeted", "id": said.id}], "public_metrics": metrics,
    }]  # fmt: skip
