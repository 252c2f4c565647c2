"""The rules for all forms: origin, size, rate limits, and concurrent requests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from hotpapers.errors import BusyStore, NotFound, UsageError
from hotpapers.web import forms
from hotpapers.web.forms import (
    LARGEST,
    MOST,
    SHARE,
    SUBMITS_AN_HOUR,
    VIEWS_A_MINUTE,
    FormField,
    FormPage,
    FormRouter,
    FormSpec,
    Values,
    origin_of,
    parse_fields,
    readable_fields,
    slash_redirect,
)
from tests.web.asgi import get
from tests.web.sent import BASE, FORM, look, send


def echo(values: Values) -> FormPage:
    return FormPage("Heard", (repr(sorted(values.items())),))


@pytest.fixture
def router() -> Iterator[FormRouter]:
    made = FormRouter(BASE, "Some <Papers>")
    yield made
    made.close()


@pytest.fixture
def app(router: FormRouter) -> Starlette:
    return Starlette(
        routes=[router.route("/deep/echo", echo, echo), router.route("/dear", echo, echo, SUBMITS_AN_HOUR)]
    )


def test_a_page_says_whose_it_is_and_leads_there(app: Starlette) -> None:
    shown = look(app, "/deep/echo?a=1")
    assert shown.status == 200 and "Heard [('a', '1')] Back to Some <Papers>" in shown.text
    assert [one.attributes["href"] for one in shown.page.all("link")] == ["../style.css"]
    assert [one.attributes["href"] for one in shown.page.all("a")] == ["../index.html"]
    assert [one.attributes["href"] for one in look(app, "/dear").page.all("a")] == ["index.html"]


@pytest.mark.parametrize(
    ("site", "origin", "taken"),
    [
        ("same-origin", "https://a.example", True),
        ("same-origin", "null", True),
        ("cross-site", "https://a.example", False),
        ("same-site", "", False),
        ("none", "", False),
        ("", "https://a.example", True),
        ("", "https://b.example", False),
        ("", "http://a.example", False),
        ("", "null", False),
        ("", "", True),  # not a browser: no session to abuse
    ],
)
def test_a_form_of_another_site_is_refused(app: Starlette, site: str, origin: str, taken: bool) -> None:
    shown = send(app, "/deep/echo", {"a": "1"}, sec_fetch_site=site, origin=origin)
    assert shown.status == (200 if taken else 403)
    assert ("from another site" in shown.text) != taken


def test_an_origin_is_written_as_browsers_write_it() -> None:
    assert origin_of("https://A.example:443/daily/") == "https://a.example"
    assert origin_of("http://127.0.0.1:8000/") == "http://127.0.0.1:8000"


def test_what_cannot_be_read_or_is_too_long_is_refused(app: Starlette) -> None:
    for sent in (b"a=%ff", b"\xff", b"a=1&a=2", b"a=" + b"1" * LARGEST, b"&".join(b"n%d=1" % n for n in range(11))):
        shown = send(app, "/deep/echo", sent)
        assert shown.status == 400 and "unreadable or too long" in shown.text
    assert send(app, "/deep/echo", b"a=1", content_type="multipart/form-data; boundary=x").status == 400
    assert send(app, "/deep/echo", b"a=1", content_type="text/plain").status == 400
    assert send(app, "/deep/echo", b"a=1", content_type=f"{FORM}; charset=UTF-8").status == 200
    assert look(app, "/deep/echo?a=%ff").status == 400


@given(st.binary(max_size=200))
def test_reading_never_fails(sent: bytes) -> None:
    found = parse_fields(sent)
    assert found is None or all("\r" not in value and "\0" not in value for value in found.values())
    assert readable_fields(sent) == (found or {})


def test_of_what_is_too_long_the_beginning_is_legible() -> None:
    for blanks in range(12):
        said = "x" * blanks + "好" * LARGEST
        found = readable_fields(urlencode({"issue": "1", "said": said}).encode())
        assert found["issue"] == "1" and len(found["said"]) > 3_500 and said.startswith(found["said"])
    assert readable_fields(b"a=1&" * LARGEST) == {}


def test_each_client_may_send_so_much_an_hour(app: Starlette) -> None:
    for _ in range(SUBMITS_AN_HOUR):
        assert send(app, "/deep/echo", {}).status == 200
    shown = send(app, "/deep/echo", {})
    assert shown.status == 429 and "try again in 3 minutes" in shown.text and shown.headers["retry-after"] == "180"
    assert send(app, "/dear", {}, peer="192.0.2.2").status == 200
    assert send(app, "/deep/echo", {}, peer="192.0.2.2").status == 429
    assert look(app, "/deep/echo").status == 200, "looking is counted by itself"


def test_each_client_may_look_so_often_a_minute(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(monotonic=lambda: 1.0)  # no token is refilled meanwhile, however slow this machine is
    monkeypatch.setattr(forms, "time", clock)
    for _ in range(VIEWS_A_MINUTE):
        assert look(app, "/deep/echo").status == 200
    shown = look(app, "/dear")
    assert shown.status == 429 and "Too many requests in a short time. Please try again in 1 minute." in shown.text
    assert get(app, "/dear", peer="192.0.2.2").status == 200
    assert send(app, "/deep/echo", {}).status == 200, "sending is counted by itself"


def test_a_client_has_its_share_of_seats_and_no_more(router: FormRouter) -> None:
    """While one client exceeds its share, another is served."""
    go, there = threading.Event(), threading.Semaphore(0)

    def slow(_: Values) -> FormPage:
        there.release()
        go.wait(30)
        return FormPage("Done")

    app = Starlette(routes=[router.route("/slow", slow, slow)])
    with ThreadPoolExecutor(20) as many:
        asked = [many.submit(get, app, "/slow") for _ in range(SHARE)]
        assert there.acquire(timeout=30)
        while router._workers._pending["192.0.2.1"] < SHARE:
            go.wait(0.01)
        assert [get(app, "/slow").status for _ in range(3)] == [503] * 3
        other = many.submit(get, app, "/slow", peer="192.0.2.2")
        go.set()
        assert [one.result().status for one in (*asked, other)] == [200] * (SHARE + 1)
    assert not router._workers._pending, "who has gone has no seat"


def test_who_is_refused_keeps_what_they_typed() -> None:
    """Too often, busy, invalid, too long: the form comes back filled in."""

    def act(values: Values) -> FormPage:
        raise {"busy": BusyStore("held by process 7"), "odd": UsageError("not like that")}[values["said"]]

    def again(values: Values) -> FormPage:
        fields = (FormField("said", "Say", "area", values["said"]),)
        return FormPage("Say it", (), FormSpec("say", "Go", fields, (("issue", values["issue"]),)))

    router = FormRouter(BASE, "Papers")
    app = Starlette(routes=[router.route("/say", act, act, 5, again)])
    for said, status, words in (
        ("busy", 503, "The server is busy."), ("odd", 400, "This request cannot be processed."),
        ("x" * LARGEST, 400, "or too long"), ("busy", 503, "The server is busy."), ("late", 429, "Too many requests"),
    ):  # fmt: skip
        shown = send(app, "/say", {"issue": "<1>", "said": said})
        assert shown.status == status and words in shown.text and shown.hidden == {"issue": "<1>"}
        assert f" {said[: LARGEST - len('issue=%3C1%3E&said=')]} " in shown.text and shown.page.all("textarea")
        assert ("retry-after" in shown.headers) == (status != 400)
    assert send(app, "/say", {"said": "busy"}, sec_fetch_site="cross-site").page.all("form") == []
    router.close()


def test_an_address_with_a_slash_leads_to_the_form() -> None:
    app = Starlette(routes=[slash_redirect("/mail/join")])
    for method in ("GET", "POST"):
        found = get(app, "/mail/join/?a=%3Cb%3E&c=d+e", method)
        assert (found.status, found.headers["location"]) == (308, "../join?a=%3Cb%3E&c=d+e")
    assert get(app, "/mail/join/").headers["location"] == "../join"


def test_whoever_stands_behind_a_proxy_is_counted_alone() -> None:
    router = FormRouter(BASE, "Papers", proxies=1)
    app = Starlette(routes=[router.route("/dear", echo, echo, SUBMITS_AN_HOUR)])
    assert send(app, "/dear", {}, x_forwarded_for="198.51.100.1").status == 200
    assert send(app, "/dear", {}, x_forwarded_for="198.51.100.2").status == 200
    assert send(app, "/dear", {}, x_forwarded_for="198.51.100.2").status == 429
    router.close()


def test_so_much_is_done_at_once_and_no_more(router: FormRouter) -> None:
    go, done = threading.Event(), threading.Semaphore(0)

    def slow() -> None:
        go.wait()
        done.release()

    assert all(router.run_later(slow) for _ in range(MOST)) and not router.run_later(slow)
    go.set()
    for _ in range(MOST):
        assert done.acquire(timeout=30)


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The logged reasons."""
    return [str(vars(line)["fields"]["reason"]) for line in caplog.records if line.name == "hotpapers"]


