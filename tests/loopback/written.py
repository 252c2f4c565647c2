"""A script written by hand, for tests that need to know exactly what happens.

ada = account("bluesky", "ada")
moss = paper("2603.00001", "2026-03-10")
script = Written([moss], [said(ada, moment("2026-03-10T09:00"), "Look at this!", moss, fame=20)])
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hotpapers import announcement_days as days
from hotpapers.model import DAY, HOUR
from tests.loopback import ids, world
from tests.loopback.script import SECOND, Account, Naming, Paper, Said, Version


def account(network: str, name: str, **more: Any) -> Account:
    """An account on a network; `more`: fields of Account."""
    number = 0 if network == "feeds" else sum(name.encode())
    given: dict[str, Any] = {"id": world.account_id(network, name, number), "shown": name.title(), "home": "one"}
    return Account(network, name=name, **(given | more))


def paper(id: str, label: str, *labels: str, **more: Any) -> Paper:
    """A paper announced on one day, and its later versions on other days; `more`: fields of Paper."""
    versions = tuple(Version(days.announced_at(one) - 10 * HOUR, one) for one in (label, *labels))
    given: dict[str, Any] = {
        "title": f"A Made-Up Result of Some Length, Number {id}", "authors": ("Ada Amberfield", "Wen Lindenau"),
        "abstract": "It is made up.", "categories": ("cs.LG",), "versions": versions,
    }  # fmt: skip
    return Paper(id, **(given | more))


def said(by: Account, at: int, words: str, *named: Paper | Naming, **more: Any) -> Said:
    """A message at a whole second that names papers, by link unless given as Naming; `more`: fields of Said."""
    names = tuple(Naming(one.id) if isinstance(one, Paper) else one for one in named)
    at = at // SECOND * SECOND
    title = words if by.network in ("hackernews", "lobsters", "reddit", "feeds", "huggingface") else ""
    id = names[0].paper if by.network == "huggingface" else ids.made(by.network, at)
    return Said(by.network, id, at, by, words, names, title=title)._replace(**more)


class Written:
    """The script. Two messages in the same second on one network are an error."""

    def __init__(self, papers: Iterable[Paper] = (), said: Iterable[Said] = (), *, chatter: int = 20) -> None:
        self.chatter = chatter
        self._papers = {one.id: one for one in papers}
        self._said: dict[tuple[str, int], list[Said]] = {}
        self._people: dict[str, dict[str, Account]] = {}
        for one in sorted(said, key=lambda one: one.at):
            self._said.setdefault((one.network, one.at // DAY), []).append(one)
            self._people.setdefault(one.network, {})[one.by.id] = one.by
        for (network, _), day in self._said.items():
            assert len({one.at for one in day}) == len(day), f"{network}: two messages in one second"

    def papers(self, label: str) -> Sequence[Paper]:
        """The papers announced as new on a day."""
        return [one for id, one in sorted(self._papers.items()) if one.label == label]

    def replaced(self, label: str) -> Sequence[tuple[Paper, int]]:
        """New versions announced on a day."""
        rest = [(one, n, version) for one in self._papers.values() for n, version in enumerate(one.versions[1:], 2)]
        return [(one, n) for one, n, version in rest if version.label == label]

    def paper(self, id: str) -> Paper | None:
        """A paper by its bare identifier."""
        return self._papers.get(id)

    def said(self, network: str, day: int) -> Sequence[Said]:
        """The messages on a network on a day."""
        return self._said.get((network, day), [])

    def accounts(self, network: str) -> Sequence[Account]:
        """All accounts with messages on a network."""
        return list(self._people.get(network, {}).values())
