"""The search page of the app in a browser: its answers need no script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.record import Record
from hotpapers.serve.app import SiteApp
from hotpapers.serve.backend import Backend, ServeConfig
from hotpapers.serve.page_cache import CurrentPages
from hotpapers.serve.search_pages import SearchRoutes
from tests.browser.chromium import Tab, View
from tests.browser.conftest import served
from tests.browser.test_search import violations
from tests.publish.query import query_stores


@pytest.fixture(scope="module")
def search_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an app that serves the sample."""
    path = str(tmp_path_factory.mktemp("answering") / "sample.db")
    with Record(path) as record:
        query_stores.add_sample(record)
    readers: list[RecordIssueReader] = []

    def issue_reader() -> RecordIssueReader:
        readers[:] = readers or [RecordIssueReader(Record(path, create=False))]
        return readers[0]

    backend = Backend(lambda: Record(path, create=False), ServeConfig(rate=0))
    pages = CurrentPages(issue_reader, "hot-papers", NOBODY)
    with served(SiteApp(pages, search=SearchRoutes(backend, pages, "hot-papers", NOBODY))) as address:
        yield address
    backend.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_the_app_answers_with_and_without_a_script(tab: Tab, search_app: str, scripts: bool) -> None:
    tab.set_view(View(320, 640, scripts=scripts))
    tab.open(f"{search_app}search/")
    tab.run("document.getElementById('find').focus()")
    tab.write("transformer")
    tab.press("Enter")
    tab.wait("location.search === '?q=transformer' && document.querySelectorAll('.hits li').length > 2")
    assert tab.run("document.querySelector('[role=status]').textContent").endswith(
        "papers with “transformer”, the best first."
    )
    assert tab.run("document.querySelector('.hits mark').textContent.toLowerCase()").startswith("transformer")
    assert tab.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert not [url for url in tab.requests() if url.endswith((".json", ".txt"))]
    assert tab.console_messages() == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1000), ("dark", 320)])
def test_axe_finds_nothing_in_an_answer(tab: Tab, search_app: str, axe: str, scheme: str, width: int) -> None:
    tab.set_view(View(width, 900, {"prefers-color-scheme": scheme}))
    tab.open(f"{search_app}search/?q=category:cs")
    assert violations(tab, axe) == []
