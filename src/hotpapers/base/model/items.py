"""The kinds of items, as immutable values.

Every value in the record is an `Item`: one observation, made at `observed_at`. All timestamps are integer microseconds
since 1970-01-01 UTC, all counts are integers below 2**53, and days are `YYYY-MM-DD`. Two class attributes describe a
kind to the record:

`key`       the fields that say *what* was observed; together with `observed_at` they identify one row
`personal`  the fields that a person may ask to have forgotten; hashes cover commitments to them instead of
            their values, so the rest still verifies afterwards

Keys of papers: `arxiv:2101.04869`, `doi:10.1101/2024.01.02.573921`. Keys of posts and accounts: `network:id`, with the
network's own stable id, or `network:@handle` for an account known only by its handle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, ClassVar, Final, Literal, get_args, get_type_hints

import msgspec
from msgspec import UNSET, UnsetType

from hotpapers.base.durations import FOREVER
from hotpapers.base.struct_types import Value

MAX_INTEGER = FOREVER
"""The largest count or timestamp: the largest integer that every JSON reader represents exactly (RFC 8259 §6)."""


def within_largest(total: int) -> int:
    """A sum of counts, at most MAX_INTEGER: hostile counts may add up to more than a record can hold."""
    return total if total < MAX_INTEGER else MAX_INTEGER


AnnouncementType = Literal["new", "cross", "replacement", "inferred"]
INFERRED: Final = "inferred"
"""The type of an announcement that nobody observed; its day is inferred from the time of submission."""
ReactionType = Literal["repost", "like", "reply", "quote"]
Judgement = Literal["bot", "human", "doubtful", "sound", "hidden", "shown", "author", "independent"]
NoticeType = Literal["retraction", "withdrawal", "removal", "concern", "correction", "update"]
TAKEN_BACK: Final = {"retraction": "retracted", "withdrawal": "withdrawn", "removal": "removed"}
"""The types of notices that take a paper back, each with what the paper then is."""
CoverageState = Literal["complete", "partial", "refused"]
DeliveryOutcome = Literal["sent", "failed"]
Window = Literal["daily", "weekly", "monthly", "listing"]


class TextLink(msgspec.Struct, frozen=True):
    """A link inside a post's text: `text[start:end]` (in code points) links to `target`."""

    start: int
    end: int
    target: str


class Item(Value, kw_only=True, tag_field="kind", tag=str.lower, forbid_unknown_fields=True, gc=False):
    """One observation; the subclass defines what was observed. Items contain no reference cycles, so the garbage
    collector does not track them: it would be slow with millions of them."""

    key: ClassVar[tuple[str, ...]] = ()
    personal: ClassVar[tuple[str, ...]] = ()

    observed_at: int


class Paper(Item, kw_only=True):
    """A paper's metadata at one moment. All versions of a work are one paper. `categories`: primary category first.
    `withdrawn`: true if its authors or its server have withdrawn it; absent otherwise. `license`: that of its abstract,
    as the server names it; absent if it does not. Exports of observations leave out the abstract if it is `cc_no`."""

    key = ("paper",)

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
    withdrawn: bool | UnsetType = UNSET
    license: str | UnsetType = UNSET

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn is True


class Announcement(Item, kw_only=True):
    """A paper's appearance on its server on a day: in arXiv's own listing, or as posted elsewhere."""

    key = ("paper", "day", "category")

    paper: str
    day: str
    category: str
    type: AnnouncementType
    announced_at: int
    version: int | None = None


class Listing(Item, kw_only=True):
    """A dated list of papers published by somebody else, as imported.

    `made`: its printed time. `lead`: number of extra blank lines before place 1. `file`: SHA-256 of the file.
    """

    key = ("publication", "day")

    publication: str
    day: str
    made: str
    lead: int
    places: int
    file: str


