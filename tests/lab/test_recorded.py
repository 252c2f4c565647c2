"""Attacks on a record's issues: the predicted effect is what the record computes from the same posts and likes."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hotpapers.base.model import DAY, HOUR, Item, Mention, Post, Price, Reaction, ReactionType, Snapshot
from hotpapers.discussion.engagement.attention import PostAtAge
from hotpapers.discussion.engagement.post_reactions import CountedReactions
from hotpapers.issues import freeze, ranking
from hotpapers.issues.build import IssueRecipe, build_issue
from hotpapers.record.record import Record
from lab.attacks import attack_files, least_costs, recorded_posts, suite
from lab.attacks.campaign import ATTACKERS, Campaign
from lab.attacks.catalogue import ATTACKS
from lab.attacks.recorded_scene import RecordedScene
from lab.attacks.scene import UnreadNetworks
from tests.cli.run import good, misuse, run
from tests.issues import made
from tests.issues.made import background, counts, frozen, key, moment, paper, post, write

TODAY = moment(made.DAY)
PEOPLE = [f"bluesky:known{n}" for n in range(104)]
HELPERS = [f"bluesky:helper{n}" for n in range(60)]
DAILY = replace(made.DAILY, ranking="rarity/2", threshold=100)
NAMES = {attack.name: attack for attack in ATTACKS}


def weeks_ago(accounts: list[str]) -> list[Item]:
    """Each account posts about three papers, 50 to 20 days earlier."""
    return [
        item
        for number, account in enumerate(accounts)
        for n, days in enumerate((50, 40, 20))
        for item in post(
            7000 + (number + n) % 9, f"bluesky:old-{account[8:]}-{n}", TODAY - days * DAY, account
        )
    ]  # fmt: skip


def discussed_paper(number: int, day: str, likes: int, network: str = "mastodon") -> list[Item]:
    """A paper with a known account's post on Bluesky, liked by known accounts, and a post on another network."""
    at, name = moment(day) + HOUR, f"bluesky:{number}"
    reactions = [
        Reaction(post=name, account=liker, type="like", observed_at=at) for liker in PEOPLE[number : number + likes]
    ]
    elsewhere = f"{network}:{number}"
    return [
        *paper(number, day), *post(number, name, at, PEOPLE[number], text=f"Kettles sing in paper {name}, at last"),
        *reactions, counts(name, likes, at), *post(number, elsewhere, at), counts(elsewhere, 2 * likes, at),
    ]  # fmt: skip


