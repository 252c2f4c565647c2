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

from hotpapers.base.errors import BusyStore, NotFound, UsageError
from hotpapers.serve import backend
from hotpapers.serve.backend import ServeConfig
from hotpapers.wings.forms.form_router import FORM as FORM_HEADERS
from hotpapers.wings.forms.form_router import (
    MAX_FORM_BYTES,
    MAX_PENDING_FORMS,
    SHARE,
    SUBMITS_AN_HOUR,
    VIEW_COST,
    FormField,
    FormPage,
    FormRouter,
    FormSpec,
    Values,
    origin_of,
    parse_fields,
    readable_fields,
)
from tests.serve.asgi import get
from tests.wings.forms.form_client import FORM, form_router, open_page, submit


def echo(values: Values) -> FormPage:
    return FormPage("Heard", (repr(sorted(values.items())),))


@pytest.fixture
def router() -> Iterator[FormRouter]:
    some_router = form_router("Some <Papers>")
    yield some_router
    some_router.backend.close()


@pytest.fixture
def app(router: FormRouter) -> Starlette:
    return Starlette(
        routes=[*router.routes("/deep/echo", echo, echo), *router.routes("/dear", echo, echo, SUBMITS_AN_HOUR)]
    )


def test_a_page_says_whose_it_is_and_leads_there(app: Starlette) -> None:
    response = open_page(app, "/deep/echo?a=1")
    assert response.status == 200 and "Heard [('a', '1')] Back to Some <Papers>" in response.text
    assert [element.attributes["href"] for element in response.page.all("link")] == ["../style.css"]
    assert [element.attributes["href"] for element in response.page.all("a")] == ["../index.html"]
    assert [element.attributes["href"] for element in open_page(app, "/dear").page.all("a")] == ["index.html"]


