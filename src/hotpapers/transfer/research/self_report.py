"""What the tables say of their own quality: answers to the code of conduct for altmetrics of NISO RP-25-2016, chapter 5
(https://www.niso.org/publications/rp-25-2016-altmetrics), by its three principles, in words of our own."""

from __future__ import annotations

from hotpapers.ids import timestamps
from hotpapers.transfer.research.describe import ExportFacts, Json, NetworkSpan
from hotpapers.transfer.research.schema import SCHEMA_VERSION, TABLES

STANDARD = "NISO RP-25-2016, Outputs of the NISO Alternative Assessment Metrics Project: code of conduct"
STANDARD_URL = "https://www.niso.org/publications/rp-25-2016-altmetrics"
METRICS = ("counts", "entry_counts")
"""Tables whose numbers are metrics."""

_TRANSPARENCY = {
    "collection": (
        "Posts that name an arXiv paper are read through each network's public interface or stream, or imported from an"
        " archive of it. Mentions are found by published rules; each observation keeps the moment at which it was"
        " made."
    ),
    "aggregation": (
        "A paper's voices on a network are the different accounts that posted about it, reposted or liked such a post,"
        " each once. Where a network tells only numbers, its latest numbers count. Posts judged to be of bots, doubtful"
        " mentions and posts that are gone are left out; bot posts are counted apart."
    ),
    "updates": (
        "Counts of a post are read again at growing intervals. The table counts has each paper at fixed ages; an issue"
        " is frozen, and a correction is a new edition of it."
    ),
    "access": (
        "These tables, and a full export of the record, take one command each. The program's source is open."
    ),
    "changes of method": (
        "Each issue names its ranking and that ranking's version, each verdict its rule and the rule's version. A"
        " change of columns gives the schema another version; the program's CHANGELOG lists all other changes."
    ),
}  # fmt: skip
_REPLICABILITY = {
    "the same method over time": (
        "A ranking with a version is never changed: a changed one gets a new number, and the old one stays available."
    ),
    "the same data for everybody": (
        "The same record at the same position gives the same tables, and the digest shows it. Reactions by account are"
        " not handed on, so where a network names who reacted, voices cannot be recounted from these tables alone."
    ),
    "corrections": (
        "Observations are never overwritten: a later one stands beside the earlier. What somebody asked to be forgotten"
        " loses its words and names and keeps its place in totals."
    ),
    "independent verification": (
        "A full export holds a chain of hashes over all batches and every issue's digest. `hotpapers verify` builds"
        " each issue again; a documented program without any library of ours checks the chain."
    ),
}  # fmt: skip
_ACCURACY = {
    "what the numbers mean": (
        "They tell how many accounts spoke of a paper or reacted to such posts: attention, neither quality nor"
        " agreement. On a network that tells only numbers, somebody who reacts to several posts counts several times."
    ),
    "errors": (
        "What cannot be read is set apart with the reason and can be read again later. An operator can overrule every"
        " judgement; that stands in the table verdicts."
    ),
    "limits": (
        "Nothing is known of a network in a time for which the table coverage has no row: that is not zero. An imported"
        " archive makes no coverage. Accounts can be bought; measured prices of a place are on each site's page of"
        " attacks. A paper that is named neither by link, identifier, DOI nor title in full is missed."
    ),
}  # fmt: skip


def self_report(facts: ExportFacts) -> Json:
    """`self-report.json`."""
    return {
        "standard": STANDARD,
        "standardUrl": STANDARD_URL,
        "title": facts.title,
        "program": f"hotpapers {facts.version}",
        "schemaVersion": SCHEMA_VERSION,
        "made": facts.made,
        "digest": f"sha256:{facts.digest}",
        "transparency": {"networks": list(map(_network, facts.networks)), "metrics": _metrics(), **_TRANSPARENCY},
        "replicability": {"position": facts.position, "chain": facts.chain, **_REPLICABILITY},
        "accuracy": _ACCURACY,
    }


def _network(span: NetworkSpan) -> Json:
    """`readFrom` and `readUntil` are null where all of it was imported."""
    begin, end = (None if at is None else timestamps.rfc3339(at) for at in (span.from_at, span.until_at))
    return {"network": span.network, "mentions": span.mentions, "readFrom": begin, "readUntil": end}


def _metrics() -> Json:
    """By table, each column that is a number, with its meaning."""
    return {
        table.name: {column.name: column.meaning for column in table.columns if column.type == "BIGINT"}
        for table in TABLES if table.name in METRICS
    }  # fmt: skip
