"""Issues become threads on a real AT Protocol network: complete, and only once, even if the program is killed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from hotpapers.deliver.announce.bluesky import BlueskySender
from hotpapers.deliver.announce.thread import COLLECTION
from hotpapers.deliver.send import SendResult, send_issue
from hotpapers.engagement.attention import read_engagement
from hotpapers.engagement.measurement import MeasurementWindow
from hotpapers.http import PoliteHttpClient
from hotpapers.model import Response
from hotpapers.settings.announce import BlueskyAccount
from hotpapers.store import Record
from hotpapers.view.site_config import NOBODY, SiteConfig
from tests.atproto.conftest import MakeSite
from tests.atproto.network import Network, Person, Ref, call
from tests.deliveries import deliveries, receipts
from tests.render.sample import OWN_READER

DAY, PAPER = "2021-01-14", "2101.99901"
SITE_CONFIG = SiteConfig("", "https://papers.example/daily/")


class Killed(BaseException):
    """The program was killed here."""


class Net(PoliteHttpClient):
    """Kills the program before or after its n-th POST request."""

    orders = 0
    kill_at: tuple[int, str] = (0, "")

    def post(
        self, url: str, *, form: Mapping[str, str] | None = None, body: bytes = b"",
        headers: Mapping[str, str] | None = None, accept: Sequence[int] = (),
    ) -> Response:  # fmt: skip
        self.orders += 1
        if self.kill_at == (self.orders, "before"):
            raise Killed
        answer = super().post(url, form=form or {}, body=body, headers=headers or {}, accept=accept)
        if self.kill_at == (self.orders, "after"):
            raise Killed
        return answer


@pytest.fixture
def http(network: Network) -> Iterator[Net]:
    with Net("hotpapers", base_addresses=[network.pds], pace={"127.0.0.1": 0.0}) as made:
        yield made


def sender(person: Person, password: str = "", site_config: SiteConfig = SITE_CONFIG) -> BlueskySender:
    password = password or person.ask("com.atproto.server.createAppPassword", name="papers")["password"]
    settings = BlueskyAccount(publication="daily", account=person.did, password=password, host=person.network.pds)
    return BlueskySender(settings, "bluesky 1", site_config)


def send(folder: Path, made: BlueskySender, http: Net) -> SendResult:
    with Record(f"sqlite:///{folder / 'hotpapers.db'}") as record:
        return send_issue(record, made, OWN_READER, "daily", DAY, http)


def posts(person: Person) -> list[dict[str, Any]]:
    """All posts of an account, oldest first."""
    asked = f"repo={person.did}&collection={COLLECTION}&reverse=true"
    said = call(f"{person.network.pds}/xrpc/com.atproto.repo.listRecords?{asked}")
    return [record["value"] for record in said["records"]]


def test_the_networks_view_shows_the_whole_thread(network: Network, http: Net, tmp_path: Path) -> None:
    person = network.person()
    assert send(tmp_path, sender(person), http)[:2] == (1, 0)
    network.settle()
    [head, *others] = posts(person)
    with Record(f"sqlite:///{tmp_path / 'hotpapers.db'}") as record:
        assert deliveries(record, "bluesky") == {person.did: "sent"}
        receipt = receipts(record, "bluesky")[person.did]
    shown = call(f"{network.view}/xrpc/app.bsky.feed.getPostThread?uri={receipt}&depth=10")["thread"]
    texts, at = [], shown
    while True:
        texts.append(at["post"]["record"]["text"])
        if not at["replies"]:
            break
        [at] = at["replies"]
    assert texts == [post["text"] for post in (head, *others)] and len(texts) == 4
    assert shown["post"]["embed"]["external"]["uri"] == "https://papers.example/daily/2021-01-14/"
    [facet] = head["facets"]
    linked = head["text"].encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]]
    assert linked.decode() == "papers.example/daily/2021-01-14"


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_order_nothing_is_lost_or_doubled(network: Network, http: Net, tmp_path: Path, when: str) -> None:
    person = network.person()
    password = person.ask("com.atproto.server.createAppPassword", name="papers")["password"]
    for order in range(1, 6):  # one to sign in, four posts
        http.orders, http.kill_at = 0, (order, when)
        folder = tmp_path / str(order)
        folder.mkdir()
        with pytest.raises(Killed):
            send(folder, sender(person, password), http)
        http.kill_at = (0, "")
        assert send(folder, sender(person, password), http)[:2] == (1, 0)
        assert send(folder, sender(person, password), http)[:2] == (0, 1)
        made = posts(person)
        assert len(made) == 4 and [post.get("reply") is None for post in made] == [True, False, False, False]
        clear(person)


def clear(person: Person) -> None:
    """Empty the account again."""
    said = call(f"{person.network.pds}/xrpc/com.atproto.repo.listRecords?repo={person.did}&collection={COLLECTION}")
    for record in said["records"]:
        rkey = record["uri"].rpartition("/")[2]
        person.ask("com.atproto.repo.deleteRecord", repo=person.did, collection=COLLECTION, rkey=rkey)


def test_a_session_that_has_run_out_is_renewed(network: Network, http: Net, tmp_path: Path) -> None:
    person = network.person()
    made = sender(person)
    assert made.account.find(http, COLLECTION, "3kaaaaaaaaaa2") is None
    session = made.account._session
    assert session is not None
    made.account._session = type(session)(did=session.did, access="nonsense", refresh=session.refresh)
    assert made.account.find(http, COLLECTION, "3kaaaaaaaaaa2") is None
    assert made.account._session not in (None, session)


def test_a_wrong_password_is_no_refusal_of_the_issue(network: Network, http: Net, tmp_path: Path) -> None:
    person = network.person()
    done = send(tmp_path, sender(person, "aaaa-bbbb-cccc-dddd"), http)
    [(target, reason)] = done.problems
    assert target == person.did and "refused to sign in" in reason and "aaaa-bbbb" not in reason
    assert send(tmp_path, sender(person), http)[:2] == (1, 0)


def test_its_own_posts_and_what_people_do_with_them_are_never_counted(
    network: Network, http: Net, site_of: MakeSite, tmp_path: Path
) -> None:
    site = site_of(network, mode="stream")
    owner, anna, bert = network.person(), network.person(), network.person()
    with site.collecting() as listening:
        send(tmp_path, sender(owner, site_config=NOBODY), http)  # its links lead to arXiv
        said = anna.post(f"Worth an evening: arXiv:{PAPER}")
        listening.catch_up()
        told_of = next(ref for ref, post in found(owner) if PAPER in str(post))
        for person in (anna, bert):
            person.like(told_of)
            person.repost(told_of)
        bert.reply(told_of, "Thank you")
        bert.quote(told_of, "Look at this")
        owner.like(said)
    with Record(site.store) as record:
        counted = {own: voices(record, own) for own in ((), record.voices_of([f"bluesky:{owner.did}"]))}
    assert list(counted.values()) == [3, 1]


def found(person: Person) -> list[tuple[Ref, dict[str, Any]]]:
    said = call(f"{person.network.pds}/xrpc/com.atproto.repo.listRecords?repo={person.did}&collection={COLLECTION}")
    return [(Ref(one["uri"], one["cid"]), one["value"]) for one in said["records"]]


def voices(record: Record, own: tuple[int, ...]) -> int:
    """How many voices the paper has."""
    heard_of = read_engagement(record.view(), MeasurementWindow(posted_from=0, own_voices=own))
    return sum(one.voices for one in heard_of if one.paper == f"arxiv:{PAPER}")
