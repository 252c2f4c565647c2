"""Letters without accents, as rules and addresses that must never change have always compared them."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hotpapers.base.papers.mentions import own_words, title_words
from hotpapers.base.text import accents
from hotpapers.base.text.accents import in_plain_letters, without_accents
from hotpapers.discussion.moderation import author_names
from hotpapers.keep.search import tokenizer
from hotpapers.publish.view import catalogue

ACCENTED = st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.text(alphabet="aeéèøłđßÆﬁ²ÅİıǛ한漢\u0301 .")


def removed(text: str) -> str:
    """By definition."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


@pytest.mark.parametrize(
    ("text", "plain"), [("Ünal Çağlar", "Unal Caglar"), ("ﬁrst²", "first2"), ("Søren Łuk", "Søren Łuk"), ("", "")]
)
def test_examples(text: str, plain: str) -> None:
    assert without_accents(text) == plain


@given(ACCENTED)
@example("e\u0301")
def test_names_of_authors_are_folded_as_before(text: str) -> None:
    small = unicodedata.normalize("NFKC", text).casefold()
    expected = unicodedata.normalize("NFC", removed(small.translate(author_names._LETTERS)))
    assert author_names.fold_name(text) == (
        text.lower().translate(author_names._LETTERS) if text.isascii() else expected
    )


@given(ACCENTED)
def test_words_of_posts_are_folded_as_before(text: str) -> None:
    parts = [part for part in text.split() if not own_words._is_passed_over(part)]
    assert own_words.to_words(text) == own_words._WORD.findall(
        removed(own_words._TEX.sub("", " ".join(parts))).casefold()
    )


@given(ACCENTED)
def test_ligatures_are_spelled_as_before_in_addresses_of_pages(text: str) -> None:
    decomposed = unicodedata.normalize("NFKD", text).translate(accents._SPELLED)
    before = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    assert in_plain_letters(text) == before


@pytest.mark.parametrize(
    ("fold", "digest"),
    [
        (author_names.fold_name, "d34ec014d9d3698b"),
        (title_words.to_ascii, "3c4997af5e975a3f"),
        (catalogue.make_slug, "b8a18661a9ecaa7e"),
        (lambda text: " ".join(tokenizer.text_words(text)), "5a4346f2268f874f"),
    ],
)
def test_every_latin_letter_is_folded_as_ever(fold: Callable[[str], str], digest: str) -> None:
    folded = "|".join(fold(f"a{chr(number)}z") for number in range(0x20, 0x250))
    assert hashlib.sha256(folded.encode()).hexdigest()[:16] == digest
