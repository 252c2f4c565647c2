"""One work, one key: whichever version, part, page or form of an address a text has. Kinds, each from a table."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hotpapers.base.errors import NotAnArxivId
from hotpapers.base.papers import paper_servers
from hotpapers.base.papers.mentions.server_mentions import find_papers, parse_paper
from hotpapers.base.text.unescaping import decode_escapes
from tests.base.papers.test_doi import sampled
from tests.base.papers.test_find_papers import CERTAIN, UNCERTAIN

VERSIONS = {
    r"10\.(22541/au|22541/essoar|36227/techrxiv|31124/advance)\.1[67]\d{7}\.\d{8}": "/v{}",
    r"10\.1002/essoar\.105\d{5}": ".{}",
    r"10\.12688/(f1000research|wellcomeopenres|openreseurope|gatesopenres)\.1\d{4}": ".{}",
    r"10\.(36227/techrxiv|6084/m9\.figshare|25384/sage|31124/advance)\.[1-9]\d{7}": ".v{}",
    r"10\.33774/(coe|apsa)-20[12]\d-[a-z0-9]{5}": "-v{}",
    r"10\.7287/peerj\.preprints\.[1-9]\d{3}": "v{}",
    r"10\.(32388/[a-z0-9]{6}|7554/elife\.\d{5})": ".{}",
    r"10\.(31237|34055|31220|33767)/osf\.io/[a-z2-9]{5}": "_v{}",
    r"10\.21203/rs\.(3\.rs-[1-9]\d{5}|2\.[1-9]\d{4}|3\.pex-[1-9]\d{3})": "/v{}",
    r"10\.20944/preprints20[12]\d(0[1-9]|1[0-2])\.\d{4}": ".v{}",
    r"10\.26434/chemrxiv-20[12]\d-[a-z0-9]{5}": "-v{}",
    r"10\.26434/chemrxiv\.[1-9]\d{6}": ".v{}",
    r"10\.26434/chemrxiv\.[1-9]\d{7}": "/v{}",
}
"""Patterns of the DOIs of works, and how they name a version."""
PARTS = {
    r"10\.1371/journal\.p(one|bio|med|dig)\.\d{7}": [".g001", ".s002", ".t003", ".r004", ".e005"],
    r"10\.7717/peerj(-cs)?\.[1-9]\d{2,4}": ["/fig-1", "/table-2", "/supp-3"],
    r"10\.7554/elife\.\d{5}": [".sa1", ".001", ".2.sa0", ".fig1"],
    r"10\.3389/f(psyg|immu)\.20[12]\d\.\d{5}": [".s001"],
    r"10\.1021/(acs\.jcim|jacs|acs\.nanolett)\.\d[a-c]\d{5}": [".s001"],
    r"10\.1073/pnas\.20\d{8}": ["/-/DCSupplemental"],
}
"""Patterns of the DOIs of articles, and how those of their parts go on."""
AROUND = ("{}", "({}).", "https://doi.org/{}", "doi:{}.", "[p](https://www.example.org/doi/full/{})", "see {}, too")


def keys_in(text: str) -> list[str]:
    return [paper.key for paper in find_papers(text)]


def dois_like(patterns: dict[str, object]) -> st.SearchStrategy[tuple[str, str]]:
    """A DOI, and the pattern of which it is."""
    return st.sampled_from(sorted(patterns)).flatmap(
        lambda pattern: st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True).map(lambda doi: (doi, pattern))
    )


@given(dois_like({**VERSIONS}), st.integers(1, 30), st.sampled_from(AROUND))
def test_versions_are_names_of_their_work(work: tuple[str, str], version: int, around: str) -> None:
    doi, form = work[0], VERSIONS[work[1]]
    [paper] = find_papers(around.format(doi + form.format(version)))
    assert (paper.key, paper.version) == (f"doi:{doi}", version)
    assert keys_in(around.format(doi)) == [paper.key]
    is_other = paper_servers.server_of(paper.key).name == "doi"  # then keys in older stores name versions
    assert paper_servers.is_paper_key(paper.key)
    assert paper_servers.is_paper_key(paper.key + form.format(version)) == is_other
    names = (*paper_servers.registered_dois(paper.key), *paper_servers.paper_links(paper.key, version)[:1])
    assert {key for name in names for key in keys_in(name)} == {paper.key}


@given(dois_like({**PARTS}), st.data(), st.sampled_from(AROUND))
def test_parts_are_not_papers_of_their_own(article: tuple[str, str], data: st.DataObject, around: str) -> None:
    part = data.draw(st.sampled_from(PARTS[article[1]]))
    assert keys_in(around.format(article[0] + part)) == [f"doi:{article[0]}"]


# ---- pages whose addresses name no DOI -------------------------------------------------------------------------

OLD_ARTICLES = """nn.4504 nm.4439 ng.3834 ni.1863 nrn.2017.4 nbt.3816 onc.2017.1 mp.2017.120 tp.2016.275 bjc.2017.1
cr.2017.15 npjgenmed.2017.3 micronano.2016.33"""
"""Nature's, with the short names of its journals."""
PAGES = [
    ("https://www.nature.com/articles/s41586-021-03819-2.pdf", "10.1038/s41586-021-03819-2"),
    ("https://www.nature.com/articles/s41586-021-03819-2/figures/1?x=1#Sec2", "10.1038/s41586-021-03819-2"),
    ("https://www.nature.com/articles/nature14539", "10.1038/nature14539"),
    ("https://www.nature.com/articles/nmeth.3456", "10.1038/nmeth.3456"),
    ("https://www.nature.com/articles/35057062", "10.1038/35057062"),
    ("https://www.nature.com/articles/171737a0", "10.1038/171737a0"),
    ("https://elifesciences.org/articles/12345/figures", "10.7554/elife.12345"),
    ("https://elifesciences.org/content/4/e04395", "10.7554/elife.04395"),
    ("https://elifesciences.org/reviewed-preprints/86012v2/reviews", "10.7554/elife.86012"),
    ("https://peerj.com/preprints/26968v1.pdf", "10.7287/peerj.preprints.26968"),
    ("https://www.qeios.com/read/ABC123.2", "10.32388/abc123"),
    ("https://preprints.jmir.org/preprint/12345/accepted", "10.2196/preprints.12345"),
    ("https://preprints.scielo.org/index.php/scielo/preprint/view/1234/version/1300", "10.1590/scielopreprints.1234"),
    ("https://jxiv.jst.go.jp/index.php/jxiv/preprint/download/1041/2898", "10.51094/jxiv.1041"),
    ("https://engrxiv.org/preprint/download/2172/4288/3228", "10.31224/2172"),
    ("https://www.techrxiv.org/articles/preprint/A_Title/12345678/2", "10.36227/techrxiv.12345678"),
    ("https://figshare.com/articles/preprint/A_Title/12345678", "10.6084/m9.figshare.12345678"),
    ("https://edarxiv.org/preprints/wc6r7/download?format=pdf", "10.35542/osf.io/wc6r7"),
    ("https://osf.io/preprints/thesiscommons/wc6r7_v1", "10.31237/osf.io/wc6r7"),
    ("https://www.researchsquare.com/article/rs.3.rs-558954/v1", "10.21203/rs.3.rs-558954"),
    ("https://papers.ssrn.com/sol3/Delivery.cfm/SSRN_ID2999999_code1.pdf?abstractid=1968579", "10.2139/ssrn.1968579"),
    ("https://prereview.org/preprints/doi-10.31219-osf.io-kett2/write-a-prereview", "10.31219/osf.io/kett2"),
    ("https://img.shields.io/badge/DOI-10.1007%2F978--3--030--58452--8__13-blue.svg", "10.1007/978-3-030-58452-8_13"),
    ("https://ssrn.com/abstract=%201968579", "10.2139/ssrn.1968579"),
    ("https://papers.ssrn.com/sol3/papers.cfm?abstract_id=%201968579", "10.2139/ssrn.1968579"),
    ("https://www.nature.com/articles/sj.bdj.2017.123", "10.1038/sj.bdj.2017.123"),
    *((f"https://www.nature.com/articles/{article}", f"10.1038/{article}") for article in OLD_ARTICLES.split()),
    *(
        (address.format(title), doi)
        for title in (
            "Caf%C3%A9_au_Lait",
            "Über_Tee",
            "Über_Te%C3%A9",
            "α-Tea",
            "%CE%B1-Tea",
            "A_(b)_Tea",
            "Tea%2C_Time",
        )
        for address, doi in {
            "https://chemrxiv.org/articles/preprint/{}/11938173/1": "10.26434/chemrxiv.11938173",
            "https://chemrxiv.org/articles/{}/11938173": "10.26434/chemrxiv.11938173",
            "https://www.techrxiv.org/articles/preprint/{}/12345678/2": "10.36227/techrxiv.12345678",
            "https://figshare.com/articles/preprint/{}/12345678": "10.6084/m9.figshare.12345678",
        }.items()
    ),
]
NO_PAPERS = [
    "https://www.nature.com/articles/6600001", "https://www.nature.com/articles/", "https://nature.com/subjects/cancer",
    "https://www.signature.com/articles/s41586-021-03819-2", "https://engrxiv.org/preprint/view/123",
    "https://sage.figshare.com/articles/preprint/A/12345678", "https://figshare.com/articles/dataset/A/12345678",
    "https://sandbox.zenodo.org/records/1234567", "https://osf.io/about", "https://osf.io/login",
    "https://papers.ssrn.com/sol3/Delivery.cfm/SSRN_ID2999999_code1.pdf", "https://prereview.org/reviews/7654321",
    "https://ecoevorxiv.org/repository/view/5216/", "https://www.techrxiv.org/users/1/articles/1234567-a-title",
    "https://elifesciences.org/inside-elife/12345", "https://www.qeios.com/read/definition/12345",
]  # fmt: skip


