"""What packages promise each other: what sources see, what the issue reader holds, what channels make of it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import msgspec

from hotpapers.errors import NetError
from hotpapers.model.issues import IssueContent
from hotpapers.model.items import Announcement, AnnouncementType, Item, Listing, Paper, Place, Post, Publication
from hotpapers.model.ranking import Attention


class RawPayload(NamedTuple):
    """What a network said, untouched. `kind`: post, paper, counts, reaction, account, gone, place …; `key`: its own id.

    `body` is the network's own JSON (or XML, CBOR as JSON) of this one thing; `at`: when it was seen.
    """

    kind: str
    key: str
    body: bytes
    at: int


class PayloadPage(NamedTuple):
    """Some of what a network said, and where to resume once this is stored. An empty page is a heartbeat.

    `until`: up to which moment a stream has been read, None where that is not known before the round ends; `next_at`:
    when the next round is worth while, None for after the usual time; `since`: from when on the network told all, also
    of what was said before it was first read (see `BackfillingSource`). All in µs UTC. `leaves`: what is raised after
    this page, whose cursor passes over something that no later round reads: it is written down before the page, so that
    a process that is killed in between makes nothing complete.
    """

    payloads: Sequence[RawPayload] = ()
    cursor: str | None = None
    until: int | None = None
    next_at: int | None = None
    since: int | None = None
    leaves: NetError | None = None


class Response(NamedTuple):
    """A server's answer. `headers`: names in lower case. `url`: where redirects ended. `at`: when it came.

    `tries`: how often a server may have acted on the request until this came, this time included.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    at: int
    tries: int = 1


class HttpClient(Protocol):
    """The one polite way out: paced per host, retried, bounded in time and size, never to inside addresses.

    Every method raises RetryLater (ask again later), RequestRefused (the network says no) or NetError (it could not be
    reached)."""

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] = ...,
        headers: Mapping[str, str] = ...,
        accept: Sequence[int] = ...,
    ) -> Response:
        """An answer whose status is 2xx or among `accept`; 304 where the same was given before, if accepted."""

    def post(
        self,
        url: str,
        *,
        form: Mapping[str, str] = ...,
        body: bytes = ...,
        headers: Mapping[str, str] = ...,
        accept: Sequence[int] = ...,
    ) -> Response:
        """The answer to a form that was sent, or to a body whose type is among the headers."""

    def messages(self, url: str, *, headers: Mapping[str, str] = ...) -> Iterator[bytes | None]:
        """The messages of a websocket, one by one; None after 30 s without one."""

    def lines(self, url: str, *, headers: Mapping[str, str] = ...) -> Iterator[bytes | None]:
        """The lines of an answer that does not end, such as server-sent events; None after 30 s without one."""

    def now(self) -> int:
        """The moment: sources look at no other clock."""

    def sleep(self, seconds: float) -> None:
        """Waits, unless the program is told to stop: then it raises Stopped."""


@runtime_checkable
class PostTracker(Container[str], Protocol):
    """What the record follows, as a source may ask of it: the keys of posts and of their accounts, and reactions."""

    def holds(self, key: str, /) -> bool:
        """Whether the record has a post or account at all, however old: asked only of what may have to go."""

    def post_of(self, reaction: str, /) -> str | None:
        """The key of the post that a reaction was for, by the reaction's own address; None where it is not known."""


class Source(Protocol):
    """The connector that reads one network into the record. It owns neither cursor, pace, clock, retry nor store."""

    name: str

    @property
    def every(self) -> float:
        """Seconds between two rounds of `pages`."""

    @property
    def reach(self) -> int | None:
        """Microseconds that the network's own memory goes back, None for ever: what a longer outage missed is lost."""

    def pages(self, http: HttpClient, cursor: str | None) -> Iterator[PayloadPage]:
        """Asks the network from a cursor on, which is inclusive; may never end. An empty page every 30 s."""

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Iterator[PayloadPage]:
        """Reads the counts of known posts again; what is gone comes as Seen of kind `gone`. A page after each request.

        A key that cannot be asked for spoils no other. Of what no page tells anything nothing is known.
        """

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """Pure: the network's words into ours; nothing for what mentions no paper. Run again, it improves the past."""


@runtime_checkable
class MeteredSource(Protocol):
    """A source whose counts cost money, so that they have a cursor of their own: what was spent on them."""

    def counts_from(self, http: HttpClient, keys: Sequence[str], cursor: str | None) -> Iterator[PayloadPage]:
        """As `Source.counts`, from the cursor of the counts on, which is not that of `pages`. Each page's cursor must
        be stored before the next page is asked for: it holds what the next request may cost."""


@runtime_checkable
class BackfillingSource(Protocol):
    """A source whose network tells what was said before it was first read."""

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Iterator[PayloadPage]:
        """As `Source.pages`, until the network was read to the end once: what it tells from a moment on, or from as
        long ago as it remembers. One of its pages (of lists the last one) says since when that is all, where the
        network's own lists prove it: they reach back to that moment, or end."""


class RenderedFile(NamedTuple):
    """A rendered file: path relative to the output folder, with `/`, and its bytes.

    Without any bytes it is the end of a file: none must stand there any more.
    """

    path: str
    data: bytes


Showing = Literal["text", "excerpt", "link"]
"""How a post is shown: whole, by its first words, or only where and when it was."""


