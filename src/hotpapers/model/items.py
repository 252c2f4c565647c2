"""The words of this program as immutable values.

Every value that the record keeps is an `Item`: one observation, made at `observed_at`. All moments are integer
microseconds since 1970-01-01 UTC, all counts are integers below 2**53, days are `YYYY-MM-DD`. Two class attributes
describe a kind to the record:

`key`       the fields that say *what* was observed; key and `observed_at` together name one row
`personal`  the fields that a person may ask to have forgotten; in every hash they stand as
            commitments, so that what is kept still verifies afterwards

Keys of papers: `arxiv:2101.04869`. Keys of posts and accounts: `network:id`, the network's own stable id;
`network:@handle` for an account known by its handle alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Final, Literal

import msgspec

NETWORKS = ("bluesky", "mastodon", "hackernews", "lobsters", "reddit", "x", "huggingface", "feeds")
LARGEST = 2**53 - 1
"""The largest count and moment: what every JSON reader can hold exactly (RFC 8259 §6)."""

HOUR = 3_600_000_000
"""Microseconds in an hour."""
DAY = 24 * HOUR

AnnouncementType = Literal["new", "cross", "replacement", "inferred"]
INFERRED: Final = "inferred"
"""The type of an announcement that nobody observed: its day is inferred from when the paper was submitted."""
ReactionType = Literal["repost", "like", "reply", "quote"]
Judgement = Literal["bot", "human", "doubtful", "sound", "hidden", "shown", "author", "independent"]
CoverageState = Literal["complete", "partial", "refused"]
DeliveryOutcome = Literal["sent", "failed"]
Window = Literal["daily", "weekly", "monthly", "listing"]


class TextLink(msgspec.Struct, frozen=True):
    """A link inside a post's text: `text[start:end]` (code points) leads to `target`."""

    start: int
    end: int
    target: str


class Item(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=str.lower, forbid_unknown_fields=True, gc=False
):
    """One observation. What was observed is said by the subclass. An item holds no cycle, so the collector of garbage,
    to which millions of them would be a long walk, is not told of it."""

    key: ClassVar[tuple[str, ...]] = ()
    personal: ClassVar[tuple[str, ...]] = ()

    observed_at: int


class Paper(Item, frozen=True, kw_only=True):
    """A paper's metadata at a moment: one work, all versions. `categories`: the primary one first."""

    key: ClassVar[tuple[str, ...]] = ("paper",)

    paper: str
    title: str
    authors: tuple[str, ...] = ()
    abstract: str = ""
    summary: str = ""
    categories: tuple[str, ...] = ()
    version: int | None = None
    comment: str = ""
    doi: str = ""
    journal: str = ""
    published_at: int | None = None
    updated_at: int | None = None


class Announcement(Item, frozen=True, kw_only=True):
    """A paper in arXiv's own listing of a day."""

    key: ClassVar[tuple[str, ...]] = ("paper", "day", "category")

    paper: str
    day: str
    category: str
    type: AnnouncementType
    announced_at: int
    version: int | None = None


class Listing(Item, frozen=True, kw_only=True):
    """Somebody else's dated list of papers, as imported.

    `made`: its moment as printed. `lead`: extra blank lines before place 1. `file`: its SHA-256.
    """

    key: ClassVar[tuple[str, ...]] = ("publication", "day")

    publication: str
    day: str
    made: str
    lead: int
    places: int
    file: str


class Place(Item, frozen=True, kw_only=True):
    """One paper of a listing, with its words as printed there.

    Its counts are the `Tally` of the same paper, network and method; `tallied`: their moment as printed.
    """

    key: ClassVar[tuple[str, ...]] = ("publication", "day", "place")

    publication: str
    day: str
    place: int
    paper: str
    title: str
    authors: tuple[str, ...]
    abstract: str
    categories: tuple[str, ...]
    network: str
    method: str
    tallied: str
    file: str


