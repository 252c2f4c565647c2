"""Feeds in any format, valid or broken: as entries, as posts, and how they are requested."""

from __future__ import annotations

import datetime
import json
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import NetError, PartiallyRead, RequestRefused, RetryLater
from hotpapers.base.model import Mention, Post, RawPayload
from hotpapers.base.text.timestamps import from_datetime, parse_claimed
from hotpapers.wings.feeds import feed_parser
from hotpapers.wings.feeds.feed_parser import MAX_LISTED, FeedEntry, feed_entries
from hotpapers.wings.feeds.source import FeedsSettings, FeedsSource
from tests.collect.sources.cases import cases, check
from tests.collect.sources.net import START, ScriptedClient, reply

URL = "https://blog.example/news/feed.xml"
PAPER = "https://arxiv.org/abs/2609.01234"


@pytest.mark.parametrize("case", cases("feeds"))
def test_feeds_read(case: str) -> None:
    check("feeds", case, FeedsSource(FeedsSettings()).read, lambda name, body: "0123456789abcdef0123456789abcdef")


def test_a_links_place_is_where_it_is_shown() -> None:
    entry = rss(
        "<title>Sheep</title><description>&lt;p&gt;see &lt;a href='" + PAPER + "'&gt;it&lt;/a&gt;</description>"
    )
    [post] = [item for item in items(entry) if isinstance(item, Post)]
    assert [(post.text[link.start : link.end], link.target) for link in post.links] == [("it", PAPER)]
    assert post.text == "Sheep\n\nsee it"


@pytest.mark.parametrize(
    "fields",
    [
        {"external_url": PAPER},
        {"external_url": PAPER, "url": 7},
        {"attachments": [{"url": "https://cdn.example/a.mp3"}, {"url": f"{PAPER}v1", "mime_type": "application/pdf"}]},
        {"attachments": ["x", {"url": 5}, {}], "external_url": PAPER},
        {"attachments": {"url": PAPER}, "external_url": PAPER, "content_html": None},
    ],
)
def test_a_json_feeds_entry_about_another_page(fields: dict[str, object]) -> None:
    item = {"id": "1", "url": "https://blog.example/1", "title": "On sheep", "content_text": "Read this.", **fields}
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Links", "items": [item]}).encode()
    [post] = [item for item in items(body) if isinstance(item, Post)]
    assert post.text.startswith("On sheep")
    assert [(m.paper, m.found_in) for m in items(body) if isinstance(m, Mention)] == [("arxiv:2609.01234", "link")]


@pytest.mark.parametrize(
    "body",
    [
        b"<rss version='2.0'><channel><item><title>On sheep</title><link>https://blog.example/1</link>"
        b"<enclosure url='https://arxiv.org/pdf/2609.01234.pdf' type='application/pdf'/></item></channel></rss>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>On sheep</title><link href='https://blog.example/1'/>"
        b"<link rel='related' href='https://arxiv.org/abs/2609.01234'/></entry></feed>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>On sheep</title><link href='https://blog.example/1'/>"
        b"<link rel='via' href='https://arxiv.org/abs/2609.01234'/></entry></feed>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>On sheep</title><link href='https://blog.example/1'/>"
        b"<link rel='enclosure' href='https://arxiv.org/pdf/2609.01234'/></entry></feed>",
    ],
)
def test_an_entry_that_brings_a_paper_along(body: bytes) -> None:
    assert single_entry(body).link == "https://blog.example/1"
    assert [(m.paper, m.found_in) for m in items(body) if isinstance(m, Mention)] == [("arxiv:2609.01234", "link")]


def test_a_feeds_other_links_say_nothing_about_its_entry() -> None:
    links = "".join(
        f"<link rel='{rel}' href='https://arxiv.org/abs/2609.0123{n}'/>"
        for n, rel in enumerate(("self", "edit", "replies"))
    )
    assert single_entry(atom(f"<title>x</title><link href='https://blog.example/1'/>{links}")).elsewhere == ()


