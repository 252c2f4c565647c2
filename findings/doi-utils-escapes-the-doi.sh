#!/bin/sh
# doi-utils 2.0.6 (npm, the DOIs of Curvenote and MyST): normalize() on a DOI, and on two addresses of one record.
# Guess: the DOI comes back as it is, from text and address; both addresses of Zenodo are known.
# Seen:  a DOI with "<" and ">" (SICI) is undefined alone; of its address it comes percent-encoded, which is another DOI.
#        Zenodo's addresses since 2023 (/records/) are undefined, those before (/record/) a DOI. A full stop stays at the end.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund doi-utils@2.0.6
cat > run.mjs <<'SCRIPT'
import { doi } from "doi-utils";

const texts = [
  "10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2",
  "https://doi.org/10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2",
  "https://zenodo.org/record/123456",
  "https://zenodo.org/records/123456",
  "doi:10.1000/182.",
];
for (const text of texts) console.log(doi.normalize(text));
SCRIPT
seen=$(node run.mjs)
expected=$(cat <<'TEXT'
undefined
10.1002/(SICI)1097-0258(19980815/30)17:15/16%3C1661::AID-SIM968%3E3.0.CO;2-2
10.5281/zenodo.123456
undefined
10.1000/182.
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
