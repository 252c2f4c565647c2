"""Reports that posts are gone: believed of a network that still shows others, else held back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from hotpapers.base.errors import NetError, PartiallyRead
from hotpapers.base.model import PayloadPage, RawPayload
from hotpapers.collect.sources.batched_requests import MANY, RemovalCheck


class Site:
    """A network that answers one post at a time. `shown`: the posts that it has."""

    def __init__(self, *shown: str) -> None:
        self.shown, self.requested = set(shown), list[str]()

    def ask(self, ids: Sequence[str]) -> Iterator[PayloadPage]:
        for id in ids:
            self.requested.append(id)
            yield PayloadPage([RawPayload("counts" if id in self.shown else "gone", id, b"null", 1)])

    def listed(self) -> list[str]:
        return sorted(self.shown)


def reports(check: RemovalCheck, site: Site, ids: str, *, has_lists: bool = True) -> list[str]:
    """The posts that are reported gone, in order."""
    pages = check.pages(list(ids), site.ask, site.listed if has_lists else lambda: None)
    return [payload.key for page in pages for payload in page.payloads if payload.kind == "gone"]


def test_a_report_is_believed_once_the_network_shows_a_post() -> None:
    site = Site("c")
    assert reports(RemovalCheck(), site, "abc") == ["a", "b"] and site.requested == ["a", "b", "c"]


def test_what_was_returned_last_is_asked_for_again() -> None:
    site, check = Site("a", "b"), RemovalCheck()
    assert reports(check, site, "abc") == ["c"] and site.requested == [*"abc", "b"]
    site.shown = {"z"}
    assert reports(check, site, "a") == ["a"], "the lists show another one"


def test_a_network_that_lost_sight_of_everything_is_not_believed_about_a_single_post() -> None:
    site, check = Site("a", "b"), RemovalCheck()
    reports(check, site, "ab")
    site.shown.clear()
    for _ in range(2):
        with pytest.raises(PartiallyRead, match="no longer knows any posts; 1 are"):
            reports(check, site, "a")
    site.shown = {"a"}
    assert reports(check, site, "ab") == ["b"], "nothing held back in an earlier round remains"


def test_without_lists_a_new_process_believes_a_few_reports() -> None:
    few, many = "abcdefgh"[: MANY - 1], "abcdefgh"[:MANY]
    assert reports(RemovalCheck(), Site(), few, has_lists=False) == [*few]
    with pytest.raises(PartiallyRead):
        reports(RemovalCheck(), Site(), many, has_lists=False)


def test_reports_before_a_failure_are_not_believed() -> None:
    check = RemovalCheck()

    def ask(ids: Sequence[str]) -> Iterator[PayloadPage]:
        yield PayloadPage([RawPayload("gone", ids[0], b"null", 1)])
        raise NetError("reset")

    with pytest.raises(NetError):
        list(check.pages(["a"], ask, list))
    assert reports(check, Site("b"), "b") == []
