"""Readers' reports about entries and quotations: kept for the operator, only about what is shown, and limited in
number."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette

from hotpapers import terms
from hotpapers.model import HOUR
from hotpapers.store import Record, reader_reports
from hotpapers.view.contact_links import ReportSubject, contact_links_of
from hotpapers.web.forms import SUBMITS_AN_HOUR, FormRouter
from hotpapers.web.report_forms import ReportDependencies, routes
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
from tests.web.asgi import get
from tests.web.sent import BASE, Shown, look, send

AT, HEARD = moment("2024-05-09"), moment(f"{DAY}T02:00")
POST = "hackernews:1"


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
            post(1, POST, HEARD, "hackernews:ada", "Such kettles never boil over twice"), counts(POST, 60, HEARD),
            post(1, "hackernews:2", HEARD, "hackernews:eve", "Fine kettles lose steam before breakfast"),
            counts("hackernews:2", 50, HEARD),
            post(1, "hackernews:3", HEARD, "hackernews:bo", "Kettles, hm, nobody measured steel lids"),
            counts("hackernews:3", 1, HEARD),
            post(1, "hackernews:4", HEARD, "hackernews:ida", " "), counts("hackernews:4", 2, HEARD),
            post(2, "hackernews:5", HEARD, "hackernews:moss", "Not on kettles, says our own cook"),
            counts("hackernews:5", 70, HEARD),
        )  # fmt: skip
        self.digest = frozen(self.record).digest
        self.router = FormRouter(BASE, DAILY.title)
        self.app = Starlette(
            routes=list(routes(self.router, ReportDependencies(partial(Record, store), lambda: self.clock)))
        )

    def fields(self, **changes: str) -> dict[str, str]:
        return {
            "issue": self.digest,
            "paper": "2405.00001",
            "post": POST,
            "text": "It is not about kettles.",
            **changes,
        }

    def send(self, path: str = "/report", peer: str = "192.0.2.1", **changes: str) -> Shown:
        return send(self.app, path, self.fields(**changes), peer=peer)

    @property
    def kept(self) -> list[reader_reports.ReaderReport]:
        return reader_reports.waiting(self.record.database)


@pytest.fixture
def site(store_url: str) -> Iterator[Site]:
    made = Site(store_url)
    with made.record:
        yield made
    made.router.close()


def test_the_links_of_pages_lead_to_forms_that_say_what_is_meant(site: Site) -> None:
    about = ReportSubject("The Daily Dozen", DAY, 1, site.digest, "2405.00001", POST)
    router = contact_links_of("", BASE)
    shown = look(site.app, router.report(about).replace(BASE, "/"))
    assert shown.status == 200 and shown.hidden == {"issue": site.digest, "paper": "2405.00001", "post": POST}
    for words in (
        "The Daily Dozen, 7 May 2024, edition 1",
        "2405.00001, Kettles & <Stoves>",
        "Post 1, 7 May 2024, https://news.ycombinator.com/item?id=1",
    ):
        assert words in shown.text
    shown = look(site.app, router.wrong(about).replace(BASE, "/"))
    assert "What is wrong?" in shown.text and "ycombinator" not in shown.text
    assert site.kept == []


def test_what_is_said_is_kept_once_for_the_operator(site: Site) -> None:
    said = 'First line.\r\n<script>alert("x")</script>\x00\x1b[2J'
    assert "Thank you" in site.send(text=said).text
    assert "Thank you" in site.send(text=said).text
    assert "Thank you" in site.send("/wrong").text
    quotation, entry = site.kept
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
    assert site.send(path, **changes).status == 404
    assert look(site.app, f"{path}?{urlencode(site.fields(**changes))}").status == 404
    assert site.kept == []


@pytest.mark.parametrize(
    "post", ["", "hackernews:3", "hackernews:4", "hackernews:5", "hackernews:1001", "hackernews:1' --", "x" * 3000]
)
def test_nor_about_a_post_that_is_not_quoted_there(site: Site, post: str) -> None:
    """One no longer under the paper, one without words, one under another paper, and one that does not exist."""
    assert site.send(post=post).status == 404 and site.kept == []
    assert look(site.app, f"/report?{urlencode(site.fields(post=post))}").status == 404


def test_what_is_hidden_is_not_told(site: Site) -> None:
    """The form gives the same answer as for a post that never existed."""
    assert site.send(post="hackernews:2", text="Hm").status == 200
    write(site.record, [judged("hackernews:eve", "hidden", rule="hide", at=AT)])
    gone, never = (site.send(post=f"hackernews:{n}") for n in (2, 99))
    assert (gone.status, gone.text) == (never.status, never.text) and gone.status == 404
    assert site.send().status == 200


def test_what_terms_do_not_let_be_quoted_is_not_reported(site: Site) -> None:
    own = {**terms.TERMS, "hackernews": terms.TERMS["hackernews"]._replace(shown="link")}
    site.app = Starlette(routes=list(routes(site.router, ReportDependencies(site.open, terms=own))))
    assert site.send().status == 404


def test_as_many_characters_as_it_says_in_any_script(site: Site) -> None:
    for n, sign in enumerate("好🫖"):
        assert site.send(text=sign * reader_reports.LONGEST).status == 200
        assert site.kept[n].text == sign * reader_reports.LONGEST
        shown = site.send(text=sign * (reader_reports.LONGEST + 600))
        assert shown.status == 400 and f" {sign * (reader_reports.LONGEST + 600)} " in shown.text


def test_addresses_with_a_slash_lead_to_the_forms(site: Site) -> None:
    for path in ("/wrong", "/report"):
        found = get(site.app, f"{path}/?paper=1")
        assert (found.status, found.headers["location"]) == (308, f"..{path}?paper=1")


def test_too_little_and_too_much_is_told(site: Site) -> None:
    for said in ("", "  \n ", "\u200b\u200b"):
        shown = site.send(text=said)
        assert shown.status == 400 and "Please write what is wrong" in shown.text
    shown = site.send(text="ä" * (reader_reports.LONGEST + 1))
    assert shown.status == 400 and "too long: 2,001 characters" in shown.text
    assert site.kept == [] and site.send(text="ä" * reader_reports.LONGEST).status == 200


def test_so_many_an_hour_from_all_together(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_reports, "MOST_AN_HOUR", 3)
    shown = [site.send(text=f"Number {n}", peer=f"192.0.2.{n}") for n in range(4)]
    assert [one.status for one in shown] == [200, 200, 200, 503] and len(site.kept) == 3
    assert "Number 3" in shown[3].text and "Too many reports in the last hour" in shown[3].text, (
        "what was typed is not lost"
    )
    site.clock = AT + HOUR
    assert site.send(text="Number 4").status == 200


def test_who_sends_too_much_keeps_what_they_typed(site: Site) -> None:
    shown = [site.send(text=f"Number {n}") for n in range(SUBMITS_AN_HOUR + 1)][-1]
    assert shown.status == 429 and f"Number {SUBMITS_AN_HOUR}" in shown.text and len(shown.page.all("textarea")) == 1
    assert shown.hidden == {"issue": site.digest, "paper": "2405.00001", "post": POST}


def test_a_form_of_another_site_says_nothing(site: Site) -> None:
    assert send(site.app, "/report", site.fields(), sec_fetch_site="cross-site").status == 403 and site.kept == []
