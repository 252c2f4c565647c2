"""`hotpapers judge`: what is known about an account and why, and the operator's decisions."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotpapers.base.errors import UsageError
from hotpapers.base.model import DAY, HOUR, Alias, Post, Verdict
from hotpapers.base.settings import BotSettings
from hotpapers.discussion.engagement.queries import SINGLE_ACCOUNT_RULES
from hotpapers.discussion.moderation.bots.review import OperatorVerdict, review_account, set_verdict, withdraw_verdict
from hotpapers.discussion.moderation.bots.verdicts import judge_accounts
from hotpapers.record import Record
from hotpapers.site.people import parse_midnight
from tests.cli.run import good, misuse, run
from tests.discussion.moderation.bots import samples
from tests.discussion.moderation.bots.samples import BOT, NOW, PERSON, announced_papers, feed_posts, posting
from tests.issues.made import judged, write

NOTHING = BotSettings()
ROBOTS = range(1, 71)


def fill(record: Record) -> None:
    write(
        record,
        announced_papers(ROBOTS),
        feed_posts(ROBOTS),
        samples.profile(BOT, "Kettles.example"),
        posting(1, PERSON, NOW, "Hm"),
    )
    judge_accounts(record, NOTHING, NOW)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with a bot and a person."""
    with Record(str(tmp_path / "hotpapers.db")) as record:
        fill(record)
    return tmp_path / "hotpapers.db"


REASON = "posted about 70 of the 70 papers new in cs.RO in 14 days (100 %)"


def test_the_reasons_are_printed(store: Path) -> None:
    output = good("judge", "bluesky:@kettles.example", "--store", store)
    assert output == (
        f"{BOT}: treated as a bot, not counted; 1 verdict\n  2024-05-07 08:00 UTC  share     bot    {REASON}\n"
    )
    assert good("judge", PERSON, "--store", store) == f"{PERSON}: counted as a person; 0 verdicts\n"
    [account] = run("judge", BOT, "--json", "--store", store).json
    assert (account["account"], account["is_bot"], account["verdicts"][0]["reason"]) == (BOT, True, REASON)
    assert set(account["verdicts"][0]) == set(Verdict.__struct_fields__)


def test_an_account_is_named_by_the_address_of_its_post(store: Path) -> None:
    key, page = "bluesky:at://did:plc:reader/app.bsky.feed.post/3k1", "https://bsky.app/profile/did:plc:reader/post/"
    with Record(str(store)) as record:
        post = Post(post=key, network="bluesky", account=PERSON, created_at=NOW, observed_at=NOW)
        record.append([post], source="test", at=NOW)
    assert good("judge", f"{page}3k1", "--store", store) == f"{PERSON}: counted as a person; 0 verdicts\n"
    assert "no such post in the record" in misuse("judge", f"{page}3k2", "--store", store)


def test_the_operator_s_verdict_wins_until_it_is_withdrawn(store: Path) -> None:
    lines = good("judge", BOT, "--human", "--reason", "reads them all", "--store", store).splitlines()
    assert lines[0] == f"{BOT}: counted as a person; 2 verdicts"
    assert lines[1].endswith(REASON) and lines[2].endswith("operator  human  reads them all")
    lines = good("judge", BOT, "--bot", "--reason", "no, it does not", "--store", store).splitlines()
    assert lines[0] == f"{BOT}: treated as a bot, not counted; 3 verdicts"
    assert good("judge", BOT, "--undo", "--store", store) == good("judge", BOT, "--store", store)
    assert good("judge", BOT, "--store", store).startswith(f"{BOT}: treated as a bot, not counted; 1 verdict\n")
    assert good("judge", PERSON, "--bot", "--reason", "x", "--store", store).startswith(f"{PERSON}: treated as a bot")
    assert good("judge", PERSON, "--undo", "--store", store) == f"{PERSON}: counted as a person; 0 verdicts\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--bot"], "missing reason: add --reason '…'"),
        (["--human", "--reason", " "], "missing reason: add --reason '…'"),
        (["--reason", "why"], "--reason, --since and --paper go with a verdict such as --bot"),
        (["--since", "2024-05-01"], "--reason, --since and --paper go with a verdict such as --bot"),
        (["--undo", "--reason", "why"], "--undo does not go with --reason or --since"),
        (["--bot", "--reason", "x", "--since", "May"], "May: not a date; write it like 2021-01-14"),
        (["--bot", "--reason", "x", "--since", "9999-01-01"],
         "9999-01-01: in the future; a verdict is about what was observed"),
    ],
)  # fmt: skip
def test_misuse(store: Path, words: list[str], complaint: str) -> None:
    assert misuse("judge", BOT, *words, "--store", store) == complaint


