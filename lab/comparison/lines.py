"""The lines of a comparison file, as described in lab/docs/compare.md: header, coverage, paper, bot, doubtful, post,
end. No line contains words, names or handles; posts, accounts and texts are marks (see `shared_key`)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hotpapers.base.model import MAX_INTEGER, CoverageState
from hotpapers.base.papers import arxiv, doi
from hotpapers.base.papers.paper_servers import DOI

FORMAT = "hotpapers-comparison"
VERSION = 1
MAX_POST_PAPERS = 1_000
"""The most papers that one post may name."""
MAX_READINGS = 100_000
MAX_REACTIONS = 1_000_000

Moment = Annotated[int, Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]
Count = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
KeyedMark = Annotated[str, Meta(pattern=r"^~?[0-9a-f]{32}\Z")]
"""A mark, with a leading `~` if the key or text is forgotten, so no other collector has the same mark."""
OptionalKeyedMark = Annotated[str, Meta(pattern=r"^(~?[0-9a-f]{32})?\Z")]
KEY_PATTERN = rf"(?:{arxiv.grammar.KEY}|{DOI}10\.\d{{4,9}}[./]\S{{1,{doi.MAX_SUFFIX_CHARS * 2}}})"
"""Matches all keys of papers, and further texts that only look like one."""
PaperKey = Annotated[str, Meta(pattern=rf"^{KEY_PATTERN}\Z")]
NetworkName = Annotated[str, Meta(pattern=r"^[a-z]{1,20}\Z")]
RULE_NAME = r"^[a-z0-9.+-]{0,60}\Z"
RuleName = Annotated[str, Meta(pattern=RULE_NAME)]
Rules = Annotated[dict[RuleName, Count], Meta(max_length=100)]
"""Rules with their versions."""
SightingRow = tuple[Moment, bool, OptionalKeyedMark]
"""When a post was observed, whether it existed, and the mark of its text then; empty if the text is too short."""
MentionRow = tuple[PaperKey, Moment, RuleName]
"""A paper that a post names, when the record first had that, and what matched."""
ReadingRow = tuple[Moment, Count | None, Count | None]
"""When counts were read, reposts, likes. As with snapshots, a reading without changes is not recorded."""
ReactionRow = tuple[OptionalKeyedMark, Literal["repost", "like"], Moment, bool]
"""Voice, type, when observed, and whether it was withdrawn."""


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """A line of the file."""


class ComparisonHeader(_Line, frozen=True, tag="header"):
    """The first line. `check`: a mark that is the same for everybody with the same key. The file has papers announced
    after `since` and what was observed up to `until`. `rules`: each rule that judges accounts and mentions, with its
    version. `back`: by network, when all that it had from before its first reading was in the record."""

    format: Annotated[str, Meta(max_length=60)]
    version: int
    program: Annotated[str, Meta(max_length=60)]
    check: KeyedMark
    since: Moment
    until: Moment
    rules: Rules
    back: Annotated[dict[NetworkName, Moment], Meta(max_length=100)]


class CoverageLine(_Line, frozen=True, tag="coverage"):
    """How a network was read between two moments, as recorded `at` a moment. `counts`: this is only about the counts of
    known posts."""

    network: NetworkName
    from_at: Moment
    until_at: Moment
    at: Moment
    state: CoverageState
    counts: bool = False


class AnnouncedLine(_Line, frozen=True, tag="paper"):
    """A paper, and when it was first announced."""

    paper: PaperKey
    announced_at: Moment


class BotLine(_Line, frozen=True, tag="bot"):
    """An account that counts as a bot, and the rules that say so."""

    voice: KeyedMark
    rules: Rules


class DoubtfulLine(_Line, frozen=True, tag="doubtful"):
    """A mention that does not count, and the rules that say so."""

    post: KeyedMark
    paper: PaperKey
    rules: Rules


class PostLine(_Line, frozen=True, kw_only=True, tag="post"):
    """A post. `account`: its account on the network; `voice`: whose it is, a different mark if an alias is known,
    and the same in all posts of an account;
    `limited`: it may not be quoted. `seen`, `papers`, `readings` and `reactions` are in ascending order of moments."""

    post: KeyedMark
    network: NetworkName
    account: OptionalKeyedMark
    voice: OptionalKeyedMark
    created_at: Moment
    limited: bool = False
    seen: Annotated[list[SightingRow], Meta(min_length=1, max_length=MAX_READINGS)]
    papers: Annotated[list[MentionRow], Meta(max_length=MAX_POST_PAPERS)] = []
    readings: Annotated[list[ReadingRow], Meta(max_length=MAX_READINGS)] = []
    reactions: Annotated[list[ReactionRow], Meta(max_length=MAX_REACTIONS)] = []


class ComparisonEnd(_Line, frozen=True, tag="end"):
    """The last line."""


ComparisonLine = ComparisonHeader | CoverageLine | AnnouncedLine | BotLine | DoubtfulLine | PostLine | ComparisonEnd
"""Any line."""


def encode_line(line: _Line) -> bytes:
    """A line as bytes, with its newline."""
    return msgspec.json.encode(line) + b"\n"
