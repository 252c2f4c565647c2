"""Judges of what readers got: pages, messages and addresses, and whether everywhere says the same."""

from __future__ import annotations

import datetime
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from starlette.applications import Starlette

from hotpapers.base.model import DAY, HOUR, IssueContent, PrintedCount
from hotpapers.record import Record
from hotpapers.serve.api import Api
from hotpapers.serve.backend import Backend, ServeConfig
from tests.serve.asgi import get
from tests.sites import published
from tests.sites.evidence import Evidence, Finding, FrozenIssue
from tests.sites.gap_texts import without_gaps, wrong_gaps
from tests.sites.published import IssueText, Voices
from tests.sites.truth import closing_time
from tests.years.oracle import utc

PROMISED = (
    "index.html", "archive/index.html", "search/index.html", "method/index.html", "attacks/index.html",
    "status/index.html", "reading/index.html", "bookmarklet/index.html", "accessibility/index.html", "about/index.html",
    *(f"feeds/{name}.{form}" for name in ("issues", "papers") for form in ("atom", "rss", "json")),
)  # fmt: skip
"""The pages of every site (docs/explanation/site.md)."""


# ---- pages -------------------------------------------------------------------------------------------------


def pages(evidence: Evidence) -> Iterator[Finding]:
    """Every page that the docs promise is there: of the site, of each issue, of each paper and category."""
    for name in evidence.last_settings.publications:
        folder = evidence.folder(name)
        issues = [issue for issue in evidence.issues if issue.publication == name]
        yield from (
            Finding("", f"{name} has no {path}") for path in PROMISED if issues and not (folder / path).is_file()
        )
        for issue in issues:
            missing = [path for path in pages_of(evidence, issue) if not (folder / path).is_file()]
            has_files = not evidence.site.every  # a host without a disk deploys the site alone
            if has_files and not (evidence.folder(name, "markdown") / f"{issue.day}.md").is_file():
                missing.append("Markdown")
            if missing:
                yield Finding(issue.day, f"{name} lacks {', '.join(missing[:4])}")


def pages_of(evidence: Evidence, issue: FrozenIssue) -> Iterator[str]:
    """The pages of an issue and its papers."""
    yield f"{issue.day}/index.html"
    if issue.content.entries:
        yield from (f"{issue.day}/issue.bib", f"{issue.day}/issue.ris")
    papers = evidence.truth.announced(evidence.settings_of(issue), issue.day)
    if issue.is_daily and papers and issue.content.announced is not None:
        yield f"{issue.day}/all/index.html"
    for entry in issue.content.all_entries:
        id = entry.paper.partition(":")[2]
        paper = evidence.truth.paper(entry.paper)
        yield f"paper/{id}/index.html"
        categories = paper.categories if paper else ()
        # a server without categories has no list of one
        yield from (f"category/{name}/index.html" for name in categories if paper and name != paper.server)


def all_papers(evidence: Evidence) -> Iterator[Finding]:
    """The page of all papers of a day has those that the publication is about, each once, and no other."""
    for issue in evidence.issues:
        file = evidence.folder(issue.publication) / issue.day / "all/index.html"
        if not issue.is_daily or not file.is_file():
            continue
        main = file.read_text("utf-8").partition("<main")[2]
        linked = set(re.findall(r'href="[^"]*/(?:abs|paper)/(\d{4}\.\d{5})[/"]', main))
        linked |= set(re.findall(r'href="[^"]*/(?:content|full|paper)/(10\.\d{4,5}/[\w.-]+)[/"]', main))
        wanted = {paper.id for paper in evidence.truth.announced(evidence.settings_of(issue), issue.day)}
        is_whole = all(reading.state == "complete" for reading in issue.content.servers or ())
        if linked != wanted and (is_whole or not linked < wanted or len(linked) != issue.content.announced):
            lacks, extra = sorted(wanted - linked), sorted(linked - wanted)
            yield Finding(issue.day, f"/all/ of {issue.publication} lacks {lacks[:3]}, has {extra[:3]} too")


def links(evidence: Evidence) -> Iterator[Finding]:
    """No page links to a page of its site that is not there."""
    for name in evidence.last_settings.publications:
        folder = evidence.folder(name)
        broken: dict[str, str] = {}
        for file in sorted(folder.rglob("*.html")):
            for target in published.links(file.read_text("utf-8")):
                start = folder if target.startswith("/") else file.parent  # the sites' addresses have no path
                path = (start / target.lstrip("/")).resolve()
                if not (path.is_file() or (path / "index.html").is_file()):
                    broken.setdefault(target, str(file.relative_to(folder)))
        yield from (Finding("", f"{name}: {page} links to {target}") for target, page in list(broken.items())[:3])


