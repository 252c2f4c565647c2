"""The tables and their columns. A change that a reader can notice gives SCHEMA_VERSION another number."""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.model import COUNTS

SCHEMA_VERSION = "1.1.0"
"""Semantic: the first number rises when a column changes or goes, the second when one comes."""


class TableColumn(NamedTuple):
    """A column: its type in DuckDB's words, and what it means."""

    name: str
    type: str
    meaning: str


class ResearchTable(NamedTuple):
    """A table: the names in `key` identify a row; `references`: (column, table, column) that it points to."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[TableColumn, ...]
    references: tuple[tuple[str, str, str], ...] = ()


def _table(name: str, key: str, meaning: str, *columns: str) -> ResearchTable:
    """Columns as `name TYPE meaning`."""
    parsed = tuple(TableColumn(*column.split(" ", 2)) for column in columns)
    has_paper = name != "papers" and any(column.name == "paper" for column in parsed)
    references = (("paper", "papers", "paper"),) if has_paper else ()
    return ResearchTable(name, meaning, tuple(key.split()), parsed, references)


_PAPER = "paper VARCHAR The paper's arXiv identifier without version, such as 2101.04869 or hep-th/9901001."
_NETWORK = "network VARCHAR The network."
_OBSERVED = "observed_at TIMESTAMP When it was observed, UTC."
_ISSUE = (
    "publication VARCHAR The publication's short name.",
    "day DATE The issue's day.",
    "edition INTEGER 1, or more for a corrected issue.",
)
_LANE = "lane VARCHAR entries: listed for the first time; ongoing: still talked about."
_SUMMED = "summed as read last; if never read, empty in counts, 0 in entry_counts."
_COUNTS = (
    "voices BIGINT Accounts that spoke of it or reacted; each once.",
    f"reposts BIGINT Reposts of posts about it, {_SUMMED}",
    f"likes BIGINT Likes of posts about it, {_SUMMED}",
    "bots BIGINT Posts of bots, not among the others.",
)
_STANDING = (
    "known BIGINT Voices that had standing; empty where not known.",
    "authors BIGINT Voices of the paper's own authors; empty where not known.",
)
_READ_UNTIL = "until TIMESTAMP Up to when it was counted, UTC."

TABLES = (
    _table(
        "papers", "paper", "Papers, as their metadata was observed last.",
        _PAPER, "doi VARCHAR The DOI that arXiv registered for it.",
        "published_doi VARCHAR The DOIs of its published version, by its authors; empty for none.",
        "primary_category VARCHAR arXiv's primary category.", "categories VARCHAR[] All categories, the primary first.",
        "version INTEGER The latest version known; empty where not told.",
        "published_at TIMESTAMP When the first version was submitted, UTC.",
        "updated_at TIMESTAMP When the latest version was submitted, UTC.", _OBSERVED,
    ),
    _table(
        "announcements", "paper day category", "In which of arXiv's daily listings a paper stood.",
        _PAPER, "day DATE The day of the listing.", "category VARCHAR The listing's category or archive.",
        "type VARCHAR new, cross, replacement or inferred.", "announced_at TIMESTAMP When it was announced, UTC.",
        "version INTEGER The version announced; empty where not told.", _OBSERVED,
    ),
    _table(
        "mentions", "paper post_number", "Posts that name a paper.",
        _PAPER, "post_number BIGINT The post, by a number of this export alone.",
        "post VARCHAR The network's identifier of the post; empty if it holds a name or is forgotten.",
        _NETWORK, "account_number BIGINT Whose post it is, numbered likewise; 0 where unknown.",
        "voice_number BIGINT The same, with one number for accounts known to be the same; 0 where unknown.",
        "text_number BIGINT One number for posts of the same words, as observed last; 0 for too few words.",
        "form VARCHAR What matched: abs, doi, title … or listed.",
        "found_in VARCHAR Where: link, text, embed or listing.",
        "version INTEGER The version named; empty for none.",
        "created_at TIMESTAMP When the post was made, UTC.",
        "known_at TIMESTAMP When the record first had both post and mention, UTC.",
        "gone BOOLEAN Whether it is gone.", "gone_at TIMESTAMP When that was observed, UTC; empty while it is there.",
        _OBSERVED,
    ),
    _table(
        "post_counts", "post_number observed_at", "Counts of posts as they were read, again and again.",
        "post_number BIGINT The post, as in mentions.",
        *(f"{name} BIGINT {name.capitalize()} of it; empty where not told." for name in COUNTS),
        _OBSERVED,
    ),
    _table(
        "tallies", "paper network method observed_at", "Sums as somebody else's listing had them, of unknown posts.",
        _PAPER, _NETWORK, "method VARCHAR Whose listing, and by which version of its method.",
        "reposts BIGINT Reposts, summed.", "likes BIGINT Likes, summed.", _OBSERVED,
    ),
    _table(
        "counts", "paper network age", "Attention by paper, network and age, once a paper has reached the age.",
        _PAPER, _NETWORK, "age INTEGER Hours after the announcement: 6, 24, 72 or 168.",
        _READ_UNTIL, "announced_at TIMESTAMP When the paper was announced, UTC.", *_COUNTS,
    ),
    _table(
        "coverage", "network from_at", "How completely a network was read, and when; else it is unknown.",
        _NETWORK, "from_at TIMESTAMP From when, UTC.", "until_at TIMESTAMP Until when, UTC.",
        "state VARCHAR complete, partial or refused.", _OBSERVED,
    ),
    _table(
        "verdicts", "subject_number paper rule", "Judgements on posts and accounts: bots, doubtful mentions, authors.",
        "subject_number BIGINT The post or account, as in mentions.", _NETWORK,
        "paper VARCHAR The paper that it is about; empty where it is about none.", "rule VARCHAR By which rule.",
        "rule_version INTEGER By which version of it.",
        "judgement VARCHAR bot, human, doubtful, sound, hidden, shown, author or independent.", _OBSERVED,
    ),
    _table(
        "issues", "publication day edition", "Frozen issues.", *_ISSUE,
        "digest VARCHAR SHA-256 of the issue's content.", "ranking VARCHAR The ranking and its version.",
        "from_at TIMESTAMP From when talk counts, UTC.", "as_of TIMESTAMP Up to when observations count, UTC.",
        "position BIGINT Up to which batch the record was read.", "chain VARCHAR The record's chain value there.",
        "announced BIGINT Papers announced that day; empty where unknown.", "considered BIGINT Papers ranked.",
        "replaces VARCHAR The digest of the edition that it corrects; empty for none.",
    ),
    _table(
        "entries", "publication day edition lane place", "The papers of issues.", *_ISSUE, _LANE,
        "place INTEGER The rank.", _PAPER, "score BIGINT The ranking's score.", "voices BIGINT Voices on all networks.",
        "classic_rank INTEGER The rank by reposts and likes.", "tied BOOLEAN Whether a neighbour has the same score.",
        "archive VARCHAR With which archive's papers it is compared.",
        "announced_at TIMESTAMP When it was announced, UTC.",
    ),
    _table(
        "entry_counts", "publication day edition lane place network", "What an entry rests on, by network.",
        *_ISSUE, _LANE, "place INTEGER The rank.", _PAPER, _NETWORK, _READ_UNTIL, *_COUNTS, *_STANDING,
    ),
)  # fmt: skip
"""In the order in which they are written."""
