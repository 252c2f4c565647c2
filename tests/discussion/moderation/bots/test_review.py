"""Judging a record, in both databases: who is found and who is not, what is written, and when it is withdrawn."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base import keys
from hotpapers.base.model import DAY, HOUR, Issue, Judgement, Post, Publication, Verdict
from hotpapers.base.settings import BotRules, BotSettings
from hotpapers.discussion.moderation import queries
from hotpapers.discussion.moderation.bots import review, verdicts
from hotpapers.discussion.moderation.bots.verdicts import BotFinding, changed_findings, judge_accounts
from hotpapers.issues import freeze
from hotpapers.keep.privacy import forget as forgetting
from hotpapers.record import Record, as_of
from hotpapers.record.database import Params
from hotpapers.record.sqlite import SqliteDatabase
from tests.discussion.moderation.bots import samples
from tests.discussion.moderation.bots.samples import (
    BOT,
    LAB,
    MINUTE,
    NOW,
    PERSON,
    announced_papers,
    feed_posts,
    posting,
    reader_posts,
    timed_posts,
)
from tests.issues.made import DAY as TODAY
from tests.issues.made import background, counts, judged, key, moment, paper, posts_about, write

DEFAULTS = BotSettings()
ROBOTS, OTHERS, UNREAD = range(1, 71), range(101, 301), range(1001, 1101)


def rules(**limits: bool | int) -> BotSettings:
    """Settings with only these rules on."""
    off = dict.fromkeys(BotRules.__struct_fields__, 0) | {"list": False, "says_so": False}
    return BotSettings(rules=BotRules(**{**off, **limits}))  # type: ignore[arg-type]


# ---- behavior ----------------------------------------------------------------------------------------------


def test_a_feed_of_a_category_is_a_bot_and_its_reader_is_not(record: Record) -> None:
    write(record, announced_papers(ROBOTS), announced_papers([*OTHERS, *UNREAD], "cs.LG"), feed_posts(ROBOTS))
    write(
        record, reader_posts([*ROBOTS[:40], *OTHERS]), *(posting(n, LAB, NOW - n * DAY, "Ours!") for n in range(1, 6))
    )
    result = judge_accounts(record, DEFAULTS, NOW)
    assert result.added == 1 and samples.verdicts(record) == {(BOT, "share"): "bot"}
    assert samples.reason(record, BOT, "share") == "posted about 70 of the 70 papers new in cs.RO in 14 days (100 %)"
    ((batch_before, _), (at, source)) = record.database.rows("SELECT at, source FROM batch ORDER BY position")[-2:]
    assert source == "judging" and at == batch_before > NOW, "verdicts about an earlier moment are written now"


def test_a_day_s_papers_are_not_missed_yet(record: Record) -> None:
    """An account a day late has omitted nothing; one that omits more than a fifth is choosing."""
    write(record, announced_papers(ROBOTS, since=NOW - 10 * DAY), feed_posts(ROBOTS[:52]))
    write(record, feed_posts(ROBOTS[:51], "bluesky:chooser"))
    judge_accounts(record, DEFAULTS, NOW)
    assert samples.verdicts(record) == {(BOT, "share"): "bot"}
    assert samples.reason(record, BOT, "share") == "posted about 52 of the 64 papers new in cs.RO in 14 days (81 %)"


def test_twenty_bare_titles_an_evening_are_a_person_s_and_the_same_by_the_clock_a_bot_s(record: Record) -> None:
    write(record, announced_papers([*OTHERS, *UNREAD], "cs.LG"), reader_posts(OTHERS), timed_posts(OTHERS))
    judge_accounts(record, DEFAULTS, NOW)
    assert samples.verdicts(record) == {(BOT, "template"): "bot"}
    reason = "200 posts in 14 days, 100 % of them with no word but the paper's, 100 % of them at even intervals"
    assert samples.reason(record, BOT, "template") == reason


@pytest.mark.long
def test_a_machine_that_waits_at_random_never_sleeps(record: Record) -> None:
    at, rng = NOW - 13 * DAY, random.Random(3)
    write(record, announced_papers([*OTHERS, *UNREAD], "cs.LG"))
    for n in OTHERS:
        at += rng.randrange(2 * 90) * MINUTE
        write(
            record,
            posting(n, BOT, at, samples.title(n)),
            posting(n, PERSON, at, f"{samples.remark(n)}: {samples.title(n)}"),
        )
    judge_accounts(record, DEFAULTS, NOW)
    assert samples.verdicts(record) == {(BOT, "template"): "bot"}
    assert samples.reason(record, BOT, "template").endswith("at all hours: never 2 hours of the day without one")


def test_more_papers_than_anybody_reads(record: Record) -> None:
    write(record, reader_posts(OTHERS, BOT, words="I have read this one too, and liked it"))
    judge_accounts(record, rules(rate=201), NOW)
    assert samples.verdicts(record) == {}
    judge_accounts(record, rules(rate=200), NOW)
    assert samples.verdicts(record) == {(BOT, "rate"): "bot"}
    assert samples.reason(record, BOT, "rate") == "named 200 papers in 14 days"


def test_posts_about_an_unknown_paper_are_no_template(record: Record) -> None:
    write(record, timed_posts(OTHERS))
    assert judge_accounts(record, DEFAULTS, NOW).position is None


def test_only_the_last_two_weeks_and_existing_posts_count(record: Record) -> None:
    start = NOW - 14 * DAY
    write(record, *(posting(n, BOT, start - n, "Early") for n in range(1, 11)))
    write(record, *(posting(n, BOT, start + n, "In time") for n in range(11, 20)))
    deleted_post = posting(20, BOT, start + 20, "Deleted")
    write(record, deleted_post, Post(post=deleted_post[0].post, network="bluesky", account="", created_at=0,
                                  gone="deleted", observed_at=NOW - HOUR))  # fmt: skip
    write(record, *(posting(n, BOT, NOW + n, "Later") for n in range(21, 30)))
    assert judge_accounts(record, rules(rate=10), NOW).position is None
    assert judge_accounts(record, rules(rate=9), NOW).added == 1


# ---- what is written -----------------------------------------------------------------------------------------


def test_nothing_is_written_twice_nor_because_a_figure_moved(record: Record) -> None:
    write(record, announced_papers(ROBOTS), feed_posts(ROBOTS))
    assert judge_accounts(record, DEFAULTS, NOW).added == 1
    assert judge_accounts(record, DEFAULTS, NOW).position is None
    write(record, announced_papers(range(401, 411)), feed_posts(range(401, 411)))
    assert judge_accounts(record, DEFAULTS, NOW + DAY).position is None
    assert record.count(Verdict) == 1


def test_a_verdict_is_withdrawn_when_the_account_does_something_else(record: Record) -> None:
    write(record, announced_papers(ROBOTS), feed_posts(ROBOTS))
    judge_accounts(record, DEFAULTS, NOW)
    later = NOW + 20 * DAY
    assert judge_accounts(record, DEFAULTS, later).position is None, "it is silent, so nothing contradicts the verdict"
    write(record, announced_papers(range(401, 471), since=later - 12 * DAY))
    write(record, posting(401, BOT, later - DAY, "This one I have read myself, and it is good"))
    assert judge_accounts(record, DEFAULTS, later).added == 1
    assert samples.verdicts(record) == {(BOT, "share"): "human"}
    assert samples.reason(record, BOT, "share") == "no longer: 1 post in 14 days, naming 1 paper"
    assert judge_accounts(record, DEFAULTS, later + HOUR).position is None


def test_half_a_limit_keeps_a_verdict(record: Record) -> None:
    write(record, reader_posts(range(1, 11), BOT), reader_posts(range(1, 6), PERSON))
    judge_accounts(record, rules(rate=10), NOW)
    later = NOW + 14 * DAY
    for account in (BOT, PERSON):
        write(record, reader_posts(range(11, 16), account, later - 13 * DAY))
    assert judge_accounts(record, rules(rate=10), later).position is None
    assert judge_accounts(record, rules(rate=12), later).added == 1
    assert samples.verdicts(record) == {(BOT, "rate"): "human"}


def test_a_quiet_week_of_arxiv_s_keeps_a_verdict(record: Record) -> None:
    """With half as many new papers as judging takes, verdicts stay."""
    write(record, announced_papers(ROBOTS), feed_posts(ROBOTS))
    judge_accounts(record, DEFAULTS, NOW)
    later = NOW + 20 * DAY
    write(
        record,
        announced_papers(range(401, 441), since=later - 12 * DAY),
        feed_posts(range(401, 441), since=later - 12 * DAY),
    )
    assert judge_accounts(record, DEFAULTS, later).position is None


def test_a_rule_that_is_switched_off_withdraws_its_verdicts(record: Record) -> None:
    write(record, announced_papers(ROBOTS), feed_posts(ROBOTS), samples.profile(LAB, "lab.example", automated=True))
    judge_accounts(record, DEFAULTS, NOW)
    assert samples.verdicts(record) == {(BOT, "share"): "bot", (LAB, "says-so"): "bot"}
    judge_accounts(record, rules(), NOW + HOUR)
    assert samples.verdicts(record) == {(BOT, "share"): "human", (LAB, "says-so"): "human"}
    assert samples.reason(record, BOT, "share") == "this rule is switched off in the settings"
    judge_accounts(record, DEFAULTS, NOW + 2 * HOUR)
    assert samples.verdicts(record) == {(BOT, "share"): "bot", (LAB, "says-so"): "bot"}


def test_nothing_is_learned_about_forgotten_accounts(record: Record) -> None:
    write(record, announced_papers(ROBOTS), feed_posts(ROBOTS), feed_posts(ROBOTS, "bluesky:again"))
    judge_accounts(record, DEFAULTS, NOW)
    forgetting.forget_key(record, BOT)
    assert judge_accounts(record, DEFAULTS, NOW + HOUR).position is None
    forgetting.forget_key(record, "bluesky:again")
    assert judge_accounts(record, rules(), NOW + 2 * HOUR).position is None
    assert {judgement for judgement in samples.verdicts(record).values()} == {"bot"}


judgements: st.SearchStrategy[Judgement] = st.sampled_from(["bot", "human"])
findings = st.builds(
    BotFinding, st.sampled_from(["x:1", "x:2", "x:~3"]), st.sampled_from(["rate", "echo"]), judgements, st.just("why")
)


@given(st.lists(findings, unique_by=lambda finding: finding[:2]), st.sets(st.sampled_from(["x:1", "x:2"])))
def test_only_differences_are_changes_and_only_once(found_now: list[BotFinding], bots_before: set[str]) -> None:
    standing = {"rate": frozenset(bots_before), "echo": frozenset[str]()}
    changes = changed_findings(found_now, standing)
    bots = {rule: set(accounts) for rule, accounts in standing.items()}
    for change in changes:
        (bots[change.rule].add if change.judgement == "bot" else bots[change.rule].remove)(change.account)
    assert all(
        (finding.judgement == "bot") == (finding.account in bots[finding.rule])
        for finding in found_now
        if "~" not in finding.account
    )
    assert changed_findings(found_now, {rule: frozenset(accounts) for rule, accounts in bots.items()}) == []


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 30)), min_size=1, unique_by=lambda row: row[0]),
       st.integers(-1, 32))  # fmt: skip
def test_the_first_row_is_found_as_by_looking_at_each(rows: list[tuple[int, int]], least: int) -> None:
    numbers, values = sorted(n for n, _ in rows), sorted(v for _, v in rows)
    table = list(zip(numbers, values, strict=True))

    def row(at: int) -> tuple[int, int]:
        return next(item for item in table if item[0] >= at)

    start = as_of.bisect_numbers(row, numbers[-1], least)
    assert [n for n, _ in table if n >= start] == [n for n, value in table if value >= least]


# ---- who is named ----------------------------------------------------------------------------------------------


def test_an_account_that_says_it_is_automated_and_later_does_not(record: Record) -> None:
    write(record, samples.profile(BOT, "feed.example", automated=True), samples.profile(PERSON, "reader.example"))
    judge_accounts(record, DEFAULTS, NOW)
    assert samples.verdicts(record) == {(BOT, "says-so"): "bot"}
    assert samples.reason(record, BOT, "says-so") == "says of itself that it is automated"
    write(record, samples.profile(BOT, "feed.example", NOW + HOUR))
    judge_accounts(record, DEFAULTS, NOW + 2 * HOUR)
    assert samples.verdicts(record) == {(BOT, "says-so"): "human"}


def test_a_listed_account_by_id_by_handle_and_by_the_handle_of_an_id(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_bots = [
        review.KnownBot("bluesky", "did:plc:kettlefeed", "kettles.example", "cs.RO", "teaXiv", "2024-05-01"),
        review.KnownBot("mastodon", "", "cups_bot@tea.example", "cs.LG", "teaXiv", "2024-05-01"),
        review.KnownBot("x", "", "saucerbot", "cs.CL", "teaXiv", "2024-05-01"),
        review.KnownBot("x", "", "never_seen", "cs.CL", "teaXiv", "2024-05-01"),
    ]
    monkeypatch.setattr(review, "shipped_bots", lambda: tuple(known_bots))
    cups = "mastodon:https://tea.example/users/cups"
    write(
        record,
        posting(1, "bluesky:did:plc:kettlefeed", NOW - DAY, "Kettle"),
        posting(1, "x:@saucerbot", NOW - DAY, "Cup"),
    )
    write(
        record, samples.profile(cups, "Cups_Bot@tea.example"), samples.profile("bluesky:other", "cups_bot@tea.example")
    )
    judge_accounts(record, DEFAULTS, NOW)
    matched_accounts = {("bluesky:did:plc:kettlefeed", "list"), (cups, "list"), ("x:@saucerbot", "list")}
    assert samples.verdicts(record) == dict.fromkeys(matched_accounts, "bot")
    assert samples.reason(record, cups, "list") == (
        "on the list that comes along, since 2024-05-01: it posts new papers of cs.LG; teaXiv names it as a bot of its"
        " own"
    )
    monkeypatch.setattr(review, "shipped_bots", lambda: ())
    assert judge_accounts(record, DEFAULTS, NOW + HOUR).added == 3
    assert set(samples.verdicts(record).values()) == {"human"}


def test_the_shipped_list() -> None:
    known_bots = review.shipped_bots()
    assert len({bot.key for bot in known_bots}) == len(known_bots) > 300
    assert {bot.network for bot in known_bots} == {"bluesky", "mastodon", "x"}
    assert all(
        bot.key == keys.normalize_key(bot.key) and bot.posts and bot.named_by and bot.since for bot in known_bots
    )


# ---- together --------------------------------------------------------------------------------------------------


def test_a_chorus_is_bots_and_a_button_for_sharing_is_not(record: Record) -> None:
    write(record, announced_papers([1, 2, 3], "cs.LG"))
    singers = [f"bluesky:singer{n}" for n in range(12)]
    for n, singer in enumerate(singers):
        write(
            record,
            posting(1, singer, NOW - 5 * HOUR + n * MINUTE, f"{n} You must not miss this: {samples.title(1)} #tea{n}"),
        )
        write(record, posting(2, f"bluesky:sharer{n}", NOW - 5 * HOUR + n * MINUTE, samples.title(2)))
    for n in (1, 2):
        write(record, posting(3, singers[0], NOW - n * DAY, f"My own {n} words on it, at some length", n))
    judge_accounts(record, DEFAULTS, NOW)
    assert samples.verdicts(record) == {(singer, "chorus"): "bot" for singer in singers[1:]}
    write(
        record, posting(3, singers[1], NOW + HOUR, "Words of my own"), posting(3, singers[1], NOW + HOUR, "And more", 1)
    )
    judge_accounts(record, DEFAULTS, NOW + 2 * HOUR)
    assert samples.verdicts(record) == {(singer, "chorus"): "bot" for singer in singers[2:]} | {
        (singers[1], "chorus"): "human"
    }
    assert judge_accounts(record, DEFAULTS, NOW + 30 * DAY).position is None, "a silent account stays what it was"


def test_an_echo_is_a_bot_and_a_slow_reposter_is_not(record: Record) -> None:
    for n in range(1, 61):
        at = NOW - 10 * DAY + n * HOUR
        post = posting(n, PERSON, at, "Words")
        write(record, post, samples.repost(post[0].post, BOT, at + MINUTE))
        write(record, samples.repost(post[0].post, LAB, at + HOUR))
    judge_accounts(record, DEFAULTS, NOW)
    assert samples.verdicts(record) == {(BOT, "echo"): "bot"}
    later = NOW + 20 * DAY
    assert judge_accounts(record, DEFAULTS, later).position is None
    for n in range(1, 26):
        post = posting(n, PERSON, later - n * HOUR, "More words", 1)
        assert judge_accounts(record, DEFAULTS, later).position is None, "fewer than half of the limit say nothing"
        write(record, post, samples.repost(post[0].post, BOT, later - n * HOUR + 59 * MINUTE))
    judge_accounts(record, DEFAULTS, later)
    assert samples.verdicts(record) == {(BOT, "echo"): "human"}


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
def test_many_posts_about_a_paper_hide_no_chorus(record: Record, network: str) -> None:
    write(record, announced_papers([1], "cs.LG"))
    for n in range(12):
        write(
            record, posting(1, f"bluesky:singer{n}", NOW - 5 * HOUR + n * MINUTE, "You must not miss this, all of you")
        )
    write(record, *(posting(1, f"{network}:flood", NOW - HOUR + n, samples.remark(n), n) for n in range(1_000)))
    assert judge_accounts(record, rules(chorus=10), NOW).added == 11


def test_posts_about_a_paper_are_found_by_their_keys(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By network, each of them would take as long as all of the network's posts."""
    plans: list[str] = []
    iterate = SqliteDatabase.iterate

    def note(self: SqliteDatabase, sql: str, params: Params = ()) -> Iterator[tuple[Any, ...]]:
        plans.extend(row[3] for row in self.rows(f"EXPLAIN QUERY PLAN {sql}", params))
        return iterate(self, sql, params)

    with Record(sqlite_url) as record:
        write(record, announced_papers([1], "cs.LG"), posting(1, PERSON, NOW - HOUR, "Words"))
        monkeypatch.setattr(SqliteDatabase, "iterate", note)
        [timed_post] = queries.posts_about(queries.span_of(record.view(NOW)), key(1), "bluesky")
    assert timed_post.account == PERSON and any(plan.startswith("SEARCH post USING INDEX post_key") for plan in plans)


