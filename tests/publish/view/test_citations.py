"""BibTeX, RIS, COinS and Highwire: whole outputs, and fields that no text can break out of."""

from __future__ import annotations

import re
from itertools import accumulate
from urllib.parse import parse_qsl, unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import Paper
from hotpapers.base.papers.citations import PaperCitation, format_bibtex, paper_citation
from hotpapers.publish.view.citation_formats import coins_title, format_ris, highwire_tags
from tests.publish.render.build import paper
from tests.publish.render.full_sample import STARS
from tests.publish.render.hostile import HOSTILE
from tests.publish.render.sample import OLD


def citation_of(item: Paper) -> PaperCitation:
    """The citation of a paper that has one."""
    result = paper_citation(item)
    assert result is not None
    return result


def test_bibtex() -> None:
    assert format_bibtex(citation_of(STARS)) == (
        "@misc{overquill-2101.99907,\n"
        '  title = {{Schr\\"odinger Stars of $M_\\odot \\sim 10^3$}},\n'
        "  author = {Tansy Overquill and Li Na},\n"
        "  year = {2021},\n  month = {1},\n  eprint = {2101.99907},\n  archivePrefix = {arXiv},\n"
        "  primaryClass = {astro-ph.CO},\n  doi = {10.1000/stars.1},\n  url = {https://arxiv.org/abs/2101.99907},\n}\n"
    )
    assert "overquill-hep-th-9901999" in format_bibtex(citation_of(OLD)) and "year = {1999}" in format_bibtex(
        citation_of(OLD)
    )


def test_an_underscore_is_only_mathematics_in_formulas() -> None:
    reference = citation_of(
        paper("2101.99911", r"tea_pot and $x_1$ and tea\_cup", doi="10.1000/a_b", journal="J_1 of $H_2$")
    )
    assert r"{{tea\_pot and $x_1$ and tea\_cup}}" in format_bibtex(reference) and r"{J\_1 of $H_2$}" in format_bibtex(
        reference
    )
    assert "{10.1000/a_b}" in format_bibtex(reference)


def test_ris() -> None:
    assert format_ris(citation_of(STARS)) == (
        "TY  - UNPB\r\nTI  - Schrödinger Stars of $M_\\odot \\sim 10^3$\r\nAU  - Overquill, Tansy\r\nAU  - Na, Li\r\n"
        "PY  - 2021\r\nDA  - 2021/01/14/\r\nPB  - arXiv\r\nAN  - arXiv:2101.99907\r\nDO  - 10.1000/stars.1\r\n"
        "UR  - https://arxiv.org/abs/2101.99907\r\nER  - \r\n"
    )


def test_a_suffix_follows_the_family_name() -> None:
    reference = citation_of(
        paper("2101.99912", "T", authors=("Tansy Overquill Jr.", "Kaveh Rushmere III", "Ada de Moth"))
    )
    assert format_bibtex(reference).startswith("@misc{overquill-2101.99912,")
    assert "author = {Overquill, Jr., Tansy and Rushmere, III, Kaveh and Ada de Moth}" in format_bibtex(reference)
    assert [line[6:] for line in format_ris(reference).split("\r\n") if line.startswith("AU")] == [
        "Overquill, Tansy, Jr.", "Rushmere, Kaveh, III", "de Moth, Ada",
    ]  # fmt: skip


def test_coins_and_highwire() -> None:
    pairs = parse_qsl(coins_title(citation_of(STARS)), strict_parsing=True)
    assert ("rft.atitle", "Schrödinger Stars of $M_\\odot \\sim 10^3$") in pairs and ("rft.au", "Li Na") in pairs
    assert dict(pairs)["rft.date"] == "2021-01-14" and ("rft_id", "info:doi/10.1000/stars.1") in pairs
    assert dict(highwire_tags(citation_of(STARS)))["citation_arxiv_id"] == "2101.99907"
    assert [name for kind, name in highwire_tags(citation_of(STARS)) if kind == "citation_author"] == [
        "Tansy Overquill",
        "Li Na",
    ]


def test_groups_and_affiliations_are_told_alike_in_all_formats() -> None:
    names = ("Kettle and Oven Lab", "Ada Brewster (Tea University)", "Bo Li, MD", "Cy Ng for the Kettle Team")
    reference = citation_of(paper("2101.99907", "Kettles", authors=names))
    assert "author = {{Kettle and Oven Lab} and Ada Brewster and Li, MD, Bo and Cy Ng}" in format_bibtex(reference)
    assert "@misc{kettle-" in format_bibtex(reference)
    assert [line[6:] for line in format_ris(reference).split("\r\n") if line.startswith("AU")] == [
        "Kettle and Oven Lab", "Brewster, Ada", "Li, Bo, MD", "Ng, Cy",
    ]  # fmt: skip
    pairs = parse_qsl(coins_title(reference), strict_parsing=True)
    assert pairs[-4:] == [
        ("rft.aucorp", "Kettle and Oven Lab"), ("rft.au", "Ada Brewster"), ("rft.au", "Bo Li MD"), ("rft.au", "Cy Ng"),
    ]  # fmt: skip


def test_a_paper_of_another_server_is_not_cited() -> None:
    assert paper_citation(Paper(paper="osf:abcde", title="T", observed_at=0)) is None


ON_SERVERS = Paper(paper="doi:10.1101/2024.01.02.573921", title="Tea", authors=("A. Leaf",), observed_at=0)
MAY = 1_714_550_400_000_000  # 2024-05-01


