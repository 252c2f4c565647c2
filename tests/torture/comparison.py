"""Compare the record of a site that read the loopback internet with the script: lost, doubled, wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple, TypeVar

import msgspec

from hotpapers import model
from hotpapers.ids import arxiv
from hotpapers.model import DAY, Announcement, Item, Mention, Paper, Post, Reaction, Snapshot
from hotpapers.store import Record, identities
from hotpapers.store.item_rows import SPECS, read_row, select_columns
from hotpapers.store.verify import check
from tests.loopback import expected, mastodon
from tests.loopback.expected import ExpectedAnnouncement, Figures
from tests.loopback.script import MINUTE, Message, Script

T = TypeVar("T", bound=Item)
REPEATED = (model.Coverage, model.Publication)
"""Kinds that may repeat themselves: each repetition covers another stretch."""
FIELDS = Figures._fields
BEFORE = 40 * DAY
"""How long before the compared period a post may have been made and still be in the record."""


class Bounds(NamedTuple):
    """What to compare: everything said from `since` until `until`. `late`: how stale an answer may be, µs. `moments`:
    whether the networks' clocks were right. `denied`: the period in which the networks said that nothing existed; the
    record is right to believe them."""

    script: Script
    bases: Mapping[str, str]
    since: int
    until: int
    late: int = 0
    moments: bool = True
    denied: tuple[int, int] = (0, 0)

    def believed(self, post: Post) -> bool:
        """Whether a post exists, or was reported gone while the network denied everything."""
        return not post.gone or self.denied[0] <= post.observed_at < self.denied[1]


class Outcome(NamedTuple):
    """The differences, one per line. `posts`: how many the script expects."""

    posts: int = 0
    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing differs."""
        return not (self.lost or self.doubled or self.wrong)

    def __add__(self, other: tuple[object, ...]) -> Outcome:
        assert isinstance(other, Outcome)
        pairs = zip(self[1:], other[1:], strict=True)
        return Outcome(self.posts + other.posts, *((*one, *more) for one, more in pairs))


# ---- everything a record says ----------------------------------------------------------------------------


def everything(record: Record, kind: type[T]) -> list[T]:
    """All open observations of a kind, by key and moment."""
    spec = SPECS[kind]
    rows = record.database.iterate(f"SELECT {select_columns(spec, 't')} FROM {spec.kind} AS t WHERE until = 0")
    found = [row.item for row in (read_row(spec, one) for one in rows) if isinstance(row.item, kind)]
    return sorted(found, key=lambda item: (key_of(item), item.observed_at))


def key_of(item: Item) -> tuple[object, ...]:
    """The key of what was observed."""
    return tuple(getattr(item, name) for name in item.key)


def latest(record: Record, kind: type[T]) -> dict[tuple[object, ...], T]:
    """The latest observation of each key."""
    return {key_of(item): item for item in everything(record, kind)}


def said_twice(record: Record) -> Iterator[str]:
    """Observations that repeat the previous one exactly."""
    for kind in (kind for kind in model.KINDS if kind not in REPEATED):
        for _, group in groupby(everything(record, kind), key=key_of):
            items = list(group)
            for one, other in pairwise(items):
                if msgspec.structs.replace(one, observed_at=other.observed_at) == other:
                    yield f"{model.kind_of(kind)} {key_of(one)} at {one.observed_at} and {other.observed_at}"


def unsound(record: Record) -> Iterator[str]:
    """Damage to the store itself: pages, chain, rows, cursors, gaps between positions."""
    yield from record.database.integrity().damaged
    yield from map(str, check(record.database, record.hasher).findings)
    positions = [row[0] for row in record.database.rows("SELECT position FROM batch ORDER BY position")]
    if positions != list(range(1, len(positions) + 1)):
        yield "positions with a gap or a repeat"
    for (source,) in record.database.rows("SELECT source FROM cursor WHERE position > ?", (len(positions),)):
        yield f"the cursor of {source} is of a batch that is not there"


def sound(record: Record) -> Outcome:
    """Check the store itself, and look for repeated observations."""
    return Outcome(doubled=tuple(said_twice(record)), wrong=tuple(unsound(record)))


