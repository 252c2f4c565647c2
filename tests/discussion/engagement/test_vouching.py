"""A person who has accounts on several networks vouches for a paper once."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import DAY
from hotpapers.discussion.engagement.attention import PostAtAge, VoiceRule, count_engagement
from hotpapers.discussion.engagement.post_reactions import CountedReactions

BO, CY = 2, 3
NETWORKS = ("bluesky", "mastodon", "x")


def post(number: int, network: str, voice: int, likes: int = 0, text: int = 0) -> PostAtAge:
    return PostAtAge("arxiv:1", "cs", DAY, 24, 2 * DAY, 1, network, number, text, voice, 0, 0, likes, 2 * DAY)


def liked_by(*voices: int) -> Mapping[str, CountedReactions]:
    return {"like": CountedReactions([2 * DAY], {0: list(voices)})}


def known(
    posts: list[PostAtAge], likes: dict[int, Mapping[str, CountedReactions]], *, once: bool = True
) -> dict[str, int | None]:
    rule = VoiceRule(known=frozenset((BO, CY)), authors={"arxiv:1": {9}}, vouching_once=once)
    return {row.network: row.known for row in count_engagement([posts], likes, rule)}


@pytest.mark.parametrize(
    ("posts", "likes", "once", "before"),
    [
        ([post(1, "mastodon", BO), post(2, "bluesky", 8)], {2: liked_by(BO)}, (0, 1), (1, 1)),
        ([post(1, "bluesky", 7), post(2, "mastodon", 8)], {1: liked_by(BO), 2: liked_by(BO)}, (1, 0), (1, 1)),
        ([post(1, "mastodon", BO), post(2, "bluesky", CY)], {2: liked_by(BO)}, (1, 1), (2, 1)),
        ([post(1, "bluesky", BO, 1, 5), post(2, "mastodon", BO, 2, 5)], {1: liked_by(BO)}, (0, 1), (1, 1)),
        ([post(1, "bluesky", 8, 9, 5), post(2, "mastodon", BO, 2, 5)], {1: liked_by(BO)}, (1, 0), (1, 0)),
    ],
)
def test_a_voice_vouches_where_it_posts_or_else_on_the_first_network(
    posts: list[PostAtAge],
    likes: dict[int, Mapping[str, CountedReactions]],
    once: tuple[int, int],
    before: tuple[int, int],
) -> None:
    """In the last case its post counts nowhere: it repeats somebody else's words."""
    assert known(posts, likes) == dict(zip(("bluesky", "mastodon"), once, strict=True))
    assert known(posts, likes, once=False) == dict(zip(("bluesky", "mastodon"), before, strict=True))


VOICES = st.integers(1, 5)
POSTS = st.lists(st.tuples(st.sampled_from(NETWORKS), VOICES, st.integers(0, 3), st.integers(0, 2)), max_size=6)


@given(POSTS, st.lists(st.lists(VOICES, max_size=4), max_size=6))
def test_together_they_are_as_many_as_people_who_vouch(
    given_posts: list[tuple[str, int, int, int]], given_likes: list[list[int]]
) -> None:
    posts = [post(number, *fields) for number, fields in enumerate(given_posts)]
    likes = {number: liked_by(*voices) for number, voices in enumerate(given_likes)}
    now, before = known(posts, likes), known(posts, likes, once=False)
    people = [known_alone(posts, likes, voice) for voice in (BO, CY)]
    assert sum(number or 0 for number in now.values()) == sum(people)
    assert all((now[network] or 0) <= (before[network] or 0) for network in now)


def known_alone(posts: list[PostAtAge], likes: dict[int, Mapping[str, CountedReactions]], voice: int) -> bool:
    """Whether a voice vouches on any network if nobody else is known."""
    rule = VoiceRule(known=frozenset((voice,)), vouching_once=False)
    return any(row.known for row in count_engagement([posts], likes, rule))
