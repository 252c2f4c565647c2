"""Reads a saved page, Markdown file or JSON file, and checks whether its issue was in the log.

The proof covers the issue's content, the JSON whose SHA-256 is the digest. Pages and JSON files contain it; a Markdown
file needs the JSON file beside it. What a page shows is compared with the content as far as `ShownEntry` goes. A JSON
file must have nothing besides.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from hotpapers.base.errors import InputError, NotAProof
from hotpapers.base.model import Entry, IssueContent
from hotpapers.base.papers import arxiv, paper_servers
from hotpapers.base.papers.mentions.server_mentions import find_papers
from hotpapers.base.text.timestamps import SECOND, minute_of
from hotpapers.base.untrusted_json import decode_json, refuse_repeated_names
from hotpapers.publish.render.markdown import markdown_link
from hotpapers.publish.view import site_paths
from hotpapers.record.commitments import canonical_json
from hotpapers.wings.proof import notes, policies
from hotpapers.wings.proof.entries import issue_entry

PAGE, CONTENT, PROOF = "index.html", "issue.json", "issue.tlog-proof"
"""The files of an issue that are checked."""
CONTENT_TYPE = "application/vnd.hotpapers.issue+json"
"""The type of a page's data block with the content."""
MAX_FILE_BYTES = 8_000_000
"""Largest file that is read, bytes: a page of thirty papers has 80,000."""
MAX_TAGS, MAX_TAGS_CHARS = 200_000, 1_000_000
"""Most tags of a page, and most characters in them: each tag and attribute takes the parser some microseconds."""
ONLY_PROVED = "keep what is proved: jq '{content, metadata, proof}' answer.json > issue.json"
MAX_NAMED_CHARS = 100
MAX_VALUES = 500_000
"""Most lists, objects and names in JSON: an issue's are mostly the counts of its peers, some ten thousand."""
MAX_FRACTIONS = 20_000
"""Most fractions in JSON, of which an issue has none: one can take the decoder 20 microseconds."""
_FRACTION = re.compile(r"[0-9][.eE][-+]?[0-9]")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SCORE = re.compile(r"(?:Why here: )?([\d,]+)(?: points?)?")  # earlier pages have no unit
_SUMS = frozenset({"summary.", "td.sum", "span.sum", "span.points"})
"""The elements in which a page shows a score; the first one on earlier pages."""
_UNREADABLE = -1
"""A score that no entry has: what a page shows in its place is not a number."""
_MARKDOWN_HEADING = "\n## "
_MARKDOWN_LINE = re.compile(r"^([0-9]{1,6})\. (?=\[)", re.M)
_MARKDOWN_PLACE = re.compile(r"([0-9]{1,6})\. ")
_MARKDOWN_ADDRESS = re.compile(r"<https://arxiv\.org/abs/([^>\s]{1,64})>")
_ARXIV_LINKS, _ID_LINK = ("abs", "pdf", "html"), "arXiv:"
"""The links of an entry whose addresses are compared; the first one's text may also begin so and name the paper."""
_MARKDOWN_DIGEST = re.compile(r"^Digest `([0-9a-f]{64})`", re.M)


class ShownEntry(msgspec.Struct):
    """The comparable data that a page shows of an entry. `score`: None if not shown. `linked`: the papers that its
    links to arXiv lead to."""

    place: int
    paper: str
    score: int | None = None
    linked: frozenset[str] = frozenset()


class SavedFile(msgspec.Struct, frozen=True):
    """`issue.json`. An API response has these fields, and others."""

    content: object
    proof: str
    metadata: dict[str, object] = {}


class SavedIssue(NamedTuple):
    """`digest`: computed from the content. `shown_digest`: the digest that the page shows, or empty. `shown`: None for
    a file that shows no entries. `ongoing`: the papers shown as still talked about. `metadata`: hashes of the metadata
    items in the file, by paper."""

    content: IssueContent
    digest: str
    proof: notes.LogProof
    shown_digest: str = ""
    shown: tuple[ShownEntry, ...] | None = None
    ongoing: tuple[str, ...] = ()
    metadata: Mapping[str, str] = MappingProxyType({})


