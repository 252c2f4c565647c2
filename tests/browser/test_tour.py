"""The tour's walk through the demo's site, clicked as it is written in docs/tutorial/tour.md."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from hotpapers.site import demo
from tests.browser.chromium import Tab, View
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "tutorial" / "tour.md"
MAX_CLICKS, MAX_PAGES = 8, 4
"""For all five answers: with the pages of the site that are opened, a minute has five seconds for each."""
MAX_CLICKS_EACH = 3
STEP = re.compile(r"\*\*(.+?)\*\*|“(.+?)”")
CLICKED = """((text) => [...document.querySelectorAll('a, summary')].find((element) =>
  element.checkVisibility() && element.textContent.trim().replace(/\\s+/g, ' ').startsWith(text)))"""
IS_SHOWN = """((text) => [...document.querySelectorAll('main *')].some((element) =>
  element.checkVisibility() && element.textContent.replace(/\\s+/g, ' ').includes(text)
  && ![...element.children].some((child) => child.textContent.replace(/\\s+/g, ' ').includes(text))))"""


class Question(NamedTuple):
    """A question and its steps: (what is clicked, what is then shown), of which one is empty."""

    text: str
    steps: tuple[tuple[str, str], ...]


def questions(heading: str = "Five questions") -> list[Question]:
    """A walk as the page has it: a list, with what is clicked in bold and what is shown in quotation marks."""
    walk = PAGE.read_text("utf-8").partition(f"## {heading}")[2].partition("\n## ")[0]
    items = re.findall(r"^\d\. \*(.+?)\*(.+?)(?=^\d\. |\Z)", walk, re.M | re.S)
    return [Question(text, tuple(STEP.findall(" ".join(item.split())))) for text, item in items]


def click(tab: Tab, text: str) -> None:
    """Click what begins with this text; a link to another site only has to lead to a page there."""
    element = f"{CLICKED}({json.dumps(text)})"
    tab.wait(f"document.readyState === 'complete' && Boolean({element})")
    target = tab.run(f"{element}.getAttribute('href') || ''")
    if target.startswith("http"):
        assert re.fullmatch(r"https://[a-z.-]+/.+", target)
    elif target and target[0] not in "#?":
        tab.follow(f"{element}.click()")
    else:
        tab.run(f"{element}.click()")


def test_the_walk_asks_five_questions_and_needs_few_clicks() -> None:
    walk = questions()
    assert len(walk) == 5 and all(question.text.endswith("?") for question in walk)
    assert sum(bool(clicked) for question in walk for clicked, _ in question.steps) <= MAX_CLICKS
    for question in walk:
        clicks = [clicked for clicked, _ in question.steps if clicked]
        assert len(clicks) <= MAX_CLICKS_EACH and len(question.steps) > len(clicks) - 1, question.text


@pytest.mark.parametrize("view", [View(1280, 720), View(390, 844)])
def test_a_stranger_finds_the_answers(tab: Tab, tmp_path: Path, view: View) -> None:
    demo.make_week(tmp_path, tell=lambda label, place: None)
    tab.set_view(view)
    tab.open((tmp_path / "site" / "index.html").as_uri())
    pages = [tab.run("location.pathname")]
    for question in questions():
        for clicked, expected in question.steps:
            if clicked:
                click(tab, clicked)
            else:
                tab.wait(f"document.readyState === 'complete' && {IS_SHOWN}({json.dumps(expected)})")
            if (page := tab.run("location.pathname")) != pages[-1]:
                pages.append(page)
    assert len(pages) <= MAX_PAGES
    assert tab.console_messages() == []


@pytest.fixture(scope="module")
def made_up_week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("week")
    demo.make_week(folder, tell=lambda label, place: None)
    return folder


@pytest.mark.parametrize("scripts", [True, False])
def test_a_stranger_finds_who_said_what(tab: Tab, made_up_week: Path, scripts: bool) -> None:
    walk = questions("Three questions to a conversation")
    assert len(walk) == 3 and sum(bool(clicked) for question in walk for clicked, _ in question.steps) == 1
    tab.set_view(View(390, 844, scripts=scripts))
    tab.open((made_up_week / "site" / "paper" / "2603.00042" / "index.html").as_uri())
    for clicked, expected in [step for question in walk for step in question.steps]:
        if clicked:
            click(tab, clicked)
        else:
            tab.wait(f"document.readyState === 'complete' && {IS_SHOWN}({json.dumps(expected)})")


FACTS = """(() => {
  const talk = document.querySelector('.talk');
  const every = [...talk.querySelectorAll('.conversations > li')];
  const lines = every.filter((line) => line.querySelector('summary')); // without remarks that nobody answered
  if (!lines.length) return null;
  const sizes = lines.map((line) => Number(/(\\d+) posts?/.exec(line.querySelector('.facts').textContent)[1]));
  const largest = lines[sizes.indexOf(Math.max(...sizes))].querySelector('summary b').textContent;
  const said = talk.querySelector('.facts').textContent;
  const authors = lines.filter((line) => line.querySelector('.facts').textContent.includes('by authors'));
  return {
    critics: [...talk.querySelectorAll('dt')].filter((term) => term.textContent === 'First critic').length,
    told: sizes.sort((one, other) => other - one)[0] === sizes[1] || !sizes[1] ||
      said.includes(`the longest is on ${largest}`),
    answered: said.includes('answered'),
    authors: authors.length,
    badges: authors.filter((line) => line.querySelector('.badge')).length,
  };
})()"""
"""The facts that a reader finds on a paper's page, and whether they agree."""


def test_on_twenty_papers_the_facts_are_where_a_stranger_looks(tab: Tab, made_up_week: Path) -> None:
    """The first critic and the longest conversation are named at the top, and one click shows an author's answer."""
    pages = sorted((made_up_week / "site" / "paper").rglob("index.html"))
    with_talk = [page for page in pages if 'class="talk"' in page.read_text("utf-8")]
    page_facts = []
    for page in with_talk:
        tab.open(page.as_uri())
        if facts := tab.run(FACTS):
            page_facts.append(facts)
    assert len(page_facts) >= 20 and all(facts["told"] for facts in page_facts)
    assert all(
        bool(facts["authors"]) == facts["answered"] and facts["authors"] == facts["badges"] for facts in page_facts
    )
    assert sum(facts["critics"] for facts in page_facts) >= 3 and sum(facts["answered"] for facts in page_facts) >= 3