def discussed_papers() -> list[Item]:
    """Discussed papers of yesterday and today, and papers nobody discusses."""
    silent_papers = (
        *paper(50), *paper(51), *paper(52, category="hep-th"), *paper(53, "2024-05-06"), *paper(54, "2024-05-03"),
        *paper(55, "2024-05-01"), *paper(56, "2024-04-01"), *paper(57, "2024-04-02"),
    )  # fmt: skip
    known_post = [*paper(58), *post(58, "bluesky:58", TODAY + HOUR, PEOPLE[90])]
    discussions = [item for n in range(1, 15) for item in discussed_paper(n, ("2024-05-06", made.DAY)[n % 2], 2 + n)]
    return [DAILY, *background(networks=("bluesky", "mastodon")), *discussions, *silent_papers, *known_post]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record with a frozen issue; nothing may change it."""
    file = tmp_path_factory.mktemp("recorded") / "hotpapers.db"
    with Record(str(file)) as record:
        record.database.run("PRAGMA synchronous = OFF")
        write(record, weeks_ago(PEOPLE))
        write(record, discussed_papers())
        assert len(frozen(record, DAILY).content.entries) > 10, "else nobody could be pushed out"
    return file


CONTENDERS = [suite.contenders()[name] for name in ("classic/1", "rarity/1", "rarity/2", "z-score", "reddit-hot")]
ASKED_RANKINGS = [(contender.rank, contender.needs) for contender in CONTENDERS]
RARITY_2 = ranking.RANKINGS["rarity/2"], ranking.needs_of("rarity/2")


@pytest.fixture(scope="module")
def record(store: Path) -> Iterator[Record]:
    with Record(str(store), create=False) as record:
        yield record


@pytest.fixture(scope="module")
def scene(record: Record) -> RecordedScene:
    return RecordedScene(record, freeze.list_editions(record, "daily", made.DAY)[-1].content, ASKED_RANKINGS)


# ---- the issue as it was frozen ----------------------------------------------------------------------------


def test_an_honest_scene_is_the_frozen_issue(scene: RecordedScene) -> None:
    order = scene.order(*RARITY_2)
    assert [(entry.paper, entry.score) for entry in order] == [
        (entry.paper, entry.score) for entry in scene.content.entries
    ]


def test_the_best_of_a_young_record_are_those_of_the_issue(sqlite_url: str) -> None:
    """Papers with fewer than 3 voices take no place from those below them, and papers without two regulars none."""
    publication = replace(DAILY, least_entries=1)
    with Record(sqlite_url) as record:
        write(record, weeks_ago(PEOPLE))
        quiet = [*paper(1), *post(1, "mastodon:1", TODAY + HOUR)]
        regulars = [item for name in PEOPLE[:2] for item in post(2, f"bluesky:{name[8:]}-2", TODAY + HOUR, name)]
        write(record, publication, quiet, paper(2), regulars, made.posts_about(2, 5, TODAY + HOUR, "mastodon"))
        write(record, paper(3), made.posts_about(3, 9, TODAY + HOUR, "mastodon"))
        content = frozen(record, publication).content
        order = RecordedScene(record, content, [RARITY_2]).order(*RARITY_2)
        assert made.numbers(order) == made.numbers(content.entries) == [2]


def test_an_idle_campaign_leaves_the_order(scene: RecordedScene) -> None:
    for contender in CONTENDERS:
        honest = [entry.paper for entry in scene.order(contender.rank, contender.needs)]
        idle_campaign = campaign(scene, "likes, spread", contender.rank, contender.needs, aged=False)
        assert after(scene, idle_campaign, contender.rank, contender.needs, whole=True) == honest, contender.name
        assert (
            contender.whole or after(scene, idle_campaign, contender.rank, contender.needs, whole=False) == honest[:12]
        ), contender.name


def test_targets(scene: RecordedScene) -> None:
    def target_key(**options: Any) -> str | None:
        target = scene.target(**{"days_old": 0, "known_post": False, "small_field": False} | options)
        return target.paper if target else None

    assert (
        target_key() == key(50)
        and target_key(days_old=1) == key(53)
        and target_key(days_old=3) == key(54)
        and target_key(days_old=5) == key(55)
    )
    assert target_key(small_field=True) == key(52) and target_key(known_post=True) == key(58)
    assert target_key(days_old=7) is None and target_key(days_old=1, small_field=True) is None
    assert {paper.paper for paper in scene.earlier_papers} == {key(56), key(57)}


def test_networks(scene: RecordedScene) -> None:
    assert {(network.name, network.names_accounts) for network in scene.networks} == {
        ("bluesky", True),
        ("mastodon", False),
    }


def test_a_network_that_is_cut_off_for_a_day(scene: RecordedScene) -> None:
    rank, needs = RARITY_2
    idle_campaign = campaign(scene, "likes, spread", rank, needs, aged=False)
    honest = scene.input_after(scene.effect(idle_campaign, needs), needs, candidate_papers(scene, needs)).candidates
    idle_campaign.cut_off("mastodon")
    outage = scene.input_after(scene.effect(idle_campaign, needs), needs, candidate_papers(scene, needs)).candidates
    counts_after = {(candidate.paper, counts.network): counts for candidate in outage for counts in candidate.attention}
    pairs = [
        (counts_after.get((candidate.paper, counts.network)), counts)
        for candidate in honest
        for counts in candidate.attention
    ]
    assert all(counts_in_outage == counts for counts_in_outage, counts in pairs if counts.network == "bluesky")
    voices = [(left.voices if left else 0, counts.voices) for left, counts in pairs if counts.network == "mastodon"]
    assert all(voices_left <= voices_before for voices_left, voices_before in voices) and any(
        voices_left < voices_before for voices_left, voices_before in voices
    )
    assert after(scene, idle_campaign, rank, needs, whole=True) != [entry.paper for entry in scene.order(rank, needs)]


def test_a_post_stays_as_it_was_last_measured() -> None:
    row = PostAtAge(
        paper="arxiv:1", archive="cs", announced_at=0, age=6, until=6 * HOUR, peer=1, network="x", post=1,
        text_fingerprint=0, voice=7, automated=0, reposts=0, likes=4, counted_at=6 * HOUR, shared=0,
    )  # fmt: skip
    rows = [row, row._replace(age=24, until=24 * HOUR, likes=9), row._replace(age=72, until=72 * HOUR, likes=12)]
    later_rows = [row._replace(post=2, age=72, until=72 * HOUR, likes=1)]
    elsewhere = [post_row._replace(network="y", post=3) for post_row in rows]
    reactions = {1: {"like": CountedReactions([post_row.until for post_row in rows], {0: [1], 1: [2], 2: [3]})}}
    measured_posts = recorded_posts.MeasuredPosts("arxiv:1", "cs", 0, {1: rows, 2: later_rows, 3: elsewhere}, reactions)
    outage = measured_posts.as_read(UnreadNetworks(frozenset("x"), 30 * HOUR))
    assert [(post_row.age, post_row.until // HOUR, post_row.likes) for post_row in outage.posts[1]] == [
        (6, 6, 4),
        (24, 24, 9),
        (72, 72, 9),
    ]
    assert 2 not in outage.posts and outage.posts[3] == elsewhere
    likes = outage.reactions[1]["like"]
    assert [set(likes.at(post_row.until, None).voices) for post_row in rows] == [{1}, {1, 2}, {1, 2}]


@pytest.mark.parametrize("name", ["lifted from place 2", "lifted from place 10", "likes, spread"])
def test_taking_the_first_place_moves_no_other_paper(scene: RecordedScene, name: str) -> None:
    """By the classic rule, likes for one paper change no other's score."""
    cost = least_costs.least_costs(scene, CONTENDERS[0], NAMES[name], {}, aged=False)["first"]
    assert cost is not None and cost.moved == 0