# ---- pages of the same institution that are no papers ---------------------------------------------------------------

ONLY_ON_THE_SITE_ITSELF = [
    ("osf.io", "kett2"), ("osf.io", "download/kett2"),
    ("psyarxiv.com", "kett2"), ("edarxiv.org", "preprints/kett2"), ("doi.org", "gghxz4"), ("doi.org", "10/gghxz4"),
    ("zenodo.org", "records/4028830"), ("nature.com", "articles/nature14539"),
    ("peerj.com", "preprints/26968"),
    ("figshare.com", "articles/preprint/Tea/12345678"), ("qeios.com", "read/ABC123"),
]  # fmt: skip
"""Hosts, and paths that are papers there."""
SUBDOMAINS = ("blog", "support", "help", "jobs", "api", "sandbox", "staging", "news.tea", "status-1")
OTHERS_OF_NIH = """directorsblog.nih.gov nihrecord.nih.gov www.nih.gov grants.nih.gov www.ncbi.nlm.nih.gov irp.nih.gov
pmc.ncbi.nlm.nih.gov www.nlm.nih.gov covid19.nih.gov ncbi.nlm.nih.gov nih.gov pubchem.ncbi.nlm.nih.gov nlm.nih.gov"""
WORDS_OF_PATHS = """osf.io/share osf.io/terms osf.io/users osf.io/press osf.io/share/tea
psyarxiv.com/share psyarxiv.com/about psyarxiv.com/login edarxiv.org/terms osf.io/preprints/psyarxiv/about
osf.io/meetings/tea25 osf.io/institutions/xyz25
osf.io/user/merge doi.org/about doi.org/help doi.org/login doi.org/contact www.doi.org/faq dx.doi.org/news
pubmed.ncbi.nlm.nih.gov/advanced pubmed.ncbi.nlm.nih.gov/?term=2020 www.ncbi.nlm.nih.gov/pubmed/?term=2020
www.ncbi.nlm.nih.gov/pmc/?term=31804775 europepmc.org/article/ppr/123456 europepmc.org/article/agr/123456
europepmc.org/articles/2020 hal.science/search/index hal.tea-university.fr/page/tea-2020 hal.tea.com/hal-04012345
shal.science/hal-04012345 hal.science/hal-0401234 nature.com/articles/tea nature.com/articles/n.4504"""


