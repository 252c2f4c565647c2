"""Which posts are tracked, and which items are new."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotpapers.base.model import (
    DAY,
    HOUR,
    Announcement,
    Item,
    Mention,
    Paper,
    PayloadPage,
    Post,
    RawPayload,
    Reaction,
    Snapshot,
    Verdict,
)
from hotpapers.base.network_terms import TERMS
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.collect import change_filter
from hotpapers.collect.change_filter import (
    AGAIN,
    TRACKED_FOR,
    ChangeFilter,
    SharedPaperIndex,
    TrackedPosts,
    restored_posts,
    verdicts_on_edits,
)
from hotpapers.collect.pipeline import ingest_page, parse_page, with_consequences
from hotpapers.collect.sources.paper_mentions import EDIT_RULE
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record
from hotpapers.record.parsing import parse_payload
from tests.collect.job_setup import collect_setup
from tests.collect.sources.net import START
from tests.collect.story_source import StorySettings, StorySource
from tests.record import made


def post(number: int, *, created_at: int = START, account: str = "x:7", gone: str = "") -> Post:
    return Post(
        post=f"x:{number}", network="x", account=account, created_at=created_at, gone=gone, observed_at=START + number
    )


def test_an_address_with_u_0000_is_the_one_that_is_stored(store_url: str) -> None:
    """A stream may send such an address; a database may refuse it even as a parameter."""
    stored_post = Post(
        post="bluesky:a\0b", network="bluesky", account="bluesky:did:plc:a", created_at=START, observed_at=START
    )
    with Record(store_url) as record:
        tracked = TrackedPosts(record, "bluesky", START)
        assert not tracked.holds(stored_post.post)
        record.append([stored_post], source="test")
        assert tracked.holds(stored_post.post)


def test_words_with_u_0000_are_stored_once(store_url: str) -> None:
    """However often a network repeats them. Keys with it are looked up in the form in which they are stored."""
    original = Post(post="x:1\0", network="x", account="x:7", text="Moss\0", created_at=START, observed_at=START)
    with Record(store_url) as record:
        for payload in (RawPayload("post", "1", b"%d" % n, START + n) for n in range(2)):
            parsed = parse_payload(lambda raw: [msgspec.structs.replace(original, observed_at=raw.at)], payload)
            new_items = filter(ChangeFilter(record.view(), parsed.items).is_new, parsed.items)
            record.ingest([parsed._replace(items=list(new_items))], source="x", at=payload.at)
        assert record.count(Post) == 1


def test_what_others_bring_into_the_record_is_tracked_from_the_next_look_on(store_url: str) -> None:
    with Record(store_url) as record:
        record.append([post(1), post(2, created_at=START - 31 * DAY, account="x:8")], source="test")
        tracked = TrackedPosts(record, "x", START)
        assert "x:1" in tracked and "x:2" not in tracked and "x:8" not in tracked
        record.append([post(3, account="x:9")], source="test")
        assert "x:3" not in tracked
        tracked.look(record, START)
        assert "x:3" in tracked and "x:9" in tracked


def test_posts_that_seemed_old_by_a_clock_that_was_ahead_are_tracked_again(store_url: str) -> None:
    with Record(store_url) as record:
        record.append([post(1)], source="test")
        tracked = TrackedPosts(record, "x", START)
        tracked.look(record, START + 365 * DAY)
        assert "x:1" not in tracked
        tracked.look(record, START + HOUR)
        assert "x:1" in tracked


def test_what_may_have_to_go_is_known_however_old_it_is(store_url: str) -> None:
    with Record(store_url) as record:
        record.append([post(1, created_at=START - 400 * DAY, account="x:8")], source="test")
        tracked = TrackedPosts(record, "x", START)
        assert "x:1" not in tracked and tracked.holds("x:1") and tracked.holds("x:8") and not tracked.holds("x:2")


def test_which_post_a_reaction_was_for_is_in_the_record(store_url: str) -> None:
    with Record(store_url) as record:
        tracked = TrackedPosts(record, "x", START)
        made.remember(record, [("like/1", "x:1")], START)
        assert tracked.post_of("like/1") == "x:1" and tracked.post_of("like/2") is None


def test_names_that_are_passed_in_are_used_even_if_there_are_none_yet() -> None:
    names = PaperIndex()
    assert SharedPaperIndex(names).names is names


def test_names_are_shared_and_others_are_learned_with_the_next_look(store_url: str) -> None:
    titles = [f"Moss on {place} walls of old stone houses" for place in ("north", "south", "inner")]
    papers = [
        Paper(paper=f"arxiv:2601.0000{n}", title=title, observed_at=START - n * DAY) for n, title in enumerate(titles)
    ]

    def named(index: SharedPaperIndex) -> list[str]:
        return [alias.paper for title in titles for alias in index.names.papers_in(f"Read: {title}")]

    with Record(store_url) as record:
        index = SharedPaperIndex()
        index.look(record, START)
        record.append(papers[:1], source="test")
        assert not named(index)
        index.look(record, START + 1)
        assert named(index) == ["arxiv:2601.00000"]
        index.learn(papers[1:2])
        assert named(index) == ["arxiv:2601.00000", "arxiv:2601.00001"]
        index.look(record, START + AGAIN)
        assert named(index) == ["arxiv:2601.00000"], "all names are read anew"


def test_names_of_a_large_import_wait_for_the_next_reload(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_filter, "MAX_NEW_ROWS", 2)
    titles = [f"Moss on {place} walls of old stone houses" for place in ("north", "south", "inner")]
    papers = [Paper(paper=f"arxiv:2601.0000{n}", title=title, observed_at=START) for n, title in enumerate(titles)]
    with Record(store_url) as record:
        index = SharedPaperIndex()
        index.look(record, START)
        record.append(papers, source="test")
        index.look(record, START + AGAIN - 1)
        assert len(index.names) == 0
        index.look(record, START + AGAIN)
        assert len(index.names) == 3


def like(withdrawn: bool, at: int) -> Reaction:
    return Reaction(post="x:1", account="x:7", type="like", withdrawn=withdrawn, observed_at=at)


def test_the_last_word_is_the_pages_own_before_the_records(store_url: str) -> None:
    """A like that is withdrawn and given again within a second counts."""
    with Record(store_url) as record:
        record.append([like(False, START)], source="test")
        changes = ChangeFilter(record.view())
        assert not changes.is_new(like(False, START + 1))
        assert changes.is_new(like(True, START + 2)) and changes.is_new(like(False, START + 3))
        assert not changes.is_new(like(False, START + 4))


ANYTHING = st.builds(
    lambda kind, post, account, value, at: {
        "post": Post(post=f"x:{post}", network="x", account=f"x:@{account}", created_at=START, observed_at=at),
        "like": Reaction(post=f"x:{post}", account=f"x:@{account}", type="like", withdrawn=value == 1, observed_at=at),
        "mention": Mention(post=f"x:{post}", paper=f"arxiv:2601.0000{value}", form="abs", observed_at=at),
        "counts": Snapshot(post=f"x:{post}", likes=value, observed_at=at),
        "verdict": Verdict(
            subject=f"x:{post}", about=f"arxiv:2601.0000{value}", rule=EDIT_RULE, version=1, observed_at=at,
            reason="edited", judgement="doubtful" if at % 2 else "sound",
        ),
        "gone": Post(post=f"x:{post}", network="x", account="", created_at=START, gone="deleted", observed_at=at),
    }[kind],
    st.sampled_from(["post", "like", "mention", "counts", "verdict", "gone"]),
    st.integers(1, 3), st.integers(1, 2), st.integers(1, 3), st.integers(START, START + 9),
)  # fmt: skip


def test_who_reads_first_and_writes_last_says_nothing_twice(store_url: str) -> None:
    def counts(likes: int, at: int) -> Snapshot:
        return Snapshot(post="x:1", likes=likes, observed_at=START + at)

    with Record(store_url) as record:
        record.append([counts(3, 0), counts(4, 2)], source="test")
        page = [counts(3, 1)]
        assert not ChangeFilter(record.view(), page).is_new(page[0]), "as before"
        assert not ChangeFilter(record.view()).is_new(counts(4, 1)), "as afterwards"
        assert ChangeFilter(record.view()).is_new(counts(5, 1))


def test_a_count_that_a_list_leaves_out_says_nothing(store_url: str) -> None:
    """Two lists of a network that are read in turn; one of them has no reply counts."""

    def counts(likes: int, replies: int | None, at: int) -> Snapshot:
        return Snapshot(post="x:1", likes=likes, replies=replies, observed_at=START + at)

    with Record(store_url) as record:
        record.append([counts(3, 2, 0)], source="test")
        changes = ChangeFilter(record.view())
        assert not changes.is_new(counts(3, None, 1)) and not changes.is_new(counts(3, 2, 2))
        assert changes.is_new(counts(4, None, 3)) and not changes.is_new(counts(4, None, 4))
        assert changes.is_new(counts(4, 3, 5))


@given(stored_items=st.lists(ANYTHING, max_size=8), new_items=st.lists(ANYTHING, max_size=8))
def test_all_at_once_the_record_knows_what_it_knows_one_by_one(
    sqlite_record: Record, stored_items: list[Item], new_items: list[Item]
) -> None:
    check_batch(sqlite_record, stored_items, new_items)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(stored_items=st.lists(ANYTHING, max_size=8), new_items=st.lists(ANYTHING, max_size=8))
def test_and_so_does_postgresql(postgres_record: Record, stored_items: list[Item], new_items: list[Item]) -> None:
    check_batch(postgres_record, stored_items, new_items)


def check_batch(record: Record, stored_items: list[Item], new_items: list[Item]) -> None:
    """Earlier examples may have left items in the record."""
    record.append(stored_items, source="test")
    edited = [item.post for item in new_items if isinstance(item, Post)]
    batch_filter, single_filter = ChangeFilter(record.view(), new_items, edited), ChangeFilter(record.view())
    answers = [
        [
            *verdicts_on_edits(changes, new_items), *restored_posts(changes, new_items),
            *map(changes.is_new, new_items), *map(changes.is_new, list(verdicts_on_edits(changes, new_items[::2]))),
        ]
        for changes in (batch_filter, single_filter)
    ]  # fmt: skip
    assert answers[0] == answers[1]


@pytest.mark.parametrize("kind", ["edit", "counts"])
def test_a_page_of_many_costs_no_more_statements_than_one_of_few(
    kind: str, tmp_path: Path, statements: list[str]
) -> None:
    """On a distant server each one takes a round trip, while nobody else can write."""
    used = []
    for size in (2, 100):
        numbers = range(1, size + 1)
        mentions = [Mention(post=f"x:{n}", paper="arxiv:2601.00001", form="abs", observed_at=START) for n in numbers]
        payload = RawPayload(kind, "1", b"", START)
        counts = [Snapshot(post=f"x:{n}", likes=1, observed_at=START) for n in numbers]
        with Record(str(tmp_path / f"{size}.db")) as record:
            record.append([*map(post, numbers), *mentions], source="test")
            with record.batch() as batch:
                statements.clear()
                items: list[Item] = [*counts] if kind == "counts" else [*map(post, numbers)]
                changes = ChangeFilter.inside(batch, items, [item.post for item in counts])
                new_items = list(filter(changes.is_new, with_consequences(changes, payload, items)))
                assert len(new_items) == size
                used.append(len(statements))
    assert used[0] == used[1]


def test_an_edit_that_is_undone_at_once_is_undone(store_url: str) -> None:
    mention = Mention(post="x:1", paper="arxiv:2601.00001", form="abs", observed_at=START)
    with Record(store_url) as record:
        record.append([*[post(1)], mention], source="test")
        changes = ChangeFilter(record.view())
        [doubt] = verdicts_on_edits(changes, [post(1)])
        assert doubt.judgement == "doubtful" and changes.is_new(doubt)
        [pardon] = verdicts_on_edits(changes, [post(1), mention])
        assert pardon.judgement == "sound" and changes.is_new(pardon)
        assert not list(verdicts_on_edits(changes, [post(1), mention]))


def edit_of(text: str, at: int, **attributes: Any) -> Post:
    """An edited post as a stream reports it, or as its network shows it if `attributes` are given."""
    return Post(
        post="x:1", network="x", account="x:7", created_at=START, text=text, observed_at=START + at, **attributes
    )  # fmt: skip


def test_who_edits_a_post_does_not_take_off_what_others_put_on_it(store_url: str) -> None:
    """Also by a second edit. A post reduced by its network's terms does not get its author's names back."""
    payload = RawPayload("edit", "1", b"", START)
    with Record(store_url) as record:
        for limits in ((), ("spam",)):
            record.append([edit_of("Moss", 0, handle="anna", name="Anna", limits=("porn",))], source="test")
            for at in (1, 2):
                [result] = with_consequences(
                    ChangeFilter(record.view()), payload, [edit_of(f"{at}", at, limits=limits)]
                )
                assert result == edit_of(f"{at}", at, handle="anna", name="Anna", limits=("porn", *limits))
                record.append([result], source="test")
        changes = ChangeFilter(record.view())
        for post in (edit_of("", 3, limits=("spam",)), edit_of("Lichen", 3, handle="anna")):
            assert with_consequences(changes, payload, [post]) == [post]


class EditedPosts(StorySource):
    """A source in whose pages everything is an edit of the same post."""

    def read(self, raw: RawPayload) -> list[Item]:
        story = f"hackernews:{raw.key}"
        return [Post(post=story, network="hackernews", account="hackernews:anna", created_at=START, observed_at=raw.at)]


def test_a_mistake_in_a_statement_is_not_taken_for_a_bad_payload(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The traceback must be in the log, and a PostgreSQL server does not go on with the transaction."""

    def ask(changes: ChangeFilter, post: str) -> object:
        return changes._view.database.rows("SELECT 1 FROM nowhere")

    monkeypatch.setattr(ChangeFilter, "named_papers", ask)
    page = PayloadPage([RawPayload("edit", "aa", b"", START)])
    with collect_setup(store_url, b"[]") as setup:
        context, source = setup.context(), EditedPosts(StorySettings())
        with pytest.raises(Exception, match="nowhere"):
            ingest_page(context, "hackernews", parse_page(source, TERMS["hackernews"], page), None, "hackernews", START)
        assert not setup.record.head.position


