"""Which posts are worth quoting: the rule on 200 labeled posts, and in issues."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import Issue, IssueContent, Item, Paper, Post, Publication
from hotpapers.issues import freeze, quotations
from hotpapers.issues.build import IssueRecipe, build_issue, digest_of
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record
from hotpapers.record.commitments import canonical_json
from hotpapers.record.issue_contents import decode_content
from tests.conftest import ROOT, data
from tests.issues.made import (
    DAILY,
    DAY,
    background,
    counts,
    frozen,
    key,
    moment,
    paper,
    post,
    posts_about,
    write,
)

AT = moment(f"{DAY}T02:00")
WORTH = ("remark", "question", "criticism")
TITLE = "Moss on Stone Walls"


class Labelled(NamedTuple):
    """A made-up post. `lot` 1 was written with the rule; `lot` 2 afterwards, and the rule was not changed for it."""

    lot: str
    kind: str
    network: str
    lang: str
    about: Paper
    text: str

    @property
    def chosen(self) -> bool:
        return bool(quotations.remark_words(self.text, self.about))


@pytest.fixture(scope="module")
def labelled() -> list[Labelled]:
    papers = {
        name: msgspec.convert(facts | {"paper": name, "observed_at": 0}, Paper)
        for name, facts in json.loads(data("quotes", "papers.json").read_text("utf-8")).items()
    }
    return list(_labelled(papers))


def _labelled(papers: dict[str, Paper]) -> Iterator[Labelled]:
    for line in data("quotes", "posts.tsv").read_text("utf-8").splitlines():
        lot, kind, network, lang, name, text = line.split("\t")
        yield Labelled(lot, kind, network, lang, papers[name], text.replace("\\n", "\n"))


def figures(posts: list[Labelled]) -> tuple[int, int, int]:
    """How many are worth quoting, how many are chosen, and how many are both."""
    worth = [example for example in posts if example.kind in WORTH]
    return len(worth), sum(example.chosen for example in posts), sum(example.chosen for example in worth)


def test_the_rule_on_two_hundred_posts(labelled: list[Labelled]) -> None:
    """The minimum: 95% of quoted posts say something, and 90% of posts that say something may be quoted."""
    assert len(labelled) == 200
    worth, chosen, right = figures(labelled)
    assert right >= 0.95 * chosen
    assert right >= 0.90 * worth


def test_every_title_alone_and_every_abstract_is_passed_over(labelled: list[Labelled]) -> None:
    assert [line.text for line in labelled if line.kind in ("title", "abstract", "empty") and line.chosen] == []


def test_where_it_is_wrong(labelled: list[Labelled]) -> None:
    """Exact, because issues are rebuilt by the rule they name: `quotes/1` keeps these decisions for ever."""
    wrong = [(example.kind, example.text[:24]) for example in labelled if example.chosen != (example.kind in WORTH)]
    assert wrong == [
        ("spam", "Buy followers cheap and "),
        ("question", "Anyone know whether the "),
        ("question", "And in summer?"),
        ("question", "Is it stable?"),
        ("criticism", "No confidence intervals "),
    ]


def test_the_docs_tell_the_figures(labelled: list[Labelled]) -> None:
    text = (ROOT / "docs" / "explanation" / "quotations.md").read_text("utf-8")
    lots = {"written with the rule": "1", "written after it": "2"}
    table = {
        row[0]: tuple(map(int, row[1:])) for row in re.findall(r"\| (.+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", text)
    }
    for name, lot in lots.items():
        examples = [example for example in labelled if example.lot == lot]
        assert table[name] == (len(examples), *figures(examples))


@given(st.text(max_size=300), st.text(max_size=80))
def test_any_text_is_judged_alike_twice(text: str, title: str) -> None:
    paper = Paper(paper="", title=title, observed_at=0)
    assert quotations.remark_words(text, paper) == quotations.remark_words(text, paper)


@given(st.lists(st.sampled_from(TITLE.split()), max_size=30), st.sampled_from(["", "\n", " https://a.example/1 #moss"]))
def test_no_words_of_the_title_say_anything(words: list[str], end: str) -> None:
    assert not quotations.remark_words(" ".join(words) + end, Paper(paper="", title=TITLE, observed_at=0))


# ---- in an issue -------------------------------------------------------------------------------------

REMARK = "Our garden wall turned green overnight"


def post_with_likes(name: str, likes: int, text: str, reply_to: str = "") -> list[Item]:
    return [*post(1, name, AT, text=text, reply_to=reply_to), counts(name, likes, AT + 1)]


def quoted(record: Record, posts: int = 3) -> list[str]:
    """The posts quoted for an issue's only paper, in order."""
    publication = Publication(publication="daily", title="", threshold=0, posts=posts, observed_at=0)
    built = build_issue(record, IssueRecipe(publication, DAY, 1, record.head.position))
    assert list(dict.fromkeys(quotation.place for quotation in built.shown)) in ([], [1])
    return [quotation.post for quotation in built.shown]


