"""Authors' own voices in a record, in both databases: who is judged when, what is written, what a view then counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.errors import NotFound, UsageError
from hotpapers.base.model import DAY, HOUR, Account, Alias, Issue, Item, Mention, Paper, Post, Publication, Verdict
from hotpapers.base.settings import BotSettings
from hotpapers.discussion.engagement.queries import author_voices
from hotpapers.discussion.moderation import author_voices as judging
from hotpapers.discussion.moderation.author_voices import REASON, judge_authors
from hotpapers.discussion.moderation.bots.review import (
    AuthorReview,
    OperatorVerdict,
    review_account,
    set_verdict,
    withdraw_verdict,
)
from hotpapers.issues import freeze
from hotpapers.issues.judged_freezing import judge_and_freeze
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record
from hotpapers.record.meta import write_meta
from hotpapers.record.verify import check_record
from tests.cli.run import good, misuse, run
from tests.discussion.moderation.bots.samples import NOW
from tests.issues.made import DAY as TODAY
from tests.issues.made import background, counts, judged, key, paper, posts_about, write

TANSY, BO, FAN = "bluesky:did:plc:tansy", "bluesky:did:plc:bo", "bluesky:did:plc:fan"
AUTHORS = ("Tansy Overquill", "Bo Marrowby")


def known_paper(number: int, authors: tuple[str, ...] = AUTHORS, at: int = NOW - DAY) -> Paper:
    return Paper(paper=key(number), title=f"Made-up paper {number}", authors=authors, observed_at=at)


def posting(
    number: int, account: str, text: str = "Worth reading", at: int = NOW - 9 * HOUR, name: str = "", handle: str = ""
) -> Iterator[Item]:
    """A post about a paper, and its mention."""
    network = account.partition(":")[0]
    post = f"{network}:{account.rpartition(':')[2].lstrip('@')}-{number}-{at}"
    yield Post(
        post=post, network=network, account=account, created_at=at, text=text, name=name, handle=handle, observed_at=at
    )
    yield Mention(post=post, paper=key(number), form="abs", found_in="link", observed_at=at)


def verdicts(record: Record) -> dict[tuple[str, str], Verdict]:
    """The current verdicts, by account and paper."""
    rows = record.view().iterate(Verdict, "t.about <> 0")
    return {(row.item.subject, row.item.about): row.item for row in rows}


def reasons(record: Record) -> dict[tuple[str, str], str]:
    return {pair: verdict.reason for pair, verdict in verdicts(record).items()}


def voices(record: Record, cut: int = 2**53 - 1, position: int | None = None) -> set[tuple[str, str]]:
    """Authors' voices in a view, as (paper, account key)."""
    keys = dict(record.database.rows("SELECT id, key FROM identity"))
    return {(paper, keys[voice]) for paper, voice in author_voices(record.view(cut, position))}


def newly_judged(record: Record) -> int:
    """Judges authors; how many verdicts were written."""
    [[before]] = record.database.rows("SELECT count(*) FROM verdict")
    judge_authors(record)
    [[after]] = record.database.rows("SELECT count(*) FROM verdict")
    return int(after) - int(before)


# ---- who is judged ---------------------------------------------------------------------------------------


def test_by_name_by_handle_and_by_words(record: Record) -> None:
    write(
        record,
        [known_paper(1), known_paper(2)],
        posting(1, TANSY, name="Dr. Tansy Overquill"),
        posting(1, BO, handle="bomarrowby.example"),
    )
    write(
        record,
        posting(1, FAN, name="Fan of Tansy Overquill"),
        posting(2, FAN, "Our new paper on tea is out!", name="Tea"),
    )
    assert newly_judged(record) == 2
    assert reasons(record) == {(TANSY, key(1)): REASON, (BO, key(1)): REASON}
    verdict = verdicts(record)[TANSY, key(1)]
    assert (verdict.rule, verdict.judgement, verdict.version, verdict.observed_at) == (
        "author",
        "author",
        2,
        NOW - 9 * HOUR,
    )
    assert record.database.rows("SELECT source FROM batch ORDER BY position DESC LIMIT 1") == [("authors",)]


def test_by_the_name_that_the_network_tells_of_the_account(record: Record) -> None:
    write(record, [known_paper(1)], posting(1, TANSY))
    assert newly_judged(record) == 0
    write(record, Account(account=TANSY, handle="tea.example", name="Tansy Overquill", observed_at=NOW))
    assert newly_judged(record) == 1 and reasons(record) == {(TANSY, key(1)): REASON}


