"""A saved page, Markdown file, JSON or answer of the API: what it says, and whether that is what stood in the log.

What is proved is the issue's content: the JSON of which the digest is the SHA-256. A page and a JSON file carry it; a
Markdown file has the JSON beside it. What a page shows is compared with it as far as `ShownEntry` goes; what an
answer of the API shows, with it and with the papers' metadata.
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
"""What a page calls the content that it holds."""
LARGEST = 32 << 20
"""Bytes of a file that is still read."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MARKDOWN_ENTRY = re.compile(
    r"^## (\d{1,6})\. (?:(?:(?!^## ).)*?<https://arxiv\.org/abs/([^>\s]{1,64})>)?", re.M | re.S
)
"""An entry ends where the next one begins, so a file without addresses is read once, not once for each heading. One
without an address is an entry too: of no paper that the issue has."""
_MARKDOWN_DIGEST = re.compile(r"^Digest `([0-9a-f]{64})`", re.M)


class ShownEntry(NamedTuple):
    """What a page shows of an entry that can be compared. `score`: None where it shows none."""

    place: int
    paper: str
    score: int | None


class SavedEntry(msgspec.Struct, frozen=True):
    """The part of an entry of the content that is looked at."""

    place: int
    paper: str
    score: int
    metadata: str


class SavedPublication(msgspec.Struct, frozen=True):
    """Whose issue it is."""

    publication: str


class SavedContent(msgspec.Struct, frozen=True):
    """The part of an issue's content that is looked at."""

    publication: SavedPublication
    day: str
    edition: int
    entries: tuple[SavedEntry, ...]
    ongoing: tuple[SavedEntry, ...]


class SavedFile(msgspec.Struct, frozen=True):
    """`issue.json`, or an answer of the API, which has the same three fields. `entries`: None in what shows none."""

    content: object
    proof: str
    metadata: dict[str, object] = {}
    digest: str = ""
    entries: tuple[dict[str, Any], ...] | None = None
    ongoing: tuple[dict[str, Any], ...] = ()


class SavedIssue(NamedTuple):
    """`digest`: computed from the content. `shown_digest`: the one that the page shows; empty where it shows none.
    `shown`: None for a file that shows nothing. `metadata`: hashes of the items beside it, by paper. `differences`:
    what an answer of the API shows otherwise than its content."""

    content: SavedContent
    digest: str
    proof: LogProof
    shown_digest: str = ""
    shown: tuple[ShownEntry, ...] | None = None
    metadata: Mapping[str, str] = MappingProxyType({})
    differences: tuple[str, ...] = ()


class ProofVerdict(NamedTuple):
    """`problems`: empty where everything holds. `witnesses`: who cosigned, with the moment, in words."""

    issue: SavedIssue
    problems: tuple[str, ...]
    witnesses: tuple[str, ...]


def read_saved(file: Path) -> SavedIssue:
    """What a saved file holds. Raises InputError for one that is no issue, or carries no proof."""
    try:
        with file.open("rb") as stream:  # a device or a pipe has no size that could be asked for
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
        raise NotAProof("carries no proof: no log held the issue when it was saved")
    hashes = {paper: hashlib.sha256(canonical_json(item)).hexdigest() for paper, item in saved.metadata.items()}
    content, digest = _content(canonical_json(saved.content))
    issue = SavedIssue(content, digest, parse_proof(saved.proof), saved.digest, metadata=hashes)
    if saved.entries is None:
        return issue
    items = {paper: _converted(item, Paper | Place) for paper, item in saved.metadata.items()}
    return issue._replace(differences=tuple(differences(value, _converted(saved.content, dict[str, Any]), items)))


def _converted(value: object, type: Any) -> Any:
    """A decoded value as a type. Raises InputError for one that is none."""
    try:
        return msgspec.convert(value, type)
    except BROKEN as problem:
        raise InputError(str(problem)) from problem


def _content(data: bytes) -> tuple[SavedContent, str]:
    return decode_json(data, SavedContent), hashlib.sha256(data).hexdigest()


