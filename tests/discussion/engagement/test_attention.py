"""Engagement: the aggregate in SQL against a plain count in Python, and an example for each rule."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotpapers.base.model import (
    DAY,
    HOUR,
    MAX_INTEGER,
    Alias,
    Announcement,
    AnnouncementType,
    Item,
    Judgement,
    Mention,
    Post,
    Reaction,
    ReactionType,
    Snapshot,
    Verdict,
)
from hotpapers.discussion.engagement import attention, measurement
from hotpapers.discussion.engagement.measurement import MeasurementWindow
from hotpapers.discussion.engagement.standing import queries as standing_queries
from hotpapers.record.identities import NUMBER
from hotpapers.record.record import Record
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
    posted_until=st.sampled_from([MAX_INTEGER, MAX_INTEGER, CUT - 6 * HOUR, CUT - 24 * HOUR]),
    papers=st.sampled_from([(), (), ("arxiv:2311.00001",), ("arxiv:2311.00002", "arxiv:2311.00003")]),
    with_standing=st.sampled_from([True, True, False]),
    announced_from=st.sampled_from([0, 0, WEEK_AGO, CUT - 24 * HOUR]),
    youngest=st.sampled_from([0, 24]),
).filter(lambda window: not window.announced_from or window.posted_from is None)
ENOUGH = 2
"""The number of accounts with standing that is enough in these tests."""


@pytest.fixture(autouse=True)
def low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lowers the limit, because the made-up records have only a handful of accounts."""
    monkeypatch.setattr(standing_queries, "ENOUGH_KNOWN", ENOUGH)


own_accounts = st.sampled_from([(), (), ("bluesky:ada",), ("x:@ada", "mastodon:cy")])


def compare(
    record: Record, world: World, window: MeasurementWindow, own: tuple[str, ...], cut: int, batch: int
) -> None:
    """Both ways of counting give the same rows."""
    contents = fill(emptied(record), world)
    position = record.head.position - 3 + batch
    measured_window = window._replace(own_voices=record.voices_of(own))
    if window.with_standing:
        standing_queries.learn_standing(record.database)
    rows = list(attention.read_engagement(record.view(cut, position), measured_window))
    plain = Plain(
        contents, cut, position, window.ages, window.networks, own, window.candidates_from, window.posted_from,
        window.papers, ENOUGH if window.with_standing else None, window.youngest, window.posted_until,
    ).engagements()  # fmt: skip
    plain = [row for row in plain if row.announced_at >= window.announced_from]
    assert rows == [row for row in plain if not window.papers or row.paper in window.papers]
    assert {type(value) for row in rows for value in row._replace(known=row.known or 0)} <= {int, str}


counting_cases = given(
    worlds(), windows, own_accounts, st.sampled_from([CUT, CUT, CUT - 6 * HOUR]), st.sampled_from([3, 3, 2, 1])
)
suppressed_checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.mark.long
@settings(max_examples=150, suppress_health_check=suppressed_checks)
@counting_cases
def test_the_same_one_by_one_on_sqlite(
    sqlite_record: Record, world: World, window: MeasurementWindow, own: tuple[str, ...], cut: int, batch: int
) -> None:
    compare(sqlite_record, world, window, own, cut, batch)


@pytest.mark.long
@settings(max_examples=25, suppress_health_check=suppressed_checks)
@counting_cases
def test_the_same_one_by_one_on_postgres(
    postgres_record: Record, world: World, window: MeasurementWindow, own: tuple[str, ...], cut: int, batch: int
) -> None:
    compare(postgres_record, world, window, own, cut, batch)


# ---- an example for each rule --------------------------------------------------------------------------

PAPER = "arxiv:2311.00001"
DAY_AGO = CUT - 24 * HOUR
A_DAY_IN = MeasurementWindow(ages=(24,))
LONG = "A made-up sentence of which there is only one, so far"


def announcement(hours: int = 24, type: AnnouncementType = "new", paper: str = PAPER, **fields: int) -> Announcement:
    at = CUT - hours * HOUR
    category = "stat.ML" if type == "cross" else "cs.LG"
    observed_at = fields.get("observed_at", at)
    return Announcement(
        paper=paper, day="2023-11-13", category=category, type=type, announced_at=at, observed_at=observed_at
    )


