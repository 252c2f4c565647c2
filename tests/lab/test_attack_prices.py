"""What a place costs in words, for the page of every site."""

from __future__ import annotations

from msgspec.structs import replace

from lab.attacks.attack_figures import AttackFigures, CostSummary
from lab.attacks.attack_prices import NEVER, attack_prices


def row(attack: str, accounts: int | None, *, aged: int = 0, **changes: object) -> CostSummary:
    """A row of a made-up table: place 1 on four networks, by rarity/2."""
    summary = CostSummary(
        4, "rarity/2", attack, "first", with_standing=aged > 0, accounts=accounts,
        fresh=(accounts or 0) - aged, aged=aged, dollars=float(accounts or 0), days=9, reached=9 if accounts else 0,
    )  # fmt: skip
    return replace(summary, **changes)


def table(*rows: CostSummary) -> AttackFigures:
    return AttackFigures(program="1.2", default="rarity/2", most=4000, worlds=2, days=7, rows=rows)


def cheapest(ranking: str, *rows: CostSummary) -> list[dict[str, str]]:
    """The fewest accounts for each place under a ranking."""
    found: list[dict[str, str]] = attack_prices(table(*rows))["cheapest"][ranking]
    return found


def test_the_cheapest_way_is_the_least_of_the_rows() -> None:
    rows = (
        row("dear", 90), row("cheap", 40), row("dear", 30, aged=30), row("failing", None),
        row("mixed", 12, aged=2, with_standing=False),
        row("other", 1, ranking="classic/1"), row("ten", None, goal="top ten"), row("rival", 1, goal="rival out"),
    )  # fmt: skip
    assert [tuple(price.values()) for price in cheapest("rarity/2", *rows)] == [
        ("Place 1, 4 networks", "40 (cheap; 40 dollars)", "10 new and 2 (mixed; 12 dollars)"),
        ("The first ten, 4 networks", NEVER, NEVER),
    ]
    assert cheapest("classic/1", *rows)[0]["new"] == "1 (other; 1 dollar)"
    [joining] = cheapest("rarity/2", row("popular posts", 4, with_standing=True))
    assert (joining["new"], joining["standing"]) == (NEVER, "4 (popular posts)"), "nobody sells these"
    [dime] = cheapest("rarity/2", row("cheap", 4, dollars=0.3))
    assert dime["new"].endswith("less than a dollar)")


def test_what_takes_the_fewest_accounts_need_not_cost_least() -> None:
    rows = row("few and dear", 30, aged=30, dollars=26.0), row("many and cheap", 90, aged=8, dollars=16.0)
    assert cheapest("rarity/2", *rows)[0]["standing"] == "30 (few and dear; 26 dollars)"
