"""The channel *mailing*: sends an issue at most once to everybody who had confirmed before it was frozen first.

A relay cannot be asked whether it has a message. So a message is durably claimed before it is handed over
(`delivery_states`). There is one per subscriber and day, whatever the issue's edition: whoever had one gets no
correction. Once no message of an issue is left, the record gets one delivery with the counts.

A message that was claimed but not settled, because the program was killed or the connection broke at that moment, is
not sent again: its receipt says that the outcome is unknown. Messages that the relay defers are retried later, those
that it refuses are not. Unreachable addresses get no more messages. When 2 % of an issue's messages have failed, the
rest is not sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, zip_longest
from typing import NamedTuple

from hotpapers.base.errors import NetError, RequestRefused, RetryLater
from hotpapers.base.model import MAX_INTEGER, DeliveryCounts, HttpClient, IssueReader, Message
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.connection import OpenClient
from hotpapers.publish.deliver.delivery_states import claim_delivery, is_over, settle_delivery
from hotpapers.publish.deliver.queries import (
    DeliveryKey,
    DeliveryState,
    IssueEdition,
    first_frozen_at,
    state_of,
    states_of,
)
from hotpapers.publish.deliver.send import SenderDestination
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record, current_time
from hotpapers.site.site import Site
from hotpapers.wings.mail import queries, subscribers
from hotpapers.wings.mail.addresses import domain_of
from hotpapers.wings.mail.issue_text import MessageView
from hotpapers.wings.mail.messages import address_message, issue_message
from hotpapers.wings.mail.queries import Subscriber
from hotpapers.wings.mail.settings import MailConfig, site_mail_config
from hotpapers.wings.mail.smtp import SmtpClient
from hotpapers.wings.mail.smtp_replies import RETRY_SECONDS, Deferred, OutcomeUnknown, Rejected

MAX_FAILED_ONE_IN = 50
"""One in this many messages may fail: 2 %."""
MIN_FAILED_MESSAGES = 3
"""Fewer failures never stop an issue: one closed mailbox must not block a small list."""
CLAIM_TIMEOUT = 12 * 60_000_000
"""µs after which a claimed message is no longer being sent: the process that claimed it has ended."""
UNKNOWN = "unknown: interrupted while it was handed over; not sent again"

FIRST_WAIT, MAX_RETRY_WAIT = 5 * 60, 4 * 60 * 60
"""Seconds until a message that was put off is tried again, at first and at most."""
TRIES = 8
"""Attempts before a message is given up: about nine hours."""


class AddressedMessage(NamedTuple):
    """A message for one reader."""

    message: MessageView
    reader: Subscriber


def destinations(record: Record, site: Site, open_client: OpenClient) -> Iterator[SenderDestination]:
    """The sender of a site, if it has a relay. Raises SettingsError."""
    if not site.settings.table("mailing").relay:
        return
    sender = EmailSender(record, site_mail_config(site), site.site_config)
    client = open_client((), ())

    def close() -> None:
        sender.close()
        client.close()

    yield SenderDestination(sender, client.http, sender.check, close)


class EmailSender:
    """The sender. Use it in one thread only, and close it after use."""

    name = queries.CHANNEL

    def __init__(self, record: Record, mail_config: MailConfig, site_config: SiteConfig) -> None:
        self._record = record
        self._mail_config = mail_config
        self._site_config = site_config
        self._relay = SmtpClient(mail_config)
        self.close = self._relay.close
        self._issue: tuple[str, str] | None = None
        self._readers = 0
        self._problem = ""

    def try_out(self, http: HttpClient) -> str:
        """Connects to the relay, and logs in."""
        return self._relay.try_out()

    # ---- what to send --------------------------------------------------------------------------------

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        """A message for every reader whose message of the day is unfinished and may be tried now: domains in turn, then
        those put off, longest ago first, so that no address at which the relay gives up holds up all others.

        Readers who confirmed after the issue was frozen first get the next one; those who skip empty issues get none.
        """
        progress = self._progress(issue_reader, publication, day)
        if progress is None:
            return
        self._issue = (publication, day)
        self._readers = progress.readers
        at = current_time()
        turns = {mark: state.next_at for mark, state in progress.states.items()}
        fresh = [reader for reader in progress.unfinished if not turns.get(reader.mark)]
        due = {mark for mark, state in progress.states.items() if state.is_due(at)}
        put_off = [reader for reader in progress.unfinished if reader.mark in due]
        late = sorted(put_off, key=lambda reader: turns[reader.mark])
        ordered = [*interleave_domains(fresh), *late]
        if ordered:
            issue = issue_reader.issue(publication, day)
            site = self._site_config.of(publication)
            unaddressed = issue_message(issue, self._mail_config, site)
            yield from (Message(reader.mark, AddressedMessage(unaddressed, reader)) for reader in ordered)

    def idle_reason(self, issue_reader: IssueReader, publication: str, day: str) -> str:
        """Why there is no message to send now."""
        progress = self._progress(issue_reader, publication, day)
        if progress and progress.unfinished:
            return f"deferred by mail servers for {len(progress.unfinished):,} subscribers; will be retried later"
        if progress is None or progress.readers:
            return "already sent"
        if subscribers.confirmed_subscribers(
            self._record, publication, first_frozen_at(self._record.database, publication, day)
        ):
            return "the issue is empty, and all subscribers skip empty issues"
        if subscribers.confirmed_subscribers(self._record, publication, MAX_INTEGER):
            return "all subscribers confirmed after it was frozen; they get the next one"
        return f"{publication} has no confirmed subscribers"

    def summary(self, issue_reader: IssueReader, publication: str, day: str) -> DeliveryCounts | None:
        """How many messages of a day were sent and failed; None in the cases that `BulkSender` names."""
        progress = self._progress(issue_reader, publication, day)
        if progress is None or progress.unfinished:
            return None
        states = progress.states.values()
        counts = Counter(state.state for state in states if is_over(state))
        return DeliveryCounts(counts["sent"], counts["failed"]) if counts else None

    def _progress(self, issue_reader: IssueReader, publication: str, day: str) -> _Progress | None:
        """None if the record has the day's delivery, of any edition: all its messages are finished."""
        if queries.is_delivered(self._record, publication, day):
            return None
        issue = issue_reader.issue(publication, day)
        confirmed = subscribers.confirmed_subscribers(
            self._record, publication, first_frozen_at(self._record.database, publication, day)
        )
        readers = [reader for reader in confirmed if issue.content.entries or not reader.skip_empty]
        states = states_of(self._record.database, IssueEdition(publication, day, 0), self.name)
        unfinished = [reader for reader in readers if not is_over(states.get(reader.mark))]
        due = states.keys() | {reader.mark for reader in readers}  # also those who bounced or left since
        return _Progress(len(due), states, unfinished)

    # ---- before each message --------------------------------------------------------------------------

    def check(self) -> None:
        """Raises RequestRefused if too many messages of the issue failed; RetryLater if the relay cannot be used now or
        has just dropped the connection during a message: otherwise every message might be lost that way."""
        if self._problem:
            raise RetryLater(RETRY_SECONDS, self._problem)
        if self._issue is not None:
            most = most_failures(self._readers)
            failures = queries.count_failed_messages(self._record, *self._issue)
            # without those whose messages of an earlier day failed, too: their reports may be forged
            if failures >= most and queries.count_failed_messages(self._record, *self._issue, is_new=True) >= most:
                raise RequestRefused(
                    f"stopped: {failures} of {self._readers} messages of {self._issue[1]} failed or bounced; the limit "
                    "is 2 %. The rest of this issue is not sent, the next issue will be. Unreachable addresses get no "
                    "more mail. See hotpapers mail list, and ask the relay's operator for the cause."
                )
        self._relay.ready()

    # ---- one message ----------------------------------------------------------------------------------

    def send(self, message: Message, http: HttpClient) -> str:
        """Sends one message, unless it was already claimed. Returns the relay's receipt. Raises RetryLater,
        RequestRefused, NetError."""
        envelope: AddressedMessage = message.payload
        wait_for_turn(self._record, self._mail_config, envelope.reader.address, http)
        self._relay.ready()
        reader = subscribers.find(self._record, envelope.reader.mark)
        if reader is None or reader.state != "confirmed":
            raise RequestRefused("unsubscribed before it was sent")
        issue = envelope.message.issue
        secret = self._record.hasher.secret
        key = queries.message_key(issue.publication.publication, issue.day, reader.mark)

        @cache
        def claim_once() -> DeliveryState | None:
            """The state of a message that was already claimed; None if it is claimed now."""
            return claim_delivery(self._record, key, http.now())

        data = address_message(envelope.message, self._mail_config, reader, secret, http.now())
        try:
            receipt = self._relay.hand_over(reader.address, data, lambda: claim_once() is None)
        except NetError as problem:
            if claim_once() is None:  # else another process has claimed it: do not overwrite the message's state
                raise self._record_failure(key, reader, problem, http.now()) from None
        if state := claim_once():
            return self._known_receipt(key, state, http.now())
        assert receipt is not None
        settle_delivery(self._record, key, DeliveryState("sent", receipt, http.now()))
        return receipt

    def _record_failure(self, key: DeliveryKey, reader: Subscriber, problem: NetError, at: int) -> NetError:
        """Stores why a message was not sent. Returns the error to raise."""
        if isinstance(problem, RetryLater):
            release_claim(self._record, key, at)
        elif isinstance(problem, Rejected):
            settle_delivery(self._record, key, DeliveryState("failed", problem.reason, at))
            if problem.no_such_address:
                subscribers.bounce(self._record, reader.mark, problem.reason, at)
            else:
                subscribers.note_failure(self._record, key, at)
        elif isinstance(problem, Deferred):
            if not defer_message(self._record, key, problem.reason, at):
                return RequestRefused(f"given up: {problem.reason}")
        elif isinstance(problem, OutcomeUnknown):
            self._problem = problem.reason
        return problem

    def _known_receipt(self, key: DeliveryKey, state: DeliveryState, at: int) -> str:
        """The receipt of a message that another claim covers. Raises RequestRefused, NetError."""
        if state.state == "failed":
            raise RequestRefused(state.receipt)
        if state.is_put_off:
            raise NetError(f"deferred: {state.receipt}", tries=0)
        if state.state == "sent":
            return state.receipt
        if abs(at - state.at) < CLAIM_TIMEOUT:  # the clock may have been set back since
            raise NetError("another process is sending it, or was killed while sending it")
        settle_delivery(self._record, key, DeliveryState("sent", UNKNOWN, at))
        return UNKNOWN


