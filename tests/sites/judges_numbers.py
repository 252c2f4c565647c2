"""Judges of what an issue says: whether its numbers are the script's, and its claims true."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hotpapers.base.model import DAY, HOUR, NetworkReading
from hotpapers.base.papers.arxiv import calendar as days
from tests.loopback import expected
from tests.loopback.direct_client import DirectClient
from tests.loopback.script import SECOND
from tests.sites.evidence import Evidence, Finding, FrozenIssue
from tests.sites.published import page
from tests.sites.truth import ANNOUNCEMENT_LIMIT, Bounds, closing_time, has_issue
from tests.years.oracle import utc

RECOVERY = 3 * HOUR
"""How long all jobs need to complete a round after a break."""
FREEZING = HOUR
"""How long after the last thing that it waits for an issue is frozen at the latest."""
BEGINNING = 6 * HOUR
"""For how long after a site began it may or may not have an issue that closed then."""


def issues_due(evidence: Evidence) -> Iterator[Finding]:
    """Each issue is there once: those whose hour came while the program ran, with the owner's settings."""
    truth = evidence.truth
    labels = [(issue.publication, issue.day) for issue in evidence.issues]
    for name, day in sorted({label for label in labels if labels.count(label) > 1}):
        yield Finding(day, f"{name} has {labels.count((name, day))} issues")
    for name, day, closes in due(evidence):
        if truth.break_at(closes) is None and (name, day) not in labels:
            yield Finding(day, f"{name} has no issue, though the program ran at its hour")
    for issue in evidence.issues:
        settings = evidence.settings_of(issue)
        frozen = issue.content.publication
        for key, owners, issues in (
            ("title", settings.title, frozen.title), ("hour", settings.hour, frozen.hour),
            ("zone", settings.zone.key, frozen.zone), ("categories", settings.categories, frozen.categories),
        ):  # fmt: skip
            if owners != issues:
                yield Finding(issue.day, f"{issue.publication} has the {key} {issues!r}, not {owners!r}")
        if not has_issue(settings, issue.day):
            yield Finding(issue.day, f"{issue.publication} has an issue of a day without one")


def due(evidence: Evidence) -> Iterator[tuple[str, str, int]]:
    """The issues whose hour came between the first day and the end: publication, day, when it closes."""
    truth = evidence.truth
    end = truth.end - ANNOUNCEMENT_LIMIT
    for label in days.labels_between(days.latest_label(truth.start), days.latest_label(truth.end), extra_holidays=()):
        for period in evidence.site.periods:
            for name, publication in truth.settings_at(period.start).publications.items():
                closes = closing_time(publication, label)
                is_here = period.start <= closes < period.end - period.every and truth.start + BEGINNING < closes < end
                if has_issue(publication, label) and is_here:
                    yield name, label, closes


def issues_in_time(evidence: Evidence) -> Iterator[Finding]:
    """No issue before its hour; and soon after it, or after the program runs again and has read everything."""
    truth = evidence.truth
    for issue in evidence.issues:
        closes = closing_time(evidence.settings_of(issue), issue.day)
        if issue.frozen_at < closes:
            yield Finding(issue.day, f"{issue.publication} was frozen at {utc(issue.frozen_at)}, before its hour")
        gap = truth.break_at(closes)
        ready = gap.end + 2 * HOUR if gap else closes
        if issue.is_daily:
            ready = max(ready, truth.knows_announcement_at(issue.day))
        latest = max(ready, truth.start + 2 * HOUR) + FREEZING + evidence.site.every
        if issue.frozen_at > latest and not issue.is_made_later:
            yield Finding(issue.day, f"{issue.publication} closed at {utc(closes)}, frozen at {utc(issue.frozen_at)}")


def made_after_a_break(evidence: Evidence) -> Iterator[Finding]:
    """A day for which nothing was read up to its hour has an issue that says that it was made later, or a page that
    says that there is none."""
    truth = evidence.truth
    issues = {(issue.publication, issue.day): issue for issue in evidence.issues}
    for name, day, closes in due(evidence):
        gap, issue = truth.break_at(closes), issues.get((name, day))
        if gap is None or truth.running(closes - DAY, closes):
            continue
        if issue is None:
            page_file = evidence.folder(name) / day / "index.html"
            if not (page_file.is_file() and "no issue" in page_file.read_text("utf-8").casefold()):
                yield Finding(day, f"{name} has neither an issue nor a page that says why")
        elif not issue.is_made_later and not truth.running(issue.content.as_of - DAY, issue.content.as_of):
            yield Finding(day, f"{name} has an issue, frozen at {utc(issue.frozen_at)}, though nothing was read for it")


