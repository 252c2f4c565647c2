"""Every source reads the loopback internet over real sockets and gets what the script says: posts, papers, counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers import announcement_days as days
from hotpapers.ids import arxiv
from hotpapers.ingest.job_factory import addresses, chosen_sources
from hotpapers.model import (
    DAY,
    HOUR,
    Account,
    Announcement,
    Coverage,
    HttpClient,
    Paper,
    Post,
    Reaction,
    Snapshot,
    Verdict,
)
from hotpapers.settings import load
from hotpapers.sources import SOURCES
from tests.loopback import expected, mastodon, stream
from tests.loopback.clock import RunningClock, SteppedClock, moment
from tests.loopback.expected import Announced
from tests.loopback.reading import (
    Known,
    client,
    cursor_in,
    items_in,
    listened,
    make,
    mentions_in,
    of,
    posts_in,
    seen_in,
    snapshots_in,
)
from tests.loopback.scene import Scene
from tests.loopback.script import MINUTE, SECOND, Said, between, present, there
from tests.loopback.servers import Loopback
from tests.loopback.settings import settings_toml
from tests.loopback.world import World

WORLD = World(1, "2026-02-23", talk=4)
NOW = moment("2026-03-12T15:00")
LATER = NOW + 30 * HOUR


@pytest.fixture(scope="module")
def clock() -> SteppedClock:
    return SteppedClock(NOW)


@pytest.fixture(scope="module")
def loopback(clock: SteppedClock) -> Iterator[Loopback]:
    with Loopback(WORLD, clock) as running:
        yield running


@pytest.fixture
def http(loopback: Loopback, clock: SteppedClock) -> Iterator[HttpClient]:
    clock.set(NOW)
    with client(loopback) as http:
        yield http


def test_nothing_but_addresses_and_what_has_no_default_differs_from_the_defaults(
    tmp_path: Path, loopback: Loopback
) -> None:
    file = tmp_path / "hotpapers.toml"
    file.write_text(settings_toml(loopback.bases))
    tables = load(file).source
    chosen = {choice.name: choice.settings for choice in chosen_sources(tables)}
    assert list(chosen) == list(SOURCES), "all of them are on"
    own = tuple(base for host, base in loopback.bases.items() if host != "trap")
    for name, settings in chosen.items():
        default = SOURCES[name][1]()
        assert all(address.startswith(own) for address in addresses(settings)), name
        changed = {key for key in default.__struct_fields__ if getattr(settings, key) != getattr(default, key)}
        with_address = {key for key in changed if any(addresses([getattr(settings, key)]))}
        assert {key for key in default.__struct_fields__ if any(addresses([getattr(default, key)]))} <= with_address
        assert changed - with_address <= {"client_id", "client_secret", "token", "budget"}, name


# ---- arXiv -------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_arxiv(http: HttpClient, loopback: Loopback, clock: SteppedClock) -> None:
    source = make("arxiv", loopback.bases)
    pages = list(source.pages(http, None))
    items = items_in(source, pages)
    told = {Announced(a.paper, a.day, a.category, a.type, a.version) for a in of(Announcement, items)}
    assert told == expected.announced(WORLD, "2026-03-12")
    for item in of(Paper, items):
        paper = WORLD.paper(item.paper.removeprefix("arxiv:"))
        assert paper and (item.title, item.authors, item.categories) == (paper.title, paper.authors, paper.categories)
    [*_, last] = of(Coverage, items)
    assert (last.state, last.from_at) == ("complete", days.announced_at("2026-03-12"))
    clock.to(moment("2026-03-18T12:00"))
    again = items_in(source, source.pages(http, cursor_in(pages)))
    missed = {Announced(a.paper, a.day, a.category, a.type, a.version) for a in of(Announcement, again)}
    wanted = {a for day in days.between("2026-03-12", "2026-03-18") for a in expected.announced(WORLD, day)}
    kept = {(a.paper, a.day, a.category) for a in wanted if a.type != "replacement"}
    assert {(paper, day, archive) for paper, day, archive, kind, _ in missed if day < "2026-03-18"} == kept
    assert {a for a in missed if a.day == "2026-03-18"} == expected.announced(WORLD, "2026-03-18")
    assert all(one.state == "complete" for one in of(Coverage, again)[-4:])


@pytest.mark.long
def test_arxiv_is_harvested_with_resumption(http: HttpClient, loopback: Loopback) -> None:
    source = make("arxiv", loopback.bases, since="2026-02-26")
    items = items_in(source, source.pages(http, None))
    papers = {item.paper for item in of(Paper, items)}
    labels = [*days.between("2026-02-25", "2026-03-12"), "2026-03-12"]
    everything = {arxiv.key(paper.id) for label in labels for paper in WORLD.papers(label)}
    assert everything <= papers
    assert any("resumptionToken" in asked.path for asked in loopback.asked)
    found = {a.paper for a in of(Announcement, items) if a.type == "new"}
    assert len(found & everything) / len(everything) > 0.98


# ---- posts, papers, counts -----------------------------------------------------------------------------------


POLLED = ("feeds", "hackernews", "huggingface", "lobsters", "reddit", "x")
SINCE = {"hackernews": NOW - 7 * DAY, "x": NOW - 7 * DAY + 1, "huggingface": (NOW // DAY - 2) * DAY}


def wanted(network: str) -> list[Said]:
    """What a network's source finds in its first round."""
    since = SINCE.get(network, WORLD.first_day * DAY)
    late = 3 * MINUTE if network == "hackernews" else 0
    said = [one for one in between(WORLD, network, since, NOW - late) if there(one, NOW)]
    listed = said[-{"lobsters": 25, "reddit": 100}.get(network, len(said)) :]
    if network == "feeds":
        listed = [one for by in WORLD.accounts("feeds") for one in [said for said in listed if said.by == by][-20:]]
    return [one for one in listed if one.names and expected.surely_found(one)]


