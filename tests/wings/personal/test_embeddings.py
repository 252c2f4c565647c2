"""Related papers in the order of an embeddings server: a real one on this machine, also with faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotpapers.base.errors import InputError, SettingsError
from hotpapers.base.http import ClientLimits, PoliteHttpClient
from hotpapers.base.model import HOUR, Item, Paper
from hotpapers.base.settings import load
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.connection import Connection
from hotpapers.publish.query import QuerySession
from hotpapers.record import Record
from hotpapers.site.site import Site
from hotpapers.wings.personal.embeddings import filling
from hotpapers.wings.personal.embeddings.embedding_server import MAX_BATCH, vectors_in
from hotpapers.wings.personal.embeddings.filling import VectorClearing, VectorFilling, vector_filling
from hotpapers.wings.personal.embeddings.queries import (
    MAX_NUMBERS,
    SavedModel,
    SavedVectors,
    begin_model,
    saved_vectors,
)
from hotpapers.wings.personal.embeddings.settings import EmbeddingSettings
from hotpapers.wings.personal.neighbors import Neighbors, by_vectors, vector_cosine
from hotpapers.wings.personal.tools import as_shown, related_papers
from tests.base.http.server import Handler, Play, Server, answer, raw, serving, stall
from tests.cli.run import run
from tests.issues.made import DAY, key, paper, posts_about, write
from tests.publish.schedule.test_publishing import CUT, PublishingSite, fill, publishing

PATH, MODEL = "/v1/embeddings", "tea-embed"
MINUTE = 60_000_000
ABSTRACT = "Equivariant networks for molecules on lattices, with spin glasses."


def vectors(*rows: object) -> bytes:
    return json.dumps({"data": [{"index": n, "embedding": row} for n, row in enumerate(rows)]}).encode()


def by_number(text: str) -> list[float]:
    """Papers with numbers near to each other are near: `Made-up paper 1017`."""
    number = int("".join(filter(str.isdigit, text.partition("\n")[0])) or 0)
    return [1.0, number / 1000, 0.5]


def speaking(handler: Handler) -> None:
    """Answers as the protocol says."""
    body = json.loads(handler.server.requests[-1].body)
    assert body["model"] == MODEL and body["encoding_format"] == "float" and 0 < len(body["input"]) <= MAX_BATCH
    answer(200, vectors(*map(by_number, body["input"])))(handler)


def strict(handler: Handler) -> None:
    """A server that does not take texts about paper 1000."""
    if "paper 1000" in handler.server.requests[-1].body.decode():
        answer(413)(handler)
    else:
        speaking(handler)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as http_server:
        http_server.on(PATH, speaking)
        yield http_server


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path, server: Server) -> Iterator[PublishingSite]:
    with site_of(sqlite_url, tmp_path, server) as opened:
        yield opened


@pytest.fixture
def any_site(store_url: str, tmp_path: Path, server: Server) -> Iterator[PublishingSite]:
    with site_of(store_url, tmp_path, server) as opened:
        yield opened


@contextmanager
def site_of(store: str, folder: Path, server: Server) -> Iterator[PublishingSite]:
    """A site that asks a server, with its store in either database."""
    with ExitStack() as stack:
        limits = ClientLimits(read=1, whole=1, size=100_000, tries=1)
        client = PoliteHttpClient("test", base_addresses=(server.base,), limits=limits, pace={"127.0.0.1": 0.0})
        http = stack.enter_context(client)
        part = VectorFilling(EmbeddingSettings(url=f"{server.base}/v1", model=MODEL, key="s3cret"), Connection(http))
        opened = stack.enter_context(publishing(store, folder / "public", further=[part]))
        fill(opened.record)
        for number in range(2, 9):
            write(opened.record, about(number), posts_about(number, 50 - number, CUT - 5 * HOUR))
        with opened.record.database.write():  # as if written at that time
            opened.record.database.run("UPDATE batch SET at = ?", (CUT - 2 * HOUR,))
        yield opened


def about(number: int) -> list[Item]:
    """A paper on what the others are about, too, whatever its number."""
    first, *others = paper(number)
    assert isinstance(first, Paper)
    return [msgspec.structs.replace(first, abstract=ABSTRACT), *others]


def saved_of(site: PublishingSite) -> SavedVectors | None:
    return saved_vectors(site.record.database)


def near(site: PublishingSite, number: int = 2) -> list[tuple[str, int]]:
    """The papers near to one of the issue, by its page's rules."""
    reader = RecordIssueReader(site.record)
    paper = reader.issue("daily", DAY).papers[key(number)]
    return [(place.paper, place.closeness) for place in Neighbors(reader, "daily").near(paper, DAY)]


