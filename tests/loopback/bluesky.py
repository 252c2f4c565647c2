"""Bluesky's public view: posts with their counts, 25 at a time, and profiles; and the records that view and stream
share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tests.loopback import ids, message_text
from tests.loopback.network_state import NetworkState, Reply, Request, iso, json, not_found
from tests.loopback.script import Account, Message, account_exists, counts, find_message, is_visible
from tests.loopback.threads import answers, quotations

POST = "app.bsky.feed.post"
MOST_URIS, MOST_QUOTES = 25, 100
LABELER = "did:plc:madeuplabeler"
_URI = re.compile(rf"at://(did:plc:[a-z2-7]{{24}})/{re.escape(POST)}/([2-7a-z]{{13}})")


def answer(state: NetworkState, request: Request) -> Reply:
    """getPosts, which silently leaves out missing posts, getProfile, and who is on a list."""
    if method := LISTS.get(request.path):
        return method(state, request)
    if request.path == "/xrpc/app.bsky.actor.getProfile":
        return _profile(state, request.param("actor"))
    if request.path == "/xrpc/app.bsky.feed.getPostThread":
        return _thread(state, request.param("uri"))
    if request.path == "/xrpc/app.bsky.feed.getQuotes":
        return _quotes(state, request.param("uri"))
    if request.path != "/xrpc/app.bsky.feed.getPosts":
        return not_found()
    uris = request.params.get("uris", ())
    if len(uris) > MOST_URIS:
        return json({"error": "InvalidRequest", "message": f"uris must not have more than {MOST_URIS} elements"}, 400)
    matches = [_URI.fullmatch(uri) for uri in uris]
    if not uris or None in matches:
        return json({"error": "InvalidRequest", "message": "uris must be at-uris"}, 400)
    posts = [_find_post(state, match[1], match[2]) for match in matches if match]
    return json({"posts": state.reorder(view(state, post) for post in posts if post)})


def _resolve(state: NetworkState, request: Request) -> Reply:
    for account in state.script.accounts("bluesky"):
        if f"{account.name}.example" == request.param("handle"):
            return json({"did": account.id})
    return json({"error": "InvalidRequest", "message": "Unable to resolve handle"}, 400)


def _list(state: NetworkState, request: Request) -> Reply:
    """A page of a list, of two accounts whatever the limit."""
    match = _LIST.fullmatch(request.param("list"))
    if not match or match[1] not in state.lists:
        return json({"error": "InvalidRequest", "message": "List not found"}, 400)
    accounts, start = state.lists[match[1]], int(request.param("cursor") or 0)
    items = [
        {"uri": f"at://{account.id}/app.bsky.graph.listitem/3k", "subject": _author(state, account)}
        for account in accounts[start : start + 2]
    ]
    more = {"cursor": str(start + 2)} if start + 2 < len(accounts) else {}
    return json({"list": {"uri": request.param("list"), "name": match[1]}, "items": items, **more})


def _starter_pack(state: NetworkState, request: Request) -> Reply:
    """A starter pack, whose list has its name."""
    uri = request.param("starterPack")
    if "/app.bsky.graph.starterpack/" not in uri:
        return json({"error": "InvalidRequest", "message": "Starter pack not found"}, 400)
    return json({"starterPack": {"uri": uri, "list": {"uri": uri.replace(".starterpack/", ".list/")}}})


_LIST = re.compile(r"at://did:plc:[a-z2-7]{24}/app\.bsky\.graph\.list/(\w+)")
LISTS = {
    "/xrpc/com.atproto.identity.resolveHandle": _resolve,
    "/xrpc/app.bsky.graph.getList": _list,
    "/xrpc/app.bsky.graph.getStarterPack": _starter_pack,
}


def _profile(state: NetworkState, actor: str) -> Reply:
    """An account by its id or handle; an empty profile has no `description`."""
    for account in state.script.accounts("bluesky"):
        if actor in (account.id, f"{account.name}.example") and account_exists(account, state.now):
            description = state.profiles.get(account.id)
            return json(_author(state, account) | ({"description": description} if description else {}))
    return json({"error": "InvalidRequest", "message": "Profile not found"}, 400)


def _find_post(state: NetworkState, did: str, rkey: str) -> Message | None:
    at = ids.creation_time("bluesky", rkey)
    message = find_message(state.script, "bluesky", rkey, at) if at is not None else None
    return message if message and message.author.id == did and is_visible(message, state.now) else None


def _thread(state: NetworkState, address: str) -> Reply:
    match = _URI.fullmatch(address)
    message = _find_post(state, match[1], match[2]) if match else None
    if message is None:
        return json({"error": "NotFound", "message": f"Post not found: {address}"}, 400)
    return json({"thread": _thread_view(state, message)})


def _quotes(state: NetworkState, address: str) -> Reply:
    """The posts that quote a post, the newest first."""
    match = _URI.fullmatch(address)
    message = _find_post(state, match[1], match[2]) if match else None
    quoting_posts = quotations(state.script, message, state.now, address) if message else ()
    posts = [view(state, post) for post in quoting_posts if is_visible(post, state.now)]
    return json({"uri": address, "posts": posts[::-1][:MOST_QUOTES]})


def _thread_view(state: NetworkState, message: Message) -> dict[str, Any]:
    """A post with the answers to it. Missing ones are left out with all below, as in the network's own view."""
    kind = "app.bsky.feed.defs#threadViewPost"
    if not is_visible(message, state.now):
        return {"$type": "app.bsky.feed.defs#notFoundPost", "uri": uri(message), "notFound": True}
    visible = [
        answer for answer in answers(state.script, message, state.now, uri(message)) if is_visible(answer, state.now)
    ]
    replies = [_thread_view(state, answer) for answer in visible]
    return {"$type": kind, "post": view(state, message), "replies": replies}


