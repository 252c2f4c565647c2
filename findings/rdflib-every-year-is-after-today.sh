#!/bin/sh
# rdflib 7.6.0 (PyPI) beside pyoxigraph 0.5.13: SPARQL on dcterms:issued, which may be only a year (xsd:gYear).
# Guess: SPARQL has no order between gYear and date: the comparison is an error, and FILTER leaves the record out.
# Seen:  Each gYear and gYearMonth is greater than each date: what came out in 1950 is newer than 2024. YEAR() has no
#        answer for a gYear, so "before 2024" misses it. pyoxigraph leaves 1950 out of the first, and has its YEAR().
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check rdflib==7.6.0 pyoxigraph==0.5.13
cat > run.py <<'SCRIPT'
import pyoxigraph
import rdflib

data = """@prefix dcterms: <http://purl.org/dc/terms/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<urn:kettle> dcterms:issued "1950"^^xsd:gYear . <urn:lid> dcterms:issued "1951-03"^^xsd:gYearMonth .
<urn:brook> dcterms:issued "2023-12-31"^^xsd:date . <urn:fen> dcterms:issued "2024-03-05"^^xsd:date ."""
start = """PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
SELECT ?paper {?paper dcterms:issued ?day """
graph = rdflib.Graph().parse(data=data)
store = pyoxigraph.Store()
store.load(data, format=pyoxigraph.RdfFormat.TURTLE)
for end in (
    'FILTER(?day > "2024-01-01"^^xsd:date)}',
    'FILTER(?day < "2024-01-01"^^xsd:date)}',
    "FILTER(YEAR(?day) < 2024)}",
):
    print(end)
    print("  rdflib", *sorted(str(row.paper) for row in graph.query(start + end)))
    print("  pyoxigraph", *sorted(row["paper"].value for row in store.query(start + end)))
SCRIPT
seen=$(venv/bin/python run.py)
expected=$(cat <<'TEXT'
FILTER(?day > "2024-01-01"^^xsd:date)}
  rdflib urn:fen urn:kettle urn:lid
  pyoxigraph urn:fen
FILTER(?day < "2024-01-01"^^xsd:date)}
  rdflib urn:brook
  pyoxigraph urn:brook
FILTER(YEAR(?day) < 2024)}
  rdflib urn:brook
  pyoxigraph urn:brook urn:kettle urn:lid
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