# ---- answers ---------------------------------------------------------------------------------------------


def test_vectors_are_bytes_with_the_largest_number_at_the_end_of_the_scale() -> None:
    assert vectors_in(vectors([3, -1.5, 0], [1e-300, 0, 1e-300]), 2) == [b"\x7f\xc0\x00", b"\x7f\x00\x7f"]
    reverse = json.dumps({"data": [{"index": 1, "embedding": [1]}, {"index": 0, "embedding": [-2]}]}).encode()
    assert vectors_in(reverse, 2) == [b"\x81", b"\x7f"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<!doctype html><title>Sign in</title>", b"[]", b"{}", b'{"data": 7}', b"[" * 10_000, b"\xff",
        b'{"data": [{"index": 0, "embedding": [NaN]}]}', b'{"data": [{"index": 0, "embedding": [1e999]}]}',
        b'{"data": [{"index": 1, "embedding": [1]}]}', b'{"data": [{"index": 0, "embedding": "AAAA"}]}',
        vectors(), vectors([]), vectors([0, 0]), vectors([1], [1]), vectors([None]), vectors([1.0] * (MAX_NUMBERS + 1)),
    ],
)  # fmt: skip
def test_other_answers_are_refused(body: bytes) -> None:
    with pytest.raises(InputError):
        vectors_in(body, 1)


def test_vectors_of_several_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="vectors of 1, 2 numbers"):
        vectors_in(vectors([1], [1, 2]), 2)


def test_closeness_is_the_cosine() -> None:
    first, second = vectors_in(vectors([1, 0], [1, 1]), 2)
    assert vector_cosine(first, first) == 10_000 and vector_cosine(first, second) in (7070, 7071)
    assert vector_cosine(first, b"\x81\x00") == 0 and vector_cosine(first, b"\x00\x00") == 0


# ---- the table ------------------------------------------------------------------------------------------


def test_without_all_vectors_words_decide(sqlite_record: Record) -> None:
    saved = begin_model(sqlite_record.database, SavedModel(MODEL, 2))
    saved.save({"arxiv:2611.01001": b"\x7f\x00", "arxiv:2611.01002": b"\x7f\x7f", "arxiv:2611.01003": b"\x00\x00"})
    whole, partly = (
        dict.fromkeys(["arxiv:2611.01002", "arxiv:2611.01003"], 5),
        {"arxiv:2611.01002": 5, "arxiv:2611.01009": 4},
    )
    assert by_vectors(saved, "arxiv:2611.01001", whole) == {"arxiv:2611.01002": 7071, "arxiv:2611.01003": 0}
    assert by_vectors(saved, "arxiv:2611.01001", partly) == partly
    assert by_vectors(saved, "arxiv:2611.01003", whole) == whole
    assert by_vectors(None, "arxiv:2611.01001", whole) == whole


# ---- rounds ----------------------------------------------------------------------------------------------


