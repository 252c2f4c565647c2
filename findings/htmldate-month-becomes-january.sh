#!/bin/sh
# htmldate 1.11.0 (PyPI, the dates of trafilatura): dates and DOIs in a paper's <meta name="citation_...">.
# Guess: "2024/03", as Highwire's tags have it, is 2024-03-01, and so is "March 2024"; a DOI is no date.
# Seen:  2024/03 gets the day of today, whatever it is; "March 2024" loses its month and is the first of January. A DOI that
#        ends in 2011.12.010, as many do, is the first of December 2011 if the page has no date.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check htmldate==1.11.0
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from datetime import date

from htmldate import find_date

PAGE = '<html><head><meta name="{}" content="{}"></head><body><p>A paper about kettles.</p></body></html>'
for name, content in (
    ("citation_publication_date", "2024/03/15"),
    ("citation_publication_date", "March 2024"),
    ("citation_publication_date", "Sept. 2012"),
    ("citation_doi", "10.1234/j.kettle.2011.12.010"),
):
    print(content, "|", find_date(PAGE.format(name, content)))
found = find_date(PAGE.format("citation_publication_date", "2024/03"))
print("2024/03", "|", "today's day" if found == f"2024-03-{date.today():%d}" else found)
PYTHON
)
expected=$(cat <<'TEXT'
2024/03/15 | 2024-03-15
March 2024 | 2024-01-01
Sept. 2012 | 2012-01-01
10.1234/j.kettle.2011.12.010 | 2011-12-01
2024/03 | today's day
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