@pytest.mark.parametrize(("host", "path"), ONLY_ON_THE_SITE_ITSELF)
def test_a_path_of_another_subdomain_is_no_paper(host: str, path: str) -> None:
    [paper] = find_papers(f"https://{host}/{path}")
    for www in ("www.", "WWW."):
        [again] = find_papers(f"http://{www}{host}/{path}")
        assert again.candidates == paper.candidates
    for subdomain in SUBDOMAINS:
        assert find_papers(f"https://{subdomain}.{host}/{path}") == []


@pytest.mark.parametrize("host", OTHERS_OF_NIH.split())
@pytest.mark.parametrize("path", ["2020", "2023/01/20/tea", "1234", "31804775/"])
def test_a_number_on_another_page_of_nih_is_no_paper(host: str, path: str) -> None:
    assert find_papers(f"https://{host}/{path}") == []


@pytest.mark.parametrize("page", WORDS_OF_PATHS.split())
def test_a_word_or_number_of_a_sites_own_path_is_no_paper(page: str) -> None:
    assert find_papers(f"https://{page}") == find_papers(f"https://{page}/ and") == []


NUMBERS_OF_INDEXES = {
    "pmid:31804775": """pubmed.ncbi.nlm.nih.gov/31804775 pubmed.gov/31804775 www.ncbi.nlm.nih.gov/pubmed/31804775
    ncbi.nlm.nih.gov/pubmed/31804775/ www.ncbi.nlm.nih.gov/m/pubmed/31804775 europepmc.org/abstract/MED/31804775
    www.ncbi.nlm.nih.gov/pubmed/?term=31804775 www.ncbi.nlm.nih.gov/pubmed?term=31804775
    pubmed.ncbi.nlm.nih.gov/?term=31804775 www.ncbi.nlm.nih.gov/pmc/articles/pmid/31804775/
    pmc.ncbi.nlm.nih.gov/articles/pmid/31804775 europepmc.org/article/med/31804775""",
    "pmcid:pmc7489890": """www.ncbi.nlm.nih.gov/pmc/articles/PMC7489890 pmc.ncbi.nlm.nih.gov/articles/PMC7489890/pdf/tea
    www.ncbi.nlm.nih.gov/labs/pmc/articles/PMC7489890 europepmc.org/article/PMC/PMC7489890
    europepmc.org/article/pmc/7489890 europepmc.org/abstract/PMC/7489890 europepmc.org/articles/PMC7489890
    europepmc.org/backend/ptpmcrender.fcgi?accid=PMC7489890&blobtype=pdf""",
    "hal:hal-04012345": """hal.science/hal-04012345 inria.hal.science/hal-04012345v2/document
    hal.tea-university.fr/hal-04012345 hal.univ.tea-university.fr/hal-04012345/file/tea.pdf
    hal.inrae.fr/hal-04012345 hal.science/ALL_tea/hal-04012345
    hal.archives-ouvertes.fr/hal-04012345 hal-tea.archives-ouvertes.fr/TEA2/hal-04012345 hal.inria.fr/hal-04012345""",
    "hal:in2p3-00012345": "hal.in2p3.fr/in2p3-00012345v1 hal.science/in2p3-00012345",
    "hal:dumas-01234567": "dumas.ccsd.cnrs.fr/dumas-01234567 dumas.ccsd.cnrs.fr/dumas-01234567/document",
    "ppr:ppr123456": "europepmc.org/article/PPR/PPR123456 europepmc.org/abstract/ppr/ppr123456",
}


