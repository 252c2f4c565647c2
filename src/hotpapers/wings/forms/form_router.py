"""Forms for readers: plain HTML, shown by GET, submitted by POST, answered with a page.

Nobody signs in, so another site could abuse nothing but a reader's IP address; forms submitted from other sites are
refused anyway. There are limits on the size of submissions, on submissions per hour for each client, and on concurrent
work, in total and per client. A reader refused for such a reason gets the form back, filled in.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.routing import Route

from hotpapers.base.logs import log_event
from hotpapers.base.model import Publication
from hotpapers.base.text import clean_text
from hotpapers.jobs.isolation import is_defect, log_defect
from hotpapers.publish.render.templating import load_macro
from hotpapers.publish.view import phrases
from hotpapers.serve.backend import Backend, Lane
from hotpapers.serve.connections import TokenBuckets
from hotpapers.serve.http_messages import (
    COMMON,
    FRAMES,
    HTML,
    READ,
    Refused,
    Reply,
    Responder,
    build_reply,
    content_type,
    query_suffix,
    read_body,
    refused_by,
    retry_after,
)

PAGE = Path(__file__).with_name("form_page.html")
MAX_FORM_BYTES = 32_000
"""Most bytes of a submitted form or a query: 2,000 characters of 12 bytes each, as browsers send an emoji, and the
other fields."""
MAX_FIELDS = 10
SUBMITS_AN_HOUR = 20
"""Simple forms that one client may submit per hour."""
VIEW_COST = 2
"""Simple requests that a view of a form counts as."""
THREADS, MAX_PENDING_FORMS, SHARE = 2, 16, 4
"""How many forms are processed at once, and how many may be pending: in total, and per client."""
TYPE = "application/x-www-form-urlencoded"
FORM = COMMON | {
    "content-type": HTML,
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; " + FRAMES,
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
"""On pages with forms. `same-origin`: without a referrer, browsers would not send a form's origin, either."""

Values = Mapping[str, str]
"""The submitted fields, or those in the query, by name."""


class FormField(NamedTuple):
    """A field of a form. `hint`, `error`: shown next to it. `max_length`: characters."""

    name: str
    label: str
    kind: Literal["text", "email", "area", "check"]
    value: str
    hint: str = ""
    error: str = ""
    max_length: int = 500

    @property
    def id(self) -> str:
        """The element id that links it with its label and hint."""
        return f"field-{self.name}"


class FormSpec(NamedTuple):
    """A form. `action`: relative to its page. `choices`: (value, label) pairs of which one is selected. `error`: why it
    was refused, shown above the fields."""

    action: str
    button: str
    fields: tuple[FormField, ...]
    hidden: tuple[tuple[str, str], ...] = ()
    legend: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    selected: str = ""
    error: str = ""


class FormPage(NamedTuple):
    """A page with its text and form. `facts`: names and values. `wait`: seconds for Retry-After, or 0. `buttons`: of a
    page without a form, the target of each and its label."""

    heading: str
    lines: tuple[str, ...] = ()
    form: FormSpec | None = None
    facts: tuple[tuple[str, str], ...] = ()
    code: str = ""
    status: int = 200
    wait: int = 0
    buttons: tuple[tuple[str, str], ...] = ()


NOTHING = FormPage("Not found", ("This link is incomplete, or its target no longer exists.",), status=404)
BUSY = FormPage("Server busy", ("The server is busy. Please try again in a minute.",), status=503, wait=60)
FOREIGN = FormPage("Not sent", ("This form was sent from another site. Please send it from this site.",), status=403)
MISDIRECTED = FOREIGN._replace(status=421)
UNREADABLE = FormPage("Not sent", ("The form is unreadable or too long.",), status=400)
NO_METHOD = FormPage("Not found", ("This address does not accept this request method.",), status=405)
FULL = FormPage(
    "Try again later", ("Too many requests in the last hour. Please try again later.",), status=503, wait=3600
)
UNUSABLE = FormPage("Not sent", ("This request cannot be processed.",), status=400)


