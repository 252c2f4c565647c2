"""Why a post, or a count, differs between two collectors: decisions based on what both recorded.

A decision names a cause only if it accounts for the whole difference, both direction and amount. None means that
nothing in the two files does.
"""

from __future__ import annotations

from typing import Literal, get_args

from hotpapers.base.model import HOUR
from hotpapers.discussion.engagement.measurement import AGES
from lab.comparison.facts import CollectorFacts, CountedPost, Rules, last_sighting, named_at
from lab.comparison.lines import PostLine

Cause = Literal["forgetting", "version", "rule", "coverage", "moment"]
CAUSES: tuple[Cause, ...] = get_args(Cause)
"""In the order in which they are applied: certain causes before likely ones."""
USUAL_DELAY = 2 * HOUR
"""How long after it was made a post is normally read, µs: polling sources look every few minutes, the slowest every
hour."""
CACHE_TIME = HOUR
"""How old a server's answer may be, µs: two readings no further apart have no order."""
SLACK = 3
"""How many reactions a post may gain at any time after its last reading."""
WITHDRAWN_SHARE = 50
"""One in this many reactions, and at least one, may be withdrawn between two readings."""


def judgement_cause(rules: Rules, other_rules: Rules) -> Cause:
    """The cause of a judgment that only one collector has. `rules`: the rules behind it, with their versions;
    `other_rules`: the versions in the other collector's program."""
    if all(other_rules.get(rule) == version for rule, version in rules.items()):
        return "rule"
    return "version"


# ---- posts that one collector lacks ----------------------------------------------------------------------


def missing_post_cause(
    post: PostLine, paper: str, holder: CollectorFacts, lacker: CollectorFacts, known: int
) -> Cause | None:
    """Why one collector counts a post at a moment and the other does not. `known`: up to when the other's observations
    count."""
    own = lacker.posts.get(post.post)
    named = None if own is None else named_at(own, paper)
    if own is None or named is None:
        is_left_out = own is not None and own.limited and post.limited
        return "rule" if is_left_out else _unread_cause(post, paper, holder, lacker)
    if rules := lacker.doubtful.get((post.post, paper)):
        return judgement_cause(rules, holder.header.rules)
    first = max(named, own.seen[0][0])
    if first > known:
        # The cause for a post that was read after the moment
        coverage = lacker.covered(post.network)
        if first - post.created_at <= USUAL_DELAY:
            return "moment"
        read = coverage.read_at(post.created_at)
        if read is None or read > known or coverage.had_gap(post.created_at, first):
            return "coverage"
        return None
    sighting = last_sighting(own, known)
    # It knew the post to be gone, and the other had not looked since
    is_gone = sighting and not sighting[1] and _last_seen(post, known + 1) <= sighting[0]
    return "moment" if is_gone else None


def _unread_cause(post: PostLine, paper: str, holder: CollectorFacts, lacker: CollectorFacts) -> Cause | None:
    """The cause for a post that a collector does not have, or in which it did not find the paper."""
    read = lacker.covered(post.network).read_at(post.created_at)
    if read is None:
        return "coverage"
    # It may have been gone, or no longer named the paper, before that look, if the holder recorded that itself, and did
    # not see the post there later
    gone_moments = (at for at, exists, _ in post.seen if not exists)
    gone = next(gone_moments, None)
    is_gone = gone is not None or "edited" in holder.doubtful.get((post.post, paper), {})
    if is_gone and _last_seen(post, gone) <= read:
        return "moment" if read - post.created_at <= USUAL_DELAY else "coverage"
    form = next((form for name, _, form in post.papers if name == paper), "")
    is_newer = holder.header.program != lacker.header.program and form not in lacker.forms
    return "version" if is_newer else None


def _last_seen(fact: PostLine, before: int | None) -> int:
    """When a post was last observed to exist, before a moment."""
    sightings = [at for at, exists, _ in fact.seen if exists]
    moments = sightings + [at for at, _, _ in fact.readings]
    earlier_moments = (at for at in moments if before is None or at < before)
    return max(earlier_moments, default=fact.created_at)


# ---- counts ----------------------------------------------------------------------------------------------