@pytest.mark.parametrize("network", POLLED)
def test_posts_with_papers_and_counts(network: str, http: HttpClient, loopback: Loopback) -> None:
    source = make(network, loopback.bases)
    items = items_in(source, source.pages(http, None))
    by_key = {expected.key(said, loopback.bases): said for said in wanted(network)}
    assert by_key and set(posts_in(items)) == set(by_key)
    assert mentions_in(items) == {key: expected.papers(said) for key, said in by_key.items()}
    snapshots = snapshots_in(items)
    for key, said in by_key.items():
        assert figures_of(snapshots.get(key)) == expected.figures(said, NOW, listed=True), said
    for key, post in posts_in(items).items():
        assert post.created_at == by_key[key].at or (network == "x" and by_key[key].edited_at <= NOW)
        assert by_key[key].words.split("{")[0] in post.text or network in ("huggingface", "hackernews"), post


def figures_of(snapshot: Snapshot | None) -> expected.Figures | None:
    if snapshot is None:
        return None
    return expected.Figures(snapshot.reposts, snapshot.likes, snapshot.replies, snapshot.quotes, snapshot.views)


@pytest.mark.parametrize("network", ["hackernews", "huggingface", "lobsters", "reddit", "mastodon", "bluesky"])
def test_counts_are_read_again_and_what_is_gone_is_told(
    network: str, http: HttpClient, loopback: Loopback, clock: SteppedClock
) -> None:
    said = [one for one in between(WORLD, network, NOW - 9 * DAY, NOW) if one.names and there(one, one.at)]
    gone = [one for one in said if expected.gone(one, LATER)]
    some = [*[one for one in said if not expected.gone(one, LATER)][-30:], *gone[-10:]]
    by_key = {expected.key(one, loopback.bases): one for one in some}
    clock.to(LATER)
    source = make(network, loopback.bases)
    items = items_in(source, source.counts(http, list(by_key)))
    told = {key: post.gone for key, post in posts_in(items).items() if post.gone}
    assert told == {key: why for key, one in by_key.items() if (why := expected.gone(one, LATER))}
    assert gone or network in ("huggingface", "lobsters")
    for key, snapshot in snapshots_in(items).items():
        assert figures_of(snapshot) == expected.figures(by_key[key], LATER), by_key[key]


def test_mastodon_finds_what_has_the_hashtag_and_believes_home_servers_alone(
    http: HttpClient, loopback: Loopback
) -> None:
    source = make("mastodon", loopback.bases)
    items = items_in(source, source.pages(http, None))
    found = posts_in(items)
    by_key = {expected.key(said, loopback.bases): said for said in between(WORLD, "mastodon", NOW - 14 * DAY, NOW)}
    assert len(found) > 50 and set(found) <= set(by_key)
    home = {key: said for key, said in by_key.items() if key in snapshots_in(items)}
    assert home and all(figures_of(snapshots_in(items)[k]) == expected.figures(s, NOW) for k, s in home.items())
    assert {k: set(v) for k, v in mentions_in(items).items()} == {k: set(expected.papers(by_key[k])) for k in found}
    accounts = {one.account: one for one in of(Account, items)}
    assert any(one.automated for one in accounts.values())


