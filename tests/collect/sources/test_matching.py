"""For each source: posts that name a paper without its identifier, and posts whose link and text disagree."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from hotpapers.base.model import Item, Mention, Post, RawPayload, Verdict
from hotpapers.base.papers.mentions.paper_index import PaperAlias, PaperIndex
from hotpapers.collect.sources import SOURCES
from hotpapers.collect.sources.bluesky.schemas import read_event
from hotpapers.collect.sources.bluesky.stream_filter import names_paper, post_record
from hotpapers.collect.sources.paper_mentions import mentions_of, title_verdicts
from tests.collect.sources.bluesky_events import ANNA, create, post
from tests.collect.sources.cases import AT
from tests.collect.sources.test_contract import SETTINGS
from tests.conftest import needs_wings

KETTLE, SHEEP = "arxiv:2609.00001", "arxiv:2609.01234"
TITLE = "Teaching Kettles to Sing in Winter"
PAGE = "https://kettle.github.io/song/"
NAMES = PaperIndex([
    PaperAlias(KETTLE, TITLE, "10.1000/kettle", ("kettle.github.io/song",)),
    PaperAlias(SHEEP, "Counting Sheep by Contrastive Methods"),
])  # fmt: skip
OTHER_PAPER = "https://arxiv.org/abs/2609.01234"
TEXT = "We tried it"


def bluesky(text: str, link: str) -> RawPayload:
    card = {"$type": "app.bsky.embed.external", "external": {"uri": link, "title": "", "description": ""}}
    return RawPayload("post", "", create(ANNA, post(text, embed=card)), AT)


def feeds(text: str, link: str) -> RawPayload:
    return payload("1", {"feed": "https://blog.example/feed", "entry": {"id": "1", "link": link, "title": text}})


def hackernews(text: str, link: str) -> RawPayload:
    return payload("7", {"objectID": "7", "created_at_i": 1, "author": "a", "title": text, "url": link})


def lobsters(text: str, link: str) -> RawPayload:
    return payload("aa", {"short_id": "aa", "created_at": "2026-09-20T00:00:00Z", "title": text, "url": link})


def mastodon(text: str, link: str, kind: str = "post") -> RawPayload:
    uri = "https://home.example/users/wool/statuses/1"
    account = {"uri": "https://home.example/users/wool", "acct": "wool"}
    html = f'<p>{text}</p><p><a href="{link}">there</a></p>'
    return payload(uri, {"uri": uri, "created_at": "2026-09-20T00:00:00Z", "account": account, "content": html}, kind)


def reddit(text: str, link: str) -> RawPayload:
    return payload("t3_a", {"name": "t3_a", "author": "wool", "title": text, "url": link})


def reddit_feed(text: str, link: str) -> RawPayload:
    entry = {"id": "t3_a", "title": text, "author": "/u/wool", "content": f'<a href="{link}">[link]</a>'}
    return payload("t3_a", entry, "feed")


def x(text: str, link: str) -> RawPayload:
    urls = [{"start": len(text) + 1, "end": len(text) + 11, "expanded_url": link, "display_url": "a.example"}]
    tweet = {"id": "5", "author_id": "1", "text": f"{text} t.co/abcde", "entities": {"urls": urls}}
    return payload("5", {"tweet": tweet, "author": {"id": "1", "username": "wool"}})


def payload(key: str, body: object, kind: str = "post") -> RawPayload:
    return RawPayload(kind, key, json.dumps(body).encode(), AT)


MAKERS = [bluesky, feeds, hackernews, lobsters, mastodon, reddit, reddit_feed, x]


@needs_wings
def test_every_source_is_tried() -> None:
    tried = {make_payload.__name__.partition("_")[0] for make_payload in MAKERS}
    assert tried | {"huggingface"} == set(SETTINGS), "the entries of Hugging Face are papers"


def read(payload: RawPayload, maker: str, names: PaperIndex = NAMES) -> list[Item]:
    make, settings = SOURCES[maker.partition("_")[0]]
    return list(make(settings(), (), names).read(payload))


def forms_by_paper(items: Sequence[Item]) -> list[tuple[str, str]]:
    return [(item.paper, item.form) for item in items if isinstance(item, Mention)]


@pytest.mark.parametrize("make_payload", MAKERS)
def test_every_source_matches_titles_pages_and_dois(make_payload: object) -> None:
    assert callable(make_payload)
    name = getattr(make_payload, "__name__", "")
    assert forms_by_paper(read(make_payload(TEXT, PAGE), name)) == [(KETTLE, "page")]
    assert forms_by_paper(read(make_payload(TEXT, "https://doi.org/10.1000/KETTLE"), name)) == [(KETTLE, "doi")]
    assert forms_by_paper(read(make_payload(f"{TITLE}!", "https://news.example/a"), name)) == [(KETTLE, "title")]
    assert not read(make_payload(TEXT, "https://news.example/a"), name)
    assert not read(make_payload(f"{TITLE}!", PAGE), name, PaperIndex())


@pytest.mark.parametrize("make_payload", MAKERS)
def test_every_source_doubts_a_link_with_the_words_of_another_paper(make_payload: object) -> None:
    assert callable(make_payload)
    items = read(make_payload(f"“{TITLE}”", OTHER_PAPER), getattr(make_payload, "__name__", ""))
    [verdict] = [item for item in items if isinstance(item, Verdict)]
    [key] = [item.post for item in items if isinstance(item, Post)]
    assert forms_by_paper(items) == [(SHEEP, "abs"), (KETTLE, "title")]
    assert (verdict.subject, verdict.about, verdict.rule, verdict.judgement) == (key, SHEEP, "words", "doubtful")
    assert verdict.reason == f"its words are the title of {KETTLE}" and verdict.observed_at == AT


def test_bluesky_lets_through_what_it_can_read() -> None:
    for text, link in [(TITLE, "https://a.example"), (TEXT, PAGE), (f"so {TITLE} now", "https://a.example")]:
        body = bluesky(text, link).body
        commit = read_event(body).commit
        assert commit is not None
        is_kept = names_paper(commit.record, post_record(commit.record), NAMES)
        assert is_kept == bool(read(RawPayload("post", "", body, AT), "bluesky")) == (not text.startswith("so "))


def test_bluesky_says_where_a_name_was_found() -> None:
    [mention] = [item for item in read(bluesky(TITLE, PAGE), "bluesky") if isinstance(item, Mention)]
    assert (mention.form, mention.found_in) == ("page", "embed")


@needs_wings
def test_an_edit_may_take_doubt_away() -> None:
    verdicts = [
        item for item in read(mastodon("We count sheep", OTHER_PAPER, "edit"), "mastodon") if isinstance(item, Verdict)
    ]
    assert [(item.about, item.judgement) for item in verdicts] == [(SHEEP, "sound")]
    items = read(mastodon(TITLE, OTHER_PAPER, "edit"), "mastodon")
    assert [item.judgement for item in items if isinstance(item, Verdict)] == ["doubtful"]


def test_an_identifier_is_surer_than_a_name() -> None:
    text = f"{TITLE} arXiv:2609.00001"
    assert forms_by_paper(mentions_of("x:1", AT, text, [PAGE], NAMES)) == [(KETTLE, "prose")]


def test_a_list_of_papers_is_no_doubt() -> None:
    mentions = mentions_of("x:1", AT, TITLE, [OTHER_PAPER, "https://arxiv.org/abs/2609.05555"], NAMES)
    assert len(mentions) == 3 and not title_verdicts(mentions, TITLE, NAMES, was_edited=True)


def test_another_paper_whose_title_nobody_knows() -> None:
    text = "Where Unknown Drawers Hide Their Treasures\npdf: https://arxiv.org/pdf/2609.01234"
    [verdict] = title_verdicts(mentions_of("x:1", AT, text, (), NAMES), text, NAMES)
    assert verdict.reason == "its words are the title of another paper"


def test_hugging_face_links_what_a_papers_page_leads_to() -> None:
    paper = {"id": "2609.00001", "title": TITLE, "projectPage": PAGE, "githubRepo": "javascript:alert(1)"}
    [post] = [item for item in read(payload("2609.00001", {"paper": paper}), "huggingface") if isinstance(item, Post)]
    assert post.text == f"{TITLE}\n{PAGE}" and [link.target for link in post.links] == [PAGE]
    assert post.text[post.links[0].start : post.links[0].end] == PAGE
