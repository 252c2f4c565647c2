"""Splitting text into words and parsing queries: pure functions, for any input."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.keep.search import highlights, index, query_parser, tokenizer
from hotpapers.keep.search.query_parser import SearchQuery, SearchTerm, describe_query, parse_query
from hotpapers.keep.search.tokenizer import stem_word

ALPHABET = st.characters() | st.sampled_from("aAß éİﬁ½Σ\\{}\"'$^_-:*()&|!<>#~αβ注意力กำé한글びשׁع\u200d\u0301\u0e33/.,0")
TEXTS = st.text(ALPHABET, max_size=80)


# ---- words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A Kettle, two kettles: 3.5 litres", "a kettle two kettles 3 5 litres"),
        ("Čeněk Šálek BJØRN Łukasz straße İzmir œuvre", "cenek salek bjorn lukasz strasse izmir oeuvre"),
        ("ﬁne ½ x² Ⅳ ＧＰＴ", "fine 12 x2 iv gpt"),
        ("state-of-the-art GPT-4 don't", "state of the art gpt 4 don t"),
        ("soft\u00adhyphen zero\u200bwidth join\u200der", "softhyphen zerowidth joiner"),
        (r"Schr\"odinger Erd\H{o}s Poincar\'e G{\"o}del", "schrodinger erdos poincare godel"),
        (r"Stanis{\l}aw \L ukasz na\"{\i}ve Martin-L{\"{o}}f \O rsted", "stanislaw lukasz naive martin lof orsted"),
        (r"A $\beta$-VAE in $\mathbb{R}^d$, $\mathcal{N}=4$", "a beta vae in r d n 4"),
        ("A β-VAE, Σ, ϵ-greedy, μηχανική μάθηση", "a beta vae sigma epsilon greedy μηχανικη μαθηση"),
        (r"$\varepsilon$ and $\Omega(n \log n)$", "epsilon and omega n log n"),
        ("שָׁלוֹם עולם", "שלום עולם"),
        ("العَرَبِيَّة أحمد كـــتاب", "العربية احمد كتاب"),
        ("हिन्दी में सीखना", "हिन्दी में सीखना"),
        ("注意力机制", "注意力 意力机 力机制 机制 制"),
        ("GPT模型v2", "gpt 模型 型 v2"),
        ("お茶・ティー", "お茶 茶 ティー ィー ー"),
        ("한국어 모델", "한국어 국어 어 모델 델"),
        (unicodedata.normalize("NFD", "한국어 がぎ"), "한국어 국어 어 がぎ ぎ"),
        ("รู้จัก", "รู้จัก จัก ก"),
        ("🎉 — … !", ""),
    ],
)  # fmt: skip
def test_words_of_many_languages(text: str, expected: str) -> None:
    assert tokenizer.text_words(text) == expected.split()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("models", "model"), ("studies", "study"), ("classes", "class"), ("boxes", "box"), ("meshes", "mesh"),
        ("approaches", "approach"), ("class", "class"), ("corpus", "corpus"), ("analysis", "analysis"),
        ("news", "news"), ("gas", "gas"), ("trees", "tree"), ("llms", "llm"), ("modèles", "modèles"),
        ("x2s1s", "x2s1s"), ("zombies", "zomby"), ("calories", "calory"),
    ],
)  # fmt: skip
def test_plural_endings_go(word: str, expected: str) -> None:
    assert stem_word(word) == expected


@given(TEXTS)
def test_any_text_has_words_with_their_places(text: str) -> None:
    tokens = tokenizer.tokenize_text(text)
    assert [word for word, _, _ in tokens] == tokenizer.text_words(text)
    for word, start, end in tokens:
        assert 0 <= start < end <= len(text)
        assert 0 < len(word) <= max(tokenizer.MAX_WORD_CHARS, tokenizer.GRAM * tokenizer.SIGN)
        assert all(unicodedata.category(sign)[0] in "LNM" for sign in word)


@given(st.text(st.characters(max_codepoint=0x24F) | st.sampled_from("αבع"), max_size=60))
def test_words_are_found_by_themselves(text: str) -> None:
    """The index and queries use the same words: folding twice changes nothing."""
    words = tokenizer.text_words(text)
    assert tokenizer.text_words(" ".join(words)) == words
    assert [stem_word(stem_word(word)) for word in words] == [stem_word(word) for word in words]


@given(st.text(st.sampled_from("ab1 -.zé\\\"{}'ßα注"), max_size=40))
def test_the_quick_way_says_what_the_slow_one_says(text: str) -> None:
    expected = [token for piece in tokenizer._letter_by_letter(text, 0) for token in _tokens_of(piece)]
    assert tokenizer.tokenize_text(text) == expected


def _tokens_of(piece: tokenizer.WordPiece) -> list[tokenizer.Token]:
    signs = piece.tokens
    return [tokenizer.join_signs(signs[n : n + 3]) for n in range(len(signs))] if piece.is_run else list(signs)


def test_endless_words_and_texts_are_bounded() -> None:
    assert tokenizer.text_words("x" * 1000) == ["x" * tokenizer.MAX_WORD_CHARS]
    assert tokenizer.tokenize_text("é" * 1000) == [("e" * tokenizer.MAX_WORD_CHARS, 0, 1000)]
    assert len(tokenizer.text_words("ab " * 100_000)) == tokenizer.MAX_TEXT_WORDS
    assert len(tokenizer.text_words("注" * 100_000)) == tokenizer.MAX_TEXT_WORDS
    zalgo = "ก" + "\u0e48" * 5000
    assert all(len(word) <= tokenizer.SIGN for word in tokenizer.text_words(zalgo))


# ---- queries ---------------------------------------------------------------------------------------------


QUERIES = [
    ("kettle steam", "with “kettle” and “steam”"),
    ("kettle AND steam kettle", "with “kettle” and “steam”"),
    ('"on steam" kettl*', "with “on steam” and “kettl*”"),
    ("“on steam” «a cup»", "with “on steam” and “a cup”"),
    ("kettle OR teapot | cup steam", "with “kettle” or “teapot” or “cup” and “steam”"),
    ("-tea kettle -author:brewster −cup", "with “kettle”, without “tea” and “brewster” and “cup”"),
    ("author:brewster author:'Ada", "by “brewster” and “'Ada”"),
    ('AUTHOR:"Brewster, Ada"', "by “Ada Brewster”"),
    ("title:kettle category:cs.LG cat:hep-th", "with “kettle” in the title, in cs.LG and hep-th"),
    ("date:2026-11", "of 2026-11"),
    ("date:2026-11-02..2026-11-05 from:2026", "from 2026-11-02 until 2026-11-05"),
    ("from:2026-11..2026-12", "from 2026-11 until 2026-12"),
    ("to:2026-11..2026-12", "from 2026-11 until 2026-12"),
    ("from:2026-10 to:2027 to:2026-12", "from 2026-10 until 2026-12"),
    ("to:2026", "until 2026"),
    ("2101.04869v2", "2101.04869"),
    ("see: https://arxiv.org/abs/hep-th/9901001v3 ", "with “see:”, hep-th/9901001"),
    ("https://arxiv.org/pdf/hep-th/9901001v3.pdf", "hep-th/9901001"),
    ("arXiv: 2101.04869", "2101.04869"),
    ("id:2101.04869 OR 2101.04870", "2101.04869 or 2101.04870"),
    ('"2101.04869"', "2101.04869"),
    ("-2101.04869", "without 2101.04869"),
    (" −2101.04869v2", "without 2101.04869"),
    # anything else is a word
    ("foo:bar", "with “foo:bar”"),
    ("-date:2026", "without “date 2026”"),
    ("category:x!", "with “category x!”"),
    ("id:5", "with “id 5”"),
    ('"open kettle', "with “open” and “kettle”"),
    ("author:", "with “author:”"),
    ("2101.4869", "with “2101.4869”"),
    ("OR kettle OR", "with “kettle”"),
    ("kettle OR -tea", "with “kettle”, without “tea”"),
    ("a* *tea", "with “a*” and “*tea”"),
    ('"" -- * !!! -', ""),
    ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "understood"), QUERIES)
def test_what_is_understood(text: str, understood: str) -> None:
    assert describe_query(parse_query(text)) == understood


WRONG_DATES = [
    ("date:13", "13"),
    ("kettle from:2026-13 -tea", "2026-13"),
    ("date:2026-02-30..2026-03-01", "2026-02-30"),
    ("date:hello to:13", "hello, 13"),
    ("date:2026..", "2026.."),
    ("date:2026..2027..2028", "2026..2027..2028"),
    ('date:"2 May"', "2 May"),
]


@pytest.mark.parametrize(("text", "wrong"), WRONG_DATES)
def test_what_is_no_date_is_said(text: str, wrong: str) -> None:
    assert parse_query(text).mistake.startswith(f"not a date: {wrong}; write a day, a month or a year: 2026-11-02")
    assert not parse_query("date:2026 -date:13").mistake


def test_the_terms_of_a_query() -> None:
    def terms(text: str) -> list[SearchTerm]:
        return [term for atom in parse_query(text).atoms for term in atom.terms]

    assert terms("GPT-4 x*") == [SearchTerm("", ("gpt", "4")), SearchTerm("", ("x",))]
    assert terms("kettl* title:tea*") == [SearchTerm("", ("kettl",), True), SearchTerm("title", ("tea",), True)]
    assert terms("注意力机 模型 GPT模型") == [
        SearchTerm("", ("注意力", "意力机")), SearchTerm("", ("模型",), True), SearchTerm("", ("gpt",)), SearchTerm("",
        ("模型",), True),
    ]  # fmt: skip
    assert terms("cat:CS.LG 2101.04869v2") == [
        SearchTerm("labels", ("#cs.lg",)),
        SearchTerm("labels", ("#2101.04869",)),
    ]
    assert terms("$\\beta$-VAE") == terms("β-vae") == [SearchTerm("", ("beta", "vae"))]


def test_beginnings_of_words_whose_endings_go() -> None:
    assert SearchTerm("", ("studies",), True).stems == ("stud",)
    assert SearchTerm("", ("big", "models"), True).stems == ("big", "model")
    assert SearchTerm("", ("big", "models")).stems == ("big", "model")


def test_a_query_is_bounded() -> None:
    words = [f"w{chr(97 + n // 20)}{chr(97 + n % 20)}" for n in range(200)]
    assert len(parse_query(" ".join(words)).wanted) == query_parser.MAX_QUERY_TERMS
    assert sum(map(len, parse_query(" OR ".join(words)).wanted)) == query_parser.MAX_QUERY_TERMS
    assert len(parse_query("-" + " -".join(words)).unwanted) == query_parser.MAX_QUERY_TERMS
    assert len(parse_query(" ".join(f"w{n}" for n in range(200))).atoms) == query_parser.MAX_QUERY_TERMS
    assert parse_query("x" * 5000).wanted[0][0].text == "x" * query_parser.MAX_QUERY_CHARS
    assert not SearchQuery().asks and parse_query("!!!") == SearchQuery()


def test_scripts_in_turn_are_not_more_words_than_a_query_may_have() -> None:
    [[atom]] = parse_query("a注" * 500).wanted
    assert [term.words for term in atom.terms] == [("a",), ("注",)]
    [[atom]] = parse_query("".join(f"注{n}" for n in range(200))).wanted
    assert len(atom.terms) == query_parser.MAX_QUERY_TERMS
    assert (
        sum(len(atom.terms) for [atom] in parse_query("a注b茶 " * 3 + "c注d茶 e注f茶 " * 90).wanted)
        <= 2 * query_parser.MAX_QUERY_TERMS
    )


SAFE = re.compile(r"[\w#./-]*")
QUERY_TEXTS = st.text(ALPHABET, max_size=60) | st.lists(
    st.sampled_from(
        ["author:", "title:", "category:cs.LG", "date:2026", "from:", "to:2026-02", "OR", "|", "-", '"', "*", "tea",
         "kettles", "模型", "'", "\\", ")", "(", "NEAR", "NOT", "AND", ":*", "<->", "&", "!", "2101.04869", "\x00"]
    ),
    max_size=12,
).map(" ".join)  # fmt: skip


@given(QUERY_TEXTS)
def test_any_text_is_a_query_of_mere_words(text: str) -> None:
    query = parse_query(text)
    assert isinstance(describe_query(query), str) and query.asks == bool(describe_query(query))
    for atom in [*query.atoms, *query.unwanted]:
        assert atom.terms
        for term in atom.terms:
            assert term.words and all(word and not re.search(r"[\s\"'\\:&|!<>()*^{}]", word) for word in term.words)


@given(QUERY_TEXTS)
def test_what_a_database_is_asked_has_no_words_but_quoted_ones(text: str) -> None:
    """Outside quotation marks there are only the query languages' own operators."""
    query = parse_query(text)
    sqlite_rest = re.sub(r'"[^"]*"', "", index.fts_expression(query, one_column=False))
    assert re.fullmatch(r"(?:[ (){}:*]|AND|OR|NOT|title|abstract|authors|labels)*", sqlite_rest)


