"""Forms for readers: plain HTML, asked for by GET, sent by POST, answered in a page of words.

Nobody signs in, so there is nothing that another site could do in a reader's name but to send from their address; a
form that another site's page sends is refused all the same. What is sent is bounded, each client may look at so many
forms a minute and send so many an hour, and what is being done at once is bounded too, for all and for each. Who is
refused for such a reason gets the form again, with what they typed.
"""

from __future__ import annotations

import asyncio
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

from hotpapers.errors import HotPapersError, NotFound, StoreError, UsageError
from hotpapers.logs import LOG
from hotpapers.render.html.templating import macro
from hotpapers.view import clean_text
from hotpapers.web import mail_pages
from hotpapers.web.http_messages import query_suffix
from hotpapers.web.rate_limits import TokenBuckets, client_of

T = TypeVar("T")
HEADERS = {**mail_pages.HEADERS, "referrer-policy": "same-origin"}
"""`same-origin`: without a referrer a browser would not say either from where a form comes."""
LARGEST = 32_000
"""Bytes of a form that is sent, and of an address: 2,000 characters of 12 bytes each, as browsers send an emoji, and
what stands beside them."""
MOST_FIELDS = 10
SUBMITS_AN_HOUR = 20
"""Simple forms that one client may send in an hour."""
VIEWS_A_MINUTE = 120
"""Forms that one client may look at in a minute."""
THREADS, MOST, SHARE = 2, 16, 4
"""How many forms are worked on at once, how many may be there in all, and how many of one client."""
TYPE = "application/x-www-form-urlencoded"

Values = Mapping[str, str]
"""What was sent, or stands in the address, by name."""


class FormField(NamedTuple):
    """Something to fill in. `hint`, `error`: said beside it. `max_length`: characters."""

    name: str
    label: str
    kind: Literal["text", "email", "area", "check"] = "text"
    value: str = ""
    hint: str = ""
    error: str = ""
    max_length: int = 500

    @property
    def id(self) -> str:
        """By which its label and its hint are told to belong to it."""
        return f"field-{self.name}"