def _of_html(text: str) -> SavedIssue:
    page = _PageReader()
    try:
        page.feed(text.replace("\r\n", "\n").replace("\r", "\n"))  # as HTML has it: some programs save so
    except AssertionError as problem:  # a declaration that the parser of the standard library gives up on
        raise NotAProof(f"not HTML: {problem}") from problem
    proof, content = page.blocks.get(TYPE, ""), page.blocks.get(CONTENT_TYPE, "")
    if not proof or not content:
        raise NotAProof("the page carries no proof: it was published without a log, or saved without its data")
    data = canonical_json(decode_once(content, object))
    return SavedIssue(*_content(data), parse_proof(proof), page.digest, tuple(page.entries))


def _of_markdown(text: str, file: Path) -> SavedIssue:
    beside = file.with_suffix(".json")
    if not beside.is_file():
        raise NotAProof(f"the proof of a Markdown file is the file beside it, {beside.name}, which is not there")
    digests = _MARKDOWN_DIGEST.findall(text)
    shown = tuple(ShownEntry(int(place), paper, None) for place, paper in _MARKDOWN_ENTRY.findall(text))
    return read_saved(beside)._replace(shown_digest=digests[-1] if digests else "none", shown=shown)


class _PageReader(HTMLParser):
    """Reads a page's data blocks, its digest, and place, paper and score of each entry. Nothing in it is run."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: dict[str, str] = {}
        self.entries: list[ShownEntry] = []
        self.digest = ""
        self._inside: list[str] = []
        self._block = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Where a block, an entry, a place, a score or a digest begins."""
        attributes = dict(attrs)
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
        """Where it ends."""
        self._inside = [*self._inside[-8:], ""]
        if tag == "script":
            self._block = ""

    def handle_data(self, data: str) -> None:
        """What stands in it."""
        if self._block:
            self.blocks[self._block] += data
        elif self._inside and self._inside[-1].startswith("code.") and _DIGEST.fullmatch(data.strip()):
            self.digest = data.strip()
        elif self.entries and data.startswith("Why here: ") and self._inside[-1] == "summary.":
            self.entries[-1] = self.entries[-1]._replace(score=_number(data.removeprefix("Why here: ")))
        elif self.entries and "p.place" in self._inside[-4:] and (place := _number(data)) is not None:
            self.entries[-1] = self.entries[-1]._replace(place=place)


def _number(text: str) -> int | None:
    digits = text.replace(",", "").strip()
    return int(digits) if digits.isdecimal() and digits.isascii() and len(digits) < 16 else None


# ---- the verdict -------------------------------------------------------------------------------------------


def check_saved(issue: SavedIssue, policy: LogPolicy) -> ProofVerdict:
    """Whether an issue stood in a log of a policy, which enough of its witnesses saw, and is shown as it was."""
    moments = policies.cosigners(policy, issue.proof.signed)
    words = [f"{name} {minute_of(at * SECOND)}" for name, at in moments.items() if at < 1 << 36]
    return ProofVerdict(issue, (*_log_problems(issue, policy, moments), *_page_problems(issue)), tuple(words))


def _log_problems(issue: SavedIssue, policy: LogPolicy, cosigners: dict[str, int]) -> Iterator[str]:
    origin = issue.proof.signed.checkpoint.origin
    if not policies.is_of_known_log(policy, issue.proof.signed):
        yield f"the checkpoint is not signed by a known log ({origin})"
    if not issue.proof.includes(issue_entry(issue.digest)):
        yield "the content is not what stood in the log: the path does not lead to the checkpoint's root"
    for name in policies.invalid_signers(policy, issue.proof.signed, cosigners):
        yield f"the cosignature of {name} is not its own"
    if not policy.is_met(cosigners):
        yield f"{len(cosigners)} of {len(policy.witnesses)} witnesses cosigned the checkpoint, and these are not enough"


def _page_problems(issue: SavedIssue) -> Iterator[str]:
    entries = issue.content.entries
    if issue.shown_digest and issue.shown_digest != issue.digest:
        yield f"the page shows the digest {issue.shown_digest}, its content has {issue.digest}"
    if issue.shown is not None:
        yield from _shown_problems(issue.shown, entries)
    for entry in (*entries, *issue.content.ongoing):
        if issue.metadata.get(entry.paper, entry.metadata) != entry.metadata:
            yield f"{entry.paper}: title, authors or abstract are not those of the issue"
    papers = {entry.paper for entry in (*entries, *issue.content.ongoing)}
    yield from (
        f"{paper}: has a title beside the issue, and is not in it" for paper in sorted(issue.metadata.keys() - papers)
    )
    yield from issue.differences