def test_of_an_account_the_latest_reposts_are_considered(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "LATEST", 5)
    for n in range(1, 11):
        at = NOW - 10 * DAY + n * HOUR
        post = posting(n, PERSON, at, "Words")
        write(record, post, samples.repost(post[0].post, BOT, at + (MINUTE if n > 5 else HOUR)))
    assert judge_accounts(record, rules(echo=5), NOW).added == 1


# ---- the operator's settings -----------------------------------------------------------------------------------


def test_the_settings_override_all_rules_and_withdraw_their_verdicts(record: Record) -> None:
    write(
        record,
        announced_papers(ROBOTS),
        feed_posts(ROBOTS),
        samples.profile(PERSON, "Reader.example"),
        posting(1, LAB, NOW - 9, "…"),
    )
    settings_before = BotSettings(bots=("bluesky:@reader.example", "x:@Unseen"), people=(BOT,))
    judge_accounts(record, settings_before, NOW)
    expected = {
        (BOT, "share"): "bot", (BOT, "operator"): "human", (PERSON, "operator"): "bot",
        ("x:@unseen", "operator"): "bot", ("bluesky:@reader.example", "operator"): "bot",
    }  # fmt: skip
    assert samples.verdicts(record) == expected
    assert judge_accounts(record, settings_before, NOW + HOUR).position is None
    judge_accounts(record, BotSettings(people=(BOT, "x:@unseen")), NOW + 2 * HOUR)
    assert samples.verdicts(record) == {
        (BOT, "share"): "bot", (BOT, "operator"): "human", ("x:@unseen", "operator"): "human"
    }  # fmt: skip
    judge_accounts(record, DEFAULTS, NOW + 3 * HOUR)
    assert samples.verdicts(record) == {(BOT, "share"): "bot"}
    assert samples.verdicts(record, NOW + HOUR) == {(BOT, "share"): "bot"}, "as if it had never been set"