# ---- places ----------------------------------------------------------------------------------------------


def highlight(text: str, query: str) -> str:
    """The title with [ ] around each highlight."""
    marks = highlights.Highlighter(parse_query(query)).title(text)
    for start, end in reversed(marks):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("kettle", "Kettles and the kettle; kettledrums", "[Kettles] and the [kettle]; kettledrums"),
        ("kettl*", "Kettles and kettledrums", "[Kettles] and [kettledrums]"),
        ("study*", "A study, two studies", "A [study], two [studies]"),
        ("studies", "A study, two studies", "A [study], two [studies]"),
        ('"learned kettle"', "A learned kettle, a Learned\nKettles", "A [learned kettle], a [Learned\nKettles]"),
        ("schrodinger", 'The Schrödinger Schr\\"odinger', 'The [Schrödinger] [Schr\\"odinger]'),
        ("beta", r"β and $\beta$-VAE", r"[β] and $[\beta]$-VAE"),
        ("意力机", "新注意力机制", "新注[意力机]制"),
        ("注意", "注意力 注", "[注意]力 注"),
        ("หนังสือ", "อ่านหนังสือ", "อ่าน[หนังสือ]"),
        ("שלום", "אָז שָׁלוֹם", "אָז [שָׁלוֹם]"),
        ("tea OR pot", "Tea, teapot, pot", "[Tea], teapot, [pot]"),
        ("-tea pot", "Tea pot", "Tea [pot]"),
        ("title:tea category:cs.LG", "Tea in cs.LG", "[Tea] in cs.LG"),
        ("author:tea", "Tea", "Tea"),
        ('"a b" "b c"', "a b c d", "[a b c] d"),
    ],
)
def test_what_is_marked(query: str, text: str, expected: str) -> None:
    assert highlight(text, query) == expected


