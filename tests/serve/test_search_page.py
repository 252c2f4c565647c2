"""Searching in the app: the page, its answers, and feeds of search results."""

from __future__ import annotations

import asyncio
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from starlette.routing import Router
from starlette.types import ASGIApp

from hotpapers.base import network_terms
from hotpapers.base.model import Item
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.publish.query.request_params import cursor_of
from hotpapers.publish.query.schemas import SearchPage
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.render.templating import SEARCH_POLICY, policy_of
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record
from hotpapers.serve.api import Api
from hotpapers.serve.app import SiteApp
from hotpapers.serve.backend import Backend, ServeConfig
from hotpapers.serve.page_cache import CurrentPages, FreshIssueReader
from hotpapers.serve.search_pages import PAGE, SearchRoutes, result_line
from tests.conftest import data
from tests.issues.made import DAILY, DAY, background, frozen, key, moment, paper, post, posts_about, write
from tests.publish.render.hostile import HOSTILE
from tests.publish.render.html import Page
from tests.serve.asgi import Response, fetch, get, scope_of

ATOM = "{http://www.w3.org/2005/Atom}"
SITE_CONFIG = SiteConfig("desk@daily.example", base="https://papers.example/", app="https://app.example/")
AppFactory = Callable[..., ASGIApp]


@pytest.fixture(scope="module")
def make_app() -> Iterator[AppFactory]:
    """Makes the app over a store."""
    backends: list[Backend] = []
    records: list[Record] = []

    def make(store: Path, publication: str, **config: object) -> ASGIApp:
        record = Record(str(store), create=False)
        issue_reader = RecordIssueReader(record)
        serve_config = ServeConfig(**{"rate": 0, **config})  # type: ignore[arg-type]
        backends.append(Backend(lambda: Record(str(store), create=False), serve_config))
        records.append(record)
        pages = CurrentPages(lambda: issue_reader, publication, SITE_CONFIG)
        return SiteApp(pages, search=SearchRoutes(backends[-1], pages, publication, SITE_CONFIG))

    yield make
    for backend in backends:
        backend.close()
    for record in records:
        record.database.close()


@pytest.fixture(scope="module")
def sample_app(make_app: AppFactory, sample_store: Path) -> ASGIApp:
    """The app over the sample."""
    return make_app(sample_store, "hot-papers")


@pytest.fixture(scope="module")
def multilingual_app(make_app: AppFactory, tmp_path_factory: pytest.TempPathFactory) -> ASGIApp:
    """The app over papers and posts in several languages, some of them hostile."""
    path = tmp_path_factory.mktemp("talked") / "talked.db"
    with Record(str(path)) as record:
        tea = paper(1, title="Kettles for the 机器学习 of tea", abstract="On steam.")
        write(record, DAILY, background(), tea, paper(2), posts_about(1, 40, moment(DAY)), list(multilingual_items()))
        frozen(record)
    return make_app(path, "daily")


def multilingual_items() -> Iterator[Item]:
    """Posts in two languages, and hostile papers and posts."""
    yield from post(1, "bluesky:ar", moment(DAY) + 1, text="قرأت عن القهوة والشاي", lang="ar", rtl=True)
    yield from post(1, "bluesky:zh", moment(DAY) + 2, text="关于机器学习的新论文", lang="zh")
    for n, text in enumerate(HOSTILE):
        yield from paper(1000 + n, title=f"hostile {text}", abstract=f"{text} hostile")
        item, mention = post(1, f"bluesky:h{n}", moment(DAY) + 9 + n, account=f"bluesky:a{n}", text=f"hostile {text}")
        yield from (msgspec.structs.replace(item, name=text, handle=text), mention)


def ask(site: ASGIApp, query: str, **params: str) -> Response:
    pairs = "".join(f"&{name}={quote(value)}" for name, value in params.items())
    return get(site, f"/search/?q={quote(query, safe='', errors='surrogatepass')}{pairs}")


