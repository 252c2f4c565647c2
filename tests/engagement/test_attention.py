"""Engagement: the aggregate in SQL against a plain count in Python, and an example for each rule."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotpapers.engagement import attention, measurement
from hotpapers.engagement import queries as engagement_queries
from hotpapers.engagement.measurement import MeasurementWindow
from hotpapers.engagement.standing import queries as standing_queries
from hotpapers.model import (
    DAY,
    HOUR,
    Alias,
    Announcement,
    AnnouncementType,
    Item,
    Judgement,
    Mention,
    Paper,
    Post,
    Reaction,
    ReactionType,
    Snapshot,
    Tally,
    Verdict,
)
from hotpapers.store.identities import NUMBER
from hotpapers.store.record import Record
from tests.issues.plainly import Plain
from tests.issues.worlds import CUT, World, emptied, fill, worlds

WEEK_AGO = CUT - 168 * HOUR


windows = st.builds(
    MeasurementWindow,
    ages=st.sampled_from([measurement.AGES, measurement.AGES, (6, 24)]),
    networks=st.sampled_from([(), (), ("bluesky", "x"), ("mastodon",)]),
    own_voices=st.just(()),
    candidates_from=st.sampled_from([WEEK_AGO, CUT - 24 * HOUR]),
    posted_from=st.sampled_from([None, WEEK_AGO, CUT - 24 * HOUR]),
    papers=st.sampled_from([(), (), ("arxiv:2311.00001",), ("arxiv:2311.00002", "arxiv:2311.00003")]),
    with_standing=st.sampled_from([True, True, False]),
    announced_from=st.sampled_from([0, 0, WEEK_AGO, CUT - 24 * HOUR]),
    youngest=st.sampled_from([0, 24]),
).filter(lambda window: not window.announced_from or window.posted_from is None)
ENOUGH = 2
"""The number of accounts with standing that is enough in these tests."""


@pytest.fixture(autouse=True)
def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lowers the limit, because the made-up records have only a handful of accounts."""
    monkeypatch.setattr(standing_queries, "ENOUGH_KNOWN", ENOUGH)


own_accounts = st.sampled_from([(), (), ("bluesky:ada",), ("x:@ada", "mastodon:cy")])


def compare(
    record: Record, world: World, window: MeasurementWindow, own: tuple[str, ...], cut: int, batch: int
) -> None:
    """Both ways of counting give the same rows."""
    filled = fill(emptied(record), world)
    position = record.head.position - 3 + batch
    measured = window._replace(own_voices=record.voices_of(own))
    if window.with_standing:
        standing_queries.learn_standing(record.database)
    found = list(attention.read_engagement(record.view(cut, position), measured))
    plain = Plain(
        filled, cut, position, window.ages, window.networks, own, window.candidates_from, window.posted_from,
        window.papers, ENOUGH if window.with_standing else None, window.youngest,
    ).heard()  # fmt: skip
    plain = [one for one in plain if one.announced_at >= window.announced_from]
    assert found == [one for one in plain if not window.papers or one.paper in window.papers]
    assert {type(value) for one in found for value in one._replace(known=one.known or 0)} <= {int, str}


some = given(
    worlds(), windows, own_accounts, st.sampled_from([CUT, CUT, CUT - 6 * HOUR]), st.sampled_from([3, 3, 2, 1])
)
quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.mark.long
@settings(max_examples=150, suppress_health_check=quiet)
@some
def test_the_same_one_by_one_on_sqlite(
    sqlite_record: Record, world: World, window: MeasurementWindow, own: tuple[str, ...], cut: int, batch: int
) -> None:
    compare(sqlite_record, world, window, own, cut, batch)


@pytest.mark.long
@settings(max_examples=25, suppress_health_check=quiet)
@some
def test_the_same_one_by_one_on_postgres(
    postgres_record: Record, world: World, window: MeasurementWindow, own: tuple[str, ...], cut: int, batch: int
) -> None:
    compare(postgres_record, world, window, own, cut, batch)


# ---- an example for each rule --------------------------------------------------------------------------

PAPER = "arxiv:2311.00001"
DAY_AGO = CUT - 24 * HOUR
A_DAY_IN = MeasurementWindow(ages=(24,))
LONG = "A made-up sentence of which there is only one, so far"


