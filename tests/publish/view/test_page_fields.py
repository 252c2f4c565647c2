"""Papers by field: the numbers of a page's categories, and what an address asks for."""

from __future__ import annotations

import pytest

from hotpapers.publish.view.page_fields import EVERYTHING, PageChoice, anchor_of, choice_of, choose_fields, field_of
from tests.publish.render.build import paper

PAPERS = ["cs.CL"] * 3 + ["cs.CV"] * 4 + ["stat.ML", "hep-th", "math.IT", "cs.RO", "other"]


def test_categories_with_most_papers_are_first_and_few_are_shown_at_once() -> None:
    by_field = choose_fields(PAPERS, EVERYTHING, is_live=False)
    assert by_field and by_field.total == len(PAPERS) == sum(count.papers for count in by_field.counts)
    assert [(count.category, count.papers) for count in by_field.shown] == [
        ("cs.CV", 4), ("cs.CL", 3), ("cs.RO", 1), ("hep-th", 1), ("math.IT", 1),
    ]  # fmt: skip
    assert [count.category for count in by_field.folded] == ["other", "stat.ML"]


def test_a_single_category_is_not_folded() -> None:
    by_field = choose_fields(PAPERS[:-1], EVERYTHING, is_live=False)
    assert by_field and len(by_field.shown) == 6 and not by_field.folded


def test_a_choice_says_how_many_there_are() -> None:
    by_field = choose_fields(PAPERS, PageChoice("cs.CL", "voices"), is_live=True)
    assert by_field and (by_field.chosen, by_field.chosen_name) == (3, "cs.CL, Computation and Language")
    assert (by_field.query("stat.ML"), by_field.query("")) == ("?in=stat.ML&by=voices", "?by=voices")
    assert (by_field.query_by("voices"), by_field.query_by("category")) == ("?in=cs.CL&by=voices", "?in=cs.CL")


@pytest.mark.parametrize("category", ["math.NT", "biorxiv.neuroscience", "psyarxiv", "medrxiv.hiv-aids"])
def test_a_known_category_may_have_no_papers(category: str) -> None:
    empty = choose_fields(PAPERS, PageChoice(category), is_live=True)
    assert empty and empty.chosen == 0


@pytest.mark.parametrize("category", ["no.such", "cs", "cs.NO", "biorxiv", "biorxiv.nonsense", "psyarxiv.x"])
def test_an_unknown_category_is_none(category: str) -> None:
    assert choose_fields(PAPERS, PageChoice(category), is_live=True) is None


@pytest.mark.parametrize(
    ("category", "order", "choice"),
    [
        (None, None, EVERYTHING), ("", "category", EVERYTHING), ("cs.CL", "age", PageChoice("cs.CL")),
        (None, "voices", PageChoice("", "voices")), ("x" * 999, None, PageChoice("x" * 60)),
    ],
)  # fmt: skip
def test_the_choice_in_an_address(category: str | None, order: str | None, choice: PageChoice) -> None:
    assert choice_of(category, order) == choice
    assert choice.query.startswith("?")


def test_a_paper_is_in_its_primary_category() -> None:
    assert field_of(paper("2101.00001", "", categories=("cs.CL", "cs.LG"))) == "cs.CL"
    assert field_of(paper("2101.00001", "", categories=())) == "other"
    assert anchor_of("cs.CL") == "in-cs.CL" and anchor_of("a b\u00e9") == "in-a%20b%C3%A9"
