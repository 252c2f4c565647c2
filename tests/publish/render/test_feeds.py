"""Feeds: whole files, the rules of their specifications, and how two independent parsers read them."""

from __future__ import annotations

import html
import json
import os
import re
import xml.etree.ElementTree as ET
from datetime import datetime
from email.utils import parsedate_to_datetime
from uuid import UUID

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import HOUR, PrintedCount
from hotpapers.base.text import timestamps
from hotpapers.discussion.conversations.trees import conversations_of
from hotpapers.publish.render.feeds import FORMATS, FeedDocument, FeedItem, FeedMaker, FeedsChannel
from hotpapers.publish.render.html.pages import SiteChannel, SitePages
from hotpapers.publish.view import site_paths
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from lab.generated_conversations import thread_post
from tests.conftest import DATA, data
from tests.publish.render import build
from tests.publish.render.build import OWN, PlainIssueReader
from tests.publish.render.html import Page
from tests.publish.render.sample import BRIDGES, BRIDGES_ENTRY, LISTED_READER, OWN_READER

BASE = "https://papers.example/daily/"
PUBLIC = SiteConfig("https://desk.example/", BASE)
OUTSIDE_ADDRESSES = ("https://arxiv.org/", "https://ui.adsabs.harvard.edu/", "https://inspirehep.net/")
ATOM = "{http://www.w3.org/2005/Atom}"


def files(site_config: SiteConfig = PUBLIC) -> dict[str, bytes]:
    return {file.path: file.data for file in FeedsChannel(site_config).render(LISTED_READER, "hot-papers", ())}


def test_whole_feeds() -> None:
    """HOTPAPERS_REWRITE=1 rewrites the expected files: check the diff before you keep them."""
    for path, content in files().items():
        if path.startswith("feeds/papers") or path == "feeds/issues.atom":
            file = DATA / path
            if os.environ.get("HOTPAPERS_REWRITE"):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            assert content == data(path).read_bytes(), path


def test_which_feeds_there_are() -> None:
    assert sorted(files()) == [
        "feeds/category/cs.CL.atom", "feeds/category/cs.LG.atom", "feeds/category/cs.RO.atom",
        "feeds/category/hep-th.atom", "feeds/category/math.IT.atom", "feeds/issues.atom", "feeds/issues.json",
        "feeds/issues.rss", "feeds/network/x.atom", "feeds/papers.atom", "feeds/papers.json", "feeds/papers.rss",
        "feeds/tops.atom", "feeds/tops.json", "feeds/tops.rss",
    ]  # fmt: skip
    maker = FeedMaker(LISTED_READER, "hot-papers", PUBLIC)
    assert maker.feed("feeds/other.atom") is None and maker.feed("feeds/category/../x.atom") is None


ROOT = thread_post("bluesky:at://did:plc:quill/app.bsky.feed.post/3kfold", text="A bridge!", at=20 * HOUR, voice=1)
THREAD_POSTS = (
    ROOT,
    thread_post("bluesky:at://x", text="<b>Does it</b>\x00\nfold & hold?", reply_to=ROOT.key, at=30 * HOUR, voice=2),
    thread_post("bluesky:at://y", reply_to="bluesky:at://x", at=40 * HOUR, voice=3, shown=None),
    thread_post("mastodon:https://tea.example/@oak/1", text="It folds.", at=25 * HOUR, voice=4),
)
TALKED_ABOUT = PlainIssueReader(
    [OWN],
    [build.issue(OWN, "2021-01-14", [BRIDGES_ENTRY])],
    conversations={BRIDGES.paper: conversations_of(THREAD_POSTS, BRIDGES.title)},
)


