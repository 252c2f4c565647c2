"""Makes issues of past days afterwards, from the record, in one run.

They form a separate publication, named after the one whose recipe they follow: `daily@history` for `daily`. So they
never mix with issues that appeared on their day: not in lists, feeds or mail, not in comparisons, not in the log.
Each is its own batch: an interrupted run resumes with the first missing day.
Engagement is updated from one day's cut to the next (`InputOverDays`): the result is what `collect_input` and
`CurveCollector` get from the whole record at each cut, but only papers that changed are counted again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import chain, takewhile
from typing import NamedTuple

import msgspec

from hotpapers.base.errors import IssueError, NotFound, UsageError, require
from hotpapers.base.model import DAY, HISTORY, Candidate, NetworkForecast, Publication, RankingInput, is_retrospective
from hotpapers.base.papers.categories import is_on, servers_of
from hotpapers.base.text.timestamps import minute_of
from hotpapers.discussion.engagement.attention import Engagement
from hotpapers.discussion.engagement.measurement import MeasurementWindow
from hotpapers.issues import ranking, ranking_input
from hotpapers.issues.build import IssueRecipe, build_issue
from hotpapers.issues.forecasts import PaperCurves, curves_of, forecasts_of
from hotpapers.issues.freeze import FrozenIssue, check_no_regular_issue, closed_at, save_unless_there
from hotpapers.issues.queries import frozen_days, has_measurements, read_since
from hotpapers.issues.ranking_input import CollectedInput, InputReader, collect_with_forecasts, has_forecasts
from hotpapers.issues.windows import RULE, check_not_ended, days_from, moments_of, scheduled_closing, window_start
from hotpapers.record.as_of import AsOfView
from hotpapers.record.record import Record, current_time
from hotpapers.wings.history.engagement_over_days import EngagementOverDays
from hotpapers.wings.history.queries import announced_between, has_posts

AFTERWARDS = "made afterwards"
NOTE = "Made afterwards, from an archive: no issue appeared on its day, and each says what was not known then."
LATEST_CLOSE = 7 * DAY
"""The longest time from an issue's hour until it closes, µs."""


class PastPeriod(NamedTuple):
    """A period for which to make issues afterwards. `days`: those without an issue yet; `frozen`: those with one;
    `later`: days after it that have one; `unknown`: those for which the record has no announcements. All ascending."""

    publication: Publication
    days: tuple[str, ...]
    frozen: tuple[str, ...]
    unknown: tuple[str, ...]
    later: tuple[str, ...]


def history_of(publication: Publication) -> Publication:
    """The publication for issues made afterwards by a publication's recipe."""
    if is_retrospective(publication.publication):
        return publication
    note = publication.note or ""
    title = f"{publication.title}, {AFTERWARDS}"
    return msgspec.structs.replace(
        publication,
        publication=publication.publication + HISTORY,
        title=title,
        note=f"{NOTE} {note}".strip(),
    )


def plan_period(record: Record, publication: Publication, first: date, last: date) -> PastPeriod:
    """Which issues to make for a period.

    Raises UsageError if no issue can have such a day, NotFound if the record has no announcements or no posts for the
    period, IssueError if a day already has a regular issue.
    """
    labels = check_days(record, publication, first, last)
    span = announced_between(record.view())
    if span is None:
        raise NotFound(
            "the record has no announcements, which say which papers were new on a day, and no arXiv metadata snapshot"
            " of that time to infer them from; import or collect some first"
        )
    known = [day for day in labels if _overlaps(publication, day, span)]
    if not known:
        raise NotFound(
            f"the record has no announcements from {first} to {last}; it has those from {span[0]} to {span[1]}"
        )
    start = window_start(publication, known[0])
    end = scheduled_closing(publication, known[-1])
    if not has_posts(record.view(), publication.networks, start, end):
        raise NotFound(
            f"the record has no posts about papers from {first} to {last}; import an archive of that time first"
        )
    past = history_of(publication)
    frozen = set(frozen_days(record, past.publication))
    days = tuple(day for day in known if day not in frozen)
    unknown = tuple(day for day in labels if day not in known)
    frozen_before = tuple(day for day in known if day in frozen)
    later = tuple(day for day in sorted(frozen) if day > known[-1])
    return PastPeriod(publication=past, days=days, frozen=frozen_before, unknown=unknown, later=later)


def check_days(record: Record, publication: Publication, first: date, last: date) -> list[str]:
    """The days of a period that can have issues made afterwards. Raises UsageError if there are none, IssueError if one
    already has a regular issue."""
    require(
        publication.window != "listing",
        f"{publication.publication}: a listing has only the issues that its maker published; no others can be made",
    )
    require(first <= last, f"{first} to {last}: the period ends before it begins")
    check_not_ended(publication, first)
    days = takewhile(lambda day: day <= last, days_from(publication, first))
    labels = [day.isoformat() for day in days]
    if not labels:
        raise UsageError(
            f"{first} to {last}: issues of {publication.publication} are {publication.window},"
            f" {RULE[publication.window]}; there is none in this period"
        )
    check_no_regular_issue(record, history_of(publication).publication, labels)
    return labels


