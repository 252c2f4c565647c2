"""Authors in files of reference managers: read as people write their names, and written alike by both programs."""

from __future__ import annotations

import re

import pytest

from hotpapers.base.text import bibtex_fields
from tests.base.papers.test_person_names import GROUPS
from tests.wings.personal.test_libraries import NODE, in_node, in_python

NAMES_READ = {
    "TY  - JOUR\nTI  - K\nAU  - World Kettle Organization,\nAU  - Teaov, IV\nAU  - Cup, Ada, III\nER  - \n": [
        "World Kettle Organization", "IV Teaov", "Ada Cup III",
    ],
    "PMID- 1\nTI  - K\nFAU - Moth, Ludwig van Jr\nFAU - Cup, Ada 3rd\nFAU - Oz\n": [
        "Ludwig van Moth Jr", "Ada Cup 3rd", "Oz",
    ],
    "@misc{k,\n title={K},\n author={Moth, Ada and {Tea Team} and others}}": ["Ada Moth", "Tea Team", "et al."],
    "TY  - JOUR\nTI  - K\nAU  - Moth, Ada PhD, MD\nAU  - et al\nER  - \n": ["Ada Moth PhD MD", "et al."],
    "@misc{k,\n title={K},\n author={Moth, Ada Jr. and Cup, Ben, Jr. and Oz, III, Cy and {Tea, Inc.}}}": [
        "Ada Moth Jr.", "Ben Cup Jr.", "Cy Oz III", "Tea, Inc.",
    ],
    '[{"title": "K", "type": "article", "author": [{"family": "Moth", "given": "Ada Jr."}, {"literal": "others"}]}]': [
        "Ada Moth Jr.", "et al.",
    ],
}  # fmt: skip
"""Files, and the names of their authors."""


@NODE
def test_names_are_read_as_people_write_them() -> None:
    assert [papers[0][1] for papers in in_node("readWhole", list(NAMES_READ))] == list(NAMES_READ.values())


@NODE
def test_names_are_written_alike_in_the_browser() -> None:
    names = ["Ada, B., Li, C.", "Ada Li Ph. D.", "Ada Li Jr., M.D.", "Moth, Ada", "The Tea Team", "Ada Li"]
    written = [re.search(r"author = \{(.*)\},\n", entry)[1] for entry in in_node("writeAuthor", names)]  # type: ignore[index]
    assert written == [bibtex_fields.format_names([name]) for name in names]
    [others] = in_node("exported", ["@misc{k,\n title={K},\n author={Moth, Ada and others}}"])
    assert "author = {Ada Moth and others}" in others


AUTHORS = [
    *GROUPS, "Tansy Overquill", "Ludwig van Moth Jr.", "Tansy Overquill, M.D.", "Ada Li MD",
    "Ada Brewster (Tea Institute)", "Ada Brewster for the Kettle Team", "(for the Oven Team)", "Wei Ai", "T. Lab",
    "Ai Wei", "Ada (Addie) Li", "Jan And Li", "Γιώργος Παπαδόπουλος", "Overquill, Sr.",
    "Overquill and Sons", "Moth & Li", "Tansy Overquill MD PhD", "Ludwig van Moth Jr., M.D.", "Ada Li III PhD",
]  # fmt: skip


@NODE
def test_authors_are_written_alike_in_bibtex() -> None:
    written = in_node("writeAuthor", AUTHORS)
    values = [entry.partition("author = {")[2].partition("},\n")[0] for entry in written]
    assert values == [bibtex_fields.format_names([name]) for name in AUTHORS]


