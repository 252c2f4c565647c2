"""Searching, in both databases: what is found, in which order, and how the query is explained."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from hotpapers.base import model, network_terms
from hotpapers.base.errors import UsageError
from hotpapers.base.model import DAY
from hotpapers.discussion.moderation import quotation_policy
from hotpapers.keep.search import PostResults, SearchHitIssue, latest_posts, search_papers, search_posts, update_index
from hotpapers.keep.search.query_parser import parse_query
from hotpapers.record import Record
from tests.keep.search.search_items import paper, post, texts, titles, with_mentions
from tests.keep.search.test_tokenizer import QUERY_TEXTS
from tests.record import made
from tests.record.made import AT


@pytest.fixture
def store(store_url: str) -> Iterator[Record]:
    with Record(store_url) as record:
        yield record


# ---- what is found ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def library(module_url: str) -> Iterator[Record]:
    """Papers that no test changes."""
    with Record(module_url) as record:
        record.append(
            [
                paper(
                    "Boiling Kettles", "On steam.", ("Ada Brewster", "Čeněk Šálek"), 101,
                    categories=("cs.LG", "stat.ML"),
                ),
                paper(
                    "Of Umbrellas", "A kettle has nothing to do with it.", ("Emil Drawer",), 102,
                    categories=("hep-th",),
                ),
                paper(
                    "Steam", "", ("Bo Kettle", "Ada Steam"), 103, categories=("math.PR",),
                    published_at=AT - 40 * DAY,
                ),
                paper(r"Schr\"odinger's $\beta$-VAE", "We study $O(n \\log n)$ tea.", ("Kurt Gödel",), 104),
                paper("Learned Tea Models", summary="A model of tea.", n=105, categories=()),
                paper("注意力机制与茶", "我们研究注意力。", ("王小茶",), 106, categories=("cs.CL",)),
                paper("お茶のためのディープラーニング", n=107, categories=("cs.CL",)),
                paper("การเรียนรู้ของเครื่องชงชา", n=108, categories=("cs.CL",)),
                paper("تعلّم الشاي العميق", "النماذج تتعلّم.", n=109, categories=("cs.CL",)),
                paper("לְמִידָה עֲמוּקָה של תה", n=110, categories=("cs.CL",)),
                paper("Über Tee: Größe und Café", n=111, categories=("cs.CL",)),
                paper("μηχανική μάθηση και τσάι", n=112, categories=("cs.CL",)),
                paper("차를 위한 모델을 배우다", n=113, categories=("cs.CL",)),
                paper("Films of MoS$_2$ under H$_{2}$O", n=114, categories=("math.PR",)),
                paper("MoS2 by GPT-4", n=115, categories=("math.PR",)),
                *made.paper_with_announcement(101, made.moment("2021-03-02 00:30"))[1:],
                *made.paper_with_announcement(102, made.moment("2021-04-01 00:30"))[1:],
            ],
            source="test",
        )  # fmt: skip
        yield record


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kettle", ["101", "103", "102"]),  # title, author, abstract
        ("KETTLES", ["101", "102"]),  # names have no plural
        ("kettle steam", ["103", "101"]),
        ('"on steam"', ["101"]),
        ('"steam on"', []),
        ("steam -kettle", []),
        ("steam -title:kettle", ["103"]),
        ("umbrella OR boiling", ["102", "101"]),
        ("kett*", ["101", "103", "102"]),
        ("title:kettle", ["101"]),
        ("author:steam", ["103"]),
        ("author:kettle OR author:drawer", ["103", "102"]),
        ('author:"Brewster, Ada"', ["101"]),
        ('author:"brewster čeněk"', []),  # two authors
        ("author:salek", ["101"]),
        ("category:cs.LG", ["101", "104"]),
        ("category:cs -category:cs.CL", ["101", "104"]),
        ("category:stat kettle", ["101"]),
        ("-category:cs -category:math.PR", ["102", "105"]),
        ("2103.00102v2", ["102"]),
        ("https://arxiv.org/abs/2103.00102", ["102"]),
        ("2103.00102 OR boiling", ["101", "102"]),
        ("2103.09999", []),
        ("schrodinger", ["104"]),
        ("Schrödinger's β-VAE", ["104"]),
        ("beta-vae godel", ["104"]),
        ('"n log n"', ["104"]),
        ("model", ["105"]),
        ("注意力", ["106"]),
        ("注意", ["106"]),
        ("意力机制", ["106"]),
        ("茶", ["106", "107"]),
        ("王小", ["106"]),
        ("お茶", ["107"]),
        ("ラーニング", ["107"]),
        ("เรียนรู้", ["108"]),
        ("ชา", ["108"]),
        ("تعلم", ["109"]),
        ("النماذج", ["109"]),
        ("למידה", ["110"]),
        ("uber grosse cafe", ["111"]),
        ("Größe", ["111"]),
        ("ΜΗΧΑΝΙΚΗ", ["112"]),
        ("모델", ["113"]),
        ("mos2", ["114", "115"]),
        ("title:H2O", ["114"]),
        ('"mos2 by"', ["115"]),
        ("MoS2 -H2O", ["115"]),
        ("gpt4", ["115"]),
        ("gpt5", []),
        ("date:2021-03-02", ["101"]),
        ("date:2021-03 category:cs.LG", ["101", "104"]),
        ("from:2021-03-02 to:2021-04", ["102", "101"]),
        ("steam to:2021-02", ["103"]),
        ("date:2021-01", ["103"]),
        ("kettle date:2021-04..2021", ["102"]),
        ("date:2022", []),
    ],
)  # fmt: skip
def test_what_is_found(library: Record, query: str, expected: list[str]) -> None:
    hits = search_papers(library, query).papers
    if not parse_query(query).is_ranked or "," in query:
        assert sorted(hit.paper[-3:] for hit in hits) == sorted(expected)
    elif query in ("kettle", "kett*"):
        assert [hit.paper[-3:] for hit in hits] == expected
    assert {hit.paper[-3:] for hit in hits} == set(expected)


def test_titles_count_more_than_authors_and_these_more_than_abstracts(store: Record) -> None:
    filler = "and other things that are said of many more of them"
    for n, item in enumerate((paper(f"{filler} {filler}", "A kettle."), paper(f"Of kettle {filler}", filler))):
        store.append([item], source=f"test {n}")
    store.append([paper(filler, filler, ("Ada Kettle", "Bo"))], source="test")
    store.append([paper(f"{filler} {n}", filler) for n in range(20)], source="others")
    hits = search_papers(store, "kettle").papers
    assert [len(hit.spans.title) for hit in hits] == [1, 0, 0]
    assert [len(hit.spans.authors) for hit in hits] == [0, 1, 0]
    assert hits[0].score > hits[1].score > hits[2].score > 0


def test_frequent_words_are_ordered_by_where_they_are(store: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotpapers.keep.search.index.COUNT_LIMIT", 5)
    for n in range(3):
        other = paper(f"Other {n}", "Of steam and kettles.")
        store.append(
            [paper(f"Kettles and steam {n}", "Tea."), paper(f"By {n}", "Steam.", ("Ada Kettle",)), other], source="s"
        )
    in_titles = ["Kettles and steam 2", "Kettles and steam 1", "Kettles and steam 0"]
    rest = ["By 2", "Other 2", "By 1", "Other 1", "By 0", "Other 0"]
    for query, expected in (
        ("kettle", [*in_titles, "By 2", "By 1", "By 0", "Other 2", "Other 1", "Other 0"]),
        ("kettle steam", [*in_titles, *rest]),
        ("kettle steam -tea", rest),
        ("kettle cat:cs", [*in_titles, "By 2", "By 1", "By 0", "Other 2", "Other 1", "Other 0"]),
    ):
        assert titles(store, query) == expected, query
        pages = [search_papers(store, query, limit=2, cursor=str(start)) for start in range(0, 10, 2)]
        assert [hit.title for page in pages for hit in page.papers] == expected, query
        assert [page.next for page in pages][(len(expected) - 1) // 2 :] == [None] * (5 - (len(expected) - 1) // 2)


def test_a_frequent_word_takes_no_longer_in_a_larger_record(tmp_path: Path) -> None:
    """Counted in the steps of SQLite's own machine."""
    with Record(str(tmp_path / "store.db")) as record:

        def steps_needed() -> int:
            steps = count()
            handler = record.database._connection.set_progress_handler  # type: ignore[attr-defined]
            update_index(record)
            handler(lambda: next(steps) < 0, 10)
            papers, posts = (
                search_papers(record, "kettle").papers,
                latest_posts(record, "kettle", limit=5, allowed=network_terms.TERMS).posts,
            )
            handler(None)
            assert (len(papers), len(posts)) == (20, 5)
            return next(steps)

        needed = []
        for part in range(3):
            papers = [paper(f"Kettle {part} {n}") for n in range(1200)]
            record.append(with_mentions(*papers, *(post("A kettle") for _ in range(600))), source=f"part {part}")
            needed.append(steps_needed())
    assert needed[2] <= needed[0] * 1.1, needed


