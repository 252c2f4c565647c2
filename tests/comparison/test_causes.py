"""Each cause is named where it applies, for exactly what it accounts for; the rest is unexplained."""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.comparison.compare import Comparison, compare_collectors
from hotpapers.comparison.facts import CollectorFacts
from hotpapers.comparison.lines import BotLine, CoverageLine, DoubtfulLine, PostLine
from hotpapers.errors import UsageError
from hotpapers.model import HOUR, LARGEST
from tests.comparison.made import (
    ANNOUNCED,
    END,
    NETWORK,
    PAPER,
    START,
    Habits,
    Spoken,
    collector,
    habits,
    hours,
    mark,
    post_line,
    spoken,
)

PROMPT = Habits(0, 0)
ONE, TWO = Spoken(0, 30, 80, 300), Spoken(1, 400, 40, 600)


def lines_of(some: list[Spoken], way: Habits = PROMPT) -> list[PostLine]:
    return [post_line(one, way) for one in some]


def causes_of(comparison: Comparison) -> Counter[str]:
    return Counter(cause for one in comparison.differences for cause in one.causes)


def compared(a: CollectorFacts, b: CollectorFacts) -> Comparison:
    """Compare, and check that the reverse comparison agrees."""
    there, back = compare_collectors(a, b), compare_collectors(b, a)
    assert [(one.a, one.b, one.unexplained) for one in there.differences] == [
        (one.b, one.a, -one.unexplained) for one in back.differences
    ]
    for one in there.differences:
        assert sum(one.causes.values()) + one.unexplained == one.a - one.b
    return there


def only(comparison: Comparison, cause: str) -> None:
    """Require that there are differences, all with this one cause."""
    assert comparison.differences and comparison.unexplained == ()
    assert set(causes_of(comparison)) == {cause}


# ---- honest collectors -----------------------------------------------------------------------------------


@given(spoken, habits, habits)
def test_two_who_read_at_other_moments_are_explained(some: list[Spoken], one: Habits, other: Habits) -> None:
    comparison = compared(collector(lines_of(some, one)), collector(lines_of(some, other)))
    assert comparison.unexplained == ()
    assert set(causes_of(comparison)) <= {"moment"}


@given(spoken, habits)
def test_two_who_read_alike_are_the_same(some: list[Spoken], way: Habits) -> None:
    comparison = compared(collector(lines_of(some, way)), collector(lines_of(some, way)))
    assert comparison.differences == ()
    assert comparison.counts == sum(one.same for one in comparison.networks)


@given(spoken, st.integers(0, 150), st.integers(1, 48))
def test_what_was_said_while_one_was_blind(some: list[Spoken], begin: int, long: int) -> None:
    start = ANNOUNCED + begin * HOUR
    blind = CoverageLine(network=NETWORK, from_at=start, until_at=start + long * HOUR, at=END, state="refused")
    heard = [one for one in some if not blind.from_at <= one.made_at < blind.until_at]
    coverage = [*hours(START, blind.from_at), blind, *hours(blind.until_at, END)]
    comparison = compared(collector(lines_of(some)), collector(lines_of(heard), coverage=coverage))
    assert comparison.unexplained == ()
    assert set(causes_of(comparison)) <= {"coverage"}
    reached = [one for one in some if one not in heard and one.minute <= 72 * 60]
    assert bool(comparison.differences) or not reached


# ---- one cause at a time -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "cause"), [(1, "rule"), (2, "version")])
def test_a_bot_for_one_of_them(version: int, cause: str) -> None:
    bot = BotLine(voice=mark("account", 0), rules={"rate": version})
    only(compared(collector(lines_of([ONE, TWO]), bots=[bot]), collector(lines_of([ONE, TWO]))), cause)


@pytest.mark.parametrize(("version", "cause"), [(1, "rule"), (2, "version")])
def test_a_mention_that_one_of_them_doubts(version: int, cause: str) -> None:
    doubt = DoubtfulLine(post=mark("post", 0), paper=PAPER, rules={"words": version})
    only(compared(collector(lines_of([ONE, TWO]), doubtful=[doubt]), collector(lines_of([ONE, TWO]))), cause)


def test_an_alias_that_one_of_them_knows() -> None:
    handle, stable = mark("handle"), mark("stable")
    first = Spoken(0, 30, 0, 300)
    by_stable = post_line(Spoken(1, 60, 0, 300), PROMPT, account=stable, voice=stable)
    knows = post_line(first, PROMPT, account=handle, voice=stable)
    lacks = post_line(first, PROMPT, account=handle, voice=handle)
    comparison = compared(collector([knows, by_stable]), collector([lacks, by_stable]))
    only(comparison, "rule")
    assert {(one.a, one.b) for one in comparison.differences} == {(1, 2)}


def test_a_post_that_ones_terms_leave_out() -> None:
    counted = post_line(ONE, PROMPT, limited=True)
    left_out = msgspec.structs.replace(counted, papers=[], readings=[])
    only(compared(collector([counted]), collector([left_out])), "rule")


