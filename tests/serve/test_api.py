"""The API as clients see it: answers, pages, conditions, problems, limits."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from hotpapers.discussion.moderation import quotation_policy
from hotpapers.discussion.moderation.quotation_policy import Blocklist
from hotpapers.issues.freeze import freeze_issue, publication_of
from hotpapers.publish.query import openapi
from hotpapers.record import Record
from hotpapers.serve import answer_cache, api
from hotpapers.serve.app import SiteApp
from hotpapers.serve.http_messages import Reply, build_reply, tagged_reply
from tests.conftest import data
from tests.issues.made import DAY, post, write
from tests.publish.query import query_stores
from tests.serve.asgi import Response, fetch, get, scope_of
from tests.serve.conftest import ApiFactory

ISSUES = "/api/v1/publications/hot-papers/issues"
PAPER = "/api/v1/papers/2101.04869"

URLS = {
    "publications": "/api/v1/publications",
    "issues": f"{ISSUES}?limit=3",
    "issue": f"{ISSUES}/2021-01-14",
    "verification": f"{ISSUES}/2021-01-14/verification",
    "paper": PAPER,
    "posts": f"{PAPER}/posts",
    "explanation": f"{PAPER}/explanation",
    "search": "/api/v1/search?q=robot%20category:cs.RO&limit=2",
}


@pytest.mark.parametrize("name", URLS)
def test_whole_answers(app: SiteApp, name: str) -> None:
    response = get(app, URLS[name])
    assert (response.status, response.headers["content-type"]) == (200, "application/json")
    assert response.headers["content-length"] == str(len(response.body))
    expected = data("answers", f"{name}.json").read_text("utf-8")
    assert json.loads(query_stores.without_digests(response.body.decode())) == json.loads(expected)


def test_the_content_is_the_very_bytes_of_the_digest(app: SiteApp) -> None:
    content = get(app, f"{ISSUES}/2021-01-14/content")
    assert hashlib.sha256(content.body).hexdigest() == get(app, f"{ISSUES}/2021-01-14").json["digest"]
    assert get(app, f"{ISSUES}/2021-01-14/content?edition=1").body == content.body


def test_the_document_and_the_way_to_it(app: SiteApp) -> None:
    for url, location in (("/api/v1/", "openapi.json"), ("/api/v1", "v1/openapi.json")):
        response = get(app, url)
        assert (response.status, response.headers["location"]) == (307, location)
    assert get(app, "/api/v12").status == get(app, "/api").status == 404
    assert get(app, "/api/v1/openapi.json").body.decode() == openapi.document_text()


def test_identifiers_with_a_slash(app: SiteApp) -> None:
    for identifier in (
        "hep-th/9901001",
        "hep-th%2F9901001",
        "arxiv:hep-th/9901001",
        "https://arxiv.org/abs/hep-th/9901001",
    ):
        assert get(app, f"/api/v1/papers/{identifier}").json["detail"].startswith("hep-th/9901001: the record has")
        assert (
            get(app, f"/api/v1/papers/{identifier}/posts").json["detail"].startswith("hep-th/9901001: the record has")
        )


def test_below_another_address(app: SiteApp) -> None:
    """Behind a proxy that leaves its prefix in the path."""
    scope = {**scope_of("/papers/api/v1/publications"), "root_path": "/papers"}
    assert asyncio.run(fetch(app, scope)).json == get(app, "/api/v1/publications").json


# ---- pages -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [f"{ISSUES}?limit=2", "/api/v1/search?q=the&limit=9", f"{PAPER}/posts?limit=1"])
def test_the_header_leads_from_page_to_page(app: SiteApp, url: str) -> None:
    pages, next_url = [], url
    while next_url:
        response = get(app, next_url)
        pages.append(response)
        cursor = response.json["next"]
        link = response.headers.get("link", "")
        assert (cursor is None) == (link == "")
        next_url = f"{url.partition('?')[0]}{link[1:].partition('>')[0]}" if link else ""
        if link:
            assert link.startswith("<?") and link.endswith('>; rel="next"') and f"cursor={cursor}" in link
    [field] = [name for name, value in pages[0].json.items() if isinstance(value, list)]
    items = [item for page in pages for item in page.json[field]]
    body = get(app, f"{url.partition('limit=')[0]}limit=100").json
    assert items == body[field] and body["next"] is None


# ---- conditional requests ------------------------------------------------------------------------------


def test_what_is_known_is_not_sent_again(app: SiteApp) -> None:
    for url in (f"{ISSUES}/latest", "/api/v1/openapi.json", PAPER):
        tag = get(app, url).headers["etag"]
        for header in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
            response = get(app, url, headers={"If-None-Match": header})
            assert (response.status, response.headers["etag"], response.body) == (304, tag, b"")
            assert "content-length" not in response.headers and "content-type" not in response.headers
        assert get(app, url, headers={"If-None-Match": '"other"'}).status == 200


def test_a_head_has_the_same_headers_and_no_body(app: SiteApp) -> None:
    for url in (f"{ISSUES}/latest", "/api/v1/openapi.json", "/api/v1/nothing", f"{ISSUES}?limit=2"):
        full, head = get(app, url), get(app, url, "HEAD")
        assert (head.status, head.headers, head.body) == (full.status, full.headers, b"")


def test_packed_for_who_can_unpack_it(app: SiteApp) -> None:
    plain = get(app, f"{ISSUES}/latest")
    for encodings in ("gzip", "br, gzip;q=0.5", "*", "GZIP"):
        compressed = get(app, f"{ISSUES}/latest", headers={"Accept-Encoding": encodings})
        assert compressed.headers["content-encoding"] == "gzip" and len(compressed.body) < len(plain.body) / 3
        assert compressed.plain == plain.body and compressed.headers["etag"] != plain.headers["etag"]
    for encodings in ("", "br", "gzip;q=0", "gzip; q=0.000", "identity"):
        assert get(app, f"{ISSUES}/latest", headers={"Accept-Encoding": encodings}).body == plain.body
    assert "content-encoding" not in get(app, "/api/v1/publications", headers={"Accept-Encoding": "gzip"}).headers
    assert plain.headers["vary"] == "Accept-Encoding"


def test_what_is_written_is_seen_at_once(make_api: ApiFactory, sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        query_stores.add_talk(record)
        app = make_api(sqlite_url)
        old_page = get(app, f"/api/v1/papers/{query_stores.ID}/posts")
        write(record, post(1, "bluesky:new", query_stores.TODAY + 10**12))
        new_page = get(app, f"/api/v1/papers/{query_stores.ID}/posts")
        assert [item["post"] for item in new_page.json["posts"]] == [
            "bluesky:new", *(item["post"] for item in old_page.json["posts"]),
        ]  # fmt: skip
        freeze_issue(record, publication_of(record, None), DAY, again=True, reason="an example")
        assert get(app, "/api/v1/publications/daily/issues/latest").json["edition"] == 2


def test_answers_of_an_older_state_are_let_go(make_api: ApiFactory, sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        query_stores.add_talk(record)
        app = make_api(sqlite_url)
        assert app.api and get(app, "/api/v1/publications").status == 200
        old_cache = app.api.cache.replies
        assert old_cache.size > 0
        write(record, post(1, "bluesky:new", query_stores.TODAY + 10**12))
        assert get(app, "/api/v1/publications").status == 200
        assert old_cache.size == 0 < app.api.cache.replies.size


def test_what_the_operator_blocks_is_not_quoted_from_then_on(make_api: ApiFactory, sqlite_url: str) -> None:
    """Even while nothing is written to the record."""
    with Record(sqlite_url) as record:
        query_stores.add_talk(record)
        app = make_api(sqlite_url)
        url = f"/api/v1/papers/{query_stores.ID}/posts"
        response = get(app, url)
        issue = "/api/v1/publications/daily/issues/latest"
        posts = get(app, issue).json["entries"][0]["posts"]
        quotation_policy.save_blocklist(record.database, Blocklist(words=("once more", "tea cups")))
        assert b"Once more" in response.body
        fresh = get(app, url, headers={"If-None-Match": response.headers["etag"]})
        assert fresh.status == 200 and b"Once more" not in fresh.body
        remaining = get(app, issue).json["entries"][0]["posts"]
        assert [post["text"] for post in posts if post["text"]] and not [
            post["text"] for post in remaining if post["text"]
        ]


def test_the_same_question_is_answered_once(make_api: ApiFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many clients ask at once, and not again until something is written."""
    app = make_api()
    calls: list[int] = []

    def count_calls(*args: Any, **options: Any) -> Reply:
        calls.append(1)
        return tagged_reply(*args, **options)

    monkeypatch.setattr(api, "tagged_reply", count_calls)

    async def fetch_all() -> list[Response]:
        return await asyncio.gather(*(fetch(app, scope_of(f"{ISSUES}/latest")) for _ in range(20)))

    responses = asyncio.run(fetch_all())
    assert len({response.body for response in responses}) == 1
    assert get(app, f"{ISSUES}/latest").body == responses[0].body
    assert calls == [1]


