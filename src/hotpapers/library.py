"""Hot Papers as a Python library: `import hotpapers`, and the verbs of the command line.

    import hotpapers

    with hotpapers.open("hotpapers.db") as papers:
        for entry in papers.issue().entries:
            print(entry.place, entry.title)

Methods return values of `hotpapers.query.schemas`, as the API does, and raise `hotpapers.errors.HotPapersError`.
docs/reference/library.md shows every verb.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import msgspec

from hotpapers import terms
from hotpapers.errors import UsageError
from hotpapers.ids.mentions import PaperMention, find
from hotpapers.issues.freeze import publication_of
from hotpapers.query import QuerySession, issues, paper_posts, papers, request_params, schemas, status
from hotpapers.schedule import judge_and_freeze
from hotpapers.settings import BotSettings
from hotpapers.store import Record
from hotpapers.transfer import export_formats
from hotpapers.transfer.jsonl.exporter import ExportRequest

__all__ = ["Library", "PaperMention", "find", "open"]

Item = TypeVar("Item")
AT_ONCE = request_params.MOST
"""Items read at a time by methods that yield them one by one."""


def open(store: str | Path, *, create: bool = False, allowed: terms.Table = terms.TERMS) -> Library:
    """Opens a store: a path, sqlite:////absolute/path or postgresql://…. `create`: create it if it does not exist.

    `allowed`: the networks' terms that decide how posts are shown and exported. Use it only in the thread that opened
    it.
    """
    return Library(Record(str(store), create=create), allowed)


class Library:
    """An open store. Use as a context manager, or close it."""

    def __init__(self, record: Record, allowed: terms.Table = terms.TERMS) -> None:
        self.record = record
        self._session = QuerySession(record, allowed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection to the store."""
        self.record.database.close()

    # ---- issues ------------------------------------------------------------------------------------------

    def publications(self) -> tuple[schemas.PublicationSummary, ...]:
        """Every publication, by name."""
        return issues.publications(self._session, request_params.NoParams()).publications

    def issues(self, publication: str = "") -> Iterator[schemas.IssueSummary]:
        """A publication's frozen issues, the latest first. The name may be omitted if there is only one publication."""
        return self._paged(
            issues.issues, request_params.IssuesParams, lambda page: page.issues, publication=publication
        )

    def issue(self, day: str = "latest", publication: str = "", edition: int = 0) -> schemas.IssueDetails:
        """A frozen issue, the latest one by default; an earlier edition by its number."""
        return issues.issue(self._session, self._of_issue(day, publication, edition))

    def content(self, day: str = "latest", publication: str = "", edition: int = 0) -> bytes:
        """The bytes whose SHA-256 is the issue's digest."""
        return bytes(issues.content(self._session, self._of_issue(day, publication, edition)))

    def verify(self, day: str = "latest", publication: str = "", edition: int = 0) -> schemas.Verification:
        """Rebuilds an issue from the record and compares. `hotpapers verify` also checks the record itself."""
        return issues.verification(self._session, self._of_issue(day, publication, edition))

    def explain(
        self, paper: str, day: str = "latest", publication: str = "", edition: int = 0
    ) -> schemas.EntryExplanation:
        """How a paper's rank was calculated, by default in the latest issue with the paper."""
        arguments = {"paper": paper, "publication": publication, "day": day, "edition": edition}
        return issues.explanation(self._session, request_params.check_params(request_params.EntryParams, arguments))

    def freeze(
        self, day: str, publication: str | None = None, *, again: bool = False, reason: str = ""
    ) -> schemas.IssueDetails:
        """Freezes a day's issue, unless it is already frozen, like `hotpapers issue` without settings. `again`: freeze
        a new edition, which needs a `reason`."""
        chosen_publication = publication_of(self.record, publication)
        judge_and_freeze(self.record, chosen_publication, day, BotSettings(), again=again, reason=reason)
        return self.issue(day, chosen_publication.publication)

    @staticmethod
    def _of_issue(day: str, publication: str, edition: int) -> request_params.IssueParams:
        return request_params.check_params(
            request_params.IssueParams, {"publication": publication, "day": day, "edition": edition}
        )

    # ---- papers ------------------------------------------------------------------------------------------

    def paper(self, paper: str) -> schemas.PaperDetails:
        """A paper, by identifier or address: metadata, issues, attention over time."""
        return papers.paper(self._session, request_params.check_params(request_params.PaperParams, {"paper": paper}))

    def posts(self, paper: str, network: str = "") -> Iterator[schemas.PostDetails]:
        """The posts about a paper that may be shown, the latest first."""
        return self._paged(
            paper_posts.posts, request_params.PostsParams, lambda page: page.posts, paper=paper, network=network
        )

    def snapshots(self, paper: str, network: str = "") -> Iterator[schemas.PostCounts]:
        """The counts of these posts over time, the earliest first."""
        return self._paged(
            paper_posts.snapshots, request_params.PostsParams, lambda page: page.snapshots, paper=paper, network=network
        )

    def search(self, query: str) -> Iterator[schemas.SearchHit]:
        """Papers, best first, as `hotpapers search` finds them."""
        return self._paged(papers.search, request_params.SearchParams, lambda page: page.papers, q=query)

    # ---- the whole ---------------------------------------------------------------------------------------

    def status(self) -> schemas.SiteStatus:
        """The state of jobs and networks."""
        return status.status(self._session, request_params.NoParams())

    def export(
        self, format: Literal["jsonl", "parquet", "csv", "bibtex"] = "jsonl", *, records: bool = False
    ) -> Generator[bytes, None, None]:
        """The record in chunks, as `hotpapers export` writes it: in full, with the store's secret, or `records` only.

        It reads a snapshot of the store until it is exhausted or closed. Until then nothing can be frozen, searched or
        exported over the same connection, which raises BusyStore. Raises UsageError for an unknown format.
        """
        if format not in export_formats.EXPORTS:
            raise UsageError(f"format: {format!r} is not one of {', '.join(export_formats.EXPORTS)}")
        request = ExportRequest(records, terms.ids_only(self._session.terms))
        yield from export_formats.EXPORTS[format](self.record, request)

    def _paged(
        self, ask: Callable[[QuerySession, Any], Any], cls: type[request_params.Params], members: Callable[[Any],
        tuple[Item, ...]],
        **arguments: str,
    ) -> Iterator[Item]:  # fmt: skip
        """The members of all pages, fetched one page at a time."""
        params = request_params.check_params(cls, {**arguments, "limit": AT_ONCE})
        return self._members(ask, params, members)

    def _members(
        self,
        ask: Callable[[QuerySession, Any], Any],
        params: request_params.Params,
        members: Callable[[Any], tuple[Item, ...]],
    ) -> Iterator[Item]:
        page = ask(self._session, params)
        yield from members(page)
        while page.next:
            page = ask(self._session, msgspec.structs.replace(params, cursor=page.next))
            yield from members(page)
