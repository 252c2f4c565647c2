"""A script written by hand, for tests that need to know exactly what happens.

ada = account("bluesky", "ada")
moss = paper("2603.00001", "2026-03-10")
script = ManualScript([moss], [message(ada, moment("2026-03-10T09:00"), "Look at this!", moss, final_likes=20)])
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hotpapers.base.model import DAY, HOUR
from hotpapers.base.papers.arxiv import calendar as days
from tests.loopback import ids, world
from tests.loopback.script import SECOND, Account, Message, Paper, PaperReference, Version


def account(network: str, name: str, **more: Any) -> Account:
    """An account on a network; `more`: fields of Account."""
    number = 0 if network == "feeds" else sum(name.encode())
    defaults: dict[str, Any] = {
        "id": world.account_id(network, name, number),
        "display_name": name.title(),
        "home": "one",
    }
    return Account(network, name=name, **(defaults | more))


def paper(id: str, label: str, *labels: str, **more: Any) -> Paper:
    """A paper announced on one day, and its later versions on other days; `more`: fields of Paper."""
    versions = tuple(Version(days.announced_at(day) - 10 * HOUR, day) for day in (label, *labels))
    defaults: dict[str, Any] = {
        "title": f"A Made-Up Result of Some Length, Number {id}", "authors": ("Ada Amberfield", "Wen Lindenau"),
        "abstract": "It is made up.", "categories": ("cs.LG",), "versions": versions,
    }  # fmt: skip
    return Paper(id, **(defaults | more))


def message(author: Account, at: int, words: str, *names: Paper | PaperReference, **more: Any) -> Message:
    """A message at a whole second that names papers, linked unless given as references; `more`: fields of Message."""
    references = tuple(PaperReference(paper.id) if isinstance(paper, Paper) else paper for paper in names)
    at = at // SECOND * SECOND
    title = words if author.network in ("hackernews", "lobsters", "reddit", "feeds", "huggingface") else ""
    id = references[0].paper if author.network == "huggingface" else ids.message_id(author.network, at)
    return Message(author.network, id, at, author, words, references, title=title)._replace(**more)


class ManualScript:
    """The script. Two messages in the same second on one network are an error."""

    def __init__(self, papers: Iterable[Paper] = (), messages: Iterable[Message] = (), *, chatter: int = 20) -> None:
        self.chatter = chatter
        self._papers = {paper.id: paper for paper in papers}
        self._messages: dict[tuple[str, int], list[Message]] = {}
        self._accounts: dict[str, dict[str, Account]] = {}
        for message in sorted(messages, key=lambda message: message.at):
            self._messages.setdefault((message.network, message.at // DAY), []).append(message)
            self._accounts.setdefault(message.network, {})[message.author.id] = message.author
        for (network, _), day in self._messages.items():
            assert len({message.at for message in day}) == len(day), f"{network}: two messages in one second"

    def papers(self, label: str) -> Sequence[Paper]:
        """The papers announced as new on a day."""
        return [paper for id, paper in sorted(self._papers.items()) if paper.label == label]

    def replacements(self, label: str) -> Sequence[tuple[Paper, int]]:
        """New versions announced on a day."""
        later_versions = [
            (paper, n, version) for paper in self._papers.values() for n, version in enumerate(paper.versions[1:], 2)
        ]
        return [(paper, n) for paper, n, version in later_versions if version.label == label]

    def paper(self, id: str) -> Paper | None:
        """A paper by its bare identifier."""
        return self._papers.get(id)

    def messages(self, network: str, day: int) -> Sequence[Message]:
        """The messages on a network on a day."""
        return self._messages.get((network, day), [])

    def accounts(self, network: str) -> Sequence[Account]:
        """All accounts with messages on a network."""
        return list(self._accounts.get(network, {}).values())
