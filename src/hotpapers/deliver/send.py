"""Sending: each parcel of an issue to each target once, across crashes and restarts.

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
"""The target of the one delivery of a channel that keeps what became of each parcel itself."""


class SendResult(NamedTuple):
    """What became of a day's parcels. `waiting`: seconds until a target wants to be asked again, 0 for none;
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
    record: Record, sender: Sender | BulkSender, shelf: IssueReader, publication: str, day: str, net: HttpClient,
    check: Callable[[], object] = lambda: None,
) -> SendResult:  # fmt: skip
    """Sends what was not sent yet of a day's latest edition. `check`: called before each parcel; raises to stop."""
    issue = IssueEdition(publication, day, shelf.issue(publication, day).content.edition)
    if isinstance(sender, BulkSender):
        return _send_bulk(record, sender, shelf, issue, net, check)
    known = _known(record, sender.name, issue)
    parcels = list(sender.parcels(shelf, publication, day))
    left = [one for one in parcels if not (one.target in known and known[one.target].state in ("sent", "failed"))]

    def send(parcel: Message) -> None:
        begun = known.get(parcel.target)
        log = _Log(record, sender.name, issue, parcel.target, begun)
        _send(log, sender, parcel, net, interrupted=begun is not None and not begun.receipt)

    return _send_each(left, send, check)._replace(before=len(parcels) - len(left))


def _send_bulk(
    record: Record,
    sender: BulkSender,
    shelf: IssueReader,
    issue: IssueEdition,
    net: HttpClient,
    check: Callable[[], object],
) -> SendResult:
    day = (issue.publication, issue.day)
    done = _send_each(sender.parcels(shelf, *day), lambda parcel: sender.send(parcel, net), check)
    summary = sender.summary(shelf, *day)
    if summary:
        _Log(record, sender.name, issue, EVERYBODY, None).keep("sent", summary, net.now())
    return done


def _send_each(
    parcels: Iterable[Message], send: Callable[[Message], object], check: Callable[[], object]
) -> SendResult:
    """Sends parcels one by one, until one has to wait."""
    sent, problems = 0, list[tuple[str, str]]()
    for parcel in parcels:
        check()
        try:
            send(parcel)
            sent += 1
        except RetryLater as problem:
            return SendResult(sent, 0, problem.seconds, (*problems, (parcel.target, problem.reason)))
        except NetError as problem:
            problems.append((parcel.target, str(problem)))
    return SendResult(sent, 0, 0, tuple(problems))


def deliveries(record: Record, channel: str, issue: IssueEdition) -> dict[str, model.DeliveryState]:
    """The state of every delivery of an issue by a channel, by target."""
    return {target: item.state for target, item in _known(record, channel, issue).items()}


def _known(record: Record, channel: str, issue: IssueEdition) -> dict[str, Delivery]:
    where = 't.publication = ? AND t."day" = ? AND t.edition = ? AND t.channel = ?'
    rows = record.view().latest(Delivery, where, (*issue, channel))
    return {row.item.target: row.item for row in rows if isinstance(row.item, Delivery)}


class _Log:
    """Keeps what becomes of one parcel. Each entry is later than the one before, also where a clock stands still."""

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
        self._record.write([item], source="publish", at=self._last)


def _send(log: _Log, sender: Sender, parcel: Message, net: HttpClient, *, interrupted: bool) -> None:
    receipt = sender.receipt_of(parcel, net) if interrupted else None
    if receipt is None:
        log.keep("sending", "", net.now())
        try:
            receipt = sender.send(parcel, net)
        except RequestRefused as problem:
            log.keep("failed", problem.reason, net.now())
            raise
        except NetError as problem:
            if (
                isinstance(problem, RetryLater) or problem.tries == 0
            ):  # it surely has not arrived, so nobody need be asked
                log.keep("sending", f"not arrived: {problem}", net.now())
            raise
    log.keep("sent", receipt, net.now())
