"""Which papers of an issue are by members: by the names of their authors, and by who posted about them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence

from hotpapers import terms
from hotpapers.deliver import queries
from hotpapers.model import NETWORKS, PublishedIssue, keys
from hotpapers.store import Record
from hotpapers.view import phrases

FindPosters = Callable[[Sequence[str], Sequence[str]], Mapping[str, str]]
"""By paper how an account of some is named that posted about it: (accounts, papers)."""


def member_papers(issue: PublishedIssue, members: Sequence[str], posters: FindPosters) -> dict[str, str]:
    """By paper of an issue, which member it is of: `Tansy Overquill`, `posted by quill.example`."""
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
    """Whether a member is an account, `bluesky:did:plc:…`, and not a name as authors have it."""
    return ":" in member and keys.network_of(member) in NETWORKS


def _normalized(name: str) -> str:
    """A name without what differs between two ways of writing it: accents, capitals, full stops, blanks."""
    letters = unicodedata.normalize("NFKD", name.replace(".", " "))
    return " ".join("".join(sign for sign in letters if not unicodedata.combining(sign)).casefold().split())


def posters_in(record: Record, allowed: terms.Table = terms.TERMS) -> FindPosters:
    """Who posted, by what the record knows now: nothing of posts that are gone, hidden, forgotten or in doubt, and no
    names where a network's terms let only a link be shown."""

    def posters(accounts: Sequence[str], papers: Sequence[str]) -> dict[str, str]:
        voices = record.voices_of(accounts)
        rows = queries.posters_of(record.view(), voices, papers) if papers else []
        return {paper: _member_name(allowed, network, name or handle or "") for paper, network, name, handle in rows}

    return posters


def _member_name(allowed: terms.Table, network: str, name: str) -> str:
    label = "" if terms.of(allowed, network).shown == "link" else phrases.one_line(name)
    return label or "a member"
