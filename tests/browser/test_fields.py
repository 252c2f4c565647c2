"""One field of a day in a browser: from disk, from the app, with and without scripts."""

from __future__ import annotations

import json

import pytest

from tests.browser.chromium import Tab, View
from tests.browser.conftest import KINDS

ISSUE, DAY = KINDS["issue"], KINDS["all of a day"]
NARROW = View(320, 640)
SHOWN = """JSON.stringify([...document.querySelectorAll('.glance li, .entry, .lines > li')].filter(
  (part) => part.checkVisibility()).map((part) => part.dataset.in))"""
CURRENT = "JSON.stringify([...document.querySelectorAll('.fields [aria-current]')].map((link) => link.textContent))"
STATUS = "(document.querySelector('.fields [role=status]')?.textContent ?? '?')"
CHIPS = "[...document.querySelectorAll('.fields [data-of]')]"


def shown(tab: Tab) -> list[str]:
    """The categories of the papers that are seen, in order."""
    return json.loads(tab.run(SHOWN))  # type: ignore[no-any-return]


def choose(tab: Tab, name: str) -> None:
    """Follow one of the links by its text, as a reader who uses the keyboard does."""
    tab.run(f"[...document.querySelectorAll('.fields a')].find((link) => link.textContent === '{name}').focus()")
    tab.press("Enter")


@pytest.mark.parametrize("place", ["disk", "app"])
def test_readers_choose_a_field_of_an_issue(tab: Tab, place: str, request: pytest.FixtureRequest) -> None:
    tab.open(request.getfixturevalue(place) + ISSUE)
    everything = shown(tab)
    first = everything[0]
    assert len(set(everything)) > 1
    choose(tab, first)
    tab.wait(f"location.search === '?in={first}' && document.querySelector('.fields a') !== null")
    tab.wait(f"JSON.stringify({STATUS}).includes(' of ')")
    assert set(shown(tab)) == {first} and json.loads(tab.run(CURRENT)) == [first]
    assert tab.run(STATUS).startswith(f"{everything.count(first) // 2} of {len(everything) // 2} papers: {first}")
    choose(tab, "all")
    tab.wait("!location.search")
    tab.wait(f"{STATUS} === ''")
    assert shown(tab) == everything and json.loads(tab.run(CURRENT)) == ["all"]


@pytest.mark.parametrize("place", ["disk", "app"])
def test_a_field_has_an_address(tab: Tab, place: str, request: pytest.FixtureRequest) -> None:
    address = request.getfixturevalue(place) + ISSUE
    tab.open(address)
    first = shown(tab)[0]
    tab.open(f"{address}?in={first}")
    assert set(shown(tab)) == {first}
    tab.open(f"{address}?in=math.NT")
    assert shown(tab) == [] and tab.run(STATUS).startswith("0 of ")


def test_back_leads_to_all_papers(tab: Tab, disk: str) -> None:
    tab.open(disk + ISSUE)
    everything = shown(tab)
    choose(tab, everything[0])
    tab.wait("location.search")
    tab.run("history.back()")
    tab.wait(f"{SHOWN} === {json.dumps(json.dumps(everything).replace(' ', ''))}")


def test_without_scripts_the_app_chooses_and_files_show_numbers(tab: Tab, disk: str, app: str) -> None:
    tab.set_view(View(scripts=False))
    tab.open(disk + ISSUE)
    everything = shown(tab)
    assert tab.run(f"{CHIPS}.length") > 2 and not tab.run("document.querySelector('.fields a')")
    tab.open(app + ISSUE)
    tab.follow(f"{CHIPS}[1].querySelector('a').click()")
    assert tab.run("location.search")
    assert len(set(shown(tab))) == 1 < len(set(everything))
    tab.follow(f"{CHIPS}[0].querySelector('a').click()")
    assert not tab.run("location.search")
    assert shown(tab) == everything


@pytest.mark.parametrize("place", ["disk", "app"])
def test_all_papers_of_a_day_are_also_sorted_by_people(tab: Tab, place: str, request: pytest.FixtureRequest) -> None:
    tab.open(request.getfixturevalue(place) + DAY)
    by_category = shown(tab)
    assert by_category == sorted(by_category)
    choose(tab, "by people")
    tab.wait("location.search === '?by=voices' && document.querySelector('.fields a') !== null")
    tab.wait("document.querySelector('.orders [aria-current]').textContent === 'by people'")
    voices = json.loads(
        tab.run("JSON.stringify([...document.querySelectorAll('.lines > li')].map((line) => +line.dataset.voices))")
    )
    assert voices == sorted(voices, reverse=True) and voices[0] > voices[-1]
    assert not tab.run("[...document.querySelectorAll('.group h2')].some((heading) => heading.checkVisibility())")
    choose(tab, "by category")
    tab.wait("!location.search")
    tab.wait(f"{SHOWN} === {json.dumps(json.dumps(by_category).replace(' ', ''))}")


def test_without_scripts_categories_of_a_day_lead_to_its_parts(tab: Tab, disk: str) -> None:
    tab.set_view(View(scripts=False))
    tab.open(disk + DAY)
    tab.run(f"{CHIPS}[1].querySelector('a').click()")
    tab.wait("document.querySelector(':target') !== null")
    assert tab.run("document.querySelector(':target').textContent").startswith(tab.run(f"{CHIPS}[1].dataset.of"))


@pytest.mark.parametrize("kind", ["issue", "all of a day"])
def test_nothing_scrolls_sideways_on_the_narrowest_phone(tab: Tab, disk: str, kind: str) -> None:
    tab.set_view(NARROW)
    tab.open(disk + KINDS[kind])
    tab.run("document.querySelectorAll('.fields details').forEach((part) => { part.open = true; })")
    assert tab.run("document.documentElement.scrollWidth") <= NARROW.width


@pytest.mark.parametrize("place", ["disk", "app"])
def test_tops_are_chosen_by_category_and_lead_to_earlier_ones(
    tab: Tab, place: str, request: pytest.FixtureRequest
) -> None:
    tab.open(request.getfixturevalue(place) + KINDS["top"])
    everything = shown(tab)
    choose(tab, "cs.CL")
    tab.wait("location.search === '?in=cs.CL'")
    tab.wait(f"{STATUS}.includes(' of ')")
    assert set(shown(tab)) == {"cs.CL"} < set(everything)
    tab.open(request.getfixturevalue(place) + KINDS["latest top"])
    assert tab.run("[...document.querySelectorAll('.year a')].filter((link) => link.checkVisibility()).length") > 2