def test_a_defect_in_work_after_the_answer_is_logged(router: FormRouter, caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()

    def broken() -> None:
        done.set()
        raise ZeroDivisionError("a secret thing")

    assert router.run_later(broken) and done.wait(30)
    router.close()
    [reason] = reasons(caplog)
    assert reason.startswith("internal error: ZeroDivisionError") and "secret" not in reason


def test_what_fails_is_told_in_words(router: FormRouter, caplog: pytest.LogCaptureFixture) -> None:
    def gone(_: Values) -> FormPage:
        raise NotFound("gone")

    def busy(_: Values) -> FormPage:
        raise BusyStore("held by process 7")

    def odd(_: Values) -> FormPage:
        raise UsageError("not like that")

    some = {"/gone": gone, "/busy": busy, "/odd": odd}
    app = Starlette(routes=[router.route(path, work, work) for path, work in some.items()])
    assert look(app, "/gone").status == 404
    shown = look(app, "/odd")
    assert shown.status == 400 and "cannot be processed" in shown.text and "not like that" in reasons(caplog)
    shown = look(app, "/busy")
    assert shown.status == 503 and "process" not in shown.text and "held by process 7" in reasons(caplog)


def test_what_is_wrong_is_told_and_nothing_that_was_sent_is_alive(router: FormRouter) -> None:
    hostile = "\"><script>alert(1)</script>'"

    def wrong(_: Values) -> FormPage:
        fields = (
            FormField("one", "One", "text", hostile, "a hint", hostile), FormField("two", "Two", "area",
            f"\n{hostile}"),
            FormField("three", "Three", "check", "yes"),
        )  # fmt: skip
        form = FormSpec("echo", "Go", fields, (("who", hostile),), "Which?", (("a", "A"), ("b", "B")), "b", hostile)
        return FormPage(hostile, (hostile,), form, (("Name", hostile),), hostile, 400)

    page = look(Starlette(routes=[router.route("/x", wrong, wrong)]), "/x").page
    assert page.text.startswith("Error: ") and not page.all("script")
    one = next(field for field in page.all("input") if field.attributes["name"] == "one")
    assert one.attributes["value"] == hostile and one.attributes["aria-invalid"] == "true"
    assert one.attributes["aria-describedby"] == "field-one-hint field-one-wrong"
    chosen = [field.attributes["value"] for field in page.all("input") if "checked" in field.attributes]
    assert chosen == ["yes", "b"]


def test_headers_are_those_of_messages_pages_but_for_the_referrer() -> None:
    """Without a referrer, a browser sends `Origin: null` with a form."""
    assert forms.HEADERS["referrer-policy"] == "same-origin"
