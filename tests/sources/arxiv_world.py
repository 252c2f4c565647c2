"""A small made-up arXiv: papers announced on given days, served in arXiv's formats as of any moment.

    world = World(papers, faults)
    net = ScriptedNet(world.says(lambda: net.now()))

It serves feeds, listing pages, the API and OAI-PMH. Faults: late announcements, papers missing from the feeds or
unknown to the API.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from hotpapers import announcement_days as days
from hotpapers.model import DAY
from tests.sources.net import Reply, Script, reply

PART = 40
"""Records per part of an OAI-PMH list."""


class Made(NamedTuple):
    """A paper announced on `day`, as new in `archives[0]` and as a cross-list in the others; or a later version of
    it."""

    id: str
    day: str
    submitted: int
    archives: tuple[str, ...] = ("cs",)
    changed: str = ""
    type: str = "new"
    version: int = 1

    @property
    def comment(self) -> str:
        """The authors' comment on this version; feeds omit it."""
        return f"{self.version} made-up pages"


class World:
    """`late`: microseconds after midnight in New York at which a day's batch appears; `unfed`: papers missing from the
    feeds; `unknown`: papers missing from feeds and API; `lag`: microseconds after midnight until the API has a day's
    papers; `doubled`: days whose feeds repeat the new papers of another day."""

    def __init__(
        self,
        papers: Iterable[Made],
        *,
        late: Mapping[str, int] | None = None,
        unfed: Iterable[str] = (),
        unknown: Iterable[str] = (),
        lag: Mapping[str, int] | None = None,
        doubled: Mapping[str, str] | None = None,
    ) -> None:
        self.days: dict[str, list[Made]] = {}
        self.by_id: dict[str, Made] = {}
        self.versions: dict[str, list[Made]] = {}
        self.by_stamp: dict[str, list[Made]] = {}
        for paper in papers:
            self.days.setdefault(paper.day, []).append(paper)
            for stamp in {paper.day, paper.changed} - {""}:
                self.by_stamp.setdefault(stamp, []).append(paper)
            self.by_id.setdefault(paper.id, paper)
            self.versions.setdefault(paper.id, []).append(paper)
        self.labels = sorted(self.days)
        self.late, self.unfed, self.unknown = late or {}, {*unfed, *unknown}, set(unknown)
        self.lag, self.doubled = lag or {}, doubled or {}

    def says(self, now: Callable[[], int]) -> Callable[[str], Script]:
        """A function that answers requests as of the current moment."""
        return lambda url: self.answer(url, now())

    def answer(self, url: str, at: int) -> Reply:
        parts = urlsplit(url)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.startswith("/rss/"):
            return self.feed(parts.path.removeprefix("/rss/"), at)
        if parts.path.startswith("/list/"):
            return self.listing(parts.path.split("/")[2], int(asked["skip"]), int(asked["show"]), at)
        return self.api(asked["id_list"].split(","), at) if parts.path == "/api/query" else self.oai(asked, at)

    def out(self, day: str, at: int, evening: bool) -> bool:
        """Whether a day's batch is out: in listings from the evening on, in feeds from midnight."""
        start = days.closes_at(day) + self.late[day] if day in self.late else days.announced_at(day)
        return at >= (start if evening else max(start, days.closes_at(day)))

    def of(self, archive: str, day: str) -> list[Made]:
        return [paper for paper in self.days.get(day, ()) if archive in paper.archives]

    # ---- the four interfaces ---------------------------------------------------------------------------

    def feed(self, archive: str, at: int) -> bytes:
        day = days.date_at(at).isoformat()
        midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), days.EASTERN)
        dated = f"<pubDate>{midnight:%a, %d %b %Y %H:%M:%S %z}</pubDate>"
        papers = [p for p in self.of(archive, day) if p.id not in self.unfed] if self.out(day, at, False) else []
        papers += self.of(archive, self.doubled.get(day, ""))
        items = "".join(
            f"<item><title>Paper {p.id}</title><link>https://arxiv.org/abs/{p.id}</link><description>"
            f"arXiv:{p.id}v{p.version} Announce Type: {_type(p, archive)} \nAbstract: Made up.</description>"
            "<guid isPermaLink='false'>"
            f"oai:arXiv.org:{p.id}v{p.version}</guid>{''.join(f'<category>{c}</category>' for c in p.archives)}{dated}"
            f"<arxiv:announce_type>{_type(p, archive)}</arxiv:announce_type><dc:creator>Ada Made, Ben Up</dc:creator>"
            "</item>"
            for p in papers
        )
        return (
            '<?xml version="1.0"?><rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/'
            f'1.1/" version="2.0"><channel><title>{archive} updates on arXiv.org</title>{dated}{items}</channel></rss>'
        ).encode()

    def listing(self, archive: str, skip: int, show: int, at: int) -> bytes:
        reached = bisect(self.labels, days.following(days.current(at)))
        last = [day for day in self.labels[max(0, reached - 9) : reached] if self.out(day, at, True)][-5:][::-1]
        entries = [(day, paper) for day in last for paper in self.of(archive, day) if paper.type == "new"]
        shown = entries[skip : skip + show]
        html = "<h1>Made up</h1><dl id='articles'>"
        for day in last:
            here = [paper for of, paper in shown if of == day]
            total = sum(of == day for of, _ in entries)
            count = f" (showing {len(here)} of {total} entries )" if total else ""
            if here or not total:
                html += f"<h3>{date.fromisoformat(day):%a, %-d %b %Y}{count}</h3>"
            for paper in here:
                cross = "" if paper.archives[0] == archive else f"(cross-list from {paper.archives[0]})"
                html += f'<dt><a href ="/abs/{paper.id}" title="Abstract">arXiv:{paper.id}</a> {cross}</dt><dd></dd>'
        return f"{html}</dl>".encode()

    def api(self, ids: list[str], at: int) -> bytes:
        known = [p for id in ids if id not in self.unknown and (p := self.version_of(id, at))]
        entries = "".join(
            f"<entry><id>http://arxiv.org/abs/{p.id}v{p.version}</id><title>Paper {p.id}</title>"
            f"<summary>Made up.</summary><published>{_utc(self.by_id[p.id].submitted)}</published>"
            f"<updated>{_utc(p.submitted)}</updated><author><name>Ada Made</name></author><author><name>Ben Up</name>"
            f"</author><arxiv:comment>{p.comment}</arxiv:comment>"
            f'<arxiv:primary_category term="{p.archives[0]}"/></entry>'
            for p in known
        )
        return f'<feed xmlns:arxiv="a" xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'.encode()

    def version_of(self, id: str, at: int) -> Made | None:
        """The latest version of a paper that the API has."""
        versions = [p for p in self.versions.get(id, ()) if self.in_api(p.day, at)]
        return versions[-1] if versions else None

    def in_api(self, day: str, at: int) -> bool:
        """Whether the API has a day's papers: as soon as the listings do, or `lag` after midnight."""
        return at >= days.closes_at(day) + self.lag[day] if day in self.lag else self.out(day, at, True)

    def oai(self, asked: Mapping[str, str], at: int) -> Reply:
        stamp, skip = asked.get("from", ""), 0
        if "resumptionToken" in asked:
            stamp, _, rest = asked["resumptionToken"].partition("/")
            skip = int(rest)
        today = datetime.fromtimestamp(at / 1e6, UTC).date().isoformat()
        if stamp > today:
            return _oai('<error code="badArgument">from the future</error>')
        papers = [
            p for p in self.by_stamp.get(stamp, ())
            if self.out(p.day, at, True) and p.id not in self.unknown and not stamp < p.changed <= today
            and not any(self.out(later.day, at, True) for later in self.versions[p.id][p.version :])
        ]  # fmt: skip
        if not papers:
            return _oai('<error code="noRecordsMatch">nothing</error>')
        token = f"<resumptionToken>{stamp}/{skip + PART}</resumptionToken>" if len(papers) > skip + PART else ""
        records = "".join(
            _record(paper, stamp, self.versions[paper.id][: paper.version]) for paper in papers[skip : skip + PART]
        )
        return _oai(f"<ListRecords>{records}{token}</ListRecords>")


