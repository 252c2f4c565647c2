"""The site: whole small sites byte for byte, what every page keeps to, and texts that try to come alive."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.errors import NoSuch
from hotpapers.model import File, Reading, ShelfIssue
from hotpapers.publish.addresses import issue_of, outside, paper_of, paper_path, post_url
from hotpapers.publish.archive import calendar, shade
from hotpapers.publish.pages import Pages
from hotpapers.publish.site import Site
from hotpapers.publish.templating import asset
from hotpapers.publish.views import language, pieces
from hotpapers.publish.wording import lead, shown
from tests.conftest import DATA
from tests.publish.build import LISTED, OWN, PlainShelf, issue, listed, paper, post
from tests.publish.html import Page
from tests.publish.sample import BRIDGES, LISTED_SHELF, OWN_SHELF, TEA

SITES = {"hot-papers": LISTED_SHELF, "daily": OWN_SHELF}
AWAY = "noopener noreferrer nofollow"


def site(shelf: PlainShelf, name: str, days: list[str] | None = None) -> dict[str, bytes]:
    """A publication's site: path → bytes."""
    files = list(Site("desk@daily.example").render(shelf, name, shelf.days(name) if days is None else days))
    assert len({file.path for file in files}) == len(files)
    return {file.path: file.data for file in files if file.data}


@pytest.fixture(scope="module", params=sorted(SITES))
def whole(request: pytest.FixtureRequest) -> dict[str, bytes]:
    return site(SITES[request.param], request.param)


def html(files: dict[str, bytes]) -> dict[str, Page]:
    return {path: Page(data) for path, data in files.items() if path.endswith(".html")}


# ---- whole sites -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SITES))
def test_the_site_is_as_expected(name: str) -> None:
    """HOTPAPERS_REWRITE=1 writes what is expected anew: look at the difference before you keep it."""
    folder = DATA / "site" / name
    made = {path: data for path, data in site(SITES[name], name).items() if path != "style.css"}
    if os.environ.get("HOTPAPERS_REWRITE"):
        rewrite(folder, [File(path, data) for path, data in made.items()])
    expected = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert sorted(made) == sorted(expected)
    assert [path for path in made if made[path] != expected[path]] == []


def rewrite(folder: Path, files: list[File]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)


def test_a_day_touches_its_neighbours_and_its_papers() -> None:
    once = {"index.html", "archive/index.html", "about/index.html", "404.html", "style.css", "icon.svg"}
    assert set(Pages(LISTED_SHELF, "hot-papers").paths(["2021-01-18"])) == once | {
        "2021-01-14/index.html",
        "2021-01-18/index.html",
        "paper/2101.99901/index.html",
        "paper/hep-th/9901999/index.html",
    }
    assert set(Pages(LISTED_SHELF, "hot-papers").paths([])) == once
    assert set(Pages(LISTED_SHELF, "hot-papers").paths(["1999-01-01"])) == once


def test_what_a_correction_took_out_must_not_stand_there_any_more() -> None:
    def gone(days: list[str]) -> list[str]:
        return [file.path for file in Site().render(LISTED_SHELF, "hot-papers", days) if not file.data]

    assert gone(["2021-01-14"]) == ["paper/2101.99904/index.html"]
    assert gone(["2021-01-13"]) == []


def test_a_part_of_the_site_is_as_in_the_whole() -> None:
    all_files = site(LISTED_SHELF, "hot-papers")
    some = site(LISTED_SHELF, "hot-papers", ["2021-01-13"])
    assert len(some) < len(all_files)
    assert some.items() <= all_files.items()


def test_every_path_has_a_page_and_others_have_none() -> None:
    pages = Pages(LISTED_SHELF, "hot-papers")
    assert all(pages.page(path) for path in pages.paths())
    for path in (
        "", "/", "2021-01-14", "2021-01-14/", "2021-01-15/index.html", "2021-01-14/edition-2/index.html",
        "2021-01-14/edition-0/index.html", "2021-01-14/edition-01/index.html", "2021-13-99/index.html",
        "paper/2101.99904/index.html", "paper/2101.99901v1/index.html", "paper/index.html", "../index.html",
        "paper/../2021-01-14/index.html", "style.css/", "x" * 100_000,
    ):  # fmt: skip
        assert pages.page(path) is None


def test_a_publication_that_is_not_there() -> None:
    with pytest.raises(NoSuch, match="weekly"):
        Pages(LISTED_SHELF, "weekly")


