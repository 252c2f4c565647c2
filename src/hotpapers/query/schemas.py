"""What is answered, as immutable values: the API's JSON, the tools' results, and what the library returns.

Where a value is part of a frozen issue (`PrintedCount`, `ScoreComponent`, `NetworkReading`), it is the model's own.
Moments are whole microseconds since 1970-01-01 UTC, days `2021-01-14`. A paper has its key and its bare id.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import msgspec

from hotpapers import model
from hotpapers.search import HighlightSpans, SearchHitIssue

Lane = Literal["entries", "ongoing"]
"""Where an issue holds a paper: among its entries, or as still talked about."""


class Schema(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all: every field is always there."""


Answer = TypeVar("Answer", bound=Schema)


def answer_of(kind: type[Answer], source: object, /, **others: Any) -> Answer:
    """An answer with these values, and for its other fields with what a source calls the same."""
    same = {name: getattr(source, name) for name in kind.__struct_fields__ if name not in others}
    return kind(**same, **others)


# ---- issues ----------------------------------------------------------------------------------------------


class PublicationSummary(Schema, frozen=True, kw_only=True):
    """A publication, how many frozen issues it has, and the day of the latest one (null while there is none).
    `last_day`: the day of the last one that it will have or had, null where it goes on."""

    publication: str
    title: str
    window: model.Window
    ranking: str
    threshold: int
    least_entries: int
    categories: tuple[str, ...]
    networks: tuple[str, ...]
    hour: int
    zone: str
    last_day: str | None
    issues: int
    latest: str | None


class PublicationList(Schema, frozen=True, kw_only=True):
    """Every publication of the store, by name."""

    publications: tuple[PublicationSummary, ...]


class IssueSummary(Schema, frozen=True, kw_only=True):
    """The latest edition of a day's issue. `entries`: how many papers it ranks."""

    publication: str
    day: str
    edition: int
    digest: str
    frozen_at: int
    entries: int


class IssuePage(Schema, frozen=True, kw_only=True):
    """Some of a publication's issues, the latest first. `next`: the cursor of those before, null at the end."""

    issues: tuple[IssueSummary, ...]
    next: str | None


class PostDetails(Schema, frozen=True, kw_only=True):
    """A post as its network's terms let it be shown; its words are a stranger's.

    `shown`: whole (text), its first words (excerpt), or only where and when it was (link: neither words nor names).
    `url`: its page on its network, empty where that is not known. `automated`: its account is held to be a bot, so it
    does not count.
    """

    post: str
    network: str
    url: str
    created_at: int
    shown: model.Showing
    text: str
    links: tuple[model.TextLink, ...]
    lang: str
    rtl: bool
    handle: str
    name: str
    automated: bool


class EntryDetails(Schema, frozen=True, kw_only=True):
    """A paper in an issue.

    `classic_rank`: its place by the classic rule. `announced`: when it was announced, in words; `announced_at` is 0
    where that is not known. `score` is the sum of the scores of `parts`. `metadata`: the hash of the metadata shown.
    `posts`: those that the issue shows and that may be shown now.
    """

    place: int
    paper: str
    id: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    summary: str
    abstract: str
    abs: str
    pdf: str
    score: int
    voices: int
    tied: bool
    classic_rank: int
    announced: str
    announced_at: int
    counts: tuple[model.PrintedCount, ...]
    parts: tuple[model.ScoreComponent, ...]
    metadata: str
    posts: tuple[PostDetails, ...]


class IssueDetails(Schema, frozen=True, kw_only=True):
    """A frozen issue with all that is shown of its papers.

    `editions`: the digests of all its editions, the first first. `as_of`: up to which moment observations count, from
    `from_at` on; `position`: up to which batch the record was read. `imported`: it is of somebody else's listing.
    `announced`: how many papers were announced that day, null where that is not known; `considered`: how many were
    ranked. `facts`: these and what was read, in words. `choice`: by which rule papers were chosen; `compared`: the
    largest reference, and whether it is so young that places are provisional; both null for imported listings.
    `earlier`: the issues that it looked at. `replaces`, `reason`: the digest of the edition that it corrects, and why.
    """

    publication: str
    title: str
    window: model.Window
    day: str
    edition: int
    digest: str
    editions: tuple[str, ...]
    frozen_at: int
    from_at: int
    as_of: int
    position: int
    imported: bool
    ranking: str
    choice: str | None
    compared: model.ReferenceSize | None
    announced: int | None
    considered: int
    facts: tuple[str, ...]
    readings: tuple[model.NetworkReading, ...]
    earlier: tuple[model.EarlierIssue, ...]
    replaces: str
    reason: str
    entries: tuple[EntryDetails, ...]
    ongoing: tuple[EntryDetails, ...]


