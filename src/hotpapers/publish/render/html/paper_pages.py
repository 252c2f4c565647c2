"""Paper pages: the paper itself, attention over time, every issue it was in, every post about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hotpapers.base.ids import timestamps
from hotpapers.base.model import Announcement, Attention, Paper
from hotpapers.issues.engagement.measurement import AGES
from hotpapers.issues.ranking import words
from hotpapers.issues.repository import MAX_POSTS
from hotpapers.publish.render.html.issue_pages import entries_of
from hotpapers.publish.render.html.site_context import EntryAppearance, SiteContext
from hotpapers.publish.view import citations, phrases, site_paths
from hotpapers.publish.view.icons import mark
from hotpapers.publish.view.post_views import discussions
from hotpapers.publish.view.site_paths import is_folded
from hotpapers.publish.view.sparkline import Sparkline, spark

AGE_NAMES = {6: "6 hours", 24: "a day", 72: "3 days", 168: "a week"}
"""The ages at which papers are compared, as column headings."""
THREADS_AT_ONCE = 5
"""Posts listed at once for a network; the others unfold."""
AUTHORS_AT_ONCE = 20
"""Authors listed at once. The rest of a large collaboration unfold, so that they don't hide the page."""


class NetworkHistory(NamedTuple):
    """A network's voices at each age, and the curve. None where there is no count: the age was not reached, nobody had
    mentioned the paper anywhere, or nothing was read then."""

    name: str
    mark: str
    voices: tuple[int | None, ...]
    curve: Sparkline | None


class VersionLine(NamedTuple):
    """An announcement: `v2`, a day, and its kind in words."""

    name: str
    day: str
    text: str


class PaperPages:
    """The pages of papers in issues."""

    def __init__(self, site: SiteContext) -> None:
        self._site = site

    def paths(self, day: str) -> Iterator[str]:
        """The pages of the papers in a day's issue."""
        issue = self._site.issue(day)
        yield from (entry.path for entry in issue.entries if entry.path)
        yield from self._site.paths_of(issue.ongoing)

    def page(self, path: str) -> bytes | None:
        paper = site_paths.paper_of(path)
        appearances = self._site.appearances(paper) if paper else []
        if appearances and is_folded(appearances[-1].issue.day, self._site.site_config.whole_since):
            latest = appearances[-1].entry
            return self._site.render(
                "folded.html",
                path,
                latest.plain_title,
                latest.lead_text or latest.plain_title,
                paper=latest,
                appearances=appearances[::-1],
            )
        return self._paper(path, appearances) if appearances else None

    def _paper(self, path: str, appearances: list[EntryAppearance]) -> bytes:
        site, latest = self._site, appearances[-1].entry
        history, posts = site.attention(latest.key, appearances[0])
        cited = entries_of(latest.metadata)
        return site.render(
            "paper.html",
            path,
            latest.plain_title,
            latest.lead_text or latest.first_authors or latest.plain_title,
            paper=latest,
            appearances=appearances[::-1],
            authors=[(name, site.catalogue.path_of(name)) for name in latest.authors],
            at_once=AUTHORS_AT_ONCE,
            ages=tuple(AGE_NAMES.values()),
            networks=network_histories(history),
            versions=versions(latest.metadata, self._announcements(latest.key)),
            discussed=discussions(posts),
            threads_at_once=THREADS_AT_ONCE,
            most_posts=MAX_POSTS,
            highwire=list(citations.highwire(cited[0])) if cited else (),
            cite=cited[1] if cited else {},
            near=site.near(latest.metadata, appearances),
            canonical=site_paths.public_url(site.site_config.base, path),
            card=site.card(path, appearances),
        )

    def _announcements(self, paper: str) -> Sequence[Announcement]:
        """A paper's announcements. Listings don't have them, and looking them up for each paper takes time."""
        return () if self._site.publication.window == "listing" else self._site.issue_reader.announcements(paper)


def network_histories(history: Sequence[Attention]) -> tuple[NetworkHistory, ...]:
    """Hourly attention as one row per network, the most voices first."""
    by_network: dict[str, list[Attention]] = defaultdict(list)
    for history_row in history:
        by_network[history_row.network].append(history_row)
    reached_ages = {attention.age for attention in history}
    rows = []
    for network, attentions in by_network.items():
        voices_at = dict.fromkeys(reached_ages, 0) | {attention.age: attention.voices for attention in attentions}
        curve = spark(attentions, max(attention.until for attention in attentions))
        name = phrases.one_line(words.network_name(network))
        rows.append(NetworkHistory(name, mark(network), tuple(voices_at.get(age) for age in AGES), curve))
    return tuple(sorted(rows, key=lambda row: (-max(voices or 0 for voices in row.voices), row.name)))


def versions(paper: Paper, announcements: Iterable[Announcement]) -> tuple[VersionLine, ...]:
    """When a paper was first announced, in which categories, and when it was replaced."""
    kinds = {
        "new": "new in {}",
        "cross": "cross-listed in {}",
        "replacement": "replaced",
        "inferred": "new in {}, judging by the time of submission",
    }
    by_day: dict[tuple[str, str], list[Announcement]] = defaultdict(list)
    for announcement in announcements:
        by_day[announcement.day, announcement.type].append(announcement)
    result = []
    for (day, kind), same_day in sorted(by_day.items(), key=lambda item: (item[0][0], "ncr".find(item[0][1][0]))):
        version = next((announcement.version for announcement in same_day if announcement.version), None)
        name = f"v{version}" if version else ""
        categories = phrases.one_line(", ".join(sorted({announcement.category for announcement in same_day})))
        result.append(VersionLine(name, phrases.day_name(day), kinds[kind].format(categories)))
    if not result and paper.published_at is not None:
        result.append(VersionLine("v1", phrases.day_name(timestamps.day_of(paper.published_at)), "submitted"))
    return tuple(result)
