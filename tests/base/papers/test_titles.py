"""Naming papers without an identifier: titles in any spelling, DOIs, pages; and doubt about what a post is about."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from hotpapers.base.papers.mentions import paper_urls
from hotpapers.base.papers.mentions.paper_index import (
    MAX_TITLE_PLACES,
    MAX_TITLE_WORDS,
    NO_NAMES,
    AliasMatch,
    PaperAlias,
    PaperIndex,
)
from hotpapers.base.papers.mentions.title_words import WORD, split_words, to_ascii
from hotpapers.publish.view.tex import plain_line, tex_to_markup

KETTLE, SOCKS, OTHER = "arxiv:2609.00001", "arxiv:2609.00002", "arxiv:2609.00003"
TITLE = "Teaching Kettles to Sing: $L_2$-Regular Whistles in Schrödinger's Kitchen"
KNOWN = PaperIndex([PaperAlias(KETTLE, TITLE), PaperAlias(SOCKS, "A Theory of Lost Socks and Where They Go")])


def titles(text: str, names: PaperIndex = KNOWN) -> list[str]:
    return [alias.paper for alias in names.papers_in(text) if alias.form == "title"]


# ---- words -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dressed", "bare"),
    [
        ("End-to-End", "end to end"),
        ("$L_2$ and L₂ and L_2", "l2 and l2 and l2"),
        ("𝐁𝐨𝐥𝐝 𝘪𝘵𝘢𝘭𝘪𝘤 ﬁne", "bold italic fine"),
        ('Schrödinger, Schr\\"odinger, Schr\\"{o}dinger', "schrodinger schrodinger schrodinger"),
        ("Erd\\H{o}s and Erdős", "erdos and erdos"),
        ("Łojasiewicz, Straße, STRASSE", "lojasiewicz strasse strasse"),
        (
            r"$\alpha$-divergence, α-divergence, \varepsilon, \ell_1, ℓ₁",
            "alpha divergence alpha divergence epsilon l1 l1",
        ),
        (r"\textit{In Vivo} $\mathbb{R}^n$ and ℝⁿ", "in vivo rn and rn"),
        ("Let's, let’s", "let s let s"),
        ("soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("論文Words読", "words"),
        ("", ""),
    ],
)
def test_words(dressed: str, bare: str) -> None:
    assert split_words(dressed) == bare.split()


SPELLINGS = [
    (r"$O(n\log n)$", ["O(n log n)", "O( n log n )"]), (r"$z\sim10$", ["z ∼ 10", "z∼10", "z ~ 10", "z~10"]),
    (r"$3\times3$", ["3×3", "3 × 3", "3x3", "3 x 3"]), (r"$B\to K\mu\mu$", ["B→Kμμ", "B → Kμμ", "B -> Kμμ"]),
    (r"$a\leq b$", ["a≤b", "a ≤ b", "a <= b", "a<=b"]), (r"$1\over2$", ["1/2", "½", "1 / 2"]),
    (r"$\frac{1}{2}$", ["1/2", "½"]), (r"$\frac12$", ["1/2", "½"]), (r"$W^{1,p}$", ["W^(1,p)", "W^{1,p}"]),
    (r"$\Phi^4_3$", ["Φ₃⁴", "Φ_3^4", "Φ^4_3"]), (r"$-\Delta u = f$", ["−Δu = f", "-Δu=f"]), (r"$\R^3$", ["ℝ³", "R^3"]),
    (r"$10^{-3}$", ["10⁻³", "10^-3"]), (r"a\unicode{x2013}b", ["a–b", "a-b"]), (r"$\ell_1\ge0$", ["ℓ₁ ≥ 0", "ℓ₁≥0"]),
    (r"$x\approx y$", ["x ≈ y", "x≈y"]), (r"$\Lambda$CDM", ["ΛCDM"]), (r"$A \otimes B$", ["A ⊗ B", "A⊗B"]),
]  # fmt: skip
"""Formulas of titles, and how people write them."""


@given(st.sampled_from([(tex, form) for tex, forms in SPELLINGS for form in forms]), st.integers(0, 6))
def test_a_title_with_a_formula_is_found_as_people_write_it(spelling: tuple[str, str], at: int) -> None:
    tex, form = spelling
    title = ["Kettles", "sing", "slowly", "of", "cold", "tea"]
    index = PaperIndex([PaperAlias(KETTLE, " ".join([*title[:at], tex, *title[at:]]))])
    assert titles(f"Read: {' '.join([*title[:at], form, *title[at:]])}!", index) == [KETTLE]


def real_titles(shared: Path) -> Iterator[str]:
    with zstandard.open(shared / "data" / "arxiv-metadata.jsonl.zst", "rt", encoding="utf-8") as lines:
        yield from (json.loads(line)["title"] for line in lines)


def test_the_titles_of_the_archive_are_found_as_lines(shared: Path) -> None:
    """Each of 179,802 titles, as our own plain line, as Unicode without blanks and in ASCII."""
    ascii_signs = str.maketrans({"∼": "~", "×": "x", "→": "->", "≤": "<=", "≥": ">=", "−": "-"})
    missed = count = 0
    for title in real_titles(shared):
        line, count = plain_line(title), count + 1
        tight = re.sub(" ?([∼×→≤≥≈=<>+−]) ?", r"\1", line)
        missed += sum(split_words(form) != split_words(title) for form in (line, tight, line.translate(ascii_signs)))
    assert missed <= 0.002 * 3 * count and count > 100_000


SHOWN = {
    r"{\DJ}ur{\dj}a {\TH}or {\th}orn {\DH} {\dh}": "Đurđa Þor þorn Ð ð",
    r"\DJ ura and \o re": "Đura and øre",
    r"A {\NG} {\ng}": "A Ŋ ŋ",
    r"$\binom{n}{k}$, $\dbinom{n}{2}$, $\tbinom n k$": "(n/k), (n/2), (n/k)",
    r"${n \choose k}$ ways": "(n/k) ways",
    r"$\begin{pmatrix}a&b\\c&d\end{pmatrix}$": "(a, b; c, d)",
    r"$\begin{bmatrix}1\\0\end{bmatrix}$": "[1; 0]",
    r"$f=\begin{cases}0&x<1\\1&x\ge 1\end{cases}$": "f = {0, x < 1; 1, x ≥ 1",
    r"$\operatorname{Tr}\rho$, $\tr A$, $\det A$, $\Pr[X]$": "Tr ρ, tr A, det A, Pr[X]",
    r"$\operatorname{GL}_n$ and $\log_2 n$": "GLₙ and log₂ n",
    r"$a\bmod n$ for $\arcsin x$": "a mod n for arcsin x",
    r"$5\,\upmu\mathrm{m}$ and 3 $\upmu$m": "5 µm and 3 µm",
    r"${\color{red}x}+\textcolor{blue}{y}$": "x+y",
    r"$\phantom{a}x$, $a\hphantom{b}c$, $\vphantom{X}y$, $\hspace{1em}z$": "x, ac, y, z",
    r"$e^{i\pi}$, $2^{2^n}$, $e^{-x^2}$, $T^{\mu\nu}$": "e^(iπ), 2^(2ⁿ), e^(−x²), T^μν",
    r"\ce{H2O} and $\ce{CO2}$ \ce{C -> CO}": "H₂O and CO₂ C → CO",
    r"\SI{5}{\micro\meter}, $\SI{10}{km}$, \si{\kilo\gram}, $\num{1e5}$": "5 micrometer, 10 km, kilogram, 1e5",
    r"$\slashed{D}$ and $\slashed{\partial}$": "D̸ and ∂̸",
    r"\boldmath $k$-edges, $\overset{a}{b}$": "k-edges, bᵃ",
}


@pytest.mark.parametrize("title", SHOWN)
def test_a_title_has_the_words_of_the_line_that_shows_it(title: str) -> None:
    assert plain_line(title) == SHOWN[title]
    assert split_words(title) == split_words(SHOWN[title])
    assert 'class="tex"' not in tex_to_markup(title), "each formula is rendered"


DRESSED = st.text("aB1$_^{}\\~ -'é’ßαΣςﬁ½–‑🎉ッ日\u0301\u200bİı") | st.text()


@given(DRESSED)
def test_words_are_found_in_one_look_at_each_byte_as_in_the_plain_text(text: str) -> None:
    assert split_words(text) == WORD.findall(to_ascii(text).lower()) and to_ascii(text).isascii()


@given(st.text())
def test_plain_text_is_ascii_and_not_much_longer(text: str) -> None:
    assert to_ascii(text).isascii() and len(to_ascii(text)) <= 18 * len(text)


# ---- titles ------------------------------------------------------------------------------------------

PLAIN_WORDS = ["kettles", "sing", "of", "schrodinger", "whistles", "a", "zero", "shot", "tea", "learned", "slowly"]
DRESS = {
    "a": "aàáäAÀ𝐚ａ", "e": "eéèëE𝐞", "o": "oöôÖO𝐨ｏ", "t": "tT𝐭", "s": "sśS𝐬", "i": "iíïI", "g": "gǵG",
}  # fmt: skip
GAPS = st.sampled_from([" ", "  ", "-", "‐", ": ", "\n", " – ", ", ", "\u00a0", " $", "$ ", " (", ") ", "\u200b "])
APART_BEFORE = st.sampled_from(["", "\n", "“", '"', "New: ", "[R] ", "🎉 ", "we read this! ", "(", "see - ", "論文 "])
APART_AFTER = st.sampled_from(
    ["", "\n", "”", '"', ". Nice", " https://a.example/x", "\nabs: x", " 🎉", ")", " | z", "を"]
)


@st.composite
def dressed(draw: st.DrawFn, title: list[str]) -> str:
    """A title as people write it: letters and spacing may vary."""
    text = ""
    for n, word in enumerate(title):
        letters = [draw(st.sampled_from(DRESS[letter])) if letter in DRESS else letter for letter in word]
        text += (draw(GAPS) if n else "") + "".join(letters)
    return text


@given(st.data(), st.lists(st.sampled_from(PLAIN_WORDS), min_size=5, max_size=9), APART_BEFORE, APART_AFTER)
def test_a_title_is_found_in_any_dress(data: st.DataObject, title: list[str], before: str, after: str) -> None:
    names = PaperIndex([PaperAlias(KETTLE, " ".join(title))])
    text = before + data.draw(dressed(title)) + after
    assert titles(text, names) == [KETTLE] and names.may_name(text)


@given(st.data(), st.lists(st.sampled_from(PLAIN_WORDS), min_size=1, max_size=4))
def test_a_title_of_four_words_is_not(data: st.DataObject, title: list[str]) -> None:
    names = PaperIndex([PaperAlias(KETTLE, " ".join(title))])
    text = data.draw(dressed(title))
    assert not names.papers_in(text) and not names.may_name(text)


def test_words_are_counted_between_blanks() -> None:
    assert not titles(
        "The Kettle-Whistle-Steam-Tea Equation",
        PaperIndex([PaperAlias(KETTLE, "The Kettle-Whistle-Steam-Tea equation")]),
    )


@pytest.mark.long
@given(st.lists(st.sampled_from(PLAIN_WORDS), min_size=5, max_size=9), st.sampled_from(["x", "7", "yx"]))
def test_a_word_that_goes_on_is_another_word(title: list[str], more: str) -> None:
    names = PaperIndex([PaperAlias(KETTLE, " ".join(title))])
    assert not titles(" ".join(title) + more, names) and not titles(more + " ".join(title), names)


@pytest.mark.parametrize(
    "text",
    [
        "we study a theory of lost socks and where they go in winter",
        "a theory of lost socks and where they go in winter",
        "in winter a theory of lost socks and where they go",
        "https://a.example/a-theory-of-lost-socks-and-where-they-go",
        "A Theory of Lost Socks, and where they go home",
        "“A Theory of Lost Socks and Where They Go. II” by somebody",
        "A Theory of Lost Socks and Where They Go, Part 2",
        "A Theory of Lost Socks",
    ],
)
def test_what_is_not_set_apart_or_not_whole_is_no_quotation(text: str) -> None:
    assert not titles(text)


@pytest.mark.parametrize(
    "text",
    [
        "‘A Theory of Lost Socks and Where They Go’ by somebody",
        "read 'a theory of lost socks and where they go' today",
        "read ``A theory of lost socks and where they go'' today",
        "A THEORY OF LOST SOCKS AND WHERE THEY GO - new",
        "Emil Drawer: A Theory of Lost Socks and Where They Go https://a.example arxiv.org/abs/1",
        "A Theory of Lost Socks and Where They Go@emil and 3 others",
    ],
)
def test_what_sets_a_title_apart(text: str) -> None:
    assert titles(text) == [SOCKS]


def test_a_title_of_two_papers_names_none_and_hides_what_is_in_it() -> None:
    short, long = "Counting Sheep With Very Little Sleep", "Counting Sheep With Very Little Sleep: Second Part"
    names = PaperIndex([PaperAlias(KETTLE, long), PaperAlias(OTHER, long.upper()), PaperAlias(SOCKS, short)])
    assert not titles(long, names) and titles(short, names) == [SOCKS]
    assert [(title.paper, title.start, title.end) for title in names.titles_in(f"New: {long}\n{short}")] == [
        ("", 1, 9), (SOCKS, 9, 15),
    ]  # fmt: skip


def test_the_longest_title_at_a_place() -> None:
    names = PaperIndex([PaperAlias(KETTLE, "Tea Is All You Need"), PaperAlias(SOCKS, "Tea Is All You Need: But Hot")])
    assert titles("Tea is all you need: but hot", names) == [SOCKS]
    assert titles("Tea is all you need: but cold", names) == [KETTLE]


def test_a_new_title_takes_the_place_of_the_old_one() -> None:
    names = PaperIndex([PaperAlias(KETTLE, "Tea Is All You Need")])
    names.learn([PaperAlias(KETTLE, "Tea Is All You Ever Need")])
    assert titles("Tea is all you ever need", names) == [KETTLE] and not titles("Tea is all you need", names)
    names.learn([PaperAlias(KETTLE, "Tea Is All")])
    assert (
        not titles("Tea is all. You need", names) and names.title_of(KETTLE) == ("tea", "is", "all") and len(names) == 1
    )


def test_very_long_titles_are_left_alone() -> None:
    long = " ".join(["tea"] * (MAX_TITLE_WORDS + 1))
    assert not titles(long, PaperIndex([PaperAlias(KETTLE, long)])) and titles(
        long[4:], PaperIndex([PaperAlias(KETTLE, long[4:])])
    ) == [KETTLE]


@given(st.text(alphabet=st.sampled_from(list("ab ,\n“é$\\{_'-:/🎉")), max_size=200) | st.text())
@example("\\" * 50 + '"{')
def test_any_text_is_borne(text: str) -> None:
    names = PaperIndex(
        [PaperAlias(KETTLE, text, text, tuple(paper_urls.claimed_keys(text))), PaperAlias(SOCKS, "a b a b a")]
    )
    aliases = names.papers_in(text, [text])
    assert names.may_name(text) or not aliases
    assert all(0 <= title.start < title.end <= len(split_words(text)) for title in names.titles_in(text))
    assert not NO_NAMES.papers_in(text, [text]) and not NO_NAMES.may_name(text)


def test_a_text_that_quotes_without_end_costs_a_bounded_number_of_looks() -> None:
    names = PaperIndex(PaperAlias(f"arxiv:2609.{n:05}", f"Tea is all you need {'x ' * n}") for n in range(1, 40))
    text = "Tea is all you need.\n" * 2_000
    looked = Counter[str]()

    def look(frame: object, event: str, arg: object) -> None:
        looked[getattr(getattr(frame, "f_code", None), "co_name", "")] += event == "call"

    sys.setprofile(look)
    try:
        assert not names.papers_in(text)
    finally:
        sys.setprofile(None)
    assert looked["_longest"] == MAX_TITLE_PLACES


# ---- DOIs and pages ----------------------------------------------------------------------------------

DOI = "10.1000/Kettle(2026)12-3"
BY_DOI = PaperIndex([PaperAlias(KETTLE, doi=f"{DOI} 10.1038/s99999-026-00001-2"), PaperAlias(SOCKS,
doi="10.1000/socks"),
                PaperAlias(OTHER, doi="10.1000/socks")])  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        f"https://doi.org/{DOI}",
        "http://dx.doi.org/10.1000/kettle(2026)12-3",
        f"doi:{DOI}.",
        f"({DOI})",
        f"https://journal.example/doi/full/{DOI}?utm=x#top",
        f"https://journal.example/doi/{DOI}/full/pdf/figures/2",
        f"https://journal.example/article/{DOI}/figures/2",
        f"https://journal.example/{DOI}.pdf, and more",
        "https://journal.example/10.1000%2FKettle(2026)12-3",
        "https://www.nature.com/articles/s99999-026-00001-2.pdf",
        "nature.com/articles/s99999-026-00001-2#Sec1",
    ],
)
def test_a_doi_is_found_in_any_address(text: str) -> None:
    assert BY_DOI.papers_in("", [text]) == [AliasMatch(KETTLE, "doi", "link")] and BY_DOI.may_name(text)
    assert BY_DOI.papers_in(text) == [AliasMatch(KETTLE, "doi", "text")]


@pytest.mark.parametrize("text", ["10.1000/socks", f"{DOI}4", "10.1000", "10.1000/", "110.1000/kettle", "10.1/x"])
def test_what_is_no_doi_of_one_paper(text: str) -> None:
    assert not BY_DOI.papers_in(text)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("https://github.com/Kettle/Song", "github.com/kettle/song"),
        ("https://www.github.com/kettle/song.git", "github.com/kettle/song"),
        ("http://github.com/kettle/song/blob/main/README.md#tea", "github.com/kettle/song"),
        ("https://github.com/kettle", ""),
        ("https://hf.co/datasets/kettle/song/viewer", "huggingface.co/datasets/kettle/song"),
        ("https://huggingface.co/kettle/song-7b", "huggingface.co/kettle/song-7b"),
        ("https://huggingface.co/papers/2609.00001", ""),
        ("https://huggingface.co/spaces/kettle", ""),
        ("https://openreview.net/forum?id=AbC_d-1", "openreview.net/AbC_d-1"),
        ("https://openreview.net/pdf?foo=1&id=AbC_d-1", "openreview.net/AbC_d-1"),
        ("https://openreview.net/group?x=1", ""),
        ("https://Kettle.github.io/Song/index.html?x=1#y", "kettle.github.io/song"),
        ("https://kettle.github.io:443/", "kettle.github.io"),
        ("https://lab.example/song),", "lab.example/song"),
    ],
)
def test_the_key_of_an_address(address: str, key: str) -> None:
    assert list(paper_urls.find_keys(address)) == ([key] if key else [])


@pytest.mark.parametrize(
    ("text_of_paper", "claimed"),
    [
        ("12 pages; code: https://github.com/kettle/song", ["github.com/kettle/song"]),
        ("Project page: https://lab.example/song/ , 9 cups", ["lab.example/song"]),
        ("See https://lab.example/song", []),
        ("Our website is https://lab.example", []),
        (
            "https://kettle.github.io and https://openreview.net/forum?id=AbCd",
            ["kettle.github.io", "openreview.net/AbCd"],
        ),
        ("Code: https://arxiv.org/abs/2609.00002, https://youtu.be/tea, https://doi.org/10.1000/x", []),
        ("", []),
    ],
)
def test_what_a_paper_claims(text_of_paper: str, claimed: list[str]) -> None:
    assert paper_urls.claimed_keys(text_of_paper) == claimed


def test_what_somebody_else_names_as_a_papers_page() -> None:
    urls = ["https://song.example", "https://github.com/kettle/song", "no address", "https://arxiv.org/abs/2609.00002"]
    assert paper_urls.listed_keys(urls) == ["song.example", "github.com/kettle/song"]


def test_a_page_names_its_paper_unless_two_claim_it() -> None:
    names = PaperIndex(
        [
            PaperAlias(KETTLE, pages=("github.com/kettle/song", "lab.example/tea")),
            PaperAlias(SOCKS, pages=("lab.example/tea",)),
        ]
    )
    link = "https://github.com/kettle/song/issues/1"
    assert names.papers_in("look", [link, link]) == [AliasMatch(KETTLE, "page", "link")] and names.may_name(
        f"look\n{link}"
    )
    assert not names.papers_in("https://lab.example/tea") and not names.may_name("https://lab.example/tea")
    names.learn([PaperAlias(KETTLE, pages=("lab.example/tea",))])
    assert not names.papers_in("https://lab.example/tea")


def test_many_addresses_are_looked_at_so_far() -> None:
    names = PaperIndex([PaperAlias(KETTLE, doi="10.1000/last", pages=("github.com/kettle/song",))])
    many = "https://a.example/b 10.1000/x " * paper_urls.MAX_URLS
    assert not names.papers_in(f"{many} https://github.com/kettle/song 10.1000/last")


# ---- learning ----------------------------------------------------------------------------------------


def test_the_surest_comes_first_and_nothing_twice() -> None:
    names = PaperIndex([PaperAlias(KETTLE, TITLE, "10.1000/k", ("lab.example/song",))])
    text = f"{TITLE}\n{TITLE}\nhttps://lab.example/song"
    assert names.papers_in(text, ["https://doi.org/10.1000/k"]) == [
        AliasMatch(KETTLE, "doi", "link"), AliasMatch(KETTLE, "page", "text"), AliasMatch(KETTLE, "title", "text"),
    ]  # fmt: skip


def test_others_read_while_one_learns_and_forgets() -> None:
    names, stop, counts = PaperIndex(), threading.Event(), Counter[int]()

    def read() -> None:
        while True:
            papers = titles(TITLE, names)
            assert papers in ([], [KETTLE])
            counts[len(papers)] += 1
            if stop.is_set():
                return

    thread = threading.Thread(target=read)
    thread.start()
    for n in range(300):
        names.learn([PaperAlias(KETTLE, TITLE), PaperAlias(f"arxiv:2608.{n + 1:05}", f"{TITLE} {n}")])
        names.replace(PaperIndex())
    stop.set()
    thread.join()
    names.replace(PaperIndex([PaperAlias(SOCKS, TITLE)]))
    assert sum(counts.values()) and titles(TITLE, names) == [SOCKS] and len(names) == 1
