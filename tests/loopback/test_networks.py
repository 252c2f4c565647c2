"""Every source reads the loopback internet over real sockets and gets what the script says: posts, papers, counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.base.model import (
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
from hotpapers.base.networks import readable_networks
from hotpapers.base.papers import arxiv
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.base.settings import load
from hotpapers.collect.job_factory import chosen_sources, configured_addresses
from hotpapers.collect.sources import SOURCES
from tests.loopback import expected, mastodon, stream
from tests.loopback.clock import RunningClock, SteppedClock, moment
from tests.loopback.expected import ExpectedAnnouncement
from tests.loopback.network_state import NetworkState
from tests.loopback.reading import (
    TrackedKeys,
    client,
    cursor_in,
    items_in,
    items_of_type,
    make_source,
    mentions_in,
    payloads_in,
    posts_in,
    read_stream,
    snapshots_in,
)
from tests.loopback.script import MINUTE, SECOND, Message, account_exists, is_visible, messages_between
from tests.loopback.servers import Loopback
from tests.loopback.settings import settings_toml
from tests.loopback.world import World

WORLD = World(1, "2026-02-23", post_rate=4)
NOW = moment("2026-03-12T15:00")
LATER = NOW + 30 * HOUR


@pytest.fixture(scope="module")
def clock() -> SteppedClock:
    return SteppedClock(NOW)


@pytest.fixture(scope="module")
def loopback(clock: SteppedClock) -> Iterator[Loopback]:
    with Loopback(WORLD, clock) as server:
        yield server


@pytest.fixture
def http(loopback: Loopback, clock: SteppedClock) -> Iterator[HttpClient]:
    clock.set(NOW)
    with client(loopback) as http_client:
        yield http_client


def test_settings_differ_from_the_defaults_only_in_addresses_and_keys(tmp_path: Path, loopback: Loopback) -> None:
    file = tmp_path / "hotpapers.toml"
    file.write_text(settings_toml(loopback.bases))
    tables = load(file).source
    settings_by_source = {source.name: source.settings for source in chosen_sources(tables)}
    servers = {name for name, row in readable_networks().items() if row.has_papers} - {"arxiv"}
    assert list(settings_by_source) == [name for name in SOURCES if name not in servers], "all of them are on"
    own_addresses = tuple(base for host, base in loopback.bases.items() if host != "trap")
    for name, settings in settings_by_source.items():
        default = SOURCES[name][1]()
        assert all(address.startswith(own_addresses) for address in configured_addresses(settings)), name
        changed_fields = {key for key in default.__struct_fields__ if getattr(settings, key) != getattr(default, key)}
        address_fields = {key for key in changed_fields if any(configured_addresses([getattr(settings, key)]))}
        assert {
            key for key in default.__struct_fields__ if any(configured_addresses([getattr(default, key)]))
        } <= address_fields
        assert changed_fields - address_fields <= {"client_id", "client_secret", "token", "budget"}, name


# ---- arXiv -------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_arxiv(http: HttpClient, loopback: Loopback, clock: SteppedClock) -> None:
    source = make_source("arxiv", loopback.bases)
    pages = list(source.pages(http, None))
    items = items_in(source, pages)
    announcements = {
        ExpectedAnnouncement(a.paper, a.day, a.category, a.type, a.version) for a in items_of_type(Announcement, items)
    }
    assert announcements == expected.announcements(WORLD, "2026-03-12")
    for item in items_of_type(Paper, items):
        paper = WORLD.paper(item.paper.removeprefix("arxiv:"))
        assert paper and (item.title, item.authors, item.categories) == (paper.title, paper.authors, paper.categories)
    [*_, last_coverage] = items_of_type(Coverage, items)
    assert (last_coverage.state, last_coverage.from_at) == ("complete", days.announced_at("2026-03-12"))
    clock.to(moment("2026-03-18T12:00"))
    later_items = items_in(source, source.pages(http, cursor_in(pages)))
    later_announcements = {
        ExpectedAnnouncement(a.paper, a.day, a.category, a.type, a.version)
        for a in items_of_type(Announcement, later_items)
    }
    expected_announcements = {
        a
        for day in days.labels_between("2026-03-12", "2026-03-18", extra_holidays=())
        for a in expected.announcements(WORLD, day)
    }
    expected_listings = {(a.paper, a.day, a.category) for a in expected_announcements if a.type != "replacement"}
    assert {
        (paper, day, archive) for paper, day, archive, kind, _ in later_announcements if day < "2026-03-18"
    } == expected_listings
    assert {a for a in later_announcements if a.day == "2026-03-18"} == expected.announcements(WORLD, "2026-03-18")
    assert all(coverage.state == "complete" for coverage in items_of_type(Coverage, later_items)[-4:])


@pytest.mark.long
def test_arxiv_is_harvested_with_resumption(http: HttpClient, loopback: Loopback) -> None:
    source = make_source("arxiv", loopback.bases, since="2026-02-26")
    items = items_in(source, source.pages(http, None))
    papers = {item.paper for item in items_of_type(Paper, items)}
    labels = [*days.labels_between("2026-02-25", "2026-03-12", extra_holidays=()), "2026-03-12"]
    announced_papers = {arxiv.key(paper.id) for label in labels for paper in WORLD.papers(label)}
    assert announced_papers <= papers
    assert any("resumptionToken" in request.path for request in loopback.requests)
    new_papers = {a.paper for a in items_of_type(Announcement, items) if a.type == "new"}
    assert len(new_papers & announced_papers) / len(announced_papers) > 0.98


# ---- posts, papers, counts -----------------------------------------------------------------------------------


POLLED = ("feeds", "hackernews", "huggingface", "lobsters", "reddit", "x")
SINCE = {"hackernews": NOW - 7 * DAY, "x": NOW - 7 * DAY + 1, "huggingface": (NOW // DAY - 2) * DAY}


def expected_messages(network: str) -> list[Message]:
    """The messages that a network's source finds in its first round."""
    since = SINCE.get(network, WORLD.first_day * DAY)
    delay = 3 * MINUTE if network == "hackernews" else 0
    messages = [message for message in messages_between(WORLD, network, since, NOW - delay) if is_visible(message, NOW)]
    messages_in_lists = messages[-{"lobsters": 25, "reddit": 100}.get(network, len(messages)) :]
    if network == "feeds":
        messages_in_lists = [
            message
            for author in WORLD.accounts("feeds")
            for message in [message for message in messages_in_lists if message.author == author][-20:]
        ]
    return [message for message in messages_in_lists if message.references and expected.is_findable(message)]