@pytest.mark.parametrize("form", FORMATS)
def test_what_people_say_about_a_paper_is_a_feed_of_the_app(form: str) -> None:
    maker = FeedMaker(TALKED_ABOUT, OWN.publication, PUBLIC)
    path = f"feeds/paper/2101.99901.{form}"
    assert path not in maker.paths()
    feed = maker.feed(path)
    assert feed is not None
    if form == "json":
        texts = [item.get("summary", "") for item in json.loads(feed)["items"]]
    else:
        parsed = feedparser.parse(feed)
        assert not parsed.bozo and parsed.feed.title.endswith(": Suspension Bridges for Pocket Robots")
        texts = [html.unescape(entry.summary.removeprefix("<p>").removesuffix("</p>")) for entry in parsed.entries]
        links = [entry.get("link") for entry in parsed.entries]
        assert links[-1] == "https://bsky.app/profile/did:plc:quill/post/3kfold"
    assert texts == ["<b>Does it</b> fold & hold?", "It folds.", "A bridge!"]
    assert b"<b>" not in feed or form == "json"
    assert maker.feed(f"feeds/paper/2101.99999.{form}") is maker.feed(f"feeds/paper/a/../b.{form}") is None


def test_only_the_app_links_to_the_feed_of_a_paper() -> None:
    path = "paper/2101.99901/index.html"
    link = b'<a href="../../feeds/paper/2101.99901.atom">'
    pages = {
        live: SitePages(TALKED_ABOUT, OWN.publication, PUBLIC._replace(is_live=live)).page(path)
        for live in (True, False)
    }
    assert link in (pages[True] or b"") and b"feeds/" not in (pages[False] or b"feeds/")
    silent = SitePages(OWN_READER, OWN.publication, PUBLIC._replace(is_live=True)).page(path)
    assert silent and b"feeds/" not in silent


def test_tops_are_announced_once_they_are_over() -> None:
    [week] = [entry for entry in feedparser.parse(files()["feeds/tops.atom"]).entries]
    assert week.title == "Top of 11–17 January 2021" and week.link == f"{BASE}top/2021-W02/"
    assert Page(week.content[0].value.encode()).all("li")[0].attributes["value"] == "1"
    assert json.loads(files()["feeds/tops.json"])["items"][0]["id"] == week.id


def test_pages_lead_to_feeds_that_there_are() -> None:
    targets = set()
    for file in SiteChannel(PUBLIC._replace(feeds=True)).render(
        LISTED_READER, "hot-papers", LISTED_READER.days("hot-papers")
    ):
        for target in re.findall(rb'href="[./]*(feeds/[^"]+)"', file.data):
            targets.add(target.decode())
    assert {"feeds/issues.atom", "feeds/papers.json", "feeds/category/hep-th.atom"} < targets <= set(files())
    assert not any(
        b"feeds/" in file.data for file in SiteChannel(PUBLIC).render(LISTED_READER, "hot-papers", ["2021-01-14"])
    )


@pytest.mark.parametrize("path", sorted(files()))
def test_an_independent_parser_reads_them(path: str) -> None:
    content = files()[path]
    if path.endswith(".json"):
        feed = json.loads(content)
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        entries = [(item["id"], item["title"], item["url"], item["content_html"]) for item in feed["items"]]
    else:
        parsed = feedparser.parse(content)
        assert not parsed.bozo and parsed.feed.title.startswith("Hot Papers")
        entries = [(item.id, item.title, item.link, item.content[0].value) for item in parsed.entries]
        assert all(item.published_parsed for item in parsed.entries)
    assert entries and len({entry[0] for entry in entries}) == len(entries)
    for id, title, url, _ in entries:
        assert UUID(id).version == 5 and title and url.startswith((BASE, "https://arxiv.org/"))


def test_a_paper_of_a_corrected_issue_was_published_with_its_first_edition() -> None:
    """Readers sort by that moment: otherwise an old paper would be the newest of all."""
    first_issue, second_issue = (LISTED_READER.issue("hot-papers", "2021-01-14", edition) for edition in (1, 2))
    first_papers = {entry.paper for entry in first_issue.content.entries}
    second_papers = [entry.paper for entry in second_issue.content.entries]
    papers = json.loads(files()["feeds/papers.json"])["items"]
    moments = {paper["url"]: (paper["date_published"], paper["date_modified"]) for paper in papers}
    for issue, paper in ((first_issue if paper in first_papers else second_issue, paper) for paper in second_papers):
        publication_time = timestamps.format_rfc3339(issue.frozen_at)
        assert moments[site_paths.paper_url(BASE, paper)] == (
            publication_time,
            timestamps.format_rfc3339(second_issue.frozen_at),
        )


