"""A custom feed, read through the network's own view, which requests it from the app."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from hotpapers.base.model import IssueReader, Quotation
from hotpapers.base.settings.announce import BlueskyAccount
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.record import Record
from hotpapers.serve.app import SiteApp
from hotpapers.serve.page_cache import CurrentPages
from hotpapers.serve.server import build_server
from hotpapers.wings.announce.feed_generator import routes
from tests.atproto.network import Network, Person, Ref, call
from tests.cli.run import good
from tests.publish.render.build import OWN, FullEntry, PlainIssueReader, issue, own_entry, paper, post


def quotation(person: Person, ref: Ref) -> Quotation:
    return post(ref.uri, "Read this", "bluesky", account=f"bluesky:{person.did}")


def entry_at(rank: int, *quotations: Quotation) -> FullEntry:
    return own_entry(rank, paper(f"2101.9990{rank}", f"Paper {rank}"), [], [], *quotations)


@contextmanager
def serving(issue_reader: list[IssueReader], person: Person) -> Iterator[BlueskyAccount]:
    """The app as `hotpapers serve` runs it, until the block ends. `issue_reader` holds one reader, which tests may
    replace."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://localhost:{listener.getsockname()[1]}"
    table = BlueskyAccount(publication="daily", account=person.did, thread=False, feed=url)
    pages = CurrentPages(lambda: issue_reader[0], "daily", NOBODY)
    app = build_server(SiteApp(pages, routes(pages, [table])))
    thread = threading.Thread(target=app.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield table
    finally:
        app.should_exit = True
        thread.join()


def feed_uri(person: Person) -> str:
    return f"at://{person.did}/app.bsky.feed.generator/daily"


def feed_page(network: Network, person: Person, cursor: str = "", limit: int = 2) -> tuple[list[str], str]:
    """A page of the feed as the network's view shows it: URIs of posts, and the cursor."""
    params = {"feed": feed_uri(person), "limit": str(limit), **({"cursor": cursor} if cursor else {})}
    response = call(f"{network.view}/xrpc/app.bsky.feed.getFeed?{urlencode(params)}")
    return [item["post"]["uri"] for item in response["feed"]], response.get("cursor", "")


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


def reader_of(*days: tuple[str, list[FullEntry]]) -> PlainIssueReader:
    return PlainIssueReader([OWN], [issue(OWN, day, entries) for day, entries in days])


def test_a_feed_is_put_on_the_network_and_read_there_page_by_page(network: Network, tmp_path: Path) -> None:
    owner, anna = network.person(), network.person()
    refs = [anna.post(f"Post number {n}") for n in range(6)]
    q = [quotation(anna, ref) for ref in refs]
    issues = [
        ("2021-01-13", [entry_at(1, q[3], q[1])]),  # a post appears in the feed only once
        ("2021-01-14", [entry_at(1, q[0]), entry_at(2, q[1], q[2]), entry_at(3, q[5])]),
    ]
    issue_reader: list[IssueReader] = [reader_of(*issues)]
    with serving(issue_reader, owner) as table:
        file = settings_file(tmp_path, table, "a made-up word", network.pds)
        service = f"did:web:{table.feed.removeprefix('http://').replace(':', '%3A')}"
        assert good("feed-generator", "--config", file) == f"{feed_uri(owner)}, served by {service}\n"
        anna.delete(refs[5])
        network.settle()
        info = call(f"{network.view}/xrpc/app.bsky.feed.getFeedGenerator?feed={feed_uri(owner)}")
        assert info["isOnline"] and info["isValid"]
        assert info["view"]["displayName"] == "The Daily Dozen of the…"

        uris, cursor = feed_page(network, owner)
        assert uris == [refs[0].uri, refs[1].uri] and cursor
        issue_reader[0] = reader_of(*issues, ("2021-01-15", [entry_at(1, q[4])]))  # new posts on top shift nothing
        uris, cursor = feed_page(network, owner, cursor)
        assert uris == [refs[2].uri]  # skips what the network no longer has
        assert feed_page(network, owner, cursor) == ([refs[3].uri], "")
        assert feed_page(network, owner, limit=10)[0] == [refs[n].uri for n in (4, 0, 1, 2, 3)]
        assert good("feed-generator", "--config", file, "--json")  # a second time, it replaces itself
