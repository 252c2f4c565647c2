"""`hotpapers check` with six settings files: what it says of each, word for word. The networks are simulated."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.base.http import retry_policy
from hotpapers.record.database import without_password
from hotpapers.wings.check import settings_trial as check
from hotpapers.wings.proof.log_keys import make_key
from tests.base.http.server import answer
from tests.base.http.server import serving as serve_http
from tests.cli.run import assert_matches_file, run
from tests.conftest import DATA
from tests.loopback import feeds
from tests.loopback.clock import RunningClock
from tests.loopback.faults import Plan, parse
from tests.loopback.servers import Loopback
from tests.loopback.settings import source_tables
from tests.loopback.world import World
from tests.wings.mail.server import serving
from tests.wings.peers.test_follow import published_site

FAULTS = ("lobsters=503@2026-01-01T00:00/9999d", "mastodon.two=401@2026-01-01T00:00/9999d")
CORE = ("arxiv", "bluesky", "hackernews", "huggingface", "lobsters")
DAILY = '[[publication]]\nname = "daily"\ntitle = "Daily Papers"\n\n'
CONTACT = 'contact = "https://library.example/"\n'
ALL_OFF = "".join(f"[source.{name}]\non = false\n" for name in CORE)


@pytest.fixture(scope="module")
def networks() -> Iterator[dict[str, str]]:
    """The networks' addresses. Lobsters is down, and a server of Mastodon wants a token."""
    world, clock = World(1, "2026-11-01"), RunningClock(1_795_000_000_000_000, 1)
    with Loopback(world, clock, Plan([parse(fault) for fault in FAULTS])) as loopback:
        yield dict(loopback.bases)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """All networks are one host here, which need not be spared."""
    monkeypatch.setattr(retry_policy, "PACE", 0.0)
    monkeypatch.setattr(check, "LIMITS", check.LIMITS._replace(silence=0.2))


def tables(networks: dict[str, str], *names: str) -> str:
    """The tables of some sources; those of the core that are not named are off."""
    texts = source_tables(networks)
    off = "".join(f"[source.{name}]\non = false\n\n" for name in CORE if name not in names)
    return "".join(texts[name] for name in names) + off


def checked(folder: Path, text: str, name: str, networks: dict[str, str], *more: tuple[str, str]) -> int:
    """Check settings, and compare with the expected output; the exit status."""
    (folder / "hotpapers.toml").write_text(text, "utf-8")
    result = run("check", "--config", folder / "hotpapers.toml")
    assert not result.err
    out = result.out
    for host, base in networks.items():
        out = out.replace(base.partition("://")[2], f"{host}.example")
    for old, new in ((str(folder), "/papers"), *more):
        out = out.replace(old, new)
    out = re.sub(r"\d+ entries|1 entry", "N entries", out)
    assert_matches_file(f"check_{name}.txt", re.sub(r" {3,}", "   ", out))  # columns are as wide as what was replaced
    return result.status


def test_a_lab_has_feeds_servers_a_room_and_a_receiver(tmp_path: Path, networks: dict[str, str]) -> None:
    """One server of Mastodon wants a token; Lobsters is down."""
    sources = tables(networks, *CORE, "feeds", "mastodon")
    text = f"""{CONTACT}
{DAILY}{sources}
[[chat]]
name = "group"
publication = "daily"
url = "json://localhost/room"

[[webhook]]
name = "intranet"
publication = "daily"
url = "{networks["feeds"]}/hook"
secret = "0123456789abcdef"
"""
    assert checked(tmp_path, text, "lab", networks) == 1


def test_a_laptop_reads_reddit_without_a_key(tmp_path: Path, networks: dict[str, str]) -> None:
    """It works, and says what a key would add."""
    reddit = re.sub(r"client_.*\n", "", tables(networks, "arxiv", "bluesky", "hackernews", "reddit"))
    assert checked(tmp_path, DAILY + reddit, "laptop", networks) == 0


