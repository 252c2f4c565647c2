"""Freezing issues, correcting them, and checking them by a rebuild. `build.digest_of` says what a digest covers."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from hotpapers.base.errors import CorruptStore, IssueError, NotFound, UsageError
from hotpapers.base.model import HISTORY, Issue, IssueContent, Publication, is_retrospective
from hotpapers.base.suggestions import list_choices
from hotpapers.base.text.timestamps import is_day, minute_of
from hotpapers.issues import coverage, queries, quotations, wanted_papers
from hotpapers.issues.build import BuiltIssue, IssueRecipe, build_issue
from hotpapers.issues.selection import THRESHOLD_1
from hotpapers.issues.windows import (
    LONG,
    TIMES,
    Moments,
    announcement_limit,
    check_label,
    closing_time,
    has_no_issue,
    is_closed,
    latest_closing,
    moments_of,
    scheduled_closing,
    unread_hour,
)
from hotpapers.record import Record, batches, canonical_json, current_time
from hotpapers.record.issue_contents import decode_content
from hotpapers.record.verify import VerifyFinding, flaw_of

BATCH_SOURCE = "issue"
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""JSON's escape of U+0000, which databases cannot look up."""
UNBUILDABLE = (
    UsageError,
    IssueError,
    CorruptStore,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    LookupError,
    RecursionError,
)
"""Errors that building from a damaged content or record may raise, e.g. bytes or None instead of text or numbers."""


class FrozenIssue(NamedTuple):
    """A frozen issue as the record keeps it."""

    content: IssueContent
    digest: str
    frozen_at: int


def publication_of(record: Record, name: str | None) -> Publication:
    """The publication with a name, or else the first that the record had. Raises NotFound."""
    by_name = {item.publication: item for item in record.view().items(Publication)}
    if name is not None:
        if name not in by_name:
            raise NotFound(f"{name}: no such publication; there are: {list_choices(name, by_name) or 'none'}")
        return by_name[name]
    regular = [name for name in by_name if not is_retrospective(name)]
    if not regular:
        raise NotFound(
            "no publication yet: `hotpapers init` writes one into hotpapers.toml, `hotpapers import` brings"
            " those of listings and exports (with --store, pass hotpapers.toml with --config)"
        )
    return by_name[queries.earliest_publication(record.database, regular)]


def list_editions(record: Record, publication: str, day: str) -> list[FrozenIssue]:
    """All editions of a day's issue, in order."""
    where = 't.publication = ? AND t."day" = ?'
    issues = record.view().items(Issue, where, (publication, day), "t.edition")
    return [
        FrozenIssue(decode_content(issue.content, IssueContent), issue.digest, issue.observed_at) for issue in issues
    ]


EARLIEST, LATEST = "1900", "3000"
"""Days outside are typing errors; near the ends of the calendar, a day has no week before or after it."""


def check_day(day: str) -> str:
    """Return the day if it is a valid one. Raises UsageError."""
    if not (is_day(day) and EARLIEST < day < LATEST):
        raise UsageError(f"{day}: not a date; write it like 2021-01-14")
    return day


def freeze_issue(
    record: Record,
    publication: Publication,
    day: str,
    *,
    again: bool = False,
    reason: str = "",
    at: int | None = None,
    prepare: Callable[[Publication, int], object] | None = None,
) -> FrozenIssue:
    """The day's issue: the frozen one, or a new one; with `again`, a new edition, which needs a reason. `prepare`: runs
    before a new issue is built, with the publication and the closing, µs UTC, to add data to the record; not for
    listings.

    Raises UsageError if the reason is missing or superfluous, or if the publication cannot have an issue on that day,
    IssueError if the day is not over, NotFound if there is no listing.
    """
    check_day(day)
    at = at or current_time()
    earlier = list_editions(record, publication.publication, day)
    if bool(again) != bool(reason.strip()) or (again and not earlier):
        raise UsageError("a new edition corrects a frozen issue and needs a reason: --again --reason '…'")
    if earlier and not again:
        return earlier[-1]
    if earlier:  # a correction covers what these covered, also if issues do otherwise since
        before = earlier[-1].content.publication
        publication = msgspec.structs.replace(publication, window=before.window, hour=before.hour, zone=before.zone)
    else:
        check_label(publication, day)
        check_no_regular_issue(record, publication.publication, [day])
    moments = None
    if publication.window != "listing":
        if earlier:  # what arrived since would move them
            moments = _moments_of(earlier[-1].content)
        else:
            moments = moments_of(publication, day, closed_at(record, publication, day, at))
        if prepare is not None:
            prepare(publication, moments[1])
    position = record.head.position
    replaces = earlier[-1].digest if earlier else ""
    edition = len(earlier) + 1
    recipe = IssueRecipe(publication, day, edition, position, replaces, reason.strip(), moments)
    built = build_issue(record, recipe)
    return save_issue(record, built, at) if again else save_unless_there(record, built, at)


