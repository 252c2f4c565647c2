"""One browser for all tests in this folder, and a site with every kind of page, over HTTP and on disk."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from hotpapers.publish.deliver.files import write_files
from hotpapers.publish.render.html.pages import SiteChannel
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.serve.app import SiteApp
from hotpapers.serve.page_cache import CurrentPages
from tests.browser.chromium import Tab, View, chromium, find_browser
from tests.browser.firefox import FirefoxTab, find_firefox, firefox
from tests.cli.run import good
from tests.conftest import ROOT
from tests.publish.render.build import PlainIssueReader
from tests.publish.render.full_sample import FULL_READER
from tests.serve.api_server import thread_server

SITE_CONFIG = SiteConfig("desk@daily.example")
IDLE = "document.documentElement.dataset.own === 'ready'"
"""Whether a page has all that a reader can do with its papers."""
TOOLS = ROOT / ".browser" / "node_modules"

KINDS = {
    "issue": "2021-01-14/index.html",
    "latest": "index.html",
    "no papers": "2021-01-13/index.html",
    "all of a day": "2021-01-14/all/index.html",
    "paper": "paper/2101.99901/index.html",
    "formulas": "paper/2101.99907/index.html",
    "category": "category/hep-th/index.html",
    "year": "category/hep-th/2021/index.html",
    "author": "author/tansy-overquill/index.html",
    "latest top": "top/index.html",
    "top": "top/2021/index.html",
    "archive": "archive/index.html",
    "about": "about/index.html",
    "method": "method/index.html",
    "attacks": "attacks/index.html",
    "status": "status/index.html",
    "accessibility": "accessibility/index.html",
    "reading": "reading/index.html",
    "my papers": "my-papers/index.html",
    "bookmarklet": "bookmarklet/index.html",
    "search": "search/index.html",
    "not found": "404.html",
}
"""A page of every kind."""


def write_site(issue_reader: PlainIssueReader, folder: Path, publication: str = "daily") -> str:
    """Write a site to disk, and return the address of its folder."""
    write_files(folder, SiteChannel(SITE_CONFIG).render(issue_reader, publication, issue_reader.days(publication)))
    return f"{folder.as_uri()}/"


@pytest.fixture(scope="session")
def browser() -> Iterator[Tab]:
    """Chromium, if it is installed."""
    program = find_browser()
    if not program:
        pytest.skip("no Chromium: install it, or name one in HOTPAPERS_TEST_CHROMIUM")
    with chromium(program) as tab:
        yield tab


@pytest.fixture
def tab(browser: Tab, app: str) -> Tab:
    """The browser's page, as a new reader has it."""
    browser.set_view(View())
    browser.set_zone("Europe/Zurich")
    browser.open(f"{app}404.html")
    forget(browser)
    return browser


@pytest.fixture(scope="module")
def fox() -> Iterator[FirefoxTab]:
    """Firefox, if it is installed."""
    program = find_firefox()
    if not program:
        pytest.skip("no Firefox: install it, or name one in HOTPAPERS_TEST_FIREFOX")
    with firefox(program) as tab:
        yield tab


def open_page(tab: Tab | FirefoxTab, address: str) -> None:
    """Opens a page of a reader's own and waits for its buttons."""
    tab.open(address)
    tab.wait(IDLE)


def forgetting(tab: Tab | FirefoxTab, address: str) -> Iterator[None]:
    """Forgets what the pages of a site have kept, before and after a test."""
    tab.open(f"{address}storage.html")
    forget(tab)
    yield
    tab.open(f"{address}storage.html")
    forget(tab)


def forget(tab: Tab | FirefoxTab) -> None:
    """Delete what pages at this page's address have kept."""
    tab.run(
        "new Promise((done) => { localStorage.clear(); document.cookie = 'hotpapers=; max-age=0'; "
        "const r = indexedDB.deleteDatabase('hotpapers'); "
        "r.onsuccess = r.onerror = r.onblocked = done; })"
    )


@pytest.fixture(scope="session")
def disk(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the site on disk."""
    return write_site(FULL_READER, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo's two sites."""
    folder = tmp_path_factory.mktemp("demos")
    good("demo", folder)
    return folder


@pytest.fixture(scope="session")
def app() -> Iterator[str]:
    """The address of the app, which sends all its headers."""
    with served(SiteApp(CurrentPages(lambda: FULL_READER, "daily", SITE_CONFIG))) as address:
        yield address


@contextmanager
def served(site_app: SiteApp) -> Iterator[str]:
    """The address of an app, which runs in a thread."""
    with thread_server(site_app) as port:
        yield f"http://127.0.0.1:{port}/"


Problems = Sequence[tuple[str, object]]
FilesCheck = Callable[[Sequence[Path]], Problems]
PageCheck = Callable[[Tab], Problems]


@pytest.fixture(scope="session")
def check_html() -> FilesCheck:
    """A function that asks html-validate about files and returns what it finds, as (file, problem)."""
    validator, node = TOOLS / "html-validate" / "bin" / "html-validate.mjs", shutil.which("node")
    if not validator.is_file() or node is None:
        pytest.skip("html-validate is missing: tests/browser/setup installs it")

    def check(files: Sequence[Path]) -> Problems:
        process = subprocess.run(
            [node, str(validator), "--config", str(ROOT / "tools" / "web" / "html.json"), "--formatter", "json",
             *map(str, files)], capture_output=True, text=True, check=False, cwd=TOOLS.parent,
        )  # fmt: skip
        checked = json.loads(process.stdout)
        return [(file["filePath"], problem) for file in checked for problem in file["messages"]]

    return check


@pytest.fixture(scope="session")
def check_axe(axe: str) -> PageCheck:
    """A function that asks axe-core about a page, with all unfolded, and returns what it finds: (rule, elements)."""

    def check(tab: Tab) -> Problems:
        tab.run("document.querySelectorAll('details').forEach((element) => (element.open = true))")
        tab.run(axe + "; 0")
        options = "{ resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }"
        reports = tab.run(f"axe.run(document, {options}).then((report) => report.violations)")
        return [(violation["id"], [node["html"] for node in violation["nodes"]]) for violation in reports]

    return check


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    script = TOOLS / "axe-core" / "axe.min.js"
    if not script.is_file():
        pytest.skip("axe-core is missing: tests/browser/setup installs it")
    return script.read_text("utf-8")
