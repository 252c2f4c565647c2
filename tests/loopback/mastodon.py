"""Two Mastodon servers, one and two, and what they know of each other's posts.

Each post has a home server, which knows its counts. The other server gets two out of three posts, ten minutes late,
under a number made from their creation time, and knows a third of their likes.
https://docs.joinmastodon.org/methods/timelines/
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from hotpapers.model import DAY
from tests.loopback import ids, naming
from tests.loopback.scene import Reply, Request, Scene, iso, json, not_found
from tests.loopback.script import MINUTE, SECOND, Account, Said, comes_at, counts, finals, find, present, there

TAG = "arxiv"
TOKEN = "made-up-access"
"""An account's token, on either server: required to listen to streams."""
LATE = 10 * MINUTE
MOST = 40
KEPT_DAYS = 14
"""How many days a server's timelines go back."""
_TIMELINE = re.compile(r"/api/v1/timelines/(?:tag/(\w+)|(public))")
_STATUS = re.compile(r"/api/v1/statuses/(\d{1,20})")


class Row(NamedTuple):
    """An entry of a timeline: its number there, the message, and whether it is a boost."""

    id: int
    said: Said
    boost: bool = False


def answer(scene: Scene, asked: Request) -> Reply:
    """Timelines, single posts, accounts, and the server's description of itself."""
    timeline, status = _TIMELINE.fullmatch(asked.path), _STATUS.fullmatch(asked.path)
    if timeline:
        return _timeline(scene, asked, timeline[1] or "")
    if status:
        return _status(scene, status[1])
    if asked.path == "/api/v1/accounts/lookup":
        return _lookup(scene, asked.one("acct"))
    return json(_instance(scene)) if asked.path == "/api/v2/instance" else not_found()


def server(scene: Scene) -> str:
    """The name of the server: one or two."""
    return scene.host.rpartition(".")[2]


def uri(scene: Scene, said: Said) -> str:
    """A post's own address, at its home server: the same on both servers."""
    return f"{scene.bases[f'mastodon.{said.by.home}']}/users/{said.by.name}/statuses/{said.id}"


def tagged(said: Said) -> bool:
    """Whether a post has the hashtag: three out of four that name a paper do."""
    return bool(said.names) and said.at // SECOND // 16 % 4 != 0


def reaches(said: Said, name: str) -> bool:
    """Whether a server ever gets a post."""
    return said.by.home == name or said.at // SECOND // 16 % 3 != 0


# ---- timelines -------------------------------------------------------------------------------------------


def _timeline(scene: Scene, asked: Request, tag: str) -> Reply:
    """A page, newest first: the first after `min_id`, or the last before `max_id`."""
    limit = asked.number("limit", 20, MOST)
    after, before = asked.number("min_id", 0, 2**63), asked.number("max_id", 2**63, 2**63)
    oldest = max((after >> 16) * 1000, scene.now - KEPT_DAYS * DAY)
    rows = [row for row in _rows(scene, tag, oldest) if after < row.id < before]
    page = rows[:limit] if after else rows[-limit:]
    statuses = scene.listed(_listed(scene, row) for row in reversed(page))
    link = f"{scene.base}{asked.path}?limit={limit}"
    pages = f'<{link}&max_id={page[0].id}>; rel="next", <{link}&min_id={page[-1].id}>; rel="prev"' if page else ""
    limits = {"x_ratelimit_limit": "300", "x_ratelimit_remaining": "299"}
    return json(statuses, 200, **limits, **({"link": pages} if page else {}))