def announced(evidence: Evidence) -> Iterator[Finding]:
    """The number announced is arXiv's and other servers', in the publication's fields and with its words, without
    revisions, or no more if a server was not read; on the page, too."""
    for issue in evidence.issues:
        content = issue.content
        settings = evidence.settings_of(issue)
        if not issue.is_daily and settings.servers == ("arxiv",):
            continue
        papers = evidence.truth.announced(settings, issue.day)
        is_whole = all(reading.state == "complete" for reading in content.servers or ())
        bounds = Bounds(len(papers) if is_whole else 1, len(papers))
        if content.announced is not None and content.announced not in bounds:
            yield Finding(issue.day, f"{issue.publication} says that {content.announced} were announced, not {bounds}")
        states = {reading.network: reading.state for reading in content.servers or ()}
        for count in content.announced_on or ():
            of_server = [paper for paper in papers if paper.server == count.server]
            least = len(of_server) if states.get(count.server, "complete") == "complete" else 1
            if count.papers is not None and count.papers not in Bounds(least, len(of_server)):
                yield Finding(issue.day, f"{issue.publication} says {count}, not {len(of_server)}")
        on_page = announced_on_page(evidence, issue)
        if on_page is not None and on_page != content.announced:
            text = f"the page of {issue.publication} says {on_page} announced, not {content.announced}"
            yield Finding(issue.day, text)


_POSTED = r"posted (?:on \w+|from \w+ to \w+)"
_WHEN = rf"(?:announced that day or {_POSTED}|announced that day|{_POSTED})"
_ANNOUNCED = re.compile(
    rf"the only one {_WHEN}|of (?:the|at least) ([\d,]+) {_WHEN}"
    rf"|([\d,]+|none) {_WHEN}(?: \([^()]+\))?, [\d,]+ talked about"
)


def announced_on_page(evidence: Evidence, issue: FrozenIssue) -> int | None:
    """The number announced that day, or posted before it, in the page's line of facts, if it says one."""
    file = evidence.folder(issue.publication) / issue.day / "index.html"
    facts = page(str(file), file.read_text("utf-8")).facts if file.is_file() else ""
    match = _ANNOUNCED.search(facts)
    if not match:
        return None
    text = (match[1] or match[2] or "1").replace(",", "")
    return 0 if text == "none" else int(text)


def considered(evidence: Evidence) -> Iterator[Finding]:
    """The number considered is that of the papers that people talked about."""
    for issue in evidence.issues:
        if issue.is_made_later:
            continue
        settings = evidence.settings_of(issue)
        since = closing_time(settings, issue.day) - 7 * DAY
        bounds = evidence.truth.considered(settings.servers, since, issue.content.as_of, weekly=not issue.is_daily)
        if issue.content.considered not in bounds:
            number = issue.content.considered
            yield Finding(issue.day, f"{issue.publication} says that {number} were considered, not {bounds}")


def voices(evidence: Evidence) -> Iterator[Finding]:
    """The voices of each entry on each network are possible, no network is left out, and others' counts name them."""
    truth, own = evidence.truth, networks_between(evidence, 0, evidence.truth.end)
    for issue in evidence.issues:
        for entry in issue.content.all_entries:
            paper = truth.paper(entry.paper)
            if paper is None:
                yield Finding(issue.day, f"{issue.publication} has {entry.paper}, which does not exist")
                continue
            printed = {count.network: count for count in entry.counts}
            for network in sorted(truth.networks_at(issue.frozen_at) | printed.keys()):
                if network not in own and not printed[network].collector:
                    yield Finding(
                        issue.day, f"{issue.publication}: {entry.paper} does not say who counted on {network}"
                    )
                until = printed[network].until if network in printed else min(issue.content.as_of, entry_until(entry))
                number = printed[network].voices if network in printed else 0
                since = 0 if issue.is_daily else issue.content.from_at
                bounds = truth.voices(paper, network, (since, until), issue.content.as_of)
                if number not in bounds:
                    yield Finding(issue.day, f"{issue.publication}: {entry.paper} has {number} voices on {network} "
                                  f"at {utc(until)}, not {bounds}")  # fmt: skip


def entry_until(entry: object) -> int:
    """Until when an entry's voices are counted: the earliest of its counts, for networks that it does not name."""
    counts = getattr(entry, "counts", ())
    return min((count.until for count in counts), default=0)


def chosen(evidence: Evidence) -> Iterator[Finding]:
    """Every entry is in the publication's fields, has its words, and was announced in the week before."""
    truth = evidence.truth
    for issue in evidence.issues:
        settings = evidence.settings_of(issue)
        for entry in issue.content.all_entries:
            paper = truth.paper(entry.paper)
            if paper is not None and not truth.is_wanted(paper, settings):
                yield Finding(issue.day, f"{issue.publication}: {entry.paper} ({' '.join(paper.categories)}, "
                              f"{paper.title}) is not of its fields or words")  # fmt: skip