# ---- issues ------------------------------------------------------------------------------------------------------

DAILY = Publication(publication="daily", title="The Daily Dozen", threshold=1, posts=0, observed_at=0)


def world(record: Record) -> None:
    """Paper 1 has 8 voices and a feed, paper 2 has 5 people and 12 machines; other papers in the weeks before."""
    write(record, background(), announced_papers(range(1, 71), "cs.LG", NOW - 12 * DAY))
    for n in (501, 502):
        write(
            record,
            paper(n, TODAY, "cs.LG", samples.title(n)),
            posts_about(n, 8 - 3 * (n - 501), NOW - 7 * HOUR),
        )
    write(record, feed_posts(range(1, 71)), posting(501, BOT, NOW - 7 * HOUR, samples.title(501)))
    write(record, counts("bluesky:feedbot-501-0", 6, NOW - 6 * HOUR))
    for n in range(12):
        write(
            record,
            posting(502, f"bluesky:singer{n}", NOW - 7 * HOUR + n, f"Do not miss this one: {samples.title(502)}"),
        )


def entries(record: Record) -> list[tuple[str, int, int]]:
    """(paper, voices, bots' posts) of the latest edition's entries."""
    issue = freeze.list_editions(record, "daily", TODAY)[-1].content
    return [(entry.paper, entry.voices, entry.counts[0].bots) for entry in issue.entries if entry.paper > key(500)]


