"""An issue's place in the log, and the data that a page carries so that a saved copy can be checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hotpapers.issues.build import digest_of
from hotpapers.model import IssueContent, Paper, Place, PublishedIssue
from hotpapers.ranking.words import count_noun
from hotpapers.store.commitments import canonical_json
from hotpapers.transparency.proofs import TYPE
from hotpapers.transparency.saved_issues import CONTENT_TYPE
from hotpapers.transparency.site_logs import IssueProof, PublicationLogs

PROOF_FILE, CONTENT_FILE = "issue.tlog-proof", "issue.json"
"""The files beside an issue's page."""


class IssueProofView(NamedTuple):
    """`proof`, `content`: the text of the page's two data blocks, which cannot contain the end of a block."""

    words: str
    proof: str
    content: str
    proof_type: str = TYPE
    content_type: str = CONTENT_TYPE


def issue_proof_view(issue: PublishedIssue, logs: PublicationLogs | None) -> IssueProofView | None:
    """The proof data for a page; None while the log does not contain the issue."""
    proved = proved_issue(issue, logs)
    if proved is None:
        return None
    content = canonical_json(proved.content).decode().replace("<", "\\u003c")
    return IssueProofView(_words(proved.proof), proved.text, content)


def issue_json(issue: PublishedIssue, logs: PublicationLogs | None) -> bytes:
    """An issue with its proof as one JSON file: `content`, `metadata` and `proof` of `ProvedIssue`. Empty while the log
    does not contain the issue."""
    proved = proved_issue(issue, logs)
    if proved is None:
        return b""
    return canonical_json({"content": proved.content, "metadata": proved.metadata, "proof": proved.text}) + b"\n"


class ProvedIssue(NamedTuple):
    """What is needed to check a saved copy. `content`: its SHA-256 is the digest. `metadata`: the items whose hashes
    are in the entries, by paper: title, authors, abstract; for a listing, what it printed."""

    content: IssueContent
    metadata: Mapping[str, Paper | Place]
    proof: IssueProof

    @property
    def text(self) -> str:
        return str(self.proof.proof)


def proved_issue(issue: PublishedIssue, logs: PublicationLogs | None) -> ProvedIssue | None:
    """An issue with its proof. None while the log does not contain the issue, or if its content does not match the
    digest, since an older program may have encoded it differently."""
    proof = logs.proof(issue.digest) if logs else None
    if proof is None or "<" in str(proof.proof):  # could end its data block in a page
        return None
    if digest_of(issue.content) != issue.digest:
        return None
    entries = {entry.paper: entry.metadata for entry in (*issue.content.entries, *issue.content.ongoing)}
    items = {paper: issue.places.get(paper) or issue.papers[paper] for paper in entries}
    return ProvedIssue(
        issue.content, {paper: item for paper, item in items.items() if digest_of(item) == entries[paper]}, proof
    )


def _words(proof: IssueProof) -> str:
    """`leaf 7 of papers.example/log/daily/1, cosigned by 2 witnesses: a, b`."""
    leaf = f"leaf {proof.proof.leaf} of {proof.proof.signed.checkpoint.origin}"
    if not proof.witnesses:
        return leaf if proof.complete else f"{leaf}, not yet cosigned"
    amount = count_noun(len(proof.witnesses), "witness", "witnesses")
    cosigned = f"{leaf}, cosigned by {amount}: {', '.join(proof.witnesses)}"
    return cosigned if proof.complete else f"{cosigned}; not yet by enough"
