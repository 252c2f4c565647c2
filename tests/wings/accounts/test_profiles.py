"""Account profiles, requested from the loopback networks: under faults, and when another account answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotpapers.base.errors import NetError, RequestRefused
from hotpapers.wings.accounts.my_posts import ASKING
from hotpapers.wings.accounts.profiles import KnownAccount, fetch_description, server_of
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.manual_script import ManualScript, account, message
from tests.loopback.reading import client
from tests.loopback.servers import Loopback

AT = moment("2026-03-10T09:00")
ADA, MOSS = account("bluesky", "ada"), account("mastodon", "moss")


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    script = ManualScript(messages=[message(ADA, AT - 1_000_000, "Hm"), message(MOSS, AT - 2_000_000, "Hm")])
    with Loopback(script, SteppedClock(AT)) as network:
        network.profiles |= {ADA.id: "Kettles", MOSS.id: "Stoves & <kettles>"}
        yield network


@pytest.fixture(autouse=True)
def clear_faults(loopback: Loopback) -> Iterator[None]:
    yield
    loopback.plan.clear()
    loopback.update_ports()


def known_account(loopback: Loopback, name: str = "moss", handle: str = "") -> KnownAccount:
    return KnownAccount(f"mastodon:{loopback.bases['mastodon.one']}/users/{name}", handle)


def description_of(loopback: Loopback, account_asked_for: KnownAccount) -> str:
    with client(loopback, limits=ASKING._replace(read=0.5, whole=2.0)) as http:
        server = server_of(loopback.bases["bluesky.view"], account_asked_for, tuple(loopback.bases.values()))
        return fetch_description(http, server, account_asked_for)


def test_only_servers_in_the_settings_are_read_over_plain_http() -> None:
    """Anyone on the way could insert a code into a response over plain HTTP."""
    moss, view = KnownAccount("mastodon:http://127.0.0.1:81/users/moss"), "https://view.example"
    assert server_of(view, moss, ["http://127.0.0.1:81/"]) == "http://127.0.0.1:81"
    for base_addresses in ([], ["http://127.0.0.1:8"], ["https://127.0.0.1:81"], ["http://127.0.0.1:81.example"]):
        assert server_of(view, moss, base_addresses) == "https://127.0.0.1:81"
    assert server_of(view, KnownAccount("mastodon:https://one.example/users/ada")) == "https://one.example"
    assert server_of(view, KnownAccount("bluesky:did:plc:x")) == view


def test_the_description_of_a_profile(loopback: Loopback) -> None:
    assert description_of(loopback, KnownAccount(f"bluesky:{ADA.id}", "ada.example")) == "Kettles"
    assert description_of(loopback, known_account(loopback)) == "Stoves & <kettles>"
    assert description_of(loopback, known_account(loopback, handle="moss@somewhere.example")) == "Stoves & <kettles>"


def test_an_account_that_does_not_exist(loopback: Loopback) -> None:
    for unknown_account in (KnownAccount("bluesky:did:plc:nobody"), known_account(loopback, "nobody")):
        with pytest.raises(RequestRefused, match="shows no such account"):
            description_of(loopback, unknown_account)


def test_another_account_proves_nothing(loopback: Loopback) -> None:
    """On either network, a name may have passed to somebody else."""
    with pytest.raises(RequestRefused, match="answered with a different account"):
        description_of(loopback, KnownAccount("bluesky:ada.example"))
    with pytest.raises(RequestRefused, match="answered with a different account"):
        description_of(loopback, known_account(loopback, "fern", "moss@one.example"))


@pytest.mark.parametrize("network", ["bluesky", "mastodon"])
@pytest.mark.parametrize(
    "fault",
    [
        "refused",
        "reset",
        "stall",
        "slow:9",
        "truncated",
        "oversized",
        "malformed",
        "html",
        "429:60",
        "500",
        "503",
        "redirect",
    ],
)
def test_a_network_that_fails(loopback: Loopback, network: str, fault: str) -> None:
    """An error in bounded time, and no request to an internal address."""
    loopback.plan.add(f"{network}={fault}")
    loopback.update_ports()
    with pytest.raises(NetError):
        description_of(loopback, KnownAccount(f"bluesky:{ADA.id}") if network == "bluesky" else known_account(loopback))
    assert loopback.trap_requests == 0
