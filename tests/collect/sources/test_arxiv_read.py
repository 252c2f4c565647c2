"""Reading arXiv's answers: made-up documents paired with the expected items, and every recording.

`tests/data/sources/arxiv/feed-cs.xml` pairs with `feed-cs.items.json`: to add a case, add two files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.errors import InputError
from hotpapers.base.model import HOUR, Announcement, AnyItem, Coverage, Item, Paper, RawPayload
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.collect.sources import SOURCES
from hotpapers.collect.sources.arxiv import (
    ArxivSettings,
    ArxivSource,
    formats,
    listing,
    xml,
)
from tests.collect.sources.net import ScriptedClient
from tests.conftest import DATA, SHARED, data

AT = 1_794_204_000_000_000
FIXTURES = sorted((DATA / "sources" / "arxiv").glob("*.xml"))
RECORDINGS = SHARED / "recordings" / "arxiv"
GAP = {"first": "2026-11-09", "last": "2026-11-11", "after": "2611.00500", "before": "", "holidays": ""}


def payloads_of(name: str, body: bytes) -> list[RawPayload]:
    """A document's payloads, as the source yields them; the first word of its name says what it is."""
    kind, _, name_of_feed = name.partition("-")
    if kind == "feed":
        feed = formats.parse_feed(body)
        bodies = [*(entry.body for entry in feed.items), *feed.unreadable]
        return [
            RawPayload("announcement", "", xml.wrap(piece, feed=name_of_feed.removesuffix(".xml")), AT)
            for piece in bodies
        ]
    if kind in ("api", "query"):
        return [RawPayload("paper", paper.id, paper.body, AT) for paper in formats.parse_api(body)]
    records = formats.parse_oai(body).records
    return [
        RawPayload("record", key, xml.wrap(record, **GAP) if kind == "oai" else record, AT) for key, record in records
    ]


def items_of(name: str, body: bytes) -> list[Item]:
    return [item for payload in payloads_of(name, body) for item in ArxivSource(ArxivSettings()).read(payload)]


# ---- pairs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FIXTURES, ids=lambda file: file.stem)
def test_a_document_becomes_its_items(file: Path) -> None:
    expected = msgspec.json.decode(
        data("sources", "arxiv", f"{file.stem}.items.json").read_bytes(), type=list[AnyItem]
    )  # fmt: skip
    assert items_of(file.name, file.read_bytes()) == expected


@pytest.mark.parametrize("name", ["list-recent", "list-new"])
def test_a_listing_becomes_days(name: str) -> None:
    by_day = listing.parse_listing(data("sources", "arxiv", f"{name}.html").read_bytes())
    assert by_day["2026-11-09"].papers["2611.01234"] == "new"
    assert by_day["2026-11-09"].papers["2611.01200"] == "cross"
    assert "2611.99999" not in by_day["2026-11-09"].papers
    counts = {day: (entries.total, len(entries.papers)) for day, entries in by_day.items()}
    expected = {
        "list-recent": {"2026-11-09": (3, 3), "2026-11-06": (0, 0), "2026-11-05": (111, 1)},
        "list-new": {"2026-11-09": (2, 2)},
    }
    assert counts == expected[name]


def test_a_piece_stays_as_it_came() -> None:
    document = data("sources", "arxiv", "feed-cs.xml").read_bytes()
    for entry in formats.parse_feed(document).items:
        assert entry.body in document
        assert entry.body.startswith(b"<item>") and entry.body.endswith(b"</item>")
    assert sum(payload.body.count(b"<item>") for payload in payloads_of("feed-cs.xml", document)) == 3


# ---- every recording ---------------------------------------------------------------------------------------

