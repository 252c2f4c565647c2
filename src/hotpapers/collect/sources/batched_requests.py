"""Shared by sources: reading a network part by part, many known posts a request at a time, and with doubts about
implausible answers.

One failure doesn't affect the others. A network that fails may show none of its earlier posts: a list that shows
nothing then counts as partly read, and reading does not move on, so that missed posts are read later. A network that
has lost sight of all posts answers as if each had been deleted.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import partial
from typing import Generic, Protocol, TypeVar

import msgspec

from hotpapers.base.errors import NetError, PartiallyRead, RequestRefused, RetryLater
from hotpapers.base.model import DAY, HOUR, HttpClient, Pages, PayloadPage, RawPayload
from hotpapers.base.papers import paper_servers
from hotpapers.base.papers.mentions.paper_index import NO_NAMES, PaperIndex
from hotpapers.base.text.timestamps import is_over

GONE = (404, 410)
"""Statuses of a post that no longer exists."""
IN_A_ROW = 5
"""This many failures in a row mean that the network fails, not single posts."""
REFUSALS_IN_A_ROW = 100
"""So many refusals in a row mean it: each may concern only its post, in a subreddit gone private, say."""

T = TypeVar("T")
Answer = TypeVar("Answer")


def ids_in(keys: Iterable[str], pattern: re.Pattern[str]) -> list[str]:
    """The distinct ids in the keys that match."""
    matches = map(pattern.fullmatch, keys)
    return list(dict.fromkeys(match[1] for match in matches if match))


def one_by_one(items: Iterable[T], ask: Callable[[T], Answer]) -> Iterator[Answer]:
    """An answer, such as a page, for each item, skipping single failures.

    Raises RetryLater immediately, and the last failure if every item failed or several failed in a row: the rest would
    fail too, and is fetched later.
    """
    any_answer = False
    failures = refusals = 0
    last_failure = None
    for item in items:
        try:
            answer = ask(item)
        except RetryLater:
            raise
        except NetError as problem:
            last_failure = problem
            if isinstance(problem, RequestRefused):
                refusals += 1
            else:
                failures += 1
            if failures == IN_A_ROW or refusals == REFUSALS_IN_A_ROW:
                raise
            continue
        any_answer = True
        failures = refusals = 0
        yield answer
    if last_failure and not any_answer:
        raise last_failure


def parse_cursor(cursor: str | None, type: type[T]) -> T:
    """A stored cursor. Earlier versions stored only `read`."""
    if not cursor or cursor.isdigit():
        return msgspec.convert({"read": int(cursor or 0)}, type)
    return msgspec.json.decode(cursor, type=type)


# ---- networks read part by part: servers, timelines, subreddits, feeds --------------------------------

NAMED = 5
"""How many failures an error names; the rest are only counted."""
REFUSED_FOR = HOUR
"""Microseconds for which a part that refused is skipped while the others are read."""


class EndpointRotation:
    """Reads parts one after another, pausing those that asked for it or that refused."""

    def __init__(self) -> None:
        self._paused: dict[str, tuple[int, int, NetError]] = {}

    def pages(
        self, http: HttpClient, parts: Iterable[tuple[str, Pages]], final_pages: Iterable[PayloadPage] = ()
    ) -> Pages:
        """The pages of each named part, then `final_pages`. Failures are raised at the end: see `raise_failures`."""
        failures = list[NetError]()
        count = 0
        for name, pages in parts:
            count += 1
            try:
                now = http.now()
                since, pause, error = self._paused.get(name, (0, 0, NetError()))
                if not is_over(since, pause, now):  # raises its last error again
                    left = (since + pause - now) / 1e6
                    raise type(error)(left, error.reason) if isinstance(error, RetryLater) else error
                self._paused.pop(name, None)
                yield from pages
            except NetError as problem:
                now = http.now()
                if isinstance(problem, RetryLater | RequestRefused) and name not in self._paused:
                    pause = int(problem.seconds * 1e6) if isinstance(problem, RetryLater) else REFUSED_FOR
                    self._paused[name] = (now, pause, problem)
                failures.append(problem)
        yield from final_pages
        raise_failures(failures, count)


def raise_failures(failures: Sequence[NetError], count: int) -> None:
    """Raise the failures among `count` parts: PartiallyRead if there are several and some could be read or lost
    entries, else the error of the part to be retried soonest; nothing if none failed."""
    if not failures:
        return
    partial = (problem.lost_until for problem in failures if isinstance(problem, PartiallyRead))
    lost_until = max((until for until in partial if until is not None), default=None)
    if count == 1 or (len(failures) == count and lost_until is None):
        raise soonest_retry(failures)
    reasons = list(dict.fromkeys(map(str, failures)))
    if len(reasons) > NAMED:
        ending = [f"and {len(reasons) - NAMED} more"]
    else:
        ending = []
    raise PartiallyRead(
        "; ".join([f"{len(failures)} of {count} could not be read", *reasons[:NAMED], *ending]), lost_until=lost_until
    )


def soonest_retry(problems: Sequence[NetError]) -> NetError:
    """The error of the server to be retried soonest: down, then busy, then refused."""
    return min(
        problems, key=lambda problem: 2 if isinstance(problem, RequestRefused) else int(isinstance(problem, RetryLater))
    )


# ---- lists that show nothing --------------------------------------------------------------------------

DOUBTED_FOR = 30 * DAY
"""How long a list that shows nothing is doubted, µs: some are cleared for good."""
MANY = 5
"""So many posts are hardly ever all deleted together."""
REMEMBERED = 3
"""How many of the posts returned last are remembered, to ask for them again."""

Ask = Callable[[Sequence[str]], Iterable[PayloadPage]]
"""Requests posts by the network's ids."""
Listed = Callable[[], Sequence[str] | None]
"""The ids of posts that the network's lists show now; None if it shows no lists."""