def test_bots_are_counted_apart_and_a_changed_verdict_changes_no_frozen_issue(record: Record) -> None:
    world(record)
    issue_before = freeze.freeze_issue(record, DAILY, TODAY, at=NOW + HOUR)
    assert entries(record) == [(key(502), 17, 0), (key(501), 15, 0)]
    judge_accounts(record, DEFAULTS, NOW)
    assert freeze.freeze_issue(record, DAILY, TODAY, at=NOW + 2 * HOUR) == issue_before
    assert is_verified(record)
    freeze.freeze_issue(record, DAILY, TODAY, at=NOW + 2 * HOUR, again=True, reason="bots were told apart")
    assert entries(record) == [(key(501), 8, 1), (key(502), 6, 11)], "the first to post it counts"
    judge_accounts(record, BotSettings(people=(BOT,)), NOW + 3 * HOUR)
    judge_accounts(record, rules(), NOW + 4 * HOUR)
    assert entries(record) == [(key(501), 8, 1), (key(502), 6, 11)], "the first to post it counts"
    assert is_verified(record)


def is_verified(record: Record) -> bool:
    """Whether every issue rebuilds unchanged."""
    issues = [row.item for row in record.view().iterate(Issue)]
    return not [problem for issue in issues for problem in freeze.check_issue(record, issue)]


def test_a_verdict_counts_from_its_moment_on(record: Record) -> None:
    """A verdict at the cut counts for that issue; one a microsecond later does not."""
    world(record)
    judge_accounts(record, DEFAULTS, NOW + 1)
    freeze.freeze_issue(record, DAILY, TODAY, at=NOW + HOUR)
    assert {voices for _, voices, _ in entries(record)} == {15, 17}
    judge_accounts(record, DEFAULTS, NOW)
    freeze.freeze_issue(record, DAILY, TODAY, at=NOW + HOUR, again=True, reason="judged in time")
    assert entries(record) == [(key(501), 8, 1), (key(502), 6, 11)], "the first to post it counts"


def test_verdicts_of_other_rules_are_left_alone(record: Record) -> None:
    write(record, posting(1, PERSON, NOW - DAY, "…"), judged(PERSON, "bot", rule="made-up"), judged(PERSON, "hidden"))
    assert judge_accounts(record, DEFAULTS, NOW).position is None
    assert verdicts.VERSIONS.keys() >= {"list", "says-so", "rate", "share", "template", "chorus", "echo"}


def test_an_empty_record_has_nobody_to_judge(record: Record) -> None:
    assert judge_accounts(record, DEFAULTS, moment(TODAY)).position is None