def posting(post: str, account: str, at: int = DAY_AGO + 1, text: str = "", paper: str = PAPER) -> list[Item]:
    """A post about the paper, and its mention."""
    network = post.partition(":")[0]
    return [
        Post(post=post, network=network, account=account, created_at=at, text=text, observed_at=at),
        Mention(post=post, paper=paper, form="abs", observed_at=at),
    ]


def counts(post: str, reposts: int | None, likes: int | None, at: int = DAY_AGO + 2) -> Snapshot:
    return Snapshot(post=post, reposts=reposts, likes=likes, replies=90, quotes=90, views=9000, observed_at=at)


def reactions(
    post: str, *accounts: str, type: ReactionType = "like", at: int = DAY_AGO + 2, **fields: bool
) -> list[Item]:
    return [
        Reaction(post=post, account=a, type=type, observed_at=at, withdrawn=fields.get("withdrawn", False))
        for a in accounts
    ]


def verdict(subject: str, judgement: Judgement, rule: str = "pace", about: str = "", at: int = CUT) -> Verdict:
    return Verdict(
        subject=subject, about=about, rule=rule, judgement=judgement, version=1, reason="made up", observed_at=at
    )


def voices(record: Record, *items: Item | list[Item], window: MeasurementWindow = A_DAY_IN) -> dict[str, int]:
    """Voices by network for the only paper, a day after its announcement."""
    flat = [item for group in items for item in (group if isinstance(group, list) else [group])]
    emptied(record).append([announcement(), *flat], source="made-up")
    return {row.network: row.voices for row in attention.read_engagement(record.view(CUT), window)}


def test_an_account_counts_once_however_often_it_posts_and_reacts(sqlite_record: Record) -> None:
    posts = [*posting("bluesky:1", "bluesky:ada"), *posting("bluesky:2", "bluesky:ada")]
    posts += posting("bluesky:3", "bluesky:bo")
    likes = [*reactions("bluesky:3", "bluesky:ada", "bluesky:cy"), *reactions("bluesky:1", "bluesky:cy", type="repost")]
    assert voices(sqlite_record, posts, likes) == {"bluesky": 3}


def test_counts_add_only_what_exceeds_the_known_accounts(sqlite_record: Record) -> None:
    post = posting("bluesky:1", "bluesky:ada")
    likes = reactions("bluesky:1", "bluesky:bo", "bluesky:cy")
    assert voices(sqlite_record, post, counts("bluesky:1", 3, 5)) == {"bluesky": 9}
    assert voices(sqlite_record, post, likes, counts("bluesky:1", None, 5)) == {"bluesky": 6}
    assert voices(sqlite_record, post, likes, counts("bluesky:1", 0, 1)) == {"bluesky": 3}
    """Known likes don't explain counted reposts."""
    assert voices(sqlite_record, post, likes, counts("bluesky:1", 4, 2)) == {"bluesky": 7}


def test_replies_and_quotes_are_not_reactions_that_count(sqlite_record: Record) -> None:
    replies = [*reactions("bluesky:1", "bluesky:bo", type="reply"), *reactions("bluesky:1", "bluesky:cy", type="quote")]
    post = posting("bluesky:1", "bluesky:ada")
    assert voices(sqlite_record, post, replies, counts("bluesky:1", 1, 1)) == {"bluesky": 3}


def test_withdrawn_reactions_do_not_count(sqlite_record: Record) -> None:
    post = posting("bluesky:1", "bluesky:ada")
    likes = reactions("bluesky:1", "bluesky:bo", "bluesky:cy")
    withdrawal = reactions("bluesky:1", "bluesky:cy", at=DAY_AGO + 9, withdrawn=True)
    assert voices(sqlite_record, post, likes, withdrawal) == {"bluesky": 2}
    """Counts read earlier still include it, later counts don't."""
    assert voices(sqlite_record, post, likes, withdrawal, counts("bluesky:1", 0, 2, DAY_AGO + 5)) == {"bluesky": 2}
    assert voices(sqlite_record, post, likes, withdrawal, counts("bluesky:1", 0, 3, DAY_AGO + 12)) == {"bluesky": 4}


