"""The interfaces between packages: the issue reader and channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import msgspec

from hotpapers.base.model.conversations import PaperConversations, Showing
from hotpapers.base.model.issues import Attention, HeldPapers, IssueContent
from hotpapers.base.model.items import (
    Announcement,
    AnnouncementType,
    Listing,
    Notice,
    Paper,
    Place,
    Post,
    Publication,
)
from hotpapers.base.model.sources import HttpClient
from hotpapers.base.struct_types import Value


class RenderedFile(NamedTuple):
    """A rendered file: its path relative to the output folder, with `/`, and its bytes.

    Empty bytes mean that a file at this path is to be deleted.
    """

    path: str
    data: bytes


class Quotation(Value):
    """A post as a channel may show it; never one that was forgotten, hidden or deleted.

    `shown`: how much of it is included. A `link` has neither text nor names, only key, network and time. `reactions`:
    its reposts and likes, where all posts about a paper were read; otherwise 0.
    """

    post: Post
    hash: str
    shown: Showing = "text"
    reactions: int = 0


class LanePaper(NamedTuple):
    """A paper in a lane, and the posts about it that may be shown, the earliest first."""

    paper: Paper
    posts: tuple[Quotation, ...]


class PaperLane(NamedTuple):
    """Papers beside an issue, those with the most posts first. No place depends on them, nor the digest."""

    title: str
    papers: tuple[LanePaper, ...]


class PublishedIssue(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen issue as channels see it.

    By paper key: `papers`, each entry's metadata as frozen (title, authors, abstract, categories as printed), and
    `posts`, the posts that may be shown with it. Only for imported listings: `listing`, and `printed`, the same posts
    with everything that the listing printed of them, to reproduce it. `editions`: the digests of all editions, oldest
    first. `withdrawn`: the papers that were taken back, as known now, each with how: `withdrawn`, `retracted` or
    `removed`; `notices`: publishers' notices about its papers, by paper. `later`: the metadata of later versions than
    those frozen, and `articles`: that of preprints that became articles, both as known now. `days_without_issue`: the
    days since the issue before that have none as nothing was read, ascending. `lanes`: what is shown beside it.
    `answered`: papers whose authors answered others.
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
    withdrawn: Mapping[str, str] = {}
    notices: Mapping[str, tuple[Notice, ...]] = {}
    later: dict[str, Paper] = {}
    articles: dict[str, Paper] = {}
    days_without_issue: tuple[str, ...] = ()
    lanes: tuple[PaperLane, ...] = ()
    answered: frozenset[str] = frozenset()


class EntrySummary(NamedTuple):
    """A place in the latest edition of an issue, in brief, with the paper's current metadata. `doi`: of its article."""

    day: str
    place: int
    paper: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    doi: str = ""
    withdrawn: str = ""


class AnnouncedPaper(NamedTuple):
    """A paper in a day's announcement: new, or listed in further categories. `category`: where it was announced; its
    primary category if known. `withdrawn`: how the paper was taken back, empty if it was not."""

    paper: Paper
    type: AnnouncementType
    category: str
    withdrawn: str = ""


