"""Searching in the app: the page, its answers, and feeds of search results."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from starlette.applications import Starlette

from hotpapers.issues.repository import RecordIssueReader
from hotpapers.model import Item
from hotpapers.query.request_params import cursor_of
from hotpapers.query.schemas import SearchPage
from hotpapers.render.html.pages import SitePages
from hotpapers.render.html.templating import SEARCH_POLICY
from hotpapers.store import Record
from hotpapers.view.site_config import SiteConfig
from hotpapers.web.api import ApiConfig
from hotpapers.web.app import app
from hotpapers.web.search_pages import PAGE, SearchRoutes
from hotpapers.web.search_view import result_line
from tests.conftest import data
from tests.issues.made import DAILY, DAY, background, frozen, key, moment, paper, post, talk, write
from tests.render.hostile import HOSTILE
from tests.render.html import Page
from tests.web.asgi import Answer, get

ATOM = "{http://www.w3.org/2005/Atom}"
SITE_CONFIG = SiteConfig("desk@daily.example", base="https://papers.example/", app="https://app.example/")
Served = Callable[..., Starlette]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Makes the app over a store."""
    opened: list[SearchRoutes] = []
    records: list[Record] = []

    def make(store: Path, publication: str, **operator: object) -> Starlette:
        record = Record(str(store), create=False)
        issue_reader = RecordIssueReader(record)
        search = SearchRoutes(
            lambda: Record(str(store), create=False),
            publication,
            SITE_CONFIG,
            ApiConfig(**{"rate": 0, **operator}),  # type: ignore[arg-type]
        )
        opened.append(search)
        records.append(record)
        return app(lambda: issue_reader, publication, SITE_CONFIG, search.routes)

    yield make
    for one in opened:
        one.close()
    for record in records:
        record.database.close()


@pytest.fixture(scope="module")
def sample(served: Served, sample_store: Path) -> Starlette:
    """The app over the sample."""
    return served(sample_store, "hot-papers")