PLAIN_TEXTS = st.text(st.sampled_from("teas iex,-X1y"), max_size=50)


@given(PLAIN_TEXTS, st.text(st.sampled_from('teas iexX1y"*'), min_size=1, max_size=12))
def test_plain_texts_are_marked_as_any_others_are(text: str, query: str) -> None:
    terms = [term for atom in parse_query(query).atoms for term in atom.terms]
    for field in ("", "authors"):
        patterns = [highlights.query_words(term._replace(field=field)) for term in terms]
        assert highlights.matching_spans(text, patterns) == highlights.matching_spans(text + " ж", patterns)


@given(TEXTS, QUERY_TEXTS)
def test_places_are_in_order_and_inside(text: str, query: str) -> None:
    for spans, shown_text in (
        ((marker := highlights.Highlighter(parse_query(query))).title(text), text),
        marker.snippet(text * 9)[::-1],
    ):
        ends = [place for span in spans for place in span]
        assert ends == sorted(ends) and all(0 <= place <= len(shown_text) for place in ends)


def test_names_are_marked_as_they_are_written() -> None:
    marker = highlights.Highlighter(parse_query("author:jones kettle"))
    assert marker.names(["Bo Jone", "Kettle Jones", "Čeněk Jones"]) == ((1, 0, 6), (1, 7, 12), (2, 6, 11))
    assert marker.names(["Bo Jone", "Ada"]) == ()


