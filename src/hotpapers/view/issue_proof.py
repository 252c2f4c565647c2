"""What a page says of an issue's place in the log, and what it carries so that a saved copy can be checked."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import msgspec

from hotpapers.model import Paper, Place, PublishedIssue
from hotpapers.ranking.words import count_noun
from hotpapers.store.commitments import canonical_json
from hotpapers.transparency.proofs import TYPE
from hotpapers.transparency.saved_issues import CONTENT_TYPE
from hotpapers.transparency.site_logs import IssueProof, PublicationLogs

PROOF_FILE, CONTENT_FILE = "issue.tlog-proof", "issue.json"
"""The files beside an issue's page."""


class IssueProofView(NamedTuple):
    """`proof`, `content`: what stands in the page's two data blocks, in which nothing can end a block."""

    words: str
    proof: str
    content: str
    proof_type: str = TYPE
    content_type: str = CONTENT_TYPE


def issue_proof_view(issue: PublishedIssue, logs: PublicationLogs | None) -> IssueProofView | None:
    """What a page carries; None while the log does not hold the issue."""
    proved = _proved(issue, logs)
    if proved is None:
        return None
    proof, content = proved
    return IssueProofView(_words(proof), str(proof.proof), content.decode().replace("<", "\\u003c"))


def proof_text(issue: PublishedIssue, logs: PublicationLogs | None) -> str:
    """The proof as a file; empty while the log does not hold the issue."""
    proved = _proved(issue, logs)
    return str(proved[0].proof) if proved else ""


def issue_json(issue: PublishedIssue, logs: PublicationLogs | None) -> bytes:
    """An issue with its proof as one JSON file: `content`, whose SHA-256 is the digest; `metadata`, the items of which
    the entries name the hashes: title, authors, abstract; `proof`. Empty while the log does not hold the issue."""
    proved = _proved(issue, logs)
    if proved is None:
        return b""
    proof, content = proved
    entries = (*issue.content.entries, *issue.content.ongoing)
    items = {entry.paper: canonical_json(_item(issue, entry.paper)) for entry in entries}
    hashes = {entry.paper: entry.metadata for entry in entries}
    metadata = {
        paper: msgspec.Raw(item) for paper, item in items.items() if hashlib.sha256(item).hexdigest() == hashes[paper]
    }
    return canonical_json({"content": msgspec.Raw(content), "metadata": metadata, "proof": str(proof.proof)}) + b"\n"


def _item(issue: PublishedIssue, paper: str) -> Paper | Place:
    """What an entry's hash of its metadata is of: in a listing what that printed."""
    return issue.places.get(paper) or issue.papers[paper]


def _proved(issue: PublishedIssue, logs: PublicationLogs | None) -> tuple[IssueProof, bytes] | None:
    """The proof and the content, where that is what the digest says: what an older program froze may be written
    otherwise."""
    proof = logs.proof(issue.digest) if logs else None
    if proof is None or "<" in str(proof.proof):  # in a page it would end its data block
        return None
    content = canonical_json(issue.content)
    return (proof, content) if hashlib.sha256(content).hexdigest() == issue.digest else None


def _words(proof: IssueProof) -> str:
    """`leaf 7 of papers.example/log/daily/1, cosigned by 2 witnesses: a, b`."""
    leaf = f"leaf {proof.proof.leaf} of {proof.proof.signed.checkpoint.origin}"
    if not proof.witnesses:
        return leaf if proof.complete else f"{leaf}, not yet cosigned"
    amount = count_noun(len(proof.witnesses), "witness", "witnesses")
    cosigned = f"{leaf}, cosigned by {amount}: {', '.join(proof.witnesses)}"
    return cosigned if proof.complete else f"{cosigned}; not yet by enough"
