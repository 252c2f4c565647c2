"""The page about the cost of a place: it shows the measurements, its own ranking first, and nothing as markup."""

from __future__ import annotations

import re
from html import unescape

import pytest
from msgspec.structs import replace

from hotpapers.publish.render.html import static_pages
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.view.attack_figures import AttackFigures, CostSummary, kept_figures
from hotpapers.publish.view.attack_prices import NEVER, attack_prices
from lab.attacks import report
from tests.render.full_sample import FULL_READER
from tests.render.html import Page
from tests.render.sample import LISTED_READER
from tests.render.sites import SITES, site

PATH = "attacks/index.html"


def row(attack: str, accounts: int | None, *, aged: int = 0, **changes: object) -> CostSummary:
    """A row of a made-up table: place 1 on four networks, by rarity/2."""
    summary = CostSummary(
        4, "rarity/2", attack, "first", with_standing=aged > 0, accounts=accounts,
        fresh=(accounts or 0) - aged, aged=aged, dollars=float(accounts or 0), days=9, reached=9 if accounts else 0,
    )  # fmt: skip
    return replace(summary, **changes)


def table(*rows: CostSummary) -> AttackFigures:
    return AttackFigures(program="1.2", default="rarity/2", most=4000, worlds=2, days=7, rows=rows)


def cells_of(line: str) -> list[str]:
    return [unescape(cell) for cell in re.findall(r"<t[hd](?: scope=\"\w+\")?>(.*?)</t[hd]>", line, re.S)]


@pytest.mark.parametrize("name", sorted(SITES))
def test_every_figure_stands_there_with_the_own_ranking_first(name: str) -> None:
    issue_reader = SITES[name][0]
    ranking = next(
        publication.ranking for publication in issue_reader.publications() if publication.publication == name
    )
    page = site(issue_reader, name)[PATH].decode()
    Page(page.encode())
    tables = [cells for heading, cells in report.tables(kept_figures()) if heading.startswith("Accounts for ")]
    page_tables = re.findall(r"<table class=\"costs\">(.*?)</table>", page, re.S)
    assert len(page_tables) == len(tables) > 0
    for page_table, cells in zip(page_tables, tables, strict=True):
        names, *lines = map(cells_of, re.findall(r"<tr>(.*?)</tr>", page_table, re.S))
        order = [cells[0].index(name) for name in names[2:]]
        assert names[:3] == ["Attack", "Accounts", ranking] and sorted(names[2:]) == sorted(cells[0][2:])
        assert lines == [[*line[:2], *(line[n] for n in order)] for line in cells[1:]]


def test_the_cheapest_way_is_the_least_of_the_rows() -> None:
    rows = (
        row("dear", 90), row("cheap", 40), row("dear", 30, aged=30), row("failing", None),
        row("mixed", 12, aged=2, with_standing=False),
        row("other", 1, ranking="classic/1"), row("ten", None, goal="top ten"), row("rival", 1, goal="rival out"),
    )  # fmt: skip
    prices = attack_prices(table(*rows), "rarity/2")
    assert [price[1:] for price in prices.cheapest] == [
        ("Place 1", "40 (cheap; 40 dollars)", "10 new and 2 (mixed; 12 dollars)"), ("The first ten", NEVER, NEVER),
    ]  # fmt: skip
    assert attack_prices(table(*rows), "classic/1").cheapest[0].new == "1 (other; 1 dollar)"
    joining = attack_prices(table(row("popular posts", 4, with_standing=True)), "rarity/2").cheapest[0]
    assert (joining.new, joining.standing) == (NEVER, "4 (popular posts)"), "nobody sells these"
    assert attack_prices(table(*rows), "gone/1").ranking == "rarity/2"
    assert (
        attack_prices(table(row("cheap", 4, dollars=0.3)), "rarity/2").cheapest[0].new.endswith("less than a dollar)")
    )


def test_what_takes_the_fewest_accounts_is_not_called_the_cheapest(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = row("few and dear", 30, aged=30, dollars=26.0), row("many and cheap", 90, aged=8, dollars=16.0)
    monkeypatch.setattr(static_pages, "kept_figures", lambda: table(*rows))
    page = SitePages(FULL_READER, "daily").page(PATH)
    assert page is not None
    text = page.decode()
    assert "30 (few and dear; 26 dollars)" in text and "cheapest way" not in text.lower()
    assert "Another attack may take more accounts, but cost less." in text


def test_names_are_text(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "<script>alert(1)</script>"
    figures = replace(table(row(hostile, 3, ranking=hostile)), program=hostile, attacks={hostile: hostile})
    monkeypatch.setattr(static_pages, "kept_figures", lambda: figures)
    data = SitePages(FULL_READER, "daily").page(PATH) or b""
    assert b"<script>alert" not in data and Page(data).text.count(hostile) >= 5


def test_the_method_page_and_every_foot_lead_there() -> None:
    files = site(LISTED_READER, "hot-papers")
    for path in ("method/index.html", "index.html"):
        targets = [link.attributes["href"] for link in Page(files[path]).all("a")]
        assert any(target.endswith(PATH) for target in targets)
