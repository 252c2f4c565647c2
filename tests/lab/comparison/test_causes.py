"""Each cause is named where it applies, for exactly what it accounts for; the rest is unexplained."""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hotpapers.base.errors import UsageError
from hotpapers.base.model import HOUR, MAX_INTEGER
from lab.comparison import compare as page
from lab.comparison.compare import Comparison, compare_collectors
from lab.comparison.facts import CollectorFacts
from lab.comparison.lines import BotLine, CoverageLine, DoubtfulLine, PostLine
from tests.lab.comparison.samples import (
    ANNOUNCED,
    END,
    NETWORK,
    PAPER,
    START,
    Habits,
    SamplePost,
    collector,
    habits,
    hours,
    mark,
    post_line,
    sample_posts,
)

PROMPT = Habits(0, 0)
POST_A, POST_B = SamplePost(0, 30, 80, 300), SamplePost(1, 400, 40, 600)


def lines_of(posts: list[SamplePost], reading_habits: Habits = PROMPT) -> list[PostLine]:
    return [post_line(post, reading_habits) for post in posts]


def causes_of(comparison: Comparison) -> Counter[str]:
    return Counter(cause for difference in comparison.differences for cause in difference.causes)


def compare_both(a: CollectorFacts, b: CollectorFacts) -> Comparison:
    """Compare, and check that the reverse comparison agrees."""
    forward, reverse = compare_collectors(a, b), compare_collectors(b, a)
    assert [(difference.a, difference.b, difference.unexplained) for difference in forward.differences] == [
        (difference.b, difference.a, -difference.unexplained) for difference in reverse.differences
    ]
    for difference in forward.differences:
        assert sum(difference.causes.values()) + difference.unexplained == difference.a - difference.b
    return forward


def require_cause(comparison: Comparison, cause: str) -> None:
    """Require that there are differences, all with this one cause."""
    assert comparison.differences and comparison.unexplained == ()
    assert set(causes_of(comparison)) == {cause}


# ---- honest collectors -----------------------------------------------------------------------------------


@given(sample_posts, habits, habits)
def test_two_that_read_at_other_moments_are_explained(
    posts: list[SamplePost], habits_a: Habits, habits_b: Habits
) -> None:
    comparison = compare_both(collector(lines_of(posts, habits_a)), collector(lines_of(posts, habits_b)))
    assert comparison.unexplained == ()
    assert set(causes_of(comparison)) <= {"moment"}


@given(sample_posts, habits)
def test_two_that_read_alike_are_the_same(posts: list[SamplePost], reading_habits: Habits) -> None:
    comparison = compare_both(collector(lines_of(posts, reading_habits)), collector(lines_of(posts, reading_habits)))
    assert comparison.differences == ()
    assert comparison.counts == sum(network.same for network in comparison.networks)


@given(sample_posts, st.integers(0, 150), st.integers(1, 48))
def test_posts_while_one_was_blind(posts: list[SamplePost], start_hour: int, length: int) -> None:
    start = ANNOUNCED + start_hour * HOUR
    blind = CoverageLine(network=NETWORK, from_at=start, until_at=start + length * HOUR, at=END, state="refused")
    known_posts = [post for post in posts if not blind.from_at <= post.posted_at < blind.until_at]
    coverage = [*hours(START, blind.from_at), blind, *hours(blind.until_at, END)]
    comparison = compare_both(collector(lines_of(posts)), collector(lines_of(known_posts), coverage=coverage))
    assert comparison.unexplained == ()
    assert set(causes_of(comparison)) <= {"coverage"}
    missing_posts = [post for post in posts if post not in known_posts and post.minute <= 72 * 60]
    assert bool(comparison.differences) or not missing_posts


# ---- one cause at a time -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "cause"), [(1, "rule"), (2, "version")])
def test_an_account_that_is_a_bot_for_one_of_them(version: int, cause: str) -> None:
    bot = BotLine(voice=mark("account", 0), rules={"rate": version})
    require_cause(
        compare_both(collector(lines_of([POST_A, POST_B]), bots=[bot]), collector(lines_of([POST_A, POST_B]))), cause
    )


