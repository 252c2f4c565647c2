"""The app over plain ASGI calls and over a real socket: the same bytes as the static site."""

from __future__ import annotations

import asyncio
import gzip
import http.client
from collections.abc import Callable
from contextlib import closing

import pytest

from hotpapers.base import network_terms
from hotpapers.base.errors import UnreachableStore
from hotpapers.base.model import IssueReader
from hotpapers.publish.render.feeds import FeedsChannel
from hotpapers.publish.render.html.pages import SiteChannel
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from hotpapers.record import Record
from hotpapers.serve.app import SiteApp
from hotpapers.serve.page_cache import CurrentPages, FreshIssueReader, type_of
from tests.conftest import needs_wings
from tests.publish.query import query_stores
from tests.publish.render.build import LISTED, PlainIssueReader
from tests.publish.render.full_sample import FULL_READER
from tests.publish.render.html import Page
from tests.publish.render.sample import LISTED_READER
from tests.serve.api_server import thread_server

Response = tuple[int, dict[str, str], bytes]
LIVE = SiteConfig(is_live=True)
RENDERED = list(SiteChannel(LIVE).render(LISTED_READER, "hot-papers", LISTED_READER.days("hot-papers")))
INDEX = ("search/index.js", "search/papers/", "search/2021-q1/")
"""The search index exists only as files: the app searches the record."""
FILES = {file.path: file.data for file in RENDERED if file.data and not file.path.startswith(INDEX)}
FEED_TYPES = ("application/atom+xml", "application/rss+xml", "application/feed+json")


def app(open_issues: Callable[[], IssueReader], publication: str, site_config: SiteConfig = NOBODY) -> SiteApp:
    return SiteApp(CurrentPages(open_issues, publication, site_config))


APP = app(lambda: LISTED_READER, "hot-papers")


