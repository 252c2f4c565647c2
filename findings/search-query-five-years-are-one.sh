#!/bin/sh
# search-query 0.15.0 (PyPI, of CoLRev): a search of PubMed for a systematic review, translated for the Web of Science.
# Guess: Each condition is kept in the words of the other database, or is refused with an error.
# Seen:  2020:2024[dp] is PY=2020: the years after the first are not searched. An author, [au], is a keyword (AK=).
#        Nothing is said. The type of paper is an error, and so is AU= on the way back, where 2020-2024 keeps its hyphen.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check search-query==0.15.0
cat > run.py <<'SCRIPT'
from search_query.parser import parse

for platform, target, text in (
    ("pubmed", "wos", "tea[ti] AND 2020:2024[dp]"),
    ("pubmed", "wos", "tea[ti] AND 2020/03:2021/05[pdat]"),
    ("pubmed", "wos", "tea[ti] AND Berg A[au]"),
    ("pubmed", "wos", "tea[ti] AND review[pt]"),
    ("wos", "pubmed", "TI=tea AND PY=2020-2024"),
    ("wos", "pubmed", "TI=tea AND AU=Berg"),
):
    try:
        print(text, "|", parse(text, platform=platform).translate(target_syntax=target).to_string())
    except ValueError as error:
        print(text, "|", error)
SCRIPT
seen=$(venv/bin/python run.py)
expected=$(cat <<'TEXT'
tea[ti] AND 2020:2024[dp] | TI=tea AND PY=2020
tea[ti] AND 2020/03:2021/05[pdat] | TI=tea AND PY=2020
tea[ti] AND Berg A[au] | TI=tea AND AK=Berg A
tea[ti] AND review[pt] | Generic search field set publication-type not supported by WOS
TI=tea AND PY=2020-2024 | tea[ti] AND 2020-2024[dp]
TI=tea AND AU=Berg | Generic search field set author not supported by Pubmed
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