@pytest.mark.parametrize(("version", "cause"), [(1, "rule"), (2, "version")])
def test_a_mention_that_one_of_them_doubts(version: int, cause: str) -> None:
    doubt = DoubtfulLine(post=mark("post", 0), paper=PAPER, rules={"words": version})
    require_cause(
        compare_both(collector(lines_of([POST_A, POST_B]), doubtful=[doubt]), collector(lines_of([POST_A, POST_B]))),
        cause,
    )


def test_an_alias_that_one_of_them_knows() -> None:
    handle, stable = mark("handle"), mark("stable")
    post = SamplePost(0, 30, 0, 300)
    by_stable = post_line(SamplePost(1, 60, 0, 300), PROMPT, account=stable, voice=stable)
    with_alias = post_line(post, PROMPT, account=handle, voice=stable)
    without_alias = post_line(post, PROMPT, account=handle, voice=handle)
    comparison = compare_both(collector([with_alias, by_stable]), collector([without_alias, by_stable]))
    require_cause(comparison, "rule")
    assert {(difference.a, difference.b) for difference in comparison.differences} == {(1, 2)}


def test_a_post_that_one_collector_s_terms_leave_out() -> None:
    full_line = post_line(POST_A, PROMPT, limited=True)
    empty_line = msgspec.structs.replace(full_line, papers=[], readings=[])
    require_cause(compare_both(collector([full_line]), collector([empty_line])), "rule")


def test_accounts_that_reacted_at_one_moment_are_not_taken_for_one_another() -> None:
    def collector_with_likes(*voices: str) -> CollectorFacts:
        reactions = [(voice, "like", POST_A.posted_at + HOUR, False) for voice in voices]
        return collector([post_line(POST_A, PROMPT, readings=[], reactions=reactions)])

    expected = collector_with_likes(mark("one"), mark("two"))
    assert compare_both(collector_with_likes("~" + mark("x"), "~" + mark("y")), expected).differences == ()
    assert compare_both(collector_with_likes("~" + mark("x"), mark("two")), expected).differences == ()


def test_a_post_that_one_of_them_has_forgotten() -> None:
    full_line = post_line(POST_A, PROMPT)
    forgotten_line = msgspec.structs.replace(
        full_line, post="~" + mark("pseudonym"), account="~" + mark("who"), voice="~" + mark("who"),
        readings=full_line.readings[:2],
    )  # fmt: skip
    require_cause(compare_both(collector([forgotten_line]), collector([full_line])), "forgetting")
    higher_readings = [*full_line.readings[:2], (full_line.readings[2][0], None, 900)]
    too_many = msgspec.structs.replace(full_line, readings=higher_readings)
    assert compare_both(collector([forgotten_line]), collector([too_many])).unexplained


def test_a_form_that_only_a_newer_program_reads() -> None:
    newer_line = post_line(POST_A, PROMPT, papers=[(PAPER, POST_A.posted_at, "poem")])
    a, b = [newer_line, *lines_of([POST_B])], lines_of([POST_B])
    require_cause(compare_both(collector(a, program="2.0.0"), collector(b)), "version")
    assert compare_both(collector(a), collector(b)).unexplained, "the same program reads the same"


def test_one_of_them_knows_who_reacted() -> None:
    """A like by somebody who also posted: one voice if the account is known, two if there is only a count."""
    at = POST_A.posted_at + HOUR
    readings = {"readings": [(at, None, 1)]}
    line_with_reactions = post_line(POST_A, PROMPT, reactions=[(mark("account", 0), "like", at, False)], **readings)
    require_cause(
        compare_both(collector([line_with_reactions]), collector([post_line(POST_A, PROMPT, **readings)])), "coverage"
    )


