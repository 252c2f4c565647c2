"""One score by hand: an entry of an issue with everything that its sum rests on, as frozen with the issue."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from hotpapers.categories import group_of
from hotpapers.model import Part, Peers, ShelfIssue
from hotpapers.publish import wording
from hotpapers.ranking import words

LEAST = 3
"""Papers with fewer voices are not compared with, except in a listing."""


class Step(NamedTuple):
    """A part of a score. `reference`: how many papers had how many voices, ascending; `papers`: how many in all,
    `atleast`: how many of them as many as this one, both without the paper itself. `own`: its voices among them, None
    where it does not stand there."""

    network: str
    sentence: str
    formula: str
    unit: str
    voices: int
    papers: int
    atleast: int
    own: int | None
    among: str
    reference: tuple[tuple[int, int], ...]


class Example(NamedTuple):
    """A worked example: of which paper, and its parts."""

    paper: str
    steps: tuple[Step, ...]


def worked_example(issue: ShelfIssue) -> Example | None:
    """The first entry that scores by a comparison; None where there is none."""
    for entry in issue.content.entries:
        parts = [part for part in entry.parts if part.rule == "rarity" and part.score]
        if parts:
            steps = tuple(_step(part, issue.content.peers) for part in parts)
            return Example(entry.paper, steps)
    return None


def _step(part: Part, peers: tuple[Peers, ...]) -> Step:
    return Step(
        network=wording.one_line(words.network_name(part.network)),
        sentence=wording.one_line(words.part_sentence(part)),
        formula=words.formula(part), unit=words.unit(part), voices=part.voices, papers=part.papers,
        atleast=part.atleast, own=part.own, among=part.among, reference=_reference(part, peers),
    )  # fmt: skip


def _reference(part: Part, peers: tuple[Peers, ...]) -> tuple[tuple[int, int], ...]:
    """How many papers had how many voices: of the archive, of its group, or of all."""
    found: Counter[int] = Counter()
    for one in peers:
        if (one.network, one.age) == (part.network, part.age) and part.among in (
            "all",
            one.archive,
            f"{group_of(one.archive)} group",
        ):
            found.update({voices: papers for voices, papers in one.counts if not part.age or voices >= LEAST})
    return tuple(sorted(found.items()))
