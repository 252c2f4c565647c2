"""Sending: each message of an issue goes to each target once, across crashes and restarts.

The start of each send is stored before it, and its outcome after it, both outside the chain. After an interruption the
target is asked whether the message arrived before it is sent again; a message that certainly did not arrive is simply
retried (`delivery_states`). A channel with many targets claims and settles each itself (`BulkSender`). The record gets
one delivery per issue and channel, once nothing is left to send.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from hotpapers.base.errors import NetError, RequestRefused, RetryLater
from hotpapers.base.model import BulkSender, DeliveryCounts, HttpClient, IssueReader, Message, Sender
from hotpapers.publish.deliver import delivery_states, queries
from hotpapers.publish.deliver.queries import DeliveryKey, DeliveryState, IssueEdition
from hotpapers.record import Record


class SendResult(NamedTuple):
    """The outcome of sending a day's messages. `waiting`: seconds to wait before retrying, as a target requested, or 0;
    `problems`: target and reason for each message that could not be sent: retried next time unless the target refused;
    `finished`: the issue, if nothing of it is left to send; None otherwise, or where the channel tracks this itself;
    `stopped`: why nothing more may be sent now to any target."""

    sent: int
    waiting: float
    problems: tuple[tuple[str, str], ...]
    finished: IssueEdition | None = None
    stopped: str = ""


def send_issue(
    record: Record,
    sender: Sender | BulkSender,
    issue_reader: IssueReader,
    publication: str,
    day: str,
    http: HttpClient,
    check: Callable[[], object] = lambda: None,
) -> SendResult:
    """Sends the unsent messages of a day's latest edition. `check`: called before each message; raises to
    stop: a NetError stops this issue only."""
    issue = _latest_edition(issue_reader, publication, day)
    if isinstance(sender, BulkSender):
        bulk, sent = sender, sender.messages(issue_reader, publication, day)
        result = _send_each(sent, lambda message: bulk.send(message, http), check)
        if counts := sender.summary(issue_reader, publication, day):
            delivery_states.keep_summary(record, issue, sender.name, counts, http.now())
        return result
    messages = list(sender.messages(issue_reader, publication, day))

    def send(message: Message) -> None:
        _send(record, DeliveryKey(*issue, sender.name, message.target), sender, message, http)

    result = _send_each(_left(record, issue, sender, messages), send, check)
    return result if _left(record, issue, sender, messages) else result._replace(finished=issue)


def idle_reason(
    record: Record, sender: Sender | BulkSender, issue_reader: IssueReader, publication: str, day: str
) -> str:
    """Why there is nothing left to send of a day's latest edition; empty if it has no messages for this sender."""
    if isinstance(sender, BulkSender):
        return sender.idle_reason(issue_reader, publication, day)
    issue = _latest_edition(issue_reader, publication, day)
    states = queries.states_of(record.database, issue, sender.name).values()
    if not states:
        return ""
    return "already sent, or refused" if any(state.state == "failed" for state in states) else "already sent"


def _latest_edition(issue_reader: IssueReader, publication: str, day: str) -> IssueEdition:
    return IssueEdition(publication, day, issue_reader.issue_header(publication, day).content.edition)


def _left(record: Record, issue: IssueEdition, sender: Sender, messages: Iterable[Message]) -> list[Message]:
    """The messages that were neither sent nor refused."""
    states = queries.states_of(record.database, issue, sender.name)
    return [message for message in messages if not delivery_states.is_over(states.get(message.target))]


def waiting_of(problem: NetError) -> float:
    """The seconds that a target asked to wait; 0 if it did not."""
    return problem.seconds if isinstance(problem, RetryLater) else 0


def _send_each(
    messages: Iterable[Message], send: Callable[[Message], object], check: Callable[[], object]
) -> SendResult:
    """Sends messages one by one until a target asks to wait or `check` stops it."""
    count, problems = 0, list[tuple[str, str]]()
    for message in messages:
        try:
            check()
        except NetError as problem:
            return SendResult(count, waiting_of(problem), tuple(problems), stopped=str(problem))
        try:
            send(message)
            count += 1
        except RetryLater as problem:
            return SendResult(count, problem.seconds, (*problems, (message.target, problem.reason)))
        except NetError as problem:
            problems.append((message.target, str(problem)))
    return SendResult(count, 0, tuple(problems))


def _send(record: Record, key: DeliveryKey, sender: Sender, message: Message, http: HttpClient) -> None:
    """Sends one message, unless another process has sent it meanwhile."""

    def settle(state: queries.TargetState, receipt: str) -> None:
        delivery_states.settle(record, key, DeliveryState(state, receipt, http.now()))

    claimed = delivery_states.claim(record, key, http.now())
    if delivery_states.is_over(claimed):
        return
    receipt = sender.receipt_of(message, http) if claimed else None  # interrupted: it is unknown whether it arrived
    if receipt is None:
        try:
            receipt = sender.send(message, http)
        except RequestRefused as problem:
            settle("failed", problem.reason)
            raise
        except NetError as problem:
            if isinstance(problem, RetryLater) or problem.tries == 0:  # it certainly did not arrive
                settle("sending", f"not arrived: {problem}")
            raise
    settle("sent", receipt)


# ---- what the record keeps -----------------------------------------------------------------------------


def finished_issues(results: Iterable[SendResult], senders: int) -> list[IssueEdition]:
    """The issues that all of a channel's senders have finished. `senders`: their number, since a sender without a
    result may have messages left."""
    counts = Counter(result.finished for result in results)
    return [issue for issue, number in counts.items() if issue and number == senders]


def keep_finished(record: Record, channel: str, results: Iterable[SendResult], senders: int, at: int) -> None:
    """Records the deliveries of `finished_issues` that the channel sent to at least one target. `at`: µs UTC."""
    for issue in finished_issues(results, senders):
        states = queries.states_of(record.database, issue, channel)
        counts = Counter(state.state for state in states.values())
        if counts:
            totals = DeliveryCounts(counts["sent"], counts["failed"])
            delivery_states.keep_summary(record, issue, channel, totals, at)
