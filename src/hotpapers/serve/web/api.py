"""The JSON API below /api/v1: an ASGI app over `hotpapers.publish.query`; for users: docs/reference/api.md.

Requests are answered in separate threads (`sessions`), so a slow one does not block pages. Replies are cached until
something is written to the record, so most requests only look at the last batch. Identical concurrent requests share
one reply.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from operator import attrgetter
from typing import NamedTuple

import msgspec
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from hotpapers.base import terms
from hotpapers.base.durations import duration
from hotpapers.base.errors import StoreError
from hotpapers.base.logs import log_event
from hotpapers.base.model import SiteProofs
from hotpapers.collect.jobs.isolation import log_defect
from hotpapers.issues.moderation.blocklist import Blocklist
from hotpapers.publish.query import QuerySession, openapi, request_params
from hotpapers.publish.query.session import SessionState
from hotpapers.record import Record
from hotpapers.serve.web.byte_cache import ByteCache
from hotpapers.serve.web.export_stream import ExportStreams, StreamAborted, head_of
from hotpapers.serve.web.http_messages import (
    ApiReply,
    ApiRequest,
    json_reply,
    problem,
    problem_of,
    refusal,
    reply,
    request_of,
    retry_reply,
)
from hotpapers.serve.web.rate_limits import TokenBuckets, client_of
from hotpapers.serve.web.routing import QueryRoute, next_link, parameters, route_of
from hotpapers.serve.web.sessions import SessionPool

ROOT = "/api/v1"
THREADS = 4
CACHE_BYTES = 64_000_000
"""Bytes of cached replies."""
MAX_REQUESTS_AT_ONCE = 64
"""Most requests in progress; further ones get 503 with Retry-After."""
HEAVY, MAX_HEAVY_REQUESTS = 20, 8
"""Requests of at least this cost are answered one at a time, and only so many of them may wait."""

_RESERVED = ("/", "", "/openapi.json")


class ApiConfig(NamedTuple):
    """The operator's choices. `terms`: the networks'. `rate`: simple requests per client and minute, 0 for no limit.
    `proxies`: the operator's proxies in front. `proofs`: the proofs of issues."""

    terms: terms.Table = terms.TERMS
    rate: int = 300
    proxies: int = 0
    proofs: SiteProofs | None = None


class ApiRoute(BaseRoute):
    """The API as a route of the app: everything below `ROOT`. `open_record` opens a new connection to the store for
    each thread."""

    def __init__(self, open_record: Callable[[], Record], operator: ApiConfig) -> None:
        self.api = ApiApp(open_record, operator)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for the API; the child scope has the API's root path."""
        if scope["type"] != "http":
            return Match.NONE, {}
        app_root = scope.get("root_path", "")
        if not f"{scope['path'].removeprefix(app_root)}/".startswith(f"{ROOT}/"):
            return Match.NONE, {}
        return Match.FULL, {"root_path": app_root + ROOT}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.api(scope, receive, send)


class ReplyCache:
    """Cached replies for one state of record and proofs, dropping the oldest."""

    def __init__(self) -> None:
        self._state = SessionState(-1, Blocklist(), ())
        self._replies = ByteCache[Key, ApiReply](CACHE_BYTES)

    def get(self, state: SessionState, key: Key) -> ApiReply | None:
        """The cached reply, or None. A new state of record and proofs clears the cache."""
        if state != self._state:
            self._replies.clear()
            self._state = state
        return self._replies.get(key)

    def put(self, state: SessionState, key: Key, reply: ApiReply) -> None:
        """Caches a reply, unless record or proofs have changed."""
        if state == self._state:
            self._replies.put(key, reply)


Key = tuple[str, bytes, bool]
"""Path, query, whether compressed."""