def with_refusal(refusal: FormPage, form: FormPage) -> FormPage:
    """The form as the reader filled it in, with the reason for the refusal."""
    if form.form is None:
        return refusal
    spec = form.form._replace(error=" ".join(refusal.lines))
    return form._replace(form=spec, status=refusal.status, wait=refusal.wait)


FormHandler = Callable[[Values], FormPage]


class _FormHandlers(NamedTuple):
    """A form's handlers: `show` and `submit`; `cost` of submitting; `refill`: the form filled in with the submitted
    values only. `buckets`: the limit for all clients together. `lane`: the handlers' threads."""

    show: FormHandler
    submit: FormHandler
    cost: int
    refill: FormHandler | None
    buckets: TokenBuckets
    lane: Lane

    def refused(self, page: FormPage, body: bytes) -> FormPage:
        """The page for the reader: for a refusal, the form with what they typed, if possible."""
        if page.status in (400, 429, 503) and page.form is None and self.refill:
            values = readable_fields(body)
        else:
            values = {}
        return with_refusal(page, self.refill(values)) if self.refill and values else page


class FormRouter:
    """Routes for forms that are about one thing, with threads and an hourly limit of their own. `site`: the site's
    title. `contact`: the operator's, for whom a form refuses."""

    def __init__(self, backend: Backend, site: str, contact: str) -> None:
        self.backend = backend
        self._origin = origin_of(backend.config.base)
        self._site = site
        self._contact = phrases.one_line(contact)
        self._submit_buckets = TokenBuckets(SUBMITS_AN_HOUR, 3600)
        self.later = backend.lane(1, MAX_PENDING_FORMS)

    def routes(
        self,
        path: str,
        show: FormHandler,
        submit: FormHandler,
        cost: int = 1,
        refill: FormHandler | None = None,
        most: int = 0,
    ) -> list[Route]:
        """The route of a form, with threads of its own, so one form's work does not delay another's; and one from its
        address with a trailing `/`. `show` and `submit` are called in these threads. `refill`: makes the form from the
        submitted values alone, for when nothing can be looked up. `most`: how often all clients together may submit it
        per hour, 0 for no limit."""
        lane = self.backend.lane(THREADS, MAX_PENDING_FORMS, SHARE)
        form = _FormHandlers(show, submit, cost, refill, TokenBuckets(most, 3600), lane)

        def page_reply(page: FormPage, headers: Mapping[str, str] = {}) -> Reply:
            depth = path.count("/")
            body = load_macro(PAGE, "page")(page, self._site, "../" * (depth - 1))
            waiting = retry_after(page.wait)
            return build_reply(page.status, {**FORM, **headers, **waiting}, body.encode("utf-8", "replace"))

        async def answer(request: Request) -> Reply:
            return page_reply(await self._form_page(request, form))

        async def redirect(request: Request) -> Reply:  # 308, so a POST is repeated
            location = f"../{path.rpartition('/')[2]}{query_suffix(request.scope)}"
            return build_reply(308, {**FORM, "location": location})

        methods = (*READ, "POST")
        responder = Responder(
            answer, lambda refused, headers: page_reply(self.refusal(refusal_page(refused)), headers), methods
        )
        route = Route(f"{path}/", Responder(redirect, methods=methods))
        return [Route(path, responder), route]

    def refusal(self, page: FormPage) -> FormPage:
        """A page that refuses for now, with another way to reach the operator."""
        line = f"If it cannot wait, contact {self._contact}."
        if self._contact and page.status in (429, 503):
            return page._replace(lines=(*page.lines, line))
        return page

    def run_later(self, work: Callable[[], object]) -> bool:
        """Runs work after the response, so its duration reveals nothing. Returns False if too much work is already
        waiting."""
        return self.later.begin(lambda: _run(work)) is not None

    async def _form_page(self, request: Request, form: _FormHandlers) -> FormPage:
        client = self.backend.client_of(request.scope)
        if request.method != "POST":
            self.backend.spend(request.scope, VIEW_COST)
            return await self._call(form, form.show, request.scope["query_string"], client)
        if refused := self.backend.hosts.host_refusal(request.scope):
            raise refused
        if not is_same_origin(request.headers, self._origin):
            return FOREIGN
        at = time.monotonic()
        seconds = self._submit_buckets.take(client, form.cost, at) or form.buckets.take("", 1, at)
        # cut off once it is too long; for another content type, an unreadable value
        body = await read_body(request, MAX_FORM_BYTES) if content_type(request) == TYPE else b"\xff"
        try:
            if seconds:
                raise Refused(429, "too many submissions", seconds)
            page = await self._call(form, form.submit, body, client)
        except Exception as problem:
            page = self.refusal(refusal_page(refused_by(problem, request.scope)))
        return form.refused(page, body)

    async def _call(self, form: _FormHandlers, handler: FormHandler, body: bytes, client: str) -> FormPage:
        """Calls a handler in a thread."""
        values = parse_fields(body)
        if values is None:
            return UNREADABLE
        return await form.lane.run(lambda: handler(values), client)


