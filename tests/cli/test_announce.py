"""Announcing from the command line: previews send nothing, issues are sent once, and every mistake is named."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from hotpapers.deliver.announce.webhook import ID
from hotpapers.http import retry_policy
from hotpapers.jobs import queries as jobs_queries
from hotpapers.store import Record
from tests.cli import made
from tests.cli.run import good, misuse, run
from tests.cli.test_run import SETTINGS
from tests.deliver.announce.pds import DID, PASSWORD, Pds, running_pds
from tests.deliveries import receipts, recorded
from tests.http.server import Server, answer, serving

SECRET = "sixteen owls sit in a tree"
LISTED = '[[publication]]\nname = "hot-papers"\nwindow = "listing"\nranking = "rarity/1"\n'


@pytest.fixture(autouse=True)
def no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow requests to these servers without pauses."""
    monkeypatch.setattr(retry_policy, "PACE", 0.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        running.on("/issues", answer(200, b'{"id": "r-1"}'))
        running.on("/room", answer(200))
        yield running


@pytest.fixture
def pds() -> Iterator[Pds]:
    with running_pds() as running:
        yield running


def tables(server: Server, host: str, publication: str = "hot-papers") -> str:
    return f"""
[[chat]]
name = "lab"
publication = "{publication}"
url = "json://127.0.0.1:{server.port}/room"
members = ["Ada Brewster"]
[[webhook]]
name = "library"
publication = "{publication}"
url = "{server.base}/issues"
secret = "{SECRET}"
[[bluesky]]
publication = "{publication}"
account = "{DID}"
password = "{PASSWORD}"
host = "{host}"
"""


@pytest.fixture
def home(tmp_path: Path, server: Server, pds: Pds) -> Path:
    """Settings, and a store with one listing of 2 March 2021."""
    file = tmp_path / "hotpapers.toml"
    file.write_text(f"{LISTED}{tables(server, pds.host)}", "utf-8")
    good("import", "classic", made.file(tmp_path), "--config", file)
    return file


def test_a_preview_shows_what_would_be_sent_and_sends_nothing(home: Path, server: Server, pds: Pds) -> None:
    to = [part for name in ("chat", "webhook", "bluesky") for part in ("--to", name)]
    said = good("publish", "2021-03-02", *to, "--preview", "--config", home)
    assert said.startswith("chat to lab:\n\nHot Papers, Tuesday, 2 March 2021\n3 papers listed")
    assert "By our members: 1. Kettle Number 1: On Steam" in said
    assert 'webhook to library:\n\n{"id":"' in said and f"bluesky to {DID}:\n\nHot Papers, Tuesday" in said
    found = json.loads(good("publish", "2021-03-02", "--to", "webhook", "--preview", "--json", "--config", home))
    [message] = found["channels"][0]["messages"]
    assert message["target"] == "library" and json.loads(message["text"])["issue"]["day"] == "2021-03-02"
    assert not server.requests and not pds.methods


def test_an_issue_is_sent_once(home: Path, server: Server, pds: Pds) -> None:
    to = [part for name in ("chat", "webhook", "bluesky") for part in ("--to", name)]
    said = good("publish", "2021-03-02", *to, "--config", home)
    assert said == "chat: 1 delivery\nwebhook: 1 delivery\nbluesky: 1 delivery\n"
    again = good("publish", "2021-03-02", *to, "--config", home)
    assert again == "".join(f"{name}: 0 deliveries (already sent)\n" for name in ("chat", "webhook", "bluesky"))
    assert [asked.path for asked in server.requests] == ["/room", "/issues"] and len(pds.records) == 4
    with Record(str(home.parent / "hotpapers.db")) as record:
        found = {name: receipts(record, name) for name in ("chat", "webhook", "bluesky")}
        assert found["chat"] == {"lab": "taken by JSON"} and found["webhook"] == {"library": "200 r-1"}
        assert found["bluesky"][DID].startswith(f"at://{DID}/")
        for name in found:
            assert recorded(record, name) == [("2021-03-02", 1, "everybody", "sent", "1 sent, 0 failed")]


def test_each_of_several_publications_leads_to_its_own_pages(home: Path, tmp_path: Path) -> None:
    """Weekly and daily issues may share a day: links to one must not lead to the other."""
    several = '[publish]\nbase = "https://papers.example/"\n[[publication]]\nname = "daily"\n'
    home.write_text(home.read_text("utf-8") + several, "utf-8")
    words = ("publish", "2021-03-02", "--publication", "hot-papers", "--config", home, "--output", tmp_path / "out")
    page = "https://papers.example/hot-papers/2021-03-02/"
    senders = [part for name in ("chat", "webhook", "bluesky", "mailing") for part in ("--to", name)]
    chat, webhook, bluesky, _ = json.loads(good(*words, *senders, "--preview", "--json"))["channels"]
    assert chat["messages"][0]["text"].endswith(page) and page[8:-1] in bluesky["messages"][0]["text"]
    assert json.loads(webhook["messages"][0]["text"])["links"]["issue"] == page
    assert page in mail_text(tmp_path / "out" / "2021-03-02.eml")
    good(*words, "--to", "site", "--to", "feeds")
    feed = (tmp_path / "out" / "site" / "feeds" / "issues.json").read_text()
    assert f'"url": "{page}"' in feed and f"<loc>{page}</loc>" in (tmp_path / "out/site/sitemap.xml").read_text()
    assert "papers.example/hot-papers/log/hot-papers/1" in good("log", "--new-key", "--config", home)


def mail_text(file: Path) -> str:
    """A message's plain text."""
    part = message_from_bytes(file.read_bytes(), policy=policy.default).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_of_three_rooms_the_record_gets_one_delivery(home: Path, server: Server) -> None:
    server.on("/full", answer(429), answer(200))
    server.on("/closed", answer(404))
    rooms = "".join(
        f'[[chat]]\nname = "{name}"\npublication = "hot-papers"\nurl = "json://127.0.0.1:{server.port}/{name}"\n'
        for name in ("full", "closed")
    )
    home.write_text(home.read_text("utf-8") + rooms, "utf-8")
    words, store = ("publish", "2021-03-02", "--to", "chat", "--config", home), str(home.parent / "hotpapers.db")
    assert (run(*words).status, run(*words).status) == (1, 0)
    with Record(store) as record:
        assert recorded(record, "chat") == [("2021-03-02", 1, "everybody", "sent", "2 sent, 1 failed")]
        assert record.database.rows("SELECT count(*) FROM batch WHERE source = 'publish'") == [(1,)]
        head = record.head
    assert good(*words) == "chat: 0 deliveries (already sent, or refused)\n"
    assert sorted(asked.path for asked in server.requests) == ["/closed", "/full", "/full", "/room"]
    with Record(store) as record:
        assert record.head == head


def test_a_channel_of_another_publication_says_so(home: Path, server: Server) -> None:
    home.write_text(home.read_text("utf-8").replace('publication = "hot-papers"', 'publication = "other"', 1), "utf-8")
    home.write_text(f'{home.read_text("utf-8")}[[publication]]\nname = "other"\n', "utf-8")
    words = ("publish", "2021-03-02", "--to", "chat", "--publication", "hot-papers", "--config", home)
    assert good(*words) == "chat: 0 deliveries (no destination is for hot-papers)\n" and not server.requests


def test_what_could_not_be_sent_is_told_without_secrets(home: Path, server: Server) -> None:
    server.on("/issues", answer(500), answer(200))
    ran = run("publish", "2021-03-02", "--to", "webhook", "--config", home)
    assert ran.status == 1 and ran.out == "webhook: 0 deliveries\n"
    assert ran.err == "hotpapers: webhook 2021-03-02: 1 not sent ([secret]: answered 500 Internal Server Error)\n"
    assert good("publish", "2021-03-02", "--to", "webhook", "--config", home) == "webhook: 1 delivery\n"
    assert server.requests[0].headers[ID] == server.requests[1].headers[ID]


def test_what_cannot_be_asked(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--to chat does not go with --all" in misuse("publish", "--all", "--to", "chat", "--config", home)
    assert "--preview works only with --to" in misuse(
        "publish", "2021-03-02", "--to", "site", "--preview", "--config", home
    )
    assert "--preview works only with --to" in misuse("publish", "2021-03-02", "--preview", "--config", home)
    home.write_text(home.read_text().replace(f'"{SECRET}"', '"env:NOTHING_THERE"'))
    monkeypatch.delenv("NOTHING_THERE", raising=False)
    said = misuse("publish", "2021-03-02", "--to", "webhook", "--config", home)
    assert (
        said == "webhook 1: secret: the environment variable NOTHING_THERE is not set; set it, or write the value here."
    )
    home.write_text(LISTED)
    for name in ("chat", "webhook", "bluesky"):
        said = misuse("publish", "2021-03-02", "--to", name, "--config", home)
        assert said == f"{home}: {name}: no destination configured; see docs/how-to/{name}.md"
        assert (Path(__file__).parents[2] / "docs" / "how-to" / f"{name}.md").is_file()


def test_without_apprise_it_says_what_to_install(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert "pip install 'hotpapers[announce]'" in misuse("publish", "2021-03-02", "--to", "chat", "--config", home)


# ---- the feed's name ---------------------------------------------------------------------------------------


def test_a_feed_is_named_in_the_account(home: Path, pds: Pds) -> None:
    assert "no [[bluesky]] for hot-papers has a feed" in misuse("feed-generator", "--config", home)
    home.write_text(home.read_text() + 'feed = "https://papers.example"\n')
    uri = f"at://{DID}/app.bsky.feed.generator/hot-papers"
    assert good("feed-generator", "--config", home) == f"{uri}, served by did:web:papers.example\n"
    assert json.loads(good("feed-generator", "--json", "--config", home)) == [
        {"feed": uri, "service": "did:web:papers.example"}
    ]
    assert pds.records["hot-papers"]["did"] == "did:web:papers.example"


def test_run_says_at_once_what_cannot_be_used(
    tmp_path: Path, server: Server, pds: Pds, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, named = tmp_path / "hotpapers.toml", tables(server, pds.host, "daily")
    home.write_text(SETTINGS.format(base=server.base, more=named.replace(f'"{SECRET}"', '"env:NOTHING_THERE"')))
    monkeypatch.delenv("NOTHING_THERE", raising=False)
    assert "webhook 1: secret: the environment variable NOTHING_THERE is not set" in misuse(
        "run", "--once", "--config", home
    )
    assert not server.requests

    server.on("/lobsters/domains/arxiv.org.json", answer(200, b"[]"))
    home.write_text(SETTINGS.format(base=server.base, more=named))
    assert run("run", "--once", "--config", home).status == 0
    with Record(str(tmp_path / "hotpapers.db")) as record:
        assert "sending" in {status.source for status in jobs_queries.all_states(record)}
