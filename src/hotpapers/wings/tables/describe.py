"""Machine-readable descriptions of the tables in two standards: pure functions from facts to JSON values.

Data Package 2.0  https://datapackage.org/standard/data-package/
Croissant 1.0     https://docs.mlcommons.org/croissant/docs/croissant-spec.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hotpapers.wings.tables.schema import SCHEMA_VERSION, ResearchTable, TableColumn

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


class ExportFacts(NamedTuple):
    """The facts about an export. `made`: when, as ISO 8601, UTC. `position`, `chain`: the last batch of the record that
    was read, and its chain value in hexadecimal. `digest`: SHA-256 over the tables' digests."""

    title: str
    version: str
    made: str
    position: int
    chain: str
    digest: str
    files: Sequence[TableFile]

    @property
    def day(self) -> str:
        """The day on which it was made."""
        return self.made[:10]

    @property
    def description(self) -> str:
        """A description in one paragraph."""
        return (
            "Attention to papers on public networks: identifiers, times and counts, without anybody's words or"
            f" names. Written by {SOFTWARE} {self.version} from a record at position {self.position} with the chain"
            f" value {self.chain}. Digest of all tables: {self.digest}. Schema: {SCHEMA_VERSION}."
        )


# ---- Data Package -----------------------------------------------------------------------------------------

_TYPES = {
    "VARCHAR": ("string", "sc:Text"),
    "VARCHAR[]": ("array", "sc:Text"),
    "INTEGER": ("integer", "sc:Integer"),
    "BIGINT": ("integer", "sc:Integer"),
    "BIGINT[]": ("array", "sc:Integer"),
    "BOOLEAN": ("boolean", "sc:Boolean"),
    "DATE": ("date", "sc:Date"),
    "TIMESTAMP": ("datetime", "sc:DateTime"),
}
"""By DuckDB's type, that of each standard."""


def data_package(facts: ExportFacts) -> Json:
    """`datapackage.json`."""
    resources = [_resource(file) for file in facts.files]
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "hot-papers-tables",
        "id": f"urn:sha256:{facts.digest}",
        "title": facts.title,
        "description": facts.description,
        "version": SCHEMA_VERSION,
        "created": facts.made,
        "licenses": [{"name": LICENSE, "path": LICENSE_URL, "title": "Creative Commons Zero v1.0 Universal"}],
        "resources": resources,
    }


def _resource(file: TableFile) -> Json:
    table = file.table
    keys = [
        {"fields": [column], "reference": {"resource": other, "fields": [target]}}
        for column, other, target in table.references
    ]
    fields = [
        {"name": column.name, "type": _TYPES[column.type][0], "description": column.meaning} for column in table.columns
    ]
    schema = {"fields": fields} | ({"primaryKey": list(table.key)} if table.is_key_complete else {})
    return {
        "name": table.name.replace("_", "-"),
        "path": file.name,
        "description": table.meaning,
        "format": "parquet",
        "mediatype": PARQUET,
        "bytes": file.size,
        "hash": f"sha256:{file.sha256}",
        "schema": schema | ({"x-references": keys} if keys else {}),
    }


# ---- Croissant --------------------------------------------------------------------------------------------

_OWN_TERMS = (
    "citeAs column equivalentProperty extract field fileObject fileProperty fileSet format includes isLiveDataset "
    "jsonPath key md5 parentField path recordSet references regex repeated replace samplingRate separator source "
    "subField transform"
)
"""Croissant's own terms, each under its name."""
_FURTHER_TERMS: Json = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}
_CONTEXT = dict(sorted({**{name: f"cr:{name}" for name in _OWN_TERMS.split()}, **_FURTHER_TERMS}.items()))


def croissant_json(facts: ExportFacts) -> Json:
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
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "description": file.table.meaning,
        "contentUrl": file.name,
        "contentSize": f"{file.size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": file.sha256,
    }


def _record_set(file: TableFile) -> Json:
    table = file.table
    field = [_croissant_field(file, column) for column in table.columns]
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.meaning,
        "key": [{"@id": f"{table.name}/{name}"} for name in table.key],
        "field": field,
    }


def _croissant_field(file: TableFile, column: TableColumn) -> Json:
    field: Json = {
        "@type": "cr:Field",
        "@id": f"{file.table.name}/{column.name}",
        "name": column.name,
        "description": column.meaning,
        "dataType": _TYPES[column.type][1],
        "source": {"fileObject": {"@id": file.name}, "extract": {"column": column.name}},
    }
    return field | ({"repeated": True} if column.type.endswith("[]") else {})


DESCRIPTIONS = {"datapackage.json": data_package, "croissant.json": croissant_json}
"""The functions that make the files beside the tables, by file name."""