def test_a_publication_without_issues() -> None:
    files = site(PlainShelf([LISTED], []), "hot-papers")
    assert "No issue has appeared yet." in Page(files["index.html"]).text
    assert "0 issues" in Page(files["archive/index.html"]).text
    check_links(files)


# ---- what every page keeps to ------------------------------------------------------------------------


def test_links_are_relative_and_lead_to_pages(whole: dict[str, bytes]) -> None:
    check_links(whole)


def check_links(files: dict[str, bytes]) -> None:
    pages = html(files)
    for path, page in pages.items():
        for link in page.all("a"):
            href = link.attributes["href"]
            if href.startswith("https://"):
                assert link.attributes["rel"] == AWAY
                continue
            target, _, fragment = href.partition("#")
            assert "://" not in href and not target.startswith("/")
            assert target.endswith("index.html") or href == "#main"
            there = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
            assert there in files, f"{path} → {href}"
            assert not fragment or fragment in pages[there].ids


def test_links_outside_lead_to_arxiv_and_to_posts(whole: dict[str, bytes]) -> None:
    for page in html(whole).values():
        for link in page.all("a"):
            href = link.attributes["href"]
            if href.startswith("https://") and "figure" not in link.inside:
                assert re.fullmatch(r"https://arxiv\.org/(abs|pdf|list)/[\w./-]+", href)


def test_nothing_runs_and_nothing_is_fetched_from_elsewhere(whole: dict[str, bytes]) -> None:
    for path, page in html(whole).items():
        assert not {"script", "style", "iframe", "img", "form", "object", "base", "use"} & {
            e.tag for e in page.elements
        }
        names = {name for element in page.elements for name in element.attributes}
        assert not [name for name in names if name == "style" or name.startswith("on") or name == "src"]
        up = "../" * path.count("/")
        assert [e.attributes["href"] for e in page.all("link")] == [f"{up}style.css", f"{up}icon.svg"]
        policies = [e.attributes["content"] for e in page.all("meta") if "http-equiv" in e.attributes]
        assert policies == ["default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"]
    style = whole["style.css"].decode()
    assert "url(" not in style and "@import" not in style and "http" not in style


def test_every_page_can_be_read_aloud(whole: dict[str, bytes]) -> None:
    for page in html(whole).values():
        levels = [int(e.tag[1]) for e in page.elements if re.fullmatch("h[1-6]", e.tag)]
        assert levels.count(1) == 1 and levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert page.all("html")[0].attributes["lang"] == "en"
        assert [len(page.all(tag)) for tag in ("main", "title")] == [1, 1]
        assert page.all("a")[0].attributes == {"class": "skip", "href": "#main"}
        assert all(nav.attributes["aria-label"] for nav in page.all("nav"))
        assert all(svg.attributes["aria-hidden"] == "true" for svg in page.all("svg"))
        assert all({"lang", "dir"} <= quote.attributes.keys() for quote in page.all("blockquote"))
        ids = {e.attributes["aria-labelledby"] for e in page.elements if "aria-labelledby" in e.attributes}
        assert ids <= set(page.ids)


def test_an_issue_says_what_was_done() -> None:
    text = Page(site(OWN_SHELF, "daily")["2021-01-14/index.html"]).text
    assert "3 papers of 1,204 announced · 2 networks read, 1 in part (Mastodon: since 11:00, two servers" in text
    assert "1 unknown (Reddit: refused since 2021-01-13 11:00)" in text
    assert "2,177 + 812 = 2,989" in text
    assert "not counted: 3 bot posts" in text
    assert "level" in text and "Level with a neighbour" in text


def test_empty_issues_say_so_in_words() -> None:
    files = site(OWN_SHELF, "daily")
    assert "Nothing was announced." in Page(files["2021-01-13/index.html"]).text
    text = Page(files["2021-01-15/index.html"]).text
    assert "Nothing reached the threshold: none of the 311 papers announced scored 1,500 or more." in text
    assert "Still talked about" in text
    assert "No network was read for this day" in Page(files["2021-01-18/index.html"]).text
    listing = Page(site(LISTED_SHELF, "hot-papers")["2021-01-13/index.html"]).text
    assert "The listing of this day names no paper." in listing


def test_editions_stay_readable_and_say_why() -> None:
    files = site(LISTED_SHELF, "hot-papers")
    latest, first = (Page(files[f"2021-01-14/{path}"]) for path in ("index.html", "edition-1/index.html"))
    assert "Corrected: The survey was of to-do lists, and not a paper." in latest.text
    assert "edition-1" in " ".join(e.attributes["href"] for e in latest.all("a"))
    assert "Edition 1 of 2." in first.text and "not a paper" in first.text
    assert "../../paper/2101.99901/index.html" in {e.attributes["href"] for e in first.all("a")}
    assert not [e for e in first.all("a") if "99904" in e.attributes["href"] and "arxiv" not in e.attributes["href"]]


