"""Why a post, or a count, is not the same for two collectors: plain decisions on what both wrote down.

Each decision names a cause only where it accounts for the whole difference at hand, its direction and its amount. None
says that nothing in the two files does.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from hotpapers.comparison.coverage import NetworkCoverage
from hotpapers.comparison.facts import CollectorFacts, Rules
from hotpapers.comparison.lines import PostLine, ReadingRow
from hotpapers.comparison.moments import is_there, named_at
from hotpapers.engagement.measurement import AGES
from hotpapers.model import HOUR

Cause = Literal["forgetting", "version", "rule", "coverage", "moment"]
CAUSES: tuple[Cause, ...] = ("forgetting", "version", "rule", "coverage", "moment")
"""In the order in which they are applied: what is certain before what is likely."""
USUAL_DELAY = 2 * HOUR
"""How long after it was said a post may be read where nothing is wrong: sources that poll look every few minutes, the
slowest ones every hour."""
CACHE_TIME = HOUR
"""How old a server's answer may be: two readings that are no further apart have no order."""
SLACK = 3
"""Reactions that may come at any time to what was not read again."""
WITHDRAWN_SHARE = 50
"""One reaction in so many, and one at least, may be taken back between two readings."""


def judgement_cause(rules: Rules, other_rules: Rules) -> Cause:
    """The cause of a judgement that one collector alone has. `rules`: those that say so, with their versions;
    `other_rules`: the versions that the other collector's program has."""
    return "rule" if all(other_rules.get(rule) == version for rule, version in rules.items()) else "version"


# ---- posts that one collector lacks ----------------------------------------------------------------------


def missing_post_cause(
    held: PostLine, paper: str, holder: CollectorFacts, lacker: CollectorFacts, known: int
) -> Cause | None:
    """Why one collector counts a post at a moment and the other one does not. `known`: up to when the other one's
    observations count."""
    own = lacker.posts.get(held.post)
    named = None if own is None else named_at(own, paper)
    if own is None or named is None:
        is_left_out = own is not None and own.limited and held.limited
        return "rule" if is_left_out else _unread_cause(held, paper, holder, lacker)
    if rules := lacker.doubtful.get((held.post, paper)):
        return judgement_cause(rules, holder.header.rules)
    first = max(named, own.seen[0][0])
    if first > known:
        return _late_cause(held.created_at, first, known, lacker.covered(held.network))
    return None if is_there(own, known) else _gone_cause(held, own, known)


def _late_cause(created_at: int, first: int, known: int, coverage: NetworkCoverage) -> Cause | None:
    """A post that was read after the moment."""
    if first - created_at <= USUAL_DELAY:
        return "moment"
    read = coverage.read_at(created_at)
    return "coverage" if read is None or read > known or coverage.had_gap(created_at, first) else None


def _unread_cause(held: PostLine, paper: str, holder: CollectorFacts, lacker: CollectorFacts) -> Cause | None:
    """A post that a collector does not have, or that does not name the paper there."""
    read = lacker.covered(held.network).read_at(held.created_at)
    if read is None:
        return "coverage"
    if _may_be_gone_before(held, paper, holder, read):
        return "moment" if read - held.created_at <= USUAL_DELAY else "coverage"
    form = next((form for name, _, form in held.papers if name == paper), "")
    is_newer = holder.header.program != lacker.header.program and form not in lacker.forms
    return "version" if is_newer else None


def _may_be_gone_before(held: PostLine, paper: str, holder: CollectorFacts, read: int) -> bool:
    """Whether the post may have gone, or named the paper no more, before it was looked for: whoever has it says itself
    that it went, and has not seen it there since."""
    gone = next((at for at, there, _ in held.seen if not there), None)
    if gone is None and "edited" not in holder.doubtful.get((held.post, paper), {}):
        return False
    return _last_there(held, gone) <= read


def _last_there(fact: PostLine, before: int | None) -> int:
    """When a post was last observed to be there, before a moment."""
    moments = [at for at, there, _ in fact.seen if there] + [at for at, _, _ in fact.readings]
    return max((at for at in moments if before is None or at < before), default=fact.created_at)


def _gone_cause(held: PostLine, own: PostLine, known: int) -> Cause | None:
    """A post that one collector knew to be gone: the other one had not looked since."""
    gone = next(at for at, there, _ in reversed(own.seen) if at <= known and not there)
    return "moment" if _last_there(held, known + 1) <= gone else None


# ---- counts ----------------------------------------------------------------------------------------------


