"""Compares two collectors: every paper, network and age that both could have counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from hotpapers.base.errors import UsageError
from hotpapers.base.model import HOUR
from hotpapers.issues.engagement.measurement import AGES
from hotpapers.wings.peers.comparison.alignment import ComparedCount, align
from hotpapers.wings.peers.comparison.causes import Cause
from hotpapers.wings.peers.comparison.extract import Period
from hotpapers.wings.peers.comparison.facts import CollectorFacts, recognized, restricted
from hotpapers.wings.peers.comparison.moments import MeasuredMoment, Side

ARXIV = "arxiv"
ANNOUNCEMENT_DELAY = 12 * HOUR
"""How long after an announcement a collector that reads arXiv has it at the latest, µs."""


class NetworkSummary(NamedTuple):
    """How many counts on a network are the same, how many differences are explained, and how many are not."""

    network: str
    same: int
    explained: int
    unexplained: int
    causes: Mapping[Cause, int]
    """In how many counts each cause plays a part."""


class Comparison(NamedTuple):
    """The result. `networks`: those with coverage from both collectors; `left_out`: the others."""

    period: Period
    papers: int
    left_out: tuple[str, ...]
    networks: tuple[NetworkSummary, ...]
    differences: tuple[ComparedCount, ...]

    @property
    def counts(self) -> int:
        """How many counts were compared."""
        return sum(summary.same + summary.explained + summary.unexplained for summary in self.networks)

    @property
    def unexplained(self) -> tuple[ComparedCount, ...]:
        """The counts with an unexplained part."""
        return tuple(count for count in self.differences if count.unexplained)


def compare_collectors(a: CollectorFacts, b: CollectorFacts) -> Comparison:
    """Compare what both may have counted. Raises UsageError if their files have no key or no time in common."""
    period = _common_period(a, b)
    both = frozenset(a.coverage.keys() & b.coverage.keys()) - {ARXIV}
    networks = (
        a.coverage.keys() | b.coverage.keys() | {post.network for facts in (a, b) for post in facts.posts.values()}
    )
    left_out = tuple(sorted(networks - both - {ARXIV}))
    a, b = restricted(a, both), restricted(b, both)
    a, b = recognized(a, b), recognized(b, a)
    same: Counter[str] = Counter()
    differences: list[ComparedCount] = []
    papers = sorted(a.announced.keys() | b.announced.keys())
    for paper in papers:
        for count in _of_paper(paper, a, b, period):
            if count.a == count.b:
                same[count.network] += 1
            else:
                differences.append(count)
    summaries = tuple(_summary(network, same[network], differences) for network in sorted(both))
    return Comparison(period, len(papers), left_out, summaries, tuple(differences))


def _common_period(a: CollectorFacts, b: CollectorFacts) -> Period:
    if a.header.check != b.header.check:
        raise UsageError("the two files were made with different keys; make both with the same key file")
    since, until = max(a.header.since, b.header.since), min(a.header.until, b.header.until)
    if since >= until:
        raise UsageError("the two files cover no common time; make both for the same period")
    return Period(since, until)


def _summary(network: str, same: int, differences: list[ComparedCount]) -> NetworkSummary:
    counts = [count for count in differences if count.network == network]
    unexplained = sum(count.unexplained != 0 for count in counts)
    causes = Counter(cause for count in counts for cause in count.causes)
    return NetworkSummary(network, same, len(counts) - unexplained, unexplained, causes)


def _of_paper(paper: str, a: CollectorFacts, b: CollectorFacts, period: Period) -> Iterator[ComparedCount]:
    at_a, at_b = a.announced.get(paper), b.announced.get(paper)
    announced = [at for at in (at_a, at_b) if at is not None]
    for age in AGES:
        in_time = all(period.since < at and at + age * HOUR <= period.until for at in announced)
        if not in_time or not (paper in a.posts_by_paper or paper in b.posts_by_paper):
            continue
        moment = MeasuredMoment(paper, min(announced), age)
        same_moment = align(Side(a, moment), Side(b, moment), moment)
        if at_a == at_b:
            yield from same_moment
        else:
            yield from _counts_by_announcement(a, b, moment, list(same_moment), period)


def _counts_by_announcement(
    a: CollectorFacts, b: CollectorFacts, moment: MeasuredMoment, same_moment: list[ComparedCount], period: Period
) -> Iterator[ComparedCount]:
    """The counts of a paper whose announcement one collector lacks, or has at another moment: each collector's own
    counts, with the causes that apply if both use the earlier moment. The difference due to the announcement alone is
    explained by coverage if that collector had not read arXiv; otherwise it is unexplained."""
    own = [facts.announced.get(moment.paper) for facts in (a, b)]
    side_a, side_b = (
        Side(facts, None if at is None else moment._replace(announced_at=at))
        for facts, at in zip((a, b), own, strict=True)
    )
    own_counts = {count.network: count for count in align(side_a, side_b, moment)}
    same_counts = {count.network: count for count in same_moment}
    is_missed = any(
        at != moment.announced_at and _missed(facts, moment.announced_at, at, period)
        for facts, at in zip((a, b), own, strict=True)
    )
    for network in sorted(own_counts.keys() | same_counts.keys()):
        nothing = ComparedCount(moment.paper, network, moment.age, 0, 0, {}, 0)
        count, same = own_counts.get(network, nothing), same_counts.get(network, nothing)
        causes, unexplained = dict(same.causes), same.unexplained
        by_announcement = (count.a - count.b) - (same.a - same.b)
        if not is_missed:
            unexplained += by_announcement
        elif by_announcement:
            causes["coverage"] = causes.get("coverage", 0) + by_announcement
        yield count._replace(causes=causes, unexplained=unexplained)


def _missed(facts: CollectorFacts, announced_at: int, own: int | None, period: Period) -> bool:
    """Whether a collector had not read arXiv when a paper was announced."""
    coverage = facts.covered(ARXIV)
    read = coverage.read_at(announced_at)
    end = period.until if own is None else own
    return (
        read is None
        or read > announced_at + ANNOUNCEMENT_DELAY
        or coverage.had_gap(announced_at - ANNOUNCEMENT_DELAY, end)
    )
