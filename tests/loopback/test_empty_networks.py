"""Networks that answer with empty lists, know no post any longer, or fail, for hours and days: nothing is missing where
coverage says complete, no visible post is gone, and what was missed is read later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.base.model import HOUR
from tests.loopback.faults import Plan, fault
from tests.loopback.one_network import BEGIN, running_site

NETWORKS = ("mastodon", "hackernews", "reddit", "reddit feeds", "huggingface", "lobsters", "feeds", "x")
KINDS = ("empty", "404", "500")
LENGTHS = (3, 12, 30)
X_SILENCE = 4 * HOUR
"""How long an empty search of X is believed, as a check costs money."""


def cases() -> Iterator[object]:
    for kind in KINDS:
        for hours in LENGTHS:
            is_fast = (kind, hours) == ("empty", 12)
            yield pytest.param(kind, hours, marks=() if is_fast else pytest.mark.long, id=f"{kind} for {hours} h")


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(("kind", "hours"), list(cases()))
def test_a_network_that_shows_nothing(network: str, kind: str, hours: int, tmp_path: Path) -> None:
    check_site(network, kind, hours, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("kind", ["empty", "404"])
def test_a_network_that_shows_nothing_to_collect_once(network: str, kind: str, tmp_path: Path) -> None:
    """Each round is a new process, which remembers nothing."""
    check_site(network, kind, 12, tmp_path, restarts=True)


def check_site(network: str, kind: str, hours: int, folder: Path, *, restarts: bool = False) -> None:
    end = BEGIN + hours * HOUR
    plan = Plan([fault(network.split(maxsplit=1)[0], kind, BEGIN, end)])
    with running_site(network, folder, plan, restarts=restarts) as site:
        site.run(BEGIN)
        assert not site.missing() and not site.wrongly_gone() and site.known()
        site.run(end)
        missing = site.missing()
        falsely_complete = [key for key, message in missing.items() if site.complete(message.at)]
        if network == "x" and kind == "empty":
            falsely_complete = [key for key in falsely_complete if missing[key].at > BEGIN + X_SILENCE]
        assert not falsely_complete, f"{len(falsely_complete)} of {len(missing)} missing posts"
        assert hours < 12 or not site.complete(end - 2 * HOUR)
        assert not site.wrongly_gone()
        site.run(end + 9 * HOUR)
        assert not site.missing() and not site.wrongly_gone()
        assert site.complete(end - 2 * HOUR) and site.complete(end + 7 * HOUR)
