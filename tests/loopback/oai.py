"""arXiv's OAI-PMH: records by the date of their last change, in parts. https://www.openarchives.org/OAI/2.0/"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, quote, unquote, urlencode
from xml.sax.saxutils import escape

from hotpapers.base.papers.categories import archive_of, group_of
from tests.loopback.network_state import XML, NetworkState, Reply, Request, utc
from tests.loopback.script import Paper

PART = 30
"""Records in one part of a list: few, so that lists must be resumed."""
FORMATS = ("arXivRaw", "arXiv")
EARLIEST = "2005-09-16"


def answer(state: NetworkState, request: Request) -> Reply:
    """Identify, ListRecords and GetRecord; errors come with status 200."""
    params = {name: values[0] for name, values in request.params.items()}
    handlers = {"ListRecords": _list, "GetRecord": _get, "Identify": _identify}
    handler = handlers.get(params.get("verb", ""))
    content = handler(state, params) if handler else _error("badVerb", "no such verb")
    return Reply(200, (
        '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f"<responseDate>{utc(state.network_time(state.now)):%Y-%m-%dT%H:%M:%SZ}</responseDate>"
        f"<request>{escape(state.base)}/oai</request>\n{content}</OAI-PMH>"
    ).encode(), XML)  # fmt: skip


def _identify(state: NetworkState, params: Mapping[str, str]) -> str:
    return (
        "<Identify><repositoryName>arXiv</repositoryName><protocolVersion>2.0</protocolVersion>"
        f"<earliestDatestamp>{EARLIEST}</earliestDatestamp><granularity>YYYY-MM-DD</granularity></Identify>"
    )


def _get(state: NetworkState, params: Mapping[str, str]) -> str:
    paper = state.script.paper(params.get("identifier", "").removeprefix("oai:arXiv.org:"))
    if paper is None or not paper.version_at(state.now):
        return _error("idDoesNotExist", "no such identifier")
    form = params.get("metadataPrefix", "")
    if form not in FORMATS:
        return _error("cannotDisseminateFormat", "no such format")
    return f"<GetRecord>{_record(state, paper, form)}</GetRecord>"


def _list(state: NetworkState, params: Mapping[str, str]) -> str:
    """A part of the records that changed on some days."""
    today = utc(state.now).date().isoformat()
    skip = 0
    if "resumptionToken" in params:
        token = dict(parse_qsl(unquote(params["resumptionToken"])))
        if token.get("made") != today or not token.get("skip", "").isdigit():
            return _error("badResumptionToken", "invalid or expired")
        params, skip = token, int(token["skip"])
    first_day, last_day, form = (
        params.get("from", EARLIEST),
        params.get("until", today),
        params.get("metadataPrefix", ""),
    )
    if form not in FORMATS:
        return _error("cannotDisseminateFormat", "no such format")
    if not _dates(first_day, last_day) or first_day > last_day or first_day > today:
        return _error("badArgument", "from and until are dates, and not in the future")
    papers = [paper for label in _labels(first_day, min(last_day, today)) for paper in changed_papers(state, label)]
    if not papers:
        return _error("noRecordsMatch", "an empty list")
    records = [_record(state, paper, form) for paper in papers[skip : skip + PART]]
    more = _token(today, params, form, first_day, last_day, skip + PART) if len(papers) > skip + PART else ""
    return f"<ListRecords>{''.join(state.reorder(records))}{more}</ListRecords>"


def _token(today: str, params: Mapping[str, str], form: str, first_day: str, last_day: str, skip: int) -> str:
    fields = {
        "verb": "ListRecords",
        "metadataPrefix": form,
        "from": first_day,
        "until": last_day,
        "skip": skip,
        "made": today,
    }
    return f"<resumptionToken expirationDate='{today}T23:59:59Z'>{quote(urlencode(fields))}</resumptionToken>"


def changed_papers(state: NetworkState, label: str) -> Sequence[Paper]:
    """The papers whose latest change, as of now, was announced on a day."""
    announced_papers = [*state.script.papers(label), *(paper for paper, _ in state.script.replacements(label))]
    return [paper for paper in announced_papers if _stamp(state, paper) == label]


def _stamp(state: NetworkState, paper: Paper) -> str:
    """The datestamp: the day on which the latest version was announced, at 0 or 1 o'clock UTC."""
    version = paper.version_at(state.now)
    return paper.versions[version - 1].label if version else ""


def _labels(first_day: str, last_day: str) -> Iterator[str]:
    day = datetime.date.fromisoformat(first_day)
    while day.isoformat() <= last_day:
        if day.weekday() < 5:
            yield day.isoformat()
        day += datetime.timedelta(days=1)


def _dates(*texts: str) -> bool:
    try:
        return all(datetime.date.fromisoformat(text).isoformat() == text for text in texts)
    except ValueError:
        return False


def _error(code: str, message: str) -> str:
    return f"<error code='{code}'>{message}</error>"


def _record(state: NetworkState, paper: Paper, form: str) -> str:
    sets = "".join(f"<setSpec>{_set(category)}</setSpec>" for category in paper.categories)
    versions = paper.versions[: paper.version_at(state.now)]
    comment = "This paper has been withdrawn" if versions[-1].withdrawn else paper.comment
    optional = {"comments": comment, "journal-ref": paper.journal, "doi": paper.doi, "abstract": paper.abstract}
    body = (
        f"<id>{paper.id}</id>{_raw(paper, len(versions)) if form == 'arXivRaw' else _plain(paper, len(versions))}"
        f"<title>{escape(paper.title)}</title><categories>{' '.join(paper.categories)}</categories>"
        + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in optional.items() if text)
    )
    return (
        f"<record><header><identifier>oai:arXiv.org:{paper.id}</identifier>"
        f"<datestamp>{_stamp(state, paper)}</datestamp>"
        f'{sets}</header><metadata><{form} xmlns="http://arxiv.org/OAI/{form}/">{body}</{form}></metadata></record>\n'
    )


def _set(category: str) -> str:
    archive, _, subject = category.partition(".")
    return ":".join(filter(None, (group_of(archive_of(category)), archive, subject)))


def _raw(paper: Paper, versions: int) -> str:
    """Format arXivRaw: the time and size of every version, and the authors in one line."""
    moments = "".join(
        f'<version version="v{n}"><date>{utc(version.submitted_at):%a, %d %b %Y %H:%M:%S} GMT</date>'
        f"<size>{0 if version.withdrawn else 100 + n}kb</size></version>"
        for n, version in enumerate(paper.versions[:versions], 1)
    )
    *most, last_author = paper.authors
    line = f"{', '.join(most)} and {last_author}" if most else last_author
    return f"<submitter>{escape(paper.authors[0])}</submitter>{moments}<authors>{escape(line)}</authors>"


def _plain(paper: Paper, versions: int) -> str:
    """Format arXiv: the days of the first and the last version, and the authors' names in parts."""
    dates = f"<created>{utc(paper.versions[0].submitted_at):%Y-%m-%d}</created>"
    if versions > 1:
        dates += f"<updated>{utc(paper.versions[versions - 1].submitted_at):%Y-%m-%d}</updated>"
    names = [name.rpartition(" ") for name in paper.authors]
    authors = "".join(
        f"<author><keyname>{escape(family)}</keyname><forenames>{escape(forenames)}</forenames></author>"
        for forenames, _, family in names
    )
    return f"{dates}<authors>{authors}</authors>"
