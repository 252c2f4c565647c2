"""Trying a source for real, with a few requests: which of its addresses answer. Nothing is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from hotpapers.base.errors import NetError, RequestRefused
from hotpapers.base.model import HttpClient, MeteredSource, Response
from hotpapers.base.papers.mentions.paper_index import NO_NAMES
from hotpapers.collect.job_factory import ConfiguredSource, configured_addresses
from hotpapers.collect.sources import SOURCES

T = TypeVar("T")
REQUESTS = 2
"""The most requests to one of a source's addresses: for some, the first one asks for a session."""


class SourceCheck(NamedTuple):
    """The results of a few requests. `answered`: the hosts that answered; `failed`: the others, each with its error;
    `entries`: the number of payloads they sent; `is_refused`: whether a server, or the source itself, wants something
    that is not in the settings; `is_metered`: the source costs money, so no request was sent; `is_unreached`: no
    request reached a server."""

    answered: tuple[str, ...]
    failed: Mapping[str, str]
    entries: int
    is_refused: bool
    is_metered: bool
    is_unreached: bool


def check_source(choice: ConfiguredSource, http: HttpClient) -> SourceCheck:
    """Reads the beginning of each of a source's addresses. Raises Stopped."""
    source = SOURCES[choice.name][0](choice.settings, (), NO_NAMES)
    is_metered = isinstance(source, MeteredSource)
    client = LimitedClient(http, configured_addresses(choice.settings), 0 if is_metered else REQUESTS)
    entries = 0
    own_problem = ""
    try:
        for page in source.pages(client, None):
            entries += len(page.payloads)
    except RequestRefused as problem:  # by the source, before it asked anybody
        own_problem = str(problem) if not client.failed and not client.answered else ""
    except NetError:
        pass  # the client has noted it
    failed = {"": own_problem} if own_problem else client.failed
    is_refused = bool(own_problem) or client.is_refused
    is_untried = is_metered and not own_problem
    return SourceCheck(tuple(client.answered), failed, entries, is_refused, is_untried, client.is_unreached)


class Enough(NetError):
    """An address has been tried as often as it may be. Sources go on to the next one."""


class LimitedClient:
    """An HTTP client that tries each of some base addresses a few times, and notes the outcome by host. Of streams it
    reads one message."""

    def __init__(self, http: HttpClient, bases: Sequence[str], limit: int) -> None:
        self._http = http
        self._bases = bases
        self._limit = limit
        self._counts = Counter[str]()
        self.answered: dict[str, None] = {}
        self.failed: dict[str, str] = {}
        self.is_refused = False
        self.is_unreached = False

    def get(self, url: str, **how: Any) -> Response:
        return self._ask(url, lambda: self._http.get(url, **how))

    def post(self, url: str, **how: Any) -> Response:
        return self._ask(url, lambda: self._http.post(url, **how))

    def messages(self, url: str, **how: Any) -> Iterator[bytes | None]:
        return self._first(url, lambda: self._http.messages(url, **how))

    def lines(self, url: str, **how: Any) -> Iterator[bytes | None]:
        return self._first(url, lambda: self._http.lines(url, **how))

    def now(self) -> int:
        return self._http.now()

    def sleep(self, seconds: float) -> None:
        raise Enough("a source that waits has been tried")

    def _first(self, url: str, open_stream: Callable[[], Iterator[bytes | None]]) -> Iterator[bytes | None]:
        yield self._ask(url, lambda: next(open_stream(), None))
        raise Enough(url)

    def _ask(self, url: str, request: Callable[[], T]) -> T:
        matching_bases = (base for base in self._bases if url.startswith(base))
        base = max(matching_bases, key=len, default=urlsplit(url).netloc)
        if self._counts[base] >= self._limit:
            raise Enough(url)
        self._counts[base] += 1
        host = urlsplit(url).netloc
        try:
            result = request()
        except NetError as problem:
            self.is_unreached = problem.tries == 0 and (self.is_unreached or not (self.failed or self.answered))
            self.failed[host] = str(problem)
            self.is_refused = self.is_refused or isinstance(problem, RequestRefused)
            raise
        self.is_unreached = False
        if host not in self.failed:
            self.answered[host] = None
        return result