def test_mastodon_polled_for_a_day_misses_nothing_that_has_the_hashtag(
    http: HttpClient, loopback: Loopback, clock: SteppedClock
) -> None:
    source = make("mastodon", loopback.bases)
    cursor, items = None, []
    while http.now() < NOW + DAY:
        for page in source.pages(http, cursor):
            items += items_in(source, [page])
            cursor = page.cursor or cursor
        clock.advance(1800)
    since, until = NOW, NOW + DAY - HOUR
    said = [one for one in between(WORLD, "mastodon", since, until) if one.names and there(one, one.at + HOUR)]
    surely = {expected.key(one, loopback.bases) for one in said if expected.surely_found(one)}
    assert len(surely) > 15 and surely <= set(posts_in(items))
    assert set(posts_in(items)) <= {
        expected.key(one, loopback.bases) for one in between(WORLD, "mastodon", NOW - 14 * DAY, NOW + DAY)
    }
    assert len({limit for post in of(Post, items) for limit in post.limits}) >= 2


def test_reddit_without_a_key_has_posts_and_no_counts(http: HttpClient, loopback: Loopback) -> None:
    source = make("reddit", loopback.bases, client_id="", client_secret="")
    items = items_in(source, source.pages(http, None))
    newest = [one for one in between(WORLD, "reddit", NOW - 20 * DAY, NOW) if there(one, NOW)][-25:]
    assert set(posts_in(items)) == {expected.key(one, loopback.bases) for one in newest if one.names}
    assert not snapshots_in(items)
    gone = next(one for one in between(WORLD, "reddit", NOW - 9 * DAY, NOW) if one.names and not there(one, NOW))
    told = items_in(source, source.counts(http, [expected.key(gone, loopback.bases)]))
    assert [post.gone for post in of(Post, told)] == ["deleted"]


def test_a_feed_that_did_not_change_is_not_sent_again(http: HttpClient, loopback: Loopback) -> None:
    source = make("feeds", loopback.bases)
    assert seen_in(source.pages(http, None)) and not seen_in(source.pages(http, None))
    assert [asked.status for asked in list(loopback.asked)[-3:]] == [304] * 3


def test_x_looks_posts_up(http: HttpClient, loopback: Loopback, clock: SteppedClock) -> None:
    clock.to(LATER)
    source = make("x", loopback.bases)
    said = [one for one in between(WORLD, "x", NOW - 5 * DAY, NOW) if one.names]
    some = [*[one for one in said if there(one, LATER)][:20], *[one for one in said if not there(one, LATER)][:3]]
    by_key = {expected.key(one, loopback.bases): one for one in some}
    pages = source.counts_from(http, list(by_key), None)  # type: ignore[attr-defined]
    items = items_in(source, pages)
    assert {key for key, post in posts_in(items).items() if post.gone} == {
        k for k, s in by_key.items() if not there(s, LATER)
    }
    assert all(figures_of(one) == expected.figures(by_key[key], LATER) for key, one in snapshots_in(items).items())
    assert len(snapshots_in(items)) == 20


# ---- Bluesky -------------------------------------------------------------------------------------------------


@pytest.fixture
def running() -> Iterator[Loopback]:
    with Loopback(WORLD, RunningClock(NOW, 100)) as loopback:
        yield loopback


def posted(since: int, until: int) -> dict[str, Said]:
    """The messages on Bluesky that name a paper, from a period of its stream, by key."""
    told = between(WORLD, "bluesky", since - stream.DELAY, until - stream.DELAY)
    return {expected.key(said, {}): said for said in told if said.names and present(said.by, said.at)}


