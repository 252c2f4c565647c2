"""A small made-up arXiv: papers announced on given days, served in arXiv's formats as of any moment.

    arxiv = FakeArxiv(papers, delays=…)
    http = ScriptedClient(lambda url: arxiv.answer(url, http.now()))

It serves feeds, listing pages, the API and OAI-PMH. Faults: late announcements, papers missing from the feeds or from
the API.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from hotpapers.base.model import DAY
from hotpapers.base.papers.arxiv import calendar as days
from tests.collect.sources.net import Reply, reply

PART = 40
"""Records per part of an OAI-PMH list."""


class FakePaper(NamedTuple):
    """A paper announced on `day`, as new in `archives[0]` and as a cross-list in the others; or a later version of
    it."""

    id: str
    day: str
    submitted_at: int
    archives: tuple[str, ...] = ("cs",)
    changed_on: str = ""
    type: str = "new"
    version: int = 1

    @property
    def comment(self) -> str:
        """The authors' comment on this version; feeds omit it."""
        return f"{self.version} made-up pages"


class FakeArxiv:
    """`delays`: microseconds after midnight in New York at which a day's batch appears; `not_in_feeds`: papers missing
    from the feeds; `not_served`: papers missing from feeds and API; `api_delays`: microseconds after midnight until the
    API has a day's papers; `repeats`: days whose feeds repeat the papers of another day; `stale`: by archive and day,
    the day whose papers its feed has instead, and until when, in microseconds after midnight; `titles`: titles of
    papers in the API, empty for papers that it gives without one."""

    def __init__(
        self,
        papers: Iterable[FakePaper],
        *,
        delays: Mapping[str, int] | None = None,
        not_in_feeds: Iterable[str] = (),
        not_served: Iterable[str] = (),
        api_delays: Mapping[str, int] | None = None,
        repeats: Mapping[str, str] | None = None,
        stale: Mapping[tuple[str, str], tuple[str, int]] | None = None,
        titles: Mapping[str, str] | None = None,
    ) -> None:
        self.days: dict[str, list[FakePaper]] = {}
        self.by_id: dict[str, FakePaper] = {}
        self.versions: dict[str, list[FakePaper]] = {}
        self.by_stamp: dict[str, list[FakePaper]] = {}
        for paper in papers:
            self.days.setdefault(paper.day, []).append(paper)
            for stamp in {paper.day, paper.changed_on} - {""}:
                self.by_stamp.setdefault(stamp, []).append(paper)
            self.by_id.setdefault(paper.id, paper)
            self.versions.setdefault(paper.id, []).append(paper)
        self.labels = sorted(self.days)
        self.delays, self.not_in_feeds, self.not_served = delays or {}, {*not_in_feeds, *not_served}, set(not_served)
        self.api_delays, self.repeats = api_delays or {}, repeats or {}
        self.stale, self.titles = stale or {}, dict(titles or {})

    def answer(self, url: str, at: int) -> Reply:
        """The answer to a request at a moment."""
        parts = urlsplit(url)
        params = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.startswith("/rss/"):
            return self.feed(parts.path.removeprefix("/rss/"), at)
        if parts.path.startswith("/list/") and parts.path.endswith("/new"):
            return self.new_listing(parts.path.split("/")[2], at)
        if parts.path.startswith("/list/"):
            return self.listing(parts.path.split("/")[2], int(params["skip"]), int(params["show"]), at)
        return self.api(params["id_list"].split(","), at) if parts.path == "/api/query" else self.oai(params, at)

    def is_out(self, day: str, at: int, evening: bool) -> bool:
        """Whether a day's batch is out: in listings from the evening on, in feeds from midnight."""
        start = days.closes_at(day) + self.delays[day] if day in self.delays else days.announced_at(day)
        return at >= (start if evening else max(start, days.closes_at(day)))

    def papers_in(self, archive: str, day: str) -> list[FakePaper]:
        return [paper for paper in self.days.get(day, ()) if archive in paper.archives]

    # ---- the four interfaces ---------------------------------------------------------------------------

    def feed(self, archive: str, at: int) -> bytes:
        day = days.date_at(at).isoformat()
        midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), days.EASTERN)
        stamp = f"<pubDate>{midnight:%a, %d %b %Y %H:%M:%S %z}</pubDate>"
        papers = (
            [p for p in self.papers_in(archive, day) if p.id not in self.not_in_feeds]
            if self.is_out(day, at, False)
            else []
        )
        other_day, until = self.stale.get((archive, day), ("", 0))
        if at < days.closes_at(day) + until:
            papers = self.papers_in(archive, other_day)
        papers += self.papers_in(archive, self.repeats.get(day, ""))
        items = "".join(
            f"<item><title>Paper {p.id}</title><link>https://arxiv.org/abs/{p.id}</link><description>"
            f"arXiv:{p.id}v{p.version} Announce Type: {_type(p, archive)} \nAbstract: Made up.</description>"
            "<guid isPermaLink='false'>"
            f"oai:arXiv.org:{p.id}v{p.version}</guid>{''.join(f'<category>{c}</category>' for c in p.archives)}{stamp}"
            f"<arxiv:announce_type>{_type(p, archive)}</arxiv:announce_type><dc:creator>Ada Made, Ben Up</dc:creator>"
            "</item>"
            for p in papers
        )
        return (
            '<?xml version="1.0"?><rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/'
            f'1.1/" version="2.0"><channel><title>{archive} updates on arXiv.org</title>{stamp}{items}</channel></rss>'
        ).encode()

    def listing(self, archive: str, skip: int, show: int, at: int) -> bytes:
        end = bisect(self.labels, days.next_label(days.latest_label(at)))
        dates = [day for day in self.labels[max(0, end - 9) : end] if self.is_out(day, at, True)][-5:][::-1]
        entries = [(day, paper) for day in dates for paper in self.papers_in(archive, day) if paper.type == "new"]
        page = entries[skip : skip + show]
        html = "<h1>Made up</h1><dl id='articles'>"
        for day in dates:
            papers = [paper for label, paper in page if label == day]
            total = sum(label == day for label, _ in entries)
            count = f" (showing {len(papers)} of {total} entries )" if total else ""
            if papers or not total:
                html += f"<h3>{date.fromisoformat(day):%a, %-d %b %Y}{count}</h3>"
            for paper in papers:
                cross = "" if paper.archives[0] == archive else f"(cross-list from {paper.archives[0]})"
                html += f'<dt><a href ="/abs/{paper.id}" title="Abstract">arXiv:{paper.id}</a> {cross}</dt><dd></dd>'
        return f"{html}</dl>".encode()

    def new_listing(self, archive: str, at: int) -> bytes:
        """The last day with its replacements."""
        day = max(label for label in self.labels if self.is_out(label, at, True))
        html = f"<h3>Showing new listings for {date.fromisoformat(day):%A, %-d %B %Y}</h3>"
        for heading, kinds in (("New", ("new",)), ("Cross", ("cross",)), ("Replacement", ("replace",))):
            papers = [paper for paper in self.papers_in(archive, day) if _type(paper, archive) in kinds]
            html += f"<h3>{heading} submissions (showing {len(papers)} of {len(papers)} entries)</h3>" if papers else ""
            html += "".join(f'<dt><a href ="/abs/{paper.id}">arXiv:{paper.id}</a></dt><dd></dd>' for paper in papers)
        return html.encode()

    def api(self, ids: list[str], at: int) -> bytes:
        papers = [p for id in ids if id not in self.not_served and (p := self.version_of(id, at))]
        entries = "".join(
            f"<entry><id>http://arxiv.org/abs/{p.id}v{p.version}</id>{self._title(p.id)}"
            f"<summary>Made up.</summary><published>{_utc(self.by_id[p.id].submitted_at)}</published>"
            f"<updated>{_utc(p.submitted_at)}</updated><author><name>Ada Made</name></author>"
            f"<author><name>Ben Up</name></author><arxiv:comment>{p.comment}</arxiv:comment>"
            f'<arxiv:primary_category term="{p.archives[0]}"/></entry>'
            for p in papers
        )
        return f'<feed xmlns:arxiv="a" xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'.encode()

    def _title(self, id: str) -> str:
        title = self.titles.get(id, f"Paper {id}")
        return f"<title>{title}</title>" if title else ""

    def version_of(self, id: str, at: int) -> FakePaper | None:
        """The latest version of a paper that the API has."""
        versions = [p for p in self.versions.get(id, ()) if self.in_api(p.day, at)]
        return versions[-1] if versions else None

    def in_api(self, day: str, at: int) -> bool:
        """Whether the API has a day's papers: as soon as the listings do, or `api_delays` after midnight."""
        return (
            at >= days.closes_at(day) + self.api_delays[day] if day in self.api_delays else self.is_out(day, at, True)
        )

    def oai(self, params: Mapping[str, str], at: int) -> Reply:
        stamp, skip = params.get("from", ""), 0
        if "resumptionToken" in params:
            stamp, _, rest = params["resumptionToken"].partition("/")
            skip = int(rest)
        today = datetime.fromtimestamp(at / 1e6, UTC).date().isoformat()
        if stamp > today:
            return _oai('<error code="badArgument">from the future</error>')
        papers = [
            p for p in self.by_stamp.get(stamp, ())
            if self.is_out(p.day, at, True) and p.id not in self.not_served and not stamp < p.changed_on <= today
            and not any(self.is_out(later.day, at, True) for later in self.versions[p.id][p.version :])
        ]  # fmt: skip
        if not papers:
            return _oai('<error code="noRecordsMatch">nothing</error>')
        token = f"<resumptionToken>{stamp}/{skip + PART}</resumptionToken>" if len(papers) > skip + PART else ""
        records = "".join(
            _record(paper, stamp, self.versions[paper.id][: paper.version]) for paper in papers[skip : skip + PART]
        )
        return _oai(f"<ListRecords>{records}{token}</ListRecords>")