def test_x_without_a_key_is_told_what_it_needs(tmp_path: Path, networks: dict[str, str]) -> None:
    """No request is sent to X."""
    text = CONTACT + DAILY + tables(networks, "hackernews") + "[source.x]\non = true\nbudget = 20\n"
    assert checked(tmp_path, text, "x_without_key", networks) == 1
    ready = text + f'token = "made-up"\nbase = "{networks["trap"]}/2"\n'
    (tmp_path / "hotpapers.toml").write_text(ready, "utf-8")
    rows = {row["part"]: row for row in run("check", "--json", "--config", tmp_path / "hotpapers.toml").json}
    assert rows["x"]["state"] == "untried"


def test_a_postgresql_server(tmp_path: Path, networks: dict[str, str], bare_postgres_url: str) -> None:
    """An empty database becomes a store with the first run; a wrong address is told."""
    text = CONTACT + DAILY + tables(networks, "arxiv")
    shown = without_password(bare_postgres_url)
    status = checked(
        tmp_path, f'store = "{bare_postgres_url}"\n' + text, "postgresql", networks, (shown, "postgresql://db/papers")
    )
    assert status == 0
    (tmp_path / "hotpapers.toml").write_text(f'store = "postgresql://127.0.0.1:1/papers"\n{text}', "utf-8")
    result = run("check", "--config", tmp_path / "hotpapers.toml")
    assert result.status == 1 and re.search(r"^store +fails", result.out, re.MULTILINE)