def test_a_bot_s_posts_and_reactions_do_not_count_and_its_posts_are_counted_apart(sqlite_record: Record) -> None:
    items = [
        *posting("bluesky:1", "bluesky:bot"), *posting("bluesky:2", "bluesky:bot"),
        *posting("bluesky:3", "bluesky:ada"), *reactions("bluesky:1", "bluesky:bo"),
        *reactions("bluesky:3", "bluesky:bot", "bluesky:cy"), counts("bluesky:1", 50, 50), counts("bluesky:3", 0, 3),
        verdict("bluesky:bot", "bot"),
    ]  # fmt: skip
    emptied(sqlite_record).append([announcement(), *items], source="made-up")
    (row,) = attention.read_engagement(sqlite_record.view(CUT), MeasurementWindow(ages=(24,)))
    assert (row.voices, row.reposts, row.likes, row.bots) == (3, 0, 3, 2)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([verdict("bluesky:a", "bot")], 0),
        ([verdict("bluesky:a", "bot", at=1), verdict("bluesky:a", "human", at=2)], 1),
        ([verdict("bluesky:a", "bot"), verdict("bluesky:a", "human", rule="other")], 0),
        ([verdict("bluesky:a", "bot"), verdict("bluesky:a", "human", rule="operator")], 1),
        ([verdict("bluesky:a", "human", rule="operator", at=1), verdict("bluesky:a", "bot", rule="operator", at=2)], 0),
        ([verdict("bluesky:a", "bot", rule="rate"), verdict("bluesky:a", "human", rule="proved")], 1),
        ([verdict("bluesky:a", "bot", rule="chorus"), verdict("bluesky:a", "human", rule="proved", at=1)], 0),
        ([verdict("bluesky:a", "bot", rule="operator"), verdict("bluesky:a", "human", rule="proved", at=1)], 0),
        ([verdict("bluesky:a", "bot", at=CUT + 1)], 1),
        ([verdict("bluesky:1", "doubtful", about=PAPER)], None),
        ([verdict("bluesky:1", "doubtful", about="arxiv:2311.00002")], 1),
        ([verdict("bluesky:1", "doubtful", about=PAPER), verdict("bluesky:1", "sound", "operator", PAPER)], 1),
        ([verdict("bluesky:1", "doubtful", about=PAPER), verdict("bluesky:1", "sound", "other", PAPER)], None),
    ],
)
def test_verdicts(sqlite_record: Record, verdicts: list[Item], expected: int | None) -> None:
    assert voices(sqlite_record, posting("bluesky:1", "bluesky:a"), verdicts).get("bluesky") == expected


def test_a_handle_and_its_account_are_one_voice_and_one_bot(sqlite_record: Record) -> None:
    alias = Alias(account="x:@ada", stable="x:1", observed_at=DAY_AGO)
    posts = [*posting("x:10", "x:@ada"), *posting("x:11", "x:1"), *reactions("x:11", "x:@ada")]
    assert voices(sqlite_record, posts) == {"x": 2}
    assert voices(sqlite_record, posts, alias) == {"x": 1}
    for account in ("x:@ada", "x:1"):
        assert voices(sqlite_record, posts, alias, verdict(account, "bot")) == {"x": 0}
        own = MeasurementWindow(ages=(24,), own_voices=sqlite_record.voices_of([account]))
        assert voices(sqlite_record, posts, alias, window=own) == {}


def test_our_own_posts_and_reactions_do_not_count_and_are_no_bots(sqlite_record: Record) -> None:
    posts = [*posting("bluesky:1", "bluesky:us"), counts("bluesky:1", 40, 40), *posting("bluesky:2", "bluesky:ada")]
    likes = reactions("bluesky:2", "bluesky:us", "bluesky:bo")
    emptied(sqlite_record).append([announcement(), *posts, *likes], source="made-up")
    own = MeasurementWindow(ages=(24,), own_voices=sqlite_record.voices_of(["bluesky:us"]))
    (row,) = attention.read_engagement(sqlite_record.view(CUT), own)
    assert (row.voices, row.reposts, row.likes, row.bots) == (2, 0, 0, 0)