def test_a_paper_shows_every_issue_it_was_in() -> None:
    text = Page(site(LISTED_SHELF, "hot-papers")["paper/2101.99901/index.html"]).text
    assert "In 2 issues" in text and "Place 1 of 2, was 2" in text and "Place 2 of 2, was 2" in text
    assert text.index("18 January 2021") < text.index("14 January 2021 Place")
    assert "Jembatan kecil." in text and "1,011 reposts, 316 likes" in text
    assert "several times too high" in text


def test_about_gives_one_score_to_redo() -> None:
    files = site(LISTED_SHELF, "hot-papers")
    text = Page(files["about/index.html"]).text
    assert "1000 × log10(1,000 / 229) = 640" in text
    assert "Thank you to arXiv for use of its open access interoperability." in text
    assert "neither arXiv’s nor Clarivate’s “Hot Paper”" in text
    assert "on both sides of 2020-09-17" in text and "desk@daily.example" in text
    assert "2020-09-17" not in Page(site(OWN_SHELF, "daily")["about/index.html"]).text


# ---- texts that try to come alive --------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "</p></blockquote></article><img src=x onerror=alert(1)>",
    "\"' onmouseover='alert(1)' style=\"x",
    "<!-- --><![CDATA[ ]]><?php ?>",
    "&lt;b&gt; &#60;script&#62; &amp;amp;",
    "{{ 7*7 }}{% include 'x' %}",
    "<svg/onload=alert(1)>\u200b</title></style></textarea>",
    "a\x00b\x1b[31mc\x85d",
    "\u202eevil\u202c \u2066iso\u2069",
    "javascript:alert(1)//https://arxiv.org",
]


def disguised(text: str) -> dict[str, bytes]:
    """A site in which every text from outside is this one."""
    link = {"start": 0, "end": len(text), "target": text}
    posts = [
        post(text, text, name=text, handle=text, lang=text, links=(link,)),
        post("at://" + text, text, "bluesky", name=text, handle=text),
        post("https://" + text, text, text, name="", handle=text),
    ]
    one = paper("2101.99901", text, text * 30, authors=(text,) * 5, categories=(text, "cs.LG"))
    two = paper("2101.99902", text, text, summary=text, authors=(text,))
    own = msgspec.structs.replace(OWN, title=text)
    entries = [listed(1, one, 1, 2, 3, 400, *posts[:1]), listed(2, two, 1, 2, 3, 400, *posts[1:])]
    readings = (Reading(network=text, state="refused", reason=text),)
    made: list[ShelfIssue] = [
        issue(own, "2021-01-14", entries, announced=4, readings=readings),
        issue(own, "2021-01-14", entries, announced=4, readings=readings, edition=2, reason=text),
    ]
    return site(PlainShelf([own], made), "daily")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_changes_what_a_page_is_made_of(text: str) -> None:
    harmless, hostile = html(disguised("abcde " * 8)), html(disguised(text + "abcde " * 8))
    assert harmless.keys() == hostile.keys()
    for path in harmless:
        assert hostile[path].structure() == harmless[path].structure(), path
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", hostile[path].text)
    check_links(disguised(text))


def one_entry(text: str) -> Page:
    """The page of an issue with one entry, the text in all that is free text."""
    shown = paper("2101.99901", f"T {text}", f"A {text}", authors=(f"B {text}",), categories=(f"C {text}",))
    entry = listed(1, shown, 1, 2, 3, 400, post("12", f"P {text}", name=f"N {text}", handle=f"H {text}"))
    return Page(site(PlainShelf([LISTED], [issue(LISTED, "2021-01-14", [entry])]), "hot-papers")["index.html"])


@given(st.text(max_size=200))
def test_no_text_at_all_does(text: str) -> None:
    assert one_entry(text).structure() == one_entry("").structure()


def test_a_post_is_quoted_with_language_and_direction() -> None:
    page = Page(site(LISTED_SHELF, "hot-papers")["paper/2101.99901/index.html"])
    assert [(q.attributes["lang"], q.attributes["dir"]) for q in page.all("blockquote")] == [
        ("en", "auto"), ("he", "rtl"), ("id", "auto"),
    ]  # fmt: skip
    assert language("pt-BR") == "pt-BR" and language("und") == "und" and language('"><x') == "und"