def test_a_post_deleted_before_the_other_looked() -> None:
    deleted_line = post_line(
        POST_A, PROMPT, seen=[(POST_A.posted_at, True, ""), (POST_A.posted_at + 20 * HOUR, False, "")], readings=[]
    )
    require_cause(compare_both(collector([deleted_line, *lines_of([POST_B])]), collector(lines_of([POST_B]))), "moment")


def test_a_paper_that_one_of_them_never_heard_of() -> None:
    facts = collector(lines_of([POST_A]))
    without_paper = replace(facts, announced={})
    assert compare_both(facts, without_paper).unexplained, "it had read arXiv then"
    require_cause(compare_both(facts, replace(without_paper, coverage={NETWORK: facts.coverage[NETWORK]})), "coverage")


def test_a_paper_that_one_of_them_has_as_announced_later() -> None:
    """Both would have read the same at the same moment, so no reading explains it."""
    facts = collector(lines_of([POST_A, POST_B]))
    announced_later = replace(facts, announced={PAPER: ANNOUNCED + 20 * HOUR})
    comparison = compare_both(facts, announced_later)
    assert comparison.unexplained == comparison.differences != () and not causes_of(comparison), "it had read arXiv"
    require_cause(
        compare_both(facts, replace(announced_later, coverage={NETWORK: facts.coverage[NETWORK]})), "coverage"
    )


# ---- unexplained differences -------------------------------------------------------------------------------


@given(sample_posts, habits, st.integers(0, 8))
def test_an_invented_post_is_unexplained(posts: list[SamplePost], reading_habits: Habits, hour: int) -> None:
    invented = post_line(SamplePost(99, hour * 60 + 1, 0, 60), reading_habits)
    comparison = compare_both(
        collector([*lines_of(posts, reading_habits), invented]), collector(lines_of(posts, reading_habits))
    )
    ages = {count.age for count in comparison.unexplained}
    assert ages >= {24, 72, 168}
    assert all(count.unexplained == 1 for count in comparison.unexplained)


@given(sample_posts, st.integers(0, 59), st.integers(0, 400), habits, st.integers(0, 4), st.integers(20, 10_000))
def test_an_invented_count_is_unexplained(
    posts: list[SamplePost], minute: int, final_likes: int, reading_habits: Habits, index: int, extra: int
) -> None:
    """The count is far above the other collector's readings before and after."""
    lines = lines_of([*posts, SamplePost(99, minute, final_likes, 300)], reading_habits)
    line_to_change = lines[-1]
    at = line_to_change.readings[min(index, len(line_to_change.readings) - 1)][0]
    invented_reading = (at, None, 2 * final_likes + extra)
    readings = [invented_reading if reading[0] == at else reading for reading in line_to_change.readings]
    changed_lines = [
        msgspec.structs.replace(line, readings=readings) if line is line_to_change else line for line in lines
    ]
    comparison = compare_both(collector(changed_lines), collector(lines))
    assert comparison.unexplained or not comparison.differences


@given(sample_posts, habits)
def test_a_post_that_one_dropped_is_unexplained(posts: list[SamplePost], reading_habits: Habits) -> None:
    lines = lines_of(posts, reading_habits)
    comparison = compare_both(collector(lines), collector(lines[1:]))
    assert comparison.unexplained or posts[0].minute + reading_habits.post_delay > 72 * 60


def test_trouble_elsewhere_explains_nothing() -> None:
    """Another network was down, and this one at another time."""
    blind = [
        CoverageLine(network="x", from_at=START, until_at=END, at=END, state="refused"),
        CoverageLine(network=NETWORK, from_at=ANNOUNCED + 50 * HOUR, until_at=ANNOUNCED + 60 * HOUR, at=END,
                     state="refused"),
    ]  # fmt: skip
    coverage = [*hours(START, ANNOUNCED + 50 * HOUR), *hours(ANNOUNCED + 60 * HOUR, END), *blind]
    comparison = compare_both(collector(lines_of([POST_A, POST_B])), collector(lines_of([POST_B]), coverage=coverage))
    assert len(comparison.unexplained) == len(comparison.differences) == 4


