"""Naming a paper without its identifier, and posts whose link and text disagree, in each source's messages."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from hotpapers.ids.mentions.paper_index import PaperAlias, PaperIndex
from hotpapers.model import Item, Mention, Post, RawPayload, Verdict
from hotpapers.sources import SOURCES
from hotpapers.sources.bluesky.schemas import event
from hotpapers.sources.bluesky.stream_filter import names_paper, post_record
from hotpapers.sources.paper_matching import mentions_of, title_verdicts
from tests.sources.bluesky_made import ANNA, create, post
from tests.sources.cases import AT

KETTLE, SHEEP = "arxiv:2609.00001", "arxiv:2609.01234"
TITLE = "Teaching Kettles to Sing in Winter"
PAGE = "https://kettle.github.io/song/"
NAMES = PaperIndex([
    PaperAlias(KETTLE, TITLE, "10.1000/kettle", ("kettle.github.io/song",)),
    PaperAlias(SHEEP, "Counting Sheep by Contrastive Methods"),
])  # fmt: skip
WRONG = "https://arxiv.org/abs/2609.01234"
WORDS = "We tried it"


def bluesky(text: str, link: str) -> RawPayload:
    card = {"$type": "app.bsky.embed.external", "external": {"uri": link, "title": "", "description": ""}}
    return RawPayload("post", "", create(ANNA, post(text, embed=card)), AT)


def feeds(text: str, link: str) -> RawPayload:
    return told("1", {"feed": "https://blog.example/feed", "entry": {"id": "1", "link": link, "title": text}})


def hackernews(text: str, link: str) -> RawPayload:
    return told("7", {"objectID": "7", "created_at_i": 1, "author": "a", "title": text, "url": link})


def lobsters(text: str, link: str) -> RawPayload:
    return told("aa", {"short_id": "aa", "created_at": "2026-09-20T00:00:00Z", "title": text, "url": link})


def mastodon(text: str, link: str, kind: str = "post") -> RawPayload:
    uri = "https://home.example/users/wool/statuses/1"
    who = {"uri": "https://home.example/users/wool", "acct": "wool"}
    html = f'<p>{text}</p><p><a href="{link}">there</a></p>'
    return told(uri, {"uri": uri, "created_at": "2026-09-20T00:00:00Z", "account": who, "content": html}, kind)


def reddit(text: str, link: str) -> RawPayload:
    return told("t3_a", {"name": "t3_a", "author": "wool", "title": text, "url": link})


def reddit_feed(text: str, link: str) -> RawPayload:
    entry = {"id": "t3_a", "title": text, "author": "/u/wool", "content": f'<a href="{link}">[link]</a>'}
    return told("t3_a", entry, "feed")


def x(text: str, link: str) -> RawPayload:
    urls = [{"start": len(text) + 1, "end": len(text) + 11, "expanded_url": link, "display_url": "a.example"}]
    tweet = {"id": "5", "author_id": "1", "text": f"{text} t.co/abcde", "entities": {"urls": urls}}
    return told("5", {"tweet": tweet, "author": {"id": "1", "username": "wool"}})


def told(key: str, body: object, kind: str = "post") -> RawPayload:
    return RawPayload(kind, key, json.dumps(body).encode(), AT)


SAYERS = [bluesky, feeds, hackernews, lobsters, mastodon, reddit, reddit_feed, x]


def read(seen: RawPayload, sayer: str, names: PaperIndex = NAMES) -> list[Item]:
    make, settings = SOURCES[sayer.partition("_")[0]]
    return list(make(settings(), (), names).read(seen))


def named(items: Sequence[Item]) -> list[tuple[str, str]]:
    return [(one.paper, one.form) for one in items if isinstance(one, Mention)]


@pytest.mark.parametrize("say", SAYERS)
def test_every_source_matches_titles_pages_and_dois(say: object) -> None:
    assert callable(say)
    name = getattr(say, "__name__", "")
    assert named(read(say(WORDS, PAGE), name)) == [(KETTLE, "page")]
    assert named(read(say(WORDS, "https://doi.org/10.1000/KETTLE"), name)) == [(KETTLE, "doi")]
    assert named(read(say(f"{TITLE}!", "https://news.example/a"), name)) == [(KETTLE, "title")]
    assert not read(say(WORDS, "https://news.example/a"), name)
    assert not read(say(f"{TITLE}!", PAGE), name, PaperIndex())


@pytest.mark.parametrize("say", SAYERS)
def test_every_source_doubts_a_link_with_the_words_of_another_paper(say: object) -> None:
    assert callable(say)
    found = read(say(f"“{TITLE}”", WRONG), getattr(say, "__name__", ""))
    [verdict] = [one for one in found if isinstance(one, Verdict)]
    [key] = [one.post for one in found if isinstance(one, Post)]
    assert named(found) == [(SHEEP, "abs"), (KETTLE, "title")]
    assert (verdict.subject, verdict.about, verdict.rule, verdict.judgement) == (key, SHEEP, "words", "doubtful")
    assert verdict.reason == f"its words are the title of {KETTLE}" and verdict.observed_at == AT


def test_bluesky_lets_through_what_it_can_read() -> None:
    for text, link in [(TITLE, "https://a.example"), (WORDS, PAGE), (f"so {TITLE} now", "https://a.example")]:
        body = bluesky(text, link).body
        commit = event(body).commit
        assert commit is not None
        passed = names_paper(commit.record, post_record(commit.record), NAMES)
        assert passed == bool(read(RawPayload("post", "", body, AT), "bluesky")) == (not text.startswith("so "))


def test_bluesky_says_where_a_name_was_found() -> None:
    [mention] = [one for one in read(bluesky(TITLE, PAGE), "bluesky") if isinstance(one, Mention)]
    assert (mention.form, mention.found_in) == ("page", "embed")


def test_an_edit_may_take_doubt_away() -> None:
    verdicts = [one for one in read(mastodon("We count sheep", WRONG, "edit"), "mastodon") if isinstance(one, Verdict)]
    assert [(one.about, one.judgement) for one in verdicts] == [(SHEEP, "sound")]
    again = read(mastodon(TITLE, WRONG, "edit"), "mastodon")
    assert [one.judgement for one in again if isinstance(one, Verdict)] == ["doubtful"]


def test_an_identifier_is_surer_than_a_name() -> None:
    text = f"{TITLE} arXiv:2609.00001"
    assert named(mentions_of("x:1", AT, text, [PAGE], NAMES)) == [(KETTLE, "prose")]


def test_a_list_of_papers_is_no_doubt() -> None:
    several = mentions_of("x:1", AT, TITLE, [WRONG, "https://arxiv.org/abs/2609.05555"], NAMES)
    assert len(several) == 3 and not title_verdicts(several, TITLE, NAMES, was_edited=True)


def test_another_paper_whose_title_nobody_knows() -> None:
    text = "Where Unknown Drawers Hide Their Treasures\npdf: https://arxiv.org/pdf/2609.01234"
    [verdict] = title_verdicts(mentions_of("x:1", AT, text, (), NAMES), text, NAMES)
    assert verdict.reason == "its words are the title of another paper"


def test_hugging_face_links_what_a_papers_page_leads_to() -> None:
    paper = {"id": "2609.00001", "title": TITLE, "projectPage": PAGE, "githubRepo": "javascript:alert(1)"}
    [found] = [one for one in read(told("2609.00001", {"paper": paper}), "huggingface") if isinstance(one, Post)]
    assert found.text == f"{TITLE}\n{PAGE}" and [link.target for link in found.links] == [PAGE]
    assert found.text[found.links[0].start : found.links[0].end] == PAGE