def test_the_same_text_on_several_networks_is_one_voice_where_it_is_strongest(sqlite_record: Record) -> None:
    posts = [
        *posting("bluesky:1", "bluesky:ada", text=LONG), counts("bluesky:1", 2, 2),
        *posting("mastodon:1", "mastodon:ada", text=f"{LONG.upper()}! https://made.up/1"), counts("mastodon:1", 0, 3),
    ]  # fmt: skip
    """Reactions count where they are, the voice itself only on Bluesky."""
    assert voices(sqlite_record, posts) == {"bluesky": 5, "mastodon": 3}
    assert voices(sqlite_record, posts, counts("mastodon:1", 2, 4, DAY_AGO + 9)) == {"bluesky": 4, "mastodon": 7}
    """Two accounts on one network may post the same text."""
    assert voices(sqlite_record, posts, posting("bluesky:2", "bluesky:bo", text=LONG)) == {"bluesky": 6, "mastodon": 3}


def test_where_a_bot_says_the_same_the_person_s_voice_stays(sqlite_record: Record) -> None:
    person = posting("mastodon:1", "mastodon:ada", text=LONG)
    bot = [*posting("bluesky:1", "bluesky:bot", text=LONG), counts("bluesky:1", 90, 90), verdict("bluesky:bot", "bot")]
    assert voices(sqlite_record, person, bot) == {"bluesky": 0, "mastodon": 1}


def test_short_texts_may_be_alike(sqlite_record: Record) -> None:
    text = "Nice one"
    posts = [*posting("bluesky:1", "bluesky:ada", text=text), *posting("mastodon:1", "mastodon:ada", text=text)]
    assert voices(sqlite_record, posts) == {"bluesky": 1, "mastodon": 1}


def test_the_same_account_on_several_networks_is_one_voice(sqlite_record: Record) -> None:
    alias = Alias(account="mastodon:@ada", stable="bluesky:ada", observed_at=DAY_AGO)
    posts = [*posting("bluesky:1", "bluesky:ada"), *posting("mastodon:1", "mastodon:@ada"), counts("mastodon:1", 0, 1)]
    assert voices(sqlite_record, posts) == {"bluesky": 1, "mastodon": 2}
    assert voices(sqlite_record, posts, alias) == {"bluesky": 0, "mastodon": 2}


def test_each_age_is_measured_with_what_was_known_then(sqlite_record: Record) -> None:
    """A paper announced 100 hours ago is measured at 6, 24 and 72 hours, each with what was observed by then."""
    at = CUT - 100 * HOUR
    items = [
        announcement(100), *posting("bluesky:1", "bluesky:ada", at + HOUR), counts("bluesky:1", 0, 1, at + 2 * HOUR),
        counts("bluesky:1", 0, 10, at + 6 * HOUR + 1), counts("bluesky:1", 0, 20, at + 24 * HOUR),
        *posting("bluesky:2", "bluesky:bo", at + 72 * HOUR), *posting("bluesky:3", "bluesky:cy", at + 72 * HOUR + 1),
    ]  # fmt: skip
    emptied(sqlite_record).append(items, source="made-up")
    rows = [
        (row.age, row.until - at, row.voices, row.peer)
        for row in attention.read_engagement(sqlite_record.view(CUT), MeasurementWindow())
    ]
    assert rows == [(6, 6 * HOUR, 2, 1), (24, 24 * HOUR, 21, 1), (72, 72 * HOUR, 22, 1)]


def test_a_post_observed_again_at_the_measurement_counts_once(sqlite_record: Record) -> None:
    post, mention = posting("bluesky:1", "bluesky:ada")
    copies = [msgspec.structs.replace(item, observed_at=CUT) for item in (post, mention)]
    result = voices(sqlite_record, [post, mention], copies, counts("bluesky:1", 2, 3), counts("bluesky:1", 2, 5, CUT))
    assert result == {"bluesky": 8}