def test_an_unknown_account(store: Path) -> None:
    result = run("judge", "x:@nobody", "--store", store)
    assert (result.status, result.message) == (2, "x:@nobody: the record knows no such account")


def test_verdicts_of_the_settings_are_changed_in_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hotpapers.toml").write_text(f'[bots]\npeople = ["{BOT}"]\n', "utf-8")
    with Record("hotpapers.db") as record:
        fill(record)
        judge_accounts(record, BotSettings(people=(BOT,)), NOW + HOUR)
    complaint = f"{BOT}: named under [bots] in the settings; change it there"
    assert misuse("judge", BOT, "--bot", "--reason", "x") == complaint
    assert misuse("judge", "bluesky:@kettles.example", "--undo") == complaint
    assert "named in the settings" in good("judge", BOT)


# ---- in both databases ------------------------------------------------------------------------------------------


def test_a_verdict_since_an_earlier_day_counts_for_issues_after_it(record: Record) -> None:
    fill(record)
    position_before = record.head.position
    set_verdict(record, NOTHING, BOT, OperatorVerdict("human", "reads them", NOW - 3 * DAY), at=NOW + DAY)
    pair = (BOT, "operator")
    assert samples.verdicts(record, NOW - 2 * DAY) == {pair: "human"}
    assert pair not in {
        (row.item.subject, row.item.rule) for row in record.view(position=position_before).iterate(Verdict)
    }
    with pytest.raises(UsageError, match="you gave a later verdict: reads them; withdraw it first"):
        set_verdict(record, NOTHING, BOT, OperatorVerdict("bot", "does not", NOW - 4 * DAY), at=NOW + DAY)


@pytest.mark.parametrize("rule", ["chorus", "echo", "list", "says-so", "operator"])
def test_the_account_s_own_statement_overrides_the_rules_on_single_accounts(record: Record, rule: str) -> None:
    """It overrides them whether found before or after it, and never overrides any other rule."""
    fill(record)
    record.append([judged(BOT, "human", rule="proved", at=NOW + 1)], source="account", at=NOW + 1)
    record.append(
        [judged(BOT, "bot", rule=rule, at=NOW + 2) for rule in SINGLE_ACCOUNT_RULES], source="judging", at=NOW + 2
    )
    assert not review_account(record, BOT)[0][0].is_bot
    record.append([judged(BOT, "bot", rule=rule, at=NOW + 3)], source="judging", at=NOW + 3)
    assert review_account(record, BOT)[0][0].is_bot
    record.append([judged(BOT, "human", rule="proved", at=NOW + 4)], source="account", at=NOW + 4)
    assert review_account(record, BOT)[0][0].is_bot
    withdraw_verdict(record, NOTHING, BOT, at=NOW + 5, paper="")
    assert samples.verdicts(record).get((BOT, "proved")) is None and review_account(record, BOT)[0][0].is_bot


def test_withdrawing_leaves_other_verdicts(record: Record) -> None:
    fill(record)
    set_verdict(record, NOTHING, BOT, OperatorVerdict("human", "reads them", NOW), at=NOW)
    set_verdict(record, NOTHING, BOT, OperatorVerdict("human", "truly", NOW + 1), at=NOW + 1)
    judge_accounts(record, BotSettings(people=(BOT,)), NOW + HOUR)
    judge_accounts(record, NOTHING, NOW + 2 * HOUR)
    assert samples.reason(record, BOT, "operator") == "truly", "the verdict that the settings covered is back"
    withdraw_verdict(record, NOTHING, BOT, at=NOW + 3 * HOUR, paper="")
    assert samples.verdicts(record) == {(BOT, "share"): "bot"}


def test_a_handle_is_judged_with_the_account_that_it_is_joined_to(record: Record) -> None:
    write(record, posting(1, "x:@kettle", NOW, "…"), Alias(account="x:@kettle", stable="x:77", observed_at=NOW))
    write(record, judged("x:77", "bot"))
    [(review, _)] = review_account(record, "x:@kettle")
    assert review.is_bot and review.verdicts == ()
    [(review, _)] = review_account(record, "x:77")
    assert review.is_bot and [verdict.reason for verdict in review.verdicts] == ["made up"]


def test_a_day_begins_at_midnight_utc() -> None:
    assert parse_midnight("2024-05-07") == NOW - 8 * HOUR
