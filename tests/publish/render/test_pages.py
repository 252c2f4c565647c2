"""The site: whole small sites byte for byte, and the rules for every page."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.errors import NotFound
from hotpapers.base.model import RenderedFile
from hotpapers.publish.render.html.pages import SiteChannel, SitePages
from hotpapers.publish.render.html.search_index import shown_files
from hotpapers.publish.render.templating import POLICY, policy_of
from hotpapers.publish.view.site_config import NOBODY
from tests.conftest import DATA, HAS_WINGS, needs_wings
from tests.publish.render.build import LISTED, OWN, PlainIssueReader, issue, listing_entry, paper
from tests.publish.render.full_sample import FULL_READER
from tests.publish.render.html import Page
from tests.publish.render.sample import LISTED_READER
from tests.publish.render.sites import SITES, check_links, html, named_site, site


@pytest.fixture(scope="module", params=sorted(SITES))
def site_files(request: pytest.FixtureRequest) -> dict[str, bytes]:
    return named_site(request.param)


# ---- whole sites -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SITES))
def test_the_site_is_as_expected(name: str) -> None:
    """HOTPAPERS_REWRITE=1 rewrites the expected files: check the diff before you keep them."""
    folder = DATA / "site" / name
    # the bytes of cards depend on the release of Pillow
    files = {path: data for path, data in named_site(name).items() if not path.endswith((".css", ".js", ".png"))}
    files = {path: data for path, data in files.items() if not path.startswith("search/") or path.endswith(".html")}
    del files["attacks/index.html"]  # shows the latest measurement: see test_attacks_page
    if os.environ.get("HOTPAPERS_REWRITE"):
        rewrite(folder, [RenderedFile(path, data) for path, data in files.items()])
    expected = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    if not HAS_WINGS:
        of_wings = re.compile(r"my-papers/index\.html|(.*/)?hot\.json")
        expected = {path: without_wings(data) for path, data in expected.items() if not of_wings.fullmatch(path)}
    assert sorted(files) == sorted(expected)
    assert [path for path in files if files[path] != expected[path]] == []


def without_wings(data: bytes) -> bytes:
    """A file without what wings add: cards, and tools for language models."""
    meta = rb'<meta (property="og:image|name="twitter:card)[^\n]*\n'
    script = rb"<script [^\n]*paper_actions[^\n]*\n"
    added = meta + b"|" + script + rb"|\n## Tools\n\n[^\n]*\n"
    return re.sub(added, b"", data)


def rewrite(folder: Path, files: list[RenderedFile]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)


def test_shortened_addresses_lead_somewhere() -> None:
    pages = SitePages(LISTED_READER, "hot-papers")
    known = set(pages.paths())
    for folder in ("paper", "author", "category"):
        page = pages.page(f"{folder}/index.html")
        targets = {element.attributes["href"].removeprefix("../") for element in Page(page or b"").all("a")}
        inside = {path for path in known if path.startswith(f"{folder}/") and path.count("/") == 2}
        assert inside <= targets and "search/index.html" in targets
        assert {path for path in targets if path.startswith(folder)} <= known
    assert SitePages(PlainIssueReader([LISTED], []), "hot-papers").page("paper/index.html")


def test_what_is_not_found_leads_on() -> None:
    pages = SitePages(LISTED_READER, "hot-papers")
    for path, expected in (
        ("paper/2101.00001/index.html", {"https://arxiv.org/abs/2101.00001", "../../paper/index.html"}),
        ("author/nobody/index.html", {"../../author/index.html"}),
        ("nothing.html", {"search/index.html", "archive/index.html", "index.html"}),
    ):
        assert expected <= {element.attributes["href"] for element in Page(pages.missing(path)).all("a")}
    on_another_server = Page(pages.missing("paper/10.31234/osf.io~2fab9c9/index.html"))
    assert "It may be on PsyArXiv" in on_another_server.text
    assert "It may be elsewhere" in Page(pages.missing("paper/10.9999/kettles.1/index.html")).text


@needs_wings
def test_a_day_touches_its_neighbors_and_its_papers() -> None:
    common_paths = {
        "index.html", "404.html", "style.css", "reader.js", "icon.svg", "robots.txt", "llms.txt", "search.js",
        "search_index.js", "search_spelling.js", "search_words.js", "terms.js", "unfold.js", "my-papers/index.html",
        "storage.js", "storage.html", "paper_actions.js", "library.js",
        *(f"{name}/index.html" for name in ("top", "archive", "about", "method", "status", "accessibility", "reading")),
        "paper/index.html", "author/index.html", "category/index.html",
        "attacks/index.html", "search/index.html", "bookmarklet/index.html", "bookmarklet.js", "dois.js",
    }  # fmt: skip
    assert set(SitePages(LISTED_READER, "hot-papers").paths(["2021-01-18"])) == common_paths | {
        "2021-01-14/index.html", "2021-01-18/index.html", "2021-01-18/issue.bib", "2021-01-18/issue.ris",
        "2021-01-18/vectors.js", "2021-01-18/papers.js", "2021-01-18/sentences.js", "2021-01-18/hot.json",
        "search/posts/2021-01-18.js",
        "paper/2101.99901/index.html", "paper/hep-th/9901999/index.html", "author/tansy-overquill/index.html",
        *(f"category/{name}/index.html" for name in ("hep-th", "cs.RO", "cs.LG", "math.IT")),
        *(f"category/{name}/2021/index.html" for name in ("hep-th", "cs.RO", "cs.LG", "math.IT")),
        *(f"top/{period}/index.html" for period in ("2021-W02", "2021-W03", "2021-01", "2021", "all")),
    }  # fmt: skip
    assert set(SitePages(LISTED_READER, "hot-papers").paths([])) == common_paths
    assert set(SitePages(LISTED_READER, "hot-papers").paths(["1999-01-01"])) == common_paths


def test_what_a_correction_took_out_must_not_stand_there_any_more() -> None:
    def removed_paths(days: list[str]) -> list[str]:
        return [
            file.path
            for file in SiteChannel(site_config=NOBODY).render(LISTED_READER, "hot-papers", days)
            if not file.data
        ]

    assert removed_paths(["2021-01-14"]) == ["paper/2101.99904/index.html"]
    assert removed_paths(["2021-01-13"]) == []


def test_a_part_of_the_site_is_as_in_the_whole() -> None:
    all_files = site(LISTED_READER, "hot-papers")
    part = site(LISTED_READER, "hot-papers", ["2021-01-13"])
    assert len(part) < len(all_files)
    assert part.items() <= all_files.items()


def test_every_path_has_a_page_and_others_have_none() -> None:
    pages = SitePages(LISTED_READER, "hot-papers")
    assert all(pages.page(path) for path in pages.paths())
    for path in (
        "", "/", "2021-01-14", "2021-01-14/", "2021-01-15/index.html", "2021-01-14/edition-2/index.html",
        "2021-01-14/edition-0/index.html", "2021-01-14/edition-01/index.html", "2021-13-99/index.html",
        "paper/2101.99904/index.html", "paper/2101.99901v1/index.html", "paper/x/index.html", "../index.html",
        "paper/../2021-01-14/index.html", "style.css/", "x" * 100_000,
    ):  # fmt: skip
        assert pages.page(path) is None


def test_a_publication_that_is_not_there() -> None:
    with pytest.raises(NotFound, match="weekly"):
        SitePages(LISTED_READER, "weekly")


def test_a_publication_without_issues() -> None:
    files = site(PlainIssueReader([LISTED], []), "hot-papers")
    assert "No issue yet The first one appears when a listing is imported." in Page(files["index.html"]).text
    assert "0 issues" in Page(files["archive/index.html"]).text
    check_links(files)


# ---- rules for every page ----------------------------------------------------------------------------


def test_links_are_relative_and_lead_to_pages(site_files: dict[str, bytes]) -> None:
    check_links(site_files)


OUTSIDE_PATHS = (
    r"arxiv\.org/(abs|pdf|html|list)/[\w./-]+|x\.com/i/status/\d+|www\.reddit\.com/comments/\w+"
    r"|bsky\.app/profile/[\w:]+/post/\w+|news\.ycombinator\.com/item\?id=\d+|github\.com/overquill/stars"
    r"|ui\.adsabs\.harvard\.edu/abs/arXiv:[\w./-]+|inspirehep\.net/arxiv/[\w./-]+|desk\.example/write"
)


def test_links_outside_lead_to_papers_and_to_posts(site_files: dict[str, bytes]) -> None:
    for page in html(site_files).values():
        for link in page.all("a"):
            href = link.attributes["href"]
            if href.startswith("https://") and "blockquote" not in link.ancestors:
                assert re.fullmatch(rf"https://({OUTSIDE_PATHS})", href)


LISTS_PAPERS = re.compile(
    r"([\d-]+/(all/|edition-\d/)?|(paper|author)/.+/|category/.+/|top/(.+/)?|my-papers/)?index\.html"
)


def test_one_script_runs_and_nothing_is_fetched_from_elsewhere(site_files: dict[str, bytes]) -> None:
    for path, page in html(site_files).items():
        assert not {"style", "iframe", "img", "object", "base", "use"} & {e.tag for e in page.elements}
        names = [name for element in page.elements for name in element.attributes]
        assert not [name for name in names if name == "style" or name.startswith("on")]
        prefix = "../" * path.count("/")
        own = {
            "search/index.html": ["dois.js", "search_words.js", "search_index.js", "search_spelling.js", "search.js"],
            "bookmarklet/index.html": ["dois.js", "bookmarklet.js"],
        }
        unfolding = ["unfold.js"] if re.fullmatch(r"[\d-]+/all/index.html", path) else []
        papers = ["paper_actions.js"] if HAS_WINGS and LISTS_PAPERS.fullmatch(path) else []
        library = ["library.js"] if path == "my-papers/index.html" else []
        scripts = {"reader.js", *papers, *library, *unfolding, *own.get(path, [])}
        assert {e.attributes["src"].removeprefix(prefix) for e in page.all("script")} == scripts
        assert names.count("src") == len(scripts)
        hrefs = [e.attributes["href"] for e in page.all("link") if e.attributes["rel"] in ("stylesheet", "icon")]
        assert hrefs == [f"{prefix}style.css", f"{prefix}icon.svg"]
        assert bool(page.all("form")) == (path in ("reading/index.html", "search/index.html"))
        policies = [e.attributes["content"] for e in page.all("meta") if "http-equiv" in e.attributes]
        assert policies == [policy_of(path, "sitemap.xml" in site_files)]
    directives = ("script-src 'self'", "style-src 'self'", "img-src 'self'", "frame-src 'self'")
    assert "; ".join(["default-src 'none'", *directives, "base-uri 'none'", "form-action 'none'"]) == POLICY
    style, script = site_files["style.css"].decode(), site_files["reader.js"].decode()
    assert "url(" not in style and "@import" not in style and "http" not in style
    assert not re.search(r"\b(fetch|XMLHttpRequest|import|eval|innerHTML|insertAdjacentHTML|document\.write)\b", script)
    assert len(site_files["reader.js"]) < 30_000 and len(gzip.compress(site_files["reader.js"], 9)) <= 10_000


def test_the_page_for_what_is_missing_works_at_any_address() -> None:
    page = Page(named_site("daily")["404.html"])
    targets = [e.attributes[name] for e in page.elements for name in ("href", "src") if name in e.attributes]
    assert {"/daily/style.css", "/daily/reader.js", "/daily/index.html"} < set(targets)
    assert all(target.startswith(("/daily/", "#", "https://")) for target in targets)
    without_base = named_site("hot-papers")["404.html"]
    page = Page(without_base)
    targets = [e.attributes[name] for e in page.elements for name in ("href", "src") if name in e.attributes]
    assert targets == ["/"], "nobody knows where else the site may be"
    style = page.all("style")[0]
    digest = b64encode(sha256(without_base.partition(b"<style>")[2].partition(b"</style>")[0]).digest()).decode()
    [policy] = [e.attributes["content"] for e in page.all("meta") if "http-equiv" in e.attributes]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'" and not style.attributes
    assert [len(page.all(tag)) for tag in ("h1", "main", "title")] == [1, 1, 1]


@needs_wings
def test_pages_say_where_they_are_and_what_is_beside_them() -> None:
    def links(page: Page) -> dict[str, str]:
        return {e.attributes["rel"]: e.attributes["href"] for e in page.all("link")}

    def meta(page: Page) -> dict[str, str]:
        return {
            e.attributes["property"]: e.attributes["content"] for e in page.all("meta") if "property" in e.attributes
        }

    pages = html(named_site("daily"))
    issue_page = pages["2021-01-14/index.html"]
    assert links(issue_page)["canonical"] == meta(issue_page)["og:url"] == "https://papers.example/daily/2021-01-14/"
    assert (links(issue_page)["prev"], links(issue_page)["next"]) == (
        "../2021-01-13/index.html", "../2021-01-15/index.html",
    )  # fmt: skip
    assert links(pages["index.html"])["canonical"] == "https://papers.example/daily/2021-01-20/"
    assert meta(pages["paper/2101.99901/index.html"]) == {
        "og:title": "Suspension Bridges for Pocket Robots", "og:type": "article", "og:site_name": "The Daily Dozen",
        "og:description": meta(pages["paper/2101.99901/index.html"])["og:description"],
        "og:url": "https://papers.example/daily/paper/2101.99901/",
        "og:image": "https://papers.example/daily/paper/2101.99901/card.png", "og:image:type": "image/png",
        "og:image:width": "1200", "og:image:height": "630",
        "og:image:alt": "Suspension Bridges for Pocket Robots. Tansy Overquill, Bram Oakhollow. "
        "Place 1, Thursday, 14 January 2021, The Daily Dozen. "
        "People since the announcement: 2 after 1 hour, 24 after 3 hours, 40 after 6 hours.",
    }  # fmt: skip
    assert "canonical" not in links(html(named_site("hot-papers"))["index.html"])


def test_every_page_can_be_read_aloud(site_files: dict[str, bytes]) -> None:
    for page in html(site_files).values():
        levels = [int(e.tag[1]) for e in page.elements if re.fullmatch("h[1-6]", e.tag)]
        assert levels.count(1) == 1 and levels[0] == 1
        assert all(next_level <= level + 1 for level, next_level in pairwise(levels))
        assert page.all("html")[0].attributes["lang"] == "en"
        assert [len(page.all(tag)) for tag in ("main", "title")] == [1, 1]
        assert page.all("a")[0].attributes == {"class": "skip", "href": "#main"}
        assert all(nav.attributes["aria-label"] for nav in page.all("nav"))
        assert all(svg.attributes["aria-hidden"] == "true" for svg in page.all("svg"))
        assert all({"lang", "dir"} <= quote.attributes.keys() for quote in page.all("blockquote"))
        assert all(e.attributes["alttext"] for e in page.all("math"))
        ids = {e.attributes["aria-labelledby"] for e in page.elements if "aria-labelledby" in e.attributes}
        assert ids <= set(page.ids)


def test_an_issue_says_what_was_done() -> None:
    text = Page(site(FULL_READER, "daily")["2021-01-14/index.html"]).text
    assert (
        "3 papers · 1,204 announced that day, 214 talked about · 2 networks read, 1 only in part (Mastodon: since 11:00"
        in text
    )
    assert "1 not at all (Reddit: since 13 January 11:00 UTC)" in text
    assert "2,177 + 812 = 2,989" in text
    assert "not counted: 3 bot posts" in text
    assert "tied" in text and "Tied with a neighbor" in text


def test_empty_issues_say_so_in_words() -> None:
    files = site(FULL_READER, "daily")
    assert "Nothing was announced." in Page(files["2021-01-13/index.html"]).text
    text = Page(files["2021-01-15/index.html"]).text
    assert "Nothing reached the threshold: none of the 187 papers talked about scored 1,500 or more." in text
    assert "Still talked about" in text
    assert "No network was read for this day" in Page(files["2021-01-18/index.html"]).text
    listing = Page(site(LISTED_READER, "hot-papers")["2021-01-13/index.html"]).text
    assert "The listing of this day has no papers." in listing


def test_editions_stay_readable_and_say_why() -> None:
    files = site(LISTED_READER, "hot-papers")
    latest_page, first_page = (Page(files[f"2021-01-14/{path}"]) for path in ("index.html", "edition-1/index.html"))
    assert "Corrected: The survey was of to-do lists, and not a paper." in latest_page.text
    assert "edition-1" in " ".join(e.attributes["href"] for e in latest_page.all("a"))
    assert "Edition 1 of 2." in first_page.text and "not a paper" in first_page.text
    assert "#editions" in {e.attributes["href"] for e in latest_page.all("a")} and "editions" in latest_page.ids
    assert "../../paper/2101.99901/index.html" in {e.attributes["href"] for e in first_page.all("a")}
    hrefs = [e.attributes["href"] for e in first_page.all("a")]
    assert not [href for href in hrefs if "99904" in href and "arxiv" not in href and not href.startswith("#")]


def test_a_paper_shows_every_issue_it_was_in() -> None:
    text = Page(site(LISTED_READER, "hot-papers")["paper/2101.99901/index.html"]).text
    assert "In 2 issues" in text and "Place 1 of 2; 2nd originally." in text and "Place 2 of 2 X" in text
    assert text.index("18 January 2021") < text.index("14 January 2021 Place")
    assert "Jembatan kecil." in text and "1,011 reposts, 316 likes" in text
    assert "several times too high" in text


def test_the_method_gives_one_score_to_redo() -> None:
    text = Page(named_site("hot-papers")["method/index.html"]).text
    assert "1000 × log10(1,000 / 229) = 640" in text and "17 September 2020" in text
    about = Page(named_site("hot-papers")["about/index.html"]).text
    assert "Thank you to arXiv for use of its open access interoperability." in about
    assert (
        "not part of arXiv, and not related to Clarivate’s “Hot Papers”" in about
        and "https://desk.example/write" in about
    )
    assert "17 September 2020" not in Page(named_site("daily")["method/index.html"]).text


def test_a_paper_tells_its_attention_its_versions_and_every_post() -> None:
    text = Page(named_site("daily")["paper/2101.99901/index.html"]).text
    assert "Network 6 hours a day 3 days a week Hour by hour Bluesky 31 90 – no count – no count" in text
    assert "Hacker News 9 12" in text
    assert "People since the announcement: 4 after 3 hours, 9 after 6 hours, 12 after 24 hours." in text
    assert "v1, 14 January 2021: new in cs.RO v1, 14 January 2021: cross-listed in cs.LG, math.IT" in text
    assert "v2, 2 March 2021: replaced" in text
    assert "Where it is discussed Bluesky 2 accounts Quill Marrowby · 14 January 2021" in text
    assert "Hacker News 7 accounts @quill · 14 January 2021" in text and text.count("and 2 more Quill Marrowby") == 1
    assert "@misc{overquill-2101.99901," in text and "AU - Overquill, Tansy" in text
    assert text.count("A bridge!") == 2 and "More of it." not in text  # discussions are without words


def test_a_post_without_words_is_a_link() -> None:
    page = Page(named_site("daily")["2021-01-14/index.html"])
    assert "A post on Hacker News from 14 January 2021 · read it there" in page.text
    assert len(page.all("figure")) == len(page.all("blockquote")) == 3 + 1, "and the best sentence"


def test_all_papers_of_a_day_stand_by_category() -> None:
    page = Page(named_site("daily")["2021-01-14/all/index.html"])
    assert "4 papers announced" in page.text
    assert "math.IT Information Theory 2101.99906" in page.text  # new papers go first, unknown titles last
    hrefs = [e.attributes["href"] for e in page.all("a")]
    assert "../../paper/2101.99901/index.html" in hrefs and "https://arxiv.org/abs/2101.99905" in hrefs
    assert "../index.html#2101.99901" in hrefs and "cross-list · cs.IT" in page.text


def test_categories_and_authors_have_pages() -> None:
    files = named_site("hot-papers")
    author = Page(files["author/tansy-overquill/index.html"]).text
    assert "2 papers in the issues" in author and "place 1, 14 January 2021" in author
    assert "author/bram-oakhollow/index.html" not in files  # only one paper
    category = Page(files["category/cs.LG/index.html"]).text
    assert "cs.LG Machine Learning" in category and "January 2021" in category and "2021 2" not in category
    assert files["category/cs.LG/2021/index.html"]
    names = [e.attributes["href"] for e in Page(files["paper/2101.99901/index.html"]).all("a")]
    assert "../../author/tansy-overquill/index.html" in names


def test_the_status_says_what_was_read_and_what_is_due() -> None:
    text = Page(named_site("daily")["status/index.html"]).text
    assert "The latest issue is that of Wednesday, 20 January 2021 , frozen on 14 January 2021 at 12:01 UTC" in text
    assert (
        "The next issue, that of Thursday, 21 January 2021, will appear by 21 January 2021 at 19:00 UTC at the latest"
        in text
    )
    assert "Bluesky : read in full until the issue of 14 January 2021." in text
    assert "14 January 2021: only in part since 14 January 11:00 UTC" in text and "silent" not in text
    assert "19 January 2021: no issue: none was made" in text
    latest = Page(named_site("daily")["index.html"])
    assert "The issue of Thursday, 21 January 2021 was due by" in latest.text
    assert [e.attributes.get("hidden") for e in latest.elements if "data-due" in e.attributes] == [""]
    listing = Page(named_site("hot-papers")["status/index.html"]).text
    assert "none is due at a fixed time" in listing and "a listing of a day that was wrong" not in listing


def test_readers_can_write_to_the_desk() -> None:
    issue_page = Page(named_site("daily")["2021-01-14/index.html"])
    mails = [e.attributes["href"] for e in issue_page.all("a") if e.attributes["href"].startswith("mailto:")]
    assert len(mails) == 6  # three entries and three quotations
    digest = FULL_READER.issue("daily", "2021-01-14").digest
    assert all(mail.startswith("mailto:desk@daily.example?subject=") and digest in mail for mail in mails)
    assert "at%3A%2F%2Fdid%3Aplc%3Aquill" in mails[1] and "2101.99901" in mails[0]
    listing = Page(named_site("hot-papers")["2021-01-14/index.html"])
    assert [e.attributes["rel"] for e in listing.all("a") if e.attributes["href"] == "https://desk.example/write"]
    page = Page(site(LISTED_READER, "hot-papers", site_config=NOBODY)["2021-01-14/index.html"])
    assert "report an error" not in page.text and "report" not in page.text.replace("reposts", "")


@pytest.mark.parametrize("path", ["index.html", "search/index.html", "bookmarklet/index.html"])
def test_pages_with_a_public_address_may_connect_to_it(path: str) -> None:
    """Tools that test a page read robots.txt from within it."""
    assert "connect-src 'self'" in policy_of(path, public=True)
    assert ("connect-src" in policy_of(path, public=False)) == path.startswith("bookmarklet")


def test_no_reader_sees_the_name_of_a_folder() -> None:
    untitled = msgspec.structs.replace(paper("", ""), paper="doi:10.31234/osf.io/ab9c9")
    reader = PlainIssueReader([OWN], [issue(OWN, "2021-01-14", [listing_entry(1, untitled, 1, 9, 1, 900)])])
    pages = SitePages(reader, "daily")
    for path in ("2021-01-14/index.html", "paper/10.31234/osf.io~2fab9c9/index.html", "paper/index.html"):
        shown = Page(pages.page(path) or b"").text
        assert "10.31234/osf.io/ab9c9" in shown and "~" not in shown
    shown_json, _ = shown_files("2021-01-14", reader.entry_summaries("daily"), {})
    assert json.loads(shown_json.data)[0][:2] == ["10.31234/osf.io~2fab9c9", "10.31234/osf.io/ab9c9"]
