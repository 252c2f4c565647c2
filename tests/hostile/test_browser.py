"""All hostile texts in a real browser: no dialog opens, only the site's own scripts run, nothing leaves the host."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.render import find_channel
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record
from tests.hostile import browser
from tests.hostile.browser import Browser, PageEvents
from tests.hostile.cases import CASES
from tests.hostile.hostile_record import fill
from tests.issues.made import DAY

pytestmark = [pytest.mark.long, pytest.mark.skipif(browser.browser_path() is None, reason="Chromium is not installed")]
POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy"[^>]*>')
OPEN_ALL = "document.querySelectorAll('details').forEach((element) => { element.open = true; })"
"""Unfolded content is rendered too."""
FRAMES = 100
"""Frames per page."""
SHELL = "<!DOCTYPE html><meta charset=utf-8><title>x</title><div>{}</div>"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The site with and without its pages' policies, and its feeds' contents as pages."""
    with Record(str(tmp_path_factory.mktemp("browser") / "hotpapers.db")) as record:
        record.database.run("PRAGMA synchronous = OFF")
        fill(record, CASES)
        issue_reader, site_config = (
            RecordIssueReader(record),
            SiteConfig("desk@library.example", "https://papers.example/daily/"),
        )
        site = {file.path: file.data for file in find_channel("site", site_config).render(issue_reader, "daily", [DAY])}
        feeds = {
            file.path: file.data for file in find_channel("feeds", site_config).render(issue_reader, "daily", [DAY])
        }
    feed_pages = {f"feeds/{path}.html": SHELL.format(_feed_html(path, feeds[path])).encode() for path in FEEDS}
    open_pages = {f"open/{path}": POLICY.sub(b"", data) for path, data in site.items()}
    return {**site, **open_pages, **feed_pages}


FEEDS = ("feeds/papers.atom", "feeds/papers.rss", "feeds/papers.json")


def _feed_html(path: str, data: bytes) -> str:
    """The HTML in a feed, as an unsuspecting feed reader would put it into its page."""
    if path.endswith(".json"):
        return "".join(element["content_html"] for element in json.loads(data)["items"])
    tree = ElementTree.fromstring(data)
    names = ("{http://www.w3.org/2005/Atom}content", "description", "{http://purl.org/rss/1.0/modules/content/}encoded")
    return "".join(element.text or "" for name in names for element in tree.iter(name))


@pytest.fixture(scope="module")
def base(files: dict[str, bytes]) -> Iterator[str]:
    with browser.serving(files) as address:
        yield address


@pytest.fixture(scope="module")
def tab() -> Iterator[Browser]:
    with browser.browsing() as browser_tab:
        yield browser_tab


def check(events: PageEvents, base: str) -> None:
    assert events.dialogs == []
    assert [url for url in events.requests if not url.startswith(base)] == []
    assert [url for url in events.scripts if not url.endswith(("/reader.js", "/paper_actions.js", "/unfold.js"))] == []
    assert events.calls == []


@pytest.mark.parametrize("prefix", ["", "open/"], ids=["as it is", "without its policy"])
@pytest.mark.parametrize(
    "path", [f"{DAY}/index.html", f"{DAY}/all/index.html", "category/cs.LG/index.html", "archive/index.html"]
)
def test_a_page_with_every_text_stays_still(
    files: dict[str, bytes], tab: Browser, base: str, prefix: str, path: str
) -> None:
    if prefix + path not in files:
        pytest.skip(f"the site has no {path}")
    events = tab.open(base + prefix + path, script=OPEN_ALL)
    check(events, base)
    assert events.elements > 20


@pytest.mark.parametrize("path", FEEDS)
def test_what_a_feed_carries_stays_still_where_a_reader_trusts_it(tab: Browser, base: str, path: str) -> None:
    events = tab.open(f"{base}feeds/{path}.html")
    check(events, base)
    assert events.elements > 100


def test_papers_of_their_own_stay_still(files: dict[str, bytes], tab: Browser, base: str) -> None:
    """Each paper's page, without its policy, in a frame of one page."""
    papers = [
        path
        for path in files
        if path.startswith("open/paper/") and path.endswith("/index.html") and path.count("/") == 3
    ]
    assert len(papers) == len(CASES)
    for start in range(0, len(papers), FRAMES):
        part = json.dumps(papers[start : start + FRAMES])
        frames = f"""Promise.all({part}.map((path) => new Promise((done) => {{
            const frame = document.createElement("iframe");
            frame.onload = done;
            frame.src = "/" + path;
            document.body.append(frame);
        }})))"""
        files["frames.html"] = SHELL.format("").encode()
        events = tab.open(f"{base}frames.html", script=frames)
        assert events.dialogs == [] and events.calls == []
        assert [url for url in events.requests if not url.startswith(base)] == []
        assert {url for url in events.scripts if url and not url.endswith(("/reader.js", "/paper_actions.js"))} == set()


def test_the_watch_sees_what_is_alive(files: dict[str, bytes], tab: Browser, base: str) -> None:
    """A control: deliberately active content is detected, so the tests above mean something."""
    content = "<script>alert(1)</script><img src='https://evil.example/x'><p onclick='alert(2)'>x</p>"
    files["alive.html"] = SHELL.format(content).encode()
    events = tab.open(f"{base}alive.html", script="document.querySelector('p').click()")
    assert events.calls == ["alert 1", "alert 2"] and "https://evil.example/x" in events.requests
    files["framing.html"] = SHELL.format("<iframe src=/alive.html></iframe>").encode()
    assert tab.open(f"{base}framing.html").calls == ["alert 1"]
    assert [entry for entry in events.scripts if not entry.endswith(("/reader.js", "/paper_actions.js"))]
    files["guarded.html"] = (
        b"<!DOCTYPE html><meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\">" + content.encode()
    )
    guarded_events = tab.open(f"{base}guarded.html")
    assert any(entry.startswith("policy") for entry in guarded_events.calls)
