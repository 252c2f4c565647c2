"""The session for answering queries: a record, its networks' terms, and its issues as they are now.

A session belongs to one thread, as the record's connection does. Programs with several threads need one for each.
"""

from __future__ import annotations

from typing import NamedTuple

from hotpapers.base import network_terms
from hotpapers.base.errors import NotFound, UsageError
from hotpapers.base.model import Publication, SiteProofs, is_retrospective
from hotpapers.base.papers import paper_servers
from hotpapers.base.papers.mentions.server_mentions import paper_or_doi
from hotpapers.discussion.moderation.quotation_policy import Blocklist, load_blocklist
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.record import Record


class SessionState(NamedTuple):
    """The record's last batch; what the operator never quotes, and the versions of the proofs, which change even while
    nothing is written."""

    position: int
    blocked: Blocklist
    proofs: tuple[object, ...]


NEVER_READ = SessionState(-1, Blocklist(), ())
"""Before the first look at a record."""


class QuerySession:
    """The source of every answer. `public`: the queries come from the public, not from the operator. `proofs`: the
    proofs of issues; None if none are kept. `address`: where readers find the site; empty if they can't."""

    def __init__(
        self,
        record: Record,
        allowed: network_terms.Table = network_terms.TERMS,
        *,
        public: bool = False,
        proofs: SiteProofs | None = None,
        address: str = "",
    ) -> None:
        self.address = address
        self.record = record
        self.terms = allowed
        self.public = public
        self.proofs = proofs
        self._quoted: tuple[object, tuple[int, Blocklist]] | None = None
        self._cached: tuple[tuple[int, Blocklist], RecordIssueReader] | None = None

    @property
    def position(self) -> int:
        """The last batch. While it is unchanged, so are all answers read from the record alone."""
        return self.record.head.position

    @property
    def state(self) -> SessionState:
        """While it is unchanged, so are all answers except those that depend on the time."""
        return SessionState(*self._quoted_state(), self.proofs.versions if self.proofs else ())

    def _quoted_state(self) -> tuple[int, Blocklist]:
        version = self.record.database.version()  # before reading: a later change must show
        if self._quoted is None or version is None or self._quoted[0] != version:
            self._quoted = version, (self.position, load_blocklist(self.record.database))
        return self._quoted[1]

    def issue_reader(self) -> RecordIssueReader:
        """An issue reader, reused until somebody writes to the record, forgets something or blocks quotations."""
        state = self._quoted_state()
        if self._cached is None or self._cached[0] != state:
            self._cached = (state, RecordIssueReader(self.record, self.terms))
        return self._cached[1]

    def publication(self, name: str) -> Publication:
        """The publication with this name, or the only one if `name` is empty. Raises NotFound, UsageError."""
        by_name = {item.publication: item for item in self.issue_reader().publications()}
        if name and name not in by_name:
            raise NotFound(f"publication: {name!r} does not exist; there are: {', '.join(by_name) or 'none'}")
        by_name = {key: item for key, item in by_name.items() if key == name or not is_retrospective(key)}
        if not by_name:
            raise NotFound("there is no publication yet")
        if not name and len(by_name) > 1:
            raise UsageError(f"publication: give its name, as there are several: {', '.join(by_name)}")
        return by_name[name] if name else next(iter(by_name.values()))

    def day(self, publication: str, day: str) -> str:
        """The day, or for `latest` the latest day with a frozen issue. Raises NotFound."""
        if day != "latest":
            return day
        days = self.issue_reader().days(publication)
        if not days:
            raise NotFound(f"{publication}: there is no frozen issue yet")
        return days[-1]


def paper_key(text: str) -> str:
    """A paper's key, from any common form of its identifier or address. Raises NotAnArxivId."""
    return paper_or_doi(text)


def bare_id(key: str) -> str:
    """The id in a paper's key, as readers know it."""
    return paper_servers.paper_id(key)
