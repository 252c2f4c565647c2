"""Every error this program raises on purpose.

    HotPapersError
    ├── UsageError              the request cannot be carried out; exit status 2
    │   ├── SettingsError       an unusable setting in hotpapers.toml: file, key and remedy
    │   └── NotFound            no such paper, issue, publication or row
    ├── InputError              input that cannot be read: file, line and reason
    │   ├── NotAnArxivId        not an arXiv identifier
    │   ├── NotClassic          a file that is not in the classic format
    │   ├── NotExchange         a line that is not in the exchange format
    │   └── NotAProof           an invalid key, note, checkpoint, proof or policy of a log
    │       └── RewrittenPast   a log has signed a history that does not extend the one it signed before
    ├── StoreError              the store cannot be used
    │   ├── NotAStore           the file or database belongs to another program
    │   ├── NewerStore          written by a newer version of this program
    │   ├── CorruptStore        the database reports damage
    │   ├── ReadOnlyStore       the store cannot be written
    │   ├── FullStore           the disk is full
    │   ├── BusyStore           another process kept the store locked for too long
    │   └── UnreachableStore    the database server does not answer
    ├── NetError                a network could not be reached, or sent an invalid response
    │   ├── RetryLater          try again later: after how many seconds
    │   │   └── RetryAfter      a network said for how long not to ask again
    │   ├── RequestRefused      the request was refused: why
    │   ├── PartiallyRead       part of it could not be read: which part
    │   └── StreamGap           a server no longer has what follows our cursor: where it resumes
    ├── Stopped                 the program was told to stop while it was waiting
    ├── TakenOver               another process of the site has taken over this job
    ├── IssueError              an issue cannot be frozen, found or corrected
    ├── LogError                a publication's transparency log cannot be continued: why, and what to do
    └── WrongClock              this machine's clock is far ahead of other clocks: nothing is frozen

Anything else that escapes is a bug. The command line prints only an error's text; `--debug` adds the traceback.
"""

from __future__ import annotations

import errno
from collections.abc import Collection, Sequence

from hotpapers.base.durations import format_duration


class HotPapersError(Exception):
    """Base class of all errors."""


class UsageError(HotPapersError):
    """The request cannot be carried out."""


def unwritable_path(path: object, problem: OSError, reason: str | None = None) -> HotPapersError:
    """The error about a path that cannot be written: no room is a failure, which may pass; anything else a mistake."""
    kind = HotPapersError if problem.errno in (errno.ENOSPC, errno.EDQUOT) else UsageError
    return kind(f"{path}: cannot be written: {reason or problem.strerror}")


class SettingsError(UsageError):
    """A setting in hotpapers.toml is unusable. `mistakes`: all that is wrong with a file, if there are several. No
    address with credentials is quoted."""

    def __init__(self, text: str, mistakes: Sequence[str] = ()) -> None:
        from hotpapers.base.credentials import without_credentials  # no other error needs it

        super().__init__(without_credentials(text))
        self.mistakes = tuple(map(without_credentials, mistakes)) or (str(self),)


class NotFound(UsageError):
    """There is no such paper, issue, publication or row."""


class InputError(HotPapersError):
    """Input cannot be read. `file` and `line` (1-based) are set where known."""

    def __init__(self, reason: str, *, file: str | None = None, line: int | None = None) -> None:
        self.reason = reason
        self.file = file
        self.line = line
        location = ":".join(str(part) for part in (file, line) if part is not None)
        super().__init__(f"{location}: {reason}" if location else reason)


class NotAnArxivId(InputError):
    """A text is not an arXiv identifier."""


class NotClassic(InputError):
    """A file is not in the classic format."""


class NotExchange(InputError):
    """A line is not in the exchange format."""


class NotAProof(InputError):
    """A key, note, checkpoint, proof or policy of a transparency log is invalid."""


class RewrittenPast(NotAProof):
    """A log has signed a history that does not extend the one it signed before. `evidence`: the signed notes."""

    def __init__(self, reason: str, evidence: tuple[str, ...]) -> None:
        self.evidence = evidence
        super().__init__(reason)


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
    """The disk is full."""


class BusyStore(StoreError):
    """Another process kept the store locked for too long."""


class UnreachableStore(StoreError):
    """The database server does not answer."""


class NetError(HotPapersError):
    """A network could not be reached, or sent an invalid response. `tries`: how many times a server may have acted on
    the request.
    """

    def __init__(self, text: str = "", tries: int | None = None) -> None:
        super().__init__(text)
        self.tries = tries


class RetryLater(NetError):
    """A network asks us to try again later, or is unavailable."""

    def __init__(self, seconds: float, reason: str) -> None:
        self.seconds = seconds
        self.reason = reason
        super().__init__(f"{reason}: try again in {format_duration(seconds)}")


class RetryAfter(RetryLater):
    """A network said for how long not to ask again.

    RFC 9110 §10.2.3. It also holds for the next process.
    """


class RequestRefused(NetError):
    """A network refused a request, and repeating it now would not help."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        self.reason = reason
        self.status = status
        super().__init__(reason)


class PartiallyRead(NetError):
    """Part of a network could not be read. `again`: seconds until the next round, where the failed parts have waits of
    their own. `lost_until`: µs UTC; something from before this moment can no longer be read; None if a later round can
    still read everything. `unasked`: keys of posts that were not asked for, and are asked for first the next time.
    """

    def __init__(
        self, reason: str, again: float | None = None, lost_until: int | None = None, unasked: Collection[str] = ()
    ) -> None:
        self.again = again
        self.lost_until = lost_until
        self.unasked = unasked
        super().__init__(reason)


class StreamGap(NetError):
    """A server no longer has what follows our cursor. `resume`: the cursor from which it does. `missing`: start and end
    of the gap in µs UTC, where known.
    """

    def __init__(self, reason: str, resume: str, missing: tuple[int, int] | None = None) -> None:
        self.resume = resume
        self.missing = missing
        super().__init__(reason)


class Stopped(HotPapersError):
    """The program was told to stop while it was waiting."""


class TakenOver(HotPapersError):
    """Another process of the site has taken over this job."""


class IssueError(HotPapersError):
    """An issue cannot be frozen, found or corrected."""


class LogError(HotPapersError):
    """A publication's transparency log cannot be continued: why, and what to do. Issues still appear."""


class WrongClock(HotPapersError):
    """This machine's clock is far ahead of other clocks: nothing is frozen until it is corrected."""


def require(condition: bool, message: str) -> None:
    """Raises UsageError unless the condition holds."""
    if not condition:
        raise UsageError(message)
