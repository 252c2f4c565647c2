"""Messages as mail readers in a terminal show them: mutt its plain text, w3m and lynx its HTML."""

from __future__ import annotations

import html
import os
import pty
import re
import select
import shutil
import subprocess
from pathlib import Path

import pytest

from hotpapers.base.model import PublishedIssue
from hotpapers.wings.mail.messages import address_message, issue_message
from tests.publish.render.full_sample import FULL_READER
from tests.publish.render.sample import OWN_READER
from tests.wings.mail.reading import part, read
from tests.wings.mail.samples import SECRET, SITE_CONFIG, mail_config, reader

ISSUES = [FULL_READER.issue("daily", "2021-01-14"), OWN_READER.issue("daily", "2021-01-13")]
BROWSERS = {
    "w3m": ["-dump", "-T", "text/html", "-I", "utf-8", "-O", "utf-8", "-cols", "80"],
    "lynx": ["-dump", "-stdin", "-force_html", "-nolist", "-display_charset=utf-8", "-width=80"],
}
SETTINGS = """set mbox_type=mbox folder="." record="" beep=no confirmappend=no quit=yes pipe_decode=yes
set charset=utf-8 header_cache="" tmpdir="." wait_key=no
alternative_order text/plain
ignore *
unignore subject
"""
PATIENCE = 60.0
"""Seconds of silence after which a program is considered dead."""


def message_of(issue: PublishedIssue) -> bytes:
    config = mail_config()
    return address_message(issue_message(issue, config, SITE_CONFIG), config, reader(), SECRET, issue.frozen_at)


def program(name: str) -> str:
    path = shutil.which(name)
    if not path:
        pytest.skip(f"no {name}: apt-get install {name}")
    return path


def words(text: str) -> list[str]:
    """Letters and digits alone: programs differ in bullets, rules and how they break lines."""
    return re.findall(r"[^\W_]+", text)


def in_terminal(command: list[str], folder: Path) -> None:
    """Runs a program in a terminal until it ends."""
    process, terminal = pty.fork()
    if process == 0:  # pragma: no cover: the program itself
        os.chdir(folder)
        environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", "HOME": str(folder)}
        os.execve(command[0], command, environment)
    try:
        while select.select([terminal], [], [], PATIENCE)[0] and os.read(terminal, 65536):
            pass
    except OSError:  # Linux, once the program has closed its side
        pass
    finally:
        os.close(terminal)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.parametrize("issue", ISSUES, ids=["full", "empty"])
@pytest.mark.parametrize("name", sorted(BROWSERS))
def test_the_html_reads_like_the_text_in_a_terminal(name: str, issue: PublishedIssue) -> None:
    """After the line that other mail readers show beside the subject."""
    message = read(message_of(issue))
    page = part(message, "html")
    preheader = "".join(re.findall(r'<div style="display:none[^>]*>(.*)</div>', page))
    process = subprocess.run(
        [program(name), *BROWSERS[name]], input=page.encode(), capture_output=True, check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    text = process.stdout.decode()
    plain = re.sub(r"<[a-z]+:[^>]*>", "", part(message, "plain"))
    assert words(text) == words(html.unescape(preheader)) + words(plain)
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("issue", ISSUES, ids=["full", "empty"])
def test_a_mail_reader_shows_the_subject_and_the_text(tmp_path: Path, issue: PublishedIssue) -> None:
    data = message_of(issue)
    envelope = b"From papers@owls.example Thu Jan 14 12:00:00 2021\n"
    (tmp_path / "box").write_bytes(envelope + data.replace(b"\r\n", b"\n") + b"\n")
    (tmp_path / "muttrc").write_text(SETTINGS)
    keys = "push '<pipe-message>cat>shown<enter><exit>'"
    in_terminal([program("mutt"), "-n", "-F", "muttrc", "-f", "box", "-R", "-e", keys], tmp_path)
    head, _, body = (tmp_path / "shown").read_text("utf-8").partition("\n\n")
    message = read(data)
    subject = re.sub(r"\n[ \t]", " ", head).partition("Subject: ")[2].partition("\n")[0]
    assert subject == str(message["Subject"])
    assert body.strip() == part(message, "plain").strip()
