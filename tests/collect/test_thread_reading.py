"""Answers to posts: each network's threads, from the loopback internet into a record and out as trees."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotpapers.base import terms
from hotpapers.base.errors import NetError, RetryLater
from hotpapers.base.model import HOUR, HttpClient, Mention, Paper, Post, Snapshot, ThreadNode, ThreadPayloads
from hotpapers.collect.collect_job import RecountJob
from hotpapers.collect.thread_reading import ThreadReader
from hotpapers.discussion.conversations.reading import ConversationReader
from hotpapers.discussion.engagement.measurement import MAX_THREADS_OF_PAPER
from hotpapers.discussion.engagement.recounts import queries as recount_queries
from hotpapers.issues.quotations import count_own_words
from hotpapers.jobs.connection import Connection
from hotpapers.record import Record
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
ALLOWED = terms.reviewed_terms({"reddit": terms.TermsOverride(shown="text")})
"""Comments on Reddit are only read by operators who may show them."""


class Setup:
    """A record with a post, and a network with the answers to it."""

    def __init__(self, store: str, network: str, messages: list[Message]) -> None:
        self.network = network
        self.clock = SteppedClock(START)
        self.http = DirectClient(ManualScript([MOSS], messages), self.clock)
        self.record = Record(store)
        job = RecountJob(make_source(network, self.http.bases), Connection(self.http), ALLOWED[network])
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

    def run(self, at: int) -> None:
        """A round of the job that recounts."""
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