@pytest.mark.long
def test_what_is_tracked_does_not_depend_on_for_how_long_a_program_has_run(store_url: str) -> None:
    """Sixty days of posts, one every six hours, by few accounts: a long-running process and a new one track the
    same."""
    with Record(store_url) as record:
        tracked = TrackedPosts(record, "x", START)
        largest = 0
        for number in range(240):
            at = START + number * DAY // 4
            new_post = post(number, created_at=at, account=f"x:by{number % 7 + number // 30}")
            old_post = post(10_000 + number, created_at=at - 40 * DAY, account="x:late")
            record.append([new_post, old_post], source="test", at=at)
            tracked.learn([new_post, old_post])
            assert new_post.post in tracked and old_post.post not in tracked
            if number % 50 == 49:
                deletion = post(number - 5, account="", gone="deleted")
                record.append([deletion], source="test", at=at)
                if number < 150:  # another process has read the others
                    tracked.learn([deletion])
            tracked.look(record, at)
            largest = max(largest, len(tracked))
        assert "x:0" not in tracked and "x:late" not in tracked
        assert tracked == TrackedPosts(record, "x", at)
        window = TRACKED_FOR // (DAY // 4)
        assert largest <= window + 7 + window // 30 and len(tracked._account) <= len(tracked._by_age) <= window


