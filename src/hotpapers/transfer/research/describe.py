"""Machine-readable descriptions of the tables in four standards, and a self-report on their quality: pure functions
from facts to JSON values.

Data Package 2.0  https://datapackage.org/standard/data-package/
RO-Crate 1.1      https://www.researchobject.org/ro-crate/specification/1.1/
Croissant 1.0     https://docs.mlcommons.org/croissant/docs/croissant-spec.html
DataCite 4.5      https://datacite-metadata-schema.readthedocs.io/en/4.5/
NISO RP-25-2016   https://www.niso.org/publications/rp-25-2016-altmetrics
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hotpapers.ids import timestamps
from hotpapers.transfer.research.schema import SCHEMA_VERSION, TABLES, ResearchTable, TableColumn

LICENSE = "CC0-1.0"
LICENSE_URL = "https://creativecommons.org/publicdomain/zero/1.0/"
PARQUET = "application/vnd.apache.parquet"
SOFTWARE = "Hot Papers"
Json = dict[str, Any]


class TableFile(NamedTuple):
    """A table's file: its name, SHA-256, size in bytes and number of rows."""

    table: ResearchTable
    name: str
    sha256: str
    size: int
    rows: int


class NetworkSpan(NamedTuple):
    """A network: the number of its mentions, and when reading it began and ended, µs UTC; None if all was imported."""

    network: str
    mentions: int
    from_at: int | None
    until_at: int | None


class ExportFacts(NamedTuple):
    """The facts about an export. `made`: when, as ISO 8601, UTC. `position`, `chain`: the last batch of the record that
    was read, and its chain value in hexadecimal. `digest`: SHA-256 over the tables' digests. `networks`: the networks
    read."""

    title: str
    version: str
    made: str
    position: int
    chain: str
    digest: str
    files: Sequence[TableFile]
    networks: Sequence[NetworkSpan]

    @property
    def day(self) -> str:
        """The day on which it was made."""
        return self.made[:10]

    @property
    def description(self) -> str:
        """A description in one paragraph."""
        return (
            "Attention to arXiv papers on public networks: identifiers, times and counts, without anybody's words or"
            f" names. Written by {SOFTWARE} {self.version} from a record at position {self.position} with the chain"
            f" value {self.chain}. Digest of all tables: {self.digest}. Schema: {SCHEMA_VERSION}."
        )


# ---- Data Package -----------------------------------------------------------------------------------------

_FRICTIONLESS = {
    "VARCHAR": "string", "VARCHAR[]": "array", "INTEGER": "integer", "BIGINT": "integer", "BIGINT[]": "array",
    "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "datetime",
}  # fmt: skip


