"""Terms as data: for each network and each column of the table, the program does what the cell says."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base import network_terms
from hotpapers.base.model import (
    DAY,
    HOUR,
    MAX_INTEGER,
    Account,
    Issue,
    Item,
    Mention,
    Post,
    Quotation,
    RawPayload,
    Snapshot,
    TextLink,
)
from hotpapers.base.network_terms import (
    EXCERPT,
    TERMS,
    TermsOverride,
    admissible_items,
    as_shown,
    cut_excerpt,
    may_run,
    reviewed_terms,
)
from hotpapers.base.networks import UNKNOWN, Network, network_names
from hotpapers.collect.job_factory import chosen_sources
from hotpapers.collect.pipeline import without_limited_raw
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.keep.privacy.retention import prune_record
from hotpapers.keep.transfer.jsonl import exporter
from hotpapers.record import Record
from hotpapers.record.parsing import KEEP_FOR, ParsedPayload
from hotpapers.wings.classic.channel import ClassicChannel
from tests.conftest import ROOT, needs_wings
from tests.issues import listed as listings
from tests.issues import made
from tests.parsing import parse_all

# network: (read, days kept, shown, exported, whether posts with limits count)
CELLS: dict[str, tuple[str, int | None, str, str, bool]] = {
    "arxiv": ("public", None, "text", "facts", True),
    "bluesky": ("public", 30, "text", "facts", True),
    "mastodon": ("operator names it", 30, "text", "facts", False),
    "hackernews": ("public", 30, "text", "facts", True),
    "lobsters": ("public", 30, "text", "facts", True),
    "reddit": ("operator names it", 2, "link", "ids", True),
    "x": ("own key", 30, "link", "ids", True),
    "huggingface": ("public", 30, "text", "facts", True),
    "feeds": ("operator names it", 30, "excerpt", "facts", True),
}
OPT_IN: dict[str, dict[str, object]] = {
    "mastodon": {"servers": [{"base": "https://social.example", "tags": ["arxiv"]}]},
    "feeds": {"urls": ["https://blog.example/feed"]},
    "reddit": {"on": True},
    "x": {"on": True, "token": "made-up"},
}
"""The settings that make the program read a network that it doesn't read by default."""

AT = made.moment(made.DAY)
WORDS = "Kettles, after all, know " + "nothing of tea " * 40

networks = pytest.mark.parametrize("network", CELLS)
post_networks = pytest.mark.parametrize("network", network_names())


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened_record:
        opened_record.database.run("PRAGMA synchronous = OFF")
        yield opened_record


def post_of(network: str, own: str = "7", **fields: object) -> Post:
    """A post of a network, with all text fields filled."""
    post = Post(
        post=f"{network}:{own}", network=network, account=f"{network}:31", created_at=AT, text=WORDS, handle="quill",
        name="Quill Marrowby", links=(TextLink(0, 7, "https://kettles.example/"),), observed_at=AT,
    )  # fmt: skip
    return msgspec.structs.replace(post, **fields)


# ---- the table -------------------------------------------------------------------------------------------


SERVERS = {name for name, row in TERMS.items() if row.has_papers} - {"arxiv"}
"""The servers of preprints, which have a page of their own."""


def test_every_network_has_a_row_and_every_row_is_a_network() -> None:
    assert set(TERMS) - SERVERS == {"arxiv", *network_names()} == set(CELLS)


@networks
def test_a_row_is_dated_and_names_its_basis(network: str) -> None:
    row = TERMS[network]
    assert row.name == network
    assert "2026-11-20" <= row.reviewed <= datetime.datetime.now(datetime.UTC).date().isoformat()
    assert len(row.basis) > 20 and re.fullmatch(r"https://[\w.-]+/\S*", row.page)


@networks
def test_the_page_in_the_docs_has_the_same_rows(network: str) -> None:
    row = TERMS[network]
    days_kept = "forever" if row.keep == MAX_INTEGER else f"{row.keep // DAY} days"
    cells = (network, row.read, days_kept, row.shown, row.exported, "yes" if row.count_limited else "no", row.reviewed)
    page = (ROOT / "docs" / "reference" / "terms.md").read_text("utf-8")
    assert f"| {' | '.join(cells)} | [{row.basis}]({row.page}) |\n" in page


@needs_wings
@pytest.mark.parametrize("server", sorted(SERVERS))
def test_servers_of_preprints_have_rows_on_their_page(server: str) -> None:
    row = TERMS[server]
    page = (ROOT / "docs" / "wings" / "preprints.md").read_text("utf-8")
    cells = (row.read, f"{row.keep // DAY} days", row.reviewed)
    assert f" | {' | '.join(cells)} | [{row.basis}]({row.page}) |\n" in page
    assert f"`{server}`" in page


