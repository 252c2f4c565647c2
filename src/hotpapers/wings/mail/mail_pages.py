"""The pages that messages link to: to confirm a subscription, to end it, to choose its days.

GET changes nothing, as mail programs and filters open every link; the pages' buttons send a POST, which acts. Mail
programs also send a POST to the *unsubscribe* address for one click (RFC 8058): it needs no cookie and no form, and its
body is ignored. Anyone with the signed token can act, but sees no address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Semaphore
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from hotpapers.base.errors import NotFound, StoreError
from hotpapers.issues.freeze import publication_of
from hotpapers.publish.render.html.templating import macro
from hotpapers.publish.view import phrases
from hotpapers.record import Record, now
from hotpapers.serve.web import forms
from hotpapers.wings.mail import subscribers, tokens
from hotpapers.wings.mail.queries import Subscriber
from hotpapers.wings.mail.tokens import MailToken, Purpose

HEADERS = {**forms.HEADERS, "referrer-policy": "no-referrer"}
PAGE = Path(__file__).with_name("mail_page.html")
MAX_PAGES_AT_ONCE = 32
"""Most of these pages in progress at once; they may have to wait for the store."""
MAX_TOKEN_CHARS = 100
"""Most characters of a token; longer ones are invalid."""


class MailPage(NamedTuple):
    """A page's text. `buttons`: (target, label) pairs. `wait`: seconds for Retry-After, or 0."""

    heading: str
    lines: tuple[str, ...] = ()
    buttons: tuple[tuple[str, str], ...] = ()
    status: int = 200
    wait: int = 0


TokenHandler = Callable[[Record, MailToken, Subscriber, str], MailPage]
"""Handles a request: (record, token, the token's subscriber, the publication's title)."""

NOTHING = MailPage(
    "Invalid or expired link", ("The link is incomplete or too old. Subscribe again to get a new one.",), (), 404
)
BUSY = MailPage("Server busy", ("The server is busy. Please try again in a minute.",), status=503, wait=60)


def routes(open_record: Callable[[], Record], clock: Callable[[], int] = now) -> Sequence[BaseRoute]:
    """The routes below `/mail/`. `open_record` is called for every request. `clock`: µs UTC."""

    def ask_confirm(record: Record, token: MailToken, reader: Subscriber, title: str) -> MailPage:
        if reader.state == "confirmed":
            return MailPage(f"You are subscribed to {title}", ("Your subscription is already confirmed.",))
        if reader.state != "asked":
            return NOTHING
        return MailPage(f"Get {title} by mail?", (), (("", f"Yes, send me {title}"),))

    def confirm(record: Record, token: MailToken, reader: Subscriber, title: str) -> MailPage:
        subscribers.confirm(record, token, clock())
        return MailPage(
            f"You are subscribed to {title}", ("You will get the next issue. Every issue says how to unsubscribe.",)
        )

    def ask_leave(record: Record, token: MailToken, reader: Subscriber, title: str) -> MailPage:
        if reader.state != "confirmed":
            return MailPage(f"You are not subscribed to {title}")
        text = tokens.encode(record.hasher.secret, token)
        target = "all" if reader.skip_empty else "skip"
        choice = "Mail every day" if reader.skip_empty else "No mail on days without papers"
        return MailPage(f"Unsubscribe from {title}?", (), (("", "Unsubscribe"), (f"../{target}/{text}", choice)))

    def leave(record: Record, token: MailToken, reader: Subscriber, title: str) -> MailPage:
        subscribers.end(record, reader.mark, clock())
        return MailPage("Unsubscribed", (f"{title} will no longer be sent to you, and your address has been deleted.",))

    def choose(skip_empty: bool) -> TokenHandler:
        def save(record: Record, token: MailToken, reader: Subscriber, title: str) -> MailPage:
            if subscribers.set_skip_empty(record, reader.mark, skip_empty=skip_empty) is None:
                return MailPage(f"You are not subscribed to {title}")
            days = "only on days with papers" if skip_empty else "every day"
            return MailPage("Saved", (f"{title} will be sent to you {days}.",))

        return save

    slots = Semaphore(MAX_PAGES_AT_ONCE)
    return [
        _route(open_record, "confirm", "confirm", ask_confirm, confirm, slots),
        _route(open_record, "unsubscribe", "unsubscribe", ask_leave, leave, slots),
        _route(open_record, "skip", "unsubscribe", ask_leave, choose(True), slots),
        _route(open_record, "all", "unsubscribe", ask_leave, choose(False), slots),
    ]


def _route(
    open_record: Callable[[], Record],
    name: str,
    purpose: Purpose,
    show: TokenHandler,
    submit: TokenHandler,
    slots: Semaphore,
) -> Route:
    async def respond(request: Request) -> Response:
        text, handler = request.path_params["token"], submit if request.method == "POST" else show
        if not slots.acquire(blocking=False):
            return _page(BUSY)
        try:
            return _page(await run_in_threadpool(_handle, open_record, text, purpose, handler))
        finally:
            slots.release()

    return Route(f"/mail/{name}/{{token}}", respond, methods=["GET", "POST"])


def _handle(open_record: Callable[[], Record], text: str, purpose: Purpose, handler: TokenHandler) -> MailPage:
    try:
        with open_record() as record:
            token = tokens.decode(record.hasher.secret, text) if len(text) <= MAX_TOKEN_CHARS else None
            reader = subscribers.find(record, token.mark) if token and token.purpose == purpose else None
            if token is None or reader is None:
                return NOTHING
            title = phrases.one_line(publication_of(record, reader.publication).title)
            return handler(record, token, reader, title)
    except NotFound:
        return NOTHING
    except StoreError:
        return BUSY


def _page(page: MailPage) -> Response:
    body = macro(PAGE, "page")(page.heading, page.lines, page.buttons)
    retry = {"retry-after": str(page.wait)} if page.wait else {}
    return Response(body.encode("utf-8", "replace"), status_code=page.status, headers={**HEADERS, **retry})
