"""Every error this program raises on purpose.

    HotPapersError
    ├── UsageError              what was asked cannot be done as asked; exit status 2
    │   ├── SettingsError       hotpapers.toml: names file, key and remedy
    │   └── NotFound            a paper, issue, publication or row that is not there
    ├── InputError              what was given cannot be read: file, line and reason
    │   ├── NotAnArxivId        a text that is no arXiv identifier
    │   ├── NotClassic          a file that is not in the classic format
    │   ├── NotExchange         a line that is not in the exchange format
    │   ├── NotAProof           a key, note, checkpoint, proof or policy of a log that is none
    │   │   └── RewrittenPast   a log has signed a history that does not extend what it signed before
    │   └── AttackFailed        an attack's own code breaks: which, and how
    ├── StoreError              the store cannot be used
    │   ├── NotAStore           the file or database belongs to another program
    │   ├── NewerStore          written by a newer version of this program
    │   ├── CorruptStore        the database reports damage
    │   ├── ReadOnlyStore       the store cannot be written
    │   ├── FullStore           no room left on the disk
    │   ├── BusyStore           another process holds the store for too long
    │   └── UnreachableStore    the database server does not answer
    ├── NetError                a network could not be reached, or answered nonsense
    │   ├── RetryLater          it asks us to come again later: after how many seconds
    │   ├── RequestRefused      it says no: why
    │   ├── PartiallyRead       a part of it could not be read: which; the rest was
    │   ├── FutureCursor        a stream has not come to where we were: it is another one, or began anew
    │   ├── OutdatedCursor      a stream no longer has what came next
    │   └── StreamGap           what it should have told next it no longer has: from where on it has
    ├── Stopped                 the program was told to stop while it waited
    ├── TakenOver               another process of the site does this job now
    ├── IssueError              an issue cannot be frozen, found or corrected
    ├── LogError                a publication's transparency log cannot go on: why, and what to do
    └── WrongClock              this machine's clock is far ahead of others': nothing is frozen

Anything else that escapes is a bug of ours. The command line prints an error's text and nothing more; `--debug` adds
the traceback.
"""

from __future__ import annotations


class HotPapersError(Exception):
    """Base of all."""


class UsageError(HotPapersError):
    """What was asked cannot be done as asked."""


class SettingsError(UsageError):
    """A setting in hotpapers.toml that cannot be used."""


class NotFound(UsageError):
    """A paper, issue, publication or row that is not there."""


class InputError(HotPapersError):
    """Input that cannot be read. `file` and `line` (1-based) are kept where known."""

    def __init__(self, reason: str, *, file: str | None = None, line: int | None = None) -> None:
        self.reason, self.file, self.line = reason, file, line
        where = ":".join(str(part) for part in (file, line) if part is not None)
        super().__init__(f"{where}: {reason}" if where else reason)


class NotAnArxivId(InputError):
    """A text that is no arXiv identifier."""


class NotClassic(InputError):
    """A file that is not in the classic format."""


class NotExchange(InputError):
    """A line that is not in the exchange format."""


class NotAProof(InputError):
    """A key, note, checkpoint, proof or policy of a transparency log that is none."""


class RewrittenPast(NotAProof):
    """A log has signed a history that does not extend what it signed before. `evidence`: the signed notes."""

    def __init__(self, reason: str, evidence: tuple[str, ...]) -> None:
        self.evidence = evidence
        super().__init__(reason)


class AttackFailed(InputError):
    """The code of an attack that was given breaks: which, and how."""


class StoreError(HotPapersError):
    """The store cannot be used."""


class NotAStore(StoreError):
    """The file or database belongs to another program."""


class NewerStore(StoreError):
    """The store was written by a newer version of this program."""


class CorruptStore(StoreError):
    """The database reports damage."""


class ReadOnlyStore(StoreError):
    """The store cannot be written."""


class FullStore(StoreError):
    """No room left on the disk."""


class BusyStore(StoreError):
    """Another process holds the store for too long."""


class UnreachableStore(StoreError):
    """The database server does not answer."""


class NetError(HotPapersError):
    """A network could not be reached, or answered nonsense. `tries`: how often a server may have acted on it."""

    tries: int | None = None


def _duration(seconds: float) -> str:
    """`40 s`, `15 min`, `23 h`."""
    if seconds < 600:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.0f} h"


class RetryLater(NetError):
    """A network asks us to come again later, or cannot be used now."""

    def __init__(self, seconds: float, reason: str) -> None:
        self.seconds, self.reason = seconds, reason
        super().__init__(f"{reason}: try again in {_duration(seconds)}")


class RequestRefused(NetError):
    """A network says no, and asking again now would not help."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        self.reason, self.status = reason, status
        super().__init__(reason)


class FutureCursor(NetError):
    """A stream has not come to where we were: it is another one, or began anew."""


class OutdatedCursor(NetError):
    """A stream no longer has what came next."""


class PartiallyRead(NetError):
    """A part of a network could not be read: which. `again`: seconds until the next round, where the parts that failed
    have waits of their own. `lost_until`: the moment, µs UTC, before which something was said that no later round can
    have; None where a later round reads all after all."""

    def __init__(self, reason: str, again: float | None = None, lost_until: int | None = None) -> None:
        self.again, self.lost_until = again, lost_until
        super().__init__(reason)


class StreamGap(NetError):
    """A server no longer has what came next. `resume`: the cursor from where on it has. `missing`: from when until
    when, in µs UTC, where that is known.
    """

    def __init__(self, reason: str, resume: str, missing: tuple[int, int] | None = None) -> None:
        self.resume, self.missing = resume, missing
        super().__init__(reason)


class Stopped(HotPapersError):
    """The program was told to stop while it waited."""


class TakenOver(HotPapersError):
    """Another process of the site does this job now."""


class IssueError(HotPapersError):
    """An issue cannot be frozen, found or corrected."""


class LogError(HotPapersError):
    """A publication's transparency log cannot go on: why, and what to do. Issues appear all the same."""


class WrongClock(HotPapersError):
    """This machine's clock is far ahead of others': nothing is frozen until it is set right."""
