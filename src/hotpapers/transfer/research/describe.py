"""Machine-readable descriptions of the tables in four standards. Pure functions from facts to JSON values.

Data Package 2.0  https://datapackage.org/standard/data-package/
RO-Crate 1.1      https://www.researchobject.org/ro-crate/specification/1.1/
Croissant 1.0     https://docs.mlcommons.org/croissant/docs/croissant-spec.html
DataCite 4.5      https://datacite-metadata-schema.readthedocs.io/en/4.5/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hotpapers.transfer.research.schema import SCHEMA_VERSION, ResearchTable, TableColumn

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
    "VARCHAR": "string", "VARCHAR[]": "array", "INTEGER": "integer", "BIGINT": "integer", "BOOLEAN": "boolean",
    "DATE": "date", "TIMESTAMP": "datetime",
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
    "BOOLEAN": "sc:Boolean", "DATE": "sc:Date", "TIMESTAMP": "sc:DateTime",
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


DESCRIPTIONS = {
    "datapackage.json": data_package, "ro-crate-metadata.json": ro_crate, "croissant.json": croissant,
    "datacite.json": datacite,
}  # fmt: skip
"""The functions that make the descriptions, by file name."""