def test_newest_first_where_no_words_are_asked_for(library: Record) -> None:
    days = [hit.day for hit in search_papers(library, "category:cs OR category:hep-th OR category:math.PR").papers]
    assert days == sorted(days, reverse=True) and days[0] == "2021-04-01" and days[-1] == "2021-01-21"
    assert {hit.score for hit in search_papers(library, "date:2021").papers} == {0.0}


def test_a_hit_says_all_that_is_shown(store: Record) -> None:
    made.talked(store)
    made.listings(store)
    [hit] = search_papers(store, "teapot").papers
    assert (hit.paper, hit.day, hit.issues) == ("arxiv:2103.99901", "2021-03", ())
    assert hit.title[slice(*hit.spans.title[0])] == "Teapot" and hit.categories[0] == "cs.LG"
    assert [hit.snippet[a:b].lower() for a, b in hit.spans.snippet] == ["teapot"] * len(hit.spans.snippet)
    [hit] = search_papers(store, "2103.00004").papers
    assert (hit.title, hit.authors, hit.day) == ("Kettle 4", ("Bo Kettle",), "2021-03-02")


def test_the_issues_of_a_paper_are_those_of_latest_editions(store: Record) -> None:
    made.rich(store)
    [hit] = search_papers(store, "2103.00001").papers
    assert hit.issues == (SearchHitIssue("daily", "2021-03-03", 4),)
    hits = search_papers(store, "category:cs.LG", limit=50).papers
    assert {issue.publication for hit in hits for issue in hit.issues} == {"daily", "hot-papers"}