def test_accounts_that_reacted_at_one_moment_are_not_taken_for_one_another() -> None:
    def liked(*voices: str) -> CollectorFacts:
        reactions = [(voice, "like", ONE.made_at + HOUR, False) for voice in voices]
        return collector([post_line(ONE, PROMPT, readings=[], reactions=reactions)])

    both = liked(mark("one"), mark("two"))
    assert compared(liked("~" + mark("x"), "~" + mark("y")), both).differences == ()
    assert compared(liked("~" + mark("x"), mark("two")), both).differences == ()


def test_a_post_that_one_of_them_has_forgotten() -> None:
    whole = post_line(ONE, PROMPT)
    forgotten = msgspec.structs.replace(
        whole, post="~" + mark("pseudonym"), account="~" + mark("who"), voice="~" + mark("who"),
        readings=whole.readings[:2],
    )  # fmt: skip
    only(compared(collector([forgotten]), collector([whole])), "forgetting")
    grown = [*whole.readings[:2], (whole.readings[2][0], None, 900)]
    too_many = msgspec.structs.replace(whole, readings=grown)
    assert compared(collector([forgotten]), collector([too_many])).unexplained


def test_a_form_that_only_a_newer_program_reads() -> None:
    newer = post_line(ONE, PROMPT, papers=[(PAPER, ONE.made_at, "poem")])
    a, b = [newer, *lines_of([TWO])], lines_of([TWO])
    only(compared(collector(a, program="2.0.0"), collector(b)), "version")
    assert compared(collector(a), collector(b)).unexplained, "the same program reads the same"


def test_who_reacted_is_heard_by_one_of_them() -> None:
    """A like by somebody who also posted: one voice if the account is known, two if there is only a count."""
    at = ONE.made_at + HOUR
    counted = {"readings": [(at, None, 1)]}
    heard = post_line(ONE, PROMPT, reactions=[(mark("account", 0), "like", at, False)], **counted)
    only(compared(collector([heard]), collector([post_line(ONE, PROMPT, **counted)])), "coverage")


def test_a_post_that_went_before_the_other_looked() -> None:
    gone = post_line(ONE, PROMPT, seen=[(ONE.made_at, True, ""), (ONE.made_at + 20 * HOUR, False, "")], readings=[])
    only(compared(collector([gone, *lines_of([TWO])]), collector(lines_of([TWO]))), "moment")


def test_a_paper_that_one_of_them_never_heard_of() -> None:
    facts = collector(lines_of([ONE]))
    lacks = facts._replace(announced={})
    assert compared(facts, lacks).unexplained, "it had read arXiv then"
    only(compared(facts, lacks._replace(coverage={NETWORK: facts.coverage[NETWORK]})), "coverage")


def test_a_paper_that_one_of_them_has_as_announced_later() -> None:
    """Both would have read the same at the same moment, so no reading explains it."""
    facts = collector(lines_of([ONE, TWO]))
    late = facts._replace(announced={PAPER: ANNOUNCED + 20 * HOUR})
    comparison = compared(facts, late)
    assert comparison.unexplained == comparison.differences != () and not causes_of(comparison), "it had read arXiv"
    only(compared(facts, late._replace(coverage={NETWORK: facts.coverage[NETWORK]})), "coverage")


# ---- unexplained differences -------------------------------------------------------------------------------


@given(spoken, habits, st.integers(0, 8))
def test_an_invented_post_is_unexplained(some: list[Spoken], way: Habits, hour: int) -> None:
    invented = post_line(Spoken(99, hour * 60 + 1, 0, 60), way)
    comparison = compared(collector([*lines_of(some, way), invented]), collector(lines_of(some, way)))
    ages = {count.age for count in comparison.unexplained}
    assert ages >= {24, 72, 168}
    assert all(count.unexplained == 1 for count in comparison.unexplained)


@given(spoken, st.integers(0, 59), st.integers(0, 400), habits, st.integers(0, 4), st.integers(20, 10_000))
def test_an_invented_count_is_unexplained(
    some: list[Spoken], minute: int, fame: int, way: Habits, which: int, more: int
) -> None:
    """The count is far above the other collector's readings before and after."""
    lines = lines_of([*some, Spoken(99, minute, fame, 300)], way)
    liked = lines[-1]
    at = liked.readings[min(which, len(liked.readings) - 1)][0]
    invented = (at, None, 2 * fame + more)
    readings = [invented if reading[0] == at else reading for reading in liked.readings]
    changed = [msgspec.structs.replace(line, readings=readings) if line is liked else line for line in lines]
    comparison = compared(collector(changed), collector(lines))
    assert comparison.unexplained or not comparison.differences


@given(spoken, habits)
def test_a_post_that_one_dropped_is_unexplained(some: list[Spoken], way: Habits) -> None:
    lines = lines_of(some, way)
    comparison = compared(collector(lines), collector(lines[1:]))
    assert comparison.unexplained or some[0].minute + way.late > 72 * 60