def test_only_plain_web_addresses_become_links() -> None:
    for good in ("https://a.example", "http://a.example/b?c=d#e", "HTTPS://A.example/ü", "https://[::1]:8/"):
        assert outside(good) == good
    for bad in (
        "javascript:alert(1)", "data:text/html,x", "//a.example", "/b", "https:a.example", "https://", "ftp://a.example",
        "https://arxiv.org@evil.example", "https://arxiv.org\\@evil.example", " https://a.example", "https://a.example/\n",
        "https://a.example/\u202e", "https://a.example/" + "a" * 2000, "", "mailto:a@b.example", "file:///etc/passwd",
    ):  # fmt: skip
        assert outside(bad) == ""


def test_links_of_a_post_are_cut_where_they_fit() -> None:
    target = "https://a.example/"
    spans = [(5, 7), (0, 2), (1, 3), (-1, 2), (7, 7), (6, 99), (9, 4)]
    one = post("1", "01234567", links=tuple({"start": s, "end": e, "target": target} for s, e in spans)).post
    assert [(piece.text, bool(piece.url)) for piece in pieces(one)] == [
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
    assert {key: post_url(post(key[1], "", key[0]).post) for key in pages} == pages


# ---- small parts -------------------------------------------------------------------------------------


def test_paths_and_back() -> None:
    for key in ("arxiv:2101.04869", "arxiv:hep-th/9901001", "arxiv:0704.0001"):
        assert paper_of(paper_path(key)) == key
    assert paper_path("osf:abcde") == "" and paper_path("arxiv:../../x") == "" and paper_path("arxiv:") == ""
    assert issue_of("2021-01-14/index.html") == ("2021-01-14", 0)
    assert issue_of("2021-01-14/edition-3/index.html") == ("2021-01-14", 3)


def test_the_calendar_has_whole_weeks_and_shades() -> None:
    [later, earlier] = calendar({"2021-01-14": 10, "2021-01-15": 0, "2020-12-31": 1, "2020-02-29": 3})
    assert [later.name, [month.name for month in earlier.months]] == ["2021", ["February 2020", "December 2020"]]
    assert all(len(week) == 7 for month in (*later.months, *earlier.months) for week in month.weeks)
    cells = {cell.path: cell for week in later.months[0].weeks for cell in week if cell.path}
    assert {path: (cell.number, cell.shade) for path, cell in cells.items()} == {
        "2021-01-14/index.html": (14, 5), "2021-01-15/index.html": (15, 0),
    }  # fmt: skip
    assert cells["2021-01-14/index.html"].said == "14 January 2021: 10 papers"
    assert [shade(papers, 10) for papers in (0, 1, 2, 3, 9, 10)] == [0, 1, 1, 2, 5, 5]


def test_the_first_lines_of_an_abstract_and_the_rest_are_all_of_it() -> None:
    first, rest = lead(BRIDGES)
    assert first.endswith("fell in never.") and rest.startswith("We measure")
    assert f"{first} {rest}" == BRIDGES.abstract
    assert lead(TEA) == (TEA.summary, TEA.abstract)
    endless = paper("2101.99903", "T", "word " * 200)
    first, rest = lead(endless)
    assert first.endswith("word …") and rest.startswith("… word")
    assert f"{first.removesuffix(' …')} {rest.removeprefix('… ')}" == endless.abstract.strip()
    assert "".join(lead(paper("2101.99903", "T", "x" * 1000))).count("x") == 1000


@given(st.text())
def test_what_is_shown_can_be_encoded_and_shown_again(text: str) -> None:
    assert shown(shown(text)) == shown(text)
    shown(text).encode()


# ---- the style ---------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """Relative luminance of #rgb or #rrggbb (WCAG 2.2)."""
    digits = colour.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_read(scheme: str) -> None:
    """AA: 4.5 for text, 3 for the large numerals."""
    light, dark = re.findall(r":root \{(.*?)\}", asset("style.css").decode(), re.S)[:2]
    colours = dict(re.findall(r"--([\w-]+): (#\w+);", light if scheme == "light" else dark))
    for text in ("ink", "dim", "accent"):
        assert contrast(colours[text], colours["paper"]) >= 4.5, text
        assert contrast(colours[text], colours["wash"]) >= 4.5, text
    assert contrast(colours["faint"], colours["paper"]) >= 3
    for n in (1, 2, 3):
        assert contrast(colours["ink"], colours[f"shade-{n}"]) >= 4.5, n
    for n in (4, 5):
        assert contrast(colours["on-deep"], colours[f"shade-{n}"]) >= 4.5, n
