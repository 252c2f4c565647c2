"""Papers by members: found by authors' names in any spelling, and by the account of a post."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import pytest

from hotpapers.deliver.announce.members import is_account, member_papers, posters_in
from hotpapers.model import Alias, Item
from hotpapers.store import Record
from hotpapers.terms import TermsOverride, table
from tests.deliver.announce.made import DAY
from tests.issues.made import judged, key, moment, paper, post, write
from tests.render.sample import OWN_READER

AT = moment("2024-05-07T02:00")
MINE, OTHER = "bluesky:did:plc:mine", "bluesky:did:plc:other"


def nobody(accounts: Sequence[str], papers: Sequence[str]) -> Mapping[str, str]:
    raise AssertionError("nobody was to be asked for")


@pytest.mark.parametrize("name", ["Tansy Overquill", "tansy  OVERQUILL", "Tânsy Overquill", "Tansy. Overquill"])
def test_names_are_the_same_however_they_are_written(name: str) -> None:
    found = member_papers(OWN_READER.issue("daily", DAY), [name, "Nobody At All"], nobody)
    assert found == {"arxiv:2101.99901": "Tansy Overquill", "arxiv:hep-th/9901999": "Tansy Overquill"}


def test_a_part_of_a_name_is_another_name() -> None:
    assert member_papers(OWN_READER.issue("daily", DAY), ["Overquill", "T Overquill"], nobody) == {}


def test_several_members_and_who_posted() -> None:
    def posters(accounts: Sequence[str], papers: Sequence[str]) -> Mapping[str, str]:
        assert list(accounts) == [MINE, "x:@quill"] and len(papers) == 3
        return {papers[0]: "quill.example", papers[1]: "somebody"}

    found = member_papers(
        OWN_READER.issue("daily", DAY), ["Bram Oakhollow", "Odo Fennimore", MINE, "x:@quill"], posters
    )
    assert found == {
        "arxiv:2101.99901": "Bram Oakhollow, Odo Fennimore, posted by quill.example",
        "arxiv:2101.99902": "posted by somebody",
    }


def test_what_is_an_account() -> None:
    assert is_account("x:@quill") and is_account(MINE)
    assert not is_account("Tansy Overquill") and not is_account("arxiv:2101.99901") and not is_account("x")


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    with Record(store_url) as opened:
        write(opened, *(paper(n) for n in range(1, 8)))
        yield opened


def by(n: int, account: str, name: str = "", **changes: object) -> list[Item]:
    """A post about the n-th paper."""
    said, mention = post(n, f"bluesky:post{n}", AT, account=account)
    return [msgspec.structs.replace(said, **{"handle": f"handle{n}", "name": name, **changes}), mention]


def test_posters_are_told_as_far_as_they_may_be(record: Record) -> None:
    handle = "bluesky:@mine.example"
    write(
        record, by(1, MINE), by(2, OTHER), by(3, handle), by(4, MINE, gone="deleted"), by(5, MINE, limits=("label",)),
        by(6, MINE), by(7, MINE), Alias(account=handle, stable=MINE, observed_at=AT),
        judged("bluesky:post6", "hidden", at=AT), judged("bluesky:post7", "doubtful", about=key(7), at=AT),
    )  # fmt: skip
    papers = [key(n) for n in range(1, 8)]
    ask = posters_in(record)
    assert ask([MINE], papers) == {key(1): "handle1", key(3): "handle3"}
    assert ask([handle], papers) == {key(1): "handle1", key(3): "handle3"}
    assert ask([MINE], papers[1:2]) == {} and ask([MINE], []) == {}
    assert ask([OTHER], papers) == {key(2): "handle2"}


def test_a_name_goes_before_a_handle_and_without_both_it_is_a_member(record: Record) -> None:
    write(record, by(1, MINE, name="Odo  F."), by(2, MINE, handle=""))
    assert posters_in(record)([MINE], [key(1), key(2)]) == {key(1): "Odo F.", key(2): "a member"}


def test_no_name_where_a_network_lets_only_a_link_be_shown(record: Record) -> None:
    said, mention = post(1, "x:77", AT, account="x:7")
    write(record, [msgspec.structs.replace(said, handle="quill"), mention])
    assert posters_in(record)(["x:7"], [key(1)]) == {key(1): "a member"}
    allowed = table({"x": TermsOverride(shown="text")})
    assert posters_in(record, allowed)(["x:7"], [key(1)]) == {key(1): "quill"}