def ask(path: str, method: str = "GET", headers: dict[str, str] | None = None, site: SiteApp = APP) -> Response:
    """One request: status, headers, body."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "server": ("a.example", 80),
        "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
    }  # fmt: skip
    messages: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        messages.append(message)

    asyncio.run(site(scope, receive, send))
    head, body = messages[0], b"".join(part["body"] for part in messages[1:] if isinstance(part["body"], bytes))
    assert isinstance(head["status"], int) and isinstance(head["headers"], list | tuple)
    return head["status"], {name.decode(): value.decode() for name, value in head["headers"]}, body


def test_every_page_is_the_static_file() -> None:
    for path, data in FILES.items():
        status, headers, body = ask(f"/{path}")
        assert (status, body) == (200, data), path
        assert headers["content-length"] == str(len(data))


def test_a_database_that_was_away_for_a_while(postgres_url: str) -> None:
    """Pages are read over new connections whichever one was closed, and can be requested again after an outage."""
    disconnect_sql = (
        "SELECT pg_terminate_backend(pid, 5000) FROM (SELECT pid FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY backend_start DESC LIMIT ?) AS last"
    )
    may_open, stores = True, list[Record]()

    def open_record() -> Record:
        if not may_open:
            raise UnreachableStore("is the server running?")
        stores.append(Record(postgres_url, create=False))
        return stores[-1]

    with (
        Record(postgres_url) as record,
        closing(FreshIssueReader(open_record, allowed=network_terms.TERMS)) as issue_reader,
    ):
        query_stores.add_talk(record)
        site = app(issue_reader, "daily")
        assert ask("/", site=site)[0] == 200
        for number, path in ((1, "/papers/"), (2, "/search/"), (2, "/about/")):
            record.database.rows(disconnect_sql, (number,))
            assert ask(path, site=site)[0] in (200, 404), path
            assert ask("/", site=site)[0] == 200
        record.database.rows(disconnect_sql, (2,))
        may_open = False
        status, headers, body = ask("/", site=site)
        assert (status, headers["retry-after"]) == (503, "10") and body.startswith(
            b"This page is temporarily unavailable"
        )
        may_open = True
        assert ask("/", site=site)[0] == 200
    for store in stores:
        store.database.close()


def test_every_feed_is_the_static_file() -> None:
    for file in FeedsChannel().render(LISTED_READER, "hot-papers", ()):
        status, headers, body = ask(f"/{file.path}")
        assert (status, body) == (200, file.data), file.path
        assert headers["content-type"].partition(";")[0] in FEED_TYPES
    assert ask("/feeds/category/no%20such.atom")[0] == 404 and ask("/feeds/author/x.atom")[0] == 404


def test_what_a_correction_took_out_is_not_found() -> None:
    paths = [file.path for file in RENDERED if not file.data]
    assert paths and all(ask(f"/{path}")[0] == 404 for path in paths)


def test_a_folder_is_its_index() -> None:
    assert ask("/")[2] == FILES["index.html"]
    for path in (
        "2021-01-14/", "2021-01-14/edition-1/", "paper/hep-th/9901999/", "archive/", "about/", "status/",
        "category/cs.LG/", "category/hep-th/2021/", "author/tansy-overquill/",
    ):  # fmt: skip
        assert ask(f"/{path}")[2] == FILES[f"{path}index.html"]
        status, headers, body = ask(f"/{path.rstrip('/')}")
        assert (status, headers["location"], body) == (308, path.rstrip("/").rpartition("/")[2] + "/", b"")


def test_readers_ask_for_a_category_of_a_page() -> None:
    site = app(lambda: FULL_READER, "daily")
    for path in ("/2021-01-14/", "/2021-01-14/all/", "/"):
        page = Page(ask(path, site=site)[2])
        fields = [part.attributes["data-in"] for part in page.elements if "data-in" in part.attributes]
        assert len(set(fields)) > 1 or path == "/"
        for category in {*fields, "math.NT"}:
            status, _, body = ask(f"{path}?in={category}", site=site)
            chosen = [part.attributes["data-in"] for part in Page(body).elements if "data-in" in part.attributes]
            assert status == 200 and chosen == [field for field in fields if field == category]
            assert f": {category}" in Page(body).text
        assert ask(f"{path}?in=no.such", site=site)[2] == ask(f"{path}?in=", site=site)[2] == ask(path, site=site)[2]
    assert ask("/about/?in=cs.CL", site=site)[2] == ask("/about/", site=site)[2]
    assert ask("/none/?in=cs.CL", site=site)[0] == ask("/2021-01-14/index.html%3Fin=cs.CL", site=site)[0] == 404


def test_readers_ask_for_all_papers_of_a_day_by_voices() -> None:
    site = app(lambda: FULL_READER, "daily")
    lines = [
        part.attributes
        for part in Page(ask("/2021-01-14/all/?by=voices", site=site)[2]).elements
        if "data-voices" in part.attributes
    ]
    assert [int(line["data-voices"]) for line in lines] == sorted(
        (int(line["data-voices"]) for line in lines), reverse=True
    )
    assert {line["data-in"] for line in lines} == {"cs.CL", "cs.RO", "math.IT"}


def test_types() -> None:
    expected = {
        "index.html": "text/html; charset=utf-8",
        "style.css": "text/css; charset=utf-8",
        "reader.js": "text/javascript; charset=utf-8",
        "icon.svg": "image/svg+xml; charset=utf-8",
        "robots.txt": "text/plain; charset=utf-8",
        "2021-01-14/issue.bib": "application/x-bibtex; charset=utf-8",
        "2021-01-14/issue.ris": "application/x-research-info-systems; charset=utf-8",
    }
    assert {path: ask(f"/{path}")[1]["content-type"] for path in expected} == expected
    data = ("2021-01-14/issue.json", "fields/fields.json", "2021-01-14/hot.json")
    assert {type_of(path) for path in data} == {"application/json"}
    assert type_of("feeds/issues.json") == type_of("query.json") == "application/feed+json; charset=utf-8"


@pytest.mark.parametrize("path", ["/", "/style.css", "/nothing", "/2021-01-14"])
def test_every_answer_is_guarded(path: str) -> None:
    headers = ask(path)[1]
    assert headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-cache"


def test_a_head_has_the_same_headers() -> None:
    """The server drops the body, which the test over a socket checks."""
    assert ask("/2021-01-14/", "HEAD")[:2] == ask("/2021-01-14/")[:2]


def test_what_is_known_is_not_sent_again() -> None:
    tag = ask("/")[1]["etag"]
    for header in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        status, headers, body = ask("/", headers={"if-none-match": header})
        assert (status, headers["etag"], body) == (304, tag, b"")
    assert ask("/", headers={"if-none-match": '"other"'})[0] == 200
    assert ask("/about/")[1]["etag"] != tag


def test_pages_are_packed_for_those_who_take_it() -> None:
    tag = ask("/")[1]["etag"]
    for encodings in ("gzip", "deflate, gzip;q=0.5, *;q=0", "br, GZIP"):
        status, headers, body = ask("/", headers={"accept-encoding": encodings})
        assert (status, headers["content-encoding"], headers["vary"]) == (200, "gzip", "Accept-Encoding")
        assert gzip.decompress(body) == FILES["index.html"] and int(headers["content-length"]) == len(body)
        assert headers["etag"] != tag
        assert ask("/", headers={"accept-encoding": encodings, "if-none-match": headers["etag"]})[0] == 304
        assert ask("/", headers={"accept-encoding": encodings, "if-none-match": tag})[0] == 200
    for encodings in ("", "identity", "gzip;q=0", "gzip; q=0.0", "deflate, br", "xgzip"):
        assert ask("/", headers={"accept-encoding": encodings})[2] == FILES["index.html"]
    small = ask("/icon.svg", headers={"accept-encoding": "gzip"})
    assert small[2] == FILES["icon.svg"] and "content-encoding" not in small[1]


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/2021-01-15/",
        "/2021-01-13/issue.bib",
        "/2021-01-14/all/",
        "/category/cs.LG/1999/",
        "/author/bram-oakhollow/",
        "/paper/x/",
        "/../etc/passwd",
        "//evil.example/",
        "/" + "a/" * 5000,
        "/\x00",
        "/a/line\nbreak",
        "/\n",
        "/%2e%2e/",
        "/é",
    ],
)
def test_what_is_not_there(path: str) -> None:
    status, headers, body = ask(path)
    assert (status, headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "This page does not exist." in Page(body).text
    assert "location" not in headers


def test_not_found_leads_home_from_where_it_is_asked() -> None:
    hrefs = [link.attributes["href"] for link in Page(ask("/a/b/c")[2]).all("a")]
    assert "../../index.html" in hrefs
    assert ask("/404.html")[2] == FILES["404.html"]


def test_only_get_and_head() -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        status, headers, body = ask("/archive/", method)
        assert (status, headers["content-type"]) == (405, "text/html; charset=utf-8")
        assert "This address does not accept this request method." in Page(body).text
        assert "../index.html" in [link.attributes["href"] for link in Page(body).all("a")]
        assert headers["content-security-policy"] == ask("/absent")[1]["content-security-policy"]
        assert {name.strip() for name in headers["allow"].split(",")} == {"GET", "HEAD"}


def test_another_method_is_answered_also_while_the_store_is_away(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> PlainIssueReader:
        raise UnreachableStore("is the server running?")

    for method in ("POST", "GET"):
        status, headers, body = ask("/an\x1b[2Jecho", method, site=app(fail, "hot-papers"))
        assert (status, headers["retry-after"]) == (503, "10") and b"server running" not in body
    fields = [vars(line)["fields"] for line in caplog.records if line.name == "hotpapers"]
    assert [str(field["reason"]) for field in fields] == ["is the server running?"] * 2
    assert "\x1b" not in caplog.text


def test_new_issues_are_noticed() -> None:
    issue_readers = [PlainIssueReader([LISTED], []), LISTED_READER]
    site = app(lambda: issue_readers[0], "hot-papers")
    assert "No issue yet" in Page(ask("/", site=site)[2]).text
    assert ask("/2021-01-14/", site=site)[0] == 404
    del issue_readers[0]
    assert ask("/", site=site)[2] == FILES["index.html"]
    assert ask("/2021-01-14/", site=site)[2] == FILES["2021-01-14/index.html"]


def test_a_real_server_serves_it() -> None:
    with thread_server(APP) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for method, expected in (("GET", FILES["2021-01-14/index.html"]), ("HEAD", b"")):
            connection.request(method, "/2021-01-14/")
            response = connection.getresponse()
            assert (response.status, response.read()) == (200, expected)
            assert response.getheader("server") is None
        connection.close()


# ---- the public site ---------------------------------------------------------------------------------------

PUBLIC = SiteConfig(base="https://papers.example/")


@needs_wings
def test_a_public_site_has_the_same_cards_and_the_same_map() -> None:
    public_site = app(lambda: LISTED_READER, "hot-papers", PUBLIC)
    files = SiteChannel(PUBLIC._replace(is_live=True)).render(
        LISTED_READER, "hot-papers", LISTED_READER.days("hot-papers")
    )
    suffixes = (".png", "robots.txt", "sitemap.xml")
    data_by_path = {file.path: file.data for file in files if file.data and file.path.endswith(suffixes)}
    assert len(data_by_path) == 3 + 3 + 2
    for path, data in data_by_path.items():
        status, headers, body = ask(f"/{path}", headers={"accept-encoding": "gzip"}, site=public_site)
        if path.endswith(".png"):
            assert (status, headers["content-type"], body) == (200, "image/png", data)
            assert headers["cross-origin-resource-policy"] == "cross-origin" and "content-encoding" not in headers
        else:
            assert (
                ask(f"/{path}", site=public_site)[2] == data
                and headers["cross-origin-resource-policy"] == "same-origin"
            )
    assert ask("/sitemap.xml", site=public_site)[1]["content-type"] == "application/xml; charset=utf-8"
    etag = ask("/2021-01-14/card.png", site=public_site)[1]["etag"]
    assert ask("/2021-01-14/card.png", headers={"if-none-match": etag}, site=public_site)[0] == 304
    for path in ("/1999-01-01/card.png", "/card.png", "/paper/2101.99904/card.png"):
        assert ask(path, site=public_site)[0] == 404
    policy = ask("/", site=public_site)[1]["content-security-policy"]
    assert policy.replace(" connect-src 'self';", "") == ask("/")[1]["content-security-policy"] != policy


def test_without_a_public_address_there_is_neither_card_nor_map() -> None:
    assert [ask(path)[0] for path in ("/2021-01-14/card.png", "/sitemap.xml")] == [404, 404]
    assert ask("/robots.txt")[2] == b"User-agent: *\nAllow: /\n"
