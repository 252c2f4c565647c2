"""Judging a record, in both databases: who is found and who is not, what is written, and when it is withdrawn."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.issues import freeze
from hotpapers.model import DAY, HOUR, Issue, Judgement, Post, Publication, Verdict, keys
from hotpapers.moderation.bots import bot_names, queries, verdicts
from hotpapers.moderation.bots.verdicts import BotFinding, changed_findings, judge
from hotpapers.privacy import forget as forgetting
from hotpapers.settings import BotRules, BotSettings
from hotpapers.store import Record
from tests.issues.made import DAY as TODAY
from tests.issues.made import background, counts, judged, key, moment, paper, talk, write
from tests.moderation.bots import made
from tests.moderation.bots.made import (
    BOT,
    LAB,
    MINUTE,
    NOW,
    PERSON,
    announced,
    by_the_clock,
    passed_on,
    read_by_hand,
    said,
)

DEFAULTS = BotSettings()
ROBOTS, OTHERS, UNREAD = range(1, 71), range(101, 301), range(1001, 1101)


def rules(**limits: bool | int) -> BotSettings:
    """Settings with only these rules on."""
    off = dict.fromkeys(BotRules.__struct_fields__, 0) | {"list": False, "says_so": False}
    return BotSettings(rules=BotRules(**{**off, **limits}))  # type: ignore[arg-type]


# ---- behavior ----------------------------------------------------------------------------------------------


def test_who_passes_a_category_on_is_a_bot_and_who_reads_it_is_none(record: Record) -> None:
    write(record, announced(ROBOTS), announced([*OTHERS, *UNREAD], "cs.LG"), passed_on(ROBOTS))
    write(record, read_by_hand([*ROBOTS[:40], *OTHERS]), *(said(n, LAB, NOW - n * DAY, "Ours!") for n in range(1, 6)))
    written = judge(record, DEFAULTS, NOW)
    assert written.added == 1 and made.verdicts(record) == {(BOT, "share"): "bot"}
    assert made.reason(record, BOT, "share") == "posted about 70 of the 70 papers new in cs.RO in 14 days (100 %)"
    ((before, _), (at, source)) = record.database.rows("SELECT at, source FROM batch ORDER BY position")[-2:]
    assert source == "judging" and at == before > NOW, "what is about an earlier moment is not written in the past"


def test_a_day_s_papers_are_not_missed_yet(record: Record) -> None:
    """An account a day late has omitted nothing; one that omits more than a fifth is choosing."""
    write(record, announced(ROBOTS, since=NOW - 10 * DAY), passed_on(ROBOTS[:52]))
    write(record, passed_on(ROBOTS[:51], "bluesky:chooser"))
    judge(record, DEFAULTS, NOW)
    assert made.verdicts(record) == {(BOT, "share"): "bot"}
    assert made.reason(record, BOT, "share") == "posted about 52 of the 64 papers new in cs.RO in 14 days (81 %)"


def test_twenty_bare_titles_an_evening_are_a_person_s_and_the_same_by_the_clock_a_bot_s(record: Record) -> None:
    write(record, announced([*OTHERS, *UNREAD], "cs.LG"), read_by_hand(OTHERS), by_the_clock(OTHERS))
    judge(record, DEFAULTS, NOW)
    assert made.verdicts(record) == {(BOT, "template"): "bot"}
    why = "200 posts in 14 days, 100 % of them with no word but the paper's, 100 % of them at even intervals"
    assert made.reason(record, BOT, "template") == why


@pytest.mark.long
def test_a_machine_that_waits_at_random_never_sleeps(record: Record) -> None:
    at, by_chance = NOW - 13 * DAY, random.Random(3)
    write(record, announced([*OTHERS, *UNREAD], "cs.LG"))
    for n in OTHERS:
        at += by_chance.randrange(2 * 90) * MINUTE
        write(record, said(n, BOT, at, made.title(n)), said(n, PERSON, at, f"{made.remark(n)}: {made.title(n)}"))
    judge(record, DEFAULTS, NOW)
    assert made.verdicts(record) == {(BOT, "template"): "bot"}
    assert made.reason(record, BOT, "template").endswith("at all hours: never 2 hours of the day without one")


def test_more_papers_than_anybody_reads(record: Record) -> None:
    write(record, read_by_hand(OTHERS, BOT, words="I have read this one too, and liked it"))
    judge(record, rules(rate=201), NOW)
    assert made.verdicts(record) == {}
    judge(record, rules(rate=200), NOW)
    assert made.verdicts(record) == {(BOT, "rate"): "bot"}
    assert made.reason(record, BOT, "rate") == "named 200 papers in 14 days"


def test_posts_of_an_unknown_paper_are_nobody_s_template(record: Record) -> None:
    write(record, by_the_clock(OTHERS))
    assert judge(record, DEFAULTS, NOW).position is None


def test_only_the_fortnight_counts_and_only_what_is_still_there(record: Record) -> None:
    start = NOW - 14 * DAY
    write(record, *(said(n, BOT, start - n, "Early") for n in range(1, 11)))
    write(record, *(said(n, BOT, start + n, "In time") for n in range(11, 20)))
    gone = said(20, BOT, start + 20, "Deleted")
    write(record, gone, Post(post=gone[0].post, network="bluesky", account="", created_at=0, gone="deleted",
                                  observed_at=NOW - HOUR))  # fmt: skip
    write(record, *(said(n, BOT, NOW + n, "Later") for n in range(21, 30)))
    assert judge(record, rules(rate=10), NOW).position is None
    assert judge(record, rules(rate=9), NOW).added == 1


# ---- what is written -----------------------------------------------------------------------------------------


def test_nothing_is_written_twice_nor_because_a_figure_moved(record: Record) -> None:
    write(record, announced(ROBOTS), passed_on(ROBOTS))
    assert judge(record, DEFAULTS, NOW).added == 1
    assert judge(record, DEFAULTS, NOW).position is None
    write(record, announced(range(401, 411)), passed_on(range(401, 411)))
    assert judge(record, DEFAULTS, NOW + DAY).position is None
    assert record.count(Verdict) == 1


def test_a_verdict_is_withdrawn_when_the_account_does_something_else(record: Record) -> None:
    write(record, announced(ROBOTS), passed_on(ROBOTS))
    judge(record, DEFAULTS, NOW)
    later = NOW + 20 * DAY
    assert judge(record, DEFAULTS, later).position is None, "it is silent: nothing says otherwise"
    write(record, announced(range(401, 471), since=later - 12 * DAY))
    write(record, said(401, BOT, later - DAY, "This one I have read myself, and it is good"))
    assert judge(record, DEFAULTS, later).added == 1
    assert made.verdicts(record) == {(BOT, "share"): "human"}
    assert made.reason(record, BOT, "share") == "no longer: 1 post in 14 days, naming 1 paper"
    assert judge(record, DEFAULTS, later + HOUR).position is None


def test_half_a_limit_keeps_a_verdict(record: Record) -> None:
    write(record, read_by_hand(range(1, 11), BOT), read_by_hand(range(1, 6), PERSON))
    judge(record, rules(rate=10), NOW)
    later = NOW + 14 * DAY
    for account in (BOT, PERSON):
        write(record, read_by_hand(range(11, 16), account, later - 13 * DAY))
    assert judge(record, rules(rate=10), later).position is None
    assert judge(record, rules(rate=12), later).added == 1
    assert made.verdicts(record) == {(BOT, "rate"): "human"}


def test_a_quiet_week_of_arxiv_s_keeps_a_verdict(record: Record) -> None:
    """With half as many new papers as judging takes, verdicts stay."""
    write(record, announced(ROBOTS), passed_on(ROBOTS))
    judge(record, DEFAULTS, NOW)
    later = NOW + 20 * DAY
    write(
        record, announced(range(401, 441), since=later - 12 * DAY), passed_on(range(401, 441), since=later - 12 * DAY)
    )
    assert judge(record, DEFAULTS, later).position is None


def test_a_rule_that_is_switched_off_takes_back_what_it_said(record: Record) -> None:
    write(record, announced(ROBOTS), passed_on(ROBOTS), made.named(LAB, "lab.example", automated=True))
    judge(record, DEFAULTS, NOW)
    assert made.verdicts(record) == {(BOT, "share"): "bot", (LAB, "says-so"): "bot"}
    judge(record, rules(), NOW + HOUR)
    assert made.verdicts(record) == {(BOT, "share"): "human", (LAB, "says-so"): "human"}
    assert made.reason(record, BOT, "share") == "this rule is switched off in the settings"
    judge(record, DEFAULTS, NOW + 2 * HOUR)
    assert made.verdicts(record) == {(BOT, "share"): "bot", (LAB, "says-so"): "bot"}


def test_nothing_is_learned_of_who_was_forgotten(record: Record) -> None:
    write(record, announced(ROBOTS), passed_on(ROBOTS), passed_on(ROBOTS, "bluesky:again"))
    judge(record, DEFAULTS, NOW)
    forgetting.forget(record, BOT)
    assert judge(record, DEFAULTS, NOW + HOUR).position is None
    forgetting.forget(record, "bluesky:again")
    assert judge(record, rules(), NOW + 2 * HOUR).position is None
    assert {judgement for judgement in made.verdicts(record).values()} == {"bot"}


judgements: st.SearchStrategy[Judgement] = st.sampled_from(["bot", "human"])
found = st.builds(
    BotFinding, st.sampled_from(["x:1", "x:2", "x:~3"]), st.sampled_from(["rate", "echo"]), judgements, st.just("why")
)


@given(st.lists(found, unique_by=lambda one: one[:2]), st.sets(st.sampled_from(["x:1", "x:2"])))
def test_news_is_what_differs_and_is_none_the_second_time(some: list[BotFinding], before: set[str]) -> None:
    standing = {"rate": frozenset(before), "echo": frozenset[str]()}
    changed = changed_findings(some, standing)
    held = {rule: set(accounts) for rule, accounts in standing.items()}
    for one in changed:
        (held[one.rule].add if one.judgement == "bot" else held[one.rule].remove)(one.account)
    assert all((one.judgement == "bot") == (one.account in held[one.rule]) for one in some if "~" not in one.account)
    assert changed_findings(some, {rule: frozenset(accounts) for rule, accounts in held.items()}) == []


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 30)), min_size=1, unique_by=lambda row: row[0]),
       st.integers(-1, 32))  # fmt: skip
def test_the_first_row_is_found_as_by_looking_at_each(rows: list[tuple[int, int]], least: int) -> None:
    numbers, values = sorted(n for n, _ in rows), sorted(v for _, v in rows)
    table = list(zip(numbers, values, strict=True))

    def row(at: int) -> tuple[int, int]:
        return next(one for one in table if one[0] >= at)

    start = queries.searched(row, numbers[-1], least)
    assert [n for n, _ in table if n >= start] == [n for n, value in table if value >= least]


# ---- who is named ----------------------------------------------------------------------------------------------


def test_who_says_so_and_no_longer_does(record: Record) -> None:
    write(record, made.named(BOT, "feed.example", automated=True), made.named(PERSON, "reader.example"))
    judge(record, DEFAULTS, NOW)
    assert made.verdicts(record) == {(BOT, "says-so"): "bot"}
    assert made.reason(record, BOT, "says-so") == "says of itself that it is automated"
    write(record, made.named(BOT, "feed.example", NOW + HOUR))
    judge(record, DEFAULTS, NOW + 2 * HOUR)
    assert made.verdicts(record) == {(BOT, "says-so"): "human"}


def test_who_is_on_the_list_by_id_by_handle_and_by_the_handle_of_an_id(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [
        bot_names.KnownBot("bluesky", "did:plc:kettlefeed", "kettles.example", "cs.RO", "teaXiv", "2024-05-01"),
        bot_names.KnownBot("mastodon", "", "cups_bot@tea.example", "cs.LG", "teaXiv", "2024-05-01"),
        bot_names.KnownBot("x", "", "saucerbot", "cs.CL", "teaXiv", "2024-05-01"),
        bot_names.KnownBot("x", "", "never_seen", "cs.CL", "teaXiv", "2024-05-01"),
    ]
    monkeypatch.setattr(bot_names, "shipped_bots", lambda: tuple(listed))
    cups = "mastodon:https://tea.example/users/cups"
    write(record, said(1, "bluesky:did:plc:kettlefeed", NOW - DAY, "Kettle"), said(1, "x:@saucerbot", NOW - DAY, "Cup"))
    write(record, made.named(cups, "Cups_Bot@tea.example"), made.named("bluesky:other", "cups_bot@tea.example"))
    judge(record, DEFAULTS, NOW)
    all_subscribers = {("bluesky:did:plc:kettlefeed", "list"), (cups, "list"), ("x:@saucerbot", "list")}
    assert made.verdicts(record) == dict.fromkeys(all_subscribers, "bot")
    assert made.reason(record, cups, "list") == (
        "on the list that comes along, since 2024-05-01: it posts new papers of cs.LG; teaXiv names it as a bot of its"
        " own"
    )
    monkeypatch.setattr(bot_names, "shipped_bots", lambda: ())
    assert judge(record, DEFAULTS, NOW + HOUR).added == 3
    assert set(made.verdicts(record).values()) == {"human"}


def test_the_list_that_comes_along() -> None:
    listed = bot_names.shipped_bots()
    assert len({one.key for one in listed}) == len(listed) > 300
    assert {one.network for one in listed} == {"bluesky", "mastodon", "x"}
    assert all(one.key == keys.folded(one.key) and one.posts and one.named_by and one.since for one in listed)


# ---- together --------------------------------------------------------------------------------------------------


def test_a_chorus_is_bots_and_a_button_for_sharing_is_not(record: Record) -> None:
    write(record, announced([1, 2, 3], "cs.LG"))
    singers = [f"bluesky:singer{n}" for n in range(12)]
    for n, one in enumerate(singers):
        write(record, said(1, one, NOW - 5 * HOUR + n * MINUTE, f"{n} You must not miss this: {made.title(1)} #tea{n}"))
        write(record, said(2, f"bluesky:sharer{n}", NOW - 5 * HOUR + n * MINUTE, made.title(2)))
    for n in (1, 2):
        write(record, said(3, singers[0], NOW - n * DAY, f"My own {n} words on it, at some length", n))
    judge(record, DEFAULTS, NOW)
    assert made.verdicts(record) == {(one, "chorus"): "bot" for one in singers[1:]}
    write(record, said(3, singers[1], NOW + HOUR, "Words of my own"), said(3, singers[1], NOW + HOUR, "And more", 1))
    judge(record, DEFAULTS, NOW + 2 * HOUR)
    assert made.verdicts(record) == {(one, "chorus"): "bot" for one in singers[2:]} | {(singers[1], "chorus"): "human"}
    assert judge(record, DEFAULTS, NOW + 30 * DAY).position is None, "who is silent is what they were"


def test_an_echo_is_a_bot_and_who_reposts_at_leisure_is_none(record: Record) -> None:
    for n in range(1, 61):
        at = NOW - 10 * DAY + n * HOUR
        post = said(n, PERSON, at, "Words")
        write(record, post, made.reposted(post[0].post, BOT, at + MINUTE))
        write(record, made.reposted(post[0].post, LAB, at + HOUR))
    judge(record, DEFAULTS, NOW)
    assert made.verdicts(record) == {(BOT, "echo"): "bot"}
    later = NOW + 20 * DAY
    assert judge(record, DEFAULTS, later).position is None
    for n in range(1, 26):
        post = said(n, PERSON, later - n * HOUR, "More words", 1)
        write(record, post, made.reposted(post[0].post, BOT, later - n * HOUR + 59 * MINUTE))
    judge(record, DEFAULTS, later)
    assert made.verdicts(record) == {(BOT, "echo"): "human"}


def test_posts_on_another_network_hide_no_chorus(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "LATEST", 20)
    write(record, announced([1], "cs.LG"))
    for n in range(12):
        write(record, said(1, f"bluesky:singer{n}", NOW - 5 * HOUR + n * MINUTE, "You must not miss this, all of you"))
    write(record, *(said(1, "mastodon:flood", NOW - HOUR + n, made.remark(n), n) for n in range(20)))
    assert judge(record, rules(chorus=10), NOW).added == 11


def test_of_an_account_the_latest_reposts_are_considered(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "LATEST", 5)
    for n in range(1, 11):
        at = NOW - 10 * DAY + n * HOUR
        post = said(n, PERSON, at, "Words")
        write(record, post, made.reposted(post[0].post, BOT, at + (MINUTE if n > 5 else HOUR)))
    assert judge(record, rules(echo=5), NOW).added == 1


# ---- the operator's settings -----------------------------------------------------------------------------------


def test_the_settings_go_before_all_rules_and_take_their_word_back(record: Record) -> None:
    write(
        record, announced(ROBOTS), passed_on(ROBOTS), made.named(PERSON, "Reader.example"), said(1, LAB, NOW - 9, "…")
    )
    asked = BotSettings(bots=("bluesky:@reader.example", "x:@Unseen"), people=(BOT,))
    judge(record, asked, NOW)
    expected = {
        (BOT, "share"): "bot", (BOT, "operator"): "human", (PERSON, "operator"): "bot",
        ("x:@unseen", "operator"): "bot", ("bluesky:@reader.example", "operator"): "bot",
    }  # fmt: skip
    assert made.verdicts(record) == expected
    assert judge(record, asked, NOW + HOUR).position is None
    judge(record, BotSettings(people=(BOT, "x:@unseen")), NOW + 2 * HOUR)
    assert made.verdicts(record) == {
        (BOT, "share"): "bot", (BOT, "operator"): "human", ("x:@unseen", "operator"): "human"
    }  # fmt: skip
    judge(record, DEFAULTS, NOW + 3 * HOUR)
    assert made.verdicts(record) == {(BOT, "share"): "bot"}
    assert made.verdicts(record, NOW + HOUR) == {(BOT, "share"): "bot"}, "as if it had never been said"


# ---- issues ------------------------------------------------------------------------------------------------------

DAILY = Publication(publication="daily", title="The Daily Dozen", threshold=1, posts=0, observed_at=0)


def world(record: Record) -> None:
    """Paper 1 has 8 voices and a feed, paper 2 has 5 people and 12 machines; other papers in the weeks before."""
    write(record, background(), announced(range(1, 71), "cs.LG", NOW - 12 * DAY))
    for n in (501, 502):
        write(
            record,
            paper(n, TODAY, "cs.LG", made.title(n)),
            talk(n, 8 - 3 * (n - 501), NOW - 7 * HOUR),
        )
    write(record, passed_on(range(1, 71)), said(501, BOT, NOW - 7 * HOUR, made.title(501)))
    write(record, counts("bluesky:feedbot-501-0", 6, NOW - 6 * HOUR))
    for n in range(12):
        write(record, said(502, f"bluesky:singer{n}", NOW - 7 * HOUR + n, f"Do not miss this one: {made.title(502)}"))


def entries(record: Record) -> list[tuple[str, int, int]]:
    """(paper, voices, bots' posts) of the latest edition's entries."""
    issue = freeze.editions(record, "daily", TODAY)[-1].content
    return [(one.paper, one.voices, one.counts[0].bots) for one in issue.entries if one.paper > key(500)]


def test_bots_are_counted_apart_and_a_changed_verdict_changes_no_frozen_issue(record: Record) -> None:
    world(record)
    before = freeze.freeze(record, DAILY, TODAY, at=NOW + HOUR)
    assert entries(record) == [(key(502), 17, 0), (key(501), 15, 0)]
    judge(record, DEFAULTS, NOW)
    assert freeze.freeze(record, DAILY, TODAY, at=NOW + 2 * HOUR) == before
    assert verified(record)
    freeze.freeze(record, DAILY, TODAY, at=NOW + 2 * HOUR, again=True, reason="bots were told apart")
    assert entries(record) == [(key(501), 8, 1), (key(502), 6, 11)], "the one who said it first counts"
    judge(record, BotSettings(people=(BOT,)), NOW + 3 * HOUR)
    judge(record, rules(), NOW + 4 * HOUR)
    assert entries(record) == [(key(501), 8, 1), (key(502), 6, 11)], "the one who said it first counts"
    assert verified(record)


def verified(record: Record) -> bool:
    """Whether every issue rebuilds unchanged."""
    issues = [row.item for row in record.view().iterate(Issue)]
    return not [problem for one in issues for problem in freeze.check_issue(record, one)]  # type: ignore[arg-type]


def test_a_verdict_counts_from_its_moment_on(record: Record) -> None:
    """A verdict at the cut counts for that issue; one a microsecond later does not."""
    world(record)
    judge(record, DEFAULTS, NOW + 1)
    freeze.freeze(record, DAILY, TODAY, at=NOW + HOUR)
    assert {voices for _, voices, _ in entries(record)} == {15, 17}
    judge(record, DEFAULTS, NOW)
    freeze.freeze(record, DAILY, TODAY, at=NOW + HOUR, again=True, reason="judged in time")
    assert entries(record) == [(key(501), 8, 1), (key(502), 6, 11)], "the one who said it first counts"


def test_other_rooms_verdicts_are_left_alone(record: Record) -> None:
    write(record, said(1, PERSON, NOW - DAY, "…"), judged(PERSON, "bot", rule="made-up"), judged(PERSON, "hidden"))
    assert judge(record, DEFAULTS, NOW).position is None
    assert verdicts.VERSIONS.keys() >= {"list", "says-so", "rate", "share", "template", "chorus", "echo"}


def test_an_empty_record_has_nobody_to_judge(record: Record) -> None:
    assert judge(record, DEFAULTS, moment(TODAY)).position is None
