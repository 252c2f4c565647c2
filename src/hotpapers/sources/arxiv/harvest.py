"""What was missed longer ago than the listings tell of: OAI-PMH, one datestamp after the other up to today."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from hotpapers import announcement_days as days
from hotpapers.errors import Refused
from hotpapers.model import Net, Page, Seen
from hotpapers.sources.arxiv import facts, oai, place, xml
from hotpapers.sources.arxiv.place import Place
from hotpapers.sources.arxiv.settings import ArxivSettings


class Harvest:
    """Closes a place's gap, a page at a time; nothing where there is none."""

    def __init__(self, settings: ArxivSettings, net: Net, ask: Callable[..., Any], start: Place) -> None:
        self.settings, self.net, self.place, self._ask = settings, net, start, ask
        self._holidays: Container[str] = frozenset(settings.holidays)

    def _page(self, seen: Sequence[Seen] = ()) -> Page:
        return Page(seen, place.text(self.place))

    def pages(self) -> Iterator[Page]:
        """All of it that is left."""
        today = datetime.fromtimestamp(self.net.now() // 1_000_000, UTC).date().isoformat()
        while self.place.stamp:
            if self.place.stamp > today:
                yield self._healed()
                return
            yield self._part()

    def _part(self) -> Page:
        first = {"metadataPrefix": "arXivRaw", "from": self.place.stamp, "until": self.place.stamp}
        params = {"resumptionToken": self.place.token} if self.place.token else first
        part, at = self._ask(oai.parse, self.settings.oai, verb="ListRecords", **params)
        if part.error == oai.STALE and self.place.token:
            self.place = msgspec.structs.replace(self.place, token="")
            return self._page()
        if part.error not in ("", oai.NOTHING):
            raise Refused(f"{self.settings.oai}: {part.error}: {part.why}")
        where = oai.Gap(*self.place.gap, self.place.after, self.place.before, ",".join(self.settings.holidays))
        seen = [Seen("record", key, xml.within(body, **where._asdict()), at) for key, body in part.records]
        self.place = place.harvested(self.place, part.token)
        return self._page(seen)

    def _healed(self) -> Page:
        first, last = self.place.gap
        before_first = days.previous_day(first, self._holidays)
        healed = days.between(before_first, days.following(last), self._holidays)
        seen = [facts.day_seen(day, "harvested", (), self.net.now()) for day in healed]
        self.place = place.healed(self.place)
        return self._page(seen)
