"""Hacker News: Algolia's search by date, and Firebase's items."""

from __future__ import annotations

import html
import re
from typing import Any

from hotpapers.model import DAY
from tests.loopback import ids, naming
from tests.loopback.scene import Reply, Request, Scene, iso, json, not_found
from tests.loopback.script import MINUTE, SECOND, Said, between, counts, find, present, there

LATE = 3 * MINUTE
"""How long after its creation an item is in the search."""
MOST_HITS = 1000
_ITEM, _FOUND = re.compile(r"/v0/item/(\d{1,15})\.json"), re.compile(r"/api/v1/items/(\d{1,15})")
_FILTER = re.compile(r"created_at_i(>=|<=|>|<)(\d{1,12})")


def answer(scene: Scene, asked: Request) -> Reply:
    """The search and single items; the search has only items that still exist."""
    if asked.path == "/api/v1/search_by_date":
        return _search(scene, asked)
    item, found = _ITEM.fullmatch(asked.path), _FOUND.fullmatch(asked.path)
    if item:
        return json(_item(scene, item[1]))
    said = _made(scene, found[1]) if found else None
    return json(_hit(scene, said)) if said and there(said, scene.now) else not_found()


def score(said: Said, now: int) -> int:
    """A story's points: its likes and one from its submitter."""
    return 1 + counts(said, now).likes


def _search(scene: Scene, asked: Request) -> Reply:
    """Hits that contain the words searched for, newest first; never more than a thousand."""
    since, until = _span(scene, asked.one("numericFilters"))
    words = asked.one("query").strip('"')
    size, page = asked.number("hitsPerPage", 20, MOST_HITS), asked.number("page", 0, MOST_HITS)
    known = min(until, scene.now - LATE)
    if not words:  # everything that people wrote about anything: there is always something new
        return json({"hits": [{"objectID": "1", "created_at_i": known // SECOND}]})
    found = [said for said in between(scene.script, "hackernews", since, known) if there(said, scene.now)]
    matching = [said for said in reversed(found) if words in _searched(said, scene.now)]
    hits = matching[page * size : (page + 1) * size]
    return json({
        "hits": scene.listed(_hit(scene, said) for said in hits), "nbHits": len(matching), "page": page,
        "nbPages": -(-len(matching) // max(size, 1)), "hitsPerPage": size, "exhaustiveNbHits": False,
    })  # fmt: skip


def _span(scene: Scene, filters: str) -> tuple[int, int]:
    """The period that filters such as created_at_i>=1 leave; both moments are included."""
    since, until = scene.now - 400 * DAY, scene.now
    for sign, second in _FILTER.findall(filters):
        at = int(second) * SECOND
        if sign[0] == ">":
            since = max(since, at + SECOND * (sign == ">"))
        else:
            until = min(until, at - SECOND * (sign == "<"))
    return since, until


def _searched(said: Said, now: int) -> str:
    """What the search indexes: words and the addresses of links."""
    return " ".join([said.title, said.words_at(now), *naming.targets(said)])


def _url(said: Said) -> str | None:
    """A story's address: the first that it names."""
    return next(iter(naming.targets(said)), None) if not said.story else None


def _html(said: Said, now: int) -> str:
    """A message as HTML: characters of an address that mean something in HTML are written as numbers."""
    parts = []
    for piece in naming.pieces(said, now):
        target = html.escape(piece.target).replace("/", "&#x2F;")
        shown = html.escape(piece.text)
        parts.append(f'<a href="{target}" rel="nofollow">{shown}</a>' if target else shown)
    return "".join(parts)


def _hit(scene: Scene, said: Said) -> dict[str, Any]:
    at = scene.claims(said.at)
    hit: dict[str, Any] = {
        "objectID": said.id, "created_at": iso(at), "created_at_i": at // SECOND, "author": said.by.name,
        "title": None, "url": None, "points": None, "num_comments": None, "story_text": None, "comment_text": None,
    }  # fmt: skip
    if said.story:
        about = {"story_id": int(said.story), "parent_id": int(said.story), "story_title": "Something else"}
        return hit | about | {"comment_text": _html(said, scene.now), "_tags": ["comment", f"story_{said.story}"]}
    text = "" if _url(said) else _html(said, scene.now)
    now = counts(said, scene.now)
    return hit | {
        "title": said.title, "url": _url(said), "points": score(said, scene.now), "num_comments": now.replies,
        "story_text": text or None, "_tags": ["story", f"story_{said.id}"],
    }  # fmt: skip


def _made(scene: Scene, id: str) -> Said | None:
    at = ids.made_at("hackernews", id)
    said = find(scene.script, "hackernews", id, at) if at is not None else None
    return said if said and said.at <= scene.now else None


def _item(scene: Scene, id: str) -> dict[str, Any] | None:
    """An item as it is now; null if it is not known yet."""
    said = _made(scene, id)
    if said is None:
        return None
    kind = "comment" if said.story else "story"
    base = {"id": int(id), "time": scene.claims(said.at) // SECOND, "type": kind}
    if not there(said, scene.now):
        return base | _gone(said, scene.now)
    if said.story:
        return base | {"by": said.by.name, "parent": int(said.story), "text": _html(said, scene.now)}
    now = counts(said, scene.now)
    return base | {
        "by": said.by.name, "title": said.title, "url": _url(said) or "", "score": score(said, scene.now),
        "descendants": now.replies,
    }  # fmt: skip


def _gone(said: Said, now: int) -> dict[str, Any]:
    if removed(said, now):
        return {"dead": True, "by": said.by.name, "text": "[dead]"}
    return {"deleted": True}


def removed(said: Said, now: int) -> bool:
    """Whether a missing item was removed by somebody other than its author."""
    return said.why == "removed" or not present(said.by, now)