def titles(response: Response) -> list[str]:
    headings = re.findall(r"<li><a [^>]*><bdi>(.*?)</bdi>", response.plain.decode())
    return [re.sub("</?mark>", "", heading) for heading in headings]


# ---- the page ------------------------------------------------------------------------------------------


def test_without_a_question_it_is_the_page_of_the_site(sample_app: ASGIApp, sample_store: Path) -> None:
    with Record(str(sample_store), create=False) as record:
        expected = SitePages(RecordIssueReader(record), "hot-papers", SITE_CONFIG).page("search/index.html")
    for address in ("/search/", "/search/index.html", "/search/?q=", "/search/?q=%20", "/search/?other=1"):
        response = get(sample_app, address)
        assert (response.status, response.body) == (200, expected)
        assert (
            response.headers["content-security-policy"]
            == f"{policy_of('search/index.html', public=True)}; frame-ancestors 'none'"
        )


def test_an_address_without_its_slash_keeps_the_question(sample_app: ASGIApp) -> None:
    for query in ("", "?q=kettle+steam&cursor=x", "?q=%22on%20steam%22"):
        response = get(sample_app, f"/search{query}")
        assert (response.status, response.headers["location"]) == (308, f"search/{query}")
    assert get(sample_app, "/search?q=<b>%0d%0a").headers["location"] == "search/?q=%3Cb%3E%0d%0a"


def test_an_answer_needs_no_script(sample_app: ASGIApp) -> None:
    """HOTPAPERS_REWRITE=1 rewrites the expected file: check the diff before you keep it."""
    response = ask(sample_app, "transformer author:likhosherstov")
    assert response.status == 200 and response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["content-security-policy"] == f"{SEARCH_POLICY}; frame-ancestors 'none'"
    main = response.body[response.body.index(b"<main") : response.body.index(b"</main>")]
    file = data("search-site", "sample.html")
    if os.environ.get("HOTPAPERS_REWRITE"):
        file.write_bytes(main)
    assert main == file.read_bytes()
    assert [element.attributes["src"] for element in Page(response.body).all("script")] == ["../reader.js"]


def test_all_that_is_found_comes_page_by_page(sample_app: ASGIApp) -> None:
    all_titles: list[str] = []
    response = ask(sample_app, "category:cs")
    total = int(re.search(r"(\d+) papers", Page(response.plain).text)[1])  # type: ignore[index]
    while True:
        all_titles += titles(response)
        next_links = [
            element.attributes["href"]
            for element in Page(response.plain).all("a")
            if element.attributes.get("rel") == "next"
        ]
        if not next_links:
            break
        assert len(titles(response)) == PAGE
        response = get(sample_app, f"/search/{next_links[0]}")
    assert len(all_titles) == len(set(all_titles)) == total > 3 * PAGE


def test_what_cannot_be_asked_is_said_on_the_page(sample_app: ASGIApp) -> None:
    response = ask(sample_app, "x" * 1001)
    assert response.status == 400 and "This is too long: type 1,000 characters at most." in Page(response.plain).text
    assert "Type a word" in Page(ask(sample_app, "***").plain).text
    page = SearchPage(
        papers=(), understood="with “kettle”", total=26, exact=True, parts=False, behind=0, meant="", next=None
    )
    assert (
        result_line("kettle", page) == "26 papers with “kettle”, the best first."
    )  # as in tests/browser/test_search.py
    page = msgspec.structs.replace(page, understood="in cs.LG")
    assert result_line("category:cs.LG", page) == "26 papers in cs.LG, the newest first."
    assert result_line("kettle", msgspec.structs.replace(page, total=1)) == "1 paper in cs.LG."
    assert "No paper with “quokka”." in Page(ask(sample_app, "quokka").plain).text
    assert "Not a date: 13. Write a day, a month or a year: 2026-11-02" in Page(ask(sample_app, "a date:13").plain).text
    misspelled = Page(ask(sample_app, "tranformer").plain)
    assert "No paper with “tranformer”. Did you mean transformer" in misspelled.text
    assert "?q=transformer" in [element.attributes["href"] for element in misspelled.all("a")]
    assert "with it as part of a word, the best first." in Page(ask(sample_app, "ransforme").plain).text