def test_a_young_paper_is_measured_at_the_cut_and_is_no_reference(sqlite_record: Record) -> None:
    at = CUT - 3 * HOUR
    emptied(sqlite_record).append([announcement(3), *posting("bluesky:1", "bluesky:ada", at)], source="made-up")
    (row,) = attention.read_engagement(sqlite_record.view(CUT), MeasurementWindow())
    assert (row.age, row.until, row.peer, row.announced_at) == (6, CUT, 0, at)
    emptied(sqlite_record).append(
        [announcement(0), announcement(-1, paper="arxiv:2311.00002"), *posting("bluesky:1", "bluesky:ada", CUT)],
        source="made-up",
    )
    assert [row.paper for row in attention.read_engagement(sqlite_record.view(CUT), MeasurementWindow())] == [PAPER]


def test_a_deleted_post_counts_as_long_as_it_was_there(sqlite_record: Record) -> None:
    at = CUT - 100 * HOUR
    post, mention = posting("bluesky:1", "bluesky:ada", at)
    deletion = msgspec.structs.replace(post, gone="deleted", observed_at=at + 10 * HOUR)
    emptied(sqlite_record).append([announcement(100), post, mention, deletion], source="made-up")
    assert [row.age for row in attention.read_engagement(sqlite_record.view(CUT), MeasurementWindow())] == [6]


def test_a_paper_is_announced_once(sqlite_record: Record) -> None:
    """The first announcement counts, in its latest known version; a replacement doesn't count."""
    post = posting("bluesky:1", "bluesky:ada")
    for items, expected in (
        ([announcement(30), announcement(10, "cross")], {CUT - 30 * HOUR}),
        ([announcement(30, "replacement")], set()),
        ([announcement(24 * 91), announcement(10, "cross", observed_at=CUT)], set()),
        ([announcement(30), announcement(12, observed_at=CUT)], {CUT - 12 * HOUR}),
    ):
        emptied(sqlite_record).append([*items, *post], source="made-up")
        rows = attention.read_engagement(sqlite_record.view(CUT), MeasurementWindow())
        assert {row.announced_at for row in rows} == expected


def test_a_window_takes_older_papers_by_the_posts_made_in_it(sqlite_record: Record) -> None:
    at = CUT - 100 * 24 * HOUR
    items = [
        *posting("bluesky:1", "bluesky:ada", at), *posting("bluesky:2", "bluesky:bo", WEEK_AGO),
        *posting("bluesky:3", "bluesky:ada", CUT - HOUR), *posting("bluesky:4", "bluesky:cy", WEEK_AGO - 1),
        announcement(24 * 100),
    ]  # fmt: skip
    emptied(sqlite_record).append(items, source="made-up")
    window = MeasurementWindow(candidates_from=WEEK_AGO, posted_from=WEEK_AGO)
    (row,) = attention.read_engagement(sqlite_record.view(CUT), window)
    assert (row.voices, row.age, row.until, row.peer, row.announced_at) == (2, 168, CUT, 0, 0)
    assert list(attention.read_engagement(sqlite_record.view(CUT), MeasurementWindow())) == []


def test_a_paper_counts_once_young_and_once_with_the_posts_of_the_window(sqlite_record: Record) -> None:
    emptied(sqlite_record).append([announcement(23), *posting("bluesky:1", "bluesky:ada")], source="made-up")
    window = A_DAY_IN._replace(candidates_from=CUT, posted_from=WEEK_AGO)
    rows = list(attention.read_engagement(sqlite_record.view(CUT), window))
    assert [(row.announced_at, row.age, row.voices) for row in rows] == [(CUT - 23 * HOUR, 24, 1), (0, 24, 1)]


def test_only_the_publication_s_networks_count(sqlite_record: Record) -> None:
    posts = [*posting("bluesky:1", "bluesky:ada", text=LONG), *posting("mastodon:1", "mastodon:ada", text=LONG)]
    assert voices(sqlite_record, posts, window=MeasurementWindow(ages=(24,), networks=("mastodon",))) == {"mastodon": 1}


