"""Answers to posts: each network's threads, from the loopback internet into a record and out as trees."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base import network_terms
from hotpapers.base.errors import NetError, RetryLater
from hotpapers.base.model import (
    DAY,
    HOUR,
    HttpClient,
    Mention,
    Paper,
    Post,
    RawPayload,
    Snapshot,
    ThreadNode,
    ThreadPayloads,
)
from hotpapers.collect.collect_job import RecountJob
from hotpapers.collect.thread_reading import ThreadReader
from hotpapers.discussion.conversations.reading import ConversationReader
from hotpapers.discussion.engagement.measurement import MAX_THREADS_A_DAY, MAX_THREADS_OF_PAPER
from hotpapers.discussion.engagement.recounts import queries as recount_queries
from hotpapers.issues.quotations import count_own_words
from hotpapers.jobs.connection import Connection
from hotpapers.record import Record
from hotpapers.wings.mastodon.source import reply_payloads
from hotpapers.wings.mastodon.status_parser import HOME
from tests.collect.job_setup import JobSetup, loop_of
from tests.loopback import bluesky
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.direct_client import DirectClient
from tests.loopback.manual_script import ManualScript, account, message, paper
from tests.loopback.reading import make_source
from tests.loopback.script import Message

MOSS = paper("2603.00001", "2026-03-10")
START = moment("2026-03-10T08:00")
PAPER = Paper(paper="arxiv:2603.00001", title=MOSS.title, observed_at=START)
EVERYTHING = 2**53 - 1


def answer(number: int, parent: Message, root: Message, words: str, **more: object) -> Message:
    author = account(parent.network, f"reader{number}")
    reply = message(author, START + number * HOUR // 4, words, title="", **more)
    if parent.network == "bluesky":
        return reply._replace(reply_to=bluesky.uri(parent))
    return reply._replace(parent=parent.id, story=root.id if root.network == "hackernews" else "")


def thread(network: str, gone_at: int = EVERYTHING) -> list[Message]:
    """A post about the paper; an answer with an answer, which is deleted at a moment, and that has one more."""
    root = message(account(network, "ada"), START, "Look at the moss!", MOSS, final_likes=60, half_life=HOUR // 4)
    first = answer(1, root, root, "Which moss?")
    second = answer(2, first, root, "The one of section 3.", gone_at=gone_at)
    return [root, first, second, answer(3, second, root, "Oh, that one."), answer(4, root, root, "Lovely.")]


NETWORKS = ("bluesky", "hackernews", "lobsters", "mastodon", "reddit")
ALLOWED = network_terms.reviewed_terms({"reddit": network_terms.TermsOverride(shown="text")})
"""Comments on Reddit are only read by operators who may show them."""


class Setup:
    """A record with a post, and a network with the answers to it."""

    def __init__(self, store: str, network: str, messages: list[Message]) -> None:
        self.network = network
        self.clock = SteppedClock(START)
        self.http = DirectClient(ManualScript([MOSS], messages), self.clock)
        self.record = Record(store)
        self.source = make_source(network, self.http.bases)
        job = RecountJob(self.source, Connection(self.http), ALLOWED[network])
        self.job = JobSetup(loop_of(job, store, self.http, "one"), self.http, self.record)  # type: ignore[arg-type]
        root = messages[0]
        own_id = {"bluesky": bluesky.uri(root), "mastodon": self._address(root)}.get(network, root.id)
        self.root = f"{network}:{own_id}"
        post = Post(
            post=self.root, network=network, account=f"{network}:ada", created_at=START, text=root.words,
            observed_at=START,
        )  # fmt: skip
        mention = Mention(post=self.root, paper=PAPER.paper, form="abs", observed_at=START)
        snapshot = Snapshot(post=self.root, likes=1, replies=4, observed_at=START)
        self.record.append([PAPER, post, mention, snapshot], source="made-up")

    def _address(self, root: Message) -> str:
        return f"{self.http.bases['mastodon.one']}/users/ada/statuses/{root.id}"

    def run(self, *moments: int) -> None:
        """A round of the job that recounts, at some moments."""
        for at in moments:
            self._run(at)

    def texts(self) -> list[str]:
        """The words of all posts that are shown."""
        return [text for _, text in self.outline() if text != "…"]

    def _run(self, at: int) -> None:
        self.clock.set(at)
        job = self.job.loop.job
        job.run_once(self.job.context(), once=True)

    def outline(self) -> list[tuple[int, str]]:
        """Depth and words of each post."""
        view = self.record.view()
        reader = ConversationReader(view, view, ALLOWED, count_own_words=count_own_words)
        [conversation] = reader.read({PAPER.paper: PAPER})[PAPER.paper].conversations
        return list(rows(conversation.root, 0))


def rows(node: ThreadNode, depth: int) -> Iterator[tuple[int, str]]:
    yield depth, node.post.post.text.partition("arxiv.org")[0].strip() if node.post else "…"
    for reply in sorted(node.replies, key=lambda reply: reply.began_at):
        yield from rows(reply, depth + 1)


WHOLE = [
    (0, "Look at the moss!"),
    (1, "Which moss?"),
    (2, "The one of section 3."),
    (3, "Oh, that one."),
    (1, "Lovely."),
]


@pytest.fixture(params=NETWORKS)
def network(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_tree_is_as_on_the_network(sqlite_url: str, network: str) -> None:
    setup = Setup(sqlite_url, network, thread(network))
    setup.run(START + 2 * HOUR)
    assert setup.outline() == WHOLE[:1]
    setup.run(START + 7 * HOUR)
    assert setup.outline() == WHOLE
    head = setup.record.head
    setup.run(START + 8 * HOUR)
    assert setup.record.head == head


def test_a_deleted_answer_loses_its_words(sqlite_url: str, network: str) -> None:
    """When the thread is read again. Bluesky's view also leaves out what was below."""
    setup = Setup(sqlite_url, network, thread(network, gone_at=START + 9 * HOUR))
    setup.run(START + 7 * HOUR)
    assert setup.outline() == WHOLE
    setup.run(START + 25 * HOUR)
    texts = [text for _, text in setup.outline()]
    assert "The one of section 3." not in texts and "Which moss?" in texts and "Lovely." in texts
    assert ("Oh, that one." in texts) == (network != "bluesky")