class Shown(Item, frozen=True, kw_only=True):
    """A post that a listing (edition 0) or an issue of ours (edition 1, 2 …) shows under a place, the n-th there.

    The post is the observation of `post` with the same `observed_at`.
    """

    key: ClassVar[tuple[str, ...]] = ("publication", "day", "edition", "place", "n")
    personal: ClassVar[tuple[str, ...]] = ("post",)

    publication: str
    day: str
    edition: int
    place: int
    n: int
    post: str


class Account(Item, frozen=True, kw_only=True):
    """Somebody on a network, as named at a moment. `automated`: says of itself that it is a bot."""

    key: ClassVar[tuple[str, ...]] = ("account",)
    personal: ClassVar[tuple[str, ...]] = ("account", "handle", "name")

    account: str
    handle: str
    name: str = ""
    automated: bool = False


class Alias(Item, frozen=True, kw_only=True):
    """A handle's account: joins what was recorded under a handle alone to the network's stable id."""

    key: ClassVar[tuple[str, ...]] = ("account",)
    personal: ClassVar[tuple[str, ...]] = ("account", "stable")

    account: str
    stable: str


class Post(Item, frozen=True, kw_only=True):
    """One original public message; a native repost is never a post.

    `handle`, `name`: its author's, as shown with it. `limits`: labels and switches that keep it from being quoted.
    `gone`: why it is no longer there.
    """

    key: ClassVar[tuple[str, ...]] = ("post",)
    personal: ClassVar[tuple[str, ...]] = ("post", "account", "handle", "name", "text", "links", "reply_to", "quotes")

    post: str
    network: str
    account: str
    created_at: int
    text: str = ""
    links: tuple[TextLink, ...] = ()
    lang: str = "und"
    rtl: bool = False
    handle: str = ""
    name: str = ""
    reply_to: str = ""
    quotes: str = ""
    limits: tuple[str, ...] = ()
    gone: str = ""


class Mention(Item, frozen=True, kw_only=True):
    """A post speaks of a paper. `form`: what matched, or `listed`; `found_in`: link, text, embed or listing."""

    key: ClassVar[tuple[str, ...]] = ("post", "paper")
    personal: ClassVar[tuple[str, ...]] = ("post",)

    post: str
    paper: str
    form: str
    found_in: str = ""
    version: int | None = None


class Reaction(Item, frozen=True, kw_only=True):
    """One account's repost, like, reply or quote of a post, or its withdrawal."""

    key: ClassVar[tuple[str, ...]] = ("post", "account", "type")
    personal: ClassVar[tuple[str, ...]] = ("post", "account")

    post: str
    account: str
    type: ReactionType
    withdrawn: bool = False


COUNTS = ("reposts", "likes", "replies", "quotes", "views")
"""What a snapshot may tell of a post."""


class Snapshot(Item, frozen=True, kw_only=True):
    """A post's counts at a moment; `None` where the network does not say."""

    key: ClassVar[tuple[str, ...]] = ("post",)
    personal: ClassVar[tuple[str, ...]] = ("post",)

    post: str
    reposts: int | None = None
    likes: int | None = None
    replies: int | None = None
    quotes: int | None = None
    views: int | None = None


class Tally(Item, frozen=True, kw_only=True):
    """A paper's summed counts at a moment, by a named method, where single posts are unknown."""

    key: ClassVar[tuple[str, ...]] = ("paper", "network", "method")

    paper: str
    network: str
    method: str
    reposts: int
    likes: int


class Measurement(Item, frozen=True, kw_only=True):
    """What another collector's published observations count of a paper, measured by our rules.

    `source`: the collector's name here. `age`: hours from the announcement to `until_at`. `unread`: µs between them in
    which the collector had not read the network in full. `known`: null while its record is too young to tell.
    """

    key: ClassVar[tuple[str, ...]] = ("source", "paper", "network", "age")

    source: str
    paper: str
    network: str
    age: int
    until_at: int
    voices: int
    reposts: int
    likes: int
    bots: int
    known: int | None
    authors: int
    counted: int
    unread: int