class FormSpec(NamedTuple):
    """Where it is sent, from its page; what is in it. `choices`: of which one is taken, by value. `error`: why it was
    not taken, over all."""

    action: str
    button: str
    fields: tuple[FormField, ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    legend: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    selected: str = ""
    error: str = ""


class FormPage(NamedTuple):
    """A page: what it says, and its form. `facts`: names and values."""

    heading: str
    lines: tuple[str, ...] = ()
    form: FormSpec | None = None
    facts: tuple[tuple[str, str], ...] = ()
    code: str = ""
    status: int = 200
    wait: int = 0


NOTHING = FormPage("Not found", ("This link is incomplete, or what it was about is gone.",), status=404)
BUSY = FormPage("Server busy", ("The server is busy. Please try again in a minute.",), status=503, wait=60)
FOREIGN = FormPage("Not sent", ("This form was sent from another site's page. Please send it from here.",), status=403)
UNREADABLE = FormPage("Not sent", ("The form could not be read, or is too long.",), status=400)
UNUSABLE = FormPage("Not sent", ("This cannot be done.",), status=400)


def too_many_requests(seconds: int) -> FormPage:
    """Whoever sends too many forms is told when to go on."""
    minutes = (seconds + 59) // 60
    words = f"Too many requests in a short time. Please try again in {minutes} minute{'' if minutes == 1 else 's'}."
    return FormPage("Not now", (words,), status=429, wait=seconds)


def with_refusal(refusal: FormPage, form: FormPage) -> FormPage:
    """A form, filled in as it was sent, which says why it was refused."""
    if form.form is None:
        return refusal
    spec = form.form._replace(error=" ".join(refusal.lines))
    return form._replace(form=spec, status=refusal.status, wait=refusal.wait)


FormHandler = Callable[[Values], FormPage]


class _FormHandlers(NamedTuple):
    """What a form shows, and does; what sending it costs; the same form, filled in with what was sent alone."""

    show: FormHandler
    submit: FormHandler
    cost: int
    refill: FormHandler | None

    def refused(self, page: FormPage, body: bytes) -> FormPage:
        """What is told to whoever sent the form: where it is a refusal, the form with what they typed."""
        values = readable_fields(body) if page.status in (400, 429, 503) and page.form is None and self.refill else {}
        return with_refusal(page, self.refill(values)) if self.refill and values else page


class FormRouter:
    """Where forms are handed in; each has threads of its own, so that nobody waits for what is done at another.

    `base`: the app's public address; `site`: what readers call it; `proxies`: how many of the operator's own stand in
    front.
    """

    def __init__(self, base: str, site: str, proxies: int = 0) -> None:
        self._origin, self._site, self._proxies = origin_of(base), site, proxies
        self._submit_buckets, self._view_buckets = TokenBuckets(SUBMITS_AN_HOUR, 3600), TokenBuckets(VIEWS_A_MINUTE)
        self._workers, self._background = _Threads(THREADS), _Threads(1)

    def route(
        self, path: str, show: FormHandler, submit: FormHandler, cost: int = 1, refill: FormHandler | None = None
    ) -> Route:
        """A form at an address: what it shows, and what it does. Both are called in threads. `refill`: the form,
        filled in with what was sent and nothing else, for whom nothing can be looked up now."""
        form = _FormHandlers(show, submit, cost, refill)

        async def respond(request: Request) -> Response:
            try:
                page = await self._form_page(request, form)
            except ClientDisconnect:
                return Response(status_code=400)
            return self._page(page, "../" * (path.count("/") - 1))

        return Route(path, respond, methods=["GET", "POST"])

    def run_later(self, work: Callable[[], object]) -> bool:
        """Does something after the answer was given, so that how long it takes tells nothing; False where too much
        waits already."""
        return self._background.begin(lambda: _run(work)) is not None

    def close(self) -> None:
        self._workers.close()
        self._background.close()

    async def _form_page(self, request: Request, form: _FormHandlers) -> FormPage:
        client, at = self._client(request), time.monotonic()
        if request.method != "POST":
            seconds = self._view_buckets.take(client, 1, at)
            return await self._call(form.show, request.scope["query_string"], client, seconds)
        if not is_same_origin(request.headers, self._origin):
            return FOREIGN
        seconds = self._submit_buckets.take(client, form.cost, at)
        body = await _body(request)
        return form.refused(await self._call(form.submit, body, client, seconds), body)

    def _client(self, request: Request) -> str:
        peer = request.client.host if request.client else ""
        return client_of(peer, request.headers.getlist("x-forwarded-for"), self._proxies)

    async def _call(self, handler: FormHandler, body: bytes, client: str, seconds: int) -> FormPage:
        """`seconds`: for which the client has to wait."""
        if seconds:
            return too_many_requests(seconds)
        values = parse_fields(body)
        if values is None:
            return UNREADABLE
        future = self._workers.begin(lambda: _page_or_problem(handler, values), client)
        return BUSY if future is None else await asyncio.wrap_future(future)

    def _page(self, page: FormPage, root: str) -> Response:
        body = macro("form_page.html", "page")(page, self._site, root)
        more = {"retry-after": str(page.wait)} if page.wait else {}
        return Response(body.encode("utf-8", "replace"), status_code=page.status, headers={**HEADERS, **more})


class _Threads:
    """Some threads, and what waits for them: a bounded number of things, and of each client's."""

    def __init__(self, number: int) -> None:
        self._pool = ThreadPoolExecutor(number, thread_name_prefix="forms")
        self._pending: Counter[str] = Counter()
        self._lock = threading.Lock()

    def begin(self, work: Callable[[], T], client: str = "") -> Future[T] | None:
        """Does something as soon as a thread is free; None where there is no room, or none for this client."""
        if not self._enter(client):
            return None
        future = self._pool.submit(work)
        future.add_done_callback(lambda _: self._leave(client))
        return future

    def _enter(self, client: str) -> bool:
        with self._lock:
            if self._pending.total() >= MOST or (client and self._pending[client] >= SHARE):
                return False
            self._pending[client] += 1
            return True

    def _leave(self, client: str) -> None:
        with self._lock:
            self._pending[client] -= 1
            if not self._pending[client]:
                del self._pending[client]

    def close(self) -> None:
        """Waits for what is being done; what has not begun is not done."""
        self._pool.shutdown(cancel_futures=True)


def _page_or_problem(handler: FormHandler, values: Values) -> FormPage:
    try:
        return handler(values)
    except NotFound:
        return NOTHING
    except StoreError as problem:
        LOG.warning("form: %s", problem)
        return BUSY
    except UsageError as problem:
        LOG.warning("form: %s", problem)
        return UNUSABLE


def _run(work: Callable[[], object]) -> None:
    try:
        work()
    except (HotPapersError, OSError) as problem:
        LOG.warning("form: %s", problem)


# ---- what is sent --------------------------------------------------------------------------------------


def is_same_origin(headers: Mapping[str, str], origin: str) -> bool:
    """Whether a form comes from one of the app's own pages, as the browser says (Fetch Metadata; RFC 6454 §7). What is
    no browser says nothing of the sort, and acts in nobody's name."""
    site, text = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site == "same-origin"
    return text is None or text.lower() == origin


def origin_of(base: str) -> str:
    """`https://papers.example/daily/` → `https://papers.example`, as browsers write it."""
    parts = urlsplit(base.lower())
    usual = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return f"{parts.scheme}://{parts.netloc.removesuffix(usual)}"


def parse_fields(body: bytes) -> dict[str, str] | None:
    """Names and values, blanks around them removed; None for what cannot be read. Line ends are single."""
    if len(body) > LARGEST:
        return None
    try:
        qsl = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    fields = _normalize(qsl)
    return fields if len(fields) == len(qsl) else None


def readable_fields(body: bytes) -> dict[str, str]:
    """As much of a form as can be read, to be shown again: of one that is too long its beginning."""
    if len(body) <= LARGEST:
        return parse_fields(body) or {}
    text = _CUT_OFF.sub(b"", body[:LARGEST]).decode("ascii", "ignore")
    try:
        return _normalize(parse_qsl(text, keep_blank_values=True, errors="ignore", max_num_fields=MOST_FIELDS))
    except ValueError:
        return {}


_CUT_OFF = re.compile(rb"%[0-9A-Fa-f]?\Z")
"""The beginning of a byte that is written as `%E4`."""


def _normalize(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    tidy = {name: value.replace("\r\n", "\n").replace("\r", "\n") for name, value in fields}
    return {name: clean_text.shown(value).strip() for name, value in tidy.items()}


async def _body(request: Request) -> bytes:
    """What was sent, or as much of it as shows that it is too long; of another type: what cannot be read."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != TYPE:
        return b"\xff"
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            break
    return bytes(body)


# ---- the other address of a form -------------------------------------------------------------------------


def slash_redirect(path: str) -> Route:
    """A form's address with a `/` at its end, as some write it: it leads to the form (308, which sends again)."""

    async def respond(request: Request) -> Response:
        where = f"../{path.rpartition('/')[2]}{query_suffix(request.scope)}"
        return Response(status_code=308, headers={**HEADERS, "location": where})

    return Route(f"{path}/", respond, methods=["GET", "POST"])
