"""Readers' reports about entries and quotations: kept for the operator, only about what is shown, and limited in
number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette

from hotpapers.base import network_terms
from hotpapers.base.model import HOUR
from hotpapers.base.settings.serve import ServeSettings
from hotpapers.publish.view.contact_links import ReportSubject, contact_links_of
from hotpapers.record import Record
from hotpapers.serve import app
from hotpapers.serve.backend import Backend, ServeConfig
from hotpapers.wings.forms import queries as reader_reports
from hotpapers.wings.forms.form_router import SUBMITS_AN_HOUR, form_router
from hotpapers.wings.forms.report_pages import ReportPages
from tests.issues.made import (
    DAILY,
    DAY,
    background,
    counts,
    frozen,
    judged,
    moment,
    paper,
    post,
    write,
)
from tests.serve.asgi import get
from tests.wings.forms import form_client
from tests.wings.forms.form_client import BASE, FormResponse, open_page, submit

AT, POSTED_AT = moment("2024-05-09"), moment(f"{DAY}T02:00")
POST = "hackernews:1"
CONTACT = "papers@library.example"


class Site:
    """The app's routes on a store with an issue that quotes a post, and a clock."""

    def __init__(self, store: str) -> None:
        self.record, self.clock, self.open = Record(store), AT, partial(Record, store)
        write(
            self.record,
            [DAILY],
            background(networks=["hackernews"]),
            paper(1, title="Kettles & <Stoves>"),
            paper(2),
            post(1, POST, POSTED_AT, "hackernews:ada", "Such kettles never boil over twice"),
            counts(POST, 60, POSTED_AT),
            post(1, "hackernews:2", POSTED_AT, "hackernews:eve", "Fine kettles lose steam before breakfast"),
            counts("hackernews:2", 50, POSTED_AT),
            post(1, "hackernews:3", POSTED_AT, "hackernews:bo", "Kettles, hm, nobody measured steel lids"),
            counts("hackernews:3", 1, POSTED_AT),
            post(1, "hackernews:4", POSTED_AT, "hackernews:ida", " "), counts("hackernews:4", 2, POSTED_AT),
            post(2, "hackernews:5", POSTED_AT, "hackernews:moss", "Not on kettles, says our own cook"),
            counts("hackernews:5", 70, POSTED_AT),
        )  # fmt: skip
        self.digest = frozen(self.record).digest
        self.router = form_client.form_router(DAILY.title, open_record=partial(Record, store), contact=CONTACT)
        self.app = Starlette(routes=list(ReportPages(self.router, lambda: self.clock).routes()))

    def fields(self, **changes: str) -> dict[str, str]:
        return {
            "issue": self.digest,
            "paper": "2405.00001",
            "post": POST,
            "text": "It is not about kettles.",
            **changes,
        }

    def submit(self, path: str = "/report", peer: str = "192.0.2.1", **changes: str) -> FormResponse:
        return submit(self.app, path, self.fields(**changes), peer=peer)

    @property
    def reports(self) -> list[reader_reports.ReaderReport]:
        return reader_reports.open_reports(self.record.database)


@pytest.fixture
def site(store_url: str) -> Iterator[Site]:
    new_site = Site(store_url)
    with new_site.record:
        yield new_site
    new_site.router.backend.close()


def test_the_links_of_pages_lead_to_forms_that_say_what_is_meant(site: Site) -> None:
    subject = ReportSubject("The Daily Dozen", DAY, 1, site.digest, "2405.00001", POST)
    router = contact_links_of("", BASE)
    response = open_page(site.app, router.report(subject).replace(BASE, "/"))
    assert response.status == 200 and response.hidden == {"issue": site.digest, "paper": "2405.00001", "post": POST}
    for text in (
        "The Daily Dozen, 7 May 2024, edition 1",
        "2405.00001, Kettles & <Stoves>",
        "Post 1, 7 May 2024, https://news.ycombinator.com/item?id=1",
    ):
        assert text in response.text
    response = open_page(site.app, router.wrong(subject).replace(BASE, "/"))
    assert "What is wrong?" in response.text and "ycombinator" not in response.text
    assert site.reports == []


def test_what_is_said_is_kept_once_for_the_operator(site: Site) -> None:
    text = 'First line.\r\n<script>alert("x")</script>\x00\x1b[2J'
    assert "Thank you" in site.submit(text=text).text
    assert "Thank you" in site.submit(text=text).text
    assert "Thank you" in site.submit("/wrong").text
    quotation, entry = site.reports
    assert quotation == reader_reports.ReaderReport(
        1, AT, "quotation", site.digest, "arxiv:2405.00001", POST, 'First line.\n<script>alert("x")</script>[2J'
    )
    assert entry[2:] == ("entry", site.digest, "arxiv:2405.00001", "", "It is not about kettles.")


@pytest.mark.parametrize("path", ["/report", "/wrong"])
@pytest.mark.parametrize(
    "changes",
    [
        {"issue": ""}, {"issue": "0" * 64}, {"issue": "' OR 1=1 --"}, {"paper": "2405.09999"},
        {"paper": "arxiv:2405.00001"}, {"paper": ""},
    ],
)  # fmt: skip
def test_nothing_is_taken_about_what_does_not_stand_here(site: Site, path: str, changes: dict[str, str]) -> None:
    assert site.submit(path, **changes).status == 404
    assert open_page(site.app, f"{path}?{urlencode(site.fields(**changes))}").status == 404
    assert site.reports == []