def test_a_snippet_is_where_most_marks_are() -> None:
    text = f"{'Before all this. ' * 30}A kettle of tea makes the kettle sing. {'After all this. ' * 30}"
    snippet, spans = highlights.Highlighter(parse_query("kettle sing")).snippet(text)
    assert snippet.startswith("… ") and snippet.endswith(" …") and len(snippet) < highlights.SNIPPET + 35
    assert [snippet[start:end] for start, end in spans] == ["kettle", "kettle", "sing"]
    assert highlights.Highlighter(parse_query("lid")).snippet(text)[0].startswith("Before all this. Before")
    accents = text.replace("kettle", "kéttlé")
    snippet, spans = highlights.Highlighter(parse_query("kettle")).snippet(accents)
    assert [snippet[start:end] for start, end in spans] == ["kéttlé", "kéttlé"]
    chinese = "前" * 500 + "注意力" + "后" * 500
    snippet, spans = highlights.Highlighter(parse_query("注意力")).snippet(chinese)
    assert [snippet[start:end] for start, end in spans] == ["注意力"]
    assert highlights.Highlighter(parse_query("category:cs.LG")).snippet("Short.") == ("Short.", ())


def test_places_are_bounded() -> None:
    assert len(highlights.Highlighter(parse_query("tea")).title("tea " * 1000)) == highlights.MAX_MARKS
