"""Announcing from the command line: previews send nothing, issues are sent once, and every mistake is named."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from hotpapers.base.http import retry_policy
from hotpapers.jobs import queries as jobs_queries
from hotpapers.record import Record
from hotpapers.wings.announce.webhook import ID
from tests.base.http.server import Server, answer, serving
from tests.cli.run import good, misuse, run
from tests.cli.test_run import SETTINGS
from tests.deliveries import receipts, recorded
from tests.wings.announce.pds import DID, PASSWORD, Pds, running_pds
from tests.wings.classic import classic_issues

SECRET = "sixteen owls sit in a tree"
LISTED = '[[publication]]\nname = "hot-papers"\nwindow = "listing"\nranking = "rarity/1"\n'


@pytest.fixture(autouse=True)
def no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow requests to these servers without pauses."""
    monkeypatch.setattr(retry_policy, "PACE", 0.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        server.on("/issues", answer(200))
        server.on("/room", answer(200))
        yield server


@pytest.fixture
def pds() -> Iterator[Pds]:
    with running_pds() as server:
        yield server


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
def config(tmp_path: Path, server: Server, pds: Pds) -> Path:
    """Settings, and a store with one listing of 2 March 2021."""
    config_file = tmp_path / "hotpapers.toml"
    config_file.write_text(f"{LISTED}{tables(server, pds.host)}", "utf-8")
    good("import", "classic", classic_issues.file(tmp_path), "--config", config_file)
    return config_file


def test_a_preview_shows_what_would_be_sent_and_sends_nothing(config: Path, server: Server, pds: Pds) -> None:
    to = [part for name in ("chat", "webhook", "bluesky") for part in ("--to", name)]
    output = good("publish", "2021-03-02", *to, "--preview", "--config", config)
    assert output.startswith("chat to lab:\n\nKettle Number 1: On Steam")
    assert "By our members: 1. Kettle Number 1: On Steam" in output
    assert 'webhook to library:\n\n{"id":"' in output and f"bluesky to {DID}:\n\nKettle Number 1" in output
    result = json.loads(good("publish", "2021-03-02", "--to", "webhook", "--preview", "--json", "--config", config))
    [message] = result["channels"][0]["messages"]
    assert message["target"] == "library" and json.loads(message["text"])["issue"]["day"] == "2021-03-02"
    assert not server.requests and not pds.methods


def test_an_issue_is_sent_once(config: Path, server: Server, pds: Pds) -> None:
    to = [part for name in ("chat", "webhook", "bluesky") for part in ("--to", name)]
    output = good("publish", "2021-03-02", *to, "--config", config)
    assert output == "chat: 1 delivery\nwebhook: 1 delivery\nbluesky: 1 delivery\n"
    second_output = good("publish", "2021-03-02", *to, "--config", config)
    assert second_output == "".join(f"{name}: 0 deliveries (already sent)\n" for name in ("chat", "webhook", "bluesky"))
    assert [request.path for request in server.requests] == ["/room", "/issues"] and len(pds.records) == 4
    with Record(str(config.parent / "hotpapers.db")) as record:
        receipts_by_channel = {name: receipts(record, name) for name in ("chat", "webhook", "bluesky")}
        assert receipts_by_channel["chat"] == {"lab": "taken by JSON"} and receipts_by_channel["webhook"] == {
            "library": "200"
        }
        assert receipts_by_channel["bluesky"][DID].startswith(f"at://{DID}/")
        for name in receipts_by_channel:
            assert recorded(record, name) == [("2021-03-02", 1, "everybody", "sent", "1 sent, 0 failed")]


def test_each_of_several_publications_leads_to_its_own_pages(config: Path, tmp_path: Path) -> None:
    """Weekly and daily issues may share a day: links to one must not lead to the other."""
    more_settings = '[publish]\nbase = "https://papers.example/"\n[[publication]]\nname = "daily"\n'
    config.write_text(config.read_text("utf-8") + more_settings, "utf-8")
    command = ("publish", "2021-03-02", "--publication", "hot-papers", "--config", config, "--output", tmp_path / "out")
    page = "https://papers.example/hot-papers/2021-03-02/"
    senders = [part for name in ("chat", "webhook", "bluesky", "mailing") for part in ("--to", name)]
    chat, webhook, bluesky, _ = json.loads(good(*command, *senders, "--preview", "--json"))["channels"]
    assert f"\n{page}\n" in chat["messages"][0]["text"] and page[8:-1] in bluesky["messages"][0]["text"]
    assert json.loads(webhook["messages"][0]["text"])["links"]["issue"] == page
    assert page in mail_text(tmp_path / "out" / "2021-03-02.eml")
    good(*command, "--to", "site", "--to", "feeds")
    feed = (tmp_path / "out" / "site" / "feeds" / "issues.json").read_text()
    assert f'"url": "{page}"' in feed and f"<loc>{page}</loc>" in (tmp_path / "out/site/sitemap.xml").read_text()
    assert "papers.example/hot-papers/log/hot-papers/1" in good("log", "--new-key", "--config", config)


def mail_text(file: Path) -> str:
    """A message's plain text."""
    part = message_from_bytes(file.read_bytes(), policy=policy.default).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_of_three_rooms_the_record_gets_one_delivery(config: Path, server: Server) -> None:
    server.on("/full", answer(429), answer(200))
    server.on("/closed", answer(404))
    rooms = "".join(
        f'[[chat]]\nname = "{name}"\npublication = "hot-papers"\nurl = "json://127.0.0.1:{server.port}/{name}"\n'
        for name in ("full", "closed")
    )
    config.write_text(config.read_text("utf-8") + rooms, "utf-8")
    command, store = ("publish", "2021-03-02", "--to", "chat", "--config", config), str(config.parent / "hotpapers.db")
    assert (run(*command).status, run(*command).status) == (1, 0)
    with Record(store) as record:
        assert recorded(record, "chat") == [("2021-03-02", 1, "everybody", "sent", "2 sent, 1 failed")]
        assert record.database.rows("SELECT count(*) FROM batch WHERE source = 'publish'") == [(1,)]
        head = record.head
    assert good(*command) == "chat: 0 deliveries (already sent, or refused)\n"
    assert sorted(request.path for request in server.requests) == ["/closed", "/full", "/full", "/room"]
    with Record(store) as record:
        assert record.head == head


def test_a_channel_of_another_publication_says_so(config: Path, server: Server) -> None:
    config.write_text(
        config.read_text("utf-8").replace('publication = "hot-papers"', 'publication = "other"', 1), "utf-8"
    )
    config.write_text(f'{config.read_text("utf-8")}[[publication]]\nname = "other"\n', "utf-8")
    command = ("publish", "2021-03-02", "--to", "chat", "--publication", "hot-papers", "--config", config)
    assert (
        good(*command) == "chat: 0 deliveries (no destination is for hot-papers, or all had an earlier edition)\n"
        and not server.requests
    )


def test_what_could_not_be_sent_is_told_without_secrets(config: Path, server: Server) -> None:
    server.on("/issues", answer(500), answer(200))
    result = run("publish", "2021-03-02", "--to", "webhook", "--config", config)
    assert result.status == 1 and result.out == "webhook: 0 deliveries\n"
    assert result.err == "hotpapers: webhook library 2021-03-02: 1 not sent (answered 500 Internal Server Error)\n"
    assert good("publish", "2021-03-02", "--to", "webhook", "--config", config) == "webhook: 1 delivery\n"
    assert server.requests[0].headers[ID] == server.requests[1].headers[ID]


@pytest.mark.parametrize("where", ["/issues?key=a-t0ken", "/a-t0ken"])
def test_an_address_with_a_token_is_in_no_store_and_no_export(config: Path, server: Server, where: str) -> None:
    server.on("/a-t0ken", answer(500), answer(200))
    server.on("/issues", answer(500), answer(200))
    config.write_text(config.read_text("utf-8").replace('/issues"', f'{where}"'), "utf-8")
    outputs = [run("publish", "2021-03-02", "--to", "webhook", "--config", config) for _ in range(2)]
    assert [output.status for output in outputs] == [1, 0]
    exported = good("export", "--config", config)
    stored = b"".join(file.read_bytes() for file in config.parent.glob("hotpapers.db*"))
    assert "2021-03-02" in exported and "a-t0ken" not in exported and b"a-t0ken" not in stored
    assert all("a-t0ken" not in output.out + output.err for output in outputs)


def test_what_cannot_be_asked(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--to chat does not go with --all" in misuse("publish", "--all", "--to", "chat", "--config", config)
    assert "--preview works only with --to" in misuse(
        "publish", "2021-03-02", "--to", "site", "--preview", "--config", config
    )
    assert "--preview works only with --to" in misuse("publish", "2021-03-02", "--preview", "--config", config)
    config.write_text(config.read_text().replace(f'"{SECRET}"', '"env:NOTHING_THERE"'))
    monkeypatch.delenv("NOTHING_THERE", raising=False)
    message = misuse("publish", "2021-03-02", "--to", "webhook", "--config", config)
    assert (
        message
        == "webhook 1: secret: the environment variable NOTHING_THERE is not set; set it, or write the value here"
    )
    config.write_text(LISTED)
    for name in ("chat", "webhook", "bluesky"):
        message = misuse("publish", "2021-03-02", "--to", name, "--config", config)
        assert message == f"{config}: {name}: no destination configured; see `hotpapers docs wings/{name}`"
        assert (Path(__file__).parents[2] / "docs" / "wings" / f"{name}.md").is_file()


def test_without_apprise_it_says_what_to_install(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert "pip install 'hotpapers[announce]'" in misuse("publish", "2021-03-02", "--to", "chat", "--config", config)


# ---- the feed's name ---------------------------------------------------------------------------------------


def test_a_feed_is_named_in_the_account(config: Path, pds: Pds) -> None:
    assert "no [[bluesky]] for hot-papers has a feed" in misuse("feed-generator", "--config", config)
    config.write_text(config.read_text() + 'feed = "https://papers.example"\n')
    uri = f"at://{DID}/app.bsky.feed.generator/hot-papers"
    assert good("feed-generator", "--config", config) == f"{uri}, served by did:web:papers.example\n"
    assert json.loads(good("feed-generator", "--json", "--config", config)) == [
        {"feed": uri, "service": "did:web:papers.example"}
    ]
    assert pds.records["hot-papers"]["did"] == "did:web:papers.example"


def test_run_says_at_once_what_cannot_be_used(
    tmp_path: Path, server: Server, pds: Pds, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, channel_tables = tmp_path / "hotpapers.toml", tables(server, pds.host, "daily")
    config.write_text(
        SETTINGS.format(base=server.base, more=channel_tables.replace(f'"{SECRET}"', '"env:NOTHING_THERE"'))
    )
    monkeypatch.delenv("NOTHING_THERE", raising=False)
    assert "webhook 1: secret: the environment variable NOTHING_THERE is not set" in misuse(
        "run", "--once", "--config", config
    )
    assert not server.requests

    server.on("/lobsters/domains/arxiv.org.json", answer(200, b"[]"))
    config.write_text(SETTINGS.format(base=server.base, more=channel_tables))
    assert run("run", "--once", "--config", config).status == 0
    with Record(str(tmp_path / "hotpapers.db")) as record:
        assert "sending" in {status.source for status in jobs_queries.all_states(record)}
