"""Sending: each message of an issue goes to each target once, across crashes and restarts.

The start of each send is stored before it, and its outcome after it, both outside the chain. After an interruption the
target is asked whether the message arrived before it is sent again; a message that certainly did not arrive is simply
retried (`delivery_states`). A channel with many targets claims and settles each itself (`BulkSender`). The record gets
one delivery per issue and channel, once nothing is left to send.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from hotpapers.base.errors import HotPapersError, NetError, RequestRefused, RetryLater
from hotpapers.base.http.redact_errors import HIDDEN
from hotpapers.base.model import BulkSender, DeliveryCounts, HttpClient, IssueReader, Message, Sender
from hotpapers.base.text.words import count_noun
from hotpapers.publish.deliver import delivery_states, queries
from hotpapers.publish.deliver.queries import DeliveryKey, DeliveryState, IssueEdition
from hotpapers.record import Record


class SenderDestination(NamedTuple):
    """An open sender. `http`: its client. `check`: called before each message, raises to stop. `close`: closes its
    connections. `target`: distinguishes senders of the same name."""

    sender: Sender | BulkSender
    http: HttpClient
    check: Callable[[], object] = lambda: None
    close: Callable[[], object] = lambda: None
    target: str = ""

    @property
    def full_name(self) -> str:
        """The channel and the target, such as `webhook intranet`."""
        return f"{self.sender.name} {self.target}".rstrip()


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

    @property
    def problem(self) -> str:
        """The problems in one line; empty if there are none. Targets of messages are left out: they would be of no use
        there, and secret addresses, as the destination's name says which it is."""
        if self.stopped or not self.problems:
            return self.stopped
        reasons = sorted({reason.removeprefix(f"{HIDDEN}: ") for _, reason in self.problems})
        if len(reasons) > 1:
            suffix = f" and {count_noun(len(reasons) - 1, 'other reason')}"
        else:
            suffix = ""
        return f"{len(self.problems)} not sent ({reasons[0]}{suffix})"


def send_issue(
    record: Record,
    destination: SenderDestination,
    issue_reader: IssueReader,
    publication: str,
    day: str,
    check: Callable[[], object] = lambda: None,
) -> SendResult:
    """Sends the unsent messages of a day's latest edition; a network error that stops it is part of the result.
    `check`: called before each message, raises to stop the program."""
    sender = destination.sender
    http = destination.http
    issue = _latest_edition(issue_reader, publication, day)

    def check_both() -> None:
        check()
        destination.check()

    if isinstance(sender, BulkSender):
        left = sender.messages(issue_reader, publication, day)
        result = _send_each(left, partial(sender.send, http=http), check_both)
        if counts := sender.summary(issue_reader, publication, day):
            delivery_states.keep_summary(record, issue, sender.name, counts, http.now())
        return result
    messages = list(sender.messages(issue_reader, publication, day))

    def send(message: Message) -> None:
        delivery_key = DeliveryKey(*issue, sender.name, message.target)
        _send(record, delivery_key, sender, message, http)

    result = _send_each(_left(record, issue, sender, messages), send, check_both)
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


def _send_each(
    messages: Iterable[Message], send: Callable[[Message], object], check: Callable[[], object]
) -> SendResult:
    """Sends messages one by one until a target asks to wait or `check` stops it."""
    count = 0
    problems = list[tuple[str, str]]()
    for message in messages:
        try:
            check()
        except NetError as problem:
            waiting = problem.seconds if isinstance(problem, RetryLater) else 0
            return SendResult(count, waiting, tuple(problems), stopped=str(problem))
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
        delivery_states.settle_delivery(record, key, DeliveryState(state, receipt, http.now()))

    claimed = delivery_states.claim_delivery(record, key, http.now())
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
        except HotPapersError as problem:  # nothing was sent
            settle("sending", f"not arrived: {problem}")
            raise NetError(str(problem), tries=0) from problem
    settle("sent", receipt)


# ---- what the record keeps -----------------------------------------------------------------------------


def keep_finished(record: Record, channel: str, results: Iterable[SendResult], senders: int, at: int) -> None:
    """Records the delivery of each issue that all of a channel's senders have finished, and that it sent to at least
    one target. `senders`: their number, since a sender without a result may have messages left. `at`: µs UTC."""
    for issue, number in Counter(result.finished for result in results).items():
        if issue and number == senders:
            states = queries.states_of(record.database, issue, channel).values()
            counts = Counter(state.state for state in states)
            if counts:
                totals = DeliveryCounts(counts["sent"], counts["failed"])
                delivery_states.keep_summary(record, issue, channel, totals, at)