# ---- the same everywhere -----------------------------------------------------------------------------------


def same_numbers(evidence: Evidence) -> Iterator[Finding]:
    """Page, Markdown, mail, feeds and API of an issue say the same numbers, and its content's."""
    api = Starlette(
        routes=Api(Backend(lambda: Record(evidence.played.store, create=False), ServeConfig(rate=0))).routes
    )
    places: dict[tuple[str, str], list[IssueText]] = defaultdict(list)
    for name in evidence.last_settings.publications:
        folder = evidence.folder(name)
        for address, item in published.feeds(folder):
            places[name, _day_in(address)].append(item)
    for message, day, name in mails(evidence):
        places[name, day].append(published.mail("mail", message))
    for issue in evidence.issues:
        texts = [*_files_of(evidence, issue), *places[issue.publication, issue.day]]
        answer = get(api, f"/api/v1/publications/{issue.publication}/issues/{issue.day}").json
        titles = {entry["paper"]: entry["title"] for entry in answer["entries"]}
        texts.append(published.api("the API", answer, titles))
        yield from _differences(evidence, issue, texts)


def _day_in(address: str) -> str:
    match = re.search(r"(\d{4}-\d\d-\d\d)", address)
    return match[1] if match else ""


def _files_of(evidence: Evidence, issue: FrozenIssue) -> Iterator[IssueText]:
    page = evidence.folder(issue.publication) / issue.day / "index.html"
    if page.is_file():
        yield published.page("the page", page.read_text("utf-8"))
    markdown = evidence.folder(issue.publication, "markdown") / f"{issue.day}.md"
    if markdown.is_file():
        yield published.markdown("Markdown", markdown.read_text("utf-8"))


def _differences(evidence: Evidence, issue: FrozenIssue, texts: list[IssueText]) -> Iterator[Finding]:
    content = issue.content
    facts = Counter(without_gaps(place.facts) for place in texts).most_common()
    for other, _ in facts[1:]:
        places = [place.where for place in texts if without_gaps(place.facts) == other]
        yield Finding(issue.day, f"{issue.publication}: {', '.join(sorted(set(places)))} says {other!r}, "
                      f"others {facts[0][0]!r}")  # fmt: skip
    for place in texts:
        wrong = (*_wrong_entries(evidence, content, place), *wrong_gaps(content, place.facts))
        yield from (Finding(issue.day, f"{issue.publication}: {place.where}: {text}") for text in wrong)
        yield from _wrong_marks(evidence, issue, place)
    number, read = content.considered, sum(reading.state == "complete" for reading in content.readings)
    line = facts[0][0] if facts else ""
    if f"{number:,} talked about" not in line and content.publication.window == "daily":
        yield Finding(issue.day, f"{issue.publication} considered {number}, but says {line!r}")
    if not re.search(rf"\b{read} networks? read\b", line) and (read or "no network read" not in line):
        yield Finding(issue.day, f"{issue.publication} read {read} networks, but says {line!r}")
    further = len(content.further or ())
    if (f"{further:,} more above" in line) != bool(further):
        yield Finding(issue.day, f"{issue.publication} has {further} papers below its entries, but says {line!r}")


def _wrong_entries(evidence: Evidence, content: IssueContent, place: IssueText) -> Iterator[str]:
    """Entries of an issue that a place leaves out, or gives with other numbers."""
    titles = evidence.titles
    if place.entries is not None:
        entries = tuple((titles[entry.paper], _printed_voices(entry.counts, place.least)) for entry in content.entries)
        if place.entries[: len(entries)] != entries:
            pairs = zip(place.entries, entries, strict=False)
            yield f"differs: {next((pair for pair in pairs if pair[0] != pair[1]), 'fewer')}"
    further = tuple(titles[entry.paper] for entry in content.further or ())
    if place.further is not None and place.further != further:
        yield f"lists {place.further[:3]} and so on below its entries, not {further[:3]}"


def _printed_voices(counts: Iterable[PrintedCount], least: int) -> Voices:
    """The voices that a place tells: numbers below `least` only where there is none larger."""
    numbers = [(published.NAMES[count.network], count.voices) for count in counts if count.voices]
    largest = max((number for _, number in numbers), default=0)
    return tuple(sorted((name, number) for name, number in numbers if number >= min(least, largest)))