@pytest.mark.parametrize(
    "cursor", ["nonsense", "x" * 601, "é", cursor_of("search", "kettle"), cursor_of("issues", "1")]
)
def test_a_page_of_answers_that_is_gone_leads_to_the_first_one(sample_app: ASGIApp, cursor: str) -> None:
    response = ask(sample_app, "kettle steam", cursor=cursor)
    page = Page(response.plain)
    assert response.status == 400 and "These results have expired. Search again" in page.text
    assert "?q=kettle%20steam" in [element.attributes["href"] for element in page.all("a")]


def test_where_nothing_is_found_the_page_leads_on(sample_app: ASGIApp) -> None:
    for query in ("quokka", "***"):
        targets = [element.attributes["href"] for element in Page(ask(sample_app, query).plain).all("a")]
        assert {"../search/index.html#help", "../archive/index.html"} <= set(targets)


def test_what_is_known_is_not_sent_again_and_much_is_packed(sample_app: ASGIApp) -> None:
    packed = get(sample_app, "/search/?q=transformer", headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip" and b"<mark>" in packed.plain
    response = get(
        sample_app,
        "/search/?q=transformer",
        headers={"accept-encoding": "gzip", "if-none-match": packed.headers["etag"]},
    )
    assert (response.status, response.body) == (304, b"")


def test_nobody_asks_too_much(make_app: AppFactory, sample_store: Path) -> None:
    site = make_app(sample_store, "hot-papers", rate=5)
    queries = ("kettle", "steam", "kettle", "tea")  # what is known costs less
    assert [ask(site, query).status for query in queries] == [200, 200, 200, 429]
    response = ask(site, "tea")
    assert int(response.headers["retry-after"]) > 0 and response.headers["content-type"].startswith("text/plain")
    assert get(site, "/search/").status == 200, "the page itself costs nothing"
    assert get(site, "/search/?q=kettle", peer="192.0.2.9").status == 200


def test_what_is_known_is_sent_without_routing_until_something_is_written(
    make_app: AppFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.db"
    with Record(str(path)) as record:
        write(
            record,
            DAILY,
            background(),
            paper(1, title="Of kettles"),
            post(1, "bluesky:a", moment(DAY), text="kettle a"),
        )
        frozen(record)
        site = make_app(path, "daily")
        first = ask(site, "kettle")
        with monkeypatch.context() as patched:
            patched.setattr(Router, "__call__", None)
            assert ask(site, "kettle") == first
        write(record, post(1, "bluesky:b", moment(DAY) + 1, text="kettle b"))
        assert b"kettle</mark> b" in ask(site, "kettle").plain and b"kettle</mark> b" not in first.plain
        forget_key(record, "bluesky:b")
        assert b"kettle</mark> b" not in ask(site, "kettle").plain


def test_many_who_search_together_are_all_answered(make_app: AppFactory, sample_store: Path) -> None:
    site = make_app(sample_store, "hot-papers")

    async def ask_all() -> list[Response]:
        same = [scope_of("/search/?q=learning") for _ in range(64)]
        others = [scope_of(f"/search/?q=learning+{n}") for n in range(64)]
        return list(await asyncio.gather(*(fetch(site, scope) for scope in (*same, *others))))

    assert {response.status for response in asyncio.run(ask_all())} == {200}


def test_a_store_that_is_gone_is_said(make_app: AppFactory, sample_store: Path, tmp_path: Path) -> None:
    with closing(Backend(lambda: Record(str(tmp_path / "gone.db"), create=False))) as backend:
        pages = CurrentPages(FreshIssueReader(backend.open_record, allowed=network_terms.TERMS), "daily", SITE_CONFIG)
        search = SearchRoutes(backend, pages, "daily", SITE_CONFIG)
        response = get(SiteApp(pages, search=search), "/search/?q=kettle")
    assert (response.status, response.headers["retry-after"]) == (503, "10")


# ---- languages and hostile texts -------------------------------------------------------------------------


def test_papers_and_posts_in_any_language(multilingual_app: ASGIApp) -> None:
    arabic = ask(multilingual_app, "القهوة").plain.decode()
    assert '<blockquote lang="ar" dir="rtl"><p>قرأت عن <mark>القهوة</mark> والشاي</p>' in arabic
    chinese = ask(multilingual_app, "机器学习").plain.decode()
    assert "Kettles for the <mark>机器学习</mark> of tea" in chinese
    assert '<blockquote lang="zh" dir="auto"><p>关于<mark>机器学习</mark>的新论文</p>' in chinese
    assert "机器" in ask(multilingual_app, "机器").plain.decode() and titles(ask(multilingual_app, "学习")) == [
        "Kettles for the 机器学习 of tea"
    ]


def test_formulas_are_rendered_and_what_is_found_is_marked(make_app: AppFactory, tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    text = "It is short, " * 30 + r"yet a kettle of $\beta^2$ cups and $\alpha$ spoons by G\"odel."
    with Record(str(path)) as record:
        write(record, DAILY, background(), paper(1, title=r"Kettles in $\beta^{2}$ steps", abstract=text))
        frozen(record)
    html = ask(make_app(path, "daily"), "beta kettle godel").plain.decode()
    [title] = re.findall(r"<bdi>(.*?)</bdi></a>", html)
    assert re.fullmatch(r"<mark>Kettles</mark> in <mark><math[^>]*>.*β.*</math></mark> steps", title)
    [snippet] = re.findall(r'<p class="snippet" dir="auto">(.*?)</p>', html)
    assert "yet a <mark>kettle</mark> of <mark><math alttext=" in snippet and "by <mark>Gödel</mark>" in snippet
    assert snippet.count("<math ") == 2 and "$" not in snippet


def test_posts_stand_on_the_first_page_of_what_asks_for_words(multilingual_app: ASGIApp) -> None:
    response = ask(multilingual_app, "hostile")
    assert response.plain.count(b"<blockquote") == 5
    next_links = [
        element.attributes["href"]
        for element in Page(response.plain).all("a")
        if element.attributes.get("rel") == "next"
    ]
    assert get(multilingual_app, f"/search/{next_links[0]}").plain.count(b"<blockquote") == 0
    assert ask(multilingual_app, "hostile category:cs.LG").plain.count(b"<blockquote") == 0


@pytest.mark.parametrize("query", [*HOSTILE, "hostile", '"><script>', "' OR 1=1 --", "\x00", "%", "a" * 999])
def test_nothing_comes_alive(multilingual_app: ASGIApp, query: str) -> None:
    response = ask(multilingual_app, query[:1000])
    if response.headers["content-type"].startswith("text/html"):
        page = Page(response.plain)
        assert len(page.all("script")) in (1, 6)
        assert not {"style", "iframe", "img", "svg", "object", "base"} & {element.tag for element in page.elements}
        assert not [
            name for element in page.elements for name in element.attributes if name.startswith("on") or name == "style"
        ]
        for link in page.all("a"):
            assert re.match(r"https://(arxiv\.org|bsky\.app)/|\.\./|#|\?q=", link.attributes["href"])
    feed = get(multilingual_app, f"/feeds/query.atom?q={quote(query[:900], safe='', errors='surrogatepass')}")
    assert feed.status in (200, 400, 404)
    if feed.status == 200:
        ET.fromstring(feed.plain)


# ---- feeds ---------------------------------------------------------------------------------------------


def entries(response: Response) -> list[str]:
    return [entry.findtext(f"{ATOM}title") or "" for entry in ET.fromstring(response.plain).iter(f"{ATOM}entry")]


def test_a_search_has_a_feed(sample_app: ASGIApp) -> None:
    page = Page(ask(sample_app, "transformer").plain)
    links = [element.attributes for element in page.all("link")]
    [link] = [link["href"] for link in links if link["rel"] == "alternate" and "q=" in link["href"]]
    response = get(sample_app, f"/search/{link}".replace("/search/../", "/"))
    assert response.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = ET.fromstring(response.plain)
    assert feed.findtext(f"{ATOM}title") == "Hot Papers: transformer"
    self_links = [element.attrib["href"] for element in feed.findall(f"{ATOM}link") if element.attrib["rel"] == "self"]
    assert self_links == ["https://app.example/feeds/query.atom?q=transformer"]
    assert entries(response) and set(entries(response)) <= set(titles(ask(sample_app, "transformer")))
    ids = [element.findtext(f"{ATOM}id") for element in feed.iter(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)
    response = get(sample_app, "/feeds/query.atom?q=transformer", headers={"if-none-match": response.headers["etag"]})
    assert response.status == 304


def test_a_feed_names_its_own_address_whatever_is_asked(sample_app: ASGIApp) -> None:
    feed = ET.fromstring(get(sample_app, "/feeds/query.rss?q=query.atom").plain)
    assert [link.attrib["href"] for link in feed.iter(f"{ATOM}link")] == [
        "https://app.example/feeds/query.rss?q=query.atom"
    ]


def test_an_author_has_a_feed(sample_app: ASGIApp) -> None:
    by_name = get(sample_app, "/feeds/author/Valerii%20Likhosherstov.atom")
    by_slug = get(sample_app, "/feeds/author/valerii-likhosherstov.atom")
    assert entries(by_name) == entries(by_slug) == ["Sub-Linear Memory: How to Make Performers SLiM"]
    assert all(b"Valerii Likhosherstov</title>" in reply.plain for reply in (by_name, by_slug))
    response = get(sample_app, "/feeds/author/Nobody%20Known.atom")
    assert (response.status, response.plain) == (404, b"no paper in an issue has an author with this name\n")
    assert get(sample_app, "/feeds/author/x.rss").status == 404


@pytest.mark.parametrize("query", ['"', "OR", "\x00", "***", "x" * 1001, "x" * 5000])
def test_what_cannot_be_asked_has_no_feed(sample_app: ASGIApp, query: str) -> None:
    response = get(sample_app, f"/feeds/query.atom?q={quote(query)}")
    message = "This is too long" if len(query) > 1000 else "Type a word"
    assert response.status == 400 and response.plain.decode().startswith(message)


def test_other_forms_and_no_feeds(sample_app: ASGIApp) -> None:
    for form, kind in (("rss", "application/rss+xml"), ("json", "application/feed+json")):
        response = get(sample_app, f"/feeds/query.{form}?q=transformer")
        assert response.status == 200 and response.headers["content-type"].startswith(kind)
    for address in ("query.atom", "query.atom?q=", "query.xml?q=a", "author/....atom", "author/a.xml"):
        assert get(sample_app, f"/feeds/{address}").status == 404, address


def test_a_paper_that_no_issue_holds_is_linked_to_arxiv(multilingual_app: ASGIApp) -> None:
    text = ask(multilingual_app, key(2).removeprefix("arxiv:")).plain.decode()
    assert f'<li><a href="https://arxiv.org/abs/{key(2).removeprefix("arxiv:")}"' in text


def test_a_client_has_one_budget_for_all_that_it_asks(sample_store: Path) -> None:
    with closing(Backend(lambda: Record(str(sample_store), create=False), ServeConfig(rate=10))) as backend:
        pages = CurrentPages(
            FreshIssueReader(backend.open_record, allowed=network_terms.TERMS), "hot-papers", SITE_CONFIG
        )
        search = SearchRoutes(backend, pages, "hot-papers", SITE_CONFIG)
        site = SiteApp(pages, (), Api(backend), search)
        urls = ("/api/v1/publications", "/search/?q=robot", "/api/v1/status", "/search/?q=arm", "/search/?q=leg")
        assert [get(site, url).status for url in urls] == [200, 200, 200, 200, 429]
        assert get(site, "/search/?q=leg", peer="192.0.2.9").status == 200
