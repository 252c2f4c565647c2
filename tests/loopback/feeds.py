"""Three blogs, each with another kind of feed: RSS, Atom and JSON Feed."""

from __future__ import annotations

import html
from email.utils import format_datetime
from xml.sax.saxutils import escape

import msgspec

from tests.loopback import message_text
from tests.loopback.network_state import NetworkState, Reply, Request, iso, not_found, utc
from tests.loopback.script import Message, is_visible, latest_messages

PATHS = ("/moss/rss.xml", "/fern/atom.xml", "/lichen/feed.json")
"""The feeds; the n-th belongs to the n-th account."""
ENTRIES = 20
DAYS = 90


def answer(state: NetworkState, request: Request) -> Reply:
    """The feed at a path."""
    if request.path == "/blogroll.opml":
        return Reply(200, _blogroll(state), "text/x-opml")
    if request.path not in PATHS:
        return not_found()
    number = PATHS.index(request.path)
    return (_rss, _atom, _json)[number](state, _entries(state, number))


def _blogroll(state: NetworkState) -> bytes:
    """The blogs, as feed readers exchange them."""
    blogs = "".join(f'<outline type="rss" text="Blog" xmlUrl="{state.bases["feeds"]}{path}"/>' for path in PATHS)
    return f'<?xml version="1.0"?><opml version="2.0"><head/><body>{blogs}</body></opml>'.encode()


def _entries(state: NetworkState, number: int) -> list[Message]:
    authors = list(state.script.accounts("feeds"))[number : number + 1]
    messages = [
        message for message in latest_messages(state.script, "feeds", state.now, DAYS)
        if message.author in authors and is_visible(message, state.now)
    ]  # fmt: skip
    return state.reorder(messages[:ENTRIES])


def _link(message: Message) -> str:
    return f"https://blog.example/{message.id}"


def guid(message: Message) -> str:
    """An entry's own identifier."""
    return f"tag:blog.example,2026:{message.id}"


def _content(state: NetworkState, message: Message) -> str:
    parts = [
        f'<a href="{html.escape(piece.target)}">{html.escape(piece.text)}</a>'
        if piece.target
        else html.escape(piece.text)
        for piece in message_text.pieces(message, state.now)
    ]
    return f"<p>{''.join(parts)}</p>"


def _rss(state: NetworkState, entries: list[Message]) -> Reply:
    items = "".join(
        f"<item><title>{escape(message.title)}</title><link>{_link(message)}</link>"
        f'<guid isPermaLink="false">{guid(message)}</guid>'
        f"<pubDate>{format_datetime(utc(state.network_time(message.at)))}</pubDate><author>{message.author.name}</author>"
        f"<description>{escape(_content(state, message))}</description></item>"
        for message in entries
    )
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Moss</title>{items}</channel></rss>'
    return Reply(200, body.encode(), "application/rss+xml; charset=utf-8")


def _atom(state: NetworkState, entries: list[Message]) -> Reply:
    items = "".join(
        f'<entry><title>{escape(message.title)}</title><link href="{_link(message)}"/><id>{guid(message)}</id>'
        f"<published>{iso(state.network_time(message.at))}</published><updated>{iso(state.network_time(message.at))}</updated>"
        f"<author><name>{message.author.name}</name></author>"
        f'<content type="html">{escape(_content(state, message))}</content></entry>'
        for message in entries
    )
    body = f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Fern</title>{items}</feed>'
    return Reply(200, body.encode(), "application/atom+xml; charset=utf-8")


def _json(state: NetworkState, entries: list[Message]) -> Reply:
    items = [
        {
            "id": guid(message), "url": _link(message), "title": message.title,
            "content_html": _content(state, message),
            "date_published": iso(state.network_time(message.at)), "authors": [{"name": message.author.name}],
        }
        for message in entries
    ]  # fmt: skip
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Lichen", "items": items}
    return Reply(200, msgspec.json.encode(feed), "application/feed+json")