def announced(hours: int = 24, type: AnnouncementType = "new", paper: str = PAPER, **more: int) -> Announcement:
    at = CUT - hours * HOUR
    category = "stat.ML" if type == "cross" else "cs.LG"
    return Announcement(
        paper=paper, day="2023-11-13", category=category, type=type, announced_at=at, observed_at=more.get("seen", at)
    )


def said(post: str, account: str, at: int = DAY_AGO + 1, text: str = "", paper: str = PAPER) -> list[Item]:
    """A post about the paper, and its mention."""
    network = post.partition(":")[0]
    return [
        Post(post=post, network=network, account=account, created_at=at, text=text, observed_at=at),
        Mention(post=post, paper=paper, form="abs", observed_at=at),
    ]


def counted(post: str, reposts: int | None, likes: int | None, at: int = DAY_AGO + 2) -> Snapshot:
    return Snapshot(post=post, reposts=reposts, likes=likes, replies=90, quotes=90, views=9000, observed_at=at)


def reacted(post: str, *accounts: str, type: ReactionType = "like", at: int = DAY_AGO + 2, **more: bool) -> list[Item]:
    return [
        Reaction(post=post, account=a, type=type, observed_at=at, withdrawn=more.get("withdrawn", False))
        for a in accounts
    ]


def judged(subject: str, judgement: Judgement, rule: str = "pace", about: str = "", at: int = CUT) -> Verdict:
    return Verdict(
        subject=subject, about=about, rule=rule, judgement=judgement, version=1, reason="made up", observed_at=at
    )


def voices(record: Record, *items: Item | list[Item], window: MeasurementWindow = A_DAY_IN) -> dict[str, int]:
    """Voices by network for the only paper, a day after its announcement."""
    flat = [one for some in items for one in (some if isinstance(some, list) else [some])]
    emptied(record).append([announced(), *flat], source="made-up")
    return {one.network: one.voices for one in attention.read_engagement(record.view(CUT), window)}


def test_an_account_counts_once_however_often_it_speaks_and_reacts(sqlite_record: Record) -> None:
    posts = [*said("bluesky:1", "bluesky:ada"), *said("bluesky:2", "bluesky:ada"), *said("bluesky:3", "bluesky:bo")]
    likes = [*reacted("bluesky:3", "bluesky:ada", "bluesky:cy"), *reacted("bluesky:1", "bluesky:cy", type="repost")]
    assert voices(sqlite_record, posts, likes) == {"bluesky": 3}


def test_counts_add_to_the_accounts_that_are_known_only_what_goes_beyond_them(sqlite_record: Record) -> None:
    post = said("bluesky:1", "bluesky:ada")
    likes = reacted("bluesky:1", "bluesky:bo", "bluesky:cy")
    assert voices(sqlite_record, post, counted("bluesky:1", 3, 5)) == {"bluesky": 9}
    assert voices(sqlite_record, post, likes, counted("bluesky:1", None, 5)) == {"bluesky": 6}
    assert voices(sqlite_record, post, likes, counted("bluesky:1", 0, 1)) == {"bluesky": 3}
    """Known likes don't explain counted reposts."""
    assert voices(sqlite_record, post, likes, counted("bluesky:1", 4, 2)) == {"bluesky": 7}


def test_replies_and_quotes_are_not_reactions_that_count(sqlite_record: Record) -> None:
    others = [*reacted("bluesky:1", "bluesky:bo", type="reply"), *reacted("bluesky:1", "bluesky:cy", type="quote")]
    assert voices(sqlite_record, said("bluesky:1", "bluesky:ada"), others, counted("bluesky:1", 1, 1)) == {"bluesky": 3}


def test_what_is_taken_back_does_not_count(sqlite_record: Record) -> None:
    post = said("bluesky:1", "bluesky:ada")
    likes = reacted("bluesky:1", "bluesky:bo", "bluesky:cy")
    back = reacted("bluesky:1", "bluesky:cy", at=DAY_AGO + 9, withdrawn=True)
    assert voices(sqlite_record, post, likes, back) == {"bluesky": 2}
    """Counts read earlier still include it, later counts don't."""
    assert voices(sqlite_record, post, likes, back, counted("bluesky:1", 0, 2, DAY_AGO + 5)) == {"bluesky": 2}
    assert voices(sqlite_record, post, likes, back, counted("bluesky:1", 0, 3, DAY_AGO + 12)) == {"bluesky": 4}


