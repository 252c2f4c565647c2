"""`hotpapers reports`, and the forms of a running app with complete settings."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from hotpapers.record import Record, current_time
from hotpapers.wings.forms import queries as reader_reports
from hotpapers.wings.forms.queries import ReaderReport
from tests.cli.run import command_line, environment, good, misuse, run
from tests.issues.made import DAILY, DAY, background, counts, frozen, moment, paper, post, write
from tests.publish.render.html import Page
from tests.wings.mail.server import serving

AT = moment("2024-05-09T08:00")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with an issue."""
    with Record(str(tmp_path / "hotpapers.db")) as record:
        at = moment(f"{DAY}T02:00")
        quote = post(1, "bluesky:1", at, text="Fine kettles never boil over, sadly.")
        story = post(1, "hackernews:12", at, text="Stoves")
        write(record, [DAILY], background(), paper(1), quote, story, counts("bluesky:1", 60, at))
        frozen(record)
    return tmp_path / "hotpapers.db"


def note_reports(store: Path, *reports: ReaderReport) -> None:
    """Store reports about the issue."""
    with Record(str(store)) as record:
        [(digest,)] = record.database.rows("SELECT digest FROM issue")
        for report in reports:
            reader_reports.store_report(
                record.database, report._replace(issue=digest if report.kind != "contest" else "")
            )


def test_what_was_said_is_listed_and_closed(store: Path) -> None:
    assert good("reports", "--store", store) == "0 reports open\n"
    assert "reports" not in good("status", "--store", store)
    note_reports(
        store,
        ReaderReport(0, AT, "entry", paper="arxiv:2405.00001", text="Line one\n\x1b[31mline two"),
        ReaderReport(0, AT, "quotation", paper="arxiv:2405.00001", subject="bluesky:1", text="Unkind"),
        ReaderReport(0, AT, "contest", subject="bluesky:did:plc:x", text="says so"),
    )
    assert good("reports", "--store", store) == (
        "   1  2024-05-09 08:00 UTC  wrong entry\n      issue daily 2024-05-07\n      paper arxiv:2405.00001\n"
        "      | Line one\n      | \ufffd[31mline two\n"
        "   2  2024-05-09 08:00 UTC  unwanted quotation\n      issue daily 2024-05-07\n      paper arxiv:2405.00001\n"
        "      about bluesky:1\n      by    1, 2024-05-07\n      | Unkind\n"
        "   3  2024-05-09 08:00 UTC  person, not a bot\n      about bluesky:did:plc:x\n      | says so\n"
        "3 reports open\n"
    )
    assert "reports    3 open reports from readers: see `hotpapers reports`\n" in good("status", "--store", store)
    assert run("status", "--json", "--store", store).json["reports"] == 3
    assert run("reports", "--close", "1", "--close", "2", "--json", "--store", store).json["reports"] == [
        {
            "id": 3, "at": AT, "kind": "contest", "issue": "", "paper": "", "subject": "bluesky:did:plc:x",
            "text": "says so", "day": "", "page": "", "by": "",
        }
    ]  # fmt: skip
    assert misuse("reports", "--close", "1", "--store", store).startswith("1: no such open report")


def test_a_post_that_is_reported_is_named_as_people_find_it(store: Path) -> None:
    """The post's page, author and day; only its ID if it isn't in the record."""
    note_reports(store, *(ReaderReport(0, AT, "quotation", subject=f"hackernews:{n}", text="Unkind") for n in (12, 13)))
    text_with_page = (
        "      about hackernews:12\n      page  https://news.ycombinator.com/item?id=12\n      by    12, 2024-05-07\n"
    )
    text_without_page = "      about hackernews:13\n      | Unkind\n"
    output = good("reports", "--store", store)
    assert text_with_page in output and text_without_page in output
    first, second = run("reports", "--json", "--store", store).json["reports"]
    assert first["page"] == "https://news.ycombinator.com/item?id=12" and first["by"] == "12, 2024-05-07"
    assert (second["page"], second["by"]) == ("", "")


# ---- the app ---------------------------------------------------------------------------------------------