# ---- a network -------------------------------------------------------------------------------------------


def network(record: Record, name: str, bounds: Bounds) -> Outcome:
    """Compare the record's posts from a network with the script's."""
    posts = {one.post: one for one in latest(record, Post).values() if one.network == name}
    known = {expected.key(said, bounds.bases): said for said in _all_said(name, bounds)}
    wanted = {key: said for key, said in known.items() if _is_wanted(said, bounds)}
    lost = [f"{key}: not there" for key in wanted if key not in posts or not bounds.believed(posts[key])]
    held = {key: known[key] for key in posts if key in known}
    wrong = [f"{key}: nobody said it" for key in posts if key not in known]
    wrong += _mentions(record, held, posts, bounds.script)
    wrong += (f"{key}: {what}" for key, said in held.items() for what in _differs(said, posts[key], bounds))
    wrong += _counts(record, held, bounds) if bounds.moments else ()
    lost += _still_there(record, held, posts)
    lost += _answers(record, wanted, posts) if name == "bluesky" else ()
    return Outcome(len(wanted), tuple(lost), (), tuple(wrong))


def _all_said(name: str, bounds: Bounds) -> Iterator[Message]:
    for day in range((bounds.since - BEFORE) // DAY, (bounds.until + 2 * DAY) // DAY + 1):
        yield from bounds.script.messages(name, day)


def _is_wanted(said: Message, bounds: Bounds) -> bool:
    """Whether a record must have it: it names a paper, can be found, and was not deleted."""
    within = bounds.since <= said.at <= bounds.until
    lasting = said.gone_at > bounds.until and not said.author.gone_from <= bounds.until + DAY
    return bool(said.references) and within and lasting and expected.is_findable(said)


def _mentions(
    record: Record, held: Mapping[str, Message], posts: Mapping[str, Post], script: Script
) -> Iterator[str]:  # fmt: skip
    """The papers that each post names. A post that its network's terms do not let us quote names none; a title shared
    by several papers names all known ones."""
    named: dict[str, set[str]] = {}
    for one in latest(record, Mention).values():
        named.setdefault(one.post, set()).add(one.paper)
    for key, said in held.items():
        papers, wanted = named.get(key, set()), expected.papers(said)
        silent = not papers and (said.limits or said.author.labels or posts[key].limits or posts[key].gone)
        titled = {paper for paper in papers - wanted if _title(script, paper) in posts[key].text}
        if papers - titled != wanted and not silent:
            yield f"{key}: names {sorted(papers)} and not {sorted(wanted)}"


def _title(script: Script, key: str) -> str:
    paper = script.paper(arxiv.from_key(key))
    return paper.title if paper else "no such paper"


def _differs(said: Message, post: Post, bounds: Bounds) -> Iterator[str]:
    """How a post differs from the script."""
    if post.text and not any(words in post.text for words in _words(said)):
        yield f"says {post.text[:60]!r} and not {said.words[:60]!r}"
    if bounds.moments and not post.gone and said.edited_at > bounds.until + DAY and post.created_at != said.at:
        yield f"was made at {post.created_at} and not {said.at}"


def _words(said: Message) -> Iterator[str]:
    """The texts that a post may contain: its words before and after an edit; a story's title."""
    yield from (one for one in (said.words, said.edit, said.title) if one)


# ---- counts ----------------------------------------------------------------------------------------------


def _counts(record: Record, held: Mapping[str, Message], bounds: Bounds) -> Iterator[str]:
    """Counts that the network did not give at the time they were recorded."""
    for snapshot in everything(record, Snapshot):
        said = held.get(snapshot.post)
        if said is not None and not _was_told(said, snapshot, bounds):
            yield f"{snapshot.post}: {_figures(snapshot)} at {snapshot.observed_at}"


def _was_told(said: Message, snapshot: Snapshot, bounds: Bounds) -> bool:
    """Whether each count lies within what the script allows for the time before it was recorded."""
    early = expected.figures(said, snapshot.observed_at - bounds.late, in_list=True)
    late = expected.figures(said, snapshot.observed_at, in_list=True)
    if early is None or late is None:
        return False
    taken_back = said.final_likes // 10 + 1 if bounds.late else 0  # likes that may have come and gone in between
    return all(
        count is None or (low is not None and high is not None and low - taken_back <= count <= high + taken_back)
        for count, low, high in zip(_figures(snapshot), early, late, strict=True)
    )


def _figures(snapshot: Snapshot) -> Figures:
    return Figures(*(getattr(snapshot, name) for name in FIELDS))


# ---- deletions and reactions -------------------------------------------------------------------------------


def _still_there(record: Record, held: Mapping[str, Message], posts: Mapping[str, Post]) -> Iterator[str]:
    """Deleted posts that were requested after their deletion but are not recorded as gone."""
    asked = dict(record.database.rows(f"SELECT {identities.key_of('recount.post')}, asked_at FROM recount"))
    for key, said in held.items():
        unknown = said.network in ("feeds", "x") or (said.network == "mastodon" and not _asked_at_home(said))
        if not unknown and said.gone_at + 10 * MINUTE < asked.get(key, 0) and not posts[key].gone:
            yield f"{key}: was deleted and is still there"


def _asked_at_home(said: Message) -> bool:
    return mastodon.reaches(said, said.author.home)


def _answers(record: Record, wanted: Mapping[str, Message], posts: Mapping[str, Post]) -> Iterator[str]:
    """Replies to tracked posts and quotes of them that were not recorded as reactions."""
    given = {(one.post, one.account, one.type) for one in latest(record, Reaction).values() if not one.withdrawn}
    for said in wanted.values():
        for kind, of in (("reply", said.reply_to), ("quote", said.quotes)):
            answered = f"bluesky:{of}"
            if of and answered in wanted and (answered, f"bluesky:{said.author.id}", kind) not in given:
                yield f"bluesky:{said.id}: its {kind} to {of}"


# ---- papers ----------------------------------------------------------------------------------------------


def announcements(record: Record, labels: Iterable[str], bounds: Bounds) -> Outcome:
    """Compare the announcements of days whose feeds were read, and the descriptions of their papers."""
    days = frozenset(labels)
    wanted = {one for day in days for one in expected.announcements(bounds.script, day)}
    told = {
        ExpectedAnnouncement(one.paper, one.day, one.category, one.type, one.version)
        for one in latest(record, Announcement).values()
        if one.day in days
    }
    missed = {one.day for one in told if one.version is None}
    wanted, told = as_listed(wanted, missed), as_listed(told, missed)
    lost = [f"announcement {one}" for one in sorted(wanted - told, key=attrgetter("paper"))]
    wrong = [f"announcement {one}" for one in sorted(told - wanted, key=attrgetter("paper"))]
    papers = {key[0]: paper for key, paper in latest(record, Paper).items()}
    wrong += (line for one in wanted for line in _described(papers.get(one.paper), one.paper, bounds.script))
    return Outcome(len(wanted), tuple(lost), (), tuple(dict.fromkeys(wrong)))


def as_listed(announced: set[ExpectedAnnouncement], missed: set[str]) -> set[ExpectedAnnouncement]:
    """What arXiv's listings reveal about days whose feeds were missed: papers, but neither versions nor
    replacements."""
    kept = {one for one in announced if one.day not in missed}
    return kept | {
        one._replace(version=None, type="new") for one in announced if one.day in missed and one.type != "replacement"
    }


def _described(found: Paper | None, key: str, script: Script) -> Iterator[str]:
    paper = script.paper(arxiv.from_key(key))
    assert paper is not None
    if found is None:
        yield f"{key}: without metadata"
    elif (found.title, found.authors, found.categories) != (paper.title, paper.authors, paper.categories):
        yield f"{key}: described as {found.title!r}"


def whole(record: Record, names: Iterable[str], bounds: Bounds, labels: Iterable[str] = ()) -> Outcome:
    """Run all comparisons."""
    found = sound(record) + announcements(record, labels, bounds)
    for name in names:
        found += network(record, name, bounds) if name != "arxiv" else Outcome()
    return found
