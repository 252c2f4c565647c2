"""What a script consists of: papers, accounts and messages, and the laws by which they change. Pure.

A script says what happens. What the networks show at a moment is a function of script and moment, so a record can be
compared with it. Moments are µs UTC, days of messages are whole days since 1970 in UTC, days of arXiv are labels
(hotpapers.base.papers.arxiv.calendar).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from hotpapers.base.model import DAY, HOUR
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.base.papers.categories import archive_of

SECOND = 1_000_000
MINUTE = 60 * SECOND
NEVER = 2**53 - 1
WITHDRAWN_AFTER = 3 * HOUR
"""Every tenth like is withdrawn after this time."""
CHANGE_DAYS = 15
"""Days after which a post no longer changes, except that it may be deleted."""


# ---- papers ------------------------------------------------------------------------------------------


class Version(NamedTuple):
    """A version of a paper: when it was submitted, and the day of its announcement. A withdrawn version is empty."""

    submitted_at: int
    label: str
    withdrawn: bool = False


class Paper(NamedTuple):
    """A paper. `categories`: the primary one first."""

    id: str
    title: str
    authors: tuple[str, ...]
    abstract: str
    categories: tuple[str, ...]
    versions: tuple[Version, ...]
    comment: str = ""
    doi: str = ""
    journal: str = ""
    popularity: float = 1.0
    """How much people post about it; at least 1."""

    @property
    def archives(self) -> tuple[str, ...]:
        """The archives that it is listed in, the primary one first."""
        return tuple(dict.fromkeys(map(archive_of, self.categories)))

    @property
    def label(self) -> str:
        """The day on which it was announced as new."""
        return self.versions[0].label

    def version_at(self, now: int) -> int:
        """The version that is public at a moment; 0 before the first one is."""
        return sum(days.announced_at(version.label) <= now for version in self.versions)


# ---- people and messages ---------------------------------------------------------------------------------


class Account(NamedTuple):
    """An account on a network. `id`: the network's own, stable; `home`: which of several servers it is on.

    `gone_from`, `gone_until`, `status`: when the account is gone, and its status meanwhile. `labels`: those that others
    gave it.
    """

    network: str
    id: str
    name: str
    display_name: str
    home: str = ""
    bot: bool = False
    labels: tuple[str, ...] = ()
    gone_from: int = NEVER
    gone_until: int = NEVER
    status: str = "suspended"


class PaperReference(NamedTuple):
    """How a message names a paper: `form`, one of base.papers.arxiv.addresses; `place`: link, card or text."""

    paper: str
    form: str = "abs"
    place: str = "link"
    version: int = 0


class Message(NamedTuple):
    """A message. `at`: when it was posted, in whole seconds, unique on its network.

    `words`: its text, apart from the papers that it names. `final_likes`: how many likes it gets in the end;
    `half_life`: the time in which half of them come. `gone_at`, `gone_reason`: when and why it disappears.
    `edited_at`, `edit`: when which other words replace these. `limits`: why it may not be quoted. `title`: of a story;
    `story`: the story to which a comment belongs; `parent`: the message that it answers, on other networks than
    Bluesky.
    """

    network: str
    id: str
    at: int
    author: Account
    words: str
    references: tuple[PaperReference, ...] = ()
    final_likes: int = 0
    half_life: int = 8 * HOUR
    reply_to: str = ""
    quotes: str = ""
    gone_at: int = NEVER
    gone_reason: str = "deleted"
    edited_at: int = NEVER
    edit: str = ""
    limits: tuple[str, ...] = ()
    lang: str = "en"
    title: str = ""
    story: str = ""
    parent: str = ""

    @property
    def papers(self) -> frozenset[str]:
        """The identifiers of the papers that it names."""
        return frozenset(reference.paper for reference in self.references)

    def words_at(self, now: int) -> str:
        """Its words at a moment."""
        return self.edit if self.edited_at <= now else self.words


class Script(Protocol):
    """Everything that happens. `chatter`: seconds between irrelevant messages on Bluesky's stream, 0 for none."""

    chatter: int

    def papers(self, label: str) -> Sequence[Paper]:
        """What arXiv announces as new on a day, by identifier."""

    def replacements(self, label: str) -> Sequence[tuple[Paper, int]]:
        """Papers whose new version is announced on a day, and the number of that version."""

    def paper(self, id: str) -> Paper | None:
        """A paper by its bare identifier."""

    def messages(self, network: str, day: int) -> Sequence[Message]:
        """The messages on a network on a day, by moment."""

    def accounts(self, network: str) -> Sequence[Account]:
        """All accounts on a network."""

    def __hash__(self) -> int:
        """A script equals only itself."""


