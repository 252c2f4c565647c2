"""The channel *mailing*: sends an issue at most once to everybody who had confirmed before it was frozen.

A message that was claimed but not settled, because the program was killed or the connection broke at that moment, is
not sent again: its receipt says that the outcome is unknown. Messages that the relay defers are retried later, those
that it refuses are not. Unreachable addresses get no more messages. When 2 % of an issue's messages have failed, the
rest is not sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, zip_longest
from typing import NamedTuple

from hotpapers.base.errors import NetError, RequestRefused, RetryLater
from hotpapers.base.model import DAY, MAX_INTEGER, DeliveryCounts, HttpClient, IssueReader, Message, PublishedIssue
from hotpapers.collect.jobs import queries as jobs_queries
from hotpapers.publish.deliver import delivery_states
from hotpapers.publish.deliver.queries import DeliveryKey, DeliveryState
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record, now
from hotpapers.wings.mail import outbox, queries, subscribers
from hotpapers.wings.mail.addresses import domain_of
from hotpapers.wings.mail.config import MailConfig
from hotpapers.wings.mail.messages import UnaddressedMessage, address_message, issue_message
from hotpapers.wings.mail.queries import Subscriber
from hotpapers.wings.mail.smtp import SmtpClient
from hotpapers.wings.mail.smtp_replies import RETRY_SECONDS, Deferred, OutcomeUnknown, Rejected

MAX_FAILED_ONE_IN = 50
"""One in this many messages may fail: 2 %."""
MIN_FAILED_MESSAGES = 3
"""Fewer failures never stop an issue: one closed mailbox must not block a small list."""
CLAIM_TIMEOUT = 12 * 60_000_000
"""µs after which a claimed message is no longer being sent: the process that claimed it has ended."""
UNKNOWN = "unknown: interrupted while it was handed over; not sent again"

PACE = "mail:"
"""Prefix of a mail domain's pace, to tell it from the paces of HTTP hosts."""


class AddressedMessage(NamedTuple):
    """A message for one reader."""

    message: UnaddressedMessage
    reader: Subscriber

    @property
    def key(self) -> DeliveryKey:
        """Identifies its delivery."""
        return queries.message_key(self.message.publication, self.message.day, self.reader.mark)


