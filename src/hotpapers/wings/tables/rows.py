"""The rows of each table, as plain values in the order of its columns; times in µs UTC."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from functools import partial
from itertools import product
from typing import Any

import msgspec

from hotpapers.base.keys import network_of
from hotpapers.base.model import DAY, HOUR, Announcement, Coverage, Entry, Issue, IssueContent, Paper, Publication
from hotpapers.base.networks import network_names
from hotpapers.base.papers.citations import registered_doi
from hotpapers.base.papers.paper_servers import paper_id
from hotpapers.base.text.timestamps import SECOND
from hotpapers.discussion.engagement.attention import Engagement, read_engagement
from hotpapers.discussion.engagement.measurement import AGES, REFERENCE_DAYS, MeasurementWindow
from hotpapers.issues.reading_states import ReadingStates, known_numbers
from hotpapers.record import identities
from hotpapers.record.as_of import AsOfView
from hotpapers.record.issue_contents import decode_content
from hotpapers.record.readings import networks_read
from hotpapers.wings.tables import queries

Row = tuple[Any, ...]
COUNTED_VERDICTS = frozenset(("bot", "human", "doubtful", "sound"))
OLDEST = (AGES[-1] + 24) * HOUR
"""The age from which papers are no longer measured, plus a day."""
STRETCH = REFERENCE_DAYS * DAY - OLDEST - 1
"""Microseconds of announcements measured together: papers announced 90 days earlier are no longer measured."""


def _papers(view: AsOfView) -> Iterator[Row]:
    for item in view.items(Paper):
        names = (paper_id(item.paper), registered_doi(item.paper), item.doi or None)
        primary = item.categories[0] if item.categories else None
        times = (item.published_at, item.updated_at, item.observed_at)
        yield (*names, primary, item.categories, item.version, *times)


def _announcements(view: AsOfView) -> Iterator[Row]:
    for item in view.items(Announcement):
        listed = (item.day, item.category, item.type, item.announced_at, item.version, item.observed_at)
        yield (paper_id(item.paper), *listed)


def _mentions(view: AsOfView) -> Iterator[Row]:
    for paper, number, post, network, account, voice, text, *rest in queries.mentions(view):
        *how, mentioned_at, posted_at, gone, gone_at, at = rest
        known_at = max(mentioned_at, posted_at or 0)
        state = (known_at, None if gone is None else gone != "", gone_at if gone else None, at)
        by = (network or network_of(post), account or 0, voice or 0)
        yield (paper_id(paper), number, *by, text, *how, *state)


def _of_papers(rows: Callable[[AsOfView], queries.Rows], view: AsOfView) -> Iterator[Row]:
    """Rows that begin with a paper's key, with its identifier instead."""
    return ((paper_id(paper), *row) for paper, *row in rows(view))


def _post_history(view: AsOfView) -> Iterator[Row]:
    for *known, gone, at, position, closed in queries.post_history(view):
        yield (*known, gone != "", at, position, closed)


def _counts(view: AsOfView) -> Iterator[Row]:
    """Measures one stretch of time after another, because only the papers of 90 days are measured together. What was
    learned later does not count, so stretches begin at fixed moments: other papers must not change a paper's counts."""
    span = queries.announced_span(view)
    return counts_between(view, *span) if span else iter(())


def counts_between(view: AsOfView, first: int, last: int) -> Iterator[Row]:
    """The counts of papers in the stretches of two moments, µs UTC, and in those between."""
    for low in range(first - first % STRETCH, last + 1, STRETCH):
        high = low + STRETCH
        stretch_view = view._replace(as_of=min(high + OLDEST, view.as_of))
        measured = {}
        for counts in read_engagement(stretch_view, MeasurementWindow()):
            if counts.peer and low <= counts.announced_at < high:
                measured[counts.paper, counts.network, counts.age] = counts
        readings = ReadingStates(stretch_view)
        read = networks_read(stretch_view)
        for paper, announced_at in queries.announced_between(stretch_view, low, high):
            yield from _counts_of(paper, announced_at, measured, readings, read)


def _counts_of(
    paper: str,
    announced_at: int,
    measured: Mapping[tuple[str, str, int], Engagement],
    readings: ReadingStates,
    read: Set[str],
) -> Iterator[Row]:
    """A paper's counts on every network that was read or counted, at the ages that it has reached."""
    counted = {network for network in network_names() if any((paper, network, age) in measured for age in AGES)}
    for network, age in product(sorted(counted | read), AGES):
        until = announced_at + age * HOUR
        if until > readings.as_of:
            continue
        reading, unread = readings.of(network, announced_at, until)
        about = (paper_id(paper), network, age, until, announced_at)
        yield (*about, *known_numbers(measured.get((paper, network, age)), reading), reading, unread)


def _coverage(view: AsOfView) -> Iterator[Row]:
    for item in view.items(Coverage):
        yield (item.network, item.from_at, item.until_at, item.state, item.observed_at)


