"""The tables and their columns. Changes that readers can notice require a new SCHEMA_VERSION."""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.base.model import COUNTS

SCHEMA_VERSION = "4.0.0"
"""Semantic version: major for changed or removed columns or keys, minor for added ones."""


class TableColumn(NamedTuple):
    """A column, with its DuckDB type."""

    name: str
    type: str
    meaning: str


class ResearchTable(NamedTuple):
    """A table. `key`: the columns that identify a row. `references`: (column, referenced table, its column)."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[TableColumn, ...]
    references: tuple[tuple[str, str, str], ...]

    @property
    def is_key_complete(self) -> bool:
        """Whether no column of the key is empty in any row, by what the columns mean."""
        return not any(column.name in self.key and "; empty" in column.meaning for column in self.columns)


def _table(name: str, key: str, meaning: str, *columns: str) -> ResearchTable:
    """A table with columns given as `name TYPE meaning`."""
    parsed = tuple(TableColumn(*column.split(" ", 2)) for column in columns)
    has_paper = name != "papers" and any(column.name == "paper" for column in parsed)
    references = (("paper", "papers", "paper"),) if has_paper else ()
    return ResearchTable(name, meaning, tuple(key.split()), parsed, references)


_PAPER = "paper VARCHAR The paper's identifier without version, such as 2101.04869 or 10.1101/2024.01.02.573921."
_NETWORK = "network VARCHAR The network."
_POST = "post_number BIGINT The post, as in mentions."
_CREATED = "created_at TIMESTAMP When the post was made, UTC; empty if unknown."
_OBSERVED = "observed_at TIMESTAMP When it was observed, UTC."
_ISSUE = (
    "publication VARCHAR The publication's short name.",
    "day DATE The issue's day.",
    "edition INTEGER 1, or more for a corrected issue.",
)
_LANE = "lane VARCHAR entries: new and shown; further: new, listed in a line; ongoing: still talked about."
_SUMMED = "the sum of the latest counts; if never read, empty in counts, 0 in entry_counts."
_COUNTS = (
    "voices BIGINT Accounts that posted about the paper or reacted, each counted once.",
    f"reposts BIGINT Reposts of posts about the paper, {_SUMMED}",
    f"likes BIGINT Likes of posts about the paper, {_SUMMED}",
    "bots BIGINT Posts by bots, not included in the other columns.",
)
_STANDING = (
    "known BIGINT Voices with standing; empty if unknown.",
    "authors BIGINT Voices of the paper's own authors; empty if unknown.",
)
_STAMP = (
    _OBSERVED,
    "position BIGINT The batch of the record that added the row.",
    "closed BIGINT The batch that closed it, so that it no longer counts; empty if none.",
)
"""The columns that decide whether an issue read a row: see docs/wings/tables.md."""
_READ_UNTIL = "until TIMESTAMP The moment up to which it was counted, UTC."

TABLES = (
    _table(
        "papers",
        "paper",
        "Papers with their latest metadata.",
        _PAPER,
        "doi VARCHAR Its own DOI, not that of an article.",
        "published_doi VARCHAR The DOIs of the published version, given by its authors; empty if there are none.",
        "primary_category VARCHAR The first of its categories.",
        "categories VARCHAR[] All categories, primary category first.",
        "version INTEGER The latest known version; empty if unknown.",
        "published_at TIMESTAMP When the first version was submitted, UTC.",
        "updated_at TIMESTAMP When the latest version was submitted, UTC.",
        _OBSERVED,
    ),
    _table(
        "announcements",
        "paper day category",
        "The papers in the servers' lists of new papers.",
        _PAPER,
        "day DATE The day of the list.",
        "category VARCHAR The list's category or archive.",
        "type VARCHAR new, cross, replacement or inferred.",
        "announced_at TIMESTAMP When it was announced, UTC.",
        "version INTEGER The announced version; empty if unknown.",
        _OBSERVED,
    ),
    _table(
        "mentions",
        "paper post_number",
        "Posts that name a paper.",
        _PAPER,
        "post_number BIGINT The post's number, valid only in this export.",
        _NETWORK,
        "account_number BIGINT The number of the post's account, valid only in this export; 0 if unknown.",
        "voice_number BIGINT The same, but with one number for accounts known to belong together; 0 if unknown.",
        "text_number BIGINT One number for posts with the same latest text; 0 if the text is too short.",
        "form VARCHAR What matched: abs, doi, title … or listed.",
        "found_in VARCHAR Where: link, text, embed or listing.",
        "version INTEGER The version that the post names; empty if none.",
        _CREATED,
        "known_at TIMESTAMP When the record first had both the post and the mention, UTC.",
        "gone BOOLEAN Whether the post is gone.",
        "gone_at TIMESTAMP When that was observed, UTC; empty if it is not gone.",
        _OBSERVED,
    ),
    _table(
        "mention_history",
        "paper post_number observed_at position",
        "Observations of mentions.",
        _PAPER,
        _POST,
        *_STAMP,
    ),
    _table(
        "post_history",
        "post_number observed_at position",
        "Observations of posts that name a paper, one row per change.",
        _POST,
        _NETWORK,
        "voice_number BIGINT The number of the post's own account; 0 if unknown.",
        "text_number BIGINT As in mentions, for its text at that time.",
        _CREATED,
        "gone BOOLEAN Whether the post was gone.",
        *_STAMP,
    ),
    _table(
        "aliases",
        "account_number observed_at position",
        "Accounts known to belong together.",
        "account_number BIGINT An account, as in mentions.",
        "voice_number BIGINT The account as whose voice it counts.",
        *_STAMP,
    ),
    _table(
        "post_counts",
        "post_number observed_at position",
        "Counts of posts, one row per reading.",
        _POST,
        *(f"{name} BIGINT {name.capitalize()} of it; empty if unknown." for name in COUNTS),
        *_STAMP,
    ),
    _table(
        "tallies",
        "paper network method observed_at",
        "Total counts from listings by others, where the posts are unknown.",
        _PAPER,
        _NETWORK,
        "method VARCHAR The listing and the version of its method.",
        "reposts BIGINT Total reposts.",
        "likes BIGINT Total likes.",
        _OBSERVED,
    ),
    _table(
        "counts",
        "paper network age",
        "Attention by paper, network and age, for all papers that have reached the age and networks that were read.",
        _PAPER,
        _NETWORK,
        "age INTEGER Hours after the announcement: 6, 24, 72 or 168.",
        _READ_UNTIL,
        "announced_at TIMESTAMP When the paper was announced, UTC.",
        *_COUNTS,
        "reading VARCHAR How it was read up to the age: complete, partial, none; before: only later. Unless complete,"
        " counts are empty instead of 0.",
        "unread BIGINT How long it was not read in full, in seconds.",
    ),
    _table(
        "coverage",
        "network from_at",
        "How completely a network was read, and when; all other times are unknown.",
        _NETWORK,
        "from_at TIMESTAMP From when, UTC.",
        "until_at TIMESTAMP Until when, UTC.",
        "state VARCHAR complete, partial or refused.",
        _OBSERVED,
    ),
    _table(
        "verdicts",
        "subject_number paper rule observed_at position",
        "Judgments that counts depend on: bots, doubtful mentions. Each holds until the next one by its rule, or until"
        " it is closed.",
        "subject_number BIGINT The post or account, as in mentions.",
        _NETWORK,
        "paper VARCHAR The paper that it is about; empty if none.",
        "rule VARCHAR The rule.",
        "rule_version INTEGER The version of the rule.",
        "judgement VARCHAR bot, human, doubtful or sound.",
        *_STAMP,
    ),
    _table(
        "issues",
        "publication day edition",
        "Frozen issues.",
        *_ISSUE,
        "digest VARCHAR SHA-256 of the issue's content.",
        "ranking VARCHAR The ranking and its version.",
        "from_at TIMESTAMP From when posts and reactions count, UTC.",
        "as_of TIMESTAMP Up to when observations count, UTC.",
        "position BIGINT The last batch of the record that was read.",
        "chain VARCHAR The record's chain value at that batch.",
        "announced BIGINT Papers announced on the day of the issue; empty if unknown.",
        "considered BIGINT Papers ranked.",
        "replaces VARCHAR The digest of the edition that it corrects; empty if none.",
        "window VARCHAR daily, weekly or monthly; listing if imported.",
        "own_numbers BIGINT[] The publication's own accounts, as in mentions, whose posts do not count.",
        "until_at TIMESTAMP The end of the window of a weekly or monthly issue that closed later, UTC; else empty.",
        "categories VARCHAR[] The publication's categories; empty, or arxiv, for all of arXiv.",
        "include VARCHAR[] Words of which a paper must have one; empty for all papers.",
        "exclude VARCHAR[] Words that no paper may have.",
        "networks VARCHAR[] The publication's networks; empty for all that are read.",
        "threshold BIGINT The score from which a paper is listed.",
        "least_entries INTEGER Up to how many papers an issue is filled up with those below the threshold.",
        "most_entries INTEGER How many are shown in full; empty for all.",
        "young BOOLEAN Whether papers were compared with too few to be sure.",
        "latest BOOLEAN Whether it is the day's latest edition.",
    ),
    _table(
        "entries",
        "publication day edition lane place",
        "The papers of issues.",
        *_ISSUE,
        _LANE,
        "place INTEGER The rank.",
        _PAPER,
        "score BIGINT 1,000 for one paper in ten, 2,000 for one in a hundred; by classic/1, reposts and likes.",
        "voices BIGINT Voices on all networks.",
        "classic_rank INTEGER The rank by reposts and likes.",
        "tied BOOLEAN Whether a neighbor has the same score.",
        "archive VARCHAR The archive with whose papers it is compared.",
        "announced_at TIMESTAMP When it was announced, UTC; empty if never.",
        "filled_up BOOLEAN Whether it scores below the publication's threshold, or nothing.",
    ),
    _table(
        "parts",
        "publication day edition lane place network rule",
        "The points of an entry, by network and rule; they add up to its score.",
        *_ISSUE,
        _LANE,
        "place INTEGER The rank.",
        _NETWORK,
        "rule VARCHAR The rule that gave the points.",
        _PAPER,
        "points BIGINT Points, as in the score; negative if taken off.",
        "counted BIGINT What was compared, as in entry_counts.",
        "papers BIGINT How many papers it was compared with; empty if with none.",
        "at_least BIGINT How many of these had as many; empty if compared with none.",
        "among VARCHAR Which papers these are, as in entry_counts.",
        "age INTEGER Hours after the announcement at which the paper was compared; 0 in a listing.",
        _READ_UNTIL,
    ),
    _table(
        "readings",
        "publication day edition network",
        "How an issue says that networks were read.",
        *_ISSUE,
        _NETWORK,
        "state VARCHAR The worst state: complete, partial, refused or unknown.",
        "began_at TIMESTAMP Since when the network is read, UTC; empty if unknown.",
        "unread BIGINT How long it was not read in full, in seconds; empty if the issue does not say.",
    ),
    _table(
        "entry_counts",
        "publication day edition lane place network",
        "The counts behind an entry, by network.",
        *_ISSUE,
        _LANE,
        "place INTEGER The rank.",
        _PAPER,
        _NETWORK,
        _READ_UNTIL,
        *_COUNTS,
        *_STANDING,
        "collector VARCHAR The name of the collector that counted; empty if it was the publication itself.",
        "age INTEGER The hours after the announcement at which the paper was compared; 0 in a listing.",
        "counted BIGINT What was compared: voices, by rarity/2 counted ones, in a listing likes; empty by classic/1.",
        "counted_as VARCHAR For rarity/2: voices, or the likes or reposts of one post.",
        "own BIGINT The number with which the paper is in reference_counts itself; empty if it is not.",
        "among VARCHAR Which papers it was compared with: those of an archive, of a group of archives, or all.",
    ),
    _table(
        "reference_counts",
        "publication day edition network age archive counted",
        "The papers that an issue's papers were compared with.",
        *_ISSUE,
        _NETWORK,
        "age INTEGER Hours after the announcement; 0 in a listing.",
        "archive VARCHAR The papers' primary archive.",
        "counted BIGINT What was compared, as in entry_counts.",
        "papers BIGINT How many papers had as many.",
    ),
)
"""All tables, in the order in which they are written."""