class EmptyScript:
    """A script in which nothing happens, as seen on an empty network."""

    chatter = 0

    def papers(self, label: str) -> Sequence[Paper]:
        return ()

    def replacements(self, label: str) -> Sequence[tuple[Paper, int]]:
        return ()

    def paper(self, id: str) -> Paper | None:
        return None

    def messages(self, network: str, day: int) -> Sequence[Message]:
        return ()

    def accounts(self, network: str) -> Sequence[Account]:
        return ()


# ---- what exists at a moment --------------------------------------------------------------------------------


def is_visible(message: Message, now: int) -> bool:
    """Whether a message is visible at a moment."""
    return message.at <= now < message.gone_at and account_exists(message.author, now)


def account_exists(account: Account, now: int) -> bool:
    """Whether an account exists at a moment."""
    return not account.gone_from <= now < account.gone_until


def messages_between(script: Script, network: str, since: int, until: int) -> Iterator[Message]:
    """The messages from one moment until another, both included, by moment, whether or not they still exist."""
    for day in range(since // DAY, until // DAY + 1):
        for message in script.messages(network, day):
            if since <= message.at <= until:
                yield message


def latest_messages(script: Script, network: str, until: int, most_days: int) -> Iterator[Message]:
    """The messages until a moment, newest first, at most `most_days` back."""
    for day in range(until // DAY, until // DAY - most_days, -1):
        yield from (message for message in reversed(script.messages(network, day)) if message.at <= until)


def find_message(script: Script, network: str, id: str, at: int) -> Message | None:
    """The message with an identifier, from the day of a moment."""
    return next((message for message in script.messages(network, at // DAY) if message.id == id), None)


# ---- reactions ----------------------------------------------------------------------------------------------


def reaction_time(message: Message, n: int, final: int) -> int:
    """When the n-th of `final` reactions comes: half of the remaining ones come in each half-life."""
    return message.at + math.ceil(message.half_life * math.log2((final + 1) / (final + 1 - n)))


def count_reactions(message: Message, now: int, final: int) -> int:
    """How many of `final` reactions have come by a moment: exactly those with reaction_time ≤ now."""
    age = now - message.at
    if age <= 0 or final <= 0:
        return 0
    if age >= 12 * message.half_life and final < 2**12:
        return final  # the last of 4,095 comes after twelve half-lives
    n = min(final, int((final + 1) * (1 - 2.0 ** (-age / message.half_life))))
    while n < final and reaction_time(message, n + 1, final) <= now:
        n += 1
    while n and reaction_time(message, n, final) > now:
        n -= 1
    return n


class Counts(NamedTuple):
    """How often a message is liked, shared, replied to, quoted and seen."""

    likes: int
    reposts: int
    replies: int
    quotes: int
    views: int


def final_counts(message: Message) -> Counts:
    """The final counts, before any like is withdrawn."""
    return Counts(
        message.final_likes,
        message.final_likes // 4,
        message.final_likes // 6,
        message.final_likes // 20,
        message.final_likes * 40,
    )


def counts(message: Message, now: int) -> Counts:
    """The counts at a moment. Likes may fall, since every tenth is withdrawn."""
    all_counts = Counts(*(count_reactions(message, now, final) for final in final_counts(message)))
    return all_counts._replace(
        likes=all_counts.likes - count_reactions(message, now - WITHDRAWN_AFTER, message.final_likes) // 10
    )