def _rows(scene: Scene, tag: str, oldest: int) -> list[Row]:
    """A timeline's entries from a moment on, oldest first."""
    found = []
    for day in range(oldest // DAY, scene.now // DAY + 1):
        for said in scene.script.said("mastodon", day):
            if _arrived(scene, said) and (tagged(said) and tag == TAG if tag else True):
                found.append(Row(number(scene, said), said))
                found += [] if tag else _boosts(scene, said)
    return sorted(found)


def _arrived(scene: Scene, said: Said) -> bool:
    return there(said, scene.now) and reaches(said, server(scene)) and arrives_at(scene, said) <= scene.now


def arrives_at(scene: Scene, said: Said) -> int:
    """When a post reaches this server, if it does."""
    return said.at if said.by.home == server(scene) else said.at + LATE


def number(scene: Scene, said: Said) -> int:
    """A post's number on this server, made from its creation time."""
    return int(said.id) + (said.by.home != server(scene))


def _boosts(scene: Scene, said: Said) -> Iterator[Row]:
    """On the public timeline of server two, somebody boosts each post that was shared three times."""
    shares = finals(said).reposts
    if server(scene) == "two" and shares >= 3 and comes_at(said, 3, shares) <= scene.now:
        yield Row((comes_at(said, 3, shares) // 1000 << 16) | 3, said, True)


def _listed(scene: Scene, row: Row) -> dict[str, Any]:
    """An entry of a timeline. A boost has no words and no counts of its own."""
    status = shown(scene, row.said)
    if not row.boost:
        return status
    empty = {"content": "", "replies_count": 0, "reblogs_count": 0, "favourites_count": 0, "card": None}
    own = f"{scene.base}/users/echo/statuses/{row.id}"
    return status | empty | {"id": str(row.id), "uri": f"{own}/activity", "url": f"{own}/activity", "reblog": status}


# ---- a post ----------------------------------------------------------------------------------------------


def _status(scene: Scene, id: str) -> Reply:
    """A post on this server by its number, or 404."""
    at = ids.made_at("mastodon", id)
    said = find(scene.script, "mastodon", id, at) if at is not None else None
    if said is None or said.by.home != server(scene) or not there(said, scene.now):
        return json({"error": "Record not found"}, 404)
    return json(shown(scene, said))


def shown(scene: Scene, said: Said) -> dict[str, Any]:
    """A post as a server shows it now: its home server knows the counts."""
    home, now = said.by.home == server(scene), counts(said, scene.now)
    known = now if home else type(now)(*(one // 3 for one in now))
    edited = said.edited_at <= scene.now
    cards = naming.cards(said)
    return {
        "id": str(number(scene, said)), "uri": uri(scene, said), "url": uri(scene, said).replace("users/", "@"),
        "created_at": iso(scene.claims(said.at)), "edited_at": iso(scene.claims(said.edited_at)) if edited else None,
        "in_reply_to_id": None, "visibility": "public", "language": said.lang, "content": content(scene, said),
        "sensitive": "sensitive" in said.limits, "spoiler_text": "mind" if "content warning" in said.limits else "",
        "replies_count": known.replies, "reblogs_count": known.reposts, "favourites_count": known.likes,
        "quotes_count": known.quotes, "reblog": None, "quote": None, "account": _account(scene, said.by),
        "card": {"url": cards[0], "title": "A paper"} if cards else None, "media_attachments": [], "mentions": [],
        "tags": [{"name": TAG, "url": f"{scene.base}/tags/{TAG}"}] if tagged(said) else [],
    }  # fmt: skip


def _lookup(scene: Scene, name: str) -> Reply:
    """An account of this server by its name."""
    for by in scene.script.accounts("mastodon"):
        if (by.home, by.name) == (server(scene), name) and present(by, scene.now):
            return json(_account(scene, by))
    return json({"error": "Record not found"}, 404)


def content(scene: Scene, said: Said) -> str:
    """A post in HTML. Of an address, the beginning is hidden, the middle shown, the end hidden again."""
    parts = [_piece(piece) for piece in naming.pieces(said, scene.now)]
    if tagged(said):
        parts.append(f' <a href="{scene.base}/tags/{TAG}" class="mention hashtag" rel="tag">#<span>{TAG}</span></a>')
    return f"<p>{''.join(parts)}</p>"


def _piece(piece: naming.Piece) -> str:
    if not piece.target:
        return html.escape(piece.text)
    scheme, _, rest = piece.target.partition("://")
    shown, hidden = rest[: naming.SHOWN], rest[naming.SHOWN :]
    return (
        f'<a href="{html.escape(piece.target)}" target="_blank" rel="nofollow noopener"><span class="invisible">'
        f'{scheme}://</span><span class="{"ellipsis" if hidden else ""}">{shown}</span>'
        f'<span class="invisible">{hidden}</span></a>'
    )


def account_uri(scene: Scene, by: Account) -> str:
    """An account's own address."""
    return f"{scene.bases[f'mastodon.{by.home}']}/users/{by.name}"


def _account(scene: Scene, by: Account) -> dict[str, Any]:
    address = account_uri(scene, by)
    local = by.home == server(scene)
    return {
        "id": by.id, "username": by.name, "acct": by.name if local else f"{by.name}@{address.split('/')[2]}",
        "display_name": by.shown, "bot": by.bot, "url": address.replace("users/", "@"), "uri": address,
        "note": _note(by, scene.profiles.get(by.id, "")), "noindex": "noindex" in by.labels,
    }  # fmt: skip


def _note(by: Account, said: str) -> str:
    """A profile's text in HTML."""
    lines = [*(["#nobot"] if "nobot" in by.labels else []), *([said] if said else [])]
    return "".join(f"<p>{html.escape(line)}</p>" for line in lines)


def _instance(scene: Scene) -> dict[str, Any]:
    feeds = {
        "live_feeds": {"local": "public", "remote": "public"},
        "hashtag_feeds": {"local": "public", "remote": "public"},
    }
    return {"domain": scene.base, "version": "4.6.4", "configuration": {"timelines_access": feeds}}
