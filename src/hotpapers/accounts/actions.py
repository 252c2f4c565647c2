"""What is done for whoever has proved an account: its posts are hidden, or it counts as a person.

A person is taken at their word where a rule looked at how one account behaves: such a word goes before these rules and
before no other, so that an account which acts with others later is held to be a bot all the same. Where accounts were
found that act together, where a list or the account itself says that it is a bot, and where the operator has spoken, a
word of the account's own is not enough: accounts are made by the hundred, and each of them can prove itself. Then the
operator is asked. Either way they are told (`hotpapers reports`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from hotpapers.accounts.profiles import KnownAccount
from hotpapers.engagement.queries import SINGLE_ACCOUNT_RULES
from hotpapers.errors import NotFound, UsageError
from hotpapers.model import Account, Verdict
from hotpapers.model.keys import own_id
from hotpapers.moderation.bots import queries as bot_queries
from hotpapers.moderation.bots.bot_names import accounts_of
from hotpapers.moderation.bots.review import AccountReview, accept_proof, review_account
from hotpapers.settings import BotSettings
from hotpapers.store import Record, reader_reports
from hotpapers.store.identities import is_pseudonym
from hotpapers.store.reader_reports import ReaderReport

HIDE_REASON = "asked for by the account, which proved itself"
CONTEST_REASON = "says that it is a person, and proved itself"
SOURCE = "account"

ContestOutcome = Literal["person", "lifted", "asked", "full"]
"""It counts as a person already; it does from now on; the operator is asked; too many ask now."""


def known_accounts(record: Record, keys: Collection[str]) -> list[KnownAccount]:
    """The accounts of some keys that the record knows under their networks' stable ids, which alone can be proved."""
    view = record.view()
    named = {account for some in accounts_of(view, keys).values() for account in some}
    stable = [key for key in sorted(named) if not own_id(key).startswith("@") and not is_pseudonym(key)]
    known_keys = bot_queries.known_accounts(view, stable)
    accounts = {key: view.item(Account, key) for key in stable if key in known_keys}
    return [KnownAccount(key, account.handle if account else "") for key, account in accounts.items()]


def hide(record: Record, account: str, at: int) -> bool:
    """Keeps all posts of an account off all pages; False where they are hidden already."""
    last = record.view().item(Verdict, account, "", "hide")
    if last is not None and last.judgement == "hidden":
        return False
    verdict = Verdict(
        subject=account, about="", rule="hide", judgement="hidden", version=1, reason=HIDE_REASON, observed_at=at
    )
    record.append([verdict], source=SOURCE, at=at)
    return True


def contest(record: Record, bots: BotSettings, account: str, at: int) -> ContestOutcome:
    """Takes somebody at their word that an account is a person, or asks the operator to."""
    own_review = next((review for review in review_account(record, account) if review.account == account), None)
    if own_review is None:
        raise NotFound(f"{account}: the record knows no such account")
    if not own_review.is_bot:
        return "person"
    if reader_reports.is_full(record.database, at, "contest"):
        return "full"
    lifted = may_lift(rules_against(own_review)) and _lifted(record, bots, account, at)
    reader_reports.note(
        record.database, ReaderReport(0, at, "contest", subject=account, said=_outcome_text(own_review, lifted))
    )
    return "lifted" if lifted else "asked"


def may_lift(rules: Collection[str]) -> bool:
    """Whether the account's own word is enough against what these rules say."""
    return bool(rules) and frozenset(SINGLE_ACCOUNT_RULES).issuperset(rules)


def rules_against(review: AccountReview) -> dict[str, str]:
    """The rules by which an account is held to be a bot now, with their reasons."""
    last = {verdict.rule: verdict for verdict in review.verdicts}
    return {rule: verdict.reason for rule, verdict in last.items() if verdict.judgement == "bot"}


def _lifted(record: Record, bots: BotSettings, account: str, at: int) -> bool:
    try:
        accept_proof(record, bots, account, CONTEST_REASON, at=at)
    except UsageError:  # the settings name it
        return False
    return True


def _outcome_text(review: AccountReview, lifted: bool) -> str:
    why = "; ".join(f"{rule}: {reason}" for rule, reason in rules_against(review).items()) or "another of its accounts"
    consequence = "it counts as a person from now on; --undo takes that back" if lifted else "yours to say --human"
    return f"{CONTEST_REASON}. Held to be a bot by {why}. So {consequence}: hotpapers judge {review.account}"