@pytest.mark.parametrize("id", NUMBERS_OF_INDEXES)
def test_an_index_numbers_papers_in_the_way_of_its_path(id: str) -> None:
    for page in NUMBERS_OF_INDEXES[id].split():
        [paper] = find_papers(f"https://{page}, and")
        assert paper.candidates == (id,), page


@pytest.mark.parametrize(("page", "doi"), PAGES)
@pytest.mark.parametrize("around", ["{}", "({}).", "<a href='{}'>", "{}を読んだ", "https://t.example/?u={}"])
def test_a_page_tells_its_papers_doi(page: str, doi: str, around: str) -> None:
    assert keys_in(around.format(page)) == [f"doi:{doi}"]


@pytest.mark.parametrize("page", NO_PAPERS)
def test_a_page_that_tells_none(page: str) -> None:
    assert find_papers(page) == []


@pytest.mark.parametrize("sign", ["…", "...", "[…]", "[...]"])
def test_a_cut_address_names_no_other_paper(sign: str) -> None:
    whole = [(text, {key}) for text, key, _ in CERTAIN] + [(page, {f"doi:{doi}"}) for page, doi in PAGES]
    whole += [(text, set(candidates)) for text, candidates in UNCERTAIN]
    for text, right in whole:
        for end in range(8, len(text)):
            named = {candidate for paper in find_papers(text[:end] + sign) for candidate in paper.candidates}
            assert named <= right, text[:end] + sign