def test_trouble_elsewhere_explains_nothing() -> None:
    """Another network was down, and this one at another time."""
    blind = [
        CoverageLine(network="x", from_at=START, until_at=END, at=END, state="refused"),
        CoverageLine(network=NETWORK, from_at=ANNOUNCED + 50 * HOUR, until_at=ANNOUNCED + 60 * HOUR, at=END,
                     state="refused"),
    ]  # fmt: skip
    coverage = [*hours(START, ANNOUNCED + 50 * HOUR), *hours(ANNOUNCED + 60 * HOUR, END), *blind]
    comparison = compared(collector(lines_of([ONE, TWO])), collector(lines_of([TWO]), coverage=coverage))
    assert len(comparison.unexplained) == len(comparison.differences) == 4


def test_a_judgement_without_a_rule_explains_no_missing_post() -> None:
    bot = BotLine(voice=mark("account", 1), rules={"rate": 1})
    comparison = compared(collector(lines_of([ONE, TWO]), bots=[bot]), collector(lines_of([TWO])))
    assert {one.unexplained > 0 for one in comparison.differences} == {True}


def test_counts_fall_no_further_than_may_be_taken_back() -> None:
    """A day later, the same collector read a far lower count."""
    line = post_line(ONE, PROMPT)
    fell = msgspec.structs.replace(
        line, readings=[line.readings[0], (line.readings[1][0], None, 500), *line.readings[2:]]
    )
    assert [one.age for one in compared(collector([fell]), collector([line])).unexplained] == [24]


# ---- arbitrary input ---------------------------------------------------------------------------------------

moments = st.integers(-LARGEST, LARGEST) | st.integers(START, END)
counts = st.none() | st.integers(0, LARGEST)
names = st.sampled_from(["", mark(1), "~" + mark(2), mark(3)])


def ascending(rows: st.SearchStrategy[tuple[Any, ...]], at: int = 0) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    return st.lists(rows, max_size=4).map(lambda some: sorted(some, key=itemgetter(at)))


any_post = st.builds(
    PostLine,
    post=names.filter(bool), network=st.sampled_from([NETWORK, "x"]), account=names, voice=names, created_at=moments,
    limited=st.booleans(), seen=ascending(st.tuples(moments, st.booleans(), names)).filter(bool),
    papers=st.sampled_from([[], [(PAPER, START, "abs")], [(PAPER, END, "poem"), ("arxiv:2603.00002", START, "")]]),
    readings=ascending(st.tuples(moments, counts, counts)),
    reactions=ascending(st.tuples(names, st.sampled_from(["repost", "like"]), moments, st.booleans()), 2),
)  # fmt: skip


def with_a_voice_each(posts: list[PostLine]) -> list[PostLine]:
    """The posts with one voice for each account, as any file has them."""
    voices = {"": ""}
    return [msgspec.structs.replace(post, voice=voices.setdefault(post.account, post.voice)) for post in posts]


any_posts = st.lists(any_post, max_size=4, unique_by=lambda post: post.post).map(with_a_voice_each)
any_coverage = st.lists(
    st.builds(CoverageLine, network=st.sampled_from([NETWORK, "x", "arxiv"]), from_at=st.integers(START, END),
              until_at=st.integers(END + 1, LARGEST), at=moments,
              state=st.sampled_from(["complete", "partial", "refused"]), counts=st.booleans()),
    min_size=2, max_size=6,
)  # fmt: skip


@pytest.mark.long
@given(any_posts, any_posts, any_coverage, any_coverage)
def test_whatever_is_written_is_compared(
    some: list[PostLine], other: list[PostLine], one_way: list[CoverageLine], other_way: list[CoverageLine]
) -> None:
    """No input causes a defect, and the parts add up."""
    compared(collector(some, coverage=one_way), collector(other, coverage=other_way))


def test_a_count_read_when_the_post_was_made_compares_alike_both_ways() -> None:
    never = PostLine(post=mark("p"), network=NETWORK, account="", voice="", created_at=START, limited=False,
                     seen=[(START, True, "")], papers=[(PAPER, START, "abs")], readings=[], reactions=[])  # fmt: skip
    at_once = msgspec.structs.replace(never, readings=[(START, None, 1)])
    compared(collector([never]), collector([at_once]))


# ---- what cannot be compared -------------------------------------------------------------------------------


def test_other_keys_and_other_times_are_refused() -> None:
    facts = collector(lines_of([ONE]))
    with pytest.raises(UsageError, match="different keys"):
        compare_collectors(facts, collector(lines_of([ONE]), check=mark("another")))
    with pytest.raises(UsageError, match="cover no common time"):
        compare_collectors(facts, collector(lines_of([ONE]), since=END, until=END + HOUR))


def test_a_network_that_one_alone_has_read_is_left_out() -> None:
    other = msgspec.structs.replace(post_line(ONE, PROMPT), post=mark("elsewhere"), network="x")
    facts = collector([*lines_of([TWO]), other], coverage=[*hours(), *hours(network="x")])
    comparison = compared(facts, collector(lines_of([TWO])))
    assert comparison.left_out == ("x",)
    assert comparison.differences == () and comparison.counts == 3
