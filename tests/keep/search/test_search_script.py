"""The static site's script reads the same questions as the program."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import unicodedata
from typing import Any

import pytest

from hotpapers.base.papers.categories import category_title
from hotpapers.base.papers.mentions.server_mentions import paper_or_doi
from hotpapers.keep.search import query_parser
from hotpapers.keep.search.tokenizer import _LAYOUT
from hotpapers.publish.query.session import bare_id
from hotpapers.publish.render.html.single_pages import doi_script
from hotpapers.publish.render.templating import read_asset
from tests.base.papers.known_fields import known_fields
from tests.keep.search.test_tokenizer import QUERIES, WRONG_DATES

SCRIPTS = [
    read_asset("dom.js"),
    read_asset("words.js"),
    doi_script(),
    *map(read_asset, ("search_words.js", "search_index.js")),
]
IN_NODE = """
globalThis.window = globalThis;
globalThis.document = { currentScript: { src: "https://example.org/search_index.js" } };
globalThis.Date = class extends Date {
  constructor(...parts) { super(...(typeof parts[0] === "string" ? [NaN] : parts)); }
};
%s
const papers = ({ wanted }) => wanted.flat(2).filter(({ kind }) => kind === "paper").map(({ word }) => word);
const counted = ({ wanted, unwanted, from, to, notDates }) => [wanted.length, unwanted.length, from, to, notDates];
const queries = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(queries.map((text) => %s(searchIndex.parse(text)))));
"""
"""A browser may take no day from a text that is not one, so that here none is taken from any."""
DASHES = [sign for sign in map(chr, range(sys.maxunicode)) if unicodedata.category(sign) in ("Pd", "Sm")]
DAYS = [
    f"{year}-{month:02}-{day:02}"
    for year in (1900, 1999, 2000, 2024, 2026, 2100, 2999)
    for month in range(14)
    for day in (0, 1, 28, 29, 30, 31, 32)
]
PAPERS = (
    """10.1101/2024.01.02.573921v2|DOI:10.1016/S0140-6736(05)67889-X|https://doi.org/10.31234/osf.io/ab9c9_v1 tea