def test_descriptions_of_rss_are_html_and_no_text_becomes_markup() -> None:
    """A title may be what somebody searched for."""
    text = "a < b & c > d <script>alert(1)</script>"
    item = FeedItem("urn:uuid:0", "Tea", "", 0, 0, "<p>Tea</p>", text, (), ())
    for feed in (
        FeedDocument("", text, "", "", 0, (item,), note=""),
        FeedDocument("", "Tea", "", "", 0, (item,), text),
    ):
        root = ET.fromstring(FORMATS["rss"](feed))
        descriptions = [element.text or "" for element in root.iter("description")]
        assert len(descriptions) == 2
        assert all("<" not in description and html.unescape(description) == text for description in descriptions)


def test_without_an_address_links_of_atom_are_relative_and_others_have_none() -> None:
    without_address = files(NOBODY)
    parsed = feedparser.parse(without_address["feeds/issues.atom"])
    assert parsed.feed.link == "../index.html"
    assert [entry.link for entry in parsed.entries] == [
        "../2021-01-18/index.html", "../2021-01-14/index.html", "../2021-01-14/edition-1/index.html",
        "../2021-01-13/index.html",
    ]  # fmt: skip
    assert feedparser.parse(without_address["feeds/category/cs.LG.atom"]).feed.link == "../../index.html"
    assert not any("link" in entry for entry in feedparser.parse(without_address["feeds/issues.rss"]).entries)
    assert not any("url" in item for item in json.loads(without_address["feeds/issues.json"])["items"])
    for path, content in without_address.items():
        assert not any(mark in content for mark in (b'href="urn:', b'"url": "urn:', b"<link>urn:")), path


def test_a_correction_is_an_entry_of_its_own() -> None:
    entries = feedparser.parse(files()["feeds/issues.atom"]).entries
    assert [entry.title for entry in entries] == [
        "Monday, 18 January 2021", "Thursday, 14 January 2021, corrected", "Thursday, 14 January 2021",
        "Wednesday, 13 January 2021",
    ]  # fmt: skip
    assert "The survey was of to-do lists" in entries[1].content[0].value
    assert entries[1].link == f"{BASE}2021-01-14/" and entries[2].link == f"{BASE}2021-01-14/edition-1/"


def test_identifiers_do_not_depend_on_where_the_site_is() -> None:
    public_files, local_files = files(), files(SiteConfig())
    for path, content in public_files.items():
        if path.endswith(".json"):
            ids = [[item["id"] for item in json.loads(data)["items"]] for data in (content, local_files[path])]
            assert ids[0] == ids[1]
    assert b"papers.example" not in b"".join(local_files.values())


def test_papers_by_a_wish() -> None:
    maker = FeedMaker(OWN_READER, "daily", PUBLIC)
    content = maker.of_papers("", "by Tansy Overquill", lambda item: "Tansy Overquill" in item.view.authors, "atom")
    feed = feedparser.parse(content)
    assert feed.feed.title == "The Daily Dozen: by Tansy Overquill"
    assert feed.entries and all("Tansy Overquill" in str(entry.authors) for entry in feed.entries)


def test_a_feed_without_entries_is_as_old_as_the_latest_issue() -> None:
    maker = FeedMaker(OWN_READER, "daily", PUBLIC)
    json_feed = json.loads(maker.of_papers("", "by Nobody", lambda item: False, "json"))
    atom_feed = feedparser.parse(maker.of_papers("", "by Nobody", lambda item: False, "atom"))
    assert not json_feed["items"] and not atom_feed.entries
    latest = OWN_READER.issue("daily", max(OWN_READER.days("daily")))
    assert atom_feed.feed.updated == timestamps.format_rfc3339(latest.frozen_at)


# ---- the specifications' rules, for any text in a feed -----------------------------------------------------

