"""The loopback internet without sockets: the same answers as over sockets, and time that passes only on request."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hotpapers.base.errors import NetError, RequestRefused, Stopped
from hotpapers.base.model import DAY, HOUR, Post
from tests.conftest import ROOT
from tests.loopback import expected, feeds, hackernews, reddit, x
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.direct_client import DirectClient
from tests.loopback.faults import Plan
from tests.loopback.manual_script import ManualScript, account, message, paper
from tests.loopback.reading import TrackedKeys, client, items_in, items_of_type, make_source, posts_in, read_stream
from tests.loopback.script import SECOND, messages_between
from tests.loopback.servers import Loopback
from tests.loopback.world import World

WORLD = World(1, "2026-02-23")
NOW = moment("2026-03-12T15:00")
SINCE = NOW - DAY
REQUESTS = (
    ("arxiv", "/rss/cs"), ("arxiv", "/atom/math+stat.ML"), ("arxiv", "/rss/nosuch"),
    ("arxiv", "/list/cs/recent?show=25"), ("arxiv", "/list/math/new"), ("arxiv", "/list/nosuch/new"),
    ("arxiv", "/api/query?id_list=2603.00300,2603.99999"),
    ("arxiv", "/api/query?id_list=abc"), ("arxiv", "/oai?verb=Identify"), ("arxiv", "/oai?verb=Nonsense"),
    ("arxiv", "/oai?verb=ListRecords&metadataPrefix=arXiv&from=2026-03-10&until=2026-03-11"),
    ("arxiv", "/oai?verb=ListRecords&metadataPrefix=arXivRaw&from=2027-01-01"),
    ("arxiv", "/oai?verb=ListRecords&resumptionToken=x"), ("arxiv", "/oai?verb=ListRecords&metadataPrefix=marc"),
    ("arxiv", "/oai?verb=ListRecords&metadataPrefix=arXiv&from=2026-03-07&until=2026-03-08"),
    ("arxiv", "/oai?verb=GetRecord&metadataPrefix=arXivRaw&identifier=oai:arXiv.org:2603.00300"),
    ("arxiv", "/oai?verb=GetRecord&metadataPrefix=arXivRaw&identifier=oai:arXiv.org:2609.00300"), ("arxiv", "/nothing"),
    ("bluesky.view", "/xrpc/app.bsky.feed.getPosts?uris=nonsense"), ("bluesky.view", "/xrpc/nothing"),
    ("bluesky.view", "/xrpc/app.bsky.feed.getPosts?uris=" + "&uris=".join(map(str, range(26)))),
    *(("feeds", path) for path in feeds.PATHS), ("feeds", "/nothing"),
    ("hackernews", f"/api/v1/search_by_date?query=%22arxiv.org%22&numericFilters=created_at_i>={SINCE // SECOND}"),
    ("hackernews", "/v0/item/1.json"), ("hackernews", "/api/v1/items/1"), ("huggingface", "/api/daily_papers?limit=3"),
    ("huggingface", "/api/daily_papers?date=2027-01-01"), ("huggingface", "/api/daily_papers?date=soon"),
    ("huggingface", "/api/papers/2609.00001"), ("lobsters", "/domains/arxiv.org.json"), ("lobsters", "/s/abc.json"),
    ("mastodon.one", "/api/v1/statuses/5"), ("reddit", "/r/MachineLearning/new/.rss"), ("reddit", "/api/info?id=t3_1"),
    ("reddit", "/comments/zz/.rss"), ("x", "/2/tweets/search/recent"),
)  # fmt: skip


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    with Loopback(WORLD, SteppedClock(NOW)) as running:
        yield running


@pytest.mark.parametrize("host, target", REQUESTS)
def test_answers_are_the_same_without_sockets(host: str, target: str, loopback: Loopback) -> None:
    direct = DirectClient(WORLD, SteppedClock(NOW))
    statuses = tuple(range(100, 600))
    with client(loopback) as http:
        wire_response = http.get(loopback.bases[host] + target, accept=statuses)
    direct_response = direct.get(direct.bases[host] + target, accept=statuses)
    base = loopback.bases[host].encode()
    assert (wire_response.status, wire_response.body.replace(base, direct.bases[host].encode())) == (
        direct_response.status,
        direct_response.body,
    )


KEYS = {
    "reddit": {"authorization": f"Bearer {reddit.TOKEN}"}, "x": {"authorization": f"Bearer {x.TOKEN}"},
}  # fmt: skip


@pytest.mark.long
def test_pages_follow_each_other_to_the_end() -> None:
    http = DirectClient(World(1, "2026-02-23", post_rate=8), SteppedClock(NOW))
    url = f"{http.bases['reddit']}/r/MachineLearning/new?limit=10"
    body = http.get(url, headers=KEYS["reddit"]).body
    assert b'"after":"t3_' in body
    after = body.partition(b'"after":"')[2].partition(b'"')[0].decode()
    assert (
        after.encode() not in http.get(f"{url}&after={after}", headers=KEYS["reddit"]).body.partition(b'"children"')[2]
    )
    query = f'{http.bases["x"]}/2/tweets/search/recent?query=url:"arxiv.org"&max_results=10'
    bodies = [http.get(f"{query}{suffix}", headers=KEYS["x"]).body for suffix in ("", "&next_token=10")]
    assert b"RT @" in bodies[0] + bodies[1] and bodies[0] != bodies[1], "reposts are included unless left out"
    for parameter in ("since_id", "until_id"):
        assert http.get(f"{query}&{parameter}=1", headers=KEYS["x"], accept=(400,)).status == 400
    oldest = json.loads(bodies[0])["meta"]["oldest_id"]
    older = json.loads(http.get(f"{query}&until_id={oldest}", headers=KEYS["x"]).body)
    assert all(int(post["id"]) < int(oldest) for post in older["data"]) and older["data"]
    hits = f"{http.bases['hackernews']}/api/v1/search_by_date?query=arxiv.org&hitsPerPage=5&page="
    assert http.get(hits + "0").body != http.get(hits + "1").body
    assert hackernews.MOST_HITS == 1000


def test_the_clock_moves_on_to_each_event_and_stops_in_time() -> None:
    clock = SteppedClock(NOW)
    http = DirectClient(WORLD, clock, stop_at=NOW + 6 * HOUR)
    source = make_source("bluesky", http.bases, TrackedKeys())
    items = []
    with pytest.raises(Stopped):
        for page in source.pages(http, str(NOW)):
            items += items_in(source, [page])
    assert NOW + 6 * HOUR <= clock.now() < NOW + 6 * HOUR + 60 * SECOND
    keys = {
        expected.key(message, http.bases)
        for message in messages_between(WORLD, "bluesky", NOW, NOW + 6 * HOUR - HOUR)
        if message.references
    }
    assert len(keys) > 3 and keys <= set(posts_in(items))
    with pytest.raises(Stopped):
        http.get(http.bases["lobsters"])
    with pytest.raises(Stopped):
        http.sleep(1)


@pytest.mark.long
def test_a_week_of_polling_and_listening_with_faults_loses_nothing() -> None:
    clock, plan = SteppedClock(NOW), Plan(seed=5)
    http = DirectClient(WORLD, clock, plan)
    tracked_keys = TrackedKeys()
    source = make_source("bluesky", http.bases, tracked_keys, silence=600)
    items, read_until = read_stream(source, http, str(NOW), NOW + 7 * DAY, tracked_keys)
    messages = [
        message
        for message in messages_between(WORLD, "bluesky", NOW, NOW + 7 * DAY - HOUR)
        if message.references and message.author.gone_from > message.at
    ]
    assert len(messages) > 200 and {expected.key(message, http.bases) for message in messages} <= set(posts_in(items))
    assert len(http.request_counts) > 1 and read_until >= NOW + 7 * DAY


def test_a_manual_script_is_read_from_every_network() -> None:
    moss = paper("2603.00001", "2026-03-12", title="On Moss and Other Slow Things: Made Up")
    authors = {network: account(network, "ada") for network in expected.NETWORKS}
    messages = [
        message(author, NOW - 8 * HOUR + 60 * n * SECOND, f"Look, {network}!", moss, final_likes=10)
        for n, (network, author) in enumerate(authors.items())
    ]
    script = ManualScript([moss], messages)
    http = DirectClient(script, SteppedClock(NOW))
    for network in expected.NETWORKS:
        source = make_source(network, http.bases, TrackedKeys())
        cursor = str(NOW - 10 * HOUR) if network == "bluesky" else None
        post_keys = _post_keys(
            read_stream(source, http, cursor, NOW, TrackedKeys())[0]
            if cursor
            else items_in(source, source.pages(http, None))
        )
        assert [key.partition(":")[0] for key in post_keys] == [network], network


def _post_keys(items: list) -> list[str]:  # type: ignore[type-arg]
    return sorted({post.post for post in items_of_type(Post, items)})


def test_unknown_addresses_are_refused() -> None:
    http = DirectClient(WORLD, SteppedClock(NOW))
    with pytest.raises(NetError, match="no such host here"):
        http.get("https://arxiv.org/abs/2603.00001")
    with pytest.raises(RequestRefused):
        list(http.messages(http.bases["lobsters"]))
    with pytest.raises(RequestRefused):
        next(http.lines(f"{http.bases['mastodon.one']}/api/v1/streaming/public"))
    with pytest.raises(RequestRefused):
        http.post(f"{http.bases['reddit']}/api/v1/access_token", form={"grant_type": "client_credentials"})


def test_the_example_in_the_docs_works() -> None:
    page = (ROOT / "tests" / "loopback" / "README.md").read_text("utf-8")
    example = page.partition("```python\n")[2].partition("```")[0]
    exec(compile(example, "tests/loopback/README.md", "exec"), {"__name__": "example"})
