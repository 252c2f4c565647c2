"""No input of an allowed size keeps a parser busy: random bombs, each kind in a process with a timeout."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from hotpapers.base.errors import InputError, NetError
from hotpapers.wings.feeds import feed_parser
from tests.conftest import ROOT
from tests.wings.feeds.bombs import KINDS

SLOWEST = 10.0
"""CPU seconds per bomb: five times the goal of two, because machines are slow and shared."""


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_no_bomb_keeps_a_parser_busy(kind: str) -> None:
    check_bombs(kind)


def check_bombs(kind: str) -> None:
    """Check that no bomb of a kind takes long."""
    command = [sys.executable, "-m", "tests.wings.feeds.bombs", kind, "7", "20"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=20 * SLOWEST)
    cpu_seconds, bomb, size = json.loads(process.stdout)
    assert cpu_seconds < SLOWEST, (cpu_seconds, size, bomb)


def feed(*items: str, root: str = "rss") -> bytes:
    return f"<{root} version='2.0'><channel><title>Tea</title>{''.join(items)}</channel></{root}>".encode()


def item(title: str, content: str = "") -> str:
    return f"<item><title>{title}</title>{content}</item>"


def titles(body: bytes) -> list[str]:
    return [entry.title for entry in feed_parser.feed_entries(body, {}, "https://feeds.example/a")]


@pytest.mark.parametrize("run", [b" " * 999 + b"x", b"x" * 1999 + b" "])
def test_runs_that_are_just_too_short_to_be_shortened_take_no_time(run: bytes) -> None:
    body = run * (2_000_000 // len(run))
    started_at = time.process_time()
    assert feed_parser.shorten_runs(body) == body.lstrip()
    assert time.process_time() - started_at < 2


@pytest.mark.long
def test_of_a_long_feed_the_first_entries_are_read() -> None:
    body = feed(*(item(f"Kettle {n}", "<category>tea</category>" * 40) for n in range(5000)))
    assert titles(body) == [f"Kettle {n}" for n in range(feed_parser.MAX_ENTRIES)]
    atom = "".join(f"<entry><title>Cup {n}</title></entry>" for n in range(20_000))
    assert len(titles(f"<feed xmlns='http://www.w3.org/2005/Atom'>{atom}</feed>".encode())) == feed_parser.MAX_ENTRIES


ATTRIBUTES = " ".join(f"a{n}='1'" for n in range(300))


@pytest.mark.parametrize(
    "content",
    ["<a>" * 200 + "</a>" * 200, f"<a {ATTRIBUTES}/>", "<b/>" * 40_000, "x " * 600_000],
    ids=["deep", "attributes", "elements", "text"],
)
def test_what_comes_before_an_entry_with_too_much_is_read(content: str) -> None:
    assert titles(feed(item("One"), item("Two"), item("Three", content), item("Four"))) == ["One", "Two"]
    with pytest.raises(NetError, match="too much data in or before"):
        titles(feed(item("Three", content)))


def test_attributes_that_a_document_type_declares_are_refused() -> None:
    doctype = b"<!DOCTYPE rss [<!ATTLIST rss a CDATA 'x'>]>"
    with pytest.raises(InputError, match="too much"):
        feed_parser.cut_document(doctype + feed(item("One")))
    entities = "".join(f"<!ENTITY e{n} 'x'>" for n in range(400))
    with pytest.raises(InputError, match="too much"):
        feed_parser.cut_document(f"<!DOCTYPE rss [{entities}]>".encode() + feed(item("One")))


def test_usual_feeds_are_left_as_they_are() -> None:
    body = feed(*(item(f"Kettle {n}") for n in range(100)))
    assert feed_parser.shorten_runs(body) == body == feed_parser.cut_document(body)
    assert feed_parser.cut_document(b"<rss>&nbsp;</rss>") is None
    assert titles("<rss version='2.0'><channel><item><title>Ä</title></item></channel></rss>".encode("utf-16")) == ["Ä"]


def test_words_and_blanks_without_end_are_shortened() -> None:
    assert (
        feed_parser.shorten_runs(b"\n" * 5000 + b"<a>" + b" " * 5000 + b"x" * 5000 + b"</a>")
        == b"<a> " + b"x" * 2000 + b"</a>"
    )