class IssueReader(Protocol):
    """The frozen issues and their papers, read-only."""

    def publications(self) -> Sequence[Publication]:
        """Every publication, by name."""

    def days(self, publication: str) -> Sequence[str]:
        """The days of a publication's frozen issues, ascending."""

    def issue(self, publication: str, day: str, edition: int | None = None) -> PublishedIssue:
        """One frozen issue, its latest edition by default. Raises NotFound."""

    def issue_header(self, publication: str, day: str, edition: int | None = None) -> PublishedIssue:
        """A frozen issue without papers and posts, which is cheaper. Raises NotFound."""

    def held(self, publication: str) -> Mapping[str, HeldPapers]:
        """The papers in the issue of each frozen day."""

    def appearances(self, paper: str) -> Sequence[tuple[str, str]]:
        """(publication, day) of every issue with the paper, including as still talked about; ascending."""

    def entry_summaries(self, publication: str) -> Sequence[EntrySummary]:
        """The entries of all issues, ordered by day and place."""

    def abstracts(self, publication: str, days: Sequence[str]) -> Mapping[tuple[str, str], str]:
        """The abstracts of the papers in these days' issues, by day and paper; the summary if there is no abstract.
        Papers with neither are left out."""

    def announced(self, publication: str, day: str) -> Sequence[AnnouncedPaper]:
        """All papers in the publication's categories announced on the day of an issue, or on the days that a weekly or
        monthly one is named after, as known when it was frozen; ordered by category and id; none
        if these days have more than 5,000. Raises NotFound."""

    def taken_back_at(self, paper: str) -> int:
        """When it first became known that a paper was taken back, in µs UTC; 0 if it did not."""

    def announcements(self, paper: str) -> Sequence[Announcement]:
        """When and where a paper and its versions were announced, oldest first."""

    def history(self, publication: str, day: str, papers: Sequence[str]) -> Mapping[str, Sequence[Attention]]:
        """The hourly attention for papers, as known when a day's issue was frozen. Raises NotFound."""

    def posts(self, publication: str, day: str, papers: Sequence[str]) -> Mapping[str, Sequence[Quotation]]:
        """All posts about papers that may be shown, as known when a day's issue was frozen; most reactions first.
        Raises NotFound."""

    def conversations(self, publication: str, day: str, papers: Sequence[str]) -> Mapping[str, PaperConversations]:
        """The conversations about papers, as far as they may be shown, as known when a day's issue was frozen."""


class NeighborPaper(NamedTuple):
    """A paper near to another. `title`: as plain text; `day`: of the issue with it, or of its announcement;
    `closeness`: in ten-thousandths."""

    paper: str
    title: str
    day: str
    closeness: int


class PaperGroup(NamedTuple):
    """Papers on the same topic, by their places in a sequence, ascending; words of their titles, as written."""

    places: tuple[int, ...]
    words: tuple[str, ...]


class PaperNeighbors(Protocol):
    """Which papers of a publication are near to each other."""

    def near(self, paper: Paper, until: str, day: str = "") -> Sequence[NeighborPaper]:
        """The papers nearest to one, the nearest first, as known with the issue of a day. `day`: of an issue with it,
        if not the same."""

    def alike(self, papers: Sequence[Paper]) -> Sequence[PaperGroup]:
        """The groups of papers that are on the same topic."""


class ShownProof(Protocol):
    """Proves that an issue was published with a content: what channels show of it."""

    @property
    def content(self) -> IssueContent:
        """The issue's content, whose SHA-256 is its digest."""

    @property
    def metadata(self) -> Mapping[str, Paper | Place]:
        """The items whose hashes are in the entries, by paper: title, authors, abstract; for a listing, what it
        printed."""

    @property
    def text(self) -> str:
        """The proof itself."""

    @property
    def words(self) -> str:
        """The proof in words, in a line."""

    @property
    def blocks(self) -> Sequence[tuple[str, str]]:
        """(type, text) of the data blocks of the issue's page. They cannot contain the end of a block."""

    @property
    def file(self) -> bytes:
        """Content, metadata and proof as a JSON file."""