https://www.biorxiv.org/content/10.1101/2024.01.02.573921v1.full|id:10.1000/182|author:10.1000/182 kettle|10.1016/j.jmaa
https://osf.io/preprints/psyarxiv/ab9c9|10.12688/f1000research.12345.2 OR 2101.04869
https://osf.io/preprints/psyarxiv/abcde|id:https://osf.io/preprints/socarxiv/ketta_v2 tea|steam/kettle
""".strip()
    .replace("\n", "|")
    .split("|")
)
IN_ADDRESSES = (
    "{}", "arXiv:{}", "({})", "{},", "arxiv.{}", "arxiv.org/abs/{}/", "https://arxiv.org/abs/{}?context=cs.LG",
    "https://arxiv.org/html/{}#S1", "https://www.arxiv.org/pdf/{}.pdf", "10.48550/arXiv.{}", "doi:10.48550/arxiv.{}",
    "https://doi.org/10.48550/arXiv.{}", "https://www.alphaxiv.org/abs/{}", "https://huggingface.co/papers/{}",
    "https://ar5iv.org/abs/{}", "https://scirate.com/arxiv/{}", "http://xxx.lanl.gov/abs/{}", "https://hf.co/papers/{}",
    "https://ui.adsabs.harvard.edu/abs/arXiv:{}", "https://ar5iv.labs.arxiv.org/html/{}", "arxiv/{}",
    "https://www.catalyzex.com/paper/arXiv:{}", "https://inspirehep.net/api/arxiv/{}", "http://arxiv.org:80/abs/{}",
    "https://web.archive.org/web/2024/https://arxiv.org/abs/{}", "https://www.google.com/url?q=https://arxiv.org/abs/{}",
    "https://arxiv.org/abs//{}", "https://doi.org/10.48550%2FarXiv.{}", "https%3A%2F%2Farxiv.org%2Fabs%2F{}",
    "https://ui.adsabs.harvard.edu/abs/arXiv:{}/abstract", "https://arxiv.lanl.gov/abs/{}", "arxiv:abs/{}",
    "https://arxiv.org/abs/{}&x=1", "https://arxiv.org/abs/{}%20", "https://arxiv.org/e-print/{}", "https://www.arxiv-vanity.com/papers/{}/",
)  # fmt: skip
IDS_ON_ARXIV = ("2401.01234", "2401.01234v2", "math/0309136", "math.GT/0309136", "hep-th/9901001")
NO_PAPERS = (
    "2413.01234", "foo/1234567", "9901.0001", "1401.12345", "2401.1234", "tea/0309136",
    "https://github.com/kettle/song/issues/1234567", "https://doi.org/2401.01234", "https://lanl.gov/2401.01234",
    "https://arxiv.org/list/2401.01234", "https://notarxiv.org/abs/2401.01234",
    "https://other.example/arxiv.org/abs/2401.01234",
)  # fmt: skip
OTHER_ADDRESSES = ("https://doi.org/10.1016/S0140-6736%2805%2967889-X", "https://zenodo.org/records/1234567")
OTHERWISE = ("kettle AND steam kettle",)
"""The program asks for a word once."""
WHOLE = (
    "arXiv: 2101.04869", '"https://arxiv.org/abs/2101.04869"', "DOI: 10.48550/arXiv.2101.04869", "“2101.04869”",
    " doi:10.1101/2024.01.02.573921 ", "-2101.04869", "arXiv: 2101.04869 2101.04870", "10.1101/2024.01.02.573921 tea",
    "doi: kettle", '"kettle"', "", "arXiv:",
)  # fmt: skip
SPELLED = (
    "β-Carotene", "Hα and γ-rays of αβ", "title:Ω -ν", "ς", r'Schr\"odinger', r"Erd\H{o}s", r"caf\'e", r'na{\"i}ve',
    r"{\O}re \o{}st", r"\'Etale \alpha", r"\aa \ss{}x", "ά 𝛼 Ὀ", r"$\varepsilon$ \vartheta", r"\frac12 \sqrt{x}",
    "E⃗ x︀", *(rf"a\{command}{{bc}} d" for command in sorted(_LAYOUT)),
)  # fmt: skip
"""Greek letters, and TeX."""


def in_python(text: str) -> list[Any]:
    query = query_parser.parse_query(text)
    until = f"{query.until}~" if query.until else "~"
    return [len(query.wanted), len(query.unwanted), query.since, until, list(query.not_dates)]


def in_script(function: str, queries: list[str]) -> list[Any]:
    command = ["node", "-e", IN_NODE % (b"".join(SCRIPTS).decode(), function)]
    done = subprocess.run(command, input=json.dumps(queries), capture_output=True, text=True, check=True)
    read: list[Any] = json.loads(done.stdout)
    return read


NODE = pytest.mark.skipif(not shutil.which("node"), reason="no node: apt-get install nodejs")


@NODE
def test_questions_are_read_alike_in_the_browser() -> None:
    queries = [text for text, _ in (*QUERIES, *WRONG_DATES) if text not in OTHERWISE]
    queries += [text.format(sign) for sign in DASHES for text in ("kettle {}tea", "{}tea", '{}"a cup"', "of{}tea")]
    queries += [f"date:{day}" for day in DAYS] + [f"from:{day} to:2999" for day in DAYS]
    read = in_script("counted", queries)
    assert dict(zip(queries, read, strict=True)) == {text: in_python(text) for text in queries}


@NODE
def test_words_of_letters_and_digits_have_the_same_pieces_in_the_browser() -> None:
    queries = ["mos2", "title:H2O", '"mos2 films"', "gpt-4", "-h2o", "author:k9", "cat:x2", "茶2", "2d OR mos2*", "v2x"]
    queries += SPELLED
    words_of = "((atoms) => atoms.map(({ word }) => word))"
    read = in_script(f"(({{ wanted, unwanted }}) => [wanted.flat(2), unwanted.flat()].map{words_of})", queries)
    for text, [wanted, unwanted] in zip(queries, read, strict=True):
        query = query_parser.parse_query(text)
        for atoms, words in ((query.atoms, wanted), (query.unwanted, unwanted)):
            assert [word for atom in atoms for term in atom.terms for word in term.words] == words, text


@NODE
def test_a_text_that_is_one_paper_is_taken_as_a_whole_in_the_browser() -> None:
    queries = [query_parser.parse_query(text) for text in WHOLE]
    papers = [[f"#{atom.text.lower()}" for atom in query.atoms if atom.kind == "paper"] for query in queries]
    assert in_script("papers", list(WHOLE)) == papers and sum(map(len, papers)) > 5


@NODE
def test_the_categories_of_all_servers_are_asked_for_alike_in_the_browser() -> None:
    queries = [f"cat:{field}" for field in sorted(known_fields())]
    kinds = in_script("(({ wanted }) => wanted.flat(2).map(({ kind, word }) => [kind, word]))", queries)
    assert kinds == [[["category", f"#{query[4:].lower()}"]] for query in queries]
    for query in queries:
        [[atom]] = query_parser.parse_query(query).wanted
        assert (atom.kind, atom.text) == ("category", query[4:])


@NODE
def test_a_category_is_asked_for_as_pages_name_it() -> None:
    fields = sorted(known_fields())
    odd = {
        "arXiv: q-bio": "q-bio",
        "bioRxiv:zoology": "biorxiv.zoology",
        "medRxiv : HIV/AIDS (all)": "medrxiv.hiv-aids",
    }
    expected = {category_title(field): field.lower() for field in fields} | odd
    queries = [f'category:"{title}"' for title in expected]
    words = in_script("(({ wanted }) => wanted.flat(2).map(({ kind, word }) => [kind, word]))", queries)
    assert words == [[["category", f"#{field}"]] for field in expected.values()]
    parsed = [query_parser.parse_query(query).atoms for query in queries]
    assert [atom.terms[0].words for [atom] in parsed] == [(f"#{field}",) for field in expected.values()]


@NODE
def test_papers_of_all_servers_are_asked_for_alike_in_the_browser() -> None:
    expected = {}
    on_arxiv = [address.format(id) for address in IN_ADDRESSES for id in IDS_ON_ARXIV]
    queries = [*PAPERS, *on_arxiv, *NO_PAPERS, *OTHER_ADDRESSES]
    for text in queries:
        atoms = [atom for group in query_parser.parse_query(text).wanted for atom in group if atom.kind == "paper"]
        expected[text] = [word for atom in atoms for term in atom.terms for word in term.words]
    assert sum(map(len, expected.values())) == 10 + len(on_arxiv) + len(OTHER_ADDRESSES)
    assert dict(zip(queries, in_script("papers", queries), strict=True)) == expected


@NODE
def test_the_address_of_a_papers_page_on_a_site_is_taken_in_the_browser() -> None:
    """As the program takes it before it reads a query."""
    papers = {
        "https://papers.example/a/paper/2401.01234/": "2401.01234",
        "http://papers.example/paper/10.1101/2024.01.02.573921/index.html#said": "10.1101/2024.01.02.573921",
        "https://papers.example/paper/10.1016/s0140-6736~2805~2967889-x/?x=1": "10.1016/s0140-6736(05)67889-x",
    }
    assert in_script("papers", list(papers)) == [[f"#{paper}"] for paper in papers.values()]
    assert [bare_id(paper_or_doi(address)) for address in papers] == list(papers.values())


def test_hyphens_and_minus_signs_exclude_a_word_and_no_other_sign_does() -> None:
    excluding = {sign for sign in DASHES if query_parser.parse_query(f"kettle {sign}tea").unwanted}
    assert excluding == set("-‐‑−﹣－")