@pytest.mark.parametrize("network", POLLED)
def test_posts_with_papers_and_counts(network: str, http: HttpClient, loopback: Loopback) -> None:
    source = make_source(network, loopback.bases)
    items = items_in(source, source.pages(http, None))
    by_key = {expected.key(message, loopback.bases): message for message in expected_messages(network)}
    assert by_key and set(posts_in(items)) == set(by_key)
    assert mentions_in(items) == {key: expected.papers(message) for key, message in by_key.items()}
    snapshots = snapshots_in(items)
    for key, message in by_key.items():
        assert figures_of(snapshots.get(key)) == expected.figures(message, NOW, in_list=True), message
    for key, post in posts_in(items).items():
        assert post.created_at == by_key[key].at or (network == "x" and by_key[key].edited_at <= NOW)
        assert by_key[key].words.split("{")[0] in post.text or network in ("huggingface", "hackernews"), post


def figures_of(snapshot: Snapshot | None) -> expected.Figures | None:
    if snapshot is None:
        return None
    return expected.Figures(snapshot.reposts, snapshot.likes, snapshot.replies, snapshot.quotes, snapshot.views)


@pytest.mark.parametrize("network", ["hackernews", "huggingface", "lobsters", "reddit", "mastodon", "bluesky"])
def test_counts_are_read_again_and_missing_posts_are_reported(
    network: str, http: HttpClient, loopback: Loopback, clock: SteppedClock
) -> None:
    messages = [
        message
        for message in messages_between(WORLD, network, NOW - 9 * DAY, NOW)
        if message.references and is_visible(message, message.at)
    ]
    gone_messages = [message for message in messages if expected.gone_reason(message, LATER)]
    sample = [
        *[message for message in messages if not expected.gone_reason(message, LATER)][-30:],
        *gone_messages[-10:],
    ]
    by_key = {expected.key(message, loopback.bases): message for message in sample}
    clock.to(LATER)
    source = make_source(network, loopback.bases)
    items = items_in(source, source.counts(http, list(by_key)))
    gone_reasons = {key: post.gone for key, post in posts_in(items).items() if post.gone}
    assert gone_reasons == {
        key: reason for key, message in by_key.items() if (reason := expected.gone_reason(message, LATER))
    }
    assert gone_messages or network in ("huggingface", "lobsters")
    for key, snapshot in snapshots_in(items).items():
        assert figures_of(snapshot) == expected.figures(by_key[key], LATER), by_key[key]


def test_mastodon_finds_the_hashtag_and_trusts_home_servers_alone(http: HttpClient, loopback: Loopback) -> None:
    source = make_source("mastodon", loopback.bases)
    items = items_in(source, source.pages(http, None))
    posts = posts_in(items)
    by_key = {
        expected.key(message, loopback.bases): message
        for message in messages_between(WORLD, "mastodon", NOW - 14 * DAY, NOW)
    }
    assert len(posts) > 50 and set(posts) <= set(by_key)
    home_messages = {key: message for key, message in by_key.items() if key in snapshots_in(items)}
    assert home_messages and all(
        figures_of(snapshots_in(items)[k]) == expected.figures(s, NOW) for k, s in home_messages.items()
    )
    assert {k: set(v) for k, v in mentions_in(items).items()} == {k: set(expected.papers(by_key[k])) for k in posts}
    accounts = {account.account: account for account in items_of_type(Account, items)}
    assert any(account.automated for account in accounts.values())


