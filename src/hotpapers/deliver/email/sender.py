"""The channel *mailing*: an issue to everybody who had confirmed before it was frozen, each at most once.

A letter that was claimed and not settled, because the program was killed or the connection broke off at that moment,
is not sent again: its receipt says that nobody knows. What the relay puts off is tried again later, what it refuses is
not; who cannot be reached gets no more letters. When two of a hundred letters of an issue fail, the rest stays unsent.
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
from hotpapers.deliver.email.smtp import AGAIN, SmtpClient
from hotpapers.deliver.email.smtp_replies import Accepted, Deferred, Outcome, Rejected
from hotpapers.errors import NetError, RequestRefused, RetryLater
from hotpapers.jobs import queries as jobs_queries
from hotpapers.model import DAY, DeliveryCounts, HttpClient, IssueReader, Message
from hotpapers.store import Record, now
from hotpapers.view.site_config import SiteConfig

NAME = "mailing"
MOST_FAILED = 50
"""One in so many letters may fail: 2 %."""
LEAST_FAILED = 3
"""Fewer failures stop no issue: one closed mailbox must not silence a small list."""
SETTLED_WITHIN = 12 * 60_000_000
"""After so many µs nobody is handing over a letter any more: whoever claimed it has ended."""
UNKNOWN = "unknown: interrupted while it was handed over; not sent again"

PACE = "mail:"
"""How a domain's pace is named among those of hosts."""


class AddressedMessage(NamedTuple):
    """What a message holds: a letter and its reader."""

    letter: UnaddressedMessage
    reader: Subscriber

    @property
    def key(self) -> OutboxKey:
        """Under which the journal knows it."""
        return OutboxKey(self.letter.publication, self.letter.day, self.reader.mark)