def test_after_a_restored_backup_its_posts_are_tracked(store_url: str, other_url: str) -> None:
    with Record(store_url) as record, Record(other_url) as restored:
        for number in range(3):
            record.append([post(number)], source="test")
        known = TrackedPosts(record, "x", START)
        restored.append([post(9)], source="test")
        known.look(restored, START)
        assert post(9).post in known


def test_an_account_is_tracked_as_long_as_one_of_its_posts(store_url: str) -> None:
    with Record(store_url) as record:
        tracked = TrackedPosts(record, "x", START)
        tracked.learn([post(1), post(2)])
        tracked.learn([post(1, gone="deleted"), post(1, gone="deleted")])
        assert "x:7" in tracked
        tracked.learn([post(2, gone="deleted")])
        assert not tracked


def test_what_another_job_said_meanwhile_is_not_new_any_more(store_url: str) -> None:
    with Record(store_url) as record, Record(store_url) as other:
        page = [like(False, START + 1), like(True, START + 2)]
        other.append([like(False, START)], source="test")
        with record.batch() as batch:
            changes = ChangeFilter.inside(batch, page, ())
            assert [changes.is_new(item) for item in page] == [False, True]


def test_what_is_stored_without_forgotten_names_is_stored_once(store_url: str) -> None:
    """A network repeats a post that names somebody forgotten, and a reply that came before they were forgotten."""
    ada, adas_post = "x:@made_up_ada", "x:1366659539260149761"
    named_post = msgspec.structs.replace(post(1), text="Ask @made_up_ada", quotes=adas_post)
    reply = msgspec.structs.replace(post(2), reply_to=adas_post)
    with Record(store_url) as record:
        record.append([post(1366659539260149761, account=ada), reply], source="test")
        forget_key(record, ada)
        for at in range(START + DAY, START + DAY + 3):
            items = [msgspec.structs.replace(item, observed_at=at) for item in (named_post, reply)]
            changes = ChangeFilter(record.view(), items, known=record.forgotten())
            record.append(list(filter(changes.is_new, items)), source="test")
        rows = record.database.rows("SELECT i.key, count(*) FROM post AS p JOIN identity AS i ON i.id = p.post"
                                    " WHERE i.key IN ('x:1', 'x:2') GROUP BY i.key ORDER BY i.key")  # fmt: skip
        assert rows == [("x:1", 1), ("x:2", 1)]