def rss(item: str, *, version: str = "2.0", head: str = "") -> bytes:
    return f"<rss version='{version}'><channel>{head}<item>{item}</item></channel></rss>".encode()


def atom(entry: str) -> bytes:
    return f"<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='de'><entry>{entry}</entry></feed>".encode()


def single_entry(body: bytes, **headers: str) -> FeedEntry:
    [entry] = feed_entries(body, {name.replace("_", "-"): value for name, value in headers.items()}, URL)
    return entry


def items(body: bytes) -> list[object]:
    source = FeedsSource(FeedsSettings(urls=(URL,)))
    return [
        item
        for page in source.pages(ScriptedClient({URL: body}), None)
        for payload in page.payloads
        for item in source.read(payload)
    ]


# ---- entries -------------------------------------------------------------------------------------------


def test_plain_text_stays_what_it_says() -> None:
    assert single_entry(atom("<id>a</id><title>1 &lt;b&gt; 2</title>")).title == "1 &lt;b&gt; 2"
    assert single_entry(atom("<id>a</id><title type='html'>&lt;b&gt;2&lt;/b&gt;</title>")).title == "<b>2</b>"
    assert (
        single_entry(b'{"version":"https://jsonfeed.org/version/1.1","items":[{"content_text":"1 < 2"}]}').content
        == "1 &lt; 2"
    )


def test_an_entry_without_an_id_keeps_the_one_that_is_made() -> None:
    item = "<title>Sheep</title><description>first words</description>"
    changed_item = item.replace("first", "other")
    assert single_entry(rss(item)).id == single_entry(rss(changed_item)).id and single_entry(rss(item)).id.startswith(
        "made:"
    )
    assert (
        single_entry(rss("<description>a b</description>")).id != single_entry(rss("<description>a c</description>")).id
    )


def test_relative_addresses_are_resolved() -> None:
    assert single_entry(rss("<title>a</title><link>../x</link>")).link == "https://blog.example/x"
    assert single_entry(b'{"version":"1","items":[{"id":1,"url":"/x"}]}').link == "https://blog.example/x"
    assert feed_parser.urljoin_or_not(URL, "http://[") == "http://["


@pytest.mark.parametrize(
    "body",
    [
        b"<rss version='2.0'><channel><item><title>t</title><link>https://arxiv.org/list/new</link><description>"
        b"see &lt;a href='/abs/2609.01234'&gt;it&lt;/a&gt;</description></item></channel></rss>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>a</id><title>t</title><link href='https://a.example/1'/>"
        b"<content type='html' xml:base='https://arxiv.org/'>&lt;a href='/abs/2609.01234'&gt;it&lt;/a&gt;</content>"
        b"</entry></feed>",
        b'{"version":"https://jsonfeed.org/version/1.1","items":[{"id":1,"url":"https://arxiv.org/list/new",'
        b'"content_html":"<a href=../abs/2609.01234>it</a>"}]}',
    ],
    ids=["rss", "atom", "json"],
)
def test_relative_addresses_in_a_text_are_resolved(body: bytes) -> None:
    """Against what the feed says, or the entry's own address."""
    assert {item.paper for item in items(body) if isinstance(item, Mention)} == {"arxiv:2609.01234"}


def test_authors_and_files_of_a_json_feed_that_are_none_are_passed_over() -> None:
    item = {"url": "https://tea.example/1", "authors": [1, {"name": "Ada"}, {"name": 2}], "attachments": [None, "x"]}
    assert single_entry(json.dumps({"version": "1", "items": [item]}).encode()).author == "Ada"


def test_only_some_authors_of_a_json_feed_are_read() -> None:
    item = {"url": "https://tea.example/1", "authors": [{"name": f"Ada {n:04}"} for n in range(1_000)]}
    author = single_entry(json.dumps({"version": "1", "items": [item]}).encode()).author
    assert author.count("Ada") == MAX_LISTED and author.startswith("Ada 0000, Ada 0001")