class Verdict(Item, frozen=True, kw_only=True):
    """Our own judgement as a fact. `about`: the paper, when a mention or an author's voice is judged, else empty."""

    key: ClassVar[tuple[str, ...]] = ("subject", "about", "rule")
    personal: ClassVar[tuple[str, ...]] = ("subject",)

    subject: str
    about: str
    rule: str
    judgement: Judgement
    version: int
    reason: str


BEGAN, READ_BACK = "reading began", "read back"
"""Reasons of coverage without length, which says at which moment a network was first read, and when what it told of the
time before was in the record, with its counts."""


class Coverage(Item, frozen=True, kw_only=True):
    """A source's reading of a network from one moment until another."""

    key: ClassVar[tuple[str, ...]] = ("network", "from_at")

    network: str
    from_at: int
    until_at: int
    state: CoverageState
    reason: str = ""


class Publication(Item, frozen=True, kw_only=True):
    """The recipe of a publication's issues: its settings at a moment.

    `threshold`: millipoints for rarity, a sum of counts for classic. `least_entries`: if absent, 0.
    """

    key: ClassVar[tuple[str, ...]] = ("publication",)

    publication: str
    title: str
    window: Window = "daily"
    ranking: str = "rarity/1"
    threshold: int = 1000
    categories: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    posts: int = 1
    hour: int = 8
    zone: str = "UTC"
    least_entries: int | msgspec.UnsetType = msgspec.UNSET
    note: str | msgspec.UnsetType = msgspec.UNSET
    last_day: str | msgspec.UnsetType = msgspec.UNSET


HISTORY = "@history"
"""What stands after a publication's name where its issues were made afterwards, of days that were over already."""


def is_retrospective(publication: str) -> bool:
    """Whether a publication's issues were made afterwards, by its name."""
    return publication.endswith(HISTORY)


class Issue(Item, frozen=True, kw_only=True):
    """A publication's frozen, ordered result for one day: `content` is an `IssueContent` as RFC 8785 JSON."""

    key: ClassVar[tuple[str, ...]] = ("publication", "day", "edition")

    publication: str
    day: str
    edition: int
    digest: str
    content: str


class Delivery(Item, frozen=True, kw_only=True):
    """That an issue's edition went out by a channel, once nothing of it is left to do. `target`: *everybody* that the
    channel goes to. `state`: *failed* where nobody took it. `receipt`: how many did; of files the issue's digest."""

    key: ClassVar[tuple[str, ...]] = ("publication", "day", "edition", "channel", "target")

    publication: str
    day: str
    edition: int
    channel: str
    target: str
    state: DeliveryOutcome
    receipt: str = ""


KINDS: tuple[type[Item], ...] = (
    Paper, Announcement, Listing, Place, Shown, Account, Alias, Post, Mention, Reaction, Snapshot, Tally,
    Verdict, Coverage, Publication, Issue, Delivery, Measurement,
)  # fmt: skip
"""Every kind, in the order in which rows of one batch are written and exported."""

AnyItem = (
    Paper | Announcement | Listing | Place | Shown | Account | Alias | Post | Mention | Reaction | Snapshot | Tally
    | Verdict | Coverage | Publication | Issue | Delivery | Measurement
)  # fmt: skip


def typed_key(item: Item) -> tuple[Any, ...]:
    """An item's class and the values of its key: what observations of the same thing share."""
    return (type(item), *[getattr(item, name) for name in item.key])


def kind_of(item: Item | type[Item]) -> str:
    """The word for an item's kind: "paper", "post" …"""
    kind = item if isinstance(item, type) else type(item)
    return kind.__name__.lower()


UNSTORABLE = {0: 0xFFFD} | dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)


def storable(text: str) -> str:
    """Text with U+0000 and lone surrogates, which not every database can hold, as U+FFFD."""
    return text.translate(UNSTORABLE)


def distinct(values: Iterable[str]) -> tuple[str, ...]:
    """The values without repeats, in order of first appearance."""
    return tuple(dict.fromkeys(values))
