#!/bin/sh
# country_converter 1.3.2 with pandas 2.3.3 (PyPI), convert(): the countries of affiliations, as for a count by country.
# Guess: Whole words count: Indiana University, Bloomington, USA is in the USA, University of Perugia, Italy in Italy.
# Seen:  Many names are found within words: Perugia is also in Peru, a Chadwick Laboratory in Chad, and Virginia in the
#        US Virgin Islands. USA is found only if it is all of the text, so there the island is the one answer.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check country_converter==1.3.2 pandas==2.3.3
cat > run.py <<'SCRIPT'
import logging

import country_converter

logging.disable(logging.CRITICAL)
for place in (
    "USA",
    "Virginia Tech, Blacksburg, USA",
    "Virginia Tech, Blacksburg, United States",
    "Indiana University, Bloomington, USA",
    "Indiana University, Bloomington, United States",
    "University of Perugia, Italy",
    "Chadwick Laboratory, Liverpool, United Kingdom",
    "Niels Bohr Institute, Denmark",
):
    print(place, "|", country_converter.convert(place, to="name_short"))
SCRIPT
seen=$(venv/bin/python run.py)
expected=$(cat <<'TEXT'
USA | United States
Virginia Tech, Blacksburg, USA | United States Virgin Islands
Virginia Tech, Blacksburg, United States | ['United States', 'United States Virgin Islands']
Indiana University, Bloomington, USA | not found
Indiana University, Bloomington, United States | United States
University of Perugia, Italy | ['Italy', 'Peru']
Chadwick Laboratory, Liverpool, United Kingdom | ['Chad', 'United Kingdom']
Niels Bohr Institute, Denmark | Denmark
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
