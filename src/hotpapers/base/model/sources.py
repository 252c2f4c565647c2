"""The interfaces of sources, and of the HTTP client that they use."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from hotpapers.base.errors import NetError
from hotpapers.base.model.items import Item


class RawPayload(NamedTuple):
    """One object as the network returned it. `kind`: post, paper, counts, reaction, account, gone, place …

    `key`: the network's own id. `body`: its own JSON (or XML, or CBOR as JSON) for this object. `at`: when it was seen.
    """

    kind: str
    key: str
    body: bytes
    at: int


class PayloadPage(NamedTuple):
    """Some of a network's payloads, and the cursor from which to resume once they are stored.

    An empty page is a heartbeat. `until`: the moment up to which a stream has been read, None if that is not known
    before the round ends. `next_at`: when the next round is worthwhile, None for after the usual interval. `since`: the
    moment from which the network returned everything, including posts from before it was first read (see
    `ReadingBackSource`). All in µs UTC. `leaves`: the error raised after this page, if its cursor skips something that
    no later round will read. The error is recorded before the page, so a process killed in between does not leave the
    period marked as complete.
    """

    payloads: Sequence[RawPayload] = ()
    cursor: str | None = None
    until: int | None = None
    next_at: int | None = None
    since: int | None = None
    leaves: NetError | None = None


Pages = Iterator[PayloadPage]
"""What a source yields."""


class Response(NamedTuple):
    """A server's response. `headers`: with lowercase names. `url`: the final URL after redirects. `at`: when it came.

    `tries`: how many times the server may have acted on the request, including this time.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    at: int
    tries: int = 1


class HttpClient(Protocol):
    """All outgoing requests go through it: paced per host, retried, limited in time and size, never to internal
    addresses.

    Every method raises RetryLater (ask again later), RequestRefused (the network refused) or NetError (the network
    could not be reached)."""

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] = ...,
        headers: Mapping[str, str] = ...,
        accept: Sequence[int] = ...,
        with_body: bool = ...,
    ) -> Response:
        """The response, whose status is 2xx or in `accept`. If 304 is accepted, it means that nothing changed.
        Not `with_body`: without its body."""

    def post(
        self,
        url: str,
        *,
        form: Mapping[str, str] = ...,
        body: bytes = ...,
        headers: Mapping[str, str] = ...,
        accept: Sequence[int] = ...,
        with_body: bool = ...,
    ) -> Response:
        """The response to a form, or to a body whose content type is among the headers. Not `with_body`: without its
        own body."""

    def messages(self, url: str, *, headers: Mapping[str, str] = ...) -> Iterator[bytes | None]:
        """The messages of a websocket, one at a time; None after 30 s without one."""

    def lines(self, url: str, *, headers: Mapping[str, str] = ...) -> Iterator[bytes | None]:
        """The lines of an endless response, such as server-sent events; None after 30 s without one."""

    def now(self) -> int:
        """The current time. Sources use no other clock."""

    def sleep(self, seconds: float) -> None:
        """Wait. Raises Stopped when the program is told to stop."""


@runtime_checkable
class PostTracker(Container[str], Protocol):
    """What a source may ask about tracked posts: contains the keys of the posts and their accounts."""

    def holds(self, key: str, /) -> bool:
        """Whether the record has a post or account at all. Asked about deletions, and what others may have stored."""

    def post_of(self, reaction: str, /) -> str | None:
        """The key of the post to which a reaction belongs, by the reaction's own address; None if unknown."""

    def posts_of(self, account: str, /) -> Collection[str]:
        """The keys of an account's posts in the record that are not gone."""


class Source(Protocol):
    """The connector for one network. It does not own the cursor, pacing, clock, retries or store."""

    name: str

    @property
    def every(self) -> float:
        """Seconds between rounds of `pages`."""

    @property
    def reach(self) -> int | None:
        """How far back the network can be read, in microseconds; None for no limit. Longer outages lose posts."""

    def pages(self, http: HttpClient, cursor: str | None) -> Pages:
        """Read the network from a cursor (inclusive). May never end; yields an empty page every 30 s."""

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Pages:
        """Read the counts of known posts again. Yields a page after each request.

        Posts that are gone come as payloads of kind `gone`. A key that cannot be requested does not affect the others.
        Nothing is known about keys that are in no page.
        """

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Convert a payload into items; none if it mentions no paper. Pure, so old payloads can be parsed again."""


@runtime_checkable
class MeteredSource(Protocol):
    """A source whose counts cost money. They have a cursor of their own, which says what was spent."""

    def counts_from(self, http: HttpClient, keys: Sequence[str], cursor: str | None) -> Pages:
        """Like `Source.counts`, from the counts' own cursor. Each page's cursor must be stored before the next page is
        requested: it reserves what the next request may cost."""


@runtime_checkable
class ReadingBackSource(Protocol):
    """A source whose network also returns posts from before it was first read."""

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Pages:
        """Like `Source.pages`, until the network was read to its end once: everything since a moment, or as far back
        as the network goes. One page (for lists, the last one) gives in `since` the moment from which this is complete,
        if the network's lists prove it because they reach back to that moment or end."""


ThreadPayloads = Sequence[RawPayload | str | None]
"""The answers to a post, of kind `reply` or `gap`. None is among them if the network may show others; a text, if
none whose id begins with that text."""


@runtime_checkable
class ThreadSource(Protocol):
    """A source whose network returns the answers to a post in one request, also those without papers."""

    def thread(self, http: HttpClient, post: str) -> ThreadPayloads: ...
