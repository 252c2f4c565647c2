"""The figures about an account and the rules on them: examples, and properties of all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import HOUR, Paper
from hotpapers.discussion.moderation.bots import rules
from hotpapers.discussion.moderation.bots.rules import (
    AT_ONCE,
    RULES,
    AccountActivity,
    ObservedPost,
    echo_reason,
    gap_evenness,
    longest_rest,
    measure_account,
    most_covered,
)

MINUTE = 60_000_000
moments = st.lists(st.integers(0, 14 * 24 * HOUR), max_size=120).map(sorted)


# ---- when ------------------------------------------------------------------------------------------------


def test_a_clock_is_even() -> None:
    assert gap_evenness([n * 30 * MINUTE for n in range(50)]) == 100
    assert gap_evenness([n * AT_ONCE for n in range(50)]) == 100, "all at once, whatever the order"
    assert gap_evenness([n * 30 * MINUTE + (n % 2) * 5 * MINUTE for n in range(50)]) == 51, "25, 35, 25 minutes …"
    assert gap_evenness([n * n * MINUTE // 10 for n in range(50)]) < 30


def test_too_few_gaps_tell_nothing_and_nights_are_none() -> None:
    assert gap_evenness([n * HOUR for n in range(40)]) == 0
    assert gap_evenness([n * HOUR for n in range(41)]) == 100
    assert gap_evenness([n * 4 * HOUR for n in range(80)]) == 0


@given(moments, st.integers(0, 10**12))
def test_evenness_is_a_share_and_knows_no_date(times: list[int], shift: int) -> None:
    assert 0 <= gap_evenness(times) <= 100
    assert gap_evenness([at + shift for at in times]) == gap_evenness(times)


@pytest.mark.parametrize(
    ("hours", "rest"),
    [([], 24), ([0], 23), ([8, 9, 20], 11), ([23, 0], 22), (range(24), 0), ([h for h in range(24) if h % 2], 1)],
)
def test_rest_goes_over_midnight(hours: list[int], rest: int) -> None:
    assert longest_rest([h * HOUR + 7 for h in hours]) == rest


@given(st.sets(st.integers(0, 23)))
def test_rest_is_the_longest_stretch(hours: set[int]) -> None:
    stretches = [
        next((n for n in range(25) if n == 24 or (start + n) % 24 in hours), 24) for start in range(24)
    ]  # fmt: skip
    assert longest_rest([h * HOUR for h in hours]) == max(stretches)


# ---- how much --------------------------------------------------------------------------------------------

PAPERS = {"cs.RO": {f"r{n}" for n in range(60)}, "cs.LG": {f"l{n}" for n in range(300)}}


def test_the_category_of_which_most_was_covered() -> None:
    papers = {f"r{n}" for n in range(50)} | {f"l{n}" for n in range(100)}
    assert most_covered(papers, PAPERS) == ("cs.RO", 50, 60)
    assert most_covered({"l1"}, PAPERS) == ("cs.LG", 1, 300)
    assert most_covered(set(), PAPERS) == ("", 0, 0)
    assert most_covered({"r1"}, rules.large_categories(PAPERS, 61)) == ("", 0, 0)


def test_figures_of_an_account() -> None:
    titles = {f"p{n}": f"The Kettle of Case {chr(97 + n)}" for n in range(12)}
    about = {key: Paper(paper=key, title=title, observed_at=0) for key, title in titles.items()}
    posts = [ObservedPost(n * HOUR, f"post{n}", (f"p{n}",), about[f"p{n}"].title) for n in range(12)]
    posts.append(ObservedPost(12 * HOUR, "post12", ("p0", "p1"), "What a fine pair of papers to read at tea time"))
    expected = AccountActivity(posts=13, papers=12, bare=12, even=0, rest=11, category="a", covered=2, announced=4)
    assert measure_account(posts, about, {"a": {"p0", "p1", "x", "y"}, "b": {"z"}}, all_papers=0) == expected
    assert measure_account(posts, about, {}, 700).papers == 700
    assert measure_account([], {}, {}, all_papers=0) == AccountActivity(
        posts=0, papers=0, bare=0, even=0, rest=24, category="", covered=0, announced=0
    )


# ---- rules -----------------------------------------------------------------------------------------------


def test_the_reasons_have_the_figures() -> None:
    activity = AccountActivity(
        posts=212, papers=1500, bare=204, even=85, rest=1, category="cs.RO", covered=58, announced=60
    )
    assert rules.by_rate(activity, 1200) == "named 1,500 papers in 14 days"
    assert rules.by_share(activity, 80) == "posted about 58 of the 60 papers new in cs.RO in 14 days (96 %)"
    start = "212 posts in 14 days, 96 % of them with no word but the paper's"
    assert rules.by_template(activity, 100) == f"{start}, 85 % of them at even intervals"
    assert rules.by_template(activity._replace(even=79), 100) == (
        f"{start}, at all hours: never 2 hours of the day without one"
    )
    delays = [MINUTE] * 57 + [HOUR] * 3
    assert echo_reason(delays, 50) == "reposted 60 posts in 14 days, 95 % of them within 10 minutes"


@pytest.mark.parametrize(
    "activity",
    [
        AccountActivity(posts=600, papers=631, bare=600, even=37, rest=3, category="cs.LG", covered=200, announced=800),
        AccountActivity(posts=280, papers=280, bare=280, even=20, rest=6, category="", covered=0, announced=0),
        AccountActivity(posts=90, papers=90, bare=90, even=100, rest=0, category="", covered=0, announced=0),
        AccountActivity(posts=400, papers=400, bare=350, even=100, rest=0, category="", covered=0, announced=0),
        AccountActivity(posts=50, papers=50, bare=50, category="cs.RO", covered=47, announced=60, even=0, rest=24),
    ],
    ids=["the busiest person", "twenty bare titles a day", "few", "with words", "most of a field"],
)
def test_these_are_people(activity: AccountActivity) -> None:
    limits = {"rate": 1200, "share": 80, "template": 100}
    assert [name for name, rule in RULES.items() if rule(activity, limits[name])] == []


def test_an_echo_is_quick_and_often() -> None:
    assert echo_reason([MINUTE] * 45 + [HOUR] * 5, 50)
    assert not echo_reason([MINUTE] * 44 + [HOUR] * 6, 50)
    assert not echo_reason([MINUTE] * 49, 50)
    assert not echo_reason([], 50)


counts = st.integers(0, 2000)
figures = st.builds(
    AccountActivity, posts=counts, papers=counts, bare=counts, even=st.integers(0, 100), rest=st.integers(0, 24),
    category=st.just("cs.RO"), covered=st.integers(0, 100), announced=st.integers(0, 100),
)  # fmt: skip


@given(figures, st.sampled_from([*RULES.values()]), st.integers(1, 1500), st.integers(1, 1500))
def test_a_lower_limit_finds_no_fewer(
    activity: AccountActivity, reason: Callable[[AccountActivity, int], str], a: int, b: int
) -> None:
    low, high = sorted((a, b))
    assert not reason(activity, high) or reason(activity, low)