def after(scene: RecordedScene, campaign: Campaign, rank: Any, needs: Any, *, whole: bool) -> list[str]:
    return scene.order_after(scene.effect(campaign, needs), rank, needs, whole=whole)


def candidate_papers(scene: RecordedScene, needs: Any) -> set[str]:
    return {candidate.paper for candidate in scene._inputs[needs].candidates}


# ---- the same attack in the record -------------------------------------------------------------------------


def campaign(scene: RecordedScene, name: str, rank: Any, needs: Any, *, aged: bool, **knobs: Any) -> Campaign:
    attack = NAMES[name]
    targets = [
        scene.target(days_old=days_old, known_post=attack.known_post, small_field=attack.small_field)
        for days_old in attack.days_old
    ]
    target = next(filter(None, reversed(targets)), None)
    rival = scene.paper(scene.order(rank, needs)[0].paper)
    first = {knob: values[0] for knob, values in attack.knobs.items()}
    assert target is not None
    return Campaign(target, rival, scene.earlier_papers, scene.networks, aged=aged, knobs=first | knobs)


def as_items(scene: RecordedScene, campaign: Campaign) -> Iterator[Item]:
    """What a campaign did, as a record would have observed it."""
    papers = {
        attacked_paper.paper: attacked_paper
        for attacked_paper in (*scene.earlier_papers, campaign.rival, campaign.target)
    }
    for about, posts in campaign.posts.items():
        for sent in posts:
            name = key_of(scene, sent.id, sent.network)
            if sent.id > ATTACKERS:
                yield Post(
                    post=name, network=sent.network, account=account_of(campaign, sent.account, sent.network),
                    text=sent.text, created_at=sent.at, observed_at=sent.at,
                )  # fmt: skip
            yield Mention(post=name, paper=about, form="abs", observed_at=sent.at)
        for spoken_post in campaign.posts_about(papers[about]):
            name, likes, reposts = key_of(scene, spoken_post.id, spoken_post.network), spoken_post.likes, 0
            for reaction in sorted(spoken_post.reactions, key=lambda group: group.at):
                type: ReactionType = "like" if reaction.type == "like" else "repost"
                count = len(reaction.accounts)
                likes, reposts = (likes + count, reposts) if type == "like" else (likes, reposts + count)
                yield Snapshot(post=name, reposts=reposts, likes=likes, observed_at=reaction.at)
                for number in reaction.accounts if spoken_post.network in scene.naming_networks else ():
                    account = account_of(campaign, number, spoken_post.network)
                    yield Reaction(post=name, account=account, type=type, observed_at=reaction.at)