def _type(paper: Made, archive: str) -> str:
    if paper.type == "new":
        return "new" if paper.archives[0] == archive else "cross"
    return paper.type


def _utc(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment / 1e6, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _oai(inside: str) -> Reply:
    return reply(200, f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{inside}</OAI-PMH>'.encode())


def _record(paper: Made, stamp: str, versions: Iterable[Made]) -> str:
    moments = [(one.version, datetime.fromtimestamp(one.submitted / 1e6, UTC)) for one in versions]
    dated = "".join(
        f'<version version="v{n}"><date>{at:%a, %d %b %Y %H:%M:%S} GMT</date><size>9kb</size></version>'
        for n, at in moments
    )
    return (
        f"<record><header><identifier>oai:arXiv.org:{paper.id}</identifier><datestamp>{stamp}</datestamp></header>"
        f"<metadata><arXivRaw><id>{paper.id}</id>{dated}"
        f"<title>Paper {paper.id}</title><authors>Ada Made and Ben Up</authors>"
        f"<categories>{' '.join(paper.archives)}</categories><comments>{paper.comment}</comments>"
        "<abstract>Made up.</abstract></arXivRaw></metadata>"
        "</record>"
    )


def papers_of(first: str, last: str, skipped: Iterable[str] = (), each: int = 3) -> list[Made]:
    """Papers for every announcement day between two days, numbered as on arXiv: by month of the evening, in order of
    announcement. One in seven was held back for some days; one in five is changed weeks later."""
    made: list[Made] = []
    day, month, number, without = days.next_day(first), "", 0, set(skipped)
    while day < last:
        evening = days.date_at(days.announced_at(day))
        number = 0 if f"{evening:%y%m}" != month else number
        month = f"{evening:%y%m}"
        deadline = round(datetime.combine(days.deadline_day(day), time(14), days.EASTERN).timestamp()) * 1_000_000
        for n in range(each if day not in without else 0):
            number += 1
            held = 3 * DAY if number % 7 == 0 else 0
            submitted = deadline - (n + 1) * 60_000_000 - held
            archives = (("cs",), ("math",), ("math", "cs"))[n % 3]
            changed = days.label(date.fromisoformat(day).replace(day=28)) if number % 5 == 0 else ""
            changed = changed if changed > day else ""
            made.append(Made(f"{month}.{number:05d}", day, submitted, archives, changed))
        day = days.next_day(day)
    return made
