"""The channel *mailing*: an issue to everybody who had confirmed before it was frozen, each at most once.

A message that was claimed and not settled, because the program was killed or the connection broke off at that moment,
is not sent again: its receipt says that nobody knows. What the relay puts off is tried again later, what it refuses is
not; who cannot be reached gets no more messages. When two of a hundred messages of an issue fail, the rest stays
unsent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, zip_longest
from typing import NamedTuple

from hotpapers.deliver.email import outbox, queries, subscribers
from hotpapers.deliver.email.addresses import domain_of, without_address
from hotpapers.deliver.email.config import MailConfig
from hotpapers.deliver.email.messages import UnaddressedMessage, address_message, issue_message
from hotpapers.deliver.email.queries import OutboxKey, Subscriber
from hotpapers.deliver.email.smtp import RETRY_SECONDS, SmtpClient
from hotpapers.deliver.email.smtp_replies import Accepted, Deferred, Outcome, Rejected
from hotpapers.errors import NetError, RequestRefused, RetryLater
from hotpapers.jobs import queries as jobs_queries
from hotpapers.model import DAY, LARGEST, DeliveryCounts, HttpClient, IssueReader, Message, PublishedIssue
from hotpapers.store import Record, now
from hotpapers.view.site_config import SiteConfig

NAME = "mailing"
MOST_FAILED = 50
"""One in so many messages may fail: 2 %."""
LEAST_FAILED = 3
"""Fewer failures stop no issue: one closed mailbox must not silence a small list."""
CLAIM_TIMEOUT = 12 * 60_000_000
"""After so many µs nobody is sending a message any more: whoever claimed it has ended."""
UNKNOWN = "unknown: interrupted while it was handed over; not sent again"

PACE = "mail:"
"""How a domain's pace is named among those of hosts."""


class AddressedMessage(NamedTuple):
    """What goes to one reader."""

    message: UnaddressedMessage
    reader: Subscriber

    @property
    def key(self) -> OutboxKey:
        """Under which the outbox has it."""
        return OutboxKey(self.message.publication, self.message.day, self.reader.mark)


