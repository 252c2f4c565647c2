"""Imported repositories of a real AT Protocol network hold what was read live from their owners, if it still exists."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.store import Record
from tests.atproto import told
from tests.atproto.conftest import MakeSite
from tests.atproto.network import SECONDS, Network, Person, running_network

PAPER, OTHER = "2210.03629", "hep-th/9711200"


@pytest.fixture
def relay(home: Path) -> Iterator[Network]:
    """A firehose without a view."""
    with running_network(home) as running:
        yield running


def repository(person: Person, folder: Path) -> Path:
    """Download a user's repository from their server."""
    file = folder / f"{person.did.rpartition(':')[2]}.car"
    url = f"{person.network.pds}/xrpc/com.atproto.sync.getRepo?did={person.did}"
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:
        file.write_bytes(answer.read())
    return file


def imported(store: Path, *files: Path) -> str:
    """Import files, and return the program's output."""
    command = [sys.executable, "-m", "hotpapers", "import", "car", *map(str, files), "--store", str(store)]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def test_repositories_hold_what_was_heard_of_them(relay: Network, site_of: MakeSite, tmp_path: Path) -> None:
    site, (anna, bert, cleo) = site_of(relay, mode="stream"), (relay.person() for _ in range(3))
    with site.collecting() as listening:
        posts = [anna.post(f"Read arXiv:{PAPER}, part {n}") for n in range(30)]
        card = bert.post("Worth an evening", card=f"https://arxiv.org/pdf/{OTHER}v2")
        reply = cleo.reply(card, f"And arXiv:{PAPER}")
        listening.catch_up()
        liked = [person.like(post) for person in (bert, cleo) for post in posts[:3]]
        bert.repost(posts[4])
        cleo.quote(card, "See here")
        listening.catch_up()
        anna.delete(posts[9])
        bert.delete(liked[0])
    store, people = tmp_path / "archive.db", (cleo, bert, anna)  # those who like come before those they like
    said = imported(store, *(repository(person, tmp_path) for person in people))
    assert "could not be read" not in said and said.count(" read; added: ") == 3
    with Record(site.store) as heard, Record(str(store)) as record:
        live, kept = heard.view(), record.view()
        there = told.there(live)
        assert told.there(kept) == set(told.posts(kept)) == there and card.uri in there and reply.uri in there
        assert {uri: told.posts(kept)[uri].text for uri in there} == {uri: told.posts(live)[uri].text for uri in there}
        assert told.mentions(kept) == {uri: papers for uri, papers in told.mentions(live).items() if uri in there}
        assert {u: told.reacted(kept, u) for u in there} == {u: told.reacted(live, u) for u in there}
        assert told.attention(kept, PAPER) == told.attention(live, PAPER) != (0, 0, 0)


def test_a_repository_that_breaks_off_anywhere_is_told(relay: Network, tmp_path: Path) -> None:
    anna = relay.person()
    for n in range(12):
        anna.post(f"Read arXiv:{PAPER}, part {n}")
    file, store = repository(anna, tmp_path), tmp_path / "archive.db"
    content = file.read_bytes()
    file.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(subprocess.CalledProcessError) as problem:
        imported(store, file)
    assert "cannot be read as a whole: it breaks off" in problem.value.stderr
    file.write_bytes(content)
    imported(store, file)
    with Record(str(store)) as record:
        assert len(told.posts(record.view())) == 12 and told.said_twice(record) == []