@pytest.mark.parametrize(
    ("site", "origin", "success"),
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
def test_a_form_of_another_site_is_refused(app: Starlette, site: str, origin: str, success: bool) -> None:
    response = submit(app, "/deep/echo", {"a": "1"}, sec_fetch_site=site, origin=origin)
    assert response.status == (200 if success else 403)
    assert ("from another site" in response.text) != success


def test_a_form_that_was_sent_to_another_name_is_refused(app: Starlette) -> None:
    """As by a page of its own site, whose name resolves to the app's address meanwhile."""
    for host, status in (("evil.example", 421), ("evil.example:8000", 421), ("a.example", 200), ("a.example:443", 200),
                         ("127.0.0.1:8000", 200), ("localhost", 200)):  # fmt: skip
        response = submit(app, "/deep/echo", {"a": "1"}, host=host, origin=f"http://{host}")
        assert response.status == status
        assert ("sent from another site" in response.text) is (status == 421)


def test_an_origin_is_written_as_browsers_write_it() -> None:
    assert origin_of("https://A.example:443/daily/") == "https://a.example"
    assert origin_of("http://127.0.0.1:8000/") == "http://127.0.0.1:8000"


def test_what_cannot_be_read_or_is_too_long_is_refused(app: Starlette) -> None:
    for body in (
        b"a=%ff",
        b"\xff",
        b"a=1&a=2",
        b"a=" + b"1" * MAX_FORM_BYTES,
        b"&".join(b"n%d=1" % n for n in range(11)),
    ):
        response = submit(app, "/deep/echo", body)
        assert response.status == 400 and "unreadable or too long" in response.text
    assert submit(app, "/deep/echo", b"a=1", content_type="multipart/form-data; boundary=x").status == 400
    assert submit(app, "/deep/echo", b"a=1", content_type="text/plain").status == 400
    assert submit(app, "/deep/echo", b"a=1", content_type=f"{FORM}; charset=UTF-8").status == 200
    assert open_page(app, "/deep/echo?a=%ff").status == 400


@given(st.binary(max_size=200))
def test_reading_never_fails(body: bytes) -> None:
    fields = parse_fields(body)
    assert fields is None or all("\r" not in value and "\0" not in value for value in fields.values())
    assert readable_fields(body) == (fields or {})


def test_of_what_is_too_long_the_beginning_is_legible() -> None:
    for blanks in range(12):
        text = "x" * blanks + "好" * MAX_FORM_BYTES
        fields = readable_fields(urlencode({"issue": "1", "said": text}).encode())
        assert fields["issue"] == "1" and len(fields["said"]) > 3_500 and text.startswith(fields["said"])
    assert readable_fields(b"a=1&" * MAX_FORM_BYTES) == {}


def test_each_client_may_send_so_much_an_hour(app: Starlette) -> None:
    for _ in range(SUBMITS_AN_HOUR):
        assert submit(app, "/deep/echo", {}).status == 200
    response = submit(app, "/deep/echo", {})
    assert (
        response.status == 429
        and "try again in 3 minutes" in response.text
        and response.headers["retry-after"] == "180"
    )
    assert submit(app, "/dear", {}, peer="192.0.2.2").status == 200
    assert submit(app, "/deep/echo", {}, peer="192.0.2.2").status == 429
    assert open_page(app, "/deep/echo").status == 200, "views are counted separately"


def test_each_client_may_look_so_often_a_minute(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(monotonic=lambda: 1.0)  # no token is refilled meanwhile, however slow this machine is
    monkeypatch.setattr(backend, "time", clock)
    for _ in range(ServeConfig().rate // VIEW_COST):
        assert open_page(app, "/deep/echo").status == 200
    response = open_page(app, "/dear")
    assert (
        response.status == 429 and "Too many requests in a short time. Please try again in 1 minute." in response.text
    )
    assert get(app, "/dear", peer="192.0.2.2").status == 200
    assert submit(app, "/deep/echo", {}).status == 200, "submissions are counted separately"


def test_a_client_has_its_share_of_seats_and_no_more(router: FormRouter) -> None:
    """While one client exceeds its share, another is served."""
    release, arrivals = threading.Event(), threading.Semaphore(0)

    def slow(_: Values) -> FormPage:
        arrivals.release()
        release.wait(30)
        return FormPage("Done")

    app = Starlette(routes=[*router.routes("/slow", slow, slow)])
    lane = router.backend._lanes[-1]
    with ThreadPoolExecutor(20) as pool:
        futures = [pool.submit(get, app, "/slow") for _ in range(SHARE)]
        assert arrivals.acquire(timeout=30)
        while lane._pending["192.0.2.1"] < SHARE:
            release.wait(0.01)
        assert [get(app, "/slow").status for _ in range(3)] == [503] * 3
        other_future = pool.submit(get, app, "/slow", peer="192.0.2.2")
        release.set()
        assert [future.result().status for future in (*futures, other_future)] == [200] * (SHARE + 1)
    assert not lane._pending, "finished requests take no places"


def test_who_is_refused_keeps_what_they_typed() -> None:
    """Too often, busy, invalid, too long: the form comes back filled in."""

    def act(values: Values) -> FormPage:
        raise {"busy": BusyStore("held by process 7"), "odd": UsageError("not like that")}[values["said"]]

    def filled_form(values: Values) -> FormPage:
        fields = (FormField("said", "Say", "area", values["said"]),)
        return FormPage("Say it", (), FormSpec("say", "Go", fields, (("issue", values["issue"]),)))

    router = form_router("Papers")
    app = Starlette(routes=[*router.routes("/say", act, act, 5, filled_form)])
    for text, status, message in (
        ("busy", 503, "The server is busy."), ("odd", 400, "This request cannot be processed."),
        ("x" * MAX_FORM_BYTES, 400, "or too long"), ("busy", 503, "The server is busy."),
        ("late", 429, "Too many requests"),
    ):  # fmt: skip
        response = submit(app, "/say", {"issue": "<1>", "said": text})
        assert response.status == status and message in response.text and response.hidden == {"issue": "<1>"}
        assert f" {text[: MAX_FORM_BYTES - len('issue=%3C1%3E&said=')]} " in response.text and response.page.all(
            "textarea"
        )
        assert ("retry-after" in response.headers) == (status != 400)
    assert submit(app, "/say", {"said": "busy"}, sec_fetch_site="cross-site").page.all("form") == []
    router.backend.close()


def test_an_address_with_a_slash_leads_to_the_form() -> None:
    app = Starlette(routes=form_router("x").routes("/mail/join", echo, echo))
    for method in ("GET", "POST"):
        response = get(app, "/mail/join/?a=%3Cb%3E&c=d+e", method)
        assert (response.status, response.headers["location"]) == (308, "../join?a=%3Cb%3E&c=d+e")
    assert get(app, "/mail/join/").headers["location"] == "../join"


def test_whoever_stands_behind_a_proxy_is_counted_alone() -> None:
    router = form_router("Papers", proxies=1)
    app = Starlette(routes=[*router.routes("/dear", echo, echo, SUBMITS_AN_HOUR)])
    assert submit(app, "/dear", {}, x_forwarded_for="198.51.100.1").status == 200
    assert submit(app, "/dear", {}, x_forwarded_for="198.51.100.2").status == 200
    assert submit(app, "/dear", {}, x_forwarded_for="198.51.100.2").status == 429
    router.backend.close()


def test_so_much_is_done_at_once_and_no_more(router: FormRouter) -> None:
    release, ends = threading.Event(), threading.Semaphore(0)

    def slow() -> None:
        release.wait()
        ends.release()

    assert all(router.run_later(slow) for _ in range(MAX_PENDING_FORMS)) and not router.run_later(slow)
    release.set()
    for _ in range(MAX_PENDING_FORMS):
        assert ends.acquire(timeout=30)


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The logged reasons."""
    return [str(vars(line)["fields"]["reason"]) for line in caplog.records if line.name == "hotpapers"]


def test_a_defect_in_work_after_the_answer_is_logged(router: FormRouter, caplog: pytest.LogCaptureFixture) -> None:
    event = threading.Event()

    def fail() -> None:
        event.set()
        raise ZeroDivisionError("a secret thing")

    assert router.run_later(fail) and event.wait(30)
    router.backend.close()
    [reason] = reasons(caplog)
    assert reason.startswith("internal error: ZeroDivisionError") and "secret" not in reason


def test_what_fails_is_told_in_words(router: FormRouter, caplog: pytest.LogCaptureFixture) -> None:
    def raise_not_found(_: Values) -> FormPage:
        raise NotFound("gone")

    def raise_busy(_: Values) -> FormPage:
        raise BusyStore("held by process 7")

    def raise_usage_error(_: Values) -> FormPage:
        raise UsageError("not like that")

    handlers = {"/gone": raise_not_found, "/busy": raise_busy, "/odd": raise_usage_error}
    app = Starlette(
        routes=[route for path, handler in handlers.items() for route in router.routes(path, handler, handler)]
    )
    assert open_page(app, "/gone").status == 404
    response = open_page(app, "/odd")
    assert response.status == 400 and "cannot be processed" in response.text and "not like that" not in response.text
    response = open_page(app, "/busy")
    assert response.status == 503 and "process" not in response.text and "held by process 7" in reasons(caplog)


def test_what_is_wrong_is_told_and_nothing_that_was_sent_is_alive(router: FormRouter) -> None:
    hostile = "\"><script>alert(1)</script>'"

    def error_page(_: Values) -> FormPage:
        fields = (
            FormField("one", "One", "text", hostile, "a hint", hostile), FormField("two", "Two", "area",
            f"\n{hostile}"),
            FormField("three", "Three", "check", "yes"),
        )  # fmt: skip
        form = FormSpec("echo", "Go", fields, (("who", hostile),), "Which?", (("a", "A"), ("b", "B")), "b", hostile)
        return FormPage(hostile, (hostile,), form, (("Name", hostile),), hostile, 400)

    page = open_page(Starlette(routes=[*router.routes("/x", error_page, error_page)]), "/x").page
    assert page.text.startswith("Error: ") and not page.all("script")
    first_field = next(field for field in page.all("input") if field.attributes["name"] == "one")
    assert first_field.attributes["value"] == hostile and first_field.attributes["aria-invalid"] == "true"
    assert first_field.attributes["aria-describedby"] == "field-one-hint field-one-wrong"
    values = [field.attributes["value"] for field in page.all("input") if "checked" in field.attributes]
    assert values == ["yes", "b"]


def test_headers_are_those_of_messages_pages_but_for_the_referrer() -> None:
    """Without a referrer, a browser sends `Origin: null` with a form."""
    assert FORM_HEADERS["referrer-policy"] == "same-origin"
