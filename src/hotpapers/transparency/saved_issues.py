"""Reads a saved page, Markdown file, JSON file or API response, and checks whether its issue was in the log.

The proof covers the issue's content, the JSON whose SHA-256 is the digest. Pages and JSON files contain it; a Markdown
file needs the JSON file beside it. What a page shows is compared with the content as far as `ShownEntry` goes; an API
response is compared with the content and the papers' metadata.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from hotpapers.errors import InputError, NotAProof
from hotpapers.ids.timestamps import SECOND, minute_of
from hotpapers.model import Paper, Place
from hotpapers.store.commitments import canonical_json
from hotpapers.transparency import policies
from hotpapers.transparency.entries import issue_entry
from hotpapers.transparency.policies import LogPolicy
from hotpapers.transparency.proofs import TYPE, LogProof, parse_proof
from hotpapers.untrusted_json import BROKEN, decode_json, decode_once

CONTENT_TYPE = "application/vnd.hotpapers.issue+json"
"""The type of a page's data block with the content."""
LARGEST = 32 << 20
"""Largest file that is read, bytes."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SCORE = re.compile(r"Why here: ([\d,]+)(?: points?)?")  # earlier pages have no unit
_UNREADABLE = -1
"""A score that no entry has: what a page shows in its place is not a number."""
_MARKDOWN_ENTRY = re.compile(
    r"^## (\d{1,6})\. (?:(?:(?!^## ).)*?<https://arxiv\.org/abs/([^>\s]{1,64})>)?", re.M | re.S
)
"""An entry ends where the next one begins, so a file without addresses is scanned once, not once per heading. An entry
without an address counts, too: its paper is not in the issue."""
_MARKDOWN_DIGEST = re.compile(r"^Digest `([0-9a-f]{64})`", re.M)


class ShownEntry(NamedTuple):
    """The comparable data that a page shows of an entry. `score`: None if not shown."""

    place: int
    paper: str
    score: int | None


class SavedEntry(msgspec.Struct, frozen=True):
    """The part of a content's entry that is checked."""

    place: int
    paper: str
    score: int
    metadata: str


class SavedPublication(msgspec.Struct, frozen=True):
    """The publication of the issue."""

    publication: str


class SavedContent(msgspec.Struct, frozen=True):
    """The part of an issue's content that is checked."""

    publication: SavedPublication
    day: str
    edition: int
    entries: tuple[SavedEntry, ...]
    ongoing: tuple[SavedEntry, ...]


class SavedFile(msgspec.Struct, frozen=True):
    """`issue.json`: what an API response has too."""

    content: object
    proof: str
    metadata: dict[str, object] = {}


class SavedAnswer(SavedFile, frozen=True, kw_only=True):
    """An API response."""

    digest: str
    entries: tuple[dict[str, Any], ...]
    ongoing: tuple[dict[str, Any], ...] = ()


class SavedIssue(NamedTuple):
    """`digest`: computed from the content. `shown_digest`: the digest that the page shows, or empty. `shown`: None for
    a file that shows no entries. `metadata`: hashes of the metadata items in the file, by paper. `differences`: where
    an API response differs from its content."""

    content: SavedContent
    digest: str
    proof: LogProof
    shown_digest: str = ""
    shown: tuple[ShownEntry, ...] | None = None
    metadata: Mapping[str, str] = MappingProxyType({})
    differences: tuple[str, ...] = ()


class ProofVerdict(NamedTuple):
    """`problems`: empty if all checks passed. `witnesses`: names of the cosigners with the time, as text."""

    issue: SavedIssue
    problems: tuple[str, ...]
    witnesses: tuple[str, ...]


def read_saved(file: Path) -> SavedIssue:
    """Reads a saved file. Raises InputError if it is not an issue or has no proof."""
    try:
        with file.open("rb") as stream:  # a device or pipe has no size to check beforehand
            data = stream.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise InputError(f"larger than {LARGEST:,} bytes", file=str(file))
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise InputError("not UTF-8", file=str(file)) from problem
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=str(file)) from problem
    try:
        if file.suffix == ".json":
            return _of_json(text)
        return _of_markdown(text, file) if file.suffix == ".md" else _of_html(text)
    except InputError as problem:
        raise NotAProof(problem.reason, file=str(file)) from problem


def _of_json(text: str) -> SavedIssue:
    value = decode_once(text, dict[str, Any])
    saved = _converted(value, SavedFile)
    if not saved.proof:
        raise NotAProof("has no proof: the issue was not in a log when it was saved")
    hashes = {paper: hashlib.sha256(canonical_json(item)).hexdigest() for paper, item in saved.metadata.items()}
    content, digest = _content(canonical_json(saved.content))
    issue = SavedIssue(content, digest, parse_proof(saved.proof), metadata=hashes)
    if value.keys() <= set(SavedFile.__struct_fields__):
        return issue
    shown = _converted(value, SavedAnswer)
    items = {paper: _converted(item, Paper | Place) for paper, item in saved.metadata.items()}
    differing = tuple(differences(value, _converted(saved.content, dict[str, Any]), items))
    return issue._replace(shown_digest=shown.digest, differences=differing)


