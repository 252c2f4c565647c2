"""Actions for the proved owner of an account: hide its posts, or have it count as a person.

The owner's word overrides the rules that judge a single account's behavior, and no others: an account that later acts
together with others is still judged a bot. The owner's word is not enough against rules that find accounts acting
together, a list or the account itself saying that it is a bot, or the operator's judgement: accounts are created by the
hundred, and each of them can prove itself. In these cases the operator decides. The operator is informed either way
(`hotpapers reports`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from hotpapers.base.errors import NotFound, UsageError
from hotpapers.base.keys import own_id
from hotpapers.base.model import Account, Judgement, Verdict
from hotpapers.base.settings import BotSettings
from hotpapers.discussion.engagement.queries import PROVED, SINGLE_ACCOUNT_RULES
from hotpapers.discussion.moderation import queries as bot_queries
from hotpapers.discussion.moderation.bots.review import AccountReview, accounts_of, check_settings, review_account
from hotpapers.record import Record
from hotpapers.record.identities import is_pseudonym
from hotpapers.wings.accounts.profiles import KnownAccount
from hotpapers.wings.forms import queries as reader_reports
from hotpapers.wings.forms.queries import ReaderReport

HIDE_REASON = "asked for by the account, which proved itself"
CONTEST_REASON = "says that it is a person, and proved itself"

ContestOutcome = Literal["person", "lifted", "asked", "full"]
"""Counts as a person already; counts as one from now on; the operator decides; too many requests right now."""


def known_accounts(record: Record, keys: Collection[str]) -> list[KnownAccount]:
    """The known accounts behind some keys. Only those with a stable network id: no others can be proved."""
    view = record.view()
    all_keys = {key for accounts_of_key in accounts_of(view, keys).values() for key in accounts_of_key}
    stable_keys = [key for key in sorted(all_keys) if not own_id(key).startswith("@") and not is_pseudonym(key)]
    known_keys = bot_queries.known_accounts(view, stable_keys)
    accounts = {key: view.item(Account, key) for key in stable_keys if key in known_keys}
    return [KnownAccount(key, account.handle if account else "") for key, account in accounts.items()]


def hide(record: Record, account: str, at: int) -> bool:
    """Hide all posts of an account on all pages; False if they are hidden already."""
    last = record.view().item(Verdict, account, "", "hide")
    if last is not None and last.judgement == "hidden":
        return False
    _append(record, account, "hide", "hidden", HIDE_REASON, at)
    return True


def _append(record: Record, account: str, rule: str, judgement: Judgement, reason: str, at: int) -> None:
    verdict = Verdict(
        subject=account, about="", rule=rule, judgement=judgement, version=1, reason=reason, observed_at=at
    )
    record.append([verdict], source="account", at=at)


def contest(record: Record, bots: BotSettings, account: str, at: int) -> ContestOutcome:
    """Accept an owner's word that the account is a person, or leave it to the operator. Raises NotFound."""
    reviews = review_account(record, account)
    own_reviews = (review for review, _ in reviews if review.account == account)
    own_review = next(own_reviews, None)
    if own_review is None:
        raise NotFound(f"{account}: the record knows no such account")
    if not own_review.is_bot:
        return "person"
    if reader_reports.is_full(record.database, ReaderReport(0, at, "contest", subject=account)):
        return "full"
    rules = rules_against(own_review)
    is_lifted = bool(rules) and rules.keys() <= {*SINGLE_ACCOUNT_RULES} and _lifted(record, bots, account, at)
    texts = (f"{rule}: {reason}" for rule, reason in rules.items())
    reasons = "; ".join(texts) or "a verdict on another of its accounts"
    judge = f"hotpapers judge {account}"
    outcome = f"To accept: {judge} --human"
    if is_lifted:
        outcome = f"It counts as a person from now on; to undo: {judge} --undo"
    text = f"{CONTEST_REASON}. Judged a bot by {reasons}. {outcome}"
    reader_reports.store_report(record.database, ReaderReport(0, at, "contest", subject=account, text=text))
    return "lifted" if is_lifted else "asked"


def rules_against(review: AccountReview) -> dict[str, str]:
    """The rules that currently judge an account a bot, with their reasons."""
    last = {verdict.rule: verdict for verdict in review.verdicts}
    return {rule: verdict.reason for rule, verdict in last.items() if verdict.judgement == "bot"}


def _lifted(record: Record, bots: BotSettings, account: str, at: int) -> bool:
    """Saves that the proven owner of an account says that it is a person. This overrides the rules that examine single
    accounts, now and later, but no others. False if the settings list it as a bot."""
    try:
        check_settings(record.view(), bots, [account])
    except UsageError:
        return False
    _append(record, account, PROVED, "human", CONTEST_REASON, at)
    return True