def test_a_post_that_names_many_papers_is_measured_at_each_of_their_marks(store_url: str) -> None:
    """Forty papers, each measured at its own moment; posts with neighboring numbers keep their own reactions."""
    papers = [f"arxiv:2311.{n:05}" for n in range(1, 41)]
    first_post, digest, last_post = (f"bluesky:{n}" for n in (1, 2, 3))
    at = CUT - 100 * HOUR
    items: list[Item] = [announcement(50 - n, paper=paper) for n, paper in enumerate(papers)]
    items += [announcement(50, paper=paper) for paper in ("arxiv:2312.00001", "arxiv:2312.00003")]
    items += posting(first_post, "bluesky:ada", at, paper="arxiv:2312.00001")
    items += posting(last_post, "bluesky:bo", at, paper="arxiv:2312.00003")
    items += [item for paper in papers for item in posting(digest, "bluesky:cy", at, paper=paper)]
    """One like at each moment."""
    likes = [reactions(digest, f"bluesky:fan{n}", at=CUT - (50 - n) * HOUR + 6 * HOUR) for n in range(40)]
    items += [like for group in likes for like in group]
    items += reactions(first_post, "bluesky:fan0", at=at + 1)
    items += reactions(last_post, "bluesky:fan1", "bluesky:fan2", at=at + 1)
    with Record(store_url) as record:
        record.append(items, source="made-up")
        numbers = [record.database.rows(f"SELECT {NUMBER}", (post,))[0][0] for post in (first_post, digest, last_post)]
        assert numbers == list(range(numbers[0], numbers[0] + 3)), "else the test could not fail"
        rows = {row.paper: row for row in attention.read_engagement(record.view(CUT), MeasurementWindow(ages=(6,)))}
    assert len({rows[paper].until for paper in papers}) == 40
    assert [rows[paper].voices for paper in papers] == list(range(2, 42))
    assert rows["arxiv:2312.00001"].voices == 2 and rows["arxiv:2312.00003"].voices == 3


# ---- standing, authors and counted voices ----------------------------------------------------------------

LONG_AGO = CUT - 40 * DAY


def known_for_long(*accounts: str) -> list[Item]:
    """Posts about three papers each, which give the accounts standing."""
    names = ("arxiv:2309.00001", "arxiv:2309.00002", "arxiv:2309.00003")
    posts = [(f"{account.partition(':')[0]}:{account.partition(':')[2]}{n}", account, name) for account in accounts
             for n, name in enumerate(names)]  # fmt: skip
    return [item for post, account, name in posts for item in posting(post, account, at=LONG_AGO, paper=name)]


def with_standing(record: Record, *items: list[Item]) -> tuple[int, int | None, int, int]:
    """(voices, known, authors, counted) on the only network, where ada and bo have standing."""
    old_posts = known_for_long("bluesky:ada", "bluesky:bo")
    emptied(record).append([announcement(), *old_posts], source="made-up")
    record.append([item for group in items for item in group], source="made-up")
    standing_queries.learn_standing(record.database)
    window = A_DAY_IN._replace(with_standing=True, papers=(PAPER, "arxiv:2311.00002"))
    (row,) = [row for row in attention.read_engagement(record.view(CUT), window) if row.paper == PAPER]
    return row.voices, row.known, row.authors, row.counted


def new_likes(post: str, count: int) -> list[Item]:
    return reactions(post, *(f"bluesky:new{n}" for n in range(count)))


def test_unknown_voices_count_as_far_as_known_ones_match_them(sqlite_record: Record) -> None:
    post = posting("bluesky:1", "bluesky:cy")
    assert with_standing(sqlite_record, post, new_likes("bluesky:1", 9)) == (10, 0, 0, 0)
    known_like = reactions("bluesky:1", "bluesky:bo")
    assert with_standing(sqlite_record, post, new_likes("bluesky:1", 9), known_like) == (11, 1, 0, 2)
    known_likes = reactions("bluesky:1", "bluesky:bo", "bluesky:ada")
    assert with_standing(sqlite_record, post, known_likes) == (3, 2, 0, 3)
    assert with_standing(sqlite_record, post, known_likes, new_likes("bluesky:1", 9)) == (12, 2, 0, 4)


