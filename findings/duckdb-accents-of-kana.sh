#!/bin/sh
# duckdb 2.0.1 (PyPI): strip_accents and the collation NOACCENT, meant for finding names and titles without their accents.
# Guess: Latin letters lose their accents; what is no Latin letter, such as Japanese and Hindi, stays as it is.
# Seen:  Every combining mark of Unicode counts as an accent, so Hindi loses its vowels, Russian й is и, and Japanese ga is
#        ka; by NOACCENT, "papa" equals "haha" (mother). ł and ø stay, and do not equal l and o.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import duckdb

for text in ("Élie", "Łuk", "Søren", "Алексей", "ガンマ線", "हिन्दी", "கருவி", "한국어"):
    print(text, ascii(duckdb.execute("SELECT strip_accents(?)", [text]).fetchall()[0][0]))
for one, other in (("Élie", "Elie"), ("Łuk", "Luk"), ("パパ", "ハハ"), ("हिन्दी", "हन्द")):
    print(duckdb.execute("SELECT ? COLLATE NOACCENT = ?", [one, other]).fetchall()[0][0])
PYTHON
)
expected=$(cat <<'TEXT'
Élie 'Elie'
Łuk '\u0141uk'
Søren 'S\xf8ren'
Алексей '\u0410\u043b\u0435\u043a\u0441\u0435\u0438'
ガンマ線 '\u30ab\u30f3\u30de\u7dda'
हिन्दी '\u0939\u0928\u0926'
கருவி '\u0b95\u0bb0\u0bb5'
한국어 '\ud55c\uad6d\uc5b4'
True
False
True
True
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