READ: dict[str, dict[str, int]] = {
    # papers, announcements; for feeds: announcements by type
    "feed_atom_astro-ph_2024-03-05.xml": {"Paper": 91, "new": 42, "cross": 14, "replacement": 35},
    "feed_atom_cs.LG_2024-03-05.xml": {"Paper": 1, "cross": 1},
    "feed_atom_cs_2024-03-05.xml": {"Paper": 30, "new": 13, "cross": 7, "replacement": 10},
    "feed_atom_cs_plus_math.AG_2024-03-05.xml": {"Paper": 34, "new": 14, "cross": 8, "replacement": 12},
    "feed_atom_empty_weekend.xml": {},
    "feed_atom_hep-th_2024-03-05.xml": {"Paper": 31, "new": 13, "cross": 7, "replacement": 11},
    "feed_atom_math_2024-03-05.xml": {"Paper": 107, "new": 46, "cross": 29, "replacement": 32},
    "feed_atom_quant-ph_2024-03-05.xml": {"Paper": 30, "new": 14, "cross": 6, "replacement": 10},
    "feed_rss_astro-ph_2024-03-05.xml": {"Paper": 91, "new": 42, "cross": 14, "replacement": 35},
    "feed_rss_cs.LG_2024-03-05.xml": {"Paper": 1, "cross": 1},
    "feed_rss_cs_2023-10-26.xml": {"Paper": 1, "new": 1, "unread": 2},  # two have invalid identifiers
    "feed_rss_cs_2024-03-05.xml": {"Paper": 30, "new": 13, "cross": 7, "replacement": 10},
    "feed_rss_cs_plus_math.AG_2024-03-05.xml": {"Paper": 34, "new": 14, "cross": 8, "replacement": 12},
    "feed_rss_empty_weekend.xml": {},
    "feed_rss_hep-th_2024-03-05.xml": {"Paper": 31, "new": 13, "cross": 7, "replacement": 11},
    "feed_rss_live_cs.CL_weekend_empty_2026-08-01.xml": {},
    "feed_rss_math_2024-03-05.xml": {"Paper": 107, "new": 46, "cross": 29, "replacement": 32},
    "feed_rss_quant-ph_2024-03-05.xml": {"Paper": 30, "new": 14, "cross": 6, "replacement": 10},
    "oai/GetRecord_arXiv.xml": {"Paper": 1},
    "oai/GetRecord_arXivRaw.xml": {"Paper": 1},
    "oai/GetRecord_arXivRaw_multiversion.xml": {"Paper": 1},
    "oai/GetRecord_arXivRaw_oldid.xml": {"Paper": 1},
    "oai/GetRecord_arXivRaw_withdrawn.xml": {"Paper": 1},
    "oai/ListRecords_arXivOld_page1.xml": {"Paper": 15},
    "oai/ListRecords_arXivOld_page2.xml": {"Paper": 15},
    "oai/ListRecords_arXivRaw_page1.xml": {"Paper": 15},
    "oai/ListRecords_arXivRaw_page2.xml": {"Paper": 15},
    "oai/ListRecords_arXivRaw_set_cs.xml": {"Paper": 3},
    "oai/ListRecords_arXiv_page1.xml": {"Paper": 15},
    "oai/ListRecords_arXiv_page2.xml": {"Paper": 15},
    "oai/ListRecords_arXiv_set_cs.xml": {"Paper": 3},
    "oai/ListRecords_last_page.xml": {"Paper": 7},
    "query_all_transformer_2026-06-14.xml": {"Paper": 5},
    "query_cat_cs.AI_cs.LG_cs.CL_2026-08-02.xml": {"Paper": 25},
    "query_empty.xml": {},
    "query_id_1605.08386.xml": {"Paper": 1},
    "query_id_1707.08567.xml": {"Paper": 1},
    "query_id_2104.12255v1.xml": {"Paper": 1},
    "query_id_nonexistent.xml": {},
    "query_oldid_astro-ph_0601001.xml": {"Paper": 1},
    "query_oldid_quant-ph_0201082v1.xml": {"Paper": 1},
    "query_search_100_entries.xml": {"Paper": 100},
    "query_search_page1_start0_max10.xml": {"Paper": 10},
    "query_search_page2_start10_max10.xml": {"Paper": 10},
    "query_two_ids_one_malformed.xml": {"Paper": 1},
}