def test_a_bot_s_posts_and_reactions_do_not_count_and_its_posts_are_counted_apart(sqlite_record: Record) -> None:
    items = [
        *said("bluesky:1", "bluesky:bot"), *said("bluesky:2", "bluesky:bot"), *said("bluesky:3", "bluesky:ada"),
        *reacted("bluesky:1", "bluesky:bo"), *reacted("bluesky:3", "bluesky:bot", "bluesky:cy"),
        counted("bluesky:1", 50, 50), counted("bluesky:3", 0, 3), judged("bluesky:bot", "bot"),
    ]  # fmt: skip
    emptied(sqlite_record).append([announced(), *items], source="made-up")
    (one,) = attention.read_engagement(sqlite_record.view(CUT), MeasurementWindow(ages=(24,)))
    assert (one.voices, one.reposts, one.likes, one.bots) == (3, 0, 3, 2)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([judged("bluesky:a", "bot")], 0),
        ([judged("bluesky:a", "bot", at=1), judged("bluesky:a", "human", at=2)], 1),
        ([judged("bluesky:a", "bot"), judged("bluesky:a", "human", rule="other")], 0),
        ([judged("bluesky:a", "bot"), judged("bluesky:a", "human", rule="operator")], 1),
        ([judged("bluesky:a", "human", rule="operator", at=1), judged("bluesky:a", "bot", rule="operator", at=2)], 0),
        ([judged("bluesky:a", "bot", rule="rate"), judged("bluesky:a", "human", rule="proved")], 1),
        ([judged("bluesky:a", "bot", rule="chorus"), judged("bluesky:a", "human", rule="proved", at=1)], 0),
        ([judged("bluesky:a", "bot", rule="operator"), judged("bluesky:a", "human", rule="proved", at=1)], 0),
        ([judged("bluesky:a", "bot", at=CUT + 1)], 1),
        ([judged("bluesky:1", "doubtful", about=PAPER)], None),
        ([judged("bluesky:1", "doubtful", about="arxiv:2311.00002")], 1),
        ([judged("bluesky:1", "doubtful", about=PAPER), judged("bluesky:1", "sound", "operator", PAPER)], 1),
        ([judged("bluesky:1", "doubtful", about=PAPER), judged("bluesky:1", "sound", "other", PAPER)], None),
    ],
)
def test_verdicts(sqlite_record: Record, verdicts: list[Item], expected: int | None) -> None:
    assert voices(sqlite_record, said("bluesky:1", "bluesky:a"), verdicts).get("bluesky") == expected


def test_a_handle_and_its_account_are_one_voice_and_one_bot(sqlite_record: Record) -> None:
    same = Alias(account="x:@ada", stable="x:1", observed_at=DAY_AGO)
    posts = [*said("x:10", "x:@ada"), *said("x:11", "x:1"), *reacted("x:11", "x:@ada")]
    assert voices(sqlite_record, posts) == {"x": 2}
    assert voices(sqlite_record, posts, same) == {"x": 1}
    for known_as in ("x:@ada", "x:1"):
        assert voices(sqlite_record, posts, same, judged(known_as, "bot")) == {"x": 0}
        own = MeasurementWindow(ages=(24,), own_voices=sqlite_record.voices_of([known_as]))
        assert voices(sqlite_record, posts, same, window=own) == {}


def test_our_own_posts_and_reactions_do_not_count_and_are_no_bots(sqlite_record: Record) -> None:
    posts = [*said("bluesky:1", "bluesky:us"), counted("bluesky:1", 40, 40), *said("bluesky:2", "bluesky:ada")]
    emptied(sqlite_record).append(
        [announced(), *posts, *reacted("bluesky:2", "bluesky:us", "bluesky:bo")], source="made-up"
    )
    own = MeasurementWindow(ages=(24,), own_voices=sqlite_record.voices_of(["bluesky:us"]))
    (one,) = attention.read_engagement(sqlite_record.view(CUT), own)
    assert (one.voices, one.reposts, one.likes, one.bots) == (2, 0, 0, 0)


