"""`rarity/2` without some of its clauses: each changes what it says and nothing else, in counts, stores and worlds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from hotpapers.base.model import DAY, HOUR, MAX_INTEGER, Item, Reaction, ReactionType
from hotpapers.discussion.engagement.attention import Engagement, PostAtAge, VoiceRule, count_engagement
from hotpapers.discussion.engagement.post_reactions import CountedReactions
from hotpapers.issues import freeze, ranking, ranking_input
from hotpapers.record.record import Record
from lab.attacks.clauses import CLAUSES, MATCHING, NAMED, REPLIES, SEVERAL, StoreCounter, count_without
from lab.attacks.recorded_scene import RecordedScene
from tests.cli.run import good, misuse
from tests.issues import made
from tests.issues.made import counts, frozen, paper, post, write
from tests.lab.test_recorded import DAILY, PEOPLE, TODAY, discussed_papers, weeks_ago

POST = PostAtAge("arxiv:1", "cs", DAY, 24, 2 * DAY, 1, "bluesky", 1, 0, 1, 0, 0, 9, 2 * DAY)
SHARED = POST._replace(post=2, voice=2, likes=50, shared=1)
LIKES: Mapping[int, Mapping[str, CountedReactions]] = {
    1: {"like": CountedReactions([2 * DAY], {0: [11, 12, 13, 14, 15]})},
    2: {"like": CountedReactions([2 * DAY], {0: range(21, 27)})},
}
"""Of the 9 likes of a post, 5 have names; of the 50 of a post about several papers, 6."""
RULE = VoiceRule(known=frozenset({1, 11, 21, 22, 23, 24, 25, 26}))


def counted(*clauses: str) -> Engagement:
    [row] = count_without(clauses)([[POST, SHARED]], LIKES, RULE)
    return row


def test_each_clause_counts_as_it_says() -> None:
    """Named: two who posted and 5 who liked, of whom 2 are known, and so 4 count; 4 likes of the first have no name."""
    assert (counted().known, counted().counted, counted().counted_as) == (2, 4, "voices")
    assert list(count_engagement([[POST, SHARED]], LIKES, RULE)) == [counted()]
    without_matching = counted(MATCHING)
    assert (without_matching.known, without_matching.counted, without_matching.counted_as) == (2, 4, "likes")
    assert (counted(NAMED).known, counted(NAMED).counted, counted(NAMED).counted_as) == (2, 9, "likes")
    assert (counted(SEVERAL).known, counted(SEVERAL).counted, counted(SEVERAL).counted_as) == (8, 44, "likes")
    assert (counted(*CLAUSES).known, counted(*CLAUSES).counted) == (8, 50)


def test_no_clause_changes_what_forecasts_and_outcomes_see() -> None:
    """Forecasts go by all voices; the collections of outcomes name nobody."""
    for clause in CLAUSES:
        assert counted(clause)._replace(known=2, counted=4, counted_as="voices") == counted()
    nameless = [[POST, POST._replace(post=3, voice=3, reposts=4, likes=2)]]
    usual = list(count_engagement(nameless, {}))
    assert usual[0].counted == 9
    assert list(count_without(CLAUSES)(nameless, {}, VoiceRule())) == usual


REPLYING = "bluesky:replies"


def reaction(number: int, type: ReactionType) -> Item:
    """To a known account's post about an earlier paper."""
    at = TODAY - (50, 40, 20)[number] * DAY
    return Reaction(post=f"bluesky:old-known{number}-{number}", account=REPLYING, type=type, observed_at=at + HOUR)


def liked_by_strangers(number: int) -> list[Item]:
    """A paper with posts by two known accounts, and 8 likes of one, 6 of them by named accounts that nobody knows."""
    name, at = f"bluesky:{number}", TODAY + HOUR
    likes = [
        Reaction(post=name, account=f"bluesky:stranger{n}", type="like", observed_at=at + HOUR) for n in range(6)
    ]  # fmt: skip
    known_posts = [*post(number, name, at, PEOPLE[50]), *post(number, f"{name}-too", at, PEOPLE[51])]
    return [*paper(number), *known_posts, counts(name, 8, at + HOUR), *likes]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record with a frozen issue, in which one account has standing only by its replies."""
    file = tmp_path_factory.mktemp("clauses") / "hotpapers.db"
    with Record(str(file)) as record:
        record.database.run("PRAGMA synchronous = OFF")
        write(record, weeks_ago(PEOPLE))
        write(record, [reaction(0, "reply"), reaction(1, "quote"), reaction(2, "like")])
        write(record, discussed_papers(), liked_by_strangers(30))
        assert len(frozen(record, DAILY).content.entries) > 10, "else nothing could move"
    return file


def test_a_store_is_counted_as_for_its_issue(store: Path) -> None:
    with Record(str(store), create=False) as record:
        content = freeze.list_editions(record, "daily", made.DAY)[-1].content
        view, span = (
            record.view(content.as_of, content.position),
            ranking_input.CandidateWindow(
                content.from_at, earlier_papers=(), with_days=True, end=MAX_INTEGER, vouching_once=True
            ),
        )
        usual = ranking_input.collect_input(view, DAILY, span, (), curves=None)
        assert usual.candidates and StoreCounter(view, (), ()).inputs(DAILY, span) == usual
        assert StoreCounter(view, (), (NAMED,)).inputs(DAILY, span) != usual
        known, but_replies = (
            StoreCounter(view, (), clauses).rule(with_standing=True).known for clauses in ((), (REPLIES,))
        )
        assert known and but_replies is not None and known - but_replies == set(record.voices_of((REPLYING,)))
        scene = RecordedScene(record, content, [(ranking.RANKINGS["rarity/2"], ranking.needs_of("rarity/2"))], CLAUSES)
        assert scene.inputs(ranking.needs_of("rarity/2")) == StoreCounter(view, (), CLAUSES).inputs(DAILY, span)


def test_the_table_of_a_store(store: Path) -> None:
    rows = json.loads(good("lab", "clauses", store, "--json"))
    assert [row["without"] for row in rows] == ["nothing", *CLAUSES, " ".join(CLAUSES)]
    first = rows[0]
    assert (first["issues"], first["moved"], first["with_standing"]) == (1, 0, True) and first["entries"] > 10
    assert first["median_price"] > 0 and 0 < first["with_one_known"] <= first["of_one_post"] < 100
    assert rows[-1]["of_one_post"] > first["of_one_post"], "what is named is not taken off"
    assert good("lab", "clauses", store).startswith("without ")


def test_attacks_without_a_clause(tmp_path: Path) -> None:
    """Where the likes of new accounts count in full, a paper that people talk about is lifted by fewer."""
    worlds = tmp_path / "worlds.json"
    worlds.write_text('{"days": 1, "papers": 60, "networks": [{"name": "bluesky", "posts": 0.6, "likes": 1.1, '
        '"posters": 400, "likers": 3000, "names_accounts": true}]}')  # fmt: skip
    command = ("lab", "attacks", "--worlds", worlds, "--ranking", "rarity/2", "--attack", "lifted from place 2")
    costs = [
        next(row["accounts"] for row in json.loads(good(*command, "--workers", "1", "--json", *more))["rows"])
        for more in ((), ("--without", NAMED, "--without", MATCHING))
    ]
    assert costs[1] is not None and costs[1] < (costs[0] or 4001)
    wrong = misuse(*command, "--without", NAMED, "--output", tmp_path / "page.md")
    assert wrong == "--without does not go with --output: the page is about whole rankings"
