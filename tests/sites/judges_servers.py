"""Judges of what an issue says about servers of papers besides arXiv: when they were read, and what they posted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hotpapers.base.model import HOUR, TAKEN_BACK, Announcement, NetworkReading, Notice
from hotpapers.base.papers.paper_servers import DOI
from tests.sites import listed
from tests.sites.evidence import Evidence, Finding, FrozenIssue
from tests.sites.gap_texts import posting_span
from tests.sites.published import SERVERS, page
from tests.sites.truth import LATE_POSTS
from tests.years.oracle import utc

LEAST_GAP = 2 * HOUR
"""Servers are read every hour, so a shorter gap may not be told."""


def servers_told(evidence: Evidence) -> Iterator[Finding]:
    """Each issue tells of each of its servers whether it was read: as it was, if that matters for the issue's papers;
    and no issue says that nothing was posted, or how much exactly, if a server was not read."""
    for issue in evidence.issues:
        names = [name for name in evidence.settings_of(issue).servers if name != "arxiv"]
        readings = {reading.network: reading for reading in issue.content.servers or ()}
        if list(readings) != names:
            yield Finding(issue.day, f"{issue.publication} tells of {list(readings)}, not {names}")
        for reading in readings.values():
            problems = (*_refused(evidence, issue, reading), *_doubted(evidence, issue, reading))
            yield from (Finding(issue.day, f"{issue.publication} {text}") for text in problems)
        yield from (Finding(issue.day, f"{issue.publication} {text}") for text in _wrong_words(evidence, issue))


def _refused(evidence: Evidence, issue: FrozenIssue, reading: NetworkReading) -> Iterator[str]:
    """Time in which a server refused until the issue was made, but of which no gap tells."""
    start, end = posting_span(issue.content)
    for refusal in evidence.truth.refusals(reading.network):
        begin = max(refusal.start, start)
        if refusal.end < issue.content.as_of or end - begin < LEAST_GAP:
            continue
        covered = sum(max(0, min(gap.until_at, end) - max(gap.from_at, begin)) for gap in reading.gaps or ())
        if end - begin - covered > LEAST_GAP or reading.state == "complete":
            yield f"calls {reading.network} {reading.state}, which refused since {utc(refusal.start)}: {reading.gaps}"


def _doubted(evidence: Evidence, issue: FrozenIssue, reading: NetworkReading) -> Iterator[str]:
    """A gap of a time that a running program read, or read later, before the issue was made."""
    truth, cut = evidence.truth, issue.content.as_of
    if not truth.is_running(cut - LATE_POSTS, cut):
        return
    is_refused = any(span.start < cut < span.end + LATE_POSTS for span in truth.refusals(reading.network))
    if reading.state != "complete" and not is_refused:
        yield f"calls {reading.network} {reading.state} ({reading.reason}), though it was read: {reading.gaps}"


def _wrong_words(evidence: Evidence, issue: FrozenIssue) -> Iterator[str]:
    file = evidence.folder(issue.publication) / issue.day / "index.html"
    text = file.read_text("utf-8") if file.is_file() else ""
    facts = page(str(file), text).facts
    partly = [reading.network for reading in issue.content.servers or () if reading.state != "complete"]
    if partly and ("none posted" in facts or "Nothing was posted" in text or "Nothing was announced" in text):
        yield f"says that nothing was posted, though {partly} was not read"
    if issue.is_daily and partly and issue.content.announced and f"at least {issue.content.announced:,} " not in facts:
        yield f"says exactly how many were posted, though {partly} was not read: {facts!r}"
    of_readings = re.sub(r"\([^()]*\)", "", facts)  # numbers per server are in brackets
    unnamed = (SERVERS[name] for name in partly if facts and SERVERS[name] not in of_readings)
    yield from (f"does not name {title}: {facts!r}" for title in unnamed)


def recorded(evidence: Evidence) -> Iterator[Finding]:
    """Of the time that an issue does not call unread, all that servers posted is in its record; and no revision is
    ever announced: each paper has one day, that of its first version."""
    rows = list(evidence.record.view().latest(Announcement))
    known: dict[str, list[tuple[int, int, str]]] = {}
    for row in rows:
        if row.item.paper.startswith(DOI):
            known.setdefault(row.item.paper, []).append((row.since, row.item.observed_at, row.item.day))
    for key, days in sorted(known.items()):
        paper = evidence.truth.paper(key)
        right = utc(paper.seen_at)[:10] if paper else "never"
        if {day for *_, day in days} != {right}:
            yield Finding("", f"{key} was announced on {sorted({day for *_, day in days})}, not {right}")
    for notice in (row.item for row in evidence.record.view().latest(Notice)):
        right = evidence.truth.notice(notice.paper) or "none"
        if notice.type in TAKEN_BACK and notice.type != right:
            yield Finding("", f"{notice.paper} is called taken back by a {notice.type}, not {right}")
    for issue in evidence.issues:
        for reading in issue.content.servers or ():
            missing = [paper.key for paper in _surely_posted(issue, reading) if not _is_known(known, paper.key, issue)]
            if missing:
                text = f"calls {reading.network} read, but lacks {len(missing)} papers: {missing[:3]}"
                yield Finding(issue.day, f"{issue.publication} {text}")


def _surely_posted(issue: FrozenIssue, reading: NetworkReading) -> Iterator[listed.ListedPaper]:
    """What a server posted in an issue's time, outside of the gaps that it tells, early enough to be read."""
    start, end = posting_span(issue.content)
    for paper in listed.works_between(reading.network, start, min(end, issue.content.as_of - LATE_POSTS)):
        if not any(gap.from_at - HOUR <= paper.seen_at < gap.until_at for gap in reading.gaps or ()):
            yield paper


def _is_known(known: dict[str, list[tuple[int, int, str]]], key: str, issue: FrozenIssue) -> bool:
    return any(since <= issue.content.position for since, _, _ in known.get(key, ()))
