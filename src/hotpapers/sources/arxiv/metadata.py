"""Papers by the API, a batch at a time: what it says of the versions that were announced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hotpapers.errors import NetError
from hotpapers.model import RawPayload
from hotpapers.sources.arxiv import api
from hotpapers.sources.arxiv.settings import ArxivSettings


class MetadataFetcher:
    """Asks for papers as long as the API answers. It lags behind the announcements now and then, by hours or a day.

    `given`: versions that it has described, such as `2101.04869v2`; `told`: these and their bare identifiers, and what
    others add. `failed`: it did not answer.
    """

    def __init__(self, settings: ArxivSettings, ask: Callable[..., Any]) -> None:
        self.settings, self._ask = settings, ask
        self.given: set[str] = set()
        self.told: set[str] = set()
        self.failed = False

    def ask_for(self, identifiers: Sequence[str]) -> Iterator[list[RawPayload]]:
        """What it says of these versions, a list a request, up to a request in which it has nothing of them."""
        left = [fromkey for fromkey in dict.fromkeys(identifiers) if fromkey not in self.given]
        for start in range(0, len(left), self.settings.batch):
            payloads = [] if self.failed else self._batch(left[start : start + self.settings.batch])
            if not payloads:
                return
            yield payloads

    def _batch(self, identifiers: Sequence[str]) -> list[RawPayload]:
        """A batch. What fails is no failure of the round: it is asked for again in a later one."""
        ids = list(dict.fromkeys(identifier.rpartition("v")[0] for identifier in identifiers))
        try:
            papers, at = self._ask(api.parse, self.settings.api, id_list=",".join(ids), max_results=str(len(ids)))
        except NetError:
            self.failed = True
            return []
        latest = {paper.id: paper.version for paper in papers}
        self.given |= {identifier for identifier in identifiers if _is_described(identifier, latest)}
        self.told |= self.given | latest.keys()
        return [RawPayload("paper", paper.id, paper.body, at) for paper in papers]


def _is_described(named: str, latest: dict[str, int | None]) -> bool:
    """Whether the API's version of a paper is the announced one or a later one."""
    id, _, version = named.rpartition("v")
    return id in latest and (not version.isdigit() or (latest[id] or 0) >= int(version))
