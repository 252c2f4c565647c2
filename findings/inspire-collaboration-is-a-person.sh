#!/bin/sh
# inspire-utils 3.0.70 (PyPI, names as INSPIRE keeps them): normalize_name on what stands in author lists of its field.
# Guess: A collaboration stays as it is, as it is an author of many papers there.
# Seen:  It is a person whose surname is Collaboration; a team and a consortium, too.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check inspire-utils==3.0.70
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from inspire_utils.name import normalize_name

for name in ("Kettle Collaboration", "The Kettle Team", "Berg, Ann", "van der Berg, Ann", "Kettle-II Consortium"):
    print(normalize_name(name))
PYTHON
)
expected=$(cat <<'TEXT'
Collaboration, Kettle
Team, The Kettle
Berg, Ann
van der Berg, Ann
Consortium, Kettle-II
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