class Place(Item, kw_only=True):
    """One paper in a listing, with its text as printed there.

    Its counts are in the `Tally` with the same paper, network and method. `tallied`: the printed time of the counts.
    """

    key = ("publication", "day", "place")

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


class Shown(Item, kw_only=True):
    """The n-th post shown under a place, in a listing (edition 0) or in one of our own issues (edition 1, 2 …).

    What is shown is the observation of `post` with the same `observed_at`.
    """

    key = ("publication", "day", "edition", "place", "n")
    personal = ("post",)

    publication: str
    day: str
    edition: int
    place: int
    n: int
    post: str


class Account(Item, kw_only=True):
    """An account on a network, with its names at one moment. `automated`: the account declares itself a bot."""

    key = ("account",)
    personal = ("account", "handle", "name")

    account: str
    handle: str
    name: str = ""
    automated: bool = False


class Alias(Item, kw_only=True):
    """Another key of the same account: that of its handle, or one on another network. Both are one voice. They are
    found for accounts that a bridge made or that are known by their handle; others come with imports."""

    key = ("account",)
    personal = ("account", "stable")

    account: str
    stable: str


class Post(Item, kw_only=True):
    """One original public message. Native reposts are reactions, never posts.

    `handle`, `name`: the author's, as shown with the post. `limits`: labels and account settings that forbid quoting
    it; `reply` if it replied to a post that is forgotten. `gone`: why it is no longer available.
    """

    key = ("post",)
    personal = ("post", "account", "handle", "name", "text", "links", "reply_to", "quotes")

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


class Mention(Item, kw_only=True):
    """A post's reference to a paper. `form`: what matched, or `listed`. `found_in`: link, text, embed or listing."""

    key = ("post", "paper")
    personal = ("post",)

    post: str
    paper: str
    form: str
    found_in: str = ""
    version: int | None = None


class Reaction(Item, kw_only=True):
    """One account's repost, like, reply or quote of a post, or the withdrawal of one."""

    key = ("post", "account", "type")
    personal = ("post", "account")

    post: str
    account: str
    type: ReactionType
    withdrawn: bool = False


COUNTS = ("reposts", "likes", "replies", "quotes", "views")
"""The counts that a snapshot may have."""


class Snapshot(Item, kw_only=True):
    """A post's counts at one moment; `None` for a count that the network does not report."""

    key = ("post",)
    personal = ("post",)

    post: str
    reposts: int | None = None
    likes: int | None = None
    replies: int | None = None
    quotes: int | None = None
    views: int | None = None


class Tally(Item, kw_only=True):
    """A paper's total counts at one moment, by a named method, where the individual posts are unknown."""

    key = ("paper", "network", "method")

    paper: str
    network: str
    method: str
    reposts: int
    likes: int


class Measurement(Item, kw_only=True):
    """A paper's counts in the published observations of another collector, computed by our rules.

    `source`: our name for the collector. `age`: hours from the announcement to `until_at`. `unread`: microseconds of
    that time for which the collector had not read the network in full. `known`: null while its record is too young to
    tell.
    """

    key = ("source", "paper", "network", "age")

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


class Verdict(Item, kw_only=True):
    """A judgment made by this site. `about`: the paper, if a mention or an author's voice is judged, else empty."""

    key = ("subject", "about", "rule")
    personal = ("subject",)

    subject: str
    about: str
    rule: str
    judgement: Judgement
    version: int
    reason: str


BEGAN, READ_BACK = "reading began", "read back"
"""Reasons of coverage items without duration: the moment at which a network was first read, and the moment at which
the posts it returned from before then, and their counts, were all in the record."""


class Coverage(Item, kw_only=True):
    """How completely a source read a network between two moments."""

    key = ("network", "from_at")

    network: str
    from_at: int
    until_at: int
    state: CoverageState
    reason: str = ""


