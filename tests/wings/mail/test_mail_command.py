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
from hotpapers.issues.queries import frozen_days
from hotpapers.publish.schedule.sending import fresh_days
from hotpapers.record import Record, current_time
from hotpapers.wings.mail import queries as email_queries
from hotpapers.wings.mail import subscribers
from tests.cli.run import command_line, environment, failure, good, misuse, run, run_process
from tests.issues.made import DAY
from tests.wings.mail.reading import part, read
from tests.wings.mail.samples import fill
from tests.wings.mail.server import Box, serving
from tests.wings.mail.test_bounces import report, sent

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
pace = 60000
"""


@pytest.fixture
def box() -> Iterator[Box]:
    with serving() as server:
        yield server


@pytest.fixture
def config(tmp_path: Path, box: Box) -> Path:
    """Settings, and a store with one issue and no subscribers."""
    config_file = tmp_path / "hotpapers.toml"
    config_file.write_text(SETTINGS.format(relay="127.0.0.1", port=box.port))
    with Record(str(tmp_path / "hotpapers.db")) as record:
        fill(record)
    return config_file


def subscribe(config: Path, box: Box, address: str, *options: str) -> str:
    """Subscribe an address and confirm it; returns its mark."""
    good("mail", "subscribe", address, "--publication", "daily", *options, "--config", config)
    token = re.search(r"mail/confirm/(\S+)>", read(box.mails[-1].data).get_content())
    assert token is not None
    output = good("mail", "confirm", token[1], "--config", config)
    assert output == f"{address}: subscribed to daily\n"
    with Record(str(config.with_name("hotpapers.db"))) as record:  # as if it had happened before the issue was frozen
        mark = subscribers.mark_of(record, "daily", address)
        with record.database.write():
            record.database.run("UPDATE subscriber SET since = 1 WHERE mark = ?", (mark,))
    return mark


# ---- the list ------------------------------------------------------------------------------------------


def test_somebody_comes_and_goes(config: Path, box: Box) -> None:
    command = ("mail", "subscribe", "some@moth.example", "--publication", "daily", "--config", config)
    assert good("mail", "list", "--config", config) == "no subscribers yet\n"
    assert good(*command) == "some@moth.example: confirmation message sent\n"
    no_message = "some@moth.example: already confirmed, or asked within the last day; no message was sent\n"
    assert good(*command) == no_message
    assert good("mail", "list", "--config", config) == "daily: 0 confirmed, 1 asked, 0 bounced, 0 ended\n"
    with Record(str(config.with_name("hotpapers.db"))) as record, record.database.write():
        record.database.run("DELETE FROM subscriber")
    subscribe(config, box, "some@moth.example", "--skip-empty")
    assert good(*command) == no_message
    output = good("mail", "list", "--addresses", "--config", config)
    assert output == (
        "daily: 1 confirmed, 0 asked, 0 bounced, 0 ended\n"
        "  daily  some@moth.example  confirmed since 1970-01-01 00:00 UTC\n"
    )
    result = json.loads(good("mail", "list", "--addresses", "--json", "--config", config))
    assert result["counts"]["daily"]["confirmed"] == 1
    assert result["subscribers"][0]["address"] == "some@moth.example" and "mark" not in result["subscribers"][0]
    assert good("mail", "unsubscribe", "SOME@moth.example", "--config", config) == "unsubscribed from daily\n"
    assert misuse("mail", "unsubscribe", "some@moth.example", "--config", config) == "no subscription with that address"
    result = json.loads(good("mail", "list", "--json", "--config", config))
    assert result == {"counts": {"daily": {"confirmed": 0, "asked": 0, "bounced": 0, "ended": 1}}}


def test_a_domain_beyond_ascii_is_one_address_in_every_form(config: Path, box: Box) -> None:
    command = ("mail", "subscribe", "some@bücher.example", "--publication", "daily", "--config", config)
    assert good(*command) == "some@xn--bcher-kva.example: confirmation message sent\n"
    assert list(box.mails[-1].recipients) == ["some@xn--bcher-kva.example"]
    assert "no message was sent" in good(*command[:2], "some@XN--bcher-kva.example", *command[3:])
    assert good("mail", "unsubscribe", "some@BÜCHER.example", "--config", config) == "unsubscribed from daily\n"
    forgotten = good("forget", "some@bücher.example", "--yes", "--config", config)
    assert forgotten.startswith("some@xn--bcher-kva.example: forgotten")


def test_a_token_unsubscribes_and_one_publication_may_be_named(config: Path, box: Box) -> None:
    subscribe(config, box, "some@moth.example")
    good("mail", "subscribe", "some@moth.example", "--publication", "weekly", "--config", config)
    assert good(
        "mail", "unsubscribe", "some@moth.example", "--publication", "weekly", "--config", config
    ) == "unsubscribed from weekly\n"  # fmt: skip
    good("publish", DAY, "--to", "mailing", "--publication", "daily", "--config", config)
    token = re.search(r"unsubscribe%20(\S+?)>", str(read(box.mails[-1].data)["List-Unsubscribe"]))
    assert token is not None
    assert good("mail", "unsubscribe", token[1], "--config", config) == "unsubscribed from daily\n"
    message = "not a valid token for this store; copy the whole token from the message"
    assert misuse("mail", "unsubscribe", token[1][:-1], "--config", config) == message
    assert misuse("mail", "confirm", "abc", "--config", config) == message


def test_a_mail_address_is_forgotten_in_every_byte(config: Path, box: Box) -> None:
    store = config.with_name("hotpapers.db")
    subscribe(config, box, "unmistakable@moth.example")
    good("publish", DAY, "--to", "mailing", "--publication", "daily", "--config", config)
    good("backup", config.with_name("copy.db"), "--config", config)
    matches = [b"unmistakable" in file.read_bytes() for file in store.parent.glob("hotpapers.db*")]
    assert any(matches)
    output = good("forget", "Unmistakable@moth.example", "--yes", "--config", config)
    assert output == (
        f"Unmistakable@moth.example: forgotten, 1 key, 1 row\nout of reach: backup {config.with_name('copy.db')}\n"
    )
    assert not [file for file in store.parent.glob("hotpapers.db*") if b"unmistakable" in file.read_bytes()]
    assert good("forget", "unmistakable@moth.example", "--yes", "--config", config).startswith("unmistakable@moth")
    assert good("verify", "--all", "--config", config).startswith("verified")
    result = run("forget", "nobody@moth.example", "--yes", "--config", config)
    assert (result.status, result.err) == (2, "hotpapers: nobody@moth.example: no subscription with that address\n")


def test_without_a_relay_nobody_can_be_asked(config: Path, box: Box) -> None:
    config.write_text(config.read_text().replace('relay = "127.0.0.1"', ""))
    message = "mail is not set up: set relay and address in [mailing] of hotpapers.toml"
    assert misuse("mail", "subscribe", "some@moth.example", "--publication", "daily", "--config", config) == message
    assert misuse("publish", DAY, "--to", "mailing", "--publication", "daily", "--config", config) == (
        f"{config}: mailing: no destination configured; see `hotpapers docs wings/mailing`"
    )


def test_a_relay_that_refuses_and_an_address_that_is_none(config: Path, box: Box) -> None:
    box.on("RCPT", "550 5.1.1 <some@moth.example> unknown")
    options = ("--publication", "daily", "--config", config)
    assert failure("mail", "subscribe", "some@moth.example", *options) == "refused by the relay: 550 5.1.1"
    assert "is not a mail address" in misuse("mail", "subscribe", "some@moth", *options)


# ---- sending -------------------------------------------------------------------------------------------


def test_an_issue_goes_out_once(config: Path, box: Box) -> None:
    subscribe(config, box, "some@moth.example")
    box.mails.clear()
    command = ("publish", DAY, "--to", "mailing", "--publication", "daily", "--config", config)
    assert good(*command) == "mailing: 1 delivery\n"
    assert good(*command) == "mailing: 0 deliveries (already sent)\n"
    assert json.loads(good(*command, "--json"))["channels"] == [
        {"channel": "mailing", "sent": 0, "reasons": ["already sent"], "problems": []}
    ]
    [mail] = box.mails
    assert "1. Made-up paper 1" in part(read(mail.data), "plain")


def test_what_users_read_calls_it_a_message() -> None:
    """Never a letter."""
    source = Path(cli.__file__).parents[1]
    for file in (file for place in ("cli", "base/settings", "publish/deliver", "serve", "wings/mail")
                 for file in sorted((source / place).rglob("*.py"))):  # fmt: skip
        tree = ast.parse(file.read_text("utf-8"))
        texts = {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        if "settings" not in file.parts and "cli" not in file.parts:  # docstrings are shown in these two
            texts -= {node.value.value for node in ast.walk(tree) if isinstance(node, ast.Expr)
                      and isinstance(node.value, ast.Constant)}  # fmt: skip
        for text in texts:
            assert not re.search(r"\bletters?\b(?!,? (?:digits|and digits))", text), (file.name, text)


def test_nothing_sent_is_said_with_its_reason(config: Path, box: Box) -> None:
    command = ("publish", DAY, "--to", "mailing", "--publication", "daily", "--config", config)
    assert good(*command) == "mailing: 0 deliveries (daily has no confirmed subscribers)\n"
    mark = subscribe(config, box, "some@moth.example")
    with Record(str(config.with_name("hotpapers.db"))) as record, record.database.write():
        record.database.run("UPDATE subscriber SET since = ? WHERE mark = ?", ((1 << 53) - 1, mark))
    box.mails.clear()
    reason = "all subscribers confirmed after it was frozen; they get the next one"
    assert good(*command) == f"mailing: 0 deliveries ({reason})\n" and not box.mails


def test_what_cannot_be_sent_is_told(config: Path, box: Box) -> None:
    mark = subscribe(config, box, "some@moth.example")
    box.on("RCPT", "550 5.1.1 none")
    result = run("publish", DAY, "--to", "mailing", "--to", "markdown", "--publication", "daily", "--config", config)
    assert result.status == 1 and result.err == f"hotpapers: mailing {DAY}: 1 not sent (550 5.1.1)\n"
    assert result.out.endswith(", 1 changed\nmailing: 0 deliveries\n")
    output = good("mail", "list", "--addresses", "--config", config)
    assert "some@moth.example  bounced since" in output and output.endswith(" UTC (550 5.1.1)\n")
    with Record(str(config.with_name("hotpapers.db"))) as record:
        assert email_queries.count_failed_messages(record, "daily", DAY) == 1 and len(mark) == 32


def test_a_relay_that_is_not_there_is_told(config: Path, box: Box) -> None:
    subscribe(config, box, "some@moth.example")
    config.write_text(config.read_text().replace(f"port = {box.port}", "port = 1"))
    result = run("publish", DAY, "--to", "mailing", "--publication", "daily", "--config", config)
    assert result.status == 1 and "127.0.0.1, port 1: Connection refused: try again in 5 min" in result.err


def test_a_preview_sends_nothing(config: Path, box: Box, tmp_path: Path) -> None:
    command = ("publish", DAY, "--to", "mailing", "--preview", "--publication", "daily", "--config", config)
    folder = tmp_path / "preview"
    assert good(*command) == f"mailing: 1 file in {folder}, 1 changed\n"
    assert good(*command, "--output", tmp_path / "messages").endswith("messages, 1 changed\n")
    data = (folder / f"{DAY}.eml").read_bytes()
    assert read(data)["To"] == "reader@example.invalid"
    assert (tmp_path / "messages" / f"{DAY}.eml").read_bytes() == data
    assert box.connections == 0 and good("mail", "list", "--config", config) == "no subscribers yet\n"


def test_a_preview_needs_no_settings(config: Path, tmp_path: Path, cwd: Path) -> None:
    store = tmp_path / "hotpapers.db"
    assert good("publish", DAY, "--to", "mailing", "--preview", "--publication", "daily", "--store", store) == (
        "mailing: 1 file in preview, 1 changed\n"
    )
    assert read((cwd / "preview" / f"{DAY}.eml").read_bytes())["From"] == "The Daily Dozen <preview@example.invalid>"


def test_mail_is_for_days_that_are_named(config: Path) -> None:
    message = "--to mailing does not go with --all; name the days to send"
    assert misuse("publish", "--all", "--to", "mailing", "--config", config) == message
    for to in (("--to", "site"), ("--to", "mailing", "--to", "site"), ()):
        assert "--preview works only with --to chat or " in misuse("publish", DAY, "--preview", *to, "--config", config)


@pytest.mark.long
def test_run_sends_what_it_freezes_but_not_what_it_makes_up(config: Path, box: Box) -> None:
    """The days of the last two weeks are frozen at once; only those that have just closed are sent."""
    subscribe(config, box, "some@moth.example")
    box.mails.clear()
    off = "".join(f"[source.{name}]\non = false\n" for name in ("arxiv", "bluesky", "hackernews", "huggingface"))
    config.write_text(config.read_text() + off + '[source.lobsters]\nbase = "http://127.0.0.1:1"\n')
    first = run_process("run", "--once", "--config", config)
    assert first.status == 1, first  # no network can be read; what is due is sent anyway
    with Record(str(config.with_name("hotpapers.db"))) as record:
        days = [day for day in frozen_days(record, "daily") if day != DAY]
        new = list(fresh_days(record, "daily", current_time()))
    assert len(days) >= 5 and len(new) <= 3 and set(new) < set(days), (days, new, first)  # arXiv rests on some days
    assert [read(mail.data)["Message-ID"][1:11] for mail in box.mails] == new
    run_process("run", "--once", "--config", config)
    assert len(box.mails) == len(new)
    assert "sending " in good("status", "--config", config)


# ---- bounces -------------------------------------------------------------------------------------------


def test_a_mailbox_is_taken_in_from_a_file_or_a_pipe(config: Path, box: Box, tmp_path: Path) -> None:
    mark = subscribe(config, box, "some@moth.example")
    with Record(str(config.with_name("hotpapers.db"))) as record:
        data = report(message=sent(mark, secret=record.hasher.secret))
    file = tmp_path / "box"
    file.write_bytes(data)
    output = "1 bounced, 0 returned for other reasons, 0 confirmed, 0 unsubscribed, 0 other messages\n"
    assert good("mail", "bounce", file, "--config", config) == output
    counts = json.loads(good("mail", "bounce", "--json", "--config", config, input=data))
    assert counts == {"bounced": 0, "came_back": 0, "confirmed": 0, "left": 0, "other": 1}
    assert "some@moth.example  bounced since" in good("mail", "list", "--addresses", "--config", config)


def test_a_mailbox_that_is_too_large(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotpapers.wings.mail.cli.mail.MAX_MAILBOX_BYTES", 100)
    for file in ([], ["/dev/zero"]):
        assert misuse("mail", "bounce", *file, "--config", config, input=b"x" * 200) == (
            "the mailbox is too large; process it in parts"
        )


# ---- through the app -----------------------------------------------------------------------------------


@pytest.mark.long
def test_the_app_confirms_and_unsubscribes(config: Path, box: Box) -> None:
    good("mail", "subscribe", "some@moth.example", "--publication", "daily", "--config", config)
    with app(config) as base:
        link = re.search(r"<https://app.owls.example/(mail/confirm/\S+)>", read(box.mails[-1].data).get_content())
        assert link is not None
        assert b"Get The Daily Dozen by mail?" in fetch(f"{base}{link[1]}")
        assert b"You are subscribed to The Daily Dozen" in fetch(f"{base}{link[1]}", b"")
        with Record(str(config.with_name("hotpapers.db"))) as record, record.database.write():
            record.database.run("UPDATE subscriber SET since = 1")
        good("publish", DAY, "--to", "mailing", "--publication", "daily", "--config", config)
        unsubscribe_link = re.search(
            r"<https://app.owls.example/(\S+?)>", str(read(box.mails[-1].data)["List-Unsubscribe"])
        )
        assert unsubscribe_link is not None
        assert b"Unsubscribed" in fetch(f"{base}{unsubscribe_link[1]}", b"List-Unsubscribe=One-Click")
    assert "0 confirmed, 0 asked, 0 bounced, 1 ended" in good("mail", "list", "--config", config)


@contextmanager
def app(config: Path) -> Iterator[str]:
    """The address of the app, running in its own process."""
    command = command_line("serve", "--port", "0", "--publication", "daily", "--config", config)
    with subprocess.Popen(command, env=environment(PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            match = re.search(r"http://\S+", child.stdout.readline())
            assert match is not None
            yield match[0]
        finally:
            child.kill()


def fetch(url: str, body: bytes | None = None) -> bytes:
    """The body of a page; with `body`, the response to a POST."""
    with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=30) as response:
        text = response.read()
    assert isinstance(text, bytes)
    return text


# ---- secrets -------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_password_is_never_printed(config: Path, box: Box) -> None:
    config.write_text(config.read_text() + 'user = "papers"\n')
    message = misuse("mail", "subscribe", "some@moth.example", "--publication", "daily", "--config", config)
    assert "has no password" in message
    for options in ((), ("--debug",)):
        command = command_line(
            "mail", "subscribe", "some@moth.example", "--publication", "daily", "--config", config, *options
        )  # fmt: skip
        process = subprocess.run(
            command, env=environment(HOTPAPERS_MAIL_PASSWORD="hush-hush"), capture_output=True, check=False
        )
        assert process.returncode == 1 and b"127.0.0.1, port" in process.stderr
        assert b"hush" not in process.stdout + process.stderr


def test_status_warns_of_a_password_that_others_can_read(config: Path) -> None:
    config.write_text(config.read_text("utf-8") + 'user = "owls"\npassword_file = "relay.password"\n', "utf-8")
    password = config.with_name("relay.password")
    password.write_text("a-made-up-password", "utf-8")
    for mode, expected in ((0o600, []), (0o644, [str(password)])):
        password.chmod(mode)
        exposed = json.loads(run("status", "--json", "--config", config).out)["exposed"]
        assert [file for file in exposed if file.endswith(".password")] == expected
