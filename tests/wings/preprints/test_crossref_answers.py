"""Kinds of Crossref's answers about preprints and articles, each as some publisher deposits it, in words of our own."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hotpapers.base.model import Announcement, Notice, Paper, RawPayload
from hotpapers.base.text.timestamps import minute_of
from hotpapers.collect.sources.decoding import decode_entry
from hotpapers.wings.preprints import crossref, crossref_works
from hotpapers.wings.preprints.crossref import CrossrefSettings
from hotpapers.wings.preprints.crossref_works import CrossrefWork

CREATED = {"date-parts": [[2026, 11, 5]], "date-time": "2026-11-05T07:08:09Z", "timestamp": 1793862489000}
WORK: dict[str, Any] = {
    "DOI": "10.26434/chemrxiv-2026-3f6vk",
    "type": "posted-content",
    "subtype": "preprint",
    "title": ["Kettles that boil twice"],
    "author": [{"given": "Tansy A.", "family": "Overquill", "sequence": "first", "affiliation": []}],
    "abstract": "<jats:p>We boil a kettle twice.</jats:p>",
    "posted": {"date-parts": [[2026, 11, 4]]},
    "created": CREATED,
}
BIORXIV, MEDRXIV = "10.64898/2026.01.02.700123", "10.64898/2026.01.02.26340001"
PSYARXIV, SSRN = "10.31234/osf.io/kett2_v1", "10.2139/ssrn.4999999"
SQUARE, PREPRINTS = "10.21203/rs.3.rs-4567890/v1", "10.20944/preprints202611.0123.v1"


def read(**changes: object) -> dict[str, Any]:
    """The version that is read from the work with some changes, as plain values."""
    work = decode_entry(msgspec.json.encode(WORK | changes), CrossrefWork)
    posted = crossref_works.posted_version(work)
    at = posted.posted_at
    return posted._asdict() | {"posted_at": "" if at is None else minute_of(at)}


def person(**parts: object) -> dict[str, Any]:
    return {"author": [parts]}


def related(*ids: object) -> dict[str, Any]:
    return {"relation": {"is-preprint-of": ids[0] if len(ids) == 1 else list(ids)}}


KINDS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    # -- identifiers and versions
    ("a DOI in capitals", {"DOI": "10.26434/CHEMRXIV-2026-3F6VK"}, {"key": "doi:10.26434/chemrxiv-2026-3f6vk"}),
    ("a version after a slash", {"DOI": "10.26434/chemrxiv.15007618/v2"},
     {"key": "doi:10.26434/chemrxiv.15007618", "version": 2}),
    ("a version after a hyphen", {"DOI": "10.26434/chemrxiv-2026-3f6vk-v3"},
     {"key": "doi:10.26434/chemrxiv-2026-3f6vk", "version": 3}),
    ("a version after a dot", {"DOI": "10.26434/chemrxiv.7654321.v1"},
     {"key": "doi:10.26434/chemrxiv.7654321", "version": 1}),
    ("OSF's version", {"DOI": PSYARXIV}, {"key": "doi:10.31234/osf.io/kett2", "version": 1, "category": "psyarxiv"}),
    ("Research Square's version", {"DOI": SQUARE}, {"key": "doi:10.21203/rs.3.rs-4567890", "version": 1}),
    ("Preprints.org's version", {"DOI": PREPRINTS}, {"key": "doi:10.20944/preprints202611.0123", "version": 1}),
    ("SSRN, without versions", {"DOI": SSRN}, {"key": "doi:" + SSRN, "version": 1, "category": "ssrn"}),
    ("an article of a journal", {"DOI": "10.1000/Tea(2026)1:2<3::AID>4.0.CO;2-X", "type": "journal-article"},
     {"key": "doi:10.1000/tea(2026)1:2<3::aid>4.0.co;2-x", "category": "doi"}),
    # -- titles
    ("a title with markup", {"title": ["Kettles <i>in vivo</i>: H<sub>2</sub>O"]}, {"title": "Kettles in vivo: H2O"}),
    ("a title with escaped markup", {"title": ["Kettles &lt;em&gt;boil&lt;/em&gt;"]}, {"title": "Kettles boil"}),
    ("a title escaped twice", {"title": ["Tea &amp;amp; milk"]}, {"title": "Tea & milk"}),
    ("a title in lines", {"title": ["Kettles\n      that boil"]}, {"title": "Kettles that boil"}),
    ("a title that is less than", {"title": ["Warm if p < 0.05 and q > 3"]}, {"title": "Warm if p < 0.05 and q > 3"}),
    ("a translated title", {"title": ["Kettles", "Wasserkessel"]}, {"title": "Kettles"}),
    ("no title", {"title": []}, {"title": ""}),
    ("a title of null", {"title": None}, {"title": ""}),
    # -- authors
    ("a group", person(name="The Kettle Consortium", sequence="first"), {"authors": ("The Kettle Consortium",)}),
    ("a family name alone", person(family="Overquill"), {"authors": ("Overquill",)}),
    ("a given name alone", person(given="Tansy"), {"authors": ("Tansy",)}),
    ("a suffix", person(given="Tansy", family="Overquill", suffix="Jr."), {"authors": ("Tansy Overquill Jr.",)}),
    ("a group and a person", {"author": [{"name": "Kettlers"}, {"given": "Bo", "family": "Lark"}]},
     {"authors": ("Kettlers", "Bo Lark")}),
    ("blanks in a name", person(given=" Tansy  A. ", family="Over quill "), {"authors": ("Tansy A. Over quill",)}),
    ("nobody", {"author": []}, {"authors": ()}),
    ("authors of null", {"author": None}, {"authors": ()}),
    ("an author without a name", {"author": [{"ORCID": "https://orcid.org/0000-0000-0000-0000"}]}, {"authors": ()}),
    # -- abstracts
    ("JATS", {"abstract": "<jats:title>Abstract</jats:title><jats:p>One.</jats:p><jats:p>Two.</jats:p>"},
     {"abstract": "One. Two."}),
    ("HTML", {"abstract": "<p>One.</p><p>Two &amp; three.</p>"}, {"abstract": "One. Two & three."}),
    ("sections", {"abstract": "<jats:sec><jats:title>Aim</jats:title><jats:p>Tea.</jats:p></jats:sec>"},
     {"abstract": "Aim Tea."}),
    ("plain text", {"abstract": "We boil.\n  Twice."}, {"abstract": "We boil. Twice."}),
    ("no abstract, as SSRN", {"DOI": SSRN, "abstract": None}, {"abstract": ""}),
    # -- days
    ("a day", {}, {"posted_at": "2026-11-04 00:00 UTC"}),
    ("a year alone, as SSRN", {"posted": {"date-parts": [[2026]]}}, {"posted_at": "2026-11-05 07:08 UTC"}),
    ("a month alone", {"posted": {"date-parts": [[2026, 11]]}}, {"posted_at": "2026-11-05 07:08 UTC"}),
    ("a date of null", {"posted": {"date-parts": [[None]]}}, {"posted_at": "2026-11-05 07:08 UTC"}),
    ("no posted date", {"posted": None}, {"posted_at": "2026-11-05 07:08 UTC"}),
    ("only published", {"posted": None, "published": {"date-parts": [[2026, 10, 9]]}},
     {"posted_at": "2026-10-09 00:00 UTC"}),
    ("an impossible day", {"posted": {"date-parts": [[2026, 2, 30]]}}, {"posted_at": "2026-11-05 07:08 UTC"}),
    ("nothing", {"posted": None, "created": None}, {"posted_at": ""}),
    # -- servers and categories
    ("bioRxiv, by its institution", {"DOI": BIORXIV, "institution": [{"name": "bioRxiv"}],
     "group-title": "Cell Biology"}, {"category": "biorxiv.cell-biology"}),
    ("medRxiv, by its institution", {"DOI": MEDRXIV, "institution": [{"name": "medRxiv"}],
     "group-title": "Epidemiology"}, {"category": "medrxiv.epidemiology"}),
    ("an institution that is no list", {"DOI": BIORXIV, "institution": {"name": "bioRxiv"}}, {"category": "biorxiv"}),
    ("a group title that is the server", {"DOI": PSYARXIV, "group-title": "PsyArXiv"}, {"category": "psyarxiv"}),
    ("a group title of SSRN", {"DOI": SSRN, "group-title": "SSRN Electronic Journal"}, {"category": "ssrn"}),
    ("a group title of ChemRxiv", {"group-title": "Chemistry"}, {"category": "chemrxiv"}),
    # -- what it became
    ("an article", related([{"id-type": "doi", "id": "10.1000/TEA.7", "asserted-by": "subject"}]),
     {"published_doi": "10.1000/tea.7"}),
    ("an article that is no list", related({"id-type": "doi", "id": "10.1000/tea.7"}),
     {"published_doi": "10.1000/tea.7"}),
    ("a page that is no DOI", related([{"id-type": "uri", "id": "https://tea.example/7"}]), {"published_doi": ""}),
    ("another version", {"relation": {"has-version": [{"id-type": "doi", "id": "10.1000/tea.7"}]}},
     {"published_doi": ""}),
    ("a journal", {"DOI": "10.1000/tea.9", "container-title": ["Annals of Tea &amp; Milk"]},
     {"journal": "Annals of Tea & Milk"}),
]  # fmt: skip


def test_there_are_enough_kinds() -> None:
    assert len(KINDS) >= 45 and len({kind for kind, _, _ in KINDS}) == len(KINDS)


@pytest.mark.parametrize(("changes", "expected"), [kind[1:] for kind in KINDS], ids=[kind[0] for kind in KINDS])
def test_a_kind_of_answer(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    version = read(**changes)
    assert {name: version[name] for name in expected} == expected
    untouched = {"title": "Kettles that boil twice", "authors": ("Tansy A. Overquill",)}
    for name, value in untouched.items():
        assert version[name] == value or name in expected


@pytest.mark.parametrize("field", [*WORK, "published", "group-title", "institution", "relation", "updated-by"])
@pytest.mark.parametrize("value", [None, "", 7, 7.5, True, [], {}, [None], [[]], [{}], {"a": 1}, "x", ["x"], [7]])
def test_any_value_of_any_field_costs_one_field_at_most(field: str, value: object) -> None:
    """Of a work with its DOI; without one, the entry goes to quarantine."""
    body = msgspec.json.encode(WORK | {field: value})
    if field == "DOI" and not isinstance(value, str):
        with pytest.raises(Exception, match="DOI"):
            decode_entry(body, CrossrefWork)
        return
    work = decode_entry(body, CrossrefWork)
    version = crossref_works.posted_version(work)
    if field not in ("title", "DOI"):
        assert version.title == "Kettles that boil twice"
    list(crossref_works.notices_of(version.key, work, 1))


OF_SERVERS = {
    "africarxiv": ["10.31730/osf.io/kett2"], "chemrxiv": [WORK["DOI"], "10.26434/chemrxiv.15007618/v1"],
    "ecoevorxiv": ["10.32942/osf.io/kett2", "10.32942/X2K3TT"], "edarxiv": ["10.35542/osf.io/kett2_v1"],
    "engrxiv": ["10.31224/osf.io/kett2", "10.31224/4645"], "metaarxiv": ["10.31222/osf.io/kett2_v1"],
    "osf": ["10.31219/osf.io/kett2_v1"], "preprints": [PREPRINTS], "psyarxiv": [PSYARXIV, "10.31234/osf.io/kett2"],
    "researchsquare": [SQUARE, "10.21203/rs.2.18613/v1", "10.21203/rs.3.pex-1234/v1"],
    "socarxiv": ["10.31235/osf.io/kett2"], "ssrn": [SSRN],
}  # fmt: skip
"""Forms of DOIs, as servers had them and have them."""


@pytest.mark.parametrize("server", OF_SERVERS)
def test_a_server_that_changed_its_dois_is_still_read(server: str) -> None:
    read_at = 1_800_000_000_000_000
    source = getattr(crossref, server)(CrossrefSettings())
    for name in OF_SERVERS[server]:
        items = list(source.read(RawPayload("work", name, msgspec.json.encode(WORK | {"DOI": name}), read_at)))
        assert [type(item) for item in items] == [Paper, Announcement], name


# ---- notices ---------------------------------------------------------------------------------------------


def update(type: str, **more: object) -> dict[str, Any]:
    notice = {"DOI": "10.1000/NOTICE.1", "type": type, "label": type, "source": "publisher"}
    return notice | {"updated": {"date-parts": [[2026, 11, 20]], "date-time": "2026-11-20T00:00:00Z"}} | more


NOTICES = [
    ("a retraction", update("retraction"), "retraction"),
    ("of Retraction Watch", update("retraction", source="retraction-watch", **{"record-id": 42}), "retraction"),
    ("in capitals", update("Retraction"), "retraction"),
    ("of a part", update("partial_retraction"), "correction"),
    ("a withdrawal", update("withdrawal"), "withdrawal"),
    ("a removal", update("removal"), "removal"),
    ("a concern", update("expression_of_concern"), "concern"),
    ("a concern in words", update("expression of concern"), "concern"),
    ("a concern with hyphens", update("expression-of-concern"), "concern"),
    ("a correction", update("correction"), "correction"),
    ("a corrigendum", update("corrigendum"), "correction"),
    ("an erratum", update("erratum"), "correction"),
    ("an addendum", update("addendum"), "update"),
    ("a new version", update("new_version"), ""),
    ("a new edition", update("new_edition"), ""),
    ("a clarification", update("clarification"), ""),
    ("an unknown type", update("sprinkled"), ""),
    ("without a type", update(""), ""),
    ("without a DOI", update("retraction", DOI=""), ""),
    ("a day without a moment", update("retraction", updated={"date-parts": [[2026, 11, 20]]}), "retraction"),
    ("a year alone", update("retraction", updated={"date-parts": [[2026]]}), "retraction"),
    ("without a date", update("retraction", updated=None), "retraction"),
]


@pytest.mark.parametrize(("updated_by", "type"), [notice[1:] for notice in NOTICES], ids=[n[0] for n in NOTICES])
def test_a_kind_of_notice(updated_by: dict[str, Any], type: str) -> None:
    """A correction or a concern is never a retraction, and what is no notice is none."""
    source = crossref.chemrxiv(CrossrefSettings())
    at = 1_796_083_200_000_000  # 1 December 2026
    body = msgspec.json.encode(WORK | {"updated-by": [updated_by]})
    notices = [item for item in source.read(RawPayload("work", WORK["DOI"], body, at)) if isinstance(item, Notice)]
    assert [notice.type for notice in notices] == ([type] if type else [])
    for notice in notices:
        assert notice.notice == "doi:10.1000/notice.1"
        known = len((updated_by["updated"] or {"date-parts": [[]]})["date-parts"][0]) == 3
        assert notice.day == ("2026-11-20" if known else "2026-12-01")
