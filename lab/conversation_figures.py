"""How well conversations are made, measured without a model: on generated networks with known trees, on pairs of texts,
on the remarks of the demo's made-up week, and on the papers of a store."""

from __future__ import annotations

import gzip
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from hotpapers.base import network_terms
from hotpapers.base.model import HOUR, Conversation, Mention, Paper, PaperConversations, Post, ThreadNode, ThreadPost
from hotpapers.base.text.clean_text import one_line
from hotpapers.discussion.conversations.copies import leading_copies
from hotpapers.discussion.conversations.reading import ENOUGH_OWN_WORDS, ConversationReader
from hotpapers.discussion.conversations.trees import conversations_of, trees_of
from hotpapers.issues.quotations import count_own_words
from hotpapers.publish.render.templating import load_macro
from hotpapers.publish.view.best_sentence import sentence_of
from hotpapers.publish.view.conversation_views import conversations_view
from hotpapers.record import Record
from lab.generated_conversations import network, text_pairs, thread_post

WEEK = Path(__file__).parents[1] / "tools" / "week_papers.txt"
NETWORKS, SIZE, PAIRS = 20, 500, 1_000
LINES = 5
LABELED = 300
LARGE, DAY_POSTS, DAY_PAPERS = 2_000, 10_000, 200
REPEATS = 5

T = TypeVar("T")


class Figure(NamedTuple):
    """A measured figure. `wanted`: what it should be, and `is_met`: whether it is."""

    what: str
    measured: str
    wanted: str
    is_met: bool


def figures(store: Path | None, scratch: Path) -> Iterator[Figure]:
    """All figures; those of a store's papers only with one. `scratch`: a folder for a store of made-up posts."""
    yield from _tree_figures()
    yield from _copy_figures()
    if store is not None:
        with Record(str(store), create=False) as record:
            yield from _store_figures(list(_papers(record)))
    yield _title_figure()
    yield _stability()
    yield from _page_figures()
    yield _reading_time(scratch / "day.db")


def _share(name: str, share: float, least: float) -> Figure:
    return Figure(name, f"{share:.3f}", f"≥ {least}", share >= least)


# ---- trees and copies ------------------------------------------------------------------------------------


def _tree_figures() -> Iterator[Figure]:
    """Roots and parents, with a tenth of the answered posts missing."""
    for is_listed in (True, False):
        right = shown = wrong = 0
        for seed in range(NETWORKS):
            generated = network(seed, SIZE, is_listed=is_listed)
            for key, root, parent in _places(trees_of(generated.posts)):
                shown += 1
                right += generated.roots[key] == root
                wrong += generated.parents[key] != parent
        name = "their places known" if is_listed else "unknown"
        yield _share(f"roots right, a tenth missing: {name}", right / shown, 0.99 if is_listed else 0.0)
        yield Figure(f"replies under a wrong parent: {name}", f"{wrong} of {shown:,}", "0", not wrong)


def _places(roots: Sequence[ThreadNode]) -> Iterator[tuple[str, str, str]]:
    """(post, root, parent) of every post that is shown."""
    for root in roots:
        yield from ((post.key, root.key, "") for post in root.posts)
        for node in root.walk():
            yield from ((post.key, root.key, node.key) for reply in node.replies for post in reply.posts)


def _copy_figures() -> Iterator[Figure]:
    pairs = text_pairs(7, PAIRS)
    judged = [(pair.are_copies, bool(leading_copies([pair.first, pair.other]))) for pair in pairs]
    both = sum(are and is_judged for are, is_judged in judged)
    yield _share(f"precision of copies, {PAIRS:,} pairs", both / sum(is_judged for _, is_judged in judged), 0.99)
    yield _share(f"recall of copies, {PAIRS:,} pairs", both / sum(are for are, _ in judged), 0.95)


# ---- a store ---------------------------------------------------------------------------------------------


class PaperFacts(NamedTuple):
    """A paper's conversations, and the texts of all stored posts, by key."""

    paper: Paper
    about: PaperConversations
    texts: dict[str, str]