# ---- problems ----------------------------------------------------------------------------------------------

PROBLEMS = [
    ("/api/v1/nothing", 404, "no such path; openapi.json lists all paths"),
    (f"{ISSUES}/2021-01-15", 404, "hot-papers: no issue on 15 January; the latest is 11 May"),
    ("/api/v1/publications/weekly/issues", 404, "publication: 'weekly' does not exist; there are: hot-papers"),
    ("/api/v1/papers/2101.99999", 404, "2101.99999: the record has nothing about this paper"),
    ("/api/v1/papers/robots", 400, "'robots' is not an arXiv identifier; write it like 2101.04869, 2101.04869v2, "
     "arXiv:hep-th/9901001 or https://arxiv.org/abs/2101.04869, or a DOI"),
    (f"{ISSUES}/today", 400, "day: must be a day such as 2021-01-14, or `latest`"),
    (f"{ISSUES}?limit=0", 400, "limit: must be a whole number from 1 to 100"),
    (f"{ISSUES}?limit=101", 400, "limit: must be a whole number from 1 to 100"),
    (f"{ISSUES}?limit=ten", 400, "limit: must be a whole number from 1 to 100"),
    (f"{ISSUES}?limit=1&limit=2", 400, "limit: given twice"),
    (f"{ISSUES}?publication=other", 400, "publication: given twice"),
    (f"{ISSUES}?cursor=WyJhIl0", 400, "cursor: invalid; use `next` or the Link header from an answer to the same "
     "query"),
    ("/api/v1/search", 400, "q: is missing"),
    ("/api/v1/search?q=", 400, "q: must be text of 1 to 1,000 characters"),
    ("/api/v1/search?query=a", 400, "query: no such parameter; valid parameters: q, limit, cursor"),
    ("/api/v1/status?now", 400, "invalid query; write it as name=value&name=value, in UTF-8"),
    ("/api/v1/search?q=%ff", 400, "invalid query; write it as name=value&name=value, in UTF-8"),
    ("/api/v1/search?" + "&".join(f"q{n}=1" for n in range(11)), 400,
     "invalid query; write it as name=value&name=value, in UTF-8"),
    (f"{PAPER}/posts?network=facebook", 400,
     "network: must be one of bluesky, feeds, hackernews, huggingface, lobsters, mastodon, reddit, x"),
    ("/api/v1/publications/a%20b/issues", 400,
     "publication: must be a publication's name; optional if there is only one"),
    ("/api/v1/status?missing=1", 400, "missing: no such parameter; valid parameters: none"),
    ("/api/v1/status?x%20-%20at%20%60$.y%60=1", 400, "x - at `$.y`: no such parameter; valid parameters: none"),
    (f"{PAPER}/posts?network=x%20-%20at%20%60$.y%60", 400,
     "network: must be one of bluesky, feeds, hackernews, huggingface, lobsters, mastodon, reddit, x"),
    ("/api/v1/search?q=" + "a" * 2000, 414, "path and query are longer than 2,000 characters"),
    (f"{PAPER}/explanation?day=2021-05-11", 404, "2101.04869 is not in the issue of 2021-05-11"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "status", "detail"), PROBLEMS, ids=[url[:60] for url, _, _ in PROBLEMS])