def test_mastodon_polled_for_a_day_misses_nothing_with_the_hashtag(
    http: HttpClient, loopback: Loopback, clock: SteppedClock
) -> None:
    source = make_source("mastodon", loopback.bases)
    cursor, items = None, []
    while http.now() < NOW + DAY:
        for page in source.pages(http, cursor):
            items += items_in(source, [page])
            cursor = page.cursor or cursor
        clock.advance(1800)
    since, until = NOW, NOW + DAY - HOUR
    messages = [
        message
        for message in messages_between(WORLD, "mastodon", since, until)
        if message.references and is_visible(message, message.at + HOUR)
    ]
    expected_keys = {expected.key(message, loopback.bases) for message in messages if expected.is_findable(message)}
    assert len(expected_keys) > 15 and expected_keys <= set(posts_in(items))
    assert set(posts_in(items)) <= {
        expected.key(message, loopback.bases)
        for message in messages_between(WORLD, "mastodon", NOW - 14 * DAY, NOW + DAY)
    }
    assert len({limit for post in items_of_type(Post, items) for limit in post.limits}) >= 2


def test_reddit_without_a_key_has_posts_and_no_counts(http: HttpClient, loopback: Loopback) -> None:
    source = make_source("reddit", loopback.bases, client_id="", client_secret="")
    items = items_in(source, source.pages(http, None))
    newest = [
        message for message in messages_between(WORLD, "reddit", NOW - 20 * DAY, NOW) if is_visible(message, NOW)
    ][-25:]
    assert set(posts_in(items)) == {expected.key(message, loopback.bases) for message in newest if message.references}
    assert not snapshots_in(items)
    gone_message = next(
        message
        for message in messages_between(WORLD, "reddit", NOW - 9 * DAY, NOW)
        if message.references and not is_visible(message, NOW)
    )
    count_items = items_in(source, source.counts(http, [expected.key(gone_message, loopback.bases)]))
    assert [post.gone for post in items_of_type(Post, count_items)] == ["deleted"]


def test_a_feed_that_did_not_change_is_not_sent_again(http: HttpClient, loopback: Loopback) -> None:
    source = make_source("feeds", loopback.bases)
    assert payloads_in(source.pages(http, None)) and not payloads_in(source.pages(http, None))
    assert [request.status for request in list(loopback.requests)[-3:]] == [304] * 3


def test_x_looks_posts_up(http: HttpClient, loopback: Loopback, clock: SteppedClock) -> None:
    clock.to(LATER)
    source = make_source("x", loopback.bases)
    messages = [message for message in messages_between(WORLD, "x", NOW - 5 * DAY, NOW) if message.references]
    sample = [
        *[message for message in messages if is_visible(message, LATER)][:20],
        *[message for message in messages if not is_visible(message, LATER)][:3],
    ]
    by_key = {expected.key(message, loopback.bases): message for message in sample}
    pages = source.counts_from(http, list(by_key), None)  # type: ignore[attr-defined]
    items = items_in(source, pages)
    assert {key for key, post in posts_in(items).items() if post.gone} == {
        k for k, s in by_key.items() if not is_visible(s, LATER)
    }
    assert all(
        figures_of(snapshot) == expected.figures(by_key[key], LATER) for key, snapshot in snapshots_in(items).items()
    )
    assert len(snapshots_in(items)) == 20


# ---- Bluesky -------------------------------------------------------------------------------------------------


@pytest.fixture
def running_loopback() -> Iterator[Loopback]:
    with Loopback(WORLD, RunningClock(NOW, 100)) as server:
        yield server


def messages_on_stream(since: int, until: int) -> dict[str, Message]:
    """The messages that name a paper in a period of Bluesky's stream, by key."""
    messages = messages_between(WORLD, "bluesky", since - stream.DELAY, until - stream.DELAY)
    return {
        expected.key(message, {}): message
        for message in messages
        if message.references and account_exists(message.author, message.at)
    }


