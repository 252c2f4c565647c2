"""Accounts of one person, copies by a bridge or known by their handle alone: joined, and one voice."""

from __future__ import annotations

import pytest

from hotpapers.base.model import HOUR, Account, Alias
from hotpapers.base.settings import BotSettings
from hotpapers.discussion.moderation.aliases import handle_on_bluesky, join_accounts
from hotpapers.discussion.moderation.queries import ShownAccount
from hotpapers.issues.judged_freezing import judge_and_freeze
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record
from tests.issues.made import DAILY, background, moment, paper, post, write
from tests.issues.made import DAY as TODAY

AT = moment("2024-05-07T02:00")
ADA, COPY = "mastodon:https://tea.example/users/ada", "bluesky:did:plc:copyofada"
BO, COPY_OF_BO = "bluesky:did:plc:bo", "mastodon:https://bsky.brid.gy/ap/did:plc:bo"


def account(key: str, handle: str, at: int = AT) -> Account:
    return Account(account=key, handle=handle, observed_at=at)


def joined(record: Record) -> dict[str, str]:
    """The aliases in a record after a search for bridged accounts."""
    join_accounts(record)
    return {alias.account: alias.stable for alias in record.view().items(Alias)}


# ---- which accounts --------------------------------------------------------------------------------------

CASES = {
    "a copy on Bluesky": ([account(ADA, "ada@tea.example"), account(COPY, "ada.tea.example.ap.brid.gy")], {COPY: ADA}),
    "however it is written": (
        [account(ADA, "Ada@Tea.example"), account(COPY, "ADA.tea.example.AP.brid.gy")], {COPY: ADA}
    ),
    "signs that handles there cannot have": (
        [account(ADA, "a_d~a@tea.example"), account(COPY, "a-d-a.tea.example.ap.brid.gy")], {COPY: ADA}
    ),
    "a server whose handles are shorter than its address": (
        [account("mastodon:https://social.tea.example/users/ada", "ada@tea.example"),
         account(COPY, "ada.tea.example.ap.brid.gy")],
        {COPY: "mastodon:https://social.tea.example/users/ada"},
    ),
    "an original with two addresses": (
        [account(ADA, "ada@tea.example", AT - 1), account("mastodon:https://tea.example/ap/users/1", "ada@tea.example"),
         account(COPY, "ada.tea.example.ap.brid.gy")],
        {COPY: ADA},
    ),
    "a copy on the fediverse": ([account(COPY_OF_BO, "bo.example@bsky.brid.gy")], {COPY_OF_BO: BO}),
    "two copies of a website": (
        [account("mastodon:https://web.brid.gy/kettle.example", "kettle.example@web.brid.gy"),
         account(COPY, "kettle.example.web.brid.gy")],
        {COPY: "mastodon:https://web.brid.gy/kettle.example"},
    ),
    "a handle of a domain that ends like the bridge's": (
        [account(ADA, "ada@tea.example"), account(COPY, "ada.tea.example.ap-brid.gy")], {}
    ),
    "the bridge's name inside a handle": (
        [account(ADA, "ada@tea.example"), account(COPY, "ada.tea.example.ap.brid.gy.evil.example")], {}
    ),
    "a server that claims a stranger's handle": (
        [account("mastodon:https://evil.example/users/ada", "ada@tea.example"),
         account(COPY, "ada.tea.example.ap.brid.gy")],
        {},
    ),
    "an address that only contains the bridge's": (
        [account("mastodon:https://evil.example/bsky.brid.gy/ap/did:plc:bo", "bo.example@bsky.brid.gy"),
         account("mastodon:https://bsky.brid.gy.evil.example/ap/did:plc:bo", "bo.example@bsky.brid.gy"),
         account("mastodon:http://bsky.brid.gy/ap/did:plc:bo", "bo.example@bsky.brid.gy")],
        {},
    ),
    "the same name elsewhere": ([account(ADA, "ada@tea.example"), account(COPY, "ada.tea.example")], {}),
    "two people whose copies would have the same handle": (
        [account(ADA, "a_da@tea.example"), account("mastodon:https://tea.example/users/a-da", "a-da@tea.example"),
         account(COPY, "a-da.tea.example.ap.brid.gy")],
        {},
    ),
    "an account known by its handle": (
        [account("mastodon:@ada@tea.example", "Ada@tea.example"), account(ADA, "ada@tea.example")],
        {"mastodon:@ada@tea.example": ADA},
    ),
    "a handle that somebody else got later": (
        [account("mastodon:https://tea.example/users/2", "ada@tea.example", AT + 1), account(ADA, "ada@tea.example"),
         account("mastodon:@ada@tea.example", "ada@tea.example", AT - 1)],
        {"mastodon:@ada@tea.example": ADA},
    ),
    "a handle that only another server claims": (
        [account("mastodon:@ada@tea.example", "ada@tea.example"),
         account("mastodon:https://evil.example/users/ada", "ada@tea.example")],
        {},
    ),
    "a copy whose original is not in the record": ([account(COPY, "ada.tea.example.ap.brid.gy")], {}),
    "an odd address": ([account("mastodon:https://[", "ada@tea.example"), account(COPY, "ada.tea.example.ap.brid.gy")],
        {}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_which_accounts_are_copies(record: Record, case: str) -> None:
    accounts, aliases = CASES[case]
    write(record, accounts)
    assert joined(record) == aliases


@pytest.mark.parametrize("name", ["ada", "@tea.example", "ada@", ""])
def test_a_handle_without_a_server_has_no_copy(name: str) -> None:
    assert handle_on_bluesky(ShownAccount(ADA, name, AT)) == ""


# ---- when ------------------------------------------------------------------------------------------------


def test_whichever_comes_first(record: Record) -> None:
    write(record, [account(COPY, "ada.tea.example.ap.brid.gy", AT - HOUR)])
    assert joined(record) == {}
    write(record, [account(ADA, "ada@tea.example", AT)])
    assert joined(record) == {COPY: ADA}
    assert [alias.observed_at for alias in record.view().items(Alias)] == [AT]
    position = record.head.position
    write(record, [account(COPY, "ada.example", AT + HOUR)])
    assert joined(record) == {COPY: ADA} and record.head.position == position + 1


def test_a_known_alias_stays(record: Record) -> None:
    write(record, [Alias(account=COPY, stable="mastodon:@somebody", observed_at=AT - HOUR)])
    write(record, CASES["a copy on Bluesky"][0])
    assert joined(record) == {COPY: "mastodon:@somebody"}


def test_before_an_issue_is_frozen(record: Record) -> None:
    write(
        record, background(), paper(501), [account(ADA, "ada@tea.example")],
        post(501, "mastodon:1", AT, account=ADA, text="One"), post(501, "bluesky:1", AT, account=COPY, text="Two"),
        [account(COPY, "ada.tea.example.ap.brid.gy")],
    )  # fmt: skip
    judge_and_freeze(record, DAILY, TODAY, BotSettings(), at=AT + 20 * HOUR)
    assert [alias.account for alias in record.view().items(Alias)] == [COPY]


@pytest.mark.parametrize("forgotten", [ADA, COPY, "mastodon:@ada@tea.example", "bluesky:@ada.tea.example.ap.brid.gy"])
def test_whoever_forgets_one_forgets_both(record: Record, forgotten: str) -> None:
    """Also if nobody searched for bridged accounts before."""
    write(record, CASES["a copy on Bluesky"][0])
    assert {ADA, COPY} <= set(forget_key(record, forgotten).keys)
    assert not record.database.rows("SELECT 1 FROM identity WHERE key IN (?, ?)", (ADA, COPY))