TEXTS = st.text(max_size=40)
ITEMS = st.builds(
    FeedItem, id=st.uuids().map(lambda uuid: uuid.urn), title=TEXTS, url=st.just("https://a.example/"),
    published=st.integers(0, 4 * 10**15), updated=st.integers(0, 4 * 10**15), html=TEXTS, text=TEXTS,
    authors=st.lists(TEXTS, max_size=3).map(tuple), categories=st.lists(TEXTS, max_size=3).map(tuple),
)  # fmt: skip
FEEDS = st.builds(
    FeedDocument, id=st.just("urn:uuid:0"), title=TEXTS, home=st.sampled_from(["", BASE]),
    own=st.sampled_from(["", BASE + "f"]), updated=st.integers(0, 4 * 10**15),
    items=st.lists(ITEMS, max_size=3).map(tuple),
)  # fmt: skip


@given(FEEDS)
def test_atom_has_what_rfc_4287_wants(feed: FeedDocument) -> None:
    root = ET.fromstring(FORMATS["atom"](feed))
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated", "")).tzinfo is not None
    assert root.find(f"{ATOM}author") is not None
    assert [content.get("type") for content in root.iter(f"{ATOM}content")] == ["html"] * len(feed.items)


@given(FEEDS)
def test_rss_has_what_it_must(feed: FeedDocument) -> None:
    channel = ET.fromstring(FORMATS["rss"](feed)).find("channel")
    assert channel is not None and all(channel.find(name) is not None for name in ("title", "link", "description"))
    for item in channel.findall("item"):
        assert parsedate_to_datetime(item.findtext("pubDate", "")).tzinfo is not None
        assert item.find("guid") is not None
        assert item.find("title") is not None or item.find("description") is not None


@given(FEEDS)
def test_json_feed_has_what_it_must(feed: FeedDocument) -> None:
    document = json.loads(FORMATS["json"](feed))
    assert {"version", "title", "items"} <= set(document)
    assert all({"id", "content_html"} <= set(item) for item in document["items"])


def test_what_is_hostile_is_text() -> None:
    """Every element of every entry's HTML is ours, and every link leads to arXiv or the site."""
    for path, content in files().items():
        if path.endswith(".atom"):
            for entry in feedparser.parse(content, sanitize_html=False).entries:
                page = Page(entry.content[0].value.encode())
                assert {element.tag for element in page.elements} <= {"p", "ol", "ul", "li", "a", "br"}
                targets = [element.attributes["href"] for element in page.elements if element.tag == "a"]
                assert all(target.startswith((BASE, *OUTSIDE_ADDRESSES)) for target in targets)


def test_a_networks_feed_has_papers_that_people_there_talked_about() -> None:
    counts = [PrintedCount(network="bluesky", voices=9, reposts=0, likes=8, until=0)]
    counts += [PrintedCount(network=name, voices=0, reposts=0, likes=0, until=0, bots=1) for name in ("mastodon", "x")]
    entry = build.own_entry(1, BRIDGES, counts, [])
    reader = PlainIssueReader([OWN], [build.issue(OWN, "2021-01-14", [entry])])
    maker = FeedMaker(reader, OWN.publication, PUBLIC._replace(app="https://app.example/"))
    assert [path for path in maker.paths() if "/network/" in path] == ["feeds/network/bluesky.atom"]
    assert b"Suspension" not in (maker.feed("feeds/network/mastodon.atom") or b"")
    assert b"Bluesky</title>" in (maker.feed("feeds/network/bluesky.atom") or b"")


def test_a_feed_names_the_address_that_has_it() -> None:
    """Those that the site has as files, and those that only the app has."""
    maker = FeedMaker(TALKED_ABOUT, OWN.publication, PUBLIC._replace(app="https://app.example/"))
    for path, base in (
        ("feeds/issues.rss", PUBLIC.base), ("feeds/network/bluesky.atom", PUBLIC.base),
        ("feeds/network/bluesky.json", "https://app.example/"), ("feeds/paper/2101.99901.atom", "https://app.example/"),
    ):  # fmt: skip
        assert f"{base}{path}".encode() in (maker.feed(path) or b""), path
