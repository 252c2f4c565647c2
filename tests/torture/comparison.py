"""Compare the record of a site that read the loopback internet with the script: missing, duplicate and wrong items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple, TypeVar

import msgspec

from hotpapers.base import model
from hotpapers.base.model import DAY, Announcement, Item, Mention, Paper, Post, Reaction, Snapshot
from hotpapers.base.papers import arxiv
from hotpapers.record import Record, identities
from hotpapers.record.item_rows import SPECS, read_row, select_columns
from hotpapers.record.verify import check_record
from tests.loopback import expected, mastodon
from tests.loopback.expected import ExpectedAnnouncement, Figures
from tests.loopback.script import MINUTE, Message, Script

T = TypeVar("T", bound=Item)
REPEATABLE = (model.Coverage, model.Publication)
"""Kinds of items that may repeat themselves, since each covers another period."""
FIELDS = Figures._fields
MEMORY = 40 * DAY
"""How long before the compared period a post in the record may have been created."""


class Bounds(NamedTuple):
    """What to compare: everything posted from `since` until `until`. `staleness`: how old an answer may be, µs.
    `clocks_are_right`: whether the networks' clocks were. `denial`: the period in which the networks reported that
    nothing existed; the record is right to believe them."""

    script: Script
    bases: Mapping[str, str]
    since: int
    until: int
    staleness: int = 0
    clocks_are_right: bool = True
    denial: tuple[int, int] = (0, 0)

    def accepts(self, post: Post) -> bool:
        """Whether a post exists, or was reported as gone while the network denied everything."""
        return not post.gone or self.denial[0] <= post.observed_at < self.denial[1]


class Outcome(NamedTuple):
    """The differences, one per line. `posts`: how many the script expects."""

    posts: int = 0
    missing: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs."""
        return not (self.missing or self.duplicates or self.errors)

    def __add__(self, other: tuple[object, ...]) -> Outcome:
        assert isinstance(other, Outcome)
        pairs = zip(self[1:], other[1:], strict=True)
        return Outcome(self.posts + other.posts, *((*own, *others) for own, others in pairs))


# ---- everything in a record ------------------------------------------------------------------------------


def all_observations(record: Record, kind: type[T]) -> list[T]:
    """All open observations of a kind, by key and moment."""
    spec = SPECS[kind]
    rows = record.database.iterate(f"SELECT {select_columns(spec, 't')} FROM {spec.kind} AS t WHERE until = 0")
    observations = (read_row(spec, row).item for row in rows)
    items = [item for item in observations if isinstance(item, kind)]
    return sorted(items, key=lambda item: (key_of(item), item.observed_at))


def key_of(item: Item) -> tuple[object, ...]:
    """The key of what was observed."""
    return tuple(getattr(item, name) for name in item.key)


def latest_observations(record: Record, kind: type[T]) -> dict[tuple[object, ...], T]:
    """The latest observation of each key."""
    return {key_of(item): item for item in all_observations(record, kind)}


def repeated_observations(record: Record) -> Iterator[str]:
    """Observations that repeat the previous one exactly."""
    for kind in (kind for kind in model.KINDS if kind not in REPEATABLE):
        for _, group in groupby(all_observations(record, kind), key=key_of):
            items = list(group)
            for earlier, later in pairwise(items):
                if msgspec.structs.replace(earlier, observed_at=later.observed_at) == later:
                    yield f"{model.kind_of(kind)} {key_of(earlier)} at {earlier.observed_at} and {later.observed_at}"


def store_damage(record: Record) -> Iterator[str]:
    """Damage to the store itself: pages, chain, rows, cursors, gaps between positions."""
    yield from record.database.integrity().damaged
    yield from map(str, check_record(record.database, record.hasher).findings)
    positions = [row[0] for row in record.database.rows("SELECT position FROM batch ORDER BY position")]
    if positions != list(range(1, len(positions) + 1)):
        yield "positions with a gap or a repeat"
    for (source,) in record.database.rows("SELECT source FROM cursor WHERE position > ?", (len(positions),)):
        yield f"the cursor of {source} belongs to a batch that does not exist"


def check_store(record: Record) -> Outcome:
    """Check the store itself, and look for repeated observations."""
    return Outcome(duplicates=tuple(repeated_observations(record)), errors=tuple(store_damage(record)))


# ---- a network -------------------------------------------------------------------------------------------


