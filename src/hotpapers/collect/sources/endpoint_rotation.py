"""Networks that are read part by part: servers, timelines, subreddits, feeds. A failing part stops no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hotpapers.base.errors import NetError, PartiallyRead, RequestRefused, RetryLater
from hotpapers.base.model import HOUR, HttpClient, PayloadPage

NAMED = 5
"""How many failures an error names; the rest are only counted."""
REFUSED_FOR = HOUR
"""Microseconds for which a part that refused is skipped while the others are read."""


class EndpointRotation:
    """Reads parts one after another, pausing those that asked for it or that refused."""

    def __init__(self) -> None:
        self._paused: dict[str, tuple[int, NetError]] = {}

    def pages(
        self,
        http: HttpClient,
        parts: Iterable[tuple[str, Iterator[PayloadPage]]],
        final_pages: Iterable[PayloadPage] = (),
    ) -> Iterator[PayloadPage]:
        """The pages of each named part, then `final_pages`. Failures are raised at the end: see `raise_failures`."""
        failures: list[NetError] = []
        count = 0
        for name, pages in parts:
            count += 1
            try:
                self._check_pause(name, http.now())
                yield from pages
            except NetError as problem:
                now = http.now()
                if isinstance(problem, RetryLater | RequestRefused) and name not in self._paused:
                    pause = int(problem.seconds * 1e6) if isinstance(problem, RetryLater) else REFUSED_FOR
                    self._paused[name] = (now + pause, problem)
                failures.append(problem)
        yield from final_pages
        raise_failures(failures, count)

    def _check_pause(self, name: str, now: int) -> None:
        """Raises a part's last error again while the part is paused."""
        until, error = self._paused.get(name, (0, NetError()))
        if now >= until:
            self._paused.pop(name, None)
        else:
            raise type(error)((until - now) / 1e6, error.reason) if isinstance(error, RetryLater) else error


def raise_failures(failures: Sequence[NetError], count: int) -> None:
    """Raise what failed of `count` parts: PartiallyRead if there are several and some could be read or lost entries,
    else the error of the part to be retried soonest; nothing if none failed."""
    if not failures:
        return
    partial = (problem.lost_until for problem in failures if isinstance(problem, PartiallyRead))
    lost_until = max((until for until in partial if until is not None), default=None)
    if count == 1 or (len(failures) == count and lost_until is None):
        raise soonest_retry(failures)
    reasons = list(dict.fromkeys(map(str, failures)))
    ending = [f"and {len(reasons) - NAMED} more"] if len(reasons) > NAMED else []
    raise PartiallyRead(
        "; ".join([f"{len(failures)} of {count} could not be read", *reasons[:NAMED], *ending]),
        lost_until=lost_until,
    )


def soonest_retry(problems: Sequence[NetError]) -> NetError:
    """The error of the server to be retried soonest: down, then busy, then refused."""
    return min(
        problems, key=lambda problem: 2 if isinstance(problem, RequestRefused) else int(isinstance(problem, RetryLater))
    )