def key_of(scene: RecordedScene, number: int, network: str) -> str:
    """The key of a post: an honest post's own, or one made from its number."""
    if number > ATTACKERS:
        return f"{network}:made-{number}"
    [(post_key,)] = scene._view.database.rows("SELECT key FROM identity WHERE id = ?", (number,))
    return str(post_key)


def account_of(campaign: Campaign, number: int, network: str) -> str:
    """Accounts with standing are ones the record knows; the others are made up."""
    aged = sorted(campaign.aged_accounts)
    return HELPERS[aged.index(number)] if number in aged else f"{network}:attacker{number}"


@pytest.mark.parametrize("aged", [False, True])
@pytest.mark.parametrize(
    ("name", "accounts", "knobs"),
    [
        ("likes, one network", 30, {"network": 0}), ("likes, spread", 40, {"networks": 2}),
        ("likes and reposts", 33, {"networks": 2}), ("likes, honest post", 20, {"networks": 2}),
        ("puppets, rewritten", 24, {"networks": 1}), ("ring", 9, {"networks": 2}),
        ("aged posters, fresh likes", 40, {"networks": 2}), ("slow drip", 30, {"networks": 1, "age": 24}),
        ("old paper", 30, {"networks": 2}), ("small field", 30, {"networks": 1}), ("popular posts", 2, {}),
        ("rival, as a chorus", 4, {}), ("rival, by the reference", 12, {"papers": 2}),
    ],
)  # fmt: skip
def test_the_record_computes_the_same_effect(
    scene: RecordedScene, store: Path, tmp_path: Path, name: str, accounts: int, knobs: dict[str, Any], aged: bool
) -> None:
    """The same posts, likes and reposts are written into a copy of the record, and the issue is built there."""
    file = tmp_path / "copy.db"
    shutil.copy(store, file)
    with Record(str(file), create=False) as copy:
        copy.database.run("PRAGMA synchronous = OFF")
        write(copy, weeks_ago(HELPERS))
        base = freeze.freeze_issue(copy, DAILY, made.DAY, again=True, reason="helpers", at=TODAY + 48 * HOUR).content
        assert [entry.paper for entry in base.entries] == [entry.paper for entry in scene.content.entries]
        attackers = campaign(scene, name, *RARITY_2, aged=aged, **knobs)
        attack_files.run(NAMES[name], attackers, accounts)
        write(copy, list(as_items(scene, attackers)))
        at = copy.head.position
        built_issues = {
            name: build_issue(copy, IssueRecipe(replace(DAILY, ranking=name, threshold=least), made.DAY, 3, at)).content
            for name, least in (("rarity/2", 100), ("rarity/1", 1), ("classic/1", 1))
        }  # fmt: skip
    assert attackers.expenses().posts + attackers.expenses().reactions > 0, "else it could not fail"
    assert after(scene, attackers, *RARITY_2, whole=True) == [entry.paper for entry in built_issues["rarity/2"].entries]
    for ranking_name, content in built_issues.items():
        needs = ranking.needs_of(ranking_name)
        inputs = scene.input_after(scene.effect(attackers, needs), needs, candidate_papers(scene, needs))
        assert {(p.network, p.age, p.archive): p.counts for p in inputs.peers} == {
            (p.network, p.age, p.archive): p.counts for p in content.peers
        }
        scores = {entry.paper: (entry.score, entry.voices) for entry in ranking.rank(inputs, ranking_name)}
        assert content.entries
        assert [(entry.score, entry.voices) for entry in content.entries] == [
            scores[entry.paper] for entry in content.entries
        ]


