"""Papers by DOI in readers' libraries: the command line and the browser find the same, whichever program wrote a file.

The entries are in the forms of these programs, about papers that do not exist.
"""

from __future__ import annotations

import base64
import html
import io
import json
import random
import zipfile
from collections.abc import Mapping
from urllib.parse import unquote

import pytest

from hotpapers.base.model import Paper
from hotpapers.base.papers import doi, paper_servers
from hotpapers.base.papers.citations import format_bibtex, paper_citation
from hotpapers.publish.view import site_paths
from hotpapers.publish.view.citation_formats import format_ris
from hotpapers.wings.personal import stars
from tests.base.papers.test_doi import TRAPS
from tests.base.papers.test_find_papers import CERTAIN, UNCERTAIN
from tests.base.papers.test_one_key_per_work import NO_PAPERS, PAGES, WORDS_OF_PATHS
from tests.wings.personal.test_libraries import IN_FIELD, NODE, in_browser, in_node, in_python

BIO, MED, PSY = "10.1101/2024.01.02.573921", "10.1101/2024.01.02.24300123", "10.31234/osf.io/ab9c9"
SICI = "10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2"
ECOLOGY, LANCET = "10.1890/0012-9658(2006)87[1465:atfgof]2.0.co;2", "10.1016/s0140-6736(05)67889-x"
NATURE, CHAPTER = "10.1038/s41586-024-00001-1", "10.1007/978-3-319-24574-4_28"


def pieces(lines: str) -> list[str]:
    return lines.replace("\n", "|").split("|")


def ids_in_python(text: str) -> list[str]:
    return [id for id, *_ in in_python(text) or []]


def ids_in_browser(texts: list[str]) -> list[list[str]]:
    return [[unquote(id.replace("~", "%")) for id, *_ in papers or []] for papers in in_browser(list(texts))]


def assert_read(expected: Mapping[str, list[str]]) -> None:
    """Both readers find these papers in each text."""
    assert {text: ids_in_python(text) for text in expected} == expected
    assert dict(zip(expected, ids_in_browser(list(expected)), strict=True)) == expected


DOIS = {
    "10.1101/2024.01.02.573921": """10.1101/2024.01.02.573921|10.1101/2024.01.02.573921v1|doi:10.1101/2024.01.02.573921
https://doi.org/10.1101/2024.01.02.573921v2|https://www.biorxiv.org/content/10.1101/2024.01.02.573921v2.full
https://www.biorxiv.org/content/10.1101/2024.01.02.573921v1?ref=feed|http://dx.doi.org/10.1101%2F2024.01.02.573921""",
    "10.26434/chemrxiv-2024-3f6vk": """10.26434/chemrxiv-2024-3f6vk-v2|https://doi.org/10.26434/chemrxiv-2024-3f6vk/v3
https://chemrxiv.org/doi/full/10.26434/CHEMRXIV-2024-3F6VK""",
    "10.1016/s0140-6736(05)67889-x": """10.1016/S0140-6736(05)67889-X|DOI: 10.1016/s0140-6736(05)67889-x
https://doi.org/10.1016/S0140-6736%2805%2967889-X""",
    "10.31234/osf.io/ab9c9": "10.31234/OSF.IO/ab9c9_v2|https://doi.org/10.31234/osf.io/ab9c9",
    "10.1371/journal.pone.0999901": "10.1371/journal.pone.0999901.g001|(10.1371/journal.pone.0999901)",
    "10.1002/(sici)1097-0258(19980815/30)17:15/16<1661::aid-sim968>3.0.co;2-2":
        "10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2",
    "": "10.1000|10.1109|10 of them|https://doi.org/|Reply to 10.1000/182|10.1000/182 is wrong|10.1000/ 182",
}  # fmt: skip
"""Texts of fields, by the DOI of the work that each is about."""


