"""Where a DOI begins and ends in a text: the traps one by one, and 999 DOIs of every shape in five contexts."""

from __future__ import annotations

import html
import random
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.papers import doi
from hotpapers.base.papers.mentions.server_mentions import find_papers

SICI = "10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2"

TRAPS = [
    # brackets, and volumes as in old numbers
    ("see (10.1016/S0140-6736(05)67889-X).", "10.1016/s0140-6736(05)67889-x"),
    ("10.1061/(ASCE)0733-9445(2005)131:1(123)", "10.1061/(asce)0733-9445(2005)131:1(123)"),
    ("(see https://doi.org/10.1061/(ASCE)0733-9445(2005)131:1(123))", "10.1061/(asce)0733-9445(2005)131:1(123)"),
    ("10.1641/0006-3568(2004)054[0597:AHOTFA]2.0.CO;2", "10.1641/0006-3568(2004)054[0597:ahotfa]2.0.co;2"),
    (f"doi:{SICI}.", SICI.lower()),
    (f"[kettles](https://dx.doi.org/{SICI})", SICI.lower()),
    (f'<a href="https://doi.org/{html.escape(SICI)}">', SICI.lower()),
    (f"https://onlinelibrary.wiley.com/doi/abs/{quote(SICI, safe='')}", SICI.lower()),
    (f"https://onlinelibrary.wiley.com/doi/10.1002/{SICI[8:].replace('<', '%3C').replace('>', '%3E')}", SICI.lower()),
    ("10.1207/S15327752JPA8502&3_01", "10.1207/s15327752jpa8502&3_01"),
    ("10.1000/tea182[1]", "10.1000/tea182"),
    ("10.1000/tea182(see", "10.1000/tea182"),
    ("[10.1000/tea182]", "10.1000/tea182"),
    ("<10.1000/tea182>", "10.1000/tea182"),
    ("10.1000/tea182<br>next", "10.1000/tea182"),
    ("\\doi{10.1000/abc\\_182}", "10.1000/abc_182"),
    ("10.1145/4284.4288", "10.1145/4284.4288"),
    # the end of a sentence, of a cell, of an address
    ("10.1000/tea182.", "10.1000/tea182"),
    ("10.1000/tea182, and", "10.1000/tea182"),
    ("10.1000/tea182;10.1000/tea183", "10.1000/tea182 10.1000/tea183"),
    ("10.1000/tea182,2021,Kettles", "10.1000/tea182"),
    ("10.1000/tea182:", "10.1000/tea182"),
    ("Is it 10.1000/tea182?", "10.1000/tea182"),
    ("_10.1000/tea182_ and **10.1000/tea183**", "10.1000/tea182 10.1000/tea183"),
    ("https://doi.org/10.1000/tea182/", "10.1000/tea182"),
    ("https://doi.org/10.1000/tea182?utm_source=x", "10.1000/tea182"),
    ("https://doi.org/10.1000/tea182#page=2", "10.1000/tea182"),
    ("https://example.org/q?doi=10.1000/tea182&x=1", "10.1000/tea182"),
    ("10.1000/tea182https://doi.org/10.1000/tea183", "10.1000/tea182 10.1000/tea183"),
    ("10.1000/tea182を読む", "10.1000/tea182"),
    ("10.1000/tea182。", "10.1000/tea182"),
    ("10.1000/abc‐182", "10.1000/abc-182"),
    # prefixes
    ("DOI 10.1000/tea182", "10.1000/tea182"),
    ("DOI10.1000/tea182", "10.1000/tea182"),
    ("info:doi/10.1000/tea182", "10.1000/tea182"),
    ("doi = {10.1000/tea182}", "10.1000/tea182"),
    ("https://doi-org.proxy.example.edu/10.1000/tea182.pdf", "10.1000/tea182.pdf"),
    ("dx.doi.org/10.1000/tea182", "10.1000/tea182"),
    ("hxxps://doi[.]org/10.1000/tea182", "10.1000/tea182"),
    ("https%3A%2F%2Fdoi.org%2F10.1000%2Ftea182", "10.1000/tea182"),
    # publishers' pages
    ("https://journals.example.org/doi/full/10.1000/kettle.2021.12", "10.1000/kettle.2021.12"),
    ("https://www.example.org/articles/10.1000/kettle.12/full", "10.1000/kettle.12"),
    ("https://link.example.org/content/pdf/10.1007%2Fs11606-018-4540-5.pdf", "10.1007/s11606-018-4540-5"),
    ("https://www.example.org/document/doi/10.1515/kettle-2021-12/html", "10.1515/kettle-2021-12"),
    ("https://iopscience.iop.org/article/10.1088/1748-9326/11/10/104015/meta", "10.1088/1748-9326/11/10/104015"),
    ("https://academic.oup.com/qje/advance-article/doi/10.1093/qje/qjab013/6217436", "10.1093/qje/qjab013"),
    ("https://direct.mit.edu/a/article/doi/10.1162/qss_a_00286/97574/Tea-and-time", "10.1162/qss_a_00286"),
    ("https://example.org/article?id=10.1371/journal.pone.0241383&type=printable", "10.1371/journal.pone.0241383"),
    ("https://academic.oup.com/tea/advance-article-pdf/doi/10.1093/tea/kwaa1/31872350/kwaa1.pdf", "10.1093/tea/kwaa1"),
    ("https://academic.oup.com/tea/article-pdf/doi/10.1093/tea/gkaa10/35363000/gkaa10.pdf?x=1", "10.1093/tea/gkaa10"),
    ("https://direct.mit.edu/tea/article-pdf/doi/10.1162/tea_a_01234/1234567/tea_a_01234.pdf", "10.1162/tea_a_01234"),
    # years of a reference, and of the DOI's own
    ("doi:10.1103/RevModPhys.82.3045(2010)", "10.1103/revmodphys.82.3045"),
    ("https://journals.aps.org/rmp/abstract/10.1103/RevModPhys.82.3045(2010)", "10.1103/revmodphys.82.3045"),
    ("(see 10.1103/RevModPhys.82.3045(2010a)).", "10.1103/revmodphys.82.3045"),
    ("10.1007/jhep01(2020)001", "10.1007/jhep01(2020)001"),
    ("10.1016/0009-2614(85)80574-1", "10.1016/0009-2614(85)80574-1"),
    ("10.1175/1520-0442(2000)", "10.1175/1520-0442(2000)"),
    ("10.1061/(ASCE)0733-9445(2005)", "10.1061/(asce)0733-9445(2005)"),
    # a word in which DOIs have the same letters
    ("10.1000/pmid.12345", "10.1000/pmid.12345"),
    ("10.1000/tea_pmids1", "10.1000/tea_pmids1"),
    ("https://doi.org/10.1016/10.1016/j.tea.2024.01.002", "10.1016/j.tea.2024.01.002"),
    # none
    ("10.1101/2024.01.02.57…", ""),
    ("10.1000/tea182... and more", ""),
    ("10.1000/café", ""),
    ("10.1101/2024.01.02", ""),
    ("10.2500/12.5", ""),
    ("10.1000/182", ""),
    ("10.2019/11.2020", ""),
    ("10.5000/10.6000", ""),
    ("10.1000/abc", ""),
    ("110.1000/182345", ""),
    ("2110.12345/182345", ""),
    ("v10.1000/182345", ""),
    ("-10.1000/182345", ""),
    ("/usr/lib/10.1000/182345", ""),
    ("10.100/182345", ""),
    ("10.0001/182345", ""),
    ("10.1000", ""),
    ("doi:10.1000/", ""),
    ("doi:10.2298/TSCI 140607003T", ""),
    ("https://doi.org/10.5281/zenodo", ""),
]  # fmt: skip
"""Texts, each with the DOIs in it."""