class EmailSender:
    """The sender. For one thread; close it after use."""

    name = NAME

    def __init__(self, record: Record, office: MailConfig, site_config: SiteConfig) -> None:
        self._record, self._office, self._imprint = record, office, site_config
        self._relay = SmtpClient(office)
        self._begun: tuple[str, str] | None = None
        self._readers = 0
        self._doubt = ""

    def close(self) -> None:
        self._relay.close()

    # ---- what is to be sent --------------------------------------------------------------------------

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        """A letter for everybody whose letter of the day is not over and may be tried now, domains in turn.

        Whoever confirmed after the issue was frozen gets the next one; who wants no empty issues gets none.
        """
        if queries.is_delivered(self._record, self.name, publication, day):
            return
        readers = self._readers_of(issue_reader, publication, day)
        over = queries.finished_letters(self._record, publication, day)
        self._begun, self._readers = (publication, day), len(readers)
        put_off, at = queries.deferred_letters(self._record, publication, day), now()
        due = [
            subscriber
            for subscriber in readers
            if subscriber.mark not in over and put_off.get(subscriber.mark, 0) <= at
        ]
        letter = issue_message(issue_reader.issue(publication, day), self._office, self._imprint) if due else None
        for reader in interleaved(due):
            assert letter is not None
            yield Message(reader.mark, AddressedMessage(letter, reader))

    def summary(self, issue_reader: IssueReader, publication: str, day: str) -> DeliveryCounts | None:
        """How many letters of a day were handed over and failed; None as `BulkSender` has it."""
        if queries.is_delivered(self._record, self.name, publication, day):
            return None
        over = queries.finished_letters(self._record, publication, day)
        if not over or any(
            subscriber.mark not in over for subscriber in self._readers_of(issue_reader, publication, day)
        ):
            return None
        failed = sum(state == "failed" for state in over.values())
        return DeliveryCounts(len(over) - failed, failed)

    def _readers_of(self, issue_reader: IssueReader, publication: str, day: str) -> list[Subscriber]:
        """Who is to get a day's issue."""
        issue = issue_reader.issue(publication, day)
        readers = subscribers.confirmed(self._record, publication, issue.frozen_at)
        return [reader for reader in readers if issue.content.entries or not reader.skip_empty]

    def tidy(self, at: int) -> None:
        """Drops what is no longer needed: addresses that were never confirmed, old letters, paces of a day ago."""
        subscribers.tidy(self._record, at)
        queries.drop_old_letters(self._record, self.name, at)
        jobs_queries.drop_old_paces(self._record, PACE, at - DAY)

    # ---- before each message --------------------------------------------------------------------------

    def check(self) -> None:
        """Raises RequestRefused where too many letters of the issue failed, RetryLater where the relay cannot be used
        now, or broke off just now without a word: else every letter might be lost to it."""
        if self._doubt:
            raise RetryLater(AGAIN, self._doubt)
        if self._begun is not None:
            failures = queries.count_failed_letters(self._record, *self._begun)
            if failures >= most_failures(self._readers):
                raise RequestRefused(
                    f"stopped: {failures} of {self._readers} letters of {self._begun[1]} failed or came back, and "
                    "2 % is the limit. Who cannot be reached gets no more; the next issue goes out, this one does not. "
                    "See hotpapers mail list, and ask the relay why"
                )
        self._relay.ready()

    # ---- one message ----------------------------------------------------------------------------------

    def send(self, message: Message, http: HttpClient) -> str:
        """Sends one letter, unless it was claimed before; the relay's receipt. Raises RetryLater, RequestRefused,
        NetError."""
        envelope = message.payload
        assert isinstance(envelope, AddressedMessage)
        # the domain's next moment, over all processes of the site
        pace = PACE + domain_of(envelope.reader.address)
        http.sleep(jobs_queries.reserve_moment(self._record, pace, 60 / self._office.pace))
        self._relay.ready()
        reader = subscribers.find(self._record, envelope.reader.mark)
        if reader is None or reader.state != "confirmed":
            raise RequestRefused("left before it was sent")
        claim = _Claim(self._record, envelope.key, http.now)
        letter = address_message(envelope.letter, self._office, reader, self._record.marks.secret)
        outcome = self._relay.hand_over(reader.address, letter, claim.take)
        if isinstance(outcome, Rejected) or (isinstance(outcome, Deferred) and not outcome.everybody):
            claim.take()  # what is kept of it now must not be another process's
        if claim.standing is not None:
            return self._as_it_stands(claim, http.now())
        assert outcome is not None
        return self._record_outcome(claim, reader, outcome, http.now())

    def _record_outcome(self, claim: _Claim, reader: Subscriber, outcome: Outcome, at: int) -> str:
        """Keeps what became of a letter. The receipt; raises RetryLater, RequestRefused, NetError."""
        key = claim.key
        if isinstance(outcome, Accepted):
            receipt = without_address(outcome.receipt, reader.address)
            outbox.mark_sent(self._record, key, receipt, at)
            return receipt
        if isinstance(outcome, Rejected):
            outbox.mark_failed(self._record, key, outcome.reason, at)
            if outcome.gone:
                subscribers.bounce(self._record, reader.mark, outcome.reason, at)
            raise RequestRefused(outcome.reason)
        if isinstance(outcome, Deferred) and not outcome.everybody:
            if outbox.defer(self._record, key, outcome.reason, at):
                raise _put_off(outcome.reason)
            raise RequestRefused(f"given up: {outcome.reason}")
        reason = without_address(outcome.reason, reader.address)
        if isinstance(outcome, Deferred):
            if claim.taken:
                outbox.release(self._record, key, at)
            raise RetryLater(AGAIN, reason)
        self._doubt = reason
        raise NetError(f"nobody knows whether it arrived: {reason}")

    def _as_it_stands(self, claim: _Claim, at: int) -> str:
        """The receipt of a letter that is not ours to send. Raises RequestRefused, NetError."""
        standing = claim.standing
        assert standing is not None
        if standing.state == "failed":
            raise RequestRefused(standing.receipt)
        if standing.state == "later":
            raise _put_off(standing.receipt)
        if standing.state == "handed":
            return standing.receipt
        if at - standing.at < SETTLED_WITHIN:
            raise NetError("another process is sending it, or was killed while it did")
        outbox.mark_sent(self._record, claim.key, UNKNOWN, at)
        return UNKNOWN


class _Claim:
    """One claim of a letter. `taken`: whether it is ours; `standing`: how it stands where it is not."""

    def __init__(self, record: Record, key: OutboxKey, clock: Callable[[], int]) -> None:
        self._record, self._clock, self.key = record, clock, key
        self.taken = False
        self.standing: queries.OutboxEntry | None = None

    def take(self) -> bool:
        """Claims the letter, unless that was tried; whether it is ours."""
        if not self.taken and self.standing is None:
            self.standing = outbox.claim(self._record, self.key, self._clock())
            self.taken = self.standing is None
        return self.taken


def most_failures(readers: int) -> int:
    """How many failed letters stop an issue that goes to so many readers."""
    return max(LEAST_FAILED, -(-readers // MOST_FAILED))


def _put_off(reason: str) -> NetError:
    """Says that a letter surely was not taken."""
    problem = NetError(f"put off: {reason}")
    problem.tries = 0
    return problem


def interleaved(readers: Sequence[Subscriber]) -> list[Subscriber]:
    """The readers, domain by domain in turn: while one domain is waited for, the others get theirs."""
    by_domain: dict[str, list[Subscriber]] = {}
    for reader in readers:
        by_domain.setdefault(domain_of(reader.address), []).append(reader)
    return [recipient for recipient in chain.from_iterable(zip_longest(*by_domain.values())) if recipient is not None]