class ReadCount:
    """One of a post's counts as a collector had it at a moment. `column`: 0 for reposts, 1 for likes. `at`: when it was
    read, or when the post was made if it was never read; `forgotten`: the collector has forgotten the post."""

    def __init__(self, post: CountedPost, column: int, facts: CollectorFacts) -> None:
        self.made_at = post.fact.created_at
        self.was_read = post.counted_at is not None
        self.at = self.made_at if post.counted_at is None else post.counted_at
        self.value = post.counts[column]
        self.readings = [(at, counts[column] or 0) for at, *counts in post.fact.readings]
        self.forgotten = post.fact.post in facts.forgotten
        self.coverage = facts.covered(post.fact.network)

    @property
    def previous(self) -> tuple[int, int] | None:
        """(moment, value) of the previous reading; (creation, 0) before the first one; None if this was not read."""
        earlier_readings = (reading for reading in self.readings if reading[0] < self.at)
        earlier = [(self.made_at, 0), *earlier_readings]
        return earlier[-1] if self.was_read else None

    @property
    def following(self) -> tuple[int, int] | None:
        """(moment, value) of the next reading, if there is one."""
        later_readings = (reading for reading in self.readings if reading[0] > self.at)
        return next(later_readings, None)

    @property
    def falls(self) -> bool:
        """Whether the same collector's readings an hour or more apart fall by more than withdrawals allow."""
        before = max((value for at, value in self.readings if at <= self.at - CACHE_TIME), default=0)
        after = min((value for at, value in self.readings if at >= self.at + CACHE_TIME), default=self.value)
        if not self.was_read:
            return False
        return (
            before - _possible_withdrawals(before) > self.value
            or self.value - _possible_withdrawals(self.value) > after
        )


def _possible_withdrawals(value: int) -> int:
    """How many of a number of reactions may be withdrawn."""
    return max(1, value // WITHDRAWN_SHARE)


def count_cause(count: ReadCount, other: ReadCount, end: int) -> Cause | None:
    """Why two collectors' readings of the same count differ. `end`: of the period."""
    # a post that was never read comes before one that was read when it was made
    early, late = sorted((count, other), key=lambda count: (count.at, count.was_read))
    has_no_order = early.was_read and late.at - early.at <= CACHE_TIME
    if not _is_possible(early, late, end) and not (has_no_order and _is_possible(late, early, end)):
        return None
    if early.forgotten and early.following is None:
        return "forgetting"
    marks = [early.made_at + age * HOUR for age in AGES]
    due_marks = (mark for mark in marks if mark <= late.at)
    last_due = max(due_marks, default=early.at)
    if early.at < last_due and early.coverage.had_gap(last_due - HOUR, late.at):
        return "coverage"
    return "moment"


def _is_possible(early: ReadCount, late: ReadCount, end: int) -> bool:
    """Whether one count can have become the other between the two readings, given each collector's other readings.

    Neither may fall by more than withdrawals allow. The later count must lie between the earlier one and the early
    collector's next reading, the earlier count between the late collector's previous reading and the later count.
    Without a next reading, the count may have grown at most at twice its pace until then."""
    if early.falls or late.falls:
        return False
    previous = late.previous
    following = early.following
    if previous is not None and previous[0] <= early.at and not _between(early.value, previous[1], late.value):
        return False
    if following is not None:
        if following[0] < late.at:
            return True
        return _between(late.value, early.value, following[1])
    if not early.was_read:
        first_due = early.made_at + AGES[0] * HOUR
        last = max(late.at, first_due)
        blind = early.coverage.had_gap(first_due - HOUR, last)
        return early.forgotten or end < first_due + USUAL_DELAY or blind
    age = max(early.at - early.made_at, HOUR)
    elapsed = max(late.at - early.at, 0)
    grown = 2 * early.value * elapsed // age
    return _between(late.value, early.value, early.value + SLACK + grown)


def _between(value: int, bound: int, other: int) -> bool:
    """Whether a count lies between two others, allowing for withdrawals."""
    slack = _possible_withdrawals(value)
    return min(bound, other) - slack <= value <= max(bound, other) + slack


# ---- reactions -------------------------------------------------------------------------------------------


def missing_reaction_cause(at: int, own: PostLine, network: str, lacker: CollectorFacts, until: int) -> Cause | None:
    """Why one collector knows of a reaction and the other, which has the post, does not."""
    if network not in lacker.networks_with_reactions:
        return "coverage"
    first = own.seen[0][0]
    if at <= first:
        return "moment" if first - own.created_at <= USUAL_DELAY else "coverage"
    coverage = lacker.covered(network)
    read = coverage.read_at(at)
    if read is None or read > until:
        return "moment" if read is not None and read - at <= USUAL_DELAY else "coverage"
    if coverage.had_gap(at - HOUR // 60, at + HOUR // 60):
        return "coverage"
    return None
