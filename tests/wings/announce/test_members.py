"""Papers by members: found by authors' names in any spelling, and by the account of a post."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import pytest

from hotpapers.base import network_terms
from hotpapers.base.model import Alias, Item
from hotpapers.base.network_terms import TermsOverride, reviewed_terms
from hotpapers.record import Record
from hotpapers.wings.announce.chat import is_account, member_papers, posters_in
from tests.issues.made import judged, key, moment, paper, post, write
from tests.publish.render.sample import OWN_READER
from tests.wings.announce.samples import DAY

AT = moment("2024-05-07T02:00")
MEMBER, OTHER = "bluesky:did:plc:mine", "bluesky:did:plc:other"


def no_posters(accounts: Sequence[str], papers: Sequence[str]) -> Mapping[str, str]:
    raise AssertionError("no posters are needed here")


@pytest.mark.parametrize("name", ["Tansy Overquill", "tansy  OVERQUILL", "Tânsy Overquill", "Tansy. Overquill"])
def test_names_are_the_same_however_they_are_written(name: str) -> None:
    papers_by_members = member_papers(OWN_READER.issue("daily", DAY), [name, "Nobody At All"], no_posters)
    assert papers_by_members == {"arxiv:2101.99901": "Tansy Overquill", "arxiv:hep-th/9901999": "Tansy Overquill"}


def test_a_part_of_a_name_is_another_name() -> None:
    assert member_papers(OWN_READER.issue("daily", DAY), ["Overquill", "T Overquill"], no_posters) == {}


def test_several_members_and_who_posted() -> None:
    def posters(accounts: Sequence[str], papers: Sequence[str]) -> Mapping[str, str]:
        assert list(accounts) == [MEMBER, "x:@quill"] and len(papers) == 3
        return {papers[0]: "quill.example", papers[1]: "somebody"}

    papers_by_members = member_papers(
        OWN_READER.issue("daily", DAY), ["Bram Oakhollow", "Odo Fennimore", MEMBER, "x:@quill"], posters
    )
    assert papers_by_members == {
        "arxiv:2101.99901": "Bram Oakhollow, Odo Fennimore, posted by quill.example",
        "arxiv:2101.99902": "posted by somebody",
    }


def test_which_texts_are_accounts() -> None:
    assert is_account("x:@quill") and is_account(MEMBER)
    assert not is_account("Tansy Overquill") and not is_account("arxiv:2101.99901") and not is_account("x")


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    with Record(store_url) as opened_record:
        write(opened_record, *(paper(n) for n in range(1, 8)))
        yield opened_record


def post_by(n: int, account: str, name: str = "", **changes: object) -> list[Item]:
    """A post about the n-th paper."""
    post_item, mention = post(n, f"bluesky:post{n}", AT, account=account)
    return [msgspec.structs.replace(post_item, **{"handle": f"handle{n}", "name": name, **changes}), mention]


def test_posters_are_named_as_far_as_allowed(record: Record) -> None:
    handle = "bluesky:@mine.example"
    write(
        record, post_by(1, MEMBER), post_by(2, OTHER), post_by(3, handle), post_by(4, MEMBER, gone="deleted"),
        post_by(5, MEMBER, limits=("label",)), post_by(6, MEMBER), post_by(7, MEMBER),
        Alias(account=handle, stable=MEMBER, observed_at=AT),
        judged("bluesky:post6", "hidden", at=AT), judged("bluesky:post7", "doubtful", about=key(7), at=AT),
    )  # fmt: skip
    papers = [key(n) for n in range(1, 8)]
    posters = posters_in(record, allowed=network_terms.TERMS)
    assert posters([MEMBER], papers) == {key(1): "handle1", key(3): "handle3"}
    assert posters([handle], papers) == {key(1): "handle1", key(3): "handle3"}
    assert posters([MEMBER], papers[1:2]) == {} and posters([MEMBER], []) == {}
    assert posters([OTHER], papers) == {key(2): "handle2"}


def test_a_member_by_handle(record: Record) -> None:
    write(record, post_by(1, MEMBER, handle="Mine.example"), post_by(2, OTHER))
    assert posters_in(record, allowed=network_terms.TERMS)(["bluesky:@mine.example"], [key(1), key(2)]) == {
        key(1): "Mine.example"
    }


def test_a_name_before_a_handle_and_without_both_a_member(record: Record) -> None:
    write(record, post_by(1, MEMBER, name="Odo  F."), post_by(2, MEMBER, handle=""))
    assert posters_in(record, allowed=network_terms.TERMS)([MEMBER], [key(1), key(2)]) == {
        key(1): "Odo F.",
        key(2): "a member",
    }


def test_no_name_where_a_network_lets_only_a_link_be_shown(record: Record) -> None:
    post_item, mention = post(1, "x:77", AT, account="x:7")
    write(record, [msgspec.structs.replace(post_item, handle="quill"), mention])
    assert posters_in(record, allowed=network_terms.TERMS)(["x:7"], [key(1)]) == {key(1): "a member"}
    terms_table = reviewed_terms({"x": TermsOverride(shown="text")})
    assert posters_in(record, terms_table)(["x:7"], [key(1)]) == {key(1): "quill"}