class ProofVerdict(NamedTuple):
    """`problems`: empty if all checks passed. `witnesses`: names of the cosigners with the time, as text."""

    issue: SavedIssue
    problems: tuple[str, ...]
    witnesses: tuple[str, ...]


def read_saved(file: Path) -> SavedIssue:
    """Reads a saved file. Raises NotAProof if it is not an issue or has no proof."""
    try:
        with file.open("rb") as stream:  # a device or pipe has no size to check beforehand
            data = stream.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise InputError(f"larger than {MAX_FILE_BYTES:,} bytes")
        text = data.decode("utf-8")
        if file.suffix == ".json":
            return _of_json(text)
        return _of_markdown(text, file) if file.suffix == ".md" else _of_html(text)
    except UnicodeDecodeError as problem:
        raise NotAProof("not UTF-8", file=str(file)) from problem
    except OSError as problem:
        raise NotAProof(f"cannot be read: {problem.strerror}", file=str(file)) from problem
    except InputError as problem:
        raise NotAProof(problem.reason, file=str(file)) from problem


def _of_json(text: str) -> SavedIssue:
    value = _decoded(text)
    saved = decode_json(text, SavedFile)
    if further := sorted(value.keys() - set(SavedFile.__struct_fields__)):
        raise NotAProof(f"has fields that no proof covers ({', '.join(further)[:MAX_NAMED_CHARS]}): {ONLY_PROVED}")
    if not saved.proof:
        raise NotAProof("has no proof: the issue was not in a log when it was saved")
    hashes = {paper: hashlib.sha256(canonical_json(item)).hexdigest() for paper, item in saved.metadata.items()}
    content, digest = _content(canonical_json(saved.content))
    return SavedIssue(content, digest, notes.parse_proof(saved.proof), metadata=hashes)


def _decoded(text: str) -> Any:
    if text.count("[") + text.count("{") + text.count('":') > MAX_VALUES:
        raise NotAProof(f"has more than {MAX_VALUES:,} lists, objects and names")
    if next(islice(_FRACTION.finditer(text), MAX_FRACTIONS, None), None):
        raise NotAProof(f"has more than {MAX_FRACTIONS:,} fractions")
    value = decode_json(text, object)
    refuse_repeated_names(text)
    return value


def _content(data: bytes) -> tuple[IssueContent, str]:
    return decode_json(data, IssueContent), hashlib.sha256(data).hexdigest()


def _of_html(text: str) -> SavedIssue:
    if text.count("<") > MAX_TAGS:
        raise NotAProof(f"the page has more than {MAX_TAGS:,} tags")
    page = _PageReader()
    try:
        page.feed(text.replace("\r\n", "\n").replace("\r", "\n"))  # HTML allows all three, and some programs save CR
    except (AssertionError, ValueError) as problem:  # declarations and references that the parser cannot handle
        raise NotAProof(f"not HTML: {problem}") from problem
    proof, content = ("".join(page.blocks.get(type, ())) for type in (notes.PROOF_TYPE, CONTENT_TYPE))
    if not proof or not content:
        raise NotAProof("the page has no proof: it was published without a log, or saved without its data")
    data = canonical_json(_decoded(content))
    return SavedIssue(*_content(data), notes.parse_proof(proof), page.digest, tuple(page.entries), tuple(page.ongoing))


def _of_markdown(text: str, file: Path) -> SavedIssue:
    json_file = file.with_suffix(".json")
    if not json_file.is_file():
        raise NotAProof(f"the proof of a Markdown file is in {json_file.name} beside it, which is missing")
    *_, digest = ("none", *_MARKDOWN_DIGEST.findall(text))
    issue = read_saved(json_file)
    return issue._replace(shown_digest=digest, shown=tuple(_shown_in_markdown(text, issue.content)))


