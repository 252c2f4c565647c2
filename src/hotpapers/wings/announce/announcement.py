"""The text of announcements: plain text, one line per field. Chat messages and threads arrange the fields.

Posts are not quoted: an announcement cannot be recalled when a post is deleted or hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from hotpapers.base.model import Entry, IssueContent, PublishedIssue
from hotpapers.base.networks import network_title
from hotpapers.issues.coverage import PARTLY, unread_words
from hotpapers.publish.view import glance, phrases, site_paths
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.publish.view.tex import plain_line

SHOWN = 5
"""How many entries are announced."""


class EntryLine(NamedTuple):
    """A paper of an issue. `lead`: its contents, in a sentence or two; `counts`: on all networks, in a line; `url`: its
    page on the site, else on arXiv."""

    place: int
    title: str
    author: str
    lead: str
    counts: str
    url: str


class MemberPaper(NamedTuple):
    """A paper by a member. `place`: 0 if it is only still talked about; `who`: the member, as author or poster."""

    place: int
    title: str
    who: str


class AnnouncementText(NamedTuple):
    """The announcement of an issue. `introduction`: its first titles; `facts`: how it was made; `provisional`: says so
    if its order is rough; `unknown`: networks that were not read, or only in part; `correction`: why there is a new
    edition; `empty`: why there are no papers; `url`: the issue's page, if it has one."""

    publication: str
    day: str
    introduction: str
    facts: str
    papers: str
    provisional: str
    unknown: str
    correction: str
    empty: str
    lines: tuple[EntryLine, ...]
    by_members: tuple[MemberPaper, ...]
    url: str


def build_announcement(
    issue: PublishedIssue, site_config: SiteConfig, members: Mapping[str, str] | None = None
) -> AnnouncementText:
    """The announcement of an issue. `members`: by paper, the `who` of its member."""
    content = issue.content
    facts = phrases.facts(issue, with_reasons=False)
    provisional = phrases.order_note(content)
    return AnnouncementText(
        publication=phrases.one_line(content.publication.title),
        day=phrases.issue_heading(content.publication.window, content.day),
        introduction=glance.introduction(issue),
        facts=phrases.one_line(" · ".join(facts)),
        papers=phrases.one_line(facts[0]),
        provisional=f"{provisional[0].upper()}{provisional[1:]}." if provisional else "",
        unknown=unknown_networks(content),
        correction=f"Corrected: {phrases.one_line(content.reason)}" if content.reason else "",
        empty=phrases.why_empty(issue),
        lines=tuple(entry_line(issue, entry, site_config) for entry in content.entries[:SHOWN]),
        by_members=tuple(_papers_of_members(issue, members or {})),
        url=site_paths.public_url(site_config.base, site_paths.issue_path(content.day)),
    )


def unknown_networks(content: IssueContent) -> str:
    """`Unknown: Reddit. In part: Mastodon.`; empty if all networks were fully read."""
    by_state: dict[str, list[str]] = {"Unknown": [], "In part": []}
    for network, how in unread_words(content).items():
        if how:
            by_state["In part" if how == PARTLY else "Unknown"].append(phrases.one_line(network_title(network)))
    return " ".join(f"{state}: {', '.join(names)}." for state, names in by_state.items() if names)


def entry_line(issue: PublishedIssue, entry: Entry, site_config: SiteConfig) -> EntryLine:
    """The line of an entry."""
    authors = issue.papers[entry.paper].authors
    return EntryLine(
        place=entry.place,
        title=glance.plain_title(issue, entry.paper),
        author=plain_line(authors[0]) + (" et al." if len(authors) > 1 else "") if authors else "",
        lead=phrases.opening(issue.papers[entry.paper]).text,
        counts=glance.facts_line(issue, entry),
        url=site_paths.paper_url(site_config.base, entry.paper),
    )


def _papers_of_members(issue: PublishedIssue, members: Mapping[str, str]) -> Iterator[MemberPaper]:
    entries = [(entry.place, entry) for entry in issue.content.listed]
    for place, entry in [*entries, *((0, entry) for entry in issue.content.ongoing)]:
        if entry.paper in members:
            one_line = phrases.one_line(members[entry.paper])
            yield MemberPaper(place, glance.plain_title(issue, entry.paper), one_line)
