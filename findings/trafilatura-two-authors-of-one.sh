#!/bin/sh
# trafilatura 2.3.1 (PyPI): authors in a paper's <meta name="citation_author">, the tags that Google Scholar reads.
# Guess: One author for each tag, whether the name stands as "Berg, Ann" or "Ann Berg", as it is or turned round.
# Seen:  "Berg, Ann" is two authors, "Berg; Ann", so two such tags give four. A name in Chinese characters is no author
#        at all, and initials lose their full stops.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check trafilatura==2.3.1 lxml_html_clean==0.4.6
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from trafilatura import extract_metadata

PAGE = "<html><head><title>Kettles</title>{}</head><body><article><h1>Kettles</h1><p>{}</p></article></body></html>"
for names in (
    ["Ann van der Berg", "Bo Kettle"],
    ["Berg, Ann van der", "Kettle, Bo"],
    ["王小明"],
    ["A. B. Berg"],
):
    tags = "".join(f'<meta name="citation_author" content="{name}">' for name in names)
    print(extract_metadata(PAGE.format(tags, "A paper about kettles and their waters. " * 20)).author)
PYTHON
)
expected=$(cat <<'TEXT'
Ann van der Berg; Bo Kettle
Berg; Ann van der; Kettle; Bo
None
A B Berg
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