class IssueWithProof(IssueDetails, frozen=True, kw_only=True):
    """A frozen issue with what a saved copy of this answer needs to be checked: `content`, whose SHA-256 as RFC 8785
    JSON is the digest; `metadata`, the items of which its entries name the hashes, by paper; `proof`, that the digest
    stood in the publication's log (C2SP tlog-proof). Null, {} and "" while no log holds the issue."""

    content: model.IssueContent | None
    metadata: dict[str, model.Paper | model.Place]
    proof: str


class Verification(Schema, frozen=True, kw_only=True):
    """Whether an issue's content has its digest, and is rebuilt alike from the record. `findings`: what differs.

    `content`: where the bytes are whose SHA-256 is the digest; `command`: what checks the record too, row by row.
    """

    publication: str
    day: str
    edition: int
    digest: str
    verified: bool
    findings: tuple[str, ...]
    content: str
    command: str


# ---- explanations ----------------------------------------------------------------------------------------


class ExplainedComponent(Schema, frozen=True, kw_only=True):
    """A summand of a score, as a sentence, and as a formula that a reader can redo."""

    part: model.ScoreComponent
    sentence: str
    formula: str


class NeededGrowth(Schema, frozen=True, kw_only=True):
    """With `needed` instead of `now` on a network the lower of two neighbours passes. `unit`: of what."""

    network: str
    unit: str
    now: int
    needed: int


class NeighbourDetails(Schema, frozen=True, kw_only=True):
    """An entry next to the explained one, and what would make the two swap."""

    place: int
    paper: str
    id: str
    title: str
    score: int
    swaps: tuple[NeededGrowth, ...]


class EntryExplanation(Schema, frozen=True, kw_only=True):
    """Why a paper ranks where it does. `of`: how many stand in its lane; `classic_rank`: its place there by the classic
    rule; `notes`: what a reader must know of its counts; `tied`: it has the score of a neighbour."""

    publication: str
    day: str
    edition: int
    ranking: str
    paper: str
    id: str
    title: str
    lane: Lane
    place: int
    of: int
    classic_rank: int
    score: int
    tied: bool
    parts: tuple[ExplainedComponent, ...]
    notes: tuple[str, ...]
    above: NeighbourDetails | None
    below: NeighbourDetails | None


# ---- papers ----------------------------------------------------------------------------------------------


class PaperAppearance(Schema, frozen=True, kw_only=True):
    """A paper in an issue. `lane`: among its entries, or as still talked about."""

    publication: str
    day: str
    edition: int
    lane: Lane
    place: int
    score: int
    voices: int


class PaperAnnouncement(Schema, frozen=True, kw_only=True):
    """A paper in arXiv's listing of a day and category."""

    day: str
    category: str
    type: model.AnnouncementType
    version: int | None
    announced_at: int


class AttentionAtAge(Schema, frozen=True, kw_only=True):
    """A paper's attention on a network at an age, in hours after its announcement, or as it is now (`age` and `at`
    null). `bots`: posts of bots, which are left out of the rest."""

    age: int | None
    at: int | None
    voices: int
    reposts: int
    likes: int
    bots: int


class NetworkAttention(Schema, frozen=True, kw_only=True):
    """A paper's attention on a network: at 6, 24, 72 and 168 hours where it was announced, and now."""

    network: str
    marks: tuple[AttentionAtAge, ...]


class ListedCounts(Schema, frozen=True, kw_only=True):
    """A paper's counts as somebody's listing had them, summed by its method. `note`: what is known of that."""

    network: str
    method: str
    at: int
    reposts: int
    likes: int
    note: str


