"""Texts that try to act as markup: in titles, abstracts, names, posts, reasons, and in the operator's own words."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import AnnouncedPaper, NetworkReading, PublishedIssue, Quotation
from hotpapers.publish.view.post_views import disguised_host, html_language, linked_pieces
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.publish.view.site_paths import outside_address, post_page
from tests.publish.render.build import LISTED, OWN, PlainIssueReader, issue, link_only, listing_entry, paper, post
from tests.publish.render.hostile import HOSTILE
from tests.publish.render.html import Page
from tests.publish.render.sample import LISTED_READER, TEA
from tests.publish.render.sites import check_links, html, site

TAIL = "lattice " * 6
"""After every text, so that the site's papers always count as related."""
FORMULAS = {
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle", "mpadded", "mphantom",
    "msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "mtable", "mtr", "mtd",
}  # fmt: skip
"""The elements allowed in a formula."""
ATTRIBUTES = {
    "alttext", "stretchy", "fence", "form", "movablelimits", "largeop", "separator", "mathvariant", "linethickness",
    "displaystyle", "scriptlevel", "width", "accent", "accentunder",
}  # fmt: skip


def site_with_text(text: str) -> dict[str, bytes]:
    """A site in which every text from outside is this one."""
    link = {"start": 0, "end": len(text), "target": text}
    posts = [
        post(text, text, name=text, handle=text, lang=text, links=(link,)),
        post("at://" + text, text, "bluesky", name=text, handle=text),
        post("https://" + text, text, text, name="", handle=text),
    ]
    first = paper(
        "2101.99901",
        text,
        text * 30,
        authors=(text,) * 5,
        categories=(text, "cs.LG"),
        comment=text,
        doi=text,
        journal=text,
    )
    second = paper("2101.99902", text, text, summary=text, authors=(text,))
    publication = msgspec.structs.replace(OWN, title=text)
    entries = [listing_entry(1, first, 1, 2, 3, 400, *posts[:1]), listing_entry(2, second, 1, 2, 3, 400, *posts[1:])]
    readings = (NetworkReading(network=text, state="refused", reason=text),)
    issues: list[PublishedIssue] = [
        issue(publication, "2021-01-14", entries, announced=4, readings=readings),
        issue(publication, "2021-01-14", entries, announced=4, readings=readings, edition=2, reason=text),
    ]
    announced = {"2021-01-14": [AnnouncedPaper(first, "new", text), AnnouncedPaper(second, "cross", "cs.LG")]}
    return site(
        PlainIssueReader([publication], issues, announced=announced),
        "daily",
        site_config=SiteConfig(f"desk@a.example {text}"),
    )


def pages(files: dict[str, bytes]) -> dict[str, Page]:
    """The pages of a site with one author, with the author's name removed from paths."""
    return {re.sub("author/.*?/", "author/somebody/", path): page for path, page in html(files).items()}


@pytest.fixture(scope="session")
def harmless_structures() -> dict[str, object]:
    """The structure of each page with a harmless text."""
    return {path: page.structure() for path, page in pages(site_with_text(TAIL)).items()}


@pytest.mark.long
@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_changes_what_a_page_is_made_of(text: str, harmless_structures: dict[str, object]) -> None:
    files = site_with_text(text + TAIL)
    hostile = pages(files)
    assert harmless_structures.keys() == hostile.keys()
    for path, page in hostile.items():
        assert page.structure() == harmless_structures[path], path
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", page.text)
        for element in page.elements:
            # only what formulas may contain
            if "math" in (element.tag, *element.ancestors):
                assert element.tag in FORMULAS and element.attributes.keys() <= ATTRIBUTES
    check_links(files)


def test_there_are_many_such_texts() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 200


def one_entry(text: str) -> Page:
    """The page of an issue with one entry, with the text in every free-text field."""
    metadata = paper("2101.99901", f"T {text}", f"A {text}", authors=(f"B {text}",), categories=(f"C {text}",))
    entry = listing_entry(1, metadata, 1, 2, 3, 400, post("12", f"P {text}", name=f"N {text}", handle=f"H {text}"))
    return Page(site(PlainIssueReader([LISTED], [issue(LISTED, "2021-01-14", [entry])]), "hot-papers")["index.html"])


@pytest.fixture(scope="session")
def empty_structure() -> object:
    """The structure of that page with an empty text."""
    return without_figures(one_entry(""))


def without_figures(page: Page) -> list[object]:
    """A page's structure without quotations: which posts have words of their own depends on the text."""
    return [element for element in page.structure() if "figure" not in (element[0], *element[2])]


@pytest.mark.long
@given(text=st.text(max_size=200))
def test_no_text_at_all_does(text: str, empty_structure: object) -> None:
    assert without_figures(one_entry(text)) == empty_structure


def test_a_post_is_quoted_with_language_and_direction() -> None:
    page = Page(site(LISTED_READER, "hot-papers")["paper/2101.99901/index.html"])
    assert [(q.attributes["lang"], q.attributes["dir"]) for q in page.all("blockquote")] == [
        ("en", "auto"), ("he", "rtl"), ("id", "auto"),
    ]  # fmt: skip
    assert html_language("pt-BR") == "pt-BR" and html_language("und") == "und" and html_language('"><x') == "und"