@NODE
@pytest.mark.parametrize("form", IN_FIELD)
def test_a_doi_is_the_id_of_a_paper_that_is_not_on_arxiv(form: str) -> None:
    table, entry, other = IN_FIELD[form]
    written = html.escape if form in ("rdf", "endnote xml") else str
    expected = {
        entry.format(name=name, text=written(text), other=other, journal="Annals"): [doi]
        for doi, texts in DOIS.items()
        for text in pieces(texts)
        for name, role in table.items()
        if role in ("id", "link") and name not in (other, "about", "eprint")
    }
    assert_read(expected)


LINES = {
    "10.1101/2024.01.02.573921v2": ["10.1101/2024.01.02.573921"],
    "10.1000/182, https://doi.org/10.1000/183\thttps://arxiv.org/abs/2101.04869": [
        "10.1000/182", "10.1000/183", "2101.04869",
    ],
    "- Kettles and ovens. https://doi.org/10.1000/182.": ["10.1000/182"],
    "10.1000/182 | Kettles and ovens": ["10.1000/182"],
    "Kettles,10.1000/182,2024": ["10.1000/182"],
    f"Kettles\t{ECOLOGY.upper()}\t2006": [ECOLOGY],
    "Kettles and ovens. https://doi.org/10.1061/(asce)0733-9399(2001)127:8(765)": [
        "10.1061/(asce)0733-9399(2001)127:8(765)"
    ],
    '"Kettles, ovens","https://doi.org/10.1000/182",2024': ["10.1000/182"],
    "- [ ] [Kettles and ovens](https://doi.org/10.1000/182), read": ["10.1000/182"],
    f"[Kettles](https://doi.org/{LANCET})": [LANCET],
    "10.1000/182,10.1000/183;2101.04869": ["10.1000/182", "10.1000/183", "2101.04869"],
    f"{SICI}; {ECOLOGY}": [SICI, ECOLOGY],
    "“10.1000/182”\n(10.1000/183)\n[10.1000/184]\n`10.1000/185`\n1. <https://doi.org/10.1000/186>": [
        f"10.1000/{n}" for n in range(182, 187)
    ],
    f"{CHAPTER.replace('_', chr(92) + '_')}": [CHAPTER],
    "www.biorxiv.org/content/10.1101/2024.01.02.573921v1.full.pdf+html # read": [BIO],
    "https://doi.org/10.1000/182?utm_source=x\nhttps://doi.org/10.1000/183#s": ["10.1000/182", "10.1000/183"],
    "https://osf.io/preprints/psyarxiv/ab9c9_v2\nhttps://papers.ssrn.com/sol3/papers.cfm?abstract_id=4567890": [
        PSY, "10.2139/ssrn.4567890",
    ],
    "https://journals.plos.org/plosone/article?id=10.1371/journal.pone.0999901": ["10.1371/journal.pone.0999901"],
    "https://kettles.example/paper/10.31234/osf.io~2fab9c9/": [PSY],
    '<A HREF="https://x.example/read?a=b&amp;doi=10.1000%2F182" ADD_DATE="1">kettles</A>': ["10.1000/182"],
    f'<A HREF="https://www.nature.com/articles/{NATURE[8:]}">kettles</A>': [NATURE],
    "We liked https://doi.org/10.1000/9 very much\nComment on 10.1000/8 and 10.1000/7 in words\n10.1016/j.jmaa\n"
    "version 10.12/3 of kettles\nhttps://x.example/10.1101/2024.01.02": [],
    '<a href="https://www.biorxiv.org/content/10.1101/2024.01.02.573921v1.full">kettles</a>': [
        "10.1101/2024.01.02.573921"
    ],
    "We read 10.1000/182 and liked it\n2101.04869": ["2101.04869"],
    '{"title": "Kettles", "extra": "PMID: 1\\nDOI: 10.1000/182"}': ["10.1000/182"],
    '{"title": "Kettles", "DOI": "10.1000/182", "note": "arXiv:2101.04869"}': ["2101.04869"],
    '{"papers": [{"id": "10.1000/a~282~29", "title": "Kettles", "words": []}]}': ["10.1000/a(2)"],
    "PMID- 1\nTI  - Kettles\nLID - 10.1000/182 [doi]\n": ["10.1000/182"],
    "TY  - JOUR\nTI  - Kettles\nSP  - 10.1000/182\nER  - ": [""],
}  # fmt: skip
"""Files, and the papers in each."""