# ---- read ------------------------------------------------------------------------------------------------


@networks
def test_a_network_is_read_by_default_only_if_it_is_public(network: str) -> None:
    public = CELLS[network][0] == "public"
    assert (network in [choice.name for choice in chosen_sources({})]) == public
    assert may_run(TERMS[network], opted_in=False) == public


@networks
def test_a_network_is_read_where_the_operator_asks_for_it(network: str) -> None:
    sources = chosen_sources({network: OPT_IN.get(network, {"on": True})})
    assert network in [choice.name for choice in sources]
    assert may_run(TERMS[network], opted_in=True)


@networks
def test_a_network_is_not_read_where_that_is_not_allowed(network: str) -> None:
    row = reviewed_terms({network: TermsOverride(read="no")})[network]
    assert not may_run(row, opted_in=True) and not may_run(row, opted_in=False)


# ---- kept ------------------------------------------------------------------------------------------------


@networks
def test_original_responses_are_kept_as_long_as_allowed(network: str, record: Record) -> None:
    days = CELLS[network][1]
    assert TERMS[network].keep == (MAX_INTEGER if days is None else days * DAY)
    payload = RawPayload("post", "7", b"said", AT)
    record.ingest(parse_all(lambda _: [post_of("x")], [payload], TERMS[network].keep), source=network, at=AT)

    def is_kept_at(moment: int) -> bool:
        prune_record(record, at=moment)
        return record.database.rows("SELECT count(*) FROM raw") == [(1,)]

    assert is_kept_at(AT + ((days or 36_500) * DAY))
    assert is_kept_at(AT + (days or 36_500) * DAY + 1) == (days is None)


@networks
def test_how_long_originals_are_kept_can_be_changed(network: str) -> None:
    assert reviewed_terms({network: TermsOverride(keep=0)})[network].keep == 0
    assert reviewed_terms({network: TermsOverride(keep=7)})[network].keep == 7 * DAY
    assert reviewed_terms({"elsewhere": TermsOverride(keep=7)})[network].keep == TERMS[network].keep


# ---- shown -----------------------------------------------------------------------------------------------


def quotation_of(record: Record, network: str, changes: dict[str, TermsOverride] | None = None) -> Quotation:
    """The quotation of a post from a network, the only post in its issue."""
    post = post_of(network)
    publication = msgspec.structs.replace(made.DAILY, ranking="classic/1", threshold=1)
    mention = Mention(post=post.post, paper=made.key(1), form="abs", observed_at=AT)
    made.write(record, publication, made.paper(1), post, mention, made.counts(post.post, 9, AT + HOUR))
    made.frozen(record, publication)
    [quotation] = RecordIssueReader(record, reviewed_terms(changes)).issue("daily", made.DAY).posts[made.key(1)]
    return quotation


@post_networks
def test_a_post_is_shown_as_its_network_allows(network: str, record: Record) -> None:
    check_shown(quotation_of(record, network), post_of(network), CELLS[network][2])


@post_networks
@pytest.mark.parametrize("shown", ["text", "excerpt", "link"])
def test_how_a_post_is_shown_can_be_changed(network: str, shown: str, record: Record) -> None:
    change = msgspec.convert({"shown": shown}, TermsOverride)
    check_shown(quotation_of(record, network, {network: change}), post_of(network), shown)


def check_shown(quotation: Quotation, post: Post, shown: str) -> None:
    assert quotation.shown == shown
    if shown == "text":
        assert quotation.post == post
    elif shown == "excerpt":
        assert post.text.startswith(quotation.post.text.removesuffix(" …")) and quotation.post.text != post.text
        assert quotation.post.name == post.name and quotation.post.links == post.links
    else:
        fields = msgspec.to_builtins(quotation.post)
        left_out = {"text", "links", "handle", "name", "account", "lang", "rtl", "reply_to", "quotes", "limits", "gone"}
        assert {name for name, value in fields.items() if value} - left_out == {
            "kind", "post", "network", "created_at", "observed_at",
        }  # fmt: skip
        assert not any(fields[name] for name in left_out - {"lang"}) and fields["lang"] == "und"


def test_arxiv_says_nothing_that_is_quoted() -> None:
    """arXiv has these columns, but no post is ever from there."""
    assert (
        CELLS["arxiv"][2:] == (TERMS["arxiv"].shown, TERMS["arxiv"].exported, TERMS["arxiv"].count_limited)
        and "arxiv" not in network_names()
    )


