#!/bin/sh
# humanparser 2.7.0 (npm, names of people in parts): authors with short family names.
# Guess: A last word that may be a degree or a suffix is one if there is a family name besides it.
# Seen:  It always is: Ma, one of the most frequent family names, becomes a degree, V a number, and there is no family
#        name left, also if a comma says which part it is. Hon of Hong Kong is a title.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund humanparser@2.7.0
cat > run.cjs <<'SCRIPT'
const { parseName } = require("humanparser");

for (const name of ["Wei Zhang", "Yo-Lin Ma", "Ma, Yo-Lin", "Yo Lin V", "Hon Wai Lam", "Ada V. Do"]) {
  const { salutation = "-", firstName, lastName, suffix = "-" } = parseName(name);
  console.log([name, salutation, firstName || "-", lastName || "-", suffix].join(" | "));
}
SCRIPT
seen=$(node run.cjs)
expected=$(cat <<'TEXT'
Wei Zhang | - | Wei | Zhang | -
Yo-Lin Ma | - | Yo-Lin | - | Ma
Ma, Yo-Lin | - | Yo-Lin | - | Ma
Yo Lin V | - | Yo | Lin | V
Hon Wai Lam | Hon | Wai | Lam | -
Ada V. Do | - | Ada | Do | -
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
