"""The job that sends issues: by mail and every other channel that delivers messages rather than files.

It is separate from freezing, so a slow relay delays no issue. It sends only fresh issues: of several made later, only
the newest, and none from before a sender was configured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import NamedTuple

from hotpapers.base import terms
from hotpapers.base.errors import NetError, PartiallyRead, UsageError
from hotpapers.base.http.redact_errors import HIDDEN
from hotpapers.base.ids.timestamps import SECOND, is_over
from hotpapers.base.logs import log_event
from hotpapers.base.model import DAY, BulkSender, HttpClient, IssueReader, Sender
from hotpapers.collect.jobs.attempts import FailedPart
from hotpapers.collect.jobs.isolation import isolated
from hotpapers.collect.jobs.loop import JobContext
from hotpapers.issues.freeze import editions
from hotpapers.issues.queries import days_frozen_since
from hotpapers.issues.ranking.words import count_noun
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.issues.windows import cut_of, label_after
from hotpapers.publish.deliver.send import SendResult, keep_finished, send_issue, waiting_of
from hotpapers.record import Record

LOOK = 60.0
"""Seconds between two rounds."""
FRESH = 2 * DAY
"""How long after it was frozen an issue is sent, µs."""
CLOSED = 3 * DAY
"""How long ago its day may have closed, µs."""
TIDY_EVERY = DAY // 24
BEAT = 60_000_000
"""µs of sending after which the job notes that it is alive."""


class SenderDestination(NamedTuple):
    """An open sender. `http`: its client. `check`: called before each message, raises to stop. `tidy`: drops what is no
    longer needed, given the time in µs UTC. `close`: closes its connections. `target`: tells senders of the same name
    apart."""

    sender: Sender | BulkSender
    http: HttpClient
    check: Callable[[], object] = lambda: None
    tidy: Callable[[int], object] = lambda at: None
    close: Callable[[], object] = lambda: None
    target: str = ""

    @property
    def full_name(self) -> str:
        """The channel and the target, such as `webhook intranet`."""
        return f"{self.sender.name} {self.target}".rstrip()


OpenDestinations = Callable[[Record], Iterable[Iterable[SenderDestination]]]
"""The configured senders, channel by channel, each opened when its turn comes."""


class FailedSending(NamedTuple):
    """An issue of which a sender could not send everything: when and how often, and what to report until it is tried
    again."""

    part: FailedPart
    result: SendResult


class SendJob:
    """The job. What fails waits on its own, so that a target that is gone delays no other."""

    name = "sending"

    def __init__(
        self, publications: Sequence[str], open_destinations: OpenDestinations, allowed: terms.Table = terms.TERMS
    ) -> None:
        self._publications, self._open, self._allowed = publications, open_destinations, allowed
        self._not_before: dict[tuple[str, str, str], int] = {}
        self._failed: dict[tuple[str, str, str, str], FailedSending] = {}
        self._tidied_at = 0

    def close(self) -> None:
        """Does nothing: nothing is open between rounds."""

    def run_once(self, context: JobContext, *, once: bool) -> float:
        """Sends fresh issues that were not sent yet. Raises PartiallyRead if some could not be sent."""
        context.check_lease()
        at = context.clock.now()
        days = [(name, day) for name in self._publications for day in fresh_days(context.record, name, at)]
        self._failed = {key: failed for key, failed in self._failed.items() if (key[0], key[-1]) in days}
        problems: list[str] = []
        is_tidy_due, self._tidied_at = is_over(self._tidied_at, TIDY_EVERY, at), at - at % TIDY_EVERY
        for destinations in self._open(context.record) if days or is_tidy_due else ():
            problems += self._send_channel(context, destinations, days, at if is_tidy_due else 0)
        if problems:
            raise PartiallyRead("; ".join(problems), again=LOOK if self._failed else None)
        context.note(success_at=context.clock.now())
        return LOOK

    def _send_channel(
        self,
        context: JobContext,
        destinations: Iterable[SenderDestination],
        days: Sequence[tuple[str, str]],
        tidy_at: int,
    ) -> list[str]:
        """Runs the senders of one channel for a round; returns problems."""
        problems, results, names = list[str](), list[SendResult](), list[str]()
        try:
            for destination in destinations:
                names.append(destination.sender.name)
                with isolated(problems, self.name, names[-1]), closing(destination):
                    sent = [(day, self._send(context, destination, publication, day)) for publication, day in days]
                    if tidy_at:
                        destination.tidy(tidy_at)
                    for day, result in sent:
                        if result:
                            results.append(result)
                            problems += problem_lines(destination.full_name, day, result)
            for name in names[:1]:
                keep_finished(context.record, name, results, len(names), context.clock.now())
        except UsageError as problem:  # such as a missing password file: report it, and try again next round
            problems.append(str(problem))
        return problems

    def _send(
        self, context: JobContext, destination: SenderDestination, publication: str, day: str
    ) -> SendResult | None:
        """Sends one issue. While it waits to be tried again, the last result; None if the sender asked to wait."""
        key, at = (publication, destination.sender.name, destination.target), context.clock.now()
        failed = self._failed.get((*key, day))
        if failed and failed.part.waits(at):
            return failed.result
        if self._not_before.get(key, 0) > at:
            return None
        issue_reader = RecordIssueReader(context.record, self._allowed)
        result = send_day(destination, issue_reader, context.record, publication, day, partial(self._check, context))
        self._failed.pop((*key, day), None)
        problems = len(result.problems) + bool(result.stopped)
        if problems and not result.finished:
            part = FailedPart(context.clock.now(), failed.part.failures + 1 if failed else 1, "")
            self._failed[*key, day] = FailedSending(part, result._replace(sent=0))
        if result.waiting:
            self._not_before[key] = context.clock.now() + int(result.waiting * SECOND)
        if result.sent or problems:
            name = destination.sender.name
            log_event("sent", publication=publication, channel=name, day=day, sent=result.sent, problems=problems)
        return result

    def _check(self, context: JobContext) -> None:
        """Before each message, checks that the job is still ours and notes that it is alive: long lists take time."""
        context.check_lease()
        if context.clock.now() - (context.status.success_at or 0) > BEAT:
            context.note(success_at=context.clock.now())


def send_day(
    destination: SenderDestination,
    issue_reader: IssueReader,
    record: Record,
    publication: str,
    day: str,
    check: Callable[[], object] = lambda: None,
) -> SendResult:
    """Sends a day's issue; a network error that stops it is part of the result. `check`: raises to stop the program."""

    def check_both() -> None:
        check()
        destination.check()

    try:
        return send_issue(record, destination.sender, issue_reader, publication, day, destination.http, check_both)
    except NetError as problem:
        return SendResult(0, waiting_of(problem), (), stopped=str(problem))


def problem_lines(destination: str, day: str, result: SendResult) -> list[str]:
    """The problems in one line; empty if there are none. Targets of messages are left out: they would be of no use
    there, and secret addresses, as the destination's name says which it is."""
    if result.stopped:
        return [f"{destination} {day}: {result.stopped}"]
    if not result.problems:
        return []
    reasons = sorted({reason.removeprefix(f"{HIDDEN}: ") for _, reason in result.problems})
    suffix = f" and {count_noun(len(reasons) - 1, 'other reason')}" if len(reasons) > 1 else ""
    return [f"{destination} {day}: {len(result.problems)} not sent ({reasons[0]}{suffix})"]


def fresh_days(record: Record, publication: str, at: int) -> Iterator[str]:
    """The days of issues that were frozen in the last two days and closed in the last three; without those frozen so
    late that the next one had closed, too: of several late issues, only the newest is sent."""
    for day in days_frozen_since(record.database, publication, at - FRESH):
        issues = editions(record, publication, day)
        settings = issues[0].content.publication
        following = label_after(settings, day)
        was_overtaken = following and cut_of(settings, following) <= issues[0].frozen_at
        if issues[-1].content.as_of > at - CLOSED and not was_overtaken:
            yield day
