"""The lines of a comparison file, as docs/how-to/compare.md describes them: header, coverage, paper, bot, doubtful,
post, end. No line has a word, a name or a handle; posts, accounts and texts are marks (see `shared_key`)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hotpapers.model import LARGEST, CoverageState

FORMAT, VERSION = "hotpapers-comparison", 1
MOST_PAPERS = 1_000
"""Papers that one post names here, and observations of one post."""
MOST_READINGS = 100_000
MOST_REACTIONS = 1_000_000

Moment = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]
Count = Annotated[int, Meta(ge=0, le=LARGEST)]
KeyedMark = Annotated[str, Meta(pattern=r"^~?[0-9a-f]{32}\Z")]
"""A mark; `~` before it where the key or text itself is forgotten, so that no other collector has the same."""
OptionalKeyedMark = Annotated[str, Meta(pattern=r"^(~?[0-9a-f]{32})?\Z")]
PaperKey = Annotated[str, Meta(pattern=r"^arxiv:[A-Za-z0-9.\-/]{5,40}\Z")]
NetworkName = Annotated[str, Meta(pattern=r"^[a-z]{1,20}\Z")]
RuleName = Annotated[str, Meta(pattern=r"^[a-z0-9.+-]{0,60}\Z")]
Rules = Annotated[dict[RuleName, Count], Meta(max_length=100)]
"""Rules with their versions."""
SightingRow = tuple[Moment, bool, OptionalKeyedMark]
"""When a post was observed, whether it was there, and the mark of its words then, empty where they are too few."""
MentionRow = tuple[PaperKey, Moment, RuleName]
"""A paper that a post names, since when that is in the record, and what matched."""
ReadingRow = tuple[Moment, Count | None, Count | None]
"""When counts were read, reposts, likes; as in a snapshot, a reading that changes nothing leaves none."""
ReactionRow = tuple[OptionalKeyedMark, Literal["repost", "like"], Moment, bool]
"""Whose, what, when observed, and whether it was taken back."""


class _Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """A line of the file."""


class ComparisonHeader(_Line, frozen=True, kw_only=True, tag="header"):
    """The first line. `check`: a mark that everybody with the same key has. Papers announced after `since` and what was
    observed up to `until` are here. `rules`: each rule that judges accounts and mentions, with its version. `back`: by
    network when what it told of the time before it was first read was in the record."""

    format: Annotated[str, Meta(max_length=60)]
    version: int
    program: Annotated[str, Meta(max_length=60)]
    check: KeyedMark
    since: Moment
    until: Moment
    rules: Rules
    back: Annotated[dict[NetworkName, Moment], Meta(max_length=100)]


class CoverageLine(_Line, frozen=True, kw_only=True, tag="coverage"):
    """How a network was read from one moment until another, as written down `at` a moment. `counts`: it is about the
    counts of known posts alone."""

    network: NetworkName
    from_at: Moment
    until_at: Moment
    at: Moment
    state: CoverageState
    counts: bool = False


class AnnouncedLine(_Line, frozen=True, kw_only=True, tag="paper"):
    """A paper, and when it was first announced."""

    paper: PaperKey
    announced_at: Moment


class BotLine(_Line, frozen=True, kw_only=True, tag="bot"):
    """An account that counts as a bot, and the rules that say so."""

    voice: KeyedMark
    rules: Rules


class DoubtfulLine(_Line, frozen=True, kw_only=True, tag="doubtful"):
    """A mention that does not count, and the rules that say so."""

    post: KeyedMark
    paper: PaperKey
    rules: Rules


class PostLine(_Line, frozen=True, kw_only=True, tag="post"):
    """A post. `account`: as the network names it; `voice`: whose it is, another mark where an alias is known;
    `limited`: it may not be quoted. `seen`, `papers`, `readings` and `reactions` ascend by moment."""

    post: KeyedMark
    network: NetworkName
    account: OptionalKeyedMark
    voice: OptionalKeyedMark
    created_at: Moment
    limited: bool = False
    seen: Annotated[list[SightingRow], Meta(min_length=1, max_length=MOST_READINGS)]
    papers: Annotated[list[MentionRow], Meta(max_length=MOST_PAPERS)] = []
    readings: Annotated[list[ReadingRow], Meta(max_length=MOST_READINGS)] = []
    reactions: Annotated[list[ReactionRow], Meta(max_length=MOST_REACTIONS)] = []


class ComparisonEnd(_Line, frozen=True, kw_only=True, tag="end"):
    """The last line."""


ComparisonLine = ComparisonHeader | CoverageLine | AnnouncedLine | BotLine | DoubtfulLine | PostLine | ComparisonEnd
"""Any of them."""


def encode_line(line: _Line) -> bytes:
    """A line as bytes, with its newline."""
    return msgspec.json.encode(line) + b"\n"