def _wrong_marks(evidence: Evidence, issue: FrozenIssue, place: IssueText) -> Iterator[Finding]:
    """Withdrawn papers are marked wherever that is known: a mail may have been sent before."""
    papers = [entry.paper for entry in (issue.content.entries if place.further is None else issue.content.listed)]
    withdrawn = {evidence.titles[paper] for paper in papers if paper in evidence.withdrawn}
    marked = place.withdrawn & {evidence.titles[paper] for paper in papers}
    if marked - withdrawn or (withdrawn - marked and place.where != "mail" and place.entries is not None):
        yield Finding(issue.day, f"{issue.publication}: {place.where} marks {sorted(marked)} as withdrawn, "
                      f"not {sorted(withdrawn)}")  # fmt: skip


# ---- messages ----------------------------------------------------------------------------------------------


def mails(evidence: Evidence) -> Iterator[tuple[EmailMessage, str, str]]:
    """The messages that readers got, with the issue's day and publication."""
    for item in evidence.played.mailbox.mails:
        message = item.message
        issue = issue_in(evidence, message)
        if issue is not None:
            yield message, issue.day, issue.publication


def issue_in(evidence: Evidence, message: EmailMessage) -> FrozenIssue | None:
    """The issue that a message is about, by the digest in it."""
    body = message.get_body(("html",))
    digest = re.search(r"Digest ([0-9a-f]{64})", str(body.get_content())) if body is not None else None
    return next((issue for issue in evidence.issues if digest and issue.digest == digest[1]), None)


def sendings(evidence: Evidence) -> dict[str, list[tuple[int, str]]]:
    """When each receiver got which issue: readers by address, and the webhook."""
    result: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for item in evidence.played.mailbox.mails:
        at = round(parsedate_to_datetime(item.message["Date"]).timestamp()) * 1_000_000
        issue = issue_in(evidence, item.message)
        result[item.recipients[0]].append((at, f"{issue.publication} {issue.day}" if issue else "?"))
    for announced in evidence.played.announced:
        body = json.loads(announced.body)["issue"]
        result["the webhook"].append((announced.at, f"{body['publication']} {body['day']}"))
    return result


def sent(evidence: Evidence) -> Iterator[Finding]:
    """Every receiver gets each issue once and in time; after a break, the newest late one at most."""
    issues = {f"{issue.publication} {issue.day}": issue for issue in evidence.issues}
    problems: Counter[tuple[str, str]] = Counter()
    for items in sendings(evidence).values():
        counts = Counter(label for _, label in items)
        for label, number in counts.items():
            if number > 1 or label not in issues:
                problems[label.partition(" ")[2], f"{label} was sent {number} times"] += 1
        for gap in evidence.site.breaks:
            late = [label for at, label in items if label in issues and _is_late(evidence, issues[label], gap.start,
                                                                                 gap.end, at)]  # fmt: skip
            newest = max((label.rpartition(" ")[2] for label in late), default="")
            if len(late) > 1:
                problems[newest, f"{len(late)} late issues were sent after the break that ended {utc(gap.end)}: "
                         f"{', '.join(late)}"] += 1  # fmt: skip
        for at, label in items:
            issue = issues.get(label)
            if issue and at > issue.frozen_at + 2 * HOUR and evidence.truth.is_running(issue.frozen_at, at):
                problems[issue.day, f"{label} was sent at {utc(at)}, frozen at {utc(issue.frozen_at)}"] += 1
    for (day, text), receivers in sorted(problems.items()):
        yield Finding(day, f"{text} (to {receivers} receivers)")
    yield from _unsent(evidence)


def _is_late(evidence: Evidence, issue: FrozenIssue, start: int, end: int, at: int) -> bool:
    closes = closing_time(evidence.settings_of(issue), issue.day)
    return start <= closes < end <= at < end + DAY


def _unsent(evidence: Evidence) -> Iterator[Finding]:
    """Issues that were made in time, and that some receiver did not get."""
    got = sendings(evidence)
    first = evidence.issues[0].publication if evidence.issues else ""
    expected = evidence.site.readers + bool(evidence.played.announced)
    for issue in evidence.issues:
        closes = closing_time(evidence.settings_of(issue), issue.day)
        is_late = evidence.truth.break_at(closes) is not None or issue.is_made_later
        receivers = sum(
            any(label == f"{issue.publication} {issue.day}" for _, label in items) for items in got.values()
        )
        if issue.publication == first and expected and not is_late and receivers < expected:
            yield Finding(issue.day, f"{issue.publication} was sent to {receivers} of {expected} receivers")


# ---- addresses ---------------------------------------------------------------------------------------------

_PASSING = re.compile(r"(^|/)search/|/log/.*\.p/")
"""Files that may go: parts of the index for searches, and unfinished parts of a log."""


