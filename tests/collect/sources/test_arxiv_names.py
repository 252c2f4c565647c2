"""Author lists on one line, and TeX letters in names and titles."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hotpapers.base.papers.arxiv import ArxivId
from hotpapers.base.text.tex_letters import without_tex
from hotpapers.collect.sources.arxiv import paper_items


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("Ada Madeup", ["Ada Madeup"]),
        ("A. Madeup, B. Faux and C. Invented", ["A. Madeup", "B. Faux", "C. Invented"]),
        ("A. Madeup, B. Faux, and C. Invented", ["A. Madeup", "B. Faux", "C. Invented"]),
        ("Anderson Brandy, Band And", ["Anderson Brandy", "Band And"]),
        ("A. Madeup (Paris, France), B. Faux (1 and 2) ((1) Here, (2) There)", ["A. Madeup", "B. Faux"]),
        ("A. Madeup (and the TEAPOT Team), B. Faux", ["A. Madeup", "B. Faux"]),
        ("A. Madeup, Jr., B. Faux III, C. Roe, IV", ["A. Madeup Jr.", "B. Faux III", "C. Roe IV"]),
        ("TEAPOT Collaboration: A. Madeup, B. Faux", ["TEAPOT Collaboration", "A. Madeup", "B. Faux"]),
        ("A. Madeup (Paris, B. Faux", ["A. Madeup Paris", "B. Faux"]),
        ("A. Madeup) Paris, B. Faux", ["A. Madeup Paris", "B. Faux"]),
        (r"J\'er\^ome  Faux,  Zo\"{e} \O{}d", ["Jérôme Faux", "Zoë Ød"]),
        (" , ,", []),
    ],
)
def test_authors(line: str, expected: list[str]) -> None:
    assert list(paper_items.author_names(line)) == expected


@given(st.lists(st.text(alphabet=" .:;,-&*0123456789()$", max_size=4) | st.sampled_from(["Ada Madeup", "Ö", "王"])))
def test_an_author_has_a_letter(authors: list[str]) -> None:
    paper = paper_items.build_paper(
        ArxivId("2609.01234"), 0, title="T", authors=authors, categories=(), abstract="", doi="", journal=""
    )
    assert paper.authors == tuple(author for author in authors if author in ("Ada Madeup", "Ö", "王"))


@given(st.text(alphabet="ab (),:.JrI\\'{}and", max_size=80))
def test_any_line_gives_names_without_commas_and_parentheses(line: str) -> None:
    for name in paper_items.author_names(line):
        assert name == name.strip() and name
        assert not set(name) & set("(),")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"Schr\"odinger", "Schrödinger"),
        (r"Erd\H{o}s, Kov\'a\v{c}, Gar\c{c}\~{a}o", "Erdős, Kováč, Garção"),
        (r"\O{}yvind \AA ngstr\"om J{\o}rgen stra\ss e \l ukasz", "Øyvind Ångström Jørgen straße łukasz"),
        (r"\'{\i} \'\i n {\'E}cole {\'{e}} \v s", "í ín École é š"),
        (r"Nguy\~{\^e}n", "Nguyễn"),
        (r"M\o ller on $\'e \o \alpha$ and $$\"o$$ \'e", r"Møller on $\'e \o \alpha$ and $$\"o$$ é"),
        (r"\textit{A} \cite{x} \bar{x} \rho \omega \circ", r"\textit{A} \cite{x} \bar{x} \rho \omega \circ"),
        (r"costs \$5 or 5\%", r"costs \$5 or 5\%"),
        (r"\$5 in M\"unchen, \$9 in K\"oln", r"\$5 in München, \$9 in Köln"),
        (r"$\'e \$ \'e$ \'e, \\$\'e$ \'e", r"$\'e \$ \'e$ é, \\$\'e$ é"),
        ("nothing to do", "nothing to do"),
    ],
)
def test_tex(text: str, expected: str) -> None:
    assert without_tex(text) == expected


@given(st.text(alphabet=st.sampled_from("ab\\'`^~=.\"uvHckrdb{} $ijoläé"), max_size=60))
@example("\\" * 60)
@example("{" * 30 + "\\'e")
def test_tex_never_fails_and_plain_text_stays(text: str) -> None:
    assert isinstance(without_tex(text), str)
    letters = text.replace("\\", "")
    assert without_tex(letters) == letters


def test_every_accent_composes() -> None:
    for accent in "`'^~\"":
        assert unicodedata.is_normalized("NFC", without_tex(rf"\{accent}a \{accent}{{o}}"))
        assert len(without_tex(rf"\{accent}{{a}}")) == 1


@pytest.mark.parametrize(
    "end", ["et al.", "et al", "et al. (200 additional authors not shown)", "Et Al.", "and others"]
)
def test_further_authors_are_no_person(end: str) -> None:
    assert paper_items.author_names(f"P. A. R. Made, N. Up, {end}") == ("P. A. R. Made", "N. Up")
    assert paper_items.author_names(f"N. Up {end}") == ("N. Up",)
    assert paper_items.author_names("Et Alder, Alan Etal") == ("Et Alder", "Alan Etal")
