"""One score by hand: an entry with everything that its score is based on, as frozen with the issue."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from hotpapers.base.categories import group_of
from hotpapers.base.model import PublishedIssue, ScoreComponent, VoiceHistogram
from hotpapers.issues.ranking import rarity_2, words
from hotpapers.publish.view import phrases

COMPARED = ("rarity", rarity_2.COUNTED)
"""The rules of parts that are based on a comparison."""
MIN_VOICES = 3
"""Papers with fewer voices are left out of comparisons, except in a listing."""


class WorkedComponent(NamedTuple):
    """A part of a score. `reference`: (voices, papers) pairs, ascending; `papers`: the number of papers, 0 for what
    known voices do not vouch for; `atleast`: those with at least this paper's voices, both without the paper itself.
    `own`: the paper's voices in the reference, None if it is not there. `is_capped`: each voice adds the most it may.
    """

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
    is_capped: bool


class WorkedExample(NamedTuple):
    """A worked example: the paper and the parts of its score that are not 0."""

    paper: str
    steps: tuple[WorkedComponent, ...]


def worked_example(issue: PublishedIssue) -> WorkedExample | None:
    """The first entry that scores by a comparison; None if there is none."""
    for entry in issue.content.entries:
        parts = [part for part in entry.parts if part.score]
        if any(part.rule in COMPARED for part in parts):
            steps = tuple(_step(part, issue.content.peers) for part in parts)
            return WorkedExample(entry.paper, steps)
    return None


def _step(part: ScoreComponent, histograms: tuple[VoiceHistogram, ...]) -> WorkedComponent:
    return WorkedComponent(
        network=phrases.one_line(words.network_name(part.network)),
        sentence=phrases.one_line(words.part_sentence(part)),
        formula=words.formula(part),
        unit=words.unit(part),
        voices=part.voices,
        papers=part.papers,
        atleast=part.atleast,
        own=part.own,
        among=part.among,
        reference=_reference(part, histograms),
        is_capped=part.rule == rarity_2.CAPPED,
    )


def _reference(part: ScoreComponent, histograms: tuple[VoiceHistogram, ...]) -> tuple[tuple[int, int], ...]:
    """(voices, papers) pairs for the archive, its group, or all papers."""
    histogram: Counter[int] = Counter()
    for peer in histograms:
        if (peer.network, peer.age) == (part.network, part.age) and part.among in (
            "all",
            peer.archive,
            f"{group_of(peer.archive)} group",
        ):
            histogram.update({voices: papers for voices, papers in peer.counts if not part.age or voices >= MIN_VOICES})
    return tuple(sorted(histogram.items()))