def test_the_same_text_on_several_networks_is_one_voice_where_it_is_strongest(sqlite_record: Record) -> None:
    posts = [
        *said("bluesky:1", "bluesky:ada", text=LONG), counted("bluesky:1", 2, 2),
        *said("mastodon:1", "mastodon:ada", text=f"{LONG.upper()}! https://made.up/1"), counted("mastodon:1", 0, 3),
    ]  # fmt: skip
    """Reactions count where they are, the voice itself only on Bluesky."""
    assert voices(sqlite_record, posts) == {"bluesky": 5, "mastodon": 3}
    assert voices(sqlite_record, posts, counted("mastodon:1", 2, 4, DAY_AGO + 9)) == {"bluesky": 4, "mastodon": 7}
    """Two accounts on one network may post the same text."""
    assert voices(sqlite_record, posts, said("bluesky:2", "bluesky:bo", text=LONG)) == {"bluesky": 6, "mastodon": 3}


def test_where_a_bot_says_the_same_the_person_s_voice_stays(sqlite_record: Record) -> None:
    person = said("mastodon:1", "mastodon:ada", text=LONG)
    bot = [*said("bluesky:1", "bluesky:bot", text=LONG), counted("bluesky:1", 90, 90), judged("bluesky:bot", "bot")]
    assert voices(sqlite_record, person, bot) == {"bluesky": 0, "mastodon": 1}


def test_short_texts_may_be_alike(sqlite_record: Record) -> None:
    posts = [*said("bluesky:1", "bluesky:ada", text="Nice one"), *said("mastodon:1", "mastodon:ada", text="Nice one")]
    assert voices(sqlite_record, posts) == {"bluesky": 1, "mastodon": 1}


def test_the_same_account_on_several_networks_is_one_voice(sqlite_record: Record) -> None:
    same = Alias(account="mastodon:@ada", stable="bluesky:ada", observed_at=DAY_AGO)
    posts = [*said("bluesky:1", "bluesky:ada"), *said("mastodon:1", "mastodon:@ada"), counted("mastodon:1", 0, 1)]
    assert voices(sqlite_record, posts) == {"bluesky": 1, "mastodon": 2}
    assert voices(sqlite_record, posts, same) == {"bluesky": 0, "mastodon": 2}


def test_what_is_measured_is_what_was_known_at_the_mark(sqlite_record: Record) -> None:
    """A paper announced 100 hours ago is measured at 6, 24 and 72 hours, each with what was observed by then."""
    at = CUT - 100 * HOUR
    items = [
        announced(100), *said("bluesky:1", "bluesky:ada", at + HOUR), counted("bluesky:1", 0, 1, at + 2 * HOUR),
        counted("bluesky:1", 0, 10, at + 6 * HOUR + 1), counted("bluesky:1", 0, 20, at + 24 * HOUR),
        *said("bluesky:2", "bluesky:bo", at + 72 * HOUR), *said("bluesky:3", "bluesky:cy", at + 72 * HOUR + 1),
    ]  # fmt: skip
    emptied(sqlite_record).append(items, source="made-up")
    found = [
        (one.age, one.until - at, one.voices, one.peer)
        for one in attention.read_engagement(sqlite_record.view(CUT), MeasurementWindow())
    ]
    assert found == [(6, 6 * HOUR, 2, 1), (24, 24 * HOUR, 21, 1), (72, 72 * HOUR, 22, 1)]


def test_what_is_seen_again_at_the_very_mark_counts_once(sqlite_record: Record) -> None:
    post, mention = said("bluesky:1", "bluesky:ada")
    again = [msgspec.structs.replace(item, observed_at=CUT) for item in (post, mention)]
    found = voices(sqlite_record, [post, mention], again, counted("bluesky:1", 2, 3), counted("bluesky:1", 2, 5, CUT))
    assert found == {"bluesky": 8}


def test_a_young_paper_is_measured_at_the_cut_and_is_no_reference(sqlite_record: Record) -> None:
    at = CUT - 3 * HOUR
    emptied(sqlite_record).append([announced(3), *said("bluesky:1", "bluesky:ada", at)], source="made-up")
    (one,) = attention.read_engagement(sqlite_record.view(CUT), MeasurementWindow())
    assert (one.age, one.until, one.peer, one.announced_at) == (6, CUT, 0, at)
    emptied(sqlite_record).append(
        [announced(0), announced(-1, paper="arxiv:2311.00002"), *said("bluesky:1", "bluesky:ada", CUT)],
        source="made-up",
    )
    assert [one.paper for one in attention.read_engagement(sqlite_record.view(CUT), MeasurementWindow())] == [PAPER]


