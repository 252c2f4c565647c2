"""Forms for readers: plain HTML, shown by GET, submitted by POST, answered with a page.

Nobody signs in, so another site could abuse nothing but a reader's IP address; forms submitted from other sites are
refused anyway. There are limits on the size of submissions, on views per minute and submissions per hour for each
client, and on concurrent work, in total and per client. A reader refused for such a reason gets the form back, filled
in.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal, NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from hotpapers.base.errors import NotFound, StoreError, UsageError
from hotpapers.base.logs import log_event
from hotpapers.collect.jobs.isolation import is_defect, log_defect
from hotpapers.publish.render.html.templating import macro
from hotpapers.publish.view import clean_text
from hotpapers.serve.web.http_messages import query_suffix
from hotpapers.serve.web.rate_limits import TokenBuckets, client_of

T = TypeVar("T")
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""`same-origin`: without a referrer, browsers would not send a form's origin, either."""
MAX_FORM_BYTES = 32_000
"""Most bytes of a submitted form or a query: 2,000 characters of 12 bytes each, as browsers send an emoji, and the
other fields."""
MAX_FIELDS = 10
SUBMITS_AN_HOUR = 20
"""Simple forms that one client may submit per hour."""
VIEWS_A_MINUTE = 120
"""Forms that one client may view per minute."""
THREADS, MAX_PENDING_FORMS, SHARE = 2, 16, 4
"""How many forms are processed at once, and how many may be pending: in total, and per client."""
TYPE = "application/x-www-form-urlencoded"

Values = Mapping[str, str]
"""The submitted fields, or those in the query, by name."""


