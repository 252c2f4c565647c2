"""Networks that are read part by part: servers, timelines, subreddits, feeds. One that fails stops no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hotpapers.errors import NetError, PartiallyRead, RequestRefused, RetryLater
from hotpapers.model import HOUR, HttpClient, PayloadPage

NAMED = 5
"""How many failures an error tells; of the rest it says how many they are."""
REFUSED_FOR = HOUR
"""Microseconds for which a part that refused is left alone, while the others are read."""


class EndpointRotation:
    """Asks parts one after another, and lets those rest that asked for it or that refused."""

    def __init__(self) -> None:
        self._paused: dict[str, tuple[int, NetError]] = {}

    def pages(
        self,
        http: HttpClient,
        parts: Iterable[tuple[str, Iterator[PayloadPage]]],
        final_pages: Iterable[PayloadPage] = (),
    ) -> Iterator[PayloadPage]:
        """The pages of each part, by its name, and what follows them. What failed is told at the very end: see
        `raise_failures`."""
        failed: list[NetError] = []
        count = 0
        for name, pages in parts:
            count += 1
            try:
                self._check_pause(name, http.now())
                yield from pages
            except NetError as problem:
                self._pause(name, problem, http.now())
                failed.append(problem)
        yield from final_pages
        raise_failures(failed, count)

    def _check_pause(self, name: str, now: int) -> None:
        """Raises again what a part said, as long as it rests."""
        until, error = self._paused.get(name, (0, NetError()))
        if now >= until:
            self._paused.pop(name, None)
        else:
            raise RetryLater((until - now) / 1e6, error.reason) if isinstance(error, RetryLater) else error

    def _pause(self, name: str, problem: NetError, now: int) -> None:
        if isinstance(problem, RetryLater | RequestRefused) and name not in self._paused:
            pause = int(problem.seconds * 1e6) if isinstance(problem, RetryLater) else REFUSED_FOR
            self._paused[name] = (now + pause, problem)


def raise_failures(failed: Sequence[NetError], count: int) -> None:
    """Tells what failed, of so many parts in all: Partial where some could be read; else the error of that part which
    is soonest tried again; nothing where none failed."""
    if not failed:
        return
    lost_until = max((until for problem in failed if (until := _lost_until(problem)) is not None), default=None)
    if count == 1 or (len(failed) == count and lost_until is None):
        raise soonest_retry(failed)
    reasons = list(dict.fromkeys(map(str, failed)))
    more = [f"and {len(reasons) - NAMED} more"] if len(reasons) > NAMED else []
    raise PartiallyRead(
        "; ".join([f"{len(failed)} of {count} could not be read", *reasons[:NAMED], *more]),
        lost_until=lost_until,
    )


def _lost_until(problem: NetError) -> int | None:
    return problem.lost_until if isinstance(problem, PartiallyRead) else None


def soonest_retry(problems: Sequence[NetError]) -> NetError:
    """Of what several servers said, that which is soonest tried again: down, then busy, then refused."""
    return min(
        problems, key=lambda problem: 2 if isinstance(problem, RequestRefused) else int(isinstance(problem, RetryLater))
    )
