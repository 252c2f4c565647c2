"""Compares two collectors: every paper, network and age that both could have counted.

Causes are applied in order. Whatever a cause accounts for is made the same on both sides, and voices are counted again.
The change in the difference is what the cause explains; the difference left after all causes is unexplained.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from hotpapers.base.errors import UsageError
from hotpapers.base.model import HOUR
from hotpapers.base.networks import network_title
from hotpapers.base.text.timestamps import minute_of
from hotpapers.base.text.words import count_noun
from hotpapers.discussion.engagement.measurement import AGES
from lab.comparison.causes import (
    CAUSES,
    Cause,
    ReadCount,
    count_cause,
    judgement_cause,
    missing_post_cause,
    missing_reaction_cause,
)
from lab.comparison.extract import Period
from lab.comparison.facts import (
    CollectorFacts,
    CountedPost,
    MeasuredMoment,
    Side,
    known_by,
    recognized,
    restricted,
    voices,
)
from lab.text_tables import markdown_table, plain_table

ARXIV = "arxiv"
ANNOUNCEMENT_DELAY = 12 * HOUR
"""How long after an announcement a collector that reads arXiv has it at the latest, µs."""


class ComparedCount(NamedTuple):
    """Two counts of a paper's voices on a network at an age, in hours after its announcement. `causes`: how much of
    a − b each explains; `unexplained`: the rest."""

    paper: str
    network: str
    age: int
    a: int
    b: int
    causes: Mapping[Cause, int]
    unexplained: int


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
    if a.header.check != b.header.check:
        raise UsageError("the two files were made with different keys; make both with the same key file")
    since = max(a.header.since, b.header.since)
    period = Period(since, min(a.header.until, b.header.until))
    if period.since >= period.until:
        raise UsageError("the two files cover no common time; make both for the same period")
    both = (a.coverage.keys() & b.coverage.keys()) - {ARXIV}
    networks = {*a.coverage, *b.coverage, *(post.network for facts in (a, b) for post in facts.posts.values())}
    left_out = tuple(sorted(networks - both - {ARXIV}))
    a, b = restricted(a, both), restricted(b, both)
    a, b = recognized(a, b), recognized(b, a)
    papers = sorted(a.announced.keys() | b.announced.keys())
    counts = [count for paper in papers for count in _of_paper(paper, a, b, period)]
    summaries = tuple(_summary(network, counts) for network in sorted(both))
    differences = tuple(count for count in counts if count.a != count.b)
    return Comparison(period, len(papers), left_out, summaries, differences)


def _summary(network: str, all_counts: list[ComparedCount]) -> NetworkSummary:
    counts = [count for count in all_counts if count.network == network]
    different = [count for count in counts if count.a != count.b]
    unexplained = sum(count.unexplained != 0 for count in different)
    causes = Counter(cause for count in different for cause in count.causes)
    same = len(counts) - len(different)
    return NetworkSummary(network, same, len(different) - unexplained, unexplained, causes)


def _of_paper(paper: str, a: CollectorFacts, b: CollectorFacts, period: Period) -> Iterator[ComparedCount]:
    at_a = a.announced.get(paper)
    at_b = b.announced.get(paper)
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
    own = [(facts, facts.announced.get(moment.paper)) for facts in (a, b)]
    own_a, own_b = (Side(facts, None if at is None else moment._replace(announced_at=at)) for facts, at in own)
    own_counts = {count.network: count for count in align(own_a, own_b, moment)}
    same_counts = {count.network: count for count in same_moment}
    is_missed = any(at != moment.announced_at and _missed(facts, moment.announced_at, at, period) for facts, at in own)
    for network in sorted(own_counts.keys() | same_counts.keys()):
        nothing = ComparedCount(moment.paper, network, moment.age, 0, 0, {}, 0)
        count = own_counts.get(network, nothing)
        same = same_counts.get(network, nothing)
        causes = Counter(same.causes)
        unexplained = same.unexplained
        total = count.a - count.b
        by_announcement = total - (same.a - same.b)
        if not is_missed:
            unexplained += by_announcement
        elif by_announcement:
            causes["coverage"] += by_announcement
        yield count._replace(causes=causes, unexplained=unexplained)


def _missed(facts: CollectorFacts, announced_at: int, own: int | None, period: Period) -> bool:
    """Whether a collector had not read arXiv when a paper was announced."""
    coverage = facts.covered(ARXIV)
    read = coverage.read_at(announced_at)
    end = period.until if own is None else own
    if read is None or read > announced_at + ANNOUNCEMENT_DELAY:
        return True
    return coverage.had_gap(announced_at - ANNOUNCEMENT_DELAY, end)


# ---- the causes of differences at a moment -----------------------------------------------------------------


def align(a: Side, b: Side, moment: MeasuredMoment) -> Iterator[ComparedCount]:
    """The counts on every network at a moment, with the causes of differences, which change the sides."""
    counts_a, counts_b = voices(a, moment), voices(b, moment)
    networks = sorted(counts_a.keys() | counts_b.keys())
    first = remaining = {network: counts_a[network] - counts_b[network] for network in networks}
    explained: dict[str, dict[Cause, int]] = {network: {} for network in networks}
    for cause in CAUSES if any(first.values()) else ():
        _apply(cause, a, b, moment)
        now_a, now_b = voices(a, moment), voices(b, moment)
        now = {network: now_a[network] - now_b[network] for network in networks}
        for network in networks:
            if first[network] and (amount := remaining[network] - now[network]):
                explained[network][cause] = amount
        remaining = now
    for network in networks:
        unexplained = remaining[network] if first[network] else 0
        counts = counts_a[network], counts_b[network]
        yield ComparedCount(moment.paper, network, moment.age, *counts, explained[network], unexplained)


def _apply(cause: Cause, a: Side, b: Side, moment: MeasuredMoment) -> None:
    """Makes the same on both sides what a cause accounts for."""
    for side, other in ((a, b), (b, a)):
        if cause in ("version", "rule"):
            versions = other.facts.header.rules
            alone = side.bots - other.bots
            side.bots -= {voice for voice in alone if judgement_cause(side.facts.bots[voice], versions) == cause}
        if cause != "forgetting":
            _drop_posts(side, other, cause, moment)
        if cause in ("coverage", "moment"):
            _drop_reactions(side, other, cause, moment)
    if cause == "rule":
        _use_common_voices(a, b)
    if cause != "version":
        for mark in a.posts.keys() & b.posts.keys():
            _use_same_counts(mark, a, b, cause)


def _use_common_voices(a: Side, b: Side) -> None:
    """If only one side knows whose an account is, the account counts as that voice on both sides."""
    stable = {
        post.fact.account: post.voice
        for side in (a, b)
        for mark, post in side.posts.items()
        if post.voice != post.fact.account and mark not in side.facts.forgotten
    }
    for post in (*a.posts.values(), *b.posts.values()):
        post.voice = stable.get(post.fact.account, post.voice)


def _drop_posts(side: Side, other: Side, cause: Cause, moment: MeasuredMoment) -> None:
    """Drops the posts that the other side lacks for a cause."""
    for mark in side.posts.keys() - other.posts.keys():
        fact = side.posts[mark].fact
        known = known_by(other.facts, fact.network, moment)
        if missing_post_cause(fact, moment.paper, side.facts, other.facts, known) == cause:
            del side.posts[mark]


def _drop_reactions(side: Side, other: Side, cause: Cause, moment: MeasuredMoment) -> None:
    """Drops the reactions that the other side lacks for a cause."""
    for mark in side.posts.keys() & other.posts.keys():
        post = side.posts[mark]
        own = other.posts[mark]
        known = {(voice, type, withdrawn) for voice, type, _, withdrawn in own.reactions}
        post.reactions = [
            (voice, type, at, withdrawn)
            for voice, type, at, withdrawn in post.reactions
            if (voice, type, withdrawn) in known
            or missing_reaction_cause(at, own.fact, post.fact.network, other.facts, moment.until) != cause
        ]


def _use_same_counts(mark: str, a: Side, b: Side, cause: Cause) -> None:
    """Gives both sides the larger of a post's counts, and one mark of its text, if they differ for a cause: which side
    is `a` makes no difference."""
    post = a.posts[mark]
    own = b.posts[mark]
    end = min(a.facts.header.until, b.facts.header.until)
    for column, value in enumerate(post.counts):
        if own.counts[column] != value:
            read_count = ReadCount(post, column, a.facts)
            count, other = read_count, ReadCount(own, column, b.facts)
            if count_cause(count, other, end) == cause:
                post.counts[column] = own.counts[column] = max(value, own.counts[column])
    if own.text != post.text and _text_cause(post, own, a, b) == cause:
        post.text = own.text = max(post.text, own.text)


def _text_cause(post: CountedPost, own: CountedPost, a: Side, b: Side) -> Cause:
    """Why texts differ: one side does not know the words, as they are forgotten or withheld by the network's terms; or
    the post was edited between two readings."""
    if any(post.fact.post in side.facts.forgotten for side in (a, b)):
        return "forgetting"
    withheld = any(post.fact.network not in side.facts.networks_with_text for side in (a, b))
    return "rule" if withheld or post.text.startswith("~") or own.text.startswith("~") else "moment"


# ---- for a terminal and as a page --------------------------------------------------------------------------

MAX_LISTED_COUNTS = 50
"""The most unexplained counts shown on a terminal; JSON and the page have all."""
HEADS = ("network", "counts", "same", "explained", "unexplained", *CAUSES)
LISTED = ("paper", "network", "age", "A", "B", "explained", "unexplained")
MEANING = """\
A count is how many voices a paper has on a network a number of hours after its announcement. A cause's column says in
how many differences it plays a part; a difference may have several causes. `hotpapers docs compare`
describes each cause and what it has to account for."""


def text_of(comparison: Comparison) -> Iterator[str]:
    """Lines for a terminal."""
    yield _sentence(comparison)
    yield from _left_out(comparison)
    if comparison.counts:
        yield ""
        yield plain_table(HEADS, _rows(comparison))
    if unexplained := comparison.unexplained:
        yield ""
        yield plain_table(LISTED, map(_row, unexplained[:MAX_LISTED_COUNTS]))
        if len(unexplained) > MAX_LISTED_COUNTS:
            yield f"and {len(unexplained) - MAX_LISTED_COUNTS:,} more: --json and --output list all"


def page_of(comparison: Comparison, names: Sequence[str]) -> str:
    """The page. `names`: what A and B are."""
    a, b = (name.replace("`", "'") for name in names)
    labels = f"A is `{a}`, B is `{b}`."
    parts = ["# Two collectors compared", labels, _sentence(comparison), *_left_out(comparison)]
    if comparison.counts:
        parts += [markdown_table(HEADS, _rows(comparison)), MEANING]
    if comparison.unexplained:
        parts += ["## Unexplained", markdown_table(LISTED, map(_row, comparison.unexplained))]
    return "\n\n".join(parts) + "\n"


def _sentence(comparison: Comparison) -> str:
    since, until = (minute_of(moment) for moment in comparison.period)
    counts = comparison.counts
    if not counts:
        return (
            f"Nothing to compare between {since} and {until}: no network that both read has counts of papers announced "
            "then."
        )
    explained = sum(network.explained for network in comparison.networks)
    same = sum(network.same for network in comparison.networks)
    return (
        f"{count_noun(counts, 'count')} of papers announced after {since}, as known at {until}: "
        f"{same:,} the same, {explained:,} explained, {len(comparison.unexplained):,} unexplained."
    )


def _left_out(comparison: Comparison) -> Iterator[str]:
    if comparison.left_out:
        names = ", ".join(network_title(name) for name in comparison.left_out)
        yield f"Left out, as only one or neither has coverage: {names}."


def _rows(comparison: Comparison) -> list[tuple[str, ...]]:
    rows = []
    for summary in comparison.networks:
        counts = (summary.same, summary.explained, summary.unexplained)
        causes = (summary.causes.get(cause, 0) for cause in CAUSES)
        rows.append((network_title(summary.network), [sum(counts), *counts, *causes]))
    columns = zip(*(numbers for _, numbers in rows), strict=True)
    total = [sum(column) for column in columns]
    return [(name, *(f"{number:,}" for number in numbers)) for name, numbers in (*rows, ("all", total))]


def _row(count: ComparedCount) -> tuple[str, ...]:
    explained = ", ".join(f"{cause} {amount:+,}" for cause, amount in count.causes.items())
    paper = count.paper.removeprefix("arxiv:")
    where = (paper, network_title(count.network), f"{count.age} h")
    return (*where, f"{count.a:,}", f"{count.b:,}", explained or "-", f"{count.unexplained:+,}")