@pytest.mark.long
@pytest.mark.parametrize("how", [{}, {"transport": "firehose"}, {"dictionary": "given"}, {"mode": "stream"}], ids=str)
def test_bluesky(how: dict[str, str], running: Loopback, tmp_path: Path) -> None:
    if "dictionary" in how:
        file = tmp_path / "dictionary"
        file.write_bytes(stream.DICTIONARY)
        how = {"dictionary": str(file)}
    known, since = Known(), NOW - 20 * HOUR
    source = make("bluesky", running.bases, known, **how)
    relay = running.bases["bluesky.relay"].partition("://")[2]
    begin = f"firehose:{relay}:{since}:{since}" if "transport" in how else str(since + 10 * SECOND)
    with client(running) as http:
        items, reached = listened(source, http, begin, NOW + 60 * SECOND, known)
    found = {key: post for key, post in posts_in(items).items()}
    wanted = posted(since, reached)
    assert len(wanted) > 30 and set(found) == set(wanted)
    assert mentions_in(items) == {key: set(expected.papers(said)) for key, said in wanted.items()}
    assert {k for k, post in found.items() if post.gone} == {k for k, s in wanted.items() if s.gone_at <= reached}
    for key, post in found.items():
        assert post.gone or (post.created_at, post.account) == (wanted[key].at, f"bluesky:{wanted[key].by.id}")
        assert post.gone or post.quotes == (f"bluesky:{wanted[key].quotes}" if wanted[key].quotes else "")
    away = {f"bluesky:{one.id}" for one in WORLD.accounts("bluesky") if since <= one.left <= reached}
    assert {v.subject for v in of(Verdict, items) if v.rule == "network"} <= away
    if "mode" in how:
        check_voices(of(Reaction, items), wanted, reached)


def check_voices(reactions: list[Reaction], wanted: dict[str, Said], at: int) -> None:
    """Check who likes and shares each post: the same by the stream and by the script."""
    now: dict[tuple[str, str], set[str]] = {}
    for one in reactions:
        voices = now.setdefault((one.post, one.type), set())
        (voices.discard if one.withdrawn else voices.add)(one.account.removeprefix("bluesky:"))
    for key, said in wanted.items():
        if said.gone_at > at and present(said.by, at):
            # of several events at the last moment, the page may have only some
            before, after = (
                dict(zip(("like", "repost"), stream.voices(WORLD, said, end), strict=True)) for end in (at - 1, at)
            )
            for kind in ("like", "repost"):
                heard_of = now.get((key, kind), set())
                assert before[kind] & after[kind] <= heard_of <= before[kind] | after[kind], said
    assert any(one.withdrawn for one in reactions)


@pytest.mark.long
def test_a_mastodon_server_tells_lines_to_who_has_a_token() -> None:
    with Loopback(WORLD, RunningClock(NOW, 2_000)) as running:
        check_lines(running)


def check_lines(running: Loopback) -> None:
    server = {
        "base": running.bases["mastodon.two"],
        "token": mastodon.TOKEN,
        "streaming": running.bases["mastodon.two"],
    }
    source = make("mastodon", running.bases, servers=[server | {"tags": ["arxiv"]}], every=3 * 3600)
    scene, end = Scene(WORLD, NOW, "mastodon.two", running.bases), NOW + 2 * HOUR
    with client(running) as http:
        pages = list(source.pages(http, None))
    told = posts_in(items_in(source, pages))
    [begin] = [asked.at for asked in running.asked if asked.method == "LINES"]
    coming = [
        said for said in between(WORLD, "mastodon", NOW - HOUR, end)
        if mastodon.tagged(said) and mastodon.reaches(said, "two") and begin < mastodon.arrives_at(scene, said) <= end
    ]  # fmt: skip
    assert coming and {expected.key(said, running.bases) for said in coming if there(said, end)} <= set(told)


# ---- profiles ------------------------------------------------------------------------------------------


def test_accounts_say_of_themselves_what_they_are_told_to(loopback: Loopback, http: HttpClient) -> None:
    """By id and handle on Bluesky's view; by name on a Mastodon server, only for its own accounts, in HTML."""
    ada = next(one for one in WORLD.accounts("bluesky") if present(one, NOW))
    moss = next(one for one in WORLD.accounts("mastodon") if present(one, NOW) and one.home == "one")
    loopback.profiles |= {ada.id: "Kettles", moss.id: "Stoves & more"}
    view, home = f"{loopback.bases['bluesky.view']}/xrpc/app.bsky.actor.getProfile", "/api/v1/accounts/lookup"
    for actor in (ada.id, f"{ada.name}.example"):
        assert b'"description":"Kettles"' in http.get(view, params={"actor": actor}).body
    asked = {"acct": moss.name}
    assert b"<p>Stoves &amp; more</p>" in http.get(loopback.bases["mastodon.one"] + home, params=asked).body
    assert http.get(loopback.bases["mastodon.two"] + home, params=asked, accept=(404,)).status == 404
    assert http.get(view, params={"actor": "did:plc:nobody"}, accept=(400,)).status == 400
    loopback.profiles.clear()
