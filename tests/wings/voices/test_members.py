"""Who is on a list: accounts as people write them, files, and lists read from simulated networks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotpapers.base.errors import InputError, RequestRefused
from hotpapers.wings.voices import members
from hotpapers.wings.voices.members import MAX_MEMBERS, ListReader, member_key, members_in
from hotpapers.wings.voices.settings import VoicesSettings, voices_problems
from tests.loopback import feeds, mastodon
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.manual_script import ManualScript, account, message
from tests.loopback.reading import client
from tests.loopback.servers import Loopback

AT = moment("2026-03-10T09:00")
PEOPLE = [account("bluesky", name) for name in ("ada", "wen", "moss", "fern", "reed")]
TOOTERS = [account("mastodon", "moss"), account("mastodon", "fern", home="two")]
CSV = (
    b"Account address,Show boosts,Notify on new posts,Languages\nAda@Moth.example,true,false,\nwen@b.moth.example,,,\n"
)


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    with Loopback(ManualScript(messages=[message(PEOPLE[0], AT - 1_000_000, "Hm")]), SteppedClock(AT)) as network:
        network.lists |= {"readers": PEOPLE, "12": TOOTERS}
        yield network


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ada.example", "bluesky:@ada.example"),
        ("@Ada.Example", "bluesky:@ada.example"),
        ("did:plc:abc", "bluesky:did:plc:abc"),
        ("@ada@moth.example", "mastodon:@ada@moth.example"),
        ("ada@moth.example", "mastodon:@ada@moth.example"),
        ("https://blog.example/feed.xml", "feeds:https://blog.example/feed.xml"),
        ("X:@Somebody", "x:@somebody"),
        ("acct:ada@moth.example", "mastodon:@ada@moth.example"),
        ("https://moth.example/@Ada", "mastodon:@ada@moth.example"),
        ("https://www.moth.example:8443/@a.da_1/?x#y", "mastodon:@a.da_1@moth.example:8443"),
        ("https://moth.example/@bo@two.example", "mastodon:@bo@two.example"),
        ("https://moth.example/web/@bo@two.example", "mastodon:@bo@two.example"),
        ("https://moth.example/deck/@ada", "mastodon:@ada@moth.example"),
        ("https://moth.example/users/ada", "mastodon:@ada@moth.example"),
        ("https://elk.zone/moth.example/@ada", "mastodon:@ada@moth.example"),
        ("https://elk.zone/moth.example/@bo@two.example", "mastodon:@bo@two.example"),
        ("https://bsky.app/profile/Ada.Example", "bluesky:@ada.example"),
        ("HTTPS://bsky.app/profile/did:plc:abc/?ref=x", "bluesky:did:plc:abc"),
        ("https://main.bsky.dev/profile/ada.example/", "bluesky:@ada.example"),
        ("https://deck.blue/profile/@ada.example", "bluesky:@ada.example"),
        ("at://did:plc:abc", "bluesky:did:plc:abc"),
        ("at://ada.example", "bluesky:@ada.example"),
        ("HTTPS://blog.example/Feed.xml", "feeds:https://blog.example/Feed.xml"),
        ("feed://blog.example/feed.xml", "feeds:https://blog.example/feed.xml"),
        ("Feed:https://blog.example/feed.xml", "feeds:https://blog.example/feed.xml"),
        ("feed://http://blog.example/feed.xml", "feeds:http://blog.example/feed.xml"),
        ("feeds:https://blog.example/feed.xml", "feeds:https://blog.example/feed.xml"),
        ("itpc://blog.example/pod", "feeds:https://blog.example/pod"),
        ("https://moth.example/@ada.rss", "feeds:https://moth.example/@ada.rss"),
        ("https://moth.example/@ada/123", "feeds:https://moth.example/@ada/123"),
        ("https://bsky.app/profile/did:plc:abc/rss", "feeds:https://bsky.app/profile/did:plc:abc/rss"),
        ("https://www.youtube.com/@ada", "feeds:https://www.youtube.com/@ada"),
        ("mastodon:https://moth.example/users/ada", "mastodon:https://moth.example/users/ada"),
        ("at://did:plc:abc/app.bsky.feed.post/3k", ""),
        ("acct:", ""),
        ("feed://", ""),
        ("ada", ""),
        ("https://[", ""),
        ("", ""),
    ],
)
def test_accounts_as_people_write_them(text: str, key: str) -> None:
    assert member_key(text) == key


def test_lists_of_networks(loopback: Loopback) -> None:
    view, owner = loopback.bases["bluesky.view"], PEOPLE[0].id
    members = tuple(f"bluesky:{person.id}" for person in PEOPLE)
    with client(loopback) as http:
        reader = ListReader(http, f"{view}/", mastodon.TOKEN)
        for name in (
            f"https://bsky.app/profile/{owner}/lists/readers",
            "https://bsky.app/profile/ada.example/lists/readers",
            f"at://{owner}/app.bsky.graph.list/readers",
            "https://bsky.app/starter-pack/ada.example/readers",
            f"at://{owner}/app.bsky.graph.starterpack/readers",
        ):
            assert reader.members(name) == members
        assert reader.members("bluesky:@ada.example") == members[:1]
        server = loopback.bases["mastodon.one"]
        assert reader.members(f"{server}/lists/12") == (
            f"mastodon:{server}/users/moss", f"mastodon:{loopback.bases['mastodon.two']}/users/fern",
        )  # fmt: skip
        blogs = reader.members(f"{loopback.bases['feeds']}/blogroll.opml")
        assert blogs == tuple(f"feeds:{loopback.bases['feeds']}{path}" for path in feeds.PATHS)
        for name in (f"at://{owner}/app.bsky.graph.list/others", "bluesky:@nobody.example"):
            with pytest.raises(RequestRefused):
                reader.members(name)
        with pytest.raises(RequestRefused):
            ListReader(http, view, "wrong").members(f"{server}/lists/12")
        with pytest.raises(InputError):
            reader.members(f"{view}/xrpc/app.bsky.actor.getProfile?actor={owner}")


def test_files() -> None:
    assert members_in(CSV) == ("mastodon:@ada@moth.example", "mastodon:@wen@b.moth.example")
    assert members_in(b"Readers,ada@moth.example\n") == ("mastodon:@ada@moth.example",)
    outline = '<outline xmlUrl="https://blog.example/{}"/>'
    many = "".join(outline.format(n) for n in range(MAX_MEMBERS + 10))
    assert len(members_in(f"<opml><body>{many}</body></opml>".encode())) == MAX_MEMBERS
    entity = b'<!DOCTYPE opml [<!ENTITY a "aaaa">]><opml><outline xmlUrl="https://blog.example/&a;"/></opml>'
    for body in (b"", b"<opml>", b"<html></html>", b"name\nada\n", b"\xff\xfe\x00", entity):
        with pytest.raises(InputError):
            members_in(body)


def problems(**values: object) -> str:
    table = VoicesSettings(publication="daily", **values)  # type: ignore[arg-type]
    return " ".join(f"{key}: {reason}" for key, reason in voices_problems([table]))


def test_settings() -> None:
    lists = ("https://bsky.app/profile/ada.example/lists/3k", "lists/blogs.opml", "https://blog.example/all.opml")
    assert problems(accounts=("ada.example", "ada@moth.example"), lists=lists) == ""
    assert problems() == "voices 1: accounts: name accounts or lists"
    assert "'ada' is not an account; write ada.example, ada@moth.example" in problems(accounts=("ada",))
    assert "read with `token`" in problems(lists=("https://moth.example/lists/12",))
    assert problems(lists=("https://moth.example/lists/12",), token="env:TOKEN") == ""
    assert "copy it from the list's page" in problems(lists=("https://",))
    assert "copy it from the list's page" in problems(lists=("at://ada.example/app.bsky.feed.post/3k",))
    assert "null byte" in problems(lists=("a\0",))
    assert "name at most 20" in problems(lists=("a.opml",) * 21)
    assert "title on one line" in problems(accounts=("ada.example",), title=" ")


FEED = "https://one.example/feed.xml"
OUTLINES = [
    f'<outline text="Bits & Bytes" xmlUrl="{FEED}" htmlUrl="https://one.example/?a=1&b=2"/>',
    f'<outline text="a" xmlurl="{FEED}"/>', f'<outline text="a" XMLURL=" {FEED} "/>',
    f'<outline text="Caf\xe9&nbsp;&eacute;&copy;" xmlUrl="{FEED}"/>', f'<outline text="a\x02b" xmlUrl="{FEED}"/>',
    f'<outline text="p < q > r" xmlUrl="{FEED}"/>', f"<outline text='a \"b\" c' xmlUrl='{FEED}'/>",
    f'<outline text="a" text="b" xmlUrl="{FEED}" xmlUrl="{FEED}"/>', f'<OUTLINE type="rss" url="{FEED}">',
    f'<outline text="a"\n  xmlUrl = "{FEED}"', f"<outline text=a xmlUrl={FEED} />", f'<o:outline feedUrl="{FEED}"/>',
    f'<outline text="a"><outline text="b" xmlUrl="{FEED}"/></outline>', f'<outline xmlUrl="feed:{FEED}"/>',
    f'<outline htmlUrl="https://one.example/" xmlUrl="HTTPS{FEED[5:]}"/><!-- <outline xmlUrl="https://b.a/"/> -->',
    f'<outline xmlUrl="{FEED}"/><outline type="link" url="https://c.example/"/><outline htmlUrl="https://d.example/"/>',
]  # fmt: skip
HEADS = [
    "", '<?xml version="1.0"?>\n', '<?xml version="1.0" encoding="punycode"?>',
    '\n\n<?xml version="1.0" encoding="UTF-8"?>\n', "\ufeff", "Warning: 3 < 4 in line 1\n",
    "<?xml version='1.0' encoding='utf-16'?>", "<?xml version='1.0' encoding='no-such'?>\n<!DOCTYPE opml>",
]  # fmt: skip


@pytest.mark.parametrize("outline", OUTLINES)
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_a_list_of_blogs_as_people_have_it(outline: str, head: str, encoding: str) -> None:
    text = f'{head}<opml version="2.0"><body>{outline}</body></opml>\n<!-- 2 ms'
    assert members_in(text.encode(encoding, "ignore")) == (f"feeds:{FEED}",)


def test_a_feeds_address_is_unescaped_once() -> None:
    body = b'<opml><outline xmlUrl="https://one.example/?a=1&amp;copy=2&copy=3&#38;b=%26amp;"/></opml>'
    assert members_in(body) == ("feeds:https://one.example/?a=1&copy=2&copy=3&b=%26amp;",)


def test_a_list_that_declares_entities_is_refused() -> None:
    with pytest.raises(InputError, match="entities"):
        members_in(b'<!DOCTYPE x [<!ENTITY a "b">]><opml><outline xmlUrl="https://one.example/feed"/></opml>')


ACCOUNTS = [
    "@Ada@moth.example",
    "acct:wen@moth.example",
    "https://moth.example/@fern",
    "@reed.example",
    "did:plc:a",
    FEED,
]
KEYS = (
    "mastodon:@ada@moth.example", "mastodon:@wen@moth.example", "mastodon:@fern@moth.example", "bluesky:@reed.example",
    "bluesky:did:plc:a", f"feeds:{FEED}",
)  # fmt: skip
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_a_table_of_any_spreadsheet(sign: str, encoding: str) -> None:
    rows = [["Account address", "Show boosts"], *([account, "site.example"] for account in ACCOUNTS)]
    assert members_in("\r\n".join(map(sign.join, rows)).encode(encoding)) == KEYS
    named = [["DID", "Handle"], ["", "moss.example"]]
    assert members_in(f"moss.bsky.social{sign}Moss".encode(encoding)) == ("bluesky:@moss.bsky.social",)
    assert members_in("\n".join(map(sign.join, named)).encode(encoding)) == ("bluesky:@moss.example",)
    blocks = [["#domain", "#severity"], ["moss.example", "suspend"], ["Name", "John.Smith"]]
    with pytest.raises(InputError):
        members_in("\n".join(map(sign.join, blocks)).encode(encoding))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", ["{}", "- {}", "* {}", "  {}  ", "\u2022 {}", "{} # a friend", '"{}"'])
def test_a_list_of_one_on_each_line(form: str, encoding: str) -> None:
    lines = ["# Whom we read", "", "Friends", *map(form.format, ACCOUNTS), "moss.example", "not one of them"]
    assert members_in("\r\n".join(lines).encode(encoding)) == (*KEYS, "bluesky:@moss.example")
    feed = f"{FEED}?a=1,2"
    assert members_in(f"{FEED}\n{feed}\n".encode(encoding)) == (f"feeds:{FEED}", f"feeds:{feed}")


@pytest.mark.parametrize("end", ["", "/", "?ref=app", "/?a=1#b", "#x"])
@pytest.mark.parametrize(
    "address", ["https://bsky.app/start/did:plc:a/3k", "https://bsky.app/profile/ada.example/lists/3k"]
)
def test_the_address_of_a_list_as_apps_share_it(address: str, end: str) -> None:
    assert members._tidy(address + end) == address
    assert members._tidy("https://one.example/feed/?a=1") == "https://one.example/feed/?a=1"
