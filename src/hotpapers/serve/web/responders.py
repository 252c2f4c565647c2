"""Requests that are answered by a function: one place for methods, failures and their log."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from hotpapers.base import errors
from hotpapers.base.logs import log_event
from hotpapers.collect.jobs.isolation import log_defect
from hotpapers.serve.web.http_messages import CLOSE, COMMON, PRIVATE, Refused, Reply, reply, retry_after, text_reply

READ = ("GET", "HEAD")
UNAVAILABLE = "the store is temporarily unavailable"
DEFECT = "internal error; see the server's log for details"

Answer = Callable[[Request], Awaitable[ASGIApp]]
"""Returns what sends the reply. Raises Refused, or one of the program's errors."""
RefusalFormat = Callable[[Refused, Mapping[str, str]], Reply]
"""Makes a refusal's reply with further headers."""


def plain_refusal(refused: Refused, headers: Mapping[str, str]) -> Reply:
    """A refusal as a line of text."""
    return text_reply(refused.status, refused.detail, {**COMMON, **headers})


class Responder:
    """The app behind a route. `refuse`: how this part of the app says what is refused. `methods`: those that are
    answered; any, if there are none."""

    def __init__(self, answer: Answer, refuse: RefusalFormat = plain_refusal, methods: tuple[str, ...] = READ) -> None:
        self._answer, self._refuse, self._methods = answer, refuse, methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, headers = Request(scope, receive, send), dict[str, str]()
        answer: ASGIApp
        try:
            if self._methods and request.method not in self._methods:
                headers["allow"] = ", ".join(self._methods)
                raise Refused(405, f"method not allowed; use {self._methods[0]}")
            answer = await self._answer(request)
        except Exception as problem:
            refused = refused_by(problem, scope)
            if refused.status == 413:  # what follows is not read
                headers |= CLOSE
            answer = self._refuse(refused, {**headers, **retry_after(refused.wait)})
        await answer(scope, receive, send)


def refused_by(problem: Exception, scope: Scope) -> Refused:
    """What a client is told of a failure: only errors about the request itself. Others are logged."""
    if isinstance(problem, Refused):
        return problem
    if isinstance(problem, errors.NotFound):
        return Refused(404, str(problem))
    if isinstance(problem, errors.UsageError | errors.InputError | errors.IssueError):
        return Refused(400, str(problem))
    if isinstance(problem, errors.StoreError):
        log_event("unavailable", level=logging.ERROR, path=scope["path"][:200], reason=problem)
        return Refused(503, UNAVAILABLE, 10)
    if isinstance(problem, ClientDisconnect):
        return Refused(400, "incomplete")
    log_defect("serve", problem)
    return Refused(500, DEFECT)


def nothing(detail: str, refuse: RefusalFormat = plain_refusal) -> Responder:
    """What answers paths without a route."""

    async def answer(request: Request) -> Reply:
        raise Refused(404, detail)

    return Responder(answer, refuse, ())


def health_reply(state: Mapping[str, object]) -> Reply:
    """What is asked by machines that watch the program; 503 unless its `ok` is true."""
    body = json.dumps(state).encode()
    return reply(200 if state["ok"] else 503, PRIVATE | {"content-type": "application/json"}, body)