class Quotation(msgspec.Struct, frozen=True, kw_only=True):
    """A post as a channel may show it: never one that was forgotten, hidden or is gone.

    `shown` says how much of it is here: of a `link` there are neither words nor names, only key, network and moment.
    """

    post: Post
    hash: str
    shown: Showing = "text"


class PublishedIssue(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen issue as channels see it.

    `papers` gives each entry's metadata as frozen (title, authors, abstract, categories as printed), `posts` what
    may be shown of an entry, both by paper key. `listing` is there for imported listings alone, and so is `printed`:
    the same posts with all that the listing printed of them, to reproduce it. `editions`: digests of all editions, the
    first first.
    """

    content: IssueContent
    digest: str
    frozen_at: int
    papers: dict[str, Paper]
    posts: dict[str, tuple[Quotation, ...]]
    listing: Listing | None
    places: dict[str, Place]
    editions: tuple[str, ...]
    printed: dict[str, tuple[Quotation, ...]] = {}


class EntrySummary(NamedTuple):
    """A place of an issue, in brief: the latest edition's, with what the record knows of the paper now."""

    day: str
    place: int
    paper: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]


class AnnouncedPaper(NamedTuple):
    """A paper of a day's announcement: new, or only listed in further categories. `category`: where it was announced,
    its primary one if that is known."""

    paper: Paper
    type: AnnouncementType
    category: str


class IssueReader(Protocol):
    """The frozen issues and their papers, read-only."""

    def publications(self) -> Sequence[Publication]:
        """Every publication, by name."""

    def days(self, publication: str) -> Sequence[str]:
        """The days of a publication's frozen issues, ascending."""

    def issue(self, publication: str, day: str, edition: int | None = None) -> PublishedIssue:
        """One frozen issue, its latest edition by default. Raises NotFound."""

    def issue_header(self, publication: str, day: str, edition: int | None = None) -> PublishedIssue:
        """The same without papers and posts: what was done for it. Raises NotFound."""

    def entry_counts(self, publication: str) -> Mapping[str, int]:
        """How many entries the issue of each frozen day has."""

    def appearances(self, paper: str) -> Sequence[tuple[str, str]]:
        """(publication, day) of every issue that holds the paper, also as still talked about, ascending."""

    def entry_summaries(self, publication: str) -> Sequence[EntrySummary]:
        """The entries of all issues, by day and place."""

    def abstracts(self, publication: str, days: Sequence[str]) -> Mapping[tuple[str, str], str]:
        """What the papers of these days' issues say of themselves, by day and paper: the abstract, else the summary;
        papers that have neither are left out."""

    def announced(self, publication: str, day: str) -> Sequence[AnnouncedPaper]:
        """All papers of the publication's fields that were announced on the day of an issue, as known when it was
        frozen, by category and id. Raises NotFound."""

    def announcements(self, paper: str) -> Sequence[Announcement]:
        """When and where a paper and its versions were announced, the first first."""

    def history(self, publication: str, day: str, papers: Sequence[str]) -> Mapping[str, Sequence[Attention]]:
        """The attention that papers had hour by hour, as known when a day's issue was frozen. Raises NotFound."""

    def posts(self, publication: str, day: str, papers: Sequence[str]) -> Mapping[str, Sequence[Quotation]]:
        """All posts about papers that may be shown, as known when a day's issue was frozen, those with the most
        reactions first. Raises NotFound."""


class Channel(Protocol):
    """Where issues go. `render` is pure: the issue reader's issues of some days into files."""

    name: str

    def render(self, issue_reader: IssueReader, publication: str, days: Sequence[str]) -> Iterator[RenderedFile]:
        """The files of these issues."""


class Message(NamedTuple):
    """What goes to one target: a mail to a reader, a message to a room. `target`: its own name, such as an address;
    `payload`: what is sent, as the sender made it."""

    target: str
    payload: object


class Sender(Protocol):
    """A channel that sends instead of writing files. `messages` is pure."""

    name: str

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        """What is to be sent of a day's issue, one message a target."""

    def send(self, message: Message, http: HttpClient) -> str:
        """Sends one message; the receipt: what the target calls it. Raises RetryLater, RequestRefused, NetError."""

    def receipt_of(self, message: Message, http: HttpClient) -> str | None:
        """The receipt of a message whose sending was interrupted, if it arrived; None where not: it is sent again.

        Who cannot tell gives a receipt that says so: nothing is ever sent twice. Raises RetryLater, RequestRefused,
        NetError."""


class DeliveryCounts(NamedTuple):
    """To how many targets an issue was sent, and at how many that failed for good."""

    sent: int
    failed: int


@runtime_checkable
class BulkSender(Protocol):
    """A channel with so many targets that it keeps what becomes of each message itself."""

    name: str

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        """What is still to be sent of a day's issue and may be tried now."""

    def send(self, message: Message, http: HttpClient) -> str:
        """Sends one message, unless it was; the receipt. Raises RetryLater, RequestRefused, NetError."""

    def idle_reason(self, issue_reader: IssueReader, publication: str, day: str) -> str:
        """Why there is nothing to send of a day's issue now."""

    def summary(self, issue_reader: IssueReader, publication: str, day: str) -> DeliveryCounts | None:
        """What became of a day's messages; None while some are left, where nothing was to be sent, and where the record
        holds it."""
