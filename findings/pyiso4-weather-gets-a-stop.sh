#!/bin/sh
# pyiso4 0.1.6 (PyPI): titles of journals as ISO 4 and its list of title words abbreviate them.
# Guess: "weather-: weather." is for longer words, such as weathering: Weather stays, as does Heart, which is "n.a.".
# Seen:  Weather gets a stop ("J. Weather. Modif."); as the last word it raises an IndexError, as the abbreviation is
#        longer than the word: Space Weather and Heart Rhythm, both journals, have none. "hear-" wins over Heart: Hear.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyiso4==0.1.6
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from pyiso4.ltwa import Abbreviate

abbreviate = Abbreviate.create()
for title in ("Journal of Weather Modification", "Deep Sea Research", "Heart Rhythm", "Space Weather", "Heart Failure"):
    try:
        print(title, "|", abbreviate(title))
    except IndexError as problem:
        print(title, "|", type(problem).__name__)
PYTHON
)
expected=$(cat <<'TEXT'
Journal of Weather Modification | J. Weather. Modif.
Deep Sea Research | Deep. Sea Res.
Heart Rhythm | IndexError
Space Weather | IndexError
Heart Failure | Hear. Fail.
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
