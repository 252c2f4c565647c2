"""Paper pages: the paper itself, attention over time, every issue it was in, every post about it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from hotpapers.base.grouping import group_by
from hotpapers.base.model import Announcement, Attention, Paper
from hotpapers.base.networks import icon_of
from hotpapers.base.papers import citations
from hotpapers.base.papers.categories import category_title
from hotpapers.discussion.engagement.measurement import AGES
from hotpapers.issues.repository import MAX_POSTS
from hotpapers.publish.render.html.issue_pages import FORMS
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.render.html.wing_parts import card_of
from hotpapers.publish.view import citation_formats, phrases, site_paths
from hotpapers.publish.view.conversation_views import conversations_view
from hotpapers.publish.view.post_views import discussion_views
from hotpapers.publish.view.site_paths import is_folded
from hotpapers.publish.view.sparkline import Sparkline, history_curve

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


class PaperPages:
    """The pages of papers in issues."""

    def __init__(self, site: SiteContext) -> None:
        self._site = site

    def paths(self, day: str) -> Iterator[str]:
        """The pages of the papers in a day's issue."""
        issue = self._site.issue(day)
        yield from (entry.path for entry in issue.listed if entry.path)
        yield from self._site.paths_of(issue.ongoing)

    def page(self, path: str) -> bytes | None:
        site = self._site
        paper = site_paths.paper_of(path)
        appearances = site.appearances(paper) if paper else []
        if not appearances:
            return None
        latest = appearances[-1].entry
        render = partial(site.render, paper=latest, appearances=appearances[::-1])
        if is_folded(appearances[-1].issue.day, site.site_config.whole_since):
            return render("folded.html", path, latest.plain_title, latest.opening.text or latest.plain_title)
        history, posts = site.attention(latest.key, appearances[0])
        readings = site.issue_header(appearances[0].issue.day).content.readings
        unread = {reading.network for reading in readings if reading.state != "complete"}
        conversations = site.conversations(latest.key, appearances[0])
        cited = citations.paper_citation(latest.metadata, latest.withdrawn)
        # listings have no announcements, and looking them up for each paper takes time
        announcements = () if site.publication.window == "listing" else site.issue_reader.announcements(latest.key)
        return render(
            "paper.html",
            path,
            latest.plain_title,
            latest.opening.text or latest.first_authors or latest.plain_title,
            authors=[(name, site.catalogue.path_of(name)) for name in latest.authors],
            at_once=AUTHORS_AT_ONCE,
            ages=tuple(AGE_NAMES.values()),
            networks=network_histories(history, unread),
            versions=version_rows(latest.metadata, announcements),
            conversations=conversations_view(conversations, latest.metadata) if conversations else None,
            discussed=discussion_views(posts),
            threads_at_once=THREADS_AT_ONCE,
            most_posts=MAX_POSTS,
            highwire=list(citation_formats.highwire_tags(cited)) if cited else (),
            cite={form: write(cited) for form, write in FORMS.items()} if cited else {},
            near=site.near(latest.metadata, appearances),
            is_live=site.site_config.is_live,
            canonical=site_paths.public_url(site.site_config.base, path),
            card=card_of(site, path, appearances),
        )


def network_histories(history: Sequence[Attention], unread: Container[str]) -> tuple[NetworkHistory, ...]:
    """Hourly attention as one row per network, the most voices first. `unread`: the networks that were not read in
    full, so that nobody is not known of them."""
    by_network = group_by(history, lambda attention: attention.network)
    reached_ages = {attention.age for attention in history}
    rows = []
    for network, attentions in by_network.items():
        nobody = None if network in unread else 0
        counted = {attention.age: attention.voices for attention in attentions}
        voices_at = dict[int, int | None].fromkeys(reached_ages, nobody) | counted
        curve = history_curve(attentions, max(attention.until for attention in attentions))
        voices = tuple(map(voices_at.get, AGES))
        network_name = phrases.network_name(network)
        rows.append(NetworkHistory(network_name, icon_of(network), voices, curve))
    return tuple(sorted(rows, key=lambda row: (-max(voices or 0 for voices in row.voices), row.name)))


def version_rows(paper: Paper, announcements: Iterable[Announcement]) -> list[tuple[str, str, str]]:
    """(`v2`, a day, what was announced) when a paper was first announced, in which categories, and when it was
    replaced."""
    kinds = {
        "new": "new in {}",
        "cross": "cross-listed in {}",
        "replacement": "replaced",
        "inferred": "new in {}, judging by the time of submission",
    }
    by_day = group_by(announcements, lambda announcement: (announcement.day, announcement.type))
    result = []
    for (day, kind), same_day in sorted(by_day.items(), key=lambda item: (item[0][0], "ncr".find(item[0][1][0]))):
        name = next((f"v{announcement.version}" for announcement in same_day if announcement.version), "")
        text = ", ".join(sorted({category_title(announcement.category) for announcement in same_day}))
        categories = phrases.one_line(text)
        day_name = phrases.day_name(day)
        result.append((name, day_name, kinds[kind].format(categories)))
    if not result and paper.published_at is not None:
        result.append(("v1", phrases.date_name(paper.published_at), "submitted"))
    return result
