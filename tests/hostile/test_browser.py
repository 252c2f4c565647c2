"""All hostile texts in a real browser: no dialog opens, only the site's own scripts run, nothing leaves the host."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from hotpapers.issues.repository import RecordIssueReader
from hotpapers.render import channel
from hotpapers.store import Record
from hotpapers.view.site_config import SiteConfig
from tests.hostile import browser
from tests.hostile.browser import Browser, Watched
from tests.hostile.cases import CASES
from tests.hostile.world import fill
from tests.issues.made import DAY

pytestmark = [pytest.mark.long, pytest.mark.skipif(browser.found() is None, reason="no Chromium is here")]
POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy"[^>]*>')
OPEN_ALL = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
"""Unfolded content is rendered too."""
AT_ONCE = 100
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
        site = {one.path: one.data for one in channel("site", site_config).render(issue_reader, "daily", [DAY])}
        feeds = {one.path: one.data for one in channel("feeds", site_config).render(issue_reader, "daily", [DAY])}
    told = {f"told/{path}.html": SHELL.format(_carried(path, feeds[path])).encode() for path in CARRIED}
    unguarded = {f"open/{path}": POLICY.sub(b"", data) for path, data in site.items()}
    return {**site, **unguarded, **told}


CARRIED = ("feeds/papers.atom", "feeds/papers.rss", "feeds/papers.json")


def _carried(path: str, data: bytes) -> str:
    """The HTML in a feed, as an unsuspecting reader would put it into its page."""
    if path.endswith(".json"):
        return "".join(one["content_html"] for one in json.loads(data)["items"])
    tree = ElementTree.fromstring(data)
    names = ("{http://www.w3.org/2005/Atom}content", "description", "{http://purl.org/rss/1.0/modules/content/}encoded")
    return "".join(one.text or "" for name in names for one in tree.iter(name))


@pytest.fixture(scope="module")
def base(files: dict[str, bytes]) -> Iterator[str]:
    with browser.serving(files) as address:
        yield address


@pytest.fixture(scope="module")
def tab() -> Iterator[Browser]:
    with browser.browsing() as opened:
        yield opened


def check(watched: Watched, base: str) -> None:
    assert watched.dialogs == []
    assert [one for one in watched.asked if not one.startswith(base)] == []
    assert [one for one in watched.scripts if not one.endswith("/reader.js")] == []
    assert watched.alive == []


@pytest.mark.parametrize("guard", ["", "open/"], ids=["as it is", "without its policy"])
@pytest.mark.parametrize(
    "path", [f"{DAY}/index.html", f"{DAY}/all/index.html", "category/cs.LG/index.html", "archive/index.html"]
)
def test_a_page_with_every_text_stays_still(
    files: dict[str, bytes], tab: Browser, base: str, guard: str, path: str
) -> None:
    if guard + path not in files:
        pytest.skip(f"the site has no {path}")
    watched = tab.open(base + guard + path, then=OPEN_ALL)
    check(watched, base)
    assert watched.elements > 20


@pytest.mark.parametrize("path", CARRIED)
def test_what_a_feed_carries_stays_still_where_a_reader_trusts_it(tab: Browser, base: str, path: str) -> None:
    watched = tab.open(f"{base}told/{path}.html")
    check(watched, base)
    assert watched.elements > 100


def test_papers_of_their_own_stay_still(files: dict[str, bytes], tab: Browser, base: str) -> None:
    """Each paper's page, without its policy, in a frame of one page."""
    papers = [path for path in files if path.startswith("open/paper/") and path.endswith(".html")]
    assert len(papers) == len(CASES)
    for start in range(0, len(papers), AT_ONCE):
        some = json.dumps(papers[start : start + AT_ONCE])
        frames = f"""Promise.all({some}.map((path) => new Promise((done) => {{
            const frame = document.createElement("iframe");
            frame.onload = done;
            frame.src = "/" + path;
            document.body.append(frame);
        }})))"""
        files["frames.html"] = SHELL.format("").encode()
        watched = tab.open(f"{base}frames.html", then=frames)
        assert watched.dialogs == [] and watched.alive == []
        assert [one for one in watched.asked if not one.startswith(base)] == []
        assert {one for one in watched.scripts if one and not one.endswith("/reader.js")} == set()


def test_the_watch_sees_what_is_alive(files: dict[str, bytes], tab: Browser, base: str) -> None:
    """A control: deliberately active content is detected, so the tests above mean something."""
    alive = "<script>alert(1)</script><img src='https://evil.example/x'><p onclick='alert(2)'>x</p>"
    files["alive.html"] = SHELL.format(alive).encode()
    watched = tab.open(f"{base}alive.html", then="document.querySelector('p').click()")
    assert watched.alive == ["alert 1", "alert 2"] and "https://evil.example/x" in watched.asked
    files["framing.html"] = SHELL.format("<iframe src=/alive.html></iframe>").encode()
    assert tab.open(f"{base}framing.html").alive == ["alert 1"]
    assert [one for one in watched.scripts if not one.endswith("/reader.js")]
    files["guarded.html"] = (
        b"<!DOCTYPE html><meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\">" + alive.encode()
    )
    guarded = tab.open(f"{base}guarded.html")
    assert any(one.startswith("policy") for one in guarded.alive)