def _verdicts(view: AsOfView) -> Iterator[Row]:
    """Without what no count needs: who is an author of a paper, and whose words are not shown."""
    for number, subject, about, rule, version, judgement, *rest in queries.verdicts(view):
        if judgement in COUNTED_VERDICTS:
            paper = paper_id(about) if about else None
            yield (number, network_of(subject), paper, rule, version, judgement, *rest)


def _contents(view: AsOfView) -> Iterator[tuple[str, IssueContent]]:
    for issue in view.items(Issue):
        yield issue.digest, decode_content(issue.content, IssueContent)


def _issue_key(content: IssueContent) -> Row:
    return (content.publication.publication, content.day, content.edition)


def _issues(view: AsOfView) -> Iterator[Row]:
    latest: dict[Row, int] = {}
    for item in view.items(Issue):
        latest[item.publication, item.day] = max(item.edition, latest.get((item.publication, item.day), 0))
    for digest, content in _contents(view):
        # The publication's own accounts, except forgotten ones: nobody may learn which rows were theirs
        own = set(content.publication.own)
        known = identities.find_identities(view.database, own)
        accounts = own & known.keys()
        own_numbers = sorted(known[account].number for account in accounts)
        read = (content.from_at, content.as_of, content.position, content.chain)
        papers = (content.announced, content.considered)
        replaced = content.replaces or None
        window = (content.publication.window, own_numbers, content.until_at or None)
        yield (
            *_issue_key(content), digest, content.ranking, *read, *papers, replaced, *window,
            *_settings(content.publication), bool(content.compared and content.compared.young),
            content.edition == latest[_issue_key(content)[:2]],
        )  # fmt: skip


def _settings(publication: Publication) -> Row:
    words = (list(publication.include), list(publication.exclude))
    limits = (publication.threshold, publication.least_entries or 0, publication.most_entries or None)
    categories = list(publication.categories)
    return (categories, *words, list(publication.networks), *limits)


def _listed(view: AsOfView) -> Iterator[tuple[Row, Entry, Publication]]:
    """Every entry, with the first values of its row and the settings of its publication."""
    for _, content in _contents(view):
        for lane, entries in content.lanes:
            yield from (((*_issue_key(content), lane, entry.place), entry, content.publication) for entry in entries)


def _entries(view: AsOfView) -> Iterator[Row]:
    for key, entry, publication in _listed(view):
        ranked = (entry.score, entry.voices, entry.classic_rank, entry.tied)
        is_filled_up = entry.score < publication.least_score and key[3] != "ongoing"
        yield (*key, paper_id(entry.paper), *ranked, entry.archive, entry.announced_at or None, is_filled_up)


def _parts(view: AsOfView) -> Iterator[Row]:
    for key, entry, _ in _listed(view):
        for part in entry.parts:
            compared = (part.voices, part.papers or None, part.atleast or None, part.among or None, part.age)
            yield (*key, part.network, part.rule, paper_id(entry.paper), part.score, *compared, part.until)


def _readings(view: AsOfView) -> Iterator[Row]:
    for _, content in _contents(view):
        for reading in content.readings:
            began = None if reading.began is msgspec.UNSET else reading.began
            if reading.gaps is msgspec.UNSET:
                lost = None
            else:
                lost = sum(gap.until_at - gap.from_at for gap in reading.gaps)
            unread = None if lost is None else lost // SECOND
            yield (*_issue_key(content), reading.network, reading.state, began, unread)


def _entry_counts(view: AsOfView) -> Iterator[Row]:
    for key, entry, _ in _listed(view):
        parts = {part.network: part for part in entry.parts}
        for count in entry.counts:
            part = parts.get(count.network)
            compared = Row((None,) * 4)  # empty if nothing was compared
            if part and part.among:
                compared = (part.voices, part.counted_as or None, part.own, part.among)
            further = (count.known, count.authors, count.collector)
            known = (None if value is msgspec.UNSET else value for value in further)
            sums = (count.network, count.until, count.voices, count.reposts, count.likes, count.bots)
            yield (*key, paper_id(entry.paper), *sums, *known, part.age if part else None, *compared)


def _reference_counts(view: AsOfView) -> Iterator[Row]:
    for _, content in _contents(view):
        for peer in content.peers:
            for counted, papers in peer.counts:
                yield (*_issue_key(content), peer.network, peer.age, peer.archive, counted, papers)


ROWS: dict[str, Callable[[AsOfView], Iterator[Row]]] = {
    "papers": _papers,
    "announcements": _announcements,
    "mentions": _mentions,
    "mention_history": partial(_of_papers, queries.mention_history),
    "post_history": _post_history,
    "aliases": queries.aliases,
    "post_counts": queries.post_counts,
    "tallies": partial(_of_papers, queries.tallies),
    "counts": _counts,
    "coverage": _coverage,
    "verdicts": _verdicts,
    "issues": _issues,
    "entries": _entries,
    "entry_counts": _entry_counts,
    "parts": _parts,
    "readings": _readings,
    "reference_counts": _reference_counts,
}
"""The rows of each table."""