@pytest.fixture(scope="module")
def talked(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    """The app over papers and posts in several languages, some of them hostile."""
    path = tmp_path_factory.mktemp("talked") / "talked.db"
    with Record(str(path)) as record:
        tea = paper(1, title="Kettles for the 机器学习 of tea", abstract="On steam.")
        write(record, DAILY, background(), tea, paper(2), talk(1, 40, moment(DAY)), list(said()))
        frozen(record)
    return served(path, "daily")


def said() -> Iterator[Item]:
    """Posts in two languages, and hostile papers and posts."""
    yield from post(1, "bluesky:ar", moment(DAY) + 1, text="قرأت عن القهوة والشاي", lang="ar", rtl=True)
    yield from post(1, "bluesky:zh", moment(DAY) + 2, text="关于机器学习的新论文", lang="zh")
    for n, text in enumerate(HOSTILE):
        yield from paper(1000 + n, title=f"hostile {text}", abstract=f"{text} hostile")
        one, mention = post(1, f"bluesky:h{n}", moment(DAY) + 9 + n, account=f"bluesky:a{n}", text=f"hostile {text}")
        yield from (msgspec.structs.replace(one, name=text, handle=text), mention)


def ask(to: Starlette, query: str, **more: str) -> Answer:
    pairs = "".join(f"&{name}={quote(value)}" for name, value in more.items())
    return get(to, f"/search/?q={quote(query, safe='', errors='surrogatepass')}{pairs}")


def titles(answer: Answer) -> list[str]:
    found = re.findall(r"<li><a [^>]*><bdi>(.*?)</bdi>", answer.plain.decode())
    return [re.sub("</?mark>", "", one) for one in found]


# ---- the page ------------------------------------------------------------------------------------------


def test_without_a_question_it_is_the_page_of_the_site(sample: Starlette, sample_store: Path) -> None:
    with Record(str(sample_store), create=False) as record:
        expected = SitePages(RecordIssueReader(record), "hot-papers", SITE_CONFIG).page("search/index.html")
    for address in ("/search/", "/search/index.html", "/search/?q=", "/search/?q=%20", "/search/?other=1"):
        answer = get(sample, address)
        assert (answer.status, answer.body) == (200, expected)
        assert answer.headers["content-security-policy"] == f"{SEARCH_POLICY}; frame-ancestors 'none'"


def test_an_address_without_its_slash_keeps_the_question(sample: Starlette) -> None:
    for query in ("", "?q=kettle+steam&cursor=x", "?q=%22on%20steam%22"):
        answer = get(sample, f"/search{query}")
        assert (answer.status, answer.headers["location"]) == (308, f"search/{query}")
    assert get(sample, "/search?q=<b>%0d%0a").headers["location"] == "search/?q=%3Cb%3E%0d%0a"


def test_an_answer_needs_no_script(sample: Starlette) -> None:
    """HOTPAPERS_REWRITE=1 rewrites the expected file: check the diff before you keep it."""
    answer = ask(sample, "transformer author:likhosherstov")
    assert answer.status == 200 and answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == f"{SEARCH_POLICY}; frame-ancestors 'none'"
    main = answer.body[answer.body.index(b"<main") : answer.body.index(b"</main>")]
    file = data("search-site", "sample.html")
    if os.environ.get("HOTPAPERS_REWRITE"):
        file.write_bytes(main)
    assert main == file.read_bytes()
    assert [one.attributes["src"] for one in Page(answer.body).all("script")] == ["../reader.js"]


def test_all_that_is_found_comes_page_by_page(sample: Starlette) -> None:
    seen: list[str] = []
    answer = ask(sample, "category:cs")
    total = int(re.search(r"(\d+) papers", Page(answer.plain).text)[1])  # type: ignore[index]
    while True:
        seen += titles(answer)
        following = [
            one.attributes["href"] for one in Page(answer.plain).all("a") if one.attributes.get("rel") == "next"
        ]
        if not following:
            break
        assert len(titles(answer)) == PAGE
        answer = get(sample, f"/search/{following[0]}")
    assert len(seen) == len(set(seen)) == total > 3 * PAGE


def test_what_cannot_be_asked_is_said_on_the_page(sample: Starlette) -> None:
    answer = ask(sample, "x" * 1001)
    assert answer.status == 400 and "That is too long: write 1,000 characters at most." in Page(answer.plain).text
    assert "Nothing was asked for" in Page(ask(sample, "***").plain).text
    page = SearchPage(papers=(), understood="with “kettle”", total=26, exact=True, parts=False, behind=0, next=None)
    assert (
        result_line("kettle", page) == "26 papers with “kettle”, the best first."
    )  # as in tests/browser/test_search.py
    page = msgspec.structs.replace(page, understood="in cs.LG")
    assert result_line("category:cs.LG", page) == "26 papers in cs.LG, the newest first."
    assert result_line("kettle", msgspec.structs.replace(page, total=1)) == "1 paper in cs.LG."
    assert "No paper with “quokka”." in Page(ask(sample, "quokka").plain).text
    assert "with it as part of a word, the best first." in Page(ask(sample, "ransforme").plain).text


@pytest.mark.parametrize(
    "cursor", ["nonsense", "x" * 601, "é", cursor_of("search", "kettle"), cursor_of("issues", "1")]
)
def test_a_page_of_answers_that_is_gone_leads_to_the_first_one(sample: Starlette, cursor: str) -> None:
    answer = ask(sample, "kettle steam", cursor=cursor)
    page = Page(answer.plain)
    assert answer.status == 400 and "These results have expired. Search again" in page.text
    assert "?q=kettle%20steam" in [one.attributes["href"] for one in page.all("a")]


def test_where_nothing_is_found_the_page_leads_on(sample: Starlette) -> None:
    for query in ("quokka", "***"):
        targets = [one.attributes["href"] for one in Page(ask(sample, query).plain).all("a")]
        assert {"../search/index.html#help", "../archive/index.html"} <= set(targets)


def test_what_is_known_is_not_sent_again_and_much_is_packed(sample: Starlette) -> None:
    first = get(sample, "/search/?q=transformer", headers={"accept-encoding": "gzip"})
    assert first.headers["content-encoding"] == "gzip" and b"<mark>" in first.plain
    again = get(
        sample, "/search/?q=transformer", headers={"accept-encoding": "gzip", "if-none-match": first.headers["etag"]}
    )
    assert (again.status, again.body) == (304, b"")


def test_nobody_asks_too_much(served: Served, sample_store: Path) -> None:
    to = served(sample_store, "hot-papers", rate=5)
    assert [ask(to, "kettle").status for _ in range(3)] == [200, 200, 429]
    refused = ask(to, "kettle")
    assert int(refused.headers["retry-after"]) > 0 and refused.headers["content-type"].startswith("text/plain")
    assert get(to, "/search/").status == 200, "the page itself costs nothing"
    assert get(to, "/search/?q=kettle", peer="192.0.2.9").status == 200


def test_a_store_that_is_gone_is_said(served: Served, sample_store: Path, tmp_path: Path) -> None:
    search = SearchRoutes(
        lambda: Record(str(tmp_path / "gone.db"), create=False), "daily", SITE_CONFIG, ApiConfig(rate=0)
    )
    answer = get(Starlette(routes=search.routes), "/search/?q=kettle")
    assert (answer.status, answer.headers["retry-after"]) == (503, "10")
    search.close()


# ---- languages and hostile texts -------------------------------------------------------------------------


def test_papers_and_posts_in_any_language(talked: Starlette) -> None:
    arabic = ask(talked, "القهوة").plain.decode()
    assert '<blockquote lang="ar" dir="rtl"><p>قرأت عن <mark>القهوة</mark> والشاي</p>' in arabic
    chinese = ask(talked, "机器学习").plain.decode()
    assert "Kettles for the <mark>机器学习</mark> of tea" in chinese
    assert '<blockquote lang="zh" dir="auto"><p>关于<mark>机器学习</mark>的新论文</p>' in chinese
    assert "机器" in ask(talked, "机器").plain.decode() and titles(ask(talked, "学习")) == [
        "Kettles for the 机器学习 of tea"
    ]


def test_posts_stand_on_the_first_page_of_what_asks_for_words(talked: Starlette) -> None:
    first = ask(talked, "hostile")
    assert first.plain.count(b"<blockquote") == 5
    following = [one.attributes["href"] for one in Page(first.plain).all("a") if one.attributes.get("rel") == "next"]
    assert get(talked, f"/search/{following[0]}").plain.count(b"<blockquote") == 0
    assert ask(talked, "hostile category:cs.LG").plain.count(b"<blockquote") == 0


@pytest.mark.parametrize("query", [*HOSTILE, "hostile", '"><script>', "' OR 1=1 --", "\x00", "%", "a" * 999])
def test_nothing_comes_alive(talked: Starlette, query: str) -> None:
    answer = ask(talked, query[:1000])
    if answer.headers["content-type"].startswith("text/html"):
        page = Page(answer.plain)
        assert len(page.all("script")) in (1, 3)
        assert not {"style", "iframe", "img", "svg", "object", "base", "math"} & {one.tag for one in page.elements}
        assert not [
            name for one in page.elements for name in one.attributes if name.startswith("on") or name == "style"
        ]
        for link in page.all("a"):
            assert re.match(r"https://(arxiv\.org|bsky\.app)/|\.\./|#|\?q=", link.attributes["href"])
    feed = get(talked, f"/feeds/query.atom?q={quote(query[:900], safe='', errors='surrogatepass')}")
    assert feed.status in (200, 400, 404)
    if feed.status == 200:
        ET.fromstring(feed.plain)


# ---- feeds ---------------------------------------------------------------------------------------------


def entries(answer: Answer) -> list[str]:
    return [one.findtext(f"{ATOM}title") or "" for one in ET.fromstring(answer.plain).iter(f"{ATOM}entry")]


def test_a_search_has_a_feed(sample: Starlette) -> None:
    page = Page(ask(sample, "transformer").plain)
    [link] = [one.attributes["href"] for one in page.all("link") if one.attributes["rel"] == "alternate" and "q=" in
              one.attributes["href"]]  # fmt: skip
    answer = get(sample, f"/search/{link}".replace("/search/../", "/"))
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    found = ET.fromstring(answer.plain)
    assert found.findtext(f"{ATOM}title") == "Hot Papers: transformer"
    own = [one.attrib["href"] for one in found.findall(f"{ATOM}link") if one.attrib["rel"] == "self"]
    assert own == ["https://app.example/feeds/query.atom?q=transformer"]
    assert entries(answer) and set(entries(answer)) <= set(titles(ask(sample, "transformer")))
    ids = [one.findtext(f"{ATOM}id") for one in found.iter(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)
    again = get(sample, "/feeds/query.atom?q=transformer", headers={"if-none-match": answer.headers["etag"]})
    assert again.status == 304


def test_an_author_has_a_feed(sample: Starlette) -> None:
    by_name = get(sample, "/feeds/author/Valerii%20Likhosherstov.atom")
    by_slug = get(sample, "/feeds/author/valerii-likhosherstov.atom")
    assert entries(by_name) == entries(by_slug) == ["Sub-Linear Memory: How to Make Performers SLiM"]
    nobody = get(sample, "/feeds/author/Nobody%20Known.atom")
    assert (nobody.status, nobody.plain) == (404, b"no paper in an issue has an author with this name\n")
    assert get(sample, "/feeds/author/x.rss").status == 404


@pytest.mark.parametrize("query", ['"', "OR", "\x00", "***", "x" * 1001, "x" * 5000])
def test_what_cannot_be_asked_has_no_feed(sample: Starlette, query: str) -> None:
    answer = get(sample, f"/feeds/query.atom?q={quote(query)}")
    said = "That is too long" if len(query) > 1000 else "Nothing was asked for"
    assert answer.status == 400 and answer.plain.decode().startswith(said)


def test_other_forms_and_no_feeds(sample: Starlette) -> None:
    for form, kind in (("rss", "application/rss+xml"), ("json", "application/feed+json")):
        answer = get(sample, f"/feeds/query.{form}?q=transformer")
        assert answer.status == 200 and answer.headers["content-type"].startswith(kind)
    for address in ("query.atom", "query.atom?q=", "query.xml?q=a", "author/....atom", "author/a.xml"):
        assert get(sample, f"/feeds/{address}").status == 404, address


def test_a_paper_that_no_issue_holds_is_linked_to_arxiv(talked: Starlette) -> None:
    text = ask(talked, key(2).removeprefix("arxiv:")).plain.decode()
    assert f'<li><a href="https://arxiv.org/abs/{key(2).removeprefix("arxiv:")}"' in text