@pytest.mark.parametrize(("text", "dois"), TRAPS)
def test_traps(text: str, dois: str) -> None:
    assert " ".join(paper.key.removeprefix("doi:") for paper in find_papers(text)) == dois


# D: a digit, L: a letter, Y: a year.
SHAPES = """
10.1001/jama.Y.DDDDD 10.1002/LLLL.DDDDDDDDD 10.1002/DDDDDDDDDDDDD.chDD 10.1007/sDDDDD-0DD-DDDD-x
10.1007/978-3-DDD-DDDDD-D_DD 10.1016/j.LLLLLL.Y.0D.0DD 10.1016/SDDDD-DDDD(9D)DDDDD-D 10.1016/0DDD-DDDD(8D)9DDDD-L
10.1021/acs.LLLLL.DLDDDDD 10.1021/ja0DDDDDa 10.1017/S0DDDDDDDDYDDDDD 10.1029/YGL0DDDDD 10.1038/sDDDDD-02D-DDDDD-D
10.1038/natureDDDDD 10.1051/0004-6361/Y0DDDD 10.1056/NEJMoaDDDDDDD 10.1061/(ASCE)DDDD-DDDD(Y)1DD:D(DDD)
10.1063/D.DDDDDDD 10.1063/PT.D.DDDD 10.1068/aDDDD 10.1073/pnas.DDDDDDDDDD 10.1080/DDDDDDDD.Y.DDDDDDD 10.1086/DDDDDD
10.1088/0DDD-DDDD/1D/D/0DD 10.1093/LLL/LLLLDDD 10.1093/oso/978019DDDDDDD.DDD.000D 10.1098/rstb.Y.0DDD
10.1103/PhysRevLett.1DD.DDDDDD 10.1109/LLLL.Y.DDDDDDD 10.1109/LLLLYDDDDD.Y.00DDD 10.1111/j.DDDD-DDDD.Y.0DDDD.x
10.1117/12.DDDDDDD 10.1126/science.LLLDDDD 10.1130/0091-7613(Y)02D<0DDD:LLLLLL>2.3.CO;2 10.1134/SDDDDDDDDDDDDDDDD
10.1136/bmj.mDDDD 10.1145/DDDDDDD.DDDDDDD 10.1145/DDDDDD 10.1146/annurev-LLLLL-DDDDDD-DDDDDD 10.1159/000DDDDDD
10.1162/LLLL_a_00DDD 10.1175/1520-0DDD(Y)01D<0DDD:LLLLL>2.0.CO;2 10.1177/DDDDDDDDDDDDDDDD 10.1186/sDDDDD-0DD-DDDD-D
10.1257/aer.YDDDD 10.1371/journal.pone.0DDDDDD 10.1515/LLLL-Y-00DD 10.1590/SDDDD-DDDDYDDDDDDDDD 10.1609/aaai.v3DiD.DDDDD
10.1641/0006-3568(Y)05D[0DDD:LLLLLL]2.0.CO;2 10.18653/v1/Y.acl-long.DDD 10.2139/ssrn.DDDDDDD 10.2307/DDDDDDD
10.3389/fpsyg.Y.0DDDD 10.3390/sDD0DDDDD 10.3847/1538-4357/LLDDLL 10.4230/LIPIcs.LLLL.Y.DD 10.5194/acp-DD-DDDD-Y
10.5281/zenodo.DDDDDDD 10.5555/DDDDDDD.DDDDDDD 10.7554/eLife.DDDDD 10.1155/Y/DDDDDDD 10.1207/SDDDDDDDDLLLLDDDD&D_DD
10.1002/(SICI)1097-DDDD(19DD0815)DD:D<DDD::AID-LLLDDD>3.0.CO;2-L 10.1002/1099-DDDD(Y07)15:5<DDD::AID-LLLDDD>3.0.CO;2-A
"""
CONTEXTS = {
    "a sentence": lambda name: f"We read {name}, twice.",
    "brackets": lambda name: f"Tea (doi: {name}).",
    "a link in HTML": lambda name: f'<p><a href="https://doi.org/{html.escape(name)}">{html.escape(name)}</a></p>',
    "an encoded query": lambda name: f"https://t.example/go?u={quote('https://doi.org/' + name, safe='')}&s=1",
    "a publisher's page": lambda name: f"https://www.example.org/doi/full/{name}/full?tea=1#kettle",
}