@pytest.mark.long
@pytest.mark.parametrize("changes", [{}, {"mode": "stream"}], ids=str)
def test_bluesky(changes: dict[str, str], running_loopback: Loopback) -> None:
    tracked_keys, since = TrackedKeys(), NOW - 20 * HOUR
    source = make_source("bluesky", running_loopback.bases, tracked_keys, **changes)
    with client(running_loopback) as http:
        items, read_until = read_stream(source, http, str(since + 10 * SECOND), NOW + 60 * SECOND, tracked_keys)
    posts = {key: post for key, post in posts_in(items).items()}
    expected_posts = messages_on_stream(since, read_until)
    assert len(expected_posts) > 30 and set(posts) == set(expected_posts)
    assert mentions_in(items) == {key: set(expected.papers(message)) for key, message in expected_posts.items()}
    assert {k for k, post in posts.items() if post.gone} == {
        k for k, s in expected_posts.items() if s.gone_at <= read_until
    }
    for key, post in posts.items():
        assert post.gone or (post.created_at, post.account) == (
            expected_posts[key].at,
            f"bluesky:{expected_posts[key].author.id}",
        )
        assert post.gone or post.quotes == (
            f"bluesky:{expected_posts[key].quotes}" if expected_posts[key].quotes else ""
        )
    departed = {
        f"bluesky:{account.id}" for account in WORLD.accounts("bluesky") if since <= account.gone_from <= read_until
    }
    assert {v.subject for v in items_of_type(Verdict, items) if v.rule == "network"} <= departed
    if "mode" in changes:
        check_reactions(items_of_type(Reaction, items), expected_posts, read_until)


def check_reactions(reactions: list[Reaction], messages: dict[str, Message], at: int) -> None:
    """Check that by the stream the same accounts like and share each post as by the script."""
    reacting_accounts: dict[tuple[str, str], set[str]] = {}
    for reaction in reactions:
        accounts = reacting_accounts.setdefault((reaction.post, reaction.type), set())
        (accounts.discard if reaction.withdrawn else accounts.add)(reaction.account.removeprefix("bluesky:"))
    for key, message in messages.items():
        if message.gone_at > at and account_exists(message.author, at):
            # of several events at the last moment, the page may have only some
            earlier, later = (
                dict(zip(("like", "repost"), stream.reacting_accounts(WORLD, message, end), strict=True))
                for end in (at - 1, at)
            )
            for kind in ("like", "repost"):
                observed = reacting_accounts.get((key, kind), set())
                assert earlier[kind] & later[kind] <= observed <= earlier[kind] | later[kind], message
    assert any(reaction.withdrawn for reaction in reactions)


@pytest.mark.long
def test_a_mastodon_server_streams_to_clients_with_a_token() -> None:
    with Loopback(WORLD, RunningClock(NOW, 2_000)) as loopback:
        check_lines(loopback)


def check_lines(loopback: Loopback) -> None:
    server = {
        "base": loopback.bases["mastodon.two"],
        "token": mastodon.TOKEN,
        "streaming": loopback.bases["mastodon.two"],
    }
    source = make_source("mastodon", loopback.bases, servers=[server | {"tags": ["arxiv"]}], every=3 * 3600)
    state, end = NetworkState(WORLD, NOW, "mastodon.two", loopback.bases), NOW + 2 * HOUR
    with client(loopback) as http:
        pages = list(source.pages(http, None))
    posts = posts_in(items_in(source, pages))
    [start] = [request.at for request in loopback.requests if request.method == "LINES"]
    messages = [
        message for message in messages_between(WORLD, "mastodon", NOW - HOUR, end)
        if mastodon.has_tag(message) and mastodon.reaches(message, "two")
        and start < mastodon.arrives_at(state, message) <= end
    ]  # fmt: skip
    assert messages and {
        expected.key(message, loopback.bases) for message in messages if is_visible(message, end)
    } <= set(posts)


# ---- profiles ------------------------------------------------------------------------------------------


def test_profiles_have_the_texts_that_a_test_sets(loopback: Loopback, http: HttpClient) -> None:
    """By id and handle on Bluesky's view; by name on a Mastodon server, only for its own accounts, in HTML."""
    ada = next(account for account in WORLD.accounts("bluesky") if account_exists(account, NOW))
    moss = next(
        account for account in WORLD.accounts("mastodon") if account_exists(account, NOW) and account.home == "one"
    )
    loopback.profiles |= {ada.id: "Kettles", moss.id: "Stoves & more"}
    view, lookup = f"{loopback.bases['bluesky.view']}/xrpc/app.bsky.actor.getProfile", "/api/v1/accounts/lookup"
    for actor in (ada.id, f"{ada.name}.example"):
        assert b'"description":"Kettles"' in http.get(view, params={"actor": actor}).body
    params = {"acct": moss.name}
    assert b"<p>Stoves &amp; more</p>" in http.get(loopback.bases["mastodon.one"] + lookup, params=params).body
    assert http.get(loopback.bases["mastodon.two"] + lookup, params=params, accept=(404,)).status == 404
    assert http.get(view, params={"actor": "did:plc:nobody"}, accept=(400,)).status == 400
    loopback.profiles.clear()
