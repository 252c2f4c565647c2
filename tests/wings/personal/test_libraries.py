"""Files of reference managers, read by the command line and in the browser: both find the same papers.

`tests/data/libraries/written` has files made by hand, `exported` what other programs wrote of the same papers:
Citation.js, biblatex-csl-converter 3.6.0, pybtex 0.26.1, bibtexparser 2.1.0, rispy 0.10.0 and rdflib 7.6.0
(with other prefixes).
`expected.json` has each file's papers (id, title, abstract), or `null` for one that is refused.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from html.entities import html5
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotpapers.base.errors import InputError
from hotpapers.base.papers import paper_servers
from hotpapers.base.text import bibtex_fields
from hotpapers.publish.render.html.single_pages import doi_script
from hotpapers.publish.render.templating import read_asset
from hotpapers.wings.personal import library_files, stars
from tests.conftest import data

EXPECTED: dict[str, list[list[str]] | None] = json.loads(data("libraries", "expected.json").read_text())
NAMES = ("vectors", "paper_ids", "library_names", "library_entries", "library", "library_exports")
FILES = [Path(stars.__file__).with_name(f"{name}.js").read_text("utf-8") for name in NAMES]
DOM = """
const doiOf = (id) => decodeURIComponent(id.replaceAll("~", "%"));
const paperAddress = (id) =>
  id.startsWith("10.") ? `https://doi.org/${encodeURI(doiOf(id))}` : `https://arxiv.org/abs/${encodeURI(id)}`;