@pytest.mark.parametrize(
    "post", ["", "hackernews:3", "hackernews:4", "hackernews:5", "hackernews:1001", "hackernews:1' --", "x" * 3000]
)
def test_nor_about_a_post_that_is_not_quoted_there(site: Site, post: str) -> None:
    """One no longer under the paper, one without words, one under another paper, and one that does not exist."""
    assert site.submit(post=post).status == 404 and site.reports == []
    assert open_page(site.app, f"/report?{urlencode(site.fields(post=post))}").status == 404


def test_what_is_hidden_is_not_told(site: Site) -> None:
    """The form gives the same answer as for a post that never existed."""
    assert site.submit(post="hackernews:2", text="Hm").status == 200
    write(site.record, [judged("hackernews:eve", "hidden", rule="hide", at=AT)])
    hidden_response, missing_response = (site.submit(post=f"hackernews:{n}") for n in (2, 99))
    assert (hidden_response.status, hidden_response.text) == (
        missing_response.status,
        missing_response.text,
    ) and hidden_response.status == 404
    assert site.submit().status == 200


def test_what_terms_do_not_let_be_quoted_is_not_reported(site: Site) -> None:
    other_terms = {**network_terms.TERMS, "hackernews": network_terms.TERMS["hackernews"]._replace(shown="link")}
    site.app = Starlette(routes=list(ReportPages(site.router, terms=other_terms).routes()))
    assert site.submit().status == 404


def test_as_many_characters_as_it_says_in_any_script(site: Site) -> None:
    for n, sign in enumerate("好🫖"):
        assert site.submit(text=sign * reader_reports.MAX_REPORT_CHARS).status == 200
        assert site.reports[n].text == sign * reader_reports.MAX_REPORT_CHARS
        response = site.submit(text=sign * (reader_reports.MAX_REPORT_CHARS + 600))
        assert response.status == 400 and f" {sign * (reader_reports.MAX_REPORT_CHARS + 600)} " in response.text


def test_addresses_with_a_slash_lead_to_the_forms(site: Site) -> None:
    for path in ("/wrong", "/report"):
        response = get(site.app, f"{path}/?paper=1")
        assert (response.status, response.headers["location"]) == (308, f"..{path}?paper=1")


def test_too_little_and_too_much_is_told(site: Site) -> None:
    for text in ("", "  \n ", "\u200b\u200b"):
        response = site.submit(text=text)
        assert response.status == 400 and "Please write what is wrong" in response.text
    response = site.submit(text="ä" * (reader_reports.MAX_REPORT_CHARS + 1))
    assert response.status == 400 and "too long: 2,001 characters" in response.text
    assert site.reports == [] and site.submit(text="ä" * reader_reports.MAX_REPORT_CHARS).status == 200


def test_so_many_an_hour_from_all_together(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_reports, "MAX_REPORTS_AN_HOUR", 3)
    responses = [site.submit(text=f"Number {n}", peer=f"192.0.2.{n}") for n in range(4)]
    assert [response.status for response in responses] == [200, 200, 200, 503] and len(site.reports) == 3
    assert responses[-1].headers["retry-after"] == "3600"
    assert "Number 3" in responses[3].text and "Too many reports are waiting" in responses[3].text, (
        "what was typed is not lost"
    )
    assert "If it cannot wait, contact papers@library.example." in responses[3].text
    assert site.submit("/wrong", text="Number 4", peer="192.0.2.4").status == 200, "other reports are counted apart"
    site.clock = AT + HOUR
    assert site.submit(text="Number 4").status == 200


def test_who_sends_too_much_keeps_what_they_typed(site: Site) -> None:
    response = [site.submit(text=f"Number {n}") for n in range(SUBMITS_AN_HOUR + 1)][-1]
    assert (
        response.status == 429
        and f"Number {SUBMITS_AN_HOUR}" in response.text
        and len(response.page.all("textarea")) == 1
    )
    assert response.hidden == {"issue": site.digest, "paper": "2405.00001", "post": POST}
    assert f"If it cannot wait, contact {CONTACT}." in response.text


def test_a_form_of_another_site_says_nothing(site: Site) -> None:
    assert submit(site.app, "/report", site.fields(), sec_fetch_site="cross-site").status == 403 and site.reports == []


@pytest.mark.parametrize(
    ("base", "proxies", "warns"),
    [(BASE, 0, True), (BASE, 1, False), ("http://127.0.0.1:8000/", 0, False), ("", 0, False)],
)
def test_who_forgets_the_proxy_is_warned(
    caplog: pytest.LogCaptureFixture, base: str, proxies: int, warns: bool
) -> None:
    """Otherwise all readers would count as one client."""
    app.warn_of_proxy(ServeSettings(base=base, proxies=proxies))
    assert ("Set proxies = 1" in caplog.text) == warns


@pytest.mark.parametrize("base", [BASE, ""])
def test_an_app_without_a_public_address_has_no_forms(base: str, tmp_path: Path) -> None:
    with closing(Backend(partial(Record, str(tmp_path / "forms.db")), ServeConfig(base=base))) as backend:
        assert bool(form_router(backend, DAILY, "")) == bool(base)