def test_a_json_feed_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(NetError, match="not a JSON feed"):
        single_entry(b'{"version":"1","items":[{"id":"a","title":"caf\xe9"}]}')


def test_dates_of_json_feeds_are_read_and_odd_ones_are_none() -> None:
    def published(date: str) -> int | None:
        return single_entry(b'{"version":"1","items":[{"id":1,"date_published":"%s"}]}' % date.encode()).published

    assert published("2026-01-01T02:00:00+02:00") == 1_767_225_600_000_000
    assert published("2026-01-01T00:00:00") == 1_767_225_600_000_000
    assert published("soon") is None


def test_a_date_beyond_the_last_year_is_none() -> None:
    assert single_entry(rss("<pubDate>9999-12-31T23:59:59-12:00</pubDate><title>a</title>")).published is None


@pytest.mark.parametrize("date", ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
def test_a_placeholder_for_a_date_is_none(date: str) -> None:
    assert single_entry(rss(f"<pubDate>{date}</pubDate><title>a</title>")).published is None
    assert (
        single_entry(atom(f"<id>a</id><published>{date}</published><updated>2026-01-01T00:00:00Z</updated>")).published
        == START
    )
    [post] = [item for item in items(rss(f"<link>{PAPER}</link><pubDate>{date}</pubDate>")) if isinstance(item, Post)]
    assert post.created_at == post.observed_at
    dates = f'"date_published":"{date}","date_modified":"2026-01-01T00:00:00Z"'
    assert single_entry(b'{"version":"1","items":[{"id":1,%s}]}' % dates.encode()).published == START


@pytest.mark.parametrize("item", [b"3", b"null", b'"x"', b"[]"])
def test_a_json_item_that_is_none_is_passed_over(item: bytes) -> None:
    body = (
        b'\xef\xbb\xbf {"version":"1","language":7,"items":[%s,{"id":7.5,"authors":[3,{"name":"A"}],"author":null}]}'
        % item
    )
    assert [(entry.id, entry.author, entry.language) for entry in feed_entries(body, {}, URL)] == [("7.5", "A", "und")]


@pytest.mark.parametrize("body", [b"", b"<html><body>sorry", b"{", b'{"items":[]}', b'{"version":"1"}', b"\xff{"])
def test_what_is_no_feed_is_an_error(body: bytes) -> None:
    with pytest.raises(NetError):
        list(feed_entries(body, {"content-type": "text/html"}, URL))


def test_a_body_is_never_taken_for_a_files_name(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_bytes(rss("<title>secret</title>"))
    with pytest.raises(NetError):
        list(feed_entries(str(secret).encode(), {}, URL))


def test_a_feed_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_parser, "MAX_FEED_BYTES", 100)
    with pytest.raises(NetError, match="100 are read"):
        list(feed_entries(b"x" * 101, {}, URL))


def test_broken_xml_is_mended_up_to_a_length() -> None:
    body = rss("<title>a &amp; b</title><br>")
    assert single_entry(body).title == "a &amp; b"
    with pytest.raises(NetError, match="broken XML"):
        list(feed_entries(body + b"x " * feed_parser.MAX_BROKEN_FEED_BYTES, {}, URL))
    long_body = rss("<title>a</title>") + b" " * feed_parser.MAX_BROKEN_FEED_BYTES
    assert single_entry(long_body).title == "a"


def test_entities_do_not_grow() -> None:
    bomb = b"<!DOCTYPE r [<!ENTITY a 'xxxxxxxxxx'>" + b"".join(
        b"<!ENTITY %c '%s'>" % (c, b"&%c;" % (c - 1) * 10) for c in range(ord("b"), ord("j"))
    )
    body = bomb + b"]>" + rss("<title>&i;</title>")
    with pytest.raises(NetError, match="too much data in or before"):
        list(feed_entries(body, {}, URL))


def test_lone_surrogates_do_not_reach_the_record() -> None:
    body = rss("<title>a &#xD800; & b</title><description>&#55296; " + PAPER + "</description>")
    assert any(isinstance(item, Mention) for item in items(body))


@given(st.binary(max_size=300) | st.text(max_size=300).map(rss))
def test_any_body_is_entries_or_a_net_error(body: bytes) -> None:
    with suppress(NetError):
        list(feed_entries(body, {}, URL))


def test_whatever_the_parser_raises_is_a_net_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing_parse(*_: object, **__: object) -> None:
        raise AssertionError("deep inside")

    monkeypatch.setattr("feedparser.parse", failing_parse)
    with pytest.raises(NetError, match="AssertionError"):
        list(feed_entries(rss(""), {}, URL))


# ---- requests --------------------------------------------------------------------------------------------


def test_a_feed_that_fails_does_not_keep_the_others_from_being_read() -> None:
    urls = [f"https://{name}.example/feed" for name in "abcd"]
    body = rss(f"<guid>1</guid><link>{PAPER}</link>")
    http = ScriptedClient({urls[0]: RequestRefused("no", 403), urls[1]: body, urls[2]: b"<html>", urls[3]: body})
    pages = FeedsSource(FeedsSettings(urls=tuple(urls))).pages(http, None)
    results = [next(pages), next(pages), next(pages)]
    with pytest.raises(NetError, match="not a feed"):
        next(pages)
    keys = {payload.key for page in results for payload in page.payloads}
    assert http.urls == urls and len(keys) == 2, "the same guid in two feeds is two entries"


def test_a_request_to_wait_is_told_when_the_rest_is_read() -> None:
    http = ScriptedClient({"https://a.example/": RetryLater(60, "busy"), "https://b.example/": reply(304)})
    pages = FeedsSource(FeedsSettings(urls=("https://a.example/", "https://b.example/"))).pages(http, None)
    assert not next(pages).payloads
    with pytest.raises(PartiallyRead, match="1 of 2 could not be read; busy"):
        next(pages)


def test_counts_are_never_asked_for() -> None:
    assert list(FeedsSource(FeedsSettings()).counts(ScriptedClient({}), ["feeds:1"])) == []


# ---- recordings ------------------------------------------------------------------------------------------

NOT_READ = {
    "html-error.html": "a page where a feed was expected",
    "feedparser/illformed_rss_empty_document.xml": "an element and nothing in it",
    "gofeed/invalid.json": "JSON that breaks off",
}
ENTRIES = {
    "feed-rs/jsonfeed_jsonfeed_elastic_1.1.json": 3, "feed-rs/jsonfeed_jsonfeed_example_1.json": 2,
    "feedparser/json_example.json": 2, "feedparser/encoding_big5.xml": 0,
    "feedparser/illformed_undeclared_namespace.xml": 0,
    "feedparser/encoding_bozo_invalid-bytes-with-bom.xml": 0, "feedparser/entities_doesnotexist.xml": 0,
    "feedparser/encoding_http_text_xml_charset_overrides_encoding.xml": 0, "feedparser/illformed_aaa_illformed.xml": 0,
    "feedparser/illformed_http_high_bit_date.xml": 0, "feedparser/encoding_utf-16le-autodetect.xml": 0,
}  # fmt: skip
"""The number of entries in recordings that don't have exactly one. Those with none have only a title or a date."""


def test_every_recording_of_feeds_is_read(shared: Path) -> None:
    folder = shared / "recordings" / "feeds"
    files = [f for f in sorted(folder.rglob("*.*")) if not f.name.endswith(".headers.txt")]
    by_name: dict[str, list[FeedEntry]] = {}
    for file in files:
        name = file.relative_to(folder).as_posix()
        if name in NOT_READ:
            with pytest.raises(NetError):
                list(feed_entries(file.read_bytes(), {}, URL))
        else:
            by_name[name] = list(feed_entries(file.read_bytes(), {}, URL))
    assert len(files) == 35
    assert {name: len(feed) for name, feed in by_name.items()} == {name: ENTRIES.get(name, 1) for name in by_name}
    biorxiv = by_name["feed-rs/rss1_rss_1.0_biorxiv.xml"][0]
    assert biorxiv.published and datetime.datetime.fromtimestamp(biorxiv.published / 1e6, datetime.UTC).year == 2023
    assert by_name["feed-rs/atom_atom_xml_base.xml"][0].link == "https://numi.st/post/2022/travel-uke"
    source, papers = FeedsSource(FeedsSettings()), set[str]()
    for name, feed in by_name.items():
        for entry in feed:
            body = msgspec.json.encode({"feed": name, "entry": entry})
            papers |= {
                item.paper for item in source.read(RawPayload("post", "k", body, 1)) if isinstance(item, Mention)
            }
    assert papers == {"arxiv:2109.14490"}


MOMENT = 1_583_922_120_000_000
DATES = [
    "Wed, 11 Mar 2020 10:22:00 GMT", "Wed, 11 Mar 2020 10:22:00", "Wed, 11 Mar 2020 10:22",
    "11 Mar 2020 10:22:00 +0000",
    "Wed, 11 Mar 2020 11:22:00 CET", "Wed, 11 Mar 2020 19:22 JST", "Wed, 11 Mar 2020 06:22:00 EDT", "1583922120",
    "1583922120000", "2020/03/11 10:22:00", "2020-03-11T10:22Z", "2020-03-11 10:22", "2020-03-11T12:22:00+02:00",
    "2020.03.11 10:22", "2020-03-11T10:22:00.000Z", "2020/3/11 10:22", "Mer, 11 Mar 2020 10:22:00 GMT",
    "Wed, 11 Mar 2020 10:22:00 Z", "Mar 11, 2020, 10:22:00 a.m. UTC", "March 11th, 2020 at 10:22am",
    "Wed, 11 Mar 2020 15:22 PM GMT+5", "10:22 11 March 2020", "10:22 MAR 11 2020", "Wednesday, 11-Mar-20 10:22:00 GMT",
    "11 mars 2020 à 10h22", "mar. 11 mars 2020 10:22:00", "Mi, 11. Mär. 2020, 10:22 Uhr", "11. Maerz 2020 10:22",
    "martes, 11 de marzo de 2020 10:22", "11 marzo 2020 ore 10:22", "11 mrt 2020 10:22", "Τετ, 11 Μαρ 2020 10:22",
    "11 марта 2020 г. 10:22", "2020年3月11日 10:22", "2020년 3월 11일 10:22", "2020-Mar-11 10:22",
    "2020-03-11 10:22 AM", "2020-03-11T12:22:00+02:00[Europe/Berlin]", "2020-03-11 10:22:00 +0000 UTC",
    "2020-03-11 12:22:00.123456789 +0200 CEST m=+0.000012", "2020-03-11 13:22:00 +0300 +03", "1583922120.0",
    "Wed Mar 11 2020 12:22:00 GMT+0200 (Central European Summer Time)", "Wed Mar 11 10:22:00 UTC 2020",
    "Wed Mar 11 10:22:00 2020", "Wed Mar 11 12:22:00 +0200 2020", "Wed, 11 Mar 2020 03:22:00 -0700 (PDT)",
    "Wed, 11 Mar 2020 10:22:00 XYZT",
]  # fmt: skip
ZONES = {"CET": 1, "cest": 2, "MEZ": 1, "MESZ": 2, "EEST": 3, "MSK": 3, "NPT": 5.75, "SGT": 8, "ACST": 9.5, "AEDT": 11,
         "NST": -3.5, "BRT": -3, "EST": -5, "PDT": -7, "AKDT": -8, "HST": -10}  # fmt: skip
DAYS = ["{:%a, %d %b %Y}", "{:%d %b %y}", "{:%B %d, %Y}", "{:%Y-%m-%d}", "{:%Y/%m/%d}", "{:%a %b %d %Y}", "{:%d-%b-%Y}"]
TIMES = ["{:%H:%M:%S}", "{:%I:%M:%S %p}", "{:%I:%M:%S%p}"]
NO_DATES = [
    "3/4/2020", "04/03/2020 10:00", "3.4.2020", "31 Feb 2020", "2020-02-30", "2020-13-01", "2020-13-45", "now", "today",
    "12 Foo 2020", "Wed, 11 Mar 2020 25:00:00", "11 Mar 2020 10:61",
    "11 Mar 2020 10:00:61", "11 Mar 2020 14:00 AM", "11 Mar 2020 0:30 PM",
    "2020", "2020-03", "March 2020", "11 Mar", "10:22", "11 Mar 2020 10:22 +99:00", "11 Mar 2020 12 Apr 2021",
    "11 Mar 2020 10:00 11:00", "0 Mar 2020", "11 Mar 0000", "11 Mar 202", "11 Jui 2020", "Invalid Date", "-", "0",
]  # fmt: skip
"""What is no date, may be two days or a month of days, or is impossible."""


@given(st.datetimes(datetime.datetime(1971, 1, 2), datetime.datetime(2068, 1, 1)), st.data())
def test_a_date_is_read_with_its_zone_however_both_are_written(at: datetime.datetime, data: st.DataObject) -> None:
    at = at.replace(microsecond=0)
    text = f"{data.draw(st.sampled_from(DAYS))} {data.draw(st.sampled_from(TIMES))}".replace("{:", "{0:").format(at)
    name, hours = data.draw(st.sampled_from(sorted(ZONES.items())))
    sign, east = "-+"[hours > 0], abs(hours)
    offset = f"{sign}{int(east):02}:{int(east % 1 * 60):02}"
    forms = [name, f"({name})", offset, offset.replace(":", ""), f"GMT{offset}", f"UTC {offset}", f"{offset} {name}",
             f"{offset.replace(':', '')} ({name})"]  # fmt: skip
    zone = data.draw(st.sampled_from(forms))
    expected = at.replace(tzinfo=datetime.UTC) - datetime.timedelta(hours=hours)
    assert parse_claimed(f"{text} {zone}") == from_datetime(expected), f"{text} {zone}"


@pytest.mark.parametrize("date", NO_DATES)
def test_what_is_no_date_leaves_an_entry_undated(date: str) -> None:
    assert single_entry(rss(f"<title>a</title><pubDate>{date}</pubDate>")).published is None
    assert single_entry(atom(f"<title>a</title><updated>{date}</updated>")).published is None
    assert single_entry(b'{"version":"1","items":[{"id":1,"date_published":"%s"}]}' % date.encode()).published is None


@given(st.text(alphabet="0123456789:+-/., ()TZapmMarGUC", max_size=200))
def test_any_text_is_a_date_or_none(text: str) -> None:
    assert parse_claimed(text) is None or isinstance(parse_claimed(text), int)


@pytest.mark.parametrize("date", DATES)
def test_a_date_in_any_form_is_that_date(date: str) -> None:
    assert single_entry(rss(f"<title>a</title><pubDate>{date}</pubDate>")).published == MOMENT
    assert single_entry(atom(f"<title>a</title><updated>{date}</updated>")).published == MOMENT
    item = {"id": "1", "title": "a", "date_published": int(date) if date.isdigit() else date}
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [item]}).encode()
    assert single_entry(body).published == MOMENT


