"""What rooms promise each other: what sources see, what the shelf holds, what channels make of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from hotpapers.model.issues import IssueContent
from hotpapers.model.items import Item, Listing, Paper, Place, Post, Publication


class Seen(NamedTuple):
    """What a network said, untouched. `kind`: post, paper, counts, reaction, account, gone, place …; `key`: its own id.

    `body` is the network's own JSON (or XML, CBOR as JSON) of this one thing; `at`: when it was seen.
    """

    kind: str
    key: str
    body: bytes
    at: int


class Page(NamedTuple):
    """Some of what a network said, and where to resume once this is stored. An empty page is a heartbeat."""

    seen: Sequence[Seen] = ()
    cursor: str | None = None


class Answer(NamedTuple):
    """A server's answer. `headers`: names in lower case. `url`: where redirects ended. `at`: when it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    at: int


class Net(Protocol):
    """The one polite way out: paced per host, retried, bounded in time and size, never to inside addresses.

    Every method raises Wait (ask again later), Refused (the network says no) or NetError (it could not be reached).
    """

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] = ...,
        headers: Mapping[str, str] = ...,
        accept: Sequence[int] = ...,
    ) -> Answer:
        """An answer whose status is 2xx or among `accept`; 304 where the same was given before, if accepted."""

    def post(self, url: str, *, form: Mapping[str, str] = ..., headers: Mapping[str, str] = ...) -> Answer:
        """The answer to a form that was sent."""

    def messages(self, url: str, *, headers: Mapping[str, str] = ...) -> Iterator[bytes | None]:
        """The messages of a websocket, one by one; None after 30 s without one."""

    def lines(self, url: str, *, headers: Mapping[str, str] = ...) -> Iterator[bytes | None]:
        """The lines of an answer that does not end, such as server-sent events; None after 30 s without one."""

    def now(self) -> int:
        """The moment: sources look at no other clock."""

    def sleep(self, seconds: float) -> None:
        """Waits, unless the program is told to stop: then it raises Stopped."""


class Source(Protocol):
    """The connector that reads one network into the record. It owns neither cursor, pace, clock, retry nor store."""

    name: str

    @property
    def every(self) -> float:
        """Seconds between two rounds of `pages`."""

    @property
    def reach(self) -> int | None:
        """Microseconds that the network's own memory goes back, None for ever: what a longer outage missed is lost."""

    def pages(self, net: Net, cursor: str | None) -> Iterator[Page]:
        """Asks the network from a cursor on, which is inclusive; may never end. An empty page every 30 s."""

    def counts(self, net: Net, keys: Sequence[str]) -> Iterator[Page]:
        """Reads the counts of known posts again; what is gone comes as Seen of kind `gone`."""

    def read(self, seen: Seen) -> Iterable[Item]:
        """Pure: the network's words into ours; nothing for what mentions no paper. Run again, it improves the past."""


class File(NamedTuple):
    """A rendered file: path relative to the output folder, with `/`, and its bytes.

    Without any bytes it is the end of a file: none must stand there any more.
    """

    path: str
    data: bytes


class Quotation(msgspec.Struct, frozen=True, kw_only=True):
    """A post as a channel may show it: never one that was forgotten, hidden or is gone."""

    post: Post
    hash: str


class ShelfIssue(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen issue as channels see it.

    `papers` gives each entry's metadata as frozen (title, authors, abstract, categories as printed), `posts` what
    may be shown of an entry, both by paper key. `listing` is there for imported listings alone. `editions`: digests
    of all editions, the first first.
    """

    content: IssueContent
    digest: str
    frozen_at: int
    papers: dict[str, Paper]
    posts: dict[str, tuple[Quotation, ...]]
    listing: Listing | None
    places: dict[str, Place]
    editions: tuple[str, ...]


class Shelf(Protocol):
    """The frozen issues and their papers, read-only."""

    def publications(self) -> Sequence[Publication]:
        """Every publication, by name."""

    def days(self, publication: str) -> Sequence[str]:
        """The days of a publication's frozen issues, ascending."""

    def issue(self, publication: str, day: str, edition: int | None = None) -> ShelfIssue:
        """One frozen issue, its latest edition by default. Raises NoSuch."""

    def volumes(self, publication: str) -> Mapping[str, int]:
        """How many entries the issue of each frozen day has."""

    def appearances(self, paper: str) -> Sequence[tuple[str, str]]:
        """(publication, day) of every issue that holds the paper, ascending."""


class Channel(Protocol):
    """Where issues go. `render` is pure: the shelf's issues of some days into files."""

    name: str

    def render(self, shelf: Shelf, publication: str, days: Sequence[str]) -> Iterator[File]:
        """The files of these issues."""
