"""Forgetting several posts, accounts, and wings' data about people; the operator's own verdicts on accounts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hotpapers.base.errors import HotPapersError, NotFound, StoreError, UsageError, require
from hotpapers.base.installed import hooks_of
from hotpapers.base.keys import parse_key
from hotpapers.base.model import Judgement
from hotpapers.base.text import timestamps
from hotpapers.discussion.moderation.bots.review import OperatorVerdict
from hotpapers.keep.hooks import ForgettableSubject
from hotpapers.keep.privacy.forget import ForgetResult, copies_to_delete, forget_all
from hotpapers.publish.deliver.export_site import RerenderedFolder
from hotpapers.record import Record, current_time


class ForgetReport(NamedTuple):
    """`forgotten`: the results, by key. `folders`: published folders, rendered again. `problems`: why something was not
    forgotten, or where traces remain."""

    forgotten: list[tuple[str, ForgetResult]]
    folders: list[RerenderedFolder]
    problems: list[HotPapersError]


ForgetSubject = tuple[str, ForgettableSubject | None]
"""The key to forget, and the wing's way to do it, if it is neither a post nor an account."""


def subject_of(text: str) -> ForgetSubject:
    """Parses the name of a subject to forget: a further subject's key, or else a post's or account's. Raises
    UsageError."""
    for subject in hooks_of(ForgettableSubject):
        if key := subject.recognize(text):
            return key, subject
    return parse_key(text), None


def forget_subjects(
    record: Record, subjects: Sequence[ForgetSubject]
) -> Iterator[tuple[str, ForgetResult | HotPapersError]]:
    """Forgets posts and accounts, all together, then the rest. Yields each with its result or its error."""
    posts = [key for key, wing_subject in subjects if wing_subject is None]
    try:
        yield from zip(posts, forget_all(record, posts) if posts else (), strict=True)
    except StoreError as problem:
        yield from ((key, StoreError(f"{key}: not forgotten: {problem}")) for key in posts)
    for key, wing_subject in subjects:
        try:
            if wing_subject is not None:  # it is in backups but in no export
                rows = wing_subject.forget(record, key)
                backups = tuple(copy for copy in copies_to_delete(record) if not copy.startswith("export "))
                yield key, ForgetResult((key,), rows, 0, backups)
        except NotFound as problem:
            yield key, problem
        except StoreError as problem:
            yield key, StoreError(f"{key}: not forgotten: {problem}")


# ---- the operator's verdicts -------------------------------------------------------------------------


OF_ACCOUNTS: tuple[Judgement, ...] = ("bot", "human")
OF_PAPERS: tuple[Judgement, ...] = ("author", "independent")


def operator_verdict(judgement: Judgement, paper: str, reason: str, since: str | None) -> OperatorVerdict:
    """A verdict as it was given. Raises UsageError."""
    is_of_paper = judgement in OF_PAPERS
    require(bool(paper) or not is_of_paper, f"missing paper: add --paper to --{judgement}")
    require(not paper or is_of_paper, f"--paper does not go with --{judgement}")
    require(bool(reason.strip()), "missing reason: add --reason '…'")
    at = parse_midnight(since) if since else current_time()
    require(at <= current_time(), f"{since}: in the future; a verdict is about what was observed")
    return OperatorVerdict(judgement, reason.strip(), at)


def parse_midnight(day: str) -> int:
    """The start of a day, µs UTC. Raises UsageError."""
    try:
        return timestamps.start_of_day(day)
    except ValueError:
        raise UsageError(f"{day}: not a date; write it like 2021-01-14") from None
