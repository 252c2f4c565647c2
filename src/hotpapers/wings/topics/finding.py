"""Which word groups are talked about more in a week than in the weeks before. Pure.

The measure is the log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi, Quinn: Fightin' Words,
Political Analysis 16, 2008, equations 15, 16, 20, 22) between the week and the weeks before. What is counted are
papers, each with a weight by its voices, in units that add up to their effective number. The prior of a group is its
share of all papers of these weeks, `PRIOR` papers in all, but at least `MIN_PRIOR`. Logarithms are decimal
arithmetic, so that every machine gets the same digits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Context, Decimal
from typing import NamedTuple

from hotpapers.publish.query import schemas
from hotpapers.wings.topics.groups import Group, fold_paper, groups_in, groups_of, has_group

METHOD = "topics/1"
BEFORE, MIN_BEFORE = 13, 4
"""Weeks with which a week is compared, and how many of them must have papers."""
MIN_Z = 300
"""The least z of a topic, in hundredths."""
MIN_PAPERS = 4
"""Fewer papers are no topic."""
MIN_TITLES, TITLES_ONE_IN = 2, 3
"""How many of them must have the group in their titles: two, and one in three."""
MIN_TIMES = 2
"""How many times its earlier share a group must have."""
MAX_TOPICS = 12
PRIOR, MIN_PRIOR = 10, Decimal("0.5")
"""Papers that the prior counts as, in all and at least for each group: without the latter, no new word would stand out,
since the less a group was seen before, the less is known about how rare it is."""
_DECIMAL = Context(prec=28)


class DiscussedPaper(NamedTuple):
    """A discussed paper. `voices`: its most voices in an issue of the week; `text`: title and abstract, folded."""

    paper: str
    voices: int
    title: str
    abstract: str
    text: str

    @property
    def weight(self) -> int:
        """One more each time voices double: 1 + log2(1 + voices), rounded down."""
        return (1 + self.voices).bit_length()


def discussed_paper(paper: str, voices: int, title: str, abstract: str) -> DiscussedPaper:
    """A discussed paper with its folded text."""
    return DiscussedPaper(paper, voices, title, abstract, fold_paper(title, abstract))


class TopicGroup(schemas.Schema, kw_only=True):
    """A word group and its arithmetic: how many papers have it and their weight, in the week and before. `surface`: how
    most papers of the week write it; `z`: in hundredths."""

    group: Group
    surface: str
    papers: int
    weight: int
    before_papers: int
    before_weight: int
    z: int


class FoundTopic(NamedTuple):
    """A topic: its name, the papers that have the first of its groups, most voices first, and its groups, the strongest
    first."""

    name: str
    papers: tuple[DiscussedPaper, ...]
    groups: tuple[TopicGroup, ...]


_Uses = Sequence[tuple[DiscussedPaper, str]]
"""The papers of the week that have a group, and how they write it."""


def find_topics(week: Sequence[DiscussedPaper], before: Sequence[Sequence[DiscussedPaper]]) -> list[FoundTopic]:
    """The topics of a week, the strongest first; none if too few of the weeks before have papers."""
    if not week or sum(map(bool, before)) < MIN_BEFORE:
        return []
    groups = (group for paper in week for group in dict(groups_in(paper.title)))
    titles = Counter(groups)
    uses: dict[Group, list[tuple[DiscussedPaper, str]]] = {
        group: [] for group, count in titles.items() if count >= MIN_TITLES
    }
    for paper in week:
        for group, surface in groups_of(paper.title, paper.abstract).items():
            if group in uses:
                uses[group].append((paper, surface))
    candidates = {group: uses_of for group, uses_of in uses.items() if _is_topical(titles[group], len(uses_of))}
    counted = _counted(candidates, week, [paper for papers in before for paper in papers])
    counts = sorted(counted, key=_by_strength)
    keys = {count.group: _keys(candidates[count.group]) for count in counts}
    merged: list[list[TopicGroup]] = []
    for count in counts:
        for topic in merged:
            own = keys[count.group]
            others = keys[topic[0].group]
            if 2 * len(own & others) >= min(len(own), len(others)):  # half of the smaller set is in the other
                topic.append(count)
                break
        else:
            merged.append([count])
    return [_topic(topic, candidates) for topic in merged[:MAX_TOPICS]]


def _is_topical(titles: int, papers: int) -> bool:
    """Whether enough papers have a group, and enough of them in their titles: words that belong to no subject, such as
    *define*, are rarely there."""
    return papers >= MIN_PAPERS and titles * TITLES_ONE_IN >= papers


def _by_strength(count: TopicGroup) -> tuple[int, int, Group]:
    return -count.z, -_length(count), count.group


def _length(count: TopicGroup) -> int:
    return len(count.group.split())


def _keys(uses: _Uses) -> frozenset[str]:
    return frozenset(paper.paper for paper, _ in uses)


def _topic(counts: Sequence[TopicGroup], uses: Mapping[Group, _Uses]) -> FoundTopic:
    """A topic of merged groups. It is named by the longest that half of its papers have."""
    of_strongest = uses[counts[0].group]
    keys = _keys(of_strongest)
    naming = [count for count in counts if 2 * len(_keys(uses[count.group]) & keys) >= len(keys)]
    name = min(naming, key=lambda count: (-_length(count), *_by_strength(count)))
    papers = sorted([paper for paper, _ in of_strongest], key=lambda paper: (-paper.voices, paper.paper))
    return FoundTopic(name.surface, tuple(papers), tuple(counts))


class PaperSet(NamedTuple):
    """The papers of a week, or of the weeks before: their number, the sum of their weights, and of these squared."""

    papers: int
    weight: int
    squares: int


def set_of(papers: Sequence[DiscussedPaper]) -> PaperSet:
    """Summarizes papers for the arithmetic: their number, total weight and total of squared weights."""
    weights = [paper.weight for paper in papers]
    total = sum(weight * weight for weight in weights)
    return PaperSet(len(weights), sum(weights), total)


def _counted(
    candidates: Mapping[Group, _Uses], week: Sequence[DiscussedPaper], before: Sequence[DiscussedPaper]
) -> Iterator[TopicGroup]:
    """The groups that stand out."""
    here = set_of(week)
    there = set_of(before)
    for group, uses in candidates.items():
        weight = sum(paper.weight for paper, _ in uses)
        earlier = [paper for paper in before if has_group(paper.text, group)]
        before_weight = sum(paper.weight for paper in earlier)
        z = log_odds(weight, here, before_weight, there)
        if z >= MIN_Z and weight * there.weight >= MIN_TIMES * before_weight * here.weight:
            # How most papers write a group; among equals, in small letters
            written = Counter(surface for _, surface in uses)
            yield TopicGroup(
                group=group,
                surface=min(written, key=lambda text: (-written[text], sum(map(str.isupper, text)), text)),
                papers=len(uses),
                weight=weight,
                before_papers=len(earlier),
                before_weight=before_weight,
                z=z,
            )


def log_odds(weight: int, week: PaperSet, before_weight: int, before: PaperSet) -> int:
    """The z score, in hundredths, of a group whose papers have these weights in the week and before. Rounded half to
    even."""
    d = _DECIMAL
    papers = _effective(week)
    before_papers = _effective(before)
    here = d.divide(d.multiply(weight, papers), week.weight)
    there = d.divide(d.multiply(before_weight, before_papers), before.weight)
    every = d.add(papers, before_papers)
    prior = max(d.divide(d.multiply(PRIOR, d.add(here, there)), every), MIN_PRIOR)
    prior_rest = max(d.subtract(PRIOR, prior), MIN_PRIOR)
    with_it = d.add(here, prior)
    before_with_it = d.add(there, prior)
    odds = d.divide(with_it, d.add(d.subtract(papers, here), prior_rest))
    before_odds = d.divide(before_with_it, d.add(d.subtract(before_papers, there), prior_rest))
    deviation = d.sqrt(d.add(d.divide(1, with_it), d.divide(1, before_with_it)))
    difference = d.subtract(d.ln(odds), d.ln(before_odds))
    z = d.divide(difference, deviation)
    return int(d.multiply(z, Decimal(100)).to_integral_value())


def _effective(papers: PaperSet) -> Decimal:
    """The number of papers of equal weight with as much information (Kish: Survey Sampling, 1965)."""
    return _DECIMAL.divide(papers.weight * papers.weight, papers.squares)
