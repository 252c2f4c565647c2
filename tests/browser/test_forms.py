"""A real browser can send the app's forms from the app's own pages, but not from another site's."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from hotpapers.publish.render.templating import read_asset
from hotpapers.record import Record
from hotpapers.serve.server import build_server
from hotpapers.wings.accounts import my_posts
from hotpapers.wings.forms import queries as reader_reports
from hotpapers.wings.forms.report_pages import ReportPages
from tests.browser.chromium import Tab, View
from tests.issues.made import DAILY, DAY, background, frozen, moment, paper, posts_about, write
from tests.serve.api_server import running, thread_server
from tests.wings.forms.form_client import form_router

WIDTHS = (320, 1000)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with Record(str(tmp_path / "hotpapers.db")) as record:
        write(record, [DAILY], background(), paper(1), posts_about(1, 60, moment(f"{DAY}T02:00")))
        frozen(record)
    return tmp_path / "hotpapers.db"


def fields(store: Path) -> dict[str, str]:
    with Record(str(store)) as record:
        [(digest,)] = record.database.rows("SELECT digest FROM issue")
    return {"issue": digest, "paper": "2405.00001"}


def report_texts(store: Path) -> list[str]:
    with Record(str(store)) as record:
        return [report.text for report in reader_reports.open_reports(record.database)]


async def style(_: Request) -> Response:
    return Response(read_asset("style.css"), media_type="text/css")


@pytest.fixture
def forms(store: Path) -> Iterator[str]:
    """The address of the app's forms."""
    listener = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    router = form_router(DAILY.title, base, partial(Record, str(store)))
    form_routes = [
        *ReportPages(router).routes(),
        *router.routes("/mine", lambda _: my_posts.account_page(), lambda _: my_posts.account_page()),
    ]
    with running(build_server(Starlette(routes=[*form_routes, Route("/style.css", style)])), listener):
        yield base
    router.backend.close()


def submit(tab: Tab, text: str = "") -> str:
    """Fill in a form, press the button, and wait for the next page."""
    fill = f"document.querySelector('textarea').value = {json.dumps(text)}; " if text else ""
    tab.follow(f"{fill} document.querySelector('button').click()")
    return str(tab.run("document.body.innerText"))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_reader_says_what_is_wrong(browser: Tab, forms: str, store: Path, width: int) -> None:
    browser.set_view(View(width))
    browser.open(f"{forms}wrong?{urlencode(fields(store))}")
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run("getComputedStyle(document.querySelector('h1')).fontWeight") == "600", "styled"
    text = "Not about kettles,\nbut <b>stoves</b>."
    assert "Thank you" in submit(browser, text) and report_texts(store) == [text]
    browser.open(f"{forms}mine")
    assert browser.run("document.documentElement.scrollWidth") <= width and browser.console_messages() == []


def foreign_page(url: str, values: dict[str, str]) -> str:
    """A page of another site with a form that posts to the app."""
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in values.items())
    return f'<form method="post" action="{url}">{inputs}<button>Go</button></form>'


def test_another_site_says_nothing_in_a_reader_s_name(browser: Tab, forms: str, store: Path) -> None:
    browser.set_view(View())
    page = foreign_page(f"{forms}wrong", {**fields(store), "text": "Hm"})
    browser.open(f"data:text/html,{quote(page)}")
    assert "from another site" in submit(browser) and report_texts(store) == []


def test_nor_does_another_program_of_the_same_machine(browser: Tab, forms: str, store: Path) -> None:
    """For browsers, another port of the same host is the same site but another origin."""
    browser.set_view(View())
    page = foreign_page(f"{forms}wrong", {**fields(store), "text": "Hm"})
    with thread_server(Starlette(routes=[Route("/", lambda _: HTMLResponse(page))])) as port:
        browser.open(f"http://127.0.0.1:{port}/")
        assert "from another site" in submit(browser) and report_texts(store) == []