def data_package(facts: ExportFacts) -> Json:
    """`datapackage.json`."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "hot-papers-tables",
        "id": f"urn:sha256:{facts.digest}",
        "title": facts.title,
        "description": facts.description,
        "version": SCHEMA_VERSION,
        "created": facts.made,
        "licenses": [{"name": LICENSE, "path": LICENSE_URL, "title": "Creative Commons Zero v1.0 Universal"}],
        "resources": [_resource(file) for file in facts.files],
    }


def _resource(file: TableFile) -> Json:
    table = file.table
    keys = [
        {"fields": [column], "reference": {"resource": other, "fields": [target]}}
        for column, other, target in table.references
    ]
    fields = [
        {"name": column.name, "type": _FRICTIONLESS[column.type], "description": column.meaning}
        for column in table.columns
    ]
    schema = {"fields": fields, "primaryKey": list(table.key)}
    return {
        "name": table.name.replace("_", "-"), "path": file.name, "description": table.meaning, "format": "parquet",
        "mediatype": PARQUET, "bytes": file.size, "hash": f"sha256:{file.sha256}",
        "schema": schema | ({"x-references": keys} if keys else {}),
    }  # fmt: skip


# ---- RO-Crate ---------------------------------------------------------------------------------------------


def ro_crate(facts: ExportFacts) -> Json:
    """`ro-crate-metadata.json`."""
    root: Json = {
        "@id": "./", "@type": "Dataset", "name": facts.title, "description": facts.description,
        "datePublished": facts.made, "version": SCHEMA_VERSION, "license": {"@id": LICENSE_URL},
        "identifier": f"urn:sha256:{facts.digest}", "author": {"@id": "#publisher"},
        "publisher": {"@id": "#publisher"}, "hasPart": [{"@id": file.name} for file in facts.files],
    }  # fmt: skip
    about = {
        "@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }  # fmt: skip
    action = {
        "@id": "#export", "@type": "CreateAction", "name": "Export of the record", "endTime": facts.made,
        "instrument": {"@id": "#software"}, "result": {"@id": "./"},
    }  # fmt: skip
    publisher = {"@id": "#publisher", "@type": "Organization", "name": facts.title}
    software = {"@id": "#software", "@type": "SoftwareApplication", "name": SOFTWARE, "version": facts.version}
    license = {"@id": LICENSE_URL, "@type": "CreativeWork", "name": LICENSE, "url": LICENSE_URL}
    files = [_crate_file(file) for file in facts.files]
    return {
        "@context": "https://w3id.org/ro/crate/1.1/context",
        "@graph": [about, root, *files, license, publisher, action, software],
    }


def _crate_file(file: TableFile) -> Json:
    return {
        "@id": file.name, "@type": "File", "name": file.table.name, "description": file.table.meaning,
        "encodingFormat": PARQUET, "contentSize": str(file.size), "sha256": file.sha256,
    }  # fmt: skip


# ---- Croissant --------------------------------------------------------------------------------------------

_CROISSANT = {
    "VARCHAR": "sc:Text", "VARCHAR[]": "sc:Text", "INTEGER": "sc:Integer", "BIGINT": "sc:Integer",
    "BIGINT[]": "sc:Integer", "BOOLEAN": "sc:Boolean", "DATE": "sc:Date", "TIMESTAMP": "sc:DateTime",
}  # fmt: skip
_CONTEXT: Json = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column",
    "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/", "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract",
    "field": "cr:field", "fileObject": "cr:fileObject", "fileProperty": "cr:fileProperty", "fileSet": "cr:fileSet",
    "format": "cr:format", "includes": "cr:includes", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath",
    "key": "cr:key", "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/", "recordSet": "cr:recordSet", "references": "cr:references",
    "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace", "samplingRate": "cr:samplingRate", "sc": "https://schema.org/",
    "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform",
}  # fmt: skip


def croissant(facts: ExportFacts) -> Json:
    """`croissant.json`."""
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": "hot-papers-tables",
        "description": facts.description,
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": LICENSE_URL,
        "url": f"urn:sha256:{facts.digest}",
        "version": SCHEMA_VERSION,
        "datePublished": facts.day,
        "citeAs": f"{facts.title}, {facts.day}, sha256:{facts.digest}",
        "distribution": [_file_object(file) for file in facts.files],
        "recordSet": [_record_set(file) for file in facts.files],
    }


def _file_object(file: TableFile) -> Json:
    return {
        "@type": "cr:FileObject", "@id": file.name, "name": file.name, "description": file.table.meaning,
        "contentUrl": file.name, "contentSize": f"{file.size} B", "encodingFormat": "application/x-parquet",
        "sha256": file.sha256,
    }  # fmt: skip


def _record_set(file: TableFile) -> Json:
    table = file.table
    return {
        "@type": "cr:RecordSet", "@id": table.name, "name": table.name, "description": table.meaning,
        "key": [{"@id": f"{table.name}/{name}"} for name in table.key],
        "field": [_croissant_field(file, column) for column in table.columns],
    }  # fmt: skip


def _croissant_field(file: TableFile, column: TableColumn) -> Json:
    field: Json = {
        "@type": "cr:Field", "@id": f"{file.table.name}/{column.name}", "name": column.name,
        "description": column.meaning, "dataType": _CROISSANT[column.type],
        "source": {"fileObject": {"@id": file.name}, "extract": {"column": column.name}},
    }  # fmt: skip
    return field | ({"repeated": True} if column.type.endswith("[]") else {})


# ---- DataCite ---------------------------------------------------------------------------------------------


def datacite(facts: ExportFacts) -> Json:
    """`datacite.json`: everything needed to register a DOI except the DOI."""
    return {
        "schemaVersion": "http://datacite.org/schema/kernel-4",
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Altmetrics"},
        "alternateIdentifiers": [
            {"alternateIdentifier": f"urn:sha256:{facts.digest}", "alternateIdentifierType": "URN"}
        ],
        "creators": [{"name": facts.title, "nameType": "Organizational"}],
        "titles": [{"title": facts.title, "lang": "en"}],
        "publisher": {"name": facts.title},
        "publicationYear": facts.made[:4],
        "subjects": [{"subject": "altmetrics"}, {"subject": "preprints"}],
        "dates": [{"date": facts.day, "dateType": "Created"}],
        "language": "en",
        "version": SCHEMA_VERSION,
        "formats": [PARQUET],
        "sizes": [f"{sum(file.size for file in facts.files)} bytes"],
        "rightsList": [
            {
                "rights": "Creative Commons Zero v1.0 Universal", "rightsUri": LICENSE_URL,
                "rightsIdentifier": LICENSE, "rightsIdentifierScheme": "SPDX", "schemeUri": "https://spdx.org/licenses/",
            }
        ],
        "descriptions": [{"description": facts.description, "descriptionType": "Abstract", "lang": "en"}],
    }  # fmt: skip


# ---- the self-report -------------------------------------------------------------------------------------

STANDARD = "NISO RP-25-2016, Outputs of the NISO Alternative Assessment Metrics Project: code of conduct"
STANDARD_URL = "https://www.niso.org/publications/rp-25-2016-altmetrics"
METRICS = ("counts", "entry_counts")
"""Tables whose numbers are metrics."""

_TRANSPARENCY = {
    "collection": (
        "Posts that name an arXiv paper are read through each network's public API or stream, or imported from an"
        " archive. Mentions are found by published rules. Each observation has the time at which it was made."
    ),
    "aggregation": (
        "A paper's voices on a network are the distinct accounts that posted about it, or reposted or liked such a"
        " post. If a network reports only numbers, its latest numbers count. Posts by accounts judged to be bots,"
        " doubtful mentions and posts that are gone are left out; bot posts are counted separately."
    ),
    "updates": (
        "A post's counts are read again at growing intervals. The table counts has each paper at fixed ages. Issues are"
        " frozen; a correction is a new edition."
    ),
    "access": (
        "One command exports these tables, and another one the full record. The program is open source."
    ),
    "changes of method": (
        "Each issue names its ranking and the ranking's version, each verdict its rule and the rule's version. Changes"
        " to columns change the schema version; the program's CHANGELOG lists all other changes."
    ),
}  # fmt: skip
_REPLICABILITY = {
    "the same method over time": (
        "A version of a ranking never changes: a changed ranking gets a new version, and the old one stays available."
    ),
    "the same data for everybody": (
        "The same record at the same position gives the same tables, as the digest shows. Reactions by account are not"
        " included, so if a network names who reacted, voices cannot be recounted from these tables alone."
    ),
    "corrections": (
        "Observations are never overwritten: later ones are added. When somebody asks to be forgotten, words and names"
        " are erased, but totals do not change."
    ),
    "independent verification": (
        "A full export contains a chain of hashes over all batches, and the digest of every issue. `hotpapers verify`"
        " rebuilds each issue; a documented program that uses none of our code checks the chain, and a documented query"
        " recounts all issues from these tables."
    ),
}  # fmt: skip
_ACCURACY = {
    "what the numbers mean": (
        "How many accounts posted about a paper or reacted to such posts: attention, not quality or agreement. On"
        " networks that report only numbers, somebody who reacts to several posts counts several times."
    ),
    "errors": (
        "Data that cannot be read is put into quarantine with the reason and can be read again later. Operators can"
        " overrule every judgment; the table verdicts shows it."
    ),
    "limits": (
        "For a time without a row in the table coverage, nothing is known about a network, which is not the same as"
        " zero. Imported archives do not count as coverage. Accounts can be bought; each site's page on attacks has the"
        " measured price of a place. Papers named without a link, identifier, DOI or full title are missed."
    ),
}  # fmt: skip


def self_report(facts: ExportFacts) -> Json:
    """A report on the data's quality: answers to the code of conduct for altmetrics in NISO RP-25-2016, chapter 5, by
    its three principles, in our own words."""
    return {
        "standard": STANDARD,
        "standardUrl": STANDARD_URL,
        "title": facts.title,
        "program": f"hotpapers {facts.version}",
        "schemaVersion": SCHEMA_VERSION,
        "made": facts.made,
        "digest": f"sha256:{facts.digest}",
        "transparency": {"networks": list(map(_network, facts.networks)), "metrics": _metrics(), **_TRANSPARENCY},
        "replicability": {"position": facts.position, "chain": facts.chain, **_REPLICABILITY},
        "accuracy": _ACCURACY,
    }


def _network(span: NetworkSpan) -> Json:
    """A network's entry; `readFrom` and `readUntil` are null if all was imported."""
    begin, end = (None if at is None else timestamps.rfc3339(at) for at in (span.from_at, span.until_at))
    return {"network": span.network, "mentions": span.mentions, "readFrom": begin, "readUntil": end}


def _metrics() -> Json:
    """The numeric columns of each table of metrics, with their meanings."""
    return {
        table.name: {column.name: column.meaning for column in table.columns if column.type == "BIGINT"}
        for table in TABLES if table.name in METRICS
    }  # fmt: skip


DESCRIPTIONS = {
    "datapackage.json": data_package, "ro-crate-metadata.json": ro_crate, "croissant.json": croissant,
    "datacite.json": datacite, "self-report.json": self_report,
}  # fmt: skip
"""The functions that make the files beside the tables, by file name."""