REQUESTS = tuple(START + hours * HOUR for hours in (7, 25, 73, 169))
"""When the threads of young posts are asked for."""


def test_whenever_an_answer_is_deleted_it_loses_its_words(sqlite_url: str, network: str) -> None:
    """Also long after the last issue showed the post: it is asked for every four weeks."""
    setup = Setup(sqlite_url, network, thread(network, gone_at=START + 100 * DAY))
    setup.run(*REQUESTS)
    for days in range(8, 100, 4):
        setup.run(START + days * DAY)
        recount_queries.drop_unfollowed(setup.record.database, START + days * DAY)
    assert setup.outline() == WHOLE
    setup.run(START + 129 * DAY)
    assert "The one of section 3." not in setup.texts() and "Which moss?" in setup.texts()


def test_what_nobody_could_see_for_two_months_loses_its_words(
    sqlite_url: str, network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether its network fails or does not have the first post: until then it may come back. Afterwards nobody
    asks."""
    setup = Setup(sqlite_url, network, thread(network))
    setup.run(*REQUESTS)
    source = FailingSource(NetError("down"))
    monkeypatch.setattr(setup.source, "thread", source.thread)
    for days in range(8, 66):
        setup.run(START + days * DAY)
    assert setup.outline() == WHOLE
    for days in range(68, 200):
        setup.run(START + days * DAY)
    assert setup.outline() == WHOLE[:1] and source.requests == 2


def test_what_was_not_asked_for_comes_back(sqlite_url: str, network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    setup = Setup(sqlite_url, network, thread(network))
    setup.run(*REQUESTS)
    with monkeypatch.context() as patch:
        patch.setattr(recount_queries, "due_threads", lambda *arguments: [])
        setup.run(START + 60 * DAY)
        assert setup.outline() == WHOLE
        setup.run(START + 68 * DAY)
        assert setup.outline() == WHOLE[:1]
    setup.run(START + 69 * DAY)
    assert setup.outline() == WHOLE


def test_what_a_cut_list_leaves_out_keeps_its_words_for_four_weeks(
    sqlite_url: str, network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = Setup(sqlite_url, network, thread(network))
    setup.run(REQUESTS[0])
    whole = setup.source.thread  # type: ignore[attr-defined]
    monkeypatch.setattr(setup.source, "thread", lambda *arguments: [*whole(*arguments)[:-1], None])
    setup.run(*REQUESTS[1:])
    assert setup.outline() == WHOLE
    setup.run(START + 36 * DAY)
    assert len(setup.texts()) == len(WHOLE) - 1
    monkeypatch.undo()
    setup.run(START + 65 * DAY)
    assert setup.outline() == WHOLE


def test_where_the_first_post_is_gone_answers_lose_their_words(sqlite_url: str, network: str) -> None:
    root, *answers = thread(network)
    setup = Setup(sqlite_url, network, [root._replace(gone_at=START + 8 * DAY), *answers])
    setup.run(*REQUESTS)
    assert setup.outline() == WHOLE
    setup.run(START + 36 * DAY)
    assert not {"Which moss?", "The one of section 3.", "Lovely."} & set(setup.texts())


def test_a_home_server_that_nobody_named_tells_which_of_its_answers_are_gone(sqlite_url: str) -> None:
    """But not what became of others' answers, nor if it shows only some of them; and a mistake does not last."""
    setup = Setup(sqlite_url, "mastodon", thread("mastodon", gone_at=START + 9 * HOUR))
    elsewhere = Post(
        post="mastodon:https://else.example/users/eve/statuses/1", network="mastodon", account="mastodon:eve",
        created_at=START, text="From elsewhere.", reply_to=setup.root, observed_at=START,
    )  # fmt: skip
    setup.record.append([elsewhere], source="made-up")
    setup.source._hosts = frozenset()  # type: ignore[attr-defined]
    setup.run(START + 7 * HOUR)
    assert sorted(setup.texts()) == sorted([*(text for _, text in WHOLE), "From elsewhere."])
    setup.run(START + 25 * HOUR)
    assert "The one of section 3." not in setup.texts() and "From elsewhere." in setup.texts()


@given(st.integers(0, 70), st.booleans(), st.booleans())
def test_only_a_list_that_is_not_cut_tells_what_is_gone(number: int, is_chain: bool, is_broken: bool) -> None:
    """A server shows strangers 60 answers, and no deeper than 19."""
    home = HOME.fullmatch("https://one.example/users/ada/statuses/1000")
    assert home
    entries = [
        {"id": str(n), "uri": f"https://one.example/{n}", "in_reply_to_id": str(n - 1 if n and is_chain else 1000)}
        for n in range(number)
    ]
    raws = [msgspec.Raw(msgspec.json.encode(entry)) for entry in [*entries, *([{"id": "x"}] if is_broken else [])]]
    page = reply_payloads(raws, home, START, {"one.example"})
    is_cut = is_broken or number >= (19 if is_chain else 60)
    statements = [part for part in page if not isinstance(part, RawPayload)]
    assert statements == ([None] if is_cut else ["https://one.example/"])


def test_an_answer_deleted_before_leaves_its_place(sqlite_url: str, network: str) -> None:
    setup = Setup(sqlite_url, network, thread(network, gone_at=START + HOUR))
    setup.run(START + 7 * HOUR)
    outline = setup.outline()
    assert (1, "Which moss?") in outline and "The one of section 3." not in str(outline)
    if network in ("hackernews", "lobsters", "reddit"):
        assert outline == [*WHOLE[:2], (2, "…"), *WHOLE[3:]]


def test_quotations_on_bluesky_are_read_too(sqlite_url: str) -> None:
    """Also those that do not name the paper; deleted ones lose their words."""
    root, *replies = thread("bluesky")
    quotation = message(
        account("bluesky", "eve"),
        START + 2 * HOUR,
        "Not convinced.",
        quotes=bluesky.uri(root),
        gone_at=START + 30 * HOUR,
    )
    setup = Setup(sqlite_url, "bluesky", [root, *replies, quotation])
    setup.run(START + 7 * HOUR)
    assert (1, "Not convinced.") in setup.outline() and len(setup.outline()) == len(WHOLE) + 1
    for hours in (31, 48, 73):
        setup.run(START + hours * HOUR)
    assert setup.outline() == WHOLE


@pytest.mark.parametrize("network", ["bluesky", "mastodon", "reddit"])
def test_what_answers_a_quotation_stays(sqlite_url: str, network: str) -> None:
    """It is not in the thread of the post that is quoted."""
    setup = Setup(sqlite_url, network, thread(network))
    quotation = Post(
        post=f"{network}:q", network=network, account=f"{network}:eve", created_at=START, text="Quoted",
        quotes=setup.root, observed_at=START,
    )  # fmt: skip
    reply = Post(
        post=f"{network}:r", network=network, account=f"{network}:finn", created_at=START + 1, text="Answered",
        reply_to=quotation.post, observed_at=START,
    )  # fmt: skip
    mention = Mention(post=quotation.post, paper=PAPER.paper, form="abs", observed_at=START)
    setup.record.append([quotation, reply, mention], source="made-up")
    setup.run(START + 7 * HOUR)
    assert {(1, "Quoted"), (2, "Answered"), (1, "Which moss?")} <= set(setup.outline())


def test_answers_are_neither_counted_nor_read_again_by_themselves(sqlite_url: str, network: str) -> None:
    setup = Setup(sqlite_url, network, thread(network))
    setup.run(START + 7 * HOUR)
    setup.run(START + 7 * HOUR)
    rows = setup.record.database.rows("SELECT post FROM recount")
    mentions = list(setup.record.view().items(Mention))
    assert len(rows) == len(mentions) == 1


def test_a_paper_has_few_threads_a_day(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        for n in range(MAX_THREADS_OF_PAPER + 2):
            post = Post(
                post=f"bluesky:{n}", network="bluesky", account="bluesky:a", created_at=START, observed_at=START
            )
            mention = Mention(post=post.post, paper=PAPER.paper, form="abs", observed_at=START)
            snapshot = Snapshot(post=post.post, replies=n, observed_at=START)
            record.append([post, mention, snapshot], source="made-up")
        database = record.database
        recount_queries.follow_new_posts(database, "bluesky", 0, START)
        at = START + 7 * HOUR
        due = recount_queries.due_threads(database, "bluesky", at, 100)
        assert due == ["bluesky:6", "bluesky:5", "bluesky:4", "bluesky:3", "bluesky:2"]
        recount_queries.note_threads(database, due, at)
        assert recount_queries.due_threads(database, "bluesky", at, 100) == []
        assert recount_queries.due_threads(database, "bluesky", at + 30 * HOUR, 1) == ["bluesky:6"]


def test_old_threads_leave_half_of_the_day_to_recent_ones(store_url: str) -> None:
    """Also those that were answered before anybody followed them, as after an import."""
    at = START + 300 * DAY
    with Record(store_url) as record:
        for n in range(120):
            made_at = at - 2 * DAY if n >= 110 else START
            post = Post(
                post=f"lobsters:{n}", network="lobsters", account="lobsters:a", created_at=made_at, observed_at=made_at
            )
            reply = msgspec.structs.replace(post, post=f"lobsters:r{n}", text="Why?", reply_to=post.post)
            mention = Mention(post=post.post, paper=f"arxiv:2603.0{n:04}", form="abs", observed_at=made_at)
            record.append([post, reply, mention], source="made-up")
        database = record.database
        recount_queries.follow_new_posts(database, "lobsters", 0, at)
        due = recount_queries.due_threads(database, "lobsters", at, 200)
        recent = {f"lobsters:{n}" for n in range(110, 120)}
        assert set(due[:10]) == recent and len(due) == MAX_THREADS_A_DAY // 2
        recount_queries.note_threads(database, due, at)
        assert recount_queries.due_threads(database, "lobsters", at, 200) == []
        assert recount_queries.unread_threads(database, "lobsters", at) == set()
        assert len(recount_queries.unread_threads(database, "lobsters", at + 1)) == 120
        recount_queries.note_checked(database, due[0], at + 1)
        recount_queries.note_unread(database, due[1], at + 1)
        assert len(recount_queries.unread_threads(database, "lobsters", at + 1)) == 118
        assert recount_queries.drop_unfollowed(database, at + 100 * DAY) == 0


class FailingSource:
    """Counts how often it is asked, and fails."""

    def __init__(self, problem: NetError) -> None:
        self.problem = problem
        self.requests = 0

    def thread(self, http: HttpClient, post: str) -> ThreadPayloads:
        self.requests += 1
        raise self.problem


@pytest.mark.parametrize(
    ("problem", "pause"),
    [(NetError("down"), HOUR), (RetryLater(3 * 3600.0, "busy"), 3 * HOUR), (RetryLater(1.0, ""), HOUR)],
)
def test_after_a_failure_it_waits(sqlite_url: str, problem: NetError, pause: int) -> None:
    setup = Setup(sqlite_url, "bluesky", thread("bluesky"))
    source = FailingSource(problem)
    reader = ThreadReader(source, "bluesky", setup.http)
    recount_queries.follow_new_posts(setup.record.database, "bluesky", 0, START)
    for hours in (7, 7, 25):
        setup.clock.set(START + hours * HOUR)
        reader.read(setup.record, lambda page: None)
    assert source.requests == 2
    setup.clock.set(START + 73 * HOUR)
    reader.read(setup.record, lambda page: None)
    setup.clock.set(START + 73 * HOUR + pause - 1)
    with setup.record.database.write():
        setup.record.database.run("UPDATE recount SET thread_at = 0")
    reader.read(setup.record, lambda page: None)
    assert source.requests == 3
