"""Submits forms to an app without a server, and reads the pages that come back."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.types import ASGIApp

from hotpapers.record import Record
from hotpapers.serve.backend import Backend, ServeConfig
from hotpapers.wings.forms.form_router import FormRouter
from tests.publish.render.html import Page
from tests.serve.asgi import Response, get, scope_of

BASE = "https://a.example/"
SAME_ORIGIN = {"sec-fetch-site": "same-origin", "origin": "https://a.example"}
FORM = "application/x-www-form-urlencoded"


def form_router(
    site: str,
    base: str = BASE,
    open_record: Callable[[], Record] | None = None,
    proxies: int = 0,
    contact: str = "",
) -> FormRouter:
    """A router of forms with threads and limits of its own. Without `open_record`, its store is in a new folder."""
    opening = open_record or partial(Record, str(Path(tempfile.mkdtemp()) / "forms.db"))
    return FormRouter(Backend(opening, ServeConfig(proxies=proxies, base=base)), site, contact)


def finish_work(router: FormRouter) -> None:
    """Waits until the work is done that was to be done after responses, then stops the threads."""
    router.later._pool.shutdown()
    router.backend.close()


class FormResponse(NamedTuple):
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
        fields = [element.attributes for element in self.page.all("input") if element.attributes["type"] == "hidden"]
        return {field["name"]: field["value"] for field in fields}


def open_page(app: Starlette, url: str) -> FormResponse:
    """Gets a page by its address."""
    return _sound_response(get(app, url))


def submit(
    app: Starlette, path: str, fields: Mapping[str, str] | bytes, *, peer: str = "192.0.2.1", **headers: str
) -> FormResponse:
    """Submits a form, from the app's own page unless the headers say otherwise (empty headers are omitted)."""
    extra = {name.replace("_", "-"): value for name, value in headers.items()}
    all_headers = {"content-type": FORM, **SAME_ORIGIN, **extra}
    body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
    scope = scope_of(path, "POST", {name: value for name, value in all_headers.items() if value}, peer)
    return _sound_response(asyncio.run(_post(app, scope, body)))


async def _post(app: ASGIApp, scope: dict[str, Any], body: bytes) -> Response:
    messages: list[Any] = []
    parts = [{"type": "http.request", "body": body, "more_body": False}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return parts.pop(0)

    async def send(message: Any) -> None:
        messages.append(message)

    await app(scope, receive, send)
    headers = {name.decode(): value.decode("latin-1") for name, value in messages[0]["headers"]}
    return Response(messages[0]["status"], headers, b"".join(part.get("body", b"") for part in messages[1:]))


def _sound_response(response: Response) -> FormResponse:
    form_response = FormResponse(response.status, response.headers, Page(response.body))
    assert_is_sound(form_response)
    return form_response


def assert_is_sound(response: FormResponse) -> None:
    """Checks any page with a form: security headers, no script, a label for each field, errors announced."""
    page = response.page
    assert response.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert response.headers["cache-control"] == "no-store" and "set-cookie" not in response.headers
    assert not page.all("script") and not page.all("img") and len(page.all("h1")) == 1
    labels = {element.attributes["for"] for element in page.all("label")}
    fields = [*page.all("input"), *page.all("textarea")]
    assert all(field.attributes["id"] in labels for field in fields if field.attributes.get("type") != "hidden")
    description_ids = {id for field in fields for id in field.attributes.get("aria-describedby", "").split()}
    assert description_ids <= set(page.ids)
    assert all(form.attributes["method"] == "post" for form in page.all("form"))
    alerts = [element for element in page.all("p") if element.attributes.get("role") == "alert"]
    assert len(alerts) == (response.status in (400, 429, 503) and bool(page.all("form")))