def test_a_deleted_post_counts_as_long_as_it_was_there(sqlite_record: Record) -> None:
    at = CUT - 100 * HOUR
    post, mention = said("bluesky:1", "bluesky:ada", at)
    gone = msgspec.structs.replace(post, gone="deleted", observed_at=at + 10 * HOUR)
    emptied(sqlite_record).append([announced(100), post, mention, gone], source="made-up")
    assert [one.age for one in attention.read_engagement(sqlite_record.view(CUT), MeasurementWindow())] == [6]


def test_a_paper_is_announced_once(sqlite_record: Record) -> None:
    """The first announcement counts, in its latest known version; a replacement doesn't count."""
    post = said("bluesky:1", "bluesky:ada")
    for items, expected in (
        ([announced(30), announced(10, "cross")], {CUT - 30 * HOUR}),
        ([announced(30, "replacement")], set()),
        ([announced(24 * 91), announced(10, "cross", seen=CUT)], set()),
        ([announced(30), announced(12, seen=CUT)], {CUT - 12 * HOUR}),
    ):
        emptied(sqlite_record).append([*items, *post], source="made-up")
        assert {
            one.announced_at for one in attention.read_engagement(sqlite_record.view(CUT), MeasurementWindow())
        } == expected


def test_a_window_takes_older_papers_by_the_posts_made_in_it(sqlite_record: Record) -> None:
    at = CUT - 100 * 24 * HOUR
    older = [
        *said("bluesky:1", "bluesky:ada", at), *said("bluesky:2", "bluesky:bo", WEEK_AGO),
        *said("bluesky:3", "bluesky:ada", CUT - HOUR), *said("bluesky:4", "bluesky:cy", WEEK_AGO - 1),
        announced(24 * 100),
    ]  # fmt: skip
    emptied(sqlite_record).append(older, source="made-up")
    window = MeasurementWindow(candidates_from=WEEK_AGO, posted_from=WEEK_AGO)
    (one,) = attention.read_engagement(sqlite_record.view(CUT), window)
    assert (one.voices, one.age, one.until, one.peer, one.announced_at) == (2, 168, CUT, 0, 0)
    assert list(attention.read_engagement(sqlite_record.view(CUT), MeasurementWindow())) == []


def test_a_paper_counts_once_young_and_once_with_the_posts_of_the_window(sqlite_record: Record) -> None:
    emptied(sqlite_record).append([announced(23), *said("bluesky:1", "bluesky:ada")], source="made-up")
    window = A_DAY_IN._replace(candidates_from=CUT, posted_from=WEEK_AGO)
    found = list(attention.read_engagement(sqlite_record.view(CUT), window))
    assert [(one.announced_at, one.age, one.voices) for one in found] == [(CUT - 23 * HOUR, 24, 1), (0, 24, 1)]


def test_only_the_publication_s_networks_count(sqlite_record: Record) -> None:
    posts = [*said("bluesky:1", "bluesky:ada", text=LONG), *said("mastodon:1", "mastodon:ada", text=LONG)]
    assert voices(sqlite_record, posts, window=MeasurementWindow(ages=(24,), networks=("mastodon",))) == {"mastodon": 1}