def test_the_highest_count_counts_and_none_is_added_to_another(sqlite_record: Record) -> None:
    posts = [*posting("bluesky:1", "bluesky:cy"), *posting("bluesky:2", "bluesky:dy")]
    snapshots: list[Item] = [counts("bluesky:1", 4, 6), counts("bluesky:2", 5, 5)]
    assert with_standing(sqlite_record, posts, snapshots) == (22, 0, 0, 6)
    known_likes = reactions("bluesky:1", "bluesky:ada", "bluesky:bo")
    assert with_standing(sqlite_record, posts, snapshots, known_likes) == (22, 2, 0, 5)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_equal_numbers_that_of_reposts_counts_in_any_order(sqlite_record: Record, order: tuple[int, int]) -> None:
    posts: list[list[Item]] = [
        [*posting("bluesky:1", "bluesky:cy"), counts("bluesky:1", 3, 6)],
        [*posting("bluesky:2", "bluesky:dy"), counts("bluesky:2", 6, 2)],
    ]
    with_standing(sqlite_record, *(posts[n] for n in order))
    [row] = attention.read_engagement(sqlite_record.view(CUT), A_DAY_IN._replace(with_standing=True, papers=(PAPER,)))
    assert (row.counted, row.counted_as) == (6, "reposts")


def test_authors_do_not_vouch_and_the_operator_decides(sqlite_record: Record) -> None:
    post = [*posting("bluesky:1", "bluesky:ada"), *new_likes("bluesky:1", 5)]
    author = verdict("bluesky:ada", "author", rule="name", about=PAPER)
    assert with_standing(sqlite_record, post) == (6, 1, 0, 2)
    assert with_standing(sqlite_record, post, [author]) == (6, 0, 1, 0)
    author_of_another = verdict("bluesky:ada", "author", about="arxiv:2311.00002")
    assert with_standing(sqlite_record, post, [author_of_another]) == (6, 1, 0, 2)
    independent = verdict("bluesky:ada", "independent", rule="operator", about=PAPER)
    assert with_standing(sqlite_record, post, [author, independent]) == (6, 1, 0, 2)
    author_by_operator = verdict("bluesky:ada", "author", rule="operator", about=PAPER)
    assert with_standing(sqlite_record, post, [author_by_operator]) == (6, 0, 1, 0)


def test_a_handle_has_the_standing_of_its_account(sqlite_record: Record) -> None:
    old_posts = known_for_long("bluesky:@cy")
    post = [*posting("bluesky:1", "bluesky:cy"), *new_likes("bluesky:1", 5)]
    alias = Alias(account="bluesky:@cy", stable="bluesky:cy", observed_at=DAY_AGO)
    assert with_standing(sqlite_record, post, old_posts) == (6, 0, 0, 0)
    assert with_standing(sqlite_record, post, old_posts, [alias]) == (6, 1, 0, 2)
    author = verdict("bluesky:@cy", "author", rule="name", about=PAPER)
    assert with_standing(sqlite_record, post, old_posts, [alias, author]) == (6, 0, 1, 0)


def test_a_post_about_several_papers_counts_only_its_poster(sqlite_record: Record) -> None:
    post = [*posting("bluesky:1", "bluesky:ada"), *reactions("bluesky:1", "bluesky:bo"), *new_likes("bluesky:1", 5)]
    second_mention = Mention(post="bluesky:1", paper="arxiv:2311.00002", form="abs", observed_at=DAY_AGO + 1)
    assert with_standing(sqlite_record, post, [counts("bluesky:1", 0, 90)]) == (91, 2, 0, 84)
    assert with_standing(sqlite_record, post, [second_mention]) == (7, 2, 0, 4), "nobody announced the other paper"
    second_paper = [second_mention, announcement(paper="arxiv:2311.00002")]
    assert with_standing(sqlite_record, post, second_paper) == (7, 1, 0, 1)
    assert with_standing(sqlite_record, post, second_paper, [counts("bluesky:1", 0, 90)]) == (91, 1, 0, 1)