def _type(paper: FakePaper, archive: str) -> str:
    if paper.type == "new":
        return "new" if paper.archives[0] == archive else "cross"
    return paper.type


def _utc(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment / 1e6, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _oai(content: str) -> Reply:
    return reply(200, f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{content}</OAI-PMH>'.encode())


def _record(paper: FakePaper, stamp: str, versions: Iterable[FakePaper]) -> str:
    moments = [(version.version, datetime.fromtimestamp(version.submitted_at / 1e6, UTC)) for version in versions]
    history = "".join(
        f'<version version="v{n}"><date>{at:%a, %d %b %Y %H:%M:%S} GMT</date><size>9kb</size></version>'
        for n, at in moments
    )
    return (
        f"<record><header><identifier>oai:arXiv.org:{paper.id}</identifier><datestamp>{stamp}</datestamp></header>"
        f"<metadata><arXivRaw><id>{paper.id}</id>{history}"
        f"<title>Paper {paper.id}</title><authors>Ada Made and Ben Up</authors>"
        f"<categories>{' '.join(paper.archives)}</categories><comments>{paper.comment}</comments>"
        "<abstract>Made up.</abstract></arXivRaw></metadata>"
        "</record>"
    )


def papers_between(first: str, last: str, skipped_days: Iterable[str] = (), per_day: int = 3) -> list[FakePaper]:
    """Papers for every announcement day between two days, numbered as on arXiv: by month of the evening, in order of
    announcement. One in seven was held back for some days; one in five changes weeks later."""
    papers: list[FakePaper] = []
    day, month, number, skipped_set = days.next_day(first), "", 0, set(skipped_days)
    while day < last:
        evening = days.date_at(days.announced_at(day))
        number = 0 if f"{evening:%y%m}" != month else number
        month = f"{evening:%y%m}"
        deadline = round(datetime.combine(days.deadline_day(day), time(14), days.EASTERN).timestamp()) * 1_000_000
        for n in range(per_day if day not in skipped_set else 0):
            number += 1
            delay = 3 * DAY if number % 7 == 0 else 0
            submitted = deadline - (n + 1) * 60_000_000 - delay
            archives = (("cs",), ("math",), ("math", "cs"))[n % 3]
            changed_on = days.label_of(date.fromisoformat(day).replace(day=28)) if number % 5 == 0 else ""
            changed_on = changed_on if changed_on > day else ""
            papers.append(FakePaper(f"{month}.{number:05d}", day, submitted, archives, changed_on))
        day = days.next_day(day)
    return papers
