"""Categories of all servers: their form, and how readers see them."""

from __future__ import annotations

import pytest

from hotpapers.base.papers import categories
from tests.base.papers.known_fields import known_fields
from tests.conftest import needs_wings


def test_all_categories_have_the_form_of_one() -> None:
    assert [field for field in known_fields() if not categories.is_category(field)] == []


@pytest.mark.parametrize(
    "text", ["", "CS", "cs.", ".LG", "cs.L G", "cs..LG", "cs-.LG", "a.b.c", "cs.LG\n", "a" * 61, "1x"]
)
def test_other_texts_do_not(text: str) -> None:
    assert not categories.is_category(text)


@needs_wings
@pytest.mark.parametrize(
    ("category", "title"),
    [
        ("cs.LG", "cs.LG"), ("hep-th", "hep-th"), ("arxiv", "arXiv"), ("biorxiv.cell-biology", "bioRxiv: cell biology"),
        ("medrxiv.hiv-aids", "medRxiv: HIV/AIDS"), ("chemrxiv", "ChemRxiv"), ("tea.kettles", "tea.kettles"), ("", ""),
    ],
)  # fmt: skip
def test_readers_see_names_instead_of_fields(category: str, title: str) -> None:
    assert categories.category_title(category) == title