class FormField(NamedTuple):
    """A field of a form. `hint`, `error`: shown next to it. `max_length`: characters."""

    name: str
    label: str
    kind: Literal["text", "email", "area", "check"] = "text"
    value: str = ""
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
    fields: tuple[FormField, ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    legend: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    selected: str = ""
    error: str = ""


class FormPage(NamedTuple):
    """A page with its text and form. `facts`: names and values. `wait`: seconds for Retry-After, or 0."""

    heading: str
    lines: tuple[str, ...] = ()
    form: FormSpec | None = None
    facts: tuple[tuple[str, str], ...] = ()
    code: str = ""
    status: int = 200
    wait: int = 0


NOTHING = FormPage("Not found", ("This link is incomplete, or its target no longer exists.",), status=404)
BUSY = FormPage("Server busy", ("The server is busy. Please try again in a minute.",), status=503, wait=60)
FOREIGN = FormPage("Not sent", ("This form was sent from another site. Please send it from this site.",), status=403)
UNREADABLE = FormPage("Not sent", ("The form is unreadable or too long.",), status=400)
UNUSABLE = FormPage("Not sent", ("This request cannot be processed.",), status=400)


def too_many_requests(seconds: int) -> FormPage:
    """The page for a client with too many requests."""
    minutes = (seconds + 59) // 60
    line = f"Too many requests in a short time. Please try again in {minutes} minute{'' if minutes == 1 else 's'}."
    return FormPage("Try again later", (line,), status=429, wait=seconds)


def with_refusal(refusal: FormPage, form: FormPage) -> FormPage:
    """The form as the reader filled it in, with the reason for the refusal."""
    if form.form is None:
        return refusal
    spec = form.form._replace(error=" ".join(refusal.lines))
    return form._replace(form=spec, status=refusal.status, wait=refusal.wait)


FormHandler = Callable[[Values], FormPage]


class _FormHandlers(NamedTuple):
    """A form's handlers: `show` and `submit`; `cost` of submitting; `refill`: the form filled in with the submitted
    values only."""

    show: FormHandler
    submit: FormHandler
    cost: int
    refill: FormHandler | None

    def refused(self, page: FormPage, body: bytes) -> FormPage:
        """The page for the reader: for a refusal, the form with what they typed, if possible."""
        values = readable_fields(body) if page.status in (400, 429, 503) and page.form is None and self.refill else {}
        return with_refusal(page, self.refill(values)) if self.refill and values else page


class FormRouter:
    """Routes for forms. Each router has its own threads, so one's work does not delay another's.

    `base`: the app's public address; `site`: the site's title; `proxies`: number of the operator's proxies in front.
    """

    def __init__(self, base: str, site: str, proxies: int = 0) -> None:
        self._origin, self._site, self._proxies = origin_of(base), site, proxies
        self._submit_buckets, self._view_buckets = TokenBuckets(SUBMITS_AN_HOUR, 3600), TokenBuckets(VIEWS_A_MINUTE)
        self._workers, self._background = _Threads(THREADS), _Threads(1)

    def route(
        self, path: str, show: FormHandler, submit: FormHandler, cost: int = 1, refill: FormHandler | None = None
    ) -> Route:
        """The route of a form. `show` and `submit` are called in threads. `refill`: makes the form from the submitted
        values alone, for when nothing can be looked up."""
        form = _FormHandlers(show, submit, cost, refill)

        async def respond(request: Request) -> Response:
            try:
                page = await self._form_page(request, form)
            except ClientDisconnect:
                return Response(status_code=400)
            return self._page(page, "../" * (path.count("/") - 1))

        return Route(path, respond, methods=["GET", "POST"])

    def run_later(self, work: Callable[[], object]) -> bool:
        """Runs work after the response, so its duration reveals nothing. Returns False if too much work is already
        waiting."""
        return self._background.begin(lambda: _run(work)) is not None

    def close(self) -> None:
        self._workers.close()
        self._background.close()

    async def _form_page(self, request: Request, form: _FormHandlers) -> FormPage:
        peer, forwarded = request.client.host if request.client else "", request.headers.getlist("x-forwarded-for")
        client, at = client_of(peer, forwarded, self._proxies), time.monotonic()
        if request.method != "POST":
            seconds = self._view_buckets.take(client, 1, at)
            return await self._call(form.show, request.scope["query_string"], client, seconds)
        if not is_same_origin(request.headers, self._origin):
            return FOREIGN
        seconds = self._submit_buckets.take(client, form.cost, at)
        body = await _body(request)
        return form.refused(await self._call(form.submit, body, client, seconds), body)

    async def _call(self, handler: FormHandler, body: bytes, client: str, seconds: int) -> FormPage:
        """Calls a handler in a thread. `seconds`: how long the client has to wait, or 0."""
        if seconds:
            return too_many_requests(seconds)
        values = parse_fields(body)
        if values is None:
            return UNREADABLE
        future = self._workers.begin(lambda: _page_or_problem(handler, values), client)
        return BUSY if future is None else await asyncio.wrap_future(future)

    def _page(self, page: FormPage, root: str) -> Response:
        body = macro("form_page.html", "page")(page, self._site, root)
        retry = {"retry-after": str(page.wait)} if page.wait else {}
        return Response(body.encode("utf-8", "replace"), status_code=page.status, headers={**HEADERS, **retry})


class _Threads:
    """A thread pool with limits on pending work, in total and per client."""

    def __init__(self, number: int) -> None:
        self._pool = ThreadPoolExecutor(number, thread_name_prefix="forms")
        self._pending: Counter[str] = Counter()
        self._lock = threading.Lock()

    def begin(self, work: Callable[[], T], client: str = "") -> Future[T] | None:
        """Runs work as soon as a thread is free; None if the total or the client's limit is reached."""
        with self._lock:
            if self._pending.total() >= MAX_PENDING_FORMS or (client and self._pending[client] >= SHARE):
                return None
            self._pending[client] += 1
        future = self._pool.submit(work)
        future.add_done_callback(lambda _: self._leave(client))
        return future

    def _leave(self, client: str) -> None:
        with self._lock:
            self._pending[client] -= 1
            if not self._pending[client]:
                del self._pending[client]

    def close(self) -> None:
        """Waits for running work and cancels the rest."""
        self._pool.shutdown(cancel_futures=True)


def _page_or_problem(handler: FormHandler, values: Values) -> FormPage:
    try:
        return handler(values)
    except NotFound:
        return NOTHING
    except (StoreError, UsageError) as problem:
        _log_failure(problem)
        return BUSY if isinstance(problem, StoreError) else UNUSABLE


def _run(work: Callable[[], object]) -> None:
    try:
        work()
    except Exception as problem:
        if is_defect(problem) and not isinstance(problem, OSError):
            log_defect("forms", problem)
        else:
            _log_failure(problem)


def _log_failure(problem: Exception) -> None:
    log_event("form failed", level=logging.WARNING, reason=problem)


# ---- submitted data ------------------------------------------------------------------------------------


def is_same_origin(headers: Mapping[str, str], origin: str) -> bool:
    """Whether a form comes from one of the app's own pages, according to the browser (Fetch Metadata; RFC 6454 §7).
    Clients that send neither header are not browsers, so they act for no reader and are accepted."""
    site, sent_origin = headers.get("sec-fetch-site"), headers.get("origin")
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
    return {name: clean_text.shown(value).strip() for name, value in values.items()}


async def _body(request: Request) -> bytes:
    """The request's body, cut off once it is too long. For another content type, an unreadable value."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != TYPE:
        return b"\xff"
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            break
    return bytes(body)


# ---- redirects -------------------------------------------------------------------------------------------


def slash_redirect(path: str) -> Route:
    """Redirects a form's address with a trailing `/` to the form (308, so a POST is repeated)."""

    async def respond(request: Request) -> Response:
        location = f"../{path.rpartition('/')[2]}{query_suffix(request.scope)}"
        return Response(status_code=308, headers={**HEADERS, "location": location})

    return Route(f"{path}/", respond, methods=["GET", "POST"])