def test_the_nearest_by_words_are_put_in_order_by_vectors_and_asked_about_once(
    any_site: PublishingSite, server: Server
) -> None:
    site = any_site
    assert site.round(CUT + 1) == "idle"
    by_words = near(site)
    saved = saved_of(site)
    assert saved is not None and saved.model == SavedModel(MODEL, 3)
    known = [paper for paper in site.record.view().items(Paper) if paper.title]
    texts = [text for request in server.requests for text in json.loads(request.body)["input"]]
    assert len(texts) == len(set(texts)) == len(known) > 100
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer s3cret"}
    order = [int(paper[-5:]) for paper, _ in by_words]
    assert len(order) > 3 and order == sorted(order), order
    page = site.paper(2)
    assert page.index(f"paper {order[0]}<") < page.index(f"paper {order[1]}<")
    count = len(server.requests)
    assert site.round(CUT + MINUTE) == "idle" and len(server.requests) == count


def test_the_record_answers_in_the_same_way(any_site: PublishingSite) -> None:
    any_site.round(CUT + 1)
    session = QuerySession(any_site.record)
    answers = [(int(place.id[-5:]), place.closeness) for place in related_papers(session, "2405.00002")]
    assert answers == sorted(answers, key=lambda row: -row[1]) and len(answers) > 3
    saved = saved_of(any_site)
    assert saved is not None
    vectors = saved.vectors([key(2), *(key(number) for number, _ in answers)])
    assert all(value == as_shown(vector_cosine(vectors[key(2)], vectors[key(number)])) for number, value in answers)


def endless(handler: Handler) -> None:
    """An answer that never ends."""
    handler.send_response_only(200)
    handler.end_headers()
    for _ in range(100):
        handler.raw(b" " * 10_000)
    handler.hang_up()


