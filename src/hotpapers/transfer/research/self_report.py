"""A self-report on the data's quality: answers to the code of conduct for altmetrics in NISO RP-25-2016, chapter 5
(https://www.niso.org/publications/rp-25-2016-altmetrics), by its three principles, in our own words."""

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
        "Posts that name an arXiv paper are read through each network's public API or stream, or imported from an"
        " archive. Mentions are found by published rules. Each observation has the time at which it was made."
    ),
    "aggregation": (
        "A paper's voices on a network are the distinct accounts that posted about it, or reposted or liked such a"
        " post. If a network reports only numbers, its latest numbers count. Posts by accounts judged to be bots,"
        " doubtful mentions and posts that are gone are left out; bot posts are counted separately."
    ),
    "updates": (
        "A post's counts are read again at growing intervals. The table counts has each paper at fixed ages. Issues are"
        " frozen; a correction is a new edition."
    ),
    "access": (
        "One command exports these tables, and another one the full record. The program is open source."
    ),
    "changes of method": (
        "Each issue names its ranking and the ranking's version, each verdict its rule and the rule's version. Changes"
        " to columns change the schema version; the program's CHANGELOG lists all other changes."
    ),
}  # fmt: skip
_REPLICABILITY = {
    "the same method over time": (
        "A version of a ranking never changes: a changed ranking gets a new version, and the old one stays available."
    ),
    "the same data for everybody": (
        "The same record at the same position gives the same tables, as the digest shows. Reactions by account are not"
        " included, so if a network names who reacted, voices cannot be recounted from these tables alone."
    ),
    "corrections": (
        "Observations are never overwritten: later ones are added. When somebody asks to be forgotten, words and names"
        " are erased, but totals do not change."
    ),
    "independent verification": (
        "A full export contains a chain of hashes over all batches, and the digest of every issue. `hotpapers verify`"
        " rebuilds each issue; a documented program that uses none of our code checks the chain."
    ),
}  # fmt: skip
_ACCURACY = {
    "what the numbers mean": (
        "How many accounts posted about a paper or reacted to such posts: attention, not quality or agreement. On"
        " networks that report only numbers, somebody who reacts to several posts counts several times."
    ),
    "errors": (
        "Data that cannot be read is put into quarantine with the reason and can be read again later. Operators can"
        " overrule every judgment; the table verdicts shows it."
    ),
    "limits": (
        "For a time without a row in the table coverage, nothing is known about a network, which is not the same as"
        " zero. Imported archives do not count as coverage. Accounts can be bought; each site's page on attacks has the"
        " measured price of a place. Papers named without a link, identifier, DOI or full title are missed."
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
    """A network's entry; `readFrom` and `readUntil` are null if all was imported."""
    begin, end = (None if at is None else timestamps.rfc3339(at) for at in (span.from_at, span.until_at))
    return {"network": span.network, "mentions": span.mentions, "readFrom": begin, "readUntil": end}


def _metrics() -> Json:
    """The numeric columns of each table of metrics, with their meanings."""
    return {
        table.name: {column.name: column.meaning for column in table.columns if column.type == "BIGINT"}
        for table in TABLES if table.name in METRICS
    }  # fmt: skip
