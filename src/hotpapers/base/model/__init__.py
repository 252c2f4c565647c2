"""The program's data types, as immutable values that all other packages share.

items     the kinds of observations
keys      keys of posts and accounts, and the addresses of posts on their networks
ranking   input and output of rankings
issues    frozen issues
ports     the interfaces between packages: sources, channels, the HTTP client

Names and types of fields are those of the exchange format. Nothing here reads, writes or decides anything.
"""

from __future__ import annotations

from hotpapers.base.model.issues import (
    NOT_READ,
    EarlierIssue,
    Entry,
    Forecast,
    HeldPapers,
    IssueContent,
    NetworkForecast,
    NetworkReading,
    Price,
    PrintedCount,
    ReferenceSize,
    Retrospective,
    WitnessedCounts,
)
from hotpapers.base.model.items import (
    BEGAN,
    COUNTS,
    DAY,
    HISTORY,
    HOUR,
    INFERRED,
    KINDS,
    MAX_INTEGER,
    NETWORKS,
    READ_BACK,
    Account,
    Alias,
    Announcement,
    AnnouncementType,
    AnyItem,
    Coverage,
    CoverageState,
    Delivery,
    DeliveryOutcome,
    Issue,
    Item,
    Judgement,
    Listing,
    Measurement,
    Mention,
    Paper,
    Place,
    Post,
    Publication,
    Reaction,
    ReactionType,
    Shown,
    Snapshot,
    Tally,
    TextLink,
    Verdict,
    Window,
    distinct,
    field_types,
    is_retrospective,
    kind_of,
    storable,
    typed_key,
    within_largest,
)
from hotpapers.base.model.ports import (
    AnnouncedPaper,
    BulkSender,
    Channel,
    DeliveryCounts,
    EntrySummary,
    HttpClient,
    IssueProofs,
    IssueReader,
    Message,
    MeteredSource,
    PayloadPage,
    PostTracker,
    PublishedIssue,
    Quotation,
    RawPayload,
    ReadingBackSource,
    RenderedFile,
    Response,
    Sender,
    Showing,
    ShownProof,
    SitePart,
    SiteProofs,
    Source,
    TriableSender,
)
from hotpapers.base.model.ranking import (
    Attention,
    Candidate,
    RankingInput,
    ScoreComponent,
    ScoredCandidate,
    VoiceHistogram,
)
