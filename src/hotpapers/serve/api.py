"""The JSON API below /api/v1: routes over `hotpapers.publish.query`; for users: docs/reference/api.md.

Requests are answered in threads, so a slow one does not block pages. `answer_cache` keeps replies.
"""

from __future__ import annotations

import http
import re
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import msgspec
from starlette.requests import Request
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp

from hotpapers.base.errors import UsageError
from hotpapers.base.installed import hooks_of
from hotpapers.publish.query import Endpoint, QuerySession, all_questions, openapi, request_params
from hotpapers.publish.query.request_params import Kind
from hotpapers.serve.answer_cache import AnswerCache
from hotpapers.serve.backend import Backend
from hotpapers.serve.hooks import Answers
from hotpapers.serve.http_messages import (
    OPEN,
    Answer,
    Refused,
    Reply,
    Responder,
    build_reply,
    has_body,
    not_found,
    tagged_reply,
    takes_gzip,
)

ROOT = "/api/v1"
THREADS = 4
MAX_REQUESTS_AT_ONCE = 64
"""Most requests in progress; further ones get 503 with Retry-After."""
HEAVY, MAX_HEAVY_REQUESTS = 20, 8
"""Requests of at least this cost are answered one at a time, and only so many of them may wait."""
MAX_PATH_CHARS = 2_000
"""Most characters of path and query together."""
METHODS = ("GET", "HEAD", "OPTIONS")
PREFLIGHT = build_reply(
    204,
    OPEN
    | {
        "allow": ", ".join(METHODS),
        "access-control-allow-methods": "GET, HEAD",
        "access-control-allow-headers": "If-None-Match",
        "access-control-max-age": "86400",
    },
)
"""The reply to a browser's CORS preflight request."""
JSON = OPEN | {"content-type": "application/json"}


def problem_reply(refused: Refused, headers: Mapping[str, str]) -> Reply:
    """A refusal in the format of RFC 9457."""
    title = http.HTTPStatus(refused.status).phrase
    details = openapi.ProblemDetails(type="about:blank", title=title, status=refused.status, detail=refused.detail)
    body = msgspec.json.encode(details)
    return build_reply(refused.status, {**OPEN, "content-type": openapi.PROBLEM, **headers}, body)


class Api:
    """The API's routes, with their shared resources."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.cache = AnswerCache(backend)
        self._lane = backend.lane(THREADS, MAX_REQUESTS_AT_ONCE)
        self._heavy_lane = backend.lane(1, MAX_HEAVY_REQUESTS)
        self._document = [
            tagged_reply(JSON, openapi.document_text().encode(), compress=compress) for compress in (False, True)
        ]
        answers: dict[str, Answer] = {query.path: partial(self._answer, query) for query in all_questions()}
        answers |= {path: answer for hook in hooks_of(Answers) for path, answer in hook.make(self.cache)}
        answers |= {"/openapi.json": self._openapi, "/": partial(self._lead, "openapi.json")}
        routes = [  # only identifiers of papers may contain slashes
            Route(path.replace("{paper}", "{paper:path}"), Responder(answer, problem_reply, METHODS))
            for path, answer in answers.items()
        ]
        no_path = not_found("no such path; openapi.json lists all paths", problem_reply)
        self._router = Router(routes, redirect_slashes=False, default=no_path)
        root = Responder(partial(self._lead, "v1/openapi.json"), problem_reply, METHODS)
        mount = Mount(ROOT, Responder(self._enter, problem_reply, METHODS))
        mount.path_regex = re.compile(f"{ROOT}/(?P<path>.*)", re.DOTALL)  # also paths with line breaks
        self.routes: list[BaseRoute] = [mount, Route(ROOT, root)]

    async def _enter(self, request: Request) -> ASGIApp:
        """Returns the app for an acceptable request: a cached reply, or else the router. Raises Refused."""
        scope = request.scope
        if request.method == "OPTIONS":
            return PREFLIGHT
        if len(scope["path"].removeprefix(scope["root_path"])) + len(scope["query_string"]) > MAX_PATH_CHARS:
            raise Refused(414, f"path and query are longer than {MAX_PATH_CHARS:,} characters")
        if has_body(scope):
            raise Refused(413, "requests must not have a body")
        self.backend.spend(scope, 1)
        return await self.cache.current(scope) or self._router

    # ---- fixed replies ---------------------------------------------------------------------------------

    async def _lead(self, location: str, request: Request) -> ASGIApp:
        return build_reply(307, OPEN | {"location": location})

    async def _openapi(self, request: Request) -> ASGIApp:
        return self._document[takes_gzip(request.scope)]

    # ---- answers ---------------------------------------------------------------------------------------

    async def _answer(self, query: Endpoint, request: Request) -> ASGIApp:
        params = read_parameters(query.params, request)
        self.cache.spend_rest(request.scope, query.cost)

        def make(session: QuerySession) -> Reply:
            answer = query.ask(session, params)
            link = next_link(params, query.path, getattr(answer, "next", None))
            compress = takes_gzip(request.scope)
            return tagged_reply(JSON | link, msgspec.json.encode(answer), compress=compress)

        # heavy ones wait in line, and must not take the places of all others
        lane = self._heavy_lane if query.cost >= HEAVY else self._lane
        return await self.cache.make(
            request.scope, lambda: lane.run(partial(self.backend.call, make)), keep=not query.moves
        )


# ---- parameters ---------------------------------------------------------------------------------------


MAX_PARAMETERS = 10


def read_parameters(cls: type[Kind], request: Request) -> Kind:
    """The parameters of a path and its query. Raises UsageError for missing, invalid, unknown or duplicate ones."""
    values = dict(request.path_params)
    query = request.scope["query_string"]
    try:
        pairs = query and parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError as error:  # not ASCII, not UTF-8, not pairs, or too many
        raise UsageError("invalid query; write it as name=value&name=value, in UTF-8") from error
    for name, value in pairs:
        if name in values:
            raise UsageError(f"{name[:60]}: given twice")
        values[name] = value
    return request_params.check_params(cls, values, as_text=True)


def next_link(params: request_params.Params, path_pattern: str, cursor: str | None) -> dict[str, str]:
    """The Link header to the next page, relative to the requested address; none on the last page."""
    if not cursor:
        return {}
    values: dict[str, Any] = {**msgspec.structs.asdict(params), "cursor": cursor}
    query_values = {name: value for name, value in values.items() if f"{{{name}}}" not in path_pattern and value != ""}
    return {"link": f'<?{urlencode(query_values, quote_via=quote)}>; rel="next"'}
