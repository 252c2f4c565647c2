"""Changes of publications that would break off their issues without a word: another name, another window. Each is
reported with both remedies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from hotpapers.base.errors import SettingsError
from hotpapers.base.model import Publication, is_retrospective
from hotpapers.base.settings import PublicationSettings
from hotpapers.base.text.words import count_noun
from hotpapers.issues.queries import frozen_days, latest_window
from hotpapers.record import Record


def check_window(file: Path, record: Record, publication: Publication) -> None:
    """Raises SettingsError if a publication's latest issue is of another window: its next ones would not continue
    it."""
    name = publication.publication
    window = publication.window
    before = latest_window(record, name)
    if before not in ("", window):
        raise SettingsError(
            f"{file}: publication {name!r}: window: its issues so far are {before}; to go on with them, write window = "
            f'"{before}" again; for {window} issues, add another [[publication]] with a name of its own'
        )


def check_names(file: Path, record: Record, tables: tuple[PublicationSettings, ...]) -> None:
    """Raises SettingsError if a publication with issues is no longer in the settings, but one without issues is: it
    seems to have another name now, and its published issues would not continue."""
    new = [table for table in tables if table.window != "listing" and not frozen_days(record, table.name)]
    names = {table.name for table in tables}
    for item in record.view().items(Publication):
        old = item.publication
        if not new or old in names or item.window == "listing" or is_retrospective(old) or item.last_day:
            continue
        if days := frozen_days(record, old):
            issues = f"{count_noun(len(days), 'issue')} of {old!r}"
            raise SettingsError(
                f"{file}: publication {new[0].name!r}: name: the store has {issues}, which is no longer in the "
                f'settings; if it is the same publication, write name = "{old}" again, and change its title, which '
                f'readers see; if {old!r} has ended, keep its [[publication]] with last_day = "{days[-1]}", and give '
                "the new one an output of its own"
            )


def publication_problems(
    file: Path, record: Record, tables: tuple[PublicationSettings, ...], items: Sequence[Publication]
) -> Iterator[str]:
    """Yields the problems of the publications in the settings, a sentence each."""
    checks = (
        partial(check_names, file, record, tables),
        *(partial(check_window, file, record, item) for item in items),
    )
    for check in checks:
        try:
            check()
        except SettingsError as problem:
            yield str(problem)