def test_posts_that_are_to_be_read_elsewhere_are_one_line_a_network() -> None:
    def lines(*quotations: Quotation) -> list[tuple[str, list[str]]]:
        entry = listing_entry(1, TEA, 1, 2, 3, 400, *quotations)
        page = site(PlainIssueReader([LISTED], [issue(LISTED, "2021-01-14", [entry])]), "hot-papers")[
            "index.html"
        ].decode()
        paragraphs = re.findall(r'<p class="elsewhere">(.*?)</p>', page, re.S)
        assert "keeps" not in page and "Marrowby" not in page
        return [(re.sub("<[^>]*>", "", text), re.findall('href="([^"]*)"', text)) for text in paragraphs]

    first, second = (link_only(post(number, "Words that X keeps to itself.")) for number in ("11", "12"))
    unlinked = link_only(post("somewhere", "Words that nobody finds.", "mastodon"))
    other_unlinked = link_only(post("elsewhere", "Words that nobody finds.", "mastodon"))
    assert lines() == []
    assert lines(first) == [
        ("A post on X (Twitter) from 14 January 2021 · read it there", ["https://x.com/i/status/11"])
    ]
    assert lines(first, second, first) == [
        ("2 posts on X (Twitter): post 1 · post 2", ["https://x.com/i/status/11", "https://x.com/i/status/12"])
    ]
    assert lines(unlinked, second) == [
        ("A post on Mastodon from 14 January 2021", []),
        ("A post on X (Twitter) from 14 January 2021 · read it there", ["https://x.com/i/status/12"]),
    ]
    assert lines(unlinked, other_unlinked) == [("2 posts on Mastodon: 1 · 2", [])]


def test_only_plain_web_addresses_become_links() -> None:
    for good in ("https://a.example", "http://a.example/b?c=d#e", "HTTPS://A.example/ü", "https://[::1]:8/"):
        assert outside_address(good) == good
    for bad in (
        "javascript:alert(1)", "data:text/html,x", "//a.example", "/b", "https:a.example", "https://", "ftp://a.example",
        "https://arxiv.org@evil.example", "https://arxiv.org\\@evil.example", " https://a.example", "https://a.example/\n",
        "https://a.example/\u202e", "https://a.example/" + "a" * 2000, "", "mailto:a@b.example", "file:///etc/passwd",
    ):  # fmt: skip
        assert outside_address(bad) == ""


def test_links_of_a_post_are_cut_where_they_fit() -> None:
    target = "https://a.example/"
    spans = [(5, 7), (0, 2), (1, 3), (-1, 2), (7, 7), (6, 99), (9, 4)]
    hostile_post = post("1", "01234567", links=tuple({"start": s, "end": e, "target": target} for s, e in spans)).post
    assert [(piece.text, bool(piece.url)) for piece in linked_pieces(hostile_post)] == [
        ("01", True), ("234", False), ("56", True), ("7", False),
    ]  # fmt: skip


def test_a_post_has_its_own_page_where_one_is_known() -> None:
    pages = {
        ("x", "1349700000000000001"): "https://x.com/i/status/1349700000000000001",
        ("bluesky", "at://did:plc:a1/app.bsky.feed.post/3k"): "https://bsky.app/profile/did:plc:a1/post/3k",
        ("hackernews", "123"): "https://news.ycombinator.com/item?id=123",
        ("lobsters", "abc123"): "https://lobste.rs/s/abc123",
        ("reddit", "t3_abc"): "https://www.reddit.com/comments/abc",
        ("mastodon", "https://m.example/@quill/1"): "https://m.example/@quill/1",
        ("x", "1/../../evil"): "",
        ("bluesky", "at://did:plc:a1/app.bsky.feed.post/../../x"): "",
        ("mastodon", "quill"): "",
    }
    assert {key: post_page(post(key[1], "", key[0]).post.post) for key in pages} == pages


def test_a_link_that_names_another_host_says_where_it_leads() -> None:
    evil = "https://evil.example/x"
    assert (
        disguised_host("arxiv.org/abs/2101.99901", evil)
        == disguised_host("https://www.arxiv.org/", evil)
        == " [evil.example]"
    )
    assert (
        disguised_host("read this", evil)
        == disguised_host("evil.example/…", evil)
        == disguised_host("EVIL.example", evil)
        == ""
    )
    assert disguised_host("https://t.example/a", "https://t.example/a?b=1") == disguised_host("fig. 1", evil) == ""
    hostile_post = post("1", "see arxiv.org/abs/1", links=({"start": 4, "end": 19, "target": evil},)).post
    assert linked_pieces(hostile_post)[1] == ("arxiv.org/abs/1 [evil.example]", evil)


def test_a_host_in_other_letters_is_no_link() -> None:
    assert outside_address("https://\u0430rxiv.org/") == "" and outside_address("https://xn--rxiv-63d.example/") != ""