def test_words_that_nobody_has_are_looked_for_as_parts(library: Record) -> None:
    results = search_papers(library, "mbrell")
    assert results.parts and results.total == 1 and results.papers[0].title == "Of Umbrellas"
    assert results.papers[0].spans.title == ((3, 12),) and results.understood == "with “mbrell”"
    assert search_papers(library, "oilin ettle").total == 1
    assert search_papers(library, "title:oilin").total == 1
    for query in (
        "zzzz",
        "zzzz ettle",
        "category:cs.XX",
        "ab",
        "%%%",
        '"on oilin"',
        "oili* zzz",
        "a b c d oilin",
    ):
        results = search_papers(library, query)
        assert (results.parts, results.total) == (False, 0), query


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("ketle", "kettle"), ("ketles", "kettle"), ("title:ekttles", "title:kettle"),
        ("Kettel steam", "kettle steam"), ("title:kettlle -tea", "title:kettle -tea"),
        ("jettle stean", "kettle steam"), ("author:brewsters", "author:brewster"), ("kettles", ""), ("quokka", ""),
        ("kettle quokka", ""), ("ketle author:nobody", ""), ("ketl*", ""), ("tae", ""), ("ke" + "t" * 40 + "le", ""),
    ],
)  # fmt: skip
def test_what_was_meant_is_told(store: Record, query: str, meant: str) -> None:
    store.append([paper("Kettles and kettle", "Steam.", ("Ada Brewster",)), paper("Kettle", "Mettle.")], source="s")
    assert search_papers(store, query).meant == meant
    assert not meant or search_papers(store, meant).total