def _converted(value: object, type: Any) -> Any:
    """Converts a decoded value to a type. Raises InputError if it does not fit."""
    try:
        return msgspec.convert(value, type)
    except BROKEN as problem:
        raise InputError(str(problem)) from problem


def _content(data: bytes) -> tuple[SavedContent, str]:
    return decode_json(data, SavedContent), hashlib.sha256(data).hexdigest()


def _of_html(text: str) -> SavedIssue:
    page = _PageReader()
    try:
        page.feed(text.replace("\r\n", "\n").replace("\r", "\n"))  # HTML allows all three, and some programs save CR
    except AssertionError as problem:  # a declaration that the standard library's parser cannot handle
        raise NotAProof(f"not HTML: {problem}") from problem
    proof, content = page.blocks.get(TYPE, ""), page.blocks.get(CONTENT_TYPE, "")
    if not proof or not content:
        raise NotAProof("the page has no proof: it was published without a log, or saved without its data")
    data = canonical_json(decode_once(content, object))
    return SavedIssue(*_content(data), parse_proof(proof), page.digest, tuple(page.entries))


def _of_markdown(text: str, file: Path) -> SavedIssue:
    json_file = file.with_suffix(".json")
    if not json_file.is_file():
        raise NotAProof(f"the proof of a Markdown file is in {json_file.name} beside it, which is missing")
    digests = _MARKDOWN_DIGEST.findall(text)
    shown = tuple(ShownEntry(int(place), paper, None) for place, paper in _MARKDOWN_ENTRY.findall(text))
    return read_saved(json_file)._replace(shown_digest=digests[-1] if digests else "none", shown=shown)


class _PageReader(HTMLParser):
    """Reads a page's data blocks, its digest, and place, paper and score of each entry. Never runs scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: dict[str, str] = {}
        self.entries: list[ShownEntry] = []
        self.digest = ""
        self._inside: list[str] = []
        self._block = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Starts a block, an entry, a place, a score or a digest."""
        attributes = dict(reversed(attrs))  # of a repeated attribute, browsers take the first
        if tag == "script":
            self._block = attributes.get("type") or ""
            if self._block in self.blocks:
                raise NotAProof(f"the page has two blocks of the type {self._block}")
            if self._block:
                self.blocks[self._block] = ""
        elif tag == "article":
            self.entries.append(ShownEntry(0, attributes.get("id") or "", None))
        self._inside = [*self._inside[-8:], f"{tag}.{attributes.get('class') or ''}"]

    def handle_endtag(self, tag: str) -> None:
        """Ends an element."""
        self._inside = [*self._inside[-8:], ""]
        if tag == "script":
            self._block = ""

    def handle_data(self, data: str) -> None:
        """Reads an element's text."""
        if self._block:
            self.blocks[self._block] += data
        elif self._inside and self._inside[-1].startswith("code.") and _DIGEST.fullmatch(data.strip()):
            self.digest = data.strip()
        elif self.entries and data.startswith("Why here: ") and self._inside[-1] == "summary.":
            match = _SCORE.fullmatch(data)
            self.entries[-1] = self.entries[-1]._replace(score=_number(match[1]) if match else _UNREADABLE)
        elif self.entries and "p.place" in self._inside[-4:] and (place := _number(data)) is not None:
            self.entries[-1] = self.entries[-1]._replace(place=place)


def _number(text: str) -> int | None:
    digits = text.replace(",", "").strip()
    return int(digits) if digits.isdecimal() and digits.isascii() and len(digits) < 16 else None


# ---- the verdict -------------------------------------------------------------------------------------------


def check_saved(issue: SavedIssue, policy: LogPolicy) -> ProofVerdict:
    """Checks that an issue was in a log of a policy, that enough witnesses cosigned it, and that it is shown
    unchanged."""
    moments = policies.cosigners(policy, issue.proof.signed)
    cosignatures = [f"{name} {minute_of(at * SECOND)}" for name, at in moments.items() if at < 1 << 36]
    return ProofVerdict(issue, (*_log_problems(issue, policy, moments), *_page_problems(issue)), tuple(cosignatures))


def _log_problems(issue: SavedIssue, policy: LogPolicy, cosigners: dict[str, int]) -> Iterator[str]:
    origin = issue.proof.signed.checkpoint.origin
    if not policies.is_of_known_log(policy, issue.proof.signed):
        yield f"the checkpoint is not signed by a known log ({origin})"
    if not issue.proof.includes(issue_entry(issue.digest)):
        yield "the content is not in the log: the path does not lead to the checkpoint's root"
    for name in policies.invalid_signers(policy, issue.proof.signed, cosigners):
        yield f"the cosignature of {name} is invalid"
    if not policy.is_met(cosigners):
        yield f"only {len(cosigners)} of {len(policy.witnesses)} witnesses cosigned the checkpoint, which is not enough"