def sampled(number: int) -> list[str]:
    chance = random.Random(999)
    letters, digits, shapes = "abcdefghijkmnpqrstuwxyz", "0123456789", SHAPES.split()

    def filled(sign: str) -> str:
        years = str(chance.randrange(1995, 2026))
        return {"D": chance.choice(digits), "L": chance.choice(letters), "Y": years}.get(sign, sign)

    return ["".join(map(filled, shapes[n % len(shapes)])) for n in range(number)]


@pytest.mark.parametrize("context", CONTEXTS)
def test_999_dois(context: str) -> None:
    names = sampled(999)
    assert len(set(names)) == 999
    for name in names:
        found_keys = {paper.key for paper in find_papers(CONTEXTS[context](name))}
        assert found_keys == {f"doi:{name.lower()}"}, name


GLUED = ("PMID: 17333", "PMID:17333", ".PMID: 17333", "PMCID: PMC17333", "arXiv:tea", "ISSN: 1234", "/", "(2010)")


@pytest.mark.parametrize("before", ["", "doi:", "https://doi.org/", "https://www.example.org/doi/full/"])
def test_what_is_glued_to_a_doi_is_not_its_end(before: str) -> None:
    names = sampled(999)
    for name, following in pairwise(name for name in names if name[-1].isalnum()):
        for glued in GLUED:
            keys = [paper.key for paper in find_papers(before + name + glued)]
            assert keys == [f"doi:{name.lower()}"], name + glued
        for glued in ("/", "doi:", "https://doi.org/", ";doi:"):
            keys = [paper.key for paper in find_papers(before + name + glued + following)]
            is_number = glued == "/" and not find_papers(following)
            assert keys == [f"doi:{name.lower()}", f"doi:{following.lower()}"][: 2 - is_number], (
                name + glued + following
            )


@given(st.integers(0, 998))
def test_a_doi_is_one(n: int) -> None:
    name = sampled(999)[n].lower()
    assert doi.is_doi(name)
    assert not doi.is_doi(name + ".") and not doi.is_doi(f" {name}") and not doi.is_doi(f"doi:{name}")