def _shown_in_markdown(text: str, content: IssueContent) -> Iterator[ShownEntry]:
    entries = iter(content.listed)
    for section in f"\n{text}".split(_MARKDOWN_HEADING)[1:]:
        if place := _MARKDOWN_PLACE.match(section):
            yield ShownEntry(int(place[1]), _linked_paper(section, next(entries, None)))
        for line in _MARKDOWN_LINE.finditer(section):  # of the papers that are listed in a line each
            rest = section[line.end() : section.find("\n", line.end()) + 1 or len(section)]
            yield ShownEntry(int(line[1]), _linked_paper(rest, next(entries, None)))


def _linked_paper(text: str, entry: Entry | None) -> str:
    """The paper to whose page a part of a Markdown file leads; empty for one that is not in the issue."""
    if entry and not arxiv.is_key(entry.paper):
        return entry.paper if markdown_link("", site_paths.abs_url(entry.paper))[1:] in text else ""
    address = _MARKDOWN_ADDRESS.search(text)
    return address[1] if address else ""


class _PageReader(HTMLParser):
    """Reads a page's data blocks, its digest, and place, paper and score of each entry. Never runs scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: dict[str, list[str]] = {}
        self.entries = list[ShownEntry]()
        self.ongoing = list[str]()
        self._inside = deque([""], 4)
        self.digest = self._block = self._target = ""
        self._in_tags = 0
        self._is_ongoing = self._is_further = self._in_links = False

    def parse_starttag(self, i: int) -> int:
        """Refuses endless lists of attributes before they are read."""
        self._in_tags += max(self.check_for_whole_start_tag(i) - i, 0)
        if self._in_tags > MAX_TAGS_CHARS:
            raise NotAProof(f"the page's tags have more than {MAX_TAGS_CHARS:,} characters")
        return super().parse_starttag(i)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Starts a block, an entry, a place, a score or a digest."""
        attributes = dict(reversed(attrs))  # of a repeated attribute, browsers take the first
        if tag == "script":
            self._block = attributes.get("type") or ""
            if self._block in self.blocks:
                raise NotAProof(f"the page has two blocks of the type {self._block}")
            if self._block:
                self.blocks[self._block] = []
        elif tag == "article":
            self.entries.append(ShownEntry(0, attributes.get("id") or ""))
        elif tag == "li" and self._is_ongoing and (paper := attributes.get("id")):
            self.ongoing.append(paper)
        elif tag == "li" and self._is_further:
            place = _number(attributes.get("value") or "") or 0
            self.entries.append(ShownEntry(place, attributes.get("id") or ""))
        kind = f"{tag}.{attributes.get('class') or ''}"
        self._is_ongoing |= kind == "section.still"
        self._is_further |= kind == "details.further"
        self._in_links |= kind == "ul.links"
        self._target = (attributes.get("href") or "") if tag == "a" else ""
        self._inside.append(kind)

    def handle_endtag(self, tag: str) -> None:
        """Ends an element."""
        self._inside.append("")
        if tag == "script":
            self._block = ""
        self._is_ongoing &= tag != "section"
        self._is_further &= tag != "details"
        self._in_links &= tag != "ul"
        self._target = ""

    def handle_data(self, data: str) -> None:
        """Reads an element's text."""
        if self._block:
            self.blocks[self._block].append(data)
        elif self._inside[-1].startswith("code.") and _DIGEST.fullmatch(data.strip()):
            self.digest = data.strip()
        elif self.entries:
            self._read_of_entry(self.entries[-1], data)

    def _read_of_entry(self, entry: ShownEntry, data: str) -> None:
        kind = "abs" if data.startswith(_ID_LINK) else ""  # of a link to arXiv
        if data in _ARXIV_LINKS:
            kind = data
        if kind and self._in_links and self._target:
            if len(entry.linked) < 2:  # otherwise one of them is another paper already
                paper = _anchor(_named(self._target).removeprefix(f"https://arxiv.org/{kind}/"))
                entry.linked |= {paper, _anchor(data)} if data.startswith(_ID_LINK) else {paper}
        elif self._inside[-1] in _SUMS and (data.startswith("Why here: ") or self._inside[-1] != "summary."):
            match = _SCORE.fullmatch(data)
            entry.score = _number(match[1]) if match else _UNREADABLE
        elif "p.place" in self._inside and (place := _number(data)) is not None:
            entry.place = place