# ---- the command -------------------------------------------------------------------------------------------

FEW = ("--ranking", "rarity/2", "--ranking", "rarity/1", "--workers", "1")
LIKES = ("--attack", "likes, spread", "--attack", "old paper")


@pytest.mark.long
def test_the_command_says_what_the_scene_says(scene: RecordedScene, store: Path, tmp_path: Path) -> None:
    content_before, page, figures = store.read_bytes(), tmp_path / "page.md", tmp_path / "figures.json"
    args = ("lab", "attacks", "--store", store, "--issue", made.DAY, *FEW, *LIKES)
    report = json.loads(good(*args, "--output", page, "--output", figures, "--json"))
    assert store.read_bytes() == content_before, "the record is only read"
    rows = {(row["ranking"], row["attack"], row["goal"], row["with_standing"]): row for row in report["rows"]}
    for (name, attack, goal, aged), row in rows.items():
        cost = least_costs.least_costs(scene, suite.contenders()[name], NAMES[attack], {}, aged=aged)[goal]
        assert row["accounts"] == (cost.accounts if cost else None)
    goals = 3 + 2  # by the publication's own ranking also to be an entry
    assert len(rows) == 2 * 2 * goals and report["publication"] == "daily" and report["issues"] == [made.DAY]
    assert rows["rarity/2", "likes, spread", "first", False]["accounts"] is None
    assert rows["rarity/2", "likes, spread", "top ten", True]["accounts"] and report["not_run"] == []
    stored_figures = json.loads(figures.read_text("utf-8"))
    assert [row["attack"] for row in stored_figures["rows"]] == [row["attack"] for row in report["rows"]]
    text = page.read_text("utf-8")
    assert text.startswith("# Attacks on issues of daily\n") and "| old paper | with standing | " in text
    out = good(*args)
    assert re.search(r"^Accounts for place 1, 2 networks$", out, re.M) and "Not run" not in out


def test_the_last_issues_are_those_there_are(store: Path) -> None:
    args = ("lab", "attacks", "--store", store, *FEW[2:], "--attack", "bots", "--json")
    assert json.loads(good(*args, "--last", "3"))["issues"] == [made.DAY]


def test_missing_data_of_a_record_is_named(sqlite_url: str, tmp_path: Path) -> None:
    """A young record in which every announced paper is discussed, with its table of standing out of date."""
    with Record(sqlite_url) as record:
        write(record, DAILY, background(), *(discussed_paper(n, made.DAY, 3 * n) for n in (1, 2, 3)))
        frozen(record, DAILY)
        record.database.run("DELETE FROM standing_state")
    args = ("lab", "attacks", "--store", sqlite_url, "--issue", made.DAY, *FEW)
    page = tmp_path / "page.md"
    out = good(*args, "--output", page)
    assert "Not run\n" in out
    assert re.search(r"^  likes, spread, on rarity/1: no paper of that age is known", out, re.M)
    assert "on rarity/2: the store has not determined yet who has standing" in out
    assert "\n## Not run\n" in page.read_text("utf-8")
    report = json.loads(good(*args, "--json"))
    assert {row["attack"] for row in report["rows"]} == {"lifted from place 2"}  # the others need what is missing
    assert {failure["issue"] for failure in report["not_run"]} == {made.DAY}