def test_in_any_order_of_observation(record: Record) -> None:
    """A paper's authors become known after the post; a post comes after its paper; a mention after both."""
    write(record, Paper(paper=key(1), title="Tea", observed_at=1), posting(1, TANSY, name="Tansy Overquill"))
    assert newly_judged(record) == 0
    write(record, known_paper(1))
    assert newly_judged(record) == 1
    write(record, posting(1, BO, name="Bo Marrowby"))
    assert newly_judged(record) == 1
    post, mention = posting(2, BO, name="Bo Marrowby")
    write(record, known_paper(2), post)
    assert newly_judged(record) == 0
    write(record, mention)
    assert newly_judged(record) == 1
    assert voices(record) == {(key(1), TANSY), (key(1), BO), (key(2), BO)}


def test_words_about_two_papers_claim_neither(record: Record) -> None:
    post, mention = posting(1, FAN, "Our new paper is out, it builds on another one")
    write(record, [known_paper(1), known_paper(2), post, mention, msgspec.structs.replace(mention, paper=key(2))])
    assert newly_judged(record) == 0


def test_a_changed_name_is_read_again(record: Record) -> None:
    post, mention = posting(1, FAN, name="Tea")
    write(record, known_paper(1), post, mention)
    judge_authors(record)
    write(record, msgspec.structs.replace(post, name="Tansy Overquill", observed_at=NOW))
    assert newly_judged(record) == 1
    assert verdicts(record)[FAN, key(1)].observed_at == post.observed_at, "since the post was first observed"


def test_posts_without_account_or_authors_are_left_alone(record: Record) -> None:
    anonymous_post, mention = posting(1, FAN, "Our paper!")
    other_post, other_mention = posting(2, TANSY, name="Tansy Overquill")
    write(record, known_paper(1), msgspec.structs.replace(anonymous_post, account=""), mention)
    write(record, known_paper(2, authors=()), other_post, other_mention, posting(3, BO, name="Bo Marrowby"))
    assert newly_judged(record) == 0
    assert newly_judged(record) == 0 and record.count(Verdict) == 0


# ---- what is written -------------------------------------------------------------------------------------


def test_nothing_is_written_twice(record: Record) -> None:
    write(record, known_paper(1), posting(1, TANSY, name="Tansy Overquill"), posting(1, TANSY, "Our paper", at=NOW))
    assert newly_judged(record) == 1
    head = record.head.position
    write(
        record, known_paper(1, at=NOW), posting(1, TANSY, "And again: our paper", at=NOW + HOUR, name="Tansy Overquill")
    )
    write(record, Account(account=TANSY, handle="tansyoverquill", observed_at=NOW))
    assert newly_judged(record) == 0 and record.head.position == head + 2
    assert record.count(Verdict) == 1


def test_an_older_post_observed_later_counts_from_its_own_moment(record: Record) -> None:
    write(record, known_paper(1), posting(1, TANSY, name="Tansy Overquill", at=NOW))
    judge_authors(record)
    assert voices(record, NOW - 1) == set()
    write(record, posting(1, TANSY, name="Tansy Overquill", at=NOW - DAY))
    assert newly_judged(record) == 1
    assert voices(record, NOW - 1) == {(key(1), TANSY)} and voices(record, NOW - DAY - 1) == set()


