"""The pages that messages link to: to confirm a subscription, to end it, to choose its days.

GET changes nothing, as mail programs and filters open every link; the pages' buttons send a POST, which acts. Mail
programs also send a POST to the *unsubscribe* address for one click (RFC 8058): it needs no cookie and no form, and its
body is ignored. Anyone with the signed token can act, but sees no address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from hotpapers.base.errors import NotFound
from hotpapers.issues.freeze import publication_of
from hotpapers.publish.render.html.templating import macro
from hotpapers.publish.view import phrases
from hotpapers.record import Record, now
from hotpapers.serve.web.backend import Backend, Lane
from hotpapers.serve.web.http_messages import Refused, Reply, reply, retry_after
from hotpapers.serve.web.responders import READ, Responder
from hotpapers.wings.forms import form_router as forms
from hotpapers.wings.mail import subscribers, tokens
from hotpapers.wings.mail.queries import Subscriber
from hotpapers.wings.mail.tokens import MailToken, Purpose

HEADERS = forms.FORM | {"referrer-policy": "no-referrer"}
PAGE = Path(__file__).with_name("mail_page.html")
THREADS, MAX_PAGES_AT_ONCE = 2, 32
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


def routes(backend: Backend, clock: Callable[[], int] = now) -> Sequence[BaseRoute]:
    """The routes below `/mail/`. `clock`: µs UTC."""

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

    route = partial(_route, backend, backend.lane(THREADS, MAX_PAGES_AT_ONCE))
    return [
        route("confirm", "confirm", ask_confirm, confirm),
        route("unsubscribe", "unsubscribe", ask_leave, leave),
        route("skip", "unsubscribe", ask_leave, choose(True)),
        route("all", "unsubscribe", ask_leave, choose(False)),
    ]


def _route(
    backend: Backend, lane: Lane, name: str, purpose: Purpose, show: TokenHandler, submit: TokenHandler
) -> Route:
    async def answer(request: Request) -> Reply:
        text, handler = request.path_params["token"], submit if request.method == "POST" else show
        return _reply(await lane.run(lambda: _handle(backend.open_record, text, purpose, handler)))

    return Route(f"/mail/{name}/{{token}}", Responder(answer, _refusal, (*READ, "POST")))


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


def _refusal(refused: Refused, headers: Mapping[str, str]) -> Reply:
    page = MailPage("Not found", (forms.NO_METHOD,), status=405) if refused.status == 405 else BUSY
    return _reply(page, headers)


def _reply(page: MailPage, headers: Mapping[str, str] = {}) -> Reply:
    body = macro(PAGE, "page")(page.heading, page.lines, page.buttons)
    return reply(page.status, {**HEADERS, **headers, **retry_after(page.wait)}, body.encode("utf-8", "replace"))