def test_an_entry_without_a_date_has_that_of_its_address() -> None:
    link = "<title>a</title><link>https://b.example/2020/03/11/note</link>"
    assert single_entry(rss(link)).published == 1_583_884_800_000_000
    assert single_entry(rss(link.replace("/11/", "/31x/"))).published is None


PARTS = [
    rss(f"<title>a</title><description>see {PAPER}</description><content:encoded>Sharp.</content:encoded>").replace(
        b"<rss ", b"<rss xmlns:content='http://purl.org/rss/1.0/modules/content/' "
    ),
    atom(f"<title>a</title><summary>see {PAPER}</summary><content>Sharp.</content>"),
    atom(f"<title>a</title><summary>see {PAPER}</summary><content src='https://b.example/a.mp4' type='video/mp4'/>"),
    atom(f"<title>a</title><summary>see {PAPER}</summary><content type='image/png'>iVBORw0KGgo=</content>"),
    rss(f"<title>a</title><description>for m&lt;M, {PAPER} and p&gt;q</description>"),
    json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [
        {"id": "1", "title": "a", "content_html": "<p>Sharp.</p>", "summary": f"see {PAPER}"}]}).encode(),
]  # fmt: skip


@pytest.mark.parametrize("body", PARTS, ids=range(len(PARTS)))
def test_a_link_in_any_part_that_is_text_counts(body: bytes) -> None:
    assert [item.paper for item in items(body) if isinstance(item, Mention)] == ["arxiv:2609.01234"]