@pytest.mark.long
def test_a_record_without_standing_skips_attacks_with_standing(store_url: str) -> None:
    with Record(store_url) as record:
        write(record, discussed_papers())
        frozen(record, DAILY)
    args = ("lab", "attacks", "--store", store_url, "--last", "1", *FEW[:2], "--workers", "1", *LIKES[:2])
    report = json.loads(good(*args, "--json"))
    assert {row["with_standing"] for row in report["rows"]} == {False} and all(
        row["accounts"] for row in report["rows"]
    )
    assert [failure["reason"] for failure in report["not_run"]] == [
        "not tried with accounts that have standing: the record is too young to know anybody"
    ]


def test_an_attack_that_breaks_on_an_issue_is_named(store: Path, tmp_path: Path) -> None:
    attack_file = tmp_path / "mine.py"
    attack_file.write_text(
        "from lab.attacks.campaign import Attack\n"
        "ATTACK = Attack('broken', 'breaks', lambda campaign, accounts: 1 / 0)\n", "utf-8",
    )  # fmt: skip
    result = run("lab", "attacks", "--store", store, "--last", "1", *FEW, "--attack-file", attack_file)
    assert result.status == 1 and "Failed: broken: ZeroDivisionError: division by zero" in result.out


def test_misuse_of_issues(store: Path, tmp_path: Path, sqlite_url: str) -> None:
    command = ("lab", "attacks", "--store", store)
    assert misuse(*command) == "--store needs --issue or --last"
    assert misuse(*command, "--last", "1", "--all") == "--issue and --last do not go with --all, --quick or --worlds"
    assert misuse(*command, "--last", "1", "--issue", made.DAY) == "give either --issue or --last, not both"
    assert misuse(*command, "--issue", "yesterday") == "yesterday: not a date; write it like 2021-01-14"
    assert misuse(*command, "--issue", "2024-05-06").startswith("2024-05-06: no frozen issue of daily")
    assert misuse(*command, "--last", "1", "--publication", "none").startswith("none: no such publication")
    assert "no such store" in misuse("lab", "attacks", "--store", tmp_path / "gone.db", "--last", "1")
    with Record(sqlite_url) as record:
        write(record, replace(DAILY, window="listing"))
    refusal = misuse("lab", "attacks", "--store", sqlite_url, "--last", "1")
    assert refusal.startswith("daily: an imported listing does not say who talked about its papers")
    with Record(str(tmp_path / "empty.db")) as record:
        write(record, DAILY)
    message = misuse("lab", "attacks", "--store", tmp_path / "empty.db", "--last", "1")
    assert message == "daily: no frozen issue; freeze one with `hotpapers issue DATE`"


# ---- the prices that entries state -----------------------------------------------------------------------------


def bought_score(scene: RecordedScene, on_bluesky: int, on_mastodon: int) -> int:
    """The score of an otherwise undiscussed paper with that many accounts, all with standing."""
    attackers = campaign(scene, "likes, spread", *RARITY_2, aged=True)
    for network, number in (("bluesky", on_bluesky), ("mastodon", on_mastodon)):
        for account in attackers.accounts(number):
            attackers.post(account, network)
    rank, needs = RARITY_2
    ranked = rank(scene.input_after(scene.effect(attackers, needs), needs, set()))
    return next((entry.score for entry in ranked if entry.paper == attackers.target.paper), 0)


@pytest.mark.long
def test_so_many_accounts_buy_an_entry_s_score_and_fewer_do_not(scene: RecordedScene) -> None:
    def best_score(accounts: int) -> int:
        return max(bought_score(scene, on_bluesky, accounts - on_bluesky) for on_bluesky in range(accounts + 1))

    first_entry = scene.content.entries[0]
    prices = {entry.price.accounts: entry.score for entry in scene.content.entries if isinstance(entry.price, Price)}
    assert first_entry.score == max(prices.values()) and len(prices) > 5, "else it could not fail"
    for accounts, score in prices.items():
        assert accounts and best_score(accounts) >= score > best_score(accounts - 1)
