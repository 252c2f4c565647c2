"""Whether reports that posts are gone are believed: a network that has lost sight of all posts answers as if each had
been deleted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from hotpapers.base.errors import PartiallyRead
from hotpapers.base.model import PayloadPage, RawPayload

MANY = 5
"""So many posts are hardly all deleted at once."""
REMEMBERED = 3
"""How many of the posts returned last are remembered, to ask for them again."""

Ask = Callable[[Sequence[str]], Iterable[PayloadPage]]
"""Requests posts by the network's ids."""
Listed = Callable[[], Sequence[str] | None]
"""The ids of posts that the network's lists show now; None if it shows no lists."""


class RemovalCheck:
    """Holds back reports that posts are gone until the network returns a post. Keeps the ids of those that it returned
    last."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self.held: list[RawPayload] = []
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
        held, self.held = self.held, []
        return held

    def pages(self, ids: Sequence[str], ask: Ask, listed: Listed = lambda: None) -> Iterator[PayloadPage]:
        """The answers about posts, with what is believed of them. Raises PartiallyRead if some is doubted."""
        self.release()  # those of a round that failed are requested again
        for page in ask(ids):
            yield page._replace(payloads=self.believed(page.payloads))
        if self.held:
            yield PayloadPage(self.settle(ask, listed))

    def settle(self, ask: Ask, listed: Listed = lambda: None) -> list[RawPayload]:
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