WITH_AUTHORS = {
    "bibtex": r"""@article{a, doi={10.1038/s41586-020-2649-2}, title={\"Uber na\"{\i}ve {\o}re in K{\^o}ln},
        author={Overquill, Tansy and Moth, Jr., Ludwig van and {Kettle and Oven Team} and Wen Oakenshaw and others},
        year = 2020}""",
    "ris": "TY  - JOUR\nTI  - Über naïve øre in Kôln\nAU  - Overquill, Tansy\nAU  - Moth, Ludwig van, Jr.\n"
    "A1  - Kettle and Oven Team\nAU  - Wen Oakenshaw\nPY  - 2020/05/01\nDO  - 10.1038/s41586-020-2649-2\nER  - ",
    "endnote": "%0 Journal Article\n%T Über naïve øre in Kôln\n%A Overquill, Tansy\n%A Moth, Ludwig van, Jr.\n"
    "%A Kettle and Oven Team\n%A Wen Oakenshaw\n%D 2020\n%R 10.1038/s41586-020-2649-2\n",
    "endnote xml": "<xml><records><record><titles><title>Über naïve øre in Kôln</title></titles><contributors><authors>"
    "<author>Overquill, Tansy</author><author>Moth, Ludwig van, Jr.</author><author>Kettle and Oven Team</author>"
    "<author>Wen Oakenshaw</author></authors></contributors><dates><year>2020</year></dates>"
    "<electronic-resource-num>10.1038/s41586-020-2649-2</electronic-resource-num></record></records></xml>",
    "rdf": "<rdf:RDF><bib:Article><dc:title>Über naïve øre in Kôln</dc:title><bib:authors><rdf:Seq>"
    "<rdf:li><foaf:Person><foaf:surname>Overquill</foaf:surname><foaf:givenName>Tansy</foaf:givenName></foaf:Person>"
    "</rdf:li><rdf:li><foaf:Person><foaf:surname>van Moth Jr.</foaf:surname><foaf:givenName>Ludwig</foaf:givenName>"
    "</foaf:Person></rdf:li><rdf:li><foaf:Person><foaf:surname>Kettle and Oven Team</foaf:surname></foaf:Person>"
    "</rdf:li><rdf:li><foaf:Person><foaf:surname>Oakenshaw</foaf:surname><foaf:givenName>Wen</foaf:givenName>"
    "</foaf:Person></rdf:li></rdf:Seq></bib:authors><dc:date>May 1, 2020</dc:date>"
    "<dc:identifier>DOI 10.1038/s41586-020-2649-2</dc:identifier></bib:Article></rdf:RDF>",
    "csl": '[{"title": "Über naïve øre in Kôln", "DOI": "10.1038/s41586-020-2649-2",'
    ' "issued": {"date-parts": [[2020, 5]]},'
    ' "author": [{"family": "Overquill", "given": "Tansy"}, {"family": "van Moth", "given": "Ludwig", "suffix": "Jr."},'
    ' {"literal": "Kettle and Oven Team"}, {"family": "Oakenshaw", "given": "Wen"}]}]',
    "zotero": '[{"title": "Über naïve øre in Kôln", "DOI": "10.1038/s41586-020-2649-2", "date": "2020-05-01",'
    ' "creators": [{"lastName": "Overquill", "firstName": "Tansy"},'
    ' {"lastName": "van Moth Jr.", "firstName": "Ludwig"},'
    ' {"name": "Kettle and Oven Team"}, {"lastName": "Oakenshaw", "firstName": "Wen"}]}]',
}  # fmt: skip


@NODE
@pytest.mark.parametrize("format", WITH_AUTHORS)
def test_a_library_keeps_authors_years_and_letters(format: str) -> None:
    """What is exported again is what was read."""
    names = ["Tansy Overquill", "Ludwig van Moth Jr.", "Kettle and Oven Team", "Wen Oakenshaw"]
    more = ["et al."] if format == "bibtex" else []
    expected = [["Über naïve øre in Kôln", [*names, *more], "2020"]]
    [written] = in_node("exported", [WITH_AUTHORS[format]])
    assert in_node("readWhole", [WITH_AUTHORS[format], written]) == [expected, expected]
    assert in_python(WITH_AUTHORS[format]) == [["10.1038/s41586-020-2649-2", "Über naïve øre in Kôln", ""]]


NAMES_IN = {
    "@misc{k, title={T}, author={given={Ada}, prefix={van}, family={Moth} and family=Li, given=Na}}": [
        "Ada van Moth", "Na Li",
    ],
    "@misc{k, title={T}, author={Ada {Tea and Oven Team} and {Kettle, Inc.}}}": [
        "Ada Tea and Oven Team", "Kettle, Inc.",
    ],
    "TY  - JOUR\nTI  - T\nAU  - Institute of Tea, Kettle Dept., Oxford, UK\nAU  - Kettle, Oven and Toast Team\n"
    "AU  - Moth, L., III\nAU  - Collaboration, Belle\nER  - ": [
        "Institute of Tea, Kettle Dept., Oxford, UK", "Kettle, Oven and Toast Team", "L. Moth III",
        "Collaboration, Belle",
    ],
    "PMID- 1\nTI  - T\nFAU - Brewster, Ada\nAU  - Brewster A\nCN  - Oven Team\n": ["Ada Brewster", "Oven Team"],
    '[{"title": "T", "author": [{"family": "Moth", "given": "Ada", "non-dropping-particle": "van"}, 7, null, {}]}]': [
        "Ada van Moth",
    ],
    '[{"title": "T", "creators": [{"lastName": "Li", "firstName": "Na", "creatorType": "author"},'
    ' {"lastName": "Moth", "firstName": "Ada", "creatorType": "editor"}]}]': ["Na Li"],
    "<xml><records><record><contributors><authors><author>Li, Na</author></authors><secondary-authors>"
    "<author>Moth, Ada</author></secondary-authors></contributors><titles><title>T</title></titles></record></records>"
    "</xml>": ["Na Li"],
}  # fmt: skip


@NODE
def test_names_in_libraries_are_those_of_authors() -> None:
    assert [papers[0][1] for papers in in_node("readWhole", list(NAMES_IN))] == list(NAMES_IN.values())
