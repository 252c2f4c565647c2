"""Bluesky's public view: posts with their counts, 25 at a time, and profiles; and the records that view and stream
share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tests.loopback import ids, naming
from tests.loopback.scene import Reply, Request, Scene, iso, json, not_found
from tests.loopback.script import Account, Said, counts, find, present, there

POST = "app.bsky.feed.post"
MOST_URIS = 25
LABELER = "did:plc:madeuplabeler"
_URI = re.compile(rf"at://(did:plc:[a-z2-7]{{24}})/{re.escape(POST)}/([2-7a-z]{{13}})")


def answer(scene: Scene, asked: Request) -> Reply:
    """getPosts, which silently leaves out missing posts, and getProfile."""
    if asked.path == "/xrpc/app.bsky.actor.getProfile":
        return _profile(scene, asked.one("actor"))
    if asked.path != "/xrpc/app.bsky.feed.getPosts":
        return not_found()
    uris = asked.params.get("uris", ())
    if len(uris) > MOST_URIS:
        return json({"error": "InvalidRequest", "message": f"uris must not have more than {MOST_URIS} elements"}, 400)
    named = [_URI.fullmatch(uri) for uri in uris]
    if not uris or None in named:
        return json({"error": "InvalidRequest", "message": "uris must be at-uris"}, 400)
    posts = [_there(scene, one[1], one[2]) for one in named if one]
    return json({"posts": scene.listed(view(scene, post) for post in posts if post)})


def _profile(scene: Scene, actor: str) -> Reply:
    """An account by its id or handle; an empty profile has no `description`."""
    for by in scene.script.accounts("bluesky"):
        if actor in (by.id, f"{by.name}.example") and present(by, scene.now):
            said = scene.profiles.get(by.id)
            return json(_author(scene, by) | ({"description": said} if said else {}))
    return json({"error": "InvalidRequest", "message": "Profile not found"}, 400)


def _there(scene: Scene, did: str, rkey: str) -> Said | None:
    at = ids.made_at("bluesky", rkey)
    said = find(scene.script, "bluesky", rkey, at) if at is not None else None
    return said if said and said.by.id == did and there(said, scene.now) else None


def uri(said: Said) -> str:
    """A post's address."""
    return f"at://{said.by.id}/{POST}/{said.id}"


def view(scene: Scene, said: Said) -> dict[str, Any]:
    """A post as the view shows it."""
    now = counts(said, scene.now)
    return {
        "uri": uri(said), "cid": ids.cid(uri(said)), "author": _author(scene, said.by), "record": record(scene, said),
        "replyCount": now.replies, "repostCount": now.reposts, "likeCount": now.likes, "quoteCount": now.quotes,
        "indexedAt": iso(scene.claims(said.at)), "labels": _labels(scene, uri(said), said.limits),
    }  # fmt: skip


def _author(scene: Scene, by: Account) -> dict[str, Any]:
    return {
        "did": by.id, "handle": f"{by.name}.example", "displayName": by.shown,
        "labels": _labels(scene, by.id, by.labels),
    }  # fmt: skip


def _labels(scene: Scene, about: str, values: Sequence[str]) -> list[dict[str, Any]]:
    return [{"src": LABELER, "uri": about, "val": value, "cts": iso(scene.now)} for value in values]


def record(scene: Scene, said: Said) -> dict[str, Any]:
    """A post as its author wrote it: links in facets, with positions in bytes of UTF-8, or in a card."""
    text, facets = "", []
    for piece in naming.pieces(said, said.at):
        start = len(text.encode())
        text += piece.text
        if piece.target:
            link = {"$type": "app.bsky.richtext.facet#link", "uri": piece.target}
            facets.append({"index": {"byteStart": start, "byteEnd": len(text.encode())}, "features": [link]})
    made: dict[str, Any] = {"$type": POST, "createdAt": iso(scene.claims(said.at)), "langs": [said.lang], "text": text}
    if facets:
        made["facets"] = facets
    if said.reply_to:
        parent = _reference(said.reply_to)
        made["reply"] = {"parent": parent, "root": parent}
    embed = _embed(said)
    return made | ({"embed": embed} if embed else {})


def _reference(of: str) -> dict[str, str]:
    return {"uri": of, "cid": ids.cid(of)}


def _embed(said: Said) -> dict[str, Any]:
    """A card, a quoted post, or both."""
    links = naming.cards(said)
    card = {"external": {"uri": links[0], "title": "A paper", "description": ""}} if links else {}
    quoted = {"record": _reference(said.quotes)} if said.quotes else {}
    if card and quoted:
        media = {"$type": "app.bsky.embed.external", **card}
        return {"$type": "app.bsky.embed.recordWithMedia", "record": quoted, "media": media}
    if not card and not quoted:
        return {}
    return {"$type": "app.bsky.embed.external" if card else "app.bsky.embed.record", **card, **quoted}