def test_all_authors_and_the_first_address_count() -> None:
    names = "<author><name>Ada</name></author><author><name>Bram</name></author>"
    links = "<link href='https://b.example/1'/><link rel='alternate' href='https://b.example/2'/>"
    entry = single_entry(atom(f"<title>a</title>{names}{links}"))
    assert (entry.author, entry.link) == ("Ada, Bram", "https://b.example/1")


PEOPLE = "<author><name>Ada</name></author><author><name>Bram</name><email>b@moth.museum</email></author>"
OWN = "<author><name>Cleo</name></author>"


def test_an_entry_without_authors_has_those_of_its_source_or_feed() -> None:
    for entry, author in (("", "Ada, Bram"), (OWN, "Cleo"), (f"<source>{OWN}</source>", "Cleo"),
                          (f"<source><author><name>Dora</name></author></source>{OWN}", "Cleo")):  # fmt: skip
        body = f"<feed xmlns='http://www.w3.org/2005/Atom'>{PEOPLE}<entry><title>a</title>{entry}</entry></feed>"
        assert single_entry(body.encode()).author == author
    editor = "<managingEditor>ed@moth.example (Ed)</managingEditor>"
    assert single_entry(rss("<title>a</title>", head=editor)).author == "", "an editor has not written it"
    for field in ({"authors": [{"name": "Ada"}, {"name": "Bram"}]}, {"author": {"name": "Ada, Bram"}}):
        for own, author in (
            ({}, "Ada, Bram"),
            ({"authors": [{"name": "Cleo"}]}, "Cleo"),
            ({"authors": []}, "Ada, Bram"),
        ):
            item = {"id": "1", "title": "a", **own}
            assert single_entry(json.dumps({"version": "1", "items": [item], **field}).encode()).author == author


@pytest.mark.parametrize("domain", ["moth.co", "moth.info", "moth.museum", "a.moth.technology", "moth.xn--p1ai"])
@pytest.mark.parametrize(
    ("form", "author"),
    [("{} (Ada Moth)", "Ada Moth"), ("Ada Moth &lt;{}&gt;", "Ada Moth"), ("{}", "{}"), ("Ada Moth ({})", "Ada Moth"),
     ("{} (Ada), {} (Bram)", "Ada, Bram"), ("{} (Ada (Moth))", "Ada (Moth)")],
)  # fmt: skip
def test_an_author_with_an_address_is_not_cut(form: str, author: str, domain: str) -> None:
    address = f"ada.m+x@{domain}"
    entry = single_entry(rss(f"<title>a</title><author>{form.replace('{}', address)}</author>"))
    assert entry.author == author.replace("{}", address)