def test_the_content_of_an_issue_does_not_depend_on_how_posts_are_shown(record: Record) -> None:
    quotation_of(record, "x")
    issue_readers = [
        RecordIssueReader(record, reviewed_terms({"x": TermsOverride(shown=shown)}))
        for shown in ("text", "excerpt", "link")
    ]
    issues = [issue_reader.issue("daily", made.DAY) for issue_reader in issue_readers]
    assert len({issue.digest for issue in issues}) == 1
    assert len({msgspec.json.encode(issue.content) for issue in issues}) == 1
    assert len({issue.posts[made.key(1)][0].hash for issue in issues}) == 1
    assert issues[0].printed == {}
    [row] = record.view().latest(Issue)
    assert row.item.digest == issues[0].digest
    assert list(freeze.check_issue(record, row.item)) == []


def test_a_listing_is_also_there_as_it_was_printed(record: Record) -> None:
    made.frozen(record, listings.listed(record, {1: (50, 40)}, posts=2))
    issue = RecordIssueReader(record).issue("listed", made.DAY)
    assert [quotation.post.text for quotation in issue.posts[made.key(1)]] == ["", ""]
    assert [quotation.post.text for quotation in issue.printed[made.key(1)]] == ["Made-up words 1", "Made-up words 2"]
    assert {quotation.post.handle for quotation in issue.printed[made.key(1)]} == {"quill"}


@pytest.mark.parametrize("shown", ["text", "excerpt", "link"])
def test_an_issue_of_our_own_in_the_classic_format_obeys_too(record: Record, shown: str) -> None:
    quotation_of(record, "x")
    issue_reader = RecordIssueReader(record, reviewed_terms({"x": msgspec.convert({"shown": shown}, TermsOverride)}))
    [file] = ClassicChannel().render(issue_reader, "daily", [made.DAY])
    assert (b"Kettles" in file.data, b"quill" in file.data) == (shown != "link", shown != "link")


# ---- exported --------------------------------------------------------------------------------------------


@post_networks
@pytest.mark.parametrize("records_only", [False, True])
@pytest.mark.parametrize("exported", [None, "ids", "facts"])
def test_a_post_leaves_the_store_as_its_network_allows(
    network: str, records_only: bool, exported: str | None, record: Record
) -> None:
    account = Account(account=f"{network}:31", handle="quill", name="Quill Marrowby", observed_at=AT)
    record.append([post_of(network), account, Snapshot(post=f"{network}:7", likes=3, observed_at=AT)], source="made-up")
    changes = {network: msgspec.convert({"exported": exported}, TermsOverride)} if exported else None
    lines = list(
        exporter.record_lines(
            record, records_only=records_only, ids_only=network_terms.ids_only(reviewed_terms(changes))
        )
    )
    export = b"".join(lines)
    has_words = (exported or CELLS[network][3]) == "facts"
    for word in (b"Kettles", b"kettles.example", b"quill", b"Quill Marrowby"):
        assert (word in export) == has_words, word
    for identifier in (f'"{network}:7"', f'"{network}:31"', f'"created_at":{AT}', '"likes":3'):
        assert identifier.encode() in export


# ---- whether posts with limits count ---------------------------------------------------------------------


def items_about(network: str, *limits: str) -> list[Item]:
    post = post_of(network, limits=limits)
    return [
        post, Mention(post=post.post, paper=made.key(1), form="abs", observed_at=AT),
        Snapshot(post=post.post, likes=9, observed_at=AT), made.judged(post.post, "doubtful", about=made.key(1)),
        Account(account=post.account, handle="quill", observed_at=AT),
    ]  # fmt: skip


@networks
def test_a_post_with_limits_counts_where_it_may(network: str) -> None:
    items = items_about(network, "noindex")
    admitted_items = admissible_items(items, TERMS[network])
    if CELLS[network][4]:
        assert admitted_items == items
    else:
        [post] = admitted_items
        assert isinstance(post, Post)
        assert (post.post, post.limits, post.text, post.links) == (f"{network}:7", ("noindex",), "", ())
        assert (post.handle, post.name) == ("", "")


@networks
def test_a_post_without_limits_counts_everywhere(network: str) -> None:
    assert admissible_items(items_about(network), TERMS[network]) == items_about(network)


def test_only_the_post_with_limits_is_left_out() -> None:
    other_items: list[Item] = [
        post_of("mastodon", "8"),
        Mention(post="mastodon:8", paper=made.key(1), form="abs", observed_at=AT),
    ]
    *limited_items, account = items_about("mastodon", "sensitive")
    assert admissible_items([*limited_items, account, *other_items], TERMS["mastodon"])[-3:] == [account, *other_items]