def test_a_title_is_not_quoted_whatever_its_reactions(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        write(record, background(), paper(1, title=TITLE), post_with_likes("bluesky:1", 900, TITLE))
        assert quoted(record) == []
        write(record, post_with_likes("mastodon:1", 3, REMARK))
        assert quoted(record) == ["mastodon:1"]


def test_other_networks_come_before_a_second_post_of_one(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        write(record, background(), paper(1, title=TITLE))
        write(
            record,
            post_with_likes("bluesky:1", 90, REMARK),
            post_with_likes("bluesky:2", 80, "Whoever measured ninety walls deserves tea"),
        )
        write(record, post_with_likes("bluesky:3", 70, "Why nobody asked lichen remains unclear"))
        write(record, post_with_likes("mastodon:1", 1, "Three stations prove precious little"))
        assert quoted(record) == ["bluesky:1", "mastodon:1", "bluesky:2"]
        assert quoted(record, 1) == ["bluesky:1"]


def test_a_reply_to_somebody_else_takes_no_place(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        write(record, background(), paper(1, title=TITLE), posts_about(1, 5, AT))
        answer = "bluesky:at://did:plc:other/app.bsky.feed.post/1"
        write(record, post_with_likes("bluesky:2", 80, "Nobody believes those ninety photographs", reply_to=answer))
        write(
            record,
            post_with_likes("hackernews:2", 7, "Nobody believes these ninety photographs", reply_to="hackernews:1"),
        )
        assert quoted(record) == ["hackernews:2", "bluesky:1"]


def test_the_same_remark_on_two_networks_is_quoted_once(store_url: str) -> None:
    with Record(store_url) as record:
        write(record, background(), paper(1, title=TITLE), posts_about(1, 40, AT))
        write(
            record,
            post_with_likes("bluesky:2", 90, f"{REMARK} arxiv.org/abs/1 …"),
            post_with_likes("mastodon:2", 70, f"{REMARK} #moss"),
        )
        assert quoted(record) == ["bluesky:2", "bluesky:1"]
        frozen(record)
        forget_key(record, "bluesky:by-2")
        assert _findings(record) == []


def test_an_issue_verifies_when_a_post_was_forgotten_that_had_kept_another_out(store_url: str) -> None:
    """The forgotten post was not quoted itself: two on its network had more reactions."""
    with Record(store_url) as record:
        write(
            record, background(), paper(1, title=TITLE), posts_about(1, 5, AT), post_with_likes("bluesky:2", 80, REMARK)
        )
        write(
            record,
            post_with_likes("bluesky:3", 90, "Nobody believes those ninety photographs"),
            post_with_likes("mastodon:1", 40, REMARK),
        )
        write(record, post_with_likes("hackernews:1", 10, "Three stations prove precious little"))
        assert quoted(record, 2) == ["bluesky:3", "hackernews:1"]
        frozen(record)
        forget_key(record, "bluesky:by-2")
        assert quoted(record, 2) == ["bluesky:3", "mastodon:1"], "else the test could not fail"
        assert _findings(record) == []


def test_an_issue_names_its_rule_and_verifies_when_its_posts_were_forgotten(store_url: str) -> None:
    with Record(store_url) as record:
        write(
            record,
            background(),
            paper(1, title=TITLE),
            post_with_likes("bluesky:1", 90, REMARK),
            posts_about(1, 40, AT),
        )
        write(
            record,
            post_with_likes("mastodon:1", 50, TITLE),
            post_with_likes("mastodon:2", 40, "Three stations prove precious little"),
        )
        first = frozen(record).content
        assert first.quoting == "quotes/1"
        assert len(first.entries[0].posts) == 2
        for account in ("bluesky:by-1", "mastodon:by-1", "mastodon:by-2"):
            forget_key(record, account)
        assert _findings(record) == []


def test_an_issue_verifies_when_the_start_of_a_quoted_thread_was_forgotten(store_url: str) -> None:
    author = "bluesky:did:plc:abcdefghijklmnopqrstuvwx"
    first, second = (f"bluesky:at://{author.removeprefix('bluesky:')}/app.bsky.feed.post/{n}" for n in (1, 2))
    with Record(store_url) as record:
        write(record, background(), paper(1, title=TITLE), posts_about(1, 40, AT), post(2, first, AT, author))
        write(record, post(1, second, AT, author, REMARK, reply_to=first), counts(second, 90, AT + 1))
        assert quoted(record) == [second, "bluesky:1"]
        frozen(record)
        forget_key(record, first)
        assert quoted(record) == ["bluesky:1"], "else the test could not fail"
        assert _findings(record) == []


def test_an_issue_without_a_rule_is_built_by_reactions_and_keeps_its_digest(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        write(
            record,
            background(),
            paper(1, title=TITLE),
            posts_about(1, 40, AT),
            post_with_likes("hackernews:1", 90, TITLE),
        )
        recipe = IssueRecipe(DAILY, DAY, 1, record.head.position, quoting=quotations.BY_REACTIONS)
        old = build_issue(record, recipe)
        assert "hackernews:1" in [quotation.post for quotation in old.shown]
        freeze.save_issue(record, old, AT)
        [issue] = [row.item for row in record.view().latest(Issue)]
        assert isinstance(issue, Issue)
        assert "quoting" not in json.loads(issue.content)
        assert digest_of(decode_content(issue.content, IssueContent)) == issue.digest
        assert _findings(record) == []


def test_a_rule_of_another_version_is_named(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        write(record, background(), paper(1, title=TITLE), posts_about(1, 40, AT))
        recipe = IssueRecipe(DAILY, DAY, 1, record.head.position)
        content = build_issue(record, recipe).content
        future = content.__class__(
            **{name: getattr(content, name) for name in content.__struct_fields__} | {"quoting": "quotes/9"}
        )
        item = Issue(
            publication="daily", day=DAY, edition=1, digest=digest_of(future),
            content=canonical_json(future).decode(), observed_at=AT,
        )  # fmt: skip
        [finding] = freeze.check_issue(record, item)
        assert "cannot be rebuilt: its posts were chosen by quotes/9" in finding.name


def _findings(record: Record) -> list[str]:
    issues = [row.item for row in record.view().latest(Issue)]
    return [finding.name for item in issues for finding in freeze.check_issue(record, item)]


def test_a_post_about_two_papers_is_judged_beside_each(sqlite_url: str) -> None:
    """Words that say nothing beside one paper may say something beside the other."""
    other = "Our garden wall turned green overnight"
    with Record(sqlite_url) as record:
        write(
            record,
            background(),
            paper(1, title=TITLE),
            paper(2, title=other),
            posts_about(1, 40, AT),
            posts_about(2, 40, AT),
        )
        both = [*post(1, "mastodon:9", AT, text=other), post(2, "mastodon:9", AT, text=other)[1]]
        write(record, both)
        content = frozen(record).content
        by_paper = {entry.paper: len(entry.posts) for entry in content.entries}
        assert by_paper == {key(1): 2, key(2): 1}
        forget_key(record, "mastodon:by-9")
        assert _findings(record) == []
        assert isinstance(both[0], Post)