def _papers(record: Record) -> Iterator[PaperFacts]:
    view = record.view()
    papers = {paper.paper: paper for paper in view.items(Paper)}
    reader = ConversationReader(view, view, network_terms.TERMS, count_own_words=count_own_words)
    for key, about in reader.read(papers).items():
        posts = [
            post for conversation in about.conversations for node in conversation.root.walk() for post in node.posts
        ]
        yield PaperFacts(
            papers[key], about, {post.key: stored.text for post in posts if (stored := view.item(Post, post.key))}
        )


def _store_figures(papers: Sequence[PaperFacts]) -> Iterator[Figure]:
    with_threads = [paper for paper in papers if paper.about.threads]
    name = f"{len(with_threads)} papers with conversations"
    shares = [_held(paper.about.conversations, threads_only=False) for paper in with_threads]
    yield _share(f"people in five lines, median of {name}", statistics.median(shares), 0.8)
    shares = [_held(paper.about.conversations, threads_only=True) for paper in with_threads]
    yield _share("the same, of people in threads", statistics.median(shares), 0.8)
    words = [is_stored for paper in with_threads for is_stored in _words(paper)]
    yield _share(f"shown texts that are parts of a stored post, {len(words):,}", sum(words) / len(words), 1.0)


def _held(conversations: Sequence[Conversation], *, threads_only: bool) -> float:
    """The share of people whose posts are in the first five lines. Posts that nobody answered share a line."""
    threads = [conversation for conversation in conversations if conversation.has_replies]
    singles = [conversation for conversation in conversations if not conversation.has_replies]
    shown = _voices(threads[:LINES]) | (set() if threads_only else _voices(singles))
    every = _voices(threads if threads_only else conversations)
    return len(shown) / len(every)


def _voices(conversations: Sequence[Conversation]) -> set[int]:
    return {
        post.voice for conversation in conversations for node in conversation.root.walk() for post in node.posts
    }  # fmt: skip


def _words(paper: PaperFacts) -> Iterator[bool]:
    """Whether each shown text is a part of the stored one."""
    for conversation in paper.about.conversations:
        for node in conversation.root.walk():
            for post in node.posts:
                shown = one_line(post.post.text.removesuffix(" …"))
                yield shown in one_line(paper.texts[post.key])
        if best := conversation.best:
            sentence = sentence_of(best.post, paper.paper).removesuffix("…")
            yield sentence in one_line(paper.texts[best.key])


# ---- titles ----------------------------------------------------------------------------------------------


def _title_figure() -> Figure:
    """The share of posts without own words among those that lines quote: 300 posts, labeled by how they were made.
    Those without have more reactions."""
    quoted = bare = 0
    blocks = WEEK.read_text("utf-8").strip().split("\n\n")
    total = 0
    for number, block in enumerate(blocks):
        title, abstract, *remarks = block.splitlines()
        paper = Paper(
            paper="arxiv:2603.00001",
            title=title.partition(" | ")[2].removesuffix(" !"),
            abstract=abstract,
            observed_at=0,
        )
        texts = [(line.partition(" ")[2], False) for line in remarks if not line.startswith("reddit")]
        texts += [(text, True) for text in _bare_texts(paper, number)]
        total += len(texts)
        posts = [
            thread_post(f"bluesky:{number}-{n}", text=text, at=n, voice=n + 1, reactions=90 if is_bare else 5)
            for n, (text, is_bare) in enumerate(texts)
        ]
        is_bare_post = {post.key: is_bare for post, (_, is_bare) in zip(posts, texts, strict=True)}
        about = conversations_of(_answered(posts), paper.title, lambda text, p=paper: _says_more(text, p))  # type: ignore[misc]
        for conversation in about.conversations:
            if conversation.best and conversation.best.key in is_bare_post:
                quoted += 1
                bare += is_bare_post[conversation.best.key]
    share = bare / quoted
    return Figure(f"title-only posts among {quoted} quoted, of {total} labeled", f"{share:.1%}", "≤ 2 %", share <= 0.02)


def _answered(posts: Sequence[ThreadPost]) -> list[ThreadPost]:
    """Posts in threads of three: each after the first answers the one before."""
    return [post._replace(parent=posts[n - 1].key if n % 3 else "") for n, post in enumerate(posts)]


def _says_more(text: str, paper: Paper) -> bool:
    return count_own_words(text, paper) >= ENOUGH_OWN_WORDS