def test_a_post_that_names_many_papers_is_measured_at_each_of_their_marks(store_url: str) -> None:
    """Forty papers, forty marks; posts with neighboring numbers keep their own reactions."""
    papers = [f"arxiv:2311.{n:05}" for n in range(1, 41)]
    before, digest, after = (f"bluesky:{n}" for n in (1, 2, 3))
    at = CUT - 100 * HOUR
    items: list[Item] = [announced(50 - n, paper=paper) for n, paper in enumerate(papers)]
    items += [announced(50, paper=paper) for paper in ("arxiv:2312.00001", "arxiv:2312.00003")]
    items += said(before, "bluesky:ada", at, paper="arxiv:2312.00001")
    items += said(after, "bluesky:bo", at, paper="arxiv:2312.00003")
    items += [one for paper in papers for one in said(digest, "bluesky:cy", at, paper=paper)]
    """One like at each mark."""
    likes = [reacted(digest, f"bluesky:fan{n}", at=CUT - (50 - n) * HOUR + 6 * HOUR) for n in range(40)]
    items += [one for some in likes for one in some]
    items += reacted(before, "bluesky:fan0", at=at + 1) + reacted(after, "bluesky:fan1", "bluesky:fan2", at=at + 1)
    with Record(store_url) as record:
        record.append(items, source="made-up")
        numbers = [record.database.rows(f"SELECT {NUMBER}", (post,))[0][0] for post in (before, digest, after)]
        assert numbers == list(range(numbers[0], numbers[0] + 3)), "else the test could not fail"
        found = {one.paper: one for one in attention.read_engagement(record.view(CUT), MeasurementWindow(ages=(6,)))}
    assert len({found[paper].until for paper in papers}) == 40
    assert [found[paper].voices for paper in papers] == list(range(2, 42))
    assert found["arxiv:2312.00001"].voices == 2 and found["arxiv:2312.00003"].voices == 3


# ---- standing, authors and counted voices ----------------------------------------------------------------

LONG_AGO = CUT - 40 * DAY


def known_for_long(*accounts: str) -> list[Item]:
    """Posts about three papers each, which give the accounts standing."""
    names = ("arxiv:2309.00001", "arxiv:2309.00002", "arxiv:2309.00003")
    posts = [(f"{one.partition(':')[0]}:{one.partition(':')[2]}{n}", one, name) for one in accounts
             for n, name in enumerate(names)]  # fmt: skip
    return [item for post, one, name in posts for item in said(post, one, at=LONG_AGO, paper=name)]


def with_standing(record: Record, *items: list[Item]) -> tuple[int, int | None, int, int]:
    """(voices, known, authors, counted) on the only network, where ada and bo have standing."""
    old = known_for_long("bluesky:ada", "bluesky:bo")
    emptied(record).append([announced(), *old], source="made-up")
    record.append([one for some in items for one in some], source="made-up")
    standing_queries.learn_standing(record.database)
    window = A_DAY_IN._replace(with_standing=True, papers=(PAPER, "arxiv:2311.00002"))
    (one,) = [one for one in attention.read_engagement(record.view(CUT), window) if one.paper == PAPER]
    return one.voices, one.known, one.authors, one.counted


def crowd(post: str, many: int) -> list[Item]:
    return reacted(post, *(f"bluesky:new{n}" for n in range(many)))


def test_unknown_voices_count_as_far_as_known_ones_match_them(sqlite_record: Record) -> None:
    post = said("bluesky:1", "bluesky:cy")
    assert with_standing(sqlite_record, post, crowd("bluesky:1", 9)) == (10, 0, 0, 0)
    assert with_standing(sqlite_record, post, crowd("bluesky:1", 9), reacted("bluesky:1", "bluesky:bo")) == (
        11,
        1,
        0,
        2,
    )
    both = reacted("bluesky:1", "bluesky:bo", "bluesky:ada")
    assert with_standing(sqlite_record, post, both) == (3, 2, 0, 3)
    assert with_standing(sqlite_record, post, both, crowd("bluesky:1", 9)) == (12, 2, 0, 4)


def test_the_highest_count_counts_and_none_is_added_to_another(sqlite_record: Record) -> None:
    posts = [*said("bluesky:1", "bluesky:cy"), *said("bluesky:2", "bluesky:dy")]
    some: list[Item] = [counted("bluesky:1", 4, 6), counted("bluesky:2", 5, 5)]
    assert with_standing(sqlite_record, posts, some) == (22, 0, 0, 6)
    assert with_standing(sqlite_record, posts, some, reacted("bluesky:1", "bluesky:ada", "bluesky:bo")) == (22, 2, 0, 5)


