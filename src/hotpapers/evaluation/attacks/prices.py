"""Published prices of accounts, posts and reactions."""

from __future__ import annotations

from hotpapers.evaluation.attacks.campaign import Expenses

PRICES: tuple[tuple[str, float, str, int], ...] = (
    (
        "a like or repost", 0.0011,
        "NATO StratCom COE, Social Media Manipulation 2022/2023: 10 euros for 10,000 likes; at 1.10 dollars", 2023,
    ),
    (
        "a post (as a comment)", 0.055,
        "NATO StratCom COE, Social Media Manipulation 2022/2023: 10 euros for 200 comments; at 1.10 dollars", 2023,
    ),
    (
        "a new account (its verification, on X)", 0.10,
        "Cambridge Online Trust and Safety Index, mean of all countries", 2025,
    ),
    (
        "an account with standing (a star by an aged account on GitHub)", 0.85,
        "Dagster, Tracking the Fake GitHub Star Black Market: 85 dollars for 100", 2023,
    ),
)  # fmt: skip
"""(what, US dollars, source, year). Nobody publishes a price for standing as this program defines it: a star by an aged
account is the closest thing on sale."""


def money(expenses: Expenses) -> float:
    """The cost of a campaign in US dollars."""
    (_, reaction, *_), (_, post, *_), (_, fresh, *_), (_, aged, *_) = PRICES
    return expenses.reactions * reaction + expenses.posts * post + expenses.fresh * fresh + expenses.aged * aged
