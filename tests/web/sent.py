"""Submits forms to an app without a server, and reads the pages that come back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.types import ASGIApp

from tests.render.html import Page
from tests.web.asgi import Answer, get, scope_of

BASE = "https://a.example/"
HERE = {"sec-fetch-site": "same-origin", "origin": "https://a.example"}
FORM = "application/x-www-form-urlencoded"


class Shown(NamedTuple):
    """A returned page."""

    status: int
    headers: dict[str, str]
    page: Page

    @property
    def text(self) -> str:
        """The page's text."""
        return self.page.text

    @property
    def hidden(self) -> dict[str, str]:
        """The hidden fields of its form."""
        fields = [one.attributes for one in self.page.all("input") if one.attributes["type"] == "hidden"]
        return {one["name"]: one["value"] for one in fields}


def look(app: Starlette, url: str) -> Shown:
    """Gets a page by its address."""
    return _shown(get(app, url))


def send(
    app: Starlette, path: str, fields: Mapping[str, str] | bytes, *, peer: str = "192.0.2.1", **headers: str
) -> Shown:
    """Submits a form, from the app's own page unless the headers say otherwise (empty headers are omitted)."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {"content-type": FORM, **HERE, **named}
    body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
    scope = scope_of(path, "POST", {name: value for name, value in given.items() if value}, peer)
    return _shown(asyncio.run(_answered(app, scope, body)))


async def _answered(app: ASGIApp, scope: dict[str, Any], body: bytes) -> Answer:
    sent: list[Any] = []
    parts = [{"type": "http.request", "body": body, "more_body": False}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return parts.pop(0)

    async def tell(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, tell)
    headers = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(one.get("body", b"") for one in sent[1:]))


def _shown(answer: Answer) -> Shown:
    shown = Shown(answer.status, answer.headers, Page(answer.body))
    assert_is_sound(shown)
    return shown


def assert_is_sound(shown: Shown) -> None:
    """Checks any page with a form: security headers, no script, a label for each field, errors announced."""
    page = shown.page
    assert shown.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert shown.headers["cache-control"] == "no-store" and "set-cookie" not in shown.headers
    assert not page.all("script") and not page.all("img") and len(page.all("h1")) == 1
    labels = {one.attributes["for"] for one in page.all("label")}
    fields = [*page.all("input"), *page.all("textarea")]
    assert all(one.attributes["id"] in labels for one in fields if one.attributes.get("type") != "hidden")
    described = {id for one in fields for id in one.attributes.get("aria-describedby", "").split()}
    assert described <= set(page.ids)
    assert all(form.attributes["method"] == "post" for form in page.all("form"))
    alerts = [one for one in page.all("p") if one.attributes.get("role") == "alert"]
    assert len(alerts) == (shown.status in (400, 429, 503) and bool(page.all("form")))