LISTED: dict[str, dict[str, tuple[int, int]]] = {
    # by day: papers in total, papers shown
    "list_cs.CL_recent_live.html": {"2026-07-27": (47, 47), "2026-07-24": (110, 3)},
    "list_cs_new.html": {"2011-02-03": (2, 2)},
    "list_math_2011-02.html": {},
    "list_math_new.html": {"2011-02-03": (2, 2)},
    "list_math_recent.html": {
        "2011-02-03": (2, 2), "2011-02-02": (1, 1), "2011-02-01": (1, 1), "2011-01-31": (0, 0), "2011-01-28": (1, 1),
    },
}  # fmt: skip

REFUSED: dict[str, tuple[Callable[[bytes], object], str]] = {
    # arXiv's error answers must not be read as content
    "catchup_400.html": (listing.parse_listing, "not arXiv's listing"),
    "feed_atom_error_bad_archive.xml": (formats.parse_feed, "Bad archive 'nosuch'"),
    "feed_rss_error_bad_archive.xml": (formats.parse_feed, "Bad subject class 'XX'"),
    "feed_rss_no_archive.txt": (formats.parse_feed, "syntax error"),
    "list_bad_archive_error.html": (listing.parse_listing, "not arXiv's listing"),
    "query_error_400_incorrect_id.xml": (formats.parse_api, "incorrect id format for abc"),
    "from-docs/api_429.txt": (formats.parse_api, "syntax error"),
    "from-docs/oai_503_retry_after.txt": (formats.parse_oai, "no element found"),
    # Dublin Core has no categories and doesn't mark a primary subject
    "oai/ListRecords_oai_dc_page1.xml": (lambda body: items_of("record", body), "unknown format"),
    "oai/ListRecords_oai_dc_page2.xml": (lambda body: items_of("record", body), "unknown format"),
}

OAI_ERRORS = {
    "badArgument": "badArgument",
    "badArgument_date": "badArgument",
    "badArgument_from_in_future": "badArgument",
    "badResumptionToken": formats.STALE,
    "badVerb": "badVerb",
    "cannotDisseminateFormat": "cannotDisseminateFormat",
    "idDoesNotExist": "idDoesNotExist",
    "idDoesNotExist_bad_structure": "idDoesNotExist",
    "noRecordsMatch": formats.NOTHING,
}

NOT_READ = {
    "oai/Identify.xml": "not requested; the base address is a setting",
    "oai/ListIdentifiers_page1.xml": "not requested; records are requested in full",
    "oai/ListMetadataFormats.xml": "not requested; the format is always arXivRaw",
    "oai/ListSets.xml": "not requested; all sets are harvested",
}


def recording(name: str) -> bytes:
    if not RECORDINGS.is_dir():
        pytest.skip(f"the recordings are absent: {RECORDINGS}")
    return (RECORDINGS / name).read_bytes()


def test_every_recording_is_read_or_has_its_reason(shared: Path) -> None:
    files = {file.relative_to(RECORDINGS).as_posix() for file in RECORDINGS.rglob("*") if file.is_file()}
    bodies = {name for name in files if not name.endswith(".headers.txt")}
    errors = {f"oai/error_{name}.xml" for name in OAI_ERRORS}
    assert bodies == {*READ, *LISTED, *REFUSED, *errors, *NOT_READ}
    assert len(bodies) == 73


@pytest.mark.parametrize("name", READ)
def test_a_recording_becomes_papers(name: str) -> None:
    kind = "feed-cs" if name.startswith("feed") else "query" if name.startswith("query") else "record"
    counts: Counter[str] = Counter()
    for payload in payloads_of(kind, recording(name)):
        try:
            counts.update(
                item.type if isinstance(item, Announcement) else "Paper"
                for item in ArxivSource(ArxivSettings()).read(payload)
            )
        except InputError:
            counts["unread"] += 1
    assert dict(counts) == READ[name]


@pytest.mark.parametrize("name", LISTED)
def test_a_recorded_listing_is_counted(name: str) -> None:
    by_day = listing.parse_listing(recording(name))
    assert {day: (entries.total, len(entries.papers)) for day, entries in by_day.items()} == LISTED[name]


@pytest.mark.parametrize("name", REFUSED)
def test_a_recorded_refusal_is_no_answer(name: str) -> None:
    parse, message = REFUSED[name]
    with pytest.raises(InputError, match=message):
        parse(recording(name))


