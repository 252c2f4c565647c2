"""What a script consists of: papers, accounts and messages, and the laws by which they change. Pure.

A script says what happens. What the networks show at a moment is a function of script and moment, so a record can be
compared with it. Moments are µs UTC, days of messages are whole days since 1970 in UTC, days of arXiv are labels
(hotpapers.announcement_days).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from hotpapers import announcement_days as days
from hotpapers.categories import archive_of
from hotpapers.model import DAY, HOUR

SECOND = 1_000_000
MINUTE = 60 * SECOND
NEVER = 2**53 - 1
WITHDRAWN_AFTER = 3 * HOUR
"""Every tenth like is withdrawn after this time."""
LASTS = 15
"""Days after which a post no longer changes, except that it may be deleted."""


# ---- papers ------------------------------------------------------------------------------------------


class Version(NamedTuple):
    """A version of a paper: when it was submitted, and the day of its announcement; `withdrawn`: it is empty."""

    submitted: int
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
    heat: float = 1.0
    """How much people talk about it; at least 1."""

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
        return sum(days.announced_at(one.label) <= now for one in self.versions)


# ---- people and messages ---------------------------------------------------------------------------------


class Account(NamedTuple):
    """An account on a network. `id`: the network's own, stable; `home`: which of several servers it is on.

    `left`, `back`: from when until when the account is gone, and `why`. `labels`: labels that others gave it.
    """

    network: str
    id: str
    name: str
    shown: str
    home: str = ""
    bot: bool = False
    labels: tuple[str, ...] = ()
    left: int = NEVER
    back: int = NEVER
    why: str = "suspended"


class Naming(NamedTuple):
    """How a message names a paper: `form`, a word of hotpapers.ids.arxiv.addresses; `place`: link, card or text."""

    paper: str
    form: str = "abs"
    place: str = "link"
    version: int = 0


class Said(NamedTuple):
    """A message. `at`: whole seconds, unique on its network.

    `words`: its text besides naming papers. `fame`: how many likes it gets in the end; `half`: the time in which half
    of them come. `gone_at`, `why`: when and why it disappears. `edited_at`, `edit`: when other words replace these.
    `limits`: why it may not be quoted. `title`: of a story; `story`: the story to which a comment belongs.
    """

    network: str
    id: str
    at: int
    by: Account
    words: str
    names: tuple[Naming, ...] = ()
    fame: int = 0
    half: int = 8 * HOUR
    reply_to: str = ""
    quotes: str = ""
    gone_at: int = NEVER
    why: str = "deleted"
    edited_at: int = NEVER
    edit: str = ""
    limits: tuple[str, ...] = ()
    lang: str = "en"
    title: str = ""
    story: str = ""

    @property
    def papers(self) -> frozenset[str]:
        """The identifiers of the papers that it names."""
        return frozenset(one.paper for one in self.names)

    def words_at(self, now: int) -> str:
        """Its words at a moment."""
        return self.edit if self.edited_at <= now else self.words


class Script(Protocol):
    """Everything that happens. `chatter`: seconds between messages about nothing on Bluesky's stream, 0 for none."""

    chatter: int

    def papers(self, label: str) -> Sequence[Paper]:
        """What arXiv announces as new on a day, by identifier."""

    def replaced(self, label: str) -> Sequence[tuple[Paper, int]]:
        """Papers with a new version announced on a day, and the number of that version."""

    def paper(self, id: str) -> Paper | None:
        """A paper by its bare identifier."""

    def said(self, network: str, day: int) -> Sequence[Said]:
        """The messages on a network on a day, by moment."""

    def accounts(self, network: str) -> Sequence[Account]:
        """All accounts on a network."""

    def __hash__(self) -> int:
        """A script equals only itself."""


class Nothing:
    """A script in which nothing happens, as an empty network shows it."""

    chatter = 0

    def papers(self, label: str) -> Sequence[Paper]:
        return ()

    def replaced(self, label: str) -> Sequence[tuple[Paper, int]]:
        return ()

    def paper(self, id: str) -> Paper | None:
        return None

    def said(self, network: str, day: int) -> Sequence[Said]:
        return ()

    def accounts(self, network: str) -> Sequence[Account]:
        return ()


# ---- what exists at a moment --------------------------------------------------------------------------------


def there(said: Said, now: int) -> bool:
    """Whether a message is visible at a moment."""
    return said.at <= now < said.gone_at and present(said.by, now)


def present(by: Account, now: int) -> bool:
    """Whether an account exists at a moment."""
    return not by.left <= now < by.back


def between(script: Script, network: str, since: int, until: int) -> Iterator[Said]:
    """The messages from one moment until another, both included, by moment, whether or not they still exist."""
    for day in range(since // DAY, until // DAY + 1):
        for one in script.said(network, day):
            if since <= one.at <= until:
                yield one


def latest(script: Script, network: str, until: int, most_days: int) -> Iterator[Said]:
    """The messages until a moment, newest first, at most `most_days` back."""
    for day in range(until // DAY, until // DAY - most_days, -1):
        yield from (one for one in reversed(script.said(network, day)) if one.at <= until)


def find(script: Script, network: str, id: str, at: int) -> Said | None:
    """The message with an identifier, from the day of a moment."""
    return next((one for one in script.said(network, at // DAY) if one.id == id), None)


# ---- reactions ----------------------------------------------------------------------------------------------


def comes_at(said: Said, n: int, final: int) -> int:
    """When the n-th of `final` reactions comes: half of the remaining ones come in each `half`."""
    return said.at + math.ceil(said.half * math.log2((final + 1) / (final + 1 - n)))


def come_by(said: Said, now: int, final: int) -> int:
    """How many of `final` reactions have come by a moment: exactly those with comes_at ≤ now."""
    age = now - said.at
    if age <= 0 or final <= 0:
        return 0
    if age >= 12 * said.half and final < 2**12:
        return final  # the last of 4,095 comes after twelve halves
    n = min(final, int((final + 1) * (1 - 2.0 ** (-age / said.half))))
    while n < final and comes_at(said, n + 1, final) <= now:
        n += 1
    while n and comes_at(said, n, final) > now:
        n -= 1
    return n


class Counts(NamedTuple):
    """How often a message was liked, shared, replied to, quoted and seen."""

    likes: int
    reposts: int
    replies: int
    quotes: int
    views: int


def finals(said: Said) -> Counts:
    """The final counts, before any like is withdrawn."""
    return Counts(said.fame, said.fame // 4, said.fame // 6, said.fame // 20, said.fame * 40)


def counts(said: Said, now: int) -> Counts:
    """The counts at a moment. Likes may fall, since every tenth is withdrawn."""
    given = Counts(*(come_by(said, now, final) for final in finals(said)))
    return given._replace(likes=given.likes - come_by(said, now - WITHDRAWN_AFTER, said.fame) // 10)