ARTICLE = "@article{{b,\n\ttitle = {{Kettles}},\n\tabstract = {{As in 10.1000/9}},\n\tISSN = {{1097-0258}},\n\t{}\n}}\n"
RIS = "TY  - JOUR\nTI  - Kettles\nN2  - As in 10.1000/9\nSN  - 1097-0258\n{}\nER  - \n"
PUBMED = "PMID- 38000001\nTI  - Kettles\nAB  - As in 10.1000/9\nUIN - Annals. 2024. doi: 10.1000/9.\n{}\n"
ENDNOTE = "%0 Journal Article\n%T Kettles\n%X As in 10.1000/9\n{}\n"
ENDNOTE_XML = "<xml><records><record><titles><title>Kettles</title></titles>{}</record></records></xml>"
RDF = "<rdf:RDF><bib:Article{}<dc:title>Kettles</dc:title></bib:Article></rdf:RDF>"
JOURNAL = (
    ' rdf:about="{}"><dcterms:isPartOf><bib:Journal><dc:identifier>{}</dc:identifier></bib:Journal></dcterms:isPartOf>'
)
CSL = '[{{"id": "http://zotero.org/users/1/items/AB", "title": "Kettles", "abstract": "As in 10.1000/9", {}}}]'
CUT_SICI = SICI.upper().partition("<")
IN_TEX = CUT_SICI[2].replace(">", "{\\textgreater}")
PAGE, EARLY = f"www.biorxiv.org/content/{BIO}v1", "biorxiv.org/content/early/2024/01/03/2024.01.02.573921"
ENTRIES = [
    # BibTeX: Zotero, Better BibTeX, Mendeley, JabRef, Crossref, servers, publishers, by hand
    (ARTICLE, f"doi = {{{BIO}}},\n\turl = {{https://{PAGE}}},\n\tnote = {{Pages: 2024.01\nSection: New Results}}", BIO),
    (ARTICLE, f"eprinttype = {{bioRxiv}}, eprint = {{2024.01.02.573921}}, doi = {{{BIO}}}", BIO),
    (ARTICLE, f"doi = {{{BIO}}}, eprint = {{https://www.{EARLY}.full.pdf}}", BIO),
    (ARTICLE, f"URL = {{https://www.{EARLY}}}, journal = {{bioRxiv}}", BIO),
    (ARTICLE, "url = {https://www.researchsquare.com/article/rs-1234567/v1}", "10.21203/rs.3.rs-1234567"),
    (ARTICLE, "url = {https://zenodo.org/records/1234567}", "10.5281/zenodo.1234567"),
    (ARTICLE, "howpublished = {\\url{https://doi.org/10.5281/zenodo.1234567}}", "10.5281/zenodo.1234567"),
    (ARTICLE, "doi = {10.26434/chemrxiv-2024-3f6vk-v3}, publisher = {ChemRxiv}", "10.26434/chemrxiv-2024-3f6vk"),
    (ARTICLE, f"url={{http://dx.doi.org/{CUT_SICI[0]}%3C{CUT_SICI[2].replace('>', '%3E')}}}", SICI),
    (ARTICLE, f"doi = {{{CUT_SICI[0]}$<${CUT_SICI[2].replace('>', '$>$')}}}", SICI),
    (ARTICLE, f"doi = {{{CUT_SICI[0]}{{\\textless}}{IN_TEX}}}", SICI),
    (ARTICLE, "doi = {10.1007/978-3-319-24574-4{\\_}28}", CHAPTER),
    (ARTICLE, 'doi = "10.1007/978-3-319-24574-4\\_28"', CHAPTER),
    (ARTICLE, "url = {https://link.springer.com/10.1007/978-3-319-24574-4%5F28}", CHAPTER),
    (ARTICLE, "doi = {\\href{https://doi.org/10.1000/182}{10.1000/182}}", "10.1000/182"),
    (ARTICLE, "note = {\\href{https://doi.org/10.1000/182}{doi:10.1000/182}}", "10.1000/182"),
    (ARTICLE, "note = {doi:10.1000/182}", "10.1000/182"),
    (ARTICLE, "doi = {https://doi.org/10.1000/182, 10.1000/182.}", "10.1000/182"),
    (ARTICLE, "doi = {10.1103/PhysRevD.103.012345}, eprint = {2101.04869}, archiveprefix = {arXiv}", "2101.04869"),
    (ARTICLE, f"doi = {{{NATURE}}}, note = {{Preprint: https://doi.org/{BIO}}}", NATURE),
    (ARTICLE, "doi = {10.1016/j.jmaa}, note = {Comment on https://doi.org/10.1000/9}", ""),
    (ARTICLE, "journal = {bioRxiv}, pages = {2024--01}, publisher = {Cold Spring Harbor Laboratory}", ""),
    ("@misc{{10.1093/bioinformatics/btab123,\n title = {{Kettles}}{}}}", "", "10.1093/bioinformatics/btab123"),
    # RIS: Zotero, Mendeley, servers, publishers
    (RIS, f"DO  - {BIO}\nSP  - 2024.01.02.573921\nUR  - http://{EARLY}.abstract", BIO),
    (RIS, "UR  - http://medrxiv.org/content/early/2024/01/03/2024.01.02.24300123.abstract", MED),
    (RIS, "DO  - 10.64898/2026.01.02.573921", "10.64898/2026.01.02.573921"),
    (RIS, f"N1  - PMID: 3\nDOI: {BIO}", BIO),
    (RIS, "N1  - https://doi.org/10.1002/anie.202400001", "10.1002/anie.202400001"),
    (RIS, "M3  - doi: 10.1177/0956797620000001", "10.1177/0956797620000001"),
    (RIS, "M3  - 10.1177/0956797620000001", "10.1177/0956797620000001"),
    (RIS, "N1  - Published as doi: 10.1000/9\nUR  - https://x.example/?q=kettles", ""),
    # PubMed
    (PUBMED, f"LID - 2024.01.02.573921 [pii]\nLID - {BIO} [doi]\nSO  - bioRxiv. 2024. doi: {BIO}.", BIO),
    (PUBMED, f"AID - {LANCET[8:]} [pii]\nAID - {LANCET.upper()} [doi]", LANCET),
    (PUBMED, f"AID - {SICI} [doi]", SICI),
    (PUBMED, "LID - 573921 [pii]", ""),
    # EndNote
    (ENDNOTE, f"%P 2024.01.02.573921\n%U https://{PAGE}.full\n%R {BIO}", BIO),
    (ENDNOTE, f"%U https://{PAGE}.full\n%R {NATURE}", NATURE),
    (ENDNOTE_XML, f"<electronic-resource-num>Doi {html.escape(SICI.title())}</electronic-resource-num>", SICI),
    (ENDNOTE_XML, "<electronic-resource-num>10.1000/182&#xD;10.1000/182</electronic-resource-num>", "10.1000/182"),
    (ENDNOTE_XML, "<urls><related-urls><url>https://psyarxiv.com/ab9c9/</url></related-urls></urls>", PSY),
    # Zotero's RDF and CSL JSON
    (RDF, JOURNAL.format("urn:x", f"DOI {html.escape(SICI)}"), SICI),
    (RDF, JOURNAL.format(f"https://{PAGE}", f"DOI {NATURE}"), NATURE),
    (RDF, f" rdf:about='urn:x'><dc:identifier>ISSN 1</dc:identifier><dc:description>DOI: {BIO}</dc:description>", BIO),
    (RDF, " rdf:about='urn:x'><dc:description>Review of DOI: 10.1000/9</dc:description>", ""),
    (CSL, f'"DOI": "{BIO}", "URL": "https://{PAGE}", "note": "Pages: 2024.01.02"', BIO),
    (CSL, '"note": "PMID: 3\\nDOI: 10.1000/182\\nsee DOI: 10.1000/9"', "10.1000/182"),
    (CSL, '"note": "Original DOI: 10.1000/9"', ""),
]  # fmt: skip
"""A program's form of an entry, what it says of the paper, and which it is."""