@pytest.mark.parametrize("name", OAI_ERRORS)
def test_a_recorded_oai_error_is_told(name: str) -> None:
    response = formats.parse_oai(recording(f"oai/error_{name}.xml"))
    assert response.error == OAI_ERRORS[name]
    assert response.message and not response.records


def test_recorded_details() -> None:
    """Details of real payloads that are easy to get wrong."""
    gould = paper_of("query", "query_oldid_astro-ph_0601001.xml")
    assert (gould.paper, gould.version, gould.journal) == ("arxiv:astro-ph/0601001", 1, "ActaAstron.56:1-50,2006")
    assert gould.authors == ("Andrew Gould", "Susan Dorsher", "B. Scott Gaudi", "Andrzej Udalski")
    survey = paper_of("record", "oai/GetRecord_arXivRaw_multiversion.xml")
    assert (survey.version, survey.doi, len(survey.authors)) == (2, "10.1088/0004-637X/736/1/19", 66)
    assert (survey.published_at, survey.updated_at) == (1296677095000000, 1299906212000000)
    withdrawn_paper = paper_of("record", "oai/GetRecord_arXivRaw_withdrawn.xml")
    assert (withdrawn_paper.version, withdrawn_paper.comment) == (2, "This paper has been withdrawn")
    assert withdrawn_paper.is_withdrawn and not survey.is_withdrawn
    assert formats.parse_oai(recording("oai/ListRecords_arXiv_page1.xml")).token.endswith("skip%3D15")
    assert formats.parse_oai(recording("oai/ListRecords_last_page.xml")).token == ""


def paper_of(kind: str, name: str) -> Paper:
    (paper,) = items_of(kind, recording(name))
    assert isinstance(paper, Paper)
    return paper


def test_both_shapes_of_a_feed_say_the_same() -> None:
    for archive in ("astro-ph", "cs", "hep-th", "math", "quant-ph"):
        rss, atom = (
            items_of("feed-cs", recording(f"feed_{shape}_{archive}_2024-03-05.xml")) for shape in ("rss", "atom")
        )
        assert rss == atom


# ---- facts, and unreadable input ---------------------------------------------------------------------------


def test_a_listed_paper_becomes_an_announcement() -> None:
    fact = formats.ListedFact(paper="2611.01200", category="cs", day="2026-11-09", type="cross")
    (announcement,) = ArxivSource(ArxivSettings()).read(formats.listing_payload(fact, AT))
    assert announcement == Announcement(
        paper="arxiv:2611.01200", day="2026-11-09", category="cs", type="cross", announced_at=1794186000000000,
        observed_at=AT,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "problems", "expected"),
    [
        ("read", (), ("partial", "not compared with arXiv's listing")),
        ("checked", (), ("complete", "")),
        ("checked", ("cs: 2611.01200 missing",), ("partial", "cs: 2611.01200 missing")),
        ("empty", (), ("complete", "nothing was announced")),
        ("harvested", (), ("partial", "harvested later: days of announcement are estimates")),
    ],
)
def test_a_day_becomes_coverage(state: formats.State, problems: tuple[str, ...], expected: tuple[str, str]) -> None:
    (coverage,) = ArxivSource(ArxivSettings()).read(formats.day_payload("2026-11-09", state, problems, AT))
    assert isinstance(coverage, Coverage)
    assert (coverage.state, coverage.reason) == expected
    assert (coverage.network, coverage.from_at, coverage.until_at) == ("arxiv", 1794186000000000, 1794200400000000)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<a>", b"<a><b></a></b>", b"not XML", b'<?xml version="1.0" encoding="utf-16"?><a/>',
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b'<!DOCTYPE a SYSTEM "file:///etc/hosts"><a/>', b"<a>&b;</a>",
        b"<a>" * 50 + b"</a>" * 50, b"<a>\xff</a>", b"<seen feed='cs'></seen>", b"<item/>",
        b"<item><announce_type>new</announce_type></item>",
        b"<item><announce_type>odd</announce_type><guid>2611.00001</guid></item>",
        b"<item><announce_type>new</announce_type><guid>2611.00001</guid><title>T</title></item>",
        b"<item><announce_type>new</announce_type><guid>2611.00001</guid><title>T</title><pubDate>soon</pubDate></item>",
        b"<item><announce_type>new</announce_type><guid>2611.00001</guid></item>",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["announcement", "paper", "record", "listed", "day", "something"])