class _Progress(NamedTuple):
    """An issue's messages: how many readers should get it, the states of messages by mark, and whose are unfinished."""

    readers: int
    states: Mapping[str, DeliveryState]
    unfinished: Sequence[Subscriber]


def wait_for_turn(record: Record, mail_config: MailConfig, address: str, http: HttpClient) -> None:
    """Keeps the pace of an address's domain, which all processes of the site share."""
    host = queries.PACE + domain_of(address)
    http.sleep(jobs_queries.reserve_moment(record, host, 60 / mail_config.pace))


def most_failures(readers: int) -> int:
    """How many failed messages stop an issue with this many readers."""
    return max(MIN_FAILED_MESSAGES, -(-readers // MAX_FAILED_ONE_IN))


def interleave_domains(readers: Sequence[Subscriber]) -> list[Subscriber]:
    """The readers with their domains in turn, so waiting for one domain's pace does not hold up the others."""
    by_domain: dict[str, list[Subscriber]] = {}
    for reader in readers:
        by_domain.setdefault(domain_of(reader.address), []).append(reader)
    return list(filter(None, chain.from_iterable(zip_longest(*by_domain.values()))))


# ---- messages that do not arrive ------------------------------------------------------------------------


def wait_after(tries: int) -> int:
    """Seconds until the next attempt at a message that was put off `tries` times."""
    return min(FIRST_WAIT << (tries - 1), MAX_RETRY_WAIT)


def defer_message(record: Record, key: DeliveryKey, reason: str, at: int) -> bool:
    """Puts a claimed message off, as the relay asked. Returns False after too many attempts: it is given up."""
    tries = _tries(record, key) + 1
    if tries >= TRIES:
        settle_delivery(record, key, DeliveryState("failed", f"given up: {reason}", at))
        return False
    next_at = at + wait_after(tries) * 1_000_000
    settle_delivery(record, key, DeliveryState("sending", reason or "put off", at, tries, next_at))
    return True


def release_claim(record: Record, key: DeliveryKey, at: int) -> None:
    """Gives up the claim: sending failed for a reason unrelated to this message, so the attempt is not counted."""
    settle_delivery(record, key, DeliveryState("sending", "not handed over", at, _tries(record, key), at))


def mark_bounced(record: Record, key: DeliveryKey, reason: str, at: int) -> None:
    """Marks a message that was handed over and then reported as undeliverable, if it is still known."""
    state = state_of(record.database, key)
    if state is not None and (state.state == "sent" or (state.state == "sending" and not state.is_put_off)):
        settle_delivery(record, key, DeliveryState("failed", reason, at))


def _tries(record: Record, key: DeliveryKey) -> int:
    state = state_of(record.database, key)
    return state.tries if state else 0