class SitePart(Protocol):
    """Further files of a publication's site. Those who inherit this need not say what they do not have."""

    def has(self, path: str) -> bool:
        """Whether a path is one of these, even if there is no such file now."""

    def day_paths(self, day: str) -> Iterator[str]:
        """The paths of the files beside a day's issues."""

    def linked_paths(self, day: str) -> Iterator[str]:
        """Of these, the files to which the pages of the issues link: they are written whenever a page is."""
        return iter(())

    def paths(self) -> Iterator[str]:
        """The paths of all other files. Files that others refer to come first."""
        return iter(())

    def ended(self, path: str) -> Iterator[str]:
        """Paths of files that may still exist, but should not if the file at `path` does."""
        return iter(())

    def week_links(self, week: str) -> Iterator[tuple[str, str]]:
        """What a link to a page about a week such as 2026-W47 says, and the page's path."""
        return iter(())

    def site_links(self) -> Iterator[tuple[str, str]]:
        """What a link to a page about the whole site says, and the page's path."""
        return iter(())

    def page(self, path: str) -> bytes | None:
        """The bytes of a file; None if there is none."""


class IssueProofs(Protocol):
    """The proofs of a publication's issues, as they were when read."""

    def proved(self, issue: PublishedIssue) -> ShownProof | None:
        """The proof of an issue; None while there is none."""

    def pages(self, site: Any) -> SitePart:
        """Their files on a site, which is the `SiteContext` of the pages."""


class SiteProofs(Protocol):
    """The proofs of a site's issues, read on demand. Can be pickled for other processes."""

    @property
    def versions(self) -> tuple[object, ...]:
        """A value that changes whenever the proof of any publication's issue may change."""

    def version(self, publication: str) -> object:
        """A value that changes whenever a proof of this publication's issues may change."""

    def readable(self, publication: str) -> IssueProofs | None:
        """A publication's proofs; None if it has none, or they cannot be read."""


class Channel(Protocol):
    """A channel that writes files. `render` is pure."""

    name: str

    def render(self, issue_reader: IssueReader, publication: str, days: Sequence[str]) -> Iterator[RenderedFile]:
        """The files for the issues of these days."""


class Message(NamedTuple):
    """A message to one target: a mail to a reader, a message to a room. `target`: its name, such as an address.
    `payload`: the content, as made by the sender."""

    target: str
    payload: Any


class PlainMail(NamedTuple):
    """A message that the operator has sent to one address. `key`: what tells it from all others, for its Message-ID."""

    address: str
    subject: str
    text: str
    key: str


class Mailer(Protocol):
    """Sends the operator's own messages."""

    def try_out(self) -> str:
        """Connects to the relay, and signs in if it wants that; what was found. Raises RetryLater."""

    def send(self, mail: PlainMail, http: HttpClient) -> str:
        """Hands over one message; returns a receipt. Raises RetryLater, RequestRefused, NetError (`tries` 0 if it has
        certainly not arrived)."""

    def close(self) -> None:
        """Closes the connection."""


class MessageSender(Protocol):
    """A channel that sends messages instead of writing files."""

    name: str

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        """The messages to send now for a day's issue, one per target."""

    def send(self, message: Message, http: HttpClient) -> str:
        """Send one message; the receipt is the target's id for it. Raises RetryLater, RequestRefused, NetError."""


class Sender(MessageSender, Protocol):
    """A channel of which each delivery is tracked here. `messages` is pure."""

    def receipt_of(self, message: Message, http: HttpClient) -> str | None:
        """The receipt of a message whose sending was interrupted; None if it did not arrive and must be sent again.

        A sender that cannot find out returns a receipt that says so, because nothing may be sent twice. Raises
        RetryLater, RequestRefused, NetError."""


class DeliveryCounts(NamedTuple):
    """The number of targets to which an issue was sent, and the number where sending failed for good."""

    sent: int
    failed: int


@runtime_checkable
class BulkSender(MessageSender, Protocol):
    """A channel with so many targets that it tracks the delivery of each message itself. `messages`: those that are
    left and may be tried; `send`: unless it was sent before."""

    def idle_reason(self, issue_reader: IssueReader, publication: str, day: str) -> str:
        """Why there is nothing to send for a day's issue now."""

    def summary(self, issue_reader: IssueReader, publication: str, day: str) -> DeliveryCounts | None:
        """The outcome of a day's messages; None while some are left, if there were none, or if the record has it."""