def form_router(backend: Backend, publication: Publication, contact: str) -> FormRouter | None:
    """A router for forms in the app of a publication; None if the app has no public address. `contact`: the
    operator's."""
    if backend.config.base:
        return FormRouter(backend, phrases.one_line(publication.title), contact)
    return None


def refusal_page(refused: Refused) -> FormPage:
    """The page about a refusal."""
    if refused.status == 429:
        # The page for a client with too many requests
        minutes = (refused.wait + 59) // 60
        line = f"Too many requests in a short time. Please try again in {minutes} minute{'' if minutes == 1 else 's'}."
        return FormPage("Try again later", (line,), status=429, wait=refused.wait)
    return {400: UNUSABLE, 404: NOTHING, 405: NO_METHOD, 421: MISDIRECTED}.get(refused.status, BUSY)


def _run(work: Callable[[], object]) -> None:
    try:
        work()
    except Exception as problem:
        if is_defect(problem) and not isinstance(problem, OSError):
            log_defect("forms", problem)
        else:
            log_event("form failed", level=logging.WARNING, reason=problem)


# ---- submitted data ------------------------------------------------------------------------------------


def is_same_origin(headers: Mapping[str, str], origin: str) -> bool:
    """Whether a form comes from one of the app's own pages, according to the browser (Fetch Metadata; RFC 6454 §7).
    Clients that send neither header are not browsers, so they act for no reader and are accepted."""
    site = headers.get("sec-fetch-site")
    sent_origin = headers.get("origin")
    if site is not None:
        return site == "same-origin"
    return sent_origin is None or sent_origin.lower() == origin


def origin_of(base: str) -> str:
    """`https://papers.example/daily/` → `https://papers.example`, in the form that browsers send."""
    parts = urlsplit(base.lower())
    default_port = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return f"{parts.scheme}://{parts.netloc.removesuffix(default_port)}"


def parse_fields(body: bytes) -> dict[str, str] | None:
    """Parses names and values, stripped and with `\\n` line ends; None if they are unreadable."""
    if len(body) > MAX_FORM_BYTES:
        return None
    try:
        qsl = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        return None
    fields = _normalize(qsl)
    return fields if len(fields) == len(qsl) else None


def readable_fields(body: bytes) -> dict[str, str]:
    """As much of a form as can be read, to show it again; of a form that is too long, the beginning."""
    if len(body) <= MAX_FORM_BYTES:
        return parse_fields(body) or {}
    text = _CUT_OFF.sub(b"", body[:MAX_FORM_BYTES]).decode("ascii", "ignore")
    try:
        return _normalize(parse_qsl(text, keep_blank_values=True, errors="ignore", max_num_fields=MAX_FIELDS))
    except ValueError:
        return {}


_CUT_OFF = re.compile(rb"%[0-9A-Fa-f]?\Z")
"""An incomplete percent-encoded byte."""


def _normalize(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    values = {name: value.replace("\r\n", "\n").replace("\r", "\n") for name, value in fields}
    return {name: clean_text.displayable_text(value).strip() for name, value in values.items()}