class PaperDetails(Schema, frozen=True, kw_only=True):
    """A paper: its metadata as last observed, the issues that hold it, its attention.

    `observed_at` is 0 for a paper of which the record has no metadata. `appearances`: the latest ones, the first
    first.
    """

    paper: str
    id: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    summary: str
    abstract: str
    comment: str
    doi: str
    journal: str
    version: int | None
    published_at: int | None
    updated_at: int | None
    observed_at: int
    abs: str
    pdf: str
    announcements: tuple[PaperAnnouncement, ...]
    appearances: tuple[PaperAppearance, ...]
    attention: tuple[NetworkAttention, ...]
    tallies: tuple[ListedCounts, ...]


class PostPage(Schema, frozen=True, kw_only=True):
    """Some of the posts about a paper that may be shown, the latest first. `next`: the cursor of those before, null at
    the end."""

    paper: str
    posts: tuple[PostDetails, ...]
    next: str | None


class PostCounts(Schema, frozen=True, kw_only=True):
    """A post's counts at a moment, null where the network does not say."""

    post: str
    network: str
    observed_at: int
    reposts: int | None
    likes: int | None
    replies: int | None
    quotes: int | None
    views: int | None


class PostCountsPage(Schema, frozen=True, kw_only=True):
    """Counts of the posts about a paper, the first first. `next`: the cursor of those after, null at the end."""

    paper: str
    snapshots: tuple[PostCounts, ...]
    next: str | None


# ---- how all is doing --------------------------------------------------------------------------------------


class JobStatus(Schema, frozen=True, kw_only=True):
    """How a job is doing. `reason`: why it fails, empty for strangers; `lag`: seconds since its network was read up to;
    `items`: what it brought into the record; `quarantine`: what of it could not be read and is kept."""

    job: str
    state: str
    reason: str
    failing_since: int | None
    success_at: int | None
    lag: int | None
    next_at: int | None
    items: int
    quarantine: int


class LatestIssue(Schema, frozen=True, kw_only=True):
    """The latest issue of a publication, null while there is none. `age`: seconds since it was frozen."""

    publication: str
    day: str | None
    frozen_at: int | None
    age: int | None


class MissingPapers(Schema, frozen=True, kw_only=True):
    """A time of which arXiv's papers are missing, and which."""

    from_at: int
    until_at: int
    reason: str


class SiteStatus(Schema, frozen=True, kw_only=True):
    """How the site is doing. `position`, `last_at`: the record's last batch, and when it was written. `issues`: how
    many are frozen, of all editions. `coverage`: how each network was read in the last 24 hours. `incomplete`: arXiv's
    days of the last two weeks of which papers are missing."""

    version: str
    at: int
    position: int
    last_at: int | None
    issues: int
    latest: tuple[LatestIssue, ...]
    jobs: tuple[JobStatus, ...]
    coverage: tuple[model.NetworkReading, ...]
    incomplete: tuple[MissingPapers, ...]


# ---- search ------------------------------------------------------------------------------------------------


class SearchHit(Schema, frozen=True, kw_only=True):
    """A paper that was found. `day`: when it was announced first; where it never was, its submission, or the month of
    its identifier (2021-03). `snippet`: the part of its abstract that has most of the words."""

    paper: str
    id: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    day: str
    snippet: str
    spans: HighlightSpans
    issues: tuple[SearchHitIssue, ...]


class SearchPage(Schema, frozen=True, kw_only=True):
    """Papers, best first, or the latest first where nothing is asked for but authors, categories and days.

    `understood`: the query in words. `total`: how many there are, or at least are where it is not `exact`. `parts`: no
    paper has the words, so they were looked for as parts of words. `behind`: so many batches are not searched yet.
    `next`: the cursor of those that follow, null at the end.
    """

    understood: str
    total: int
    exact: bool
    parts: bool
    behind: int
    papers: tuple[SearchHit, ...]
    next: str | None


# ---- what went wrong ---------------------------------------------------------------------------------------


class ProblemDetails(Schema, frozen=True, kw_only=True):
    """Why a question was not answered (RFC 9457): `title` is the status in words, `detail` says what to do."""

    type: str
    title: str
    status: int
    detail: str