class EmailSender:
    """The sender. Use it in one thread only, and close it after use."""

    name = queries.CHANNEL

    def __init__(self, record: Record, mail_config: MailConfig, site_config: SiteConfig) -> None:
        self._record, self._mail_config, self._site_config = record, mail_config, site_config
        self._relay = SmtpClient(mail_config)
        self._issue: tuple[str, str] | None = None
        self._readers = 0
        self._problem = ""

    def close(self) -> None:
        self._relay.close()

    def try_out(self, http: HttpClient) -> str:
        """Connects to the relay, and logs in."""
        return self._relay.try_out()

    # ---- what to send --------------------------------------------------------------------------------

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        """A message for every reader whose message of the day is unfinished and may be tried now: domains in turn, then
        those put off, longest ago first, so that no address at which the relay gives up holds up all others.

        Readers who confirmed after the issue was frozen get the next one; those who skip empty issues get none.
        """
        if queries.is_delivered(self._record, publication, day):
            return
        readers = self._readers_of(issue_reader, publication, day)
        self._issue, self._readers = (publication, day), len(readers)
        states, at = queries.message_states(self._record, publication, day), now()
        deferred = {mark: state.next_at for mark, state in states.items() if state.is_put_off}
        due = [
            reader
            for reader in readers
            if not delivery_states.is_over(states.get(reader.mark)) and deferred.get(reader.mark, 0) <= at
        ]
        site = self._site_config.of(publication)
        unaddressed = issue_message(issue_reader.issue(publication, day), self._mail_config, site) if due else None
        fresh = [reader for reader in due if reader.mark not in deferred]
        put_off = sorted(
            (reader for reader in due if reader.mark in deferred), key=lambda reader: deferred[reader.mark]
        )
        for reader in (*interleaved(fresh), *put_off):
            assert unaddressed is not None
            yield Message(reader.mark, AddressedMessage(unaddressed, reader))

    def idle_reason(self, issue_reader: IssueReader, publication: str, day: str) -> str:
        """Why there is no message to send now."""
        if queries.is_delivered(self._record, publication, day):
            return "already sent"
        readers = self._readers_of(issue_reader, publication, day)
        states = queries.message_states(self._record, publication, day)
        unfinished = [reader for reader in readers if not delivery_states.is_over(states.get(reader.mark))]
        if unfinished:
            return f"deferred by mail servers for {len(unfinished):,} subscribers; will be retried later"
        return "already sent" if readers else self._no_readers_reason(issue_reader.issue(publication, day))

    def _no_readers_reason(self, issue: PublishedIssue) -> str:
        """Why an issue goes to nobody."""
        publication = issue.content.publication.publication
        if subscribers.confirmed(self._record, publication, issue.frozen_at):
            return "the issue is empty, and all subscribers skip empty issues"
        if subscribers.confirmed(self._record, publication, MAX_INTEGER):
            return "all subscribers confirmed after it was frozen; they get the next one"
        return f"{publication} has no confirmed subscribers"

    def summary(self, issue_reader: IssueReader, publication: str, day: str) -> DeliveryCounts | None:
        """How many messages of a day were sent and failed; None in the cases that `BulkSender` names."""
        if queries.is_delivered(self._record, publication, day):
            return None
        states = queries.message_states(self._record, publication, day)
        finished = {mark: state.state for mark, state in states.items() if delivery_states.is_over(state)}
        readers = self._readers_of(issue_reader, publication, day)
        if not finished or not all(reader.mark in finished for reader in readers):
            return None
        counts = Counter(finished.values())
        return DeliveryCounts(counts["sent"], counts["failed"])

    def _readers_of(self, issue_reader: IssueReader, publication: str, day: str) -> list[Subscriber]:
        """The readers who should get a day's issue."""
        issue = issue_reader.issue(publication, day)
        readers = subscribers.confirmed(self._record, publication, issue.frozen_at)
        return [reader for reader in readers if issue.content.entries or not reader.skip_empty]

    def tidy(self, at: int) -> None:
        """Deletes what is no longer needed: addresses never confirmed, old messages, paces older than a day."""
        subscribers.tidy(self._record, at)
        queries.drop_old_messages(self._record, at)
        jobs_queries.drop_old_paces(self._record, PACE, at - DAY)

    # ---- before each message --------------------------------------------------------------------------

    def check(self) -> None:
        """Raises RequestRefused if too many messages of the issue failed; RetryLater if the relay cannot be used now or
        has just dropped the connection during a message: otherwise every message might be lost that way."""
        if self._problem:
            raise RetryLater(RETRY_SECONDS, self._problem)
        if self._issue is not None:
            most, failures = most_failures(self._readers), queries.count_failed_messages(self._record, *self._issue)
            if failures >= most and queries.count_newly_failed_messages(self._record, *self._issue) >= most:
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
        envelope = message.payload
        assert isinstance(envelope, AddressedMessage)
        # the domain's pace is shared by all processes of the site
        pace = PACE + domain_of(envelope.reader.address)
        http.sleep(jobs_queries.reserve_moment(self._record, pace, 60 / self._mail_config.pace))
        self._relay.ready()
        reader = subscribers.find(self._record, envelope.reader.mark)
        if reader is None or reader.state != "confirmed":
            raise RequestRefused("unsubscribed before it was sent")
        claim = _Claim(self._record, envelope.key, http.now)
        at, secret = http.now(), self._record.hasher.secret
        data = address_message(envelope.message, self._mail_config, reader, secret, at)
        try:
            receipt = self._relay.hand_over(reader.address, data, claim.take)
        except NetError as problem:
            if claim.take():  # else another process has claimed it: do not overwrite the message's state
                raise self._record_failure(claim.key, reader, problem, http.now()) from None
            receipt = None
        if receipt is None:
            return self._known_receipt(claim, http.now())
        delivery_states.settle(self._record, claim.key, DeliveryState("sent", receipt, http.now()))
        return receipt

    def _record_failure(self, key: DeliveryKey, reader: Subscriber, problem: NetError, at: int) -> NetError:
        """Stores why a message was not sent. Returns the error to raise."""
        if isinstance(problem, RetryLater):
            outbox.release(self._record, key, at)
        elif isinstance(problem, Rejected):
            delivery_states.settle(self._record, key, DeliveryState("failed", problem.reason, at))
            if problem.no_such_address:
                subscribers.bounce(self._record, reader.mark, problem.reason, at)
            else:
                subscribers.note_failure(self._record, key, at)
        elif isinstance(problem, Deferred):
            if not outbox.defer(self._record, key, problem.reason, at):
                return RequestRefused(f"given up: {problem.reason}")
        elif isinstance(problem, OutcomeUnknown):
            self._problem = problem.reason
        return problem

    def _known_receipt(self, claim: _Claim, at: int) -> str:
        """The receipt of a message that another claim covers. Raises RequestRefused, NetError."""
        entry = claim.entry
        assert entry is not None
        if entry.state == "failed":
            raise RequestRefused(entry.receipt)
        if entry.is_put_off:
            raise NetError(f"deferred: {entry.receipt}", tries=0)
        if entry.state == "sent":
            return entry.receipt
        if at - entry.at < CLAIM_TIMEOUT:
            raise NetError("another process is sending it, or was killed while sending it")
        delivery_states.settle(self._record, claim.key, DeliveryState("sent", UNKNOWN, at))
        return UNKNOWN


class _Claim:
    """One claim of a message. `is_own`: whether it is ours; `entry`: the message's state if it is not."""

    def __init__(self, record: Record, key: DeliveryKey, clock: Callable[[], int]) -> None:
        self._record, self._clock, self.key = record, clock, key
        self.is_own = False
        self.entry: DeliveryState | None = None

    def take(self) -> bool:
        """Claims the message, unless already tried. Returns whether the claim is ours."""
        if not self.is_own and self.entry is None:
            self.entry = delivery_states.claim(self._record, self.key, self._clock())
            self.is_own = self.entry is None
        return self.is_own


def most_failures(readers: int) -> int:
    """How many failed messages stop an issue with this many readers."""
    return max(MIN_FAILED_MESSAGES, -(-readers // MAX_FAILED_ONE_IN))


def interleaved(readers: Sequence[Subscriber]) -> list[Subscriber]:
    """The readers with their domains in turn, so waiting for one domain's pace does not hold up the others."""
    by_domain: dict[str, list[Subscriber]] = {}
    for reader in readers:
        by_domain.setdefault(domain_of(reader.address), []).append(reader)
    return [recipient for recipient in chain.from_iterable(zip_longest(*by_domain.values())) if recipient is not None]
