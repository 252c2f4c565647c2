"""An issue's place in the log, and the data that a page carries so that a saved copy can be checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hotpapers.base.model import IssueContent, Paper, Place, PublishedIssue
from hotpapers.issues.build import digest_of
from hotpapers.issues.ranking.words import count_noun
from hotpapers.record.commitments import canonical_json
from hotpapers.wings.proof.proofs import TYPE, LogProof
from hotpapers.wings.proof.saved_issues import CONTENT_TYPE

PROOF_FILE, CONTENT_FILE = "issue.tlog-proof", "issue.json"
"""The files beside an issue's page."""


class IssueProof(NamedTuple):
    """A proof, and the witnesses of the policy that cosigned its checkpoint. `complete`: whether they are enough."""

    proof: LogProof
    witnesses: tuple[str, ...]
    complete: bool


class ProvedIssue(NamedTuple):
    """What is needed to check a saved copy. `content`: its SHA-256 is the digest. `metadata`: the items whose hashes
    are in the entries, by paper: title, authors, abstract; for a listing, what it printed."""

    content: IssueContent
    metadata: Mapping[str, Paper | Place]
    proof: IssueProof

    @property
    def text(self) -> str:
        return str(self.proof.proof)

    @property
    def words(self) -> str:
        """`leaf 7 of papers.example/log/daily/1, cosigned by 2 witnesses: a, b`."""
        leaf = f"leaf {self.proof.proof.leaf} of {self.proof.proof.signed.checkpoint.origin}"
        if not self.proof.witnesses:
            return leaf if self.proof.complete else f"{leaf}, not yet cosigned"
        amount = count_noun(len(self.proof.witnesses), "witness", "witnesses")
        cosigned = f"{leaf}, cosigned by {amount}: {', '.join(self.proof.witnesses)}"
        return cosigned if self.proof.complete else f"{cosigned}; not yet by enough"

    @property
    def blocks(self) -> tuple[tuple[str, str], ...]:
        """(type, text) of the page's data blocks."""
        content = canonical_json(self.content).decode().replace("<", "\\u003c")
        return (TYPE, self.text), (CONTENT_TYPE, content)

    @property
    def file(self) -> bytes:
        """All of it as one JSON file."""
        return canonical_json({"content": self.content, "metadata": self.metadata, "proof": self.text}) + b"\n"


def proved_issue(issue: PublishedIssue, proof: IssueProof | None) -> ProvedIssue | None:
    """An issue with its proof. None without a proof, or if its content does not match the digest, since an older
    program may have encoded it differently."""
    if proof is None or "<" in str(proof.proof):  # could end its data block in a page
        return None
    if digest_of(issue.content) != issue.digest:
        return None
    entries = {entry.paper: entry.metadata for entry in (*issue.content.entries, *issue.content.ongoing)}
    items = {paper: issue.places.get(paper) or issue.papers[paper] for paper in entries}
    return ProvedIssue(
        issue.content, {paper: item for paper, item in items.items() if digest_of(item) == entries[paper]}, proof
    )
