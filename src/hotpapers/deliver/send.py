"""Sending: each message of an issue to each target once, across crashes and restarts.

A delivery is written as *sending* before, as *sent* with the receipt after. One that was interrupted is asked of the
target before it is tried again. One that surely has not arrived, as the target was not reached or said *later*, stays
*sending* with that as its receipt, and is simply tried again. A channel of many targets keeps all this itself
(`BulkSender`); the record gets one delivery of the issue when it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from hotpapers import model
from hotpapers.errors import NetError, RequestRefused, RetryLater
from hotpapers.model import BulkSender, Delivery, HttpClient, IssueReader, Message, Sender
from hotpapers.store import Record

LONGEST_RECEIPT = 500
EVERYBODY = "everybody"
"""The target of the one delivery of a channel that keeps what became of each message itself."""


class SendResult(NamedTuple):
    """What became of a day's messages. `waiting`: seconds until a target wants to be asked again, 0 for none;
    `problems`: target and reason of what could not be sent: it is tried again next time, unless the target refused."""

    sent: int
    before: int
    waiting: float
    problems: tuple[tuple[str, str], ...]


class IssueEdition(NamedTuple):
    """Which issue is sent."""

    publication: str
    day: str
    edition: int


def send_issue(
    record: Record, sender: Sender | BulkSender, issue_reader: IssueReader, publication: str, day: str,
    http: HttpClient, check: Callable[[], object] = lambda: None,
) -> SendResult:  # fmt: skip
    """Sends what was not sent yet of a day's latest edition. `check`: called before each message; raises to stop."""
    issue = IssueEdition(publication, day, issue_reader.issue(publication, day).content.edition)
    if isinstance(sender, BulkSender):
        return _send_bulk(record, sender, issue_reader, issue, http, check)
    known = _known(record, sender.name, issue)
    messages = list(sender.messages(issue_reader, publication, day))
    left = [one for one in messages if not (one.target in known and known[one.target].state in ("sent", "failed"))]

    def send(message: Message) -> None:
        begun = known.get(message.target)
        log = _Log(record, sender.name, issue, message.target, begun)
        _send(log, sender, message, http, interrupted=begun is not None and not begun.receipt)

    return _send_each(left, send, check)._replace(before=len(messages) - len(left))


def _send_bulk(
    record: Record,
    sender: BulkSender,
    issue_reader: IssueReader,
    issue: IssueEdition,
    http: HttpClient,
    check: Callable[[], object],
) -> SendResult:
    day = (issue.publication, issue.day)
    done = _send_each(sender.messages(issue_reader, *day), lambda message: sender.send(message, http), check)
    summary = sender.summary(issue_reader, *day)
    if summary:
        _Log(record, sender.name, issue, EVERYBODY, None).keep("sent", summary, http.now())
    return done


def _send_each(
    messages: Iterable[Message], send: Callable[[Message], object], check: Callable[[], object]
) -> SendResult:
    """Sends messages one by one, until one has to wait."""
    sent, problems = 0, list[tuple[str, str]]()
    for message in messages:
        check()
        try:
            send(message)
            sent += 1
        except RetryLater as problem:
            return SendResult(sent, 0, problem.seconds, (*problems, (message.target, problem.reason)))
        except NetError as problem:
            problems.append((message.target, str(problem)))
    return SendResult(sent, 0, 0, tuple(problems))


def _known(record: Record, channel: str, issue: IssueEdition) -> dict[str, Delivery]:
    where = 't.publication = ? AND t."day" = ? AND t.edition = ? AND t.channel = ?'
    rows = record.view().latest(Delivery, where, (*issue, channel))
    return {row.item.target: row.item for row in rows if isinstance(row.item, Delivery)}


class _Log:
    """Keeps what becomes of one message. Each entry is later than the one before, also where a clock stands still."""

    def __init__(self, record: Record, channel: str, issue: IssueEdition, target: str, begun: Delivery | None) -> None:
        self._record, self._channel, self._issue, self._target = record, channel, issue, target
        self._last = begun.observed_at if begun else 0

    def keep(self, state: model.DeliveryState, receipt: str, at: int) -> None:
        """Writes an entry. `at`: µs UTC."""
        self._last = max(at, self._last + 1)
        item = Delivery(
            publication=self._issue.publication, day=self._issue.day, edition=self._issue.edition,
            channel=self._channel, target=self._target, state=state, receipt=receipt[:LONGEST_RECEIPT],
            observed_at=self._last,
        )  # fmt: skip
        self._record.append([item], source="publish", at=self._last)


def _send(log: _Log, sender: Sender, message: Message, http: HttpClient, *, interrupted: bool) -> None:
    receipt = sender.receipt_of(message, http) if interrupted else None
    if receipt is None:
        log.keep("sending", "", http.now())
        try:
            receipt = sender.send(message, http)
        except RequestRefused as problem:
            log.keep("failed", problem.reason, http.now())
            raise
        except NetError as problem:
            if (
                isinstance(problem, RetryLater) or problem.tries == 0
            ):  # it surely has not arrived, so nobody need be asked
                log.keep("sending", f"not arrived: {problem}", http.now())
            raise
    log.keep("sent", receipt, http.now())