@NODE
def test_an_entry_of_any_program_is_its_own_paper() -> None:
    expected = {form.format(own): [paper] for form, own, paper in ENTRIES}
    assert_read(expected)


@NODE
def test_dois_in_lists_and_other_programs_files() -> None:
    assert_read(LINES)


BEFORE = """|doi:|DOI: |https://doi.org/|http://dx.doi.org/|doi:https://doi.org/|info:doi/|(doi:|<https://doi.org/|see
https://www.biorxiv.org/content/|https://link.springer.com/content/pdf/|https://x.example/a?doi=|[|{|"|- |Reply to |x
https://academic.oup.com/bioinformatics/article/37/1/1/6132123|https://pubmed.ncbi.nlm.nih.gov/?term=|ftp://x.example/
https://academic.oup.com/bioinformatics/advance-article/doi/|https://sci-hub.se/
https://web.archive.org/web/2024/https://doi.org/|https://t.example/?u=https://doi.org/|x:|=|https://x.example/10.1000/a1/
https://prereview.org/preprints/doi-|https://t.example/article-pdf/doi/|https://t.example/?a=10.1000/a1&b="""
AFTER = """|.|,|;|)|]|}|>|"|/| [doi]| [pii]|[doi]|?a=b|#x|&a=b|.full|.full.pdf|/full|/pdf|/abstract|.html|/6132123
 is wrong| (2024)|...|…|.)|%|%2|%zz|`|*|_|-|~|α|à| 10.1000/182|؟|،|।|։|»|—|。|ß|Ж|٣|½|\u200b|\u200bv1
PMID: 1|.PMID:1|(2010)|(2010).|/10.1000/183|doi:10.1000/183
https://doi.org/10.1000/183|/12345/tea_1.pdf"""
SUFFIXES = """182|2024.01.02.573921v2|2024.01.02|573921v1|s0140-6736(05)67889-x|s0140-6736(05|osf.io/ab9c9_v2|j.jmaa|abc
chemrxiv-2024-3f6vk/v3|journal.pone.0999901.g001|rs.3.rs-1234567/v1|zenodo.1234567|978-3-319-24574-4\\_28|a1=b|a1&b|a1&12_3
a1;2|a1,2|a1[2]|a1<b>|a1%20b|a1%2fb|a1%3c2%3e3.0.co|a1é|a1#x|a1(b(c)d)e|a1((b))|a1|b|12/34|1//2|1:
elife.12345.1|ab12cd.2
12688/f1000research.12345.2|techrxiv.170000000.12345678/v1|peerj.preprints.123v1|.hidden1|con.1|http://x/1
a\u200b1|a\u00ad12|a‐1|x\uff11|tea/10.1000/5|1520-0442(2000)"""
REGISTRANTS = pieces("1000|1101|64898|26434|31234|1371|21203|5281|1002|7554|32388|36227|12688|48550|100|0123|1000.1")
ADDRESSES = """https://osf.io/preprints/psyarxiv/ab9c9|https://osf.io/ab9c9|osf.io/preprints/lissa/ab9c9_v1
https://psyarxiv.com/ab9c9/
https://www.biorxiv.org/content/early/2024/01/03/2024.01.02.573921.full.pdf
https://biorxiv.org/content/2025.10.02.573921v1
https://www.biorxiv.org/content/2026.01.02.573921v1
http://medrxiv.org/cgi/content/short/2024.01.02.24300123|https://x.org/osf.io/ab9c9
https://ssrn.com/abstract=4567890|https://www.nature.com/articles/s41586-024-00001-1|https://elifesciences.org/articles/98765v2
https://engrxiv.org/preprint/view/3254|https://www.preprints.org/manuscript/202401.0001/v1|https://pubmed.ncbi.nlm.nih.gov/31804775
https://chemrxiv.org/engage/chemrxiv/article-details/65a1b2c3e9ebbb4db9a1b2c3|https://x.figshare.com/articles/preprint/a/12345
https://sandbox.zenodo.org/records/1234567|https://zenodo.org/record/1234567"""

