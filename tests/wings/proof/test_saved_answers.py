"""Saved API answers: the proof is the site's, and everything else the answer shows is checked against it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.base.errors import InputError
from hotpapers.publish.query.openapi import api_document
from hotpapers.publish.query.session import QuerySession
from hotpapers.record import Record
from hotpapers.serve.api import Api
from hotpapers.serve.backend import Backend, ServeConfig
from hotpapers.wings.proof.policies import LogPolicy, parse_policy
from hotpapers.wings.proof.publication_log import update_log
from hotpapers.wings.proof.saved_answers import NEEDS_STORE, StoredIssue, stored_issue
from hotpapers.wings.proof.saved_issues import check_saved, read_saved
from hotpapers.wings.proof.site_logs import SiteLogs
from tests.cli.run import good
from tests.issues.made import DAY
from tests.publish.query import query_stores
from tests.serve.asgi import get
from tests.wings.proof.logs import NAME, config_in
from tests.wings.proof.sample_publication import AT, WITNESS, SamplePublication, add_cosignature, publish

Json = dict[str, Any]
Change = Callable[[Json], object]
SCHEMAS = api_document()["components"]["schemas"]
ISSUE_FIELDS = {*SCHEMAS["IssueWithProof"]["properties"]} - {"entries", "ongoing", "content", "proof", "metadata"}
ENTRY_FIELDS = {*SCHEMAS["EntryDetails"]["properties"]}
POST_FIELDS = {*SCHEMAS["PostDetails"]["properties"]}


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> SamplePublication:
    return publish(tmp_path_factory.mktemp("published"))


@contextmanager
def api(store: Path, logs: SiteLogs | None) -> Iterator[Starlette]:
    backend = Backend(lambda: Record(str(store), create=False), ServeConfig(rate=0, proofs=logs))
    yield Starlette(routes=Api(backend).routes)
    backend.close()


def answer_of(app: Starlette, publication_name: str = NAME, day: str = DAY) -> bytes:
    answer = get(app, f"/api/v1/publications/{publication_name}/issues/{day}")
    assert answer.status == 200
    return answer.plain


@pytest.fixture(scope="module")
def answer(publication: SamplePublication) -> bytes:
    with api(publication.store, SiteLogs(publication.config)) as app:
        return answer_of(app)


@pytest.fixture(scope="module")
def stored(publication: SamplePublication, answer: bytes) -> StoredIssue:
    """The issue as the store has it."""
    with Record(str(publication.store), create=False) as record:
        issue = stored_issue(QuerySession(record), NAME, DAY, 1, json.loads(answer)["digest"])
    assert issue is not None
    return issue


def problems(body: bytes, policy: LogPolicy, folder: Path, stored: StoredIssue | None = None) -> tuple[str, ...]:
    (folder / "answer.json").write_bytes(body)
    return check_saved(read_saved(folder / "answer.json"), policy, stored).problems


def test_an_answer_carries_the_proof_of_the_site(publication: SamplePublication, answer: bytes, tmp_path: Path) -> None:
    saved_issue = json.loads((publication.folder / "site" / DAY / "issue.json").read_bytes())
    assert {name: json.loads(answer)[name] for name in saved_issue} == saved_issue
    assert problems(answer, publication.policy, tmp_path) == ()
    output = good("verify", tmp_path / "answer.json", "--policy", publication.policy_file)
    assert output.startswith(f"verified: {NAME} {DAY} edition 1, digest {json.loads(answer)['digest']}\n")


@pytest.mark.long
def test_an_answer_of_a_listing_is_verified(tmp_path: Path) -> None:
    """The answer collapses spaces in titles; the listing did not."""
    config = config_in(tmp_path)
    with Record(str(tmp_path / "hotpapers.db")) as record:
        query_stores.add_sample(record)
        update_log(record.database, "hot-papers", config, AT)
        days = record.database.rows('SELECT "day" FROM issue')
    logs = SiteLogs(config)
    site_log = logs.of("hot-papers")
    assert site_log is not None
    policy = parse_policy(site_log.policy_text(""))
    with api(tmp_path / "hotpapers.db", logs) as app:
        for (day,) in days:
            body = answer_of(app, "hot-papers", str(day))
            assert problems(body, policy, tmp_path) == ()
            title = json.loads(body)["entries"][0]["title"]
            forged = body.replace(json.dumps(title, ensure_ascii=False).encode(), b'"Another title"')
            assert problems(forged, policy, tmp_path)


def changed_value(value: Any) -> Any:
    """A different value of the same kind."""
    if isinstance(value, bool):
        return int(value)  # equal in Python
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, list):
        return [*value, "x"]
    return {"x": 1} if isinstance(value, dict) else (value or 0) + 1


@pytest.mark.parametrize("name", sorted(ISSUE_FIELDS - NEEDS_STORE))
def test_another_fact_of_the_issue_is_named(
    publication: SamplePublication, answer: bytes, tmp_path: Path, name: str
) -> None:
    forged = json.loads(answer)
    forged[name] = changed_value(forged[name])
    [problem] = problems(json.dumps(forged).encode(), publication.policy, tmp_path)
    assert problem == f"the response shows another {name}"


@pytest.mark.parametrize("name", sorted(ENTRY_FIELDS - NEEDS_STORE))
def test_another_fact_of_an_entry_is_named(
    publication: SamplePublication, answer: bytes, tmp_path: Path, name: str
) -> None:
    forged = json.loads(answer)
    forged["entries"][1][name] = changed_value(forged["entries"][1][name])
    [problem] = problems(json.dumps(forged).encode(), publication.policy, tmp_path)
    assert problem.endswith(f"2405.00002: the response shows another {name}")


def post_of(answer: Json) -> Json:
    post: Json = next(post for entry in answer["entries"] for post in entry["posts"])
    return post


@pytest.mark.parametrize("name", sorted(POST_FIELDS - {"post", "shown"}))
def test_another_fact_of_a_post_is_named(
    publication: SamplePublication, answer: bytes, stored: StoredIssue, tmp_path: Path, name: str
) -> None:
    assert set(NEEDS_STORE) == {"frozen_at", "editions", "posts", "code", "withdrawn", "later_version", "notices"}
    forged = json.loads(answer)
    post_of(forged)[name] = {"x": 1}
    body = json.dumps(forged).encode()
    [problem] = problems(body, publication.policy, tmp_path, stored)
    assert problem.endswith(": the response shows another posts")
    assert problems(body, publication.policy, tmp_path) == (), "nothing to compare it with"


FORGERIES: list[tuple[Change, str]] = [
    (lambda a: a["entries"].append(a["entries"][0]), "the response shows 4 papers in entries, but the issue has 3"),
    (lambda a: a["entries"].pop(), "the response shows 2 papers in entries, but the issue has 3"),
    (lambda a: a["entries"].reverse(), "shows another place, paper"),
    (lambda a: a["ongoing"].append(a["entries"][0]), "the response shows 1 papers in ongoing, but the issue has 0"),
    (lambda a: a["metadata"].pop("arxiv:2405.00002"), "nothing in the response proves title, authors and abstract"),
    (lambda a: a["metadata"]["arxiv:2405.00002"].update(title="x"), "title, authors or abstract differ"),
    (lambda a: a["content"]["entries"][0].update(score=9999), "the content is not in the log"),
    (lambda a: a.update(retracted=[]), "the response has fields that nothing proves: retracted"),
    (lambda a: a.update(papers=a["entries"]), "the response has fields that nothing proves: papers"),
    (lambda a: a["entries"][0].update(note="Best paper"), ": the response has fields that nothing proves: note"),
    (lambda a: a["entries"][0]["counts"][0].update(note="x"), "the response shows another counts"),
    (lambda a: a.update(frozen_at="yesterday"), "the response shows another frozen_at"),
    (lambda a: a.update(frozen_at=True), "the response shows another frozen_at"),
    (lambda a: a.update(editions=["0" * 64]), "the response shows another editions"),
    (lambda a: a.update(editions=[]), "the response shows another editions"),
    (lambda a: a["entries"][1].update(posts=a["entries"][0]["posts"] * 9), "the response shows another posts"),
    (lambda a: post_of(a).update(url="https://elsewhere.example/"), "the response shows another posts"),
    (lambda a: post_of(a).update(reposts=7), "the response shows another posts"),
    (lambda a: a["entries"][0]["posts"].extend(a["entries"][0]["posts"]), "the response shows another posts"),
    (lambda a: post_of(a).update(automated=True), "the response shows another posts"),
    (lambda a: post_of(a).update(created_at=a["as_of"] + 1), "the response shows another posts"),
    (lambda a: post_of(a).update(shown="link"), "the response shows another posts"),
    (lambda a: a["entries"][0].update(later_version=1), "the response shows another later_version"),
    (lambda a: a["entries"][0].update(comment="Best paper"), "the response shows another comment"),
    (lambda a: a["entries"][0].update(code="https://github.com/a/b"), "the response shows another code"),
    (lambda a: post_of(a).update(links=[{"start": 0, "end": 1, "target": "x", "title": "x"}]), "another posts"),
]


@pytest.mark.parametrize(("change", "message"), FORGERIES)
def test_differences_are_named(
    publication: SamplePublication,
    answer: bytes,
    stored: StoredIssue,
    tmp_path: Path,
    change: Change,
    message: str,
) -> None:
    forged = json.loads(answer)
    change(forged)
    named_problems = problems(json.dumps(forged).encode(), publication.policy, tmp_path, stored)
    assert any(message in problem for problem in named_problems)


@pytest.mark.parametrize("more", [{"note": "Best paper"}, None])
def test_without_a_store_posts_are_no_more_and_have_no_unknown_fields(
    publication: SamplePublication, answer: bytes, tmp_path: Path, more: Json | None
) -> None:
    forged = json.loads(answer)
    if more:
        post_of(forged).update(more)
    else:
        forged["entries"][0]["posts"] *= 9
    [problem] = problems(json.dumps(forged).encode(), publication.policy, tmp_path)
    assert problem.endswith("fields that nothing proves: note" if more else "the response shows another posts")


def test_an_answer_without_ongoing_papers_shows_none(
    publication: SamplePublication, answer: bytes, tmp_path: Path
) -> None:
    partial_answer = json.loads(answer)
    assert partial_answer.pop("ongoing") == []
    assert problems(json.dumps(partial_answer).encode(), publication.policy, tmp_path) == ()


BROKEN: list[Change] = [
    lambda a: a.update(entries=7),
    lambda a: a.update(entries=[[]]),
    lambda a: a.update(editions=a["digest"]),
    lambda a: post_of(a).update(post={"x": 1}),
    lambda a: post_of(a).update(shown="whole"),
    lambda a: a.update(content=None),
    lambda a: a.update(content=[]),
    lambda a: a["content"].update(publication="daily"),
    lambda a: a["metadata"].update({"arxiv:2405.00002": {"kind": "post"}}),
    lambda a: a.update(metadata=[]),
    lambda a: a.update(proof="no"),
    lambda a: a.pop("entries"),  # nothing of the rest would be compared
]


@pytest.mark.parametrize("change", BROKEN)
def test_an_answer_of_another_shape_is_refused(answer: bytes, tmp_path: Path, change: Change) -> None:
    broken_answer = json.loads(answer)
    change(broken_answer)
    (tmp_path / "answer.json").write_text(json.dumps(broken_answer))
    with pytest.raises(InputError):
        read_saved(tmp_path / "answer.json")


JUNK = st.one_of(
    st.none(), st.booleans(), st.sampled_from([0, -1, 2**53, 2**62, 10**30, 1.5]),
    st.sampled_from(["", "x", "9999-99-99"]), st.just([]), st.just([[]]),
    st.just({}), st.just({"x": 1}), st.just(["x"]),
)  # fmt: skip


@given(st.data(), JUNK)
def test_no_answer_breaks_the_program(
    publication: SamplePublication,
    answer: bytes,
    stored: StoredIssue,
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    junk: Any,
) -> None:
    """Any value anywhere in an answer, its content included."""
    forged = json.loads(answer)
    node = forged
    while True:
        name = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if not isinstance(node[name], dict | list) or not node[name] or data.draw(st.integers(0, 4)) == 0:
            break
        node = node[name]
    if node[name] == junk and type(node[name]) is type(junk):
        return
    node[name] = junk
    folder, body = tmp_path_factory.getbasetemp(), json.dumps(forged).encode()
    with suppress(InputError):
        assert problems(body, publication.policy, folder, stored) or (name, junk) == ("posts", [])
        assert problems(body, publication.policy, folder) or name in NEEDS_STORE | POST_FIELDS or type(name) is int


def test_an_answer_without_a_log_says_so(publication: SamplePublication, tmp_path: Path) -> None:
    with api(publication.store, None) as app:
        body = answer_of(app)
    assert json.loads(body)["content"] is None
    (tmp_path / "answer.json").write_bytes(body)
    with pytest.raises(InputError, match="has no proof: the issue was not in a log when it was saved"):
        read_saved(tmp_path / "answer.json")


def test_a_cosignature_is_in_the_next_answer(tmp_path: Path) -> None:
    """Nothing is written to the store, yet the answer changes."""
    publication = publish(tmp_path, witnesses=())
    with api(publication.store, SiteLogs(publication.config)) as app:
        first_answer = answer_of(app)
        assert problems(first_answer, publication.policy, tmp_path)
        add_cosignature(publication.config, WITNESS)
        second_answer = answer_of(app)
        assert problems(second_answer, publication.policy, tmp_path) == ()
        assert json.loads(first_answer) | {"proof": ""} == json.loads(second_answer) | {"proof": ""}


def test_a_log_that_cannot_be_read_keeps_no_answer_back(tmp_path: Path) -> None:
    publication = publish(tmp_path)
    entries = publication.config.folder / NAME / "1" / "entries"
    entries.write_bytes(entries.read_bytes()[:-1] + b"\0")
    with api(publication.store, SiteLogs(publication.config)) as app:
        assert json.loads(answer_of(app))["proof"] == ""
