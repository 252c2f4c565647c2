"""A custom feed, read through the network's own view, which requests it from the app."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from hotpapers.model import IssueReader, Quotation
from hotpapers.settings.announce import BlueskyAccount
from hotpapers.store import Record
from hotpapers.view.site_config import NOBODY
from hotpapers.web.app import server
from hotpapers.web.feed_generator import routes
from tests.atproto.network import Network, Person, Ref, call
from tests.cli.run import good
from tests.render.build import OWN, Placed, PlainIssueReader, heard, issue, paper, post


def quotation(person: Person, made: Ref) -> Quotation:
    return post(made.uri, "Read this", "bluesky", account=f"bluesky:{person.did}")


def placed(place: int, *quotations: Quotation) -> Placed:
    return heard(place, paper(f"2101.9990{place}", f"Paper {place}"), [], [], *quotations)


@contextmanager
def serving(issue_reader: list[IssueReader], person: Person) -> Iterator[BlueskyAccount]:
    """The app as `hotpapers serve` runs it, until the block ends. `issue_reader` holds one reader, which tests may
    replace."""
    listener = socket.create_server(("127.0.0.1", 0))
    at = f"http://localhost:{listener.getsockname()[1]}"
    table = BlueskyAccount(publication="daily", account=person.did, thread=False, feed=at)
    running = server(
        lambda: issue_reader[0], "daily", "127.0.0.1", 0, NOBODY, routes(lambda: issue_reader[0], "daily", [table])
    )
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield table
    finally:
        running.should_exit = True
        thread.join()


def uri_of(person: Person) -> str:
    return f"at://{person.did}/app.bsky.feed.generator/daily"


def read(network: Network, person: Person, cursor: str = "", limit: int = 2) -> tuple[list[str], str]:
    """A page of the feed as the network's view shows it: addresses of posts, and the cursor."""
    asked = {"feed": uri_of(person), "limit": str(limit), **({"cursor": cursor} if cursor else {})}
    said = call(f"{network.view}/xrpc/app.bsky.feed.getFeed?{urlencode(asked)}")
    return [one["post"]["uri"] for one in said["feed"]], said.get("cursor", "")


def settings_file(folder: Path, table: BlueskyAccount, password: str, host: str) -> Path:
    """Settings beside an empty store."""
    with Record(str(folder / "hotpapers.db")):
        pass
    file = folder / "hotpapers.toml"
    values = {"publication": "daily", "account": table.account, "password": password, "host": host, "feed": table.feed}
    lines = [f'{name} = "{value}"' for name, value in values.items()]
    publication = '[[publication]]\nname = "daily"\ntitle = "The Daily Dozen of the Owls"\n'
    file.write_text("\n".join([publication, "[[bluesky]]", *lines, "thread = false\n"]))
    return file


def feeds(*days: tuple[str, list[Placed]]) -> PlainIssueReader:
    return PlainIssueReader([OWN], [issue(OWN, day, entries) for day, entries in days])


def test_a_feed_is_put_on_the_network_and_read_there_page_by_page(network: Network, tmp_path: Path) -> None:
    owner, anna = network.person(), network.person()
    made = [anna.post(f"Post number {n}") for n in range(6)]
    one, two, three, four, late, gone = (quotation(anna, ref) for ref in made)
    before = [
        ("2021-01-13", [placed(1, four, two)]),  # a post appears in the feed only once
        ("2021-01-14", [placed(1, one), placed(2, two, three), placed(3, gone)]),
    ]
    issue_reader: list[IssueReader] = [feeds(*before)]
    with serving(issue_reader, owner) as table:
        file = settings_file(tmp_path, table, "a made-up word", network.pds)
        service = f"did:web:{table.feed.removeprefix('http://').replace(':', '%3A')}"
        assert good("feed-generator", "--config", file) == f"{uri_of(owner)}, served by {service}\n"
        anna.delete(made[5])
        network.settle()
        found = call(f"{network.view}/xrpc/app.bsky.feed.getFeedGenerator?feed={uri_of(owner)}")
        assert found["isOnline"] and found["isValid"]
        assert found["view"]["displayName"] == "The Daily Dozen of the…"

        first, cursor = read(network, owner)
        assert first == [made[0].uri, made[1].uri] and cursor
        issue_reader[0] = feeds(*before, ("2021-01-15", [placed(1, late)]))  # new posts on top shift nothing
        second, cursor = read(network, owner, cursor)
        assert second == [made[2].uri]  # skips what the network no longer has
        assert read(network, owner, cursor) == ([made[3].uri], "")
        assert read(network, owner, limit=10)[0] == [made[n].uri for n in (4, 0, 1, 2, 3)]
        assert good("feed-generator", "--config", file, "--json")  # a second time, it replaces itself
