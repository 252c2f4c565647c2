"""The loopback internet without sockets: the same answers as over sockets, and time that passes on request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotpapers.errors import NetError, RequestRefused, Stopped
from hotpapers.model import DAY, HOUR, Post
from tests.conftest import ROOT
from tests.loopback import expected, feeds, hackernews, reddit, x
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.faults import Plan
from tests.loopback.loopnet import LoopClient
from tests.loopback.reading import Known, client, items_in, listened, make, of, posts_in
from tests.loopback.script import SECOND, between
from tests.loopback.servers import Loopback
from tests.loopback.world import World
from tests.loopback.written import Written, account, paper, said

WORLD = World(1, "2026-02-23")
NOW = moment("2026-03-12T15:00")
SINCE = NOW - DAY
ASKED = (
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
def wire() -> Iterator[Loopback]:
    with Loopback(WORLD, SteppedClock(NOW)) as running:
        yield running


@pytest.mark.parametrize("host, target", ASKED)
def test_both_say_the_same(host: str, target: str, wire: Loopback) -> None:
    without = LoopClient(WORLD, SteppedClock(NOW))
    every = tuple(range(100, 600))
    with client(wire) as http:
        first = http.get(wire.bases[host] + target, accept=every)
    then = without.get(without.bases[host] + target, accept=every)
    base = wire.bases[host].encode()
    assert (first.status, first.body.replace(base, without.bases[host].encode())) == (then.status, then.body)


KEYS = {
    "reddit": {"authorization": f"Bearer {reddit.TOKEN}"}, "x": {"authorization": f"Bearer {x.TOKEN}"},
}  # fmt: skip


@pytest.mark.long
def test_pages_follow_each_other_to_the_end() -> None:
    http = LoopClient(World(1, "2026-02-23", talk=8), SteppedClock(NOW))
    url = f"{http.bases['reddit']}/r/MachineLearning/new?limit=10"
    first = http.get(url, headers=KEYS["reddit"]).body
    assert b'"after":"t3_' in first
    after = first.partition(b'"after":"')[2].partition(b'"')[0].decode()
    assert (
        after.encode() not in http.get(f"{url}&after={after}", headers=KEYS["reddit"]).body.partition(b'"children"')[2]
    )
    query = f'{http.bases["x"]}/2/tweets/search/recent?query=url:"arxiv.org"&max_results=10'
    both = [http.get(f"{query}{more}", headers=KEYS["x"]).body for more in ("", "&next_token=10")]
    assert b"RT @" in both[0] + both[1] and both[0] != both[1], "reposts are included unless left out"
    assert http.get(f"{query}&since_id=1", headers=KEYS["x"], accept=(400,)).status == 400
    hits = f"{http.bases['hackernews']}/api/v1/search_by_date?query=arxiv.org&hitsPerPage=5&page="
    assert http.get(hits + "0").body != http.get(hits + "1").body
    assert hackernews.MOST_HITS == 1000


def test_the_clock_goes_on_with_what_happens_and_stops_where_it_is_told() -> None:
    clock = SteppedClock(NOW)
    http = LoopClient(WORLD, clock, stop_at=NOW + 6 * HOUR)
    source = make("bluesky", http.bases, Known())
    found = []
    with pytest.raises(Stopped):
        for page in source.pages(http, str(NOW)):
            found += items_in(source, [page])
    assert NOW + 6 * HOUR <= clock.now() < NOW + 6 * HOUR + 60 * SECOND
    said = {expected.key(one, http.bases) for one in between(WORLD, "bluesky", NOW, NOW + 6 * HOUR - HOUR) if one.names}
    assert len(said) > 3 and said <= set(posts_in(found))
    with pytest.raises(Stopped):
        http.get(http.bases["lobsters"])
    with pytest.raises(Stopped):
        http.sleep(1)


@pytest.mark.long
def test_a_week_of_polling_and_listening_with_faults_loses_nothing() -> None:
    clock, plan = SteppedClock(NOW), Plan(seed=5)
    http = LoopClient(WORLD, clock, plan)
    known = Known()
    source = make("bluesky", http.bases, known, silence=600)
    items, reached = listened(source, http, str(NOW), NOW + 7 * DAY, known)
    said = [one for one in between(WORLD, "bluesky", NOW, NOW + 7 * DAY - HOUR) if one.names and one.by.left > one.at]
    assert len(said) > 200 and {expected.key(one, http.bases) for one in said} <= set(posts_in(items))
    assert len(http.asked) > 1 and reached >= NOW + 7 * DAY


def test_a_written_script_is_read_from_every_network() -> None:
    moss = paper("2603.00001", "2026-03-12", title="On Moss and Other Slow Things: Made Up")
    people = {network: account(network, "ada") for network in expected.NETWORKS}
    script = Written([moss], [said(by, NOW - 8 * HOUR + 60 * n * SECOND, f"Look, {network}!", moss, fame=10)
                              for n, (network, by) in enumerate(people.items())])  # fmt: skip
    http = LoopClient(script, SteppedClock(NOW))
    for network in expected.NETWORKS:
        source = make(network, http.bases, Known())
        begin = str(NOW - 10 * HOUR) if network == "bluesky" else None
        found = _posts(
            listened(source, http, begin, NOW, Known())[0] if begin else items_in(source, source.pages(http, None))
        )
        assert [key.partition(":")[0] for key in found] == [network], network


def _posts(items: list) -> list[str]:  # type: ignore[type-arg]
    return sorted({post.post for post in of(Post, items)})


def test_what_is_nowhere_is_not_found() -> None:
    http = LoopClient(WORLD, SteppedClock(NOW))
    with pytest.raises(NetError, match="no such host here"):
        http.get("https://arxiv.org/abs/2603.00001")
    with pytest.raises(RequestRefused):
        list(http.messages(http.bases["lobsters"]))
    with pytest.raises(RequestRefused):
        next(http.lines(f"{http.bases['mastodon.one']}/api/v1/streaming/public"))
    with pytest.raises(RequestRefused):
        http.post(f"{http.bases['reddit']}/api/v1/access_token", form={"grant_type": "client_credentials"})


def test_the_example_of_the_docs_is_true() -> None:
    page = (ROOT / "docs" / "development" / "loopback.md").read_text("utf-8")
    example = page.partition("```python\n")[2].partition("```")[0]
    exec(compile(example, "docs/development/loopback.md", "exec"), {"__name__": "example"})