def test_a_judgement_without_a_rule_explains_no_missing_post() -> None:
    bot = BotLine(voice=mark("account", 1), rules={"rate": 1})
    comparison = compare_both(collector(lines_of([POST_A, POST_B]), bots=[bot]), collector(lines_of([POST_B])))
    assert {difference.unexplained > 0 for difference in comparison.differences} == {True}


def test_counts_fall_no_further_than_may_be_taken_back() -> None:
    """A day later, the same collector read a far lower count."""
    line = post_line(POST_A, PROMPT)
    lower_line = msgspec.structs.replace(
        line, readings=[line.readings[0], (line.readings[1][0], None, 500), *line.readings[2:]]
    )
    assert [difference.age for difference in compare_both(collector([lower_line]), collector([line])).unexplained] == [
        24
    ]


# ---- arbitrary input ---------------------------------------------------------------------------------------

moments = st.integers(-MAX_INTEGER, MAX_INTEGER) | st.integers(START, END)
counts = st.none() | st.integers(0, MAX_INTEGER)
names = st.sampled_from(["", mark(1), "~" + mark(2), mark(3)])


def ascending(rows: st.SearchStrategy[tuple[Any, ...]], at: int = 0) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    return st.lists(rows, max_size=4).map(lambda rows_drawn: sorted(rows_drawn, key=itemgetter(at)))


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
              until_at=st.integers(END + 1, MAX_INTEGER), at=moments,
              state=st.sampled_from(["complete", "partial", "refused"]), counts=st.booleans()),
    min_size=2, max_size=6,
)  # fmt: skip


@pytest.mark.long
@given(any_posts, any_posts, any_coverage, any_coverage)
def test_whatever_is_written_is_compared(
    posts_a: list[PostLine], posts_b: list[PostLine], coverage_a: list[CoverageLine], coverage_b: list[CoverageLine]
) -> None:
    """No input causes a defect, and the parts add up."""
    compare_both(collector(posts_a, coverage=coverage_a), collector(posts_b, coverage=coverage_b))


def test_a_count_read_when_the_post_was_made_compares_alike_both_ways() -> None:
    without_count = PostLine(post=mark("p"), network=NETWORK, account="", voice="", created_at=START, limited=False,
                     seen=[(START, True, "")], papers=[(PAPER, START, "abs")], readings=[], reactions=[])  # fmt: skip
    with_count = msgspec.structs.replace(without_count, readings=[(START, None, 1)])
    compare_both(collector([without_count]), collector([with_count]))


# ---- what cannot be compared -------------------------------------------------------------------------------


def test_other_keys_and_other_times_are_refused() -> None:
    facts = collector(lines_of([POST_A]))
    with pytest.raises(UsageError, match="different keys"):
        compare_collectors(facts, collector(lines_of([POST_A]), check=mark("another")))
    with pytest.raises(UsageError, match="cover no common time"):
        compare_collectors(facts, collector(lines_of([POST_A]), since=END, until=END + HOUR))


def test_a_network_that_only_one_has_read_is_left_out() -> None:
    other_line = msgspec.structs.replace(post_line(POST_A, PROMPT), post=mark("elsewhere"), network="x")
    facts = collector([*lines_of([POST_B]), other_line], coverage=[*hours(), *hours(network="x")])
    comparison = compare_both(facts, collector(lines_of([POST_B])))
    assert comparison.left_out == ("x",)
    assert comparison.differences == () and comparison.counts == 3


def test_counts_of_networks_that_only_one_has_read_are_not_denied() -> None:
    """Both have counts of Mastodon, but one does not say how it read it."""
    facts = collector(lines_of([POST_A]))
    lines = list(page.text_of(compare_collectors(facts, replace(facts, coverage={}))))
    assert lines[0].endswith("no network that both read has counts of papers announced then.")
    assert lines[1] == "Left out, as only one or neither has coverage: Mastodon."