def test_problems_say_what_to_do(app: SiteApp, url: str, status: int, detail: str) -> None:
    response = get(app, url)
    assert (response.status, response.headers["content-type"]) == (status, "application/problem+json")
    title = {400: "Bad Request", 404: "Not Found"}.get(status, response.json["title"])
    assert response.json == {"type": "about:blank", "title": title, "status": status, "detail": detail}
    assert "etag" not in response.headers


def test_only_questions_are_answered(app: SiteApp) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        response = get(app, "/api/v1/status", method)
        assert (response.status, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    for headers in ({"Content-Length": "1"}, {"Transfer-Encoding": "chunked"}):
        assert get(app, "/api/v1/status", headers=headers).status == 413
    assert get(app, "/api/v1/status", headers={"Content-Length": "0"}).status == 200


def test_pages_of_other_sites_may_ask(app: SiteApp) -> None:
    preflight = get(app, f"{ISSUES}/latest", "OPTIONS")
    assert (preflight.status, preflight.body) == (204, b"")
    assert preflight.headers["access-control-allow-methods"] == "GET, HEAD"
    for url in (f"{ISSUES}/latest", "/api/v1/nothing"):
        headers = get(app, url).headers
        assert headers["access-control-allow-origin"] == "*"
        assert headers["access-control-expose-headers"] == "ETag, Link, Retry-After"
        assert headers["cross-origin-resource-policy"] == "cross-origin"
        assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-cache"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert "set-cookie" not in headers


def test_strangers_are_not_told_why_a_job_fails(app: SiteApp) -> None:
    response = get(app, "/api/v1/status")
    assert response.json["jobs"] == [] and response.json["position"] == 12
    assert str(response.json).count("/") == 0, "no path on this machine"


# ---- limits ------------------------------------------------------------------------------------------------


def test_who_asks_too_much_is_told_when_to_go_on(make_api: ApiFactory) -> None:
    app = make_api(rate=5)
    for _ in range(5):
        assert get(app, "/api/v1/publications", peer="192.0.2.7").status == 200
    response = get(app, "/api/v1/publications", peer="192.0.2.7")
    assert (response.status, response.headers["retry-after"]) == (429, "12")
    assert response.json["detail"] == "too many requests; try again in 12 s"
    assert get(app, "/api/v1/nothing", peer="192.0.2.7").status == 429
    assert get(app, "/api/v1/publications", peer="192.0.2.8").status == 200


def test_what_costs_more_takes_more(make_api: ApiFactory) -> None:
    app = make_api(rate=30)
    assert get(app, f"{ISSUES}/latest/verification").status == 200
    assert get(app, f"{ISSUES}/2021-01-14/verification").status == 429
    assert get(app, f"{ISSUES}/latest/verification").status == 200, "it was answered before"


def test_who_is_behind_a_proxy_is_known_by_it_where_that_is_said(make_api: ApiFactory) -> None:
    proxied, direct = make_api(rate=1, proxies=1), make_api(rate=1)
    for app, status in ((proxied, 200), (direct, 429)):
        assert get(app, "/api/v1/status", headers={"X-Forwarded-For": "198.51.100.1"}).status == 200
        assert get(app, "/api/v1/status", headers={"X-Forwarded-For": "198.51.100.2"}).status == status
    headers = [("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "203.0.113.8, 198.51.100.1")]
    assert get(proxied, "/api/v1/status", headers=headers).status == 429, "what the client wrote is ignored"


# ---- a store that cannot be read ---------------------------------------------------------------------------


def test_a_store_that_is_not_there_and_then_is(make_api: ApiFactory, tmp_path: Path) -> None:
    app = make_api(tmp_path / "later.db")
    response = get(app, "/api/v1/publications")
    assert (response.status, response.headers["retry-after"]) == (503, "10")
    assert response.json["detail"] == "the store is temporarily unavailable" and str(tmp_path) not in str(response)
    with Record(str(tmp_path / "later.db")) as record:
        query_stores.add_talk(record)
    assert get(app, "/api/v1/publications").json["publications"][0]["publication"] == "daily"


def test_a_database_that_was_gone_for_a_while(make_api: ApiFactory, postgres_url: str) -> None:
    """All connections are closed while nobody uses them; the next question opens a new one."""
    with Record(postgres_url) as record:
        query_stores.add_talk(record)
        app = make_api(postgres_url)
        assert get(app, "/api/v1/status").status == 200
        record.database.run(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert get(app, "/api/v1/status").status == 200


def test_a_defect_of_ours_tells_nothing(
    make_api: ApiFactory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret thing")

    monkeypatch.setattr(api, "next_link", fail)
    response = get(make_api(), "/api/v1/publications")
    assert response.status == 500 and "secret" not in str(response)
    [line] = caplog.records
    assert line.getMessage() == "defect" and "RuntimeError" in vars(line)["fields"]["reason"]
    assert "secret" not in str(vars(line)), "an error's text may be a stranger's words"


def test_too_many_at_once_are_told_to_come_again(make_api: ApiFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MAX_REQUESTS_AT_ONCE", 3)
    app = make_api()
    assert get(app, "/api/v1/publications").status == 200, "the store is open"

    async def fetch_all() -> list[Response]:
        urls = [f"{ISSUES}?limit={n}" for n in range(1, 8)]
        return await asyncio.gather(*(fetch(app, scope_of(url)) for url in urls))

    responses = asyncio.run(fetch_all())
    assert sorted(response.status for response in responses) == [200] * 3 + [503] * 4
    assert {response.headers.get("retry-after") for response in responses} == {None, "1"}


def test_heavy_requests_that_wait_hold_up_no_others(make_api: ApiFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "MAX_REQUESTS_AT_ONCE", 3)
    monkeypatch.setattr(api, "MAX_HEAVY_REQUESTS", 2)
    app = make_api()
    days = [issue["day"] for issue in get(app, ISSUES).json["issues"]]

    async def fetch_all() -> list[Response]:
        urls = [*(f"{ISSUES}/{day}/verification" for day in days), *(f"{ISSUES}/{day}" for day in days[:3])]
        return await asyncio.gather(*(fetch(app, scope_of(url)) for url in urls))

    assert [response.status for response in asyncio.run(fetch_all())] == [200, 200, 503, 503, 503, 200, 200, 200]


def test_only_so_much_is_kept(make_api: ApiFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_cache, "CACHE_BYTES", 40_000)
    app = make_api()
    assert app.api
    for n in range(1, 30):
        assert get(app, f"{ISSUES}?limit={n}").status == 200
    cache = app.api.cache.replies
    assert 0 < cache.size <= 40_000 and cache.size == sum(reply.size for reply in cache.values.values())
    assert get(app, f"{ISSUES}/latest").status == 200 and cache.size <= 40_000, "what is too large is not kept"


def test_what_is_kept_is_sent_without_routing_and_under_the_same_rules(
    make_api: ApiFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_api(rate=40)
    first = get(app, PAPER)
    assert get(app, PAPER, headers={"Content-Length": "5"}).status == 413
    assert get(app, PAPER, "POST").status == 405 and get(app, PAPER, "OPTIONS").status == 204
    routed: list[str] = []

    async def note(_: Router, scope: Scope, receive: Receive, send: Send) -> None:
        routed.append(scope["path"])
        await build_reply(429, {})(scope, receive, send)

    monkeypatch.setattr(Router, "__call__", note)
    assert get(app, PAPER, "HEAD").headers == get(app, PAPER).headers == first.headers and routed == []
    assert get(app, f"{PAPER}?limit=3").status == 429 and routed == [PAPER]
    assert [get(app, PAPER).status for _ in range(50)].count(429) > 10, "they cost as much as others"