def test_what_cannot_be_read_says_so(kind: str, body: bytes) -> None:
    with pytest.raises((InputError, ValueError)):
        list(ArxivSource(ArxivSettings()).read(RawPayload(kind, "key", body, AT)))


@pytest.mark.parametrize("parse", [formats.parse_feed, formats.parse_api, formats.parse_oai, listing.parse_listing])
def test_another_document_is_no_answer(parse: Callable[[bytes], object]) -> None:
    with pytest.raises(InputError, match="not "):
        parse(b"<other/>")


@pytest.mark.parametrize("date", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_feed_of_an_impossible_day_is_no_feed(date: str) -> None:
    with pytest.raises(InputError, match="a date is missing or impossible"):
        formats.parse_feed(f"<rss><channel><pubDate>{date}</pubDate></channel></rss>".encode())


@pytest.mark.parametrize("empty", ["<record/>", "<record />", '<record a="/>"/>', "<record></record >"])
def test_an_empty_record_does_not_hide_the_others(empty: str) -> None:
    record = "<record><header><identifier>oai:arXiv.org:2611.00001</identifier></header><record/></record>"
    for records in (f"{empty}{record}", f"{record}{empty}"):
        body = f"<OAI-PMH><ListRecords>{records}</ListRecords><resumptionToken>9</resumptionToken></OAI-PMH>"
        response = formats.parse_oai(body.encode())
        assert sorted(response.records) == [("", empty.encode()), ("oai:arXiv.org:2611.00001", record.encode())]
        assert response.token == "9"


def test_a_version_with_an_odd_number_is_a_paper_all_the_same() -> None:
    record = recording("oai/GetRecord_arXivRaw_multiversion.xml").replace(b'version="v2"', 'version="v²"'.encode())
    (paper,) = items_of("record", record)
    assert isinstance(paper, Paper) and paper.version is None


def test_a_listing_has_bounds() -> None:
    with pytest.raises(InputError, match="more than 2000 entries"):
        listing.parse_listing(b"<dl id='articles'>" + b"<dt>" * 2001)
    body = (
        b"<dl id='articles'><h3>Mon, 9 Nov 2026 (showing 1 of 1 entries)</h3><dt>"
        + b" " * 5000
        + b'<a href="/abs/2611.00001">'
    )
    assert listing.parse_listing(body)["2026-11-09"].papers == {}


def test_nothing_is_counted() -> None:
    source, settings = SOURCES["arxiv"]
    assert list(source(settings()).counts(None, ["arxiv:2611.01234"])) == []  # type: ignore[arg-type]


def test_a_recorded_feed_goes_all_the_way() -> None:
    """Through `pages`: a day's feed, and a listing without its papers."""
    table = {
        "https://rss.arxiv.org/rss/math": recording("feed_rss_math_2024-03-05.xml"),
        "https://arxiv.org/list/math/recent?skip=0&show=2000": recording("list_math_recent.html"),
    }
    nothing = b"<feed xmlns='http://www.w3.org/2005/Atom'/>"
    http = ScriptedClient(lambda url: table.get(url, nothing), now=days.closes_at("2024-03-05") + 300_000_000)
    source = ArxivSource(ArxivSettings(archives=("math",)))
    pages = list(source.pages(http, None))
    items = [item for page in pages for payload in page.payloads for item in source.read(payload)]
    counts = Counter(item.type if isinstance(item, Announcement) else type(item).__name__ for item in items)
    # the API has none of them yet: the feed describes the new papers
    assert counts == {"Paper": 46, "new": 46, "cross": 29, "replacement": 32, "Coverage": 2}
    assert {item.day for item in items if isinstance(item, Announcement)} == {"2024-03-05"}
    assert isinstance(items[-1], Coverage) and items[-1].reason == "math: arXiv's listing has not come so far"
    assert pages[-1].next_at == http.now() + 2 * HOUR  # the API is asked again for the papers it lacked
