"""Finding papers in text: labeled examples, properties of all forms, hostile texts."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hotpapers.base.papers import arxiv
from hotpapers.base.papers.arxiv import addresses
from hotpapers.base.papers.mentions import PaperMention, find
from hotpapers.base.text import unescaping
from tests.base.papers.test_arxiv_id import IDS, VERSIONS, written
from tests.conftest import SHARED, data

LABELLED = [json.loads(line) for line in data("mentions.jsonl").read_text("utf-8").splitlines()]
TEXTS = [row["text"] for row in LABELLED]


def described(text: str) -> list[dict[str, Any]]:
    return [
        {"id": mention.id, "version": mention.version, "form": mention.form, "shown": text[mention.start : mention.end]}
        for mention in find(text)
    ]


# ---- labeled examples --------------------------------------------------------------------------------


@pytest.mark.parametrize("family", sorted({row["family"] for row in LABELLED}))
def test_labelled(family: str) -> None:
    for row in LABELLED:
        if row["family"] == family:
            assert described(row["text"]) == row["found"], row["text"]


def test_the_list_is_large_and_of_many_forms() -> None:
    assert len(set(TEXTS)) == len(TEXTS) >= 500
    assert sum(not row["found"] for row in LABELLED) >= 200
    forms = {mention["form"] for row in LABELLED for mention in row["found"]}
    assert forms == {
        "abs", "pdf", "html", "format", "ps", "src", "eprint", "tb", "bibtex", "ftp", "vc", "cache", "short", "api",
        "oai", "ar5iv", "alphaxiv", "vanity", "huggingface", "scirate", "doi", "prose", "ads",
    }  # fmt: skip


# ---- properties --------------------------------------------------------------------------------------


WORDS = """
    arxiv arXiv ar xiv XIV x i v alpha ar5iv 5iv papers hf.co huggingface.co .org / // https:// www. abs/ pdf : . - _
    v1 V2 v0 9 B 2101.04869 0704.0001 hep-th/9901001 math.GT/0309136 10.48550/ doi.org/ doi: scirate.com/ %2F %252F %
    25 &#x2F; &amp;#47; & &shy; &nbsp; ;
    [.] (.) [dot] {dot} [:] [/] [://] [ ( ] ) dot \\/ \\u002f \\n \\ u002f <wbr> < > <b> é 漢 🎉 👩\u200d💻 ： ／
"""
SIGNS = [" ", "\n", "\r", "\u0130", "\u212a", "\u2011", "\u200e", "\ufe0f", *unescaping.INVISIBLE]
PIECES = st.sampled_from(WORDS.split() + SIGNS)
TANGLES = st.lists(PIECES | st.text(max_size=3), max_size=24).map("".join)
LINES = st.lists(TANGLES | st.sampled_from(TEXTS), max_size=8)


@pytest.mark.parametrize("character", unescaping.INVISIBLE)
@pytest.mark.parametrize("text", ["https://arxiv.org/abs/2101.04869", "arXiv:2101.04869", "hf.co/papers/2101.04869"])
def test_an_invisible_character_at_any_place(text: str, character: str) -> None:
    form = find(text)[0].form
    for parted in [*(text[:n] + character + text[n:] for n in range(1, len(text))), character.join(text)]:
        assert find(parted) == [PaperMention("2101.04869", None, 0, len(parted), form)]


SWALLOWING = ["ar\\u0005iv.org/abs/2101.04869", "ar%a5iv.org/abs/2101.04869", "ar&#xf5iv.org/abs/2101.04869"]


def test_an_escape_that_swallows_a_needle() -> None:
    for text in SWALLOWING:
        assert find(text) == []


@pytest.mark.parametrize("id", ["2101.04869", "0704.0001", "hep-th/9901001"])
def test_more_escapes_than_are_looked_through(id: str) -> None:
    """A mention too far from its needle is no longer found, but never cut short."""
    results = set()
    for n in range(60):
        text = f"arXiv:{'&shy;' * n}{id}2 and arXiv:{'&shy;' * n}{id}, and so on"
        results.add(tuple(mention.id for mention in find(text)))
    assert results == {(), (id,)}


# ---- properties of find ------------------------------------------------------------------------------


@given(TANGLES | st.text() | LINES.map("\n".join))
@example("arxiv:2101.04869.www.arxiv.org/abs/2101.04870")
@example("https://-ar5iv.labs.arxiv.org/html/2101.04869, https://.arxiv.org/abs/2101.04869")
@example("arxiv:2101.04869\u2011export.arxiv.org&#x2f;abs&#x2f;2101.04870")
@settings(max_examples=1000)
def test_whatever_the_text(text: str) -> None:
    end = 0
    for mention in find(text):
        assert end <= mention.start < mention.end <= len(text)
        assert "\n" not in text[mention.start : mention.end]
        assert arxiv.parse(text[mention.start : mention.end]) == (mention.id, mention.version)
        assert arxiv.from_key(arxiv.key(mention.id)) == mention.id
        end = mention.end


FORMS = [
    ("https://arxiv.org/abs/{}", "abs"),
    ("http://export.arxiv.org/pdf/{}.pdf", "pdf"),
    ("arxiv.org/html/{}#S1", "html"),
    ("https://ar5iv.labs.arxiv.org/html/{}", "ar5iv"),
    ("www.alphaxiv.org/abs/{}", "alphaxiv"),
    ("https://huggingface.co/papers/{}", "huggingface"),
    ("https://hf-mirror.com/papers/{}", "huggingface"),
    ("https://scirate.com/arxiv/{}", "scirate"),
    ("https://doi.org/10.48550/arXiv.{}", "doi"),
    ("arXiv:{} [cs.LG]", "prose"),
    ("http://xxx.lanl.gov/abs/{}", "abs"),
    ("https://arxiv-org.translate.goog/abs/{}", "abs"),
]


def bibcode(id: str, initial: str) -> str:
    """The bibcode that ADS gives a paper."""
    archive, _, number = id.rpartition("/")
    century = 1900 if int(number[:2]) > 50 else 2000
    stem = archive.replace("-", ".") if archive else "arXiv"
    last = number[2:].removeprefix("0") if archive else number if len(number) == 9 else number.replace(".", "")
    return f"{century + int(number[:2])}{stem}{last:.>{14 - len(stem)}}{initial}"


@given(IDS, st.sampled_from("AbZ."))
def test_every_bibcode_on_ads(id: str, initial: str) -> None:
    code = bibcode(id, initial)
    address = f"https://ui.adsabs.harvard.edu/abs/{code}"
    assert len(code) == 19
    assert [(mention.id, mention.form) for mention in find(f"see {address}/abstract")] == [(id, "ads")]


def proofpoint(address: str) -> str:
    """A link as Proofpoint's second form rewrites it."""
    parts = [sign if sign.isalnum() or sign == "." else "_" if sign == "/" else f"-{ord(sign):02X}" for sign in address]
    return f"https://urldefense.proofpoint.com/v2/url?u={''.join(parts)}&d=DwIFaQ&c=x"


@given(IDS, VERSIONS, st.sampled_from([form for form in FORMS if form[0].startswith("http")]))
def test_links_that_mail_filters_rewrote(id: str, version: int | None, form: tuple[str, str]) -> None:
    text = proofpoint(form[0].format(written(id, version)))
    assert [(mention.id, mention.version, mention.form) for mention in find(text)] == [(id, version, form[1])]


DEFANGED = [
    *({".": f"{opening}{dot}{closing}"} for opening, closing in ("[]", "()", "{}") for dot in (".", "dot", "DOT")),
    *({"://": scheme, ".": "[.]"} for scheme in ("[:]//", "[://]", "://")),
    {"/": "[/]", ".": "[.]"},
]


@given(
    IDS,
    st.sampled_from([form for form in FORMS if form[0].startswith("http")]),
    st.sampled_from(DEFANGED),
    st.booleans(),
)
def test_links_that_nobody_can_click(id: str, form: tuple[str, str], signs: dict[str, str], with_id: bool) -> None:
    address, _, _ = form[0].partition("{")
    for sign, written_as in signs.items():
        address = re.sub(rf"(?<=\w){re.escape(sign)}(?=[\w/])", written_as, address)
    number = re.sub(r"(?<=\d)\.", signs["."], id) if with_id else id
    text = f"see {address.replace('http', 'hxxp', 1)}{number}"
    assert [(mention.id, mention.form) for mention in find(text)] == [(id, form[1])]


@pytest.mark.parametrize("text", ["arxiv[.]org", "arxiv[.]example.org/abs/2101.04869", "notarxiv[.]org/abs/2101.04869"])
def test_other_links_that_nobody_can_click(text: str) -> None:
    assert find(text) == []


WORDS_BETWEEN = ["at", "as", "under", "link", "link:", "links:", "url:", "entry", "under the number", "with the ID"]


@given(IDS, st.sampled_from(WORDS_BETWEEN))
def test_words_between_arxiv_and_an_id(id: str, words: str) -> None:
    assert [mention.id for mention in find(f"available on arXiv {words} {id}.")] == [id]


@pytest.mark.parametrize("path", ["{}", "{}?fields=titles"])
@given(id=IDS)
def test_sites_with_a_path_for_papers_of_arxiv(path: str, id: str) -> None:
    for site in ("inspirehep.net/api", "papers.cool", "identifiers.org"):
        assert [mention.id for mention in find(f"https://{site}/arxiv/{path.format(id)}")] == [id]


@given(
    IDS, VERSIONS, st.sampled_from(FORMS), st.sampled_from(["{}", "see {}.", "({})", '<a href="{}">x</a>', "[p]({})"])
)
def test_every_paper_in_every_form(id: str, version: int | None, form: tuple[str, str], around: str) -> None:
    text = around.format(form[0].format(written(id, version)))
    [mention] = find(text)
    assert (mention.id, mention.version, mention.form) == (id, version, form[1])
    assert text[mention.start : mention.end].endswith(written(id, version))


TYPOGRAPHIC = "\u00a0\u2009\u3000‐‑‒–—―−⸺﹘－：∶︰．·•・∙＞｜│〜～，、（【《「“‘«‹＂"
"""Signs that people, phones and other keyboards put between the word arXiv and the number."""


@given(IDS, st.sampled_from(TYPOGRAPHIC), st.sampled_from(["{}", " {}", "{} ", " {} "]))
def test_any_typographic_sign_after_the_word(id: str, sign: str, around: str) -> None:
    text = f"arXiv{around.format(sign)}{id}"
    assert [mention.id for mention in find(text)] == [id]


def percent(text: str) -> str:
    return text.replace("%", "%25").replace("/", "%2F").replace(":", "%3A")


ESCAPES: list[Callable[[str], str]] = [
    percent,
    lambda text: percent(percent(text)),
    lambda text: text.replace("/", "\\/"),
    lambda text: text.replace("/", "\\u002F"),
    lambda text: text.replace("/", "&#x2F;"),
    lambda text: text.replace("/", "&sol;").replace(":", "&colon;"),
    lambda text: text.replace("/", "&#47;").replace("&", "&amp;"),
    lambda text: "\\n" + text + "\\n",
    lambda text: json.dumps(f"\n{text}\t🎉"),
]


@given(IDS, VERSIONS, st.sampled_from(FORMS), st.sampled_from(ESCAPES))
def test_escapes_change_nothing(
    id: str, version: int | None, form: tuple[str, str], escape: Callable[[str], str]
) -> None:
    [mention] = find(f"of {escape(form[0].format(written(id, version)))} only")
    assert (mention.id, mention.version, mention.form) == (id, version, form[1])


# ---- hostile texts -----------------------------------------------------------------------------------

HOSTILE = [
    "arxiv", "arxiv:", "arxiv.org/", "arxiv.org/abs/", "arxiv.org/abs/2101.0486", "xiv", "5iv", "/papers/", "a",
    "www.", "arxiv ( [ { ", "arxiv preprint ", "arxiv<b>", "%252525arxiv", "&amp;amp;arxiv", "\\\\\\\\arxiv",
    "&#x0000arxiv.org/", "arxiv\u200b", "\u200b", "👩\u200d💻", "%e2%80%8b", "hf.co/papers/", "10.48550/arxiv.",
    "https://", ".arxiv.org/abs/1", "arxiv.org/api/query?a=b&", "2101.04869", "ftp/arxiv/papers/2101/",
    "https-3a__arxiv.org_", "https-3a__", "xxx.", "xxx.lanl.gov/abs/", "adsabs", "adsabs.harvard.edu/abs/1998astro.ph",
    "2021arxiv", "x\u200bi\u200bv", "<wbr>", "\\u0026amp;", "_arxiv",
]  # fmt: skip


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The number of needles matched, and the number of characters unescaped."""
    work = [0, 0]
    match, decoded = addresses.match_address, unescaping.decode_escapes

    def counted_match(text: str, needle: str, place: int) -> addresses.Mention | None:
        work[0] += 1
        return match(text, needle, place)

    def counted_decoded(text: str, start: int = 0, end: int | None = None) -> unescaping.UnescapedText:
        answer = decoded(text, start, end)
        work[1] += (len(text) if end is None else end) - start
        return answer

    monkeypatch.setattr("hotpapers.base.papers.arxiv.addresses.match_address", counted_match)
    monkeypatch.setattr("hotpapers.base.papers.mentions.decode_escapes", counted_decoded)
    yield work


@pytest.mark.parametrize("unit", HOSTILE)
def test_work_grows_with_length_only(unit: str, looked_at: list[int]) -> None:
    """Counted, not timed; but a nonlinear search would not finish on a text of this size."""
    text = unit * (100_000 // len(unit))
    find(text)
    needles = sum(text.lower().replace("\u200b", "").count(needle) for needle in addresses.NEEDLES)
    assert looked_at[0] <= 2 * needles
    assert looked_at[1] <= needles * (addresses.BEFORE + addresses.AFTER)


# ---- real texts --------------------------------------------------------------------------------------


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the folder of real texts is absent: {SHARED}")
def test_links_of_hacker_news() -> None:
    import zstandard

    rows = zstandard.ZstdDecompressor().stream_reader(
        (SHARED / "data" / "hn-arxiv.jsonl.zst").read_bytes(), read_across_frames=True
    )
    differing = []
    for line in io.TextIOWrapper(rows, "utf-8"):
        row = json.loads(line)
        if [mention.id for mention in find(row["url"])] != ([row["arxiv_id"]] if row["arxiv_id"] else []):
            differing.append(row["url"])
    # mislabeled: one with a sentence attached to it, and one in the store of versions
    assert len(differing) == 2
    assert any("1904.09954sons" in url for url in differing)
    assert any("/vc/arxiv/" in url for url in differing)