def claims(evidence: Evidence) -> Iterator[Finding]:
    """No issue says *read* of a network, or of a time, that was not; none says *not in the record* of an announcement
    that was. Daily issues report the time since the one before."""
    truth = evidence.truth
    for issue in evidence.issues:
        yield from _wrong_beginning(evidence, issue)
        for reading in issue.content.readings:
            yield from (Finding(issue.day, f"{issue.publication} {text}") for text in _lost(evidence, issue, reading))
        known_by = issue.frozen_at if issue.is_made_later else issue.content.as_of
        is_unknown = issue.is_daily and issue.content.announced is None
        is_read = all(reading.state == "complete" for reading in issue.content.servers or ())
        if is_unknown and is_read and truth.could_know_announcement(issue.day, known_by):
            yield Finding(
                issue.day, f"{issue.publication} says that the announcement is not in the record, which it is"
            )


def _wrong_beginning(evidence: Evidence, issue: FrozenIssue) -> Iterator[Finding]:
    earlier = [other for other in evidence.issues if other.publication == issue.publication and other.day < issue.day]
    cut = max(earlier, key=lambda other: other.day).content.as_of if earlier else 0
    if issue.is_daily and cut and issue.content.read_from != cut:
        text = f"{issue.publication} reports from {utc(issue.content.read_from or 0)}, not from {utc(cut)}"
        yield Finding(issue.day, text)


def _lost(evidence: Evidence, issue: FrozenIssue, reading: NetworkReading) -> Iterator[str]:
    """Posts of the time that an issue reports, outside of all gaps that it tells, that the record does not have."""
    content, gaps = issue.content, reading.gaps or ()
    since, bases = content.read_from or 0, bases_of(evidence)
    is_on = reading.network in networks_between(evidence, since, content.as_of)
    if reading.state == "complete" and not is_on:
        yield f"calls {reading.network} read, which is switched off"
    missing = [
        expected.key(message, bases)
        for message in evidence.truth.readable_posts(reading.network, since, content.as_of)
        if not any(gap.from_at <= message.at < gap.until_at for gap in gaps)
        and not was_recorded(evidence, expected.key(message, bases), issue)
    ]
    if is_on and missing:
        yield f"calls {reading.network} read, but lacks {len(missing)} posts: {missing[:2]}"


def doubts(evidence: Evidence) -> Iterator[Finding]:
    """While the program ran, every network that costs nothing was read: no issue tells a gap in that time."""
    for issue in evidence.issues:
        content, truth = issue.content, evidence.truth
        start = (content.read_from or 0) - RECOVERY
        readings = {reading.network: reading for reading in content.readings}
        for network in sorted(networks_between(evidence, start, content.as_of) - {"x"}):
            reading = readings.get(network)
            is_on = network in networks_all_the_time(evidence, start, content.as_of)
            if is_on and truth.is_running(start, content.as_of) and (reading is None or reading.state != "complete"):
                why = f"{reading.state}: {reading.reason}" if reading else "not named"
                yield Finding(issue.day, f"{issue.publication} does not call {network} read ({why}), though it was")
            for gap in (reading.gaps or ()) if reading else ():
                ran = truth.network_time(network, gap.from_at, gap.until_at)
                if ran > RECOVERY:
                    text = f"{issue.publication} tells a gap of {network} from {utc(gap.from_at)}, when it was read for"
                    yield Finding(issue.day, f"{text} {ran / HOUR:.1f} hours")


def networks_between(evidence: Evidence, start: int, end: int) -> set[str]:
    """The networks that are read at some time between two moments."""
    periods = [period for period in evidence.site.periods if period.start < end and start < period.end]
    return {name for period in periods for name in evidence.truth.networks_at(period.start)}


def networks_all_the_time(evidence: Evidence, start: int, end: int) -> set[str]:
    """The networks that are read all the time between two moments."""
    periods = [period for period in evidence.site.periods if period.start < end and start < period.end]
    return set.intersection(*(set(evidence.truth.networks_at(period.start)) for period in periods))


def was_recorded(evidence: Evidence, key: str, issue: FrozenIssue) -> bool:
    """Whether a post was in the record when an issue was made."""
    rows = evidence.recorded.posts.get(key, ())
    return any(row.since <= issue.content.position and row.observed_at <= issue.content.as_of + SECOND for row in rows)


def bases_of(evidence: Evidence) -> dict[str, str]:
    """The addresses of the loopback's hosts, which are part of posts' keys."""
    return DirectClient(evidence.played.script, evidence.played.timeline).bases
