"""Finds the members' papers of an issue: those that members wrote, and those that they posted about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from hotpapers.base import terms
from hotpapers.base.ids.accents import without_accents
from hotpapers.base.model import NETWORKS, PublishedIssue, keys
from hotpapers.publish.view import phrases
from hotpapers.record import Record
from hotpapers.wings.announce import queries

FindPosters = Callable[[Sequence[str], Sequence[str]], Mapping[str, str]]
"""(accounts, papers) → by paper, the name of one of the accounts that posted about it."""


def member_papers(issue: PublishedIssue, members: Sequence[str], posters: FindPosters) -> dict[str, str]:
    """By paper of an issue, its members: `Tansy Overquill`, `posted by quill.example`."""
    names = frozenset(_normalized(name) for name in members if not is_account(name))
    accounts = [name for name in members if is_account(name)]
    papers = [entry.paper for entry in (*issue.content.entries, *issue.content.ongoing)]
    posted = posters(accounts, papers) if accounts else {}
    result: dict[str, str] = {}
    for paper in papers:
        authors = [author for author in issue.papers[paper].authors if _normalized(author) in names]
        text = ", ".join([*authors, *([f"posted by {posted[paper]}"] if paper in posted else [])])
        if text:
            result[paper] = text
    return result


def is_account(member: str) -> bool:
    """Whether a member is an account, `bluesky:did:plc:…`, and not an author's name."""
    return ":" in member and keys.network_of(member) in NETWORKS


def _normalized(name: str) -> str:
    """A name without differences in spelling: accents, case, full stops, spacing."""
    return " ".join(without_accents(name.replace(".", " ")).casefold().split())


def posters_in(record: Record, allowed: terms.Table = terms.TERMS) -> FindPosters:
    """Finds posters from the record's current state: no posts that are deleted, hidden, forgotten or in doubt, and no
    names if a network's terms allow only a link."""

    def posters(accounts: Sequence[str], papers: Sequence[str]) -> dict[str, str]:
        voices = record.voices_of(accounts)
        rows = queries.posters_of(record.view(), voices, papers) if papers else []
        members = {}
        for paper, network, name, handle in rows:
            label = "" if terms.of(allowed, network).shown == "link" else phrases.one_line(name or handle or "")
            members[paper] = label or "a member"
        return members

    return posters