class ReadCount(NamedTuple):
    """One of a post's counts as a collector had it at a moment. `at`: when it was read; the moment when the post was
    made, where it had not been; `column`: 1 for reposts, 2 for likes; `forgotten`: the post is forgotten there."""

    fact: PostLine
    at: int
    value: int
    column: Literal[1, 2]
    was_read: bool
    forgotten: bool = False

    @property
    def previous(self) -> tuple[int, int] | None:
        """The reading before, moment and value; none where this is none; before the first one nobody had reacted."""
        if not self.was_read:
            return None
        earlier = [reading for reading in self.fact.readings if reading[0] < self.at]
        return (earlier[-1][0], _value(earlier[-1], self.column)) if earlier else (self.fact.created_at, 0)

    @property
    def following(self) -> tuple[int, int] | None:
        """The reading after, if there is one."""
        later = next((reading for reading in self.fact.readings if reading[0] > self.at), None)
        return (later[0], _value(later, self.column)) if later else None

    @property
    def falls(self) -> bool:
        """Whether what the same collector read an hour or more before was more, or after less, than can be."""
        if not self.was_read:
            return False
        other_rules = [
            (at - self.at, _value((at, reposts, likes), self.column)) for at, reposts, likes in self.fact.readings
        ]
        before = max((value for apart, value in other_rules if apart <= -CACHE_TIME), default=0)
        after = min((value for apart, value in other_rules if apart >= CACHE_TIME), default=self.value)
        return (
            before - _possible_withdrawals(before) > self.value
            or self.value - _possible_withdrawals(self.value) > after
        )


def _possible_withdrawals(value: int) -> int:
    """How many of so many reactions may be taken back."""
    return max(1, value // WITHDRAWN_SHARE)


def _value(reading: ReadingRow, column: Literal[1, 2]) -> int:
    return reading[column] or 0


def count_cause(
    count: ReadCount, other: ReadCount, coverages: tuple[NetworkCoverage, NetworkCoverage], end: int
) -> Cause | None:
    """Why two readings of the same count are not the same. `coverages`: of the two; `end`: of the period."""
    (early, late), (behind, ahead) = (
        ((count, other), coverages) if count.at <= other.at else ((other, count), coverages[::-1])
    )
    has_no_order = early.was_read and late.at - early.at <= CACHE_TIME
    if not _is_possible(early, late, behind, end) and not (has_no_order and _is_possible(late, early, ahead, end)):
        return None
    if early.forgotten and early.following is None:
        return "forgetting"
    marks = [early.fact.created_at + age * HOUR for age in AGES]
    last_due = max((mark for mark in marks if mark <= late.at), default=early.at)
    return "coverage" if early.at < last_due and behind.had_gap(last_due - HOUR, late.at) else "moment"


def _is_possible(early: ReadCount, late: ReadCount, behind: NetworkCoverage, end: int) -> bool:
    """Whether one count can have become the other between the two readings, by what either collector read around them.

    Neither falls by more than may be taken back. The later one lies between the earlier one and what was read next
    after it, the earlier one between what was read before the later one and it; where nothing was read next, it has
    grown no faster than twice its pace until then."""
    if early.falls or late.falls:
        return False
    previous, following = late.previous, early.following
    if previous is not None and previous[0] <= early.at and not _between(early.value, previous[1], late.value):
        return False
    if following is not None:
        return following[0] < late.at or _between(late.value, early.value, following[1])
    if not early.was_read:
        first_due = early.fact.created_at + AGES[0] * HOUR
        blind = behind.had_gap(first_due - HOUR, max(late.at, first_due))
        return early.forgotten or end < first_due + USUAL_DELAY or blind
    age = max(early.at - early.fact.created_at, HOUR)
    grown = 2 * early.value * max(late.at - early.at, 0) // age
    return _between(late.value, early.value, early.value + SLACK + grown)


def _between(value: int, bound: int, other: int) -> bool:
    """Whether a count lies between two others, but for what may have been taken back."""
    slack = _possible_withdrawals(value)
    return min(bound, other) - slack <= value <= max(bound, other) + slack


# ---- reactions -------------------------------------------------------------------------------------------


def missing_reaction_cause(at: int, own: PostLine, network: str, lacker: CollectorFacts, until: int) -> Cause | None:
    """Why one collector knows who reacted at a moment and the other one does not, which has the post."""
    if network not in lacker.networks_with_reactions:
        return "coverage"
    first = own.seen[0][0]
    if at <= first:
        return "moment" if first - own.created_at <= USUAL_DELAY else "coverage"
    coverage = lacker.covered(network)
    read = coverage.read_at(at)
    if read is None or read > until:
        return "moment" if read is not None and read - at <= USUAL_DELAY else "coverage"
    return "coverage" if coverage.had_gap(at - HOUR // 60, at + HOUR // 60) else None
