"""The page about the cost of a place: it shows the measurements, its own ranking first, and nothing as markup."""

from __future__ import annotations

import re
from html import unescape

import pytest

from hotpapers.publish.render.html import single_pages
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.render.html.single_pages import attack_prices
from lab.attacks import report
from lab.attacks.attack_figures import kept_figures
from tests.publish.render.full_sample import FULL_READER
from tests.publish.render.html import Page
from tests.publish.render.sample import LISTED_READER
from tests.publish.render.sites import SITES, site

PATH = "attacks/index.html"


def cells_of(line: str) -> list[str]:
    return [unescape(cell) for cell in re.findall(r"<t[hd](?: scope=\"\w+\")?>(.*?)</t[hd]>", line, re.S)]


def rows_below(page: str, anchor: str) -> list[list[str]]:
    """The rows of the first table after a heading."""
    table = page.partition(f'id="{anchor}"')[2].partition("</table>")[0]
    return [cells_of(row) for row in re.findall(r"<tr>(.*?)</tr>", table, re.S)]


@pytest.mark.parametrize("name", sorted(SITES))
def test_every_figure_stands_there_with_the_own_ranking_first(name: str) -> None:
    issue_reader = SITES[name][0]
    ranking = next(
        publication.ranking for publication in issue_reader.publications() if publication.publication == name
    )
    page = site(issue_reader, name)[PATH].decode()
    Page(page.encode())
    measured = dict(report.tables(kept_figures()))
    assert rows_below(page, "listed")[1:] == measured.pop("Accounts for an entry")[1:]
    tables = [cells for heading, cells in measured.items() if heading.startswith("Accounts for ")]
    page_tables = re.findall(r"<table class=\"costs\">(.*?)</table>", page, re.S)
    assert len(page_tables) == len(tables) > 0
    for page_table, cells in zip(page_tables, tables, strict=True):
        names, *lines = map(cells_of, re.findall(r"<tr>(.*?)</tr>", page_table, re.S))
        order = [cells[0].index(name) for name in names[2:]]
        assert names[:3] == ["Attack", "Accounts", ranking] and sorted(names[2:]) == sorted(cells[0][2:])
        assert lines == [[*line[:2], *(line[n] for n in order)] for line in cells[1:]]


def test_what_takes_the_fewest_accounts_is_not_called_the_cheapest() -> None:
    text = (SitePages(FULL_READER, "daily").page(PATH) or b"").decode()
    assert "cheapest way" not in text.lower()
    assert "Another attack may take more accounts, but cost less." in text


def test_a_ranking_that_was_not_measured_shows_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    prices = attack_prices()
    monkeypatch.setattr(single_pages, "attack_prices", lambda: prices | {"cheapest": {"other/1": (), "rarity/2": ()}})
    page = SitePages(LISTED_READER, "hot-papers").page(PATH) or b""
    assert b"against <code>rarity/2</code>" in page


def test_names_are_text(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "<script>alert(1)</script>"
    row = {"attack": hostile, "accounts": hostile, "costs": {hostile: hostile}}
    prices = attack_prices() | {
        "program": hostile, "default": hostile, "attacks": {hostile: hostile},
        "cheapest": {hostile: [{"place": hostile, "new": hostile, "standing": hostile}]},
        "listed_heads": [hostile], "listed": [(hostile, hostile)],
        "tables": [{"anchor": "a", "heading": hostile, "rows": [row]}],
    }  # fmt: skip
    monkeypatch.setattr(single_pages, "attack_prices", lambda: prices)
    data = SitePages(FULL_READER, "daily").page(PATH) or b""
    assert b"<script>alert" not in data and Page(data).text.count(hostile) >= 8


def test_the_method_page_leads_there() -> None:
    files = site(LISTED_READER, "hot-papers")
    targets = [link.attributes["href"] for link in Page(files["method/index.html"]).all("a")]
    assert any(target.endswith(PATH) for target in targets)
