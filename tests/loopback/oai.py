"""arXiv's OAI-PMH: records by the date of their last change, in parts. https://www.openarchives.org/OAI/2.0/"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, quote, unquote, urlencode
from xml.sax.saxutils import escape

from hotpapers.categories import archive_of, group_of
from tests.loopback.scene import XML, Reply, Request, Scene, utc
from tests.loopback.script import Paper

PART = 30
"""Records in one part of a list: few, so that lists must be resumed."""
FORMATS = ("arXivRaw", "arXiv")
EARLIEST = "2005-09-16"


def answer(scene: Scene, asked: Request) -> Reply:
    """Identify, ListRecords and GetRecord; errors come with status 200."""
    said = {name: values[0] for name, values in asked.params.items()}
    verbs = {"ListRecords": _list, "GetRecord": _get, "Identify": _identify}
    verb = verbs.get(said.get("verb", ""))
    inside = verb(scene, said) if verb else _error("badVerb", "no such verb")
    return Reply(200, (
        '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f"<responseDate>{utc(scene.claims(scene.now)):%Y-%m-%dT%H:%M:%SZ}</responseDate>"
        f"<request>{escape(scene.base)}/oai</request>\n{inside}</OAI-PMH>"
    ).encode(), XML)  # fmt: skip


def _identify(scene: Scene, said: Mapping[str, str]) -> str:
    return (
        "<Identify><repositoryName>arXiv</repositoryName><protocolVersion>2.0</protocolVersion>"
        f"<earliestDatestamp>{EARLIEST}</earliestDatestamp><granularity>YYYY-MM-DD</granularity></Identify>"
    )


def _get(scene: Scene, said: Mapping[str, str]) -> str:
    paper = scene.script.paper(said.get("identifier", "").removeprefix("oai:arXiv.org:"))
    if paper is None or not paper.version_at(scene.now):
        return _error("idDoesNotExist", "no such identifier")
    form = said.get("metadataPrefix", "")
    if form not in FORMATS:
        return _error("cannotDisseminateFormat", "no such format")
    return f"<GetRecord>{_record(scene, paper, form)}</GetRecord>"


def _list(scene: Scene, said: Mapping[str, str]) -> str:
    """A part of the records that changed on some days."""
    today = utc(scene.now).date().isoformat()
    skip = 0
    if "resumptionToken" in said:
        token = dict(parse_qsl(unquote(said["resumptionToken"])))
        if token.get("made") != today or not token.get("skip", "").isdigit():
            return _error("badResumptionToken", "invalid or expired")
        said, skip = token, int(token["skip"])
    first, last, form = said.get("from", EARLIEST), said.get("until", today), said.get("metadataPrefix", "")
    if form not in FORMATS:
        return _error("cannotDisseminateFormat", "no such format")
    if not _dates(first, last) or first > last or first > today:
        return _error("badArgument", "from and until are dates, and not in the future")
    papers = [paper for label in _labels(first, min(last, today)) for paper in changed(scene, label)]
    if not papers:
        return _error("noRecordsMatch", "an empty list")
    records = [_record(scene, paper, form) for paper in papers[skip : skip + PART]]
    more = _token(today, said, form, first, last, skip + PART) if len(papers) > skip + PART else ""
    return f"<ListRecords>{''.join(scene.listed(records))}{more}</ListRecords>"


def _token(today: str, said: Mapping[str, str], form: str, first: str, last: str, skip: int) -> str:
    fields = {"verb": "ListRecords", "metadataPrefix": form, "from": first, "until": last, "skip": skip, "made": today}
    return f"<resumptionToken expirationDate='{today}T23:59:59Z'>{quote(urlencode(fields))}</resumptionToken>"


def changed(scene: Scene, label: str) -> Sequence[Paper]:
    """The papers whose latest change, as of now, was announced on a day."""
    announced = [*scene.script.papers(label), *(paper for paper, _ in scene.script.replaced(label))]
    return [paper for paper in announced if _stamp(scene, paper) == label]


def _stamp(scene: Scene, paper: Paper) -> str:
    """The datestamp: the day on which the latest version was announced, at 0 or 1 o'clock UTC."""
    version = paper.version_at(scene.now)
    return paper.versions[version - 1].label if version else ""


def _labels(first: str, last: str) -> Iterator[str]:
    day = datetime.date.fromisoformat(first)
    while day.isoformat() <= last:
        if day.weekday() < 5:
            yield day.isoformat()
        day += datetime.timedelta(days=1)


def _dates(*texts: str) -> bool:
    try:
        return all(datetime.date.fromisoformat(text).isoformat() == text for text in texts)
    except ValueError:
        return False


def _error(code: str, why: str) -> str:
    return f"<error code='{code}'>{why}</error>"


def _record(scene: Scene, paper: Paper, form: str) -> str:
    sets = "".join(f"<setSpec>{_set(category)}</setSpec>" for category in paper.categories)
    out = paper.versions[: paper.version_at(scene.now)]
    comment = "This paper has been withdrawn" if out[-1].withdrawn else paper.comment
    optional = {"comments": comment, "journal-ref": paper.journal, "doi": paper.doi, "abstract": paper.abstract}
    body = (
        f"<id>{paper.id}</id>{_raw(paper, len(out)) if form == 'arXivRaw' else _plain(paper, len(out))}"
        f"<title>{escape(paper.title)}</title><categories>{' '.join(paper.categories)}</categories>"
        + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in optional.items() if text)
    )
    return (
        f"<record><header><identifier>oai:arXiv.org:{paper.id}</identifier>"
        f"<datestamp>{_stamp(scene, paper)}</datestamp>"
        f'{sets}</header><metadata><{form} xmlns="http://arxiv.org/OAI/{form}/">{body}</{form}></metadata></record>\n'
    )


def _set(category: str) -> str:
    archive, _, subject = category.partition(".")
    return ":".join(filter(None, (group_of(archive_of(category)), archive, subject)))


def _raw(paper: Paper, versions: int) -> str:
    """Format arXivRaw: the time and size of every version, and the authors in one line."""
    moments = "".join(
        f'<version version="v{n}"><date>{utc(one.submitted):%a, %d %b %Y %H:%M:%S} GMT</date>'
        f"<size>{0 if one.withdrawn else 100 + n}kb</size></version>"
        for n, one in enumerate(paper.versions[:versions], 1)
    )
    *most, last = paper.authors
    line = f"{', '.join(most)} and {last}" if most else last
    return f"<submitter>{escape(paper.authors[0])}</submitter>{moments}<authors>{escape(line)}</authors>"


def _plain(paper: Paper, versions: int) -> str:
    """Format arXiv: the days of the first and the last version, and the authors' names in parts."""
    said = f"<created>{utc(paper.versions[0].submitted):%Y-%m-%d}</created>"
    if versions > 1:
        said += f"<updated>{utc(paper.versions[versions - 1].submitted):%Y-%m-%d}</updated>"
    names = [name.rpartition(" ") for name in paper.authors]
    authors = "".join(
        f"<author><keyname>{escape(family)}</keyname><forenames>{escape(given)}</forenames></author>"
        for given, _, family in names
    )
    return f"{said}<authors>{authors}</authors>"
