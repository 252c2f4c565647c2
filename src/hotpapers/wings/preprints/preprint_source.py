"""Shared by the readers of preprint servers: reading on by days, whose last two are read again, as entries appear
late."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Container
from typing import Annotated, Generic, TypeVar

import msgspec

from hotpapers.base.model import DAY, HttpClient, Pages, PayloadPage
from hotpapers.base.papers.mentions.paper_index import NO_NAMES, PaperIndex
from hotpapers.base.settings.limits import AtLeastOne
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.text.timestamps import day_of, start_of_day
from hotpapers.collect.sources.batched_requests import PostSource

OVERLAP = 2 * DAY


class PreprintSettings(SettingsStruct):
    """`every`: seconds between rounds. `first_days`: how many days back the first round goes if `[run] read_back` is
    0."""

    every: AtLeastOne = 3600
    first_days: Annotated[int, msgspec.Meta(ge=1, le=30)] = 2


ServerSettings = TypeVar("ServerSettings", bound=PreprintSettings)


class PreprintSource(PostSource[ServerSettings], Generic[ServerSettings]):
    """The connector of the server `name`. The cursor is the day up to which everything was read."""

    def __init__(
        self, name: str, settings: ServerSettings, known: Container[str] = (), names: PaperIndex = NO_NAMES
    ) -> None:
        self.name = name
        super().__init__(settings, known, names)

    def pages(self, http: HttpClient, cursor: str | None) -> Pages:
        """The papers posted since the last day that was read, with an overlap."""
        first = start_of_day(cursor) - OVERLAP if cursor else http.now() - self.settings.first_days * DAY
        return self._since(http, first)

    def pages_since(self, http: HttpClient, cursor: str | None, since: int) -> Pages:
        """The papers posted since a moment: servers have their whole history."""
        yield from self._since(http, since)
        yield PayloadPage(since=since)

    def _since(self, http: HttpClient, since: int) -> Pages:
        today = day_of(http.now())
        yield from self._posted(http, day_of(since), today)
        yield PayloadPage((), today)

    @abstractmethod
    def _posted(self, http: HttpClient, first: str, last: str) -> Pages:
        """Everything posted from one day to another, both included. Raises PartiallyRead if it cannot be read to the
        end."""
