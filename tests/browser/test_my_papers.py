"""Stars, the page with them, and what readers follow, in Chromium and in Firefox, over HTTP and from a disk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.chromium import Tab
from tests.browser.conftest import KINDS, forgetting, open_page
from tests.browser.firefox import FirefoxTab

AnyTab = Tab | FirefoxTab

HEADER = "[...document.querySelectorAll('.masthead nav a')].map((link) => link.textContent)"
FOCUSED = "[document.activeElement.className, document.activeElement.getAttribute('aria-label') || '']"
STARRED = "[...document.querySelectorAll('.glance .star[aria-pressed=true]')].map((star) => star.ariaLabel)"
STARRED_PAPERS = """[...document.querySelectorAll('#my-papers .lines > li')].map((line) => ({
  title: line.querySelector('a').textContent, address: line.querySelector('a').href,
  sentence: line.querySelector('.sentence')?.textContent || ''}))"""
HINT = "[...document.querySelectorAll('.head > .own [role=status] a')].map((link) => link.textContent)"
MOST_TABS = 12


@pytest.fixture(params=["tab", "fox"])
def page(request: pytest.FixtureRequest) -> AnyTab:
    """A page in each browser."""
    found: AnyTab = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["app", "disk"])
def base(request: pytest.FixtureRequest, page: AnyTab) -> Iterator[str]:
    """The address of a site, for a reader who has starred nothing."""
    address: str = request.getfixturevalue(request.param)
    for _ in forgetting(page, address):
        yield address


def tab_to_star(page: AnyTab) -> int:
    """Moves the focus to the first star; how often Tab was pressed."""
    for presses in range(1, 100):
        page.press("Tab")
        if page.run(FOCUSED)[0] == "star":
            return presses
    raise AssertionError("the keyboard reaches no star")


def test_few_tabs_lead_to_the_first_star(page: AnyTab, base: str) -> None:
    open_page(page, base + KINDS["issue"])
    assert tab_to_star(page) <= MOST_TABS
    page.press("Enter")
    page.wait(f"{STARRED}.length === 1")
    open_page(page, base + KINDS["issue"])
    assert "My papers" in page.run(HEADER)
    assert tab_to_star(page) <= MOST_TABS, "also with one more link in the header"


def test_what_is_starred_is_on_a_page_that_the_header_leads_to(page: AnyTab, base: str) -> None:
    open_page(page, base + KINDS["issue"])
    assert "My papers" not in page.run(HEADER)
    page.run("document.querySelector('.glance .star').click()")
    page.wait(f"{STARRED}.length === 1")
    assert page.run(HEADER)[-1] == "My papers"
    titles = page.run("[...document.querySelectorAll('.entry h2 a')].map((link) => [link.textContent, link.href])")
    open_page(page, page.run("document.querySelector('.masthead .my-papers a').href"))
    [starred] = page.run(STARRED_PAPERS)
    assert [starred["title"], starred["address"]] == titles[0] and starred["sentence"].endswith(".")
    assert page.run("document.querySelector('.masthead [aria-current]').textContent") == "My papers"
    exports = "[...document.querySelectorAll('#my-papers .own:first-child button')].map((button) => button.textContent)"
    assert page.run(exports) == ["BibTeX", "RIS", "JSON", "notes in Markdown"]
    page.run("document.querySelector('#my-papers .lines button').click()")
    page.wait(f"{STARRED_PAPERS}.length === 0")
    assert "My papers" not in page.run(HEADER)
    open_page(page, base + KINDS["issue"])
    assert "My papers" not in page.run(HEADER)


def test_a_paper_without_a_page_here_leads_to_arxiv(page: AnyTab, base: str) -> None:
    open_page(page, base + KINDS["all of a day"])
    lines = (
        "[...document.querySelectorAll('.lines > li')].filter((line) => line.querySelector('a[href*=\"arxiv.org\"]'))"
    )
    title, address = page.run(f"(({{ textContent, href }}) => [textContent, href])({lines}[0].querySelector('a'))")
    page.run(f"{lines}[0].querySelector('.own button').click()")
    page.wait(f"{lines}[0].querySelector('[aria-pressed=true]') !== null")
    open_page(page, base + KINDS["my papers"])
    assert [(starred["title"], starred["address"]) for starred in page.run(STARRED_PAPERS)] == [(title, address)]


def test_the_key_s_stars_the_paper_with_the_focus_or_in_view(page: AnyTab, base: str) -> None:
    open_page(page, base + KINDS["issue"])
    page.press("j")
    page.press("j")
    page.press("s")
    page.wait(f"{STARRED}.length === 1")
    second = page.run("document.querySelectorAll('.glance .star')[1].ariaLabel")
    assert page.run(STARRED) == [second]
    page.wait("document.querySelector('.head > .own [role=status]').textContent.startsWith('Starred: ')")
    page.press("s")
    page.wait(f"{STARRED}.length === 0")
    open_page(page, base + KINDS["issue"])
    page.press("s")
    page.wait(f"{STARRED}.length === 1")
    assert page.run(STARRED) == [page.run("document.querySelector('.glance .star').ariaLabel")], "the first in view"
    open_page(page, base + KINDS["paper"])
    for is_starred in ("false", "true"):
        page.press("s")
        page.wait(f"document.querySelector('.paper .own button').ariaPressed === '{is_starred}'")


def test_an_empty_own_order_links_to_what_it_names(page: AnyTab, base: str) -> None:
    open_page(page, base + KINDS["issue"])
    page.run("document.querySelector('.head > .own button').click()")
    page.wait(f"{HINT}.length > 0")
    assert page.run(HINT) == ["Star some papers", "add your library", "follow authors and words"]
    page.run("document.querySelector('.head > .own [role=status] a').click()")
    assert page.run(FOCUSED)[0] == "star"
    addresses = page.run("[...document.querySelectorAll('.head > .own [role=status] a')].map(({ href }) => href)")
    for address in addresses[1:]:
        page.open(address)
        assert page.run("document.getElementById(location.hash.slice(1)) !== null"), address


def test_whom_one_follows_is_marked_everywhere(page: AnyTab, base: str) -> None:
    open_page(page, base + KINDS["author"])
    page.run("document.querySelector('[data-author] button').click()")
    page.wait("document.querySelector('[data-author] button').textContent === 'Unfollow'")
    page.open(base + KINDS["reading"])
    page.wait("document.getElementById('follow').value !== ''")
    labels = "[...document.querySelectorAll('label[for=include], label[for=follow]')].map((label) => label.textContent)"
    assert all(label.startswith("Follow these ") for label in page.run(labels))
    open_page(page, base + KINDS["issue"])
    assert page.run("document.querySelectorAll('.marked').length") > 0


def test_preferences_and_the_own_order_hold_on_other_pages(page: AnyTab, base: str) -> None:
    page.open(base + KINDS["reading"])
    page.run("document.getElementById('size').value = 'l'")
    page.run("document.getElementById('size').dispatchEvent(new Event('input', { bubbles: true }))")
    open_page(page, base + KINDS["issue"])
    assert page.run("document.documentElement.dataset.size") == "l"
    page.run("document.querySelector('.glance .star').click()")
    page.wait(f"{STARRED}.length === 1")
    open_page(page, base + KINDS["all of a day"])
    page.run("document.querySelector('.head > .own button').click()")
    page.wait("document.querySelector('.mine .reason') !== null")
    page.wait("document.querySelector('.head > .own [role=status]').textContent.startsWith('My order: ')")


def test_a_star_set_elsewhere_is_not_taken_away_by_a_click_that_sets_it(tab: Tab, app: str) -> None:
    """Another page has the paper starred already, while this one still shows it without."""
    for _ in forgetting(tab, app):
        other = tab.beside()
        for page in (tab, other):
            open_page(page, app + KINDS["issue"])
        for page in (tab, other):
            page.run("document.querySelector('.glance .star').click()")
            page.wait(f"{STARRED}.length === 1")
        open_page(tab, app + KINDS["issue"])
        assert len(tab.run(STARRED)) == 1
        other.close()


def test_what_another_page_has_kept_is_shown_and_stays(tab: Tab, app: str) -> None:
    """Authors followed there are not lost by the form that was opened before."""
    back = "document.dispatchEvent(new Event('visibilitychange'))"
    form = "document.querySelector('[name=follow]')"
    for _ in forgetting(tab, app):
        other = tab.beside()
        open_page(other, app + KINDS["issue"])
        open_page(tab, app + KINDS["issue"])
        tab.run("document.getElementById('hide-seen').click()")
        other.wait(f"({back}, document.getElementById('hide-seen').checked)")  # once it is kept
        tab.open(app + KINDS["reading"])
        tab.wait(f"{form} !== null")
        open_page(other, app + KINDS["author"])
        other.run("document.querySelector('[data-author] button').click()")
        other.wait("document.querySelector('[data-author] button').textContent === 'Unfollow'")
        name = other.run("document.querySelector('[data-author]').dataset.author")
        tab.run(f"{form}.focus(); {form}.value = 'Ada Brewster'")
        tab.run(f"{form}.dispatchEvent(new Event('input', {{bubbles: true}}))")
        tab.wait("document.getElementById('saved').textContent !== ''")
        tab.open(app + KINDS["reading"])
        tab.wait(f"{form}.value === 'Ada Brewster\\n{name}'")
        other.close()