def _bare_texts(paper: Paper, number: int) -> list[str]:
    link = f"https://arxiv.org/abs/2603.{number:05}"
    forms = (
        f"{paper.title}", f"{paper.title} {link}", f"New paper: {paper.title} {link}", f"“{paper.title}” #arxiv {link}",
        f"Check this out: {paper.title}", f"{paper.title.upper()} {link}", f"{paper.abstract[:120]}… {link}",
    )  # fmt: skip
    return [forms[(number + n) % len(forms)] for n in range(3)]


# ---- stability and speed ---------------------------------------------------------------------------------


def _stability() -> Figure:
    """Lines that one more reaction moves past another that had more."""
    rng, moved, tried = random.Random(5), 0, 0
    for seed in range(NETWORKS):
        posts = list(network(seed, 200).posts)
        before = [conversation.root.key for conversation in conversations_of(posts).conversations]
        reactions = {conversation.root.key: conversation for conversation in conversations_of(posts).conversations}
        for chosen in rng.sample(range(len(posts)), 20):
            tried += 1
            more = posts[chosen]._replace(reactions=posts[chosen].reactions + 1)
            liked = [*posts[:chosen], more, *posts[chosen + 1 :]]
            after = [conversation.root.key for conversation in conversations_of(liked).conversations]
            for key in (key for key in before if before.index(key) > after.index(key)):
                passed = before[after.index(key) : before.index(key)]
                moved += any(_weight(reactions[other]) > _weight(reactions[key], 1) for other in passed)
    return Figure(f"lines moved by one more reaction but by a tie, {tried} tries", str(moved), "0", not moved)


def _weight(conversation: Conversation, more: int = 0) -> tuple[bool, int, int]:
    return conversation.has_replies, conversation.people, conversation.reactions + more


def _page_figures() -> Iterator[Figure]:
    posts = network(3, LARGE).posts
    paper = Paper(paper="arxiv:2603.00001", title="A title", observed_at=0)
    render = load_macro("conversations.html", "conversations")
    about, tree_seconds = _timed(lambda: conversations_of(posts, paper.title))
    html, seconds = _timed(lambda: str(render(conversations_view(about, paper))))
    size = len(gzip.compress(html.encode()))
    both = tree_seconds + seconds
    yield Figure(f"conversations of {LARGE:,} posts, packed", f"{size / 1000:.1f} kB", "≤ 60 kB", size <= 60_000)
    yield Figure(f"conversations of {LARGE:,} posts, made", f"{both * 1000:.0f} ms", "≤ 20 ms", both <= 0.02)
    yield Figure("of that, the page of known trees", f"{seconds * 1000:.0f} ms", "≤ 20 ms", seconds <= 0.02)


def _timed(make: Callable[[], T]) -> tuple[T, float]:
    """The result, and the least of several times on a core, in seconds."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        result = make()
        times.append(time.process_time() - start)
    return result, min(times)


def _reading_time(store: Path) -> Figure:
    papers = {
        key: Paper(paper=key, title=f"Title {key}", observed_at=1)
        for key in map("arxiv:2603.{:05}".format, range(DAY_PAPERS))
    }
    with Record(str(store)) as record:
        record.append(list(_day(list(papers))), source="made-up")
        view = record.view()

        def read() -> dict[str, PaperConversations]:
            reader = ConversationReader(view, view, network_terms.TERMS, count_own_words=count_own_words)
            return reader.read(papers)

        about, seconds = _timed(read)
    posts = sum(conversation.posts for paper in about.values() for conversation in paper.conversations)
    return Figure(f"a day's trees from the store, {posts:,} posts", f"{seconds:.2f} s", "≤ 1 s", seconds <= 1)


def _day(papers: Sequence[str]) -> Iterator[Paper | Post | Mention]:
    size = DAY_POSTS // len(papers)
    for number, key in enumerate(papers):
        for generated in islice(network(number, size, 0.0).posts, size):
            post = generated.post
            name = f"{post.post}-{number}"
            yield Post(
                post=name, network=post.network, account=f"{post.account}-{number % 40}", created_at=post.created_at,
                text=post.text, handle=f"reader{generated.voice}", name=f"Reader Number {generated.voice}",
                reply_to=post.reply_to and f"{post.reply_to}-{number}", observed_at=post.created_at + HOUR,
            )  # fmt: skip
            if not post.reply_to:
                yield Mention(post=name, paper=key, form="abs", observed_at=post.created_at + HOUR)
