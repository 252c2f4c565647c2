"""A scripted network: answers by URL, a clock that moves only with requests, and a log of every request.

    http = ScriptedClient({
        "https://example.org/a": b"body",                               status 200
        "https://example.org/b?page=2": [Wait(10, "busy"), b"body"],    in turn; the last one repeats
        "https://example.org/c": reply(404, b"gone", etag="x"),         Refused, unless the source accepts a 404
        "wss://example.org/stream": [b"one", None, b"two", Stopped()],  messages or lines; an error ends them
    })

Query parameters are part of the URL, encoded by `urlencode` in the source's order. A function in place of the table
answers every request. An unscripted URL fails the test and is named in the failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

import pytest

from hotpapers.base.errors import HotPapersError, RequestRefused, RetryLater, Stopped
from hotpapers.base.model import HttpClient, Response

Reply = bytes | Response | HotPapersError
Script = Reply | Iterable[Reply | None]
Table = Mapping[str, Script] | Callable[[str], Script]

START = 1_767_225_600_000_000
"""2026-01-01 00:00 UTC, when the clock starts."""


class Request(NamedTuple):
    """A request, and when it was made."""

    method: str
    url: str
    headers: Mapping[str, str]
    form: Mapping[str, str]
    at: int


def reply(status: int = 200, body: bytes = b"", **headers: str) -> Response:
    """A response; URL and moment are filled in when it is sent. `retry_after` becomes `retry-after`."""
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, "", 0)


class ScriptedClient:
    """A network that follows a script. Every request or message takes `pace` seconds of its clock."""

    def __init__(self, answers: Table, *, now: int = START, pace: float = 1.0, stop_after: int | None = None) -> None:
        self._answers = answers if callable(answers) else answers.__getitem__
        self._results: dict[str, Iterator[Reply | None]] = {}
        self._last: dict[str, Reply | None] = {}
        self._now, self._pace, self._stop_after = now, pace, stop_after
        self.requests: list[Request] = []
        self.sleeps: list[float] = []

    # ---- the clock ---------------------------------------------------------------------------------

    def now(self) -> int:
        return self._now

    def sleep(self, seconds: float) -> None:
        """Moves the clock; after `stop_after` calls, raises Stopped."""
        if self._stop_after is not None and len(self.sleeps) >= self._stop_after:
            raise Stopped()
        self.sleeps.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Moves the clock without a request."""
        self._now += round(seconds * 1_000_000)

    # ---- requests and responses ------------------------------------------------------------------------

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Sequence[int] = (),
        with_body: bool = True,
    ) -> Response:
        full_url = f"{url}?{urlencode(params)}" if params else url
        return self._answer(Request("GET", full_url, headers or {}, {}, self._now), accept)

    def post(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        accept: Sequence[int] = (),
        with_body: bool = True,
    ) -> Response:
        return self._answer(Request("POST", url, headers or {}, form or {}, self._now), accept)

    def messages(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[bytes | None]:
        self.requests.append(Request("WEBSOCKET", url, headers or {}, {}, self._now))
        return self._stream(url)

    def lines(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[bytes | None]:
        self.requests.append(Request("LINES", url, headers or {}, {}, self._now))
        return self._stream(url)

    @property
    def urls(self) -> list[str]:
        """The requested URLs, in order."""
        return [request.url for request in self.requests]

    # ---- the script ------------------------------------------------------------------------------------

    def _answer(self, request: Request, accept: Sequence[int]) -> Response:
        self.requests.append(request)
        result = self._next(request.url)
        self.advance(self._pace)
        if isinstance(result, HotPapersError):
            raise result
        answer = result if isinstance(result, Response) else reply(200, result or b"")
        return self._checked(answer._replace(url=answer.url or request.url, at=answer.at or self._now), accept)

    def _next(self, url: str) -> Reply | None:
        """The next answer of a URL's script; the last one repeats."""
        script = self._script(url)
        if isinstance(script, bytes | Response | HotPapersError):
            return script
        results = self._results.setdefault(url, iter(script))
        result = next(results, self._last.get(url))
        self._last[url] = result
        return result

    def _script(self, url: str) -> Script:
        try:
            return self._answers(url)
        except KeyError:
            pytest.fail(f"no scripted answer for {url}")

    def _checked(self, answer: Response, accept: Sequence[int]) -> Response:
        if 200 <= answer.status < 300 or answer.status in accept:
            return answer
        if answer.status in (429, 503):
            raise RetryLater(float(answer.headers.get("retry-after", 60)), f"{answer.url}: {answer.status}")
        raise RequestRefused(f"{answer.url}: {answer.status}", answer.status)

    def _stream(self, url: str) -> Iterator[bytes | None]:
        """The scripted messages, one by one. None is half a minute of silence; an error is raised."""
        script = self._script(url)
        for message in [script] if isinstance(script, bytes | Response | HotPapersError) else script:
            self.advance(30 if message is None else self._pace)
            if isinstance(message, HotPapersError):
                raise message
            yield message.body if isinstance(message, Response) else message


def _is_a_net(http: ScriptedClient) -> HttpClient:
    """For mypy: checks that it implements the HttpClient protocol."""
    return http