def _moments_of(content: IssueContent) -> Moments:
    """The moments of a frozen issue, which its corrections keep."""
    return content.from_at, content.as_of, content.until_at


def closed_at(record: Record, publication: Publication, day: str, at: int) -> int:
    """The moment at which a day's issue closed, decided once per issue: what others write meanwhile does not move it.
    Raises IssueError while it cannot be frozen yet: before its hour, or while its announcement may still arrive."""
    position = record.head.position
    cut = closing_time(record.view(position=position), publication, day)
    if at < cut:
        raise IssueError(f"{day} is not over: its issue closes at {minute_of(cut, publication.zone)}")
    if not is_closed(record.view(cut, position), publication, day, at):
        limit = announcement_limit(publication, day)
        without_it = (
            f"wait until {minute_of(limit, publication.zone)}, when the issue appears without it"
            if at < limit
            else "later issues consider its papers"
        )
        raise IssueError(f"arXiv's announcement of {day} is not in the record yet; collect it, or {without_it}")
    return cut


def check_read(record: Record, publication: Publication, day: str, at: int) -> None:
    """Raises IssueError if networks have not been read up to the hour of a day's issue: still possible later, or too
    late."""
    view = record.view()
    if publication.window == "listing" or at < scheduled_closing(publication, day):
        return
    hour = unread_hour(view, publication, day, at)
    minute = minute_of(hour or scheduled_closing(publication, day), publication.zone)
    unread = f"{day}: networks were not read up to {minute}"
    if has_no_issue(view, publication, day, at):
        later = "" if publication.window in LONG else "; later ones consider its papers"
        raise IssueError(f"{unread}, so this {TIMES[publication.window]} has no issue{later}")
    if hour is not None:
        limit = minute_of(latest_closing(publication, day), publication.zone)
        raise IssueError(f"{unread}; its issue appears when networks have been read, if that is before {limit}")


def check_recorded(record: Record, publication: Publication, day: str) -> None:
    """Raises IssueError if everything in the record is later than the day's closing: issues are frozen for good, so a
    mistyped day must not freeze an empty one."""
    check_label(publication, day)
    cut = closing_time(record.view(), publication, day)
    if publication.window != "listing" and not queries.is_anything_from_before(record.database, cut):
        raise IssueError(
            f"{day}: nothing in the record is from before {minute_of(cut, publication.zone)}, when this issue closed. "
            "`hotpapers run` collects for the next issues; `hotpapers history` makes issues from an imported archive."
        )


MAX_NAMED_DAYS = 5
"""How many days an error message lists."""


def check_no_regular_issue(record: Record, publication: str, days: Collection[str]) -> None:
    """Raises IssueError if a publication's issues are made afterwards and some of the days already have regular
    issues."""
    if not is_retrospective(publication):
        return
    frozen_days = queries.frozen_days(record, publication.removesuffix(HISTORY))
    frozen_before = [day for day in frozen_days if day in days]
    if frozen_before:
        more = len(frozen_before) - MAX_NAMED_DAYS
        days_named = ", ".join(frozen_before[:MAX_NAMED_DAYS])
        days_text = days_named + (f" and {more} more" if more > 0 else "")
        raise IssueError(
            f"{days_text}: already frozen; issues can be made afterwards only for days without one."
            " `hotpapers issue DATE` prints the existing one."
        )


def save_issue(record: Record, built: BuiltIssue, at: int) -> FrozenIssue:
    """Write an issue and the posts it shows to the record. Raises IssueError if another process was first, or has
    pruned what the issue was built from."""
    content = built.content
    item = Issue(
        publication=content.publication.publication,
        day=content.day,
        edition=content.edition,
        digest=built.digest,
        content=canonical_json(content).decode(),
        observed_at=at,
    )
    with record.batch() as batch:
        if batches.is_pruned_since(record.database, content.position):
            raise IssueError(f"{content.day}: snapshots were pruned while this issue was built; try again")
        batch.append([item, *built.shown], source=BATCH_SOURCE, at=at)
    return FrozenIssue(content, built.digest, at)


