"""Reads the conversations about papers from the record, as known in a view, and shows what may be shown now.

Replies that `moderation/quotation_policy.py` does not quote by themselves are shown here, beside what they answer. All
else applies: the networks' terms, the operator's blocklist, what is gone, hidden, limited or forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial

from hotpapers.base import network_terms
from hotpapers.base.model import Paper, PaperConversations, Showing, ThreadPost
from hotpapers.discussion.conversations import queries
from hotpapers.discussion.conversations.queries import StoredPost
from hotpapers.discussion.conversations.trees import conversations_of
from hotpapers.discussion.engagement.standing.queries import known_voices
from hotpapers.discussion.moderation.author_names import shown_authors
from hotpapers.discussion.moderation.quotation_policy import Blocklist, blocklist_for, is_blocked, with_current_words
from hotpapers.record import AsOfView, is_pseudonym

CountOwnWords = Callable[[str, Paper], int]
"""How many words of a text are its author's own, and not of the paper's title or abstract."""
ENOUGH_OWN_WORDS = 4
"""The fewest of them in a post that says more than the title."""


class ConversationReader:
    """Reads conversations. `view`: what was known; `now`: what may be shown; `allowed`: the networks' terms;
    `own_voices`: the publication's own accounts, whose posts begin none."""

    def __init__(
        self,
        view: AsOfView,
        now: AsOfView,
        allowed: network_terms.Table,
        own_voices: Sequence[int] = (),
        *,
        count_own_words: CountOwnWords,
    ) -> None:
        self._view = view
        self._now = now
        self._terms = allowed
        self._own = own_voices
        self._count = count_own_words

    def answered(self, papers: Mapping[str, Paper]) -> frozenset[str]:
        """The papers whose authors answered others."""
        about = self.read(papers, only_answered=True)
        return frozenset(key for key, conversations in about.items() if conversations.authors)

    def read(self, papers: Mapping[str, Paper], *, only_answered: bool = False) -> dict[str, PaperConversations]:
        """The conversations about each of some papers, whose metadata are given by key; without papers that have
        none. `only_answered`: without those of which no post was answered."""
        seeds = queries.posts_about(self._view, list(papers), self._own)
        by_paper = self._numbers(seeds, only_answered=only_answered)
        posts_of_all = queries.stored_posts(self._view, self._now, set().union(*by_paper.values()))
        stored = {post.number: post for post in self._current(posts_of_all)}
        blocked = blocklist_for(self._now, (post.row.item.account for post in stored.values()))
        authors = queries.authors_of(self._view, list(by_paper))
        namesakes = queries.namesakes_of(self._view, list(by_paper))
        result = {}
        for key, numbers in by_paper.items():
            paper = papers[key]
            known = _connected([stored[number] for number in numbers if number in stored], seeds[key])
            shown = {post_key: self._shown(post, blocked) for post_key, post in known.items()}
            named = {post.voice for post_key, post in known.items() if shown[post_key] and _is_named(post, paper)}
            voices = (_of_paper(authors, key) | named) - _of_paper(namesakes, key)
            posts = (self._thread_post(post, shown, voices, paper) for post in known.values())
            conversations = conversations_of(posts, paper.title, partial(self._says_more, paper))
            if conversations.conversations:
                result[key] = conversations
        return result

    def _current(self, posts: Iterable[StoredPost]) -> Iterator[StoredPost]:
        """Some posts with the words that they have now, without those that are forgotten."""
        kept = [post for post in posts if not post.row.is_forgotten]
        current = with_current_words(self._now, [post.row.item for post in kept])
        for post in kept:
            row = post.row._replace(item=current[post.row.item.post])
            yield post._replace(row=row)

    def _numbers(self, seeds: Mapping[str, set[int]], *, only_answered: bool) -> dict[str, list[int]]:
        """The posts that may be in each paper's conversations, by number: those about it (`seeds`), all answers, and
        what they reply to."""
        every_seed = set[int]().union(*seeds.values())
        answers = queries.answers_to(self._view, every_seed)
        parents = queries.parents_of(self._view, every_seed)
        if only_answered:
            in_threads = answers.keys() | parents.keys()
            seeds = {paper: posts for paper, posts in seeds.items() if not in_threads.isdisjoint(posts)}
        reached = {paper: sorted(_reached(posts, answers, parents)) for paper, posts in seeds.items()}
        return {paper: posts[: queries.MAX_POSTS] for paper, posts in reached.items()}

    def _thread_post(
        self, stored: StoredPost, known: Mapping[str, Showing | None], authors: set[int], paper: Paper
    ) -> ThreadPost:
        shown = known[stored.row.item.post]
        is_author = stored.voice in authors
        reactions, answers = stored.counts
        parent = "" if is_pseudonym(stored.reply_to) else stored.reply_to
        is_quote = stored.quotes in known and parent not in known
        return ThreadPost(
            post=network_terms.as_shown(stored.row.item, shown or "link"),
            parent=stored.quotes if is_quote else parent,
            voice=stored.voice,
            reactions=reactions,
            answers=answers,
            shown=shown,
            is_author=is_author,
            is_regular=stored.voice in self._regulars,
            author=next(_shown_by(stored, paper), 0) if is_author else 0,
            is_quote=is_quote,
        )

    def _shown(self, stored: StoredPost, blocked: Blocklist) -> Showing | None:
        """How a post is shown; None if it may not be."""
        post = stored.row.item
        if stored.is_withheld or is_pseudonym(stored.reply_to) or is_blocked(post, blocked):
            return None
        if "text" in (stored.row.redacted or ()):
            return "link"
        return network_terms.terms_of(self._terms, post.network).shown

    @cached_property
    def _regulars(self) -> frozenset[int]:
        return known_voices(self._view) or frozenset()

    def _says_more(self, paper: Paper, text: str) -> bool:
        return self._count(text, paper) >= ENOUGH_OWN_WORDS