def test_many_posts_are_judged_some_hundreds_at_a_time(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_sizes: list[int] = []
    original = judging._verdicts_on

    def counting_verdicts(view: object, pairs: list[object]) -> object:
        batch_sizes.append(len(pairs))
        return original(view, pairs)  # type: ignore[arg-type]

    monkeypatch.setattr(judging, "_verdicts_on", counting_verdicts)
    write(record, [known_paper(n) for n in range(1, 651)])
    write(record, *(posting(n, TANSY, name="Tansy Overquill") for n in range(1, 651)))
    write(record, *(posting(n, f"{FAN}{n}") for n in range(1, 651)))
    assert newly_judged(record) == 650
    assert sum(batch_sizes) == 1_300 and max(batch_sizes) <= 500
    batch_sizes.clear()
    write(record, known_paper(7, at=NOW))
    judge_authors(record)
    assert sum(batch_sizes) == 2, "only what is about the newly observed paper"
    batch_sizes.clear()
    judge_authors(record)
    assert not batch_sizes


def test_another_version_of_the_rule_looks_at_everything_again(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    write(record, known_paper(1), posting(1, TANSY, name="Tansy Overquill"))
    monkeypatch.setattr(judging, "shows_author", lambda *_: False)
    assert newly_judged(record) == 0
    monkeypatch.undo()
    assert newly_judged(record) == 0, "it was already examined"
    monkeypatch.setattr(judging, "VERSION", 3)
    assert newly_judged(record) == 1
    assert newly_judged(record) == 0


def test_a_store_that_was_put_back_is_judged_from_its_start(record: Record) -> None:
    write(record, known_paper(1), posting(1, TANSY, name="Tansy Overquill"))
    with record.database.write():
        write_meta(record.database, judging._NOTE, "2 900")
    assert newly_judged(record) == 1


def test_an_empty_record_has_nobody_to_judge(record: Record) -> None:
    assert newly_judged(record) == 0 and author_voices(record.view()) == frozenset()


# ---- what a view counts ----------------------------------------------------------------------------------


def test_as_of_a_moment_and_a_position(record: Record) -> None:
    write(record, known_paper(1), posting(1, TANSY, name="Tansy Overquill", at=NOW))
    position_before = record.head.position
    judge_authors(record)
    assert voices(record, NOW) == {(key(1), TANSY)}
    assert voices(record, NOW - 1) == set() and voices(record, position=position_before) == set()


def test_a_handle_s_voice_is_its_stable_account_s(record: Record) -> None:
    write(record, known_paper(1), posting(1, "x:@tansy", name="Tansy Overquill"), judged("x:@tansy", "bot"))
    judge_authors(record)
    assert voices(record) == {(key(1), "x:@tansy")}
    write(record, Alias(account="x:@tansy", stable="x:77", observed_at=NOW))
    assert voices(record) == {(key(1), "x:77")} and voices(record, NOW - 1) == {(key(1), "x:@tansy")}


def test_other_verdicts_about_papers_make_no_authors(record: Record) -> None:
    post, mention = posting(1, TANSY)
    write(record, known_paper(1), post, mention, judged(TANSY, "bot"), judged(mention.post, "doubtful", key(1)))  # type: ignore[attr-defined]
    assert voices(record) == set()


def test_a_forgotten_author_stays_one_and_the_verdict_keeps_no_words(record: Record) -> None:
    write(record, known_paper(1), posting(1, TANSY, "Our paper", name="Tansy Overquill"), posting(1, FAN, "Nice"))
    judge_authors(record)
    voices_before = author_voices(record.view())
    position = record.head.position
    forget_key(record, TANSY)
    assert author_voices(record.view()) == voices_before == author_voices(record.view(position=position))
    [(subject, about)] = verdicts(record)
    assert subject.startswith("bluesky:~") and about == key(1)
    [row] = record.database.rows("SELECT * FROM verdict")
    assert not any(verdict in repr(row) for verdict in ("Tansy", "tansy", "Overquill", "Our paper"))
    assert not check_record(record.database, record.hasher).findings
    assert newly_judged(record) == 0, "nothing new is learned about forgotten accounts"


def test_an_account_forgotten_before_is_not_judged(record: Record) -> None:
    write(record, posting(1, TANSY, name="Tansy Overquill"), posting(1, BO, name="Bo Marrowby"))
    forget_key(record, TANSY)
    write(record, known_paper(1))
    assert newly_judged(record) == 1 and voices(record) == {(key(1), BO)}


# ---- the operator's decisions ----------------------------------------------------------------------------


def verdict(judgement: str, since: int) -> OperatorVerdict:
    return OperatorVerdict(judgement, "told so", since)  # type: ignore[arg-type]


def review_papers(record: Record, account: str) -> list[AuthorReview]:
    [(_, papers)] = review_account(record, account)
    return papers


def test_the_operator_s_verdict_wins_until_it_is_withdrawn(record: Record) -> None:
    write(record, known_paper(1), posting(1, TANSY, name="Tansy Overquill"), posting(1, FAN))
    judge_authors(record)
    set_verdict(record, BotSettings(), TANSY, verdict("independent", NOW), at=NOW, paper=key(1))
    set_verdict(record, BotSettings(), FAN, verdict("author", NOW), at=NOW, paper=key(1))
    assert voices(record) == {(key(1), FAN)} and voices(record, NOW - 1) == {(key(1), TANSY)}
    [tansy_review], [fan_review] = review_papers(record, TANSY), review_papers(record, FAN)
    assert (tansy_review.paper, tansy_review.is_author, len(tansy_review.verdicts)) == (
        key(1),
        False,
        2,
    ) and fan_review.is_author
    with pytest.raises(UsageError, match="you gave a later verdict: told so; withdraw it first with --undo"):
        set_verdict(record, BotSettings(), TANSY, verdict("author", NOW - 1), at=NOW, paper=key(1))
    with pytest.raises(NotFound, match="the record knows no such account"):
        set_verdict(record, BotSettings(), "x:@nobody", verdict("author", NOW), at=NOW, paper=key(1))
    assert newly_judged(record) == 0, "the rule does not override the operator"
    withdraw_verdict(record, BotSettings(), TANSY, at=NOW, paper=key(1))
    withdraw_verdict(record, BotSettings(), FAN, at=NOW, paper=key(1))
    assert voices(record) == {(key(1), TANSY)} and review_papers(record, FAN) == []


def test_a_verdict_on_one_paper_is_none_on_another(record: Record) -> None:
    write(record, known_paper(1), known_paper(2), *(posting(n, TANSY, name="Tansy Overquill") for n in (1, 2)))
    judge_authors(record)
    set_verdict(record, BotSettings(), TANSY, verdict("independent", NOW), at=NOW, paper=key(1))
    assert voices(record) == {(key(2), TANSY)}
    assert [(review.paper, review.is_author) for review in review_papers(record, TANSY)] == [
        (key(1), False),
        (key(2), True),
    ]


# ---- where it is used -------------------------------------------------------------------------------------

DAILY = Publication(publication="daily", title="The Daily Dozen", threshold=1, posts=0, observed_at=0)


def test_before_an_issue_is_frozen_and_never_for_one_that_is(record: Record) -> None:
    write(
        record,
        background(),
        paper(501, TODAY),
        posts_about(501, 8, NOW - 7 * HOUR),
        counts("bluesky:501", 9, NOW - HOUR),
    )
    write(record, known_paper(501, at=NOW - 2 * HOUR), posting(501, TANSY, name="Tansy Overquill"))
    issue = judge_and_freeze(record, DAILY, TODAY, BotSettings(), at=NOW + HOUR)
    assert voices(record, NOW, issue.content.position) == {(key(501), TANSY)}
    write(record, posting(501, BO, name="Bo Marrowby"))
    assert judge_and_freeze(record, DAILY, TODAY, BotSettings(), at=NOW + 2 * HOUR) == issue
    assert voices(record) == {(key(501), TANSY)} and is_verified(record)
    judge_and_freeze(record, DAILY, TODAY, BotSettings(), at=NOW + 2 * HOUR, again=True, reason="late post")
    assert voices(record) == {(key(501), TANSY), (key(501), BO)} and is_verified(record)


def is_verified(record: Record) -> bool:
    """Whether every issue rebuilds unchanged."""
    issues = [row.item for row in record.view().iterate(Issue)]
    return not [problem for issue in issues for problem in freeze.check_issue(record, issue)]


# ---- the command -----------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with Record(str(tmp_path / "hotpapers.db")) as record:
        write(record, known_paper(1), posting(1, TANSY, name="Tansy Overquill"))
        judge_authors(record)
    return tmp_path / "hotpapers.db"


SUBJECT = f"{TANSY} on {key(1)}"


def test_the_command_shows_and_takes_the_operator_s_verdict(store: Path) -> None:
    lines = good("judge", TANSY, "--store", store).splitlines()
    assert lines[0] == f"{TANSY}: counted as a person; 0 verdicts"
    assert lines[1:] == [
        f"{SUBJECT}: an author's voice; 1 verdict",
        "  2024-05-06 23:00 UTC  author    author its name is that of an author",
    ]
    options = ("--paper", key(1).removeprefix("arxiv:"), "--store", store)
    lines = good("judge", TANSY, "--independent", "--reason", "a namesake", *options).splitlines()
    assert lines[1] == f"{SUBJECT}: not an author's voice; 2 verdicts"
    assert lines[3].endswith("operator  independent a namesake")
    lines = good("judge", TANSY, "--author", "--reason", "no, she is", *options).splitlines()
    assert lines[1] == f"{SUBJECT}: an author's voice; 3 verdicts"
    assert good("judge", TANSY, "--undo", *options) == good("judge", TANSY, "--store", store)
    assert good("judge", TANSY, "--store", store).splitlines()[1].endswith("an author's voice; 1 verdict")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--author", "--reason", "x"], "missing paper: add --paper to --author"),
        (["--independent", "--reason", "x"], "missing paper: add --paper to --independent"),
        (["--author", "--paper", "2405.00001"], "missing reason: add --reason '…'"),
        (["--bot", "--reason", "x", "--paper", "2405.00001"], "--paper does not go with --bot"),
        (["--paper", "2405.00001"], "--reason, --since and --paper go with a verdict such as --bot"),
    ],
)
def test_misuse(store: Path, words: list[str], complaint: str) -> None:
    assert misuse("judge", TANSY, *words, "--store", store) == complaint


def test_an_invalid_paper_is_refused(store: Path) -> None:
    result = run("judge", TANSY, "--author", "--paper", "tea", "--reason", "x", "--store", store)
    assert result.status == 1 and result.message.startswith("'tea' is not an arXiv identifier")