def _page_problems(issue: SavedIssue) -> Iterator[str]:
    entries = issue.content.entries
    if issue.shown_digest and issue.shown_digest != issue.digest:
        yield f"the page shows the digest {issue.shown_digest}, but its content has {issue.digest}"
    if issue.shown is not None:
        yield from _shown_problems(issue.shown, entries)
    for entry in (*entries, *issue.content.ongoing):
        if issue.metadata.get(entry.paper, entry.metadata) != entry.metadata:
            yield f"{entry.paper}: title, authors or abstract differ from the issue"
    papers = {entry.paper for entry in (*entries, *issue.content.ongoing)}
    yield from (
        f"{paper}: has metadata in the file but is not in the issue" for paper in sorted(issue.metadata.keys() - papers)
    )
    yield from issue.differences


def _shown_problems(shown: tuple[ShownEntry, ...], entries: tuple[SavedEntry, ...]) -> Iterator[str]:
    if len(shown) != len(entries):
        yield f"the page shows {len(shown)} papers, but the issue has {len(entries)}"
    for visible, entry in zip(shown, entries, strict=False):
        score = entry.score if visible.score is None else visible.score
        if (visible.place, _anchor(visible.paper), score) != (entry.place, _anchor(entry.paper), entry.score):
            yield f"place {entry.place} is {entry.paper} with {entry.score:,}; the page shows something else there"


def _anchor(paper: str) -> str:
    """The id of a paper's element on a page."""
    return paper.removeprefix("arxiv:").replace("/", "-")


# ---- API responses -----------------------------------------------------------------------------------------

ISSUE_FACTS = (
    "day", "edition", "from_at", "as_of", "position", "ranking", "choice", "compared", "announced", "considered",
    "readings", "earlier", "replaces", "reason",
)  # fmt: skip
"""Fields of an issue that a response has as in the content, except that absent ones are null in the response."""
PUBLICATION_FACTS = ("publication", "title", "window")
ENTRY_FACTS = (
    "place", "paper", "score", "voices", "tied", "classic_rank", "announced_at", "counts", "parts", "metadata"
)  # fmt: skip
PAPER_WORDS = ("title", "authors", "categories", "summary", "abstract")
PLACE_WORDS = ("title", "authors", "categories", "abstract")
"""Fields of a paper that a listing prints; if it prints no abstract, the abstract is the record's."""

Json = Mapping[str, Any]


def differences(answer: Json, content: Json, metadata: Mapping[str, Paper | Place]) -> Iterator[str]:
    """Where an API response differs from its content and its metadata. `answer` has lists of objects `entries` and
    `ongoing`, empty if absent; `content` has the shape of `IssueContent`."""
    both = {name: (answer, content) for name in ISSUE_FACTS} | {
        name: (answer, content["publication"]) for name in PUBLICATION_FACTS
    }
    yield from (
        f"the response shows another {name}" for name, (shown, stated) in both.items() if _differ(name, shown, stated)
    )
    for lane in ("entries", "ongoing"):
        papers = answer.get(lane, ())
        if len(papers) != len(content[lane]):
            yield f"the response shows {len(papers)} papers in {lane}, but the issue has {len(content[lane])}"
        for shown, entry in zip(papers, content[lane], strict=False):
            yield from _entry_differences(shown, entry, metadata)


def _entry_differences(shown: Json, entry: Json, metadata: Mapping[str, Paper | Place]) -> Iterator[str]:
    differing = [name for name in ENTRY_FACTS if _differ(name, shown, entry)]
    paper = entry["paper"]
    if entry["metadata"] and paper not in metadata:
        yield f"{paper}: nothing in the response proves title, authors and abstract"
    else:
        differing += _other_words(shown, metadata.get(paper) or Paper(paper=paper, title=paper, observed_at=0))
    if differing:
        yield f"{paper}: the response shows another {', '.join(differing)}"


def _other_words(shown: Json, item: Paper | Place) -> Sequence[str]:
    """The fields of a paper that differ from its metadata. Texts from a listing are shown with single spaces."""
    if isinstance(item, Paper):
        return [name for name in PAPER_WORDS if name in shown and shown[name] != _plain(getattr(item, name))]
    printed = {name: _plain(getattr(item, name)) for name in PLACE_WORDS}
    printed |= {name: " ".join(printed[name].split()) for name in ("title", "abstract")}
    return [name for name, value in printed.items() if value and name in shown and shown[name] != value]


def _plain(value: str | tuple[str, ...]) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _differ(name: str, shown: Json, stated: Json) -> bool:
    """Whether a shown field has another value. Compared as JSON, so 1 is not true."""
    return name in shown and canonical_json(shown[name]) != canonical_json(stated.get(name))