def no_overlap(name: str) -> PartiallyRead:
    """The error for a list that shows none of its earlier entries."""
    return PartiallyRead(f"{name}: lists nothing of what it listed before")


def overlap_problem(name: str, last_at: int | None, now: int) -> PartiallyRead | None:
    """The error for an empty list, if it is doubted. `last_at`: when it was last seen with entries, or when its newest
    known entry was made, in µs; None if it is not known to have had any."""
    if last_at is not None and not is_over(last_at, DOUBTED_FOR, now):
        return no_overlap(name)
    return None


def check_overlap(name: str, last_at: int | None, now: int) -> None:
    """Raises it."""
    if problem := overlap_problem(name, last_at, now):
        raise problem


# ---- posts ---------------------------------------------------------------------------------------------


class RemovalCheck:
    """Holds back reports that posts are gone until the network returns a post. Keeps the ids of those that it returned
    last."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self.held = list[RawPayload]()
        self._last_seen = deque[str](maxlen=remembered)

    @property
    def last_seen(self) -> list[str]:
        """The posts that the network returned last, newest first."""
        return list(reversed(self._last_seen))

    def believed(self, payloads: Sequence[RawPayload]) -> list[RawPayload]:
        """The payloads of an answer that are believed: none if it has only reports; else all, and those held back."""
        existing = [payload.key for payload in payloads if payload.kind != "gone"]
        if not existing:
            self.held += payloads
            return []
        self._last_seen += existing
        return [*self.release(), *payloads]

    def release(self) -> list[RawPayload]:
        """The reports held back, which are no longer held."""
        held = self.held
        self.held = []
        return held

    def pages(self, ids: Sequence[str], ask: Ask, listed: Listed = lambda: None) -> Pages:
        """The answers about posts, with what is believed of them. Raises PartiallyRead if some is doubted."""
        self.release()  # those of a round that failed are requested again
        for page in ask(ids):
            yield page._replace(payloads=self.believed(page.payloads))
        if self.held:
            yield PayloadPage(self.settle(ask, listed))

    def pages_one_by_one(
        self, ids: Sequence[str], ask: Callable[[str], PayloadPage], lists: Iterable[Sequence[RawPayload]]
    ) -> Pages:
        """The same for posts that are requested one at a time. `lists`: the network's lists of posts, of which the
        first that is not empty counts."""
        return self.pages(ids, lambda ids: one_by_one(ids, ask), partial(first_ids, lists))

    def settle(self, ask: Ask, listed: Listed) -> list[RawPayload]:
        """The reports still held at the end of a round, if the network returns one of the posts that it returned last,
        or one that its lists show. Raises PartiallyRead if it knows none of them.

        Without lists, a network that has not returned any post yet is believed about a few.
        """
        if self._returns_any(ask, self.last_seen):
            return self.release()
        ids = listed()
        if not self._last_seen and len(self.held) < MANY if ids is None else self._returns_any(ask, ids):
            return self.release()
        count = len(self.release())
        raise PartiallyRead(f"the network no longer knows any posts; {count:,} are asked for again later")

    def _returns_any(self, ask: Ask, ids: Sequence[str]) -> bool:
        pages = ask(ids[: self._last_seen.maxlen]) if ids else ()
        return any(payload.kind != "gone" for page in pages for payload in page.payloads)


def first_ids(lists: Iterable[Sequence[RawPayload]]) -> list[str]:
    """The ids in the first list that is not empty."""
    return next(([payload.key for payload in payloads] for payloads in lists if payloads), [])


# ---- posts that may have been edited ---------------------------------------------------------------------

EDIT = "edit"
"""The kind of payload with a post's content after an edit, which removes mentions that the post no longer has."""
AGAIN = "again"
"""The kind of payload with the content of a known post from a network that does not say whether it was edited: an edit
if its words or links have changed, unless only its end was cut off."""


def as_known(payload: RawPayload, network: str, known: Container[str]) -> RawPayload:
    """A payload with a post's content, of kind `AGAIN` if the post is in the record."""
    return payload._replace(kind=AGAIN) if f"{network}:{payload.key}" in known else payload


# ---- connectors ---------------------------------------------------------------------------------------


class Polled(Protocol):
    """Settings of a source."""

    @property
    def every(self) -> float:
        """Seconds between rounds."""


Settings = TypeVar("Settings", bound=Polled)


class PostSource(Generic[Settings]):
    """A connector. `known`: keys of the tracked posts and of their accounts; `names`: the names of known papers.

    `reach`: as in `model.Source`; by default a network forgets nothing. `remembered`: how many posts that the network
    returned last are remembered.
    """

    reach: int | None = None
    remembered = REMEMBERED

    def __init__(self, settings: Settings, known: Container[str] = (), names: PaperIndex = NO_NAMES) -> None:
        self.settings = settings
        self.known = known
        self.names = names
        self.every = settings.every
        self._removal_check = RemovalCheck(self.remembered)
        self._rotation = EndpointRotation()
        self._set_up()

    def counts(self, http: HttpClient, keys: Sequence[str]) -> Pages:
        """Nothing, as of networks that have no counts."""
        return iter(())

    @property
    def server_hosts(self) -> tuple[str, ...]:
        """The hosts of the servers besides arXiv whose papers are looked for."""
        return paper_servers.hosts_of(self.names.servers)

    def _set_up(self) -> None:
        """Adds this source's own state."""