OF_TEXTS = [*NO_PAPERS, *WORDS_OF_PATHS.split(), *(text for text, _ in TRAPS), *(text for text, *_ in CERTAIN)]
OF_TEXTS += [*(text for text, _ in UNCERTAIN), *(page for page, _ in PAGES)]
"""Those by which the search for papers in texts is tested."""


@NODE
def test_the_same_dois_and_addresses_are_found_in_both_languages() -> None:
    draw = random.Random(1)
    texts = [
        f"{draw.choice(pieces(BEFORE))}10.{draw.choice(REGISTRANTS)}/{draw.choice(pieces(SUFFIXES))}"
        f"{draw.choice(pieces(AFTER))}"
        for _ in range(8_000)
    ]
    texts = [*pieces(ADDRESSES), *(text for text in texts if "48550" not in text)]
    of_texts = [text for text in OF_TEXTS if "[.]" not in text and "arxiv." not in text.lower()]
    texts += [before + text for text in of_texts for before in ("", "https://t.example/?u=", "https://t.example/tea/")]
    in_scripts = in_node("(text) => paperIds.doiIn(text)", texts)
    expected = {text: site_paths.paper_id(key) if (key := stars.doi_key(text)) else "" for text in texts}
    assert sum(map(bool, expected.values())) > 1_000
    assert dict(zip(texts, in_scripts, strict=True)) == expected


