"""Word groups: what is one, and how it is found again."""

from __future__ import annotations

import pytest

from hotpapers.wings.topics.groups import fold_paper, groups_of, has_group

TITLE = "Chain-of-Thought for Réseaux \\emph{Kettles}: a Survey"
ABSTRACT = "We boil kettles (two at a time) with the chain of thought. State of the art, see https://tea.example/x. 17"


def test_groups_begin_and_end_with_words_and_cross_no_punctuation() -> None:
    groups = groups_of(TITLE, ABSTRACT)
    expected = {"chain of thought", "boil kettle", "boil", "kettle", "chain-of-thought", "reseaux", "survey", "state"}
    assert expected <= groups.keys()
    assert not {"the chain", "kettle two", "thought state", "17", "x", "of", "a survey", "tea"} & groups.keys()
    assert groups["kettle"] == "kettles" and groups["boil"] == "boil"


@pytest.mark.parametrize("title", [TITLE, "", "α", "A", "of the", "tea" * 9_000])
def test_every_group_is_found_in_the_folded_text_and_no_part_of_a_word(title: str) -> None:
    text = fold_paper(title, ABSTRACT)
    assert all(has_group(text, group) for group in groups_of(title, ABSTRACT))
    assert not has_group(text, "kett") and not has_group(text, "thought state")
