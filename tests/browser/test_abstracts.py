"""Abstracts of all papers of a day, unfolded in place: from a disk, from the app, and only once they are wanted."""

from __future__ import annotations

import pytest

from tests.browser.chromium import Tab, View
from tests.browser.conftest import KINDS
from tests.publish.render.full_sample import FULL_READER

DAY = KINDS["all of a day"]
ABSTRACTS = {
    announced.paper.paper.removeprefix("arxiv:"): " ".join(
        (announced.paper.abstract or announced.paper.summary).split()
    )
    for announced in FULL_READER.announced("daily", "2021-01-14")
}
BUTTONS = "[...document.querySelectorAll('.unfold')]"


@pytest.mark.parametrize("place", ["disk", "app"])
def test_an_abstract_unfolds_in_place(tab: Tab, place: str, request: pytest.FixtureRequest) -> None:
    tab.set_view(View(390, 844))
    tab.open(request.getfixturevalue(place) + DAY)
    tab.wait(f"{BUTTONS}.length === document.querySelectorAll('.lines > li').length")
    assert not [url for url in tab.requests() if "abstracts-" in url], "nothing is loaded before it is wanted"
    address = tab.run("location.href")
    for number, paper_id in enumerate(tab.run("[...document.querySelectorAll('.lines > li > a')].map((a) => a.href)")):
        abstract = next(text for key, text in ABSTRACTS.items() if key in paper_id)
        tab.run(f"{BUTTONS}[{number}].focus()")
        tab.press("Enter")
        paragraph = f"{BUTTONS}[{number}].closest('li').querySelector('.told')"
        tab.wait(f"{paragraph} !== null")
        text = tab.run(f"{paragraph}.textContent")
        if abstract and "$" not in abstract:
            assert text == abstract
        assert "$" not in text and tab.run(f"{BUTTONS}[{number}].ariaExpanded") == "true"
        tab.press("Enter")
        tab.wait(f"{paragraph} === null")
    assert tab.run("location.href") == address and tab.console_messages() == []
    assert tab.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_without_a_script_titles_lead_to_abstracts(tab: Tab, app: str) -> None:
    tab.set_view(View(scripts=False))
    tab.open(app + DAY)
    assert not tab.run("document.querySelector('.unfold')")


def test_lines_far_away_cost_nothing(tab: Tab, app: str) -> None:
    """A day may have a thousand lines."""
    copies = """document.addEventListener("DOMContentLoaded", () => {
      const list = document.querySelector(".unfolding");
      for (let n = 0; n < 300; n++) list.append(list.firstElementChild.cloneNode(true));
    })"""
    tab.open_with(copies, app + DAY)
    tab.wait(f"{BUTTONS}.length > 3")
    assert tab.run(f"{BUTTONS}.length < document.querySelectorAll('.unfolding > li').length / 2")
    tab.run("document.querySelector('.unfolding').lastElementChild.scrollIntoView()")
    tab.wait("document.querySelector('.unfolding').lastElementChild.querySelector('.unfold') !== null")