def _overlaps(publication: Publication, day: str, span: tuple[str, str]) -> bool:
    """Whether papers were announced in an issue's window. For a daily one, only its day needs to be in the span."""
    first, last = span
    if publication.window == "daily":
        return first <= day <= last
    days = (scheduled_closing(publication, day) - window_start(publication, day)) // DAY
    start = date.fromisoformat(day) - timedelta(days=days)
    return first <= day and start.isoformat() <= last


def check_period_closed(period: PastPeriod, at: int) -> None:
    """Raises IssueError if a day of the period is not over at a moment."""
    open_days = [day for day in period.days if scheduled_closing(period.publication, day) > at]
    if open_days:
        closes = minute_of(scheduled_closing(period.publication, open_days[0]), period.publication.zone)
        raise IssueError(f"{open_days[0]} is not over: its issue closes at {closes}")


def freeze_period(record: Record, period: PastPeriod) -> Iterator[FrozenIssue]:
    """Make and freeze the missing days in order. Each issue is in the record by the time it is yielded. Raises the
    errors of `freeze`."""
    publication = _recorded(record, period.publication)
    collect: InputReader = collect_with_forecasts
    # A daily issue reuses most of what the previous one read, unless other collectors' counts may replace ours
    if period.days and publication.window == "daily" and not has_measurements(record.view()):
        collect = InputOverDays(scheduled_closing(publication, period.days[-1]) + LATEST_CLOSE)
    for day in period.days:
        moments = moments_of(publication, day, closed_at(record, publication, day, current_time()))
        recipe = IssueRecipe(publication, day, 1, record.head.position, moments=moments)
        yield save_unless_there(record, build_issue(record, recipe, collect), current_time())


def _recorded(record: Record, publication: Publication) -> Publication:
    """The publication as stored in the record, which is updated if the publication is new or differs."""
    recorded = record.view().item(Publication, publication.publication)
    if recorded and msgspec.structs.replace(recorded, observed_at=publication.observed_at) == publication:
        return recorded
    recorded_now = msgspec.structs.replace(publication, observed_at=current_time())
    record.append([recorded_now], source="settings")
    return recorded_now


NO_CURVES = PaperCurves((), ())


class InputOverDays:
    """An `InputReader` for one publication of daily issues, for cuts up to `until`. If cuts ascend, each continues from
    the previous one."""

    def __init__(self, until: int) -> None:
        self._until = until
        self._begin(MeasurementWindow())

    def _begin(self, window: MeasurementWindow) -> None:
        self._window = window
        self._engagement = EngagementOverDays(window, self._until)
        self._since: Mapping[str, int] = {}
        self._counts = ranking_input.PeerCounts()
        self._peers: dict[str, Sequence[ranking_input.Peer]] = {}
        self._curves: dict[str, PaperCurves] = {}

    def __call__(
        self, view: AsOfView, publication: Publication, span: ranking_input.CandidateWindow, own_voices: tuple[int, ...]
    ) -> CollectedInput:
        self._needs = ranking.needs_of(publication.ranking)
        window = ranking_input.measured_window(publication, 0, own_voices)
        if window != self._window:
            self._begin(window)
        self._servers = servers_of(publication.categories)
        changed = set(self._engagement.move_to(view))
        since = read_since(view)
        if since != self._since:
            changed |= self._engagement.announced.keys()
            self._since = since
        for paper in changed:
            # Update a paper's counts in the references
            self._counts.add(self._peers.pop(paper, ()), -1)
            self._curves.pop(paper, None)
            if rows := self._rows(paper):
                self._peers[paper] = ranking_input.peers_of(rows, self._needs)
                self._counts.add(self._peers[paper])
                self._curves[paper] = curves_of(rows)
        peers = self._counts.histograms(view.as_of, with_days=span.with_days)
        inputs = RankingInput(
            candidates=tuple(self._candidates(view, span)),
            peers=peers,
        )
        return CollectedInput(inputs, partial(self._forecasts, view.as_of) if has_forecasts(publication) else None)

    def _rows(self, paper: str) -> list[Engagement]:
        rows = self._engagement.rows(paper)
        on_servers = (row for row in rows if is_on(paper, row.archive, self._servers))
        return [ranking_input.without_late_peer(row, self._since) for row in on_servers]

    def _candidates(self, view: AsOfView, span: ranking_input.CandidateWindow) -> Iterator[Candidate]:
        for paper, announced_at in self._engagement.announced.items():
            if (announced_at > span.start or paper in span.earlier_papers) and (rows := self._rows(paper)):
                candidate = ranking_input.candidate_of(rows, span.start, span.earlier_papers, view.as_of, self._needs)
                if candidate is not None:
                    yield candidate

    def _forecasts(self, as_of: int, papers: Iterable[str]) -> dict[str, tuple[NetworkForecast, ...]]:
        curves = chain.from_iterable(paper_curves.curves for paper_curves in self._curves.values())
        early = {paper: self._curves.get(paper, NO_CURVES).early for paper in papers}
        return forecasts_of(curves, early, as_of)
