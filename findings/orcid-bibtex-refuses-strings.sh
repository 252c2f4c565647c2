#!/bin/sh
# @orcid/bibtex-parse-js 0.0.25 (npm, ORCID's own reader of BibTeX): a file with an @string, and concatenation.
# Guess: the abbreviation is put in, or stays as its name; "#" joins what is beside it.
# Seen:  a TypeError (this.string is not a function): with one @string, no entry of the file is read. Without it, "#" joins,
#        but a month's name stays, as in "5~jan".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund @orcid/bibtex-parse-js@0.0.25
cat > run.mjs <<'SCRIPT'
import parser from "@orcid/bibtex-parse-js";

const entry = '@article{a, title = {Kettles}, journal = JOURNAL, month = "5~" # jan}';
const files = [`@string{tea = "Journal of Tea"}\n${entry.replace("JOURNAL", "tea")}`, entry.replace("JOURNAL", "{Tea}")];
for (const file of files) {
  try {
    console.log(JSON.stringify(parser.toJSON(file).map(({ entryTags }) => entryTags)));
  } catch (error) {
    console.log(`${error.name}: ${error.message}`);
  }
}
SCRIPT
seen=$(node run.mjs)
expected=$(cat <<'TEXT'
TypeError: this.string is not a function
[{"title":"Kettles","journal":"Tea","month":"5~jan"}]
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
