"""`hotpapers mail` and `publish --to mailing`, against a real mail server and a name server on loopback."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hotpapers import cli
from hotpapers.deliver.email import queries as email_queries
from hotpapers.deliver.email import subscribers
from hotpapers.issues.queries import frozen_days
from hotpapers.schedule.sending import fresh_days
from hotpapers.store import Record, now
from tests.cli.run import environment, failing, good, misuse, run, words
from tests.deliver.email.nameserver import serving_dns
from tests.deliver.email.reading import part, read
from tests.deliver.email.samples import fill
from tests.deliver.email.server import Box, serving
from tests.deliver.email.test_bounces import report
from tests.deliver.email.test_dns_checks import GOOD, MESSAGE, arrived_message
from tests.issues.made import DAY

SETTINGS = """
store = "hotpapers.db"
contact = "https://library.example/"
[[publication]]
name = "daily"
title = "The Daily Dozen"
posts = 2
[[publication]]
name = "weekly"
window = "weekly"
[mailing]
relay = "{relay}"
port = {port}
address = "papers@owls.example"
base = "https://app.owls.example/"
selector = "owl"
pace = 60000
"""


@pytest.fixture
def box() -> Iterator[Box]:
    with serving() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, box: Box) -> Path:
    """Settings, and a store with one issue and no subscribers."""
    file = tmp_path / "hotpapers.toml"
    file.write_text(SETTINGS.format(relay="127.0.0.1", port=box.port))
    with Record(str(tmp_path / "hotpapers.db")) as record:
        fill(record)
    return file


def subscribe(home: Path, box: Box, address: str, *more: str) -> str:
    """Subscribe an address and confirm it; returns its mark."""
    good("mail", "subscribe", address, "--publication", "daily", *more, "--config", home)
    token = re.search(r"mail/confirm/(\S+)>", read(box.mails[-1].data).get_content())
    assert token is not None
    said = good("mail", "confirm", token[1], "--config", home)
    assert said == f"{address}: subscribed to daily\n"
    with Record(str(home.with_name("hotpapers.db"))) as record:  # as if it had happened before the issue was frozen
        mark = subscribers.mark_of(record, "daily", address)
        with record.database.write():
            record.database.run("UPDATE subscriber SET since = 1 WHERE mark = ?", (mark,))
    return mark


# ---- the list ------------------------------------------------------------------------------------------


def test_somebody_comes_and_goes(home: Path, box: Box) -> None:
    ask = ("mail", "subscribe", "some@moth.example", "--publication", "daily", "--config", home)
    assert good("mail", "list", "--config", home) == "no subscribers yet\n"
    assert good(*ask) == "some@moth.example: confirmation message sent\n"
    again = "some@moth.example: already confirmed, or asked within the last day; no message was sent\n"
    assert good(*ask) == again
    assert good("mail", "list", "--config", home) == "daily: 0 confirmed, 1 asked, 0 bounced, 0 ended\n"
    with Record(str(home.with_name("hotpapers.db"))) as record, record.database.write():
        record.database.run("DELETE FROM subscriber")
    subscribe(home, box, "some@moth.example", "--skip-empty")
    assert good(*ask) == again
    shown = good("mail", "list", "--addresses", "--config", home)
    assert shown == (
        "daily: 1 confirmed, 0 asked, 0 bounced, 0 ended\n"
        "  daily  some@moth.example  confirmed since 1970-01-01 00:00 UTC\n"
    )
    told = json.loads(good("mail", "list", "--addresses", "--json", "--config", home))
    assert told["counts"]["daily"]["confirmed"] == 1
    assert told["subscribers"][0]["address"] == "some@moth.example" and "mark" not in told["subscribers"][0]
    assert good("mail", "unsubscribe", "SOME@moth.example", "--config", home) == "unsubscribed from daily\n"
    assert misuse("mail", "unsubscribe", "some@moth.example", "--config", home) == "no subscription with that address"
    told = json.loads(good("mail", "list", "--json", "--config", home))
    assert told == {"counts": {"daily": {"confirmed": 0, "asked": 0, "bounced": 0, "ended": 1}}}


def test_a_token_unsubscribes_and_one_publication_may_be_named(home: Path, box: Box) -> None:
    subscribe(home, box, "some@moth.example")
    good("mail", "subscribe", "some@moth.example", "--publication", "weekly", "--config", home)
    assert good(
        "mail", "unsubscribe", "some@moth.example", "--publication", "weekly", "--config", home
    ) == "unsubscribed from weekly\n"  # fmt: skip
    good("publish", DAY, "--to", "mailing", "--publication", "daily", "--config", home)
    token = re.search(r"unsubscribe%20(\S+?)>", str(read(box.mails[-1].data)["List-Unsubscribe"]))
    assert token is not None
    assert good("mail", "unsubscribe", token[1], "--config", home) == "unsubscribed from daily\n"
    wrong = "not a valid token for this store; copy the whole token from the message"
    assert misuse("mail", "unsubscribe", token[1][:-1], "--config", home) == wrong
    assert misuse("mail", "confirm", "abc", "--config", home) == wrong


def test_a_mail_address_is_forgotten_in_every_byte(home: Path, box: Box) -> None:
    store = home.with_name("hotpapers.db")
    subscribe(home, box, "unmistakable@moth.example")
    good("publish", DAY, "--to", "mailing", "--publication", "daily", "--config", home)
    good("backup", home.with_name("copy.db"), "--config", home)
    held = [b"unmistakable" in file.read_bytes() for file in store.parent.glob("hotpapers.db*")]
    assert any(held)
    said = good("forget", "Unmistakable@moth.example", "--yes", "--config", home)
    assert said == (
        f"Unmistakable@moth.example: forgotten, 1 key, 1 row, 0 originals\n"
        f"out of reach: backup {home.with_name('copy.db')}\n"
    )
    assert not [file for file in store.parent.glob("hotpapers.db*") if b"unmistakable" in file.read_bytes()]
    assert good("forget", "unmistakable@moth.example", "--yes", "--config", home).startswith("unmistakable@moth")
    assert good("verify", "--all", "--config", home).startswith("verified")
    ran = run("forget", "nobody@moth.example", "--yes", "--config", home)
    assert (ran.status, ran.err) == (2, "hotpapers: nobody@moth.example: no subscription with that address\n")


def test_without_a_relay_nobody_can_be_asked(home: Path, box: Box) -> None:
    home.write_text(home.read_text().replace('relay = "127.0.0.1"', ""))
    said = "mail is not set up: set relay and address in [mailing] of hotpapers.toml."
    assert misuse("mail", "subscribe", "some@moth.example", "--publication", "daily", "--config", home) == said
    assert misuse("mail", "check", "--config", home) == said
    assert misuse("publish", DAY, "--to", "mailing", "--publication", "daily", "--config", home) == (
        f"{home}: mailing: no destination configured; see docs/how-to/mailing.md"
    )


def test_a_relay_that_refuses_and_an_address_that_is_none(home: Path, box: Box) -> None:
    box.on("RCPT", "550 5.1.1 <some@moth.example> unknown")
    ask = ("--publication", "daily", "--config", home)
    assert failing("mail", "subscribe", "some@moth.example", *ask) == "refused by the relay: 550 5.1.1"
    assert "is not a mail address" in misuse("mail", "subscribe", "some@moth", *ask)


# ---- sending -------------------------------------------------------------------------------------------


def test_an_issue_goes_out_once(home: Path, box: Box) -> None:
    subscribe(home, box, "some@moth.example")
    box.mails.clear()
    send = ("publish", DAY, "--to", "mailing", "--publication", "daily", "--config", home)
    assert good(*send) == "mailing: 1 delivery\n"
    assert good(*send) == "mailing: 0 deliveries (already sent)\n"
    assert json.loads(good(*send, "--json"))["channels"] == [
        {"channel": "mailing", "sent": 0, "reasons": ["already sent"], "problems": []}
    ]
    [mail] = box.mails
    assert "1. Made-up paper 1" in part(read(mail.data), "plain")


def test_what_users_read_calls_it_a_message() -> None:
    """Never a letter."""
    source = Path(cli.__file__).parents[1]
    for file in (file for name in ("cli", "settings", "deliver", "web") for file in (source / name).rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        texts = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        if "settings" not in file.parts and "cli" not in file.parts:  # docstrings are shown in these two
            texts -= {node.value.value for node in ast.walk(tree) if isinstance(node, ast.Expr)
                      and isinstance(node.value, ast.Constant)}  # fmt: skip
        for text in texts:
            assert not re.search(r"\bletters?\b(?!,? (?:digits|and digits))", text), (file.name, text)


def test_nothing_sent_is_said_with_its_reason(home: Path, box: Box) -> None:
    send = ("publish", DAY, "--to", "mailing", "--publication", "daily", "--config", home)
    assert good(*send) == "mailing: 0 deliveries (daily has no confirmed subscribers)\n"
    mark = subscribe(home, box, "some@moth.example")
    with Record(str(home.with_name("hotpapers.db"))) as record, record.database.write():
        record.database.run("UPDATE subscriber SET since = ? WHERE mark = ?", ((1 << 53) - 1, mark))
    box.mails.clear()
    late = "all subscribers confirmed after it was frozen; they get the next one"
    assert good(*send) == f"mailing: 0 deliveries ({late})\n" and not box.mails


def test_what_cannot_be_sent_is_told(home: Path, box: Box) -> None:
    mark = subscribe(home, box, "some@moth.example")
    box.on("RCPT", "550 5.1.1 none")
    ran = run("publish", DAY, "--to", "mailing", "--to", "markdown", "--publication", "daily", "--config", home)
    assert ran.status == 1 and ran.err == f"hotpapers: mailing {DAY}: 1 not sent (550 5.1.1)\n"
    assert ran.out.endswith(", 1 changed\nmailing: 0 deliveries\n")
    shown = good("mail", "list", "--addresses", "--config", home)
    assert "some@moth.example  bounced since" in shown and shown.endswith(" UTC (550 5.1.1)\n")
    with Record(str(home.with_name("hotpapers.db"))) as record:
        assert email_queries.count_failed_messages(record, "daily", DAY) == 1 and len(mark) == 32


def test_a_relay_that_is_not_there_is_told(home: Path, box: Box) -> None:
    subscribe(home, box, "some@moth.example")
    home.write_text(home.read_text().replace(f"port = {box.port}", "port = 1"))
    ran = run("publish", DAY, "--to", "mailing", "--publication", "daily", "--config", home)
    assert ran.status == 1 and "127.0.0.1, port 1: Connection refused: try again in 300 s" in ran.err


def test_a_preview_sends_nothing(home: Path, box: Box, tmp_path: Path) -> None:
    show = ("publish", DAY, "--to", "mailing", "--preview", "--publication", "daily", "--config", home)
    folder = tmp_path / "preview"
    assert good(*show) == f"mailing: 1 file in {folder}, 1 changed\n"
    assert good(*show, "--output", tmp_path / "messages").endswith("messages, 1 changed\n")
    data = (folder / f"{DAY}.eml").read_bytes()
    assert read(data)["To"] == "reader@example.invalid"
    assert (tmp_path / "messages" / f"{DAY}.eml").read_bytes() == data
    assert box.connections == 0 and good("mail", "list", "--config", home) == "no subscribers yet\n"


def test_a_preview_needs_no_settings(home: Path, tmp_path: Path, here: Path) -> None:
    store = tmp_path / "hotpapers.db"
    assert good("publish", DAY, "--to", "mailing", "--preview", "--publication", "daily", "--store", store) == (
        "mailing: 1 file in preview, 1 changed\n"
    )
    assert read((here / "preview" / f"{DAY}.eml").read_bytes())["From"] == "The Daily Dozen <preview@example.invalid>"


def test_mail_is_for_days_that_are_named(home: Path) -> None:
    said = "--to mailing does not go with --all; name the days to send"
    assert misuse("publish", "--all", "--to", "mailing", "--config", home) == said
    for to in (("--to", "site"), ("--to", "mailing", "--to", "site"), ()):
        assert "--preview works only with --to chat or " in misuse("publish", DAY, "--preview", *to, "--config", home)


@pytest.mark.long
def test_run_sends_what_it_freezes_but_not_what_it_makes_up(home: Path, box: Box) -> None:
    """The days of the last two weeks are frozen at once; only those that have just closed are sent."""
    subscribe(home, box, "some@moth.example")
    box.mails.clear()
    off = "".join(f"[source.{name}]\non = false\n" for name in ("arxiv", "bluesky", "hackernews", "huggingface"))
    home.write_text(home.read_text() + off + '[source.lobsters]\nbase = "http://127.0.0.1:1"\n')
    assert run("run", "--once", "--config", home).status == 0
    with Record(str(home.with_name("hotpapers.db"))) as record:
        days = [day for day in frozen_days(record, "daily") if day != DAY]
        new = list(fresh_days(record, "daily", now()))
    assert len(days) >= 8 and len(new) <= 3 and set(new) < set(days)
    assert [read(one.data)["Message-ID"][1:11] for one in box.mails] == new
    assert run("run", "--once", "--config", home).status == 0
    assert len(box.mails) == len(new)
    assert "sending " in good("status", "--config", home)


# ---- bounces -------------------------------------------------------------------------------------------


def test_a_mailbox_is_taken_in_from_a_file_or_a_pipe(home: Path, box: Box, tmp_path: Path) -> None:
    mark = subscribe(home, box, "some@moth.example")
    data = report(mark=mark)
    file = tmp_path / "box"
    file.write_bytes(data)
    told = "1 bounced, 0 returned for other reasons, 0 confirmed, 0 unsubscribed, 0 other messages\n"
    assert good("mail", "bounce", file, "--config", home) == told
    again = json.loads(good("mail", "bounce", "--json", "--config", home, input=data))
    assert again == {"bounced": 0, "came_back": 0, "confirmed": 0, "left": 0, "other": 1}
    assert "some@moth.example  bounced since" in good("mail", "list", "--addresses", "--config", home)


def test_a_mailbox_that_is_too_large(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotpapers.cli.mail.LARGEST_MAILBOX", 100)
    for file in ([], ["/dev/zero"]):
        assert misuse("mail", "bounce", *file, "--config", home, input=b"x" * 200) == (
            "the mailbox is too large; process it in parts"
        )


# ---- through the app -----------------------------------------------------------------------------------


@pytest.mark.long
def test_the_app_confirms_and_unsubscribes(home: Path, box: Box) -> None:
    good("mail", "subscribe", "some@moth.example", "--publication", "daily", "--config", home)
    with app(home) as base:
        link = re.search(r"<https://app.owls.example/(mail/confirm/\S+)>", read(box.mails[-1].data).get_content())
        assert link is not None
        assert b"Get The Daily Dozen by mail?" in fetched(f"{base}{link[1]}")
        assert b"You are subscribed to The Daily Dozen" in fetched(f"{base}{link[1]}", b"")
        with Record(str(home.with_name("hotpapers.db"))) as record, record.database.write():
            record.database.run("UPDATE subscriber SET since = 1")
        good("publish", DAY, "--to", "mailing", "--publication", "daily", "--config", home)
        way = re.search(r"<https://app.owls.example/(\S+?)>", str(read(box.mails[-1].data)["List-Unsubscribe"]))
        assert way is not None
        assert b"Unsubscribed" in fetched(f"{base}{way[1]}", b"List-Unsubscribe=One-Click")
    assert "0 confirmed, 0 asked, 0 bounced, 1 ended" in good("mail", "list", "--config", home)


@contextmanager
def app(home: Path) -> Iterator[str]:
    """The address of the app, running in its own process."""
    command = words("serve", "--port", "0", "--publication", "daily", "--config", home)
    with subprocess.Popen(command, env=environment(PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            found = re.search(r"http://\S+", child.stdout.readline())
            assert found is not None
            yield found[0]
        finally:
            child.kill()


def fetched(url: str, body: bytes | None = None) -> bytes:
    """The text of a page; with a body, the answer to a POST."""
    with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=30) as answer:
        found = answer.read()
    assert isinstance(found, bytes)
    return found


# ---- a domain's records --------------------------------------------------------------------------------


def test_a_domain_is_checked(home: Path) -> None:
    home.write_text(home.read_text().replace('relay = "127.0.0.1"', 'relay = "mail.owls.example"'))
    with serving_dns(GOOD) as server:
        check = ("mail", "check", "--resolver", f"127.0.0.1:{server.port}", "--config", home)
        said = good(*check)
        assert said.splitlines()[0] == "SPF          good     owls.example lets 192.0.2.7 send in its name"
        assert [line.split()[1] for line in said.splitlines()] == ["good"] * 5
        ran = run(*check, "--ip", "192.0.2.9")
        assert ran.status == 1
        assert ran.out.splitlines()[1] == (
            '                      add: instead: owls.example. IN TXT "v=spf1 ip4:192.0.2.9 a:mail.owls.example -all"'
        )
        server.zone = {}
        ran = run(*check, "--json")
        assert ran.status == 1 and [one["outcome"] for one in ran.json["findings"]] == ["bad"] * 4 + ["good"]
    home.write_text(home.read_text().replace('selector = "owl"', ""))
    with serving_dns(GOOD) as server:
        ran = run("mail", "check", "--resolver", f"127.0.0.1:{server.port}", "--config", home)
        refused = misuse("mail", "check", "--resolver", f"127.0.0.1:{server.port}", "--ip", "1.2.3", "--config", home)
    assert ran.status == 0 and ran.err == "hotpapers: 1 item could not be checked\n"
    assert refused == "--ip 1.2.3: not an IP address; write it like 192.0.2.1"
    assert "not a resolver; write its IP address" in misuse("mail", "check", "--resolver", "dns", "--config", home)


def test_a_message_that_arrived_is_checked(home: Path, tmp_path: Path) -> None:
    message = tmp_path / "message.eml"
    message.write_bytes(arrived_message())
    assert [line.split()[1] for line in good("mail", "check", message).splitlines()] == ["good"] * 4
    message.write_bytes(MESSAGE)
    assert run("mail", "check", message).status == 1
    message.write_bytes(b"")
    for file in (message, "/dev/zero"):
        assert failing("mail", "check", file).startswith("not a mail message: ")


# ---- secrets -------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_password_is_never_printed(home: Path, box: Box) -> None:
    home.write_text(home.read_text() + 'user = "papers"\n')
    said = misuse("mail", "subscribe", "some@moth.example", "--publication", "daily", "--config", home)
    assert "has no password" in said
    for more in ((), ("--debug",)):
        command = words(
            "mail", "subscribe", "some@moth.example", "--publication", "daily", "--config", home, *more
        )  # fmt: skip
        done = subprocess.run(
            command, env=environment(HOTPAPERS_MAIL_PASSWORD="hush-hush"), capture_output=True, check=False
        )
        assert done.returncode == 1 and b"127.0.0.1, port" in done.stderr
        assert b"hush" not in done.stdout + done.stderr