class ApiApp:
    """The ASGI app."""

    def __init__(self, open_record: Callable[[], Record], operator: ApiConfig) -> None:
        self._operator = operator
        self._sessions = SessionPool(open_record, operator.terms, THREADS, operator.proofs)
        self._exports = ExportStreams(open_record, operator.terms)
        self._buckets = TokenBuckets(operator.rate)
        self._cache = ReplyCache()
        self._pending: PendingReplies = {}
        self._pending_heavy: PendingReplies = {}
        self._heavy = asyncio.Lock()
        self._document = {
            compress: json_reply(openapi.document_text().encode(), "", compress=compress) for compress in (False, True)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        try:
            reply = refusal(request)
            if reply is None:
                self._spend(request, 1)
                reply = self._fixed_reply(request) or await self._routed_reply(request, receive, send)
        except StreamAborted as aborted:
            if not aborted.is_slow:
                self._log_failure(request, aborted.problem)
            raise
        except Exception as error:
            reply = self._error_reply(request, error)
        if reply is not None:
            await _send(reply, request, send)

    def close(self) -> None:
        self._sessions.close()

    def _fixed_reply(self, request: ApiRequest) -> ApiReply | None:
        """The OpenAPI document, or a redirect to it; None for other paths."""
        if request.path not in _RESERVED:
            return None
        if request.path != "/openapi.json":
            return reply(307, [("location", f"{'' if request.path else 'v1/'}openapi.json")])
        return self._document[request.takes_gzip]

    async def _routed_reply(self, request: ApiRequest, receive: Receive, send: Send) -> ApiReply | None:
        target = route_of(request.path)
        if target is None:
            return problem(404, "no such path; openapi.json lists all paths")
        route, path_values = target
        state = self._sessions.call(attrgetter("state"))
        key = (request.path, request.query, request.takes_gzip)
        cached = self._cache.get(state, key)
        if cached is not None:
            return cached
        params = parameters(route.params_type, path_values, request.query)
        head = None
        if isinstance(params, request_params.ExportParams):
            head = head_of(params, state, self._operator.terms, request)
        if head and (request.method == "HEAD" or request.has(head.etag)):
            return head
        self._spend(request, min(route.cost, self._operator.rate) - 1)  # one token is already spent
        if head and isinstance(params, request_params.ExportParams):
            return await self._exports.send(head, params, request, receive, send)
        return await self._shared_reply(state, key, route, params)

    def _spend(self, request: ApiRequest, cost: int) -> None:
        client = client_of(request.peer, request.forwarded, self._operator.proxies)
        seconds = self._buckets.take(client, cost, time.monotonic())
        if seconds:
            raise _RateLimitExceeded(seconds)

    async def _shared_reply(
        self, state: SessionState, key: Key, route: QueryRoute, params: request_params.Params
    ) -> ApiReply:
        """The reply, made once for all concurrent requests; a client that disconnects does not cancel it."""
        is_heavy = route.cost >= HEAVY  # these wait in line, and must not take the places of all others
        pending, most = (self._pending_heavy, MAX_HEAVY_REQUESTS) if is_heavy else (self._pending, MAX_REQUESTS_AT_ONCE)
        task = pending.get((state, key))
        if task is None:
            if len(pending) >= most:
                return retry_reply(503, "too many concurrent requests", 1)
            task = asyncio.create_task(self._make_reply(state, key, route, params))
            pending[state, key] = task
            task.add_done_callback(lambda finished_task: _forget_task(pending, (state, key), finished_task))
        return await asyncio.shield(task)

    async def _make_reply(
        self, state: SessionState, key: Key, route: QueryRoute, params: request_params.Params
    ) -> ApiReply:
        def make(session: QuerySession) -> ApiReply:
            assert route.question is not None
            answer = route.question.ask(session, params)
            link = next_link(params, route.question.path, getattr(answer, "next", None))
            return json_reply(msgspec.json.encode(answer), link, compress=key[2])

        if route.cost >= HEAVY:
            async with self._heavy:
                reply = await self._sessions.ask(make)
        else:
            reply = await self._sessions.ask(make)
        if route.question is not None and not route.question.moves:
            self._cache.put(state, key, reply)
        return reply

    def _error_reply(self, request: ApiRequest, error: Exception) -> ApiReply:
        if isinstance(error, _RateLimitExceeded):
            return retry_reply(429, f"too many requests; try again in {duration(error.seconds)}", error.seconds)
        self._log_failure(request, error)
        return problem_of(error)

    def _log_failure(self, request: ApiRequest, error: Exception) -> None:
        """Logs an error, unless the request itself is to blame."""
        if isinstance(error, StoreError):
            log_event("api unavailable", level=logging.ERROR, path=request.path[:200], reason=error)
        elif problem_of(error).status >= 500:
            log_defect("api", error)


PendingReplies = dict[tuple[SessionState, Key], asyncio.Task[ApiReply]]
"""The requests in progress."""


def _forget_task(pending: PendingReplies, key: tuple[SessionState, Key], task: asyncio.Task[ApiReply]) -> None:
    del pending[key]
    if not task.cancelled():
        task.exception()  # marks it as retrieved, in case nobody was waiting


class _RateLimitExceeded(Exception):
    """A client exceeded its rate. Not one of the program's errors, as it affects only this request."""

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds


async def _send(answer: ApiReply, request: ApiRequest, send: Send) -> None:
    if answer.etag and request.has(answer.etag):
        answer = reply(304, (), etag=answer.etag)
    await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else answer.body})