@NODE
@pytest.mark.parametrize("published", ["", "10.1000/182"])
@pytest.mark.parametrize("own", [BIO, PSY, SICI, "10.1000/a&12_3"])
def test_the_sites_citation_of_a_preprint_is_the_preprints(own: str, published: str) -> None:
    citation = paper_citation(Paper(paper=f"doi:{own}", title="Kettles", doi=published, observed_at=0))
    assert citation
    texts = [format_bibtex(citation), format_ris(citation)]
    assert [ids_in_python(text) for text in texts] == ids_in_browser(texts) == [[own], [own]]
    assert "arxiv" not in texts[0].lower() or own == PSY


STARS = [
    BIO, LANCET, SICI, ECOLOGY, CHAPTER, PSY, "10.1000/a&12_3", "10.1000/a+b1",
    "10.1061/(asce)0733-9399(2001)127:8(765)",
    "10.1000/con.1", "10.1000/a__b--1", "10.1000/.hidden1", "10.1000/1//2", "10.1000/x1(2)", "10.32388/abcdef",
    "2101.04869", "hep-th/9901001",
]  # fmt: skip
WRITE = """(id) => {
  const paper = { id, title: "Kettles", authors: ["Ada Li"], words: [], sentence: "", at: "2026-11-20" };
  return Object.values(libraryExports.FORMS).map((write) => write([paper], {}));
}"""

ZIP = """async (papers) =>
  Buffer.from(await libraryExports.notes(JSON.parse(papers)).arrayBuffer()).toString("base64")"""


@NODE
def test_exported_stars_come_back() -> None:
    assert all(doi.is_doi(star) for star in STARS if star.startswith("10."))
    written = in_node(WRITE, [site_paths.paper_id(paper_servers.key_of(star)) for star in STARS])
    texts = [text for forms in written for text in forms]
    expected = [[star] for star in STARS for _ in written[0]]
    assert [ids_in_python(text) for text in texts] == expected
    assert ids_in_browser(texts) == expected


@NODE
def test_exported_notes_have_plain_names_and_come_back() -> None:
    names = [site_paths.paper_id(paper_servers.key_of(star)) for star in STARS]
    papers = [{"id": name, "title": "Kettles", "authors": ["Ada Li"], "at": "2026-11-20"} for name in names]
    [archive] = in_node(ZIP, [json.dumps(papers)])
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(archive))) as notes:
        assert not [name for name in notes.namelist() if "~" in name or "/" in name]
        texts = [notes.read(name).decode() for name in notes.namelist()]
    assert [ids_in_python(text) for text in texts] == [[star] for star in STARS] == ids_in_browser(texts)


@NODE
def test_a_line_may_have_any_number_of_dois() -> None:
    [read] = in_node("(text) => paperLibrary.read(text.repeat(200_000)).papers.length", ["10.1000/1 "])
    assert read == 1