def test_authors_do_not_vouch_and_the_operator_has_the_last_word(sqlite_record: Record) -> None:
    post = [*said("bluesky:1", "bluesky:ada"), *crowd("bluesky:1", 5)]
    author = judged("bluesky:ada", "author", rule="name", about=PAPER)
    assert with_standing(sqlite_record, post) == (6, 1, 0, 2)
    assert with_standing(sqlite_record, post, [author]) == (6, 0, 1, 0)
    assert with_standing(sqlite_record, post, [judged("bluesky:ada", "author", about="arxiv:2311.00002")]) == (
        6,
        1,
        0,
        2,
    )
    independent = judged("bluesky:ada", "independent", rule="operator", about=PAPER)
    assert with_standing(sqlite_record, post, [author, independent]) == (6, 1, 0, 2)
    assert with_standing(sqlite_record, post, [judged("bluesky:ada", "author", rule="operator", about=PAPER)]) == (
        6,
        0,
        1,
        0,
    )


def test_a_handle_has_the_standing_of_its_account(sqlite_record: Record) -> None:
    old = known_for_long("bluesky:@cy")
    post = [*said("bluesky:1", "bluesky:cy"), *crowd("bluesky:1", 5)]
    same = Alias(account="bluesky:@cy", stable="bluesky:cy", observed_at=DAY_AGO)
    assert with_standing(sqlite_record, post, old) == (6, 0, 0, 0)
    assert with_standing(sqlite_record, post, old, [same]) == (6, 1, 0, 2)
    author = judged("bluesky:@cy", "author", rule="name", about=PAPER)
    assert with_standing(sqlite_record, post, old, [same, author]) == (6, 0, 1, 0)


def test_a_post_about_several_papers_counts_by_its_poster_alone(sqlite_record: Record) -> None:
    post = [*said("bluesky:1", "bluesky:ada"), *reacted("bluesky:1", "bluesky:bo"), *crowd("bluesky:1", 5)]
    other = Mention(post="bluesky:1", paper="arxiv:2311.00002", form="abs", observed_at=DAY_AGO + 1)
    assert with_standing(sqlite_record, post, [counted("bluesky:1", 0, 90)]) == (91, 2, 0, 84)
    assert with_standing(sqlite_record, post, [other]) == (7, 2, 0, 4), "nobody announced the other paper"
    seconds = [other, announced(paper="arxiv:2311.00002")]
    assert with_standing(sqlite_record, post, seconds) == (7, 1, 0, 1)
    assert with_standing(sqlite_record, post, seconds, [counted("bluesky:1", 0, 90)]) == (91, 1, 0, 1)


# ---- imported listings ---------------------------------------------------------------------------------


def tally(paper: str, reposts: int, likes: int, at: int = CUT, method: str = "made-up/1", network: str = "x") -> Tally:
    return Tally(paper=f"arxiv:{paper}", network=network, method=method, reposts=reposts, likes=likes, observed_at=at)


def test_what_a_listing_is_compared_with(store_url: str) -> None:
    """All that the publication listed in 90 days, 50 or more in total, each paper by its latest tally."""
    ninety = CUT - 90 * 24 * HOUR
    items = [
        tally("2311.00001", 10, 40, CUT - 5), tally("2311.00001", 10, 90, CUT - 1, "made-up/2"),
        tally("2311.00002", 49, 0), tally("2311.00003", 0, 50), tally("2311.00004", 9, 99, ninety),
        tally("2311.00005", 9, 99, ninety + 1), tally("2311.00006", 9, 99, CUT + 1),
        tally("2311.00007", 9, 99, method="made-up-too/1"), tally("2311.00008", 9, 99, method="made-u/1"),
        tally("2311.00003", 60, 1, network="bluesky"),
        Paper(paper="arxiv:2311.00003", title="Three", categories=("hep-th",), observed_at=CUT),
        Paper(paper="arxiv:2311.00003", title="Three", categories=("cs.LG",), observed_at=CUT + 1),
    ]  # fmt: skip
    with Record(store_url) as record:
        record.append(items, source="made-up")
        view = record.view(CUT)
        found = list(engagement_queries.listed_peers(view, "made-up"))
        assert list(engagement_queries.listed_peers(view, "made-up", ("bluesky",))) == found[:1]
    assert found == [
        ("bluesky", "hep-th", "arxiv:2311.00003", 1),
        ("x", "", "arxiv:2311.00001", 90),
        ("x", "hep-th", "arxiv:2311.00003", 50),
        ("x", "", "arxiv:2311.00005", 99),
    ]
