"""Three blogs, each with another kind of feed: RSS, Atom and JSON Feed."""

from __future__ import annotations

import html
from email.utils import format_datetime
from xml.sax.saxutils import escape

import msgspec

from tests.loopback import naming
from tests.loopback.scene import Reply, Request, Scene, iso, not_found, utc
from tests.loopback.script import Said, latest, there

PATHS = ("/moss/rss.xml", "/fern/atom.xml", "/lichen/feed.json")
"""The feeds; the n-th belongs to the n-th account."""
ENTRIES = 20
DAYS = 90


def answer(scene: Scene, asked: Request) -> Reply:
    """The feed at a path."""
    if asked.path not in PATHS:
        return not_found()
    number = PATHS.index(asked.path)
    return (_rss, _atom, _json)[number](scene, _entries(scene, number))


def _entries(scene: Scene, number: int) -> list[Said]:
    writer = list(scene.script.accounts("feeds"))[number : number + 1]
    found = [
        said for said in latest(scene.script, "feeds", scene.now, DAYS)
        if said.by in writer and there(said, scene.now)
    ]  # fmt: skip
    return scene.listed(found[:ENTRIES])


def _link(said: Said) -> str:
    return f"https://blog.example/{said.id}"


def guid(said: Said) -> str:
    """An entry's own identifier."""
    return f"tag:blog.example,2026:{said.id}"


def _content(scene: Scene, said: Said) -> str:
    parts = [
        f'<a href="{html.escape(piece.target)}">{html.escape(piece.text)}</a>'
        if piece.target
        else html.escape(piece.text)
        for piece in naming.pieces(said, scene.now)
    ]
    return f"<p>{''.join(parts)}</p>"


def _rss(scene: Scene, entries: list[Said]) -> Reply:
    items = "".join(
        f"<item><title>{escape(said.title)}</title><link>{_link(said)}</link>"
        f'<guid isPermaLink="false">{guid(said)}</guid>'
        f"<pubDate>{format_datetime(utc(scene.claims(said.at)))}</pubDate><author>{said.by.name}</author>"
        f"<description>{escape(_content(scene, said))}</description></item>"
        for said in entries
    )
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Moss</title>{items}</channel></rss>'
    return Reply(200, body.encode(), "application/rss+xml; charset=utf-8")


def _atom(scene: Scene, entries: list[Said]) -> Reply:
    items = "".join(
        f'<entry><title>{escape(said.title)}</title><link href="{_link(said)}"/><id>{guid(said)}</id>'
        f"<published>{iso(scene.claims(said.at))}</published><updated>{iso(scene.claims(said.at))}</updated>"
        f"<author><name>{said.by.name}</name></author>"
        f'<content type="html">{escape(_content(scene, said))}</content></entry>'
        for said in entries
    )
    body = f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Fern</title>{items}</feed>'
    return Reply(200, body.encode(), "application/atom+xml; charset=utf-8")


def _json(scene: Scene, entries: list[Said]) -> Reply:
    items = [
        {
            "id": guid(said), "url": _link(said), "title": said.title, "content_html": _content(scene, said),
            "date_published": iso(scene.claims(said.at)), "authors": [{"name": said.by.name}],
        }
        for said in entries
    ]  # fmt: skip
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Lichen", "items": items}
    return Reply(200, msgspec.json.encode(feed), "application/feed+json")