def test_a_query_with_a_wrong_date_is_not_answered(library: Record) -> None:
    for find in (search_papers, search_posts):
        with pytest.raises(UsageError, match="not a date: 13; write a day"):
            find(library, "kettle date:13")


def test_pages_follow_each_other(store: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append([paper(f"Kettle {n}", "tea " * n) for n in range(25)], source="test")
    for query in ("kettle", "category:cs.LG", "date:2021", "ettl"):
        keys, cursor = [], None
        for _ in range(3):
            results = search_papers(store, query, limit=10, cursor=cursor)
            assert (results.total, results.exact) == (25, True)
            keys += [hit.paper for hit in results.papers]
            cursor = results.next
        assert cursor is None and len(set(keys)) == len(keys) == 25
    assert search_papers(store, "kettle", limit=10, cursor="25").papers == ()
    monkeypatch.setattr("hotpapers.keep.search.index.COUNT_LIMIT", 20)
    results = search_papers(store, "kettle", limit=10)
    assert (results.total, results.exact, results.next) == (20, False, "10")
    results = search_papers(store, "kettle", limit=12, cursor="12")
    assert (results.total, results.exact, results.next) == (24, False, "24")
    results = search_papers(store, "kettle", limit=12, cursor="24")
    assert (results.total, results.exact, results.next) == (25, True, None)


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 1001}, {"cursor": "x"}, {"cursor": "-1"}, {"cursor": "9" * 9}]
)
def test_what_is_no_limit_or_cursor_is_refused(library: Record, params: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        search_papers(library, "kettle", **params)


def test_nothing_is_found_where_nothing_is_asked_for(library: Record) -> None:
    assert search_papers(library, " !!! ").total == search_posts(library, "").total == 0
    assert search_papers(library, "!!!").understood == ""


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(QUERY_TEXTS)
def test_whatever_is_asked_is_answered(library: Record, text: str) -> None:
    results = search_papers(library, text, limit=5)
    assert len(results.papers) == min(results.total, 5)
    for hit in results.papers:
        assert all(0 <= a < b <= len(hit.title) for a, b in hit.spans.title)
    query = parse_query(text)
    if all(atom.kind == "word" for atom in [*query.atoms, *query.unwanted]):
        assert search_posts(library, text).posts == ()


@pytest.mark.parametrize(
    "query",
    [
        "t " * 500,
        '"' + "tea kettle " * 80 + '"',
        "注意力机制" * 190,
        " OR ".join(f"w{n}*" for n in range(99)),
        "w" * 400 + " -w" * 200,
    ],
)
def test_endless_queries_are_answered(library: Record, query: str) -> None:
    assert search_papers(library, query).total == 0


# ---- posts -----------------------------------------------------------------------------------------------


def test_posts_in_any_language_are_found(store: Record) -> None:
    queries = {
        "注意力机制真好": "注意力", "お茶を飲みながら読んだ": "お茶", "อ่านบทความชงชา": "บทความ",
        "قرأت هذا البحثَ": "البحث",
        "קָרָאתִי את המאמר": "קראתי", "J’ai lu ça à l’été": "ca ete", "Tee für alle": "fur", "논문을 읽었다": "논문",
        "Прочитал статью ещё раз": "еще", "मैंने यह लेख पढ़ा": "लेख", "διάβασα το άρθρο": "αρθρο",
    }  # fmt: skip
    store.append(with_mentions(*(post(text) for text in queries)), source="test")
    for text, query in queries.items():
        assert texts(store, query) == [text], query


def test_a_post_says_what_it_is_about_and_where_the_words_stand(store: Record) -> None:
    kettle_post = post("Two kettles and a Kettle", 1)
    mentions = [
        model.Mention(post=kettle_post.post, paper=f"arxiv:2103.0000{n}", form="abs", observed_at=AT) for n in (1, 2, 3)
    ]
    doubt = model.Verdict(
        subject=kettle_post.post, about="arxiv:2103.00002", rule="r", judgement="doubtful", version=1, reason="",
        observed_at=AT,
    )  # fmt: skip
    store.append([kettle_post, *mentions, doubt], source="test")
    [hit] = search_posts(store, "kettle").posts
    assert hit.papers == ("arxiv:2103.00001", "arxiv:2103.00003")
    assert [hit.text[a:b] for a, b in hit.spans] == ["kettles", "Kettle"]
    assert (hit.network, hit.handle, hit.created_at) == ("bluesky", "ada.example.social", AT)


def test_posts_of_a_span_of_days(store: Record) -> None:
    days = ("2020-12-31", "2021-01-31", "2021-02-28", "2021-03-01")
    store.append(
        with_mentions(*(post("kettle", n, made.moment(f"{day} 23:59")) for n, day in enumerate(days, 1))), source="s"
    )
    for query, total in {
        "kettle": 4, "kettle date:2021": 3, "kettle from:2021-02-28": 2, "kettle to:2021-02": 3, "date:2021-02-28": 1,
        "kettle to:2020-12-30": 0, "date:2020-12": 1, "-tea date:2021-01": 1, "-kettle": 0,
    }.items():  # fmt: skip
        assert search_posts(store, query).total == total, query


@pytest.mark.parametrize("query", ["author:ada tea", "title:tea", "-category:cs.LG tea", "2103.00001"])
def test_posts_have_no_authors_and_categories(library: Record, query: str) -> None:
    with pytest.raises(UsageError, match="posts are searched by words and days"):
        search_posts(library, query)


def test_what_may_not_be_shown_is_not_found(store: Record) -> None:
    """Deleted, limited, edited, hidden directly or through the account, also under an alias."""
    originals = [post(f"kettle {n}", n, account=f"bluesky:did:plc:v{n}", handle=f"v{n}.example") for n in range(1, 7)]
    store.append(with_mentions(*originals), source="s")
    assert search_posts(store, "kettle").total == 6
    posts = [item for item in made.all_rows(store, model.Post) if isinstance(item, model.Post)]
    store.append(
        [
            msgspec.structs.replace(posts[0], gone="deleted", observed_at=AT + 1),
            msgspec.structs.replace(posts[1], limits=("login",), observed_at=AT + 1),
            msgspec.structs.replace(posts[2], text="teapot 3", observed_at=AT + 1),
        ],
        source="s",
    )
    assert sorted(texts(store, "kettle")) == ["kettle 4", "kettle 5", "kettle 6"] and texts(store, "teapot") == [
        "teapot 3"
    ]
    hide(store, posts[3].post)
    assert sorted(texts(store, "kettle")) == ["kettle 5", "kettle 6"]
    store.append([model.Alias(account="bluesky:@v5.example", stable=posts[4].account, observed_at=AT)], source="s")
    hide(store, "bluesky:@v5.example")
    assert texts(store, "kettle") == ["kettle 6"]
    hide(store, posts[5].account)
    assert texts(store, "kettle") == []
    hide(store, posts[5].account, "shown")
    assert texts(store, "kettle") == ["kettle 6"]


def hide(record: Record, subject: str, judgement: model.Judgement = "hidden") -> None:
    at = AT + record.head.position
    verdict = model.Verdict(
        subject=subject, about="", rule="hide", judgement=judgement, version=1, reason="asked", observed_at=at
    )  # fmt: skip
    record.append([verdict], source="operator")


def test_what_the_gate_stops_is_not_found(store: Record) -> None:
    """Replies to others, posts that the operator blocks, and posts about no paper or doubtfully about one."""
    posts = [post(f"kettle {n}", n) for n in range(1, 5)]
    posts[1] = msgspec.structs.replace(posts[1], reply_to="bluesky:at://did:plc:somebody/app.bsky.feed.post/3k")
    doubt = model.Verdict(
        subject=posts[2].post, about="arxiv:2103.00001", rule="r", judgement="doubtful", version=1, reason="",
        observed_at=AT,
    )  # fmt: skip
    store.append([*with_mentions(*posts[:3]), posts[3], doubt], source="s")
    assert texts(store, "kettle") == ["kettle 1"]
    quotation_policy.save_blocklist(store.database, quotation_policy.Blocklist(words=("kettle",)))
    assert texts(store, "kettle") == []


def test_so_many_posts_are_weighed(store: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append(with_mentions(*(post("kettle", n) for n in range(1, 8))), source="s")
    results = search_posts(store, "kettle", limit=3)
    assert (results.total, results.exact, results.next) == (7, True, "3")
    assert search_posts(store, "kettle", limit=3, cursor="6").next is None
    monkeypatch.setattr("hotpapers.keep.search.posts.CANDIDATES", 5)
    results = search_posts(store, "kettle", limit=3, cursor="3")
    assert (results.total, results.exact, results.next, len(results.posts)) == (5, False, None, 2)
    assert search_posts(store, "kettle", limit=3, cursor="5").posts == ()


def test_the_latest_posts_are_those_that_may_be_shown(store: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotpapers.keep.search.posts.SPARE", 1)
    posts = [post(f"kettle {n}", n, at=AT + n) for n in range(1, 8)]
    store.append(with_mentions(*posts), source="s")
    store.append(
        with_mentions(post("kettle 8", 8, at=AT - 1), post("kettle 7", 7, at=AT + 7, gone="deleted")), source="t"
    )
    results = latest_posts(store, "kettle", limit=3, allowed=network_terms.TERMS)
    assert ([hit.text for hit in results.posts], results.total) == (["kettle 6", "kettle 5", "kettle 8"], 3)
    assert {hit.text for hit in results.posts} <= set(texts(store, "kettle"))
    assert [hit.text for hit in latest_posts(store, "kettle", limit=50, allowed=network_terms.TERMS).posts] == [
        "kettle 6", "kettle 5", "kettle 4", "kettle 3", "kettle 2", "kettle 1", "kettle 8",
    ]  # fmt: skip
    assert (
        latest_posts(store, "", limit=3, allowed=network_terms.TERMS).posts
        == latest_posts(store, "teapot", limit=3, allowed=network_terms.TERMS).posts
        == ()
    )
    others = network_terms.reviewed_terms(dict.fromkeys(network_terms.TERMS, network_terms.TermsOverride(shown="link")))
    assert latest_posts(store, "kettle", limit=3, allowed=others) == PostResults(understood="with “kettle”")
    with pytest.raises(UsageError, match="leave out author"):
        latest_posts(store, "author:ada", limit=3, allowed=network_terms.TERMS)


def test_posts_are_shown_as_their_networks_terms_have_it(store: Record) -> None:
    text = "A kettle. " + "word " * 200 + "teapot"
    networks = ("x", "reddit", "feeds", "mastodon")
    posts = [post(text, network=network, post=f"{network}:1", account=f"{network}:a") for network in networks]
    store.append(with_mentions(*posts), source="test")
    text_by_network = {hit.network: hit.text for hit in search_posts(store, "kettle").posts}
    assert text_by_network.keys() == {"feeds", "mastodon"}
    assert [hit.network for hit in search_posts(store, "teapot").posts if "teapot" in hit.text] == ["mastodon"]
    other_terms = network_terms.reviewed_terms(
        {"x": network_terms.TermsOverride(shown="text"), "mastodon": network_terms.TermsOverride(shown="link")}
    )
    assert {hit.network for hit in search_posts(store, "kettle", allowed=other_terms).posts} == {"feeds", "x"}
    other_terms = network_terms.reviewed_terms(
        dict.fromkeys(network_terms.TERMS, network_terms.TermsOverride(shown="link"))
    )
    assert search_posts(store, "kettle", allowed=other_terms) == PostResults(understood="with “kettle”")
