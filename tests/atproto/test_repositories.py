"""Imported repositories of a real AT Protocol network hold what was read live from their owners, if it still exists."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.record import Record
from tests.atproto import record_queries
from tests.atproto.conftest import MakeSite
from tests.atproto.network import SECONDS, Network, Person, running_network

PAPER, OTHER_PAPER = "2210.03629", "hep-th/9711200"


@pytest.fixture
def relay(home: Path) -> Iterator[Network]:
    """A network without a view."""
    with running_network(home) as network:
        yield network


def repository(person: Person, folder: Path) -> Path:
    """Download a user's repository from their server."""
    file = folder / f"{person.did.rpartition(':')[2]}.car"
    url = f"{person.network.pds}/xrpc/com.atproto.sync.getRepo?did={person.did}"
    with urllib.request.urlopen(url, timeout=SECONDS) as response:
        file.write_bytes(response.read())
    return file


def import_files(store: Path, *files: Path) -> str:
    """Import files, and return the program's output."""
    command = [sys.executable, "-m", "hotpapers", "import", "car", *map(str, files), "--store", str(store)]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def test_repositories_hold_what_was_heard_of_them(relay: Network, site_of: MakeSite, tmp_path: Path) -> None:
    site, (anna, bert, cleo) = site_of(relay, mode="stream"), (relay.person() for _ in range(3))
    with site.collecting() as collector:
        posts = [anna.post(f"Read arXiv:{PAPER}, part {n}") for n in range(30)]
        card = bert.post("Worth an evening", card=f"https://arxiv.org/pdf/{OTHER_PAPER}v2")
        reply = cleo.reply(card, f"And arXiv:{PAPER}")
        collector.catch_up()
        likes = [person.like(post) for person in (bert, cleo) for post in posts[:3]]
        bert.repost(posts[4])
        cleo.quote(card, "See here")
        collector.catch_up()
        anna.delete(posts[9])
        bert.delete(likes[0])
    store, people = tmp_path / "archive.db", (cleo, bert, anna)  # those who like come before those they like
    output = import_files(store, *(repository(person, tmp_path) for person in people))
    assert "could not be read" not in output and output.count(" read; added: ") == 3
    with Record(site.store) as live_record, Record(str(store)) as record:
        live_view, imported_view = live_record.view(), record.view()
        uris = record_queries.existing_posts(live_view)
        assert (
            record_queries.existing_posts(imported_view) == set(record_queries.posts(imported_view)) == uris
            and card.uri in uris
            and reply.uri in uris
        )
        assert {uri: record_queries.posts(imported_view)[uri].text for uri in uris} == {
            uri: record_queries.posts(live_view)[uri].text for uri in uris
        }
        assert record_queries.mentions(imported_view) == {
            uri: papers for uri, papers in record_queries.mentions(live_view).items() if uri in uris
        }
        assert {uri: record_queries.counts_of(imported_view, uri) for uri in uris} == {
            uri: record_queries.counts_of(live_view, uri) for uri in uris
        }
        assert record_queries.attention(imported_view, PAPER) == record_queries.attention(live_view, PAPER) != (0, 0, 0)


def test_a_repository_that_breaks_off_anywhere_is_told(relay: Network, tmp_path: Path) -> None:
    anna = relay.person()
    for n in range(12):
        anna.post(f"Read arXiv:{PAPER}, part {n}")
    file, store = repository(anna, tmp_path), tmp_path / "archive.db"
    content = file.read_bytes()
    file.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(subprocess.CalledProcessError) as excinfo:
        import_files(store, file)
    assert "cannot be read as a whole: it breaks off" in excinfo.value.stderr
    file.write_bytes(content)
    import_files(store, file)
    with Record(str(store)) as record:
        assert len(record_queries.posts(record.view())) == 12 and record_queries.repeated_observations(record) == []
