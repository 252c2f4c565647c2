"""Finding papers on any server: addresses, DOIs, versions, and what is uncertain."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hotpapers.base.papers import paper_servers
from hotpapers.base.papers.mentions import find, server_mentions
from hotpapers.base.papers.mentions.server_mentions import find_papers
from hotpapers.base.text import unescaping
from tests.base.papers import preprint_posts
from tests.base.papers.test_mentions import HOSTILE, TANGLES, TEXTS

BIORXIV = "doi:10.1101/2024.01.02.573921"

CERTAIN = [
    ("https://www.biorxiv.org/content/10.1101/2024.01.02.573921v1.full.pdf", BIORXIV, 1),
    ("https://www.biorxiv.org/content/biorxiv/early/2024/01/03/2024.01.02.573921.full.pdf", BIORXIV, None),
    ("http://biorxiv.org/cgi/content/short/2024.01.02.573921v2?rss=1", BIORXIV, 2),
    ("http://connect.biorxiv.org/qr/2024.01.02.573921", BIORXIV, None),
    ("https://www.biorxiv.org/content/10.1101/517847v2.full", "doi:10.1101/517847", 2),
    ("https://www.biorxiv.org/content/early/2016/05/12/052027", "doi:10.1101/052027", None),
    ("https://www.medrxiv.org/content/10.64898/2026.01.02.26340001v3.supplementary-material",
     "doi:10.64898/2026.01.02.26340001", 3),
    ("https://www.medrxiv.org/content/early/2026/02/03/2026.02.01.26340002", "doi:10.64898/2026.02.01.26340002", None),
    ("https://chemrxiv.org/doi/full/10.26434/chemrxiv.15007618/v2", "doi:10.26434/chemrxiv.15007618", 2),
    ("10.26434/chemrxiv.11938173.v8", "doi:10.26434/chemrxiv.11938173", 8),
    ("10.26434/chemrxiv-2024-3f6vk-v2", "doi:10.26434/chemrxiv-2024-3f6vk", 2),
    ("https://chemrxiv.org/articles/preprint/Tea_and_Time/11938173/1", "doi:10.26434/chemrxiv.11938173", 1),
    ("https://psyarxiv.com/kett2/", "doi:10.31234/osf.io/kett2", None),
    ("https://osf.io/preprints/socarxiv/kett2_v3", "doi:10.31235/osf.io/kett2", 3),
    ("https://osf.io/preprints/osf/kett2", "doi:10.31219/osf.io/kett2", None),
    ("https://doi.org/10.31222/osf.io/kett2_v1.", "doi:10.31222/osf.io/kett2", 1),
    ("https://www.researchsquare.com/article/rs-558954/latest", "doi:10.21203/rs.3.rs-558954", None),
    ("https://assets.researchsquare.com/files/rs-558954/v1/a.pdf", "doi:10.21203/rs.3.rs-558954", 1),
    ("10.21203/rs.3.rs-558954/v1", "doi:10.21203/rs.3.rs-558954", 1),
    ("10.21203/rs.2.18613/v3", "doi:10.21203/rs.2.18613", 3),
    ("https://papers.ssrn.com/sol3/papers.cfm?abstract_id=1968579", "doi:10.2139/ssrn.1968579", None),
    ("https://papers.ssrn.com/sol3/Delivery.cfm/SSRN_ID1968579_code1.pdf?abstractid=1968579&mirid=1",
     "doi:10.2139/ssrn.1968579", None),
    ("papers.ssrn.com/sol3/Papers.cfm?abstractId=1968579", "doi:10.2139/ssrn.1968579", None),
    ("https://ssrn.com/abstract=1968579", "doi:10.2139/ssrn.1968579", None),
    ("https://www.preprints.org/manuscript/202303.0344/v1/download", "doi:10.20944/preprints202303.0344", 1),
    ("10.20944/preprints202303.0344.v1", "doi:10.20944/preprints202303.0344", 1),
    ("https://zenodo.org/record/4028830#.X1", "doi:10.5281/zenodo.4028830", None),
    ("https://zenodo.org/records/4028830/files/a.pdf", "doi:10.5281/zenodo.4028830", None),
    ("https://zenodo.org/doi/10.5281/zenodo.4028830", "doi:10.5281/zenodo.4028830", None),
    ("https://sciety.org/articles/activity/10.1101/2024.01.02.573921", BIORXIV, None),
    ("https://europepmc.org/search?query=10.1101/2024.01.02.573921", BIORXIV, None),
    ("https://arxiv.org/abs/2110.12345v2", "arxiv:2110.12345", 2),
    ("https://doi.org/10.48550/arXiv.2101.04869", "arxiv:2101.04869", None),
]  # fmt: skip
"""Texts, each with the key and version of its only paper."""

UNCERTAIN = [
    ("https://www.biorxiv.org/content/early/2025/12/02/2025.11.20.573921",
     ("doi:10.1101/2025.11.20.573921", "doi:10.64898/2025.11.20.573921")),
    ("https://connect.medrxiv.org/qr/2025.09.01.25340001",
     ("doi:10.1101/2025.09.01.25340001", "doi:10.64898/2025.09.01.25340001")),
    ("https://osf.io/kett2/", ("osf:kett2",)),
    ("https://osf.io/preprints/kett2", ("osf:kett2",)),
    ("https://osf.io/preprints/ourarxiv/kett2", ("osf:kett2",)),
    ("https://chemrxiv.org/engage/chemrxiv/article-details/60c7518d9abda2d6a8f8e0a1",
     ("chemrxiv:60c7518d9abda2d6a8f8e0a1",)),
    ("https://hal.science/hal-04012345v2/document", ("hal:hal-04012345",)),
    ("https://shs.hal.science/halshs-00123456", ("hal:halshs-00123456",)),
    ("https://hal.archives-ouvertes.fr/hal-02070778/document", ("hal:hal-02070778",)),
    ("https://hal.inria.fr/inria-00564007", ("hal:inria-00564007",)),
    ("https://pubmed.ncbi.nlm.nih.gov/31804775/", ("pmid:31804775",)),
    ("https://www.ncbi.nlm.nih.gov/pubmed/31804775", ("pmid:31804775",)),
    ("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC7493748/", ("pmcid:pmc7493748",)),
    ("https://pmc.ncbi.nlm.nih.gov/articles/PMC7493748", ("pmcid:pmc7493748",)),
    ("https://europepmc.org/article/PPR/PPR123456", ("ppr:ppr123456",)),
    ("https://europepmc.org/article/MED/31804775", ("pmid:31804775",)),
    ("https://europepmc.org/articles/PMC7493748", ("pmcid:pmc7493748",)),
    ("https://doi.org/gghxz4", ("shortdoi:gghxz4",)),
    ("http://doi.org/10/gghxz4", ("shortdoi:gghxz4",)),
]  # fmt: skip
"""Texts, each with the candidates of its only mention."""


@pytest.mark.parametrize(("text", "key", "version"), CERTAIN)
@pytest.mark.parametrize("around", ["{}", "see {} .", "({})", '<a href="{}">', "[p]({})", "“{}”"])
def test_an_address_or_doi_of_one_paper(text: str, key: str, version: int | None, around: str) -> None:
    text = around.format(text)
    [paper] = find_papers(text)
    assert (paper.key, paper.candidates, paper.version) == (key, (key,), version)
    assert text[paper.start : paper.end].lower().rstrip("v0123456789_/")
    assert paper_servers.is_paper_key(key)


@pytest.mark.parametrize(("text", "candidates"), UNCERTAIN)
def test_an_address_that_may_be_a_papers(text: str, candidates: tuple[str, ...]) -> None:
    [paper] = find_papers(f"see {text}.")
    assert (paper.key, paper.candidates) == ("", candidates)


@pytest.mark.parametrize("text", preprint_posts.NEAR_MISSES)
def test_what_looks_like_a_paper(text: str) -> None:
    assert [paper for paper in find_papers(text) if paper.key] == []


def test_an_address_in_another() -> None:
    assert [paper.key for paper in find_papers("https://web.archive.org/web/2020/https://doi.org/10.1000/182")] == [
        "doi:10.1000/182"
    ]
    text = "https://t.example/?a=arxiv.org/abs/2101.04869&doi=10.1000/182"
    assert [paper.key for paper in find_papers(text)] == ["arxiv:2101.04869"]
    assert [paper.key for paper in find_papers("https://dx.doi.org/https://doi.org/10.1000/182")] == ["doi:10.1000/182"]


def test_posts_about_preprints() -> None:
    """Precision and recall on 2,000 made-up posts with 40 forms of links."""
    assert sum(map(len, preprint_posts.FORMS.values())) == 40
    right = named = expected = 0
    for text, papers in preprint_posts.posts(2_000):
        found_here = Counter((paper.key, paper.version) for paper in find_papers(text) if paper.key)
        right += (found_here & Counter(papers)).total()
        named += found_here.total()
        expected += len(papers)
    assert right / named >= 0.998
    assert right / expected >= 0.98


@given(TANGLES | st.text() | st.sampled_from(TEXTS))
@example("10.1000/1&#x2f;10.1000/2 https://doi.org/10.1000/arxiv:2101.04869")
@example("https://osf.io/kett2\u200b/ 10.1101/2024.01.02.573921\u00ad9")
@settings(max_examples=300)
def test_whatever_the_text(text: str) -> None:
    end = 0
    papers = find_papers(text)
    for paper in papers:
        assert end <= paper.start < paper.end <= len(text)
        assert paper.candidates and (paper.key == "" or paper.candidates == (paper.key,))
        assert not paper.key or paper_servers.is_paper_key(paper.key)
        end = paper.end
    on_arxiv = [(f"arxiv:{m.id}", m.version, m.start, m.end, m.form) for m in find(text)]
    assert [(p.key, *p[2:]) for p in papers if p.key.startswith("arxiv:")] == on_arxiv


UNITS = [
    *HOSTILE, "10.", "10.1000/", "10.1000/(", "10.1000/1<1>2.0.a;", "doi:10.1000/1/", "https://doi.org/",
    "biorxiv.org/", "ssrn.com/a", "osf.io/preprints/", "chemrxiv.org/articles/a/", "10.1000/" + "a.full/" * 20,
    "europepmc.org/article/", "hal.science/a-", "10.1101/2024.01.02.573921v1 ", "10.1002/%28sici%29", "10.1000/1%2F",
    "[10.1000/1]",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_work_grows_with_length_only(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed; but a nonlinear search would not finish on a text of this size."""
    characters = 0
    decoded = unescaping.decode_escapes

    def counted(text: str, start: int = 0, end: int | None = None) -> unescaping.UnescapedText:
        nonlocal characters
        characters += (len(text) if end is None else end) - start
        return decoded(text, start, end)

    monkeypatch.setattr("hotpapers.base.papers.mentions.decode_escapes", counted)
    text = unit * (100_000 // len(unit))
    find_papers(text)
    plain = text.lower().replace("\u200b", "")
    needles = sum(
        plain.count(needle)
        for needle in ("10.", *server_mentions._addresses(), "xiv", "5iv", "papers", "xxx", "adsabs")
    )
    assert characters <= needles * 300


# ---- addresses -----------------------------------------------------------------------------------------

KEYS = sorted({key for _, key, _ in CERTAIN})


@pytest.mark.parametrize("key", KEYS)
def test_a_papers_page_is_found_as_the_paper(key: str) -> None:
    page, pdf = paper_servers.paper_links(key, version=None)
    assert [paper.key for paper in find_papers(page)] in ([key], [""])  # "": OSF's pages of files
    assert "{" not in page + pdf and page.startswith("https://")
    page, _ = paper_servers.paper_links(key, 2)
    assert [paper.key for paper in find_papers(page)] == [key]
    server = paper_servers.server_of(key)
    assert server in paper_servers.all_servers() and server.title


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("arxiv:2101.04869", "arxiv"), (BIORXIV, "biorxiv"), ("doi:10.64898/2026.01.02.26340001", "medrxiv"),
        ("doi:10.1101/gr.123456", "doi"), ("doi:10.31234/osf.io/kett2", "psyarxiv"), ("doi:10.1000/182", "doi"),
        ("doi:10.21203/rs.2.18613", "researchsquare"),
    ],
)  # fmt: skip
def test_the_server_of_a_paper(key: str, name: str) -> None:
    assert paper_servers.server_of(key).name == name