def addresses(evidence: Evidence) -> Iterator[Finding]:
    """What was published once stays at its address, and a publication's next issues come to where its first one is."""
    yield from _moved(evidence)
    known: dict[str, int] = {}
    for sample in evidence.played.samples:
        gone = sorted(address for address in known if address not in sample.addresses)
        if gone:
            yield Finding(utc(sample.at)[:10], f"{len(gone)} addresses are gone: {', '.join(gone[:3])}")
        known = {address: at for address, at in known.items() if address in sample.addresses}
        known |= {address: sample.at for address in sample.addresses if not _PASSING.search(address)}


def _moved(evidence: Evidence) -> Iterator[Finding]:
    homes: dict[str, str] = {}
    names = {issue.publication for issue in evidence.issues}
    for issue in evidence.issues:
        folders = [
            folder for folder in _folders_with(evidence, issue) if not (_owner(folder, names) - {issue.publication})
        ]
        home = homes.setdefault(issue.publication, folders[0] if folders else "")
        if folders and home not in folders:
            yield Finding(issue.day, f"the page of {issue.publication} is in {folders[0]}, those before are in {home}")


def _folders_with(evidence: Evidence, issue: FrozenIssue) -> list[str]:
    """The folders in which an issue's page first appeared."""
    end = f"{issue.day}/index.html"
    for sample in evidence.played.samples:
        folders = [address.removesuffix(end) for address in sample.addresses if address.endswith(f"/{end}")]
        if folders and sample.at >= issue.frozen_at:
            return sorted(folders)
    return []


def _owner(folder: str, names: set[str]) -> set[str]:
    """The publication whose name a folder has."""
    return {name for name in names if folder.startswith(f"{name}/")}


# ---- health and promises -----------------------------------------------------------------------------------


def healthy(evidence: Evidence) -> Iterator[Finding]:
    """No job of the program's own failed, and no run of a host."""
    for line in evidence.played.log.splitlines():
        if re.search(r"\bdefect\b|  failing  job=(issues|sending|housekeeping)\b|^failure:", line):
            yield Finding("", line[:250])


class Promise(NamedTuple):
    """That an issue will appear by a moment, as said at another. `publication`: its name, or empty for the first."""

    said_at: int
    where: str
    publication: str
    day: str
    by: int


def promises(evidence: Evidence) -> Iterator[Finding]:
    """What the site's page /status/ and `hotpapers status` said would come, came, if the program ran till then."""
    truth = evidence.truth
    frozen = {(issue.publication, issue.day): issue for issue in evidence.issues}
    for promise in promised(evidence):
        wait = max(promise.by, truth.knows_announcement_at(promise.day)) + HOUR + evidence.site.every
        is_same_period = evidence.site.period_at(wait) == evidence.site.period_at(promise.said_at)
        ran = promise.said_at < promise.by and wait < truth.end and truth.is_running(promise.said_at, wait)
        if not (ran and is_same_period):
            continue
        name = promise.publication or next(iter(truth.settings_at(promise.said_at).publications))
        issue = frozen.get((name, promise.day))
        if issue is None or issue.frozen_at > wait:
            came = utc(issue.frozen_at) if issue else "never"
            text = f"{promise.where} promised it by {utc(promise.by)} on {utc(promise.said_at)}; it came {came}"
            yield Finding(promise.day, text)


_PAGE = re.compile(
    r"The next issue, that of (?P<day>[^,]+, [^,]+), will appear by (?P<by>\d+ \w+ \d{4} at \d\d:\d\d \w+)"
)
_STATUS = re.compile(
    r"The next issue of (?P<name>\S+), for (?P<day>\S+), comes on \w+ (?P<at>\S+ at \d\d:\d\d) (?P<zone>\S+)\."
)


def promised(evidence: Evidence) -> Iterator[Promise]:
    """All promises of pages and of the command."""
    names = {issue.publication for issue in evidence.issues}
    for sample in evidence.played.samples:
        for folder, markup in sample.statuses.items():
            if match := _PAGE.search(published.text_of(markup)):
                day = datetime.datetime.strptime(match["day"], "%A, %d %B %Y").date().isoformat()
                by = datetime.datetime.strptime(match["by"], "%d %B %Y at %H:%M %Z").replace(tzinfo=datetime.UTC)
                name = next(iter(_owner(folder, names)), "")
                yield Promise(sample.at, f"{folder}status", name, day, _micros(by))
        for match in _STATUS.finditer(sample.status):
            at = datetime.datetime.strptime(match["at"], "%Y-%m-%d at %H:%M").replace(tzinfo=ZoneInfo(match["zone"]))
            yield Promise(sample.at, "hotpapers status", match["name"], match["day"], _micros(at))


def _micros(moment: datetime.datetime) -> int:
    return round(moment.timestamp()) * 1_000_000
