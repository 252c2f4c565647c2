"""Forgetting several posts, accounts, and what wings keep about people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hotpapers.base.errors import HotPapersError, NotFound, StoreError
from hotpapers.base.model.keys import parse_key
from hotpapers.base.wings import ForgettableSubject, wings
from hotpapers.keep.privacy.forget import ForgetResult, copies, forget_all
from hotpapers.publish.deliver.export_site import RerenderedFolder
from hotpapers.record import Record


class ForgetReport(NamedTuple):
    """`forgotten`: what was forgotten, by key. `folders`: published folders, rendered again. `problems`: why something
    was not forgotten, or where traces remain."""

    forgotten: list[tuple[str, ForgetResult]]
    folders: list[RerenderedFolder]
    problems: list[HotPapersError]


class ForgetSubject(NamedTuple):
    """What is to be forgotten. `wing_subject`: how, if it is neither a post nor an account."""

    key: str
    wing_subject: ForgettableSubject | None = None


def subject_of(text: str) -> ForgetSubject:
    """What a text names. Raises UsageError."""
    for wing in wings():
        if wing.subject is not None and (key := wing.subject.recognize(text)):
            return ForgetSubject(key, wing.subject)
    return ForgetSubject(parse_key(text))


def forget_subjects(
    record: Record, subjects: Sequence[ForgetSubject]
) -> Iterator[tuple[str, ForgetResult | HotPapersError]]:
    """Forgets posts and accounts, all at once, then the rest. Yields each with its result or its error."""
    posts = [key for key, wing_subject in subjects if wing_subject is None]
    try:
        yield from zip(posts, forget_all(record, posts) if posts else (), strict=True)
    except StoreError as problem:
        yield from ((key, StoreError(f"{key}: not forgotten: {problem}")) for key in posts)
    for key, wing_subject in subjects:
        try:
            if wing_subject is not None:  # it is in backups but in no export
                rows = wing_subject.forget(record, key)
                backups = tuple(copy for copy in copies(record) if not copy.startswith("export "))
                yield key, ForgetResult((key,), rows, 0, backups)
        except NotFound as problem:
            yield key, problem
        except StoreError as problem:
            yield key, StoreError(f"{key}: not forgotten: {problem}")