class EmailSender:
    """The sender. For one thread; close it after use."""

    name = NAME

    def __init__(self, record: Record, mail_config: MailConfig, site_config: SiteConfig) -> None:
        self._record, self._mail_config, self._site_config = record, mail_config, site_config
        self._relay = SmtpClient(mail_config)
        self._issue: tuple[str, str] | None = None
        self._readers = 0
        self._problem = ""

    def close(self) -> None:
        self._relay.close()

    # ---- what is to be sent --------------------------------------------------------------------------

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        """A message for everybody whose message of the day is not over and may be tried now, domains in turn.

        Whoever confirmed after the issue was frozen gets the next one; who wants no empty issues gets none.
        """
        if queries.is_delivered(self._record, self.name, publication, day):
            return
        readers = self._readers_of(issue_reader, publication, day)
        finished = queries.finished_messages(self._record, publication, day)
        self._issue, self._readers = (publication, day), len(readers)
        deferred, at = queries.deferred_messages(self._record, publication, day), now()
        due = [
            subscriber
            for subscriber in readers
            if subscriber.mark not in finished and deferred.get(subscriber.mark, 0) <= at
        ]
        site = self._site_config.of(publication)
        unaddressed = issue_message(issue_reader.issue(publication, day), self._mail_config, site) if due else None
        for reader in interleaved(due):
            assert unaddressed is not None
            yield Message(reader.mark, AddressedMessage(unaddressed, reader))

    def idle_reason(self, issue_reader: IssueReader, publication: str, day: str) -> str:
        """Why no message is to be sent now."""
        if queries.is_delivered(self._record, self.name, publication, day):
            return "already sent"
        readers = self._readers_of(issue_reader, publication, day)
        finished = queries.finished_messages(self._record, publication, day)
        left = [reader for reader in readers if reader.mark not in finished]
        if left:
            return f"put off by mail servers for {len(left):,} subscribers; tried again later"
        return "already sent" if readers else self._no_readers_reason(issue_reader.issue(publication, day))

    def _no_readers_reason(self, issue: PublishedIssue) -> str:
        """Why an issue goes to nobody."""
        publication = issue.content.publication.publication
        if subscribers.confirmed(self._record, publication, issue.frozen_at):
            return "the issue is empty, and its subscribers want no empty ones"
        if subscribers.confirmed(self._record, publication, LARGEST):
            return "all subscribers confirmed after it was frozen, and get the next one"
        return f"{publication} has no confirmed subscribers"

    def summary(self, issue_reader: IssueReader, publication: str, day: str) -> DeliveryCounts | None:
        """How many messages of a day were sent and failed; None as `BulkSender` has it."""
        if queries.is_delivered(self._record, self.name, publication, day):
            return None
        finished = queries.finished_messages(self._record, publication, day)
        if not finished or any(
            subscriber.mark not in finished for subscriber in self._readers_of(issue_reader, publication, day)
        ):
            return None
        failed = sum(state == "failed" for state in finished.values())
        return DeliveryCounts(len(finished) - failed, failed)

    def _readers_of(self, issue_reader: IssueReader, publication: str, day: str) -> list[Subscriber]:
        """Who is to get a day's issue."""
        issue = issue_reader.issue(publication, day)
        readers = subscribers.confirmed(self._record, publication, issue.frozen_at)
        return [reader for reader in readers if issue.content.entries or not reader.skip_empty]

    def tidy(self, at: int) -> None:
        """Drops what is no longer needed: addresses that were never confirmed, old messages, paces of a day ago."""
        subscribers.tidy(self._record, at)
        queries.drop_old_messages(self._record, self.name, at)
        jobs_queries.drop_old_paces(self._record, PACE, at - DAY)

    # ---- before each message --------------------------------------------------------------------------

    def check(self) -> None:
        """Raises RequestRefused where too many messages of the issue failed, RetryLater where the relay cannot be used
        now, or broke off just now without a word: else every message might be lost to it."""
        if self._problem:
            raise RetryLater(RETRY_SECONDS, self._problem)
        if self._issue is not None:
            failures = queries.count_failed_messages(self._record, *self._issue)
            if failures >= most_failures(self._readers):
                raise RequestRefused(
                    f"stopped: {failures} of {self._readers} messages of {self._issue[1]} failed or came back, and "
                    "2 % is the limit. Who cannot be reached gets no more; the next issue goes out, this one does not. "
                    "See hotpapers mail list, and ask the relay why"
                )
        self._relay.ready()

    # ---- one message ----------------------------------------------------------------------------------

    def send(self, message: Message, http: HttpClient) -> str:
        """Sends one message, unless it was claimed before; the relay's receipt. Raises RetryLater, RequestRefused,
        NetError."""
        envelope = message.payload
        assert isinstance(envelope, AddressedMessage)
        # the domain's next moment, over all processes of the site
        pace = PACE + domain_of(envelope.reader.address)
        http.sleep(jobs_queries.reserve_moment(self._record, pace, 60 / self._mail_config.pace))
        self._relay.ready()
        reader = subscribers.find(self._record, envelope.reader.mark)
        if reader is None or reader.state != "confirmed":
            raise RequestRefused("left before it was sent")
        claim = _Claim(self._record, envelope.key, http.now)
        data = address_message(envelope.message, self._mail_config, reader, self._record.hasher.secret)
        outcome = self._relay.hand_over(reader.address, data, claim.take)
        if isinstance(outcome, Rejected) or (isinstance(outcome, Deferred) and not outcome.for_all):
            claim.take()  # what is kept of it now must not be another process's
        if claim.entry is not None:
            return self._known_receipt(claim, http.now())
        assert outcome is not None
        return self._record_outcome(claim, reader, outcome, http.now())

    def _record_outcome(self, claim: _Claim, reader: Subscriber, outcome: Outcome, at: int) -> str:
        """Keeps what became of a message. The receipt; raises RetryLater, RequestRefused, NetError."""
        key = claim.key
        if isinstance(outcome, Accepted):
            receipt = without_address(outcome.receipt, reader.address)
            outbox.mark_sent(self._record, key, receipt, at)
            return receipt
        if isinstance(outcome, Rejected):
            outbox.mark_failed(self._record, key, outcome.reason, at)
            if outcome.no_such_address:
                subscribers.bounce(self._record, reader.mark, outcome.reason, at)
            raise RequestRefused(outcome.reason)
        if isinstance(outcome, Deferred) and not outcome.for_all:
            if outbox.defer(self._record, key, outcome.reason, at):
                raise _deferral(outcome.reason)
            raise RequestRefused(f"given up: {outcome.reason}")
        reason = without_address(outcome.reason, reader.address)
        if isinstance(outcome, Deferred):
            if claim.is_own:
                outbox.release(self._record, key, at)
            raise RetryLater(RETRY_SECONDS, reason)
        self._problem = reason
        raise NetError(f"nobody knows whether it arrived: {reason}")

    def _known_receipt(self, claim: _Claim, at: int) -> str:
        """The receipt of a message that is not ours to send. Raises RequestRefused, NetError."""
        entry = claim.entry
        assert entry is not None
        if entry.state == "failed":
            raise RequestRefused(entry.receipt)
        if entry.state == "deferred":
            raise _deferral(entry.receipt)
        if entry.state == "sent":
            return entry.receipt
        if at - entry.at < CLAIM_TIMEOUT:
            raise NetError("another process is sending it, or was killed while it did")
        outbox.mark_sent(self._record, claim.key, UNKNOWN, at)
        return UNKNOWN


class _Claim:
    """One claim of a message. `is_own`: whether it is ours; `entry`: how far it has come where it is not."""

    def __init__(self, record: Record, key: OutboxKey, clock: Callable[[], int]) -> None:
        self._record, self._clock, self.key = record, clock, key
        self.is_own = False
        self.entry: queries.OutboxEntry | None = None

    def take(self) -> bool:
        """Claims the message, unless that was tried; whether it is ours."""
        if not self.is_own and self.entry is None:
            self.entry = outbox.claim(self._record, self.key, self._clock())
            self.is_own = self.entry is None
        return self.is_own


def most_failures(readers: int) -> int:
    """How many failed messages stop an issue that goes to so many readers."""
    return max(LEAST_FAILED, -(-readers // MOST_FAILED))


def _deferral(reason: str) -> NetError:
    """Says that a message surely was not taken."""
    problem = NetError(f"put off: {reason}")
    problem.tries = 0
    return problem


def interleaved(readers: Sequence[Subscriber]) -> list[Subscriber]:
    """The readers, domain by domain in turn: while one domain is waited for, the others get theirs."""
    by_domain: dict[str, list[Subscriber]] = {}
    for reader in readers:
        by_domain.setdefault(domain_of(reader.address), []).append(reader)
    return [recipient for recipient in chain.from_iterable(zip_longest(*by_domain.values())) if recipient is not None]
