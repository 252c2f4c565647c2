"""Issues become threads on a real AT Protocol network: complete, and only once, even if the program is killed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from hotpapers.base.http import PoliteHttpClient
from hotpapers.base.model import Response
from hotpapers.base.settings.announce import BlueskyAccount
from hotpapers.discussion.engagement.attention import read_engagement
from hotpapers.discussion.engagement.measurement import MeasurementWindow
from hotpapers.publish.deliver.send import SenderDestination, SendResult, send_issue
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from hotpapers.record import Record
from hotpapers.wings.announce.bluesky import COLLECTION, BlueskySender
from tests.atproto.conftest import MakeSite
from tests.atproto.network import Network, Person, Ref, call
from tests.deliveries import deliveries, receipts
from tests.publish.render.sample import OWN_READER

DAY, PAPER = "2021-01-14", "2101.99901"
SITE_CONFIG = SiteConfig("", "https://papers.example/daily/")


class ProgramKilled(BaseException):
    """The program was killed here."""


class KillableClient(PoliteHttpClient):
    """Kills the program before or after its n-th POST request."""

    post_count = 0
    kill_at: tuple[int, str] = (0, "")

    def post(
        self, url: str, *, form: Mapping[str, str] | None = None, body: bytes = b"",
        headers: Mapping[str, str] | None = None, accept: Sequence[int] = (), with_body: bool = True,
    ) -> Response:  # fmt: skip
        self.post_count += 1
        if self.kill_at == (self.post_count, "before"):
            raise ProgramKilled
        response = super().post(
            url, form=form or {}, body=body, headers=headers or {}, accept=accept, with_body=with_body
        )
        if self.kill_at == (self.post_count, "after"):
            raise ProgramKilled
        return response


@pytest.fixture
def http(network: Network) -> Iterator[KillableClient]:
    with KillableClient("hotpapers", base_addresses=[network.pds], pace={"127.0.0.1": 0.0}) as client:
        yield client


def sender(person: Person, password: str = "", site_config: SiteConfig = SITE_CONFIG) -> BlueskySender:
    password = password or person.ask("com.atproto.server.createAppPassword", name="papers")["password"]
    settings = BlueskyAccount(publication="daily", account=person.did, password=password, host=person.network.pds)
    return BlueskySender(settings, "bluesky 1", site_config)


def send(folder: Path, bluesky_sender: BlueskySender, http: KillableClient) -> SendResult:
    with Record(f"sqlite:///{folder / 'hotpapers.db'}") as record:
        return send_issue(record, SenderDestination(bluesky_sender, http), OWN_READER, "daily", DAY)


def posts(person: Person) -> list[dict[str, Any]]:
    """All posts of an account, oldest first."""
    query = f"repo={person.did}&collection={COLLECTION}&reverse=true"
    response = call(f"{person.network.pds}/xrpc/com.atproto.repo.listRecords?{query}")
    return [record["value"] for record in response["records"]]


def test_the_networks_view_shows_the_whole_thread(network: Network, http: KillableClient, tmp_path: Path) -> None:
    person = network.person()
    assert send(tmp_path, sender(person), http).sent == 1
    network.settle()
    [head, *replies] = posts(person)
    with Record(f"sqlite:///{tmp_path / 'hotpapers.db'}") as record:
        assert deliveries(record, "bluesky") == {person.did: "sent"}
        receipt = receipts(record, "bluesky")[person.did]
    thread = call(f"{network.view}/xrpc/app.bsky.feed.getPostThread?uri={receipt}&depth=10")["thread"]
    texts, node = [], thread
    while True:
        texts.append(node["post"]["record"]["text"])
        if not node["replies"]:
            break
        [node] = node["replies"]
    assert texts == [post["text"] for post in (head, *replies)] and len(texts) == 4
    assert thread["post"]["embed"]["external"]["uri"] == "https://papers.example/daily/2021-01-14/"
    [facet] = head["facets"]
    link = head["text"].encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]]
    assert link.decode() == "papers.example/daily/2021-01-14"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_any_order_nothing_is_lost_or_doubled(
    network: Network, http: KillableClient, tmp_path: Path, moment: str
) -> None:
    person = network.person()
    password = person.ask("com.atproto.server.createAppPassword", name="papers")["password"]
    for number in range(1, 6):  # one to sign in, four posts
        http.post_count, http.kill_at = 0, (number, moment)
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(ProgramKilled):
            send(folder, sender(person, password), http)
        http.kill_at = (0, "")
        assert send(folder, sender(person, password), http).sent == 1
        assert send(folder, sender(person, password), http)[:3] == (0, 0, ())
        thread = posts(person)
        assert len(thread) == 4 and [post.get("reply") is None for post in thread] == [True, False, False, False]
        clear(person)


def clear(person: Person) -> None:
    """Empty the account again."""
    response = call(f"{person.network.pds}/xrpc/com.atproto.repo.listRecords?repo={person.did}&collection={COLLECTION}")
    for record in response["records"]:
        rkey = record["uri"].rpartition("/")[2]
        person.ask("com.atproto.repo.deleteRecord", repo=person.did, collection=COLLECTION, rkey=rkey)


def test_a_session_that_has_run_out_is_renewed(network: Network, http: KillableClient, tmp_path: Path) -> None:
    person = network.person()
    bluesky_sender = sender(person)
    assert bluesky_sender.account.find(http, COLLECTION, "3kaaaaaaaaaa2") is None
    session = bluesky_sender.account._session
    assert session is not None
    bluesky_sender.account._session = type(session)(did=session.did, access="nonsense")
    assert bluesky_sender.account.find(http, COLLECTION, "3kaaaaaaaaaa2") is None
    assert bluesky_sender.account._session not in (None, session)


def test_a_wrong_password_is_no_refusal_of_the_issue(network: Network, http: KillableClient, tmp_path: Path) -> None:
    person = network.person()
    result = send(tmp_path, sender(person, "aaaa-bbbb-cccc-dddd"), http)
    [(target, reason)] = result.problems
    assert target == person.did and "refused to sign in" in reason and "aaaa-bbbb" not in reason
    assert send(tmp_path, sender(person), http).sent == 1


def test_its_own_posts_and_what_people_do_with_them_are_never_counted(
    network: Network, http: KillableClient, site_of: MakeSite, tmp_path: Path
) -> None:
    site = site_of(network, mode="stream")
    owner, anna, bert = network.person(), network.person(), network.person()
    with site.collecting() as collector:
        send(tmp_path, sender(owner, site_config=NOBODY), http)  # its links lead to arXiv
        mention = anna.post(f"Worth an evening: arXiv:{PAPER}")
        collector.catch_up()
        ref = next(ref for ref, post in thread_posts(owner) if PAPER in str(post))
        for person in (anna, bert):
            person.like(ref)
            person.repost(ref)
        bert.reply(ref, "Thank you")
        bert.quote(ref, "Look at this")
        owner.like(mention)
    with Record(site.store) as record:
        voice_counts = {
            own_voices: voices(record, own_voices) for own_voices in ((), record.voices_of([f"bluesky:{owner.did}"]))
        }
    assert list(voice_counts.values()) == [3, 1]


def thread_posts(person: Person) -> list[tuple[Ref, dict[str, Any]]]:
    response = call(f"{person.network.pds}/xrpc/com.atproto.repo.listRecords?repo={person.did}&collection={COLLECTION}")
    return [(Ref(item["uri"], item["cid"]), item["value"]) for item in response["records"]]


def voices(record: Record, own_voices: tuple[int, ...]) -> int:
    """How many voices the paper has."""
    rows = read_engagement(record.view(), MeasurementWindow(posted_from=0, own_voices=own_voices))
    return sum(row.voices for row in rows if row.paper == f"arxiv:{PAPER}")