def compare_network(record: Record, name: str, bounds: Bounds) -> Outcome:
    """Compare the record's posts from a network with the script's."""
    posts = {post.post: post for post in latest_observations(record, Post).values() if post.network == name}
    messages = {expected.key(message, bounds.bases): message for message in _messages(name, bounds)}
    expected_messages = {key: message for key, message in messages.items() if _is_expected(message, bounds)}
    missing = [f"{key}: missing" for key in expected_messages if key not in posts or not bounds.accepts(posts[key])]
    recorded = {key: messages[key] for key in posts if key in messages}
    errors = [f"{key}: nobody posted it" for key in posts if key not in messages]
    errors += _wrong_mentions(record, recorded, posts, bounds.script)
    for key, message in recorded.items():
        errors += (f"{key}: {difference}" for difference in _differences(message, posts[key], bounds))
    errors += _wrong_counts(record, recorded, bounds) if bounds.clocks_are_right else ()
    missing += _unnoticed_deletions(record, recorded, posts)
    missing += _missing_reactions(record, expected_messages, posts) if name == "bluesky" else ()
    return Outcome(len(expected_messages), tuple(missing), (), tuple(errors))


def _messages(name: str, bounds: Bounds) -> Iterator[Message]:
    for day in range((bounds.since - MEMORY) // DAY, (bounds.until + 2 * DAY) // DAY + 1):
        yield from bounds.script.messages(name, day)


def _is_expected(message: Message, bounds: Bounds) -> bool:
    """Whether a record must have it: it names a paper, can be found, and was not deleted."""
    is_within = bounds.since <= message.at <= bounds.until
    is_lasting = message.gone_at > bounds.until and not message.author.gone_from <= bounds.until + DAY
    return bool(message.references) and is_within and is_lasting and expected.is_findable(message)


def _wrong_mentions(
    record: Record, recorded: Mapping[str, Message], posts: Mapping[str, Post], script: Script
) -> Iterator[str]:  # fmt: skip
    """Posts with wrong papers. A post that its network's terms do not let us quote names none; a title that several
    papers share names all known ones."""
    mentions: dict[str, set[str]] = {}
    for mention in latest_observations(record, Mention).values():
        mentions.setdefault(mention.post, set()).add(mention.paper)
    for key, message in recorded.items():
        papers, expected_papers = mentions.get(key, set()), expected.papers(message)
        may_be_silent = not papers and (message.limits or message.author.labels or posts[key].limits or posts[key].gone)
        same_title = {paper for paper in papers - expected_papers if _title(script, paper) in posts[key].text}
        if papers - same_title != expected_papers and not may_be_silent:
            yield f"{key}: names {sorted(papers)} and not {sorted(expected_papers)}"


def _title(script: Script, key: str) -> str:
    paper = script.paper(arxiv.from_key(key))
    return paper.title if paper else "no such paper"


def _differences(message: Message, post: Post, bounds: Bounds) -> Iterator[str]:
    """How a post differs from the script."""
    if post.text and not any(text in post.text for text in _possible_texts(message)):
        yield f"says {post.text[:60]!r} and not {message.words[:60]!r}"
    is_unedited = message.edited_at > bounds.until + DAY
    if bounds.clocks_are_right and not post.gone and is_unedited and post.created_at != message.at:
        yield f"was created at {post.created_at} and not {message.at}"


def _possible_texts(message: Message) -> Iterator[str]:
    """The texts that a post may contain: its words before and after an edit; a story's title."""
    yield from (text for text in (message.words, message.edit, message.title) if text)


# ---- counts ----------------------------------------------------------------------------------------------


def _wrong_counts(record: Record, recorded: Mapping[str, Message], bounds: Bounds) -> Iterator[str]:
    """Counts that the network cannot have reported when they were recorded."""
    for snapshot in all_observations(record, Snapshot):
        message = recorded.get(snapshot.post)
        if message is not None and not _is_possible(message, snapshot, bounds):
            yield f"{snapshot.post}: {_figures(snapshot)} at {snapshot.observed_at}"


def _is_possible(message: Message, snapshot: Snapshot, bounds: Bounds) -> bool:
    """Whether each count lies within what the script allows for the time before it was recorded."""
    earlier = expected.figures(message, snapshot.observed_at - bounds.staleness, in_list=True)
    later = expected.figures(message, snapshot.observed_at, in_list=True)
    if earlier is None or later is None:
        return False
    withdrawn = message.final_likes // 10 + 1 if bounds.staleness else 0  # likes may have come and gone in between
    return all(
        count is None or (low is not None and high is not None and low - withdrawn <= count <= high + withdrawn)
        for count, low, high in zip(_figures(snapshot), earlier, later, strict=True)
    )


def _figures(snapshot: Snapshot) -> Figures:
    return Figures(*(getattr(snapshot, name) for name in FIELDS))


# ---- deletions and reactions -------------------------------------------------------------------------------


def _unnoticed_deletions(record: Record, recorded: Mapping[str, Message], posts: Mapping[str, Post]) -> Iterator[str]:
    """Deleted posts that were requested after their deletion but are not recorded as gone."""
    read_at = dict(record.database.rows(f"SELECT {identities.key_of('recount.post')}, asked_at FROM recount"))
    for key, message in recorded.items():
        is_unreachable = message.network == "mastodon" and not _reaches_home(message)
        is_unknown = message.network in ("feeds", "x") or is_unreachable
        if not is_unknown and message.gone_at + 10 * MINUTE < read_at.get(key, 0) and not posts[key].gone:
            yield f"{key}: was deleted but still exists"


def _reaches_home(message: Message) -> bool:
    return mastodon.reaches(message, message.author.home)


def _missing_reactions(
    record: Record, expected_messages: Mapping[str, Message], posts: Mapping[str, Post]
) -> Iterator[str]:
    """Replies to tracked posts and quotes of them that were not recorded as reactions."""
    latest = latest_observations(record, Reaction).values()
    reactions = {(item.post, item.account, item.type) for item in latest if not item.withdrawn}
    for message in expected_messages.values():
        for kind, target in (("reply", message.reply_to), ("quote", message.quotes)):
            target_key = f"bluesky:{target}"
            reaction = (target_key, f"bluesky:{message.author.id}", kind)
            if target and target_key in expected_messages and reaction not in reactions:
                yield f"bluesky:{message.id}: its {kind} to {target}"


# ---- papers ----------------------------------------------------------------------------------------------


def compare_announcements(record: Record, labels: Iterable[str], bounds: Bounds) -> Outcome:
    """Compare the announcements of days whose feeds were read, and the descriptions of their papers."""
    days = frozenset(labels)
    announced = {item for day in days for item in expected.announcements(bounds.script, day)}
    recorded = {
        ExpectedAnnouncement(item.paper, item.day, item.category, item.type, item.version)
        for item in latest_observations(record, Announcement).values()
        if item.day in days
    }
    missed_days = {item.day for item in recorded if item.version is None}
    announced, recorded = as_in_listings(announced, missed_days), as_in_listings(recorded, missed_days)
    missing = [f"announcement {item}" for item in sorted(announced - recorded, key=attrgetter("paper"))]
    errors = [f"announcement {item}" for item in sorted(recorded - announced, key=attrgetter("paper"))]
    papers = {key[0]: paper for key, paper in latest_observations(record, Paper).items()}
    for item in announced:
        errors += _wrong_descriptions(papers.get(item.paper), item.paper, bounds.script)
    return Outcome(len(announced), tuple(missing), (), tuple(dict.fromkeys(errors)))


def as_in_listings(items: set[ExpectedAnnouncement], missed_days: set[str]) -> set[ExpectedAnnouncement]:
    """What arXiv's listings reveal about days whose feeds were missed: papers, but neither versions nor
    replacements."""
    complete = {item for item in items if item.day not in missed_days}
    incomplete = (item for item in items if item.day in missed_days and item.type != "replacement")
    return complete | {item._replace(version=None, type="new") for item in incomplete}


def _wrong_descriptions(recorded: Paper | None, key: str, script: Script) -> Iterator[str]:
    paper = script.paper(arxiv.from_key(key))
    assert paper is not None
    if recorded is None:
        yield f"{key}: without metadata"
    elif (recorded.title, recorded.authors, recorded.categories) != (paper.title, paper.authors, paper.categories):
        yield f"{key}: described as {recorded.title!r}"


def compare_all(record: Record, names: Iterable[str], bounds: Bounds, labels: Iterable[str] = ()) -> Outcome:
    """Run all comparisons."""
    outcome = check_store(record) + compare_announcements(record, labels, bounds)
    for name in names:
        outcome += compare_network(record, name, bounds) if name != "arxiv" else Outcome()
    return outcome
