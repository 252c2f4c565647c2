"""The pages that messages link to: to confirm a subscription, to end it, to choose its days.

GET changes nothing, as mail programs and filters open every link; the pages' buttons send a POST, which acts. Mail
programs also send a POST to the *unsubscribe* address for one click (RFC 8058): it needs no cookie and no form, and its
body is ignored. Anyone with the signed token can act, but sees no address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from hotpapers.base.errors import NotFound
from hotpapers.base.model import Publication
from hotpapers.issues.freeze import publication_of
from hotpapers.publish.render.templating import load_macro
from hotpapers.publish.view import phrases
from hotpapers.record import Record, current_time
from hotpapers.serve.backend import Backend
from hotpapers.serve.http_messages import READ, Refused, Reply, Responder, build_reply, retry_after
from hotpapers.serve.page_cache import CurrentPages
from hotpapers.site.site import Site
from hotpapers.wings.forms import form_router as forms
from hotpapers.wings.forms.form_router import FormPage, form_router
from hotpapers.wings.mail import subscribers, tokens
from hotpapers.wings.mail.join_page import JoinPage
from hotpapers.wings.mail.queries import Subscriber
from hotpapers.wings.mail.settings import site_mail_config
from hotpapers.wings.mail.tokens import MailToken, Purpose

HEADERS = forms.FORM | {"referrer-policy": "no-referrer"}
PAGE = Path(__file__).with_name("mail_page.html")
THREADS, MAX_PAGES_AT_ONCE = 2, 32
"""Most of these pages in progress at once; they may have to wait for the store."""
MAX_TOKEN_CHARS = 100
"""Most characters of a token; longer ones are invalid."""
PURPOSES: dict[str, Purpose] = {
    "confirm": "confirm",
    "unsubscribe": "unsubscribe",
    "skip": "unsubscribe",
    "all": "unsubscribe",
}
"""The required purpose of a link's token, by the link's path below `/mail/`."""
NOTHING = FormPage(
    "Invalid or expired link", ("The link is incomplete or too old. Subscribe again to get a new one.",), status=404
)


def routes(backend: Backend, pages: CurrentPages, publication: Publication, site: Site) -> Iterator[BaseRoute]:
    """The routes of a publication's app below `/mail/`."""
    yield from link_routes(backend)
    router = form_router(backend, publication, site.settings.contact)
    if router and site.settings.table("mailing").relay:
        yield from JoinPage(router, site_mail_config(site), publication.publication).routes()


def link_routes(backend: Backend, clock: Callable[[], int] = current_time) -> Iterator[Route]:
    """The routes of the links in messages. `clock`: µs UTC."""
    lane = backend.lane(THREADS, MAX_PAGES_AT_ONCE)

    async def answer(name: str, request: Request) -> Reply:
        text = request.path_params["token"]
        is_pressed = request.method == "POST"

        def page() -> FormPage:
            with backend.open_record() as record:
                return _page(record, name, text, clock(), is_pressed=is_pressed)

        return _reply(await lane.run(page))

    for name in PURPOSES:
        responder = Responder(partial(answer, name), _refusal, (*READ, "POST"))
        yield Route(f"/mail/{name}/{{token}}", responder)


def _page(record: Record, name: str, text: str, at: int, *, is_pressed: bool) -> FormPage:
    """The page of a link at a moment, µs UTC. `is_pressed`: its button was pressed; else it is only shown. Raises
    NotFound."""
    if len(text) <= MAX_TOKEN_CHARS:
        token = tokens.decode_token(record.hasher.secret, text)
    else:
        token = None
    if token and token.purpose == PURPOSES[name]:
        reader = subscribers.find(record, token.mark)
    else:
        reader = None
    if token is None or reader is None:
        raise NotFound("no such link")
    title = phrases.one_line(publication_of(record, reader.publication).title)
    if is_pressed:
        return _done(record, name, token, title, at)
    if name == "confirm":
        return _request(reader, token, title, at)
    return _question(reader, text, title)


def _request(reader: Subscriber, token: MailToken, title: str, at: int) -> FormPage:
    """The page of a link that confirms. Without a button if it would not."""
    if reader.state == "confirmed":
        return FormPage(f"You are subscribed to {title}", ("Your subscription is already confirmed.",))
    if reader.state == "asked" and subscribers.can_confirm(reader, token, at):
        return FormPage(f"Get {title} by mail?", buttons=(("", f"Yes, send me {title}"),))
    return NOTHING


def _question(reader: Subscriber, text: str, title: str) -> FormPage:
    if reader.state != "confirmed":
        return FormPage(f"You are not subscribed to {title}")
    choice = ("all", "Every issue by mail") if reader.skip_empty else ("skip", "No issues without papers")
    target = f"../{choice[0]}/{text}"
    buttons = (("", "Unsubscribe"), (target, choice[1]))
    return FormPage(f"Unsubscribe from {title}?", buttons=buttons)


def _done(record: Record, name: str, token: MailToken, title: str, at: int) -> FormPage:
    """The page after the button was pressed. Raises NotFound."""
    if name == "confirm":
        subscribers.confirm(record, token, at)
        line = "You will get the next issue. Every issue says how to unsubscribe."
        return FormPage(f"You are subscribed to {title}", (line,))
    if name == "unsubscribe":
        subscribers.end(record, token.mark, at)
        line = f"{title} will no longer be sent to you, and your address has been deleted from its list."
        return FormPage("Unsubscribed", (line,))
    if not subscribers.set_skip_empty(record, token.mark, skip_empty=name == "skip"):
        return FormPage(f"You are not subscribed to {title}")
    some = "Issues with papers" if name == "skip" else "All issues"
    return FormPage("Saved", (f"{some} of {title} will be sent to you.",))


def _refusal(refused: Refused, headers: Mapping[str, str]) -> Reply:
    page = {404: NOTHING, 405: forms.NO_METHOD}.get(refused.status, forms.BUSY)
    return _reply(page, headers)


def _reply(page: FormPage, headers: Mapping[str, str] = {}) -> Reply:
    body = load_macro(PAGE, "page")(page.heading, page.lines, page.buttons)
    return build_reply(page.status, {**HEADERS, **headers, **retry_after(page.wait)}, body.encode("utf-8", "replace"))