def uri(message: Message) -> str:
    """A post's address."""
    return f"at://{message.author.id}/{POST}/{message.id}"


def view(state: NetworkState, message: Message) -> dict[str, Any]:
    """A post as the view shows it."""
    totals = counts(message, state.now)
    return {
        "uri": uri(message), "cid": ids.cid(uri(message)), "author": _author(state, message.author),
        "record": record(state, message),
        "replyCount": totals.replies, "repostCount": totals.reposts, "likeCount": totals.likes,
        "quoteCount": totals.quotes,
        "indexedAt": iso(state.network_time(message.at)), "labels": _labels(state, uri(message), message.limits),
    }  # fmt: skip


def _author(state: NetworkState, account: Account) -> dict[str, Any]:
    return {
        "did": account.id, "handle": f"{account.name}.example", "displayName": account.display_name,
        "labels": _labels(state, account.id, account.labels),
    }  # fmt: skip


def _labels(state: NetworkState, subject: str, values: Sequence[str]) -> list[dict[str, Any]]:
    return [{"src": LABELER, "uri": subject, "val": value, "cts": iso(state.now)} for value in values]


def record(state: NetworkState, message: Message) -> dict[str, Any]:
    """A post as its author wrote it: links in facets, with positions in bytes of UTF-8, or in a card."""
    text, facets = "", []
    for piece in message_text.pieces(message, message.at):
        start = len(text.encode())
        text += piece.text
        if piece.target:
            link = {"$type": "app.bsky.richtext.facet#link", "uri": piece.target}
            facets.append({"index": {"byteStart": start, "byteEnd": len(text.encode())}, "features": [link]})
    post: dict[str, Any] = {
        "$type": POST,
        "createdAt": iso(state.network_time(message.at)),
        "langs": [message.lang],
        "text": text,
    }
    if facets:
        post["facets"] = facets
    if message.reply_to:
        parent = _reference(message.reply_to)
        post["reply"] = {"parent": parent, "root": parent}
    embed = _embed(message)
    return post | ({"embed": embed} if embed else {})


def _reference(target_uri: str) -> dict[str, str]:
    return {"uri": target_uri, "cid": ids.cid(target_uri)}


def _embed(message: Message) -> dict[str, Any]:
    """A card, a quoted post, or both."""
    links = message_text.cards(message)
    card = {"external": {"uri": links[0], "title": "A paper", "description": ""}} if links else {}
    quote = {"record": _reference(message.quotes)} if message.quotes else {}
    if card and quote:
        media = {"$type": "app.bsky.embed.external", **card}
        return {"$type": "app.bsky.embed.recordWithMedia", "record": quote, "media": media}
    if not card and not quote:
        return {}
    return {"$type": "app.bsky.embed.external" if card else "app.bsky.embed.record", **card, **quote}