def _is_named(stored: StoredPost, paper: Paper) -> bool:
    """Whether a post shows the name of one of a paper's authors."""
    return bool(stored.voice) and any(_shown_by(stored, paper))


def _shown_by(stored: StoredPost, paper: Paper) -> Iterator[int]:
    """Which of a paper's authors' names a post shows, from 1."""
    post = stored.row.item
    return shown_authors(post.name, post.handle, paper.authors)


def _of_paper(voices: Collection[tuple[str, int]], paper: str) -> set[int]:
    """Those of some voices, with papers by key, that belong to a paper."""
    return {voice for key, voice in voices if key == paper}


def _reached(posts: set[int], answers: Mapping[int, set[int]], parents: Mapping[int, int]) -> set[int]:
    """Some posts, all that answer or answered them before an edit, and what they reply to."""
    reached = set(posts)
    waiting = list(posts)
    while waiting:
        following = answers.get(waiting.pop(), set()) - reached
        reached |= following
        waiting += following
    for post in posts:
        while (parent := parents.get(post)) and parent not in reached:
            reached.add(parent)
            post = parent
    return reached


def _connected(posts: Sequence[StoredPost], about: set[int]) -> dict[str, StoredPost]:
    """The posts about a paper, all that answer them as last edited, and what they reply to, by key."""
    by_key = {post.row.item.post: post for post in posts}
    answers = defaultdict(list)
    for key, post in by_key.items():
        answers[post.reply_to].append(key)
        answers[post.quotes].append(key)
    result = {key: post for key, post in by_key.items() if post.number in about}
    above = [post.reply_to for post in result.values()]
    below = list(result)
    while below:
        following = [key for key in answers[below.pop()] if key not in result]
        result |= {key: by_key[key] for key in following}
        below += following
    while above:
        key = above.pop()
        if key in by_key and key not in result:
            result[key] = by_key[key]
            above.append(by_key[key].reply_to)
    return result
