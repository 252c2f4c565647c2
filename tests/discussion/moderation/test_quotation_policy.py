"""Which posts may be quoted, rule by rule; and frozen issues stay the same whatever that allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base import network_terms
from hotpapers.base.model import Account, Issue, Post, Quotation
from hotpapers.discussion.moderation import quotation_policy
from hotpapers.discussion.moderation.quotation_policy import Blocklist, QuotationPolicy
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.record.record import Record
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
    posts_about,
    write,
)

TODAY = moment(DAY)
WORDS = network_terms.reviewed_terms(
    {"x": network_terms.TermsOverride(shown="text"), "reddit": network_terms.TermsOverride(shown="text")}
)


def quotation(own_id: str = "1", network: str = "bluesky", account: str = "did:plc:ada", **fields: object) -> Quotation:
    values = {"text": "A kettle!", "handle": "ada.example", "created_at": 0, "observed_at": 0, **fields}
    post = Post(post=f"{network}:{own_id}", network=network, account=f"{network}:{account}", **values)  # type: ignore[arg-type]
    return Quotation(post=post, hash="")


def toot(text: str) -> Quotation:
    return quotation("2", "mastodon", "https://a.example/users/ada", text=text, handle="ada@a.example")


def passes(quote: Quotation, blocklist: Blocklist | None = None, **options: object) -> bool:
    policy = QuotationPolicy(WORDS, blocklist or Blocklist(), **options)  # type: ignore[arg-type]
    return bool(quotation_policy.quotable_posts(policy, "arxiv:2101.99901", [quote]))


def test_a_post_without_objections_passes() -> None:
    assert passes(quotation())


def test_a_doubtful_one_does_not_under_that_paper() -> None:
    assert not passes(quotation(), doubtful_pairs=frozenset({("bluesky:1", "arxiv:2101.99901")}))
    assert passes(quotation(), doubtful_pairs=frozenset({("bluesky:1", "arxiv:2101.99902")}))


@pytest.mark.parametrize(("network", "form"), [("bluesky", "text"), ("feeds", "excerpt"), ("x", "link"), ("", "link")])
def test_terms_say_how_much_is_shown(network: str, form: str) -> None:
    [quote] = quotation_policy.quotable_posts(
        QuotationPolicy(allowed=network_terms.TERMS, blocked=Blocklist()),
        "arxiv:2101.99901",
        [quotation(network=network, text="tea " * 200)],
    )
    assert quote.shown == form
    assert (len(quote.post.text) > 0) == (form != "link") and (form == "text") == (len(quote.post.text) == 800)


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
    quote = quotation(text=text, name=name, handle="quill.example")
    assert passes(quote, Blocklist(words=("other", word))) != is_blocked


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
    for quote in (mastodon, bluesky, feed):
        assert passes(quote, Blocklist(servers=(server,))) != is_blocked


def test_an_address_that_is_none_has_no_host() -> None:
    assert passes(quotation("https://[broken", "feeds", "feed", handle=""), Blocklist(servers=("broken",)))


@given(st.text(max_size=30), st.text(max_size=60))
def test_any_word_can_be_blocked(word: str, text: str) -> None:
    if word.strip():
        assert not passes(quotation(text=f"{text} {word} {text}"), Blocklist(words=(word,)))


# ---- replies ---------------------------------------------------------------------------------------------

ADA, BOB = "at://did:plc:ada/app.bsky.feed.post/1", "at://did:plc:bob/app.bsky.feed.post/1"


@pytest.mark.parametrize(
    ("quote", "is_reply"),
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
def test_a_reply_to_somebody_else_is_not_quoted(quote: Quotation, is_reply: bool) -> None:
    assert passes(quote, authors={"x:1": "x:7"}) != is_reply


def test_a_link_is_no_quotation() -> None:
    reply = quotation("2", "x", "8", reply_to="x:9")
    assert [
        quote.shown
        for quote in quotation_policy.quotable_posts(
            QuotationPolicy(allowed=network_terms.TERMS, blocked=Blocklist()), "arxiv:2101.99901", [reply]
        )
    ] == ["link"]


# ---- one per account and issue ---------------------------------------------------------------------------


def test_an_account_is_quoted_once_an_issue_and_linked_as_often_as_it_is_there() -> None:
    ada, second_quote, bob = quotation("1"), quotation("2"), quotation("3", account="did:plc:bob")
    links = [
        Quotation(post=network_terms.as_shown(quotation(n, "x", "7").post, "link"), hash="", shown="link")
        for n in "456"
    ]
    unknown = [quotation(n, account="") for n in "78"]
    unknown = [
        msgspec.structs.replace(quote, post=msgspec.structs.replace(quote.post, account="")) for quote in unknown
    ]
    posts = {quote.post.post: quote.post for quote in (ada, second_quote, bob, *links, *unknown)}
    quotes = quotation_policy.one_per_account(
        [("a", [ada, second_quote]), ("b", [second_quote, bob, *links]), ("c", [bob, *unknown])], posts
    )
    assert {paper: [quote.post.post.partition(":")[2] for quote in group] for paper, group in quotes.items()} == {
        "a": ["1"], "b": ["3", "4", "5", "6"], "c": ["7", "8"],
    }  # fmt: skip


# ---- in the record ---------------------------------------------------------------------------------------


BOB = "bluesky:did:plc:bob"
FIRST, OWN = (f"bluesky:at://did:plc:bob/app.bsky.feed.post/{n}" for n in (1, 2))


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    """An issue of two papers: one account posts about both, another replies to somebody."""
    with Record(store_url) as record:
        write(record, msgspec.structs.replace(DAILY, posts=5), background())
        for number in (1, 2):
            write(record, paper(number), posts_about(number, 50, TODAY))
            remark = "Tea time outlasts every kettle"
            write(record, post(number, f"bluesky:ada{number}", TODAY, account="bluesky:ada", text=remark))
        write(record, post(1, "bluesky:reply", TODAY, text="No kettle does that here!", reply_to="bluesky:somebody"))
        write(record, post(1, OWN, TODAY, account=BOB, text="Other kettles outlast any breakfast", reply_to=FIRST))
        write(record, post(2, FIRST, TODAY, account=BOB, text="Cups cool while kettles sing"))
        frozen(record, msgspec.structs.replace(DAILY, posts=60))
        yield record


def quoted_posts(record: Record) -> dict[str, set[str]]:
    """The posts quoted under each paper."""
    quotes = RecordIssueReader(record).issue("daily", DAY).posts
    return {paper: post_keys(group) for paper, group in quotes.items()}


def post_keys(quotes: Sequence[Quotation]) -> set[str]:
    return {quote.post.post for quote in quotes if not quote.post.text.startswith(REMARK)}


def is_verified(record: Record) -> bool:
    items = [row.item for row in record.view().latest(Issue)]
    return not [finding for item in items for finding in freeze.check_issue(record, item)]


def test_an_issue_quotes_by_the_policy_and_still_verifies(record: Record) -> None:
    all_posts = {"bluesky:ada1", "bluesky:ada2", "bluesky:reply", OWN, FIRST}
    quoted_now = quoted_posts(record)
    assert quoted_now[key(1)] | quoted_now[key(2)] == all_posts - {"bluesky:reply", FIRST, "bluesky:ada2"}
    assert is_verified(record)
    quotation_policy.save_blocklist(record.database, Blocklist(words=("tea",)))
    quotation_policy.save_blocklist(record.database, Blocklist(words=("tea",)))
    assert quoted_posts(record)[key(1)] == {OWN} and is_verified(record)
    quotation_policy.save_blocklist(record.database, Blocklist())
    assert quoted_posts(record) == quoted_now


@pytest.mark.parametrize("handle", ["before", "after"])
def test_an_account_is_blocked_by_any_handle_that_it_had(record: Record, handle: str) -> None:
    names = [Account(account=BOB, handle=name, name="Bob", observed_at=n) for n, name in enumerate(("before", "After"))]
    other = Account(account="mastodon:1@kettles.example", handle="elsewhere", name="", observed_at=1)
    record.append([*names, other], source="test")
    before = post_keys(RecordIssueReader(record).posts("daily", DAY, [key(1)])[key(1)])
    quotation_policy.save_blocklist(record.database, Blocklist(accounts=("bluesky:@elsewhere",)))
    assert post_keys(RecordIssueReader(record).posts("daily", DAY, [key(1)])[key(1)]) == before
    quotation_policy.save_blocklist(record.database, Blocklist(accounts=(f"Bluesky:@{handle}",)))
    assert post_keys(RecordIssueReader(record).posts("daily", DAY, [key(1)])[key(1)]) == {"bluesky:ada1"}


def test_the_other_posts_of_a_paper_follow_the_same_policy(record: Record) -> None:
    quotation_policy.save_blocklist(record.database, Blocklist(accounts=(BOB,)))
    quotes = RecordIssueReader(record).posts("daily", DAY, [key(1)])[key(1)]
    assert post_keys(quotes) == {"bluesky:ada1"}