def test_an_article_is_cited_with_its_journal_and_without_a_server() -> None:
    article = Paper(paper="doi:10.5555/tea.1", title="Tea", journal="Annals of Tea", published_at=MAY, observed_at=0)
    cited = citation_of(article)
    assert format_bibtex(cited).startswith("@article{") and "journal = {Annals of Tea}" in format_bibtex(cited)
    assert {"TY  - JOUR", "JO  - Annals of Tea"} <= set(format_ris(cited).split("\r\n"))
    pairs = dict(parse_qsl(coins_title(cited)))
    assert (pairs["rft.genre"], pairs["rft.jtitle"]) == ("article", "Annals of Tea")
    assert dict(highwire_tags(cited))["citation_journal_title"] == "Annals of Tea"
    for text in (format_bibtex(cited), format_ris(cited), coins_title(cited)):
        assert "publisher" not in text and "PB  -" not in text and "DOI&" not in text


@pytest.mark.parametrize(
    ("changes", "year"),
    [
        ({}, ""),
        ({"updated_at": MAY}, "2024"),
        ({"published_at": MAY - 400 * 86_400_000_000, "updated_at": MAY}, "2023"),
    ],
)
def test_a_preprint_is_dated_by_its_first_version_if_known(changes: dict[str, int], year: str) -> None:
    assert citation_of(msgspec.structs.replace(ON_SERVERS, **changes)).year == year


def test_a_preprint_keeps_its_own_doi_and_its_note_has_that_of_the_article() -> None:
    """Programs that trust a DOI would take the article's title, date and journal for those of the preprint."""
    citation = citation_of(msgspec.structs.replace(ON_SERVERS, doi="10.5555/Kettle", journal="Annals of Tea"))
    own, note = "10.1101/2024.01.02.573921", "Annals of Tea; published as https://doi.org/10.5555/Kettle"
    bibtex, ris, tags = format_bibtex(citation), format_ris(citation), dict(highwire_tags(citation))
    assert f"  doi = {{{own}}},\n" in bibtex and f"note = {{{note}}}" in bibtex and "eprint" not in bibtex
    assert f"DO  - {own}\r\n" in ris and f"N1  - {note}\r\n" in ris and "AN  - " not in ris
    assert tags["citation_doi"] == own and own in unquote(coins_title(citation))


def test_a_preprint_has_a_pdf_of_its_version_and_no_tag_is_empty() -> None:
    tags = dict(highwire_tags(citation_of(msgspec.structs.replace(ON_SERVERS, version=2))))
    assert tags["citation_pdf_url"] == "https://www.biorxiv.org/content/10.1101/2024.01.02.573921v2.full.pdf"
    unversioned = list(highwire_tags(citation_of(ON_SERVERS)))
    assert all(value for _, value in unversioned) and "citation_pdf_url" not in dict(unversioned)


@pytest.mark.parametrize(
    ("author", "key"),
    [("Tansy Müller", "muller"), ("Li Ångström-Æsop", "angstromaesop"), ("Ada Søł", "sol"), ("李娜", "arxiv")],
)
def test_a_key_keeps_the_letters_of_a_name(author: str, key: str) -> None:
    assert format_bibtex(citation_of(paper("2101.99913", "T", authors=(author,)))).startswith(
        f"@misc{{{key}-2101.99913,"
    )


@pytest.mark.parametrize(
    "doi",
    [
        "10.1000/a 10.1000/b",
        "10.1000/a, 10.1000/b",
        "10.1000/a;10.1000/b",
        " https://doi.org/10.1000/a ",
        "HTTP://dx.doi.org/10.1000/a",
        "https://www.doi.org/10.1000/a",
        "doi:10.1000/a",
    ],
)
def test_the_first_of_several_dois_is_cited(doi: str) -> None:
    citation = citation_of(paper("2101.99910", "Tea", doi=doi))
    assert (citation.doi, citation.article) == ("10.1000/a", "")


def test_what_little_is_known_is_cited() -> None:
    reference = citation_of(paper("2101.99908", "", authors=(), categories=(), doi="not a doi"))
    assert reference.title == "2101.99908" and reference.doi == "10.48550/arXiv.2101.99908"
    assert format_bibtex(reference).startswith("@misc{arxiv-2101.99908,") and "author" not in format_bibtex(reference)
    assert "AU  - " not in format_ris(reference)


def check(text: str) -> None:
    """A paper in which every text is this one stays a single entry with its own fields."""
    reference = citation_of(
        paper("2101.99909", text, authors=(text, f"A {text}"), categories=(text,), doi=text, journal=text)
    )
    entry = format_bibtex(reference)
    depths = list(accumulate((char == "{") - (char == "}") for char in entry[entry.index("{") :]))
    assert min(depths[:-2]) == 1 and depths[-2:] == [0, 0]
    assert len(re.findall(r"^  \w+ = ", entry, re.M)) == entry.count("\n") - 2
    assert len(re.findall(r"(?<!\\)\$", entry)) % 2 == 0
    lines = format_ris(reference).split("\r\n")
    assert lines[-1] == "" and all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in lines[:-1])
    assert [line[:2] for line in lines].count("ER") == [line[:2] for line in lines].count("TY") == 1
    title = coins_title(reference)
    assert "\n" not in title
    assert {key.partition(".")[0] for key, _ in parse_qsl(title)} <= {"ctx_ver", "rft_val_fmt", "rft", "rft_id"}
    assert all("\n" not in value for _, value in highwire_tags(reference))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_field_ends_before_its_end(text: str) -> None:
    check(text)


@given(st.text(max_size=60))
def test_no_text_does(text: str) -> None:
    check(text)