@contextmanager
def serve(store: Path, settings: str = "") -> Iterator[str]:
    """The address of an app whose settings include its public address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    base = f"http://127.0.0.1:{port}/"
    file = store.with_name("hotpapers.toml")
    file.write_text(f'[serve]\nbase = "{base}"\n{settings}', "utf-8")
    command = command_line("serve", "--port", str(port), "--config", file)
    with subprocess.Popen(command, env=environment(PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and base in process.stdout.readline()
        try:
            yield base
        finally:
            process.terminate()
            process.wait(30)


def page(address: str, fields: dict[str, str] | None = None) -> Page:
    """A page, or the response to a form."""
    body = urlencode(fields).encode() if fields else None
    with urlopen(Request(address, body, {"Origin": address[: address.index("/", 8)]}), timeout=30) as response:
        return Page(response.read())


def links(page: Page, start: str) -> list[str]:
    return [link.attributes["href"] for link in page.all("a") if link.attributes["href"].startswith(start)]


@pytest.mark.long
def test_pages_of_the_app_and_of_the_folder_lead_to_its_forms(store: Path) -> None:
    with serve(store) as base:
        issue = page(base)
        [report_link], [wrong_link] = links(issue, f"{base}report?"), links(issue, f"{base}wrong?")
        public = store.parent / "public"
        settings = store.with_name("hotpapers.toml")
        good("publish", DAY, "--to", "site", "--to", "feeds", "--output", public, "--config", settings)
        file_content = (public / "site" / "index.html").read_bytes()
        assert file_content == urlopen(base, timeout=30).read()  # identical bytes
        for link, text in ((report_link, "Unkind"), (wrong_link, "Not about kettles")):
            form = page(link)
            values = {field.attributes["name"]: field.attributes["value"] for field in form.all("input")}
            assert "Thank you" in page(link.partition("?")[0], {**values, "text": text}).text
        assert [f"{base}mine"] == links(page(f"{base}about/"), f"{base}m")
        assert "These are my posts" in page(f"{base}mine").text
    assert re.findall(r"\| (.*)", good("reports", "--store", store)) == ["Unkind", "Not about kettles"]


@pytest.mark.long
@pytest.mark.parametrize(("proxies", "warns"), [(0, True), (1, False)])
def test_who_serves_behind_tls_and_names_no_proxy_is_warned(store: Path, proxies: int, warns: bool) -> None:
    file = store.with_name("hotpapers.toml")
    file.write_text(f'[serve]\nbase = "https://papers.example/"\nproxies = {proxies}\n', "utf-8")
    env = environment(PYTHONUNBUFFERED="1")
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command_line("serve", "--port", "0", "--config", file), env=env, stdout=pipe, stderr=pipe, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        [address] = re.findall(r"http://\S+", process.stdout.readline())
        assert urlopen(address, timeout=30).status == 200
        process.terminate()
        assert ("Set proxies = 1, or the number of proxies." in process.stderr.read()) == warns
        process.wait(30)


@pytest.mark.long
def test_whoever_wants_messages_finds_the_way_from_about(store: Path) -> None:
    with serving() as box:
        mailing = f'[mailing]\nrelay = "127.0.0.1"\nport = {box.port}\naddress = "papers@owls.example"\n'
        with serve(store, mailing) as base:
            [link] = set(links(page(f"{base}about/"), f"{base}mail/"))
            values = {
                field.attributes["name"]: "some@moth.example"
                for field in page(link).all("input")
                if "name" in field.attributes
            }
            response_page = page(link.partition("?")[0], {**values, "publication": "daily", "skip": ""})
            assert "Check your inbox" in response_page.text
        assert box.recipients == ["some@moth.example"], "the program finishes its work before it ends"
        assert f"{base}mail/confirm/" in box.mails[0].message.get_content()


def test_status_tells_when_a_form_is_about_to_close(store: Path) -> None:
    note_reports(
        store, *(ReaderReport(0, current_time(), "quotation", subject=f"{n}", text="Unkind") for n in range(48))
    )
    expected = "48 open reports (quotation), 48 of the last hour; at 1,000 or 60 an hour, the form closes"
    assert f"alarm      {expected}; once dealt with: hotpapers reports\n" in run("status", "--store", store).out
    assert expected in run("status", "--health", "--store", store).out