def test_a_mail_list(tmp_path: Path, networks: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The relay is asked to accept the login, and gets no message; a wrong password is told."""
    encrypting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    encrypting.load_cert_chain(DATA / "net" / "paper.example.pem")
    with serving(encrypting, password="right") as box:
        text = f"""{CONTACT}
{DAILY}{tables(networks, "hackernews")}
[mailing]
relay = "127.0.0.1"
port = {box.port}
user = "papers"
address = "papers@library.example"
"""
        monkeypatch.setenv("HOTPAPERS_MAIL_PASSWORD", "right")
        assert checked(tmp_path, text, "mail", networks) == 0
        assert box.connections and not box.mails
        monkeypatch.setenv("HOTPAPERS_MAIL_PASSWORD", "wrong")
        result = run("check", "--config", tmp_path / "hotpapers.toml")
        assert result.status == 1 and re.search(r"^mailing +fails", result.out, re.MULTILINE)


def test_broken_settings_are_all_told_at_once(tmp_path: Path, networks: dict[str, str]) -> None:
    """One mistake does not hide the others."""
    (tmp_path / "public").write_text("in the way")
    text = f"""{DAILY}{tables(networks, "hackernews")}
[source.mastodon]
every = 60

[source.feeds]
urls = ["http://127.0.0.1:1/feed"]

[source.blusky]
on = true

[[chat]]
name = "group"
publication = "daily"
url = "nosuchservice://room"

[[webhook]]
name = "intranet"
publication = "daily"
url = "http://127.0.0.1:1/hook"
secret = "0123456789abcdef"
"""
    assert checked(tmp_path, text, "broken", networks) == 1


def test_followed_sites_a_model_and_readers_are_tried_too(
    tmp_path: Path, networks: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A neighbor's log is asked for, the model's server for its models; stars are read, and feeds' folders tried."""
    monkeypatch.setenv("MODEL_KEY", "made-up-key")
    (tmp_path / "ada.txt").write_text("2101.04869\nauthor: Ada Brewster\n")
    (tmp_path / "locked").write_text("no folder")
    make_key(tmp_path / "hotpapers.key")
    readers = "".join(
        f'[[reader]]\nname = "{name}"\npublication = "daily"\nstars = "{stars}"\nfeed = "{feed}"\n\n'
        for name, stars, feed in (("Ada", "ada.txt", "feeds/ada.atom"), ("Ben", "ben.bib", "feeds/ben.atom"))
    )
    models = b'{"object": "list", "data": [{"id": "tea-7b:latest"}, {"id": "pot-1b"}]}'
    with serve_http() as server, published_site(tmp_path / "neighbor") as neighbor:
        server.on("/v1/models", answer(body=models))
        follows = "".join(
            f'[[follow]]\nname = "{name}"\nurl = "{url}"\n\n'
            for name, url in (("neighbor", neighbor), ("stranger", f"{networks['feeds']}/"))
        )
        summary = f'[summary]\nurl = "{server.base}/v1"\nmodel = "tea-7b"\nkey = "env:MODEL_KEY"\n\n'
        text = f"{CONTACT}{DAILY}{tables(networks, 'hackernews')}{summary}{readers}{follows}"
        assert checked(tmp_path, text, "everything", networks, (neighbor, "https://neighbor.example/")) == 1
        assert not list(tmp_path.glob("follow*")) and not (tmp_path / "feeds").exists(), "nothing is kept"
        (tmp_path / "hotpapers.toml").write_text(text.replace("tea-7b", "kettle-3b"), "utf-8")
        rows = {row["part"]: row for row in run("check", "--json", "--config", tmp_path / "hotpapers.toml").json}
        finding = "the server has no model 'kettle-3b'; it has pot-1b, tea-7b:latest"
        assert (rows["summary"]["state"], rows["summary"]["finding"]) == ("needs", finding)
        assert {request.headers["authorization"] for request in server.requests} == {"Bearer made-up-key"}


def test_lists_of_followed_people_are_read(tmp_path: Path, networks: dict[str, str]) -> None:
    """With how many accounts they name; a list that is not there says so."""
    (tmp_path / "blogs.opml").write_text('<opml><body><outline xmlUrl="https://ada.example/feed"/></body></opml>')
    blogroll = f"{networks['feeds']}/blogroll.opml"

    def row(*lists: str) -> tuple[str, str]:
        table = f'[[voices]]\npublication = "daily"\naccounts = ["wen@moth.example"]\nlists = {list(lists)}\n'
        text = f"{CONTACT}{DAILY}{tables(networks, 'hackernews')}{table}"
        (tmp_path / "hotpapers.toml").write_text(text, "utf-8")
        rows = run("check", "--json", "--config", tmp_path / "hotpapers.toml").json
        [voices] = [row for row in rows if row["part"] == "voices of daily"]
        return voices["state"], voices["finding"]

    assert row("blogs.opml", blogroll) == ("works", f"{2 + len(feeds.PATHS)} accounts")
    assert row("gone.opml") == ("fails", "gone.opml: No such file or directory")
    assert row(f"{networks['feeds']}/nothing.opml")[0] == "fails"


def test_settings_that_cannot_be_read_are_one_line(tmp_path: Path) -> None:
    """There is nothing else to try."""
    (tmp_path / "hotpapers.toml").write_text("[[publication]]\nnane = 'x'\n")
    result = run("check", "--config", tmp_path / "hotpapers.toml")
    assert result.status == 1 and "nane" in result.out and "arxiv" not in result.out


@pytest.mark.parametrize(
    ("absent", "state", "finding"),
    [
        ({"hotpapers-made-up"}, "works", "cards; not installed: pictures"),
        ({"hotpapers-made-up", "pillow"}, "off", "none; not installed: pictures, cards"),
    ],
)
def test_extras_that_are_absent_are_named(
    monkeypatch: pytest.MonkeyPatch, absent: set[str], state: str, finding: str
) -> None:
    wanted = ['hotpapers-made-up>=1; extra == "pictures"', 'pillow>=1; extra == "cards"']
    monkeypatch.setattr(check, "requires", lambda _: wanted)
    monkeypatch.setattr(check, "_is_installed", lambda name: name not in absent)
    assert [part[1:3] for part in check._extras()] == [(state, finding)]