const dom = { doiOf, paperAddress };
const codeOf = (number) => (/^x/i.test(number) ? parseInt(number.slice(1), 16) : Number(number));
const decoded = (name) => (name[0] === "#" ? String.fromCodePoint(codeOf(name.slice(1))) : entities[`${name};`]);
const document = {
  createElement: () => ({
    set innerHTML(reference) {
      this.value = decoded(reference.slice(1, -1)) ?? reference;
    },
  }),
};
"""
ENTITIES = f"const entities = {json.dumps({name: html5[name] for name in html5 if len(name) < 9})};\n"
"""For Node.js, which has no page that could read them."""
GRAMMAR = bibtex_fields.latex_grammar() | library_files.entry_grammar()
LATEX = f"const libraryGrammar = {json.dumps(GRAMMAR)};\n"
SCRIPT = "".join([read_asset("words.js").decode(), doi_script().decode(), LATEX, ENTITIES, DOM, *FILES])
IN_NODE = """
const read = (latin) => {
  const library = paperLibrary.read(paperLibrary.decoded(Buffer.from(latin, "latin1")));
  return library && !library.refused ? library.papers.map(({ id, title, abstract }) => [id, title, abstract]) : null;
};
const readWhole = (text) => paperLibrary.read(text).papers.map(({ title, authors, year }) => [title, authors, year]);
const exported = (text) => libraryExports.FORMS.bib(paperLibrary.read(text).papers);
const writeAuthor = (name) => libraryExports.FORMS.bib([{ id: "2101.04869", title: "", authors: [name] }]);
const write = (title) => libraryExports.FORMS.bib([{ id: "2101.04869", title, authors: [] }]);
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
Promise.all(texts.map((text) => (%s)(text))).then((read) => console.log(JSON.stringify(read)));
"""
NODE = pytest.mark.skipif(not shutil.which("node"), reason="no node: apt-get install nodejs")


def in_python(text: str | bytes) -> list[list[str]] | None:
    try:
        papers = stars.read_choices(text.encode() if isinstance(text, str) else text).starred
    except InputError:
        return None
    return [[paper_servers.paper_id(paper), title, abstract] for paper, title, abstract in papers]


def in_node(function: str, texts: list[str]) -> list[Any]:
    command = ["node", "-e", SCRIPT + IN_NODE % function]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
    written: list[Any] = json.loads(done.stdout)
    return written


def in_browser(texts: list[str | bytes]) -> list[Any]:
    files = [text.encode() if isinstance(text, str) else text for text in texts]
    return in_node("read", [file.decode("latin-1") for file in files])


def file(name: str) -> bytes:
    return data("libraries", *name.split("/")).read_bytes()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_is_read_on_the_command_line(name: str) -> None:
    assert in_python(file(name)) == EXPECTED[name]


@NODE
def test_the_same_files_are_read_alike_in_the_browser() -> None:
    assert dict(zip(EXPECTED, in_browser([file(name) for name in EXPECTED]), strict=True)) == EXPECTED


PAPERS = ["2101.04869", "2305.00001", "0704.0001", "hep-th/9901001", "math/0309136"]
OTHERS = ["arXiv:1901.00001", "https://arxiv.org/abs/1901.00002", "10.1109/X.2019.01234", "1901-1234", "hep-th/9801001"]
FORMATS = {
    "bibtex": "@article{{k{n}, title = {{Kettles {n} and {other}}},"
    " abstract={{Unlike {other}}},\n pages = {{{other}}}, {own} }}",
    "ris": "TY  - JOUR\nTI  - Kettles {n} and {other}\nAB  - Unlike\n{other}\nSN  - {other}\n{own}\nER  - ",
    "pubmed": "PMID- 123{n}\nTI  - Kettles {n} and\n      {other}\nAB  - Unlike {other}\n{own}\n",
    "endnote": "%0 Journal Article\n%T Kettles {n} and {other}\n%X Unlike {other}\n%@ {other}\n{own}\n",
    "rdf": "<bib:Article><dc:title>Kettles {n} and {other}</dc:title><dcterms:abstract>{other}</dcterms:abstract>{own}"
    "</bib:Article><bib:Memo><rdf:value>{other}</rdf:value></bib:Memo>",
    "csl": '{{"title": "Kettles {n} and {other}", "abstract": "{other}", "page": "{other}", "note": "See {other}",'
    " {own}}}",
}
OWN = {
    "bibtex": [
        "eprint={{{id}}}",
        'url = "https://arxiv.org/abs/{id}v2"',
        "doi = {{10.48550/arXiv.{id}}}",
        "note={{arXiv:{id}}}",
    ],
    "ris": [
        "AN  - {id}",
        "UR  - http://arxiv.org/pdf/{id}",
        "JO  - arXiv preprint arXiv:{id}",
        "N1  - arXiv:{id} [cs.LG]",
    ],
    "pubmed": ["AID - arXiv:{id}v1 [pii]", "LID - 10.48550/arXiv.{id} [doi]"],
    "endnote": ["%U https://arxiv.org/abs/{id}", "%R 10.48550/arXiv.{id}", "%M {id}"],
    "rdf": [
        "<dc:identifier><dcterms:URI><rdf:value>http://arxiv.org/abs/{id}</rdf:value></dcterms:URI></dc:identifier>"
    ],
    "csl": [
        '"DOI": "10.48550/arXiv.{id}"',
        '"URL": "https://arxiv.org/abs/{id}"',
        '"number": "arXiv:{id}"',
        '"eprint": "{id}"',
    ],
}
WHOLE = {"rdf": "<rdf:RDF>\n{}\n</rdf:RDF>", "csl": "[{}]"}


@st.composite
def libraries(draw: st.DrawFn) -> tuple[str, list[list[str]]]:
    """A file of entries whose titles, abstracts, pages and notes mention other papers, and the papers it is about."""
    kind = draw(st.sampled_from(sorted(FORMATS)))
    ids = draw(st.lists(st.sampled_from(PAPERS), unique=True, min_size=1, max_size=3))
    others = [draw(st.sampled_from(OTHERS)) for _ in ids]
    owns = [draw(st.sampled_from(OWN[kind])).format(id=id) for id in ids]
    entries = [
        FORMATS[kind].format(n=n, other=other, own=own) for n, (other, own) in enumerate(zip(others, owns, strict=True))
    ]
    between = draw(st.sampled_from([" ", "\n", "\n\n"])) if kind == "bibtex" else {"csl": ",\n"}.get(kind, "\n")
    result = [[id, f"Kettles {n} and {other}"] for n, (id, other) in enumerate(zip(ids, others, strict=True))]
    return WHOLE.get(kind, "{}").format(between.join(entries)), result


@given(libraries())
def test_an_entry_is_its_own_paper_and_none_that_it_mentions(library: tuple[str, list[list[str]]]) -> None:
    text, expected = library
    assert [paper[:2] for paper in in_python(text) or []] == expected


@NODE
@settings(max_examples=4)
@given(st.lists(libraries(), min_size=40, max_size=40))
def test_an_entry_is_its_own_paper_in_the_browser(many: list[tuple[str, list[list[str]]]]) -> None:
    read = in_browser([text for text, _ in many])
    assert [[paper[:2] for paper in papers] for papers in read] == [expected for _, expected in many]


IN_FIELD = {
    "bibtex": (
        library_files._BIBTEX,
        "@misc{{k, title = {{Kettles}}, {name} = {{{text}}}, {other} = {{{journal}}}}}",
        "series",
    ),
    "ris": (library_files._RIS, "TY  - JOUR\nTI  - Kettles\n{name:<2}  - {text}\n{other}  - {journal}\nER  - ", "JO"),
    "pubmed": (library_files._RIS, "PMID- 1\nTI  - Kettles\n{name:<4}- {text}\n{other}  - {journal}\n", "TA"),
    "endnote": (library_files._ENDNOTE, "%0 Journal Article\n%T Kettles\n{name} {text}\n{other} {journal}\n", "%S"),
    "endnote xml": (
        library_files._ENDNOTE_XML,
        "<xml><records><record><title>Kettles</title><{name}><style>{text}</style></{name}>"
        "<{other}>{journal}</{other}></record></records></xml>",
        "full-title",
    ),
    "rdf": (
        library_files._RDF,
        "<rdf:RDF><bib:Article><dc:title>Kettles</dc:title><x:{name}>{text}</x:{name}><x:{other}>{journal}</x:{other}>"
        "</bib:Article></rdf:RDF>",
        "publisher",
    ),
    "csl": (library_files._JSON, '{{"title": "Kettles", "{name}": "{text}", "{other}": "{journal}"}}', "source"),
}
"""By format: its fields, an entry, and a field for the journal."""
OF_IT = """
arXiv:2101.04869|arXiv:2101.04869v2 [cs.LG]|arXiv: 2101.04869 [cs, stat]|https://arxiv.org/abs/2101.04869
10.48550/arXiv.2101.04869|arXiv preprint arXiv:2101.04869|arXiv:2101.04869 (2021)|arXiv e-prints, arXiv:2101.04869
Preprint at https://arxiv.org/abs/2101.04869|Available at: https://arxiv.org/pdf/2101.04869v1
arXiv:2101.04869, https://arxiv.org/abs/2101.04869
"""
OF_OTHERS = """
Comment on arXiv:2101.00001|arXiv:2101.00001 is wrong|Reply to https://arxiv.org/abs/2101.00001|see 2101.00001
On arXiv:2101.00001|arXiv:2101.00001 and arXiv:2101.00002|Erratum: arXiv:2101.00001
2101.00001--2101.00009
"""
TEXTS = [
    *((text, "Annals", ("id", "link", "note", "place"), True) for text in OF_IT.strip().replace("\n", "|").split("|")),
    *((text, "Annals", ("id", "note", "place"), False) for text in OF_OTHERS.strip().replace("\n", "|").split("|")),
    ("2101.04869", "ArXiv", ("id", "note", "place"), True),
    ("2101.00001", "Annals", ("place",), False),
]
"""A field's text, the entry's journal, the roles of fields in which it is tried, and whether it is an id there."""


@NODE
@pytest.mark.parametrize("form", IN_FIELD)
def test_an_id_is_found_in_each_field_that_is_one_and_in_no_words_about_another(form: str) -> None:
    table, entry, other = IN_FIELD[form]
    expected = {
        entry.format(name=name, text=text, other=other, journal=journal): "2101.04869" if is_id else ""
        for text, journal, roles, is_id in TEXTS
        for name, role in table.items()
        if role in roles and name not in (other, "about")
    }
    assert {text: (in_python(text) or [[]])[0][0] for text in expected} == expected
    assert dict(zip(expected, (papers[0][0] for papers in in_browser(list(expected))), strict=True)) == expected


HOSTILE = [
    "https://doi.org/10.1000/",
    "10.1000/1 ",
    "10.1000/a(b(",
    "](10.1000/1) ",
    "doi: 10.1000/1\n",
    "osf.io/",
    "$<$",
    "@misc{a, title={",
    "@misc{a ",
    '"',
    "<a<",
    "<!--",
    "<a ",
    "title = {",
    "{",
    "[",
    "\\\\\n",
    "TY  - x\n",
    "x\n",
]


@pytest.mark.parametrize("start", ["", "<b:RDF>", "TY  - ", "%0 ", "@misc{a, title={"])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_files_are_read_to_their_end(start: str, text: str) -> None:
    """Linear readers: several of these took minutes with expressions that searched each field anew."""
    in_python(start + text * 50_000)


TITLES = {
    "On $L^p$ spaces in R^N": r"On $L^p$ spaces in R\textsuperscript{N}",
    "50% of A & B, #1_2": r"50\% of A \& B, \#1\_2",
    r"Decay \to 3 at \alpha": r"Decay $\to$ 3 at $\alpha$",
    "Rates × 3 for α and Ω": r"Rates $\times$ 3 for $\alpha$ and $\Omega$",
    r"\unknown{Kettles} and Ovens": r"{Kettles} and Ovens",
    r"From \texorpdfstring{$x_{HI}$}{x_HI} on \boldmath{$H$}": r"From $x_{HI}$ on {$H$}",
    r"Motion by $R_{1\text{ρ}} + ρ$": r"Motion by $R_{1\text{$\rho$}} + {\rho}$",
    "10⁻⁶ cups of H₂O, 10^1.5": r"10\textsuperscript{-6} cups of H\textsubscript{2}O, 10\textsuperscript{1.5}",
    "x^(n+1)": r"x\textsuperscript{(n+1)}",
    "A ^ alone": r"A \textasciicircum{} alone",
    "Ο λόγος of αβγ and αβγδ": r"Ο λόγος of $\alpha$$\beta$$\gamma$ and αβγδ",
    r"\sqrt{2}, \frac{a}{b}, \mathbb{R}^n": r"$\sqrt{2}$, $\frac{a}{b}$, $\mathbb{R}$\textsuperscript{n}",
    r"{\it Kettle} \textless b, ~10 kpc, √2 ⊗ ϵ":
        r"{\it Kettle} \textless b, \textasciitilde{}10 kpc, $\surd$2 $\otimes$ $\epsilon$",
    r"\begin{align}x&y\end{align}": r"\begin{align}x&y\end{align}",
    r"z$\sim$10 and $2 \times 2$ cups of $\text{H$_2$O}$": r"z$\sim$10 and $2 \times 2$ cups of $\text{H$_2$O}$",
    "It costs $5 and $6, in $ and in $ alone": r"It costs \$5 and $6, in $ and in \$ alone",
    "Poincaré^2, a⁻⁻ \\": r"Poincaré\textsuperscript{2}, a\textsuperscript{--} \ ",
    "{Unbalanced kettles": "Unbalanced kettles",
    r"\(x^2\) and \[y_1\]": r"\(x^2\) and \[y_1\]",
    r"It costs \$5 & more": r"It costs \$5 \& more",
    r'K\"orner {\o} \emph{x}': r'K\"orner {\o} \emph{x}',
}  # fmt: skip


@NODE
def test_titles_are_written_alike_in_bibtex() -> None:
    written = in_node("write", list(TITLES))
    for (title, expected), entry in zip(TITLES.items(), written, strict=True):
        value = entry.partition("title = {{")[2].partition("}},\n")[0]
        assert value == expected == bibtex_fields.format_words(title)


RAISED = {
    "10<sup>-6</sup> cups": "10⁻⁶ cups",
    "m<sup>2</sup>": "m²",
    "<i>x</i><sup>2</sup>": "x²",
    "10<sup>1.5</sup>": "10^1.5",
    "2<sup>n</sup>": "2^n",
    "10<sup>&#8722;6</sup>": "10⁻⁶",
    "10<jats:sup>6</jats:sup>": "10⁶",
    "Ca<sup>2+</sup>": "Ca2+",
    "SO<sub>4</sub><sup>2-</sup>": "SO4²⁻",
    "<sup>18</sup>F": "18F",
    "Tea.<sup>1</sup>": "Tea.1",
    "19<sup>th</sup>": "19th",
    "10 <sup>-6</sup> of <sup>18</sup>F": "10 ⁻⁶ of 18F",
    "&#x03C7;<sup>2</sup> of 10<sup> 6 </sup>": "χ² of 10⁶",
    "2<sup>n-1</sup>, 10<sup>1/2</sup>": "2^(n-1), 10^(1/2)",
    "GPT-4<sup>[2]</sup>": "GPT-4[2]",
    "10<sup>2,5</sup>": "10^2,5",
    "10<sup>−</sup><sup>6</sup>": "10⁻⁶",
    "10<sup><i>6</i></sup>": "10⁶",
    "e<sup>-kt</sup>": "e^-kt",
    "p53<sup>-/-</sup>": "p53-/-",
}


@NODE
def test_a_power_in_a_library_stays_one() -> None:
    texts = [json.dumps([{"title": title, "DOI": "10.1000/1"}]) for title in RAISED]
    texts += [f"TY  - JOUR\nTI  - {title}\nDO  - 10.1000/1\nER  - " for title in RAISED]
    expected = [*RAISED.values(), *RAISED.values()]
    read = [in_python(text) or [["", "", ""]] for text in texts]
    assert [papers[0][1] for papers in read] == expected
    assert in_browser([*texts]) == read


@NODE
def test_what_is_raised_in_bibtex_is_read_back() -> None:
    titles = ["10⁻⁶ cups", "¹⁸F and Ca²⁺", "x^(n+1)", "10^1.5 at ~10 kpc", "the 19th", "2ⁿ", "10^6/10^7"]
    written = in_node("write", titles)
    expected = [*titles[:-1], "10⁶/10⁷"]
    assert [(in_python(text) or [["", "", ""]])[0][1] for text in written] == expected
    assert [papers[0][1] for papers in in_browser(written)] == expected


@NODE
def test_names_of_characters_are_read_alike() -> None:
    texts = ["TY  - JOUR\nTI  - Kn&oslash;dler &mdash; &alpha;-kettles &#8211;\nDO  - 10.1000/1\nER  - "]
    texts += [
        f"@misc{{a, title={{Tea}}, doi={{10.1175/1520-0469(1963)020&lt;{page}:DNF&gt;2.0.CO;2}}}}" for page in "12"
    ]
    expected = [
        ["10.1000/1", "Knødler — α-kettles –", ""],
        *([f"10.1175/1520-0469(1963)020<{page}:dnf>2.0.co;2", "Tea", ""] for page in "12"),
    ]
    assert [paper for text in texts for paper in in_python(text) or []] == expected
    in_pages = [paper for papers in in_browser([*texts]) for paper in papers]
    assert [[unquote(name.replace("~", "%")), *others] for name, *others in in_pages] == expected


FORMULAS = {
    r"$x_{ij}$, $\mathrm{AdS}_5$ and {DNA} of $10^{-18}$": r"$x_{ij}$, $\mathrm{AdS}_5$ and DNA of $10^{-18}$",
    r"From \$5 {a} to \$6 {b}": "From $5 a to $6 b",
    r"{$p$}-adic {$\mathbb{Z}_p$}": r"$p$-adic $\mathbb{Z}_p$",
}


@NODE
def test_formulas_of_bibtex_keep_their_braces() -> None:
    texts = [f"@misc{{a, title = {{{title}}}, doi = {{10.1000/1}}}}" for title in FORMULAS]
    read: list[Any] = [in_python(text) for text in texts]
    assert [papers[0][1] for papers in read] == list(FORMULAS.values())
    assert in_browser([*texts]) == read


@NODE
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_end_of_a_line_ends_a_line_of_a_note(end: str) -> None:
    notes = ("2401.01234{}version: 1", "x{}DOI: 10.1101/2024.01.02.573921")
    texts = [json.dumps([{"title": "a", "note": note.format(end)}]) for note in notes]
    read: list[Any] = [in_python(text) for text in texts]
    assert read == [[["2401.01234", "a", ""]], [["10.1101/2024.01.02.573921", "a", ""]]]
    assert in_browser([*texts]) == read


@NODE
def test_what_is_exported_can_be_parsed_and_names_of_any_length_are_written() -> None:
    texts = [
        "TY  - JOUR\nTI  - On sets \\{ of tea\nAU  - ~\nAU  - Na Li\nER  - ",
        "TY  - JOUR\nTI  - T\n" + f"AU  - A {'b ' * 80_000}C\n" * 10 + "ER  - ",
    ]
    braces, long = in_node("exported", texts)
    assert braces.count("{") == braces.count("}") and "author = {Na Li}" in braces and len(long) < 5_000


@NODE
def test_an_entry_without_facts_has_no_empty_fields() -> None:
    [written] = in_node(
        "exported", ["@misc{a, title={Kettles}}\n@misc{b, title={Ovens}}\n@misc{c, eprint={math/9901001}}"]
    )
    assert written == (
        "@misc{paper-1,\n  title = {{Kettles}}\n}\n\n@misc{paper-2,\n  title = {{Ovens}}\n}\n\n"
        "@misc{math/9901001,\n  year = {1999},\n  eprint = {math/9901001},\n  archivePrefix = {arXiv},\n"
        "  url = {https://arxiv.org/abs/math/9901001}\n}\n"
    )


@given(st.integers(1, 6), st.integers(1, 199), st.integers(1, 2_000))
@settings(max_examples=20)
def test_strings_made_of_strings_stay_short(levels: int, pieces: int, length: int) -> None:
    """A file of a few kilobytes could otherwise make a title of any length."""
    lines = [f'@string{{s0 = "{"tea " * (length // 4)}"}}']
    lines += [f"@string{{s{n + 1} = {' # '.join([f's{n}'] * pieces)}}}" for n in range(levels)]
    text = "\n".join([*lines, f"@misc{{k, eprint = {{2101.04869}}, title = s{levels} # s{levels}}}"])
    [entry] = library_files.bibtex_entries(text)
    title = next((field.text for field in entry if field.role == "title"), "")
    assert len(title) <= 2 * library_files.MAX_STRING_CHARS
    if shutil.which("node"):
        assert in_browser([text]) == [in_python(text)]
