"""The channel for single readers: a feed and a mail of a day in their order, each once, through a real relay."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.base.model import Notice, Paper
from hotpapers.base.settings import load
from hotpapers.record import Record
from hotpapers.wings.personal.stars import MAX_FILE_BYTES
from tests.cli.run import good, misuse, run
from tests.issues.made import DAY
from tests.wings.mail.samples import fill, join
from tests.wings.mail.server import HANG_UP, Box, serving

SETTINGS = """
store = "hotpapers.db"
[[publication]]
name = "daily"
title = "The Daily Dozen"
[publish]
base = "https://papers.example/daily/"
[mailing]
relay = "127.0.0.1"
port = {port}
address = "papers@owls.example"
pace = 60000
[[reader]]
name = "Ada"
publication = "daily"
stars = "ada.txt"
feed = "public/for/3f9c.atom"
[[reader]]
name = "Bo"
publication = "daily"
stars = "ada.txt"
mail = "bo@moth.example"
papers = 1
"""
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def box() -> Iterator[Box]:
    with serving() as server:
        yield server


@pytest.fixture
def config(tmp_path: Path, box: Box) -> Path:
    """Settings with two readers, and a store with one issue."""
    file = tmp_path / "hotpapers.toml"
    file.write_text(SETTINGS.format(port=box.port))
    (tmp_path / "ada.txt").write_text("2101.04869\nword: paper\n")
    with Record(str(tmp_path / "hotpapers.db")) as record:
        fill(record)
    return file


def test_each_reader_gets_a_day_once(config: Path, box: Box) -> None:
    command = ("publish", DAY, "--to", "reader", "--config", config)
    assert good(*command) == "reader: 2 deliveries\n"
    assert good(*command) == "reader: 0 deliveries (already sent)\n"
    [mail] = box.mails
    text = mail.message.get_content().replace("\r\n", "\n")
    assert mail.recipients == ("bo@moth.example",) and mail.message["Subject"] == "Made-up paper 1 · 7 May"
    assert (
        text.startswith("The Daily Dozen\nTuesday, 7 May 2024, in your order\n")
        and "has “paper”" in text
        and "\n 2. " not in text
    )
    assert f"https://papers.example/daily/{DAY}/" in text and "https://arxiv.org/abs/" in text
    feed = ET.fromstring(config.with_name("public").joinpath("for/3f9c.atom").read_bytes())
    [entry] = feed.findall(f"{ATOM}entry")
    assert feed.findtext(f"{ATOM}title") == "The Daily Dozen for Ada"
    content = entry.findtext(f"{ATOM}content") or ""
    assert "has “paper”" in content and content.count("<li>") >= 1
    assert entry.findtext(f"{ATOM}title") == "Made-up paper 1 · 7 May"
    paper = "https://papers.example/daily/paper/2405.00001/"
    for shown_text in (text, content):
        assert "People: " in shown_text and f"{paper}#discussed" in shown_text
    assert [link.get("href") for link in entry.findall(f"{ATOM}link")] == [f"https://papers.example/daily/{DAY}/"]


def test_a_paper_that_was_taken_back_is_marked(config: Path, box: Box) -> None:
    """In the mail, and in the feed, whose title names the first paper."""
    with Record(str(config.with_name("hotpapers.db"))) as record:
        papers = record.view().items(Paper)
        notices = [
            Notice(paper=paper.paper, notice="doi:10.5555/n", type="retraction", day=DAY, observed_at=1)
            for paper in papers
        ]
        record.append(notices, source="test")
    good("publish", DAY, "--to", "reader", "--config", config)
    feed = config.with_name("public").joinpath("for", "3f9c.atom").read_text("utf-8")
    assert "<title>[retracted] Made-up paper 1 " in feed and feed.count("[retracted]") > 1
    [mail] = box.mails
    assert " 1. [retracted] Made-up paper 1\n" in mail.message.get_content().replace("\r\n", "\n")


def test_a_preview_sends_nothing(config: Path, box: Box) -> None:
    shown = good("publish", DAY, "--to", "reader", "--preview", "--config", config)
    assert "reader to Ada:" in shown and "reader to Bo:" in shown and not box.mails
    assert not config.with_name("public").joinpath("for").exists()


def test_what_did_not_arrive_is_sent_again_and_what_may_have_is_not(config: Path, box: Box) -> None:
    command = ("publish", DAY, "--to", "reader", "--config", config)
    stars = config.with_name("ada.txt")
    kept = stars.rename(stars.with_suffix(".kept"))
    assert run(*command).err.count("1 not sent (reader '") == 2
    kept.rename(stars)
    box.on("RCPT", "451 4.2.1 try again")
    assert "deferred: " in run(*command).err
    box.on("DATA", HANG_UP)
    assert "may or may not have arrived" in run(*command).err
    assert good(*command) == "reader: 1 delivery\n" and len(box.mails) <= 1
    assert good(*command) == "reader: 0 deliveries (already sent)\n"


def test_a_correction_is_mailed_to_readers_who_had_no_edition(config: Path, box: Box) -> None:
    command = ("publish", DAY, "--to", "reader", "--config", config)
    correct = ("issue", DAY, "--again", "--reason", "miscounted", "--config", config)
    box.on("RCPT", "451 4.7.1 greylisted")
    run(*command)
    received = len(box.mails)
    run(*correct)
    assert good(*command) == "reader: 2 deliveries\n" and len(box.mails) == received + 1
    run(*correct)
    assert good(*command) == "reader: 1 delivery\n" and len(box.mails) == received + 1, "the feed is written again"


WRONG_STARS = {
    "missing": None, "empty": b"",
    "prose": b"Dear all, these are the papers that I like.\n", "binary": bytes(range(256)),
    "no paper": b"word:\n", "signs for words": b"word: ((((\nword: \\\nword: \0\n",
    "odd words": b"word: a AND OR (\n",
    "broken JSON": b'{"papers": [', "wrong JSON": b'{"papers": 7, "words": {"a": 1}}', "only JSON": b"[[[[]]]]",
    "broken BibTeX": b"@article{a, title = {Kettles", "of other things": b"%PDF-1.4\n",
}  # fmt: skip
"""Contents of a reader's file; None: a folder instead."""
WRONG_SETTINGS = [
    ("daily", "no/such/file.txt", 'mail = "cy@moth.example"'), ("weekly", "ada.txt", 'mail = "cy@moth.example"'),
    ("daily", "long.txt", 'mail = "cy@moth.example"'), ("daily", ".", 'mail = "cy@moth.example"'),
     ("daily", "ada.txt", 'feed = "hotpapers.toml/for.atom"'),
]  # fmt: skip