def save_unless_there(record: Record, built: BuiltIssue, at: int) -> FrozenIssue:
    """Like `save_issue`, but if another process was first, return its issue."""
    try:
        return save_issue(record, built, at)
    except IssueError:
        if first_editions := list_editions(record, built.content.publication.publication, built.content.day):
            return first_editions[-1]
        raise


def newer_listing(record: Record, frozen: FrozenIssue) -> bool:
    """Whether the record holds a later observation of the listing than the issue was frozen from."""
    content = frozen.content
    listing_position = queries.listing_position(record.database, content.publication.publication, content.day)
    return listing_position > content.position


def has_same_papers(record: Record, frozen: FrozenIssue) -> bool:
    """Whether a correction lists the same papers, with the same numbers and posts, as the edition before it."""
    content = frozen.content
    *_, before, _ = list_editions(record, content.publication.publication, content.day)
    return (content.all_entries, content.readings) == (before.content.all_entries, before.content.readings)


def check_issue(record: Record, item: Issue) -> Iterator[VerifyFinding]:
    """Check an issue against its digest, then against a rebuild from the record."""
    name = f"{item.publication} {item.day} edition {item.edition}"
    return (VerifyFinding("issue", f"{name}: {flaw}") for flaw in _flaws(record, item))


def _flaws(record: Record, item: Issue) -> Iterator[str]:
    if (flaw := flaw_of(record.database, item)) is not None:
        yield flaw
    try:
        content = decode_content(item.content, IssueContent)
    except CorruptStore as problem:
        yield f"its content cannot be read: {problem.__cause__}"
        return
    if _NUL.search(item.content):
        yield "its content has U+0000, which no observation has"
        return
    if record.head.position < content.position:
        return
    try:
        rebuilt = build_issue(record, _recipe_of(content)).content
    except UNBUILDABLE as problem:
        yield f"cannot be rebuilt: {problem}"
        return
    changes = list(json_differences(msgspec.to_builtins(content), msgspec.to_builtins(rebuilt)))
    for path, frozen_value, rebuilt_value in changes[:10]:
        yield f"{path} is {_short(frozen_value)}, rebuilt {_short(rebuilt_value)}"
    if len(changes) > 10:
        yield f"and {len(changes) - 10} more differences"


def _recipe_of(content: IssueContent) -> IssueRecipe:
    """The recipe to rebuild a frozen issue. Its moments are kept as frozen, as time zone rules may change later."""
    return IssueRecipe(
        content.publication,
        content.day,
        content.edition,
        content.position,
        content.replaces,
        content.reason,
        moments=_moments_of(content),
        choice=content.choice or THRESHOLD_1,
        quoting=content.quoting or quotations.BY_REACTIONS,
        counting=content.counting or wanted_papers.FEEDS,
        period=content.period or coverage.LAST_DAY,
        posts={entry.paper: entry.posts for entry in content.all_entries},
        by_server=bool(content.announced_on),
    )


def json_differences(value: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(path, value here, value there) of every leaf in which two JSON values differ. List members are matched by paper,
    network or day if they have one: `entries[arxiv:2101.04869].place`."""
    if value == other:  # nearly always, and Python compares them faster than we do
        return
    if _is_list(value) and _is_list(other):
        yield from _between(_by_name(value, other), _by_name(other, value), f"{path}[", "]")
    elif isinstance(value, dict) and isinstance(other, dict):
        yield from _between(value, other, f"{path}." if path else "")
    else:
        yield path, value, other


def _between(
    value: dict[str, Any], other: dict[str, Any], prefix: str, suffix: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    for name in {**value, **other}:
        yield from json_differences(value.get(name), other.get(name), f"{prefix}{name}{suffix}")


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _by_name(values: Sequence[Any], others: Sequence[Any]) -> dict[str, Any]:
    """The members of a list by a name that is unique in both lists, else by their number."""
    for key in ("paper", "network", "day"):
        lists = [[value.get(key) for value in some if isinstance(value, dict)] for some in (values, others)]
        lengths = [len(values), len(others)]
        if [*map(len, lists)] == lengths == [len({*names} - {None}) for names in lists]:
            return {value[key]: value for value in values}
    return {str(number): value for number, value in enumerate(values, 1)}


def _short(value: Any) -> str:
    text = canonical_json(value).decode()
    return text if len(text) <= 60 else text[:57] + "…"
