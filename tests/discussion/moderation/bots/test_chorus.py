"""The same words, about the same paper, at the same time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import HOUR, Paper
from hotpapers.discussion.moderation.bots import rules
from hotpapers.discussion.moderation.bots.rules import (
    ChorusPosts,
    TimedPost,
    chorus_by_account,
    chorus_posts,
    near_in_time,
)

MINUTE = 60_000_000
PAPER = Paper(paper="", title="Kettles that Whistle before they Boil", authors=("Ada Made",), observed_at=0)
WORDS = "You have to see this breakthrough"


def voices(texts: list[str], interval: int = MINUTE) -> list[TimedPost]:
    return [TimedPost(f"x:{n}", f"x:p{n}", n * interval, text) for n, text in enumerate(texts)]


def test_numbers_tags_and_addresses_make_no_difference() -> None:
    texts = [f"{WORDS} {n}! {PAPER.title} #tea{n} https://made.up/{n}" for n in range(10)]
    assert sorted(chorus_posts(voices(texts), PAPER, 10)) == sorted((f"x:{n}", f"x:p{n}", 10) for n in range(1, 10))
    assert list(chorus_posts(voices(texts[:9]), PAPER, 10)) == []


def test_the_first_poster_repeats_nobody() -> None:
    texts = voices([f"{WORDS} {PAPER.title}"] * 30)
    assert {account for account, _, _ in chorus_posts(reversed(texts), PAPER, 10)} == {f"x:{n}" for n in range(1, 30)}


def test_other_words_are_another_text() -> None:
    texts = [f"{WORDS} {'really' if n % 2 else 'truly'}: {PAPER.title}" for n in range(18)]
    assert list(chorus_posts(voices(texts), PAPER, 10)) == []


def test_for_a_bare_title_it_takes_twice_as_many() -> None:
    """Share buttons make such texts for everybody, and so do titles that we do not know."""
    for text, paper in (
        (PAPER.title, PAPER),
        (f"Wow {PAPER.title}", PAPER),
        (f"{WORDS} {PAPER.title}", None),
    ):
        assert list(chorus_posts(voices([text] * 19), paper, 10)) == []
        assert len(list(chorus_posts(voices([text] * 20), paper, 10))) == 19


def test_addresses_alone_are_not_compared() -> None:
    assert list(chorus_posts(voices(["https://made.up/abs/1 Kettles"] * 50), PAPER, 10)) == []


def test_an_account_is_one_voice_however_often_it_posts() -> None:
    posts = [TimedPost("x:1", f"x:p{n}", n, f"{WORDS} {PAPER.title}") for n in range(50)]
    assert list(chorus_posts(posts, PAPER, 10)) == []


def test_over_an_hour_is_not_together() -> None:
    assert not list(near_in_time(voices(["…"] * 10, HOUR // 9 + 1), 10))
    assert len(list(near_in_time(voices(["…"] * 10, HOUR // 9), 10))) == 10


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 300)), max_size=25), st.integers(2, 5))
def test_together_is_the_fullest_hour_around_each(moments: list[tuple[int, int]], least: int) -> None:
    posts = sorted((TimedPost(f"x:{account}", f"x:p{n}", at * MINUTE, "") for n, (account, at) in enumerate(moments)),
                  key=lambda post: (post.at, post.post))  # fmt: skip
    expected: dict[str, int] = {}
    for start in posts:
        hour = [post for post in posts if 0 <= post.at - start.at <= HOUR]
        accounts = len({post.account for post in hour})
        for post in hour if accounts >= least else ():
            expected[post.post] = max(expected.get(post.post, 0), accounts)
    assert {post.post: accounts for post, accounts in near_in_time(posts, least)} == expected


def test_an_account_with_more_posts_of_its_own_is_not_in_a_chorus() -> None:
    findings = chorus_by_account([("x:1", "x:a", 12), ("x:1", "x:b", 30), ("x:2", "x:c", 30)])
    assert findings == {
        "x:1": ChorusPosts(frozenset({"x:a", "x:b"}), 30),
        "x:2": ChorusPosts(frozenset({"x:c"}), 30),
    }
    assert rules.chorus_reason(findings["x:1"], 4, 14) == (
        "said the same words about the same paper within an hour as 29 others did, in 2 of its 4 posts of 14 days"
    )
    assert rules.chorus_reason(findings["x:1"], 5, 14) == ""