FAULTS: dict[str, Play] = {
    "refuses": answer(401, b"bad key s3cret"), "is broken": answer(500), "is busy": answer(429, retry_after="60"),
    "has no such page": answer(404), "hangs up": raw(b"", rudely=True), "is slow": stall(b"HTTP/1.1 200 OK\r\n"),
    "leads elsewhere": answer(302, location="http://127.0.0.1:9/"), "never ends": endless,
    "answers with a page": answer(200, b"<html>Sign in</html>"), "refuses all texts": answer(400),
    "answers with too few": answer(200, vectors([1, 2])), "answers with NaN": answer(200, b'{"data": [NaN]}'),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_with_a_server_that_fails_words_decide_and_the_status_says_so(
    site: PublishingSite, server: Server, fault: str
) -> None:
    server.on(PATH, FAULTS[fault])
    assert site.round(CUT + 1) == "partial"
    status = jobs_queries.load_state(site.record, "issues")
    assert status.reason.startswith("embeddings: ") and "s3cret" not in status.reason
    assert "related papers stay in the order of words" in status.reason
    assert "Made-up paper 1" in site.page() and saved_of(site) is None and near(site)
    server.on(PATH, speaking)
    assert site.round(CUT + 10 * MINUTE) == "idle" and saved_of(site) is not None


def test_a_text_that_a_server_does_not_take_is_asked_about_alone_and_not_again(
    site: PublishingSite, server: Server
) -> None:
    server.on(PATH, strict)
    assert site.round(CUT + 1) == "idle"
    saved = saved_of(site)
    assert saved is not None
    vectors = saved.vectors([key(1000), key(1)])
    assert vectors[key(1000)] == bytes(3) and any(vectors[key(1)])
    count = len(server.requests)
    assert site.round(CUT + MINUTE) == "idle" and len(server.requests) == count


def test_vectors_of_another_length_than_before_are_not_mixed(any_site: PublishingSite) -> None:
    database = any_site.record.database
    before = begin_model(database, SavedModel(MODEL, 2))
    before.save({key(1): b"\1\2"})
    assert any_site.round(CUT + 1) == "partial"
    reason = jobs_queries.load_state(any_site.record, "issues").reason
    assert "vectors of 3 numbers, not 2 as before; if the model is another one now, run once" in reason
    assert begin_model(database, SavedModel("another model", 3)).vectors([key(1)]) == {}
    assert any_site.round(CUT + 10 * MINUTE) == "idle"
    saved = saved_vectors(database)
    assert saved is not None and saved.model == SavedModel(MODEL, 3)


def test_a_round_ends_in_time_and_the_next_goes_on(
    site: PublishingSite, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "MAX_BATCH", 2)
    monkeypatch.setattr(filling, "MAX_SECONDS", -1.0)
    assert site.round(CUT + 1) == "idle" and not server.requests
    monkeypatch.setattr(filling, "MAX_SECONDS", 60.0)
    assert site.round(CUT + MINUTE) == "idle" and len(server.requests) > 1


# ---- settings, check -------------------------------------------------------------------------------------


def site_with(folder: Path, text: str) -> Site:
    file = folder / "hotpapers.toml"
    file.write_text(text)
    return Site(folder / "hotpapers.db", settings=load(file))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('model = "m"', "embeddings.model: has no effect without a url"),
        ('url = "localhost:11434"\nmodel = "m"', "embeddings.url: write a full address"),
        ('url = "http://127.0.0.1:11434/v1"', "embeddings.model: is missing"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_remedy(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        site_with(tmp_path, f"[embeddings]\n{text}\n")


def test_without_the_table_earlier_vectors_are_deleted(store_url: str, tmp_path: Path) -> None:
    shared: Any = None  # not used
    part = vector_filling(site_with(tmp_path, ""), shared)
    assert isinstance(part, VectorClearing)
    with publishing(store_url, tmp_path / "public", further=[part]) as site:
        fill(site.record)
        assert site.round(CUT + 1) == "idle", "there are none"
        begin_model(site.record.database, SavedModel(MODEL, 2))
        assert site.round(CUT + MINUTE) == "idle"
        assert saved_of(site) is None


def test_a_table_that_is_damaged_is_none(store_url: str) -> None:
    database = Record(store_url).database
    saved = begin_model(database, SavedModel(MODEL, 2))
    saved.save({key(1): b"\1\2", key(2): b"\1\2\3"})
    assert saved.vectors([key(1), key(2), key(3)]) == {key(1): b"\1\2"}
    with database.write():
        database.run("UPDATE search_embedding SET vector = ? WHERE paper = ''", (b"{",))
    assert saved_vectors(database) is None
    database.close()


@pytest.mark.parametrize(
    ("play", "finding"),
    [
        (speaking, "tea-embed answers with vectors of 3 numbers"),
        (answer(200, b"<html>"), "not an answer of embeddings"),
        (answer(401), "answered 401"),
    ],
)
def test_check_asks_for_a_vector(
    tmp_path: Path, server: Server, play: Play, finding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEA_KEY", "s3cret")
    server.on(PATH, play)
    table = f'[embeddings]\nurl = "{server.base}/v1"\nmodel = "{MODEL}"\nkey = "env:TEA_KEY"\n'
    off = "".join(
        f"[source.{name}]\non = false\n" for name in ("arxiv", "bluesky", "hackernews", "huggingface", "lobsters")
    )
    (tmp_path / "hotpapers.toml").write_text(table + off)
    (line,) = (
        line
        for line in run("check", "--config", tmp_path / "hotpapers.toml").out.splitlines()
        if line.startswith("embeddings")
    )
    assert finding in line and "s3cret" not in line
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer s3cret"]


def test_inside_addresses_are_asked_only_if_the_settings_name_them(server: Server) -> None:
    from hotpapers.base.errors import RequestRefused
    from hotpapers.wings.personal.embeddings.embedding_server import embed_texts

    with closing(PoliteHttpClient("test", limits=ClientLimits(tries=1))) as client, pytest.raises(RequestRefused):
        embed_texts(client, EmbeddingSettings(url=f"{server.base}/v1", model=MODEL), ["tea"])
    assert not server.requests