def _shown_problems(shown: tuple[ShownEntry, ...], entries: tuple[SavedEntry, ...]) -> Iterator[str]:
    if len(shown) != len(entries):
        yield f"the page shows {len(shown)} papers, the issue has {len(entries)}"
    for visible, entry in zip(shown, entries, strict=False):
        score = entry.score if visible.score is None else visible.score
        if (visible.place, _anchor(visible.paper), score) != (entry.place, _anchor(entry.paper), entry.score):
            yield f"place {entry.place} is {entry.paper} with {entry.score:,}; the page shows something else there"


def _anchor(paper: str) -> str:
    """A paper as a page's element is called."""
    return paper.removeprefix("arxiv:").replace("/", "-")


# ---- answers of the API ------------------------------------------------------------------------------------

ISSUE_FACTS = (
    "day", "edition", "from_at", "as_of", "position", "ranking", "choice", "compared", "announced", "considered",
    "readings", "earlier", "replaces", "reason",
)  # fmt: skip
"""What an answer tells of an issue as the content has it, but for what is absent there and null here."""
PUBLICATION_FACTS = ("publication", "title", "window")
ENTRY_FACTS = (
    "place", "paper", "score", "voices", "tied", "classic_rank", "announced_at", "counts", "parts", "metadata"
)  # fmt: skip
PAPER_WORDS = ("title", "authors", "categories", "summary", "abstract")
PLACE_WORDS = ("title", "authors", "categories", "abstract")
"""What a listing printed of a paper; an abstract that it did not print is the record's."""

Json = Mapping[str, Any]


def differences(answer: Json, content: Json, metadata: Mapping[str, Paper | Place]) -> Iterator[str]:
    """What an answer shows otherwise than its content and the metadata beside it. `answer` has lists of objects
    `entries` and `ongoing`; `content` has the shape of `IssueContent`."""
    both = {name: (answer, content) for name in ISSUE_FACTS} | {
        name: (answer, content["publication"]) for name in PUBLICATION_FACTS
    }
    yield from (
        f"the answer shows another {name}" for name, (shown, stated) in both.items() if _differ(name, shown, stated)
    )
    for lane in ("entries", "ongoing"):
        if len(answer[lane]) != len(content[lane]):
            yield f"the answer shows {len(answer[lane])} papers in {lane}, the issue has {len(content[lane])}"
        for shown, entry in zip(answer[lane], content[lane], strict=False):
            yield from _entry_differences(shown, entry, metadata)


def _entry_differences(shown: Json, entry: Json, metadata: Mapping[str, Paper | Place]) -> Iterator[str]:
    wrong = [name for name in ENTRY_FACTS if _differ(name, shown, entry)]
    paper = entry["paper"]
    if entry["metadata"] and paper not in metadata:
        yield f"{paper}: nothing in the answer proves title, authors and abstract"
    else:
        wrong += _other_words(shown, metadata.get(paper) or Paper(paper=paper, title=paper, observed_at=0))
    if wrong:
        yield f"{paper}: the answer shows another {', '.join(wrong)}"


def _other_words(shown: Json, item: Paper | Place) -> Sequence[str]:
    """The words of a paper that are not those of its metadata. What a listing printed is shown with single blanks."""
    if isinstance(item, Paper):
        return [name for name in PAPER_WORDS if name in shown and shown[name] != _plain(getattr(item, name))]
    printed = {name: _plain(getattr(item, name)) for name in PLACE_WORDS}
    printed |= {name: " ".join(printed[name].split()) for name in ("title", "abstract")}
    return [name for name, value in printed.items() if value and name in shown and shown[name] != value]


def _plain(value: str | tuple[str, ...]) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _differ(name: str, shown: Json, stated: Json) -> bool:
    """Whether a field that is shown has another value, compared as JSON: 1 is not true."""
    return name in shown and canonical_json(shown[name]) != canonical_json(stated.get(name))