class Publication(Item, kw_only=True):
    """A publication's settings at one moment, by which its issues are made.

    `threshold`: millipoints for rarity, a sum of counts for classic. `least_entries`: 0 if absent.
    `most_entries`: no limit if absent.
    """

    key = ("publication",)

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
    least_entries: int | UnsetType = UNSET
    note: str | UnsetType = UNSET
    last_day: str | UnsetType = UNSET
    most_entries: int | UnsetType = UNSET

    @property
    def least_score(self) -> int:
        """The lowest score that reaches the threshold: without a score, no paper does."""
        return max(self.threshold, 1)


HISTORY = "@history"
"""The suffix of the name of a publication whose issues were made later, for days already past."""


def is_retrospective(publication: str) -> bool:
    """Whether a publication's name says that its issues are retrospective."""
    return publication.endswith(HISTORY)


class Issue(Item, kw_only=True):
    """A publication's frozen issue for one day. `content`: an `IssueContent` as RFC 8785 JSON."""

    key = ("publication", "day", "edition")

    publication: str
    day: str
    edition: int
    digest: str
    content: str


class Notice(Item, kw_only=True):
    """A publisher's notice about a paper, or about the article that it became. `notice`: its key; `type`: a kind of
    update, as Crossref lists it; `day`: when it appeared, empty once Crossref no longer lists it. Only a `retraction`,
    `withdrawal` or `removal` takes a paper back."""

    key = ("paper", "notice", "type")

    paper: str
    notice: str
    type: NoticeType
    day: str


class Delivery(Item, kw_only=True):
    """The finished delivery of an issue's edition by a channel. `target`: *everybody* that the channel delivers to.
    `state`: *failed* if nobody received it. `receipt`: how many received it; for files, the issue's digest."""

    key = ("publication", "day", "edition", "channel", "target")

    publication: str
    day: str
    edition: int
    channel: str
    target: str
    state: DeliveryOutcome
    receipt: str = ""


AnyItem = (
    Paper
    | Announcement
    | Listing
    | Place
    | Shown
    | Account
    | Alias
    | Post
    | Mention
    | Reaction
    | Snapshot
    | Tally
    | Verdict
    | Coverage
    | Publication
    | Issue
    | Delivery
    | Measurement
    | Notice
)
KINDS: tuple[type[Item], ...] = get_args(AnyItem)
"""All kinds, in the order in which the rows of a batch are written and exported."""


def typed_key(item: Item) -> tuple[Any, ...]:
    """An item's class and the values of its key, which all observations of the same thing share."""
    return (type(item), *[getattr(item, name) for name in item.key])


def kind_of(item: Item | type[Item]) -> str:
    """The name of an item's kind: "paper", "post" …"""
    return (item if isinstance(item, type) else type(item)).__name__.lower()


@cache
def field_types(kind: type[Item]) -> Mapping[str, Any]:
    """The types of a kind's fields, in order. Python takes a millisecond to resolve their names, so once is enough."""
    types = get_type_hints(kind)
    return {name: types[name] for name in kind.__struct_fields__}


UNSTORABLE = {0: 0xFFFD} | dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)


def storable_text(text: str) -> str:
    """The text with U+0000 and lone surrogates, which some databases cannot store, replaced by U+FFFD."""
    return text.translate(UNSTORABLE)


def printable_line(text: str) -> str:
    """The text on one line, without what cannot be printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def taken_back(withdrawn: Iterable[str], notices: Iterable[Notice]) -> dict[str, str]:
    """The papers that were taken back, by their latest metadata (`withdrawn`) or by a notice, each with how: withdrawn,
    retracted or removed. Of several notices, the last one counts. `notices`: see `AsOfView.notices`."""
    by_notice = {notice.paper: TAKEN_BACK[notice.type] for notice in notices if notice.type in TAKEN_BACK}
    return dict.fromkeys(withdrawn, "withdrawn") | by_notice


def without_duplicates(values: Iterable[str]) -> tuple[str, ...]:
    """The values without duplicates, in order of first appearance."""
    return tuple(dict.fromkeys(values))
