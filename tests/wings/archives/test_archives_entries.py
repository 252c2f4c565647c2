"""Lines of archives that contain several entries: an unreadable entry costs neither the others nor time."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from hotpapers.base.model import Post, Snapshot, Verdict
from hotpapers.record import Record
from tests.conftest import ROOT, data
from tests.wings.archives.archive_helpers import PAPER_URL, import_one, lines


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("hackernews", "hackernews-shapes"),
        ("reddit", "reddit-dump"),
        ("x", "x-second"),
    ],
)
def test_lists_in_lists_take_no_longer_than_their_length(record: Record, kind: str, file: str) -> None:
    nested_line = b"[" * 50 + b"5" + b"]" * 50
    assert import_one(
        record, kind, data(f"archives/{file}.jsonl").read_bytes() + b"\n" + nested_line + b"\n"
    ).quarantined


def test_a_problem_without_an_id_does_not_cost_a_page_of_x_its_posts(record: Record) -> None:
    post = {"id": "1341202937956233217", "author_id": "7", "text": PAPER_URL.format(1001)}
    problem = {"value": "", "resource_type": "tweet", "type": "https://api.twitter.com/2/problems/resource-not-found"}
    result = import_one(record, "x", json.dumps({"data": [post], "errors": [problem]}).encode())
    assert (result.posts, result.quarantined) == (1, 1)


def test_a_post_of_x_from_the_future_is_set_apart(record: Record) -> None:
    post = {"author_id": "7", "text": PAPER_URL.format(1001)}
    result = import_one(
        record, "x", lines(json.dumps(post | {"id": id}).encode() for id in ("1341202937956233217", str(2**63 - 1)))
    )
    assert (result.posts, result.quarantined) == (1, 1)


REDDIT = {"name": "t3_aa1", "created_utc": 1610604000, "author": "ada", "title": "See", "url": "/r/x/comments/aa0/"}
HACKER_NEWS = {
    "id": 25770000,
    "time": 1610604000,
    "by": "ada",
    "type": "story",
    "title": "See",
    "url": PAPER_URL.format(1001),
}
TWEET = {"id": "1349600000000000000", "author_id": "7", "text": PAPER_URL.format(1001)}


@pytest.mark.parametrize(
    ("kind", "entry", "odd_fields"),
    [
        ("reddit", REDDIT | {"url": PAPER_URL.format(1001)}, {"score": [], "over_18": {}, "author_fullname": 7}),
        ("reddit", REDDIT | {"url": PAPER_URL.format(1001)}, {"selftext": "cut in the middle of \ud83d"}),
        ("x", TWEET, {"source": "\udfff"}),
        ("hackernews", HACKER_NEWS, {"score": "many", "descendants": {}, "kids": 5, "story_id": "x"}),
        ("x", TWEET, {"lang": 7, "public_metrics": "x", "entities": [], "possibly_sensitive": 5}),
        ("reddit", REDDIT | {"url": PAPER_URL.format(1001)}, {"retrieved_on": "soon", "retrieved_utc": -1}),
        ("hackernews", HACKER_NEWS, {"retrieved_on": "soon", "retrieved_at": -1}),
        ("x", TWEET, {"__twarc": {"retrieved_at": "Thu Jan 01 00:05:00 2026"}}),
        ("x", TWEET, {"__twarc": {"retrieved_at": -1}}),
        ("x", TWEET, {"__twarc": {"retrieved_at": []}}),
        ("x", TWEET, {"__twarc": "2"}),
    ],
)
def test_odd_side_fields_lose_no_post(
    record: Record, kind: str, entry: dict[str, object], odd_fields: dict[str, object]
) -> None:
    result = import_one(record, kind, json.dumps(entry | odd_fields).encode() + b"\n")
    assert (result.posts, result.quarantined) == (1, 0)


@pytest.mark.parametrize(
    "more",
    [
        {
            "crosspost_parent": "t3_aa0",
            "crosspost_parent_list": [{"name": "t3_aa0", "selftext": PAPER_URL.format(1001)}],
        },
        {"gallery_data": {"items": [{"caption": PAPER_URL.format(1001)}]}},
        {"gallery_data": {"items": [{"outbound_url": PAPER_URL.format(1001)}, 5]}},
    ],
)
def test_dumps_of_reddit_have_crossposts_and_galleries(record: Record, more: dict[str, object]) -> None:
    assert import_one(record, "reddit", json.dumps(REDDIT | more).encode() + b"\n").posts == 1


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
def test_what_jq_makes_of_a_dump_of_xs_first_api(record: Record) -> None:
    """Reposts are left out, what they repeat is not."""
    program, file = ROOT / "docs/examples/x_first_api.jq", data("archives/x-api1.jsonl")
    process = subprocess.run(["jq", "-c", "-f", program, file], capture_output=True, check=False)
    assert b'date "yesterday" does not match' in process.stderr
    result = import_one(record, "x", process.stdout)
    assert (result.lines, result.posts, result.mentions, result.gone, result.quarantined) == (7, 3, 3, 1, 1)
    posts = {row.item.post: row.item for row in record.view().latest(Post)}
    post = posts["x:1499999999999999101"]
    assert post.text == "Compare this one arxiv.org/abs/2202.02222 and be amazed"
    assert (post.handle, post.name, post.created_at) == ("ladle_made_up", "Ladle", 1646460000000000)
    [counts] = [row.item for row in record.view().latest(Snapshot) if row.item.post == post.post]
    assert (counts.reposts, counts.likes, counts.replies, counts.quotes) == (9, 55, 2, 0)


def x_versions() -> list[dict[str, object]]:
    ids = ["1577000000000000001", "1577000000000000002", "1577000000000000003"]
    texts = [PAPER_URL.format(1001), PAPER_URL.format(1002), "sorry, I was wrong"]
    return [
        TWEET | {"id": id, "text": text, "edit_history_tweet_ids": ids} for id, text in zip(ids, texts, strict=True)
    ]


def reddit_versions() -> list[dict[str, object]]:
    texts = [PAPER_URL.format(1001), PAPER_URL.format(1002), "sorry, I was wrong"]
    edits = [False, 1610607600, 1610611200]
    return [
        REDDIT | {"selftext": text, "edited": edited, "retrieved_on": edited or 1610604060}
        for text, edited in zip(texts, edits, strict=True)
    ]


@pytest.mark.parametrize(("kind", "versions"), [("x", x_versions()), ("reddit", reddit_versions())])
def test_a_later_version_takes_papers_away(record: Record, kind: str, versions: list[dict[str, object]]) -> None:
    """And its words are those of now. Of edited posts that name no paper, nothing is kept."""
    words = {"text": "Me, too", "selftext": "Me, too"}
    other = versions[1] | {"id": "1577000000000000009", "name": "t3_aa9", **words}
    other.pop("edit_history_tweet_ids", None)
    import_one(record, kind, b"".join(json.dumps(line).encode() + b"\n" for line in (*versions, other)))
    view = record.view()
    assert [post.text.strip().endswith("sorry, I was wrong") for post in view.items(Post)] == [True]
    verdicts = {item.about: item.judgement for item in view.items(Verdict) if item.rule == "edited"}
    assert verdicts == {"arxiv:2606.01001": "doubtful", "arxiv:2606.01002": "doubtful"}


def test_a_page_of_x_without_posts_is_no_mistake(record: Record) -> None:
    result = import_one(record, "x", b'{"data":null,"meta":{"result_count":0}}\n')
    assert (result.posts, result.quarantined) == (0, 0)