def test_an_announcement_that_is_read_again_is_stored_once(store_url: str) -> None:
    """If a connection is lost while a batch is committed, its page may be read again although it was stored."""
    first = Announcement(
        paper="arxiv:2603.00212", day="2026-03-09", category="cs", type="new", announced_at=START, version=1,
        observed_at=START,
    )  # fmt: skip
    again, changed = (msgspec.structs.replace(first, version=n, observed_at=START + n) for n in (1, 2))
    with Record(store_url) as record:
        record.append([first], source="arxiv")
        with record.batch() as batch:
            changes = ChangeFilter.inside(batch, [again, changed], ())
            assert [changes.is_new(item) for item in (again, changed)] == [False, True]


VERSIONS = [
    Paper(paper="doi:10.5555/tea.1", title="Tea", version=1, published_at=START, doi="10.5555/leaf", observed_at=START),
    Paper(paper="doi:10.5555/tea.1", title="Tea", version=2, updated_at=START + DAY, observed_at=START),
    Paper(paper="doi:10.5555/tea.1", title="WITHDRAWN: Tea", version=3, withdrawn=True, observed_at=START),
]


@pytest.mark.parametrize("order", list(itertools.permutations(VERSIONS)))
def test_versions_that_are_read_again_and_again_are_stored_once(sqlite_url: str, order: tuple[Paper, ...]) -> None:
    """A server lists all versions of a day in any order. The newest one stays, with the first one's day and the
    article's DOI, which only one of them has."""
    with Record(sqlite_url) as record:
        rows = []
        for again in range(3):
            for version in order:
                items = [msgspec.structs.replace(version, observed_at=START + again * HOUR)]
                payload = RawPayload("version", "", b"", START + again * HOUR)
                with record.batch() as batch:
                    changes = ChangeFilter.inside(batch, items, ())
                    new_items = list(filter(changes.is_new, with_consequences(changes, payload, items)))
                    batch.append(new_items, source="biorxiv", at=payload.at)
            rows.append(record.count(Paper))
        paper = record.view().item(Paper, VERSIONS[0].paper)
    assert paper is not None and (paper.version, paper.title) == (3, VERSIONS[2].title) and paper.is_withdrawn
    assert (paper.published_at, paper.doi) == (START, "10.5555/leaf")
    assert len(set(rows)) == 1, "nothing is new in the second and third reading"