@pytest.mark.parametrize("to", [("reader", "mailing"), ("mailing", "reader")])
def test_a_reader_whose_settings_are_wrong_stops_nobody_elses_mail(config: Path, box: Box, to: tuple[str, str]) -> None:
    """Wherever their tables stand: other readers get their mail, and so do subscribers."""
    wrong = list(WRONG_SETTINGS)
    config.with_name("long.txt").touch()
    os.truncate(config.with_name("long.txt"), MAX_FILE_BYTES + 1)
    for number, data in enumerate(WRONG_STARS.values()):
        file = config.with_name(f"{number}.txt")
        file.mkdir() if data is None else file.write_bytes(data)
        wrong.append(("daily", file.name, 'mail = "cy@moth.example"'))
    tables = [
        f'\nname = "Cy {number}"\npublication = "{publication}"\nstars = "{stars}"\n{target}\n'
        for number, (publication, stars, target) in enumerate(wrong)
    ]
    head, ada, bo = config.read_text().split("[[reader]]")
    config.write_text("[[reader]]".join([head, *tables[:2], ada, *tables[2:-2], bo, *tables[-2:]]))
    with Record(str(config.with_name("hotpapers.db"))) as record:
        join(record, "di@moth.example")
    result = run("publish", DAY, "--to", to[0], "--to", to[1], "--config", config)
    assert "Traceback" not in result.err and result.status, result.err
    recipients = [recipient for mail in box.mails for recipient in mail.recipients]
    assert recipients.count("bo@moth.example") == recipients.count("di@moth.example") == 1
    assert config.with_name("public").joinpath("for/3f9c.atom").exists()
    assert "'weekly' is not in this file" in result.err


def test_another_file_is_not_overwritten(config: Path) -> None:
    feed = config.with_name("public") / "for" / "3f9c.atom"
    feed.parent.mkdir(parents=True)
    feed.write_text("<feed/>")
    assert "is not this reader's feed" in run("publish", DAY, "--to", "reader", "--config", config).err
    assert feed.read_text() == "<feed/>"


WRONG_ADDRESSES = (
    "\u00e9mile@moth.example", "bo(x)@moth.example", '"bo"@moth.example', "bo;di@moth.example",
    "mailto:bo@moth.example", "b..o@moth.example", "bo@mo..th.example", ".@moth.example", "bo@-.example",
)  # fmt: skip


def test_a_feed_that_came_first_does_not_keep_the_site_from_its_folder(config: Path) -> None:
    text = config.read_text().replace("public/for/", "public/site/for/")
    config.write_text(text)
    good("publish", DAY, "--to", "reader", "--config", config)
    good("publish", DAY, "--to", "site", "--config", config, "--output", config.with_name("public") / "site")
    site = config.with_name("public") / "site"
    assert (site / "for" / "3f9c.atom").is_file() and (site / "index.html").is_file()
    (config.with_name("other") / "for").mkdir(parents=True)
    (config.with_name("other") / "for" / "notes.xml").write_text("<notes/>")
    refused = misuse("publish", DAY, "--to", "site", "--config", config, "--output", config.with_name("other"))
    assert "contains for, which this program did not write" in refused


@pytest.mark.parametrize(
    ("line", "replacement", "problem"),
    [
        ('mail = "bo@moth.example"', 'mail = "bo"', "'bo' is not a mail address"),
        *(('mail = "bo@moth.example"', f"mail = '{address}'", "is not a mail address") for address in WRONG_ADDRESSES),
        ('mail = "bo@moth.example"', "", "write either feed or mail"),
        ('name = "Bo"', 'name = "Ada"', "is taken by an earlier table"),
        ('name = "Bo"', 'name = " "', "write a name"),
        ('feed = "public/for/3f9c.atom"', 'feed = "public/for/"', "ends with .atom or .xml"),
        ('mail = "bo@moth.example"', 'feed = "public/for/3f9c.atom"', "is another reader's, too"),
        ('stars = "ada.txt"', 'stars = ""', "name a file"),
    ],
)
def test_settings_are_checked(config: Path, line: str, replacement: str, problem: str) -> None:
    config.write_text(config.read_text().replace(line, replacement))
    refused = run("status", "--config", config)
    assert refused.status == 2 and problem in refused.err


def test_mail_needs_a_relay_and_a_publication_of_this_file(config: Path) -> None:
    text = config.read_text()
    config.write_text(text.replace('relay = "127.0.0.1"', ""))
    command = ("publish", DAY, "--to", "reader", "--config", config)
    assert misuse(*command) == "reader 'Bo': mail: needs a relay and an address in [mailing]"
    config.write_text(text.replace('publication = "daily"', 'publication = "dayly"'))
    assert "'dayly' is not in this file, which has" in misuse(*command)
    assert load(config).table("reader")[0].papers == 20