def test_words_of_a_post_that_may_not_count_are_not_kept_raw() -> None:
    payload = RawPayload("post", "7", b"{}", AT)
    for network in ("mastodon", "bluesky"):
        parsed = ParsedPayload(
            payload, admissible_items(items_about(network, "nobot"), TERMS[network]), problem="", keep_for=KEEP_FOR
        )
        assert (without_limited_raw(parsed, TERMS[network]).keep_for == 0) == (network == "mastodon")


def test_posts_limited_later_are_no_longer_shown(record: Record) -> None:
    quotation_of(record, "mastodon")
    later_post = msgspec.structs.replace(post_of("mastodon"), limits=("noindex",), observed_at=AT + HOUR)
    record.append(admissible_items([later_post], TERMS["mastodon"]), source="mastodon")
    assert RecordIssueReader(record).issue("daily", made.DAY).posts[made.key(1)] == ()


# ---- changes, and networks that nobody has reviewed ------------------------------------------------------


def test_a_change_leaves_all_else_as_reviewed() -> None:
    changed_table = reviewed_terms({"x": TermsOverride(shown="text")})
    assert changed_table["x"] == TERMS["x"]._replace(shown="text")
    assert {name: row for name, row in changed_table.items() if name != "x"} == {
        n: r for n, r in TERMS.items() if n != "x"
    }
    assert reviewed_terms(changes=None) == reviewed_terms({}) == TERMS


def test_a_network_without_a_row_gets_the_strictest_terms() -> None:
    row: Network = network_terms.terms_of(TERMS, "friendster")
    assert row is UNKNOWN and not may_run(row, opted_in=True)
    assert (row.keep, row.shown, row.exported, row.count_limited) == (0, "link", "ids", False)
    assert "friendster" not in network_terms.ids_only({}) and network_terms.ids_only({}) == set(network_names())


# ---- excerpts --------------------------------------------------------------------------------------------


def test_a_short_post_is_its_own_excerpt() -> None:
    post = post_of("feeds", text="x" * EXCERPT)
    assert cut_excerpt(post) is post is as_shown(post, "text")


def test_an_excerpt_ends_at_a_blank() -> None:
    shortened = cut_excerpt(post_of("feeds", text="Long ago, " + "kettles sang. " * 30)).text
    assert shortened.endswith(("kettles …", "sang. …")) and EXCERPT - 10 < len(shortened.removesuffix(" …")) <= EXCERPT
    exact = cut_excerpt(post_of("feeds", text="x" * 200 + " " + "y" * 79 + " z")).text
    assert exact == "x" * 200 + " " + "y" * 79 + " …"


def test_text_without_spaces_is_cut_at_the_limit() -> None:
    assert cut_excerpt(post_of("feeds", text="鉄" * 400)).text == "鉄" * EXCERPT + " …"
    assert cut_excerpt(post_of("feeds", text="鉄瓶 " + "鉄" * 400)).text == "鉄瓶 " + "鉄" * (EXCERPT - 3) + " …"


def test_links_of_an_excerpt_keep_their_places() -> None:
    text = "one " * 69 + "two three four"
    links = (
        TextLink(0, 3, "https://a.example/"),
        TextLink(276, 290, "https://b.example/"),
        TextLink(285, 290, "https://c.example/"),
    )
    post = cut_excerpt(post_of("feeds", text=text, links=links))
    assert post.text == "one " * 69 + "two …"
    assert [(post.text[k.start : k.end], k.target) for k in post.links] == [
        ("one", "https://a.example/"), ("two", "https://b.example/"),
    ]  # fmt: skip


@given(st.text(alphabet="ab \n鉄\u0301", max_size=900), st.lists(st.tuples(st.integers(0, 900), st.integers(1, 40))))
def test_an_excerpt_is_a_beginning(text: str, spans: list[tuple[int, int]]) -> None:
    links = tuple(TextLink(a, min(a + n, len(text)), "https://a.example/") for a, n in spans if a < len(text))
    shortened = cut_excerpt(post_of("feeds", text=text, links=links))
    head = shortened.text if len(text) <= EXCERPT else shortened.text.removesuffix(" …")
    assert text.startswith(head) and len(head) <= EXCERPT
    assert len(text) <= EXCERPT or len(head) > EXCERPT // 2
    assert all(0 <= link.start < link.end <= len(head) for link in shortened.links)
    assert {link.start for link in shortened.links} == {link.start for link in links if link.start < len(head)}
