"""Which posts may be quoted, rule by rule; and frozen issues stay the same whatever that allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers import model, terms
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.model import Issue, Post, Quotation
from hotpapers.moderation import blocklist, quotation_policy
from hotpapers.moderation.blocklist import Blocklist
from hotpapers.moderation.quotation_policy import QuotationPolicy
from hotpapers.store.record import Record
from tests.issues.made import (
    DAILY,
    DAY,
    REMARK,
    background,
    frozen,
    key,
    moment,
    paper,
    post,
    talk,
    write,
)

TODAY = moment(DAY)
WORDS = terms.table({"x": terms.TermsOverride(shown="text"), "reddit": terms.TermsOverride(shown="text")})


def quotation(own_id: str = "1", network: str = "bluesky", account: str = "did:plc:ada", **more: object) -> Quotation:
    values = {"text": "A kettle!", "handle": "ada.example", "created_at": 0, "observed_at": 0, **more}
    made = Post(post=f"{network}:{own_id}", network=network, account=f"{network}:{account}", **values)  # type: ignore[arg-type]
    return Quotation(post=made, hash="")


def toot(text: str) -> Quotation:
    return quotation("2", "mastodon", "https://a.example/users/ada", text=text, handle="ada@a.example")


def passes(one: Quotation, blocked: Blocklist | None = None, **more: object) -> bool:
    allowed = QuotationPolicy(WORDS, blocked or Blocklist(), **more)  # type: ignore[arg-type]
    return bool(quotation_policy.quotable(allowed, "arxiv:2101.99901", [one]))


def test_what_nothing_speaks_against_passes() -> None:
    assert passes(quotation())


def test_a_doubtful_one_does_not_under_that_paper() -> None:
    assert not passes(quotation(), doubtful_pairs=frozenset({("bluesky:1", "arxiv:2101.99901")}))
    assert passes(quotation(), doubtful_pairs=frozenset({("bluesky:1", "arxiv:2101.99902")}))


@pytest.mark.parametrize(("network", "shown"), [("bluesky", "text"), ("feeds", "excerpt"), ("x", "link"), ("", "link")])
def test_terms_say_how_much_is_shown(network: str, shown: str) -> None:
    [found] = quotation_policy.quotable(
        QuotationPolicy(), "arxiv:2101.99901", [quotation(network=network, text="tea " * 200)]
    )
    assert found.shown == shown
    assert (len(found.post.text) > 0) == (shown != "link") and (shown == "text") == (len(found.post.text) == 800)


# ---- the operator's list ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "is_blocked"),
    [
        ("bluesky:did:plc:ada", True),
        ("bluesky:@Ada.Example", True),
        ("bluesky:did:plc:adam", False),
        ("x:did:plc:ada", False),
        ("bluesky:@ada", False),
    ],
)
def test_an_account_is_blocked_by_its_key_or_handle(account: str, is_blocked: bool) -> None:
    assert passes(quotation(), Blocklist(accounts=(account,))) != is_blocked


@pytest.mark.parametrize(
    ("word", "text", "is_blocked"),
    [
        ("kettle", "A KETTLE!", True),
        ("kettle", "kettles", False),
        ("tea  party", "a tea\nparty", True),
        ("ada", "signed", True),
        ("ümlaut", "Ein ÜMLAUT hier", True),
        ("über", "darüber hinaus", False),
        ("caf", "café", False),
        ("о", "то", False),
        ("café", "cafe\u0301", True),
        ("茶", "喝茶吗", True),
        ("tea", "喝tea吗", True),
        ("c++", "I like c++.", True),
        ("(.*)", "nothing of this kind", False),
    ],
)
def test_a_word_is_blocked_in_texts_and_names(word: str, text: str, is_blocked: bool) -> None:
    name = "Ada" if word == "ada" else "Quill"
    one = quotation(text=text, name=name, handle="quill.example")
    assert passes(one, Blocklist(words=("other", word))) != is_blocked


@pytest.mark.parametrize(
    ("server", "is_blocked"),
    [("rude.example", True), ("social.rude.example", True), ("ude.example", False), ("example.org", False)],
)
def test_a_server_is_blocked_with_all_below_it(server: str, is_blocked: bool) -> None:
    mastodon = quotation(
        "https://social.rude.example/users/ada/statuses/1", "mastodon", "https://social.rude.example/users/ada",
        handle="ada@social.rude.example",
    )  # fmt: skip
    bluesky = quotation(handle="social.rude.example")
    feed = quotation("https://social.rude.example/a", "feeds", "https://social.rude.example/feed", handle="")
    for one in (mastodon, bluesky, feed):
        assert passes(one, Blocklist(servers=(server,))) != is_blocked


def test_an_address_that_is_none_has_no_host() -> None:
    assert passes(quotation("https://[broken", "feeds", "feed", handle=""), Blocklist(servers=("broken",)))


@given(st.text(max_size=30), st.text(max_size=60))
def test_any_word_can_be_blocked(word: str, text: str) -> None:
    if word.strip():
        assert not passes(quotation(text=f"{text} {word} {text}"), Blocklist(words=(word,)))


# ---- replies ---------------------------------------------------------------------------------------------

ADA, BOB = "at://did:plc:ada/app.bsky.feed.post/1", "at://did:plc:bob/app.bsky.feed.post/1"


@pytest.mark.parametrize(
    ("one", "is_reply"),
    [
        (quotation(reply_to=f"bluesky:{BOB}"), True),
        (quotation(reply_to=f"bluesky:{ADA}"), False),
        (quotation(reply_to="bluesky:nobody-knows"), True),
        (quotation("2", "x", "7", reply_to="x:1"), False),
        (quotation("2", "x", "8", reply_to="x:1"), True),
        (quotation("2", "x", "8", reply_to="x:9"), True),
        (quotation("2", "hackernews", "bob", reply_to="hackernews:1"), False),
        (toot(" @bob@b.example yes"), True),
        (toot("@Ada more"), False),
        (toot("@ada@a.example: more"), False),
        (toot("@ada@a.example. More"), False),
        (toot("@ada. More"), False),
        (toot("@ada@b.example more"), True),
        (toot("by @bob"), False),
        (quotation("2", "bluesky", text="@bob.example wrote a paper"), False),
    ],
)  # fmt: skip
def test_a_reply_to_somebody_else_is_not_quoted(one: Quotation, is_reply: bool) -> None:
    assert passes(one, authors={"x:1": "x:7"}) != is_reply


def test_a_link_quotes_nobody() -> None:
    reply = quotation("2", "x", "8", reply_to="x:9")
    assert [one.shown for one in quotation_policy.quotable(QuotationPolicy(), "arxiv:2101.99901", [reply])] == ["link"]


# ---- one per account and issue ---------------------------------------------------------------------------


def test_an_account_is_quoted_once_an_issue_and_linked_as_often_as_it_is_there() -> None:
    ada, again, bob = quotation("1"), quotation("2"), quotation("3", account="did:plc:bob")
    links = [Quotation(post=terms.as_shown(quotation(n, "x", "7").post, "link"), hash="", shown="link") for n in "456"]
    unknown = [quotation(n, account="") for n in "78"]
    unknown = [msgspec.structs.replace(one, post=msgspec.structs.replace(one.post, account="")) for one in unknown]
    whole = {one.post.post: one.post for one in (ada, again, bob, *links, *unknown)}
    found = quotation_policy.one_per_account(
        [("a", [ada, again]), ("b", [again, bob, *links]), ("c", [bob, *unknown])], whole
    )
    assert {paper: [one.post.post.partition(":")[2] for one in some] for paper, some in found.items()} == {
        "a": ["1"], "b": ["3", "4", "5", "6"], "c": ["7", "8"],
    }  # fmt: skip


# ---- in the record ---------------------------------------------------------------------------------------


BOB = "bluesky:did:plc:bob"
FIRST, OWN = (f"bluesky:at://did:plc:bob/app.bsky.feed.post/{n}" for n in (1, 2))


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    """An issue of two papers: one account posts about both, another replies to somebody."""
    with Record(store_url) as opened:
        write(opened, msgspec.structs.replace(DAILY, posts=5), background())
        for number in (1, 2):
            write(opened, paper(number), talk(number, 50, TODAY))
            said = "Tea time outlasts every kettle"
            write(opened, post(number, f"bluesky:ada{number}", TODAY, account="bluesky:ada", text=said))
        write(opened, post(1, "bluesky:reply", TODAY, text="No kettle does that here!", reply_to="bluesky:somebody"))
        write(opened, post(1, OWN, TODAY, account=BOB, text="Other kettles outlast any breakfast", reply_to=FIRST))
        write(opened, post(2, FIRST, TODAY, account=BOB, text="Cups cool while kettles sing"))
        frozen(opened, msgspec.structs.replace(DAILY, posts=60))
        yield opened


def quoted(record: Record) -> dict[str, set[str]]:
    """The posts quoted under each paper."""
    found = RecordIssueReader(record).issue("daily", DAY).posts
    return {paper: told(some) for paper, some in found.items()}


def told(some: Sequence[Quotation]) -> set[str]:
    return {one.post.post for one in some if not one.post.text.startswith(REMARK)}


def is_verified(record: Record) -> bool:
    items = [row.item for row in record.view().latest(Issue)]
    return not [
        finding for item in items if isinstance(item, model.Issue) for finding in freeze.check_issue(record, item)
    ]


def test_an_issue_quotes_by_the_gate_and_verifies_all_the_same(record: Record) -> None:
    everything = {"bluesky:ada1", "bluesky:ada2", "bluesky:reply", OWN, FIRST}
    now = quoted(record)
    assert now[key(1)] | now[key(2)] == everything - {"bluesky:reply", FIRST, "bluesky:ada2"}
    assert is_verified(record)
    assert blocklist.save_blocklist(record.database, Blocklist(words=("tea",)))
    assert not blocklist.save_blocklist(record.database, Blocklist(words=("tea",)))
    assert quoted(record)[key(1)] == {OWN} and is_verified(record)
    assert blocklist.save_blocklist(record.database, Blocklist())
    assert quoted(record) == now


def test_the_other_posts_of_a_paper_pass_the_same_gate(record: Record) -> None:
    blocklist.save_blocklist(record.database, Blocklist(accounts=(BOB,)))
    found = RecordIssueReader(record).posts("daily", DAY, [key(1)])[key(1)]
    assert told(found) == {"bluesky:ada1"}