def test_reviews_of_any_preprint() -> None:
    """PREreview writes the slashes of a DOI as hyphens, and its hyphens as plus signs."""
    for doi in sampled(999):
        if not re.search(r"[^\w./;()-]", doi):
            page = doi.lower().replace("-", "+").replace("/", "-")
            assert keys_in(f"https://prereview.org/preprints/doi-{page}") == [f"doi:{doi.lower()}"]


# ---- signs of all scripts --------------------------------------------------------------------------------------

SIGNS = [
    sign
    for sign in map(chr, range(0xA1, sys.maxunicode))
    if unicodedata.category(sign)[0] in "PSZ" and sign != "…" and decode_escapes(sign).text not in [*"-_./:"]
]


@pytest.mark.parametrize("name", ["10.1109/cvpr.2016.90", "https://doi.org/10.1016/s0140-6736(20)30183-5"])
def test_a_sign_of_any_script_ends_a_doi(name: str) -> None:
    assert len(SIGNS) > 7_000 and {"،", "؟", "।", "—", "。", "»"} <= {*SIGNS}
    for sign in SIGNS:
        for after in (sign, f"{sign}2"):
            assert keys_in(name + after) == [f"doi:{name.removeprefix('https://doi.org/')}"], after


@given(st.characters(categories=["L"], min_codepoint=0xC0, max_codepoint=0x1FFF))
def test_a_letter_that_no_doi_has_makes_it_none(letter: str) -> None:
    assume("\xc0" <= letter.lower() <= "\u1fff")
    assert keys_in(f"10.1109/cvpr.2016.90{letter}") == []


LABELS = ("", " ", "doi:", "DOI: ", "DOI ", "doi:  ")


@pytest.mark.parametrize(
    "text",
    [
        "10.31224/2510",
        "doi.org/10.31224/2510",
        "https://doi.org/10.31224/2510",
        "http://dx.doi.org/10.31224/2510",
        "https://engrxiv.org/preprint/view/2510",
    ],
)
@pytest.mark.parametrize("label", LABELS)
def test_a_doi_alone_names_its_paper_also_where_a_text_would_have_a_number(label: str, text: str) -> None:
    assert parse_paper(label + text) == "doi:10.31224/2510"


@pytest.mark.parametrize(
    "text",
    ["tea", "10.1016/j.jmaa", "doi: tea 10.31224/2510", "10.31224/2510 10.31224/2511", "doi: https://tea.example"],
)
def test_what_names_no_paper_is_refused_with_forms_that_do(text: str) -> None:
    with pytest.raises(NotAnArxivId, match=r"write it like 2101\.04869, .*, or a DOI"):
        parse_paper(text)
