"""Reading what a reader starred, from every format that people have it in."""

from __future__ import annotations

import pytest

from hotpapers.base.errors import InputError
from hotpapers.wings.personal.stars import ReaderChoices, StarredPaper, key_in, read_choices

BIBTEX = r"""@article{kettle2021,
  title = {Steam in {Kettles}: a Survey},
  author = {Brewster, Ada},
  eprint = {2101.04869},
  archivePrefix = {arXiv},
  abstract = {We boil water, after arXiv:1901.00001.}
}
@misc{tea, title = "On tea leaves", url = "https://arxiv.org/abs/hep-th/9901001v2"}
@book{old,
  title={A Book of {\"O}fens},
  year={1999}}
"""
RIS = """TY  - JOUR
TI  - Steam in kettles
AB  - We boil water.
UR  - https://arxiv.org/abs/2101.04869
ER  -
TY  - BOOK
T1  - Ovens of the world
ER  -
"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <bib:Article rdf:about="http://arxiv.org/abs/2101.04869">
        <dc:title>Steam &amp; kettles</dc:title>
        <dcterms:abstract>We boil water.</dcterms:abstract>
    </bib:Article>
    <bib:Document rdf:about="#item_7"><dc:title>Ovens</dc:title></bib:Document>
</rdf:RDF>"""
LISTING = r"""------------------------------------------------------------------------------
\\
arXiv:2101.04869
Date: Tue, 12 Jan 2021 18:59:59 GMT   (99kb)

Title: Steam in
  kettles
Authors: Ada Brewster
Categories: cs.LG
\\
  We boil water in
kettles.
\\ ( https://arxiv.org/abs/2101.04869 ,  99kb)
------------------------------------------------------------------------------
\\
arXiv:2101.04870
Title: Ovens
\\
"""
LIST = """# my papers
2101.04869  # the survey
arxiv:hep-th/9901001,
https://arxiv.org/pdf/2101.04870v3.pdf
author: Ada Brewster
Word: heat transfer
not a paper
"""
JSON = b"""{"papers": [{"id": "2101.04869", "title": "Steam"}, "2101.04870", {"id": "", "title": "Ovens"}, {"id": "x"}],
"authors": ["Ada Brewster"], "words": ["lattice"], "seen": []}"""
PAPER, OLD, OTHER = "arxiv:2101.04869", "arxiv:hep-th/9901001", "arxiv:2101.04870"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BIBTEX, [
            (PAPER, "Steam in Kettles: a Survey", "We boil water, after arXiv:1901.00001."),
            (OLD, "On tea leaves", ""), ("", "A Book of Öfens", ""),
        ]),
        (RIS, [(PAPER, "Steam in kettles", "We boil water."), ("", "Ovens of the world", "")]),
        (RDF, [(PAPER, "Steam & kettles", "We boil water."), ("", "Ovens", "")]),
        (LISTING, [(PAPER, "Steam in kettles", "We boil water in kettles."), (OTHER, "Ovens", "")]),
        (LIST, [(PAPER, "", ""), (OLD, "", ""), (OTHER, "", "")]),
        (JSON.decode(), [(PAPER, "Steam", ""), (OTHER, "", ""), ("", "Ovens", "")]),
    ],
    ids=["bibtex", "ris", "rdf", "listing", "list", "json"],
)  # fmt: skip
def test_papers_are_read(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert read_choices(text.encode()).starred == tuple(StarredPaper(*row) for row in expected)


def test_followed_authors_and_words_are_read() -> None:
    choices = read_choices(LIST.encode())
    assert (choices.authors, choices.words) == (("Ada Brewster",), ("heat transfer",))
    assert (read_choices(JSON).authors, read_choices(JSON).words) == (("Ada Brewster",), ("lattice",))
    assert read_choices(b"author: Ada Brewster") == ReaderChoices(authors=("Ada Brewster",))


def test_a_paper_counts_once() -> None:
    assert len(read_choices(b"2101.04869\nhttps://arxiv.org/abs/2101.04869v2\n2101.04869v1").starred) == 1


@pytest.mark.parametrize("data", [b"", b"no paper here", b"{}", b"[]", b'{"papers": 7}', b"\xff\xfe\x00", b"@misc{x}"])
def test_a_file_without_papers_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"mine\.txt: names no paper; write one id or DOI a line"):
        read_choices(data, "mine.txt")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("https://papers.example/paper/2405.00001/", "arxiv:2405.00001"), ("10.1234/abc", "doi:10.1234/abc"),
        ("https://papers.example/a/paper/10.1016/s0140-6736~2805~2967889-x/", "doi:10.1016/s0140-6736(05)67889-x"),
        ("doi: 10.1101/2024.01.02.573921", "doi:10.1101/2024.01.02.573921"), ("a kettle", ""),
    ],
)  # fmt: skip
def test_a_single_star_may_be_an_address_on_a_site(text: str, key: str) -> None:
    assert key_in(text) == key
