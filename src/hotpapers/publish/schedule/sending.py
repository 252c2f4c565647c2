"""The job that sends issues: by mail and every other channel that delivers messages rather than files.

It is separate from freezing, so a slow relay delays no issue. It sends only fresh issues: of several made later, only
the newest, and none from before a sender was configured.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial

from hotpapers.base import network_terms
from hotpapers.base.errors import PartiallyRead, UsageError
from hotpapers.base.logs import log_event
from hotpapers.base.model import DAY, HOUR
from hotpapers.base.text.timestamps import SECOND, is_over
from hotpapers.issues.freeze import list_editions
from hotpapers.issues.queries import days_frozen_since
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.issues.windows import label_after, scheduled_closing
from hotpapers.jobs.attempts import PartRetries
from hotpapers.jobs.isolation import isolate_failures
from hotpapers.jobs.loop import JobContext
from hotpapers.publish.deliver.queries import editions_in_record, latest_editions
from hotpapers.publish.deliver.send import SenderDestination, SendResult, keep_finished, send_issue
from hotpapers.record import Record

LOOK = 60.0
"""Seconds between two rounds."""
FRESH = 2 * DAY
"""How long after it was frozen an issue is sent, µs."""
CLOSED = 3 * DAY
"""How long ago its day may have closed, µs."""
PAGES_WITHIN = 3 * HOUR
"""How long messages wait for the pages that they lead to, µs: a site whose pages cannot be written still sends mail. A
single round does not wait, as the next one may be too late."""
BEAT = 60_000_000
"""µs of sending after which the job notes that it is alive."""


OpenDestinations = Callable[[Record], Iterable[Iterable[SenderDestination]]]
"""The configured senders, channel by channel, each opened when its turn comes."""


class SendJob:
    """The job. A failing target waits on its own, so that a target that is gone delays no other. `with_pages`:
    the publications that have a site, to whose pages messages lead."""

    name = "sending"

    def __init__(
        self,
        publications: Sequence[str],
        open_destinations: OpenDestinations,
        allowed: network_terms.Table,
        with_pages: Collection[str],
    ) -> None:
        self._open = open_destinations
        self._allowed = allowed
        self._with_pages = with_pages
        self._retries = {name: PartRetries(self.name) for name in publications}
        self._not_before: dict[tuple[str, str], int] = {}

    def close(self) -> None:
        """Does nothing: nothing is open between rounds."""

    def run_once(self, context: JobContext, *, once: bool) -> float:
        """Sends fresh issues that were not sent yet. Raises PartiallyRead if some could not be sent."""
        context.check_lease()
        at = context.clock.now()
        problems = list[str]()
        fresh = [(name, day) for name in self._retries for day in fresh_days(context.record, name, at)]
        self._log_given_up(fresh)
        days = [issue for issue in fresh if once or not self._lacks_page(context.record, *issue, at)]
        for destinations in self._open(context.record) if days else ():
            problems += self._send_channel(context, destinations, days)
        if problems:
            raise PartiallyRead("; ".join(problems), again=LOOK)
        context.note(success_at=context.clock.now())
        return LOOK

    def _log_given_up(self, fresh: Sequence[tuple[str, str]]) -> None:
        """Logs the issues that a destination lacks and that are no longer fresh, with the command that sends them."""
        for publication, retries in self._retries.items():
            days = {day for name, day in fresh if name == publication}
            for part, reason in retries.drop_others(days):
                channel, *_, day = part.split(" ")
                command = f"hotpapers publish {day} --publication {publication} --to {channel}"
                log_event("given up", level=logging.WARNING, job=self.name, reason=reason, send=command)

    def _lacks_page(self, record: Record, publication: str, day: str, at: int) -> bool:
        """Whether no process has written the page of a fresh issue to the site yet."""
        if publication not in self._with_pages:
            return False
        edition, _ = latest_editions(record, publication)[day]
        if (day, edition) in editions_in_record(record.database, publication, "site"):
            return False
        return not is_over(list_editions(record, publication, day)[-1].frozen_at, PAGES_WITHIN, at)

    def _send_channel(
        self, context: JobContext, destinations: Iterable[SenderDestination], days: Sequence[tuple[str, str]]
    ) -> list[str]:
        """Runs the senders of one channel for a round; returns problems."""
        problems = list[str]()
        results = list[SendResult]()
        names = list[str]()
        try:
            for destination in destinations:
                names.append(destination.sender.name)
                with isolate_failures(problems, self.name, destination.full_name), closing(destination):
                    for publication, day in days:
                        send = partial(self._send, context, destination, publication, day, results)
                        part = f"{destination.full_name} {day}"
                        not_before = self._not_before.get((publication, destination.full_name), 0)
                        problems += self._retries[publication].attempt(part, context.clock.now, send, not_before)
            for name in names[:1]:
                keep_finished(context.record, name, results, len(names), context.clock.now())
        except UsageError as problem:  # such as a missing password file: report it, and try again next round
            problems.append(str(problem))
        return problems

    def _send(
        self,
        context: JobContext,
        destination: SenderDestination,
        publication: str,
        day: str,
        results: list[SendResult],
    ) -> None:
        """Sends one issue. Raises PartiallyRead if some of it could not be sent."""
        issue_reader = RecordIssueReader(context.record, self._allowed)
        check = partial(self._check, context)
        result = send_issue(context.record, destination, issue_reader, publication, day, check)
        results.append(result)
        if result.waiting:
            self._not_before[publication, destination.full_name] = context.clock.now() + int(result.waiting * SECOND)
        if result.sent or result.problems:
            log_event(
                "sent",
                publication=publication,
                channel=destination.sender.name,
                day=day,
                sent=result.sent,
                problems=len(result.problems),
            )
        if result.problem:
            raise PartiallyRead(result.problem)

    def _check(self, context: JobContext) -> None:
        """Before each message, checks that the job is still ours and notes that it is alive: long lists take time."""
        context.check_lease()
        if context.clock.now() - (context.status.success_at or 0) > BEAT:
            context.note(success_at=context.clock.now())


def fresh_days(record: Record, publication: str, at: int) -> Iterator[str]:
    """The days of issues that were frozen in the last two days and closed in the last three; without those frozen so
    late that the next one had closed, too: of several late issues, only the newest is sent."""
    for day in days_frozen_since(record.database, publication, at - FRESH):
        issues = list_editions(record, publication, day)
        settings = issues[0].content.publication
        following = label_after(settings, day)
        was_overtaken = following and scheduled_closing(settings, following) <= issues[0].frozen_at
        if issues[-1].content.as_of > at - CLOSED and not was_overtaken:
            yield day