def _named(address: str) -> str:
    """The key of a paper with a DOI, from its address; any other address itself."""
    keys = (mention.key for mention in find_papers(address))
    return next((key for key in keys if key.startswith(paper_servers.DOI)), address)


def _number(text: str) -> int | None:
    digits = text.replace(",", "").strip()
    if digits.isdecimal() and digits.isascii() and len(digits) < 16:
        return int(digits)
    return None


# ---- the verdict -------------------------------------------------------------------------------------------


def check_saved(issue: SavedIssue, policy: policies.LogPolicy) -> ProofVerdict:
    """Checks that an issue was in a log of a policy, that enough witnesses cosigned it, and that it is shown
    unchanged."""
    moments = policies.find_cosigners(policy, issue.proof.signed)
    cosignatures = [f"{name} {minute_of(at * SECOND)}" for name, at in moments.items() if at < 1 << 36]
    log_problems = _log_problems(issue, policy, moments)
    return ProofVerdict(issue, (*log_problems, *_page_problems(issue)), tuple(cosignatures))


def _log_problems(issue: SavedIssue, policy: policies.LogPolicy, cosigners: dict[str, int]) -> Iterator[str]:
    origin = issue.proof.signed.origin
    if not policies.is_of_known_log(policy, issue.proof.signed):
        yield f"the checkpoint is not signed by a known log ({origin})"
    if not issue.proof.includes(issue_entry(issue.digest)):
        yield "the content is not in the log: the path does not lead to the checkpoint's root"
    for name in policies.invalid_signers(policy, issue.proof.signed, cosigners):
        yield f"the cosignature of {name} is invalid"
    if not policy.is_met(cosigners):
        yield f"only {len(cosigners)} of {len(policy.witnesses)} witnesses cosigned the checkpoint, which is not enough"


def _page_problems(issue: SavedIssue) -> Iterator[str]:
    entries = issue.content.listed
    ongoing = issue.content.ongoing
    if issue.shown_digest and issue.shown_digest != issue.digest:
        yield f"the page shows the digest {issue.shown_digest}, but its content has {issue.digest}"
    if issue.shown is not None:
        if len(issue.shown) != len(entries):
            yield f"the page shows {len(issue.shown)} papers, but the issue has {len(entries)}"
        for visible, entry in zip(issue.shown, entries, strict=False):
            score = entry.score if visible.score is None else visible.score
            paper = _anchor(entry.paper)
            is_same = (visible.place, _anchor(visible.paper), score) == (entry.place, paper, entry.score)
            if not is_same or visible.linked - {paper, _anchor(site_paths.pdf_url(entry.paper, None))}:
                yield f"place {entry.place} is {entry.paper} with {entry.score:,}; the page shows something else there"
    if issue.ongoing and issue.ongoing != tuple(_anchor(entry.paper) for entry in ongoing):
        yield "the page shows other papers as still talked about"
    hashes = {entry.paper: entry.metadata for entry in (*entries, *ongoing)}
    for paper, known in hashes.items():
        if issue.metadata.get(paper, known) != known:
            yield f"{paper}: title, authors or abstract differ from the issue"
    for paper in sorted(issue.metadata.keys() - hashes.keys()):
        yield f"{paper}: has metadata in the file but is not in the issue"


def _anchor(paper: str) -> str:
    """The id of a paper's element on a page, by key or id."""
    return site_paths.paper_anchor(paper).removeprefix(_ID_LINK)
